"""Reads DICOM segmentations back, ours and those of other programs: an outline for each segment, and its identity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..Anatomy.dicom_segmentation import read_segment_regions
from ..Dicom.patients import Identity
from ..Numerics.core.image import Region
from .persons import identity_of_object, text_of


@dataclass(frozen=True, eq=False)
class ReadSegment:
    """One outline of a file.

    Parameters
    ----------
    number : int
        Of the segment within its file.
    label : str
        What the file calls it.
    region : Region
        In the frame of the file, RAS mm; the grid reaches as far as the file has slices.
    tracking_id, tracking_uid : str
        Empty where the file has none.
    """

    number: int
    label: str
    region: Region
    tracking_id: str = ""
    tracking_uid: str = ""


@dataclass(frozen=True, eq=False)
class ReadSegmentation:
    """A segmentation object.

    Parameters
    ----------
    path : Path
    uid : str
        SOP instance UID.
    patient : Identity
    study_uid, frame_of_reference : str
        Empty where the file has none.
    source_uids : frozenset of str
        SOP instance UIDs of the images on which it was drawn, as far as the file names them.
    creator : str
        Who drew it; empty where the file does not say.
    segments : tuple of ReadSegment
    """

    path: Path
    uid: str
    patient: Identity
    study_uid: str
    frame_of_reference: str
    source_uids: frozenset[str]
    creator: str
    segments: tuple[ReadSegment, ...]


def read_segmentation(path: Path) -> ReadSegmentation:
    """Read a DICOM segmentation (binary, fractional or label map) with all that tells whose it is.

    Parameters
    ----------
    path : Path

    Raises
    ------
    PainGeneratorError
        The file is another kind of DICOM, or damaged.
    """
    header, regions = read_segment_regions(path)
    described = {int(item.SegmentNumber): item for item in header.SegmentSequence}
    return ReadSegmentation(
        path=path,
        uid=text_of(header, "SOPInstanceUID"),
        patient=identity_of_object(header),
        study_uid=text_of(header, "StudyInstanceUID"),
        frame_of_reference=text_of(header, "FrameOfReferenceUID"),
        source_uids=frozenset(_source_uids(header)),
        creator=text_of(header, "ContentCreatorName"),
        segments=tuple(
            ReadSegment(
                number,
                text_of(described.get(number), "SegmentLabel"),
                region,
                text_of(described.get(number), "TrackingID"),
                text_of(described.get(number), "TrackingUID"),
            )
            for number, region in regions.items()
        ),
    )


def _source_uids(header: Any) -> Iterator[str]:
    """The images that a segmentation refers to: for the whole object (PS3.3, C.12.1.1.11), and frame by frame."""
    for series in header.get("ReferencedSeriesSequence") or ():
        for one in series.get("ReferencedInstanceSequence") or ():
            yield text_of(one, "ReferencedSOPInstanceUID")
    shared = list(header.get("SharedFunctionalGroupsSequence") or ())
    for frame in (*shared, *(header.get("PerFrameFunctionalGroupsSequence") or ())):
        for derivation in frame.get("DerivationImageSequence") or ():
            for one in derivation.get("SourceImageSequence") or ():
                yield text_of(one, "ReferencedSOPInstanceUID")
