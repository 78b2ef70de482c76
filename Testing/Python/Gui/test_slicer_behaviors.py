"""The stand-in does what real Slicer was seen to do, also where that is a nuisance."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.scene


@pytest.fixture
def a_volume(slicer: Any) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "volume")
    slicer.util.updateVolumeFromArray(node, np.zeros((40, 40, 40), dtype=np.float32))
    node.CreateDefaultDisplayNodes()
    return node


@pytest.fixture
def a_segmentation(slicer: Any, a_volume: Any) -> Any:
    """A ball in the middle of a view, drawn."""
    from PainGeneratorLib.Numerics.core.image import Geometry, Region
    from PainGeneratorLib.Scene.segments import Segment, write_segmentation

    axes = np.meshgrid(*[np.arange(40)] * 3, indexing="ij")
    ball = sum((axis - 20.0) ** 2 for axis in axes) < 64
    geometry = Geometry((40, 40, 40), np.eye(4))
    segment = Segment("ball", "ball", Region.from_mask(ball, geometry), (1.0, 0.0, 0.0))
    node, _ = write_segmentation(slicer.mrmlScene, "segmentation", [segment], geometry, reference_volume=a_volume)
    slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode().SetBackgroundVolumeID(a_volume.GetID())
    slicer.util.resetSliceViews()
    slicer.app.processEvents()
    return node


def red_pixels(view: Any) -> int:
    """How many red pixels the user sees in a view."""
    from slicer_stand_in.own_render_view import pixels_of_image

    pixels = pixels_of_image(view._native.shown).astype(int)
    return int((pixels[..., 0] - pixels[..., 1] > 60).sum())


def log_of(slicer: Any) -> list[str]:
    log = slicer.app.errorLogModel()
    return [log.logEntryDescription(row) for row in range(log.logEntryCount())]


# --- drawing


def test_a_label_map_written_in_place_is_not_drawn_until_its_node_says_so(slicer: Any, a_segmentation: Any) -> None:
    from PainGeneratorLib.Scene.nodes import volume_array

    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
    view._native.node.JumpSliceByCentering(20.0, 20.0, 20.0)
    slicer.app.processEvents()
    assert red_pixels(view) > 50
    image = a_segmentation.GetSegmentation().GetLayerDataObject(0)
    volume_array(image)[:] = 0
    drawn = view._native.drawn
    image.GetPointData().GetScalars().Modified()
    image.Modified()
    slicer.app.processEvents()
    assert view._native.drawn == drawn
    assert red_pixels(view) > 50
    a_segmentation.Modified()
    slicer.app.processEvents()
    assert view._native.drawn == drawn + 1
    assert red_pixels(view) == 0


def test_a_view_that_must_not_render_loses_the_request(slicer: Any, a_segmentation: Any) -> None:
    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
    drawn = view._native.drawn
    view.setRenderEnabled(False)
    a_segmentation.Modified()
    view.setRenderEnabled(True)
    slicer.app.processEvents()
    assert view._native.drawn == drawn


def test_a_paused_view_renders_once_when_it_goes_on(slicer: Any, a_segmentation: Any) -> None:
    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
    drawn = view._native.drawn
    with slicer.util.RenderBlocker():
        a_segmentation.Modified()
        a_segmentation.Modified()
        slicer.app.processEvents()
        assert view._native.drawn == drawn
    slicer.app.processEvents()
    assert view._native.drawn == drawn + 1


# --- mouse and keyboard


def test_moves_of_the_mouse_reach_only_observers_with_a_priority(slicer: Any) -> None:
    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
    heard: list[str] = []
    interactor = view.interactor()
    interactor.AddObserver("MouseMoveEvent", lambda caller, event: heard.append("without"))
    interactor.AddObserver("MouseMoveEvent", lambda caller, event: heard.append("with"), 1.0)
    interactor.AddObserver("LeaveEvent", lambda caller, event: heard.append("leave"))
    view._native.hover_at((0.0, 0.0, 0.0))
    interactor.InvokeEvent("LeaveEvent")
    assert heard == ["with", "leave"]


def test_a_cell_chosen_by_code_is_added_to_the_selection_while_modifiers_are_held(stand_in: Any, slicer: Any) -> None:
    import qt
    from slicer_stand_in.keyboard import press_keys

    window = slicer.util.mainWindow()
    table = qt.QTableWidget(5, 1)
    stand_in.dock.setWidget(table._native)
    table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
    for row in range(5):
        table.setItem(row, 0, qt.QTableWidgetItem(str(row)))
    shortcut = qt.QShortcut(window)
    shortcut.setKey(qt.QKeySequence("Ctrl+Shift+Up"))
    command = [()]
    shortcut.connect("activated()", lambda: table.setCurrentCell(table.currentRow() - 1, 0, *command[0]))
    table.setCurrentCell(3, 0)
    table.item(3, 0).setSelected(True)
    press_keys("Ctrl+Shift+Up")
    assert sorted(item.row() for item in table.selectedItems()) == [2, 3]
    command[0] = (qt.QItemSelectionModel.ClearAndSelect | qt.QItemSelectionModel.Rows,)
    press_keys("Ctrl+Shift+Up")
    assert [item.row() for item in table.selectedItems()] == [1]


# --- layouts

OWN = 6001
DESCRIPTION = (
    '<layout type="horizontal"><item><view class="vtkMRMLSliceNode" singletontag="Red">'
    '<property name="orientation" action="default">Axial</property></view></item></layout>'
)


def visible_slices(slicer: Any) -> list[str]:
    slicer.app.processEvents()
    manager = slicer.app.layoutManager()
    return [name for name in manager.sliceViewNames() if manager.sliceWidget(name)._native.isVisible()]


def a_scene_with_a_layout_of_its_own(folder: Path) -> Path:
    from slicer_stand_in.installed import SlicerStandIn

    with SlicerStandIn():
        import slicer

        manager = slicer.app.layoutManager()
        manager.layoutLogic().GetLayoutNode().AddLayoutDescription(OWN, DESCRIPTION)
        manager.setLayout(OWN)
        assert visible_slices(slicer) == ["Red"]
        slicer.util.saveScene(str(folder / "scene.mrb"))
    return folder / "scene.mrb"


def test_a_scene_holds_the_number_of_its_layout_only(slicer_api: Any, qt_libraries: None, tmp_path: Path) -> None:
    from slicer_stand_in.installed import SlicerStandIn

    path = a_scene_with_a_layout_of_its_own(tmp_path)
    with SlicerStandIn():
        import slicer

        manager = slicer.app.layoutManager()
        slicer.util.loadScene(str(path))
        assert manager.layout == OWN
        assert visible_slices(slicer) == []
        node = manager.layoutLogic().GetLayoutNode()
        node.AddLayoutDescription(OWN, DESCRIPTION)
        manager.setLayout(OWN)
        assert visible_slices(slicer) == [], "the number that is set already does nothing"


def test_a_layout_registered_before_the_scene_is_shown(slicer_api: Any, qt_libraries: None, tmp_path: Path) -> None:
    from slicer_stand_in.installed import SlicerStandIn

    path = a_scene_with_a_layout_of_its_own(tmp_path)
    with SlicerStandIn():
        import slicer

        slicer.app.layoutManager().layoutLogic().GetLayoutNode().AddLayoutDescription(OWN, DESCRIPTION)
        slicer.util.loadScene(str(path))
        assert visible_slices(slicer) == ["Red"]


def test_an_unknown_layout_is_the_conventional_one(slicer: Any) -> None:
    manager = slicer.app.layoutManager()
    manager.setLayout(7777)
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView


# --- samples, messages, log


def test_samples_want_a_title_and_lists_of_one_length(slicer: Any) -> None:
    from SampleData import SampleDataLogic

    with pytest.raises(TypeError):
        SampleDataLogic.registerCustomSampleDataCategory("Mine")
    with pytest.raises(TypeError):
        SampleDataLogic.registerCustomSampleDataSource("Mine", sampleName="one", customDownloader=print)
    names = ("uris", "fileNames", "nodeNames", "loadFileTypes", "loadFiles")
    lists: dict[str, Any] = {name: [] for name in names}
    with pytest.raises(ValueError, match="same length"):
        SampleDataLogic.registerCustomSampleDataSource("Mine", **{**lists, "fileNames": ["a"]}, customDownloader=print)
    SampleDataLogic.registerCustomSampleDataSource("Mine", sampleName="one", customDownloader=print, **lists)


def test_an_error_is_a_dialog_and_is_raised_again(slicer: Any) -> None:
    from slicer_stand_in.current import CURRENT

    with pytest.raises(KeyError), slicer.util.tryWithErrorDisplay("This failed."):
        raise KeyError("why")
    assert [kind for kind, _ in CURRENT.messages] == ["error"]


def test_in_testing_mode_a_message_goes_to_the_log_only(slicer: Any) -> None:
    from slicer_stand_in.current import CURRENT

    CURRENT.testing = True
    with pytest.raises(KeyError), slicer.util.tryWithErrorDisplay("This failed."):
        raise KeyError("why")
    slicer.util.errorDisplay("This is wrong.")
    assert CURRENT.messages == []
    assert "This is wrong." in log_of(slicer)


def test_the_log_holds_what_python_logs_and_what_a_slot_lost(slicer: Any) -> None:
    import qt

    def fail() -> None:
        raise KeyError("lost")

    button = qt.QPushButton("x")
    button.connect("clicked()", fail)
    logging.getLogger("anybody").warning("odd")
    button.click()
    texts = log_of(slicer)
    assert "odd" in texts
    assert any("Traceback" in text for text in texts)
    log = slicer.app.errorLogModel()
    assert log.data(log.index(texts.index("odd"), 2)) == "Warning"


# --- scene


def test_opening_a_scene_gives_a_node(slicer: Any, a_volume: Any, tmp_path: Path) -> None:
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    assert slicer.util.loadScene(str(tmp_path / "scene.mrb")).IsA("vtkMRMLNode")


def test_the_names_of_representations_want_a_list_to_fill(slicer: Any, a_segmentation: Any) -> None:
    with pytest.raises(TypeError):
        a_segmentation.GetSegmentation().GetContainedRepresentationNames()
    names: list[str] = []
    a_segmentation.GetSegmentation().GetContainedRepresentationNames(names)


def test_every_new_segmentation_gets_its_item(slicer: Any, a_segmentation: Any) -> None:
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    assert tree.GetItemByDataNode(a_segmentation) != tree.GetInvalidItemID()
    assert not any("Unable to find" in text for text in log_of(slicer))


def test_the_item_of_a_node_goes_with_it(slicer: Any, a_segmentation: Any) -> None:
    import vtk

    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item, left = tree.GetItemByDataNode(a_segmentation), vtk.vtkIdList()
    slicer.mrmlScene.RemoveNode(a_segmentation)
    tree.GetItemChildren(tree.GetSceneItemID(), left, True)
    assert item not in [left.GetId(index) for index in range(left.GetNumberOfIds())]


def test_whoever_changes_a_segmentation_before_its_item_is_loaded_is_logged(
    slicer: Any, a_segmentation: Any, tmp_path: Path
) -> None:
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))

    def hide(caller: Any, event: str) -> None:
        node = caller.GetFirstNodeByName("segmentation")
        node.GetDisplayNode().SetVisibility(False)

    tag = slicer.mrmlScene.AddObserver(slicer.vtkMRMLScene.EndImportEvent, hide)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.RemoveObserver(tag)
    assert "Unable to find subject hierarchy item for segmentation node segmentation" in log_of(slicer)
    log, shown = slicer.app.errorLogModel(), slicer.mrmlScene.GetFirstNodeByName("segmentation")
    log.clear()
    shown.GetDisplayNode().SetVisibility(True)
    assert log_of(slicer) == []


def test_series_come_from_dicom_with_slicers_names_and_units(slicer: Any, phantom_folder: Path) -> None:
    from PainGeneratorLib.Scene.nodes import voxel_unit
    from scene_cases import few_series, load_as_slicer_does

    load_as_slicer_does(slicer.mrmlScene, few_series(phantom_folder / "dicom"))
    nodes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    pets = [node for node in nodes if node.GetVoxelValueUnits() is None]
    others = [node for node in nodes if node not in pets]
    assert len(pets) == 1
    assert others
    assert all(node.GetVoxelValueUnits().GetCodeMeaning() == "no units" for node in others)
    assert all(voxel_unit(node) for node in others)
    assert all(node.GetName().partition(": ")[0].isdigit() for node in nodes)


# --- the panel's width


def test_the_panel_is_as_wide_as_its_widest_visible_part(stand_in: Any, slicer: Any) -> None:
    import qt
    from slicer_stand_in.module_panel import ModulePanel

    inner = qt.QWidget()
    box = qt.QVBoxLayout(inner)
    narrow, wide = qt.QPushButton("narrow"), qt.QPushButton("wide")
    narrow.setMinimumWidth(200)
    wide.setMinimumWidth(500)
    for button in (narrow, wide):
        box.addWidget(button)
    wide.hide()
    panel = ModulePanel(inner._native)
    stand_in.dock.setWidget(panel)
    slicer.app.processEvents()
    first = panel.widths[-1]
    wide.show()
    slicer.app.processEvents()
    assert panel.widths[-1] - first == 300
