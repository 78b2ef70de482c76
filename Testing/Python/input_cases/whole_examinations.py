"""Whole examinations of five vendors as their scanners send them, each with the right series for each role.

They were composed after public protocols and lists of series, with typical times, by someone who did not know the
program. `whole_examinations.json` holds them; `roles` has the right numbers and `accept` other right answers.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PainGeneratorLib.Dicom.files import Frame
from PainGeneratorLib.Dicom.pet_header import make_pet_header
from PainGeneratorLib.Dicom.roles import RoleAssignment, assign_roles
from PainGeneratorLib.Dicom.series import DicomFolder, Series
from PainGeneratorLib.Dicom.series_vocabulary import Meaning
from PainGeneratorLib.Dicom.series_words import words_of
from PainGeneratorLib.Numerics.core.image import Geometry

from .judging import InputCase, Judged, Outcome, judged
from .series_makers import numbers

EXAMINATIONS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "whole_examinations.json").read_text(encoding="utf-8")
)
PET_DAY = date(2025, 1, 2)
PET_SECONDS = 36000
WIDTH_MM = 320.0
"""Width of all fields, mm."""
SOURCE = "composed after public protocols and series lists of the vendor"


def grid_of(row: dict[str, Any]) -> Geometry:
    """The grid of a series from its plane, number of slices, spacing and coverage (`z_mm`), RAS."""
    low, high = row.get("z_mm") or (0.0, 240.0)
    pixel, slices = row.get("spacing") or 1.0, max(row.get("slices") or 1, 1)
    across, plane = int(WIDTH_MM / pixel), row.get("plane")
    matrix = np.eye(4)
    if plane in ("sag", "cor"):
        step = (row.get("thickness") or 4.0) * 1.1
        first, second = (0, 1) if plane == "sag" else (1, 0)
        matrix[:3, :3] = 0.0
        matrix[second, 0] = -pixel
        matrix[2, 1] = -pixel
        matrix[first, 2] = step
        matrix[:3, 3] = (-slices * step / 2, WIDTH_MM / 2, high) if plane == "sag" else (WIDTH_MM / 2, 0.0, high)
        return Geometry((slices, max(int((high - low) / pixel), 2), across), matrix)
    matrix[:3, :3] = np.diag([pixel, -pixel, (high - low) / slices])
    matrix[:3, 3] = (-WIDTH_MM / 2, WIDTH_MM / 2, low)
    return Geometry((slices, across, across), matrix)


def series_of(row: dict[str, Any], manufacturer: str) -> Series:
    """One series without files."""
    day = (PET_DAY + timedelta(days=row.get("day", 0))).strftime("%Y%m%d")
    seconds = PET_SECONDS + int(60 * row.get("minutes", 0))
    header = {
        "Modality": row["modality"],
        "SeriesNumber": row["n"],
        "ProtocolName": row.get("protocol", row["name"]),
        "ImageType": tuple(word.upper() for word in row.get("types", ())),
        "Manufacturer": manufacturer,
        "EchoTime": row.get("te"),
        "RepetitionTime": row.get("tr"),
        "InversionTime": row.get("ti"),
        "FlipAngle": row.get("flip"),
        "ScanningSequence": row.get("sequence"),
        "ContrastBolusAgent": row.get("agent"),
        "FrameOfReferenceUID": row.get("frame"),
        "MagneticFieldStrength": 3.0,
        "AcquisitionTime": f"{seconds // 3600:02d}{seconds % 3600 // 60:02d}{seconds % 60:02d}",
        **dict.fromkeys(("AcquisitionDate", "SeriesDate", "StudyDate"), day),
    }
    header = {key: value for key, value in header.items() if value is not None}
    grid = grid_of(row)
    frames = [Frame(Path(str(row["n"])), None, header, "", None)] * grid.shape[0]
    number = str(row["n"])
    return Series(number, number, row["n"], None, row["name"], row["modality"], grid, header, frames)


def roles_of(examination: dict[str, Any]) -> RoleAssignment:
    """The roles that the program gives; of several PET series the one with attenuation correction is given by hand."""
    series = []
    pets = [row for row in examination["series"] if row["modality"] == "PT"]
    corrected = next(
        (row for row in pets if "AC" in row["name"].upper() and "NAC" not in row["name"].upper()), pets[0]
    )
    for row in examination["series"]:
        if row["modality"] == "PT" and row is not corrected:
            continue
        if words_of(row["name"]).has(Meaning.LOCALIZER, Meaning.PROJECTION) or "LOCALIZER" in row.get("types", ()):
            continue  # The reader leaves these out.
        one = series_of(row, examination["manufacturer"])
        if row is corrected:
            one.header["CorrectedImage"] = "DECY\\ATTN\\SCAT"
            one.pet_header = make_pet_header([one.header])
        series.append(one)
    return assign_roles(DicomFolder(Path(), series, [], []), {str(corrected["n"]): "PET"}, examination["group"])


def case(examination: dict[str, Any]) -> InputCase:
    """An examination whose roles must all be right."""

    def is_right(found: RoleAssignment) -> bool:
        got = numbers(found)
        return all(
            got.get(role) == number or got.get(role) in examination["accept"].get(role, ())
            for role, number in examination["roles"].items()
        )

    def run(_folder: Path) -> Judged:
        return judged(lambda: roles_of(examination), is_right, warned_by=WARNED_BY.get(name))

    name = examination["name"].split(":")[0]
    accepted = (Outcome.WARNED,) if name in WARNED_BY else (Outcome.RIGHT,)
    return InputCase(f"examination-{name}", "whole examinations", SOURCE, run, accepted)


WARNED_BY = {"L05": "There is no T1 series"}
"""Examinations whose answer the program does not give, with the warning that it gives instead. In L05 an in-phase
image that was made for attenuation correction is not taken as T1 while a T2 is there, because it is coarse."""
CASES = [case(examination) for examination in EXAMINATIONS]
