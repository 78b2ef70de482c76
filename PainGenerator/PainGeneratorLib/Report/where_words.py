"""Where in its structure, or beside what, a place lies, in the language of the letter.

English names of places say it in their own words (:mod:`Anatomy`). Here these words are found by their patterns. What
no pattern knows is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..Numerics.core.words import Side
from .languages import Language

UPPER_HALF, LOWER_HALF, ILIAC_SIDE, SACRAL_SIDE = "upper half", "lower half", "iliac side", "sacral side"
BESIDE_STEM, AT_CUP, LATERAL_VIEW = "beside the stem", "at the cup", "lateral view: Gruen {zone}"
IN_MIDLINE, IN_SPINE_LINE = "in the midline", "in the spine line"
LATERAL_OF_MIDLINE = "{mm} mm lateral of the midline"
LATERAL_OF_SPINE = "{mm} mm lateral of the spine line"
IN_FRONT_OF_SPINE, BEHIND_SPINE = "{mm} mm in front of the spine line", "{mm} mm behind the spine line"
ABOVE_PLACE, BELOW_PLACE, BEHIND_PLACE, IN_FRONT_OF_PLACE, LATERAL_OF_PLACE, MEDIAL_OF_PLACE = (
    *("above {place}", "below {place}", "behind {place}", "in front of {place}"),
    *("lateral of {place}", "medial of {place}"),
)
RIGHT_OF_PLACE, LEFT_OF_PLACE, BESIDE_PLACE = "right of {place}", "left of {place}", "{mm} mm beside it"
BETWEEN_PLACES = "between {one} and {other}"
DIRECTIONS = {
    "above": ABOVE_PLACE,
    "below": BELOW_PLACE,
    "behind": BEHIND_PLACE,
    "in front of": IN_FRONT_OF_PLACE,
    "lateral of": LATERAL_OF_PLACE,
    "medial of": MEDIAL_OF_PLACE,
    "right of": RIGHT_OF_PLACE,
    "left of": LEFT_OF_PLACE,
}
"""Words between a place and its neighbor, and the message that says them."""
FIXED = {
    rf"(?<!likely )\b{word}\b": word
    for word in (UPPER_HALF, LOWER_HALF, ILIAC_SIDE, SACRAL_SIDE, BESIDE_STEM, AT_CUP, IN_MIDLINE, IN_SPINE_LINE)
}
"""Pattern of words that are whole messages, and the message."""
MEASURED = {
    r"\b(?P<mm>\d+) mm lateral of the midline": LATERAL_OF_MIDLINE,
    r"\b(?P<mm>\d+) mm lateral of .*\bthe spine line": LATERAL_OF_SPINE,
    r"\b(?P<mm>\d+) mm in front of the spine line": IN_FRONT_OF_SPINE,
    r"\b(?P<mm>\d+) mm behind the spine line": BEHIND_SPINE,
    r"^beside .*, (?P<mm>\d+) mm$": BESIDE_PLACE,
    r"\(lateral view (?P<zone>\d+)\)": LATERAL_VIEW,
}
"""Pattern of words with a number, and the message."""
_LEVEL = r"[CTLS]\d+(?:/[CTLS]\d+)?"
_SITE = re.compile(rf"(?:(?P<side>left|right) )?(?P<structure>[a-z][a-z ]*?)(?: (?P<level>{_LEVEL}))?")
_NEIGHBOR = re.compile(rf", (?P<where>{'|'.join(DIRECTIONS)}) (?P<name>[^,]+?)(?:, at {_LEVEL})?$")
_BETWEEN = re.compile(rf", between (?P<one>[^,]+?) and (?P<other>[^,]+?)(?:, at {_LEVEL})?$")

Namer = Callable[[str, str | None, str], str]
"""Structure, level and side -> the name in the language."""


def where_words(name: str, language: Language, named: Namer) -> list[str]:
    """The words of an English name that say where in its structure, or beside what, a place lies.

    Parameters
    ----------
    name : str
        The English name of a place.
    language : Language
    named : callable
        Names a neighbor by its structure, level and side.
    """
    said = [language.say(message) for pattern, message in FIXED.items() if re.search(pattern, name)]
    for pattern, message in MEASURED.items():
        if found := re.search(pattern, name):
            said.append(language.say(message, **found.groupdict()))
    return [*said, *_neighbors(name, language, named)]


def _neighbors(name: str, language: Language, named: Namer) -> Iterator[str]:
    """Beside which other place it lies, or between which two."""
    if found := _BETWEEN.search(name):
        one, other = (_site(found[key], language, named) for key in ("one", "other"))
        if one and other:
            yield language.say(BETWEEN_PLACES, one=one, other=other)
    elif found := _NEIGHBOR.search(name):
        place = _site(found["name"], language, named)
        if place:
            yield language.say(DIRECTIONS[found["where"]], place=place)


def _site(name: str, language: Language, named: Namer) -> str:
    """The name of a site in the language; empty for a name that is not known to be one."""
    found = _SITE.fullmatch(name)
    if found is None or not language.knows(found["structure"]):
        return ""
    return named(found["structure"], found["level"], found["side"] or str(Side.MIDLINE))
