"""SUVpeak: the exact 1 ml sphere, where it is searched, and what happens at edges."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.pet.peak import SPHERE_RADIUS_MM, sphere_kernel, sphere_means, suv_peak
from scipy import ndimage


def image_of(array: np.ndarray, spacing=(2.1, 2.3, 3.0), turn_deg: float = 0.0) -> Image:
    """An image with a grid that is turned about S and shifted."""
    angle = np.deg2rad(turn_deg)
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix[:3, :3] = matrix[:3, :3] * np.array(spacing)
    matrix[:3, 3] = (-30.0, 12.0, 55.0)
    return Image(array.astype(np.float32), Geometry(array.shape, matrix))


def dense(spacing_kji):
    offsets, weights = sphere_kernel(spacing_kji)
    reach = np.abs(offsets).max(axis=0)
    kernel = np.zeros(2 * reach + 1)
    kernel[tuple((offsets + reach).T)] = weights
    return kernel


@pytest.mark.parametrize("spacing", [(2.03, 2.09, 2.09), (3.27, 4.69, 4.69), (5.0, 1.2, 2.7), (1.0, 1.0, 1.0)])
def test_the_kernel_is_the_sphere_by_brute_force(spacing):
    offsets, weights = sphere_kernel(spacing)
    fine = (np.arange(9) + 0.5) / 9 - 0.5
    sub = np.stack(np.meshgrid(fine, fine, fine, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = [
        (np.linalg.norm((offset + sub) * np.array(spacing), axis=1) <= SPHERE_RADIUS_MM).mean() for offset in offsets
    ]
    voxel_ml = np.prod(spacing) / 1000.0
    assert np.sum(inside) * voxel_ml == pytest.approx(1.0, abs=0.02)
    assert np.abs(np.array(inside) * voxel_ml - weights).max() < 0.002
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert weights.min() > 0


def test_the_sphere_holds_one_millilitre_before_it_is_normalized():
    assert 4.0 / 3.0 * np.pi * SPHERE_RADIUS_MM**3 == pytest.approx(1000.0)
    offsets, weights = sphere_kernel((2.03, 2.09, 2.09))
    assert weights[np.all(offsets == 0, axis=1)][0] == pytest.approx(2.03 * 2.09 * 2.09 / 1000.0, rel=2e-3)


def test_voxels_larger_than_the_sphere_hold_all_of_it():
    offsets, weights = sphere_kernel((20.0, 20.0, 20.0))
    assert offsets.tolist() == [[0, 0, 0]]
    assert weights.tolist() == [1.0]


@pytest.mark.parametrize("turn", [0.0, 31.0])
def test_the_peak_equals_the_whole_image_convolution(turn):
    random = np.random.default_rng(3)
    array = ndimage.gaussian_filter(random.random((24, 26, 30)), 1.5) * 4.0
    array[9:14, 12:16, 8:13] += 3.0
    image = image_of(array, turn_deg=turn)
    region = Region.from_mask(array > 2.9, image.geometry)
    everywhere = ndimage.correlate(image.array.astype(np.float64), dense(image.geometry.spacing_kji_mm))
    best = region.flat[np.argmax(everywhere.reshape(-1)[region.flat])]
    result = suv_peak(image, region)
    assert result.value == pytest.approx(everywhere.reshape(-1)[best], rel=1e-3)
    assert np.allclose(result.position_ras, image.geometry.flat_to_ras(np.array([best]))[0])
    assert not result.at_edge


def test_the_sphere_may_leave_the_region_but_its_centre_may_not():
    array = np.zeros((15, 15, 15))
    array[7, 7, 10] = 9.0
    image = image_of(array)
    one = np.ravel_multi_index(([7], [7], [8]), array.shape)
    result = suv_peak(image, one)
    assert 0.0 < result.value < 9.0
    assert np.allclose(result.position_ras, image.geometry.to_ras([8, 7, 7]))


def test_a_sphere_beyond_the_edge_or_over_missing_voxels_counts_what_is_there_and_is_flagged():
    array = np.full((12, 14, 16), 2.0)
    image = image_of(array)
    corner = suv_peak(image, np.array([0]))
    assert corner.value == pytest.approx(2.0)
    assert corner.at_edge
    image.array[6, 7, 9] = np.nan
    beside = suv_peak(image, np.ravel_multi_index(([6], [7], [8]), array.shape))
    assert beside.value == pytest.approx(2.0)
    assert beside.at_edge
    _, in_view = sphere_means(image, np.ravel_multi_index(([6], [7], [8]), array.shape))
    assert 0.9 < in_view[0] < 1.0


def test_no_value_at_all_is_none_and_flagged():
    image = image_of(np.full((9, 9, 9), np.nan))
    result = suv_peak(image, np.array([40, 41]))
    assert result.value is None
    assert result.at_edge


def test_interior_only_needs_the_whole_sphere_in_the_region():
    array = np.zeros((21, 23, 25))
    array[4:17, 5:18, 6:19] = np.random.default_rng(1).random((13, 13, 13)) + 3.0
    image = image_of(array)
    large = Region.from_mask(array > 0, image.geometry)
    free, interior = suv_peak(image, large), suv_peak(image, large, interior_only=True)
    assert interior.value <= free.value
    reach = [int(np.ceil(SPHERE_RADIUS_MM / s)) for s in image.geometry.spacing_kji_mm]
    k = np.unravel_index(
        np.ravel_multi_index(
            tuple(np.rint(image.geometry.to_ijk(interior.position_ras)).astype(int)[::-1]), array.shape
        ),
        array.shape,
    )[0]
    assert 4 + reach[0] - 1 <= k <= 17 - reach[0]
    small = np.ravel_multi_index(([10, 10], [11, 11], [12, 13]), array.shape)
    assert suv_peak(image, small, interior_only=True).value is None


def test_an_empty_region_and_another_grid_are_refused():
    image = image_of(np.ones((5, 6, 7)))
    with pytest.raises(ValueError, match="empty"):
        suv_peak(image, np.empty(0, dtype=np.int64))
    other = Region(Geometry((5, 6, 7), np.eye(4)), np.array([3]))
    with pytest.raises(ValueError, match="grid"):
        suv_peak(image, other)
