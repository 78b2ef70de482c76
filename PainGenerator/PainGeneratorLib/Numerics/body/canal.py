"""Finds the spinal canal on MR: a curve from the lower to the upper end of the field of view.

Two things mark the canal on any MR contrast. Every axial slice is nearly its own mirror image about it, over the width
of a vertebra with its muscles. And the canal is a round spot there: bright on FLUID and T2, dark on a T1 of spin
echoes, and bright on many gradient echoes, so that both are tried where there is T1 alone. Both are computed for every
slice of a coarse grid along the axes of the body. The smooth path through all slices with the best
sum of both is the canal (dynamic programming). Start at :func:`find_spine_line`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import ndimage

from ..core.histogram import otsu
from ..core.image import Geometry, Image, resample
from ..core.kept import Kept
from .distances import (
    BACK_WALL_DEPTH,
    CANAL_DEPTH_MOST,
    FRONT_ORGAN_ASIDE_MOST,
    FRONT_ORGAN_TO_CANAL_LEAST,
    FRONT_ORGAN_TO_CANAL_MOST,
    MIRRORED_HALF_WIDTH,
)
from .straight_spine import StraightSpine

GRID_MM = 3.0
"""Spacing of the coarse grid, mm."""

CANAL_SIGMA_MM = 5.0
"""Standard deviation of the inner Gaussian of the spot filter, mm: as wide as the canal (our estimate)."""

RING_SIGMA_MM = 11.0
"""Standard deviation of the outer Gaussian of the spot filter, mm: the surroundings of the canal (our estimate)."""

CLIP_SD = 2.5
"""Signal farther from the mean of its slice than this many standard deviations is clipped (our estimate)."""

STEP_COST = 0.06
"""What a path loses when it moves by one cell from a slice to the next; mirror correlations are -1 to 1 (our
estimate)."""

SPOT_WEIGHT = 0.6
"""Weight of the contrast of the spot, in standard deviations, against the mirror correlation (our estimate)."""

LEAST_SPOT = -1.0
"""Lower bound of the contrast of a spot that enters the path, standard deviations (our estimate)."""

MOST_SPOT = 1.5
"""Upper bound of the contrast of a spot that enters the path, standard deviations (our estimate)."""

CENTER_COST_PER_MM = 0.002
"""What a path loses for each mm to the side of the expected middle (our estimate)."""

FRONT_COST_PER_MM = 0.02
"""What a spot loses for each mm that it lies deeper than a canal does (our estimate)."""

LEAST_LENGTH_MM = 60.0
"""Lower bound of the length of a canal that is used, mm (our estimate)."""

LEAST_CELLS = 12
"""Lower bound of the rows and columns of the coarse grid; a smaller field of view shows no canal (our estimate)."""

SEEN_PART = 0.3
"""Lower bound of the part of a mirrored slab that must be in view for a correlation (our estimate)."""

PATH_SIGMA = 3.0
"""Standard deviation of the smoothing of the path along its slices, cells (our estimate)."""

RELIABLE_SPINE = 0.5
"""Lower bound of the quality of a line that is used for MR findings and levels (our estimate)."""

FAINT_SPINE = 0.35
"""Lower bound of the quality of a line that several discs confirm. On T1 alone the canal has little contrast (our
estimate)."""

DISCS_THAT_CONFIRM = 4
"""Lower bound of the number of discs that confirm a faint line of the canal (our estimate)."""

SURE_SPINE = 0.7
"""Lower bound of the quality of a line without discs that is used on the PET, where it decides what is an organ (our
estimate)."""

TURN_MM = 40.0
"""Length within which a turn forward means that the path leaves the canal, mm (our estimate)."""

TURN = 0.6
"""Upper bound of such a turn: change of the way forward in mm for each mm of the way down. Going down, the canal bends
backward from the lumbar lordosis into the sacrum; a sharp bend forward leads to rectum, uterus or bladder. The bend of
the sacrum itself takes 100 mm or more (our estimate)."""

SLOPE_MM = 15.0
"""Length over which a slope of the path is measured, mm (our estimate)."""

AIR_MARGIN = 2
"""Cells by which air is widened, so that the skin does not count as canal."""

AIR_PART = 0.12
"""Lower bound of the threshold between air and tissue, as a part of the 90th percentile of the signal. Muscle has 0.25
and more (our estimate)."""

AIR_PART_WITH_NOISE = 0.2
"""Upper bound of the threshold between air and tissue, as a part of the 90th percentile of the signal. It is reached
where the noise is high (our estimate)."""

CAP_PERCENTILE = 75.0
"""Percentile of the tissue of a slice above which signal is cut before dark spots are looked for on T1 (our estimate:
fat fills a quarter of a slice, and 60 to 80 gave the same courses of the canal)."""

BEHIND_MM = (21.0, 70.0)
"""Lower and upper bound of the distance of the canal behind a great vessel that was taken for it, mm: the depth of a
vertebral body (34 to 36 mm, Panjabi 1992) with half of the canal and half of the vessel are 55 mm (our estimate)."""

BRIGHT_PERCENTILE = 90.0
"""Percentile of the signal that the threshold between air and tissue is a part of."""


@dataclass(frozen=True, eq=False)
class SpineLine(Kept):
    """The course of the spinal canal.

    Parameters
    ----------
    points_ras : ndarray, shape (n, 3)
        From below upward, one for each GRID_MM of height, RAS mm.
    mirror : float
        Mean mirror correlation along the line, -1 to 1.
    canal : float
        Mean contrast of the canal with its surroundings, in standard deviations of the slice.
    disc_mm : ndarray, shape (m,)
        Heights of the discs along the canal, mm; empty when they were not seen.
    disc_tilt : ndarray, shape (m,)
        Rise of each disc for each mm toward the front.
    """

    points_ras: np.ndarray
    mirror: float
    canal: float
    disc_mm: np.ndarray = field(default_factory=lambda: np.zeros(0))
    disc_tilt: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def quality(self) -> float:
        """0 to 1, the geometric mean of `mirror` and `canal`; see :attr:`is_reliable`."""
        return float(np.sqrt(np.clip(self.mirror, 0.0, 1.0) * np.clip(self.canal, 0.0, 1.0)))

    @property
    def is_reliable(self) -> bool:
        """True when the quality is high enough, or when it is less and several discs confirm the line."""
        if self.quality >= RELIABLE_SPINE:
            return True
        return self.quality >= FAINT_SPINE and len(self.disc_mm) >= DISCS_THAT_CONFIRM

    @property
    def is_sure(self) -> bool:
        """True when discs were seen or the quality is high: a thigh also has a bright tube between muscles."""
        return len(self.disc_mm) > 0 or self.quality >= SURE_SPINE

    @cached_property
    def straight(self) -> StraightSpine:
        """The canal with places along and across it."""
        return StraightSpine(StraightSpine.along(self.points_ras).points_ras, self.disc_mm, self.disc_tilt)

    def at(self, height_mm: np.ndarray) -> np.ndarray:
        """Points of the line at S coordinates of shape (...), RAS mm, shape (..., 3).

        Beyond an end, R and A of the end are kept.
        """
        line = self.points_ras
        height = np.asarray(height_mm, dtype=float)
        return np.stack([np.interp(height, line[:, 2], line[:, axis]) for axis in range(2)] + [height], axis=-1)


def coarse_grid(image: Image, grid_mm: float = GRID_MM) -> tuple[np.ndarray, Geometry]:
    """An image on a coarse grid along R, A and S that covers its field of view.

    Parameters
    ----------
    image : Image
    grid_mm : float
        Spacing of the coarse grid.

    Returns
    -------
    values : ndarray of float32, shape (S, A, R)
        Smoothed where the image is finer than the grid; NaN outside the image.
    geometry : Geometry
    """
    corners = image.geometry.corners_ras
    low, high = corners.min(axis=0), corners.max(axis=0)
    shape = np.maximum(np.floor((high - low) / grid_mm).astype(int) + 1, 1)
    matrix = np.diag([grid_mm, grid_mm, grid_mm, 1.0])
    matrix[:3, 3] = low
    right, front, up = (int(n) for n in shape)
    geometry = Geometry((up, front, right), matrix)
    smoothed = image
    steps = np.array(image.geometry.spacing_kji_mm)
    sigma = np.where(steps < grid_mm, 0.4 * grid_mm / steps, 0.0)
    if sigma.any():
        values = np.nan_to_num(np.asarray(image.array, dtype=np.float32))
        smoothed = Image(ndimage.gaussian_filter(values, sigma, truncate=2.0), image.geometry)
    return resample(smoothed, geometry, order=1, outside=np.nan), geometry


def find_spine_line(reference: Image, fluid: Image | None = None, middle_mm: float | None = None) -> SpineLine | None:
    """Find the spinal canal.

    Parameters
    ----------
    reference, fluid, middle_mm
        As of :func:`find_spine_lines`.

    Returns
    -------
    SpineLine or None
        None when the field of view is too small or shows too little of a canal.
    """
    return next(iter(find_spine_lines(reference, fluid, middle_mm)), None)


def find_spine_lines(reference: Image, fluid: Image | None = None, middle_mm: float | None = None) -> list[SpineLine]:
    """Find the lines that may be the spinal canal, the likeliest one first.

    Parameters
    ----------
    reference : Image
        The reference series, T1 when there is one; 0 in the air around the body.
    fluid : Image, optional
        FLUID or T2 in the same frame; the canal is bright on it.
    middle_mm : float, optional
        R coordinate about which the spine is expected; the middle of the field of view when left out.

    Returns
    -------
    list of SpineLine
        Empty when the field of view is too small or shows too little of a canal. With a series that shows fluid bright
        there is one at most. On T1 alone a great vessel in front of the vertebrae is as dark and as round as the
        canal, so that what lies behind the first line is there, too; :func:`.discs.line_with_discs` tells which of
        both is the canal.
    """
    values, geometry = coarse_grid(reference)
    if geometry.shape[0] * GRID_MM < LEAST_LENGTH_MM or min(geometry.shape[1:]) < LEAST_CELLS:
        return []
    standard = _standardized(values)
    mirrored = _mirror_correlation(standard)
    if fluid is not None:
        bright = _standardized(resample(fluid, geometry, order=1, outside=np.nan))
        # T1 is left out here: fat within the canal hides it on T1, and every muscle is a dark spot.
        signed = [(_spots(bright), True)]
        mirrored = 0.5 * (mirrored + _mirror_correlation(bright))
    else:
        # Fat under the skin is so bright that the muscle beside it would be the darkest spot of all.
        signed = [(-_spots(_standardized(_capped(values))), False), (_spots(standard), True)]
    right = geometry.to_ras(np.array([0.0, 0.0, 0.0]))[0] + GRID_MM * np.arange(geometry.shape[2])
    middle = geometry.center_ras[0] if middle_mm is None else middle_mm
    cost = CENTER_COST_PER_MM * np.abs(right - middle)
    mirror_gain = np.where(np.isnan(mirrored), -1.0, mirrored) - cost
    air = _air(values)
    depth = _depth_from_back_mm(air)
    behind = air | ((depth < BACK_WALL_DEPTH.value) & _shows_back(values, air))
    deep = FRONT_COST_PER_MM * np.maximum(depth - CANAL_DEPTH_MOST.value, 0.0)
    paths = []
    for spots, is_bright in signed:
        seen = np.where(behind, np.nan, spots - deep)
        if is_bright:
            seen -= _spot_behind(seen, depth)
        paths.append((*_best_path(mirror_gain[:, None, :] + _spot_gain(seen)), seen))
    paths.sort(key=lambda one: -one[0])
    paths = paths[:1]
    if fluid is None:
        _, front, aside, seen = paths[0]
        hidden = np.where(_is_behind(front, aside, seen.shape), seen, np.nan)
        if np.isfinite(hidden).any():
            paths.append((*_best_path(mirror_gain[:, None, :] + _spot_gain(hidden)), hidden))
    lines = (_line_of(geometry, mirrored, path) for path in paths)
    return [line for line in lines if line is not None]


def _line_of(
    geometry: Geometry, mirrored: np.ndarray, path: tuple[float, np.ndarray, np.ndarray, np.ndarray]
) -> SpineLine | None:
    """The line of a path of :func:`_best_path`, of which only what may be canal is kept; None where that is short.

    Parameters
    ----------
    geometry : Geometry
        Of the coarse grid.
    mirrored : ndarray, shape (S, R)
    path : tuple
        Its score, its A and R indices in each slice, and the contrast of the spots, shape (S, A, R).
    """
    _, front, right, spots = path
    rows = np.arange(geometry.shape[0])
    points = geometry.to_ras(np.stack([right, front, rows], axis=-1).astype(float))
    points[:, :2] = ndimage.gaussian_filter1d(points[:, :2], PATH_SIGMA, axis=0, mode="nearest")
    contrast = spots[rows, front, right]
    kept = _within_canal(points, np.isfinite(contrast))
    if (kept.stop - kept.start) * GRID_MM < LEAST_LENGTH_MM:
        return None
    return SpineLine(points[kept], _mean_seen(mirrored[rows, right][kept]), _mean_seen(contrast[kept]))


def _is_behind(front: np.ndarray, right: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Where the canal may lie when a path is a great vessel in front of the vertebrae, shape (S, A, R).

    Parameters
    ----------
    front, right : ndarray of int, shape (S,)
        A index and R index of the path in each slice.
    shape : tuple of int
    """
    back = front[:, None, None] - np.arange(shape[1])[None, :, None]
    aside = np.abs(np.arange(shape[2])[None, None, :] - right[:, None, None])
    # At the sacrum the way of a vessel leads into the canal itself, so that it may lie nearer there.
    near, far = (round(mm / GRID_MM) for mm in BEHIND_MM)
    behind: np.ndarray = (back >= near) & (back <= far) & (aside <= round(FRONT_ORGAN_ASIDE_MOST.value / GRID_MM))
    return behind


