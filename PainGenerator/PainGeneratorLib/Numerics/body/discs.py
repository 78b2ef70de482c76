"""Finds the discs along a straightened spine: on T1 they are dark between bright marrow, one for each vertebra.

Start at :func:`with_discs`.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage

from ..core.image import Image
from .canal import SpineLine
from .distances import (
    BODY_INSIDE_FROM,
    BODY_INSIDE_SIDE,
    BODY_INSIDE_TO,
    DISC_TILT_MOST,
    DISC_TO_DISC_LEAST,
    DISC_TO_DISC_MOST,
    TWO_VERTEBRAE,
)
from .straight_spine import DISC_FRONT_MM, STEP_MM, fronts, sides

SMOOTH_MM = 2.5
"""Standard deviation of the smoothing of the profile along the canal, mm (our estimate)."""

MARROW_PERCENTILE = 75
"""Percentile of the profile over two vertebrae that is taken for the signal of marrow (our estimate)."""

SEEN_PART = 0.3
"""Lower bound of the part of a height that must be in view (our estimate)."""

LEAST_CONTRAST = 0.08
"""Lower bound of the contrast of a place that may be a disc: logarithm of the signal of marrow over that of the disc
on T1. Discs have 0.3 to 1 (our estimate)."""

MOST_CONTRAST = 0.8
"""Upper bound of the contrast that counts. Gas in front of the sacrum is darker than any disc (our estimate)."""

UNEVEN_COST = 0.005
"""What a disc loses in contrast for each mm of difference between neighboring distances (our estimate)."""

LEAST_FOUND = 3
"""Lower bound of the number of discs that are believed (our estimate)."""

LEAST_MEAN_CONTRAST = 0.15
"""Lower bound of the mean contrast of discs that are believed (our estimate)."""

FAINT_PART = 0.4
"""Lower bound of the contrast of a disc, as a part of the median of all discs (our estimate)."""

END_MM = 5.0
"""Lower bound of the distance of a disc from an end of the canal, mm. A disc has marrow on both sides; nearer to an
end the dark place may lie beyond a vertebra (our estimate)."""

BESIDE_BODY_MM = 4.0
"""How far the plane of a disc is followed beyond the inside of the bodies, in front and behind, mm (our estimate)."""

FLATNESS_COST = 0.15
"""What a plane loses in log signal for its squared tilt: a flat one is taken unless another is clearly darker (our
estimate)."""

TILT_STEP = 0.05
"""Step of the tilts that are tried; no unit."""

SHIFTS = np.arange(-2.0, 2.1, 0.5)
"""Shifts of the plane that are tried, steps of the straightened grid."""

LEAST_SIGNAL = 1e-3
"""Lower bound of the signal before its logarithm is taken."""


def with_discs(line: SpineLine, t1: Image) -> SpineLine:
    """Add the discs that T1 shows to a spine line.

    Parameters
    ----------
    line : SpineLine
    t1 : Image
        In the frame of the line, after the shading was removed.

    Returns
    -------
    SpineLine
        Unchanged when too few discs are seen.
    """
    straight = line.straight.sample(t1.array, t1.geometry)
    contrast = _contrast(straight)
    if contrast is None:
        return line
    rows = _best_sequence(contrast)
    # Rudimentary discs of the sacrum are faint.
    rows = [row for row in rows if contrast[row] >= FAINT_PART * np.median(contrast[rows])]
    if len(rows) < LEAST_FOUND or contrast[rows].mean() < LEAST_MEAN_CONTRAST:
        return line
    rows = [row for row in rows if END_MM <= STEP_MM * row <= STEP_MM * (len(contrast) - 1) - END_MM]
    found = [_tilt(straight, row) for row in rows]
    height, tilt = np.array(found, dtype=float).T
    return dataclasses.replace(line, disc_mm=height, disc_tilt=tilt)


def _contrast(straight: np.ndarray) -> np.ndarray | None:
    """Logarithm of the signal of marrow over the signal inside the bodies at each height.

    Parameters
    ----------
    straight : ndarray, shape (height, front, right)

    Returns
    -------
    ndarray of shape (height,) or None
        0 out of view; None when too little is in view for the least number of discs.
    """
    front, side = fronts(), sides()
    within = (front >= BODY_INSIDE_FROM.value) & (front <= BODY_INSIDE_TO.value)
    inside = straight[:, within][:, :, np.abs(side) <= BODY_INSIDE_SIDE.value]
    inside = inside.reshape(len(inside), -1)
    seen = np.isfinite(inside).mean(axis=1) > SEEN_PART
    if STEP_MM * np.count_nonzero(seen) < LEAST_FOUND * DISC_TO_DISC_LEAST.value:
        return None
    profile = np.full(len(inside), np.nan)
    profile[seen] = np.nanmedian(inside[seen], axis=1)
    rows = np.arange(len(profile))
    profile = np.log(np.maximum(np.interp(rows, rows[seen], profile[seen]), LEAST_SIGNAL))
    smooth = ndimage.gaussian_filter1d(profile, SMOOTH_MM / STEP_MM, mode="nearest")
    base = ndimage.percentile_filter(
        smooth, MARROW_PERCENTILE, size=round(TWO_VERTEBRAE.value / STEP_MM), mode="nearest"
    )
    contrast = ndimage.gaussian_filter1d(base, TWO_VERTEBRAE.value / 3.0 / STEP_MM, mode="nearest") - smooth
    return np.where(seen, np.minimum(contrast, MOST_CONTRAST), 0.0)


def _best_sequence(contrast: np.ndarray) -> list[int]:
    """The rows of peaks that lie a vertebra apart and have the greatest sum of contrast, from below upward.

    Found by dynamic programming: the best sequence up to each peak follows from those up to the peaks before it.
    """
    inner = contrast[1:-1]
    peaks = 1 + np.flatnonzero((inner >= contrast[:-2]) & (inner > contrast[2:]) & (inner > LEAST_CONTRAST))
    best: list[tuple[float, int | None, float | None]] = []
    for number, row in enumerate(peaks):
        choice: tuple[float, int | None, float | None] = (float(contrast[row]), None, None)
        for before in range(number):
            spacing = STEP_MM * float(row - peaks[before])
            if not DISC_TO_DISC_LEAST.value <= spacing <= DISC_TO_DISC_MOST.value:
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
    """Height along the canal (mm) and tilt of the darkest plane near a row."""
    front, side = fronts(), sides()
    chosen = (front >= BODY_INSIDE_FROM.value - BESIDE_BODY_MM) & (front <= BODY_INSIDE_TO.value + BESIDE_BODY_MM)
    slab = np.log(np.maximum(straight[:, chosen][:, :, np.abs(side) <= BODY_INSIDE_SIDE.value], LEAST_SIGNAL))
    seen = np.isfinite(slab).any(axis=2)
    profile = np.full(seen.shape, np.nanmax(slab))
    profile[seen] = np.nanmedian(slab[seen], axis=1)
    profile = ndimage.gaussian_filter1d(profile, 1.0, axis=0, mode="nearest")
    offsets = (front[chosen] - DISC_FRONT_MM) / STEP_MM
    columns = np.arange(profile.shape[1])
    best = (np.inf, float(row), 0.0)
    for tilt in np.arange(-DISC_TILT_MOST.value, DISC_TILT_MOST.value + 0.01, TILT_STEP):
        for shift in SHIFTS:
            rows = row + shift + tilt * offsets
            values = ndimage.map_coordinates(profile, [rows, columns], order=1, mode="nearest")
            cost = float(values.mean()) + FLATNESS_COST * tilt**2
            if cost < best[0]:
                best = (cost, row + shift, tilt)
    return STEP_MM * best[1], best[2]
