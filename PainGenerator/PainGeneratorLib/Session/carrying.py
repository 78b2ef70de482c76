"""The decisions of the radiologist handed over to what a new run found, by place."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from ..Numerics.core.records import BROUGHT_BACK, NAMED_BY_READER, Candidate
from ..Numerics.core.words import Origin, Status
from ..Numerics.fusion.reading import Reading, numbered
from ..Workflow.counterparts import counterpart, shared_part
from .review import brought_back, entries_of

SAME_FOCUS = 0.5
"""Least part that the outline of a deleted candidate and that of a new entry share (see :func:`.shared_part`), from
which the new entry is what was deleted and stays off the list. Our choice: more than half. It is stricter than what
hands a decision over, as a candidate that is kept off the list by mistake would be lost."""


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


def carry_decisions(old: Sequence[Candidate], new: Reading, deleted: Sequence[Candidate] = ()) -> Carried:
    """Hand decisions over to what a new run found, by place.

    A candidate that the radiologist drew, edited or added is kept as it is and takes the place of a new entry that
    overlaps it. Status, name and comment of the others go to the entry that shares most of their voxels, else to the
    nearest one within CARRY_REACH_MM; each entry takes one decision at most. A decision makes a candidate of an entry
    that the new run has set apart or put among what is to be looked at.

    A new candidate with the outline of one that was deleted stays off the list, which a sentence says. Where the
    outline is another one, it is on the list, and a sentence says that something was deleted there.

    Parameters
    ----------
    old : sequence of Candidate
        Those without a decision are passed over.
    new : Reading
    deleted : sequence of Candidate
        What the reader took off the list.
    """
    free = entries_of(new)
    kept: list[Candidate] = []
    unmatched: list[Candidate] = []
    notices: list[str] = []
    taken: set[str] = set()
    for candidate in filter(is_decided, old):
        match = counterpart(candidate, free)
        free = [entry for entry in free if entry is not match]
        if match is not None and match not in new.candidates:
            notices.append(_notice(candidate, match, is_for_attention=match in new.attention))
        if candidate.origin != Origin.AUTOMATIC:
            kept.append(dataclasses.replace(candidate))
        elif match is None:
            unmatched.append(candidate)
            continue
        else:
            kept.append(_with_decision(match, candidate, is_apart=match not in new.candidates))
        if kept[-1].id in taken:
            kept[-1].id = ""
        taken.add(kept[-1].id)

    for gone in deleted:
        again = _found_again(gone, [entry for entry in new.candidates if entry in free])
        if again is not None and shared_part(gone.region, again.region) >= SAME_FOCUS:
            free = [entry for entry in free if entry is not again]
            notices.append(_stays_deleted(again))
        elif again is not None:
            notices.append(_is_listed_again(gone, again))

    def rest(entries: Sequence[Candidate]) -> list[Candidate]:
        """Copies of the entries that took no decision; those whose id was given away get another one."""
        return [dataclasses.replace(e, id="" if e.id in taken else e.id) for e in entries if e in free]

    lists = numbered(Reading([*kept, *rest(new.candidates)], rest(new.set_apart), rest(new.attention)))
    return Carried(lists, unmatched, notices)


def _with_decision(new: Candidate, decided: Candidate, is_apart: bool) -> Candidate:
    """A new entry with id, status, name and comment of the decided one.

    `is_apart` says that the new run by itself does not make a candidate of it.
    """
    is_brought = is_apart or BROUGHT_BACK in decided.flags
    return dataclasses.replace(
        new,
        id=decided.id,
        status=decided.status,
        place=decided.place,
        comment=decided.comment,
        acts=decided.acts,
        reason="",
        flags=brought_back(new.flags) if is_brought else list(new.flags),
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


def is_decided(candidate: Candidate) -> bool:
    """True when the radiologist decided something about it that must not be lost.

    That is a status, an outline, a name, a comment, or that it is a candidate at all.
    """
    is_drawn = candidate.origin != Origin.AUTOMATIC
    is_brought = BROUGHT_BACK in candidate.flags
    is_named = NAMED_BY_READER in candidate.place.flags
    return candidate.status != Status.PENDING or is_drawn or is_named or bool(candidate.comment) or is_brought
