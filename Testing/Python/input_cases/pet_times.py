"""Days, clocks and time zones in the PET header."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from .judging import InputCase, Judged, Outcome
from .pet_series import ADMIN, HALF_LIFE_S, START, factor_at, is_factor, raw, suv_case, voxels, write_pet

KIND = "days and zones"
ALARM = "false alarms"
MIDNIGHT = "https://github.com/medical-physics-usz/z-rad/pull/282"
ZONE = "https://github.com/nroduit/Weasis/issues/635"
SHIFTED = "https://github.com/QIICR/Slicer-PETDICOMExtension/issues/28"
OHIF = "https://github.com/OHIF/Viewers/issues/3805"
LATE = "https://github.com/rordenlab/dcm2niix/issues/983"
DECAY_FACTOR = "https://github.com/openneuropet/PET2BIDS/issues/367"
WARNED, REFUSED = (Outcome.WARNED,), (Outcome.REFUSED,)
GE = {"Manufacturer": "GE MEDICAL SYSTEMS", "ManufacturerModelName": "SIGNA PET/MR"}
LAMBDA = np.log(2.0) / HALF_LIFE_S


def _beds(
    start: datetime,
    injected: str = "225500",
    date: Callable[[datetime], str | None] = lambda _moment: None,
    series: dict[str, Any] | None = None,
    **values: Any,
) -> Any:
    """Writes a whole-body PET of 8 beds, 2 minutes each, that starts at a moment; `date` gives Acquisition Date."""

    def write(folder: Path) -> None:
        def change(k: int, dataset: Dataset) -> None:
            moment = start + timedelta(minutes=2 * k)
            dataset.AcquisitionTime = moment.strftime("%H%M%S")
            day = date(moment)
            if day is None:
                del dataset.AcquisitionDate
            else:
                dataset.AcquisitionDate = day
            dataset.FrameReferenceTime, dataset.ActualFrameDuration = (120 * k + 60) * 1000, 120000

        header = {"SeriesDate": "20250102", "SeriesTime": "235500", "StudyTime": "235000"} | (series or {}) | values
        write_pet(
            folder, stored=voxels(8), change=change, injections=[{"RadiopharmaceuticalStartTime": injected}], **header
        )

    return write


EVENING = datetime(2025, 1, 2, 23, 55)
NOT_CORRECTED = {"DecayCorrection": "NONE", "CorrectedImage": ["ATTN", "NORM"]}


def _uncorrected_beds() -> np.ndarray:
    """Factors of the beds of :func:`_beds` without decay correction."""
    x = LAMBDA * 120.0
    return np.array([factor_at(60 + 2 * k) * x / -np.expm1(-x) for k in range(8)])


def _times(injection: dict[str, Any] | None = None, **values: Any) -> Any:
    """Writes a PET with these elements; the injection has the elements of `injection`."""
    return lambda folder: write_pet(folder, injections=[injection or {}], **values)


def _start(text: str, clock: str | None = None, **values: Any) -> Any:
    """Writes a PET with this date and time of injection, and perhaps with a clock time, too."""
    return _times({"RadiopharmaceuticalStartDateTime": text, "RadiopharmaceuticalStartTime": clock}, **values)


def _in_zone_of_the_machine(zone: str) -> InputCase:
    """The zone of the computer does not matter."""
    case = suv_case("", KIND, ZONE, _beds(EVENING), is_factor(START, 60.0), may_warn=False)

    def judge(folder: Path) -> Judged:
        before = os.environ.get("TZ")
        os.environ["TZ"] = zone
        time.tzset()
        try:
            return case.judge(folder)
        finally:
            os.environ.pop("TZ")
            if before is not None:
                os.environ["TZ"] = before
            time.tzset()

    return InputCase(f"machine-in-{zone.replace('/', '-')}", KIND, ZONE, judge)


def _ge_private(scan: bytes = b"20250102110000.00 ") -> Any:
    def change(_k: int, dataset: Dataset) -> None:
        dataset.private_block(0x0009, "GEMS_IDEN_01", create=True).add_new(0x01, "LO", "GE")
        dataset.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "UN", scan)

    times = {"SeriesTime": "113000", "AcquisitionTime": "110500", "FrameReferenceTime": 0}
    return lambda folder: write_pet(folder, change=change, **times, **GE)


def _ge_beds(folder: Path, decay_factor: bool = False) -> None:
    """A GE PET of four beds; Frame Reference Time is the start of a bed after the start of the scan."""

    def change(k: int, dataset: Dataset) -> None:
        dataset.AcquisitionTime = f"11{2 * k:02d}00"
        dataset.FrameReferenceTime, dataset.ActualFrameDuration = 120000 * k, 120000
        if decay_factor:
            dataset.DecayFactor = float(f"{np.exp(LAMBDA * (120.0 * k + 60.0)):.8g}")

    write_pet(folder, change=change, SeriesTime="104000", **GE)


def _decay_factor(seconds_before: float, **values: Any) -> Any:
    """Writes a PET whose Decay Factor says that the reference lies so long before the acquisition at 11:00."""
    factor = float(f"{np.exp(LAMBDA * (seconds_before + 149.5)):.8g}")
    return lambda folder: write_pet(folder, DecayFactor=factor, **values)


CASES: list[InputCase] = [
    suv_case(
        "beds-pass-midnight-without-date", KIND, MIDNIGHT, _beds(EVENING), is_factor(START, 60.0), may_warn=False
    ),
    suv_case(
        "beds-pass-midnight-with-the-series-date",
        KIND,
        MIDNIGHT,
        _beds(EVENING, date=lambda _m: "20250102"),
        is_factor(START, 60.0),
    ),
    suv_case(
        "beds-pass-midnight-with-their-dates",
        KIND,
        MIDNIGHT,
        _beds(EVENING, date=lambda m: m.strftime("%Y%m%d")),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "beds-pass-midnight-with-one-date",
        KIND,
        MIDNIGHT,
        _beds(EVENING, date=lambda m: "20250102" if m.minute == 55 else None),
        is_factor(START, 60.0),
    ),
    suv_case(
        "beds-pass-midnight-without-decay-correction",
        KIND,
        MIDNIGHT,
        _beds(EVENING, **NOT_CORRECTED),
        is_factor(_uncorrected_beds()),
    ),
    suv_case(
        "beds-pass-midnight-with-the-next-date",
        KIND,
        MIDNIGHT,
        _beds(EVENING, date=lambda _m: "20250103"),
        is_factor(START, 60.0),
    ),
    suv_case(
        "series-before-midnight-all-beds-after-it",
        KIND,
        MIDNIGHT,
        _beds(datetime(2025, 1, 3, 0, 1), series={"SeriesTime": "235500"}),
        is_factor(START),
        (Outcome.RIGHT, Outcome.WARNED),
        warned_by="360 s|reference time",
    ),
    suv_case(
        "late-image-after-midnight",
        KIND,
        MIDNIGHT,
        _times(
            {"RadiopharmaceuticalStartTime": "225500"},
            SeriesTime="235500",
            AcquisitionTime="001000",
            AcquisitionDate=None,
            FrameReferenceTime=(15 * 60 + 149) * 1000,
        ),
        is_factor(START, 75.0),
        may_warn=False,
    ),
    suv_case(
        "reconstructed-in-the-evening",
        KIND,
        OHIF,
        _times(SeriesTime="231500", AcquisitionDate=None),
        is_factor(START, 60.0),
    ),
    suv_case(
        "reconstructed-days-later",
        KIND,
        OHIF,
        _times(SeriesDate="20250107", SeriesTime="091500"),
        is_factor(START, 60.0),
    ),
    suv_case(
        "injected-before-midnight-by-time",
        KIND,
        MIDNIGHT,
        _times({"RadiopharmaceuticalStartTime": "233000"}, SeriesTime="003000", AcquisitionTime="003000"),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "injected-before-midnight-with-the-date-of-the-scan",
        KIND,
        MIDNIGHT,
        _start("20250102233000", SeriesTime="003000", AcquisitionTime="003000"),
        is_factor(START, 60.0),
        WARNED,
        warned_by="date of injection",
    ),
    suv_case("utc-without-a-zone", KIND, ZONE, _start("20250102090000+0000"), None, WARNED, warned_by="offset.*zone"),
    suv_case(
        "utc-with-an-unreadable-zone",
        KIND,
        ZONE,
        _start("20250102090000+0000", TimezoneOffsetFromUTC="0100"),
        None,
        WARNED,
        warned_by="offset.*zone",
    ),
    suv_case(
        "utc-with-a-zone",
        KIND,
        ZONE,
        _start("20250102090000+0000", TimezoneOffsetFromUTC="+0100"),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "utc-with-a-zone-with-colon",
        KIND,
        ZONE,
        _start("20250102090000+00:00", TimezoneOffsetFromUTC="+01:00"),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "utc-with-a-zone-of-half-an-hour",
        KIND,
        ZONE,
        _start("20250102043000+0000", TimezoneOffsetFromUTC="+0530"),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "utc-with-a-zone-and-another-day",
        KIND,
        ZONE,
        _start("20250103030000+0000", TimezoneOffsetFromUTC="-0500", SeriesTime="230000", AcquisitionTime="230000"),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "utc-beside-the-clock-time",
        KIND,
        ZONE,
        _start("20250102090000+0000", "100000"),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "utc-beside-an-acquisition-with-offset",
        KIND,
        ZONE,
        _start("20250102090000+0000", AcquisitionDateTime="20250102110000+0100"),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "same-zone-everywhere",
        KIND,
        ZONE,
        _start("20250102100000.00+0100", TimezoneOffsetFromUTC="+0100"),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    _in_zone_of_the_machine("Pacific/Auckland"),
    _in_zone_of_the_machine("America/Los_Angeles"),
    suv_case(
        "dummy-date-of-injection",
        KIND,
        SHIFTED,
        _start("19000101100000"),
        is_factor(START, 60.0),
        WARNED,
        warned_by="date of injection",
    ),
    suv_case(
        "dummy-date-and-time-beside-the-clock-time",
        KIND,
        SHIFTED,
        _start("19000101000000", "100000"),
        is_factor(START, 60.0),
        WARNED,
        warned_by="1900-01-01",
    ),
    suv_case(
        "dummy-date-and-time-alone",
        KIND,
        SHIFTED,
        _start("19000101000000"),
        None,
        REFUSED,
        refused_by="1900-01-01.*--injection-time",
    ),
    suv_case(
        "dummy-date-and-time-of-a-night-scan",
        KIND,
        SHIFTED,
        _start("19000101000000", SeriesTime="010000", AcquisitionTime="010000"),
        None,
        REFUSED,
        refused_by="1900-01-01.*--injection-time",
    ),
    suv_case(
        "blank-injection-time",
        KIND,
        SHIFTED,
        _times({"RadiopharmaceuticalStartTime": "000000"}),
        None,
        REFUSED,
        refused_by="00:00:00.*--injection-time",
    ),
    suv_case(
        "all-times-blank",
        KIND,
        SHIFTED,
        _times({"RadiopharmaceuticalStartTime": "000000.00"}, SeriesTime="000000", AcquisitionTime="000000"),
        None,
        REFUSED,
        refused_by="00:00:00",
    ),
    suv_case(
        "dummy-date-of-acquisition",
        KIND,
        SHIFTED,
        _times(AcquisitionDate="19000101"),
        is_factor(START, 60.0),
    ),
    suv_case(
        "dummy-date-of-series",
        KIND,
        SHIFTED,
        _start("20250102100000", SeriesDate="19000101", StudyDate="19000101"),
        is_factor(START, 60.0),
        WARNED,
        warned_by="date",
    ),
    suv_case(
        "all-dates-shifted-alike",
        KIND,
        SHIFTED,
        _start("19510712100000", SeriesDate="19510712", StudyDate="19510712", AcquisitionDate="19510712"),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "scan-shifted-but-not-the-injection",
        KIND,
        SHIFTED,
        _start("20250102100000", SeriesDate="19510712", StudyDate="19510712", AcquisitionDate="19510712"),
        is_factor(START, 60.0),
        WARNED,
        warned_by="date of injection",
    ),
    suv_case("ge-private-scan-time", KIND, OHIF, _ge_private(), is_factor(START, 60.0), may_warn=False),
    suv_case(
        "ge-private-scan-time-of-another-day",
        KIND,
        SHIFTED,
        _ge_private(b"19000101110000.00 "),
        is_factor(START, 60.0),
        WARNED,
        warned_by="private scan time.*date",
    ),
    suv_case(
        "ge-private-scan-time-removed",
        KIND,
        SHIFTED,
        _ge_private(b"19000101000000.00 "),
        is_factor(factor_at(65), 65.0),
        WARNED,
        warned_by="private scan time.*removed",
    ),
    suv_case(
        "ge-private-scan-time-after-the-acquisition",
        KIND,
        SHIFTED,
        _ge_private(b"20250102113000.00 "),
        None,
        WARNED,
        warned_by="private scan time.*later than the first acquisition",
    ),
    suv_case(
        "ge-series-opened-before-the-scan",
        KIND,
        OHIF,
        _times(SeriesTime="104000", FrameReferenceTime=0, ActualFrameDuration=600000, **GE),
        is_factor(START, 60.0),
        WARNED,
        warned_by="series time.*10:40",
    ),
    suv_case(
        "ge-series-opened-before-the-scan-mid-frame",
        KIND,
        OHIF,
        _times(SeriesTime="104000", FrameReferenceTime=300000, ActualFrameDuration=600000, **GE),
        is_factor(START, 60.0),
        WARNED,
        warned_by="series time.*10:40",
    ),
    suv_case(
        "ge-series-opened-before-the-scan-without-frame-times",
        KIND,
        OHIF,
        _times(SeriesTime="104000", FrameReferenceTime=None, ActualFrameDuration=600000, **GE),
        is_factor(START, 60.0),
        WARNED,
        warned_by="series time.*10:40",
    ),
    suv_case("ge-beds", KIND, OHIF, _ge_beds, is_factor(START, 60.0), WARNED, warned_by="series time.*10:40"),
    suv_case(
        "ge-beds-with-decay-factor",
        KIND,
        DECAY_FACTOR,
        lambda folder: _ge_beds(folder, True),
        is_factor(START, 60.0),
        WARNED,
        warned_by="series time.*10:40",
    ),
    suv_case(
        "series-early-and-nothing-to-check",
        KIND,
        OHIF,
        _times(SeriesTime="104000", FrameReferenceTime=None),
        None,
        WARNED,
        warned_by="20 min.*13",
    ),
    suv_case(
        "series-early-and-decay-factor-agrees",
        KIND,
        DECAY_FACTOR,
        _decay_factor(1200.0, SeriesTime="104000", FrameReferenceTime=None),
        is_factor(factor_at(40), 60.0),
        may_warn=False,
    ),
    suv_case(
        "series-early-and-decay-factor-disagrees",
        KIND,
        DECAY_FACTOR,
        _decay_factor(0.0, SeriesTime="104000", FrameReferenceTime=None),
        is_factor(START, 60.0),
        WARNED,
        warned_by="Decay Factor",
    ),
    suv_case(
        "decay-factor-says-corrected-to-injection",
        KIND,
        DECAY_FACTOR,
        _decay_factor(3600.0),
        is_factor(ADMIN),
        WARNED,
        warned_by="Decay Factor",
    ),
    suv_case(
        "corrected-to-injection-and-decay-factor-agrees",
        KIND,
        DECAY_FACTOR,
        _decay_factor(3600.0, DecayCorrection="ADMIN"),
        is_factor(ADMIN),
        may_warn=False,
    ),
    suv_case(
        "decay-factor-turned-round",
        KIND,
        DECAY_FACTOR,
        _times(DecayFactor=0.98),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "ge-beds-with-one-acquisition-time",
        KIND,
        "https://wiki.cancerimagingarchive.net (Soft-tissue-Sarcoma: PET of GE scanners)",
        lambda folder: write_pet(
            folder,
            change=lambda k, ds: setattr(ds, "FrameReferenceTime", 405000 * k),
            SeriesTime="104000",
            ActualFrameDuration=240000,
            **GE,
        ),
        is_factor(START, 60.0),
        WARNED,
        warned_by="series time.*10:40",
    ),
    suv_case(
        "beds-with-one-acquisition-time",
        ALARM,
        "https://wiki.cancerimagingarchive.net (Soft-tissue-Sarcoma: PET of GE scanners)",
        lambda folder: write_pet(
            folder,
            change=lambda k, ds: setattr(ds, "FrameReferenceTime", 405000 * k),
            ActualFrameDuration=240000,
            **GE,
        ),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "all-dates-removed",
        KIND,
        SHIFTED,
        _times(SeriesDate=None, StudyDate=None, AcquisitionDate=None),
        is_factor(START, 60.0),
        WARNED,
        warned_by="no dates",
    ),
    suv_case(
        "all-dates-removed-but-that-of-the-injection",
        KIND,
        SHIFTED,
        _start("20250102100000", SeriesDate=None, StudyDate=None, AcquisitionDate=None),
        is_factor(START, 60.0),
        WARNED,
        warned_by="no dates",
    ),
    suv_case(
        "all-dates-removed-across-midnight",
        KIND,
        SHIFTED,
        _beds(EVENING, SeriesDate=None, StudyDate=None),
        is_factor(START, 60.0),
        WARNED,
        warned_by="no dates",
    ),
    suv_case(
        "beds-pass-midnight-with-a-later-series",
        KIND,
        MIDNIGHT,
        _beds(EVENING, SeriesDate="20250103", SeriesTime="002000", StudyDate="20250102"),
        is_factor(START, 60.0),
    ),
    suv_case(
        "date-of-injection-beside-its-time",
        KIND,
        SHIFTED,
        _start("20250102", "100000"),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "date-of-series-written-in-another-order",
        "numbers written badly",
        SHIFTED,
        lambda folder: write_pet(folder, change=lambda _k, ds: raw(ds, "SeriesDate", "02.01.2025", "DA")),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "injection-by-a-12-hour-clock",
        KIND,
        SHIFTED,
        _times({"RadiopharmaceuticalStartTime": "010000"}, SeriesTime="140000", AcquisitionTime="140000"),
        None,
        WARNED,
        warned_by="780 min.*60 min.*12 hours",
    ),
    suv_case(
        "times-that-cannot-be-read",
        KIND,
        SHIFTED,
        lambda folder: write_pet(
            folder, change=lambda _k, ds: [raw(ds, name, "noon", "TM") for name in ("SeriesTime", "AcquisitionTime")]
        ),
        None,
        REFUSED,
        refused_by="that can be read",
    ),
    suv_case(
        "only-acquisition-datetime-with-offset",
        KIND,
        ZONE,
        _start(
            "20250102090000+0000",
            AcquisitionDate=None,
            AcquisitionTime=None,
            AcquisitionDateTime="20250102110000+0100",
        ),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "late-static-image",
        ALARM,
        LATE,
        _times(
            {"RadiopharmaceuticalStartTime": "101500"},
            SeriesTime="101500",
            AcquisitionTime="110000",
            FrameReferenceTime=45 * 60000 + 149000,
        ),
        is_factor(ADMIN, 45.0),
        may_warn=False,
    ),
    suv_case(
        "late-static-image-injected-after-the-series-began",
        ALARM,
        LATE,
        _times(
            {"RadiopharmaceuticalStartTime": "101545"},
            SeriesTime="101500",
            AcquisitionTime="110000",
            FrameReferenceTime=45 * 60000 + 149000,
        ),
        is_factor(factor_at(-0.75), 44.25),
        may_warn=False,
    ),
    suv_case(
        "last-bed-of-a-cut-series",
        ALARM,
        "https://github.com/medical-physics-usz/z-rad/pull/189",
        _times(SeriesTime="110000", AcquisitionTime="112000", FrameReferenceTime=20 * 60000 + 149000),
        is_factor(START, 80.0),
        may_warn=False,
    ),
    suv_case(
        "ordinary-header",
        ALARM,
        "https://github.com/oncoray/suv_computation",
        _times(),
        is_factor(START, 60.0),
        may_warn=False,
    ),
]
"""Midnight, time zones, dummy dates, series that were opened early, and late images."""
