"""What is set apart below the bar, and what has to be looked at although it is no pain generator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.records import Candidate
from ..Numerics.core.strength import signed_points
from .details_section import details_text
from .guard import guarded
from .ledger_table import LedgerTable
from .section import Section, set_up_table
from .session_needs import ApartNeeds
from .words import number_text, plain, red

if TYPE_CHECKING:
    from .panel import Panel

RIGHT_COLUMNS = (2, 3)
"""Columns of numbers: SUVmax and points."""

WIDTHS = (150, 62, 55, 48)
"""Widths of the columns before the reason, in pixels: they are all seen in a panel of usual width. The reason is as
wide as its text."""


class ApartSection(Section[ApartNeeds]):
    """List, measures and ledger of what is no candidate, and the way back among the candidates.

    What has to be looked at stands first, in bold, and in a line above the candidates.
    """

    INPUTS = ("apartTable", "bringBackButton")

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        table = self.ui.apartTable
        set_up_table(table)
        header = table.horizontalHeader()
        header.setStretchLastSection(False)
        for column, width in enumerate(WIDTHS):
            header.setSectionResizeMode(column, qt.QHeaderView.Interactive)
            table.setColumnWidth(column, width)
        self.ledger = LedgerTable(self.ui.apartLedgerTable)
        self.connect("apartTable", "itemSelectionChanged()", self.on_entry_chosen)
        self.connect("bringBackButton", "clicked()", self.on_bring_back)
        self.connect("attentionLabel", "linkActivated(QString)", self.on_link)

    def update(self, what: str) -> None:
        if what in ("candidates", "review", "case", "all"):
            self._fill()
        self._show_chosen()

    def _lists(self) -> tuple[list[Candidate], list[Candidate]]:
        """What has to be looked at, and what is set apart."""
        session = self.session
        return ([], []) if session is None else (session.attention(), session.set_apart())

    def _fill(self) -> None:
        ui, chosen = self.ui, set(self.selected())
        attention, set_apart = self._lists()
        ui.apartGroup.title = title_text(len(attention), len(set_apart))
        ui.attentionLabel.visible = bool(attention)
        ui.attentionLabel.text = attention_text(attention)
        self._is_filling = True
        try:
            ui.apartTable.clearSelection()
            ui.apartTable.setRowCount(len(attention) + len(set_apart))
            for row, entry in enumerate([*attention, *set_apart]):
                self._fill_row(row, entry, is_for_attention=row < len(attention))
                if entry.id in chosen:
                    ui.apartTable.setCurrentCell(row, 0)
        finally:
            self._is_filling = False

    def _fill_row(self, row: int, entry: Candidate, is_for_attention: bool) -> None:
        texts = (
            entry.place.name,
            entry.evidence,
            number_text(entry.suv_max),
            signed_points(entry.score),
            entry.reason,
        )
        for column, text in enumerate(texts):
            item = qt.QTableWidgetItem(text)
            if column == 0:
                item.setData(qt.Qt.UserRole, entry.id)
            if column in RIGHT_COLUMNS:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            if is_for_attention:
                font = item.font()
                font.setBold(True)
                item.setFont(font)
            item.setToolTip(f"{entry.place.name}: {entry.reason}")
            self.ui.apartTable.setItem(row, column, item)

    def selected(self) -> list[str]:
        """Ids of the chosen entries, from top to bottom."""
        table = self.ui.apartTable
        rows = sorted({item.row() for item in table.selectedItems()})
        return [table.item(row, 0).data(qt.Qt.UserRole) for row in rows]

    def _show_chosen(self) -> None:
        """Measures, reason and ledger of the one entry that is chosen."""
        ids = self.selected()
        attention, set_apart = self._lists()
        entry = next((one for one in (*attention, *set_apart) if ids == [one.id]), None)
        self.ui.apartLabel.text = "" if entry is None else details_text(entry)
        self.ui.apartLabel.visible = entry is not None
        self.ledger.show(entry)
        # A collapsed group disables what is in it, so that the state of the table before a run says nothing.
        self.ui.apartTable.enabled = not self.panel.is_busy
        self.ui.bringBackButton.enabled = bool(ids) and self.session is not None and not self.panel.is_busy

    @guarded
    def on_entry_chosen(self) -> None:
        """Take all views to the entry and show why it is no candidate."""
        if self._is_filling:
            return
        self._show_chosen()
        ids = self.selected()
        if ids and self.session is not None:
            self.panel.views.go_to(self.session.position_of(ids[0]))

    @guarded
    def on_link(self, entry_id: str) -> None:
        """Open the list at an entry that has to be looked at."""
        self.ui.apartGroup.collapsed = False
        table = self.ui.apartTable
        for row in range(table.rowCount):
            if table.item(row, 0).data(qt.Qt.UserRole) == entry_id:
                table.setCurrentCell(row, 0)

    @guarded
    def on_bring_back(self) -> None:
        """Make candidates of the chosen entries; undo takes it back."""
        ids = self.selected()
        if not ids:
            raise PainGeneratorError(_("Nothing is chosen."), _("Choose one or more entries in the list."))
        self.open_session.bring_back(ids)
        self.panel.review.table.choose(ids[0])


def title_text(n_attention: int, n_apart: int) -> str:
    """The heading of the list, with the number of its entries."""
    text = _("Set apart and to be looked at")
    if not n_attention and not n_apart:
        return text
    counts = _("{apart} set apart, {attention} to be looked at")
    return f"{text} ({counts.format(apart=n_apart, attention=n_attention)})"


def attention_text(entries: Sequence[Candidate]) -> str:
    """What has to be looked at, with links into the list, for a label with markup."""
    if not entries:
        return ""
    head = red(_("To be looked at, although not ranked as a source of pain:"))
    lines = [f'<a href="{plain(e.id)}">{plain(e.place.name)}</a>: {plain(e.reason)}' for e in entries]
    return "<br>".join([head, *lines])
