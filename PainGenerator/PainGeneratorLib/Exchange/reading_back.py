"""Outlines of DICOM files as outlines of a case: identity and geometry are checked before anything is taken.

A file of another person, study, frame of reference or of other images is refused with the reason: an outline at the
place of somebody else's finding looks as good as a right one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..Dicom.patients import compare
from ..Dicom.person_names import Match
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Region
from ..Scene.common_grid import region_on_grid
from ..Workflow.case import Case
from ..Workflow.stages import Alignment
from .homes import grid_in_reference
from .persons import identity_of_case, studies_of_case, text_of
from .read_report import ReadGroup, ReadReport, read_report
from .read_segmentation import ReadSegment, ReadSegmentation, read_segmentation

OF_THIS_CASE = "Give files that were drawn on the images of this case."
"""What to do where a file is of something else."""
MARGIN_VOXELS = 0.55
"""How far an outline may reach beyond the outermost centers of voxels of its series: half a voxel, and rounding."""


@dataclass(frozen=True, eq=False)
class ReadOutline:
    """An outline of a file in a case.

    Parameters
    ----------
    region : Region
        In the reference frame, RAS mm, on the grid of the series on which it was drawn.
    label : str
        What the file calls it.
    tracking_id, tracking_uid : str
        Empty where the file has none.
    reader : str
        Who drew or decided it, as far as the files say.
    says : ReadGroup or None
        What the structured report says of it.
    file : str
        Name of the file.
    """

    region: Region
    label: str
    tracking_id: str
    tracking_uid: str
    reader: str
    says: ReadGroup | None
    file: str


@dataclass(frozen=True, eq=False)
class ReadBack:
    """What was read, and what has to be said of it, as sentences."""

    outlines: tuple[ReadOutline, ...]
    notes: tuple[str, ...]


def read_back(paths: Iterable[Path], case: Case, alignment: Alignment) -> ReadBack:
    """Read segmentations and structured reports as outlines of a case.

    Parameters
    ----------
    paths : iterable of Path
        DICOM files, or folders of them. In a folder, what is no segmentation and no structured report is passed over.
    case : Case
    alignment : Alignment

    Raises
    ------
    PainGeneratorError
        A file is of another patient, study, frame of reference or of other images, lies outside of its series, or
        cannot be read; or there is no outline at all.
    """
    segmentations, reports = _read(paths)
    notes: list[str] = []
    read: list[ReadSegmentation | ReadReport] = [*segmentations, *reports]
    for file in read:
        _check_person(file, case)
    for report in reports:
        known = {one.uid for one in segmentations}
        absent = [g for g in report.groups if g.segment is not None and g.segment[0] not in known]
        if absent:
            notes.append(
                f"{report.path.name} tells of {len(absent)} outlines of a segmentation that was not given; "
                "they are left out."
            )
    outlines = []
    for one in segmentations:
        role = _role_of(one, case)
        for segment in one.segments:
            said = _said_of(one, segment, reports)
            outlines.append(_placed(one, segment, role, case, alignment, said))
    if not outlines:
        raise PainGeneratorError("The files hold no outline.", "Give a DICOM segmentation (SEG) of this case.")
    return ReadBack(tuple(outlines), tuple(notes))


def _read(paths: Iterable[Path]) -> tuple[list[ReadSegmentation], list[ReadReport]]:
    segmentations, reports = [], []
    for path in paths:
        if not path.exists():
            raise PainGeneratorError(f"There is no file {path}.", "Give a DICOM segmentation, or a folder with one.")
        files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        for file in files:
            kind = _modality(file)
            if kind == "SR":
                reports.append(read_report(file))
            elif kind == "SEG" or not path.is_dir():
                segmentations.append(read_segmentation(file))
    return segmentations, reports


def _modality(path: Path) -> str:
    """The modality of a DICOM file; empty for what is none."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        return text_of(pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["Modality"]), "Modality")
    except (OSError, InvalidDicomError, ValueError):
        return ""


# --- identity


