"""The colors of the PET: over the MR they fade in with uptake, beside it the PET is shown in inverted gray.

Works on MRML nodes only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

MADE_FOR = "PainGenerator.View"
"""Attribute of the nodes that are made for the views and are no part of the case; its value says what for."""

FADED = "faded PET colors"
"""Value of :data:`MADE_FOR` of the color table that fades in."""

GRAY = "gray PET"
"""Value of :data:`MADE_FOR` of the copy of the PET that is shown alone."""

SETTING = "PainGenerator.Fade"
"""Attribute of the color table that says what it was made from, so that it is written only when that changes."""

COLORS = 256
"""Number of colors of the table. Slicer maps the window of a volume onto 256 steps."""

INVERTED_GRAY = "InvertedGrey"
"""Name of Slicer's color node from white to black."""


def faded_opacity(maximum: float, start: float, end: float) -> np.ndarray:
    """Opacity of the colors of a window from SUV 0 to a maximum.

    Parameters
    ----------
    maximum : float
        SUV of the last color.
    start, end : float
        Clear up to the one SUV, opaque from the other on; in between it rises evenly.

    Returns
    -------
    ndarray, shape (COLORS,)
        0 to 1.
    """
    suv = np.linspace(0.0, maximum, COLORS)
    if end <= start:
        return (suv > start).astype(float)
    opacity: np.ndarray = np.clip((suv - start) / (end - start), 0.0, 1.0)
    return opacity


def color_node(name: str) -> Any:
    """One of Slicer's color nodes by name; None when there is none."""
    return slicer.util.getFirstNodeByClassByName("vtkMRMLColorNode", name)


def base_colors(node: Any) -> np.ndarray:
    """The colors of a color node from its first to its last, shape (COLORS, 3), 0 to 1."""
    scalars = node.GetScalarsToColors()
    first, last = scalars.GetRange()
    rgb = [0.0, 0.0, 0.0]
    colors = np.empty((COLORS, 3))
    for index, value in enumerate(np.linspace(first, last, COLORS)):
        scalars.GetColor(float(value), rgb)
        colors[index] = rgb
    return colors


def faded_colors(base: str, maximum: float, start: float, end: float) -> Any:
    """The color table of a map that fades in; None when Slicer lacks the map.

    Parameters
    ----------
    base : str
        Name of Slicer's color node.
    maximum, start, end : float
        See :func:`faded_opacity`.
    """
    source = color_node(base)
    if source is None:
        return None
    node = _made("vtkMRMLColorTableNode", FADED)
    if node is None:
        node = _make("vtkMRMLColorTableNode", "PET over MR", FADED)
        node.SetTypeToUser()
        node.SetNumberOfColors(COLORS)
        node.GetLookupTable().SetRange(0, COLORS - 1)
    setting = f"{base} {maximum:.3f} {start:.3f} {end:.3f}"
    if node.GetAttribute(SETTING) != setting:
        opacity = faded_opacity(maximum, start, end)
        with slicer.util.NodeModify(node):
            for index, (red, green, blue) in enumerate(base_colors(source)):
                node.SetColor(index, str(index), red, green, blue, float(opacity[index]))
            node.SetAttribute(SETTING, setting)
    return node


def gray_copy(pet: Any, maximum: float) -> Any:
    """A volume with the voxels of the PET, shown in inverted gray; None without a PET.

    A volume has one color map in all views, so the views that show the PET alone need a volume of their own. The
    voxels are shared and not copied, and the volume is not saved with the scene.
    """
    if pet is None:
        remove_gray_copy()
        return None
    node = _made("vtkMRMLScalarVolumeNode", GRAY)
    if node is None:
        node = _make("vtkMRMLScalarVolumeNode", pet.GetName(), GRAY)
        node.SetSaveWithScene(False)
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetSaveWithScene(False)
    with slicer.util.NodeModify(node):
        node.SetName(pet.GetName())
        if node.GetImageData() is not pet.GetImageData():
            node.SetAndObserveImageData(pet.GetImageData())
        node.CopyOrientation(pet)
        if node.GetTransformNodeID() != pet.GetTransformNodeID():
            node.SetAndObserveTransformNodeID(pet.GetTransformNodeID())
    set_display(node, maximum, color_node(INVERTED_GRAY))
    return node


def gray_copy_now() -> Any:
    """The copy that is there; None when there is none."""
    return _made("vtkMRMLScalarVolumeNode", GRAY)


def remove_gray_copy() -> None:
    """Take the copy out of the scene."""
    node = gray_copy_now()
    if node is not None:
        slicer.mrmlScene.RemoveNode(node)


def set_display(volume: Any, maximum: float, colors: Any) -> None:
    """Window from SUV 0 to a maximum, and color map; writes only what differs."""
    display = volume.GetDisplayNode() if volume is not None else None
    if display is None:
        return
    if (display.GetWindowLevelMin(), display.GetWindowLevelMax()) != (0.0, maximum):
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(0.0, maximum)
    if colors is not None and display.GetColorNodeID() != colors.GetID():
        display.SetAndObserveColorNodeID(colors.GetID())


def draw_half_clear(slice_logic: Any) -> bool:
    """Let a view draw the upper volume as clear as its colors say; False where this Slicer's pipeline is another one.

    Slicer takes from the opacity of a color only whether it is zero: the last but one filter of the layer, a logical
    *and*, makes 255 of all others. It also cuts by the threshold of the display, which the PET does not use. So its
    second input, which holds the opacity of the colors within the volume, is taken in its place. Where that cannot be
    done, the PET appears at once at the lower end of the fading.

    The picture of a view has an opacity of its own, which a half-clear color lowers to three quarters, over black. So
    between clear and opaque the views are up to a quarter darker.

    Parameters
    ----------
    slice_logic : vtkMRMLSliceLogic
    """
    layer = slice_logic.GetForegroundLayer()
    connection = layer.GetImageDataConnection() if layer is not None else None
    if connection is None:
        return True
    joined = connection.GetProducer()
    if not joined.IsA("vtkImageAppendComponents") or joined.GetNumberOfInputConnections(0) != 2:
        return False
    colors, opacity = (joined.GetInputConnection(0, index) for index in range(2))
    gate = opacity.GetProducer()
    if gate.IsA("vtkImageStencil"):
        return True
    if not gate.IsA("vtkImageLogic") or gate.GetNumberOfInputPorts() != 2:
        return False
    within = gate.GetInputConnection(1, 0)
    if within is None or not within.GetProducer().IsA("vtkImageStencil"):
        return False
    joined.SetInputConnection(0, colors)
    joined.AddInputConnection(0, within)
    return True


def _made(class_name: str, purpose: str) -> Any:
    nodes = slicer.util.getNodesByClass(class_name)
    return next((node for node in nodes if node.GetAttribute(MADE_FOR) == purpose), None)


def _make(class_name: str, name: str, purpose: str) -> Any:
    node = slicer.mrmlScene.CreateNodeByClass(class_name)
    node.UnRegister(None)
    node.SetName(name)
    node.SetAttribute(MADE_FOR, purpose)
    # Hidden before it is added, so that no list of volumes offers it.
    node.SetHideFromEditors(True)
    slicer.mrmlScene.AddNode(node)
    return node
