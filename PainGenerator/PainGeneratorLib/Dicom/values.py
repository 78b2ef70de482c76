"""Convert DICOM elements to plain Python values, so that the other modules do not need pydicom datasets."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from ..Numerics.core.printable import one_line
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
    "PatientAge",
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
    "SeriesType",
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
    "DecayFactor",
    "ImageIndex",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "TriggerTime",
    "DiffusionBValue",
    "NumberOfTemporalPositions",
    "NumberOfSlices",
    "ImagesInAcquisition",
    "InConcatenationNumber",
    "InConcatenationTotalNumber",
    "PlanarConfiguration",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
)
"""Elements of which the first value is kept as a number."""
LIST_KEYWORDS = ("ImageType", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "FrameType")
"""Elements of which all values are kept: words for the two types, numbers for the others."""
CHECKED_NUMBERS = (
    "RescaleSlope",
    "RescaleIntercept",
    "PatientWeight",
    "PatientSize",
    "FrameReferenceTime",
    "ActualFrameDuration",
    "DecayFactor",
)
"""Elements of NUMBER_KEYWORDS on which SUV depends: a text that is no number is kept as NaN, so that it is told from a
missing value."""
PADDING = ("PixelPaddingValue", "PixelPaddingRangeLimit")
"""Elements of NUMBER_KEYWORDS that are stored with or without a sign, so that pydicom may give their bytes."""
INJECTION_TEXT = ("RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime", "Radiopharmaceutical")
"""Elements of the Radiopharmaceutical Information Sequence that are kept as text."""
INJECTION_NUMBERS = ("RadionuclideTotalDose", "RadionuclideHalfLife")
"""Elements of the Radiopharmaceutical Information Sequence that are kept as numbers; NaN when the text is none."""


def as_text(value: Any) -> str | None:
    """Convert to text without outer spaces; several values are joined by a backslash. None when it is empty.

    Control characters, which could change a terminal or a page, are taken out here
    (:func:`~PainGeneratorLib.Numerics.core.printable.one_line`).
    """
    if value is None:
        return None
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    elif not isinstance(value, str) and hasattr(value, "__iter__") and hasattr(value, "__len__"):
        value = "\\".join(str(part).strip() for part in value) if _is_list(value) else str(value)
    text = one_line(str(value).strip(" \0\n\r\t"))
    return text or None


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) or type(value).__name__ == "MultiValue"


def as_number(value: Any) -> float | None:
    """Convert the first value to a finite float; None when that is not possible.

    A single comma is read as the decimal point, which some programs write in countries that use it. In DICOM it can
    mean nothing else, as numbers are written without marks between thousands (PS3.5, section 6.2, DS).
    """
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if isinstance(value, str):
        value = _with_a_point(value.split("\\")[0].strip(" \0"))
    elif value is not None and _is_list(value):
        return as_number(value[0]) if len(value) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None


def _with_a_point(text: str) -> str:
    """The text of a number with a decimal point in place of a comma; empty when it has Python's mark of thousands."""
    if "_" in text:
        return ""
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text


def as_checked_number(value: Any) -> float | None:
    """Convert as :func:`as_number`, but NaN for a value that is there and is not a number."""
    number = as_number(value)
    return math.nan if number is None and as_text(value) is not None else number


def as_stored_number(value: Any) -> float | None:
    """Convert as :func:`as_number`; bytes are those of a whole number, little endian."""
    if isinstance(value, bytes):
        return float(int.from_bytes(value, "little")) if len(value) in (2, 4) else None
    return as_number(value)


def as_numbers(value: Any) -> tuple[float, ...] | None:
    """Convert all values to floats; None when there are none, or one of them is not a number."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if value is None or value == "":
        return None
    parts = value.split("\\") if isinstance(value, str) else value if hasattr(value, "__iter__") else [value]
    numbers = [as_number(part) for part in parts]
    return tuple(number for number in numbers if number is not None) or None if None not in numbers else None


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


_DATE = re.compile(r"(\d{4})([-./]?)(\d{2})\2(\d{2})(?!\d)")
"""A date as DICOM writes it (``YYYYMMDD``), in its old form with points, or with dashes or slashes."""
_OFFSET = re.compile(r"(?:([+-])(\d{2}):?(\d{2})|Z)$")
"""An offset from UTC at the end of a text, as DICOM writes it (``+0130``), with a colon, or Z."""
FARTHEST_ZONE_MINUTES = 14 * 60
"""Upper bound of the offset of a time zone from UTC, minutes (PS3.5, section 6.2, DT)."""


def parse_date(text: str | None) -> date | None:
    """Convert a DICOM date (DA, also in the old form with points); None when the text is not a date."""
    found = _DATE.match((text or "").strip())
    try:
        return None if found is None else date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None


def parse_time(text: str | None) -> time | None:
    """Convert a DICOM time (TM) of any precision, also with colons; None when the text is not a time."""
    word = (text or "").replace(":", "").replace(",", ".").strip()
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
        Timezone Offset From UTC (0008,0201) of the dataset. A DT with another offset is converted to this one. Without
        a readable zone the offset of the DT is ignored; see :func:`datetime_offset`.

    Returns
    -------
    datetime or None
        The moment without a time zone; None when the text is not a date and time.
    """
    word = (text or "").strip()
    day = parse_date(word[:8] if word[:8].isdigit() else word[:10])
    if day is None:
        return None
    clock = word[8 if word[:8].isdigit() else 10 :].strip(" T")
    moment = parse_time(_OFFSET.sub("", clock))
    if moment is None:
        return None
    joined = datetime.combine(day, moment)
    offset, local = offset_minutes(datetime_offset(word)), offset_minutes(zone)
    if offset is not None and local is not None:
        joined += timedelta(minutes=local - offset)
    return joined


