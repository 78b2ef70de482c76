"""The flags for sides and levels that are not certain."""

from __future__ import annotations

import dataclasses

from ..Numerics.core.records import LEVEL_FLAGS, Place
from ..Numerics.core.words import Certainty

SIDE_FLAGS: dict[Certainty, tuple[str, ...]] = {
    Certainty.LIKELY: ("side-likely",),
    Certainty.UNCERTAIN: ("side-uncertain",),
}
"""The flag for a side that is not certain."""
ORDER = (Certainty.CERTAIN, Certainty.LIKELY, Certainty.UNCERTAIN)
"""From certain to uncertain."""


def with_side_certainty(place: Place, certainty: Certainty) -> Place:
    """A place whose side is as certain as it is said, with its flag."""
    flags = (*place.flags, *SIDE_FLAGS.get(certainty, ()))
    return dataclasses.replace(place, flags=flags, side_certainty=str(certainty))


def with_level_certainty(place: Place, certainty: str | None) -> Place:
    """A place whose level is no more certain than it is said, with its flag.

    The name says it where the level is uncertain, because names also stand alone, in segments and DICOM files.
    """
    if place.level is None or certainty is None:
        return place
    worst = least_certain(certainty, place.level_certainty or Certainty.CERTAIN)
    if worst == place.level_certainty:
        return place
    flags = (*(flag for flag in place.flags if flag not in LEVEL_FLAGS), f"level-{worst}")
    name = f"{place.name} (level uncertain)" if worst == Certainty.UNCERTAIN else place.name
    return dataclasses.replace(place, name=name, flags=flags)


def least_certain(*words: str) -> Certainty:
    """The least certain of some words of :class:`.Numerics.core.words.Certainty`."""
    return ORDER[max(ORDER.index(Certainty(word)) for word in words)]
