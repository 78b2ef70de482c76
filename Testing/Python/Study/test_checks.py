"""What `study check` finds, and that it finds nothing where all is right."""

import datetime
from dataclasses import asdict, replace

import form_examples as examples
import pytest
from PainGeneratorLib.Numerics.core.words import Group, Status
from PainGeneratorLib.Study.checks import Severity, check_study
from PainGeneratorLib.Study.randomization import assign, make_plan
from PainGeneratorLib.Study.words import AnalgesicRule, Arm, Decision

STUDY = examples.right_study()
BACK, HIP = STUDY.patients
TODAY = datetime.date(2026, 12, 1)
DAY = examples.day


def _rules(*patients, **settings):
    found = check_study(replace(STUDY, patients=patients, settings=settings), TODAY)
    assert all(problem.text.endswith(".") for problem in found)
    return {problem.rule for problem in found}


def _with(patient, place, index=0, **fields):
    records = list(getattr(patient, place))
    records[index] = replace(records[index], **fields)
    return replace(patient, **{place: tuple(records)})


def _candidate(patient, index, **fields):
    candidates = list(patient.cases[0].candidates)
    candidates[index] = replace(candidates[index], **fields)
    return _with(patient, "cases", candidates=tuple(candidates))


def test_nothing_is_found_where_all_is_right():
    assert check_study(STUDY, TODAY) == []


@pytest.mark.parametrize(
    ("rule", "patient"),
    [
        ("treated-before-found", _with(BACK, "treatments", date=DAY(-1))),
        ("treated-before-enrolled", _with(HIP, "treatments", date=DAY(-1))),
        ("follow-up-before-treatment", _with(BACK, "follow_ups", 1, date=DAY(8))),
        ("baseline-after-treatment", _with(BACK, "follow_ups", 0, date=DAY(10))),
        ("target-rejected", _with(BACK, "treatments", candidate="PG-01")),
        ("target-rejected", _with(BACK, "discussions", candidate="PG-01")),
        ("target-rejected", _candidate(BACK, 1, status=Status.PHYSIOLOGIC)),
        ("unknown-target", _with(BACK, "treatments", candidate="PG-99")),
        ("unknown-target", _with(BACK, "confirmations", case_number=2)),
        ("no-target", _with(BACK, "treatments", candidate="")),
        ("other-arm", _with(BACK, "treatments", arm=Arm.CONTROL)),
        ("complication-unknown", _with(BACK, "treatments", complication="")),
        ("not-discussed", replace(BACK, discussions=())),
        ("not-discussed", _with(BACK, "discussions", date=DAY(10))),
        ("treated-against-decision", _with(BACK, "discussions", decision=Decision.NO_TREATMENT)),
        ("arm-without-treatment", replace(BACK, treatments=())),
        ("follow-up-untreated", replace(BACK, treatments=())),
        ("no-arm", replace(BACK, arm=None)),
        ("no-case", replace(HIP, cases=())),
        ("no-enrollment-date", replace(HIP, enrolled=None)),
        ("group-of-case", _with(HIP, "cases", group=Group.LOW_BACK)),
        ("not-decided", _candidate(BACK, 1, status=Status.PENDING)),
        ("no-baseline", replace(BACK, follow_ups=BACK.follow_ups[1:])),
        ("no-follow-up", replace(BACK, follow_ups=BACK.follow_ups[:1])),
        ("score-out-of-range", _with(BACK, "follow_ups", nrs_back=11.0)),
        ("score-out-of-range", _with(HIP, "follow_ups", hoos_jr=-0.5)),
        ("score-out-of-range", _with(BACK, "follow_ups", pgic=8)),
        (
            "score-out-of-range",
            _with(BACK, "follow_ups", analgesic_score=4.0, analgesic_rule=AnalgesicRule.WHO_STEP),
        ),
        ("score-without-rule", _with(BACK, "follow_ups", analgesic_score=2.0)),
        ("scores-of-other-group", _with(BACK, "follow_ups", nrs_back=None, nrs_leg=None, odi=None, hoos_jr=50.0)),
        ("no-score", _with(BACK, "follow_ups", 1, nrs_back=None, nrs_leg=None, odi=None, tens=True)),
        ("no-common-score", _with(BACK, "follow_ups", 1, nrs_back=None, nrs_leg=None, odi=None, vas_back=3.0)),
        ("impression-at-baseline", _with(BACK, "follow_ups", pgic=4)),
        ("score-of-items", _with(BACK, "follow_ups", items={"odi": {str(n): 1 for n in range(1, 11)}})),
        ("score-of-items", _with(BACK, "follow_ups", items={"odi": {"1": 1}})),
        ("wrong-item", _with(BACK, "follow_ups", items={"odi": {"1": 9}})),
        ("duplicate-visit", replace(BACK, visits=(*BACK.visits, replace(BACK.visits[0], number=2)))),
        ("duplicate-follow-up", replace(BACK, follow_ups=(*BACK.follow_ups, replace(BACK.follow_ups[1], number=3)))),
        ("duplicate-time-point", _with(BACK, "follow_ups", 1, time_point="baseline")),
        ("duplicate-treatment", replace(BACK, treatments=(*BACK.treatments, replace(BACK.treatments[0], number=2)))),
        ("duplicate-case", replace(BACK, cases=(*BACK.cases, replace(BACK.cases[0], number=2, candidates=())))),
        ("left-before-enrolled", replace(BACK, left_date=DAY(-1), left_reason="moved")),
        ("record-after-leaving", replace(BACK, left_date=DAY(20), left_reason="moved")),
        ("no-reason-of-leaving", replace(BACK, left_date=DAY(200))),
        ("date-in-future", _with(BACK, "visits", date=TODAY + datetime.timedelta(days=1))),
        (
            "analgesic-rules-differ",
            _with(
                _with(BACK, "follow_ups", analgesic_score=2.0, analgesic_rule=AnalgesicRule.WHO_STEP),
                "follow_ups",
                1,
                analgesic_score=20.0,
                analgesic_rule=AnalgesicRule.MORPHINE_MG,
            ),
        ),
    ],
)
def test_each_rule_finds_its_fault(rule, patient):
    others = [one for one in STUDY.patients if one.pseudonym != patient.pseudonym]
    assert rule in _rules(patient, *others)


