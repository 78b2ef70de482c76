"""What a reading rests on, drawn over the images: a reading aid that is no part of the case and is not saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..Numerics.core.image import Region
from .markups import write_points
from .node_keys import KEY_ATTRIBUTE, find_node, remove_node
from .segments import Segment, write_segmentation

TISSUES_KEY, USED_KEY, FRAME_KEY = "ground-tissues", "ground-references", "ground-frame"
"""Keys of the segmentation of tissues, of that of body and references, and of the points of frame and levels."""
_CLASSES = {
    TISSUES_KEY: "vtkMRMLSegmentationNode",
    USED_KEY: "vtkMRMLSegmentationNode",
    FRAME_KEY: "vtkMRMLMarkupsFiducialNode",
}
Color = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""
TISSUE_COLORS: dict[str, Color] = {
    "marrow": (0.95, 0.85, 0.55),
    "muscle": (0.75, 0.25, 0.25),
    "fat": (0.9, 0.9, 0.4),
    "disc": (0.4, 0.7, 0.95),
    "fluid": (0.2, 0.4, 0.9),
}
"""Colors of tissues, near those of Slicer's anatomy."""
BODY_COLOR: Color = (1.0, 1.0, 1.0)
LEVEL_COLORS: tuple[Color, ...] = ((0.3, 0.9, 0.5), (0.6, 0.4, 0.95))
"""Colors of vertebrae, in turn, so that neighbors differ."""
FRAME_COLOR: Color = (0.3, 1.0, 1.0)
FILL, OUTLINE = 0.25, 1.0
"""Opacity of fill and outline, 0 to 1: the image stays seen. Our choice."""


def show_ground(
    scene: Any,
    body: Region,
    tissues: Sequence[tuple[str, Region]],
    used: Sequence[tuple[str, Region]],
    points: Sequence[tuple[str, np.ndarray]],
) -> list[Any]:
    """Draw the ground; nodes of an earlier call are filled again.

    Parameters
    ----------
    scene : vtkMRMLScene
    body : Region
        Its outline.
    tissues, used : sequence of (str, Region)
        Tissue classes of the MR, and where references are taken; each list on one grid.
    points : sequence of (str, ndarray)
        Label and place, RAS mm.

    Returns
    -------
    list
        The nodes.
    """
    nodes = []
    if tissues:
        segments = [Segment(name, name, region, TISSUE_COLORS.get(name, BODY_COLOR)) for name, region in tissues]
        nodes.append(_segmentation(scene, TISSUES_KEY, "What it rests on: tissues", segments, FILL))
    segments = [
        Segment("body", "body", body, BODY_COLOR),
        *(Segment(f"reference-{n}", name, region, _color(name, n)) for n, (name, region) in enumerate(used)),
    ]
    nodes.append(_segmentation(scene, USED_KEY, "What it rests on: references", segments, 0.0))
    labels = [label for label, _ in points]
    places = np.array([place for _, place in points]).reshape(-1, 3)
    found = find_node(scene, _CLASSES[FRAME_KEY], FRAME_KEY)
    frame = write_points(scene, "What it rests on: frame and levels", places, labels, color=FRAME_COLOR, node=found)
    for index in range(len(points)):
        frame.SetNthControlPointLocked(index, True)
    nodes.append(_aid(frame, FRAME_KEY))
    return nodes


def hide_ground(scene: Any) -> None:
    """Take the ground away."""
    for key, kind in _CLASSES.items():
        remove_node(scene, find_node(scene, kind, key))


def is_ground_shown(scene: Any) -> bool:
    """Whether the ground is drawn."""
    return find_node(scene, _CLASSES[FRAME_KEY], FRAME_KEY) is not None


def _segmentation(scene: Any, key: str, name: str, segments: Sequence[Segment], fill: float) -> Any:
    found = find_node(scene, _CLASSES[key], key)
    node, _ = write_segmentation(scene, name, segments, segments[0].region.geometry, node=found)
    display = node.GetDisplayNode()
    if display is not None:
        display.SetAllSegmentsOpacity2DFill(fill)
        display.SetAllSegmentsOpacity2DOutline(OUTLINE)
    return _aid(node, key)


def _aid(node: Any, key: str) -> Any:
    """Mark a node as one of this program that is not saved."""
    node.SetAttribute(KEY_ATTRIBUTE, key)
    node.SetSaveWithScene(False)
    return node


def _color(name: str, number: int) -> Color:
    tissue = TISSUE_COLORS.get(name.split()[0])
    return LEVEL_COLORS[number % len(LEVEL_COLORS)] if tissue is None else tissue
