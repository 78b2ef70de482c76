"""Smooth random fields for the variation of uptake and signal within a tissue, and for the shading of coils."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..Numerics.core.image import Geometry, Image
from .atlas import Atlas


def smooth_field(rng: np.random.Generator, geometry: Geometry, length_mm: float) -> Image:
    """Make a random field with mean 0 and standard deviation 1 on a coarse grid over the box of a geometry.

    Parameters
    ----------
    rng : numpy.random.Generator
    geometry : Geometry
    length_mm : float
        Standard deviation of the smoothing, mm. The structures of the field are about 2.5 times as wide.

    Returns
    -------
    Image
        The field (float32) on its coarse grid. It must be resampled to the grid on which it is used.
    """
    lower, upper = geometry.corners_ras.min(axis=0), geometry.corners_ras.max(axis=0)
    step = max(length_mm / 2, 2.0)
    size = np.ceil((upper - lower) / step).astype(int) + 5
    matrix = np.diag([step] * 3 + [1.0])
    matrix[:3, 3] = lower - 2 * step
    values = ndimage.gaussian_filter(rng.standard_normal(size[::-1], dtype=np.float32), length_mm / step, mode="wrap")
    values /= values.std()
    return Image(values, Geometry(tuple(size[::-1]), matrix))


def field_on_grid(field: Image, geometry: Geometry) -> np.ndarray:
    """Interpolate a field linearly on a grid; float32, shape of the grid.

    Both grids must have axes along R, A and S, because the interpolation works axis by axis.
    """
    values = field.array
    offset = field.geometry.to_ijk(geometry.ijk_to_ras[:3, 3])
    step = np.asarray(geometry.spacing_mm) / field.geometry.spacing_mm
    for axis in range(3):
        along = offset[2 - axis] + step[2 - axis] * np.arange(geometry.shape[axis])
        along = np.clip(along, 0, values.shape[axis] - 1.001)
        first = along.astype(int)
        shape = [1, 1, 1]
        shape[axis] = -1
        part = (along - first).astype(np.float32).reshape(shape)
        low = np.take(values, first, axis=axis)
        high = np.take(values, first + 1, axis=axis)
        high -= low
        high *= part
        low += high
        values = low
    return values


def correlated_noise(rng: np.random.Generator, geometry: Geometry, fwhm_mm: float) -> np.ndarray:
    """Make noise with standard deviation 1 whose correlation has a full width at half maximum (mm); float32."""
    noise = rng.standard_normal(geometry.shape, dtype=np.float32)
    sigma = [fwhm_mm / 2.355 / s for s in geometry.spacing_kji_mm]
    noise = ndimage.gaussian_filter(noise, sigma, mode="wrap", truncate=3)
    return noise / noise.std()


def points_of(atlas: Atlas, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """R, A and S coordinates (mm, float32) of voxels of the atlas that are given by flat indices."""
    spacing, start = np.float32(atlas.geometry.spacing_mm[0]), atlas.geometry.ijk_to_ras[:3, 3].astype(np.float32)
    k, j, i = np.unravel_index(flat, atlas.tissue.shape)
    right, anterior, superior = (start[n] + spacing * v.astype(np.float32) for n, v in enumerate((i, j, k)))
    return right, anterior, superior


def field_at(field: Image, atlas: Atlas, flat: np.ndarray, stretch: float = 1.0) -> np.ndarray:
    """Interpolate a field of :func:`smooth_field` linearly at voxels of the atlas, float32, shape (n,).

    With a `stretch` above 1 the structures of the field are so much longer along S.
    """
    spacing, start = field.geometry.spacing_mm, field.geometry.ijk_to_ras[:3, 3]
    points = points_of(atlas, flat)
    points[2][...] = start[2] + (points[2] - np.float32(start[2])) / np.float32(stretch)
    kji = [(points[n] - np.float32(start[n])) / np.float32(spacing[n]) for n in (2, 1, 0)]
    return ndimage.map_coordinates(field.array, kji, order=1, mode="nearest", output=np.float32)
