"""The signal fat fraction: its values, its mask, swaps, places in marrow, norms, and the drop that counts as edema."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.mr.fat_fraction import (
    LEAST_PERCENT,
    MARROW_NORMS,
    MarrowFat,
    deep_in_thick_bone,
    fraction_on,
    marrow_norm,
    signal_fat_fraction,
    swapped_part,
)


def grid(shape: tuple[int, int, int], mm: float = 4.0) -> Geometry:
    matrix = np.diag([mm, mm, mm, 1.0])
    matrix[:3, 3] = -0.5 * mm * (np.array(shape[::-1]) - 1)
    return Geometry(shape, matrix)


def body(shape: tuple[int, int, int] = (36, 48, 48)) -> tuple[np.ndarray, np.ndarray]:
    """Water and fat of a cylinder in noisy air: 14 mm of fat below the skin, muscle within."""
    _, j, i = np.indices(shape)
    depth = 84.0 - 4.0 * np.hypot(i - 23.5, j - 23.5)
    noise = np.abs(np.random.default_rng(1).normal(0, 8, (2, *shape)))
    water = np.where(depth > 0, np.where(depth < 14, 80.0, 800.0), 0.0)
    fat = np.where(depth > 0, np.where(depth < 14, 900.0, 40.0), 0.0)
    return water + noise[0], fat + noise[1]


def test_the_fraction_is_fat_over_fat_and_water_in_percent() -> None:
    water, fat = np.full((2, 4, 4), 60.0), np.full((2, 4, 4), 40.0)
    found = signal_fat_fraction(water, fat)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 40.0)


def test_air_is_zero_and_tissue_never_is() -> None:
    water, fat = body()
    found = signal_fat_fraction(water, np.where(water > 400, 0.0, fat))
    assert (found[water + fat < 60] == 0).all()
    assert found[water > 400].min() == np.float32(LEAST_PERCENT)


def test_muscle_is_not_lost_where_there_is_no_air() -> None:
    water, fat = np.full((4, 8, 8), 220.0), np.full((4, 8, 8), 5.0)
    fat[:, :4] = 900.0
    assert (signal_fat_fraction(water, fat) > 0).all()


def test_negative_and_missing_values_count_as_no_signal() -> None:
    water, fat = np.full((1, 2, 4), 50.0), np.full((1, 2, 4), 50.0)
    fat[0, 0, 0], water[0, 1, 1], fat[0, 1, 1] = -20.0, np.nan, np.nan
    found = signal_fat_fraction(water, fat)
    assert found[0, 0, 0] == np.float32(LEAST_PERCENT)
    assert found[0, 1, 1] == 0


def test_an_image_without_signal_has_no_fraction() -> None:
    assert not signal_fat_fraction(np.zeros((2, 2, 2)), np.zeros((2, 2, 2))).any()


def test_images_on_two_grids_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        signal_fat_fraction(np.zeros((2, 2, 2)), np.zeros((2, 2, 3)))


def test_swapped_water_and_fat_are_seen_below_the_skin() -> None:
    water, fat = body()
    geometry = grid(water.shape)
    assert swapped_part(signal_fat_fraction(water, fat), geometry) == 0.0
    assert swapped_part(signal_fat_fraction(fat, water), geometry) == 1.0


def test_a_swap_in_a_part_of_the_body_is_seen() -> None:
    water, fat = body()
    turned = np.arange(water.shape[0])[:, None, None] < 16
    found = swapped_part(
        signal_fat_fraction(np.where(turned, fat, water), np.where(turned, water, fat)), grid(water.shape)
    )
    assert found is not None
    assert 0 < found < 1


def test_nothing_is_said_about_a_swap_where_no_skin_is_seen() -> None:
    assert swapped_part(np.full((12, 12, 12), 30.0, dtype=np.float32), grid((12, 12, 12))) is None


def test_interpolation_does_not_mix_in_voxels_without_signal() -> None:
    values = np.full((4, 4, 4), 60.0, dtype=np.float32)
    values[:, :, 2:] = 0.0
    image = Image(values, grid((4, 4, 4)))
    moved = np.eye(4)
    moved[0, 3] = 1.0
    there = fraction_on(image, image.geometry, moved)
    np.testing.assert_allclose(there[:, :, 0], 60.0, rtol=1e-5)
    np.testing.assert_allclose(there[:, :, 1], 60.0, rtol=1e-5)
    assert np.isnan(there[:, :, 3]).all()


def test_only_the_depth_of_thick_bones_is_judged() -> None:
    mask = np.zeros((40, 40, 40), dtype=bool)
    mask[4:28, 4:28, 4:28] = True
    mask[4:36, 32:37, 4:36] = True
    deep = deep_in_thick_bone(mask, grid(mask.shape, 1.0), 3.0)
    assert deep[16, 16, 16]
    assert not deep[16, 16, 5]
    assert not deep[:, 31:].any()
    assert not deep_in_thick_bone(np.zeros((4, 4, 4), dtype=bool), grid((4, 4, 4)), 3.0).any()
    assert deep_in_thick_bone(np.ones((4, 4, 4), dtype=bool), grid((4, 4, 4)), 3.0).all()


def marrow_fat(z: np.ndarray) -> MarrowFat:
    geometry = grid(z.shape)
    percent = np.full(z.shape, 50.0, dtype=np.float32)
    percent[:, :, 0] = 0.0
    percent[:, :, 3] = 30.0
    return MarrowFat(Image(percent, geometry), np.eye(4), Image(z.astype(np.float32), geometry))


def test_a_place_is_measured_in_all_its_tissue_and_compared_in_its_marrow() -> None:
    z = np.full((4, 4, 4), np.nan)
    z[:, :, 3] = -4.0
    fat = marrow_fat(z)
    region = Region.from_mask(np.ones((4, 4, 4), dtype=bool), fat.z.geometry)
    percent, score = fat.of(region)
    assert percent == pytest.approx((2 * 50.0 + 30.0) / 3)
    assert score == pytest.approx(-4.0)
    assert fat.mean_of_marrow() == pytest.approx(30.0)


def test_a_place_without_marrow_or_without_signal_has_no_measure() -> None:
    fat = marrow_fat(np.full((4, 4, 4), np.nan))
    mask = np.ones((4, 4, 4), dtype=bool)
    assert fat.of(Region.from_mask(mask, fat.z.geometry))[1] is None
    mask[:, :, 1:] = False
    assert fat.of(Region.from_mask(mask, fat.z.geometry)) == (None, None)
    assert fat.mean_of_marrow() is None


@pytest.mark.parametrize(
    ("sex", "age", "percent"),
    [("F", 25.9, 27.2), ("M", 30.0, 35.3), ("F", 50.0, 38.9), ("F", 64.9, 50.3), ("M", 70.0, 50.0), ("F", 80.0, None)],
)
def test_the_published_mean_follows_sex_and_age(sex: str, age: float, percent: float | None) -> None:
    found = marrow_norm(sex, age)
    assert (None if found is None else found.percent) == percent


def test_there_is_no_norm_without_sex_or_age_and_norms_do_not_overlap() -> None:
    assert marrow_norm(None, 40.0) is None
    assert marrow_norm("F", None) is None
    for sex in "MF":
        ranges = [(one.from_age, one.to_age) for one in MARROW_NORMS if one.sex == sex]
        assert all(low <= high for low, high in ranges)
        assert all(first[1] < second[0] for first, second in itertools.pairwise(ranges))
