"""How the nodes of a case are found again in a scene."""

from __future__ import annotations

from typing import Any

KEY_ATTRIBUTE = "PainGenerator.Key"
"""Node attribute that says what a node of this program holds: ``candidates``, ``series.PET.0``, ..."""

ROLE_ATTRIBUTE = "PainGenerator.Role"
"""Attribute of a volume: the role of its series."""

MAP_KEY = "map."
"""Keys of the hidden volumes of ``SceneContent.maps`` begin with this."""

SHOWS_ATTRIBUTE = "PainGenerator.Shows"
"""Attribute of a transform of this program: ``start`` while the scanner's alignment is shown instead of the result."""


def find_node(scene: Any, class_name: str, key: str) -> Any:
    """The node of this program with a key (:data:`KEY_ATTRIBUTE`), None when there is none."""
    for index in range(scene.GetNumberOfNodesByClass(class_name)):
        node = scene.GetNthNodeByClass(index, class_name)
        if node.GetAttribute(KEY_ATTRIBUTE) == key:
            return node
    return None


def remove_node(scene: Any, node: Any) -> None:
    """Take a node out of a scene, with what displays and stores it: Slicer leaves these behind, and saves them."""
    if node is None:
        return
    others = [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())] if _is_shown(node) else []
    if node.IsA("vtkMRMLStorableNode"):
        others.append(node.GetStorageNode())
    scene.RemoveNode(node)
    for other in others:
        if other is not None:
            scene.RemoveNode(other)


def _is_shown(node: Any) -> bool:
    return bool(node.IsA("vtkMRMLDisplayableNode"))


def map_nodes(scene: Any) -> list[Any]:
    """The hidden volumes of a case: tissue classes, z maps."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    volumes = [scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode") for index in range(count)]
    return [node for node in volumes if (node.GetAttribute(KEY_ATTRIBUTE) or "").startswith(MAP_KEY)]
