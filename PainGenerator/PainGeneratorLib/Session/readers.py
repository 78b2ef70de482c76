"""Who reads a case: names on decisions, a second review blind to the first, and both beside each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.reader_acts import NOT_NAMED, readers_of
from ..Numerics.core.records import BROUGHT_BACK, Candidate
from ..Numerics.core.since_decided import is_decided
from ..Numerics.core.words import Origin, Status
from ..Numerics.fusion.reading import Reading, numbered
from ..Workflow.readers import Agreement, ReaderReading, Readers, agreement
from .case_state import CaseState, ReadersState
from .found_tools import FoundTools
from .notifier import Notifier
from .readings import StoredReading, copied, kept_lists, lists_of, reader_reading
from .review import entries_of, lacks_name, storable
from .review_acts import ReviewActs

INHERITED = "Taken over from the first review, so that this one starts from it: {what}."
"""What a blind review is told about what was changed before it for all readers."""

NO_FIRST_OUTLINES = (
    "What the run found before the first review is not kept in this case: the second review starts from its outlines, "
    "with all decisions, names and comments taken off. What the first reader deleted or merged stays so."
)


class ReaderControl:
    """Names of readers, and the readings of a case.

    Parameters
    ----------
    state : CaseState
    review : ReviewActs
    tools : FoundTools
    notify : Notifier
    """

    def __init__(self, state: CaseState, review: ReviewActs, tools: FoundTools, notify: Notifier) -> None:
        self._state, self._review, self._tools, self._notify = state, review, tools, notify

    @property
    def _now(self) -> ReadersState:
        return self._state.readers

    # --- the name

    @property
    def name(self) -> str:
        """The name that acts carry; empty until it is given."""
        return self._now.reader

    @property
    def label(self) -> str:
        """The name of the reader who began the reading that is shown."""
        return self._now.label

    def set_name(self, name: str) -> None:
        """Say who reads, from now on. Acts without a name stay so until :meth:`sign`: they may be of another reader.

        Raises
        ------
        PainGeneratorError
            While the review is blind, for the name of the reader who must not be seen.
        """
        name = clean_name(name)
        if self._now.is_blind and name and name in self._names_of_others():
            raise PainGeneratorError(
                f"{name} read this case before, and this review is blind to that.",
                "Show both readers first, or give the name of the second reader.",
            )
        self._now.reader = name
        if name and not self._now.label and self._state.found is not None and not self.unnamed():
            self._now.label = name

    def sign(self) -> int:
        """Write the name on the acts of this session that have none, as the reader said so; returns how many."""
        name = self._now.reader
        if not name or self._state.found is None:
            return 0
        count = self._review.review.give_name(name, self._now.since)
        if not self._now.label:
            self._now.label = name
        if count:
            self._review.take_over(self._review.review)
        return count

    def unsigned(self) -> int:
        """How many acts of this session in the reading that is shown have no name: those that :meth:`sign` signs."""
        return self._unnamed_since(self._now.since)

    def unnamed(self) -> int:
        """How many acts of the reading that is shown have no name."""
        return self._unnamed_since("")

    def _unnamed_since(self, since: str) -> int:
        if self._state.found is None:
            return 0
        entries = (*entries_of(self._review.review.lists), *self._review.review.deleted)
        return sum(lacks_name(act, since) for entry in entries for act in entry.acts)

    def _names_of_others(self) -> set[str]:
        names = {other.label for other in self._now.others}
        return names.union(*(set(other.shown().readers) for other in self._now.others)) - {""}

    # --- a second reader

    @property
    def is_blind(self) -> bool:
        """True while the reader must not see what others decided."""
        return self._now.is_blind

    def reason_no_blind_review(self) -> str | None:
        """Why no second review can begin; None when it can."""
        if self._state.found is None:
            return "Find candidates first (step Find)."
        if self._now.is_blind:
            return "A blind review is under way."
        if not self._has_decisions():
            return "No reader has decided anything yet."
        return None

    def _has_decisions(self) -> bool:
        review = self._review.review
        return bool(review.deleted) or any(map(is_decided, (*review.candidates, *self._state.unmatched)))

    def begin_blind(self, name: str) -> None:
        """Begin another review of the same case that sees nothing of what was decided so far.

        Raises
        ------
        PainGeneratorError
            Without a name, for a reader who has read the case, and where there is nothing to be blind to.
        """
        name = clean_name(name)
        reason = self.reason_no_blind_review()
        if reason is not None:
            raise PainGeneratorError(reason, "Review the case first, then give it to the second reader.")
        if not name:
            raise PainGeneratorError("A second reader needs a name.", "Type it into the field Reader.")
        readers = set(self._shown().readers) | {self._now.label} | self._names_of_others()
        if name in readers:
            raise PainGeneratorError(f"{name} has read this case.", "Type the name of the second reader.")
        fresh = self._automatic()
        self._put_aside()
        state, now = self._state, self._now
        now.place = len(now.others)
        state.unmatched, state.carried = [], []
        state.candidates, state.set_apart, state.attention = fresh.candidates, fresh.set_apart, fresh.attention
        now.label, now.reader, now.is_blind = name, name, True
        now.hidden_regions, state.regions = state.regions, ()
        inherited = self._inherited()
        if inherited:
            state.notices.append(INHERITED.format(what="; ".join(inherited)))
        self._review.take_over(self._review.new_review())

    def _inherited(self) -> list[str]:
        """What the first reader changed for all readers, in words: the names of the levels, and the references."""
        options = self._state.require_found().case.options
        level = [] if options.level is None else [f"levels counted from the {options.level[0]} that was named"]
        return [*level, *(edit.text for edit in options.reference_edits)]

    def _automatic(self) -> Reading:
        """What the run found, without any decision."""
        if self._now.automatic is not None:
            return copied(self._now.automatic)
        self._state.notices.append(NO_FIRST_OUTLINES)
        lists = self._review.review.lists
        kept = [_undecided(c) for c in lists.candidates if c.origin != Origin.MANUAL and BROUGHT_BACK not in c.flags]
        return numbered(Reading(kept, list(lists.set_apart), list(lists.attention)))

    def show_all(self) -> None:
        """End the blindness: both readers may be seen beside each other."""
        if self._now.is_blind:
            self._now.is_blind = False
            if self._now.hidden_regions:
                # A run in between may have changed what regions are compared with.
                hidden = self._review.measured_again(self._now.hidden_regions)
                self._state.regions, self._now.hidden_regions = (*hidden, *self._state.regions), ()
            self._review.take_over(self._review.review)

    def show(self, index: int) -> None:
        """Show another reading in table, segments and views.

        Raises
        ------
        PainGeneratorError
            While the review is blind.
        """
        now = self._now
        if now.is_blind:
            raise PainGeneratorError("The other reader must not be seen yet.", "Show both readers first.")
        if index == now.place:
            return
        wanted = now.others[index if index < now.place else index - 1]
        self._refresh(wanted)
        self._put_aside()
        now.others.remove(wanted)
        now.place, now.label = index, wanted.label
        state = self._state
        state.unmatched, state.carried = wanted.unmatched, wanted.carried
        lists = wanted.lists
        state.candidates, state.set_apart = list(lists.candidates), list(lists.set_apart)
        state.attention = list(lists.attention)
        self._review.take_over(wanted.review or self._review.new_review(wanted.deleted))

    def _put_aside(self) -> None:
        """Put the reading that is shown among the others, at its place."""
        state, now, review = self._state, self._now, self._review.review
        stored = StoredReading(
            now.label or next(iter(self._shown().readers), ""),
            review.lists,
            state.unmatched,
            state.carried,
            review.deleted,
            review,
            state.found,
        )
        now.others.insert(now.place, stored)

    def _refresh(self, stored: StoredReading) -> None:
        # Other names of the levels make another result, and the names of all entries follow.
        stored.take_names(self._now.automatic, self._state.found, lambda region: self._tools.namer()(region))

    # --- both beside each other

    def _shown(self) -> ReaderReading:
        review = self._review.review
        return reader_reading(self._now.label, review.lists, review.deleted)

    def readers(self) -> Readers:
        """The readings that may be seen, in the order in which they were begun."""
        if self._state.found is None:
            return Readers()
        now, shown = self._now, self._shown()
        if now.is_blind:
            return Readers((shown,), 0, len(now.others))
        for other in now.others:
            self._refresh(other)
        readings = [other.shown() for other in now.others]
        readings.insert(now.place, shown)
        return Readers(tuple(readings), now.place)

    def agreement(self) -> Agreement | None:
        """How far the readers agree; None while there is one reading only, or a blind review."""
        readers = self.readers()
        return agreement(readers.rows) if len(readers.readings) > 1 else None

    # --- kept with the scene

    def to_kept(self) -> dict[str, Any]:
        """What the scene's text holds of the readers."""
        now = self._now
        if self._state.found is None:
            return {}
        for other in now.others:
            self._refresh(other)
        return {
            "label": now.label,
            "place": now.place,
            "is_blind": now.is_blind,
            "deleted": list(self._review.review.deleted),
            "automatic": self.automatic_kept(),
            "others": [other.to_kept() for other in now.others],
            "hidden_regions": list(now.hidden_regions),
        }

    def to_blind_kept(self) -> dict[str, Any]:
        """What a copy of the scene for somebody else holds while the review is blind: nothing of other readers."""
        alone = {"place": 0, "is_blind": False, "others": [], "hidden_regions": []}
        return self.to_kept() | alone if self._state.found is not None else {}

    def automatic_kept(self) -> dict[str, Any] | None:
        """What the run found, as :meth:`restore` takes it."""
        return None if self._now.automatic is None else kept_lists(self._now.automatic)

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take over what :meth:`to_kept` gave; without it the case has one reading."""
        now = self._now
        if kept:
            now.label, now.place, now.is_blind = kept["label"], kept["place"], kept["is_blind"]
            now.automatic = None if kept["automatic"] is None else lists_of(kept["automatic"])
            now.others = [StoredReading.from_kept(other) for other in kept["others"]]
            for other in now.others:
                other.found = self._state.found
            now.hidden_regions = tuple(kept.get("hidden_regions", ()))
        elif not self._has_decisions():
            now.automatic = copied(self._review.review.lists)
        self._review.resume(tuple(kept.get("deleted", ())))


def clean_name(name: str) -> str:
    """A name as it is kept: one line, without spaces at its ends."""
    return " ".join(storable(name).split())


def name_text(name: str) -> str:
    """A reader's name, in words where none was given."""
    return name or NOT_NAMED


def _undecided(candidate: Candidate) -> Candidate:
    """A candidate without status, comment and acts."""
    return dataclasses.replace(candidate, status=Status.PENDING.value, comment="", acts=())


def acted_by(candidate: Candidate) -> list[str]:
    """The names of all who acted on a candidate."""
    return [name_text(name) for name in readers_of(candidate.acts)]
