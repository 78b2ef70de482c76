"""The layout manager: real layout logic, views arranged as the layout's description says."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

from PySide6 import QtCore, QtWidgets

from .current import CURRENT
from .own_base import Own
from .own_views import make


class qMRMLLayoutManager(Own, QtCore.QObject):
    """The views of the layout node, arranged in a viewport."""

    def build(self) -> None:
        import slicer

        self.viewport_widget = QtWidgets.QWidget()
        QtWidgets.QVBoxLayout(self.viewport_widget).setContentsMargins(0, 0, 0, 0)
        self.layout_logic = slicer.vtkMRMLLayoutLogic()
        self.slices: dict[str, Any] = {}
        self.views: dict[str, Any] = {}
        self.arranged: Any = None
        self.shown_description: str | None = None

    def scene_changed(self, scene: Any) -> None:
        self.layout_logic.SetMRMLScene(scene)
        self._watch_scene(scene)
        node = self.layout_logic.GetLayoutNode()
        if node is not None:
            node.SetViewArrangement(node.SlicerLayoutFourUpView)
        self._update_from_scene()

    def _watch_scene(self, scene: Any) -> None:
        kinds = None if scene is None else type(scene)
        for key, event, call in (
            ("batch", "EndBatchProcessEvent", self._update_from_scene),
            ("start-close", "StartCloseEvent", self._clear_layout),
            ("end-close", "EndCloseEvent", self._scene_closed),
        ):
            self.observe(key, scene, [] if kinds is None else [getattr(kinds, event)], call)

    def _is_processing(self) -> bool:
        scene = self.mrmlScene()
        return scene is None or scene.IsBatchProcessing()

    def _scene_closed(self) -> None:
        if not self._is_processing():
            self._update_from_scene()

    def _update_from_scene(self) -> None:
        """Take the layout node of the scene, and show its layout."""
        node = self.layout_logic.GetLayoutNode()
        self.observe("layout", node, ["ModifiedEvent"], self._arrange)
        self._arrange()

    def get_layout(self) -> int:
        return self.layout_logic.GetLayoutNode().GetViewArrangement()

    def set_layout(self, layout: int) -> None:
        self.setLayout(layout)

    def setLayout(self, layout: int) -> None:
        """Show a layout; the number that is set already does nothing, and an unknown one is the conventional."""
        node = self.layout_logic.GetLayoutNode()
        if node is None or node.GetViewArrangement() == layout:
            return
        known = node.IsLayoutDescription(layout)
        node.SetViewArrangement(layout if known else node.SlicerLayoutConventionalView)

    def _arrange(self) -> None:
        """Show the views of the layout node's description; while the scene is processed nothing happens.

        A scene stores the number of a layout only. Where nobody has registered its description there are no views.
        """
        node = self.layout_logic.GetLayoutNode()
        if node is None or self._is_processing():
            return
        description = node.GetCurrentLayoutDescription() or ""
        if description == self.shown_description:
            return
        self._clear_layout()
        self.shown_description = description
        self._make_views()
        self.arranged = self._arranged(ElementTree.fromstring(description)) if description else QtWidgets.QWidget()
        self.viewport_widget.layout().addWidget(self.arranged)
        self.fire("layoutChanged(int)", node.GetViewArrangement())

    def _clear_layout(self) -> None:
        self.shown_description = None
        for widget in (*self.slices.values(), *self.views.values()):
            widget.setParent(None)
        if self.arranged is not None:
            self.arranged.deleteLater()
            self.arranged = None

    def _make_views(self) -> None:
        import vtk

        found = self.layout_logic.GetViewNodes()
        for index in range(found.GetNumberOfItems()):
            node = found.GetItemAsObject(index)
            name = node.GetLayoutName()
            if node.IsA("vtkMRMLSliceNode") and name not in self.slices:
                self.slices[name] = make("qMRMLSliceWidget")
                self.slices[name].setMRMLSliceNode(node)
            elif node.IsA("vtkMRMLViewNode") and name not in self.views:
                self.views[name] = make("qMRMLThreeDWidget")
                self.views[name].setMRMLViewNode(node)
        self.slice_logics = vtk.vtkCollection()
        for widget in self.slices.values():
            self.slice_logics.AddItem(widget.logic)
        CURRENT.host.application_logic.SetSliceLogics(self.slice_logics)

    def _arranged(self, element: ElementTree.Element) -> Any:
        if element.tag == "view":
            name = element.get("singletontag")
            widget = {**self.slices, **self.views}.get(name)
            if widget is None:
                return QtWidgets.QWidget()
            widget.show()
            return widget
        vertical = element.get("type") == "vertical"
        box = QtWidgets.QSplitter(QtCore.Qt.Vertical if vertical else QtCore.Qt.Horizontal)
        for item in element.findall("item"):
            for inner in item:
                box.addWidget(self._arranged(inner))
        box.setSizes([1000] * box.count())
        return box

    def layoutLogic(self) -> Any:
        return self.layout_logic

    def get_viewport(self) -> Any:
        return self.viewport_widget

    def viewport(self) -> Any:
        return self.viewport_widget

    def sliceViewNames(self) -> list[str]:
        return list(self.slices)

    def sliceWidget(self, name: str) -> Any:
        return self.slices.get(name)

    def get_threeDViewCount(self) -> int:
        return len(self.views)

    def threeDWidget(self, which: Any) -> Any:
        if isinstance(which, str):
            return self.views.get(which)
        return list(self.views.values())[which] if which < len(self.views) else None

    def mrmlSliceLogics(self) -> Any:
        return self.slice_logics

    def resetSliceViews(self) -> None:
        for widget in self.slices.values():
            widget.logic.FitSliceToAll()

    def resetThreeDViews(self) -> None:
        for widget in self.views.values():
            widget.view.resetFocalPoint()

    def pauseRender(self) -> None:
        for widget in (*self.slices.values(), *self.views.values()):
            widget.view.pauseRender()

    def resumeRender(self) -> None:
        for widget in (*self.slices.values(), *self.views.values()):
            widget.view.resumeRender()

    def setRenderPaused(self, paused: bool) -> None:
        """Pause, or go on."""
        (self.pauseRender if paused else self.resumeRender)()

    def close_views(self) -> None:
        """Let go of the scene."""
        self.observe("layout", None, [], self._arrange)
        self._watch_scene(None)
        for widget in (*self.slices.values(), *self.views.values()):
            widget.view.close_view()
            if widget.logic is not None:
                widget.logic.SetMRMLScene(None)
            widget.deleteLater()
        self.slices.clear()
        self.views.clear()
        self.layout_logic.SetMRMLScene(None)


CLASSES = {"qMRMLLayoutManager": qMRMLLayoutManager}
