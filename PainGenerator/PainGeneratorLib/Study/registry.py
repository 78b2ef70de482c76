"""The registry of a study: one database, in which every change is kept.

Read all with :meth:`Registry.load`. Write within ``with registry.writing(author) as writer:``; the block is all or
nothing. A record that somebody else changed since it was read is not overwritten (:class:`.history.Conflict`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..Numerics.core.errors import PainGeneratorError
from .address import WRITES, engine_of, is_server, with_clear_errors
from .history import Action, Change
from .migrate import check_version, copy_before, lock, upgrade, version_of
from .records import REPEATED, Patient, StudyData
from .rows import patients_of
from .tables import LAST_VERSION, metadata, table_of
from .writing import Writer, changes_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

NAME = "name"
"""The setting that holds the name of the study."""


@dataclass(frozen=True)
class Registry:
    """An open registry. Use :meth:`create` or :meth:`open`.

    Parameters
    ----------
    address : str
        Path of a SQLite file, or ``postgresql://user@host:5432/database``.
    engine : Engine
    updated : str
        What to tell the user where an older version was brought up to date: the place of the copy; empty otherwise.
    """

    address: str
    engine: Engine
    updated: str = ""

    @classmethod
    def create(cls, address: str, name: str, author: str) -> Registry:
        """Make a new registry.

        Parameters
        ----------
        address : str
        name : str
            Of the study.
        author : str

        Raises
        ------
        PainGeneratorError
            There is something at this address already, or it cannot be used.
        """
        engine = engine_of(address)
        made = None if is_server(address) else _new_file(Path(address))
        try:
            with_clear_errors(address, lambda: _create(engine, address, name, author))
        except BaseException:
            if made is not None:
                made.unlink(missing_ok=True)
            raise
        return cls(address, engine)

    @classmethod
    def open(cls, address: str) -> Registry:
        """Open a registry; one of an older version is copied, then brought up to date.

        Raises
        ------
        PainGeneratorError
            There is no registry at this address, it is of a later version, or it cannot be used.
        """
        if not is_server(address) and not Path(address).is_file():
            raise PainGeneratorError(
                f"There is no registry {address}.", f"Make one: pain-generator study init {address} --name NAME."
            )
        engine = engine_of(address)
        return cls(address, engine, with_clear_errors(address, lambda: _bring_up(engine, address)))

    def load(self) -> StudyData:
        """All that is recorded, as of one moment."""

        def read() -> StudyData:
            with self._reading() as connection:
                rows = {}
                for kind in ("patient", *REPEATED, "candidate"):
                    table = table_of(kind)
                    wanted = table.select().where(table.c.removed.is_(False))
                    rows[kind] = [dict(row) for row in connection.execute(wanted).mappings()]
                settings = {row.name: row.value for row in connection.execute(metadata().tables["setting"].select())}
            name = str(settings.pop(NAME, ""))
            return StudyData(name, patients_of(rows), settings)

        found: StudyData = with_clear_errors(self.address, read)
        return found

    def patient(self, pseudonym: str) -> Patient:
        """One patient with all records.

        Raises
        ------
        PainGeneratorError
            There is none such.
        """
        found = {one.pseudonym: one for one in self.load().patients}
        if pseudonym not in found:
            raise PainGeneratorError(
                f"The registry has no patient {pseudonym!r}.",
                "Check the pseudonym: pain-generator study show lists all; study enroll adds one.",
            )
        return found[pseudonym]

    def history(self, pseudonym: str | None = None) -> list[Change]:
        """All changes, oldest first; of one patient when named."""

        def read() -> list[Change]:
            with self._reading() as connection:
                return changes_of(connection, pseudonym)

        found: list[Change] = with_clear_errors(self.address, read)
        return found

    @contextlib.contextmanager
    def writing(self, author: str, reason: str = "") -> Iterator[Writer]:
        """One transaction: all changes of the ``with`` block are stored together, or none is.

        Parameters
        ----------
        author : str
        reason : str
            Needed for a correction.

        Raises
        ------
        PainGeneratorError
            No author is given, or the database refuses.
        """
        if not author.strip():
            raise PainGeneratorError("It is not said who writes.", "Give --author NAME.")
        with contextlib.ExitStack() as stack:
            connection = with_clear_errors(self.address, lambda: stack.enter_context(_transaction(self.engine)))
            writer = Writer(connection, author.strip(), reason.strip())
            with _clear_errors(self.address):
                yield writer
                with_clear_errors(self.address, connection.commit)

    def add_patient(self, patient: Patient, author: str) -> Patient:
        """Add one patient without records; see :meth:`.writing.Writer.add_patient`."""
        with self.writing(author) as writer:
            return writer.add_patient(patient)

    def record(self, pseudonym: str, record: Any, author: str) -> Any:
        """Add one record to a patient; see :meth:`.writing.Writer.record`."""
        with self.writing(author) as writer:
            return writer.record(pseudonym, record)

    def correct(
        self, pseudonym: str, kind: str, key: str, values: Mapping[str, Any], author: str, reason: str, seen: int
    ) -> int:
        """Correct fields of one record; see :meth:`.writing.Writer.correct`."""
        with self.writing(author, reason) as writer:
            return writer.correct(pseudonym, kind, key, values, seen)

    def remove(self, pseudonym: str, kind: str, key: str, author: str, reason: str, seen: int) -> None:
        """Take out one record; see :meth:`.writing.Writer.remove`."""
        with self.writing(author, reason) as writer:
            writer.remove(pseudonym, kind, key, seen)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                # All tables as of one moment, while others write.
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection


@contextlib.contextmanager
def _clear_errors(address: str) -> Iterator[None]:
    from sqlalchemy.exc import DatabaseError

    try:
        yield
    except DatabaseError as error:
        caught = error

        def again() -> None:
            raise caught

        with_clear_errors(address, again)


@contextlib.contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        connection = connection.execution_options(**{WRITES: True})
        connection.begin()
        yield connection


def _new_file(path: Path) -> Path:
    """An empty file that only its owner can read."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as error:
        raise PainGeneratorError(f"{path} is there already.", "Give another name; nothing was changed.") from error
    except OSError as error:
        raise PainGeneratorError(
            f"{path} cannot be made: {error.strerror}.",
            "Give a path in a folder that exists, and that you may write to.",
        ) from error
    return path


def _create(engine: Engine, address: str, name: str, author: str) -> None:
    with _transaction(engine) as connection:
        lock(connection)
        if version_of(connection) is not None:
            raise PainGeneratorError(
                f"{address} holds a registry already.", "Give another database; nothing was changed."
            )
        upgrade(connection)
        Writer(connection, author, "").set_setting(NAME, name)
        connection.commit()


def _bring_up(engine: Engine, address: str) -> str:
    with engine.connect() as connection:
        if check_version(version_of(connection), address) == LAST_VERSION:
            return ""
    with _transaction(engine) as connection:
        lock(connection)
        version = check_version(version_of(connection), address)  # somebody else may have been faster
        if version == LAST_VERSION:
            return ""
        copy = copy_before(connection, address, version)
        upgrade(connection)
        connection.commit()
    return f"The registry was brought from version {int(version)} to {int(LAST_VERSION)}. A copy as it was: {copy}"


__all__ = ("Action", "Registry")
