"""Make the PET header of a series from the plain headers of its slices."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np

from ..Numerics.suv.factors import PetHeader
from ..Numerics.suv.records import Injection
from .values import (
    as_checked_number,
    as_number,
    datetime_offset,
    join_datetime,
    offset_minutes,
    parse_date,
    parse_datetime,
    parse_time,
)

SAME_FOR_ALL = (
    "Units",
    "SUVType",
    "DecayCorrection",
    "CorrectedImage",
    "PatientWeight",
    "PatientSize",
    "RadionuclideTotalDose",
    "RadionuclideHalfLife",
    "RadiopharmaceuticalStartDateTime",
    "RadiopharmaceuticalStartTime",
    "SeriesTime",
)
"""Keywords that must have the same value in all slices of a series. A difference between slices is reported."""


def acquisition_datetime(header: Mapping[str, Any]) -> datetime | None:
    """Start of the acquisition of a slice, in the clock time of the scanner; None when the header has no date and
    time."""
    zone = zone_of(header)
    by_parts = join_datetime(_day_of(header, "AcquisitionDate"), header.get("AcquisitionTime"))
    return by_parts or parse_datetime(header.get("AcquisitionDateTime"), zone)


def zone_of(header: Mapping[str, Any]) -> str | None:
    """The offset from UTC of the dates and times of a header, like ``+0100``; None when it is not known.

    It is Timezone Offset From UTC (0008,0201); else the offset of Acquisition DateTime (0008,002A), if that shows the
    same clock time as Acquisition Time, which has no offset, or if that is missing.
    """
    stated = header.get("TimezoneOffsetFromUTC")
    if offset_minutes(stated) is not None:
        return str(stated)
    acquired = header.get("AcquisitionDateTime")
    if header.get("AcquisitionTime") is None:
        return datetime_offset(acquired)
    moment, clock = parse_datetime(acquired), parse_time(header.get("AcquisitionTime"))
    is_same = (
        moment is not None
        and clock is not None
        and moment.time().replace(microsecond=0) == clock.replace(microsecond=0)
    )
    return datetime_offset(acquired) if is_same else None


NO_DATE = "19000101"
"""The day of all times where a header has no dates. De-identification replaces dates by it, too."""


def _day_of(header: Mapping[str, Any], *first: str) -> str | None:
    """The first of these dates that can be read: those of `first`, then that of the series and that of the study."""
    dates = (header.get(keyword) for keyword in (*first, "SeriesDate", "StudyDate"))
    return next((day for day in dates if parse_date(day) is not None), None)


def _has_date(header: Mapping[str, Any]) -> bool:
    """Whether a header has a date to which its clock times can belong."""
    return bool(_day_of(header, "AcquisitionDate")) or parse_datetime(header.get("AcquisitionDateTime")) is not None


def _with_dates(headers: Sequence[Mapping[str, Any]]) -> tuple[Sequence[Mapping[str, Any]], bool]:
    """The headers, with a date that is made up where none of them has one, and whether one has."""
    if any(_has_date(header) for header in headers):
        return headers, True
    return [{**header, "StudyDate": NO_DATE} for header in headers], False


def _inconsistent(headers: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Those of SAME_FOR_ALL that differ between the slices."""
    return tuple(keyword for keyword in SAME_FOR_ALL if len({repr(header.get(keyword)) for header in headers}) > 1)


AGE_UNITS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
"""Unit of an age string (AS) -> years."""


def age_years(header: Mapping[str, Any]) -> float | None:
    """Age at the examination, years: Patient's Age (0010,1010), else from the date of birth. None when unknown."""
    found = re.fullmatch(r"(\d{1,3})([DWMY])", (header.get("PatientAge") or "").strip().upper())
    if found is not None and int(found[1]) > 0:
        return int(found[1]) * AGE_UNITS[found[2]]
    born = parse_date(header.get("PatientBirthDate"))
    day = parse_date(header.get("StudyDate") or header.get("SeriesDate"))
    if born is None or day is None or day < born:
        return None
    return (day - born).days / 365.25


def _numbers(headers: Sequence[Mapping[str, Any]], keyword: str) -> np.ndarray | None:
    """One number per slice, NaN where a slice has none; None when no slice has one."""
    values = [as_number(header.get(keyword)) for header in headers]
    if all(value is None for value in values):
        return None
    return np.array([np.nan if value is None else value for value in values])


def _slopes(headers: Sequence[Mapping[str, Any]]) -> np.ndarray | None:
    """One slope per slice, NaN where a slice has none; None when the headers are not those of images.

    An image without a slope is told from a table of values that does not have that column.
    """
    found = _numbers(headers, "RescaleSlope")
    return np.full(len(headers), np.nan) if found is None and headers[0].get("SOPClassUID") else found


def _intercepts(headers: Sequence[Mapping[str, Any]]) -> np.ndarray | None:
    """One intercept per slice: 0 where a slice has none, NaN where it is not a number; None when no slice has one."""
    values = [as_checked_number(header.get("RescaleIntercept")) for header in headers]
    if all(value is None for value in values):
        return None
    return np.array([0.0 if value is None else value for value in values])


