"""The table of the steps, their states, and the jobs of the computing ones; without a scene."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PainGeneratorLib.Session.case_state import CaseState
from PainGeneratorLib.Session.notifier import Notifier
from PainGeneratorLib.Session.step_states import StepStates
from PainGeneratorLib.Session.steps import StepTable
from PainGeneratorLib.Session.types import RUN_STEPS, STEPS, Job, SessionSettings, StepState


class SettingsInMemory:
    """Settings without a scene."""

    def __init__(self) -> None:
        self.now = SessionSettings()

    def keep(self, **values: Any) -> None:
        self.now = dataclasses.replace(self.now, **values)


@pytest.fixture
def state() -> CaseState:
    return CaseState()


@pytest.fixture
def told() -> list[str]:
    """The words that listeners were called with."""
    return []


@pytest.fixture
def states(state: CaseState, told: list[str]) -> StepStates:
    notify = Notifier()
    notify.callbacks.append(told.append)
    settings: Any = SettingsInMemory()
    return StepStates(settings, state, notify)


def all_states(states: StepStates) -> list[str]:
    return [states.of(step).value for step in STEPS]


def step(name: str) -> Any:
    return SimpleNamespace(name=name)


def test_the_table_holds_all_steps_in_their_order() -> None:
    table = StepTable([step(name) for name in RUN_STEPS], [step("review"), step("export")])
    assert [table.step(name).name for name in STEPS] == list(STEPS)
    assert table.computing("find").name == "find"
    for wrong in (lambda: table.step("suv"), lambda: table.computing("review")):
        with pytest.raises(ValueError, match="step must be one of"):
            wrong()
    with pytest.raises(ValueError, match="the steps must be"):
        StepTable([step("align"), step("case"), step("find")], [step("review"), step("export")])


def test_a_done_step_makes_those_after_it_out_of_date_and_leaves_those_before(states: StepStates) -> None:
    assert states.to_run() == ["case", "align", "find"]
    for name in RUN_STEPS:
        states.set_done(name)
    assert states.to_run() == []
    assert all_states(states) == ["done", "done", "done", "done", "not done"]
    states.set_done("align")
    assert all_states(states) == ["done", "done", "out of date", "out of date", "not done"]
    assert states.to_run() == ["find"]


def test_a_changed_input_counts_as_a_new_revision_and_a_decision_does_not(
    states: StepStates, state: CaseState, told: list[str]
) -> None:
    states.set_done("export")
    revision = state.revision
    told.clear()
    states.outdate_export()
    assert states.of("export") is StepState.OUT_OF_DATE
    assert (state.revision, told) == (revision, ["steps"])
    states.outdate_export()
    assert told == ["steps"], "it is out of date already"
    states.outdate("find")
    assert state.revision == revision + 1


def test_the_review_is_done_when_no_candidate_is_pending(states: StepStates, state: CaseState) -> None:
    for name in RUN_STEPS:
        states.set_done(name)
    found: Any = SimpleNamespace(candidates=[SimpleNamespace(status="pending"), SimpleNamespace(status="rejected")])
    state.found = found
    assert states.of("review") is StepState.NOT_DONE
    found.candidates[0].status = "accepted"
    assert states.of("review") is StepState.DONE
    states.outdate("find")
    assert states.of("review") is StepState.OUT_OF_DATE


def test_a_job_has_its_result_only_after_it_was_computed() -> None:
    shown: list[float] = []
    job = Job("find", lambda progress: progress(0.5, "half") or 7, 1)
    with pytest.raises(ValueError, match="not computed"):
        _ = job.result
    assert not job.is_computed
    job.compute(lambda fraction, text: shown.append(fraction))
    assert (job.result, job.is_computed, shown) == (7, True, [0.5])


def test_listeners_are_called_with_known_words_only_and_may_leave_while_they_are_called() -> None:
    notify = Notifier()
    heard = []

    def once(what: str) -> None:
        heard.append(what)
        notify.callbacks.remove(once)

    notify.callbacks += [once, heard.append]
    notify("review")
    notify("steps")
    assert heard == ["review", "review", "steps"]
    with pytest.raises(ValueError, match="what must be one of"):
        notify("candidate")


def test_no_step_is_found_by_the_text_of_its_name(project_folder: Path) -> None:
    for path in (project_folder / "PainGenerator" / "PainGeneratorLib" / "Session").glob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        built = [
            ast.unparse(call)
            for call in calls
            if isinstance(call.func, ast.Name)
            and call.func.id == "getattr"
            and isinstance(call.args[1], ast.JoinedStr)
        ]
        assert not built, path.name
