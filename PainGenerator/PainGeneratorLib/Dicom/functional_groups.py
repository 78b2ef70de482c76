"""Plain headers of the frames of enhanced multi-frame MR, CT and PET (functional groups, PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..Numerics.suv.factors import unit_kind
from .values import LIST_KEYWORDS, as_number, list_of, number_of, parse_datetime, plain_header, text_of

GROUP_VALUES: dict[str, tuple[str, ...]] = {
    "PlanePositionSequence": ("ImagePositionPatient",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
    "PixelMeasuresSequence": ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices"),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept", "RescaleType"),
    "FrameContentSequence": (
        "StackID",
        "TemporalPositionIndex",
        "FrameAcquisitionDateTime",
        "FrameReferenceDateTime",
        "FrameAcquisitionDuration",
        "FrameAcquisitionNumber",
    ),
    "MREchoSequence": ("EffectiveEchoTime",),
    "MRTimingAndRelatedParametersSequence": ("RepetitionTime", "FlipAngle", "EchoTrainLength"),
    "MRModifierSequence": ("InversionRecovery", "InversionTimes", "SpectrallySelectedSuppression"),
    "MRDiffusionSequence": ("DiffusionBValue", "DiffusionDirectionality"),
    "MRImageFrameTypeSequence": ("FrameType", "ComplexImageComponent"),
    "CTImageFrameTypeSequence": ("FrameType",),
    "PETFrameTypeSequence": ("FrameType",),
    "PETFrameCorrectionFactorsSequence": ("DecayFactor",),
}
"""Sequence of a functional group -> those of its elements that become part of a frame's plain header."""

UNASSIGNED = ("UnassignedSharedConvertedAttributesSequence", "UnassignedPerFrameConvertedAttributesSequence")
"""Sequences of legacy converted images with the elements of the single-frame images that have no functional group
(PS3.3 C.7.6.16.2.24 and 25): for PET among them unit, corrections and injection."""

OF_THE_FILE = {
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "StudyInstanceUID",
    "Modality",
    "NumberOfFrames",
}
"""Elements that count only at the top of a file, because :data:`UNASSIGNED` may hold those of the source images."""

NUMBERS = {
    "DecayFactor",
    "SliceThickness",
    "SpacingBetweenSlices",
    "RescaleSlope",
    "RescaleIntercept",
    "TemporalPositionIndex",
    "FrameAcquisitionDuration",
    "FrameAcquisitionNumber",
    "EffectiveEchoTime",
    "RepetitionTime",
    "FlipAngle",
    "EchoTrainLength",
    "InversionTimes",
    "DiffusionBValue",
}
"""Elements of functional groups that are read as one number; the others are lists or text."""

RENAMED = {
    "EffectiveEchoTime": "EchoTime",
    "InversionTimes": "InversionTime",
    "FrameAcquisitionDateTime": "AcquisitionDateTime",
    "FrameAcquisitionDuration": "ActualFrameDuration",
    "FrameAcquisitionNumber": "AcquisitionNumber",
}
"""Element of a functional group -> the element of single-frame images that means the same. Times have the same unit
(ms) in both."""


ACTIVITY_UNITS = {"bq/ml": 1.0, "bq/cm3": 1.0, "bq/cc": 1.0, "kbq/ml": 1e3, "kbq/cm3": 1e3, "mbq/ml": 1e6}
"""UCUM unit of activity in lower case -> Bq/ml."""

SUV_UNITS = {
    "bw": ("GML", "BW"),
    "lbm-120": ("GML", "LBM"),
    "lbm-janma": ("GML", "LBMJANMA"),
    "lbm-james128": ("GML", "LBMJAMES128"),
    "ibw": ("GML", "IBW"),
    "bsa": ("CM2ML", "BSA"),
}
"""Kind of SUV as from :func:`.factors.unit_kind` -> Units (0054,1001) and SUV Type (0054,1006) that mean the same."""


def _group_values(item: Any, modality: str | None) -> dict[str, Any]:
    """Collect the values of all known functional groups of one item."""
    if item is None:
        return {}
    values = _unassigned_values(item, modality)
    for group, keywords in GROUP_VALUES.items():
        content = item.get(group)
        if not content:
            continue
        for keyword in keywords:
            if keyword not in content[0]:
                continue
            read: Callable[[Any, str], Any] = text_of
            if keyword in LIST_KEYWORDS:
                read = list_of
            elif keyword in NUMBERS:
                read = number_of
            value = read(content[0], keyword)
            if value is not None:
                values[RENAMED.get(keyword, keyword)] = value
    values.update(_real_world(item))
    return values


def _unassigned_values(item: Any, modality: str | None) -> dict[str, Any]:
    """The elements of single-frame images that a converter could not place in a functional group."""
    values: dict[str, Any] = {}
    for group in UNASSIGNED:
        content = item.get(group)
        if content:
            found = plain_header(content[0], modality)
            values |= {keyword: value for keyword, value in found.items() if keyword not in OF_THE_FILE}
    return values


