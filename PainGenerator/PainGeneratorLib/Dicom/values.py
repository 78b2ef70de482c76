"""Convert DICOM elements to plain Python values, so that the other modules do not need pydicom datasets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from .sop_classes import modality_of

TEXT_KEYWORDS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "FrameOfReferenceUID",
    "PatientID",
    "PatientName",
    "PatientSex",
    "PatientBirthDate",
    "StudyDate",
    "StudyTime",
    "StudyDescription",
    "SeriesDate",
    "SeriesTime",
    "SeriesDescription",
    "AcquisitionDate",
    "AcquisitionTime",
    "AcquisitionDateTime",
    "ContentDate",
    "ContentTime",
    "Modality",
    "Manufacturer",
    "ManufacturerModelName",
    "ProtocolName",
    "ScanningSequence",
    "SequenceVariant",
    "ScanOptions",
    "SequenceName",
    "PulseSequenceName",
    "MRAcquisitionType",
    "ContrastBolusAgent",
    "BodyPartExamined",
    "PhotometricInterpretation",
    "PatientPosition",
    "Units",
    "SUVType",
    "DecayCorrection",
    "CorrectedImage",
    "AttenuationCorrectionMethod",
    "TimezoneOffsetFromUTC",
    "StackID",
    "DecayCorrectionDateTime",
    "DecayCorrected",
    "AttenuationCorrected",
    "EchoPulseSequence",
    "InversionRecovery",
    "SpectrallySelectedSuppression",
    "ContrastBolusAgentNumber",
    "AccessionNumber",
    "ConvolutionKernel",
    "BurnedInAnnotation",
)
"""Elements that are kept as text."""
NUMBER_KEYWORDS = (
    "SeriesNumber",
    "InstanceNumber",
    "AcquisitionNumber",
    "EchoTime",
    "EffectiveEchoTime",
    "RepetitionTime",
    "InversionTime",
    "FlipAngle",
    "EchoNumbers",
    "EchoTrainLength",
    "MagneticFieldStrength",
    "SliceThickness",
    "SpacingBetweenSlices",
    "GantryDetectorTilt",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "RescaleSlope",
    "RescaleIntercept",
    "PatientWeight",
    "PatientSize",
    "FrameReferenceTime",
    "ActualFrameDuration",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "TriggerTime",
    "DiffusionBValue",
    "NumberOfTemporalPositions",
)
"""Elements of which the first value is kept as a number."""
LIST_KEYWORDS = ("ImageType", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "FrameType")
"""Elements of which all values are kept: words for the two types, numbers for the others."""
INJECTION_TEXT = ("RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime", "Radiopharmaceutical")
"""Elements of the Radiopharmaceutical Information Sequence that are kept as text."""
INJECTION_NUMBERS = ("RadionuclideTotalDose", "RadionuclideHalfLife")
"""Elements of the Radiopharmaceutical Information Sequence that are kept as numbers."""


def as_text(value: Any) -> str | None:
    """Convert to text without outer spaces; several values are joined by a backslash. None when it is empty."""
    if value is None:
        return None
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    elif not isinstance(value, str) and hasattr(value, "__iter__") and hasattr(value, "__len__"):
        value = "\\".join(str(part).strip() for part in value) if _is_list(value) else str(value)
    text = str(value).strip(" \0\n\r\t")
    return text or None


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) or type(value).__name__ == "MultiValue"


def as_number(value: Any) -> float | None:
    """Convert the first value to a finite float; None when that is not possible."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace").strip(" \0")
    if isinstance(value, str):
        value = value.split("\\")[0]
    elif value is not None and _is_list(value):
        value = value[0] if len(value) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None


