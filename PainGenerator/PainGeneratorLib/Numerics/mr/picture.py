"""All that the rules about MR look at in one case, and what is measured in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import ndimage

from ..body.canal import SpineLine
from ..body.straight_spine import StraightSpine
from ..body.vertebrae import Spine
from ..core import tissues
from ..core.image import Geometry, Region
from ..core.records import MRFinding
from ..core.regions import is_cut_off
from .parameters import GradeParameters, MRParameters
from .set_aside import SetAside
from .signal import Signals
from .surroundings import MRSurroundings, slice_axis
from .tissue_map import TissueSignals
from .verdicts import HIGH_GRADE, KINDS_OF_FLUID, LOW_GRADE, MEDIUM_GRADE, MODIC_I, reached

INNER_MM = 2.0
"""How deep within a mask its inner voxels lie, within slices. Our estimate: a blurred edge is a voxel or two wide."""
REFERENCE_VOXELS = 20_000
"""Upper bound for the voxels of marrow that give its typical signal; more do not change a median."""
REFERENCE_LEAST = 500
"""With no more voxels of marrow than this, edema is compared with muscle."""
MUSCLE_SPREAD = 0.25
"""Spread of the fluid-sensitive signal of muscle, as part of it. An upper bound: our estimate."""
MARROW_SPREAD_LEAST = 0.1
"""Lower bound for the spread of the signal of normal marrow, as part of it. Our estimate."""
MAD_TO_SIGMA = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
LEAST_SIGNAL = 1e-6
"""A reference signal that is 0 counts as this, so that it can be divided by."""
GRADE_POINTS = (1.0, 2.0, 3.0)
"""How many of the four bounds of the grade are reached at the grades of :data:`GRADES`."""
GRADES = (LOW_GRADE, MEDIUM_GRADE, HIGH_GRADE)
"""The grades between which it rises straight."""
PEAK_PERCENTILE = 90
"""The percentile of the signal of a place that stands for its peak: noise makes the maximum too high."""


@dataclass(frozen=True, eq=False)
class MRPicture:
    """All that the rules look at in one case: its signal, its tissues and the parameters.

    Parameters
    ----------
    signals : Signals
    smooth : dict
        Role -> signal smoothed within slices, without NaN.
    typical : TissueSignals
    surroundings : MRSurroundings
    z : dict
        Role -> z-scores of marrow; NaN outside marrow.
    vertebra : ndarray of uint8 or None
        Number of the vertebra of each voxel, 0 for none.
    fluid_role : str or None
        The role that shows fluid bright: FLUID, else T2; None without both.
    parameters : MRParameters
    implant : Region or None
        The signal void of an implant.
    spine_line : SpineLine or None
        The course of the spinal canal; None where it was not found.
    vertebrae : Spine or None
        The frames of the vertebrae; None where they were not found.
    aside : SetAside
        Collects what the rules take for normal.
    """

    signals: Signals
    smooth: dict[str, np.ndarray]
    typical: TissueSignals
    surroundings: MRSurroundings
    z: dict[str, np.ndarray]
    vertebra: np.ndarray | None
    fluid_role: str | None
    parameters: MRParameters
    implant: Region | None = None
    spine_line: SpineLine | None = None
    vertebrae: Spine | None = None
    aside: SetAside = field(default_factory=SetAside)

    @property
    def fluid_series(self) -> str:
        """The role that shows fluid bright. Ask only where there is one."""
        if self.fluid_role is None:
            raise ValueError("there is no series that shows fluid bright")
        return self.fluid_role

    @property
    def fluid_signal(self) -> np.ndarray:
        """Smoothed signal of the series that shows fluid bright."""
        return self.smooth[self.fluid_series]

    @property
    def muscle_signal(self) -> float:
        """Typical signal of muscle on the series that shows fluid bright."""
        return self.typical.muscle[self.fluid_series]

    @property
    def fluid_z(self) -> np.ndarray:
        """z-scores of marrow on the series that shows fluid bright."""
        return self.z[self.fluid_series]

    @property
    def reads_t1(self) -> bool:
        """Whether there is a T1 on which fat is brighter than muscle.

        On some gradient echoes it is not: what is dark or bright there says nothing about the fat of marrow.
        """
        return "T1" in self.signals.roles and self.typical.fat_t1 is not None

    @property
    def straight(self) -> StraightSpine:
        """The straightened spine. Ask only where the canal was found."""
        if self.spine_line is None:
            raise ValueError("the spinal canal was not found")
        return self.spine_line.straight

    @cached_property
    def disc_mask(self) -> np.ndarray:
        """Voxels of discs. The tissues must not change after this was asked for."""
        return np.asarray(self.surroundings.tissue == tissues.DISC)

    @cached_property
    def marrow_reference(self) -> tuple[float, float]:
        """Typical fluid-sensitive signal of normal marrow, and its spread as part of it.

        Where there is too little marrow, and where most of it lies in the void of an implant, muscle stands for it.
        The marrow must not change after this was asked for.
        """
        flat = np.flatnonzero(self.surroundings.marrow)
        if flat.size <= REFERENCE_LEAST:
            return self.muscle_signal, MUSCLE_SPREAD
        marrow = self.fluid_signal.reshape(-1)[flat[:: flat.size // REFERENCE_VOXELS + 1]]
        reference = float(np.median(marrow))
        if reference <= LEAST_SIGNAL:
            return self.muscle_signal, MUSCLE_SPREAD
        deviation = float(np.median(np.abs(marrow / reference - 1.0)))
        return reference, max(MAD_TO_SIGMA * deviation, MARROW_SPREAD_LEAST)


def inner_voxels(mask: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Voxels at least about 2 mm within a mask, in the plane of the slices."""
    axis = slice_axis(geometry)
    flat = ndimage.generate_binary_structure(3, 1)
    if axis is not None:
        flat[tuple(0 if a == axis else slice(None) for a in range(3))] = False
        flat[tuple(2 if a == axis else slice(None) for a in range(3))] = False
    rounds = max(1, int(INNER_MM / float(np.median(geometry.spacing_kji_mm)) + 0.5))
    return np.asarray(ndimage.binary_erosion(mask, flat, iterations=rounds))


