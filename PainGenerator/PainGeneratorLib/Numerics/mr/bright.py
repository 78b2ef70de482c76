"""Bright places on the fluid-sensitive series, and what surrounds each of them.

Edema, synovitis and fluid are brighter than muscle on the fluid-sensitive series and no brighter than mixed marrow on
T1. So are the spinal canal, discs, veins, kidneys, ureters, bowel and bladder. They differ in shape, in the tissues of
the shell around them, and in their place (:mod:`.spine_rules`, :mod:`.hip`). None of it needs the outline of the bone,
which the signal shows worst where a lesion has replaced marrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..core.image import Geometry, Region
from ..core.records import MRFinding
from .picture import MUSCLE_SPREAD, PEAK_PERCENTILE, MRPicture, make_finding, z_over
from .signal import extents_mm
from .verdicts import COLLECTION, MODIC_I, OEDEMA, MRVerdict

Box = tuple[slice, ...]

SHELL_INNER_MM = 1.2
"""Lower bound for the distance of the shell from a bright place: beyond its blurred edge."""
SHELL_OUTER_MM = 4.2
"""Upper bound for that distance: within the neighboring tissue."""

# How the tissues of the shell look, as signal over that of muscle. Our estimates: the middle between two tissues.
MARROW_T1_LEAST = 1.25
"""Lower bound for marrow on T1."""
MARROW_FLUID_MOST = 1.25
"""Upper bound for normal marrow on the fluid-sensitive series."""
FAT_TO_MUSCLE = 0.25
"""Where between fat and muscle, on the fluid-sensitive series, marrow begins."""
DARK_MOST = 0.75
"""Upper bound for cortex and fibrous disc, on both series."""
MUSCLE_T1_WIDTH = 0.25
"""Upper bound for how far muscle on T1 is from 1."""
MUSCLE_FLUID_WIDTH = 0.3
"""Upper bound for how far muscle on the fluid-sensitive series is from 1."""
FAT_T1_WIDTH = 0.15
"""Upper bound for how far the T1 signal of fat is from its typical one, as part of it."""
SUPPRESSED_FAT_MOST = 0.7
"""Upper bound for the fluid-sensitive signal of fat: where it is brighter, suppression failed."""
FAT_VOXELS = 50_000
"""Upper bound for the voxels of fat that give its signal; more do not change a median."""


@dataclass(frozen=True, eq=False)
class BrightPart:
    """One connected bright place.

    Parameters
    ----------
    region : Region
    lengths_mm, axes : ndarray
        As of :func:`.signal.extents_mm`.
    mean, peak : float
        Mean and 90th percentile of the fluid-sensitive signal over that of muscle.
    t1 : float
        Mean T1 over that of muscle; NaN without T1.
    marrow, fat, dark, muscle : float
        Parts of the shell that look like red or mixed marrow, fat, cortex or disc, muscle.
    """

    region: Region
    lengths_mm: np.ndarray
    axes: np.ndarray
    mean: float
    peak: float
    t1: float
    marrow: float
    fat: float
    dark: float
    muscle: float

    @property
    def depth_mm(self) -> float:
        """Extent from side to side: between the 5th and the 95th percentile of its voxels."""
        low, high = np.percentile(self.region.points_ras[:, 0], (5, 95))
        return float(high - low)

    @property
    def volume_ml(self) -> float:
        """Volume of the place."""
        return self.region.volume_ml


def bright_mask(picture: MRPicture, over_muscle: float) -> np.ndarray:
    """Voxels that are bright on the fluid-sensitive series and not as bright as fat on T1.

    Parameters
    ----------
    picture : MRPicture
    over_muscle : float
        Lower bound of the fluid-sensitive signal over that of muscle.

    Returns
    -------
    ndarray of bool, shape of the working grid
    """
    signals, muscle = picture.signals, picture.typical.muscle
    mask = (picture.fluid_signal > over_muscle * picture.muscle_signal) & signals.body
    if "T1" in picture.smooth and picture.typical.fat_t1 is not None:
        mask &= picture.smooth["T1"] < np.sqrt(muscle["T1"] * picture.typical.fat_t1)
    return np.asarray(mask)


def bright_parts(picture: MRPicture, mask: np.ndarray, minimum_ml: float) -> list[BrightPart]:
    """The connected parts of a mask, with what is known of each.

    Parameters
    ----------
    picture : MRPicture
    mask : ndarray of bool, shape of the working grid
    minimum_ml : float
        Smaller parts are left out.
    """
    geometry = picture.surroundings.geometry
    labels, count = ndimage.label(mask, ndimage.generate_binary_structure(3, 1))
    least = minimum_ml / geometry.voxel_volume_ml
    large = np.bincount(labels.reshape(-1), minlength=count + 1) >= least
    shells = Shells(picture, mask)
    boxes = ndimage.find_objects(labels)
    return [shells.part(labels, int(n), boxes[n - 1]) for n in np.flatnonzero(large[1:]) + 1]


class Shells:
    """Looks at the tissues around bright parts: T1 and fluid-sensitive signal over that of muscle.

    Parameters
    ----------
    picture : MRPicture
    mask : ndarray of bool, shape of the working grid
        All bright places; they belong to no shell.
    """

    def __init__(self, picture: MRPicture, mask: np.ndarray) -> None:
        self.picture, self.mask = picture, mask
        muscle, fat = picture.typical.muscle, picture.typical.fat_t1
        self.fluid = picture.fluid_signal / np.float32(picture.muscle_signal)
        self.t1: np.ndarray | None = None
        if "T1" in picture.smooth and fat is not None:
            self.t1 = picture.smooth["T1"] / np.float32(muscle["T1"])
            self.fat_t1 = fat / muscle["T1"]
            alike = picture.signals.body & (np.abs(self.t1 / self.fat_t1 - 1.0) < FAT_T1_WIDTH)
            some = self.fluid[alike]
            median = float(np.median(some[:: some.size // FAT_VOXELS + 1])) if some.size else 0.0
            self.fat_fluid = min(median, SUPPRESSED_FAT_MOST)

    def part(self, labels: np.ndarray, number: int, box: Box) -> BrightPart:
        """One labeled part with its measures.

        Parameters
        ----------
        labels : ndarray of int, shape of the working grid
        number : int
            Label of the part.
        box : tuple of slice
            The tightest box around it.
        """
        geometry = self.picture.surroundings.geometry
        margins = [int(SHELL_OUTER_MM / s + 1) for s in geometry.spacing_kji_mm]
        wide = tuple(
            slice(max(b.start - m, 0), min(b.stop + m, n))
            for b, m, n in zip(box, margins, geometry.shape, strict=True)
        )
        own = labels[wide] == number
        place = [a + s.start for a, s in zip(np.nonzero(own), wide, strict=True)]
        region = Region(geometry, np.ravel_multi_index(place, labels.shape))
        lengths, axes = extents_mm(region.points_ras)
        values = self.fluid.reshape(-1)[region.flat]
        t1 = float("nan") if self.t1 is None else float(self.t1.reshape(-1)[region.flat].mean())
        parts = self._tissue_parts(own, wide)
        peak = float(np.percentile(values, PEAK_PERCENTILE))
        return BrightPart(region, lengths, axes, float(values.mean()), peak, t1, *parts)

    def _tissue_parts(self, own: np.ndarray, box: Box) -> list[float]:
        """Parts of the shell around a part that are of each tissue, in the order of :meth:`classes`."""
        shell = _shell(own, self.picture.surroundings.geometry) & ~self.mask[box]
        size = max(int(np.count_nonzero(shell)), 1)
        return [int(np.count_nonzero(one & shell)) / size for one in self.classes(box)]

    def classes(self, box: Box) -> tuple[np.ndarray, ...]:
        """Voxels of a box that look like marrow, fat, dark tissue and muscle, each a mask."""
        fluid = self.fluid[box]
        if self.t1 is None:
            none = np.zeros(fluid.shape, dtype=bool)
            return none, none, fluid < DARK_MOST, none
        t1 = self.t1[box]
        between = self.fat_fluid + FAT_TO_MUSCLE * (1.0 - self.fat_fluid)
        marrow = (t1 > MARROW_T1_LEAST) & (fluid > between) & (fluid < MARROW_FLUID_MOST)
        fat = (t1 > np.sqrt(self.fat_t1)) & (fluid <= between)
        muscle = (np.abs(t1 - 1.0) < MUSCLE_T1_WIDTH) & (np.abs(fluid - 1.0) < MUSCLE_FLUID_WIDTH)
        return marrow, fat, (t1 < DARK_MOST) & (fluid < DARK_MOST), muscle


def _shell(own: np.ndarray, geometry: Geometry) -> np.ndarray:
    away = ndimage.distance_transform_edt(~own, sampling=geometry.spacing_kji_mm)
    return np.asarray((away > SHELL_INNER_MM) & (away < SHELL_OUTER_MM))


@dataclass(frozen=True)
class JudgedPlace:
    """What a bright part was decided to be.

    Parameters
    ----------
    part : BrightPart
    kind : str or None
        None when it is normal.
    sure : bool
        False for a weak finding.
    rule : str or None
        Name of the rule that decided.
    """

    part: BrightPart
    kind: str | None
    sure: bool = True
    rule: str | None = None


def set_part_aside(picture: MRPicture, part: BrightPart, decided: tuple[str, MRVerdict]) -> None:
    """Set a bright part aside that a rule takes for normal: as fluid where it is as bright, else as edema.

    Parameters
    ----------
    picture : MRPicture
    part : BrightPart
    decided : tuple of (str, MRVerdict)
        Name and verdict of the rule.
    """
    is_fluid = part.mean >= picture.parameters.bright.fluid_like_over_muscle
    judged = JudgedPlace(part, COLLECTION if is_fluid else OEDEMA, False, decided[0])
    picture.aside.take(part.region, decided, lambda: as_finding(picture, judged))


def as_finding(picture: MRPicture, judged: JudgedPlace) -> MRFinding:
    """A finding of a bright part: edema is compared with normal marrow, fluid with muscle.

    Parameters
    ----------
    picture : MRPicture
    judged : JudgedPlace
        Not a normal one.
    """
    if judged.kind is None:
        raise ValueError("a normal place is no finding")
    part = judged.part
    muscle = picture.muscle_signal
    reference, spread = muscle, MUSCLE_SPREAD
    if judged.kind in (OEDEMA, MODIC_I):
        reference, spread = picture.marrow_reference
    z = z_over(part.mean * muscle, reference, spread)
    return make_finding(picture, judged.kind, part.region, z, picture.fluid_series, [], judged.rule)
