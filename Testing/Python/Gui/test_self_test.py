"""The self test that Slicer runs (PainGeneratorTest), on the stand-in, with keys that are really held down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gui_hands import bad_lines

pytestmark = [pytest.mark.slow, pytest.mark.scene]


@pytest.fixture
def widget(stand_in: Any, project_folder: Path) -> Iterator[Any]:
    import slicer

    _module, made = stand_in.load_module(project_folder / "PainGenerator" / "PainGenerator.py")
    slicer.util.selectModule("PainGenerator")
    yield made
    slicer.util.selectModule("Data")
    made.cleanup()


def the_walk(widget: Any, folder: Path) -> Any:
    from PainGeneratorLib.Gui.self_test import Walk
    from scene_cases import quick_alignment
    from slicer_stand_in.keyboard import press_keys

    walk = Walk(widget, folder, press_keys)
    quick_alignment(walk.session)
    return walk


def nothing_was_lost(stand_in: Any) -> None:
    from slicer_stand_in.current import CURRENT

    assert stand_in.troubles.texts() == []
    assert [text for kind, text in CURRENT.messages if kind in ("error", "warning")] == []
    assert bad_lines(CURRENT.log) == []


def test_the_walk_on_the_low_back(stand_in: Any, widget: Any, tmp_path: Path) -> None:
    the_walk(widget, tmp_path).all()
    nothing_was_lost(stand_in)


def test_the_walk_on_a_hip_replacement(stand_in: Any, widget: Any, tmp_path: Path) -> None:
    the_walk(widget, tmp_path).hip()
    nothing_was_lost(stand_in)


def test_the_module_leaves_nothing_behind(stand_in: Any, widget: Any) -> None:
    import PainGenerator

    test = PainGenerator.PainGeneratorTest("test_PainGenerator_leavesNothingBehind")
    test.setUp()
    test.test_PainGenerator_leavesNothingBehind()
    nothing_was_lost(stand_in)


def test_the_shortcuts_of_the_panel_can_be_activated_from_inside(stand_in: Any, widget: Any) -> None:
    from PainGeneratorLib.Gui.self_test_hands import press_shortcut
    from slicer_stand_in.current import CURRENT

    press_shortcut("Ctrl+Shift+U")
    with pytest.raises(AssertionError, match="no shortcut"):
        press_shortcut("Ctrl+Alt+Shift+F12")
    assert CURRENT.messages == [("status", "There is nothing to undo.")]
