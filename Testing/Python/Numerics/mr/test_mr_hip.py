"""Bright places at hips after a replacement: each rule on both sides of its thresholds."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body import distances
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import MRFinding
from PainGeneratorLib.Numerics.mr import hip
from PainGeneratorLib.Numerics.mr.bright import BrightPart
from PainGeneratorLib.Numerics.mr.hip import (
    HIP_DOUBTS,
    HIP_RULES,
    HipDoubt,
    HipPlace,
    bright_halo,
    is_behind_implant,
    is_lateral_of_implant,
    judge_hip,
    may_count_alone,
)
from PainGeneratorLib.Numerics.mr.parameters import HipParameters, MRParameters
from PainGeneratorLib.Numerics.mr.set_aside import SetAside
from PainGeneratorLib.Numerics.mr.verdicts import COLLECTION, EFFUSION, IMPLANT_ARTEFACT, OEDEMA, normal
from PainGeneratorLib.Workflow.protocol import load_protocol


@functools.cache
def parameters() -> MRParameters:
    return load_protocol("hip-replacement").stage("mr_findings", MRParameters)


HIP = HipParameters(minimum_ml=0.6, clear_fluid_ml=3.0, far_over_muscle=2.0, halo_part=0.12)


def bright_part(lengths=(20, 18, 15), volume_ml: float = 4.0, **more) -> BrightPart:
    geometry = Geometry((20, 20, 20), np.eye(4))
    region = Region(geometry, np.arange(round(1000.0 * volume_ml)))
    values = {"mean": 2.0, "peak": 2.6, "t1": 0.9, "marrow": 0.1, "fat": 0.0, "dark": 0.0, "muscle": 0.5, **more}
    return BrightPart(region, np.array(lengths, float), np.eye(3), **values)


def hip_place(
    part: BrightPart,
    to_implant_mm: float = 18.0,
    to_other_hip_mm: float = 150.0,
    *,
    is_behind: bool = False,
    is_lateral: bool = False,
    normal_fluid: str | None = None,
    is_organ: bool = False,
    to_skin_mm: float = np.inf,
) -> HipPlace:
    return HipPlace(
        part, to_implant_mm, to_other_hip_mm, is_behind, is_lateral, normal_fluid, is_organ, HIP, 2.2, to_skin_mm
    )


def judged(place: HipPlace, switched_off=()) -> tuple[str, str | None, bool] | None:
    """Rule, kind and sureness; None where only the last rule applies, which takes all other places for normal."""
    found = HIP_RULES.first(place, switched_off)
    if found is not None and found[0] == "hip-elsewhere":
        assert found[1].is_normal
        return None
    return found and (found[0], None if found[1].is_normal else found[1].kind, found[1].sure)


FLUID = bright_part(mean=2.6)
THICK = bright_part((30, 20, 8), volume_ml=3.0)


def test_normal_fluid_and_organs_are_no_findings_whatever_they_look_like() -> None:
    bladder = hip_place(FLUID, normal_fluid="bladder or bowel")
    assert HIP_RULES.first(bladder) == ("hip-normal-fluid", normal("bladder or bowel"))
    assert judged(hip_place(FLUID, is_organ=True)) == ("hip-organ", None, True)
    assert judged(bladder, ["hip-normal-fluid"]) == ("hip-joint-fluid", EFFUSION, True)


@pytest.mark.parametrize(
    ("to_implant", "to_other", "expected"),
    [
        (24.9, 150.0, ("hip-joint-fluid", EFFUSION, True)),
        (25.0, 150.0, ("hip-fluid-around-implant", COLLECTION, True)),
        (45.0, 150.0, ("hip-fluid-around-implant", COLLECTION, True)),
        (45.1, 150.0, ("hip-other-fluid", None, True)),
        (164.0, 24.9, ("hip-joint-fluid", EFFUSION, True)),
        (164.0, 25.0, ("hip-other-fluid", None, True)),
        (np.inf, np.inf, ("hip-other-fluid", None, True)),
    ],
)
def test_what_fluid_is_follows_from_its_distance_to_both_hips(
    to_implant: float, to_other: float, expected: tuple
) -> None:
    assert judged(hip_place(FLUID, to_implant, to_other)) == expected


@pytest.mark.parametrize(
    ("t1", "mean", "to_implant", "is_pile_up"),
    [
        (1.44, 1.46, 9.0, True),
        (1.44, 1.46, 12.0, True),
        (1.44, 1.46, 12.1, False),
        (1.80, 2.00, 9.0, True),
        (1.79, 2.00, 9.0, False),
        (1.19, 1.30, 9.0, False),
        (1.20, 1.30, 9.0, True),
        (1.13, 1.55, 6.0, False),
        (np.nan, 1.46, 9.0, False),
    ],
)
def test_signal_at_the_metal_that_is_as_bright_on_t1_is_piled_up_and_no_edema(t1, mean, to_implant, is_pile_up):
    crescent = hip_place(bright_part((26, 12, 5), volume_ml=0.9, t1=t1, mean=mean), to_implant)
    rule, kind, _ = judged(crescent)
    assert (rule == "hip-pile-up") is is_pile_up
    assert (kind == IMPLANT_ARTEFACT) is is_pile_up
    assert judged(crescent, ["hip-pile-up"]) == ("hip-edema-at-implant", OEDEMA, True)


def band(width_mm: int) -> BrightPart:
    """A bright band from side to side."""
    geometry = Geometry((6, 10, 100), np.eye(4))
    mask = np.zeros(geometry.shape, dtype=bool)
    mask[:, :, :width_mm] = True
    return dataclasses.replace(bright_part((60, 20, 12), mean=2.6), region=Region.from_mask(mask, geometry))


@pytest.mark.parametrize(
    ("width_mm", "to_skin", "is_lateral", "to_implant", "rule"),
    [
        (45, 15.0, True, 30.0, "hip-surgical-approach"),
        (30, 15.0, True, 30.0, "hip-fluid-around-implant"),
        (45, 16.0, True, 30.0, "hip-fluid-around-implant"),
        (45, 15.0, False, 30.0, "hip-fluid-around-implant"),
        (45, 15.0, True, 76.0, "hip-other-fluid"),
    ],
)
def test_a_band_from_the_skin_to_the_hip_is_edema_of_the_approach_and_no_bursitis(
    width_mm, to_skin, is_lateral, to_implant, rule
):
    place = hip_place(band(width_mm), to_implant, is_lateral=is_lateral, to_skin_mm=to_skin)
    found = judged(place, ["hip-thick-place-lateral", "hip-thick-place-in-muscle"])
    assert found is not None
    assert found[0] == rule
    assert (found[1] == OEDEMA) is (rule == "hip-surgical-approach")


@pytest.mark.parametrize(
    ("change", "is_fluid"),
    [
        ({}, True),
        ({"mean": 2.19}, False),
        ({"mean": 2.2}, True),
        ({"volume_ml": 1.0}, True),
        ({"volume_ml": 0.9}, False),
    ],
)
def test_fluid_is_bright_and_not_tiny(change: dict, is_fluid: bool) -> None:
    assert hip.is_free_fluid(hip_place(bright_part(**{"mean": 2.6, **change}))) is is_fluid


@pytest.mark.parametrize(
    ("to_implant", "marrow", "is_behind", "in_sacrum"),
    [(45.1, 0.46, True, True), (45.0, 0.46, True, False), (45.1, 0.45, True, False), (45.1, 0.46, False, False)],
)
def test_marrow_far_behind_the_implant_is_no_fluid(to_implant, marrow, is_behind, in_sacrum) -> None:
    place = hip_place(bright_part(mean=2.6, marrow=marrow), to_implant, is_behind=is_behind)
    assert hip.is_in_sacrum(place) is in_sacrum
    assert hip.is_free_fluid(place) is not in_sacrum


@pytest.mark.parametrize(
    ("change", "is_thick"),
    [
        ({}, True),
        ({"volume_ml": 2.9}, False),
        ({"lengths": (30, 20, 7.9)}, False),
        ({"fat": 0.4}, True),
        ({"fat": 0.41}, False),
    ],
)
def test_a_trace_in_a_bursa_is_not_thick(change: dict, is_thick: bool) -> None:
    place = hip_place(bright_part(**{"lengths": (30, 20, 8), "volume_ml": 3.0, **change}), 60.0, is_lateral=True)
    assert bool(hip.is_thick(place)) is is_thick
    assert (judged(place) == ("hip-thick-place-lateral", OEDEMA, True)) is is_thick


@pytest.mark.parametrize(
    ("to_implant", "to_other", "is_lateral", "rule"),
    [
        (75.0, 229.0, True, "hip-thick-place-lateral"),
        (75.1, 229.0, True, None),
        (229.0, 75.0, True, "hip-thick-place-lateral"),
        (75.0, 229.0, False, None),
    ],
)
def test_a_thick_place_lateral_of_a_hip_is_a_finding(to_implant, to_other, is_lateral, rule) -> None:
    found = judged(hip_place(THICK, to_implant, to_other, is_lateral=is_lateral))
    assert found == (rule and (rule, OEDEMA, True))
    fluid = judged(hip_place(dataclasses.replace(THICK, mean=2.6), to_implant, to_other, is_lateral=is_lateral))
    assert fluid == ((rule, COLLECTION, True) if rule else ("hip-other-fluid", None, True))


@pytest.mark.parametrize(("muscle", "is_within"), [(0.75, True), (0.74, False)])
def test_a_thick_place_within_muscle_is_a_finding(muscle: float, is_within: bool) -> None:
    found = judged(hip_place(dataclasses.replace(THICK, muscle=muscle), 155.0))
    assert found == (("hip-thick-place-in-muscle", OEDEMA, True) if is_within else None)


@pytest.mark.parametrize(("fat", "is_in_fat"), [(0.2, False), (0.21, True)])
def test_a_place_in_fat_is_bowel_or_a_vessel(fat: float, is_in_fat: bool) -> None:
    found = judged(hip_place(bright_part(fat=fat), 10.0))
    assert found == (("hip-place-in-fat", None, True) if is_in_fat else ("hip-edema-at-implant", OEDEMA, True))


@pytest.mark.parametrize(
    ("lengths", "marrow", "is_vessel"),
    [
        ((34, 12, 12), 0.1, True),
        ((26.4, 12, 12), 0.1, False),
        ((34, 14, 10.1), 0.1, True),
        ((34, 14, 10), 0.1, False),
        ((36, 16, 14), 0.1, False),
        ((36, 15.9, 14), 0.1, True),
        ((34, 12, 12), 0.3, True),
        ((34, 12, 12), 0.31, False),
    ],
)
def test_a_piece_of_a_great_vessel_is_long_and_round_and_not_in_bone(lengths, marrow, is_vessel) -> None:
    part = bright_part(lengths, marrow=marrow)
    assert hip.is_vessel_piece(part) is is_vessel
    assert (judged(hip_place(part, 12.1)) == ("hip-vessel", None, True)) is is_vessel
    assert judged(hip_place(part, 12.0)) == ("hip-edema-at-implant", OEDEMA, True)


@pytest.mark.parametrize(("to_implant", "expected"), [(25.0, ("hip-edema-at-implant", OEDEMA, True)), (25.1, None)])
def test_edema_lies_near_the_implant(to_implant: float, expected: tuple | None) -> None:
    assert judged(hip_place(bright_part(), to_implant)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("hip-edema-in-bone", OEDEMA, True)),
        ({"peak": 2.0}, ("hip-edema-in-bone", OEDEMA, True)),
        ({"peak": 1.99}, ("hip-edema-in-bone", OEDEMA, False)),
        ({"marrow": 0.31}, ("hip-edema-in-bone", OEDEMA, True)),
        ({"marrow": 0.3}, None),
        ({"volume_ml": 1.0}, ("hip-edema-in-bone", OEDEMA, True)),
        ({"volume_ml": 0.9}, None),
        ({"lengths": (80, 38, 20)}, ("hip-edema-in-bone", OEDEMA, True)),
        ({"lengths": (80.1, 38, 20)}, None),
    ],
)
def test_far_from_the_implant_a_compact_place_in_bone_is_edema(change: dict, expected: tuple | None) -> None:
    assert judged(hip_place(bright_part(**{"marrow": 0.5, **change}), 64.0)) == expected


@pytest.mark.parametrize(("volume_ml", "peak", "alone"), [(0.3, 1.65, True), (0.29, 1.65, False), (0.3, 1.64, False)])
def test_a_place_counts_without_pet_only_when_large_and_bright_enough(volume_ml, peak, alone) -> None:
    assert may_count_alone(bright_part(volume_ml=volume_ml, peak=peak), parameters().bright) is alone


def test_every_rule_and_doubt_can_be_switched_off_by_the_protocol() -> None:
    choices = load_protocol("hip-replacement").entry("mr_findings.rules_off")["choices"]
    assert {*HIP_RULES.names, *HIP_DOUBTS.names} <= set(choices)


# --- where a place lies

GRID = Geometry((40, 40, 40), np.diag([4.0, 4.0, 4.0, 1.0]))


def block(i: int = 18, j: int = 18, k: int = 18, size: int = 4) -> Region:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[k : k + size, j : j + size, i : i + size] = True
    return Region.from_mask(mask, GRID)


@pytest.mark.parametrize(("voxels_behind", "is_behind"), [(6, True), (5, False), (-6, False)])
def test_behind_the_implant_means_more_than_the_least_distance_of_sacroiliac_joints(voxels_behind, is_behind) -> None:
    assert is_behind_implant(block(j=18 - voxels_behind), block()) is is_behind
    assert not is_behind_implant(block(j=18 - voxels_behind), None)


@pytest.mark.parametrize(("i", "is_lateral"), [(28, True), (27, False), (5, False), (4, True)])
def test_lateral_of_the_implant_means_farther_from_the_midline_on_either_side(i: int, is_lateral: bool) -> None:
    implant, middle = block(i=25), 70.0
    assert is_lateral_of_implant(block(i=i), implant, middle) is is_lateral
    assert not is_lateral_of_implant(block(i=i), implant, None)
    assert not is_lateral_of_implant(block(i=i), None, middle)


def picture_with_implant(segmented: np.ndarray | None = None) -> SimpleNamespace:
    """What the rules read of a picture: an implant of 16 mm across in a body of 160 mm, voxels of 4 mm."""
    void = np.zeros(GRID.shape, dtype=bool)
    void[10:30, 18:22, 18:22] = True
    none = np.zeros(GRID.shape, dtype=bool)
    surroundings = SimpleNamespace(
        geometry=GRID,
        body=~none,
        marrow=none,
        tissue=none.astype(np.uint8),
        group="hip-replacement",
        midline_r_mm=None,
        segmented=segmented,
    )
    implant = Region.from_mask(void, GRID)
    return SimpleNamespace(surroundings=surroundings, implant=implant, parameters=parameters(), aside=SetAside())


@pytest.mark.parametrize(("reach", "is_halo"), [(2, False), (14, True)])
def test_a_bright_ring_of_most_of_the_surroundings_is_the_metals(reach: int, is_halo: bool) -> None:
    picture = picture_with_implant()
    bright = np.zeros(GRID.shape, dtype=bool)
    bright[10 : 10 + reach, 15:25, 15:25] = True
    assert bright_halo(picture, bright) is is_halo
    picture.implant = None
    assert not bright_halo(picture, bright)


def test_places_are_judged_by_the_rules_and_weak_below_the_protocols_limits() -> None:
    part = dataclasses.replace(bright_part(), region=block())
    picture = picture_with_implant()
    (one,) = judge_hip(picture, [part], lambda _: 10.0)
    assert (one.rule, one.kind, one.sure) == ("hip-edema-at-implant", OEDEMA, True)
    faint = dataclasses.replace(part, peak=1.6)
    (one,) = judge_hip(picture, [faint], lambda _: 10.0)
    assert (one.rule, one.kind, one.sure) == ("hip-edema-at-implant", OEDEMA, False)
    (one,) = judge_hip(picture, [part], lambda _: np.inf)
    assert (one.rule, one.kind) == ("hip-elsewhere", None)
    assert [place.decided[0] for place in picture.aside.places] == ["hip-elsewhere"]
    organs = picture_with_implant(np.full(GRID.shape, tissues.VISCERA, dtype=np.uint8))
    (one,) = judge_hip(organs, [part], lambda _: 10.0)
    assert (one.rule, one.kind) == ("hip-organ", None)
    assert [place.decided[1].evidence for place in organs.aside.places] == ["an organ of the anatomy segmentation"]


@pytest.mark.parametrize(
    ("i", "rule"), [(9, "hip-joint-fluid"), (0, "hip-thick-place-lateral"), (19, "hip-other-fluid")]
)
def test_fluid_at_the_mirrored_implant_lies_in_the_other_hip(i: int, rule: str, monkeypatch) -> None:
    # The implant of 16 mm across lies around R = 78 mm, its mirrored place around R = 42 mm.
    monkeypatch.setattr(hip, "normal_fluid", lambda *_: None)
    picture = picture_with_implant()
    picture.surroundings.midline_r_mm = 60.0
    fluid = dataclasses.replace(FLUID, region=block(i=i))
    (one,) = judge_hip(picture, [fluid], lambda _: 90.0)
    assert one.rule == rule
    picture.surroundings.midline_r_mm = None
    (one,) = judge_hip(picture, [fluid], lambda _: 90.0)
    assert one.rule == "hip-other-fluid"


# --- doubts


def finding(kind: str = OEDEMA, volume_ml: float = 4.0, *flags: str) -> MRFinding:
    region = block()
    return MRFinding(1, kind, region, region.centroid_ras_mm, volume_ml, 5.0, None, "FLUID", 0.66, list(flags))


def doubt_of(one: MRFinding, to_implant_mm: float = 10.0, in_halo: bool = False) -> str | None:
    found = HIP_DOUBTS.first(HipDoubt(one, to_implant_mm, in_halo, HIP))
    return found and found[0]


@pytest.mark.parametrize(
    ("one", "doubt"),
    [
        (finding(), None),
        (finding(volume_ml=0.6), None),
        (finding(volume_ml=0.59), "hip-too-small"),
        (finding(EFFUSION, 0.59), "hip-too-small"),
        (finding(OEDEMA, 4.0, "truncated"), "hip-cut-off"),
        (finding(EFFUSION, 4.0, "truncated"), None),
    ],
)
def test_without_a_halo_small_and_cut_off_places_are_in_doubt(one: MRFinding, doubt: str | None) -> None:
    assert doubt_of(one) == doubt


@pytest.mark.parametrize(
    ("one", "to_implant_mm", "doubt"),
    [
        (finding(), 24.9, "hip-metal-halo"),
        (finding(), 25.0, None),
        (finding(COLLECTION, 3.0), 24.9, None),
        (finding(COLLECTION, 2.9), 24.9, "hip-metal-halo"),
        (finding(COLLECTION, 2.9), 25.0, None),
    ],
)
def test_in_a_halo_only_clear_fluid_counts_near_the_implant_and_far_from_it_all(one, to_implant_mm, doubt) -> None:
    assert doubt_of(one, to_implant_mm, in_halo=True) == doubt
    assert doubt_of(one, to_implant_mm, in_halo=False) is None


def test_the_table_of_distances_holds_what_the_hip_rules_take_from_anatomy() -> None:
    assert distances.HIP_JOINT_REACH.value < distances.AROUND_IMPLANT_REACH.value < distances.BESIDE_HIP_REACH.value
    assert distances.METAL_HALO_SHELL_INNER.value < distances.METAL_HALO_SHELL_OUTER.value


DECIDING = [
    *(rule.apply for rule in (*HIP_RULES, *HIP_DOUBTS)),
    hip.is_in_sacrum,
    hip.is_free_fluid,
    hip.is_thick,
    hip.is_vessel_piece,
    hip.may_count_alone,
    hip.bright_halo,
    hip.is_behind_implant,
    hip.is_lateral_of_implant,
]


@pytest.mark.parametrize("function", DECIDING, ids=lambda function: function.__name__)
@pytest.mark.source
def test_no_number_decides_that_has_no_name(function: Callable) -> None:
    tree = ast.parse(inspect.getsource(function))
    places = {id(node.slice) for node in ast.walk(tree) if isinstance(node, ast.Subscript)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in places]
    assert [node.value for node in constants if type(node.value) in (int, float)] == []
