"""The table of sites: fill, sort, filter, choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from ..Numerics.core.measures import NUMBERS, Kind, Measure, Output
from ..Numerics.core.site_columns import columns_of
from ..Numerics.core.sites import SiteRow, SiteState
from ..Numerics.core.words import Certainty
from .guard import Connections, guarded
from .section import set_up_sorted_table
from .words import number_text

COLUMNS = columns_of(Output.PANEL)
"""What follows the first column, which holds the place in the order of reading."""
NAME_WIDTH = 170
"""Width of the column of names when the table is first filled, pixels."""


class SiteTableView:
    """The table widget and what is chosen in it.

    Parameters
    ----------
    table : QTableWidget
    chosen : callable
        Called when another site was chosen by hand.
    """

    def __init__(self, table: Any, chosen: Callable[[], None]) -> None:
        self._table, self._chosen = table, chosen
        self._connections = Connections()
        self._is_filling = False
        self._rows: Sequence[SiteRow] = ()
        set_up_sorted_table(table, COLUMNS, first=1)
        self._connections.add(table, "itemSelectionChanged()", self.on_selection_changed)

    def cleanup(self) -> None:
        """Disconnect."""
        self._connections.clear()

    def fill(self, rows: Sequence[SiteRow]) -> None:
        """Show sites in their order; nothing is chosen afterwards."""
        table = self._table
        is_first = table.rowCount == 0
        self._rows = rows
        self._is_filling = True
        # While the table sorts, a row that is being filled would move to another place.
        table.setSortingEnabled(False)
        try:
            table.clearSelection()
            table.setRowCount(len(rows))
            for index, row in enumerate(rows):
                self._fill_row(index, row)
        finally:
            table.setSortingEnabled(True)
            self._is_filling = False
        if is_first and rows:
            table.resizeColumnsToContents()
            table.setColumnWidth(1, NAME_WIDTH)

    def _fill_row(self, index: int, row: SiteRow) -> None:
        order = qt.QTableWidgetItem()
        # The order sorts as a number, everything else as text.
        order.setData(qt.Qt.DisplayRole, index + 1)
        order.setData(qt.Qt.UserRole, index)
        items = [order, *(qt.QTableWidgetItem(cell_text(column, row)) for column in COLUMNS)]
        for number, item in enumerate(items):
            if number == 0 or COLUMNS[number - 1].kind in NUMBERS:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            if row.state == SiteState.ABNORMAL:
                font = item.font()
                font.setBold(True)
                item.setFont(font)
            item.setToolTip("\n".join([row.site.name, *row.reasons]))
            self._table.setItem(index, number, item)

    def filter(self, state: str, level: str, structure: str) -> int:
        """Hide the sites of other states, levels and kinds; empty words let all pass. Returns the number shown."""
        shown = 0
        for index in range(self._table.rowCount):
            row = self._row_at(index)
            fits = row is not None and state in ("", row.state) and level in ("", row.site.level)
            fits = fits and structure in ("", row.site.structure)
            self._table.setRowHidden(index, not fits)
            shown += fits
        return shown

    def current(self) -> SiteRow | None:
        """The chosen site; None when none is, or when it is hidden."""
        chosen = {item.row() for item in self._table.selectedItems()}
        index = min(chosen, default=-1)
        return None if index < 0 or self._table.isRowHidden(index) else self._row_at(index)

    def _row_at(self, index: int) -> SiteRow | None:
        item = self._table.item(index, 0)
        number = None if item is None else item.data(qt.Qt.UserRole)
        return None if number is None or int(number) >= len(self._rows) else self._rows[int(number)]

    @guarded
    def on_selection_changed(self) -> None:
        """Call back when another site was chosen by hand."""
        if not self._is_filling:
            self._chosen()


def cell_text(column: Measure, row: SiteRow) -> str:
    """What a cell shows; empty for what was not measured, with a question mark for what is not certain."""
    value = column.stored(row)
    if value is None:
        return ""
    if column.key == "state":
        return state_text(value)
    if column.kind is Kind.WORDS:
        return ", ".join(value)
    if column.kind in NUMBERS:
        # Measures are never negative, so texts of one width sort as their numbers do.
        return number_text(value, column.digits).rjust(9)
    doubt = {"side": row.site.side_certainty, "level": row.site.level_certainty}.get(column.key, Certainty.CERTAIN)
    return str(value) if doubt == Certainty.CERTAIN else f"{value} ?"


def state_text(state: str) -> str:
    """The state of a site."""
    texts: dict[str, str] = {
        SiteState.ABNORMAL: _("abnormal"),
        SiteState.NORMAL: _("normal"),
        SiteState.NOT_ASSESSABLE: _("not assessable"),
    }
    return texts.get(state, state)
