"""Slice and 3D views: real MRML logics and displayable managers, drawn off screen."""

from __future__ import annotations

from typing import Any

from PySide6 import QtGui, QtWidgets

from .current import CURRENT
from .own_base import Own
from .own_render_view import RenderView, take_mouse_moves

SLICE_MANAGERS = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager",
)
# Without vtkMRMLViewDisplayableManager, which ends the process when it is taken down outside Slicer; the view
# brings the background color itself.
VIEW_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLVolumeRenderingDisplayableManager",
    "vtkMRMLMarkupsDisplayableManager",
)


def make(name: str, parent: Any = None) -> Any:
    """An instance of one of the stand-in's own widgets."""
    from .api import load_api
    from .own_widgets import own_class

    return own_class(load_api().find(f"slicer.{name}"))(parent)


class qMRMLSliceView(RenderView):
    """The picture of a slice."""

    node: Any = None
    logic: Any = None

    def show_slice(self, logic: Any, node: Any) -> None:
        """Draw the slices of a logic."""
        import vtk

        self.logic, self.node = logic, node
        mapper = vtk.vtkImageMapper()
        mapper.SetInputConnection(logic.GetImageDataConnection())
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        self.slice_mapper = mapper
        actor = vtk.vtkActor2D()
        actor.SetMapper(mapper)
        actor.GetProperty().SetDisplayLocationToBackground()
        self.slice_actor = actor
        self.view_renderer.AddViewProp(actor)
        self.watch_with(SLICE_MANAGERS, node)
        self.observe("node", node, ["ModifiedEvent"], self.scheduleRender)
        self.observe("logic", logic, ["ModifiedEvent"], self.scheduleRender)
        take_mouse_moves(self.interactor())

    def mrmlSliceNode(self) -> Any:
        return self.node

    def resizeEvent(self, event: Any) -> None:
        if self.logic is not None:
            self.logic.ResizeSliceNode(max(self.width(), 60), max(self.height(), 60))
        super().resizeEvent(event)

    def _drawn(self) -> QtGui.QImage:
        connection = self.logic.GetImageDataConnection()
        self.slice_actor.SetVisibility(connection is not None)
        if connection is not None:
            self.slice_mapper.SetInputConnection(connection)
        return super()._drawn()

    def convertXYZToRAS(self, xyz: Any) -> list[float]:
        return list(self.node.GetXYToRAS().MultiplyPoint((*(float(v) for v in xyz), 1.0))[:3])

    def convertRASToXYZ(self, ras: Any) -> list[float]:
        import vtk

        inverse = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self.node.GetXYToRAS(), inverse)
        return list(inverse.MultiplyPoint((*(float(v) for v in ras), 1.0))[:3])

    def convertDeviceToXYZ(self, xy: Any) -> list[float]:
        return [float(xy[0]), float(xy[1]), 0.0]

    def click_at(self, position_ras: Any, event: str = "LeftButtonPressEvent") -> None:
        """What a press of the left button does at a place in the body, after the view has moved there.

        In place mode it sets a control point of the active markups node, as Slicer's markups do.
        """
        import slicer

        r, a, s = (float(value) for value in position_ras)
        self.node.JumpSliceByCentering(r, a, s)
        x, y, _ = self.convertRASToXYZ((r, a, s))
        scene = self.node.GetScene()
        interaction = scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
        if event == "LeftButtonPressEvent" and interaction.GetCurrentInteractionMode() == interaction.Place:
            selection = scene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
            markups = scene.GetNodeByID(selection.GetActivePlaceNodeID() or "")
            if markups is not None and markups.IsA("vtkMRMLMarkupsNode"):
                markups.AddControlPointWorld(r, a, s)
                if not interaction.GetPlaceModePersistence():
                    interaction.SetCurrentInteractionMode(interaction.ViewTransform)
                return
        crosshair = slicer.util.getFirstNodeByClassByName("vtkMRMLCrosshairNode", "default", scene)
        if crosshair is not None:
            crosshair.SetCursorPositionRAS((r, a, s))
        interactor = self.interactor()
        interactor.SetEventPosition(round(x), round(y))
        interactor.InvokeEvent(event)
        if event == "LeftButtonPressEvent":
            interactor.InvokeEvent("LeftButtonReleaseEvent")

    def hover_at(self, position_ras: Any) -> None:
        """What a move of the mouse to a place in the body does; the view stays where it is."""
        x, y, _ = self.convertRASToXYZ(position_ras)
        interactor = self.interactor()
        interactor.SetEventPosition(round(x), round(y))
        interactor.InvokeEvent("MouseMoveEvent")


