"""Two readers beside each other: what each decided on a case, and where they differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..Numerics.core.reader_acts import (
    OUTLINE_ACTS,
    ActKind,
    ReaderAct,
    acts_text,
    last_act,
    readers_of,
)
from ..Numerics.core.records import Candidate
from ..Numerics.core.words import Origin, Status
from .counterparts import counterpart, shared_part

SAME_OUTLINE = 0.999
"""Least Dice coefficient of two outlines that count as the same: what rounding to another grid leaves of a same one.
Our estimate."""
CANDIDATE, SET_APART, ATTENTION, DELETED = "candidate", "set apart", "to be looked at", "deleted"
"""Where an entry stands in the reading of a reader."""


@dataclass(frozen=True, eq=False)
class ReaderReading:
    """The lists of a case as one reader left them.

    Parameters
    ----------
    label : str
        The name of the reader who began it; empty when none was given.
    candidates, set_apart, attention : sequence of Candidate
    deleted : sequence of Candidate
        What the reader took off the list.
    """

    label: str
    candidates: Sequence[Candidate] = ()
    set_apart: Sequence[Candidate] = ()
    attention: Sequence[Candidate] = ()
    deleted: Sequence[Candidate] = ()

    @property
    def entries(self) -> list[tuple[str, Candidate]]:
        """All entries, each with where it stands."""
        lists = ((CANDIDATE, self.candidates), (DELETED, self.deleted))
        apart = ((ATTENTION, self.attention), (SET_APART, self.set_apart))
        return [(where, entry) for where, entries in (*lists, *apart) for entry in entries]

    @property
    def readers(self) -> list[str]:
        """All who acted in it."""
        return readers_of(act for _where, entry in self.entries for act in entry.acts)

    @property
    def acts(self) -> list[tuple[str, ReaderAct]]:
        """Id and act, of all entries."""
        return [(entry.id, act) for _where, entry in self.entries for act in entry.acts]


@dataclass(frozen=True, eq=False)
class ReaderCell:
    """What one reader says of one thing.

    Parameters
    ----------
    where : str
        The list in which it stands.
    entry : Candidate
    """

    where: str
    entry: Candidate

    @property
    def verdict(self) -> str:
        """The status of a candidate; of any other entry where it stands."""
        return self.entry.status if self.where == CANDIDATE else self.where

    @property
    def act(self) -> ReaderAct | None:
        """The act behind the verdict; None where no reader acted."""
        if self.where == DELETED:
            return last_act(self.entry.acts, (ActKind.DELETED,))
        return self.entry.decision

    @property
    def last(self) -> ReaderAct | None:
        """The last act of any kind; None where no reader acted."""
        return self.entry.acts[-1] if self.entry.acts else None

    def to_json(self) -> dict[str, Any]:
        """What ``candidates.json`` holds of it."""
        act, entry = self.act, self.entry
        return {
            "id": entry.id,
            "name": entry.place.name,
            "verdict": self.verdict,
            "reader": None if act is None else act.by,
            "time": None if act is None else act.time,
            "comment": entry.comment,
            "origin": entry.origin,
            "volume_ml": round(float(entry.volume_ml), 3),
            "acts": [dataclasses.asdict(one) for one in entry.acts],
        }


@dataclass(frozen=True, eq=False)
class ReaderRow:
    """One thing as each reader sees it.

    Parameters
    ----------
    cells : tuple of ReaderCell or None
        In the order of the readings; None where a reading has no such entry.
    differs : tuple of str
        In what the readers differ: ``verdict`` (once all have decided), ``name``, ``outline``; empty where they agree.
    """

    cells: tuple[ReaderCell | None, ...]
    differs: tuple[str, ...] = ()

    @property
    def first(self) -> Candidate:
        """The entry of the first reading that has one."""
        return next(cell.entry for cell in self.cells if cell is not None)


@dataclass(frozen=True, eq=False)
class Readers:
    """The readings of a case that may be shown.

    Parameters
    ----------
    readings : tuple of ReaderReading
        In the order in which they were begun.
    shown : int
        Index of the one that candidates, tables and segments show.
    hidden : int
        How many more there are that must not be seen yet, because a reader reviews blind to them.
    """

    readings: tuple[ReaderReading, ...] = ()
    shown: int = 0
    hidden: int = 0

    @property
    def removed(self) -> Sequence[Candidate]:
        """What the reader of the shown reading took off the list."""
        return self.readings[self.shown].deleted if self.readings else ()

    @property
    def rows(self) -> list[ReaderRow]:
        """What the readers say, beside each other; see :func:`compared`."""
        return compared(self.readings)


def compared(readings: Sequence[ReaderReading]) -> list[ReaderRow]:
    """Put what belongs together beside each other, by place.

    Entries that are a candidate, or were deleted, in one reading at least, in the order of the first reading.
    """
    found: list[list[ReaderCell | None]] = []
    for number, reading in enumerate(readings):
        free = [ReaderCell(where, entry) for where, entry in reading.entries]
        for row in found:
            match = _match(next(cell for cell in row if cell is not None), free)
            row.append(match)
            free = [cell for cell in free if cell is not match]
        found += [[*[None] * number, cell] for cell in free]
    rows = [tuple(row) for row in found if any(cell and cell.where in (CANDIDATE, DELETED) for cell in row)]
    return [ReaderRow(cells, _differences(cells)) for cells in rows]


def _match(cell: ReaderCell, others: Sequence[ReaderCell]) -> ReaderCell | None:
    """The cell of another reading that speaks of the same thing: with the same id, else at the same place.

    The same id is the same thing only where the places fit, as both readers may have added something.
    """
    by_entry = {id(other.entry): other for other in others}
    same = [other.entry for other in others if other.entry.id == cell.entry.id]
    found = counterpart(cell.entry, same)
    if found is None:
        # Something else that lies near has an id of its own and a row of its own, unless a reader made it.
        by_hand = [
            other.entry
            for other in others
            if other.entry.origin != Origin.AUTOMATIC or cell.entry.origin != Origin.AUTOMATIC
        ]
        found = counterpart(cell.entry, by_hand)
    return None if found is None else by_entry[id(found)]


def _differences(cells: Sequence[ReaderCell | None]) -> tuple[str, ...]:
    known = [cell for cell in cells if cell is not None]
    found = []
    is_unlike = len(known) < len(cells) or len({cell.verdict for cell in known}) > 1
    if is_unlike and all(map(_is_decided, cells)):
        found.append("verdict")
    if len({cell.entry.place.name for cell in known}) > 1:
        found.append("name")
    if any(shared_part(known[0].entry.region, cell.entry.region) < SAME_OUTLINE for cell in known[1:]):
        found.append("outline")
    return tuple(found)


@dataclass(frozen=True)
class Agreement:
    """How far readers agree.

    Parameters
    ----------
    both : int
        Things on which all readers decided.
    same : int
        Those on which all decided alike.
    open : int
        Things on which one reader at least has not decided yet.
    """

    both: int
    same: int
    open: int = field(default=0)

    @property
    def text(self) -> str:
        """One sentence."""
        findings = "1 finding is" if self.open == 1 else f"{self.open} findings are"
        still = f"{findings} not decided by every reader yet."
        if not self.both:
            return still if self.open else "There is nothing to decide on."
        said = f"The readers decided alike on {self.same} of {self.both}."
        return f"{said} {still}" if self.open else said


def agreement(rows: Sequence[ReaderRow]) -> Agreement:
    """How far readers agree on what all of them decided on."""
    decided = [row for row in rows if all(_is_decided(cell) for cell in row.cells)]
    same = sum("verdict" not in row.differs for row in decided)
    return Agreement(len(decided), same, len(rows) - len(decided))


def _is_decided(cell: ReaderCell | None) -> bool:
    """A reader who has no such entry, or has it set apart, decided against it by not taking it up."""
    return cell is None or cell.where != CANDIDATE or cell.entry.status != Status.PENDING


def outline_by(entry: Candidate) -> ReaderAct | None:
    """The act that gave an entry its outline; None where the program drew it."""
    return last_act(entry.acts, OUTLINE_ACTS)


def readers_json(readers: Readers) -> dict[str, Any]:
    """The key ``readers`` of ``candidates.json``."""
    rows = readers.rows if len(readers.readings) > 1 else []
    return {
        "readings": [
            {
                "reader": reading.label or None,
                "readers": [name or None for name in reading.readers],
                "is_shown": number == readers.shown,
                "deleted": [ReaderCell(DELETED, entry).to_json() for entry in reading.deleted],
            }
            for number, reading in enumerate(readers.readings)
        ],
        "hidden_readings": readers.hidden,
        "agreement": None if not rows else dataclasses.asdict(agreement(rows)),
        "compared": [
            {
                "name": row.first.place.name,
                "differs": list(row.differs),
                "cells": [None if cell is None else cell.to_json() for cell in row.cells],
            }
            for row in rows
        ],
    }


def readers_rows(readers: Readers) -> list[Mapping[str, Any]]:
    """The rows of ``readers.csv``: one for each thing and reading."""
    rows: list[Mapping[str, Any]] = []
    for number, row in enumerate(readers.rows, start=1):
        for reading, cell in zip(readers.readings, row.cells, strict=True):
            rows.append(_csv_row(number, reading, row, cell))
    return rows


CSV_COLUMNS = (
    *("row", "reading", "id", "name", "verdict", "decided_by", "decided_at", "differs", "comment", "volume_ml"),
    *("origin", "acts"),
)
"""Columns of ``readers.csv``."""


def _csv_row(number: int, reading: ReaderReading, row: ReaderRow, cell: ReaderCell | None) -> Mapping[str, Any]:
    said = {} if cell is None else cell.to_json()
    values = {
        "row": number,
        "reading": reading.label,
        "id": said.get("id"),
        "name": said.get("name") or row.first.place.name,
        "verdict": said.get("verdict") or "not found",
        "decided_by": said.get("reader"),
        "decided_at": said.get("time"),
        "differs": ";".join(row.differs),
        "comment": said.get("comment"),
        "volume_ml": said.get("volume_ml"),
        "origin": said.get("origin"),
        "acts": "" if cell is None else acts_text(cell.entry.acts),
    }
    return {name: "" if values[name] is None else values[name] for name in CSV_COLUMNS}
