"""What a case is has one owner: the list of candidates, what is required of it, its warnings."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Session.case_state import CaseState
from PainGeneratorLib.Workflow.case import CaseOptions, Warnings


@pytest.fixture
def found() -> Any:
    mr = SimpleNamespace(warnings=["There is no T1."], implant=SimpleNamespace(warnings=[]))
    pet = SimpleNamespace(warnings=["No liver was found."])
    return SimpleNamespace(
        candidates=["first"], set_apart=["low"], attention=["mass"], mr=mr, pet=pet, plan=None, sites=None
    )


@pytest.fixture
def state(found: Any) -> CaseState:
    filled: Any = CaseState()
    filled.case = SimpleNamespace(
        warnings=Warnings(["The group was not given."]),
        reference_role="T1",
        group="low-back",
        group_signs=(),
        options=CaseOptions(),
    )
    filled.suv = SimpleNamespace(result=SimpleNamespace(warnings=()))
    filled.alignment = SimpleNamespace(by_role={})
    filled.found = found
    return filled


def test_the_candidates_are_those_of_the_result_and_stand_nowhere_else(state: Any, found: Any) -> None:
    assert state.candidates is found.candidates
    state.candidates = ["second"]
    assert found.candidates == ["second"]
    assert "candidates" not in vars(state)


def test_the_other_lists_are_those_of_the_result_too(state: Any, found: Any) -> None:
    assert (state.set_apart, state.attention) == (["low"], ["mass"])
    state.set_apart, state.attention = ["lower"], []
    assert (found.set_apart, found.attention) == (["lower"], [])
    assert not {"set_apart", "attention"} & set(vars(state))


def test_a_case_without_a_result_has_no_candidates_and_takes_none() -> None:
    state = CaseState()
    assert (state.candidates, state.set_apart, state.attention) == ([], [], [])
    for name in ("candidates", "set_apart", "attention"):
        with pytest.raises(PainGeneratorError, match="Nothing was found"):
            setattr(state, name, [])


def test_what_is_required_and_missing_is_named_with_the_step_to_run(state: CaseState) -> None:
    found = state.require_found()
    assert (found.case, found.suv, found.alignment) == state.require_alignment()
    state.found = None
    with pytest.raises(PainGeneratorError, match="Nothing was found"):
        state.require_found()
    state.alignment = None
    with pytest.raises(PainGeneratorError, match="not aligned"):
        state.require_alignment()
    state.suv = None
    with pytest.raises(PainGeneratorError, match="no SUV"):
        state.require_suv()


def test_notices_come_before_the_warnings_of_the_steps_and_each_stands_once(state: CaseState) -> None:
    state.candidates = []
    state.notices = ["Two PET volumes.", "No liver was found."]
    assert state.warnings == [
        "Two PET volumes.",
        "No liver was found.",
        "The group was not given.",
        "There is no T1.",
    ]
    assert CaseState(notices=["a", "a"], carried=["b"]).warnings == ["a", "b"]


def test_a_forgotten_case_holds_no_result(state: CaseState) -> None:
    state.carried = ["PG-02 stays a candidate."]
    state.forget()
    assert state.carried == []
    assert (state.case, state.suv, state.alignment, state.anatomy, state.found) == (None,) * 5
    assert not state.is_found
    assert state.candidates == []
