"""Finds the spine line in the images: the curve of the spinal canal from the lower to the upper end of the field of view.

Two things mark the spine on any MR contrast: every axial slice is nearly its own mirror image about it, over the width of a
vertebra with its muscles, and the canal is a round spot there, bright on FLUID and T2, dark on T1. Both are searched slice by
slice on a coarse grid along the body's axes, and the best smooth path through all slices is kept (dynamic programming).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..Numerics.image import Geometry, Image, resample

GRID_MM = 3.0
_MIRROR_HALF_MM = 42.0
_CANAL_SIGMA_MM = 5.0
_RING_SIGMA_MM = 11.0
_MAX_STEP = 1
"""Cells that the path may move sideways from slice to slice: 45 degrees."""
_STEP_COST = 0.06
_CENTER_COST_PER_MM = 0.002
_MIN_LENGTH_MM = 60.0


@dataclass(frozen=True, eq=False)
class SpineLine:
    """The canal's curve.

    Parameters
    ----------
    points_ras : ndarray, shape (n, 3)
        From below upward, one every GRID_MM, RAS mm.
    mirror : float
        Mean mirror correlation along the line, -1 to 1.
    canal : float
        Mean contrast of the canal's spot against its surroundings, in standard deviations of that slice.
    """

    points_ras: np.ndarray
    mirror: float
    canal: float

    @property
    def quality(self) -> float:
        """0 to 1; above 0.4 the line can be relied on."""
        return float(np.clip(self.mirror, 0.0, 1.0) * np.clip(self.canal / 0.8, 0.0, 1.0))

    def at(self, height_mm: np.ndarray) -> np.ndarray:
        """Points of the line at heights (S, mm), constant beyond its ends, shape (..., 3)."""
        line = self.points_ras
        height = np.asarray(height_mm, dtype=float)
        return np.stack([np.interp(height, line[:, 2], line[:, axis]) for axis in range(2)] + [height], axis=-1)


def coarse_grid(image: Image, grid_mm: float = GRID_MM) -> tuple[np.ndarray, Geometry]:
    """An image on a coarse grid along R, A and S that covers its field of view; NaN outside, shape (S, A, R)."""
    corners = image.geometry.corners_ras
    low, high = corners.min(axis=0), corners.max(axis=0)
    shape = np.maximum(np.floor((high - low) / grid_mm).astype(int) + 1, 1)
    matrix = np.diag([grid_mm, grid_mm, grid_mm, 1.0])
    matrix[:3, 3] = low
    geometry = Geometry(tuple(int(n) for n in shape[::-1]), matrix)
    smoothed = image
    steps = np.array(image.geometry.spacing_kji_mm)
    sigma = np.where(steps < grid_mm, 0.4 * grid_mm / steps, 0.0)
    if sigma.any():
        values = np.nan_to_num(np.asarray(image.array, dtype=np.float32))
        smoothed = Image(ndimage.gaussian_filter(values, sigma, truncate=2.0), image.geometry)
    return resample(smoothed, geometry, order=1, outside=np.nan), geometry


def find_spine_line(reference: Image, fluid: Image | None = None, middle_mm: float | None = None) -> SpineLine | None:
    """Find the spine line.

    Parameters
    ----------
    reference : Image
        The reference series (T1).
    fluid : Image, optional
        FLUID or T2 in the same frame; the canal is bright on it.
    middle_mm : float, optional
        R coordinate about which the spine is expected; the middle of the field of view when left out.

    Returns
    -------
    SpineLine or None
        None when the field of view is too small to tell.
    """
    values, geometry = coarse_grid(reference)
    if geometry.shape[0] * GRID_MM < _MIN_LENGTH_MM or min(geometry.shape[1:]) < 12:
        return None
    standard = _standardized(values)
    dark = -_spots(standard)
    spots = dark
    mirrored = _mirror_correlation(standard)
    if fluid is not None:
        bright = _standardized(resample(fluid, geometry, order=1, outside=np.nan))
        spots = 0.5 * dark + _spots(bright)
        mirrored = 0.5 * (mirrored + _mirror_correlation(bright))
    right = geometry.to_ras(np.array([0.0, 0.0, 0.0]))[0] + GRID_MM * np.arange(geometry.shape[2])
    middle = geometry.center_ras[0] if middle_mm is None else middle_mm
    cost = _CENTER_COST_PER_MM * np.abs(right - middle)
    columns = np.nanmax(np.where(np.isnan(spots), -np.inf, ndimage.uniform_filter1d(np.nan_to_num(spots), 3, axis=2)), axis=1)
    path = _best_path(np.where(np.isnan(mirrored), -1.0, mirrored) + 0.15 * np.clip(columns, 0.0, 3.0) - cost)
    rows = np.arange(geometry.shape[0])
    profile = np.stack([spots[rows, :, np.clip(path + d, 0, geometry.shape[2] - 1)] for d in (-1, 0, 1)])
    depth = np.where(np.isnan(profile), -1.0, profile).mean(axis=0)
    depth_path = _best_path(0.5 * depth)
    points = geometry.to_ras(np.stack([path, depth_path, rows], axis=-1).astype(float))
    points[:, :2] = ndimage.gaussian_filter1d(points[:, :2], 3.0, axis=0, mode="nearest")
    return SpineLine(points, float(np.nanmean(mirrored[rows, path])), float(depth[rows, depth_path].mean()))


def _standardized(values: np.ndarray) -> np.ndarray:
    """Each axial slice with mean 0 and standard deviation 1, clipped to 2.5 of them."""
    with_edge = np.where(np.isnan(values), 0.0, values)
    held = ~np.isnan(values)
    count = np.maximum(held.sum(axis=(1, 2), keepdims=True), 1)
    smooth = with_edge / np.maximum(with_edge.max(), 1e-6)
    mean = smooth.sum(axis=(1, 2), keepdims=True) / count
    deviation = np.sqrt((np.where(held, smooth - mean, 0.0) ** 2).sum(axis=(1, 2), keepdims=True) / count)
    scaled = np.clip((smooth - mean) / np.maximum(deviation, 1e-6), -2.5, 2.5)
    return np.where(held, scaled, np.nan)


def _mirror_correlation(values: np.ndarray) -> np.ndarray:
    """Correlation of a slab with its mirror image about each column, shape (S, R); NaN where too little can be compared."""
    half = int(round(_MIRROR_HALF_MM / GRID_MM))
    slices, rows, columns = values.shape
    padded = np.full((slices, rows, columns + 2 * half), np.nan, dtype=np.float32)
    padded[:, :, half:-half] = ndimage.uniform_filter1d(np.nan_to_num(values), 3, axis=0)
    padded[:, :, half:-half][np.isnan(values)] = np.nan
    found = np.full((slices, columns), np.nan)
    for column in range(columns):
        one = padded[:, :, column : column + half][:, :, ::-1]
        other = padded[:, :, column + half + 1 : column + 2 * half + 1]
        held = ~np.isnan(one) & ~np.isnan(other)
        count = held.sum(axis=(1, 2))
        a, b = np.where(held, one, 0.0), np.where(held, other, 0.0)
        n = np.maximum(count, 1)
        mean_a, mean_b = a.sum(axis=(1, 2)) / n, b.sum(axis=(1, 2)) / n
        covariance = (a * b).sum(axis=(1, 2)) / n - mean_a * mean_b
        spread = ((a**2).sum(axis=(1, 2)) / n - mean_a**2) * ((b**2).sum(axis=(1, 2)) / n - mean_b**2)
        part = count / (rows * half)
        correlation = covariance / np.sqrt(np.maximum(spread, 1e-6))
        found[:, column] = np.where(part > 0.3, correlation * np.sqrt(np.minimum(part, 1.0)), np.nan)
    return found


def _spots(values: np.ndarray) -> np.ndarray:
    """How much brighter a round place of the canal's size is than its surroundings, in the slice's standard deviations."""
    held = (~np.isnan(values)).astype(np.float32)
    filled = np.nan_to_num(values).astype(np.float32)

    def mean(sigma_mm: float) -> np.ndarray:
        sigma = (1.0, sigma_mm / GRID_MM, sigma_mm / GRID_MM)
        return ndimage.gaussian_filter(filled, sigma) / np.maximum(ndimage.gaussian_filter(held, sigma), 0.05)

    spots = mean(_CANAL_SIGMA_MM) - mean(_RING_SIGMA_MM)
    return np.where(held > 0, spots, np.nan)


def _best_path(gain: np.ndarray) -> np.ndarray:
    """The column in each row that gives the greatest sum, moving at most one column from row to row."""
    rows, columns = gain.shape
    total = gain[0].copy()
    came = np.zeros((rows, columns), dtype=np.int64)
    for row in range(1, rows):
        choices = np.full((2 * _MAX_STEP + 1, columns), -np.inf)
        for n, step in enumerate(range(-_MAX_STEP, _MAX_STEP + 1)):
            source = slice(max(-step, 0), columns - max(step, 0))
            goal = slice(max(step, 0), columns - max(-step, 0))
            choices[n, goal] = total[source] - _STEP_COST * abs(step)
        best = choices.argmax(axis=0)
        came[row] = np.arange(columns) - (best - _MAX_STEP)
        total = gain[row] + choices[best, np.arange(columns)]
    path = np.zeros(rows, dtype=np.int64)
    path[-1] = int(total.argmax())
    for row in range(rows - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    return path
