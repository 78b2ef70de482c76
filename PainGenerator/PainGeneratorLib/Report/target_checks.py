"""What a folder for results must not be; checked before the work."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ..Numerics.core.errors import PainGeneratorError
from .written_files import named, read_list, worth_saying


def refuse_unwritable_name(path: Path) -> None:
    """Refuse a path that the writers of scenes and volumes, which take UTF-8 only, cannot be given.

    Raises
    ------
    PainGeneratorError
    """
    try:
        is_fit = str(path).encode("utf-8") == os.fsencode(path)
    except UnicodeEncodeError:
        is_fit = False
    if not is_fit:
        shown = str(path).encode("utf-8", "backslashreplace").decode("utf-8")
        raise PainGeneratorError(
            f"The name {shown} is not written in UTF-8: scenes and volumes cannot be saved there.",
            "Choose a name of plain letters, or set the environment variable PYTHONUTF8=1.",
        )


def _own_folders() -> Iterator[tuple[Path, str]]:
    """Folders that are never replaced, as far as there are any, with their words."""
    with contextlib.suppress(RuntimeError, OSError):  # no HOME, and a user without an entry
        yield Path(os.path.realpath(Path.home())), "your home folder"
    with contextlib.suppress(OSError):  # the current folder was deleted
        yield Path(os.path.realpath(Path.cwd())), "the current folder"


def refuse_overlap(target: Path, source: Path) -> None:
    """Refuse a target in the input folder, or around it.

    Raises
    ------
    PainGeneratorError
    """
    if target == source or target.is_relative_to(source):
        raise PainGeneratorError(
            f"The output folder {target} lies in the input folder, which is never written to.",
            "Choose an output folder outside the input folder.",
        )
    if source.is_relative_to(target):
        raise PainGeneratorError(
            f"The output folder {target} contains the input folder.",
            "Choose an output folder outside, for instance beside, the input folder.",
        )


def refuse_own_folders(target: Path) -> None:
    """Refuse the home folder, the current folder, and folders that hold one of them.

    Raises
    ------
    PainGeneratorError
    """
    for kept, words in _own_folders():
        if kept.is_relative_to(target):
            raise PainGeneratorError(
                f"The output folder {target} is, or holds, {words}: it is not replaced.", "Choose another folder."
            )


def refuse_mounts(target: Path) -> None:
    """Refuse a folder below which another disk is mounted: it could not be exchanged as a whole.

    Raises
    ------
    PainGeneratorError
    """
    for root, folders, _ in os.walk(target):
        for name in folders:
            if os.path.ismount(os.path.join(root, name)):
                raise PainGeneratorError(
                    f"Another disk is mounted at {os.path.join(root, name)}, inside the output folder.",
                    "Choose another output folder.",
                )


def refuse_foreign(target: Path) -> None:
    """Refuse a folder with content that no run of this program wrote: nothing in it is ours to replace.

    Raises
    ------
    PainGeneratorError
    """
    try:
        there = worth_saying(sorted(os.listdir(target)))
    except OSError as error:
        raise PainGeneratorError(
            f"The output folder {target} cannot be read: {error.strerror}.", "Choose a folder that you may write to."
        ) from error
    if not there or read_list(target) is not None:
        return
    is_older = {"provenance.json", "candidates.json"} <= set(there) or {"truth.json", "dicom"} <= set(there)
    who = "an older version of this program, without a list of its files" if is_older else "no run of this program"
    raise PainGeneratorError(
        f"What the output folder {target} holds was written by {who}: {named(there)}.",
        "Nothing there is replaced: choose another folder, or move it away yourself.",
    )
