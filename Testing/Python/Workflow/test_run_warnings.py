"""What the user must know about a run: one wording, in the order of the stages, each sentence once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from PainGeneratorLib.Workflow.case import Warnings
from PainGeneratorLib.Workflow.warnings import run_warnings


@pytest.fixture
def case() -> Any:
    return SimpleNamespace(warnings=Warnings(["The group was not given."]), reference_role="T1")


@pytest.fixture
def suv() -> Any:
    return SimpleNamespace(result=SimpleNamespace(warnings=("The uptake time is odd.",)))


def series(aligned: bool, *warnings: str) -> Any:
    return SimpleNamespace(aligned=aligned, reason="They differ.", advice="Give landmarks.", warnings=warnings)


def test_warnings_follow_the_order_of_the_stages(case: Any, suv: Any) -> None:
    alignment = SimpleNamespace(by_role={"PET": series(False), "FLUID": series(True, "It moved by 6 mm.")})
    anatomy = SimpleNamespace(warnings=["The label 99 is not known."])
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


def test_a_sentence_that_two_stages_say_stands_once(case: Any) -> None:
    pet = SimpleNamespace(warnings=["The group was not given.", "No liver was found."])
    assert run_warnings(case, pet=pet) == ["The group was not given.", "No liver was found."]
