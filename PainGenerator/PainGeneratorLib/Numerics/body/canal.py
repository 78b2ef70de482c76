"""Finds the spine line in the images: the curve of the spinal canal from the lower to the upper end of the field of
view.

Two things mark the spine on any MR contrast: every axial slice is nearly its own mirror image about it, over the
width of a
vertebra with its muscles, and the canal is a round spot there, bright on FLUID and T2, dark on T1. Both are
searched slice by
slice on a coarse grid along the body's axes, and the best smooth path through all slices is kept (dynamic
programming).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import ndimage

from ..core.histogram import otsu
from ..core.image import Geometry, Image, resample
from ..core.kept import Kept
from .straight_spine import StraightSpine

GRID_MM = 3.0
_MIRROR_HALF_MM = 42.0
_CANAL_SIGMA_MM = 5.0
_RING_SIGMA_MM = 11.0
_STEP_COST = 0.06
_SPOT_WEIGHT = 0.6
"""Of the spot's contrast (standard deviations) against the mirror correlation (-1 to 1). Ours."""
_CENTER_COST_PER_MM = 0.002
_CANAL_DEPTH_MM = 110.0
_FRONT_COST_PER_MM = 0.02
"""The canal lies 50 to 100 mm in front of the skin of the back; what lies deeper loses. Ours."""
_BEHIND_MM, _BEHIND_HALF_WIDTH_MM = (30.0, 80.0), 21.0
"""From a great vessel or bowel in front of the vertebrae to the canal behind them, and how far it may lie aside."""
_SKIN_MM = 36.0
"""Skin, subcutaneous fat and fascia of the back: nothing there is the canal. Ours."""
_MIN_LENGTH_MM = 60.0
RELIABLE_SPINE = 0.5
"""Lines of a lower quality are a guess. Ours."""
SURE_SPINE = 0.7
"""Of a line without discs that is believed in the PET, where it decides what is an organ. Ours."""
_TURN_MM, _TURN = 40.0, 0.6
"""Going down, the canal bends backward from the lumbar lordosis into the sacrum; a bend of more than this forward (mm
per mm of height) within so many mm leaves it, for rectum, uterus or bladder. The sacrum's own bend forward takes
100 mm or more. Ours."""
_SLOPE_MM = 15.0
"""Length over which a slope is measured. Ours."""
_AIR_MARGIN = 2
"""Cells by which air is widened: the skin is no canal."""
_AIR_PART, _AIR_PART_WITH_NOISE = 0.12, 0.2
"""Of the 90th percentile; darker is air when it reaches the edge of the slice. Muscle has 0.25 and more. Ours."""


