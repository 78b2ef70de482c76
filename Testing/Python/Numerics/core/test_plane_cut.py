"""Which voxels the plane of a slice passes through."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.plane_cut import plane_cuts

GRID = Geometry((4, 5, 6), np.diag([2.0, 3.0, 4.0, 1.0]))
"""Voxel centers at x = 0, 2, ... y = 0, 3, ... z = 0, 4, ... mm."""


def one_voxel(k: int, j: int, i: int) -> Region:
    return Region(GRID, np.array([np.ravel_multi_index((k, j, i), GRID.shape)]))


def plane(normal: tuple[float, ...], point: tuple[float, ...], length: float = 1.0) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, 2] = length * np.array(normal) / np.linalg.norm(normal)
    matrix[:3, 3] = point
    return matrix


@pytest.mark.parametrize(("z", "cut"), [(4.0, True), (5.9, True), (6.1, False), (2.1, True), (1.9, False)])
def test_a_straight_plane_cuts_a_voxel_up_to_its_borders(z: float, cut: bool) -> None:
    assert plane_cuts(one_voxel(1, 2, 3), plane((0, 0, 1), (50.0, 50.0, z))) is cut


def test_a_slanted_plane_cuts_the_corners_too() -> None:
    corner = np.array([6.0 + 1.0, 6.0 + 1.5, 4.0 + 2.0])
    for step, cut in ((-0.1, True), (0.1, False)):
        normal = np.array([1.0, 1.0, 1.0]) / np.sqrt(3)
        assert plane_cuts(one_voxel(1, 2, 3), plane((1, 1, 1), tuple(corner + step * normal))) is cut


def test_one_voxel_of_many_is_enough_and_the_length_of_the_normal_does_not_matter() -> None:
    many = Region(GRID, np.sort(np.concatenate([one_voxel(0, 0, 0).flat, one_voxel(3, 4, 5).flat])))
    assert plane_cuts(many, plane((0, 0, -1), (0.0, 0.0, 12.0), length=7.0))
    assert not plane_cuts(many, plane((0, 0, -1), (0.0, 0.0, 6.0), length=7.0))


def test_nothing_is_cut_where_nothing_is() -> None:
    assert not plane_cuts(Region(GRID, np.empty(0, dtype=np.int64)), plane((0, 0, 1), (0.0, 0.0, 0.0)))
