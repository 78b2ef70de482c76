"""Every rule about marrow, fluid, endplates and discs, with places and measures on both sides of every bound."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.mr.endplate_rules import DISC_RULES, ENDPLATE_RULES, DiscPlace, EndplatePlace
from PainGeneratorLib.Numerics.mr.fluid_rules import FLUID_RULES, NORMAL_FLUID_RULES, FluidPlace
from PainGeneratorLib.Numerics.mr.marrow_rules import DARK_MARROW_RULES, FAT_DROP_RULES, MARROW_RULES, MarrowPlace
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.verdicts import (
    COLLECTION,
    DISC_DEGENERATION,
    EFFUSION,
    MODIC_I,
    MODIC_II,
    MODIC_III,
    NORMAL,
    OEDEMA,
)
from PainGeneratorLib.Workflow.protocol import load_protocol
from rule_places import RuleCase, bound_name, bounds_of, lengths, made_place

P = load_protocol("low-back").stage("mr_findings", MRParameters)
TUBE = lengths(42, 10, 8)

EDEMA = {
    "parameters": P, "group": "low-back", "is_segmented": False, "is_t2_alone": False, "volume_ml": 2.0,
    "lengths_mm": lengths(18, 12, 10),
    "height_mm": 12.0, "depth_mm": 14.0, "slice_voxels": 20, "slices": 4, "is_single_slice": False, "inner_part": 0.8,
    "between_bones_part": 0.0, "fluid_z": 4.0, "t1_z": -2.0, "near_disc_part": 0.0, "touching_disc_part": 0.0,
    "peak_signal": 90.0, "muscle_signal": 50.0, "has_vertebra": True, "place_in_body": np.array([0.1, 0.8, 0.5]),
    "is_mid_body": False, "body_height_mm": 28.0,
    "from_midline_mm": 15.0, "has_marrow_above_and_below": True, "has_wall_behind": True,
}  # fmt: skip
"""A clear edema away from the endplates."""
VEIN = {"volume_ml": 1.0, "height_mm": 6.0, "place_in_body": np.array([0.5, 0.3, 0.5])}
MIDLINE_VEIN = {"has_vertebra": False, "from_midline_mm": 2.0, "volume_ml": 0.4, "height_mm": 6.0}
FLAT = {"is_single_slice": True, "between_bones_part": 0.9, "height_mm": 6.0}
AT_ENDPLATE = {"near_disc_part": 0.9, "touching_disc_part": 0.4}


def across(right: float, front: float, up: float) -> np.ndarray:
    """A place in a vertebral body."""
    return np.array([right, front, up])


MARROW_CASES = [
    RuleCase("bone-on-t2-alone", {"is_t2_alone": True, "has_vertebra": False}, NORMAL, bounds=(
        ("is_t2_alone", True, False), ("has_vertebra", False, True))),
    RuleCase("thin-in-marrow", {"slice_voxels": 2}, NORMAL, bounds=(("slice_voxels", 2, 3),)),
    RuleCase("rim-of-marrow", {"inner_part": 0.2}, NORMAL, bounds=(("inner_part", 0.29, 0.3),)),
    RuleCase("tube-in-marrow", {"lengths_mm": TUBE}, NORMAL, bounds=(
        ("lengths_mm", lengths(40.1, 10, 8), lengths(40, 10, 8)),)),
    RuleCase("vein-in-vertebra", VEIN, NORMAL, bounds=(
        ("volume_ml", 1.5, 1.51), ("has_vertebra", True, False), ("height_mm", 12.5, 12.6),
        ("place_in_body", across(0.29, 0.3, 0.5), across(0.28, 0.3, 0.5)),
        ("place_in_body", across(0.71, 0.3, 0.5), across(0.72, 0.3, 0.5)),
        ("place_in_body", across(0.5, 0.54, 0.5), across(0.5, 0.55, 0.5)),
        ("place_in_body", across(0.5, 0.3, 0.26), across(0.5, 0.3, 0.25)),
        ("place_in_body", across(0.5, 0.3, 0.74), across(0.5, 0.3, 0.75)))),
    RuleCase("vein-in-midline", MIDLINE_VEIN, NORMAL, bounds=(
        ("volume_ml", 0.6, 0.61), ("from_midline_mm", 9.0, 9.1), ("from_midline_mm", 0.0, None),
        ("height_mm", 7.9, 8.0), ("group", "low-back", "hip-replacement"), ("has_vertebra", False, True),
        ("has_marrow_above_and_below", True, False), ("has_wall_behind", True, False))),
    RuleCase("small-on-one-slice", {"is_single_slice": True, "volume_ml": 0.15}, NORMAL, bounds=(
        ("volume_ml", 0.19, 0.2), ("is_single_slice", True, False))),
    RuleCase("disc-between-bones", FLAT, NORMAL, bounds=(
        ("between_bones_part", 0.71, 0.7), ("height_mm", 9.9, 10.0), ("depth_mm", 6.1, 6.0),
        ("is_segmented", False, True), ("is_single_slice", True, False), ("group", "low-back", "hip-replacement"))),
    RuleCase("no-brighter-than-muscle", {"peak_signal": 60.0}, OEDEMA, False, (("peak_signal", 67.4, 67.5),)),
    RuleCase("no-brighter-than-muscle", {"peak_signal": 60.0, **AT_ENDPLATE}, MODIC_I, False),
    RuleCase("modic-one", AT_ENDPLATE, MODIC_I, bounds=(
        ("near_disc_part", 0.61, 0.6), ("touching_disc_part", 0.09, 0.08), ("t1_z", -1.51, -1.5), ("t1_z", -2.0, None),
        ("fluid_z", 2.1, 2.0), ("is_mid_body", False, True))),
    RuleCase("marrow-edema", {}, OEDEMA),
]  # fmt: skip
DARK_CASES = [
    RuleCase("dark-on-few-slices", {"slices": 1}, NORMAL, bounds=(("slices", 1, 2),)),
    RuleCase("dark-tube", {"lengths_mm": TUBE}, NORMAL, bounds=(
        ("lengths_mm", lengths(40.1, 10, 8), lengths(40, 10, 8)),)),
    RuleCase("replaced-marrow", {}, OEDEMA, grade=0.33),
]  # fmt: skip
SAME_AS = {
    "thin-in-marrow": "thin-fat-drop", "rim-of-marrow": "rim-fat-drop", "tube-in-marrow": "tube-fat-drop",
    "vein-in-vertebra": "vein-fat-drop", "vein-in-midline": "vein-fat-drop-in-midline",
    "small-on-one-slice": "small-fat-drop", "disc-between-bones": "disc-fat-drop",
}  # fmt: skip
"""Rules about bright marrow that hold for marrow with a low fat fraction, too, and their names there."""
FAT_DROP_CASES = [
    *(dataclasses.replace(case, rule=SAME_AS[case.rule]) for case in MARROW_CASES if case.rule in SAME_AS),
    RuleCase("fat-drop", {}, OEDEMA, grade=0.33),
]

FLUID = {
    "parameters": P, "group": "low-back", "volume_ml": 3.0, "lengths_mm": lengths(20, 16, 12), "upright": 0.5,
    "height_mm": 18.0, "slice_voxels": 20, "is_single_slice": False, "from_midline_mm": 40.0,
    "voxels_from_midline_mm": 40.0, "between_vertebrae_part": 0.0, "front_mm": -30.0, "bone_front_mm": 20.0,
    "between_bones_front_and_behind_part": 0.0, "skin_part": 0.0, "canal_front_mm": None, "from_canal_mm": None,
    "touching_part": 0.0, "facing_part": 0.0, "to_bone_mm": 5.0, "is_t2_alone": False,
}  # fmt: skip
"""A collection behind and beside the spine."""
CANAL = {"lengths_mm": lengths(80, 14, 12), "upright": 0.95, "from_midline_mm": 3.0, "voxels_from_midline_mm": 3.0}
BRIGHT_DISC = {"between_vertebrae_part": 0.8, "height_mm": 9.0, "lengths_mm": lengths(30, 28, 8), "upright": 0.1}
FLUID_CASES = [
    RuleCase("abdomen-before-canal", {"canal_front_mm": -40.0, "from_canal_mm": 30.0}, NORMAL, bounds=(
        ("front_mm", -39.9, -40.0), ("canal_front_mm", -30.1, -30.0), ("canal_front_mm", -40.0, None),
        ("from_canal_mm", 25.1, 25.0))),
    RuleCase("abdomen-before-canal", {"canal_front_mm": -75.0, "from_canal_mm": 5.0}, NORMAL, bounds=(
        ("front_mm", -34.9, -35.0),)),
    RuleCase("thread-of-fluid", {"slice_voxels": 2}, NORMAL, bounds=(("slice_voxels", 2, 3),)),
    RuleCase("one-slice-of-fluid", {"is_single_slice": True}, NORMAL, bounds=(("is_single_slice", True, False),)),
    RuleCase("long-spinal-canal", CANAL, NORMAL, bounds=(
        ("lengths_mm", lengths(45.1, 14, 12), lengths(45, 14, 12)),
        ("lengths_mm", lengths(80, 31.9, 12), lengths(80, 32, 12)), ("upright", 0.71, 0.7),
        ("from_midline_mm", 24.9, 25.0), ("group", "low-back", "hip-replacement"))),
    RuleCase("long-spinal-canal", {**CANAL, "from_midline_mm": None}, NORMAL),
    RuleCase("tube-of-fluid", {"lengths_mm": TUBE}, NORMAL, bounds=(
        ("lengths_mm", lengths(40.1, 10, 8), lengths(40, 10, 8)),)),
    RuleCase("bladder-or-bowel", {"volume_ml": 20.0, "from_midline_mm": 20.0}, NORMAL, bounds=(
        ("volume_ml", 15.1, 15.0), ("from_midline_mm", 29.9, 30.0), ("from_midline_mm", 0.0, None))),
    RuleCase("large-place-on-t2-alone", {"is_t2_alone": True, "volume_ml": 80.0}, NORMAL, bounds=(
        ("volume_ml", 60.1, 60.0), ("is_t2_alone", True, False))),
    RuleCase("bright-disc-between-vertebrae", BRIGHT_DISC, NORMAL, bounds=(
        ("between_vertebrae_part", 0.51, 0.5), ("height_mm", 15.9, 16.0), ("upright", 0.69, 0.7),
        ("lengths_mm", lengths(15.1, 15, 8), lengths(15, 15, 8)))),
    RuleCase("abdomen-before-spine", {"front_mm": 10.0}, NORMAL, bounds=(
        ("front_mm", 0.1, 0.0), ("from_midline_mm", 22.1, 22.0), ("bone_front_mm", 20.0, None),
        ("group", "low-back", "hip-replacement"))),
    RuleCase("abdomen-before-spine", {"front_mm": 18.0, "from_midline_mm": 10.0}, NORMAL, bounds=(
        ("front_mm", 17.1, 17.0),)),
    RuleCase("abdomen-before-spine", {"front_mm": 18.0, "from_midline_mm": None}, NORMAL, bounds=(
        ("front_mm", 17.1, 17.0),)),
    RuleCase("canal-between-bones",
        {"voxels_from_midline_mm": 3.0, "between_bones_front_and_behind_part": 0.8}, NORMAL, bounds=(
        ("voxels_from_midline_mm", 12.0, 12.1), ("voxels_from_midline_mm", 0.0, None),
        ("between_bones_front_and_behind_part", 0.51, 0.5), ("group", "low-back", "hip-replacement"))),
    RuleCase("skin", {"skin_part": 0.8}, NORMAL, bounds=(
        ("skin_part", 0.61, 0.6), ("group", "low-back", "hip-replacement"))),
    RuleCase("pelvis-between-hips", {"group": "hip-replacement"}, NORMAL, bounds=(
        ("from_midline_mm", 44.9, 45.0), ("from_midline_mm", 0.0, None), ("group", "hip-replacement", "low-back"))),
    RuleCase("joint-fluid", {"touching_part": 0.7}, EFFUSION, bounds=(("touching_part", 0.61, 0.6),)),
    RuleCase("joint-fluid", {"touching_part": 0.5, "facing_part": 0.4}, EFFUSION, bounds=(
        ("touching_part", 0.36, 0.35), ("facing_part", 0.26, 0.25))),
    RuleCase("small-collection", {"volume_ml": 0.9}, NORMAL, bounds=(("volume_ml", 0.99, 1.0),)),
    RuleCase("fluid-far-from-bone", {"to_bone_mm": 30.0}, NORMAL, bounds=(("to_bone_mm", 25.1, 25.0),)),
    RuleCase("fluid-collection", {}, COLLECTION),
]  # fmt: skip

FAT = {
    "parameters": P, "kind": MODIC_II, "volume_ml": 2.0, "slice_voxels": 20, "slices": 4, "inner_part": 0.8,
    "beyond_part": 0.0, "touching_disc_part": 0.3, "z": 3.5, "aside_mm": 10.0, "front_mm": 20.0,
}  # fmt: skip
"""A clear Modic II."""
ENDPLATE_CASES = [
    RuleCase("endplate-few-voxels", {"slice_voxels": 7}, NORMAL, bounds=(("slice_voxels", 7, 8),)),
    RuleCase("endplate-few-voxels", {"slices": 1}, NORMAL, bounds=(("slices", 1, 2),)),
    RuleCase("endplate-rim", {"inner_part": 0.4}, NORMAL, bounds=(("inner_part", 0.49, 0.5),)),
    RuleCase("endplate-beyond-band", {"beyond_part": 0.4}, NORMAL, bounds=(("beyond_part", 0.31, 0.3),)),
    RuleCase("endplate-apart-from-disc", {"touching_disc_part": 0.0}, NORMAL, bounds=(
        ("touching_disc_part", 0.07, 0.08),)),
    RuleCase("endplate-slight", {"z": 2.0}, NORMAL, bounds=(("z", 2.39, 2.4),)),
    RuleCase("endplate-slight", {"z": 3.0, "kind": MODIC_III}, NORMAL, bounds=(
        ("z", 3.19, 3.2), ("kind", MODIC_III, MODIC_II))),
    RuleCase("endplate-small", {"volume_ml": 0.4}, NORMAL, bounds=(("volume_ml", 0.49, 0.5),)),
    RuleCase("endplate-beside-body", {"aside_mm": 35.0}, NORMAL, bounds=(
        ("aside_mm", 30.0, 29.9), ("aside_mm", 35.0, None))),
    RuleCase("endplate-beside-body", {"front_mm": 0.0}, NORMAL, bounds=(("front_mm", 8.0, 8.1),)),
    RuleCase("endplate-clear", {}, MODIC_II, grade=0.66, bounds=(("z", 2.5, 2.49), ("volume_ml", 0.5, 0.49))),
    RuleCase("endplate-clear", {"z": 2.6}, MODIC_II, grade=0.528),
    RuleCase("endplate-change", {"z": 2.4}, MODIC_II, grade=0.462),
    RuleCase("endplate-change", {"kind": MODIC_III, "volume_ml": 0.4}, MODIC_III, grade=0.33),
]  # fmt: skip

DARK_DISC = {"ratio": 0.3, "typical": 0.8, "parameters": P.disc}
DISC_CASES = [
    RuleCase("disc-as-usual", {"ratio": 0.45}, NORMAL, bounds=(("ratio", 0.4, 0.39),)),
    RuleCase("disc-as-usual", {"typical": 0.4}, NORMAL, bounds=(("typical", 0.46, 0.47),)),
    RuleCase("dark-disc", {"ratio": 0.32}, DISC_DEGENERATION, grade=0.33, bounds=(("ratio", 0.261, 0.26),)),
    RuleCase("dark-disc", {"ratio": 0.273}, DISC_DEGENERATION, grade=0.45375),
    RuleCase("very-dark-disc", {"ratio": 0.2}, DISC_DEGENERATION, grade=0.66),
]  # fmt: skip

TABLES = {
    "marrow": (MARROW_RULES, MarrowPlace, EDEMA, MARROW_CASES),
    "dark marrow": (DARK_MARROW_RULES, MarrowPlace, EDEMA, DARK_CASES),
    "fat drop": (FAT_DROP_RULES, MarrowPlace, EDEMA, FAT_DROP_CASES),
    "fluid": (FLUID_RULES, FluidPlace, FLUID, FLUID_CASES),
    "endplate": (ENDPLATE_RULES, EndplatePlace, FAT, ENDPLATE_CASES),
    "disc": (DISC_RULES, DiscPlace, DARK_DISC, DISC_CASES),
}


def applied(table: str, rule: str, values: dict[str, Any]) -> Any:
    """The verdict of one rule about a place of a table."""
    rules, place_class, defaults, _ = TABLES[table]
    (found,) = (one for one in rules if one.name == rule)
    return found.apply(made_place(place_class, {**defaults, **values}))


@pytest.mark.parametrize("table", TABLES)
def test_the_table_has_every_rule_of_the_list(table: str) -> None:
    rules, _, _, cases = TABLES[table]
    assert {case.rule for case in cases} == set(rules.names)


@pytest.mark.parametrize(
    ("table", "case"), [(table, case) for table in TABLES for case in TABLES[table][3]], ids=bound_name
)
def test_a_rule_gives_its_verdict_where_it_applies(table: str, case: RuleCase) -> None:
    verdict = applied(table, case.rule, dict(case.values))
    assert verdict.kind == case.kind
    assert verdict.sure == case.sure
    assert verdict.grade == (None if case.grade is None else pytest.approx(case.grade))
    assert verdict.evidence


@pytest.mark.parametrize(
    ("table", "case", "field", "inside", "outside"),
    [(table, *row) for table in TABLES for row in bounds_of(TABLES[table][3])],
    ids=bound_name,
)
def test_a_rule_applies_up_to_its_bound(table: str, case: RuleCase, field: str, inside: Any, outside: Any) -> None:
    assert applied(table, case.rule, {**case.values, field: inside}) is not None
    assert applied(table, case.rule, {**case.values, field: outside}) is None


@pytest.mark.parametrize(
    ("table", "values", "rule"),
    [
        ("marrow", {}, "marrow-edema"),
        ("marrow", AT_ENDPLATE, "modic-one"),
        ("marrow", VEIN, "vein-in-vertebra"),
        ("fluid", {}, "fluid-collection"),
        ("fluid", {"touching_part": 0.9, "volume_ml": 0.3}, "joint-fluid"),
        ("fluid", {**CANAL, "touching_part": 0.9}, "long-spinal-canal"),
        ("endplate", {}, "endplate-clear"),
        ("endplate", {"z": 2.4}, "endplate-change"),
        ("disc", {}, "dark-disc"),
        ("disc", {"ratio": 0.1}, "very-dark-disc"),
    ],
)
def test_the_first_rule_that_applies_decides(table: str, values: dict[str, Any], rule: str) -> None:
    rules, place_class, defaults, _ = TABLES[table]
    decided = rules.first(made_place(place_class, {**defaults, **values}))
    assert decided is not None
    assert decided[0] == rule


def test_normal_fluid_is_only_normal() -> None:
    for rule in NORMAL_FLUID_RULES:
        verdicts = [applied("fluid", case.rule, dict(case.values)) for case in FLUID_CASES if case.rule == rule.name]
        assert verdicts
        assert all(verdict.is_normal for verdict in verdicts)
