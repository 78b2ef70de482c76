"""SUVpeak: the largest mean over a sphere of 1 ml whose center lies in the focus.

The definition follows Wahl et al., J Nucl Med 2009 (PERCIST) and Lodge et al., J Nucl Med 2012: radius 6.2035 mm.
A voxel counts by the exact part of it that lies in the sphere. The axes of a grid are orthogonal, so that its
orientation in space makes no difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..core.image import Image, Region

SPHERE_VOLUME_ML = 1.0
"""Volume of the sphere of SUVpeak, ml (Wahl et al., J Nucl Med 2009)."""
SPHERE_RADIUS_MM = (3.0 * 1000.0 * SPHERE_VOLUME_ML / (4.0 * math.pi)) ** (1.0 / 3.0)
"""Its radius, 6.2035 mm."""
FULL_WEIGHT = 0.999
"""Lower bound of the part of a sphere that lies in view, for the sphere to count as complete. It is just below 1, for
rounding errors only."""
_SAMPLES = 48
"""Lines per voxel along two axes; the third axis is integrated exactly. The relative error of a weight is then below
1e-3."""
_CHUNK = 1 << 21
"""Upper bound of the products of voxels and kernel weights that are computed at once. It limits the memory."""


@dataclass(frozen=True, eq=False)
class PeakResult:
    """SUVpeak and where it is.

    Parameters
    ----------
    value : float or None
        Mean SUV of the best sphere, g/ml. None when no sphere holds a voxel with a value, and when no sphere fits into
        the region although that was required.
    position_ras : ndarray, shape (3,)
        Center of the sphere, RAS mm; center of the region when there is no value.
    at_edge : bool
        The sphere reaches beyond the field of view: the mean is over the part that lies in it.
    """

    value: float | None
    position_ras: np.ndarray
    at_edge: bool


@lru_cache(maxsize=32)
def sphere_kernel(
    spacing_kji_mm: tuple[float, float, float], radius_mm: float = SPHERE_RADIUS_MM
) -> tuple[np.ndarray, np.ndarray]:
    """The voxels that a sphere at the center of a voxel meets, and the part of the sphere in each.

    Parameters
    ----------
    spacing_kji_mm : tuple of float
        Voxel spacing along (k, j, i), mm.
    radius_mm : float
        1 ml by default.

    Returns
    -------
    offsets_kji : ndarray of int, shape (n, 3)
        Index offsets from the voxel at the center. Read-only, as the result is shared.
    weights : ndarray of float64, shape (n,)
        Their sum is 1. Read-only.
    """
    reach = [math.ceil((radius_mm - 0.5 * s) / s - 1e-9) if radius_mm > 0.5 * s else 0 for s in spacing_kji_mm]
    # The chord along k is integrated exactly; the two other axes are sampled at midpoints.
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
    """Mean SUV of the sphere around each of some voxels, over the part of the sphere that has values.

    Parameters
    ----------
    suv : Image
        SUV, g/ml; NaN marks voxels without a value.
    flat : ndarray of int, shape (n,)
        Flat C-order indices of the centers.
    radius_mm : float
        1 ml by default.

    Returns
    -------
    means : ndarray of float64, shape (n,)
        g/ml; NaN where no voxel of the sphere has a value.
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
    """The means of :func:`sphere_means` about the voxels of one image, each computed once.

    It saves time, as the outlines of one focus by different thresholds share most of their voxels.

    Parameters
    ----------
    suv : Image
        SUV, g/ml; NaN marks voxels without a value.
    """

    def __init__(self, suv: Image) -> None:
        self._suv = suv
        # The system provides pages of zeros only where they are touched, so that large arrays cost little. Zero in
        # both arrays means "not computed yet".
        self._means = np.zeros(suv.geometry.size)
        self._in_view = np.zeros(suv.geometry.size)

    def __call__(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means (g/ml) and parts in view (0 to 1) of some voxels, given by flat index; each of shape (n,)."""
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
        Voxels of the focus on the grid of `suv`: a region, or flat C-order indices. The center of the sphere is one of
        them.
    interior_only : bool
        Only spheres that lie wholly in the region count (as in PET-IndiC); small foci then have no peak.
    spheres : SphereMeans, optional
        Of the same image: computes no mean twice.

    Returns
    -------
    PeakResult

    Raises
    ------
    ValueError
        When the region is empty or lies on another grid.
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
    """Weighted sum of the values about each voxel, and the sum of the weights of voxels with a value, each (n,)."""
    kji = np.unravel_index(flat, array.shape)
    reach = offsets.max(axis=0).tolist()
    neighbors = flat[:, None] + offsets @ np.array([array.shape[1] * array.shape[2], array.shape[2], 1])
    valid = np.ones(1, dtype=bool)
    if any(a.min() < r or a.max() >= n - r for a, r, n in zip(kji, reach, array.shape, strict=True)):
        places = np.stack(kji)[:, :, None] + offsets.T[:, None, :]
        valid = np.all((places >= 0) & (places < np.array(array.shape)[:, None, None]), axis=0)
        neighbors = np.where(valid, neighbors, 0)
    values = array.reshape(-1).take(neighbors)
    total = values @ weights
    if valid.all() and np.isfinite(total).all():
        return total, np.ones(flat.size)
    valid = valid & np.isfinite(values)
    return np.where(valid, values, 0.0) @ weights, valid @ weights


def _spheres_inside(suv: Image, flat: np.ndarray) -> np.ndarray:
    """True for centers whose sphere meets only voxels of the set itself, shape (n,)."""
    offsets, _ = sphere_kernel(suv.geometry.spacing_kji_mm)
    shape = np.array(suv.geometry.shape)
    places = np.stack(np.unravel_index(flat, suv.geometry.shape))[:, :, None] + offsets.T[:, None, :]
    valid = np.all((places >= 0) & (places < shape[:, None, None]), axis=0)
    neighbors = np.ravel_multi_index(tuple(places), suv.geometry.shape, mode="clip")
    inside: np.ndarray = np.all(valid & np.isin(neighbors, flat), axis=1)
    return inside