class qMRMLSliceWidget(Own, QtWidgets.QWidget):
    """A slice view under its bar."""

    def build(self) -> None:
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.bar = QtWidgets.QLabel(self)
        self.bar.setFixedHeight(16)
        box.addWidget(self.bar)
        self.view = make("qMRMLSliceView", self)
        box.addWidget(self.view, 1)
        self.controller = make("qMRMLSliceControllerWidget", self)
        self.controller.hide()
        self.logic: Any = None

    def setMRMLSliceNode(self, node: Any) -> None:
        import slicer

        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(CURRENT.host.application_logic)
        self.logic.SetMRMLScene(node.GetScene())
        self.logic.SetSliceNode(node)
        self.view.show_slice(self.logic, node)
        color = QtGui.QColor.fromRgbF(*node.GetLayoutColor())
        self.bar.setText(f" {node.GetLayoutLabel() or node.GetLayoutName()}")
        self.bar.setStyleSheet(f"background: {color.name()}; color: black;")

    def mrmlSliceNode(self) -> Any:
        return self.view.node

    def mrmlAbstractViewNode(self) -> Any:
        return self.view.node

    def mrmlSliceCompositeNode(self) -> Any:
        return self.logic.GetSliceCompositeNode()

    def sliceLogic(self) -> Any:
        return self.logic

    def sliceView(self) -> Any:
        return self.view

    def sliceController(self) -> Any:
        return self.controller

    def get_sliceOrientation(self) -> str:
        return self.view.node.GetOrientation()

    def set_sliceOrientation(self, name: str) -> None:
        self.view.node.SetOrientation(name)

    def setSliceOrientation(self, name: str) -> None:
        self.set_sliceOrientation(name)

    def get_sliceViewName(self) -> str:
        return self.view.node.GetLayoutName()

    def fitSliceToBackground(self) -> None:
        self.logic.FitSliceToBackground(True)


class qMRMLThreeDView(RenderView):
    """The picture of a 3D view."""

    node: Any = None

    def show_node(self, node: Any) -> None:
        """Draw what belongs into the view of a node."""
        self.node = node
        self.watch_with(VIEW_MANAGERS, node)
        self.observe("node", node, ["ModifiedEvent"], self.scheduleRender)

    def mrmlViewNode(self) -> Any:
        return self.node

    def _drawn(self) -> QtGui.QImage:
        self.view_renderer.SetBackground(self.node.GetBackgroundColor())
        self.view_renderer.SetBackground2(self.node.GetBackgroundColor2())
        self.view_renderer.SetGradientBackground(True)
        return super()._drawn()

    def cameraNode(self) -> Any:
        import slicer

        for camera in slicer.util.getNodesByClass("vtkMRMLCameraNode", self.node.GetScene()):
            if camera.GetLayoutName() == self.node.GetLayoutName():
                return camera
        return None

    def resetFocalPoint(self) -> None:
        self.view_renderer.ResetCamera()

    def resetCamera(self, rotation: bool = True, translation: bool = True, distance: bool = True) -> None:
        self.view_renderer.ResetCamera()

    def rotateToViewAxis(self, axis: int) -> None:
        """The camera stays."""

    def lookFromViewAxis(self, axis: Any) -> None:
        """The camera stays."""


class qMRMLThreeDWidget(Own, QtWidgets.QWidget):
    """A 3D view under its bar."""

    def build(self) -> None:
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.bar = QtWidgets.QLabel(self)
        self.bar.setFixedHeight(16)
        box.addWidget(self.bar)
        self.view = make("qMRMLThreeDView", self)
        box.addWidget(self.view, 1)
        self.controller = make("qMRMLThreeDViewControllerWidget", self)
        self.controller.hide()
        self.logic: Any = None

    def setMRMLViewNode(self, node: Any) -> None:
        import slicer

        self.logic = slicer.vtkMRMLViewLogic()
        self.logic.SetMRMLApplicationLogic(CURRENT.host.application_logic)
        self.logic.SetMRMLScene(node.GetScene())
        self.logic.AddViewNode(node.GetLayoutName())
        self.view.show_node(node)
        self.bar.setText(f" {node.GetLayoutLabel() or node.GetLayoutName()}")

    def mrmlViewNode(self) -> Any:
        return self.view.node

    def threeDView(self) -> Any:
        return self.view

    def threeDController(self) -> Any:
        return self.controller

    def viewLogic(self) -> Any:
        return self.logic


CLASSES = {name: made for name, made in list(globals().items()) if name.startswith("qMRML") and isinstance(made, type)}
