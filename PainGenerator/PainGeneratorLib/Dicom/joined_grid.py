"""Put several blocks of one series on one grid: the grid that holds them all, and its values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ..Numerics.core.image import Geometry, Image

SAME_TILT_DEG = 3.0
"""Upper bound of the angle between blocks that count as parallel, degrees. Our estimate: over the 50 mm of a disc they
part by less than the thickness of a slice."""
FINEST_MM = 0.7
"""Lower bound of the pixel spacing of the joined grid, mm. Our estimate: PET shows nothing finer, and a finer grid
over all blocks would fill the memory."""
MOST_VOXELS = 30_000_000
"""Upper bound of the number of voxels of the joined grid; above it its pixels are made larger. Our estimate: 120
MB."""


def angle_deg(a: Geometry, b: Geometry) -> float:
    """Angle between the normals of the slices of two grids, degrees, 0 to 90."""
    one, other = (np.cross(g.ijk_to_ras[:3, 0], g.ijk_to_ras[:3, 1]) for g in (a, b))
    cosine = abs(float(one @ other)) / float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.degrees(np.arccos(min(cosine, 1.0))))


def joined_grid(grids: Sequence[Geometry]) -> Geometry:
    """The smallest grid that holds all blocks, with the directions of the block in the middle.

    Parameters
    ----------
    grids : sequence of Geometry
        RAS, mm; one for each block, in one frame of reference.

    Returns
    -------
    Geometry
        Its pixels are those of the block in the middle, but at least FINEST_MM. Its slices are as far apart as the
        closest ones of a block, and half of that where the blocks are tilted against one another: a tilted block
        would lose detail between the slices of the grid.
    """
    along = np.mean([grid.center_ras for grid in grids], axis=0)
    middle = min(grids, key=lambda grid: float(np.linalg.norm(grid.center_ras - along)))
    axes = middle.ijk_to_ras[:3, :3] / np.array(middle.spacing_mm)
    corners = np.concatenate([_outer_corners(grid) for grid in grids]) @ axes
    low, high = corners.min(axis=0), corners.max(axis=0)
    pixel = np.maximum(FINEST_MM, middle.spacing_mm[:2])
    step = min(grid.spacing_mm[2] for grid in grids)
    if any(angle_deg(grid, middle) > SAME_TILT_DEG for grid in grids):
        step *= 0.5
    extent = high - low
    needed = float(np.prod(extent / (*pixel, step)))
    pixel = pixel * max(1.0, (needed / MOST_VOXELS) ** 0.5)
    spacing = np.array([*pixel, step])
    size = np.maximum(1, np.ceil(extent / spacing - 1e-3)).astype(int)
    # Slices that the block in the middle has stay where they are.
    first = middle.ijk_to_ras[:3, 3] @ axes
    start = first - np.round((first - (low + 0.5 * spacing)) / spacing) * spacing
    matrix = np.eye(4)
    matrix[:3, :3] = axes * spacing
    matrix[:3, 3] = axes @ start
    return Geometry((int(size[2]), int(size[1]), int(size[0])), matrix)


def _outer_corners(grid: Geometry) -> np.ndarray:
    """The eight outer corners of the voxels of a grid, RAS mm, shape (8, 3)."""
    k, j, i = ((-0.5, n - 0.5) for n in grid.shape)
    return grid.to_ras(np.stack(np.meshgrid(i, j, k, indexing="ij"), axis=-1).reshape(-1, 3))


def joined_values(blocks: Sequence[Image], grid: Geometry) -> np.ndarray:
    """The values of all blocks on one grid.

    Parameters
    ----------
    blocks : sequence of Image
    grid : Geometry

    Returns
    -------
    ndarray, shape ``grid.shape``
        float32, linear between the slices of a block; NaN where no block lies. Where blocks overlap, a block counts
        the more the farther the voxel is from its end.
    """
    total = np.zeros(grid.shape, dtype=np.float32)
    weight = np.zeros(grid.shape, dtype=np.float32)
    for block in blocks:
        to_block = block.geometry.ras_to_ijk @ grid.ijk_to_ras
        for k in range(grid.shape[0]):
            _add_slice(block, to_block, k, total[k], weight[k])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 0, total / weight, np.float32(np.nan))


def _add_slice(block: Image, to_block: np.ndarray, k: int, total: np.ndarray, weight: np.ndarray) -> None:
    """Add what a block shows in one slice of the grid, in place."""
    rows, columns = total.shape
    i, j = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    matrix = to_block.astype(np.float32)
    place = [matrix[n, 0] * i + matrix[n, 1] * j + (matrix[n, 2] * k + matrix[n, 3]) for n in (2, 1, 0)]
    # A voxel reaches half a voxel beyond its center, and a hair more for rounding.
    reach = 0.5 + 1e-3
    inside = np.ones(total.shape, dtype=bool)
    for values, count in zip(place, block.geometry.shape, strict=True):
        inside &= (values >= -reach) & (values <= count - 1 + reach)
    if not inside.any():
        return
    points = [np.clip(values[inside], 0, count - 1) for values, count in zip(place, block.geometry.shape, strict=True)]
    found = ndimage.map_coordinates(block.array, points, order=1, output=np.float32)
    depth = place[0][inside]
    from_end = 1.0 + np.minimum(depth, block.geometry.shape[0] - 1 - depth)
    total[inside] += from_end * found
    weight[inside] += from_end
