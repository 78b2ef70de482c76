"""Make the images of the digital patient: PET and MR on their own grids, with blur, noise, bias and motion."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..Numerics.core.image import Geometry, Image, resample
from . import fields
from .clinical_signal import ClinicalTissue, image_of
from .implant_effects import attenuation_loss, distort
from .lesions import Lesion
from .mr_signal import Sequence, signal_table
from .patient import Patient
from .protocol_of_series import SeriesPlan
from .tissue_table import TISSUES

PEAK_RADIUS_MM = 6.2035
"""Radius of the sphere of 1 ml in which SUVpeak is measured, mm."""


def uptake(patient: Patient, rng: np.random.Generator) -> np.ndarray:
    """True uptake on the grid of the atlas, g/ml, float32: means of the tissues, their variation, and lesions."""
    atlas = patient.atlas
    table = np.zeros(256, np.float32)
    for name, tissue in TISSUES.items():
        gain = patient.suv_gains.get(
            name, patient.suv_gains["marrow"] if "marrow" in name or name == "cortex" else 1.0
        )
        table[tissue.code] = tissue.suv * gain
    suv = table[atlas.tissue]
    wide = fields.field_on_grid(fields.smooth_field(rng, atlas.geometry, 16.0), atlas.geometry)
    fine = fields.field_on_grid(fields.smooth_field(rng, atlas.geometry, 5.0), atlas.geometry)
    patches = fields.field_on_grid(fields.smooth_field(rng, atlas.geometry, 12.0), atlas.geometry)
    wide *= 0.085
    fine *= 0.04
    wide += fine
    wide += np.where(patches > 0.8, np.float32(0.09), np.float32(-0.02))
    np.clip(wide, -0.25, 0.25, out=wide)
    wide += 1
    suv *= wide
    if patient.composition is not None:
        suv.reshape(-1)[patient.composition.flat] *= patient.composition.uptake_factor
    for lesion in [*patient.lesions, *patient.look_alikes]:
        if lesion.suv is not None:
            slices, weight = lesion.uptake_weight(atlas)
            suv[slices] += weight * (lesion.suv - suv[slices])
    return suv


def blurred_uptake(patient: Patient, suv: np.ndarray, fwhm_mm: float, metal: Image | None) -> Image:
    """Blur the uptake by the point spread function and lower it near metal, on the grid of the atlas.

    The noise-free measures of every lesion are added to the lesion.

    Parameters
    ----------
    patient : Patient
    suv : ndarray, shape of the atlas
        True uptake, g/ml.
    fwhm_mm : float
        Full width at half maximum of the point spread function, mm.
    metal : Image or None
        Distance to metal from :func:`.implant_effects.distance_to_metal`.
    """
    geometry = patient.atlas.geometry
    sigma = fwhm_mm / 2.355 / geometry.spacing_mm[0]
    blurred = ndimage.gaussian_filter(suv, sigma, truncate=3.0)
    if metal is not None:
        attenuation_loss(metal, blurred, geometry, 0.25)
    for lesion in patient.lesions:
        lesion.measured = _measure(patient, lesion, suv, blurred)
    return Image(blurred, geometry)


def _measure(patient: Patient, lesion: Lesion, suv: np.ndarray, blurred: np.ndarray) -> dict:
    """Measure centroid, volume and noise-free SUV of a lesion."""
    atlas = patient.atlas
    within = lesion.within if lesion.suv is not None else lesion.mr_within
    slices, weight = lesion.weight(atlas, within)
    inside = weight > 0.5
    volume = round(float(inside.sum() * atlas.geometry.voxel_volume_ml), 3)
    names = ("true_suv_max", "blurred_suv_max", "blurred_suv_peak")
    if not inside.any():
        raise ValueError(f"lesion {lesion.kind} at {lesion.center_ras_mm} fills no voxel")
    kji = np.argwhere(inside)
    centroid = (kji * weight[inside][:, None]).sum(axis=0) / weight[inside].sum()
    centroid = atlas.geometry.to_ras((centroid + [s.start for s in slices])[::-1])
    measured = {"centre_ras_mm": [round(float(v), 2) for v in centroid], "volume_ml": volume, **dict.fromkeys(names)}
    if lesion.suv is None:
        return measured
    spacing = atlas.geometry.spacing_mm[0]
    reach = int(np.ceil(PEAK_RADIUS_MM / spacing))
    offsets = np.mgrid[-reach : reach + 1, -reach : reach + 1, -reach : reach + 1] * spacing
    sphere = ((offsets**2).sum(axis=0) <= PEAK_RADIUS_MM**2).astype(np.float32)
    sphere /= sphere.sum()
    wide = tuple(slice(max(s.start - reach, 0), s.stop + reach) for s in slices)
    mean = ndimage.convolve(blurred[wide], sphere, mode="nearest")
    first = tuple(s.start - w.start for s, w in zip(slices, wide, strict=True))
    mean = mean[tuple(slice(f, f + n) for f, n in zip(first, inside.shape, strict=True))]
    values = (suv[slices][inside].max(), blurred[slices][inside].max(), mean[inside].max())
    return measured | {name: round(float(value), 3) for name, value in zip(names, values, strict=True)}


def image_pet(
    patient: Patient,
    blurred: Image,
    geometry: Geometry,
    reference_to_pet: np.ndarray,
    noise: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Make the PET: SUV on its grid, g/ml, float32.

    Parameters
    ----------
    patient : Patient
    blurred : Image
        Uptake from :func:`blurred_uptake`.
    geometry : Geometry
        Grid of the PET in its own frame.
    reference_to_pet : ndarray, shape (4, 4)
        Maps points of the reference frame to points of the frame of the PET, RAS mm.
    noise : float
        Standard deviation of the noise at SUV 1, g/ml. It grows with the square root of the uptake.
    rng : numpy.random.Generator
    """
    back = np.linalg.inv(reference_to_pet)
    suv = resample(blurred, geometry, back, outside=0.02)
    suv += noise * np.sqrt(np.maximum(suv, 0) + 0.04) * fields.correlated_noise(rng, geometry, 4.5)
    return np.maximum(suv, 0, out=suv)


