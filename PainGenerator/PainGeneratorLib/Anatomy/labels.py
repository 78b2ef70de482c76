"""The structure, the side and the level that a label of an anatomy segmentation stands for, from its name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..Numerics.core.kept import Kept
from .label_families import FAMILIES, VERTEBRAE
from .label_words import (
    DEFAULT_NAME,
    FILLERS,
    GENERAL_WORDS,
    ORDINALS,
    OTHER_STRUCTURES,
    PART_WORDS,
    REGION_WORDS,
    SIDE_WORDS,
    SINGLE_ROMAN,
    WORDS_WITH_A_LEVEL,
)

ADVICE = (
    'Give the names of the labels with --anatomy-labels, a JSON file such as {"1": "vertebrae_L1", "2": "sacrum"}.'
)
"""Advice for the user when labels cannot be understood."""


@dataclass(frozen=True)
class Structure(Kept):
    """The meaning of one label.

    Parameters
    ----------
    structure : str
        A word of :data:`PART_WORDS`, or the name of the label in plain words when it is not one of these.
    side : str, optional
        ``left`` or ``right`` when the label names the side, otherwise None.
    level : str, optional
        Vertebra ("L4") or disc ("L4/L5") when the label names it, otherwise None.
    """

    structure: str
    side: str | None = None
    level: str | None = None

    @property
    def text(self) -> str:
        """The meaning in words, such as "left hip bone" or "vertebra L4"."""
        return " ".join(part for part in (self.side, self.structure, self.level) if part)


_BY_WORD = {word: structure for structure, words in PART_WORDS.items() for word in words.split()}
"""Word -> structure."""
_BY_WORD_WITH_LEVEL = {word: structure for structure, words in WORDS_WITH_A_LEVEL.items() for word in words.split()}
"""Word -> structure, where a level stands beside the word."""
_LEVEL = re.compile(r"^(?:th|t|d|l|c|s)\d{1,2}$")
"""Form of the name of a vertebra."""


def structure_of_name(name: str) -> Structure:
    """Find the meaning of a label from its name.

    Parameters
    ----------
    name : str
        A name such as ``vertebrae_L4``, ``disc_L5_S``, ``L4/L5 disc``, ``hip_left``, ``Left gluteus medius``, ``L3``,
        ``LWK 4``, ``linke Niere``.

    Returns
    -------
    Structure
        The meaning. The structure of an unknown name is this name in plain words; see :func:`is_understood`.
    """
    tokens, side = _without_side(_with_levels(_tokens(name)))
    levels, words = _levels_and_words(tokens)
    structure = (
        _structure_of_words(words, bool(levels)) or _structure_of_levels(words, levels) or " ".join(words) or name
    )
    if levels and levels[0].startswith("S") and structure == "vertebra":
        return Structure("sacrum", side, levels[0])
    return Structure(structure, side, _joined_level(structure, levels))


def is_understood(what: Structure) -> bool:
    """Whether the program knows the structure, even one that it does not use (a heart, say)."""
    return what.structure in PART_WORDS or what.structure in _other_structures()


def says_nothing(name: str) -> bool:
    """Whether a name is one that programs make up, such as ``Segment_1`` or ``class_3``."""
    return re.fullmatch(DEFAULT_NAME, name.strip()) is not None


@cache
def _other_structures() -> frozenset[str]:
    """Structures that the known programs label and that this program does not use."""
    names = {name for labels in FAMILIES.values() for name in labels.values()}
    return frozenset(structure_of_name(name).structure for name in (*names, *OTHER_STRUCTURES))


def _tokens(name: str) -> list[str]:
    """The words and numbers of a name in lower case without accents; "FemurLeft" has two words."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", name)
    plain = unicodedata.normalize(
        "NFKD", spaced.replace("\u00df", "ss").replace("\u0153", "oe").replace("\u0152", "Oe")
    )
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()
    return [token for token in re.split(r"[^a-z0-9]+", plain) if token]


def _with_levels(tokens: list[str]) -> list[str]:
    """Write levels as one word each: ``lwk 4``, ``fourth lumbar``, ``l 4`` become ``l4``; ``l4 5`` becomes ``l4
    l5``."""
    tokens = [part for token in tokens for part in _parts(token)]
    written: list[str] = []
    while tokens:
        token = tokens.pop(0)
        if token in REGION_WORDS:
            letter, word = REGION_WORDS[token]
            number = _number_beside(written, tokens)
            written += [f"{letter}{number}"] if number else [token]
            written += [word] if word else []
        elif token in ("l", "t", "th", "d", "c", "s") and tokens and re.fullmatch(r"\d{1,2}", tokens[0]):
            written.append(token + tokens.pop(0))
        else:
            written.append(token)
    return _with_second_levels(written)


def _parts(token: str) -> list[str]:
    """Split ``l4l5``, ``l5s`` and ``lwk4`` into their parts; return any other word unchanged."""
    glued = re.fullmatch(r"(lwk|bwk|hwk|swk|lw|bw|hw|sw)(\d{1,2})", token)
    if glued:
        return list(glued.groups())
    parts = re.findall(r"(?:th|[tdlcs])\d{1,2}|s$", token)
    return parts if len(parts) > 1 and "".join(parts) == token else [token]


