"""Finds the discs along a straightened spine: on T1 they are dark between bright marrow, one every vertebra."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage

from ..core.image import Image
from .canal import SpineLine
from .straight_spine import DISC_FRONT_MM, STEP_MM, fronts, sides

BODY_FRONT_MM, BODY_SIDE_MM = (14.0, 36.0), 12.0
"""Inside every lumbar vertebral body, in front of and beside the canal's middle."""
SMOOTH_MM, BASE_MM = 2.5, 60.0
"""Smoothing of the profile, and the length over which marrow's own level is taken (two vertebrae)."""
SPACING_MM = (22.0, 48.0)
"""From disc to disc, T10 to S1 (lumbar 30 to 42 mm)."""
LEAST_CONTRAST = 0.08
"""Logarithm of marrow over disc on T1 that a place needs to be looked at (ours; mostly 0.3 to 1)."""
MOST_CONTRAST = 0.8
"""A darker place counts no more: gas in front of the sacrum is darker than any disc (ours)."""
UNEVEN_COST = 0.005
"""Contrast that a mm of difference between neighbouring spacings costs (ours)."""
LEAST_DISCS, LEAST_MEAN_CONTRAST = 3, 0.15
"""Fewer or fainter ones tell nothing (ours)."""
END_MM = 5.0
"""A disc shows marrow on both sides; nearer to an end of the canal it may be what lies beyond a vertebra."""
MOST_TILT = 0.4
"""Of a disc against the plane across the canal: 22 degrees; the lowest lumbar disc leans most."""


def with_discs(line: SpineLine, t1: Image) -> SpineLine:
    """A spine line with its discs, as far as T1 shows them.

    Parameters
    ----------
    line : SpineLine
    t1 : Image
        Without shading, in the line's frame.

    Returns
    -------
    SpineLine
        Without discs where too few are seen.
    """
    straight = line.straight.sample(t1.array, t1.geometry)
    contrast = _contrast(straight)
    if contrast is None:
        return line
    rows = _best_sequence(contrast)
    # At an end of the view half a vertebra may look like a disc; a rudimentary one of the sacrum is faint.
    rows = [row for row in rows if contrast[row] >= 0.4 * np.median(contrast[rows])]
    if len(rows) < LEAST_DISCS or contrast[rows].mean() < LEAST_MEAN_CONTRAST:
        return line
    rows = [row for row in rows if END_MM <= STEP_MM * row <= STEP_MM * (len(contrast) - 1) - END_MM]
    found = [_tilt(straight, row) for row in rows]
    height, tilt = np.array(found, dtype=float).T
    return dataclasses.replace(line, disc_mm=height, disc_tilt=tilt)


def _contrast(straight: np.ndarray) -> np.ndarray | None:
    """Logarithm of marrow's level over the signal inside the bodies at each height, shape (n,)."""
    front, side = fronts(), sides()
    inside = straight[:, (front >= BODY_FRONT_MM[0]) & (front <= BODY_FRONT_MM[1])][:, :, np.abs(side) <= BODY_SIDE_MM]
    inside = inside.reshape(len(inside), -1)
    seen = np.isfinite(inside).mean(axis=1) > 0.3
    if STEP_MM * np.count_nonzero(seen) < LEAST_DISCS * SPACING_MM[0]:
        return None
    profile = np.full(len(inside), np.nan)
    profile[seen] = np.nanmedian(inside[seen], axis=1)
    rows = np.arange(len(profile))
    profile = np.log(np.maximum(np.interp(rows, rows[seen], profile[seen]), 1e-3))
    smooth = ndimage.gaussian_filter1d(profile, SMOOTH_MM / STEP_MM, mode="nearest")
    base = ndimage.percentile_filter(smooth, 75, size=round(BASE_MM / STEP_MM), mode="nearest")
    contrast = ndimage.gaussian_filter1d(base, BASE_MM / 3.0 / STEP_MM, mode="nearest") - smooth
    return np.where(seen, np.minimum(contrast, MOST_CONTRAST), 0.0)


def _best_sequence(contrast: np.ndarray) -> list[int]:
    """Peaks that lie a vertebra apart and are darkest in sum, from below upward (dynamic programming)."""
    inner = contrast[1:-1]
    peaks = 1 + np.flatnonzero((inner >= contrast[:-2]) & (inner > contrast[2:]) & (inner > LEAST_CONTRAST))
    best: list[tuple[float, int | None, float | None]] = []
    for number, row in enumerate(peaks):
        choice: tuple[float, int | None, float | None] = (float(contrast[row]), None, None)
        for before in range(number):
            spacing = STEP_MM * float(row - peaks[before])
            if not SPACING_MM[0] <= spacing <= SPACING_MM[1]:
                continue
            score, _, former = best[before]
            uneven = 0.0 if former is None else UNEVEN_COST * abs(spacing - former)
            if score + contrast[row] - uneven > choice[0]:
                choice = (score + float(contrast[row]) - uneven, before, spacing)
        best.append(choice)
    if not best:
        return []
    at: int | None = int(np.argmax([score for score, _, _ in best]))
    rows = []
    while at is not None:
        rows.append(int(peaks[at]))
        at = best[at][1]
    return rows[::-1]


def _tilt(straight: np.ndarray, row: int) -> tuple[float, float]:
    """Height (mm) and tilt of the darkest plane through a disc."""
    front, side = fronts(), sides()
    chosen = (front >= BODY_FRONT_MM[0] - 4.0) & (front <= BODY_FRONT_MM[1] + 4.0)
    slab = np.log(np.maximum(straight[:, chosen][:, :, np.abs(side) <= BODY_SIDE_MM], 1e-3))
    seen = np.isfinite(slab).any(axis=2)
    profile = np.full(seen.shape, np.nanmax(slab))
    profile[seen] = np.nanmedian(slab[seen], axis=1)
    profile = ndimage.gaussian_filter1d(profile, 1.0, axis=0, mode="nearest")
    offsets = (front[chosen] - DISC_FRONT_MM) / STEP_MM
    columns = np.arange(profile.shape[1])
    best = (np.inf, float(row), 0.0)
    for tilt in np.arange(-MOST_TILT, MOST_TILT + 0.01, 0.05):
        for shift in np.arange(-2.0, 2.1, 0.5):
            rows = row + shift + tilt * offsets
            values = ndimage.map_coordinates(profile, [rows, columns], order=1, mode="nearest")
            # A flat plane is taken unless another one is clearly darker.
            cost = float(values.mean()) + 0.15 * tilt**2
            if cost < best[0]:
                best = (cost, row + shift, tilt)
    return STEP_MM * best[1], best[2]
