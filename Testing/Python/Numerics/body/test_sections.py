"""Cross sections of the body: trunk, legs and single limbs, and the middles of those that are seen whole."""

from __future__ import annotations

import numpy as np
import pytest
from anatomy_samples import rigid
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.body.metal import metal_sides
from PainGeneratorLib.Numerics.body.sections import (
    BodyPart,
    BodySections,
    apart_mm,
    find_sections,
    no_sections,
    sections_on,
    supported_plane,
)
from PainGeneratorLib.Numerics.body.spine_check import is_confirmed, is_refuted
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.core.image import Geometry, Image

STEP = 6.0
ROWS = 12
"""Three sections."""


def grid(columns: int = 81, rows: int = 45) -> Geometry:
    """The grid of the sections; R is 0 in the middle column, A in the middle row."""
    matrix = np.diag([STEP, STEP, STEP, 1.0])
    matrix[:3, 3] = (-STEP * (columns // 2), -STEP * (rows // 2), 0.0)
    return Geometry((ROWS, rows, columns), matrix)


def discs(*parts: tuple[float, float, float, float], columns: int = 81, rows: int = 45) -> BodySections:
    """Sections of ellipses with center (R, A) and half axes, mm."""
    geometry = grid(columns, rows)
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*geometry.shape, 3)
    values = np.full(geometry.shape, 0.01, dtype=np.float32)
    for r, a, half_r, half_a in parts:
        values[((points[..., 0] - r) / half_r) ** 2 + ((points[..., 1] - a) / half_a) ** 2 < 1] = 1.0
    return sections_on(values, geometry)


@pytest.mark.parametrize(
    ("parts", "part", "middle"),
    [
        ([(20, 0, 160, 100)], BodyPart.TRUNK, 20.0),
        ([(0, 0, 112, 75)], BodyPart.TRUNK, 0.0),
        ([(80, 0, 75, 75), (-80, 0, 75, 75)], BodyPart.LEGS, 0.0),
        ([(100, 0, 55, 60), (-60, 0, 55, 60)], BodyPart.LEGS, 20.0),
        ([(84, 0, 88, 80), (-84, 0, 88, 80)], BodyPart.LEGS, 0.0),
        ([(80, 0, 80, 80)], BodyPart.LIMB, None),
        ([(0, 0, 75, 95)], BodyPart.LIMB, None),
        ([(0, 0, 140, 90), (200, 0, 35, 40)], BodyPart.TRUNK, 0.0),
        ([(0, 0, 60, 80), (-130, 0, 45, 45), (130, 0, 45, 45)], BodyPart.UNKNOWN, None),
        ([(60, 0, 80, 80), (-90, 0, 40, 40)], BodyPart.LIMB, None),
    ],
    ids=[
        "trunk",
        "slim",
        "thighs",
        "calves",
        "touching",
        "thigh",
        "head",
        "arm aside",
        "head with arms",
        "leg and arm",
    ],
)
def test_the_form_of_a_section_tells_trunk_legs_and_limbs_apart(parts, part, middle) -> None:
    found = discs(*parts)
    assert set(found.parts) == {str(part)}
    assert found.part_at(np.array([0.0, 0.0, 30.0])) == part
    if middle is None:
        assert np.isnan(found.middles_ras[:, 0]).all()
        assert found.midline() is None
    else:
        assert found.middles_ras[:, 0] == pytest.approx(middle, abs=4.0)
        assert abs(float(found.midline().signed_distance_mm(np.array([middle, 0.0, 30.0])))) < 4.0
    assert np.isfinite(found.middles_ras[:, 2]).all()


def test_a_section_that_the_view_cuts_has_no_middle_and_is_a_trunk_only_when_it_is_wide() -> None:
    wide = discs((0, 0, 160, 100), columns=45)
    assert set(wide.parts) == {"trunk"}
    assert wide.is_wide()
    assert wide.midline() is None
    narrow = discs((0, 0, 160, 100), columns=31)
    assert set(narrow.parts) == {"unknown"}
    assert not narrow.is_wide()
    flat = discs((0, 0, 160, 140), rows=31)
    assert np.isnan(flat.middles_ras[:, 1]).all()
    assert flat.middles_ras[:, 0] == pytest.approx(0.0, abs=4.0)


def test_legs_whose_outer_sides_are_cut_have_their_middle_between_their_inner_sides() -> None:
    found = discs((80, 0, 70, 70), (-80, 0, 70, 70), columns=45)
    assert set(found.parts) == {"legs"}
    assert found.middles_ras[:, 0] == pytest.approx(0.0, abs=4.0)


def test_sections_are_asked_in_the_frame_to_which_they_were_moved() -> None:
    found = discs((20, 0, 160, 100))
    motion = rigid(0, 0, 5, (30.0, -10.0, 100.0))
    moved = found.moved(motion)
    here = motion @ np.array([20.0, 0.0, 30.0, 1.0])
    assert moved.part_at(here[:3]) == BodyPart.TRUNK
    assert moved.part_at(np.array([0.0, 0.0, 30.0])) == BodyPart.UNKNOWN
    assert abs(float(moved.midline().signed_distance_mm(here[:3]))) < 4.0


def test_nothing_is_seen_in_an_empty_image() -> None:
    empty = Image(np.zeros((8, 8, 8), dtype=np.float32), Geometry((8, 8, 8), np.diag([9.0, 9, 9, 1])))
    assert find_sections(empty).parts == ()
    assert no_sections().midline() is None
    assert no_sections().part_at(np.zeros(3)) == BodyPart.UNKNOWN
    assert not no_sections().is_wide()
    assert not no_sections().is_mostly_trunk()


@pytest.mark.parametrize(("at", "quality"), [(20.0, 0.7), (75.0, 0.7), (85.0, 0.0)])
def test_a_plane_far_from_the_middle_of_the_outline_is_not_used(at: float, quality: float) -> None:
    plane = SymmetryPlane(np.array([at, 0.0, 0.0]), np.array([-1.0, 0.0, 0.0]), 0.7)
    assert supported_plane(plane, discs((20, 0, 160, 100))).quality == quality
    assert apart_mm(plane, plane, np.ones(3)) == 0.0


def test_a_plane_through_a_single_limb_is_not_used() -> None:
    plane = SymmetryPlane(np.array([80.0, 0.0, 0.0]), np.array([-1.0, 0.0, 0.0]), 0.9)
    assert supported_plane(plane, discs((80, 0, 80, 80))).quality == 0.0
    assert supported_plane(plane, discs((0, 0, 160, 100), columns=45)).quality == 0.9


def line(r: float, a: float, discs_seen: int = 3, quality: float = 0.9) -> SpineLine:
    heights = np.arange(0.0, 72.0, 3.0)
    points = np.stack([np.full_like(heights, r), np.full_like(heights, a), heights], axis=1)
    return SpineLine(points, quality, quality, np.arange(float(discs_seen)), np.zeros(discs_seen))


@pytest.mark.parametrize(
    ("parts", "spine", "confirmed", "refuted"),
    [
        ([(0, 0, 160, 100)], line(0, -40), True, False),
        ([(0, 0, 160, 100)], line(30, -40), True, False),
        ([(0, 0, 160, 100)], line(60, -40), False, False),
        ([(0, 0, 160, 100)], line(0, 10), False, False),
        ([(0, 0, 160, 100)], line(60, -40, 5), True, False),
        ([(0, 0, 160, 100)], line(60, -40, 5, 0.6), False, False),
        ([(0, 0, 160, 100)], line(60, -40, 6, 0.6), True, False),
        ([(0, 0, 160, 100)], line(60, -40, 6, 0.3), False, False),
        ([(80, 0, 75, 75), (-80, 0, 75, 75)], line(0, -40), False, True),
        ([(80, 0, 75, 75), (-80, 0, 75, 75)], line(80, -40, 6), False, True),
        ([(80, 0, 80, 80)], line(80, -40), False, True),
    ],
)
def test_a_line_is_a_spine_only_with_a_second_sign(parts, spine, confirmed: bool, refuted: bool) -> None:
    sections = [discs(*parts)]
    assert is_confirmed(spine, None, sections) is confirmed
    assert is_refuted(spine, sections) is refuted


def test_a_plane_of_symmetry_confirms_a_spine_where_no_outline_is_seen() -> None:
    plane = SymmetryPlane(np.array([10.0, 0.0, 0.0]), np.array([-1.0, 0.0, 0.0]), 0.7)
    assert is_confirmed(line(0, -40), plane, [])
    assert not is_confirmed(line(60, -40), plane, [])
    assert not is_confirmed(line(0, -40), None, [])


@pytest.mark.parametrize(
    ("at", "value", "sides"),
    [(100.0, 3000.0, ("right",)), (-100.0, 3000.0, ("left",)), (100.0, 1800.0, ()), (20.0, 3000.0, ())],
)
def test_metal_of_the_size_of_a_prosthesis_has_a_side(at: float, value: float, sides: tuple[str, ...]) -> None:
    geometry = grid()
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*geometry.shape, 3)
    metal = np.abs(points[..., 0] - at) + np.abs(points[..., 1]) < 20.0
    plane = SymmetryPlane(np.zeros(3), np.array([-1.0, 0.0, 0.0]), 0.7)
    assert metal_sides(Image(np.where(metal, value, 40.0), geometry), plane) == sides
    assert metal_sides(Image(np.full(geometry.shape, 40.0), geometry), plane) == ()
