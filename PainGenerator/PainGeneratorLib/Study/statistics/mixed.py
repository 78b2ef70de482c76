"""Scores over time by a mixed model: each patient has a level of his own, and the arms may change differently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .proportions import ALPHA

LEAST_PATIENTS = 6
"""Lower bound of the patients of a model. Our choice: with fewer, the variance between patients cannot be told."""


def mixed_model(rows: Sequence[tuple[str, bool, float, float]]) -> dict[str, Any]:
    """Fit score ~ arm * time with times as categories and a random intercept for each patient.

    It uses every known score and needs no score filled in; it is right where a score is missing for reasons that the
    known scores tell (missing at random).

    Parameters
    ----------
    rows : sequence of (str, bool, float, float)
        Patient, whether he is in the guided arm, time (months; the first is the baseline), score.

    Returns
    -------
    dict
        ``patients``, ``scores``; ``start`` (control at the first time) and ``start_difference`` (guided minus
        control); ``times``: for each later time ``months``, ``control_change`` from the first time, and
        ``difference`` (change of the guided arm minus that of the control); each estimate with ``value``, ``low``,
        ``high``, ``p`` (Wald); ``between_sd`` and ``within_sd``, points. ``reason`` instead of these where no model
        can be fitted.
    """
    import numpy as np

    patients = [row[0] for row in rows]
    months = sorted({row[2] for row in rows})
    result: dict[str, Any] = {"patients": len(set(patients)), "scores": len(rows), "times": [], "reason": ""}
    if result["patients"] < LEAST_PATIENTS or len(months) < 2 or len(rows) <= result["patients"] + 2 * len(months):
        return {**result, "reason": "Too few patients or scores for a model."}
    guided = np.array([row[1] for row in rows], dtype=float)
    later = [np.array([row[2] == month for row in rows], dtype=float) for month in months[1:]]
    design = np.column_stack([np.ones(len(rows)), guided, *later, *(guided * one for one in later)])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return {
            **result,
            "reason": "One arm has no score at one of the times, so that the changes cannot be compared.",
        }
    fit = fit_mixed([row[3] for row in rows], design, patients)
    if fit["reason"]:
        return {**result, "reason": fit["reason"]}
    terms, count = fit["terms"], len(later)
    return {
        **result,
        "start": terms[0],
        "start_difference": terms[1],
        "times": [
            {"months": month, "control_change": terms[2 + k], "difference": terms[2 + count + k]}
            for k, month in enumerate(months[1:])
        ],
        "between_sd": fit["between_sd"],
        "within_sd": fit["within_sd"],
    }


def fit_mixed(scores: Sequence[float], design: Any, patients: Sequence[str]) -> dict[str, Any]:
    """Fit a linear model with a random intercept for each patient, by REML (Laird and Ware, Biometrics 1982).

    Parameters
    ----------
    scores : sequence of float
        n scores.
    design : array, n x k
        The fixed part, with the column of ones.
    patients : sequence of str
        n patients.

    Returns
    -------
    dict
        ``terms``: k estimates with interval and p; ``between_sd``, ``within_sd``; ``reason`` where there is no fit.
    """
    import warnings

    import numpy as np
    from statsmodels.regression.mixed_linear_model import MixedLM

    with warnings.catch_warnings():
        # What these warnings say is looked at below.
        warnings.simplefilter("ignore")
        try:
            fit = MixedLM(np.asarray(scores, dtype=float), design, groups=list(patients)).fit(reml=True)
            limits = fit.conf_int(alpha=ALPHA)
        except (np.linalg.LinAlgError, ValueError) as error:
            return {"reason": f"The model has no solution ({error})."}
    variance = float(fit.cov_re[0, 0])
    if not fit.converged or variance < 0 or not np.isfinite(fit.bse_fe).all():
        return {"reason": "The fit of the model did not converge; its numbers are not shown."}
    terms = [
        {
            "value": float(fit.fe_params[k]), "low": float(limits[k, 0]), "high": float(limits[k, 1]),
            "p": float(fit.pvalues[k]),
        }
        for k in range(len(fit.fe_params))
    ]  # fmt: skip
    return {"reason": "", "terms": terms, "between_sd": variance**0.5, "within_sd": float(fit.scale) ** 0.5}
