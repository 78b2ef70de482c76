"""A radiologist's acts on the panel, by its own buttons and views; each is checked in scene, table and views."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from gui_hands import CLOSE_MM, Hands, tag
from gui_walk_case import add_anatomy, hot_place, pixels_of
from PySide6 import QtCore, QtGui, QtTest

STATUS_COLUMN, NAME_COLUMN = 1, 2
REASON_COLUMN = 1
"""In the table of what is set apart."""
ACCESSIBLE_TEXT = 11
"""Qt::AccessibleTextRole: the word of a decision, where the table shows its sign."""


class Walk(Hands):
    """What a radiologist does, in the order of the walk."""

    def load_and_detect(self) -> None:
        """Load a phantom with its anatomy; Detect gives roles with reasons, and SUV is known."""
        import slicer
        from PainGeneratorLib.Gui.sample_data import load_phantom

        loaded = load_phantom("low-back", 101, "small")
        assert len(loaded) >= 4
        anatomy = add_anatomy(Path(slicer.app.temporaryPath))
        self.press(self.ui.detectButton)
        roles = self.session.roles()
        assert {"PET", "T1", "FLUID"} <= set(roles)
        assert self.ui.petSelector.currentNodeID == roles["PET"]
        assert self.ui.t1Selector.currentNode().GetName()
        assert self.ui.petReasonLabel.text
        assert self.session.suv_line().is_known
        colors = slicer.mrmlScene.GetNodeByID(roles["PET"]).GetDisplayNode().GetColorNode().GetName()
        assert colors == self.panel.parameters.colorMap.value, "the PET is colored before its SUV is known"
        self.ui.anatomySelector.setCurrentNode(anatomy)
        self.events()
        assert self.session.anatomy_id == anatomy.GetID()
        assert any(pixels_of(view).max() > 60 for view in self.views()), "the views show the case"

    def check_the_case(self) -> None:
        """Check shows what was found, in a message with details; nothing of the scene changes."""
        from slicer_stand_in.current import CURRENT

        before, told = self.node_ids(), len(CURRENT.messages)
        self.press(self.ui.checkButton)
        kind, text = CURRENT.messages[told]
        assert (kind, len(CURRENT.messages)) == ("info", told + 1)
        assert text.startswith("This case can be analyzed.")
        assert self.session.check().to_text().count("header:") == len(self.session.roles())
        assert self.node_ids() == before

    def cancel_a_run(self) -> None:
        """The button of a running step says Cancel; after it the step is not done and the scene as it was."""
        self.press(self.ui.runCaseButton)
        assert self.session.state("case").value == "done"
        before, texts = self.node_ids(), []

        def cancel() -> None:
            texts.append(self.ui.runAlignButton.text)
            self.ui.runAlignButton.click()

        self.open_section(self.ui.alignSection)
        QtCore.QTimer.singleShot(0, cancel)
        self.press(self.ui.runAlignButton)
        self.wait_until(lambda: not self.panel.is_busy, "cancelled", 120)
        assert texts == ["Cancel"]
        assert self.ui.runAlignButton.text != "Cancel"
        assert self.session.state("align").value == "not done"
        assert self.node_ids() == before

    def node_ids(self) -> list[str]:
        scene = self.stand_in.scene
        return sorted(scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes()))

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

    def see_the_first_candidate(self) -> None:
        """The first candidate is shown at once after the run, and the header counts the lists."""
        first = self.session.candidates()[0].id
        assert self.panel.review.table.selected() == [first]
        self.check_views_at(first)
        counted = f"{len(self.session.candidates())} candidates"
        assert self.ui.countsLabel.text.startswith(counted)
        assert f"{len(self.session.set_apart())} set apart" in self.ui.countsLabel.text

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
        self.ui.findSection.collapsed = True
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

    def use_reading_aids(self) -> None:
        """Layouts, PET windows by F-key, and the left-right comparison; each in the views themselves."""
        pet_id = self.session.volume_of("PET").GetID()
        self.open_section(self.ui.viewsSection)
        self.click_row(self.session.candidates()[0].id)
        self.choose_layout(self.ui.layoutBesideButton)
        beside = [w for w in self.stand_in.manager.slices.values() if w.isVisible()]
        shown = [w.mrmlSliceCompositeNode().GetBackgroundVolumeID() for w in beside]
        assert len(beside) == 6
        assert shown.count(pet_id) == 3
        self.shot("beside")
        self.choose_layout(self.ui.layoutMipButton)
        (turning,) = (w for w in self.stand_in.manager.views.values() if w.isVisible())
        assert turning.mrmlViewNode().GetRaycastTechnique() == turning.mrmlViewNode().MaximumIntensityProjection
        assert np.ptp(pixels_of(turning.view)) > 100, "the projection is drawn"
        self.shot("projection")
        self.choose_layout(self.ui.layoutFusedButton)
        display = self.session.volume_of("PET").GetDisplayNode()
        for handler, maximum in ((self.panel.on_window_3, 6.0), (self.panel.on_window_2, 4.0)):
            handler()
            self.events()
            assert display.GetWindowLevelMax() == maximum
            assert self.ui.petWindowSlider.value == maximum
        position = self.session.candidates()[0].centroid_ras_mm
        self.press(self.ui.mirrorButton)
        self.views()[0].click_at(position)
        self.events()
        assert self.ui.mirrorLabel.visible
        assert "mirrored" in self.ui.mirrorLabel.text
        self.ui.mirrorButton.click()
        self.events()
        assert not self.ui.mirrorLabel.visible
        self.ui.viewsSection.collapsed = True

    def choose_layout(self, button: Any) -> None:
        """Click a layout's button; its views are filled after a short pause."""
        self.press(button)
        self.wait_until(lambda: not self.panel.views._later.active, "filled")

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
            assert self.table.item(self.row_of(candidate_id), STATUS_COLUMN).data(ACCESSIBLE_TEXT) == word
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
        assert f"volume {edited.volume_ml:.2f} ml" in self.ui.detailsLabel.text
        self.shot("outline")
        self.check()
        self.ui.outlineGroup.checked = False
        self.press(self.ui.undoButton)
        again = self.candidate(chosen.id)
        assert abs(again.volume_ml - before) < 1e-6
        assert again.origin == chosen.origin
        assert f"volume {before:.2f} ml" in self.ui.detailsLabel.text

    def add_one(self) -> str:
        """Add one by clicking into a view on the PET."""
        count = self.table.rowCount
        session = self.session
        entries = [*session.candidates(), *session.set_apart(), *session.attention()]
        place = hot_place(session.volume_of("PET"), entries)
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
        seen_on_pet = [c.id for c in self.session.candidates() if c.suv_max is not None and c.id != added]
        other = seen_on_pet[-1]
        self.click_row(other)
        self.click_row(added, adding=True)
        assert set(self.panel.review.table.selected()) == {other, added}
        volume = self.candidate(other).volume_ml + self.candidate(added).volume_ml
        hottest = max(self.candidate(other).suv_max, self.candidate(added).suv_max)
        self.press(self.ui.mergeButton)
        assert self.table.rowCount == count - 1
        merged = self.candidate(self.panel.review.table.current())
        assert abs(merged.volume_ml - volume) < 0.02 * volume + 0.05, (merged.volume_ml, volume)
        assert abs(merged.suv_max - hottest) < 1e-6

    def rename_level(self) -> None:
        """Another level from the list; name and table follow."""
        first = self.session.candidates()[0]
        self.click_row(first.id)
        wanted = "L2/L3" if first.place.level != "L2/L3" else "L3/L4"
        self.ui.levelCombo.setCurrentIndex(self.ui.levelCombo.findData(wanted))
        self.events()
        assert self.candidate(first.id).place.level == wanted
        assert wanted.replace("/L", "/") in self.cell(first.id, NAME_COLUMN)
        self.ui.commentEdit.text = "typical for a facet joint"
        self.ui.commentEdit.editingFinished()
        assert self.candidate(first.id).comment == "typical for a facet joint"

    def look_at_what_is_set_apart(self) -> None:
        """The list of what is no candidate: a click takes the views there and tells why; one button brings it back."""
        ui = self.ui
        ui.apartGroup.collapsed = False
        self.events()
        entries = [*self.session.attention(), *self.session.set_apart()]
        table = ui.apartTable
        assert [table.item(row, 0).data(256) for row in range(table.rowCount)] == [entry.id for entry in entries]
        assert ui.attentionLabel.visible == bool(self.session.attention())
        assert f"{len(self.session.set_apart())} set apart" in ui.apartGroup.title
        assert not ui.bringBackButton.enabled
        row, chosen = len(entries) - 1, entries[-1]
        table.setCurrentCell(row, 0)
        self.events()
        assert table.item(row, REASON_COLUMN).text() == chosen.reason
        assert ui.apartLedgerTable.rowCount == len(chosen.ledger) > 0
        assert chosen.place.name in ui.apartLabel.text
        for view in self.views():
            self.check_view_at(view, self.session.position_of(chosen.id))
        self.scroll_to(ui.apartLedgerTable)
        self.shot("set-apart")
        before = self.summary()
        self.press(ui.bringBackButton)
        assert self.panel.review.table.current() == chosen.id
        assert ui.ledgerTable.rowCount == len(chosen.ledger)
        assert table.rowCount == len(entries) - 1
        self.shot("brought-back")
        self.check()
        self.press(ui.undoButton)
        assert self.summary() == before
        assert table.rowCount == len(entries)
        ui.apartGroup.collapsed = True

    def look_at_sites(self) -> None:
        """The table of all sites: a click takes the views there, filters hide, and the measures are told."""
        ui = self.ui
        ui.sitesGroup.collapsed = False
        self.events()
        rows = self.session.sites.rows
        assert ui.sitesTable.rowCount == len(rows) > 20
        assert [int(ui.sitesTable.item(n, 0).text()) for n in range(3)] == [1, 2, 3]
        assert ui.siteLevelsLabel.text
        assert ui.siteStateFilter.enabled
        assert ui.siteLevelFilter.enabled
        ui.siteLevelFilter.setCurrentIndex(ui.siteLevelFilter.findData("L3/L4"))
        self.events()
        shown = [n for n in range(ui.sitesTable.rowCount) if not ui.sitesTable.isRowHidden(n)]
        assert 0 < len(shown) < len(rows)
        assert {rows[n].site.level for n in shown} == {"L3/L4"}
        assert ui.siteCountLabel.text == f"{len(shown)} of {len(rows)}"
        ui.sitesTable.setCurrentCell(shown[0], 0)
        self.events()
        assert rows[shown[0]].site.name in ui.siteDetailsLabel.text
        for view in self.views():
            self.check_view_at(view, rows[shown[0]].site.center_ras)
        self.shot("sites")
        ui.siteLevelFilter.setCurrentIndex(0)
        self.events()

    def name_level(self) -> None:
        """One click names a level and all others follow; undo brings the former names back."""
        ui = self.ui
        before = self.site_levels()
        candidates = self.summary()
        disc = next(row.site for row in self.session.sites.rows if row.site.name == "disc L3/L4")
        ui.nameLevelCombo.setCurrentIndex(ui.nameLevelCombo.findData("L4/L5"))
        self.press(ui.nameLevelButton)
        self.views()[0].click_at(disc.center_ras)
        self.events()
        assert not ui.nameLevelButton.checked
        shifted = next(row.site for row in self.session.sites.rows if row.site.name == "disc L4/L5")
        assert np.linalg.norm(shifted.center_ras - disc.center_ras) < CLOSE_MM
        assert self.session.settings.levelName == "L4/L5"
        assert self.site_levels() != before
        self.press(ui.undoButton)
        assert self.site_levels() == before
        assert self.summary() == candidates
        assert self.session.settings.levelName == ""
        ui.sitesGroup.collapsed = True

    def site_levels(self) -> list[tuple[str, Any]]:
        return [(row.site.name, row.site.level) for row in self.session.sites.rows]

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
            self.events()
            assert not self.stand_in.window.findChildren(QtGui.QShortcut)
            self.stand_in.enter(self.widget)
            assert self.stand_in.window.findChildren(QtGui.QShortcut)
        assert self.summary() == told
        assert len(self.session.changed) == listeners
