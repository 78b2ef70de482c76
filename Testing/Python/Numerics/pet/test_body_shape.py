"""Midline, depth and place about the spine of a body on a PET."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.straight_spine import StraightSpine
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.core.image import LEFT_RAS, Geometry
from PainGeneratorLib.Numerics.pet.body_shape import BodyShape

MIDDLE_MM = 18.0


def geometry() -> Geometry:
    """i to the left, j backward; R, A, S of the first voxel make the field of view asymmetric."""
    matrix = np.diag([-4.0, -4.0, 4.0, 1.0])
    matrix[:3, 3] = [210.0, 150.0, -200.0]
    return Geometry((100, 75, 100), matrix)


def body(lean: float = 0.0, arm: bool = False) -> np.ndarray:
    """A trunk of SUV 0.5 about R = 18, leaning sideways going up, 120 mm in front of and behind A = 0."""
    grid = geometry()
    r, a, s = np.moveaxis(grid.flat_to_ras(np.arange(grid.size)).reshape(*grid.shape, 3), -1, 0)
    out = np.where(((r - MIDDLE_MM - lean * s) / 150) ** 2 + (a / 100) ** 2 < 1, 0.5, 0.0)
    if arm:
        out[(np.hypot(r + 165, a) < 18) & (s > 60)] = 0.5
    return out.astype(np.float32)


def shape(values: np.ndarray, quality: float = 0.0, spine: StraightSpine | None = None) -> BodyShape:
    # A plane that is wrong by 60 mm, as one hot kidney makes it.
    wrong = SymmetryPlane(np.array([MIDDLE_MM + 60.0, 0.0, 0.0]), LEFT_RAS, quality)
    return BodyShape(values, geometry(), 0.25, wrong, spine)


@pytest.mark.parametrize("arm", [False, True])
def test_without_a_plane_the_outline_tells_the_midline_and_an_arm_does_not_move_it(arm: bool) -> None:
    found = shape(body(arm=arm))
    assert found.off_midline(np.array([MIDDLE_MM, 0.0, -100.0])) < 6.0
    assert found.off_midline(np.array([MIDDLE_MM + 50.0, 0.0, 0.0])) == pytest.approx(50.0, abs=8.0)


def test_the_midline_of_the_outline_leans_with_the_body() -> None:
    found = shape(body(lean=0.1))
    for height in (-150.0, 0.0, 150.0):
        assert found.off_midline(np.array([MIDDLE_MM + 0.1 * height, 0.0, height])) < 6.0


def test_a_reliable_plane_is_believed_before_the_outline_and_the_canal_before_both() -> None:
    point = np.array([MIDDLE_MM, 0.0, 0.0])
    assert shape(body(), quality=0.9).off_midline(point) == pytest.approx(60.0, abs=0.5)
    height = np.arange(-100.0, 101.0, 4.0)
    canal = StraightSpine.along(np.stack([np.full_like(height, 10.0), np.full_like(height, -45.0), height], axis=1))
    found = shape(body(), quality=0.9, spine=canal)
    assert found.off_midline(point) == pytest.approx(8.0, abs=0.2)
    assert found.in_front_of_canal(point) == pytest.approx(45.0, abs=0.2)
    assert found.in_front_of_canal(np.array([MIDDLE_MM, -80.0, 0.0])) == pytest.approx(-35.0, abs=0.2)


def test_beyond_its_ends_the_canal_counts_for_a_while_and_then_no_more() -> None:
    height = np.arange(-60.0, 61.0, 4.0)
    canal = StraightSpine.along(np.stack([np.full_like(height, 10.0), np.full_like(height, -45.0), height], axis=1))
    found = shape(body(), spine=canal)
    assert found.in_front_of_canal(np.array([MIDDLE_MM, 0.0, 120.0])) == pytest.approx(45.0, abs=0.2)
    assert found.in_front_of_canal(np.array([MIDDLE_MM, 0.0, 195.0])) is None
    assert shape(body()).in_front_of_canal(np.array([MIDDLE_MM, 0.0, 0.0])) is None


def test_depth_runs_from_the_back_to_the_front() -> None:
    found = shape(body())
    assert found.depth(np.array([MIDDLE_MM, -80.0, 0.0])) == pytest.approx(0.1, abs=0.06)
    assert found.depth(np.array([MIDDLE_MM, 80.0, 0.0])) == pytest.approx(0.9, abs=0.06)
