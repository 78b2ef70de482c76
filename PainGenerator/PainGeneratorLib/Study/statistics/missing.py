"""What outcomes that are not known could change. Nothing is carried forward or filled in."""

from __future__ import annotations

from typing import Any

from .proportions import ALPHA, compare


def missing_outcomes(first: tuple[int, int, int], second: tuple[int, int, int]) -> dict[str, Any]:
    """Compare two arms under all that the missing outcomes can have been.

    Parameters
    ----------
    first, second : (int, int, int)
        Successes, known outcomes, missing outcomes: the guided arm first.

    Returns
    -------
    dict
        ``missing`` of both arms; ``known`` (known outcomes only), ``best`` (all missing of the first arm succeeded,
        none of the second), ``worst`` (the reverse), each with ``difference`` and ``fisher_p``; ``grid``: p for each
        number of successes among the missing; ``tipping``: the pairs (successes among the missing of the first arm,
        of the second) nearest to the known shares at which the verdict at 5 % turns, None where no pair turns it
        (Yan, Lee and Li, J Biopharm Stat 2009;19:1085-1098).
    """
    (a, n, x), (b, m, y) = first, second
    scenarios = {
        "known": ((a, n), (b, m)),
        "best": ((a + x, n + x), (b, m + y)),
        "worst": ((a, n + x), (b + y, m + y)),
    }
    result: dict[str, Any] = {"missing": {"first": x, "second": y}}
    for name, (one, other) in scenarios.items():
        found = compare(one, other)
        result[name] = {key: found[key] for key in ("first", "second", "difference", "fisher_p")}
    grid = [[_fisher((a + i, n + x), (b + j, m + y)) for j in range(y + 1)] for i in range(x + 1)]
    return {**result, "grid": grid, "tipping": _tipping(result["known"]["fisher_p"], grid, (a, n), (b, m))}


def _fisher(first: tuple[int, int], second: tuple[int, int]) -> float | None:
    """p of Fisher's exact test, two-sided; None where an arm is empty."""
    from scipy.stats import fisher_exact

    (a, n), (b, m) = first, second
    return float(fisher_exact([[a, n - a], [b, m - b]]).pvalue) if n and m else None


def _tipping(
    known: float | None, grid: list[list[float | None]], first: tuple[int, int], second: tuple[int, int]
) -> dict[str, int] | None:
    """The turning pair that lies nearest to what the known shares let expect."""
    if known is None:
        return None
    expected = (
        (len(grid) - 1) * first[0] / first[1],
        (len(grid[0]) - 1) * second[0] / second[1],
    )
    turning = [
        ((i - expected[0]) ** 2 + (j - expected[1]) ** 2, i, j)
        for i, row in enumerate(grid)
        for j, p in enumerate(row)
        if p is not None and (p < ALPHA) != (known < ALPHA)
    ]
    if not turning:
        return None
    _, i, j = min(turning)
    return {"first": i, "second": j}
