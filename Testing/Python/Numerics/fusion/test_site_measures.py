"""Measures of sites: against ellipsoids of known uptake, at edges, and among like sites."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.core.sites import SiteState
from PainGeneratorLib.Numerics.core.words import Role, Side
from PainGeneratorLib.Numerics.fusion.site_measures import SiteImages, measure_sites, series_notes
from PainGeneratorLib.Numerics.fusion.site_verdict import NEXT_TO_IMPLANT, NOT_ALIGNED, NOT_MEASURED, OUTSIDE_PET
from PainGeneratorLib.Numerics.fusion.site_voxels import site_voxels
from PainGeneratorLib.Numerics.pet.peak import SPHERE_RADIUS_MM, suv_peak
from scipy import ndimage
from small_sites import LEVELS, PARAMETERS, PlainReferences, grid, lumbar_sites, measured, painted, site

RIGHT, LEFT, MIDLINE = str(Side.RIGHT), str(Side.LEFT), str(Side.MIDLINE)
L3_RIGHT = "right facet joint L3/L4"


def states(rows, state: SiteState) -> set[str]:
    return {name for name, row in rows.items() if row.state == state}


def blurred(pet: Image, fwhm_mm: float = 5.0) -> Image:
    sigma = fwhm_mm / 2.355 / np.array(pet.geometry.spacing_kji_mm)
    return Image(ndimage.gaussian_filter(pet.array, sigma, mode="nearest"), pet.geometry)


@pytest.mark.parametrize("turned_deg", [0.0, 17.0])
@pytest.mark.parametrize("voxel_mm", [2.0, 4.0])
def test_uptake_of_a_large_site_is_measured_within_three_percent(voxel_mm: float, turned_deg: float) -> None:
    one = site("body", "vertebral body", MIDLINE, "L3", (3, 5, -60), (16, 12, 10))
    row = measured([one], painted({"body": 2.5}, [one], voxel_mm, turned_deg))["body"]
    assert row.suv_max == pytest.approx(2.5, rel=0.03)
    assert row.suv_peak == pytest.approx(2.5, rel=0.03)
    assert row.ratio == pytest.approx(2.5, rel=0.1)
    assert row.reference == 1.0


@pytest.mark.parametrize("voxel_mm", [1.0, 2.0])
def test_suv_peak_of_a_ball_is_that_of_the_part_of_the_sphere_that_it_fills(voxel_mm: float) -> None:
    one = site("joint", "facet joint", RIGHT, "L3/L4", (10.3, 5.2, -60.4), (5, 5, 5))
    row = measured([one], painted({"joint": 4.0}, [one], voxel_mm))["joint"]
    assert row.suv_peak == pytest.approx(1.0 + 3.0 * (5.0 / SPHERE_RADIUS_MM) ** 3, rel=0.03)


def test_suv_peak_is_that_of_the_one_function_that_measures_it_everywhere() -> None:
    one = site("joint", "facet joint", RIGHT, "L3/L4", (10.3, 5.2, -60.4), (6, 8, 9))
    pet = painted({"joint": 4.0}, [one], 2.0, 11.0)
    voxels = np.arange(pet.geometry.size)
    inside = voxels[one.radius(pet.geometry.flat_to_ras(voxels)) <= 1.0]
    assert measured([one], pet)["joint"].suv_peak == pytest.approx(suv_peak(pet, inside).value, rel=1e-9)


def test_the_mean_weighs_voxels_at_the_border_by_the_part_of_the_site_in_them() -> None:
    thin = site("disc", "disc", MIDLINE, "L3/L4", (0.7, 3, -60.7), (18, 13, 3), tissues.DISC)
    row = measured([thin], painted({"disc": 3.0}, [thin], 4.0, swell=1.6))["disc"]
    assert row.suv_mean == pytest.approx(3.0, rel=0.12)
    fine = measured([thin], painted({"disc": 3.0}, [thin], 1.0))["disc"]
    assert fine.suv_mean == pytest.approx(3.0, rel=0.1)


@pytest.mark.parametrize("half_mm", [0.5, 1.5])
def test_a_site_smaller_than_a_voxel_is_measured_where_it_lies(half_mm: float) -> None:
    small = site("root", "foramen", RIGHT, "L3/L4", (13.9, -4.2, -61.1), (half_mm,) * 3, tissues.MUSCLE)
    around = site("around", "foramen", LEFT, "L3/L4", (13.9, -4.2, -61.1), (14, 14, 14))
    row = measured([small], painted({"around": 2.0}, [around], 4.0))["root"]
    assert row.suv_max == pytest.approx(2.0)
    assert row.suv_peak == pytest.approx(2.0, rel=0.03)
    assert row.suv_mean == pytest.approx(2.0, rel=0.03)


def test_the_weights_of_the_voxels_add_up_to_the_part_of_the_site_in_the_grid() -> None:
    geometry = grid(2.0)
    edge = geometry.corners_ras[:, 0].max() + 1.0
    for offset, part in ((-40.0, 1.0), (0.0, 0.5), (40.0, 0.0)):
        one = site("one", "facet joint", RIGHT, "L3/L4", (edge + offset, 0, -60), (6, 8, 9))
        assert site_voxels(one, geometry).part_in_grid == pytest.approx(part, abs=0.02)


def test_one_diseased_joint_is_abnormal_and_all_other_sites_are_normal() -> None:
    sites = lumbar_sites()
    rows = measured(sites, blurred(painted({L3_RIGHT: 2.6}, sites)))
    assert states(rows, SiteState.ABNORMAL) == {L3_RIGHT}
    assert states(rows, SiteState.NOT_ASSESSABLE) == set()
    row = rows[L3_RIGHT]
    assert row.reasons[0] == f"Uptake {row.level_ratio:.1f} times that of the other facet joints."
    assert row.side_ratio == pytest.approx(row.suv_peak / rows["left facet joint L3/L4"].suv_peak)
    assert row.level_ratio == pytest.approx(row.ratio, rel=0.05)


def test_uptake_that_reaches_a_site_from_a_hotter_one_beside_it_is_named_and_not_counted() -> None:
    sites = lumbar_sites()
    rows = measured(sites, blurred(painted({L3_RIGHT: 9.0}, sites), 8.0))
    beside = rows["right multifidus L3/L4"]
    assert beside.ratio > PARAMETERS.uptake.ratio
    assert beside.state == SiteState.NORMAL
    assert beside.reasons == (f"Uptake of {L3_RIGHT} reaches here.",)
    assert beside.flags == ("spill-over",)
    assert states(rows, SiteState.ABNORMAL) == {L3_RIGHT}


def test_two_hot_sites_beside_each_other_are_both_abnormal_when_each_has_its_own_maximum() -> None:
    sites = lumbar_sites()
    hot = {L3_RIGHT: 3.0, "right multifidus L3/L4": 3.2}
    rows = measured(sites, blurred(painted(hot, sites), 4.0))
    assert states(rows, SiteState.ABNORMAL) == set(hot)


def test_uptake_beside_all_sites_makes_none_abnormal() -> None:
    sites = lumbar_sites()
    bowel = site("bowel", "bowel", MIDLINE, None, (0, 42, -68), (12, 8, 12))
    rows = measured(sites, blurred(painted({"bowel": 8.0}, [bowel]), 8.0))
    assert states(rows, SiteState.ABNORMAL) == set()


@pytest.mark.parametrize("number", [2, 3, 4])
def test_disease_on_both_sides_of_several_levels_is_abnormal_at_each_of_them(number: int) -> None:
    sites = lumbar_sites()
    hot = {f"{side} facet joint {level}": 2.5 for side in (RIGHT, LEFT) for level in LEVELS[:number]}
    rows = measured(sites, blurred(painted(hot, sites)))
    found = states(rows, SiteState.ABNORMAL)
    if number < 4:
        assert found == set(hot)
    else:
        # With four of five levels diseased two healthy joints remain, and no comparison holds. Nothing else is raised.
        assert found <= set(hot)


def test_one_level_has_no_other_levels_to_compare_with_and_much_uptake_counts_alone() -> None:
    sites = lumbar_sites(["L3/L4"])
    rows = measured(sites, blurred(painted({L3_RIGHT: 3.0}, sites)))
    assert all(row.level_ratio is row.level_spread is row.level_z is None for row in rows.values())
    assert states(rows, SiteState.ABNORMAL) == {L3_RIGHT}
    assert rows[L3_RIGHT].reasons[0].startswith("Uptake 2.")
    assert rows[L3_RIGHT].reasons[0].endswith("times that of marrow near by.")


def test_with_fewer_than_three_like_sites_of_other_levels_there_is_no_comparison() -> None:
    rows = measured(lumbar_sites(LEVELS[:2]), painted({}, []))
    assert rows["right facet joint L1/L2"].level_ratio is None
    rows = measured(lumbar_sites(LEVELS[:3]), painted({}, []))
    assert rows["right facet joint L1/L2"].level_ratio == pytest.approx(1.0)
    assert rows["disc L1/L2"].level_ratio is None


def joints_of_both_sides(right: float, left: float, tissue: int) -> dict:
    sites = [
        site("right joint", "sacroiliac joint", RIGHT, None, (25, -8, -60), (9, 14, 14), tissue),
        site("left joint", "sacroiliac joint", LEFT, None, (-25, -8, -60), (9, 14, 14), tissue),
    ]
    pet = painted({"right joint": right, "left joint": left}, sites, swell=1.6)
    return measured(sites, pet)


@pytest.mark.parametrize(
    ("right", "left", "tissue", "abnormal"),
    [
        (1.30, 1.13, tissues.MARROW, set()),
        (1.25, 0.8, tissues.MARROW, {"right joint"}),
        (0.75, 0.45, tissues.MARROW, set()),
        (1.25, 0.8, tissues.MUSCLE, set()),
        (1.3, 0.95, tissues.MARROW, set()),
        (1.6, 1.15, tissues.MARROW, {"right joint"}),
    ],
    ids=["as in the healthy", "strong", "below bone", "strong in muscle", "weak", "weak and raised"],
)
def test_asymmetry_counts_when_it_is_strong_or_supported(
    right: float, left: float, tissue: int, abnormal: set[str]
) -> None:
    rows = joints_of_both_sides(right, left, tissue)
    assert rows["right joint"].side_ratio == pytest.approx(right / left, rel=0.03)
    assert states(rows, SiteState.ABNORMAL) == abnormal


def test_a_site_mostly_outside_of_the_pet_is_not_assessable() -> None:
    geometry = grid(2.0)
    edge = geometry.corners_ras[:, 0].max() + 1.0
    sites = [
        site("out", "facet joint", RIGHT, "L3/L4", (edge + 2.0, 0, -60), (6, 8, 9)),
        site("in", "facet joint", RIGHT, "L2/L3", (edge - 2.0, 0, -20), (6, 8, 9)),
        site("far", "facet joint", RIGHT, "L1/L2", (edge + 300.0, 0, -20), (6, 8, 9)),
    ]
    rows = measured(sites, painted({}, []))
    for name in ("out", "far"):
        assert (rows[name].state, rows[name].reasons) == (SiteState.NOT_ASSESSABLE, (OUTSIDE_PET,))
        assert rows[name].suv_peak is rows[name].suv_max is rows[name].ratio is None
    assert rows["in"].state == SiteState.NORMAL
    assert rows["in"].suv_peak == pytest.approx(1.0)
    assert "peak-at-edge" in rows["in"].flags


def test_voxels_without_a_value_count_as_outside() -> None:
    sites = lumbar_sites()
    pet = painted({L3_RIGHT: 2.6}, sites)
    array = pet.array.copy()
    array[: array.shape[0] // 2] = np.nan
    rows = measured(sites, Image(array, pet.geometry))
    assert rows["right facet joint L5/S1"].reasons == (OUTSIDE_PET,)
    assert all(np.isfinite(row.suv_peak) for row in rows.values() if row.suv_peak is not None)
    assert rows["right facet joint L1/L2"].state == SiteState.NORMAL
    nothing = measured(sites, Image(np.full_like(array, np.nan), pet.geometry))
    assert states(nothing, SiteState.NOT_ASSESSABLE) == set(nothing)


def test_without_an_aligned_pet_no_site_is_normal() -> None:
    rows = measured(lumbar_sites(), None)
    assert {row.reasons for row in rows.values()} == {(NOT_ALIGNED,)}
    assert states(rows, SiteState.NOT_ASSESSABLE) == set(rows)


def test_without_a_plausible_reference_no_site_is_normal() -> None:
    images = SiteImages(painted({}, []), PlainReferences(is_plausible=False))  # type: ignore[arg-type]
    rows = measure_sites(lumbar_sites(), images, PARAMETERS)
    assert {row.reasons for row in rows} == {(NOT_MEASURED,)}
    assert all(row.suv_peak is not None for row in rows)


def test_no_sites_give_no_rows() -> None:
    assert measure_sites([], SiteImages(None, None), PARAMETERS) == ()


def test_beside_an_implant_a_site_is_never_normal_but_seen_uptake_counts() -> None:
    sites = lumbar_sites()
    pet = blurred(painted({L3_RIGHT: 2.6}, sites))
    flat = np.arange(pet.geometry.size)
    height = pet.geometry.flat_to_ras(flat)[:, 2]
    implant = Region(pet.geometry, flat[np.abs(height - sites[10].center_ras[2]) < 14.0])
    rows = measured(sites, pet, unreliable=implant)
    assert rows["left facet joint L3/L4"].reasons == (NEXT_TO_IMPLANT,)
    assert rows["left facet joint L3/L4"].state == SiteState.NOT_ASSESSABLE
    assert rows["left facet joint L3/L4"].flags == ("near-implant",)
    assert rows[L3_RIGHT].state == SiteState.ABNORMAL
    assert "near-implant" in rows[L3_RIGHT].flags
    # What lies beside an implant is no measure for other sites.
    assert rows[L3_RIGHT].side_ratio is None
    assert rows["right facet joint L2/L3"].state == SiteState.NORMAL


def test_a_case_without_a_fluid_sensitive_series_says_what_cannot_be_seen() -> None:
    series = {str(Role.T1): painted({}, [])}
    assert "No fluid-sensitive series" in series_notes(SiteImages(None, None, series=series))[0]
    series[str(Role.T2)] = painted({}, [])
    assert series_notes(SiteImages(None, None, series=series)) == ()


def test_a_hundred_and_fifty_sites_on_volumes_of_real_size_take_less_than_two_seconds() -> None:
    def volume(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> Image:
        matrix = np.diag([*spacing, 1.0])
        matrix[:3, 3] = -0.5 * np.array(spacing) * shape[::-1]
        return Image(np.ones(shape, dtype=np.float32), Geometry(shape, matrix))

    rng = np.random.default_rng(5)
    sites = [
        site(f"{n}", "facet joint", RIGHT, f"L{n}", rng.uniform(-60, 60, 3), rng.uniform(3, 14, 3)) for n in range(150)
    ]
    pet = volume((127, 344, 344), (2.09, 2.09, 2.03))
    series = {role: volume((30, 512, 512), (0.7, 0.7, 4.4)) for role in ("T1", "FLUID", "T2")}
    images = SiteImages(pet, PlainReferences(), series=series)  # type: ignore[arg-type]
    start = time.process_time()
    assert len(measure_sites(sites, images, PARAMETERS)) == 150
    assert time.process_time() - start < 2.0
