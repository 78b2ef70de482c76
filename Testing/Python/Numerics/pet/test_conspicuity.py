"""How clearly a focus is more than normal tissue, what the weak foci are, and where organs are expected."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core import tissues as codes
from PainGeneratorLib.Numerics.core.histogram import otsu
from PainGeneratorLib.Numerics.pet import conspicuity as module
from PainGeneratorLib.Numerics.pet.conspicuity import ClearnessParameters
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters, find_hot_spots
from PainGeneratorLib.Workflow.protocol import load_protocol
from test_hot_spots import PLANE, PhantomBody, nearest

CLEARNESS = ClearnessParameters(
    rich_power=0.5,
    mirror_power=0.6,
    mirror_most=1.5,
    size_power=0.33,
    size_least_ml=1.0,
    size_most_ml=10.0,
    level_power=1.3,
    level_neutral=1.4,
    level_least=0.6,
    level_most=2.5,
    edge_factor=0.5,
)
conspicuity = functools.partial(module.conspicuity, parameters=CLEARNESS)


def test_the_shipped_weights_are_those_of_the_tests(parameters):
    assert parameters.clearness == CLEARNESS


@pytest.fixture(scope="module")
def parameters() -> HotSpotParameters:
    return load_protocol("low-back").stage("hot_spots", HotSpotParameters)


def test_a_focus_is_clearer_the_hotter_the_smaller_and_the_more_one_sided_it_is():
    usual = conspicuity(1.6, 1.1, 1.2, 2.0, False)
    assert conspicuity(2.0, 1.1, 1.2, 2.0, False) > usual
    assert conspicuity(1.6, 1.4, 1.2, 2.0, False) > usual
    assert conspicuity(1.6, 1.1, 1.4, 2.0, False) > usual
    assert conspicuity(1.6, 1.1, 1.2, 9.0, False) < usual
    assert conspicuity(1.6, 1.1, 1.2, 2.0, True) == pytest.approx(0.5 * usual)


def test_size_counts_only_within_what_joints_have_and_an_unknown_other_side_counts_as_alike():
    assert conspicuity(5.0, 3.0, None, 400.0, False) == conspicuity(5.0, 3.0, None, 10.0, False)
    assert conspicuity(2.0, 1.0, None, 0.2, False) == conspicuity(2.0, 1.0, None, 1.0, False)
    assert conspicuity(2.0, 1.0, None, 1.0, False) == conspicuity(2.0, 1.0, 1.0, 1.0, False) == pytest.approx(2.0)
    assert conspicuity(2.0, 1.0, 9.0, 1.0, False) == conspicuity(2.0, 1.0, 1.5, 1.0, False)
    assert conspicuity(None, 1.0, 1.0, 1.0, False) == 0.0


def test_in_the_spine_the_same_place_at_other_levels_counts_for_and_against():
    plain = conspicuity(1.8, 1.2, 1.0, 1.0, False)
    assert conspicuity(1.8, 1.2, 1.0, 1.0, False, 1.4) == pytest.approx(plain)
    assert conspicuity(1.8, 1.2, 1.0, 1.0, False, 1.9) > 1.3 * plain
    assert conspicuity(1.8, 1.2, 1.0, 1.0, False, 1.0) < 0.7 * plain
    assert conspicuity(1.8, 1.2, 1.0, 1.0, False, 9.0) == conspicuity(1.8, 1.2, 1.0, 1.0, False, 2.5)


def test_otsu_parts_two_heaps():
    values = np.concatenate([np.random.default_rng(0).normal(m, 0.1, 500) for m in (0.2, 1.0)])
    assert 0.4 < otsu(values) < 0.8


@pytest.mark.parametrize("fat_part", [0.2, 0.5])
def test_typical_tissue_is_muscle_in_lean_and_in_fat_bodies(parameters, fat_part):
    body = PhantomBody(noise=0.05)
    a = body.points[..., 1]
    body.suv[(a > np.quantile(a[body.suv > 0.1], 1.0 - fat_part)) & (body.suv > 0.1)] = 0.22
    detector = HotSpotDetector(body.image(), parameters)
    assert detector.references.typical == pytest.approx(0.6, abs=0.08)
    assert 1.6 <= detector.references.rich / detector.references.typical <= 2.6


def test_a_small_focus_is_shown_where_a_large_one_of_the_same_ratio_is_weak(parameters):
    body = PhantomBody(noise=0.03)
    small, large = (70.0, -50.0, -10.0), (-70.0, -40.0, 30.0)
    body.ball(small, 7.0, 1.9)
    body.ball(large, 19.0, 1.05)
    result = find_hot_spots(body.image(), parameters, symmetry=PLANE)
    assert nearest(result, small)[1] < 4.0
    assert len(result.hot_spots) == 1
    gaps = [float(np.linalg.norm(s.centroid_ras_mm - np.array(large))) for s in result.weak]
    assert min(gaps) < 15.0


def test_weak_foci_are_flagged_no_candidates_and_shown_by_the_most_sensitive_setting(parameters):
    body = PhantomBody(noise=0.1)
    for n, suv in enumerate((0.95, 1.1, 1.3, 1.6, 2.4)):
        body.ball((-100.0 + 45.0 * n, -30.0, 5.0 + 5 * n), 9.0, suv)
    detector = HotSpotDetector(body.image(), parameters)
    result = detector.find()
    assert result.weak
    assert all("weak-uptake" in s.flags and s.physiologic is None for s in result.weak)
    shown = {tuple(s.peak_ras_mm) for s in result.hot_spots}
    weak = {tuple(s.peak_ras_mm) for s in result.weak}
    assert not shown & weak
    assert shown | weak <= {tuple(s.peak_ras_mm) for s in detector.find(1.2).hot_spots}


def test_what_only_its_place_makes_physiologic_is_weak_too_and_sure_organs_are_not(parameters):
    body = PhantomBody(noise=0.03)
    body.ball((0.0, 45.0, 10.0), 24.0, 40.0)
    body.ball((40.0, 50.0, -10.0), 8.0, 2.5)
    for side in (-80.0, 80.0):
        body.ball((side, -25.0, -10.0), 8.0, 1.4)
    result = find_hot_spots(body.image(), parameters, symmetry=PLANE)
    reasons = [s.physiologic for s in result.hot_spots]
    assert reasons.count(None) == 2, "likeness of both sides alone makes nothing physiologic"
    assert any("urine" in reason for reason in reasons if reason)
    (weak,) = result.weak
    assert weak.centroid_ras_mm == pytest.approx((40.0, 50.0, -10.0), abs=2.0)


def test_the_contour_method_does_not_change_which_foci_are_shown(parameters):
    body = PhantomBody(noise=0.08)
    for n, suv in enumerate((1.1, 1.5, 2.0, 2.6)):
        body.ball((-90.0 + 55.0 * n, -35.0, 5.0 + 5 * n), 8.0, suv)
    detector = HotSpotDetector(body.image(), parameters)
    adaptive = {tuple(s.peak_ras_mm) for s in detector.find().hot_spots}
    assert {tuple(s.peak_ras_mm) for s in detector.find(contour_method="a50p").hot_spots} <= adaptive


def test_the_flank_of_a_hot_organ_is_no_focus_where_another_reference_holds(parameters):
    body = PhantomBody(noise=0.02)
    body.ball((70.0, -30.0, 10.0), 26.0, 2.0)
    tissues = body.tissue_map()
    organ = np.linalg.norm(body.points - np.array([70.0, -30.0, 10.0]), axis=-1) <= 22.0
    tissues.array[organ] = 0
    detector = HotSpotDetector(body.image(), parameters, symmetry=PLANE, tissues=tissues)
    smooth = detector.scan.suv.array
    for spot in detector.find(1.2).hot_spots:
        assert smooth[tuple(np.rint(body.geometry.to_ijk(spot.peak_ras_mm)).astype(int)[::-1])] > 1.0


def test_the_same_place_is_abdomen_high_above_the_bladder_and_hip_at_its_level(parameters):
    place = (75.0, 20.0)
    shown = []
    for bladder_z in (-45.0, 50.0):
        body = PhantomBody(noise=0.02)
        body.ball((0.0, 50.0, bladder_z), 16.0, 30.0)
        body.ball((*place, 55.0 if bladder_z < 0 else 45.0), 7.0, 2.4)
        result = find_hot_spots(body.image(), parameters, symmetry=PLANE)
        spot, distance = nearest(result, (*place, 55.0 if bladder_z < 0 else 45.0))
        assert distance < 5.0
        shown.append(spot.physiologic is None)
    assert shown == [False, True]


def test_uptake_between_coccyx_and_bladder_is_no_bone_even_near_bone(parameters):
    body = PhantomBody(noise=0.02)
    body.ball((0.0, 55.0, 30.0), 16.0, 30.0)
    body.ball((0.0, -10.0, 20.0), 8.0, 2.8, codes.UNKNOWN)
    spot, distance = nearest(
        find_hot_spots(body.image(), parameters, symmetry=PLANE, tissues=body.tissue_map()), (0.0, -10.0, 20.0)
    )
    assert distance < 5.0
    assert "rectum" in spot.physiologic
    assert "usual-place" in spot.flags
    assert spot.rule == "rectum"


def test_a_rule_that_a_protocol_switches_off_does_not_decide():
    protocol = load_protocol("low-back").with_values({"hot_spots.physiologic.rules_off": "rectum"})
    without = protocol.stage("hot_spots", HotSpotParameters)
    body = PhantomBody(noise=0.02)
    body.ball((0.0, 55.0, 30.0), 16.0, 30.0)
    body.ball((0.0, -10.0, 20.0), 8.0, 2.8, codes.UNKNOWN)
    found = find_hot_spots(body.image(), without, symmetry=PLANE, tissues=body.tissue_map())
    spot, distance = nearest(found, (0.0, -10.0, 20.0))
    assert distance < 5.0
    assert (spot.physiologic, spot.rule) == (None, "bone-near")


def test_each_ratio_has_its_own_weight():
    assert conspicuity(3.0, 1.0, 1.0, 1.0, False) == pytest.approx(3.0)
    assert conspicuity(1.0, 1.44, 1.0, 1.0, False) == pytest.approx(1.2)
    assert conspicuity(1.0, 1.0, 1.4, 1.0, False) == pytest.approx(1.4**0.6)
    assert conspicuity(1.0, 1.0, 1.0, 8.0, False) == pytest.approx(8.0**-0.33)
    assert conspicuity(1.0, 1.0, 1.0, 1.0, False, 2.0) == pytest.approx((2.0 / 1.4) ** 1.3)
    assert conspicuity(1.0, None, 1.0, 1.0, False) == 0.0


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("left_right_ratio", 1 / 1.5, 1.5), ("volume_ml", 1.0, 10.0), ("level_ratio", 0.6, 2.5)],
)
def test_a_measure_beyond_its_bounds_counts_as_the_bound(name, least, most):
    def clear(value):
        usual = {"left_right_ratio": 1.0, "volume_ml": 1.0, "level_ratio": None}
        return conspicuity(2.0, 1.0, at_edge=False, **usual | {name: value})

    assert clear(least - 0.01) == pytest.approx(clear(least))
    assert clear(most + 0.01) == pytest.approx(clear(most))
    assert clear(least + 0.01) != pytest.approx(clear(least))
    assert clear(most - 0.01) != pytest.approx(clear(most))
