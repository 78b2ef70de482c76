"""One grid for regions that were found on different grids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..Numerics.core.image import Geometry, Image, Region, resample

MAX_SPACING_MM = 2.5
"""Longest voxel edge of a common grid, mm (upper bound); grids with longer edges are subdivided. Our estimate: a focus
of 0.1 ml, the smallest that is shown, then has at least six voxels."""

MOST_PARTS = 4
"""Upper bound of the parts into which an edge of a voxel is cut, to see how much of it is covered. Our estimate."""

LEAST_COVERED = 1e-6
"""Lower bound of the part of a voxel that is covered by a region; less is rounding."""


def common_grid(geometries: Sequence[Geometry], regions: Sequence[Region] = ()) -> Geometry:
    """The grid on which regions of several grids are shown and exported together.

    It is the grid whose longest voxel edge is shortest, subdivided by whole numbers to MAX_SPACING_MM and widened by
    whole voxels until it holds all regions. A single grid is taken as it is.

    Parameters
    ----------
    geometries : sequence of Geometry
        Candidate grids, in one frame, at least one.
    regions : sequence of Region
        What must fit.

    Returns
    -------
    Geometry
    """
    distinct: list[Geometry] = []
    for geometry in [*geometries, *(region.geometry for region in regions)]:
        if not any(geometry.is_same_grid(other) for other in distinct):
            distinct.append(geometry)
    if not distinct:
        raise ValueError("at least one grid is needed")
    if len(distinct) == 1:
        return distinct[0]
    base = min(distinct, key=lambda geometry: max(geometry.spacing_mm))
    return _widened(_subdivided(base), [region for region in regions if len(region)])


def _subdivided(geometry: Geometry) -> Geometry:
    factors = np.array([max(1, int(np.ceil(edge / MAX_SPACING_MM - 1e-6))) for edge in geometry.spacing_mm])
    matrix = geometry.ijk_to_ras.copy()
    matrix[:3, :3] /= factors
    # The first small voxel begins where the first large one begins.
    matrix[:3, 3] = geometry.to_ras(0.5 / factors - 0.5)
    slices, rows, columns = (int(n * f) for n, f in zip(geometry.shape, factors[::-1], strict=True))
    return Geometry((slices, rows, columns), matrix)


def _widened(geometry: Geometry, regions: Sequence[Region]) -> Geometry:
    low, high = np.zeros(3), np.array(geometry.shape[::-1], dtype=float) - 1
    for region in regions:
        first, shape = region.box
        corners = geometry.to_ijk(region.geometry.cropped(first, shape).corners_ras)
        low, high = np.minimum(low, corners.min(axis=0)), np.maximum(high, corners.max(axis=0))
    low, high = np.floor(low + 1e-6).astype(int), np.ceil(high - 1e-6).astype(int)
    return geometry.cropped(tuple(low[::-1]), tuple((high - low + 1)[::-1]))


def _is_nested(fine: Geometry, coarse: Geometry) -> bool:
    """True when every voxel of `coarse` is made of whole voxels of `fine`."""
    between = coarse.ras_to_ijk @ fine.ijk_to_ras
    factors = 1.0 / np.maximum(np.diag(between)[:3], 1e-9)
    whole = np.rint(factors)
    if np.abs(factors - whole).max() > 1e-4 or np.abs(between[:3, :3] - np.diag(1.0 / whole)).max() > 1e-6:
        return False
    steps = between[:3, 3] * whole + (whole - 1) / 2
    return bool(np.abs(steps - np.rint(steps)).max() < 1e-3)


def _most_covered(region: Region, box: Image, target: Geometry, is_whole: bool) -> np.ndarray:
    """The voxels of a grid that a region covers most, as a mask.

    Parameters
    ----------
    region : Region
    box : Image
        Its mask with a margin.
    target : Geometry
        The part of the grid where the region lies.
    is_whole : bool
        No part of the region lies outside of the grid.
    """
    fine, factors = _as_fine_as(target, box.geometry)
    part = resample(box, fine, order=1, outside=0.0)
    shape = [n for size, factor in zip(target.shape, factors, strict=True) for n in (size, factor)]
    covered = part.reshape(shape).mean(axis=(1, 3, 5), dtype=np.float64)
    volume_ml = region.volume_ml if is_whole else float(covered.sum()) * target.voxel_volume_ml
    count = min(int(np.rint(volume_ml / target.voxel_volume_ml)), int(np.count_nonzero(covered > LEAST_COVERED)))
    # Rounded, so that coordinates that differ by 0.001 mm, as those of files do, do not decide between voxels that are
    # covered alike.
    order = np.argsort(-np.round(covered.reshape(-1), 3), kind="stable")
    found = np.zeros(covered.size, dtype=bool)
    found[order[: max(count, 1 if is_whole else 0)]] = True
    return found.reshape(target.shape)


def _as_fine_as(target: Geometry, source: Geometry) -> tuple[Geometry, tuple[int, int, int]]:
    """A grid subdivided until its voxels are no larger than those of another, and the numbers of parts (k, j, i).

    Otherwise what lies between the centers of the voxels would not be seen.
    """
    finest = min(source.spacing_mm)
    factors = np.array([min(MOST_PARTS, max(1, int(np.ceil(edge / finest - 0.25)))) for edge in target.spacing_mm])
    matrix = target.ijk_to_ras.copy()
    matrix[:3, :3] /= factors
    matrix[:3, 3] = target.to_ras(0.5 / factors - 0.5)
    k, j, i = (int(n) for n in factors[::-1])
    slices, rows, columns = target.shape
    return Geometry((slices * k, rows * j, columns * i), matrix), (k, j, i)


def region_on_grid(region: Region, grid: Geometry) -> Region:
    """The voxels of a grid that a region covers most, so many that the volume stays the same.

    The volume of an outline in a file is that of the table, to half a voxel: a fixed part of a voxel that has to be
    covered would take a quarter away from small and from long thin outlines. Where whole voxels of the grid fill each
    voxel of the region, those are taken. Only the region's own box is looked at, so that the time depends on the size
    of the region. A region that is smaller than one voxel keeps one, so that no finding is lost.

    Parameters
    ----------
    region : Region
    grid : Geometry
        In the same frame.

    Returns
    -------
    Region
        On `grid`; empty only when the region lies outside of it.
    """
    if region.geometry.is_same_grid(grid):
        return Region(grid, region.flat)
    if not len(region):
        return Region(grid, np.empty(0, dtype=np.int64))
    box = region.box_mask(margin=1)
    corners = grid.to_ijk(box.geometry.corners_ras)
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int), np.array(grid.shape[::-1]) - 1)
    if np.any(high < low):
        return Region(grid, np.empty(0, dtype=np.int64))
    target = grid.cropped(tuple(low[::-1]), tuple((high - low + 1)[::-1]))
    if _is_nested(grid, region.geometry):
        found = resample(box, target, order=0, outside=0).astype(bool)
    else:
        found = _most_covered(region, box, target, is_whole=bool(grid.contains(box.geometry.corners_ras).all()))
    if found.any():
        kji = np.nonzero(found)
        kji = tuple(axis + first for axis, first in zip(kji, low[::-1], strict=True))
    else:
        ijk = np.rint(grid.to_ijk(region.points_ras)).astype(np.int64)
        inside = np.all((ijk >= 0) & (ijk < grid.shape[::-1]), axis=1)
        kji = tuple(ijk[inside, ::-1].T)
    return Region(grid, np.unique(np.ravel_multi_index(kji, grid.shape)))
