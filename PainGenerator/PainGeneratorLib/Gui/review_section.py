"""Step 4: the radiologist's decisions and corrections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.records import Candidate
from ..Numerics.core.words import Evidence, Status
from ..Session.types import StepState
from .candidate_table import CandidateTable
from .clicks import Clicks
from .guard import guarded, guarded_slow
from .section import Section
from .session_needs import ReviewNeeds
from .words import plain, status_text

if TYPE_CHECKING:
    from .panel import Panel

ONE_OR_MORE = ("acceptButton", "rejectButton", "physiologicButton", "pendingButton", "deleteButton")
"""Buttons that act on one candidate or several."""


class ReviewSection(Section[ReviewNeeds]):
    """Table, filters, decisions, merge, split, delete, add, undo and redo."""

    STEP = "review"
    INPUTS = (
        *ONE_OR_MORE,
        *("statusFilter", "evidenceFilter", "candidatesTable", "addButton", "mergeButton", "splitButton"),
        *("undoButton", "redoButton"),
    )

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self.ui.statusFilter.addItem(_("every status"), "")
        for status in Status:
            self.ui.statusFilter.addItem(status_text(status), status.value)
        self.ui.evidenceFilter.addItem(_("every evidence"), "")
        for evidence in Evidence:
            self.ui.evidenceFilter.addItem(evidence.value, evidence.value)
        self.table = CandidateTable(self.ui.candidatesTable, panel.icon, self.on_candidate_chosen)
        self.clicks = Clicks(self.add_at)
        self.connect("statusFilter", "currentIndexChanged(int)", self.on_filter)
        self.connect("evidenceFilter", "currentIndexChanged(int)", self.on_filter)
        for widget, handler in (
            ("acceptButton", self.on_accept),
            ("rejectButton", self.on_reject),
            ("physiologicButton", self.on_physiologic),
            ("pendingButton", self.on_pending),
            ("mergeButton", self.on_merge),
            ("splitButton", self.on_split),
            ("deleteButton", self.on_delete),
            ("undoButton", self.on_undo),
            ("redoButton", self.on_redo),
        ):
            self.connect(widget, "clicked()", handler)
        self.connect("addButton", "toggled(bool)", self.on_add)
        self.connect("unmatchedLabel", "linkActivated(QString)", self.on_unmatched)
        for name in ("accept", "reject", "physiologic", "pending", "undo", "redo"):
            getattr(self.ui, f"{name}Button").icon = panel.icon(name.capitalize())

    def stop(self) -> None:
        if self.session is not None:
            # Nothing is chosen while the module is not open, and a scene that is saved then holds all outlines alike.
            self.session.highlight(None)
        self.ui.addButton.checked = False
        self.clicks.stop()

    def update(self, what: str) -> None:
        self.show_state(self.ui.reviewSection, _("4  Review"))
        if what in ("candidates", "review", "all"):
            self._show_candidates()
            self._show_unmatched()
        self._show_buttons()

    def _show_candidates(self) -> None:
        session = self.session
        candidates = session.candidates() if session is not None else []
        self.table.fill(candidates, session.row if session is not None else dict)
        self._filter(candidates)
        self._highlight()

    def _highlight(self) -> None:
        """Draw the outline of the chosen candidate bright; all alike when none is chosen, whatever the scene held."""
        if self.session is not None and self.session.state("find") is not StepState.NOT_DONE:
            self.session.highlight(self.table.current())

    def _filter(self, candidates: Sequence[Candidate]) -> None:
        ui = self.ui
        status = ui.statusFilter.itemData(ui.statusFilter.currentIndex)
        evidence = ui.evidenceFilter.itemData(ui.evidenceFilter.currentIndex)
        shown = self.table.filter(candidates, status, evidence)
        ui.countLabel.text = _("{shown} of {all}").format(shown=shown, all=len(candidates))

    def _show_unmatched(self) -> None:
        lost = self.session.unmatched if self.session is not None else []
        self.ui.unmatchedGroup.visible = bool(lost)
        self.ui.unmatchedLabel.text = "<br>".join(map(unmatched_line, lost))

    def _show_buttons(self) -> None:
        ui, session = self.ui, self.session
        free = session is not None and not self.panel.is_busy
        count = len(self.table.selected())
        for name in ONE_OR_MORE:
            getattr(ui, name).enabled = free and count > 0
        ui.mergeButton.enabled = free and count > 1
        ui.splitButton.enabled = free and count == 1
        was_found = session is not None and session.state("find") is not StepState.NOT_DONE
        ui.addButton.enabled = free and was_found
        undo, redo = (session.undo_text, session.redo_text) if session is not None and free else (None, None)
        _show_act(ui.undoButton, undo, _("Nothing to undo"))
        _show_act(ui.redoButton, redo, _("Nothing to redo"))

    @guarded
    def on_candidate_chosen(self) -> None:
        """Take all views to the candidate, its outline bright and the others dim."""
        self._show_buttons()
        candidate_id = self.table.current()
        self._highlight()
        if candidate_id is not None and self.session is not None:
            self.panel.views.go_to(self.session.position_of(candidate_id))
        self.panel.candidate_chosen()

    @guarded
    def on_filter(self) -> None:
        """Show what the filters let pass."""
        if self.session is not None:
            self._filter(self.session.candidates())
            self._highlight()

    def decide(self, act: Callable[[list[str]], None]) -> None:
        """Do an act on the chosen candidates."""
        ids = self.table.selected()
        if not ids:
            raise PainGeneratorError(_("No candidate is chosen."), _("Choose one or more in the table."))
        act(ids)

    @guarded
    def on_accept(self) -> None:
        """Accept."""
        self.decide(self.open_session.accept)

    @guarded
    def on_reject(self) -> None:
        """Reject."""
        self.decide(self.open_session.reject)

    @guarded
    def on_physiologic(self) -> None:
        """Mark as physiologic."""
        self.decide(self.open_session.physiologic)

    @guarded
    def on_pending(self) -> None:
        """Take the decision back."""
        self.decide(self.open_session.pending)

    @guarded
    def on_delete(self) -> None:
        """Take off the list; undo brings them back."""
        self.decide(self.open_session.delete)

    @guarded_slow
    def on_merge(self) -> None:
        """Make one of the chosen candidates."""
        self._choose(self.open_session.merge(self.table.selected()))

    @guarded_slow
    def on_split(self) -> None:
        """Cut the chosen candidate."""
        candidate_id = self.table.current()
        if candidate_id is None:
            raise PainGeneratorError(_("No candidate is chosen."), _("Choose one in the table."))
        self.open_session.split(candidate_id)
        self._choose(candidate_id)

    def _choose(self, candidate_id: str | None) -> None:
        if candidate_id is not None:
            self.ui.candidatesTable.clearSelection()
            self.table.choose(candidate_id)

    @guarded
    def on_undo(self) -> None:
        """Take the last act back."""
        if self.session is not None and self.session.undo_text is not None:
            self.session.undo()

    @guarded
    def on_redo(self) -> None:
        """Do the act again."""
        if self.session is not None and self.session.redo_text is not None:
            self.session.redo()

    @guarded
    def on_add(self, adding: bool) -> None:
        """Wait for a click into a view, or stop waiting."""
        if adding:
            slicer.util.showStatusMessage(_("Click on the focus in a slice view."), 5000)
            self.clicks.start()
        else:
            self.clicks.stop()

    @guarded_slow
    def add_at(self, position_ras: Sequence[float]) -> None:
        """Add a candidate at a position, RAS mm."""
        self.ui.addButton.checked = False
        self._choose(self.open_session.add_at(np.asarray(position_ras, dtype=float)))
        done = self.open_session.undo_text
        if done is not None:
            slicer.util.showStatusMessage(done, 5000)

    @guarded
    def on_unmatched(self, link: str) -> None:
        """Keep or dismiss an earlier decision that has no counterpart."""
        act, _colon, candidate_id = link.partition(":")
        if act == "keep":
            self._choose(self.open_session.keep_unmatched(candidate_id))
        else:
            self.open_session.dismiss_unmatched(candidate_id)

    @guarded
    def on_next(self) -> None:
        """Go to the next candidate."""
        self.table.step(1)

    @guarded
    def on_previous(self) -> None:
        """Go to the candidate before."""
        self.table.step(-1)

    def cleanup(self) -> None:
        self.table.cleanup()
        super().cleanup()


def _show_act(button: Any, text: str | None, idle: str) -> None:
    """Enable a button with what it would do on its tool tip; disabled with another text when that is nothing."""
    button.enabled = text is not None
    button.toolTip = text or idle


def unmatched_line(candidate: Candidate) -> str:
    """An earlier decision with links to keep or dismiss it, for a label with markup."""
    facts = ", ".join(text for text in (status_text(candidate.status), candidate.comment) if text)
    links = " ".join(
        f'<a href="{act}:{plain(candidate.id)}">{plain(text)}</a>'
        for act, text in (("keep", _("Keep")), ("dismiss", _("Dismiss")))
    )
    return f"{plain(candidate.place.name)}: {plain(facts)} {links}"
