"""Means of a PET over cells, which are blocks of voxels: cost and noise of references stay small on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..body.symmetry import SymmetryPlane
from ..core.image import Geometry

CELL_MM = 8.0
"""Edge of a cell for surroundings of unknown tissue, mm."""
MIN_CELL_BODY = 3.0
"""At least one voxel in this many of a cell must belong to the body. Our estimate."""
MIN_CELLS = 6
"""Lower bound for the number of cells of a local percentile; where there are fewer, the nearest place with enough
cells gives the value. Our estimate."""
MIDLINE_MM = 20.0
"""A piece whose middle lies nearer to the midsagittal plane than this is its own mirror image, mm. Our estimate: half
of the width of a focus of 40 ml."""
CHUNK_VALUES = 1 << 22
"""How many values are sorted at once; it bounds the memory."""


@dataclass(frozen=True, kw_only=True)
class OneSidedParameters:
    """Section "hot_spots.reference.one_sided" of a protocol; see there for units, ranges and sources."""

    ratio: float
    least_ml: float
    most_ml: float


@dataclass(frozen=True, kw_only=True)
class CompactParameters:
    """Section "hot_spots.reference.compact" of a protocol; see there for units, ranges and sources."""

    ratio: float
    radius_mm: float
    least_ml: float
    most_ml: float


@dataclass(frozen=True, eq=False)
class Field:
    """A smooth map of the reference of one tissue, on a grid of cells."""

    name: str
    values: np.ndarray
    geometry: Geometry


def one_sided(means: np.ndarray, cells: Geometry, plane: SymmetryPlane, p: OneSidedParameters) -> np.ndarray:
    """Cells that are hotter than the same place of the other side, in a piece as large as a large focus.

    A large faint focus fills its own surroundings, so that it is no hotter than they are. The other side shows what is
    normal there. What is alike on both sides, such as vertebrae and iliac bones, is not one-sided; a whole organ is
    larger.

    Parameters
    ----------
    means : ndarray, shape (k, j, i)
        Mean SUV of cells, g/ml; NaN where there is none.
    cells : Geometry
    plane : SymmetryPlane
    p : OneSidedParameters

    Returns
    -------
    ndarray of bool, shape of `means`
    """
    with np.errstate(invalid="ignore"):
        hotter = means > p.ratio * mirrored(means, cells, plane)
    pieces, count = ndimage.label(hotter)
    volume_ml = np.bincount(pieces.reshape(-1), minlength=count + 1) * cells.voxel_volume_ml
    chosen = (volume_ml >= p.least_ml) & (volume_ml <= p.most_ml)
    chosen[0] = False
    found: np.ndarray = chosen[pieces]
    return found


def compact(
    means: np.ndarray, cells: Geometry, percentile: float, p: CompactParameters, plane: SymmetryPlane | None = None
) -> np.ndarray:
    """Cells of compact pieces that are hotter than their wider surroundings.

    A large focus fills its own surroundings, so that it is no hotter than they are. Wider surroundings show what is
    normal there, also where there is no other side to compare with. What is larger than a large focus, such as the
    row of the vertebrae or an organ, is not compact and stays a reference. Where the midline is known, only pieces in
    the midline count: away from it the other side tells more (:func:`one_sided`), and normal bones are compact, too.

    Parameters
    ----------
    means : ndarray, shape (k, j, i)
        Mean SUV of cells, g/ml; NaN where there is none.
    cells : Geometry
    percentile : float
        Percentile of the wider surroundings that is taken.
    p : CompactParameters
    plane : SymmetryPlane, optional

    Returns
    -------
    ndarray of bool, shape of `means`
    """
    coarse, coarse_cells = _halved(means, cells)
    wide = Field("wide", ball_percentile([coarse], coarse_cells, p.radius_mm, percentile), coarse_cells)
    hotter = np.zeros(means.shape, dtype=bool)
    flat = np.flatnonzero(np.isfinite(means))
    around = interpolate(wide, cells.flat_to_ras(flat))
    hotter.reshape(-1)[flat] = means.reshape(-1)[flat] > p.ratio * around
    pieces, count = ndimage.label(hotter)
    volume_ml = np.bincount(pieces.reshape(-1), minlength=count + 1) * cells.voxel_volume_ml
    chosen = (volume_ml >= p.least_ml) & (volume_ml <= p.most_ml)
    chosen[0] = False
    if plane is not None:
        for number in np.flatnonzero(chosen):
            middle = cells.flat_to_ras(np.flatnonzero(pieces == number)).mean(axis=0)
            chosen[number] = abs(float(plane.signed_distance_mm(middle))) <= MIDLINE_MM
    # The rim of a focus is blurred: its cells are too cold for the piece and too hot for a reference.
    found: np.ndarray = ndimage.binary_dilation(chosen[pieces])
    return found


def _halved(means: np.ndarray, cells: Geometry) -> tuple[np.ndarray, Geometry]:
    """Means over two cells along each axis, without cells that have no value, and their grid."""
    padded = np.pad(means, [(0, n % 2) for n in means.shape], constant_values=np.nan)
    k, j, i = (n // 2 for n in padded.shape)
    blocks = padded.reshape(k, 2, j, 2, i, 2)
    count = np.isfinite(blocks).sum(axis=(1, 3, 5))
    total = np.nansum(blocks, axis=(1, 3, 5), dtype=np.float64)
    with np.errstate(invalid="ignore"):
        halved = np.where(count > 0, total / count, np.nan).astype(np.float32)
    matrix = cells.ijk_to_ras.copy()
    matrix[:3, :3] *= 2.0
    matrix[:3, 3] = cells.to_ras(np.full(3, 0.5))
    return halved, Geometry((k, j, i), matrix)


def cell_grid(geometry: Geometry, cell_mm: float) -> tuple[Geometry, tuple[int, int, int]]:
    """The grid of cells of about an edge that covers a grid, and how many voxels a cell has along (k, j, i)."""
    k, j, i = (max(1, round(cell_mm / s)) for s in geometry.spacing_kji_mm)
    factors = (k, j, i)
    shape = (-(-geometry.shape[0] // k), -(-geometry.shape[1] // j), -(-geometry.shape[2] // i))
    matrix = geometry.ijk_to_ras.copy()
    scale = np.array(factors[::-1], dtype=float)
    matrix[:3, :3] *= scale
    matrix[:3, 3] = geometry.to_ras((scale - 1.0) / 2.0)
    return Geometry(shape, matrix), factors


def cells_of(flat: np.ndarray, geometry: Geometry, cell_mm: float) -> tuple[Geometry, np.ndarray]:
    """The grid of cells, and the flat index of the cell of each voxel."""
    cells, factors = cell_grid(geometry, cell_mm)
    kji = np.unravel_index(flat, geometry.shape)
    return cells, np.ravel_multi_index(tuple(a // f for a, f in zip(kji, factors, strict=True)), cells.shape)


def body_cells(
    smooth: np.ndarray, geometry: Geometry, body_suv: float, excluded: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, Geometry]:
    """Mean SUV of cells (NaN where too little of a cell is body), body volume of cells (ml), and their grid."""
    cells, factors = cell_grid(geometry, CELL_MM)
    count, total = np.zeros((2, cells.shape[0], *geometry.shape[1:]), dtype=np.float32)
    for k in range(geometry.shape[0]):
        body = smooth[k] > body_suv
        if excluded is not None:
            body &= ~excluded[k]
        count[k // factors[0]] += body
        np.add(total[k // factors[0]], smooth[k], out=total[k // factors[0]], where=body)
    for axis in (1, 2):
        starts = np.arange(0, geometry.shape[axis], factors[axis])
        count, total = (np.add.reduceat(sums, starts, axis=axis) for sums in (count, total))
    enough = count >= np.prod(factors) / MIN_CELL_BODY
    means = np.where(enough, total / np.maximum(count, 1.0), np.nan).astype(np.float32)
    return means, count * geometry.voxel_volume_ml, cells


def mirrored(values: np.ndarray, cells: Geometry, plane: SymmetryPlane) -> np.ndarray:
    """For each cell the value of the cell at its mirrored place; NaN where that is out of view."""
    places = plane.mirror(cells.flat_to_ras(np.arange(values.size)))
    kji = np.rint(cells.to_ijk(places)[:, ::-1]).astype(int)
    inside = ((kji >= 0) & (kji < values.shape)).all(axis=1)
    mirrored = np.full(values.size, np.nan, dtype=values.dtype)
    mirrored[inside] = values[tuple(kji[inside].T)]
    return mirrored.reshape(values.shape)


def ball_percentile(
    fields: list[np.ndarray],
    cells: Geometry,
    radius_mm: float,
    percentile: float,
    elsewhere: np.ndarray | None = None,
    where: np.ndarray | None = None,
) -> np.ndarray:
    """Percentile of all fields' cells within a radius of each cell.

    Cells with fewer than MIN_CELLS neighbors take the value `elsewhere`, or without it the nearest cell's. `where` are
    the cells that get a value, by default those that have one themselves.
    """
    shape = fields[0].shape
    valid = np.logical_or.reduce([np.isfinite(values) for values in fields]) if where is None else where
    result = np.full(shape, np.nan, dtype=np.float32) if elsewhere is None else elsewhere.copy()
    if not valid.any():
        return np.zeros(shape, dtype=np.float32) if elsewhere is None else result
    picked = _local_percentiles(fields, cells, valid, radius_mm, percentile)
    if elsewhere is not None:
        result[valid] = np.where(np.isfinite(picked), picked, result[valid])
        return result
    result[valid] = picked
    is_known = np.isfinite(result)
    if not is_known.any():
        return np.full(shape, np.nanpercentile(fields[0], percentile), dtype=np.float32)
    nearest = ndimage.distance_transform_edt(
        ~is_known, sampling=cells.spacing_kji_mm, return_distances=False, return_indices=True
    )
    filled: np.ndarray = result[tuple(nearest)]
    return filled


def _local_percentiles(
    fields: list[np.ndarray], cells: Geometry, valid: np.ndarray, radius_mm: float, percentile: float
) -> np.ndarray:
    """The percentile around each valid cell, in their order; NaN where fewer than MIN_CELLS neighbors have a value."""
    shape = valid.shape
    reach = [int(radius_mm // s) for s in cells.spacing_kji_mm]
    offsets = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    offsets = offsets[np.linalg.norm(offsets * cells.spacing_kji_mm, axis=1) <= radius_mm]
    padded = [np.pad(values, [(r, r) for r in reach], constant_values=np.nan).reshape(-1) for values in fields]
    strides = np.array([(shape[1] + 2 * reach[1]) * (shape[2] + 2 * reach[2]), shape[2] + 2 * reach[2], 1])
    flat = (np.argwhere(valid) + np.array(reach)) @ strides
    picked = np.empty(len(flat), dtype=np.float32)
    step = max(1, CHUNK_VALUES // (len(offsets) * len(fields)))
    for first in range(0, len(flat), step):
        near = flat[first : first + step, None] + offsets @ strides
        around = np.concatenate([values[near] for values in padded], axis=1)
        around.sort(axis=1)
        count = np.isfinite(around).sum(axis=1)
        place = (count - 1) * (percentile / 100.0)
        low = np.clip(np.floor(place).astype(int), 0, None)
        high = np.minimum(low + 1, np.maximum(count - 1, 0))
        rows = np.arange(len(around))
        value = around[rows, low] + (around[rows, high] - around[rows, low]) * (place - low)
        picked[first : first + step] = np.where(count >= MIN_CELLS, value, np.nan)
    return picked


def interpolate(field: Field, points_ras: np.ndarray) -> np.ndarray:
    """The reference at positions (RAS mm, shape (n, 3)), linear between the middles of cells, g/ml, shape (n,)."""
    ijk = field.geometry.to_ijk(points_ras)
    values: np.ndarray = ndimage.map_coordinates(
        field.values, ijk[:, ::-1].T, order=1, mode="nearest", output=np.float32
    )
    return values
