"""Name the vertebral levels of a spine whose canal and discs are seen on MR, and say how certain the names are.

Levels are counted upward from the sacrum. Start at :func:`name_levels`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..core.words import Certainty
from .canal import SpineLine
from .level_order import Counted
from .renaming import GivenLevel, renamed

__all__ = ["GivenLevel", "LevelNames", "LevelWitnesses", "NamedDisc", "name_levels", "renamed"]


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
    """
    if not len(line.disc_mm):
        return None
    counted = Counted("L5/S1", 0)
    named = [
        NamedDisc(level, float(height), float(tilt))
        for place, (height, tilt) in enumerate(zip(line.disc_mm, line.disc_tilt, strict=True))
        if (level := counted.disc(place)) is not None
    ]
    text = "The lowest disc that is seen was taken for L5/S1."
    return LevelNames(tuple(named), str(Certainty.UNCERTAIN), (text,))
