"""The report of a fault of this program: enough to mend it, and nothing of a patient.

Messages of errors can hold names, paths and values, so none is written. The lines of code on the way to the fault, the
kinds of the errors, the names of the options and the versions say nothing of a case.
"""

from __future__ import annotations

import contextlib
import datetime
import linecache
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

from ..Numerics.core.version import VERSION

LIBRARIES = ("numpy", "scipy", "SimpleITK", "pydicom", "highdicom", "slicer-core", "pillow", "rich")
"""Packages whose versions are written."""
FRAME_LIMIT = 60
"""The most lines of code of one error that are written; the last ones. Our estimate: deeper ones repeat each other."""
CRASH_LINE = re.compile(r'\s*File "(.+)", line (\d+) in (\S+)')
"""A line of what faulthandler writes (https://docs.python.org/3/library/faulthandler.html)."""
PACKAGE_PARENT = Path(__file__).resolve().parents[2]
"""Folder of the package; paths in the report begin below it."""


def write_fault_report(what: Iterable[str], words: Iterable[str]) -> Path | None:
    """Write a report.

    Parameters
    ----------
    what : iterable of str
        Lines of :func:`error_lines` or :func:`crash_lines`.
    words : iterable of str
        Words of the command line; only the command and the names of its options are written.

    Returns
    -------
    Path or None
        The file; None when it could be written nowhere.
    """
    moment = datetime.datetime.now()
    lines = [
        "Fault report of PainGenerator. It holds no names, paths or values of a case.",
        "",
        f"Version: {VERSION}",
        f"Python: {platform.python_version()} ({platform.system()} {platform.machine()})",
        f"Libraries: {', '.join(_versions())}",
        f"Command: {' '.join(_without_values(words))}",
        f"Day: {moment:%Y-%m-%d}",
        "",
        *what,
    ]
    text = "\n".join(lines) + "\n"
    for folder in _folders():
        path = folder / f"fault-{moment:%Y%m%d-%H%M%S}-{os.getpid()}.txt"
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return path
    return None


def _folders() -> Iterator[Path]:
    """Where the report can lie: the folder of the user for such files, else that for temporary files."""
    state = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(state):
        yield Path(state) / "pain-generator"
    else:
        with contextlib.suppress(RuntimeError):
            yield Path.home() / ".local" / "state" / "pain-generator"
    # The temporary folder of the command itself is removed at its end.
    place = Path(tempfile.gettempdir())
    yield place.parent if place.name.startswith("pain-generator-") else place


def _versions() -> Iterator[str]:
    from importlib import metadata

    for name in LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield f"{name} {metadata.version(name)}"


def _without_values(words: Iterable[str]) -> list[str]:
    """The command and the names of options, each known to the program."""
    from .arguments import known_words

    known = known_words()
    return [word.partition("=")[0] for word in words if word.partition("=")[0] in known]


def error_lines(error: BaseException | None) -> list[str]:
    """Kinds and lines of code of an error and of those that led to it, the first one first."""
    parts: list[list[str]] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
        number = f" (error number {error.errno})" if isinstance(error, OSError) and error.errno else ""
        parts.append([*_code_lines(error.__traceback__), f"{kind}{number}", ""])
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return [line for part in reversed(parts) for line in part]


def _code_lines(traceback: TracebackType | None) -> list[str]:
    lines = []
    while traceback is not None:
        code, number = traceback.tb_frame.f_code, traceback.tb_lineno
        source = linecache.getline(code.co_filename, number).strip()
        lines.append(f"{short_path(code.co_filename)}:{number} {code.co_name}: {source}")
        traceback = traceback.tb_next
    return lines[-FRAME_LIMIT:]


def crash_lines(number: int, text: str) -> list[str]:
    """Where a compiled library crashed, from what faulthandler wrote.

    Parameters
    ----------
    number : int
        The signal.
    text : str
        What faulthandler wrote.
    """
    found = [CRASH_LINE.match(line) for line in text.splitlines()]
    lines = [f"{short_path(one[1])}:{one[2]} {one[3]}" for one in found if one is not None]
    return [f"A compiled library ended the program: signal {number}.", *lines[:FRAME_LIMIT]]


def short_path(name: str) -> str:
    """A path of code without the folders of the user: from the package or library on."""
    path = Path(name)
    if path.is_absolute() and path.is_relative_to(PACKAGE_PARENT):
        return path.relative_to(PACKAGE_PARENT).as_posix()
    for part in ("site-packages", f"python{sys.version_info.major}.{sys.version_info.minor}"):
        if part in path.parts:
            at = len(path.parts) - 1 - path.parts[::-1].index(part)
            return "/".join(path.parts[at + 1 :])
    return path.name
