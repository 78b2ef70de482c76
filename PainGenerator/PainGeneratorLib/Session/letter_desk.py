"""What the reader writes for the letter to the referring physician, and its language; kept with the scene."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from ..Workflow.analyze import Analysis
from ..Workflow.letter_notes import LetterNotes
from .case_state import CaseState
from .review import storable

FactsWriter = Callable[[Analysis], str]
"""Makes the fingerprint of the findings of a case (``Report.case_outputs.facts_of_letter``)."""


class LetterDesk:
    """Impression, advice and language. Each reading of a case has its own texts.

    Parameters
    ----------
    state : CaseState
    analysis : callable
        Gives the case as it stands.
    facts_writer : FactsWriter or None
        Without it, no change of the findings is noticed.
    kept : callable
        Called after a change, to keep it with the scene.
    """

    def __init__(
        self,
        state: CaseState,
        analysis: Callable[[], Analysis],
        facts_writer: FactsWriter | None,
        kept: Callable[[], None],
    ) -> None:
        self._state, self._analysis, self._facts_writer, self._kept = state, analysis, facts_writer, kept
        self._notes: dict[int, LetterNotes] = {}
        self._language = "en"

    @property
    def language(self) -> str:
        """Code of the language of the letter."""
        return self._language

    def set_language(self, code: str) -> None:
        """Choose the language of the letter."""
        if code != self._language:
            self._language = code
            self._kept()

    @property
    def notes(self) -> LetterNotes:
        """What the reader wrote; empty texts before."""
        return self._notes.get(self._state.readers.place, LetterNotes())

    @property
    def is_outdated(self) -> bool:
        """True when the findings changed after the reader wrote."""
        notes = self.notes
        return not notes.is_empty and self._state.is_found and notes.is_outdated(self._facts())

    def write(self, impression: str, advice: str) -> None:
        """Keep what the reader wrote, with the findings for which it was written."""
        notes = self.notes
        texts = (storable(impression).strip(), storable(advice).strip())
        if texts != (notes.impression, notes.advice):
            self._set(dataclasses.replace(notes, impression=texts[0], advice=texts[1], facts=self._facts()))

    def confirm(self) -> None:
        """The reader checked the texts against the findings of now."""
        if not self.notes.is_empty:
            self._set(dataclasses.replace(self.notes, facts=self._facts()))

    def _set(self, notes: LetterNotes) -> None:
        self._notes[self._state.readers.place] = notes
        self._kept()

    def _facts(self) -> str:
        if self._facts_writer is None or not self._state.is_found:
            return ""
        return self._facts_writer(self._analysis())

    # --- kept with the scene

    def to_kept(self) -> dict[str, Any]:
        """What the scene's text holds of it."""
        notes = {str(place): dataclasses.asdict(one) for place, one in self._notes.items() if not one.is_empty}
        return {"language": self._language, "notes": notes}

    def to_blind_kept(self) -> dict[str, Any]:
        """The same with the texts of the reading that is shown only, as the first of its scene."""
        kept = self.to_kept()
        shown = str(self._state.readers.place)
        return {**kept, "notes": {"0": kept["notes"][shown]} if shown in kept["notes"] else {}}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take over what :meth:`to_kept` gave."""
        self._language = kept.get("language", "en")
        self._notes = {int(place): LetterNotes(**notes) for place, notes in kept.get("notes", {}).items()}
