"""Make text that comes from outside fit to be shown: text of headers, names in files, paths.

A header may hold any character. Control characters change the terminal that prints them, marks of writing direction
show a text in another order than it has, and lone halves of a character ("surrogates", as Python reads file names that
are no UTF-8) cannot be written to a file at all. This is the one place where they are taken out.
"""

from __future__ import annotations

import unicodedata

UNKNOWN_CHARACTER = "\ufffd"
"""The character that Unicode provides for one that cannot be shown. It stands in the place of each one taken out."""
JOINERS = "\u200c\u200d"
"""Invisible characters that Persian, Hindi and other languages need within words."""
SPACES = "Zs"
"""Category of Unicode of the spaces of all widths, such as the one between Japanese names."""


def printable(text: str) -> str:
    """A text in which everything can be shown and written; line ends and tabs stay.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        :data:`UNKNOWN_CHARACTER` stands for each control character, mark of writing direction, character without a
        meaning, and lone half of a character.
    """
    if text.isprintable():
        return text
    return "".join(c if _is_shown(c) else UNKNOWN_CHARACTER for c in text)


def one_line(text: str) -> str:
    """As :func:`printable`, with a space in place of each line end and tab."""
    if text.isprintable():
        return text
    return printable(text.replace("\r\n", " ").translate({ord(c): " " for c in "\r\n\t"}))


def _is_shown(character: str) -> bool:
    return (
        character.isprintable()
        or character in "\n\t"
        or character in JOINERS
        or unicodedata.category(character) == SPACES
    )
