"""Name the vertebral levels of a spine whose canal and discs are seen on MR, and say how certain the names are.

Levels are counted upward from the sacrum (:mod:`.sacrum`). A level that the reader names decides. Start at
:func:`name_levels`; :func:`.renaming.renamed` names a spine that is known already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..core.words import Certainty
from .canal import SpineLine
from .level_order import Counted, checked_level, is_disc
from .level_witnesses import LevelWitnesses, Testimony, weigh
from .renaming import BEYOND_MOST_MM, NAMED, GivenLevel, contradiction_of, is_beside, is_extra, point_error, renamed
from .sacrum import SacrumVote, find_sacrum
from .straight_spine import DISC_FRONT_MM

__all__ = ["GivenLevel", "LevelNames", "LevelWitnesses", "NamedDisc", "name_levels", "renamed"]


MISSING_STEP = 1.6
"""Lower bound of the distance between two discs, as a part of the usual one, where one between them was missed: more
than neighboring vertebrae differ, and less than two (our estimate)."""

TOP_OF_COUNT = 5
"""Levels above L5/S1 up to which a disc that was missed is filled in: T12/L1. Above it the names end at a gap."""

LIKELY = 0.7
"""Lower bound of the probability of a count from the sacrum that is relied on (docs/domain.md, Levels)."""

LIKELY_AT_END = 0.85
"""The same where the canal ends near the disc that was counted as L5/S1, so that hardly any sacrum is in view (our
estimate)."""

SACRUM_MM = 20.0
"""Length of canal below L5/S1 from which on the sacrum is in view, mm: two thirds of the height of S1 (our
estimate)."""

CLEAR = 0.8
"""Lower bound of the probability of a count from the sacrum that a second witness makes certain (our estimate)."""

LEAST_OFF_DISC_MM = 2.0
"""Lower bound of the distance from the middle of a disc of a point that names a vertebra, mm."""

USUAL_STEP_MM = 34.0
"""Usual distance from a disc to the next, mm."""

NEAR_DISC = 0.2
"""Distance from a disc up to which a place is named by the disc, as a part of the distance between discs."""

COUNTED = "Levels were counted upward from the sacrum, which the MR shows, as in a spine with five lumbar vertebrae."
NO_SACRUM = (
    "The sacrum was not found on the MR; the field of view may be too short: the names of the levels are a guess from "
    "the curve of the spine."
)
DOUBTFUL_SACRUM = (
    "The MR does not show clearly which disc lies on the sacrum: all levels may be one too high or too low."
)
MISSING = "A disc was not seen, and its place was taken from its neighbors: the levels above it may be one too low."
FITS = "By this count {words} {where}, which fits."
UNUSUAL = (
    "By this count {words} {where}, which is unusual: there may be four or six lumbar vertebrae, or a "
    "transitional one."
)


@dataclass(frozen=True)
class NamedDisc:
    """One disc of a spine, with its level.

    Parameters
    ----------
    level : str
        Such as ``L4/L5``; ``S1/S2`` is the rest of a disc within the sacrum.
    height_mm, tilt : float
        Height along the canal, mm, and rise for each mm toward the front, as in :class:`.canal.SpineLine`.
    is_seen : bool
        False for a disc whose place follows from its neighbors alone.
    """

    level: str
    height_mm: float
    tilt: float
    is_seen: bool = True


@dataclass(frozen=True)
class LevelNames:
    """The levels of a spine.

    Parameters
    ----------
    discs : tuple of NamedDisc
        From below upward.
    certainty : str
        A word of :class:`..core.words.Certainty`.
    reasons : tuple of str
        Sentences for the reader: from what the levels were counted, what confirms it and what speaks against it.
    is_transitional : bool
        True where the lumbosacral vertebra may be transitional, or there are not five lumbar vertebrae.
    is_given : bool
        True when the reader named a level.
    """

    discs: tuple[NamedDisc, ...]
    certainty: str
    reasons: tuple[str, ...] = ()
    is_transitional: bool = False
    is_given: bool = False


def name_levels(
    line: SpineLine,
    samples: Mapping[str, np.ndarray],
    witnesses: LevelWitnesses | None = None,
    given: GivenLevel | None = None,
) -> LevelNames | None:
    """Name the discs of a spine.

    Parameters
    ----------
    line : SpineLine
        With discs.
    samples : mapping of role to ndarray, shape (height, front, right)
        MR series without shading on the straightened grid (:meth:`.straight_spine.StraightSpine.sample`); 0 or NaN
        out of view.
    witnesses : LevelWitnesses, optional
    given : GivenLevel, optional
        It decides, whatever the images show.

    Returns
    -------
    LevelNames or None
        None without discs.

    Raises
    ------
    PainGeneratorError
        If the given level does not exist, or nothing of this spine lies at its point.
    """
    if not len(line.disc_mm):
        return None
    rows = _with_missing(line)
    seen = [place for place, row in enumerate(rows) if row.is_seen]
    vote = find_sacrum(line, seen, samples)
    counted = Counted("L5/S1", vote.best)
    rows = _up_to_gap(rows, vote.best + TOP_OF_COUNT)
    heights = np.array([row.height_mm for row in rows])
    judged = _judged(vote, rows, weigh(line, heights, vote.best, samples, witnesses))
    if given is not None:
        return _as_given(line, rows, given, counted, judged)
    return replace(judged, discs=_named(rows, counted))


@dataclass(frozen=True)
class _Row:
    """A disc before it has a name."""

    height_mm: float
    tilt: float
    is_seen: bool = True


def _with_missing(line: SpineLine) -> list[_Row]:
    """The discs from below upward, with those that are missing between two others."""
    heights, tilts = line.disc_mm, line.disc_tilt
    steps = np.diff(heights)
    usual = float(np.median(steps)) if len(steps) else 1.0
    rows = [_Row(float(heights[0]), float(tilts[0]))]
    for place, step in enumerate(steps):
        count = max(1, round(float(step) / usual)) if step > MISSING_STEP * usual else 1
        for part in np.arange(1, count) / count:
            height = heights[place] + part * step
            tilt = (1.0 - part) * tilts[place] + part * tilts[place + 1]
            rows.append(_Row(float(height), float(tilt), is_seen=False))
        rows.append(_Row(float(heights[place + 1]), float(tilts[place + 1])))
    return rows


def _up_to_gap(rows: list[_Row], first: int) -> list[_Row]:
    """The discs up to the first one from a number on that was not seen: what lies above it is not counted."""
    gap = next((place for place, row in enumerate(rows) if place > first and not row.is_seen), len(rows))
    return rows[:gap]


def _named(rows: Sequence[_Row], counted: Counted) -> tuple[NamedDisc, ...]:
    """The discs with their names. Rests of discs below S1/S2 are left out."""
    levels = [counted.disc(place) for place in range(len(rows))]
    return tuple(
        NamedDisc(level, row.height_mm, row.tilt, row.is_seen)
        for level, row in zip(levels, rows, strict=True)
        if level is not None and (not level.startswith("S") or level == "S1/S2")
    )


def _judged(vote: SacrumVote, rows: Sequence[_Row], testimonies: Sequence[Testimony]) -> LevelNames:
    """Certainty and reasons of a count, without its discs."""
    if not 0 <= vote.best < len(rows):
        return LevelNames((), str(Certainty.UNCERTAIN), (NO_SACRUM,))
    if vote.probability < (LIKELY if rows[vote.best].height_mm >= SACRUM_MM else LIKELY_AT_END):
        return LevelNames((), str(Certainty.UNCERTAIN), (DOUBTFUL_SACRUM,))
    against = _said(UNUSUAL, [one for one in testimonies if one.contradicts])
    fitting = _said(FITS, [one for one in testimonies if one.confirms])
    missing = [MISSING] if any(not row.is_seen for row in rows[vote.best :]) else []
    return LevelNames(
        (),
        str(_certainty([*against, *missing], fitting, vote.probability)),
        (COUNTED, *missing, *against, *fitting),
        is_transitional=bool(against),
    )


def _certainty(against: Sequence[str], fitting: Sequence[str], probability: float) -> Certainty:
    """Certainty of a count that has what speaks against it and what fits it."""
    if against:
        return Certainty.UNCERTAIN
    return Certainty.CERTAIN if fitting and probability >= CLEAR else Certainty.LIKELY


def _said(sentence: str, testimonies: Sequence[Testimony]) -> list[str]:
    """A sentence about each of some witnesses."""
    return [sentence.format(words=one.words, where=_where(one.level)) for one in testimonies]


def _where(level: float) -> str:
    """The place in words that lies so many levels above the disc L5/S1."""
    counted = Counted("L5/S1", 0)
    nearest = round(level)
    if abs(level - nearest) < NEAR_DISC:
        return str(counted.disc(nearest))
    return str(counted.vertebra(int(np.ceil(level))))


def _as_given(
    line: SpineLine, rows: Sequence[_Row], given: GivenLevel, counted: Counted, judged: LevelNames
) -> LevelNames:
    """The names that follow from a level that the reader named."""
    level = checked_level(given.level)
    place = _place_at(line, rows, level, np.asarray(given.point_ras, dtype=float))
    before = counted.disc(place) if is_disc(level) else counted.vertebra(place)
    is_contradicted = judged.certainty != Certainty.UNCERTAIN and before not in (level, None)
    contradiction = [contradiction_of(str(before), level)] if is_contradicted else []
    return LevelNames(
        _named(rows, Counted(level, place)),
        str(Certainty.CERTAIN),
        (NAMED.format(level=level), *contradiction),
        is_transitional=is_contradicted or is_extra(level),
        is_given=True,
    )


def _place_at(line: SpineLine, rows: Sequence[_Row], level: str, point: np.ndarray) -> int:
    """The number of the disc at a point, or of the disc below the vertebra there, from 0 for the lowest.

    The vertebra below the lowest disc has the number 0, that above it the number 1.
    """
    side, front, height = line.straight.local(point)
    if not np.isfinite(height) or not is_beside(side, front - DISC_FRONT_MM):
        raise point_error(level)
    planes = np.array([row.height_mm + row.tilt * (front - DISC_FRONT_MM) for row in rows])
    off = float(np.abs(planes - height).min())
    if is_disc(level):
        if off > BEYOND_MOST_MM:
            raise point_error(level)
        return int(np.abs(planes - height).argmin())
    place = int(np.count_nonzero(planes < height))
    step = float(np.median(np.diff(planes))) if len(planes) > 1 else USUAL_STEP_MM
    if off < LEAST_OFF_DISC_MM or off > step:
        raise point_error(level)
    return place
