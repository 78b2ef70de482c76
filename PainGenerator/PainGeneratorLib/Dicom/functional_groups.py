"""Plain headers of the frames of enhanced multi-frame MR, CT and PET (functional groups, PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .values import LIST_KEYWORDS, as_number, list_of, number_of, text_of

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
}
"""Sequence of a functional group -> those of its elements that become part of a frame's plain header."""

NUMBERS = {
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


def _group_values(item: Any) -> dict[str, Any]:
    """Collect the values of all known functional groups of one item."""
    values: dict[str, Any] = {}
    if item is None:
        return values
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


def _real_world(item: Any) -> dict[str, Any]:
    """Slope, intercept and unit of the linear real-world value mapping that enhanced PET uses."""
    maps = item.get("RealWorldValueMappingSequence")
    if not maps:
        return {}
    unit = maps[0].get("MeasurementUnitsCodeSequence")
    slope, intercept = as_number(maps[0].get("RealWorldValueSlope")), as_number(maps[0].get("RealWorldValueIntercept"))
    if not unit or slope is None:
        return {}
    return {
        "RealWorldUnit": text_of(unit[0], "CodeValue"),
        "RealWorldSlope": slope,
        "RealWorldIntercept": intercept or 0.0,
    }


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
    common = header | _group_values(shared)
    headers = []
    for item in per_frame:
        own = _group_values(item)
        one = common | own
        started = own.get("AcquisitionDateTime")
        if started:
            # A frame has its own start; the header of the file has only the start of the whole acquisition.
            one["AcquisitionDate"], one["AcquisitionTime"] = started[:8], started[8:].split("+")[0].split("-")[0]
        if "FrameType" in one:
            one["ImageType"] = one["FrameType"]
        if one.get("Modality") == "PT":
            _as_single_frame_pet(one)
        headers.append(one)
    return headers


def _as_single_frame_pet(header: dict[str, Any]) -> None:
    """Add the elements of single-frame PET that enhanced PET expresses by other elements."""
    if "RealWorldUnit" in header:
        units = {"bq/ml": "BQML", "g/ml{suvbw}": "GML", "{suvbw}g/ml": "GML"}
        header["Units"] = units.get(str(header["RealWorldUnit"]).lower(), header["RealWorldUnit"])
        header["RescaleSlope"], header["RescaleIntercept"] = header["RealWorldSlope"], header["RealWorldIntercept"]
    if "CorrectedImage" not in header:
        words = {"AttenuationCorrected": "ATTN", "DecayCorrected": "DECY"}
        header["CorrectedImage"] = "\\".join(word for key, word in words.items() if header.get(key) == "YES")
    if "DecayCorrection" not in header:
        header["DecayCorrection"] = "START" if header.get("DecayCorrected") == "YES" else "NONE"
