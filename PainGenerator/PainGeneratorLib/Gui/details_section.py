"""The chosen candidate: what is known, its name from lists, a comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from ..Anatomy.codes import LEVELS, STRUCTURES
from ..Numerics.core.measures import Output, as_stored, measures_of
from ..Numerics.core.records import FLAG_TEXTS, Candidate
from ..Numerics.core.site_reading import sign_words
from ..Numerics.core.strength import signed_points, strength_word
from ..Numerics.core.words import Side
from .guard import guarded, single_shot_timer
from .ledger_table import LedgerTable
from .panel_width import show_text
from .section import Section, choose
from .session_needs import DetailsNeeds
from .words import number_text, plain, side_text, status_text, strength_text

if TYPE_CHECKING:
    from .panel import Panel

DRAFT_MS = 3000
"""Time after the first key before a comment that is being typed is written to the journal, ms."""


class DetailsSection(Section[DetailsNeeds]):
    """Facts, ledger, structure, side, level and comment of the chosen candidate."""

    INPUTS = ("structureCombo", "sideCombo", "levelCombo", "commentEdit")

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self._commented: str | None = None
        """Id of the candidate whose comment stands in the line edit."""
        self.ledger = LedgerTable(self.ui.ledgerTable)
        for structure in sorted(STRUCTURES):
            self.ui.structureCombo.addItem(structure, structure)
        for side in Side:
            self.ui.sideCombo.addItem(side_text(side), side.value)
        self.ui.levelCombo.addItem(_("none"), "")
        for level in LEVELS:
            self.ui.levelCombo.addItem(level, level)
        for combo in ("structureCombo", "sideCombo", "levelCombo"):
            self.connect(combo, "currentIndexChanged(int)", self.on_renamed)
        self.connect("commentEdit", "editingFinished()", self.on_commented)
        self.connect("commentEdit", "textEdited(QString)", self.on_comment_typed)
        self._later = single_shot_timer(panel.root, DRAFT_MS, self.on_draft, self.connections)

    def candidate(self) -> Candidate | None:
        """The chosen candidate, None when none or more than one is chosen."""
        ids = self.panel.review.table.selected()
        if self.session is None or len(ids) != 1:
            return None
        return next((c for c in self.session.candidates() if c.id == ids[0]), None)

    def stop(self) -> None:
        self.keep_typed()

    def keep_typed(self) -> None:
        """Keep a comment that was typed and not finished: with the candidate for which it was typed."""
        edit, session = self.ui.commentEdit, self.session
        if not edit.modified or session is None or self._is_filling:
            return
        edit.modified = False
        typed_for = next((c for c in session.candidates() if c.id == self._commented), None)
        if typed_for is not None and edit.text != typed_for.comment:
            session.comment(typed_for.id, edit.text)

    def update(self, what: str) -> None:
        if self._chosen_id() != self._commented:
            self.keep_typed()
        candidate = self.candidate()
        free = candidate is not None and not self.panel.is_busy
        for name in self.INPUTS:
            getattr(self.ui, name).enabled = free
        self._is_filling = True
        try:
            self._show(candidate)
        finally:
            self._is_filling = False

    def _chosen_id(self) -> str | None:
        candidate = self.candidate()
        return None if candidate is None else candidate.id

    def _show(self, candidate: Candidate | None) -> None:
        ui = self.ui
        former, self._commented = self._commented, None if candidate is None else candidate.id
        self.ledger.show(candidate)
        if candidate is None:
            show_text(ui.detailsLabel, _("Choose one candidate to see and correct it."))
            ui.commentEdit.text = ""
            for combo in (ui.structureCombo, ui.sideCombo, ui.levelCombo):
                combo.setCurrentIndex(-1)
            return
        place = candidate.place
        if ui.structureCombo.findData(place.structure) < 0:
            ui.structureCombo.addItem(place.structure, place.structure)
        choose(ui.structureCombo, place.structure)
        choose(ui.sideCombo, place.side)
        choose(ui.levelCombo, place.level or "")
        if not (ui.commentEdit.modified and former == candidate.id):
            ui.commentEdit.text = candidate.comment
        show_text(ui.detailsLabel, details_text(candidate))

    @guarded
    def on_renamed(self) -> None:
        """Give the chosen candidate another structure, side or level."""
        candidate = self.candidate()
        if self._is_filling or candidate is None:
            return
        ui = self.ui
        structure = ui.structureCombo.itemData(ui.structureCombo.currentIndex)
        side = ui.sideCombo.itemData(ui.sideCombo.currentIndex)
        level = ui.levelCombo.itemData(ui.levelCombo.currentIndex) or None
        place = candidate.place
        if structure and side and (structure, side, level) != (place.structure, place.side, place.level):
            self.open_session.rename(candidate.id, structure, side, level)
            self.panel.review.tell_last_act()

    @guarded
    def on_comment_typed(self) -> None:
        """Write what is typed to the journal soon, also while the reader goes on typing."""
        if not self._later.active:
            self._later.start()

    @guarded
    def on_draft(self) -> None:
        """Write what is typed to the journal; it becomes a comment when it is finished."""
        if self.session is not None and self._commented is not None and self.ui.commentEdit.modified:
            self.session.journal.draft(self._commented, self.ui.commentEdit.text)

    @guarded
    def on_commented(self) -> None:
        """Keep the comment."""
        candidate = self.candidate()
        if self._is_filling or candidate is None or candidate.id != self._commented:
            self.keep_typed()
        elif self.ui.commentEdit.text != candidate.comment:
            self.ui.commentEdit.modified = False
            self.open_session.comment(candidate.id, self.ui.commentEdit.text)


def details_text(candidate: Candidate) -> str:
    """Name, evidence, measures, reason and flags of a candidate, for a label with markup."""
    candidate = as_stored(candidate)
    strength = _("{points} points of evidence: {word}").format(
        points=signed_points(candidate.score), word=strength_text(strength_word(candidate.score))
    )
    facts = [candidate.evidence, status_text(candidate.status), candidate.origin, *measures_text(candidate)]
    lines = [f"<b>{plain(candidate.rank)} {plain(candidate.place.name)}</b>", plain(strength), plain(", ".join(facts))]
    states = _("PET there: {pet}. MR there: {mr}.").format(pet=candidate.pet_state, mr=candidate.mr_state)
    lines += [plain(text) for text in (states, candidate.reason) if text]
    lines += [f"<i>{plain(FLAG_TEXTS.get(flag, flag))}</i>" for flag in dict.fromkeys(candidate.flags)]
    return "<br>".join(lines)


def measures_text(candidate: Candidate) -> list[str]:
    """The measures that are known of a candidate, each with its name and unit."""
    texts = []
    for measure in measures_of(Output.PANEL_DETAILS):
        value = measure.stored(candidate)
        if value is not None:
            shown = number_text(value, measure.digits, measure.unit) if measure.is_number else str(value)
            texts.append(f"{measure.title} {sign_words(shown) if measure.key == 'mr_kind' else shown}")
    return texts
