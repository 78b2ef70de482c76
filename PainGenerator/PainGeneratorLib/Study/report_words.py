"""Words and written numbers of a study report: the same number is written in the same way everywhere."""

from __future__ import annotations

import math

UNKNOWN = "not known"


def group_word(name: str) -> str:
    """The name of a group for people."""
    return {"low-back": "Low back pain", "hip-replacement": "Pain after hip replacement"}.get(name, name)


def arm_word(name: str) -> str:
    """The name of an arm for people."""
    return {"guided": "Guided", "control": "Control"}.get(name, name)


def percent(share: float | None, digits: int = 0) -> str:
    """A share as percent, halves away from 0."""
    if share is None:
        return UNKNOWN
    return f"{written(100 * share, digits)} %"


def written(value: float | None, digits: int) -> str:
    """A number with fixed digits, halves away from 0, and a true minus sign."""
    if value is None:
        return UNKNOWN
    scaled = math.floor(abs(value) * 10**digits + 0.5 + 1e-9) / 10**digits
    return ("\u2212" if value < 0 and scaled else "") + f"{scaled:.{digits}f}"


def p_word(p: float | None) -> str:
    """A p value: two digits, three below 0.1, and a bound below 0.001."""
    if p is None:
        return UNKNOWN
    return "< 0.001" if p < 0.001 else written(p, 3 if p < 0.1 else 2)
