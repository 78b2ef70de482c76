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
WORD = re.compile(r"[A-Za-z]+[0-9]*\*?[A-Za-z0-9]*\*?|[0-9]+[A-Za-z0-9]*|[^\W\d_]+")
"""One word of a name, also in another script: a word that is not understood is still a difference in name."""
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

SIGNS_OF_WORDS = (
    (
        "lumbar",
        (
            "\u8170\u690e",
            "\uc694\ucd94",
            "\u043f\u043e\u044f\u0441\u043d\u0438\u0447\u043d\\w*",
        ),
    ),
    (
        "thoracic",
        (
            "\u80f8\u690e",
            "\ud749\ucd94",
            "\u0433\u0440\u0443\u0434\u043d\\w*",
        ),
    ),
    (
        "cervical",
        (
            "\u9888\u690e",
            "\u9838\u690e",
            "\u981a\u690e",
            "\uacbd\ucd94",
            "\u0448\u0435\u0439\u043d\\w*",
        ),
    ),
    (
        "si_joint",
        (
            "\u9ab6\u9ac2",
            "\u4ed9\u8178",
        ),
    ),
    (
        "pelvis",
        (
            "\u9aa8\u76c6",
            "\u9aa8\u76e4",
            "\uace8\ubc18",
            "\u0442\u0430\u0437\\w*",
        ),
    ),
    (
        "hip",
        (
            "\u9acb",
            "\u80a1\u95a2\u7bc0",
            "\uace0\uad00\uc808",
        ),
    ),
    (
        "precontrast",
        (
            "(?:\u589e\u5f3a|\u9020\u5f71|\uc870\uc601|\u6ce8\u5c04)[\u524d\uc804]",
            "\u5e73\u626b",
            "\u5358\u7d14",
            "\u0431\u0435\u0437 \u043a\u043e\u043d\u0442\u0440\u0430\u0441\u0442\\w*",
        ),
    ),
    (
        "contrast",
        (
            "\u589e\u5f3a",
            "\u9020\u5f71",
            "\uc870\uc601",
            "\u6ce8\u5c04\u540e",
            "\u30ac\u30c9\u30ea\u30cb\u30a6\u30e0",
            "\u043a\u043e\u043d\u0442\u0440\u0430\u0441\u0442\\w*",
        ),
    ),
    (
        "fatsat",
        (
            "\u8102\u80aa\u6291\u5236",
            "\u6291\u8102",
            "\u538b\u8102",
            "\uc9c0\ubc29\uc5b5\uc81c",
            "\u0436\u0438\u0440\u043e\u043f\u043e\u0434\u0430\u0432\u043b\u0435\u043d\u0438\\w*",
        ),
    ),
    (
        "dwi",
        (
            "\u62e1\u6563",
            "\u6269\u6563",
            "\u5f25\u6563",
            "\u0434\u0438\u0444\u0444\u0443\u0437\\w*",
        ),
    ),
    (
        "sag",
        (
            "\u77e2\u72b6",
            "\u0441\u0430\u0433(?:\u0438\u0442\\w*)?",
        ),
    ),
    (
        "cor",
        (
            "\u51a0\u72b6",
            "\u043a\u043e\u0440(?:\u043e\u043d\\w*)?",
        ),
    ),
    (
        "localizer",
        (
            "\u5b9a\u4f4d",
            "\u043b\u043e\u043a\u0430\u043b\u0430\u0439\\w*",
        ),
    ),
    ("T", ("\u0422(?=[12])",)),
)
"""Word of the vocabulary, and patterns of Chinese, Japanese, Korean and Russian words whose place it takes."""
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
)
"""Signs and abbreviations with signs, and the word that takes their place."""


_OTHER_SCRIPTS = tuple((re.compile("|".join(signs), re.I), word) for word, signs in SIGNS_OF_WORDS)


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
    # Before accents are removed, which takes Korean and Japanese signs apart.
    for pattern, word in _OTHER_SCRIPTS:
        text = pattern.sub(word if word == "T" else f" {word} ", text)
    text = BIDS_PAIR.sub(lambda pair: f" {pair[2]} " if pair[1].lower() == "acq" else " ", plain(text))
    for pattern, word in _SIGNS:
        text = pattern.sub(word, text)
    tokens = tuple(_phrases(WORD.findall(text)))
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
