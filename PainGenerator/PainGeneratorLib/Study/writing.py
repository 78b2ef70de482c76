"""Changes of a registry within one transaction, each with its entry in the history."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..Numerics.core.errors import PainGeneratorError
from .history import Action, Change, Conflict, now_utc
from .record_fields import check_record, kind_name, parsed_fields, record_type
from .records import REPEATED, Candidate, Case, Patient
from .rows import json_of, record_of, row_of
from .tables import metadata, table_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
"""What a pseudonym is made of, so that it can stand in file names and tables."""


@dataclasses.dataclass
class Writer:
    """Adds, corrects and takes out records. See :meth:`.registry.Registry.writing`.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    author : str
    reason : str
        Of all corrections of the transaction; empty when there is none.
    """

    connection: Connection
    author: str
    reason: str

    def add_patient(self, patient: Patient) -> Patient:
        """Add a patient; records in it are added with their own numbers, or new ones where they have none.

        Raises
        ------
        PainGeneratorError
            The pseudonym cannot be one, or is there already.
        """
        if not PSEUDONYM.fullmatch(patient.pseudonym):
            raise PainGeneratorError(
                f"{patient.pseudonym!r} cannot be a pseudonym.",
                "Use letters, digits, point, hyphen and underscore; 40 at most; no name, no patient ID.",
            )
        if self._row("patient", patient.pseudonym, "", with_removed=True) is not None:
            raise PainGeneratorError(
                f"The registry has a patient {patient.pseudonym!r} already.",
                "Give another pseudonym, or record for this one: pain-generator study record.",
            )
        table = table_of("patient")
        others = self.connection.execute(table.select().where(table.c.removed.is_(False))).mappings()
        alike = [one["pseudonym"] for one in others if one["pseudonym"].casefold() == patient.pseudonym.casefold()]
        if alike:
            raise PainGeneratorError(
                f"The registry has a patient {alike[0]!r}, whose pseudonym differs in capitals only.",
                "Use that one for the same patient, and another pseudonym for another one.",
            )
        self._insert("patient", patient.pseudonym, "", row_of(patient), {"pseudonym": patient.pseudonym})
        for _type, place in REPEATED.values():
            for record in getattr(patient, place):
                self.record(patient.pseudonym, record)
        return dataclasses.replace(patient, version=1)

    def record(self, pseudonym: str, record: Any) -> Any:
        """Add a record to a patient.

        Parameters
        ----------
        pseudonym : str
        record : Visit, Case, Discussion, Confirmation, Treatment or FollowUp
            With the number 0 it gets the next one of its kind.

        Returns
        -------
        record
            With its number and version.

        Raises
        ------
        PainGeneratorError
            The patient is not there, its number is taken, the same was recorded before, or the target is unknown.
        """
        self._hold_patient(pseudonym)
        check_record(record)
        kind = kind_name(record)
        self._check_target(pseudonym, kind, row_of(record))
        table = table_of(kind)
        rows = [
            dict(row)
            for row in self.connection.execute(table.select().where(table.c.pseudonym == pseudonym)).mappings()
        ]
        row = row_of(record)
        same = [old for old in rows if not old["removed"] and _content(old, row) == _content(row, row)]
        if same:
            raise PainGeneratorError(
                f"The same {kind} was recorded for {pseudonym} before, as number {same[0]['number']}.",
                "Nothing was added; correct that one if something in it is wrong.",
            )
        number = record.number or max((old["number"] for old in rows), default=0) + 1
        if any(old["number"] == number for old in rows):
            raise PainGeneratorError(
                f"{kind} {number} of {pseudonym} is there already.", "Leave the number out to get the next one."
            )
        row = {**row, "number": number}
        self._insert(kind, pseudonym, str(number), row, {"pseudonym": pseudonym, "number": number})
        if not isinstance(record, Case):
            return dataclasses.replace(record, number=number, version=1)
        for candidate in record.candidates:
            key = {"pseudonym": pseudonym, "case_number": number, "id": candidate.id}
            self._insert("candidate", pseudonym, f"{number}/{candidate.id}", row_of(candidate), key)
        candidates = tuple(dataclasses.replace(one, version=1) for one in record.candidates)
        return dataclasses.replace(record, number=number, version=1, candidates=candidates)

    def correct(self, pseudonym: str, kind: str, key: str, values: Mapping[str, Any], seen: int) -> int:
        """Correct fields of a record.

        Parameters
        ----------
        pseudonym, kind : str
        key : str
            Number of the record; ``""`` for the patient; ``1/PG-01`` for a candidate.
        values : mapping
            The new values, as texts or in their types.
        seen : int
            The version that the writer has read.

        Returns
        -------
        int
            The version now. It is ``seen`` where no value differs.

        Raises
        ------
        Conflict
            The record was changed since.
        PainGeneratorError
            A value is wrong, no reason was given, or the record is not there.
        """
        old = self._seen_row(pseudonym, kind, key, seen)
        return self._update(pseudonym, kind, key, old, self._corrected(pseudonym, kind, old, values))

    def set_fields(self, pseudonym: str, kind: str, key: str, fields: Mapping[str, Any], seen: int) -> int:
        """As :meth:`correct`, for the fields that nobody types: what a reader said, the arm that was assigned.

        The values are those of records, such as a :class:`.records.Reading`; no reason is needed where the field was
        empty before, as nothing is corrected then.
        """
        old = self._seen_row(pseudonym, kind, key, seen)
        before = _record(kind, old)
        new = row_of(dataclasses.replace(before, **fields))
        is_filled = any(old[name] not in (None, "", {}, []) for name in fields)
        return self._update(pseudonym, kind, key, old, {n: new[n] for n in fields}, needs_reason=is_filled)

    def remove(self, pseudonym: str, kind: str, key: str, seen: int) -> None:
        """Take out a record; its values stay in the history, and its number is not given again.

        Raises
        ------
        Conflict, PainGeneratorError
            As :meth:`correct`; a case with records that name it, and a patient with records, stay.
        """
        old = self._seen_row(pseudonym, kind, key, seen)
        self._check_unused(pseudonym, kind, key)
        self._update(pseudonym, kind, key, old, {"removed": True}, Action.REMOVED)

    def setting(self, name: str) -> tuple[Any, int]:
        """A setting and its version; None and 0 where it was never set."""
        table = metadata().tables["setting"]
        found = self.connection.execute(table.select().where(table.c.name == name)).one_or_none()
        return (None, 0) if found is None else (found.value, found.version)

    def set_setting(self, name: str, value: Any, seen: int = 0) -> int:
        """Set what the study sets down once, such as how patients are assigned.

        Parameters
        ----------
        name : str
        value : JSON value
        seen : int
            The version that was read; 0 for a new setting.

        Returns
        -------
        int
            The version now.

        Raises
        ------
        Conflict
            It was set since.
        """
        table = metadata().tables["setting"]
        old, version = self.setting(name)
        written = 0
        if version == seen and seen:
            where = (table.c.name == name) & (table.c.version == seen)
            written = self.connection.execute(
                table.update().where(where).values(value=value, version=seen + 1)
            ).rowcount
        elif version == seen:
            self.connection.execute(table.insert().values(name=name, value=value, version=1))
            written = 1
        if not written:
            since = [one for one in changes_of(self.connection, "") if one.record_key == name and one.version > seen]
            raise Conflict(f"setting {name}", [one for one in since if one.kind == "setting"])
        action = Action.CORRECTED if seen else Action.ADDED
        self._note(action, "setting", "", name, seen + 1, {"value": old} if seen else {}, {"value": value})
        return seen + 1

    def _corrected(
        self, pseudonym: str, kind: str, old: Mapping[str, Any], values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The columns of a record after a correction, checked as a whole."""
        parsed = parsed_fields(kind, values)
        if "pseudonym" in parsed or "id" in parsed:
            raise PainGeneratorError(
                "A pseudonym and the id of a candidate stay.", "Take the record out, and add it under the right one."
            )
        record = dataclasses.replace(_record(kind, old), **parsed)
        if kind in REPEATED:
            check_record(record)
            self._check_target(pseudonym, kind, row_of(record))
        return {name: row_of(record)[name] for name in parsed}

    def _hold_patient(self, pseudonym: str) -> None:
        """Let one writer at a time add to a patient, so that numbers are given once."""
        if self._row("patient", pseudonym, "", hold=True) is None:
            raise PainGeneratorError(
                f"The registry has no patient {pseudonym!r}.",
                "Check the pseudonym: pain-generator study show lists all; study enroll adds one.",
            )

    def _check_target(self, pseudonym: str, kind: str, row: Mapping[str, Any]) -> None:
        """Refuse a case or a candidate that the patient does not have."""
        if kind not in ("discussion", "confirmation", "treatment") or not (row["candidate"] or row["case_number"]):
            return
        cases = table_of("case")
        wanted = cases.select().where((cases.c.pseudonym == pseudonym) & cases.c.removed.is_(False))
        numbers = [one.number for one in self.connection.execute(wanted)]
        number = row["case_number"]
        if number is not None and number not in numbers:
            raise PainGeneratorError(
                f"{pseudonym} has no case {number}.", f"Its cases: {', '.join(map(str, numbers)) or 'none'}."
            )
        if not row["candidate"]:
            return
        table = table_of("candidate")
        wanted = table.select().where((table.c.pseudonym == pseudonym) & table.c.removed.is_(False))
        found = [one for one in self.connection.execute(wanted) if number in (None, one.case_number)]
        same = [one for one in found if one.id == row["candidate"]]
        if not same:
            known = "; ".join(sorted({f"{one.id} {one.name}" for one in found})) or "none"
            raise PainGeneratorError(
                f"{pseudonym} has no candidate {row['candidate']!r}.", f"Its candidates: {known}."
            )
        if len(same) > 1:
            raise PainGeneratorError(
                f"Several cases of {pseudonym} have a candidate {row['candidate']}.", "Give case-number, too."
            )

    def _check_unused(self, pseudonym: str, kind: str, key: str) -> None:
        """Refuse to take out what other records rest on."""
        targeting = ("discussion", "confirmation", "treatment")
        number, _, candidate = key.partition("/")
        for other in {"patient": tuple(REPEATED), "case": targeting, "candidate": targeting}.get(kind, ()):
            table = table_of(other)
            where = (table.c.pseudonym == pseudonym) & table.c.removed.is_(False)
            for row in self.connection.execute(table.select().where(where)).mappings():
                is_of_case = kind != "patient" and row["case_number"] in (None, int(number))
                names_it = row["candidate"] == candidate if candidate else row["candidate"] or row["case_number"]
                if kind == "patient" or (is_of_case and names_it):
                    raise PainGeneratorError(
                        f"{other} {row['number']} of {pseudonym} rests on this {kind}.",
                        f"Correct or take out that {other} first; nothing was changed.",
                    )

    def _seen_row(self, pseudonym: str, kind: str, key: str, seen: int) -> dict[str, Any]:
        record_type(kind)  # refuses an unknown kind
        old = self._row(kind, pseudonym, key, hold=True, with_removed=True)
        if old is None:
            name = kind if kind == "patient" else f"{kind} {key}"
            raise PainGeneratorError(
                f"{pseudonym} has no {name}." if kind != "patient" else f"The registry has no patient {pseudonym!r}.",
                "pain-generator study show lists what is recorded.",
            )
        if old["version"] != seen or old["removed"]:
            since = [
                one
                for one in changes_of(self.connection, pseudonym)
                if (one.kind, one.record_key) == (kind, key) and one.version > seen
            ]
            raise Conflict(f"{kind} {key} of {pseudonym}".replace("  ", " "), since)
        return old

    def _row(
        self, kind: str, pseudonym: str, key: str, hold: bool = False, with_removed: bool = False
    ) -> dict[str, Any] | None:
        wanted = table_of(kind).select().where(_is_record(kind, pseudonym, key))
        found = self.connection.execute(wanted.with_for_update() if hold else wanted).mappings().one_or_none()
        return None if found is None or (found["removed"] and not with_removed) else dict(found)

    def _insert(
        self, kind: str, pseudonym: str, key: str, row: Mapping[str, Any], identity: Mapping[str, Any]
    ) -> None:
        values = {**row, **identity, "version": 1, "removed": False}
        self.connection.execute(table_of(kind).insert().values(**values))
        after = {name: json_of(value) for name, value in row.items() if name not in ("version", "number")}
        self._note(Action.ADDED, kind, pseudonym, key, 1, {}, after)

    def _update(
        self,
        pseudonym: str,
        kind: str,
        key: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        action: Action = Action.CORRECTED,
        needs_reason: bool = True,
    ) -> int:
        changed = {name: value for name, value in new.items() if old[name] != value}
        seen: int = old["version"]
        if not changed:
            return seen
        if needs_reason and not self.reason:
            raise PainGeneratorError("A correction needs a reason.", 'Give one: --reason "typing error".')
        table = table_of(kind)
        where = _is_record(kind, pseudonym, key) & (table.c.version == seen)
        written = self.connection.execute(table.update().where(where).values(**changed, version=seen + 1)).rowcount
        if not written:  # the row is held, so this cannot happen; were it to, nothing is lost
            raise Conflict(f"{kind} {key} of {pseudonym}", [])
        before = {name: json_of(old[name]) for name in changed}
        after = {name: json_of(value) for name, value in changed.items()}
        self._note(action, kind, pseudonym, key, seen + 1, before, after)
        return seen + 1

    def _note(
        self,
        action: Action,
        kind: str,
        pseudonym: str,
        key: str,
        version: int,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        change = Change(
            now_utc(), self.author, action, kind, pseudonym, key, self.reason, version, dict(before), dict(after)
        )
        self.connection.execute(metadata().tables["history"].insert().values(**_change_row(change)))


def changes_of(connection: Connection, pseudonym: str | None) -> list[Change]:
    """The changes of one patient, or all of them; oldest first."""
    table = metadata().tables["history"]
    wanted = table.select().order_by(table.c.id)
    if pseudonym is not None:
        wanted = wanted.where(table.c.pseudonym == pseudonym)
    names = [one.name for one in dataclasses.fields(Change)]
    found = []
    for row in connection.execute(wanted).mappings():
        values = {name: row[name] for name in names}
        found.append(Change(**{**values, "action": Action(values["action"])}))
    return found


def _change_row(change: Change) -> dict[str, Any]:
    return {**dataclasses.asdict(change), "action": str(change.action)}


def _content(row: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in names if name not in ("number", "version")}


def _record(kind: str, row: Mapping[str, Any]) -> Any:
    return record_of(record_type(kind), row)


def _is_record(kind: str, pseudonym: str, key: str) -> ColumnElement[bool]:
    table = table_of(kind)
    where = table.c.pseudonym == pseudonym
    if kind == "patient":
        return where
    if kind == "candidate":
        number, _, candidate = key.partition("/")
        return where & (table.c.case_number == _whole(number)) & (table.c.id == candidate)
    return where & (table.c.number == _whole(key))


def _whole(text: str) -> int:
    if not text.isdigit():
        raise PainGeneratorError(f"{text!r} is no number of a record.", "Give a whole number, such as 2.")
    return int(text)


__all__ = ("Candidate", "Writer", "changes_of")
