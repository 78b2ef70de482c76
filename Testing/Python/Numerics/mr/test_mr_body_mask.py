"""The body above the noise of its own place: dark bellies, lifted noise, offsets, masks and other outlines."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.mr.bias import BiasParameters
from PainGeneratorLib.Numerics.mr.blocks import spread_blocks
from PainGeneratorLib.Numerics.mr.body_mask import find_body
from PainGeneratorLib.Numerics.mr.body_votes import OtherOutline, joined_body
from PainGeneratorLib.Numerics.mr.signal import prepare_signals
from scipy import ndimage

BIAS = BiasParameters(order=3, sample_mm=4.0, pair_mm=5.0, iterations=20, histogram_fwhm=0.15, foreground_part=0.15)
SHAPE = (16, 200, 160)
"""Sagittal slices: R, S, A."""
GEOMETRY = Geometry(SHAPE, np.array([[0, 0, 4.0, 0], [1.5, 0, 0, 0], [0, 1.5, 0, 0], [0, 0, 0, 1]]))
BODY = np.zeros(SHAPE, dtype=bool)
BODY[:, :, 30:125] = True


def spine_coil(fall_mm: float = 60.0, noise: float = 5.0, front_noise: float = 5.0, seed: int = 2) -> np.ndarray:
    """Structured tissue whose signal falls from the back, with Rician noise of its own level in front."""
    rng = np.random.default_rng(seed)
    depth = np.maximum(np.arange(SHAPE[2]) - 30, 0) * 1.5
    coarse = rng.uniform(0.7, 1.3, (SHAPE[0], 25, 20)).repeat(8, axis=1).repeat(8, axis=2)
    clean = np.where(BODY, 200.0 * coarse * np.exp(-depth / fall_mm), 0.0)
    sigma = np.linspace(noise, front_noise, SHAPE[2])
    parts = [sigma * rng.standard_normal(SHAPE) for _ in range(2)]
    return np.hypot(clean + parts[0], parts[1]).astype(np.float32)


def found(array: np.ndarray) -> np.ndarray:
    """The body on the voxels of the image."""
    seen = find_body(Image(array, GEOMETRY))
    return spread_blocks(seen.body, seen.factors, SHAPE)


def air_in(body: np.ndarray) -> float:
    """The part of the air that is called body."""
    return float((body & ~BODY).sum() / (~BODY).sum())


def lost_in(body: np.ndarray) -> float:
    """The part of the body that is called air."""
    return float((~body & BODY).sum() / BODY.sum())


@pytest.mark.parametrize("front_noise", [5.0, 12.0])
def test_noise_in_front_of_a_dark_belly_is_air_and_the_belly_is_body(front_noise: float) -> None:
    body = found(spine_coil(120.0, 5.0, front_noise))
    assert air_in(body) < 0.1
    assert lost_in(body) < 0.05


def test_an_offset_of_the_gray_values_is_no_body_and_is_taken_away() -> None:
    array = np.rint(32.0 + spine_coil(150.0, 0.4, 0.4)).astype(np.float32)
    seen = find_body(Image(array, GEOMETRY))
    body = spread_blocks(seen.body, seen.factors, SHAPE)
    assert seen.offset == pytest.approx(32.0, abs=5.0)
    assert air_in(body) < 0.1
    assert lost_in(body) < 0.05


def test_air_that_a_scanner_masked_with_zeros_is_no_body_also_where_blocks_are_about_cubes() -> None:
    """Axial slices of 3.3 mm make blocks of about 4 mm along all axes: the slices are known from the voxels alone."""
    shape = (60, 160, 168)
    geometry = Geometry(shape, np.array([[0.98, 0, 0, 0], [0, 0.98, 0, 0], [0, 0, 3.27, 0], [0, 0, 0, 1.0]]))
    rows, columns = np.meshgrid(np.arange(160), np.arange(168), indexing="ij")
    # The skin is oblique, so that the air does not reach every border.
    thigh = rows > 30 + np.abs(columns - 90) * 0.5
    rng = np.random.default_rng(5)
    array = np.where(thigh, rng.uniform(200.0, 900.0, (20, 21)).repeat(8, 0).repeat(8, 1), 0.0)
    array = array + np.where(ndimage.binary_dilation(thigh, iterations=8) & ~thigh, 12.0, 0.0)
    stack = np.repeat(array[None], 60, axis=0).astype(np.float32)
    stack += np.where(stack > 0.0, np.abs(rng.normal(0.0, 6.0, shape)), 0.0).astype(np.float32)
    seen = find_body(Image(stack, geometry))
    body = spread_blocks(seen.body, seen.factors, shape)
    assert body[:, ~ndimage.binary_dilation(thigh, iterations=12)].mean() < 0.02
    assert body[:, ndimage.binary_erosion(thigh, iterations=6)].mean() > 0.98


def test_planes_of_one_gray_value_and_masked_corners_do_not_move_the_outline() -> None:
    array = spine_coil(150.0)
    array[:, :, -8:] = 90.0
    array[:, :12] = 0.0
    body = found(array)
    assert not body[:, 12:, 140:].any()
    assert not body[:, :8].any()
    assert body[:, 20:, 35:120].mean() > 0.95


def test_where_the_coil_sees_only_noise_nothing_is_usable() -> None:
    image = Image(spine_coil(18.0), GEOMETRY)
    signals = prepare_signals({"T1": image}, {}, image, BIAS)
    usable = spread_blocks(signals.usable, signals.factors, SHAPE)
    assert usable[:, 20:180, 35:60].mean() > 0.9
    assert usable[:, 20:180, 115:].mean() < 0.05


def test_noise_outside_of_the_body_is_not_lifted() -> None:
    image = Image(spine_coil(60.0), GEOMETRY)
    signals = prepare_signals({"T1": image}, {}, image, BIAS)
    outside = ~signals.body & np.isfinite(signals.roles["T1"])
    assert np.all(signals.roles["T1"][outside] <= image.array[outside] * 1.001)


def test_without_air_in_view_all_is_body() -> None:
    array = np.ascontiguousarray(spine_coil(300.0)[:, :, 34:120])
    seen = find_body(Image(array, GEOMETRY.cropped((0, 0, 34), array.shape)))
    assert seen.body.mean() > 0.97
    assert seen.usable.mean() > 0.95


def outline(name: str, first: int, last: int) -> OtherOutline:
    """A slab of a cube of 20 blocks of 4 mm."""
    grid = Geometry((20, 20, 20), np.diag([4.0, 4.0, 4.0, 1.0]))
    mask = np.zeros(grid.shape, dtype=bool)
    mask[:, first:last] = True
    return OtherOutline(name, Image(mask, grid), np.eye(4))


def test_what_one_series_shows_is_body_though_another_is_dark_there() -> None:
    body, warnings = joined_body([outline("T1", 2, 18), outline("FLUID", 2, 11)], [], outline("", 0, 0).body.geometry)
    assert body[:, 2:18].all()
    assert not body[:, 18:].any()
    assert not warnings


def test_another_image_adds_what_lies_well_within_its_outline() -> None:
    body, warnings = joined_body([outline("FLUID", 2, 11)], [outline("PET", 2, 18)], outline("", 0, 0).body.geometry)
    assert body[:, 2:16].all()
    assert not body[:, 17:].any()
    assert not warnings


def test_an_outline_in_another_place_is_left_out_with_a_warning() -> None:
    body, warnings = joined_body([outline("FLUID", 2, 8)], [outline("PET", 12, 18)], outline("", 0, 0).body.geometry)
    assert not body[:, 8:].any()
    assert "PET" in warnings[0]
