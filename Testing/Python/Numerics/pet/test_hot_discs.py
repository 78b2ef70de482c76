"""Discs that stand out only beside the other discs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
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


def setting() -> tuple[Geometry, StraightSpine]:
    """The grid, and a straight canal with six discs."""
    matrix = np.diag([3.0, 3.0, 3.0, 1.0])
    matrix[:3, 3] = [-96.0, -70.0, -134.0]
    spine = StraightSpine.along(np.array([[6.0, 0.0, -118.0], [6.0, 0.0, 118.0]]))
    spine = dataclasses.replace(spine, disc_mm=HEIGHTS + 118.0, disc_tilt=np.zeros(HEIGHTS.size))
    return Geometry(SHAPE, matrix), spine


def pet(uptake: dict[int, float], noise: float = 0.02) -> tuple[Image, StraightSpine]:
    """A trunk with bodies (1.3) and discs (0.6 or `uptake` by number), blurred to 6 mm."""
    geometry, spine = setting()
    r, a, s = np.moveaxis(geometry.flat_to_ras(np.arange(geometry.size)).reshape(*SHAPE, 3), -1, 0)
    values = np.where((r / 90) ** 2 + ((a - 15) / 75) ** 2 < 1, 0.6, 0.0)
    body = (np.abs(r - 6) < 23) & (a > 9) & (a < 42)
    values[body] = 1.3
    for number, height in enumerate(HEIGHTS):
        values[body & (np.abs(s - height) < 5)] = uptake.get(number, 0.6)
    values = ndimage.gaussian_filter(values, 6.0 / 2.355 / 3.0)
    values *= 1.0 + noise * np.random.default_rng(3).standard_normal(SHAPE)
    return Image(values.astype(np.float32), geometry), spine


def detector(image: Image, spine: StraightSpine | None) -> HotSpotDetector:
    parameters = load_protocol("low-back").stage("hot_spots", HotSpotParameters)
    return HotSpotDetector(image, parameters, spine=spine)


@pytest.mark.slow
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


# Without blur and noise: discs of SUV 0.6 between vertebrae of SUV 1.3, and places relative to the third disc.


def plain(disc: float = 0.6, bone: float = 1.3) -> tuple[np.ndarray, np.ndarray, Geometry, StraightSpine]:
    """Values, places of voxels (right, front, above the third disc), grid and spine.

    The third disc and the bone beside it have an uptake of their own.
    """
    geometry, spine = setting()
    places = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*SHAPE, 3) - [6.0, 0.0, HEIGHTS[2]]
    up = places[..., 2]
    values = np.full(SHAPE, 1.3, dtype=np.float32)
    for height in HEIGHTS - HEIGHTS[2]:
        values[np.abs(up - height) < 9.5] = 0.6
    values[np.abs(up) < 17.0] = bone
    values[np.abs(up) < 9.5] = disc
    return values, places, geometry, spine


def ratio_of_third(values: np.ndarray, geometry: Geometry, spine: StraightSpine) -> float:
    return find_hot_discs(values, geometry, spine, 0.0)[2].ratio


def test_a_hot_disc_exceeds_the_others_by_the_asked_ratio_at_least() -> None:
    values, _, geometry, spine = plain(disc=0.9)
    assert ratio_of_third(values, geometry, spine) == pytest.approx(1.5)
    assert len(find_hot_discs(values, geometry, spine, 1.4999)) == 1
    assert find_hot_discs(values, geometry, spine, 1.5001) == []


def test_a_disc_between_hot_vertebrae_is_hot_by_the_lesser_of_its_two_ratios() -> None:
    values, _, geometry, spine = plain(disc=0.9, bone=1.56)
    assert ratio_of_third(values, geometry, spine) == pytest.approx(1.5 / 1.2)


@pytest.mark.parametrize(
    ("axis", "inside", "outside"),
    [
        (0, 12, 15),
        (0, -12, -15),
        (1, 14, 11),
        (1, 38, 41),
        (2, 3, 6),
        (2, -3, -6),
        (2, 12, 9),
        (2, 15, 18),
        (2, -12, -9),
        (2, -15, -18),
    ],
)
def test_only_the_core_of_a_disc_and_the_bone_beside_it_are_measured(axis: int, inside: float, outside: float) -> None:
    for offset, is_measured in ((inside, True), (outside, False)):
        values, places, geometry, spine = plain()
        near = np.abs(places[..., 2]) < (20.0 if axis == 2 else 9.0)
        values[near & (places[..., axis] == offset)] *= 3.0
        assert (ratio_of_third(values, geometry, spine) != pytest.approx(1.0)) == is_measured


@pytest.mark.parametrize(
    ("axis", "inside", "outside"), [(0, 24, 27), (0, -24, -27), (1, 8, 5), (1, 44, 47), (2, 6, 9), (2, -6, -9)]
)
def test_a_hot_disc_is_as_wide_deep_and_high_as_a_disc(axis: int, inside: float, outside: float) -> None:
    values, places, geometry, spine = plain(disc=0.9)
    (disc,) = find_hot_discs(values, geometry, spine, RATIO)
    offsets = places.reshape(-1, 3)[disc.focus.flat][:, axis]
    assert (offsets == inside).any()
    assert not (offsets == outside).any()
    assert disc.focus.reference == pytest.approx(0.6)
    assert disc.focus.spread == pytest.approx(0.06)


def test_a_disc_that_is_not_seen_whole_is_left_out() -> None:
    values, places, geometry, spine = plain(disc=0.9)
    values[(np.abs(places) <= [12.0, 14.0, 3.0]).all(axis=-1)] = np.nan
    assert len(find_hot_discs(values, geometry, spine, 0.0)) == 5
