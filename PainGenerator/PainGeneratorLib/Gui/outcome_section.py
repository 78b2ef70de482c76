"""Step 6: the case in the registry of a study, what was done with it, and how the patient was afterwards."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import qt
import slicer
from slicer.i18n import tr as _

from ..Numerics.core.errors import PainGeneratorError
from ..Study.authors import login_name
from ..Study.enroll import enroll, read_result
from ..Study.packages import SLICER_PACKAGES, missing_package
from ..Study.record_fields import make_record, record_type, typed_fields
from ..Study.records import Patient
from ..Study.registry import Registry
from ..Study.timeline import patient_lines
from ..Workflow.progress import Show
from .guard import guarded
from .panel_width import show_text
from .section import Section, set_up_table
from .session_needs import OutcomeNeeds
from .words import plain

if TYPE_CHECKING:
    from .panel import Panel

KINDS = ("follow-up", "discussion", "confirmation", "treatment", "visit")
"""What can be recorded here, in the order of the box."""
TODAY_FIELD = "date"
"""The field that holds today's date at first."""
ADDRESS_SETTING = "PainGenerator/Registry"
VALUE_COLUMN = 1


class OutcomeSection(Section[OutcomeNeeds]):
    """Registry and patient, Enroll, one record as a table of fields, and the patient's time line."""

    STEP = "export"
    INPUTS = (
        *("outcomeRegistryEdit", "outcomeMakeButton", "outcomePatientEdit", "outcomeKindCombo"),
        *("outcomeFieldsTable", "outcomeRecordButton"),
    )

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self._pet: str | None = None
        set_up_table(self.ui.outcomeFieldsTable)
        self.ui.outcomeRegistryEdit.text = str(slicer.util.settingsValue(ADDRESS_SETTING, ""))
        for kind in KINDS:
            self.ui.outcomeKindCombo.addItem(kind)
        self._fill_fields()
        self.connect("outcomeMakeButton", "clicked()", self.on_make)
        self.connect("outcomeEnrollButton", "clicked()", self.on_enroll)
        self.connect("outcomeShowButton", "clicked()", self.on_show)
        self.connect("outcomeKindCombo", "currentIndexChanged(int)", self.on_kind)
        self.connect("outcomeRecordButton", "clicked()", self.on_record)

    def stop(self) -> None:
        # The next case is another patient: what is recorded must not go to this one.
        self.ui.outcomePatientEdit.text = ""
        show_text(self.ui.outcomeTimelineLabel, "")

    def update(self, what: str) -> None:
        self.show_readiness(
            self.ui.outcomeEnrollButton,
            _("Add this case, as it is now, to the registry under the pseudonym"),
            "export",
        )
        pet = None if self.session is None else self.session.roles().get("PET")
        if pet != self._pet:
            self.stop()
            self._pet = pet

    @guarded
    def on_make(self) -> None:
        """Make a registry at the address that was typed."""
        address = self._address()
        self._need_packages()
        Registry.create(address, Path(address).stem, login_name())
        slicer.util.showStatusMessage(_("The registry was made."), 5000)

    @guarded
    def on_enroll(self) -> None:
        """Add the case to the registry, as its export would be now."""
        if self.panel.is_busy:
            self.panel.cancel()
            return
        self.panel.text.keep_typed()
        self.panel.letter.keep_typed()
        pseudonym, registry = self._pseudonym(), self._registry()
        with tempfile.TemporaryDirectory(prefix="pain-generator-") as folder:
            target = Path(folder) / "case"

            def work(progress: Show) -> None:
                self.open_session.export(target, {"tables"}, False, progress)

            if not self.panel.run_here(work, self.ui.outcomeEnrollButton):
                return
            result = read_result(target)
        known = {one.pseudonym: one for one in registry.load().patients}.get(pseudonym)
        with registry.writing(login_name()) as writer:
            enroll(writer, pseudonym, result, datetime.date.today(), known)
        self.ui.outcomePatientEdit.text = pseudonym
        self._show_patient(registry.patient(pseudonym))

    @guarded
    def on_show(self) -> None:
        """Show the patient's time line."""
        self._show_patient(self._registry().patient(self._pseudonym()))

    @guarded
    def on_kind(self) -> None:
        """Show the fields of the chosen kind of record."""
        self._fill_fields()

    @guarded
    def on_record(self) -> None:
        """Add what was typed to the patient."""
        table = self.ui.outcomeFieldsTable
        table.setCurrentCell(-1, -1)  # ends the editing of a cell, so that its text counts
        names = list(typed_fields(record_type(self._kind())))
        values = {name: table.item(row, VALUE_COLUMN).text().strip() for row, name in enumerate(names)}
        record = make_record(self._kind(), {name: value for name, value in values.items() if value})
        registry = self._registry()
        registry.record(self._pseudonym(), record, login_name())
        self._fill_fields()
        self._show_patient(registry.patient(self._pseudonym()))

    def _kind(self) -> str:
        return KINDS[max(self.ui.outcomeKindCombo.currentIndex, 0)]

    def _fill_fields(self) -> None:
        """A row for each field, empty but for the date."""
        table = self.ui.outcomeFieldsTable
        fields = typed_fields(record_type(self._kind()))
        table.setRowCount(0)
        table.setRowCount(len(fields))
        for row, (name, info) in enumerate(fields.items()):
            title = qt.QTableWidgetItem(name.replace("_", " ") + (" *" if info.is_required else ""))
            title.setToolTip(info.hint)
            title.setFlags(qt.Qt.ItemIsEnabled)
            table.setItem(row, 0, title)
            value = qt.QTableWidgetItem(datetime.date.today().isoformat() if name == TODAY_FIELD else "")
            value.setToolTip(info.hint)
            table.setItem(row, VALUE_COLUMN, value)

    def _show_patient(self, patient: Patient) -> None:
        show_text(self.ui.outcomeTimelineLabel, "<br>".join(plain(line) for line in patient_lines(patient)))

    def _address(self) -> str:
        address = str(self.ui.outcomeRegistryEdit.text).strip()
        if not address:
            raise PainGeneratorError(
                _("No registry is given."), _("Type the path of its file, or postgresql://user@host:5432/database.")
            )
        return address

    def _pseudonym(self) -> str:
        pseudonym = str(self.ui.outcomePatientEdit.text).strip()
        if not pseudonym:
            raise PainGeneratorError(_("No patient is given."), _("Type the pseudonym, such as P-001."))
        return pseudonym

    def _registry(self) -> Registry:
        """The registry that was typed; an older one is brought up to date, and it is said where its copy is."""
        address = self._address()
        self._need_packages()
        registry = Registry.open(address)
        qt.QSettings().setValue(ADDRESS_SETTING, address)
        if registry.updated:
            slicer.util.infoDisplay(registry.updated)
        return registry

    def _need_packages(self) -> None:
        """Offer to install what Slicer does not bundle."""
        missing = missing_package()
        if not missing:
            return
        question = _("The registry needs the Python package {name}, which Slicer does not have. Install it now?")
        if slicer.util.confirmOkCancelDisplay(question.format(name=missing)):
            slicer.util.pip_install(SLICER_PACKAGES)
        if missing_package():
            raise PainGeneratorError(
                _("The registry needs the Python package {name}.").format(name=missing),
                _("Install it: slicer.util.pip_install('{names}').").format(names=SLICER_PACKAGES),
            )
