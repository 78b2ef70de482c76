"""Short notation for the series of an examination, written as small DICOM files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dicom_makers import ramp, write_series
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Dicom.roles import RoleAssignment, assign_roles

PLANES = {
    "sag": ((0.0, 1.0, 0.0, 0.0, 0.0, -1.0), (-12.0, -100.0, 140.0)),
    "cor": ((1.0, 0.0, 0.0, 0.0, 0.0, -1.0), (-100.0, -12.0, 140.0)),
    "ax": ((1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (-100.0, -100.0, -12.0)),
}
"""Plane -> orientation and position of the first slice, DICOM LPS."""
TIMES = {
    "t1": {"ScanningSequence": "SE", "EchoTime": 11.0, "RepetitionTime": 550.0},
    "t2": {"ScanningSequence": "SE", "EchoTime": 95.0, "RepetitionTime": 3500.0},
    "pd": {"ScanningSequence": "SE", "EchoTime": 32.0, "RepetitionTime": 3000.0},
    "stir": {
        "ScanningSequence": ["SE", "IR"],
        "EchoTime": 40.0,
        "RepetitionTime": 4200.0,
        "InversionTime": 220.0,
    },
    "flair1": {
        "ScanningSequence": ["SE", "IR"],
        "EchoTime": 9.0,
        "RepetitionTime": 2000.0,
        "InversionTime": 860.0,
    },
    "gre": {"ScanningSequence": "GR", "EchoTime": 2.46, "RepetitionTime": 4.1, "FlipAngle": 10.0},
    "opp": {"ScanningSequence": "GR", "EchoTime": 1.23, "RepetitionTime": 4.1, "FlipAngle": 10.0},
    "none": {},
}
"""Name of a set of times -> elements of the header; "none" leaves the kind to the name of the series."""
FIELD_T = 3.0
"""Field strength that all series have, tesla."""


@dataclass(frozen=True)
class One:
    """One series: its number, name, set of times and plane; further DICOM elements by keyword."""

    number: int
    name: str
    times: str = "none"
    plane: str = "sag"
    more: dict[str, Any] = field(default_factory=dict)
    slices: int = 6
    step_mm: float = 4.0
    shift_mm: float = 0.0
    kind: str = "MR"


def one(number: int, name: str, times: str = "none", plane: str = "sag", **more: Any) -> One:
    """A series in short; `slices`, `step_mm`, `shift_mm` (upward) and `kind` are no DICOM elements."""
    own = {key: more.pop(key) for key in ("slices", "step_mm", "shift_mm", "kind") if key in more}
    return One(number, name, times, plane, more, **own)


def write_examination(folder: Path, series: tuple[One, ...]) -> None:
    """Write a PET (number 90) and the series."""
    write_series(folder, ramp(6, 8, 8), "PT", SeriesNumber=90, prefix="pet", first_position=(-100.0, -100.0, -12.0))
    for nth, item in enumerate(series):
        orientation, (x, y, z) = PLANES[item.plane]
        values = {
            "SeriesDescription": item.name,
            "SpecificCharacterSet": "ISO_IR 192",
            "MagneticFieldStrength": FIELD_T,
            "AcquisitionTime": f"11{nth:02d}00",
            **TIMES[item.times],
            **item.more,
        }
        write_series(
            folder,
            ramp(item.slices, 8, 8),
            item.kind,
            prefix=f"n{item.number}-{nth}",
            orientation=orientation,
            first_position=(x, y, z + item.shift_mm),
            spacing=(25.0, 25.0),
            distance=item.step_mm,
            SeriesNumber=item.number,
            **values,
        )


def roles_of(folder: Path, group: str = "low-back") -> RoleAssignment:
    """Read the folder and give roles for a clinical group."""
    return assign_roles(read_folder(folder), {}, group)


def numbers(found: RoleAssignment) -> dict[str, int | None]:
    """Role -> series number, without the PET."""
    return {str(role): series.number for role, series in found.chosen.items() if role != "PET"}
