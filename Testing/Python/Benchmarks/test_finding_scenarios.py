"""The ruler for scenarios: what is said to be wrong, and how steps of parameters are counted."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Benchmarks"))

from finding import SCENARIO_SEEDS, SEEDS, posed_cases
from finding_cases import Lesion, with_surgery
from finding_record import Record
from finding_run import found_of
from finding_score import Found, score
from finding_stability import Step, moved_values, ranking_steps, stability_report, step_of
from finding_verdict import scenario_report, verdict
from PainGeneratorLib.Phantoms.scenarios import ATTENTION, SCENARIOS, Answer
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.protocol import load_protocol

NAMES: dict[str, Any] = {"structure": "sacroiliac joint", "name": "joint", "level": None, "zone": None, "score": 9.0}


def lesion(name: str, x: float, side: str = "right", **truth: Any) -> Lesion:
    facts = {"kind": "sacroiliitis", "side": side, "level": None, "zone": None, "structure": "sacroiliac joint"}
    return Lesion(name, "PET+MR", np.array([x, 0.0, 0.0]), 5.0, {**facts, **truth})


def found(x: float, side: str = "right", evidence: str = "PET+MR", **facts: Any) -> Found:
    return Found(np.array([x, 0.0, 0.0]), {**NAMES, "side": side, "evidence": evidence, "flags": [], **facts})


def answer(scenario: str = "bilateral", **lesions: Answer) -> dict[str, Any]:
    return SCENARIOS[scenario].to_json(lesions)


def test_a_scenario_is_right_when_every_lesion_is_where_it_belongs() -> None:
    outcome = score("case", [lesion("L1", 0.0), lesion("L2", 90.0)], [found(0.0)], attention=[found(90.0)])
    made = verdict(outcome, answer(L1=Answer(), L2=Answer(ATTENTION)))
    assert (made.right, made.lesions, made.wrong) == (2, 2, [])


def test_what_is_set_apart_or_a_candidate_instead_of_for_attention_is_said_with_its_name() -> None:
    outcome = score("case", [lesion("L1", 0.0), lesion("L2", 90.0)], [found(90.0)], set_apart=[found(0.0)])
    made = verdict(outcome, answer(L1=Answer(), L2=Answer(ATTENTION)))
    assert made.wrong == [
        'L1 (right sacroiliitis) is set apart as "joint" (9.0), not candidate',
        'L2 (right sacroiliitis) is candidate 1 as "joint" (9.0), not attention',
    ]


def test_sides_that_belong_together_must_be_one_entry() -> None:
    lesions = [lesion("L1", 0.0), lesion("L2", 90.0, "left")]
    pair = answer(L1=Answer(entry="joint"), L2=Answer(entry="joint"))
    apart = score("case", lesions, [found(0.0), found(90.0, "left")])
    assert verdict(apart, pair).wrong == ["L1 and L2 are not one entry"]
    both = Found(np.zeros(3), {**NAMES, "side": "both", "evidence": "PET+MR", "flags": []}, (found(90.0),))
    assert verdict(score("case", lesions, [both]), pair).wrong == []


def test_a_wrong_zone_and_a_wrong_class_of_evidence_are_said() -> None:
    outcome = score("case", [lesion("L1", 0.0, zone="Gruen 6")], [found(0.0, zone="Gruen 7", evidence="PET only")])
    assert verdict(outcome, answer(L1=Answer())).wrong == [
        "zone of L1 (right sacroiliitis Gruen 6) is Gruen 7, not Gruen 6",
        "evidence of L1 (right sacroiliitis Gruen 6) is PET only, not PET+MR",
    ]


def test_pet_alone_is_right_where_mr_cannot_tell_but_normal_on_mr_is_not() -> None:
    unknown = answer(L1=Answer(is_mr_unknown=True))
    for state, wrong in (
        ("not assessable", []),
        ("normal", ["L1 (right sacroiliitis) is called normal on MR, which cannot tell"]),
    ):
        outcome = score("case", [lesion("L1", 0.0)], [found(0.0, evidence="PET only", mr_state=state)])
        assert verdict(outcome, unknown).wrong == wrong


def test_a_false_candidate_counts_unless_it_is_flagged_soon_after_surgery() -> None:
    outcome = score("case", [], [found(0.0), found(50.0, flags=["early-after-surgery"])], lambda point: "femur")
    assert len(verdict(outcome, answer("healthy-hip")).wrong) == 2
    assert verdict(outcome, answer("early-after-surgery")).wrong == ['false candidate 1 [femur]: "joint" (9.0)']


def test_the_box_for_attention_must_be_empty_where_there_is_nothing() -> None:
    outcome = score("case", [], [], attention=[found(0.0)])
    assert verdict(outcome, answer("healthy")).wrong == ['needless attention: "joint" (9.0)']


def test_the_table_names_each_scenario_with_what_is_wrong() -> None:
    record = Record("low-back-300-bilateral", "low-back scenarios")
    record.outcomes["without"] = score("case", [lesion("L1", 0.0)], [])
    record.verdicts["without"] = verdict(record.outcomes["without"], answer(L1=Answer()))
    assert scenario_report([record]) == [
        "## scenarios, without anatomy segmentation: 1 cases, lesions where they belong 0/1, all right in 0",
        "  low-back-300-bilateral: 0/1, false 0, attention 0, set apart 0",
        "      - L1 (right sacroiliitis) is missed, not candidate",
    ]


def test_the_seeds_of_scenarios_are_no_seeds_of_other_phantoms() -> None:
    assert not set(SCENARIO_SEEDS.values()) & set(SEEDS.values())
    chosen = SimpleNamespace(scenario=["canal", "gruen-7"], seeds="held-out", skip=1, count=2, group=["low-back"])
    assert posed_cases(chosen) == [("low-back", 501, "canal"), ("low-back", 502, "canal")]
    chosen.scenario, chosen.group, chosen.count = ["all"], None, 1
    assert [name for _, _, name in posed_cases(chosen)] == list(SCENARIOS)


def test_a_program_that_cannot_be_told_of_a_surgery_gets_the_options_unchanged() -> None:
    options = CaseOptions(group="hip-replacement")
    assert with_surgery(options, None, SimpleNamespace()) is options


@pytest.mark.parametrize(
    ("value", "step"),
    [(2.0, 0.1), (0.33, 0.0165), (1.05, 0.1), (25.0, 1.25), (0.0, 0.0), (3, 1), (40, 2), (-8.0, 0.4)],
)
def test_a_step_is_five_percent_but_at_least_one_unit_of_the_second_digit(value: float, step: float) -> None:
    assert step_of(value) == pytest.approx(step)


def test_only_numbers_of_the_chosen_stages_are_moved_and_only_within_their_range() -> None:
    run = SimpleNamespace(case=SimpleNamespace(protocol=load_protocol("low-back")))
    moved = list(moved_values(run, ("fusion",)))
    names = [name for name, _ in moved]
    assert all(name.startswith("fusion.") for name in names)
    assert "fusion.rules_off" not in names
    assert names.count("fusion.bar") == 2
    for name, text in moved:
        run.case.protocol.with_values({name: text})


def test_the_table_of_stability_names_the_parameters_that_change_the_first_three() -> None:
    class Pretended:
        """A run whose list follows the bar alone."""

        case = SimpleNamespace(protocol=load_protocol("low-back"))

        def __init__(self, x: float = 0.0) -> None:
            self._x = x

        def found(self) -> list[Found]:
            return [found(self._x)]

        def with_settings(self, values: dict[str, str], *, keeps_detector: bool) -> Pretended:
            assert keeps_detector
            return Pretended(50.0 * ("fusion.bar" in values))

    record = Record("case", "low-back")
    record.steps = ranking_steps(Pretended(), ("fusion",))  # type: ignore[arg-type]
    record.steps.append(Step("fusion.of_an_empty_list", 1.0, None))
    first, second = stability_report([record])
    count = len(record.steps) - 1
    assert f"the first three stay in {count - 2}/{count}" in first
    assert second == "  fusion.bar: changed in 2/2 steps"


def test_a_pair_and_a_disc_with_both_endplates_can_be_found_at_each_of_their_parts() -> None:
    spot = SimpleNamespace(centroid_ras_mm=np.zeros(3), suv_max=2.0, suv_peak=1.5, tbr=1.4, reference_name="marrow")
    finding = SimpleNamespace(centroid_ras_mm=np.ones(3))
    for side, structure, count in (
        ("both", "facet joint", 2),
        ("midline", "discovertebral unit", 2),
        ("left", "facet joint", 0),
    ):
        place = SimpleNamespace(name="", structure=structure, side=side, level=None, zone=None)
        candidate = SimpleNamespace(
            centroid_ras_mm=np.zeros(3), place=place, hot_spots=[spot], mr_findings=[finding], ledger=(), flags=[],
            id="PG-01", evidence="PET+MR", mr_kind=None, pet_state="", mr_state="", reason="", score_parts={},
        )  # fmt: skip
        assert len(found_of(candidate).parts) == count
