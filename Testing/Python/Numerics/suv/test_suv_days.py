"""Days, zones and witnesses of the reference time in the SUV computation."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.suv.days import settle_days
from PainGeneratorLib.Numerics.suv.factors import SuvOverrides, compute_suv_factors
from PainGeneratorLib.Numerics.suv.records import Ledger
from PainGeneratorLib.Numerics.suv.times import injection_datetime, start_reference
from suv_headers import at, frame_times, header

HALF_LIFE_S = 6586.2
LAMBDA = np.log(2.0) / HALF_LIFE_S


def settled(
    series: datetime | None, acquired: list[datetime | None], **values: Any
) -> tuple[list[str], str, int, int]:
    """Days of the acquisitions, day of the series, number of warnings and of rows."""
    ledger = Ledger()
    found = settle_days(
        header(n=len(acquired), acquired=acquired, series_datetime=series, **values),  # type: ignore[arg-type]
        ledger,
    )
    days = ["" if moment is None else f"{moment:%d %H:%M}" for moment in found.acquisition_datetimes]
    series_day = "" if found.series_datetime is None else f"{found.series_datetime:%d %H:%M}"
    return days, series_day, len(ledger.warnings), len(ledger.rows)


@pytest.mark.parametrize(
    ("series", "acquired", "expected"),
    [
        (at("11:00:00"), [at("11:00:00"), None], (["02 11:00", ""], "02 11:00", 0, 0)),
        (at("11:00:00"), [None, None], (["", ""], "02 11:00", 0, 0)),
        # A scan that passes midnight under one date.
        (at("23:50:00"), [at("23:55:00"), at("00:05:00")], (["02 23:55", "03 00:05"], "02 23:50", 0, 1)),
        (None, [at("00:05:00"), at("23:55:00")], (["03 00:05", "02 23:55"], "", 0, 1)),
        (at("23:50:00"), [at("23:55:00"), at("00:05:00", 3)], (["02 23:55", "03 00:05"], "02 23:50", 0, 0)),
        # Twelve hours are not a jump; more are, unless the times do not lie within half a day on any clock.
        (None, [at("08:00:00"), at("20:00:00")], (["02 08:00", "02 20:00"], "", 0, 0)),
        (None, [at("08:00:00"), at("20:00:01")], (["03 08:00", "02 20:00"], "", 0, 1)),
        (
            None,
            [at("00:00:00"), at("08:00:00"), at("16:00:00")],
            (["02 00:00", "02 08:00", "02 16:00"], "", 0, 0),
        ),
        # A series time of another day comes to the day of the acquisition.
        (datetime(2025, 1, 1, 11, 0), [at("11:00:00")], (["02 11:00"], "02 11:00", 1, 0)),
        (at("23:00:00", 1), [at("11:00:00")], (["02 11:00"], "01 23:00", 0, 0)),
        (at("22:59:59", 1), [at("11:00:00")], (["02 11:00"], "02 22:59", 1, 0)),
        # A later series stays: it was reconstructed later.
        (at("09:00:00", 5), [at("11:00:00")], (["02 11:00"], "05 09:00", 0, 0)),
    ],
)
def test_times_come_to_the_day_on_which_they_fit(
    series: datetime | None, acquired: list[datetime | None], expected: tuple[list[str], str, int, int]
) -> None:
    assert settled(series, acquired) == expected


@pytest.mark.parametrize(
    ("injected", "frames", "day"),
    [
        # The injection lies between the acquisition and the series by the clock: the acquisition is of the next day.
        (time(23, 10), {}, "03"),
        (time(0, 5), {}, "02"),
        (None, {}, "02"),
        # So it is when the frame times lead back to the series time: 900 s and half a frame.
        (None, frame_times(1, 1050.0, 300.0), "03"),
        (None, frame_times(1, 1109.0, 300.0), "03"),
        (None, frame_times(1, 1111.0, 300.0), "02"),
    ],
)
def test_an_acquisition_after_midnight_may_bear_the_date_of_the_evening(
    injected: time | None, frames: dict[str, np.ndarray], day: str
) -> None:
    values = {"start_datetime": None, "start_time": injected, **frames}
    days, _, _, rows = settled(at("23:55:00"), [at("00:10:00")], **values)
    assert days == [f"{day} 00:10"]
    assert rows == (day == "03")


GE = {"manufacturer": "GE MEDICAL SYSTEMS"}


def factor_of(before_s: float, duration_s: float, n: int = 2) -> dict[str, np.ndarray]:
    """Decay factor of frames that begin so long after their reference."""
    x = LAMBDA * duration_s
    middle = np.log(x / -np.expm1(-x)) / LAMBDA
    return {"decay_factor": np.full(n, np.exp(LAMBDA * (before_s + middle)))}


def way(**values: Any) -> tuple[str, str, int]:
    """How the reference time was found, its clock time, and the number of warnings."""
    ledger = Ledger()
    origin, offsets, how = start_reference(header(**values), LAMBDA, ledger)
    middle = origin + timedelta(seconds=float(np.round(np.median(offsets))))
    return how, f"{middle:%H:%M:%S}", len(ledger.warnings)


EARLY = {"series_datetime": at("10:40:00")}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # Frame times of GE count from the start of the frame when the first one is 0.
        ({**EARLY, **GE, **frame_times(2, 0.0, 600.0)}, ("frame times", "11:00:00", 1)),
        ({**EARLY, **frame_times(2, 0.0, 600.0)}, ("series time", "10:40:00", 1)),
        ({**EARLY, **GE}, ("earliest acquisition", "11:00:00", 1)),
        (EARLY, ("series time", "10:40:00", 1)),
        ({"series_datetime": at("10:57:00")}, ("series time", "10:57:00", 0)),
        ({"series_datetime": at("10:56:40")}, ("series time", "10:56:40", 1)),
        ({**EARLY, **GE, **frame_times(2, 1349.5, 300.0)}, ("series time", "10:40:00", 0)),
        (
            {
                **EARLY,
                **GE,
                **frame_times(2, 0.0, 120.0),
                "acquired": [at("11:00:00"), at("11:02:00")],
                "frame_reference_time_ms": np.array([0.0, 120e3]),
            },
            ("frame times", "11:00:00", 1),
        ),
        # Zeros in beds that differ in time were not filled in.
        (
            {**EARLY, **GE, **frame_times(2, 0.0, 120.0), "acquired": [at("11:00:00"), at("11:02:00")]},
            ("earliest acquisition", "11:00:00", 1),
        ),
        # One acquisition time for beds that follow one another is that of the first bed.
        (
            {**EARLY, **GE, **frame_times(2, 0.0, 120.0), "frame_reference_time_ms": np.array([0.0, 150e3])},
            ("frame times", "11:00:00", 1),
        ),
        # The Decay Factor confirms the series time, or decides where the frame times do not speak for it.
        ({**EARLY, **frame_times(2, 0.0, 300.0), **factor_of(1200.0, 300.0)}, ("series time", "10:40:00", 0)),
        ({**EARLY, **frame_times(2, 0.0, 300.0), **factor_of(0.0, 300.0)}, ("decay factor", "11:00:00", 1)),
        ({**EARLY, **frame_times(2, 149.5, 300.0), **factor_of(0.0, 300.0)}, ("decay factor", "11:00:00", 1)),
        ({**frame_times(2, 149.5, 300.0), **factor_of(3600.0, 300.0)}, ("series time", "11:00:00", 1)),
        (
            {"series_datetime": None, **frame_times(2, 0.0, 300.0), **factor_of(600.0, 300.0)},
            ("decay factor", "10:50:00", 0),
        ),
        # Factors of 1, and below 1, say nothing.
        ({**frame_times(2, 149.5, 300.0), "decay_factor": np.ones(2)}, ("series time", "11:00:00", 0)),
        ({**frame_times(2, 149.5, 300.0), "decay_factor": np.full(2, 0.9)}, ("series time", "11:00:00", 0)),
    ],
)
def test_other_times_of_the_header_confirm_or_contradict_the_series_time(
    values: dict[str, Any], expected: tuple[str, str, int]
) -> None:
    assert way(**values) == expected


def given(start: datetime | None, clock: time | None, offset: str | None = None) -> tuple[str, int]:
    """Clock time of the injection for a scan at noon, or "refused", and the number of warnings."""
    ledger = Ledger()
    one = header(start_datetime=start, start_time=clock, start_offset=offset)
    try:
        moment = injection_datetime(one, SuvOverrides(), at("12:00:00"), HALF_LIFE_S, ledger)
    except PainGeneratorError:
        return "refused", len(ledger.warnings)
    return f"{moment:%d %H:%M:%S}", len(ledger.warnings)


DUMMY = datetime(1900, 1, 1)


@pytest.mark.parametrize(
    ("start", "clock", "offset", "expected"),
    [
        # An offset that cannot be used is a doubt, unless the clock time without offset tells the zone.
        (at("11:00:00"), None, "+0000", ("02 11:00:00", 1)),
        (at("11:00:00"), time(11, 0), "+0000", ("02 11:00:00", 0)),
        (at("10:00:00"), time(11, 0), "+0000", ("02 11:00:00", 0)),
        (at("05:30:00"), time(11, 0), "+0000", ("02 11:00:00", 0)),
        (at("10:07:00"), time(11, 0), "+0000", ("02 10:07:00", 2)),
        (at("23:30:00", 1), time(9, 30), "+0000", ("02 09:30:00", 0)),
        # Blanked dates and times.
        (DUMMY, None, None, ("refused", 0)),
        (DUMMY, time(11, 0), None, ("02 11:00:00", 1)),
        (DUMMY, time(0, 0), None, ("refused", 0)),
        (DUMMY.replace(hour=11), None, None, ("02 11:00:00", 1)),
        (None, time(0, 0), None, ("refused", 0)),
    ],
)
def test_an_injection_is_found_although_its_date_or_zone_is_not_known(
    start: datetime | None, clock: time | None, offset: str | None, expected: tuple[str, int]
) -> None:
    assert given(start, clock, offset) == expected


def test_midnight_is_believed_when_the_scan_follows_it() -> None:
    for scan, refused in (("02:59:00", False), ("03:01:00", True), ("00:00:00", True)):
        one = header(start_datetime=None, start_time=time(0, 0))
        if refused:
            with pytest.raises(PainGeneratorError, match="left blank"):
                injection_datetime(one, SuvOverrides(), at(scan), HALF_LIFE_S, Ledger())
        else:
            assert injection_datetime(one, SuvOverrides(), at(scan), HALF_LIFE_S, Ledger()) == at("00:00:00")


def test_the_uptake_time_ends_when_the_image_was_acquired_not_at_its_reference_time() -> None:
    late = header(
        series_datetime=at("10:15:00"),
        acquired="11:00:00",
        start_datetime=at("10:15:30"),
        start_time=None,
        **frame_times(2, 2700.0 + 149.5, 300.0),
    )
    result = compute_suv_factors(late)
    assert result.warnings == ()
    assert result.uptake_minutes == pytest.approx(44.5)
    assert result.factors[0] == pytest.approx(70e3 / 368.08e6 * np.exp(-LAMBDA * 30.0))
