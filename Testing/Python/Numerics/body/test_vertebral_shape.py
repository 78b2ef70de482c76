"""The size of vertebral bodies and discs from a straightened spine, and the canal moved to where the bodies fit."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.body.straight_spine import fronts, sides
from PainGeneratorLib.Numerics.body.vertebral_shape import (
    VertebralShape,
    centered_line,
    find_vertebral_shape,
)

DISCS_MM = np.array([30.0, 64.0, 98.0, 132.0, 166.0])


def spine_line() -> SpineLine:
    """A straight canal of 198 mm with five discs."""
    points = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 198.0]])
    return SpineLine(points, 1.0, 1.0, DISCS_MM, np.zeros(DISCS_MM.size))


def sample(
    marrow: float,
    around: float,
    disc: float,
    shape: VertebralShape,
    shift_mm: dict[int, tuple[float, float]] | None = None,
) -> np.ndarray:
    """A straightened image of bodies of one shape; `shift_mm` moves single vertebrae to the right and to the front."""
    height = 2.0 * np.arange(100)
    front, right = np.meshgrid(fronts(), sides(), indexing="ij")
    values = np.full((100, front.shape[0], front.shape[1]), around, dtype=np.float32)
    for row, at in enumerate(height):
        to_right, to_front = (shift_mm or {}).get(int((at > DISCS_MM).sum()), (0.0, 0.0))
        inside = shape.radius(front - to_front, right - to_right) < 1.0
        is_disc = np.abs(at - DISCS_MM).min() < shape.disc_half_mm
        values[row][inside] = disc if is_disc else marrow
    noise = np.random.default_rng(1).normal(1.0, 0.03, values.shape)
    return (values * noise).astype(np.float32)


SHAPE = VertebralShape(7.5, 40.0, 24.0, 4.0, 0.0)


@pytest.mark.parametrize(("around", "disc"), [(0.5, 0.6), (1.8, 0.5), (1.6, 1.9)])
def test_the_size_is_found_on_any_contrast(around: float, disc: float) -> None:
    found = find_vertebral_shape(spine_line().straight, [sample(1.0, around, disc, SHAPE)])
    assert found is not None
    assert found.back_mm == pytest.approx(7.5, abs=2.0)
    assert found.front_mm == pytest.approx(40.0, abs=2.0)
    assert found.half_width_mm == pytest.approx(24.0, abs=2.0)
    assert found.disc_half_mm == pytest.approx(4.0, abs=1.5)
    assert found.contrast > 0.2


def test_where_the_view_ends_within_the_bodies_the_usual_width_is_taken() -> None:
    values = sample(1.0, 0.5, 0.6, SHAPE)
    values[:, :, np.abs(sides()) > 16.0] = np.nan
    found = find_vertebral_shape(spine_line().straight, [values])
    assert found is not None
    assert found.half_width_mm == pytest.approx(24.0, abs=2.0)


def test_without_a_view_of_the_bodies_there_is_no_size() -> None:
    empty = np.full((100, fronts().size, sides().size), np.nan, dtype=np.float32)
    assert find_vertebral_shape(spine_line().straight, [empty]) is None


def test_the_radius_is_one_at_the_edge_and_smaller_inside() -> None:
    at = SHAPE.radius(np.array([7.5, 40.0, 23.75, 23.75]), np.array([0.0, 0.0, 24.0, 0.0]))
    np.testing.assert_allclose(at, [1.0, 1.0, 1.0, 0.0])


def test_the_canal_follows_bodies_that_lie_to_one_side() -> None:
    line = spine_line()
    moved = dict.fromkeys((2, 3, 4), (6.0, 4.0))
    found = centered_line(line, SHAPE, [sample(1.0, 0.5, 0.6, SHAPE, moved)])
    assert found is not line
    middle = found.points_ras[np.abs(found.points_ras[:, 2] - 115.0).argmin()]
    # To the right of the canal is +R here, and to the front is +A.
    assert middle[0] == pytest.approx(6.0, abs=2.1)
    assert middle[1] == pytest.approx(4.0, abs=2.1)
    assert abs(found.points_ras[0, 0]) < 2.1


def test_a_canal_that_fits_stays_as_it_is() -> None:
    line = spine_line()
    assert centered_line(line, SHAPE, [sample(1.0, 0.5, 0.6, SHAPE)]) is line