def _mean_seen(values: np.ndarray) -> float:
    """Mean of the values that are in view; -1 where none is."""
    seen = values[np.isfinite(values)]
    return float(seen.mean()) if seen.size else -1.0


def _spot_gain(spots: np.ndarray) -> np.ndarray:
    """What a path gains by the spots on its way."""
    gain: np.ndarray = SPOT_WEIGHT * np.clip(np.where(np.isnan(spots), LEAST_SPOT, spots), LEAST_SPOT, MOST_SPOT)
    return gain


def _within_canal(points: np.ndarray, seen: np.ndarray) -> slice:
    """The rows of a path that belong to the canal.

    Going down, a sharp turn forward leads from the sacrum into bladder or bowel: what lies below is cut off. Where the
    part above such a turn is too short, the turn lies at the upper end: then the part below is kept.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
        From below upward, RAS mm.
    seen : ndarray of bool, shape (n,)
        Where the path lies within the view and not in air.
    """
    visible = np.flatnonzero(seen)
    if not visible.size:
        return slice(0, 0)
    first, last = int(visible[0]), int(visible[-1]) + 1
    reach = max(1, round(SLOPE_MM / GRID_MM))
    # The way forward for each mm of the way down, over stretches of SLOPE_MM.
    slope = (points[first : last - reach, 1] - points[first + reach : last, 1]) / (reach * GRID_MM)
    turn = round(TURN_MM / GRID_MM)
    row = len(slope) - 1
    while row >= 0:
        above = slope[row : row + turn]
        if slope[row] - above.min() > TURN:
            straight = np.flatnonzero(above < above.min() + 0.5 * TURN)
            cut = first + row + int(straight[0]) + reach // 2
            if (last - cut) * GRID_MM >= LEAST_LENGTH_MM:
                return slice(cut, last)
            last, row = cut, min(row, cut - first - reach) - 1
        row -= 1
    return slice(first, last)


