"""Names of places in the language of the letter.

In English a place has the name that it has everywhere. In other languages it is named by its structure, its level or
zone, its side, and what its English name says of where it lies, as far as that is known (:mod:`.where_words`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from ..Anatomy.codes import STRUCTURES
from ..Numerics.core.joint_names import DISCOVERTEBRAL, SEVERAL
from ..Numerics.core.records import Candidate, Place
from ..Numerics.core.short_names import ENDPLATE_BONES, SHORT_STRUCTURES
from ..Numerics.core.words import Certainty, Side
from . import words
from .languages import Language
from .site_words import clause
from .where_words import where_words

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
    return words.capital(place_in_sentence(candidate, language))


def place_in_sentence(candidate: Candidate, language: Language) -> str:
    """The same within a sentence, where an English name has no capital letter."""
    place = candidate.place
    if language.is_english:
        return clause(words.title(candidate))
    return ", ".join([named_place(place, language), *(language.say(doubt) for doubt in _doubts(place))])


def named_place(place: Place, language: Language) -> str:
    """The name of a place without what is uncertain about it; begins as within a sentence."""
    if language.is_english:
        return clause(place.name)
    level = " ".join(part for part in (level_of_name(place), place.zone) if part)
    name = _named(language, place.structure, level, place.side)
    return ", ".join([name, *where_words(place.name, language, functools.partial(_named, language))])


def _named(language: Language, structure: str, level: str | None, side: str) -> str:
    """Structure, level and side in a language."""
    said = language.say(
        PLACE_FORM,
        structure=language.say(structure),
        level=level or "",
        side=language.say(SIDE_WORDS[side]) if side in SIDE_WORDS else "",
    )
    return " ".join(said.split())


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
