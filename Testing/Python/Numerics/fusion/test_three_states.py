"""Abnormal, normal, or not assessable: what MR and PET say of a place, by series and by tissue."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fusion_cases import facts
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import Candidate, MRFinding, Place
from PainGeneratorLib.Numerics.fusion.judged import Judged
from PainGeneratorLib.Numerics.fusion.ledger import judge
from PainGeneratorLib.Numerics.fusion.ledger_mr import mr_state, pet_state, why_pet_unknown, why_unknown

GRID = Geometry((40, 40, 40), np.diag([2.0, 2.0, 2.0, 1.0]) + np.array([[0, 0, 0, -40.0]] * 3 + [[0] * 4]))
AWAY = GRID.moved(np.array([[1.0, 0, 0, 300], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))


def ball(radius: float = 6.0) -> Region:
    points = GRID.flat_to_ras(np.arange(GRID.size))
    return Region(GRID, np.flatnonzero(np.linalg.norm(points, axis=1) <= radius))


def candidate(structure: str = "vertebral body", findings: list[MRFinding] | None = None) -> Candidate:
    region = ball()
    return Candidate(
        id="", rank=0, score=0.0, place=Place(f"left {structure}", structure, "left"),
        evidence="MR only" if findings else "PET only", region=region, centroid_ras_mm=region.centroid_ras_mm,
        volume_ml=region.volume_ml, mr_findings=findings or [],
    )  # fmt: skip


def judged(structure: str = "vertebral body", **case: Any) -> Judged:
    return Judged(candidate(structure), facts(**case))


HERE = {"T1": GRID, "FLUID": GRID, "T2": GRID}


@pytest.mark.parametrize(
    ("case", "structure", "state", "reason"),
    [
        ({}, "vertebral body", "normal", ""),
        ({"series_fields": HERE}, "vertebral body", "normal", ""),
        ({"aligned": False}, "vertebral body", "not assessable", "not aligned"),
        ({"series_fields": {"T1": AWAY, "FLUID": AWAY}}, "vertebral body", "not assessable", "no MR series shows"),
        ({"mr_field": AWAY}, "vertebral body", "not assessable", "no MR series shows"),
        ({"has_fluid_series": False}, "vertebral body", "not assessable", "no fluid-sensitive series"),
        ({"series_fields": {"T1": GRID, "FLUID": AWAY}}, "vertebral body", "not assessable", "outside the field of"),
        ({"series_fields": {"T1": GRID, "FLUID": AWAY, "T2": GRID}}, "vertebral body", "normal", ""),
        ({"series_fields": {"T1": GRID, "T2": GRID}}, "sacrum", "not assessable", "does not show edema of this bone"),
        ({"series_fields": {"T1": GRID, "T2": GRID}}, "facet joint", "normal", ""),
        ({"series_fields": HERE, "metal": ball(7.0)}, "vertebral body", "not assessable", "beside the implant"),
        ({"series_fields": HERE, "metal": ball(2.0)}, "vertebral body", "normal", ""),
    ],
)
def test_mr_is_normal_only_where_it_could_have_shown_something(
    case: dict[str, Any], structure: str, state: str, reason: str
) -> None:
    place = judged(structure, **case)
    assert mr_state(place) == state
    assert reason in why_unknown(place)
    assert (why_unknown(place) == "") == (state == "normal")


def test_the_field_of_the_reference_says_nothing_where_that_of_every_series_is_known() -> None:
    assert mr_state(judged(mr_field=AWAY, series_fields=HERE)) == "normal"


@pytest.mark.parametrize(
    ("case", "state", "reason"),
    [
        ({}, "normal", ""),
        ({"pet_field": GRID}, "normal", ""),
        ({"aligned": False}, "not assessable", "not aligned"),
        ({"pet_field": AWAY}, "not assessable", "does not show this place"),
        ({"has_pet_reference": False}, "not assessable", "no reference tissue"),
        ({"metal": ball(7.0)}, "not assessable", "beside the implant"),
    ],
)
def test_pet_is_normal_only_where_it_could_have_shown_something(case: dict[str, Any], state: str, reason: str) -> None:
    place = judged(**case)
    assert pet_state(place) == state
    assert reason in why_pet_unknown(place)


def test_a_place_that_pet_could_not_assess_loses_no_points_for_it() -> None:
    region = ball()
    finding = MRFinding(1, "oedema", region, region.centroid_ras_mm, 1.0, 5.0, -2.0, "FLUID", 0.66)
    one, other = candidate(findings=[finding]), candidate(findings=[finding])
    judge(one, facts())
    judge(other, facts(has_pet_reference=False))
    assert (one.pet_state, other.pet_state) == ("normal", "not assessable")
    assert other.score > one.score
    (entry,) = (entry for entry in other.ledger if entry.group == "pet")
    assert (entry.points, entry.state) == (0.0, "not assessable")


def test_an_mr_finding_at_metal_counts_less_as_its_signal_is_not_to_be_relied_on() -> None:
    region = ball()
    finding = MRFinding(1, "oedema", region, region.centroid_ras_mm, 1.0, 5.0, -2.0, "FLUID", 0.66)
    one = candidate(findings=[finding])
    judge(one, facts(metal=ball(7.0)))
    assert one.mr_state == "abnormal"
    assert [entry.points < 0 for entry in one.ledger if entry.sign == "near_implant"] == [True]


def test_normal_anatomy_that_looks_like_a_finding_counts_against_it_and_removes_nothing() -> None:
    region = ball()
    finding = MRFinding(1, "oedema", region, region.centroid_ras_mm, 1.0, 5.0, -2.0, "FLUID", 0.66)
    plain, usual = candidate(findings=[finding]), candidate(findings=[finding])
    judge(plain, facts())
    finding.usual = "a sacral nerve root in its recess"
    judge(usual, facts())
    assert usual.score == pytest.approx(plain.score - 10.0)
    assert usual.mr_state == "abnormal"
    assert any("a sacral nerve root in its recess" in entry.text for entry in usual.ledger)


def test_a_second_finding_at_the_place_is_not_explained_by_normal_anatomy() -> None:
    region = ball()
    make = lambda: MRFinding(1, "oedema", region, region.centroid_ras_mm, 1.0, 5.0, -2.0, "FLUID", 0.66)  # noqa: E731
    first, second = make(), make()
    first.usual = "bowel on the inner side of the pelvic bone"
    one = candidate(findings=[first, second])
    judge(one, facts())
    assert not any(entry.sign == "usual_on_mr" for entry in one.ledger)
