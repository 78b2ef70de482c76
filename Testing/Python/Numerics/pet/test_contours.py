"""Contours: the threshold of each method, and what decides about the adaptive one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image, ball
from PainGeneratorLib.Numerics.pet.contours import (
    METHODS,
    THRESHOLDS,
    ContourParameters,
    ContourSpace,
    NormalUptake,
    methods_that_differ,
)
from PainGeneratorLib.Numerics.pet.peak import SphereMeans
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

SHAPE = (24, 24, 24)
GEOMETRY = Geometry(SHAPE, np.diag([3.0, 3.0, 3.0, 1.0]))
PLACE = np.array([36.0, 36.0, 36.0])
TO_HEAD = np.array([0.0, 0.0, 1.0])
PARAMETERS = ContourParameters(
    method="adaptive",
    suv=2.5,
    ratio=1.4,
    sd_factor=2.5,
    percist_mean=1.5,
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
NORMAL = NormalUptake(typical_suv=0.8, rich_suv=1.6, mass_suv=2.8)


def cone(top: float = 4.0, radius_mm: float = 15.0, background: float = 1.0) -> np.ndarray:
    """A summit that falls off evenly to the background."""
    away = np.linalg.norm(GEOMETRY.flat_to_ras(np.arange(GEOMETRY.size)) - PLACE, axis=1) / radius_mm
    return (background + (top - background) * np.clip(1.0 - away, 0.0, 1.0)).reshape(SHAPE)


def space_of(values: np.ndarray, normal: NormalUptake = NORMAL, **changes: float) -> ContourSpace:
    suv = Image(values.astype(np.float32), GEOMETRY)
    flat, core = ball(GEOMETRY, PLACE, 14.0), ball(GEOMETRY, PLACE, 4.0)
    owner = np.zeros(SHAPE, dtype=np.int32)
    owner.reshape(-1)[flat] = 1
    p = dataclasses.replace(PARAMETERS, **changes)
    return ContourSpace(suv, SphereMeans(suv), owner, 1, flat, core, p, normal)


def test_every_method_is_in_the_protocol_and_has_a_threshold_or_adapts():
    assert list(METHODS) == load_protocol("low-back").entry("hot_spots.contour.method")["choices"]
    assert set(METHODS) == {"adaptive", *THRESHOLDS}


@pytest.mark.parametrize(
    ("method", "threshold"),
    [
        ("fixed-suv", 2.5),
        ("percent-41", 0.41 * 4.0),
        ("percent-42", 0.42 * 4.0),
        ("percent-50", 0.5 * 4.0),
        ("mean-plus-sd", 1.2 + 2.5 * 0.3),
        ("percist", 1.5 * 1.5 + 2.0 * 0.2),
        ("reference-ratio", 1.4 * 1.2),
    ],
)
def test_a_plain_method_takes_the_voxels_above_its_threshold(method, threshold):
    values = cone()
    contour = space_of(values).contour(method, 1.2, 0.3)
    assert contour.threshold == pytest.approx(threshold)
    assert np.array_equal(contour.flat, np.flatnonzero(values.astype(np.float32) >= np.float32(threshold)))
    assert 1.0 <= contour.background < threshold


def test_half_way_to_the_peak_lies_between_the_mean_of_the_sphere_and_the_local_background():
    space = space_of(cone())
    contour = space.contour("a50p", 1.2, 0.3)
    assert contour.background is not None
    assert contour.threshold == pytest.approx(0.5 * (space.peak_of_core + contour.background), rel=0.02)
    assert space.peak_of_core < 4.0


def test_a_measured_liver_replaces_that_of_the_protocol():
    normal = dataclasses.replace(NORMAL, liver=(1.0, 0.1))
    assert space_of(cone(), normal).contour("percist", 1.2, 0.3).threshold == pytest.approx(1.7)


def test_a_focus_below_the_threshold_has_no_outline_and_an_unknown_method_is_refused():
    contour = space_of(cone(), suv=4.01).contour("fixed-suv", 1.2, 0.3)
    assert contour.flat.size == 0
    assert contour.background is None
    with pytest.raises(ValueError, match="guess"):
        space_of(cone()).contour("guess", 1.2, 0.3)


def test_the_part_that_holds_the_core_is_outlined_and_other_parts_are_not():
    values = np.ones(SHAPE)
    core, other = ball(GEOMETRY, PLACE, 5.0), ball(GEOMETRY, PLACE + 12.0 * TO_HEAD, 3.0)
    values.reshape(-1)[core], values.reshape(-1)[other] = 3.0, 5.0
    assert np.array_equal(space_of(values).contour("fixed-suv", 1.0, 0.1).flat, core)


def test_an_outline_reaches_no_further_than_the_margin_beyond_the_focus():
    values = np.full(SHAPE, 5.0)
    flat = space_of(values).contour("fixed-suv", 1.0, 0.1).flat
    away = np.linalg.norm(GEOMETRY.flat_to_ras(flat) - PLACE, axis=1)
    assert 14.0 < away.max() <= 14.0 + PARAMETERS.margin_mm


# --- the adaptive method


@pytest.mark.parametrize(("background", "is_mass"), [(2.5, False), (3.1, True)])
def test_a_focus_on_tissue_hotter_than_normal_is_outlined_as_a_mass(background, is_mass):
    values = np.full(SHAPE, 0.8)
    values.reshape(-1)[ball(GEOMETRY, PLACE, 14.0)] = background
    values.reshape(-1)[ball(GEOMETRY, PLACE, 4.0)] = 6.0
    contour = space_of(values).contour("adaptive", 1.0, 0.1)
    whole = ball(GEOMETRY, PLACE, 14.0)
    assert (contour.flat.size == whole.size) is is_mass
    assert contour.threshold < background if is_mass else contour.threshold > background


def test_the_threshold_lies_half_way_for_a_small_focus():
    values = np.full(SHAPE, 1.0)
    values.reshape(-1)[ball(GEOMETRY, PLACE, 4.0)] = 3.0
    space = space_of(values)
    contour = space.contour("adaptive", 1.0, 0.1)
    top = 0.5 * (3.0 + space.peak_of_core)
    assert contour.threshold == pytest.approx(0.5 * (1.0 + top), rel=1e-3)
    assert np.array_equal(contour.flat, ball(GEOMETRY, PLACE, 4.0))


def test_the_background_is_no_lower_than_typical_tissue():
    values = np.full(SHAPE, 0.1)
    values.reshape(-1)[ball(GEOMETRY, PLACE, 4.0)] = 3.0
    low = space_of(values).contour("adaptive", 0.8, 0.1).threshold
    higher = space_of(values, dataclasses.replace(NORMAL, typical_suv=1.6)).contour("adaptive", 0.8, 0.1).threshold
    assert higher - low == pytest.approx(0.5 * (1.6 - 0.8), rel=1e-3)


def away_mm() -> np.ndarray:
    """Distance of each voxel from the focus."""
    return np.linalg.norm(GEOMETRY.flat_to_ras(np.arange(GEOMETRY.size)) - PLACE, axis=1).reshape(SHAPE)


def test_warm_tissue_just_around_the_outline_raises_the_background():
    away = away_mm()
    values = np.select([away <= 4.0, away <= 9.0], [5.0, 2.0], 1.0)
    space = space_of(values)
    top = 0.5 * (5.0 + space.peak_of_core)
    assert space.contour("adaptive", 1.0, 0.1).threshold == pytest.approx(0.5 * (2.0 + top), rel=1e-3)


def test_the_first_background_is_that_around_the_upper_quarter_of_the_focus():
    values = cone()
    space = space_of(values, outline_shell_percentile=0.0, joint_ml=50.0, ball_ml=60.0)
    contour = space.contour("adaptive", 1.0, 0.1)
    core = values[away_mm() <= 4.0]
    top = min(4.0, 0.5 * (np.sort(core)[-max(1, core.size // 2) :].mean() + space.peak_of_core))
    distance = ndimage.distance_transform_edt(values < top - 0.25 * (top - 1.0), sampling=3.0)
    background = np.percentile(values[(distance > 6.0) & (distance <= 11.0)], 75.0)
    assert 1.2 < background < 2.0
    assert contour.threshold == pytest.approx(0.5 * (top + background), rel=1e-4)


@pytest.mark.parametrize(("ring_suv", "part"), [(1.0, 0.4224), (2.4, 0.5)])
def test_an_outline_is_lowered_to_the_true_edge_unless_it_runs_into_its_surroundings(ring_suv, part):
    away = away_mm()
    values = np.select([away <= 12.0, away <= 16.0], [4.0, ring_suv], 1.0)
    contour = space_of(values).contour("adaptive", 1.0, 0.1)
    assert contour.threshold == pytest.approx(1.0 + part * 3.0, rel=0.01)
    assert np.array_equal(contour.flat, np.flatnonzero(away <= 12.0))


@pytest.mark.parametrize(("last_suv", "taken"), [(4.0, 0), (4.1, 1)])
def test_of_two_parts_of_the_core_the_hottest_is_taken_and_of_equal_ones_the_first(last_suv: float, taken: int):
    values = np.ones(SHAPE)
    places = [int(ball(GEOMETRY, PLACE + step * TO_HEAD, 1.0)[0]) for step in (-3.0, 3.0)]
    values.reshape(-1)[places] = 4.0, last_suv
    assert space_of(values).contour("fixed-suv", 1.0, 0.1).flat.tolist() == [places[taken]]


def test_a_focus_whose_core_lies_below_the_threshold_is_not_outlined_elsewhere():
    values = np.ones(SHAPE)
    values.reshape(-1)[ball(GEOMETRY, PLACE + 12.0 * TO_HEAD, 3.0)] = 5.0
    assert space_of(values).contour("fixed-suv", 1.0, 0.1).flat.size == 0


def test_the_threshold_of_a_mass_lies_half_way_between_its_median_and_normal_tissue():
    away = away_mm()
    values = np.where(away <= 17.0, 10.0 - 6.0 * away / 14.0, 0.8)
    contour = space_of(values).contour("adaptive", 0.8, 0.1)
    half_way = 0.5 * (np.median(values.reshape(-1)[contour.flat]) + 0.8)
    assert contour.threshold == pytest.approx(half_way, rel=0.02)
    assert contour.threshold < NORMAL.mass_suv


@pytest.mark.parametrize(("volume_ml", "roundness"), [(1.0, 0.0), (1.5, 0.0), (2.25, 0.5), (3.0, 1.0), (9.0, 1.0)])
def test_the_true_edge_of_a_ball_is_lower_than_half_way_and_that_of_a_joint_is_not(volume_ml, roundness):
    count = round(volume_ml / GEOMETRY.voxel_volume_ml)
    volume_ml = count * GEOMETRY.voxel_volume_ml
    radius_mm = (3000.0 * volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0)
    lower = PARAMETERS.resolution_mm / 2.355 / (np.sqrt(2.0 * np.pi) * radius_mm)
    assert space_of(cone())._edge_part((1 << count) - 1) == pytest.approx(0.5 - roundness * lower, abs=0.004)


# --- what changes with which parameter


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        ("suv", {"fixed-suv"}),
        ("ratio", {"reference-ratio"}),
        ("sd_factor", {"mean-plus-sd"}),
        ("percist_mean", {"percist"}),
        ("percist_sd", {"percist"}),
        ("core_shell_percentile", {"adaptive"}),
        ("outline_shell_percentile", {"adaptive"}),
        ("resolution_mm", {"adaptive"}),
        ("joint_ml", {"adaptive"}),
        ("ball_ml", {"adaptive"}),
        ("largest_gain", {"adaptive"}),
        ("shell_inner_mm", set(METHODS)),
        ("shell_outer_mm", set(METHODS)),
        ("margin_mm", set(METHODS)),
    ],
)
def test_a_parameter_changes_the_contours_of_the_methods_that_use_it(name, methods):
    other = dataclasses.replace(PARAMETERS, **{name: 1.1 * getattr(PARAMETERS, name)})
    assert methods_that_differ(PARAMETERS, other) == methods


def test_choosing_another_method_changes_no_contour():
    assert methods_that_differ(PARAMETERS, dataclasses.replace(PARAMETERS, method="a50p")) == set()


def random_field(seed: int) -> np.ndarray:
    """A background with noise, a hot organ at one side and several summits of odd forms."""
    rng = np.random.default_rng(seed)
    points = GEOMETRY.flat_to_ras(np.arange(GEOMETRY.size))
    values = rng.uniform(0.5, 1.5) + rng.normal(0.0, 0.1, GEOMETRY.size)
    for _ in range(rng.integers(1, 6)):
        center, half = rng.uniform(0, 70, 3), rng.uniform(3, 20, 3)
        away = np.sqrt((((points - center) / half) ** 2).sum(axis=1))
        form = np.clip(1.5 - away, 0, 1) if rng.random() < 0.5 else away < 1.0
        values = np.maximum(values, rng.uniform(1.5, 12.0) * form)
    values += rng.uniform(0, 0.2) * points[:, int(rng.integers(3))] * (rng.random() < 0.3)
    return values.reshape(SHAPE).astype(np.float32)


@pytest.mark.parametrize("seed", range(12))
def test_an_outline_holds_the_hottest_voxel_of_its_core_or_is_empty(seed: int) -> None:
    """Whatever the method: an outline elsewhere would name and measure another place."""
    rng = np.random.default_rng(100 + seed)
    suv = Image(random_field(seed), GEOMETRY)
    if seed % 4 == 0:
        suv.array[:, :, -3:] = np.nan
    spheres = SphereMeans(suv)
    place = GEOMETRY.flat_to_ras(rng.integers(0, GEOMETRY.size, 1))[0]
    flat = ball(GEOMETRY, place, float(rng.uniform(8, 30)))
    flat = flat[np.isfinite(suv.array.reshape(-1)[flat])]
    core = np.unique(np.concatenate([rng.choice(flat, min(5, flat.size)), flat[:1]]))
    owner = np.zeros(SHAPE, dtype=np.int32)
    owner.reshape(-1)[flat] = 1
    # A hot disc may own voxels of the core as well.
    owner.reshape(-1)[core[::2]] = 2
    hottest = core[np.nanargmax(suv.array.reshape(-1)[core])]
    space = ContourSpace(suv, spheres, owner, 1, flat, core, PARAMETERS, NORMAL)
    for method in METHODS:
        contour = space.contour(method, 1.0, 0.2)
        assert contour.flat.size == 0 or hottest in contour.flat, method
    assert space.contour("adaptive", 1.0, 0.2).flat.size > 0
