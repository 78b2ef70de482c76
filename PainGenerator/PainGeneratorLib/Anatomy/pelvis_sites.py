"""The sites of the pelvis: sacrum, sacroiliac joints and iliac crests."""

from __future__ import annotations

from ..Numerics.body.vertebrae import Spine
from ..Numerics.core.image import Image
from ..Numerics.core.sites import Site
from .anatomy_map import AnatomyMap


def pelvis_sites(spine: Spine | None, tissues: Image, anatomy: AnatomyMap | None = None) -> list[Site]:
    """Find the sites of the pelvis.

    Parameters
    ----------
    spine : Spine, optional
        With the frame of the sacrum where it is known, in the reference frame.
    tissues : Image of uint8
        Tissue codes of the MR, on the reference grid.
    anatomy : AnatomyMap, optional

    Returns
    -------
    list of Site
        Right before left.
    """
    return []
