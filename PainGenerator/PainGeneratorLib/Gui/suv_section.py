"""The SUV in step 1: in words, what is missing in red with fields to type it, and the provenance on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from ..Numerics.suv.by_hand import table_cells
from ..Session.pet_source import in_words
from ..Session.types import PET_UNITS, SessionSettings, StepState, SuvLine
from .guard import guarded
from .section import Section, choose, set_up_table
from .session_needs import SuvNeeds
from .typed_values import typed_number, typed_time
from .words import missing_text, plain, red

if TYPE_CHECKING:
    from .panel import Panel


class SuvSection(Section[SuvNeeds]):
    """How the PET becomes SUV."""

    STEP = "case"
    INPUTS = ("petUnitCombo", "weightEdit", "heightEdit", "doseEdit", "injectionEdit", "scanEdit", "byHandButton")

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        texts = {"auto": _("as the file says"), "SUVbw": _("SUV (g/ml)"), "Bq/ml": _("activity (Bq/ml)")}
        for unit in PET_UNITS:
            self.ui.petUnitCombo.addItem(texts[unit], unit)
        set_up_table(self.ui.provenanceTable)
        self.connect("provenanceButton", "toggled(bool)", self.on_details)
        self.connect("petUnitCombo", "currentIndexChanged(int)", self.on_unit_chosen)
        self.connect("byHandButton", "clicked()", self.on_values_typed)
        for name in ("weightEdit", "heightEdit", "doseEdit", "injectionEdit", "scanEdit"):
            self.connect(name, "returnPressed()", self.on_values_typed)

    def update(self, what: str) -> None:
        if what not in ("case", "suv", "steps", "all"):
            return
        session, ui = self.session, self.ui
        if session is None or not session.roles().get("PET"):
            ui.suvLabel.text = _("No PET is chosen.") if session is not None else ""
            ui.petUnitRow.visible = ui.byHandRow.visible = False
            ui.provenanceTable.setRowCount(0)
            return
        line, settings = suv_line_of(session), session.settings
        text = plain(line.text)
        if line.missing:
            names = ", ".join(missing_text(name) for name in line.missing)
            text += "<br>" + red(_("Missing: {names}").format(names=names))
        ui.suvLabel.text = text
        self._is_filling = True
        try:
            choose(ui.petUnitCombo, settings.petUnit)
        finally:
            self._is_filling = False
        asks = set(line.missing)
        details = ui.provenanceButton.checked
        ui.petUnitRow.visible = "unit" in asks or settings.petUnit != "auto"
        ui.byHandRow.visible = bool(asks - {"unit"}) or details
        self._show_typed(settings)
        self._show_provenance(line.provenance)

    def _show_typed(self, settings: SessionSettings) -> None:
        """What was typed before; a field with the cursor in it is left alone."""
        ui = self.ui
        for edit, value in (
            (ui.weightEdit, settings.weightKg),
            (ui.heightEdit, settings.heightM),
            (ui.doseEdit, settings.doseMbq),
        ):
            if not edit.focus:
                edit.text = f"{value:g}" if value else ""
        for edit, text in ((ui.injectionEdit, settings.injectionTime), (ui.scanEdit, settings.scanTime)):
            if not edit.focus:
                edit.text = text

    def _show_provenance(self, rows: list[dict[str, Any]]) -> None:
        table = self.ui.provenanceTable
        table.setRowCount(len(rows))
        for index, row in enumerate(rows):
            for column, text in enumerate(table_cells(row)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(str(row.get("note") or text))
                table.setItem(index, column, item)

    @guarded
    def on_details(self, shown: bool) -> None:
        """Show or hide the provenance and the fields to type into."""
        self.ui.provenanceTable.visible = shown
        self.update("suv")

    @guarded
    def on_unit_chosen(self) -> None:
        """Hand over what the values of the PET are."""
        if not self._is_filling and self.session is not None:
            self.session.set_pet_unit(self.ui.petUnitCombo.itemData(self.ui.petUnitCombo.currentIndex))

    @guarded
    def on_values_typed(self) -> None:
        """Hand over what was typed in place of missing values; an empty field takes a value back."""
        ui = self.ui
        self.open_session.set_by_hand(
            weight_kg=typed_number(ui.weightEdit.text, _("body weight")),
            height_m=typed_number(ui.heightEdit.text, _("body height")),
            dose_mbq=typed_number(ui.doseEdit.text, _("injected dose")),
            injection_time=typed_time(ui.injectionEdit.text, _("time of injection")),
            scan_time=typed_time(ui.scanEdit.text, _("time of the scan")),
        )


def suv_line_of(session: SuvNeeds) -> SuvLine:
    """The SUV in words: the result of the step when it is done, also when the DICOM files are gone since then."""
    result = session.suv_result()
    if result is not None and session.state("case") is StepState.DONE:
        return SuvLine(in_words(result), [], [row.to_json() for row in result.provenance], True)
    return session.suv_line()
