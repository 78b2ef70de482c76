"""Where a registry is: a file of SQLite, or a database of a PostgreSQL server.

The password of a server is never part of an address: it would stand in the history of the shell and in the list of
processes. libpq, which psycopg uses, takes it from ``PGPASSWORD`` or from the file ``PGPASSFILE`` (``~/.pgpass``).
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..Numerics.core.errors import PainGeneratorError
from .packages import require_database_packages

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

SERVER_BEGINS = ("postgresql://", "postgres://")
WAIT_SECONDS = 20
"""How long one writer waits for another one, and for a server to answer. Our estimate: a record is written in less
than a second."""
WRITES = "registry_writes"
"""The execution option of a connection that will write."""


def is_server(address: str) -> bool:
    """Whether an address names a PostgreSQL server; any other text is the path of a file."""
    return address.startswith(SERVER_BEGINS)


def engine_of(address: str) -> Engine:
    """The engine of SQLAlchemy for an address; nothing is opened yet.

    Parameters
    ----------
    address : str
        A path, or ``postgresql://user@host:5432/database``.

    Raises
    ------
    PainGeneratorError
        The address holds a password or cannot be read, or a package is missing.
    """
    require_database_packages(is_server(address))
    return _server_engine(address) if is_server(address) else _file_engine(Path(address))


def shown_address(address: str) -> str:
    """An address for messages."""
    return address if is_server(address) else str(Path(address))


def _file_engine(path: Path) -> Engine:
    from sqlalchemy import URL, create_engine, event
    from sqlalchemy.pool import NullPool

    engine = create_engine(
        URL.create("sqlite", database=str(path.absolute())),
        connect_args={"timeout": WAIT_SECONDS},
        poolclass=NullPool,  # a file that is closed can be copied and moved
    )

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves: sqlite3 leaves DDL out of them
        # The rollback journal is safe on network drives, where the write-ahead log is not
        # (https://www.sqlite.org/wal.html), and leaves one file only.
        for pragma in ("foreign_keys = ON", "journal_mode = DELETE", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Connection) -> None:
        # A writer takes the lock before it reads, so two writers never both believe that they are first.
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _server_engine(address: str) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError
    from sqlalchemy.pool import NullPool

    begin = next(one for one in SERVER_BEGINS if address.startswith(one))
    try:
        url = make_url("postgresql+psycopg://" + address.removeprefix(begin))
    except (ArgumentError, ValueError) as error:
        raise PainGeneratorError(
            "The address of the registry cannot be read.", "Write it as postgresql://user@host:5432/database."
        ) from error
    if url.password is not None or "password" in url.query:
        raise PainGeneratorError(
            "The address of the registry holds a password.",
            "Leave it out, and give it in the file ~/.pgpass (chmod 600) or in the environment variable PGPASSWORD; "
            "change the password when others may have seen it.",
        )
    if not url.database:
        raise PainGeneratorError(
            "The address of the registry names no database.", "Write it as postgresql://user@host:5432/database."
        )
    options: dict[str, Any] = {"connect_timeout": WAIT_SECONDS, "options": f"-c lock_timeout={WAIT_SECONDS}s"}
    if not ({"sslmode", "host"} & set(url.query)) and "PGSSLMODE" not in os.environ and not _is_here(url.host):
        options["sslmode"] = "require"  # pseudonyms and scores do not cross a network in the clear
    return create_engine(url, connect_args=options, poolclass=NullPool)


def _is_here(host: str | None) -> bool:
    """Whether a host is this computer."""
    if not host or host == "localhost" or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def with_clear_errors(address: str, work: Callable[[], Any]) -> Any:
    """Do some work on a database; what the database refuses becomes an error that says what to do.

    Raises
    ------
    PainGeneratorError
    """
    from sqlalchemy.exc import DatabaseError, OperationalError

    try:
        return work()
    except OperationalError as error:
        raise _unreachable(address, str(error.orig)) from error
    except DatabaseError as error:
        if "file is not a database" in str(error.orig):
            raise PainGeneratorError(
                f"{address} is no registry of a study.", "Name the file of the registry."
            ) from error
        raise


def _unreachable(address: str, said: str) -> PainGeneratorError:
    first = said.strip().splitlines()[0] if said.strip() else "no reason given"
    if "is locked" in first or "lock timeout" in first:
        return PainGeneratorError(
            f"{shown_address(address)} is in use: another writer did not end within {WAIT_SECONDS} s.",
            "Try again; nothing was written.",
        )
    if is_server(address):
        advice = "Check that the server runs, and host, port, user and database; the password comes from ~/.pgpass."
    else:
        advice = "Check the path, and that you may write the file and its folder; nothing was written."
    return PainGeneratorError(f"{shown_address(address)} cannot be used: {first}.", advice)
