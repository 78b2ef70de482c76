"""How well two images agree at sample points: mutual information and edge agreement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

QUANTILES = 65
MINIMUM_PROBABILITY = 1e-12


@dataclass(frozen=True, eq=False)
class IntensityScale:
    """A continuous monotone map of values to 0 ... 1 under which every part of the range holds about as many voxels.

    Equal shares instead of equal steps keep a few very hot PET voxels, metal or bright skin fat from
    squeezing all other tissue into one or two bins.
    """

    values: np.ndarray
    levels: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, equalization: float) -> IntensityScale:
        """The scale of sample values; `equalization` 1 gives equal shares, 0 equal steps from 1 % to 99 %."""
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

    def __call__(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scaled values and the derivative of the map there, both of the values' shape."""
        index = np.clip(np.searchsorted(self.values, values) - 1, 0, QUANTILES - 2)
        slope = (self.levels[1] - self.levels[0]) / (self.values[index + 1] - self.values[index])
        scaled = self.levels[index] + (values - self.values[index]) * slope
        inside = (scaled >= 0) & (scaled <= 1)
        return np.clip(scaled, 0.0, 1.0), np.where(inside, slope, 0.0)


def mutual_information(
    fixed: np.ndarray, moving: np.ndarray, weights: np.ndarray, bins: int
) -> tuple[float, np.ndarray]:
    """Mutual information (nats) of two sets of scaled values, and its derivative by the moving values.

    Joint histogram with a linear window on the fixed and a cubic B-spline window on the moving value
    (Mattes et al., IEEE TMI 2003; Thevenaz and Unser, IEEE TIP 2000), so that it is smooth in the moving values.

    Parameters
    ----------
    fixed, moving : ndarray, shape (n,)
        Values from 0 to 1.
    weights : ndarray, shape (n,)
        Weight of every sample; the sum must be above 0.
    bins : int

    Returns
    -------
    information : float
    derivative : ndarray, shape (n,)
        Holds for weights that do not change.
    """
    size = bins + 3
    total = weights.sum()
    f = fixed * (bins - 1)
    f0 = np.minimum(f.astype(np.intp), bins - 2)
    ft = f - f0
    m = moving * (bins - 1)
    m0 = np.minimum(m.astype(np.intp), bins - 2)
    t = m - m0
    window = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
    slope = np.stack([-((1 - t) ** 2), 3 * t**2 - 4 * t, -3 * t**2 + 2 * t + 1, t**2]) / 2
    part_f = np.stack([1 - ft, ft]) * weights
    cells = ((f0 + np.arange(2)[:, None]) * size + m0)[:, None, :] + np.arange(4)[None, :, None]
    joint = np.bincount(
        cells.ravel(), weights=(part_f[:, None, :] * window[None]).ravel(), minlength=bins * size
    ).reshape(bins, size)
    joint /= total
    p_f = joint.sum(axis=1, keepdims=True)
    p_m = joint.sum(axis=0, keepdims=True)
    safe = np.maximum(joint, MINIMUM_PROBABILITY)
    log_ratio = np.log(safe / np.maximum(p_m, MINIMUM_PROBABILITY))
    information = float(np.sum(joint * (log_ratio - np.log(np.maximum(p_f, MINIMUM_PROBABILITY)))))
    derivative = (part_f[:, None, :] * slope[None] * log_ratio.ravel()[cells]).sum(axis=(0, 1))
    return information, derivative * ((bins - 1) / total)
