"""Put new results in the place of old ones, and keep what is not ours.

There are two ways. Usually the whole folder is exchanged, by two renames. A folder that cannot be renamed (a mount
point, or one in a folder that may not be changed) is filled file by file; what fails half way is taken back.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from .written_files import LIST_FILE, MARK_FILE, files_below, sort_out, storable

KEPT_NAME = "{stem}.kept{number}{ending}"
"""Name of a file that was kept although the new results have a file of the same name."""


def is_fixed(folder: Path) -> bool:
    """True when a folder cannot be renamed: a mount point, or one whose parent may not be changed."""
    return os.path.ismount(folder) or not os.access(folder.parent, os.W_OK | os.X_OK)


def keep_from(old: Path, new: Path) -> list[str]:
    """Move all that is not ours from an old folder into the new one, and delete the old one.

    Parameters
    ----------
    old, new : Path
        On one disk.

    Returns
    -------
    list of str
        What was kept, with the new name where that had to be another.

    Raises
    ------
    OSError
        Something could not be moved or deleted: it is still in the old folder.
    """
    found = sort_out(old)
    said = [_moved(old, new, name) for name in found.kept]
    # Only what is surely ours is deleted: a file that came in the meantime stays, and rmdir says so.
    for name in found.ours:
        (old / name).unlink(missing_ok=True)
    remove_empty(old)
    return said


def remove_empty(folder: Path) -> None:
    """Remove a folder and the folders in it.

    Raises
    ------
    OSError
        There is still a file in one of them.
    """
    for root, _, _ in os.walk(folder, topdown=False):
        os.rmdir(root)


def _moved(old: Path, new: Path, name: str) -> str:
    """Move one file or folder; its name, with the new one where that is another."""
    source, target = old / name, new / name
    if source.is_dir() and not source.is_symlink() and target.is_dir() and not target.is_symlink():
        for entry in sorted(os.listdir(source)):
            _moved(old, new, f"{name}/{entry}")
        os.rmdir(source)
        return storable(name)
    target = _with_parents(target)
    os.rename(source, target)
    return storable(name) if target == new / name else f"{storable(name)} (now {storable(target.name)})"


def _with_parents(target: Path) -> Path:
    """A free name for what is kept, in a folder that is there."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        # A part of the way is a file among the new results.
        return free_name(target.parent.parent / target.name)
    return free_name(target)


def free_name(path: Path) -> Path:
    """The path when nothing is there; else one beside it, as ``report.kept.txt``, that is free."""
    number = 1
    free = path
    stem, dot, ending = path.name.partition(".") if not path.name.startswith(".") else (path.name, "", "")
    while os.path.lexists(free):
        count = "" if number == 1 else f"-{number}"
        free = path.with_name(KEPT_NAME.format(stem=stem, number=count, ending=dot + ending))
        number += 1
    return free


def fill(target: Path, work: Path, aside: Path) -> list[str]:
    """Put new results into a folder that stays, file by file; all or nothing.

    Parameters
    ----------
    target : Path
        The folder with the old results.
    work : Path
        The new results; it is empty afterwards.
    aside : Path
        A folder on the same disk, for the old files until all is done; it is made and removed.

    Returns
    -------
    list of str
        What was kept, with the new name where that had to be another.

    Raises
    ------
    OSError
        A file could not be moved: all is as it was.
    """
    found = sort_out(target, leave_out=(work.name, aside.name))
    done: list[tuple[Path, Path]] = []
    said = []
    try:
        aside.mkdir(exist_ok=True)
        for name in _list_first(found.ours):
            _move(target / name, aside / name, done)
        for name in found.kept:
            free = target / name
            if _is_in_the_way(target / name, work / name):
                free = free_name(target / name)
                _move(target / name, free, done)
            said.append(storable(name) if free.name == Path(name).name else f"{storable(name)} (now {free.name})")
        for name in reversed(_list_first(list(files_below(work)))):
            if name != MARK_FILE:
                _move(work / name, target / name, done)
    except BaseException:
        _take_back(done)
        raise
    with contextlib.suppress(OSError):
        shutil.rmtree(aside)
    return said


def _list_first(names: list[str]) -> list[str]:
    """The list of the written files first: without it, a folder does not count as whole."""
    return sorted(names, key=lambda name: (name != LIST_FILE, name))


def _is_in_the_way(old: Path, new: Path) -> bool:
    """True when a new file or folder needs the place of an old one; two folders become one."""
    is_same_folder = old.is_dir() and not old.is_symlink() and new.is_dir()
    return os.path.lexists(new) and not is_same_folder


def _move(source: Path, target: Path, done: list[tuple[Path, Path]]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.rename(source, target)
    done.append((source, target))


def _take_back(done: list[tuple[Path, Path]]) -> None:
    for source, target in reversed(done):
        with contextlib.suppress(OSError):
            source.parent.mkdir(parents=True, exist_ok=True)
            os.rename(target, source)
