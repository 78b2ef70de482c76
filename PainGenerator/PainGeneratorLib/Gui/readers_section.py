"""Who reads: the name on decisions, a blind second review, and both readers beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from ..Numerics.core.measures import as_stored
from ..Numerics.core.reader_acts import shown_time
from ..Workflow.readers import ReaderCell, ReaderRow, Readers
from .guard import guarded
from .section import Section, set_up_table
from .session_needs import ReadersNeeds
from .words import number_text, plain, status_text

if TYPE_CHECKING:
    from .panel import Panel

NAME_SETTING = "PainGenerator/Reader"
"""Where Slicer's settings keep the reader's name. It is typed by the reader, never taken from the system."""

DIFFERENT = (255, 170, 60, 90)
"""Red, green, blue and opacity of a row on which the readers differ; it shows on light and on dark tables."""


class ReadersSection(Section[ReadersNeeds]):
    """Name of the reader, blind review, and the table of both readers."""

    INPUTS = ("readerEdit", "blindButton", "showBothButton", "readingCombo", "readersTable")

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self._rows: list[ReaderRow] = []
        set_up_table(self.ui.readersTable)
        self.ui.readerEdit.text = str(slicer.util.settingsValue(NAME_SETTING, ""))
        self.connect("readerEdit", "editingFinished()", self.on_name)
        self.connect("blindButton", "clicked()", self.on_blind)
        self.connect("showBothButton", "clicked()", self.on_show_both)
        self.connect("readingCombo", "activated(int)", self.on_reading)
        self.connect("readersTable", "itemSelectionChanged()", self.on_row)

    def start(self) -> None:
        name = str(slicer.util.settingsValue(NAME_SETTING, ""))
        reading = self.open_session.reading
        if not reading.is_blind:
            reading.set_name(name)
        # A blind review goes on with its own reader; the name of Slicer's settings may be that of the other one.
        elif not reading.name:
            reading.set_name(reading.label)
        self.ui.readerEdit.text = reading.name

    def update(self, what: str) -> None:
        if what in ("candidates", "review", "steps", "all"):
            self._show()

    def _show(self) -> None:
        ui, session = self.ui, self.session
        reading = None if session is None else session.reading
        free = reading is not None and not self.panel.is_busy
        reason = _("Open the module first.") if reading is None else reading.reason_no_blind_review()
        ui.readerEdit.enabled = free
        ui.blindButton.enabled = free and reason is None
        ui.blindButton.toolTip = reason or _(
            "The reader whose name is in the field Reader reviews the case anew, without seeing what was decided"
        )
        ui.showBothButton.visible = reading is not None and reading.is_blind
        ui.readersLabel.text = "" if reading is None else self._state_text(reading)
        ui.readersLabel.visible = bool(ui.readersLabel.text)
        self._show_table(Readers() if reading is None else reading.readers())

    def _state_text(self, reading: Any) -> str:
        """What the reader has to know, in a sentence or two."""
        if reading.is_blind:
            return plain(_("Blind review: what was decided before is hidden, also in exports."))
        unnamed, agreement = reading.unnamed(), reading.agreement()
        lines = [] if agreement is None else [plain(agreement.text)]
        if not reading.name:
            lines.append(plain(_("Type your name: it stands on every decision, with the time.")))
        if unnamed:
            lines.append(plain(_("Acts without a name: {count}.").format(count=unnamed)))
        return "<br>".join(lines)

    def _show_table(self, readers: Readers) -> None:
        ui, table = self.ui, self.ui.readersTable
        several = len(readers.readings) > 1
        self._rows = readers.rows if several else []
        ui.readingCombo.visible = ui.readingLabel.visible = table.visible = several
        self._is_filling = True
        try:
            ui.readingCombo.clear()
            for number, reading in enumerate(readers.readings):
                ui.readingCombo.addItem(reading.label or _("reader not named"), number)
            ui.readingCombo.setCurrentIndex(readers.shown)
            self._fill(readers)
        finally:
            self._is_filling = False

    def _fill(self, readers: Readers) -> None:
        table = self.ui.readersTable
        names = [reading.label or _("reader not named") for reading in readers.readings]
        heads = [_("Place"), *names, _("Differ in")]
        table.setRowCount(0)
        table.setColumnCount(len(heads))
        table.setHorizontalHeaderLabels(heads)
        table.setRowCount(len(self._rows))
        for index, row in enumerate(self._rows):
            texts = [row.first.place.name, *map(cell_text, row.cells), ", ".join(row.differs)]
            tips = ["", *map(cell_tip, row.cells), ""]
            for column, (text, tip) in enumerate(zip(texts, tips, strict=True)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(tip or text)
                if row.differs:
                    item.setBackground(qt.QBrush(qt.QColor(*DIFFERENT)))
                table.setItem(index, column, item)

    @guarded
    def on_name(self) -> None:
        """Keep the name for this and the next sessions."""
        if self._is_filling or self.session is None:
            return
        reading = self.session.reading
        typed = self.ui.readerEdit.text
        if typed == reading.name:
            return
        self.panel.details.keep_typed()
        reading.set_name(typed)
        qt.QSettings().setValue(NAME_SETTING, reading.name)
        # The name is kept before the question: its dialog takes the focus, and the field reports a change again.
        self.ui.readerEdit.text = reading.name
        count = reading.unsigned() if reading.name else 0
        question = _("Are the {count} acts without a name yours, {name}?").format(count=count, name=reading.name)
        if count and slicer.util.confirmYesNoDisplay(question):
            count = reading.sign()
            slicer.util.showStatusMessage(
                _("{count} acts of this session have the name {name} now.").format(count=count, name=reading.name),
                5000,
            )
        self._show()

    @guarded
    def on_blind(self) -> None:
        """Begin a review that sees nothing of the first."""
        self.panel.details.keep_typed()
        reading = self.open_session.reading
        reading.begin_blind(self.ui.readerEdit.text)
        qt.QSettings().setValue(NAME_SETTING, reading.name)
        self.ui.readerEdit.text = reading.name

    @guarded
    def on_show_both(self) -> None:
        """End the blind review and show both readers beside each other."""
        self.panel.details.keep_typed()
        self.open_session.reading.show_all()

    @guarded
    def on_reading(self, index: int) -> None:
        """Show the decisions of another reader in the table of candidates and in the views."""
        if not self._is_filling and index >= 0:
            self.panel.details.keep_typed()
            self.open_session.reading.show(int(self.ui.readingCombo.itemData(index)))

    @guarded
    def on_row(self) -> None:
        """Take all views to the chosen place."""
        row = self.ui.readersTable.currentRow()
        if not self._is_filling and 0 <= row < len(self._rows):
            self.panel.views.go_to(self._rows[row].first.centroid_ras_mm)


def cell_text(cell: ReaderCell | None) -> str:
    """What a reader says of a place, in short."""
    if cell is None:
        return _("not found")
    texts = {"set apart": _("set apart"), "to be looked at": _("to be looked at"), "deleted": _("deleted")}
    verdict = texts.get(cell.where) or status_text(cell.entry.status)
    return f"{verdict}: {cell.entry.comment}" if cell.entry.comment else verdict


def cell_tip(cell: ReaderCell | None) -> str:
    """Who decided it and when, its outline, and the comment."""
    if cell is None:
        return ""
    lines = [f"{act.act} {act.detail}: {act.by}, {shown_time(act.time)}" for act in cell.entry.acts]
    return "\n".join([*lines, number_text(as_stored(cell.entry).volume_ml, 2, "ml")])
