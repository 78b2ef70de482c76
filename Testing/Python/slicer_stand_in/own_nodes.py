"""Widgets that show nodes of the scene."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6 import QtGui, QtWidgets

from .own_base import Own

EVENTS = ("NodeAddedEvent", "NodeRemovedEvent", "EndCloseEvent", "EndImportEvent", "EndBatchProcessEvent")


class qMRMLNodeComboBox(Own, QtWidgets.QWidget):
    """Nodes of some types; follows the scene."""

    initial: ClassVar[dict[str, Any]] = {
        "noneEnabled": False,
        "addEnabled": True,
        "showChildNodeTypes": True,
        "noneDisplay": "None",
    }

    def build(self) -> None:
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.combo = QtWidgets.QComboBox(self)
        self.combo.setMinimumWidth(60)
        self.combo.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Fixed)
        row.addWidget(self.combo)
        self.ids: list[str | None] = []
        self.current: str | None = None
        self.attributes: dict[tuple[str, str], str | None] = {}
        self.combo.activated.connect(lambda index: self._choose(self.ids[index]))
        self.combo.setEnabled(False)

    def scene_changed(self, scene: Any) -> None:
        import slicer

        events = [getattr(slicer.vtkMRMLScene, name) for name in EVENTS]
        self.observe("scene", scene, events, self.refresh)
        self.combo.setEnabled(scene is not None)
        self.refresh()

    def set_custom_property(self, name: str, value: Any) -> None:
        if name in ("currentNodeID", "currentNodeId"):
            self.setCurrentNodeID(value)
            return
        super().set_custom_property(name, value)
        if name in ("nodeTypes", "noneEnabled", "showHidden", "showChildNodeTypes", "noneDisplay"):
            self.refresh()

    def custom_property(self, name: str) -> Any:
        if name in ("currentNodeID", "currentNodeId"):
            return self.current or ""
        return super().custom_property(name)

    def addAttribute(self, node_type: str, name: str, value: Any = None) -> None:
        self.attributes[node_type, name] = value if value is None else str(value)
        self.refresh()

    def removeAttribute(self, node_type: str, name: str) -> None:
        self.attributes.pop((node_type, name), None)
        self.refresh()

    def shown(self) -> list[Any]:
        """Nodes to choose from."""
        scene = self.mrmlScene()
        if scene is None:
            return []
        found = []
        for index in range(scene.GetNumberOfNodes()):
            node = scene.GetNthNode(index)
            if self._fits(node):
                found.append(node)
        return found

    def _fits(self, node: Any) -> bool:
        types = self.values.get("nodeTypes", ())
        deep = self.values.get("showChildNodeTypes", True)
        if not any(node.IsA(kind) if deep else node.GetClassName() == kind for kind in types):
            return False
        if any(node.IsA(kind) for kind in self.values.get("hideChildNodeTypes", ())):
            return False
        if node.GetHideFromEditors() and not self.values.get("showHidden"):
            return False
        for (kind, name), value in self.attributes.items():
            given = node.GetAttribute(name)
            if node.IsA(kind) and (given is None or (value is not None and given != value)):
                return False
        return True

    def refresh(self) -> None:
        """Fill the list anew; a node that is gone is no longer chosen."""
        nodes = self.shown()
        self.ids = ([None] if self.values.get("noneEnabled") else []) + [node.GetID() for node in nodes]
        names = ([self.values["noneDisplay"]] if self.values.get("noneEnabled") else []) + [
            node.GetName() for node in nodes
        ]
        blocked = self.combo.blockSignals(True)
        self.combo.clear()
        self.combo.addItems(names)
        self.combo.blockSignals(blocked)
        wanted = self.current if self.current in self.ids else None
        if wanted is None and not self.values.get("noneEnabled") and nodes:
            wanted = nodes[0].GetID()
        self._choose(wanted)

    def _choose(self, node_id: str | None) -> None:
        changed = node_id != self.current
        self.current = node_id
        blocked = self.combo.blockSignals(True)
        self.combo.setCurrentIndex(self.ids.index(node_id) if node_id in self.ids else -1)
        self.combo.blockSignals(blocked)
        if changed:
            node = self.currentNode()
            self.fire("currentNodeChanged(vtkMRMLNode*)", node)
            self.fire("currentNodeChanged(bool)", node is not None)
            self.fire("currentNodeIDChanged(QString)", node_id or "")

    def currentNode(self) -> Any:
        scene = self.mrmlScene()
        return scene.GetNodeByID(self.current) if scene is not None and self.current else None

    def setCurrentNode(self, node: Any) -> None:
        self.setCurrentNodeID(node.GetID() if node is not None else "")

    def setCurrentNodeID(self, node_id: str) -> None:
        self._choose(node_id if node_id in self.ids else None)

    def setCurrentNodeIndex(self, index: int) -> None:
        self.setCurrentNode(self.shown()[index])

    def nodeCount(self) -> int:
        return len(self.shown())

    def nodeFromIndex(self, index: int) -> Any:
        return self.shown()[index]

    def setNodeTypeLabel(self, label: str, node_type: str) -> None:
        self.values[f"label {node_type}"] = label

    def addNode(self, node_type: str = "") -> Any:
        """Add a node as the menu does; tell that the user did it."""
        kind = node_type or self.values["nodeTypes"][0]
        name = self.mrmlScene().GenerateUniqueName(self.values.get("baseName") or kind.removeprefix("vtkMRML"))
        node = self.mrmlScene().AddNewNodeByClass(kind, name)
        self.fire("nodeAddedByUser(vtkMRMLNode*)", node)
        self.fire("nodeAdded(vtkMRMLNode*)", node)
        if self.values.get("selectNodeUponCreation", True):
            self.setCurrentNode(node)
        return node

    def removeCurrentNode(self) -> None:
        node = self.currentNode()
        if node is not None:
            self.fire("nodeAboutToBeRemoved(vtkMRMLNode*)", node)
            self.mrmlScene().RemoveNode(node)


class qMRMLTableView(Own, QtWidgets.QTableView):
    """The cells of a table node as text."""

    def setMRMLTableNode(self, node: Any) -> None:
        self.values["_table"] = node
        self.observe("table", node, ["ModifiedEvent"], self._fill)
        self._fill()

    def mrmlTableNode(self) -> Any:
        return self.values.get("_table")

    def _fill(self) -> None:
        node = self.values.get("_table")
        model = QtGui.QStandardItemModel(self)
        if node is not None:
            columns, rows = node.GetNumberOfColumns(), node.GetNumberOfRows()
            model.setHorizontalHeaderLabels([node.GetColumnName(column) for column in range(columns)])
            for row in range(rows):
                model.appendRow([QtGui.QStandardItem(node.GetCellText(row, column)) for column in range(columns)])
        self.setModel(model)


class qMRMLSubjectHierarchyTreeView(Own, QtWidgets.QTreeView):
    """Data nodes of the scene in one level."""

    def build(self) -> None:
        self.items: list[int] = []
        self.current = 0

    def scene_changed(self, scene: Any) -> None:
        import slicer

        self.observe("scene", scene, [getattr(slicer.vtkMRMLScene, name) for name in EVENTS], self._fill)
        self._fill()

    def subjectHierarchyNode(self) -> Any:
        import slicer

        return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self.mrmlScene())

    def _fill(self) -> None:
        import vtk

        model = QtGui.QStandardItemModel(self)
        self.items = []
        if self.mrmlScene() is not None and self.subjectHierarchyNode() is not None:
            hierarchy, found = self.subjectHierarchyNode(), vtk.vtkIdList()
            hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), found, True)
            for index in range(found.GetNumberOfIds()):
                self.items.append(found.GetId(index))
                model.appendRow(QtGui.QStandardItem(hierarchy.GetItemName(found.GetId(index))))
        self.setModel(model)

    def currentItem(self) -> int:
        return self.current

    def setCurrentItem(self, item: int) -> None:
        self.current = item
        self.fire("currentItemChanged(vtkIdType)", item)
        self.fire("currentNodeChanged(vtkMRMLNode*)", self.currentNode())

    def currentNode(self) -> Any:
        return self.subjectHierarchyNode().GetItemDataNode(self.current) if self.current else None

    def setCurrentNode(self, node: Any) -> None:
        self.setCurrentItem(self.subjectHierarchyNode().GetItemByDataNode(node) if node is not None else 0)


CLASSES = {
    "qMRMLNodeComboBox": qMRMLNodeComboBox,
    "qMRMLTableView": qMRMLTableView,
    "qMRMLSubjectHierarchyTreeView": qMRMLSubjectHierarchyTreeView,
}
