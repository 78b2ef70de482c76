"""How far a place stands out from its surroundings, at the scale of joints, in units of the local noise.

The filter responds to a blob of unknown size: it is the difference of two Gaussians, at a few scales (Marr and
Hildreth, Proc R Soc Lond B 1980; scales after Lindeberg, IJCV 1998). Each response is divided by its own robust spread
near by, as detectors with a constant rate of false alarms do. Statistical noise and the variation of normal anatomy
are treated alike. The same value then means the same on a short and on a long scan, on a whole body and on a part of
it.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..core.constants import FWHM_TO_SIGMA, MAD_TO_SD
from ..core.gaussian import Box, box_above, gaussian
from ..core.image import Geometry, Image, block_means

CENTERS_MM = (5.0, 8.0, 12.0)
"""Full width at half height of the inner Gaussian at each scale, mm: from facet joints to sacroiliac joints. Our
choice."""
SURROUND = 2.25
"""Width of the outer Gaussian over the inner one. It takes normal tissue at one to two widths of the focus. Our
choice."""
GRID_MM = 3.5
"""The filter runs on blocks of about this size, mm. Finer voxels take longer and add no detail to a blob of 5 mm and
more."""
CELL_MM = 30.0
"""Edge of the cells in which noise is measured, mm. The noise of a place is the median of its cell and the cells
around it. Our choice."""
LEAST_PART = 0.2
"""Lower bound of the part of a cell that is body, for the cell to give noise of its own. Our estimate."""
LOUDER = 1.3
"""Lower bound of the noise of a slice over the noise around it, for the slice to count as noisier. The first and the
last slices of a PET are. Our estimate."""
LEAST_SHARE = 1e-3
"""Lower bound of the weight of voxels with a value that a mean is divided by. It only prevents a division by zero."""
LEAST_NOISE_SUV = 1e-6
"""Lower bound of noise that something is divided by, g/ml. It only prevents a division by zero."""
LEAST_SLICE_VOXELS = 30
"""Lower bound of the number of body voxels of a slice, for the slice to give noise of its own. Our estimate."""

Cell = tuple[int, int, int]
"""Size of a cell along (k, j, i), in blocks."""


class ContrastMap:
    """Contrast in units of the local noise.

    Attributes
    ----------
    z : ndarray of float32, shape of `geometry`
        Largest contrast of all scales in units of the local noise; 0 outside the body.
    noise : ndarray of float32, shape of `geometry`
        Local SD of the contrast at the finest scale, g/ml.
    typical_noise : float
        Its median in the body, g/ml; 0 when there is no body.
    geometry : Geometry
        Grid of blocks of about GRID_MM, as far as the body reaches.
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
        blocks = block_means(suv, GRID_MM)
        values, grid = blocks.array, blocks.geometry
        spacing = np.array(grid.spacing_kji_mm)
        seen = np.isfinite(values)
        weight = None if seen.all() else seen.astype(np.float32)
        values = values if weight is None else np.where(seen, values, np.float32(0.0))
        cell = _cell_of(grid)
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
        picked: np.ndarray = values[tuple(np.clip(kji, 0, np.array(values.shape) - 1).T)]
        return picked


def _cell_of(geometry: Geometry) -> Cell:
    k, j, i = (
        max(1, min(n, round(CELL_MM / s))) for n, s in zip(geometry.shape, geometry.spacing_kji_mm, strict=True)
    )
    return k, j, i


def _box_of_cells(values: np.ndarray, body_suv: float, cell: Cell) -> Box:
    """The box of whole cells that holds the body and the cells around it that its noise is taken from."""
    margin = (2 * cell[0], 2 * cell[1], 2 * cell[2])
    k, j, i = (
        slice(part.start // c * c, part.stop)
        for part, c in zip(box_above(values, body_suv, margin), cell, strict=True)
    )
    return k, j, i


def _gaussian(
    values: np.ndarray, weight: np.ndarray | None, fwhm_mm: float, spacing: np.ndarray, box: Box
) -> np.ndarray:
    """Gaussian mean over the voxels that have a value, within a box; `weight` is 1 where there is one, else 0."""
    k, j, i = fwhm_mm * FWHM_TO_SIGMA / spacing
    sigma = (float(k), float(j), float(i))
    total = gaussian(values, sigma, box)
    if weight is None:
        return total
    share = gaussian(weight, sigma, box)
    mean: np.ndarray = total / np.maximum(share, np.float32(LEAST_SHARE))
    return mean


def _local_noise(response: np.ndarray, body: np.ndarray, cell: Cell, along: int) -> np.ndarray:
    """Robust SD of a response near each voxel, g/ml; `along` is the array axis that runs along the body."""
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
    local: np.ndarray = noise * _slice_factor(size, noise, along)
    return local


def _median_of_last(values: np.ndarray, least: float) -> np.ndarray:
    """Median of the finite values along the last axis; NaN where fewer than `least` are finite."""
    ordered = np.sort(values, axis=-1)
    number = np.isfinite(ordered).sum(axis=-1)
    middle = np.maximum(number - 1, 0)
    low = np.take_along_axis(ordered, (middle // 2)[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, ((middle + 1) // 2)[..., None], axis=-1)[..., 0]
    return np.where(number >= max(least, 1), 0.5 * (low + high), np.nan)


def _spread_cells(cells: np.ndarray, cell: Cell, shape: tuple[int, ...]) -> np.ndarray:
    """Values of cells at all voxels, linearly interpolated between the centers of cells, one axis after the other."""
    for axis, (size, length) in enumerate(zip(cell, shape, strict=True)):
        place = np.clip((np.arange(length) - (size - 1) / 2.0) / size, 0, cells.shape[axis] - 1)
        low = np.minimum(place.astype(int), max(cells.shape[axis] - 2, 0))
        high = np.minimum(low + 1, cells.shape[axis] - 1)
        part = (place - low).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
        cells = np.take(cells, low, axis=axis) * (1 - part) + np.take(cells, high, axis=axis) * part
    return cells.astype(np.float32)


def _slice_factor(size: np.ndarray, noise: np.ndarray, along: int) -> np.ndarray:
    """Noise of each slice across the body over the noise around it, at least 1; it broadcasts to the volume."""
    relative = np.moveaxis(size / np.maximum(noise, LEAST_NOISE_SUV), along, 0).reshape(size.shape[along], -1)
    factor = MAD_TO_SD * _median_of_last(relative, LEAST_SLICE_VOXELS)
    factor = np.maximum(np.where(np.isfinite(factor), factor, 1.0) / LOUDER, 1.0).astype(np.float32)
    return factor.reshape([-1 if axis == along else 1 for axis in range(3)])
