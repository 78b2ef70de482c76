"""SUV factors: worked numbers, reference headers, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, time

import numpy as np
import pytest
from PainGeneratorLib.Dicom.pet_header import make_pet_header
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.suv.body_size import (
    body_surface_area,
    factor_from_suv_bw,
    ideal_body_weight,
    lean_body_mass_120,
    lean_body_mass_james128,
    lean_body_mass_janmahasatian,
)
from PainGeneratorLib.Numerics.suv.factors import (
    SuvOverrides,
    compute_suv_factors,
    factors_for_unit,
    unit_kind,
)
from PainGeneratorLib.Numerics.suv.records import Injection
from suv_headers import at, frame_times, header, refusal

WORKED = {
    "START": (header(), 2.77778125e-4),
    "ADMIN": (header(decay_correction="ADMIN"), 1.90176049e-4),
    "frame times where the series time is late": (
        header(series_datetime=at("11:30:00"), acquired="11:02:30", **frame_times(2, 450, 603)),
        2.77775365e-4,
    ),
    "counts with an SUV factor": (header(units="CNTS", philips_suv_factor=np.full(2, 5e-4)), 5e-4),
    "counts with an activity factor": (
        header(units="CNTS", philips_suv_factor=np.zeros(2), philips_activity_factor=np.full(2, 0.5)),
        1.38889062e-4,
    ),
    "g/ml of lean body mass": (header(units="GML", suv_type="LBMJAMES128"), 1.23849965),
    "g/ml of ideal weight": (header(units="GML", suv_type="IBW", sex="O"), 1.00857287),
    "g/ml of body weight": (header(units="GML"), 1.0),
    "body surface": (header(units="CM2ML", suv_type="BSA"), 3.78758567),
    "Ga-68": (header(nuclide_code="C-131A1", tracer="Ga68-PSMA", half_life_s=4057.7), 3.51746891e-4),
    "only a time, past midnight": (
        header(
            start_datetime=None,
            start_time=time(23, 30),
            series_datetime=at("00:30:00", 3),
            acquired=[at("00:30:00", 3)] * 2,
        ),
        2.77778125e-4,
    ),
    "dose in MBq": (header(dose=368.08), 2.77778125e-4),
    "GE's scan time": (
        header(series_datetime=at("11:30:00"), acquired=[at("11:30:00")] * 2, ge_scan_datetime=at("11:00:00")),
        2.77778125e-4,
    ),
    "series time 5 microseconds after the acquisition": (
        header(acquired=[datetime(2025, 1, 2, 10, 59, 59, 999995)] * 2),
        2.77778125e-4,
    ),
    "enhanced PET's own reference time": (
        header(decay_corrected_to=at("11:00:00"), series_datetime=at("11:40:00"), acquired="11:10:00"),
        2.77778125e-4,
    ),
    "a date that was shifted": (header(start_datetime=datetime(1999, 5, 5, 10, 0)), 2.77778125e-4),
    "GE's scan time with a date that was shifted": (
        header(series_datetime=at("11:30:00"), ge_scan_datetime=datetime(1999, 5, 5, 11, 0)),
        2.77778125e-4,
    ),
}


@pytest.mark.parametrize("case", WORKED)
def test_worked_numbers_are_met(case):
    one, expected = WORKED[case]
    np.testing.assert_allclose(compute_suv_factors(one).factors, expected, rtol=2e-8)


def test_values_without_decay_correction_get_a_factor_per_slice():
    one = header(
        corrected_image=("ATTN",),
        decay_correction="NONE",
        acquired=[at("11:00:00"), at("11:05:00")],
        **frame_times(2, 0, 603),
    )
    result = compute_suv_factors(one)
    assert result.factors[0] == pytest.approx(2.86685402e-4, rel=1e-8)
    assert 3379 * result.factors[1] == pytest.approx(1.0, abs=5e-4)
    assert not result.is_constant
    assert len(result.to_json()["factors_per_slice"]) == 2


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        "PHILIPS_BQML",
        "PHILIPS_CNTS_AND_BQML_SUV",
        "SIEMENS",
        "GE_MEDICAL_AND_BQML",
        "BQML_AC_DT_lessThan_S_DT_SIEMENS",
    ],
)
def test_factors_of_real_headers_agree_with_the_reference(data_folder, name):
    folder = data_folder / "suv-headers"
    instances = json.loads((folder / f"{name}-instances.json").read_text())
    expected = json.loads((folder / "reference_factors.json").read_text())[name]
    for instance in instances:
        private = instance.pop("PhilipsPETPrivateGroup")
        instance["PhilipsSuvFactor"] = private.get("SUVScaleFactor")
        instance["PhilipsActivityFactor"] = private.get("ActivityConcentrationScaleFactor")
        instance["Modality"] = "PT"
    factors = compute_suv_factors(make_pet_header(instances)).factors
    np.testing.assert_allclose(factors, expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(factors, expected, rtol=1e-7)


def test_body_sizes_of_a_70_kg_175_cm_person_are_the_published_ones():
    sizes = {
        lean_body_mass_120: (57.80, 51.22),
        lean_body_mass_janmahasatian: (55.857, 45.197),
        ideal_body_weight: (72.38, 66.43),
    }
    for formula, (male, female) in sizes.items():
        assert formula(70, 1.75, "M") == pytest.approx(male, abs=5e-3)
        assert formula(70, 1.75, "F") == pytest.approx(female, abs=5e-3)
    assert lean_body_mass_james128(70, 1.75, "M") == pytest.approx(56.52, abs=5e-3)
    assert lean_body_mass_james128(140, 1.65, "F") == pytest.approx(43.3, abs=0.05)
    assert body_surface_area(70, 1.75) == pytest.approx(1.8481430, abs=1e-7)
    assert ideal_body_weight(70, 1.75, "O") == pytest.approx(69.405)


def test_normalizations_invert_the_factors_of_normalized_volumes():
    for unit, kind in [("g/ml{SUVlbm(Janma)}", "lbm-janma"), ("{SUVbsa}cm2/ml", "bsa"), ("g/ml{SUVibw}", "ibw")]:
        factors = factors_for_unit(unit, 3, 70.0, 1.75, "F").factors
        np.testing.assert_allclose(factors * factor_from_suv_bw(kind, 70.0, 1.75, "F"), np.ones(3))


def test_a_normalization_refuses_what_makes_no_sense():
    with pytest.raises(ValueError, match="kind must be one of"):
        factor_from_suv_bw("fat", 70, 1.75, "M")
    with pytest.raises(ValueError, match="must be positive"):
        factor_from_suv_bw("ibw", 0, 1.75, "M")
    with pytest.raises(PainGeneratorError, match="body size comes out negative"):
        factor_from_suv_bw("lbm-120", 250, 1.2, "F")


def test_old_and_new_unit_codes_are_understood():
    assert unit_kind("g/ml{SUVbw}") == unit_kind("{SUVbw}g/ml") == unit_kind("SUVbw") == unit_kind("SUV") == "bw"
    assert unit_kind("cm2/ml{SUVbsa}") == "bsa"
    assert unit_kind("g/ml{SUVbsa}") is None
    assert unit_kind("Bq/ml") is None
    np.testing.assert_array_equal(factors_for_unit("{SUVbw}g/ml", 4).factors, np.ones(4))
    with pytest.raises(PainGeneratorError, match="not one of SUV"):
        factors_for_unit("Bq/ml", 4)


def test_values_given_by_hand_win_and_are_marked():
    given = SuvOverrides(weight_kg=80.0, dose_bq=300e6, injection_datetime=at("09:30:00"))
    result = compute_suv_factors(header(weight_kg=None, dose=None, start_datetime=None, start_time=None), given)
    expected = 80e3 / (300e6 * 2 ** (-5400 / 6586.2))
    assert result.factors[0] == pytest.approx(expected)
    assert result.given_by_hand == ("Weight", "Injected dose", "Injection")
    written = json.loads(json.dumps(result.to_json()))
    assert written["given_by_hand"] == ["Weight", "Injected dose", "Injection"]
    assert written["factor"] == pytest.approx(expected)
    assert written["uptake_minutes"] == 90.0


def test_values_given_by_hand_that_cannot_enter_are_said_to_be_unused():
    given = SuvOverrides(weight_kg=80.0)
    assert "do not enter" in compute_suv_factors(header(units="GML"), given).warnings[0]
    assert "do not enter" in compute_suv_factors(WORKED["counts with an SUV factor"][0], given).warnings[0]


REFUSED = {
    "no attenuation correction": ({"corrected_image": ("DECY",)}, "not marked as attenuation-corrected", "--role"),
    "no corrections named": ({"corrected_image": ()}, "is empty", "--role"),
    "an intercept": ({"rescale_intercept": np.array([0.0, -5.0])}, "intercept", "original series"),
    "another modality": ({"modality": "NM"}, "modality NM", "--role"),
    "an unknown unit": ({"units": "PROPCPS"}, "'PROPCPS'", "BQML"),
    "no unit": ({"units": None}, "'empty'", "BQML"),
    "counts without a factor": ({"units": "CNTS"}, "counts", "private tags"),
    "an unknown SUV type": ({"units": "GML", "suv_type": "XYZ"}, "'XYZ'", "Bq/ml"),
    "a body surface that is none": ({"units": "CM2ML", "suv_type": "BW"}, "contradicts", "Bq/ml"),
    "no weight": ({"weight_kg": None}, "no patient weight", "--weight"),
    "a weight of 0": ({"weight_kg": 0.0}, "no patient weight", "--weight"),
    "an impossible weight": ({"weight_kg": 500.0}, "500 kg", "--weight"),
    "no height where it is needed": ({"units": "GML", "suv_type": "LBM", "height_m": None}, "height", "Bq/ml"),
    "no dose": ({"dose": None}, "no injected dose", "--dose"),
    "an impossible dose": ({"dose": 368080.0}, "0.36808 MBq", "--dose"),
    "no decay word": ({"decay_correction": None}, "how decay was corrected", "START"),
    "START without DECY": ({"corrected_image": ("ATTN",)}, "contradicts itself", "original"),
    "NONE with DECY": ({"decay_correction": "NONE"}, "contradicts itself", "original"),
    "no injection time": ({"start_datetime": None, "start_time": None}, "no time of injection", "--injection-time"),
    "an injection after the scan": ({"start_datetime": at("11:20:00")}, "lies after", "--injection-time"),
    "an injection clock after the scan": (
        {"start_datetime": None, "start_time": time(14, 0)},
        "lies after",
        "--injection-time",
    ),
    "no half-life": ({"half_life_s": None, "nuclide_code": "X", "tracer": "XYZ"}, "half-life", "--nuclide"),
    "no times of the scan": ({"series_datetime": None, "acquired": [None, None]}, "neither a series time", "again"),
    "no frame durations without decay correction": (
        {"decay_correction": "NONE", "corrected_image": ("ATTN",)},
        "frame duration",
        "decay-corrected",
    ),
    "no acquisition times without decay correction": (
        {"decay_correction": "NONE", "corrected_image": ("ATTN",), "acquired": [at("11:00:00"), None]},
        "acquisition time",
        "decay-corrected",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused_with_reason_and_advice(case):
    values, reason, advice = REFUSED[case]
    error = refusal(header(**values))
    assert reason in error.reason
    assert advice in error.advice


def test_an_injection_days_before_the_scan_is_refused_when_given_by_hand():
    error = refusal(header(), SuvOverrides(injection_datetime=datetime(2024, 12, 25, 10, 0)))
    assert "hours before the scan" in error.reason


WARNED = {
    "MBq": ({"dose": 368.08}, "taken for MBq"),
    "an unusual dose": ({"dose": 12e6}, "unusual"),
    "grams": ({"weight_kg": 70000.0}, "taken for grams"),
    "centimeters": ({"height_m": 175.0}, "taken for centimeters"),
    "another tracer": ({"tracer": "Ga68-DOTATATE", "nuclide_code": "C-131A1", "half_life_s": 4057.7}, "not FDG"),
    "an unnamed tracer": ({"tracer": None}, "does not name the tracer"),
    "several injections": (
        {
            "injections": (
                Injection(200e6, tracer="FDG", start_time=time(10, 0)),
                Injection(168.08e6, tracer="FDG", start_time=time(10, 30)),
            )
        },
        "2 injections",
    ),
    "a long uptake": ({"start_datetime": at("07:30:00"), "start_time": None}, "uptake time is 210 min"),
    "a half-life in minutes": ({"half_life_s": 109.77}, "not that of F-18"),
    "a shifted date": ({"start_datetime": datetime(1999, 5, 5, 10, 0)}, "only its clock time was used"),
    "two injection times": ({"start_time": time(9, 40)}, "two times of injection"),
    "GE's tag without creator": ({"ge_scan_datetime": at("11:00:00"), "ge_creator_found": False}, "private creator"),
    "Siemens' own time": ({"siemens_reference_datetime": at("11:05:00")}, "Siemens' private reference time"),
    "an assumed reference": ({"series_datetime": at("11:30:00")}, "earliest acquisition was used"),
    "slices that differ": ({"inconsistent": ("PatientWeight",)}, "PatientWeight differs"),
    "frame times against the series time": (
        {"acquired": "11:10:00", **frame_times(2, 100, 200)},
        "would change SUV by 6.5 %",
    ),
}


@pytest.mark.parametrize("case", WARNED)
def test_is_warned_about(case):
    values, words = WARNED[case]
    assert any(words in warning for warning in compute_suv_factors(header(**values)).warnings)


def test_an_ordinary_header_gives_no_warning_and_a_full_provenance():
    result = compute_suv_factors(header(acquired="11:00:00", **frame_times(2, 150, 300)))
    assert result.warnings == ()
    quantities = [row.quantity for row in result.provenance]
    for quantity in ("Units", "Weight", "Injected dose", "Half-life", "Injection", "Uptake time", "SUVbw factor"):
        assert quantity in quantities
    assert result.path == "BQML/START/series time"
    assert result.uptake_minutes == 60.0


def test_frame_times_of_one_acquisition_time_for_all_beds_do_not_raise_a_false_alarm():
    one = header(
        frame_reference_time_ms=np.array([243e3, 1215e3]),
        actual_frame_duration_ms=np.array([240e3, 240e3]),
    )
    assert compute_suv_factors(one).warnings == ()


def test_philips_factors_that_disagree_are_reported():
    one = header(units="CNTS", philips_suv_factor=np.full(2, 5e-4), philips_activity_factor=np.full(2, 2.5))
    assert "differ by 38.9 %" in compute_suv_factors(one).warnings[0]
    without_weight = dataclasses.replace(one, weight_kg=None)
    notes = [row.note for row in compute_suv_factors(without_weight).provenance]
    assert any("not possible" in note for note in notes)


def test_beds_corrected_to_their_own_start_get_their_own_factors():
    one = header(
        series_datetime=at("12:00:00"),
        acquired=[at("11:00:00"), at("11:10:00")],
        **frame_times(2, 149.0, 300),
    )
    result = compute_suv_factors(one)
    assert result.factors[1] / result.factors[0] == pytest.approx(2 ** (600 / 6586.2))
    assert any("own factor" in warning for warning in result.warnings)
