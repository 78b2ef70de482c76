"""Find foci of raised uptake relative to their own tissue, and measure them.

One pass over the volume leaves the few per cent of voxels that any setting of the sensitivity could show, split into
foci. What the reader changes afterwards (sensitivity, contour method) works on those alone: :class:`HotSpotDetector`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from .contours import METHODS, ContourParameters, ContourSpace, touches_edge
from .image import Geometry, Image, Region
from .peak import sphere_means, suv_peak
from .physiologic import BodyShape, PhysiologicParameters, physiologic_reason
from .records import HotSpot
from .reference_tissue import SURROUNDINGS, ReferenceField, ReferenceParameters, ReferenceValue
from .splitting import split_by_prominence
from .symmetry import RELIABLE_QUALITY, SymmetryPlane, left_right_ratio
from .tissues import MARROW, UNKNOWN

FWHM_TO_SIGMA = 1.0 / math.sqrt(8.0 * math.log(2.0))
MOST_SENSITIVE = 1.2
"""The slider's lowest ratio; the first pass keeps everything that it could show."""
DEFAULT_RATIO = 1.4
"""Ratio at which the significance of the peak holds in full (DOMAIN C.2: SUVR 1.4 to 1.5 had an accuracy of 0.93)."""
LEAST_TBR = 1.1
"""SUVpeak over the reference that any focus has; spikes of noise are diluted below it by the 1 ml sphere."""
SPHERE_NOISE = 0.75
"""SD of 1 ml spheres over that of voxels smoothed for detection (measured on real PET: 0.67, on phantoms: 0.75)."""
LEAST_LIVER_ML = 50.0
RESOLUTION_MM = 7.0
"""Edge of an independent element of a smoothed PET, for the number of places where noise could peak."""


@dataclass(frozen=True)
class HotSpotParameters:
    """Stage "hot_spots" of a protocol; see there for units, ranges and sources."""

    smoothing_fwhm_mm: float
    sensitivity: float
    z_minimum: float
    significance: float
    volume_minimum_ml: float
    suv_minimum: float
    prominence_suv: float
    prominence_part: float
    prominence_contrast: float
    separation_mm: float
    body_suv: float
    local_radius_mm: float
    local_percentile: float
    tissue_radius_mm: float
    tissue_margin_mm: float
    hot_ratio: float
    contour_method: str
    contour_suv: float
    contour_ratio: float
    contour_sd_factor: float
    percist_mean: float
    percist_sd: float
    shell_inner_mm: float
    shell_outer_mm: float
    contour_margin_mm: float
    mirror_search_mm: float
    large_ml: float
    physiologic_volume_ml: float
    physiologic_suv: float
    urine_suv: float


@dataclass(frozen=True, eq=False)
class HotSpotResult:
    """What was found.

    Parameters
    ----------
    hot_spots : list of HotSpot
        Hottest against their reference first; physiologic ones are among them, with their reason.
    references : tuple of ReferenceValue
        The table of reference values.
    noise : float
        Relative SD of the smoothed SUV in uniform tissue.
    typical_suv : float
        Median SUV of typical soft tissue, g/ml.
    warnings : tuple of str
    """

    hot_spots: list[HotSpot]
    references: tuple[ReferenceValue, ...]
    noise: float
    typical_suv: float
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Focus:
    """A focus of the first pass.

    Parameters
    ----------
    flat : ndarray
        Its voxels above the lowest threshold.
    core : ndarray
        Those near its maximum.
    ratio : float
        Largest ratio to the reference that is exceeded by the least volume.
    z : float
        Height of the maximum above the reference in units of spread.
    reference, spread : float
        g/ml, at the maximum.
    code : int
        Tissue of the reference.
    cluster_ml : float
        Volume of the focus with the foci that touch it.
    """

    flat: np.ndarray
    core: np.ndarray
    peak_flat: int
    ratio: float
    z: float
    reference: float
    spread: float
    code: int
    cluster_ml: float


