"""What is set apart below the bar, and what has to be looked at although it is no pain generator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

from ..Numerics.core.measures import as_stored
from ..Numerics.core.records import Candidate
from ..Numerics.core.short_names import short_name_with_doubts
from ..Numerics.core.strength import signed_points
from .details_section import details_text
from .guard import Hint, guarded
from .ledger_table import LedgerTable
from .panel_width import show_text
from .row_table import choose_row, fit_columns, fit_height
from .section import Section, set_up_table
from .session_needs import ApartNeeds
from .words import number_text, plain, red

if TYPE_CHECKING:
    from .panel import Panel

NAME, REASON, PEAK, RATIO, POINTS = range(5)
"""Columns. All are seen without scrolling; what the reason has no room for stands in the tool tip and below."""
RIGHT_COLUMNS = (PEAK, RATIO, POINTS)
"""Columns of numbers."""
WIDEST = {NAME: "R paraspinal L4/5?", PEAK: "SUVpeak", RATIO: "Ratio", POINTS: "Points"}
"""For each column but that of reasons the widest text that it shows in full."""


class ApartSection(Section[ApartNeeds]):
    """List, measures and ledger of what is no candidate, and the way back among the candidates.

    What has to be looked at stands first, in bold, and in a line above the candidates.
    """

    INPUTS = ("apartTable", "bringBackButton")

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        table = self.ui.apartTable
        set_up_table(table)
        fit_columns(table, WIDEST, REASON)
        fit_height(table)
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
        show_text(ui.attentionLabel, attention_text(attention))
        self._is_filling = True
        try:
            ui.apartTable.clearSelection()
            ui.apartTable.setRowCount(len(attention) + len(set_apart))
            for row, entry in enumerate([*attention, *set_apart]):
                self._fill_row(row, entry, is_for_attention=row < len(attention))
                if entry.id in chosen:
                    choose_row(ui.apartTable, row)
        finally:
            self._is_filling = False
        fit_height(ui.apartTable)

    def _fill_row(self, row: int, entry: Candidate, is_for_attention: bool) -> None:
        entry = as_stored(entry)
        texts = (
            short_name_with_doubts(entry.place),
            entry.reason,
            number_text(entry.suv_peak),
            number_text(entry.tbr),
            signed_points(entry.score),
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
            item.setToolTip(f"{entry.place.name}, {entry.evidence}: {entry.reason}\n{rule_text(entry)}".rstrip())
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
        show_text(self.ui.apartLabel, "" if entry is None else apart_text(entry))
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
                choose_row(table, row)

    @guarded
    def on_bring_back(self) -> None:
        """Make candidates of the chosen entries; undo takes it back."""
        ids = self.selected()
        if not ids:
            raise Hint(_("Nothing is chosen: click an entry of the list first."))
        self.open_session.bring_back(ids)
        self.panel.review.show_brought_back(ids)


def title_text(n_attention: int, n_apart: int) -> str:
    """The heading of the list, with the number of its entries."""
    text = _("Set apart and to be looked at")
    if not n_attention and not n_apart:
        return text
    counts = _("{apart} set apart, {attention} to be looked at")
    return f"{text} ({counts.format(apart=n_apart, attention=n_attention)})"


def rule_text(entry: Candidate) -> str:
    """The rules that judged its uptake and signal by their names, and what speaks most against it, in words."""
    judged = [*(spot.rule for spot in entry.hot_spots), *(finding.rule for finding in entry.mr_findings)]
    rules = list(dict.fromkeys(rule for rule in judged if rule))
    texts = [_("Rules: {names}").format(names=", ".join(rules))] if rules else []
    against = min(entry.ledger, key=lambda sign: sign.points, default=None)
    if against is not None and against.points < 0.0:
        text = _("most against it: {sign} ({points} points)")
        texts.append(text.format(sign=words_in_sentence(against.text), points=signed_points(against.points)))
    return "; ".join(texts)


def words_in_sentence(text: str) -> str:
    """A sentence as a part of another one: no period, and a small letter first unless a short name begins it."""
    said = text.strip().rstrip(".")
    return said[:1].lower() + said[1:] if said[1:2].islower() else said


def apart_text(entry: Candidate) -> str:
    """What is known about an entry, and the rule against it, for a label with markup."""
    rule = rule_text(entry)
    return details_text(entry) + (f"<br>{plain(rule)}" if rule else "")


def attention_text(entries: Sequence[Candidate]) -> str:
    """What has to be looked at, with links into the list, for a label with markup."""
    if not entries:
        return ""
    head = red(_("To be looked at, although not ranked as a source of pain:"))
    lines = [f'<a href="{plain(e.id)}">{plain(e.place.name)}</a>: {plain(e.reason)}' for e in entries]
    return "<br>".join([head, *lines])
