"""Which clinical group images, headers and bones show, and what is said where another one is read."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Anatomy.labels import structure_of_name
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.core.words import Group
from PainGeneratorLib.Workflow.group_witness import (
    GroupSign,
    anatomy_sign,
    auto_words,
    field_sign,
    group_doubt,
    header_sign,
    shown_group,
    shown_sentence,
)

HIPS = GroupSign("hip-replacement", "both legs are seen", True)
SPINE = GroupSign("low-back", "no hip joint is shown", True)
NAMED_SPINE = GroupSign("low-back", "the DICOM headers name the lumbar spine", False)


def body(leg_rows: int, rows: int = 60, gap: int = 5) -> Image:
    """A PET of 8 mm: a trunk 400 mm wide over two legs that are parted by a gap, 1 within and 0 outside."""
    geometry = Geometry((rows, 40, 70), np.array([[8.0, 0, 0, -276], [0, 8.0, 0, -156], [0, 0, 8.0, 0], [0, 0, 0, 1]]))
    array = np.zeros(geometry.shape, dtype=np.float32)
    front, right = np.mgrid[0:40, 0:70]
    trunk = ((right - 34.5) / 25.0) ** 2 + ((front - 19.5) / 13.0) ** 2 <= 1.0
    leg = [((right - 34.5 + side * (gap + 9)) / 9.5) ** 2 + ((front - 19.5) / 10.0) ** 2 <= 1.0 for side in (-1, 1)]
    array[:leg_rows] = leg[0] | leg[1]
    array[leg_rows:] = trunk
    return Image(array, geometry)


def field(low_mm: float, high_mm: float, half_width_mm: float) -> Image:
    """An MR whose field of view has these ends; its voxels do not count."""
    size = np.array([2 * half_width_mm, 200.0, high_mm - low_mm])
    matrix = np.diag([*(size / 9.0), 1.0])
    matrix[:3, 3] = [-half_width_mm, -100.0, low_mm]
    return Image(np.ones((10, 10, 10), dtype=np.float32), Geometry((10, 10, 10), matrix))


def test_legs_over_a_large_part_of_the_mr_show_hips() -> None:
    sign = field_sign(body(leg_rows=20), field(20.0, 420.0, 190.0), is_same_frame=True)
    assert sign is not None
    assert (sign.group, sign.is_strong) == ("hip-replacement", True)
    assert "legs are seen over" in sign.text


def test_a_narrow_mr_above_the_legs_shows_a_lower_back() -> None:
    sign = field_sign(body(leg_rows=20), field(200.0, 440.0, 50.0), is_same_frame=True)
    assert sign is not None
    assert sign.group == "low-back"
    assert "shows no hip joint" in sign.text


def test_a_wide_mr_without_legs_shows_neither() -> None:
    assert field_sign(body(leg_rows=20), field(200.0, 440.0, 190.0), is_same_frame=True) is None


def test_the_whole_body_shows_neither() -> None:
    assert field_sign(body(leg_rows=9), field(0.0, 470.0, 190.0), is_same_frame=True) is None


@pytest.mark.parametrize(
    ("headers", "group"),
    [
        ([{"SeriesDescription": "t1_tse_cor", "BodyPartExamined": "HIP"}], "hip-replacement"),
        ([{"SeriesDescription": "PET_AC", "BodyPartExamined": "LSPINE"}], "low-back"),
        ([{"SeriesDescription": "t1_tse", "StudyDescription": "MR LWS"}], "low-back"),
        ([{"SeriesDescription": "t1_tse_cor", "BodyPartExamined": "HIP"}, {"BodyPartExamined": "LSPINE"}], None),
        ([{"SeriesDescription": "t1_tse_cor"}], None),
        ([], None),
    ],
)
def test_headers_show_a_group_where_they_agree(headers: list[dict[str, str]], group: str | None) -> None:
    sign = header_sign(headers)
    assert (None if sign is None else (sign.group, sign.is_strong)) == (None if group is None else (group, False))


@pytest.mark.parametrize(
    ("names", "group"),
    [
        (["femur_left", "hip_left", "implant_left", "sacrum"], "hip-replacement"),
        (["vertebrae_L3", "vertebrae_L4", "vertebrae_L5", "hip_left"], "low-back"),
        (["vertebrae_L3", "vertebrae_L4", "vertebrae_L5", "femur_left"], None),
        (["vertebrae_L5", "sacrum", "hip_left"], None),
        (["liver"], None),
    ],
)
def test_bones_of_a_segmentation_show_a_group(names: list[str], group: str | None) -> None:
    sign = anatomy_sign(map(structure_of_name, names))
    assert (None if sign is None else sign.group) == group


def test_images_and_bones_outweigh_names_and_must_agree() -> None:
    assert shown_group([HIPS, NAMED_SPINE]) == "hip-replacement"
    assert shown_group([NAMED_SPINE]) == "low-back"
    assert shown_group([HIPS, SPINE]) is None
    assert shown_group([]) is None


def test_a_contradiction_is_said_with_its_signs_and_agreement_is_not() -> None:
    doubt = group_doubt(Group.LOW_BACK, [HIPS, NAMED_SPINE])
    assert doubt is not None
    assert doubt.startswith("The case is read as low back, but images and scene show hips: both legs are seen.")
    assert group_doubt(Group.HIP_REPLACEMENT, [HIPS]) is None
    assert group_doubt(Group.LOW_BACK, [HIPS, SPINE]) is None
    assert group_doubt(Group.LOW_BACK, []) is None


def test_what_is_shown_is_said_in_one_sentence() -> None:
    assert shown_sentence([SPINE, NAMED_SPINE]) == (
        "Images and scene show a lower back: no hip joint is shown, and the DICOM headers name the lumbar spine."
    )
    assert shown_sentence([HIPS, SPINE]) == ""
    assert auto_words(Group.HIP_REPLACEMENT, [HIPS]) == (
        "The clinical group was found: hip replacement, as both legs are seen."
    )