def _air(values: np.ndarray) -> np.ndarray:
    """Cells without signal that are connected with the edge of the view, widened by AIR_MARGIN; shape of `values`."""
    filled = np.nan_to_num(values)
    seen = filled[filled > 0]
    bright = float(np.percentile(filled, BRIGHT_PERCENTILE))
    # Where the noise is high, only the valley between air and tissue in the histogram separates them.
    valley = float(np.exp(otsu(np.log(seen)))) if seen.size else 0.0
    dark = filled < np.clip(valley, AIR_PART * bright, AIR_PART_WITH_NOISE * bright)
    edge = np.zeros_like(dark)
    edge[:, [0, -1], :] = edge[:, :, [0, -1]] = True
    air = ndimage.binary_propagation(edge & dark, mask=dark)
    wide: np.ndarray = ndimage.binary_dilation(air, iterations=AIR_MARGIN)
    return wide


def _depth_from_back_mm(air: np.ndarray) -> np.ndarray:
    """Distance (mm) of each row from the hindmost row with tissue in its slice, shape (S, A, 1)."""
    first = np.any(~air, axis=2).argmax(axis=1)
    depth: np.ndarray = GRID_MM * (np.arange(air.shape[1])[None, :, None] - first[:, None, None])
    return depth


def _shows_back(values: np.ndarray, air: np.ndarray) -> np.ndarray:
    """Whether a slice shows the skin of the back, shape (S, 1, 1).

    It does when there is air behind the body in more than half of its columns. A field of view that ends within the
    body shows no air behind it.
    """
    first = (~air).argmax(axis=1)
    behind = np.take_along_axis(values, np.maximum(first - AIR_MARGIN - 1, 0)[:, None, :], axis=1)[:, 0]
    has_body = (~air).any(axis=1)
    seen = np.isfinite(behind) & (first > AIR_MARGIN) & has_body
    shows: np.ndarray = seen.sum(axis=1) > 0.5 * has_body.sum(axis=1)
    return shows[:, None, None]


