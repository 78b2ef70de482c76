"""Refusals that name what was seen, and optional series that are left aside."""

from __future__ import annotations

import pytest
from dicom_makers import T1, T2, ramp, write_series
from PainGeneratorLib.Dicom.left_out import choose_with_left_out
from PainGeneratorLib.Dicom.pet_choice import choose_pet
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Dicom.roles import assign_roles
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError


def refusal(folder, overrides=None) -> PainGeneratorError:
    with pytest.raises(PainGeneratorError) as caught:
        choose_with_left_out(read_folder(folder), overrides or {}, assign_roles)
    return caught.value


def test_a_refusal_lists_what_was_read_and_what_was_left_out(tmp_path):
    write_series(tmp_path, ramp(), SeriesNumber=2, **T1)
    write_series(tmp_path, ramp(3), SeriesNumber=9, SeriesDescription="localizer", prefix="loc")
    reason = refusal(tmp_path).reason
    assert "no PET series" in reason
    assert "Read were: 2 'sag first' (MR)." in reason
    assert "Left out: series 9 MR 'localizer' (3 images): localizer." in reason


def test_a_long_list_is_cut(tmp_path):
    write_series(tmp_path, ramp(), SeriesNumber=2, **T1)
    for number in range(20):
        write_series(tmp_path, ramp(1), SeriesNumber=30 + number, SeriesDescription="localizer", prefix=f"{number}")
    assert refusal(tmp_path).reason.endswith("; and 8 more.")


def test_a_projection_that_is_none_comes_back_by_its_role(tmp_path):
    write_series(tmp_path, ramp(), "PT", SeriesNumber=5, SeriesDescription="PET MIP range")
    pet = choose_with_left_out(read_folder(tmp_path), {"5": "PET"}, choose_pet, ("PT",))
    assert (pet.number, pet.n_slices) == (5, 5)


def test_a_role_for_images_that_cannot_be_used_is_refused_with_the_reason(tmp_path):
    write_series(tmp_path, ramp(), "PT", SeriesNumber=5, prefix="pet")
    write_series(tmp_path, ramp(), SeriesNumber=2, change=lambda k, d: delattr(d, "PixelSpacing"), **T1)
    error = refusal(tmp_path, {"2": "T1"})
    assert "no PixelSpacing" in error.reason
    assert "5 'PET AC'" in error.advice


def test_a_series_that_is_left_aside_keeps_no_role_and_says_why(tmp_path):
    write_series(tmp_path, ramp(), "PT", SeriesNumber=5)
    write_series(tmp_path, ramp(), SeriesNumber=2, **T1)
    write_series(tmp_path, ramp(), SeriesNumber=3, skip=(2,), **T2)
    roles = assign_roles(read_folder(tmp_path))
    assert set(roles.chosen) == {"PET", "T1"}
    aside = next(series for series in roles.series if series.number == 3)
    assert aside.role == "OTHER"
    assert "Slices are missing" in aside.role_reason
    assert [text for text in roles.warnings if "left aside, so that there is no T2 series" in text]


def test_the_next_series_is_the_reference_when_the_t1_cannot_be_used(tmp_path):
    write_series(tmp_path, ramp(), "PT", SeriesNumber=5)
    write_series(tmp_path, ramp(), SeriesNumber=2, skip=(2,), **T1)
    write_series(tmp_path, ramp(), SeriesNumber=3, **T2)
    roles = assign_roles(read_folder(tmp_path))
    assert roles.reference_role == "T2"
    assert [text for text in roles.warnings if "no usable T1 series" in text]


def test_a_projection_with_the_number_of_the_pet_stays_left_out(tmp_path):
    write_series(tmp_path, ramp(), "PT", SeriesNumber=5, prefix="pet")
    write_series(tmp_path, ramp(2), "PT", SeriesNumber=5, SeriesDescription="PET MIP", prefix="mip")
    pet = choose_with_left_out(read_folder(tmp_path), {"5": "PET"}, choose_pet, ("PT",))
    assert pet.description == "PET AC"
