"""Overlap, gap and union of regions on equal and on different grids."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core import regions as regions_module
from PainGeneratorLib.Numerics.core.image import Geometry, Region, ball
from PainGeneratorLib.Numerics.core.regions import contains, gap_mm, is_cut_off, on_grid, overlap_fraction, union

UNEVEN = Geometry((6, 7, 8), np.diag([-2.0, 3.0, 4.0, 1.0]))


def part(geometry: Geometry, *voxels: tuple[int, int, int]) -> Region:
    """A region of some voxels (k, j, i)."""
    mask = np.zeros(geometry.shape, dtype=bool)
    for voxel in voxels:
        mask[voxel] = True
    return Region.from_mask(mask, geometry)


def ball_region(geometry: Geometry, center: tuple[float, float, float], radius: float) -> Region:
    return Region(geometry, ball(geometry, np.array(center), radius))


def at(k: float, j: float, i: float) -> list[float]:
    """The position of an array index on the uneven grid."""
    return [-2.0 * i, 3.0 * j, 4.0 * k]


def test_points_belong_to_a_region_up_to_the_faces_of_its_voxels() -> None:
    region = part(UNEVEN, (1, 2, 3), (5, 6, 7), (0, 0, 0))
    points = np.array(
        [
            at(1, 2, 3),
            at(1.45, 1.55, 3.45),
            at(1.55, 2, 3),
            at(1, 2.55, 3),
            at(1, 2, 2.45),
            at(5, 6, 7),
            at(0, 0, 0),
            at(-0.6, 0, 0),
            at(5.6, 6, 7),
            at(5, 6.6, 7),
            at(5, 6, 8),
            at(3, 2, 1),
        ]
    )
    assert contains(region, points).tolist() == [True, True, *[False] * 3, True, True, *[False] * 5]


def test_no_point_belongs_to_an_empty_region_and_no_point_gives_no_answer() -> None:
    empty = Region(UNEVEN, np.empty(0, dtype=np.int64))
    assert contains(empty, np.array([at(1, 2, 3)])).tolist() == [False]
    assert contains(part(UNEVEN, (1, 2, 3)), np.empty((0, 3))).shape == (0,)
    assert contains(part(UNEVEN, (1, 2, 3)), np.array([at(40, 2, 3)])).tolist() == [False]


def test_the_overlap_is_the_part_of_the_smaller_region() -> None:
    large = part(UNEVEN, (1, 2, 3), (1, 2, 4), (1, 2, 5), (1, 2, 6), (1, 2, 7))
    small = part(UNEVEN, (1, 2, 3), (1, 2, 4), (1, 3, 3), (1, 3, 4))
    assert overlap_fraction(small, large) == overlap_fraction(large, small) == 0.5
    assert overlap_fraction(large, large) == 1.0
    empty = Region(UNEVEN, np.empty(0, dtype=np.int64))
    assert overlap_fraction(empty, large) == overlap_fraction(large, empty) == 0.0


def test_the_smaller_region_is_the_one_with_the_smaller_volume_not_with_fewer_voxels() -> None:
    fine = Geometry((40, 40, 40), np.diag([0.5, 0.5, 0.5, 1.0]))
    coarse = Geometry((10, 10, 10), np.diag([4.0, 4.0, 4.0, 1.0]))
    many_small = ball_region(fine, (8.0, 8.0, 8.0), 1.5)
    one_large = part(coarse, (2, 2, 2))
    assert overlap_fraction(many_small, one_large) == overlap_fraction(one_large, many_small) == 1.0
    half = Region(fine, np.flatnonzero(np.indices(fine.shape)[2].reshape(-1) <= 12)[:65])
    assert overlap_fraction(half, one_large) == 0.0


def test_the_gap_is_the_smallest_distance_of_centers() -> None:
    first = part(UNEVEN, (1, 2, 3), (1, 2, 4))
    second = part(UNEVEN, (4, 2, 0), (1, 5, 5))
    assert gap_mm(first, second) == gap_mm(second, first) == pytest.approx(np.hypot(2.0, 9.0))
    assert gap_mm(first, first) == 0.0


def test_a_gap_beyond_the_limit_is_infinite() -> None:
    first, second = part(UNEVEN, (0, 0, 0)), part(UNEVEN, (0, 2, 0))
    assert gap_mm(first, second, 6.1) == pytest.approx(6.0)
    assert gap_mm(first, second, 5.9) == np.inf
    assert gap_mm(first, part(UNEVEN, (1, 1, 1)), 5.3) == np.inf
    assert gap_mm(first, part(UNEVEN, (1, 1, 1)), 5.4) == pytest.approx(np.sqrt(29.0))
    longer = part(UNEVEN, (0, 2, 0), (5, 6, 7), (5, 6, 6))
    assert gap_mm(first, longer, 6.1) == gap_mm(longer, first, 6.1) == pytest.approx(6.0)


def test_a_large_region_is_thinned_and_its_gap_stays_right_to_two_voxels() -> None:
    fine = Geometry((30, 30, 40), np.eye(4))
    large = Region(fine, np.flatnonzero(np.indices(fine.shape)[2].reshape(-1) < 21))
    small = part(fine, (10, 10, 30))
    assert len(large) > 4 * regions_module.MAX_GAP_POINTS
    assert 10.0 <= gap_mm(large, small) <= 12.0
    thinned = regions_module._thinned(large.points_ras)
    assert len(large) / len(thinned) == pytest.approx(5.0, rel=0.01)
    few = np.zeros((regions_module.MAX_GAP_POINTS, 3))
    assert regions_module._thinned(few) is few
    more = np.zeros((regions_module.MAX_GAP_POINTS + 1, 3))
    assert len(regions_module._thinned(more)) == 2001


def test_on_its_own_grid_a_region_keeps_its_voxels() -> None:
    region = part(UNEVEN, (1, 2, 3), (5, 6, 7))
    same = Geometry(UNEVEN.shape, UNEVEN.ijk_to_ras)
    found = on_grid(region, same)
    assert found.geometry is same
    assert found.flat.tolist() == region.flat.tolist()


@pytest.mark.parametrize("spacing", [1.0, 2.5, 6.0])
def test_on_another_grid_a_region_holds_the_voxels_whose_centers_lie_in_it(spacing: float) -> None:
    region = union([ball_region(UNEVEN, (-6.0, 9.0, 8.0), 6.0), part(UNEVEN, (0, 0, 0), (5, 6, 7))])
    matrix = np.diag([spacing, spacing, spacing, 1.0])
    matrix[:3, 3] = (-16.3, -2.2, -3.1)
    target = Geometry((25, 24, 20), matrix)
    expected = np.flatnonzero(contains(region, target.flat_to_ras(np.arange(target.size))))
    found = on_grid(region, target)
    assert found.geometry is target
    assert found.flat.tolist() == expected.tolist()
    assert len(expected) > 0


def test_on_a_turned_grid_the_edge_of_a_region_is_kept() -> None:
    region = ball_region(Geometry((20, 20, 20), np.eye(4)), (10.0, 9.0, 8.0), 6.0)
    turn = np.eye(4)
    turn[:3, :3] = np.array([[0.6, 0.0, 0.8], [0.0, 1.0, 0.0], [-0.8, 0.0, 0.6]]) * (0.7, 1.3, 0.9)
    turn[:3, 3] = (-6.0, -1.0, 4.0)
    target = Geometry((30, 18, 30), turn)
    expected = np.flatnonzero(contains(region, target.flat_to_ras(np.arange(target.size))))
    assert on_grid(region, target).flat.tolist() == expected.tolist()


def test_a_gap_is_found_far_from_the_origin_and_along_each_axis() -> None:
    matrix = np.diag([1.0, 1.0, 1.0, 1.0])
    matrix[:3, 3] = (-400.0, 0.0, 900.0)
    far = Geometry((30, 30, 30), matrix)
    for axis in range(3):
        places = [[10, 10, 10], [10, 10, 10]]
        places[1][axis] += 5
        first, second = (part(far, tuple(place)) for place in places)
        assert gap_mm(first, second, 5.5) == gap_mm(second, first, 5.5) == pytest.approx(5.0)
        assert gap_mm(first, second, 4.5) == np.inf
    both = part(far, (10, 10, 10), (10, 10, 29), (0, 0, 0))
    assert gap_mm(both, part(far, (10, 15, 10), (29, 29, 0)), 6.0) == pytest.approx(5.0)


def test_on_a_fine_grid_every_voxel_in_the_region_is_found() -> None:
    region = part(UNEVEN, (0, 0, 0), (1, 1, 0))
    fine = Geometry((30, 30, 30), np.diag([-0.25, 0.3, 0.4, 1.0]))
    expected = np.flatnonzero(contains(region, fine.flat_to_ras(np.arange(fine.size))))
    assert on_grid(region, fine).flat.tolist() == expected.tolist()
    assert expected[0] == 0


def test_on_a_grid_elsewhere_nothing_is_left() -> None:
    region = part(UNEVEN, (1, 2, 3))
    for shift in (500.0, -500.0):
        matrix = np.eye(4)
        matrix[:3, 3] = shift
        target = Geometry((5, 5, 5), matrix)
        found = on_grid(region, target)
        assert found.geometry is target
        assert len(found) == 0
        assert found.flat.dtype == np.int64


def test_a_union_holds_every_voxel_once_and_in_order() -> None:
    first, second = part(UNEVEN, (5, 6, 7), (1, 2, 3)), part(UNEVEN, (1, 2, 3), (0, 0, 1))
    assert union([first, second]).flat.tolist() == [1, 75, 335]
    assert union([first]).flat.tolist() == [75, 335]
    with pytest.raises(ValueError, match=r"^regions of different grids have no union$"):
        union([first, part(Geometry((6, 7, 8), np.eye(4)), (1, 2, 3))])


@pytest.mark.parametrize(
    ("voxel", "is_cut"),
    [((1, 1, 1), False), ((4, 5, 6), False), ((0, 3, 3), True), ((3, 0, 3), True), ((3, 3, 0), True),
     ((5, 3, 3), True), ((3, 6, 3), True), ((3, 3, 7), True)],
)  # fmt: skip
def test_a_region_is_cut_off_with_one_voxel_on_the_border(voxel: tuple[int, int, int], is_cut: bool) -> None:
    assert is_cut_off(part(UNEVEN, voxel), np.ones(UNEVEN.shape)) is is_cut


@pytest.mark.parametrize(
    ("hole", "value", "outside", "is_cut"),
    [
        ((3, 3, 4), np.nan, np.nan, True),
        ((2, 3, 3), np.nan, np.nan, True),
        ((2, 2, 3), np.nan, np.nan, False),
        ((3, 3, 5), np.nan, np.nan, False),
        ((3, 4, 3), 0.0, 0.0, True),
        ((3, 4, 3), 0.0, np.nan, False),
    ],
)
def test_a_region_is_cut_off_where_a_voxel_across_a_face_holds_no_value(
    hole: tuple[int, int, int], value: float, outside: float, is_cut: bool
) -> None:
    values = np.ones(UNEVEN.shape)
    values[hole] = value
    assert is_cut_off(part(UNEVEN, (3, 3, 3)), values, outside) is is_cut


PET_GRID = Geometry(
    (14, 15, 16), np.array([[-4.0, 0, 0, 91.3], [0, -4.0, 0, -17.7], [0, 0, 3.2, 612.1], [0, 0, 0, 1]])
)


def subdivided(geometry: Geometry, factor: int = 2) -> Geometry:
    """The same field of view with so many voxels in the place of one along each axis."""
    matrix = geometry.ijk_to_ras.copy()
    matrix[:3, :3] /= factor
    matrix[:3, 3] = geometry.to_ras(np.full(3, 0.5 / factor - 0.5))
    return Geometry(tuple(factor * n for n in geometry.shape), matrix)


def jittered(geometry: Geometry, seed: int, size_mm: float) -> Geometry:
    """The same grid with other last digits."""
    matrix = geometry.ijk_to_ras.copy()
    matrix[:3, 3] += np.random.default_rng(seed).uniform(-size_mm, size_mm, 3)
    return Geometry(geometry.shape, matrix)


@pytest.mark.parametrize("size_mm", [0.0, 1e-9, 5e-4])
@pytest.mark.parametrize("seed", range(5))
def test_a_region_comes_back_the_same_from_a_grid_of_half_the_voxel_size(seed: int, size_mm: float) -> None:
    region = ball_region(PET_GRID, tuple(PET_GRID.center_ras), 9.0)
    fine = subdivided(PET_GRID)
    eighths = Region(fine, np.flatnonzero(contains(region, fine.flat_to_ras(np.arange(fine.size)))))
    assert len(eighths) == 8 * len(region)
    moved = Region(jittered(fine, seed, size_mm), eighths.flat)
    assert on_grid(moved, PET_GRID).flat.tolist() == region.flat.tolist()


@pytest.mark.parametrize("reach_mm", [6.1, 8.0, 11.0])
def test_the_mean_of_an_outline_on_half_voxels_does_not_hang_on_the_last_digits(reach_mm: float) -> None:
    fine = subdivided(PET_GRID)
    outline = ball(fine, PET_GRID.center_ras + np.array([1.0, -2.1, 0.4]), reach_mm)
    values = np.linspace(1.0, 9.0, PET_GRID.size)
    found = [on_grid(Region(jittered(fine, seed, 5e-4), outline), PET_GRID).flat for seed in range(8)]
    means = [float(values[flat].mean()) for flat in found]
    assert means == [means[0]] * len(means)


def test_a_voxel_belongs_to_an_outline_on_half_voxels_that_holds_half_of_it() -> None:
    fine = subdivided(PET_GRID)
    one = (6, 7, 8)
    for count in range(9):
        parts = [(2 * one[0] + n // 4, 2 * one[1] + n // 2 % 2, 2 * one[2] + n % 2) for n in range(count)]
        region = part(fine, *parts)
        expected = [int(np.ravel_multi_index(one, PET_GRID.shape))] if count >= 4 else []
        assert on_grid(region, PET_GRID).flat.tolist() == expected, count


def test_a_point_between_two_voxels_belongs_to_the_even_one_and_one_at_a_corner_to_none() -> None:
    between = np.array([at(1, 2, 3.5)])
    assert contains(part(UNEVEN, (1, 2, 4)), between).tolist() == [True]
    assert contains(part(UNEVEN, (1, 2, 3)), between).tolist() == [False]
    assert contains(part(UNEVEN, (1, 2, 3), (1, 2, 4)), between).tolist() == [True]
    corners = np.array([at(1.5, 2.5, 3.5), at(1, 2.5, 3.5)])
    assert contains(part(UNEVEN, (1, 2, 4)), corners).tolist() == [False, False]
