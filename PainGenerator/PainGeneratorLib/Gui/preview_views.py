"""The live preview in the views: only those that show a changed slice are drawn again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import slicer

from ..Numerics.core.image import Region
from ..Numerics.core.plane_cut import plane_cuts
from .layouts import slice_widgets


@contextlib.contextmanager
def drawing_held() -> Iterator[None]:
    """Requests to draw a view are dropped for the length of a ``with`` block; ask for those that matter afterwards.

    A segmentation that is modified asks all slice views and all 3D views to draw.
    """
    views = [view for view in _all_views() if view.renderEnabled]
    for view in views:
        view.setRenderEnabled(False)
    try:
        yield
    finally:
        for view in views:
            view.setRenderEnabled(True)


def draw_slices_through(changed: Region | None) -> None:
    """Draw the slice views whose slice passes through changed voxels.

    Parameters
    ----------
    changed : Region or None
        None when anything may have changed: all slice views are drawn.
    """
    for widget in slice_widgets().values():
        if changed is None or plane_cuts(changed, _slice_to_ras(widget)):
            widget.sliceView().scheduleRender()


def _slice_to_ras(widget: Any) -> Any:
    return slicer.util.arrayFromVTKMatrix(widget.mrmlSliceNode().GetSliceToRAS())


def _all_views() -> list[Any]:
    manager = slicer.app.layoutManager()
    if manager is None:
        return []
    solid = [manager.threeDWidget(index).threeDView() for index in range(manager.threeDViewCount)]
    return [*(widget.sliceView() for widget in slice_widgets().values()), *solid]
