"""The letter to the referring physician: its language, and the reader's impression and advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ..Report.languages import LANGUAGE_NAMES
from .guard import guarded
from .typed_text import TypedSection

if TYPE_CHECKING:
    from .panel import Panel


class LetterSection(TypedSection):
    """A box for the language, two editors, and a button that says that the texts were checked."""

    INPUTS = ("letterLanguageCombo", "impressionEdit", "adviceEdit", "confirmLetterButton")

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel, ("impressionEdit", "adviceEdit"))
        self._codes = list(LANGUAGE_NAMES)
        self._is_filling = True
        for name in LANGUAGE_NAMES.values():
            self.ui.letterLanguageCombo.addItem(name)
        self._is_filling = False
        self.connect("letterLanguageCombo", "currentIndexChanged(int)", self.on_language)
        self.connect("confirmLetterButton", "clicked()", self.on_confirm)

    def keep(self) -> None:
        """Keep what was typed with the case."""
        self.open_session.report_text.letter.write(self.ui.impressionEdit.plainText, self.ui.adviceEdit.plainText)

    def update(self, what: str) -> None:
        if what in ("candidates", "review", "steps", "all"):
            self._show()

    def _show(self) -> None:
        ui, session = self.ui, self.session
        letter = None if session is None or session.state("find").value == "not done" else session.report_text.letter
        free = letter is not None and not self.panel.is_busy
        for name in self.INPUTS:
            getattr(ui, name).enabled = free
        if letter is None:
            self._put("", "", 0)
            ui.letterLabel.text = _("The letter is there after the step Find.")
        elif not self._typed:
            self._put(letter.notes.impression, letter.notes.advice, self._codes.index(letter.language))
            ui.letterLabel.text = self._state_text(letter)
        ui.letterLabel.visible = bool(ui.letterLabel.text)
        ui.confirmLetterButton.visible = letter is not None and letter.is_outdated

    @staticmethod
    def _state_text(letter: Any) -> str:
        if letter.is_outdated:
            return _("The findings changed after you wrote this: check it against them.")
        return ""

    def _put(self, impression: str, advice: str, language: int) -> None:
        """Show texts and language; the cursor stays when nothing changed."""
        self._is_filling = True
        try:
            for edit, text in ((self.ui.impressionEdit, impression), (self.ui.adviceEdit, advice)):
                if edit.plainText.strip() != text:
                    edit.plainText = text
            self.ui.letterLanguageCombo.currentIndex = language
        finally:
            self._is_filling = False

    @guarded
    def on_language(self, index: int) -> None:
        """Choose the language of the letter."""
        if not self._is_filling and index >= 0:
            self.open_session.report_text.letter.set_language(self._codes[index])

    @guarded
    def on_confirm(self) -> None:
        """The reader has checked the texts against the findings of now."""
        self.keep_typed()
        self.open_session.report_text.letter.confirm()
