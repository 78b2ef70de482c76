"""Hands and eyes on the panel: clicks on its widgets, and checks in scene, table and views."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gui_walk_case import pixels_of
from PainGeneratorLib.Scene.segments import TAG_PREFIX, segment_tag
from PySide6 import QtCore, QtTest, QtWidgets

CLOSE_MM = 0.5
"""A view that shows a position lies in its plane by this."""


class Hands:
    """The panel in a running stand-in: what is there, hands to act, and checks after each act.

    Parameters
    ----------
    stand_in : SlicerStandIn
    widget : PainGeneratorWidget
    folder : Path
        For the scene and the export.
    """

    def __init__(self, stand_in: Any, widget: Any, folder: Path) -> None:
        self.stand_in, self.widget, self.folder = stand_in, widget, folder
        self.shots = os.environ.get("PAINGENERATOR_SCREENSHOTS")

    # --- what is there

    @property
    def panel(self) -> Any:
        return self.widget.panel

    @property
    def ui(self) -> Any:
        return self.widget.panel.ui

    @property
    def session(self) -> Any:
        return self.widget.panel.session

    @property
    def table(self) -> Any:
        return self.ui.candidatesTable

    def candidate(self, candidate_id: str) -> Any:
        return next(c for c in self.session.candidates() if c.id == candidate_id)

    def row_of(self, candidate_id: str) -> int:
        """The table's row of a candidate; the id is data of the first column."""
        ids = [self.table.item(row, 0).data(256) for row in range(self.table.rowCount)]
        return ids.index(candidate_id)

    def cell(self, candidate_id: str, column: int) -> str:
        return self.table.item(self.row_of(candidate_id), column).text()

    def segment(self, candidate_id: str) -> Any:
        segmentation = self.session.node_of("candidates").GetSegmentation()
        for segment_id in segmentation.GetSegmentIDs():
            if tag(segmentation.GetSegment(segment_id), "Id") == candidate_id:
                return segmentation.GetSegment(segment_id)
        raise AssertionError(f"no segment for {candidate_id}")

    def views(self) -> list[Any]:
        """The slice views on the screen."""
        return [widget.view for widget in self.stand_in.manager.slices.values() if widget.isVisible()]

    # --- hands

    def events(self) -> None:
        import slicer

        slicer.app.processEvents()

    def wait_until(self, is_so: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Let Qt work until something is so."""
        end = time.monotonic() + seconds
        while not is_so():
            self.events()
            time.sleep(0.01)
            assert time.monotonic() < end, f"not {what} after {seconds} s"

    def press(self, button: Any) -> None:
        """Click a button that is there to be clicked."""
        assert button.enabled, f"{button.name} is disabled: {button.toolTip}"
        button.click()
        self.events()

    def click_row(self, candidate_id: str, adding: bool = False) -> None:
        """Click a row of the table with the mouse."""
        native = self.table._native
        item = native.item(self.row_of(candidate_id), 1)
        native.scrollToItem(item)
        keys = QtCore.Qt.ControlModifier if adding else QtCore.Qt.NoModifier
        place = native.visualItemRect(item).center()
        QtTest.QTest.mouseClick(native.viewport(), QtCore.Qt.LeftButton, keys, place)
        self.events()

    def open_section(self, section: Any) -> None:
        section.collapsed = False
        self.events()

    def scroll_to(self, widget: Any) -> None:
        """Scroll the panel so that a widget is seen."""
        inner = widget._native
        area = inner.parentWidget()
        while area is not None and not isinstance(area, QtWidgets.QScrollArea):
            area = area.parentWidget()
        assert area is not None, f"{widget.name} is in no scroll area"
        self.events()
        area.ensureWidgetVisible(inner)
        self.events()

    def shot(self, name: str) -> None:
        """A picture of the window, when a folder for it is given (PAINGENERATOR_SCREENSHOTS)."""
        if self.shots:
            from PIL import Image

            Path(self.shots).mkdir(parents=True, exist_ok=True)
            path = Path(self.shots) / f"{name}.png"
            self.stand_in.photograph(path)
            with Image.open(path) as picture:
                small = picture.convert("RGB").resize((1200, 720), Image.Resampling.LANCZOS)
            palette = small.quantize(256, kmeans=2)
            small.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)

    # --- checks after each act

    def check(self, allowed_messages: tuple[str, ...] = ("status", "info", "confirm")) -> None:
        """Nothing was lost, nothing failed, and table, scene and session say the same."""
        from slicer_stand_in.current import CURRENT

        self.events()
        assert not self.stand_in.troubles.texts(), self.stand_in.troubles.texts()
        told = [message for message in CURRENT.messages if message[0] not in allowed_messages]
        assert not told, told
        CURRENT.host.checkpoint("the walk")
        assert not bad_lines(CURRENT.log), bad_lines(CURRENT.log)
        if self.session is None:
            return
        candidates = self.session.candidates()
        ids = sorted(self.table.item(row, 0).data(256) for row in range(self.table.rowCount))
        assert ids == sorted(c.id for c in candidates)
        node = self.session.node_of("candidates")
        count = node.GetSegmentation().GetNumberOfSegments() if node is not None else 0
        # Tables and the segmentation hold every candidate that is not deleted.
        assert count == len(candidates)

    def check_view_at(self, view: Any, position: np.ndarray) -> tuple[float, float]:
        """A slice view is centered on a position, RAS mm; where it is in the view, pixels from below left."""
        to_ras = np.array([[view.node.GetSliceToRAS().GetElement(i, j) for j in range(4)] for i in range(4)])
        assert abs((position - to_ras[:3, 3]) @ to_ras[:3, 2]) < CLOSE_MM, view.node.GetName()
        x, y, _ = view.convertRASToXYZ(position)
        width, height = view.width(), view.height()
        assert abs(x - width / 2) < 0.1 * width, (view.node.GetName(), x, width)
        assert abs(y - height / 2) < 0.1 * height, (view.node.GetName(), y, height)
        return x, y

    def check_views_at(self, candidate_id: str) -> None:
        """Every slice view is centered on the candidate and draws its outline there, brighter than the others."""
        position = self.session.position_of(candidate_id)
        node = self.session.node_of("candidates")
        display = node.GetDisplayNode()
        assert self.views()
        for view in self.views():
            x, y = self.check_view_at(view, position)
            height = view.height()
            with_outline = pixels_of(view)
            display.SetVisibility(False)
            without = pixels_of(view)
            display.SetVisibility(True)
            rows = slice(max(0, round(height - y) - 60), round(height - y) + 60)
            columns = slice(max(0, round(x) - 60), round(x) + 60)
            changed = np.abs(with_outline[rows, columns].astype(int) - without[rows, columns]).sum(axis=2) > 30
            assert changed.sum() > 10, f"no outline in {view.node.GetName()}"
        chosen, others = self._opacities(candidate_id)
        assert all(chosen > other for other in others), (chosen, others)

    def _opacities(self, candidate_id: str) -> tuple[float, list[float]]:
        node = self.session.node_of("candidates")
        display, segmentation = node.GetDisplayNode(), node.GetSegmentation()
        by_id = {
            tag(segmentation.GetSegment(s), "Id"): display.GetSegmentOpacity2DOutline(s)
            for s in segmentation.GetSegmentIDs()
        }
        return by_id.pop(candidate_id), list(by_id.values())


OBSERVED_TWICE = re.compile(
    r"vtkObserverManager.*between vtkMRML\w*VolumeRenderingDisplayNode and vtkMRMLVolumeRenderingDisplayableManager "
    r".*already exists"
)


def bad_lines(log: Any) -> list[str]:
    """Lines of Slicer's error log that are more than information; a walk must leave none.

    One warning of Slicer's own is set apart. Its manager of volume rendering keeps an observation of a display node
    that was removed with its scene. A display node of the next scene that happens to lie at the same address is then
    observed twice, and VTK says so. Neither end of that observation is ours, and it depends on chance.
    """
    rows = [(log.data(log.index(row, 2)), log.logEntryDescription(row)) for row in range(log.logEntryCount())]
    return [f"{level}: {text}" for level, text in rows if level != "Info" and not OBSERVED_TWICE.search(text)]


def tag(segment: Any, name: str) -> str | None:
    """A tag of ours on a segment."""
    return segment_tag(segment, f"{TAG_PREFIX}{name}")
