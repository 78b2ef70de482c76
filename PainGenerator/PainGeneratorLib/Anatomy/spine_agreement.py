"""Compare the spine of an anatomy segmentation with the one that the MR itself shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..Numerics.body.vertebrae import Spine, VertebraFrame
from ..Numerics.core.words import Certainty

SAME_VERTEBRA_MM = 18.0
"""Upper bound of the distance between the middles of one vertebra in both, mm: half the distance between neighboring
lumbar bodies."""
APART_MM = 8.0
"""Lower bound of the distance between the middles of one vertebra in both that is reported, mm. Our estimate: a
quarter of a body, so that a facet joint of one lies outside of that of the other."""


@dataclass(frozen=True)
class SpineCheck:
    """What contradicts each other in two spines.

    Parameters
    ----------
    notes : tuple of str
        Sentences for the reader; none when they agree.
    are_levels_alike, are_sides_alike, are_places_alike : bool
        True where they agree, and where nothing can be compared.
    is_compared : bool
        Whether at least one vertebra is in both.
    mr_certainty : str
        How much the levels of the MR can be relied on, a word of :class:`.Numerics.core.words.Certainty`.
    """

    notes: tuple[str, ...] = ()
    are_levels_alike: bool = True
    are_sides_alike: bool = True
    are_places_alike: bool = True
    is_compared: bool = False
    mr_certainty: str = str(Certainty.CERTAIN)


def check_spines(by_map: Spine, by_mr: Spine | None) -> SpineCheck:
    """Compare levels, places and sides.

    Parameters
    ----------
    by_map, by_mr : Spine
        Of the anatomy segmentation and of the MR, both in the reference frame.
    """
    if by_mr is None:
        return SpineCheck()
    pairs = [(own, other) for own in by_map.frames if (other := same_place(own, by_mr)) is not None]
    if not pairs:
        if not by_map.frames or not by_mr.frames or not _overlap(by_map, by_mr):
            return SpineCheck()
        note = (
            "No vertebra of the anatomy segmentation lies where the MR shows one. "
            "Check whether the segmentation belongs to this examination."
        )
        return SpineCheck((note,), are_places_alike=False)
    notes = []
    renamed = [(own.level, other.level) for own, other in pairs if own.level != other.level]
    if renamed:
        own_level, other_level = renamed[-1]
        notes.append(
            f"The levels of the anatomy segmentation differ from those that are counted on the MR: {own_level} of the "
            f"segmentation is {other_level} on the MR. The names follow the segmentation. Check one level."
        )
    away = [float(np.linalg.norm(own.center_ras - other.center_ras)) for own, other in pairs]
    is_apart = float(np.median(away)) > APART_MM
    if is_apart:
        notes.append(
            f"The vertebrae of the anatomy segmentation lie {np.median(away):.0f} mm away from those on the MR. "
            f"The sites follow the segmentation. Check whether it fits the images."
        )
    is_mirrored = sum(float(own.left @ other.left) < 0.0 for own, other in pairs) > 0.5 * len(pairs)
    if is_mirrored:
        notes.append(
            "Left and right of the anatomy segmentation are opposite to those on the MR. "
            "The sides follow the segmentation and are uncertain."
        )
    return SpineCheck(tuple(notes), not renamed, not is_mirrored, not is_apart, True, by_mr.level_certainty)


def same_place(own: VertebraFrame, spine: Spine) -> VertebraFrame | None:
    """The vertebra of another spine at the place of this one."""
    near = min(spine.frames, key=lambda each: _away_mm(own, each), default=None)
    return near if near is not None and _away_mm(own, near) <= SAME_VERTEBRA_MM else None


def _away_mm(one: VertebraFrame, other: VertebraFrame) -> float:
    return float(np.linalg.norm(one.center_ras - other.center_ras))


def _overlap(one: Spine, other: Spine) -> bool:
    """Whether two spines reach over the same heights."""
    heights = [np.array([frame.center_ras[2] for frame in spine.frames]) for spine in (one, other)]
    return bool(heights[0].min() <= heights[1].max() and heights[1].min() <= heights[0].max())
