"""The tables of a registry, made from the records, so that a field has one home.

Every kind of record has a table with one row for each record as it is now. ``history`` holds every change, and the
database itself refuses to change or delete its rows (see the migrations). The migrations make the tables; a test holds
them against these.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from .record_fields import fields_of
from .records import REPEATED, Candidate, Patient

if TYPE_CHECKING:
    from sqlalchemy import Column, MetaData, Table

VERSION_TABLE = "registry_version"
"""The table in which Alembic notes the version of the tables."""
LAST_VERSION = "0002"
"""The version of the tables that this program writes."""
TABLE_NAMES = {"follow-up": "follow_up", "case": "imaging_case"}
"""Names of tables that differ from the kind of record: ``case`` is a word of SQL."""


def table_name(kind: str) -> str:
    """The table of a kind of record."""
    return TABLE_NAMES.get(kind, kind)


@functools.cache
def metadata() -> MetaData:
    """All tables."""
    from sqlalchemy import JSON, Column, ForeignKeyConstraint, Integer, MetaData, Table, Text

    found = MetaData()
    Table("patient", found, Column("pseudonym", Text, primary_key=True), *_columns(Patient, {"pseudonym"}))
    for kind, (record_type, _place) in REPEATED.items():
        Table(
            table_name(kind),
            found,
            Column("pseudonym", Text, primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            *_columns(record_type, {"number"}),
            ForeignKeyConstraint(["pseudonym"], ["patient.pseudonym"], name=f"{table_name(kind)}_patient"),
        )
    Table(
        "candidate",
        found,
        Column("pseudonym", Text, primary_key=True),
        Column("case_number", Integer, primary_key=True, autoincrement=False),
        Column("id", Text, primary_key=True),
        *_columns(Candidate, {"id"}),
        ForeignKeyConstraint(
            ["pseudonym", "case_number"], ["imaging_case.pseudonym", "imaging_case.number"], name="candidate_case"
        ),
    )
    Table(
        "setting",
        found,
        Column("name", Text, primary_key=True),
        Column("value", JSON, nullable=False),
        Column("version", Integer, nullable=False),
    )
    Table("history", found, *history_columns())
    return found


def history_columns() -> list[Column[Any]]:
    """The columns of the table of changes; see :class:`.history.Change`."""
    from sqlalchemy import JSON, Column, Integer, Text

    needed = ("time", "author", "action", "kind", "pseudonym", "record_key", "reason")
    return [
        Column("id", Integer, primary_key=True),
        *(Column(name, Text, nullable=False) for name in needed),
        Column("version", Integer, nullable=False),
        Column("before", JSON, nullable=False),
        Column("after", JSON, nullable=False),
    ]


def table_of(kind: str) -> Table:
    """The table of a kind of record, as SQLAlchemy's object."""
    return metadata().tables[table_name(kind)]


def _columns(record_type: type, without: set[str]) -> list[Column[Any]]:
    """A column for each field, with one more that says whether the record was taken out."""
    from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, Text

    types: dict[str, Any] = {
        "date": Date, "text": Text, "word": Text, "whole": Integer, "number": Float, "yes-no": Boolean, "table": JSON,
        "list": JSON, "reading": JSON(none_as_null=True),
    }  # fmt: skip
    found: list[Column[Any]] = [
        Column(info.name, types[info.type], nullable=info.may_be_none)
        for info in fields_of(record_type).values()
        if info.name not in without and info.type != "records"
    ]
    return [*found, Column("removed", Boolean, nullable=False)]
