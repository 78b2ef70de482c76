"""Step 4: the radiologist's decisions and corrections."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from ..Numerics.core.errors import AlreadyThere, PainGeneratorError
from ..Numerics.core.records import Candidate
from ..Numerics.core.short_names import short_name
from ..Numerics.core.words import Evidence, Status
from ..Session.review import BRING_BACK
from ..Session.types import StepState
from .candidate_table import CandidateTable
from .clicks import Clicks
from .guard import Hint, guarded, guarded_slow
from .section import Section
from .session_needs import ReviewNeeds
from .status_line import StatusLine
from .words import plain, status_text

if TYPE_CHECKING:
    from .panel import Panel

ONE_OR_MORE = ("acceptButton", "rejectButton", "physiologicButton", "pendingButton", "deleteButton")
"""Buttons that act on one candidate or several. With several they say how many."""

ID_PATTERN = re.compile(r"PG-\d+")
"""The id of a candidate within a text."""

MOST_NAMED = 3
"""Candidates that the status bar names; of more it gives the number."""


class ReviewSection(Section[ReviewNeeds]):
    """Table, filters, decisions, merge, split, delete, add, undo and redo."""

    STEP = "review"
    INPUTS = (
        *ONE_OR_MORE,
        *("statusFilter", "evidenceFilter", "candidatesTable", "addButton", "mergeButton", "splitButton"),
        *("undoButton", "redoButton", "goOnCheck"),
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
        self.status_line = StatusLine(panel.root, self.on_undo)
        self._offered: str | None = None
        """The act that the button in the status bar would take back."""
        self._names: dict[str, str] = {}
        """How each candidate was called when it was shown last; deleted ones, too, for what undo takes back."""
        self._places: dict[str, str] = {}
        """Names of all entries without rank: an entry that becomes a candidate has another rank before and after."""
        self._button_texts = {name: getattr(self.ui, name).text for name in ONE_OR_MORE}
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

    def start(self) -> None:
        self.status_line.start()

    def stop(self) -> None:
        self._names.clear()
        self._places.clear()
        self.status_line.stop()
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
        self._show_counter()
        self._show_buttons()

    def _show_candidates(self) -> None:
        session = self.session
        candidates = session.candidates() if session is not None else []
        apart = [*session.set_apart(), *session.attention()] if session is not None else []
        self._places |= {entry.id: short_name(entry.place) for entry in (*candidates, *apart)}
        self._names |= {entry.id: self._places[entry.id] for entry in apart}
        self._names |= {candidate.id: named(candidate) for candidate in candidates}
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

    def _show_counter(self) -> None:
        candidates = self.session.candidates() if self.session is not None else []
        decided = sum(candidate.status != Status.PENDING for candidate in candidates)
        counter = _("{decided} of {all} decided").format(decided=decided, all=len(candidates))
        self.ui.decidedLabel.text = counter if candidates else ""

    def _show_buttons(self) -> None:
        ui, session = self.ui, self.session
        free = session is not None and not self.panel.is_busy
        count = len(self.table.selected())
        for name in ONE_OR_MORE:
            getattr(ui, name).enabled = free and count > 0
            getattr(ui, name).text = self._button_texts[name] + (f" {count}" if count > 1 else "")
        ui.mergeButton.enabled = free and count > 1
        ui.splitButton.enabled = free and count == 1
        was_found = session is not None and session.state("find") is not StepState.NOT_DONE
        ui.addButton.enabled = free and was_found
        undo, redo = (session.undo_text, session.redo_text) if session is not None and free else (None, None)
        if undo != self._offered:
            # The button in the status bar would take back another act than the one that it was offered with.
            self.status_line.end_offer()
        _show_act(ui.undoButton, undo and self._in_words(undo), _("Nothing to undo"))
        _show_act(ui.redoButton, redo and self._in_words(redo), _("Nothing to redo"))

    # --- names of what was done

    def _in_words(self, act: str) -> str:
        """What an act of the history did, with ranks and names in the place of ids, which the panel does not show."""
        names = self._places if act.startswith(BRING_BACK) else self._names
        return ID_PATTERN.sub(lambda found: names.get(found[0], found[0]), act)

    def tell_last_act(self) -> None:
        """Name the act that was done last, with the offer to take it back."""
        done = self.open_session.undo_text
        if done is not None:
            self._tell_done(self._in_words(done))

    def _tell_done(self, text: str) -> None:
        """Name what was done, with the offer to take it back."""
        self._offered = self.open_session.undo_text
        self.status_line.tell_done(text)

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

    # --- decisions

    def _chosen(self) -> list[Candidate]:
        """The chosen candidates, from top to bottom of the table.

        Raises
        ------
        Hint
            When none is, or while a step runs.
        """
        if self.panel.is_busy:
            raise Hint(_("A step is running: decide when it is done."))
        by_id = {candidate.id: candidate for candidate in self.open_session.candidates()}
        chosen = [by_id[candidate_id] for candidate_id in self.table.selected()]
        if not chosen:
            raise Hint(_("No candidate is chosen: click one in the table first."))
        return chosen

    def decide(self, status: Status) -> None:
        """Decide on the chosen candidates, name them, and go on to the next one that is pending."""
        chosen = self._chosen()
        ids = [candidate.id for candidate in chosen]
        order = self.table.all_after(ids[-1])
        session = self.open_session
        acts: dict[Status, Callable[[list[str]], None]] = {
            Status.ACCEPTED: session.accept,
            Status.REJECTED: session.reject,
            Status.PHYSIOLOGIC: session.physiologic,
            Status.PENDING: session.pending,
        }
        acts[status](ids)
        text = f"{decision_text(status)}: {named_all(chosen)}."
        if status is not Status.PENDING:
            text = f"{text} {self._go_on(order)}".rstrip()
        self._tell_done(text)

    def decide_by_key(self, status: Status) -> None:
        """Decide on the one chosen candidate; a key never decides on several at once.

        Raises
        ------
        Hint
            When several are chosen.
        """
        count = len(self._chosen())
        if count > 1:
            text = _(
                "{count} candidates are chosen, and a key decides on one only. The button decides on all of them."
            )
            raise Hint(text.format(count=count))
        self.decide(status)

    def _go_on(self, order: Sequence[str]) -> str:
        """Choose the next pending candidate, if that is wanted; what to say when there is none.

        Parameters
        ----------
        order : sequence of str
            Ids in the order in which the next one is looked for.
        """
        pending = {c.id for c in self.open_session.candidates() if c.status == Status.PENDING}
        if not pending:
            return _("All candidates are decided.")
        if not self.ui.goOnCheck.checked:
            return ""
        shown = set(self.table.shown())
        following = next((candidate_id for candidate_id in order if candidate_id in pending & shown), None)
        if following is None:
            return _("The filters hide {count} that are pending.").format(count=len(pending))
        self._choose(following)
        return ""

    def show_first(self) -> None:
        """Show the first candidate that is pending, else the first one, as after a run."""
        candidates = {c.id: c for c in self.session.candidates()} if self.session is not None else {}
        shown = self.table.shown()
        pending = [candidate_id for candidate_id in shown if candidates[candidate_id].status == Status.PENDING]
        for candidate_id in (pending or shown)[:1]:
            self._choose(candidate_id)

    def show_brought_back(self, ids: Sequence[str]) -> None:
        """Show the first of the entries that were made candidates, and name them."""
        self._choose(ids[0])
        self.tell_last_act()

    @guarded
    def on_accept(self) -> None:
        """Accept."""
        self.decide(Status.ACCEPTED)

    @guarded
    def on_reject(self) -> None:
        """Reject."""
        self.decide(Status.REJECTED)

    @guarded
    def on_physiologic(self) -> None:
        """Mark as physiologic."""
        self.decide(Status.PHYSIOLOGIC)

    @guarded
    def on_pending(self) -> None:
        """Take the decision back."""
        self.decide(Status.PENDING)

    @guarded
    def on_accept_key(self) -> None:
        """Accept the one that is chosen."""
        self.decide_by_key(Status.ACCEPTED)

    @guarded
    def on_reject_key(self) -> None:
        """Reject the one that is chosen."""
        self.decide_by_key(Status.REJECTED)

    @guarded
    def on_physiologic_key(self) -> None:
        """Mark the one that is chosen as physiologic."""
        self.decide_by_key(Status.PHYSIOLOGIC)

    @guarded
    def on_pending_key(self) -> None:
        """Take the decision on the one that is chosen back."""
        self.decide_by_key(Status.PENDING)

    # --- corrections

    @guarded
    def on_delete(self) -> None:
        """Take off the list; undo brings them back."""
        chosen = self._chosen()
        self.open_session.delete([candidate.id for candidate in chosen])
        self._tell_done(_("Deleted: {names}.").format(names=named_all(chosen)))

    @guarded_slow
    def on_merge(self) -> None:
        """Make one of the chosen candidates."""
        self._choose(self.open_session.merge(self.table.selected()))
        self.tell_last_act()

    @guarded_slow
    def on_split(self) -> None:
        """Cut the chosen candidate."""
        (candidate, *_others) = self._chosen()
        try:
            parts = self.open_session.split(candidate.id)
        except PainGeneratorError as error:
            raise Hint(str(error)) from error
        self._choose(parts[0])
        self.tell_last_act()

    def _choose(self, candidate_id: str) -> None:
        """Choose a candidate and take all views there, also when it is chosen already."""
        if self.table.selected() == [candidate_id]:
            self.on_candidate_chosen()
        else:
            self.table.choose(candidate_id)

    @guarded
    def on_undo(self) -> None:
        """Take the last act back, and show what it was about."""
        self._step_back(_("Taken back: {what}"), is_undo=True)

    @guarded
    def on_redo(self) -> None:
        """Do the act again."""
        self._step_back(_("Done again: {what}"), is_undo=False)

    def _step_back(self, text: str, is_undo: bool) -> None:
        """Undo or redo: say what, and choose the candidate whose decision changed by it."""
        if self.panel.is_busy:
            raise Hint(_("A step is running: undo when it is done."))
        session = self.open_session
        done = session.undo_text if is_undo else session.redo_text
        if done is None:
            raise Hint(_("There is nothing to undo.") if is_undo else _("There is nothing to do again."))
        before = {candidate.id: candidate.status for candidate in session.candidates()}
        what = self._in_words(done)
        if is_undo:
            session.undo()
        else:
            session.redo()
        self.status_line.tell(text.format(what=what))
        changed = [c.id for c in session.candidates() if before.get(c.id, c.status) != c.status]
        if changed:
            self._choose(changed[0])

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
        """Add a candidate at a position, RAS mm; where one lies already, say so and choose that one."""
        self.ui.addButton.checked = False
        try:
            added = self.open_session.add_at(np.asarray(position_ras, dtype=float))
        except AlreadyThere as there:
            self._choose(there.candidate_id)
            raise Hint(str(there)) from there
        except PainGeneratorError as error:
            raise Hint(str(error)) from error
        self._choose(added)
        self.tell_last_act()

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
        self.status_line.cleanup()
        self.table.cleanup()
        super().cleanup()


def _show_act(button: Any, text: str | None, idle: str) -> None:
    """Enable a button with what it would do on its tool tip; disabled with another text when that is nothing."""
    button.enabled = text is not None
    button.toolTip = text or idle


def named(candidate: Candidate) -> str:
    """Rank and short name, as the table shows them."""
    return f"{candidate.rank} {short_name(candidate.place)}"


def named_all(candidates: Sequence[Candidate]) -> str:
    """The names of some candidates, or of the first of many with the number of the others."""
    names = ", ".join(map(named, candidates[:MOST_NAMED]))
    more = len(candidates) - MOST_NAMED
    return _("{names} and {count} more").format(names=names, count=more) if more > 0 else names


def decision_text(status: Status) -> str:
    """A decision as the beginning of a sentence."""
    texts = {
        Status.ACCEPTED: _("Accepted"),
        Status.REJECTED: _("Rejected"),
        Status.PHYSIOLOGIC: _("Physiologic"),
        Status.PENDING: _("Pending again"),
    }
    return texts[status]


def unmatched_line(candidate: Candidate) -> str:
    """An earlier decision with links to keep or dismiss it, for a label with markup."""
    facts = ", ".join(text for text in (status_text(candidate.status), candidate.comment) if text)
    links = " ".join(
        f'<a href="{act}:{plain(candidate.id)}">{plain(text)}</a>'
        for act, text in (("keep", _("Keep")), ("dismiss", _("Dismiss")))
    )
    return f"{plain(candidate.place.name)}: {plain(facts)} {links}"
