"""How far a place stands out from its surroundings, at the scale of joints, in units of the local noise.

A matched filter for a blob of unknown size: differences of two Gaussians at a few scales (Marr and Hildreth, Proc R
Soc Lond B 1980; scales after Lindeberg, IJCV 1998). Each response is divided by its own robust spread in the
neighbourhood, as detectors with a constant false-alarm rate do: statistical noise and the unrest of normal anatomy
count alike, and the same height means the same on a short and on a long scan, on a whole body and on a crop.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from ..core.gaussian import Box, box_above, gaussian
from ..core.image import Geometry, Image

FWHM_TO_SIGMA = 1.0 / math.sqrt(8.0 * math.log(2.0))
CENTERS_MM = (5.0, 8.0, 12.0)
"""FWHM of the inner Gaussian of each scale: facet joints to sacroiliac joints."""
SURROUND = 2.25
"""FWHM of the outer Gaussian over the inner one: normal tissue at one to two widths of the focus."""
GRID_MM = 3.5
"""The filter runs on blocks of about this size: finer voxels add cost, not detail, to a blob of 5 mm and more."""
CELL_MM = 30.0
"""Edge of the cells in which noise is measured; the median of a cell and its neighbours holds."""
LEAST_PART = 0.2
"""A cell with less body than this gives no noise of its own."""
LOUDER = 1.3
"""Slices that exceed the noise of their neighbourhood by this factor are taken as noisier: the ends of a PET are."""
MAD_TO_SD = 1.4826


class ContrastMap:
    """Contrast over local noise.

    Attributes
    ----------
    z : ndarray of float32
        Largest contrast of all scales in units of local noise, on the blocks of `geometry`.
    noise : ndarray of float32
        Local SD of the contrast at the finest scale, g/ml.
    typical_noise : float
        Its median in the body.
    geometry : Geometry
    """

    def __init__(self, suv: Image, body_suv: float) -> None:
        """Filter a PET.

        Parameters
        ----------
        suv : Image
            SUV, g/ml; NaN marks voxels without a value.
        body_suv : float
            Above this SUV a place belongs to the body.
        """
        values, grid = _blocks(suv)
        spacing = np.array(grid.spacing_kji_mm)
        seen = np.isfinite(values)
        weight = None if seen.all() else seen.astype(np.float32)
        values = values if weight is None else np.where(seen, values, np.float32(0.0))
        cell = [max(1, min(n, round(CELL_MM / s))) for n, s in zip(values.shape, spacing, strict=True)]
        box = _box_of_cells(values, body_suv, cell)
        seen = seen[box]
        self.geometry = grid.cropped(tuple(part.start for part in box), seen.shape)
        body = ndimage.gaussian_filter(values[box], CENTERS_MM[0] * FWHM_TO_SIGMA / spacing) > body_suv
        along = int(np.argmax(np.abs(self.geometry.ijk_to_ras[2, :3])[::-1]))
        self.z = np.zeros(seen.shape, dtype=np.float32)
        for number, inner in enumerate(CENTERS_MM):
            response = _gaussian(values, weight, inner, spacing, box)
            response -= _gaussian(values, weight, inner * SURROUND, spacing, box)
            noise = _local_noise(response, body, cell, along)
            if number == 0:
                self.noise = noise
            np.maximum(self.z, np.divide(response, noise, where=noise > 0, out=np.zeros_like(response)), out=self.z)
        self.z[~(seen & body)] = 0.0
        self.typical_noise = float(np.median(self.noise[body])) if body.any() else 0.0

    def at(self, points_ras: np.ndarray) -> np.ndarray:
        """Contrast at positions (RAS mm, shape (n, 3)) in units of noise, from the nearest block, shape (n,)."""
        return self._pick(self.z, points_ras)

    def noise_at(self, points_ras: np.ndarray) -> np.ndarray:
        """Local noise at positions (RAS mm, shape (n, 3)), g/ml, shape (n,)."""
        return self._pick(self.noise, points_ras)

    def _pick(self, values: np.ndarray, points_ras: np.ndarray) -> np.ndarray:
        kji = np.rint(self.geometry.to_ijk(points_ras)).astype(np.int64)[:, ::-1]
        return values[tuple(np.clip(kji, 0, np.array(values.shape) - 1).T)]


def _blocks(suv: Image) -> tuple[np.ndarray, Geometry]:
    """Means over blocks of voxels of about GRID_MM."""
    geometry = suv.geometry
    shape = geometry.shape
    factors = tuple(max(1, min(n, round(GRID_MM / s))) for n, s in zip(shape, geometry.spacing_kji_mm, strict=True))
    values = suv.array if suv.array.dtype == np.float32 else suv.array.astype(np.float32)
    if factors == (1, 1, 1):
        return values, geometry
    for axis, factor in enumerate(factors):
        whole = values.shape[axis] // factor * factor
        parts = [values[(slice(None),) * axis + (slice(n, whole, factor),)] for n in range(factor)]
        values = sum(parts[1:], parts[0]) * np.float32(1.0 / factor)
    matrix = geometry.ijk_to_ras.copy()
    scale = np.array(factors[::-1], dtype=float)
    matrix[:3, :3] *= scale
    matrix[:3, 3] = geometry.to_ras((scale - 1.0) / 2.0)
    return values, Geometry(values.shape, matrix)


def _box_of_cells(values: np.ndarray, body_suv: float, cell: list[int]) -> Box:
    """The box of whole cells that holds the body and, around it, the cells that its noise is taken from."""
    box = box_above(values, body_suv, tuple(2 * c for c in cell))
    return tuple(slice(part.start // c * c, part.stop) for part, c in zip(box, cell, strict=True))


def _gaussian(
    values: np.ndarray, weight: np.ndarray | None, fwhm_mm: float, spacing: np.ndarray, box: Box
) -> np.ndarray:
    """Gaussian mean over the voxels that have a value, within a box."""
    sigma = fwhm_mm * FWHM_TO_SIGMA / spacing
    total = gaussian(values, sigma, box)
    if weight is None:
        return total
    share = gaussian(weight, sigma, box)
    return total / np.maximum(share, np.float32(1e-3))


def _local_noise(response: np.ndarray, body: np.ndarray, cell: list[int], along: int) -> np.ndarray:
    """Robust SD of a response in the neighbourhood of each voxel, g/ml."""
    count = [-(-n // c) for n, c in zip(response.shape, cell, strict=True)]
    size = np.where(body, np.abs(response), np.float32(np.nan))
    padding = [(0, m * c - n) for m, c, n in zip(count, cell, response.shape, strict=True)]
    parts = np.pad(size, padding, constant_values=np.nan)
    parts = parts.reshape([x for pair in zip(count, cell, strict=True) for x in pair]).transpose(0, 2, 4, 1, 3, 5)
    parts = parts.reshape(*count, -1)
    own = _median_of_last(parts, LEAST_PART * parts.shape[-1])
    if not np.isfinite(own).any():
        return np.zeros(response.shape, dtype=np.float32)
    around = np.pad(own, 1, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(around, (3, 3, 3)).reshape(*count, 27)
    cells = _median_of_last(np.ascontiguousarray(windows), 1)
    holes = ~np.isfinite(cells)
    if holes.any():
        nearest = ndimage.distance_transform_edt(holes, return_distances=False, return_indices=True)
        cells = cells[tuple(nearest)]
    noise = _spread_cells(MAD_TO_SD * cells, cell, response.shape)
    return noise * _slice_factor(size, noise, along)


def _median_of_last(values: np.ndarray, least: float) -> np.ndarray:
    """Median of the finite values along the last axis; NaN where fewer than `least` are finite."""
    ordered = np.sort(values, axis=-1)
    number = np.isfinite(ordered).sum(axis=-1)
    middle = np.maximum(number - 1, 0)
    low = np.take_along_axis(ordered, (middle // 2)[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, ((middle + 1) // 2)[..., None], axis=-1)[..., 0]
    return np.where(number >= max(least, 1), 0.5 * (low + high), np.nan)


def _spread_cells(cells: np.ndarray, cell: list[int], shape: tuple[int, ...]) -> np.ndarray:
    """Cell values at voxels, linear between the middles of cells, axis by axis."""
    for axis, (size, length) in enumerate(zip(cell, shape, strict=True)):
        place = np.clip((np.arange(length) - (size - 1) / 2.0) / size, 0, cells.shape[axis] - 1)
        low = np.minimum(place.astype(int), max(cells.shape[axis] - 2, 0))
        high = np.minimum(low + 1, cells.shape[axis] - 1)
        part = (place - low).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
        cells = np.take(cells, low, axis=axis) * (1 - part) + np.take(cells, high, axis=axis) * part
    return cells.astype(np.float32)


def _slice_factor(size: np.ndarray, noise: np.ndarray, along: int) -> np.ndarray:
    """How much louder each slice across the body is than its neighbourhood, at least 1; shaped to multiply."""
    relative = np.moveaxis(size / np.maximum(noise, 1e-6), along, 0).reshape(size.shape[along], -1)
    factor = MAD_TO_SD * _median_of_last(relative, 30)
    factor = np.maximum(np.where(np.isfinite(factor), factor, 1.0) / LOUDER, 1.0).astype(np.float32)
    return factor.reshape([-1 if axis == along else 1 for axis in range(3)])
