"""Contours of foci: the threshold by method, and the connected voxels above it.

A fixed part of the maximum floods as soon as a focus is less than 1 / part times hotter than its surroundings, which
is the usual state of pain generators. The default therefore adapts to the local background:
T = background + part (top - background), with a part of one half for small foci, and less for larger ones.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ..core.image import Image, Region
from ..core.voxel_bits import VoxelBits
from .peak import SphereMeans

METHODS = {
    "adaptive": "between the focus' height and the local background (shell), half-way for small foci",
    "a50p": "half-way between SUVpeak and the reference tissue",
    "fixed-suv": "fixed SUV",
    "percent-41": "41 % of SUVmax",
    "percent-42": "42 % of SUVmax",
    "percent-50": "50 % of SUVmax",
    "mean-plus-sd": "reference mean plus k standard deviations",
    "percist": "PERCIST: 1.5 times the liver's mean plus 2 SD",
    "reference-ratio": "a multiple of the reference tissue",
}
"""Contour methods and what they do."""
OWN_PARAMETERS = {
    "suv": "fixed-suv",
    "ratio": "reference-ratio",
    "sd_factor": "mean-plus-sd",
    "percist_mean": "percist",
    "percist_sd": "percist",
}
"""Parameters that a single method uses; the others count for all."""
UPPER = 75.0
"""Percentile of the shell that is the background of a small focus: a quarter of it at least is like the focus' bed."""
MIDDLE = 60.0
"""The same for the shell around the whole outline, where less of the focus' own blur reaches."""
PSF_FWHM_MM = 5.5
"""Resolution of hybrid scanners: 4.1 to 4.5 mm (NEMA NU 2, 1 cm off the centre) with the usual filter of 3 to 4 mm."""
BALL_ML = (1.5, 3.0)
"""Below, a focus is a joint, root or pedicle, thinner than wide, its edge half-way; above, it is like a ball."""
LARGEST_GAIN = 1.5
"""A lower threshold moves an edge by part of the blur; an outline that grows by more has run into the surroundings."""
_ROUNDS = 3
_MASS_ROUNDS = 8
_CORE_PART = 0.25


@dataclass(frozen=True, kw_only=True)
class ContourParameters:
    """Section "hot_spots.contour" of a protocol; see there for units, ranges and sources."""

    method: str
    suv: float
    ratio: float
    sd_factor: float
    percist_mean: float
    percist_sd: float
    shell_inner_mm: float
    shell_outer_mm: float
    margin_mm: float


@dataclass(frozen=True, kw_only=True)
class NormalUptake:
    """Uptake of normal tissue in this scan, as it was measured.

    Parameters
    ----------
    typical_suv : float
        Typical soft tissue, g/ml.
    rich_suv : float
        Normal tissues with much uptake (marrow, blood, bowel wall), g/ml.
    mass_suv : float
        Tissue above this SUV (g/ml) is part of an organ or a mass.
    liver : tuple of float, optional
        Mean and SD of the liver, g/ml; None when no liver was measured.
    """

    typical_suv: float
    rich_suv: float
    mass_suv: float
    liver: tuple[float, float] | None = None


def methods_that_differ(one: ContourParameters, other: ContourParameters) -> set[str]:
    """The methods whose contours two sets of parameters may draw differently."""
    names = [f.name for f in fields(one) if f.name != "method" and getattr(one, f.name) != getattr(other, f.name)]
    if all(name in OWN_PARAMETERS for name in names):
        return {OWN_PARAMETERS[name] for name in names}
    return set(METHODS)


@dataclass(frozen=True, eq=False)
class Contour:
    """The outline of one focus.

    Parameters
    ----------
    flat : ndarray of int64, shape (n,)
        Sorted flat indices; empty when the focus lies below the threshold.
    threshold : float
        SUV, g/ml.
    background : float or None
        Median SUV of the shell, g/ml; None when the shell holds no voxel.
    """

    flat: np.ndarray
    threshold: float
    background: float | None


