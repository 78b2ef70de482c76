"""Flags and score of a candidate.

PET and MR are independent. Either alone has many causes, both at one place have few. So their agreement counts more
than the height of one sign.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core.image import Geometry
from ..core.records import Candidate
from ..core.regions import overlap_fraction
from ..core.words import LATERAL_SIDES, Evidence, Group, PainSide
from ..mr.verdicts import DISC_DEGENERATION, MODIC_II, MODIC_III
from .parameters import FusionParameters, SymptomParameters
from .places import is_near_neck
from .set_apart import noise_free_max

CUT_OFF_FLAGS = frozenset({"truncated", "peak-at-edge", "large"})
"""Flags of uptake that is cut off by the field of view, or too large for a pain generator."""
COMMON_KINDS = frozenset({DISC_DEGENERATION, MODIC_II, MODIC_III})
"""Kinds of MR findings that people without pain often have, too."""
ZONES_BRIGHT_AFTER_SURGERY = frozenset({"Gruen 1", "Gruen 7", "Gruen 8"})
"""Gruen zones where marrow edema is common without complaints (Filli, 2020)."""
BOTH_SEEN = 0.5
"""Concordance of a hot spot and an MR finding that are joined, as a part of its points."""
CENTERS_AGREE = 0.25
"""What it adds to the concordance that their centers are near each other."""
REGIONS_OVERLAP = 0.25
"""What it adds to the concordance that their regions overlap."""


@dataclass(frozen=True)
class Symptoms:
    """Where it hurts: sites in RAS mm (n, 3) of the reference frame, and a side or None."""

    sites_ras_mm: np.ndarray
    side: str | None = None

    @classmethod
    def none(cls) -> Symptoms:
        """Nothing is known of the pain."""
        return cls(np.empty((0, 3)), None)


@dataclass(frozen=True)
class Seen:
    """A candidate and what is known of its case, for the rules that set flags."""

    candidate: Candidate
    parameters: FusionParameters
    group: str
    aligned: bool
    mr_field: Geometry | None
    pet_field: Geometry | None


def flag_and_score(
    candidate: Candidate,
    parameters: FusionParameters,
    *,
    symptoms: Symptoms,
    group: str,
    aligned: bool = True,
    mr_field: Geometry | None = None,
    pet_field: Geometry | None = None,
) -> None:
    """Set flags, distance to the pain and score of a candidate from its place and measures.

    Flags that it has already stay.

    Parameters
    ----------
    candidate : Candidate
        Is changed in place.
    parameters : FusionParameters
    symptoms : Symptoms
    group : str
        ``low-back`` or ``hip-replacement``.
    aligned : bool
        False when PET and MR could not be aligned.
    mr_field, pet_field : Geometry, optional
        Fields of view in the reference frame.
    """
    seen = Seen(candidate, parameters, group, aligned, mr_field, pet_field)
    flags = [*candidate.flags, *(flag for flag, applies in FLAG_RULES if applies(seen))]
    candidate.flags = list(dict.fromkeys(flags))
    if len(symptoms.sites_ras_mm):
        candidate.distance_to_pain_mm = _distance_mm(candidate, symptoms)
    candidate.score_parts = score_parts(candidate, parameters, symptoms)
    candidate.score = sum(candidate.score_parts.values())


def is_shown(candidate: Candidate, parameters: FusionParameters) -> bool:
    """Whether a candidate's score is high enough for the list."""
    return candidate.score >= parameters.minimum_score


def is_not_aligned(seen: Seen) -> bool:
    """PET and MR could not be aligned, so that it is unknown whether they agree."""
    return not seen.aligned


def is_outside_mr(seen: Seen) -> bool:
    """The MR does not show the place. This is not asked where PET and MR are not aligned."""
    return seen.aligned and _is_outside(seen.candidate, seen.mr_field)


def is_outside_pet(seen: Seen) -> bool:
    """The PET does not show the place. This is not asked where PET and MR are not aligned."""
    return seen.aligned and _is_outside(seen.candidate, seen.pet_field)


def is_common_without_pain(seen: Seen) -> bool:
    """An MR finding without uptake that people without pain often have, too (Brinjikji, AJNR 2015)."""
    candidate = seen.candidate
    return candidate.evidence == Evidence.MR_ONLY and candidate.mr_kind in COMMON_KINDS


def is_usual_at_neck(seen: Seen) -> bool:
    """A sign at the neck of a hip prosthesis without uptake above the limit (Gelderman, Acta Orthop 2018)."""
    candidate, neck = seen.candidate, seen.parameters.neck
    if seen.group != Group.HIP_REPLACEMENT or not is_near_neck(candidate.place) or candidate.suv_max is None:
        return False
    return noise_free_max(candidate.suv_max, candidate.suv_peak, neck) < neck.suv_limit


