"""The step Review of the panel: decisions by key and button, going on, what is set apart, widths and heights."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PainGeneratorLib.Numerics.core.errors import AlreadyThere
from PainGeneratorLib.Session.types import Job

pytestmark = pytest.mark.scene

GROUPS = (
    *("warningsGroup", "landmarkGroup", "presetGroup", "parametersGroup", "apartGroup", "sitesGroup"),
    *("readoutGroup", "groundGroup", "unmatchedGroup", "readersGroup", "reportTextGroup", "outlineGroup"),
)
SECTIONS = (
    *("viewsSection", "caseSection", "alignSection", "findSection", "reviewSection", "exportSection"),
    "outcomeSection",
)


@pytest.fixture(scope="module")
def opened(slicer_api: Any, qt_libraries: None, project_folder: Path) -> Iterator[Any]:
    """The panel over a session whose lists are given, in a window that stays for all tests."""
    from panel_review_case import ListSession, ReviewHands
    from slicer_stand_in.installed import SlicerStandIn

    with SlicerStandIn() as running:
        import slicer

        _module, widget = running.load_module(project_folder / "PainGenerator" / "PainGenerator.py")
        session = ListSession(slicer.mrmlScene)
        widget.logic._session = session
        running.enter(widget)
        yield ReviewHands(running, widget, session)
        running.leave(widget)
        widget.cleanup()


@pytest.fixture
def hands(opened: Any) -> Any:
    from slicer_stand_in.current import CURRENT

    opened.ui.goOnCheck.checked = True
    opened.ui.statusFilter.setCurrentIndex(0)
    opened.ui.keysButton.checked = False
    for name in GROUPS:
        getattr(opened.ui, name).collapsed = True
    opened.ui.candidatesTable.clearSelection()
    CURRENT.messages.clear()
    opened.stand_in.troubles.slot_errors.clear()
    yield opened
    assert not opened.stand_in.troubles.slot_errors
    assert not opened.dialogs()


# --- decisions by key


def test_keys_with_ctrl_and_shift_held_decide_on_one_candidate_each(hands: Any) -> None:
    ids = hands.find(4)
    hands.ui.goOnCheck.checked = False
    hands.panel.review.table.choose(ids[3])
    hands.hold_and_press("Y")
    hands.hold_and_press("Up")
    assert hands.chosen() == [ids[2]]
    hands.hold_and_press("N")
    assert hands.statuses() == ["pending", "pending", "rejected", "accepted"]
    hands.hold_and_press("Down")
    assert hands.chosen() == [ids[3]]


def test_going_on_by_itself_chooses_one_candidate_while_the_keys_are_held(hands: Any) -> None:
    ids = hands.find(4)
    hands.panel.review.table.choose(ids[0])
    hands.hold_and_press("Y")
    assert hands.chosen() == [ids[1]]
    hands.hold_and_press("N")
    assert hands.chosen() == [ids[2]]
    assert hands.statuses() == ["accepted", "rejected", "pending", "pending"]


@pytest.mark.parametrize("key", ["Y", "N", "P", "O"])
def test_a_key_never_decides_on_several_candidates(hands: Any, key: str) -> None:
    ids = hands.find(4)
    hands.panel.review.table.select({ids[0], ids[2]})
    hands.hold_and_press(key)
    assert hands.statuses() == ["pending"] * 4
    assert hands.told().startswith("2 candidates are chosen, and a key decides on one only.")
    assert hands.session.undo_text is None


def test_a_key_without_a_choice_says_so_in_the_status_bar(hands: Any) -> None:
    hands.find(4)
    hands.hold_and_press("Y")
    assert hands.statuses() == ["pending"] * 4
    assert hands.told() == "No candidate is chosen: click one in the table first."
    hands.hold_and_press("U")
    assert hands.told() == "There is nothing to undo."


def test_a_key_does_nothing_while_a_step_runs(hands: Any) -> None:
    hands.panel.review.table.choose(hands.find(4)[0])
    hands.panel.is_busy = True
    try:
        for key in ("Y", "U"):
            hands.hold_and_press(key)
            assert hands.told().startswith("A step is running")
    finally:
        hands.panel.is_busy = False
    assert hands.statuses() == ["pending"] * 4


def test_every_key_is_listed_under_the_question_mark(hands: Any) -> None:
    from PainGeneratorLib.Gui.shortcuts import first_sentence

    assert not hands.ui.keysLabel.visible
    hands.ui.keysButton.click()
    assert hands.ui.keysLabel.visible
    for sequence, handler in hands.panel._shortcut_handlers().items():
        assert f"<b>{sequence}</b>" in hands.ui.keysLabel.text
        assert first_sentence(handler)


# --- cancelling


@pytest.mark.parametrize(
    "name",
    [
        *("runAllButton", "runFindButton", "goOnButton"),
        *("leaveOutButton", "leaveOutRegionButton", "onlyRegionButton", "restoreReferencesButton"),
    ],
)
def test_the_button_that_started_a_job_says_cancel_and_cancels_it(hands: Any, name: str) -> None:
    from PySide6 import QtCore

    hands.find(3)
    button, seen = getattr(hands.ui, name), []
    text = button.text

    def press() -> None:
        seen.append((button.text, button.enabled))
        button.click()

    def compute(show: Any) -> None:
        for _ in range(300):
            show(0.5, "")
            time.sleep(0.01)

    QtCore.QTimer.singleShot(0, press)
    assert not hands.panel.run_job(Job("find", compute, 0), button), "it ran to its end"
    assert seen == [("Cancel", True)]
    assert button.text == text
    assert hands.told().startswith("Cancelled")


# --- what was decided, and undo


def test_a_decision_is_named_in_the_status_bar_with_an_offer_to_take_it_back(hands: Any) -> None:
    ids = hands.find(4)
    hands.panel.review.table.choose(ids[1])
    assert not hands.offer().isVisible()
    hands.ui.rejectButton.click()
    assert hands.told() == "Rejected: 2 L SIJ."
    assert hands.offer().isVisible()
    assert hands.chosen() == [ids[2]]
    hands.offer().click()
    hands.events()
    assert hands.statuses() == ["pending"] * 4
    assert hands.told() == "Taken back: 2 L SIJ rejected"
    assert hands.chosen() == [ids[1]]
    assert not hands.offer().isVisible()
    hands.ui.redoButton.click()
    assert hands.statuses()[1] == "rejected"


def test_a_button_decides_on_all_that_are_chosen_and_says_how_many(hands: Any) -> None:
    ids = hands.find(8)
    hands.panel.review.table.select(set(ids[1:6]))
    assert hands.ui.acceptButton.text == "&Accept 5"
    hands.ui.acceptButton.click()
    assert hands.statuses() == ["pending", *["accepted"] * 5, *["pending"] * 2]
    assert hands.told() == "Accepted: 2 L SIJ, 3 Inf. endplate L3, 4 Interspinous L4/5 and 2 more."
    assert hands.chosen() == [ids[6]]
    assert hands.ui.acceptButton.text == "&Accept"


def test_a_deleted_candidate_is_named_and_undo_tells_its_name(hands: Any) -> None:
    ids = hands.find(4)
    hands.panel.review.table.choose(ids[1])
    hands.ui.deleteButton.click()
    assert hands.told() == "Deleted: 2 L SIJ."
    assert hands.ui.undoButton.toolTip == "Delete 2 L SIJ"


def test_the_offer_ends_with_the_next_act_so_that_it_never_takes_back_another_one(hands: Any) -> None:
    hands.panel.review.table.choose(hands.find(4)[0])
    hands.ui.acceptButton.click()
    assert hands.offer().isVisible()
    hands.session.reject([hands.session.candidates()[3].id])
    assert not hands.offer().isVisible()


# --- the reader's pace


def test_after_the_last_row_going_on_begins_again_at_the_first_pending_one(hands: Any) -> None:
    ids = hands.find(3)
    hands.panel.review.table.choose(ids[2])
    hands.ui.acceptButton.click()
    assert hands.chosen() == [ids[0]]
    assert hands.ui.decidedLabel.text == "1 of 3 decided"
    hands.ui.acceptButton.click()
    hands.ui.physiologicButton.click()
    assert hands.told() == "Physiologic: 2 L SIJ. All candidates are decided."
    assert hands.chosen() == [ids[1]]
    assert hands.ui.decidedLabel.text == "3 of 3 decided"


def test_going_on_can_be_turned_off_and_is_no_part_of_taking_a_decision_back(hands: Any) -> None:
    ids = hands.find(3)
    hands.panel.review.table.choose(ids[0])
    hands.ui.goOnCheck.checked = False
    hands.ui.acceptButton.click()
    assert hands.chosen() == [ids[0]]
    hands.ui.goOnCheck.checked = True
    hands.ui.pendingButton.click()
    assert hands.chosen() == [ids[0]]
    assert hands.told() == "Pending again: 1 R facet L4/5."


def test_what_the_filters_hide_is_not_gone_on_to_but_told(hands: Any) -> None:
    ids = hands.find(3)
    hands.ui.acceptButton.enabled = True
    hands.panel.review.table.choose(ids[0])
    hands.ui.acceptButton.click()
    hands.ui.statusFilter.setCurrentIndex(hands.ui.statusFilter.findData("accepted"))
    hands.panel.review.table.choose(ids[0])
    hands.ui.rejectButton.click()
    assert hands.told() == "Rejected: 1 R facet L4/5. The filters hide 2 that are pending."


def test_the_views_go_to_the_candidate_that_is_gone_on_to(hands: Any) -> None:
    ids = hands.find(3)
    hands.panel.review.table.choose(ids[0])
    hands.session.jumps.clear()
    hands.ui.acceptButton.click()
    assert hands.session.jumps == [ids[1]]


def test_the_first_candidate_is_shown_at_once_after_a_run(hands: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from panel_review_case import made_up

    hands.find(4)
    hands.ui.candidatesTable.clearSelection()
    monkeypatch.setattr(hands.session, "prepare", lambda step: Job(step, lambda show: None, 0))
    monkeypatch.setattr(hands.session, "apply", lambda job: hands.session.find(made_up(5)))
    assert hands.panel.run(["find"], hands.ui.runFindButton)
    assert hands.chosen() == [hands.session.candidates()[0].id]
    assert hands.session.jumps[-1] == hands.chosen()[0]


def test_what_is_chosen_stays_bright_when_the_outlines_are_written_anew(hands: Any) -> None:
    ids = hands.find(3)
    hands.panel.review.table.choose(ids[1])
    hands.session.bright = None
    hands.session._notify("candidates")
    assert hands.session.bright == ids[1]
    hands.ui.candidatesTable.clearSelection()
    hands.session._notify("review")
    assert hands.session.bright is None


# --- adding


def test_a_click_on_a_candidate_says_so_and_chooses_it(hands: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = hands.find(4)

    def add_at(position: Any) -> str:
        raise AlreadyThere(ids[2], "3 Inf. endplate L3")

    monkeypatch.setattr(hands.session, "add_at", add_at)
    hands.panel.review.add_at((0.0, 0.0, 0.0))
    assert hands.told() == "3 Inf. endplate L3 lies here already. It is chosen; nothing was added."
    assert hands.chosen() == [ids[2]]


# --- what is set apart


def test_the_header_counts_what_was_found_and_its_link_opens_the_list(hands: Any) -> None:
    hands.find(4, 21)
    assert hands.ui.countsLabel.text == '4 candidates, <a href="apart">21 set apart</a>'
    hands.ui.reviewSection.collapsed = True
    hands.ui.countsLabel.linkActivated("apart")
    assert not hands.ui.reviewSection.collapsed
    assert not hands.ui.apartGroup.collapsed
    assert hands.ui.apartTable.rowCount == 21


def test_an_entry_that_is_set_apart_tells_its_reason_and_rule_and_can_be_taken_back(hands: Any) -> None:
    from PainGeneratorLib.Gui.row_table import choose_row

    ids = hands.find(4, 3)
    hands.ui.apartGroup.collapsed = False
    choose_row(hands.ui.apartTable, 1)
    hands.events()
    entry = hands.session.set_apart()[1]
    label = hands.ui.apartLabel.text
    assert entry.place.name in label
    assert entry.reason in label
    assert "most against it: uptake is usual at this place (\N{MINUS SIGN}2.5 points)" in label
    hands.ui.bringBackButton.click()
    assert hands.chosen() == [entry.id]
    assert hands.ui.countsLabel.text.startswith("5 candidates")
    assert hands.offer().isVisible()
    hands.offer().click()
    assert [c.id for c in hands.session.candidates()] == ids


def test_an_entry_that_was_set_apart_is_named_without_a_rank_when_it_becomes_a_candidate(hands: Any) -> None:
    from PainGeneratorLib.Gui.row_table import choose_row
    from PainGeneratorLib.Numerics.core.short_names import short_name

    hands.find(4, 3)
    hands.ui.apartGroup.collapsed = False
    choose_row(hands.ui.apartTable, 1)
    hands.events()
    entry = hands.session.set_apart()[1]
    hands.ui.bringBackButton.click()
    text = f"Make a candidate of {short_name(entry.place)}"
    assert hands.ui.undoButton.toolTip == text
    hands.ui.undoButton.click()
    assert hands.told() == f"Taken back: {text}"
    assert hands.ui.redoButton.toolTip == text


# --- sizes


def open_one(hands: Any, name: str) -> None:
    for section in SECTIONS:
        getattr(hands.ui, section).collapsed = section != name
    hands.events()


@pytest.mark.parametrize("name", SECTIONS)
def test_the_panel_asks_for_one_width_whatever_is_open(hands: Any, name: str) -> None:
    from PainGeneratorLib.Gui.panel_width import MARGIN, PANEL_WIDTH

    hands.find(8, 4)
    open_one(hands, name)
    for group in GROUPS:
        getattr(hands.ui, group).collapsed = False
        hands.events()
        assert hands.panel.root._native.minimumSizeHint().width() == PANEL_WIDTH + 2 * MARGIN
        inner = getattr(hands.ui, name)._native.layout().totalMinimumSize().width()
        # The width of Slicer's own Segment Editor is not ours to set.
        assert inner <= PANEL_WIDTH or group == "outlineGroup", group
    open_one(hands, "reviewSection")


def test_the_note_that_colors_cannot_fade_fits_into_the_panel(hands: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from PainGeneratorLib.Gui import pet_colors
    from PainGeneratorLib.Gui.panel_width import PANEL_WIDTH

    monkeypatch.setattr(pet_colors, "draw_half_clear", lambda slice_logic: False)
    hands.find(3)
    open_one(hands, "viewsSection")
    hands.panel.views._draw_half_clear()
    hands.events()
    assert hands.ui.fadeUnitLabel.text == "times reference, in one step"
    assert "no half-transparent colors" in hands.ui.fadeUnitLabel.toolTip
    label = hands.ui.fadeUnitLabel._native
    assert label.width() >= label.minimumSizeHint().width()
    assert hands.ui.viewsSection._native.layout().totalMinimumSize().width() <= PANEL_WIDTH
    monkeypatch.undo()
    hands.panel.views._draw_half_clear()
    open_one(hands, "reviewSection")


def test_the_module_panel_never_changes_its_width(hands: Any) -> None:
    hands.find(8, 4)
    widths = hands.stand_in.dock.widget().widths
    before = list(widths)
    for name in SECTIONS:
        open_one(hands, name)
    for name in GROUPS:
        getattr(hands.ui, name).collapsed = False
        hands.events()
    open_one(hands, "reviewSection")
    assert widths == before


@pytest.mark.parametrize("count", [2, 8, 25])
def test_all_columns_are_seen_without_scrolling_and_no_name_is_cut(hands: Any, count: int) -> None:
    from PainGeneratorLib.Gui.panel_width import MARGIN, PANEL_WIDTH
    from PySide6 import QtCore

    hands.find(count)
    open_one(hands, "reviewSection")
    hands.panel.root._native.resize(PANEL_WIDTH + 2 * MARGIN, 1200)
    hands.events()
    table = hands.ui.candidatesTable._native
    assert table.columnCount() == 7
    # The table is as wide as in a panel of the least width.
    left, _, right, _ = table.parentWidget().layout().getContentsMargins()
    table.resize(PANEL_WIDTH - left - right, table.height())
    assert sum(table.columnWidth(n) for n in range(7)) <= table.viewport().width()
    for column in range(7):
        for row in range(table.rowCount()):
            wanted = table.sizeHintForIndex(table.model().index(row, column)).width()
            assert wanted <= table.columnWidth(column) or column == 2, table.item(row, column).text()
    short = [table.item(row, 2).text() for row in range(table.rowCount())]
    metrics = table.fontMetrics()
    assert max(metrics.horizontalAdvance(text) for text in short if len(text) <= 18) <= table.columnWidth(2) - 6
    assert QtCore.Qt.ScrollBarAlwaysOff == table.horizontalScrollBarPolicy()


@pytest.mark.parametrize("count", [2, 8, 25])
def test_nothing_covers_the_end_of_the_table_where_layouts_do_not_ask_for_height_at_a_width(
    hands: Any, count: int
) -> None:
    hands.panel.review.table.choose(hands.find(count, 5)[0])
    open_one(hands, "reviewSection")
    section = hands.ui.reviewSection._native
    layout = section.layout()
    layout.activate()
    # A layout that knows the least sizes only gives the section this height.
    least = layout.totalMinimumSize()
    layout.setGeometry(layout.contentsRect().adjusted(0, 0, 0, least.height() - section.height()))
    shown = [layout.itemAt(n).geometry() for n in range(layout.count()) if not layout.itemAt(n).isEmpty()]
    for upper, lower in itertools.pairwise(shown):
        assert upper.bottom() < lower.top()
    label = hands.ui.detailsLabel._native
    assert label.minimumHeight() >= label.heightForWidth(label.width())


@pytest.mark.parametrize("count", [2, 8, 25])
def test_the_step_takes_no_more_height_than_it_needs_in_a_high_panel(hands: Any, count: int) -> None:
    hands.panel.review.table.choose(hands.find(count, 5)[0])
    open_one(hands, "reviewSection")
    hands.panel.root._native.resize(hands.panel.root._native.width(), 2000)
    hands.panel.root._native.layout().activate()
    section = hands.ui.reviewSection._native
    assert section.height() <= section.sizeHint().height() + 1


def test_nothing_stays_under_a_collapsed_part(hands: Any) -> None:
    for name in (*SECTIONS, *GROUPS):
        assert getattr(hands.ui, name).collapsedHeight == 0, name


def test_the_table_is_as_high_as_its_rows_up_to_ten(hands: Any) -> None:
    heights = []
    for count in (2, 3, 8, 10, 25):
        hands.find(count)
        heights.append(hands.ui.candidatesTable.minimumHeight)
        assert hands.ui.candidatesTable.maximumHeight == heights[-1]
    assert heights[0] == heights[1] < heights[2] < heights[3] == heights[4]
