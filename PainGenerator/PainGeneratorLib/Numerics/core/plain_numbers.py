"""Numbers as people read them: one rule for the panel, the terminal and the report."""

from __future__ import annotations

import math


def plain_number(value: float | None, decimals: int) -> str | None:
    """A number with a fixed count of decimals; None where it is not known.

    A value too small for `decimals` has two significant digits, so that it never reads as 0, and 0 has no sign.

    Parameters
    ----------
    value : float or None
        NaN and infinity are not known, either.
    decimals : int

    Returns
    -------
    str or None
        With a hyphen as minus.
    """
    if value is None or not math.isfinite(value):
        return None
    text = f"{float(value):.{decimals}f}"
    if float(text) == 0.0:
        return f"{float(value):.2g}" if value else f"{0.0:.{decimals}f}"
    return text
