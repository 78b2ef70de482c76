"""Find the files of a folder, and say what cannot be opened.

An error of the file system is never taken for an empty folder. Links to folders are followed, because many archives
link the series of a case instead of copying them (https://github.com/commontk/CTK/issues/1065).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.input_files import kind_of

SYSTEM_FOLDERS = frozenset(
    {
        "$recycle.bin",
        "system volume information",
        "__macosx",
        "@eadir",
        "lost+found",
        ".git",
        ".trash",
        ".trashes",
        ".spotlight-v100",
        ".fseventsd",
    }
)
"""Names, in lower case, of folders that operating systems and archives make for themselves. A recycle bin holds
deleted files, also of other patients, so these are not read. Other hidden folders are read: some exports name a
folder by a series description that begins with a point (https://github.com/commontk/CTK/pull/797)."""
SYSTEM_FILES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
"""Names, in lower case, of files that operating systems put into folders."""
APPLE_DOUBLE = "._"
"""Begin of the name of files in which macOS keeps its own facts about a file on other file systems."""
ARCHIVE_ENDINGS = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar", ".zst")
"""Endings of the names of archives and compressed files. Their content is not read."""
VOLUME_ENDINGS = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".hdr", ".img", ".mgz", ".mnc")
"""Endings of the names of volume files that are not DICOM."""
UNPACK_ADVICE = "Unpack it and give the folder with the DICOM files."


@dataclass
class FolderFiles:
    """The files of a folder."""

    paths: list[Path] = field(default_factory=list)
    """All ordinary files, each once, in a stable order."""
    closed: list[tuple[Path, str]] = field(default_factory=list)
    """Folders and links that could not be opened, each with the reason."""


def files_below(folder: Path) -> FolderFiles:
    """List all files below a folder in a stable order, each once also when links lead to it in several ways.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Returns
    -------
    FolderFiles
    """
    found = FolderFiles()

    def cannot_open(error: OSError) -> None:
        found.closed.append((Path(error.filename or folder), error.strerror or str(error)))

    seen = {os.path.realpath(folder)}
    for root, folders, names in os.walk(folder, onerror=cannot_open, followlinks=True):
        folders[:] = [name for name in sorted(folders) if _is_new_folder(os.path.join(root, name), seen)]
        real_root = os.path.realpath(root)
        for name in sorted(names):
            if not (name.startswith(APPLE_DOUBLE) or name.lower() in SYSTEM_FILES):
                _add_file(Path(root, name), real_root, seen, found)
    return found


def _is_new_folder(path: str, seen: set[str]) -> bool:
    """True for a folder that is to be read and was not read before, for instance by a link."""
    name = os.path.basename(path).lower()
    if name in SYSTEM_FOLDERS or name.startswith(".trash-"):
        return False
    return _is_new(os.path.realpath(path), seen)


def _add_file(path: Path, real_root: str, seen: set[str], found: FolderFiles) -> None:
    """Add an ordinary file that was not seen before; name a link that leads nowhere. Pipes and devices are skipped."""
    try:
        is_link = path.is_symlink()
        if not _is_new(os.path.realpath(path) if is_link else os.path.join(real_root, path.name), seen):
            return
        if path.is_file():
            found.paths.append(path)
        elif is_link and not path.exists():
            found.closed.append((path, "the link leads to a file that is not there"))
    except OSError as error:
        # In a folder that may be listed, but not entered, the file system tells names and nothing else.
        found.closed.append((path, error.strerror or str(error)))


def _is_new(real: str, seen: set[str]) -> bool:
    """True for a real path that was not seen before; afterwards it was."""
    if real in seen:
        return False
    seen.add(real)
    return True


def check_folder(folder: Path) -> None:
    """Refuse a case that is no folder, with what it is and what to give instead.

    Raises
    ------
    PainGeneratorError
    """
    try:
        if folder.is_dir():
            return
        is_there = folder.exists()
    except OSError as error:
        raise PainGeneratorError(
            f"{folder} cannot be opened ({error.strerror or error}).", "Give a folder that you may read."
        ) from error
    if not is_there:
        if folder.is_symlink():
            raise PainGeneratorError(
                f"{folder} is a link to a folder that is not there.", "Give the folder that holds the DICOM files."
            )
        raise PainGeneratorError(f"There is no folder {folder}.", "Give the folder that holds the DICOM files.")
    name = folder.name.lower()
    if name == "dicomdir":
        raise PainGeneratorError(
            f"{folder} is the index of a disc, which is not needed.", f"Give its folder: {folder.parent}."
        )
    if name.endswith(VOLUME_ENDINGS):
        raise PainGeneratorError(
            f"{folder} is a file with a volume that is not DICOM and has no DICOM header.",
            "Give the folder of the DICOM files from which the volume was made.",
        )
    if name.endswith(ARCHIVE_ENDINGS):
        raise PainGeneratorError(f"{folder} is an archive or compressed file.", UNPACK_ADVICE)
    raise PainGeneratorError(
        f"{folder} is {kind_of(folder)}, not a folder.",
        f"Give the folder that holds all files of the case: {folder.parent}.",
    )


def kind_of_other_file(path: Path) -> str:
    """What a file is that is not DICOM, in words for the list of what was left out.

    Returns
    -------
    str
        :data:`EMPTY`, :data:`PACKED` or :data:`NOT_DICOM`.
    """
    if path.name.lower().endswith(ARCHIVE_ENDINGS) and not path.name.lower().endswith(VOLUME_ENDINGS):
        return PACKED
    try:
        with path.open("rb") as file:
            return NOT_DICOM if any(file.read(HEAD_OF_ZEROS)) else EMPTY
    except OSError:
        return NOT_DICOM


EMPTY = "empty, or nothing but zeros"
PACKED = "archive or compressed file, which has to be unpacked"
NOT_DICOM = "not DICOM"
HEAD_OF_ZEROS = 1024
"""Number of bytes from the start of a file that all have to be zero for the file to count as empty. Our estimate:
DICOM has letters before that place."""
