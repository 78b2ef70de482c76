"""The stage "alignment": align every series of a case to the reference series, or report that it cannot be aligned."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np

from ..Numerics.core.image import Image
from .alignment_types import AlignmentParameters, PairAlignment, SeriesAlignment
from .fields_of_view import with_field_checked
from .landmark_witness import with_landmark_witness
from .landmarks import LandmarkPairs, fit_landmarks
from .pet_fit import through_attenuation
from .quality import judge
from .search import search_pair

Progress = Callable[[float, str], None]
"""Called with the fraction that is done (0 to 1) and a text. It may raise `Cancelled`."""
CHAINED_THROUGH_ATTENUATION = "ATTENUATION"
"""The role of the series through which a PET is aligned."""


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
    """Align one image to another by a rigid motion. The start is kept unless the result is measurably better.

    Parameters
    ----------
    fixed, moving : Image
    start : ndarray, shape (4, 4), optional
        Maps points (RAS mm) of the fixed image to points of the moving image. The scanner's coordinates when left out.
    parameters : AlignmentParameters
    moving_kind : str
        ``MR``, ``CT`` or ``PET``.
    fixed_kind : str
        ``MR`` or ``CT``.
    fixed_mask : ndarray of bool, shape of the fixed array, optional
        Voxels at which the images may be compared. Without it these are the body and its border.
    landmarks : LandmarkPairs, optional
        They replace the start, and they are kept when the search does not find a better place. A second search
        without them tells how far the images disagree with them.
    same_frame_of_reference : bool
        True when the scanner says that both images share their coordinates, so that the start can be believed without
        a measurement.
    progress : callable, optional
        Called with the fraction that is done (0 to 1) and a text. It may raise `Cancelled`.

    Returns
    -------
    PairAlignment
        The kept transform, with the verdict and its reason.

    Raises
    ------
    PainGeneratorError
        When the landmarks cannot be used.
    """
    progress = progress or _silent
    scanner = np.eye(4) if start is None else np.array(start, dtype=np.float64)
    fit = None if landmarks is None else fit_landmarks(landmarks)
    begin = scanner if fit is None else fit.reference_to_series_ras
    kinds = (fixed_kind, moving_kind)
    if fit is None:
        found = search_pair(fixed, moving, kinds, begin, parameters, fixed_mask, progress)
        return judge(found, scanner, None, parameters, same_frame_of_reference)
    found = search_pair(fixed, moving, kinds, begin, parameters, fixed_mask, _half(progress, 0.0))
    pair = judge(found, scanner, fit, parameters, same_frame_of_reference)
    bare = search_pair(fixed, moving, kinds, scanner, parameters, fixed_mask, _half(progress, 0.5))
    alone = judge(bare, scanner, None, parameters, same_frame_of_reference)
    return with_landmark_witness(pair, alone, fit, found.overlap_points_ras, parameters, same_frame_of_reference)


def align_case(
    reference: Image,
    series_by_role: Mapping[str, tuple[Image, str]],
    frames_of_reference: Mapping[str, str | None],
    parameters: AlignmentParameters,
    landmarks: Mapping[str, LandmarkPairs] | None = None,
    progress: Progress | None = None,
) -> dict[str, SeriesAlignment]:
    """Align every series of a case to the reference series.

    PET is aligned through its ATTENUATION series when there is one in the same frame of reference. That series is
    registered to the reference, and the result is used for both, because both were acquired on the same table.
    :func:`.pet_fit.through_attenuation` checks whether they fit each other. Other series are registered to the
    reference directly. A series that has no place in common with the reference is not aligned, whatever the headers
    say of their coordinates.

    Parameters
    ----------
    reference : Image
        The reference series (an MR).
    series_by_role : mapping
        Role -> image and modality. The modality is ``MR``, ``CT`` or ``PET`` (``PT`` is accepted). The reference
        series itself may be left out.
    frames_of_reference : mapping
        Role -> Frame of Reference UID, with that of the reference series under ``"reference"``; None when unknown.
    parameters : AlignmentParameters
    landmarks : mapping, optional
        Role -> pairs of points.
    progress : callable, optional
        Called with the fraction that is done (0 to 1) and a text. It may raise `Cancelled`.

    Returns
    -------
    dict
        Role -> alignment, for every series that was given.

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
    fields = {role: image.geometry for role, (image, _) in series_by_role.items()}
    return {role: with_field_checked(found, reference.geometry, fields[role]) for role, found in results.items()}


def _silent(fraction: float, text: str) -> None:
    """Do nothing: the progress function for callers that gave none."""


def _half(progress: Progress, start: float) -> Progress:
    """Progress of one of two searches, which begins at `start`."""
    return lambda fraction, text: progress(start + 0.5 * fraction, text)


def _part(progress: Progress, start: float, end: float, role: str) -> Progress:
    """Progress of one step, which takes the part from `start` to `end` of the whole."""

    def shown(fraction: float, text: str) -> None:
        progress(start + (end - start) * fraction, f"{role}: {text}")

    return shown


def _pet_goes_through_attenuation(
    series_by_role: Mapping[str, tuple[Image, str]], frames: Mapping[str, str | None]
) -> bool:
    """Whether there is an ATTENUATION series in the frame of reference of the PET."""
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
