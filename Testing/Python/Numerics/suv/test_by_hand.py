"""A value given by hand stands beside the one of the images that it replaces, with the change of SUV."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

import pytest
from PainGeneratorLib.Numerics.suv.by_hand import table_cells
from PainGeneratorLib.Numerics.suv.factors import SuvOverrides, compute_suv_factors
from PainGeneratorLib.Numerics.suv.records import Injection, ProvenanceRow, SuvResult
from suv_headers import at, header


def row_of(result: SuvResult, quantity: str) -> ProvenanceRow:
    return next(row for row in result.provenance if row.quantity == quantity)


@pytest.mark.parametrize(
    ("quantity", "given", "replaced", "percent"),
    [
        ("Weight", SuvOverrides(weight_kg=84.0), 70.0, 20.0),
        ("Weight", SuvOverrides(weight_kg=35.0), 70.0, -50.0),
        ("Height", SuvOverrides(height_m=1.6), 1.75, 0.0),
        ("Injected dose", SuvOverrides(dose_bq=184.04e6), 368.08e6, 100.0),
        ("Injection", SuvOverrides(injection_datetime=at("09:00:00")), "2025-01-02 10:00:00", 46.05),
        ("Half-life", SuvOverrides(nuclide="Ga-68"), 6586.2, 26.63),
    ],
)
def test_both_values_stand_in_the_table_with_the_change(
    quantity: str, given: SuvOverrides, replaced: float | str, percent: float
) -> None:
    result, plain = compute_suv_factors(header(), given), compute_suv_factors(header())
    row = row_of(result, quantity)
    assert row.replaced == replaced
    assert row.change_percent == pytest.approx(100.0 * (result.factors[0] / plain.factors[0] - 1.0), abs=0.01)
    assert row.change_percent == pytest.approx(percent, abs=0.05)
    assert f"SUV {row.change_percent:+.1f} % by this" in row.to_text()
    written = next(
        one for one in json.loads(json.dumps(result.to_json()))["provenance"] if one["quantity"] == quantity
    )
    assert (written["replaced"], written["change_percent"]) == (row.replaced, row.change_percent)
    assert all(row_of(plain, one.quantity).replaced is None for one in plain.provenance)


def test_a_warning_names_both_values_and_the_change() -> None:
    said = compute_suv_factors(header(), SuvOverrides(weight_kg=84.0)).warnings
    assert "The weight given by hand, 84 kg, replaces that of the images, 70 kg: SUV is 20.0 % higher by this." in said
    said = compute_suv_factors(header(), SuvOverrides(dose_bq=400e6)).warnings
    assert any("400 MBq, replaces that of the images, 368.08 MBq: SUV is 8.0 % lower" in text for text in said)


def test_a_value_that_the_images_lack_replaces_nothing_and_raises_no_warning() -> None:
    result = compute_suv_factors(header(weight_kg=None), SuvOverrides(weight_kg=84.0))
    row = row_of(result, "Weight")
    assert (row.replaced, row.change_percent, row.note) == (None, None, "the images have none")
    assert not any("replaces" in text for text in result.warnings)


def test_the_same_value_by_hand_is_said_to_be_that_of_the_images() -> None:
    result = compute_suv_factors(header(), SuvOverrides(weight_kg=70.0))
    row = row_of(result, "Weight")
    assert (row.replaced, row.change_percent, row.note) == (70.0, 0.0, "as in the images")
    assert not any("replaces" in text for text in result.warnings)


def test_a_value_of_the_images_that_cannot_be_used_is_shown_without_a_change() -> None:
    result = compute_suv_factors(header(weight_kg=700.0), SuvOverrides(weight_kg=70.0))
    row = row_of(result, "Weight")
    assert (row.replaced, row.change_percent) == (700.0, None)
    assert "700 kg, which cannot be used" in row.to_text()
    assert any("with which SUV cannot be computed" in text for text in result.warnings)


def test_several_values_by_hand_have_their_own_change_and_one_together() -> None:
    given = SuvOverrides(weight_kg=84.0, dose_bq=184.04e6)
    result, plain = compute_suv_factors(header(), given), compute_suv_factors(header())
    assert row_of(result, "Weight").change_percent == pytest.approx(20.0)
    assert row_of(result, "Injected dose").change_percent == pytest.approx(100.0)
    assert result.factors[0] / plain.factors[0] == pytest.approx(2.4)
    assert any("together: SUV is 140.0 % higher" in text for text in result.warnings)


def test_a_dose_in_mbq_in_the_header_is_compared_as_it_is_read() -> None:
    row = row_of(compute_suv_factors(header(dose=368.08), SuvOverrides(dose_bq=184.04e6)), "Injected dose")
    assert (row.replaced, row.change_percent) == (368.08e6, pytest.approx(100.0))


def test_doses_of_several_injections_are_all_named() -> None:
    first = Injection(dose=100e6, half_life_s=6586.2, tracer="FDG", start_datetime=at("10:00:00"))
    both = (first, replace(first, dose=200e6, start_datetime=at("10:05:00")))
    one = header(injections=both, dose=100e6)
    given = SuvOverrides(dose_bq=300e6, injection_datetime=at("10:03:00"))
    row = row_of(compute_suv_factors(one, given), "Injected dose")
    assert row.replaced is not None
    assert "cannot be used" in row.note


def test_a_time_that_is_only_a_clock_time_is_shown_as_it_is_read() -> None:
    one = header(start_datetime=None, start_time=at("10:00:00").time())
    row = row_of(compute_suv_factors(one, SuvOverrides(injection_datetime=at("09:00:00"))), "Injection")
    assert row.replaced == str(datetime(2025, 1, 2, 10, 0))
    assert row.change_percent == pytest.approx(46.05, abs=0.05)


def test_the_narrow_table_of_the_panel_shows_both_values_and_the_change() -> None:
    result = compute_suv_factors(header(), SuvOverrides(dose_bq=184.04e6))
    assert table_cells(row_of(result, "Injected dose").to_json()) == (
        "Injected dose",
        "184.04 MBq",
        "given by hand; the images have 368.08 MBq; SUV +100.0 % by this",
    )
    assert table_cells(row_of(result, "Weight").to_json()) == ("Weight", "70 kg", "Patient's Weight (0010,1030)")
    assert table_cells({"quantity": "Rescale slope", "value": None, "unit": "", "source": "x"})[1] == ""
