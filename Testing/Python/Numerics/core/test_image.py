"""Grids, images and regions: orders of axes, frames, edges, and what is refused. The grid is oblique and uneven."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import (
    LEFT_RAS,
    LPS_TO_RAS,
    Geometry,
    Image,
    Region,
    ball,
    block_means,
    resample,
    transform_points,
)

SHAPE = (4, 5, 6)
TURN = np.array([[0.8, 0.6, 0.0], [-0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
SPACING_IJK = (1.7, 2.3, 3.1)


@pytest.fixture
def grid() -> Geometry:
    """4 slices of 5 rows and 6 columns, turned in the plane."""
    matrix = np.eye(4)
    matrix[:3, :3] = TURN * SPACING_IJK
    matrix[:3, 3] = (-11.0, -23.0, -2.0)
    return Geometry(SHAPE, matrix)


def place(i: float, j: float, k: float) -> np.ndarray:
    """The position of an index triple on the grid, worked by hand."""
    x, y, z = 1.7 * i, 2.3 * j, 3.1 * k
    return np.array([0.8 * x + 0.6 * y - 11.0, -0.6 * x + 0.8 * y - 23.0, z - 2.0])


def test_left_is_negative_r_and_lps_differs_from_ras_in_two_signs() -> None:
    assert LEFT_RAS.tolist() == [-1.0, 0.0, 0.0]
    assert transform_points(LPS_TO_RAS, np.array([1.0, 2.0, 3.0])).tolist() == [-1.0, -2.0, 3.0]
    assert (LPS_TO_RAS @ LPS_TO_RAS).tolist() == np.eye(4).tolist()


def test_index_triples_and_positions_are_each_others_inverse(grid: Geometry) -> None:
    np.testing.assert_allclose(grid.to_ras(np.array([3, 1, 2])), place(3, 1, 2))
    np.testing.assert_allclose(grid.to_ijk(place(3.5, 1.25, 2.0)), [3.5, 1.25, 2.0])
    np.testing.assert_allclose(grid.to_ras(np.array([[0, 0, 0], [5, 4, 3]])), [place(0, 0, 0), place(5, 4, 3)])
    np.testing.assert_allclose(grid.ras_to_ijk @ grid.ijk_to_ras, np.eye(4), atol=1e-12)


def test_flat_indices_run_over_columns_first_and_slices_last(grid: Geometry) -> None:
    np.testing.assert_allclose(
        grid.flat_to_ras(np.array([1, 6, 30])), [place(1, 0, 0), place(0, 1, 0), place(0, 0, 1)]
    )


def test_spacing_volume_and_size(grid: Geometry) -> None:
    np.testing.assert_allclose(grid.spacing_mm, SPACING_IJK)
    np.testing.assert_allclose(grid.spacing_kji_mm, SPACING_IJK[::-1])
    assert grid.voxel_volume_ml == pytest.approx(1.7 * 2.3 * 3.1 / 1000.0)
    flipped = Geometry(SHAPE, np.diag([-1.7, 2.3, 3.1, 1.0]))
    assert flipped.voxel_volume_ml == pytest.approx(1.7 * 2.3 * 3.1 / 1000.0)
    assert grid.size == 120


def test_corners_and_center(grid: Geometry) -> None:
    expected = {tuple(np.round(place(i, j, k), 6)) for i in (0, 5) for j in (0, 4) for k in (0, 3)}
    assert {tuple(point) for point in np.round(grid.corners_ras, 6)} == expected
    np.testing.assert_allclose(grid.center_ras, place(2.5, 2.0, 1.5))


def test_a_geometry_is_copied_checked_and_cannot_be_changed() -> None:
    matrix = np.eye(4)
    geometry = Geometry(tuple(np.array([1, 2, 3])), matrix)
    matrix[0, 0] = 7.0
    assert geometry.ijk_to_ras[0, 0] == 1.0
    assert geometry.ijk_to_ras.dtype == np.float64
    assert [type(n) for n in geometry.shape] == [int, int, int]
    with pytest.raises(ValueError, match="read-only"):
        geometry.ijk_to_ras[0, 0] = 2.0
    with pytest.raises(ValueError, match=r"^ijk_to_ras must be 4 x 4, not \(3, 3\)$"):
        Geometry((1, 2, 3), np.eye(3))
    for shape in ((1, 2), (1, 2, 3, 4), (1, 0, 3), (-1, 2, 3)):
        with pytest.raises(ValueError, match=r"^shape must be three positive numbers \(k, j, i\), not \("):
            Geometry(shape, np.eye(4))
    assert Geometry((1, 1, 1), np.eye(4)).size == 1


@pytest.mark.parametrize(
    ("ijk", "inside"),
    [
        ((0.0, 0.0, 0.0), True),
        ((-0.499, 0.0, 0.0), True),
        ((-0.501, 0.0, 0.0), False),
        ((5.499, 4.499, 3.499), True),
        ((5.501, 0.0, 0.0), False),
        ((0.0, 4.501, 0.0), False),
        ((0.0, 0.0, 3.501), False),
        ((0.0, 0.0, -0.501), False),
    ],
)
def test_a_grid_reaches_to_the_outer_faces_of_its_voxels(
    grid: Geometry, ijk: tuple[float, float, float], inside: bool
) -> None:
    point = place(*ijk)
    assert bool(grid.contains(point)) is inside
    assert grid.contains(np.stack([point, point])).tolist() == [inside, inside]


def test_the_margin_of_a_grid_can_be_chosen_and_counts_as_inside() -> None:
    geometry = Geometry((2, 2, 2), np.eye(4))
    points = np.array([[-0.5, 0.0, 0.0], [-1.5, 0.0, 0.0], [2.5, 0.0, 0.0], [1.5, 1.5, 1.5], [0.0, 0.0, 0.0]])
    assert geometry.contains(points).tolist() == [True, False, False, True, True]
    assert geometry.contains(points, 1.5).tolist() == [True, True, True, True, True]
    assert geometry.contains(points, 0.0).tolist() == [False, False, False, False, True]


def test_a_moved_grid_moves_every_voxel(grid: Geometry) -> None:
    move = np.eye(4)
    move[:2, :2] = [[0.0, -1.0], [1.0, 0.0]]
    move[:3, 3] = (5.0, 6.0, 7.0)
    np.testing.assert_allclose(
        grid.moved(move).to_ras(np.array([1, 2, 3])), transform_points(move, place(1, 2, 3)), atol=1e-12
    )
    assert grid.moved(move).shape == SHAPE


def test_grids_are_the_same_up_to_a_thousandth_of_a_millimeter(grid: Geometry) -> None:
    for shift, same in ((0.0, True), (0.0009, True), (-0.0009, True), (0.0011, False), (-0.0011, False)):
        move = np.eye(4)
        move[1, 3] = shift
        assert grid.is_same_grid(grid.moved(move)) is same
    assert not grid.is_same_grid(Geometry((4, 5, 7), grid.ijk_to_ras))
    assert not Geometry((2, 1, 1), np.diag([3.0, 1, 1, 1])).is_same_grid(Geometry((1, 1, 2), np.diag([1.0, 1, 3, 1])))


def test_a_part_of_a_grid_starts_at_an_array_index(grid: Geometry) -> None:
    part = grid.cropped((1, 2, 3), (2, 2, 3))
    np.testing.assert_allclose(part.to_ras(np.array([0, 0, 0])), place(3, 2, 1))
    np.testing.assert_allclose(part.to_ras(np.array([2, 1, 1])), place(5, 3, 2))
    assert part.shape == (2, 2, 3)
    np.testing.assert_allclose(grid.to_ras(np.array([0, 0, 0])), place(0, 0, 0))


def test_an_image_has_the_shape_of_its_grid(grid: Geometry) -> None:
    assert Image(np.zeros(SHAPE), grid).geometry is grid
    with pytest.raises(ValueError, match=r"^array \(4, 5, 5\) and geometry \(4, 5, 6\) differ in shape$"):
        Image(np.zeros((4, 5, 5)), grid)


@pytest.fixture
def region(grid: Geometry) -> Region:
    """Three voxels that are spread differently along every axis."""
    mask = np.zeros(SHAPE, dtype=bool)
    mask[1, 2, 0] = mask[1, 4, 3] = mask[2, 3, 5] = True
    return Region.from_mask(mask, grid)


def test_a_region_knows_its_voxels(region: Region, grid: Geometry) -> None:
    assert region.flat.tolist() == [42, 57, 83]
    assert len(region) == 3
    assert region.volume_ml == pytest.approx(3 * 1.7 * 2.3 * 3.1 / 1000.0)
    np.testing.assert_allclose(region.points_ras, [place(0, 2, 1), place(3, 4, 1), place(5, 3, 2)])
    np.testing.assert_allclose(region.centroid_ras_mm, place(8 / 3, 3, 4 / 3))
    assert np.flatnonzero(region.to_mask()).tolist() == [42, 57, 83]
    assert region.to_mask().shape == SHAPE
    assert region.to_mask().dtype == bool


def test_the_box_of_a_region(region: Region) -> None:
    assert region.box == ((1, 2, 0), (2, 3, 6))
    for margin in (0, 2):
        image = region.box_mask(margin)
        assert image.array.shape == (2 + 2 * margin, 3 + 2 * margin, 6 + 2 * margin)
        found = Region.from_mask(image.array, image.geometry)
        np.testing.assert_allclose(found.points_ras, region.points_ras)
    assert region.box_mask().array.shape == (2, 3, 6)


def test_a_moved_region_keeps_its_voxels(region: Region) -> None:
    move = np.eye(4)
    move[0, 3] = 5.0
    moved = region.moved(move)
    assert moved.flat.tolist() == region.flat.tolist()
    np.testing.assert_allclose(moved.points_ras, region.points_ras + np.array([5.0, 0.0, 0.0]))


@pytest.mark.parametrize("center", [(20.0, -31.0, 40.0), (0.0, 0.0, 0.0), (500.0, 0.0, 0.0), (9.0, 2.0, 20.0)])
def test_a_ball_holds_the_voxels_whose_centers_lie_within_its_radius(center: tuple[float, float, float]) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = TURN * SPACING_IJK
    matrix[:3, 3] = (-11.0, -23.0, -2.0)
    geometry = Geometry((20, 25, 30), matrix)
    inside = np.linalg.norm(geometry.flat_to_ras(np.arange(geometry.size)) - center, axis=1) <= 9.0
    found = ball(geometry, np.array(center), 9.0)
    np.testing.assert_array_equal(found, np.flatnonzero(inside))
    assert found.dtype == np.int64


@pytest.mark.parametrize(
    ("center", "radius", "expected"),
    [
        ((2.0, 2.0, 2.0), 1.0, [37, 57, 61, 62, 63, 67, 87]),
        ((2.0, 2.0, 2.0), 0.99, [62]),
        ((0.0, 0.0, 0.0), 1.0, [0, 1, 5, 25]),
        ((4.0, 4.0, 4.0), 1.0, [99, 119, 123, 124]),
        ((-1.0, 0.0, 0.0), 1.0, [0]),
        ((5.0, 4.0, 4.0), 1.0, [124]),
        ((-1.1, 0.0, 0.0), 1.0, []),
        ((2.0, 6.5, 2.0), 1.0, []),
        ((2.5, 2.5, 2.5), 0.4, []),
    ],
)
def test_a_small_ball_counts_its_radius_in_and_stays_within_the_grid(
    center: tuple[float, float, float], radius: float, expected: list[int]
) -> None:
    found = ball(Geometry((5, 5, 5), np.eye(4)), np.array(center), radius)
    assert found.tolist() == expected
    assert found.dtype == np.int64


def test_a_ball_on_a_fine_grid_is_as_large_as_on_a_coarse_one() -> None:
    geometry = Geometry((20, 20, 20), np.diag([0.25, 0.5, 0.4, 1.0]))
    center = np.array([2.5, 5.0, 4.0])
    inside = np.linalg.norm(geometry.flat_to_ras(np.arange(geometry.size)) - center, axis=1) <= 2.0
    assert ball(geometry, center, 2.0).tolist() == np.flatnonzero(inside).tolist()


def ramp(grid: Geometry) -> Image:
    """Values that tell the indices: 100 k + 10 j + i."""
    k, j, i = np.indices(grid.shape)
    return Image((100 * k + 10 * j + i).astype(np.float32), grid)


@pytest.fixture
def straight() -> Geometry:
    """The same shape along the axes of the body, so that no edge is lost to rounding."""
    return Geometry(SHAPE, np.diag([-2.0, 4.0, 8.0, 1.0]))


def test_an_image_on_its_own_grid_keeps_its_values(straight: Geometry) -> None:
    image = ramp(straight)
    np.testing.assert_allclose(resample(image, straight), image.array, atol=1e-3)
    assert resample(image, straight).dtype == np.float32


def test_values_between_voxels_are_linear_and_outside_they_are_missing(grid: Geometry) -> None:
    image = ramp(grid)
    matrix = grid.ijk_to_ras.copy()
    matrix[:3, 3] = place(0.5, 1.0, 2.25)
    found = resample(image, Geometry((1, 2, 6), matrix))
    np.testing.assert_allclose(found[0, 0, :5], 235.5 + np.arange(5), atol=1e-3)
    np.testing.assert_allclose(found[0, 1, :5], 245.5 + np.arange(5), atol=1e-3)
    assert np.isnan(found[0, :, 5]).all()
    assert (resample(image, Geometry((1, 2, 6), matrix), outside=-1.0)[0, :, 5] == -1.0).all()


def test_a_transform_maps_the_target_to_the_image(grid: Geometry) -> None:
    image = ramp(grid)
    move = np.eye(4)
    move[:3, 3] = place(1, 2, 1) - place(0, 0, 0)
    found = resample(image, grid, move, outside=0.0)
    np.testing.assert_allclose(found[:3, :3, :5], image.array[1:, 2:, 1:], atol=1e-3)
    assert found[3, 0, 0] == 0.0


def test_labels_keep_their_type_and_masks_become_numbers(straight: Geometry) -> None:
    grid = straight
    labels = Image((np.arange(120) % 5).astype(np.int16).reshape(SHAPE), grid)
    found = resample(labels, grid, order=0, outside=0)
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, labels.array)
    mask = Image(labels.array == 2, grid)
    kept = resample(mask, grid, order=0, outside=0)
    assert kept.dtype == np.uint8
    np.testing.assert_array_equal(kept == 1, mask.array)
    shares = resample(mask, grid, order=1, outside=0)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares, mask.array, atol=1e-5)
    doubles = Image(ramp(grid).array.astype(np.float64), grid)
    assert resample(doubles, grid).dtype == np.float32


def test_a_cubic_spline_goes_through_the_values() -> None:
    geometry = Geometry((8, 8, 8), np.eye(4))
    values = np.random.default_rng(2).random((8, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(resample(Image(values, geometry), geometry, order=3), values, atol=1e-4)
    quadratic = resample(Image(values, geometry), geometry, order=2)
    np.testing.assert_allclose(quadratic, values, atol=1e-4)


def test_fine_voxels_are_averaged_in_blocks_of_about_a_spacing():
    geometry = Geometry((5, 6, 9), np.diag([1.2, 2.0, 3.5, 1.0]))
    array = np.arange(5 * 6 * 9, dtype=np.float64).reshape(5, 6, 9)
    blocks = block_means(Image(array, geometry), 3.5)
    values, grid = blocks.array, blocks.geometry
    assert values.shape == (5, 3, 3)
    assert values.dtype == np.float32
    assert values[0, 0, 0] == pytest.approx(array[0, :2, :3].mean())
    assert values[4, 2, 2] == pytest.approx(array[4, 4:6, 6:9].mean())
    assert grid.spacing_mm == pytest.approx((3.6, 4.0, 3.5))
    assert grid.to_ras(np.zeros(3)) == pytest.approx(geometry.to_ras(np.array([1.0, 0.5, 0.0])))
