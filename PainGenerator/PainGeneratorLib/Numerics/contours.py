"""Contours of foci: the threshold by method, and the connected voxels above it.

A fixed part of the maximum floods as soon as a focus is less than 1 / part times hotter than its surroundings, which
is the usual state of pain generators. The default therefore adapts to the local background:
T = 0.5 (SUVpeak + background).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .image import Geometry, Image
from .peak import sphere_means

METHODS = {
    "adaptive": "half-way between SUVpeak and the local background (shell)",
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
UPPER = 75.0
"""Percentile of the shell that is the background of a small focus: a quarter of it at least is like the focus' bed."""
MIDDLE = 60.0
"""The same for the shell around the whole outline, where less of the focus' own blur reaches."""
_ROUNDS = 3
_MASS_ROUNDS = 8
_CORE_PART = 0.25


@dataclass(frozen=True)
class ContourParameters:
    """What the methods need; the values come from the protocol (stage "hot_spots")."""

    suv: float
    ratio: float
    sd_factor: float
    percist_mean: float
    percist_sd: float
    shell_inner_mm: float
    shell_outer_mm: float
    margin_mm: float
    typical_suv: float
    mass_suv: float


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
    """The surroundings of one focus, in a small box: all its contours are drawn here."""

    def __init__(
        self, suv: Image, owner: np.ndarray, number: int, flat: np.ndarray, core: np.ndarray, p: ContourParameters
    ) -> None:
        """Cut out the box.

        Parameters
        ----------
        suv : Image
            Unsmoothed SUV.
        owner : ndarray of int32, shape of the image
            Number of the focus that each voxel belongs to, 0 for none.
        number : int
            This focus.
        flat, core : ndarray of int64
            Voxels of the focus, and those near its maximum.
        p : ContourParameters
        """
        self._suv, self._parameters = suv, p
        spacing = np.array(suv.geometry.spacing_kji_mm)
        shape = np.array(suv.geometry.shape)
        kji = np.stack(np.unravel_index(flat, suv.geometry.shape))
        margin = np.ceil((p.shell_inner_mm + p.shell_outer_mm + p.margin_mm) / spacing).astype(int) + 1
        low = np.maximum(kji.min(axis=1) - margin, 0)
        high = np.minimum(kji.max(axis=1) + margin + 1, shape)
        self._low, self._shape = low, tuple(high - low)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        self._values = suv.array[box]
        owners = owner[box]
        self._others = (owners != 0) & (owners != number)
        focus = np.zeros(self._shape, dtype=bool)
        focus[tuple(kji - low[:, None])] = True
        steps = max(1, round(p.margin_mm / float(spacing.mean())))
        self._allowed = ndimage.binary_dilation(focus, iterations=steps) & ~self._others
        self._core = tuple(np.stack(np.unravel_index(core, suv.geometry.shape)) - low[:, None])
        self._spacing = spacing

    def above(self, threshold: float) -> np.ndarray:
        """The connected voxels at or above a threshold that hold most of the focus' core, as a mask of the box."""
        mask = (self._values >= threshold) & self._allowed
        labels, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
        if count <= 1:
            return mask
        votes = np.bincount(labels[self._core], minlength=count + 1)
        votes[0] = 0
        if not votes.any():
            votes = np.bincount(labels.ravel())
            votes[0] = 0
        return labels == int(votes.argmax())

    def background(self, mask: np.ndarray) -> float | None:
        """Median SUV of the shell around a mask, without other foci."""
        return self._shell(mask, 50.0)

    def _shell(
        self, mask: np.ndarray, percentile: float, inner_mm: float | None = None, outer_mm: float | None = None
    ) -> float | None:
        """Percentile of the SUV of the shell around a mask, without other foci; None when the shell is empty."""
        p = self._parameters
        inner, outer = inner_mm or p.shell_inner_mm, outer_mm or p.shell_outer_mm
        distance = ndimage.distance_transform_edt(~mask, sampling=self._spacing)
        shell = (distance > inner) & (distance <= outer) & ~self._others
        values = self._values[shell]
        values = values[np.isfinite(values)]
        return float(np.percentile(values, percentile)) if values.size else None

    @property
    def peak_of_core(self) -> float:
        """SUVpeak of the core."""
        flat = np.ravel_multi_index(
            tuple(a + b for a, b in zip(self._core, self._low, strict=True)), self._suv.geometry.shape
        )
        return float(np.nanmax(sphere_means(self._suv, flat)[0]))

    def peak(self, mask: np.ndarray) -> float:
        """SUVpeak of a mask; its SUVmax when no sphere has a value."""
        means, _ = sphere_means(self._suv, self.flat(mask))
        return float(np.nanmax(means))

    def flat(self, mask: np.ndarray) -> np.ndarray:
        """Flat indices in the whole image, sorted."""
        kji = np.argwhere(mask) + self._low
        return np.ravel_multi_index(tuple(kji.T), self._suv.geometry.shape).astype(np.int64)

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
        core_max = float(np.nanmax(self._values[self._core]))
        if method == "adaptive":
            return self._adaptive(reference, core_max)
        if method == "a50p":
            mask = self.above(0.5 * (core_max + reference))
            threshold = 0.5 * ((self.peak(mask) if mask.any() else core_max) + reference)
        elif method.startswith("percent-"):
            threshold = float(method.removeprefix("percent-")) / 100.0 * core_max
        elif method == "fixed-suv":
            threshold = p.suv
        elif method == "mean-plus-sd":
            threshold = reference + p.sd_factor * spread
        elif method == "percist":
            threshold = 1.5 * p.percist_mean + 2.0 * p.percist_sd
        elif method == "reference-ratio":
            threshold = p.ratio * reference
        else:
            raise ValueError(f"method must be one of {tuple(METHODS)}, not {method!r}")
        mask = self.above(threshold)
        return Contour(self.flat(mask), threshold, self.background(mask) if mask.any() else None)

    def _adaptive(self, reference: float, core_max: float) -> Contour:
        """T = 0.5 (top + background), the background from the surroundings of the focus itself.

        A small focus lies on a plateau of normal tissue; its background is the upper part of the shell around its
        core, as the contour would otherwise run over a whole vertebra that lies among muscle. Where even that shell is
        hotter than normal tissue can be, the core is a part of a mass: then the mass is what is outlined.
        """
        p = self._parameters
        top = self._top(core_max)
        core = self.above(top - _CORE_PART * (top - min(reference, top)))
        near = self._shell(core, UPPER, 2.0 * p.shell_inner_mm, p.shell_inner_mm + p.shell_outer_mm) or reference
        if near > p.mass_suv:
            return self._mass(near)
        background = max(near, p.typical_suv)
        for _ in range(_ROUNDS):
            mask = self.above(min(0.5 * (top + background), core_max))
            around = self._shell(mask, MIDDLE) or background
            if around <= background * 1.01:
                break
            background = min(around, top)
        return Contour(self.flat(mask), min(0.5 * (top + background), core_max), self.background(mask))

    def _mass(self, start: float) -> Contour:
        """Half-way between the typical uptake of a mass and that of normal tissue (iterative means, after Ridler).

        The shell of a mass is no background: its rim is graded and uneven.
        """
        normal, threshold = self._parameters.typical_suv, start
        for _ in range(_MASS_ROUNDS):
            inside = float(np.median(self._values[self.above(threshold)]))
            previous, threshold = threshold, min(0.5 * (inside + normal), start)
            if abs(threshold - previous) < 0.02 * threshold:
                break
        mask = self.above(threshold)
        return Contour(self.flat(mask), threshold, self.background(mask))

    def _top(self, core_max: float) -> float:
        """Height of the focus: between SUVpeak, too low for a small one, and its hottest voxels, too high in noise."""
        values = self._values[self._core]
        upper = np.sort(values[np.isfinite(values)])[-max(1, len(values) // 2) :]
        return min(core_max, 0.5 * (float(upper.mean()) + self.peak_of_core))


def touches_edge(flat: np.ndarray, geometry: Geometry) -> bool:
    """True when a voxel of the set lies on the border of the grid."""
    return any(
        bool(np.any((axis == 0) | (axis == n - 1)))
        for axis, n in zip(np.unravel_index(flat, geometry.shape), geometry.shape, strict=True)
    )
