"""SUVpeak: the largest mean over a sphere of 1 ml whose centre lies in the focus.

Definition after Wahl et al., J Nucl Med 2009 (PERCIST) and Lodge et al., J Nucl Med 2012: radius 6.2035 mm.
Voxels count by the exact part of them that lies in the sphere.
The grid's axes are orthogonal, so its direction does not matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..core.image import Image, Region

SPHERE_VOLUME_ML = 1.0
SPHERE_RADIUS_MM = (3.0 * 1000.0 * SPHERE_VOLUME_ML / (4.0 * math.pi)) ** (1.0 / 3.0)
"""6.2035 mm."""
FULL_WEIGHT = 0.999
"""A sphere with less than this part of it in view is flagged."""
_SAMPLES = 48
"""Lines per voxel along two axes; the third axis is integrated exactly. Relative error of a weight below 1e-3."""
_CHUNK = 1 << 21
"""Products of voxels and kernel weights handled at once, to bound memory."""


@dataclass(frozen=True, eq=False)
class PeakResult:
    """SUVpeak and where it is.

    Parameters
    ----------
    value : float or None
        Mean SUV of the best sphere, g/ml; None when no voxel of it has a value (or none fits, interior only).
    position_ras : ndarray, shape (3,)
        Centre of the sphere, RAS mm; of the region when there is no value.
    at_edge : bool
        The sphere reaches beyond the field of view: the mean is over the part that is there.
    """

    value: float | None
    position_ras: np.ndarray
    at_edge: bool


@lru_cache(maxsize=32)
def sphere_kernel(
    spacing_kji_mm: tuple[float, float, float], radius_mm: float = SPHERE_RADIUS_MM
) -> tuple[np.ndarray, np.ndarray]:
    """The voxels that a sphere at a voxel's centre meets, and the part of the sphere in each.

    Parameters
    ----------
    spacing_kji_mm : tuple of float
        Voxel spacing along (k, j, i), mm.
    radius_mm : float

    Returns
    -------
    offsets_kji : ndarray of int, shape (n, 3)
        Index offsets from the centre voxel.
    weights : ndarray of float64, shape (n,)
        Sum 1.
    """
    reach = [math.ceil((radius_mm - 0.5 * s) / s - 1e-9) if radius_mm > 0.5 * s else 0 for s in spacing_kji_mm]
    # Integrate the chord along k exactly; sample the two other axes by midpoints.
    j, i = (
        (np.arange(-r, r + 1)[:, None] + (np.arange(_SAMPLES) + 0.5) / _SAMPLES - 0.5) * s
        for r, s in zip(reach[1:], spacing_kji_mm[1:], strict=True)
    )
    half_chord = np.sqrt(np.maximum(radius_mm**2 - j[:, :, None, None] ** 2 - i[None, None] ** 2, 0.0))
    low = (np.arange(-reach[0], reach[0] + 1) - 0.5) * spacing_kji_mm[0]
    weights = np.array(
        [
            np.maximum(np.minimum(half_chord, k + spacing_kji_mm[0]) - np.maximum(-half_chord, k), 0.0).mean(
                axis=(1, 3)
            )
            for k in low
        ]
    )
    kji = np.argwhere(weights > 0)
    values = weights[tuple(kji.T)]
    offsets = kji - np.array(reach)
    for array in (offsets, values):
        array.setflags(write=False)
    return offsets, values / values.sum()


def sphere_means(suv: Image, flat: np.ndarray, radius_mm: float = SPHERE_RADIUS_MM) -> tuple[np.ndarray, np.ndarray]:
    """Mean SUV of the sphere around each of some voxels, over the part of it that has values.

    Parameters
    ----------
    suv : Image
        NaN marks voxels without a value.
    flat : ndarray of int, shape (n,)
        Flat C-order indices of the centres.

    Returns
    -------
    means : ndarray of float64, shape (n,)
        NaN where no voxel of the sphere has a value.
    in_view : ndarray of float64, shape (n,)
        Part of the sphere that has values, 0 to 1.
    """
    offsets, weights = sphere_kernel(suv.geometry.spacing_kji_mm, radius_mm)
    flat = np.asarray(flat, dtype=np.int64)
    means = np.full(flat.size, np.nan)
    in_view = np.zeros(flat.size)
    step = max(1, _CHUNK // len(weights))
    for first in range(0, flat.size, step):
        part = slice(first, first + step)
        total, weight = _weighted_sums(suv.array, flat[part], offsets, weights)
        in_view[part] = weight
        np.divide(total, weight, out=means[part], where=weight > 0)
    return means, in_view


class SphereMeans:
    """The means of :func:`sphere_means` about the voxels of one image, each taken once: outlines of one focus by other
    thresholds hold mostly the same voxels.
    """

    def __init__(self, suv: Image) -> None:
        self._suv = suv
        # Zeros are given page by page, where they are touched; zero in both stands for "not taken yet".
        self._means = np.zeros(suv.geometry.size)
        self._in_view = np.zeros(suv.geometry.size)

    def __call__(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and parts in view of some voxels, by flat index; each of shape (n,)."""
        new = flat[(self._in_view[flat] == 0) & (self._means[flat] == 0)]
        if new.size:
            self._means[new], self._in_view[new] = sphere_means(self._suv, new)
        return self._means[flat], self._in_view[flat]


