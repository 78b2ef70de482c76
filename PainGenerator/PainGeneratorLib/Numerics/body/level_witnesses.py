"""What else tells the vertebral level: structures whose usual level is published.

None of them decides. Each one says how well a count from the sacrum fits it. Start at :func:`weigh`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .canal import SpineLine
from .conus import find_conus_mm
from .straight_spine import STEP_MM

BEYOND_TOP_MM = 20.0
"""How far above the highest counted disc a structure is still given a level, mm: less than a vertebra."""


@dataclass(frozen=True)
class Usual:
    """Where a structure usually lies, in levels above the disc L5/S1 (the disc L4/L5 is 1, the body of L4 1.5).

    Parameters
    ----------
    words : str
        Such as ``the conus ends at``.
    level, spread : float
        Mean and standard deviation.
    """

    words: str
    level: float
    spread: float


CONUS_SEEN = Usual("the spinal cord is seen down to", 5.0, 0.9)
"""The end of the cord that :func:`.conus.find_conus_mm` finds. The tip lies at the lower third of L1 (4.2), between
T12 and L3, normally distributed (Saifuddin, Spine 1998;23:1452); what is found lies higher, where the conus is still
thick (four of four real examinations with a conus in view: 5.4 to 6.0)."""

CONUS = Usual("the conus ends at", 4.2, 0.7)
"""Its tip (Saifuddin, Spine 1998;23:1452): the range of 504 people, 3.3 vertebrae, is about five standard
deviations."""

CREST = Usual("the iliac crests lie at", 1.2, 0.5)
"""Their highest points lie between the body of L4 and the disc L4/L5 in most people (docs/domain.md, Levels)."""

BIFURCATION = Usual("the aorta divides at", 1.5, 0.5)
"""At the body of L4 in 67 to 83 % of people (Lee, AJR 2004;182:1295; Chithriki, Surg Radiol Anat 2002;24:308)."""

FITS = 1.2
"""Upper bound of the deviation of a witness that confirms a count, in standard deviations: less than a level for the
conus (our estimate)."""

CONTRADICTS = 2.2
"""Lower bound of the deviation of a witness that contradicts a count, in standard deviations (our estimate: one in 36
regular spines lies beyond)."""


@dataclass(frozen=True, eq=False)
class LevelWitnesses:
    """What else may tell the level, in the frame of the spine; None or empty where it is not known.

    Parameters
    ----------
    iliac_crest_ras : ndarray, shape (3,), optional
        The middle between the highest points of both iliac crests.
    conus_ras, bifurcation_ras : ndarray, shape (3,), optional
        The tip of the conus medullaris; the place where the aorta divides.
    """

    iliac_crest_ras: np.ndarray | None = None
    conus_ras: np.ndarray | None = None
    bifurcation_ras: np.ndarray | None = None
    more: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Testimony:
    """What one witness says about a count.

    Parameters
    ----------
    words : str
        Such as ``the conus ends at``.
    level : float
        Where it lies in this count, levels above the disc L5/S1.
    deviation : float
        From its usual level, in standard deviations.
    """

    words: str
    level: float
    deviation: float

    @property
    def confirms(self) -> bool:
        """Whether it lies where it usually does."""
        return abs(self.deviation) <= FITS

    @property
    def contradicts(self) -> bool:
        """Whether it lies where it hardly ever does."""
        return abs(self.deviation) >= CONTRADICTS


def weigh(
    line: SpineLine,
    disc_mm: np.ndarray,
    lowest: int,
    samples: Mapping[str, np.ndarray],
    witnesses: LevelWitnesses | None,
) -> tuple[Testimony, ...]:
    """What each witness that is in view says about a count.

    Parameters
    ----------
    line : SpineLine
    disc_mm : ndarray, shape (m,)
        Heights of the discs along the canal with those that were filled in, from below upward.
    lowest : int
        Number of levels by which the lowest of them lies below L5/S1 in this count.
    samples : mapping of role to ndarray, shape (height, front, right)
        MR series on the straightened grid.
    witnesses : LevelWitnesses, optional
        What was found elsewhere. Without a conus, it is looked for in the samples.
    """
    known = witnesses or LevelWitnesses()
    places = [(CREST, known.iliac_crest_ras), (BIFURCATION, known.bifurcation_ras), (CONUS, known.conus_ras)]
    heights = [(usual, _height_mm(line, point)) for usual, point in places if point is not None]
    if known.conus_ras is None:
        top = disc_mm[-1] + BEYOND_TOP_MM
        found = find_conus_mm({role: _up_to(sample, top) for role, sample in samples.items()})
        heights.append((CONUS_SEEN, np.nan if found is None else found))
    testimonies = []
    for usual, height in heights:
        if not disc_mm[0] - BEYOND_TOP_MM <= height <= disc_mm[-1] + BEYOND_TOP_MM:
            continue
        level = _level(disc_mm, height) - lowest
        testimonies.append(Testimony(usual.words, level, (level - usual.level) / usual.spread))
    return tuple(testimonies)


def _up_to(sample: np.ndarray, top_mm: float) -> np.ndarray:
    """The rows of a straightened image up to a height."""
    return sample[: int(top_mm / STEP_MM) + 1]


def _height_mm(line: SpineLine, point_ras: np.ndarray) -> float:
    """Height of a point along the canal, mm."""
    return float(line.straight.local(point_ras)[2])


def _level(disc_mm: np.ndarray, height_mm: float) -> float:
    """The number of a height between discs that are counted from 0; beyond the ends by the nearest spacing."""
    if len(disc_mm) < 2:
        return 0.0
    number = np.arange(len(disc_mm))
    if height_mm < disc_mm[0]:
        return float((height_mm - disc_mm[0]) / (disc_mm[1] - disc_mm[0]))
    if height_mm > disc_mm[-1]:
        return float(number[-1] + (height_mm - disc_mm[-1]) / (disc_mm[-1] - disc_mm[-2]))
    return float(np.interp(height_mm, disc_mm, number))
