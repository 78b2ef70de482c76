"""The walk of a radiologist through the panel, for the self test in Slicer; each act is checked in scene and table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import slicer

from ..Scene.segments import TAG_PREFIX
from .sample_data import load_phantom


class Walk:
    """Acts and checks on an open panel.

    Parameters
    ----------
    widget : PainGeneratorWidget
    folder : Path
        Existing folder for the scene and the export.
    """

    def __init__(self, widget: Any, folder: Path) -> None:
        self.widget, self.folder = widget, Path(folder)

    @property
    def panel(self) -> Any:
        """The panel; the same before and after a scene is closed."""
        return self.widget.panel

    def detect(self) -> None:
        """Load a phantom and give its series their roles."""
        load_phantom("low-back", 1, "small")
        self.panel.ui.detectButton.click()
        roles = self.panel.session.roles()
        assert {"PET", "T1", "FLUID"} <= set(roles), roles
        assert self.panel.ui.petSelector.currentNodeID == roles["PET"]
        assert self.panel.session.suv_line().is_known, self.panel.session.suv_line().text

    def run_all(self) -> None:
        """All steps; candidates are in table, scene and segmentation."""
        self.panel.ui.runAllButton.click()
        for step in ("case", "align", "find"):
            assert self.panel.session.state(step).value == "done", step
        count = len(self.panel.session.candidates())
        assert count > 0
        assert self.panel.ui.candidatesTable.rowCount == count
        node = self.panel.session.node_of("candidates")
        assert node.GetSegmentation().GetNumberOfSegments() == count

    def move_slider(self) -> None:
        """More foci at a lower ratio, fewer at a higher one, and back to the candidates."""
        counts = []
        for ratio in (1.25, 1.6, 2.4):
            self.panel.ui.sensitivitySlider.value = ratio
            self.panel.find.on_preview()
            counts.append(self.panel.ui.previewTable.rowCount)
        assert counts[0] >= counts[1] >= counts[2], counts
        assert counts[0] > counts[2], counts
        candidates = len(self.panel.session.candidates())
        self.panel.ui.resetPreviewButton.click()
        assert len(self.panel.session.candidates()) == candidates

    def jump(self) -> None:
        """The slice views follow the table."""
        for candidate in self.panel.session.candidates()[:3]:
            self.choose(candidate.id)
            for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
                to_ras = slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS())
                distance = abs((to_ras[:3, 3] - self.panel.session.position_of(candidate.id)) @ to_ras[:3, 2])
                assert distance < 0.1, (node.GetName(), distance)

    def decide(self) -> None:
        """Accept the first, reject the second; tags of the segments follow."""
        first, second = (candidate.id for candidate in self.panel.session.candidates()[:2])
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
        candidate = self.panel.session.candidates()[0]
        before = candidate.volume_ml
        self.choose(candidate.id)
        self.panel.ui.outlineGroup.checked = True
        node, segment_id = self.panel.session.begin_edit(candidate.id)
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

    def add_merge_rename(self) -> None:
        """A candidate of one's own, two made one, another level."""
        candidates = self.panel.session.candidates()
        count = len(candidates)
        place = candidates[-1].centroid_ras_mm + np.array([0.0, 25.0, 0.0])
        self.panel.review.add_at([float(x) for x in place])
        added = [c for c in self.panel.session.candidates() if c.origin == "manual"]
        assert len(added) == 1
        assert len(self.panel.session.candidates()) == count + 1
        table = self.panel.ui.candidatesTable
        table.clearSelection()
        self.panel.review.table.select({c.id for c in self.panel.session.candidates()[-2:]})
        self.panel.ui.mergeButton.click()
        assert len(self.panel.session.candidates()) == count
        candidate = self.panel.session.candidates()[0]
        self.choose(candidate.id)
        self.panel.ui.levelCombo.setCurrentIndex(self.panel.ui.levelCombo.findData("L3/L4"))
        assert self.candidate(candidate.id).place.level == "L3/L4"

    def save_and_reopen(self) -> None:
        """The same case, decisions and states after closing and loading the scene."""
        before = [(c.id, c.status, c.place.level, c.origin) for c in self.panel.session.candidates()]
        file = self.folder / "walk.mrb"
        assert slicer.util.saveScene(str(file))
        slicer.mrmlScene.Clear(0)
        assert self.panel.ui.candidatesTable.rowCount == 0
        slicer.util.loadScene(str(file))
        assert [(c.id, c.status, c.place.level, c.origin) for c in self.panel.session.candidates()] == before
        assert self.panel.ui.candidatesTable.rowCount == len(before)
        assert self.panel.session.state("find").value == "done"

    def export(self) -> None:
        """Report and tables are in the folder."""
        self.panel.ui.exportFolderEdit.currentPath = str(self.folder)
        self.panel.ui.exportNameEdit.text = "walk"
        self.panel.ui.exportButton.click()
        for name in ("report.html", "candidates.json"):
            assert (self.folder / "walk" / name).is_file(), name
        assert "href" in self.panel.ui.reportLabel.text

    def all(self) -> None:
        """The whole walk."""
        for act in (
            *(self.detect, self.run_all, self.move_slider, self.jump, self.decide, self.paint),
            *(self.add_merge_rename, self.save_and_reopen, self.export),
        ):
            act()

    # --- helpers

    def choose(self, candidate_id: str) -> None:
        """Click a candidate in the table."""
        self.panel.review.table.choose(candidate_id)
        assert self.panel.review.table.current() == candidate_id

    def candidate(self, candidate_id: str) -> Any:
        """The candidate with this id."""
        return next(c for c in self.panel.session.candidates() if c.id == candidate_id)

    def tag(self, candidate_id: str, name: str) -> str:
        """A tag of a candidate's segment."""
        segmentation = self.panel.session.node_of("candidates").GetSegmentation()
        for segment_id in segmentation.GetSegmentIDs():
            segment = segmentation.GetSegment(segment_id)
            if read_tag(segment, "Id") == candidate_id:
                return read_tag(segment, name)
        raise AssertionError(f"no segment for {candidate_id}")


def read_tag(segment: Any, name: str) -> str:
    """A tag of a segment, empty when there is none."""
    if not segment.HasTag(f"{TAG_PREFIX}{name}"):
        return ""
    from vtk import mutable

    value = mutable("")
    segment.GetTag(f"{TAG_PREFIX}{name}", value)
    return str(value)
