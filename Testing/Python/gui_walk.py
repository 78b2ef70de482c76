"""A radiologist's acts on the panel, by its own buttons and views; each is checked in scene, table and views."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gui_walk_case import add_anatomy, hot_place, pixels_of
from PainGeneratorLib.Scene.segments import TAG_PREFIX, segment_tag
from PySide6 import QtCore, QtTest, QtWidgets

STATUS_COLUMN, VOLUME_COLUMN, SIDE_COLUMN = 12, 11, 2
CLOSE_MM = 0.5
"""A view that shows a position lies in its plane by this."""


class Walk:
    """The panel in a running stand-in, and what the user does with it.

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

    def shot(self, name: str) -> None:
        """A picture of the window, when a folder for it is given (PAINGENERATOR_SCREENSHOTS)."""
        if self.shots:
            Path(self.shots).mkdir(parents=True, exist_ok=True)
            self.stand_in.photograph(Path(self.shots) / f"{name}.png")

    # --- checks after each act

    def check(self, allowed_messages: tuple[str, ...] = ("status", "info", "confirm")) -> None:
        """Nothing was lost, nothing failed, and table, scene and session say the same."""
        from slicer_stand_in.current import CURRENT

        self.events()
        assert not self.stand_in.troubles.texts(), self.stand_in.troubles.texts()
        told = [message for message in CURRENT.messages if message[0] not in allowed_messages]
        assert not told, told
        CURRENT.host.checkpoint("the walk")
        if self.session is None:
            return
        candidates = self.session.candidates()
        ids = sorted(self.table.item(row, 0).data(256) for row in range(self.table.rowCount))
        assert ids == sorted(c.id for c in candidates)
        node = self.session.node_of("candidates")
        count = node.GetSegmentation().GetNumberOfSegments() if node is not None else 0
        # Tables and the segmentation hold every candidate that is not deleted.
        assert count == len(candidates)

    def check_views_at(self, candidate_id: str) -> None:
        """Every slice view is centered on the candidate and draws its outline there, brighter than the others."""
        position = self.session.position_of(candidate_id)
        node = self.session.node_of("candidates")
        display = node.GetDisplayNode()
        assert self.views()
        for view in self.views():
            to_ras = np.array([[view.node.GetSliceToRAS().GetElement(i, j) for j in range(4)] for i in range(4)])
            assert abs((position - to_ras[:3, 3]) @ to_ras[:3, 2]) < CLOSE_MM, view.node.GetName()
            x, y, _ = view.convertRASToXYZ(position)
            width, height = view.width(), view.height()
            assert abs(x - width / 2) < 0.1 * width, (view.node.GetName(), x, width)
            assert abs(y - height / 2) < 0.1 * height, (view.node.GetName(), y, height)
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

    # --- acts

    def load_and_detect(self) -> None:
        """Load a phantom with its anatomy; Detect gives roles with reasons, and SUV is known."""
        import slicer
        from PainGeneratorLib.Gui.sample_data import load_phantom

        loaded = load_phantom("low-back", 1, "small")
        assert len(loaded) >= 4
        anatomy = add_anatomy(Path(slicer.app.temporaryPath))
        self.press(self.ui.detectButton)
        roles = self.session.roles()
        assert {"PET", "T1", "FLUID"} <= set(roles)
        assert self.ui.petSelector.currentNodeID == roles["PET"]
        assert self.ui.t1Selector.currentNode().GetName()
        assert self.ui.petReasonLabel.text
        assert self.session.suv_line().is_known
        self.ui.anatomySelector.setCurrentNode(anatomy)
        self.events()
        assert self.session.anatomy_id == anatomy.GetID()
        assert any(pixels_of(view).max() > 60 for view in self.views()), "the views show the case"

    def run_all(self) -> None:
        """One button; every step is done, and table, segmentation and views are filled."""
        self.press(self.ui.runAllButton)
        self.wait_until(lambda: not self.panel.is_busy, "done", 600)
        for step in ("case", "align", "find"):
            assert self.session.state(step).value == "done", step
        assert self.table.rowCount > 3
        assert not self.ui.runAllButton.enabled
        assert "done" in self.ui.runAllButton.toolTip
        levels = [c.place.level for c in self.session.candidates() if c.place.level]
        assert levels, "the anatomy gives levels"
        best = self.session.candidates()[0]
        assert best.suv_max is not None
        assert best.suv_max > 1.5

    def move_slider(self) -> None:
        """Three settings: fewer foci the higher the ratio; the candidates stay as they are until they are taken."""
        self.open_section(self.ui.findSection)
        before = [c.id for c in self.session.candidates()]
        counts = []
        for ratio in (1.25, 1.6, 2.4):
            self.ui.sensitivitySlider.value = ratio
            self.wait_until(
                lambda: self.panel.find.is_previewing and not self.panel.find._later.active, "previewing", 20
            )
            counts.append(self.ui.previewTable.rowCount)
            assert str(counts[-1]) in self.ui.previewLabel.text
            if ratio == 1.6:
                self.shot("find")
        assert counts[0] >= counts[1] >= counts[2], counts
        assert counts[0] > counts[2], counts
        self.press(self.ui.resetPreviewButton)
        assert [c.id for c in self.session.candidates()] == before
        assert not self.ui.previewTable.visible

    def jump(self) -> None:
        """Click the first, then go on with the arrow key; all views follow."""
        self.open_section(self.ui.reviewSection)
        first, second, third = (c.id for c in self.session.candidates()[:3])
        self.click_row(first)
        assert self.panel.review.table.current() == first
        self.check_views_at(first)
        self.shot("review")
        for candidate_id in (second, third):
            self.table._native.setFocus()
            QtTest.QTest.keyClick(self.table._native, QtCore.Qt.Key_Down)
            self.events()
            assert self.panel.review.table.current() == candidate_id
            self.check_views_at(candidate_id)

    def decide(self) -> None:
        """Accept the first, reject the second; row and segment say so."""
        first, second = (c.id for c in self.session.candidates()[:2])
        for candidate_id, button, word in (
            (first, self.ui.acceptButton, "accepted"),
            (second, self.ui.rejectButton, "rejected"),
        ):
            self.click_row(candidate_id)
            self.press(button)
            assert self.candidate(candidate_id).status == word
            assert self.cell(candidate_id, STATUS_COLUMN) == word
            assert tag(self.segment(candidate_id), "Status") == word

    def paint_larger(self) -> None:
        """Paint with the Segment Editor: volume, measures and origin follow by themselves; undo brings all back."""
        chosen = next(c for c in self.session.candidates() if c.suv_max is not None)
        before = chosen.volume_ml
        self.click_row(chosen.id)
        self.ui.outlineGroup.checked = True
        self.events()
        editor = self.ui.segmentEditor
        self.press(editor.findChild("QToolButton", "effect Paint"))
        assert editor.activeEffect() is not None
        radius = (3 * 1000 * before / (4 * np.pi)) ** (1 / 3) + 6.0
        editor.activeEffect()._native.paint_ball(self.session.position_of(chosen.id), radius)
        self.wait_until(lambda: self.candidate(chosen.id).volume_ml > before, "measured anew", 10)
        edited = self.candidate(chosen.id)
        assert edited.origin == "edited"
        assert edited.suv_max >= chosen.suv_max - 1e-6
        assert abs(float(self.cell(chosen.id, VOLUME_COLUMN)) - edited.volume_ml) < 0.006
        self.shot("outline")
        self.check()
        self.ui.outlineGroup.checked = False
        self.press(self.ui.undoButton)
        again = self.candidate(chosen.id)
        assert abs(again.volume_ml - before) < 1e-6
        assert again.origin == chosen.origin
        assert abs(float(self.cell(chosen.id, VOLUME_COLUMN)) - before) < 0.006

    def add_one(self) -> str:
        """Add one by clicking into a view on the PET."""
        count = self.table.rowCount
        centers = np.array([c.centroid_ras_mm for c in self.session.candidates()])
        place = hot_place(self.session.volume_of("PET"), centers)
        self.press(self.ui.addButton)
        view = self.views()[0]
        view.click_at(place)
        self.events()
        assert self.table.rowCount == count + 1
        (added,) = (c for c in self.session.candidates() if c.origin == "manual")
        assert np.linalg.norm(added.centroid_ras_mm - place) < 25
        assert self.panel.review.table.current() == added.id
        self.check_views_at(added.id)
        assert not self.ui.addButton.checked
        return added.id

    def merge_two(self, added: str) -> None:
        """Make one of two: the added one and the last of the others."""
        count = self.table.rowCount
        other = next(c.id for c in reversed(self.session.candidates()) if c.id != added)
        self.click_row(other)
        self.click_row(added, adding=True)
        assert set(self.panel.review.table.selected()) == {other, added}
        volume = self.candidate(other).volume_ml + self.candidate(added).volume_ml
        self.press(self.ui.mergeButton)
        assert self.table.rowCount == count - 1
        merged = self.candidate(self.panel.review.table.current())
        assert abs(merged.volume_ml - volume) < 0.02 * volume + 0.05

    def rename_level(self) -> None:
        """Another level from the list; name and table follow."""
        first = self.session.candidates()[0]
        self.click_row(first.id)
        wanted = "L2/L3" if first.place.level != "L2/L3" else "L3/L4"
        self.ui.levelCombo.setCurrentIndex(self.ui.levelCombo.findData(wanted))
        self.events()
        assert self.candidate(first.id).place.level == wanted
        assert wanted in self.cell(first.id, SIDE_COLUMN)
        self.ui.commentEdit.text = "typical for a facet joint"
        self.ui.commentEdit.editingFinished()
        assert self.candidate(first.id).comment == "typical for a facet joint"

    def save_close_reopen(self) -> None:
        """The same case, decisions and states after the scene was closed and loaded."""
        import slicer

        told = self.summary()
        path = self.folder / "walk.mrb"
        assert slicer.util.saveScene(str(path))
        slicer.mrmlScene.Clear(0)
        self.events()
        assert self.table.rowCount == 0
        self.check()
        assert slicer.util.loadScene(str(path))
        self.events()
        assert self.summary() == told
        assert self.session.state("find").value == "done"
        assert self.session.roles()["PET"]

    def summary(self) -> list[tuple[Any, ...]]:
        return [(c.id, c.status, c.place.name, c.origin, c.comment) for c in self.session.candidates()]

    def export(self) -> None:
        """Write everything; the link opens the report."""
        from slicer_stand_in.current import CURRENT

        self.open_section(self.ui.exportSection)
        self.ui.exportFolderEdit.currentPath = str(self.folder)
        self.ui.exportNameEdit.text = "walk"
        self.press(self.ui.exportButton)
        self.wait_until(lambda: not self.panel.is_busy, "written", 300)
        target = self.folder / "walk"
        names = {path.name for path in target.iterdir()}
        assert {"report.html", "candidates.json", "candidates.csv", "case.mrb"} <= names
        listed = json.loads((target / "candidates.json").read_text(encoding="utf-8"))["candidates"]
        assert [c["id"] for c in listed] == [c.id for c in self.session.candidates()]
        assert {c["status"] for c in listed} >= {"accepted", "rejected"}
        self.ui.reportLabel.linkActivated("report")
        assert CURRENT.opened_urls
        assert CURRENT.opened_urls[-1].endswith("report.html")
        self.shot("export")

    def leave_and_come_back(self) -> None:
        """Another module and back: nothing is watched meanwhile, and the same case is there again."""
        told, session = self.summary(), self.session
        listeners = len(session.changed)
        for _ in range(3):
            self.stand_in.leave(self.widget)
            assert self.panel.session is None
            assert not session.changed
            assert not self.stand_in.window.findChildren(QtWidgets.QWidget, "shortcut")
            self.stand_in.enter(self.widget)
        assert self.summary() == told
        assert len(self.session.changed) == listeners


def tag(segment: Any, name: str) -> str | None:
    """A tag of ours on a segment."""
    return segment_tag(segment, f"{TAG_PREFIX}{name}")
