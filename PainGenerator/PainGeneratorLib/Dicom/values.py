"""Plain Python values out of DICOM elements: the rest of this folder never touches a dataset again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

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
LIST_KEYWORDS = ("ImageType", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "FrameType")
INJECTION_TEXT = ("RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime", "Radiopharmaceutical")
INJECTION_NUMBERS = ("RadionuclideTotalDose", "RadionuclideHalfLife")


def as_text(value: Any) -> str | None:
    """Stripped text, several values joined by a backslash; None when empty."""
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
    """The first value as a finite float; None where it is none."""
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
    """All values as floats; None when there are none or one is no number."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if value is None or value == "":
        return None
    parts = value.split("\\") if isinstance(value, str) else value if hasattr(value, "__iter__") else [value]
    numbers = [as_number(part) for part in parts]
    known = tuple(number for number in numbers if number is not None)
    return known if known and len(known) == len(numbers) else None


def as_words(value: Any) -> tuple[str, ...] | None:
    """Code strings in upper case; None when there are none."""
    text = as_text(value)
    return None if text is None else tuple(part.strip().upper() for part in text.split("\\"))


def text_of(dataset: Any, keyword: str) -> str | None:
    """An element as text; None when empty or missing."""
    return as_text(dataset.get(keyword))


def number_of(dataset: Any, keyword: str) -> float | None:
    """An element's first value as a number; None when empty, missing or no number."""
    return as_number(dataset.get(keyword))


def list_of(dataset: Any, keyword: str) -> tuple | None:
    """A multi-valued element as floats, for types of images as words; None when empty or missing."""
    return _reader_of(keyword)(dataset.get(keyword))


def parse_date(text: str | None) -> date | None:
    """DICOM DA (also the old form with points); None when it is none."""
    digits = (text or "").replace(".", "").replace("-", "").strip()[:8]
    try:
        return datetime.strptime(digits, "%Y%m%d").date()
    except ValueError:
        return None


def parse_time(text: str | None) -> time | None:
    """DICOM TM, any precision (also with colons); None when it is none."""
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
    """DICOM DT as the scanner's clock time.

    Parameters
    ----------
    text : str or None
        ``YYYYMMDDHHMMSS.FFFFFF&ZZXX``; needs at least date and hour.
    zone : str or None
        Timezone Offset From UTC (0008,0201) of the dataset; a DT with another offset is brought to it.
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
    word = (text or "").strip()
    if len(word) != 5 or word[0] not in "+-" or not word[1:].isdigit():
        return None
    minutes = 60 * int(word[1:3]) + int(word[3:5])
    return -minutes if word[0] == "-" else minutes


def join_datetime(day: str | None, clock: str | None) -> datetime | None:
    """A moment from a DA and a TM; None when either lacks."""
    parsed_day, parsed_clock = parse_date(day), parse_time(clock)
    return None if parsed_day is None or parsed_clock is None else datetime.combine(parsed_day, parsed_clock)


def _reader_of(keyword: str) -> Callable[[Any], Any]:
    """How the values of an element are made plain."""
    if keyword in ("ImageType", "FrameType"):
        return as_words
    if keyword in LIST_KEYWORDS:
        return as_numbers
    return as_number if keyword in NUMBER_KEYWORDS else as_text


@cache
def wanted_elements() -> dict[int, tuple[str, Callable[[Any], Any], bool]]:
    """Tag -> keyword, reader, and whether the stored bytes are plain ASCII text."""
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
    """The elements that reading, roles, SUV and the report need, as plain values; missing ones are absent.

    Text of known ASCII elements is taken from the stored bytes: building an element object for each costs most of
    the time of reading a folder's headers.
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
    if header.get("Modality") == "PT":
        header.update(injection_values(dataset))
        header.update(private_values(dataset))
    return header


def injection_values(dataset: Any) -> dict[str, Any]:
    """The first item of the Radiopharmaceutical Information Sequence, flat, and the number of items."""
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
"""Name -> group, private creator, element within the creator's block."""


def private_values(dataset: Any) -> dict[str, Any]:
    """The private values that SUV needs, by creator; from the usual block where no creator is given."""
    header: dict[str, Any] = {}
    private = {tag for tag in dataset.keys() if (int(tag) >> 16) & 1}  # noqa: SIM118 - iterating builds elements
    for name, (group, creator, element) in PRIVATE_VALUES.items():
        base = group << 16
        written = sorted(tag for tag in private if base + 0x10 <= tag <= base + 0xFF)
        blocks = [tag & 0xFF for tag in written if str(dataset[tag].value).strip().upper() == creator.upper()]
        # Without any creator in the group the block is taken for the first one, where scanners put it.
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
