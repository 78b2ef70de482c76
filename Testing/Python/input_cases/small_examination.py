"""A small examination for input cases, and the ways to have the package read it."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dicom_makers import write_series
from PainGeneratorLib.Workflow.case import CaseOptions

from .judging import Judged, Outcome, judged

SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
"""Direction cosines of a sagittal slice."""
PET_FACTOR = 2.77778125e-4
"""SUVbw per stored value of the PET of `dicom_makers`: 70 kg, 368.08 MBq at 10:00, decay corrected to 11:00."""
T1_TIMES = {"ScanningSequence": "SE", "EchoTime": 11.0, "RepetitionTime": 550.0}
T2_TIMES = {"ScanningSequence": "SE", "EchoTime": 95.0, "RepetitionTime": 3500.0}
PET_NUMBER, T1_NUMBER, T2_NUMBER = 5, 2, 3


def stored(slices: int = 6, rows: int = 8, columns: int = 8, start: int = 10) -> np.ndarray:
    """Stored values that all differ."""
    return (start + np.arange(slices * rows * columns, dtype=np.int16)).reshape(slices, rows, columns)


def write_pet(folder: Path, **values: Any) -> str:
    """Series 5, an attenuation-corrected PET."""
    return write_series(folder, **({"stored": stored(), "kind": "PT", "SeriesNumber": PET_NUMBER} | values))


def write_t1(folder: Path, **values: Any) -> str:
    """Series 2, a sagittal T1."""
    given = {
        "stored": stored(start=400),
        "orientation": SAGITTAL,
        "SeriesNumber": T1_NUMBER,
        "SeriesDescription": "sag T1 TSE",
    }
    return write_series(folder, **(given | T1_TIMES | values))


def write_t2(folder: Path, **values: Any) -> str:
    """Series 3, a sagittal T2."""
    given = {
        "stored": stored(start=800),
        "orientation": SAGITTAL,
        "SeriesNumber": T2_NUMBER,
        "SeriesDescription": "sag T2 TSE",
    }
    return write_series(folder, **(given | T2_TIMES | values))


def write_examination(folder: Path, t2: bool = True) -> None:
    """A PET, a T1 and a T2 in one folder."""
    write_pet(folder, prefix="pet")
    write_t1(folder, prefix="t1")
    if t2:
        write_t2(folder, prefix="t2")


def files_of(folder: Path, prefix: str) -> list[Path]:
    """Files of one series; the last slice comes first."""
    return sorted(path for path in folder.rglob(f"{prefix}-*"))


def case_of(folder: Path, roles: Iterable[tuple[str, str]] = ()) -> Any:
    """The case that the command ``analyze`` reads from a folder."""
    from PainGeneratorLib.Workflow.reading import read_case_folder

    return read_case_folder(folder, CaseOptions(group="low-back", roles=tuple(roles)))


def warnings_of(case: Any) -> list[str]:
    """The sentences that a user sees with a case."""
    return case.warnings.sentences


def has_series(case: Any, **numbers: int) -> bool:
    """True when each named role is filled by the series with this number."""
    return all(role in case.series and case.series[role].facts["number"] == number for role, number in numbers.items())


def judged_case(
    folder: Path,
    is_right: Callable[[Any], bool] | None = None,
    roles: Iterable[tuple[str, str]] = (),
    **expected: Any,
) -> Judged:
    """Read a folder as a case and judge it."""
    return judged(lambda: case_of(folder, roles), is_right, warnings=warnings_of, **expected)


def judged_suv(folder: Path, roles: Iterable[tuple[str, str]] = (), **expected: Any) -> Judged:
    """Read the SUV of a folder and judge its factor."""
    from PainGeneratorLib.Headless.suv_file import suv_of_folder

    def call() -> Any:
        return suv_of_folder(folder, CaseOptions(group="low-back", roles=tuple(roles))).result

    return judged(call, lambda result: bool(np.allclose(result.factors, PET_FACTOR, rtol=1e-4)), **expected)


@dataclass(frozen=True)
class Said:
    """What a command ended with and said."""

    status: int
    output: str
    errors: str

    @property
    def lines(self) -> list[str]:
        """Lines of errors and warnings, without those of progress."""
        return [line for line in self.errors.splitlines() if "%" not in line[:5]]


def command(*words: str | Path) -> Said:
    """Run ``pain-generator`` in this process."""
    from PainGeneratorLib.Headless.cli import main

    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:
            status = int(end.code or 0)
    return Said(status, output.getvalue(), errors.getvalue())


def judged_command(
    *words: str | Path, status: int, said: str, is_right: Callable[[Said], bool] = lambda said: True
) -> Judged:
    """Run a command and judge its status and the text that it must say; status 3 must say two lines."""

    def call() -> Said:
        return command(*words)

    def right(result: Said) -> bool:
        text = result.output + result.errors
        two_lines = status != 3 or len(result.lines) == 2
        return result.status == status and bool(re.search(said, text, re.I | re.S)) and two_lines and is_right(result)

    found = judged(call, right, warnings=lambda result: [])
    if found.outcome == Outcome.RIGHT and status in (2, 3):
        return Judged(Outcome.REFUSED, found.seen)
    return found
