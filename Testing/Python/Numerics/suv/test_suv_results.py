"""Whole results of the SUV computation: every number, source, note, warning and refusal, and both sides of each limit.

The expected results stand in suv_results.json, one entry for each case. A text in it is what a user reads, so change
it there together with the code.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.suv.body_size import factor_from_suv_bw
from PainGeneratorLib.Numerics.suv.factors import SuvOverrides, compute_suv_factors, factors_for_unit, unit_kind
from PainGeneratorLib.Numerics.suv.quantities import body_of, dose_bq_of, half_life_s_of, height_m_of, nuclide_of
from PainGeneratorLib.Numerics.suv.quantities import weight_kg_of as weight_of
from PainGeneratorLib.Numerics.suv.records import Ledger, PetHeader, ProvenanceRow, SuvResult
from PainGeneratorLib.Numerics.suv.times import (
    average_decay_time_s,
    earliest_acquisition,
    frame_starts,
    injection_datetime,
    start_reference,
)
from suv_headers import at, frame_times, header, refusal
from test_suv import REFUSED, WARNED, WORKED

EXPECTED = json.loads(Path(__file__).with_name("suv_results.json").read_text())
HALF_LIFE_S = 6586.2
NOON = datetime(2025, 1, 2, 12, 0, 0)
BY_HAND = SuvOverrides(weight_kg=80.0, height_m=1.8, dose_bq=300e6, injection_datetime=at("09:30:00"))

PASSED: dict[str, Callable[[], SuvResult]] = {
    **{f"worked: {name}": lambda name=name: compute_suv_factors(WORKED[name][0]) for name in WORKED},
    **{f"warned: {name}": lambda name=name: compute_suv_factors(header(**WARNED[name][0])) for name in WARNED},
    "by hand": lambda: compute_suv_factors(header(), BY_HAND),
    "by hand, SUV already": lambda: compute_suv_factors(header(units="GML"), BY_HAND),
    "by hand, counts": lambda: compute_suv_factors(header(units="CNTS", philips_suv_factor=np.full(2, 5e-4)), BY_HAND),
    "by hand, lean body mass": lambda: compute_suv_factors(header(units="GML", suv_type="LBM"), BY_HAND),
    "only the height by hand, SUV already": lambda: compute_suv_factors(
        header(units="GML", suv_type="BW"), SuvOverrides(height_m=1.8)
    ),
    "no decay correction": lambda: compute_suv_factors(
        header(
            corrected_image=("ATTN",),
            decay_correction="NONE",
            acquired=[at("11:05:00"), at("11:00:00")],
            **frame_times(2, 0, 603),
        )
    ),
    "own reference of each bed": lambda: compute_suv_factors(
        header(acquired=[at("11:00:00"), at("11:10:00")], series_datetime=None, **frame_times(2, 149.0, 300))
    ),
    "own slope of each slice": lambda: compute_suv_factors(header(rescale_slope=np.array([2.0, 0.5]))),
    "no slope": lambda: compute_suv_factors(header(rescale_slope=None)),
    "no acquisition times": lambda: compute_suv_factors(header(acquired=[None, None])),
    "small letters": lambda: compute_suv_factors(
        header(units="gml", suv_type="lbmjanma", sex="f", decay_correction="start")
    ),
    "a tracer by its code": lambda: compute_suv_factors(header(tracer=None, tracer_code="35321007")),
    "no half-life": lambda: compute_suv_factors(header(half_life_s=None)),
    "factors of Philips that disagree": lambda: compute_suv_factors(
        header(units="CNTS", philips_suv_factor=np.full(2, 5e-4), philips_activity_factor=np.full(2, 2.5))
    ),
    "factors of Philips without a check": lambda: compute_suv_factors(
        header(
            units="CNTS", philips_suv_factor=np.full(2, 5e-4), philips_activity_factor=np.full(2, 2.5), weight_kg=None
        )
    ),
    "factors of Philips without creator": lambda: compute_suv_factors(
        header(units="CNTS", philips_suv_factor=np.array([5e-4, 7e-4]), philips_creator_found=False)
    ),
    "activity factors of Philips without creator": lambda: compute_suv_factors(
        header(units="CNTS", philips_activity_factor=np.array([0.5, 0.7]), philips_creator_found=False)
    ),
    "GE's time of another day without a series time": lambda: compute_suv_factors(
        header(series_datetime=None, acquired="11:30:00", ge_scan_datetime=datetime(2025, 1, 9, 11, 0))
    ),
    "GE's time before midnight": lambda: compute_suv_factors(
        header(
            series_datetime=at("00:10:00", 3),
            acquired=[at("00:10:00", 3)] * 2,
            start_datetime=at("23:00:00"),
            start_time=None,
            ge_scan_datetime=datetime(1999, 5, 5, 23, 55),
        )
    ),
    "unit SUVbw": lambda: factors_for_unit("SUVbw", 3, 70.0, 1.75, "M"),
    "unit of lean body mass": lambda: factors_for_unit("{SUVlbm}g/ml", 2, 70.0, 1.75, "F"),
    "unit of body surface": lambda: factors_for_unit("cm2/ml{SUVbsa}", 2, 70.0, 1.75, "F"),
}
NOT_PASSED: dict[str, Callable[[], PainGeneratorError]] = {
    **{f"refused: {name}": lambda name=name: refusal(header(**REFUSED[name][0])) for name in REFUSED},
    "no modality": lambda: refusal(header(modality=None)),
    "an unknown decay word": lambda: refusal(header(decay_correction="maybe")),
    "an impossible height": lambda: refusal(header(units="CM2ML", height_m=280.0)),
    "a height of 0": lambda: refusal(header(units="CM2ML", height_m=0.0)),
    "an impossible height by hand": lambda: refusal(header(units="CM2ML"), SuvOverrides(height_m=2.8)),
    "days before the scan": lambda: refusal(header(), SuvOverrides(injection_datetime=datetime(2024, 12, 25, 10, 0))),
    "no unit of SUV": lambda: error_of(lambda: factors_for_unit("Bq/ml", 2)),
    "a negative body size": lambda: error_of(lambda: factor_from_suv_bw("lbm-120", 250, 1.2, "F")),
}


def error_of(call: Callable[[], Any]) -> PainGeneratorError:
    """The error that a call raises."""
    with pytest.raises(PainGeneratorError) as caught:
        call()
    return caught.value


def about(value: Any) -> Any:
    """A value of JSON in which numbers need not agree to the last digit."""
    if isinstance(value, dict):
        return {key: about(one) for key, one in value.items()}
    if isinstance(value, list):
        return [about(one) for one in value]
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


@pytest.mark.parametrize("case", PASSED)
def test_the_whole_result_is_as_expected(case: str) -> None:
    assert json.loads(json.dumps(PASSED[case]().to_json())) == about(EXPECTED["passed"][case])


@pytest.mark.parametrize("case", NOT_PASSED)
def test_the_whole_text_of_a_refusal_is_as_expected(case: str) -> None:
    error = NOT_PASSED[case]()
    assert [error.reason, error.advice] == EXPECTED["refused"][case]
    assert str(error) == f"{error.reason} {error.advice}"


def kept(weight_kg: float | None = None, height_m: float | None = None, dose: float | None = None) -> list[Any]:
    """What a header's weight, height or dose becomes: the value used and how often it was warned, or refused."""
    one, ledger = PetHeader(1, weight_kg=weight_kg, height_m=height_m, dose=dose), Ledger()
    try:
        if weight_kg is not None:
            value: float | None = weight_of(one, SuvOverrides(), ledger)
        elif height_m is not None:
            value = height_m_of(one, SuvOverrides(), ledger)
        else:
            value = dose_bq_of(one, SuvOverrides(), ledger)
    except PainGeneratorError:
        return ["refused"]
    return [value, len(ledger.warnings), len(ledger.rows)]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (0.99, ["refused"]),
        (1.0, [1.0, 0, 1]),
        (300.0, [300.0, 0, 1]),
        (300.1, ["refused"]),
        (1000.0, ["refused"]),
        (1001.0, [1.001, 1, 1]),
        (-5.0, ["refused"]),
    ],
)
def test_a_weight_is_used_converted_or_refused(stated: float, expected: list[Any]) -> None:
    assert kept(weight_kg=stated) == expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (0.29, [None, 0, 0]),
        (0.3, [0.3, 0, 1]),
        (2.6, [2.6, 0, 1]),
        (2.61, [None, 0, 0]),
        (3.0, [None, 0, 0]),
        (3.1, [None, 1, 0]),
        (30.0, [0.3, 1, 1]),
        (260.0, [2.6, 1, 1]),
    ],
)
def test_a_height_is_used_converted_or_left_out(stated: float, expected: list[Any]) -> None:
    assert kept(height_m=stated) == expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (0.0, ["refused"]),
        (-1.0, ["refused"]),
        (0.99, ["refused"]),
        # Up to 20 the number is usual in mCi, and too low in MBq.
        (1.0, ["refused"]),
        (20.0, ["refused"]),
        (20.1, [20.1e6, 2, 1]),
        (36.9, [36.9e6, 2, 1]),
        (37.0, [37e6, 1, 1]),
        (740.0, [740e6, 1, 1]),
        (741.0, [741e6, 2, 1]),
        (5000.0, [5000e6, 2, 1]),
        (5001.0, ["refused"]),
        (99999.0, ["refused"]),
        (1e5, ["refused"]),
        (1e6, [1e6, 1, 1]),
        (37e6, [37e6, 0, 1]),
        (740e6, [740e6, 0, 1]),
        (741e6, [741e6, 1, 1]),
        (5001e6, ["refused"]),
    ],
)
def test_a_dose_is_used_converted_or_refused(stated: float, expected: list[Any]) -> None:
    assert kept(dose=stated) == [pytest.approx(expected[0]) if len(expected) == 3 else "refused", *expected[1:]]


