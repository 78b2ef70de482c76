"""What the signs of a candidate say together: which images show it, and the measures that stand for all."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.records import Candidate, HotSpot, MRFinding
from ..core.words import Evidence


def evidence_of(spots: Sequence[HotSpot], findings: Sequence[MRFinding]) -> Evidence:
    """Which images show a candidate that has these hot spots and MR findings."""
    if spots and findings:
        return Evidence.BOTH
    return Evidence.PET_ONLY if spots else Evidence.MR_ONLY


def set_measures(candidate: Candidate) -> None:
    """Fill the candidate's PET and MR measures from its hot spots and findings; the strongest one stands for all."""
    set_uptake(candidate, candidate.hot_spots)
    findings = candidate.mr_findings
    if findings:
        candidate.mr_kind = findings[0].kind
        candidate.mr_z = findings[0].z


def set_uptake(candidate: Candidate, spots: Sequence[HotSpot]) -> None:
    """Fill the candidate's PET measures from some of its hot spots, the hottest first; without any they stay."""
    if not spots:
        return
    hottest = spots[0]
    candidate.suv_max = max(spot.suv_max for spot in spots)
    candidate.suv_peak = max((spot.suv_peak for spot in spots if spot.suv_peak is not None), default=None)
    candidate.mtv_ml = sum(spot.mtv_ml for spot in spots)
    candidate.tlg_g = sum(spot.tlg_g for spot in spots)
    candidate.suv_mean = candidate.tlg_g / candidate.mtv_ml if candidate.mtv_ml else None
    candidate.tbr = hottest.tbr
    candidate.reference, candidate.reference_name = hottest.reference, hottest.reference_name
    candidate.left_right_ratio = hottest.left_right_ratio
