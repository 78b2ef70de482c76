"""Read a folder of DICOM files as series. Nothing is ever written to the folder."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from .files import Frame, OtherFile, all_files, read_file_header
from .pet_header import make_pet_header
from .pixels import load_frames, slope_problem
from .series import DicomFolder, Progress, Series
from .stacks import Stack, describe_split, split_stacks

__all__ = ["DicomFolder", "Series", "read_folder"]

LOCALIZER_WORDS = re.compile(
    r"\b(locali[sz]ers?|loc|scouts?|surveys?|topograms?|plan scan|3[- ]?(pl|plane)( loc\w*)?)\b", re.I
)
"""Words in the description of a localizer."""
PROJECTION_WORDS = re.compile(r"\b(mip|minip|mnip|maximum intensity|projections?|cine rot\w*)\b", re.I)
"""Words in the description of projections through a volume."""
PROJECTION_TYPES = {
    "MIP",
    "MAXIP",
    "MNIP",
    "MINIP",
    "PROJECTION IMAGE",
    "PROJECTION",
    "MIN_IP",
    "MAX_IP",
    "VOLUME_RENDER",
}
"""Words of Image Type (0008,0008) for projections through a volume."""
SCREEN_TYPES = {"SCREEN SAVE", "SCREENSHOT", "SCREEN CAPTURE"}
"""Words of Image Type (0008,0008) for screenshots."""
NEEDED = ("Rows", "Columns", "BitsAllocated", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
"""Elements that an image must have to become part of a volume."""


def read_folder(path: str | Path, progress: Progress | None = None) -> DicomFolder:
    """Read all headers below a folder and sort them into series.

    The pixels are read later, when :attr:`.series.Series.image` of a series is used for the first time.

    Parameters
    ----------
    path : str or Path
        The folder. Files may lie in subfolders and have any name. Files that are not DICOM are counted and skipped.
    progress : callable, optional
        Called with the fraction that is done (0 to 1) and a text. It may raise `Cancelled`.

    Returns
    -------
    DicomFolder
        The series, sorted by series number, and what was left out.

    Raises
    ------
    PainGeneratorError
        The folder does not exist, it holds no DICOM images, a file is cut off or damaged, or the images are of more
        than one patient.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise PainGeneratorError(f"There is no folder {folder}.", "Give the folder that holds the DICOM files.")
    paths = all_files(folder)
    by_series: dict[str, list[Frame]] = defaultdict(list)
    others: list[OtherFile] = []
    n_not_dicom = 0
    for number, file in enumerate(paths):
        found = read_file_header(file)
        if found is None:
            n_not_dicom += 1
        elif isinstance(found, OtherFile):
            others.append(found)
        else:
            by_series[str(found[0].get("SeriesInstanceUID") or file.parent)].extend(found)
        if progress is not None and number % 32 == 0:
            progress(number / len(paths), "reading headers")
    if not by_series:
        what = "no files" if not paths else f"none of its {len(paths)} files is a DICOM image"
        raise PainGeneratorError(
            f"The folder {folder} has no DICOM images ({what}).", "Give the folder of the PET/MR examination."
        )
    _check_one_patient(by_series)
    result = DicomFolder(folder, [], _other_series(others), [], len(paths), n_not_dicom)
    for uid, frames in by_series.items():
        _add_series(uid, frames, result)
    result.series.sort(key=lambda s: (s.number is None, s.number or 0, s.series_uid, s.part or 0))
    if progress is not None:
        progress(1.0, "headers read")
    return result


def _other_series(others: list[OtherFile]) -> list[tuple[str, str]]:
    """Description of the files that do not hold images of a volume, and the reason; one entry per series."""
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    for other in others:
        counts[other.series_uid, other.description, other.reason] += 1
    return [
        (f"{description} ({count} file{'s' if count > 1 else ''})", reason)
        for (_, description, reason), count in counts.items()
    ]


def _patient_key(frame: Frame) -> tuple[str, str]:
    """Patient ID and patient name in a form that can be compared: lower case, single spaces, no carets."""
    name = re.sub(r"[\s^=,]+", " ", frame.get("PatientName") or "").strip().casefold()
    return (frame.get("PatientID") or "").strip().casefold(), name


def _may_be_same(a: tuple[str, str], b: tuple[str, str]) -> bool:
    """True when two keys can mean one patient: ID and name agree wherever both keys have them, and one is in both."""
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if x and y]
    return bool(pairs) and all(x == y for x, y in pairs)


def _patient_name(frame: Frame) -> str:
    name = re.sub(r"\^+", " ", frame.get("PatientName") or "").strip() or "no name"
    return f"{name} (ID {frame.get('PatientID') or 'empty'})"


def _patients(
    by_series: dict[str, list[Frame]],
) -> tuple[dict[tuple[str, str], Frame], dict[tuple[str, str], set[str]]]:
    """Find one image of every patient and the modalities of every patient, both by the key of the patient."""
    patients: dict[tuple[str, str], Frame] = {}
    modalities: dict[tuple[str, str], set[str]] = defaultdict(set)
    for frames in by_series.values():
        for frame in frames:
            key = _patient_key(frame)
            if key not in patients:
                # Two images can be of one patient although one of them lacks the ID or the name.
                key = next((known for known in patients if _may_be_same(known, key)), key)
            patients.setdefault(key, frame)
            modalities[key].add(frame.get("Modality") or "?")
    return patients, modalities


