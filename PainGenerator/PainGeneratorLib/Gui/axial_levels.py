"""The level of the slice, written into each axial view, where the numbers of all vertebrae would overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from slicer.util import VTKObservationMixin

from ..Numerics.core.sites import SiteTable
from ..Scene.level_marks import ACROSS_PART, LEVEL_COLOR, level_in_plane
from .guard import guarded
from .layouts import renderer_of, slice_widgets

FONT_POINTS = 20
"""Size of the text, in points: as the numbers in the other views."""
PLACE = (0.5, 0.96)
"""Where the upper edge of the text stands, as a part of width and height of the view."""


class AxialLevels(VTKObservationMixin):
    """Writes the level of the slice into the axial views, and follows each change of slice."""

    def __init__(self) -> None:
        super().__init__()
        self._sites = SiteTable()
        # The nodes are kept: another Python name of the same VTK object would have another id.
        self._views: list[tuple[Any, Any, Any]] = []

    def show(self, sites: SiteTable) -> None:
        """Write into the views that there are; again after a change of layout or of names."""
        self.hide()
        self._sites = sites
        if sites.level_certainty is None:
            return
        for widget in slice_widgets().values():
            actor = vtk.vtkTextActor()
            style = vtk.vtkTextProperty()
            style.SetFontSize(FONT_POINTS)
            style.SetBold(True)
            style.SetShadow(True)
            style.SetColor(*LEVEL_COLOR)
            style.SetJustificationToCentered()
            style.SetVerticalJustificationToTop()
            actor.SetTextProperty(style)
            actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
            actor.SetPosition(*PLACE)
            renderer_of(widget).AddViewProp(actor)
            node = widget.mrmlSliceNode()
            self._views.append((node, widget, actor))
            self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self.on_slice)
            self._write(node, widget, actor)

    def hide(self) -> None:
        """Take the texts away."""
        self.removeObservers()
        for _node, widget, actor in self._views:
            renderer_of(widget).RemoveViewProp(actor)
            widget.sliceView().scheduleRender()
        self._views.clear()

    def texts(self) -> dict[str, str]:
        """What is written in each view, by the name of the view; empty where nothing is."""
        return {node.GetLayoutName(): actor.GetInput() or "" for node, _widget, actor in self._views}

    @guarded
    def on_slice(self, caller: Any, event: str) -> None:
        """A view shows another slice."""
        for node, widget, actor in self._views:
            if node is caller:
                self._write(node, widget, actor)

    def _write(self, node: Any, widget: Any, actor: Any) -> None:
        matrix = node.GetSliceToRAS()
        normal, point = (np.array([matrix.GetElement(row, column) for row in range(3)]) for column in (2, 3))
        is_axial = abs(normal[2]) >= ACROSS_PART
        text = level_in_plane(self._sites, point, normal) if is_axial else ""
        if text != (actor.GetInput() or ""):
            actor.SetInput(text)
            widget.sliceView().scheduleRender()