def _words(value: Any, separator: str = r"\\") -> tuple[str, ...]:
    """Code strings of a multi-valued element that is kept as one text or as several; `separator` is a pattern."""
    if not value:
        return ()
    text = value if isinstance(value, str) else "\\".join(map(str, value))
    return tuple(part.strip().upper() for part in re.split(separator, text) if part.strip())


def make_pet_header(headers: Sequence[Mapping[str, Any]]) -> PetHeader:
    """Collect what the computation of SUV needs.

    Parameters
    ----------
    headers : sequence of mappings
        Plain headers as from :func:`.values.plain_header`, one per slice in the order of the image.

    Returns
    -------
    PetHeader
        Arrays have one value per slice. Values that must be the same in all slices come from the first slice.

    Raises
    ------
    ValueError
        There are no slices.
    """
    if not headers:
        raise ValueError("a PET header needs at least one slice")
    headers, has_dates = _with_dates(headers)
    first = headers[0]
    zone = zone_of(first)
    injections = [_injection(item, zone) for item in first.get("Injections") or (first,)]
    return PetHeader(
        n_slices=len(headers),
        modality=first.get("Modality"),
        manufacturer=first.get("Manufacturer"),
        series_type=_words(first.get("SeriesType")),
        corrected_image=_words(first.get("CorrectedImage"), r"[\\,;/ ]+"),
        units=first.get("Units"),
        suv_type=first.get("SUVType"),
        decay_correction=first.get("DecayCorrection"),
        rescale_slope=_slopes(headers),
        rescale_intercept=_intercepts(headers),
        acquisition_datetimes=tuple(acquisition_datetime(header) for header in headers),
        frame_reference_time_ms=_numbers(headers, "FrameReferenceTime"),
        actual_frame_duration_ms=_numbers(headers, "ActualFrameDuration"),
        decay_factor=_numbers(headers, "DecayFactor"),
        has_dates=has_dates,
        series_datetime=join_datetime(_day_of(first), first.get("SeriesTime")),
        decay_corrected_to=parse_datetime(first.get("DecayCorrectionDateTime"), zone),
        weight_kg=as_checked_number(first.get("PatientWeight")),
        height_m=as_checked_number(first.get("PatientSize")),
        sex=first.get("PatientSex"),
        age_years=age_years(first),
        ge_scan_datetime=parse_datetime(first.get("GeScanDateTime"), zone),
        ge_creator_found=bool(first.get("GeScanDateTimeCreatorFound", True)),
        siemens_reference_datetime=parse_datetime(first.get("SiemensReferenceDateTime"), zone),
        philips_suv_factor=_numbers(headers, "PhilipsSuvFactor"),
        philips_activity_factor=_numbers(headers, "PhilipsActivityFactor"),
        philips_creator_found=all(first.get(f"Philips{name}FactorCreatorFound", True) for name in ("Suv", "Activity")),
        injections=tuple(injections) if len(injections) > 1 else (),
        inconsistent=_inconsistent(headers),
        **asdict(injections[0]),
    )


def _injection(item: Mapping[str, Any], zone: str | None) -> Injection:
    """One item of the Radiopharmaceutical Information Sequence; `zone` is that of the other times of the header."""
    meanings = (item.get("Radiopharmaceutical"), item.get("RadiopharmaceuticalMeaning"))
    return Injection(
        dose=as_checked_number(item.get("RadionuclideTotalDose")),
        half_life_s=as_checked_number(item.get("RadionuclideHalfLife")),
        nuclide=item.get("RadionuclideMeaning"),
        nuclide_code=item.get("RadionuclideCode"),
        tracer=" / ".join(dict.fromkeys(word for word in meanings if word)) or None,
        tracer_code=item.get("RadiopharmaceuticalCode"),
        **_start(item.get("RadiopharmaceuticalStartDateTime"), item.get("RadiopharmaceuticalStartTime"), zone),
    )


def _start(moment_text: str | None, clock_text: str | None, zone: str | None) -> dict[str, Any]:
    """The fields of an injection that say when it was given, and sentences about texts that cannot be read."""
    moment, clock = parse_datetime(moment_text, zone), parse_time(clock_text)
    if moment is None and clock is not None and len(moment_text or "") <= len("2025-01-02"):
        # DICOM allows a date and time that is only a date.
        moment = join_datetime(moment_text, clock_text)
    faults = [
        (moment_text, moment, "Radiopharmaceutical Start DateTime (0018,1078)", "date and time"),
        (clock_text, clock, "Radiopharmaceutical Start Time (0018,1072)", "time"),
    ]
    return {
        "start_datetime": moment,
        "start_time": clock,
        "start_offset": None if zone is not None or moment is None else datetime_offset(moment_text),
        "unreadable": tuple(
            f"{name} is '{text}', which is not a {kind}."
            for text, value, name, kind in faults
            if text and value is None
        ),
    }
