"""The references of a PET without what the reader took out: as masks for the detector, and names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..Anatomy.label_families import VERTEBRAE
from ..Numerics.core import tissues as tissue_codes
from ..Numerics.core.image import Geometry, ball, transform_points
from ..Numerics.core.reference_edits import BY_READER, EditKind, ReferenceEdit

TISSUE_CODES = {name: code for code, name in tissue_codes.NAMES.items()}
"""Name of a tissue -> its code."""


@dataclass(frozen=True, eq=False)
class LeftOut:
    """What is part of no reference.

    Parameters
    ----------
    mask : ndarray of bool, shape of the PET, or None
        None where nothing is left out by its place.
    refused : mapping of str to str
        Names of tissues that are refused, each with the reason.
    """

    mask: np.ndarray | None
    refused: Mapping[str, str]


def left_out(
    edits: Sequence[ReferenceEdit],
    grid: Geometry,
    reference_to_pet: np.ndarray,
    tissues: np.ndarray | None,
    levels: np.ndarray | None,
) -> LeftOut:
    """What some changes take out of the references of a PET.

    Parameters
    ----------
    edits : sequence of ReferenceEdit
    grid : Geometry
        Of the PET, in its own frame.
    reference_to_pet : ndarray, shape (4, 4)
        Maps points (RAS mm) of the reference frame to those of the PET.
    tissues, levels : ndarray of uint8, shape of the PET, or None
        Codes of tissues and numbers of vertebrae.
    """
    refused = {edit.name: BY_READER for edit in edits if edit.kind == EditKind.WITHOUT_TISSUE}
    by_place = [edit for edit in edits if edit.kind != EditKind.WITHOUT_TISSUE]
    if not by_place:
        return LeftOut(None, refused)
    mask = np.zeros(grid.shape, dtype=bool)
    for edit in by_place:
        if edit.kind == EditKind.WITHOUT_VERTEBRA:
            if levels is not None and edit.name in VERTEBRAE:
                mask |= levels == 1 + VERTEBRAE.index(edit.name)
        else:
            _mark_sphere(mask, edit, grid, reference_to_pet, tissues)
    return LeftOut(mask, refused)


def _mark_sphere(
    mask: np.ndarray, edit: ReferenceEdit, grid: Geometry, reference_to_pet: np.ndarray, tissues: np.ndarray | None
) -> None:
    """Mark what a change with a sphere takes out, in place: the sphere, or a tissue outside of it."""
    center = transform_points(reference_to_pet, np.array(edit.center_ras))
    inside = ball(grid, center, edit.diameter_mm / 2.0)
    if edit.kind == EditKind.WITHOUT_SPHERE:
        mask.reshape(-1)[inside] = True
    elif tissues is not None:
        others = tissues == TISSUE_CODES[edit.name]
        others.reshape(-1)[inside] = False
        mask |= others
