"""Reading aids: layouts, PET window, colors, opacity, outlines, implant margin, projection, left-right comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt
import slicer

from ..Session.case_step import REFERENCE_ORDER
from . import projection, slice_views
from .guard import Connections, guarded, single_shot_timer
from .layouts import BESIDE, FUSED, PROJECTION, Layouts
from .mirror import Mirror
from .section import Section

LAYOUT_PAUSE_MS = 80
"""Until new views have their size, which their zoom depends on."""

LAYOUT_BUTTONS = {"layoutFusedButton": FUSED, "layoutBesideButton": BESIDE, "layoutMipButton": PROJECTION}
WINDOWS = (2.5, 4.0, 6.0, 10.0, 15.0)
"""SUV shown in the hottest color, for F5 to F9. Uptake of bone, joints and muscle is low, hence the first two."""


class ViewsSection(Section):
    """What the views show; acts on MRML nodes."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self.layouts = Layouts()
        self.mirror = Mirror(panel)
        self.layout_connection = Connections()
        self._layout_buttons = qt.QButtonGroup(panel.root)
        for name, layout in (*LAYOUT_BUTTONS.items(), ("layoutUserButton", 0)):
            self._layout_buttons.addButton(getattr(self.ui, name), layout)
        self._windows = qt.QButtonGroup(panel.root)
        self._windows.setExclusive(False)
        for index in range(len(WINDOWS)):
            self._windows.addButton(getattr(self.ui, f"petWindow{index + 1}Button"), index)
        self._later = single_shot_timer(panel.root, LAYOUT_PAUSE_MS, self.on_layout_ready, self.connections)
        self.connections.add(self._layout_buttons, "idClicked(int)", self.on_layout)
        self.connections.add(self._windows, "idClicked(int)", self.on_window)
        self.connect("mirrorButton", "toggled(bool)", self.on_mirror)
        self.ui.layoutUserButton.checked = True

    def start(self) -> None:
        manager = slicer.app.layoutManager()
        if manager is not None:
            self.layout_connection.add(manager, "layoutChanged(int)", self.on_layout_changed)
        self.apply()

    def stop(self) -> None:
        self.layout_connection.clear()
        self.ui.mirrorButton.checked = False
        self._later.stop()
        projection.hide_projection(self._volume("PET"))
        self.layouts.restore()
        self.ui.layoutUserButton.checked = True

    def _volume(self, role: str) -> Any:
        return self.session.volume_of(role) if self.session is not None else None

    def _reference(self) -> Any:
        roles = self.session.roles() if self.session is not None else {}
        return self._volume(next((role for role in REFERENCE_ORDER if role in roles), ""))

    def update(self, what: str) -> None:
        self.ui.mirrorButton.enabled = self.session is not None and self.session.state("case").value != "not done"
        if what in ("suv", "candidates", "all"):
            self.apply()

    def apply(self) -> None:
        """Bring the views to the panel's settings; writes only what differs."""
        parameters, pet = self.panel.parameters, self._volume("PET")
        if parameters is None or self.session is None:
            return
        maximum = parameters.petWindowMaximum
        # Only the PET in SUV has a window in SUV; another unit keeps the window it came with.
        if pet is not None and self.session.state("case").value != "not done":
            slice_views.set_pet_display(pet, maximum, parameters.colorMap.value)
            if self.layouts.current() == PROJECTION:
                projection.show_projection(pet, maximum)
        slice_views.set_linked(parameters.linkViews)
        if not self.ui.revealButton.checked:
            slice_views.set_opacity(parameters.fusionOpacity)
        if self.layouts.current() == PROJECTION:
            projection.turn(parameters.rotateProjection)
        for key, visible in (
            ("candidates", parameters.showOutlines),
            ("targets", parameters.showTargets),
            ("implant-margin", parameters.showImplantMargin),
        ):
            node = self.session.node_of(key)
            display = node.GetDisplayNode() if node is not None else None
            if display is not None and bool(display.GetVisibility()) != visible:
                display.SetVisibility(visible)
        for index, window in enumerate(WINDOWS):
            getattr(self.ui, f"petWindow{index + 1}Button").checked = abs(window - maximum) < 0.05

    def open_layout(self) -> None:
        """Show the fused layout, where the user's own layout is shown still."""
        if self.ui.layoutUserButton.checked and self.layouts.show(FUSED):
            self.ui.layoutFusedButton.checked = True

    def show_case(self) -> None:
        """Reference series with the PET over it, in all views."""
        reference, pet = self._reference(), self._volume("PET")
        ids = (node.GetID() if node is not None else None for node in (reference, pet))
        slice_views.show_case(*ids, self.panel.parameters.fusionOpacity)
        slice_views.fit()

    def show_series(self, role: str) -> None:
        """One series over the reference series."""
        reference, series = self._reference(), self._volume(role)
        if reference is not None and series is not None:
            opacity = self.panel.parameters.fusionOpacity
            slice_views.show_over_reference(reference.GetID(), series.GetID(), opacity)

    def hide_upper_layer(self, hidden: bool) -> None:
        """Make the upper layer clear, for the reveal; or show it again."""
        slice_views.set_opacity(0.0 if hidden else self.panel.parameters.fusionOpacity)

    def go_to(self, position_ras: Sequence[float]) -> None:
        """Center all views on a position, RAS mm."""
        slice_views.jump_to(position_ras)

    def source_volume(self, candidate: Any) -> Any:
        """The volume to draw on: the PET where the candidate was seen on it, else the reference series."""
        pet = self._volume("PET")
        return pet if "PET" in candidate.evidence and pet is not None else self._reference()

    def set_window(self, index: int) -> None:
        """Show one of the windows in SUV."""
        self.panel.parameters.petWindowMaximum = WINDOWS[index]

    @guarded
    def on_window(self, index: int) -> None:
        """A window was chosen."""
        self.set_window(index)

    @guarded
    def on_layout(self, layout: int) -> None:
        """Show one of the module's layouts, or the user's own."""
        if layout:
            self.layouts.show(layout)
        else:
            self.layouts.restore()

    @guarded
    def on_layout_changed(self) -> None:
        """Views were made or removed: fill them when they are there."""
        self._later.start()

    @guarded
    def on_layout_ready(self) -> None:
        """Fill new views and watch them."""
        if self.session is None:
            return
        if self.session.roles():
            self.show_case()
        chosen = self.panel.review.table.current()
        if chosen is not None:
            self.go_to(self.session.position_of(chosen))
        if self.layouts.current() != PROJECTION:
            projection.hide_projection(self._volume("PET"))
        self.apply()
        if self.ui.mirrorButton.checked:
            self.mirror.start()
        self.panel.views_changed()

    @guarded
    def on_mirror(self, on: bool) -> None:
        """Begin or end the left-right comparison."""
        if on:
            self.mirror.start()
        else:
            self.mirror.stop()