class MRImager:
    """Makes MR images of one patient with many sequences. All have the same variation of signal within tissues.

    Parameters
    ----------
    patient : Patient
    rng : numpy.random.Generator
    metal : Image or None
        Distance to metal from :func:`.implant_effects.distance_to_metal`.
    tissue : ClinicalTissue, optional
        What the tissue of a clinical phantom looks like. A plain phantom has none.
    """

    def __init__(
        self, patient: Patient, rng: np.random.Generator, metal: Image | None, tissue: ClinicalTissue | None = None
    ):
        self.patient, self.metal, self.tissue = patient, metal, tissue
        geometry = patient.atlas.geometry
        self.variation = fields.field_on_grid(fields.smooth_field(rng, geometry, 11.0), geometry)
        self.variation *= 0.04
        texture = fields.field_on_grid(fields.smooth_field(rng, geometry, 2.2), geometry)
        texture *= 0.06
        self.variation += texture
        np.clip(self.variation, -0.3, 0.3, out=self.variation)
        self.variation += 1

    def _signal(self, sequence: Sequence, series: str) -> Image:
        """Signal of a sequence on the grid of the atlas, with the lesions that MR shows."""
        if self.tissue is not None:
            return image_of(self.tissue, sequence, series, self.variation)
        patient = self.patient
        table = signal_table(sequence)
        signal = table[patient.atlas.tissue]
        for lesion in [*patient.look_alikes, *patient.lesions]:
            if lesion.appearance:
                slices, weight = lesion.weight(patient.atlas, lesion.mr_within)
                target = table[TISSUES[lesion.appearance].code]
                signal[slices] += weight * lesion.strength * (target - signal[slices])
        signal *= self.variation
        return Image(signal, patient.atlas.geometry)

    def sampled(self, item: SeriesPlan, readout_axis: int = 1) -> np.ndarray:
        """Sample the signal on the grid of a series, with its slice thickness and the effects of metal, float32.

        Parameters
        ----------
        item : SeriesPlan
        readout_axis : int
            Array axis of the frequency encoding.
        """
        sequence, geometry, slice_mm = item.mr_sequence, item.geometry, item.slice_mm
        source = self._signal(sequence, item.name)
        back = np.linalg.inv(item.reference_to_series)
        count = max(1, round(slice_mm / 1.5))
        spacing = geometry.spacing_mm[2]
        total = np.zeros(geometry.shape, np.float32)
        for n in range(count):
            step = ((n + 0.5) / count - 0.5) * slice_mm / spacing
            matrix = np.array(geometry.ijk_to_ras)
            matrix[:3, 3] += step * matrix[:3, 2]
            total += resample(source, Geometry(geometry.shape, matrix), back, outside=0.0)
        total /= count
        if self.metal is not None:
            gradient = sequence.kind in ("in-phase", "opposed-phase", "water", "fat")
            reach, strength = (8.0, 4.0) if gradient else (3.5, 13.0)
            total = distort(total, geometry, self.metal, back, readout_axis, reach, strength)
        return ndimage.gaussian_filter(total, (0, 0.55, 0.55))


