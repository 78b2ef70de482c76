"""The levels in the panel: numbers in the views, one click that renames all, undo, save and reopen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.scene]

CLOSE_MM = 0.5


@pytest.fixture
def hands(
    slicer_api: Any, qt_libraries: None, project_folder: Path, found_bundle: Path, tmp_path: Path
) -> Iterator[Any]:
    """The panel with a reopened low-back case in the views."""
    import slicer
    from gui_hands import Hands
    from slicer_stand_in.installed import SlicerStandIn

    with SlicerStandIn() as running:
        _module, widget = running.load_module(project_folder / "PainGenerator" / "PainGenerator.py")
        assert slicer.util.loadScene(str(found_bundle))
        running.enter(widget)
        hands = Hands(running, widget, tmp_path)
        hands.events()
        hands.press(hands.ui.layoutFusedButton)
        hands.wait_until(lambda: len(hands.views()) == 3 and not hands.panel.views._later.active, "three views")
        hands.panel.views.show_case()
        hands.events()
        yield hands
        running.leave(widget)
        widget.cleanup()


def numbers(hands: Any) -> dict[str, np.ndarray]:
    """Place of each number that the views draw, by its text."""
    from PainGeneratorLib.Scene.markups import read_points

    places, labels = read_points(hands.session.node_of("levels"))
    return dict(zip(labels, places, strict=True))


def site_center(hands: Any, name: str) -> np.ndarray:
    return next(row.site.center_ras for row in hands.session.sites.rows if row.site.name == name)


def said(hands: Any) -> str:
    """Everything that is said of all entries of all lists and of all sites."""
    session = hands.session
    entries = [*session.candidates(), *session.set_apart(), *session.attention(), *session.unmatched]
    told = [entry.to_json() for entry in entries]
    rows = [(row.site.name, row.site.level, row.state, row.reasons, row.suv_peak) for row in session.sites.rows]
    return json.dumps([told, rows, session.warnings])


def pixels(hands: Any, name: str) -> np.ndarray:
    from gui_walk_case import pixels_of

    return pixels_of(hands.stand_in.manager.slices[name].view)


def test_numbers_are_drawn_along_the_body_and_the_box_hides_them(hands: Any) -> None:
    found = numbers(hands)
    assert {"L1", "L2", "L3", "L4", "L5"} <= set(found)
    assert np.linalg.norm(found["L4"] - site_center(hands, "vertebral body L4")) < CLOSE_MM
    beside = np.asarray(found["L4"]) + np.array([6.0, 0.0, 0.0])
    hands.panel.views.go_to(beside)
    hands.events()
    hands.shot("levels")
    shown = {name: pixels(hands, name) for name in ("Yellow", "Green", "Red")}
    hands.ui.levelNumbersBox.checked = False
    hands.events()
    assert (shown["Yellow"] != pixels(hands, "Yellow")).any(), "drawn in the sagittal view, beside the middle, too"
    assert (shown["Green"] != pixels(hands, "Green")).any(), "drawn in the coronal view"
    assert hands.panel.sites.axial.texts() == {}
    assert (shown["Red"] != pixels(hands, "Red")).any(), "the axial view names its level"
    hands.ui.levelNumbersBox.checked = True
    hands.events()
    assert np.array_equal(pixels(hands, "Yellow"), shown["Yellow"])


def test_an_axial_view_names_the_level_of_its_slice(hands: Any) -> None:
    for name, level in (("vertebral body L4", "L4"), ("disc L3/L4", "L3/L4"), ("vertebral body L2", "L2")):
        hands.panel.views.go_to(site_center(hands, name))
        hands.events()
        texts = hands.panel.sites.axial.texts()
        assert {view: texts[view] for view in ("Red", "Yellow", "Green")} == {"Red": level, "Yellow": "", "Green": ""}
        assert {view for view, text in texts.items() if text} <= {"Red", "PETAxial"}
    hands.panel.views.go_to(site_center(hands, "vertebral body L4") + np.array([0.0, 0.0, 300.0]))
    hands.events()
    assert hands.panel.sites.axial.texts()["Red"] == ""


def test_one_click_renames_all_and_the_act_survives_undo_save_and_reopening(hands: Any) -> None:
    import slicer

    ui, session = hands.ui, hands.session
    before, found = said(hands), numbers(hands)
    assert ui.levelsLabel.visible
    ui.nameLevelCombo.setCurrentIndex(ui.nameLevelCombo.findData("L5"))
    ui.levelsLabel._native.linkActivated.emit("name")
    hands.events()
    assert ui.nameLevelButton.checked, "the head leads to the naming"
    assert not ui.sitesGroup.collapsed
    hands.views()[0].click_at(found["L4"])
    hands.events()
    assert np.linalg.norm(numbers(hands)["L5"] - found["L4"]) < CLOSE_MM
    assert "named by the reader" in ui.levelsLabel.text
    hands.shot("level-named")
    after = said(hands)
    assert "L5/S1" in after
    hands.press(ui.undoButton)
    assert said(hands) == before
    assert list(numbers(hands)) == list(found)
    hands.press(ui.redoButton)
    assert said(hands) == after
    path = hands.folder / "levels.mrb"
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(0)
    hands.events()
    assert slicer.util.loadScene(str(path))
    hands.events()
    assert said(hands) == after
    assert np.linalg.norm(numbers(hands)["L5"] - found["L4"]) < CLOSE_MM
    assert "named by the reader" in ui.levelsLabel.text
    assert hands.session.settings.levelName == "L5"
    assert session is not hands.session
