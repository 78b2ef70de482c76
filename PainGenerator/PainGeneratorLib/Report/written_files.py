"""Which files of a folder a run of this program wrote, and which are the reader's own.

Every finished folder holds a list of the files that the run wrote, with a hash of each. A later run replaces only what
is on the list and is unchanged. All else - notes, a text that was edited, other folders - is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..Numerics.core.version import VERSION

LIST_FILE = "written-files.json"
"""Name of the list of the files that a run wrote."""
MARK_FILE = ".pain-generator-run"
"""Name of the file that marks a working folder; see :mod:`.leftovers`."""
OWN_NAMES = (LIST_FILE, MARK_FILE)
"""Names of our files that stand in no list."""
SYSTEM_NAMES = frozenset(
    {".DS_Store", "Thumbs.db", "desktop.ini", "lost+found", "System Volume Information", "$RECYCLE.BIN"}
)
"""Names that operating systems put into folders by themselves. They are kept, but not worth a word."""
SOFTWARE = "PainGenerator"
"""Stands in the list, so that a file of another program with the same name is not taken for one."""
HASH_CHUNK = 1 << 20
"""Bytes of a file that are read at once for its hash."""
NAMED_LIMIT = 5
"""The most names in a sentence; further ones are counted. Our estimate of what one reads."""


@dataclass
class Sorted:
    """What lies in a folder, as names with slashes, relative to the folder.

    Parameters
    ----------
    ours : list of str
        Files that an earlier run wrote and nobody changed.
    changed : list of str
        Files that an earlier run wrote and that are others now.
    foreign : list of str
        All else; a folder that holds nothing of ours is named as a whole.
    """

    ours: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @property
    def kept(self) -> list[str]:
        """What is not ours to replace; first what keeps its name."""
        return [*self.foreign, *self.changed]


def write_list(folder: Path) -> None:
    """Write the list of all files below a folder into it.

    Raises
    ------
    OSError
    """
    names = sorted(name for name in files_below(folder) if name not in OWN_NAMES)
    content = {
        "schema": 1,
        "software": SOFTWARE,
        "software_version": VERSION,
        "note": "Files that the program wrote into this folder. --overwrite replaces these only, where unchanged.",
        "files": {storable(name): hash_of(folder / name) for name in names},
    }
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    (folder / LIST_FILE).write_text(text, encoding="utf-8")


def read_list(folder: Path) -> dict[str, str] | None:
    """Hash by name of the files that an earlier run wrote into a folder; None where there is no such list."""
    try:
        content = json.loads((folder / LIST_FILE).read_text(encoding="utf-8"))
        files = content["files"] if content["software"] == SOFTWARE else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(files, dict):
        return None
    return {name: value for name, value in files.items() if isinstance(name, str) and isinstance(value, str)}


def files_below(folder: Path) -> Iterator[str]:
    """Names of all files below a folder, relative to it, with slashes."""
    for root, _, names in os.walk(folder):
        for name in names:
            yield Path(root, name).relative_to(folder).as_posix()


def sort_out(folder: Path, leave_out: Iterable[str] = (), taken_over: Mapping[str, str] | None = None) -> Sorted:
    """Tell what of a folder an earlier run wrote.

    Parameters
    ----------
    folder : Path
    leave_out : iterable of str
        Names at the top of the folder that are not looked at.
    taken_over : mapping of str to str, optional
        Hash by name of files of a reader whose content the new results hold: as such they are ours to replace.

    Raises
    ------
    OSError
        The folder cannot be read.
    """
    return _Sorting(folder, {**(read_list(folder) or {}), **(taken_over or {})}, set(leave_out)).run()


class _Sorting:
    """One look through a folder."""

    def __init__(self, folder: Path, written: dict[str, str], leave_out: set[str]) -> None:
        self._folder, self._written, self._leave_out = folder, written, leave_out
        self._our_folders = {parent.as_posix() for name in written for parent in Path(name).parents}
        self.found = Sorted()

    def run(self) -> Sorted:
        self._look("")
        return self.found

    def _look(self, below: str) -> bool:
        """Sort the content of one folder; True when something of ours lies in it."""
        with os.scandir(self._folder / below) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
        if not entries:
            return below.rstrip("/") in self._our_folders
        foreign = []
        is_ours = False
        for entry in entries:
            name = below + entry.name
            if name in self._leave_out:
                continue
            if self._is_of_ours(entry, name):
                is_ours = True
            else:
                foreign.append(name)
        if is_ours or not below:
            self.found.foreign += foreign
        return is_ours

    def _is_of_ours(self, entry: os.DirEntry[str], name: str) -> bool:
        """Put an entry on its list when it is of ours."""
        if entry.is_dir(follow_symlinks=False):
            return self._is_folder_of_ours(Path(entry.path), name)
        if name in OWN_NAMES:
            self.found.ours.append(name)
            return True
        if storable(name) not in self._written or not entry.is_file(follow_symlinks=False):
            return False
        listed = self.found.ours if _is_unchanged(Path(entry.path), self._written[storable(name)]) else None
        (self.found.changed if listed is None else listed).append(name)
        return True

    def _is_folder_of_ours(self, path: Path, name: str) -> bool:
        try:
            return self._look(f"{name}/")
        except PermissionError:
            return False


def _is_unchanged(path: Path, listed: str) -> bool:
    """True when a file is as it was written; a file that cannot be read counts as another."""
    try:
        return hash_of(path) == listed
    except OSError:
        return False


def hash_of(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def storable(name: str) -> str:
    """A name as it stands in the list: parts that are no UTF-8 become escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def worth_saying(names: Iterable[str]) -> list[str]:
    """The names without those that operating systems made."""
    return [name for name in names if name.rpartition("/")[2] not in SYSTEM_NAMES]


def named(names: Iterable[str]) -> str:
    """Names for a sentence, the first ones only: ``a, b and 7 more``."""
    shown = [storable(name) for name in names]
    more = len(shown) - NAMED_LIMIT
    return ", ".join(shown) if more <= 0 else f"{', '.join(shown[:NAMED_LIMIT])} and {more} more"
