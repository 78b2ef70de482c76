"""Records of a study as rows of REDCap (raw export, one row for each form of a patient), and back.

Columns: ``record_id``, ``redcap_event_name``, ``redcap_repeat_instrument``, ``redcap_repeat_instance``, all fields of
the dictionary, and ``<form>_complete``. The instance is the number of the record; ``new`` stands for one that has
none yet, as in REDCap. Nothing is lost: what was written is read back as the same records. Name and settings of a
study are no records; its settings can hold the seed of the random assignment and are never written here.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.input_files import read_text_bytes
from ..Numerics.core.words import Status
from .record_fields import fields_of, parsed_value, record_type
from .records import REPEATED, Candidate, Patient, Reading, StudyData
from .redcap_dictionary import (
    FORMS,
    NOT_ANSWERED,
    RECORD_ID,
    Column,
    all_columns,
    columns_of,
    csv_text,
    event_of,
)

EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
NEW = "new"
"""The instance of a record that has no number yet."""
COMPLETE = "2"
"""REDCap's code of a form that is complete."""
DELIMITERS = ",;\t"
"""What stands between cells: Excel writes semicolons where a comma is the decimal sign."""
WIDEST_CELL = 20_000_000
"""Upper bound of a cell, characters; the hashes of the files of a case need some hundred thousand."""
_CSV_LOCK = threading.Lock()


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Parameters
    ----------
    line : int
        In the file, from 1; of its first line where a cell holds several.
    cells : mapping of str to str
    problem : str
        Why it is no row of this table; empty where it is one.
    """

    line: int
    cells: Mapping[str, str]
    problem: str = ""


def header() -> list[str]:
    """The columns of the records."""
    complete = [f"{form}_complete" for form, _ in FORMS.values()]
    return [RECORD_ID, EVENT, INSTRUMENT, INSTANCE, *all_columns(), *complete]


def rows_of(study: StudyData) -> list[dict[str, str]]:
    """All records of a study, each with the cells that it fills.

    Parameters
    ----------
    study : StudyData

    Returns
    -------
    list of dict of str to str
        By patient, then by form.
    """
    return [row for patient in study.patients for row in _rows_of_patient(patient)]


def records_csv(study: StudyData) -> str:
    """All records as the text of a file."""
    names = header()
    rows = ([row.get(name, "") for name in names] for row in rows_of(study))
    return csv_text([names, *rows])


def _rows_of_patient(patient: Patient) -> Iterator[dict[str, str]]:
    def row(kind: str, instance: str, record: Any, **more: str) -> dict[str, str]:
        form = FORMS[kind][0]
        place = {RECORD_ID: patient.pseudonym, EVENT: event_of(kind)}
        place |= {INSTRUMENT: "" if kind == "patient" else form, INSTANCE: instance}
        return {**place, **more, **cells_of(kind, record), f"{form}_complete": COMPLETE}

    yield row("patient", "", patient)
    for kind, (_type, place) in REPEATED.items():
        for record in getattr(patient, place):
            yield row(kind, str(record.number) if record.number else NEW, record)
        if kind == "case":
            instance = 0
            for case in patient.cases:
                for candidate in case.candidates:
                    instance += 1
                    yield row("candidate", str(instance), candidate, cand_case_number=str(case.number))


def cells_of(kind: str, record: Any) -> dict[str, str]:
    """The cells of one record, without place and instance."""
    found = {}
    for column in columns_of(kind):
        if column.path == ("case_number",) and isinstance(record, Candidate):
            continue
        found[column.name] = _cell(column, record)
    return found


def _cell(column: Column, record: Any) -> str:
    value = getattr(record, column.path[0])
    if column.type == "item":
        answers = value.get(column.path[1], {})
        if column.path[2] not in answers:
            return ""
        answer = answers[column.path[2]]
        return NOT_ANSWERED if answer is None else str(answer)
    if column.type == "other-items":
        return _json(_other_items(value)) if _other_items(value) else ""
    if len(column.path) == 2:
        value = None if value is None else getattr(value, column.path[1])
    if value is None or value == "" or (column.type in ("table", "list") and not value):
        return ""
    if column.choices:
        return next(code for code, word in column.choices.items() if word == value)
    if column.type == "yes-no":
        return "1" if value else "0"
    if column.type == "number":
        return repr(float(value)).removesuffix(".0")
    if column.type in ("table", "list"):
        return _json(list(value) if column.type == "list" else dict(value))
    return str(value)


def _other_items(items: Mapping[str, Mapping[str, int | None]]) -> dict[str, dict[str, int | None]]:
    """The answers for which there is no field, and questionnaires without any answer."""
    found = {}
    for name, answers in items.items():
        rest = {item: answer for item, answer in answers.items() if not _has_field(name, item, answer)}
        if rest or not answers:
            found[name] = rest
    return found


def _has_field(name: str, item: str, answer: int | None) -> bool:
    column = all_columns().get(f"fu_{name}_{item}")
    return column is not None and column.type == "item" and answer in column.choices.values()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def value_of(column: Column, text: str) -> Any:
    """The value of a cell that is not empty.

    Raises
    ------
    PainGeneratorError
        It cannot stand in this field.
    """
    if column.choices:
        plain = text.strip()
        if plain in column.choices:
            return column.choices[plain]
        for code, word in column.choices.items():
            if plain.casefold() == column.label_of(code).casefold():
                return word
        known = ", ".join(f"{code} ({column.label_of(code)})" for code in column.choices)
        raise PainGeneratorError(f"{column.name}: {text!r} is no choice.", f"Its choices are {known}.")
    if column.type == "text":
        if "\0" in text:
            raise PainGeneratorError(f"{column.name} holds a zero byte.", "Take it out.")
        return text
    if column.type == "other-items":
        return _parsed_json(column, text, dict)
    if column.type == "list":
        return tuple(str(one) for one in _parsed_json(column, text, list))
    if column.info is None:
        raise ValueError(column.name)
    try:
        return parsed_value(column.info, text)
    except PainGeneratorError as error:
        raise PainGeneratorError(f"{column.name}: {error.reason}", error.advice) from error


def _parsed_json(column: Column, text: str, wanted: type) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, wanted):
        raise PainGeneratorError(f"{column.name}: {text[:40]!r} cannot be read.", "It holds JSON; leave it as it is.")
    return value


def filled(kind: str, cells: Mapping[str, str], before: Any = None, clears: bool = False) -> Any:
    """The record of a row.

    Parameters
    ----------
    kind : str
    cells : mapping of str to str
    before : record, optional
        What is recorded now; a field without a column stays as it is, and so does one with an empty cell.
    clears : bool
        An empty cell empties its field.

    Returns
    -------
    record
        Of :mod:`.records`; a case without candidates.

    Raises
    ------
    PainGeneratorError
        A cell cannot be read, or one that is needed is empty.
    """
    values: dict[str, Any] = {}
    readings: dict[str, dict[str, str]] = {}
    items = {} if before is None else {n: dict(a) for n, a in getattr(before, "items", {}).items()}
    for column in columns_of(kind):
        if column.name not in cells or column.name == "cand_case_number":
            continue
        text, name = cells[column.name], column.path[0]
        if text == "" and not clears:
            continue
        if column.type in ("item", "other-items"):
            _fill_items(items, column, text)
        elif len(column.path) == 2:
            readings.setdefault(name, {})[column.path[1]] = "" if text == "" else value_of(column, text)
        else:
            values[name] = _empty(column) if text == "" else value_of(column, text)
    own = fields_of(record_type(kind))
    if "items" in own:
        values["items"] = items
    for name, parts in readings.items():
        values[name] = _reading(name, parts, getattr(before, name, None))
    if before is not None:
        return replace(before, **values)
    absent = [one for one in own.values() if one.is_required and one.name not in ("pseudonym", *values)]
    values |= {one.name: None for one in absent if one.may_be_none}
    needed = [one.name for one in absent if not one.may_be_none]
    if needed:
        prefix = FORMS[kind][1]
        raise PainGeneratorError(f"{prefix}_{needed[0]} is empty.", "Fill it in.")
    if kind == "patient":
        values["pseudonym"] = cells[RECORD_ID]
    return record_type(kind)(**values)


def _empty(column: Column) -> Any:
    info = column.info
    if info is None or (info.is_required and not info.may_be_none):
        raise PainGeneratorError(f"{column.name} is empty.", "Fill it in.")
    return None if info.may_be_none else {"text": "", "table": {}, "list": (), "whole": 0}[info.type]


def _fill_items(items: dict[str, dict[str, int | None]], column: Column, text: str) -> None:
    if column.type == "other-items":
        for name, answers in (value_of(column, text) if text else {}).items():
            items.setdefault(name, {}).update(answers)
    elif text:
        items.setdefault(column.path[1], {})[column.path[2]] = value_of(column, text)
    else:
        items.get(column.path[1], {}).pop(column.path[2], None)


def _reading(name: str, parts: Mapping[str, Any], before: Reading | None) -> Reading | None:
    status = parts.get("status") or (before.status if before is not None and "status" not in parts else None)
    if status is None:
        if parts.get("reader") or parts.get("time"):
            raise PainGeneratorError(f"The {name} has no status.", "Give the status that was read.")
        return None
    old = {} if before is None else {"reader": before.reader, "time": before.time}
    return Reading(parts.get("reader", old.get("reader", "")), Status(status), parts.get("time", old.get("time", "")))


def parse_table(data: bytes, name: str = "The file") -> tuple[list[str], list[Row]]:
    """Read a table of records.

    Parameters
    ----------
    data : bytes
        UTF-8, with or without Excel's byte order mark; cells between commas, semicolons or tabs.
    name : str
        Of the file, for messages.

    Returns
    -------
    header : list of str
    rows : list of Row
        Without empty lines.

    Raises
    ------
    PainGeneratorError
        It is no table of records.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PainGeneratorError(
            f"{name} is not UTF-8 text (byte {error.start}).", "In Excel, save it as 'CSV UTF-8'."
        ) from error
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    lines: list[tuple[int, list[str]]] = []
    with _wide_cells():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        start = 1
        try:
            for cells in reader:
                if any(cells):
                    lines.append((start, cells))
                start = reader.line_num + 1
        except csv.Error as error:
            raise PainGeneratorError(
                f"{name} is no table: {error} (line {reader.line_num}).", "Export it again as CSV."
            ) from error
    names = [cell.strip() for cell in lines[0][1]] if lines else []
    if RECORD_ID not in names:
        raise PainGeneratorError(
            f"{name} has no column {RECORD_ID}.", "Export the records from REDCap as CSV (raw data)."
        )
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise PainGeneratorError(f"{name} has the column {twice[0]!r} twice.", "Take one of them out.")
    return names, [_row(line, names, cells) for line, cells in lines[1:]]


def _row(line: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    problem = ""
    if len(cells) != len(names):
        problem = f"It has {len(cells)} cells, and the header has {len(names)}."
    return Row(line, dict(zip(names, cells, strict=False)), problem)


def read_table(path: Path) -> tuple[list[str], list[Row]]:
    """As :func:`parse_table`, of a file."""
    return parse_table(read_text_bytes(path, "file of records"), path.name)


@contextlib.contextmanager
def _wide_cells() -> Iterator[None]:
    with _CSV_LOCK:
        before = csv.field_size_limit(WIDEST_CELL)
        try:
            yield
        finally:
            csv.field_size_limit(before)
