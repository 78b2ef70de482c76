"""What people typed, in the form in which DICOM can hold it (PS3.5, 6.2)."""

from __future__ import annotations

import re
import unicodedata

CONTROL = ("Cc", "Cs")
"""Categories of control characters, and of halves of characters that are no text."""
LONGEST_NAME = 64
"""Most letters of a name."""
NAME_PARTS = 5
"""Most parts of a name: family, given, middle, prefix, suffix."""


def text_value(text: str) -> str:
    """A text of several lines: control characters but line breaks and tabs are left out."""
    return "".join(letter for letter in text if letter in "\n\r\t" or unicodedata.category(letter) not in CONTROL)


def name_value(name: str) -> str:
    """The name of a person on one line, without the signs that separate values and alphabets; empty for none."""
    plain = re.sub(r"[\\\\=\s]+", " ", "".join(x if x.isprintable() else " " for x in name))
    return "^".join(plain.strip().split("^")[:NAME_PARTS])[:LONGEST_NAME].strip("^ ")
