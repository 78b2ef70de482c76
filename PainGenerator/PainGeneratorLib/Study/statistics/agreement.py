"""Agreement of two readers on yes-or-no decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .proportions import proportion
from .strata import finite


def agreement(pairs: Sequence[tuple[bool, bool]]) -> dict[str, Any]:
    """How far two readers agree beyond chance.

    Kappa falls toward 0 where almost all decisions are the same, although the readers agree (Feinstein and Cicchetti,
    J Clin Epidemiol 1990). AC1 (Gwet, Br J Math Stat Psychol 2008;61:29-48) and PABAK (Byrt et al., J Clin Epidemiol
    1993) do not.

    Parameters
    ----------
    pairs : sequence of (bool, bool)
        For each lesion: whether the first and the second reader accepted it.

    Returns
    -------
    dict
        ``table`` (both, only the first, only the second, neither), ``agreed`` as a share, ``kappa`` with interval and
        its word, ``ac1`` with interval, ``pabak`` with interval; None where there is no pair, or kappa is not defined.
    """
    both = sum(a and b for a, b in pairs)
    first = sum(a and not b for a, b in pairs)
    second = sum(b and not a for a, b in pairs)
    neither = len(pairs) - both - first - second
    agreed = proportion(both + neither, len(pairs))
    result: dict[str, Any] = {
        "table": {"both": both, "first_only": first, "second_only": second, "neither": neither},
        "agreed": agreed, "kappa": None, "ac1": None, "pabak": None,
    }  # fmt: skip
    if not pairs:
        return result
    # PABAK is a straight line of the observed agreement, so that its interval is that of the share, moved likewise.
    result["pabak"] = {
        "value": 2 * agreed["share"] - 1, "low": 2 * agreed["low"] - 1, "high": 2 * agreed["high"] - 1
    }  # fmt: skip
    result["kappa"] = cohen_kappa([[both, first], [second, neither]])
    result["ac1"] = gwet_ac1([[both, first], [second, neither]])
    return result


def cohen_kappa(table: Sequence[Sequence[int]]) -> dict[str, Any] | None:
    """Cohen's kappa (Educ Psychol Meas 1960) with the interval of Fleiss, Cohen and Everitt (1969).

    Parameters
    ----------
    table : square sequence of sequences of int
        Rows: categories of the first reader; columns: those of the second.

    Returns
    -------
    dict or None
        ``value``, ``low``, ``high``, ``word`` (Landis and Koch, Biometrics 1977;33:159-174). None where both readers
        used one category only: chance then explains all.
    """
    import warnings

    import numpy as np
    from statsmodels.stats.inter_rater import cohens_kappa

    counts = np.asarray(table, dtype=float)
    used = (counts.sum(axis=0) + counts.sum(axis=1)) > 0
    if used.sum() < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = cohens_kappa(counts)
    value = finite(found.kappa)
    if value is None:
        return None
    low, high = finite(found.kappa_low), finite(found.kappa_upp)
    if low is not None and high is not None:
        low, high = max(-1.0, low), min(1.0, high)
    return {"value": value, "low": low, "high": high, "word": kappa_word(value)}


def kappa_word(value: float) -> str:
    """The word of Landis and Koch (Biometrics 1977;33:159-174) for a kappa."""
    if value < 0:
        return "poor"
    bounds = ((0.20, "slight"), (0.40, "fair"), (0.60, "moderate"), (0.80, "substantial"))
    return next((word for bound, word in bounds if value <= bound), "almost perfect")


def gwet_ac1(table: Sequence[Sequence[int]]) -> dict[str, Any]:
    """AC1 of Gwet for two readers, with its large-sample interval (Br J Math Stat Psychol 2008;61:29-48, eq. 15).

    Neither scipy nor statsmodels has it.

    Parameters
    ----------
    table : square sequence of sequences of int
        As for :func:`cohen_kappa`; at least one decision.

    Returns
    -------
    dict
        ``value``, ``low``, ``high``, within -1 to 1.
    """
    import numpy as np
    from scipy.stats import norm

    shares = np.asarray(table, dtype=float)
    total, q = shares.sum(), len(shares)
    shares = shares / total
    mean = (shares.sum(axis=0) + shares.sum(axis=1)) / 2
    agreed = float(np.trace(shares))
    chance = float((mean * (1 - mean)).sum() / (q - 1))
    value = (agreed - chance) / (1 - chance)
    line = float((np.diag(shares) * (1 - mean)).sum() / (q - 1)) - agreed * chance
    square = float((shares * (1 - (mean[:, None] + mean[None, :]) / 2) ** 2).sum() / (q - 1) ** 2) - chance**2
    variance = agreed * (1 - agreed) - 4 * (1 - value) * line + 4 * (1 - value) ** 2 * square
    half = float(norm.ppf(0.975)) * np.sqrt(max(0.0, variance) / total) / (1 - chance)
    return {"value": value, "low": max(-1.0, float(value - half)), "high": min(1.0, float(value + half))}
