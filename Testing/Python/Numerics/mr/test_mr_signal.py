"""Signal on the working grid: blocks, the body, smoothing, z-scores and shapes."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.mr.bias import BiasParameters
from PainGeneratorLib.Numerics.mr.blocks import block_mean, coarse_factors, coarser, spread_blocks
from PainGeneratorLib.Numerics.mr.signal import (
    around_region,
    extents_mm,
    in_plane_smooth,
    local_z,
    near_mask,
    prepare_signals,
    regions_of,
    sample_mask,
)

BIAS = BiasParameters(order=2, sample_mm=8.0, pair_mm=10.0, iterations=4, histogram_fwhm=0.15, foreground_part=0.15)


def geometry(shape=(12, 20, 24), spacing=(4.0, 1.0, 1.0)) -> Geometry:
    """Spacing along (k, j, i), mm."""
    return Geometry(shape, np.diag([spacing[2], spacing[1], spacing[0], 1.0]))


def test_block_means_and_their_inverse_keep_blocks_at_their_place() -> None:
    array = np.arange(2 * 4 * 6, dtype=np.float32).reshape(2, 4, 6)
    means = block_mean(array, (1, 2, 3))
    assert means.shape == (2, 2, 2)
    assert means[0, 0, 0] == array[0, :2, :3].mean()
    assert np.array_equal(block_mean(spread_blocks(means, (1, 2, 3), array.shape), (1, 2, 3)), means)
    assert block_mean(np.ones((1, 5, 7)), (1, 2, 3)).shape == (1, 2, 2)
    assert np.array_equal(spread_blocks(np.array([[[1, 2]]]), (1, 1, 2), (1, 1, 5)), [[[1, 1, 2, 2, 2]]])


def test_a_coarser_grid_has_its_voxels_in_the_middle_of_their_blocks() -> None:
    fine = geometry((4, 6, 6))
    coarse = coarser(fine, (1, 2, 3))
    assert coarse.shape == (4, 3, 2)
    assert coarse.spacing_kji_mm == (4.0, 2.0, 3.0)
    assert np.allclose(coarse.to_ras(np.array([0, 0, 0])), fine.to_ras(np.array([1.0, 0.5, 0.0])))


@pytest.mark.parametrize(
    ("spacing", "factors"),
    [((4.0, 1.0, 1.0), (1, 2, 2)), ((2.0, 0.5, 0.81), (1, 4, 2)), ((1.0, 1.0, 30.0), (2, 2, 1))],
)
def test_coarse_factors_bring_a_grid_to_about_two_millimeters(spacing, factors) -> None:
    assert coarse_factors(geometry(spacing=spacing)) == factors
    assert coarse_factors(geometry((1, 1, 1), spacing)) == (1, 1, 1)


def test_the_body_has_its_cavities_and_no_specks_and_no_air() -> None:
    grid = geometry((8, 60, 60), (4.0, 4.0, 4.0))
    signal = np.full(grid.shape, 1.0, dtype=np.float32)
    signal[:, 15:45, 10:50] = 100.0
    signal[3:5, 28:32, 28:32] = 0.0
    signal[2:4, 2:5, 2:5] = 100.0
    image = Image(signal, grid)
    found = prepare_signals({"T1": image}, {}, image, BIAS)
    assert found.factors == (1, 1, 1)
    assert found.body[4, 30, 30]
    assert not found.body[3, 3, 3]
    assert not found.body[4, 5, 30]
    assert found.body.mean() == pytest.approx(30 * 40 / 3600, rel=0.15)


def test_all_series_come_to_the_reference_grid_and_are_nan_outside_their_own() -> None:
    grid = geometry((8, 40, 40), (4.0, 2.0, 2.0))
    other = geometry((8, 20, 10), (4.0, 4.0, 4.0))
    series = {
        "T1": Image(np.full(grid.shape, 50.0, dtype=np.float32), grid),
        "FLUID": Image(np.full(other.shape, 80.0, dtype=np.float32), other),
    }
    found = prepare_signals(series, {"FLUID": np.eye(4)}, series["T1"], BIAS)
    assert found.roles["FLUID"].shape == grid.shape
    assert found.roles["FLUID"][4, 10, 5] == pytest.approx(80.0, rel=0.01)
    assert np.isnan(found.roles["FLUID"][4, 10, 35])
    fine = geometry((8, 40, 40), (4.0, 0.35, 0.35))
    image = Image(np.full(fine.shape, 50.0, dtype=np.float32), fine)
    assert prepare_signals({"T1": image}, {}, image, BIAS).factors == (1, 2, 2)


def test_smoothing_leaves_thick_slices_apart_and_takes_nan_for_nothing() -> None:
    array = np.zeros((5, 9, 9), dtype=np.float32)
    array[2, 4, 4] = 1.0
    array[0, 0, 0] = np.nan
    smooth = in_plane_smooth(array, geometry((5, 9, 9), (4.0, 1.0, 1.0)), 1.0)
    assert smooth[2, 4, 5] > 0
    assert smooth[1].max() == 0
    assert np.isfinite(smooth).all()
    assert in_plane_smooth(array, geometry((5, 9, 9), (2.4, 1.0, 1.0)), 1.0)[1].max() > 0


def marrow(number: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    points = rng.uniform(0.0, 50.0, (number, 3))
    return 100.0 * (1.0 + 0.1 * rng.normal(size=number)), points


def test_a_z_score_counts_standard_deviations_of_the_marrow_around() -> None:
    values, points = marrow()
    values[0], values[1] = 150.0, 50.0
    z = local_z(values, points, np.ones(len(values), dtype=bool), None, 30.0)
    assert z.dtype == np.float32
    assert z[0] == pytest.approx(5.0, abs=0.8)
    assert z[1] == pytest.approx(-5.0, abs=0.8)
    assert abs(float(np.median(z))) < 0.3


@pytest.mark.parametrize(("normal", "is_known"), [(29, False), (30, True)])
def test_with_too_little_normal_marrow_nothing_stands_out(normal: int, is_known: bool) -> None:
    values, points = marrow()
    values[0] = 200.0
    z = local_z(values, points, np.arange(len(values)) < normal, None, 30.0)
    assert bool(z[0] > 3.0) is is_known
    assert bool(z.any()) is is_known


def test_one_diseased_vertebra_is_compared_with_its_neighbors() -> None:
    values, points = marrow(1000)
    vertebra = 1 + (points[:, 2] // 10.0).astype(int)
    values[vertebra == 3] *= 2.0
    z = local_z(values, points, np.ones(len(values), dtype=bool), vertebra, 30.0)
    assert np.median(z[vertebra == 3]) > 4.0
    assert abs(np.median(z[vertebra == 1])) < 2.0
    alone = local_z(values, points, np.ones(len(values), dtype=bool), np.where(vertebra == 3, 3, 0), 30.0)
    assert abs(np.median(alone[vertebra == 3])) < 0.5


def test_extents_are_four_standard_deviations_longest_first() -> None:
    k, j, i = np.meshgrid(np.arange(40), np.arange(10), np.arange(20), indexing="ij")
    lengths, axes = extents_mm(np.stack([i.ravel(), j.ravel(), k.ravel()], axis=1).astype(float))
    assert lengths == pytest.approx([46.2, 23.1, 11.5], abs=0.1)
    assert np.abs(axes) == pytest.approx(np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]), abs=1e-6)


def test_a_mask_is_sampled_at_the_nearest_voxel_and_false_outside() -> None:
    grid = geometry((3, 3, 3), (1.0, 1.0, 1.0))
    mask = np.zeros((3, 3, 3), dtype=bool)
    mask[0, 1, 2] = True
    points = np.array([[2.0, 1.0, 0.0], [2.4, 1.4, 0.4], [1.0, 1.0, 0.0], [9.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    assert sample_mask(mask, grid, points).tolist() == [True, True, False, False, False]


def test_the_box_around_a_region_ends_at_the_grid() -> None:
    grid = geometry((6, 20, 20), (4.0, 1.0, 1.0))
    mask = np.zeros(grid.shape, dtype=bool)
    mask[2, 1:3, 10:12] = True
    box, own, near = around_region(Region.from_mask(mask, grid), 4.0)
    assert box == (slice(0, 5), slice(0, 8), slice(5, 17))
    assert np.array_equal(own, mask[box])
    assert np.array_equal(near, near_mask(mask, grid, 4.0)[box])


@pytest.mark.parametrize(("minimum_ml", "sizes"), [(0.0, [27, 8, 1]), (0.008, [27, 8]), (0.0081, [27]), (1.0, [])])
def test_regions_are_connected_over_corners_and_come_largest_first(minimum_ml: float, sizes: list[int]) -> None:
    mask = np.zeros((12, 20, 24), dtype=bool)
    mask[0:2, 0:2, 0:2] = True
    mask[4:7, 4:7, 4:7] = True
    mask[10, 10, 10] = True
    grid = geometry(spacing=(1.0, 1.0, 1.0))
    assert [len(region) for region in regions_of(mask, grid, minimum_ml)] == sizes
    mask[2:4, 2:4, 2:4] = True
    assert [len(region) for region in regions_of(mask, grid, 0.002)] == [43]
