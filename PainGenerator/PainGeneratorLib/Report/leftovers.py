"""What a run leaves when it is ended so suddenly that it cannot clean up, and how the next one tidies it up.

A working folder holds a marking file on which the operating system keeps a lock while the run works. The lock ends
with the program, however that ends. So a marked folder without a lock is surely ours and surely left; it may hold
names of patients, and the next run with the same output removes it. What is not marked is only named.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .replacing import keep_from, remove_empty
from .written_files import LIST_FILE, MARK_FILE, hash_of, named, read_list

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows, where a folder with an open file cannot be renamed
    fcntl = None

WORK_NAME_LETTERS = 40
"""Upper bound of the letters of the target's name in the name of the working folder, so that a long name fits, too."""


class Mark:
    """The marking file of a folder in which this program works.

    Parameters
    ----------
    folder : Path
    made : iterable of Path
        Folders that were made for the run, to be removed again if it leaves nothing.

    Raises
    ------
    OSError
        The file cannot be made.
    """

    def __init__(self, folder: Path, made: Iterable[Path] = ()) -> None:
        self._file = os.open(folder / MARK_FILE, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        if fcntl is not None:
            # Without locks (some network drives), the folder is named by the next run, but not removed.
            with contextlib.suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        content = {"process": os.getpid(), **_computer(), "made": [os.fsencode(path).hex() for path in made]}
        os.write(self._file, json.dumps(content).encode())
        if fcntl is None:
            self.let_go()

    def let_go(self) -> None:
        """End the lock."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def remove(self, folder: Path) -> None:
        """End the lock and delete the marking file, which lies in this folder by now."""
        self.let_go()
        with contextlib.suppress(OSError):
            (folder / MARK_FILE).unlink()


def is_left(folder: Path) -> bool:
    """True when a marked folder belongs to no program any more.

    A lock is known to the computer that holds it, but on some network drives not to others. So a folder of another
    computer is never taken for left.
    """
    if fcntl is None or folder.is_symlink() or not _is_of_this_computer(folder):
        return False
    try:
        file = os.open(folder / MARK_FILE, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(file)
    return True


def _computer() -> dict[str, str]:
    """What tells this computer: its name, and the number of its start, which all containers on it share."""
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        start = ""
    return {"computer": os.uname().nodename if hasattr(os, "uname") else "", "start": start}


def _is_of_this_computer(folder: Path) -> bool:
    content, own = _content(folder), _computer()
    return any(own[name] and content.get(name) == own[name] for name in own)


def _content(folder: Path) -> dict[str, Any]:
    """What a marking file says; empty when it cannot be read."""
    try:
        content = json.loads((folder / MARK_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def work_name(target: Path, key: str, ending: str) -> str:
    """Name of a working folder of a target: hidden, with an own key."""
    return f".{target.name[:WORK_NAME_LETTERS]}.{key}.{ending}"


def tidy(target: Path) -> list[str]:
    """Remove what ended runs with this target have left, and bring old results back.

    Parameters
    ----------
    target : Path
        The output folder; it need not be there.

    Returns
    -------
    list of str
        What was done and what was only found, as sentences.
    """
    said = []
    for folder in (target.parent, target):
        said += [_tidied_replaced(old, target) for old in sorted(_like_ours(folder, target, "replaced"))]
        said += [_tidied_work(work) for work in sorted(_like_ours(folder, target, "partial"))]
    return [sentence for sentence in said if sentence]


def _like_ours(folder: Path, target: Path, ending: str) -> list[Path]:
    pattern = re.compile(re.escape(f".{target.name[:WORK_NAME_LETTERS]}.") + r"[0-9a-f]{8}\." + ending)
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    found = [folder / name for name in names if pattern.fullmatch(name)]
    return [path for path in found if path.is_dir() and not path.is_symlink()]


def _tidied_work(work: Path) -> str:
    if not is_left(work):
        return _not_surely_ours(work)
    try:
        shutil.rmtree(work)
    except OSError as error:
        return f"{work} was left by a run that was ended, and it could not be removed ({error.strerror})."
    return f"{work.name} was removed: it was left by a run that was ended before it was done."


def _not_surely_ours(path: Path) -> str:
    if fcntl is not None and _is_of_this_computer(path):
        return ""  # locked: another run works there
    return f"{path} looks like the rest of a run that was ended; delete it when no other run works there."


def _tidied_replaced(old: Path, target: Path) -> str:
    """Finish an exchange of old and new results that was ended half way."""
    if not is_left(old):
        return _not_surely_ours(old)
    try:
        if old.parent == target:
            return _tidied_fill(old, target)
        if not os.path.lexists(target):
            os.rename(old, target)
            (target / MARK_FILE).unlink(missing_ok=True)
            return f"The former results in {target} were brought back: a run was ended before it had replaced them."
        kept = keep_from(old, target)
    except OSError as error:
        return f"{old} holds former results; it could not be tidied up ({error.strerror})."
    rest = f" What was not written by the program was kept: {named(kept)}." if kept else ""
    return f"The former results in {old.name} were removed: a run was ended after it had replaced them.{rest}"


def _tidied_fill(old: Path, target: Path) -> str:
    """Take back new results that were put into a folder file by file, when not all of them are there."""
    if (target / LIST_FILE).exists():
        shutil.rmtree(old)
        return f"{old.name} was removed: a run was ended after it had replaced the former results."
    work = old.with_suffix(".partial")
    for name, listed in (read_list(work) or {}).items():
        path = target / name
        if path.is_file() and not path.is_symlink() and hash_of(path) == listed:
            path.unlink()
    for root, _, names in os.walk(old):
        for name in names:
            back = target / Path(root, name).relative_to(old)
            if name != MARK_FILE and not os.path.lexists(back):
                back.parent.mkdir(parents=True, exist_ok=True)
                os.rename(Path(root, name), back)
    (old / MARK_FILE).unlink(missing_ok=True)
    remove_empty(old)
    return f"The former results in {target} were brought back: a run was ended before it had replaced them."


def clear_after(process: int, target: Path) -> None:
    """Remove what a process that has just been ended left beside or in its target.

    Parameters
    ----------
    process : int
        Its number. It has ended.
    target : Path
    """
    for folder in (target.parent, target):
        for work in _like_ours(folder, target, "partial"):
            made = _made_by(work, process)
            if made is not None and is_left(work):
                shutil.rmtree(work, ignore_errors=True)
                for path in reversed(made):
                    with contextlib.suppress(OSError):
                        path.rmdir()


def _made_by(work: Path, process: int) -> list[Path] | None:
    """The folders that were made for a run; None when it was another process."""
    content = _content(work)
    try:
        if content["process"] != process:
            return None
        return [Path(os.fsdecode(bytes.fromhex(name))) for name in content["made"]]
    except (ValueError, KeyError, TypeError):
        return None