class HotSpotDetector:
    """The first pass over a PET, kept so that sensitivity and contour can be changed at little cost.

    Attributes
    ----------
    references : ReferenceField
    warnings : list of str
    """

    def __init__(
        self,
        suv: Image,
        parameters: HotSpotParameters,
        *,
        tissues: Image | None = None,
        levels: Image | None = None,
        organs: Image | None = None,
        organ_names: Mapping[int, str] | None = None,
        unreliable: np.ndarray | None = None,
        symmetry: SymmetryPlane | None = None,
        progress: Callable[[float, str], None] | None = None,
    ) -> None:
        """Run the first pass; the arguments are those of :func:`find_hot_spots`."""
        report = progress or (lambda fraction, text: None)
        for name, other in (("tissues", tissues), ("levels", levels), ("organs", organs)):
            if other is not None and not other.geometry.is_same_grid(suv.geometry):
                raise ValueError(f"{name} must lie on the grid of the SUV image")
        self._suv, self._parameters = suv, parameters
        self._tissues = None if tissues is None else tissues.array
        self._levels = None if levels is None else levels.array
        self._organs = None if organs is None else organs.array
        self._organ_names = dict(organ_names or {})
        self._unreliable, self._symmetry = unreliable, symmetry
        self.warnings: list[str] = []
        p = parameters
        report(0.0, "Smoothing the PET for detection")
        smooth = smoothed(suv, p.smoothing_fwhm_mm)
        report(0.3, "Measuring reference tissue")
        excluded = None if self._organs is None else self._organs > 0
        if unreliable is not None:
            excluded = unreliable if excluded is None else excluded | unreliable
        self.references = ReferenceField(
            smooth,
            suv.geometry,
            ReferenceParameters(
                p.body_suv, p.local_radius_mm, p.local_percentile, p.tissue_radius_mm, p.hot_ratio, p.tissue_margin_mm
            ),
            self._tissues,
            excluded,
        )
        self._level_medians = self._medians_of_levels(smooth)
        self._liver = self._measure_liver()
        report(0.6, "Looking for foci")
        self._foci: list[_Focus] = []
        self._owner = np.zeros(0, dtype=np.int32)
        if np.isfinite(self.references.typical):
            self._first_pass(smooth)
        else:
            self.warnings.append("The PET shows no body: no voxel has an SUV above the body threshold.")
        self._body = BodyShape(smooth, suv.geometry, p.body_suv, symmetry)
        if symmetry is not None and symmetry.quality < RELIABLE_QUALITY:
            self.warnings.append("The plane of symmetry is uncertain: left and right are not compared.")
        self._measured: dict[tuple[int, str], HotSpot | None] = {}
        report(1.0, "Foci found")

    def _first_pass(self, smooth: np.ndarray) -> None:
        p, geometry = self._parameters, self._suv.geometry
        flat = np.flatnonzero(smooth >= MOST_SENSITIVE * self.references.typical)
        values = smooth.reshape(-1)[flat]
        reference, spread, codes = self.references.at(flat)
        ratio = values / reference
        kept = ratio >= MOST_SENSITIVE
        flat, values, reference, spread, codes, ratio = (
            a[kept] for a in (flat, values, reference, spread, codes, ratio)
        )
        basin, peaks = split_by_prominence(
            values,
            flat,
            geometry,
            prominence=p.prominence_suv,
            prominence_part=p.prominence_part,
            prominence_contrast=p.prominence_contrast,
            reference=reference,
            separation_mm=p.separation_mm,
        )
        self._owner = np.zeros(geometry.shape, dtype=np.int32)
        tbr = sphere_means(self._suv, flat[peaks])[0] / reference[peaks]
        order = np.argsort(basin, kind="stable")
        starts = np.searchsorted(basin[order], np.arange(len(peaks) + 1))
        least = max(1, math.ceil(p.volume_minimum_ml / geometry.voxel_volume_ml - 1e-9))
        least_z = self._least_z(MOST_SENSITIVE)
        for n, peak in enumerate(peaks):
            members = order[starts[n] : starts[n + 1]]
            if len(members) < least or values[peak] < p.suv_minimum or not tbr[n] >= LEAST_TBR:
                continue
            # A small focus is high, a large one is sure even where it is low.
            z = max(ratio[peak] - 1.0, (tbr[n] - 1.0) / SPHERE_NOISE) / max(float(spread[peak]), 1e-6)
            if z < least_z:
                continue
            exceeded = float(np.partition(ratio[members], len(members) - least)[len(members) - least])
            members = np.sort(members)
            height = values[members]
            core = members[height >= values[peak] - 0.2 * (values[peak] - float(reference[peak]))]
            self._foci.append(
                _Focus(
                    flat[members],
                    flat[core],
                    int(flat[peak]),
                    exceeded,
                    z,
                    float(reference[peak]),
                    float(spread[peak] * reference[peak]),
                    int(codes[peak]),
                    0.0,
                )
            )
            self._owner.reshape(-1)[flat[members]] = len(self._foci)
        self._measure_clusters(flat)

    def _measure_clusters(self, flat: np.ndarray) -> None:
        """Volume of touching voxels above the lowest threshold, for each focus."""
        mask = np.zeros(self._suv.geometry.size, dtype=bool)
        mask[flat] = True
        labels, _ = ndimage.label(mask.reshape(self._suv.geometry.shape), structure=np.ones((3, 3, 3)))
        number = labels.reshape(-1)
        sizes = np.bincount(number[flat])
        voxel = self._suv.geometry.voxel_volume_ml
        self._foci = [replace(f, cluster_ml=float(sizes[number[f.peak_flat]] * voxel)) for f in self._foci]

    def _medians_of_levels(self, smooth: np.ndarray) -> dict[int, float]:
        """Median SUV of each vertebra, from its marrow where the tissue is known."""
        if self._levels is None:
            return {}
        flat = np.flatnonzero(self._levels)
        if self._tissues is not None:
            flat = flat[np.isin(self._tissues.reshape(-1)[flat], (UNKNOWN, MARROW))]
        values, levels = smooth.reshape(-1)[flat], self._levels.reshape(-1)[flat]
        levels, values = levels[np.isfinite(values)], values[np.isfinite(values)]
        return {int(level): float(np.median(values[levels == level])) for level in np.unique(levels)}

    def _reference_of(self, focus: _Focus) -> tuple[float, str]:
        """Reference and its name: the other vertebrae for a focus in a vertebra, else the field's value."""
        if self._level_medians:
            here = np.bincount(self._levels.reshape(-1)[focus.core], minlength=2)
            level = int(here.argmax())
            others = [median for number, median in self._level_medians.items() if number != level]
            if level > 0 and others:
                return max(float(np.median(others)), 1e-3), "other vertebrae"
        return focus.reference, self.references.name_of(focus.code)

    def _measure_liver(self) -> tuple[float, float] | None:
        """Mean and SD of the liver, from an organ label of that name; None when there is none, or too little of it."""
        code = next((code for code, name in self._organ_names.items() if name.lower() == "liver"), None)
        if code is None or self._organs is None:
            return None
        values = self._suv.array[ndimage.binary_erosion(self._organs == code, iterations=2)]
        values = values[np.isfinite(values)]
        if values.size * self._suv.geometry.voxel_volume_ml < LEAST_LIVER_ML:
            return None
        return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))

    def _least_z(self, ratio: float) -> float:
        """Height of a peak that noise does not reach by chance anywhere in this body: sqrt(2 ln N) of N places.

        Below the default ratio it falls with the slider, down to the height for a single place.
        """
        p = self._parameters
        places = max(2.0, self.references.body_ml * 1000.0 / RESOLUTION_MM**3)
        full = p.significance * math.sqrt(2.0 * math.log(places))
        part = min(1.0, (ratio - 1.0) / (DEFAULT_RATIO - 1.0))
        return max(p.z_minimum, part * full)

    def find(self, sensitivity: float | None = None, contour_method: str | None = None) -> HotSpotResult:
        """The hot spots at a sensitivity (ratio to the reference, 1.2 to 2.0) and with a contour method.

        A lower ratio shows all that a higher one shows, and more.
        """
        p = self._parameters
        ratio = max(MOST_SENSITIVE, p.sensitivity if sensitivity is None else sensitivity)
        method = contour_method or p.contour_method
        if method not in METHODS:
            raise ValueError(f"contour_method must be one of {tuple(METHODS)}, not {method!r}")
        least_z = self._least_z(ratio)
        spots = []
        below = 0
        for number, focus in enumerate(self._foci, start=1):
            if focus.ratio < ratio or focus.z < least_z:
                continue
            spot = self._measure(number, method)
            if spot is None:
                below += 1
            else:
                spots.append(spot)
        spots.sort(key=lambda s: (s.physiologic is not None, -(s.tbr or 0.0), s.label))
        warnings = list(self.warnings)
        if method == "percist" and self._liver is None:
            warnings.append("No liver was measured: PERCIST uses the protocol's normal liver.")
        if below:
            warnings.append(f"{below} foci lie wholly below the contour's threshold and are not shown.")
        return HotSpotResult(
            [replace(s, label=n, flags=list(s.flags)) for n, s in enumerate(spots, start=1)],
            tuple(self.references.table),
            self.references.noise,
            self.references.typical,
            tuple(warnings),
        )

    def _measure(self, number: int, method: str) -> HotSpot | None:
        key = (number, method)
        if key not in self._measured:
            self._measured[key] = self._measured_spot(number, method)
        return self._measured[key]

    def _measured_spot(self, number: int, method: str) -> HotSpot | None:
        p, focus = self._parameters, self._foci[number - 1]
        reference, reference_name = self._reference_of(focus)
        liver_mean, liver_sd = self._liver or (p.percist_mean, p.percist_sd)
        space = ContourSpace(
            self._suv,
            self._owner,
            number,
            focus.flat,
            focus.core,
            ContourParameters(
                p.contour_suv,
                p.contour_ratio,
                p.contour_sd_factor,
                liver_mean,
                liver_sd,
                p.shell_inner_mm,
                p.shell_outer_mm,
                p.contour_margin_mm,
            ),
        )
        contour = space.contour(method, reference, focus.spread)
        if not contour.flat.size:
            return None
        region = Region(self._suv.geometry, contour.flat)
        values = self._suv.array.reshape(-1)[contour.flat]
        peak = suv_peak(self._suv, region)
        mean = float(values.mean(dtype=np.float64))
        mirrored = None
        if self._symmetry is not None and self._symmetry.quality >= RELIABLE_QUALITY:
            mirrored = mirrored_peak(self._suv, self._symmetry, region, peak.position_ras, p.mirror_search_mm)
        spot = HotSpot(
            label=number,
            region=region,
            centroid_ras_mm=region.centroid_ras_mm,
            peak_ras_mm=peak.position_ras,
            suv_max=float(values.max()),
            suv_peak=peak.value,
            suv_mean=mean,
            mtv_ml=region.volume_ml,
            tlg_g=mean * region.volume_ml,
            background=contour.background,
            reference=reference,
            reference_name=reference_name,
            tbr=None if peak.value is None else peak.value / reference,
            left_right_ratio=left_right_ratio(peak.value, mirrored),
            contour_method=method,
            contour_threshold=contour.threshold,
        )
        if peak.at_edge:
            spot.flags.append("peak-at-edge")
        if touches_edge(contour.flat, self._suv.geometry):
            spot.flags.append("truncated")
        if reference_name == SURROUNDINGS:
            spot.flags.append("no-reference")
        if spot.mtv_ml > p.large_ml:
            spot.flags.append("large")
        if self._unreliable is not None and self._unreliable.reshape(-1)[contour.flat].any():
            spot.flags.append("near-implant")
        spot.physiologic = physiologic_reason(
            spot,
            PhysiologicParameters(p.physiologic_volume_ml, p.physiologic_suv, p.urine_suv),
            self._body,
            typical_suv=self.references.typical,
            cluster_ml=focus.cluster_ml,
            mirrored_suv=mirrored,
            tissues=self._tissues,
            organs=self._organs,
            organ_names=self._organ_names,
        )
        return spot


