"""The live preview as the user sees it: drawn where a slice changed, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.scene

SIZE = 60
"""Voxels of 1 mm along each axis; the first one has its center at 0."""


@pytest.fixture
def views(stand_in: Any) -> dict[str, Any]:
    """Red (axial), Yellow (sagittal) and Green (coronal), all through the point (20, 30, 40)."""
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "PET")
    slicer.util.updateVolumeFromArray(node, np.zeros((SIZE, SIZE, SIZE), dtype=np.float32))
    node.CreateDefaultDisplayNodes()
    manager = slicer.app.layoutManager()
    found = {name: manager.sliceWidget(name) for name in ("Red", "Yellow", "Green")}
    for widget in found.values():
        widget.mrmlSliceCompositeNode().SetBackgroundVolumeID(node.GetID())
    slicer.util.resetSliceViews()
    for widget in found.values():
        widget.mrmlSliceNode().JumpSliceByOffsetting(20.0, 30.0, 40.0)
    slicer.app.processEvents()
    return {name: widget.sliceView()._native for name, widget in found.items()}


@pytest.fixture
def layer(stand_in: Any, views: Any) -> Any:
    import slicer
    from PainGeneratorLib.Numerics.core.image import Geometry
    from PainGeneratorLib.Scene.preview_layer import PreviewLayer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "foci")
    made = PreviewLayer(slicer.mrmlScene, node, Geometry((SIZE, SIZE, SIZE), np.eye(4)), 3)
    made.paint([])
    slicer.app.processEvents()
    return made


def block(x: tuple[int, int], y: tuple[int, int], z: tuple[int, int]) -> Any:
    from PainGeneratorLib.Numerics.core.image import Geometry, Region

    mask = np.zeros((SIZE, SIZE, SIZE), dtype=bool)
    mask[slice(*z), slice(*y), slice(*x)] = True
    return Region.from_mask(mask, Geometry(mask.shape, np.eye(4)))


def colored(view: Any) -> int:
    """How many colored pixels the user sees."""
    from slicer_stand_in.own_render_view import pixels_of_image

    pixels = pixels_of_image(view.shown).astype(int)
    return int((np.ptp(pixels, axis=2) > 60).sum())


def show(layer: Any, regions: list[Any], views: dict[str, Any]) -> list[str]:
    """Paint as the panel does; names of the views that were rendered."""
    import slicer
    from PainGeneratorLib.Gui.preview_views import draw_slices_through, drawing_held

    before = {name: view.drawn for name, view in views.items()}
    with drawing_held():
        changed = layer.paint(regions)
    draw_slices_through(changed)
    slicer.app.processEvents()
    assert all(view.drawn - before[name] in (0, 1) for name, view in views.items())
    return [name for name, view in views.items() if view.drawn > before[name]]


def test_what_is_painted_is_drawn(layer: Any, views: dict[str, Any]) -> None:
    assert [colored(view) for view in views.values()] == [0, 0, 0]
    assert show(layer, [block((15, 26), (25, 36), (35, 46))], views) == ["Red", "Yellow", "Green"]
    seen = {name: colored(view) for name, view in views.items()}
    assert all(count > 20 for count in seen.values()), seen
    show(layer, [block((10, 31), (20, 41), (30, 51))], views)
    assert all(colored(view) > seen[name] for name, view in views.items())
    show(layer, [], views)
    assert [colored(view) for view in views.values()] == [0, 0, 0]


def test_only_views_with_a_changed_slice_are_rendered(layer: Any, views: dict[str, Any]) -> None:
    assert show(layer, [block((15, 26), (1, 5), (1, 5))], views) == ["Yellow"]
    assert show(layer, [block((15, 26), (1, 5), (1, 6))], views) == ["Yellow"]
    assert show(layer, [block((15, 26), (1, 5), (1, 6)), block((50, 55), (50, 55), (50, 55))], views) == []
    assert show(layer, [block((15, 26), (1, 5), (1, 6)), block((50, 55), (50, 55), (38, 55))], views) == ["Red"]


def test_a_preview_that_changes_nothing_renders_nothing(layer: Any, views: dict[str, Any]) -> None:
    regions = [block((15, 26), (25, 36), (35, 46))]
    show(layer, regions, views)
    assert show(layer, regions, views) == []


def test_after_an_error_the_views_draw_again(stand_in: Any, views: dict[str, Any]) -> None:
    from PainGeneratorLib.Gui.preview_views import draw_slices_through, drawing_held

    with pytest.raises(KeyError), drawing_held():
        raise KeyError("lost")
    assert all(view.values["renderEnabled"] for view in views.values())
    draw_slices_through(None)
    before = {name: view.drawn for name, view in views.items()}
    import slicer

    slicer.app.processEvents()
    assert all(view.drawn == before[name] + 1 for name, view in views.items())
