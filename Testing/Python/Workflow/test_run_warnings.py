"""What the user must know about a run: one wording, in the order of the stages, each sentence once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Anatomy.body_plan import BodyPlan
from PainGeneratorLib.Numerics.body.sections import BodySections
from PainGeneratorLib.Numerics.core.image import Geometry
from PainGeneratorLib.Numerics.core.sites import SiteTable
from PainGeneratorLib.Numerics.fusion.site_verdict import NO_FLUID_SERIES
from PainGeneratorLib.Numerics.mr.findings import NO_FLUID_OR_T2
from PainGeneratorLib.Workflow.case import CaseOptions, Warnings
from PainGeneratorLib.Workflow.warnings import place_warnings, run_notes, run_warnings


@pytest.fixture
def case() -> Any:
    return SimpleNamespace(
        warnings=Warnings(["The group was not given."]),
        reference_role="T1",
        group="low-back",
        group_signs=(),
        options=CaseOptions(),
    )


@pytest.fixture
def suv() -> Any:
    return SimpleNamespace(result=SimpleNamespace(warnings=("The uptake time is odd.",)))


def series(aligned: bool, *warnings: str) -> Any:
    return SimpleNamespace(aligned=aligned, reason="They differ.", advice="Give landmarks.", warnings=warnings)


def test_warnings_follow_the_order_of_the_stages(case: Any, suv: Any) -> None:
    alignment = SimpleNamespace(by_role={"PET": series(False), "FLUID": series(True, "It moved by 6 mm.")})
    anatomy = SimpleNamespace(warnings=["The label 99 is not known."], structures={})
    mr = SimpleNamespace(warnings=["There is no T1."], implant=SimpleNamespace(warnings=["The implant is cut off."]))
    pet = SimpleNamespace(warnings=["No liver was found."])
    assert run_warnings(case, suv, alignment, anatomy, mr, pet) == [
        "The group was not given.",
        "The uptake time is odd.",
        "PET is not aligned to T1: They differ. Give landmarks.",
        "FLUID: It moved by 6 mm.",
        "The label 99 is not known.",
        "There is no T1.",
        "The implant is cut off.",
        "No liver was found.",
    ]


def test_stages_that_have_not_run_warn_of_nothing(case: Any, suv: Any) -> None:
    assert run_warnings(case) == ["The group was not given."]
    assert run_warnings(case, suv) == ["The group was not given.", "The uptake time is odd."]


def test_a_missing_fluid_series_is_told_once(case: Any) -> None:
    of_mr = f"{NO_FLUID_OR_T2} only marrow replaced on T1 was looked for. Edema and fluid cannot be seen."
    mr = SimpleNamespace(warnings=[of_mr], implant=SimpleNamespace(warnings=[]))
    sites = SiteTable(notes=(NO_FLUID_SERIES, "A note."))
    assert run_warnings(case, mr=mr, sites=sites) == ["The group was not given.", of_mr, "A note."]
    silent = SimpleNamespace(warnings=[], implant=SimpleNamespace(warnings=[]))
    assert run_warnings(case, mr=silent, sites=sites)[1:] == [NO_FLUID_SERIES, "A note."]


def test_a_sentence_that_two_stages_say_stands_once(case: Any) -> None:
    pet = SimpleNamespace(warnings=["The group was not given.", "No liver was found."])
    assert run_warnings(case, pet=pet) == ["The group was not given.", "No liver was found."]


FIELD = Geometry((10, 10, 10), np.diag([10.0, 10.0, 10.0, 1.0]))
LEFT = np.array([-1.0, 0.0, 0.0])


def plan_with(part: str = "trunk", **fields: Any) -> BodyPlan:
    heights = np.arange(0.0, 100.0, 20.0)
    middles = np.stack([np.zeros(5), np.zeros(5), heights], axis=1)
    sections = BodySections(middles, (part,) * 5, np.full(5, 300.0), np.eye(4))
    return BodyPlan(np.zeros(3), LEFT, fields.pop("source", "symmetry plane"), sections=(sections,), **fields)


def test_a_whole_trunk_with_a_certain_midline_has_no_warning_about_places() -> None:
    assert place_warnings(plan_with(), FIELD) == []


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (plan_with("legs"), "The MR shows legs, neither a lower back nor a hip"),
        (plan_with("limb"), "a limb, the neck or the head"),
        (plan_with(certainty="likely"), "one sign only (the symmetry plane)"),
        (plan_with(certainty="uncertain", source="scanner axis"), "left and right of places there are uncertain"),
    ],
)
def test_what_is_uncertain_about_places_is_said_once_for_the_case(plan: BodyPlan, words: str) -> None:
    (sentence,) = place_warnings(plan, FIELD)
    assert words in sentence


def test_a_segmentation_gives_the_sides_but_not_the_part_of_the_body() -> None:
    anatomy: Any = SimpleNamespace()
    assert place_warnings(plan_with(certainty="uncertain"), FIELD, anatomy) == []
    assert len(place_warnings(plan_with("legs"), FIELD, anatomy)) == 1


def test_notes_of_the_reading_come_before_those_of_the_implant() -> None:
    case: Any = SimpleNamespace(notes=("Days between PET and MR: 4.",))
    mr: Any = SimpleNamespace(implant=SimpleNamespace(notes=("The side follows from the implant.",)))
    assert run_notes(case) == ["Days between PET and MR: 4."]
    assert run_notes(case, mr) == ["Days between PET and MR: 4.", "The side follows from the implant."]
