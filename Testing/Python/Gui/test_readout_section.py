"""A place is read in the panel by a click in a slice view, and by the mouse while Shift is held."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.scene]


@pytest.fixture
def hands(found_hands: Any) -> Any:
    """The panel on a case that was found, with the group of these tests open."""
    found_hands.ui.readoutGroup.collapsed = False
    found_hands.events()
    return found_hands


def far_from_all(hands: Any) -> np.ndarray:
    """A place of the right side that no candidate holds."""
    apart = [entry for entry in hands.session.set_apart() if hands.session.position_of(entry.id)[0] > 20.0]
    return hands.session.position_of(apart[0].id)


def pixel_mm(view: Any) -> float:
    """Diagonal of a pixel of a view, mm: a click lies at the middle of a pixel."""
    return float(np.hypot(*np.array(view.node.GetFieldOfView()[:2]) / [view.width(), view.height()]))


def move_to(hands: Any, view: Any, place: np.ndarray, shift: bool) -> None:
    """Move the mouse to a place, with Shift held or not."""
    view.node.JumpSliceByCentering(*place)
    x, y, _ = view.convertRASToXYZ(place)
    interactor = view.interactor()
    interactor.SetEventInformation(round(x), round(y), 0, int(shift))
    interactor.InvokeEvent("MouseMoveEvent")


def test_a_click_reads_the_place_with_values_of_both_sides_and_the_reason(hands: Any) -> None:
    ui, view = hands.ui, hands.views()[0]
    place = far_from_all(hands)
    view.click_at(place)
    assert ui.readoutLabel.text == "", "nothing is read before it is turned on"
    hands.press(ui.readoutButton)
    view.click_at(place)
    text = ui.readoutLabel.text
    assert "No candidate here." in text
    assert "Set apart" in text
    assert "right" in text
    assert all(word in text for word in ("SUV of the voxel", "SUVpeak", "Ratio to reference", "T1 z", "mirrored"))
    hands.scroll_to(ui.readoutLabel)
    hands.shot("readout")
    chosen = hands.session.candidates()[0]
    view.click_at(hands.session.position_of(chosen.id))
    assert f"Candidate {chosen.id}" in ui.readoutLabel.text
    hands.press(ui.readoutButton)
    view.click_at(place)
    assert f"Candidate {chosen.id}" in ui.readoutLabel.text, "turned off, a click reads nothing"


def test_the_mouse_reads_while_shift_is_held_and_not_without(hands: Any) -> None:
    ui, view = hands.ui, hands.views()[0]
    hands.press(ui.readoutButton)
    move_to(hands, view, far_from_all(hands), shift=False)
    hands.events()
    assert ui.readoutLabel.text == ""
    move_to(hands, view, far_from_all(hands), shift=True)
    hands.wait_until(lambda: ui.readoutLabel.text != "", "read")
    assert "No candidate here." in ui.readoutLabel.text


def test_a_region_is_kept_where_a_place_was_read_and_undo_takes_it_back(hands: Any) -> None:
    ui, view = hands.ui, hands.views()[0]
    assert not ui.keepRegionButton.enabled
    hands.press(ui.readoutButton)
    place = far_from_all(hands)
    view.click_at(place)
    ui.regionDiameterSpin.value = 20.0
    hands.press(ui.keepRegionButton)
    (region,) = hands.session.regions()
    assert region.diameter_mm == 20.0
    assert np.linalg.norm(region.center_ras - place) < pixel_mm(view)
    assert ui.regionsTable.rowCount == 1
    assert ui.regionsTable.item(0, 0).text() == region.id
    assert hands.session.node_of("spheres").GetSegmentation().GetNumberOfSegments() == 1
    hands.scroll_to(ui.regionsTable)
    hands.shot("region")
    assert ui.undoButton.toolTip == f"Keep region {region.id}"
    hands.press(ui.undoButton)
    assert hands.session.regions() == []
    assert ui.regionsTable.rowCount == 0
    assert hands.session.node_of("spheres") is None
    hands.press(ui.redoButton)
    ui.regionsTable.selectRow(0)
    hands.events()
    hands.check_view_at(view, region.center_ras)
    hands.press(ui.deleteRegionButton)
    assert hands.session.regions() == []


def test_what_the_reading_rests_on_is_seen_and_a_vertebra_is_left_out_until_undo(hands: Any) -> None:
    import slicer
    from PainGeneratorLib.Scene.ground_nodes import is_ground_shown

    ui = hands.ui
    hands.ui.readoutGroup.collapsed = True
    hands.ui.groundGroup.collapsed = False
    assert not ui.leaveOutButton.enabled
    hands.press(ui.groundButton)
    assert is_ground_shown(slicer.mrmlScene)
    assert "header:" in ui.groundLabel.text
    assert "Levels:" in ui.groundLabel.text
    names = [ui.referencesTable.item(row, 0).text() for row in range(ui.referencesTable.rowCount)]
    assert {"muscle", "marrow", "L4"} <= set(names)
    assert not ui.restoreReferencesButton.enabled, "all is as found"
    hands.scroll_to(ui.groundLabel)
    hands.shot("ground")
    ui.referencesTable.selectRow(names.index("L4"))
    hands.events()
    assert not ui.onlyRegionButton.enabled, "a vertebra is not drawn anew"
    hands.press(ui.leaveOutButton)
    hands.wait_until(lambda: not hands.panel.is_busy, "done", 300)
    assert hands.session.undo_text == "Reference without vertebra L4"
    names = [ui.referencesTable.item(row, 0).text() for row in range(ui.referencesTable.rowCount)]
    assert "L4" not in names
    assert "Reference without vertebra L4" in ui.groundLabel.text
    assert ui.restoreReferencesButton.enabled
    hands.press(ui.undoButton)
    assert not ui.restoreReferencesButton.enabled
    names = [ui.referencesTable.item(row, 0).text() for row in range(ui.referencesTable.rowCount)]
    assert "L4" in names
    hands.press(ui.groundButton)
    assert not is_ground_shown(slicer.mrmlScene)
    assert ui.referencesTable.rowCount == 0


def test_what_was_read_follows_a_decision_and_undo(hands: Any) -> None:
    ui, view = hands.ui, hands.views()[0]
    chosen = hands.session.candidates()[0]
    hands.press(ui.readoutButton)
    view.click_at(hands.session.position_of(chosen.id))
    hands.session.delete([chosen.id])
    assert "No candidate here." in ui.readoutLabel.text
    hands.session.undo()
    assert f"Candidate {chosen.id}" in ui.readoutLabel.text