@dataclass(frozen=True, eq=False)
class SpineLine(Kept):
    """The canal's curve.

    Parameters
    ----------
    points_ras : ndarray, shape (n, 3)
        From below upward, one every GRID_MM, RAS mm.
    mirror : float
        Mean mirror correlation along the line, -1 to 1.
    canal : float
        Mean contrast of the canal's spot against its surroundings, in standard deviations of that slice.
    disc_mm, disc_tilt : ndarray, shape (m,)
        The discs, as :class:`.straight_spine.StraightSpine` has them; empty where they were not seen.
    """

    points_ras: np.ndarray
    mirror: float
    canal: float
    disc_mm: np.ndarray = field(default_factory=lambda: np.zeros(0))
    disc_tilt: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def quality(self) -> float:
        """0 to 1; above RELIABLE_SPINE the line can be relied on."""
        return float(np.sqrt(np.clip(self.mirror, 0.0, 1.0) * np.clip(self.canal, 0.0, 1.0)))

    @property
    def is_sure(self) -> bool:
        """Whether it shows discs or is far above chance: a thigh, too, has a bright tube between muscles."""
        return len(self.disc_mm) > 0 or self.quality >= SURE_SPINE

    @cached_property
    def straight(self) -> StraightSpine:
        """The spine laid straight."""
        return StraightSpine(StraightSpine.along(self.points_ras).points_ras, self.disc_mm, self.disc_tilt)

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
    mirrored = _mirror_correlation(standard)
    if fluid is not None:
        bright = _standardized(resample(fluid, geometry, order=1, outside=np.nan))
        # T1 adds nothing then: fat within the canal hides it there, and every muscle is a dark spot.
        spots = _spots(bright)
        mirrored = 0.5 * (mirrored + _mirror_correlation(bright))
    else:
        spots = -_spots(standard)
    air = _air(values)
    depth = _depth_from_back_mm(air)
    spots -= _FRONT_COST_PER_MM * np.maximum(depth - _CANAL_DEPTH_MM, 0.0)
    spots[air | ((depth < _SKIN_MM) & _shows_back(values, air))] = np.nan
    if fluid is not None:
        spots -= _spot_behind(spots, depth)
    right = geometry.to_ras(np.array([0.0, 0.0, 0.0]))[0] + GRID_MM * np.arange(geometry.shape[2])
    middle = geometry.center_ras[0] if middle_mm is None else middle_mm
    cost = _CENTER_COST_PER_MM * np.abs(right - middle)
    mirror_gain = np.where(np.isnan(mirrored), -1.0, mirrored) - cost
    spot_gain = _SPOT_WEIGHT * np.clip(np.where(np.isnan(spots), -1.0, spots), -1.0, 1.5)
    depth_path, path = _best_path(mirror_gain[:, None, :] + spot_gain)
    rows = np.arange(geometry.shape[0])
    points = geometry.to_ras(np.stack([path, depth_path, rows], axis=-1).astype(float))
    points[:, :2] = ndimage.gaussian_filter1d(points[:, :2], 3.0, axis=0, mode="nearest")
    contrast = spots[rows, depth_path, path]
    kept = _within_canal(points, np.isfinite(contrast))
    if (kept.stop - kept.start) * GRID_MM < _MIN_LENGTH_MM:
        return None
    mirror = float(np.nanmean(mirrored[rows, path][kept]))
    return SpineLine(points[kept], mirror, float(np.nanmean(contrast[kept])))


def _within_canal(points: np.ndarray, seen: np.ndarray) -> slice:
    """The rows of a path, from below upward, that are seen and lie above a turn forward at the sacrum's upper end.

    Below such a turn lie bladder and bowel. At the very top a path may bend, too: there the rest is kept.
    """
    held = np.flatnonzero(seen)
    if not held.size:
        return slice(0, 0)
    first, last = int(held[0]), int(held[-1]) + 1
    reach = max(1, round(_SLOPE_MM / GRID_MM))
    # Forward per mm of way down, at the middle of each stretch.
    slope = (points[first : last - reach, 1] - points[first + reach : last, 1]) / (reach * GRID_MM)
    turn = round(_TURN_MM / GRID_MM)
    row = len(slope) - 1
    while row >= 0:
        above = slope[row : row + turn]
        if slope[row] - above.min() > _TURN:
            straight = np.flatnonzero(above < above.min() + 0.5 * _TURN)
            cut = first + row + int(straight[0]) + reach // 2
            if (last - cut) * GRID_MM >= _MIN_LENGTH_MM:
                return slice(cut, last)
            last, row = cut, min(row, cut - first - reach) - 1
        row -= 1
    return slice(first, last)


def _air(values: np.ndarray) -> np.ndarray:
    """Cells without signal that reach the edge of their slice, and their neighbors: dark, but no canal."""
    filled = np.nan_to_num(values)
    seen = filled[filled > 0]
    level = float(np.percentile(filled, 90))
    # Where noise is high, air is told from tissue by the valley between the two.
    valley = float(np.exp(otsu(np.log(seen)))) if seen.size else 0.0
    dark = filled < np.clip(valley, _AIR_PART * level, _AIR_PART_WITH_NOISE * level)
    edge = np.zeros_like(dark)
    edge[:, [0, -1], :] = edge[:, :, [0, -1]] = True
    air = ndimage.binary_propagation(edge & dark, mask=dark)
    return ndimage.binary_dilation(air, iterations=_AIR_MARGIN)


