"""The module's own view layouts; the user's layout comes back on leaving the module.

A scene stores the number of a layout and not what it looks like. So the layouts are made known at the start of Slicer,
before any scene is loaded, and a scene is never saved with one of their numbers: a Slicer without the extension would
show no views at all.
"""

from __future__ import annotations

from typing import Any

import slicer
from slicer.util import VTKObservationMixin

from .guard import guarded
from .reading_views import MR_VIEWS, PELVIS_VIEW, PET_VIEWS, PROJECTION_VIEW, SERIES_VIEWS

FUSED = 5701
"""Id of the layout with PET over MR in three planes. The ids of Slicer's own layouts are below 500."""

BESIDE = 5702
"""Id of the layout with the PET alone beside PET over MR."""

PROJECTION = 5703
"""Id of the layout with PET over MR and the projection of the PET."""

READ_BACK = 5704
"""Id of the reading layout of the low back: sagittal fluid-sensitive, T1 and fused; axial fused and PET."""

READ_HIP = 5705
"""Id of the reading layout of the hip: coronal fluid-sensitive, T1 and fused; whole pelvis fused and PET."""

READING = {"low-back": READ_BACK, "hip-replacement": READ_HIP}
"""The reading layout by clinical group."""

LAST_STOCK = 499
"""The highest id of a layout that every Slicer knows."""

_COLORS = {"Axial": "#F34A33", "Sagittal": "#EDD54C", "Coronal": "#6EB04B"}


def _slice_view(name: str, orientation: str, label: str) -> str:
    return (
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
        f'<property name="orientation" action="default">{orientation}</property>'
        f'<property name="viewlabel" action="default">{label}</property>'
        f'<property name="viewcolor" action="default">{_COLORS[orientation]}</property>'
        f'<property name="viewgroup" action="default">0</property>'
        "</view></item>"
    )


def _views() -> dict[str, str]:
    """The XML of every slice view by its name."""
    labels = {
        **{name: (plane, name[0]) for name, plane in MR_VIEWS.items()},
        **{name: (plane, f"PET {plane[0]}") for name, plane in PET_VIEWS.items()},
        **{name: (plane, f"{title} {plane[0]}") for name, (_role, plane, title) in SERIES_VIEWS.items()},
        PELVIS_VIEW: ("Coronal", "Pelvis"),
    }
    return {name: _slice_view(name, plane, label) for name, (plane, label) in labels.items()}


def _projection_view() -> str:
    return (
        f'<item><view class="vtkMRMLViewNode" singletontag="{PROJECTION_VIEW}">'
        '<property name="viewlabel" action="default">MIP</property></view></item>'
    )


def _box(kind: str, *items: str) -> str:
    return f'<item><layout type="{kind}">{"".join(items)}</layout></item>'


def _columns(*items: str) -> str:
    return f'<layout type="horizontal" split="true">{"".join(items)}</layout>'


def layout_descriptions() -> dict[int, str]:
    """The XML of the layouts by id. The large sagittal view comes first, since spine and hip are read on it."""
    views = _views()
    right = _box("vertical", views["Red"], views["Green"])
    rows = [_box("horizontal", *(views[name] for name in names)) for names in (MR_VIEWS, PET_VIEWS)]
    return {
        FUSED: _columns(views["Yellow"], right),
        BESIDE: f'<layout type="vertical" split="true">{"".join(rows)}</layout>',
        PROJECTION: _columns(views["Yellow"], right, _projection_view()),
        READ_BACK: _columns(
            *(views[name] for name in ("FluidSagittal", "T1Sagittal", "Yellow")),
            _box("vertical", views["Red"], views["PETAxial"]),
        ),
        READ_HIP: _columns(
            *(views[name] for name in ("FluidCoronal", "T1Coronal", "Green")),
            _box("vertical", views[PELVIS_VIEW], views["PETCoronal"]),
        ),
    }


OWN_LAYOUTS = frozenset((FUSED, BESIDE, PROJECTION, READ_BACK, READ_HIP))
"""The ids of the module's layouts."""


