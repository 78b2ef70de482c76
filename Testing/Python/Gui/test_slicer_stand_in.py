"""The stand-in answers as PythonQt was measured to answer, and refuses what real Slicer lacks."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest

pytestmark = pytest.mark.scene

UI = """<ui version="4.0"><class>T</class><widget class="qMRMLWidget" name="Top">
<layout class="QVBoxLayout" name="box">
<item><widget class="qMRMLNodeComboBox" name="selector">
<property name="nodeTypes"><stringlist notr="true"><string>vtkMRMLScalarVolumeNode</string></stringlist></property>
<property name="noneEnabled"><bool>true</bool></property></widget></item>
<item><widget class="ctkSliderWidget" name="slider"><property name="maximum"><double>5.0</double></property>
<property name="SlicerParameterName" stdset="0"><string notr="true">level</string></property></widget></item>
<item><widget class="QCheckBox" name="check"><property name="text"><string>yes</string></property>
<property name="SlicerParameterName" stdset="0"><string notr="true">on</string></property></widget></item>
</layout></widget><connections><connection><sender>Top</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
<receiver>selector</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>"""


@pytest.fixture
def qt(stand_in: Any) -> Any:
    import qt

    return qt


@pytest.fixture
def a_volume(slicer: Any) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "volume")
    values = np.arange(20 * 30 * 40, dtype=np.float32).reshape(20, 30, 40)
    slicer.util.updateVolumeFromArray(node, values)
    node.CreateDefaultDisplayNodes()
    return node


@pytest.fixture
def a_segmentation(slicer: Any, a_volume: Any) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "segmentation")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(a_volume)
    node.GetSegmentation().AddEmptySegment("first", "first", (1.0, 0.0, 0.0))
    return node


# --- properties, methods, constructors


def test_properties_are_attributes_and_not_calls(qt: Any) -> None:
    button = qt.QPushButton("x")
    button.text = "y"
    button.enabled = False
    assert (button.text, button.enabled) == ("y", False)
    with pytest.raises(TypeError):
        button.text()
    button.setText("z")
    assert button.text == "z"


def test_unknown_attributes_are_refused_on_plain_objects_only(qt: Any) -> None:
    button = qt.QPushButton("x")
    with pytest.raises(AttributeError):
        button.txet = "z"
    with pytest.raises(AttributeError):
        button.noSuchMethod()

    class Own(qt.QPushButton):
        pass

    own = Own("x")
    own.txet = "z"
    own.text = "y"
    assert (own.txet, own.text) == ("z", "y")


def test_a_property_that_cannot_be_set_is_refused(qt: Any) -> None:
    with pytest.raises(AttributeError, match="not writable"):
        qt.QLabel("x").width = 3


def test_a_property_refuses_a_value_of_another_type(qt: Any) -> None:
    with pytest.raises(AttributeError, match="does not accept"):
        qt.QSpinBox().value = "three"


def test_keyword_arguments_are_refused(qt: Any, stand_in: Any) -> None:
    with pytest.raises(ValueError, match="keyword"):
        qt.QPushButton("x", parent=None)
    with pytest.raises(ValueError, match="keyword"):
        qt.QPushButton("x").setText(text="y")
    assert len(stand_in.troubles.refusals) == 2


def test_constructors_take_the_listed_number_of_arguments(qt: Any) -> None:
    with pytest.raises(ValueError, match="no constructor"):
        qt.QPushButton("a", "b", "c", "d")


def test_classes_that_slicer_lacks_are_refused(qt: Any, slicer: Any) -> None:
    with pytest.raises(AttributeError):
        _ = qt.QRadioButtn
    with pytest.raises(AttributeError):
        _ = slicer.qMRMLNoSuchWidget
    with pytest.raises(AttributeError):
        _ = slicer.app.noSuchThing
    with pytest.raises(AttributeError):
        _ = slicer.modules.nosuchmodule


def test_classes_hold_only_their_own_instances(qt: Any, slicer: Any) -> None:
    button = qt.QPushButton("x")
    assert isinstance(button, qt.QPushButton)
    assert not isinstance(button, qt.QAbstractButton)
    assert not isinstance(slicer.qMRMLNodeComboBox(), qt.QWidget)
    assert button.inherits("QWidget")
    assert button.isWidgetType()


def test_lists_come_back_as_tuples(slicer: Any) -> None:
    combo = slicer.qMRMLNodeComboBox()
    combo.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    assert combo.nodeTypes == ("vtkMRMLScalarVolumeNode",)


def test_items_are_no_objects_and_have_methods(qt: Any) -> None:
    table = qt.QTableWidget(1, 1)
    table.setItem(0, 0, qt.QTableWidgetItem("a"))
    gc.collect()
    item = table.item(0, 0)
    assert item.text() == "a"
    item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
    item.setData(qt.Qt.DisplayRole, 3.5)
    assert item.text() == "3.5"
    assert not hasattr(item, "connect")


def test_numbers_sort_as_numbers_and_own_comparisons_are_ignored(qt: Any) -> None:
    class Item(qt.QTableWidgetItem):
        def __lt__(self, other: Any) -> bool:
            raise AssertionError("PythonQt does not call this")

    table = qt.QTableWidget(3, 1)
    for row, value in enumerate((10.0, 9.0, 100.0)):
        item = Item()
        item.setData(qt.Qt.DisplayRole, value)
        table.setItem(row, 0, item)
    table.sortItems(0)
    assert [table.item(row, 0).data(qt.Qt.DisplayRole) for row in range(3)] == [9.0, 10.0, 100.0]


def test_python_data_live_in_items(qt: Any) -> None:
    combo = qt.QComboBox()
    combo.addItem("c", {"k": 1})
    assert combo.itemData(0) == {"k": 1}


def test_a_timer_hides_its_single_shot_property(qt: Any, slicer: Any) -> None:
    timer, seen = qt.QTimer(), []
    with pytest.raises(AttributeError):
        timer.singleShot = True
    timer.setSingleShot(True)
    assert timer.active == timer.isActive() is False
    qt.QTimer.singleShot(0, lambda: seen.append(1))
    slicer.app.processEvents()
    assert seen == [1]


def test_a_destroyed_object_raises_value_error(qt: Any) -> None:
    label = qt.QLabel("x")
    label.delete()
    with pytest.raises(ValueError, match="destroyed"):
        label.setText("y")


# --- signals and slots


def test_a_signal_is_found_by_its_exact_signature(qt: Any, stand_in: Any) -> None:
    button, seen = qt.QPushButton("x"), []
    slot = lambda *values: seen.append(values)  # noqa: E731 - the same object is needed three times
    assert button.connect("clicked(bool)", slot)
    assert button.connect("clicked()", slot)
    assert button.clicked.connect(slot)
    assert button.connect("clicked(int)", slot) is False
    button.click()
    assert seen == [(False,), (), (False,)]
    assert stand_in.troubles.failed_connects == ["qt.QPushButton: clicked(int)"]


def test_a_disconnected_slot_is_not_called(qt: Any) -> None:
    button, seen = qt.QPushButton("x"), []
    slot = seen.append
    button.connect("clicked(bool)", slot)
    assert button.disconnect("clicked(bool)", slot)
    assert not button.disconnect("clicked(bool)", slot)
    button.click()
    assert seen == []


def test_surplus_arguments_are_dropped_and_defaults_are_filled(qt: Any) -> None:
    button, seen = qt.QPushButton("x"), []
    button.connect("clicked(bool)", lambda: seen.append("none"))
    button.connect("clicked(bool)", lambda name="mine": seen.append(name))
    button.click()
    assert seen == ["none", False]


def test_an_error_in_a_slot_is_lost_and_remembered(qt: Any, stand_in: Any, capsys: pytest.CaptureFixture) -> None:
    button = qt.QPushButton("x")

    def fail() -> None:
        raise KeyError("lost")

    button.connect("clicked()", fail)
    button.click()
    assert "KeyError" in capsys.readouterr().err
    assert [type(error) for error in stand_in.troubles.slot_errors] == [KeyError]
    assert "lost in a slot" in stand_in.troubles.texts()[0]


def test_an_overloaded_signal_as_attribute_is_remembered(qt: Any, stand_in: Any) -> None:
    qt.QDoubleSpinBox().valueChanged.connect(print)
    assert len(stand_in.troubles.ambiguous_connects) == 1


def test_own_signals_work(qt: Any) -> None:
    class Sender(qt.QObject):
        said = qt.Signal(str)

    sender, heard = Sender(), []
    sender.said.connect(heard.append)
    assert sender.connect("said(QString)", heard.append)
    sender.said.emit("a")
    assert heard == ["a", "a"]


def test_event_filters_and_models_of_python_are_called(qt: Any, slicer: Any, stand_in: Any) -> None:
    class Filter(qt.QObject):
        seen = 0

        def eventFilter(self, watched: Any, event: Any) -> bool:
            self.seen += event.type() == qt.QEvent.Show
            return False

    class Model(qt.QAbstractTableModel):
        def rowCount(self, parent: Any = None) -> int:
            return 3

        def columnCount(self, parent: Any = None) -> int:
            return 2

        def data(self, index: Any, role: int) -> Any:
            return index.row() if role == qt.Qt.DisplayRole else None

    label, watcher = qt.QLabel("x"), Filter()
    label.installEventFilter(watcher)
    label.show()
    assert watcher.seen == 1
    view, model = qt.QTableView(), Model()
    view.setModel(model)
    assert view.model().rowCount() == 3
    assert view.model().index(2, 0).data() == 2
    assert stand_in.troubles.slot_errors == []


# --- Designer files and parameters


def test_a_designer_file_is_loaded_with_its_custom_widgets(slicer: Any, tmp_path: Path, a_volume: Any) -> None:
    path = tmp_path / "T.ui"
    path.write_text(UI)
    widget = slicer.util.loadUI(str(path))
    ui = slicer.util.childWidgetVariables(widget)
    widget.setMRMLScene(slicer.mrmlScene)
    assert ui.selector.className() == "qMRMLNodeComboBox"
    assert ui.selector.currentNode() is None
    ui.selector.setCurrentNode(a_volume)
    assert ui.selector.currentNodeID == a_volume.GetID()
    assert ui.slider.maximum == 5.0
    assert ui.check.text == "yes"


def test_a_designer_file_with_an_unknown_property_leaves_a_trouble(slicer: Any, stand_in: Any, tmp_path: Path) -> None:
    path = tmp_path / "T.ui"
    path.write_text(UI.replace('name="noneEnabled"', 'name="noneAllowed"'))
    slicer.util.loadUI(str(path))
    assert any("noneAllowed" in text for text in stand_in.troubles.texts())


def test_parameters_and_widgets_follow_each_other(slicer: Any, tmp_path: Path) -> None:
    from slicer.parameterNodeWrapper import Default, WithinRange, parameterNodeWrapper

    level = Annotated[float, WithinRange(0.0, 2.0), Default(1.5)]
    Parameters = parameterNodeWrapper(
        type("Parameters", (), {"__annotations__": {"level": level, "on": bool}, "on": True})
    )
    path = tmp_path / "T.ui"
    path.write_text(UI)
    widget = slicer.util.loadUI(str(path))
    ui = slicer.util.childWidgetVariables(widget)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    parameters = Parameters(node)
    tag = parameters.connectGui(widget)
    assert (ui.slider.maximum, ui.slider.value, ui.check.checked) == (2.0, 1.5, True)
    ui.slider.value = 0.5
    assert node.GetParameter("level") == "0.5"
    parameters.on = False
    assert ui.check.checked is False
    parameters.disconnectGui(tag)
    ui.slider.value = 1.0
    assert parameters.level == 0.5
    with pytest.raises(ValueError, match="within"):
        parameters.level = 3.0


def test_a_pair_that_slicer_does_not_tie_is_refused(slicer: Any, tmp_path: Path) -> None:
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    Unbounded = parameterNodeWrapper(type("Unbounded", (), {"__annotations__": {"level": float, "on": bool}}))
    path = tmp_path / "T.ui"
    path.write_text(UI)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    with pytest.raises(RuntimeError, match="unbounded"):
        Unbounded(node).connectGui(slicer.util.loadUI(str(path)))


# --- the scene's widgets


def test_the_node_selector_follows_the_scene(slicer: Any, a_volume: Any) -> None:
    combo = slicer.qMRMLNodeComboBox()
    combo.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    combo.noneEnabled = True
    seen: list[Any] = []
    combo.connect("currentNodeChanged(vtkMRMLNode*)", seen.append)
    combo.setMRMLScene(slicer.mrmlScene)
    assert combo.nodeCount() == 1
    combo.setCurrentNode(a_volume)
    slicer.mrmlScene.RemoveNode(a_volume)
    assert combo.currentNode() is None
    assert len(seen) == 2


def test_painting_changes_the_segment_and_undo_brings_it_back(slicer: Any, a_volume: Any, a_segmentation: Any) -> None:
    editor = slicer.qMRMLSegmentEditorWidget()
    editor.setMRMLScene(slicer.mrmlScene)
    editor.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    editor.setSegmentationNode(a_segmentation)
    editor.setSourceVolumeNode(a_volume)
    editor.setCurrentSegmentID("first")
    editor.setActiveEffectByName("Paint")
    assert editor.activeEffect().objectName == "Paint"
    # RAS (15, 12, 9) is voxel i 15, j 12, k 9 of the identity grid.
    editor.activeEffect()._native.paint_ball((15.0, 12.0, 9.0), 3.0)
    count = int(slicer.util.arrayFromSegmentBinaryLabelmap(a_segmentation, "first", a_volume).sum())
    assert 100 < count < 130
    editor.undo()
    assert slicer.util.arrayFromSegmentBinaryLabelmap(a_segmentation, "first", a_volume).sum() == 0


def test_no_effect_starts_without_a_segmentation(slicer: Any) -> None:
    editor = slicer.qMRMLSegmentEditorWidget()
    editor.setMRMLScene(slicer.mrmlScene)
    editor.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    editor.setActiveEffectByName("Paint")
    assert editor.activeEffect() is None


def test_points_are_placed_by_click_only_in_place_mode(slicer: Any) -> None:
    place = slicer.qSlicerMarkupsPlaceWidget()
    place.setMRMLScene(slicer.mrmlScene)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    place.setCurrentNode(node)
    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()._native
    view.click_at((1.0, 2.0, 3.0))
    assert node.GetNumberOfControlPoints() == 0
    place.setPlaceModeEnabled(True)
    view.click_at((1.0, 2.0, 3.0))
    assert node.GetNthControlPointPosition(0) == (1.0, 2.0, 3.0)


def test_the_views_show_the_volume_where_it_is(slicer: Any, stand_in: Any, a_volume: Any, tmp_path: Path) -> None:
    manager = slicer.app.layoutManager()
    assert set(manager.sliceViewNames()) == {"Red", "Yellow", "Green"}
    widget = manager.sliceWidget("Red")
    widget.mrmlSliceCompositeNode().SetBackgroundVolumeID(a_volume.GetID())
    slicer.util.resetSliceViews()
    stand_in.photograph(tmp_path / "window.png")
    picture = widget.sliceView()._native.picture
    middle = picture.pixelColor(picture.width() // 2, picture.height() // 2).value()
    corner = picture.pixelColor(1, 1).value()
    assert middle > 60
    assert corner == 0
    assert (tmp_path / "window.png").stat().st_size > 2000


def test_clicks_reach_observers_of_the_view_with_their_position(slicer: Any) -> None:
    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
    seen: list[tuple[int, int]] = []
    tag = view.interactor().AddObserver("LeftButtonPressEvent", lambda c, e: seen.append(c.GetEventPosition()))
    view._native.click_at((10.0, -5.0, 7.0))
    view.interactor().RemoveObserver(tag)
    ras = view.convertXYZToRAS((*seen[0], 0))
    assert np.allclose(ras, (10.0, -5.0, 7.0), atol=1.0)


def test_a_dialog_without_an_answer_fails_instead_of_waiting(qt: Any) -> None:
    from slicer_stand_in.current import CURRENT

    with pytest.raises(AssertionError, match="would wait"):
        qt.QMessageBox().exec_()
    CURRENT.answers["QFileDialog.getExistingDirectory"] = "/tmp"
    assert qt.QFileDialog.getExistingDirectory() == "/tmp"


def test_nothing_is_left_installed_afterwards(slicer_api: Any, qt_libraries: None) -> None:
    import sys

    import slicer
    from slicer_stand_in.installed import SlicerStandIn

    with SlicerStandIn(main_window=False):
        assert slicer.app.layoutManager() is None
        assert slicer.util.mainWindow() is None
    assert "qt" not in sys.modules
    assert not hasattr(slicer, "app")
    assert not hasattr(slicer, "qMRMLNodeComboBox")


def test_the_library_does_not_import_the_stand_in(project_folder: Path) -> None:
    for path in (project_folder / "PainGenerator").rglob("*.py"):
        assert "slicer_stand_in" not in path.read_text(encoding="utf-8"), path