def suv_peak(
    suv: Image, region: Region | np.ndarray, *, interior_only: bool = False, spheres: SphereMeans | None = None
) -> PeakResult:
    """SUVpeak of a focus.

    Parameters
    ----------
    suv : Image
        SUV, g/ml; NaN marks voxels without a value.
    region : Region or ndarray of int
        Voxels of the focus on the grid of `suv`: a region, or flat C-order indices. The sphere's centre
        is one of them.
    interior_only : bool
        Only spheres that lie wholly in the region count (as in PET-IndiC); small foci then have no peak.
    spheres : SphereMeans, optional
        Of the same image, to take the means from.

    Raises
    ------
    ValueError
        When the region is empty or of another grid.
    """
    if isinstance(region, Region):
        if not region.geometry.is_same_grid(suv.geometry):
            raise ValueError("the region is not on the grid of the SUV image")
        flat = region.flat
    else:
        flat = np.asarray(region, dtype=np.int64)
    if not flat.size:
        raise ValueError("an empty region has no SUVpeak")
    means, in_view = sphere_means(suv, flat) if spheres is None else spheres(flat)
    if interior_only:
        means[~_spheres_inside(suv, flat)] = np.nan
    if not np.isfinite(means).any():
        return PeakResult(None, suv.geometry.flat_to_ras(flat).mean(axis=0), True)
    best = int(np.nanargmax(means))
    return PeakResult(
        float(means[best]), suv.geometry.flat_to_ras(flat[best : best + 1])[0], bool(in_view[best] < FULL_WEIGHT)
    )


def _weighted_sums(
    array: np.ndarray, flat: np.ndarray, offsets: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    kji = np.unravel_index(flat, array.shape)
    reach = offsets.max(axis=0).tolist()
    neighbours = flat[:, None] + offsets @ np.array([array.shape[1] * array.shape[2], array.shape[2], 1])
    valid = np.ones(1, dtype=bool)
    if any(a.min() < r or a.max() >= n - r for a, r, n in zip(kji, reach, array.shape, strict=True)):
        places = np.stack(kji)[:, :, None] + offsets.T[:, None, :]
        valid = np.all((places >= 0) & (places < np.array(array.shape)[:, None, None]), axis=0)
        neighbours = np.where(valid, neighbours, 0)
    values = array.reshape(-1).take(neighbours)
    total = values @ weights
    if valid.all() and np.isfinite(total).all():
        return total, np.ones(flat.size)
    valid = valid & np.isfinite(values)
    return np.where(valid, values, 0.0) @ weights, valid @ weights


def _spheres_inside(suv: Image, flat: np.ndarray) -> np.ndarray:
    """True for centres whose sphere touches only voxels of the set itself."""
    offsets, _ = sphere_kernel(suv.geometry.spacing_kji_mm)
    shape = np.array(suv.geometry.shape)
    places = np.stack(np.unravel_index(flat, suv.geometry.shape))[:, :, None] + offsets.T[:, None, :]
    valid = np.all((places >= 0) & (places < shape[:, None, None]), axis=0)
    neighbours = np.ravel_multi_index(tuple(places), suv.geometry.shape, mode="clip")
    return np.all(valid & np.isin(neighbours, flat), axis=1)
