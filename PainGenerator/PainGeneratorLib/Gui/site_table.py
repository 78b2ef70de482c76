"""The table of sites: fill, sort, filter, choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from ..Numerics.core.sites import SiteRow, SiteState
from ..Numerics.core.words import Certainty
from .guard import Connections, guarded
from .section import ROW_PIXELS

COLUMNS = ("order", "site", "level", "state", "suv_peak", "ratio", "side_ratio", "level_ratio", "mr_signs")
"""What the columns of the panel's form show: the place in the order of reading, and fields of
:class:`..Numerics.core.sites.SiteRow`."""
NUMBERS = ("suv_peak", "ratio", "side_ratio", "level_ratio")
"""Columns with numbers, which have two decimals."""
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
        header = table.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.Interactive)
        header.setHighlightSections(False)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(ROW_PIXELS)
        table.sortByColumn(0, qt.Qt.AscendingOrder)
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
        for column, key in enumerate(COLUMNS):
            item = qt.QTableWidgetItem()
            # The order sorts as a number, everything else as text.
            item.setData(qt.Qt.DisplayRole, index + 1 if key == "order" else cell_text(key, row))
            if key == "order":
                item.setData(qt.Qt.UserRole, index)
            if key in (*NUMBERS, "order"):
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            if row.state == SiteState.ABNORMAL:
                font = item.font()
                font.setBold(True)
                item.setFont(font)
            item.setToolTip("\n".join([row.site.name, *row.reasons]))
            self._table.setItem(index, column, item)

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


def cell_text(key: str, row: SiteRow) -> str:
    """What a cell shows; empty for what was not measured."""
    site = row.site
    if key == "site":
        return site.name if site.side_certainty == Certainty.CERTAIN else f"{site.name} ?"
    if key == "level":
        return "" if site.level is None else site.level + ("" if site.level_certainty == Certainty.CERTAIN else " ?")
    if key == "state":
        return state_text(row.state)
    if key == "mr_signs":
        return ", ".join(row.mr_signs)
    value = getattr(row, key)
    # Measures are never negative, so texts of one width sort as their numbers do.
    return "" if value is None else f"{value:9.2f}"


def state_text(state: str) -> str:
    """The state of a site."""
    texts: dict[str, str] = {
        SiteState.ABNORMAL: _("abnormal"),
        SiteState.NORMAL: _("normal"),
        SiteState.NOT_ASSESSABLE: _("not assessable"),
    }
    return texts.get(state, state)
