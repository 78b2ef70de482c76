"""Sites judged against their own kind, and entries of sites that have no focus of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from fusion_cases import facts
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Image, Region
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, MRFinding, Place
from PainGeneratorLib.Numerics.core.sites import Site, SiteRow, SiteState
from PainGeneratorLib.Numerics.core.words import Side
from PainGeneratorLib.Numerics.fusion.candidates import Signs, fuse
from PainGeneratorLib.Numerics.fusion.from_sites import SiteSearch, outline_in, spots_of_sites, standing_out
from PainGeneratorLib.Numerics.fusion.ledger_uptake import level_strength
from PainGeneratorLib.Numerics.fusion.own_kind import SITE_METHOD, has_own_kind, is_usual_use
from PainGeneratorLib.Numerics.fusion.own_kind import stands_out as stands_out_by
from PainGeneratorLib.Numerics.fusion.site_comparison import compare_levels
from PainGeneratorLib.Numerics.fusion.site_spill import Origin, excess_of, without_usual_reach
from PainGeneratorLib.Numerics.fusion.site_uptake import measure_uptake
from PainGeneratorLib.Numerics.fusion.site_voxels import site_voxels
from scipy import ndimage
from small_sites import LEVEL_MM, LEVELS, PARAMETERS, lumbar_sites, measured, painted, site

MIDLINE = str(Side.MIDLINE)
FACET = "right facet joint L3/L4"
MUSCLE = "right multifidus L3/L4"
VERTEBRAE = ("L1", "L2", "L3", "L4", "L5")
ALIKE_RATIO = 1.18


def stands_out(row: SiteRow | None, suv_peak: float | None = None) -> float:
    return stands_out_by(row, suv_peak, alike_ratio=ALIKE_RATIO)


def blurred(pet: Image, fwhm_mm: float = 5.0) -> Image:
    sigma = fwhm_mm / 2.355 / np.array(pet.geometry.spacing_kji_mm)
    return Image(ndimage.gaussian_filter(pet.array, sigma, mode="nearest"), pet.geometry)


def midline_sites() -> list[Site]:
    """Spinous processes of five vertebrae, and the canal between them."""
    found = []
    for number, level in enumerate(VERTEBRAE):
        center = (0, -48, -LEVEL_MM * number)
        found.append(site(f"spinous process {level}", "spinous process", MIDLINE, level, center, (4, 11, 9)))
    for number, level in enumerate(("T12/L1", *LEVELS[:4])):
        center = (0, -10, -LEVEL_MM * number)
        found.append(site(f"spinal canal {level}", "spinal canal", MIDLINE, level, center, (7, 6, 9), tissues.FLUID))
    return found


def spot_of(pet: Image, region: Region, **more) -> HotSpot:
    values = pet.array.reshape(-1)[region.flat]
    hottest = pet.geometry.flat_to_ras(region.flat[[int(values.argmax())]])[0]
    given = {
        "label": 0,
        "region": region,
        "centroid_ras_mm": region.centroid_ras_mm,
        "peak_ras_mm": hottest,
        "suv_max": float(values.max()),
        "suv_peak": float(values.mean()),
        "suv_mean": float(values.mean()),
        "mtv_ml": region.volume_ml,
        "tlg_g": float(values.mean()) * region.volume_ml,
        "background": 1.0,
        "reference": 1.0,
        "reference_name": "muscle",
        "tbr": float(values.mean()),
        "left_right_ratio": None,
        "contour_method": SITE_METHOD,
        "contour_threshold": float(values.min()),
    }
    return HotSpot(**{**given, **more})


def found_at(
    sites: Sequence[Site],
    hot: dict[str, float],
    known: Sequence[HotSpot] = (),
    *,
    factor: float = 1.0,
    changed: dict[str, dict] | None = None,
) -> list[str]:
    """The names of the sites at which hot spots are made; `changed` replaces fields of the rows of some sites."""
    pet = blurred(painted(hot, sites))
    rows = measured(sites, pet)
    for name, fields in (changed or {}).items():
        rows[name] = dataclasses.replace(rows[name], **fields)
    search = SiteSearch(pet, known, lambda region: spot_of(pet, region), PARAMETERS, ALIKE_RATIO, factor)
    spots = spots_of_sites(list(rows.values()), search)
    return [min(sites, key=lambda one, at=spot.peak_ras_mm: one.radius(at)).name for spot in spots]


def row(**more) -> SiteRow:
    """A spinous process of L3 that stands out clearly."""
    one = site("spinous process L3", "spinous process", MIDLINE, "L3", (0, -48, -68), (4, 11, 9))
    given = {"suv_peak": 1.4, "ratio": 1.4, "level_ratio": 1.4, "level_spread": 0.05, "level_z": 5.0}
    return SiteRow(one, str(SiteState.ABNORMAL), **{**given, **more})


# Against the like sites of the other levels


def test_a_trend_along_the_spine_is_no_difference_from_the_other_levels() -> None:
    along = np.array([-68.0, -34.0, 34.0, 68.0, 102.0])
    others = 1.0 * np.exp(0.004 * along)
    compared = compare_levels(1.0, others, [False] * 5, 0.08, along)
    assert compared is not None
    assert compared.ratio == pytest.approx(1.0)
    assert compared.spread == pytest.approx(0.0, abs=1e-9)


def test_a_joint_that_exceeds_the_trend_stands_out_although_larger_joints_below_have_as_much() -> None:
    along = np.array([-34.0, -34.0, 34.0, 34.0, 68.0, 68.0])
    others = np.array([0.86, 0.88, 1.14, 1.16, 1.32, 1.30])
    with_trend = compare_levels(1.35, others, [False] * 6, 0.08, along)
    without = compare_levels(1.35, others, [False] * 6, 0.08)
    assert without is not None
    assert with_trend is not None
    assert without.z < PARAMETERS.uptake.level_z < with_trend.z


def test_a_diseased_level_does_not_turn_the_trend() -> None:
    along = np.array([-68.0, -34.0, 34.0, 68.0, 102.0])
    others = np.array([1.0, 1.0, 1.0, 1.0, 3.0])
    compared = compare_levels(1.0, others, [False] * 5, 0.08, along)
    assert compared is not None
    assert compared.ratio == pytest.approx(1.0)


def test_a_trend_is_not_carried_beyond_the_like_sites() -> None:
    along = np.array([34.0, 68.0, 102.0, 136.0])
    others = np.exp(0.004 * along)
    compared = compare_levels(float(others[0]), others, [False] * 4, 0.08, along)
    assert compared is not None
    assert compared.ratio == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("ratio", "z", "expected"),
    [(1.0, 0.0, 0.0), (1.15, 9.0, 0.0), (1.25, 9.0, 0.5), (1.6, 2.5, 0.5), (1.6, 1.0, 0.0), (1.4, 5.0, 1.0)],
)
def test_a_site_stands_out_by_ratio_and_by_the_spread_of_its_kind(ratio: float, z: float, expected: float) -> None:
    assert stands_out(row(level_ratio=ratio, level_z=z)) == pytest.approx(expected)


def test_nothing_stands_out_that_was_not_compared_or_is_reached_by_a_hotter_place() -> None:
    assert stands_out(None) == 0.0
    assert stands_out(row(level_ratio=None, level_z=None)) == 0.0
    assert stands_out(row(flags=("spill-over",))) == 0.0


def test_a_focus_weaker_than_its_site_is_judged_by_its_own_uptake() -> None:
    assert stands_out(row(), 1.4) == 1.0
    assert stands_out(row(), 1.2) == pytest.approx(0.25)
    assert stands_out(row(), 0.9) == 0.0


def test_thoracic_sites_are_of_another_kind_than_the_lumbar_ones_that_they_are_compared_with() -> None:
    disc = site("disc T9/T10", "disc", MIDLINE, "T9/T10", (0, 20, 0), (18, 13, 3), tissues.DISC)
    assert not has_own_kind(disc)
    assert stands_out(dataclasses.replace(row(), site=disc)) == 0.0
    assert has_own_kind(dataclasses.replace(disc, level="T12/L1"))
    assert has_own_kind(dataclasses.replace(disc, level="S1"))


def test_muscle_that_both_sides_use_alike_does_not_stand_out_and_joints_do() -> None:
    psoas = site("left psoas L2/L3", "psoas", str(Side.LEFT), "L2/L3", (-45, 20, 0), (18, 13, 9), tissues.MUSCLE)
    joint = dataclasses.replace(psoas, structure="facet joint", tissue=tissues.MARROW)
    alike = dataclasses.replace(row(side_ratio=1.05), site=psoas)
    assert is_usual_use(alike, ALIKE_RATIO)
    assert not is_usual_use(alike, 1.02)
    assert stands_out(alike) == 0.0
    assert stands_out(dataclasses.replace(alike, side_ratio=1.7)) == 1.0
    assert stands_out(dataclasses.replace(alike, site=joint)) == 1.0


def test_uptake_over_the_other_levels_counts_by_their_spread() -> None:
    assert level_strength(1.5, 0.8) == 0.0
    assert level_strength(1.3, 5.0) > level_strength(1.3, 2.0) > 0.0
    assert level_strength(1.3, 5.0) > level_strength(1.3)
    assert level_strength(1.7, 9.0) == 1.0
    assert level_strength(0.7, -4.0) == -1.0


# The ledger


def name_of(structure: str, level: str, side: str = MIDLINE):
    return lambda region: Place(f"{structure} {level}", structure, side, level)


def judged_alone(spot: HotSpot, rows: Sequence[SiteRow], findings: Sequence[MRFinding] = ()) -> Candidate:
    """The one entry of a hot spot at the spinous process of L3."""
    reading = fuse(
        Signs(spots=[spot], findings=findings),
        name_of("spinous process", "L3"),
        facts("low-back", rows=rows),
    )
    (found,) = [*reading.candidates, *reading.set_apart]
    return found


def points(candidate: Candidate, sign: str) -> float | None:
    return next((entry.points for entry in candidate.ledger if entry.sign == sign), None)


def unclear_spot(**more) -> HotSpot:
    sites = midline_sites()
    pet = painted({"spinous process L3": 1.6}, sites)
    region = Region(pet.geometry, site_voxels(sites[2], pet.geometry).inside)
    given = {"contour_method": "adaptive", "suv_peak": 1.4, "tbr": 1.5, "clearness": 0.8}
    return spot_of(pet, region, **{**given, **more})


def test_a_midline_site_that_stands_out_from_its_kind_is_not_punished_for_its_conspicuity() -> None:
    with_kind = judged_alone(unclear_spot(), [row()])
    alone = judged_alone(unclear_spot(), [])
    assert points(with_kind, "clear_of_normal") == 0.0
    assert points(alone, "clear_of_normal") < -3.0
    assert with_kind.score > 1.0 > alone.score


def test_the_punishment_fades_as_the_site_stands_out_more() -> None:
    scores = [
        points(judged_alone(unclear_spot(), [row(level_ratio=r)]), "clear_of_normal") for r in (1.1, 1.2, 1.3, 1.4)
    ]
    assert scores == sorted(scores)
    assert scores[0] < scores[1] < scores[-1] == 0.0


def test_an_entry_without_a_focus_says_so_and_needs_more_for_it() -> None:
    of_site = judged_alone(unclear_spot(contour_method=SITE_METHOD, clearness=None), [row()])
    focus = judged_alone(unclear_spot(clearness=None), [row()])
    assert points(of_site, "without_focus") == pytest.approx(-4.559, abs=0.001)
    assert points(focus, "without_focus") is None
    assert focus.score - of_site.score == pytest.approx(4.559, abs=0.001)


def test_a_joint_with_less_uptake_than_marrow_is_raised_when_like_joints_have_even_less() -> None:
    spot = unclear_spot(clearness=None, suv_peak=1.4, tbr=1.0)
    marrow = {"reference": 1.4, "reference_name": "marrow near by", "suv_peak": 1.4, "ratio": 1.0}
    raised = judged_alone(spot, [row(**marrow, level_ratio=1.3)])
    usual = judged_alone(spot, [row(**marrow, level_ratio=1.0, level_z=0.0)])
    assert points(raised, "uptake") == 0.0
    assert points(usual, "uptake") < -2.0


def test_an_organ_beside_the_spine_gets_no_points_for_exceeding_the_other_levels() -> None:
    spot = unclear_spot(level_ratio=2.5)
    organ = dataclasses.replace(spot, physiologic="liver", rule="organ-before-spine", flags=["usual-place"])
    assert points(judged_alone(spot, []), "above_other_levels") > 3.0
    assert points(judged_alone(organ, []), "above_other_levels") is None


# Hot spots of sites


def test_a_process_that_stands_out_without_a_focus_becomes_a_hot_spot() -> None:
    sites = midline_sites()
    assert found_at(sites, {"spinous process L3": 1.5}) == ["spinous process L3"]
    assert found_at(sites, {}) == []


def test_faint_but_clear_muscle_becomes_a_hot_spot() -> None:
    assert found_at(lumbar_sites(), {MUSCLE: 1.5}) == [MUSCLE]


def test_muscle_that_is_alike_on_both_sides_makes_none() -> None:
    assert found_at(lumbar_sites(), {MUSCLE: 1.5, MUSCLE.replace("right", "left"): 1.5}) == []


def test_a_site_that_a_known_hot_spot_covers_makes_none() -> None:
    sites = lumbar_sites()
    pet = blurred(painted({FACET: 1.8}, sites))
    joint = next(one for one in sites if one.name == FACET)
    known = spot_of(pet, Region(pet.geometry, site_voxels(joint, pet.geometry).inside))
    assert found_at(sites, {FACET: 1.8}) == [FACET]
    assert found_at(sites, {FACET: 1.8}, [known]) == []


def test_a_site_to_which_a_hotter_joint_reaches_makes_none() -> None:
    assert found_at(lumbar_sites(), {FACET: 6.0}) == [FACET]


def test_uptake_in_the_canal_is_found_and_that_of_the_conus_is_usual() -> None:
    sites = midline_sites()
    assert found_at(sites, {"spinal canal L3/L4": 1.9}) == ["spinal canal L3/L4"]
    assert found_at(sites, {"spinal canal L1/L2": 1.9}) == []


def test_a_site_outside_of_the_mr_makes_none_as_its_place_is_extrapolated() -> None:
    changed = {"spinous process L3": {"flags": ("outside-mr",)}}
    assert found_at(midline_sites(), {"spinous process L3": 1.5}, changed=changed) == []


def test_two_weak_signs_at_one_place_make_an_entry_and_one_does_not() -> None:
    weak = {"level_ratio": 1.2, "level_z": 2.2}
    sites, name = midline_sites(), "spinous process L3"
    assert found_at(sites, {name: 1.5}, changed={name: weak}) == []
    assert found_at(sites, {name: 1.5}, changed={name: {**weak, "mr_signs": ("oedema (weak)",)}}) == [name]
    assert found_at(sites, {name: 1.5}, changed={name: {**weak, "z": {"FLUID": 6.0}}}) == [name]
    assert found_at(sites, {name: 1.5}, changed={name: {**weak, "z": {"T1": 6.0}}}) == []


def test_a_higher_setting_of_the_slider_asks_for_more() -> None:
    sites, name = midline_sites(), "spinous process L3"
    assert found_at(sites, {name: 1.45}, factor=1.0) == [name]
    assert found_at(sites, {name: 1.45}, factor=4.0) == []


def test_one_maximum_makes_one_hot_spot_although_several_sites_hold_it() -> None:
    sites = lumbar_sites()
    bodies = [
        site(f"body {n}", "vertebral body", MIDLINE, n, (0, 20, -LEVEL_MM * k), (18, 13, 6))
        for k, n in enumerate(VERTEBRAE)
    ]
    found = found_at([*sites, *bodies], {"disc L3/L4": 2.0})
    assert len(found) == 1


def test_the_outline_of_a_site_is_what_exceeds_half_of_its_height() -> None:
    sites = midline_sites()
    pet = blurred(painted({"spinous process L3": 1.8}, sites))
    one = measured(sites, pet)["spinous process L3"]
    voxels = site_voxels(one.site, pet.geometry)
    (uptake,) = measure_uptake(pet, [voxels], 0.5, PARAMETERS.spill)
    region = outline_in(pet, one, voxels.inside, uptake)
    assert 0 < len(region) < len(voxels.inside)
    assert np.isin(region.flat, voxels.inside).all()
    values = pet.array.reshape(-1)
    assert values[region.flat].max() == values[voxels.inside].max()
    assert values[region.flat].min() >= 1.0 + 0.4 * (values[region.flat].max() - 1.0)


def test_the_ratio_of_a_hot_spot_of_a_site_is_that_to_the_reference_of_the_site() -> None:
    sites = midline_sites()
    pet = blurred(painted({"spinous process L3": 1.6}, sites))
    rows = list(measured(sites, pet).values())
    search = SiteSearch(pet, (), lambda region: spot_of(pet, region, reference=9.0, tbr=0.1), PARAMETERS, ALIKE_RATIO)
    (spot,) = spots_of_sites(rows, search)
    one = next(found for found in rows if found.site.name == "spinous process L3")
    assert (spot.reference, spot.reference_name) == (one.reference, one.reference_name)
    assert spot.tbr == pytest.approx(spot.suv_peak / one.reference)


def test_an_unclear_hot_spot_at_a_site_that_stands_out_counts_as_clear() -> None:
    name = name_of("spinous process", "L3")
    case = facts("low-back", rows=[row()])
    spot = unclear_spot()
    assert standing_out([spot], name, case) == [spot]
    assert standing_out([spot], name, facts("low-back", rows=[row(level_ratio=1.1)])) == []
    assert standing_out([dataclasses.replace(spot, physiologic="bowel")], name, case) == []
    assert standing_out([spot], name_of("spine", "L3"), case) == []


# What reaches in


def test_marrow_that_is_no_hotter_than_at_other_levels_does_not_explain_uptake_beside_it() -> None:
    origin = Origin("vertebral body L1", None, 7)
    assert without_usual_reach(origin, 1.4, 0.3, lambda n: 0.1 * n / 7) == Origin()
    assert without_usual_reach(origin, 1.4, 0.3, lambda n: 2.0) is origin
    assert without_usual_reach(origin, 1.4, 0.3, lambda n: None) is origin


def test_sites_that_are_alike_on_both_sides_may_only_lie_nearer_to_the_marrow() -> None:
    origin = Origin("vertebral body L1", None, 7)
    assert without_usual_reach(origin, 1.1, 0.3, lambda n: 0.0) is origin
    assert without_usual_reach(origin, None, 0.3, lambda n: 0.0) is origin


def test_a_hotter_place_that_is_no_site_still_explains_uptake() -> None:
    origin = Origin("a hotter place beside it")
    assert without_usual_reach(origin, 1.6, 0.5, lambda n: 0.0) is origin


def test_the_excess_of_a_site_is_its_uptake_less_that_of_its_like() -> None:
    assert excess_of(1.5, 1.5) == pytest.approx(0.5)
    assert excess_of(None, 1.5) is None
    assert excess_of(1.5, None) is None
