"""Roles of series: from header facts, with reasons, and by hand."""

from __future__ import annotations

import pytest
from dicom_makers import STIR, T1, T2, ramp, write_series
from PainGeneratorLib.Dicom.pet_choice import choose_pet
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Dicom.roles import assign_roles
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError


@pytest.fixture
def folder(tmp_path):
    """A PET (number 1) and a T1 (number 2); further series are added by `add`."""
    write_series(tmp_path, ramp(), "PT", SeriesNumber=1)
    add(tmp_path, 2, **T1)
    return tmp_path


def add(folder, number: int, kind: str = "MR", stored=None, **values) -> str:
    options = {"skip", "change", "first_position", "spacing", "distance"}
    return write_series(
        folder,
        ramp() if stored is None else stored,
        kind,
        prefix=f"n{number}",
        SeriesNumber=number,
        **{key: value for key, value in values.items() if key not in options},
        **{key: value for key, value in values.items() if key in options},
    )


def roles_of(folder, **overrides):
    return assign_roles(read_folder(folder), overrides)


def numbers(assignment) -> dict[str, int]:
    return {role: series.number for role, series in assignment.chosen.items()}


def refusal(folder, overrides=None) -> PainGeneratorError:
    with pytest.raises(PainGeneratorError) as caught:
        assign_roles(read_folder(folder), overrides or {})
    return caught.value


def test_sequence_times_give_the_roles_and_the_reasons(folder):
    add(folder, 3, **T2)
    add(folder, 4, **STIR)
    add(folder, 5, ContrastBolusAgent="Gadovist", **T1)
    found = roles_of(folder)
    assert numbers(found) == {"PET": 1, "T1": 2, "T2": 3, "FLUID": 4, "CONTRAST": 5}
    assert found.reference_role == "T1"
    reasons = {series.number: series.role_reason for series in found.series}
    assert reasons[1] == "The only attenuation-corrected PET series."
    assert reasons[2] == "T1-weighted: spin echo with TE 11 ms and TR 550 ms."
    assert reasons[4] == "STIR: inversion recovery with TI 200 ms, which suppresses fat."
    assert reasons[5].startswith("T1-weighted after contrast agent")


