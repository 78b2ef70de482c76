"""Targets in the panel: the table is filled, a path is dragged in the views, and its row follows."""

from __future__ import annotations

import time
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.scene]


@pytest.fixture
def hands(found_hands: Any) -> Any:
    """The panel on a case that was found, with the group of these tests open."""
    found_hands.ui.targetsGroup.collapsed = False
    found_hands.events()
    return found_hands


def row_of(hands: Any, state: str) -> int:
    table = hands.ui.targetsTable
    return next(row for row in range(table.rowCount) if table.item(row, 5).text() == state)


def test_a_path_is_shown_dragged_and_taken_back(hands: Any) -> None:
    ui = hands.ui
    assert ui.targetsTable.rowCount == 0
    ui.targetsButton.click()
    hands.events()
    assert ui.targetsTable.rowCount == len(hands.session.candidates())
    row = row_of(hands, "proposed")
    ui.targetsTable.selectRow(row)
    hands.events()
    assert "Not known:" in ui.targetsLabel.text
    assert "Expected error" in ui.targetsLabel.text
    assert not ui.resetPathButton.enabled
    depth = ui.targetsTable.item(row, 2).text()
    node = hands.session.path_nodes()[0]
    place = node.GetNthControlPointPositionWorld(0)
    node.SetNthControlPointPositionWorld(0, place[0], place[1] + 10.0, place[2] + 40.0)
    until = time.monotonic() + 60.0
    while ui.targetsTable.item(row, 5).text() != "moved by the reader" and time.monotonic() < until:
        hands.events()
        time.sleep(0.05)
    assert ui.targetsTable.item(row, 5).text() == "moved by the reader"
    assert int(ui.targetsTable.item(row, 2).text()) > int(depth)
    assert ui.resetPathButton.enabled
    ui.resetPathButton.click()
    hands.events()
    assert ui.targetsTable.item(row, 5).text() == "proposed"
    assert ui.targetsTable.item(row, 2).text() == depth
    ui.targetsButton.click()
    hands.events()
    assert ui.targetsTable.rowCount == 0
