"""What the views show while a case is read: the panel on a found case, by its own buttons and tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.scene]


@pytest.fixture
def a_reader(slicer_api: Any, qt_libraries: None, project_folder: Path, found_bundle: Path) -> Iterator[Any]:
    """The panel on a found case of the low back, and the stand-in around it."""
    from slicer_stand_in.current import CURRENT
    from slicer_stand_in.installed import SlicerStandIn

    with SlicerStandIn() as running:
        _module, widget = running.load_module(project_folder / "PainGenerator" / "PainGenerator.py")
        CURRENT.host.load_mrb(found_bundle)
        running.enter(widget)
        reader = Reader(running, widget)
        reader.settle()
        yield reader
        running.leave(widget)
        widget.cleanup()


class Reader:
    """A reader's hands and eyes."""

    def __init__(self, stand_in: Any, widget: Any) -> None:
        self.stand_in, self.widget = stand_in, widget
        self.panel, self.ui = widget.panel, widget.panel.ui

    def settle(self) -> None:
        import slicer

        end = time.monotonic() + 20
        slicer.app.processEvents()
        while self.panel.views._later.active and time.monotonic() < end:
            slicer.app.processEvents()
            time.sleep(0.01)
        slicer.app.processEvents()

    def press(self, name: str) -> None:
        getattr(self.ui, name).click()
        self.settle()

    def choose(self, index: int) -> Any:
        candidate = self.panel.session.candidates()[index]
        self.panel.review.table.choose(candidate.id)
        self.settle()
        return candidate

    def layers(self, view: str) -> tuple[str | None, str | None]:
        """Roles of lower and upper volume of a view, ``gray`` for the copy of the PET; None for none."""
        from PainGeneratorLib.Gui import pet_colors

        composite = self.stand_in.manager.slices[view].mrmlSliceCompositeNode()
        session, gray = self.panel.session, pet_colors.gray_copy_now()
        names = {session.volume_of(role).GetID(): role for role in session.roles()}
        names[gray.GetID()] = "gray"
        lower, upper = composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID()
        return names.get(lower), names.get(upper)


def test_the_low_back_is_read_on_its_own_layout(a_reader: Any) -> None:
    from PainGeneratorLib.Gui.layouts import READ_BACK, READ_HIP

    manager = a_reader.stand_in.manager
    assert manager.get_layout() == READ_BACK
    assert a_reader.ui.layoutReadButton.checked
    shown = {name for name, widget in manager.slices.items() if widget.isVisible()}
    assert shown == {"FluidSagittal", "T1Sagittal", "Yellow", "Red", "PETAxial"}
    a_reader.choose(0)
    assert a_reader.layers("FluidSagittal") == ("FLUID", None)
    assert a_reader.layers("T1Sagittal") == ("T1", None)
    assert a_reader.layers("Yellow") == ("T1", "PET")
    assert a_reader.layers("Red")[1] == "PET"
    assert a_reader.layers("PETAxial") == ("gray", None)
    a_reader.panel.session.group = "hip-replacement"
    a_reader.settle()
    assert manager.get_layout() == READ_HIP
    assert a_reader.layers("FluidCoronal") == ("FLUID", None)
    assert a_reader.layers("PelvisCoronal") == ("T1", "PET")
    pelvis = manager.slices["PelvisCoronal"].mrmlSliceNode()
    a_reader.choose(1)
    whole = pelvis.GetFieldOfView()
    a_reader.choose(0)
    assert pelvis.GetFieldOfView() == pytest.approx(whole), "the whole pelvis stays in view"
    assert whole[0] > 1.2 * manager.slices["Green"].mrmlSliceNode().GetFieldOfView()[0]


@pytest.mark.parametrize("leave", ["fold", "candidate"])
def test_after_a_look_at_the_alignment_the_pet_is_over_the_reference_again(a_reader: Any, leave: str) -> None:
    table = a_reader.ui.alignmentTable
    a_reader.ui.alignSection.collapsed = False
    a_reader.choose(0)
    roles = [table.item(row, 0).text() for row in range(table.rowCount)]
    for _round in range(2):
        table.selectRow(roles.index("FLUID"))
        a_reader.settle()
        assert a_reader.layers("Yellow") == ("T1", "FLUID")
        composite = a_reader.stand_in.manager.slices["Yellow"].mrmlSliceCompositeNode()
        assert composite.GetForegroundOpacity() == 0.5
        a_reader.ui.contourButton.checked = True
        if leave == "fold":
            a_reader.ui.alignSection.collapsed = True
            assert not a_reader.ui.contourButton.checked
            a_reader.ui.alignSection.collapsed = False
        else:
            a_reader.choose(1)
            a_reader.choose(0)
        assert a_reader.layers("Yellow") == ("T1", "PET")
        assert composite.GetForegroundOpacity() == a_reader.panel.parameters.fusionOpacity
        assert not table.selectedItems()


