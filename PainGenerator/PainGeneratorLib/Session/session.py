"""The panel's engine: one case in one scene, step by step, without Qt.

A long step is three calls: ``prepare`` reads the scene on the main thread, ``Job.compute`` works on plain data in any
thread, ``apply`` writes the scene on the main thread. Until ``apply`` the scene stays as it was, so that a cancelled
step leaves no trace.
"""

from __future__ import annotations

from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Scene.parameters import parameter_node
from ..Scene.read_case import has_case
from ..Workflow.progress import Show, part, silent
from .base import Export
from .case_step import CaseStep
from .export_step import ExportStep
from .restore import RestoreStep
from .types import (
    RUN_STEPS,
    STEPS,
    Job,
    ParameterEntry,
    RoleProposal,
    StepState,
    SuvLine,
)
from .volume_roles import FileOfInstance

__all__ = ["RUN_STEPS", "STEPS", "Job", "ParameterEntry", "RoleProposal", "Session", "StepState", "SuvLine"]


class Session(CaseStep, RestoreStep, ExportStep):
    """One case in one scene; see :class:`.session_base.SessionBase` for the arguments.

    A scene that holds a case already (reopened, or written by the command line) is taken up where it was left.
    """

    def __init__(
        self, scene: Any, file_of_instance: FileOfInstance | None = None, exporter: Export | None = None
    ) -> None:
        super().__init__(scene, file_of_instance, exporter)
        parameter_node(scene)
        if has_case(scene):
            self._restore()

    def prepare(self, step: str) -> Job:
        """Read what a step needs from the scene; on the main thread.

        Parameters
        ----------
        step : str
            ``case``, ``align`` or ``find``.

        Raises
        ------
        PainGeneratorError
            When the step cannot run.
        """
        if step not in RUN_STEPS:
            raise ValueError(f"step must be one of {RUN_STEPS}, not {step!r}")
        self._require_ready(step)
        return getattr(self, f"_prepare_{step}")()

    def apply(self, job: Job) -> None:
        """Write the results of a computed job into the scene; on the main thread.

        Raises
        ------
        PainGeneratorError
            When the step's input changed since the job was made.
        """
        if not job.is_computed:
            raise ValueError("the job was not computed")
        if job.revision != self._revision:
            raise PainGeneratorError(
                f"The input of the step {job.step} changed while it was running.", "Run the step again."
            )
        getattr(self, f"_apply_{job.step}")(job.result)
        self._set_done(job.step)
        if job.step == "find":
            self.notify("candidates")

    def run(self, step: str, progress: Show = silent) -> None:
        """Prepare, compute and apply in a row."""
        job = self.prepare(step)
        job.compute(progress)
        self.apply(job)

    def steps_to_run(self) -> list[str]:
        """The computing steps that are not done, in order: what "Run all" has to do."""
        for index, step in enumerate(RUN_STEPS):
            if self.state(step) is not StepState.DONE:
                return list(RUN_STEPS[index:])
        return []

    def run_all(self, progress: Show = silent) -> None:
        """Run every computing step that is not done."""
        steps = self.steps_to_run()
        for number, step in enumerate(steps):
            self.run(step, part(progress, number / len(steps), (number + 1) / len(steps)))

    def close(self) -> None:
        """Let go of the scene and of all images; the scene keeps the case."""
        self.changed.clear()
        self._scene = None
        self._case = self._suv = self._alignment = self._anatomy = self._found = self._review = None
