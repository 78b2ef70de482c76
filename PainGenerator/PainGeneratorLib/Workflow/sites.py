"""Stage "sites": every site of a case is found and measured."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.body_plan import BodyPlan
from ..Anatomy.given_level import with_given_level
from ..Anatomy.sites import find_sites
from ..Numerics.core.image import Image
from ..Numerics.core.records import Candidate, HotSpot
from ..Numerics.core.sites import Site, SiteRow, SiteState, SiteTable
from ..Numerics.core.words import MR_ROLES, Certainty, Group, Role
from ..Numerics.fusion.anchors import anchored
from ..Numerics.fusion.site_measures import SiteImages, measure_sites, series_notes
from ..Numerics.fusion.site_parameters import SiteParameters
from ..Numerics.mr.findings import MRResult
from ..Numerics.pet.detector import HotSpotDetector
from .case import Case
from .stages import Alignment, Suv, given_level

NOT_MEASURED = "Not measured."
"""Reason of a site that was found but not measured."""


UNCONFIRMED_LINE = (
    "That the line on the MR is the spinal canal rests on one sign only: no site of the spine and no level is named."
)
"""Note where the vertebrae on the MR are not trusted."""


def find_case_sites(case: Case, mr: MRResult, plan: BodyPlan, anatomy: AnatomyMap | None) -> SiteTable:
    """Find the sites of a case; they are not measured yet.

    Parameters
    ----------
    case : Case
    mr : MRResult
    plan : BodyPlan
    anatomy : AnatomyMap, optional

    Returns
    -------
    SiteTable
        All its rows are not assessable.
    """
    is_trusted = plan.spine_line is not None and plan.spine_certainty in (None, Certainty.CERTAIN)
    spine = mr.spine if is_trusted else None
    found = find_sites(case.group, plan, mr.tissues, spine, with_case_level(anatomy, case))
    rows = tuple(SiteRow(site, str(SiteState.NOT_ASSESSABLE), (NOT_MEASURED,)) for site in found.sites)
    notes = found.notes
    if mr.spine is not None and not is_trusted and found.level_certainty is None and case.group == Group.LOW_BACK:
        notes = (*notes, UNCONFIRMED_LINE)
    return SiteTable(rows, found.level_certainty, found.level_reasons, notes)


def with_case_level(anatomy: AnatomyMap | None, case: Case) -> AnatomyMap | None:
    """The anatomy segmentation with the levels that follow from the one that the reader named."""
    given = given_level(case.options)
    return anatomy if anatomy is None or given is None else with_given_level(anatomy, given)


def measured_table(
    table: SiteTable,
    case: Case,
    suv: Suv,
    alignment: Alignment,
    mr: MRResult,
    detector: HotSpotDetector | None,
    hot_spots: list[HotSpot],
    candidates: list[Candidate],
) -> SiteTable:
    """Measure the sites.

    Parameters
    ----------
    table : SiteTable
        As :func:`find_case_sites` found it.
    case : Case
    suv : Suv
    alignment : Alignment
    mr : MRResult
    detector : HotSpotDetector, optional
        Knows the normal uptake of tissues.
    hot_spots, candidates : list
        In the reference frame.
    """
    is_aligned = alignment.is_aligned(Role.PET)
    series = {}
    for role in MR_ROLES:
        if role in case.series and alignment.is_aligned(role):
            image = case.series[role].image
            moved = image.geometry.moved(np.linalg.inv(alignment.reference_to(role)))
            series[str(role)] = Image(image.array, moved)
    pet = None
    if is_aligned:
        pet = Image(suv.image.array, suv.image.geometry.moved(alignment.pet_to_reference))
    images = SiteImages(
        pet=pet,
        references=None if detector is None or not is_aligned else detector.references,
        series=series,
        z_maps=mr.z_maps,
        findings=mr.findings,
        hot_spots=hot_spots,
        candidates=candidates,
        unreliable=mr.implant.unreliable,
        weak_findings=mr.weak,
    )
    rows = measure_sites([row.site for row in table.rows], images, case.protocol.stage("sites", SiteParameters))
    notes = tuple(dict.fromkeys([*table.notes, *series_notes(images)]))
    return anchored(dataclasses.replace(table, rows=rows, notes=notes), candidates)


def renamed_table(table: SiteTable, found: SiteTable) -> SiteTable:
    """A measured table whose sites have new names and levels; nothing is measured again.

    Parameters
    ----------
    table : SiteTable
        Measured.
    found : SiteTable
        The same sites with other names, as :func:`find_case_sites` found them.
    """
    by_place = {_place_key(row.site): row for row in table.rows}
    rows = []
    for row in found.rows:
        measured = by_place.get(_place_key(row.site))
        rows.append(row if measured is None else dataclasses.replace(measured, site=row.site))
    return dataclasses.replace(found, rows=tuple(rows))


def _place_key(site: Site) -> tuple[float, ...]:
    """What tells a site from all others, whatever its name is: its middle and its size, to a tenth of a millimeter."""
    return tuple(float(x) for x in np.round([*site.center_ras, *site.half_mm], 1))
