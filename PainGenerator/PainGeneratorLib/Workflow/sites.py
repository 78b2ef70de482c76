"""Stage "sites": every site of a case is found and measured."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.body_plan import BodyPlan
from ..Anatomy.given_level import with_given_level
from ..Anatomy.sites import COUNTED_ON_MAP, NAMED_BY_MAP, SAME_ON_MR, find_sites
from ..Numerics.body.renaming import NAMED, GivenLevel
from ..Numerics.core.image import Image
from ..Numerics.core.records import Candidate, HotSpot
from ..Numerics.core.sites import Site, SiteRow, SiteState, SiteTable
from ..Numerics.core.words import Certainty, Group, Role
from ..Numerics.fusion.site_measures import SiteImages, measure_sites, series_notes
from ..Numerics.fusion.site_norms import norm_of
from ..Numerics.fusion.site_parameters import SiteParameters
from ..Numerics.fusion.site_verdict import NO_FLUID_SERIES
from ..Numerics.mr.findings import MRResult
from ..Numerics.pet.detector import HotSpotDetector
from .case import Case
from .renamed_texts import RenamedTexts
from .stages import Alignment, Suv, mr_in_reference

NOT_MEASURED = "Not measured."
"""Reason of a site that was found but not measured."""
NOT_MEASURED_ANEW = "Not measured: there was no such site before a level was named. Find again to measure it."
"""Reason of a site that exists only since the reader named a level."""
SERIES_NOTES = (NO_FLUID_SERIES,)
"""Notes of a measured table that follow from its series, and not from the names of the levels."""
SAME_SITE_MM = 12.0
"""Upper bound of the distance by which a site moves when its level gets another name, mm: less than half the distance
to the like site of the next level, which is 25 mm or more. Our estimate."""


UNCONFIRMED_LINE = (
    "That the line on the MR is the spinal canal rests on one sign only: no site of the spine and no level is named."
)
"""Note where the vertebrae on the MR are not trusted."""


def find_case_sites(
    case: Case, mr: MRResult, plan: BodyPlan, anatomy: AnatomyMap | None, given: GivenLevel | None = None
) -> SiteTable:
    """Find the sites of a case; they are not measured yet.

    Parameters
    ----------
    case : Case
    mr : MRResult
    plan : BodyPlan
    anatomy : AnatomyMap, optional
        As it was read.
    given : GivenLevel, optional
        A level that the reader named; the vertebrae of `mr` have the names that follow from it already.

    Returns
    -------
    SiteTable
        All its rows are not assessable.
    """
    is_trusted = plan.spine_line is not None and plan.spine_certainty in (None, Certainty.CERTAIN)
    spine = mr.spine if is_trusted else None
    there = anatomy if anatomy is None or given is None else with_given_level(anatomy, given)
    found = find_sites(case.group, plan, mr.tissues, spine, there, case.reference.image, given is not None)
    rows = tuple(SiteRow(site, str(SiteState.NOT_ASSESSABLE), (NOT_MEASURED,)) for site in found.sites)
    notes = found.notes
    if mr.spine is not None and not is_trusted and found.level_certainty is None and case.group == Group.LOW_BACK:
        notes = (*notes, UNCONFIRMED_LINE)
    if anatomy is not None and there is not None:
        notes = (*notes, *(text for text in there.warnings if text not in anatomy.warnings))
    reasons = found.level_reasons
    if given is not None and found.level_certainty is not None:
        # What the levels were before is no reason any more. Where the reader contradicts it, the notes say so.
        reasons = tuple(text for text in reasons if text not in (COUNTED_ON_MAP, NAMED_BY_MAP, SAME_ON_MR))
        contradictions = [text for text in notes if text in (() if there is None else there.warnings)]
        reasons = tuple(dict.fromkeys([NAMED.format(level=given.level), *reasons, *contradictions]))
    return SiteTable(rows, found.level_certainty, reasons, notes)


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

    The candidates only tell from which site uptake reaches to its neighbors. That a site holds a candidate is added by
    :func:`.Numerics.fusion.anchors.anchored`.

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
    pet = None
    if is_aligned:
        pet = Image(suv.image.array, suv.image.geometry.moved(alignment.pet_to_reference))
    images = SiteImages(
        pet=pet,
        references=None if detector is None or not is_aligned else detector.references,
        series=mr_in_reference(case, alignment),
        findings=mr.findings,
        hot_spots=hot_spots,
        candidates=candidates,
        unreliable=mr.implant.unreliable,
        weak_findings=mr.weak,
    )
    rows = measure_sites([row.site for row in table.rows], images, case.protocol.stage("sites", SiteParameters))
    notes = tuple(dict.fromkeys([*table.notes, *series_notes(images)]))
    return dataclasses.replace(table, rows=rows, notes=notes)


def renamed_table(table: SiteTable, found: SiteTable) -> SiteTable:
    """A measured table whose sites have new names and levels, in the reasons, too; see :func:`with_new_names`."""
    renamed, names = with_new_names(table, found)
    return RenamedTexts(names).of_table(renamed)


def with_new_names(table: SiteTable, found: SiteTable) -> tuple[SiteTable, dict[str, str]]:
    """A measured table whose sites have new names and levels; nothing is measured again.

    Parameters
    ----------
    table : SiteTable
        Measured.
    found : SiteTable
        The sites with their new names, as :func:`find_case_sites` found them. Where a site lies depends a little on
        its level; a site that was measured keeps the place at which it was measured.

    Returns
    -------
    table : SiteTable
        Its reasons tell of other sites by their former names still (:mod:`.renamed_texts`).
    names : dict of str to str
        The new name of each site by its former name.
    """
    rows = []
    names: dict[str, str] = {}
    for row in found.rows:
        measured = _same_site(row.site, table)
        if measured is None:
            rows.append(dataclasses.replace(row, reasons=(NOT_MEASURED_ANEW,)))
            continue
        former = measured.site
        site = dataclasses.replace(row.site, center_ras=former.center_ras, axes=former.axes, half_mm=former.half_mm)
        rows.append(dataclasses.replace(measured, site=site, norm=norm_of(site)))
        names[former.name] = site.name
    of_series = [note for note in table.notes if note in SERIES_NOTES]
    notes = tuple(dict.fromkeys([*found.notes, *of_series]))
    return dataclasses.replace(found, rows=tuple(rows), notes=notes), names


def _same_site(site: Site, table: SiteTable) -> SiteRow | None:
    """The row of a site that had another name; None where there was none."""
    kind = (site.structure, site.side, site.zone)
    like = [row for row in table.rows if (row.site.structure, row.site.side, row.site.zone) == kind]
    away = [float(np.linalg.norm(row.site.center_ras - site.center_ras)) for row in like]
    return like[int(np.argmin(away))] if away and min(away) <= SAME_SITE_MM else None
