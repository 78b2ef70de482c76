"""The table of candidates: fill, sort, filter, choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from ..Numerics.core.measures import Kind, Output, as_stored, measures_of
from ..Numerics.core.records import FLAG_TEXTS
from ..Numerics.core.short_names import short_name_with_doubts
from ..Numerics.core.site_reading import sign_words
from ..Numerics.core.strength import signed_points, strength_word
from ..Numerics.core.words import Status
from ..Scene.appearance import candidate_color
from .guard import Connections, guarded
from .row_table import choose_row, fit_columns, fit_height
from .section import set_up_sorted_table
from .words import mr_kind_text, number_text, status_text, strength_text

COLUMNS = tuple(
    (measure.key, measure.digits if measure.kind is Kind.NUMBER else None) for measure in measures_of(Output.PANEL)
)
"""Key of `Session.row` and digits shown; None for text and whole numbers."""

WIDEST = {
    "rank": "99.",
    "status": "99",
    "evidence": "PET only",
    "suv_peak": "SUVpeak",
    "tbr": " 99.99",
    "mr_kind": "Modic III",
}
"""For each column the widest text that it shows in full, the heading included. Names take the rest."""
SIDE_FLAGS = ("side-uncertain", "side-likely", "map-side", "spine-uncertain")
"""Flags whose sentence is shown when the mouse rests on a candidate."""
STATUS_ICONS = {Status.ACCEPTED: "Accept", Status.REJECTED: "Reject", Status.PHYSIOLOGIC: "Physiologic"}
STATUS_ORDER = (Status.PENDING, Status.ACCEPTED, Status.PHYSIOLOGIC, Status.REJECTED)
"""How the column of decisions sorts: what is left to do comes first."""


class CandidateTable:
    """The table widget and what is chosen in it.

    Parameters
    ----------
    table : QTableWidget
    icon : callable
        Gives an icon by name.
    chosen : callable
        Called when the current candidate changes.
    """

    def __init__(self, table: Any, icon: Callable[[str], Any], chosen: Callable[[], None]) -> None:
        self._table, self._icon, self._chosen = table, icon, chosen
        self._connections = Connections()
        self._is_filling = False
        set_up_sorted_table(table, measures_of(Output.PANEL))
        keys = [key for key, _digits in COLUMNS]
        fit_columns(table, {keys.index(key): text for key, text in WIDEST.items()}, keys.index("short_name"))
        fit_height(table)
        self._connections.add(table, "itemSelectionChanged()", self.on_selection_changed)

    def cleanup(self) -> None:
        """Disconnect."""
        self._connections.clear()

    def fill(self, candidates: Sequence[Any], row_of: Callable[[Any], dict[str, Any]]) -> None:
        """Show candidates; what was chosen stays chosen, and the order of sorting stays.

        Parameters
        ----------
        candidates : sequence of Candidate
        row_of : callable
            `Session.row`.
        """
        table, chosen, current = self._table, set(self.selected()), self.current()
        self._is_filling = True
        # While the table sorts, a row that is being filled would move to another place.
        table.setSortingEnabled(False)
        try:
            table.clearSelection()
            table.setRowCount(len(candidates))
            for index, candidate in enumerate(candidates):
                self._fill_row(index, candidate, row_of(candidate))
            table.setSortingEnabled(True)
            self.select(chosen, current)
        finally:
            table.setSortingEnabled(True)
            self._is_filling = False
        fit_height(table)

    def _fill_row(self, index: int, candidate: Any, row: dict[str, Any]) -> None:
        for column, (key, digits) in enumerate(COLUMNS):
            item = qt.QTableWidgetItem()
            value = _shown_value(key, digits, candidate, row)
            if value is not None:
                item.setData(qt.Qt.DisplayRole, value)
            if digits is not None or key == "rank":
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            if key == "rank":
                item.setData(qt.Qt.UserRole, candidate.id)
                item.setBackground(qt.QBrush(_swatch(candidate)))
            if key == "status":
                self._show_decision(item, candidate.status)
            item.setToolTip(_tip(candidate))
            self._table.setItem(index, column, item)

    def _show_decision(self, item: Any, status: str) -> None:
        """The sign of a decision; none while it is pending."""
        item.setData(qt.Qt.AccessibleTextRole, status_text(status))
        if status in STATUS_ICONS:
            item.setIcon(self._icon(STATUS_ICONS[Status(status)]))

    def filter(self, candidates: Sequence[Any], status: str, evidence: str) -> int:
        """Hide rows of other status or evidence; empty words let all pass. Returns the number of rows shown."""
        by_id = {candidate.id: candidate for candidate in candidates}
        shown = 0
        for row in range(self._table.rowCount):
            candidate = by_id.get(self._id(row))
            fits = candidate is not None and status in ("", candidate.status) and evidence in ("", candidate.evidence)
            self._table.setRowHidden(row, not fits)
            shown += fits
        return shown

    def selected(self) -> list[str]:
        """Ids of the chosen candidates, from top to bottom."""
        rows = sorted({item.row() for item in self._table.selectedItems()})
        return [self._id(row) for row in rows if not self._table.isRowHidden(row)]

    def current(self) -> str | None:
        """Id of the candidate that was chosen last, None when none is."""
        chosen = self.selected()
        current = self._id(self._table.currentRow()) if self._table.currentRow() >= 0 else None
        return current if current in chosen else (chosen[0] if chosen else None)

    def shown(self) -> list[str]:
        """Ids of the candidates that the filters let pass, from top to bottom."""
        return [self._id(row) for row in range(self._table.rowCount) if not self._table.isRowHidden(row)]

    def all_after(self, candidate_id: str) -> list[str]:
        """Ids of all candidates in the order of reading on: those below one, then those above it."""
        ids = [self._id(row) for row in range(self._table.rowCount)]
        start = ids.index(candidate_id) + 1 if candidate_id in ids else 0
        return [*ids[start:], *ids[: max(start - 1, 0)]]

    def select(self, ids: set[str], current: str | None = None) -> None:
        """Choose candidates by id, one of them as the current one; all others are let go."""
        self._table.clearSelection()
        rows = {self._id(row): row for row in range(self._table.rowCount)}
        wanted = [candidate_id for candidate_id in rows if candidate_id in ids]
        if not wanted:
            return
        # The arrow keys go on from the current cell.
        choose_row(self._table, rows[current if current in wanted else wanted[0]])
        for candidate_id in wanted:
            for column in range(self._table.columnCount):
                self._table.item(rows[candidate_id], column).setSelected(True)

    def choose(self, candidate_id: str) -> None:
        """Choose one candidate and no other, and scroll to it; the views go there, also when it is chosen already."""
        if self.selected() == [candidate_id]:
            # No selection changes, so that Qt sends no signal, but the views may be elsewhere.
            self._chosen()
            return
        for row in range(self._table.rowCount):
            if self._id(row) == candidate_id:
                choose_row(self._table, row)
                return

    def step(self, by: int) -> None:
        """Choose the next row that is shown, or the one before."""
        row = self._table.currentRow() + by
        while 0 <= row < self._table.rowCount:
            if not self._table.isRowHidden(row):
                choose_row(self._table, row)
                return
            row += by

    def _id(self, row: int) -> str:
        item = self._table.item(row, 0)
        return str(item.data(qt.Qt.UserRole)) if item is not None else ""

    @guarded
    def on_selection_changed(self) -> None:
        """Call back when another candidate was chosen."""
        if not self._is_filling:
            self._chosen()


def _shown_value(key: str, digits: int | None, candidate: Any, row: dict[str, Any]) -> Any:
    """What a cell shows; None for an empty cell."""
    if key == "short_name":
        return short_name_with_doubts(candidate.place)
    if key == "status":
        # The sign stands for the word; as many blanks as its place in the order let the column sort.
        return " " * STATUS_ORDER.index(Status(candidate.status))
    value = row.get(key)
    if value is None:
        return None
    if key == "mr_kind":
        return mr_kind_text(value)
    return value if digits is None else _number(value, digits)


def _number(value: float, digits: int) -> Any:
    """What a cell shows: a number sorts as a number, but as "2" where its column says "2.00".

    Measures are never negative, so texts of one width, filled with spaces at the left, sort as their numbers do.
    """
    if digits < 2:
        return round(float(value), digits) if digits else round(value)
    return number_text(value, digits).rjust(6)


def _swatch(candidate: Any) -> Any:
    red, green, blue = (int(255 * part) for part in candidate_color(candidate))
    return qt.QColor(red, green, blue, 110)


def _tip(candidate: Any) -> str:
    """What the tool tip of a row says, in full words."""
    candidate = as_stored(candidate)
    text = _("{name}: {evidence}, {points} points of evidence ({word}), {status}").format(
        name=candidate.place.name,
        evidence=candidate.evidence,
        points=signed_points(candidate.score),
        word=strength_text(strength_word(candidate.score)),
        status=status_text(candidate.status),
    )
    on_mr = candidate.mr_kind
    sentences = [_("On MR: {kind}").format(kind=sign_words(on_mr))] if on_mr else []
    sentences += [FLAG_TEXTS[flag] for flag in SIDE_FLAGS if flag in candidate.flags]
    return "\n".join([text, *sentences, *([candidate.comment] if candidate.comment else [])])
