"""Decide whether the result of a search is kept."""

from __future__ import annotations

import numpy as np

from .alignment_types import OFFSET, AlignmentParameters, PairAlignment
from .landmarks import LandmarkFit
from .rigid import change_between
from .search import PairSearch

GIVE_LANDMARKS = (
    "Give at least 4 point pairs with --landmarks, or the CT or Dixon that was acquired with the PET as ATTENUATION."
)
"""Advice when the images could not be aligned."""
CHECK = "Check the alignment by eye."
"""Advice when a person should look at the result."""
PET_ALONE = (
    "The PET was aligned by itself, with no ATTENUATION series between: on real cases it ended 2 to 6 mm from the "
    "way through a CT. Check the alignment by eye."
)
"""Warning for a PET that was registered without an ATTENUATION series."""
SMALL_OFFSET_MM = 7.0
"""Upper bound of the offset within a shared frame of reference at which the alignment of the scanner is kept although
the images contradict it, mm. A patient moves so far between two series, and a finding then still lies at the right
structure or right beside it. Real cases that were aligned by hand are 4 to 14 mm off. Our estimate."""
NOISE_FACTOR = 3.0
"""Lower bound of a gain in similarity that counts, in standard errors of the gain. Our estimate."""


def judge(
    found: PairSearch,
    scanner: np.ndarray,
    fit: LandmarkFit | None,
    parameters: AlignmentParameters,
    same_frame_of_reference: bool,
) -> PairAlignment:
    """Keep the result of a search, or keep its start, or decide that the images are not aligned.

    The result is kept when all of these are true: it is more similar than the start by more than the noise, the
    restarts and the parts of the overlap lead to the same place, the outlines of the bodies and the edges fit, and it
    lies within the bounds. A search on PET alone is less certain than landmarks, so that it may not move landmarks
    farther than their own residual.

    Otherwise landmarks are always kept. The scanner's coordinates are kept when a trustworthy search came back to
    them. They are also kept, with a warning that they could not be verified, when both series share them, no clearly
    better place was found far away from them, and hardly any pose nearby is more similar. Where both series share them
    and the images agree better only a few millimeters away, the patient moved a little: the scanner's coordinates are
    kept with a warning that names the offset, because the offset is smaller than the harm of findings that are not
    joined. In all other cases the images are not aligned.

    Parameters
    ----------
    found : PairSearch
        The result of the search.
    scanner : ndarray, shape (4, 4)
        The transform from fixed to moving points (RAS mm) by the scanner's coordinates.
    fit : LandmarkFit or None
        The start of the search, when landmarks were given.
    parameters : AlignmentParameters
    same_frame_of_reference : bool
        True when the scanner says that both images share their coordinates.

    Returns
    -------
    PairAlignment
        The kept transform, with the verdict and its reason.
    """
    better = _is_better(found, parameters)
    doubt = _doubt(found, parameters) or _doubt_about_start(found, fit, better, parameters)
    unchanged = "no better agreement than that of the start was found."
    matrix, advice, offset = scanner, CHECK, None
    if doubt is None and better:
        kept, verdict, matrix, advice = "registered", "aligned", found.best, ""
        reason = "The search improved the agreement, and came to the same place from all starts and parts."
    elif fit is not None:
        kept, verdict, matrix = "landmarks", "aligned", found.start
        reason = f"The landmarks were kept: {doubt or unchanged}"
    elif doubt is None:
        kept, verdict = "identity/scanner", "kept the scanner's alignment"
        reason = f"The scanner's alignment was kept: {unchanged}"
    elif same_frame_of_reference and not _contradicted(found, better, parameters):
        kept, verdict = "identity/scanner", "kept the scanner's alignment"
        reason = f"The scanner's alignment was kept: {doubt}"
    elif same_frame_of_reference and _is_small_offset(found, parameters):
        kept, verdict, offset = "identity/scanner", "kept the scanner's alignment", found.change_mm
        reason = f"The scanner's alignment was kept, although the images are about {offset:.1f} mm off: {doubt}"
    else:
        kept, verdict, advice = "not aligned", "not aligned", GIVE_LANDMARKS
        reason = f"The images could not be aligned: {doubt or unchanged}"
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
        evidence={
            "overlap_ml": found.overlap_ml,
            "change_found_mm": found.change_mm,
            "halves_mm": found.halves_mm,
            "gain_noise": found.gain_noise,
            "outline_overlap": found.outline,
            "edges_sd": found.edges_sd,
            "better_near_start": found.better_near_start,
            "landmark_residual_mm": None if fit is None else fit.rms_mm,
            "doubt": doubt,
            **({} if offset is None else {OFFSET: offset}),
        },
        reason=reason,
        advice=advice,
        warnings=_warnings(kept, found.kind, doubt, fit, shift, rotation, parameters, offset),
    )


