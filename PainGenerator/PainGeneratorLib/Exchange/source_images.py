"""The headers of the DICOM images that a case was read from: what every object that we write refers to."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..Dicom.patients import compare
from ..Dicom.person_names import Match
from ..Numerics.core.errors import PainGeneratorError
from ..Workflow.case import Case, CaseSeries
from .persons import identity_of_case, identity_of_object

EMPTY_WHERE_MISSING = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "Manufacturer",
)
"""Attributes of type 2 of patient, study and equipment (PS3.3, C.7.1.1, C.7.2.1 and C.7.5.1): every object has them,
and an unknown value is empty. Anonymized images often lack them."""
CARRIED = (
    *EMPTY_WHERE_MISSING[:-1],
    "IssuerOfPatientID",
    "OtherPatientIDs",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "LongitudinalTemporalInformationModified",
    "StudyInstanceUID",
    "StudyDescription",
    "TimezoneOffsetFromUTC",
)
"""What an object has in common with the study that it belongs to: it is carried over as it is."""
UNICODE = "ISO_IR 192"
"""Character set UTF-8 (PS3.3, C.12.1.1.2)."""
PLAIN = (UNICODE, "ISO_IR 100")
"""Character sets that highdicom takes as they are; decoding all text of every header would take most of the time."""
REQUIRED = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPClassUID")
"""What a series must have so that an object can refer to it."""
UNREADABLE = "Give the DICOM files that the case was read from."
"""What to do where the images of a case are not there."""


@dataclass(frozen=True, eq=False)
class SourceSeries:
    """One series of a case, with the headers of its images.

    Parameters
    ----------
    role : str
    datasets : tuple of pydicom.Dataset
        Without pixels; single-frame images, or multi-frame ones.
    series : CaseSeries
        Voxels and geometry (RAS mm, own frame) as the case has them.
    """

    role: str
    datasets: tuple[Any, ...]
    series: CaseSeries

    @property
    def first(self) -> Any:
        """The header of one image."""
        return self.datasets[0]


@dataclass(frozen=True, eq=False)
class SourceImages:
    """The series of a case whose images are known.

    Parameters
    ----------
    by_role : mapping of str to SourceSeries
    missing : mapping of str to str
        For the other roles, why there are no images.
    """

    by_role: Mapping[str, SourceSeries]
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def study(self) -> Any:
        """The header that patient and study are taken from: of the PET, else of any series.

        Raises
        ------
        PainGeneratorError
            When no image of the case is known.
        """
        found = self.by_role.get("PET") or next(iter(self.by_role.values()), None)
        if found is None:
            reasons = "; ".join(f"{role}: {reason}" for role, reason in self.missing.items())
            raise PainGeneratorError(f"No DICOM image of this case is known ({reasons}).", UNREADABLE)
        return found.first

    @property
    def series_numbers(self) -> set[int]:
        """The numbers of all series that are known, which new series must not take."""
        numbers = {getattr(one.first, "SeriesNumber", None) for one in self.by_role.values()}
        return {int(number) for number in numbers if number is not None}


def read_source_images(case: Case, find_file: Callable[[str], str | Path | None] | None = None) -> SourceImages:
    """Read the headers of the images of a case.

    Parameters
    ----------
    case : Case
    find_file : callable, optional
        Gives the file of a SOP instance UID, or None. Slicer's DICOM database has it
        (``slicer.dicomDatabase.fileForInstance``). When left out, the files that the case was read from are taken.

    Returns
    -------
    SourceImages
        A series is complete or missing: with one image less, references would point at the wrong slices.
    """
    found: dict[str, SourceSeries] = {}
    missing: dict[str, str] = {}
    for role, series in case.series.items():
        uids = list(dict.fromkeys(series.facts.get("sop_instance_uids") or ()))
        if not uids:
            missing[role] = "it was not read from DICOM files"
            continue
        files = series.facts.get("files") or () if find_file is None else [find_file(uid) for uid in uids]
        datasets, reason = _headers(files, set(uids))
        if not reason and find_file is not None:
            reason = _other_patient(datasets, case)
        if reason:
            missing[role] = reason
        else:
            found[role] = SourceSeries(role, datasets, series)
    return SourceImages(found, missing)


def files_by_uid(folder: Path) -> dict[str, str]:
    """The DICOM files of a folder, any nesting, by SOP instance UID; other files there are passed over.

    Raises
    ------
    PainGeneratorError
        When there is no such folder.
    """
    if not Path(folder).is_dir():
        raise PainGeneratorError(f"There is no folder {folder}.", UNREADABLE)
    found: dict[str, str] = {}
    for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
        dataset = _header(path, ["SOPInstanceUID"])
        if dataset is not None and "SOPInstanceUID" in dataset:
            found.setdefault(str(dataset.SOPInstanceUID), str(path))
    return found


def _headers(files: Iterable[str | Path | None], uids: set[str]) -> tuple[tuple[Any, ...], str]:
    """The headers of some files in order, and why there are none; empty when there are."""
    datasets: list[Any] = []
    for path in dict.fromkeys(files):
        dataset = None if path is None else _header(Path(path))
        if dataset is not None and str(dataset.get("SOPInstanceUID")) in uids:
            datasets.append(_prepare(dataset))
    known = {str(dataset.SOPInstanceUID) for dataset in datasets}
    lacking = next((word for word in REQUIRED if any(not dataset.get(word) for dataset in datasets)), None)
    if lacking is not None:
        return (), f"its images have no {lacking}, which every object refers to"
    if not known:
        return (), "its files were not found"
    if known != uids:
        return (), f"{len(uids - known)} of its {len(uids)} images were not found"
    return tuple(datasets), ""


def _other_patient(datasets: Iterable[Any], case: Case) -> str:
    """Why images are not those of the case although their UIDs are, as in a copy for another purpose; empty when they
    are."""
    own = identity_of_case(case)
    for one in dict.fromkeys(identity_of_object(dataset) for dataset in datasets):
        if compare(own, one) != Match.SAME:
            return f"its images are of {one.shown}, and the case is of {own.shown}"
    return ""


def _header(path: Path, only: list[str] | None = None) -> Any | None:
    """A header without pixels; None where the file is not there or no DICOM file."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=only)
    except (OSError, InvalidDicomError, ValueError, LookupError, EOFError, NotImplementedError, zlib.error):
        return None


def _prepare(dataset: Any) -> Any:
    """Make a header that objects can be made from; changed in place, and nothing is guessed.

    Attributes of type 2 that are missing are empty, as the standard asks. Text becomes Unicode: highdicom refuses
    character sets that old scanners write, and a name keeps the bytes of its file otherwise.
    """
    from pydicom.valuerep import PersonName

    is_plain = dataset.get("SpecificCharacterSet", UNICODE) in PLAIN
    if not is_plain:
        dataset.decode()
    for keyword in (*CARRIED, *EMPTY_WHERE_MISSING):
        value = dataset.get(keyword)
        if isinstance(value, PersonName):
            setattr(dataset, keyword, str(value))
        elif keyword not in dataset and keyword in EMPTY_WHERE_MISSING:
            setattr(dataset, keyword, "")
    if not is_plain:
        dataset.SpecificCharacterSet = UNICODE
    return dataset
