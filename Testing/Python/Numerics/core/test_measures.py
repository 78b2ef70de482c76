"""The registry of measures: complete entries, and for each output its order, titles, units and digits."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core import measures
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.measures import MEASURES, Kind, Measure, Output, Shown, measures_of, stored_values
from PainGeneratorLib.Numerics.core.records import Candidate, LedgerEntry, Place

ORDER = {
    Output.FILES: (
        "id rank score score_parts name short_name structure side side_certainty level level_certainty zone "
        "evidence strength pet_state mr_state reason status decided_by decided_at origin "
        "centroid_ras_mm volume_ml suv_max suv_peak "
        "suv_mean mtv_ml tlg_g tbr reference reference_name left_right_ratio mr_kind mr_z fat_fraction "
        "fat_fraction_z distance_to_pain_mm comment flags"
    ),
    Output.SCENE_TABLE: (
        "rank id name side side_certainty level level_certainty zone evidence score strength pet_state "
        "mr_state status decided_by decided_at origin "
        "suv_max suv_peak suv_mean mtv_ml tlg_g volume_ml tbr reference reference_name "
        "left_right_ratio mr_kind mr_z fat_fraction fat_fraction_z distance_to_pain_mm flags comment"
    ),
    Output.PANEL: "rank status short_name evidence suv_peak tbr mr_kind",
    Output.PANEL_DETAILS: "suv_max suv_peak tbr left_right_ratio mr_kind mr_z distance_to_pain_mm volume_ml",
    Output.TERMINAL: ("rank score strength name side level evidence suv_peak tbr left_right_ratio mr_kind mr_z flags"),
    Output.REPORT_RANKING: (
        "rank score strength name side level evidence suv_peak tbr left_right_ratio mr_kind status"
    ),
    Output.REPORT_MEASURES: (
        "rank id structure side_certainty level_certainty pet_state mr_state suv_max suv_mean mtv_ml tlg_g "
        "volume_ml reference reference_name fat_fraction fat_fraction_z distance_to_pain_mm centroid_ras_mm "
        "origin"
    ),
}


@pytest.fixture
def candidate() -> Candidate:
    region = Region(Geometry((1, 1, 1), np.eye(4)), np.zeros(1, dtype=np.int64))
    return Candidate(
        id="PG-01",
        rank=1,
        score=12.3456,
        ledger=(LedgerEntry("uptake_facet", "pet", "Uptake 1.9 times that of marrow.", 1.9, 1.23456, "our estimate"),),
        place=Place("Facet joint L4/L5, left", "facet joint", "left", "L4/L5"),
        evidence="PET only",
        region=region,
        centroid_ras_mm=np.array([1.23456, -2.0, 3.0]),
        volume_ml=1.23456,
        suv_max=2.345678,
        tbr=1.87654,
        mr_z=np.float64(-1.2345),
        distance_to_pain_mm=12.345,
        flags=["truncated", "truncated"],
    )


@pytest.mark.parametrize("output", Output)
def test_every_output_has_its_own_order(output: Output) -> None:
    assert [measure.key for measure in measures_of(output)] == ORDER[output].split()


def test_keys_are_unique_and_every_entry_says_how_it_is_computed() -> None:
    keys = [measure.key for measure in MEASURES]
    assert len(set(keys)) == len(keys)
    for measure in MEASURES:
        assert measure.title
        assert measure.how.endswith(".")
        assert measure.outputs
        assert set(measure.shown) <= measure.outputs
        followed = {shown.after for shown in measure.shown.values()} - {None}
        assert followed <= set(keys)


def test_an_output_shows_its_own_title_unit_and_digits() -> None:
    terminal = {measure.key: measure for measure in measures_of(Output.TERMINAL)}
    ranking = {measure.key: measure for measure in measures_of(Output.REPORT_RANKING)}
    assert (terminal["score"].title, terminal["score"].digits) == ("Points", 1)
    assert (ranking["score"].title, ranking["score"].digits) == ("Points", 1)
    assert terminal["left_right_ratio"].title == "L/R"
    assert ranking["left_right_ratio"].title == "Left\u2013right"
    assert ranking["tbr"].unit == "to reference"


def test_numbers_of_dicom_have_a_unit_and_a_code() -> None:
    for measure in MEASURES:
        assert bool(measure.ucum) == (measure.kind is Kind.NUMBER)
        assert measure.quantity is None or measure.ucum
        assert measure.modifier is None or measure.quantity is not None
    coded = {measure.key: (measure.quantity, measure.modifier) for measure in MEASURES if measure.quantity}
    assert {key: quantity.value for key, (quantity, _) in coded.items()} == {
        "suv_max": "126401",
        "suv_peak": "126401",
        "suv_mean": "126401",
        "mtv_ml": "126032",
        "tlg_g": "126033",
        "volume_ml": "118565006",
        "tbr": "126039",
    }
    assert {key: modifier.value for key, (_, modifier) in coded.items() if modifier} == {
        "suv_max": "56851009",
        "suv_peak": "126031",
        "suv_mean": "373098007",
    }


def test_stored_values_are_rounded_and_ready_for_json(candidate: Candidate) -> None:
    stored = stored_values(candidate)
    assert stored["score"] == 12.35
    assert stored["strength"] == "strong"
    assert stored["short_name"] == "L facet L4/5"
    assert stored["score_parts"] == {"pet": 1.235}
    assert stored["centroid_ras_mm"] == [1.23, -2.0, 3.0]
    assert stored["volume_ml"] == 1.235
    assert stored["suv_max"] == 2.3457
    assert stored["suv_peak"] is None
    assert stored["tbr"] == 1.877
    assert stored["mr_z"] == -1.23
    assert type(stored["mr_z"]) is float
    assert stored["distance_to_pain_mm"] == 12.3
    assert stored["flags"] == ["truncated"]
    assert stored["level"] == "L4/L5"
    assert stored["zone"] is None
    entry = {
        "sign": "uptake_facet",
        "group": "pet",
        "text": "Uptake 1.9 times that of marrow.",
        "measure": 1.9,
        "points": 1.23456,
        "source": "our estimate",
        "state": "present",
    }
    assert candidate.to_json() == {**stored, "acts": [], "ledger": [entry]}


def test_a_measure_that_follows_one_that_is_not_shown_comes_in_the_order_of_the_registry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def entry(key: str, after: str | None = None, **changes: object) -> Measure:
        shown = {Output.TERMINAL: Shown(after=after)}
        return Measure(key, key, lambda candidate: None, "Nothing.", shown=shown, **changes)

    registry = (entry("a"), entry("b", "hidden"), entry("c"), entry("hidden", outputs=frozenset()), entry("d", "a"))
    monkeypatch.setattr(measures, "MEASURES", registry)
    assert [measure.key for measure in measures_of(Output.TERMINAL)] == ["a", "d", "b", "c"]