def test_a_small_dose_by_hand_is_in_bq_and_not_converted() -> None:
    ledger = Ledger()
    assert dose_bq_of(header(), SuvOverrides(dose_bq=40e6), ledger) == 40e6
    assert ledger.warnings == []
    with pytest.raises(PainGeneratorError):
        dose_bq_of(header(), SuvOverrides(dose_bq=368.0), ledger)
    with pytest.raises(PainGeneratorError):
        dose_bq_of(header(), SuvOverrides(dose_bq=0.0), ledger)


@pytest.mark.parametrize(
    ("values", "nuclide"),
    [
        ({"nuclide_code": "C-111A1"}, "F-18"),
        ({"nuclide_code": "77004003"}, "F-18"),
        ({"nuclide_code": "C-131A1"}, "Ga-68"),
        ({"nuclide_code": "C-131A3"}, "Ga-68"),
        ({"nuclide_code": "49792000"}, "Ga-68"),
        ({"nuclide_code": "X", "nuclide": "^18^Fluorine"}, "F-18"),
        ({"nuclide": "F-18"}, "F-18"),
        ({"nuclide": "18-F"}, "F-18"),
        ({"nuclide": "68-ga"}, "Ga-68"),
        ({"nuclide": "Ga68"}, "Ga-68"),
        ({"nuclide": "gallium"}, "Ga-68"),
        ({"nuclide": "C-11", "tracer": "FDG"}, "C-11"),
        ({"tracer": "Fludeoxyglucose"}, "F-18"),
        ({"tracer": "choline"}, None),
        ({}, None),
    ],
)
def test_the_nuclide_is_read_from_code_name_or_tracer(values: dict[str, str], nuclide: str | None) -> None:
    assert nuclide_of(PetHeader(1, **values)) == nuclide


