"""Places along and across a canal: the grid, the edges, and the normal uptake on both sides of every limit."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.straight_spine import (
    LevelReference,
    StraightSpine,
    at_places,
    fronts,
    matched_levels,
    sides,
)
from PainGeneratorLib.Numerics.core.image import Geometry


@pytest.fixture
def upright() -> StraightSpine:
    """A canal straight up from the origin, 120 mm long."""
    return StraightSpine.along(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 120.0]]))


def test_the_straightened_grid_reaches_44_mm_aside_and_56_mm_behind_and_in_front() -> None:
    assert (sides()[0], sides()[-1], len(sides())) == (-44.0, 44.0, 45)
    assert (fronts()[0], fronts()[-1], len(fronts())) == (-56.0, 56.0, 57)


def test_a_curve_becomes_places_every_two_millimeters() -> None:
    spine = StraightSpine.along(np.array([[0.0, 0.0, 0.0], [0.0, 3.0, 4.0], [0.0, 3.0, 9.0]]))
    np.testing.assert_allclose(
        spine.points_ras, [[0, 0, 0], [0, 1.2, 1.6], [0, 2.4, 3.2], [0, 3, 5], [0, 3, 7], [0, 3, 9]], atol=1e-9
    )
    assert spine.length_mm == 10.0
    assert len(StraightSpine.along(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 10.9]])).points_ras) == 6
    assert len(StraightSpine.along(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 11.1]])).points_ras) == 7


@pytest.mark.parametrize(("length", "enough"), [(88.0, False), (90.0, True)])
def test_three_levels_are_enough_to_show_what_is_normal(length: float, enough: bool) -> None:
    assert StraightSpine.along(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, length]])).has_levels is enough


def test_the_axes_point_right_front_and_up_and_are_at_right_angles() -> None:
    line = np.array([[0.3 * s, -0.4 * s, s] for s in np.arange(0.0, 100.0, 2.0)])
    axes = StraightSpine.along(line).axes
    assert axes.shape[1:] == (3, 3)
    np.testing.assert_allclose(np.einsum("nij,nkj->nik", axes, axes), np.tile(np.eye(3), (len(axes), 1, 1)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(axes), 1.0)
    up = np.array([0.3, -0.4, 1.0]) / np.sqrt(1.25)
    np.testing.assert_allclose(axes[10, 2], up, atol=1e-6)
    assert axes[10, 0, 0] > 0.9
    assert axes[10, 1, 1] > 0.9


@pytest.mark.parametrize(
    ("height", "expected"), [(-6.0, -6.0), (-6.1, np.nan), (126.0, 126.0), (126.1, np.nan), (59.3, 59.3)]
)
def test_a_place_belongs_to_the_canal_up_to_6_mm_beyond_an_end(
    upright: StraightSpine, height: float, expected: float
) -> None:
    local = upright.local(np.array([[11.0, 12.0, height], [-11.0, -12.0, height]]))
    np.testing.assert_allclose(local, [[11.0, 12.0, expected], [-11.0, -12.0, expected]], atol=1e-9)


def test_local_keeps_the_shape_of_the_points(upright: StraightSpine) -> None:
    assert upright.local(np.zeros((2, 4, 3))).shape == (2, 4, 3)
    assert upright.local(np.zeros(3)).shape == (3,)
    assert upright.local(np.zeros((0, 3))).shape == (0, 3)


def test_a_rigid_move_moves_the_places_and_keeps_the_discs() -> None:
    spine = StraightSpine(np.array([[0.0, 0.0, 2.0 * n] for n in range(50)]), np.array([30.0]), np.array([0.1]))
    matrix = np.eye(4)
    matrix[:3, 3] = (1.0, 2.0, 3.0)
    matrix[:3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    moved = spine.moved(matrix)
    np.testing.assert_allclose(moved.points_ras[1], [1.0, 0.0, 3.0])
    assert moved.disc_mm.tolist() == [30.0]
    assert moved.disc_tilt.tolist() == [0.1]


def test_the_nearest_disc_is_found_also_for_many_places_and_without_a_height() -> None:
    spine = StraightSpine(
        np.array([[0.0, 0.0, 2.0 * n] for n in range(50)]), np.array([30.0, 64.0]), np.array([0.0, 0.5])
    )
    local = np.array([[[0.0, 25.0, 46.0], [9.0, 25.0, 48.0]], [[0.0, 35.0, 68.0], [0.0, 15.0, 58.0]]])
    np.testing.assert_allclose(spine.to_disc_mm(local), [[16.0, -16.0], [-1.0, -1.0]])
    assert np.isnan(spine.to_disc_mm(np.array([0.0, 25.0, np.nan])))


def ramp() -> tuple[np.ndarray, Geometry]:
    """Values r + 100 a + 10000 s (mm) on a grid whose rows and slices run the other way round."""
    matrix = np.diag([3.0, -4.0, -5.0, 1.0])
    matrix[:3, 3] = (-60.0, 60.0, 130.0)
    geometry = Geometry((28, 31, 41), matrix)
    r, a, s = np.moveaxis(geometry.flat_to_ras(np.arange(geometry.size)).reshape(*geometry.shape, 3), -1, 0)
    return (r + 100.0 * a + 10000.0 * s).astype(np.float64), geometry


def test_an_image_is_laid_straight_by_linear_interpolation(upright: StraightSpine) -> None:
    array, geometry = ramp()
    straight = upright.sample(array, geometry)
    assert straight.dtype == np.float32
    assert straight.shape == (61, 57, 45)
    expected = sides() + 100.0 * fronts()[:, None] + 10000.0 * upright.points_ras[:, 2, None, None]
    np.testing.assert_allclose(straight, expected, rtol=1e-4, atol=0.5)
    beside = upright.sample(
        array, geometry.moved(np.array([[1, 0, 0, 50.0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    )
    assert np.isnan(beside[:, :, sides() < -10.1]).all()
    assert np.isfinite(beside[:, :, sides() > -9.9]).all()


def test_normal_is_a_percentile_of_all_heights_and_both_sides_with_4_mm_of_tolerance() -> None:
    straight = np.zeros((10, 9, 15), dtype=np.float32)
    straight[:3, 4, 3] = 1.0
    straight[3:6, 4, -4] = 2.0
    normal = matched_levels(straight, 100.0)
    assert normal.dtype == np.float32
    rows, columns = np.nonzero(normal == 2.0)
    assert sorted(set(rows)) == [2, 3, 4, 5, 6]
    assert sorted(set(columns)) == [1, 2, 3, 4, 5, 9, 10, 11, 12, 13]
    assert (normal > 0).sum() == 50
    # Of 20 values, 3 are 2, 3 are 1 and 14 are 0.
    assert matched_levels(straight, 50.0)[4, 3] == 0.0
    assert matched_levels(straight, 80.0)[4, 3] == pytest.approx(1.0)
    assert matched_levels(straight, 100.0 * 13 / 19)[4, 3] == pytest.approx(0.0, abs=1e-5)
    assert matched_levels(straight, 100.0 * 14 / 19)[4, 3] == pytest.approx(1.0)


def test_what_is_out_of_view_does_not_count_as_normal() -> None:
    straight = np.full((4, 9, 15), 3.0, dtype=np.float32)
    straight[:2] = np.nan
    straight[:, :5] = np.nan
    straight[:, :, :4] = np.nan
    normal = matched_levels(straight, 50.0)
    assert np.isnan(normal[:5]).all()
    # Seen on the right only, the left takes the value of the right.
    assert (normal[5:] == 3.0).all()


def test_a_map_is_read_at_the_nearest_place_and_nowhere_else() -> None:
    matched = np.arange(57.0 * 45.0).reshape(57, 45)
    assert at_places(matched, np.array([-44.0, -56.0, 0.0])) == 0.0
    assert at_places(matched, np.array([44.0, 56.0, 0.0])) == 57 * 45 - 1
    assert at_places(matched, np.array([2.9, 1.1, 0.0])) == 45 * 29 + 23
    places = np.array([[-45.1, 0, 0], [45.1, 0, 0], [0, -57.1, 0], [0, 57.1, 0], [0, 0, np.nan], [-44.9, -56.9, 0]])
    np.testing.assert_array_equal(at_places(matched, places), [np.nan] * 5 + [0.0])


@pytest.fixture(scope="module")
def reference() -> LevelReference:
    """Uptake of 1.0 everywhere and of 0.5 in five flat discs; the canal is at the origin, 0 to 200 mm high."""
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = (-50.0, -60.0, 0.0)
    geometry = Geometry((101, 61, 51), matrix)
    values = np.ones(geometry.shape, dtype=np.float32)
    discs = np.array([20.0, 60.0, 100.0, 140.0, 180.0])
    values[np.abs(2.0 * np.arange(101)[:, None] - discs).min(axis=1) < 6.0] = 0.5
    line = StraightSpine.along(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 200.0]]))
    return LevelReference(values, geometry, StraightSpine(line.points_ras, discs, np.zeros(5)))


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((0.0, 25.0, 80.0), 1.0),
        ((0.0, 25.0, 100.0), 0.53),
        ((0.0, 25.0, 103.9), 0.53),
        ((0.0, 25.0, 104.1), 1.0),
        ((0.0, 25.0, 96.1), 0.53),
        ((0.0, 8.0, 100.0), 0.53),
        ((0.0, 7.9, 100.0), 1.0),
        ((34.0, 25.0, 100.0), 0.53),
        ((-34.0, 25.0, 100.0), 0.53),
        ((34.1, 25.0, 100.0), None),
        ((-34.1, 25.0, 100.0), None),
        ((0.0, 48.0, 80.0), 1.0),
        ((0.0, 48.1, 80.0), None),
        ((0.0, -56.0, 80.0), 1.0),
        ((0.0, -56.1, 80.0), None),
        ((0.0, 25.0, 207.0), None),
        ((0.0, 25.0, -7.0), None),
    ],
)
def test_discs_are_compared_with_discs_and_the_rest_of_a_vertebra_with_the_rest(
    reference: LevelReference, place: tuple[float, float, float], expected: float | None
) -> None:
    found = reference.at(np.array(place))
    assert found == (None if expected is None else pytest.approx(expected, abs=0.03))


def test_fewer_than_four_discs_do_not_show_what_is_normal_for_a_disc() -> None:
    values = np.ones((101, 61, 51), dtype=np.float32)
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = (-50.0, -60.0, 0.0)
    line = StraightSpine.along(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 200.0]]))
    discs = np.array([60.0, 100.0, 140.0])
    values[np.abs(2.0 * np.arange(101)[:, None] - discs).min(axis=1) < 6.0] = 0.5
    spine = StraightSpine(line.points_ras, discs, np.zeros(discs.size))
    found = LevelReference(values, Geometry(values.shape, matrix), spine).at(np.array([0.0, 25.0, 100.0]))
    assert found == pytest.approx(1.0, abs=0.03)


def test_a_place_that_the_view_never_shows_has_no_normal_uptake() -> None:
    values = np.ones((101, 40, 51), dtype=np.float32)
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = (-50.0, -60.0, 0.0)
    line = StraightSpine.along(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 200.0]]))
    reference = LevelReference(values, Geometry(values.shape, matrix), line)
    assert reference.at(np.array([0.0, 10.0, 100.0])) == pytest.approx(1.0)
    assert reference.at(np.array([0.0, 40.0, 100.0])) is None