def find_hot_spots(
    suv: Image,
    parameters: HotSpotParameters,
    *,
    tissues: Image | None = None,
    levels: Image | None = None,
    organs: Image | None = None,
    organ_names: Mapping[int, str] | None = None,
    unreliable: np.ndarray | None = None,
    symmetry: SymmetryPlane | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> HotSpotResult:
    """Find, contour and measure the foci of raised uptake on a PET.

    Parameters
    ----------
    suv : Image
        SUVbw, g/ml, float32, in the PET's own frame; NaN outside the field of view.
    parameters : HotSpotParameters
    tissues : Image of uint8, optional
        Codes of :mod:`tissues` on the grid of `suv`.
    levels : Image of uint8, optional
        Number of the vertebra of each voxel (0 none) on the grid of `suv`: the other vertebrae are its reference.
    organs : Image of uint8, optional
        Organs with physiologic uptake (0 none) on the grid of `suv`.
    organ_names : mapping, optional
        Name of each organ code.
    unreliable : ndarray of bool, optional
        Voxels within the margin of an implant's artefact.
    symmetry : SymmetryPlane, optional
        For left-right comparison and for places of organs.
    progress : callable, optional
        Called with the done fraction and a text; may raise Cancelled.

    Raises
    ------
    ValueError
        When an image lies on another grid than `suv`.
    """
    detector = HotSpotDetector(
        suv,
        parameters,
        tissues=tissues,
        levels=levels,
        organs=organs,
        organ_names=organ_names,
        unreliable=unreliable,
        symmetry=symmetry,
        progress=progress,
    )
    return detector.find()


def smoothed(suv: Image, fwhm_mm: float) -> np.ndarray:
    """SUV smoothed by a Gaussian, float32; voxels without a value stay NaN and do not spread."""
    array = suv.array if suv.array.dtype == np.float32 else suv.array.astype(np.float32)
    if fwhm_mm <= 0:
        return array
    sigma = [fwhm_mm * FWHM_TO_SIGMA / s for s in suv.geometry.spacing_kji_mm]
    seen = np.isfinite(array)
    if seen.all():
        return ndimage.gaussian_filter(array, sigma, mode="nearest", truncate=3.0)
    total = ndimage.gaussian_filter(np.where(seen, array, np.float32(0)), sigma, mode="nearest", truncate=3.0)
    weight = ndimage.gaussian_filter(seen.astype(np.float32), sigma, mode="nearest", truncate=3.0)
    result = np.full(array.shape, np.nan, dtype=np.float32)
    np.divide(total, weight, out=result, where=seen & (weight > 0))
    return result


def mirrored_peak(
    suv: Image, plane: SymmetryPlane, region: Region, peak_ras: np.ndarray, search_mm: float
) -> float | None:
    """SUVpeak of the mirrored place, searched within some mm; None when it is out of view or is the focus itself."""
    geometry = suv.geometry
    center = plane.mirror(peak_ras)
    if 2.0 * abs(float(plane.signed_distance_mm(peak_ras))) < 2.0 * search_mm:
        return None
    flat = _ball(geometry, center, search_mm)
    flat = flat[~np.isin(flat, region.flat)]
    if not flat.size or not geometry.contains(center):
        return None
    means, in_view = sphere_means(suv, flat)
    usable = np.isfinite(means) & (in_view > 0.5)
    return float(means[usable].max()) if usable.any() else None


def _ball(geometry: Geometry, center_ras: np.ndarray, radius_mm: float) -> np.ndarray:
    """Flat indices of the voxels within a radius of a point."""
    middle = geometry.to_ijk(center_ras)[::-1]
    reach = radius_mm / np.array(geometry.spacing_kji_mm)
    low = np.maximum(np.ceil(middle - reach).astype(int), 0)
    high = np.minimum(np.floor(middle + reach).astype(int) + 1, geometry.shape)
    if np.any(high <= low):
        return np.empty(0, dtype=np.int64)
    grid = np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij")
    flat = np.ravel_multi_index(tuple(g.ravel() for g in grid), geometry.shape)
    return flat[np.linalg.norm(geometry.flat_to_ras(flat) - center_ras, axis=1) <= radius_mm]