def layout_node() -> Any:
    """The node that holds the layout's number; None when there are no views."""
    manager = slicer.app.layoutManager()
    return None if manager is None else manager.layoutLogic().GetLayoutNode()


def register_layouts() -> bool:
    """Make the module's layouts known to Slicer; False when there are no views.

    Called when Slicer has started, so that a scene that was saved with one of them shows its views.
    """
    node = layout_node()
    if node is None:
        return False
    for layout, description in layout_descriptions().items():
        if not node.IsLayoutDescription(layout):
            node.AddLayoutDescription(layout, description)
    return True


class Layouts(VTKObservationMixin):
    """Switches between the module's layouts and the user's own."""

    def __init__(self) -> None:
        super().__init__()
        self._users: int | None = None
        self._shown: int | None = None

    def start(self) -> None:
        """The module was opened: know the user's layout, and keep ours out of saved scenes."""
        if not register_layouts():
            return
        self.layout_changed()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartSaveEvent, self.on_save)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndSaveEvent, self.on_saved)

    def stop(self) -> None:
        """The module is left: the user's own layout comes back."""
        self.removeObservers()
        self.restore()

    def show(self, layout: int) -> bool:
        """Switch to one of the module's layouts; False when there are no views."""
        node = layout_node()
        if node is None:
            return False
        manager = slicer.app.layoutManager()
        if manager.layout not in OWN_LAYOUTS:
            self._users = manager.layout
        if not node.IsLayoutDescription(layout):
            register_layouts()
            if manager.layout == layout:
                # Slicer does nothing when the number stays, though it has made no views for it.
                manager.setLayout(self.stock_layout())
        manager.setLayout(layout)
        self.layout_changed()
        return True

    def restore(self) -> None:
        """Show the layout again that the user had; nothing happens when no layout of the module is shown."""
        manager = slicer.app.layoutManager()
        if manager is not None and manager.layout in OWN_LAYOUTS:
            manager.setLayout(self._users if self._users is not None else self.stock_layout())
        self.layout_changed()
        self._users = None

    def layout_changed(self) -> None:
        """Another layout is shown. A scene that is saved now must not get the number of one of ours."""
        node = layout_node()
        if node is None:
            return
        shown = slicer.app.layoutManager().layout
        if shown not in OWN_LAYOUTS:
            self._users = shown
        if node.GetSaveWithScene() != (shown not in OWN_LAYOUTS):
            node.SetSaveWithScene(shown not in OWN_LAYOUTS)

    def current(self) -> int | None:
        """Id of the layout that is shown, None when there are no views."""
        manager = slicer.app.layoutManager()
        return None if manager is None else int(manager.layout)

    def stock_layout(self) -> int:
        """The user's layout where every Slicer has it, else Slicer's four views."""
        if self._users is not None and 0 < self._users <= LAST_STOCK:
            return self._users
        return int(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

    @guarded
    def on_save(self, caller: Any, event: str) -> None:
        """A scene is being saved: it gets a layout that every Slicer has. The views stay as they are."""
        node = layout_node()
        if node is None or node.GetViewArrangement() not in OWN_LAYOUTS or self._shown is not None:
            return
        self._shown = node.GetViewArrangement()
        node.DisableModifiedEventOn()
        node.SetViewArrangement(self.stock_layout())
        node.SetSaveWithScene(True)

    @guarded
    def on_saved(self, caller: Any, event: str) -> None:
        """The scene was saved: the layout that is shown has its number again."""
        node = layout_node()
        if node is None or self._shown is None:
            return
        node.SetViewArrangement(self._shown)
        node.SetSaveWithScene(False)
        node.DisableModifiedEventOff()
        self._shown = None


def slice_widgets() -> dict[str, Any]:
    """The slice widgets that exist, by view name."""
    manager = slicer.app.layoutManager()
    if manager is None:
        return {}
    widgets = {name: manager.sliceWidget(name) for name in manager.sliceViewNames()}
    return {name: widget for name, widget in widgets.items() if widget is not None}


def renderer_of(widget: Any) -> Any:
    """The renderer that draws the picture of a slice widget."""
    return widget.sliceView().renderWindow().GetRenderers().GetFirstRenderer()
