"""Whether two images have a place in common: without one, nothing of them can be joined, wherever they are put."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..Numerics.core.image import Geometry
from .alignment_types import SeriesAlignment

LATTICE = 24
"""Upper bound of the number of points along each axis of a grid at which it is compared with another one. Our
estimate: what two fields of view share without such a point is thinner than a twentieth of both."""

NOTHING_SHARED = "The images could not be aligned: their fields of view have no place in common."
"""Why a series is not aligned that shows another part of the body than the reference."""

CHECK_REGION = (
    "Check that both series are of one region of the body and of one examination, and choose others if they are not. "
    "If they are, give at least 4 point pairs with --landmarks."
)
"""What the user can do then."""


def fields_meet(fixed: Geometry, moving: Geometry, fixed_to_moving_ras: np.ndarray) -> bool:
    """Whether the fields of view of two images have a place in common.

    Parameters
    ----------
    fixed, moving : Geometry
    fixed_to_moving_ras : ndarray, shape (4, 4)
        Maps points (RAS mm) of the fixed image to points of the moving image.
    """
    # Both ways, as the points of a large grid may all lie beside a small one.
    in_moving = moving.contains(_lattice(fixed.moved(fixed_to_moving_ras))).any()
    return bool(in_moving or fixed.moved(fixed_to_moving_ras).contains(_lattice(moving)).any())


def with_field_checked(series: SeriesAlignment, fixed: Geometry, moving: Geometry) -> SeriesAlignment:
    """The alignment of a series, as "not aligned" where it leaves no place that both images show.

    Parameters
    ----------
    series : SeriesAlignment
    fixed : Geometry
        Of the reference.
    moving : Geometry
        Of the series.
    """
    if not series.aligned or fields_meet(fixed, moving, series.reference_to_series_ras):
        return series
    return dataclasses.replace(
        series,
        reference_to_series_ras=np.eye(4),
        kept="not aligned",
        verdict="not aligned",
        shift_mm=0.0,
        rotation_deg=0.0,
        reason=NOTHING_SHARED,
        advice=CHECK_REGION,
        warnings=(),
    )


def _lattice(grid: Geometry) -> np.ndarray:
    """Points all over a grid up to the outer faces of its voxels, RAS mm, shape (n, 3)."""
    k, j, i = (np.linspace(-0.5, n - 0.5, min(n + 1, LATTICE)) for n in grid.shape)
    return grid.to_ras(np.stack(np.meshgrid(i, j, k, indexing="ij"), axis=-1).reshape(-1, 3))