def datetime_offset(text: str | None) -> str | None:
    """The offset from UTC at the end of a DICOM date and time (DT) as it is written; None when it has none."""
    word = (text or "").strip()
    found = _OFFSET.search(word[10:])
    return None if found is None else found[0]


def offset_minutes(text: str | None) -> int | None:
    """Minutes of an offset from UTC that is written like ``+0130``; None when it is not written like this."""
    found = _OFFSET.fullmatch((text or "").strip())
    if found is None:
        return None
    if found[1] is None:
        return 0
    minutes = 60 * int(found[2]) + int(found[3])
    if minutes > FARTHEST_ZONE_MINUTES:
        return None
    return -minutes if found[1] == "-" else minutes


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
    if keyword in CHECKED_NUMBERS:
        return as_checked_number
    if keyword in PADDING:
        return as_stored_number
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


def plain_header(dataset: Any, modality: str | None = None) -> dict[str, Any]:
    """Read the elements that the other rooms need as plain values by keyword. Missing elements are absent.

    `modality` is that of the file, for a part of a dataset that does not name it.

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
    if header.get("Modality") == "PT" or modality == "PT":
        header.update(injection_values(dataset))
        header.update(private_values(dataset))
    return header


def settle_modality(header: dict[str, Any], sop_class: str | None) -> None:
    """Write the modality that :func:`.sop_classes.modality_of` finds into a plain header."""
    modality = modality_of(header, sop_class)
    if modality is not None:
        header["Modality"] = modality


def injection_values(dataset: Any) -> dict[str, Any]:
    """Read the Radiopharmaceutical Information Sequence.

    Returns
    -------
    dict
        ``Injections``: a tuple with one dict per item, without items that are empty; and the values of the first of
        them by keyword. Empty when there is none.
    """
    items = dataset.get("RadiopharmaceuticalInformationSequence") or []
    injections = tuple(values for values in map(_injection, items) if values)
    return {**injections[0], "Injections": injections} if injections else {}


def _injection(item: Any) -> dict[str, Any]:
    """The values of one item of the Radiopharmaceutical Information Sequence that are there."""
    found: dict[str, Any] = {keyword: text_of(item, keyword) for keyword in INJECTION_TEXT}
    found |= {keyword: as_checked_number(_stored(item, keyword)) for keyword in INJECTION_NUMBERS}
    for name in ("Radionuclide", "Radiopharmaceutical"):
        codes = item.get(f"{name}CodeSequence") or []
        if len(codes):
            found[f"{name}Code"] = text_of(codes[0], "CodeValue")
            found[f"{name}Meaning"] = text_of(codes[0], "CodeMeaning")
    return {keyword: value for keyword, value in found.items() if value is not None}


def _stored(item: Any, keyword: str) -> Any:
    """The value of a number as it is stored, because pydicom refuses texts that are no numbers."""
    from pydicom.dataelem import RawDataElement

    element = item.get_item(keyword)
    is_text = isinstance(element, RawDataElement) and element.VR in (None, "DS", "IS", "UN", "SH", "LO")
    return element.value if is_text else item.get(keyword)


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
        written = sorted(tag for tag in private if (group << 16) + 0x10 <= tag <= (group << 16) + 0xFF)
        blocks = [tag & 0xFF for tag in written if str(dataset[tag].value).strip().upper() == creator.upper()]
        # Scanners put their values into the first block (0x10), so that it is read when the group has no creator.
        for block in blocks or ([] if written else [0x10]):
            tag = (group << 16) + (block << 8) + element
            text = as_text(dataset[tag].value) if tag in private else None
            if text is not None:
                header[name] = text if "DateTime" in name else as_number(dataset[tag].value)
                header[f"{name}CreatorFound"] = bool(blocks)
                break
    return header
