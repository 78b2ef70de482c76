"""Measure how similar two images are at sample points: mutual information and directions of edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

QUANTILES = 65
"""Number of points of the curve of an intensity scale. Our estimate."""
MINIMUM_PROBABILITY = 1e-12
"""Lower bound of probabilities before their logarithm is taken."""


@dataclass(frozen=True, eq=False)
class IntensityScale:
    """A continuous, increasing map of values to the range 0 to 1 that spreads the voxels more evenly over this range.

    Without it a few very hot PET voxels, metal or bright fat below the skin would leave only one or two histogram bins
    for all other tissue.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Increasing values of the image.
    ranks : ndarray, shape (n,)
        The scaled value of each, 0 to 1.
    """

    values: np.ndarray
    ranks: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, equalization: float) -> IntensityScale:
        """Make the scale for sample values.

        Parameters
        ----------
        values : ndarray, shape (n,)
        equalization : float
            1 gives parts with equal numbers of voxels. 0 gives equal steps between the quantiles 0.5 % and 99.5 %.
        """
        shares = np.linspace(0.005, 0.995, QUANTILES)
        quantiles = np.quantile(values, shares)
        steps = np.linspace(quantiles[0], quantiles[-1], QUANTILES)
        knots = equalization * quantiles + (1 - equalization) * steps
        span = knots[-1] - knots[0]
        if not span > 0:
            knots = np.linspace(quantiles[0] - 0.5, quantiles[0] + 0.5, QUANTILES)
            span = 1.0
        knots = knots + np.linspace(0.0, 1e-3 * span, QUANTILES)  # ties would make the map jump
        return cls(knots, np.linspace(0.0, 1.0, QUANTILES))

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Scale values; the result is float32 and has the same shape."""
        return np.interp(values, self.values, self.ranks).astype(np.float32)


def fixed_rows(fixed: np.ndarray, bins: int) -> np.ndarray:
    """Return the row of the histogram for scaled values (0 to 1), as :func:`mutual_information` expects it."""
    return np.minimum((np.asarray(fixed) * bins).astype(np.intp), bins - 1)


def mutual_information(
    rows: np.ndarray, moving: np.ndarray, weights: np.ndarray, bins: int
) -> tuple[float, np.ndarray]:
    """Compute the mutual information (nats) of two sets of values, and its derivative by the moving values.

    The joint histogram has whole bins for the fixed values and a cubic B-spline window for the moving values (Mattes
    et al., IEEE TMI 2003), so that it changes smoothly with the moving values.

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
        Bins of the fixed values from :func:`fixed_rows`.
    moving : ndarray, shape (n,)
        Values from 0 to 1.
    weights : ndarray, shape (n,)
        Weight of every sample; the sum must be above 0.
    bins : int

    Returns
    -------
    information : float
    derivative : ndarray, shape (n,)
        The derivative for constant weights.
    """
    size = bins + 3
    total = float(weights.sum(dtype=np.float64))
    m = moving * (bins - 1)
    low = np.minimum(m.astype(np.intp), bins - 2)
    t = m - low.astype(m.dtype)
    cells = rows * size + low
    s, square = 1 - t, t * t
    s_square = s * s
    weight = weights / 6
    middle = 3 * square * (t - 2) + 4
    window = (s_square * s, middle, 6 - s_square * s - middle - square * t, square * t)
    joint = np.zeros(bins * size)
    for n in range(4):
        joint += np.bincount(cells + n, weights=weight * window[n], minlength=bins * size)
    joint = joint.reshape(bins, size) / total
    p_f = joint.sum(axis=1, keepdims=True)
    p_m = joint.sum(axis=0, keepdims=True)
    log_ratio = np.log(np.maximum(joint, MINIMUM_PROBABILITY) / np.maximum(p_m, MINIMUM_PROBABILITY))
    information = float(np.sum(joint * (log_ratio - np.log(np.maximum(p_f, MINIMUM_PROBABILITY)))))
    table = log_ratio.reshape(-1).astype(moving.dtype)
    first, second = table.take(cells), table.take(cells + 1)
    third, last = table.take(cells + 2), table.take(cells + 3)
    rise = square * last - s_square * first + (3 * square - 4 * t) * second + (1 + 2 * t - 3 * square) * third
    return information, rise * weights * ((bins - 1) / (2 * total))


def unit_edges(field: np.ndarray, floor: float) -> np.ndarray:
    """Scale gradients, shape (3, ...), to unit length where they are well above a floor. Smaller ones stay short."""
    size = np.sqrt(np.einsum("a...,a...->...", field, field) + np.float32(floor) ** 2)
    return field / size