@pytest.mark.parametrize(
    ("stated", "used", "warnings"),
    [
        (1.049 * HALF_LIFE_S, 1.049 * HALF_LIFE_S, 0),
        (0.951 * HALF_LIFE_S, 0.951 * HALF_LIFE_S, 0),
        (1.051 * HALF_LIFE_S, HALF_LIFE_S, 1),
        (0.949 * HALF_LIFE_S, HALF_LIFE_S, 1),
        (0.0, HALF_LIFE_S, 0),
        (None, HALF_LIFE_S, 0),
    ],
)
def test_a_half_life_counts_within_five_percent(stated: float | None, used: float, warnings: int) -> None:
    ledger = Ledger()
    assert half_life_s_of(header(half_life_s=stated), ledger) == used
    assert len(ledger.warnings) == warnings


def test_a_half_life_of_an_unknown_nuclide_is_believed() -> None:
    one = header(half_life_s=4000.0, nuclide_code=None, nuclide="Tb-152", tracer="choline")
    ledger = Ledger()
    assert half_life_s_of(one, ledger) == 4000.0
    assert ledger.rows == [ProvenanceRow("Half-life", 4000.0, "s", "Radionuclide Half Life (0018,1075)", "")]


def test_sex_is_asked_for_where_a_body_size_is_needed() -> None:
    for sex, warnings in (("M", 0), ("F", 0), ("f", 0), ("O", 1), (None, 1)):
        ledger = Ledger()
        assert body_of(header(sex=sex), SuvOverrides(), ledger) == (70.0, 1.75, sex)
        assert len(ledger.warnings) == warnings
        assert ledger.rows[-1].value == (sex.upper() if sex else None)


