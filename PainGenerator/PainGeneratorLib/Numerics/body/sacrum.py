"""Which disc of a spine is the lumbosacral one (L5/S1), from the course of the discs and what lies beside the bodies.

Two things mark the sacrum on any MR contrast. The disc on the sacrum leans forward far more than the discs above it,
so that the inclinations of all discs fit one count only. And beside the body of S1 there is marrow of the sacral ala,
where beside a lumbar body there are psoas muscle, vessels and fat. Start at :func:`find_sacrum`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .canal import SpineLine
from .straight_spine import STEP_MM, StraightSpine, fronts, sides

INCLINATION_DEG = {-3: 40.0, -2: 48.0, -1: 50.0, 0: 36.0, 1: 16.0, 2: 4.0, 3: -5.0, 4: -10.0, 5: -12.0}
"""Usual inclination of discs, degrees: how far the front end of the disc points down in a patient who lies supine.
The key counts discs upward from L5/S1. The sacral slope in supine MR is 35 to 40 degrees with a standard deviation of
8 to 9, and most of the lordosis lies between L4 and S1 (docs/domain.md, Levels)."""

INCLINATION_SD_DEG = {-3: 25.0, -2: 22.0, -1: 16.0, 0: 9.0, 1: 8.0, 2: 8.0, 3: 9.0, 4: 11.0, 5: 14.0}
"""Their standard deviation with the error of the measurement, degrees (docs/domain.md, Levels; our estimate for the
sacrum, whose rests of discs are seen badly)."""

TURN_SD_DEG = 8.0
"""Standard deviation of a turn of the whole spine against the scanner, as by a pillow, degrees (our estimate)."""

LORDOSIS_SD = 0.25
"""Standard deviation of the lordosis of a person, as a part of the usual one: 60 degrees with a standard deviation of
10 to 15 (docs/domain.md, Levels)."""

OUTLIER_SD = 3.0
"""Deviation of one disc from the expected inclination, in standard deviations, beyond which it counts no more (our
estimate): the plane of one worn or slipped disc may be measured wrong."""

ALA_SIDE_MM = (24.0, 34.0)
"""Distances to either side at which the sacral ala is looked for, mm: beside a lumbar body, which is 22 to 26 mm wide
on either side (docs/domain.md, Levels)."""

ALA_FRONT_MM = (10.0, 28.0)
"""Distances in front of the canal at which the ala is looked for, mm: beside the hind half of the body, before the
transverse processes."""

BODY_SIDE_MM = 12.0
"""Distance to either side up to which there surely is marrow of the body, mm."""

ALA_MIDDLE = 0.6
"""Departure from marrow beside a body, as a part of that beside the other bodies, at which sacrum and lumbar spine are
equally probable (our estimate)."""

ALA_WIDTH = 0.15
"""Change of this part by which the odds change by a factor of e (our estimate)."""

ALA_MOST = 2.0
"""Upper bound of the logarithm of the odds that one vertebra gives (our estimate)."""

FROM_DISC_MM = 7.0
"""Distance from a disc from which on there is marrow, mm."""

BELOW_MM = 30.0
"""How far below the lowest disc a body is looked at, mm."""

LEAST_ROWS = 3
"""Lower bound of the rows of the straightened spine in which a body is seen."""

MOST_DEPARTURE = 1.0
"""Upper bound of the departure of a logarithm of signal from that of marrow that counts."""

PRIOR = {-3: -4.0, -2: -2.5, -1: -1.0, 0: 0.0, 1: -0.5, 2: -1.5, 3: -4.0}
"""Logarithm of how probable it is that the lowest disc that is found lies so many levels below L5/S1, before anything
is measured (negative: above it). A rest of a disc in the sacrum is found in a third of examinations (our estimate)."""


@dataclass(frozen=True)
class SacrumVote:
    """How probable each count is.

    Parameters
    ----------
    lowest : dict
        Number of levels by which the lowest disc lies below L5/S1 (negative: above it) -> logarithm of its relative
        probability.
    inclination, ala : dict
        The same keys -> what the inclination of the discs, and what the sides of the bodies, contribute.
    has_ala : bool
        Whether the sides of the bodies are in view.
    """

    lowest: dict[int, float]
    inclination: dict[int, float]
    ala: dict[int, float]
    has_ala: bool

    @property
    def best(self) -> int:
        """The most probable count."""
        return max(self.lowest, key=lambda count: self.lowest[count])

    @property
    def probability(self) -> float:
        """Probability of the most probable count, 0 to 1."""
        logs = np.array(list(self.lowest.values()))
        return float(1.0 / np.exp(logs - logs.max()).sum())


def find_sacrum(line: SpineLine, places: Sequence[int], samples: Mapping[str, np.ndarray]) -> SacrumVote:
    """Weigh which disc is L5/S1.

    Parameters
    ----------
    line : SpineLine
        With discs.
    places : sequence of int
        Number of each disc of the line, counted upward from 0 for the lowest; larger steps where discs are missing.
    samples : mapping of role to ndarray, shape (height, front, right)
        MR series on the straightened grid; 0 or NaN out of view.

    Returns
    -------
    SacrumVote
    """
    measured = inclinations_deg(line.straight)
    beside = _marrow_beside(line, samples)
    inclination = {count: _fit(measured, np.asarray(places) - count) for count in PRIOR}
    ala = {count: _ala_fit(beside, np.asarray(places) - count) for count in PRIOR}
    total = {count: PRIOR[count] + inclination[count] + ala[count] for count in PRIOR}
    return SacrumVote(total, inclination, ala, bool(np.isfinite(beside).any()))


def inclinations_deg(straight: StraightSpine) -> np.ndarray:
    """How far the front end of each disc points down, degrees, shape (m,)."""
    index = np.clip(np.rint(straight.disc_mm / STEP_MM).astype(int), 0, len(straight.points_ras) - 1)
    way = straight.axes[index, 1] + straight.disc_tilt[:, None] * straight.axes[index, 2]
    found: np.ndarray = np.degrees(np.arctan2(-way[:, 2], way[:, 1]))
    return found


def _usual(offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Usual inclination and its standard deviation of discs so many levels above L5/S1, degrees."""
    bounded = np.clip(offsets, min(INCLINATION_DEG), max(INCLINATION_DEG))
    mean = np.array([INCLINATION_DEG[int(one)] for one in bounded])
    return mean, np.array([INCLINATION_SD_DEG[int(one)] for one in bounded])


