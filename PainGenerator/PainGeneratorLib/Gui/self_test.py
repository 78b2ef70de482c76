"""The walk of a radiologist through the panel, for the self test in Slicer; each act is checked in scene, table and
views."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import slicer

from ..Numerics.core.words import Group
from ..Registration.landmarks import MINIMUM_PAIRS
from .find_section import PRESETS
from .points import landmark_node
from .sample_data import load_phantom
from .section import choose
from .self_test_hands import SelfTestHands, differing

LANDMARK_STEP_MM = 40.0
"""Distance of the landmarks from the middle of the reference series, in mm."""


class Walk(SelfTestHands):
    """Acts and checks on an open panel."""

    def detect(self, group: str = Group.LOW_BACK) -> None:
        """Load a phantom, give its series their roles, and say which group it is of."""
        load_phantom(group, 1, "small")
        self.panel.ui.detectButton.click()
        roles = self.session.roles()
        assert {"PET", "T1", "FLUID"} <= set(roles), roles
        assert self.panel.ui.petSelector.currentNodeID == roles["PET"]
        assert self.session.suv_line().is_known, self.session.suv_line().text
        choose(self.panel.ui.groupCombo, group)
        self.rest()
        assert self.session.group == group

    def run_all(self) -> None:
        """All steps; candidates are in table, scene and segmentation."""
        self.panel.ui.runAllButton.click()
        for step in ("case", "align", "find"):
            assert self.session.state(step).value == "done", step
        count = len(self.session.candidates())
        assert count > 0
        assert self.panel.ui.candidatesTable.rowCount == count
        node = self.session.node_of("candidates")
        assert node.GetSegmentation().GetNumberOfSegments() == count

    def use_landmarks(self) -> None:
        """Pairs of points start the alignment of a series anew, and the steps after it are done again."""
        ui, align = self.panel.ui, self.panel.align
        ui.alignmentTable.selectRow(0)
        ui.landmarkGroup.checked = True
        middle = np.mean(self._corners(self.session.volume_of("PET")), axis=0)
        for axis in range(MINIMUM_PAIRS):
            place = [float(x) for x in middle + LANDMARK_STEP_MM * np.eye(3)[axis]]
            for key in ("landmarks.reference", "landmarks.series"):
                landmark_node(key, key).AddControlPointWorld(*place)
        self.wait_for(lambda: ui.useLandmarksButton.enabled, "ready to use landmarks")
        assert len(align.reference_points.positions()) == len(align.series_points.positions()) == MINIMUM_PAIRS
        ui.useLandmarksButton.click()
        assert self.session.state("align").value == "done"
        ui.landmarkGroup.checked = False
        self.run_all()

    def _corners(self, volume: Any) -> np.ndarray:
        bounds = [0.0] * 6
        volume.GetRASBounds(bounds)
        return np.reshape(bounds, (3, 2)).T

    def move_slider(self) -> None:
        """More foci at a lower ratio, fewer at a higher one; what is drawn follows, and the candidates stay."""
        ui = self.panel.ui
        candidates = self.statuses()
        self.slide_to(1.25)
        weakest = ui.previewTable.rowCount - 1
        ui.previewTable.setCurrentCell(weakest, 0)
        self.rest()
        counts, shown = [ui.previewTable.rowCount], [self.pictures()]
        for ratio in (1.6, 2.4):
            rendered = self.rendered_during(lambda ratio=ratio: self.slide_to(ratio))
            counts.append(ui.previewTable.rowCount)
            shown.append(self.pictures())
            assert differing(*shown[-2:]) <= rendered, "a view changed and was not rendered"
        assert counts[0] >= counts[1] >= counts[2], counts
        assert counts[0] > counts[2], counts
        assert differing(shown[0], shown[2]), "the contours do not follow the slider"
        assert not self.rendered_during(lambda: self.slide_to(2.4000001)), "views are rendered without a change"
        ui.resetPreviewButton.click()
        assert self.statuses() == candidates

    def slide_to(self, ratio: float) -> None:
        """Move the slider and rest."""
        self.panel.ui.sensitivitySlider.value = ratio
        self.wait_for_preview()

    def use_presets(self) -> None:
        """Each button sets its way to draw outlines, and they are drawn so."""
        ui = self.panel.ui
        self.choose(next(c.id for c in self.session.candidates() if c.suv_max is not None))
        shown = []
        for name, (method, _parameter, _value) in PRESETS.items():
            getattr(ui, name).click()
            self.wait_for_preview()
            assert ui.methodCombo.itemData(ui.methodCombo.currentIndex) == method, name
            shown.append(self.pictures())
        assert any(differing(one, other) for one, other in itertools.pairwise(shown))
        ui.resetPreviewButton.click()
        assert self.session.state("find").value == "done", "presets that were tried out leave the result up to date"

    def jump(self) -> None:
        """The slice views follow the table."""
        for candidate in self.session.candidates()[:3]:
            self.choose(candidate.id)
            for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
                to_ras = slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS())
                distance = abs((to_ras[:3, 3] - self.session.position_of(candidate.id)) @ to_ras[:3, 2])
                assert distance < 0.1, (node.GetName(), distance)

    def decide(self) -> None:
        """Accept the first, reject the second; tags of the segments follow."""
        first, second = (candidate.id for candidate in self.session.candidates()[:2])
        self.choose(first)
        self.panel.ui.acceptButton.click()
        self.choose(second)
        self.panel.ui.rejectButton.click()
        assert self.candidate(first).status == "accepted"
        assert self.candidate(second).status == "rejected"
        assert self.tag(first, "Status") == "accepted"
        assert self.tag(second, "Status") == "rejected"

    def paint(self) -> None:
        """A larger outline has a larger volume; undo gives the old one back."""
        candidate = self.session.candidates()[0]
        before = candidate.volume_ml
        self.choose(candidate.id)
        self.panel.ui.outlineGroup.checked = True
        node, segment_id = self.session.begin_edit(candidate.id)
        volume = self.panel.views.source_volume(candidate)
        mask = slicer.util.arrayFromSegmentBinaryLabelmap(node, segment_id, volume)
        grown = mask.copy()
        for axis in range(3):
            grown |= np.roll(mask, 1, axis) | np.roll(mask, -1, axis)
        slicer.util.updateSegmentBinaryLabelmapFromArray(grown, node, segment_id, volume)
        self.panel.outline.on_pause_over()
        edited = self.candidate(candidate.id)
        assert edited.volume_ml > before, (edited.volume_ml, before)
        assert edited.origin == "edited"
        self.panel.ui.outlineGroup.checked = False
        self.panel.ui.undoButton.click()
        assert abs(self.candidate(candidate.id).volume_ml - before) < 1e-6

    def decide_by_keys(self) -> None:
        """Keys with Ctrl and Shift held: each decides on the one candidate that is chosen, and on no other."""
        if slicer.util.mainWindow() is None:
            return
        ids = [candidate.id for candidate in self.session.candidates()]
        before = self.statuses()
        self.choose(ids[-1])
        self.decide_by_key("Ctrl+Shift+Y", "accepted")
        self.choose(ids[-1])
        self.press("Ctrl+Shift+Up")
        assert self.panel.review.table.selected() == [ids[-2]]
        self.decide_by_key("Ctrl+Shift+N", "rejected")
        self.press("Ctrl+Shift+U")
        self.press("Ctrl+Shift+U")
        assert self.statuses() == before

    def decide_by_key(self, keys: str, status: str) -> None:
        """Press the keys of a decision; it is on the chosen candidate alone."""
        before, (chosen,) = self.statuses(), self.panel.review.table.selected()
        self.press(keys)
        assert self.statuses() == {**before, chosen: status}

    def delete_and_undo(self) -> None:
        """A deleted candidate is gone from table and segmentation; undo brings it back."""
        before, (*_others, last) = self.statuses(), self.session.candidates()
        self.choose(last.id)
        self.panel.ui.deleteButton.click()
        node = self.session.node_of("candidates")
        assert set(self.statuses()) == set(before) - {last.id}
        assert self.panel.ui.candidatesTable.rowCount == len(before) - 1
        assert node.GetSegmentation().GetNumberOfSegments() == len(before) - 1
        self.panel.ui.undoButton.click()
        assert self.statuses() == before
        assert node.GetSegmentation().GetNumberOfSegments() == len(before)

    def add_merge_split_rename(self) -> None:
        """A candidate of one's own, two made one, one made two again, another level."""
        candidates = self.session.candidates()
        count = len(candidates)
        place = candidates[-1].centroid_ras_mm + np.array([0.0, 25.0, 0.0])
        self.panel.review.add_at([float(x) for x in place])
        added = [c for c in self.session.candidates() if c.origin == "manual"]
        assert len(added) == 1
        assert len(self.session.candidates()) == count + 1
        table = self.panel.ui.candidatesTable
        table.clearSelection()
        self.panel.review.table.select({c.id for c in self.session.candidates()[-2:]})
        self.panel.ui.mergeButton.click()
        assert len(self.session.candidates()) == count
        assert table.rowCount == count
        self.panel.ui.splitButton.click()
        # An outline falls into all its separate pieces, and those of an MR finding can be more than one.
        parts = len(self.session.candidates())
        assert parts > count
        assert table.rowCount == parts
        self.panel.ui.undoButton.click()
        assert len(self.session.candidates()) == count
        candidate = self.session.candidates()[0]
        self.choose(candidate.id)
        self.panel.ui.levelCombo.setCurrentIndex(self.panel.ui.levelCombo.findData("L3/L4"))
        assert self.candidate(candidate.id).place.level == "L3/L4"

    def save_and_reopen(self) -> None:
        """The same case in a new session, with its views, after the scene was closed and opened."""
        before = self._told()
        layout, shown = self._layout(), {name for name, _view in self._views()}
        file, session = self.folder / "walk.mrb", self.session
        assert slicer.util.saveScene(str(file))
        slicer.mrmlScene.Clear(0)
        assert self.panel.ui.candidatesTable.rowCount == 0
        slicer.util.loadScene(str(file))
        self.rest()
        assert self.session is not session
        assert self._told() == before
        assert self.panel.ui.candidatesTable.rowCount == len(before)
        assert self.session.state("find").value == "done"
        assert (self._layout(), {name for name, _view in self._views()}) == (layout, shown)

    def _told(self) -> list[tuple[Any, ...]]:
        return [(c.id, c.status, c.place.level, c.origin, c.comment) for c in self.session.candidates()]

    def _layout(self) -> int | None:
        manager = slicer.app.layoutManager()
        return None if manager is None else manager.layout

    def export(self) -> None:
        """Report and tables are in the folder."""
        self.panel.ui.exportFolderEdit.currentPath = str(self.folder)
        self.panel.ui.exportNameEdit.text = "walk"
        self.panel.ui.exportButton.click()
        for name in ("report.html", "candidates.json"):
            assert (self.folder / "walk" / name).is_file(), name
        assert "href" in self.panel.ui.reportLabel.text

    def look_at_log(self) -> None:
        """Nothing of the walk left an error in Slicer's log."""
        assert not self.bad_lines(), self.bad_lines()

    def all(self) -> None:
        """The whole walk."""
        for act in (
            *(self.detect, self.run_all, self.use_landmarks, self.move_slider, self.use_presets, self.jump),
            *(self.decide, self.decide_by_keys, self.paint, self.delete_and_undo, self.add_merge_split_rename),
            *(self.save_and_reopen, self.export, self.look_at_log),
        ):
            act()

    def hip(self) -> None:
        """A shorter walk on a hip replacement."""
        self.detect(Group.HIP_REPLACEMENT)
        for act in (self.run_all, self.jump, self.decide, self.save_and_reopen, self.export, self.look_at_log):
            act()