def injected(
    start: datetime | None, clock: time | None, reference: datetime = NOON, half_life_s: float = 7200.0
) -> tuple[str, int]:
    """Date and time of the injection, or "refused", and the number of warnings."""
    ledger = Ledger()
    one = header(start_datetime=start, start_time=clock)
    try:
        moment = injection_datetime(one, SuvOverrides(), reference, half_life_s, ledger)
    except PainGeneratorError:
        return "refused", len(ledger.warnings)
    assert ledger.rows[-1].value == moment.isoformat(sep=" ")
    return f"{moment:%d %H:%M:%S}", len(ledger.warnings)


@pytest.mark.parametrize(
    ("start", "clock", "expected"),
    [
        # Two half-lives of two hours are believed with their date.
        ("2025-01-02 08:00:00", None, ("02 08:00:00", 0)),
        # Longer ago, the clock time does not help either: the date is kept, as it is within ten half-lives.
        ("2025-01-02 07:59:00", None, ("02 07:59:00", 0)),
        ("2025-01-01 11:00:00", None, ("02 11:00:00", 1)),
        ("2025-01-01 16:00:01", None, ("01 16:00:01", 0)),
        ("2025-01-01 15:59:00", None, ("refused", 0)),
        # Up to one second after the reference is the same time.
        ("2025-01-02 12:00:01", None, ("02 12:00:01", 0)),
        ("2025-01-02 12:00:02", None, ("refused", 0)),
        ("2025-01-02 13:00:00", None, ("refused", 0)),
        # More than an hour after it only the clock time would count, which is not within two half-lives here.
        ("2025-01-02 13:00:01", None, ("refused", 0)),
        ("2025-01-03 11:00:00", None, ("02 11:00:00", 1)),
        # A second time that differs by up to a minute, also across midnight, needs no warning.
        ("2025-01-02 11:00:00", "11:01:00", ("02 11:00:00", 0)),
        ("2025-01-02 11:00:00", "11:01:01", ("02 11:00:00", 1)),
        ("2025-01-02 11:00:00", "10:58:59", ("02 11:00:00", 1)),
        # Only a clock time.
        (None, "11:00:00", ("02 11:00:00", 0)),
        (None, "12:00:01", ("02 12:00:01", 0)),
        (None, "12:00:02", ("refused", 0)),
        (None, "23:00:00", ("refused", 0)),
    ],
)
def test_the_injection_is_put_on_the_calendar_of_the_scan(
    start: str | None, clock: str | None, expected: tuple[str, int]
) -> None:
    given = None if start is None else datetime.fromisoformat(start)
    assert injected(given, None if clock is None else time.fromisoformat(clock)) == expected


def test_an_injection_before_midnight_belongs_to_the_day_before() -> None:
    early = datetime(2025, 1, 2, 1, 0, 0)
    assert injected(None, time(23, 0, 0), early) == ("01 23:00:00", 0)
    assert injected(None, time(21, 0, 0), early) == ("01 21:00:00", 0)
    assert injected(None, time(20, 59, 0), early) == ("refused", 0)
    near = datetime(2025, 1, 2, 0, 0, 20)
    assert injected(near, time(23, 59, 50), early) == ("02 00:00:20", 0)
    assert injected(near, time(23, 58, 50), early) == ("02 00:00:20", 1)


def test_ten_half_lives_are_the_limit_of_a_time_given_by_hand() -> None:
    for start, refused in (("2025-01-02 02:00:00", False), ("2025-01-02 01:59:59", True)):
        overrides = SuvOverrides(injection_datetime=datetime.fromisoformat(start))
        if refused:
            with pytest.raises(PainGeneratorError, match="10 hours before"):
                injection_datetime(header(), overrides, NOON, 3600.0, Ledger())
        else:
            moment = injection_datetime(header(), overrides, NOON, 3600.0, Ledger())
            assert moment == overrides.injection_datetime


@pytest.mark.parametrize(("minutes", "warnings"), [(29.9, 1), (30.0, 0), (180.0, 0), (180.1, 1)])
def test_an_unusual_uptake_time_is_warned_about(minutes: float, warnings: int) -> None:
    given = at("11:00:00") - (at("11:01:00") - at("11:00:00")) * minutes
    result = compute_suv_factors(header(start_datetime=given, start_time=None))
    assert len(result.warnings) == warnings
    assert result.uptake_minutes == pytest.approx(minutes)


