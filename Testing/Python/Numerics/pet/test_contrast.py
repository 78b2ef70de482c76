"""Contrast over local noise: the ruler by which foci stand out."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.pet import contrast
from PainGeneratorLib.Numerics.pet.contrast import ContrastMap
from scipy import ndimage

SPACING = (3.0, 2.5, 4.0)  # i, j, k


def noisy_block(shape=(40, 56, 48), noise=0.1, seed=3) -> np.ndarray:
    """Uptake 1 with noise of about 5 mm correlation."""
    grain = ndimage.gaussian_filter(
        np.random.default_rng(seed).standard_normal(shape), [2.1 / s for s in SPACING[::-1]]
    )
    return (1.0 + noise * grain / grain.std()).astype(np.float32)


def geometry_of(array: np.ndarray) -> Geometry:
    matrix = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1.0])
    matrix[:3, 3] = (70.0, 60.0, -80.0)
    return Geometry(array.shape, matrix)


def with_ball(array: np.ndarray, center: np.ndarray, suv: float, radius: float = 7.0) -> Image:
    geometry = geometry_of(array)
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*array.shape, 3)
    array = array.copy()
    array[np.linalg.norm(points - center, axis=-1) <= radius] += suv - 1.0
    return Image(array, geometry)


PLACE = np.array([10.0, -5.0, 3.0])


def test_a_focus_is_the_highest_place_and_pure_noise_stays_low():
    array = noisy_block()
    empty = ContrastMap(Image(array, geometry_of(array)), 0.15)
    assert empty.z.max() < 7.0
    filled = ContrastMap(with_ball(array, PLACE, 2.0), 0.15)
    k, j, i = np.unravel_index(filled.z.argmax(), filled.z.shape)
    assert np.linalg.norm(filled.geometry.to_ras(np.array([i, j, k], float)) - PLACE) < 5.0
    assert filled.at(PLACE[None])[0] > 10.0


def test_twice_the_noise_halves_the_contrast():
    quiet, loud = (ContrastMap(with_ball(noisy_block(noise=n), PLACE, 2.0), 0.15) for n in (0.08, 0.16))
    assert loud.typical_noise == pytest.approx(2.0 * quiet.typical_noise, rel=0.1)
    assert loud.at(PLACE[None])[0] == pytest.approx(0.5 * quiet.at(PLACE[None])[0], rel=0.3)


def test_noise_is_local():
    array = noisy_block(shape=(60, 56, 48), noise=0.05)
    array[30:] = noisy_block(shape=(30, 56, 48), noise=0.25, seed=8)
    found = ContrastMap(Image(array, geometry_of(array)), 0.15)
    assert np.median(found.noise[45:55]) > 3.0 * np.median(found.noise[5:15])


def test_a_crop_gives_the_same_contrast_as_the_whole():
    whole = with_ball(noisy_block(shape=(80, 80, 80)), PLACE, 2.0)
    offset = (4, 8, 8)
    part = Image(whole.array[4:44, 8:64, 8:64], whole.geometry.cropped(offset, (40, 56, 56)))
    values = [ContrastMap(image, 0.15).at(PLACE[None])[0] for image in (whole, part)]
    assert values[0] == pytest.approx(values[1], rel=0.25)


def test_places_without_a_value_are_no_contrast_and_do_not_spread():
    array = noisy_block()
    array[:6] = np.nan
    found = ContrastMap(Image(array, geometry_of(array)), 0.15)
    assert np.isfinite(found.z).all()
    assert found.z[:6].max() == 0.0
    assert found.z.max() < 8.0


def test_nothing_but_air_has_no_contrast():
    array = np.zeros((20, 24, 28), dtype=np.float32)
    found = ContrastMap(Image(array, geometry_of(array)), 0.15)
    assert found.z.max() == 0.0
    assert found.typical_noise == 0.0


# --- the parts


def test_the_response_to_a_blob_is_the_largest_difference_of_two_gaussians(monkeypatch):
    monkeypatch.setattr(contrast, "_local_noise", lambda response, *rest: np.ones_like(response))
    geometry = Geometry((31, 31, 31), np.diag([3.0, 3.0, 3.0, 1.0]))
    away = np.linalg.norm(geometry.flat_to_ras(np.arange(geometry.size)) - 45.0, axis=1)
    blob = (12.0 / 2.3548) ** 2
    array = (1.0 + np.exp(-0.5 * away**2 / blob)).reshape(geometry.shape).astype(np.float32)
    found = ContrastMap(Image(array, geometry), 0.15)
    expected = [
        (blob / (blob + inner**2)) ** 1.5 - (blob / (blob + (2.25 * inner) ** 2)) ** 1.5
        for inner in np.array([5.0, 8.0, 12.0]) / 2.3548
    ]
    assert found.at(np.array([[45.0, 45.0, 45.0]]))[0] == pytest.approx(max(expected), rel=0.02)


@pytest.mark.parametrize(("fill", "noise"), [(0.19, 1.0), (0.21, 5.0)])
def test_a_cell_gives_noise_of_its_own_when_enough_of_it_is_body(fill, noise):
    response = np.ones((10, 10, 20), dtype=np.float32)
    response[:, :, 10:] = 9.0
    body = np.zeros(response.shape, dtype=bool)
    body[:, :, :10] = True
    inner = np.zeros(1000, dtype=bool)
    inner[: int(1000 * fill)] = True
    body[:, :, 10:] = inner.reshape(10, 10, 10)
    found = contrast._local_noise(response, body, (10, 10, 10), along=2)
    assert found[0, 0, 0] == pytest.approx(1.4826 * noise, rel=1e-4)


@pytest.mark.parametrize(("louder", "factor"), [(1.0, 1.0), (1.29, 1.0), (2.6, 2.0)])
def test_only_a_slice_that_is_clearly_noisier_raises_its_noise(louder, factor):
    size = np.full((6, 8, 8), 1.0 / 1.4826, dtype=np.float32)
    size[2] *= louder
    found = contrast._slice_factor(size, np.ones_like(size), along=0)
    assert found.shape == (6, 1, 1)
    assert found[:, 0, 0].tolist() == pytest.approx([1.0, 1.0, factor, 1.0, 1.0, 1.0], rel=1e-5)


@pytest.mark.parametrize(("seen", "factor"), [(30, 2.0), (29, 1.0)])
def test_a_slice_with_little_body_gives_no_noise_of_its_own(seen, factor):
    size = np.full((1, 8, 8), np.nan, dtype=np.float32)
    size.reshape(-1)[:seen] = 2.6 / 1.4826
    assert contrast._slice_factor(size, np.ones_like(size), along=0)[0, 0, 0] == pytest.approx(factor, rel=1e-5)


def test_the_median_leaves_out_missing_values_and_needs_enough():
    values = np.array([[1.0, 2.0, 9.0, np.nan], [4.0, np.nan, 2.0, np.nan], [np.nan, np.nan, 3.0, np.nan]])
    found = contrast._median_of_last(values, 2)
    assert found[:2].tolist() == [2.0, 3.0]
    assert np.isnan(found[2])


def test_cells_are_interpolated_between_their_centers_and_constant_beyond():
    found = contrast._spread_cells(np.array([[[1.0, 3.0]]]), (1, 1, 4), (1, 1, 8))
    assert found[0, 0].tolist() == pytest.approx([1.0, 1.0, 1.25, 1.75, 2.25, 2.75, 3.0, 3.0])


@pytest.mark.parametrize(
    ("spacing_ijk", "cell"),
    [((3.0, 3.0, 3.0), (10, 10, 10)), ((10.0, 2.0, 5.0), (6, 12, 3)), ((80.0,) * 3, (1, 1, 1))],
)
def test_cells_are_30_mm_wide_and_no_wider_than_the_image(spacing_ijk, cell):
    assert contrast._cell_of(Geometry((10, 12, 14), np.diag([*spacing_ijk, 1.0]))) == cell
