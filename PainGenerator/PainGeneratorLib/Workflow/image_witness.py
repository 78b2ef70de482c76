"""Compare what the headers say about the MR series with what the images show, and say where the two disagree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..Numerics.core.words import MR_ROLES, Role
from ..Numerics.mr.series_witness import fat_contrast, is_fraction_map
from ..Registration.alignment_types import SeriesAlignment
from .case import Case, CaseSeries

FAT_BRIGHT = 0.65
"""Lower bound of the contrast of fat on a FLUID series that is not fluid-sensitive. Our estimate: on real and
simulated series with suppressed fat it is -1.3 to 0.3, on T2 and fat images 0.7 to 1.2."""
FAT_DARK = 0.25
"""Upper bound of the contrast of fat on a T2 series whose fat is suppressed. Our estimate, as above."""
FAT_NOT_BRIGHT = 0.0
"""Upper bound of the contrast of fat on a T1 series, compared with an in-phase image, at which it is no T1. Our
estimate: even a series that is off by some millimeters has 0.2 and more."""


def map_doubts(series: Mapping[str, CaseSeries]) -> list[str]:
    """Sentences about MR series whose values are no signal but those of a map.

    Parameters
    ----------
    series : mapping of role to CaseSeries
    """
    return [
        f"The {role} is doubtful: the values of {series[role].label} are those of a map of fractions, and no signal. "
        "Choose another series for this role."
        for role in MR_ROLES
        if role in series and is_fraction_map(series[role].image)
    ]


@dataclass(frozen=True)
class ImageSays:
    """What an image says about the role of its series.

    Parameters
    ----------
    text : str
        A sentence.
    agrees : bool
        False when it contradicts the role.
    """

    text: str
    agrees: bool


def with_image_doubts(case: Case, by_role: Mapping[str, SeriesAlignment]) -> dict[str, SeriesAlignment]:
    """The alignments again, with a warning where an image contradicts the role of its series.

    Parameters
    ----------
    case : Case
    by_role : mapping of role to SeriesAlignment
        Series that could not be aligned are not compared.
    """
    matrices = {role: found.reference_to_series_ras for role, found in by_role.items() if found.aligned}
    warned = dict(by_role)
    for _, compared, says in _compare(case, matrices):
        if not says.agrees:
            warned[compared] = replace(warned[compared], warnings=(*warned[compared].warnings, says.text))
    return warned


def image_says(case: Case) -> dict[str, ImageSays]:
    """What the images of a case say about the roles, before anything is aligned.

    Only series with one frame of reference are compared, where they lie by the scanner's coordinates.

    Parameters
    ----------
    case : Case

    Returns
    -------
    dict of role to ImageSays
        Roles about which nothing can be said are missing.
    """
    frame = case.reference.frame_of_reference
    matrices = {
        role: np.eye(4)
        for role, series in case.series.items()
        if frame is not None and series.frame_of_reference == frame
    }
    found = {role: says for role, _, says in _compare(case, matrices)}
    for role in MR_ROLES:
        if role in case.series and is_fraction_map(case.series[role].image):
            found[role] = ImageSays("Its values are those of a map of fractions, and no signal.", False)
    return found


def _compare(case: Case, to_series: Mapping[str, np.ndarray]) -> Iterator[tuple[str, str, ImageSays]]:
    """Role, role of the series that it was compared with or by, and what the image says."""
    t1 = case.series.get(Role.T1)
    if t1 is None or case.reference_role != Role.T1:
        return
    for role in (Role.FLUID, Role.T2):
        if role in case.series and role in to_series:
            contrast = fat_contrast(t1.image, case.series[role].image, to_series[role])
            if contrast is not None:
                yield role, role, _against_t1(role, case.series[role], t1, contrast)
    dixon = case.series.get(Role.ATTENUATION)
    if dixon is not None and Role.ATTENUATION in to_series and _is_in_phase(dixon):
        contrast = fat_contrast(dixon.image, t1.image, np.linalg.inv(to_series[Role.ATTENUATION]))
        if contrast is not None:
            yield Role.T1, Role.ATTENUATION, _against_in_phase(t1, dixon, contrast)


def _against_t1(role: str, series: CaseSeries, t1: CaseSeries, contrast: float) -> ImageSays:
    """What the contrast of fat against T1 says about FLUID or T2."""
    if role == Role.FLUID:
        if contrast > FAT_BRIGHT:
            return ImageSays(
                f"Fat is as bright on {series.label} as on the T1, so that edema cannot be told from fat. Check "
                "whether its fat is suppressed, and choose another series if it is not.",
                False,
            )
        return ImageSays("Fat is darker than on T1, as it must be.", True)
    if contrast < FAT_DARK:
        return ImageSays(
            f"What is bright on the T1 is dark on {series.label}. Either its fat is suppressed, so that it belongs to "
            f"the role FLUID, or {t1.label} is no T1. Check both.",
            False,
        )
    return ImageSays("Fat is bright, as on T1.", True)


def _against_in_phase(t1: CaseSeries, dixon: CaseSeries, contrast: float) -> ImageSays:
    """What the contrast of fat against an in-phase image says about T1."""
    if contrast < FAT_NOT_BRIGHT:
        return ImageSays(
            f"Fat is bright on the in-phase image {dixon.label}, but dark on {t1.label}, which serves as T1. Check "
            "which series is the T1.",
            False,
        )
    return ImageSays("Fat is bright, as on the in-phase image.", True)


def _is_in_phase(series: CaseSeries) -> bool:
    return series.modality == "MR" and "in-phase" in str(series.facts.get("reason", ""))
