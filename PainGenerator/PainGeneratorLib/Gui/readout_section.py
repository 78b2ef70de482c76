"""SUV and MR of a place in one readout: a click in a slice view, or the mouse while Shift is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from slicer.i18n import tr as _

from ..Numerics.core.readout import Readout
from ..Workflow.readout_text import place_text, reason_text, site_text, value_rows, verdict_text
from .clicks import Clicks, Place
from .guard import guarded, single_shot_timer
from .section import Section
from .session_needs import ReadoutNeeds
from .words import plain

if TYPE_CHECKING:
    from .panel import Panel

PAUSE_MS = 40
"""Pause of the mouse after which the place under it is read, in ms: reading takes about as long."""


class ReadoutSection(Section[ReadoutNeeds]):
    """The readout of a place, with the reason where there is no candidate."""

    INPUTS = ("readoutButton",)

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self.clicks = Clicks(self.read_at, moved=self.on_moved)
        self._under_mouse: Place | None = None
        self._read: Place | None = None
        self._timer = single_shot_timer(panel.root, PAUSE_MS, self.on_pause, self.connections)
        self.connect("readoutButton", "toggled(bool)", self.on_toggled)

    def stop(self) -> None:
        self._timer.stop()
        self._read = None
        self.ui.readoutButton.checked = False
        self.clicks.stop()

    def update(self, what: str) -> None:
        ui = self.ui
        is_found = self.session is not None and self.session.reason_not_ready("review") is None
        ui.readoutButton.enabled = is_found and not self.panel.is_busy
        if what not in ("candidates", "review", "case", "align", "all"):
            return
        # What was read may no longer be so.
        if is_found and ui.readoutButton.checked and self._read is not None and not self.panel.is_busy:
            self.read_at(self._read)
        else:
            ui.readoutLabel.text = "" if is_found else _("Run the steps first.")

    @guarded
    def on_toggled(self, reading: bool) -> None:
        """Watch the views, or leave them alone."""
        if reading:
            self.clicks.start()
        else:
            self.clicks.stop()

    @guarded
    def read_at(self, position_ras: Sequence[float]) -> None:
        """Show what is read at a place, RAS mm."""
        right, front, up = position_ras
        self._read = (right, front, up)
        self.ui.readoutLabel.text = readout_html(self.open_session.readout_at(np.asarray(position_ras, dtype=float)))

    @guarded
    def on_moved(self, position_ras: Sequence[float]) -> None:
        """The mouse was moved with Shift held: read the place when it pauses."""
        right, front, up = position_ras
        self._under_mouse = (right, front, up)
        self._timer.start()

    @guarded
    def on_pause(self) -> None:
        """Read the place under the mouse."""
        if self._under_mouse is not None and self.session is not None and not self.panel.is_busy:
            self.read_at(self._under_mouse)


def readout_html(readout: Readout) -> str:
    """A readout for a label with markup: what lies there, why it is no candidate, and the values of both sides."""
    lines = [f"<b>{plain(verdict_text(readout))}</b> {plain(place_text(readout))}"]
    lines += [f"\N{BULLET} {plain(reason_text(reason))}" for reason in readout.reasons]
    lines += [plain(line) for line in (site_text(readout),) if line]
    heads = _row("th", "", _("here"), _("mirrored"))
    rows = "".join(_row("td", *row) for row in value_rows(readout))
    note = "" if readout.mirrored is not None else plain(_("The midline of the body is not known well enough."))
    return "<br>".join(lines) + f"<table>{heads}{rows}</table>{note}"


def _row(cell: str, name: str, *values: Any) -> str:
    cells = "".join(f"<{cell} align='right'>&nbsp;&nbsp;{plain(value)}</{cell}>" for value in values)
    return f"<tr><{cell} align='left'>{plain(name)}</{cell}>{cells}</tr>"
