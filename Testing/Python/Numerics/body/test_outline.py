"""The outline of a body on an MR: sides in view, the middle, one leg, and whether a plane of symmetry fits."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.outline import (
    HALF_BODY_LEAST_MM,
    HALF_BODY_MOST_MM,
    BodyOutline,
    middle_from_one_side,
    outline_on_mr,
    plane_fits_outline,
)
from PainGeneratorLib.Numerics.body.symmetry import RELIABLE_QUALITY, SymmetryPlane
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import LEFT_RAS, Geometry, Image

VOXEL_MM = 8.0


def picture(low_r: float, high_r: float, view: tuple[float, float] = (-300.0, 300.0)) -> Image:
    """A body from `low_r` to `high_r` (R, mm) in a field of view across the patient; i runs to the patient's right."""
    count = round((view[1] - view[0]) / VOXEL_MM)
    matrix = np.diag([VOXEL_MM, VOXEL_MM, VOXEL_MM, 1.0])
    matrix[:3, 3] = [view[0], -60.0, 0.0]
    right = view[0] + VOXEL_MM * np.arange(count)
    array = np.zeros((16, 16, count), dtype=np.float32)
    array[:, 3:13, (right >= low_r) & (right <= high_r)] = 100.0
    return Image(array, Geometry((16, 16, count), matrix))


def plane(at_r: float, quality: float = 1.0) -> SymmetryPlane:
    return SymmetryPlane(np.array([at_r, 0.0, 0.0]), LEFT_RAS, quality)


def test_a_body_that_is_seen_whole_has_its_middle_between_its_sides() -> None:
    found = outline_on_mr(picture(-140.0, 180.0), None)
    assert found.middle_ras is not None
    assert found.middle_ras[0] == pytest.approx(20.0, abs=VOXEL_MM)
    assert found.skin_left_mm == pytest.approx(-140.0, abs=VOXEL_MM)
    assert found.skin_right_mm == pytest.approx(180.0, abs=VOXEL_MM)
    np.testing.assert_array_equal(found.left_ras, LEFT_RAS)


def test_a_side_beyond_the_field_of_view_is_not_known_and_there_is_no_middle() -> None:
    found = outline_on_mr(picture(-140.0, 400.0, view=(-300.0, 100.0)), None)
    assert found.middle_ras is None
    assert found.skin_right_mm is None
    assert found.skin_left_mm == pytest.approx(-140.0, abs=VOXEL_MM)


@pytest.mark.parametrize(("low", "high", "kept"), [(60.0, 220.0, "right"), (-220.0, -60.0, "left")])
def test_a_narrow_body_beside_the_axis_may_be_one_leg_and_shows_only_its_outer_side(
    low: float, high: float, kept: str
) -> None:
    found = outline_on_mr(picture(low, high), None)
    assert found.middle_ras is None
    sides = {"left": found.skin_left_mm, "right": found.skin_right_mm}
    assert {side for side, skin in sides.items() if skin is not None} == {kept}


def test_a_narrow_body_at_the_axis_is_whole() -> None:
    found = outline_on_mr(picture(-70.0, 90.0), None)
    assert found.middle_ras is not None


def test_tissues_decide_before_the_signal() -> None:
    reference = picture(-140.0, 180.0)
    codes = np.full(reference.array.shape, tissues.UNKNOWN, dtype=np.uint8)
    codes[reference.array > 0] = tissues.MUSCLE
    codes[..., : codes.shape[2] // 2] = tissues.VOID
    assert outline_on_mr(reference, None).middle_ras is not None
    found = outline_on_mr(reference, Image(codes, reference.geometry))
    assert found.middle_ras is None, "the right half alone may be a leg"
    assert found.skin_right_mm == pytest.approx(180.0, abs=VOXEL_MM)


def test_an_image_without_signal_has_no_outline() -> None:
    reference = picture(-140.0, 180.0)
    found = outline_on_mr(Image(np.zeros_like(reference.array), reference.geometry), None)
    assert (found.skin_left_mm, found.skin_right_mm, found.middle_ras) == (None, None, None)


@pytest.mark.parametrize(("off", "fits"), [(59.0, True), (61.0, False), (-59.0, True), (-61.0, False)])
def test_a_plane_fits_a_whole_outline_within_sixty_millimeters_of_its_middle(off: float, fits: bool) -> None:
    outline = BodyOutline(-150.0, 150.0, np.zeros(3), LEFT_RAS)
    assert plane_fits_outline(plane(off), outline) is fits


@pytest.mark.parametrize(("at", "fits"), [(-103.0, True), (-101.0, True), (-100.0, False)])
def test_a_plane_lies_at_least_seven_tenths_of_half_a_pelvis_from_the_only_side(at: float, fits: bool) -> None:
    outline = BodyOutline(None, at + 98.0 if fits else at + 97.0, None, LEFT_RAS)
    assert plane_fits_outline(plane(at), outline) is fits


def test_an_unreliable_plane_fits_nothing_and_a_reliable_one_fits_no_sides() -> None:
    unseen = BodyOutline(None, None, None, LEFT_RAS)
    assert plane_fits_outline(plane(0.0, RELIABLE_QUALITY), unseen)
    assert not plane_fits_outline(plane(0.0, RELIABLE_QUALITY - 0.01), unseen)


@pytest.mark.parametrize(
    ("left", "right", "middle"),
    [
        (-100.0, None, -100.0 + HALF_BODY_LEAST_MM),
        (-250.0, None, -250.0 + HALF_BODY_MOST_MM),
        (-180.0, None, 0.0),
        (None, 100.0, 100.0 - HALF_BODY_LEAST_MM),
        (None, 250.0, 250.0 - HALF_BODY_MOST_MM),
        (None, 180.0, 0.0),
        (None, None, 0.0),
        (-150.0, 150.0, 0.0),
    ],
)
def test_one_side_puts_the_middle_half_a_body_away_near_the_axis_of_the_scanner(
    left: float | None, right: float | None, middle: float
) -> None:
    assert middle_from_one_side(BodyOutline(left, right, None, LEFT_RAS)) == pytest.approx(middle)
