"""What grows from a click: a focus on PET, or a region on an MR."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image, ball
from PainGeneratorLib.Numerics.pet.detector import ClickParameters, HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Numerics.pet.manual_focus import (
    FILLED_PART,
    grow_on_image,
    grow_on_pet,
)
from PainGeneratorLib.Workflow.protocol import load_protocol
from small_pets import small_pet

FAINT = (-40.0, 0.0, 44.0)
HOT = (40.0, 0.0, 44.0)
LEAST_TBR = 1.1
CLICK = ClickParameters(seek_mm=6.0, core_mm=5.0, reach_mm=20.0, mr_reach_mm=15.0, mr_ball_mm=5.0)
TO_HEAD = np.array([0.0, 0.0, 1.0])


@pytest.fixture(scope="module")
def detector() -> HotSpotDetector:
    """The first pass over a trunk with a faint and a hot focus."""
    image = small_pet([(FAINT, 8.0, 1.15), (HOT, 9.0, 4.0)])
    return HotSpotDetector(image, load_protocol("low-back").stage("hot_spots", HotSpotParameters))


def grown(detector: HotSpotDetector, place: tuple[float, ...] | np.ndarray):
    return grow_on_pet(detector.scan.suv, detector, np.array(place), CLICK)


# --- on PET


def test_a_click_on_a_focus_grows_what_detection_finds_there(detector):
    spot = grown(detector, HOT)
    found = detector.find().hot_spots[0]
    assert spot.suv_max == found.suv_max
    assert spot.mtv_ml == pytest.approx(found.mtv_ml, rel=0.4)
    assert np.linalg.norm(spot.centroid_ras_mm - HOT) < 4.0
    assert spot.physiologic is None
    assert spot.contour_method == "adaptive"


def test_a_click_grows_a_faint_focus_that_detection_does_not_show(detector):
    assert all(np.linalg.norm(s.centroid_ras_mm - FAINT) > 20.0 for s in detector.find().hot_spots)
    spot = grown(detector, FAINT)
    assert np.linalg.norm(spot.centroid_ras_mm - FAINT) < 8.0
    assert spot.suv_max >= LEAST_TBR * spot.reference


def test_the_hottest_voxel_near_the_click_is_meant_and_none_further_away(detector):
    suv = detector.scan.suv
    hottest = suv.geometry.flat_to_ras(np.array([np.nanargmax(suv.array)]))[0]
    assert grown(detector, hottest + (CLICK.seek_mm - 0.1) * TO_HEAD).suv_max == suv.array.max()
    further = grown(detector, hottest + 6.0 * CLICK.seek_mm * TO_HEAD)
    assert further is None or further.suv_max < suv.array.max()


def test_no_focus_grows_where_uptake_is_normal_or_no_voxel_is_near(detector):
    uniform = Image(np.full_like(detector.scan.suv.array, 0.8), detector.scan.suv.geometry)
    assert grow_on_pet(uniform, detector, np.array([0.0, 0.0, 44.0]), CLICK) is None
    assert grown(detector, (0.0, 0.0, 500.0)) is None
    empty = Image(np.full_like(detector.scan.suv.array, np.nan), detector.scan.suv.geometry)
    assert grow_on_pet(empty, detector, np.array(HOT), CLICK) is None


@pytest.mark.parametrize(("part", "grows"), [(1.01, True), (0.99, False)])
def test_uptake_must_exceed_the_reference_by_the_least_ratio(detector, part, grows):
    suv = detector.scan.suv
    place = suv.geometry.flat_to_ras(np.array([np.ravel_multi_index((11, 17, 13), suv.geometry.shape)]))[0]
    flat = ball(suv.geometry, place, 3.0)
    reference = detector.references.at(flat)[0][0]
    values = np.full(suv.geometry.size, 0.5, dtype=np.float32)
    values[flat] = part * LEAST_TBR * reference
    spot = grow_on_pet(Image(values.reshape(suv.geometry.shape), suv.geometry), detector, place, CLICK, "percent-50")
    assert (spot is not None) is grows


def test_a_focus_grown_from_a_click_stays_within_its_reach(detector):
    suv = detector.scan.suv
    warm = np.where(suv.array > 0.4, 3.0, 0.01).astype(np.float32)
    warm.reshape(-1)[ball(suv.geometry, np.array(HOT), 3.0)] = 3.3
    spot = grow_on_pet(Image(warm, suv.geometry), detector, np.array(HOT), CLICK, "reference-ratio")
    margin = detector.scan.contour.margin_mm + max(suv.geometry.spacing_mm)
    assert np.linalg.norm(spot.region.points_ras - spot.peak_ras_mm, axis=1).max() <= CLICK.reach_mm + 2.0 * margin


# --- on MR


def mr_with(value: float, radius_mm: float, background: float = 100.0) -> Image:
    """An MR of 2 mm voxels with a ball of another signal at its middle."""
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = -30.0
    geometry = Geometry((31, 31, 31), matrix)
    array = np.full(geometry.size, background)
    array[ball(geometry, np.zeros(3), radius_mm)] = value
    array += np.random.default_rng(1).normal(0.0, 2.0, geometry.size)
    return Image(array.reshape(geometry.shape).astype(np.float32), geometry)


@pytest.mark.parametrize("value", [200.0, 20.0])
def test_a_bright_or_dark_place_grows_to_its_border(value):
    image = mr_with(value, 8.0)
    region = grow_on_image(image, np.array([3.0, 0.0, 0.0]), CLICK)
    assert np.array_equal(region.flat, ball(image.geometry, np.zeros(3), 8.0))


def test_a_place_like_its_surroundings_gives_a_ball():
    image = mr_with(101.0, 8.0)
    place = np.array([0.0, 2.0, 0.0])
    assert np.array_equal(grow_on_image(image, place, CLICK).flat, ball(image.geometry, place, CLICK.mr_ball_mm))


@pytest.mark.parametrize(("radius_mm", "runs_out"), [(11.0, False), (12.5, True)])
def test_a_region_that_fills_most_of_the_reach_gives_a_ball(radius_mm, runs_out):
    image = mr_with(200.0, radius_mm)
    region = grow_on_image(image, np.zeros(3), CLICK)
    is_ball = np.array_equal(region.flat, ball(image.geometry, np.zeros(3), CLICK.mr_ball_mm))
    assert ((radius_mm / CLICK.mr_reach_mm) ** 3 > FILLED_PART) is runs_out
    assert is_ball is runs_out


def test_only_the_connected_part_at_the_place_grows():
    image = mr_with(200.0, 4.0)
    other = ball(image.geometry, np.array([0.0, 0.0, 11.0]), 3.0)
    image.array.reshape(-1)[other] = 200.0
    region = grow_on_image(image, np.zeros(3), CLICK)
    assert not np.isin(other, region.flat).any()
    assert np.array_equal(region.flat, ball(image.geometry, np.zeros(3), 4.0))


def test_the_surroundings_are_the_outer_part_of_the_reach():
    image = mr_with(160.0, 13.0)
    image.array.reshape(-1)[ball(image.geometry, np.zeros(3), 4.0)] = 200.0
    region = grow_on_image(image, np.zeros(3), CLICK)
    assert np.array_equal(region.flat, ball(image.geometry, np.zeros(3), 5.0)), "against 100 it fills the reach"


def test_nothing_grows_outside_an_image():
    assert len(grow_on_image(mr_with(200.0, 8.0), np.array([0.0, 0.0, 400.0]), CLICK)) == 0
