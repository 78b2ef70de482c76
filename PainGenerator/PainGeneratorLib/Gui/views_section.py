"""Reading aids: layouts, PET window, colors, opacity, outlines, implant margin, projection, left-right comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import qt
import slicer
from slicer.i18n import tr as _

from ..Numerics.core.records import Candidate
from ..Numerics.core.words import MR_ROLES, REFERENCE_ORDER
from ..Session.types import StepState
from . import pet_colors, projection, slice_views
from .align_section import POOR_VERDICT
from .guard import Connections, guarded, single_shot_timer
from .layouts import BESIDE, FUSED, OWN_LAYOUTS, PROJECTION, READ_BACK, READING, Layouts, slice_widgets
from .mirror import Mirror
from .outline_halo import OutlineHalo
from .pet_window import WINDOWS, PetWindow
from .reading_views import PELVIS_VIEW, Shown
from .section import Section
from .session_needs import ViewsNeeds

if TYPE_CHECKING:
    from .panel import Panel

LAYOUT_PAUSE_MS = 80
"""Pause until new views have their size, on which their zoom depends, in ms."""

LAYOUT_BUTTONS = {"layoutFusedButton": FUSED, "layoutBesideButton": BESIDE, "layoutMipButton": PROJECTION}
"""Layouts that are the same for every group."""

READ = 1
"""Stands for the reading layout of the group among the ids of the buttons for layouts. No layout of ours has it."""

OWN = 0
"""Stands for the user's own layout among the ids of the buttons for layouts."""

SERIES_OPACITY = 0.5
"""Opacity of an upper layer that does not fade in, as a series whose alignment is checked by eye: both are seen."""


