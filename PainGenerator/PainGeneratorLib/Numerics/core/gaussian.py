"""Gaussian smoothing of volumes by banded matrix products: what scipy's filter gives, at half of its cost or less.

A product with a narrow band of a matrix runs in the processor's fastest code, in float32, and only that part of the
volume is computed that is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

Box = tuple[slice, slice, slice]

BLOCK = 32
"""Rows of the matrix that are multiplied at once: less wastes calls, more multiplies zeros."""


def gaussian(array: np.ndarray, sigma: tuple[float, float, float], box: Box | None = None) -> np.ndarray:
    """Smooth a volume as ``scipy.ndimage.gaussian_filter(array, sigma, mode="nearest", truncate=3.0)`` does.

    Parameters
    ----------
    array : ndarray of float32, shape (k, j, i)
    sigma : sequence of float
        Along (k, j, i), voxels.
    box : tuple of slice, optional
        The part that is wanted, with steps of one; the whole by default. What lies around it is taken into account.

    Returns
    -------
    ndarray of float32, shape of the box
    """
    box = box or tuple(slice(0, n) for n in array.shape)
    kernels = [_kernel(s) for s in sigma]
    # Each pass needs the wanted part with a margin along the axes that are still to come.
    wide = [
        slice(max(part.start - w.size // 2, 0), min(part.stop + w.size // 2, n))
        for part, w, n in zip(box, kernels, array.shape, strict=True)
    ]
    bands = [
        list(_bands(part.start - outer.start, part.stop - outer.start, outer.stop - outer.start, w))
        for part, outer, w in zip(box, wide, kernels, strict=True)
    ]
    array = array[tuple(wide)]
    result = np.empty([part.stop - part.start for part in box], dtype=np.float32)
    done = 0
    for matrix, low, high in bands[0]:
        slab = array[low:high]
        slab = (matrix @ slab.reshape(high - low, -1)).reshape(len(matrix), *slab.shape[1:])
        rows = np.concatenate([matrix @ slab[:, low:high] for matrix, low, high in bands[1]], axis=1)
        part, column = result[done : done + len(rows)], 0
        for matrix, low, high in bands[2]:
            np.matmul(rows[:, :, low:high], matrix.T, out=part[:, :, column : column + len(matrix)])
            column += len(matrix)
        done += len(rows)
    return result


def _kernel(sigma: float) -> np.ndarray:
    """Weights of the neighbours, sum 1."""
    reach = int(3.0 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-9)) ** 2)
    return weights / weights.sum()


def _bands(start: int, stop: int, length: int, weights: np.ndarray) -> Iterator[tuple[np.ndarray, int, int]]:
    """Matrices that give the places `start` to `stop` of an axis, block by block, and the places that each needs.

    Values beyond the ends of the axis are those at the ends.
    """
    reach = weights.size // 2
    for begin in range(start, stop, BLOCK):
        rows = np.arange(begin, min(begin + BLOCK, stop))
        low, high = max(begin - reach, 0), min(int(rows[-1]) + reach + 1, length)
        columns = np.clip(rows[:, None] + np.arange(-reach, reach + 1), 0, length - 1) - low
        matrix = np.zeros((rows.size, high - low), dtype=np.float32)
        np.add.at(matrix, (rows[:, None] - begin, columns), weights)
        yield matrix, low, high


def box_above(array: np.ndarray, threshold: float, margin: tuple[int, int, int] = (0, 0, 0)) -> Box:
    """The box of the voxels above a threshold, widened by some voxels along (k, j, i); the whole if there are none."""
    mask = array > threshold
    flat = mask.any(axis=0)
    extents = (mask.any(axis=(1, 2)), flat.any(axis=1), flat.any(axis=0))
    if not flat.any():
        return tuple(slice(0, n) for n in array.shape)
    box = []
    for extent, more in zip(extents, margin, strict=True):
        inside = np.flatnonzero(extent)
        box.append(slice(max(int(inside[0]) - more, 0), min(int(inside[-1]) + 1 + more, extent.size)))
    return tuple(box)
