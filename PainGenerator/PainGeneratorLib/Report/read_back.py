"""Read every file of a run again before the run counts as done.

A file that was written without an error can still be unreadable: a full disk, a network drive, or a character that its
format cannot hold (https://github.com/Slicer/Slicer/issues/3406).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from ..Dicom.dicom_head import HEAD_BYTES, start_of_dicom
from ..Dicom.files import DamagedFile, read_file_header
from ..Numerics.core.errors import PainGeneratorError
from ..Scene.scene_files import bundle_fault

ADVICE = (
    "Run it again, on another disk if need be. If the same file fails again, report it with the descriptions of the "
    "series."
)
"""What a user can do when a file cannot be read back."""

STL_HEAD, STL_TRIANGLE = 84, 50
"""Bytes of the head of a binary STL file, and of each of its triangles."""


def read_back(folder: Path) -> None:
    """Read all files below a folder.

    Parameters
    ----------
    folder : Path
        The results of a run, before they are put into their place.

    Raises
    ------
    PainGeneratorError
        A file cannot be read back.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            why = fault_of(path)
            if why:
                raise PainGeneratorError(
                    f"The file {path.relative_to(folder)} was written, but it cannot be read back ({why}); "
                    "no results were kept.",
                    ADVICE,
                )


def fault_of(path: Path) -> str:
    """What is wrong with a file that was written; empty when it can be read, or is of a kind that has no reader."""
    check = next((check for ending, check in CHECKS.items() if path.name.lower().endswith(ending)), _check_dicom)
    try:
        return check(path)
    except (OSError, ValueError, RuntimeError, csv.Error) as error:
        lines = str(error).strip().splitlines()
        return lines[-1].strip() if lines else type(error).__name__


def _check_json(path: Path) -> str:
    json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    return ""


def _refuse_constant(word: str) -> None:
    """NaN and infinity are no JSON (RFC 8259), although Python reads them.

    Raises
    ------
    ValueError
    """
    raise ValueError(f"{word} is no JSON")


def _check_csv(path: Path) -> str:
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), strict=True))
    if not rows:
        return "it is empty"
    uneven = next((number for number, row in enumerate(rows, start=1) if len(row) != len(rows[0])), None)
    return "" if uneven is None else f"row {uneven} has {len(rows[uneven - 1])} cells, not {len(rows[0])}"


class _Page(HTMLParser):
    """Remembers whether the page was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.is_closed = False

    def handle_endtag(self, tag: str) -> None:
        self.is_closed = self.is_closed or tag == "html"


def _check_html(path: Path) -> str:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return "" if page.is_closed else "the page has no end"


def _check_text(path: Path) -> str:
    """A text of ours ends with a line break."""
    return "" if path.read_text(encoding="utf-8").endswith("\n") else "the text has no end"


def _check_transform(path: Path) -> str:
    import SimpleITK as sitk

    sitk.ReadTransform(str(path))
    return ""


def _check_stl(path: Path) -> str:
    """A binary STL: 80 bytes of text, the number of triangles, and 50 bytes for each."""
    data = path.read_bytes()
    count = int.from_bytes(data[STL_HEAD - 4 : STL_HEAD], "little")
    if not count or len(data) != STL_HEAD + STL_TRIANGLE * count:
        return "it is not whole"
    return ""


def _check_obj(path: Path) -> str:
    """A surface: points, then triangles, and a line break at the end."""
    text = path.read_text(encoding="ascii")
    last = text.rstrip("\n").rpartition("\n")[2]
    return "" if text.endswith("\n") and last.startswith("f ") and "\nv " in text else "it is not whole"


def _check_volume(path: Path) -> str:
    import SimpleITK as sitk

    sitk.ReadImage(str(path))
    return ""


def _check_dicom(path: Path) -> str:
    """A file without a known ending: whole, if it is DICOM."""
    with path.open("rb") as file:
        if start_of_dicom(file.read(HEAD_BYTES)) is None:
            return ""
    found: Any = read_file_header(path)
    if isinstance(found, DamagedFile):
        return found.what
    return next((frame.damage for frame in found if frame.damage), "") if isinstance(found, list) else ""


CHECKS: dict[str, Callable[[Path], str]] = {
    ".json": _check_json,
    ".csv": _check_csv,
    ".html": _check_html,
    "report.txt": _check_text,
    ".tfm": _check_transform,
    ".stl": _check_stl,
    ".obj": _check_obj,
    ".nrrd": _check_volume,
    ".nii.gz": _check_volume,
    ".nii": _check_volume,
    ".mha": _check_volume,
    ".mrb": bundle_fault,
}
"""Ending of a file name -> function that reads the file and returns what is wrong; it may raise the errors that
:func:`fault_of` knows. A new kind of output is added here."""
