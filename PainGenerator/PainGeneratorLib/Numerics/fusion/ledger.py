"""The ledger of a candidate: every sign, for and against, with its points. Nothing is removed; everything is weighed.

Signs on PET are read in :mod:`.ledger_uptake`, signs on MR in :mod:`.ledger_mr`, what is usual at a place in
:mod:`.ledger_usual`; here are the signs that need both images or the pain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..core.records import Candidate, LedgerEntry
from ..core.regions import overlap_fraction
from ..core.words import Evidence
from .evidence import SignGroup, SignState
from .flags import flags_of
from .joining import SHARED_PART
from .judged import CaseFacts, Judged
from .ledger_mr import MR_NORMAL, USUAL_SIGNS, mr_signs, mr_state, pet_state
from .ledger_pairs import pair_signs
from .ledger_uptake import uptake_signs
from .ledger_usual import explained, usual_signs
from .several_levels import with_ill_levels
from .symptoms import ramp, symptom_part
from .usual_on_mr import no_worse_than_normal

AGREEMENT = "agreement"
PAIN = "match_with_pain"
NO_REFERENCE = "no-reference"
"""Flag of uptake that was compared with its surroundings only."""
BOTH_SEEN = 0.5
"""Concordance of a hot spot and an MR finding that are joined, as a part of its points. Our estimate."""
CENTERS_AGREE = 0.25
"""What it adds to the concordance that their centers are near each other. Our estimate."""
FAR_FACTOR = 2.0
"""Centers agree up to a distance, and no longer at so many times that distance. Our estimate."""
REGIONS_OVERLAP = 0.25
"""What it adds to the concordance that their regions overlap. Our estimate."""


def judge(candidate: Candidate, case: CaseFacts) -> None:
    """Set flags, distance to the pain, states, ledger and score of a candidate, in place.

    Parameters
    ----------
    candidate : Candidate
        Flags that it has already stay.
    case : CaseFacts
    """
    judged = Judged(candidate, case, case.row_of(candidate))
    _take_reference(judged)
    candidate.flags = flags_of(judged)
    candidate.distance_to_pain_mm = case.symptoms.distance_mm(candidate)
    candidate.mr_state, candidate.pet_state = mr_state(judged), pet_state(judged)
    candidate.ledger = ledger_of(judged)
    candidate.score = sum(entry.points for entry in candidate.ledger)


def _take_reference(judged: Judged) -> None:
    """Compare the uptake with the reference tissue of the site at which a candidate lies.

    The tissue of a site is known from its place. Detection knows only what the tissue map shows there, which is often
    nothing at small bones and joints, and takes their surroundings instead.
    """
    candidate, row = judged.candidate, judged.row
    if row is None or not row.reference or candidate.suv_peak is None:
        return
    candidate.reference, candidate.reference_name = row.reference, row.reference_name
    candidate.tbr = candidate.suv_peak / row.reference
    candidate.flags = [flag for flag in candidate.flags if flag != NO_REFERENCE]


def ledger_of(judged: Judged) -> tuple[LedgerEntry, ...]:
    """All signs of a candidate, in the order in which a reader goes through them."""
    entries = (
        *explained(with_ill_levels(judged, uptake_signs(judged)), judged),
        *pair_signs(judged),
        *mr_signs(judged),
        *_agreement(judged),
        *_pain(judged),
        *usual_signs(judged),
    )
    if judged.candidate.evidence != Evidence.BOTH:
        return entries
    return tuple(no_worse_than_normal(entries, USUAL_SIGNS, judged.case.evidence.full_points(MR_NORMAL)))


def _agreement(judged: Judged) -> Iterator[LedgerEntry]:
    """PET and MR at one place: independent signs, which rarely agree by chance."""
    candidate, case = judged.candidate, judged.case
    if candidate.evidence != Evidence.BOTH:
        return
    strength = concordance(candidate, case.parameters.agreement_mm)
    text = "PET and MR show the same place." if strength > BOTH_SEEN else "PET and MR show neighboring places."
    yield case.evidence.entry(AGREEMENT, SignGroup.AGREEMENT, text, strength, measure=strength)


def _pain(judged: Judged) -> Iterator[LedgerEntry]:
    """How well the place fits the marked pain."""
    candidate, case = judged.candidate, judged.case
    if not case.symptoms.is_known:
        return
    strength = symptom_part(candidate, case.symptoms, case.parameters.symptom)
    distance = candidate.distance_to_pain_mm
    text = _pain_text(distance, strength, case.parameters.symptom.far_mm)
    entry = case.evidence.entry(
        PAIN, SignGroup.SYMPTOM, text, strength, measure=None if distance is None else round(distance)
    )
    yield entry if strength > 0 else replace(entry, state=str(SignState.ABSENT))


def _pain_text(distance: float | None, strength: float, far_mm: float) -> str:
    """Where a place lies to the pain; what is far from the marked pain may still be on the painful side."""
    if strength <= 0:
        return "Not on the painful side." if distance is None else "Away from the marked pain."
    if distance is None:
        return "On the painful side."
    where = f"{distance:.0f} mm from the marked pain."
    return where if distance < far_mm else f"On the painful side, but {where}"


def concordance(candidate: Candidate, reach_mm: float) -> float:
    """How well PET and MR agree, 0 to 1.

    It is 0 without PET or MR. It is more the more a hot spot and an MR finding overlap, up to :data:`.SHARED_PART` of
    the smaller of both, and when their centers lie within `reach_mm`; from there that part falls straight, and is gone
    at :data:`FAR_FACTOR` times the distance.
    """
    best = 0.0
    for spot in candidate.hot_spots:
        for finding in candidate.mr_findings:
            apart = float(np.linalg.norm(spot.centroid_ras_mm - finding.centroid_ras_mm))
            agree = 1.0 - ramp(apart, reach_mm, FAR_FACTOR * reach_mm)
            overlap = ramp(overlap_fraction(spot.region, finding.region), 0.0, SHARED_PART)
            best = max(best, BOTH_SEEN + CENTERS_AGREE * agree + REGIONS_OVERLAP * overlap)
    return best
