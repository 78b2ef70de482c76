"""A render window in Qt: drawn when it was asked for, as Slicer's views are."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6 import QtGui, QtWidgets

from .current import CURRENT
from .own_base import Own

STYLE_PRIORITY = 0.5
"""Priority at which the interactor style of a slice view takes every move of the mouse: observers of a lower one
never hear of it. Clicks, and the mouse entering and leaving a view, do reach them."""


class RenderView(Own, QtWidgets.QWidget):
    """A render window that is drawn in Qt's event loop after somebody asked for it.

    Attributes
    ----------
    picture : QImage or None
        What is on the screen; None while a render is asked for and not done.
    shown : QImage or None
        What was drawn last: what the user sees.
    drawn : int
        How often the view was rendered.
    """

    def build(self) -> None:
        import vtk

        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.SetMultiSamples(0)
        self.view_renderer = vtk.vtkRenderer()
        self.window.AddRenderer(self.view_renderer)
        interactor = vtk.vtkGenericRenderWindowInteractor()
        self.window.SetInteractor(interactor)
        interactor.SetRenderWindow(self.window)
        interactor.SetInteractorStyle(None)
        self.managers: Any = None
        self.picture: QtGui.QImage | None = None
        self.shown: QtGui.QImage | None = None
        self.drawn = 0
        self.pauses = 0
        self.values["renderEnabled"] = True
        self.setMinimumSize(60, 60)
        self.setMouseTracking(True)

    def watch_with(self, names: tuple[str, ...], node: Any) -> None:
        """Let displayable managers draw what belongs into the view of a node."""
        import slicer

        self.managers = slicer.vtkMRMLDisplayableManagerGroup()
        self.managers.SetRenderer(self.view_renderer)
        for name in names:
            manager = getattr(slicer, name)()
            manager.SetMRMLApplicationLogic(CURRENT.host.application_logic)
            self.managers.AddDisplayableManager(manager)
        self.managers.SetMRMLDisplayableNode(node)
        self.observe("managers", self.managers, ["UpdateEvent"], self.scheduleRender)

    def renderWindow(self) -> Any:
        return self.window

    def interactor(self) -> Any:
        return self.window.GetInteractor()

    def renderer(self) -> Any:
        return self.view_renderer

    # --- rendering

    def scheduleRender(self) -> None:
        """Draw soon; a request to a view that must not render is lost."""
        if self.values["renderEnabled"]:
            self.picture = None
            if not self.pauses:
                self.update()

    def requestRender(self) -> None:
        self.scheduleRender()

    def forceRender(self) -> None:
        """Draw at once, unless the view is hidden or must not render."""
        if self.values["renderEnabled"] and self.isVisible():
            self._render()
            self.update()

    def pauseRender(self) -> int:
        self.pauses += 1
        return self.pauses

    def resumeRender(self) -> int:
        self.pauses -= 1
        if not self.pauses and self.picture is None:
            self.update()
        return self.pauses

    def setRenderPaused(self, paused: bool) -> None:
        """Pause, or go on."""
        (self.pauseRender if paused else self.resumeRender)()

    def _render(self) -> None:
        self.picture = self.shown = self._drawn()
        self.drawn += 1

    def _drawn(self) -> QtGui.QImage:
        import vtk
        from vtk.util.numpy_support import vtk_to_numpy

        self.window.SetSize(max(self.width(), 60), max(self.height(), 60))
        self.window.Render()
        grabbed = vtk.vtkWindowToImageFilter()
        grabbed.SetInput(self.window)
        grabbed.ReadFrontBufferOff()
        grabbed.ShouldRerenderOff()
        grabbed.Update()
        image = grabbed.GetOutput()
        width, height, _ = image.GetDimensions()
        pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3]
        pixels = np.ascontiguousarray(pixels)
        return QtGui.QImage(pixels.data, width, height, 3 * width, QtGui.QImage.Format_RGB888).copy()

    def paintEvent(self, event: Any) -> None:
        if self.picture is None and not self.pauses:
            self._render()
        if self.shown is not None:
            QtGui.QPainter(self).drawImage(0, 0, self.shown)

    def resizeEvent(self, event: Any) -> None:
        self.scheduleRender()

    def close_view(self) -> None:
        """Let go of the scene."""
        self.observe("node", None, [], self.scheduleRender)
        self.observe("logic", None, [], self.scheduleRender)
        if self.managers is not None:
            self.observe("managers", None, [], self.scheduleRender)
            self.managers.SetMRMLDisplayableNode(None)
            self.managers = None
        # Graphics memory is given back while its context still lives, not at the end of the process.
        self.view_renderer.RemoveAllViewProps()
        self.window.Finalize()


def pixels_of_image(image: QtGui.QImage) -> np.ndarray:
    """The pixels of a picture of a view, shape (height, width, 3), uint8."""
    width, height = image.width(), image.height()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
    return rows[:, : 3 * width].reshape(height, width, 3).copy()


def take_mouse_moves(interactor: Any) -> None:
    """Let a style take the moves of the mouse from all observers of a lower priority."""
    tags: list[int] = []

    def take(caller: Any, event: str) -> None:
        caller.GetCommand(tags[0]).SetAbortFlag(1)

    tags.append(interactor.AddObserver("MouseMoveEvent", take, STYLE_PRIORITY))
