"""How the midline of a body is found."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.midline import BodyVoxels, is_reliable, midline_plane, plane_of_outline
from PainGeneratorLib.Numerics.body.symmetry import LEFT_RAS, SymmetryPlane
from PainGeneratorLib.Numerics.core.image import Geometry

SHAPE = (16, 10, 40)
SLAB_ROWS = 2


def geometry(flip: int | None = None) -> Geometry:
    """A grid of 12 x 8 x 8 mm from (-238, 0, 0) on; one axis of RAS may run the other way."""
    matrix = np.diag([12.0, 8.0, 8.0, 1.0])
    matrix[0, 3] = -238.0
    if flip is not None:
        matrix[flip] *= -1.0
    return Geometry(SHAPE, matrix)


def voxels(mask: np.ndarray, grid: Geometry | None = None) -> BodyVoxels:
    grid = grid or geometry()
    kji = np.argwhere(mask)
    return BodyVoxels(kji, np.array(mask.shape) - 1, grid.to_ras(kji[:, ::-1]), kji[:, 0] // SLAB_ROWS, grid)


def trunk(slabs: int = 8) -> np.ndarray:
    """A body from i = 10 to 29, 228 mm wide: its middle lies at R = -238 + 12 * 19.5 = -4."""
    mask = np.zeros(SHAPE, dtype=bool)
    mask[: slabs * SLAB_ROWS, 2:8, 10:30] = True
    return mask


def plane(quality: float) -> SymmetryPlane:
    return SymmetryPlane(np.array([30.0, 0.0, 0.0]), LEFT_RAS, quality)


def test_a_plane_of_symmetry_is_believed_from_its_least_quality_on() -> None:
    assert not is_reliable(None)
    assert not is_reliable(plane(0.2199))
    assert is_reliable(plane(0.22))
    body = voxels(trunk())
    reliable = plane(0.22)
    assert midline_plane(body, reliable) is reliable
    found = midline_plane(body, plane(0.2199))
    assert found.quality == 0.0
    assert found.point_ras[0] == pytest.approx(-4.0)


def test_the_plane_of_the_outline_runs_through_its_middle_and_points_to_the_left() -> None:
    found = plane_of_outline(voxels(trunk()))
    assert found.point_ras == pytest.approx([-4.0, 8.0 * 4.5, 8.0 * 7.5])
    assert found.normal_ras == pytest.approx([-1.0, 0.0, 0.0])


def test_four_slabs_are_needed() -> None:
    assert plane_of_outline(voxels(trunk(4))) is not None
    assert plane_of_outline(voxels(trunk(3))) is None


@pytest.mark.parametrize(("count", "is_enough"), [(30, True), (29, False)])
def test_a_slab_needs_thirty_voxels(count: int, is_enough: bool) -> None:
    mask = trunk(4)
    mask[6:8] = False
    mask.reshape(-1)[np.flatnonzero(trunk(4))[-count:]] = True
    assert (plane_of_outline(voxels(mask)) is not None) == is_enough


@pytest.mark.parametrize(("column", "count", "is_cut"), [(0, 4, False), (0, 5, True), (39, 4, False), (39, 5, True)])
def test_a_slab_that_the_field_of_view_cuts_is_left_out(column: int, count: int, is_cut: bool) -> None:
    mask = trunk(4)
    slab = np.zeros(240, dtype=bool)
    # 200 voxels in all, some of them on the border: 2 % are allowed.
    slab[: 200 - count] = True
    mask[6:8, 2:8, 10:30] = slab.reshape(2, 6, 20)
    mask[6, 2 : 2 + count, column] = True
    assert (plane_of_outline(voxels(mask)) is None) == is_cut


@pytest.mark.parametrize(("shift", "lean"), [(0.1, 0.1), (-0.1, -0.1), (0.4, 0.15), (-0.4, -0.15)])
def test_the_plane_leans_with_the_body_but_not_far(shift: float, lean: float) -> None:
    body = voxels(trunk())
    points = body.points_ras.copy()
    points[:, 0] += shift * points[:, 2]
    leaning = BodyVoxels(body.kji, body.last, points, body.slab, body.geometry)
    normal = plane_of_outline(leaning).normal_ras
    assert normal[2] / -normal[0] == pytest.approx(lean, abs=0.004)
    assert np.linalg.norm(normal) == pytest.approx(1.0)


def test_one_arm_in_view_does_not_move_the_plane() -> None:
    mask = trunk()
    mask[10:14, 4:6, 33:37] = True
    assert plane_of_outline(voxels(mask)).point_ras[0] == pytest.approx(-4.0, abs=2.0)


@pytest.mark.parametrize(("columns", "is_trunk"), [(20, True), (18, False)])
def test_a_slab_as_narrow_as_a_leg_has_no_midline(columns: int, is_trunk: bool) -> None:
    mask = trunk()
    mask[:, :, 10 + columns :] = False
    assert (plane_of_outline(voxels(mask)) is not None) == is_trunk


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_borders_are_named_by_the_directions_of_the_body(axis: int) -> None:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[0, 0, 0] = mask[-1, -1, -1] = True
    low, high = voxels(mask).at_borders(axis)
    assert (low.tolist(), high.tolist()) == ([True, False], [False, True])
    low, high = voxels(mask, geometry(flip=axis)).at_borders(axis)
    assert (low.tolist(), high.tolist()) == ([False, True], [True, False])
