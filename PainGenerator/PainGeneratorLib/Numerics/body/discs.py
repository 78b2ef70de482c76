"""Finds the discs along a straightened spine: at each disc the signal inside the bodies departs from that of marrow.

On T1 of spin echoes the discs are darker than marrow, on T2 and STIR a healthy nucleus is brighter, a worn one darker,
and the endplates are dark on all of them. So every series serves, and what counts is how far the signal is from that
of marrow, in either direction. Marrow fills two thirds of the height, so that it is the median over two vertebrae.

Start at :func:`with_discs`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ..core.image import Image
from .canal import DISCS_THAT_CONFIRM, SpineLine
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

MARROW_PERCENTILE = 50
"""Percentile of the profile over two vertebrae that is taken for the signal of marrow: it fills two thirds of the
height."""

SEEN_PART = 0.3
"""Lower bound of the part of a height that must be in view (our estimate)."""

LEAST_CONTRAST = 0.05
"""Lower bound of the contrast of a place that may be a disc: how far the logarithm of the signal is from that of
marrow. Discs with their endplates have 0.1 to 1 (our estimate)."""

MOST_CONTRAST = 0.8
"""Upper bound of the contrast that counts. Gas in front of the sacrum is darker than any disc (our estimate)."""

UNEVEN_COST = 0.005
"""What a disc loses in contrast for each mm of difference between neighboring distances (our estimate)."""

LEAST_FOUND = 3
"""Lower bound of the number of discs that are believed (our estimate)."""

LEAST_MEAN_CONTRAST = 0.15
"""Lower bound of the mean contrast of discs that are believed (our estimate)."""

LEAST_FAINT_CONTRAST = 0.08
"""The same where the marrow between the discs is even (our estimate): on T2 some discs hardly differ from marrow, but
their endplates do."""

OVER_EVEN_MARROW = 2.0
"""Lower bound of the mean contrast of discs over the median contrast of all heights, where marrow is even (our
estimate)."""

FAINT_PART = 0.4
"""Lower bound of the contrast of a disc, as a part of the median of all discs (our estimate)."""

END_MM = 8.0
"""Lower bound of the distance of a disc from an end of the canal, mm: more than half of the height of a disc with its
endplates. A disc has marrow on both sides; nearer to an end the place may lie beyond a vertebra."""

FLATNESS_COST = 0.15
"""What a plane loses in contrast for its squared tilt: a flat one is taken unless another is clearly better (our
estimate)."""

TILT_STEP = 0.05
"""Step of the tilts that are tried; no unit."""

SHIFTS = np.arange(-2.0, 2.1, 0.5)
"""Shifts of the plane that are tried, steps of the straightened grid."""

LEAST_SIGNAL = 1e-3
"""Lower bound of the signal, as a part of the median, before its logarithm is taken."""


def with_discs(line: SpineLine, *images: Image) -> SpineLine:
    """Add the discs that MR shows to a spine line.

    Parameters
    ----------
    line : SpineLine
    images : Image
        One or more MR series in the frame of the line, of any contrast, after the shading was removed.

    Returns
    -------
    SpineLine
        Unchanged when too few discs are seen.
    """
    every = (_departure(line.straight.sample(image.array, image.geometry)) for image in images)
    slabs = [slab for slab in every if slab is not None]
    if not slabs:
        return line
    slab = _mean_of(slabs)
    contrast = _contrast(slab)
    rows = _best_sequence(contrast)
    # Rudimentary discs of the sacrum are faint.
    rows = [row for row in rows if contrast[row] >= FAINT_PART * np.median(contrast[rows])]
    if len(rows) < LEAST_FOUND:
        return line
    mean, usual = contrast[rows].mean(), np.median(contrast[contrast > 0.0])
    if mean < (LEAST_FAINT_CONTRAST if mean > OVER_EVEN_MARROW * usual else LEAST_MEAN_CONTRAST):
        return line
    rows = [row for row in rows if END_MM <= STEP_MM * row <= STEP_MM * (len(contrast) - 1) - END_MM]
    found = [_tilt(slab, row) for row in rows]
    height, tilt = np.array(found, dtype=float).T
    return dataclasses.replace(line, disc_mm=height, disc_tilt=tilt)


def line_with_discs(lines: Sequence[SpineLine], *images: Image) -> SpineLine | None:
    """The line that is the canal, with its discs.

    Parameters
    ----------
    lines : sequence of SpineLine
        As :func:`.canal.find_spine_lines` gives them: each may be a great vessel in front of the next one.
    images : Image
        As of :func:`with_discs`.

    Returns
    -------
    SpineLine or None
        Of several tubes from front to back the hindmost is the canal. It must be reliable, have a row of discs in
        front of it, and lie in the middle of the vertebrae more exactly than the tube in front of it: the great
        vessels lie to the right and left of the midline. None without a line.
    """
    best: SpineLine | None = None
    for line in lines:
        seen = with_discs(line, *images)
        is_behind = seen.is_reliable and len(seen.disc_mm) >= DISCS_THAT_CONFIRM
        if best is None or (is_behind and seen.mirror > best.mirror):
            best = seen
    return best


def _mean_of(slabs: list[np.ndarray]) -> np.ndarray:
    """Mean of the series that show a place; NaN where none does."""
    seen = np.sum([np.isfinite(slab) for slab in slabs], axis=0)
    total = np.sum([np.nan_to_num(slab) for slab in slabs], axis=0)
    return np.where(seen > 0, total / np.maximum(seen, 1), np.nan)


def _departure(straight: np.ndarray) -> np.ndarray | None:
    """How far the logarithm of the signal inside the bodies is from that of marrow, at each height and depth.

    Parameters
    ----------
    straight : ndarray, shape (height, front, right)
        As :meth:`.straight_spine.StraightSpine.sample` gives it.

    Returns
    -------
    ndarray of shape (height, front) or None
        Of the depths of :func:`_inside`; NaN out of view; None when too little is in view for the least number of
        discs.
    """
    inside = straight[:, _inside()][:, :, np.abs(sides()) <= BODY_INSIDE_SIDE.value]
    in_view = np.isfinite(inside) & (inside > 0.0)
    seen = in_view.mean(axis=(1, 2)) > SEEN_PART
    if STEP_MM * np.count_nonzero(seen) < LEAST_FOUND * DISC_TO_DISC_LEAST.value:
        return None
    least = LEAST_SIGNAL * float(np.median(inside[in_view]))
    logs = np.log(np.maximum(np.where(in_view, inside, np.nan), least))
    rows = np.arange(len(logs))
    profile = np.interp(rows, rows[seen], np.nanmedian(logs[seen].reshape(np.count_nonzero(seen), -1), axis=1))
    base = ndimage.percentile_filter(
        profile, MARROW_PERCENTILE, size=round(TWO_VERTEBRAE.value / STEP_MM), mode="nearest"
    )
    base = ndimage.gaussian_filter1d(base, TWO_VERTEBRAE.value / 3.0 / STEP_MM, mode="nearest")
    slab = np.full(logs.shape[:2], np.nan)
    shown = in_view.any(axis=2) & seen[:, None]
    slab[shown] = np.nanmedian(logs[shown], axis=1)
    return np.asarray(np.minimum(np.abs(slab - base[:, None]), MOST_CONTRAST))


def _inside() -> np.ndarray:
    """Which depths of the straightened grid lie within the bodies."""
    front = fronts()
    return np.asarray((front >= BODY_INSIDE_FROM.value) & (front <= BODY_INSIDE_TO.value))


def _contrast(slab: np.ndarray) -> np.ndarray:
    """Contrast of each height, shape (height,), from :func:`_departure`; 0 out of view."""
    seen = np.isfinite(slab).any(axis=1)
    profile = np.zeros(len(slab))
    profile[seen] = np.nanmedian(slab[seen], axis=1)
    smooth = ndimage.gaussian_filter1d(profile, SMOOTH_MM / STEP_MM, mode="nearest")
    return np.where(seen, smooth, 0.0)


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


def _tilt(slab: np.ndarray, row: int) -> tuple[float, float]:
    """Height along the canal (mm) and tilt of the plane near a row that departs most from marrow.

    Parameters
    ----------
    slab : ndarray, shape (height, front)
        As :func:`_departure` gives it.
    row : int
    """
    filled = np.nan_to_num(slab)
    profile = ndimage.gaussian_filter1d(filled, SMOOTH_MM / STEP_MM, axis=0, mode="nearest")
    offsets = (fronts()[_inside()] - DISC_FRONT_MM) / STEP_MM
    columns = np.arange(profile.shape[1])
    best = (-np.inf, float(row), 0.0)
    for tilt in np.arange(-DISC_TILT_MOST.value, DISC_TILT_MOST.value + 0.01, TILT_STEP):
        for shift in SHIFTS:
            rows = row + shift + tilt * offsets
            values = ndimage.map_coordinates(profile, [rows, columns], order=1, mode="nearest")
            gain = float(values.mean()) - FLATNESS_COST * tilt**2
            if gain > best[0]:
                best = (gain, row + shift, tilt)
    return STEP_MM * best[1], best[2]
