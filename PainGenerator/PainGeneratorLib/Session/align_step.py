"""The step Align: brings every series to the reference series."""

from __future__ import annotations

import dataclasses

from ..Workflow.progress import Show
from ..Workflow.stages import Alignment, align_series
from .case_settings import CaseSettings
from .case_state import CaseState
from .case_writer import CaseWriter
from .step_states import StepStates
from .types import Job

NEEDS_CASE = "Compute the SUV first (step Case)."


class AlignStep:
    """From a case with SUV to one transform for each series.

    Parameters
    ----------
    settings : CaseSettings
    states : StepStates
    writer : CaseWriter
    """

    name = "align"
    changes = "align"

    def __init__(self, settings: CaseSettings, states: StepStates, writer: CaseWriter) -> None:
        self._settings, self._states, self._writer = settings, states, writer

    def reason_not_ready(self, state: CaseState) -> str | None:
        """Why the step cannot run; None when it can."""
        return None if state.case is not None and self._states.is_done("case") else NEEDS_CASE

    def prepare(self, state: CaseState) -> Job[Alignment]:
        """A job that searches the transforms, from the landmarks where there are some."""
        case, suv = state.require_suv()
        landmarks = dict(state.landmarks)
        case = dataclasses.replace(
            case,
            options=self._settings.options(),
            protocol=self._settings.protocol(),
            group=self._settings.group,
        )

        def work(progress: Show) -> Alignment:
            return align_series(case, suv, progress, landmarks)

        return Job(self.name, work, state.revision)

    def apply(self, state: CaseState, result: Alignment) -> None:
        """Take the transforms over and show the series where they put them."""
        state.alignment = result
        self._writer.write_all()
