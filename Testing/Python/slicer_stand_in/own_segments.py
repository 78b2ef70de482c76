"""Widgets that list segments."""

from __future__ import annotations

from typing import Any

from PySide6 import QtWidgets

from .own_base import Own

EVENTS = ("SegmentAdded", "SegmentRemoved", "SegmentModified", "SegmentsOrderModified")


def watch_segmentation(widget: Any, node: Any) -> None:
    """Fill the widget when segments come, go or change."""
    import slicer

    segmentation = node.GetSegmentation() if node is not None else None
    widget.observe(
        "segments", segmentation, [getattr(slicer.vtkSegmentation, name) for name in EVENTS], widget.refresh
    )
    widget.refresh()


def segment_rows(node: Any) -> list[tuple[str, str]]:
    """Identifier and name of each segment."""
    segmentation = node.GetSegmentation() if node is not None else None
    if segmentation is None:
        return []
    ids = [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]
    return [(segment_id, segmentation.GetSegment(segment_id).GetName()) for segment_id in ids]


class qMRMLSegmentsTableView(Own, QtWidgets.QWidget):
    """One row for each segment."""

    def build(self) -> None:
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        self.table = QtWidgets.QTableWidget(0, 1, self)
        self.table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectRows)
        box.addWidget(self.table)
        self.rows: list[tuple[str, str]] = []
        self.node: Any = None
        self.table.selectionModel().selectionChanged.connect(
            lambda now, before: self.fire("selectionChanged(QItemSelection,QItemSelection)", now, before)
        )

    def setSegmentationNode(self, node: Any) -> None:
        self.node = node
        watch_segmentation(self, node)

    def segmentationNode(self) -> Any:
        return self.node

    def refresh(self) -> None:
        """Fill the table anew."""
        self.rows = segment_rows(self.node)
        self.table.setRowCount(len(self.rows))
        for row, (_, name) in enumerate(self.rows):
            self.table.setItem(row, 0, QtWidgets.QTableWidgetItem(name))

    def get_segmentCount(self) -> int:
        return len(self.rows)

    def selectedSegmentIDs(self) -> list[str]:
        return [self.rows[index.row()][0] for index in self.table.selectionModel().selectedRows()]

    def setSelectedSegmentIDs(self, ids: list[str]) -> None:
        self.table.clearSelection()
        for row, (segment_id, _) in enumerate(self.rows):
            if segment_id in ids:
                self.table.selectRow(row)

    def displayedSegmentIDs(self) -> list[str]:
        return [segment_id for segment_id, _ in self.rows]

    def clearSelection(self) -> None:
        self.table.clearSelection()

    def tableWidget(self) -> Any:
        return self.table


class qMRMLSegmentSelectorWidget(Own, QtWidgets.QWidget):
    """A segment of a segmentation node."""

    def build(self) -> None:
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.combo = QtWidgets.QComboBox(self)
        row.addWidget(self.combo)
        self.node: Any = None
        self.rows: list[tuple[str, str]] = []
        self.combo.currentIndexChanged.connect(
            lambda index: self.fire("currentSegmentChanged(QString)", self.currentSegmentID())
        )

    def setCurrentNode(self, node: Any) -> None:
        self.node = node
        watch_segmentation(self, node)
        self.fire("currentNodeChanged(vtkMRMLNode*)", node)

    def currentNode(self) -> Any:
        return self.node

    def refresh(self) -> None:
        """Fill the list anew."""
        self.rows = segment_rows(self.node)
        self.combo.clear()
        self.combo.addItems([name for _, name in self.rows])

    def currentSegmentID(self) -> str:
        index = self.combo.currentIndex()
        return self.rows[index][0] if 0 <= index < len(self.rows) else ""

    def setCurrentSegmentID(self, segment_id: str) -> None:
        ids = [entry[0] for entry in self.rows]
        self.combo.setCurrentIndex(ids.index(segment_id) if segment_id in ids else -1)


CLASSES = {
    "qMRMLSegmentsTableView": qMRMLSegmentsTableView,
    "qMRMLSegmentSelectorWidget": qMRMLSegmentSelectorWidget,
}
