"""The midline of an MR: of the plane of symmetry, of the spine's marrow, or of a body that is seen whole."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.midline import midline_r_mm, plane_r_mm
from PainGeneratorLib.Numerics.body.symmetry import RELIABLE_QUALITY, SymmetryPlane
from PainGeneratorLib.Numerics.core.image import Geometry

GRID = Geometry((10, 20, 100), np.array([[4.0, 0, 0, -180.0], [0, 4.0, 0, 0], [0, 0, 4.0, 0], [0, 0, 0, 1.0]]))
"""i from 180 mm on the left to 216 mm on the right."""


def plane(quality: float = RELIABLE_QUALITY) -> SymmetryPlane:
    return SymmetryPlane(np.array([12.0, 0.0, 0.0]), np.array([-1.0, 0.0, 0.0]), quality)


def body(first: int, last: int) -> np.ndarray:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[:, :, first:last] = True
    return mask


def marrow(voxels_high: int) -> np.ndarray:
    """Marrow around R = 28 mm, 4.1 ml on each slice."""
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[:voxels_high, 6:14, 49:57] = True
    return mask


def test_the_plane_is_taken_where_it_crosses_the_middle_of_the_view() -> None:
    assert plane_r_mm(GRID, plane()) == pytest.approx(12.0)
    leaning = SymmetryPlane(np.array([12.0, 0.0, 18.0]), np.array([-1.0, 0.0, 0.5]) / np.hypot(1.0, 0.5), 0.9)
    assert plane_r_mm(GRID, leaning) == pytest.approx(12.0 * 0.8 + 0.2 * GRID.center_ras[0], abs=0.01)
    assert plane_r_mm(GRID, None) is None
    assert plane_r_mm(GRID, plane(RELIABLE_QUALITY - 0.01)) is None


def test_a_reliable_plane_comes_before_marrow_and_marrow_before_the_body() -> None:
    whole = body(10, 90)
    assert midline_r_mm(whole, GRID, plane(), marrow(10)) == pytest.approx(12.0)
    assert midline_r_mm(whole, GRID, plane(0.0), marrow(10)) == pytest.approx(28.0, abs=2.1)
    assert midline_r_mm(whole, GRID, None, None) == pytest.approx(18.0, abs=0.1)


@pytest.mark.parametrize(("voxels_high", "is_enough"), [(4, False), (5, True)])
def test_little_marrow_gives_no_midline(voxels_high: int, is_enough: bool) -> None:
    found = midline_r_mm(body(40, 60), GRID, None, marrow(voxels_high))
    assert (found is not None) is is_enough


@pytest.mark.parametrize(("last", "is_whole"), [(84, True), (80, False)])
def test_a_body_gives_the_midline_only_when_it_is_wide_enough_to_be_whole(last: int, is_whole: bool) -> None:
    assert (midline_r_mm(body(10, last), GRID, None, None) is not None) is is_whole
