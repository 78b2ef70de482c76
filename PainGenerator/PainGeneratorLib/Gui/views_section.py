"""Reading aids: layouts, PET window, colors, opacity, outlines, implant margin, projection, left-right comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import qt
import slicer

from ..Numerics.core.records import Candidate
from ..Numerics.core.words import REFERENCE_ORDER
from ..Session.types import StepState
from . import projection, slice_views
from .guard import Connections, guarded, single_shot_timer
from .layouts import BESIDE, FUSED, PROJECTION, Layouts
from .mirror import Mirror
from .section import Section
from .session_needs import ViewsNeeds

if TYPE_CHECKING:
    from .panel import Panel

LAYOUT_PAUSE_MS = 80
"""Pause until new views have their size, on which their zoom depends, in ms."""

LAYOUT_BUTTONS = {"layoutFusedButton": FUSED, "layoutBesideButton": BESIDE, "layoutMipButton": PROJECTION}
WINDOWS = (2.5, 4.0, 6.0, 10.0, 15.0)
"""SUV that is shown in the hottest color, for the keys F5 to F9. The first two are low because the uptake of bone,
joints and muscle is low."""


class ViewsSection(Section[ViewsNeeds]):
    """What the views show; acts on MRML nodes."""

    def __init__(self, panel: Panel) -> None:
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
        self.ui.mirrorButton.enabled = self._has_suv()
        if what in ("suv", "candidates", "all"):
            self.apply()

    def _has_suv(self) -> bool:
        """True after the step Case, also when it is out of date."""
        return self.session is not None and self.session.state("case") is not StepState.NOT_DONE

    def apply(self) -> None:
        """Bring the views to the settings of the panel; writes only what differs."""
        parameters, pet = self.panel.parameters, self._volume("PET")
        if parameters is None or self.session is None:
            return
        maximum = parameters.petWindowMaximum
        # Only the PET in SUV has a window in SUV; another unit keeps the window that it came with.
        if pet is not None and self._has_suv():
            slice_views.set_pet_display(pet, maximum, parameters.colorMap.value)
            if self.layouts.current() == PROJECTION:
                projection.show_projection(pet, maximum)
        slice_views.set_linked(parameters.linkViews)
        if not self.ui.revealButton.checked:
            slice_views.set_opacity(parameters.fusionOpacity)
        if self.layouts.current() == PROJECTION:
            projection.turn(parameters.rotateProjection)
        self._set_visible("candidates", parameters.showOutlines)
        self._set_visible("targets", parameters.showTargets)
        self._set_visible("implant-margin", parameters.showImplantMargin)
        for index, window in enumerate(WINDOWS):
            getattr(self.ui, f"petWindow{index + 1}Button").checked = abs(window - maximum) < 0.05

    def _set_visible(self, key: str, visible: bool) -> None:
        """Show or hide a node with results."""
        node = self.open_session.node_of(key)
        display = node.GetDisplayNode() if node is not None else None
        if display is not None and bool(display.GetVisibility()) != visible:
            display.SetVisibility(visible)

    def open_layout(self) -> None:
        """Show the fused layout, where the user's own layout is shown still."""
        if self.ui.layoutUserButton.checked and self.layouts.show(FUSED):
            self.ui.layoutFusedButton.checked = True

    def show_case(self) -> None:
        """Reference series with the PET over it, in all views."""
        reference, pet = self._reference(), self._volume("PET")
        reference_id, pet_id = (node.GetID() if node is not None else None for node in (reference, pet))
        slice_views.show_case(reference_id, pet_id, self._opacity())
        slice_views.fit()

    def _opacity(self) -> float:
        """Opacity of the upper layer."""
        parameters = self.panel.parameters
        return float(parameters.fusionOpacity) if parameters is not None else 0.0

    def show_series(self, role: str) -> None:
        """One series over the reference series."""
        reference, series = self._reference(), self._volume(role)
        if reference is not None and series is not None:
            slice_views.show_over_reference(reference.GetID(), series.GetID(), self._opacity())

    def hide_upper_layer(self, hidden: bool) -> None:
        """Make the upper layer clear, for the reveal; or show it again."""
        slice_views.set_opacity(0.0 if hidden else self._opacity())

    def go_to(self, position_ras: Sequence[float] | np.ndarray) -> None:
        """Center all views on a position, RAS mm."""
        slice_views.jump_to(position_ras)

    def source_volume(self, candidate: Candidate) -> Any:
        """The volume to draw on: the PET where the candidate was seen on it, else the reference series."""
        pet = self._volume("PET")
        return pet if "PET" in candidate.evidence and pet is not None else self._reference()

    def set_window(self, index: int) -> None:
        """Show one of the windows in SUV."""
        if self.panel.parameters is not None:
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