def _spot_behind(spots: np.ndarray, depth_mm: np.ndarray) -> np.ndarray:
    """The contrast of the strongest spot behind each cell, at least 0; shape of `spots`.

    Of several spots from front to back, the hindmost is the canal, because vessels and bowel lie in front of the
    vertebrae.
    """
    seen = np.where(depth_mm > BACK_WALL_DEPTH.value, np.nan_to_num(spots), 0.0)
    near = round(FRONT_ORGAN_TO_CANAL_LEAST.value / GRID_MM)
    far = round(FRONT_ORGAN_TO_CANAL_MOST.value / GRID_MM)
    width = 2 * round(FRONT_ORGAN_ASIDE_MOST.value / GRID_MM) + 1
    wide = ndimage.maximum_filter1d(np.maximum(seen, 0.0), width, axis=2, mode="constant")
    padded = np.pad(wide, ((0, 0), (far, 0), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, far - near + 1, axis=1)
    strongest: np.ndarray = windows[:, : spots.shape[1]].max(axis=-1)
    return strongest


def _standardized(values: np.ndarray) -> np.ndarray:
    """Each axial slice with mean 0 and standard deviation 1, clipped to CLIP_SD; NaN stays."""
    with_edge = np.where(np.isnan(values), 0.0, values)
    seen = ~np.isnan(values)
    count = np.maximum(seen.sum(axis=(1, 2), keepdims=True), 1)
    smooth = with_edge / np.maximum(with_edge.max(), 1e-6)
    mean = smooth.sum(axis=(1, 2), keepdims=True) / count
    deviation = np.sqrt((np.where(seen, smooth - mean, 0.0) ** 2).sum(axis=(1, 2), keepdims=True) / count)
    scaled = np.clip((smooth - mean) / np.maximum(deviation, 1e-6), -CLIP_SD, CLIP_SD)
    return np.where(seen, scaled, np.nan)


def _capped(values: np.ndarray) -> np.ndarray:
    """Each axial slice with what is brighter than its CAP_PERCENTILE cut to it; 0 and NaN are no tissue."""
    tissue = np.where(values > 0.0, values, np.nan)
    cap = np.full((len(values), 1, 1), np.inf)
    seen = np.isfinite(tissue).any(axis=(1, 2))
    cap[seen, 0, 0] = np.nanpercentile(tissue[seen], CAP_PERCENTILE, axis=(1, 2))
    capped: np.ndarray = np.minimum(values, cap)
    return capped


def _mirror_correlation(values: np.ndarray) -> np.ndarray:
    """Correlation of a slab of three slices with its mirror image about each column.

    Returns
    -------
    ndarray, shape (S, R)
        -1 to 1, lower where a part is out of view; NaN where less than SEEN_PART is in view.
    """
    half = round(MIRRORED_HALF_WIDTH.value / GRID_MM)
    slices, rows, columns = values.shape
    padded = np.full((slices, rows, columns + 2 * half), np.nan, dtype=np.float32)
    padded[:, :, half:-half] = ndimage.uniform_filter1d(np.nan_to_num(values), 3, axis=0)
    padded[:, :, half:-half][np.isnan(values)] = np.nan
    found = np.full((slices, columns), np.nan)
    for column in range(columns):
        one = padded[:, :, column : column + half][:, :, ::-1]
        other = padded[:, :, column + half + 1 : column + 2 * half + 1]
        both = ~np.isnan(one) & ~np.isnan(other)
        count = both.sum(axis=(1, 2))
        a, b = np.where(both, one, 0.0), np.where(both, other, 0.0)
        n = np.maximum(count, 1)
        mean_a, mean_b = a.sum(axis=(1, 2)) / n, b.sum(axis=(1, 2)) / n
        covariance = (a * b).sum(axis=(1, 2)) / n - mean_a * mean_b
        spread = ((a**2).sum(axis=(1, 2)) / n - mean_a**2) * ((b**2).sum(axis=(1, 2)) / n - mean_b**2)
        part = count / (rows * half)
        correlation = covariance / np.sqrt(np.maximum(spread, 1e-6))
        found[:, column] = np.where(part > SEEN_PART, correlation * np.sqrt(np.minimum(part, 1.0)), np.nan)
    return found


def _spots(values: np.ndarray) -> np.ndarray:
    """How much brighter a round place of the size of the canal is than its surroundings.

    Parameters
    ----------
    values : ndarray, shape (S, A, R)
        In standard deviations of the slice.

    Returns
    -------
    ndarray, shape (S, A, R)
        In the same unit; NaN out of view.
    """
    seen = (~np.isnan(values)).astype(np.float32)
    filled = np.nan_to_num(values).astype(np.float32)

    def mean(sigma_mm: float) -> np.ndarray:
        sigma = (1.0, sigma_mm / GRID_MM, sigma_mm / GRID_MM)
        share = np.maximum(ndimage.gaussian_filter(seen, sigma), 0.05)
        smooth: np.ndarray = ndimage.gaussian_filter(filled, sigma) / share
        return smooth

    spots = mean(CANAL_SIGMA_MM) - mean(RING_SIGMA_MM)
    return np.where(seen > 0, spots, np.nan)


def _best_path(gain: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The path through all slices with the greatest sum of gains.

    From a slice to the next it moves by at most one cell along A and one along R.

    Parameters
    ----------
    gain : ndarray, shape (S, A, R)

    Returns
    -------
    score : float
        Mean gain of the path.
    front, right : ndarray, each of shape (S,)
        A index and R index of the path in each slice.
    """
    slices, rows, columns = gain.shape
    moves = [(a, r) for a in (-1, 0, 1) for r in (-1, 0, 1)]
    total = gain[0].copy()
    came = np.zeros((slices, rows, columns), dtype=np.int8)
    for index in range(1, slices):
        padded = np.pad(total, 1, constant_values=-np.inf)
        best = np.full((rows, columns), -np.inf)
        for number, (a, r) in enumerate(moves):
            choice = padded[1 + a : 1 + a + rows, 1 + r : 1 + r + columns] - STEP_COST * (abs(a) + abs(r))
            better = choice > best
            best[better] = choice[better]
            came[index][better] = number
        total = gain[index] + best
    path = np.zeros((slices, 2), dtype=np.int64)
    path[-1] = np.unravel_index(int(total.argmax()), total.shape)
    for index in range(slices - 1, 0, -1):
        path[index - 1] = path[index] + moves[came[index, path[index, 0], path[index, 1]]]
    return float(total.max()) / slices, path[:, 0], path[:, 1]