@pytest.mark.parametrize(("ratio", "warnings"), [(0.979, 1), (0.981, 0), (1.019, 0), (1.021, 1)])
def test_the_two_factors_of_philips_may_differ_by_two_percent(ratio: float, warnings: int) -> None:
    by_activity = compute_suv_factors(header(units="CNTS", philips_activity_factor=np.full(2, 1.8))).factors
    both = header(units="CNTS", philips_activity_factor=np.full(2, 1.8), philips_suv_factor=by_activity / ratio)
    assert len(compute_suv_factors(both).warnings) == warnings


def test_an_hour_after_the_scan_an_injection_counts_as_wrong_and_later_as_another_date() -> None:
    midnight = datetime(2025, 1, 2, 0, 30, 0)
    assert injected(datetime(2025, 1, 2, 1, 30, 0), None, midnight, 50000.0) == ("refused", 0)
    assert injected(datetime(2025, 1, 2, 1, 30, 1), None, midnight, 50000.0) == ("01 01:30:01", 1)


def test_the_mean_activity_of_a_frame_is_reached_before_its_middle() -> None:
    decay = np.log(2.0) / HALF_LIFE_S
    found = average_decay_time_s(np.array([600.0, 1200.0]), decay)
    for duration, moment in zip((600.0, 1200.0), found, strict=True):
        times = np.linspace(0.0, duration, 20001)
        assert np.exp(-decay * moment) == pytest.approx(np.exp(-decay * times).mean(), rel=1e-4)
        assert moment < duration / 2.0


def test_the_earliest_time_counts_and_missing_ones_do_not() -> None:
    one = header(acquired=[at("11:05:00"), None, at("11:02:00")])
    assert earliest_acquisition(one) == at("11:02:00")
    assert earliest_acquisition(header(acquired=[None, None])) is None


def test_frames_start_at_their_acquisition() -> None:
    one = header(acquired=[at("11:05:00"), at("11:02:00")], **frame_times(2, 0.0, 90.0))
    origin, offsets, durations = frame_starts(one)
    assert (origin, offsets.tolist(), durations.tolist()) == (at("11:02:00"), [180.0, 0.0], [90.0, 90.0])
    for name in ("actual_frame_duration_ms",):
        with pytest.raises(PainGeneratorError, match="frame duration"):
            frame_starts(replace(one, **{name: np.array([1.0, 0.0])}))


def way_of(**values: Any) -> tuple[str, int]:
    """How the reference time was found, and the number of warnings."""
    ledger = Ledger()
    _, offsets, way = start_reference(header(**values), np.log(2.0) / HALF_LIFE_S, ledger)
    assert offsets.shape == (2,)
    return way, len(ledger.warnings)


FRAMES = frame_times(2, 149.0, 300.0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"acquired": [datetime(2025, 1, 2, 10, 59, 59)] * 2}, ("series time", 0)),
        ({"acquired": [datetime(2025, 1, 2, 10, 59, 58)] * 2}, ("earliest acquisition", 1)),
        ({"acquired": [datetime(2025, 1, 2, 10, 59, 58, 800000)] * 2}, ("earliest acquisition", 1)),
        ({"acquired": [datetime(2025, 1, 2, 10, 59, 58)] * 2, **FRAMES}, ("frame times", 0)),
        ({"series_datetime": None, **FRAMES}, ("frame times", 0)),
        ({"series_datetime": None, **frame_times(2, 0.0, 300.0)}, ("earliest acquisition", 1)),
        ({"series_datetime": None, **frame_times(2, 149.0, 0.0)}, ("earliest acquisition", 1)),
        ({"series_datetime": None, "frame_reference_time_ms": np.ones(2)}, ("earliest acquisition", 1)),
        ({"series_datetime": None, "actual_frame_duration_ms": np.ones(2)}, ("earliest acquisition", 1)),
        ({"series_datetime": None, "acquired": [at("11:00:00"), None], **FRAMES}, ("earliest acquisition", 1)),
        # One acquisition time for two beds is that of the series, unless the beds overlap.
        (
            {"series_datetime": None, **FRAMES, "frame_reference_time_ms": np.array([100e3, 401e3])},
            ("earliest acquisition", 1),
        ),
        ({"series_datetime": None, **FRAMES, "frame_reference_time_ms": np.array([100e3, 400e3])}, ("frame times", 1)),
        (
            {
                "series_datetime": None,
                "acquired": [at("11:00:00"), at("11:00:02")],
                **FRAMES,
                "frame_reference_time_ms": np.array([100e3, 401e3]),
            },
            ("frame times", 1),
        ),
        # 2 % of SUV are 188 s of F-18.
        ({"acquired": "11:03:00", **FRAMES}, ("series time", 0)),
        ({"acquired": "11:03:20", **FRAMES}, ("series time", 1)),
        ({"acquired": [at("11:00:00"), at("11:03:00")], "series_datetime": None, **FRAMES}, ("frame times", 0)),
        ({"acquired": [at("11:00:00"), at("11:03:20")], "series_datetime": None, **FRAMES}, ("frame times", 1)),
        ({"siemens_reference_datetime": at("11:00:01")}, ("series time", 0)),
        ({"siemens_reference_datetime": at("11:00:02")}, ("series time", 1)),
        ({"siemens_reference_datetime": at("10:59:58")}, ("series time", 1)),
        # A scan does not start after its acquisition; three minutes are 1.9 % of SUV.
        ({"ge_scan_datetime": at("11:03:00")}, ("GE scan time", 0)),
        ({"ge_scan_datetime": at("11:03:20")}, ("GE scan time", 1)),
        ({"ge_scan_datetime": at("23:00:00")}, ("GE scan time", 1)),
        # Midnight of another day was left blank.
        ({"ge_scan_datetime": datetime(1900, 1, 1)}, ("series time", 1)),
        ({"ge_scan_datetime": at("23:00:01")}, ("GE scan time", 1)),
    ],
)
def test_the_way_to_the_reference_time(values: dict[str, Any], expected: tuple[str, int]) -> None:
    assert way_of(**values) == expected


