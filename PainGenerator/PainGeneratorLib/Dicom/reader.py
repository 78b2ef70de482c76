"""Read a folder of DICOM files as series. Nothing is ever written to the folder."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.printable import one_line
from .build_series import build_series
from .completeness import tell_missing
from .files import DamagedFile, Frame, OtherFile, file_error, read_file_header
from .folder_files import EMPTY, PACKED, FolderFiles, check_folder, files_below, kind_of_other_file
from .patients import Patient, check_one_patient, compare, identity_of
from .person_names import Match
from .series import DicomFolder, LeftOut, Progress, Series
from .series_vocabulary import Meaning
from .series_words import words_of

__all__ = ["DicomFolder", "Series", "read_folder"]

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
VALUES_OF = {"ImagePositionPatient": 3, "ImageOrientationPatient": 6, "PixelSpacing": 2}
"""Number of values of the elements that place an image in space (PS3.3, section C.7.6.2)."""
LEAST_NORMAL = 0.5
"""Lower bound of the length of the product of the direction cosines of rows and columns, which is 1. Our estimate."""
FARTHEST_MM = 100_000.0
"""Upper bound of the coordinates of a slice, mm. Our estimate: farther away, the place of a slice is lost in
rounding."""
IMAGE_ENDINGS = ("", ".dcm", ".ima", ".dicom", ".img")
"""Endings of the names of DICOM files, for empty files that stand in the place of an image. Most have none."""
NAMED_FILES = 5
"""Upper bound of the files that are named in a message. Our estimate of what a reader takes in."""


def read_folder(path: str | Path, progress: Progress | None = None) -> DicomFolder:
    """Read all headers below a folder and sort them into series.

    The pixels are read later, when :attr:`.series.Series.image` of a series is used for the first time.

    Parameters
    ----------
    path : str or Path
        The folder. Files may lie in subfolders, also linked ones, and have any name. What is not an image of a
        volume is listed with the reason (:attr:`.series.DicomFolder.left_out`).
    progress : callable, optional
        Called with the fraction that is done (0 to 1) and a text. It may raise `Cancelled`.

    Returns
    -------
    DicomFolder
        The series, sorted by series number, and what was left out. A series with a damaged file has a `problem`.

    Raises
    ------
    PainGeneratorError
        The path is no folder, it holds no DICOM files, or the images are of more than one patient.
    """
    folder = Path(path)
    check_folder(folder)
    files = files_below(folder)
    content = _read_headers(files.paths, progress)
    result = DicomFolder(folder, [], [], [], len(files.paths), len(content.not_dicom))
    _list_closed(files.closed, result)
    if not (content.by_series or content.others or content.damaged):
        _list_not_dicom(content, result)
        raise _nothing_found(folder, files, result)
    usable = {key: _sort_out(frames, result) for key, frames in content.by_series.items()}
    patients = check_one_patient(frame for frames in usable.values() for frame in frames)
    built = {key: build_series(_series_uid(frames[0]), frames) for key, frames in usable.items() if frames}
    result.series += [series for parts in built.values() for series in parts]
    result.left_out += _other_series(content.others)
    _list_not_dicom(content, result)
    for file in content.damaged:
        _settle_damaged_file(file, result)
    _settle_incomplete_series(content, usable, result)
    unread = _what_was_not_read(files, content)
    for key, parts in built.items():
        tell_missing(content.by_series[key], parts, unread)
    result.warnings += _of_other_patients(content, usable, patients)
    # Names of files are quoted in them, which may hold anything.
    result.warnings = [one_line(text) for text in result.warnings]
    result.left_out = [replace(one, what=one_line(one.what), reason=one_line(one.reason)) for one in result.left_out]
    result.left_out.sort(key=lambda one: (one.number is None, one.number or 0))
    result.series.sort(key=lambda s: (s.number is None, s.number or 0, s.series_uid, s.part or 0))
    if progress is not None:
        progress(1.0, "headers read")
    return result


@dataclass
class _Content:
    """What the files of a folder hold."""

    by_series: dict[tuple[str, ...], list[Frame]] = field(default_factory=lambda: defaultdict(list))
    others: list[OtherFile] = field(default_factory=list)
    damaged: list[DamagedFile] = field(default_factory=list)
    not_dicom: list[Path] = field(default_factory=list)


def _read_headers(paths: list[Path], progress: Progress | None) -> _Content:
    """Read the header of every file."""
    content = _Content()
    for number, file in enumerate(paths):
        with warnings.catch_warnings():
            # pydicom warns of values that break the standard in small ways. The user cannot act on these warnings.
            warnings.simplefilter("ignore")
            found = read_file_header(file)
        if found is None:
            content.not_dicom.append(file)
        elif isinstance(found, OtherFile):
            content.others.append(found)
        elif isinstance(found, DamagedFile):
            content.damaged.append(found)
        else:
            content.by_series[_series_key(found[0])].extend(found)
        if progress is not None and number % 32 == 0:
            progress(number / len(paths), "reading headers")
    return content


def _series_uid(frame: Frame) -> str:
    """Series Instance UID; the folder of the file where the header has none."""
    return str(frame.get("SeriesInstanceUID") or one_line(str(frame.path.parent)))


def _series_key(frame: Frame) -> tuple[str, ...]:
    """What the images of one series have in common.

    Some programs write one Series Instance UID into a PET and its CT (https://github.com/SlicerRt/SlicerRT/issues/272),
    others write none at all (https://github.com/rordenlab/dcm2niix/issues/218).
    """
    modality = str(frame.get("Modality"))
    if frame.get("SeriesInstanceUID"):
        return _series_uid(frame), modality
    number, description = frame.get("SeriesNumber"), frame.get("SeriesDescription")
    return _series_uid(frame), modality, str(number), str(description)


def _nothing_found(folder: Path, files: FolderFiles, result: DicomFolder) -> PainGeneratorError:
    """The error for a folder without a DICOM file."""
    if files.paths:
        what = f"none of its {len(files.paths)} files is a DICOM image: "
        what += "; ".join(one.sentence for one in result.left_out)
    else:
        what = "; ".join(one.sentence for one in result.left_out) or "no files"
    advice = "Give the folder of the PET/MRI examination."
    if any(one.reason == PACKED for one in result.left_out):
        advice = "Unpack the files, and give the folder with the DICOM files."
    elif files.closed and not files.paths:
        advice = "Give a folder that you may read, or make it readable."
    return PainGeneratorError(f"The folder {folder} has no DICOM images ({what}).", advice)


def _what_was_not_read(files: FolderFiles, content: _Content) -> str:
    """Words for the folders and files that the file system did not give; empty when it gave all."""
    closed = [(path, why) for path, why in files.closed]
    closed += [(one.path, one.what) for one in content.damaged if not one.header]
    if not closed:
        return ""
    path, why = closed[0]
    more = f" and {len(closed) - 1} more" if len(closed) > 1 else ""
    return f"{path}{more} could not be read ({why}), where they may lie"


def _list_closed(closed: list[tuple[Path, str]], result: DicomFolder) -> None:
    """List the folders and links that could not be opened, and warn of them: images of the case may lie there."""
    for path, why in closed:
        result.left_out.append(LeftOut(str(path), why))
        result.warnings.append(
            f"{path} could not be opened: {why}. What lies there was not read: slices and series may be missing."
        )


def _list_not_dicom(content: _Content, result: DicomFolder) -> None:
    """List the files that are not DICOM; warn of empty files that lie among the images, because they replace
    slices."""
    by_kind: dict[str, list[Path]] = defaultdict(list)
    for file in content.not_dicom:
        by_kind[kind_of_other_file(file)].append(file)
    for kind, files in sorted(by_kind.items()):
        result.left_out.append(LeftOut(_count_files(files), kind))
    image_folders = {frames[0].path.parent for frames in content.by_series.values()}
    lost = [
        file
        for file in by_kind[EMPTY]
        if file.parent in image_folders and file.suffix.lower() in IMAGE_ENDINGS and not file.name.startswith(".")
    ]
    if lost:
        result.warnings.append(
            f"{_count_files(lost)} among the images: {EMPTY}. A slice may be missing; copy the examination again."
        )


def _count_files(files: list[Path]) -> str:
    """Number and names of files, for people."""
    names = ", ".join(file.name for file in files[:NAMED_FILES]) + (", ..." if len(files) > NAMED_FILES else "")
    return f"{len(files)} file{'s' if len(files) > 1 else ''} ({names})"


def _other_series(others: list[OtherFile]) -> list[LeftOut]:
    """List the files that do not hold images of a volume; one entry per series."""
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    for other in others:
        counts[other.series_uid, other.description, other.reason] += 1
    return [
        LeftOut(f"{description} ({count} file{'s' if count > 1 else ''})", reason, series_uid=uid)
        for (uid, description, reason), count in counts.items()
    ]


def _sort_out(frames: list[Frame], result: DicomFolder) -> list[Frame]:
    """The images of one series that can become a volume; the others are listed with the reason."""
    usable: list[Frame] = []
    left: dict[tuple[str, bool], list[Frame]] = defaultdict(list)
    for frame in frames:
        kind, fault = _reason_of_kind(frame), frame.unusable or _missing_elements(frame)
        if kind is None and not fault:
            usable.append(frame)
        else:
            # Curves, tables and pages of text that a scanner adds are secondary images; nobody expects a volume of
            # them.
            is_picture = "SECONDARY" in (frame.get("ImageType") or ())
            left[kind or fault, kind is None and not is_picture].append(frame)
    for (reason, is_fault), those in left.items():
        can_return = not any(_missing_elements(frame) or frame.unusable for frame in those)
        number = those[0].get("SeriesNumber")
        count = f"{len(those)} of its {len(frames)}" if len(those) < len(frames) else f"{len(those)}"
        one = LeftOut(
            f"{_describe(those[0])} ({count} image{'s' if len(those) > 1 else ''})",
            reason,
            those[0].get("Modality") or "",
            None if number is None else int(number),
            _series_uid(those[0]),
            tuple(those) if can_return else (),
            is_fault,
        )
        result.left_out.append(one)
        if is_fault:
            result.warnings.append(f"{one.what[0].upper()}{one.what[1:]} was left out: {reason}.")
    return usable


def _settle_damaged_file(file: DamagedFile, result: DicomFolder) -> None:
    """Give the series of a file that is cut off in its header a problem; warn of the file when it is of no series.

    The series is known by its UID, or by modality and description, which come first in a header.
    """
    uid = file.header.get("SeriesInstanceUID")
    modality, description = file.header.get("Modality"), file.header.get("SeriesDescription")
    owners = [
        series
        for series in result.series
        if (uid == series.series_uid if uid else description and (modality, description) == _names_of(series))
    ]
    for series in owners:
        # The name of the file says more than the gap that it leaves.
        series.problem = file_error(file.path, file.what)
    if not owners:
        words = f" of {modality} '{description}'" if modality and description else ""
        result.left_out.append(LeftOut(f"file {file.path.name}{words}", file.what))
        result.warnings.append(f"The file {file.path}{words} {file.what}; it was left out.")


def _names_of(series: Series) -> tuple[str, str]:
    """Modality and description of a series, as its header states them."""
    return series.modality, series.header.get("SeriesDescription") or ""


def _settle_incomplete_series(
    content: _Content, usable: Mapping[tuple[str, ...], list[Frame]], result: DicomFolder
) -> None:
    """Give a series of which some images have no pixels a problem: it has fewer slices than were sent."""
    for key, frames in content.by_series.items():
        lost = next((frame for frame in frames if frame.unusable and _reason_of_kind(frame) is None), None)
        if lost is None or not usable[key]:
            continue
        for series in result.series:
            if (series.series_uid, series.modality) == (_series_uid(lost), lost.get("Modality")):
                series.problem = series.problem or file_error(lost.path, f"cannot be used: {lost.unusable}")


def _of_other_patients(
    content: _Content, usable: Mapping[tuple[str, ...], list[Frame]], patients: list[Patient]
) -> list[str]:
    """Warnings of series that were left out and are of another person than the case."""
    found = []
    for key, frames in content.by_series.items():
        identity = identity_of(frames[0])
        if patients and not usable[key] and compare(patients[0].identities[0], identity) == Match.OTHER:
            found.append(
                f"{_describe(frames[0]).capitalize()} is of another person, {identity.shown}; it was left out."
            )
    return found


def is_placed(frame: Frame) -> bool:
    """Whether the header of an image places it in space."""
    return not _missing_elements(frame)


def _missing_elements(frame: Frame) -> str:
    """Words for the elements that an image lacks to become part of a volume; empty when it has all."""
    missing = [keyword for keyword in NEEDED if frame.get(keyword) is None]
    if missing:
        return f"no {', '.join(missing)} in the header that can be read"
    wrong = [keyword for keyword, count in VALUES_OF.items() if len(frame.get(keyword)) != count]
    if wrong:
        return f"{', '.join(wrong)} with a wrong number of values"
    if not min(frame.get("PixelSpacing")) > 0:
        return "PixelSpacing is not above 0"
    if not max(map(abs, frame.get("ImagePositionPatient"))) <= FARTHEST_MM:
        return "ImagePositionPatient that lies in no room"
    cosines = np.array(frame.get("ImageOrientationPatient"), dtype=float)
    if not np.linalg.norm(np.cross(cosines[:3], cosines[3:])) > LEAST_NORMAL:
        return "ImageOrientationPatient that is no orientation"
    return ""


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


def _reason_of_kind(frame: Frame) -> str | None:
    """Why an image is not used as a slice of a volume, by what kind of image it is; None when it can be used."""
    description = frame.get("SeriesDescription") or frame.get("ProtocolName") or ""
    by_kind = _reason_of_image_type(frame)
    if by_kind is not None:
        return by_kind
    if frame.get("Modality") not in ("PT", "MR", "CT"):
        return f"modality {frame.get('Modality') or 'unknown'}"
    words = words_of(description)
    if words.has(Meaning.PROJECTION):
        return "projection (MIP), not a volume"
    return "localizer" if words.has(Meaning.LOCALIZER) else None


def _describe(frame: Frame) -> str:
    number, words = frame.get("SeriesNumber"), frame.get("SeriesDescription")
    shown = "series" if number is None else f"series {number:g}"
    return f"{shown} {frame.get('Modality') or ''}" + (f" '{words}'" if words else "")
