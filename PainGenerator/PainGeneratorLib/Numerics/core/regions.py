"""Overlap, gap and union of two regions, on the same grid or on different ones."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from .image import Geometry, Region

MAX_GAP_POINTS = 4000
"""About the largest number of voxels whose distances are computed. Of a larger region only every n-th voxel is used,
so that a gap may come out too large by n - 1 voxels."""
BETWEEN_VOXELS = 1e-3
"""Upper bound of the distance from the border of two voxels, in voxels, of a point that counts as between them. Our
estimate: coordinates of files and of resampled grids differ by less, about 0.001 mm in voxels of a millimeter."""
HALF_DIAGONAL = 0.51
"""From the center of a voxel to its corners, as a part of its diagonal, with a margin for rounding."""


def contains(region: Region, points_ras: np.ndarray) -> np.ndarray:
    """True for points (RAS mm, shape (n, 3)) that lie in a voxel of the region, shape (n,).

    A point between voxels lies in the region when more than half of the voxels that meet there belong to it; where
    exactly half do, the voxel with even indices decides, so that volumes neither grow nor shrink, and nothing is moved
    to one side. On a grid of half the voxel size every center of the larger voxels is such a point; without the rule
    the last digits of the coordinates would choose one of eight voxels.
    """
    ijk = region.geometry.to_ijk(points_ras)
    # Halves are made exact, so that rounding goes to the even index.
    halves = np.round(2.0 * ijk) / 2.0
    is_between = (np.abs(ijk - halves) < BETWEEN_VOXELS) & (halves % 1.0 != 0.0)
    nearest = np.rint(np.where(is_between, halves, ijk))
    found = _holds(region, nearest)
    shared = np.flatnonzero(is_between.any(axis=1))
    if not shared.size or not len(region):
        return found
    low = np.where(is_between[shared], np.floor(halves[shared]), nearest[shared])
    high = np.where(is_between[shared], low + 1, low)
    held = np.zeros(shared.size)
    for corner in np.ndindex(2, 2, 2):
        held += _holds(region, np.where(np.array(corner, dtype=bool), high, low))
    found[shared] = np.where(held == 4, found[shared], held > 4)
    return found


def _holds(region: Region, ijk: np.ndarray) -> np.ndarray:
    """True for whole index triples (i, j, k), shape (n, 3), that are voxels of the region, shape (n,)."""
    kji = ijk[:, ::-1].astype(np.int64)
    inside = np.all((kji >= 0) & (kji < region.geometry.shape), axis=1)
    found = np.zeros(len(kji), dtype=bool)
    if inside.any() and len(region):
        flat = np.ravel_multi_index(tuple(kji[inside].T), region.geometry.shape)
        place = np.minimum(np.searchsorted(region.flat, flat), len(region) - 1)
        found[inside] = region.flat[place] == flat
    return found


def flat_at(geometry: Geometry, place: np.ndarray) -> int | None:
    """Flat index of the voxel that holds a place, RAS mm; None outside the grid."""
    if not geometry.contains(place):
        return None
    ijk = np.clip(np.rint(geometry.to_ijk(place)).astype(int), 0, np.array(geometry.shape[::-1]) - 1)
    return int(np.ravel_multi_index(tuple(ijk[::-1]), geometry.shape))


def voxels_of(geometry: Geometry, points_ras: np.ndarray) -> np.ndarray:
    """Flat indices, ascending and each once, of the voxels that hold points (RAS mm, shape (n, 3)) of the grid."""
    points = points_ras[geometry.contains(points_ras)]
    ijk = np.clip(np.rint(geometry.to_ijk(points)).astype(np.int64), 0, np.array(geometry.shape[::-1]) - 1)
    return np.unique(np.ravel_multi_index(tuple(ijk[:, ::-1].T), geometry.shape))


def voxel_region(place: np.ndarray, *geometries: Geometry) -> Region:
    """The voxel at a place as a region, to be named: of the first grid that reaches there, else one of its own.

    Parameters
    ----------
    place : ndarray, shape (3,)
        RAS mm.
    *geometries : Geometry
        In the same frame.
    """
    for geometry in geometries:
        flat = flat_at(geometry, place)
        if flat is not None:
            return Region(geometry, np.array([flat], dtype=np.int64))
    matrix = np.eye(4)
    matrix[:3, 3] = place
    return Region(Geometry((1, 1, 1), matrix), np.zeros(1, dtype=np.int64))


def overlap_fraction(first: Region, second: Region) -> float:
    """The part (0 to 1) of the smaller of two regions in one frame that also belongs to the larger."""
    if not len(first) or not len(second):
        return 0.0
    small, large = (first, second) if first.volume_ml <= second.volume_ml else (second, first)
    if _are_apart(small, large, HALF_DIAGONAL * float(np.linalg.norm(large.geometry.spacing_mm))):
        return 0.0
    return float(contains(large, small.points_ras).mean())


def gap_mm(first: Region, second: Region, limit_mm: float = np.inf) -> float:
    """Smallest distance between the voxel centers of two regions in one frame.

    Parameters
    ----------
    first, second : Region
        Not empty.
    limit_mm : float
        Distances of this size or more are not computed, which saves time.

    Returns
    -------
    float
        In mm; infinite when it is not below `limit_mm`.
    """
    if _are_apart(first, second, limit_mm):
        return float("inf")
    a, b = (_thinned(region.points_ras) for region in (first, second))
    if len(a) > len(b):
        a, b = b, a
    reach = np.where(np.isfinite(limit_mm), limit_mm, 1e9)
    low, high = b.min(axis=0) - reach, b.max(axis=0) + reach
    a = a[np.all((a >= low) & (a <= high), axis=1)]
    if not len(a):
        return float("inf")
    distance, _ = cKDTree(b).query(a, distance_upper_bound=limit_mm)
    return float(distance.min())


def _are_apart(first: Region, second: Region, limit_mm: float) -> bool:
    """Whether the boxes of two regions are so far apart that no voxel centers are nearer than a limit."""
    (low, high), (other_low, other_high) = first.span_ras, second.span_ras
    return bool(np.any(low > other_high + limit_mm) or np.any(other_low > high + limit_mm))


def _thinned(points: np.ndarray) -> np.ndarray:
    """At most about MAX_GAP_POINTS of the points."""
    return points if len(points) <= MAX_GAP_POINTS else points[:: len(points) // MAX_GAP_POINTS + 1]


def on_grid(region: Region, geometry: Geometry) -> Region:
    """The voxels of another grid in the same frame whose centers lie in the region.

    It brings regions of PET and MR onto one grid. Only voxels near the region are looked at, whatever the size of the
    grid.
    """
    if region.geometry.is_same_grid(geometry):
        return Region(geometry, region.flat)
    if not len(region):
        return Region(geometry, np.empty(0, dtype=np.int64))
    half = 0.5 * np.array(region.geometry.spacing_mm).max()
    first, shape = region.box
    box = region.geometry.cropped(first, shape)
    corners = geometry.to_ijk(box.corners_ras)
    reach = half / np.array(geometry.spacing_mm)
    low = np.maximum(np.floor(corners.min(axis=0) - reach).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(axis=0) + reach).astype(int), np.array(geometry.shape[::-1]) - 1)
    if np.any(high < low):
        return Region(geometry, np.empty(0, dtype=np.int64))
    axes = [np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    k, j, i = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
    kji = np.stack([k.ravel(), j.ravel(), i.ravel()])
    inside = contains(region, geometry.to_ras(kji[::-1].T))
    return Region(geometry, np.ravel_multi_index(tuple(kji[:, inside]), geometry.shape))


def is_cut_off(region: Region, values: np.ndarray, outside: float = np.nan) -> bool:
    """Whether the field of view cuts a region off.

    The field of view ends at the border of the grid, and where voxels hold no value: outside of a circular field of
    view, beyond a series that covers less than its grid, and at missing slices.

    Parameters
    ----------
    region : Region
    values : ndarray, shape of the region's grid
        NaN marks voxels without a value.
    outside : float
        Another value that marks voxels outside of the field of view, such as exactly 0 on a PET. NaN for none.
    """
    if not len(region):
        return False
    first, shape = region.box
    if any(f == 0 or f + s == n for f, s, n in zip(first, shape, region.geometry.shape, strict=True)):
        return True
    inside = region.box_mask(margin=1).array
    around = values[tuple(slice(f - 1, f + s + 1) for f, s in zip(first, shape, strict=True))]
    has_no_value = ~np.isfinite(around) | (around == outside)
    return bool((_beside(inside) & has_no_value).any())


def _beside(mask: np.ndarray) -> np.ndarray:
    """The voxels across a face of those of a mask that are no part of it."""
    beside = np.zeros_like(mask)
    for axis in range(mask.ndim):
        for step in (-1, 1):
            # The margin of the mask is empty, so that nothing comes in at the other end.
            beside |= np.roll(mask, step, axis=axis)
    found: np.ndarray = beside & ~mask
    return found


def union(regions: list[Region]) -> Region:
    """All voxels that belong to at least one of several regions on one grid.

    Raises
    ------
    ValueError
        When the grids differ; :func:`on_grid` brings regions to one grid.
    """
    geometry = regions[0].geometry
    if not all(region.geometry.is_same_grid(geometry) for region in regions):
        raise ValueError("regions of different grids have no union")
    return Region(geometry, np.unique(np.concatenate([region.flat for region in regions])))
