"""Find the plane of an endplate from the ends of the columns of a labeled bone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COLUMN_MM = 3.0
"""Width of the columns whose ends are looked for, mm. Our estimate."""
_OFF_PLANE_MM = 3.0
"""Upper bound of the distance of the end of a column from the plane of the endplate, mm. Our estimate."""
_LEAST_COLUMNS = 12
"""Lower bound of the number of columns from which an endplate is found. Our estimate."""
_TILT_STEP_DEG = 5.0
"""Step of the tilts that are tried, degrees."""


@dataclass(frozen=True, eq=False)
class Plane:
    """The plane of an endplate: height = offset + slopes @ (left, front), mm.

    Parameters
    ----------
    slopes : ndarray, shape (2,)
    offset_mm : float
    on_plane : ndarray of bool, shape (n,)
        Which of the columns end in it.
    """

    slopes: np.ndarray
    offset_mm: float
    on_plane: np.ndarray


def column_ends(local_mm: np.ndarray, sign: float = 1.0) -> np.ndarray:
    """The upper (`sign` 1) or lower (-1) ends of columns of points.

    Parameters
    ----------
    local_mm : ndarray, shape (n, 3)
        Left, front and up coordinates.
    sign : float

    Returns
    -------
    ndarray, shape (m, 3)
        The highest or lowest point of each column.
    """
    columns = np.rint(local_mm[:, :2] / COLUMN_MM).astype(int)
    if not len(columns):
        return np.empty((0, 3))
    columns -= columns.min(axis=0)
    numbers = columns[:, 0] * (columns[:, 1].max() + 1) + columns[:, 1]
    order = np.argsort(sign * local_mm[:, 2])
    last = np.full(numbers.max() + 1, -1)
    last[numbers[order]] = order
    ends: np.ndarray = local_mm[last[last >= 0]]
    return ends


def plane_of(ends: np.ndarray, tilts_deg: tuple[float, float]) -> Plane | None:
    """Find the plane in which most columns end.

    The columns in front of and behind an endplate end elsewhere, in the planes of the walls. So each tilt to the front
    is tried, and then followed to the columns that lie in its plane.

    Parameters
    ----------
    ends : ndarray, shape (n, 3)
        See :func:`column_ends`.
    tilts_deg : tuple of float
        Lowest and highest slope to the front that is tried, degrees.

    Returns
    -------
    Plane or None
        None when too few columns end in one plane.
    """
    if len(ends) < _LEAST_COLUMNS:
        return None
    tilts = np.arange(tilts_deg[0], tilts_deg[1] + 0.5 * _TILT_STEP_DEG, _TILT_STEP_DEG)
    tries = [_on_best_height(ends, slope) for slope in np.tan(np.deg2rad(tilts))]
    on_plane = max(tries, key=lambda each: int(each.sum()))
    slopes, offset = np.zeros(2), 0.0
    for _ in range(4):
        if on_plane.sum() < _LEAST_COLUMNS:
            return None
        columns = np.column_stack([ends[on_plane, :2], np.ones(int(on_plane.sum()))])
        fit = np.linalg.lstsq(columns, ends[on_plane, 2], rcond=None)[0]
        slopes, offset = fit[:2], float(fit[2])
        on_plane = np.abs(ends[:, 2] - ends[:, :2] @ slopes - offset) <= _OFF_PLANE_MM
    return Plane(slopes, offset, on_plane)


def _on_best_height(ends: np.ndarray, slope: float) -> np.ndarray:
    """The columns that end in the plane with a slope to the front in which most of them end."""
    heights = np.sort(ends[:, 2] - slope * ends[:, 1])
    reach = np.searchsorted(heights, heights + 2.0 * _OFF_PLANE_MM, side="right") - np.arange(len(heights))
    height = heights[int(np.argmax(reach))] + _OFF_PLANE_MM
    on_plane: np.ndarray = np.abs(ends[:, 2] - slope * ends[:, 1] - height) <= _OFF_PLANE_MM
    return on_plane
