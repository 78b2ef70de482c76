"""All sites of a case, in spine, pelvis and hips, from the MR itself or from an anatomy segmentation."""

from __future__ import annotations

from dataclasses import dataclass

from ..Numerics.body.vertebrae import Spine
from ..Numerics.core.image import Image
from ..Numerics.core.sites import Site, SiteSource
from ..Numerics.core.words import Certainty, Group
from .anatomy_map import AnatomyMap
from .body_plan import BodyPlan
from .hip_sites import hip_sites
from .map_parts import parts_of
from .pelvis_sites import pelvis_sites
from .spine_sites import spine_sites


@dataclass(frozen=True, eq=False)
class FoundSites:
    """The sites of a case in the reference frame.

    Parameters
    ----------
    sites : tuple of Site
    level_certainty : str or None
        None without levels.
    level_reasons, notes : tuple of str
        See :class:`.Numerics.core.sites.SiteTable`.
    """

    sites: tuple[Site, ...]
    level_certainty: str | None = None
    level_reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_sites(
    group: str, plan: BodyPlan, tissues: Image, spine: Spine | None = None, anatomy: AnatomyMap | None = None
) -> FoundSites:
    """Find all sites of a case.

    Parameters
    ----------
    group : str
        ``low-back`` or ``hip-replacement``.
    plan : BodyPlan
        In the reference frame.
    tissues : Image of uint8
        Tissue codes of the MR, on the reference grid.
    spine : Spine, optional
        The vertebrae as the MR shows them, in the reference frame.
    anatomy : AnatomyMap, optional
        With it the same sites are finer. Map and MR check each other.
    """
    if group == Group.HIP_REPLACEMENT:
        return FoundSites(tuple(hip_sites(plan, tissues, plan.implants, anatomy)))
    side = plan.spine_certainty or str(Certainty.UNCERTAIN)
    source = SiteSource.MR
    if anatomy is not None:
        by_map = parts_of(anatomy).spine
        if by_map.frames:
            spine, source = by_map, SiteSource.SEGMENTATION
    if spine is None:
        return FoundSites(tuple(pelvis_sites(None, tissues, anatomy)))
    sites = [*spine_sites(spine, source, side), *pelvis_sites(spine, tissues, anatomy, side)]
    return FoundSites(tuple(sites), spine.level_certainty, spine.level_reasons)
