"""A list of points that the user places in the views, and the node that keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import slicer
from slicer.util import VTKObservationMixin

from ..Scene.markups import read_points
from ..Scene.node_keys import KEY_ATTRIBUTE
from .guard import Connections, guarded, single_shot_timer

PAUSE_MS = 150
"""Pause after the last change of a point before it is handed over, in ms."""


class PointList(VTKObservationMixin):
    """A markups node bound to a place widget.

    Parameters
    ----------
    panel : Panel
    place_widget : qSlicerMarkupsPlaceWidget
    find : callable
        Gives the node; makes it when there is none.
    changed : callable
        Called after a point was placed, moved or removed.
    """

    def __init__(self, panel: Any, place_widget: Any, find: Callable[[], Any], changed: Callable[[], None]) -> None:
        super().__init__()
        self._widget, self._find, self._changed = place_widget, find, changed
        self._node_id: str | None = None
        self._reported: np.ndarray | None = None
        self._connections = Connections()
        self._timer = single_shot_timer(panel.root, PAUSE_MS, self.on_pause_over, self._connections)

    def attach(self) -> None:
        """Find or make the node and watch it."""
        node = self._find()
        if node.GetID() == self._node_id:
            return
        self.release()
        self._node_id = node.GetID()
        self._reported = self.positions()
        self._widget.setCurrentNode(node)
        for event in (
            slicer.vtkMRMLMarkupsNode.PointPositionDefinedEvent,
            slicer.vtkMRMLMarkupsNode.PointPositionUndefinedEvent,
            slicer.vtkMRMLMarkupsNode.PointEndInteractionEvent,
            slicer.vtkMRMLMarkupsNode.PointModifiedEvent,
            slicer.vtkMRMLMarkupsNode.PointRemovedEvent,
        ):
            self.addObserver(node, event, self.on_points_modified)

    def release(self) -> None:
        """Let go of the node; it stays in the scene."""
        self.removeObservers()
        self._timer.stop()
        self._widget.placeModeEnabled = False
        self._widget.setCurrentNode(None)
        self._node_id = None

    def cleanup(self) -> None:
        """The module is unloaded."""
        self.release()
        self._connections.clear()

    def positions(self) -> np.ndarray:
        """RAS mm, shape (n, 3); empty when there is no node."""
        node = slicer.mrmlScene.GetNodeByID(self._node_id) if self._node_id else None
        return read_points(node)[0] if node is not None else np.zeros((0, 3))

    @guarded
    def on_points_modified(self, caller: Any, event: Any) -> None:
        """Wait until the user pauses."""
        self._timer.start()

    @guarded
    def on_pause_over(self) -> None:
        """Report the change once."""
        positions = self.positions()
        if self._reported is None or not np.array_equal(positions, self._reported):
            self._reported = positions
            self._changed()


def landmark_node(key: str, name: str) -> Any:
    """The list of landmarks with this key; made when there is none."""
    for node in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode"):
        if node.GetAttribute(KEY_ATTRIBUTE) == key:
            return node
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    node.SetAttribute(KEY_ATTRIBUTE, key)
    node.CreateDefaultDisplayNodes()
    return node
