"""Hands and eyes of the self test: choose, press keys, wait, look at what the views show and at the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import qt
import slicer
import vtk

from ..Scene.segments import TAG_PREFIX, segment_tag
from .guard import guarded
from .layouts import slice_widgets

REST_SECONDS = 0.3
"""How long the test lets Qt work after an act, in seconds, so that views are drawn. Our estimate: Slicer draws at most
sixty times in a second."""

PATIENCE_SECONDS = 60.0
"""How long the test waits for something that has to come, in seconds. Our estimate."""

LEVEL_COLUMN = 2
"""Column of Slicer's error log that holds the level of an entry."""

BAD_LEVELS = ("Error", "Critical", "Fatal")
"""Levels of the log that no act may leave; what Python prints to the standard error output is critical."""


def press_shortcut(keys: str) -> None:
    """Activate the shortcut with these keys, as the keyboard does. No program can hold a key down from inside Slicer;
    the tests outside of Slicer press real keys.

    Raises
    ------
    AssertionError
        When no shortcut of the main window has these keys.
    """
    for shortcut in slicer.util.mainWindow().findChildren("QShortcut"):
        if shortcut.key.toString() == qt.QKeySequence(keys).toString():
            shortcut.activated()
            return
    raise AssertionError(f"no shortcut {keys}")


class SelfTestHands:
    """What the acts of the self test need.

    Parameters
    ----------
    widget : PainGeneratorWidget
    folder : Path
        Existing folder for the scene and the export.
    press : callable
        Presses keys, given as in "Ctrl+Shift+Y".
    """

    def __init__(self, widget: Any, folder: Path, press: Callable[[str], None] = press_shortcut) -> None:
        self.widget, self.folder, self.press = widget, Path(folder), press
        self._logged = self._log_count()
        self._rendered: set[str] = set()

    @property
    def panel(self) -> Any:
        """The panel; the same before and after a scene is closed."""
        return self.widget.panel

    @property
    def session(self) -> Any:
        """The session of the scene."""
        return self.panel.session

    # --- candidates

    def choose(self, candidate_id: str) -> None:
        """Click a candidate in the table."""
        self.panel.review.table.choose(candidate_id)
        assert self.panel.review.table.selected() == [candidate_id], self.panel.review.table.selected()

    def candidate(self, candidate_id: str) -> Any:
        """The candidate with this id."""
        return next(c for c in self.session.candidates() if c.id == candidate_id)

    def statuses(self) -> dict[str, str]:
        """The decision on every candidate."""
        return {c.id: str(c.status) for c in self.session.candidates()}

    def tag(self, candidate_id: str, name: str) -> str:
        """A tag of a candidate's segment."""
        segmentation = self.session.node_of("candidates").GetSegmentation()
        for segment_id in segmentation.GetSegmentIDs():
            segment = segmentation.GetSegment(segment_id)
            if segment_tag(segment, f"{TAG_PREFIX}Id") == candidate_id:
                return segment_tag(segment, f"{TAG_PREFIX}{name}") or ""
        raise AssertionError(f"no segment for {candidate_id}")

    # --- waiting

    def rest(self, seconds: float = REST_SECONDS) -> None:
        """Let Qt work."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            slicer.app.processEvents()
            time.sleep(0.01)

    def wait_for(self, is_so: Callable[[], bool], what: str) -> None:
        """Let Qt work until something is so."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < end, f"not {what}"
            self.rest(0.02)

    def wait_for_preview(self) -> None:
        """The hand rests on the slider until the preview is drawn."""
        self.wait_for(lambda: self.panel.find.is_previewing and not self.panel.find._later.active, "previewing")
        self.rest()

    # --- eyes

    def pictures(self) -> dict[str, np.ndarray]:
        """What the slice views on the screen show, shape (height, width, 3), as it was drawn last."""
        from vtk.util.numpy_support import vtk_to_numpy

        found = {}
        for name, view in self._views():
            grabbed = vtk.vtkWindowToImageFilter()
            grabbed.SetInput(view.renderWindow())
            grabbed.ReadFrontBufferOff()
            grabbed.ShouldRerenderOff()
            grabbed.Update()
            image = grabbed.GetOutput()
            width, height, _depth = image.GetDimensions()
            found[name] = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1).copy()
        return found

    def rendered_during(self, act: Callable[[], None]) -> set[str]:
        """Names of the slice views that an act had rendered."""
        self._rendered.clear()
        windows = [view.renderWindow() for _name, view in self._views()]
        tags = [window.AddObserver("EndEvent", self.on_rendered) for window in windows]
        try:
            act()
        finally:
            for window, tag in zip(windows, tags, strict=True):
                window.RemoveObserver(tag)
        return set(self._rendered)

    @guarded
    def on_rendered(self, caller: Any, event: str) -> None:
        """Note which view was rendered."""
        self._rendered |= {name for name, view in self._views() if view.renderWindow() is caller}

    def _views(self) -> list[tuple[str, Any]]:
        return [(name, widget.sliceView()) for name, widget in slice_widgets().items() if widget.visible]

    # --- the log

    def bad_lines(self) -> list[str]:
        """Errors and tracebacks in Slicer's log since the test began."""
        log = slicer.app.errorLogModel()
        found = []
        for row in range(self._logged, log.logEntryCount()):
            text = str(log.logEntryDescription(row))
            level = str(log.data(log.index(row, LEVEL_COLUMN)))
            if level in BAD_LEVELS or "Traceback" in text or "RuntimeWarning" in text:
                found.append(f"{level}: {text}")
        return found

    def _log_count(self) -> int:
        return int(slicer.app.errorLogModel().logEntryCount())


def differing(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> set[str]:
    """Names of the views whose pictures differ."""
    return {name for name, picture in one.items() if name in other and not np.array_equal(picture, other[name])}