WEIGHTINGS = {
    "FLUID by fat saturation": ({**T2, "ScanOptions": ["FS", "SFS"]}, "FLUID"),
    "FLUID by Dixon water": ({**T2, "ImageType": ["DERIVED", "PRIMARY", "DIXON", "WATER"]}, "FLUID"),
    "FLUID by proton density with fat saturation": (
        {**T2, "EchoTime": 35.0, "SeriesDescription": "pd_tse_fs_cor"},
        "FLUID",
    ),
    "T2 by Dixon in-phase": ({**T2, "ImageType": ["DERIVED", "PRIMARY", "DIXON", "IN_PHASE"]}, "T2"),
    "OTHER by Dixon fat": ({**T2, "ImageType": ["DERIVED", "PRIMARY", "DIXON", "FAT"]}, "OTHER"),
    "OTHER by proton density": ({**T2, "EchoTime": 30.0}, "OTHER"),
    "OTHER by the name proton density with the times of T1": (
        {**T1, "RepetitionTime": 1300.0, "SeriesDescription": "pd_tse_sag"},
        "OTHER",
    ),
    "OTHER by fat-saturated T1 without contrast": ({**T1, "ScanOptions": "FS"}, "OTHER"),
    "CONTRAST by description": ({**T1, "SeriesDescription": "t1 tse fs sag post gd"}, "CONTRAST"),
    "T1 where the description denies contrast": ({**T1, "SeriesDescription": "t1 pre contrast"}, "T1"),
    "OTHER by diffusion": ({"ScanningSequence": "EP", "EchoTime": 70.0, "RepetitionTime": 5000.0}, "OTHER"),
    "OTHER by phase": ({**T2, "ImageType": ["ORIGINAL", "PRIMARY", "P"]}, "OTHER"),
    "OTHER by T2*": ({"ScanningSequence": "GR", "EchoTime": 20.0, "RepetitionTime": 600.0}, "OTHER"),
    "OTHER by FLAIR": ({**STIR, "EchoTime": 90.0, "InversionTime": 2200.0}, "OTHER"),
    "OTHER by angiography": ({**T2, "SeriesDescription": "MRCP"}, "OTHER"),
    "FLUID by STIR without TI": ({**STIR, "InversionTime": None, "SeriesDescription": "t2_stir_sag"}, "FLUID"),
    "FLUID by a long TI that is named STIR": (
        {**STIR, "InversionTime": 330.0, "SeriesDescription": "t2_tirm_cor_warp"},
        "FLUID",
    ),
    "FLUID by the TI that nulls fat at 3 T": ({**STIR, "InversionTime": 266.0}, "FLUID"),
    "FLUID by description": (
        {"ScanningSequence": "SE", "SeriesDescription": "AXIAL SE T2 FAT SAT - RESEARCH"},
        "FLUID",
    ),
    "T2 by description": ({"SeriesDescription": "T2_TSE_SAG"}, "T2"),
    "FLUID by STIR description": ({"SeriesDescription": "cor_TIRM"}, "FLUID"),
    "OTHER by star description": ({"SeriesDescription": "T2* medic"}, "OTHER"),
    "OTHER by no description": ({"SeriesDescription": "x"}, "OTHER"),
    "T2 whatever its description says": ({**T2, "SeriesDescription": "T1 sag"}, "T2"),
    "OTHER by two slices": ({**T2, "stored": ramp(2)}, "OTHER"),
}


@pytest.mark.parametrize("case", WEIGHTINGS)
def test_role_is_given(folder, case):
    values, role = WEIGHTINGS[case]
    add(folder, 3, **values)
    series = next(series for series in roles_of(folder).series if series.number == 3)
    assert series.role == role
    assert series.role_reason.endswith(".")


def test_a_proton_density_image_serves_as_t1_only_when_it_is_given_and_then_it_is_told(folder):
    add(folder, 3, **{**T2, "EchoTime": 30.0})
    assert not any("proton density" in text for text in roles_of(folder).warnings)
    given = roles_of(folder, **{"3": "T1"})
    assert numbers(given)["T1"] == 3
    (told,) = [text for text in given.warnings if "proton density" in text]
    assert "was given the role T1" in told
    assert not any("proton density" in text for text in roles_of(folder, **{"2": "T1"}).warnings)


def test_contrast_series_that_deny_contrast_compete_for_t1(folder):
    add(folder, 3, stored=ramp(9), **{**T1, "SeriesDescription": "t1 pre contrast"})
    assert numbers(roles_of(folder))["T1"] == 3


def test_a_corrected_pet_is_chosen_over_an_uncorrected_one(folder):
    add(folder, 3, "PT", CorrectedImage=["DECY"], SeriesDescription="PET NAC")
    found = roles_of(folder)
    assert found.pet.number == 1
    assert found.pet.role_reason == "Attenuation-corrected, unlike the other PET series."
    assert next(s for s in found.series if s.number == 3).role == "OTHER"


def test_two_corrected_pet_series_must_be_settled_by_hand(folder):
    add(folder, 3, "PT", SeriesDescription="PET AC HD")
    error = refusal(folder)
    assert "1 'PET AC' (PT), 3 'PET AC HD' (PT)" in error.reason
    assert "--role SERIES=PET" in error.advice
    assert roles_of(folder, **{"3": "PET"}).pet.number == 3
    assert roles_of(folder, **{"3": "other"}).pet.number == 1