def _number_beside(before: list[str], after: list[str]) -> int | None:
    """Take the number that stands beside a word for a part of the spine: after it, else (an ordinal) before it.

    A word for "vertebra" may stand between them.
    """
    for words, index in ((after, 0), (after, 1), (before, -1), (before, -2)):
        if -len(words) <= index < len(words):
            number = _number(words[index])
            between = words[0] if index == 1 else words[-1] if index == -2 else None
            if number and (between is None or _BY_WORD.get(between) in ("vertebra", "vertebral body")):
                words.pop(index)
                return number
    return None


def _number(word: str) -> int | None:
    """The number that a word is: ``4``, ``4th``, ``fourth``, ``iv``; None for another word."""
    digits = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|e|eme|a|o|er)?", word)
    return int(digits[1]) if digits else ORDINALS.get(word) or SINGLE_ROMAN.get(word)


def _with_second_levels(tokens: list[str]) -> list[str]:
    """Write the short form of two neighboring levels in full: ``l4 5`` becomes ``l4 l5``, and ``l5 1`` ``l5 s1``."""
    written: list[str] = []
    for token in tokens:
        above = written[-1] if written else ""
        if token.isdigit() and _is_level(above):
            number = int(token)
            same = f"{above.rstrip('0123456789')}{number}"
            following = {"l": "s", "t": "l", "th": "l", "d": "l", "c": "t"}.get(above.rstrip("0123456789"), "")
            if number == int(above.lstrip("tlcdhs")) + 1:
                token = same
            elif number == 1 and following:
                token = f"{following}1"
        written.append(token)
    return written


def _without_side(tokens: list[str]) -> tuple[list[str], str | None]:
    """The words of a name without those for the side; and the side. A single letter may stand at either end."""
    sides = {SIDE_WORDS[token] for token in tokens if token in SIDE_WORDS}
    rest = [token for token in tokens if token not in SIDE_WORDS]
    if not sides and len(rest) > 1:
        for end in (-1, 0):
            if rest[end] in ("l", "r"):
                sides = {{"l": "left", "r": "right"}[rest.pop(end)]}
                break
    return rest or tokens, sides.pop() if len(sides) == 1 else None


def _levels_and_words(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Separate the levels in the words of a name from its other words. An S after a level is the sacrum."""
    levels = [_level(token) for token in tokens if _is_level(token)]
    if levels and levels[0] != "S1" and tokens[-1] in ("s", "sacrum"):
        levels.append("S1")
        tokens = tokens[:-1]
    words = [token for token in tokens if token not in FILLERS and not _is_level(token)]
    if levels:
        words = [word for word in words if word not in REGION_WORDS]
    return levels, words


def _structure_of_words(words: list[str], with_level: bool) -> str | None:
    """The structure that words stand for; None when they are not known."""
    plain = [word for word in words if not word.isdigit()]
    specific = [word for word in plain if word not in GENERAL_WORDS]
    for tried in (plain, specific, dict.fromkeys(specific), [word for word in specific if word not in ORDINALS]):
        joined = "".join(tried)
        found = _BY_WORD.get(joined) or (_BY_WORD_WITH_LEVEL.get(joined) if with_level else None)
        if found:
            return found
    return None


def _structure_of_levels(words: list[str], levels: list[str]) -> str | None:
    """Disc or vertebra for a name that consists only of levels; None for other names."""
    if not levels or words:
        return None
    return "disc" if len(levels) == 2 else "vertebra"


def _is_level(token: str) -> bool:
    """Whether a word names a vertebra."""
    return bool(_LEVEL.match(token)) and _level(token) in VERTEBRAE


def _level(token: str) -> str:
    """The level in our spelling: ``th12`` and ``d12`` become T12, ``l04`` becomes L4."""
    return re.sub(r"(?<=[A-Z])0+", "", re.sub(r"^(th|d)", "t", token).upper())


def _joined_level(structure: str, levels: list[str]) -> str | None:
    """The level of a structure; that of a disc or a facet joint is joined from two vertebrae, the upper one first.

    Another structure with several levels ("vertebrae L1-L5") has none.
    """
    if not levels:
        return None
    if structure in ("disc", "facet joint"):
        return "/".join(sorted(levels[:2], key=VERTEBRAE.index)) if len(levels) > 1 else None
    return levels[0] if len(set(levels)) == 1 else None


def names_of_family(family: str) -> dict[int, Structure]:
    """Return the meaning of all labels of a known program.

    Parameters
    ----------
    family : str
        A key of :data:`.label_families.FAMILIES`.

    Returns
    -------
    dict of int to Structure
    """
    return {number: structure_of_name(name) for number, name in FAMILIES[family].items()}


@dataclass(frozen=True)
class LabelFacts:
    """Place and size of a label.

    Parameters
    ----------
    centroid_ras_mm : ndarray, shape (3,)
    volume_ml : float
    extent_mm : ndarray, shape (3,), optional
        Size along R, A and S, from the spread of the voxels: that of a box with the same spread. It hardly changes
        when a few voxels lie apart. None when it was not measured.
    is_cut : bool
        True when the label reaches the edge of the grid: its true size is not known.
    """

    centroid_ras_mm: np.ndarray
    volume_ml: float
    extent_mm: np.ndarray | None = None
    is_cut: bool = False
