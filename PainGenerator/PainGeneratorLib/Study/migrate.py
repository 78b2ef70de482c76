"""Bring the tables of a registry to the version of this program; a copy of an older one is made first."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ..Numerics.core.errors import PainGeneratorError
from .tables import LAST_VERSION, VERSION_TABLE

if TYPE_CHECKING:
    from sqlalchemy import Connection

LOCK = 7021466
"""Number of the lock that PostgreSQL holds while the tables of a registry are changed; any number of our own does."""


def version_of(connection: Connection) -> str | None:
    """The version of the tables; None where there is no registry.

    Parameters
    ----------
    connection : Connection
    """
    from sqlalchemy import inspect, text

    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()


def check_version(version: str | None, address: str) -> str:
    """Refuse what is no registry, and one of a later program.

    Raises
    ------
    PainGeneratorError
    """
    if version is None:
        raise PainGeneratorError(
            f"{address} holds no registry of a study.", f"Make one: pain-generator study init {address} --name NAME."
        )
    if not version.isdigit() or version > LAST_VERSION:
        raise PainGeneratorError(
            f"{address} was written by a later version of PainGenerator (tables {version}, here {LAST_VERSION}).",
            "Update PainGenerator on this computer; nothing was changed.",
        )
    return version


def upgrade(connection: Connection, to: str = LAST_VERSION) -> None:
    """Run the steps that are missing, within the transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def lock(connection: Connection) -> None:
    """Keep others from changing the tables until the transaction ends; SQLite's writer has locked the file already."""
    from sqlalchemy import text

    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))


def copy_before(connection: Connection, address: str, version: str) -> str:
    """Keep a copy of a registry as it is: a file beside it, or a schema in the same database.

    Parameters
    ----------
    connection : Connection
        In the transaction that will change the tables; nobody else writes.
    address : str
    version : str
        That of the tables.

    Returns
    -------
    str
        Path of the file, or name of the schema.
    """
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S")
    if connection.dialect.name == "postgresql":
        return _copy_schema(connection, f"registry_before_{version}_{stamp.lower()}")
    return str(_copy_file(Path(address), f"version-{version}-{stamp}"))


def _copy_file(path: Path, word: str) -> Path:
    import sqlite3

    target = None
    try:
        target = _new_name(path, word)
        # A second reader of the file: the writer holds the lock, but has not written yet.
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            is_whole = copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if not is_whole:
            raise OSError("what was written is damaged")
    except (OSError, sqlite3.Error) as error:
        if target is not None:
            target.unlink(missing_ok=True)
        raise PainGeneratorError(
            f"No copy of {path} could be made before its update: {error}.",
            "Make room, or get the right to write into its folder; nothing was changed.",
        ) from error
    return target


def _new_name(path: Path, word: str) -> Path:
    """An empty file beside another one, under a name that nothing has yet."""
    for number in itertools.count(1):
        more = "" if number == 1 else f"-{number}"
        target = path.with_name(f"{path.stem}.{word}{more}{path.suffix}")
        with contextlib.suppress(FileExistsError):
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            break
    return target


def _copy_schema(connection: Connection, schema: str) -> str:
    from sqlalchemy import inspect, text

    connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    for name in inspect(connection).get_table_names():
        connection.execute(text(f'CREATE TABLE "{schema}"."{name}" AS TABLE "{name}"'))
    return schema
