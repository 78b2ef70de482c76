"""The text for the report system: computed from the case, edited by the reader, kept with the scene."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.reader_acts import now_text
from ..Workflow.analyze import Analysis
from ..Workflow.report_edit import ReportEdit
from .case_state import CaseState
from .case_writer import CaseWriter
from .letter_desk import FactsWriter, LetterDesk
from .notifier import Notifier
from .review import storable
from .step_states import StepStates

TextWriter = Callable[[Analysis], str]
"""Makes the text of a case (``Report.case_outputs.plain_text``)."""


class ReportText:
    """The computed text, and the reader's own wording of it. Each reading of a case has its own.

    Parameters
    ----------
    state : CaseState
    states : StepStates
    writer : CaseWriter
    analysis : callable
        Gives the case as it stands.
    text_writer : TextWriter or None
        There is no text without it.
    notify : Notifier
    facts_writer : FactsWriter, optional

    Attributes
    ----------
    letter : LetterDesk
        What the reader writes for the letter to the referring physician.
    """

    def __init__(
        self,
        state: CaseState,
        states: StepStates,
        writer: CaseWriter,
        analysis: Callable[[], Analysis],
        text_writer: TextWriter | None,
        notify: Notifier,
        facts_writer: FactsWriter | None = None,
    ) -> None:
        self.letter = LetterDesk(state, analysis, facts_writer, self._kept)
        self._state, self._states, self._writer, self._notify = state, states, writer, notify
        self._analysis, self._text_writer = analysis, text_writer
        self._edits: dict[int, ReportEdit] = {}
        self._former: dict[int, ReportEdit] = {}
        """Edited texts that the reader gave up for the computed one, so that they can be brought back."""

    @property
    def edit(self) -> ReportEdit | None:
        """The reader's wording; None while the text is the computed one."""
        return self._edits.get(self._state.readers.place)

    def computed(self) -> str:
        """The text as the case gives it now; empty before the step Find.

        Raises
        ------
        PainGeneratorError
            In a session that was made without a writer of texts.
        """
        if not self._state.is_found:
            return ""
        if self._text_writer is None:
            raise PainGeneratorError("There is no text here.", "This session was made without a writer.")
        return self._text_writer(self._analysis())

    def text(self) -> str:
        """The text for the editor: the reader's, else the computed one."""
        return self.computed() if self.edit is None else self.edit.text

    def marked_text(self) -> str:
        """The text to be copied; its first line says so where the facts changed after it was edited."""
        return self.computed() if self.edit is None else self.edit.marked(self.computed())

    @property
    def is_outdated(self) -> bool:
        """True when the facts changed after the reader edited the text."""
        return self.edit is not None and self.edit.is_outdated(self.computed())

    def write(self, text: str) -> None:
        """Keep the reader's wording; the computed text itself is no wording of the reader."""
        computed = self.computed()
        former = self.edit
        if not computed or text == (computed if former is None else former.text):
            return
        place = self._state.readers.place
        if text == computed:
            self._give_up(place)
        else:
            self._edits[place] = ReportEdit(storable(text), computed, self._state.readers.reader, now_text())
        self._kept()

    def confirm(self) -> None:
        """The reader looked at an outdated text and leaves it as it is: it holds for the facts of now."""
        if self.edit is not None:
            edit = dataclasses.replace(
                self.edit, facts=self.computed(), reader=self._state.readers.reader, time=now_text()
            )
            self._edits[self._state.readers.place] = edit
            self._kept()

    def use_computed(self) -> None:
        """Give the reader's wording up for the computed text; :meth:`use_mine` takes that back."""
        if self.edit is not None:
            self._give_up(self._state.readers.place)
            self._kept()

    def _give_up(self, place: int) -> None:
        edit = self._edits.pop(place, None)
        if edit is not None:
            self._former[place] = edit

    @property
    def can_use_mine(self) -> bool:
        """True when there is a wording of the reader that was given up."""
        return self.edit is None and self._state.readers.place in self._former

    def use_mine(self) -> None:
        """Take the reader's wording again that was given up."""
        if self.can_use_mine:
            place = self._state.readers.place
            self._edits[place] = self._former.pop(place)
            self._kept()

    def _kept(self) -> None:
        self._writer.write_candidates()
        self._states.outdate_export()
        self._notify("review")

    # --- kept with the scene

    def to_kept(self) -> dict[str, Any]:
        """What the scene's text holds of it."""
        texts = {
            name: {str(place): dataclasses.asdict(edit) for place, edit in edits.items()}
            for name, edits in (("edits", self._edits), ("former", self._former))
        }
        return {**texts, "letter": self.letter.to_kept()}

    def to_blind_kept(self) -> dict[str, Any]:
        """The same with the wording of the reading that is shown only, as the first of its scene."""
        shown = str(self._state.readers.place)
        kept = self.to_kept()
        del kept["letter"]
        texts = {name: {"0": edits[shown]} if shown in edits else {} for name, edits in kept.items()}
        return {**texts, "letter": self.letter.to_blind_kept()}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take over what :meth:`to_kept` gave."""
        self._edits, self._former = (
            {int(place): ReportEdit(**edit) for place, edit in kept.get(name, {}).items()}
            for name in ("edits", "former")
        )
        self.letter.restore(kept.get("letter", {}))
