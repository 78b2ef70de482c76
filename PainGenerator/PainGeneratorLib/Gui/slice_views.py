"""What the slice views show: volumes, opacity, place and zoom. Works on MRML nodes only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import slicer

from ..Scene.outline_brightness import outline_width
from .reading_views import PELVIS_VIEW, PET_VIEWS, PLANES, SERIES_VIEWS, TILT_DEGREES, Shown, layers, tilt_degrees

FIELD_MM = 160.0
"""Shorter side of the field of view at a candidate, in mm. It shows a lumbar motion segment, or a hip, with what lies
around it."""

SLICERS_FILLING = 0.5
"""Opacity of the filling of a segmentation as Slicer makes it."""

FAINT_FILLING = 0.2
"""Opacity of the filling of the margin around an implant: PET and MR are seen through it."""


def composites() -> list[Any]:
    """The composite nodes of all slice views."""
    return slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")


def slice_nodes() -> list[Any]:
    """The nodes of all slice views."""
    return slicer.util.getNodesByClass("vtkMRMLSliceNode")


def is_fused_view(composite: Any) -> bool:
    """True for a view that shows an MR series with the PET over it, also in a layout of the user."""
    name = composite.GetLayoutName()
    return name not in PET_VIEWS and name not in SERIES_VIEWS


def plane_of(name: str) -> str:
    """The plane of a view; axial where it is none of the body's planes."""
    if name in PLANES:
        return PLANES[name]
    orientation = next((node.GetOrientation() for node in slice_nodes() if node.GetLayoutName() == name), "")
    return orientation if orientation in ("Sagittal", "Coronal") else "Axial"


def volume(node_id: str | None) -> Any:
    """The volume node with this id, None when there is none."""
    return slicer.mrmlScene.GetNodeByID(node_id) if node_id else None


def show_case(shown: Shown, opacity: float, position_ras: Sequence[float] | np.ndarray | None = None) -> None:
    """Every view shows what it is for; at a place the fused views take the series that is sharpest there.

    Writes only what differs.
    """
    for composite in composites():
        name = composite.GetLayoutName()
        _set_layers(composite, *layers(name, plane_of(name), shown, position_ras), opacity)


def _set_layers(composite: Any, lower: Any, upper: Any, opacity: float) -> None:
    lower_id, upper_id = (node.GetID() if node is not None else None for node in (lower, upper))
    with slicer.util.NodeModify(composite):
        if composite.GetBackgroundVolumeID() != lower_id:
            composite.SetBackgroundVolumeID(lower_id)
        if composite.GetForegroundVolumeID() != upper_id:
            composite.SetForegroundVolumeID(upper_id)
        if upper is not None and composite.GetForegroundOpacity() != opacity:
            composite.SetForegroundOpacity(opacity)


def show_over_reference(reference: Any, series: Any, opacity: float) -> None:
    """One series over the reference series, to check their alignment."""
    for composite in composites():
        if is_fused_view(composite):
            _set_layers(composite, reference, series, opacity)


def set_opacity(opacity: float) -> None:
    """Set the opacity of the upper layer."""
    for composite in composites():
        if is_fused_view(composite) and composite.GetForegroundOpacity() != opacity:
            composite.SetForegroundOpacity(opacity)


def set_linked(linked: bool) -> None:
    """Scroll and zoom views of one plane together."""
    for composite in composites():
        composite.SetLinkedControl(linked)
        composite.SetHotLinkedControl(linked)


def turn_into_slices(shown: Shown) -> None:
    """Turn the views of the module into the slices of their series where these are oblique.

    A cut across oblique slices is blurred. All views of one plane are turned alike, so that they show the same place.
    """
    for plane in ("Axial", "Sagittal", "Coronal"):
        leader = shown.under_pet(plane, None)
        tilt = 0.0 if leader is None else tilt_degrees(leader, plane)
        for node in slice_nodes():
            if PLANES.get(node.GetLayoutName()) != plane:
                continue
            if node.GetOrientation() != plane:
                node.SetOrientation(plane)
            if tilt >= TILT_DEGREES:
                node.RotateToVolumePlane(leader)


def turn_back() -> None:
    """Turn all views that the module may have turned back into the planes of the body."""
    for node in slice_nodes():
        plane = PLANES.get(node.GetLayoutName())
        if plane is not None and node.GetOrientation() == "Reformat":
            node.SetOrientation(plane)


def replace(volume_node: Any, other: Any) -> None:
    """Show another volume, or none, wherever a volume is shown."""
    other_id = other.GetID() if other is not None else None
    for composite in composites():
        if composite.GetBackgroundVolumeID() == volume_node.GetID():
            composite.SetBackgroundVolumeID(other_id)
        if composite.GetForegroundVolumeID() == volume_node.GetID():
            composite.SetForegroundVolumeID(other_id)


def set_outline_width(node: Any, pixels: int) -> None:
    """Set the width of the outlines of a segmentation."""
    if node.GetDisplayNode() is not None:
        outline_width(node.GetDisplayNode(), pixels)


def let_show_through(node: Any) -> None:
    """Make the filling of a segmentation faint, unless its opacity was set by hand; None is left alone."""
    display = node.GetDisplayNode() if node is not None else None
    if display is not None and display.GetOpacity2DFill() == SLICERS_FILLING:
        display.SetOpacity2DFill(FAINT_FILLING)


def reset_windows(volumes: Iterable[Any]) -> int:
    """Give volumes the window back that they came with, or else one by their values; how many there were."""
    count = 0
    for node in volumes:
        display = node.GetDisplayNode() if node is not None else None
        if display is None:
            continue
        if display.GetNumberOfWindowLevelPresets() > 0:
            display.SetAutoWindowLevel(False)
            display.SetWindowLevelFromPreset(0)
        else:
            display.SetAutoWindowLevel(True)
        count += 1
    return count


def jump_to(position_ras: Sequence[float] | np.ndarray, zoom: bool = True) -> None:
    """Center all slice views on a position, at a zoom that shows its surroundings; the whole pelvis stays whole."""
    r, a, s = (float(x) for x in position_ras)
    for node in slice_nodes():
        if node.GetLayoutName() == PELVIS_VIEW:
            node.JumpSliceByOffsetting(r, a, s)
            continue
        node.JumpSliceByCentering(r, a, s)
        x, y, z = node.GetFieldOfView()
        if zoom and x > 0 and y > 0:
            scale = FIELD_MM / min(x, y)
            node.SetFieldOfView(x * scale, y * scale, z)


def fit() -> None:
    """Show the whole background in every view."""
    if slicer.app.layoutManager() is not None:
        slicer.util.resetSliceViews()
