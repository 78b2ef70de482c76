"""The table of candidates, on Qt."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest


@pytest.fixture
def qt(slicer_api: Any, qt_libraries: None) -> Iterator[Any]:
    from slicer_stand_in.installed import SlicerStandIn

    with SlicerStandIn(main_window=False):
        import qt

        yield qt


def test_measures_show_their_digits_and_sort_as_numbers(qt: Any) -> None:
    from PainGeneratorLib.Gui.candidate_table import COLUMNS, CandidateTable

    keys = [key for key, _ in COLUMNS]
    table = qt.QTableWidget(0, len(COLUMNS))
    values = {"PG-01": 2.0, "PG-02": 10.5, "PG-03": 9.254, "PG-04": None}
    candidates = [
        SimpleNamespace(
            id=key,
            place=SimpleNamespace(name="facet joint"),
            evidence="PET only",
            score=1.0,
            comment="",
            status="pending",
            hot_spots=[],
            mr_findings=[],
        )
        for key in values
    ]
    shown = CandidateTable(table, lambda name: qt.QIcon(), lambda: None)
    empty = dict.fromkeys(keys) | {"side": "left", "level": None}
    shown.fill(candidates, lambda c: empty | {"rank": int(c.id[-1]), "suv_max": values[c.id]})
    column = keys.index("suv_max")
    table.sortItems(column)
    texts = [table.item(row, column).text().strip() for row in range(table.rowCount)]
    assert texts == ["", "2.00", "9.25", "10.50"]
    shown.cleanup()