def is_usual_in_gruen_zone(seen: Seen) -> bool:
    """An MR finding without uptake in a zone where edema is common after a hip replacement (Filli, 2020)."""
    candidate = seen.candidate
    return (
        seen.group == Group.HIP_REPLACEMENT
        and candidate.evidence == Evidence.MR_ONLY
        and candidate.place.zone in ZONES_BRIGHT_AFTER_SURGERY
    )


FLAG_RULES: tuple[tuple[str, Callable[[Seen], bool]], ...] = (
    ("not-aligned", is_not_aligned),
    ("outside-mr", is_outside_mr),
    ("outside-pet", is_outside_pet),
    ("common-without-pain", is_common_without_pain),
    ("expected-after-surgery", is_usual_at_neck),
    ("expected-after-surgery", is_usual_in_gruen_zone),
)
"""Flag and the rule that sets it, in the order of the flags. All rules are asked."""


def _is_outside(candidate: Candidate, field: Geometry | None) -> bool:
    return field is not None and not field.contains(candidate.centroid_ras_mm)


def score_parts(candidate: Candidate, parameters: FusionParameters, symptoms: Symptoms) -> dict[str, float]:
    """The parts of the score, which add up to it: points for each kind of evidence, and the penalty below zero.

    The penalty never takes more points than there are.
    """
    weights, ramps = parameters.weights, parameters.ramps
    parts = {
        "pet": weights.pet * ramp(candidate.tbr, ramps.tbr_none, ramps.tbr_full),
        "mr": weights.mr * max((finding.grade for finding in candidate.mr_findings), default=0.0),
        "concordance": weights.concordance * concordance(candidate, parameters.agreement_mm),
        "asymmetry": weights.asymmetry * ramp(candidate.left_right_ratio, ramps.asymmetry_none, ramps.asymmetry_full),
        "symptom": weights.symptom * symptom_part(candidate, symptoms, parameters.symptom),
    }
    parts["penalty"] = -min(penalty(candidate, parameters), sum(parts.values()))
    return parts


def ramp(value: float | None, none: float, full: float) -> float:
    """0 up to `none`, 1 from `full` on, and straight between them; 0 for a measure that could not be taken."""
    return 0.0 if value is None else float(np.clip((value - none) / (full - none), 0.0, 1.0))


def concordance(candidate: Candidate, reach_mm: float) -> float:
    """How well PET and MR agree, 0 to 1.

    It is 0 without PET or MR. It is more when a hot spot and an MR finding overlap, and when their centers lie within
    `reach_mm`.
    """
    best = 0.0
    for spot in candidate.hot_spots:
        for finding in candidate.mr_findings:
            agree = np.linalg.norm(spot.centroid_ras_mm - finding.centroid_ras_mm) <= reach_mm
            overlap = overlap_fraction(spot.region, finding.region) > 0
            best = max(best, BOTH_SEEN + CENTERS_AGREE * float(agree) + REGIONS_OVERLAP * float(overlap))
    return best


def symptom_part(candidate: Candidate, symptoms: Symptoms, parameters: SymptomParameters) -> float:
    """How well a candidate fits the pain, 0 to 1: by its distance to the nearest painful site, or by its side."""
    part = 0.0
    if len(symptoms.sites_ras_mm):
        part = 1.0 - ramp(_distance_mm(candidate, symptoms), parameters.near_mm, parameters.far_mm)
    painful = LATERAL_SIDES if symptoms.side == PainSide.BOTH else (symptoms.side,)
    return max(part, parameters.side_part) if candidate.place.side in painful else part


def _distance_mm(candidate: Candidate, symptoms: Symptoms) -> float:
    return float(np.linalg.norm(symptoms.sites_ras_mm - candidate.centroid_ras_mm, axis=1).min())


def penalty(candidate: Candidate, parameters: FusionParameters) -> float:
    """Points for what is common without complaints, and for uptake that nothing confirms or that is cut off."""
    points, flags = parameters.penalties, set(candidate.flags)
    is_pet_alone = candidate.evidence == Evidence.PET_ONLY
    common = points.degeneration if candidate.mr_kind == DISC_DEGENERATION else points.common
    reasons = (
        ("near-implant" in flags, points.near_implant),
        ("common-without-pain" in flags, common),
        ("expected-after-surgery" in flags, points.expected),
        (is_pet_alone and "outside-mr" in flags, points.unconfirmed),
        (is_pet_alone and not flags.isdisjoint(CUT_OFF_FLAGS), points.cut_off),
    )
    return float(sum(taken for applies, taken in reasons if applies))
