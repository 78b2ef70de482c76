"""Reasons of what has to be looked at, in the language of the letter.

The rules of :mod:`Numerics.fusion.attention` write them in English, with their measures; here each is taken apart.
"""

from __future__ import annotations

import functools
import re

from .languages import Language

FORMS: tuple[tuple[str, str], ...] = (
    (
        r"Disc (?P<level>\S+) and both its endplates have raised uptake of like degree \([^)]*\), a pattern that "
        r"discitis has, too\.",
        "Disc {level} and both its endplates have raised uptake of like degree, a pattern that discitis has, too.",
    ),
    (
        r"Uptake along the prosthesis over (?P<ml>\d+) ml(?: \([^)]*\))?: diffuse, and not at one place of it\.",
        "Uptake along the prosthesis over {ml} ml: diffuse, and not at one place of it.",
    ),
    (
        r"Large: (?P<ml>\d+) ml of raised uptake, SUVmax (?P<suv>[\d.]+)\.",
        "Large: {ml} ml of raised uptake, SUVmax {suv}.",
    ),
    (
        r"SUVmax (?P<suv>[\d.]+) g/ml(?:, [\d.]+ times the reference)?: more than the (?P<limit>[\d.]+) g/ml that "
        r"wear and inflammation of a (?:hip|spine) reach\.",
        "SUVmax {suv} g/ml: more than the {limit} g/ml that wear and inflammation reach.",
    ),
    (
        r"Marrow is replaced over (?P<ml>\d+) ml on MR \(dark on T1, z [^)]*\)\.",
        "Marrow is replaced over {ml} ml on MR (dark on T1).",
    ),
)
"""Pattern of a reason, and the message that says it with its measures."""


def attention_words(reason: str, language: Language) -> str:
    """A reason in a language; in English it stays as it is, and what is not known to the catalog stays English."""
    if language.is_english:
        return reason
    for pattern, message in FORMS:
        reason = re.sub(pattern, functools.partial(_said, language, message), reason)
    return reason


def _said(language: Language, message: str, match: re.Match[str]) -> str:
    return language.say(message, **match.groupdict())
