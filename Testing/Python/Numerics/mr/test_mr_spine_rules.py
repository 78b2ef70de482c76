"""Every rule about bright places of the spine, with places and measures on both sides of every bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.spine_rules import (
    ANATOMY_RULES,
    BESIDE_RULES,
    BODY_RULES,
    BRIGHT_DISC_RULES,
    DOUBT_RULES,
    AnatomyPlace,
    BrightDisc,
    SpinePlace,
    SurePlace,
    are_twins,
    stands_out,
)
from PainGeneratorLib.Numerics.mr.verdicts import COLLECTION, EFFUSION, MODIC_I, NORMAL, OEDEMA
from PainGeneratorLib.Workflow.protocol import load_protocol
from rule_places import RuleCase, bound_name, bounds_of, lengths, made_place

P = load_protocol("low-back").stage("mr_findings", MRParameters)

IN_BODY = {
    "parameters": P, "is_segmented": False, "others": (), "right_mm": 10.0, "front_mm": 20.0, "to_disc_mm": 16.0,
    "middle_from_disc_mm": 14.0, "nearest_disc_mm": 9.0, "band_part": 0.5, "disc_part": 0.0, "volume_ml": 2.0,
    "lengths_mm": lengths(18, 12, 10), "mean": 1.8, "peak": 2.0, "marrow": 0.6, "muscle": 0.0, "over_levels": 1.2,
    "marrow_z": 5.0, "height_mm": 0.0, "above_canal_end_mm": 100.0, "t1_z": -3.0, "in_vertebra": (0.2, -15.0),
    "to_facet_mm": 14.0,
}  # fmt: skip
"""A clear edema in the middle of a vertebral body."""
AT_JOINT = {**IN_BODY, "right_mm": 20.0, "front_mm": -15.0, "marrow": 0.3, "muscle": 0.2}
"""A clear edema at a facet joint."""
AT_ENDPLATE = {"nearest_disc_mm": 6.0, "band_part": 0.8}
KIDNEY = {"right_mm": 43.0, "front_mm": 9.0, "above_canal_end_mm": 46.0}
COLLECTION_HERE = {"right_mm": 30.0, "front_mm": 10.0, "mean": 2.5, "muscle": 0.6, "volume_ml": 1.2}
AT_SACRUM = {"right_mm": -40.0, "above_canal_end_mm": 20.0, "marrow": 0.5}

BODY_CASES = [
    RuleCase("body-open", {"marrow": 0.2}, NORMAL, bounds=(
        ("marrow", 0.2499, 0.25), ("front_mm", 37.99, 38.0), ("right_mm", 21.99, 22.0), ("right_mm", -21.99, -22.0))),
    RuleCase("body-wall-open", {"marrow": 0.5, "front_mm": 38.0}, NORMAL, bounds=(
        ("marrow", 0.5999, 0.6), ("front_mm", 38.0, 37.99))),
    RuleCase("body-wall-open", {"marrow": 0.5, "right_mm": 22.0}, NORMAL, bounds=(("right_mm", 22.0, 21.99),)),
    RuleCase("body-tube", {"lengths_mm": lengths(42, 10, 8)}, NORMAL, bounds=(
        ("lengths_mm", lengths(40.1, 10, 8), lengths(40, 10, 8)),
        ("lengths_mm", lengths(57, 13.9, 8), lengths(57, 14, 8)),
        ("lengths_mm", lengths(25.1, 6, 5), lengths(25, 6, 5)))),
    RuleCase("body-pelvic-organ", {"to_disc_mm": -45.0, "front_mm": 30.0}, NORMAL, bounds=(
        ("to_disc_mm", -40.1, -40.0), ("front_mm", 25.1, 25.0))),
    RuleCase("body-vein", {"volume_ml": 0.5, "lengths_mm": lengths(12, 6, 5), "right_mm": 3.0}, NORMAL, bounds=(
        ("volume_ml", 0.599, 0.6), ("lengths_mm", lengths(15.9, 6, 5), lengths(16, 6, 5)), ("right_mm", 7.9, 8.0),
        ("right_mm", -7.9, -8.0), ("front_mm", 29.9, 30.0), ("middle_from_disc_mm", 8.1, 8.0))),
    RuleCase("body-faint", {"peak": 1.4, "marrow": 0.4}, OEDEMA, False, (("peak", 1.49, 1.5), ("marrow", 0.5, 0.51))),
    RuleCase("body-faint", {"peak": 1.4, "marrow": 0.4, **AT_ENDPLATE}, MODIC_I, False),
    RuleCase("body-small-at-back-wall", {"front_mm": 12.0, "volume_ml": 0.9}, OEDEMA, False, (
        ("front_mm", 13.9, 14.0), ("volume_ml", 0.99, 1.0))),
    RuleCase("body-small-at-back-wall", {"front_mm": 12.0, "volume_ml": 0.9, **AT_ENDPLATE}, MODIC_I, False),
    RuleCase("body-small-at-endplate", {"volume_ml": 0.7, **AT_ENDPLATE}, MODIC_I, False, (
        ("volume_ml", 0.79, 0.8), ("nearest_disc_mm", 7.9, 8.0), ("band_part", 0.61, 0.6), ("front_mm", 14.0, 13.9),
        ("is_segmented", False, True))),
    RuleCase("body-small", {"volume_ml": 0.2}, OEDEMA, False, (
        ("volume_ml", 0.29, 0.3), ("front_mm", 14.0, 13.9))),
    RuleCase("body-small", {"volume_ml": 0.2, "is_segmented": True, **AT_ENDPLATE}, MODIC_I, False, (
        ("is_segmented", True, False),)),
    RuleCase("body-maybe-disc", {"disc_part": 0.7}, OEDEMA, False, (("disc_part", 0.6, 0.59),)),
    RuleCase("body-maybe-disc", {"disc_part": 0.7, **AT_ENDPLATE}, MODIC_I, False),
    RuleCase("body-endplate-edema", AT_ENDPLATE, MODIC_I, bounds=(
        ("nearest_disc_mm", 7.9, 8.0), ("band_part", 0.61, 0.6), ("t1_z", -1.51, -1.5), ("t1_z", None, 0.0),
        ("in_vertebra", (0.33, -15.0), (0.34, -15.0)), ("in_vertebra", (0.67, -15.0), (0.66, -15.0)),
        ("in_vertebra", None, (0.5, -15.0)))),
    RuleCase("body-edema", {}, OEDEMA),
]  # fmt: skip

BESIDE_CASES = [
    RuleCase("beside-tube", {"lengths_mm": lengths(42, 10, 8)}, NORMAL, bounds=(
        ("lengths_mm", lengths(40.1, 10, 8), lengths(40, 10, 8)),)),
    RuleCase("beside-collection-as-bright", {**COLLECTION_HERE, "over_levels": 1.0}, COLLECTION, False, (
        ("over_levels", 1.09, 1.1), ("over_levels", 1.0, None), ("muscle", 0.51, 0.5))),
    RuleCase("beside-collection", COLLECTION_HERE, COLLECTION, bounds=(
        ("right_mm", 24.1, 24.0), ("right_mm", -24.1, -24.0), ("front_mm", 24.9, 25.0), ("mean", 2.2, 2.19),
        ("muscle", 0.51, 0.5), ("volume_ml", 1.0, 0.99))),
    RuleCase("beside-collection", {**COLLECTION_HERE, **KIDNEY, "right_mm": 42.0}, COLLECTION, bounds=(
        ("right_mm", 42.0, 42.1), ("right_mm", -42.0, -42.1))),
    RuleCase("beside-collection", {**COLLECTION_HERE, **KIDNEY, "front_mm": 8.0}, COLLECTION, bounds=(
        ("front_mm", 8.0, 8.1),)),
    RuleCase("beside-collection", {**COLLECTION_HERE, **KIDNEY, "above_canal_end_mm": 44.0}, COLLECTION, bounds=(
        ("above_canal_end_mm", 44.9, 45.0),)),
    RuleCase("beside-above-sacrum", {"right_mm": 40.0, "above_canal_end_mm": 50.0}, NORMAL, bounds=(
        ("right_mm", 34.1, 34.0), ("right_mm", -34.1, -34.0), ("above_canal_end_mm", 45.0, 44.9))),
    RuleCase("beside-without-bone", {**AT_SACRUM, "marrow": 0.2}, NORMAL, bounds=(
        ("marrow", 0.29, 0.3), ("right_mm", 34.1, 34.0))),
    RuleCase("beside-without-bone", {**AT_SACRUM, "front_mm": 33.0}, NORMAL, bounds=(("front_mm", 32.0, 31.9),)),
    RuleCase("sacroiliac-doubtful", {**AT_SACRUM, "peak": 1.4}, OEDEMA, False, (
        ("peak", 1.49, 1.5), ("right_mm", 34.1, 34.0))),
    RuleCase("sacroiliac-doubtful", {**AT_SACRUM, "volume_ml": 0.9}, OEDEMA, False, (("volume_ml", 0.99, 1.0),)),
    RuleCase("sacroiliac-doubtful", {**AT_SACRUM, "marrow": 0.3}, OEDEMA, False, (("marrow", 0.39, 0.4),)),
    RuleCase("sacroiliac-doubtful", {**AT_SACRUM, "over_levels": 1.0}, OEDEMA, False, (
        ("over_levels", 1.09, 1.1), ("over_levels", 1.09, None))),
    RuleCase("sacroiliac-edema", AT_SACRUM, OEDEMA, bounds=(("right_mm", 34.1, 34.0),)),
    RuleCase("joint-open-in-front", {"front_mm": 9.0}, NORMAL, bounds=(
        ("front_mm", 8.1, 8.0), ("marrow", 0.59, 0.6))),
    RuleCase("joint-darker", {"over_levels": 0.8}, NORMAL, bounds=(
        ("over_levels", 0.84, 0.85), ("over_levels", 0.8, None))),
    RuleCase("joint-faint", {"peak": 1.4}, OEDEMA, False, (("peak", 1.49, 1.5),)),
    RuleCase("joint-faint", {"peak": 1.4, "mean": 2.2}, EFFUSION, False),
    RuleCase("joint-small", {"over_levels": None, "volume_ml": 0.7}, OEDEMA, False, (
        ("volume_ml", 0.79, 0.8), ("over_levels", None, 1.0))),
    RuleCase("joint-like-others", {"over_levels": 1.05}, OEDEMA, False, (
        ("over_levels", 1.09, 1.1), ("over_levels", 1.0, None), ("volume_ml", 2.9, 3.0))),
    RuleCase("joint-like-others", {"over_levels": 1.2, "volume_ml": 0.4}, OEDEMA, False, (
        ("volume_ml", 0.49, 0.5), ("over_levels", 1.29, 1.3))),
    RuleCase("joint-like-others", {"over_levels": 1.4, "volume_ml": 0.2}, OEDEMA, False, (("volume_ml", 0.29, 0.3),)),
    RuleCase("joint-like-others", {"over_levels": 0.9, "volume_ml": 3.0}, OEDEMA, False, (
        ("over_levels", 0.99, 1.0),)),
    RuleCase("joint-effusion", {"mean": 2.4}, EFFUSION, bounds=(("mean", 2.2, 2.19),)),
    RuleCase("joint-effusion", {"to_facet_mm": 4.0}, EFFUSION, bounds=(
        ("to_facet_mm", 8.9, 9.0), ("marrow", 0.59, 0.6))),
    RuleCase("joint-faint", {"peak": 1.4, "to_facet_mm": 4.0}, EFFUSION, False),
    RuleCase("joint-edema", {}, OEDEMA),
]  # fmt: skip

IN_SPINE = {
    "parameters": P, "is_segmented": True, "is_sure": True, "kind": OEDEMA, "volume_ml": 2.0, "exact_aside_mm": 10.0,
    "exact_front_mm": -20.0, "above_canal_end_mm": 100.0, "mapped_part": 1.0, "aside_mm": 15.0, "front_mm": -20.0,
    "disc_part": 0.0, "over_levels": 1.2, "is_t2_alone": False,
}  # fmt: skip
"""A sure finding of marrow at a joint."""
BODY_HERE = {"aside_mm": 10.0, "front_mm": 20.0}
ANATOMY_CASES = [
    RuleCase("fluid-at-kidney", {"kind": EFFUSION, "exact_aside_mm": 50.0, "exact_front_mm": 20.0}, NORMAL, bounds=(
        ("exact_aside_mm", 42.1, 42.0), ("exact_front_mm", 8.1, 8.0), ("above_canal_end_mm", 45.1, 45.0),
        ("above_canal_end_mm", 46.0, np.nan), ("kind", COLLECTION, OEDEMA))),
    RuleCase("weak-by-itself", {"is_sure": False}, OEDEMA, False, (("is_sure", False, True),)),
    RuleCase("edema-on-t2-alone", {"is_t2_alone": True}, OEDEMA, False, (
        ("is_t2_alone", True, False), ("kind", MODIC_I, EFFUSION))),
    RuleCase("bone-outline-unknown", {"is_segmented": False}, OEDEMA, False, (("is_segmented", False, True),)),
    RuleCase("outside-straight-spine", {"mapped_part": 0.4}, OEDEMA, bounds=(("mapped_part", 0.49, 0.5),)),
    RuleCase("slight-in-body", {**BODY_HERE, "volume_ml": 0.7}, OEDEMA, False, (
        ("volume_ml", 0.79, 0.8), ("front_mm", 8.1, 8.0), ("aside_mm", 29.9, 30.0))),
    RuleCase("slight-in-body", {**BODY_HERE, "disc_part": 0.6}, OEDEMA, False, (("disc_part", 0.5, 0.49),)),
    RuleCase("marked-in-body", BODY_HERE, OEDEMA, bounds=(("front_mm", 8.1, 8.0), ("aside_mm", 29.9, 30.0))),
    RuleCase("small-without-levels", {"over_levels": None, "volume_ml": 0.7}, OEDEMA, False, (
        ("volume_ml", 0.79, 0.8), ("over_levels", None, 1.0))),
    RuleCase("small-without-levels", {"aside_mm": 40.0, "volume_ml": 0.7}, OEDEMA, False, (("aside_mm", 34.1, 34.0),)),
    RuleCase("like-other-levels", {"over_levels": 1.0}, OEDEMA, False, (
        ("over_levels", 1.09, 1.1), ("over_levels", 1.0, None), ("aside_mm", 34.0, 34.1), ("volume_ml", 2.9, 3.0))),
    RuleCase("like-other-levels", {"over_levels": 0.8, "volume_ml": 3.0}, OEDEMA, False, (
        ("over_levels", 0.84, 0.85),)),
    RuleCase("marked-behind-bodies", {}, OEDEMA),
]  # fmt: skip

TABLES = {
    "body": (BODY_RULES, SpinePlace, IN_BODY, BODY_CASES),
    "beside": (BESIDE_RULES, SpinePlace, AT_JOINT, BESIDE_CASES),
    "anatomy": (ANATOMY_RULES, AnatomyPlace, IN_SPINE, ANATOMY_CASES),
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
        ("body", {}, "body-edema"),
        ("body", AT_ENDPLATE, "body-endplate-edema"),
        ("body", {**AT_ENDPLATE, "t1_z": 0.5}, "body-edema"),
        ("body", {**AT_ENDPLATE, "in_vertebra": (0.5, -15.0)}, "body-edema"),
        ("body", {**AT_ENDPLATE, "disc_part": 0.9}, "body-maybe-disc"),
        ("body", {"volume_ml": 0.2, "middle_from_disc_mm": 14.0, "right_mm": 2.0}, "body-small"),
        ("body", {"lengths_mm": lengths(60, 10, 8), "marrow": 0.0}, "body-open"),
        ("beside", {}, "joint-edema"),
        ("beside", {"mean": 3.0}, "joint-effusion"),
        ("beside", {"to_facet_mm": 5.0}, "joint-effusion"),
        ("beside", {"to_facet_mm": 5.0, "marrow": 0.8}, "joint-edema"),
        ("beside", COLLECTION_HERE, "beside-collection"),
        ("beside", {**COLLECTION_HERE, **KIDNEY}, "beside-above-sacrum"),
        ("beside", AT_SACRUM, "sacroiliac-edema"),
        ("anatomy", {}, "marked-behind-bodies"),
        ("anatomy", BODY_HERE, "marked-in-body"),
    ],
)
def test_the_first_rule_that_applies_decides(table: str, values: dict[str, Any], rule: str) -> None:
    rules, place_class, defaults, _ = TABLES[table]
    decided = rules.first(made_place(place_class, {**defaults, **values}))
    assert decided is not None
    assert decided[0] == rule


def test_a_rule_that_is_switched_off_leaves_the_verdict_to_the_next() -> None:
    place = made_place(SpinePlace, {**IN_BODY, "peak": 1.0, "marrow": 0.4})
    assert BODY_RULES.first(place)[0] == "body-faint"
    assert BODY_RULES.first(place, ("body-faint",))[0] == "body-edema"


@pytest.mark.parametrize(
    ("over_levels", "volume_ml", "expected"),
    [
        (1.1, 0.5, True), (1.09, 0.5, False), (1.1, 0.49, False),
        (1.3, 0.3, True), (1.29, 0.3, False), (1.3, 0.29, False),
        (0.9, 3.0, True), (0.89, 3.0, False), (0.9, 2.99, False),
    ],
)  # fmt: skip
def test_the_brighter_a_joint_the_smaller_it_may_be(over_levels: float, volume_ml: float, expected: bool) -> None:
    assert stands_out(over_levels, volume_ml, P, 0.9) is expected


def place_at(right_mm: float, front_mm: float, height_mm: float, volume_ml: float, peak: float) -> Any:
    values = {"right_mm": right_mm, "front_mm": front_mm, "height_mm": height_mm, "volume_ml": volume_ml, "peak": peak}
    return made_place(SpinePlace, {**AT_JOINT, **values})


ONE = (8.0, -20.0, 100.0, 1.0, 2.0)
TWIN = (-8.0, -20.0, 100.0, 1.0, 2.0)


@pytest.mark.parametrize(
    ("index", "inside", "outside"),
    [
        (0, -14.0, -14.1), (0, -2.0, -1.9), (1, -28.0, -28.1), (1, -12.0, -11.9), (2, 108.0, 108.1), (2, 92.0, 91.9),
        (3, 1.99, 2.0), (3, 0.501, 0.5), (4, 2.49, 2.5), (4, 1.61, 1.6),
    ],
)  # fmt: skip
def test_twins_lie_alike_on_both_sides_and_are_alike(index: int, inside: float, outside: float) -> None:
    def twin(value: float) -> Any:
        return place_at(*(value if n == index else own for n, own in enumerate(TWIN)))

    assert are_twins(place_at(*ONE), twin(inside))
    assert not are_twins(place_at(*ONE), twin(outside))


def test_a_place_in_the_middle_of_the_canal_has_no_twin() -> None:
    assert not are_twins(place_at(7.9, *ONE[1:]), place_at(-7.9, *ONE[1:]))


@pytest.mark.parametrize(("volume_ml", "is_weak"), [(1.49, True), (1.5, False)])
def test_a_small_place_with_a_twin_is_weak(volume_ml: float, is_weak: bool) -> None:
    own, twin = (place_at(right, -20.0, 100.0, volume_ml, 2.0) for right in (15.0, -15.0))
    own.__dict__["others"] = [own, twin]
    decided = DOUBT_RULES.first(SurePlace(own, EFFUSION))
    assert (decided is not None) is is_weak
    if decided is not None:
        assert decided[0] == "alike-on-both-sides"
        assert (decided[1].kind, decided[1].sure) == (EFFUSION, False)


def test_a_place_is_not_its_own_twin() -> None:
    own = place_at(0.0, -20.0, 100.0, 0.5, 2.0)
    own.__dict__.update(others=[own], right_mm=9.0)
    assert DOUBT_RULES.first(SurePlace(own, EFFUSION)) is None


@pytest.mark.parametrize(
    ("kind", "marrow_z", "is_weak"),
    [(OEDEMA, 2.99, True), (OEDEMA, 3.0, False), (MODIC_I, 2.99, True), (EFFUSION, 0.0, False)],
)
def test_an_edema_that_hardly_differs_from_marrow_is_weak(kind: str, marrow_z: float, is_weak: bool) -> None:
    place = made_place(SpinePlace, {**IN_BODY, "marrow_z": marrow_z})
    decided = DOUBT_RULES.first(SurePlace(place, kind))
    assert (decided is not None) is is_weak
    if decided is not None:
        assert decided[0] == "faint-edema"
        assert (decided[1].kind, decided[1].sure) == (kind, False)


@pytest.mark.parametrize(
    ("signal", "others", "is_shown"),
    [(125.0, (80.0, 100.0, 300.0), True), (124.9, (80.0, 100.0, 300.0), False), (500.0, (), False)],
)
def test_a_disc_that_outshines_the_others_is_weak(signal: float, others: tuple[float, ...], is_shown: bool) -> None:
    decided = BRIGHT_DISC_RULES.first(BrightDisc(signal=signal, others=others, parameters=P))
    assert (decided is not None) is is_shown
    if decided is not None:
        assert (decided[1].kind, decided[1].sure) == (OEDEMA, False)
