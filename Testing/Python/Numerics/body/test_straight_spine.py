"""The straightened spine: sides and signs, a bent canal, discs, and the normal of the other levels."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.body.discs import with_discs
from PainGeneratorLib.Numerics.body.straight_spine import (
    DISC_FRONT_MM,
    LevelReference,
    StraightSpine,
    at_places,
    fronts,
    matched_levels,
    sides,
)
from PainGeneratorLib.Numerics.core.image import Geometry, Image

HEIGHTS = np.arange(-100.0, 101.0, 4.0)


@pytest.fixture
def leaning() -> StraightSpine:
    """A canal that leans to the right going up, 40 mm behind the origin."""
    return StraightSpine.along(np.stack([0.1 * HEIGHTS, np.full_like(HEIGHTS, -40.0), HEIGHTS], axis=1))


def bent(radius_mm: float = 150.0) -> StraightSpine:
    """A lordosis: an arc whose middle lies most in front."""
    angle = np.linspace(-0.6, 0.6, 80)
    return StraightSpine.along(
        np.stack([np.zeros(80), radius_mm * (np.cos(angle) - 1.0), radius_mm * np.sin(angle)], axis=1)
    )


def test_right_is_to_the_right_and_front_in_front_across_a_leaning_canal(leaning: StraightSpine) -> None:
    right, front, height = leaning.local(np.array([15.0, -20.0, 0.0]))
    assert right == pytest.approx(15.0 / np.hypot(1.0, 0.1), abs=0.1)
    assert front == pytest.approx(20.0, abs=0.1)
    assert height == pytest.approx(100.0 * np.hypot(1.0, 0.1) + 1.5, abs=0.2)


def test_a_place_beyond_an_end_has_no_height(leaning: StraightSpine) -> None:
    assert np.isfinite(leaning.local(np.array([10.0, -40.0, 104.0]))[2])
    assert np.isnan(leaning.local(np.array([10.0, -40.0, 112.0]))[2])


@pytest.mark.parametrize("front", [-45.0, 30.0, 50.0])
def test_places_across_a_lordosis_are_found_again(front: float) -> None:
    spine = bent()
    number = np.arange(20, len(spine.points_ras) - 20, 7)
    places = spine.points_ras[number] + 12.0 * spine.axes[number, 0] + front * spine.axes[number, 1]
    local = spine.local(places)
    assert np.allclose(local[:, 0], 12.0, atol=0.2)
    assert np.allclose(local[:, 1], front, atol=0.5)
    assert np.allclose(local[:, 2], 2.0 * number, atol=1.5)


def test_a_rigid_move_changes_no_local_coordinate() -> None:
    spine = bent()
    angle = np.radians(5.0)
    matrix = np.eye(4)
    matrix[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix[:3, 3] = [6.0, -11.0, 25.0]
    points = np.array([[14.0, 20.0, 10.0], [-22.0, -30.0, -40.0]])
    moved = points @ matrix[:3, :3].T + matrix[:3, 3]
    assert np.allclose(spine.moved(matrix).local(moved), spine.local(points), atol=0.3)


def test_the_distance_to_a_tilted_disc_follows_its_plane() -> None:
    spine = StraightSpine.along(np.array([[0.0, 0.0, -80.0], [0.0, 0.0, 80.0]]))
    spine = StraightSpine(spine.points_ras, np.array([40.0, 80.0]), np.array([0.2, 0.0]))
    local = np.array([[0.0, DISC_FRONT_MM + 10.0, 42.0], [0.0, DISC_FRONT_MM, 70.0], [0.0, DISC_FRONT_MM, 47.0]])
    assert np.allclose(spine.to_disc_mm(local), [0.0, -10.0, 7.0])
    assert np.isinf(bent().to_disc_mm(local)).all()


def test_what_is_normal_is_alike_on_both_sides_and_not_that_of_one_lesion() -> None:
    straight = np.full((80, fronts().size, sides().size), 1.0, dtype=np.float32)
    straight[:, fronts() < -10.0] = 2.0
    row, column = np.argmin(np.abs(fronts() - 25.0)), np.argmin(np.abs(sides() - 12.0))
    straight[30:38, row - 3 : row + 3, column - 3 : column + 3] = 9.0
    normal = matched_levels(straight, 80.0)
    assert np.array_equal(normal, normal[:, ::-1])
    assert at_places(normal, np.array([12.0, 25.0, 70.0])) == 1.0
    assert at_places(normal, np.array([-12.0, -30.0, 70.0])) == 2.0
    assert np.isnan(at_places(normal, np.array([90.0, 25.0, 70.0])))


def spine_image(hot: tuple[float, float, float] | None = None) -> tuple[Image, StraightSpine, np.ndarray]:
    """Bodies 1.0, discs 0.5, joints at both sides 1.6 every 34 mm; returns the image, the spine and the discs."""
    geometry = Geometry((110, 70, 60), np.diag([2.0, 2.0, 2.0, 1.0]))
    matrix = geometry.ijk_to_ras.copy()
    matrix[:3, 3] = [-59.0, -69.0, -110.0]
    geometry = Geometry(geometry.shape, matrix)
    r, a, s = np.moveaxis(geometry.flat_to_ras(np.arange(geometry.size)).reshape(*geometry.shape, 3), -1, 0)
    discs = np.arange(-85.0, 100.0, 34.0)
    values = np.full(geometry.shape, 0.6, dtype=np.float32)
    body = (np.abs(r) < 22) & (a > 10) & (a < 42)
    values[body] = 1.0
    to_disc = np.abs(s[..., None] - discs).min(axis=-1)
    values[body & (to_disc < 5)] = 0.5
    values[(np.hypot(np.abs(r) - 18, a + 12) < 8) & (to_disc < 9)] = 1.6
    if hot is not None:
        values[(r - hot[0]) ** 2 + (a - hot[1]) ** 2 + (s - hot[2]) ** 2 < 7**2] = 2.4
    line = np.array([[0.0, 0.0, -108.0], [0.0, 0.0, 106.0]])
    return Image(values, geometry), StraightSpine.along(line), discs


def test_a_joint_is_compared_with_joints_and_a_disc_with_discs() -> None:
    image, spine, discs = spine_image((18.0, -12.0, 17.0))
    spine = StraightSpine(spine.points_ras, discs + 108.0, np.zeros(discs.size))
    reference = LevelReference(image.array, image.geometry, spine)
    joint, body, disc = (reference.at(np.array(p)) for p in ((18.0, -12.0, 17.0), (0.0, 26.0, 0.0), (0.0, 26.0, 17.0)))
    assert joint > 1.3
    assert 0.9 < body < 1.1
    assert disc < 0.8
    assert reference.at(np.array([45.0, 26.0, 0.0])) is None
    assert reference.at(np.array([0.0, 26.0, 160.0])) is None


def test_discs_are_found_where_they_are_and_not_at_the_end_of_the_view() -> None:
    image, spine, discs = spine_image()
    line = SpineLine(spine.points_ras, 1.0, 1.0)
    found = with_discs(line, image)
    assert np.allclose(found.disc_mm, discs + 108.0, atol=2.5)
    assert np.abs(found.disc_tilt).max() < 0.06
    cut = SpineLine(spine.points_ras[12:], 1.0, 1.0)
    assert np.allclose(with_discs(cut, image).disc_mm, discs[1:] + 108.0 - 24.0, atol=2.5)


def test_even_marrow_shows_no_discs() -> None:
    image, spine, _ = spine_image()
    even = Image(np.full(image.geometry.shape, 1.0, dtype=np.float32), image.geometry)
    assert with_discs(SpineLine(spine.points_ras, 1.0, 1.0), even).disc_mm.size == 0
