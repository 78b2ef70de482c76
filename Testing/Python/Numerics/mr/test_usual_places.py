"""Normal anatomy that looks like an MR finding: a reason, and both sides of every bound."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.vertebrae import Spine, VertebraFrame
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import MRFinding
from PainGeneratorLib.Numerics.mr.picture import MRPicture
from PainGeneratorLib.Numerics.mr.surroundings import MRSurroundings
from PainGeneratorLib.Numerics.mr.usual_places import USUAL_RULES, UsualPlace, mark_usual
from PainGeneratorLib.Numerics.mr.verdicts import COLLECTION, EFFUSION, MODIC_I, NORMAL, OEDEMA
from rule_places import RuleCase, bound_name, bounds_of, made_place

EDEMA = {
    "group": "low-back", "kind": OEDEMA, "volume_ml": 0.6, "marrow_around": 0.8, "to_bone": np.array([1.0, 0.0, 0.0]),
    "to_implant_mm": np.inf, "over_csf": 0.4, "before_wall_mm": -10.0, "in_sacrum": (18.0, -5.0, -12.0),
}  # fmt: skip
"""An edema in the ala of the sacrum, with marrow around it."""
ROOT = {"over_csf": 0.9}
CSF = {"kind": COLLECTION, "over_csf": 0.9, "volume_ml": 3.0, "in_sacrum": (3.0, -10.0, -20.0)}
BOWEL = {"marrow_around": 0.2, "to_bone": np.array([5.0, -3.0, 0.0]), "volume_ml": 3.0}


def toward(*way: float) -> np.ndarray:
    return np.array(way)


CASES = [
    RuleCase("usual-before-bodies", {"kind": MODIC_I, "before_wall_mm": 5.0}, NORMAL, bounds=(
        ("before_wall_mm", 2.1, 2.0), ("kind", OEDEMA, EFFUSION))),
    RuleCase("usual-sacral-canal", CSF, NORMAL, bounds=(
        ("kind", EFFUSION, OEDEMA), ("over_csf", 0.7, 0.69), ("in_sacrum", (13.9, -10.0, -20.0), (14.0, -10.0, -20.0)),
        ("in_sacrum", (3.0, 3.9, -20.0), (3.0, 4.0, -20.0)), ("in_sacrum", (3.0, -21.9, -20.0), (3.0, -22.0, -20.0)),
        ("in_sacrum", (3.0, -10.0, -0.1), (3.0, -10.0, 0.0)), ("in_sacrum", (3.0, -10.0, -20.0), None))),
    RuleCase("usual-sacral-root", ROOT, NORMAL, bounds=(
        ("over_csf", 0.7, 0.69), ("volume_ml", 1.0, 1.1), ("in_sacrum", (6.1, -5.0, -12.0), (6.0, -5.0, -12.0)),
        ("in_sacrum", (27.9, -5.0, -12.0), (28.0, -5.0, -12.0)), ("in_sacrum", (18.0, -5.0, -12.0), None),
        ("in_sacrum", (18.0, 3.9, -12.0), (18.0, 4.0, -12.0)), ("in_sacrum", (18.0, -5.0, -0.1), (18.0, -5.0, 0.0)))),
    RuleCase("usual-bowel-beside-bone", BOWEL, NORMAL, bounds=(
        ("marrow_around", 0.34, 0.35), ("kind", COLLECTION, EFFUSION), ("to_implant_mm", 30.0, 29.9),
        ("to_bone", toward(3.0, 0.0, 0.0), toward(2.9, 0.0, 0.0)),
        ("to_bone", toward(0.0, -5.0, 0.0), toward(0.0, 5.0, 0.0)),
        ("to_bone", toward(5.0, 0.0, 0.0), toward(-5.0, 0.0, 0.0)),
        ("in_sacrum", (60.0, 5.0, -0.1), (60.0, 5.0, 0.0)), ("in_sacrum", (60.0, 5.0, -10.0), None))),
    RuleCase("usual-bowel-beside-bone", {**BOWEL, "group": "hip-replacement", "in_sacrum": None}, NORMAL),
]  # fmt: skip


def applied(rule: str, values: dict[str, Any]) -> Any:
    (found,) = (one for one in USUAL_RULES if one.name == rule)
    return found.apply(made_place(UsualPlace, {**EDEMA, **values}))


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == set(USUAL_RULES.names)


def test_an_edema_in_bone_is_nothing_usual() -> None:
    assert USUAL_RULES.first(made_place(UsualPlace, EDEMA)) is None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_gives_a_reason_where_it_applies(case: RuleCase) -> None:
    verdict = applied(case.rule, dict(case.values))
    assert verdict.is_normal
    assert verdict.evidence


@pytest.mark.parametrize(("case", "field", "inside", "outside"), bounds_of(CASES), ids=bound_name)
def test_a_rule_applies_up_to_its_bound(case: RuleCase, field: str, inside: Any, outside: Any) -> None:
    assert applied(case.rule, {**case.values, field: inside}) is not None
    assert applied(case.rule, {**case.values, field: outside}) is None


SHAPE = (40, 50, 60)
GRID = Geometry(
    SHAPE, np.diag([2.0, 2.0, 2.0, 1.0]) + np.array([[0, 0, 0, -60.0], [0, 0, 0, -50.0], [0] * 4, [0] * 4])
)
RIGHT, AHEAD, HEIGHT = GRID.flat_to_ras(np.arange(GRID.size)).reshape(*SHAPE, 3).transpose(3, 0, 1, 2)
S1 = VertebraFrame(
    "S1", np.array([0.0, 23.0, 50.0]), np.array([-1.0, 0, 0]), np.array([0.0, 1, 0]), np.array([0.0, 0, 1]),
    22.0, -14.0, 14.0, -14.0, 14.0,
)  # fmt: skip


def ball(center: tuple[float, float, float], radius: float) -> np.ndarray:
    return (RIGHT - center[0]) ** 2 + (AHEAD - center[1]) ** 2 + (HEIGHT - center[2]) ** 2 <= radius**2


def marked(center: tuple[float, float, float], kind: str, signal: float, radius: float = 5.0) -> MRFinding:
    """A finding of a signal in a sacrum with a canal of signal 100, and an ilium from 40 mm to the right on."""
    marrow = (AHEAD > -20.0) & (AHEAD < 40.0) & (np.abs(RIGHT) < 30.0) & ~ball((0.0, 0.0, HEIGHT.mean()), 0.0)
    marrow |= RIGHT > 50.0
    canal = (np.abs(RIGHT) < 8.0) & (np.abs(AHEAD) < 6.0)
    tissue = np.where(marrow, np.uint8(tissues.MARROW), np.uint8(tissues.UNKNOWN))
    tissue[canal] = tissues.FLUID
    image = np.where(canal, np.float32(100.0), np.float32(20.0))
    own = ball(center, radius)
    image[own] = signal
    inside = marrow & ~canal & ~own
    around = MRSurroundings(GRID, tissue, inside, np.ones(SHAPE, dtype=bool), "low-back", 0.0, None)
    picture = SimpleNamespace(
        surroundings=around, smooth={"FLUID": image}, fluid_signal=image, fluid_role="FLUID", implant=None,
        vertebrae=Spine((), sacrum=S1), parameters=SimpleNamespace(rules_off=()),
    )  # fmt: skip
    region = Region.from_mask(own, GRID)
    finding = MRFinding(1, kind, region, region.centroid_ras_mm, region.volume_ml, 5.0, -1.0, "FLUID", 0.66)
    mark_usual(cast(MRPicture, picture), [finding])
    return finding


def test_a_sacral_root_an_edema_of_the_ala_and_csf_of_the_canal_are_told_apart() -> None:
    assert marked((16.0, 4.0, 40.0), OEDEMA, 90.0).usual == "a sacral nerve root in its recess"
    assert marked((16.0, 4.0, 40.0), OEDEMA, 45.0).usual is None
    assert marked((0.0, 2.0, 40.0), COLLECTION, 95.0, 7.0).usual == "cerebrospinal fluid of the sacral canal"


def test_bowel_on_the_inner_side_of_the_ilium_is_told_from_edema_in_it() -> None:
    assert marked((44.0, 10.0, 40.0), OEDEMA, 60.0).usual == "bowel on the inner side of the pelvic bone"
    assert marked((58.0, 10.0, 40.0), OEDEMA, 60.0, 4.0).usual is None
