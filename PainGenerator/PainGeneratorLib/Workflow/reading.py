"""Stage "case": a DICOM folder becomes a case with series by role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..Dicom.reader import read_folder
from ..Dicom.roles import assign_roles
from ..Dicom.series import DicomFolder, Series
from .case import Case, CaseOptions, CaseSeries, Warnings
from .image_witness import map_doubts
from .progress import Show, part, silent


def read_case_folder(folder: Path, options: CaseOptions, progress: Show = silent) -> Case:
    """Read a DICOM folder, give roles to its series, and load the voxels of the series that have one.

    Parameters
    ----------
    folder : Path
        Any nesting of files; never written to.
    options : CaseOptions
    progress : callable, optional

    Raises
    ------
    PainGeneratorError
        The folder cannot be used; the text says why and what to do.
    """
    group, warnings = options.resolved_group()
    protocol = options.protocol()
    found = read_folder(folder, part(progress, 0.0, 0.5))
    roles = assign_roles(found, dict(options.roles), group)
    notes = Warnings()
    notes.add(*warnings, *found.warnings, *roles.warnings)
    series = {}
    for number, (role, chosen) in enumerate(roles.chosen.items()):
        start = 0.5 + 0.5 * number / len(roles.chosen)
        load = part(progress, start, start + 0.5 / len(roles.chosen))
        series[role] = _case_series(role, chosen, load)
    notes.add(*map_doubts(series))
    pet = roles.pet
    return Case(
        options=options,
        group=group,
        protocol=protocol,
        reference_role=roles.reference_role,
        series=series,
        pet_header=pet.pet_header,
        patient=_patient(pet, found),
        warnings=notes,
        notes=tuple(roles.notes),
        left_out=list(found.left_out),
        all_series=[_series_facts(item) for item in roles.series],
        input_folder=Path(folder),
        input_files=tuple(file for chosen in roles.chosen.values() for file in chosen.files),
    )


def _case_series(role: str, series: Series, progress: Show) -> CaseSeries:
    image = series.load(progress)
    return CaseSeries(
        role=role,
        label=series.label,
        image=image,
        modality=series.modality,
        frame_of_reference=series.frame_of_reference_uid,
        facts={
            **_series_facts(series),
            "study_uid": series.study_uid,
            "sop_instance_uids": series.sop_instance_uids,
            "frame_numbers": series.frame_numbers,
            "files": series.files,
        },
    )


def _series_facts(series: Series) -> dict[str, Any]:
    """What report and provenance say about a series."""
    return {
        "role": series.role,
        "number": series.number,
        "description": series.description,
        "modality": series.modality,
        "date": None if series.date is None else series.date.isoformat(),
        "reason": series.role_reason,
        "uid": series.uid,
        "series_uid": series.series_uid,
        "n_slices": series.n_slices,
    }


def _patient(pet: Series, folder: DicomFolder) -> dict[str, Any]:
    header = pet.header
    study_date = pet.study_date
    return {
        "patient_name": pet.patient_name,
        "patient_id": pet.patient_id,
        "birth_date": header.get("PatientBirthDate"),
        "sex": header.get("PatientSex"),
        "study_date": None if study_date is None else study_date.isoformat(),
        "study_description": header.get("StudyDescription"),
    }
