"""The search for foci: each limit from both sides, on a few voxels without noise."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image, ball
from PainGeneratorLib.Numerics.pet.foci import (
    CORE_PART,
    FloodError,
    FocusLimits,
    FocusParameters,
    find_foci,
    focus_of,
    smoothed,
)
from PainGeneratorLib.Numerics.pet.peak import sphere_means

SHAPE = (15, 16, 17)
GEOMETRY = Geometry(SHAPE, np.diag([3.0, 3.0, 3.0, 1.0]))
PLACE = np.array([24.0, 24.0, 21.0])
TO_HEAD = np.array([0.0, 0.0, 1.0])
REFERENCE = 1.0
NOISE = 0.1
PARAMETERS = FocusParameters(
    z_minimum=3.5,
    volume_minimum_ml=0.1,
    suv_minimum=0.6,
    tbr_minimum=1.1,
    prominence_suv=0.3,
    prominence_part=0.15,
    prominence_contrast=0.4,
    separation_mm=6.0,
)
LIMITS = FocusLimits(ratio=1.2, z=4.0, mass_suv=3.5)


class EvenReference:
    """The same reference everywhere."""

    typical = REFERENCE

    def at(self, flat):
        return np.full(flat.size, REFERENCE, dtype=np.float32), np.full(flat.size, 2, dtype=np.uint8)


class EvenContrast:
    """The same noise and the same contrast everywhere."""

    def __init__(self, z: float = 10.0, noise: float = NOISE) -> None:
        self.z, self.noise = z, noise

    def at(self, points):
        return np.full(len(points), self.z, dtype=np.float32)

    def noise_at(self, points):
        return np.full(len(points), self.noise, dtype=np.float32)


def peaked(*tops: tuple[np.ndarray, float]) -> Image:
    """SUV 1 everywhere and cones of 12 mm radius with a summit each."""
    points = GEOMETRY.flat_to_ras(np.arange(GEOMETRY.size))
    values = np.ones(GEOMETRY.size)
    for place, top in tops:
        away = np.linalg.norm(points - place, axis=1) / 12.0
        values = np.maximum(values, 1.0 + (top - 1.0) * np.clip(1.0 - away, 0.0, 1.0))
    return Image(values.reshape(SHAPE).astype(np.float32), GEOMETRY)


def found(image: Image, contrast: EvenContrast | None = None, limits: FocusLimits = LIMITS, **changes: float):
    parameters = dataclasses.replace(PARAMETERS, **changes)
    return find_foci(image, image.array, EvenReference(), contrast or EvenContrast(), parameters, limits)


def test_a_focus_knows_its_voxels_its_height_and_its_certainty():
    image = peaked((PLACE, 3.0))
    (focus,), owner = found(image)
    values = image.array.reshape(-1)
    above = np.flatnonzero(values >= 1.2)
    assert np.array_equal(focus.flat, above)
    assert np.array_equal(np.flatnonzero(owner.reshape(-1) == 1), above)
    assert np.array_equal(focus.core, np.flatnonzero(values >= 3.0 - CORE_PART * 2.0))
    assert np.allclose(GEOMETRY.flat_to_ras(np.array([focus.peak_flat]))[0], PLACE)
    assert (focus.top, focus.reference, focus.code) == (3.0, 1.0, 2)
    assert focus.spread == pytest.approx(NOISE)
    sphere = sphere_means(image, np.array([focus.peak_flat]))[0][0]
    assert focus.z == pytest.approx((0.5 * (3.0 + sphere) - 1.0) / NOISE)
    least = int(np.ceil(0.1 / GEOMETRY.voxel_volume_ml))
    assert focus.ratio == pytest.approx(np.sort(values)[-least])
    assert focus.cluster_ml == pytest.approx(above.size * GEOMETRY.voxel_volume_ml)


def test_touching_foci_have_the_volume_of_their_cluster():
    image = peaked((PLACE, 3.0), (PLACE + 15.0 * TO_HEAD, 2.6))
    foci, owner = found(image)
    assert len(foci) == 2
    both = np.count_nonzero(image.array >= 1.2) * GEOMETRY.voxel_volume_ml
    assert [focus.cluster_ml for focus in foci] == pytest.approx([both, both])
    for number, focus in enumerate(foci, start=1):
        assert np.array_equal(np.flatnonzero(owner.reshape(-1) == number), focus.flat)


@pytest.mark.parametrize(("suv_minimum", "is_found"), [(3.0, True), (3.01, False)])
def test_a_focus_must_be_as_hot_as_the_protocol_says(suv_minimum, is_found):
    assert bool(found(peaked((PLACE, 3.0)), suv_minimum=suv_minimum)[0]) is is_found


@pytest.mark.parametrize(("voxels_more", "is_found"), [(0, True), (1, False)])
def test_a_focus_must_be_as_large_as_the_protocol_says(voxels_more, is_found):
    image = peaked((PLACE, 3.0))
    volume_ml = (np.count_nonzero(image.array >= 1.2) + voxels_more) * GEOMETRY.voxel_volume_ml
    assert bool(found(image, volume_minimum_ml=volume_ml)[0]) is is_found


@pytest.mark.parametrize(("z", "is_found"), [(3.5, True), (3.49, False)])
def test_a_focus_must_stand_out_from_its_immediate_surroundings(z, is_found):
    assert bool(found(peaked((PLACE, 3.0)), EvenContrast(z=z))[0]) is is_found


@pytest.mark.parametrize(("factor", "is_found"), [(1.0, True), (0.99, False)])
def test_a_focus_must_be_certain_its_spike_diluted_by_the_sphere(factor, is_found):
    image = peaked((PLACE, 3.0))
    (focus,), _ = found(image)
    limits = dataclasses.replace(LIMITS, z=focus.z / factor - 1e-9)
    assert bool(found(image, limits=limits)[0]) is is_found
    tbr = sphere_means(image, np.array([focus.peak_flat]))[0][0]
    assert bool(found(image, tbr_minimum=tbr / factor - 1e-9)[0]) is is_found


@pytest.mark.parametrize(("top", "count"), [(1.21, 1), (1.19, 0)])
def test_voxels_below_the_least_ratio_are_no_focus(top, count):
    limits = FocusLimits(ratio=1.2, z=0.0, mass_suv=3.5)
    foci, owner = found(peaked((PLACE, top)), limits=limits, volume_minimum_ml=0.0, suv_minimum=0.0, tbr_minimum=1.0)
    assert len(foci) == count
    assert owner.max() == count


def test_the_flank_of_something_hotter_is_no_focus():
    image = peaked((PLACE, 3.0))

    class Stepped(EvenReference):
        def at(self, flat):
            reference, codes = super().at(flat)
            top = np.linalg.norm(GEOMETRY.flat_to_ras(flat) - PLACE, axis=1) < 6.0
            return np.where(top, np.float32(4.0), reference), codes

    foci, _ = find_foci(image, image.array, Stepped(), EvenContrast(), PARAMETERS, LIMITS)
    assert foci == []


def test_any_set_of_voxels_can_be_taken_as_a_focus():
    image = peaked((PLACE, 3.0))
    flat = ball(GEOMETRY, PLACE + 3.0 * TO_HEAD, 7.0)
    focus = focus_of(image, EvenReference(), flat, spread=0.5)
    assert np.array_equal(focus.flat, flat)
    assert (focus.top, focus.ratio, focus.z) == (3.0, 3.0, 4.0)
    assert np.array_equal(focus.core, flat[image.array.reshape(-1)[flat] >= 2.6])
    assert focus.cluster_ml == pytest.approx(flat.size * 0.027)
    assert focus_of(image, EvenReference(), flat).z == np.inf


def test_voxels_without_a_value_are_never_the_top_of_a_focus():
    image = peaked((PLACE, 3.0))
    flat = ball(GEOMETRY, PLACE, 7.0)
    image.array.reshape(-1)[flat[len(flat) // 2]] = np.nan
    focus = focus_of(image, EvenReference(), flat)
    assert focus.top < 3.0
    assert focus.peak_flat != flat[len(flat) // 2]


# --- smoothing


def test_smoothing_keeps_the_mean_and_does_not_spread_missing_values():
    image = peaked((PLACE, 3.0))
    smooth = smoothed(image, 6.0, 0.15)
    assert smooth.dtype == np.float32
    assert smooth.max() < 3.0
    assert smooth.mean() == pytest.approx(image.array.mean(), rel=1e-3)
    image.array[:4] = np.nan
    partly = smoothed(image, 6.0, 0.15)
    assert np.isnan(partly[:4]).all()
    assert np.isfinite(partly[4:]).all()
    assert partly[4:].min() >= 1.0 - 1e-5


def test_no_smoothing_returns_the_values():
    image = peaked((PLACE, 3.0))
    assert np.array_equal(smoothed(image, 0.0, 0.15), image.array)
    doubles = Image(image.array.astype(np.float64), GEOMETRY)
    assert smoothed(doubles, 0.0, 0.15).dtype == np.float32


@pytest.mark.parametrize(("margin", "floods"), [(1e-6, False), (-1e-6, True)])
def test_more_raised_tissue_than_a_disease_makes_is_a_flood_that_names_its_tissue(margin: float, floods: bool) -> None:
    image = peaked((PLACE, 5.0))
    raised_ml = np.count_nonzero(image.array >= 1.2) * GEOMETRY.voxel_volume_ml
    limits = dataclasses.replace(LIMITS, most_ml=raised_ml + margin)
    if not floods:
        assert found(image, limits=limits)[0]
        return
    with pytest.raises(FloodError) as flood:
        found(image, limits=limits)
    assert flood.value.code == 2
    assert "liters of the body would exceed their reference" in flood.value.reason
