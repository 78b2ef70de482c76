"""Contours of foci: the threshold by method, and the connected voxels above it.

A threshold at a fixed part of the maximum floods into the surroundings as soon as a focus is less than 1 / part times
hotter than they are, which is usual for pain generators. The default method therefore adapts to the local background:
T = background + part (top - background), with a part of one half for small foci, and less for larger ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from ..core.image import Image
from ..core.voxel_bits import VoxelBits
from .peak import SphereMeans

METHODS = {
    "adaptive": "between the focus' height and the local background (shell), half-way for small foci",
    "a50p": "half-way between SUVpeak and the local background (shell of the protocol)",
    "fixed-suv": "fixed SUV",
    "percent-41": "41 % of SUVmax",
    "percent-42": "42 % of SUVmax",
    "percent-50": "50 % of SUVmax",
    "mean-plus-sd": "reference mean plus k standard deviations",
    "percist": "PERCIST: 1.5 times the liver's mean plus 2 SD",
    "reference-ratio": "a multiple of the reference tissue",
}
"""Contour methods and what they do. All but the first one are a plain threshold of :data:`THRESHOLDS`."""
OWN_PARAMETERS = {
    "suv": "fixed-suv",
    "ratio": "reference-ratio",
    "sd_factor": "mean-plus-sd",
    "percist_mean": "percist",
    "percist_sd": "percist",
    "core_shell_percentile": "adaptive",
    "outline_shell_percentile": "adaptive",
    "resolution_mm": "adaptive",
    "joint_ml": "adaptive",
    "ball_ml": "adaptive",
    "largest_gain": "adaptive",
}
"""Parameters that only one method uses, and that method. All methods use the other parameters."""
FWHM_OVER_SD = 2.355
"""Full width at half height of a Gaussian over its standard deviation, rounded."""
ROUNDS = 3
"""Upper bound of the rounds in which outline and background are adapted to each other. Our choice."""
SETTLED = 1.01
"""Upper bound of the ratio of a background to the former one, for the adaptation to have ended. Our choice."""
MASS_ROUNDS = 8
"""Upper bound of the rounds in which the threshold of a mass is adapted. Our choice."""
MASS_SETTLED = 0.02
"""Upper bound of the relative change of the threshold of a mass, for the adaptation to have ended. Our choice."""
FLOOD_PART = 0.1
"""Lower bound of the part of the rim of an outline that reaches the threshold, for the outline to flood into the
surroundings. Our estimate: noise alone lifts a few percent of the voxels of a rim."""
A50P_ROUNDS = 3
"""Upper bound of the rounds in which the outline of A50P and its background are adapted to each other. Our choice."""
CONTOUR_CORE_PART = 0.25
"""The core of a small focus, around which its background is taken, reaches down to this part of its height above the
reference. Our estimate."""
PERCIST_FACTOR = 1.5
"""Multiple of the liver's mean in the threshold of PERCIST (Wahl et al., J Nucl Med 2009)."""
PERCIST_SD_FACTOR = 2.0
"""Multiple of the liver's standard deviation in the threshold of PERCIST (Wahl et al., J Nucl Med 2009)."""


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
    core_shell_percentile: float
    outline_shell_percentile: float
    resolution_mm: float
    joint_ml: float
    ball_ml: float
    largest_gain: float


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
        Flat indices, ascending; empty when the whole focus lies below the threshold.
    threshold : float
        SUV, g/ml.
    background : float or None
        Median SUV of the shell around it, g/ml; None when the shell holds no voxel.
    floods : bool
        The surroundings reach the threshold, too: without the border of the focus the outline would run on. Its
        volume is then that of the focus of the first pass and not that of the method.
    """

    flat: np.ndarray
    threshold: float
    background: float | None
    floods: bool = False


class ContourSpace:
    """A small box around one focus, in which all its contours are drawn.

    Sets of voxels of the box are whole numbers, see :class:`..core.voxel_bits.VoxelBits`.

    Attributes
    ----------
    parameters : ContourParameters
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
            Voxels of the focus, and those near its maximum; flat indices. Every outline holds the hottest voxel of the
            core.
        p : ContourParameters
        normal : NormalUptake
        """
        self._suv, self._spheres, self._core_flat = suv, spheres, core
        self.parameters, self._normal = p, normal
        spacing = np.array(suv.geometry.spacing_kji_mm)
        steps = max(1, round(p.margin_mm / float(spacing.mean())))
        margin = np.ceil((p.shell_inner_mm + p.shell_outer_mm) / spacing).astype(int) + steps + 1
        kji = np.stack(np.unravel_index(flat, suv.geometry.shape))
        self._low = kji.min(axis=1) - margin
        shape = kji.max(axis=1) + margin + 1 - self._low
        self._bits = VoxelBits(shape, suv.geometry.spacing_kji_mm)
        self._values = self._cut(suv.array, np.nan).reshape(-1)
        owners = self._cut(owner, 0)
        others = self._bits.pack((owners != 0) & (owners != number))
        self._core = self._set(core)
        # The core may belong to a hot disc as well; without it the outline would lie somewhere else.
        self._allowed = self._bits.grown(self._set(flat), steps) & ~others | self._core
        inside = np.flatnonzero(self._bits.unpack(self._core))
        values = self._values[inside]
        self._hottest = 0 if np.isnan(values).all() else 1 << int(inside[int(np.nanargmax(values))])
        self._background = self._bits.pack(np.isfinite(self._values)) & ~others
        self._shells: dict[tuple[int, float, float], np.ndarray] = {}

    def _cut(self, array: np.ndarray, outside: float) -> np.ndarray:
        """The box cut out of an array of the image's shape; `outside` fills what lies beyond the image."""
        high = self._low + self._bits.shape
        inner = tuple(slice(max(a, 0), min(b, n)) for a, b, n in zip(self._low, high, array.shape, strict=True))
        part: np.ndarray = array[inner]
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
        """The connected part at or above a threshold that holds the hottest voxel of the core; 0 for none.

        A part that does not hold it is another focus, or the flank of a hotter organ: it may lie several centimeters
        away.
        """
        voxels = self._bits.pack(self._values >= threshold) & self._allowed
        seed = voxels & self._hottest
        return self._bits.part_of(seed, voxels) if seed else 0

    def _part_with_most_core(self, threshold: float) -> int:
        """The connected part at or above a threshold that holds most of the core; 0 for none.

        The background of a focus is measured around it: a single hot voxel of noise beside it is no core.
        """
        voxels = self._bits.pack(self._values >= threshold) & self._allowed
        best, most, rest = 0, 0, voxels & self._core
        while rest:
            part = self._bits.part_of(rest & -rest, voxels)
            held = (part & self._core).bit_count()
            # Of two parts that hold as much of the core, the one that begins first in the image is taken.
            if held > most or (held == most and part & -part < best & -best):
                best, most = part, held
            rest &= ~part
            if most > rest.bit_count():
                break
        return best

    def background(self, voxels: int) -> float | None:
        """Median SUV of the shell around a set, without other foci, g/ml; None when the shell is empty."""
        return self._shell(voxels, 50.0)

    def _shell(
        self, voxels: int, percentile: float, inner_mm: float | None = None, outer_mm: float | None = None
    ) -> float | None:
        """Percentile of the SUV of the shell around a set, without other foci, g/ml; None when the shell is empty.

        The shell lies between two distances from the set; they are those of the protocol when left out.
        """
        p = self.parameters
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
    def liver(self) -> tuple[float, float]:
        """Mean and SD of the liver, g/ml: as measured, or the protocol's normal liver."""
        return self._normal.liver or (self.parameters.percist_mean, self.parameters.percist_sd)

    @property
    def peak_of_core(self) -> float:
        """SUVpeak of the core, g/ml."""
        return float(np.nanmax(self._spheres(self._core_flat)[0]))

    def peak(self, voxels: int) -> float:
        """SUVpeak of a set of voxels, g/ml."""
        return float(np.nanmax(self._spheres(self.flat(voxels))[0]))

    def flat(self, voxels: int) -> np.ndarray:
        """Flat indices in the whole image, ascending; int64, shape (n,)."""
        kji = np.stack(np.unravel_index(np.flatnonzero(self._bits.unpack(voxels)), self._bits.shape))
        flat: np.ndarray = np.ravel_multi_index(tuple(kji + self._low[:, None]), self._suv.geometry.shape)
        return flat.astype(np.int64)

    def _values_of(self, voxels: int) -> np.ndarray:
        values: np.ndarray = self._values[self._bits.unpack(voxels)]
        return values

    def contour(self, method: str, reference: float, spread: float) -> Contour:
        """Draw the contour.

        Parameters
        ----------
        method : str
            One of METHODS.
        reference : float
            Reference of the tissue, g/ml.
        spread : float
            Its SD, g/ml.

        Raises
        ------
        ValueError
            When there is no such method.
        """
        core_max = float(np.nanmax(self._values_of(self._core)))
        if method == "adaptive":
            return self._adaptive(reference, core_max)
        if method not in THRESHOLDS:
            raise ValueError(f"method must be one of {tuple(METHODS)}, not {method!r}")
        threshold = THRESHOLDS[method](self, Heights(core_max, reference, spread))
        mask = self.above(threshold)
        background = self.background(mask) if mask else None
        return Contour(self.flat(mask), threshold, background, self._floods(mask, threshold))

    def _floods(self, mask: int, threshold: float) -> bool:
        """Whether voxels beside an outline reach its threshold, too, but lie beyond the border of the focus.

        Single voxels of noise do so everywhere; it must be a part of the rim.
        """
        rim = self._bits.grown(mask, 1) & ~mask & self._background
        beyond = self._bits.pack(self._values >= threshold) & rim & ~self._allowed
        return beyond.bit_count() >= FLOOD_PART * max(rim.bit_count(), 1)

    def _adaptive(self, reference: float, core_max: float) -> Contour:
        """The contour between background and maximum, with the background from around the focus itself.

        A small focus lies on normal tissue of about equal uptake. Its background is the upper part of the shell around
        its core: with a lower one the contour would run over a whole vertebra that lies among muscle. Where even that
        shell is hotter than normal tissue can be, the core is part of a mass, and the mass is outlined.
        """
        p = self.parameters
        top = self._top(core_max)
        core = self._part_with_most_core(top - CONTOUR_CORE_PART * (top - min(reference, top)))
        outer_mm = p.shell_inner_mm + p.shell_outer_mm
        near = self._shell(core, p.core_shell_percentile, 2.0 * p.shell_inner_mm, outer_mm) or reference
        if near > self._normal.mass_suv:
            return self._mass(min(near, core_max))
        background = max(near, self._normal.typical_suv)
        for _ in range(ROUNDS):
            mask = self.above(min(0.5 * (top + background), core_max))
            around = self._shell(mask, p.outline_shell_percentile) or background
            if around <= background * SETTLED:
                break
            background = min(around, top)
        threshold = min(0.5 * (top + background), core_max)
        lower = min(background + self._edge_part(mask) * (top - background), core_max)
        wider = self.above(lower)
        if wider.bit_count() <= p.largest_gain * mask.bit_count():
            mask, threshold = wider, lower
        return Contour(self.flat(mask), threshold, self.background(mask))

    def _edge_part(self, voxels: int) -> float:
        """Height of the true edge of a focus between background (0) and maximum (1), from the size of its outline.

        The surface of a ball of radius R that is blurred by a Gaussian of SD s has 0.5 - s / (sqrt(2 pi) R) of its
        height, for R over 3 s (the integral of the Gaussian over the ball): less than half of the surroundings of a
        point of the surface lies inside the ball.
        """
        p = self.parameters
        volume_ml = voxels.bit_count() * self._suv.geometry.voxel_volume_ml
        radius_mm = (3000.0 * volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0)
        roundness = float(np.interp(volume_ml, (min(p.joint_ml, p.ball_ml), p.ball_ml), (0.0, 1.0)))
        return float(0.5 - roundness * p.resolution_mm / FWHM_OVER_SD / (np.sqrt(2.0 * np.pi) * radius_mm))

    def _mass(self, start: float) -> Contour:
        """The contour halfway between the typical uptake of a mass and that of normal tissue.

        Both are adapted to each other in rounds (after Ridler and Calvard, IEEE Trans Syst Man Cybern 1978). The shell
        of a mass is no background, as its border is gradual and uneven.
        """
        normal, threshold = self._normal.typical_suv, start
        for _ in range(MASS_ROUNDS):
            inside = float(np.median(self._values_of(self.above(threshold))))
            previous, threshold = threshold, min(0.5 * (inside + normal), start)
            if abs(threshold - previous) < MASS_SETTLED * threshold:
                break
        mask = self.above(threshold)
        return Contour(self.flat(mask), threshold, self.background(mask))

    def _top(self, core_max: float) -> float:
        """Height of the focus, g/ml.

        It lies between SUVpeak, which is too low for a small focus, and the mean of the hottest voxels, which noise
        raises.
        """
        values = self._values_of(self._core)
        upper = np.sort(values[np.isfinite(values)])[-max(1, len(values) // 2) :]
        return min(core_max, 0.5 * (float(upper.mean()) + self.peak_of_core))


@dataclass(frozen=True)
class Heights:
    """What the threshold of a focus follows from, g/ml.

    Parameters
    ----------
    core_max : float
        Highest SUV of the core.
    reference : float
        Reference of the tissue.
    spread : float
        SD of the surroundings.
    """

    core_max: float
    reference: float
    spread: float


def _half_way_to_peak(space: ContourSpace, at: Heights) -> float:
    """Half-way between SUVpeak and the local background: the median of the shell around the outline itself.

    The shell follows from the outline and the outline from the shell, so that both are taken in rounds. It begins with
    the reference tissue as background.
    """
    background = at.reference
    threshold = 0.5 * (at.core_max + background)
    for _ in range(A50P_ROUNDS):
        mask = space.above(threshold)
        if not mask:
            break
        background = space.background(mask) or background
        threshold = 0.5 * (space.peak(mask) + background)
    return min(threshold, at.core_max)


def _mean_plus_sd(space: ContourSpace, at: Heights) -> float:
    return at.reference + space.parameters.sd_factor * at.spread


def _percist(space: ContourSpace, _at: Heights) -> float:
    mean, sd = space.liver
    return PERCIST_FACTOR * mean + PERCIST_SD_FACTOR * sd


THRESHOLDS: dict[str, Callable[[ContourSpace, Heights], float]] = {
    "a50p": _half_way_to_peak,
    "fixed-suv": lambda space, at: space.parameters.suv,
    "percent-41": lambda space, at: 0.41 * at.core_max,
    "percent-42": lambda space, at: 0.42 * at.core_max,
    "percent-50": lambda space, at: 0.5 * at.core_max,
    "mean-plus-sd": _mean_plus_sd,
    "percist": _percist,
    "reference-ratio": lambda space, at: space.parameters.ratio * at.reference,
}
"""Threshold (SUV, g/ml) of each plain method, from the box of a focus and its heights."""
