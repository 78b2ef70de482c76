"""The text for the report system: an editor and a button that copies it to the clipboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from ..Numerics.core.reader_acts import NOT_NAMED, shown_time
from .guard import guarded
from .typed_text import TypedSection
from .words import plain

if TYPE_CHECKING:
    from .panel import Panel


class TextSection(TypedSection):
    """Editor, Copy, and the way between the computed text and the reader's own."""

    INPUTS = ("reportTextEdit", "copyTextButton", "computedTextButton", "confirmTextButton")

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel, ("reportTextEdit",))
        self.connect("reportTextGroup", "toggled(bool)", self.on_opened)
        self.connect("copyTextButton", "clicked()", self.on_copy)
        self.connect("computedTextButton", "clicked()", self.on_computed)
        self.connect("confirmTextButton", "clicked()", self.on_confirm)

    def keep(self) -> None:
        """Keep what was typed with the case."""
        self.open_session.report_text.write(self.ui.reportTextEdit.plainText)

    def update(self, what: str) -> None:
        if what in ("candidates", "review", "steps", "all"):
            self._show()

    def _show(self) -> None:
        ui, session = self.ui, self.session
        text = None if session is None or session.state("find").value == "not done" else session.report_text
        free = text is not None and not self.panel.is_busy
        ui.reportTextEdit.enabled = ui.copyTextButton.enabled = free
        if text is None:
            self._put("")
            ui.reportTextLabel.text = _("The text is there after the step Find.")
        elif ui.reportTextGroup.checked and not self._typed:
            self._put(text.text())
            ui.reportTextLabel.text = plain(self._state_text(text))
        ui.confirmTextButton.visible = text is not None and text.is_outdated
        has_own = text is not None and text.edit is not None
        ui.computedTextButton.enabled = free and (has_own or (text is not None and text.can_use_mine))
        ui.computedTextButton.text = (
            _("Take the computed text") if has_own or not ui.computedTextButton.enabled else _("Back to my text")
        )

    def _state_text(self, text: Any) -> str:
        edit = text.edit
        if edit is None:
            return _("As computed; it follows every decision until you edit it.")
        by = _("Edited by {reader}, {time}.").format(reader=edit.reader or NOT_NAMED, time=shown_time(edit.time))
        if text.is_outdated:
            return _("{by} The findings changed since: check the text against them.").format(by=by)
        return by

    def _put(self, text: str) -> None:
        """Show a text; the cursor stays when nothing changed."""
        if self.ui.reportTextEdit.plainText != text:
            self._is_filling = True
            try:
                self.ui.reportTextEdit.plainText = text
            finally:
                self._is_filling = False

    @guarded
    def on_opened(self, opened: bool) -> None:
        """Show the text, which is computed only while it can be seen."""
        self.keep_typed()
        if opened:
            self._show()

    @guarded
    def on_copy(self) -> None:
        """Copy the text to the clipboard."""
        self.keep_typed()
        text = self.open_session.report_text
        slicer.app.clipboard().setText(text.marked_text())
        told = _("The text is on the clipboard. The findings changed after it was edited: its first line says so.")
        slicer.util.showStatusMessage(told if text.is_outdated else _("The text is on the clipboard."), 5000)

    @guarded
    def on_computed(self) -> None:
        """Take the computed text, or the reader's own again."""
        self.keep_typed()
        text = self.open_session.report_text
        if text.edit is not None:
            text.use_computed()
        else:
            text.use_mine()

    @guarded
    def on_confirm(self) -> None:
        """The reader has checked the text against the findings of now."""
        self.keep_typed()
        self.open_session.report_text.confirm()
