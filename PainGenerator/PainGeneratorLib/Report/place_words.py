"""Names of places in the language of the letter.

In English a place has the name that it has everywhere. In other languages it is named by its structure, its level or
zone, and its side.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..Anatomy.codes import STRUCTURES
from ..Numerics.core.joint_names import DISCOVERTEBRAL, SEVERAL
from ..Numerics.core.records import Candidate, Place
from ..Numerics.core.short_names import ENDPLATE_BONES, SHORT_STRUCTURES
from ..Numerics.core.words import Certainty, Side
from . import words
from .languages import Language

FURTHER_STRUCTURES = ("multifidus", "psoas", "sacral ala", "iliac crest", "prosthesis shoulder", "stem tip")
"""Kinds of sites that a reader cannot choose for a candidate."""
NAMED_STRUCTURES = tuple(dict.fromkeys((*STRUCTURES, *SHORT_STRUCTURES, *FURTHER_STRUCTURES, DISCOVERTEBRAL, SEVERAL)))
"""Every structure that a place can have."""
SIDE_WORDS: Mapping[str, str] = {Side.LEFT: "on the left", Side.RIGHT: "on the right", Side.BOTH: "on both sides"}
"""Where a place lies; nothing is said of the midline."""
PLACE_FORM = "{structure} {level} {side}"
SIDE_DOUBT, LEVEL_DOUBT = "side uncertain", "level uncertain"


def place_name(candidate: Candidate, language: Language) -> str:
    """The name of the place of a candidate, with what is uncertain about it."""
    place = candidate.place
    if language.is_english:
        return words.capital(words.title(candidate))
    name = language.say(
        PLACE_FORM,
        structure=language.say(place.structure),
        level=" ".join(part for part in (level_of_name(place), place.zone) if part),
        side=language.say(SIDE_WORDS[place.side]) if place.side in SIDE_WORDS else "",
    )
    doubts = [language.say(doubt) for doubt in _doubts(place)]
    return ", ".join([" ".join(words.capital(name).split()), *doubts])


def level_of_name(place: Place) -> str | None:
    """The level that names a place: of an endplate, the vertebra that it belongs to."""
    upper, slash, lower = (place.level or "").partition("/")
    if slash and place.structure in ENDPLATE_BONES:
        return (upper, lower)[ENDPLATE_BONES[place.structure]]
    return place.level


def _doubts(place: Place) -> list[str]:
    is_side_doubtful = place.side != Side.MIDLINE and place.side_certainty == Certainty.UNCERTAIN
    found = [SIDE_DOUBT] if is_side_doubtful else []
    return [*found, LEVEL_DOUBT] if place.level_certainty == Certainty.UNCERTAIN else found
