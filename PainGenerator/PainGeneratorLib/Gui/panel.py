"""The panel as a whole: its sections, the running step, header and notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ..Numerics.core.errors import Cancelled
from ..Session.types import STEPS, Job, StepState
from ..Workflow.progress import Show
from .align_section import AlignSection
from .apart_section import ApartSection
from .case_section import CaseSection
from .details_section import DetailsSection
from .export_section import ExportSection
from .find_section import FindSection
from .ground_section import GroundSection
from .guard import Connections, guarded
from .letter_section import LetterSection
from .outcome_section import OutcomeSection
from .outline_section import OutlineSection
from .panel_width import fix_width, show_text
from .parameters_section import ParametersSection
from .pet_before_suv import color_before_suv
from .readers_section import ReadersSection
from .readout_section import ReadoutSection
from .recovery_section import RecoverySection
from .review_section import ReviewSection
from .session_needs import PanelNeeds
from .shortcuts import Shortcuts, keys_text
from .sites_section import SitesSection
from .suv_section import SuvSection
from .targets_section import TargetsSection
from .text_section import TextSection
from .views_section import WINDOWS, ViewsSection
from .words import counts_text, group_text, plain
from .worker import Worker

STEP_SECTIONS = {
    "case": "caseSection",
    "align": "alignSection",
    "find": "findSection",
    "review": "reviewSection",
    "export": "exportSection",
}
"""For each step the name of its collapsible section."""

SEPARATOR = "  \N{MIDDLE DOT}  "
"""Stands between patient, date and group in the first line."""


class Panel(VTKObservationMixin):
    """Sections over one session.

    Parameters
    ----------
    root : qMRMLWidget
        The loaded ``PainGenerator.ui``.
    ui : object
        Its named widgets as attributes (`slicer.util.childWidgetVariables`).
    icons : Path
        Folder of the icons.
    """

    def __init__(self, root: Any, ui: Any, icons: Path) -> None:
        super().__init__()
        self.root, self.ui, self._icons = root, ui, icons
        self.session: PanelNeeds | None = None
        self.parameters: Any = None
        """The wrapped parameter node, None when the module is not open. Slicer's wrapper gives it ``connectGui``."""
        self.worker = Worker()
        self.is_busy = False
        self._is_leaving = False
        self._cancel_button: Any = None
        self._cancel_text = ""
        self._connections = Connections()
        self.views = ViewsSection(self)
        self.case = CaseSection(self)
        self.suv = SuvSection(self)
        self.align = AlignSection(self)
        self.find = FindSection(self)
        self.protocol = ParametersSection(self)
        self.review = ReviewSection(self)
        self.apart = ApartSection(self)
        self.sites = SitesSection(self)
        self.readout = ReadoutSection(self)
        self.ground = GroundSection(self)
        self.targets = TargetsSection(self)
        self.details = DetailsSection(self)
        self.outline = OutlineSection(self)
        self.readers = ReadersSection(self)
        self.letter = LetterSection(self)
        self.text = TextSection(self)
        self.recovery = RecoverySection(self)
        self.export = ExportSection(self)
        self.outcome = OutcomeSection(self)
        self.sections = (
            *(self.views, self.case, self.suv, self.align, self.find, self.protocol),
            *(self.review, self.apart, self.sites, self.readout, self.ground),
            *(self.targets, self.details, self.outline),
            *(self.readers, self.letter, self.text, self.recovery, self.export, self.outcome),
        )
        handlers = self._shortcut_handlers()
        self.shortcuts = Shortcuts(handlers)
        ui.keysLabel.text = keys_text(handlers)
        self._connections.add(ui.runAllButton, "clicked()", self.on_run_all)
        self._connections.add(ui.keysButton, "toggled(bool)", self.on_keys)
        self._connections.add(ui.countsLabel, "linkActivated(QString)", self.on_counts_link)
        fix_width(root)
        self.update("all")

    def icon(self, name: str) -> Any:
        """One of the module's icons."""
        return qt.QIcon(str(self._icons / f"{name}.png"))

    def _shortcut_handlers(self) -> dict[str, Callable[[], Any]]:
        windows = [self.on_window_1, self.on_window_2, self.on_window_3, self.on_window_4, self.on_window_5]
        return {
            "Ctrl+Shift+Y": self.review.on_accept_key,
            "Ctrl+Shift+N": self.review.on_reject_key,
            "Ctrl+Shift+P": self.review.on_physiologic_key,
            "Ctrl+Shift+O": self.review.on_pending_key,
            "Ctrl+Shift+Down": self.review.on_next,
            "Ctrl+Shift+Up": self.review.on_previous,
            "Ctrl+Shift+U": self.review.on_undo,
            "Ctrl+Shift+R": self.review.on_redo,
            "F4": self.views.on_reset_windows,
            **{f"F{5 + index}": handler for index, handler in enumerate(windows[: len(WINDOWS)])},
        }

    # --- life

    def start(self, session: PanelNeeds, parameters: Any) -> None:
        """Show a session; the module is open.

        Parameters
        ----------
        session : PanelNeeds
            The session of the scene.
        parameters : PanelParameters
            The wrapped parameter node.
        """
        self._is_leaving = False
        if self.session is session:
            return
        self.stop()
        self.session, self.parameters = session, parameters
        session.changed.append(self.on_session_changed)
        self._gui_tag = parameters.connectGui(self.root)
        self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self.on_parameters_changed)
        for section in self.sections:
            section.start()
        self.shortcuts.install()
        self.update("all")

    def stop(self) -> None:
        """Let go of session, nodes and views; a running step is cancelled."""
        self.worker.cancel()
        self.shortcuts.remove()
        self.removeObservers()
        for section in reversed(self.sections):
            section.stop()
        if self.session is None:
            return
        self.parameters.disconnectGui(self._gui_tag)
        if self.on_session_changed in self.session.changed:
            self.session.changed.remove(self.on_session_changed)
        self.session = self.parameters = None
        self.update("all")

    def leave(self) -> None:
        """Another module was opened; a running step is finished first."""
        self._is_leaving = self.is_busy
        if not self.is_busy:
            self.stop()

    def cleanup(self) -> None:
        """The module is unloaded."""
        self.stop()
        for section in self.sections:
            section.cleanup()
        self._connections.clear()

    # --- what is shown

    @guarded
    def on_session_changed(self, what: str) -> None:
        """Something of the session changed."""
        self.update(what)

    @guarded
    def on_parameters_changed(self) -> None:
        """A reading aid was set."""
        self._color_pet()
        self.views.apply()

    def update(self, what: str) -> None:
        """Show the state of the case in all sections.

        Parameters
        ----------
        what : str
            One of ``Session.types.CHANGES``, or ``all``.
        """
        self._show_header()
        if what in ("case", "all"):
            self._color_pet()
        for section in self.sections:
            section.update(what)

    def _color_pet(self) -> None:
        """Show a PET without SUV in the colors of the panel, not in gray as an MR."""
        session = self.session
        if session is not None and self.parameters is not None and session.state("case") is StepState.NOT_DONE:
            color_before_suv(session.volume_of("PET"), self.parameters.colorMap.value)

    def _show_header(self) -> None:
        ui, session = self.ui, self.session
        header = session.header() if session is not None else {}
        facts = [header.get("patient"), header.get("study_date"), group_text(header.get("group"))]
        known = [plain(fact) for fact in facts if fact]
        has_case = session is not None and bool(session.roles())
        ui.headerLabel.text = f"<b>{SEPARATOR.join(known)}</b>" if has_case else _("No case yet")
        self._show_counts()
        reason = self._reason_not_run_all()
        ui.runAllButton.enabled = (reason is None and not self.is_busy) or self.is_cancel_button(ui.runAllButton)
        ui.runAllButton.toolTip = reason or _("Run all steps that are not done or out of date")
        self._show_warnings()

    def _show_warnings(self) -> None:
        """Warnings, and facts that are none below them."""
        ui, session = self.ui, self.session
        warnings, notes = (session.warnings, session.notes) if session is not None else ([], [])
        ui.warningsGroup.visible = bool(warnings or notes)
        counts = [(_("Warnings ({count})"), warnings), (_("Notes ({count})"), notes)]
        ui.warningsGroup.title = ", ".join(text.format(count=len(told)) for text, told in counts if told)
        lines = [plain(text) for text in warnings] + [f"<i>{plain(text)}</i>" for text in notes]
        show_text(ui.warningsLabel, "<br>".join(f"\N{BULLET} {line}" for line in lines))

    def _show_counts(self) -> None:
        """How many candidates there are, and how much is in the other two lists, with a link to these."""
        session = self.session
        was_found = session is not None and session.state("find") is not StepState.NOT_DONE
        self.ui.countsLabel.visible = was_found
        if session is not None and was_found:
            counts = [len(entries) for entries in (session.candidates(), session.set_apart(), session.attention())]
            show_text(self.ui.countsLabel, counts_text(*counts))

    def _reason_not_run_all(self) -> str | None:
        if self.session is None:
            return _("Open the module first.")
        steps = self.session.steps_to_run()
        if not steps:
            return _("All steps are done.")
        return self.session.reason_not_ready(steps[0])

    def candidate_chosen(self) -> None:
        """Another candidate was chosen in the table."""
        self.details.update("review")
        self.outline.candidate_chosen()
        self.outline.update("review")

    def views_changed(self) -> None:
        """Another layout has other views."""
        self.align.refresh_overlays()
        if self.ui.addButton.checked:
            self.review.clicks.start()
        self.sites.views_changed()
        if self.ui.readoutButton.checked:
            self.readout.clicks.start()

    # --- running

    def is_cancel_button(self, button: Any) -> bool:
        """The button that cancels the running step."""
        return self._cancel_button is not None and self._cancel_button is button

    def cancel(self) -> None:
        """Ask the running step to stop."""
        self.worker.cancel()
        self.ui.progressLabel.text = _("Cancelling...")

    @guarded
    def on_keys(self, shown: bool) -> None:
        """List the keys, or hide the list."""
        self.ui.keysLabel.visible = shown

    @guarded
    def on_counts_link(self) -> None:
        """Open the list of what is set apart."""
        self.ui.reviewSection.collapsed = False
        self.ui.apartGroup.collapsed = False

    @guarded
    def on_run_all(self) -> None:
        """Run what is to do, or cancel."""
        steps = self.session.steps_to_run() if self.session is not None and not self.is_busy else []
        if self.run(steps, self.ui.runAllButton) and steps and self.session is not None:
            self._open("review")

    def run(self, steps: Sequence[str], button: Any) -> bool:
        """Run steps one after another; called again while they run, cancel them.

        Parameters
        ----------
        steps : sequence of str
            ``case``, ``align``, ``find``.
        button : QPushButton
            Turns into Cancel.

        Returns
        -------
        bool
            All steps were done.
        """
        if self.is_busy:
            self.cancel()
            return False
        session = self.session
        if session is None:
            return False
        if self._must_answer_first(steps, button):
            return False

        def work_of_steps() -> None:
            for number, step in enumerate(steps):
                job = session.prepare(step)
                self.worker.run(job.compute, self._show_of(number, len(steps)))
                if self.session is not session:
                    raise Cancelled
                session.apply(job)

        done = self._busy(work_of_steps, button)
        if done and "find" in steps:
            self.review.show_first()
        if done and len(steps) == 1 and self.session is not None:
            self._open(STEPS[STEPS.index(steps[0]) + 1])
        return done

    def _must_answer_first(self, steps: Sequence[str], button: Any) -> bool:
        """Whether step 1 has an open question; the run goes on after its answer."""
        again = self.on_run_all if button is self.ui.runAllButton else lambda: self.run(steps, button)
        return bool(steps) and self.case.questions.must_answer_first(again)

    def run_job(self, job: Job, button: Any) -> bool:
        """Compute a job that needs no apply; True when it was done."""
        return self._busy(lambda: self.worker.run(job.compute, self.show_progress), button)

    def run_here(self, work: Callable[[Show], None], button: Any) -> bool:
        """Run work that needs the scene, on the main thread; True when it was done."""
        return self._busy(lambda: self.worker.here(work, self.show_progress), button)

    def _busy(self, work: Callable[[], None], button: Any) -> bool:
        self.is_busy = True
        self._cancel_button, self._cancel_text = button, button.text
        inputs = [getattr(self.ui, name) for section in self.sections for name in section.INPUTS]
        disabled = [widget for widget in inputs if not self.is_cancel_button(widget)]
        was_enabled = [(widget, widget.enabled) for widget in disabled]
        try:
            for widget in disabled:
                widget.enabled = False
            button.text = _("Cancel")
            self.show_progress(0.0, "")
            self.ui.progressRow.visible = True
            self.update("steps")
            work()
            return True
        except Cancelled:
            slicer.util.showStatusMessage(_("Cancelled: nothing of the step that ran was kept."), 5000)
            return False
        finally:
            self.is_busy = False
            self._cancel_button = None
            button.text = self._cancel_text
            self.ui.progressRow.visible = False
            for widget, enabled in was_enabled:
                widget.enabled = enabled
            if self._is_leaving:
                self.leave()
            self.update("all")

    def _show_of(self, number: int, count: int) -> Show:
        def show(fraction: float, text: str) -> None:
            self.show_progress((number + min(max(fraction, 0.0), 1.0)) / count, text)

        return show

    def show_progress(self, fraction: float, text: str) -> None:
        """Show how far the running step is."""
        self.ui.progressBar.value = round(1000 * fraction)
        self.ui.progressLabel.text = text

    def _open(self, step: str) -> None:
        """Open the section of a step and close those of finished steps."""
        session = self.session
        if session is None:
            return
        for name, section in STEP_SECTIONS.items():
            is_finished = session.state(name) is StepState.DONE and STEPS.index(name) < STEPS.index(step)
            if name == step:
                getattr(self.ui, section).collapsed = False
            elif is_finished:
                getattr(self.ui, section).collapsed = True

    # --- F-keys

    @guarded
    def on_window_1(self) -> None:
        """F5: the first window of the PET."""
        self.views.set_window(0)

    @guarded
    def on_window_2(self) -> None:
        """F6: the second window of the PET."""
        self.views.set_window(1)

    @guarded
    def on_window_3(self) -> None:
        """F7: the third window of the PET."""
        self.views.set_window(2)

    @guarded
    def on_window_4(self) -> None:
        """F8: the fourth window of the PET."""
        self.views.set_window(3)

    @guarded
    def on_window_5(self) -> None:
        """F9: the fifth window of the PET."""
        self.views.set_window(4)
