"""A study and a patient in lines for people."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from .record_fields import typed_fields
from .records import REPEATED, Case, Patient, StudyData


def study_lines(data: StudyData) -> list[str]:
    """One line for the study, and one for each patient."""
    lines = [f"{data.name}: {_counted(len(data.patients), 'patient', 'patients')}"]
    for one in data.patients:
        counts = ", ".join(
            _counted(len(getattr(one, place)), kind, place.replace("_", "-"))
            for kind, (_type, place) in REPEATED.items()
            if getattr(one, place)
        )
        arm = one.arm or "no arm"
        lines.append(f"{one.pseudonym}  {one.group}  {arm}  {counts or 'no records'}")
    return lines


def _counted(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def patient_lines(patient: Patient) -> list[str]:
    """What is known of a patient, and the time line: a line for each record, by date."""
    own = _said(patient, without=("pseudonym", "strata"))
    strata = "".join(f", {name} {value}" for name, value in patient.strata.items())
    lines = [f"{patient.pseudonym} (version {patient.version}): {own}{strata}"]
    entries = [
        (date_of(record), order, kind, record)
        for order, (kind, (_type, place)) in enumerate(REPEATED.items())
        for record in getattr(patient, place)
    ]
    for date, _order, kind, record in sorted(entries, key=lambda entry: (entry[0] or datetime.date.min, entry[1])):
        shown = date or "no date   "
        said = _case_said(record) if isinstance(record, Case) else _said(record, without=("date",))
        lines.append(f"{shown}  {kind} {record.number} (version {record.version}): {said}")
        if isinstance(record, Case):
            lines += [f"            {_candidate_said(record, one)}" for one in record.candidates]
    return lines


def date_of(record: Any) -> datetime.date | None:
    """When a record happened; the date of the scan for a case."""
    found: datetime.date | None = record.scan_date if isinstance(record, Case) else record.date
    return found


def record_with(patient: Patient, kind: str, key: str) -> Any:
    """The record of a patient with a number, ``1/PG-01`` for a candidate; None where there is none."""
    if kind == "patient":
        return patient
    if kind == "candidate":
        number, _, name = key.partition("/")
        cases = [one for one in patient.cases if str(one.number) == number]
        return next((one for case in cases for one in case.candidates if one.id == name), None)
    return next((one for one in getattr(patient, REPEATED[kind][1]) if str(one.number) == key), None)


def _case_said(case: Case) -> str:
    aligned = ", ".join(f"{role} {verdict}" for role, verdict in case.alignment.items())
    return (
        f"{len(case.candidates)} candidates, PainGenerator {case.software_version}, "
        f"SUV {case.suv_basis.get('path', '')}, "
        f"{_images_said(case)}; {aligned or 'nothing to align'}"
    )


def _images_said(case: Case) -> str:
    count = sum(":" not in one for one in case.input_hashes)
    return f"{count} input files" if count else "images of the scene"


def _candidate_said(case: Case, candidate: Any) -> str:
    readings = [one for one in (candidate.reader, candidate.second_reader) if one is not None]
    said = "".join(f"; {one.reader or 'reader not named'}: {one.status}" for one in readings)
    return f"{case.number}/{candidate.id} {candidate.name}, {candidate.evidence}, {candidate.status}{said}"


def _said(record: Any, without: tuple[str, ...]) -> str:
    values = {name: getattr(record, name) for name in typed_fields(type(record)) if name not in without}
    return ", ".join(
        f"{name.replace('_', '-')} {_shown(value)}" for name, value in values.items() if not _is_empty(value)
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "+".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _is_empty(value: Any) -> bool:
    return value is None or (not isinstance(value, (bool, int, float)) and not value)