def _fit(measured: np.ndarray, offsets: np.ndarray) -> float:
    """Logarithm of the probability of inclinations, when the discs lie so many levels above L5/S1.

    A turn of the whole spine and a lordosis that is larger or smaller than usual cost little.
    """
    mean, deviation = _usual(offsets)
    shared = TURN_SD_DEG**2 + np.outer(mean, mean) * LORDOSIS_SD**2
    for _ in range(2):
        covariance = np.diag(deviation**2) + shared
        rest = np.linalg.solve(covariance, measured - mean)
        # What one disc departs from the turn and the lordosis that the others share.
        own = deviation**2 * rest
        deviation = np.maximum(deviation, np.abs(own) / OUTLIER_SD)
    covariance = np.diag(deviation**2) + shared
    _, volume = np.linalg.slogdet(covariance)
    off = measured - mean
    return float(-0.5 * (off @ np.linalg.solve(covariance, off) + volume))


def _marrow_beside(line: SpineLine, samples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Odds (logarithm) for a sacral ala beside the vertebra below each disc, shape (m,); NaN out of view."""
    heights = STEP_MM * np.arange(len(line.straight.points_ras))
    below = np.array([line.disc_mm[0] - BELOW_MM, *line.disc_mm[:-1]])
    departure = np.full(len(line.disc_mm), np.nan)
    for place, (low, high) in enumerate(zip(below, line.disc_mm, strict=True)):
        rows = (heights > low + FROM_DISC_MM) & (heights < high - FROM_DISC_MM)
        departure[place] = _departure_beside(rows, samples)
    seen = np.isfinite(departure)
    if np.count_nonzero(seen) < LEAST_ROWS:
        return np.full(len(departure), np.nan)
    part = departure / max(float(np.median(departure[seen])), 1e-3)
    return np.clip((ALA_MIDDLE - part) / ALA_WIDTH, -ALA_MOST, ALA_MOST)


def _departure_beside(rows: np.ndarray, samples: Mapping[str, np.ndarray]) -> float:
    """How far the signal beside the bodies is from that within them, over some rows; NaN out of view."""
    if np.count_nonzero(rows) < LEAST_ROWS:
        return float("nan")
    front, side = fronts(), np.abs(sides())
    deep = (front >= ALA_FRONT_MM[0]) & (front <= ALA_FRONT_MM[1])
    found = []
    for sample in samples.values():
        part = sample[rows][:, deep]
        logs = np.log(np.where(np.isfinite(part) & (part > 0.0), part, np.nan))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            marrow = np.nanmedian(logs[:, :, side <= BODY_SIDE_MM])
            beside = np.abs(logs[:, :, (side >= ALA_SIDE_MM[0]) & (side <= ALA_SIDE_MM[1])] - marrow)
            found.append(float(np.nanmedian(np.minimum(beside, MOST_DEPARTURE))))
    seen = [one for one in found if np.isfinite(one)]
    return float(np.mean(seen)) if seen else float("nan")


def _ala_fit(beside: np.ndarray, offsets: np.ndarray) -> float:
    """Logarithm of the odds from the sides of all vertebrae, when the discs lie so many levels above L5/S1."""
    # The vertebra below the disc L5/S1 and those below it are the sacrum. Ribs make the sides of the thoracic
    # vertebrae uneven, so that only what lies near the sacrum counts.
    sign = np.where(offsets <= 0, 0.5, -0.5)
    near = (offsets >= -1) & (offsets <= 3) & np.isfinite(beside)
    return float((sign * np.where(near, np.nan_to_num(beside), 0.0)).sum())
