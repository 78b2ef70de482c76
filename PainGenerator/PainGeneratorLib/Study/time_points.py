"""Time points of follow-ups, written in one way: records are compared by their name."""

from __future__ import annotations

import re

from .records import BASELINE

DURATION = re.compile(r"(\d+(?:[.,]\d+)?)\s*(day|week|month|year)s?", re.IGNORECASE)
"""A time after the treatment, in any case, with or without a space."""


def plain_time_point(text: str) -> str:
    """A time point as it is stored.

    Parameters
    ----------
    text : str
        As a person types it, such as ``Baseline``, ``6 Weeks`` or ``3month``.

    Returns
    -------
    str
        ``baseline``, or a number with its unit, such as ``6 weeks``; anything else as it is, without outer and double
        spaces.
    """
    plain = " ".join(text.split())
    if plain.lower().replace(" ", "").replace("-", "") == BASELINE:
        return BASELINE
    found = DURATION.fullmatch(plain)
    if found is None:
        return plain
    number = f"{float(found[1].replace(',', '.')):g}"
    return f"{number} {found[2].lower()}{'' if number == '1' else 's'}"
