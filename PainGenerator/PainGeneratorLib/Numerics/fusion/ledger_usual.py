"""Signs that speak against a source of pain: uptake or signal that is usual at its place, each with its weight."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.records import LedgerEntry
from ..core.words import Evidence, Group
from .after_surgery import EARLY_FLAG, early_strength, months_text
from .evidence import SignGroup
from .judged import Judged
from .neck import APPROACH_FLAG, is_scar_at_neck, noise_free_max, usual_at_neck
from .places import ORGANS_WITH_UPTAKE, is_near_neck

SURE_ORGAN = "usual_organ"
LIKELY_ORGAN = "usual_place"
ALIKE = "usual_alike"
AT_NECK = "usual_at_neck"
SCAR = "scar_at_neck"

EARLY = "early_after_surgery"
APPROACH = "edema_of_approach"

ALIKE_RULES = ("muscles-alike", "sides-alike")
"""Rules of :mod:`..pet.physiologic` that rest on the likeness of both sides."""


def usual_signs(judged: Judged) -> Iterator[LedgerEntry]:
    """What is usual at the place of a candidate."""
    yield from _organ(judged)
    yield from _neck(judged)
    yield from _after_surgery(judged)


def _organ(judged: Judged) -> Iterator[LedgerEntry]:
    """Uptake of an organ: by the rules for physiologic uptake, or by the name of the place."""
    candidate, table = judged.candidate, judged.case.evidence
    for spot in candidate.hot_spots:
        if spot.physiologic is None:
            continue
        unsure = ALIKE if spot.rule in ALIKE_RULES else LIKELY_ORGAN
        sign = unsure if "usual-place" in spot.flags else SURE_ORGAN
        text = f"Usual uptake: {spot.physiologic}."
        yield table.entry(sign, SignGroup.USUAL, text, 1.0, measure=spot.rule)
        return
    is_organ = candidate.place.structure in ORGANS_WITH_UPTAKE
    if candidate.evidence == Evidence.PET_ONLY and is_organ and "uptake-of-organ" not in _off(judged):
        text = f"Usual uptake: the {candidate.place.name} takes up or excretes the tracer."
        yield table.entry(SURE_ORGAN, SignGroup.USUAL, text, 1.0, measure=candidate.place.structure)


def _neck(judged: Judged) -> Iterator[LedgerEntry]:
    """Uptake and scar at the neck of a prosthesis."""
    candidate, case = judged.candidate, judged.case
    neck, table = case.parameters.neck, case.evidence
    if case.group != Group.HIP_REPLACEMENT or not is_near_neck(candidate.place):
        return
    findings = candidate.mr_findings
    is_scar = bool(findings) and all(is_scar_at_neck(f, candidate.place, neck) for f in findings)
    if is_scar:
        text = "Usual: scar at the neck of a prosthesis looks like edema."
        yield table.entry(SCAR, SignGroup.USUAL, text, 1.0)
    if candidate.suv_max is None or "usual-at-prosthesis-neck" in _off(judged) or (findings and not is_scar):
        return
    strength = usual_at_neck(noise_free_max(candidate.suv_max, candidate.suv_peak, neck), neck)
    if strength > 0:
        text = f"Usual uptake: about up to SUVmax {neck.suv_limit:g} g/ml is seen at the neck of painless prostheses."
        yield table.entry(AT_NECK, SignGroup.USUAL, text, strength, measure=round(float(candidate.suv_max), 2))


def _after_surgery(judged: Judged) -> Iterator[LedgerEntry]:
    """Uptake and edema soon after a hip replacement, and edema along the approach of an operation."""
    candidate, case = judged.candidate, judged.case
    table, facts = case.evidence, case.prosthesis
    if EARLY_FLAG in candidate.flags and facts.months is not None:
        when = months_text(facts.months)
        text = f"Soon after surgery ({when}): some uptake and edema around a new prosthesis are usual."
        strength = early_strength(facts, case.parameters.surgery)
        yield table.entry(EARLY, SignGroup.USUAL, text, strength, measure=round(facts.months, 1))
    if APPROACH_FLAG in candidate.flags and candidate.evidence == Evidence.MR_ONLY:
        text = "A band of edema from the skin to the hip: usual along a surgical approach in the first year."
        yield table.entry(APPROACH, SignGroup.USUAL, text, 1.0)


def _off(judged: Judged) -> tuple[str, ...]:
    return judged.case.parameters.rules_off