def region_mean(array: np.ndarray | None, region: Region) -> float | None:
    """Mean of an array over the voxels of a region that have a value; None when there are none."""
    if array is None:
        return None
    values = array.reshape(-1)[region.flat]
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else None


def z_over(signal: float, reference: float, spread: float) -> float:
    """How many spreads (each a part of the reference) a signal lies above its reference."""
    return (signal / max(reference, LEAST_SIGNAL) - 1.0) / spread


def grade(z: float, volume_ml: float, p: GradeParameters) -> float:
    """From 0.33 over 0.66 to 1: one part for each bound of z-score and of volume that is reached, the first one free.

    A bound counts the more the further it is reached (:func:`.verdicts.reached`), so that no small change of a measure
    changes the grade much.
    """
    bounds = ((z, p.medium_z), (z, p.high_z), (volume_ml, p.medium_ml), (volume_ml, p.high_ml))
    points = sum(reached(value, bound) for value, bound in bounds)
    return float(np.interp(points, GRADE_POINTS, GRADES))


def make_finding(
    picture: MRPicture,
    kind: str,
    region: Region,
    z: float,
    role: str,
    flags: list[str],
    rule: str | None = None,
    strength: float | None = None,
) -> MRFinding:
    """A finding with its flags and its grade by strength and volume.

    Parameters
    ----------
    picture : MRPicture
    kind : str
    region : Region
    z : float
        z-score on the series that shows it best, below 0 where it is darker there. For fluid, how far its signal lies
        above that of muscle in steps that are no standard deviations: it gives the grade alone.
    role : str
        That series.
    flags : list of str
    rule : str, optional
        Name of the rule that decided.
    strength : float, optional
        What gives the grade where it is not the size of `z`.
    """
    z_t1 = region_mean(picture.z.get("T1"), region)
    if "T1" not in picture.z:
        flags = [*flags, "no-t1"]
    if kind == MODIC_I and not picture.reads_t1:
        flags = [*flags, "modic-without-t1"]
    roles = picture.signals.roles
    # A computed series has no signal of its own here; its field is that of the others.
    if is_cut_off(region, roles.get(role, next(iter(roles.values())))):
        flags = [*flags, "truncated"]
    points = grade(abs(z) if strength is None else strength, region.volume_ml, picture.parameters.grade)
    is_fluid = kind in KINDS_OF_FLUID
    return MRFinding(
        0,
        kind,
        region,
        region.centroid_ras_mm,
        region.volume_ml,
        None if is_fluid else z,
        z_t1,
        role,
        points,
        flags,
        rule,
        over_muscle=_over_muscle(picture, region, role) if is_fluid else None,
    )


def _over_muscle(picture: MRPicture, region: Region, role: str) -> float | None:
    """Mean signal over that of muscle; None where either is not known."""
    mean, muscle = region_mean(picture.smooth.get(role), region), picture.typical.muscle.get(role)
    return None if mean is None or not muscle else mean / muscle
