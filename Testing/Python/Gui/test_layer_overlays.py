"""The ways to check an alignment in the views, in what the views show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.scene

SIZE = 60
"""Voxels of 1 mm along each axis of the volumes."""


@pytest.fixture
def a_view(stand_in: Any) -> Any:
    """The red view: black below, and an upper layer, clear, with a white block in its middle."""
    import slicer

    lower = np.zeros((SIZE, SIZE, SIZE), dtype=np.float32)
    upper = lower.copy()
    upper[:, 10:-10, 10:-10] = 100.0
    nodes = []
    for name, array in (("lower", lower), ("upper", upper)):
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        slicer.util.updateVolumeFromArray(node, array)
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetAutoWindowLevel(False)
        node.GetDisplayNode().SetWindowLevelMinMax(0.0, 100.0)
        nodes.append(node)
    widget = slicer.app.layoutManager().sliceWidget("Red")
    composite = widget.mrmlSliceCompositeNode()
    composite.SetBackgroundVolumeID(nodes[0].GetID())
    composite.SetForegroundVolumeID(nodes[1].GetID())
    composite.SetForegroundOpacity(0.0)
    slicer.util.resetSliceViews()
    slicer.app.processEvents()
    return widget.sliceView()._native


def bright(view: Any) -> int:
    """How many bright pixels the user sees."""
    import slicer
    from slicer_stand_in.own_render_view import pixels_of_image

    slicer.app.processEvents()
    return int((pixels_of_image(view.shown).min(axis=2) > 200).sum())


def test_the_upper_layer_is_revealed_around_the_mouse(a_view: Any) -> None:
    from PainGeneratorLib.Gui.layer_overlays import LayerReveal

    reveal = LayerReveal()
    reveal.show()
    assert bright(a_view) == 0
    a_view.hover_at((30.0, 30.0, 30.0))
    seen = bright(a_view)
    assert seen > 500
    a_view.interactor().InvokeEvent("LeaveEvent")
    assert bright(a_view) == 0
    a_view.hover_at((30.0, 30.0, 30.0))
    assert bright(a_view) == seen
    reveal.hide()
    assert bright(a_view) == 0
    a_view.hover_at((30.0, 30.0, 30.0))
    assert bright(a_view) == 0


def test_the_contour_of_the_upper_layer_follows_its_window(a_view: Any) -> None:
    from PainGeneratorLib.Gui.layer_overlays import ContourOverlay
    from PainGeneratorLib.Gui.layouts import slice_widgets

    contour = ContourOverlay()
    before = a_view.drawn
    contour.show()
    assert len(slice_widgets()) >= 3
    bright(a_view)
    assert a_view.drawn == before + 1
    contour.hide()
    bright(a_view)
    assert a_view.drawn == before + 2
