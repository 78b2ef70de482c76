"""Compare what the headers say about the MR series with what the images show, and say where the two disagree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..Numerics.core.image import Geometry
from ..Numerics.core.words import MR_ROLES, Role
from ..Numerics.mr.series_witness import fat_contrast, fluid_ratio, is_fraction_map
from ..Registration.alignment_types import SeriesAlignment
from .case import Case, CaseSeries

FAT_BRIGHT = 0.65
"""Lower bound of the contrast of fat on a FLUID series that is not fluid-sensitive. Our estimate: on real and
simulated series with suppressed fat it is -1.3 to 0.3, on T2 and fat images 0.7 to 1.2."""
FAT_DARK = 0.25
"""Upper bound of the contrast of fat on a T2 series whose fat is suppressed. Our estimate, as above."""
LATTICE = 12
"""Upper bound of the number of points along each axis at which two fields are compared."""
OUTSIDE_VOXELS = 5.0
"""Upper bound of the distance of a pain site from the field of the MR, voxels. Our estimate: skin may lie outside."""
FLUID_BRIGHT = 0.9
"""Lower bound of the ratio of :func:`.series_witness.fluid_ratio` for T2. Our estimate: it is 1.3 to 2.2 on real and
simulated series, and 0.5 to 0.8 when T1 and T2 are exchanged."""
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


def place_doubts(
    series: Mapping[str, CaseSeries], reference_role: str, pain_sites_ras_mm: Sequence[Sequence[float]] = ()
) -> list[str]:
    """Sentences about a PET that does not show the region of the MR, and about pain sites outside of the MR.

    Parameters
    ----------
    series : mapping of role to CaseSeries
    reference_role : str
    pain_sites_ras_mm : sequence of (float, float, float)
        In the frame of the reference series.
    """
    reference, pet = series[reference_role], series[Role.PET]
    found = []
    grid = reference.image.geometry
    same = reference.frame_of_reference is not None and reference.frame_of_reference == pet.frame_of_reference
    if same and not pet.image.geometry.contains(_lattice(grid)).any():
        found.append(
            f"The PET does not show the region of {reference.label}: by the scanner's coordinates they have no place "
            "in common. Names of places and all comparisons between PET and MR are doubtful."
        )
    for site in pain_sites_ras_mm:
        if not grid.contains(np.asarray(site, dtype=float), margin_voxels=OUTSIDE_VOXELS):
            words = ", ".join(f"{x:g}" for x in site)
            found.append(
                f"The pain site {words} lies outside of {reference.label}: check its coordinates (R, A, S in mm)."
            )
    return found


def _lattice(grid: Geometry) -> np.ndarray:
    """Points all over a grid, RAS mm, shape (n, 3)."""
    k, j, i = (np.linspace(0, n - 1, min(n, LATTICE)) for n in grid.shape)
    return grid.to_ras(np.stack(np.meshgrid(i, j, k, indexing="ij"), axis=-1).reshape(-1, 3))


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
    """Role, role of the series that it was compared with or by, and what the image says.

    Fat is surely bright on T1 and on the in-phase image; each judges the other and the rest.
    """
    series = case.series
    known = {**to_series, case.reference_role: np.eye(4)}
    t1 = series.get(Role.T1) if Role.T1 in known else None
    dixon = series.get(Role.ATTENUATION) if Role.ATTENUATION in known else None
    dixon = dixon if dixon is not None and _is_in_phase(dixon) else None
    if t1 is not None and dixon is not None:
        contrast = fat_contrast(dixon.image, t1.image, _between(known, Role.ATTENUATION, Role.T1))
        if contrast is not None:
            yield Role.T1, Role.ATTENUATION, _against_in_phase(t1, dixon, contrast)
    bright_role, bright = (Role.T1, t1) if t1 is not None else (Role.ATTENUATION, dixon)
    if bright is None:
        return
    for role in (Role.FLUID, Role.T2):
        if role not in series or role not in known:
            continue
        matrix = _between(known, bright_role, role)
        contrast = fat_contrast(bright.image, series[role].image, matrix)
        if contrast is None:
            continue
        says = _against_bright_fat(role, series[role], bright, contrast)
        if role == Role.T2 and t1 is not None and says.agrees:
            says = _fluid_against_t1(series[role], t1, matrix) or says
        yield role, role if role in to_series else bright_role, says


def _between(known: Mapping[str, np.ndarray], first: str, second: str) -> np.ndarray:
    """The matrix from points of one series to points of another, RAS mm."""
    matrix: np.ndarray = known[second] @ np.linalg.inv(known[first])
    return matrix


def _fluid_against_t1(t2: CaseSeries, t1: CaseSeries, matrix: np.ndarray) -> ImageSays | None:
    """What fluid says about T1 and T2, which may be exchanged; None when too little of the body is on both, and for a
    T2 with gaps."""
    if np.isnan(t2.image.array).any():
        # A series in blocks shows too little fluid between the discs that it was planned for.
        return None
    ratio = fluid_ratio(t1.image, t2.image, matrix)
    if ratio is None:
        return None
    if ratio >= FLUID_BRIGHT:
        return ImageSays(f"Fat is bright, as on {t1.label}, and fluid is brighter than on it.", True)
    return ImageSays(
        f"Fluid does not look brighter on {t2.label} than on {t1.label}: T1 and T2 may be exchanged. Check both.",
        False,
    )


def _against_bright_fat(role: str, series: CaseSeries, bright: CaseSeries, contrast: float) -> ImageSays:
    """What the contrast of fat against a series with bright fat says about FLUID or T2."""
    if role == Role.FLUID:
        if contrast > FAT_BRIGHT:
            return ImageSays(
                f"Fat is as bright on {series.label} as on {bright.label}, so that edema cannot be told from fat. "
                "Check whether its fat is suppressed, and choose another series if it is not.",
                False,
            )
        return ImageSays(f"Fat is darker than on {bright.label}, as it must be.", True)
    if contrast < FAT_DARK:
        return ImageSays(
            f"Fat is dark on {series.label}, but bright on {bright.label}. If its fat is suppressed, it is the "
            "fluid-sensitive series; else the other one is no T1. Check both.",
            False,
        )
    return ImageSays(f"Fat is bright, as on {bright.label}.", True)


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
