"""The warnings of a run, in one wording for the command line, the report and the panel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.body_plan import BodyPlan
from ..Anatomy.level_count import COUNTED
from ..Numerics.body.sections import BodyPart
from ..Numerics.core.image import Geometry
from ..Numerics.core.sites import SiteTable
from ..Numerics.core.words import Certainty, Role
from ..Numerics.fusion.site_verdict import NO_FLUID_SERIES
from ..Numerics.mr.findings import NO_FLUID_OR_T2, MRResult
from ..Numerics.pet.detector import HotSpotResult
from .case import Case
from .group_witness import GroupSign, anatomy_sign, group_doubt
from .level_words import level_doubts
from .stages import Alignment, Suv

HEIGHTS_ASKED = 12
"""Number of heights in the field of view at which the part of the body is asked."""
SEEN_PART = 0.5
"""Lower bound of the fraction of these heights at which it must be known for a statement. Our estimate."""


def run_warnings(
    case: Case,
    suv: Suv | None = None,
    alignment: Alignment | None = None,
    anatomy: AnatomyMap | None = None,
    mr: MRResult | None = None,
    pet: HotSpotResult | None = None,
    plan: BodyPlan | None = None,
    sites: SiteTable | None = None,
) -> list[str]:
    """What the user must know about a run, in the order of the stages.

    Parameters
    ----------
    case : Case
    suv : Suv, optional
    alignment : Alignment, optional
    anatomy : AnatomyMap, optional
    mr : MRResult, optional
    pet : HotSpotResult, optional
    plan : BodyPlan, optional
    sites : SiteTable, optional
        The results of the stages; None for a stage that has not run or does not apply.

    Returns
    -------
    list of str
        Whole sentences, each once.
    """
    sentences = list(case.warnings.sentences)
    sentences += _group_warnings(case, anatomy)
    if suv is not None:
        sentences += suv.result.warnings
    if alignment is not None:
        sentences += _alignment_warnings(alignment, case.reference_role)
    if anatomy is not None:
        sentences += _anatomy_warnings(case, anatomy)
    if mr is not None:
        sentences += [*mr.warnings, *mr.implant.warnings]
    if pet is not None:
        sentences += pet.warnings
    if plan is not None:
        sentences += place_warnings(plan, case.reference.image.geometry, anatomy, _where(alignment))
    if sites is not None:
        sentences += _site_warnings(sites, sentences)
    return list(dict.fromkeys(sentences))


def _site_warnings(sites: SiteTable, before: Sequence[str]) -> list[str]:
    """Those of :func:`level_warnings`, without what the MR said before of the same missing series."""
    is_said = any(text.startswith(NO_FLUID_OR_T2) for text in before)
    return [text for text in level_warnings(sites) if not (is_said and text == NO_FLUID_SERIES)]


def _group_warnings(case: Case, anatomy: AnatomyMap | None) -> list[str]:
    doubt = group_doubt(case.group, all_signs(case, anatomy))
    return [] if doubt is None else [doubt]


def _anatomy_warnings(case: Case, anatomy: AnatomyMap) -> list[str]:
    """Its warnings; that its levels were counted no longer holds once the reader has named one."""
    is_named = case.options.level is not None
    return [text for text in anatomy.warnings if not (is_named and text == COUNTED)]


def all_signs(case: Case, anatomy: AnatomyMap | None = None) -> tuple[GroupSign, ...]:
    """Everything that shows the clinical group of a case: its series, and its anatomy segmentation."""
    bones = None if anatomy is None else anatomy_sign(anatomy.structures.values())
    return case.group_signs if bones is None else (*case.group_signs, bones)


def level_warnings(sites: SiteTable) -> list[str]:
    """What is uncertain about the levels of all places, with the reasons, and what else the table of sites notes."""
    return [*sites.notes, *level_doubts(sites)]


def run_notes(case: Case, mr: MRResult | None = None) -> list[str]:
    """Facts for the reader that are no warnings: choices of the reading, and what follows from the images."""
    return [*case.notes, *(() if mr is None else mr.implant.notes)]


def _where(alignment: Alignment | None) -> str:
    """Where the midline of the reference frame was looked for."""
    return "in the images" if alignment is None or alignment.is_aligned(Role.PET) else "on the MR"


def place_warnings(
    plan: BodyPlan, field: Geometry, anatomy: AnatomyMap | None = None, where: str = "in the images"
) -> list[str]:
    """What is uncertain about side and region of all places.

    Parameters
    ----------
    plan : BodyPlan
    field : Geometry
        The field of view of the reference series.
    anatomy : AnatomyMap, optional
        Where there is one, places have their sides and structures from it.
    where : str
        Where the midline was looked for. A PET that is not aligned has a midline of its own.
    """
    sentences = []
    shown = _parts_in(plan, field)
    if shown and BodyPart.TRUNK not in shown and len(shown) >= SEEN_PART * HEIGHTS_ASKED:
        what = "legs" if BodyPart.LEGS in shown else "a single narrow part of the body (a limb, the neck or the head)"
        sentences.append(
            f"The MR shows {what}, neither a lower back nor a hip: no spine and no hip is named there, and norms of "
            "marrow and muscle may not hold."
        )
    if anatomy is not None:
        return sentences
    if plan.spine_line is not None and plan.spine_certainty not in (None, Certainty.CERTAIN):
        sentences.append(
            "That the line on the MR is the spinal canal rests on one sign only: no place is named spine."
        )
    if plan.certainty == Certainty.UNCERTAIN:
        sentences.append(
            f"The middle of the body was not found {where}, or its signs disagree: left and right of places there are "
            "uncertain. Check them by eye."
        )
    elif plan.certainty == Certainty.LIKELY:
        sentences.append(f"Left and right {where} rest on one sign only (the {plan.source}): check them by eye.")
    return sentences


def _parts_in(plan: BodyPlan, field: Geometry) -> list[BodyPart]:
    """The known parts of the body at some heights in the middle of a field of view."""
    low, high = field.corners_ras[:, 2].min(), field.corners_ras[:, 2].max()
    points = np.tile(field.center_ras, (HEIGHTS_ASKED, 1))
    points[:, 2] = np.linspace(low, high, HEIGHTS_ASKED)
    return [part for point in points if (part := plan.part_at(point)) != BodyPart.UNKNOWN]


def _alignment_warnings(alignment: Alignment, reference_role: str) -> list[str]:
    sentences = []
    for role, series in alignment.by_role.items():
        if not series.aligned:
            sentences.append(f"{role} is not aligned to {reference_role}: {series.reason} {series.advice}")
        sentences += [f"{role}: {text}" for text in series.warnings]
    return sentences
