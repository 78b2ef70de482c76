"""Readers, the text for the report system, notes and going on after a crash, by the buttons of the real panel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.scene]

ANNA, BERT = "Anna A.", "Bert B."


@pytest.fixture
def walk(
    slicer_api: Any, qt_libraries: None, project_folder: Path, found_bundle: Path, tmp_path: Path
) -> Iterator[Any]:
    """The panel on a found case."""
    import slicer
    from gui_hands import Hands
    from slicer_stand_in.installed import SlicerStandIn

    with SlicerStandIn() as running:
        _module, widget = running.load_module(project_folder / "PainGenerator" / "PainGenerator.py")
        running.enter(widget)
        hands = Hands(running, widget, tmp_path)
        assert slicer.util.loadScene(str(found_bundle))
        hands.events()
        hands.open_section(hands.ui.reviewSection)
        yield hands
        hands.check()
        running.leave(widget)
        widget.cleanup()


def type_into(walk: Any, widget: Any, text: str) -> None:
    """Type text with the keyboard; the widget keeps the focus."""
    from PySide6 import QtTest

    widget._native.setFocus()
    QtTest.QTest.keyClicks(widget._native, text)
    walk.events()


def brightness(walk: Any) -> set[float]:
    node = walk.session.node_of("candidates")
    display = node.GetDisplayNode()
    return {round(display.GetSegmentOpacity2DOutline(one), 3) for one in node.GetSegmentation().GetSegmentIDs()}


def test_outlines_are_drawn_alike_whenever_nothing_is_chosen(walk: Any) -> None:
    import slicer

    first, second = (c.id for c in walk.session.candidates()[:2])
    assert len(brightness(walk)) == 1
    walk.click_row(first)
    assert len(brightness(walk)) == 2
    walk.table.clearSelection()
    walk.events()
    assert len(brightness(walk)) == 1
    walk.click_row(first)
    walk.press(walk.ui.deleteButton)
    assert len(brightness(walk)) == (1 if walk.panel.review.table.current() is None else 2)
    walk.press(walk.ui.undoButton)
    walk.click_row(second)
    walk.stand_in.leave(walk.widget)
    walk.stand_in.enter(walk.widget)
    walk.events()
    assert len(brightness(walk)) == 1
    walk.click_row(second)
    path = walk.folder / "chosen.mrb"
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(0)
    assert slicer.util.loadScene(str(path))
    walk.events()
    assert walk.panel.review.table.current() is None
    assert len(brightness(walk)) == 1


def test_a_comment_that_was_not_finished_stays_with_the_candidate_for_which_it_was_typed(walk: Any) -> None:
    first, second = (c.id for c in walk.session.candidates()[:2])
    walk.click_row(first)
    type_into(walk, walk.ui.commentEdit, "of the first")
    walk.panel.review.on_next()
    walk.events()
    chosen = walk.panel.review.table.current()
    assert chosen != first
    assert walk.candidate(first).comment == "of the first"
    assert walk.candidate(chosen).comment == ""
    assert walk.ui.commentEdit.text == ""
    type_into(walk, walk.ui.commentEdit, "of the second")
    walk.stand_in.leave(walk.widget)
    walk.stand_in.enter(walk.widget)
    assert {c.comment for c in walk.session.candidates() if c.comment} == {"of the first", "of the second"}
    assert second


def test_two_readers_one_blind_to_the_other(walk: Any) -> None:
    import slicer

    ui = walk.ui
    first, second = (c.id for c in walk.session.candidates()[:2])
    assert "Type your name" in ui.readersLabel.text
    assert not ui.blindButton.enabled
    walk.click_row(first)
    walk.press(ui.acceptButton)
    assert "Acts without a name: 1" in ui.readersLabel.text
    type_into(walk, ui.readerEdit, ANNA)
    ui.readerEdit.editingFinished()
    walk.events()
    assert walk.candidate(first).decision.reader == ANNA
    assert slicer.util.settingsValue("PainGenerator/Reader", "") == ANNA
    ui.readerEdit.text = BERT
    ui.readerEdit.editingFinished()
    walk.press(ui.blindButton)
    assert walk.session.reading.is_blind
    assert walk.candidate(first).status == "pending"
    assert ui.showBothButton.visible
    assert not ui.readersTable.visible
    assert not ui.undoButton.enabled
    walk.check()
    walk.click_row(first)
    walk.press(ui.rejectButton)
    walk.click_row(second)
    walk.press(ui.acceptButton)
    walk.scroll_to(ui.readersGroup)
    walk.shot("blind")
    walk.press(ui.showBothButton)
    assert ui.readersTable.visible
    table = ui.readersTable
    texts = [[table.item(row, column).text() for column in range(4)] for row in range(table.rowCount)]
    by_place = {row[0]: row[1:] for row in texts}
    assert by_place[walk.candidate(first).place.name] == ["accepted", "rejected", "verdict"]
    assert by_place[walk.candidate(second).place.name] == ["pending", "accepted", ""]
    table.setCurrentCell(0, 0)
    walk.events()
    walk.scroll_to(ui.readersTable)
    walk.shot("readers")
    ui.readingCombo.setCurrentIndex(0)
    ui.readingCombo.activated(0)
    walk.events()
    assert walk.candidate(first).status == "accepted"
    walk.check()


def test_the_text_for_the_report_system_is_copied_and_edits_are_kept(walk: Any) -> None:
    import slicer

    ui = walk.ui
    walk.open_section(ui.exportSection)
    ui.reportTextGroup.checked = True
    walk.events()
    assert "FINDINGS BY LEVEL AND SIDE" in ui.reportTextEdit.plainText
    walk.press(ui.copyTextButton)
    assert slicer.app.clipboard().text() == walk.session.report_text.computed()
    assert not ui.confirmTextButton.visible
    type_into(walk, ui.reportTextEdit, "My line. ")
    walk.wait_until(lambda: walk.session.report_text.edit is not None, "kept", 10)
    walk.scroll_to(ui.copyTextButton)
    walk.shot("text")
    walk.session.accept([walk.session.candidates()[0].id])
    walk.events()
    assert ui.reportTextEdit.plainText.startswith("My line. ")
    assert "changed since" in ui.reportTextLabel.text
    walk.press(ui.copyTextButton)
    assert slicer.app.clipboard().text().startswith("[The findings changed")
    walk.scroll_to(ui.copyTextButton)
    walk.shot("text-changed")
    walk.press(ui.confirmTextButton)
    assert not ui.confirmTextButton.visible
    walk.press(ui.computedTextButton)
    assert ui.reportTextEdit.plainText == walk.session.report_text.computed()
    walk.press(ui.computedTextButton)
    assert ui.reportTextEdit.plainText.startswith("My line. ")


def test_impression_and_advice_are_kept_and_marked_when_the_findings_change(walk: Any) -> None:
    ui, letter = walk.ui, walk.session.report_text.letter
    walk.open_section(ui.exportSection)
    ui.letterGroup.checked = True
    walk.events()
    assert ui.letterLanguageCombo.currentText == "English"
    type_into(walk, ui.impressionEdit, "Fits the pain.")
    type_into(walk, ui.adviceEdit, "Block.")
    walk.wait_until(lambda: letter.notes.advice == "Block.", "kept", 10)
    assert letter.notes.impression == "Fits the pain."
    ui.letterLanguageCombo.setCurrentIndex(1)
    walk.events()
    assert letter.language == "de"
    assert not ui.confirmLetterButton.visible
    walk.session.reject([walk.session.candidates()[0].id])
    walk.events()
    assert "changed after you wrote" in ui.letterLabel.text
    assert ui.impressionEdit.plainText == "Fits the pain."
    walk.scroll_to(ui.confirmLetterButton)
    walk.shot("letter")
    walk.press(ui.confirmLetterButton)
    assert not letter.is_outdated
    assert not ui.confirmLetterButton.visible
    walk.check()


def test_after_a_crash_the_panel_offers_to_go_on(walk: Any, found_bundle: Path) -> None:
    import slicer

    ui = walk.ui
    assert not ui.recoveryFrame.visible
    first = walk.session.candidates()[0].id
    walk.session.accept([first])
    path = walk.session.journal.path
    kept = path.read_bytes()
    slicer.mrmlScene.Clear(0)
    walk.events()
    assert not path.exists(), "the scene was closed on purpose"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(kept)
    walk.stand_in.leave(walk.widget)
    walk.stand_in.enter(walk.widget)
    assert ui.recoveryFrame.visible
    assert "Slicer ended on" in ui.recoveryLabel.text
    assert slicer.util.loadScene(str(found_bundle))
    walk.events()
    assert walk.candidate(first).status == "pending"
    walk.scroll_to(ui.recoveryFrame)
    walk.shot("recovery")
    walk.press(ui.goOnButton)
    assert walk.candidate(first).status == "accepted"
    assert not ui.recoveryFrame.visible
    assert not path.exists()
    assert slicer.util.saveScene(str(walk.folder / "saved.mrb"))
    walk.panel.recovery.on_look_for_save()
    assert walk.session.journal.path is None
