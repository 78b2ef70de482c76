"""Refuse an anatomy segmentation whose levels are all shifted against those that are counted on the MR.

Names that are wrong by one level lead a needle to the wrong vertebra. Which of the two is right is seen only on the
images, so that neither is taken in silence: the reader names one level, and all others follow from it.
"""

from __future__ import annotations

import numpy as np

from ..Numerics.body.vertebrae import Spine
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import Certainty
from .anatomy_map import AnatomyMap
from .label_families import VERTEBRAE
from .map_parts import parts_of
from .map_trust import map_trust
from .spine_agreement import same_place

LEAST_SHIFTED = 2
"""Lower bound of the number of vertebrae that are compared: one alone may be the one at the edge that is cut off."""
OF_FEW_PEOPLE = ("T13", "L6")
"""Vertebrae of transitional anatomy. With them a count upward from the sacrum gives other names than the ribs do, and
neither is wrong."""
GAP = "a level is missing in it, or its L4 is the lowest above the sacrum"
"""What is said of a segmentation whose levels are not consecutive down to the sacrum."""


def refuse_shifted_levels(anatomy: AnatomyMap, by_mr: Spine | None) -> None:
    """Refuse a segmentation of which the MR, and its own labels, say that all levels are shifted.

    Where only one of the two contradicts, its levels become less certain instead (:mod:`.sites`).

    Parameters
    ----------
    anatomy : AnatomyMap
    by_mr : Spine or None
        The vertebrae of the MR, in the reference frame.

    Raises
    ------
    PainGeneratorError
        It names a vertebra in both, and what contradicts in the segmentation itself.
    """
    by_map = parts_of(anatomy).spine
    if by_mr is None or by_mr.level_certainty == Certainty.UNCERTAIN or not by_map.frames:
        return
    doubt = _own_doubt(anatomy, by_map)
    if doubt is None:
        return
    if anatomy.frame_to_map_ras is not None:
        by_map = by_map.moved(np.linalg.inv(anatomy.frame_to_map_ras))
    pairs = [(own.level, other.level) for own in by_map.frames if (other := same_place(own, by_mr)) is not None]
    steps = {_step(own, other) for own, other in pairs}
    if len(pairs) < LEAST_SHIFTED or len(steps) != 1 or steps & {0, None}:
        return
    own_level, level = pairs[-1]
    count = abs(steps.pop() or 0)
    raise PainGeneratorError(
        f"The levels of the anatomy segmentation are wrong by {count}, or the MR is counted wrongly: {own_level} of "
        f"the segmentation is {level} when the vertebrae are counted on the MR, and so on at all {len(pairs)} "
        f"vertebrae that both show. The segmentation also contradicts itself: {doubt}.",
        f"Look at the images and name one level with its place, such as --level {level}=R,A,S: then all levels follow "
        "from it (in the panel: find without the segmentation, name the level, and find again with it). Or correct "
        "the names of the labels, or leave out --anatomy.",
    )


def _own_doubt(anatomy: AnatomyMap, by_map: Spine) -> str | None:
    """What contradicts in the labels by themselves; None for nothing, and for transitional anatomy."""
    if any(frame.level in OF_FEW_PEOPLE for frame in by_map.frames):
        return None
    text = map_trust(anatomy).level_text
    if text is not None:
        return text
    return GAP if by_map.transitional else None


def _step(own: str, other: str) -> int | None:
    """How many vertebrae one level lies above another; None for transitional anatomy."""
    usual = [level for level in VERTEBRAE if level not in OF_FEW_PEOPLE]
    return usual.index(other) - usual.index(own) if own in usual and other in usual else None
