"""The file of a journal: lines that are on the disk before the next act, readable for their owner only.

Its name says nothing of the case. While a program writes it, the operating system holds a lock on it, which ends with
the program, however that ends: a journal without a lock was left by a crash.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Scene.case_text import from_text, to_text

NAME = "journal-{key}.jsonl"
PATTERN = "journal-*.jsonl"
KEEP_DAYS = 30
"""Journals that nobody took up for so many days are deleted (lower bound of their age). Our estimate: longer than a
reader is on leave; a case that was not missed by then was read again."""
LOCKED_BYTE = 1 << 40
"""Place in the file at which Windows locks one byte: far beyond its end, so that the lines can be read."""


class JournalFile:
    """A journal that this program writes.

    Parameters
    ----------
    folder : Path
        Made when it is not there, for the owner only.

    Raises
    ------
    OSError
        When the file cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / NAME.format(key=uuid.uuid4().hex)
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        _lock(self._file)

    def append(self, content: dict[str, Any]) -> None:
        """Write one line; it is on the disk when this returns.

        Raises
        ------
        OSError
            When it cannot be written, such as on a full disk. The lines before it stay.
        """
        line = to_text(content).encode("utf-8") + b"\n"
        end = os.fstat(self._file).st_size
        try:
            while line:
                line = line[os.write(self._file, line) :]
            os.fsync(self._file)
        except OSError:
            # Nothing is read after a line that is cut, so that its beginning must not stay.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, end)
            raise

    def delete(self) -> None:
        """End the journal: what it holds is kept elsewhere, or is not wanted."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            # Fails where other journals are, and then the folder has to stay.
            self.path.parent.rmdir()


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a journal, as far as they are whole: a crash may cut the last one, and nothing follows a cut one.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    lines: list[dict[str, Any]] = []
    for raw in path.read_bytes().split(b"\n")[:-1]:
        try:
            line = from_text(raw.decode("utf-8"))
        except (PainGeneratorError, UnicodeDecodeError):
            break
        if not isinstance(line, dict):
            break
        lines.append(line)
    return lines


def left_behind(folder: Path) -> list[Path]:
    """Journals that no program writes any more, the newest first."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.glob(PATTERN) if not is_in_use(path)]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def tidy(folder: Path, now: datetime.datetime | None = None) -> list[Path]:
    """Delete journals that were left behind long ago, and those without a whole line; returns what was deleted."""
    oldest = (now or datetime.datetime.now().astimezone()) - datetime.timedelta(days=KEEP_DAYS)
    gone = []
    for path in left_behind(folder):
        if path.stat().st_mtime < oldest.timestamp() or b"\n" not in path.read_bytes():
            path.unlink(missing_ok=True)
            gone.append(path)
    return gone


def is_in_use(path: Path) -> bool:
    """True while a program writes the journal."""
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:
        return True
    try:
        with _locked(file):
            return False
    except OSError:
        return True
    finally:
        os.close(file)


@contextlib.contextmanager
def _locked(file: int) -> Iterator[None]:
    _lock(file)
    try:
        yield
    finally:
        _unlock(file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        os.lseek(file, LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock(file: int) -> None:
        os.lseek(file, LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
