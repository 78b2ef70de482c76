"""Paths of targets in the scene: one line for each, from the skin to the target, which the reader can move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .markups import read_points
from .node_keys import KEY_ATTRIBUTE, remove_node

PATH_KEY = "target-path."
"""Keys of the lines begin with this; the id of the target follows."""
DRAWN_ATTRIBUTE = "PainGenerator.DrawnPath"
"""Attribute of a line: where it was drawn. A line that lies elsewhere was moved by the reader."""
MOVED_ATTRIBUTE = "PainGenerator.MovedPath"
"""Attribute of a line that the reader moved."""
LINE_CLASS = "vtkMRMLMarkupsLineNode"
SAME_MM = 0.01
"""Ends that are nearer to each other than this are the same, mm: more than rounding, less than a hand moves."""
PATH_COLOR = (1.0, 0.35, 0.8)
"""Red, green and blue of paths: no candidate and no region has it."""


@dataclass(frozen=True, eq=False)
class DrawnPath:
    """One line.

    Parameters
    ----------
    id : str
        That of the target.
    name : str
        For the views.
    entry_ras, point_ras : ndarray, shape (3,)
        Skin and target, RAS mm.
    is_moved : bool
        Whether the reader moved it.
    """

    id: str
    name: str
    entry_ras: np.ndarray
    point_ras: np.ndarray
    is_moved: bool = False


def path_nodes(scene: Any) -> dict[str, Any]:
    """The line of each target by its id."""
    found = {}
    for index in range(scene.GetNumberOfNodesByClass(LINE_CLASS)):
        node = scene.GetNthNodeByClass(index, LINE_CLASS)
        key = node.GetAttribute(KEY_ATTRIBUTE) or ""
        if key.startswith(PATH_KEY):
            found[key.removeprefix(PATH_KEY)] = node
    return found


def write_paths(scene: Any, paths: Sequence[DrawnPath], shown: bool = True) -> list[Any]:
    """Draw paths; lines of other targets are taken away, and lines of an earlier call are filled again.

    Parameters
    ----------
    scene : vtkMRMLScene
    paths : sequence of DrawnPath
    shown : bool
        Whether the views show them.

    Returns
    -------
    list
        The nodes, in the order of the paths.
    """
    there = path_nodes(scene)
    wanted = {path.id for path in paths}
    for key, node in there.items():
        if key not in wanted:
            remove_node(scene, node)
    return [_written(scene, path, there.get(path.id), shown) for path in paths]


def _written(scene: Any, path: DrawnPath, node: Any, shown: bool) -> Any:
    is_new = node is None
    name = f"Path {path.name}"
    node = scene.AddNewNodeByClass(LINE_CLASS, name) if is_new else node
    node.SetName(name)
    ends = np.array([path.entry_ras, path.point_ras], dtype=float)
    if is_new or not _lies_at(node, ends):
        was_modifying = node.StartModify()
        try:
            node.RemoveAllControlPoints()
            for label, point in zip(("skin", "target"), ends, strict=True):
                node.SetNthControlPointLabel(node.AddControlPointWorld(*(float(x) for x in point)), label)
        finally:
            node.EndModify(was_modifying)
    node.SetAttribute(KEY_ATTRIBUTE, PATH_KEY + path.id)
    node.SetAttribute(DRAWN_ATTRIBUTE, " ".join(f"{value:.4f}" for value in ends.ravel()))
    if path.is_moved:
        node.SetAttribute(MOVED_ATTRIBUTE, "1")
    else:
        node.RemoveAttribute(MOVED_ATTRIBUTE)
    if is_new:
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        display.SetSelectedColor(*PATH_COLOR)
        display.SetColor(*PATH_COLOR)
    if node.GetDisplayNode() is not None:
        node.GetDisplayNode().SetVisibility(shown)
    return node


def _lies_at(node: Any, ends: np.ndarray) -> bool:
    points, _ = read_points(node)
    return points.shape == ends.shape and bool(np.abs(points - ends).max() < SAME_MM)


def moved_paths(scene: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Target and skin end of each line that the reader moved, RAS mm, by the id of its target.

    A line of which an end was deleted is left out, so that it is drawn again as it was proposed.
    """
    found = {}
    for key, node in path_nodes(scene).items():
        points, _ = read_points(node)
        if len(points) != 2:
            continue
        drawn = np.array([float(word) for word in (node.GetAttribute(DRAWN_ATTRIBUTE) or "").split()])
        is_off = drawn.size != 6 or bool(np.abs(points.ravel() - drawn).max() >= SAME_MM)
        if is_off or node.GetAttribute(MOVED_ATTRIBUTE):
            found[key] = (points[1], points[0])
    return found


def hide_paths(scene: Any) -> None:
    """Take the lines out of the views; they stay in the scene, as the reader may have moved them."""
    for node in path_nodes(scene).values():
        if node.GetDisplayNode() is not None:
            node.GetDisplayNode().SetVisibility(False)


def are_paths_shown(scene: Any) -> bool:
    """Whether the views show any line."""
    displays = (node.GetDisplayNode() for node in path_nodes(scene).values())
    return any(display is not None and bool(display.GetVisibility()) for display in displays)


def forget_moved(scene: Any, keys: Mapping[str, Any] | Sequence[str]) -> None:
    """Take the lines of some targets away, so that they are drawn as they were proposed."""
    there = path_nodes(scene)
    for key in keys:
        remove_node(scene, there.get(key))
