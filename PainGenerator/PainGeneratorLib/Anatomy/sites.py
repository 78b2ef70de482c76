"""All sites of a case, in spine, pelvis and hips, from the MR itself or from an anatomy segmentation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..Numerics.body.vertebrae import Spine
from ..Numerics.core.image import Geometry, Image
from ..Numerics.core.sites import Site, SiteSource
from ..Numerics.core.words import Certainty, Group
from .anatomy_map import AnatomyMap
from .body_plan import BodyPlan
from .certainty import least_certain
from .hip_sites import hip_sites
from .map_parts import parts_of
from .map_sites import refined_by_map
from .map_spine import finer_spine
from .map_trust import map_trust
from .pelvis_sites import pelvis_sites
from .spine import has_pairs
from .spine_agreement import SpineCheck, check_spines
from .spine_sites import spine_sites
from .tissue_sites import refined_by_tissues
from .turn_certainty import canal_is_behind, turn_certainty

COUNTED_ON_MAP = "The levels were counted upward from the sacrum of the anatomy segmentation."
NAMED_BY_MAP = "The levels are those of the anatomy segmentation."
SAME_ON_MR = "Counting on the MR gives the same levels."
NO_SACRUM = (
    "As the level of the lowest vertebra is not sure, the sacrum and what is placed below that vertebra have no "
    "sites; sacroiliac joints have some where the segmentation has the hip bones."
)
"""Note where the levels of segmentation and MR differ."""
NOT_ON_MR = "The levels could not be counted on the MR itself: nothing confirms them."
"""Reasons of the levels of an anatomy segmentation, for the reader."""


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
    group: str,
    plan: BodyPlan,
    tissues: Image,
    spine: Spine | None = None,
    anatomy: AnatomyMap | None = None,
    reference: Image | None = None,
    is_level_named: bool = False,
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
    reference : Image, optional
        The reference series, in which femoral heads are looked for.
    is_level_named : bool
        True when the levels follow from one that the reader named.

    Returns
    -------
    FoundSites
    """
    found = _find_sites(group, plan, tissues, spine, anatomy, reference, is_level_named)
    return found if anatomy is None else _no_more_certain(found, anatomy)


def _no_more_certain(found: FoundSites, anatomy: AnatomyMap) -> FoundSites:
    """Sites of which those from a segmentation are no more certain than its labels are among themselves."""
    trust = map_trust(anatomy)
    sites = tuple(trust.of_sites(found.sites))
    if found.level_certainty is None or not parts_of(anatomy).spine.frames:
        return replace(found, sites=sites, notes=(*found.notes, *trust.texts))
    level = str(least_certain(found.level_certainty, trust.levels))
    return replace(found, sites=sites, level_certainty=level, notes=(*found.notes, *trust.texts))


def _find_sites(
    group: str,
    plan: BodyPlan,
    tissues: Image,
    spine: Spine | None,
    anatomy: AnatomyMap | None,
    reference: Image | None,
    is_level_named: bool,
) -> FoundSites:
    """As :func:`find_sites`, as certain as each place is by itself."""
    if group == Group.HIP_REPLACEMENT:
        of_hips, of_hips_notes = hip_sites(plan, tissues, plan.implants, anatomy, reference)
        return FoundSites(tuple(of_hips), notes=tuple(of_hips_notes))
    if anatomy is not None:
        by_map = parts_of(anatomy).spine
        if by_map.frames:
            return _by_map(anatomy, by_map, plan, tissues.geometry, spine, is_level_named)
    side = plan.spine_certainty or str(Certainty.UNCERTAIN)
    notes: tuple[str, ...] = ()
    if anatomy is None:
        found = pelvis_sites(spine, None, side)
    else:
        to_reference = _to_reference(anatomy)
        in_map = None if spine is None else spine.moved(np.linalg.inv(to_reference))
        found = [site_moved(site, to_reference) for site in pelvis_sites(in_map, anatomy, side)]
        notes = ("The anatomy segmentation has no vertebra with a level. The sites of the spine are those of the MR.",)
    if spine is None:
        return FoundSites(tuple(found), notes=notes)
    own = refined_by_tissues(spine_sites(spine, SiteSource.MR, side), tissues)
    sites = [*seen_sites(own, tissues.geometry), *found]
    return FoundSites(tuple(sites), spine.level_certainty, spine.level_reasons, notes)


