"""The first pass over a PET: the foci that any setting of the sensitivity could show."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core import tissues as tissue_codes
from ..core.constants import FWHM_TO_SIGMA
from ..core.gaussian import box_above, gaussian
from ..core.image import Geometry, Image
from .contrast import ContrastMap
from .peak import sphere_means
from .reference_tissue import ReferenceField
from .splitting import connected_parts, split_by_prominence

CORE_PART = 0.2
"""The core of a focus is its voxels that lie within this part of its height above the reference from its maximum.
Without unit; our estimate."""
LEAST_REFERENCE_SUV = 1e-3
"""Lower bound of a reference that something is divided by, g/ml. It only prevents a division by zero."""
LEAST_SPREAD_SUV = 1e-6
"""Lower bound of local noise that something is divided by, g/ml. It only prevents a division by zero."""
SLAB_VOXELS = 1 << 21
"""About how many voxels get their reference at once; it bounds the memory."""
CODES = 1 + max(tissue_codes.NAMES)
"""Number of the tissue codes."""
NO_SUMMIT = "no summit"
"""Name of the limit that the flank of hotter tissue does not reach: no neighbor of its maximum may be hotter."""
FILTER_REACH_SD = 3.0
"""The smoothing filter reaches this many of its standard deviations; beyond, its weight is below 0.3 %."""


@dataclass(frozen=True, kw_only=True)
class FocusParameters:
    """Section "hot_spots.foci" of a protocol; see there for units, ranges and sources."""

    z_minimum: float
    volume_minimum_ml: float
    suv_minimum: float
    tbr_minimum: float
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
    mass_suv : float
        Maxima that are joined by a saddle of at least this SUV (g/ml) may be parts of one mass.
    most_ml : float
        Upper bound of the volume of all voxels above `ratio`, ml. More than that is no disease: the reference is
        broken.
    """

    ratio: float
    z: float
    mass_suv: float
    most_ml: float = math.inf


class FloodError(Exception):
    """So much of the body exceeds its reference that the reference must be broken.

    Attributes
    ----------
    code : int
        Tissue of the reference that most of these voxels exceed; UNKNOWN for the surroundings.
    reason : str
        In words that follow "as".
    """

    def __init__(self, code: int, volume_ml: float, most_ml: float) -> None:
        super().__init__(code, volume_ml, most_ml)
        self.code = code
        self.reason = (
            f"{volume_ml / 1000.0:.2g} liters of the body would exceed their reference, which no disease does (more "
            f"than {most_ml / 1000.0:.2g} liters)"
        )