def test_another_layout_keeps_the_series_that_is_being_checked(a_reader: Any) -> None:
    a_reader.ui.alignSection.collapsed = False
    a_reader.choose(0)
    a_reader.ui.alignmentTable.selectRow(0)
    role = a_reader.panel.align.role()
    a_reader.press("layoutFusedButton")
    assert a_reader.layers("Green") == ("T1", role)


def test_the_window_comes_from_the_case_until_the_reader_chooses_one(a_reader: Any) -> None:
    from PainGeneratorLib.Gui.pet_window import CASE_RATIO

    parameters, ui = a_reader.panel.parameters, a_reader.ui
    reference = a_reader.panel.session.reference_uptake()
    display = a_reader.panel.session.volume_of("PET").GetDisplayNode()
    wanted = round(CASE_RATIO * reference.suv, 1)
    assert parameters.petWindowMaximum == pytest.approx(wanted)
    assert display.GetWindowLevelMax() == pytest.approx(wanted)
    assert ui.petWindowCaseButton.checked
    assert reference.name in ui.petWindowNoteLabel.text
    a_reader.panel.on_window_3()
    assert display.GetWindowLevelMax() == 6.0
    assert ui.petWindow3Button.checked
    assert not ui.petWindowCaseButton.checked
    ui.petWindowSlider.value = 7.5
    assert display.GetWindowLevelMax() == 7.5
    a_reader.panel.session.changed[0]("candidates")
    assert display.GetWindowLevelMax() == 7.5, "the reader's window stays"
    assert f"{7.5 / reference.suv:.1f}" in ui.petWindowNoteLabel.text
    a_reader.press("petWindowCaseButton")
    assert display.GetWindowLevelMax() == pytest.approx(wanted)
    assert ui.petWindowCaseButton.checked


def test_normal_marrow_is_seen_as_mr_and_the_focus_in_color(a_reader: Any) -> None:
    from gui_walk_case import pixels_of

    a_reader.panel.parameters.showOutlines = False
    anatomy = a_reader.stand_in.scene.GetNodeByID(a_reader.panel.session.anatomy_id)
    anatomy.GetDisplayNode().SetVisibility(False)
    hottest = max(a_reader.panel.session.candidates(), key=lambda candidate: candidate.suv_max or 0.0)
    a_reader.panel.review.table.choose(hottest.id)
    a_reader.settle()
    picture = pixels_of(a_reader.stand_in.manager.slices["Yellow"].view).astype(int)
    colored = np.ptp(picture, axis=2) > 60
    middle = colored[picture.shape[0] // 2 - 8 : picture.shape[0] // 2 + 8, picture.shape[1] // 2 - 8 :][:, :16]
    assert middle.any()
    assert colored.mean() < 0.1
    a_reader.panel.parameters.fadePet = False
    a_reader.settle()
    covered = pixels_of(a_reader.stand_in.manager.slices["Yellow"].view).astype(int)
    assert (np.ptp(covered, axis=2) > 60).mean() > 2 * colored.mean()


def test_one_key_resets_the_windows_of_the_mr(a_reader: Any) -> None:
    session = a_reader.panel.session
    displays = [session.volume_of(role).GetDisplayNode() for role in ("T1", "FLUID")]
    pet = session.volume_of("PET").GetDisplayNode()
    before = [(display.GetWindow(), display.GetLevel()) for display in displays]
    window = pet.GetWindowLevelMax()
    for display in displays:
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(0.0, 3.0)
    assert "F4" in a_reader.panel._shortcut_handlers()
    a_reader.panel._shortcut_handlers()["F4"]()
    assert [(display.GetWindow(), display.GetLevel()) for display in displays] == before
    assert pet.GetWindowLevelMax() == window


def test_leaving_takes_the_reading_aids_out_of_the_scene(a_reader: Any) -> None:
    import slicer
    from PainGeneratorLib.Gui import pet_colors

    a_reader.choose(0)
    node = a_reader.panel.session.node_of("candidates")
    pet_id = a_reader.panel.session.volume_of("PET").GetID()
    assert [node.GetNthDisplayNode(index).GetVisibility() for index in range(2)] == [1, 1]
    a_reader.stand_in.leave(a_reader.widget)
    a_reader.settle()
    assert [node.GetNthDisplayNode(index).GetVisibility() for index in range(2)] == [1, 0]
    assert pet_colors.gray_copy_now() is None
    assert a_reader.stand_in.manager.get_layout() == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    composite = a_reader.stand_in.manager.slices["PETAxial"].mrmlSliceCompositeNode()
    assert composite.GetBackgroundVolumeID() == pet_id
    a_reader.stand_in.enter(a_reader.widget)
    a_reader.settle()
    assert a_reader.ui.layoutReadButton.checked
    assert a_reader.layers("PETAxial") == ("gray", None)
