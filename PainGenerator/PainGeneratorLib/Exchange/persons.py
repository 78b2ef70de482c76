"""Whose a case and an object are."""

from __future__ import annotations

from typing import Any

from ..Dicom.patients import Identity
from ..Numerics.core.printable import printable
from ..Workflow.case import Case


def text_of(item: Any | None, keyword: str) -> str:
    """A value of a header as text that can be shown; empty where there is none."""
    return printable(str(item.get(keyword) or "").strip()) if item is not None else ""


def identity_of_object(header: Any) -> Identity:
    """Whom an object is of."""
    studies = {text_of(header, keyword) for keyword in ("StudyInstanceUID", "FrameOfReferenceUID")} - {""}
    return Identity(
        text_of(header, "PatientID"),
        text_of(header, "PatientName"),
        text_of(header, "PatientBirthDate"),
        frozenset(studies),
    )


def studies_of_case(case: Case) -> frozenset[str]:
    """The Study Instance UIDs of a case; empty where it was not read from DICOM files."""
    return frozenset(str(one.facts["study_uid"]) for one in case.series.values() if one.facts.get("study_uid"))


def identity_of_case(case: Case) -> Identity:
    """Whom a case is of, by the header of the PET."""
    frames = {str(one.frame_of_reference) for one in case.series.values() if one.frame_of_reference}
    patient = case.patient
    return Identity(
        patient.get("patient_id") or "",
        patient.get("patient_name") or "",
        patient.get("birth_date") or "",
        studies_of_case(case) | frames,
    )
