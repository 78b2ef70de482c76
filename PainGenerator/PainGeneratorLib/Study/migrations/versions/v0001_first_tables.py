"""Version 1: the first tables. The test of a place stood in its discussion."""

from __future__ import annotations

revision = "0001"
down_revision = None

KEEP_SQLITE = (
    "CREATE TRIGGER history_is_not_changed BEFORE UPDATE ON history BEGIN "
    "SELECT RAISE(ABORT, 'the history of a registry is never changed'); END",
    "CREATE TRIGGER history_is_not_deleted BEFORE DELETE ON history BEGIN "
    "SELECT RAISE(ABORT, 'the history of a registry is never deleted'); END",
)
"""The database itself refuses to change the history; SQLite's way."""
KEEP_POSTGRESQL = (
    "CREATE FUNCTION history_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE EXCEPTION 'the history of a registry is never changed'; END$$",
    "CREATE TRIGGER history_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON history "
    "FOR EACH STATEMENT EXECUTE FUNCTION history_is_kept()",
)
"""The same for PostgreSQL."""


def upgrade() -> None:
    """Make the tables."""
    import sqlalchemy as sa
    from alembic import op

    def text(*names: str) -> list[sa.Column]:
        return [sa.Column(name, sa.Text, nullable=False) for name in names]

    def number(*names: str) -> list[sa.Column]:
        return [sa.Column(name, sa.Float) for name in names]

    def own() -> list[sa.Column]:
        return [sa.Column("version", sa.Integer, nullable=False), sa.Column("removed", sa.Boolean, nullable=False)]

    def key() -> list[sa.Column]:
        whole = sa.Column("number", sa.Integer, primary_key=True, autoincrement=False)
        return [sa.Column("pseudonym", sa.Text, primary_key=True), whole]

    def of_patient(name: str) -> sa.ForeignKeyConstraint:
        return sa.ForeignKeyConstraint(["pseudonym"], ["patient.pseudonym"], name=f"{name}_patient")

    def table(*names: str) -> list[sa.Column]:
        return [sa.Column(name, sa.JSON, nullable=False) for name in names]

    def date() -> sa.Column:
        return sa.Column("date", sa.Date, nullable=False)

    def target() -> list[sa.Column]:
        return [sa.Column("case_number", sa.Integer), *text("candidate")]

    op.create_table(
        "patient",
        sa.Column("pseudonym", sa.Text, primary_key=True),
        *text("group", "pain_side", "prosthesis_side", "left_reason", "note"),
        sa.Column("enrolled", sa.Date),
        sa.Column("left_date", sa.Date),
        sa.Column("arm", sa.Text),
        sa.Column("sex", sa.Text),
        *table("strata"),
        *number("age_years", "weight_kg", "height_m", "pain_months"),
        *own(),
    )
    op.create_table("visit", *key(), date(), *text("kind", "note"), *own(), of_patient("visit"))
    op.create_table(
        "imaging_case",
        *key(),
        sa.Column("scan_date", sa.Date),
        *text("group", "software_version", "created", "result_hash"),
        *table("protocol", "input_hashes", "suv_basis", "alignment"),
        *own(),
        of_patient("imaging_case"),
    )
    op.create_table(
        "candidate",
        sa.Column("pseudonym", sa.Text, primary_key=True),
        sa.Column("case_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("rank", sa.Integer),
        *text("name", "structure", "level", "evidence", "status"),
        sa.Column("side", sa.Text),
        *number("score"),
        *table("measures", "signs"),
        sa.Column("reader", sa.JSON),
        sa.Column("second_reader", sa.JSON),
        *own(),
        sa.ForeignKeyConstraint(
            ["pseudonym", "case_number"], ["imaging_case.pseudonym", "imaging_case.number"], name="candidate_case"
        ),
    )
    op.create_table(
        "discussion",
        *key(),
        date(),
        *text("physician", "decision", "note"),
        *target(),
        sa.Column("confirmation_kind", sa.Text),
        sa.Column("confirmation_date", sa.Date),
        sa.Column("confirmation_outcome", sa.Text),
        *number("relief_percent"),
        *own(),
        of_patient("discussion"),
    )
    op.create_table(
        "treatment",
        *key(),
        date(),
        *text("arm", "kind", "site", "complication", "note"),
        *target(),
        *own(),
        of_patient("treatment"),
    )
    scores = [f"{scale}_{place}" for scale in ("nrs", "vas") for place in ("back", "leg", "hip")]
    hoos = ("hoos12_pain", "hoos12_function", "hoos12_quality", "hoos12", "hoos_jr")
    op.create_table(
        "follow_up",
        *key(),
        date(),
        *text("time_point", "analgesic_source", "note"),
        *number(*scores, "odi", *hoos, "analgesic_score"),
        sa.Column("pgic", sa.Integer),
        sa.Column("injections_since", sa.Integer),
        sa.Column("analgesic_rule", sa.Text),
        sa.Column("tens", sa.Boolean),
        *table("items"),
        *own(),
        of_patient("follow_up"),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.Text, primary_key=True),
        *table("value"),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.Integer, primary_key=True),
        *text("time", "author", "action", "kind", "pseudonym", "record_key", "reason"),
        sa.Column("version", sa.Integer, nullable=False),
        *table("before", "after"),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in KEEP_SQLITE if is_sqlite else KEEP_POSTGRESQL:
        op.execute(statement)