def _real_world(item: Any) -> dict[str, Any]:
    """Unit, slope and intercept of the linear real-world value mapping that enhanced PET uses.

    A file may give several. Activity comes first, as it can be checked against dose and time, then SUV, then the rest.
    """
    found = []
    for mapping in item.get("RealWorldValueMappingSequence") or []:
        unit = mapping.get("MeasurementUnitsCodeSequence")
        slope = as_number(mapping.get("RealWorldValueSlope"))
        # A code of more than 16 characters stands in an element of its own (PS3.3 table 8.8-1).
        code = text_of(unit[0], "CodeValue") or text_of(unit[0], "LongCodeValue") if unit else None
        if code is None or slope is None:
            continue
        scale = ACTIVITY_UNITS.get(code.lower(), 1.0)
        values = {
            "RealWorldUnit": code,
            "RealWorldSlope": slope * scale,
            "RealWorldIntercept": scale * (as_number(mapping.get("RealWorldValueIntercept")) or 0.0),
        }
        found.append((2 - 2 * (code.lower() in ACTIVITY_UNITS) - (unit_kind(code) is not None), values))
    return min(found, key=lambda one: one[0])[1] if found else {}


def frame_headers(header: dict[str, Any], shared: Any, per_frame: Sequence[Any]) -> list[dict[str, Any]]:
    """Make one plain header per frame.

    Parameters
    ----------
    header : dict
        Plain header of the file. Its values are used where the functional groups of a frame give no other value.
    shared : dataset or None
        Item of the Shared Functional Groups Sequence.
    per_frame : sequence of datasets
        Items of the Per-frame Functional Groups Sequence.

    Returns
    -------
    list of dict
        One plain header per item of `per_frame`, in the same order.
    """
    modality = header.get("Modality")
    common = header | _group_values(shared, modality)
    headers = []
    for item in per_frame:
        own = _group_values(item, modality)
        one = common | own
        started = parse_datetime(own.get("AcquisitionDateTime"), header.get("TimezoneOffsetFromUTC"))
        if started is not None:
            # A frame has its own start; the header of the file has only the start of the whole acquisition.
            one["AcquisitionDate"], one["AcquisitionTime"] = f"{started:%Y%m%d}", f"{started:%H%M%S.%f}"
        if "FrameType" in one:
            one["ImageType"] = one["FrameType"]
        if one.get("Modality") == "PT":
            _as_single_frame_pet(one)
        headers.append(one)
    _add_dimensions(headers, per_frame)
    return headers


def _add_dimensions(headers: list[dict[str, Any]], per_frame: Sequence[Any]) -> None:
    """Give frames that share a position the key ``DimensionIndex``: those Dimension Index Values that differ there.

    The other values say where a frame lies (PS3.3 C.7.6.17). They need no other name, so that the Dimension Index
    Sequence, which says what each value means, is not needed.
    """
    indices = [_dimension_values(item) for item in per_frame]
    if not all(indices) or len({len(values) for values in indices}) != 1:
        return
    places: dict[Any, list[int]] = {}
    for number, header in enumerate(headers):
        place = header.get("ImagePositionPatient"), header.get("ImageOrientationPatient"), header.get("StackID")
        places.setdefault(place, []).append(number)
    columns = np.array(indices)
    differs = np.any([np.ptp(columns[numbers], axis=0) > 0 for numbers in places.values()], axis=0)
    if np.any(differs):
        for header, values in zip(headers, columns[:, differs].tolist(), strict=True):
            header["DimensionIndex"] = tuple(values)


def _dimension_values(item: Any) -> tuple[int, ...]:
    content = item.get("FrameContentSequence")
    values = content[0].get("DimensionIndexValues") if content else None
    if values is None:
        return ()
    return (int(values),) if isinstance(values, int) else tuple(int(value) for value in values)


def _as_single_frame_pet(header: dict[str, Any]) -> None:
    """Add the elements of single-frame PET that enhanced PET expresses by other elements."""
    if "RealWorldUnit" in header:
        unit = str(header["RealWorldUnit"])
        kind = unit_kind(unit)
        if unit.lower() in ACTIVITY_UNITS:
            header["Units"] = "BQML"
        elif kind is not None:
            header["Units"], header["SUVType"] = SUV_UNITS[kind]
        else:
            header["Units"] = unit
        header["RescaleSlope"], header["RescaleIntercept"] = header["RealWorldSlope"], header["RealWorldIntercept"]
    if "CorrectedImage" not in header:
        words = {"AttenuationCorrected": "ATTN", "DecayCorrected": "DECY"}
        header["CorrectedImage"] = "\\".join(word for key, word in words.items() if header.get(key) == "YES")
    if "DecayCorrection" not in header:
        header["DecayCorrection"] = "START" if header.get("DecayCorrected") == "YES" else "NONE"
