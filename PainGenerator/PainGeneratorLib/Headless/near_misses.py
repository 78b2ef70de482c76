"""Messages about words that are not understood: short, with the known word that is most like it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

CLOSEST = 0.6
"""Lower bound of the likeness of a known word, as difflib gives it (0 to 1). Our estimate."""
CLEAR = 0.85
"""From this likeness on, the second word is not named. Our estimate."""
CHOICE = re.compile(r"invalid choice: '?(?P<word>.*?)'? \(choose from (?P<known>.*)\)", re.S)
"""What argparse says of a word that is not in its list (https://docs.python.org/3/library/argparse.html)."""
UNKNOWN = "unrecognized arguments: "
"""Begin of what argparse says of words that it does not know."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` Did you mean A or B?`` for the known words that are most like a word; empty when none is."""
    by_plain = {_plain(one): one for one in known}
    found = difflib.get_close_matches(_plain(word), list(by_plain), n=2, cutoff=CLOSEST)
    if found and difflib.SequenceMatcher(None, _plain(word), found[0]).ratio() > CLEAR:
        found = found[:1]
    return f" Did you mean {' or '.join(by_plain[one] for one in found)}?" if found else ""


def _plain(word: str) -> str:
    return word.lower().replace("_", "-").strip()


def short_message(message: str, options: Sequence[str]) -> str:
    """What argparse says, shorter and with the nearest known word.

    Parameters
    ----------
    message : str
    options : sequence of str
        Names of the options of the command at hand.
    """
    choice = CHOICE.search(message)
    if choice is not None:
        known = re.findall(r"[^\s,']+", choice["known"])
        begin = message[: choice.start()]
        return f"{begin}'{choice['word']}' is not one of {', '.join(known)}.{did_you_mean(choice['word'], known)}"
    if message.startswith(UNKNOWN):
        first = message.removeprefix(UNKNOWN).split(" ")[0].partition("=")[0]
        return message + (f".{did_you_mean(first, options)}" if first.startswith("-") else "")
    return message