def as_numbers(value: Any) -> tuple[float, ...] | None:
    """Convert all values to floats; None when there are none, or one of them is not a number."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if value is None or value == "":
        return None
    parts = value.split("\\") if isinstance(value, str) else value if hasattr(value, "__iter__") else [value]
    numbers = [as_number(part) for part in parts]
    known = tuple(number for number in numbers if number is not None)
    return known if known and len(known) == len(numbers) else None


def as_words(value: Any) -> tuple[str, ...] | None:
    """Convert to code strings in upper case; None when there are none."""
    text = as_text(value)
    return None if text is None else tuple(part.strip().upper() for part in text.split("\\"))


def text_of(dataset: Any, keyword: str) -> str | None:
    """Return an element as text; None when it is empty or missing."""
    return as_text(dataset.get(keyword))


def number_of(dataset: Any, keyword: str) -> float | None:
    """Return the first value of an element as a number; None when it is empty, missing or not a number."""
    return as_number(dataset.get(keyword))


def list_of(dataset: Any, keyword: str) -> tuple | None:
    """Return a multi-valued element: image types as words, others as floats. None when it is empty or missing."""
    return _reader_of(keyword)(dataset.get(keyword))


def parse_date(text: str | None) -> date | None:
    """Convert a DICOM date (DA, also in the old form with points); None when the text is not a date."""
    digits = (text or "").replace(".", "").replace("-", "").strip()[:8]
    try:
        return datetime.strptime(digits, "%Y%m%d").date()
    except ValueError:
        return None


def parse_time(text: str | None) -> time | None:
    """Convert a DICOM time (TM) of any precision, also with colons; None when the text is not a time."""
    word = (text or "").replace(":", "").strip()
    digits, _, fraction = word.partition(".")
    if len(digits) not in (2, 4, 6) or not digits.isdigit():
        return None
    parts = [int(digits[i : i + 2]) for i in range(0, len(digits), 2)] + [0, 0]
    micro = int((fraction + "000000")[:6]) if fraction.isdigit() else 0
    try:
        return time(parts[0], parts[1], min(parts[2], 59), micro)
    except ValueError:
        return None


def parse_datetime(text: str | None, zone: str | None = None) -> datetime | None:
    """Convert a DICOM date and time (DT) to the clock time of the scanner.

    Parameters
    ----------
    text : str or None
        ``YYYYMMDDHHMMSS.FFFFFF&ZZXX``, with at least the date and the hour.
    zone : str or None
        Timezone Offset From UTC (0008,0201) of the dataset. A DT with another offset is converted to this one.

    Returns
    -------
    datetime or None
        The moment without a time zone; None when the text is not a date and time.
    """
    word = (text or "").strip()
    body, offset = word, None
    for sign in "+-":
        head, found, tail = word.partition(sign)
        if found and len(head) >= 10:
            body, offset = head, _offset_minutes(sign + tail)
    day, clock = parse_date(body[:8]), parse_time(body[8:])
    if day is None or clock is None:
        return None
    moment = datetime.combine(day, clock)
    local = _offset_minutes(zone)
    if offset is not None and local is not None:
        moment += timedelta(minutes=local - offset)
    return moment


def _offset_minutes(text: str | None) -> int | None:
    """Minutes of an offset from UTC that is written like ``+0130``; None when it is not written like this."""
    word = (text or "").strip()
    if len(word) != 5 or word[0] not in "+-" or not word[1:].isdigit():
        return None
    minutes = 60 * int(word[1:3]) + int(word[3:5])
    return -minutes if word[0] == "-" else minutes


def join_datetime(day: str | None, clock: str | None) -> datetime | None:
    """Join a DICOM date (DA) and time (TM) to one moment; None when one of them is missing."""
    parsed_day, parsed_clock = parse_date(day), parse_time(clock)
    return None if parsed_day is None or parsed_clock is None else datetime.combine(parsed_day, parsed_clock)


def _reader_of(keyword: str) -> Callable[[Any], Any]:
    """The function that converts the value of an element."""
    if keyword in ("ImageType", "FrameType"):
        return as_words
    if keyword in LIST_KEYWORDS:
        return as_numbers
    return as_number if keyword in NUMBER_KEYWORDS else as_text


@cache
def wanted_elements() -> dict[int, tuple[str, Callable[[Any], Any], bool]]:
    """Table of the elements that are read: tag -> keyword, function that converts the value, and whether the stored
    bytes are plain ASCII text."""
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    wanted = {}
    for keyword in (*TEXT_KEYWORDS, *NUMBER_KEYWORDS, *LIST_KEYWORDS):
        tag = tag_for_keyword(keyword)
        if tag is None:
            raise ValueError(f"DICOM has no element {keyword}")
        ascii_text = dictionary_VR(tag) in ("AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI")
        wanted[tag] = keyword, _reader_of(keyword), ascii_text
    return wanted


def plain_header(dataset: Any) -> dict[str, Any]:
    """Read the elements that the other rooms need as plain values by keyword. Missing elements are absent.

    The text of ASCII elements is taken from the stored bytes, because building an element object for each of them
    takes most of the time of reading the headers of a folder.
    """
    from pydicom.dataelem import RawDataElement

    header: dict[str, Any] = {}
    wanted = wanted_elements()
    for tag in wanted.keys() & dataset.keys():
        keyword, read, ascii_text = wanted[tag]
        element = dataset.get_item(tag)
        stored = ascii_text and isinstance(element, RawDataElement)
        value = read(element.value if stored else dataset[tag].value)
        if value is not None:
            header[keyword] = value
    meta = getattr(dataset, "file_meta", None) or {}
    settle_modality(header, header.get("SOPClassUID") or as_text(meta.get("MediaStorageSOPClassUID")))
    if header.get("Modality") == "PT":
        header.update(injection_values(dataset))
        header.update(private_values(dataset))
    return header


def settle_modality(header: dict[str, Any], sop_class: str | None) -> None:
    """Write the modality that :func:`.sop_classes.modality_of` finds into a plain header."""
    modality = modality_of(header, sop_class)
    if modality is not None:
        header["Modality"] = modality


def injection_values(dataset: Any) -> dict[str, Any]:
    """Read the first item of the Radiopharmaceutical Information Sequence, and the number of its items."""
    items = dataset.get("RadiopharmaceuticalInformationSequence") or []
    header: dict[str, Any] = {"NumberOfInjections": len(items)}
    if not len(items):
        return header
    found: dict[str, Any] = {keyword: text_of(items[0], keyword) for keyword in INJECTION_TEXT}
    found |= {keyword: number_of(items[0], keyword) for keyword in INJECTION_NUMBERS}
    header.update({keyword: value for keyword, value in found.items() if value is not None})
    for name in ("Radionuclide", "Radiopharmaceutical"):
        codes = items[0].get(f"{name}CodeSequence") or []
        if len(codes):
            header[f"{name}Code"] = text_of(codes[0], "CodeValue")
            header[f"{name}Meaning"] = text_of(codes[0], "CodeMeaning")
    return header


PRIVATE_VALUES = {
    "PhilipsSuvFactor": (0x7053, "Philips PET Private Group", 0x00),
    "PhilipsActivityFactor": (0x7053, "Philips PET Private Group", 0x09),
    "GeScanDateTime": (0x0009, "GEMS_PETD_01", 0x0D),
    "SiemensReferenceDateTime": (0x0071, "SIEMENS MED PT", 0x22),
}
"""Name of a private value -> group, private creator, element within the block of the creator. See docs/domain.md."""


def private_values(dataset: Any) -> dict[str, Any]:
    """Read the private values that SUV needs. Without a private creator in the group the usual block is read."""
    header: dict[str, Any] = {}
    private = {tag for tag in dataset.keys() if (int(tag) >> 16) & 1}  # noqa: SIM118 - iterating builds elements
    for name, (group, creator, element) in PRIVATE_VALUES.items():
        base = group << 16
        written = sorted(tag for tag in private if base + 0x10 <= tag <= base + 0xFF)
        blocks = [tag & 0xFF for tag in written if str(dataset[tag].value).strip().upper() == creator.upper()]
        # Scanners put their values into the first block (0x10), so that it is read when the group has no creator.
        for block in blocks or ([] if written else [0x10]):
            tag = base + (block << 8) + element
            value = dataset[tag].value if tag in private else None
            text = as_text(value)
            if text is None:
                continue
            header[name] = text if "DateTime" in name else as_number(value)
            header[f"{name}CreatorFound"] = bool(blocks)
            break
    return header
