"""The scene of a session, and the nodes of the case in it."""

from __future__ import annotations

from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Scene import nodes
from ..Scene.node_keys import find_node
from ..Scene.open_mark import open_mark

RESULT_CLASSES = (
    "vtkMRMLSegmentationNode",
    "vtkMRMLMarkupsFiducialNode",
    "vtkMRMLTableNode",
    "vtkMRMLLinearTransformNode",
)
"""The classes of the nodes that hold results."""


class SceneLink:
    """The scene, until the session is closed or the scene is: what comes into it then belongs to another case.

    Parameters
    ----------
    scene : vtkMRMLScene
    """

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._mark = open_mark(scene)

    @property
    def scene(self) -> Any:
        """The scene.

        Raises
        ------
        PainGeneratorError
            Once the session or the scene was closed.
        """
        if self.is_closed:
            raise PainGeneratorError(
                "The scene of this case was closed.", "Open the case again, or load its series and run the steps."
            )
        return self._scene

    @property
    def is_closed(self) -> bool:
        """True once the session or the scene was closed."""
        return self._scene is None or not self._scene.IsNodePresent(self._mark)

    def close(self) -> None:
        """Release the scene."""
        self._scene = self._mark = None

    def node(self, node_id: str | None) -> Any:
        """The node with an id; None when there is none."""
        return self.scene.GetNodeByID(node_id) if node_id else None

    def require_node(self, node_id: str) -> Any:
        """The node with an id.

        Raises
        ------
        ValueError
            When the scene has none.
        """
        node = self.node(node_id)
        if node is None:
            raise ValueError(f"there is no node {node_id}")
        return node

    def result_node(self, key: str) -> Any:
        """A node that holds a result: ``candidates``, ``hot-spots``, ``mr-findings``, ``implant-margin``,
        ``spheres`` (segmentations), ``targets``, ``pain-sites`` (points), ``table``, ``suv``, ``alignment`` (tables),
        ``transform.<ROLE>.0``. None when there is none.
        """
        found = (find_node(self.scene, class_name, key) for class_name in RESULT_CLASSES)
        return next((node for node in found if node is not None), None)

    def series_volume(self, role: str) -> Any:
        """The volume that the case keeps for a role: of the PET the one in SUV. None before the step Case."""
        return find_node(self.scene, "vtkMRMLScalarVolumeNode", f"series.{role}.0")

    def transform_of(self, role: str) -> Any:
        """The transform from a series to the reference frame; None when there is none."""
        return self.result_node(f"transform.{role}.0")

    def series_to_world(self, role: str) -> Any:
        """What the scene shows now: 4 x 4, maps points of a series to the world, RAS mm."""
        return nodes.matrix_to_world(self.transform_of(role))
