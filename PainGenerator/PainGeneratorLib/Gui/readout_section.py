"""SUV and MR of a place in one readout: a click in a slice view, or the mouse while Shift is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import qt
from slicer.i18n import tr as _

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.readout import Readout
from ..Numerics.core.spheres import SphereColumn, SphereRegion, cell_text, columns_for, values_of
from ..Workflow.readout_text import place_text, reason_text, site_text, value_rows, verdict_text
from .clicks import Clicks, Place
from .guard import guarded, guarded_slow, single_shot_timer
from .panel_width import show_text
from .section import Section, set_up_table
from .session_needs import ReadoutNeeds
from .words import plain

if TYPE_CHECKING:
    from .panel import Panel

PAUSE_MS = 40
"""Pause of the mouse after which the place under it is read, in ms: reading takes about as long."""


class ReadoutSection(Section[ReadoutNeeds]):
    """The readout of a place, with the reason where there is no candidate, and regions that keep their measures."""

    INPUTS = ("readoutButton", "keepRegionButton", "deleteRegionButton", "regionsTable")

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self.clicks = Clicks(self.read_at, moved=self.on_moved)
        self._under_mouse: Place | None = None
        self._read: Place | None = None
        self._timer = single_shot_timer(panel.root, PAUSE_MS, self.on_pause, self.connections)
        self.connect("readoutButton", "toggled(bool)", self.on_toggled)
        set_up_table(self.ui.regionsTable)
        self.connect("keepRegionButton", "clicked()", self.on_keep)
        self.connect("deleteRegionButton", "clicked()", self.on_delete)
        self.connect("regionsTable", "itemSelectionChanged()", self.on_region_chosen)

    def stop(self) -> None:
        self._timer.stop()
        self._read = None
        self.ui.readoutButton.checked = False
        self.clicks.stop()

    def update(self, what: str) -> None:
        ui = self.ui
        is_found = self.session is not None and self.session.reason_not_ready("review") is None
        ui.readoutButton.enabled = is_found and not self.panel.is_busy
        if what in ("candidates", "review", "all"):
            self._fill()
        self._show_buttons()
        if what not in ("candidates", "review", "case", "align", "all"):
            return
        # What was read may no longer be so.
        if is_found and ui.readoutButton.checked and self._read is not None and not self.panel.is_busy:
            self.read_at(self._read)
        else:
            show_text(ui.readoutLabel, "" if is_found else _("Run the steps first."))

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
        readout = self.open_session.readout_at(np.asarray(position_ras, dtype=float))
        show_text(self.ui.readoutLabel, readout_html(readout))
        self._show_buttons()

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

    # --- spherical regions

    def _show_buttons(self) -> None:
        ui = self.ui
        is_free = self.session is not None and not self.panel.is_busy
        ui.keepRegionButton.enabled = is_free and self._read is not None
        ui.deleteRegionButton.enabled = is_free and bool(self.chosen_regions())
        ui.regionsTable.enabled = is_free

    def _fill(self) -> None:
        """Show the regions; the table is seen only when there are some."""
        table, regions = self.ui.regionsTable, [] if self.session is None else self.session.regions()
        columns = columns_for(regions)
        self._is_filling = True
        try:
            table.clearSelection()
            table.setRowCount(len(regions))
            table.setColumnCount(len(columns))
            for number, column in enumerate(columns):
                head = qt.QTableWidgetItem(f"{column.title} ({column.unit})" if column.unit else column.title)
                table.setHorizontalHeaderItem(number, head)
            for row, region in enumerate(regions):
                self._fill_row(row, region, columns)
        finally:
            self._is_filling = False
        table.visible = bool(regions)
        self.ui.deleteRegionButton.visible = bool(regions)

    def _fill_row(self, row: int, region: SphereRegion, columns: Sequence[SphereColumn]) -> None:
        values = values_of(region)
        for number, column in enumerate(columns):
            item = qt.QTableWidgetItem(cell_text(column, values.get(column.key)))
            if number == 0:
                item.setData(qt.Qt.UserRole, region.id)
            if column.digits is not None:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            self.ui.regionsTable.setItem(row, number, item)

    def chosen_regions(self) -> list[str]:
        """Ids of the chosen regions, from top to bottom."""
        table = self.ui.regionsTable
        rows = sorted({item.row() for item in table.selectedItems()})
        return [table.item(row, 0).data(qt.Qt.UserRole) for row in rows]

    @guarded_slow
    def on_keep(self) -> None:
        """Keep a region at the place that was read last."""
        if self._read is None:
            raise PainGeneratorError(_("No place was read."), _("Turn reading on and click in a slice view."))
        self.open_session.add_region(np.array(self._read), float(self.ui.regionDiameterSpin.value))

    @guarded
    def on_delete(self) -> None:
        """Take the chosen regions away."""
        self.open_session.delete_regions(self.chosen_regions())

    @guarded
    def on_region_chosen(self) -> None:
        """Take all views to the region."""
        self._show_buttons()
        chosen = self.chosen_regions()
        if self._is_filling or not chosen or self.session is None:
            return
        region = next(one for one in self.session.regions() if one.id == chosen[0])
        self.panel.views.go_to(region.center_ras)


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