class ContourSpace:
    """The surroundings of one focus, in a small box: all its contours are drawn here.

    Sets of voxels of the box are numbers, see :class:`.voxel_bits.VoxelBits`.
    """

    def __init__(
        self,
        suv: Image,
        spheres: SphereMeans,
        owner: np.ndarray,
        number: int,
        flat: np.ndarray,
        core: np.ndarray,
        p: ContourParameters,
        normal: NormalUptake,
    ) -> None:
        """Cut out the box.

        Parameters
        ----------
        suv : Image
            Unsmoothed SUV.
        spheres : SphereMeans
            Of that image.
        owner : ndarray of int32, shape of the image
            Number of the focus that each voxel belongs to, 0 for none.
        number : int
            This focus.
        flat, core : ndarray of int64
            Voxels of the focus, and those near its maximum.
        p : ContourParameters
        normal : NormalUptake
        """
        self._suv, self._spheres, self._core_flat = suv, spheres, core
        self._parameters, self._normal = p, normal
        spacing = np.array(suv.geometry.spacing_kji_mm)
        steps = max(1, round(p.margin_mm / float(spacing.mean())))
        margin = np.ceil((p.shell_inner_mm + p.shell_outer_mm) / spacing).astype(int) + steps + 1
        kji = np.stack(np.unravel_index(flat, suv.geometry.shape))
        self._low = kji.min(axis=1) - margin
        shape = kji.max(axis=1) + margin + 1 - self._low
        self._bits = VoxelBits(shape, spacing)
        self._values = self._cut(suv.array, np.float32(np.nan)).reshape(-1)
        owners = self._cut(owner, 0)
        others = self._bits.pack((owners != 0) & (owners != number))
        self._allowed = self._bits.grown(self._set(flat), steps) & ~others
        self._core = self._set(core)
        self._background = self._bits.pack(np.isfinite(self._values)) & ~others
        self._shells: dict[tuple[int, float, float], np.ndarray] = {}

    def _cut(self, array: np.ndarray, outside: float) -> np.ndarray:
        """The box out of an array of the image's shape, filled where it reaches beyond."""
        high = self._low + self._bits.shape
        inner = tuple(slice(max(a, 0), min(b, n)) for a, b, n in zip(self._low, high, array.shape, strict=True))
        part = array[inner]
        if part.shape == self._bits.shape:
            return part
        whole = np.full(self._bits.shape, outside, dtype=array.dtype)
        whole[tuple(slice(s.start - a, s.stop - a) for s, a in zip(inner, self._low, strict=True))] = part
        return whole

    def _set(self, flat: np.ndarray) -> int:
        """Voxels of the image, by flat index, as a set of the box."""
        mask = np.zeros(self._bits.shape, dtype=bool)
        mask[tuple(np.stack(np.unravel_index(flat, self._suv.geometry.shape)) - self._low[:, None])] = True
        return self._bits.pack(mask)

    def above(self, threshold: float) -> int:
        """The connected voxels at or above a threshold that hold most of the focus' core; 0 for none."""
        voxels = self._bits.pack(self._values >= threshold) & self._allowed
        wanted = voxels & self._core or voxels
        best, most, rest = 0, 0, wanted
        while rest:
            part = self._bits.part_of(rest & -rest, voxels)
            held = (part & wanted).bit_count()
            # Of two that hold as much, the one that begins first in the image.
            if held > most or (held == most and part & -part < best & -best):
                best, most = part, held
            rest &= ~part
            if most > rest.bit_count():
                break
        return best

    def background(self, voxels: int) -> float | None:
        """Median SUV of the shell around a set, without other foci."""
        return self._shell(voxels, 50.0)

    def _shell(
        self, voxels: int, percentile: float, inner_mm: float | None = None, outer_mm: float | None = None
    ) -> float | None:
        """Percentile of the SUV of the shell around a set, without other foci; None when the shell is empty."""
        p = self._parameters
        key = voxels, inner_mm or p.shell_inner_mm, outer_mm or p.shell_outer_mm
        if key not in self._shells:
            inner, outer = (self._bits.within(voxels, radius) for radius in key[1:])
            self._shells[key] = np.sort(self._values[self._bits.unpack(outer & ~inner & self._background)])
        values = self._shells[key]
        if not values.size:
            return None
        place = (values.size - 1) * percentile / 100.0
        low = values[int(place)]
        return float(low + (values[min(int(place) + 1, values.size - 1)] - low) * (place - int(place)))

    @property
    def peak_of_core(self) -> float:
        """SUVpeak of the core."""
        return float(np.nanmax(self._spheres(self._core_flat)[0]))

    def peak(self, voxels: int) -> float:
        """SUVpeak of a set of voxels."""
        return float(np.nanmax(self._spheres(self.flat(voxels))[0]))

    def flat(self, voxels: int) -> np.ndarray:
        """Flat indices in the whole image, sorted."""
        kji = np.stack(np.unravel_index(np.flatnonzero(self._bits.unpack(voxels)), self._bits.shape))
        return np.ravel_multi_index(tuple(kji + self._low[:, None]), self._suv.geometry.shape).astype(np.int64)

    def _values_of(self, voxels: int) -> np.ndarray:
        return self._values[self._bits.unpack(voxels)]

    def contour(self, method: str, reference: float, spread: float) -> Contour:
        """Draw the contour.

        Parameters
        ----------
        method : str
            One of METHODS.
        reference, spread : float
            Reference of the tissue and its SD, g/ml.
        """
        p = self._parameters
        core_max = float(np.nanmax(self._values_of(self._core)))
        if method == "adaptive":
            return self._adaptive(reference, core_max)
        if method == "a50p":
            mask = self.above(0.5 * (core_max + reference))
            threshold = 0.5 * ((self.peak(mask) if mask else core_max) + reference)
        elif method.startswith("percent-"):
            threshold = float(method.removeprefix("percent-")) / 100.0 * core_max
        elif method == "fixed-suv":
            threshold = p.suv
        elif method == "mean-plus-sd":
            threshold = reference + p.sd_factor * spread
        elif method == "percist":
            mean, sd = self._normal.liver or (p.percist_mean, p.percist_sd)
            threshold = 1.5 * mean + 2.0 * sd
        elif method == "reference-ratio":
            threshold = p.ratio * reference
        else:
            raise ValueError(f"method must be one of {tuple(METHODS)}, not {method!r}")
        mask = self.above(threshold)
        return Contour(self.flat(mask), threshold, self.background(mask) if mask else None)

    def _adaptive(self, reference: float, core_max: float) -> Contour:
        """T between background and top, the background from the surroundings of the focus itself.

        A small focus lies on a plateau of normal tissue; its background is the upper part of the shell around its
        core, as the contour would otherwise run over a whole vertebra that lies among muscle. Where even that shell is
        hotter than normal tissue can be, the core is a part of a mass: then the mass is what is outlined.
        """
        p = self._parameters
        top = self._top(core_max)
        core = self.above(top - _CORE_PART * (top - min(reference, top)))
        near = self._shell(core, UPPER, 2.0 * p.shell_inner_mm, p.shell_inner_mm + p.shell_outer_mm) or reference
        if near > self._normal.mass_suv:
            return self._mass(near)
        background = max(near, self._normal.typical_suv)
        for _ in range(_ROUNDS):
            mask = self.above(min(0.5 * (top + background), core_max))
            around = self._shell(mask, MIDDLE) or background
            if around <= background * 1.01:
                break
            background = min(around, top)
        threshold = min(0.5 * (top + background), core_max)
        lower = min(background + self._edge_part(mask) * (top - background), core_max)
        wider = self.above(lower)
        if wider.bit_count() <= LARGEST_GAIN * mask.bit_count():
            mask, threshold = wider, lower
        return Contour(self.flat(mask), threshold, self.background(mask))

    def _edge_part(self, voxels: int) -> float:
        """How high the true edge of a focus lies between background and top, from the size of its outline.

        A ball of radius R blurred by a Gaussian of SD s has 0.5 - s / (sqrt(2 pi) R) of its height at its surface (for
        R over 3 s; the surface integral of the Gaussian), as less than half of what is around lies inside.
        """
        volume_ml = voxels.bit_count() * self._suv.geometry.voxel_volume_ml
        radius_mm = (3000.0 * volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0)
        roundness = float(np.interp(volume_ml, BALL_ML, (0.0, 1.0)))
        return 0.5 - roundness * PSF_FWHM_MM / 2.355 / (np.sqrt(2.0 * np.pi) * radius_mm)

    def _mass(self, start: float) -> Contour:
        """Half-way between the typical uptake of a mass and that of normal tissue (iterative means, after Ridler).

        The shell of a mass is no background: its rim is graded and uneven.
        """
        normal, threshold = self._normal.typical_suv, start
        for _ in range(_MASS_ROUNDS):
            inside = float(np.median(self._values_of(self.above(threshold))))
            previous, threshold = threshold, min(0.5 * (inside + normal), start)
            if abs(threshold - previous) < 0.02 * threshold:
                break
        mask = self.above(threshold)
        return Contour(self.flat(mask), threshold, self.background(mask))

    def _top(self, core_max: float) -> float:
        """Height of the focus: between SUVpeak, too low for a small one, and its hottest voxels, too high in noise."""
        values = self._values_of(self._core)
        upper = np.sort(values[np.isfinite(values)])[-max(1, len(values) // 2) :]
        return min(core_max, 0.5 * (float(upper.mean()) + self.peak_of_core))


def touches_edge(region: Region) -> bool:
    """True when a voxel of a region lies on the border of the grid."""
    first, shape = region.box
    return any(f == 0 or f + s == n for f, s, n in zip(first, shape, region.geometry.shape, strict=True))
