"""Two ways to check an alignment in the slice views: the upper layer's contour, and its picture around the mouse.

Both draw straight from the slice layer, each with its own window, and follow every change of transform, slice and
zoom; nothing is added to the scene.
"""

from __future__ import annotations

from typing import Any

import vtk
from slicer.util import VTKObservationMixin

from .clicks import MOVE_PRIORITY
from .guard import guarded
from .layouts import renderer_of, slice_widgets
from .reading_views import PET_VIEWS

CONTOUR_COLOR = (1.0, 0.85, 0.1)
"""Color of the contour of the upper layer: red, green, blue, 0 to 1."""

CONTOUR_PART = 0.5
"""Height of the contour within the upper layer's display window."""

REVEAL_PIXELS = 90
"""Half the side of the revealed square."""


def _views() -> list[Any]:
    return [widget for name, widget in slice_widgets().items() if name not in PET_VIEWS]


class ContourOverlay:
    """The contour of the upper layer over the lower one."""

    def __init__(self) -> None:
        self._shown: list[tuple[Any, Any]] = []

    def show(self) -> None:
        """Draw in all views that have an upper layer."""
        self.hide()
        for widget in _views():
            layer = widget.sliceLogic().GetForegroundLayer()
            node = layer.GetVolumeNode()
            if node is None or node.GetDisplayNode() is None:
                continue
            display = node.GetDisplayNode()
            lower, upper = display.GetWindowLevelMin(), display.GetWindowLevelMax()
            contour = vtk.vtkContourFilter()
            contour.SetInputConnection(layer.GetReslice().GetOutputPort())
            contour.SetValue(0, lower + CONTOUR_PART * (upper - lower))
            mapper = vtk.vtkPolyDataMapper2D()
            mapper.SetInputConnection(contour.GetOutputPort())
            mapper.ScalarVisibilityOff()
            actor = vtk.vtkActor2D()
            actor.SetMapper(mapper)
            actor.GetProperty().SetColor(*CONTOUR_COLOR)
            actor.GetProperty().SetLineWidth(1.5)
            self._add(widget, actor)

    def hide(self) -> None:
        """Take the contours away."""
        for widget, actor in self._shown:
            renderer_of(widget).RemoveViewProp(actor)
            widget.sliceView().scheduleRender()
        self._shown.clear()

    def _add(self, widget: Any, actor: Any) -> None:
        renderer_of(widget).AddViewProp(actor)
        widget.sliceView().scheduleRender()
        self._shown.append((widget, actor))


class LayerReveal(VTKObservationMixin):
    """The upper layer in a square around the mouse."""

    def __init__(self) -> None:
        super().__init__()
        self._views: list[tuple[Any, Any, Any, Any]] = []

    def show(self) -> None:
        """Follow the mouse in all views."""
        self.hide()
        for widget in _views():
            clip = vtk.vtkExtractVOI()
            mapper = vtk.vtkImageMapper()
            mapper.SetInputConnection(clip.GetOutputPort())
            mapper.SetColorWindow(255)
            mapper.SetColorLevel(127.5)
            actor = vtk.vtkActor2D()
            actor.SetMapper(mapper)
            actor.VisibilityOff()
            renderer_of(widget).AddViewProp(actor)
            interactor = widget.sliceView().interactor()
            self._views.append((interactor, widget, clip, actor))
            self.addObserver(interactor, "MouseMoveEvent", self.on_move, priority=MOVE_PRIORITY)
            self.addObserver(interactor, "LeaveEvent", self.on_leave)

    def hide(self) -> None:
        """Stop following the mouse."""
        self.removeObservers()
        for _interactor, widget, _clip, actor in self._views:
            renderer_of(widget).RemoveViewProp(actor)
            widget.sliceView().scheduleRender()
        self._views.clear()

    def _view_of(self, interactor: Any) -> tuple[Any, Any, Any]:
        return next(view[1:] for view in self._views if view[0] is interactor)

    @guarded
    def on_move(self, interactor: Any, event: str) -> None:
        """Show the square around the mouse."""
        widget, clip, actor = self._view_of(interactor)
        connection = widget.sliceLogic().GetForegroundLayer().GetImageDataConnection()
        if connection is None:
            actor.VisibilityOff()
            return
        connection.GetProducer().Update()
        image = connection.GetProducer().GetOutputDataObject(connection.GetIndex())
        box = revealed_box(interactor.GetEventPosition(), image.GetDimensions())
        actor.SetVisibility(box is not None)
        if box is not None:
            clip.SetInputConnection(connection)
            clip.SetVOI(*box, 0, 0)
        widget.sliceView().scheduleRender()

    @guarded
    def on_leave(self, interactor: Any, event: str) -> None:
        """Hide the square when the mouse leaves the view."""
        widget, _clip, actor = self._view_of(interactor)
        actor.VisibilityOff()
        widget.sliceView().scheduleRender()


def revealed_box(mouse: tuple[int, int], size: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    """First and last pixel of the square around the mouse, cut to the picture; None when nothing is left."""
    (left, right), (low, high) = (
        (max(0, center - REVEAL_PIXELS), min(length - 1, center + REVEAL_PIXELS))
        for center, length in zip(mouse, size[:2], strict=True)
    )
    return None if left >= right or low >= high else (left, right, low, high)
