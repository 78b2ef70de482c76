"""Thresholds from histograms."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def otsu(values: np.ndarray) -> float:
    """The threshold that parts a histogram in two with the least variance within (Otsu, IEEE SMC 1979)."""
    counts, edges = np.histogram(values, bins=128)
    centers = 0.5 * (edges[1:] + edges[:-1])
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1:][np.nanargmax(between)])


def modes(values: np.ndarray, width: float, least_part: float) -> np.ndarray:
    """The peaks of a density that have at least a part of the height of the highest, ascending; never none.

    Parameters
    ----------
    values : ndarray
    width : float
        SD of the smoothing of the density, in units of the values.
    least_part : float
        0 to 1.
    """
    counts, edges = np.histogram(values, bins=256)
    step = edges[1] - edges[0]
    density = np.pad(ndimage.gaussian_filter1d(counts.astype(float), width / step, mode="constant"), 1)
    inner = density[1:-1]
    peaks = (inner > density[:-2]) & (inner >= density[2:]) & (inner >= least_part * inner.max())
    return 0.5 * (edges[:-1] + edges[1:])[peaks]
