"""The first pass over a PET: the places that any setting of the sensitivity could show."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..core.gaussian import box_above, gaussian
from ..core.image import Geometry, Image
from .contrast import FWHM_TO_SIGMA, ContrastMap
from .peak import sphere_means
from .reference_tissue import ReferenceField
from .splitting import connected_parts, split_by_prominence

CORE_PART = 0.2
"""A focus' core are the voxels within this part of its contrast from its maximum."""


@dataclass(frozen=True, kw_only=True)
class FocusParameters:
    """Section "hot_spots.foci" of a protocol; see there for units, ranges and sources."""

    z_minimum: float
    volume_minimum_ml: float
    suv_minimum: float
    prominence_suv: float
    prominence_part: float
    prominence_contrast: float
    separation_mm: float


@dataclass(frozen=True, kw_only=True)
class FocusLimits:
    """What a focus of this scan must reach to be kept by the first pass.

    Parameters
    ----------
    ratio : float
        Least ratio of the smoothed SUV to the reference.
    z : float
        Least height above the reference, in units of the local noise.
    tbr : float
        Least ratio of SUVpeak to the reference.
    mass_suv : float
        Maxima that are joined by a saddle of at least this SUV (g/ml) may be parts of one mass.
    """

    ratio: float
    z: float
    tbr: float
    mass_suv: float


@dataclass(frozen=True, eq=False)
class Focus:
    """A focus of the first pass.

    Parameters
    ----------
    flat : ndarray
        Its voxels above the lowest ratio to the reference.
    core : ndarray
        Those near its maximum.
    peak_flat : int
        The maximum of the smoothed SUV.
    top : float
        Its height, g/ml.
    ratio : float
        Largest ratio to the reference that is exceeded by the least volume.
    z : float
        Height above the reference over local noise (:class:`.contrast.ContrastMap`).
    reference, spread : float
        Reference and local SD at the maximum, g/ml.
    code : int
        Tissue of the reference.
    cluster_ml : float
        Volume of the focus with the foci that touch it.
    """

    flat: np.ndarray
    core: np.ndarray
    peak_flat: int
    top: float
    ratio: float
    z: float
    reference: float
    spread: float
    code: int
    cluster_ml: float


def smoothed(suv: Image, fwhm_mm: float, body_suv: float) -> np.ndarray:
    """SUV smoothed by a Gaussian, float32; voxels without a value stay NaN and do not spread.

    Only the box of what is above `body_suv` is smoothed, widened by the filter's reach: outside, nothing rises above.
    """
    array = suv.array if suv.array.dtype == np.float32 else suv.array.astype(np.float32)
    if fwhm_mm <= 0:
        return array
    sigma = [fwhm_mm * FWHM_TO_SIGMA / s for s in suv.geometry.spacing_kji_mm]
    box = box_above(array, body_suv, tuple(math.ceil(3.0 * s) for s in sigma))
    result = array.copy()
    seen = np.isfinite(array)
    if seen.all():
        result[box] = gaussian(array, sigma, box)
        return result
    total = gaussian(np.where(seen, array, np.float32(0)), sigma, box)
    weight = gaussian(seen.astype(np.float32), sigma, box)
    np.divide(total, weight, out=result[box], where=seen[box])
    return result


def find_foci(
    suv: Image,
    smooth: np.ndarray,
    references: ReferenceField,
    contrast: ContrastMap,
    p: FocusParameters,
    limits: FocusLimits,
) -> tuple[list[Focus], np.ndarray]:
    """Foci of raised uptake.

    Parameters
    ----------
    suv : Image
    smooth : ndarray of float32, shape of the image
        SUV smoothed for detection.
    references : ReferenceField
    contrast : ContrastMap
    p : FocusParameters
    limits : FocusLimits

    Returns
    -------
    foci : list of Focus
    owner : ndarray of int32, shape of the image
        1 + index of the focus that a voxel belongs to, 0 for none.
    """
    geometry = suv.geometry
    flat = np.flatnonzero(smooth >= limits.ratio * references.typical)
    values = smooth.reshape(-1)[flat]
    reference, codes = references.at(flat)
    ratio = values / reference
    kept = ratio >= limits.ratio
    flat, values, reference, codes, ratio = (a[kept] for a in (flat, values, reference, codes, ratio))
    basin, peaks = split_by_prominence(
        values,
        flat,
        geometry,
        prominence=p.prominence_suv,
        prominence_part=p.prominence_part,
        prominence_contrast=p.prominence_contrast,
        reference=reference,
        separation_mm=p.separation_mm,
        mass_suv=limits.mass_suv,
    )
    owner = np.zeros(geometry.shape, dtype=np.int32)
    cluster = _cluster_ml(flat, geometry)
    tbr = sphere_means(suv, flat[peaks])[0] / reference[peaks]
    order = np.argsort(basin, kind="stable")
    starts = np.searchsorted(basin[order], np.arange(len(peaks) + 1))
    least = max(1, math.ceil(p.volume_minimum_ml / geometry.voxel_volume_ml - 1e-9))
    foci: list[Focus] = []
    for n, peak in enumerate(peaks):
        members = np.sort(order[starts[n] : starts[n + 1]])
        if len(members) < least or values[peak] < p.suv_minimum or not tbr[n] >= limits.tbr:
            continue
        if not _is_summit(smooth, int(flat[peak])):
            continue
        top = float(values[peak])
        core = flat[members[values[members] >= top - CORE_PART * (top - float(reference[peak]))]]
        points = geometry.flat_to_ras(core)
        spread = max(float(np.median(contrast.noise_at(points))), 1e-6)
        # A small focus is high, a large one is sure even where it is low: its maximum and its 1 ml sphere count alike.
        z = (0.5 * (top + tbr[n] * float(reference[peak])) - float(reference[peak])) / spread
        if z < limits.z or float(contrast.at(points).max()) < p.z_minimum:
            continue
        exceeded = float(np.partition(ratio[members], len(members) - least)[len(members) - least])
        foci.append(
            Focus(
                flat[members],
                core,
                int(flat[peak]),
                top,
                exceeded,
                z,
                float(reference[peak]),
                spread,
                int(codes[peak]),
                float(cluster[peak]),
            )
        )
        owner.reshape(-1)[flat[members]] = len(foci)
    return foci, owner


def _is_summit(smooth: np.ndarray, flat: int) -> bool:
    """True where no neighbour is hotter. The flank of hotter tissue, cut off by another reference, is no summit."""
    around = tuple(slice(max(n - 1, 0), n + 2) for n in np.unravel_index(flat, smooth.shape))
    return bool(smooth.reshape(-1)[flat] >= np.nanmax(smooth[around]))


def _cluster_ml(flat: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Volume of the touching voxels that each voxel of a set belongs to, ml."""
    number = connected_parts(flat, geometry)
    return np.bincount(number)[number] * geometry.voxel_volume_ml
