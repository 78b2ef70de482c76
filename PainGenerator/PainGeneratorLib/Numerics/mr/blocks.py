"""Blocks of voxels: means over them, their grid, and values spread over them again."""

from __future__ import annotations

import numpy as np

from ..core.image import Geometry

Factors = tuple[int, int, int]
"""Whole numbers of voxels of a block, along (k, j, i)."""

COARSE_MM = 2.0
"""Voxel size for shapes of whole organs, mm. Our estimate."""


def coarser(geometry: Geometry, factors: Factors) -> Geometry:
    """The grid of blocks of `factors` (k, j, i) voxels; voxels that do not fill a block are left out."""
    k, j, i = geometry.shape
    shape = (k // factors[0], j // factors[1], i // factors[2])
    matrix = geometry.ijk_to_ras.copy()
    matrix[:3, :3] = matrix[:3, :3] * np.array(factors[::-1])
    matrix[:3, 3] = geometry.to_ras((np.array(factors[::-1]) - 1) / 2.0)
    return Geometry(shape, matrix)


def block_mean(array: np.ndarray, factors: Factors) -> np.ndarray:
    """Mean over blocks of `factors` (k, j, i) voxels, float32."""
    if factors == (1, 1, 1):
        return np.asarray(array, dtype=np.float32)
    shape = tuple(n // f for n, f in zip(array.shape, factors, strict=True))
    trimmed = array[tuple(slice(0, n * f) for n, f in zip(shape, factors, strict=True))]
    blocks = trimmed.reshape(tuple(x for n, f in zip(shape, factors, strict=True) for x in (n, f)))
    means: np.ndarray = blocks.mean(axis=(1, 3, 5), dtype=np.float32)
    return means


def spread_blocks(array: np.ndarray, factors: Factors, shape: tuple[int, ...]) -> np.ndarray:
    """The inverse of :func:`block_mean`: each value fills its block; voxels beyond the last block take its value."""
    for axis, (factor, length) in enumerate(zip(factors, shape, strict=True)):
        if factor > 1 or array.shape[axis] != length:
            index = np.minimum(np.arange(length) // factor, array.shape[axis] - 1)
            array = np.take(array, index, axis)
    return array


def coarse_factors(geometry: Geometry, spacing_mm: float = COARSE_MM) -> Factors:
    """Whole factors (k, j, i) that bring a grid to about `spacing_mm`."""
    k, j, i = (
        max(1, min(int(spacing_mm / s + 0.5), n)) for s, n in zip(geometry.spacing_kji_mm, geometry.shape, strict=True)
    )
    return k, j, i