class ViewsSection(Section[ViewsNeeds]):
    """What the views show; acts on MRML nodes."""

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self.layouts = Layouts()
        self.mirror = Mirror(panel)
        self.window = PetWindow(panel.ui)
        self.halo = OutlineHalo()
        self.layout_connection = Connections()
        self._series: str | None = None
        self._is_started = False
        self._layout_buttons = qt.QButtonGroup(panel.root)
        for name, layout in (*LAYOUT_BUTTONS.items(), ("layoutReadButton", READ), ("layoutUserButton", OWN)):
            self._layout_buttons.addButton(getattr(self.ui, name), layout)
        self._windows = qt.QButtonGroup(panel.root)
        self._windows.setExclusive(False)
        for index, button in enumerate(self.window.buttons()):
            self._windows.addButton(button, index)
        self._later = single_shot_timer(panel.root, LAYOUT_PAUSE_MS, self.on_layout_ready, self.connections)
        self.connections.add(self._layout_buttons, "idClicked(int)", self.on_layout)
        self.connections.add(self._windows, "idClicked(int)", self.on_window)
        self.connect("mirrorButton", "toggled(bool)", self.on_mirror)
        self.connect("fadeCheck", "clicked(bool)", self.on_fade)
        self.connect("resetWindowsButton", "clicked()", self.on_reset_windows)
        self.ui.layoutUserButton.checked = True

    def start(self) -> None:
        self._is_started = True
        manager = slicer.app.layoutManager()
        if manager is not None:
            self.layout_connection.add(manager, "layoutChanged(int)", self.on_layout_changed)
        self.layouts.start()
        self.window.start(self.panel.parameters)
        self._show_layout_button()
        if self.session is not None and self.session.state("find") is not StepState.NOT_DONE:
            self.open_layout()
        self.apply()

    def stop(self) -> None:
        if not self._is_started:
            # The panel stops before it starts: the views belong to the user still.
            return
        self._is_started = False
        self.layout_connection.clear()
        self.ui.mirrorButton.checked = False
        self._later.stop()
        self._series = None
        projection.hide_projection(self._volume("PET"))
        self.halo.hide(self.panel.parameters.outlineWidth if self.panel.parameters is not None else None)
        slice_views.turn_back()
        self.layouts.stop()
        self._show_pet_alone_no_more()
        self._show_layout_button()

    def _show_pet_alone_no_more(self) -> None:
        """Take the gray copy of the PET out of the views and the scene; the PET itself takes its place."""
        pet, gray = self._volume("PET"), pet_colors.gray_copy_now()
        if gray is not None:
            slice_views.replace(gray, pet)
            pet_colors.remove_gray_copy()

    def _volume(self, role: str) -> Any:
        return self.session.volume_of(role) if self.session is not None else None

    def _reference(self) -> Any:
        roles = self.session.roles() if self.session is not None else {}
        return self._volume(next((role for role in REFERENCE_ORDER if role in roles), ""))

    def _shown(self) -> Shown:
        """The volumes of the case as they are now."""
        session = self.session
        if session is None:
            return Shown()
        volumes = {role: session.volume_of(role) for role in MR_ROLES if role in session.roles()}
        series = {str(role): node for role, node in volumes.items() if node is not None}
        unfit = {str(row["role"]) for row in session.alignment_rows() if row["verdict"] == POOR_VERDICT}
        return Shown(self._volume("PET"), pet_colors.gray_copy_now(), series, frozenset(unfit))

    def update(self, what: str) -> None:
        self.ui.mirrorButton.enabled = self._has_suv()
        if what in ("case", "all") and self.layouts.current() in READING.values():
            self._show_reading_layout()
        if what in ("suv", "candidates", "review", "all"):
            self.apply()

    def _has_suv(self) -> bool:
        """True after the step Case, also when it is out of date."""
        return self.session is not None and self.session.state("case") is not StepState.NOT_DONE

    def apply(self) -> None:
        """Bring the views to the settings of the panel; writes only what differs."""
        parameters = self.panel.parameters
        if parameters is None or self.session is None:
            return
        self.window.apply(parameters, self.session.reference_uptake())
        self._apply_colors(parameters)
        slice_views.set_linked(parameters.linkViews)
        if not self.ui.revealButton.checked:
            slice_views.set_opacity(self._opacity())
        if self.layouts.current() == PROJECTION:
            projection.turn(parameters.rotateProjection)
        self._set_visible("candidates", parameters.showOutlines)
        self._set_visible("targets", parameters.showTargets)
        self._set_visible("implant-margin", parameters.showImplantMargin)
        self._apply_outlines(parameters)

    def _apply_colors(self, parameters: Any) -> None:
        """Window and colors of the PET. Only a PET in SUV has a window in SUV; another keeps what it came with."""
        pet = self._volume("PET")
        if pet is None or not self._has_suv():
            return
        maximum, colors = parameters.petWindowMaximum, pet_colors.color_node(parameters.colorMap.value)
        if parameters.fadePet:
            unit = self.window.unit(parameters)
            start, end = parameters.fadeStart * unit, parameters.fadeEnd * unit
            colors = pet_colors.faded_colors(parameters.colorMap.value, maximum, start, end)
        pet_colors.set_display(pet, maximum, colors)
        was_there = pet_colors.gray_copy_now() is not None
        pet_colors.gray_copy(pet, maximum)
        if not was_there:
            self._fill(None)
        self._draw_half_clear()
        if self.layouts.current() == PROJECTION:
            projection.show_projection(pet, maximum)

    def _apply_outlines(self, parameters: Any) -> None:
        slice_views.let_show_through(self.open_session.node_of("implant-margin"))
        node = self.open_session.node_of("candidates")
        if node is None:
            self.halo.hide()
        elif parameters.outlineHalo:
            self.halo.show(node, parameters.outlineWidth)
        else:
            self.halo.hide()
            slice_views.set_outline_width(node, parameters.outlineWidth)

    def _set_visible(self, key: str, visible: bool) -> None:
        """Show or hide a node with results."""
        node = self.open_session.node_of(key)
        display = node.GetDisplayNode() if node is not None else None
        if display is not None and bool(display.GetVisibility()) != visible:
            display.SetVisibility(visible)

    # --- layouts

    def reading_layout(self) -> int:
        """Id of the reading layout of the group of the case."""
        group = self.session.group if self.session is not None else ""
        return READING.get(str(group), READ_BACK)

    def open_layout(self) -> None:
        """Show the reading layout of the group, where the user's own layout is shown still."""
        if self.layouts.current() not in OWN_LAYOUTS:
            self._show_reading_layout()

    def _show_reading_layout(self) -> None:
        if self.layouts.current() != self.reading_layout():
            self.layouts.show(self.reading_layout())
        self._show_layout_button()

    def _show_layout_button(self) -> None:
        """Mark the button of the layout that is really shown."""
        shown = self.layouts.current()
        names = {layout: name for name, layout in LAYOUT_BUTTONS.items()}
        names.update(dict.fromkeys(READING.values(), "layoutReadButton"))
        getattr(self.ui, names.get(shown or OWN, "layoutUserButton")).checked = True

    def show_case(self) -> None:
        """Every view shows what it is for, and the whole of it."""
        shown = self._shown()
        slice_views.remember_windows(shown.series.values())
        slice_views.turn_into_slices(shown)
        self._fill(None)
        slice_views.fit()

    def _fill(self, position_ras: Sequence[float] | np.ndarray | None) -> None:
        """Put the volumes into the views; a series that is being checked stays over the reference series."""
        slice_views.show_case(self._shown(), self._opacity(), position_ras)
        if self._series is not None:
            slice_views.show_over_reference(self._reference(), self._volume(self._series), self._opacity())
        self._draw_half_clear()

    def _draw_half_clear(self) -> None:
        """Let the colors of the PET fade in; where this Slicer cannot, the panel says so."""
        # A list, so that every view is asked, also after one that cannot.
        done = [pet_colors.draw_half_clear(widget.sliceLogic()) for widget in slice_widgets().values()]
        label = self.ui.fadeUnitLabel
        label.text = _("times reference") if all(done) else _("times reference, in one step")
        label.toolTip = (
            ""
            if all(done)
            else _("This Slicer shows no half-transparent colors: from the lower value on the PET is opaque at once")
        )

    def _opacity(self) -> float:
        """Opacity of the upper layer."""
        if self._series is not None:
            return SERIES_OPACITY
        parameters = self.panel.parameters
        opacity = float(parameters.fusionOpacity) if parameters is not None else 0.0
        # Without SUV nothing fades in: an opaque PET would hide the MR.
        return opacity if self._has_suv() else min(opacity, SERIES_OPACITY)

    def show_series(self, role: str) -> None:
        """One series over the reference series."""
        if self._reference() is not None and self._volume(role) is not None:
            self._series = role
            self._fill(None)

    def show_pet(self) -> None:
        """The PET over the reference series again, after a series was checked; place and zoom stay."""
        if self._series is None:
            return
        self._series = None
        self._fill(None)
        self.panel.align.series_left()

    def hide_upper_layer(self, hidden: bool) -> None:
        """Make the upper layer clear, for the reveal; or show it again."""
        slice_views.set_opacity(0.0 if hidden else self._opacity())

    def go_to(self, position_ras: Sequence[float] | np.ndarray) -> None:
        """Center all views on a position, RAS mm, with the PET over the series that is sharpest there."""
        self.show_pet()
        self._fill(position_ras)
        pelvis = slice_widgets().get(PELVIS_VIEW)
        if pelvis is not None:
            # Fitting moves the slice to the middle of the volume, so it comes before the jump.
            pelvis.fitSliceToBackground()
        slice_views.jump_to(position_ras)
        self.panel.align.refresh_overlays()

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
        """A window was chosen; the last button is for that of the case."""
        if index < len(WINDOWS):
            self.set_window(index)
        elif self.panel.parameters is not None:
            self.window.take_from_case(self.panel.parameters)
        self.apply()

    @guarded
    def on_fade(self, fading: bool) -> None:
        """The reader switched the fading: a PET that does not fade in would hide the MR, so it is half transparent."""
        if self.panel.parameters is not None:
            self.panel.parameters.fusionOpacity = 1.0 if fading else SERIES_OPACITY

    @guarded
    def on_reset_windows(self) -> None:
        """Give all MR series the window back that they came with."""
        if self.session is None:
            return
        count = slice_views.reset_windows(self._shown().series.values())
        slicer.util.showStatusMessage(_("The windows of {count} MR series were reset.").format(count=count), 5000)

    @guarded
    def on_layout(self, layout: int) -> None:
        """Show one of the module's layouts, or the user's own."""
        if layout == OWN:
            self.layouts.restore()
        else:
            self.layouts.show(self.reading_layout() if layout == READ else layout)
        self._show_layout_button()

    @guarded
    def on_layout_changed(self) -> None:
        """Views were made or removed: fill them when they are there."""
        self.layouts.layout_changed()
        self._show_layout_button()
        self._later.start()

    @guarded
    def on_layout_ready(self) -> None:
        """Fill new views and watch them."""
        if self.session is None:
            return
        if self.session.roles():
            self.show_case()
        chosen = self.panel.review.table.current()
        if chosen is not None and self._series is None:
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
