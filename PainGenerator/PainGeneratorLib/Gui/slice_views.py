"""What the slice views show: volumes, windows, colors, opacity, place and zoom. Works on MRML nodes only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import slicer

from .layouts import PET_VIEWS

FIELD_MM = 160.0
"""Shorter side of the field of view at a candidate, in mm. It shows a lumbar motion segment, or a hip, with what lies
around it."""


def composites() -> list[Any]:
    """The composite nodes of all slice views."""
    return slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")


def is_pet_view(composite: Any) -> bool:
    """True for a view that shows the PET alone."""
    return composite.GetLayoutName() in PET_VIEWS


def volume(node_id: str | None) -> Any:
    """The volume node with this id, None when there is none."""
    return slicer.mrmlScene.GetNodeByID(node_id) if node_id else None


def show_case(reference_id: str | None, pet_id: str | None, opacity: float) -> None:
    """Reference series with the PET over it; in the views for the PET, the PET alone."""
    for composite in composites():
        with slicer.util.NodeModify(composite):
            if is_pet_view(composite):
                composite.SetBackgroundVolumeID(pet_id)
                composite.SetForegroundVolumeID(None)
            else:
                composite.SetBackgroundVolumeID(reference_id or pet_id)
                composite.SetForegroundVolumeID(pet_id if reference_id else None)
                composite.SetForegroundOpacity(opacity)


def show_over_reference(reference_id: str | None, series_id: str | None, opacity: float) -> None:
    """One series over the reference series, to check their alignment."""
    for composite in composites():
        if not is_pet_view(composite):
            with slicer.util.NodeModify(composite):
                composite.SetBackgroundVolumeID(reference_id)
                composite.SetForegroundVolumeID(series_id)
                composite.SetForegroundOpacity(opacity)


def set_opacity(opacity: float) -> None:
    """Set the opacity of the upper layer."""
    for composite in composites():
        if not is_pet_view(composite) and composite.GetForegroundOpacity() != opacity:
            composite.SetForegroundOpacity(opacity)


def set_linked(linked: bool) -> None:
    """Scroll and zoom views of one plane together."""
    for composite in composites():
        composite.SetLinkedControl(linked)
        composite.SetHotLinkedControl(linked)


def set_pet_display(pet: Any, maximum: float, color_name: str) -> None:
    """Window from SUV 0 to a maximum, and color map; writes only what differs."""
    display = pet.GetDisplayNode() if pet is not None else None
    if display is None:
        return
    if (display.GetWindowLevelMin(), display.GetWindowLevelMax()) != (0.0, maximum):
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(0.0, maximum)
    color = slicer.util.getFirstNodeByClassByName("vtkMRMLColorNode", color_name)
    if color is not None and display.GetColorNodeID() != color.GetID():
        display.SetAndObserveColorNodeID(color.GetID())


def jump_to(position_ras: Sequence[float] | np.ndarray, zoom: bool = True) -> None:
    """Center all slice views on a position, at a zoom that shows its surroundings."""
    r, a, s = (float(x) for x in position_ras)
    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, r, a, s, slicer.vtkMRMLSliceNode.CenteredJumpSlice)
    if not zoom:
        return
    for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        x, y, z = node.GetFieldOfView()
        if x > 0 and y > 0:
            scale = FIELD_MM / min(x, y)
            node.SetFieldOfView(x * scale, y * scale, z)


def fit() -> None:
    """Show the whole background in every view."""
    if slicer.app.layoutManager() is not None:
        slicer.util.resetSliceViews()