def _by_map(
    anatomy: AnatomyMap, by_map: Spine, plan: BodyPlan, view: Geometry, by_mr: Spine | None, is_level_named: bool
) -> FoundSites:
    """The sites in an anatomy segmentation, checked with the spine of the MR."""
    to_reference = _to_reference(anatomy)
    moved = by_map.moved(to_reference)
    check = check_spines(moved, by_mr)
    side = Certainty.UNCERTAIN
    if check.are_sides_alike:
        seen = plan.certainty == Certainty.CERTAIN
        side = turn_certainty(moved, canal_is_behind(moved, plan), lambda: has_pairs(anatomy), seen)
    level, reasons = _level_certainty(anatomy, by_map, check, is_level_named)
    fine = replace(finer_spine(anatomy, by_map), level_certainty=str(level), level_reasons=reasons)
    sites = refined_by_map(spine_sites(fine, SiteSource.SEGMENTATION, str(side)), anatomy)
    # Where the lowest vertebra may not be L5, the pelvis does not begin below it.
    sites += pelvis_sites(fine if check.are_levels_alike else None, anatomy, str(side))
    sites = [site_moved(site, to_reference) for site in sites]
    notes = check.notes if check.are_levels_alike else (*check.notes, NO_SACRUM)
    return FoundSites(tuple(seen_sites(sites, view)), str(level), reasons, notes)


def _compared(certainty: Certainty, is_counted: bool, check: SpineCheck) -> Certainty:
    """How much levels can be relied on once they were compared with those of the MR."""
    if check.are_levels_alike:
        return certainty if check.are_places_alike else least_certain(certainty, Certainty.LIKELY)
    # A count on the MR that is itself uncertain is no witness against names. A segmentation that was counted, or that
    # also lies elsewhere than the vertebrae on the MR, is no better witness than any count.
    is_witness = check.mr_certainty != Certainty.UNCERTAIN
    return Certainty.UNCERTAIN if is_witness or is_counted or not check.are_places_alike else Certainty.LIKELY


def _level_certainty(
    anatomy: AnatomyMap, by_map: Spine, check: SpineCheck, is_level_named: bool
) -> tuple[Certainty, tuple[str, ...]]:
    """How much the levels of a map can be relied on, and why."""
    if anatomy.counted:
        reasons = [COUNTED_ON_MAP]
    else:
        reasons = [NAMED_BY_MAP]
    certainty = Certainty.LIKELY if anatomy.counted or anatomy.certainty != Certainty.CERTAIN else Certainty.CERTAIN
    if check.is_compared:
        reasons.append(SAME_ON_MR if check.are_levels_alike else "Counting on the MR gives other levels.")
        certainty = _compared(certainty, anatomy.counted, check)
    elif not is_level_named:
        reasons.append(NOT_ON_MR)
        certainty = least_certain(certainty, Certainty.LIKELY)
    if by_map.transitional:
        reasons.append("The segmentation has a transitional vertebra or a gap between the levels.")
        certainty = Certainty.UNCERTAIN
    return certainty, tuple(reasons)


def site_moved(site: Site, matrix_ras: np.ndarray) -> Site:
    """The site after every point was moved by a rigid 4 x 4 RAS matrix."""
    matrix = np.asarray(matrix_ras, dtype=float)
    turn = matrix[:3, :3]
    return replace(site, center_ras=turn @ site.center_ras + matrix[:3, 3], axes=site.axes @ turn.T)


def seen_sites(sites: list[Site], view: Geometry) -> list[Site]:
    """Leave out the iliac crests outside of the field of view, and what lies outside at a level whose disc or body
    does.

    A structure of a level that is seen stays, although it may lie outside: the table says so.
    """
    main = ("disc", "vertebral body")
    seen = {site.level for site in sites if site.structure in main and bool(view.contains(site.center_ras))}
    always = [site.structure != "iliac crest" and (site.level is None or site.level in seen) for site in sites]
    return [site for site, keep in zip(sites, always, strict=True) if keep or bool(view.contains(site.center_ras))]


def _to_reference(anatomy: AnatomyMap) -> np.ndarray:
    """Matrix from the frame of a map to the reference frame."""
    to_map = anatomy.frame_to_map_ras
    return np.eye(4) if to_map is None else np.linalg.inv(to_map)
