"""What the reading rests on: drawn over the images and told in words, with the references that can be left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.reference_edits import EditKind
from ..Numerics.pet.reference_norms import REFUSED
from ..Workflow.ground import VERTEBRA, Ground, GroundReference
from .guard import guarded, guarded_slow
from .panel_width import show_text
from .section import Section, set_up_table
from .session_needs import GroundNeeds
from .words import RED, number_text, plain, red

if TYPE_CHECKING:
    from .panel import Panel

RIGHT_COLUMNS = (1, 2, 3)
"""Columns of numbers: SUV, spread, and volume."""


class GroundSection(Section[GroundNeeds]):
    """The ground of the reading, and references that the reader leaves out."""

    INPUTS = (
        "groundButton",
        "referencesTable",
        "leaveOutButton",
        "leaveOutRegionButton",
        "onlyRegionButton",
        "restoreReferencesButton",
    )

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self._has_edits = False
        set_up_table(self.ui.referencesTable)
        self.connect("groundButton", "toggled(bool)", self.on_toggled)
        self.connect("referencesTable", "itemSelectionChanged()", self.on_chosen)
        self.connect("leaveOutButton", "clicked()", self.on_leave_out)
        self.connect("leaveOutRegionButton", "clicked()", self.on_leave_out_region)
        self.connect("onlyRegionButton", "clicked()", self.on_only_region)
        self.connect("restoreReferencesButton", "clicked()", self.on_restore)

    def stop(self) -> None:
        self.ui.groundButton.checked = False
        if self.session is not None:
            self.session.show_ground(False)

    def update(self, what: str) -> None:
        ui = self.ui
        is_found = self.session is not None and self.session.reason_not_ready("review") is None
        if not is_found:
            self._fill(None)
        elif what in ("candidates", "case", "align", "all") and ui.groundButton.checked and not self.panel.is_busy:
            self._show_now()
        ui.groundButton.enabled = is_found and not self.panel.is_busy
        self._show_buttons()

    @guarded_slow
    def on_toggled(self, shown: bool) -> None:
        """Draw the ground, or take it away."""
        if self.session is None:
            return
        if shown:
            self._show_now()
        else:
            self.session.show_ground(False)
            self._fill(None)
        self._show_buttons()

    def _show_now(self) -> None:
        session = self.open_session
        session.show_ground(True)
        self._fill(session.ground())

    def _fill(self, ground: Ground | None) -> None:
        ui = self.ui
        self._is_filling = True
        try:
            ui.referencesTable.clearSelection()
            rows = () if ground is None else ground.references
            ui.referencesTable.setRowCount(len(rows))
            for number, row in enumerate(rows):
                self._fill_row(number, row)
        finally:
            self._is_filling = False
        self._has_edits = ground is not None and bool(ground.edits)
        show_text(ui.groundLabel, "" if ground is None else ground_html(ground))
        ui.groundLabel.visible = ui.referencesTable.visible = ground is not None

    def _fill_row(self, number: int, row: GroundReference) -> None:
        texts = (
            row.name,
            number_text(row.suv),
            number_text(row.spread),
            number_text(row.volume_ml, 0),
            f"{row.status}: {row.note}" if row.note else row.status,
        )
        for column, text in enumerate(texts):
            item = qt.QTableWidgetItem(text)
            if column == 0:
                item.setData(qt.Qt.UserRole, f"{row.kind}:{row.name}" if row.kind else "")
            if column in RIGHT_COLUMNS:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            if row.status == REFUSED:
                item.setForeground(qt.QBrush(qt.QColor(RED)))
            item.setToolTip(text)
            self.ui.referencesTable.setItem(number, column, item)

    def _chosen(self) -> tuple[str, str]:
        """Kind and name of the chosen reference; empty where none is chosen that can be left out."""
        table = self.ui.referencesTable
        rows = sorted({item.row() for item in table.selectedItems()})
        word = table.item(rows[0], 0).data(qt.Qt.UserRole) if rows else ""
        kind, _colon, name = (word or "").partition(":")
        return kind, name

    def _region(self) -> str:
        """Id of the region that is chosen in the table of regions; the only one where there is one; else empty."""
        chosen = self.panel.readout.chosen_regions()
        known = [] if self.session is None else self.session.regions()
        return chosen[0] if chosen else known[0].id if len(known) == 1 else ""

    def _show_buttons(self) -> None:
        ui, (kind, _name) = self.ui, self._chosen()
        is_free = self.session is not None and not self.panel.is_busy and ui.groundButton.checked
        has_region = is_free and bool(self._region())
        ui.referencesTable.enabled = is_free
        for button, makes_sense in (
            (ui.leaveOutButton, is_free and bool(kind)),
            (ui.leaveOutRegionButton, has_region),
            (ui.onlyRegionButton, has_region and kind not in ("", VERTEBRA)),
            (ui.restoreReferencesButton, is_free and self._has_edits),
        ):
            button.enabled = makes_sense or self.panel.is_cancel_button(button)

    @guarded
    def on_chosen(self) -> None:
        """Another reference was chosen."""
        if not self._is_filling:
            self._show_buttons()

    @guarded
    def on_leave_out(self) -> None:
        """Leave the chosen reference out."""
        kind, name = self._chosen()
        word = EditKind.WITHOUT_VERTEBRA if kind == VERTEBRA else EditKind.WITHOUT_TISSUE
        self._change(str(word), name, "", self.ui.leaveOutButton)

    @guarded
    def on_leave_out_region(self) -> None:
        """Leave the chosen region out of all references."""
        self._change(str(EditKind.WITHOUT_SPHERE), "", self._region(), self.ui.leaveOutRegionButton)

    @guarded
    def on_only_region(self) -> None:
        """Take the chosen tissue as the reference in the chosen region alone."""
        self._change(str(EditKind.ONLY_SPHERE), self._chosen()[1], self._region(), self.ui.onlyRegionButton)

    @guarded
    def on_restore(self) -> None:
        """Take all changes of the references back."""
        self._change("", "", "", self.ui.restoreReferencesButton)

    def _change(self, kind: str, name: str, region_id: str, button: Any) -> None:
        """Read the case with other references; the button cancels it while it runs."""
        if self.panel.is_busy:
            self.panel.cancel()
            return
        session = self.open_session
        if kind and not name and not region_id:
            raise PainGeneratorError(_("Nothing is chosen."), _("Choose a reference or a region."))
        job = session.reference_job(kind, name, region_id)
        if self.panel.run_job(job, button) and self.session is session:
            session.take_references(job)


def ground_html(ground: Ground) -> str:
    """Roles, frame and changes for a label with markup."""
    lines = [f"<b>{plain(_('Series, and what header and image say of them'))}</b>"]
    lines += [plain(text).replace("\n    ", "<br>&nbsp;&nbsp;") for text in ground.series]
    lines.append(f"<b>{plain(_('Frame and levels'))}</b>")
    lines += [plain(text) for text in ground.frame]
    lines += [red(text) for text in ground.edits]
    return "<br>".join(lines)
