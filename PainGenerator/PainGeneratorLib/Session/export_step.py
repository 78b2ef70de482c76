"""Step 5 of the session: handing the case over to files."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

from ..Numerics.core.errors import PainGeneratorError
from ..Workflow.analyze import Analysis
from ..Workflow.progress import Show, StageClock, silent
from .base import SessionBase
from .types import EXPORTS


class ExportStep(SessionBase):
    """Write what a referring physician gets."""

    def _reason_not_export(self) -> str | None:
        if self._found is None or self._alignment is None:
            return "Find candidates first (step Find)."
        return None if self._exporter is not None else "This session was made without a writer."

    def analysis(self) -> Analysis:
        """The case with the results of all steps, candidates as they stand.

        Raises
        ------
        PainGeneratorError
            When the steps were not run.
        """
        if self._found is None or self._alignment is None:
            raise PainGeneratorError("There is nothing to export yet.", "Run the step Find first.")
        return Analysis(self._case, self._suv, self._alignment, self._anatomy, self._found, StageClock())

    def export(
        self,
        folder: str | Path,
        what: Iterable[str] = EXPORTS,
        overwrite: bool = False,
        progress: Show = silent,
    ) -> Path:
        """Write the case into a folder, which appears complete or not at all.

        Parameters
        ----------
        folder : path
        what : iterable of str
            Of ``report``, ``tables``, ``segmentations``, ``scene``.
        overwrite : bool
            Replace an existing folder.
        progress : callable, optional
            May raise Cancelled; nothing is left behind then.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        PainGeneratorError
            When it cannot be written.
        """
        self._require_ready("export")
        chosen = set(what)
        if not chosen or not chosen <= set(EXPORTS):
            raise ValueError(f"what must be some of {EXPORTS}, not {sorted(chosen)}")
        self.save_state()
        created = datetime.datetime.now().astimezone()
        nodes = {key: self.node_of(key) for key in ("hot-spots", "mr-findings", "candidates", "targets")}
        path = self._exporter(self.analysis(), self.scene, nodes, Path(folder), chosen, overwrite, created, progress)
        self._set_done("export")
        return path
