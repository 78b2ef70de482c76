"""A dark line around the outlines of the candidates, so that they are seen on bright and on dark ground."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

from ..Scene.outline_brightness import HALO_COLOR, HALO_PIXELS, copy_brightness, outline_width
from .guard import guarded

HALO_ROLE = "PainGenerator.Halo"
"""Attribute of the display that draws the halo."""

MOST_TRIES = 200
"""Upper bound for how many displays are made until one lies behind another in memory. Our estimate: each is so with
about even odds, and a display that is not used costs a few kilobytes."""


class OutlineHalo(VTKObservationMixin):
    """A second display of a segmentation, in a dark color, which covers the outer pixels of its outlines.

    The outline itself is drawn wider by as much. Should a view draw the two the other way round, the outline is
    a little wider and nothing of it is hidden. The second display is never taken off a segmentation, as Slicer's
    views keep a pointer to it and would end the process; it is hidden while the module is not open, and not saved.
    """

    def __init__(self) -> None:
        super().__init__()
        self._node: Any = None

    def show(self, node: Any, width: int) -> None:
        """Draw the outlines of a segmentation at a width, in pixels, with a halo outside of it."""
        if node is None or node.GetDisplayNode() is None:
            self.hide()
            return
        if node is not self._node:
            self.hide()
            self._node = node
            self.addObserver(node.GetDisplayNode(), vtk.vtkCommand.ModifiedEvent, self.on_outlines_changed)
        halo = halo_of(node) or _add_halo(node)
        was_modifying = halo.StartModify()
        for segment_id in node.GetSegmentation().GetSegmentIDs():
            halo.SetSegmentOverrideColor(segment_id, *HALO_COLOR)
        halo.EndModify(was_modifying)
        outline_width(node.GetDisplayNode(), width + HALO_PIXELS)
        self._follow()

    def hide(self, width: int | None = None) -> None:
        """Hide the halo; the outlines get a width, in pixels, when one is given."""
        self.removeObservers()
        node, self._node = self._node, None
        if node is None or node.GetScene() is None or node.GetDisplayNode() is None:
            return
        halo = halo_of(node)
        if halo is not None:
            halo.SetVisibility(False)
        if width is not None:
            outline_width(node.GetDisplayNode(), width)

    @guarded
    def on_outlines_changed(self, caller: Any, event: str) -> None:
        """Outlines were shown, hidden, made bright or dim: the halo does the same."""
        self._follow()

    def _follow(self) -> None:
        node = self._node
        if node is None or node.GetScene() is None or node.GetDisplayNode() is None:
            return
        halo = halo_of(node)
        if halo is not None:
            copy_brightness(node, node.GetDisplayNode(), halo)


def halo_of(node: Any) -> Any:
    """The display of a segmentation that draws its halo; None when it has none."""
    displays = [node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes())]
    return next((one for one in displays if one is not None and one.GetAttribute(HALO_ROLE)), None)


def _add_halo(node: Any) -> Any:
    halo = _made_behind(node.GetDisplayNode())
    halo.SetName("Halo of the outlines")
    halo.SetAttribute(HALO_ROLE, "true")
    halo.SetHideFromEditors(True)
    halo.SetSaveWithScene(False)
    halo.SetVisibility3D(False)
    halo.SetOpacity2DFill(0.0)
    outline_width(halo, HALO_PIXELS)
    slicer.mrmlScene.AddNode(halo)
    node.AddAndObserveDisplayNodeID(halo.GetID())
    return halo


def _made_behind(display: Any) -> Any:
    """A display that is drawn above another one.

    Slicer's views go through the displays of a segmentation in the order of their places in memory, so one is needed
    that lies behind the other.
    """
    unused = []
    for _number in range(MOST_TRIES):
        made = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentationDisplayNode")
        made.UnRegister(None)
        if _place(made) > _place(display):
            break
        # Kept until one is found, so that its place in memory is not given out again.
        unused.append(made)
    return made


def _place(thing: Any) -> int:
    return int(thing.GetAddressAsString("").rpartition("=")[2], 16)
