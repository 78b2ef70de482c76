"""Thresholds from histograms."""

from __future__ import annotations

import numpy as np


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
