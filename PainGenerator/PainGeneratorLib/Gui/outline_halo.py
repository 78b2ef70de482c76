"""A dark line around the outlines of the candidates, so that they are seen on bright and on dark ground."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

from ..Scene.outline_brightness import HALO_COLOR, HALO_PIXELS, copy_brightness, outline_width
from .guard import guarded


class OutlineHalo(VTKObservationMixin):
    """A second display of a segmentation, in a dark color, which covers the outer pixels of its outlines.

    The outline itself is drawn wider by as much. Should a view draw the two the other way round, the outline is
    a little wider and nothing of it is hidden. The halo lives while the module is open and is not saved.
    """

    def __init__(self) -> None:
        super().__init__()
        self._node: Any = None
        self._halo_id: str | None = None
        self._segments: tuple[str, ...] = ()

    def show(self, node: Any, width: int) -> None:
        """Draw the outlines of a segmentation at a width, in pixels, with a halo outside of it."""
        if node is None or node.GetDisplayNode() is None:
            self.hide()
            return
        segments = tuple(node.GetSegmentation().GetSegmentIDs())
        if node is not self._node or segments != self._segments or self._halo() is None:
            # Made anew, as only then it is drawn after the outlines that came last.
            self.hide()
            self._make(node)
            self._segments = segments
        outline_width(node.GetDisplayNode(), width + HALO_PIXELS)
        self._follow()

    def hide(self, width: int | None = None) -> None:
        """Take the halo away; the outlines get a width, in pixels, when one is given."""
        self.removeObservers()
        halo = self._halo()
        if halo is not None:
            slicer.mrmlScene.RemoveNode(halo)
        if width is not None and self._node is not None and self._node.GetDisplayNode() is not None:
            outline_width(self._node.GetDisplayNode(), width)
        self._node, self._halo_id, self._segments = None, None, ()

    def _halo(self) -> Any:
        return slicer.mrmlScene.GetNodeByID(self._halo_id) if self._halo_id else None

    def _make(self, node: Any) -> None:
        halo = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentationDisplayNode")
        halo.UnRegister(None)
        halo.SetName("Halo of the outlines")
        halo.SetHideFromEditors(True)
        halo.SetSaveWithScene(False)
        halo.SetVisibility3D(False)
        halo.SetOpacity2DFill(0.0)
        outline_width(halo, HALO_PIXELS)
        slicer.mrmlScene.AddNode(halo)
        node.AddAndObserveDisplayNodeID(halo.GetID())
        for segment_id in node.GetSegmentation().GetSegmentIDs():
            halo.SetSegmentOverrideColor(segment_id, *HALO_COLOR)
        self._node, self._halo_id = node, halo.GetID()
        self.addObserver(node.GetDisplayNode(), vtk.vtkCommand.ModifiedEvent, self.on_outlines_changed)

    @guarded
    def on_outlines_changed(self, caller: Any, event: str) -> None:
        """Outlines were shown, hidden, made bright or dim: the halo does the same."""
        self._follow()

    def _follow(self) -> None:
        halo = self._halo()
        if halo is not None and self._node is not None and self._node.GetDisplayNode() is not None:
            copy_brightness(self._node, self._node.GetDisplayNode(), halo)
