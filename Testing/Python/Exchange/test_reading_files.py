"""Segmentations and structured reports of other programs, read as they are."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pydicom
import pytest
from PainGeneratorLib.Exchange.read_report import read_report
from PainGeneratorLib.Exchange.read_segmentation import read_segmentation
from PainGeneratorLib.Exchange.reading_back import read_back
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry

pytestmark = pytest.mark.data


@pytest.fixture
def samples(data_folder: Path) -> Path:
    return data_folder / "seg-sr-samples"


def test_an_outline_of_dcmqi_has_voxels_place_and_identity(samples: Path) -> None:
    path = samples / "dcmqi" / "sr-example" / "seg.dcm"
    header = pydicom.dcmread(path)
    read = read_segmentation(path)
    (segment,) = read.segments
    assert len(segment.region) == int(header.pixel_array.sum())
    first = header.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0].ImagePositionPatient
    places = segment.region.geometry.to_ras(np.array([[0, 0, k] for k in range(segment.region.geometry.shape[0])]))
    nearest = np.abs(places - np.array([-first[0], -first[1], first[2]])).max(axis=1).min()
    assert nearest < 1e-4
    assert (read.creator, read.uid, read.study_uid) == (
        "User2",
        str(header.SOPInstanceUID),
        str(header.StudyInstanceUID),
    )
    assert len(read.source_uids) == 13


def test_the_report_of_quantitative_reporting_has_its_numbers(samples: Path) -> None:
    read = read_report(samples / "dcmqi" / "sr-example" / "sr.dcm")
    (group,) = read.groups
    numbers = {(one.code, one.derivation): one.value for one in group.numbers}
    assert numbers["126401", "Mean"] == 6.01529
    assert numbers["126401", "Maximum"] == 10.3814
    assert numbers["126401", "Peak Value Within ROI"] == 9.45534
    assert numbers["G-D705", ""] == 33.5824
    assert numbers["126033", ""] == 202.008
    assert (group.tracking_id, group.finding) == ("primary tumor", "Neoplasm, Primary")
    assert (group.site, read.observer) == ("pharyngeal tonsil (adenoid)", "User2")
    uid = str(pydicom.dcmread(samples / "dcmqi" / "sr-example" / "seg.dcm", stop_before_pixels=True).SOPInstanceUID)
    assert group.segment == (uid, 1)


def test_segments_that_overlap_keep_all_their_voxels(samples: Path) -> None:
    path = samples / "highdicom" / "seg_image_ct_binary_overlap.dcm"
    header = pydicom.dcmread(path)
    numbers = [
        int(frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        for frame in header.PerFrameFunctionalGroupsSequence
    ]
    sizes = header.pixel_array.reshape(len(numbers), -1).sum(axis=1)
    wanted = {number: int(sum(s for s, n in zip(sizes, numbers, strict=True) if n == number)) for number in numbers}
    segments = {one.number: one.region for one in read_segmentation(path).segments}
    assert {number: len(region) for number, region in segments.items()} == {n: s for n, s in wanted.items() if s}
    assert len(np.intersect1d(segments[1].flat, segments[2].flat)) > 0


@pytest.mark.parametrize("name", ["sparse-labelmap-ppv5.dcm", "partial_overlaps.dcm", "liver.dcm"])
def test_other_files_of_dcmqi_are_read(samples: Path, name: str) -> None:
    segments = read_segmentation(samples / "dcmqi" / "segmentations" / name).segments
    assert segments
    assert all(len(one.region) and one.region.flat[-1] < one.region.geometry.size for one in segments)


def test_what_is_no_segmentation_or_report_is_refused_with_the_reason(samples: Path) -> None:
    with pytest.raises(PainGeneratorError, match="no segmentation"):
        read_segmentation(samples / "highdicom" / "ct_image.dcm")
    with pytest.raises(PainGeneratorError, match="no structured report"):
        read_report(samples / "highdicom" / "ct_image.dcm")


def case_of(samples: Path, **changes: Any) -> Any:
    """A case with the PET on which the outline of dcmqi's example was drawn, as far as reading back looks at it."""
    path = samples / "dcmqi" / "sr-example" / "seg.dcm"
    header, read = pydicom.dcmread(path), read_segmentation(path)
    grid = read.segments[0].region.geometry
    facts = {
        "study_uid": str(header.StudyInstanceUID),
        "sop_instance_uids": sorted(read.source_uids),
        "patient_id": str(header.PatientID),
        "frame": str(header.FrameOfReferenceUID),
        # The whole series reaches beyond the slices of the outline.
        "grid": grid.cropped((-4, 0, 0), (grid.shape[0] + 9, *grid.shape[1:])),
    } | changes
    series = SimpleNamespace(
        facts={name: facts[name] for name in ("study_uid", "sop_instance_uids")},
        frame_of_reference=facts["frame"],
        image=SimpleNamespace(geometry=facts["grid"]),
    )
    patient = {"patient_id": facts["patient_id"], "patient_name": str(header.PatientName)}
    return SimpleNamespace(series={"PET": series}, patient=patient)


@pytest.fixture
def moved() -> Any:
    """An alignment that moves the series: 7 mm to the left, 3 mm to the front, 11 mm up in the reference frame."""
    matrix = np.eye(4)
    matrix[:3, 3] = (7.0, -3.0, -11.0)
    return SimpleNamespace(reference_to=lambda _role: matrix)


def test_outline_and_report_of_another_program_lie_on_the_series_of_the_case(samples: Path, moved: Any) -> None:
    folder = samples / "dcmqi" / "sr-example"
    (segment,) = read_segmentation(folder / "seg.dcm").segments
    back = read_back([folder], case_of(samples), moved)
    (outline,) = back.outlines
    assert back.notes == ()
    assert len(outline.region) == len(segment.region)
    shift = outline.region.points_ras.mean(axis=0) - segment.region.points_ras.mean(axis=0)
    np.testing.assert_allclose(shift, (-7.0, 3.0, 11.0), atol=1e-4)
    assert (outline.reader, outline.tracking_id) == ("User2", "primary tumor")
    assert outline.says is not None


def test_files_of_something_else_are_refused_with_the_reason(samples: Path, moved: Any) -> None:
    folder = samples / "dcmqi" / "sr-example"
    grid: Geometry = case_of(samples).series["PET"].image.geometry
    wrong = {
        "is of ": {"patient_id": "SOMEBODY-ELSE"},
        "another study": {"study_uid": "1.2.3"},
        "frame of reference": {"frame": "1.2.3"},
        "images that this case does not hold": {"sop_instance_uids": ["1.2.3.4"]},
        "reaches beyond the PET": {"grid": grid.cropped((0, 0, 0), (7, *grid.shape[1:]))},
    }
    for reason, change in wrong.items():
        with pytest.raises(PainGeneratorError, match=reason):
            read_back([folder], case_of(samples, **change), moved)
    with pytest.raises(PainGeneratorError, match="hold no outline"):
        read_back([folder / "sr.dcm"], case_of(samples), moved)
    with pytest.raises(PainGeneratorError, match="There is no file"):
        read_back([folder / "none.dcm"], case_of(samples), moved)