def test_items_that_give_the_score_are_right():
    items = {"odi": {str(number): 2 for number in range(1, 10)} | {"10": 4}}
    assert _rules(_with(BACK, "follow_ups", items=items), HIP) == set()


def test_a_rejected_candidate_may_be_tested():
    assert _rules(_with(BACK, "confirmations", candidate="PG-01"), HIP) == set()


def test_treatment_on_the_day_of_the_scan_and_follow_up_on_the_day_of_treatment_are_right():
    same = _with(_with(HIP, "treatments", date=DAY(0)), "follow_ups", 1, date=DAY(0))
    assert _rules(BACK, same) == set()


@pytest.mark.parametrize(("after", "is_missed"), [(89, False), (90, True)])
def test_a_follow_up_is_missed_only_after_its_time(after, is_missed):
    patient = replace(BACK, follow_ups=BACK.follow_ups[:1])
    today = patient.treatments[0].date + datetime.timedelta(days=after)
    found = check_study(replace(STUDY, patients=(patient,)), today, follow_up_days=90)
    assert ("no-follow-up" in {one.rule for one in found}) == is_missed


def test_who_left_misses_nothing():
    patient = replace(BACK, follow_ups=BACK.follow_ups[:1], left_date=DAY(20), left_reason="moved")
    assert _rules(patient, HIP) == set()


def test_a_study_without_arms_lacks_none():
    treatments = tuple(replace(one) for one in HIP.treatments)
    assert _rules(replace(HIP, arm=None, treatments=treatments)) == set()


def test_random_arms_are_compared_with_the_audit_trail():
    plan = make_plan(seed="00" * 16)
    time = datetime.datetime(2026, 1, 10, tzinfo=datetime.UTC)
    entry = assign(plan, [], "P-001", {}, "nurse", time)
    settings = {"randomization": plan.to_json(), "randomization-trail": [asdict(entry)]}
    drawn, other = entry.arm, next(arm for arm in Arm if arm != entry.arm)
    patients = replace(BACK, arm=drawn), replace(HIP, arm=None)
    assert not {"arm-not-drawn", "audit-trail", "drawn-not-enrolled"} & _rules(*patients, **settings)
    assert "arm-not-drawn" in _rules(replace(BACK, arm=other), patients[1], **settings)
    assert "arm-not-drawn" in _rules(patients[0], HIP, **settings)
    assert "drawn-not-enrolled" in _rules(HIP, **settings)
    settings["randomization-trail"] = [{**asdict(entry), "arm": str(other)}]
    assert "audit-trail" in _rules(*patients, **settings)


def test_a_finding_is_told_in_one_line():
    found = check_study(replace(STUDY, patients=(_with(BACK, "treatments", candidate="PG-01"), HIP)), TODAY)
    assert [one.severity for one in found] == [Severity.CONTRADICTORY]
    assert found[0].line == (
        "contradictory: P-001: Treatment 1 aims at PG-01, which was set to rejected. (target-rejected)"
    )
