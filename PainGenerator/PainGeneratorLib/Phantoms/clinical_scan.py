"""What a scanner adds to the signal of a clinical phantom: the spine coil, its correction, motion and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..Numerics.core.image import Geometry, resample
from . import fields
from .imaging import add_noise, typical_signal
from .protocol_of_series import SeriesPlan
from .realism import Realism

COIL_BACK_MM = -112.0
"""A coordinate of the elements of the spine coil in the reference frame, mm: just behind the back."""


@dataclass(frozen=True, eq=False)
class Receiver:
    """Receives the signal of the series of one examination.

    Parameters
    ----------
    realism : Realism
    """

    realism: Realism

    @property
    def normalized(self) -> bool:
        """True when the scanner divides by the sensitivity of the coil (prescan normalization)."""
        return "coil-falloff" in self.realism and bool(self.realism.rng("coil-falloff", "examination").random() < 0.5)

    def receive(
        self, signal: np.ndarray, item: SeriesPlan, bias: np.ndarray, snr: float, noise_rng: np.random.Generator
    ) -> np.ndarray:
        """Return the magnitude image of a series, float32. The mean of the tissue is near 1.

        Parameters
        ----------
        signal : ndarray, shape of the grid
            Signal without shading and noise.
        item : SeriesPlan
        bias : ndarray, shape of the grid
            Shading of a plain phantom. It is used when the effect ``coil-falloff`` is off.
        snr : float
            Signal-to-noise ratio of a plain phantom. It is used when the effect ``noise`` is off.
        noise_rng : numpy.random.Generator
            Generator of a plain phantom. It is used when the effect ``noise`` is off.
        """
        place = _Place.of(item)
        low_back = self.realism.group == "low-back" and item.role != "ATTENUATION"
        correction: np.ndarray | float = 1.0
        if "coil-falloff" in self.realism:
            bias, correction = self._shading(item, place, low_back)
        total = signal * bias
        if "motion" in self.realism and low_back:
            total = self._breathing(total, item, place)
        typical = typical_signal(total)
        if "noise" in self.realism:
            total = self._noise(total, item, place, typical, low_back)
        else:
            total = add_noise(total / typical, snr, noise_rng)
        return (total / correction).astype(np.float32)

    def _shading(self, item: SeriesPlan, place: _Place, low_back: bool) -> tuple[np.ndarray, np.ndarray | float]:
        """Sensitivity of the coil, and what the scanner divides by."""
        rng = self.realism.rng("coil-falloff", item.name)
        field = fields.smooth_field(rng, item.geometry.moved(place.to_reference), 70.0)
        smooth = 1 + (0.10 if low_back else 0.03) * resample(field, item.geometry, place.to_reference, outside=0.0)
        middle = float(item.geometry.center_ras[2])
        edge = float(rng.uniform(130, 160)) if low_back else 185.0
        ends = 1 / (1 + np.exp((np.abs(place.superior - middle) - edge) / 12))
        if not low_back:
            return np.maximum(smooth * ends, 0.03).astype(np.float32), 1.0
        exam = self.realism.rng("coil-falloff", "reach")
        loops = spine_coil(place, middle, float(exam.uniform(95, 140)))
        power = float(exam.uniform(0.8, 1.0)) if self.normalized else 0.0
        return np.maximum(loops * smooth * ends, 0.004).astype(np.float32), np.maximum(loops, 0.03) ** power

    def _breathing(self, total: np.ndarray, item: SeriesPlan, place: _Place) -> np.ndarray:
        """Add ghosts of the wall of the belly, and a saturation band in front of the spine that most series have."""
        rng = self.realism.rng("motion", item.name)
        band = rng.random() < 0.6
        if band:
            front = rng.uniform(38, 62) + np.tan(np.deg2rad(rng.uniform(-15, 15))) * place.superior
            depth = rng.uniform(0.6, 0.95)
            total = total * (1 - depth / (1 + np.exp(-(place.anterior - front) / 4.0))).astype(np.float32)
        axis = int(np.argmax(np.abs(item.geometry.ijk_to_ras[1, :3])))
        step = max(1, round(rng.uniform(22, 60) / item.geometry.spacing_mm[axis]))
        wall = total * (place.anterior > 60)
        out = total.copy()
        for n, amount in ((-2, 0.5), (-1, 1.0), (1, 1.0), (2, 0.5)):
            sign = float(rng.choice([-1, 1]))
            out += np.float32(sign * amount * rng.uniform(0.02, 0.07)) * np.roll(wall, n * step, axis=2 - axis)
        return np.abs(out)

    def _noise(self, total: np.ndarray, item: SeriesPlan, place: _Place, typical: float, low_back: bool) -> np.ndarray:
        """Add noise of a clinical size.

        The images of one to four channels are combined as the root of the sum of their squares. The signal is taken to
        come from one of them. The noise is Rician with one channel and noncentral chi with several, so that air is
        brighter than with one. The scanner interpolates, so that neighboring pixels share noise.
        """
        rng = self.realism.rng("noise", item.name)
        reference = typical
        if low_back:
            middle = (np.abs(place.right) < 10) & (np.abs(place.anterior) < 10) & (np.abs(place.superior) < 9)
            reference = float(np.median(total[middle])) if middle.any() else typical
        sigma = reference / typical / float(rng.uniform(12, 28))
        real, imaginary = (_blurred(rng.standard_normal(total.shape, dtype=np.float32), sigma) for _ in range(2))
        squares = (total / np.float32(typical) + real) ** 2 + imaginary**2
        others = int(rng.integers(0, 4))
        if others:
            squares += np.float32(2 * sigma**2) * _blurred(rng.standard_gamma(others, total.shape, dtype=np.float32))
        return np.sqrt(squares)


def _blurred(noise: np.ndarray, sd: float | None = None) -> np.ndarray:
    """Share noise between neighboring pixels of a slice, and give it a standard deviation when one is named."""
    noise = ndimage.gaussian_filter(noise, (0, 0.5, 0.5))
    return noise if sd is None else noise * np.float32(sd / float(noise.std()))


@dataclass(frozen=True, eq=False)
class _Place:
    """R, A and S coordinates (mm) of the voxels of a series in the reference frame."""

    to_reference: np.ndarray
    right: np.ndarray
    anterior: np.ndarray
    superior: np.ndarray

    @classmethod
    def of(cls, item: SeriesPlan) -> _Place:
        geometry: Geometry = item.geometry
        to_reference = np.linalg.inv(item.reference_to_series)
        m = (to_reference @ geometry.ijk_to_ras).astype(np.float32)
        k, j, i = (v.astype(np.float32) for v in np.ogrid[tuple(slice(n) for n in geometry.shape)])
        return cls(to_reference, *(m[n, 0] * i + m[n, 1] * j + m[n, 2] * k + m[n, 3] for n in range(3)))


def spine_coil(place: _Place, middle_mm: float, radius_mm: float) -> np.ndarray:
    """Sensitivity of two columns of loops behind the back, float32, 1 at the highest.

    On its axis a loop of radius r has the sensitivity r^2 / (r^2 + d^2)^(3/2) at the distance d (law of Biot and
    Savart). The same law is used off the axis.

    Parameters
    ----------
    place : _Place
    middle_mm : float
        S coordinate of the middle of the columns, mm.
    radius_mm : float
        Radius of a loop, mm. Neighboring loops are combined, which acts like a wider loop.
    """
    behind = (place.anterior - COIL_BACK_MM) ** 2
    total = np.zeros(np.broadcast_shapes(place.right.shape, place.superior.shape), np.float32)
    for right in (-45.0, 45.0):
        for superior in (-180.0, -120.0, -60.0, 0.0, 60.0, 120.0, 180.0):
            away = behind + (place.right - right) ** 2 + (place.superior - middle_mm - superior) ** 2
            total += (1 + away / np.float32(radius_mm) ** 2) ** np.float32(-1.5)
    return total / total.max()
