"""The statistics against published examples. Each test names its source; the values were recomputed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PainGeneratorLib.Study.statistics.agreement import agreement, cohen_kappa, gwet_ac1, kappa_word
from PainGeneratorLib.Study.statistics.diagnostic import diagnostic_value
from PainGeneratorLib.Study.statistics.mixed import fit_mixed
from PainGeneratorLib.Study.statistics.planning import plan, power_of
from PainGeneratorLib.Study.statistics.proportions import compare, needed_to_treat, proportion
from PainGeneratorLib.Study.statistics.strata import common_effect


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_are_those_of_newcombe(count: int, total: int, low: float, high: float) -> None:
    # Newcombe RG. Stat Med 1998;17:857-872, Table I, method 3 (Wilson without correction).
    found = proportion(count, total)
    assert (round(found["low"], 4), round(found["high"], 4)) == (low, high)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_differences_have_the_intervals_of_newcombe(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    # Newcombe RG. Stat Med 1998;17:873-890, Table II, method 10, contrasts (a), (b), (g), (h).
    found = compare(first, second)["difference"]
    assert (round(found["low"], 4), round(found["high"], 4)) == (low, high)


def test_an_interval_of_the_number_needed_to_treat_runs_through_infinity() -> None:
    # Altman DG. BMJ 1998;317:1309-1312: a difference of 10 % (-5 % to 25 %) is NNT 10, from NNTB 4 through infinity to
    # NNTH 20.
    found = needed_to_treat(0.10, -0.05, 0.25)
    assert found["value"] == pytest.approx(10)
    assert (found["benefit"], found["harm"]) == ((4.0, None), (20.0, None))
    assert found["spans_infinity"]
    assert found["text"] == "10.0 to benefit one (from benefit 4.0 through infinity to harm 20.0)"


def test_a_clear_benefit_or_harm_gives_one_piece_and_no_infinity() -> None:
    good, bad = needed_to_treat(0.2, 0.1, 0.25), needed_to_treat(-0.2, -0.25, -0.1)
    assert (good["benefit"], good["harm"], good["spans_infinity"]) == ((4.0, 10.0), None, False)
    assert (bad["benefit"], bad["harm"], bad["kind"]) == (None, (4.0, 10.0), "harm")


def test_no_difference_at_all_has_no_number_needed_to_treat() -> None:
    found = needed_to_treat(0.0, -0.5, 0.5)
    assert (found["value"], found["kind"], found["spans_infinity"]) == (None, "none", True)


def test_a_limit_of_exactly_zero_reaches_infinity_from_one_side_only() -> None:
    found = needed_to_treat(0.2, 0.0, 0.5)
    assert (found["benefit"], found["harm"], found["spans_infinity"]) == ((2.0, None), None, True)
    assert found["text"] == "5.0 to benefit one (from benefit 2.0 to infinity)"


def test_fishers_lady_tastes_tea() -> None:
    # Fisher RA. The Design of Experiments, 1935; Agresti, Categorical Data Analysis, 2002, section 3.5.1: 3 of 4
    # right. One-sided (16 + 1) / 70, two-sided 34 / 70 by hand.
    assert compare((3, 4), (1, 4))["fisher_p"] == pytest.approx(34 / 70)


def test_aspirin_and_heart_attacks_have_the_ratio_of_agresti() -> None:
    # Agresti A. Introduction to Categorical Data Analysis, 2007, section 2.2: Physicians' Health Study, 189 of 11034
    # with placebo, 104 of 11037 with aspirin: ratio 1.82 (1.43 to 2.31), odds ratio 1.83. Interval by hand: exp(ln
    # 1.8178 +- 1.96 x 0.1213).
    found = compare((189, 11034), (104, 11037))
    assert [round(found["ratio"][key], 2) for key in ("value", "low", "high")] == [1.82, 1.43, 2.31]
    assert round(found["odds_ratio"], 2) == 1.83


CHINESE_SMOKERS = {
    "Beijing": (126, 226, 35, 96), "Shanghai": (908, 1596, 497, 1304), "Shenyang": (913, 1660, 336, 934),
    "Nanjing": (235, 407, 58, 179), "Harbin": (402, 710, 121, 336), "Zhengzhou": (182, 338, 72, 170),
    "Taiyuan": (60, 159, 11, 54), "Nanchang": (104, 193, 21, 57),
}  # fmt: skip
"""Lung cancer among smokers, then among others, in eight cities (Liu, Int J Epidemiol 1992)."""


def test_the_common_odds_ratio_of_smoking_is_that_of_agresti() -> None:
    # Agresti A. Categorical Data Analysis, 2002, sections 6.3.4 to 6.3.6: Mantel-Haenszel 2.17 (1.98 to 2.38),
    # Breslow and Day 5.2 with 7 degrees of freedom.
    found = common_effect(CHINESE_SMOKERS)
    assert found is not None
    assert [round(found["odds_ratio"][key], 2) for key in ("value", "low", "high")] == [2.17, 1.98, 2.38]
    assert round(found["heterogeneity"]["statistic"], 1) == 5.2
    assert found["heterogeneity"]["degrees"] == 7
    assert found["p"] < 1e-60


def test_the_common_odds_ratio_is_the_sum_of_mantel_and_haenszel() -> None:
    # By hand, from their formula: sum(a d / n) / sum(b c / n).
    strata = {"low-back": (10, 14, 6, 13), "hip-replacement": (6, 9, 2, 5)}
    by_hand = (10 * 7 / 27 + 6 * 3 / 14) / (4 * 6 / 27 + 3 * 2 / 14)
    found = common_effect(strata)
    assert found is not None
    assert found["odds_ratio"]["value"] == pytest.approx(by_hand)


def test_kappa_of_seven_pathologists_two_of_them_is_that_of_agresti() -> None:
    # Agresti A. Categorical Data Analysis, 2002, section 10.5.4 (data of Landis and Koch 1977): kappa 0.493, SE 0.057.
    found = cohen_kappa([[22, 2, 2, 0], [5, 7, 14, 0], [0, 2, 36, 0], [0, 1, 17, 10]])
    assert found is not None
    assert round(found["value"], 3) == 0.493
    assert (found["high"] - found["low"]) / (2 * 1.959964) == pytest.approx(0.057, abs=5e-4)
    assert found["word"] == "moderate"


def test_words_of_kappa_are_those_of_landis_and_koch() -> None:
    # Landis JR, Koch GG. Biometrics 1977;33:159-174: the bounds belong to the lower word.
    values = (-0.1, 0.0, 0.20, 0.21, 0.40, 0.60, 0.80, 0.81, 1.0)
    assert [kappa_word(value) for value in values] == [
        "poor", "slight", "slight", "fair", "fair", "moderate", "substantial", "almost perfect", "almost perfect"
    ]  # fmt: skip


def test_ac1_stays_high_where_kappa_fails_as_gwet_shows() -> None:
    # Gwet KL. Statistical Methods for Inter-Rater Reliability Assessment, 2002 (1), Table 2: 118, 5, 2, 0 of 125 gives
    # agreement 0.944, kappa -0.023, AC1 0.941. By hand: mean share 0.972, chance 2 x 0.972 x 0.028 = 0.0544.
    pairs = [(True, True)] * 118 + [(True, False)] * 5 + [(False, True)] * 2
    found = agreement(pairs)
    assert round(found["agreed"]["share"], 3) == 0.944
    assert round(found["kappa"]["value"], 3) == -0.023
    assert round(found["ac1"]["value"], 3) == 0.941
    assert found["pabak"]["value"] == pytest.approx(2 * 0.944 - 1)


@pytest.mark.parametrize("table", [[[118, 5], [2, 0]], [[40, 9], [6, 45]], [[22, 2, 2], [5, 7, 14], [0, 2, 36]]])
def test_the_interval_of_ac1_is_that_of_the_jackknife(table: list[list[int]]) -> None:
    # The formula of the variance is ours, as no library has it: leaving out each lesion in turn has to give nearly the
    # same interval.
    counts = np.array(table, dtype=float)
    total, value = counts.sum(), gwet_ac1(table)["value"]
    pseudo = []
    for place in np.argwhere(counts > 0):
        fewer = counts.copy()
        fewer[tuple(place)] -= 1
        pseudo += [total * value - (total - 1) * gwet_ac1(fewer.tolist())["value"]] * int(counts[tuple(place)])
    error = float(np.std(pseudo, ddof=1)) / math.sqrt(total)
    found = gwet_ac1(table)
    assert value - found["low"] == pytest.approx(1.959964 * error, rel=0.05)


def test_pabak_is_that_of_byrt() -> None:
    # Byrt T, Bishop J, Carlin JB. J Clin Epidemiol 1993;46:423-429: PABAK = 2 p - 1; 80 of 100 agreed is 0.6.
    pairs = [(True, True)] * 40 + [(False, False)] * 40 + [(True, False)] * 20
    assert agreement(pairs)["pabak"]["value"] == pytest.approx(0.6)


def test_liver_scans_have_the_values_of_altman_and_bland() -> None:
    # Altman DG, Bland JM. BMJ 1994;308:1552 and 309:102: 231 of 258 and 54 of 86; predictive values 0.88 and 0.67.
    found = diagnostic_value(true=231, false=32, missed=27, right_negative=54)
    shares = [found[key]["share"] for key in ("sensitivity", "specificity", "positive_value", "negative_value")]
    assert [round(share, 2) for share in shares] == [0.90, 0.63, 0.88, 0.67]


def test_sample_size_and_power_agree_with_the_formula_of_fleiss() -> None:
    # Fleiss JL, Levin B, Paik MC. Statistical Methods for Rates and Proportions, 2003, eq. 4.14, by hand, p 0.6 and
    # 0.4: (1.96 sqrt(2 x 0.5 x 0.5) + 0.8416 sqrt(0.24 + 0.24))^2 / 0.04 = 96.8, hence 97.
    found = plan(0.6, 0.4)
    assert (found["guided_patients"], found["control_patients"], found["patients"]) == (97, 97, 194)
    assert 0.80 <= found["reached"] < 0.805
    assert power_of(0.6, 0.4, 96) < 0.8


def test_a_plan_adds_those_who_will_be_lost_and_keeps_the_ratio() -> None:
    found = plan(0.6, 0.4, ratio=2.0, lost=0.2)
    assert found["guided_patients"] == math.ceil(found["known_guided"] / 0.8)
    assert found["control_patients"] == math.ceil(2 * found["known_guided"] / 0.8)


def test_equal_shares_have_no_sample_size() -> None:
    assert plan(0.5, 0.5)["patients"] is None


BOYS = (
    "26 25 29 31,21.5 22.5 23 26.5,23 22.5 24 27.5,25.5 27.5 26.5 27,20 23.5 22.5 26,24.5 25.5 27 28.5,"
    "22 22 24.5 26.5,24 21.5 24.5 25.5,23 20.5 31 26,27.5 28 31 31.5,23 23 23.5 25,21.5 23.5 24 28,17 24.5 26 29.5,"
    "22.5 25.5 25.5 26,23 24.5 26 30,22 21.5 23.5 25"
)
GIRLS = (
    "21 20 21.5 23,21 21.5 24 25.5,20.5 24 24.5 26,23.5 24.5 25 26.5,21.5 23 22.5 23.5,20 21 21 22.5,21.5 22.5 23 25,"
    "23 23 23.5 24,20 21 22 21.5,16.5 19 19 19.5,24.5 25 28 28"
)
"""Distances of pituitary and pterygomaxillary fissure at 8, 10, 12 and 14 years, mm (Potthoff and Roy 1964)."""


def test_the_mixed_model_of_orthodontic_growth_is_that_of_pinheiro_and_bates() -> None:
    # Pinheiro JC, Bates DM. Mixed-Effects Models in S and S-PLUS, 2000 (data of Potthoff and Roy, Biometrika 1964),
    # random intercept, REML, distance ~ age * sex: 16.34, 1.032, 0.784, -0.305; standard deviations 1.816 and 1.386.
    # The fixed part of balanced data is that of the plain regression, which is the check by hand below.
    scores, design, patients = [], [], []
    for is_girl, text in ((0.0, BOYS), (1.0, GIRLS)):
        for number, line in enumerate(text.split(",")):
            for age, distance in zip((8, 10, 12, 14), line.split(), strict=True):
                scores.append(float(distance))
                design.append([1.0, is_girl, age, is_girl * age])
                patients.append(f"{is_girl}-{number}")
    fit = fit_mixed(scores, np.array(design), patients)
    values = [term["value"] for term in fit["terms"]]
    assert values == pytest.approx(np.linalg.lstsq(np.array(design), np.array(scores), rcond=None)[0], abs=1e-6)
    assert values == pytest.approx([16.3406, 1.0321, 0.7844, -0.3048], abs=1e-3)
    assert (fit["between_sd"], fit["within_sd"]) == pytest.approx((1.816, 1.386), abs=2e-3)