def _check_person(read: ReadSegmentation | ReadReport, case: Case) -> None:
    """Refuse a file of another person or study."""
    studies, own = studies_of_case(case), identity_of_case(case)
    if compare(own, read.patient) != Match.SAME:
        raise PainGeneratorError(
            f"{read.path.name} is of {read.patient.shown}, and this case is of {own.shown}.", OF_THIS_CASE
        )
    if not studies:
        raise PainGeneratorError(
            "It is not known of which study this case is, as it was not read from DICOM files.", OF_THIS_CASE
        )
    if read.study_uid not in studies:
        raise PainGeneratorError(f"{read.path.name} is of another study of this patient.", OF_THIS_CASE)


def _role_of(read: ReadSegmentation, case: Case) -> str:
    """The series on which a segmentation was drawn: that of its source images, else the one with its frame.

    Raises
    ------
    PainGeneratorError
        When it was drawn on other images, or in another frame of reference.
    """
    uids = {role: set(map(str, one.facts.get("sop_instance_uids") or ())) for role, one in case.series.items()}
    shared = {role: len(read.source_uids & own) for role, own in uids.items()}
    role = max(shared, key=lambda one: shared[one])
    if read.source_uids and not shared[role]:
        raise PainGeneratorError(f"{read.path.name} was drawn on images that this case does not hold.", OF_THIS_CASE)
    fitting = [one for one, series in case.series.items() if series.frame_of_reference == read.frame_of_reference]
    if not read.frame_of_reference or not fitting or (shared[role] and role not in fitting):
        raise PainGeneratorError(
            f"{read.path.name} has another frame of reference than the images of this case: where its outlines lie "
            "on them is not known.",
            OF_THIS_CASE,
        )
    return role if shared[role] else _nearest_grid(read, case, fitting)


def _nearest_grid(read: ReadSegmentation, case: Case, roles: Sequence[str]) -> str:
    """Of some series in one frame, one that holds all outlines; the one with the finest grid of several."""
    held = [role for role in roles if all(_is_inside(one.region, case, role) for one in read.segments)]
    if not held:
        raise PainGeneratorError(f"{read.path.name} lies outside of all series of this case.", OF_THIS_CASE)
    return min(held, key=lambda role: case.series[role].image.geometry.voxel_volume_ml)


def _is_inside(region: Region, case: Case, role: str) -> bool:
    first, shape = region.box
    corners = region.geometry.cropped(first, shape).corners_ras
    return bool(case.series[role].image.geometry.contains(corners, MARGIN_VOXELS).all())


# --- place


def _placed(
    read: ReadSegmentation,
    segment: ReadSegment,
    role: str,
    case: Case,
    alignment: Alignment,
    said: tuple[ReadReport, ReadGroup] | None,
) -> ReadOutline:
    """An outline on the grid of its series, in the reference frame."""
    if not _is_inside(segment.region, case, role):
        raise PainGeneratorError(
            f"Segment {segment.number} ({segment.label}) of {read.path.name} reaches beyond the {role} on which it "
            "was drawn.",
            OF_THIS_CASE,
        )
    on_series = region_on_grid(segment.region, case.series[role].image.geometry)
    group = None if said is None else said[1]
    decided = "" if group is None else group.words.get("decided_by", "")
    return ReadOutline(
        region=Region(grid_in_reference(case, alignment, role), np.sort(on_series.flat)),
        label=segment.label,
        tracking_id=segment.tracking_id or ("" if group is None else group.tracking_id),
        tracking_uid=segment.tracking_uid or ("" if group is None else group.tracking_uid),
        reader=decided or read.creator or ("" if said is None else said[0].observer),
        says=group,
        file=read.path.name,
    )


def _said_of(
    read: ReadSegmentation, segment: ReadSegment, reports: Sequence[ReadReport]
) -> tuple[ReadReport, ReadGroup] | None:
    """The group of a report that refers to a segment."""
    for report in reports:
        for group in report.groups:
            if group.segment == (read.uid, segment.number):
                return report, group
    return None