def test_no_pet_and_only_an_uncorrected_pet_are_refused(tmp_path):
    add(tmp_path, 2, **T1)
    assert "no PET series among the 1 series" in refusal(tmp_path).reason
    add(tmp_path, 3, "PT", CorrectedImage=["DECY"], SeriesDescription="PET NAC")
    assert "there is only 3 'PET NAC'" in refusal(tmp_path).reason


def test_no_mr_and_unrecognized_mr_are_refused(tmp_path):
    write_series(tmp_path, ramp(), "PT")
    assert "no MR series" in refusal(tmp_path).reason
    assert choose_pet(read_folder(tmp_path)).role == "PET"
    add(tmp_path, 2, SeriesDescription="x")
    error = refusal(tmp_path)
    assert "None of the 1 MR series" in error.reason
    assert "2 'x' (MR)" in error.advice
    assert roles_of(tmp_path, **{"2": "T2"}).reference_role == "T2"


def test_without_t1_the_next_best_is_the_reference_and_it_is_said(tmp_path):
    write_series(tmp_path, ramp(), "PT")
    add(tmp_path, 4, **STIR)
    add(tmp_path, 5, **T2)
    found = roles_of(tmp_path)
    assert found.reference.number == 5
    assert "There is no T1 series; series 5 'sag second' (T2) is the reference." in found.warnings


def test_ct_and_dixon_of_the_pet_frame_are_for_attenuation(folder):
    add(folder, 3, "CT", SeriesDescription="CT AC")
    assert numbers(roles_of(folder))["ATTENUATION"] == 3
    gradient = {"ScanningSequence": "GR", "EchoTime": 2.5, "RepetitionTime": 4.0}
    for number, part in enumerate(("WATER", "FAT", "IN_PHASE", "OPP_PHASE"), start=4):
        add(folder, number, ImageType=["DERIVED", "PRIMARY", "DIXON", part], **gradient)
    add(folder, 8, SeriesDescription="MRAC_UMAP", **gradient)
    found = roles_of(folder)
    assert numbers(found)["ATTENUATION"] == 6
    assert not any(note.startswith("ATTENUATION") for note in found.notes)
    assert found.chosen["T1"].number == 2
    assert "Not used" in next(s for s in found.series if s.number == 3).role_reason


def test_what_lies_in_another_frame_is_not_for_attenuation(folder):
    gradient = {"ScanningSequence": "GR", "EchoTime": 2.5, "RepetitionTime": 4.0}
    add(folder, 3, "CT", FrameOfReferenceUID="9.9")
    add(folder, 4, FrameOfReferenceUID="9.9", ImageType=["DERIVED", "PRIMARY", "DIXON", "WATER"], **gradient)
    add(folder, 5, FrameOfReferenceUID="9.9", SeriesDescription="umap", **gradient)
    found = roles_of(folder)
    assert "ATTENUATION" not in found.chosen
    reasons = {series.number: series.role_reason for series in found.series}
    assert reasons[3] == "CT in another frame of reference than the PET."
    assert "another frame of reference" in reasons[5]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"stored": ramp(9)}, "it covers more"),
        ({"stored": ramp(5, 12, 14), "spacing": (0.75, 1.0)}, "its resolution is higher"),
        ({"AcquisitionTime": "113000"}, "it is the later one"),
    ],
)
def test_a_choice_between_equals_is_named(folder, values, why):
    add(folder, 3, **T1, **values)
    found = roles_of(folder)
    assert found.chosen["T1"].number == 3
    assert f"T1: series 3 'sag first' was chosen over series 2 'sag first', because {why}." in found.notes


def test_a_sharper_series_loses_against_the_better_sequence(folder):
    add(folder, 3, **STIR)
    add(folder, 4, stored=ramp(9), **{**T2, "ScanOptions": "FS"})
    found = roles_of(folder)
    assert found.chosen["FLUID"].number == 3
    assert any("its sequence is the better one" in note for note in found.notes)


