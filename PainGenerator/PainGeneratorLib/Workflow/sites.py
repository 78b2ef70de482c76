"""Stage "sites": every site of a case is found and measured."""

from __future__ import annotations

import numpy as np

from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.body_plan import BodyPlan
from ..Anatomy.sites import find_sites
from ..Numerics.core.image import Image
from ..Numerics.core.records import Candidate, HotSpot
from ..Numerics.core.sites import SiteTable
from ..Numerics.core.words import MR_ROLES, Role
from ..Numerics.fusion.site_measures import SiteImages, measure_sites
from ..Numerics.mr.findings import MRResult
from ..Numerics.pet.detector import HotSpotDetector
from .case import Case
from .stages import Alignment, Suv


def make_site_table(
    case: Case,
    suv: Suv,
    alignment: Alignment,
    anatomy: AnatomyMap | None,
    mr: MRResult,
    plan: BodyPlan,
    detector: HotSpotDetector | None,
    hot_spots: list[HotSpot],
    candidates: list[Candidate],
) -> SiteTable:
    """Find and measure the sites.

    Parameters
    ----------
    case : Case
    suv : Suv
    alignment : Alignment
    anatomy : AnatomyMap, optional
    mr : MRResult
    plan : BodyPlan
    detector : HotSpotDetector, optional
        Knows the normal uptake of tissues.
    hot_spots, candidates : list
        In the reference frame.
    """
    found = find_sites(case.group, plan, mr.tissues, mr.spine, anatomy, case.reference.image)
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
    )
    rows = measure_sites(found.sites, images)
    return SiteTable(rows, found.level_certainty, found.level_reasons, found.notes)
