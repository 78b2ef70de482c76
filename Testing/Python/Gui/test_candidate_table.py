"""The table of candidates, on Qt."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from kept_examples import EXAMPLES
from PainGeneratorLib.Numerics.core.measures import Kind, Output, measures_of, stored_values
from PainGeneratorLib.Numerics.core.plain_numbers import plain_number


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
    candidates = [dataclasses.replace(EXAMPLES["Candidate"], id=key) for key in values]
    shown = CandidateTable(table, lambda name: qt.QIcon(), lambda: None)
    empty = dict.fromkeys(keys)
    shown.fill(candidates, lambda c: empty | {"rank": int(c.id[-1]), "suv_peak": values[c.id]})
    column = keys.index("suv_peak")
    table.sortItems(column)
    texts = [table.item(row, column).text().strip() for row in range(table.rowCount)]
    assert texts == ["", "2.00", "9.25", "10.50"]
    shown.cleanup()


def test_the_column_of_decisions_sorts_what_is_left_to_do_first(qt: Any) -> None:
    from PainGeneratorLib.Gui.candidate_table import COLUMNS, CandidateTable

    keys = [key for key, _ in COLUMNS]
    table = qt.QTableWidget(0, len(COLUMNS))
    shown = CandidateTable(table, lambda name: qt.QIcon(), lambda: None)
    statuses = ("rejected", "pending", "physiologic", "accepted")
    candidates = [dataclasses.replace(EXAMPLES["Candidate"], id=status, status=status) for status in statuses]
    shown.fill(candidates, lambda c: dict.fromkeys(keys) | {"rank": 1})
    table.sortItems(keys.index("status"))
    assert shown.shown() == ["pending", "accepted", "physiologic", "rejected"]
    assert all(not table.item(row, keys.index("status")).text().strip() for row in range(4))
    shown.cleanup()


def test_a_candidate_that_is_chosen_already_is_gone_to_again(qt: Any) -> None:
    from PainGeneratorLib.Gui.candidate_table import COLUMNS, CandidateTable

    calls: list[str] = []
    table = qt.QTableWidget(0, len(COLUMNS))
    table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
    shown = CandidateTable(table, lambda name: qt.QIcon(), lambda: calls.append("chosen"))
    one = dataclasses.replace(EXAMPLES["Candidate"], id="PG-01")
    shown.fill([one], lambda c: dict.fromkeys(key for key, _ in COLUMNS) | {"rank": 1})
    shown.choose("PG-01")
    before = len(calls)
    shown.choose("PG-01")
    assert (before, len(calls)) == (1, 2)
    shown.cleanup()


def test_the_tool_tip_of_a_row_says_the_mr_finding_in_the_words_of_readers(qt: Any) -> None:
    from PainGeneratorLib.Gui.candidate_table import COLUMNS, CandidateTable

    table = qt.QTableWidget(0, len(COLUMNS))
    shown = CandidateTable(table, lambda name: qt.QIcon(), lambda: None)
    candidate = dataclasses.replace(EXAMPLES["Candidate"], mr_kind="oedema")
    shown.fill([candidate], lambda c: dict.fromkeys(key for key, _ in COLUMNS) | {"rank": 1})
    assert "On MR: edema" in table.item(0, 0).toolTip()
    shown.cleanup()


FORM = Path(__file__).resolve().parents[3] / "PainGenerator" / "Resources" / "UI" / "PainGenerator.ui"


def test_the_heads_of_the_form_are_those_of_the_registry() -> None:
    table = ElementTree.parse(FORM).find(".//widget[@name='candidatesTable']")
    heads = [column.findtext("property[@name='text']/string") for column in table.iterfind("column")]
    assert heads == [measure.title for measure in measures_of(Output.PANEL)]


def test_a_measure_that_the_form_does_not_know_gets_a_column(qt: Any) -> None:
    from PainGeneratorLib.Gui.candidate_table import CandidateTable

    measures = measures_of(Output.PANEL)
    table = qt.QTableWidget(0, len(measures) - 1)
    shown = CandidateTable(table, lambda name: qt.QIcon(), lambda: None)
    assert table.columnCount == len(measures)
    assert table.horizontalHeaderItem(len(measures) - 1).text() == measures[-1].title
    shown.cleanup()


@pytest.mark.parametrize("value", [1.3749, 1.37499, 0.0049, 2.00495, 5.9499])
def test_the_panel_shows_the_numbers_of_the_files(qt: Any, value: float) -> None:
    from PainGeneratorLib.Gui.candidate_table import COLUMNS, CandidateTable
    from PainGeneratorLib.Gui.details_section import measures_text

    numbers = dict.fromkeys(("suv_max", "suv_peak", "tbr", "left_right_ratio", "volume_ml"), value)
    one = dataclasses.replace(EXAMPLES["Candidate"], **numbers, score=value, mr_z=-value)
    stored = stored_values(one)
    texts = " | ".join(measures_text(one))
    for measure in measures_of(Output.PANEL_DETAILS):
        if measure.kind is Kind.NUMBER and stored[measure.key] is not None:
            assert f"{measure.title} {plain_number(stored[measure.key], measure.digits)}" in texts
    keys = [key for key, _ in COLUMNS]
    table = qt.QTableWidget(0, len(COLUMNS))
    shown = CandidateTable(table, lambda name: qt.QIcon(), lambda: None)
    shown.fill([one], lambda c: {key: stored.get(key) for key in keys})
    for key in ("suv_peak", "tbr"):
        assert table.item(0, keys.index(key)).text().strip() == plain_number(stored[key], 2)
    shown.cleanup()
