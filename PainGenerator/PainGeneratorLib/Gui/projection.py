"""The maximum-intensity projection of the PET in the layout that has one, turning if wanted."""

from __future__ import annotations

from typing import Any

import slicer

from .reading_views import PROJECTION_VIEW

WHITE = (1.0, 1.0, 1.0)
"""Background: red, green, blue, 0 to 1."""

SPIN_DEGREES = 2.0
"""How far the projection turns with each picture, in degrees."""

FITTED_ATTRIBUTE = "PainGenerator.Fitted"
"""Marks a view whose camera was set once, so that the zoom of the user stays later."""


def projection_view() -> Any:
    """The view node of the projection, None when no layout has shown it yet."""
    return slicer.mrmlScene.GetSingletonNode(PROJECTION_VIEW, "vtkMRMLViewNode")


def show_projection(pet: Any, maximum: float) -> None:
    """Render the PET as projection, black on white from SUV 0 to a maximum.

    Nothing happens without the view, the PET or Slicer's volume rendering.
    """
    view = projection_view()
    if view is None or pet is None or not hasattr(slicer.modules, "volumerendering"):
        return
    logic = slicer.modules.volumerendering.logic()
    display = logic.GetFirstVolumeRenderingDisplayNode(pet) or logic.CreateDefaultVolumeRenderingNodes(pet)
    if display is None:
        return
    with slicer.util.NodeModify(view):
        view.SetRaycastTechnique(slicer.vtkMRMLViewNode.MaximumIntensityProjection)
        view.SetBackgroundColor(*WHITE)
        view.SetBackgroundColor2(*WHITE)
        view.SetBoxVisible(False)
        view.SetAxisLabelsVisible(False)
    set_window(display, maximum)
    if display.GetNumberOfViewNodeIDs() == 0:
        display.AddViewNodeID(view.GetID())
    if not display.GetVisibility():
        display.SetVisibility(True)
    if not view.GetAttribute(FITTED_ATTRIBUTE):
        view.SetAttribute(FITTED_ATTRIBUTE, "true")
        _fit(view)


def _fit(view: Any) -> None:
    """Show the whole projection; later the user's own zoom stays."""
    manager = slicer.app.layoutManager()
    for index in range(manager.threeDViewCount):
        widget = manager.threeDWidget(index)
        if widget.mrmlViewNode() is view:
            widget.threeDView().resetCamera(True, True, True)


def set_window(display: Any, maximum: float) -> None:
    """Black at a maximum SUV, white and clear at 0."""
    node = display.GetVolumePropertyNode()
    if node is None:
        return
    properties = node.GetVolumeProperty()
    color = properties.GetRGBTransferFunction()
    color.RemoveAllPoints()
    color.AddRGBPoint(0.0, *WHITE)
    color.AddRGBPoint(maximum, 0.0, 0.0, 0.0)
    opacity = properties.GetScalarOpacity()
    opacity.RemoveAllPoints()
    opacity.AddPoint(0.0, 0.0)
    opacity.AddPoint(maximum, 1.0)


def hide_projection(pet: Any) -> None:
    """Stop rendering the projection."""
    turn(False)
    if pet is None or not hasattr(slicer.modules, "volumerendering"):
        return
    display = slicer.modules.volumerendering.logic().GetFirstVolumeRenderingDisplayNode(pet)
    if display is not None:
        display.SetVisibility(False)


def turn(turning: bool) -> None:
    """Let the projection turn, or stop it."""
    view = projection_view()
    if view is not None:
        view.SetSpinDegrees(SPIN_DEGREES)
        view.SetAnimationMode(slicer.vtkMRMLViewNode.Spin if turning else slicer.vtkMRMLViewNode.Off)
