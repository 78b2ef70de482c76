"""The decisions of the radiologist handed over to what a new run found, by place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ..Numerics.core.records import BROUGHT_BACK, NAMED_BY_READER, Candidate
from ..Numerics.core.regions import overlap_fraction
from ..Numerics.core.since_decided import is_decided, with_seen
from ..Numerics.core.words import Origin
from ..Numerics.fusion.places import is_same_place
from ..Numerics.fusion.reading import Reading, numbered
from ..Workflow.counterparts import counterpart, shared_part
from .review import brought_back, entries_of

SAME_FOCUS = 0.5
"""Least part that the outline of a deleted candidate and that of a new entry share (see :func:`.shared_part`), from
which the new entry is what was deleted and stays off the list. Our choice: more than half. It is stricter than what
hands a decision over, as a candidate that is kept off the list by mistake would be lost."""


TWIN_PART = 0.5
"""Least part of a new entry that lies in an outline of the reader, or of an outline that the reader changed that lies
in a new entry, from which both are of the same thing. Our choice: more than half."""

Measure = Callable[[Candidate], Candidate]
"""Takes a candidate of a former run, and returns a copy with all that follows from its outline in the new one."""


@dataclass(frozen=True)
class Carried:
    """What became of the decisions of the radiologist when a step was run again.

    Parameters
    ----------
    lists : Reading
        The new lists with the decisions, each best first.
    unmatched : list of Candidate
        Decided candidates without a counterpart in the new run. They are shown and never dropped silently.
    notices : list of str
        Sentences on decided candidates whose counterpart is no candidate of the new run by itself, and on what was
        deleted before and was found again.
    """

    lists: Reading
    unmatched: list[Candidate]
    notices: list[str]


def carry_decisions(
    old: Sequence[Candidate],
    new: Reading,
    deleted: Sequence[Candidate] = (),
    *,
    measure: Measure | None = None,
    former: Sequence[Candidate] = (),
    used: Collection[str] = (),
) -> Carried:
    """Hand decisions over to what a new run found, by place. A decision is handed over, a number never.

    Status, comment and a name that the reader gave go to the entry that shares most voxels, else to the nearest one
    of the same place within REACH_MM; each entry takes one decision at most. A decision makes a candidate of an entry
    that the new run has set apart or put among what is to be looked at. An outline that the radiologist drew or
    changed stays as it is, is measured anew, and takes the place of the new entries that are of the same thing
    (TWIN_PART). What has no counterpart is measured anew, too.

    A new candidate with the outline of one that was deleted stays off the list, which a sentence says. Where the
    outline is another one, it is on the list, and a sentence says that something was deleted there.

    Parameters
    ----------
    old : sequence of Candidate
        Those without a decision are passed over.
    new : Reading
    deleted : sequence of Candidate
        What the reader took off the list.
    measure : callable, optional
        Without it, outlines keep their measures, which is right only where no number can have changed.
    former : sequence of Candidate
        All that was in any list before. A new entry that was there before beside an outline of the reader stays.
    used : collection of str
        All ids that were ever given in this case.
    """
    hand = _Hand(new, measure or _as_it_is, former)
    decided = [with_seen(candidate) for candidate in old if is_decided(candidate)]
    for candidate in decided:
        if candidate.origin == Origin.AUTOMATIC:
            hand.over(candidate)
    for candidate in decided:
        if candidate.origin != Origin.AUTOMATIC:
            hand.keep(candidate)
    hand.leave_out(deleted)
    return hand.carried([candidate.id for candidate in decided], used)


def _as_it_is(candidate: Candidate) -> Candidate:
    return candidate


class _Hand:
    """Hands decisions over, one after the other.

    Parameters
    ----------
    new : Reading
        What the new run found.
    measure : callable
    former : sequence of Candidate
    """

    def __init__(self, new: Reading, measure: Measure, former: Sequence[Candidate]) -> None:
        self._new, self._measure, self._former = new, measure, former
        self._free = entries_of(new)
        self._kept: list[Candidate] = []
        self._unmatched: list[Candidate] = []
        self._notices: list[str] = []

    def over(self, decided: Candidate) -> None:
        """Hand the decision on a candidate that a run outlined over to its counterpart."""
        match = _counterpart(decided, self._free)
        if match is None:
            self._unmatched.append(self._measure(decided))
            return
        self._take([match])
        is_apart = match not in self._new.candidates
        if is_apart:
            self._notices.append(_notice(decided, match, is_for_attention=match in self._new.attention))
        self._kept.append(_with_decision(match, decided, is_apart))

    def keep(self, drawn: Candidate) -> None:
        """Keep an outline of the reader, in place of what the new run found of the same thing."""
        twins = [entry for entry in self._free if _is_twin(drawn, entry) and not self._was_beside(drawn, entry)]
        self._take(twins)
        again = self._measure(drawn)
        # A copy, as ranking writes into it, and the lists of before stay for undo.
        again = dataclasses.replace(again) if again is drawn else again
        if twins and not any(twin in self._new.candidates for twin in twins):
            best = counterpart(drawn, twins) or twins[0]
            self._notices.append(_notice(drawn, best, is_for_attention=best in self._new.attention))
        self._kept.append(again)

    def _was_beside(self, drawn: Candidate, entry: Candidate) -> bool:
        """Whether a new entry is one that was in a list before, beside an outline of the reader."""
        likeness = shared_part(drawn.region, entry.region)
        return any(
            shared_part(other.region, entry.region) >= max(SAME_FOCUS, likeness)
            for other in self._former
            if other.id != drawn.id
        )

    def _take(self, entries: Sequence[Candidate]) -> None:
        self._free = [entry for entry in self._free if entry not in entries]

    def leave_out(self, deleted: Sequence[Candidate]) -> None:
        """Leave out what the reader deleted, where it was found again with the same outline."""
        for gone in deleted:
            again = _found_again(gone, [entry for entry in self._new.candidates if entry in self._free])
            if again is not None and shared_part(gone.region, again.region) >= SAME_FOCUS:
                self._take([again])
                self._notices.append(_stays_deleted(again))
            elif again is not None:
                self._notices.append(_is_listed_again(gone, again))

    def carried(self, order: Sequence[str], used: Collection[str]) -> Carried:
        """The lists with the decisions; of two decided ones with one id the first in `order` keeps it."""
        taken: set[str] = set()
        for candidate in sorted(self._kept, key=lambda one: order.index(one.id)):
            if candidate.id in taken:
                candidate.id = ""
            taken.add(candidate.id)

        def rest(entries: Sequence[Candidate]) -> list[Candidate]:
            """Copies of the entries that took no decision; those whose id was given away get another one."""
            return [dataclasses.replace(e, id="" if e.id in taken else e.id) for e in entries if e in self._free]

        new = self._new
        lists = Reading([*self._kept, *rest(new.candidates)], rest(new.set_apart), rest(new.attention))
        return Carried(numbered(lists, used), self._unmatched, self._notices)


def _counterpart(candidate: Candidate, others: Sequence[Candidate]) -> Candidate | None:
    """The entry that takes the decision on a candidate; None where nothing of the same thing is there.

    An entry that shares no voxel with it may be its neighbor: it has to be of the same place.
    """
    match = counterpart(candidate, others)
    if match is None or shared_part(candidate.region, match.region) > 0.0:
        return match
    return counterpart(candidate, [other for other in others if is_same_place(other.place, candidate.place)])


def _is_twin(drawn: Candidate, entry: Candidate) -> bool:
    """Whether an outline of the reader and a new entry are of the same thing."""
    shared = overlap_fraction(drawn.region, entry.region)
    if shared < TWIN_PART:
        return False
    is_entry_inside = entry.region.volume_ml <= drawn.region.volume_ml
    # What the reader drew from nothing within a larger focus may be a part of it that is to be told by itself.
    is_of_the_run = drawn.origin == Origin.EDITED
    return is_entry_inside or is_of_the_run or shared_part(drawn.region, entry.region) >= SAME_FOCUS


def with_lasting_ids(new: Reading, former: Sequence[Candidate], used: Collection[str]) -> Reading:
    """The entries of a new run with the ids that the same entries had before; all others get ids that were never used.

    Parameters
    ----------
    new : Reading
    former : sequence of Candidate
        What was in the lists before.
    used : collection of str
        All ids that were ever given in this case.
    """
    entries = entries_of(new)
    pairs = [
        (part, a, b)
        for a, entry in enumerate(entries)
        for b, other in enumerate(former)
        if (part := shared_part(entry.region, other.region)) >= SAME_FOCUS
    ]
    ids: dict[int, str] = {}
    for _, a, b in sorted(pairs, key=lambda pair: -pair[0]):
        if a not in ids and former[b].id not in ids.values():
            ids[a] = former[b].id
    places = {id(entry): a for a, entry in enumerate(entries)}

    def listed(some: Sequence[Candidate]) -> list[Candidate]:
        return [dataclasses.replace(entry, id=ids.get(places[id(entry)], "")) for entry in some]

    return numbered(Reading(listed(new.candidates), listed(new.set_apart), listed(new.attention)), used)


def _with_decision(new: Candidate, decided: Candidate, is_apart: bool) -> Candidate:
    """A new entry with id, status and comment of the decided one, and with its name where the reader gave it.

    `is_apart` says that the new run by itself does not make a candidate of it.
    """
    place, flags = new.place, list(new.flags)
    if NAMED_BY_READER in decided.place.flags:
        place = decided.place
        flags = [*(flag for flag in flags if flag not in new.place.flags), *place.flags]
    is_brought = is_apart or BROUGHT_BACK in decided.flags
    return dataclasses.replace(
        new,
        id=decided.id,
        status=decided.status,
        place=place,
        comment=decided.comment,
        acts=decided.acts,
        reason="",
        flags=brought_back(flags) if is_brought else flags,
    )


def _notice(decided: Candidate, entry: Candidate, is_for_attention: bool) -> str:
    """What is said of a decided candidate whose counterpart is no candidate by itself."""
    where = "puts it among what is to be looked at" if is_for_attention else "sets it apart"
    return (
        f"{decided.id} ({decided.place.name}) stays a candidate, as you decided on it. This run by itself {where}: "
        f"{entry.reason}"
    )


def _found_again(deleted: Candidate, entries: Sequence[Candidate]) -> Candidate | None:
    """The new candidate that shares most voxels with a deleted one; None where none shares any, and for an outline
    that the reader drew from nothing and took away."""
    if deleted.origin == Origin.MANUAL:
        return None
    again = counterpart(deleted, entries)
    return again if again is not None and shared_part(deleted.region, again.region) > 0.0 else None


def _stays_deleted(entry: Candidate) -> str:
    return (
        f"{entry.place.name} was found again and stays off the list, as you deleted it. "
        "Add a candidate at this place to have it back."
    )


def _is_listed_again(deleted: Candidate, entry: Candidate) -> str:
    return (
        f"You deleted {deleted.place.name}. This run found {entry.place.name} there with another outline; "
        "it is on the list."
    )
