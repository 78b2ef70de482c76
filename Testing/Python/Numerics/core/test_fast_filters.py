"""The fast filters give what the plain ones of scipy give."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core import gaussian as gaussian_module
from PainGeneratorLib.Numerics.core.constants import FWHM_TO_SIGMA, MAD_TO_SD
from PainGeneratorLib.Numerics.core.gaussian import box_above, gaussian
from PainGeneratorLib.Numerics.core.histogram import modes, otsu
from PainGeneratorLib.Numerics.core.voxel_bits import VoxelBits
from scipy import ndimage

SPACING = (3.0, 1.5, 2.0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def blob(rng: np.random.Generator, shape: tuple[int, int, int] = (24, 30, 28), margin: int = 7) -> np.ndarray:
    """A ragged set of voxels that keeps clear of the border."""
    mask = np.zeros(shape, dtype=bool)
    inner = tuple(slice(margin, -margin) for _ in shape)
    mask[inner] = ndimage.gaussian_filter(rng.standard_normal(mask[inner].shape), 1.5) > 0.05
    return mask


@pytest.mark.parametrize("box", [None, (slice(0, 5), slice(20, 41), slice(7, 8))])
def test_the_gaussian_is_that_of_scipy(rng, box):
    array = rng.standard_normal((9, 41, 70)).astype(np.float32)
    sigma = (2.6, 0.7, 4.0)
    expected = ndimage.gaussian_filter(array.astype(np.float64), sigma, mode="nearest", truncate=3.0)
    found = gaussian(array, sigma, box)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected if box is None else expected[box], atol=2e-6)


def test_the_box_holds_all_that_is_above_and_everything_where_nothing_is():
    array = np.zeros((5, 6, 7), dtype=np.float32)
    assert box_above(array, 0.5) == (slice(0, 5), slice(0, 6), slice(0, 7))
    array[2, 3, 1] = array[3, 3, 4] = 1.0
    assert box_above(array, 0.5) == (slice(2, 4), slice(3, 4), slice(1, 5))
    assert box_above(array, 0.5, (1, 9, 2)) == (slice(1, 5), slice(0, 6), slice(0, 7))


def test_a_set_survives_packing(rng):
    mask = blob(rng)
    bits = VoxelBits(mask.shape, SPACING)
    np.testing.assert_array_equal(bits.unpack(bits.pack(mask)).reshape(mask.shape), mask)
    assert bits.pack(mask).bit_count() == np.count_nonzero(mask)


@pytest.mark.parametrize("radius", [0.5, 3.0, 6.1, 8.0])
def test_voxels_within_a_radius_are_those_of_the_distance_map(rng, radius):
    mask = blob(rng)
    bits = VoxelBits(mask.shape, SPACING)
    expected = ndimage.distance_transform_edt(~mask, sampling=SPACING) <= radius
    np.testing.assert_array_equal(bits.unpack(bits.within(bits.pack(mask), radius)).reshape(mask.shape), expected)


def test_growing_and_connecting_are_those_of_scipy(rng):
    mask = blob(rng) & (rng.random((24, 30, 28)) < 0.4)
    bits = VoxelBits(mask.shape, SPACING)
    grown = bits.unpack(bits.grown(bits.pack(mask), 3)).reshape(mask.shape)
    np.testing.assert_array_equal(grown, ndimage.binary_dilation(mask, iterations=3))
    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    assert count > 3
    rest = voxels = bits.pack(mask)
    for number in range(1, count + 1):
        part = bits.part_of(rest & -rest, voxels)
        np.testing.assert_array_equal(bits.unpack(part).reshape(mask.shape), labels == number)
        rest &= ~part


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("length", [1, 31, 33, 70])
def test_a_long_axis_is_smoothed_block_by_block_up_to_its_ends(axis: int, length: int) -> None:
    shape = [2, 3, 2]
    shape[axis] = length
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) % 7
    sigma = [0.0, 0.0, 0.0]
    sigma[axis] = 2.2
    expected = ndimage.gaussian_filter(array.astype(np.float64), sigma, mode="nearest", truncate=3.0)
    np.testing.assert_allclose(gaussian(array, tuple(sigma)), expected, atol=2e-6)


def test_the_reach_of_a_gaussian_is_rounded_as_scipy_does() -> None:
    point = np.zeros((1, 1, 21), dtype=np.float32)
    point[0, 0, 10] = 1.0
    for sigma, reach in ((0.1, 0), (0.16, 0), (0.17, 1), (0.49, 1), (0.5, 2), (1.0, 3), (1.17, 4)):
        assert np.count_nonzero(gaussian(point, (0.0, 0.0, sigma))) == 2 * reach + 1


def test_a_part_of_the_volume_is_computed_from_no_more_than_it_needs(rng: np.random.Generator) -> None:
    array = rng.standard_normal((30, 40, 50)).astype(np.float32)
    box = (slice(10, 14), slice(20, 25), slice(30, 36))
    spoiled = np.full_like(array, np.nan)
    near = (slice(7, 17), slice(14, 31), slice(27, 39))
    spoiled[near] = array[near]
    np.testing.assert_array_equal(gaussian(spoiled, (1.0, 2.0, 1.0), box), gaussian(array, (1.0, 2.0, 1.0), box))


def test_blocks_of_any_size_give_the_same(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    array = rng.standard_normal((8, 9, 70)).astype(np.float32)
    whole = gaussian(array, (1.0, 1.0, 1.0))
    monkeypatch.setattr(gaussian_module, "BLOCK", 5)
    np.testing.assert_allclose(gaussian(array, (1.0, 1.0, 1.0)), whole, atol=1e-6)


def test_a_threshold_itself_is_not_above_it() -> None:
    array = np.full((3, 3, 3), 0.5, dtype=np.float32)
    array[1, 2, 0] = 0.6
    assert box_above(array, 0.5) == (slice(1, 2), slice(2, 3), slice(0, 1))
    assert box_above(array, 0.6) == (slice(0, 3), slice(0, 3), slice(0, 3))


def test_one_voxel_grows_to_its_neighbors_across_faces_and_a_seed_to_all_26() -> None:
    bits = VoxelBits((7, 7, 7), (1.0, 1.0, 1.0))
    seed = np.zeros((7, 7, 7), dtype=bool)
    seed[3, 3, 3] = True
    one = bits.pack(seed)
    assert one == 1 << (3 * 49 + 3 * 7 + 3)
    assert bits.grown(one, 0) == one
    assert [bits.grown(one, steps).bit_count() for steps in (1, 2)] == [7, 25]
    block = np.zeros((7, 7, 7), dtype=bool)
    block[2:5, 2:5, 2:5] = True
    assert bits.part_of(one, bits.pack(block)) == bits.pack(block)
    corners = np.zeros((7, 7, 7), dtype=bool)
    corners[2, 2, 2] = corners[3, 3, 3] = corners[5, 5, 5] = True
    assert bits.part_of(one, bits.pack(corners)).bit_count() == 2


@pytest.mark.parametrize(
    ("radius", "count"), [(0.0, 1), (1.4, 1), (1.5, 3), (2.0, 5), (2.5, 9), (3.0, 13), (3.36, 17)]
)
def test_a_ball_of_bits_counts_its_radius_in(radius: float, count: int) -> None:
    bits = VoxelBits((9, 9, 9), SPACING)
    one = 1 << (4 * 81 + 4 * 9 + 4)
    k, j, i = np.mgrid[-4:5, -4:5, -4:5]
    inside = np.sqrt((3.0 * k) ** 2 + (1.5 * j) ** 2 + (2.0 * i) ** 2) <= radius
    assert bits.within(one, radius).bit_count() == np.count_nonzero(inside) == count


def test_the_size_of_a_box_need_not_be_a_multiple_of_eight() -> None:
    for shape in ((1, 1, 1), (2, 2, 2), (3, 3, 1), (2, 5, 1)):
        bits = VoxelBits(shape, (1.0, 1.0, 1.0))
        mask = np.ones(shape, dtype=bool)
        mask[0, 0, 0] = False
        found = bits.unpack(bits.pack(mask))
        assert found.dtype == bool
        assert found.tolist() == mask.reshape(-1).tolist()


def test_a_threshold_divides_two_groups_of_any_size() -> None:
    values = np.concatenate([np.linspace(0.0, 1.0, 900), np.linspace(9.0, 10.0, 100)])
    assert 1.0 <= otsu(values) <= 1.1
    few = np.concatenate([np.linspace(0.0, 1.0, 20), np.linspace(4.0, 10.0, 400)])
    assert 6.0 < otsu(few) < 7.0


def test_the_threshold_is_an_edge_of_one_of_128_bins_with_the_least_variance_within() -> None:
    values = np.random.default_rng(3).gamma(2.0, 1.5, 500)
    found = otsu(values)
    edges = np.linspace(values.min(), values.max(), 129)
    assert np.abs(edges - found).min() < 1e-9
    centers = 0.5 * (edges[1:] + edges[:-1])
    counts, _ = np.histogram(values, edges)

    def within(edge: float) -> float:
        total = 0.0
        for part in (centers < edge, centers > edge):
            mean = np.average(centers[part], weights=counts[part])
            total += (counts[part] * (centers[part] - mean) ** 2).sum()
        return float(total)

    assert within(found) == pytest.approx(min(within(edge) for edge in edges[1:-1]))


def test_the_peaks_of_a_density_are_those_of_at_least_a_part_of_the_highest() -> None:
    rng = np.random.default_rng(5)
    values = np.concatenate([rng.normal(10.0, 1.0, 4000), rng.normal(20.0, 1.0, 2000), rng.normal(30.0, 1.0, 400)])
    np.testing.assert_allclose(modes(values, 0.8, 0.3), [10.0, 20.0], atol=0.3)
    np.testing.assert_allclose(modes(values, 0.8, 0.05), [10.0, 20.0, 30.0], atol=0.3)
    np.testing.assert_allclose(modes(values, 0.8, 0.8), [10.0], atol=0.3)


def test_a_peak_at_an_end_of_the_values_is_found_and_a_plateau_counts_once() -> None:
    values = np.concatenate([np.zeros(100), np.linspace(0.0, 10.0, 50), np.full(60, 10.0)])
    np.testing.assert_allclose(modes(values, 0.01, 0.5), [10.0 / 512, 10.0 - 10.0 / 512], atol=1e-9)
    assert modes(np.array([0.0, 1.0]), 1e-6, 1.0).tolist() == [1.0 / 512, 1.0 - 1.0 / 512]
    two_bins = np.array([0.0, 0.5 + 0.5 / 256, 0.5 + 1.5 / 256, 1.0])
    assert modes(two_bins, 1e-6, 1.0).tolist() == [1 / 512, 0.5 + 1 / 512, 1 - 1 / 512]


def test_a_wider_smoothing_joins_two_peaks() -> None:
    rng = np.random.default_rng(5)
    values = np.concatenate([rng.normal(-3.0, 0.5, 3000), rng.normal(3.0, 0.5, 3000)])
    assert len(modes(values, 0.6, 0.5)) == 2
    assert len(modes(values, 4.0, 0.5)) == 1


def test_the_factors_are_those_of_a_normal_distribution() -> None:
    values = np.random.default_rng(1).normal(0.0, 3.0, 200_001)
    assert MAD_TO_SD * np.median(np.abs(values - np.median(values))) == pytest.approx(3.0, rel=0.01)
    half = np.exp(-0.5 * (0.5 / FWHM_TO_SIGMA) ** 2)
    assert half == pytest.approx(0.5, rel=1e-12)
