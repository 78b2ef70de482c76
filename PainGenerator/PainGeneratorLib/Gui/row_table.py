"""What the tables with one row for each entry have in common: choosing rows, widths of columns, height by rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import qt

from .section import ROW_PIXELS

SPARE_PIXELS = 10
"""Room beside the text of a cell, in pixels: its margins on both sides."""
LEAST_ROWS, MOST_ROWS = 3, 10
"""Rows that a table is high at least and at most; it scrolls when it has more. Ten rows are seen at one glance."""


def choose_row(table: Any, row: int) -> None:
    """Choose one row and no other, and scroll to it, whatever keys are held down.

    `setCurrentCell` without a command obeys the keyboard: with Ctrl+Shift held, as in a shortcut, it would add to the
    choice.
    """
    table.setCurrentCell(row, 0, qt.QItemSelectionModel.ClearAndSelect | qt.QItemSelectionModel.Rows)
    table.scrollToItem(table.item(row, 0))


def fit_columns(table: Any, widest: Mapping[int, str], stretched: int) -> None:
    """Make each column as wide as its widest usual text; one takes the rest, so that all are seen without scrolling.

    Parameters
    ----------
    table : QTableWidget
    widest : mapping of int to str
        For each column a text that it has to show in full, in the table's font.
    stretched : int
        The column that takes the rest.
    """
    header, metrics = table.horizontalHeader(), table.fontMetrics()
    header.setStretchLastSection(False)
    for column, text in widest.items():
        header.setSectionResizeMode(column, qt.QHeaderView.Interactive)
        table.setColumnWidth(column, metrics.horizontalAdvance(text) + SPARE_PIXELS)
    header.setSectionResizeMode(stretched, qt.QHeaderView.Stretch)


def fit_height(table: Any) -> None:
    """Make the table as high as its rows, within bounds.

    A table asks for all height that is free, and its section would get it for a table that does not grow.
    """
    rows = min(max(table.rowCount, LEAST_ROWS), MOST_ROWS)
    height = table.horizontalHeader().sizeHint.height() + rows * ROW_PIXELS + 2 * table.frameWidth
    table.setMinimumHeight(height)
    table.setMaximumHeight(height)
    policy = table.sizePolicy
    policy.setVerticalPolicy(qt.QSizePolicy.Fixed)
    table.setSizePolicy(policy)
