"""The step Export: hands the case over to files."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from ..Exchange.choices import EXPORTS, USUAL
from ..Exchange.source_images import SourceImages, read_source_images
from ..Numerics.core.errors import PainGeneratorError
from ..Workflow.analyze import Analysis
from ..Workflow.letter_notes import LetterNotes
from ..Workflow.progress import Show, StageClock, silent
from ..Workflow.report_edit import ReportEdit
from ..Workflow.target_records import Target
from .case_state import CaseState
from .case_writer import CaseWriter
from .found_tools import OTHER_BASIS, RUN_AGAIN, FoundTools
from .letter_desk import LetterDesk
from .readers import ReaderControl
from .scene_link import SceneLink
from .step_states import StepStates

EXPORTED_NODES = ("hot-spots", "mr-findings", "candidates", "targets")
"""Keys of the nodes that are written as files of their own."""


def _no_edit() -> ReportEdit | None:
    return None


class ExportWriter(Protocol):
    """Writes the outputs of a case into a folder (``Report.session_export.export_session``)."""

    def __call__(
        self,
        analysis: Analysis,
        scene: Any,
        nodes: Mapping[str, Any],
        folder: Path,
        what: set[str],
        overwrite: bool,
        created: datetime.datetime,
        sources: SourceImages,
        objects: Collection[str] = ...,
        progress: Show = ...,
        tell: Callable[[str], None] = ...,
    ) -> Path:
        """Write what was chosen and tell what was found in the folder and kept; returns the folder."""


class Exporter:
    """Writes the files that the referring physician gets.

    Parameters
    ----------
    link : SceneLink
    state : CaseState
    states : StepStates
    writer : CaseWriter
    export_writer : ExportWriter or None
        Export is refused without it.
    readers : ReaderControl
    tools : FoundTools
        Tell whether the candidates belong to this SUV and these transforms.
    """

    name = "export"

    def __init__(
        self,
        link: SceneLink,
        state: CaseState,
        states: StepStates,
        writer: CaseWriter,
        export_writer: ExportWriter | None,
        readers: ReaderControl,
        tools: FoundTools,
    ) -> None:
        self.pending_of_basis: Callable[[], str | None] = lambda: None
        """Says which settings of SUV and alignment were changed and not applied."""
        self._readers, self._tools = readers, tools
        self.report_edit: Callable[[], ReportEdit | None] = _no_edit
        """Gives the reader's own wording of the text for the report system."""
        self.letter: LetterDesk | None = None
        """What the reader writes for the letter."""
        self.targets: Callable[[], list[Target]] | None = None
        """Gives the targets with the paths that the reader moved."""
        self.find_file: Callable[[str], str | Path | None] = lambda uid: None
        """Gives the file of a SOP instance UID: the images of the case, which DICOM objects refer to."""
        self._link, self._state, self._states = link, state, states
        self._writer, self._export_writer = writer, export_writer

    def reason_not_ready(self, state: CaseState) -> str | None:
        """Why nothing can be exported; None when it can."""
        if not state.is_found:
            return "Find candidates first (step Find)."
        if self._tools.is_of_another_basis():
            return f"{OTHER_BASIS} {RUN_AGAIN}"
        pending = self.pending_of_basis()
        if pending is not None:
            return pending
        return None if self._export_writer is not None else "This session was made without a writer."

    def analysis(self) -> Analysis:
        """The case with the results of all steps, candidates as they stand.

        Raises
        ------
        PainGeneratorError
            When the steps were not run.
        """
        if not self._state.is_found:
            raise PainGeneratorError("There is nothing to export yet.", "Run the step Find first.")
        now = self._state.require_found()
        readers, edit = self._readers.readers(), self.report_edit()
        said = (*self._state.scene_changes, *self._state.pending(), *self._state.said)
        language, notes = ("en", LetterNotes()) if self.letter is None else (self.letter.language, self.letter.notes)
        return Analysis(
            now.case,
            now.suv,
            now.alignment,
            now.anatomy,
            now.found,
            StageClock(),
            said,
            readers,
            edit,
            language,
            notes,
            self.targets,
        )

    def export(
        self,
        folder: str | Path,
        what: Iterable[str] = EXPORTS,
        overwrite: bool = False,
        progress: Show = silent,
        objects: Collection[str] = USUAL,
    ) -> Path:
        """Write the case into a folder, which appears complete or not at all.

        Parameters
        ----------
        folder : path
        what : iterable of str
            Of ``report``, ``tables``, ``segmentations``, ``scene``, ``dicom``.
        overwrite : bool
            Replace what an earlier export wrote into an existing folder; what it did not write, or was changed since,
            is kept, and a notice says so.
        progress : callable, optional
            May raise Cancelled; nothing is left behind then.
        objects : collection of str
            Which DICOM objects are written for ``dicom``, names of :data:`..Exchange.choices.CHOICES`.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        PainGeneratorError
            When it cannot be written.
        """
        reason = self.reason_not_ready(self._state)
        if self._export_writer is None or reason is not None:
            raise PainGeneratorError(reason or "There is no writer.", "Finish the steps above first.")
        chosen = set(what)
        if not chosen or not chosen <= set(EXPORTS):
            raise ValueError(f"what must be some of {EXPORTS}, not {sorted(chosen)}")
        is_blind = self._readers.is_blind
        self._writer.write_all(is_blind=is_blind)
        created = datetime.datetime.now().astimezone()
        nodes = {key: self._link.result_node(key) for key in EXPORTED_NODES}
        try:
            path = self._export_writer(
                self.analysis(),
                self._link.scene,
                nodes,
                Path(folder),
                chosen,
                overwrite,
                created,
                read_source_images(self.analysis().case, self.find_file) if "dicom" in chosen else SourceImages({}),
                objects,
                progress,
                self._state.notices.append,
            )
        finally:
            # The scene at hand keeps all readings, to be shown when both are done.
            if is_blind:
                self._writer.write_all()
        self._states.set_done("export")
        return path