def _depth_from_back_mm(air: np.ndarray) -> np.ndarray:
    """Distance of each row from the back of the body, shape (S, A, 1)."""
    first = (~air).any(axis=2).argmax(axis=1)
    return GRID_MM * (np.arange(air.shape[1])[None, :, None] - first[:, None, None])


def _shows_back(values: np.ndarray, air: np.ndarray) -> np.ndarray:
    """Whether the skin of the back is seen in a slice, shape (S, 1, 1): a field of view that ends in the body shows no
    air behind it."""
    first = (~air).argmax(axis=1)
    behind = np.take_along_axis(values, np.maximum(first - _AIR_MARGIN - 1, 0)[:, None, :], axis=1)[:, 0]
    has_body = (~air).any(axis=1)
    seen = np.isfinite(behind) & (first > _AIR_MARGIN) & has_body
    return (seen.sum(axis=1) > 0.5 * has_body.sum(axis=1))[:, None, None]


def _spot_behind(spots: np.ndarray, depth_mm: np.ndarray) -> np.ndarray:
    """The contrast of the strongest spot behind each cell, at least 0: of several spots in a row from front to back
    the hindmost is the canal, for vessels and bowel lie in front of the vertebrae."""
    seen = np.where(depth_mm > _SKIN_MM, np.nan_to_num(spots), 0.0)
    near, far = (round(mm / GRID_MM) for mm in _BEHIND_MM)
    width = 2 * round(_BEHIND_HALF_WIDTH_MM / GRID_MM) + 1
    wide = ndimage.maximum_filter1d(np.maximum(seen, 0.0), width, axis=2, mode="constant")
    padded = np.pad(wide, ((0, 0), (far, 0), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, far - near + 1, axis=1)
    return windows[:, : spots.shape[1]].max(axis=-1)


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
    """Correlation of a slab with its mirror image about each column, shape (S, R); NaN where too little can be
    compared."""
    half = round(_MIRROR_HALF_MM / GRID_MM)
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
    """How much brighter a round place of the canal's size is than its surroundings, in the slice's standard
    deviations."""
    held = (~np.isnan(values)).astype(np.float32)
    filled = np.nan_to_num(values).astype(np.float32)

    def mean(sigma_mm: float) -> np.ndarray:
        sigma = (1.0, sigma_mm / GRID_MM, sigma_mm / GRID_MM)
        return ndimage.gaussian_filter(filled, sigma) / np.maximum(ndimage.gaussian_filter(held, sigma), 0.05)

    spots = mean(_CANAL_SIGMA_MM) - mean(_RING_SIGMA_MM)
    return np.where(held > 0, spots, np.nan)


def _best_path(gain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place in each slice that gives the greatest sum along a path, moving at most one cell from slice to slice.

    Parameters
    ----------
    gain : ndarray, shape (S, A, R)

    Returns
    -------
    tuple of ndarray, shape (S,)
        A and R index of the path in each slice.
    """
    slices, rows, columns = gain.shape
    moves = [(a, r) for a in (-1, 0, 1) for r in (-1, 0, 1)]
    total = gain[0].copy()
    came = np.zeros((slices, rows, columns), dtype=np.int8)
    for index in range(1, slices):
        padded = np.pad(total, 1, constant_values=-np.inf)
        best = np.full((rows, columns), -np.inf)
        for number, (a, r) in enumerate(moves):
            choice = padded[1 + a : 1 + a + rows, 1 + r : 1 + r + columns] - _STEP_COST * (abs(a) + abs(r))
            better = choice > best
            best[better] = choice[better]
            came[index][better] = number
        total = gain[index] + best
    path = np.zeros((slices, 2), dtype=np.int64)
    path[-1] = np.unravel_index(int(total.argmax()), total.shape)
    for index in range(slices - 1, 0, -1):
        path[index - 1] = path[index] + moves[came[index, path[index, 0], path[index, 1]]]
    return path[:, 0], path[:, 1]
