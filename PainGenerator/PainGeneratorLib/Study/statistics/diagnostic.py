"""The diagnostic value of a candidate against a test of the place, such as a block."""

from __future__ import annotations

from typing import Any

from .proportions import proportion


def diagnostic_value(true: int, false: int, missed: int, right_negative: int) -> dict[str, Any]:
    """Sensitivity and its relatives, each with Wilson's interval (Altman and Bland, BMJ 1994;308:1552 and 309:102).

    Parameters
    ----------
    true : int
        Candidates that the test confirmed.
    false : int
        Candidates that it did not confirm.
    missed : int
        Places that are no candidate and that the test confirmed.
    right_negative : int
        Places that are no candidate and that the test did not confirm.

    Returns
    -------
    dict
        The four counts; ``sensitivity``, ``specificity``, ``positive_value``, ``negative_value`` as shares.
    """
    return {
        "table": {"true": true, "false": false, "missed": missed, "right_negative": right_negative},
        "sensitivity": proportion(true, true + missed),
        "specificity": proportion(right_negative, false + right_negative),
        "positive_value": proportion(true, true + false),
        "negative_value": proportion(right_negative, missed + right_negative),
    }
