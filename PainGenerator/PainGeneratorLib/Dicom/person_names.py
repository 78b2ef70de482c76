"""Compare the names of patients as different machines write them.

Two machines write one person in different ways: with or without ideographic and phonetic parts, titles, middle names
and accents, in another order, in capitals, or cut off. The forms are those of PS3.5, section 6.2 (Person Name) and
annexes H and I, and of public reports (https://github.com/commontk/CTK/issues/275,
https://github.com/blairconrad/dicognito/issues/78, https://github.com/fo-dicom/fo-dicom/issues/938).
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable


class Match(enum.Enum):
    """What a comparison of two statements about patients says."""

    SAME = "same"
    UNKNOWN = "unknown"
    """One of the two says nothing, or they cannot be compared."""
    OTHER = "other"


TITLES = frozenset(
    {
        *(
            "dr",
            "drs",
            "prof",
            "professor",
            "med",
            "mr",
            "mrs",
            "ms",
            "miss",
            "sir",
            "dame",
            "herr",
            "frau",
            "hr",
            "fr",
        ),
        *("sr", "sra", "dott", "ing", "dipl", "phd", "md", "mba", "msc", "bsc", "rn", "jr", "junior", "senior"),
        *("ii", "iii", "iv", "esq", "rev"),
    }
)
"""Words that stand before or after a name, in lower case and without points. Our list, after PS3.5, section
6.2.1.1."""
LETTERS = {
    "ä": ("a", "ae"),
    "ö": ("o", "oe"),
    "ü": ("u", "ue"),
    "å": ("a", "aa"),
    "ø": ("o", "oe"),
    "æ": ("ae", "a"),
    "œ": ("oe", "o"),
    "ł": ("l", "l"),
    "đ": ("d", "dj"),
    "ð": ("d", "dh"),
    "þ": ("th", "th"),
    "ı": ("i", "i"),
}
"""Letter -> how consoles without it write it: without its mark, or with two letters (ISO/IEC 7501 for passports)."""
PLACEHOLDER = re.compile(
    r"((anon\w*|de-?identified|unknown|unnamed|no ?name|none|null|n/?a|x{3,}|patient|pseudonym\w*|removed|redacted)"
    r"[\W\d_]*)+",
    re.I,
)
"""What anonymizers and consoles write in the place of a name or an ID."""
SHORTEST_CUT_NAME = 8
"""Lower bound of the length, in letters, of a name that can be the begin of a longer one: consoles that cut a name
do so at 16 characters or more, of which the family name takes a good half. Our estimate."""
KATAKANA_SHIFT = 0x60
"""Distance of the code point of a katakana letter from that of the same letter in hiragana (Unicode, 3040 to 30FF)."""


def is_placeholder(text: str) -> bool:
    """True for a text in the place of a name or an ID that names nobody ("ANON", "Unknown")."""
    return bool(PLACEHOLDER.fullmatch(text.replace("^", " ").strip()))


def compare_names(first: str, second: str) -> Match:
    """Compare two values of Patient's Name (0010,0010).

    Parameters
    ----------
    first, second : str

    Returns
    -------
    Match
        SAME when the two can be one name in two writings. UNKNOWN when one is empty or a placeholder, or when they
        share no script (one in Latin letters, the other in kanji). OTHER when they contradict each other.
    """
    if is_placeholder(first) or is_placeholder(second):
        both = is_placeholder(first) and is_placeholder(second)
        return _compare_pseudonyms(first, second) if both else Match.UNKNOWN
    groups = [[_words(group) for group in name.split("=")] for name in (first, second)]
    filled = [[group for group in name if group[0]] for name in groups]
    pairs = [(a, b) for a in filled[0] for b in filled[1] if _script(a[0]) == _script(b[0])]
    found = {_compare_words(x, y) for a, b in pairs for x in a for y in b}
    if Match.SAME in found:
        return Match.SAME
    return Match.OTHER if pairs and Match.UNKNOWN not in found else Match.UNKNOWN


def compare_ids(first: str, second: str) -> Match:
    """Compare two values of Patient ID (0010,0020); leading zeros, spaces, hyphens, case and an issuer (HL7 CX,
    ``123^^^HOSPITAL``) do not count."""
    if is_placeholder(first) and is_placeholder(second):
        return _compare_pseudonyms(first, second)
    a, b = (re.sub(r"[\s\-_./]", "", text.split("^")[0]).casefold().lstrip("0") for text in (first, second))
    if not a or not b or is_placeholder(first) or is_placeholder(second):
        return Match.UNKNOWN
    return Match.SAME if a == b else Match.OTHER


def _compare_pseudonyms(first: str, second: str) -> Match:
    """Two placeholders: those with different numbers are two persons, others say nothing."""
    a, b = (re.sub(r"\D", "", text).lstrip("0") for text in (first, second))
    return Match.OTHER if a and b and a != b else Match.UNKNOWN


def _words(group: str) -> list[tuple[str, ...]]:
    """The words of one component group of a name, in each of the writings that a console may choose."""
    components = group.split("^")
    text = " ".join(components[:3])
    texts = {text, _mended(text)}
    return [tuple(_split(_plain(one, form))) for one in sorted(texts) for form in (0, 1)]


def _mended(text: str) -> str:
    """A text whose UTF-8 bytes were read as Latin-1, read rightly; any other text as it is."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _plain(text: str, form: int) -> str:
    """Lower case without accents, in one of the two forms of :data:`LETTERS`; hiragana as katakana."""
    whole = unicodedata.normalize("NFKC", text).casefold()
    replaced = "".join(LETTERS[letter][form] if letter in LETTERS else letter for letter in whole)
    bare = "".join(c for c in unicodedata.normalize("NFKD", replaced) if not _is_latin_mark(c))
    kana = "".join(chr(ord(c) + KATAKANA_SHIFT) if "\u3041" <= c <= "\u3096" else c for c in bare)
    return unicodedata.normalize("NFKC", kana)


