"""What was made quick gives what the plain way gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.gaussian import box_above, gaussian
from PainGeneratorLib.Numerics.core.image import Geometry, Image, ball
from PainGeneratorLib.Numerics.core.voxel_bits import VoxelBits
from PainGeneratorLib.Numerics.mr.signal import near_mask
from PainGeneratorLib.Numerics.pet import measuring
from PainGeneratorLib.Numerics.pet.contours import METHODS
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Numerics.pet.foci import smoothed
from PainGeneratorLib.Numerics.pet.splitting import connected_parts
from PainGeneratorLib.Workflow.protocol import load_protocol
from plain_contours import PlainContourSpace
from scipy import ndimage

SPACING = (3.0, 1.5, 2.0)


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def blob(rng, shape=(24, 30, 28), margin=7) -> np.ndarray:
    """A ragged set of voxels that keeps clear of the border."""
    mask = np.zeros(shape, dtype=bool)
    inner = tuple(slice(margin, -margin) for _ in shape)
    mask[inner] = ndimage.gaussian_filter(rng.standard_normal(mask[inner].shape), 1.5) > 0.05
    return mask


def scan(rng, shape=(40, 50, 60)) -> Image:
    """Tissue in air with foci, two of them touching and one at the border."""
    array = np.zeros(shape, dtype=np.float32)
    array[:, 6:44, 8:52] = 1.0
    array += 0.05 * ndimage.gaussian_filter(rng.standard_normal(shape), 1.0).astype(np.float32)
    for k, j, i, radius, suv in ((10, 20, 20, 5, 4), (10, 20, 29, 4, 3), (30, 30, 30, 8, 2.5), (38, 15, 40, 4, 5)):
        grid = np.ogrid[: shape[0], : shape[1], : shape[2]]
        array[sum((g - c) ** 2 for g, c in zip(grid, (k, j, i), strict=True)) <= radius**2] = suv
    array = ndimage.gaussian_filter(array, 1.2)
    return Image(array, Geometry(shape, np.diag([-2.0, -2.0, 2.5, 1.0])))


@pytest.mark.parametrize("box", [None, (slice(0, 5), slice(20, 41), slice(7, 8))])
def test_the_gaussian_is_that_of_scipy(rng, box):
    array = rng.standard_normal((9, 41, 70)).astype(np.float32)
    sigma = (2.6, 0.7, 4.0)
    expected = ndimage.gaussian_filter(array.astype(np.float64), sigma, mode="nearest", truncate=3.0)
    found = gaussian(array, sigma, box)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected if box is None else expected[box], atol=2e-6)


def test_only_the_body_is_smoothed_and_nothing_that_counts_is_lost(rng):
    image = scan(rng)
    quick = smoothed(image, 6.0, 0.3)
    sigma = [6.0 / 2.3548 / s for s in image.geometry.spacing_kji_mm]
    plain = ndimage.gaussian_filter(image.array, sigma, mode="nearest", truncate=3.0)
    above = plain > 0.3
    np.testing.assert_array_equal(quick > 0.3, above)
    np.testing.assert_allclose(quick[above], plain[above], rtol=2e-5)


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


def test_connected_parts_are_those_of_scipy(rng):
    mask = blob(rng) & (rng.random((24, 30, 28)) < 0.5)
    flat = np.flatnonzero(mask)
    labels, _ = ndimage.label(mask, np.ones((3, 3, 3)))
    found = connected_parts(flat, Geometry(mask.shape, np.eye(4)))
    pairs = set(zip(found.tolist(), labels.reshape(-1)[flat].tolist(), strict=True))
    assert len(pairs) == len(set(found.tolist())) == labels.max()


@pytest.mark.parametrize("center", [(20.0, -31.0, 40.0), (0.0, 0.0, 0.0), (500.0, 0.0, 0.0)])
def test_a_ball_holds_the_voxels_whose_centers_lie_within_its_radius(center):
    turn = np.array([[0.8, 0.6, 0], [-0.6, 0.8, 0], [0, 0, 1.0]])
    matrix = np.eye(4)
    matrix[:3, :3] = turn * (1.7, 2.3, 3.1)
    matrix[:3, 3] = (-11.0, -23.0, -2.0)
    geometry = Geometry((20, 25, 30), matrix)
    inside = np.linalg.norm(geometry.flat_to_ras(np.arange(geometry.size)) - center, axis=1) <= 9.0
    np.testing.assert_array_equal(ball(geometry, np.array(center), 9.0), np.flatnonzero(inside))


@pytest.mark.parametrize("method", list(METHODS))
def test_contours_and_measures_are_those_of_plain_filters(rng, monkeypatch, method):
    image = scan(rng)
    parameters = load_protocol("low-back").stage("hot_spots", HotSpotParameters)
    detector = HotSpotDetector(image, parameters)
    numbers = range(1, detector.n_foci + 1)
    quick = [detector._measured_spot(number, method) for number in numbers]
    monkeypatch.setattr(measuring, "ContourSpace", PlainContourSpace)
    plain = [detector._measured_spot(number, method) for number in numbers]
    assert sum(spot is not None for spot in quick) >= 2
    for one, other in zip(quick, plain, strict=True):
        assert (one is None) == (other is None)
        if one is None:
            continue
        np.testing.assert_array_equal(one.region.flat, other.region.flat)
        assert one.background == pytest.approx(other.background, rel=1e-5)
        assert one.contour_threshold == pytest.approx(other.contour_threshold, rel=1e-5)
        assert one.suv_peak == pytest.approx(other.suv_peak, rel=1e-9)


@pytest.mark.parametrize("name", ["suv", "ratio", "sd_factor", "percist_sd", "shell_outer_mm"])
def test_changed_contours_are_those_of_a_new_pass(rng, name):
    image = scan(rng)
    before = load_protocol("low-back").stage("hot_spots", HotSpotParameters)
    after = replace(before, contour=replace(before.contour, **{name: 1.15 * getattr(before.contour, name)}))
    kept, fresh = HotSpotDetector(image, before), HotSpotDetector(image, after)
    for method in METHODS:
        kept.find(1.2, method)
    kept.change_contours(after)
    for method in METHODS:
        regions = [[spot.region.flat for spot in d.find(1.2, method).hot_spots] for d in (kept, fresh)]
        assert len(regions[0]) == len(regions[1])
        assert all(np.array_equal(one, other) for one, other in zip(*regions, strict=True))


@pytest.mark.parametrize("reach_mm", [1.0, 3.5, 9.0])
def test_what_lies_near_a_mask_is_its_dilation_by_a_ball(rng, reach_mm):
    geometry = Geometry((9, 40, 33), np.diag([1.5, 1.0, 4.0, 1.0]))
    mask = rng.random(geometry.shape) < 0.002
    k, j, i = np.mgrid[-3:4, -10:11, -10:11]
    ball_mm = np.sqrt((4.0 * k) ** 2 + j**2 + (1.5 * i) ** 2)
    wanted = ndimage.binary_dilation(mask, ball_mm <= reach_mm + 0.25)
    assert np.array_equal(near_mask(mask, geometry, reach_mm), wanted)
    assert not near_mask(np.zeros_like(mask), geometry, reach_mm).any()
