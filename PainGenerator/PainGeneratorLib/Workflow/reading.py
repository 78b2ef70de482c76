"""Stage "case": a DICOM folder becomes a case with series by role."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

from ..Anatomy.anatomy_files import read_anatomy_file
from ..Dicom.left_out import choose_with_left_out
from ..Dicom.reader import read_folder
from ..Dicom.roles import RoleAssignment, assign_roles
from ..Dicom.series import DicomFolder, Series
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import AUTO_GROUP, LATERAL_SIDES, Group, Role
from .case import Case, CaseOptions, CaseSeries, Warnings
from .fat_series import computed_facts, fat_series, pair_of
from .file_hashes import file_hashes
from .given_places import refuse_far_places
from .group_witness import (
    AUTO_UNKNOWN,
    GroupSign,
    anatomy_sign,
    auto_words,
    case_signs,
    shown_group,
)
from .image_witness import map_doubts, place_doubts
from .progress import Show, part, silent
from .prosthesis_facts import check_prosthesis_options

FILES_GONE = (
    "Files of the examination could not be read again after their images were: the provenance has no hash for them. "
    "The results are those of the images as they were read."
)
"""What is said when the input is removed while it is read."""


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
    found = read_folder(folder, part(progress, 0.0, 0.5))
    roles = _choose_and_load(found, options, options.resolved_group()[0], part(progress, 0.5, 1.0))
    signs = _signs_of(roles)
    auto_warnings: list[str] = []
    auto_notes: list[str] = []
    if options.group == AUTO_GROUP:
        options, auto_warnings, auto_notes = _with_shown_group(options, signs)
        roles = _choose_and_load(found, options, options.resolved_group()[0], silent)
        signs = _signs_of(roles)
    group, warnings = options.resolved_group()
    protocol = options.protocol()
    notes = Warnings()
    notes.add(*warnings, *auto_warnings, *found.warnings, *roles.warnings)
    series = {role: _case_series(role, chosen) for role, chosen in roles.chosen.items()}
    notes.add(*map_doubts(series))
    notes.add(*place_doubts(series, roles.reference_role, options.pain_sites_ras_mm))
    computed = _add_fat_fraction(roles, group, series, notes)
    pet = roles.pet
    patient = _patient(pet, found)
    check_prosthesis_options(options, patient["study_date"], patient["birth_date"])
    files = _input_files(roles, series)
    hashes = file_hashes(files)
    if None in hashes:
        notes.add(FILES_GONE)
    return Case(
        options=options,
        group=group,
        protocol=protocol,
        reference_role=roles.reference_role,
        series=series,
        pet_header=pet.pet_header,
        patient=patient,
        warnings=notes,
        notes=(*auto_notes, *roles.notes),
        left_out=[(one.what, one.reason) for one in found.left_out],
        all_series=[*(_series_facts(item) for item in roles.series), *computed],
        input_folder=Path(folder),
        input_files=files,
        input_hashes=hashes,
        group_signs=signs,
    )


def _signs_of(roles: RoleAssignment) -> tuple[GroupSign, ...]:
    """Which clinical group the chosen series show."""
    pet, reference = roles.pet, roles.reference
    frame = pet.frame_of_reference_uid
    return case_signs(
        [one.header for one in roles.chosen.values()],
        pet.image,
        reference.image,
        frame is not None and frame == reference.frame_of_reference_uid,
    )


def _with_shown_group(options: CaseOptions, signs: tuple[GroupSign, ...]) -> tuple[CaseOptions, list[str], list[str]]:
    """The options with the group that the case shows in place of ``auto``, warnings, and notes."""
    if options.anatomy is not None:
        anatomy = anatomy_sign(read_anatomy_file(options.anatomy, options.anatomy_labels).structures.values())
        signs = signs if anatomy is None else (*signs, anatomy)
    if options.prosthesis_side is not None:
        return dataclasses.replace(options, group=str(Group.HIP_REPLACEMENT)), [], []
    shown = shown_group(signs)
    if shown is None:
        return dataclasses.replace(options, group=str(Group.LOW_BACK)), [AUTO_UNKNOWN], []
    return dataclasses.replace(options, group=shown), [], [auto_words(shown, signs)]


def _choose_and_load(found: DicomFolder, options: CaseOptions, group: str, progress: Show) -> RoleAssignment:
    """Give roles and load the voxels of the series that have one.

    That pixels cannot be decoded is noticed only now. Then the roles are given again, so that an optional series is
    left aside and a required one is refused.
    """
    while True:
        side = options.prosthesis_side if options.prosthesis_side in LATERAL_SIDES else None
        choose = partial(assign_roles, group=group, side=side)
        roles = choose_with_left_out(found, dict(options.roles), choose)
        refuse_far_places(options, roles.reference, roles.pet)
        failed = False
        for number, chosen in enumerate(roles.chosen.values()):
            start, share = number / len(roles.chosen), 1 / len(roles.chosen)
            try:
                chosen.load(part(progress, start, start + share))
            except PainGeneratorError as error:
                chosen.problem, failed = error, True
        if not failed:
            return roles


def _add_fat_fraction(
    roles: RoleAssignment, group: str, series: dict[str, CaseSeries], notes: Warnings
) -> list[dict[str, Any]]:
    """Add the fat fraction to the series of a case, where water and fat of one acquisition are there; its facts."""
    pair = pair_of(roles, group)
    if pair is None:
        return []
    found, warnings = fat_series(pair, roles.chosen)
    notes.add(*warnings)
    if found is None:
        return []
    series[Role.FAT_FRACTION.value] = found
    return [computed_facts(pair)]


def _input_files(roles: RoleAssignment, series: dict[str, CaseSeries]) -> tuple[Path, ...]:
    """The files of the series that have a role, and of those that one was computed from."""
    files = [file for chosen in roles.chosen.values() for file in chosen.files]
    computed = series.get(Role.FAT_FRACTION.value)
    more = () if computed is None else computed.facts["files"]
    return (*files, *(file for file in more if file not in set(files)))


def _case_series(role: str, series: Series) -> CaseSeries:
    return CaseSeries(
        role=role,
        label=series.label,
        image=series.image,
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
