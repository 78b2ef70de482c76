"""Step 5: results and report into a folder."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from ..Numerics.core.errors import PainGeneratorError
from ..Workflow.progress import Show
from .guard import guarded
from .section import Section
from .session_needs import ExportNeeds
from .words import plain

if TYPE_CHECKING:
    from .panel import Panel

WHAT = {
    "exportReportCheck": "report",
    "exportTablesCheck": "tables",
    "exportSegmentationsCheck": "segmentations",
    "exportSceneCheck": "scene",
    "exportDicomCheck": "dicom",
}
"""For each check box what it writes."""

FOLDER_SETTING = "PainGenerator/ExportFolder"


class ExportSection(Section[ExportNeeds]):
    """Folder, what to write, Export, a link to the report."""

    STEP = "export"
    INPUTS = ("exportFolderEdit", "exportNameEdit", "overwriteCheck", *WHAT)

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self._report: Path | None = None
        self.ui.exportFolderEdit.currentPath = str(slicer.util.settingsValue(FOLDER_SETTING, str(Path.home())))
        self.connect("exportButton", "clicked()", self.on_export)
        self.connect("reportLabel", "linkActivated(QString)", self.on_open_report)

    def stop(self) -> None:
        self._report = None
        self.ui.reportLabel.text = ""

    def update(self, what: str) -> None:
        self.show_state(self.ui.exportSection, _("5  Export"))
        self.show_readiness(self.ui.exportButton, _("Write the chosen results"), "export")
        if what in ("case", "all") and self.session is not None and not self.ui.exportNameEdit.modified:
            self.ui.exportNameEdit.text = folder_name(self.session.header())

    def chosen(self) -> set[str]:
        """What to write."""
        return {word for name, word in WHAT.items() if getattr(self.ui, name).checked}

    def target(self) -> Path:
        """The folder that is to be made.

        Raises
        ------
        PainGeneratorError
            When folder or name are not given.
        """
        folder, name = self.ui.exportFolderEdit.currentPath, self.ui.exportNameEdit.text.strip()
        if not folder or not os.path.isdir(folder):
            raise PainGeneratorError(_("There is no folder {name}.").format(name=folder), _("Choose another folder."))
        if not name or name != os.path.basename(name) or name in (".", ".."):
            raise PainGeneratorError(
                _("'{name}' cannot be the name of a folder.").format(name=name), _("Type a name without slashes.")
            )
        return Path(folder) / name

    @guarded
    def on_export(self) -> None:
        """Write the results, or cancel."""
        if self.panel.is_busy:
            self.panel.cancel()
            return
        self.panel.text.keep_typed()
        self.panel.letter.keep_typed()
        target, what = self.target(), self.chosen()
        if not what:
            raise PainGeneratorError(_("Nothing is chosen."), _("Choose what to write."))
        qt.QSettings().setValue(FOLDER_SETTING, str(target.parent))

        def work(progress: Show) -> None:
            self.open_session.export(target, what, self.ui.overwriteCheck.checked, progress)

        self._report = None
        self.ui.reportLabel.text = ""
        if self.panel.run_here(work, self.ui.exportButton):
            self._show_result(target)

    def _show_result(self, target: Path) -> None:
        report = target / "report.html"
        self._report = report if report.is_file() else target
        text = _("Open the report") if report.is_file() else _("Open the folder")
        self.ui.reportLabel.text = f'<a href="report">{plain(text)}</a>: {plain(target)}'

    @guarded
    def on_open_report(self) -> None:
        """Open the report in the browser."""
        if self._report is not None:
            qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self._report)))


def folder_name(header: dict[str, Any]) -> str:
    """A name for the results: no patient name, which would show in lists of files.

    >>> folder_name({"study_date": "2026-03-14"})
    'pain-generators-2026-03-14'
    """
    words = re.sub(r"[^0-9A-Za-z]+", "-", str(header.get("study_date") or "")).strip("-")
    return f"pain-generators-{words}" if words else "pain-generators"
