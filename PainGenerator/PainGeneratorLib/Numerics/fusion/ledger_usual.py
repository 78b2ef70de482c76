"""Signs that speak against a source of pain: uptake or signal that is usual at its place, each with its weight.

No sign removes a candidate. What an organ explains counts little for a source of pain, too: an organ is always hotter
than the tissue around it, and at no other level of the spine (:func:`explained`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ..core.records import Candidate, LedgerEntry
from ..core.words import Evidence, Group
from .after_surgery import EARLY_FLAG, early_strength, months_text
from .evidence import SignGroup
from .judged import Judged
from .neck import APPROACH_FLAG, is_scar_at_neck, noise_free_max, usual_at_neck
from .places import ORGANS_WITH_UPTAKE, is_near_neck

SURE_ORGAN = "usual_organ"
LIKELY_ORGAN = "usual_place"
ALIKE = "usual_alike"
BROWN_FAT = "usual_brown_fat"
CONUS = "usual_conus"
AT_NECK = "usual_at_neck"
SCAR = "scar_at_neck"

EARLY = "early_after_surgery"
APPROACH = "edema_of_approach"

ALIKE_RULES = ("muscles-alike", "sides-alike")
"""Rules of :mod:`..pet.physiologic` that rest on the likeness of both sides."""
SIGNS_OF_RULES: Mapping[str, str] = {**dict.fromkeys(ALIKE_RULES, ALIKE), "brown-fat": BROWN_FAT}
"""Rule for physiologic uptake -> the sign that it is; :data:`LIKELY_ORGAN` for all others that are not sure."""
EXPLAINING_SIGNS = frozenset({SURE_ORGAN, LIKELY_ORGAN, ALIKE, BROWN_FAT, CONUS, AT_NECK})
"""Signs that name what the uptake comes from: an organ, a vessel, a muscle that was used, brown fat, the conus, or the
tissue at the neck of a prosthesis."""
EXPLAINING_POINTS = -3.0
"""Points of such a sign from which it explains the uptake: it halves the odds. Weaker ones leave the question open."""
CANAL = "spinal canal"
UP = 2
"""Axis of positions (RAS) that runs upward."""
ACROSS = slice(UP)
"""Axes of a site of the spine that run across it: to the left and to the front."""
UNNAMED_SPINE = "spine"
"""Structure of a place in the spine at none of its sites."""
CONUS_LEVELS: Mapping[str, float] = {
    "T11": 1.0,
    "T11/T12": 1.0,
    "T12": 1.0,
    "T12/L1": 1.0,
    "L1": 1.0,
    "L1/L2": 0.5,
}
"""Level -> how surely the conus lies there, as a part of the points. Its tip lies at the lower third of L1 with a
standard deviation of 0.7 vertebrae (Saifuddin, Spine 1998;23:1452), so that it often reaches the disc below."""
CONUS_USUAL_SUV = 3.7
"""SUVmax up to which uptake of the conus is usual, g/ml (J Nucl Med 2009, abstract 131, n = 108)."""
CONUS_MOST_SUV = 5.5
"""Highest SUVmax of a conus without disease, g/ml (total-body PET, n = 527: median 3.8, 2.7 to 5.5). From there on the
conus explains nothing."""
EXPLAINED = "(counted in part: what is usual here explains it)"
"""What the text of a sign ends with that counts in part."""


def usual_signs(judged: Judged) -> Iterator[LedgerEntry]:
    """What is usual at the place of a candidate."""
    yield from _organ(judged)
    yield from _neck(judged)
    yield from _after_surgery(judged)


def explained(signs: Iterable[LedgerEntry], judged: Judged) -> Iterator[LedgerEntry]:
    """Signs on PET, of which those that speak for a source of pain count in part where something usual explains them.

    Uptake over the reference, over the other levels or over the other side is what an organ has, too. So it says
    little of disease there, and full points for each of such signs would outweigh that the place is usual.

    Parameters
    ----------
    signs : iterable of LedgerEntry
        As :func:`.ledger_uptake.uptake_signs` gives them.
    judged : Judged
    """
    usual = next((sign for sign in usual_signs(judged) if sign.sign in EXPLAINING_SIGNS), None)
    counted = 1.0
    if usual is not None:
        full = judged.case.evidence.full_points(usual.sign)
        # A sign that has no weight, a ratio of 1 in the protocol, explains nothing.
        sureness = usual.points / full if full else 0.0
        counted = 1.0 - sureness * (1.0 - judged.case.parameters.explained_part)
    for sign in signs:
        yield sign if counted == 1.0 or sign.points <= 0 else _in_part(sign, counted)


def _in_part(sign: LedgerEntry, part: float) -> LedgerEntry:
    """A sign whose points count in part."""
    return replace(sign, points=round(part * sign.points, 3), text=f"{sign.text.removesuffix('.')} {EXPLAINED}.")


def is_explained(candidate: Candidate) -> bool:
    """Whether the ledger of a candidate says what usual thing its uptake comes from."""
    return any(entry.sign in EXPLAINING_SIGNS and entry.points <= EXPLAINING_POINTS for entry in candidate.ledger)


def _organ(judged: Judged) -> Iterator[LedgerEntry]:
    """Usual uptake: by the rules for physiologic uptake, by the name of the place, or of the conus. One of them at
    most."""
    candidate, table = judged.candidate, judged.case.evidence
    for spot in candidate.hot_spots:
        if spot.physiologic is None:
            continue
        sign = SIGNS_OF_RULES.get(spot.rule or "", LIKELY_ORGAN) if "usual-place" in spot.flags else SURE_ORGAN
        text = f"Usual uptake: {spot.physiologic}."
        yield table.entry(sign, SignGroup.USUAL, text, 1.0, measure=spot.rule)
        return
    is_organ = candidate.place.structure in ORGANS_WITH_UPTAKE
    if candidate.evidence == Evidence.PET_ONLY and is_organ and "uptake-of-organ" not in _off(judged):
        text = f"Usual uptake: the {candidate.place.name} takes up or excretes the tracer."
        yield table.entry(SURE_ORGAN, SignGroup.USUAL, text, 1.0, measure=candidate.place.structure)
        return
    yield from _conus(judged)


def _conus(judged: Judged) -> Iterator[LedgerEntry]:
    """Uptake in the canal at the height of the conus, less surely so the higher it is."""
    candidate = judged.candidate
    if candidate.suv_max is None or "uptake-of-conus" in _off(judged) or not is_in_canal(judged):
        return
    at_level = CONUS_LEVELS.get(candidate.place.level or "", 0.0)
    rest = (CONUS_MOST_SUV - candidate.suv_max) / (CONUS_MOST_SUV - CONUS_USUAL_SUV)
    strength = at_level * min(1.0, rest)
    if strength > 0:
        text = f"Usual uptake: up to SUVmax {CONUS_USUAL_SUV:g} g/ml is seen in the conus, from T11 to L1."
        measure = round(float(candidate.suv_max), 2)
        yield judged.case.evidence.entry(CONUS, SignGroup.USUAL, text, strength, measure=measure)


def is_in_canal(judged: Judged) -> bool:
    """Whether a candidate lies in the spinal canal, by its name or between two sites of the canal.

    The sites lie at the discs. Between them, at the middle of a vertebra, a place has the name of no site.
    """
    place, point = judged.candidate.place, judged.candidate.centroid_ras_mm
    if place.structure != UNNAMED_SPINE:
        return place.structure == CANAL
    sites = sorted(
        (row.site for row in judged.case.rows if row.site.structure == CANAL),
        key=lambda site: float(site.center_ras[UP]),
    )
    for lower, upper in pairwise(sites):
        along = upper.center_ras - lower.center_ras
        part = float((point - lower.center_ras) @ along / (along @ along))
        away = float(np.linalg.norm(point - lower.center_ras - part * along))
        if 0.0 <= part <= 1.0 and away <= float(min(lower.half_mm[ACROSS])):
            return True
    return False


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
        text = f"Usual uptake: up to about SUVmax {neck.suv_limit:g} g/ml is seen at the neck of painless prostheses."
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
