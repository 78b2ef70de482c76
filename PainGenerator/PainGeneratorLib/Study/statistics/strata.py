"""A common effect over groups of patients, and whether the groups differ more than by chance."""

from __future__ import annotations

from typing import Any

from .proportions import ALPHA


def common_effect(strata: dict[str, tuple[int, int, int, int]]) -> dict[str, Any] | None:
    """The effect of Mantel and Haenszel over strata (J Natl Cancer Inst 1959;22:719-748).

    Parameters
    ----------
    strata : dict
        Name of the stratum -> (successes, total) of the guided arm and (successes, total) of the control.

    Returns
    -------
    dict or None
        ``odds_ratio`` with its interval (Robins, Breslow and Greenland) and ``p`` of the test that it is 1;
        ``risk_ratio``; ``difference`` with interval, weighted by inverse variance; ``heterogeneity`` by Breslow and
        Day with Tarone's correction (``statistic``, ``degrees``, ``p``), and ``q`` (Cochran), ``i2`` (0 to 1) of the
        differences. None where fewer than two strata have both arms, or there is no variation.
    """
    import warnings

    import numpy as np
    from statsmodels.stats.contingency_tables import StratifiedTable
    from statsmodels.stats.meta_analysis import combine_effects, effectsize_2proportions

    used = {name: row for name, row in strata.items() if row[1] and row[3] and 0 < row[0] + row[2] < row[1] + row[3]}
    if len(used) < 2:
        return None
    rows = list(used.values())
    with warnings.catch_warnings():
        # An empty cell makes a division by 0; what comes out of it is not finite and is given as None.
        warnings.simplefilter("ignore", RuntimeWarning)
        table = StratifiedTable([np.array([[a, n - a], [b, m - b]], dtype=float) for a, n, b, m in rows])
        odds = (table.oddsratio_pooled, *table.oddsratio_pooled_confint(alpha=ALPHA))
        risk = table.riskratio_pooled
        test, equal = table.test_null_odds(correction=False), table.test_equal_odds(adjust=True)
        first, n1, second, n2 = (np.array(column) for column in zip(*rows, strict=True))
        effect, variance = effectsize_2proportions(first, n1, second, n2, statistic="diff")
        combined = combine_effects(effect, variance, method_re="dl", alpha=ALPHA)
        frame = combined.summary_frame().loc["fixed effect"]
        q, i2 = combined.q, combined.i2
    value, low, high = (finite(one) for one in odds)
    return {
        "strata": list(used),
        "odds_ratio": {"value": value, "low": low, "high": high},
        "p": finite(test.pvalue),
        "risk_ratio": finite(risk),
        "difference": {
            "value": finite(frame["eff"]), "low": finite(frame["ci_low"]), "high": finite(frame["ci_upp"])
        },
        "heterogeneity": {
            "statistic": finite(equal.statistic), "degrees": len(used) - 1, "p": finite(equal.pvalue),
            "q": finite(q), "i2": None if finite(i2) is None else max(0.0, float(i2)),
        },
    }  # fmt: skip


def finite(value: Any) -> float | None:
    """A number, or None for what is not finite."""
    import math

    number = float(value)
    return number if math.isfinite(number) else None
