"""Discs that stand out only beside the other discs."""

from __future__ import annotations

import dataclasses

import numpy as np
from PainGeneratorLib.Numerics.body.straight_spine import StraightSpine
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Numerics.pet.hot_discs import find_hot_discs
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

RATIO = 1.35
SHAPE = (90, 60, 70)
HEIGHTS = np.arange(-85.0, 100.0, 34.0)
"""Of six discs; the canal runs from -118 to 118 at A = 0, a little to the right."""


def pet(uptake: dict[int, float], noise: float = 0.02) -> tuple[Image, StraightSpine]:
    """A trunk with bodies (1.3) and discs (0.6 or `uptake` by number), blurred to 6 mm."""
    matrix = np.diag([3.0, 3.0, 3.0, 1.0])
    matrix[:3, 3] = [-96.0, -70.0, -134.0]
    geometry = Geometry(SHAPE, matrix)
    r, a, s = np.moveaxis(geometry.flat_to_ras(np.arange(geometry.size)).reshape(*SHAPE, 3), -1, 0)
    values = np.where((r / 90) ** 2 + ((a - 15) / 75) ** 2 < 1, 0.6, 0.0)
    body = (np.abs(r - 6) < 23) & (a > 9) & (a < 42)
    values[body] = 1.3
    for number, height in enumerate(HEIGHTS):
        values[body & (np.abs(s - height) < 5)] = uptake.get(number, 0.6)
    values = ndimage.gaussian_filter(values, 6.0 / 2.355 / 3.0)
    values *= 1.0 + noise * np.random.default_rng(3).standard_normal(SHAPE)
    line = np.array([[6.0, 0.0, -118.0], [6.0, 0.0, 118.0]])
    spine = StraightSpine.along(line)
    return Image(values.astype(np.float32), geometry), dataclasses.replace(
        spine, disc_mm=HEIGHTS + 118.0, disc_tilt=np.zeros(HEIGHTS.size)
    )


def detector(image: Image, spine: StraightSpine | None) -> HotSpotDetector:
    parameters = load_protocol("low-back").stage("hot_spots", HotSpotParameters)
    return HotSpotDetector(image, parameters, spine=spine)


def test_a_disc_as_hot_as_the_vertebrae_is_found_among_the_discs_only() -> None:
    image, spine = pet({2: 1.35})
    assert detector(image, None).find().hot_spots == []
    (spot,) = detector(image, spine).find().hot_spots
    assert abs(spot.centroid_ras_mm[2] - HEIGHTS[2]) < 4.0
    assert abs(spot.centroid_ras_mm[0] - 6.0) < 4.0
    assert spot.reference_name == "other discs"
    assert spot.tbr > 1.4


def test_the_ratio_is_over_the_other_discs() -> None:
    image, spine = pet({4: 1.4})
    (disc,) = find_hot_discs(image.array, image.geometry, spine, RATIO)
    assert disc.ratio > RATIO
    assert disc.focus.ratio >= disc.ratio
    assert abs(image.geometry.flat_to_ras(disc.focus.flat)[:, 2].mean() - HEIGHTS[4]) < 3.0


def test_like_discs_and_too_few_discs_make_none() -> None:
    image, spine = pet({})
    assert find_hot_discs(image.array, image.geometry, spine, RATIO) == []
    image, spine = pet(dict.fromkeys(range(6), 1.3))
    assert find_hot_discs(image.array, image.geometry, spine, RATIO) == []
    image, spine = pet({2: 1.35})
    few = dataclasses.replace(spine, disc_mm=spine.disc_mm[1:4], disc_tilt=spine.disc_tilt[1:4])
    assert find_hot_discs(image.array, image.geometry, few, RATIO) == []


def test_a_hot_endplate_beside_a_disc_stays_one_focus() -> None:
    image, spine = pet({})
    r, a, s = np.moveaxis(image.geometry.flat_to_ras(np.arange(image.array.size)).reshape(*SHAPE, 3), -1, 0)
    hot = ((r - 6) / 15) ** 2 + ((a - 26) / 12) ** 2 + ((s - HEIGHTS[3] - 8) / 7) ** 2 < 1
    image.array[:] += ndimage.gaussian_filter(hot * 2.2, 6.0 / 2.355 / 3.0).astype(np.float32)
    spots = detector(image, spine).find().hot_spots
    assert len(spots) == 1
    assert spots[0].centroid_ras_mm[2] > HEIGHTS[3] + 3.0
