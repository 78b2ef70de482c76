"""Fixtures shared by the tests of the panel: the stand-in for Slicer's program, and the panel opened in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def stand_in(slicer_api: Any, qt_libraries: None) -> Iterator[Any]:
    """The stand-in for Slicer, running with a main window."""
    from slicer_stand_in.installed import SlicerStandIn

    with SlicerStandIn() as running:
        yield running


@pytest.fixture
def slicer(stand_in: Any) -> Any:
    """The module ``slicer`` of the running stand-in."""
    import slicer

    return slicer


@pytest.fixture
def a_widget(stand_in: Any, project_folder: Path) -> Iterator[Any]:
    """The module's widget, opened; it is left and unloaded after the test."""
    _module, widget = stand_in.load_module(project_folder / "PainGenerator" / "PainGenerator.py")
    stand_in.enter(widget)
    yield widget
    stand_in.leave(widget)
    widget.cleanup()


@pytest.fixture
def found_hands(stand_in: Any, project_folder: Path, found_bundle: Path, tmp_path: Path) -> Iterator[Any]:
    """Hands on the panel with a case that was found, reopened from its file; nothing may have been lost at the end."""
    import slicer
    from gui_hands import Hands

    _module, widget = stand_in.load_module(project_folder / "PainGenerator" / "PainGenerator.py")
    assert slicer.util.loadScene(str(found_bundle))
    stand_in.enter(widget)
    slicer.app.processEvents()
    hands = Hands(stand_in, widget, tmp_path)
    hands.ui.reviewSection.collapsed = False
    hands.events()
    try:
        yield hands
        hands.check()
    finally:
        stand_in.leave(widget)
        widget.cleanup()
