"""Version 2: the test of a place is a record of its own, as a place can be tested twice, or be no candidate."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

revision = "0002"
down_revision = "0001"

MIGRATOR = "update of the registry"
"""The author of the changes that this step enters into the history."""


def upgrade() -> None:
    """Make the table, move what discussions hold there, and note it in the history."""
    import sqlalchemy as sa
    from alembic import op

    op.create_table(
        "confirmation",
        sa.Column("pseudonym", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("case_number", sa.Integer),
        sa.Column("candidate", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("relief_percent", sa.Float),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["pseudonym"], ["patient.pseudonym"], name="confirmation_patient"),
    )
    _move_confirmations(op.get_bind())
    for name in ("confirmation_kind", "confirmation_date", "confirmation_outcome", "relief_percent"):
        op.drop_column("discussion", name)


def _move_confirmations(connection: Connection) -> None:
    """A row of ``confirmation`` for each discussion with one, numbered by patient in the order of the discussions."""
    import sqlalchemy as sa

    found = sa.MetaData()
    discussion, confirmation, history = (
        sa.Table(name, found, autoload_with=connection, resolve_fks=False)
        for name in ("discussion", "confirmation", "history")
    )
    wanted = sa.select(discussion).where(discussion.c.confirmation_kind.is_not(None))
    rows = connection.execute(wanted.order_by(discussion.c.pseudonym, discussion.c.number)).mappings().all()
    numbers: dict[str, int] = {}
    time = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    for row in rows:
        number = numbers[row["pseudonym"]] = numbers.get(row["pseudonym"], 0) + 1
        moved = {
            "date": row["confirmation_date"] or row["date"],
            "kind": row["confirmation_kind"],
            "outcome": row["confirmation_outcome"] or "unclear",
            "case_number": row["case_number"],
            "candidate": row["candidate"],
            "site": "" if row["candidate"] else "not said",
            "relief_percent": row["relief_percent"],
            "note": "" if row["confirmation_outcome"] else "The outcome was not recorded in version 1.",
        }
        own = {"pseudonym": row["pseudonym"], "number": number, "version": 1, "removed": row["removed"]}
        connection.execute(confirmation.insert().values(**moved, **own))
        connection.execute(
            history.insert().values(
                time=time,
                author=MIGRATOR,
                action="added",
                kind="confirmation",
                pseudonym=row["pseudonym"],
                record_key=str(number),
                reason=f"Moved out of discussion {row['number']}.",
                version=1,
                before={},
                after={**moved, "date": moved["date"].isoformat()},
            )
        )
