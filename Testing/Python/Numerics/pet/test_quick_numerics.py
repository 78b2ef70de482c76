"""What was made quick gives what the plain way gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.mr.signal import near_mask
from PainGeneratorLib.Numerics.pet import measuring
from PainGeneratorLib.Numerics.pet.contours import METHODS
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Numerics.pet.foci import smoothed
from PainGeneratorLib.Numerics.pet.splitting import connected_parts
from PainGeneratorLib.Workflow.protocol import load_protocol
from plain_contours import PlainContourSpace
from scipy import ndimage


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


def test_only_the_body_is_smoothed_and_nothing_that_counts_is_lost(rng):
    image = scan(rng)
    quick = smoothed(image, 6.0, 0.3)
    sigma = [6.0 / 2.3548 / s for s in image.geometry.spacing_kji_mm]
    plain = ndimage.gaussian_filter(image.array, sigma, mode="nearest", truncate=3.0)
    above = plain > 0.3
    np.testing.assert_array_equal(quick > 0.3, above)
    np.testing.assert_allclose(quick[above], plain[above], rtol=2e-5)


def test_connected_parts_are_those_of_scipy(rng):
    mask = blob(rng) & (rng.random((24, 30, 28)) < 0.5)
    flat = np.flatnonzero(mask)
    labels, _ = ndimage.label(mask, np.ones((3, 3, 3)))
    found = connected_parts(flat, Geometry(mask.shape, np.eye(4)))
    pairs = set(zip(found.tolist(), labels.reshape(-1)[flat].tolist(), strict=True))
    assert len(pairs) == len(set(found.tolist())) == labels.max()


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
