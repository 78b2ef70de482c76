"""What is one lesion, and what is one pair: both endplates of a disc, halves of a focus, both sides of a joint."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from fusion_cases import facts
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, MRFinding, Place
from PainGeneratorLib.Numerics.core.sites import Site, SiteRow
from PainGeneratorLib.Numerics.fusion.candidates import Signs, fuse
from PainGeneratorLib.Numerics.fusion.pairs import HALVES, joint_place, place_of_merged, place_of_rest, sides_of
from PainGeneratorLib.Numerics.fusion.reading import Reading
from PainGeneratorLib.Numerics.fusion.symptoms import Symptoms, is_on_side

GRID = Geometry((60, 40, 70), np.array([[2.0, 0, 0, -70], [0, 2.0, 0, -40], [0, 0, 2.0, -60], [0, 0, 0, 1.0]]))
Point = tuple[float, float, float]


def ball(center: Point, radius: float = 5.0) -> Region:
    points = GRID.flat_to_ras(np.arange(GRID.size))
    return Region(GRID, np.flatnonzero(np.linalg.norm(points - center, axis=1) <= radius))


def spot(center: Point, suv_peak: float = 2.0, *, radius: float = 5.0, peak: Point | None = None, **more) -> HotSpot:
    region = ball(center, radius)
    values = {
        "label": 1,
        "region": region,
        "centroid_ras_mm": region.centroid_ras_mm,
        "peak_ras_mm": np.array(center if peak is None else peak),
        "suv_max": 1.2 * suv_peak,
        "suv_peak": suv_peak,
        "suv_mean": 1.7,
        "mtv_ml": region.volume_ml,
        "tlg_g": 1.7 * region.volume_ml,
        "background": 1.0,
        "reference": 1.0,
        "reference_name": "marrow",
        "tbr": suv_peak,
        "left_right_ratio": 1.0,
        "contour_method": "a50p",
        "contour_threshold": 1.5,
        "clearness": 1.5,
    }
    return HotSpot(**{**values, **more})


def finding(center: Point, kind: str = "Modic I", radius: float = 5.0) -> MRFinding:
    region = ball(center, radius)
    return MRFinding(1, kind, region, region.centroid_ras_mm, region.volume_ml, 4.0, -1.5, "FLUID", 0.66)


def joints(region: Region) -> Place:
    """Facet joints of levels that are 30 mm high."""
    x, _, z = region.centroid_ras_mm
    side = "right" if x > 0 else "left"
    level = {-1: "L5/S1", 0: "L4/L5", 1: "L3/L4"}[round(z / 30)]
    return Place(f"{side} facet joint {level}", "facet joint", side, level)


def sacroiliac(region: Region) -> Place:
    side = "right" if region.centroid_ras_mm[0] > 0 else "left"
    return Place(f"{side} sacroiliac joint", "sacroiliac joint", side)


def muscles(region: Region) -> Place:
    side = "right" if region.centroid_ras_mm[0] > 0 else "left"
    return Place(f"{side} psoas L4/L5", "psoas", side, "L4/L5")


def segment(region: Region) -> Place:
    """Lower endplate of L4 above 3 mm, upper one of L5 below -3 mm, and the disc between them."""
    z = region.centroid_ras_mm[2]
    structure = "lower endplate" if z > 3 else "upper endplate" if z < -3 else "disc"
    return Place(f"{structure} at L4/L5", structure, "midline", "L4/L5")


def arch(region: Region) -> Place:
    """Right facet joint L4/L5 outside of 20 mm, else the lamina of L4."""
    if region.centroid_ras_mm[0] > 20:
        return Place("right facet joint L4/L5", "facet joint", "right", "L4/L5")
    return Place("right lamina L4", "lamina", "right", "L4")


def read(name: Callable[[Region], Place], *spots: HotSpot, findings=(), unclear=(), **more) -> Reading:
    return fuse(Signs(spots=spots, unclear_spots=unclear, findings=findings), name, facts("low-back", **more))


def ledger_text(candidate: Candidate, sign: str) -> str:
    return next(entry.text for entry in candidate.ledger if entry.sign == sign)


# --- both sides


def test_equal_sacroiliitis_is_one_candidate_that_names_both_joints() -> None:
    right, left = spot((40.0, 0, 0), 2.1), spot((-40.0, 0, 0), 2.0)
    reading = read(sacroiliac, left, right)
    (only,) = reading.candidates
    assert reading.set_apart == []
    assert (only.place.name, only.place.side, only.place.level) == ("both sacroiliac joints", "both", None)
    assert only.hot_spots == [right, left]
    assert only.volume_ml == pytest.approx(right.mtv_ml + left.mtv_ml)
    assert len(only.region) == len(right.region) + len(left.region)


def test_a_pair_has_measures_and_position_of_the_hotter_side_and_tells_those_of_each() -> None:
    right, left = spot((40.0, 0, 0), 2.0), spot((-40.0, 0, 0), 2.2)
    (only,) = read(sacroiliac, right, left).candidates
    assert (only.suv_peak, only.suv_max, only.mtv_ml, only.tbr) == (2.2, 1.2 * 2.2, left.mtv_ml, 2.2)
    assert only.centroid_ras_mm == pytest.approx(left.centroid_ras_mm)
    assert ledger_text(only, "both_sides") == "Both sides: SUVpeak 2.00 g/ml right, 2.20 g/ml left."
    assert next(entry.points for entry in only.ledger if entry.sign == "both_sides") == 0.0
    assert sides_of(only.hot_spots) == {"right": [right], "left": [left]}


def test_six_hot_facet_joints_at_three_levels_are_three_candidates() -> None:
    spots = [spot((x, -10.0, z), 2.0 + 0.01 * x) for x in (-18.0, 18.0) for z in (-30.0, 0.0, 30.0)]
    reading = read(joints, *spots)
    assert {one.place.name for one in reading.candidates} == {
        "both facet joints L3/L4",
        "both facet joints L4/L5",
        "both facet joints L5/S1",
    }
    assert reading.set_apart == []


@pytest.mark.parametrize(("hotter", "count"), [(2.59, 1), (2.61, 2)])
def test_both_sides_are_a_pair_only_where_their_uptake_is_alike(hotter: float, count: int) -> None:
    assert len(read(joints, spot((18.0, 0, 0), hotter), spot((-18.0, 0, 0), 2.0)).candidates) == count


def test_joints_of_different_levels_and_muscles_are_no_pair() -> None:
    assert len(read(joints, spot((18.0, 0, 0)), spot((-18.0, 0, 30.0))).candidates) == 2
    assert len(read(muscles, spot((18.0, 0, 0)), spot((-18.0, 0, 0))).candidates) == 2


def test_usual_uptake_is_no_side_of_a_pair_and_unclear_uptake_is() -> None:
    usual = spot((-18.0, 0, 0), physiologic="kidney", rule="kidney-at-spine")
    assert len(read(joints, spot((18.0, 0, 0)), usual).candidates) == 1
    assert read(joints, spot((18.0, 0, 0)), usual).candidates[0].place.side == "right"
    unclear = spot((-18.0, 0, 0), clearness=0.9)
    (only,) = read(joints, spot((18.0, 0, 0)), unclear=[unclear]).candidates
    assert only.place.side == "both"


def test_a_side_that_is_far_from_clear_of_normal_uptake_is_no_side_of_a_pair() -> None:
    faint = spot((-18.0, 0, 0), clearness=0.76)
    reading = read(joints, spot((18.0, 0, 0)), unclear=[faint])
    assert sorted(one.place.side for one in (*reading.candidates, *reading.set_apart)) == ["left", "right"]


def test_a_pair_keeps_the_mr_findings_of_both_sides() -> None:
    edema = [finding((x, 0, 0), "oedema") for x in (18.0, -18.0)]
    (only,) = read(joints, spot((18.0, 0, 0)), spot((-18.0, 0, 0)), findings=edema).candidates
    assert only.evidence == "PET+MR"
    assert len(only.mr_findings) == 2


def test_of_several_foci_of_one_side_only_the_hottest_is_paired() -> None:
    spots = [spot((18.0, 0, 0), 2.2), spot((18.0, 30.0, 0), 2.0), spot((-18.0, 0, 0), 2.0)]
    reading = read(joints, *spots)
    assert sorted(one.place.side for one in reading.candidates) == ["both", "right"]


def test_which_side_is_which_needs_no_certainty_for_a_pair() -> None:
    right = Place(
        "right facet joint L4/L5", "facet joint", "right", "L4/L5", None, ("side-uncertain", "x"), "uncertain"
    )
    left = dataclasses.replace(right, name="left facet joint L4/L5 (side uncertain)", side="left")
    place = joint_place(right, left)
    assert place == Place("both facet joints L4/L5", "facet joint", "both", "L4/L5", None, ("x",))
    assert joint_place(left, right) == place


def test_the_name_of_what_is_joined_says_what_is_uncertain() -> None:
    right = Place("x", "facet joint", "right", "L4/L5", None, ("level-uncertain",))
    assert (
        joint_place(right, dataclasses.replace(right, side="left")).name == "both facet joints L4/L5 (level uncertain)"
    )
    lower = Place("x", "lower endplate", "left", "L4/L5", None, ("side-likely",), "likely")
    unit = joint_place(lower, dataclasses.replace(lower, structure="upper endplate"))
    assert (unit.name, unit.side_certainty) == ("endplates of L4/L5, left (side likely)", "likely")


def test_a_pair_of_which_the_reader_erases_one_side_has_the_name_of_the_other() -> None:
    right, left = spot((40.0, 0, 0), 2.1), spot((-40.0, 0, 0), 2.0)
    (both,) = read(sacroiliac, left, right).candidates
    assert place_of_rest(both, sacroiliac) is None
    rest = place_of_rest(dataclasses.replace(both, region=right.region), sacroiliac)
    assert rest == Place("right sacroiliac joint", "sacroiliac joint", "right")
    named = dataclasses.replace(both, region=right.region, place=Place("mine", "sacroiliac joint", "both"))
    assert place_of_rest(named, sacroiliac) is None


def test_both_sides_that_the_reader_merges_are_a_pair_and_are_not_named_after_what_lies_between() -> None:
    right, left = spot((40.0, 0, 0), 2.1), spot((-40.0, 0, 0), 2.0)
    (both,) = read(sacroiliac, left, right).candidates
    one_side = Place("left sacroiliac joint", "sacroiliac joint", "left")
    merged = dataclasses.replace(both, place=one_side)
    assert place_of_merged(merged, sacroiliac) == both.place
    assert place_of_merged(dataclasses.replace(merged, region=left.region), sacroiliac) is None
    assert place_of_merged(dataclasses.replace(merged, hot_spots=[left]), sacroiliac) is None

    def with_a_disc(region: Region) -> Place:
        is_right = region.centroid_ras_mm[0] > 0
        return Place("disc L5/S1", "disc", "midline", "L5/S1") if is_right else sacroiliac(region)

    assert place_of_merged(merged, with_a_disc) is None


def test_zones_at_prostheses_are_no_pair() -> None:
    right = Place("right femur, Gruen 3", "femur", "right", None, "Gruen 3")
    assert joint_place(right, dataclasses.replace(right, side="left")) is None


@pytest.mark.parametrize(
    ("side", "painful", "expected"),
    [
        ("both", "left", True),
        ("both", "right", True),
        ("both", "both", True),
        ("both", "midline", False),
        ("both", None, False),
        ("left", "both", True),
        ("midline", "both", False),
        ("midline", "midline", True),
        ("left", "right", False),
        ("left", None, False),
    ],
)
def test_both_sides_count_as_the_painful_side(side: str, painful: str | None, expected: bool) -> None:
    assert is_on_side(side, painful) == expected


def test_the_distance_to_the_pain_is_that_of_the_nearer_side() -> None:
    symptoms = Symptoms(np.array([[-40.0, 0.0, 0.0]]), None)
    (only,) = read(sacroiliac, spot((40.0, 0, 0), 2.2), spot((-40.0, 0, 0)), symptoms=symptoms).candidates
    assert only.distance_to_pain_mm == pytest.approx(0.0, abs=1.5)


def row(structure: str, side: str, level: str, ratio: float, at: Point) -> SiteRow:
    site = Site(f"{side} {structure} {level}", structure, side, level, np.array(at), np.eye(3), np.full(3, 8.0), 1)
    return SiteRow(site, "abnormal", ratio=ratio, level_ratio=ratio)


def test_a_pair_is_judged_by_the_site_of_its_hotter_side() -> None:
    rows = (
        row("facet joint", "right", "L4/L5", 1.3, (18.0, 0, 0)),
        row("facet joint", "left", "L4/L5", 1.7, (-18.0, 0, 0)),
    )
    (only,) = read(joints, spot((18.0, 0, 0)), spot((-18.0, 0, 0), 2.2), rows=rows).candidates
    assert next(entry.measure for entry in only.ledger if entry.sign == "above_other_levels") == 1.7


# --- both endplates of one disc


def test_both_endplates_of_one_disc_are_one_discovertebral_candidate() -> None:
    upper, lower = spot((0, 0, 9.0), 2.0), spot((0, 0, -9.0), 2.4)
    (only,) = read(segment, upper, lower).candidates
    assert (only.place.name, only.place.structure) == ("endplates of L4/L5", "discovertebral unit")
    assert (only.place.level, only.place.side) == ("L4/L5", "midline")
    assert only.suv_peak == 2.4
    assert only.mtv_ml == pytest.approx(upper.mtv_ml + lower.mtv_ml)


def test_the_disc_between_both_endplates_belongs_to_them() -> None:
    spots = [spot((0, 0, 10.0), 2.0), spot((0, 0, 0.0), 1.9, radius=4.0), spot((0, 0, -10.0), 2.4)]
    (only,) = read(segment, *spots).candidates
    assert len(only.hot_spots) == 3
    assert only.place.structure == "discovertebral unit"


def test_endplates_at_opposite_edges_of_a_disc_are_two_lesions() -> None:
    spots = [spot((-20.0, 0, 9.0)), spot((20.0, 0, -9.0))]
    assert len(read(segment, *spots).candidates) == 2


def test_one_endplate_and_a_disc_with_a_maximum_of_its_own_stay_apart() -> None:
    spots = [spot((0, 0, 12.0), 2.0), spot((0, 0, 0.0), 2.4)]
    assert sorted(one.place.structure for one in read(segment, *spots).candidates) == ["disc", "lower endplate"]


def test_endplates_with_the_same_change_on_mr_are_one_candidate_and_with_different_ones_are_two() -> None:
    same = [finding((0, 0, 9.0)), finding((0, 0, -9.0))]
    assert len([*read(segment, findings=same).candidates, *read(segment, findings=same).set_apart]) == 1
    other = read(segment, findings=[same[0], finding((0, 0, -9.0), "Modic III")])
    assert len([*other.candidates, *other.set_apart]) == 2


def test_uptake_of_one_endplate_and_a_change_of_the_other_on_mr_stay_two_findings() -> None:
    reading = read(segment, spot((0, 0, 11.0)), findings=[finding((0, 0, -9.0))])
    assert sorted(one.evidence for one in (*reading.candidates, *reading.set_apart)) == ["MR only", "PET only"]


def test_the_same_half_of_both_endplates_keeps_its_side() -> None:
    first = Place("inferior endplate of L4, left", "lower endplate", "left", "L4/L5")
    second = Place("superior endplate of L5, left", "upper endplate", "left", "L4/L5")
    assert joint_place(first, second).name == "endplates of L4/L5, left"
    assert joint_place(first, dataclasses.replace(second, side="midline")).name == "endplates of L4/L5"
    assert joint_place(first, dataclasses.replace(second, level="L5/S1")) is None


# --- halves of one focus


def test_halves_of_one_focus_with_two_names_are_one_candidate_with_the_name_of_the_hottest() -> None:
    joint, rim = spot((26.0, 0, 0), 2.4), spot((16.0, 0, 0), 2.0, peak=(20.0, 0, 0))
    (only,) = read(arch, joint, rim).candidates
    assert only.place.name == "right facet joint L4/L5"
    assert only.hot_spots == [joint, rim]


def test_two_touching_foci_with_a_maximum_each_stay_two_candidates() -> None:
    assert len(read(arch, spot((26.0, 0, 0), 2.4), spot((16.0, 0, 0), 2.0)).candidates) == 2


def test_foci_that_do_not_touch_stay_two_candidates_wherever_their_maxima_are() -> None:
    far = spot((8.0, 0, 0), 2.0, peak=(19.0, 0, 0))
    assert len(read(arch, spot((26.0, 0, 0), 2.4), far).candidates) == 2


def test_halves_are_neighbors_of_one_level_and_not_of_opposite_sides() -> None:
    def process(region: Region) -> Place:
        place = arch(region)
        return place if place.structure == "facet joint" else dataclasses.replace(place, level="L2")

    def across(region: Region) -> Place:
        place = arch(region)
        return place if place.structure == "facet joint" else dataclasses.replace(place, side="left")

    halves = [spot((26.0, 0, 0), 2.4), spot((16.0, 0, 0), 2.0, peak=(20.0, 0, 0))]
    assert len(read(process, *halves).candidates) == 2
    assert len(read(across, *halves).candidates) == 2
    assert all(len(names) == 2 for names in HALVES)


def test_no_sign_gets_lost_when_candidates_are_joined() -> None:
    spots = [spot((x, -10.0, z), 2.0 + 0.001 * x) for x in (-18.0, 18.0) for z in (-30.0, 0.0, 30.0)]
    findings = [finding((18.0, -10.0, 0.0), "oedema"), finding((40.0, 30.0, 30.0), "oedema")]
    reading = read(joints, *spots, findings=findings)
    entries = [*reading.candidates, *reading.set_apart, *reading.attention]
    assert {id(one) for entry in entries for one in entry.hot_spots} == {id(one) for one in spots}
    assert {id(one) for entry in entries for one in entry.mr_findings} == {id(one) for one in findings}
