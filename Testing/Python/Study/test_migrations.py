"""A registry of an older version opens: a copy first, then nothing of it is lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Study import migrate
from PainGeneratorLib.Study.address import engine_of
from PainGeneratorLib.Study.registry import Registry
from PainGeneratorLib.Study.tables import LAST_VERSION, VERSION_TABLE, metadata
from sqlalchemy import text
from study_examples import day

VERSION_1 = Path(__file__).parent / "version-1"
"""Registries as version 1 left them, with two patients, as SQL."""


@pytest.fixture
def old_address(address: str) -> str:
    """A registry of version 1."""
    if address.startswith("postgresql"):
        with engine_of(address).connect() as connection:
            driver = connection.connection.driver_connection
            driver.execute((VERSION_1 / "postgresql.sql").read_text())
            driver.commit()
    else:
        with closing(sqlite3.connect(address)) as connection:
            connection.executescript((VERSION_1 / "sqlite.sql").read_text())
    return address


def test_a_registry_of_version_1_opens_with_all_that_it_held(old_address: str) -> None:
    registry = Registry.open(old_address)
    data = registry.load()
    assert data.name == "Low back, first version"
    one, two = data.patients
    assert (two.pseudonym, two.arm, two.age_years, two.strata) == ("P-002", None, 61.0, {"site": "A"})
    assert one.cases[0].candidates[0].measures == {"suv_max": 3.7}
    assert (one.follow_ups[0].nrs_back, one.follow_ups[0].version) == (6.0, 2)
    assert [one.number for one in one.discussions] == [1, 2, 3]
    said = {c.number: (c.date, c.kind, c.outcome, c.candidate, c.relief_percent) for c in one.confirmations}
    assert said == {
        1: (day(8), "block", "positive", "PG-01", 80.0),
        2: (day(8), "aspiration", "unclear", "", None),
    }
    changes = registry.history("P-001")
    assert "B. Doctor" in [change.author for change in changes]
    assert [change.reason for change in changes[-2:]] == ["Moved out of discussion 1.", "Moved out of discussion 3."]
    registry.correct("P-001", "confirmation", "1", {"note": "right side"}, "A", "asked again", 1)


def test_a_copy_of_the_old_registry_is_kept_and_named(old_address: str) -> None:
    registry = Registry.open(old_address)
    assert "from version 1 to 2" in registry.updated
    copy = registry.updated.rpartition(": ")[2]
    question = "SELECT confirmation_outcome FROM {}discussion ORDER BY number"
    if old_address.startswith("postgresql"):
        with registry.engine.connect() as connection:
            found = connection.execute(text(question.format(f'"{copy}".'))).all()
    else:
        with closing(sqlite3.connect(copy)) as connection:
            found = connection.execute(question.format("")).fetchall()
    assert [tuple(row) for row in found] == [("positive",), (None,), (None,)]
    assert Registry.open(old_address).updated == "", "it is brought up once"


def test_an_update_that_fails_changes_nothing(old_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from PainGeneratorLib.Study import registry as module

    def half(connection: object) -> None:
        migrate.upgrade(connection)
        raise PainGeneratorError("The disk is full.", "Make room.")

    with monkeypatch.context() as patch:
        patch.setattr(module, "upgrade", half)
        with pytest.raises(PainGeneratorError, match="disk is full"):
            Registry.open(old_address)
    with engine_of(old_address).connect() as connection:
        assert migrate.version_of(connection) == "0001"
    assert len(Registry.open(old_address).load().patients) == 2


def test_without_a_copy_nothing_is_updated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "study.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((VERSION_1 / "sqlite.sql").read_text())
    before = path.read_bytes()

    def full(*_words: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(migrate.os, "open", full)
        with pytest.raises(PainGeneratorError, match="No copy of"):
            Registry.open(str(path))
    assert path.read_bytes() == before


def test_a_registry_of_a_later_version_is_left_alone(registry: Registry) -> None:
    with registry.engine.connect() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9001'"))
        connection.commit()
    with pytest.raises(PainGeneratorError, match="later version"):
        Registry.open(registry.address)


def test_the_migrations_make_the_tables_that_the_program_uses(registry: Registry) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with registry.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, metadata()) == []
        assert migrate.version_of(connection) == LAST_VERSION


def test_an_updated_registry_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript((VERSION_1 / "sqlite.sql").read_text())
    Registry.open(str(old))
    Registry.create(str(new), "Low back", "A")
    tables = {}
    for path in (old, new):
        with closing(sqlite3.connect(path)) as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            tables[path.name] = {
                name: sorted(row[1] for row in connection.execute(f"SELECT * FROM pragma_table_info('{name}')"))
                for name in names
            }
    assert tables["old.sqlite"] == tables["new.sqlite"]
