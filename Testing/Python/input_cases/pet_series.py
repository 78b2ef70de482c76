"""Small PET series for the input cases about SUV and the choice of the PET, and how their outcome is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from dicom_makers import AXIAL, T1, pet_injection, write_series
from PainGeneratorLib.Dicom.pet_choice import choose_pet
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Dicom.series import Series
from PainGeneratorLib.Headless.suv_file import suv_of_folder
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.stages import Suv
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from .judging import InputCase, Judged, Outcome, judged

HALF_LIFE_S = 6586.2
START = 2.77778125e-4
"""SUVbw of 1 Bq/ml for 70 kg, 368.08 MBq of F-18 at 10:00:00, corrected for decay to 11:00:00."""
ADMIN = 1.90176049e-4
"""The same, corrected for decay to the injection."""
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


def factor_at(minutes: float, weight_kg: float = 70.0, dose_bq: float = 368.08e6, half_life_s: float = HALF_LIFE_S):
    """SUVbw of 1 Bq/ml that is corrected for decay to some minutes after the injection."""
    return 1000.0 * weight_kg / dose_bq * 2.0 ** (60.0 * minutes / half_life_s)


def raw(dataset: Dataset, keyword: str, text: str, vr: str = "DS") -> None:
    """Put an element with exactly this text into a dataset, as broken writers do."""
    data = text.encode("ascii")
    tag = Tag(keyword)
    data += b" " * (len(data) % 2)
    dataset._dict[tag] = RawDataElement(tag, vr, len(data), data, 0, False, True)


def voxels(slices: int = 4) -> np.ndarray:
    """Stored values: 1000 everywhere and one voxel of 20000, shape (slices, 8, 8)."""
    stored = np.full((slices, 8, 8), 1000, dtype=np.int16)
    stored[slices // 2, 4, 4] = 20000
    return stored


def write_pet(
    folder: Path,
    number: int = 5,
    description: str = "PET AC",
    *,
    stored: np.ndarray | None = None,
    change: Callable[[int, Dataset], None] | None = None,
    injections: list[dict[str, Any]] | None = None,
    **values: Any,
) -> None:
    """Write a PET series; `injections` are the items of the Radiopharmaceutical Information Sequence."""

    def edit(k: int, dataset: Dataset) -> None:
        if injections is not None:
            dataset.RadiopharmaceuticalInformationSequence = [pet_injection(**item) for item in injections]
        if change is not None:
            change(k, dataset)

    stored = voxels() if stored is None else stored
    given = {"SeriesNumber": number, "SeriesDescription": description, **values}
    write_series(folder, stored, "PT", change=edit, prefix=f"pet{number}-{description[:3]}", **given)


def write_t1(folder: Path) -> None:
    """Write a sagittal T1 series that can be the reference."""
    write_series(folder, voxels(), "MR", orientation=SAGITTAL, **{**T1, "SeriesNumber": 2})


def is_factor(expected: float | Iterable[float], uptake_minutes: float | None = None) -> Callable[[Suv], bool]:
    """Whether all slices have this factor, and the uptake time is the one that is given."""

    def check(suv: Suv) -> bool:
        factors = suv.result.factors
        near = np.allclose(factors, np.broadcast_to(np.array(expected, dtype=float), factors.shape), rtol=2e-4)
        if uptake_minutes is None:
            return bool(near)
        found = suv.result.uptake_minutes
        return bool(near and found is not None and abs(found - uptake_minutes) < 0.1)

    return check


def has_maximum(expected: float) -> Callable[[Suv], bool]:
    """Whether the SUV image has this maximum."""
    return lambda suv: bool(np.isclose(suv.image.array.max(), expected, rtol=2e-4))


def suv_case(
    name: str,
    kind: str,
    source: str,
    write: Callable[[Path], None],
    is_right: Callable[[Suv], bool] | None = None,
    accepted: tuple[Outcome, ...] = (Outcome.RIGHT,),
    options: dict[str, Any] | None = None,
    **judging: Any,
) -> InputCase:
    """A case that is judged by what ``pain-generator suv`` gives."""

    def judge(folder: Path) -> Judged:
        write(folder)
        return judged(
            lambda: suv_of_folder(folder, CaseOptions(**(options or {}))),
            is_right,
            warnings=lambda suv: suv.result.warnings,
            **judging,
        )

    return InputCase(name, kind, source, judge, accepted)


def choice_case(
    name: str,
    source: str,
    write: Callable[[Path], None],
    is_right: Callable[[Series], bool] | None = None,
    accepted: tuple[Outcome, ...] = (Outcome.RIGHT,),
    roles: dict[str, str] | None = None,
    **judging: Any,
) -> InputCase:
    """A case that is judged by the series that is chosen as the PET."""

    def judge(folder: Path) -> Judged:
        write(folder)
        return judged(
            lambda: choose_pet(read_folder(folder), roles), is_right, warnings=lambda pet: pet.warnings, **judging
        )

    return InputCase(name, "choice of PET", source, judge, accepted)


def plane(cosines: Iterable[float] = AXIAL, size_mm: float = 64.0) -> dict[str, Any]:
    """Keywords of :func:`write_pet` for a cube around the origin in a plane."""
    directions = np.array(list(cosines))
    row, column = directions[:3], directions[3:]
    step = size_mm / 8
    corner = -(row + column + np.cross(row, column)) * (size_mm - step) / 2
    return {
        "orientation": tuple(directions),
        "first_position": tuple(corner),
        "spacing": (step, step),
        "distance": step,
        "stored": voxels(8),
    }
