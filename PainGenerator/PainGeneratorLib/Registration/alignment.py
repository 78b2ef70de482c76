"""The stage "alignment": every series of a case to the reference series, or an honest no."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np

from ..Numerics.core.image import Image
from .alignment_types import AlignmentParameters, PairAlignment, SeriesAlignment
from .landmarks import LandmarkPairs, fit_landmarks
from .pet_fit import through_attenuation
from .quality import judge
from .search import search_pair

Progress = Callable[[float, str], None]
CHAINED_THROUGH_ATTENUATION = "ATTENUATION"


def align(
    fixed: Image,
    moving: Image,
    *,
    start: np.ndarray | None = None,
    parameters: AlignmentParameters,
    moving_kind: str,
    fixed_kind: str = "MR",
    fixed_mask: np.ndarray | None = None,
    landmarks: LandmarkPairs | None = None,
    same_frame_of_reference: bool = True,
    progress: Progress | None = None,
) -> PairAlignment:
    """Align one image to another, rigidly; keep the start unless the result is measurably better.

    Parameters
    ----------
    fixed, moving : Image
    start : ndarray, shape (4, 4), optional
        Maps points (RAS mm) of the fixed to points of the moving image; the scanner's coordinates when left out.
    parameters : AlignmentParameters
    moving_kind : str
        ``MR``, ``CT`` or ``PET``.
    fixed_kind : str
        ``MR`` or ``CT``.
    fixed_mask : ndarray of bool, shape of the fixed array, optional
        Where the fixed image may be compared; without it the body and its border.
    landmarks : LandmarkPairs, optional
        Replace the start, and are kept when the search cannot better them.
    same_frame_of_reference : bool
        True when the start is credible without any measurement.
    progress : callable, optional
        Called with the fraction done and a text; may raise Cancelled.

    Raises
    ------
    PainGeneratorError
        When the landmarks cannot be used.
    """
    progress = progress or _silent
    scanner = np.eye(4) if start is None else np.array(start, dtype=np.float64)
    fit = None if landmarks is None else fit_landmarks(landmarks)
    begin = scanner if fit is None else fit.reference_to_series_ras
    found = search_pair(fixed, moving, (fixed_kind, moving_kind), begin, parameters, fixed_mask, progress)
    return judge(found, scanner, fit, parameters, same_frame_of_reference)


def align_case(
    reference: Image,
    series_by_role: Mapping[str, tuple[Image, str]],
    frames_of_reference: Mapping[str, str | None],
    parameters: AlignmentParameters,
    landmarks: Mapping[str, LandmarkPairs] | None = None,
    progress: Progress | None = None,
) -> dict[str, SeriesAlignment]:
    """Align every series of a case to the reference series.

    PET is aligned through its ATTENUATION series where there is one in its frame of reference: that series is
    registered to the reference and the result is used for both, as they were acquired on one table; whether they fit
    is looked at (see :func:`pet_fit.through_attenuation`).
    Other series are registered to the reference directly.

    Parameters
    ----------
    reference : Image
        The reference series (an MR).
    series_by_role : mapping
        Role to (image, modality); modality is ``MR``, ``CT`` or ``PET`` (``PT`` is understood). The reference series
        itself may be left out.
    frames_of_reference : mapping
        Role to frame of reference UID, with that of the reference series under ``"reference"``; None where unknown.
    parameters : AlignmentParameters
    landmarks : mapping, optional
        Role to point pairs.
    progress : callable, optional
        Called with the fraction done and a text; may raise Cancelled.

    Raises
    ------
    PainGeneratorError
        When the landmarks cannot be used.
    """
    progress = progress or _silent
    landmarks = dict(landmarks or {})
    reference_frame = frames_of_reference.get("reference")
    through = _pet_goes_through_attenuation(series_by_role, frames_of_reference)
    if through and "PET" in landmarks and CHAINED_THROUGH_ATTENUATION not in landmarks:
        landmarks[CHAINED_THROUGH_ATTENUATION] = landmarks["PET"]
    searched = [role for role in series_by_role if not (role == "PET" and through)]
    steps = len(searched) + through
    results: dict[str, SeriesAlignment] = {}
    for index, role in enumerate(searched):
        image, modality = series_by_role[role]
        frame = frames_of_reference.get(role)
        shared = frame is not None and frame == reference_frame
        pair = align(
            reference,
            image,
            parameters=parameters,
            moving_kind={"PT": "PET"}.get(modality, modality),
            landmarks=landmarks.get(role),
            same_frame_of_reference=shared,
            progress=_part(progress, index / steps, (index + 1) / steps, role),
        )
        results[role] = _series(role, pair, None, shared)
        if through and role == CHAINED_THROUGH_ATTENUATION:
            chain = pair
    if through:
        image, modality = series_by_role[CHAINED_THROUGH_ATTENUATION]
        shared = results[CHAINED_THROUGH_ATTENUATION].same_frame_of_reference
        pair, chained = through_attenuation(
            reference,
            (image, modality),
            series_by_role["PET"][0],
            chain,
            parameters,
            shared,
            functools.partial(align, progress=_part(progress, 1 - 1 / steps, 1.0, "PET")),
        )
        results["PET"] = _series("PET", pair, CHAINED_THROUGH_ATTENUATION if chained else None, shared)
    progress(1.0, "aligned")
    return results


def _silent(fraction: float, text: str) -> None:
    """Shows nothing."""


def _part(progress: Progress, start: float, end: float, role: str) -> Progress:
    def shown(fraction: float, text: str) -> None:
        progress(start + (end - start) * fraction, f"{role}: {text}")

    return shown


def _pet_goes_through_attenuation(
    series_by_role: Mapping[str, tuple[Image, str]], frames: Mapping[str, str | None]
) -> bool:
    if "PET" not in series_by_role or CHAINED_THROUGH_ATTENUATION not in series_by_role:
        return False
    frame = frames.get("PET")
    return frame is not None and frame == frames.get(CHAINED_THROUGH_ATTENUATION)


def _series(role: str, pair: PairAlignment, through: str | None, shared: bool) -> SeriesAlignment:
    return SeriesAlignment(
        role=role,
        reference_to_series_ras=pair.fixed_to_moving_ras,
        start_ras=pair.start_ras,
        kept=pair.kept,
        verdict=pair.verdict,
        through=through,
        same_frame_of_reference=shared,
        shift_mm=pair.shift_mm,
        rotation_deg=pair.rotation_deg,
        spread_mm=pair.spread_mm,
        similarity_start=pair.similarity_start,
        similarity_end=pair.similarity_end,
        evidence=pair.evidence,
        reason=pair.reason,
        advice=pair.advice,
        warnings=pair.warnings,
    )
