"""Split a sparse set of voxels into foci, one for each maximum that stands out: a watershed with prominence.

Each voxel points to its highest neighbor, and chains of pointers end in maxima; all voxels whose chains end in the
same maximum form a basin. Basins that meet at too high a saddle, or whose maxima are too near to each other, are
joined, from the highest saddle down. The cost follows the number of voxels in the set, not the size of the volume.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from ..core.image import Geometry

SADDLE_OF_MASS = 0.5
"""Lower bound for the saddle between two parts of one mass, as a part of the lower maximum, 0 to 1. Our estimate:
parts that are joined at half of their height are one mass."""
ALIKE_IN_MASS = 0.33
"""Lower bound for the maximum of a part of a mass, as a part of the highest maximum, 0 to 1. Our estimate: a bladder
and what lies beside it differ by more."""


def split_by_prominence(
    values: np.ndarray,
    flat: np.ndarray,
    geometry: Geometry,
    *,
    prominence: float,
    prominence_part: float,
    prominence_contrast: float,
    separation_mm: float,
    reference: np.ndarray,
    mass_suv: float = np.inf,
) -> tuple[np.ndarray, np.ndarray]:
    """Basins of the maxima that stand out.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Height of each voxel (smoothed SUV).
    flat : ndarray of int64, shape (n,)
        Sorted flat C-order indices of the voxels.
    geometry : Geometry
        The grid that the voxels lie on.
    prominence : float
        Lower bound for the height of a maximum above the saddle to a higher maximum, g/ml.
    prominence_part : float
        Lower bound for the same height, as a part of the maximum.
    prominence_contrast : float
        Lower bound for the same height, as a part of the maximum's height above its reference. The largest of the
        three bounds holds; this one keeps a hot, uneven mass in one piece.
    separation_mm : float
        A maximum that is nearer than this to a higher one belongs to it.
    reference : ndarray, shape (n,)
        Reference of each voxel, g/ml.
    mass_suv : float
        Maxima of similar height are parts of one mass where the saddle between them is at least this high, g/ml.

    Returns
    -------
    basin : ndarray of int, shape (n,)
        Number of the basin of each voxel, 0 to m - 1.
    peaks : ndarray of int, shape (m,)
        Position (in `flat`) of each basin's maximum.
    """
    if not len(flat):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    rank = np.empty(len(flat), dtype=np.int64)
    rank[np.argsort(values, kind="stable")] = np.arange(len(flat))
    pairs = list(_neighbor_pairs(flat, geometry))
    uphill = np.arange(len(flat))
    for a, b in pairs:
        _point_higher(uphill, rank, a, b)
        _point_higher(uphill, rank, b, a)
    while True:
        further = uphill[uphill]
        if np.array_equal(further, uphill):
            break
        uphill = further
    peaks, basin = np.unique(uphill, return_inverse=True)
    first, second, saddle = _saddles(pairs, basin, values, len(peaks))
    heights = values[peaks]
    needed = np.maximum(prominence, prominence_part * heights)
    needed = np.maximum(needed, prominence_contrast * (heights - reference[peaks]))
    root = _merge(heights, needed, geometry.flat_to_ras(flat[peaks]), (first, second, saddle), separation_mm, mass_suv)
    kept, number = np.unique(root, return_inverse=True)
    return number[basin], peaks[kept]


def connected_parts(flat: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Number of the connected part (26 neighbors) that each voxel of a sorted set belongs to, shape (n,)."""
    pairs = [np.concatenate(ends) for ends in zip(*_neighbor_pairs(flat, geometry), strict=True)]
    links = sparse.coo_array((np.ones(pairs[0].size, dtype=bool), tuple(pairs)), (flat.size, flat.size))
    part: np.ndarray = sparse.csgraph.connected_components(links, directed=False)[1]
    return part


def _neighbor_pairs(flat: np.ndarray, geometry: Geometry) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Positions (a, b) of 26-neighbors within the set, each pair once."""
    shape = tuple(n + 2 for n in geometry.shape)
    kji = np.unravel_index(flat, geometry.shape)
    padded = np.ravel_multi_index(tuple(axis + 1 for axis in kji), shape)
    # The system fills pages with zeros only where they are touched, so the cost follows the set, not the volume.
    lookup = np.zeros(int(np.prod(shape)), dtype=np.int32)
    lookup[padded] = np.arange(1, len(flat) + 1, dtype=np.int32)
    steps = (shape[1] * shape[2], shape[2], 1)
    for dk in (0, 1):
        for dj in (-1, 0, 1):
            for di in (-1, 0, 1):
                step = dk * steps[0] + dj * steps[1] + di * steps[2]
                if step > 0:
                    other = lookup[padded + step]
                    here = np.flatnonzero(other)
                    yield here, other[here].astype(np.int64) - 1


def _point_higher(uphill: np.ndarray, rank: np.ndarray, here: np.ndarray, other: np.ndarray) -> None:
    """Let each voxel of `here` point to its neighbor in `other` where that is its highest neighbor so far."""
    higher = rank[other] > rank[uphill[here]]
    uphill[here[higher]] = other[higher]


def _saddles(
    pairs: list[tuple[np.ndarray, np.ndarray]], basin: np.ndarray, values: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The highest saddle between each two basins that touch: numbers of both basins (a < b), and its height."""
    keys, heights = [], []
    for a, b in pairs:
        across = basin[a] != basin[b]
        a, b = a[across], b[across]
        low, high = np.minimum(basin[a], basin[b]), np.maximum(basin[a], basin[b])
        keys.append(low * count + high)
        heights.append(np.minimum(values[a], values[b]))
    key, height = np.concatenate(keys), np.concatenate(heights)
    order = np.lexsort((-height, key))
    key, height = key[order], height[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    return key[first] // count, key[first] % count, height[first]


def _merge(
    heights: np.ndarray,
    needed: np.ndarray,
    points: np.ndarray,
    edges: tuple[np.ndarray, np.ndarray, np.ndarray],
    separation_mm: float,
    mass_suv: float,
) -> np.ndarray:
    """The basin that each basin finally belongs to, from heights, needed prominences and saddles between basins."""
    first, second, saddle = edges
    parent = list(range(len(heights)))

    def find(x: int) -> int:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    height = heights.tolist()
    for edge in np.argsort(-saddle, kind="stable").tolist():
        a, b = find(int(first[edge])), find(int(second[edge]))
        if a == b:
            continue
        if height[a] < height[b]:
            a, b = b, a
        stands_out = height[b] - saddle[edge] >= needed[b]
        one_mass = saddle[edge] >= max(mass_suv, SADDLE_OF_MASS * height[b]) and height[b] >= ALIKE_IN_MASS * height[a]
        if stands_out and not one_mass and np.linalg.norm(points[a] - points[b]) >= separation_mm:
            continue
        parent[b] = a
    return np.array([find(x) for x in range(len(heights))], dtype=np.int64)
