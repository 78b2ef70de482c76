"""Thresholds and peaks from histograms."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def otsu(values: np.ndarray) -> float:
    """The threshold that divides values into two groups with the least variance within (Otsu, IEEE SMC 1979).

    Parameters
    ----------
    values : ndarray
        At least one, all finite.

    Returns
    -------
    float
        The upper edge of the last of 128 bins that belongs to the lower group. Where all values are equal there are
        no two groups: it is then that value itself, and nothing lies above it.
    """
    if _is_one_value(values):
        return float(np.max(values))
    counts, edges = np.histogram(values, bins=128)
    centers = 0.5 * (edges[1:] + edges[:-1])
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1:][np.nanargmax(between)])


NARROW = 1e-5
"""Values whose range is narrower than this part of their size are one value: the bins of a histogram between them
would be finer than numbers of 4 bytes are."""


def _is_one_value(values: np.ndarray) -> bool:
    """Whether all values are equal, as far as a histogram can tell."""
    low, high = float(np.min(values)), float(np.max(values))
    return high - low <= NARROW * max(abs(low), abs(high))


def modes(values: np.ndarray, width: float, least_part: float) -> np.ndarray:
    """The peaks of a smoothed density of values.

    Parameters
    ----------
    values : ndarray
        At least one, all finite.
    width : float
        Standard deviation of the smoothing, in the unit of the values.
    least_part : float
        Lower bound of a peak's height, as a part (0 to 1) of the height of the highest.

    Returns
    -------
    ndarray, shape (n,)
        Values at the peaks, ascending; at least one.
    """
    if _is_one_value(values):
        return np.array([np.max(values)], dtype=np.float64)
    counts, edges = np.histogram(values, bins=256)
    step = edges[1] - edges[0]
    density = np.pad(ndimage.gaussian_filter1d(counts.astype(float), width / step, mode="constant"), 1)
    inner = density[1:-1]
    peaks = (inner > density[:-2]) & (inner >= density[2:]) & (inner >= least_part * inner.max())
    centers: np.ndarray = 0.5 * (edges[:-1] + edges[1:])
    found: np.ndarray = centers[peaks]
    return found
