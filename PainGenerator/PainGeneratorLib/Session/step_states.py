"""How far each step is: not done, done, or out of date because an input changed."""

from __future__ import annotations

from collections.abc import Callable

from ..Numerics.core.words import Status
from .case_settings import CaseSettings
from .case_state import CaseState
from .notifier import Notifier
from .types import RUN_STEPS, STEPS, StepState


class StepStates:
    """The states of the steps, kept with the settings in the scene.

    Parameters
    ----------
    settings : CaseSettings
    state : CaseState
    notify : Notifier
    """

    def __init__(self, settings: CaseSettings, state: CaseState, notify: Notifier) -> None:
        self._settings, self._state, self._notify = settings, state, notify
        self.when_done: Callable[[str], None] = lambda step: None
        """Called with the name of each step that is done."""

    def of(self, step: str) -> StepState:
        """How far a step is. The review is done when Find is done and no candidate is pending."""
        if step not in STEPS:
            raise ValueError(f"step must be one of {STEPS}, not {step!r}")
        if step == "review":
            return self._of_review()
        text = self._settings.now.stepStates.get(step)
        return StepState(text) if text else StepState.NOT_DONE

    def _of_review(self) -> StepState:
        find = self.of("find")
        if find is not StepState.DONE or self._state.found is None:
            return find
        is_open = any(candidate.status == Status.PENDING for candidate in self._state.candidates)
        return StepState.NOT_DONE if is_open else StepState.DONE

    def is_done(self, step: str) -> bool:
        """True when a step is done and up to date."""
        return self.of(step) is StepState.DONE

    def to_run(self) -> list[str]:
        """The first computing step that is not done, and the computing steps after it."""
        first = next((index for index, step in enumerate(RUN_STEPS) if not self.is_done(step)), len(RUN_STEPS))
        return list(RUN_STEPS[first:])

    def set_done(self, step: str) -> None:
        """A step was done; the steps after it are out of date where they were done before."""
        states = dict(self._settings.now.stepStates)
        states[step] = StepState.DONE.value
        self._settings.keep(stepStates=states)
        self.when_done(step)
        following = STEPS[STEPS.index(step) + 1 :]
        if following:
            self.outdate(following[0])
        else:
            self._notify("steps")

    def outdate(self, step: str) -> None:
        """An input of a step changed: it and the steps after it are out of date where they were done."""
        self._state.revision += 1
        states = dict(self._settings.now.stepStates)
        for later in STEPS[STEPS.index(step) :]:
            if later in states:
                states[later] = StepState.OUT_OF_DATE.value
        self._settings.keep(stepStates=states)
        self._notify("steps")

    def outdate_export(self) -> None:
        """A decision changed: what was exported is out of date. The inputs of the computing steps are the same."""
        states = dict(self._settings.now.stepStates)
        if states.get("export") == StepState.DONE.value:
            states["export"] = StepState.OUT_OF_DATE.value
            self._settings.keep(stepStates=states)
            self._notify("steps")

    def forget(self) -> None:
        """No step is done."""
        self._settings.keep(stepStates={})
