"""Widgets that place markup points: real nodes, and a click that a test gives as a position."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6 import QtWidgets

from .own_base import Own


def make(name: str, parent: Any = None) -> Any:
    """An instance of one of the stand-in's own widgets."""
    from .api import load_api
    from .own_widgets import own_class

    return own_class(load_api().find(f"slicer.{name}"))(parent)


class qSlicerMarkupsPlaceWidget(Own, QtWidgets.QWidget):
    """The button that starts and ends placing."""

    initial: ClassVar[dict[str, Any]] = {"buttonsVisible": True}

    def build(self) -> None:
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.place = QtWidgets.QToolButton(self)
        self.place.setText("Place")
        self.place.setCheckable(True)
        self.remove = QtWidgets.QToolButton(self)
        self.remove.setText("Delete")
        row.addWidget(self.place)
        row.addWidget(self.remove)
        self.node: Any = None
        self.place.toggled.connect(self._placing)
        self.remove.clicked.connect(lambda: self.deleteLastPoint())

    def setCurrentNode(self, node: Any) -> None:
        self.node = node

    def currentNode(self) -> Any:
        return self.node

    def currentMarkupsNode(self) -> Any:
        return self.node

    def placeButton(self) -> Any:
        return self.place

    def deleteButton(self) -> Any:
        return self.remove

    def get_placeModeEnabled(self) -> bool:
        return self.place.isChecked()

    def set_placeModeEnabled(self, enabled: bool) -> None:
        self.place.setChecked(enabled)

    def setPlaceModeEnabled(self, enabled: bool) -> None:
        self.set_placeModeEnabled(enabled)

    def set_buttonsVisible(self, visible: bool) -> None:
        self.values["buttonsVisible"] = visible
        self.setVisible(visible)

    def _placing(self, active: bool) -> None:
        import slicer

        scene = self.mrmlScene()
        if scene is not None:
            interaction = scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
            selection = scene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
            if active and self.node is not None and selection is not None:
                selection.SetReferenceActivePlaceNodeClassName(self.node.GetClassName())
                selection.SetActivePlaceNodeID(self.node.GetID())
            if interaction is not None:
                modes = slicer.vtkMRMLInteractionNode
                interaction.SetCurrentInteractionMode(modes.Place if active else modes.ViewTransform)
        self.fire("activeMarkupsPlaceModeChanged(bool)", active)
        self.fire("activeMarkupsFiducialPlaceModeChanged(bool)", active)

    def deleteLastPoint(self) -> None:
        if self.node is not None and self.node.GetNumberOfControlPoints():
            self.node.RemoveNthControlPoint(self.node.GetNumberOfControlPoints() - 1)

    def deleteAllPoints(self) -> None:
        if self.node is not None:
            self.node.RemoveAllControlPoints()

    def click_at(self, position_ras: Any) -> None:
        """What a click into a view does while placing: a point at this place (RAS mm)."""
        if not self.place.isChecked() or self.node is None:
            raise AssertionError("a click places a point only while placing is on and a node is chosen")
        self.node.AddControlPoint(*(float(value) for value in position_ras))
        if not self.values.get("placeModePersistency"):
            self.place.setChecked(False)


class qSlicerSimpleMarkupsWidget(Own, QtWidgets.QWidget):
    """A markups node with its points in a table."""

    initial: ClassVar[dict[str, Any]] = {"nodeSelectorVisible": True, "optionsVisible": True}

    def build(self) -> None:
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        row = QtWidgets.QHBoxLayout()
        box.addLayout(row)
        self.selector = make("qMRMLNodeComboBox", self)
        self.selector.set_custom_property("nodeTypes", ("vtkMRMLMarkupsFiducialNode",))
        self.selector.set_custom_property("noneEnabled", True)
        self.placer = make("qSlicerMarkupsPlaceWidget", self)
        row.addWidget(self.selector)
        row.addWidget(self.placer)
        self.table = QtWidgets.QTableWidget(0, 4, self)
        self.table.setHorizontalHeaderLabels(["Name", "R", "A", "S"])
        self.table.setMaximumHeight(90)
        box.addWidget(self.table)
        self.selector.combo.currentIndexChanged.connect(lambda index: self.setCurrentNode(self.selector.currentNode()))
        self.node: Any = None

    def scene_changed(self, scene: Any) -> None:
        self.selector.setMRMLScene(scene)
        self.placer.setMRMLScene(scene)
        if scene is None:
            self.setCurrentNode(None)

    def set_nodeSelectorVisible(self, visible: bool) -> None:
        self.values["nodeSelectorVisible"] = visible
        self.selector.setVisible(visible)

    def setCurrentNode(self, node: Any) -> None:
        import slicer

        if node is self.node:
            return
        self.node = node
        self.selector.setCurrentNode(node)
        self.placer.setCurrentNode(node)
        kinds = slicer.vtkMRMLMarkupsNode
        events = [kinds.PointAddedEvent, kinds.PointRemovedEvent, kinds.PointModifiedEvent]
        self.observe("points", node, events, self.refresh)
        self.refresh()
        self.fire("markupsNodeChanged()")
        if self.values.get("enterPlaceModeOnNodeChange"):
            self.placer.set_placeModeEnabled(True)

    def currentNode(self) -> Any:
        return self.node

    def getCurrentNode(self) -> Any:
        return self.node

    def setNodeBaseName(self, name: str) -> None:
        self.selector.set_custom_property("baseName", name)

    def markupsPlaceWidget(self) -> Any:
        return self.placer

    def markupsSelectorComboBox(self) -> Any:
        return self.selector

    def tableWidget(self) -> Any:
        return self.table

    def refresh(self) -> None:
        """Fill the table anew."""
        count = self.node.GetNumberOfControlPoints() if self.node is not None else 0
        self.table.setRowCount(count)
        for row in range(count):
            position = self.node.GetNthControlPointPositionWorld(row)
            texts = (self.node.GetNthControlPointLabel(row), *(f"{value:.1f}" for value in position))
            for column, text in enumerate(texts):
                self.table.setItem(row, column, QtWidgets.QTableWidgetItem(text))
        self.fire("updateFinished()")


CLASSES = {
    "qSlicerMarkupsPlaceWidget": qSlicerMarkupsPlaceWidget,
    "qSlicerSimpleMarkupsWidget": qSlicerSimpleMarkupsWidget,
}
