"""The flags for sides that are not certain."""

from __future__ import annotations

import dataclasses

from ..Numerics.core.records import Place
from ..Numerics.core.words import Certainty

SIDE_FLAGS: dict[Certainty, tuple[str, ...]] = {
    Certainty.LIKELY: ("side-likely",),
    Certainty.UNCERTAIN: ("side-uncertain",),
}
"""The flag for a side that is not certain."""


def with_side_certainty(place: Place, certainty: Certainty) -> Place:
    """A place whose side is as certain as it is said, with its flag."""
    flags = (*place.flags, *SIDE_FLAGS.get(certainty, ()))
    return dataclasses.replace(place, flags=flags, side_certainty=str(certainty))
