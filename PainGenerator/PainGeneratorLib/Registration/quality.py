"""Whether an alignment may be kept."""

from __future__ import annotations

import numpy as np

from .alignment_types import AlignmentParameters, PairAlignment
from .landmarks import LandmarkFit
from .rigid import change_between
from .search import PairSearch

GIVE_LANDMARKS = "Give at least 4 point pairs with --landmarks, or align the series by hand."


def judge(
    found: PairSearch,
    scanner: np.ndarray,
    fit: LandmarkFit | None,
    parameters: AlignmentParameters,
    same_frame_of_reference: bool,
) -> PairAlignment:
    """Keep the result of a search, or its start, or say that the images are not aligned."""
    problem = _problem(found, parameters)
    if problem is None:
        kept, verdict, matrix = "registered", "aligned", found.best
        reason, advice = "The search improved the agreement and came to the same place from all starts.", ""
    elif fit is not None:
        kept, verdict, matrix = "landmarks", "aligned", found.start
        reason, advice = f"The landmarks were kept: {problem}", "Check the alignment by eye."
    elif same_frame_of_reference:
        kept, verdict, matrix = "identity/scanner", "kept the scanner's alignment", scanner
        reason, advice = f"The scanner's alignment was kept: {problem}", "Check the alignment by eye."
    else:
        kept, verdict, matrix = "not aligned", "not aligned", scanner
        reason, advice = f"The images could not be aligned: {problem}", GIVE_LANDMARKS
    shift, rotation = change_between(scanner, matrix, found.center_ras)
    return PairAlignment(
        fixed_to_moving_ras=matrix,
        start_ras=found.start,
        kept=kept,
        verdict=verdict,
        shift_mm=shift,
        rotation_deg=rotation,
        spread_mm=found.spread_mm,
        similarity_start=found.similarity_start,
        similarity_end=found.similarity_end,
        evidence={"overlap_ml": found.overlap_ml, **found.evidence},
        reason=reason,
        advice=advice,
    )


def _problem(found: PairSearch, parameters: AlignmentParameters) -> str | None:
    if found.similarity_end is None:
        return f"they overlap by only {found.overlap_ml:.0f} ml."
    if found.at_bound:
        return "the search ran to the limit of what was allowed."
    if found.spread_mm is not None and found.spread_mm > parameters.agreement_mm:
        return f"searches from different starts ended {found.spread_mm:.1f} mm apart."
    gain = found.similarity_end - found.similarity_start
    if gain < parameters.minimum_gain * max(found.similarity_start, 1e-6):
        return "no better agreement than that of the start was found."
    return None
