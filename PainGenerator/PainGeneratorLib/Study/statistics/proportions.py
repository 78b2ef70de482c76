"""One share with its interval, and the comparison of two shares.

All shares are numbers from 0 to 1. Differences are "first minus second", so that a positive one speaks for the first
arm. All intervals are two-sided with 95 % coverage.
"""

from __future__ import annotations

import math
from typing import Any

ALPHA = 0.05
"""One minus the coverage of all intervals; also the bar of all tests, two-sided."""
FEW = 30
"""Lower bound of a denominator that is not called small. Our choice; the interval says how much a small one tells."""


def proportion(count: int, total: int) -> dict[str, Any]:
    """A share with Wilson's interval (Wilson, J Am Stat Assoc 1927; Newcombe, Stat Med 1998;17:857-872).

    Parameters
    ----------
    count, total : int
        How many of how many.

    Returns
    -------
    dict
        ``count``, ``total``, ``share``, ``low`` and ``high`` (0 to 1; None where the total is 0), and ``is_small``.

    Raises
    ------
    ValueError
        The count is below 0 or above the total.
    """
    if not 0 <= count <= total:
        raise ValueError(f"{count} of {total} is no share")
    result: dict[str, Any] = {"count": int(count), "total": int(total), "share": None, "low": None, "high": None}
    if total:
        from statsmodels.stats.proportion import proportion_confint

        low, high = proportion_confint(count, total, alpha=ALPHA, method="wilson")
        # The library leaves a rest of 1e-17 where the limit is 0 or 1.
        result |= {
            "share": count / total,
            "low": float(low) if count else 0.0,
            "high": float(high) if count < total else 1.0,
        }
    return {**result, "is_small": total < FEW}


def compare(first: tuple[int, int], second: tuple[int, int], is_benefit: bool = True) -> dict[str, Any]:
    """Compare two independent shares.

    Parameters
    ----------
    first, second : (int, int)
        Count and total: the guided arm first, the control second.
    is_benefit : bool
        Whether the share counts something wanted; a number needed to treat is given only then.

    Returns
    -------
    dict
        ``first`` and ``second`` as of :func:`proportion`; ``difference`` with Newcombe's interval (method 10 of Stat
        Med 1998;17:873-890); ``ratio`` with the interval of its logarithm (Katz et al., Biometrics 1978);
        ``odds_ratio`` of the sample; ``fisher_p``, two-sided; ``needed_to_treat``. Parts that cannot be computed are
        None, with the reason in ``notes``.
    """
    from scipy.stats import fisher_exact

    (a, n), (b, m) = first, second
    result: dict[str, Any] = {
        "first": proportion(a, n), "second": proportion(b, m), "difference": None, "ratio": None, "odds_ratio": None,
        "fisher_p": None, "needed_to_treat": None, "notes": [],
    }  # fmt: skip
    if not n or not m:
        result["notes"].append("One arm has no patient with a known outcome, so the arms cannot be compared.")
        return result
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff", alpha=ALPHA)
    difference = {"value": a / n - b / m, "low": float(low), "high": float(high)}
    result["difference"] = difference
    result["needed_to_treat"] = needed_to_treat(**difference) if is_benefit else None
    result["fisher_p"] = float(fisher_exact([[a, n - a], [b, m - b]]).pvalue)
    result["ratio"] = _ratio(a, n, b, m, result["notes"])
    if a < n and b and a and b < m:
        result["odds_ratio"] = a * (m - b) / (b * (n - a))
    return result


def _ratio(a: int, n: int, b: int, m: int, notes: list[str]) -> dict[str, Any] | None:
    if not a or not b:
        notes.append("One arm counts 0, so that no ratio of the shares is given.")
        return None
    from scipy.stats.contingency import relative_risk

    found = relative_risk(a, n, b, m)
    interval = found.confidence_interval(1 - ALPHA)
    return {"value": float(found.relative_risk), "low": float(interval.low), "high": float(interval.high)}


def needed_to_treat(value: float, low: float, high: float) -> dict[str, Any]:
    """The number needed to treat from a difference of shares and its interval (Altman, BMJ 1998;317:1309-1312).

    The reciprocal of a difference runs through infinity where the difference runs through 0. An interval of the
    difference that contains 0 therefore becomes two pieces: from one benefit to infinity, and from infinity to one
    harm.

    Parameters
    ----------
    value, low, high : float
        Difference of the shares of success and its limits, -1 to 1.

    Returns
    -------
    dict
        ``value`` (above 0) and ``kind`` (``benefit``, ``harm``, or ``none`` where the difference is 0 and the value
        None); ``benefit`` and ``harm``: pairs (nearest, farthest) of the part of the interval on each side, None where
        there is no such part, with a farthest of None where it is infinity; ``spans_infinity``; ``text``.
    """
    kind = "benefit" if value > 0 else "harm" if value < 0 else "none"
    spans = low <= 0.0 <= high
    benefit = (1 / high, None if low <= 0 else 1 / low) if high > 0 else None
    harm = (-1 / low, None if high >= 0 else -1 / high) if low < 0 else None
    result: dict[str, Any] = {
        "value": 1 / abs(value) if value else None,
        "kind": kind,
        "benefit": benefit,
        "harm": harm,
        "spans_infinity": spans,
    }
    return {**result, "text": _needed_text(result)}


def _needed_text(result: dict[str, Any]) -> str:
    def one(value: float | None) -> str:
        return "infinity" if value is None or not math.isfinite(value) else f"{value:.1f}"

    benefit, harm = result["benefit"], result["harm"]
    head = (
        "no number (no difference)" if result["value"] is None else f"{one(result['value'])} to {result['kind']} one"
    )
    if result["spans_infinity"]:
        parts = [f"benefit {one(benefit[0])}"] if benefit else []
        parts += ["infinity", *([f"harm {one(harm[0])}"] if harm else [])]
        return f"{head} (from {parts[0]} {'through infinity ' if len(parts) == 3 else ''}to {parts[-1]})"
    near, far = benefit or harm
    return f"{head} ({one(near)} to {one(far)})"
