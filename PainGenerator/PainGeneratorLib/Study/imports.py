"""What a table of records would change in a study, before it does; then all of it, or nothing.

Bad rows are set apart with their reason. A row that rests on a bad one (a follow-up of a patient whose row is bad) is
bad, too, so that what is left is whole.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from .import_plan import PLACES, BadRow, ImportPlan, Key, RecordChange
from .randomization import RANDOMIZATION
from .record_fields import check_record
from .records import REPEATED, Candidate, Case, Patient, StudyData
from .redcap_dictionary import CASE_NUMBER, COURSE, ENROLLMENT, FORMS, RECORD_ID, columns_of, event_of, kind_of_form
from .redcap_records import EVENT, INSTANCE, INSTRUMENT, NEW, Row, filled, header
from .writing import PSEUDONYM


def plan_import(study: StudyData, names: Sequence[str], rows: Iterable[Row], clears: bool = False) -> ImportPlan:
    """Compare a table with a study.

    Parameters
    ----------
    study : StudyData
        As it is.
    names : sequence of str
        Columns of the table.
    rows : iterable of Row
    clears : bool
        An empty cell empties its field. Without, it says nothing, as in REDCap.

    Returns
    -------
    ImportPlan
    """
    rows = list(rows)
    unknown = [name for name in names if name not in set(header())]
    notes = [f"These columns are none of the study's forms and are not read: {', '.join(unknown)}."] if unknown else []
    work = _Work({one.pseudonym: one for one in study.patients}, RANDOMIZATION in study.settings, clears)
    for row in rows:
        work.take(row)
    work.check_whole()
    patients = work.patients()
    return ImportPlan(
        tuple(names),
        tuple(work.changes[key] for key in work.rows if key in work.changes),
        tuple(sorted(work.bad, key=lambda one: one.row.line)),
        work.unchanged,
        tuple(notes),
        replace(study, patients=patients),
    )


class _Work:
    """The rows that were read so far."""

    def __init__(self, patients: Mapping[str, Patient], is_randomized: bool, clears: bool) -> None:
        self.now = _records(patients.values())
        self.is_randomized, self.clears = is_randomized, clears
        self.changes: dict[Key, RecordChange] = {}
        self.rows: dict[Key, Row] = {}
        self.bad: list[BadRow] = []
        self.unchanged = 0
        self.of_group: dict[tuple[str, str], list[Key]] = {}
        self.now_of_group: dict[tuple[str, str], dict[Key, Any]] = {}
        for key, record in self.now.items():
            self.now_of_group.setdefault(key[:2], {})[key] = record

    def take(self, row: Row) -> None:
        try:
            key = self._key(row)
            if key in self.rows:
                raise _bad(f"Line {self.rows[key].line} holds the same record.")
            before = self.now.get(key)
            self._check_cells(key[1], row)
            record = filled(key[1], row.cells, before, self.clears)
            if key[1] in REPEATED:
                number = key[2]
                record = replace(record, number=0 if number.startswith(NEW) else int(number))
            self._check(key, record, before)
        except PainGeneratorError as error:
            self.bad.append(BadRow(row, f"{error.reason} {error.advice}"))
            return
        self.rows[key] = row
        self.of_group.setdefault(key[:2], []).append(key)
        change = RecordChange(row.line, key, record, before)
        if before is None or change.fields:
            self.changes[key] = change
        else:
            self.unchanged += 1

    def _key(self, row: Row) -> Key:
        if row.problem:
            raise _bad(row.problem)
        pseudonym = row.cells[RECORD_ID].strip()
        if not PSEUDONYM.fullmatch(pseudonym):
            raise _bad(f"{pseudonym!r} cannot be a pseudonym.")
        instrument = row.cells.get(INSTRUMENT, "").strip()
        kind = "patient" if not instrument else kind_of_form(instrument)
        if kind is None or instrument == FORMS["patient"][0]:
            raise _bad(f"{INSTRUMENT}: {instrument!r} is no repeating form of this study.")
        event = row.cells.get(EVENT, "").strip()
        if event not in ("", event_of(kind)):
            known = f"{ENROLLMENT}, {COURSE}"
            raise _bad(f"{EVENT}: {event!r} is not the event of this form ({event_of(kind)}; all: {known}).")
        instance = row.cells.get(INSTANCE, "").strip()
        if kind == "patient":
            return pseudonym, kind, ""
        if kind == "candidate":
            number, name = row.cells.get(CASE_NUMBER, "").strip(), row.cells.get("cand_id", "").strip()
            if not number.isdecimal() or not name:
                raise _bad(f"{CASE_NUMBER} or cand_id is empty.")
            return pseudonym, kind, f"{int(number)}/{name}"
        if instance in ("", NEW):
            return pseudonym, kind, f"{NEW} {row.line}"
        if not instance.isdecimal() or int(instance) < 1:
            raise _bad(f"{INSTANCE}: {instance!r} is no number from 1.")
        return pseudonym, kind, str(int(instance))

    def _check_cells(self, kind: str, row: Row) -> None:
        """Refuse a row that fills cells of another form: it is not clear what it means."""
        own = set(cells_of_form(kind))
        foreign = [name for name, cell in row.cells.items() if cell and name in _FORM_CELLS and name not in own]
        if foreign:
            raise _bad(f"{foreign[0]} is filled, which is not in the form {FORMS[kind][0]}.")

    def _check(self, key: Key, record: Any, before: Any) -> None:
        kind = key[1]
        if kind in REPEATED:
            check_record(record)
        if before is None:
            return
        has_changes = bool(RecordChange(0, key, record, before).fields)
        if has_changes and record.version not in (0, before.version):
            raise _bad(
                f"It was changed in the registry since it was exported (version {record.version}, now "
                f"{before.version}); export again."
            )
        if kind == "patient" and self.is_randomized and record.arm != before.arm:
            raise _bad("The arm was drawn by chance and cannot be imported.")

    def check_whole(self) -> None:
        """Set apart what rests on records that are not there, until nothing more does."""
        while True:
            found = [(key, reason) for key in self.rows if (reason := self._lacks(key))]
            if not found:
                return
            for key, reason in found:
                self.bad.append(BadRow(self.rows.pop(key), reason))
                self.unchanged -= key not in self.changes
                self.changes.pop(key, None)

    def _lacks(self, key: Key) -> str:
        pseudonym, kind, name = key
        change = self.changes.get(key)
        if change is None:
            return ""
        if kind == "patient":
            is_drawn = self.is_randomized and change.before is None and change.record.arm is not None
            return "The arm is drawn by chance in this study and cannot be imported." if is_drawn else ""
        if not self._has((pseudonym, "patient", "")):
            return f"There is no patient {pseudonym}, and no row that adds one."
        if kind == "candidate":
            case = (pseudonym, "case", name.partition("/")[0])
            if not self._has(case):
                return f"{pseudonym} has no case {case[2]}."
            if change.before is None and case in self.now:
                return "A candidate can only be added together with its case."
            return ""
        same = [one for one in self._others(key) if _content(one) == _content(change.record)]
        if change.before is None and same:
            return f"The same {kind} of {pseudonym} is there already."
        return self._target_problem(key, change.record)

    def _others(self, key: Key) -> list[Any]:
        """The records of the same patient and kind that stand before this one."""
        group = key[:2]
        earlier = itertools.takewhile(lambda one: one != key, self.of_group.get(group, ()))
        known = dict(self.now_of_group.get(group, {}))
        known |= {one: self.changes[one].record for one in earlier if one in self.changes}
        known.pop(key, None)
        return list(known.values())

    def _target_problem(self, key: Key, record: Any) -> str:
        number, candidate = getattr(record, "case_number", None), getattr(record, "candidate", "")
        if number is not None and not self._has((key[0], "case", str(number))):
            return f"{key[0]} has no case {number}."
        if candidate:
            group = (key[0], "candidate")
            added = (one for one in self.of_group.get(group, ()) if one in self.changes)
            all_keys = {*self.now_of_group.get(group, ()), *added}
            names = [one[2] for one in all_keys if one[2].partition("/")[2] == candidate]
            if number is not None:
                names = [one for one in names if one.partition("/")[0] == str(number)]
            if len(names) != 1:
                return f"{key[0]} has {'no' if not names else 'more than one'} candidate {candidate}."
        return ""

    def _has(self, key: Key) -> bool:
        return key in self.now or key in self.changes

    def patients(self) -> tuple[Patient, ...]:
        """All patients as they would be; new ones and new records come last."""
        final = {**self.now}
        final |= {key: self.changes[key].record for key in self.rows if key in self.changes}
        made: dict[str, dict[str, list[Any]]] = {}
        candidates: dict[tuple[str, str], list[Candidate]] = {}
        for (pseudonym, kind, name), record in final.items():
            if kind == "candidate":
                candidates.setdefault((pseudonym, name.partition("/")[0]), []).append(record)
        for (pseudonym, kind, name), record in final.items():
            if kind in REPEATED:
                if kind == "case":
                    record = replace(record, candidates=tuple(candidates.get((pseudonym, name), ())))
                made.setdefault(pseudonym, {}).setdefault(REPEATED[kind][1], []).append(record)
        return tuple(
            replace(record, **{place: tuple(made.get(key[0], {}).get(place, ())) for place in PLACES})
            for key, record in final.items()
            if key[1] == "patient"
        )


def cells_of_form(kind: str) -> list[str]:
    """Columns of a form in the table of records."""
    return [*(column.name for column in columns_of(kind)), f"{FORMS[kind][0]}_complete"]


_FORM_CELLS = frozenset(name for name in header() if name not in (RECORD_ID, EVENT, INSTRUMENT, INSTANCE))


def _records(patients: Iterable[Patient]) -> dict[Key, Any]:
    """All records by their keys; those without a number by their place."""
    found: dict[Key, Any] = {}
    for patient in patients:
        found[patient.pseudonym, "patient", ""] = patient
        for kind, (_, place) in REPEATED.items():
            for index, record in enumerate(getattr(patient, place)):
                name = str(record.number) if record.number else f"{NEW} -{index}"
                found[patient.pseudonym, kind, name] = record
                for candidate in record.candidates if isinstance(record, Case) else ():
                    found[patient.pseudonym, "candidate", f"{record.number}/{candidate.id}"] = candidate
    return found


def _content(record: Any) -> dict[str, Any]:
    return {
        one.name: getattr(record, one.name)
        for one in fields(record)
        if one.name not in ("number", "version", "candidates")
    }


def _bad(reason: str) -> PainGeneratorError:
    return PainGeneratorError(reason, "Nothing of this row is used.")
