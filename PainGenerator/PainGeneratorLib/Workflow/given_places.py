"""Refuse places that the user gave and that lie beside all images, as soon as the headers were read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import starmap

import numpy as np

from ..Dicom.series import Series
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry
from .case import CaseOptions

LEVEL_BEYOND_MM = 10.0
"""Upper bound of the distance of a named level from the box of the reference series, mm. Our estimate: a vertebra that
is cut off at the edge of the box may have its middle outside."""
PAIN_BEYOND_MM = (400.0, 400.0, 1000.0)
"""Upper bounds of the distance of a pain site from the box of the reference series along R, A and S, mm, where the
PET cannot be asked. Our estimates: a sagittal series of a spine is 70 mm wide, so that a painful hip lies beside it,
but no body reaches farther."""
SKIN_MM = 20.0
"""Upper bound of the distance of a pain site from the box of a PET that must show it, mm. Our estimate: skin may lie
outside."""
_AXES = ("R", "A", "S")


def refuse_far_places(options: CaseOptions, reference: Series, pet: Series) -> None:
    """Refuse a named level outside of the reference series, and pain sites outside of all images.

    A pain site that only the PET shows, or may show, is used; that the MR does not show it is a warning
    (:func:`.image_witness.place_doubts`).

    Parameters
    ----------
    options : CaseOptions
    reference, pet : Series
        Their voxels are not needed.

    Raises
    ------
    PainGeneratorError
        It says where the reference series lies.
    """
    grid = reference.geometry
    if grid is None:
        return
    if options.level is not None:
        name, point = options.level
        if np.linalg.norm(_beyond_mm(grid, point)) > LEVEL_BEYOND_MM:
            raise _outside(f"The place {_words(point)} that was named {name}", "--level", reference, grid)
    frame = reference.frame_of_reference_uid
    on_pet = pet.geometry if frame is not None and frame == pet.frame_of_reference_uid else None
    for site in options.pain_sites_ras_mm:
        if _is_far(site, grid, on_pet):
            raise _outside(f"The pain site {_words(site)}", "--pain-site", reference, grid)


def _is_far(site: Sequence[float], grid: Geometry, on_pet: Geometry | None) -> bool:
    """Whether a pain site lies outside of all images: of the PET, too, where it has the frame of the reference."""
    away = _beyond_mm(grid, site)
    if on_pet is not None and np.linalg.norm(away) > SKIN_MM:
        return bool(np.linalg.norm(_beyond_mm(on_pet, site)) > SKIN_MM)
    return bool(np.any(away > PAIN_BEYOND_MM))


def _beyond_mm(grid: Geometry, point: Sequence[float]) -> np.ndarray:
    """How far a point lies outside of a grid along R, A and S, mm; zeros inside."""
    place = np.asarray(point, dtype=float)
    ijk = grid.to_ijk(place)
    upper = np.array(grid.shape[::-1]) - 0.5
    return np.abs(place - grid.to_ras(np.clip(ijk, -0.5, upper)))


def _outside(what: str, option: str, reference: Series, grid: Geometry) -> PainGeneratorError:
    corners = grid.corners_ras
    ends = zip(_AXES, corners.min(axis=0), corners.max(axis=0), strict=True)
    box = ", ".join(starmap("{} {:.0f} to {:.0f}".format, ends))
    return PainGeneratorError(
        f"{what} lies outside of the images: {reference.label}, the reference series, reaches over {box} mm.",
        f"Give {option} in the frame of this series: mm to the right, to the front and up (R, A, S).",
    )


def _words(point: Sequence[float]) -> str:
    return ", ".join(f"{x:g}" for x in point)
