"""The Segment Editor: real logic, real editor node, and effects that a test can paint with."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import numpy as np
from PySide6 import QtCore, QtWidgets

from .own_base import Own

EFFECTS = (
    "Paint",
    "Erase",
    "Scissors",
    "Draw",
    "Fill between slices",
    "Grow from seeds",
    "Hollow",
    "Islands",
    "Level tracing",
    "Logical operators",
    "Margin",
    "Mask volume",
    "Smoothing",
    "Threshold",
)


class qSlicerSegmentEditorAbstractEffect(Own, QtCore.QObject):
    """An effect of the editor; :meth:`paint_ball` is what a test does in the stead of a mouse."""

    editor: Any = None
    effect_name = ""

    def active(self) -> bool:
        return self.editor.effect is self

    def parameter(self, name: str) -> str:
        return self.values.get(f"_{name}", "")

    def setParameter(self, name: str, value: Any) -> None:
        self.values[f"_{name}"] = str(value)

    def doubleParameter(self, name: str) -> float:
        return float(self.parameter(name) or 0)

    def integerParameter(self, name: str) -> int:
        return int(self.doubleParameter(name))

    def parameterSetNode(self) -> Any:
        return self.editor.mrmlSegmentEditorNode()

    def saveStateForUndo(self) -> None:
        self.editor.saveStateForUndo()

    def paint_ball(self, center_ras: Any, radius_mm: float) -> None:
        """Paint (or erase, with "Erase") a ball in the selected segment, as one stroke in every slice would.

        Parameters
        ----------
        center_ras : (3,) of float
            RAS mm.
        radius_mm : float
        """
        import slicer
        import vtk
        from vtk.util.numpy_support import vtk_to_numpy

        logic = self.editor.logic
        self.editor.saveStateForUndo()
        logic.UpdateReferenceGeometryImage()
        logic.ResetModifierLabelmapToDefault()
        labels = logic.GetModifierLabelmap()
        extent = labels.GetExtent()
        shape = [extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in (2, 1, 0)]
        matrix = vtk.vtkMatrix4x4()
        labels.GetImageToWorldMatrix(matrix)
        ijk_to_ras = slicer.util.arrayFromVTKMatrix(matrix)
        k, j, i = np.indices(shape, sparse=True)
        squared = np.zeros(shape, dtype=np.float32)
        for axis in range(3):
            position = ijk_to_ras[axis, 3] + sum(
                ijk_to_ras[axis, column] * (index + extent[2 * column]) for column, index in enumerate((i, j, k))
            )
            squared += np.square(position - center_ras[axis], dtype=np.float32)
        voxels = vtk_to_numpy(labels.GetPointData().GetScalars()).reshape(shape)
        voxels[...] = squared <= radius_mm**2
        labels.GetPointData().GetScalars().Modified()
        labels.Modified()
        kind = type(logic)
        mode = kind.ModificationModeRemove if self.effect_name == "Erase" else kind.ModificationModeAdd
        node = self.parameterSetNode()
        logic.ModifySegmentByLabelmap(
            node.GetSegmentationNode(), node.GetSelectedSegmentID(), labels, mode, False, False
        )


class qMRMLSegmentEditorWidget(Own, QtWidgets.QWidget):
    """The editor over a vtkMRMLSegmentEditorNode."""

    initial: ClassVar[dict[str, Any]] = {
        "undoEnabled": True,
        "maximumNumberOfUndoStates": 10,
        "segmentationNodeSelectorVisible": True,
    }

    def build(self) -> None:
        import slicer

        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        self.label = QtWidgets.QLabel(self)
        self.label.setFrameShape(QtWidgets.QFrame.StyledPanel)
        box.addWidget(self.label)
        self.grid = QtWidgets.QGridLayout()
        box.addLayout(self.grid)
        self.logic = slicer.vtkSlicerSegmentEditorLogic()
        self.history = slicer.vtkSegmentationHistory()
        self.logic.SetSegmentationHistory(self.history)
        self.effect: Any = None
        self.effects: dict[str, Any] = {}
        self.order = list(EFFECTS)
        self._make_buttons()

    def _make_buttons(self) -> None:
        for index, name in enumerate(self.order):
            button = QtWidgets.QToolButton(self)
            button.setText(name)
            button.setCheckable(True)
            button.setObjectName(f"effect {name}")
            button.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Fixed)
            button.clicked.connect(lambda checked, wanted=name: self.setActiveEffectByName(wanted))
            self.grid.addWidget(button, index // 4, index % 4)

    def scene_changed(self, scene: Any) -> None:
        self.logic.SetMRMLScene(scene)
        if scene is None:
            self.setMRMLSegmentEditorNode(None)

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        self.values["_node"] = node
        self.logic.SetSegmentEditorNode(node)
        self.observe("node", node, ["ModifiedEvent"], self.updateWidgetFromMRML)
        self.updateWidgetFromMRML()

    def mrmlSegmentEditorNode(self) -> Any:
        return self.values.get("_node")

    def updateWidgetFromMRML(self) -> None:
        """Show which segment is edited."""
        node = self.mrmlSegmentEditorNode()
        segmentation = node.GetSegmentationNode() if node is not None else None
        segment = self.logic.GetSelectedSegment() if segmentation is not None else None
        names = (segmentation.GetName() if segmentation is not None else "-", segment.GetName() if segment else "-")
        self.label.setText(" / ".join(names))
        before = self.values.get("_shown")
        now = node.GetSelectedSegmentID() if node is not None else None
        if before != now:
            self.values["_shown"] = now
            self.fire("currentSegmentIDChanged(QString)", now or "")

    def setSegmentationNode(self, node: Any) -> None:
        self._needs_node().SetAndObserveSegmentationNode(node)
        if node is not None:
            self.logic.SetSegmentationNode(node)
        self.fire("segmentationNodeChanged(vtkMRMLSegmentationNode*)", node)

    def setSegmentationNodeID(self, node_id: str) -> None:
        self.setSegmentationNode(self.mrmlScene().GetNodeByID(node_id))

    def segmentationNode(self) -> Any:
        node = self.mrmlSegmentEditorNode()
        return node.GetSegmentationNode() if node is not None else None

    def setSourceVolumeNode(self, node: Any) -> None:
        self._needs_node().SetAndObserveSourceVolumeNode(node)
        if node is not None:
            self.logic.SetSourceVolumeNode(node)
        self.fire("sourceVolumeNodeChanged(vtkMRMLVolumeNode*)", node)

    def setSourceVolumeNodeID(self, node_id: str) -> None:
        self.setSourceVolumeNode(self.mrmlScene().GetNodeByID(node_id))

    def sourceVolumeNode(self) -> Any:
        node = self.mrmlSegmentEditorNode()
        return node.GetSourceVolumeNode() if node is not None else None

    def setCurrentSegmentID(self, segment_id: str) -> None:
        self._needs_node().SetSelectedSegmentID(segment_id)

    def currentSegmentID(self) -> str:
        node = self.mrmlSegmentEditorNode()
        return (node.GetSelectedSegmentID() or "") if node is not None else ""

    def _needs_node(self) -> Any:
        node = self.mrmlSegmentEditorNode()
        if node is None:
            raise RuntimeError("the Segment Editor has no editor node: call setMRMLSegmentEditorNode first")
        return node

    def setActiveEffectByName(self, name: str) -> None:
        if name and self.segmentationNode() is None:
            logging.error("No segmentation node: no effect can be activated")
            name = ""
        self.effect = self.effectByName(name) if name else None
        node = self.mrmlSegmentEditorNode()
        if node is not None:
            node.SetActiveEffectName(name)
        for button in self.findChildren(QtWidgets.QToolButton):
            button.setChecked(button.text() == name)

    def setActiveEffect(self, effect: Any) -> None:
        self.setActiveEffectByName(effect.effect_name if effect is not None else "")

    def activeEffect(self) -> Any:
        return self.effect

    def effectByName(self, name: str) -> Any:
        if name not in EFFECTS:
            return None
        if name not in self.effects:
            from .api import load_api
            from .own_widgets import own_class

            effect = own_class(load_api().find("slicer.qSlicerSegmentEditorAbstractEffect"))(self)
            effect.editor, effect.effect_name = self, name
            effect.setObjectName(name)
            self.effects[name] = effect
        return self.effects[name]

    def availableEffectNames(self) -> list[str]:
        return list(EFFECTS)

    def effectCount(self) -> int:
        return len(EFFECTS)

    def setEffectNameOrder(self, names: list[str]) -> None:
        self.order = [name for name in names if name in EFFECTS]
        self._arrange()

    def effectNameOrder(self) -> list[str]:
        return list(self.order)

    def set_unorderedEffectsVisible(self, visible: bool) -> None:
        self.values["unorderedEffectsVisible"] = visible
        self._arrange()

    def _arrange(self) -> None:
        every = self.values.get("unorderedEffectsVisible", True)
        for button in self.findChildren(QtWidgets.QToolButton):
            button.setVisible(every or button.text() in self.order)

    def saveStateForUndo(self) -> None:
        if self.values.get("undoEnabled"):
            self.logic.SaveStateForUndo()

    def undo(self) -> None:
        self.logic.Undo()

    def redo(self) -> None:
        self.logic.Redo()

    def updateEffectList(self) -> None:
        self._arrange()

    def installKeyboardShortcuts(self, parent: Any = None) -> None:
        self.values["_shortcuts"] = True

    def uninstallKeyboardShortcuts(self) -> None:
        self.values["_shortcuts"] = False

    def setupViewObservations(self) -> None:
        self.values["_views"] = True

    def removeViewObservations(self) -> None:
        self.values["_views"] = False

    def rotateSliceViewsToSegmentation(self) -> None:
        """The slices of the stand-in stay as they are."""

    def jumpSlices(self) -> None:
        """The slices of the stand-in stay where they are."""


CLASSES = {
    "qMRMLSegmentEditorWidget": qMRMLSegmentEditorWidget,
    "qSlicerSegmentEditorAbstractEffect": qSlicerSegmentEditorAbstractEffect,
}
