"""Weights of evidence: likelihood ratios as points that add up, each with its source."""

from __future__ import annotations

import pytest
from fusion_cases import facts
from PainGeneratorLib.Numerics.core.strength import strength_word
from PainGeneratorLib.Numerics.fusion.evidence import EvidenceTable, SignWeight, graded, points
from PainGeneratorLib.Workflow.evidence import evidence_table
from PainGeneratorLib.Workflow.protocol import load_protocol

TABLE = EvidenceTable({"sign": SignWeight(10.0, 0.1, "Somebody 2020", "Somebody else 2021")})


@pytest.mark.parametrize(("ratio", "expected"), [(10.0, 10.0), (1.0, 0.0), (0.1, -10.0), (2.0, 3.01)])
def test_points_are_ten_times_the_logarithm_of_a_likelihood_ratio(ratio: float, expected: float) -> None:
    assert points(ratio) == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize(
    ("strength", "expected", "state"),
    [
        (1.0, 10.0, "present"),
        (0.5, 5.0, "present"),
        (0.0, 0.0, "present"),
        (-0.5, -5.0, "absent"),
        (-3.0, -10.0, "absent"),
    ],
)
def test_points_rise_straight_with_the_strength_of_a_sign(strength: float, expected: float, state: str) -> None:
    entry = TABLE.entry("sign", "pet", "Seen.", strength)
    assert (entry.points, entry.state) == (pytest.approx(expected), state)


def test_an_entry_names_the_source_of_the_weight_that_it_uses() -> None:
    assert TABLE.entry("sign", "pet", "Seen.", 1.0).source == "Somebody 2020"
    assert TABLE.entry("sign", "pet", "Not seen.", -1.0).source == "Somebody else 2021"


def test_what_cannot_be_assessed_counts_nothing_and_is_said() -> None:
    entry = TABLE.unknown("sign", "mr", "Outside the field of view.")
    assert (entry.points, entry.state, entry.text) == (0.0, "not assessable", "Outside the field of view.")


@pytest.mark.parametrize(
    ("value", "expected"), [(0.5, -1.0), (1.0, -1.0), (1.1, -0.5), (1.2, 0.0), (1.6, 0.5), (2.0, 1.0), (9.0, 1.0)]
)
def test_a_measure_becomes_a_strength_without_a_step(value: float, expected: float) -> None:
    assert graded(value, 1.0, 1.2, 2.0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("score", "word"),
    [(10.0, "strong"), (9.9, "moderate"), (6.0, "moderate"), (3.0, "weak"), (2.9, "little"), (-5.0, "little")],
)
def test_a_score_has_a_word(score: float, word: str) -> None:
    assert strength_word(score) == word


@pytest.mark.parametrize(
    ("sign", "present", "absent"),
    [("modic_1", 10.0, 0.84), ("modic_2", 8.0, 0.88), ("uptake_facet", 2.8, 0.6), ("uptake_interface", 3.5, 0.27),
     ("disc_degeneration", 2.5, 0.15), ("edema", 3.5, 0.22), ("edema_sacroiliac", 4.3, 0.56)],
)  # fmt: skip
def test_published_figures_are_those_of_the_publications(sign: str, present: float, absent: float) -> None:
    weight = facts().evidence.weights[sign]
    assert (weight.present, weight.absent) == (present, absent)
    assert "our estimate" not in weight.source


@pytest.mark.parametrize("group", ["low-back", "hip-replacement"])
def test_every_weight_has_a_source_and_a_description(group: str) -> None:
    table = evidence_table(load_protocol(group))
    assert all(weight.source and weight.absent_source and weight.description for weight in table.weights.values())


def test_a_department_can_give_a_weight_of_its_own() -> None:
    own = load_protocol("low-back").with_values({"evidence.modic_1.present": "4"})
    assert evidence_table(own).weights["modic_1"].present == 4.0
    assert own.changed == ("evidence.modic_1.present",)