@pytest.mark.parametrize(
    ("unit", "kind"),
    [
        ("g/ml{SUVlbm}", "lbm-120"),
        ("g/ml{SUVlbm(James128)}", "lbm-james128"),
        (" g/ml {SUVibw} ", "ibw"),
        ("SUVlbm(Janma)", "lbm-janma"),
        ("SUVbsa", "bsa"),
        ("cm2/ml{SUVbw}", None),
        ("g/ml{SUV}", None),
        ("kg/ml{SUVbw}", None),
        ("g/ml{SUVbw", None),
        ("g/ml", None),
        ("", None),
    ],
)
def test_a_unit_names_a_kind_of_suv(unit: str, kind: str | None) -> None:
    assert unit_kind(unit) == kind


@pytest.mark.parametrize(
    ("kind", "sex", "factor"),
    [
        ("lbm-janma", "M", 55.8573 / 70.0),
        ("lbm-janma", "F", 45.1968 / 70.0),
        ("lbm-120", "F", 51.22 / 70.0),
        ("lbm-james128", "F", 51.22 / 70.0),
        ("lbm-120", " male", 57.80 / 70.0),
        ("lbm-120", None, (57.80 + 51.22) / 140.0),
        ("ibw", "M", 72.38 / 70.0),
        ("bsa", "M", 1.848143 * 10.0 / 70.0),
    ],
)
def test_the_factor_to_another_kind_of_suv(kind: str, sex: str | None, factor: float) -> None:
    assert factor_from_suv_bw(kind, 70.0, 1.75, sex) == pytest.approx(factor, rel=1e-5)


def test_factors_are_constant_to_a_billionth() -> None:
    def is_constant(other: float) -> bool:
        return SuvResult(np.array([2.0, other]), "", (), ()).is_constant

    assert is_constant(2.0)
    assert is_constant(2.0 + 1e-9)
    assert not is_constant(2.0 + 3e-9)
    assert not is_constant(2.0 - 3e-9)


def test_a_ledger_keeps_plain_values_and_each_warning_once() -> None:
    ledger = Ledger()
    ledger.add("a", np.float64(1.5), "mm", "here", "so")
    ledger.add("b", time(1, 2, 3), "", "there")
    ledger.add("c", at("01:02:03"), "", "there")
    ledger.warn("one")
    ledger.warn("one")
    ledger.warn("two")
    assert [row.to_json() for row in ledger.rows] == [
        {"quantity": "a", "value": 1.5, "unit": "mm", "source": "here", "note": "so"},
        {"quantity": "b", "value": "01:02:03", "unit": "", "source": "there", "note": ""},
        {"quantity": "c", "value": "2025-01-02 01:02:03", "unit": "", "source": "there", "note": ""},
    ]
    assert type(ledger.rows[0].value) is float
    assert ledger.warnings == ["one", "two"]
