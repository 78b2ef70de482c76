"""Targets in the panel: the table is filled, a path is dragged in the views, and its row follows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.scene]


@pytest.fixture
def hands(slicer_api: Any, qt_libraries: None, project_folder: Path, found_bundle: Path, tmp_path: Path) -> Iterator:
    """The panel on a case that was found, reopened from its file."""
    from gui_hands import Hands
    from slicer_stand_in.installed import SlicerStandIn

    with SlicerStandIn() as running:
        import slicer

        _module, widget = running.load_module(project_folder / "PainGenerator" / "PainGenerator.py")
        assert slicer.util.loadScene(str(found_bundle))
        running.enter(widget)
        slicer.app.processEvents()
        hands = Hands(running, widget, tmp_path)
        hands.ui.reviewSection.collapsed = False
        hands.ui.targetsGroup.collapsed = False
        hands.events()
        try:
            yield hands
            hands.check()
        finally:
            running.leave(widget)
            widget.cleanup()


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
