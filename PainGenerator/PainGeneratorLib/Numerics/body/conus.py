"""Finds where the spinal cord ends on a series that shows the fluid of the canal bright.

The cord is a dark band with bright fluid before and behind it. Below the conus the roots of the cauda equina lie
against the back of the canal, and the band is gone. Start at :func:`find_conus_mm`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from .straight_spine import STEP_MM, fronts, sides

CANAL_FRONT_MM = (-10.0, 12.0)
"""Depths of the canal, mm in front of its middle: its wall is 7 to 10 mm away, and the course has an error of some
millimeters (our estimate)."""

CANAL_SIDE_MM = 5.0
"""Distance to either side up to which the cord is looked for, mm: it is 10 mm wide."""

SMOOTH_MM = 4.0
"""Standard deviation of the smoothing along the canal, mm (our estimate)."""

LEAST_CORD_MM = 14.0
"""Lower bound of the length of cord that must be in view, mm: half a vertebra (our estimate)."""

LEAST_BELOW_MM = 60.0
"""Lower bound of the length of canal without cord that must be in view below it, mm: about two vertebrae (our
estimate)."""

LEAST_STEP = 0.08
"""Lower bound by which the band is darker above the conus than below it, as a part of the brightest fluid (our
estimate)."""

LEAST_RATIO = 1.6
"""Lower bound of the darkness of the band above the conus as a multiple of that below it, where roots and narrow
places make bands, too (our estimate)."""


def find_conus_mm(samples: Mapping[str, np.ndarray]) -> float | None:
    """The height along the canal at which the cord ends.

    Parameters
    ----------
    samples : mapping of role to ndarray, shape (height, front, right)
        MR series on the straightened grid; T2 and FLUID are looked at.

    Returns
    -------
    float or None
        In mm; None where no cord is seen to end. The end of the conus is thin: what is found lies about half a
        vertebra above its tip.
    """
    found = [_end_mm(_band(samples[role])) for role in ("T2", "FLUID") if role in samples]
    return next((one for one in found if one is not None), None)


def _band(sample: np.ndarray) -> np.ndarray:
    """How dark a band within the canal is against the fluid on both sides of it, at each height; NaN out of view."""
    front = (fronts() >= CANAL_FRONT_MM[0]) & (fronts() <= CANAL_FRONT_MM[1])
    canal = sample[:, front][:, :, np.abs(sides()) <= CANAL_SIDE_MM]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        depth = np.nanmedian(canal, axis=2)
    filled = np.nan_to_num(depth)
    before = np.maximum.accumulate(filled, axis=1)
    behind = np.maximum.accumulate(filled[:, ::-1], axis=1)[:, ::-1]
    valley = (np.minimum(before, behind) - filled).max(axis=1)
    brightest = filled.max(axis=1)
    band = np.where(brightest > 0.0, valley / np.maximum(brightest, 1e-6), np.nan)
    return np.where(np.isfinite(depth).all(axis=1), band, np.nan)


def _end_mm(band: np.ndarray) -> float | None:
    """The height at which a profile steps up for good, mm; None without a clear step."""
    rows = np.flatnonzero(np.isfinite(band))
    least_above, least_below = round(LEAST_CORD_MM / STEP_MM), round(LEAST_BELOW_MM / STEP_MM)
    if len(rows) < least_above + least_below:
        return None
    values = ndimage.gaussian_filter1d(band[rows], SMOOTH_MM / STEP_MM, mode="nearest")
    best: tuple[float, int] | None = None
    for at in range(least_below, len(values) - least_above + 1):
        above, below = values[at:].mean(), values[:at].mean()
        if above - below < LEAST_STEP or above < LEAST_RATIO * below:
            continue
        # The part of the variance that the step explains.
        gain = at * (len(values) - at) * (above - below) ** 2
        if best is None or gain > best[0]:
            best = (float(gain), at)
    return None if best is None else float(STEP_MM * rows[best[1]])
