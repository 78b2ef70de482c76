"""After a crash: the offer to go on where it ended."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import qt
import slicer
from slicer.i18n import tr as _

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.reader_acts import shown_time
from ..Session.recovery import LeftJournal
from ..Session.types import StepState
from .guard import guarded
from .section import Section
from .session_needs import RecoveryNeeds
from .words import plain

if TYPE_CHECKING:
    from .panel import Panel

FOLDER_SETTING = "PainGenerator/JournalFolder"
"""Where Slicer's settings keep another folder for the journals; empty for the one beside Slicer's cache."""

FOLDER_SUFFIX = "-PainGenerator-journals"
"""Added to the name of Slicer's cache. The cache itself may be emptied at any time."""

SAVED_MS = 2000
"""How often it is asked whether the scene was saved, ms."""


def journal_folder() -> Path:
    """Where the journals are."""
    chosen = str(slicer.util.settingsValue(FOLDER_SETTING, ""))
    cache = Path(slicer.app.cachePath)
    return Path(chosen) if chosen else cache.with_name(f"{cache.name}{FOLDER_SUFFIX}")


class RecoverySection(Section[RecoveryNeeds]):
    """The offer, and the end of a journal once the scene was saved."""

    INPUTS = ("goOnButton", "laterButton", "discardJournalButton")

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self._left: list[LeftJournal] = []
        self._timer = qt.QTimer(panel.root)
        self._timer.setInterval(SAVED_MS)
        self.connections.add(self._timer, "timeout()", self.on_look_for_save)
        self.connect("goOnButton", "clicked()", self.on_go_on)
        self.connect("laterButton", "clicked()", self.on_later)
        self.connect("discardJournalButton", "clicked()", self.on_discard)

    def start(self) -> None:
        self._timer.start()
        self._look()

    def stop(self) -> None:
        self._timer.stop()
        self._left = []
        self.ui.recoveryFrame.visible = False

    def _look(self) -> None:
        """Show the newest journal that was left, if there is one."""
        self._left = self.open_session.recovery.left()
        self.ui.recoveryFrame.visible = bool(self._left)
        if self._left:
            self.ui.recoveryLabel.text = plain(self._offer(self._left[0]))

    def _offer(self, left: LeftJournal) -> str:
        day = left.source.get("study_date") or _("unknown")
        text = _("Slicer ended on {time} without saving a case (study date {day}). {count} acts on it were kept.")
        more = "" if len(self._left) == 1 else " " + _("{count} more like this.").format(count=len(self._left) - 1)
        return text.format(time=shown_time(left.time), day=day, count=left.acts) + more

    @guarded
    def on_look_for_save(self) -> None:
        """A journal ends when the scene was saved after the last act."""
        if self.session is not None and not self.panel.is_busy:
            self.session.journal.end_if_saved()

    @guarded
    def on_go_on(self) -> None:
        """Load what is missing, run the steps that are not done, and take the decisions over."""
        if self.panel.is_busy:
            self.panel.cancel()
            return
        left = self._left[0]
        if not self.open_session.recovery.find_images(left):
            self._load(left)
        session = self.open_session
        if not session.recovery.find_images(left):
            raise PainGeneratorError(
                _("The images of this case are not in the scene."), _("Load its PET and MR, then press Go on again.")
            )
        if session.state("find") is not StepState.DONE:
            session.recovery.take_settings(left)
            first = [step for step in session.steps_to_run() if step != "find"]
            if first and not self.panel.run(first, self.ui.goOnButton):
                return
            session.recovery.take_alignment(left)
            if not self.panel.run(session.steps_to_run(), self.ui.goOnButton):
                return
        session.recovery.take_up(left)
        slicer.util.showStatusMessage(_("You go on where the last session ended."), 5000)
        self._look()

    def _load(self, left: LeftJournal) -> None:
        """Load the scene from which the session had started, or the series from Slicer's DICOM database."""
        if self.open_session.roles():
            raise PainGeneratorError(
                _("Another case is in the scene."), _("Save and close it first (File, Close Scene), then go on.")
            )
        if left.scene_file is not None:
            slicer.util.loadScene(str(left.scene_file))
            return
        uids = sorted({uid for uid in left.source["series"].values() if uid})
        if uids and importlib.util.find_spec("DICOMLib") is not None:
            from DICOMLib import DICOMUtils

            DICOMUtils.loadSeriesByUID(uids)

    @guarded
    def on_later(self) -> None:
        """Do not ask again before the next start."""
        self.open_session.recovery.put_off(self._left[0])
        self._look()

    @guarded
    def on_discard(self) -> None:
        """Delete the journal, after the reader confirmed it."""
        if slicer.util.confirmYesNoDisplay(_("Delete these decisions for good?")):
            self.open_session.recovery.discard(self._left[0])
            self._look()
