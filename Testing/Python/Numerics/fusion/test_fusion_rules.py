"""The decisions of the fusion, each on both sides of its thresholds."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from types import ModuleType

import numpy as np
import pytest
from fusion_cases import facts
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, MRFinding, Place
from PainGeneratorLib.Numerics.fusion import flags, joining, ledger, ledger_mr, ledger_uptake, ledger_usual, neck
from PainGeneratorLib.Numerics.fusion.candidates import evidence_of, set_measures
from PainGeneratorLib.Numerics.fusion.flags import FLAG_RULES
from PainGeneratorLib.Numerics.fusion.joining import (
    clearness_order,
    connected,
    grouped_spots,
    has_own_weak_spot,
    joined_findings,
    makes_weak_uptake_count,
    near,
)
from PainGeneratorLib.Numerics.fusion.judged import Judged
from PainGeneratorLib.Numerics.fusion.ledger import concordance
from PainGeneratorLib.Numerics.fusion.neck import is_scar_at_neck, noise_free_max
from PainGeneratorLib.Numerics.fusion.parameters import FusionParameters
from PainGeneratorLib.Numerics.fusion.places import is_near_neck, is_same_place
from PainGeneratorLib.Numerics.fusion.reading import ranked
from PainGeneratorLib.Numerics.fusion.symptoms import Symptoms, ramp, symptom_part
from PainGeneratorLib.Workflow.protocol import load_protocol

GRID = Geometry((12, 12, 120), np.diag([1.0, 1.0, 1.0, 1.0]))
"""Voxels of 1 mm; i runs to the right."""
NECK = Place("right prosthesis neck", "prosthesis neck", "right")
BESIDE_NECK = Place("right hip joint capsule", "hip joint capsule", "right", flags=("near-neck",))
COLON = Place("right colon", "colon", "right")
FACET = Place("right facet joint L4/L5", "facet joint", "right", "L4/L5")


def cube(i: int, size: int = 2, grid: Geometry = GRID) -> Region:
    """A cube of voxels that begins at i on the x axis."""
    mask = np.zeros(grid.shape, dtype=bool)
    mask[4 : 4 + size, 4 : 4 + size, i : i + size] = True
    return Region.from_mask(mask, grid)


def spot(i: int = 10, suv_max: float = 2.0, suv_peak: float | None = 2.0, **more) -> HotSpot:
    region = cube(i)
    values = {
        "label": 1,
        "region": region,
        "centroid_ras_mm": region.centroid_ras_mm,
        "peak_ras_mm": region.centroid_ras_mm,
        "suv_max": suv_max,
        "suv_peak": suv_peak,
        "suv_mean": 1.5,
        "mtv_ml": 2.0,
        "tlg_g": 3.0,
        "background": 1.0,
        "reference": 1.0,
        "reference_name": "marrow",
        "tbr": 1.6,
        "left_right_ratio": 1.35,
        "contour_method": "a50p",
        "contour_threshold": 1.5,
    }
    return HotSpot(**{**values, **more})


def finding(
    i: int = 10, kind: str = "oedema", grade: float = 0.66, volume_ml: float = 1.0, size: int = 2
) -> MRFinding:
    region = cube(i, size)
    return MRFinding(1, kind, region, region.centroid_ras_mm, volume_ml, 4.0, None, "FLUID", grade)


def candidate(evidence: str = "PET+MR", place: Place = FACET, **more) -> Candidate:
    region = cube(10)
    return Candidate("", 0, 0.0, place, evidence, region, region.centroid_ras_mm, 1.0, **more)


@pytest.fixture(scope="module")
def parameters() -> FusionParameters:
    return load_protocol("hip-replacement").stage("fusion", FusionParameters)


# --- which signs belong together


@pytest.mark.parametrize(("gap_mm", "belongs"), [(5, True), (6, False)])
def test_an_mr_finding_belongs_to_a_hot_spot_within_the_protocols_gap(parameters, gap_mm: int, belongs: bool) -> None:
    other = finding(11 + gap_mm)
    assert joined_findings([other], [spot(10)], parameters.join) == ([other] if belongs else [])


@pytest.mark.parametrize(("gap_mm", "belongs"), [(2, True), (3, False)])
def test_a_degenerated_disc_and_a_weak_sign_belong_only_where_they_touch(parameters, gap_mm: int, belongs) -> None:
    disc = finding(11 + gap_mm, "disc degeneration")
    assert joined_findings([disc], [spot(10)], parameters.join) == ([disc] if belongs else [])
    weak = spot(11 + gap_mm)
    assert near([weak], [finding(10)], parameters.join.touch_mm) == ([weak] if belongs else [])


def test_degenerated_discs_come_after_the_other_findings(parameters) -> None:
    disc, oedema = finding(12, "disc degeneration"), finding(12)
    assert joined_findings([disc, oedema], [spot(10)], parameters.join) == [oedema, disc]


@pytest.mark.parametrize(
    ("kind", "grade", "counts"),
    [("oedema", 0.5, True), ("oedema", 0.49, False), ("disc degeneration", 0.66, False), ("Modic I", 0.66, True)],
)
def test_weak_uptake_counts_only_at_a_clear_finding(parameters, kind: str, grade: float, counts: bool) -> None:
    assert makes_weak_uptake_count(finding(kind=kind, grade=grade), parameters.join) is counts


@pytest.mark.parametrize(
    ("grade", "weak_at", "strong_at", "least", "own"),
    [
        (0.66, 11, 30, 1.2, True),
        (0.33, 11, 30, 1.2, False),
        (0.66, 20, 30, 1.2, False),
        (0.66, 11, 9, 1.2, False),
        (0.66, 11, 30, 9.0, False),
    ],
)
def test_a_clear_finding_keeps_a_weak_spot_that_no_other_spot_shares(
    parameters, grade, weak_at, strong_at, least, own
) -> None:
    found = has_own_weak_spot(finding(10, grade=grade), [spot(strong_at)], [spot(weak_at)], parameters.join, least)
    assert found is own


@pytest.mark.parametrize(("gap_mm", "groups"), [(5, 1), (6, 2)])
def test_hot_spots_of_one_place_are_one_candidate_within_the_protocols_gap(parameters, gap_mm: int, groups) -> None:
    first, second = spot(10, suv_peak=1.0), spot(11 + gap_mm, suv_peak=2.0)
    found = grouped_spots([first, second], {first: FACET, second: FACET}, parameters.join)
    assert len(found) == groups
    if groups == 1:
        assert found == [[second, first]]
    elsewhere = {first: FACET, second: dataclasses.replace(FACET, level="L5/S1")}
    assert len(grouped_spots([first, second], elsewhere, parameters.join)) == 2
    region_only = dict.fromkeys((first, second), dataclasses.replace(FACET, structure="spine"))
    assert len(grouped_spots([first, second], region_only, parameters.join)) == 2


def test_a_chain_of_links_makes_one_group_of_any_order() -> None:
    found = connected([1, 5, 3, 9], lambda a, b: abs(a - b) <= 2)
    assert sorted(sorted(group) for group in found) == [[1, 3, 5], [9]]


@pytest.mark.parametrize("field", ["structure", "side", "level", "zone"])
def test_a_place_that_differs_in_one_part_is_another_place(field: str) -> None:
    assert is_same_place(FACET, dataclasses.replace(FACET, name="another name"))
    assert not is_same_place(FACET, dataclasses.replace(FACET, **{field: "another"}))


# --- what is usual at its place


@pytest.mark.parametrize(("place", "is_neck"), [(NECK, True), (BESIDE_NECK, True), (COLON, False)])
def test_a_place_is_near_the_neck_by_its_structure_or_its_flag(place: Place, is_neck: bool) -> None:
    assert is_near_neck(place) is is_neck


@pytest.mark.parametrize(
    ("suv_max", "suv_peak", "expected"),
    [(3.0, None, 3.0), (3.0, 2.9, 3.0), (3.3, 2.79, 3.1), (3.3, 1.0, 3.0)],
)
def test_noise_is_taken_off_by_suvpeak_but_not_beyond_what_noise_can_do(
    parameters, suv_max, suv_peak, expected
) -> None:
    assert noise_free_max(suv_max, suv_peak, parameters.neck) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("kind", "volume_ml", "place", "is_scar"),
    [
        ("oedema", 4.9, NECK, True),
        ("oedema", 5.0, NECK, False),
        ("oedema", 4.9, FACET, False),
        ("effusion or synovitis", 4.9, NECK, False),
    ],
)
def test_small_edema_at_the_neck_is_scar(parameters, kind, volume_ml, place, is_scar) -> None:
    one = finding(kind=kind, volume_ml=volume_ml)
    assert is_scar_at_neck(one, place, parameters.neck) is is_scar


# --- flags and score


def flags_of(one: Candidate, group: str = "hip-replacement", **more) -> list[str]:
    judged = Judged(one, facts(group, **more))
    return [flag for flag, applies in FLAG_RULES if applies(judged)]


def test_a_candidate_outside_a_field_of_view_is_flagged_unless_nothing_is_aligned() -> None:
    elsewhere = GRID.moved(np.eye(4) + 500.0 * np.eye(4, k=3))
    assert flags_of(candidate(), mr_field=GRID, pet_field=GRID) == []
    assert flags_of(candidate(), mr_field=elsewhere) == ["outside-mr"]
    assert flags_of(candidate(), pet_field=elsewhere) == ["outside-pet"]
    assert flags_of(candidate(), mr_field=elsewhere, aligned=False) == ["not-aligned"]


@pytest.mark.parametrize(
    ("kind", "evidence", "expected"),
    [
        ("Modic II", "MR only", ["common-without-pain"]),
        ("Modic III", "MR only", ["common-without-pain"]),
        ("disc degeneration", "MR only", ["common-without-pain"]),
        ("Modic I", "MR only", []),
        ("Modic II", "PET+MR", []),
    ],
)
def test_what_is_common_without_pain_is_flagged_without_uptake(kind, evidence, expected) -> None:
    assert flags_of(candidate(evidence, mr_kind=kind)) == expected


@pytest.mark.parametrize(
    ("suv_max", "place", "group", "is_flagged"),
    [
        (2.99, NECK, "hip-replacement", True),
        (3.0, NECK, "hip-replacement", False),
        (None, NECK, "hip-replacement", False),
        (2.99, FACET, "hip-replacement", False),
        (2.99, NECK, "low-back", False),
    ],
)
def test_mild_uptake_at_the_neck_is_expected_after_surgery(suv_max, place, group, is_flagged) -> None:
    flags = flags_of(candidate(place=place, suv_max=suv_max), group)
    assert flags == (["expected-after-surgery"] if is_flagged else [])


@pytest.mark.parametrize(
    ("zone", "evidence", "group", "is_flagged"),
    [
        ("Gruen 1", "MR only", "hip-replacement", True),
        ("Gruen 7", "MR only", "hip-replacement", True),
        ("Gruen 8", "MR only", "hip-replacement", True),
        ("Gruen 2", "MR only", "hip-replacement", False),
        (None, "MR only", "hip-replacement", False),
        ("Gruen 1", "PET+MR", "hip-replacement", False),
        ("Gruen 1", "MR only", "low-back", False),
    ],
)
def test_edema_in_some_gruen_zones_is_expected_after_surgery(zone, evidence, group, is_flagged) -> None:
    place = dataclasses.replace(FACET, zone=zone)
    flags = flags_of(candidate(evidence, place, mr_kind="oedema"), group)
    assert flags == (["expected-after-surgery"] if is_flagged else [])


@pytest.mark.parametrize(("value", "part"), [(None, 0.0), (1.0, 0.0), (1.2, 0.0), (1.6, 0.5), (2.0, 1.0), (3.0, 1.0)])
def test_points_rise_between_none_and_all(value: float | None, part: float) -> None:
    assert ramp(value, 1.2, 2.0) == pytest.approx(part)


@pytest.mark.parametrize(
    ("at", "size", "expected"),
    [(10, 2, 1.0), (12, 2, 0.75), (20, 2, 0.75), (25, 2, 0.625), (30, 2, 0.5), (10, 30, 0.75)],
)
def test_pet_and_mr_agree_more_when_they_overlap_and_their_centers_are_near(at: int, size: int, expected) -> None:
    grid = Geometry((40, 40, 120), np.eye(4))
    region = cube(at, size, grid)
    mr = dataclasses.replace(finding(), region=region, centroid_ras_mm=region.centroid_ras_mm)
    pet = spot(region=cube(10, 2, grid), centroid_ras_mm=cube(10, 2, grid).centroid_ras_mm)
    assert concordance(candidate(hot_spots=[pet], mr_findings=[mr]), 10.0) == expected
    assert concordance(candidate(hot_spots=[pet]), 10.0) == 0.0


@pytest.mark.parametrize(
    ("distance_mm", "side", "expected"),
    [
        (20.0, None, 1.0),
        (40.0, None, 0.5),
        (60.0, None, 0.0),
        (50.0, "right", 0.5),
        (30.0, "right", 0.75),
        (60.0, "left", 0.0),
        (60.0, "both", 0.5),
        (60.0, "midline", 0.0),
    ],
)
def test_a_candidate_fits_the_pain_by_its_distance_or_its_side(parameters, distance_mm, side, expected) -> None:
    one = candidate()
    symptoms = Symptoms(one.centroid_ras_mm[None] + np.array([0.0, distance_mm, 0.0]), side)
    assert symptom_part(one, symptoms, parameters.symptom) == pytest.approx(expected)


def test_without_a_site_only_the_side_of_the_pain_counts(parameters) -> None:
    assert symptom_part(candidate(), Symptoms.none(), parameters.symptom) == 0.0
    assert symptom_part(candidate(), Symptoms(np.empty((0, 3)), "right"), parameters.symptom) == 0.5
    in_the_middle = candidate(place=dataclasses.replace(FACET, side="midline"))
    assert symptom_part(in_the_middle, Symptoms(np.empty((0, 3)), "midline"), parameters.symptom) == 0.5


def test_evidence_says_which_images_show_a_candidate() -> None:
    assert evidence_of([spot()], [finding()]) == "PET+MR"
    assert evidence_of([spot()], []) == "PET only"
    assert evidence_of([], [finding()]) == "MR only"


def test_the_measures_of_a_candidate_are_those_of_its_strongest_signs() -> None:
    spots = [spot(suv_max=3.0, suv_peak=2.5, tbr=1.9), spot(suv_max=4.0, suv_peak=None, tbr=1.2)]
    one = candidate(hot_spots=spots, mr_findings=[finding(kind="Modic I"), finding()])
    set_measures(one)
    assert (one.suv_max, one.suv_peak, one.mtv_ml, one.tlg_g, one.suv_mean) == (4.0, 2.5, 4.0, 6.0, 1.5)
    assert (one.tbr, one.left_right_ratio, one.mr_kind, one.mr_z) == (1.9, 1.35, "Modic I", 4.0)


@pytest.mark.parametrize(
    "module",
    [joining, flags, neck, ledger, ledger_mr, ledger_uptake, ledger_usual],
    ids=lambda module: module.__name__.split(".")[-1],
)
@pytest.mark.source
def test_no_number_decides_that_is_neither_a_parameter_nor_a_named_constant(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    digits = {
        id(call.args[1])
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "round" and len(call.args) > 1
    }
    bare = [
        (function.name, node.value)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Constant)
        and type(node.value) in (int, float)
        and node.value not in (0, 1)
        and function.name != "none"
        and id(node) not in digits
    ]
    assert bare == []


def test_the_size_of_z_orders_findings_and_candidates_and_its_sign_does_not() -> None:
    dark = dataclasses.replace(finding(), z=-6.0)
    bright = dataclasses.replace(finding(), z=4.0)
    fluid = dataclasses.replace(finding(kind="effusion or synovitis"), z=None)
    assert sorted([fluid, bright, dark], key=clearness_order) == [dark, bright, fluid]
    one, other = candidate(mr_z=4.0), candidate(mr_z=-6.0)
    assert ranked([one, other]) == [other, one]
