"""Compare what the headers say about the MR series with what the images show, and say where the two disagree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

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


def with_image_doubts(case: Case, by_role: Mapping[str, SeriesAlignment]) -> dict[str, SeriesAlignment]:
    """The alignments again, with a warning where fat on a series contradicts the role of the series.

    Parameters
    ----------
    case : Case
    by_role : mapping of role to SeriesAlignment
        Series that could not be aligned are not compared.
    """
    warned = dict(by_role)
    for role, text in _fat_doubts(case, by_role):
        warned[role] = replace(warned[role], warnings=(*warned[role].warnings, text))
    return warned


def _fat_doubts(case: Case, by_role: Mapping[str, SeriesAlignment]) -> Iterator[tuple[str, str]]:
    """Role and sentence of series on which fat is bright or dark against what their role says."""
    t1 = case.series.get(Role.T1)
    if t1 is None or case.reference_role != Role.T1:
        return
    for role in (Role.FLUID, Role.T2, Role.ATTENUATION):
        found = by_role.get(role)
        if role not in case.series or found is None or not found.aligned:
            continue
        series, to_series = case.series[role], found.reference_to_series_ras
        if role == Role.ATTENUATION:
            if _is_in_phase(series):
                contrast = fat_contrast(series.image, t1.image, np.linalg.inv(to_series))
                if contrast is not None and contrast < FAT_NOT_BRIGHT:
                    yield (
                        role,
                        f"Fat is bright on this in-phase image, but dark on {t1.label}, which serves as T1. Check "
                        "which series is the T1.",
                    )
            continue
        contrast = fat_contrast(t1.image, series.image, to_series)
        if contrast is None:
            continue
        if role == Role.FLUID and contrast > FAT_BRIGHT:
            yield (
                role,
                f"Fat is as bright on {series.label} as on the T1, so that edema cannot be told from fat. Check "
                "whether its fat is suppressed, and choose another series if it is not.",
            )
        if role == Role.T2 and contrast < FAT_DARK:
            yield (
                role,
                f"What is bright on the T1 is dark on {series.label}. Either its fat is suppressed, so that it "
                f"belongs to the role FLUID, or {t1.label} is no T1. Check both.",
            )


def _is_in_phase(series: CaseSeries) -> bool:
    return series.modality == "MR" and "in-phase" in str(series.facts.get("reason", ""))
