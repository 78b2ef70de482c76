"""Records as rows of tables and as values of JSON, and back."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from ..Numerics.core.words import Status
from .record_fields import fields_of
from .records import REPEATED, Candidate, Patient, Reading


def row_of(record: Any) -> dict[str, Any]:
    """The columns of a record: plain text for words, lists and dicts for what becomes JSON; no records inside."""
    return {
        info.name: _stored(getattr(record, info.name))
        for info in fields_of(record.__class__).values()
        if info.type != "records"
    }


def _stored(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, Reading):
        return {name: str(one) for name, one in dataclasses.asdict(value).items()}
    if isinstance(value, Mapping):
        return {str(name): _stored(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_stored(one) for one in value]
    return value


def json_of(value: Any) -> Any:
    """A value of a row as JSON holds it: a date as text."""
    return value.isoformat() if isinstance(value, datetime.date) else value


def record_of(record_type: type, row: Mapping[str, Any], **inside: Any) -> Any:
    """The record of a row; ``inside`` are the records that it holds."""
    values = {}
    for info in fields_of(record_type).values():
        if info.type == "records":
            continue
        value = row[info.name]
        if value is not None:
            if info.words is not None:
                value = info.words(value)
            elif info.type == "list":
                value = tuple(value)
            elif info.type == "reading":
                value = Reading(value["reader"], Status(value["status"]), value["time"])
        values[info.name] = value
    return record_type(**values, **inside)


def patients_of(rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> tuple[Patient, ...]:
    """All patients with their records.

    Parameters
    ----------
    rows : mapping of str to rows
        By kind of record; rows that were taken out are left out already.
    """
    candidates: dict[tuple[str, int], list[Candidate]] = {}
    for row in rows["candidate"]:
        candidates.setdefault((row["pseudonym"], row["case_number"]), []).append(record_of(Candidate, row))
    inside: dict[str, dict[str, list[Any]]] = {}
    for kind, (record_type, place) in REPEATED.items():
        for row in rows[kind]:
            more: dict[str, Any] = {}
            if kind == "case":
                found = candidates.get((row["pseudonym"], row["number"]), [])
                more["candidates"] = tuple(sorted(found, key=lambda one: (one.rank is None, one.rank, one.id)))
            records = inside.setdefault(row["pseudonym"], {}).setdefault(place, [])
            records.append(record_of(record_type, row, **more))
    return tuple(
        record_of(Patient, row, **_ordered(inside.get(row["pseudonym"], {})))
        for row in sorted(rows["patient"], key=lambda row: str(row["pseudonym"]))
    )


def _ordered(inside: Mapping[str, list[Any]]) -> dict[str, tuple[Any, ...]]:
    def key(record: Any) -> tuple[Any, ...]:
        date = getattr(record, "date", None) or getattr(record, "scan_date", None)
        return (date is not None, date or datetime.date.min, record.number)

    return {place: tuple(sorted(records, key=key)) for place, records in inside.items()}
