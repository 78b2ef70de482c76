"""The series of a folder as text and as JSON: what each is, what it is for and why, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..Dicom.left_out import choose_with_left_out
from ..Dicom.reader import read_folder
from ..Dicom.roles import assign_roles
from ..Dicom.series import DicomFolder, Series
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry
from ..Numerics.core.words import Group
from .fat_series import computed_facts, pair_of
from .progress import Show, silent


@dataclass(eq=False)
class SeriesList:
    """The series of a folder with their roles.

    Parameters
    ----------
    folder : DicomFolder
        Every series has its `role` and `role_reason`, as far as roles could be given.
    warnings : list of str
    notes : list of str
        Choices between series that fit a role equally well.
    computed : list of dict
        What an analysis computes from several series: `role`, `description` and `reason`.
    refusal : PainGeneratorError or None
        Why a case cannot be made of these series; None when it can.
    """

    folder: DicomFolder
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    computed: list[dict[str, str]] = field(default_factory=list)
    refusal: PainGeneratorError | None = None

    def to_json(self) -> dict[str, Any]:
        """The list for ``pain-generator series --json``."""
        refusal = self.refusal
        return {
            "schema": 1,
            "folder": str(self.folder.path),
            "files": self.folder.n_files,
            "series": [series_json(series) for series in self.folder.series],
            "computed": self.computed,
            "left_out": [{"what": one.what, "reason": one.reason} for one in self.folder.left_out],
            "warnings": self.warnings,
            "notes": self.notes,
            "refused": None if refusal is None else {"reason": refusal.reason, "advice": refusal.advice},
        }

    def to_text(self) -> str:
        """The list for people, one series in each line, with what was left out below it."""
        lines = [series_line(series) for series in self.folder.series] or ["There is no series of a volume."]
        lines += [f"    -  MR  {one['description']}  {one['role']}: {one['reason']}" for one in self.computed]
        if self.folder.left_out:
            lines += ["", "Left out:", *(f"  {one.sentence}" for one in self.folder.left_out)]
        return "\n".join(lines)


def list_folder(
    folder: Path, overrides: dict[str, str], progress: Show = silent, group: str = Group.LOW_BACK
) -> SeriesList:
    """Read the headers of a folder and give roles to its series; no voxels are read.

    Parameters
    ----------
    folder : Path
    overrides : dict
        Name of a series -> role, as given by ``--role``.
    progress : callable, optional
    group : str
        The clinical group decides which region and plane serve best.

    Returns
    -------
    SeriesList
        Also when no case can be made of the series: `refusal` says why.

    Raises
    ------
    PainGeneratorError
        The folder holds no DICOM files, or those of several patients.
    """
    found = SeriesList(read_folder(folder, progress))
    found.warnings += found.folder.warnings
    try:
        roles = choose_with_left_out(found.folder, overrides, partial(assign_roles, group=group))
    except PainGeneratorError as error:
        found.refusal = error
    else:
        found.warnings += [text for text in roles.warnings if text not in found.warnings]
        found.notes += roles.notes
        pair = pair_of(roles, group)
        if pair is not None:
            pair.tell_use()
            found.computed.append({key: str(computed_facts(pair)[key]) for key in ("role", "description", "reason")})
    return found


def series_json(series: Series) -> dict[str, Any]:
    """One series as plain values; size is columns, rows, slices, and spacing is mm in the same order.

    `blocks` is the number of blocks that the slices lie in; size and spacing are then those of the slices as they were
    acquired.
    """
    grid = _acquired_grid(series)
    return {
        "number": series.number,
        "part": series.part,
        "description": series.description,
        "modality": series.modality,
        "date": None if series.date is None else series.date.isoformat(),
        "size": _size(series),
        "spacing_mm": None if grid is None else [round(float(x), 4) for x in grid.spacing_mm],
        "role": series.role,
        "reason": series.role_reason,
        "split_by": series.split_by,
        "blocks": len(series.blocks) or None,
        "problem": None if series.problem is None else series.problem.reason,
        "uid": series.uid,
        "frame_of_reference": series.frame_of_reference_uid,
    }


def series_line(series: Series) -> str:
    """One series in one line: number, modality, description, size, spacing, role and the reason for it."""
    number = "-" if series.number is None else f"{series.number}" + ("" if series.part is None else f"/{series.part}")
    size = " x ".join(map(str, _size(series)))
    grid = "no regular grid"
    acquired = _acquired_grid(series)
    if acquired is not None:
        grid = " x ".join(f"{x:.1f}" for x in acquired.spacing_mm) + " mm"
    if series.blocks:
        size += f" in {len(series.blocks)} blocks"
    text = f"{number:>5}  {series.modality}  {series.description or '(no description)'}  {size}, {grid}  "
    problem = "" if series.problem is None or series.problem.reason in series.role_reason else series.problem.reason
    return text + " ".join(part for part in (f"{series.role}:", series.role_reason, problem) if part)


def _acquired_grid(series: Series) -> Geometry | None:
    """The grid of the slices as they were acquired: that of the first block, where there are several."""
    return series.blocks[0].geometry if series.blocks else series.geometry


def _size(series: Series) -> list[int]:
    """Columns, rows and slices."""
    rows, columns = series.header.get("Rows") or 0, series.header.get("Columns") or 0
    return [int(columns), int(rows), series.n_slices]