def received(signal: np.ndarray, bias: np.ndarray, snr: float, rng: np.random.Generator) -> np.ndarray:
    """Make the magnitude image of a plain phantom, float32. The mean of the tissue is near 1.

    Parameters
    ----------
    signal : ndarray, shape of the grid
        Signal from :meth:`MRImager.sampled`. It is changed.
    bias : ndarray, shape of the grid
        Shading of the coil from :func:`surface_coil`.
    snr : float
        Mean signal of the tissue divided by the noise.
    rng : numpy.random.Generator
    """
    signal *= bias
    signal /= typical_signal(signal)
    return add_noise(signal, snr, rng)


def typical_signal(signal: np.ndarray) -> float:
    """Mean signal of what is clearly tissue."""
    return float(signal[signal > 0.1 * signal.max()].mean())


def add_noise(signal: np.ndarray, snr: float, rng: np.random.Generator) -> np.ndarray:
    """Add Rician noise with a standard deviation of 1 / `snr` to a signal around 1."""
    sigma = np.float32(1 / snr)
    real = signal + sigma * rng.standard_normal(signal.shape, dtype=np.float32)
    return np.hypot(real, sigma * rng.standard_normal(signal.shape, dtype=np.float32))


def surface_coil(
    geometry: Geometry, to_reference: np.ndarray, rng: np.random.Generator, posterior: bool
) -> np.ndarray:
    """Make the shading of a receive coil on the grid of a series, float32, around 1.

    Parameters
    ----------
    geometry : Geometry
        Grid of the series in its own frame.
    to_reference : ndarray, shape (4, 4)
        Maps points of the frame of the series to points of the reference frame, RAS mm.
    rng : numpy.random.Generator
    posterior : bool
        True for a spine coil, whose sensitivity falls with the distance from the back. False for a body array.
    """
    field = fields.smooth_field(rng, geometry.moved(to_reference), 70.0)
    smooth = 0.12 * resample(field, geometry, to_reference, outside=0.0)
    k, j, i = np.ogrid[: geometry.shape[0], : geometry.shape[1], : geometry.shape[2]]
    m = to_reference @ geometry.ijk_to_ras
    a = m[1, 0] * i + m[1, 1] * j + m[1, 2] * k + m[1, 3]
    s = m[2, 0] * i + m[2, 1] * j + m[2, 2] * k + m[2, 3]
    if posterior:
        smooth = smooth + 0.45 + 1.5 * np.exp(-(a + 95) / rng.uniform(55, 85))
        edge = 150.0
    else:
        smooth = smooth + 0.9 + 0.25 * (a / 110) ** 2
        edge = 190.0
    middle = float(geometry.center_ras[2])
    fall = 1 / (1 + np.exp((np.abs(s - middle) - edge) / 12))
    return np.maximum(smooth * fall, 0.03).astype(np.float32)
