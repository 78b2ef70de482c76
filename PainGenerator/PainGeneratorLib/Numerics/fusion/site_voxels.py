"""The voxels of a site: which ones its ellipsoid meets, and which part of the ellipsoid lies in each.

Only a box about the ellipsoid is looked at, so that the cost follows from the sites and not from the size of the
volume.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.image import Geometry, Region
from ..core.sites import Site

SAMPLES = 600
"""About how many points the parts of an ellipsoid in its voxels are counted with at least; a mean over the voxels is
then exact to about 1 percent. Our choice."""
MOST_STEPS = 9
"""Upper bound of the points per voxel along one axis. It bounds the memory."""
PARTS_OF_HALF = 3.0
"""A thin ellipsoid is counted with at least this many points along half of its shortest axis. Our choice."""


@dataclass(frozen=True, eq=False)
class SiteVoxels:
    """The voxels of one grid that the ellipsoid of a site meets.

    Parameters
    ----------
    flat : ndarray of int64, shape (n,)
        Flat C-order indices of the voxels in the grid.
    weights : ndarray, shape (n,)
        Part of the ellipsoid in each voxel; their sum is 1 when the ellipsoid lies wholly in the grid.
    is_inside : ndarray of bool, shape (n,)
        Voxels that count as the site for maxima: those whose middle lies in the ellipsoid. Where there is none, as the
        site is smaller than a voxel, it is the voxel that holds most of it.
    """

    flat: np.ndarray
    weights: np.ndarray
    is_inside: np.ndarray

    @property
    def part_in_grid(self) -> float:
        """Part of the ellipsoid that lies in the grid, 0 to 1."""
        return float(self.weights.sum())

    @property
    def inside(self) -> np.ndarray:
        """Flat indices of the voxels that count as the site, shape (m,)."""
        found: np.ndarray = self.flat[self.is_inside]
        return found

    def part_with(self, is_there: np.ndarray) -> float:
        """Part of the ellipsoid in those of its voxels, shape (n,), that are true; 0 to 1."""
        return float(self.weights[is_there].sum())


def site_voxels(site: Site, geometry: Geometry) -> SiteVoxels:
    """The voxels that the ellipsoid of a site meets.

    Parameters
    ----------
    site : Site
    geometry : Geometry
        In the same frame as the site.
    """
    to_unit = (site.axes / site.half_mm[:, None]) @ geometry.ijk_to_ras[:3, :3]
    middle = geometry.to_ijk(site.center_ras)
    reach = np.linalg.norm(np.linalg.inv(to_unit), axis=1)
    low = np.floor(middle - reach + 0.5).astype(np.int64)
    high = np.ceil(middle + reach - 0.5).astype(np.int64) + 1
    high = np.maximum(high, low + 1)
    steps = _steps(site, geometry)
    counts, is_inside = _count(to_unit, middle, low, high, steps)
    total = max(float(counts.sum()), 1.0)
    met = (counts > 0) | is_inside
    if not is_inside.any():
        is_inside.reshape(-1)[int(counts.argmax())] = True
    kji = np.argwhere(met) + low[::-1]
    in_grid = np.all((kji >= 0) & (kji < np.array(geometry.shape)), axis=1)
    flat = np.ravel_multi_index(tuple(kji[in_grid].T), geometry.shape).astype(np.int64)
    return SiteVoxels(flat, counts[met][in_grid] / total, is_inside[met][in_grid])


def part_in_region(site: Site, region: Region) -> tuple[float, float]:
    """How far a region and a site overlap.

    Returns
    -------
    of_region, of_site : float
        Part of the region that lies in the ellipsoid, and part of the ellipsoid that the region fills, 0 to 1 each.
    """
    if not len(region):
        return 0.0, 0.0
    count = np.count_nonzero(site.radius(region.points_ras) <= 1.0)
    volume_ml = 4.0 / 3.0 * np.pi * float(np.prod(site.half_mm)) / 1000.0
    return count / len(region), min(1.0, count * region.geometry.voxel_volume_ml / volume_ml)


def _steps(site: Site, geometry: Geometry) -> list[int]:
    """Points per voxel along i, j and k."""
    volume_mm3 = 4.0 / 3.0 * np.pi * float(np.prod(site.half_mm))
    step_mm = min((volume_mm3 / SAMPLES) ** (1.0 / 3.0), float(site.half_mm.min()) / PARTS_OF_HALF)
    return [int(np.clip(np.ceil(s / step_mm), 1, MOST_STEPS)) for s in geometry.spacing_mm]


def _count(
    to_unit: np.ndarray, middle: np.ndarray, low: np.ndarray, high: np.ndarray, steps: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """How many of the points of each voxel lie in the ellipsoid, and whether its middle does, each (k, j, i)."""
    fine = [
        np.arange(a, b, dtype=float)[:, None] + (np.arange(n) + 0.5) / n - 0.5
        for a, b, n in zip(low, high, steps, strict=True)
    ]
    within = _in_ellipsoid(to_unit, [axis.reshape(-1) - m for axis, m in zip(fine, middle, strict=True)])
    (nk, nj, ni), (sk, sj, si) = (high - low)[::-1], steps[::-1]
    counts = within.reshape(nk, sk, nj, sj, ni, si).sum(axis=(1, 3, 5))
    middles = [np.arange(a, b, dtype=float) - m for a, b, m in zip(low, high, middle, strict=True)]
    return counts, _in_ellipsoid(to_unit, middles)


def _in_ellipsoid(to_unit: np.ndarray, ijk: list[np.ndarray]) -> np.ndarray:
    """Whether points of a lattice, given by their offsets along i, j and k, lie in the ellipsoid, shape (k, j, i)."""
    i, j, k = (offsets[:, None] * to_unit[:, axis] for axis, offsets in enumerate(ijk))
    places = k[:, None, None] + j[:, None] + i
    inside: np.ndarray = np.einsum("kjia,kjia->kji", places, places) <= 1.0
    return inside