@dataclass(frozen=True, eq=False)
class Focus:
    """A focus of the first pass.

    Parameters
    ----------
    flat : ndarray of int64, shape (n,)
        Its voxels (flat indices, ascending), all above the lowest ratio to the reference.
    core : ndarray of int64, shape (m,)
        Those of them that are near its maximum (:data:`CORE_PART`).
    peak_flat : int
        Flat index of the maximum of the smoothed SUV.
    top : float
        The smoothed SUV there, g/ml.
    ratio : float
        The ratio to the reference that is exceeded in just the least volume of a focus.
    z : float
        Height above the reference in units of the local noise (:class:`.contrast.ContrastMap`).
    reference : float
        Reference at the maximum, g/ml.
    spread : float
        Local noise, as SD, g/ml.
    code : int
        Tissue of the reference.
    cluster_ml : float
        Volume of the focus together with the foci that touch it, ml.
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
    """SUV smoothed by a Gaussian.

    Only the box of the voxels above `body_suv`, widened by the reach of the filter, is smoothed: outside of it nothing
    rises above that value.

    Parameters
    ----------
    suv : Image
        NaN marks voxels without a value. They stay NaN and do not spread.
    fwhm_mm : float
        Full width of the Gaussian at half its height, mm; 0 for no smoothing.
    body_suv : float
        Voxels above this SUV belong to the body, g/ml.

    Returns
    -------
    ndarray of float32, shape of the image
    """
    array = suv.array if suv.array.dtype == np.float32 else suv.array.astype(np.float32)
    if fwhm_mm <= 0:
        return array
    k, j, i = (fwhm_mm * FWHM_TO_SIGMA / s for s in suv.geometry.spacing_kji_mm)
    reach = (math.ceil(FILTER_REACH_SD * k), math.ceil(FILTER_REACH_SD * j), math.ceil(FILTER_REACH_SD * i))
    sigma, box = (k, j, i), box_above(array, body_suv, reach)
    result = array.copy()
    seen = np.isfinite(array)
    if seen.all():
        result[box] = gaussian(array, sigma, box)
        return result
    total = gaussian(np.where(seen, array, np.float32(0)), sigma, box)
    weight = gaussian(seen.astype(np.float32), sigma, box)
    np.divide(total, weight, out=result[box], where=seen[box])
    return result


@dataclass(frozen=True)
class MissedBar:
    """A limit that a place does not reach.

    Parameters
    ----------
    name : str
        The parameter of the protocol that it comes from, such as ``hot_spots.foci.suv_minimum``.
    value, limit : float
        What the place has, and what is needed.
    """

    name: str
    value: float
    limit: float


@dataclass(frozen=True, eq=False)
class DroppedFocus:
    """A basin of raised uptake that the first pass did not keep, so that a reader can be told why.

    Parameters
    ----------
    flat : ndarray of int64, shape (n,)
        Its voxels (flat indices, ascending).
    bar : MissedBar
        The first limit that it does not reach.
    """

    flat: np.ndarray
    bar: MissedBar


@dataclass(frozen=True, eq=False)
class _RaisedVoxels:
    """All voxels above the lowest ratio to their reference; every array has shape (n,).

    Parameters
    ----------
    flat : ndarray of int64
        Flat indices, ascending.
    values, reference : ndarray of float
        Smoothed SUV and reference, g/ml.
    codes : ndarray of int
        Tissue of the reference.
    ratio : ndarray of float
    cluster_ml : ndarray of float
        Volume of the touching voxels that each voxel belongs to, ml.
    """

    flat: np.ndarray
    values: np.ndarray
    reference: np.ndarray
    codes: np.ndarray
    ratio: np.ndarray
    cluster_ml: np.ndarray


def find_foci(
    suv: Image,
    smooth: np.ndarray,
    references: ReferenceField,
    contrast: ContrastMap,
    p: FocusParameters,
    limits: FocusLimits,
    dropped: list[DroppedFocus] | None = None,
) -> tuple[list[Focus], np.ndarray]:
    """Foci of raised uptake.

    Parameters
    ----------
    suv : Image
    smooth : ndarray of float32, shape of the image
        SUV smoothed for detection (:func:`smoothed`).
    references : ReferenceField
    contrast : ContrastMap
    p : FocusParameters
    limits : FocusLimits
    dropped : list of DroppedFocus, optional
        What is not kept is added to it, with the limit that it does not reach.

    Returns
    -------
    foci : list of Focus
    owner : ndarray of int32, shape of the image
        1 + index of the focus that a voxel belongs to, 0 for none.

    Raises
    ------
    FloodError
        When too much of the body exceeds its reference. It is raised before the voxels are split into foci, so that a
        broken reference costs neither memory nor time.
    """
    geometry = suv.geometry
    raised = _raised_voxels(smooth, geometry, references, limits)
    basin, peaks = split_by_prominence(
        raised.values,
        raised.flat,
        geometry,
        prominence=p.prominence_suv,
        prominence_part=p.prominence_part,
        prominence_contrast=p.prominence_contrast,
        reference=raised.reference,
        separation_mm=p.separation_mm,
        mass_suv=limits.mass_suv,
    )
    tbr = sphere_means(suv, raised.flat[peaks])[0] / raised.reference[peaks]
    least = max(1, math.ceil(p.volume_minimum_ml / geometry.voxel_volume_ml - 1e-9))
    owner = np.zeros(geometry.shape, dtype=np.int32)
    foci: list[Focus] = []
    for n, members in enumerate(_members(basin, len(peaks))):
        peak = int(peaks[n])
        missed = _missed_before(raised, members, peak, float(tbr[n]), smooth, geometry, p)
        focus = None
        if missed is None:
            focus = _focus(raised, members, peak, float(tbr[n]), least, geometry, contrast)
            missed = _missed_by(focus, geometry, contrast, p, limits)
        if focus is not None and missed is None:
            foci.append(focus)
            owner.reshape(-1)[focus.flat] = len(foci)
        elif dropped is not None and missed is not None:
            dropped.append(DroppedFocus(raised.flat[members], missed))
    return foci, owner


def _missed_before(
    raised: _RaisedVoxels,
    members: np.ndarray,
    peak: int,
    tbr: float,
    smooth: np.ndarray,
    geometry: Geometry,
    p: FocusParameters,
) -> MissedBar | None:
    """The limit that a basin does not reach by its size, its uptake, and its maximum; None when it reaches all.

    The parameters are those of :func:`_focus` and :func:`find_foci`.
    """
    top, voxel_ml = float(raised.values[peak]), geometry.voxel_volume_ml
    if len(members) < max(1, math.ceil(p.volume_minimum_ml / voxel_ml - 1e-9)):
        return MissedBar("hot_spots.foci.volume_minimum_ml", len(members) * voxel_ml, p.volume_minimum_ml)
    if top < p.suv_minimum:
        return MissedBar("hot_spots.foci.suv_minimum", top, p.suv_minimum)
    if not tbr >= p.tbr_minimum:
        return MissedBar("hot_spots.foci.tbr_minimum", tbr, p.tbr_minimum)
    hottest = _hottest_neighbor(smooth, int(raised.flat[peak]))
    return None if top >= hottest else MissedBar(NO_SUMMIT, top, hottest)


def _missed_by(
    focus: Focus, geometry: Geometry, contrast: ContrastMap, p: FocusParameters, limits: FocusLimits
) -> MissedBar | None:
    """The limit that a focus does not reach by its height over the noise; None when it reaches all."""
    if focus.z < limits.z:
        return MissedBar("hot_spots.significance", focus.z, limits.z)
    stands_out = float(contrast.at(geometry.flat_to_ras(focus.core)).max())
    return None if stands_out >= p.z_minimum else MissedBar("hot_spots.foci.z_minimum", stands_out, p.z_minimum)


def _raised_voxels(
    smooth: np.ndarray, geometry: Geometry, references: ReferenceField, limits: FocusLimits
) -> _RaisedVoxels:
    """All voxels above the least ratio, slab by slab: only those are kept, and none once there are too many.

    Raises
    ------
    FloodError
    """
    slab = max(1, SLAB_VOXELS // int(np.prod(geometry.shape[1:])))
    size = int(np.prod(geometry.shape[1:]))
    kept: list[tuple[np.ndarray, ...]] = []
    of_tissue = np.zeros(CODES, dtype=np.int64)
    most = limits.most_ml / geometry.voxel_volume_ml
    for first in range(0, geometry.shape[0], slab):
        # No reference is lower than the typical SUV, so that only these voxels need one.
        flat = np.flatnonzero(smooth[first : first + slab] >= limits.ratio * references.typical) + first * size
        values = smooth.reshape(-1)[flat]
        reference, codes = references.at(flat)
        ratio = values / reference
        raised = ratio >= limits.ratio
        of_tissue += np.bincount(codes[raised], minlength=CODES)
        if of_tissue.sum() > most:
            kept.clear()
        else:
            kept.append((flat[raised], values[raised], reference[raised], codes[raised], ratio[raised]))
    if of_tissue.sum() > most:
        volume_ml = float(of_tissue.sum()) * geometry.voxel_volume_ml
        raise FloodError(int(of_tissue.argmax()), volume_ml, limits.most_ml)
    flat, values, reference, codes, ratio = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    return _RaisedVoxels(flat, values, reference, codes, ratio, _cluster_ml(flat, geometry))


def _members(basin: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """Positions, ascending, of the voxels of each basin from 0 to count - 1."""
    order = np.argsort(basin, kind="stable")
    starts = np.searchsorted(basin[order], np.arange(count + 1))
    for n in range(count):
        yield np.sort(order[starts[n] : starts[n + 1]])


def _focus(
    raised: _RaisedVoxels,
    members: np.ndarray,
    peak: int,
    tbr: float,
    least: int,
    geometry: Geometry,
    contrast: ContrastMap,
) -> Focus:
    """One basin as a focus.

    Parameters
    ----------
    raised : _RaisedVoxels
    members : ndarray of int
        Positions in `raised` of the basin's voxels, ascending.
    peak : int
        Position of its maximum.
    tbr : float
        Mean of the 1 ml sphere about the maximum over the reference.
    least : int
        Least number of voxels of a focus.
    geometry : Geometry
    contrast : ContrastMap
    """
    top, reference = float(raised.values[peak]), float(raised.reference[peak])
    core = raised.flat[members[raised.values[members] >= top - CORE_PART * (top - reference)]]
    spread = max(float(np.median(contrast.noise_at(geometry.flat_to_ras(core)))), LEAST_SPREAD_SUV)
    # A small focus is high and narrow; a large one is reliable even where it is low. The mean of the maximum and of
    # the 1 ml sphere treats both alike.
    height = 0.5 * (top + tbr * reference) - reference
    rank = len(members) - least
    return Focus(
        flat=raised.flat[members],
        core=core,
        peak_flat=int(raised.flat[peak]),
        top=top,
        ratio=float(np.partition(raised.ratio[members], rank)[rank]),
        z=height / spread,
        reference=reference,
        spread=spread,
        code=int(raised.codes[peak]),
        cluster_ml=float(raised.cluster_ml[peak]),
    )


def _hottest_neighbor(smooth: np.ndarray, flat: int) -> float:
    """The highest value of a voxel and its neighbors.

    The flank of hotter tissue can look like a maximum where the reference changes; it is no summit.
    """
    around = tuple(slice(max(n - 1, 0), n + 2) for n in np.unravel_index(flat, smooth.shape))
    return float(np.nanmax(smooth[around]))


def _cluster_ml(flat: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Volume of the touching voxels that each voxel of a set belongs to, ml, shape (n,)."""
    number = connected_parts(flat, geometry)
    volume_ml: np.ndarray = np.bincount(number)[number] * geometry.voxel_volume_ml
    return volume_ml


def focus_of(suv: Image, references: ReferenceField, flat: np.ndarray, spread: float = 0.0) -> Focus:
    """A set of voxels as a focus, whether detection kept it or not.

    Parameters
    ----------
    suv : Image
    references : ReferenceField
        Of the same PET.
    flat : ndarray of int64, shape (n,)
        Flat indices, ascending, at least one.
    spread : float
        SD of the surroundings, g/ml; 0 when it is not known, and no statement about noise is wanted.
    """
    values = np.nan_to_num(suv.array.reshape(-1)[flat], nan=-np.inf)
    hottest = int(values.argmax())
    references_here, codes = references.at(flat[hottest : hottest + 1])
    top, reference = float(values[hottest]), float(references_here[0])
    return Focus(
        flat=flat,
        core=flat[values >= top - CORE_PART * (top - reference)],
        peak_flat=int(flat[hottest]),
        top=top,
        ratio=top / max(reference, LEAST_REFERENCE_SUV),
        z=(top - reference) / spread if spread > 0 else np.inf,
        reference=reference,
        spread=spread,
        code=int(codes[0]),
        cluster_ml=flat.size * suv.geometry.voxel_volume_ml,
    )
