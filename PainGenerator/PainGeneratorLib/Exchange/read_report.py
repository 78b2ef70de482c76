"""Reads structured reports of template TID 1500 back, ours and those of other programs.

The content is walked as it stands in the file, since other programs nest and name it in their own ways. What a report
says is taken only where its code is known; all else is passed over.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..Anatomy import report_codes as own
from ..Dicom.patients import Identity
from ..Numerics.core.coding import Code
from ..Numerics.core.errors import DamagedInput, PainGeneratorError
from .persons import identity_of_object, text_of

_GROUP = ("DCM", "125007")
"""Measurement Group."""
_TRACKING_ID, _TRACKING_UID = ("DCM", "112039"), ("DCM", "112040")
_FINDING = ("DCM", "121071")
_SEGMENT = ("DCM", "121191")
"""Referenced Segment."""
_SITES = (("SCT", "363698007"), ("SRT", "G-C0E3"))
"""Finding Site, as it is coded now and as dcmqi writes it."""
_DERIVATION = ("DCM", "121401")
_PERSON = ("DCM", "121008")
"""Person Observer Name."""


@dataclass(frozen=True)
class ReadNumber:
    """One measurement: its code, what it is called, how it was derived (empty where not said), value and UCUM unit."""

    scheme: str
    code: str
    meaning: str
    derivation: str
    value: float
    unit: str


@dataclass(frozen=True)
class ReadGroup:
    """What a report says of one finding.

    Parameters
    ----------
    tracking_id, tracking_uid : str
    segment : (str, int) or None
        SOP instance UID of the segmentation, and the number of the segment there.
    finding, site : str
        Meanings of the codes; empty where none is given.
    site_codes : tuple of (scheme, value, meaning)
        The codes of the place: structure, then side, level or zone as far as they are given.
    numbers : tuple of ReadNumber
    words : dict of str to str
        What our own reports say: ``status``, ``comment``, ``name``, ``decided_by``, ``decided_at``.
    """

    tracking_id: str
    tracking_uid: str
    segment: tuple[str, int] | None
    finding: str
    site: str
    site_codes: tuple[tuple[str, str, str], ...]
    numbers: tuple[ReadNumber, ...]
    words: dict[str, str]


@dataclass(frozen=True)
class ReadReport:
    """A structured report: whose it is, who made it, and its measurement groups."""

    path: Path
    patient: Identity
    study_uid: str
    observer: str
    groups: tuple[ReadGroup, ...]


def read_report(path: Path) -> ReadReport:
    """Read a structured report.

    Parameters
    ----------
    path : Path

    Raises
    ------
    PainGeneratorError
        The file is no structured report, holds no measurements, or is damaged.
    """
    import pydicom

    try:
        with warnings.catch_warnings():
            # pydicom warns of values that break the standard in small ways. The user cannot act on these warnings.
            warnings.simplefilter("ignore")
            found = pydicom.dcmread(path)
            if text_of(found, "Modality") != "SR":
                raise PainGeneratorError(f"{path} is no structured report.", "Give a DICOM SR with measurements.")
            items = list(_below(found))
            groups = tuple(_group(item) for item in items if _name(item) == _GROUP)
            observer = next((text_of(item, "PersonName") for item in items if _name(item) == _PERSON), "")
    except PainGeneratorError:
        raise
    except Exception as error:
        # pydicom raises errors of many kinds on damaged bytes.
        raise DamagedInput(
            f"The structured report {path} cannot be read: {error}.", "Export it again from its program."
        ) from error
    if not groups:
        raise PainGeneratorError(
            f"The structured report {path} holds no measurement groups (TID 1500).",
            "Give a DICOM SR with measurements.",
        )
    return ReadReport(path, identity_of_object(found), text_of(found, "StudyInstanceUID"), observer, groups)


def _below(item: Any) -> Iterator[Any]:
    """All content items below an item, in their order."""
    for one in item.get("ContentSequence") or ():
        yield one
        yield from _below(one)


def _code(item: Any, keyword: str) -> tuple[str, str]:
    """Scheme and value of a code; empty texts where there is none."""
    found = (item.get(keyword) or [None])[0]
    return text_of(found, "CodingSchemeDesignator"), text_of(found, "CodeValue")


def _meaning(item: Any, keyword: str) -> str:
    return text_of((item.get(keyword) or [None])[0], "CodeMeaning")


def _name(item: Any) -> tuple[str, str]:
    return _code(item, "ConceptNameCodeSequence")


def _group(group: Any) -> ReadGroup:
    texts: dict[tuple[str, str], str] = {}
    finding = site = ""
    codes: tuple[tuple[str, str, str], ...] = ()
    segment: tuple[str, int] | None = None
    numbers: list[ReadNumber] = []
    words: dict[str, str] = {}
    for item in group.get("ContentSequence") or ():
        name = _name(item)
        if "MeasuredValueSequence" in item:
            numbers += _numbers(item)
        elif name == _SEGMENT:
            segment = _segment(item)
        elif name == _FINDING:
            finding = _meaning(item, "ConceptCodeSequence")
        elif name in _SITES:
            answers = [(one, "ConceptCodeSequence") for one in (item, *_below(item))]
            codes = tuple((*_code(*one), _meaning(*one)) for one in answers)
            site = " ".join(meaning for *_code_of_it, meaning in codes)
        elif "TextValue" in item or "UID" in item:
            texts[name] = text_of(item, "TextValue" if "TextValue" in item else "UID")
        elif name == _pair(own.QUESTIONS["status"]):
            answer = _code(item, "ConceptCodeSequence")
            words |= [("status", word) for word, code in own.ANSWERS["status"].items() if _pair(code) == answer]
    words |= {word: texts[_pair(code)] for word, code in own.TEXTS.items() if _pair(code) in texts}
    tracking = texts.get(_TRACKING_ID, ""), texts.get(_TRACKING_UID, "")
    return ReadGroup(*tracking, segment, finding, site, codes, tuple(numbers), words)


def _pair(code: Code) -> tuple[str, str]:
    return code.scheme, code.value


def _numbers(item: Any) -> list[ReadNumber]:
    """The value of a measurement; none where the report gives a reason in place of it."""
    found = (item.MeasuredValueSequence or [None])[0]
    value = None if found is None else found.get("FloatingPointValue", found.get("NumericValue"))
    if value is None:
        return []
    derived = [_meaning(one, "ConceptCodeSequence") for one in _below(item) if _name(one) == _DERIVATION]
    unit = _code(found, "MeasurementUnitsCodeSequence")[1]
    return [
        ReadNumber(*_name(item), _meaning(item, "ConceptNameCodeSequence"), "".join(derived[:1]), float(value), unit)
    ]


def _segment(item: Any) -> tuple[str, int] | None:
    found = (item.get("ReferencedSOPSequence") or [{}])[0]
    number = found.get("ReferencedSegmentNumber")
    if number is None:
        return None
    first = number if isinstance(number, int) else next(iter(number))
    return text_of(found, "ReferencedSOPInstanceUID"), int(first)
