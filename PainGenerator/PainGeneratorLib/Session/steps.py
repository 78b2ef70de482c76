"""The five steps of a session in their order: what every step can say, and what a computing step does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from .case_state import CaseState
from .types import RUN_STEPS, STEPS, Job

Result = TypeVar("Result")


class Step(Protocol):
    """One of the five steps."""

    @property
    def name(self) -> str:
        """One of :data:`.types.STEPS`."""

    def reason_not_ready(self, state: CaseState) -> str | None:
        """Why the step cannot run, as a sentence for its button; None when it can."""


class ComputingStep(Step, Protocol[Result]):
    """A step that computes for long and can be cancelled."""

    @property
    def changes(self) -> str:
        """Which word of :data:`.types.CHANGES` the listeners are called with after the step."""

    def prepare(self, state: CaseState) -> Job[Result]:
        """Read what the step needs, on the main thread."""

    def apply(self, state: CaseState, result: Result) -> None:
        """Take the result into the state and write the scene, on the main thread."""


class StepTable:
    """All steps in their order.

    Parameters
    ----------
    computing : sequence of ComputingStep
        ``case``, ``align`` and ``find``.
    closing : sequence of Step
        ``review`` and ``export``, which the user does.
    """

    def __init__(self, computing: Sequence[ComputingStep[Any]], closing: Sequence[Step]) -> None:
        self._computing = {step.name: step for step in computing}
        self._all: dict[str, Step] = {step.name: step for step in (*computing, *closing)}
        if tuple(self._computing) != RUN_STEPS or tuple(self._all) != STEPS:
            raise ValueError(f"the steps must be {STEPS}, not {tuple(self._all)}")

    def step(self, name: str) -> Step:
        """The step with a name; ValueError when there is none."""
        if name not in self._all:
            raise ValueError(f"step must be one of {STEPS}, not {name!r}")
        return self._all[name]

    def computing(self, name: str) -> ComputingStep[Any]:
        """The computing step with a name; ValueError when there is none."""
        if name not in self._computing:
            raise ValueError(f"step must be one of {RUN_STEPS}, not {name!r}")
        return self._computing[name]