def _is_latin_mark(character: str) -> bool:
    """True for an accent. The sound marks of kana are kept, because they make another letter."""
    return bool(unicodedata.combining(character)) and character not in "\u3099\u309a"


def _split(text: str) -> Iterable[str]:
    """The words of a name without titles; apostrophes and points are dropped, all other marks part words."""
    joined = re.sub(r"['\u2019`.]", "", text)
    words = [word for word in re.split(r"[^\w?\ufffd]+", joined) if word]
    named = [word for word in words if word not in TITLES]
    return named or words


def _script(words: tuple[str, ...]) -> str:
    """The script of a name, by its first letter: LATIN, CJK, KATAKANA, HANGUL, CYRILLIC, ..."""
    letter = next((c for c in "".join(words) if c.isalpha()), "")
    return unicodedata.name(letter, "NONE").split()[0] if letter else "NONE"


def _compare_words(first: tuple[str, ...], second: tuple[str, ...]) -> Match:
    """Compare two lists of words: in any order, with middle names or initials missing.

    UNKNOWN when one is only a part of the other: a family name alone, or a name that was cut off.
    """
    if _fits("".join(first), "".join(second)) or sorted(first) == sorted(second):
        return Match.SAME
    short, long = sorted((first, second), key=len)
    left = list(long)
    for word in sorted(short, key=len, reverse=True):
        found = next((other for other in left if _fits(word, other)), None) or next(
            (other for other in left if _is_initial(word, other)), None
        )
        if found is None:
            return Match.UNKNOWN if _is_cut(short, long) else Match.OTHER
        left.remove(found)
    has_whole_word = any(_fits(word, other) for word in short for other in long)
    # One shared word is a family name only; two, or one and an initial, are a person.
    return Match.SAME if has_whole_word and len(short) >= 2 else Match.UNKNOWN


def _is_cut(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """True when a name of few words is the begin of another one that was cut off at the end."""
    a, b = "".join(short), "".join(long)
    return min(len(a), len(b)) >= SHORTEST_CUT_NAME and (b.startswith(a) or a.startswith(b))


def _fits(word: str, other: str) -> bool:
    """True when two words are equal; a question mark stands for any letter that was lost."""
    if len(word) != len(other):
        return False
    return all(a == b or a in "?\ufffd" or b in "?\ufffd" for a, b in zip(word, other, strict=True))


def _is_initial(word: str, other: str) -> bool:
    """True when one word is the first letter of the other."""
    return (len(word) == 1 or len(other) == 1) and word[0] == other[0]
