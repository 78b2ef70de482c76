"""Make the PET header of a series from the plain headers of its slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from ..Numerics.suv.factors import PetHeader
from .values import as_number, join_datetime, parse_datetime, parse_time

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
    zone = header.get("TimezoneOffsetFromUTC")
    by_parts = join_datetime(
        header.get("AcquisitionDate") or header.get("SeriesDate") or header.get("StudyDate"),
        header.get("AcquisitionTime"),
    )
    return by_parts or parse_datetime(header.get("AcquisitionDateTime"), zone)


def _numbers(headers: Sequence[Mapping[str, Any]], keyword: str) -> np.ndarray | None:
    """One number per slice, NaN where a slice has none; None when no slice has one."""
    values = [as_number(header.get(keyword)) for header in headers]
    if all(value is None for value in values):
        return None
    return np.array([np.nan if value is None else value for value in values])


def _words(value: Any) -> tuple[str, ...]:
    """Code strings of a multi-valued element that is kept as one text or as several."""
    if not value:
        return ()
    parts = value.split("\\") if isinstance(value, str) else value
    return tuple(str(part).strip().upper() for part in parts)


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
    first = headers[0]
    zone = first.get("TimezoneOffsetFromUTC")
    inconsistent = tuple(
        keyword for keyword in SAME_FOR_ALL if len({repr(header.get(keyword)) for header in headers}) > 1
    )
    meanings = (first.get("Radiopharmaceutical"), first.get("RadiopharmaceuticalMeaning"))
    tracer = " / ".join(dict.fromkeys(word for word in meanings if word)) or None
    start_text = first.get("RadiopharmaceuticalStartDateTime")
    return PetHeader(
        n_slices=len(headers),
        modality=first.get("Modality"),
        corrected_image=_words(first.get("CorrectedImage")),
        units=first.get("Units"),
        suv_type=first.get("SUVType"),
        decay_correction=first.get("DecayCorrection"),
        rescale_slope=_numbers(headers, "RescaleSlope"),
        rescale_intercept=_numbers(headers, "RescaleIntercept"),
        acquisition_datetimes=tuple(acquisition_datetime(header) for header in headers),
        frame_reference_time_ms=_numbers(headers, "FrameReferenceTime"),
        actual_frame_duration_ms=_numbers(headers, "ActualFrameDuration"),
        series_datetime=join_datetime(first.get("SeriesDate") or first.get("StudyDate"), first.get("SeriesTime")),
        decay_corrected_to=parse_datetime(first.get("DecayCorrectionDateTime"), zone),
        weight_kg=as_number(first.get("PatientWeight")),
        height_m=as_number(first.get("PatientSize")),
        sex=first.get("PatientSex"),
        dose=as_number(first.get("RadionuclideTotalDose")),
        half_life_s=as_number(first.get("RadionuclideHalfLife")),
        nuclide=first.get("RadionuclideMeaning"),
        nuclide_code=first.get("RadionuclideCode"),
        tracer=tracer,
        tracer_code=first.get("RadiopharmaceuticalCode"),
        start_datetime=parse_datetime(start_text, zone),
        start_time=parse_time(first.get("RadiopharmaceuticalStartTime")),
        ge_scan_datetime=parse_datetime(first.get("GeScanDateTime"), zone),
        ge_creator_found=bool(first.get("GeScanDateTimeCreatorFound", True)),
        siemens_reference_datetime=parse_datetime(first.get("SiemensReferenceDateTime"), zone),
        philips_suv_factor=_numbers(headers, "PhilipsSuvFactor"),
        philips_activity_factor=_numbers(headers, "PhilipsActivityFactor"),
        philips_creator_found=bool(first.get("PhilipsSuvFactorCreatorFound", True))
        and bool(first.get("PhilipsActivityFactorCreatorFound", True)),
        n_injections=int(first.get("NumberOfInjections") or 1),
        inconsistent=inconsistent,
    )
