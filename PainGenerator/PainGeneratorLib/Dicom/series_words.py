"""Split the name of a series into the words of the vocabulary.

Words may be parted by anything or written as one ("T1FSE", "FST2", "SPAIRSENSE"), in any case, with accents.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from .series_vocabulary import ENTRIES, Meaning

LEAST_SPLIT_LETTERS = 2
"""Lower bound of the letters of a word that is found within a longer one. Our estimate: one letter fits anywhere."""
GLUED_LETTERS = frozenset("esdwmi")
"""Letters that Philips puts before the name of a sequence: "eT2W", "sT1W", "dT2W". They are skipped there."""
BIDS_PAIR = re.compile(r"(?<![a-z0-9])(sub|ses|run|dir|task|acq|rec)-([a-z0-9]+)(?=_|$)", re.I)
"""A pair of key and value in a file name of the Brain Imaging Data Structure. Only the value of "acq" names a
sequence."""
NO_SPLIT = frozenset(
    {"special", "spine", "disc", "discs", "space", "coronary", "femoral", "sacral", "lateral", "hippocampus"}
)
"""Words that contain shorter ones by chance and are never split."""


@dataclass(frozen=True)
class Words:
    """The words of a name.

    Parameters
    ----------
    tokens : tuple of str
        Words in lower case, in their order; phrases are joined by an underscore.
    meanings : tuple of frozenset of Meaning
        What each word can mean; empty for a word that is not in the vocabulary.
    """

    tokens: tuple[str, ...]
    meanings: tuple[frozenset[Meaning], ...]

    def has(self, *wanted: Meaning) -> bool:
        """True when one of the words can mean one of these."""
        return any(meaning in found for found in self.meanings for meaning in wanted)

    def positions(self, *wanted: Meaning) -> list[int]:
        """Positions of the words that can mean one of these."""
        return [at for at, found in enumerate(self.meanings) if found.intersection(wanted)]

    def all_meanings(self) -> frozenset[Meaning]:
        """Everything that one of the words can mean."""
        return frozenset().union(*self.meanings)


def _vocabulary() -> dict[str, frozenset[Meaning]]:
    found: dict[str, frozenset[Meaning]] = {}
    for entry in ENTRIES:
        for word in entry.words.split():
            found[word] = found.get(word, frozenset()) | {entry.meaning}
    return found


VOCABULARY = _vocabulary()
"""Word or phrase (parts joined by an underscore) -> its meanings."""
LONGEST_PHRASE = max(word.count("_") for word in VOCABULARY) + 1
"""Number of words of the longest phrase."""

SIGNS_OF_WORDS = {
    "\u8170\u690e": "lumbar",
    "\u80f8\u690e": "thoracic",
    "\u9888\u690e|\u9838\u690e|\u981a\u690e": "cervical",
    "\u9ab6\u9ac2|\u4ed9\u8178": "si_joint",
    "\u9aa8\u76c6|\u9aa8\u76e4": "pelvis",
    "\u9acb|\u80a1\u95a2\u7bc0": "hip",
    "(?:\u589e\u5f3a|\u9020\u5f71)\u524d|\u5e73\u626b|\u5358\u7d14": "precontrast",
    "\u589e\u5f3a|\u9020\u5f71": "contrast",
    "\u8102\u80aa\u6291\u5236|\u6291\u8102|\u538b\u8102": "fatsat",
    "\u62e1\u6563|\u6269\u6563|\u5f25\u6563": "dwi",
    "\u77e2\u72b6": "sag",
    "\u51a0\u72b6": "cor",
    "\u5b9a\u4f4d": "localizer",
}
"""Pattern of Chinese and Japanese words, and the word of the vocabulary that takes their place."""
SPINE_LETTERS = {"c": "cervical", "t": "thoracic", "l": "lumbar"}
"""Letter before the name of a sequence -> part of the spine ("L_t1_tse_sag")."""
_SIGNS = (
    (re.compile(r"(?<![a-z])w\s*(?:&|/|\+|and|u|und|et|y|e)\s*(?:w/?o|wo)(?![a-z])", re.I), " withandwithout "),
    (re.compile(r"(?<![a-z])w/?o\s*(?:&|/|\+|and)\s*w(?![a-z])", re.I), " withandwithout "),
    (re.compile(r"(?<![a-z])w/wo(?![a-z])", re.I), " withandwithout "),
    (re.compile(r"(?<![a-z])w/o(?![a-z])", re.I), " without "),
    (re.compile(r"\(?\+\s*(?:c|k|ce)\)?(?![a-z])", re.I), " pluscontrast "),
    (re.compile(r"\+C(?=s?[TP][12D])"), " pluscontrast "),
    (re.compile(r"(?<![a-z])c\s*\+(?![a-z])", re.I), " pluscontrast "),
    (re.compile(r"\+\s*(?=(?:gd|gad|gado|km|contrast)(?![a-z]))", re.I), " "),
    (re.compile(r"(?<![a-z0-9])-\s*c(?![a-z])(?=\s*$)", re.I), " minuscontrast "),
    (re.compile(r"(?<![a-z])c\s*-(?=\s*$)", re.I), " minuscontrast "),
    (re.compile(r"w/(?=[a-z]{2,})", re.I), " with "),
    (re.compile(r"(?<![a-z])s\.?\s?m\.?d\.?c(?![a-z])\.?", re.I), " smdc "),
    (re.compile(r"(?<![a-z])in\s?(?:&|and|/)\s?out\s(?:of\s)?phase", re.I), " in out "),
    (re.compile(r"(?<![a-z])f/?\s?sat(?![a-z])", re.I), " fatsat "),
    *((re.compile(rf"^{letter}_(?=t[12]|stir)", re.I), f" {region} ") for letter, region in SPINE_LETTERS.items()),
    (re.compile(r"(?<![a-z])f\s?[./]\s?s(?![a-z])\.?", re.I), " fs "),
    (re.compile(r"(?<![a-z])t-([12])(?!\d)", re.I), r" t\1 "),
    (re.compile(r"(?<![a-z0-9])\d+\s?_?(?:min|sec)(?![a-z])", re.I), " minutesafter "),
    (re.compile(r"(?<![a-z0-9])c\d\s*[-_]\s*[ct]\d+(?!\d)", re.I), " cervical "),
    (re.compile(r"(?<![a-z0-9])l\d\s*[-_/]\s*s\d?(?![a-z0-9])", re.I), " lumbar "),
    *((re.compile(sign), f" {word} ") for sign, word in SIGNS_OF_WORDS.items()),
)
"""Signs and abbreviations with signs, and the word that takes their place."""


def plain(text: str) -> str:
    """Text without accents and with plain signs; upper and lower case are kept."""
    text = text.replace("\u00b5", "u").replace("\u03bc", "u").replace("\u00df", "ss").replace("\u2019", "'")
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@lru_cache(maxsize=4096)
def words_of(text: str) -> Words:
    """Split a text into words and look them up.

    Parameters
    ----------
    text : str
        Description or protocol name of a series, or the name of a volume.

    Returns
    -------
    Words
        In the order of the text.
    """
    text = BIDS_PAIR.sub(lambda pair: f" {pair[2]} " if pair[1].lower() == "acq" else " ", plain(text))
    for pattern, word in _SIGNS:
        text = pattern.sub(word, text)
    tokens = tuple(_phrases(re.findall(r"[A-Za-z]+[0-9]*\*?[A-Za-z0-9]*\*?|[0-9]+[A-Za-z0-9]*", text)))
    return Words(tokens, tuple(VOCABULARY.get(token, frozenset()) for token in tokens))


def _phrases(pieces: list[str]) -> list[str]:
    """Split words that are glued, and join neighboring words that form a phrase of the vocabulary."""
    lower = [word for piece in pieces for word in _split(piece)]
    found: list[str] = []
    at = 0
    while at < len(lower):
        lengths = range(min(LONGEST_PHRASE, len(lower) - at), 1, -1)
        length = next((n for n in lengths if "_".join(lower[at : at + n]) in VOCABULARY), 1)
        found.append("_".join(lower[at : at + length]))
        at += length
    return found


def _split(piece: str) -> list[str]:
    """One word, or the words that it is made of when it is not a word itself."""
    word = piece.lower()
    if word in VOCABULARY or word in NO_SPLIT:
        return [word]
    return _by_case(piece) or _without_mark(piece, [part for part in _glued(word) or () if part]) or [word]


def _by_case(piece: str) -> list[str]:
    """The words that upper and lower case part ("LavaFlex"); empty when not all of them are known."""
    parts = re.findall(r"[A-Z]+(?![a-z])[0-9*]*|[A-Z]?[a-z]+[0-9*]*|[0-9]+[a-z]*\*?", piece)
    if len(parts) > 1 and parts[0] in GLUED_LETTERS:
        parts = parts[1:]
    lower = [part.lower() for part in parts]
    return lower if "".join(parts) != piece.lower() and all(part in VOCABULARY for part in lower) else []


def _without_mark(piece: str, glued: list[str]) -> list[str]:
    """The words of a name without a small c after capitals ("SAGc"), which is a mark and no contrast agent."""
    is_mark = bool(glued) and glued[-1] == "c" and piece.endswith("c") and not piece.islower()
    return glued[:-1] if is_mark else glued


@lru_cache(maxsize=8192)
def _glued(word: str) -> tuple[str, ...] | None:
    """The fewest words of the vocabulary that make up a word, or None.

    A number at the end and, before the first word, one of `GLUED_LETTERS` may be left over; so may a "c" at the end,
    which stands for contrast agent.
    """
    stripped = re.sub(r"(?<=[a-z*])[0-9]+$", "", word) if word not in VOCABULARY else word
    for text in dict.fromkeys((word, stripped)):
        best = _fewest(text)
        if best is not None:
            return best
    return None


@lru_cache(maxsize=8192)
def _fewest(text: str) -> tuple[str, ...] | None:
    """The fewest words that make up a text without rest; see `_glued` for the letters that may be left over."""
    ways: list[tuple[str, ...] | None] = [None] * (len(text) + 1)
    ways[0] = ()
    for length in (1, 2):
        if len(text) > length and set(text[:length]) <= GLUED_LETTERS:
            ways[length] = ("",)
    for end in range(LEAST_SPLIT_LETTERS, len(text) + 1):
        for begin in range(end - LEAST_SPLIT_LETTERS + 1):
            before, part = ways[begin], text[begin:end]
            if before is None or part not in VOCABULARY or "_" in part:
                continue
            best = ways[end]
            if best is None or len(before) + 1 < len(best):
                ways[end] = (*before, part)
    best = ways[-1]
    if best is None and text.endswith("c"):
        before = ways[-2]
        best = (*before, "c") if before and any(before) else None
    return best if best and any(best) else None
