"""The sites of both hips: bones, capsule, bursae and tendons, and the zones at a prosthesis."""

from __future__ import annotations

from collections.abc import Sequence

from ..Numerics.core.image import Image
from ..Numerics.core.sites import Site
from .anatomy_map import AnatomyMap
from .body_plan import BodyPlan
from .zones import HipImplant


def hip_sites(
    plan: BodyPlan, tissues: Image, implants: Sequence[HipImplant] = (), anatomy: AnatomyMap | None = None
) -> list[Site]:
    """Find the sites of both hips.

    Parameters
    ----------
    plan : BodyPlan
        The midline, in the reference frame.
    tissues : Image of uint8
        Tissue codes of the MR, on the reference grid.
    implants : sequence of HipImplant
        The prostheses, in the reference frame.
    anatomy : AnatomyMap, optional

    Returns
    -------
    list of Site
        Right before left.
    """
    return []
