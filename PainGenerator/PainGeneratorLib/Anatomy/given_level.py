"""Shift the levels of an anatomy segmentation so that they agree with the one level that the reader named."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..Numerics.body.level_order import Counted, checked_level, order_with, place_of
from ..Numerics.body.renaming import GivenLevel, renamed
from ..Numerics.body.vertebrae import Spine
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import Certainty
from .anatomy_map import AnatomyMap
from .labels import Structure
from .level_count import COUNTED
from .map_parts import parts_of, share_parts

SHIFTED = "The anatomy segmentation has {own} where the reader named {given}: all its levels were shifted accordingly."
"""Warning where the reader contradicts the segmentation."""
NOT_SHIFTED = (
    "No vertebra of the anatomy segmentation lies where the reader named {given}: its levels are those of its labels."
)
"""Warning where the reader named a level beside the vertebrae of the segmentation."""


def with_given_level(anatomy: AnatomyMap, given: GivenLevel) -> AnatomyMap:
    """Return the map with levels that agree with the one that the reader named.

    The reader decides: where the segmentation has another level at this place, all its levels are shifted by the same
    number of vertebrae, as :func:`.Numerics.body.renaming.renamed` does for the vertebrae on the MR.

    Parameters
    ----------
    anatomy : AnatomyMap
    given : GivenLevel
        In the reference frame.

    Returns
    -------
    AnatomyMap
        A shifted map has a warning. Its levels are certain: neither counted nor inferred. A map without vertebrae with
        a level, or with none at this place, is returned with its own levels.

    Raises
    ------
    PainGeneratorError
        There is no such level.
    """
    spine = parts_of(anatomy).spine
    if not spine.frames:
        return anatomy
    made = parts_of(anatomy).shifted
    key = (given.level, tuple(float(x) for x in given.point_ras))
    if key not in made:
        made[key] = _with_levels_of(anatomy, spine, given)
    return made[key]


def _with_levels_of(anatomy: AnatomyMap, spine: Spine, given: GivenLevel) -> AnatomyMap:
    there = GivenLevel(given.level, anatomy.to_map(np.asarray(given.point_ras, dtype=float)))
    level = checked_level(given.level)
    try:
        new = renamed(spine, there)
    except PainGeneratorError:
        return dataclasses.replace(anatomy, warnings=(*anatomy.warnings, NOT_SHIFTED.format(given=given.level)))
    own, name = _pair(spine, new)
    structures, warnings = dict(anatomy.structures), tuple(text for text in anatomy.warnings if text != COUNTED)
    if own != name:
        order, new_order = order_with([what.level for what in structures.values() if what.level]), order_with([level])
        beyond = place_of(level, new_order) - place_of(name, new_order)
        counted = Counted(level, place_of(own, order) + beyond)
        structures = {number: _shifted(what, counted, order) for number, what in structures.items()}
        there_before = Counted(own, place_of(name, new_order)).level(level, new_order)
        warnings = (*warnings, SHIFTED.format(given=level, own=there_before))
    shifted = dataclasses.replace(
        anatomy, structures=structures, counted=False, certainty=str(Certainty.CERTAIN), warnings=warnings
    )
    share_parts(shifted, anatomy, dataclasses.replace(new, transitional=False))
    return shifted


def _pair(old: Spine, new: Spine) -> tuple[str, str]:
    """The former and the new level of one vertebra that both spines have."""
    by_place = {tuple(frame.center_ras): frame.level for frame in old.frames}
    frame = next(frame for frame in new.frames if tuple(frame.center_ras) in by_place)
    return by_place[tuple(frame.center_ras)], frame.level


def _shifted(what: Structure, counted: Counted, order: tuple[str, ...]) -> Structure:
    """The structure with its new level. The sacrum stays what it is, and a vertebra that becomes S1 joins it."""
    if what.level is None or what.structure == "sacrum":
        return what
    level = counted.level(what.level, order)
    if level is not None and level.startswith("S") and "/" not in level:
        return Structure("sacrum", what.side, level)
    return dataclasses.replace(what, level=level)
