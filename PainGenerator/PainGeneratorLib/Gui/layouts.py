"""The module's own view layouts; the user's layout comes back on leaving the module."""

from __future__ import annotations

from typing import Any

import slicer

FUSED = 5701
"""Id of the layout with PET over MR in three planes. The ids of Slicer's own layouts are below 500."""

BESIDE = 5702
"""Id of the layout with the PET alone beside PET over MR."""

PROJECTION = 5703
"""Id of the layout with PET over MR and the projection of the PET."""

PET_VIEWS = {"PETAxial": "Axial", "PETSagittal": "Sagittal", "PETCoronal": "Coronal"}
"""Slice views that show the PET alone, and their orientation."""

MR_VIEWS = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}
"""Slice views that show the reference MR with the PET over it."""

PROJECTION_VIEW = "PainGeneratorMIP"
"""Name of the 3D view that shows the projection."""

_COLORS = {"Axial": "#F34A33", "Sagittal": "#EDD54C", "Coronal": "#6EB04B"}


def _slice_view(name: str, orientation: str, label: str, group: int) -> str:
    return (
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
        f'<property name="orientation" action="default">{orientation}</property>'
        f'<property name="viewlabel" action="default">{label}</property>'
        f'<property name="viewcolor" action="default">{_COLORS[orientation]}</property>'
        f'<property name="viewgroup" action="default">{group}</property>'
        "</view></item>"
    )


def _fused_views() -> dict[str, str]:
    return {name: _slice_view(name, plane, name[0], 0) for name, plane in MR_VIEWS.items()}


def _projection_view() -> str:
    return (
        f'<item><view class="vtkMRMLViewNode" singletontag="{PROJECTION_VIEW}">'
        '<property name="viewlabel" action="default">MIP</property></view></item>'
    )


def layout_descriptions() -> dict[int, str]:
    """The XML of the layouts by id. The large sagittal view comes first, since spine and hip are read on it."""
    fused = _fused_views()
    pet = [_slice_view(name, plane, f"PET {plane[0]}", 0) for name, plane in PET_VIEWS.items()]
    right = f'<item><layout type="vertical">{fused["Red"]}{fused["Green"]}</layout></item>'
    rows = [f'<item><layout type="horizontal">{"".join(row)}</layout></item>' for row in (fused.values(), pet)]
    return {
        FUSED: f'<layout type="horizontal" split="true">{fused["Yellow"]}{right}</layout>',
        BESIDE: f'<layout type="vertical" split="true">{"".join(rows)}</layout>',
        PROJECTION: f'<layout type="horizontal" split="true">{fused["Yellow"]}{right}{_projection_view()}</layout>',
    }


class Layouts:
    """Switches between the module's layouts and the user's own."""

    def __init__(self) -> None:
        self._users: int | None = None

    def show(self, layout: int) -> bool:
        """Switch to one of the module's layouts; False when there are no views."""
        manager = slicer.app.layoutManager()
        if manager is None:
            return False
        node = manager.layoutLogic().GetLayoutNode()
        if node is None:
            return False
        if not node.IsLayoutDescription(layout):
            node.AddLayoutDescription(layout, layout_descriptions()[layout])
        if manager.layout not in layout_descriptions():
            self._users = manager.layout
        manager.setLayout(layout)
        return True

    def restore(self) -> None:
        """Show the layout again that the user had; nothing happens when no layout of the module is shown."""
        manager = slicer.app.layoutManager()
        if manager is not None and self._users is not None and manager.layout in layout_descriptions():
            manager.setLayout(self._users)
        self._users = None

    def current(self) -> int | None:
        """Id of the layout that is shown, None when there are no views."""
        manager = slicer.app.layoutManager()
        return None if manager is None else manager.layout


def slice_widgets() -> dict[str, Any]:
    """The slice widgets that exist, by view name."""
    manager = slicer.app.layoutManager()
    if manager is None:
        return {}
    widgets = {name: manager.sliceWidget(name) for name in manager.sliceViewNames()}
    return {name: widget for name, widget in widgets.items() if widget is not None}
