"""Signs on PET: how high the uptake is over the reference, over the other levels, over the other side."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..core.records import LedgerEntry
from ..core.words import Evidence
from ..mr.verdicts import DISC_DEGENERATION
from .evidence import SignGroup, graded
from .judged import Judged
from .ledger_mr import why_pet_unknown

UPTAKE = "uptake"
UPTAKE_SIGNS = {
    "facet joint": "uptake_facet",
    "upper endplate": "uptake_endplate",
    "lower endplate": "uptake_endplate",
    "disc": "uptake_disc",
    "interspinous space": "uptake_interspinous",
    "prosthesis cup": "uptake_interface",
    "prosthesis stem": "uptake_interface",
}
"""Structure of a place -> the sign whose weight its uptake has; :data:`UPTAKE` for all others."""
CLEAR = "clear_of_normal"
ABOVE_LEVELS = "above_other_levels"
ASYMMETRY = "asymmetry"
CUT_OFF = "cut_off"
CUT_OFF_FLAGS = frozenset({"truncated", "peak-at-edge", "large"})
"""Flags of uptake that is cut off by the field of view, or too large for a pain generator."""
CLEAR_FULL = 1.5
"""Clearness from which that sign is fully present; its inverse is where it is surely absent. Our estimate."""
LEVEL_NONE, LEVEL_NEUTRAL, LEVEL_FULL = 0.8, 1.1, 1.6
"""Ratio to the other levels at which that sign is absent, says nothing, and is fully present. Our estimates: SUVpeak
of like sites differs by about 10 % in one healthy person."""


def sign_of_uptake(judged: Judged) -> str:
    """The name of the sign whose weight the uptake at a place has."""
    place = judged.candidate.place
    if judged.candidate.mr_kind == DISC_DEGENERATION:
        return "uptake_disc"
    if place.zone is not None:
        return "uptake_interface"
    return UPTAKE_SIGNS.get(place.structure, UPTAKE)


def uptake_signs(judged: Judged) -> Iterator[LedgerEntry]:
    """What the PET says of a candidate."""
    candidate = judged.candidate
    if candidate.evidence == Evidence.MR_ONLY:
        yield _no_uptake(judged)
        return
    yield _over_reference(judged)
    yield from _clear(judged)
    yield from _over_levels(judged)
    yield from _over_other_side(judged)
    if candidate.evidence == Evidence.PET_ONLY and not CUT_OFF_FLAGS.isdisjoint(candidate.flags):
        text = "The uptake is cut off by the edge of the PET, or larger than a pain generator is expected to be."
        yield judged.case.evidence.entry(CUT_OFF, SignGroup.PET, text, 1.0)


def _no_uptake(judged: Judged) -> LedgerEntry:
    """No focus of raised uptake at an MR finding: absent where the PET shows the place, else not assessable."""
    table, sign = judged.case.evidence, sign_of_uptake(judged)
    unknown = why_pet_unknown(judged)
    if unknown:
        return table.unknown(sign, SignGroup.PET, unknown)
    return table.entry(sign, SignGroup.PET, "No focus of raised uptake here.", -1.0)


def _over_reference(judged: Judged) -> LedgerEntry:
    """Uptake over the reference tissue."""
    candidate, case = judged.candidate, judged.case
    sign, ramps = sign_of_uptake(judged), case.parameters.ramps
    if candidate.tbr is None:
        return case.evidence.unknown(sign, SignGroup.PET, "Uptake: no reference tissue to compare it with.")
    names = dict.fromkeys(spot.reference_name for spot in candidate.hot_spots if spot.reference_name)
    text = f"Uptake {candidate.tbr:.1f} times that of {next(iter(names), 'the reference tissue')}."
    strength = graded(candidate.tbr, ramps.tbr_absent, ramps.tbr_none, ramps.tbr_full)
    return case.evidence.entry(sign, SignGroup.PET, text, strength, measure=round(float(candidate.tbr), 2))


def _clear(judged: Judged) -> Iterator[LedgerEntry]:
    """How clearly the uptake exceeds all normal tissue, for its size."""
    found = [spot.clearness for spot in judged.candidate.hot_spots if spot.clearness]
    if not found:
        return
    clearness = max(found)
    above = "Clear of" if clearness >= 1 else "Not clear of"
    text = f"{above} the normal uptake of this body, for its size and place."
    strength = math.log(clearness) / math.log(CLEAR_FULL)
    yield judged.case.evidence.entry(CLEAR, SignGroup.PET, text, strength, measure=round(clearness, 2))


def _over_levels(judged: Judged) -> Iterator[LedgerEntry]:
    """Uptake over the like sites of the other levels."""
    row = judged.row
    ratio = None if row is None else row.level_ratio
    if ratio is None:
        ratio = next((s.level_ratio for s in judged.candidate.hot_spots if s.level_ratio is not None), None)
    if ratio is None:
        return
    text = f"Uptake {ratio:.1f} times that of the same place at the other levels."
    strength = graded(ratio, LEVEL_NONE, LEVEL_NEUTRAL, LEVEL_FULL)
    yield judged.case.evidence.entry(ABOVE_LEVELS, SignGroup.PET, text, strength, measure=round(float(ratio), 2))


def _over_other_side(judged: Judged) -> Iterator[LedgerEntry]:
    """Uptake over that of the other side. Likeness says nothing: both sides may be ill."""
    ratio, ramps = judged.candidate.left_right_ratio, judged.case.parameters.ramps
    if ratio is None or ratio <= ramps.asymmetry_none:
        return
    strength = (ratio - ramps.asymmetry_none) / (ramps.asymmetry_full - ramps.asymmetry_none)
    text = f"Uptake {ratio:.1f} times that of the other side."
    yield judged.case.evidence.entry(ASYMMETRY, SignGroup.PET, text, strength, measure=round(float(ratio), 2))
