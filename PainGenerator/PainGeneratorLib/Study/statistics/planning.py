"""How many patients the next study needs."""

from __future__ import annotations

import math
from typing import Any

from .proportions import ALPHA

POWER = 0.8
"""The usual lower bound of the power of a trial."""
LARGEST = 100_000
"""Upper bound of the patients of an arm that is still named."""


def plan(
    guided: float, control: float, *, ratio: float = 1.0, power: float = POWER, lost: float = 0.0
) -> dict[str, Any]:
    """Sample size and power of two independent shares, two-sided at 5 %, by the normal approximation of statsmodels.

    Parameters
    ----------
    guided, control : float
        The shares of success that are expected, between 0 and 1.
    ratio : float
        Patients of the control for each of the guided arm, above 0.
    power : float
        The wanted power, 0.05 to 1.
    lost : float
        The share of patients whose outcome will not be known, 0 to below 1.

    Returns
    -------
    dict
        What was asked; ``guided_patients``, ``control_patients``, ``patients`` (whole numbers, those lost included;
        None where the shares are equal, or more than :data:`LARGEST` are needed), ``reached`` (power with them), and
        ``curve``: pairs (patients of the guided arm with a known outcome, power).

    Raises
    ------
    ValueError
        An argument is out of its range.
    """
    if not (0 < guided < 1 and 0 < control < 1 and ratio > 0 and ALPHA < power < 1 and 0 <= lost < 1):
        raise ValueError("shares have to lie between 0 and 1, and the ratio above 0")
    result: dict[str, Any] = {
        "guided": guided, "control": control, "ratio": ratio, "power": power, "lost": lost, "alpha": ALPHA,
        "known_guided": None, "guided_patients": None, "control_patients": None, "patients": None, "reached": None,
        "curve": [],
    }  # fmt: skip
    if guided == control:
        return result
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

    # The one-tailed size at half of alpha is the two-sided one but for the far tail, which no study cares about.
    size = samplesize_proportions_2indep_onetail(
        guided - control, control, power, ratio=ratio, alpha=ALPHA, alternative="two-sided"
    )
    first = math.ceil(float(size))
    while power_of(guided, control, first, ratio) < power and first < LARGEST:
        first += 1
    if first > LARGEST:
        return result
    kept = 1 - lost
    second = math.ceil(first * ratio)
    result |= {
        "known_guided": first,
        "guided_patients": math.ceil(first / kept),
        "control_patients": math.ceil(second / kept),
        "patients": math.ceil(first / kept) + math.ceil(second / kept),
        "reached": power_of(guided, control, first, ratio),
    }
    steps = sorted({max(4, round(first * k / 20)) for k in range(1, 41)} | {first})
    result["curve"] = [(n, power_of(guided, control, n, ratio)) for n in steps]
    return result


def power_of(guided: float, control: float, patients: int, ratio: float = 1.0) -> float:
    """The power with a number of patients in the guided arm, 0 to 1, two-sided at 5 %."""
    from statsmodels.stats.proportion import power_proportions_2indep

    found = power_proportions_2indep(guided - control, control, patients, ratio=ratio, alpha=ALPHA)
    return float(found.power)
