"""Uptake of all sites on the PET: SUVmax, SUVpeak, SUVmean, the reference tissue, and where the uptake comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core import tissues as codes
from ..core.image import Image
from ..core.sites import Site
from ..pet.peak import FULL_WEIGHT, sphere_means
from ..pet.reference_tissue import ReferenceField
from .site_parameters import SpillParameters
from .site_voxels import SiteVoxels

IN_SPINE = frozenset(
    {"upper endplate", "lower endplate", "vertebral body", "pedicle", "lamina", "facet joint", "spinous process"}
)
"""Structures of vertebrae. Their marrow is compared with that of the spine near by, as neighboring vertebrae are
alike."""
LEAST_IN_VIEW = 0.5
"""Lower bound of the part of a 1 ml sphere that lies in the field of view, for the sphere to count when the maximum
beside a site is looked for. Our estimate."""
SPHERE_STEPS = np.array([(k, j, i) for k in (-1, 0, 1) for j in (-1, 0, 1) for i in (-1, 0, 1)])
"""Steps to a voxel itself and its 26 neighbors, (k, j, i)."""


@dataclass(frozen=True, eq=False)
class SiteUptake:
    """The uptake of one site.

    Parameters
    ----------
    part : float
        Part of the ellipsoid where the PET has values, 0 to 1.
    suv_max, suv_mean : float
        g/ml. The mean weighs each voxel by the part of the ellipsoid in it.
    suv_peak : float
        g/ml: largest mean over a sphere of 1 ml whose middle is a voxel of the site.
    at_edge : bool
        That sphere reaches beyond the field of view.
    peak_flat : int
        The voxel in its middle.
    summit_flat : int
        The voxel to which the uptake rises from there; the same one where it does not rise.
    summit_suv : float
        Mean over the sphere of 1 ml there, g/ml.
    """

    part: float
    suv_max: float
    suv_mean: float
    suv_peak: float
    at_edge: bool
    peak_flat: int
    summit_flat: int
    summit_suv: float


def measure_uptake(
    pet: Image, voxels: Sequence[SiteVoxels], least_part: float, spill: SpillParameters
) -> list[SiteUptake | None]:
    """Measure the uptake of all sites at once.

    Parameters
    ----------
    pet : Image
        SUV, g/ml; NaN where there is no value.
    voxels : sequence of SiteVoxels
        Of each site on the grid of `pet`.
    least_part : float
        Part of a site that must have values.
    spill : SpillParameters

    Returns
    -------
    list of SiteUptake or None
        None for a site too much of which lies outside of the field of view.
    """
    values = pet.array.reshape(-1)
    parts = [one.part_with(np.isfinite(values[one.flat])) for one in voxels]
    chosen = [n for n, part in enumerate(parts) if part >= least_part and parts[n] > 0]
    found: list[SiteUptake | None] = [None] * len(voxels)
    if not chosen:
        return found
    inside = [_with_values(voxels[n], values) for n in chosen]
    centers, where = np.unique(np.concatenate(inside), return_inverse=True)
    means, in_view = sphere_means(pet, centers)
    ends = np.cumsum([len(flat) for flat in inside])
    peaks = []
    for flat, end in zip(inside, ends, strict=True):
        rows = where[end - len(flat) : end]
        peaks.append(int(rows[np.nanargmax(means[rows])]))
    rows = np.array(peaks)
    summits, tops = _summits(pet, centers[rows], means[rows], spill.reach_mm)
    for n, flat, row, summit, top in zip(chosen, inside, peaks, summits, tops, strict=True):
        found[n] = SiteUptake(
            parts[n],
            float(values[flat].max()),
            _weighted_mean(values[voxels[n].flat], voxels[n].weights),
            float(means[row]),
            bool(in_view[row] < FULL_WEIGHT),
            int(centers[row]),
            int(summit),
            float(top),
        )
    return found


def reference_of(references: ReferenceField, site: Site, flat: int) -> tuple[float, str]:
    """The normal uptake (g/ml) of the tissue of a site at a voxel, and the name of the reference."""
    return references.of_tissue(flat, site.tissue, in_spine=site.structure in IN_SPINE and site.tissue == codes.MARROW)


def _with_values(voxels: SiteVoxels, values: np.ndarray) -> np.ndarray:
    """The voxels of a site that have a value, shape (m,); those that it merely touches where no other one has."""
    inside: np.ndarray = voxels.inside[np.isfinite(values[voxels.inside])]
    if inside.size:
        return inside
    touched: np.ndarray = voxels.flat[np.isfinite(values[voxels.flat]) & (voxels.weights > 0)]
    return touched


def _weighted_mean(values: np.ndarray, weights: np.ndarray) -> float:
    there = np.isfinite(values) & (weights > 0)
    return float(np.average(values[there].astype(np.float64), weights=weights[there]))


def _summits(pet: Image, flat: np.ndarray, means: np.ndarray, reach_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Where the uptake rises to from some voxels, and how high: the way of steepest ascent of the 1 ml means.

    Parameters
    ----------
    pet : Image
    flat : ndarray of int64, shape (n,)
        Where the ways begin.
    means : ndarray, shape (n,)
        Mean over 1 ml there, g/ml.
    reach_mm : float
        Upper bound of the distance from the beginning.

    Returns
    -------
    flat : ndarray of int64, shape (n,)
    means : ndarray, shape (n,)
    """
    geometry = pet.geometry
    shape, spacing = np.array(geometry.shape), np.array(geometry.spacing_kji_mm)
    begin = np.stack(np.unravel_index(flat, geometry.shape), axis=1)
    place, height = begin.copy(), means.copy()
    moving = np.arange(len(flat))
    for _ in range(int(np.ceil(reach_mm / spacing.min()))):
        if not moving.size:
            break
        near = place[moving, None] + SPHERE_STEPS
        allowed = np.all((near >= 0) & (near < shape), axis=2)
        allowed &= np.linalg.norm((near - begin[moving, None]) * spacing, axis=2) <= reach_mm
        near = np.clip(near, 0, shape - 1)
        there = np.ravel_multi_index(tuple(near.reshape(-1, 3).T), geometry.shape)
        unique, back = np.unique(there, return_inverse=True)
        values, in_view = sphere_means(pet, unique)
        values = np.where(in_view >= LEAST_IN_VIEW, values, -np.inf)[back].reshape(allowed.shape)
        values[~allowed] = -np.inf
        best = values.argmax(axis=1)
        rows = np.arange(len(moving))
        rises = values[rows, best] > height[moving]
        place[moving[rises]] = near[rows, best][rises]
        height[moving[rises]] = values[rows, best][rises]
        moving = moving[rises]
    return np.ravel_multi_index(tuple(place.T), geometry.shape), height
