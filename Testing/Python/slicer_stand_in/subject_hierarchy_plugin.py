"""Slicer's subject hierarchy plug-ins: who makes the items of new nodes, and what they log.

Without Qt nobody makes items; in Slicer the plug-ins do. While a scene is opened, its items are not there until the
scene is no longer processed: a segmentation whose display changes before that is logged as an error.
"""

from __future__ import annotations

import itertools
import logging
from typing import Any

CLAIMED = (
    *("vtkMRMLVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLMarkupsNode", "vtkMRMLTableNode"),
    *("vtkMRMLTextNode", "vtkMRMLTransformNode", "vtkMRMLModelNode"),
)
"""Classes of nodes that a plug-in adds to the hierarchy."""

FIRST = 10.0
"""Priority of the plug-ins among those who wait for the end of an import."""

LOG = logging.getLogger("slicer.subjecthierarchy")


class SubjectHierarchyPlugins:
    """Watches a scene from when the application starts until it ends.

    Parameters
    ----------
    scene : vtkMRMLScene
    """

    def __init__(self, scene: Any) -> None:
        import slicer
        import vtk

        self._scene = scene
        self._watched: list[tuple[Any, int]] = []
        self._segmentations: dict[str, list[tuple[Any, int]]] = {}

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def node_added(caller: Any, event: str, node: Any = None) -> None:
            self._node_added(node)

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def node_goes(caller: Any, event: str, node: Any = None) -> None:
            self._node_goes(node)

        kinds = slicer.vtkMRMLScene
        for event, call, priority in (
            (kinds.NodeAddedEvent, node_added, 0.0),
            (kinds.NodeAboutToBeRemovedEvent, node_goes, 0.0),
            (kinds.EndImportEvent, self._processed, FIRST),
            (kinds.EndBatchProcessEvent, self._processed, FIRST),
            (kinds.EndCloseEvent, self._closed, 0.0),
        ):
            self._watched.append((scene, scene.AddObserver(event, call, priority)))

    def close(self) -> None:
        """End all observations."""
        for subject, tag in itertools.chain(self._watched, *self._segmentations.values()):
            subject.RemoveObserver(tag)
        self._watched.clear()
        self._segmentations.clear()

    def _tree(self) -> Any:
        import slicer

        return slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(self._scene)

    def _node_added(self, node: Any) -> None:
        if node.IsA("vtkMRMLSegmentationNode"):
            self._watch(node)
        if not self._scene.IsImporting():
            self._add(node)

    def _node_goes(self, node: Any) -> None:
        for subject, tag in self._segmentations.pop(node.GetID() or "", []):
            subject.RemoveObserver(tag)

    def _add(self, node: Any) -> None:
        if node.GetHideFromEditors() or not any(node.IsA(name) for name in CLAIMED):
            return
        tree = self._tree()
        if tree is not None and tree.GetItemByDataNode(node) == tree.GetInvalidItemID():
            tree.CreateItem(tree.GetSceneItemID(), node)

    def _processed(self, caller: Any, event: str) -> None:
        """Put the loaded items into the hierarchy, and add nodes that had none: after a batch, not within it."""
        if self._scene.IsBatchProcessing() or self._scene.IsClosing():
            return
        self._tree()
        for node in [self._scene.GetNthNode(index) for index in range(self._scene.GetNumberOfNodes())]:
            self._add(node)

    def _closed(self, caller: Any, event: str) -> None:
        self._tree()

    # --- segmentations

    def _watch(self, node: Any) -> None:
        import slicer

        kinds, events = slicer.vtkSegmentation, (slicer.vtkMRMLDisplayableNode.DisplayModifiedEvent,)
        events = (*events, kinds.SegmentAdded, kinds.SegmentRemoved, kinds.SegmentModified)
        self._segmentations[node.GetID()] = [(node, node.AddObserver(event, self._changed)) for event in events]

    def _changed(self, node: Any, event: str) -> None:
        scene = node.GetScene()
        if scene is None or scene.IsImporting() or scene.IsClosing():
            return
        tree = scene.GetSubjectHierarchyNode()
        if tree is None or tree.GetItemByDataNode(node) == tree.GetInvalidItemID():
            LOG.error("Unable to find subject hierarchy item for segmentation node %s", node.GetName())