def test_days_between_pet_and_mr_are_told_and_many_are_warned_about(folder):
    later = {"StudyDate": "20250301", "SeriesDate": "20250301", "AcquisitionDate": "20250301"}
    add(folder, 3, **T2, **later)
    found = roles_of(folder)
    assert found.days_between == {"T1": 0, "T2": 58}
    assert "Days between PET and MR: 0 and 58." in found.notes
    assert any("58 days lie between the PET (2025-01-02) and the T2 series" in text for text in found.warnings)


def test_unknown_dates_are_told(folder):
    add(folder, 3, **T2, StudyDate=None, SeriesDate=None, AcquisitionDate=None)
    assert any("are not known" in text for text in roles_of(folder).warnings)


def test_a_series_can_be_named_by_number_part_or_uid(folder):
    uid = add(folder, 3, **T2)
    write_series(folder, ramp(), SeriesNumber=3, SeriesInstanceUID=uid, **{**T2, "EchoTime": 20.0})
    listed = read_folder(folder)
    parts = [series for series in listed.series if series.series_uid == uid]
    assert [part.uid for part in parts] == [f"{uid}/1", f"{uid}/2"]
    by_uid = assign_roles(listed, {f"{uid}/2": "FLUID"})
    assert by_uid.chosen["FLUID"].uid == f"{uid}/2"
    assert by_uid.chosen["FLUID"].role_reason == "Chosen by hand."
    assert roles_of(folder, **{"2": "T2"}).chosen["T2"].number == 2


def test_overrides_that_do_not_fit_are_refused_with_the_list(folder):
    uid = add(folder, 3, **T2)
    write_series(folder, ramp(), SeriesNumber=3, SeriesInstanceUID=uid, **{**T2, "EchoTime": 20.0})
    assert "'T9' is not a role" in refusal(folder, {"2": "T9"}).reason
    error = refusal(folder, {"17": "T1"})
    assert "'17' fits no series" in error.reason
    assert "1 'PET AC' (PT), 2 'sag first' (MR)" in error.advice
    assert "fits 2 series" in refusal(folder, {uid: "T2"}).reason
    assert "is MR, which cannot be PET" in refusal(folder, {"2": "PET"}).reason
    assert "is PT, which cannot be T1" in refusal(folder, {"1": "T1"}).reason
    assert "was given to" in refusal(folder, {f"{uid}/1": "T2", f"{uid}/2": "T2"}).reason
    number = read_folder(folder).series[1].uid
    assert "given two roles" in refusal(folder, {"2": "T1", number: "T2"}).reason


def test_a_chosen_series_with_a_missing_slice_is_refused(tmp_path):
    write_series(tmp_path, ramp(), "PT")
    add(tmp_path, 2, stored=ramp(6), skip=(2,), **T1)
    error = refusal(tmp_path)
    assert error.reason.startswith("The T1 (series 2 'sag first') cannot be used: Slices are missing: 1 between")
    assert "Copy the whole series" in error.advice


def test_a_pet_with_a_missing_slice_is_refused(tmp_path):
    add(tmp_path, 2, **T1)
    add(tmp_path, 1, "PT", stored=ramp(6), skip=(2,))
    assert "The PET (series 1 'PET AC') cannot be used" in refusal(tmp_path).reason
    with pytest.raises(PainGeneratorError, match="Slices are missing"):
        choose_pet(read_folder(tmp_path), {"1": "PET"})


def test_an_incomplete_series_is_left_aside_where_a_complete_one_exists(folder):
    add(folder, 3, stored=ramp(12), skip=(4,), **T1)
    found = roles_of(folder)
    assert found.chosen["T1"].number == 2
    assert any(text.startswith("series 3 'sag first' was left aside: Slices are missing") for text in found.warnings)


def test_an_incomplete_series_without_a_role_disturbs_nobody(folder):
    add(folder, 3, stored=ramp(6), skip=(2,), SeriesDescription="x")
    assert numbers(roles_of(folder)) == {"PET": 1, "T1": 2}
