"""The ledger of a candidate as a table: each sign with its points, and where its weight comes from."""

from __future__ import annotations

from typing import Any

import qt

from ..Numerics.core.records import Candidate, LedgerEntry
from ..Numerics.core.strength import signed_points
from ..Numerics.fusion.evidence import SignState
from .row_table import fit_height
from .section import set_up_table
from .words import UNKNOWN


class LedgerTable:
    """The table widget: points in the first column, what was seen in the second.

    Parameters
    ----------
    table : QTableWidget
    """

    def __init__(self, table: Any) -> None:
        self._table = table
        set_up_table(table)

    def show(self, candidate: Candidate | None) -> None:
        """Show the signs of a candidate in the order of reading; hidden where there are none."""
        entries = () if candidate is None else candidate.ledger
        self._table.visible = bool(entries)
        self._table.setRowCount(len(entries))
        for row, entry in enumerate(entries):
            points, sign = qt.QTableWidgetItem(points_text(entry)), qt.QTableWidgetItem(entry.text)
            points.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            for column, item in enumerate((points, sign)):
                item.setToolTip(f"{entry.text}\n{entry.source}")
                self._table.setItem(row, column, item)
        fit_height(self._table)


def points_text(entry: LedgerEntry) -> str:
    """The points of a sign with their direction; a dash where it could not be assessed.

    >>> points_text(LedgerEntry("s", "pet", "", None, -2.04, ""))
    '\N{MINUS SIGN}2.0'
    """
    if entry.state == SignState.NOT_ASSESSABLE:
        return UNKNOWN
    return signed_points(entry.points)
