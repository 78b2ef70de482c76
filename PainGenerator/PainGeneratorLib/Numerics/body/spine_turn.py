"""The turn of the spine about its long axis, from the symmetry of its cross sections.

The axes of a straightened spine take left and right from the scanner. A patient who lies on one buttock, and the
vertebrae at the top of a scoliosis, are turned against them. At each height, both sides of a cross section are
compared with each other about planes through the canal that are turned and shifted: first all that is near the spine,
then the bodies alone, as in a scoliosis the vertebrae are turned under muscles that are not. Start at
:func:`find_turns`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .straight_spine import BEHIND_MM, SIDE_MM, STEP_MM

TURNS_DEG = np.arange(-32.0, 32.1, 4.0)
"""Turns that are tried, degrees. A patient who lies on one buttock is turned by 20 to 30 degrees, and the vertebra at
the top of a severe scoliosis by about 30 (Nash and Moe 1969, https://doi.org/10.2106/00004623-196951020-00002)."""
SHIFTS_MM = np.arange(-9.0, 9.1, 3.0)
"""Distances of the plane of symmetry to the right of the canal's middle that are tried, mm: a turn about the canal
moves the bodies to one side, and the canal was centered on the bodies."""
ASIDE_MM = np.arange(4.0, 37.0, 4.0)
"""Distances from the plane of symmetry at which both sides are compared, mm: bodies, psoas, joints, back muscles."""
ALONG_MM = np.arange(-42.0, 35.0, 4.0)
"""Distances in front of the canal at which both sides are compared, mm."""
BODY_ASIDE_MM, BODY_ALONG_MM = np.arange(2.0, 27.0, 2.0), np.arange(3.0, 40.0, 3.0)
"""The same for the vertebral bodies alone with what lies next to them, mm."""
WINDOW_MM = 12.0
"""Height of one cross section, mm: about a third of a vertebra."""
SMOOTHED_SECTIONS = 2.0
"""Standard deviation of the smoothing of the likeness along the spine, cross sections: half a vertebra each way. Our
estimate."""
TURN_COST_PER_DEG = 0.004
"""What a path loses in likeness for each degree that a cross section is turned against the next. In a scoliosis
neighboring vertebrae are turned against each other by up to about 10 degrees. Our estimate."""
MOST_LOG = 1.5
"""Upper bound of the signal's distance from its median that counts, log units."""
SEEN_PART = 0.35
"""Lower bound of the part of a cross section that must be in view on both sides."""
UNSEEN = -1.0
"""What stands for the likeness where too little is in view: the least that a correlation can be."""
CLEARLY_ALIKE = 0.06
"""How much more alike (as a correlation, at best 1) both sides must be in the turned sections, for a turn to be
believed. Our estimate: on real spines of people who lie straight, other turns gain less."""
ROTATED_DEG = 10.0
"""Lower bound of the turn of bodies under muscles that are not turned, degrees: the vertebrae of a scoliosis of 30
degrees and more are turned by 10 to 30 degrees. Real bodies of people who lie straight are found up to 8 degrees
turned (four people). Our estimate."""
ROTATED_SECTIONS = 3
"""Lower bound of the number of neighboring cross sections that are turned so far to the same side: one vertebra."""
MOST_TWIST_DEG = 12.0
"""Upper bound of the turn of one vertebra against the next in a scoliosis, degrees. Where the bodies seem to be
twisted more, as at the end of the field of view, no turn of theirs is believed. Our estimate, with one step of the
turns that are tried."""


@dataclass(frozen=True, eq=False)
class SpineTurn:
    """How a spine is turned against the axes of the straightened spine.

    Parameters
    ----------
    height_mm : ndarray, shape (n,)
        Heights along the canal, mm.
    turn_deg : ndarray, shape (n,)
        Turn about the canal, degrees; positive where the right side of the patient lies farther to the front.
    gain : float
        How much more alike both sides are with this turn than without, as a correlation.
    """

    height_mm: np.ndarray
    turn_deg: np.ndarray
    gain: float

    def at(self, height_mm: float) -> float:
        """The turn at a height along the canal, degrees."""
        return float(np.interp(height_mm, self.height_mm, self.turn_deg))


NO_TURN = SpineTurn(np.zeros(1), np.zeros(1), 0.0)
"""A spine that is not turned, or of which no turn is known."""


def find_turns(samples: Mapping[str, np.ndarray]) -> SpineTurn:
    """Find the turn along a spine.

    Parameters
    ----------
    samples : mapping of role to ndarray, shape (height, front, right)
        MR series without shading on the straightened grid; 0 or NaN out of view.

    Returns
    -------
    SpineTurn
        No turn where both sides are not clearly more alike with one.
    """
    whole = _best_turn(samples, ASIDE_MM, ALONG_MM)
    if whole is not None and whole.gain.mean() >= CLEARLY_ALIKE:
        return whole.smooth
    # In a scoliosis the vertebrae are turned and the muscles are not.
    bodies = _best_turn(samples, BODY_ASIDE_MM, BODY_ALONG_MM)
    return bodies.smooth if bodies is not None and bodies.is_rotated else NO_TURN


@dataclass(frozen=True, eq=False)
class _Path:
    """The turn of each cross section, degrees, and how much more alike both sides are with it than without."""

    turn_deg: np.ndarray
    gain: np.ndarray

    @property
    def smooth(self) -> SpineTurn:
        """The turn along the spine."""
        heights = WINDOW_MM * (np.arange(len(self.turn_deg)) + 0.5) - 0.5 * STEP_MM
        turn = ndimage.gaussian_filter1d(self.turn_deg, 1.0, mode="nearest")
        return SpineTurn(heights, turn, float(self.gain.mean()))

    @property
    def is_rotated(self) -> bool:
        """Whether neighboring cross sections are far turned to the same side, and clearly more alike with it."""
        twist = self.turn_deg[ROTATED_SECTIONS:] - self.turn_deg[:-ROTATED_SECTIONS]
        if twist.size and np.abs(twist).max() > MOST_TWIST_DEG:
            return False
        for sign in (1.0, -1.0):
            labels, count = ndimage.label(sign * self.turn_deg >= ROTATED_DEG)
            for number in range(1, count + 1):
                gain = self.gain[labels == number]
                if gain.size >= ROTATED_SECTIONS and gain.mean() >= CLEARLY_ALIKE:
                    return True
        return False


def _best_turn(samples: Mapping[str, np.ndarray], aside_mm: np.ndarray, along_mm: np.ndarray) -> _Path | None:
    """The turns with which both sides are most alike in a part of the cross sections; None where none is seen."""
    found = [_likeness(sample, aside_mm, along_mm) for sample in samples.values()]
    likeness = [one for one in found if one is not None]
    if not likeness:
        return None
    smooth = ndimage.gaussian_filter1d(np.mean(likeness, axis=0), SMOOTHED_SECTIONS, axis=0, mode="nearest")
    path = _best_path(smooth)
    straight = int(np.argmin(np.abs(TURNS_DEG)))
    return _Path(TURNS_DEG[path], smooth[np.arange(len(path)), path] - smooth[:, straight])


def turned(right_mm: np.ndarray, front_mm: np.ndarray, turn_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates across the canal, in the axes of the straightened spine, of places in the turned axes.

    Parameters
    ----------
    right_mm, front_mm : ndarray
        To the right and to the front in the axes of the patient, mm.
    turn_deg : float

    Returns
    -------
    right, front : ndarray
    """
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    return c * right_mm - s * front_mm, s * right_mm + c * front_mm


def _likeness(sample: np.ndarray, aside_mm: np.ndarray, along_mm: np.ndarray) -> np.ndarray | None:
    """Correlation of both sides of each cross section for each turn, at the best shift; None where none is seen."""
    seen = np.isfinite(sample) & (sample > 0.0)
    if not seen.any():
        return None
    logs = np.log(np.where(seen, sample, 1.0)) - np.log(np.median(sample[seen]))
    logs = np.where(seen, np.clip(logs, -MOST_LOG, MOST_LOG), 0.0)
    rows = round(WINDOW_MM / STEP_MM)
    count = len(sample) // rows
    if count == 0:
        return None
    shape = (count, rows, *sample.shape[1:])
    share = seen[: count * rows].reshape(shape).sum(axis=1)
    sections = logs[: count * rows].reshape(shape).sum(axis=1) / np.maximum(share, 1)
    sections[share < 0.5 * rows] = np.nan
    front, aside = (a.ravel() for a in np.meshgrid(along_mm, aside_mm, indexing="ij"))
    out = np.full((count, TURNS_DEG.size), np.nan)
    for number, turn in enumerate(TURNS_DEG):
        either = [turned(SHIFTS_MM[:, None] + sign * aside, front[None], turn) for sign in (1.0, -1.0)]
        sides = [_at(sections, right, np.broadcast_to(ahead, right.shape)) for right, ahead in either]
        alike = _correlation(*sides)
        out[:, number] = np.where(np.isfinite(alike), alike, UNSEEN).max(axis=1)
    # A section of which only some turns are in view says nothing about the others.
    return np.where((out > UNSEEN).any(axis=1, keepdims=True), out, 0.0)


def _at(sections: np.ndarray, right: np.ndarray, front: np.ndarray) -> np.ndarray:
    """Values of all sections at the same places, shape (section, *places); NaN out of view."""
    where = [(front.ravel() + BEHIND_MM) / STEP_MM, (right.ravel() + SIDE_MM) / STEP_MM]
    values = [ndimage.map_coordinates(one, where, order=1, cval=np.nan) for one in sections]
    return np.stack(values).reshape(len(sections), *right.shape)


def _correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlation along the last axis of what is in view on both sides; NaN where too little is."""
    both = np.isfinite(first) & np.isfinite(second)
    count = np.maximum(both.sum(axis=-1), 1)
    a, b = np.where(both, first, 0.0), np.where(both, second, 0.0)
    # Both sides share one mean: a side that is brighter as a whole is not alike.
    mean = (0.5 * (a.sum(axis=-1) + b.sum(axis=-1)) / count)[..., None]
    a, b = np.where(both, first - mean, 0.0), np.where(both, second - mean, 0.0)
    spread = 0.5 * ((a**2).sum(axis=-1) + (b**2).sum(axis=-1))
    alike = (a * b).sum(axis=-1) / np.maximum(spread, 1e-6)
    return np.where(both.mean(axis=-1) > SEEN_PART, alike, np.nan)


def _best_path(likeness: np.ndarray) -> np.ndarray:
    """Index of the turn of each section, so that likeness minus the cost of changes is greatest."""
    change = TURN_COST_PER_DEG * np.abs(TURNS_DEG[:, None] - TURNS_DEG)
    total, came = likeness[0], []
    for row in likeness[1:]:
        choice = total[None, :] - change
        came.append(choice.argmax(axis=1))
        total = row + choice.max(axis=1)
    path = [int(total.argmax())]
    for before in reversed(came):
        path.append(int(before[path[-1]]))
    return np.array(path[::-1])
