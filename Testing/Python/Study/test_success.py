"""Rules of success, and what is not known."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from PainGeneratorLib.Headless.study_report_commands import RULE_NAMES
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.words import Group
from PainGeneratorLib.Study.records import FollowUp, Patient
from PainGeneratorLib.Study.success import (
    RULES,
    SuccessRule,
    months_of,
    more_medication,
    succeeded,
    usual_time_point,
)
from PainGeneratorLib.Study.words import AnalgesicRule

DAY = datetime.date(2026, 1, 5)
WHO = {"analgesic_rule": AnalgesicRule.WHO_STEP}


def patient(before: dict[str, Any] | None, after: dict[str, Any] | None, group: Group = Group.LOW_BACK) -> Patient:
    records = [FollowUp(DAY, "baseline", **before)] if before is not None else []
    if after is not None:
        records.append(FollowUp(DAY + datetime.timedelta(days=91), "3 months", **after))
    return Patient("P-1", group, follow_ups=tuple(records))


def verdict(one: Patient, name: str, no_more_medication: bool = False) -> bool | None:
    return succeeded(one, SuccessRule(name, no_more_medication), "3 months")[0]


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        ("nrs-30", {"nrs_back": 10}, {"nrs_back": 7}, True),
        ("nrs-30", {"nrs_back": 10}, {"nrs_back": 7.1}, False),
        ("nrs-50", {"nrs_back": 7}, {"nrs_back": 3.5}, True),
        ("nrs-50", {"nrs_back": 7}, {"nrs_back": 4}, False),
        ("vas-30", {"vas_back": 60}, {"vas_back": 42}, True),
        ("vas-50", {"vas_back": 60}, {"vas_back": 31}, False),
        ("odi-10", {"odi": 44}, {"odi": 34}, True),
        ("odi-15", {"odi": 44}, {"odi": 30}, False),
        ("odi-30", {"odi": 20}, {"odi": 14}, True),
        ("pgic", {}, {"pgic": 2}, True),
        ("pgic", {}, {"pgic": 3}, False),
        ("nrs-30", {"nrs_back": 0}, {"nrs_back": 0}, None),
        ("nrs-30", {"nrs_leg": 8}, {"nrs_leg": 1}, None),
        ("vas-30", {"nrs_back": 8}, {"nrs_back": 1}, None),
    ],
)
def test_each_rule_judges_on_both_sides_of_its_bound(
    name: str, before: dict[str, Any], after: dict[str, Any], expected: bool | None
) -> None:
    assert verdict(patient(before, after), name) is expected


def test_the_hip_counts_after_hip_replacement() -> None:
    one = patient({"nrs_hip": 8, "nrs_back": 8}, {"nrs_hip": 2, "nrs_back": 8}, Group.HIP_REPLACEMENT)
    assert verdict(one, "nrs-30") is True


def test_a_missing_record_is_not_known_and_nothing_earlier_stands_in() -> None:
    one = Patient(
        "P-1", Group.LOW_BACK,
        follow_ups=(FollowUp(DAY, "baseline", nrs_back=8), FollowUp(DAY, "6 weeks", nrs_back=1)),
    )  # fmt: skip
    assert succeeded(one, SuccessRule(), "3 months") == (None, "no record at 3 months")


def test_more_medication_makes_a_failure_only_where_the_rule_says_so() -> None:
    one = patient(
        {"nrs_back": 8, "analgesic_score": 1, "tens": False, **WHO},
        {"nrs_back": 2, "analgesic_score": 2, "tens": False, **WHO},
    )
    assert verdict(one, "nrs-30") is True
    assert verdict(one, "nrs-30", no_more_medication=True) is False


def test_unknown_medication_leaves_the_outcome_open_but_not_a_failure_of_pain() -> None:
    assert verdict(patient({"nrs_back": 8}, {"nrs_back": 2}), "nrs-30", no_more_medication=True) is None
    assert verdict(patient({"nrs_back": 8}, {"nrs_back": 8}), "nrs-30", no_more_medication=True) is False


def test_scores_of_different_rules_are_not_compared() -> None:
    before = {"analgesic_score": 1, "tens": False, "analgesic_rule": AnalgesicRule.WHO_STEP}
    after = {"analgesic_score": 20, "tens": False, "analgesic_rule": AnalgesicRule.MORPHINE_MG}
    known, why = more_medication(patient(before, after), "3 months")
    assert known is None
    assert "analgesics" in why


def test_starting_tens_counts_as_more_even_where_analgesics_are_not_known() -> None:
    assert more_medication(patient({"tens": False}, {"tens": True}), "3 months")[0] is True
    assert more_medication(patient({"tens": True}, {"tens": True}), "3 months")[0] is None


def test_time_points_become_months() -> None:
    assert months_of("baseline") == 0
    assert months_of("6 weeks") == pytest.approx(1.38, abs=0.01)
    assert months_of("1 year") == pytest.approx(12)
    assert months_of("later") is None


def test_the_usual_time_is_the_one_with_most_records_and_of_these_the_latest() -> None:
    times = [("6 weeks", "3 months"), ("6 weeks", "3 months"), ("1 year",)]
    patients = [
        Patient(f"P-{n}", Group.LOW_BACK, follow_ups=tuple(FollowUp(DAY, name) for name in names))
        for n, names in enumerate(times)
    ]
    assert usual_time_point(patients) == "3 months"
    assert usual_time_point([]) == ""


def test_an_unknown_rule_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PainGeneratorError, match="nrs-30"):
        SuccessRule("nrs-31")


def test_the_command_line_offers_exactly_the_rules() -> None:
    assert tuple(RULES) == RULE_NAMES
