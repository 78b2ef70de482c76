"""Statistics of what is known of some values: NaN where nothing is, without numpy's warning of an all-NaN slice."""

from __future__ import annotations

import numpy as np


def known_median(values: np.ndarray, axis: int | None = None) -> np.ndarray:
    """Median of the values that are not NaN.

    Parameters
    ----------
    values : ndarray of float
    axis : int, optional
        Of all values when it is not given.

    Returns
    -------
    ndarray
        Without that axis; NaN where no value is known.
    """
    values = np.asarray(values, dtype=float)
    unknown = np.isnan(values).all(axis=axis, keepdims=True)
    filled = np.where(unknown, 0.0, values)
    median = np.nanmedian(filled, axis=axis, keepdims=True) if values.size else np.zeros(unknown.shape)
    result = np.where(unknown, np.nan, median)
    return result.reshape(()) if axis is None else result.squeeze(axis)


def known_least(values: np.ndarray) -> float:
    """Smallest of the values that are not NaN; NaN when no value is known."""
    known = values[~np.isnan(values)]
    return float(known.min()) if known.size else float("nan")
