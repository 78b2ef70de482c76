"""Bright places on the fluid-sensitive series, and what surrounds each of them.

Oedema, synovitis and fluid are brighter than muscle on the fluid-sensitive series and no brighter than mixed marrow on
T1. So are the spinal canal, discs, veins, kidneys, ureters, bowel and bladder. They are told apart by shape, by the
tissues of the shell around them, and by their place (:mod:`.mr_spine`, :mod:`.mr_hip`). None of it needs the outline
of the bone, which is what the signal shows worst where a lesion has replaced marrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..core.image import Geometry, Region
from ..core.records import MRFinding
from .kinds import MRPicture, make_finding
from .signal import extents_mm

SHELL_MM = (1.2, 4.2)
"""The shell that is looked at: beyond the blurred edge, within the neighbouring tissue."""
FLUID_LIKE = 2.2
"""Of the muscle signal: free fluid and synovitis rather than oedema in marrow."""


@dataclass(frozen=True, eq=False)
class BrightPart:
    """One connected bright place.

    Parameters
    ----------
    region : Region
    lengths_mm, axes : ndarray
        As of :func:`.mr_signal.extents_mm`.
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
    def volume_ml(self) -> float:
        return self.region.volume_ml


def bright_mask(picture: MRPicture, bar: float) -> np.ndarray:
    """Voxels brighter than `bar` times muscle on the fluid-sensitive series and not as bright as fat on T1."""
    signals, muscle = picture.signals, picture.typical.muscle
    mask = (picture.smooth[picture.fluid_role] > bar * muscle[picture.fluid_role]) & signals.body
    if "T1" in picture.smooth and picture.typical.fat_t1 is not None:
        mask &= picture.smooth["T1"] < np.sqrt(muscle["T1"] * picture.typical.fat_t1)
    return mask


def bright_parts(picture: MRPicture, mask: np.ndarray, minimum_ml: float, with_shell: bool = True) -> list[BrightPart]:
    """The connected parts of a mask, with what is known of each; without the shell its shares are 0."""
    geometry = picture.surroundings.geometry
    labels, count = ndimage.label(mask, ndimage.generate_binary_structure(3, 1))
    least = minimum_ml / geometry.voxel_volume_ml
    large = np.bincount(labels.reshape(-1), minlength=count + 1) >= least
    shells = Shells(picture, mask)
    boxes = ndimage.find_objects(labels)
    return [shells.part(labels, n, boxes[n - 1], with_shell) for n in np.flatnonzero(large[1:]) + 1]


class Shells:
    """Looks at the tissues around bright parts: T1 and fluid-sensitive signal in units of muscle."""

    def __init__(self, picture: MRPicture, mask: np.ndarray) -> None:
        self.picture, self.mask = picture, mask
        muscle, fat = picture.typical.muscle, picture.typical.fat_t1
        self.fluid = picture.smooth[picture.fluid_role] / np.float32(muscle[picture.fluid_role])
        self.t1 = None
        if "T1" in picture.smooth and fat is not None:
            self.t1 = picture.smooth["T1"] / np.float32(muscle["T1"])
            self.fat_t1 = fat / muscle["T1"]
            alike = picture.signals.body & (np.abs(self.t1 / self.fat_t1 - 1.0) < 0.15)
            some = self.fluid[alike]
            self.fat_fluid = min(float(np.median(some[:: some.size // 50_000 + 1])) if some.size else 0.0, 0.7)

    def part(self, labels: np.ndarray, number: int, box: tuple[slice, ...], with_shell: bool) -> BrightPart:
        geometry = self.picture.surroundings.geometry
        margins = [int(SHELL_MM[1] / s + 1) for s in geometry.spacing_kji_mm]
        wide = tuple(
            slice(max(b.start - m, 0), min(b.stop + m, n))
            for b, m, n in zip(box, margins, geometry.shape, strict=True)
        )
        own = labels[wide] == number
        kji = np.nonzero(own)
        place = [a + s.start for a, s in zip(kji, wide, strict=True)]
        region = Region(geometry, np.ravel_multi_index(place, labels.shape))
        lengths, axes = extents_mm(region.points_ras)
        values = self.fluid.reshape(-1)[region.flat]
        t1 = float("nan") if self.t1 is None else float(self.t1.reshape(-1)[region.flat].mean())
        parts = [0.0] * 4
        if with_shell:
            shell = _shell(own, geometry) & ~self.mask[wide]
            number = max(np.count_nonzero(shell), 1)
            parts = [np.count_nonzero(one & shell) / number for one in self.classes(wide)]
        return BrightPart(region, lengths, axes, float(values.mean()), float(np.percentile(values, 90)), t1, *parts)

    def classes(self, box: tuple[slice, ...]) -> tuple[np.ndarray, ...]:
        """Marrow, fat, dark and muscle in a box."""
        fluid = self.fluid[box]
        if self.t1 is None:
            none = np.zeros(fluid.shape, dtype=bool)
            return none, none, fluid < 0.75, none
        t1 = self.t1[box]
        between = self.fat_fluid + 0.25 * (1.0 - self.fat_fluid)
        marrow = (t1 > 1.25) & (fluid > between) & (fluid < 1.25)
        fat = (t1 > np.sqrt(self.fat_t1)) & (fluid <= between)
        return marrow, fat, (t1 < 0.75) & (fluid < 0.75), (np.abs(t1 - 1.0) < 0.25) & (np.abs(fluid - 1.0) < 0.3)


def _shell(own: np.ndarray, geometry: Geometry) -> np.ndarray:
    away = ndimage.distance_transform_edt(~own, sampling=geometry.spacing_kji_mm)
    return (away > SHELL_MM[0]) & (away < SHELL_MM[1])


@dataclass(frozen=True)
class JudgedPlace:
    """What a bright part is held to be: `kind` None when normal; `sure` False for a weak finding."""

    part: BrightPart
    kind: str | None
    sure: bool = True


def as_finding(picture: MRPicture, judged: JudgedPlace) -> MRFinding:
    """A finding of a bright part: z against normal marrow in bone, against muscle in soft tissue."""
    part = judged.part
    flat = np.flatnonzero(picture.surroundings.marrow)
    signal = picture.smooth[picture.fluid_role].reshape(-1)
    reference, spread = picture.typical.muscle[picture.fluid_role], 0.25
    if judged.kind in ("oedema", "Modic I") and flat.size > 500:
        normal = signal[flat[:: flat.size // 20_000 + 1]]
        reference = float(np.median(normal))
        spread = max(1.4826 * float(np.median(np.abs(normal / reference - 1.0))), 0.1)
    z = (part.mean * picture.typical.muscle[picture.fluid_role] / max(reference, 1e-6) - 1.0) / spread
    return make_finding(picture, judged.kind, part.region, z, picture.fluid_role, [])