def _warnings(
    kept: str,
    kind: str,
    doubt: str | None,
    fit: LandmarkFit | None,
    shift_mm: float,
    rotation_deg: float,
    parameters: AlignmentParameters,
    offset_mm: float | None,
) -> tuple[str, ...]:
    if offset_mm is not None:
        return (
            f"The images share the scanner's coordinates but seem to be {offset_mm:.1f} mm off, and the search could "
            f"not correct it: {doubt} They are joined as they lie; positions may be wrong by that much. {CHECK}",
        )
    if kept == "identity/scanner" and doubt is not None:
        return (f"The scanner's alignment was kept, but could not be verified: {doubt}",)
    texts = []
    if kept == "registered" and fit is None:
        if shift_mm > parameters.warn.shift_mm or rotation_deg > parameters.warn.rotation_deg:
            texts.append(f"Moved by {shift_mm:.1f} mm and {rotation_deg:.1f} degrees from the scanner's alignment.")
        if kind == "PET":
            texts.append(PET_ALONE)
    if kept == "landmarks" and fit is not None:
        texts.append(f"Aligned by landmarks alone (residual {fit.rms_mm:.1f} mm).")
    return tuple(texts)


def _doubt_about_start(
    found: PairSearch, fit: LandmarkFit | None, better: bool, parameters: AlignmentParameters
) -> str | None:
    """Why a search cannot be trusted when it is compared with its start; None when it can."""
    if fit is not None and found.kind == "PET" and found.change_mm > max(fit.rms_mm, 1.0):
        return f"PET alone leads {found.change_mm:.1f} mm away from them, more than they differ among themselves."
    if not better and found.change_mm > parameters.trust.agreement_mm:
        return f"a place {found.change_mm:.1f} mm away agrees as well."
    return None


def _is_better(found: PairSearch, parameters: AlignmentParameters) -> bool:
    """Whether the result moved from the start and is more similar than it by more than the noise."""
    start, end, information = found.similarity_start, found.similarity_end, found.information_start
    if start is None or end is None or information is None or found.change_mm < parameters.keep.minimum_change_mm:
        return False
    gain = end - start
    needed = max(parameters.keep.minimum_gain * information, NOISE_FACTOR * (found.gain_noise or 0.0))
    return gain > needed


def _doubt(found: PairSearch, parameters: AlignmentParameters) -> str | None:
    """Why the result of a search cannot be trusted; None when it can."""
    if found.similarity_end is None:
        return f"they overlap by only {found.overlap_ml:.0f} ml."
    if found.at_bound:
        return "the search ran to the limit of what was allowed."
    if found.spread_mm is not None and found.spread_mm > parameters.trust.agreement_mm:
        return f"searches from different starts ended {found.spread_mm:.1f} mm apart."
    halves_limit = parameters.trust.pet_halves_mm if found.kind == "PET" else parameters.trust.halves_mm
    if found.halves_mm is not None and found.halves_mm > halves_limit:
        return f"parts of the overlap alone lead {found.halves_mm:.1f} mm away from the whole."
    if found.outline is not None and found.outline < parameters.trust.minimum_outline:
        return f"the outlines of the body agree by only {100 * found.outline:.0f} %."
    if found.edges_sd is not None and found.edges_sd < parameters.trust.minimum_edges_sd:
        return f"edges agree by only {found.edges_sd:.1f} standard deviations better there than at poses nearby."
    return None


def _contradicted(found: PairSearch, better: bool, parameters: AlignmentParameters) -> bool:
    """True when the images show that the start is wrong, although they do not show the right place."""
    if better and found.change_mm > parameters.scanner.contradiction_mm:
        return True
    return found.better_near_start is not None and found.better_near_start > parameters.scanner.better_near_start


def _is_small_offset(found: PairSearch, parameters: AlignmentParameters) -> bool:
    """Whether the images show the same body and agree best only a few millimeters away from the start."""
    if found.similarity_end is None or found.at_bound or found.change_mm > SMALL_OFFSET_MM:
        return False
    return found.outline is None or found.outline >= parameters.trust.minimum_outline
