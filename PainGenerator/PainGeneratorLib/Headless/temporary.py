"""A temporary folder for all that libraries put aside during a command; it may hold images and names.

It is removed at the end, however that comes. What a kill of all our processes left is removed by the next command.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from pathlib import Path

from ..Report.leftovers import Mark, is_left

PREFIX = "pain-generator-"
"""Begin of the name of a temporary folder."""

_marks: dict[Path, Mark] = {}
"""The marks of the folders of this process, which hold a lock as long as the process is there."""


def temporary_folder() -> Path | None:
    """Make a temporary folder of this command, and remove those that ended commands left; None where it cannot be."""
    try:
        place = Path(tempfile.gettempdir())
        _tidy(place)
        folder = place / f"{PREFIX}{uuid.uuid4().hex}"
        folder.mkdir(mode=0o700)
        _marks[folder] = Mark(folder)
    except OSError:
        return None
    return folder


def remove_folder(folder: Path | None) -> None:
    """Remove a temporary folder."""
    import shutil

    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
        _marks.pop(folder).let_go()


def _tidy(place: Path) -> None:
    """Remove the folders that are surely ours and left."""
    import shutil

    for name in os.listdir(place):
        folder = place / name
        if name.startswith(PREFIX):
            with contextlib.suppress(OSError):
                if folder.lstat().st_uid == os.getuid() and is_left(folder):
                    shutil.rmtree(folder, ignore_errors=True)
