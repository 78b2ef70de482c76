"""A folder of results that appears complete or not at all.

The work happens in a hidden folder beside the target, on the same file system, so that the last step is a rename.
Every file is read back before that. Whatever ends the work early - a fault, a cancel, Ctrl-C, a termination signal,
a full disk - leaves nothing behind; what a kill leaves is tidied up by the next run (:mod:`.leftovers`). An old folder
is replaced as far as an earlier run wrote it, and all else in it is kept (:mod:`.written_files`, :mod:`.replacing`).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.input_files import exists
from ..Numerics.core.input_files import read_text_bytes as read_bytes
from .leftovers import Mark, tidy, work_name
from .read_back import read_back
from .replacing import fill, is_fixed, keep_from
from .target_checks import refuse_foreign, refuse_mounts, refuse_overlap, refuse_own_folders, refuse_unwritable_name
from .written_files import named, worth_saying, write_list

FULL_DISK_ERRNOS = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""Error numbers of a full disk and of an exceeded quota."""
FULL_DISK_BYTES = 1 << 20
"""Lower bound of free space: the disk is full when a writer that gives no error number (ITK, VTK) fails below it."""
CANNOT_MOVE_ERRNOS = frozenset({errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM, errno.EINVAL})
"""Error numbers of a folder that cannot be renamed although files in it can: a mount point, a layer of a container."""
ENDING_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that end the process; Windows lacks the second one."""


class OutputFolder:
    """Context manager that gives a working folder and renames it to the target at success.

    Parameters
    ----------
    path : str or Path
        The folder to make. Missing parents are made, and removed again when the work fails.
    overwrite : bool
        Replace what an earlier run wrote into an existing folder: it stays until the new results are complete. What no
        run wrote, or was changed since, is kept.
    input_folder : str or Path, optional
        The folder that is read from; the target may be neither inside it nor around it.
    needed_bytes : int
        Lower bound of the space that the results need.
    tell : callable, optional
        Told before the results are put into their place (``True``), and after that (``False``): in between, the work
        should not be ended.

    Attributes
    ----------
    path : Path
        The target, absolute, links resolved.
    warnings : list of str
        What failed although the results are complete (the old folder could not be deleted).
    notes : list of str
        What was found in the target and kept, and what earlier runs had left and was tidied up.

    Raises
    ------
    PainGeneratorError
        On entry: the target exists, is unsuitable or cannot be written. On exit: the disk is full, or a file cannot be
        read back.

    Examples
    --------
    >>> with OutputFolder("results", overwrite=True, input_folder="case") as folder:  # doctest: +SKIP
    ...     write_json(folder / "candidates.json", {"schema": 1})
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        overwrite: bool = False,
        input_folder: str | os.PathLike[str] | None = None,
        *,
        needed_bytes: int = 0,
        tell: Callable[[bool], None] = lambda is_final: None,
    ) -> None:
        self.path = Path(os.path.realpath(path))
        self.overwrite = overwrite
        self.input_folder = None if input_folder is None else Path(os.path.realpath(input_folder))
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self._needed_bytes, self._tell = needed_bytes, tell
        self._taken_over: dict[str, str] = {}
        self._work: Path | None = None
        self._mark: Mark | None = None
        self._made_parents: list[Path] = []
        self._former_handlers: dict[int, Any] = {}

    def check(self) -> None:
        """Refuse an unsuitable target. It is called on entry, and can be called earlier, before long work."""
        refuse_unwritable_name(self.path)
        if self.input_folder is not None:
            refuse_overlap(self.path, self.input_folder)
        if not os.path.lexists(self.path):
            return
        if not self.path.is_dir():
            raise PainGeneratorError(f"The output {self.path} is a file.", "Name a folder for the results.")
        if not self.overwrite:
            raise PainGeneratorError(
                f"The output folder {self.path} exists already.",
                "Choose another folder, or give --overwrite to replace what an earlier run wrote there.",
            )
        refuse_own_folders(self.path)
        refuse_foreign(self.path)
        refuse_mounts(self.path)

    def take_over(self, name: str) -> bytes | None:
        """Read a file of the reader in the target whose content the new results will hold, so that it is replaced.

        Parameters
        ----------
        name : str
            Relative to the target.

        Returns
        -------
        bytes or None
            None where there is no such file.

        Raises
        ------
        PainGeneratorError
            It is there, but cannot be read.
        """
        path = self.path / name
        if not exists(path, name):
            return None
        data = read_bytes(path, name)
        self._taken_over[name] = hashlib.sha256(data).hexdigest()
        return data

    def __enter__(self) -> Path:
        if not self._is_overlapping():
            self.notes += tidy(self.path)
        self.check()
        self._take_signals()
        try:
            self._make_parents()
            # A folder that cannot be renamed gets the working folder inside it, on the same disk.
            place = self.path if self.path.is_dir() and is_fixed(self.path) else self.path.parent
            work = place / work_name(self.path, uuid.uuid4().hex[:8], "partial")
            self._work = work
            work.mkdir()
            self._mark = Mark(work, self._made_parents)
            with contextlib.suppress(FileNotFoundError):
                os.lstat(self.path)  # refuses now a name that the file system cannot hold, not after the work
            self._require_space(work)
        except BaseException as error:
            self._discard()
            if isinstance(error, OSError):
                raise self._cannot_make(error) from error
            raise
        return work

    def _is_overlapping(self) -> bool:
        """True when nothing may be touched: the target lies in the input folder."""
        return self.input_folder is not None and self.path.is_relative_to(self.input_folder)

    def _require_space(self, work: Path) -> None:
        free = shutil.disk_usage(work).free
        if free < self._needed_bytes:
            raise PainGeneratorError(
                f"The disk of {self.path.parent} has {free / 1e6:.0f} MB left; the results need about "
                f"{self._needed_bytes / 1e6:.0f} MB.",
                "Free some space there, or choose a folder on another disk.",
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        is_published = False
        try:
            if error is None and self._work is not None:
                self._publish(self._work)
                is_published = True
        except BaseException as late:
            self._raise_if_full(late)
            raise
        else:
            if error is not None:
                self._raise_if_full(error)
        finally:
            self._discard(keep_parents=is_published)

    def _publish(self, work: Path) -> None:
        """Read all files back, force them to disk and put the new results in the place of the old ones."""
        read_back(work)
        write_list(work)
        sync_tree(work)
        self._tell(True)
        try:
            self._take_place(work)
        finally:
            self._tell(False)

    def _take_place(self, work: Path) -> None:
        if os.path.lexists(self.path):
            if not self.overwrite:
                self.check()  # it appeared in the meantime
            refuse_mounts(self.path)
            self._replace(work)
        else:
            os.rename(work, self.path)
        if self._mark is not None:
            self._mark.remove(self.path)
            self._mark = None
        _sync_folder(self.path.parent)

    def _replace(self, work: Path) -> None:
        aside = work.with_suffix(".replaced")
        if work.parent == self.path or not self._exchange(work, aside):
            self._fill(work, aside)
            return
        try:
            self._say_kept(keep_from(aside, self.path, self._taken_over))
        except OSError as error:
            self.warnings.append(f"The former results could not be deleted from {aside}: {error.strerror}.")

    def _exchange(self, work: Path, aside: Path) -> bool:
        """Rename the old folder and then the new one; False when the old one cannot be renamed."""
        mark = Mark(self.path)
        try:
            try:
                os.rename(self.path, aside)
            except OSError as error:
                mark.remove(self.path)
                if error.errno in CANNOT_MOVE_ERRNOS:
                    return False
                raise
            os.rename(work, self.path)
        except BaseException:
            if aside.exists() and not self.path.exists():
                os.rename(aside, self.path)
                mark.remove(self.path)
            raise
        finally:
            mark.let_go()
        return True

    def _fill(self, work: Path, aside: Path) -> None:
        """Put the new results into the old folder, file by file."""
        aside.mkdir()
        mark = Mark(aside)
        try:
            self._say_kept(fill(self.path, work, aside, self._taken_over))
        finally:
            mark.remove(aside)
            with contextlib.suppress(OSError):
                aside.rmdir()

    def _say_kept(self, kept: list[str]) -> None:
        names = worth_saying(kept)
        if names:
            self.notes.append(f"Kept in {self.path}, as no run wrote it or it was changed since: {named(names)}.")

    def _raise_if_full(self, error: BaseException) -> None:
        """Raise the error of a full disk in place of one that a full disk has caused.

        Raises
        ------
        PainGeneratorError
        """
        if isinstance(error, Exception) and not isinstance(error, PainGeneratorError) and self._is_full(error):
            raise self._full() from error

    def _is_full(self, error: Exception) -> bool:
        """True when a full disk caused an error; writers that give no error number are judged by the free space."""
        if any(isinstance(e, OSError) and e.errno in FULL_DISK_ERRNOS for e in _chain(error)):
            return True
        if isinstance(error, OSError | RuntimeError):
            with contextlib.suppress(OSError):
                return shutil.disk_usage(self.path.parent).free < FULL_DISK_BYTES
        return False

    def _full(self) -> PainGeneratorError:
        return PainGeneratorError(
            f"The disk is full: the results do not fit into {self.path.parent}.",
            "Free some space there, or choose a folder on another disk.",
        )

    def _cannot_make(self, error: OSError) -> PainGeneratorError:
        if error.errno in FULL_DISK_ERRNOS:
            return self._full()
        return PainGeneratorError(
            f"The output folder {self.path} cannot be made: {error.strerror or error}.",
            "Choose a folder that you may write to.",
        )

    def _make_parents(self) -> None:
        missing = []
        parent = self.path.parent
        while not parent.exists():
            missing.append(parent)
            parent = parent.parent
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            self._made_parents.append(folder)

    def _discard(self, keep_parents: bool = False) -> None:
        """Remove what is left of the working folder, and set the former signal handlers again."""
        if self._mark is not None:
            self._mark.let_go()
            self._mark = None
        if self._work is not None:
            shutil.rmtree(self._work, ignore_errors=True)
            self._work = None
        if not keep_parents:
            for folder in reversed(self._made_parents):
                with contextlib.suppress(OSError):
                    folder.rmdir()
        self._made_parents = []
        while self._former_handlers:
            number, handler = self._former_handlers.popitem()
            signal.signal(number, handler)

    def _take_signals(self) -> None:
        """Let a termination signal unwind the stack, so that the working folder is removed."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in ENDING_SIGNALS:
            former = signal.getsignal(number)
            # A handler that was set outside Python (None) could not be set again; an ignored signal stays ignored.
            if former is not None and former is not signal.SIG_IGN:
                self._former_handlers[number] = former
                signal.signal(number, _exit_on_signal)


def sync_tree(folder: Path) -> None:
    """Force every file below a folder, and the folders themselves, to disk.

    Raises
    ------
    OSError
        With ENOSPC where a file system reports a full disk only now.
    """
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            if not os.path.islink(path):
                with open(path, "r+b") as file:
                    os.fsync(file.fileno())
        _sync_folder(Path(root))


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file so that its name holds either the old or the whole new content."""
    path = Path(path)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        with open(partial, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a UTF-8 file, atomically, with the line ends as they are.

    Parts of file names that are no UTF-8, which Python keeps as lone surrogates, are written as escapes (``\\udcfc``).
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: str | os.PathLike[str], data: Any) -> None:
    """Write JSON (UTF-8, indent 2, a line end at the end), atomically.

    numpy numbers and arrays, paths, tuples and sets are understood.

    Raises
    ------
    ValueError
        For NaN or infinity: a value that is not known is written as null by its owner.
    """
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a folder, and keeps its directory entries itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exit_on_signal(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
