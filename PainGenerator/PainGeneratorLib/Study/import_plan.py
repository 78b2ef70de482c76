"""What an import would do to a registry, as data; and doing it, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from .records import REPEATED, Candidate, StudyData
from .redcap_dictionary import FORMS
from .redcap_records import NEW, Row, cells_of

if TYPE_CHECKING:
    from .registry import Registry

Key = tuple[str, str, str]
"""Pseudonym, kind, and what the record is called among its kind: ``""``, ``"2"`` or ``"1/PG-01"``."""
PLACES = tuple(place for _, place in REPEATED.values())
"""Where the repeated records of a patient are."""


@dataclass(frozen=True)
class RecordChange:
    """One record that would be added or changed.

    Parameters
    ----------
    line : int
        Of the file.
    key : Key
        A new record without a number has ``new`` and its line.
    record : record
        As it would be.
    before : record or None
        As it is; None for a new one.
    """

    line: int
    key: Key
    record: Any
    before: Any = None

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """What differs: before and after, by field."""
        if self.before is None:
            return {}
        names = (one.name for one in fields(self.record) if one.name not in ("version", "candidates", *PLACES))
        pairs = {name: (getattr(self.before, name), getattr(self.record, name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    @property
    def lines(self) -> list[str]:
        """In words, one line for each field that differs."""
        pseudonym, kind, name = self.key
        where = f"{pseudonym} {kind} {name}".rstrip() if not name.startswith(NEW) else f"{pseudonym} {kind}"
        if self.before is None:
            cells = {n: c for n, c in cells_of(kind, self.record).items() if c and not n.endswith("_version")}
            said = ", ".join(f"{n}={c if len(c) <= 40 else c[:37] + '...'}" for n, c in list(cells.items())[:6])
            return [f"{where}: new: {said}{', ...' if len(cells) > 6 else ''}"]
        return [f"{where}: {name}: {_said(old)} -> {_said(new)}" for name, (old, new) in self.fields.items()]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used, and why."""

    row: Row
    reason: str


@dataclass(frozen=True)
class ImportPlan:
    """What an import would do.

    Parameters
    ----------
    names : tuple of str
        Columns of the file.
    changes : tuple of RecordChange
    bad : tuple of BadRow
    unchanged : int
        Rows that say what is recorded already.
    notes : tuple of str
        What was left out of account.
    study : StudyData
        As it would be.
    """

    names: tuple[str, ...]
    changes: tuple[RecordChange, ...]
    bad: tuple[BadRow, ...]
    unchanged: int
    notes: tuple[str, ...]
    study: StudyData

    def lines(self) -> list[str]:
        """All of it in words: every change, every bad row, and the sums."""
        found = [line for change in self.changes for line in change.lines]
        found += [f"line {one.row.line} is bad: {one.reason}" for one in self.bad]
        new = sum(change.before is None for change in self.changes)
        found.append(
            f"New records: {new}; changed: {len(self.changes) - new}; unchanged: {self.unchanged}; "
            f"bad rows: {len(self.bad)}."
        )
        return found

    def bad_rows(self) -> list[list[str]]:
        """The bad rows as a table: the columns of the file, the line, the reason."""
        first = [*self.names, "line", "reason"]
        rest = [
            [*(one.row.cells.get(name, "") for name in self.names), str(one.row.line), one.reason] for one in self.bad
        ]
        return [first, *rest]


def apply_import(plan: ImportPlan, registry: Registry, author: str, reason: str = "") -> None:
    """Write all changes of a plan in one transaction.

    Parameters
    ----------
    plan : ImportPlan
    registry : Registry
        The one whose study the plan was made for.
    author : str
    reason : str
        Needed where a field that was filled gets another value.

    Raises
    ------
    PainGeneratorError
        Somebody changed a record since the plan was made, or the registry refuses a record. Nothing was written.
    """
    candidates: dict[tuple[str, str], list[Candidate]] = {}
    for change in plan.changes:
        pseudonym, kind, name = change.key
        if kind == "candidate" and change.before is None:
            candidates.setdefault((pseudonym, name.partition("/")[0]), []).append(change.record)
    order = list(FORMS)
    with registry.writing(author, reason) as writer:
        for change in sorted(plan.changes, key=lambda one: order.index(one.key[1])):
            pseudonym, kind, name = change.key
            if change.before is not None:
                new = {field: after for field, (_, after) in change.fields.items()}
                writer.set_fields(pseudonym, kind, name, new, change.before.version)
            elif kind == "patient":
                writer.add_patient(replace(change.record, **dict.fromkeys(PLACES, ()), version=0))
            elif kind == "case":
                found = tuple(candidates.get((pseudonym, name), ()))
                writer.record(pseudonym, replace(change.record, candidates=found))
            elif kind != "candidate":
                writer.record(pseudonym, change.record)


def _said(value: Any) -> str:
    text = "empty" if value in (None, "", (), {}) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
