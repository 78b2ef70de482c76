"""How large the grid of an image of a body can be, so that no wrong unit or hostile header fills the memory."""

from __future__ import annotations

import numpy as np

from .image import MOST_VOXELS, Geometry

SMALLEST_FIELD_MM, LARGEST_FIELD_MM, LARGEST_VOXEL_MM = 3.0, 3000.0, 40.0
"""Bounds of the largest side of the grid of an image of a body, mm, and of the side of a voxel, mm. Our estimates:
less than a facet joint, and one and a half body lengths."""
SMALLEST_VOXEL_MM = 0.02
"""Lower bound of the side of a voxel, mm. Our estimate: a fifth of that of the finest clinical MR; finer ones come
from a wrong unit, and a width in mm would be thousands of voxels."""
LARGEST_FIELD_L = 2000.0
"""Upper bound of the volume of the grid, liters. Our estimate: a PET of the whole body has 1000 (70 x 70 x 200 cm)."""


def grid_fault(geometry: Geometry, *, thick_slices: bool = False) -> str:
    """Why a grid cannot be that of an image of a body; empty when it can.

    Parameters
    ----------
    geometry : Geometry
    thick_slices : bool
        True for slices that may lie apart from one another, so that their distance is no size of a voxel.

    Returns
    -------
    str
        Words that follow "it": "is 25600 mm large, with voxels of 100 x 100 x 4 mm".
    """
    spacing = np.array(geometry.spacing_mm)
    sides = np.array(geometry.shape[::-1]) * spacing
    voxel = spacing[:2] if thick_slices else spacing
    is_sane = (
        bool(np.isfinite(geometry.ijk_to_ras).all())
        and SMALLEST_FIELD_MM <= sides.max() <= LARGEST_FIELD_MM
        and spacing.min() >= SMALLEST_VOXEL_MM
        and voxel.max() <= LARGEST_VOXEL_MM
        and float(np.prod(sides)) / 1e6 <= LARGEST_FIELD_L
        and geometry.size <= MOST_VOXELS
    )
    if is_sane:
        return ""
    i, j, k = spacing
    return f"is {sides.max():.3g} mm large, with {geometry.size} voxels of {i:.3g} x {j:.3g} x {k:.3g} mm"