def _check_one_patient(by_series: dict[str, list[Frame]]) -> None:
    """Refuse a folder with images of several patients."""
    patients, modalities = _patients(by_series)
    if len(patients) < 2:
        return
    names = [f"{_patient_name(frame)}: {', '.join(sorted(modalities[key]))}" for key, frame in patients.items()]
    pet = {key for key, kinds in modalities.items() if "PT" in kinds}
    magnetic = {key for key, kinds in modalities.items() if "MR" in kinds}
    if pet and magnetic and not pet & magnetic:
        raise PainGeneratorError(
            f"PET and MR are of different patients: {'; '.join(names)}.",
            "Put the PET and the MR of one patient into a folder; if it is one person, correct the name or ID.",
        )
    raise PainGeneratorError(
        f"The folder holds images of {len(patients)} patients: {'; '.join(names)}.",
        "Give a folder with one patient only; if it is one person, correct the name or ID.",
    )


def _reason_of_image_type(frame: Frame) -> str | None:
    """Why an image is not a slice of a volume, according to Image Type (0008,0008); None when it can be one."""
    kinds = set(frame.get("ImageType") or ())
    if "LOCALIZER" in kinds:
        return "localizer"
    if kinds & SCREEN_TYPES or (frame.get("SamplesPerPixel") or 1) > 1:
        return "screenshot or color picture"
    if kinds & PROJECTION_TYPES or any("MIP" in kind.split("_") for kind in kinds):
        return "projection (MIP), not a volume"
    return "mosaic of slices" if "MOSAIC" in kinds else None


def _reason_to_leave_out(frame: Frame) -> str | None:
    """Why an image is not used as a slice of a volume; None when it can be used."""
    description = (frame.get("SeriesDescription") or frame.get("ProtocolName") or "").replace("_", " ")
    by_kind = _reason_of_image_type(frame)
    if by_kind is not None:
        return by_kind
    if frame.get("Modality") not in ("PT", "MR", "CT"):
        return f"modality {frame.get('Modality') or 'unknown'}"
    if PROJECTION_WORDS.search(description):
        return "projection (MIP), not a volume"
    if LOCALIZER_WORDS.search(description):
        return "localizer"
    missing = [keyword for keyword in NEEDED if frame.get(keyword) is None]
    if missing:
        return f"no {', '.join(missing)} in the header"
    return None


def _describe(frame: Frame) -> str:
    number, words = frame.get("SeriesNumber"), frame.get("SeriesDescription")
    shown = "series" if number is None else f"series {number:g}"
    return f"{shown} {frame.get('Modality') or ''}" + (f" '{words}'" if words else "")


def _add_series(uid: str, frames: list[Frame], result: DicomFolder) -> None:
    """Split one DICOM series into volumes and add them to the result."""
    usable: list[Frame] = []
    reasons: dict[str, int] = defaultdict(int)
    for frame in frames:
        reason = _reason_to_leave_out(frame)
        if reason is None:
            usable.append(frame)
        else:
            reasons[reason] += 1
    for reason, count in reasons.items():
        result.left_out.append((f"{_describe(frames[0])} ({count} image{'s' if count > 1 else ''})", reason))
    if not usable:
        return
    stacks = split_stacks(usable)
    for part, stack in enumerate(stacks, start=1):
        _settle_duplicates(stack)
        result.series.append(_make_series(uid, stack, part if len(stacks) > 1 else None))


def _settle_duplicates(stack: Stack) -> None:
    """Drop the second one of two identical images. If the two differ, set the problem of the stack."""
    for kept, other in stack.duplicates:
        pair = load_frames([kept, other])
        if not np.array_equal(pair[0], pair[1]):
            stack.problem = PainGeneratorError(
                f"Two different images lie at one position, and nothing in their headers tells them apart: "
                f"{kept.path} and {other.path}.",
                "Remove the one that does not belong to the series.",
            )
            return
    if stack.duplicates:
        count = len(stack.duplicates)
        stack.warnings.append(
            f"{count} slice{'s' if count > 1 else ''} came twice with identical pixels; one copy of each was used."
        )


def _make_series(uid: str, stack: Stack, part: int | None) -> Series:
    first = stack.frames[0]
    number = first.get("SeriesNumber")
    modality = first.get("Modality")
    split_by = describe_split(stack.split_by)
    return Series(
        uid=uid if part is None else f"{uid}/{part}",
        series_uid=uid,
        number=None if number is None else int(number),
        part=part,
        description=first.get("SeriesDescription") or first.get("ProtocolName") or "",
        modality=modality,
        geometry=stack.geometry,
        header=first.header,
        frames=stack.frames,
        split_by=split_by,
        pet_header=make_pet_header([frame.header for frame in stack.frames]) if modality == "PT" else None,
        problem=stack.problem or slope_problem(stack.frames),
        warnings=stack.warnings,
    )
