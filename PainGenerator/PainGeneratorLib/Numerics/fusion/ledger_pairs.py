"""What a ledger says of a pair: the uptake of each side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..core.records import HotSpot, LedgerEntry
from ..core.words import Side
from .evidence import SignGroup
from .judged import Judged
from .pairs import sides_of

BOTH_SIDES = "both_sides"


def pair_signs(judged: Judged) -> Iterator[LedgerEntry]:
    """The uptake of each side of a pair. It counts nothing: likeness speaks neither for disease nor against it."""
    candidate = judged.candidate
    if candidate.place.side != Side.BOTH or not candidate.hot_spots:
        return
    sides = {side: _hottest(spots) for side, spots in sides_of(candidate.hot_spots).items() if spots}
    if len(sides) < 2:
        return
    text = f"Both sides: SUVpeak {', '.join(f'{suv:.2f} g/ml {side}' for side, suv in sides.items())}."
    measure = round(max(sides.values()) / min(sides.values()), 2)
    yield judged.case.evidence.entry(BOTH_SIDES, SignGroup.PET, text, 1.0, measure=measure)


def _hottest(spots: Sequence[HotSpot]) -> float:
    return max(float(spot.suv_max if spot.suv_peak is None else spot.suv_peak) for spot in spots)
