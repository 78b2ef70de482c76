"""The one function that measures a region: values, flags and comparisons on both sides of each limit."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.symmetry import RELIABLE_QUALITY, SymmetryPlane
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region, ball
from PainGeneratorLib.Numerics.pet.contours import ContourParameters, NormalUptake
from PainGeneratorLib.Numerics.pet.detector import HotSpotParameters
from PainGeneratorLib.Numerics.pet.foci import Focus
from PainGeneratorLib.Numerics.pet.measuring import (
    LEAST_NORMAL,
    MatchedReference,
    MeasureParameters,
    Outline,
    PetScan,
    contour_focus,
    measure_focus,
    measure_region,
    mirrored_peak,
    voxels_inside,
)
from PainGeneratorLib.Numerics.pet.peak import SphereMeans
from PainGeneratorLib.Numerics.pet.reference_tissue import SURROUNDINGS
from PainGeneratorLib.Workflow.protocol import load_protocol

SHAPE = (14, 16, 30)
SPACING_MM = 4.0
PLACE = np.array([30.0, 0.0, 26.0])
PLANE = SymmetryPlane(np.zeros(3), np.array([-1.0, 0.0, 0.0]), RELIABLE_QUALITY)
MUSCLE = MatchedReference(0.8, "muscle")
CONTOUR = ContourParameters(
    method="fixed-suv",
    suv=2.0,
    ratio=1.4,
    sd_factor=2.5,
    percist_mean=1.9,
    percist_sd=0.2,
    shell_inner_mm=3.0,
    shell_outer_mm=8.0,
    margin_mm=4.0,
    core_shell_percentile=75.0,
    outline_shell_percentile=60.0,
    resolution_mm=5.5,
    joint_ml=1.5,
    ball_ml=3.0,
    largest_gain=1.5,
)


def grid() -> Geometry:
    matrix = np.diag([-SPACING_MM, SPACING_MM, SPACING_MM, 1.0])
    matrix[:3, 3] = (58.0, -30.0, 0.0)
    return Geometry(SHAPE, matrix)


def scan_of(values: np.ndarray, **changes: object) -> PetScan:
    suv = Image(values.astype(np.float32), grid())
    scan = PetScan(
        suv=suv,
        spheres=SphereMeans(suv),
        owner=np.zeros(SHAPE, dtype=np.int32),
        body=None,
        normal=NormalUptake(typical_suv=0.8, rich_suv=1.6, mass_suv=2.8),
        symmetry=None,
        tissues=None,
        organs=None,
        organ_names={},
        unreliable=None,
        contour=CONTOUR,
        physiologic=None,
        measure=MeasureParameters(mirror_search_mm=8.0, large_ml=20.0),
        clearness=load_protocol("low-back").stage("hot_spots", HotSpotParameters).clearness,
    )
    return dataclasses.replace(scan, **changes)


def region_at(place: np.ndarray, radius_mm: float = 9.0) -> Region:
    return Region(grid(), ball(grid(), place, radius_mm))


@pytest.fixture
def values() -> np.ndarray:
    """SUV 0.8 everywhere, and a ball of 3 to 4 that gets hotter toward the head."""
    array = np.full(SHAPE, 0.8)
    flat = ball(grid(), PLACE, 9.0)
    array.reshape(-1)[flat] = 3.0 + np.linspace(0.0, 1.0, flat.size)
    return array


def test_values_of_an_outline_follow_from_its_voxels(values):
    region = region_at(PLACE)
    spot = measure_region(scan_of(values), Outline(region=region, method="by hand"), MUSCLE, 7).spot
    inside = values.reshape(-1)[region.flat]
    assert spot.label == 7
    assert spot.suv_max == pytest.approx(4.0)
    assert spot.suv_mean == pytest.approx(inside.mean())
    assert spot.mtv_ml == pytest.approx(region.flat.size * 0.064)
    assert spot.tlg_g == pytest.approx(inside.mean() * region.volume_ml)
    assert spot.suv_mean < spot.suv_peak < spot.suv_max
    assert spot.tbr == pytest.approx(spot.suv_peak / 0.8)
    assert (spot.reference, spot.reference_name, spot.contour_method) == (0.8, "muscle", "by hand")
    assert spot.contour_threshold == pytest.approx(3.0)
    assert spot.background is None
    assert spot.left_right_ratio is None
    assert spot.level_ratio is None
    assert spot.physiologic is None
    assert spot.conspicuity == pytest.approx(spot.tbr * (spot.suv_peak / 1.6) ** 0.5 / region.volume_ml**0.33)
    assert spot.flags == []
    assert np.allclose(spot.centroid_ras_mm, region.centroid_ras_mm)


def test_threshold_and_background_of_a_contour_are_kept(values):
    outline = Outline(region=region_at(PLACE), method="fixed-suv", threshold=2.0, background=0.9)
    spot = measure_region(scan_of(values), outline, MUSCLE).spot
    assert (spot.contour_threshold, spot.background) == (2.0, 0.9)


def test_voxels_without_a_value_do_not_count_and_an_outline_of_them_alone_is_not_measured(values):
    region = region_at(PLACE)
    values.reshape(-1)[region.flat[-5:]] = np.nan
    spot = measure_region(scan_of(values), Outline(region=region, method=""), MUSCLE).spot
    assert spot.suv_max < 4.0
    assert spot.mtv_ml == pytest.approx(region.volume_ml), "the reader's outline keeps its volume"
    values.reshape(-1)[region.flat] = np.nan
    assert measure_region(scan_of(values), Outline(region=region, method=""), MUSCLE) is None
    assert len(voxels_inside(scan_of(values).suv, region)) == 0


def test_an_outline_smaller_than_a_voxel_of_the_pet_is_measured_in_the_voxel_that_holds_it(values):
    matrix = np.diag([0.5, 0.5, 0.5, 1.0])
    matrix[:3, 3] = PLACE + 0.9
    small = Region(Geometry((1, 1, 2), matrix), np.arange(2))
    suv = scan_of(values).suv
    inside = voxels_inside(suv, small)
    assert len(inside) == 1
    assert suv.geometry.flat_to_ras(inside.flat)[0] == pytest.approx(PLACE, abs=max(suv.geometry.spacing_mm))
    matrix[:3, 3] = PLACE + 4000.0
    assert len(voxels_inside(suv, Region(Geometry((1, 1, 2), matrix), np.arange(2)))) == 0


def test_an_outline_on_another_grid_measures_the_voxels_of_the_pet_in_it(values):
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = PLACE - 15.0
    fine = Geometry((16, 16, 16), matrix)
    region = Region(fine, ball(fine, PLACE, 9.0))
    inside = voxels_inside(scan_of(values).suv, region)
    assert 20 < len(inside) <= len(region_at(PLACE, 11.0))
    spot = measure_region(scan_of(values), Outline(region=region, method=""), MUSCLE).spot
    assert spot.suv_mean == pytest.approx(values.reshape(-1)[inside.flat].mean())
    assert spot.mtv_ml == pytest.approx(region.volume_ml)


@pytest.mark.parametrize(
    ("height_mm", "truncated", "at_edge"), [(16.0, False, False), (8.0, True, False), (0.0, True, True)]
)
def test_an_outline_at_the_border_of_the_grid_is_truncated(height_mm, truncated, at_edge):
    place = np.array([30.0, 2.0, height_mm])
    array = np.full(SHAPE, 0.8)
    array.reshape(-1)[ball(grid(), place, 5.0)] = 4.0
    spot = measure_region(scan_of(array), Outline(region=region_at(place), method=""), MUSCLE).spot
    assert ("truncated" in spot.flags) is truncated
    assert ("peak-at-edge" in spot.flags) is at_edge


def test_an_outline_is_large_only_above_the_limit(values):
    region = region_at(PLACE)
    for large_ml, is_large in ((region.volume_ml, False), (region.volume_ml - 0.01, True)):
        scan = scan_of(values, measure=MeasureParameters(mirror_search_mm=8.0, large_ml=large_ml))
        assert ("large" in measure_region(scan, Outline(region=region, method=""), MUSCLE).spot.flags) is is_large


def test_an_outline_is_near_an_implant_when_one_voxel_lies_in_its_margin(values):
    region, beside = region_at(PLACE), region_at(PLACE, 14.0)
    for flat, is_near in ((region.flat[:1], True), (np.setdiff1d(beside.flat, region.flat), False)):
        unreliable = np.zeros(SHAPE, dtype=bool)
        unreliable.reshape(-1)[flat] = True
        spot = measure_region(scan_of(values, unreliable=unreliable), Outline(region=region, method=""), MUSCLE).spot
        assert ("near-implant" in spot.flags) is is_near


def test_the_surroundings_are_no_matched_reference(values):
    reference = MatchedReference(0.9, SURROUNDINGS)
    spot = measure_region(scan_of(values), Outline(region=region_at(PLACE), method=""), reference).spot
    assert spot.flags == ["no-reference"]


def test_all_flags_stand_in_their_order(values):
    place = np.array([30.0, 2.0, 0.0])
    values.reshape(-1)[ball(grid(), place, 5.0)] = 6.0
    scan = scan_of(
        values,
        unreliable=np.ones(SHAPE, dtype=bool),
        measure=MeasureParameters(mirror_search_mm=8.0, large_ml=0.1),
    )
    outline = Outline(region=region_at(place), method="")
    spot = measure_region(scan, outline, MatchedReference(0.9, SURROUNDINGS)).spot
    assert spot.flags == ["peak-at-edge", "truncated", "no-reference", "large", "near-implant"]


# --- left and right


def test_left_and_right_are_compared_only_with_a_certain_plane(values):
    outline = Outline(region=region_at(PLACE), method="")
    certain = measure_region(scan_of(values, symmetry=PLANE), outline, MUSCLE)
    assert certain.mirrored_suv == pytest.approx(0.8, rel=1e-5)
    assert certain.spot.left_right_ratio == pytest.approx(certain.spot.suv_peak / certain.mirrored_suv)
    uncertain = dataclasses.replace(PLANE, quality=RELIABLE_QUALITY - 0.001)
    guessed = measure_region(scan_of(values, symmetry=uncertain), outline, MUSCLE)
    assert guessed.mirrored_suv is None
    assert guessed.spot.left_right_ratio is None


@pytest.mark.parametrize(("side_mm", "is_compared"), [(7.9, False), (8.0, True)])
def test_a_focus_nearer_to_the_midline_than_the_search_has_no_other_side(side_mm, is_compared):
    suv = scan_of(np.full(SHAPE, 0.8)).suv
    peak = np.array([side_mm, 0.0, 26.0])
    found = mirrored_peak(suv, PLANE, Region(grid(), ball(grid(), peak, 4.0)), peak, 8.0)
    assert (found is not None) is is_compared


def test_a_mirrored_place_out_of_view_or_without_values_is_not_compared(values):
    suv, region = scan_of(values).suv, region_at(PLACE)
    aside = SymmetryPlane(np.array([60.0, 0.0, 0.0]), np.array([-1.0, 0.0, 0.0]), 0.6)
    assert mirrored_peak(suv, aside, region, PLACE, 8.0) is None
    values.reshape(-1)[ball(grid(), PLACE * (-1, 1, 1), 16.0)] = np.nan
    assert mirrored_peak(scan_of(values).suv, PLANE, region, PLACE, 8.0) is None


def test_a_sphere_that_lies_mostly_out_of_view_is_not_compared(values):
    geometry, other = grid(), PLACE * (-1, 1, 1)
    near = ball(geometry, other, 16.0)
    values.reshape(-1)[near] = np.nan
    lone = near[np.linalg.norm(geometry.flat_to_ras(near) - other, axis=1).argmin()]
    values.reshape(-1)[lone] = 9.0
    assert mirrored_peak(scan_of(values).suv, PLANE, region_at(PLACE), PLACE, 8.0) is None
    values.reshape(-1)[ball(geometry, other, 8.0)] = 2.0
    assert mirrored_peak(scan_of(values).suv, PLANE, region_at(PLACE), PLACE, 8.0) == pytest.approx(2.0)


def test_the_highest_sphere_near_the_mirrored_place_counts_and_never_the_focus_itself(values):
    other = PLACE * (-1, 1, 1) + (0, 0, 6.0)
    values.reshape(-1)[ball(grid(), other, 9.0)] = 2.0
    suv = scan_of(values).suv
    assert mirrored_peak(suv, PLANE, region_at(PLACE), PLACE, 8.0) == pytest.approx(2.0, rel=0.02)
    both = Region(grid(), np.union1d(region_at(PLACE).flat, ball(grid(), PLACE * (-1, 1, 1), 12.0)))
    assert mirrored_peak(suv, PLANE, both, PLACE, 8.0) is None


# --- other levels of the spine


@pytest.mark.parametrize(("normal", "divided_by"), [(1.2, 1.2), (0.64, 0.64), (0.5, 0.64), (None, None)])
def test_the_other_levels_count_with_no_less_than_a_part_of_typical_tissue(values, normal, divided_by):
    scan = scan_of(values, levels=SimpleNamespace(at=lambda place: normal))
    spot = measure_region(scan, Outline(region=region_at(PLACE), method=""), MUSCLE).spot
    assert pytest.approx(0.64) == LEAST_NORMAL * scan.normal.typical_suv
    assert spot.level_ratio == (None if divided_by is None else pytest.approx(spot.suv_peak / divided_by))


# --- foci


def focus_at(place: np.ndarray) -> Focus:
    flat = ball(grid(), place, 9.0)
    return Focus(
        flat=flat,
        core=ball(grid(), place, 5.0),
        peak_flat=int(flat[0]),
        top=4.0,
        ratio=4.0,
        z=20.0,
        reference=0.8,
        spread=0.1,
        code=0,
        cluster_ml=2.0,
    )


def test_a_focus_is_outlined_by_its_method_and_one_below_the_threshold_is_not(values):
    scan, focus = scan_of(values), focus_at(PLACE)
    outline = contour_focus(scan, 1, focus, "fixed-suv", MUSCLE)
    assert np.array_equal(outline.region.flat, focus.flat)
    assert (outline.method, outline.threshold) == ("fixed-suv", 2.0)
    assert outline.background == pytest.approx(0.8)
    high = scan_of(values, contour=dataclasses.replace(CONTOUR, suv=4.01))
    assert contour_focus(high, 1, focus, "fixed-suv", MUSCLE) is None
    assert measure_focus(high, 1, focus, "fixed-suv", MUSCLE) is None


def test_voxels_of_another_focus_are_never_part_of_an_outline(values):
    focus, owner = focus_at(PLACE), np.zeros(SHAPE, dtype=np.int32)
    taken = focus.flat[-9:]
    owner.reshape(-1)[taken] = 2
    outline = contour_focus(scan_of(values, owner=owner), 1, focus, "fixed-suv", MUSCLE)
    assert np.array_equal(outline.region.flat, np.setdiff1d(focus.flat, taken))
