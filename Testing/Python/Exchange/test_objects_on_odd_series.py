"""Objects on small made series: oblique grids, odd names and character sets, and what anonymized files lack."""

from __future__ import annotations

import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_makers import enhanced, ramp, write_series
from foreign_programs import errors_of, segments_by_dcmqi
from PainGeneratorLib.Anatomy.codes import SIDE_CODES, part_code, structure_code, type_code
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Exchange.object_identity import instance_uid, series_identity, tracking_uid
from PainGeneratorLib.Exchange.picture_objects import document_object, picture_object
from PainGeneratorLib.Exchange.segmentation_object import SegmentFacts, segmentation_object
from PainGeneratorLib.Exchange.source_images import SourceImages, read_source_images
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import LPS_TO_RAS, Region
from PainGeneratorLib.Numerics.core.records import Place
from PainGeneratorLib.Numerics.core.words import Role

CREATED = datetime.datetime(2026, 3, 1, 14, 20, 30, tzinfo=datetime.UTC)
TILT = np.deg2rad(17.0)
GRIDS = {
    "axial": (1, 0, 0, 0, 1, 0),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "oblique": (np.cos(TILT), np.sin(TILT), 0, 0, 0, -1),
    "head down": (1, 0, 0, 0, -1, 0),
}
"""Directions of rows and columns, LPS."""


def sources_of(folder: Path, **values: Any) -> SourceImages:
    """The images of one MR series on a grid that has no symmetry."""
    write_series(folder, ramp(5, 6, 7), **values)
    series = read_folder(folder).series[0]
    case = SimpleNamespace(
        patient={},
        series={
            "T1": SimpleNamespace(
                image=series.image, facts={"sop_instance_uids": series.sop_instance_uids, "files": series.files}
            )
        },
    )
    return read_source_images(case)


def two_segments(sources: SourceImages) -> list[SegmentFacts]:
    """Two outlines that overlap and are symmetric in no direction."""
    geometry = sources.by_role["T1"].series.image.geometry
    masks = np.zeros((2, *geometry.shape), dtype=bool)
    masks[0, 1:3, 2:5, 1:3] = True
    masks[0, 3, 4, 6] = True
    masks[1, 2:5, 3, 2:6] = True
    category, kind = type_code("pain generator")
    places = [
        Place("left facet joint L4/L5", "facet joint", "left", "L4/L5"),
        Place("L3", "vertebral body", "midline", "L3"),
    ]
    return [
        SegmentFacts(
            f"segment {number}",
            Region.from_mask(mask, geometry),
            category,
            kind,
            structure_code(place),
            (*([SIDE_CODES[place.side]] if place.side == "left" else []), *filter(None, [part_code(place)])),
            f"PainGenerator PG-0{number}",
            tracking_uid("1.2.3", f"PG-0{number}"),
            "AUTOMATIC",
            (0.9, 0.2, 0.1),
        )
        for number, (mask, place) in enumerate(zip(masks, places, strict=True), start=1)
    ]


def written_segmentation(sources: SourceImages, folder: Path) -> Path:
    identity = series_identity("1.2.3", "segmentation", "outlines on T1", sources.series_numbers, "T1")
    found = segmentation_object(
        sources.by_role["T1"], two_segments(sources), identity, CREATED, "PAIN GENERATORS", "Doe^Jane"
    )
    path = folder / "seg.dcm"
    found.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("grid", GRIDS)
def test_other_programs_get_the_same_voxels_at_the_same_place(tmp_path: Path, grid: str) -> None:
    sources = sources_of(tmp_path / "mr", orientation=GRIDS[grid])
    path = written_segmentation(sources, tmp_path)
    assert errors_of(path) == []
    found = segments_by_dcmqi(path, tmp_path / "dcmqi")
    assert [facts["SegmentLabel"] for facts, _ in found] == ["segment 1", "segment 2"]
    for segment, (facts, image) in zip(two_segments(sources), found, strict=True):
        import SimpleITK as sitk

        array = sitk.GetArrayFromImage(image) == facts["labelID"]
        places = np.argwhere(array)[:, ::-1]
        theirs = [image.TransformIndexToPhysicalPoint([int(v) for v in place]) for place in places]
        kji = np.stack(np.unravel_index(segment.region.flat, segment.region.geometry.shape), axis=1)
        ours = segment.region.geometry.to_ras(kji[:, ::-1]) @ LPS_TO_RAS[:3, :3]
        assert len(theirs) == len(ours)
        order = [np.lexsort(np.round(points, 2).T) for points in (np.array(theirs), ours)]
        assert np.abs(np.array(theirs)[order[0]] - ours[order[1]]).max() < 1e-4


def test_highdicom_reads_the_outlines_with_side_level_and_source(tmp_path: Path) -> None:
    import highdicom

    sources = sources_of(tmp_path / "mr", orientation=GRIDS["oblique"])
    found = highdicom.seg.segread(written_segmentation(sources, tmp_path))
    first, second = found.SegmentSequence
    region = first.AnatomicRegionSequence[0]
    assert [item.CodeMeaning for item in region.AnatomicRegionModifierSequence] == ["Left", "L4/L5 disc"]
    assert second.AnatomicRegionSequence[0].CodeMeaning == "L3 vertebra"
    assert first.TrackingUID == tracking_uid("1.2.3", "PG-01")
    assert first.SegmentAlgorithmType == "AUTOMATIC"
    assert first.RecommendedDisplayCIELabValue
    assert found.FrameOfReferenceUID == sources.by_role["T1"].first.FrameOfReferenceUID
    images = found.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    named = {str(item.ReferencedSOPInstanceUID) for item in images}
    assert named == {str(one.SOPInstanceUID) for one in sources.by_role["T1"].datasets}
    assert found.get_volume(segment_numbers=[1], combine_segments=True).array.sum() == 13


NAMES = {
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    "latin 1": ("ISO_IR 100", "Müller^Jörg^^Dr."),
    "utf-8": ("ISO_IR 192", "Wang^XiaoDong=王^小东"),
    "five parts": ("", "Adams^John Robert Quincy^^Rev.^B.A. M.Div."),
    "empty": ("ISO_IR 100", ""),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_and_time_zone_are_carried_over_exactly(tmp_path: Path, name: str) -> None:
    charset, text = NAMES[name]
    sources = sources_of(
        tmp_path / "mr",
        SpecificCharacterSet=charset,
        PatientName=text,
        ReferringPhysicianName=text,
        TimezoneOffsetFromUTC="+0530",
        StudyDescription="Wirbelsäule" if name in ("latin 1", "utf-8") else "spine",
    )
    source = pydicom.dcmread(next((tmp_path / "mr").iterdir()), stop_before_pixels=True)
    for path in (written_segmentation(sources, tmp_path), written_document(sources, tmp_path)):
        found = pydicom.dcmread(path)
        assert str(found.PatientName) == str(source.PatientName) == text
        assert str(found.ReferringPhysicianName) == text
        assert found.TimezoneOffsetFromUTC == "+0530"
        assert found.StudyDescription == source.StudyDescription
        assert found.StudyInstanceUID == source.StudyInstanceUID
        assert errors_of(path) == []


def written_document(sources: SourceImages, folder: Path) -> Path:
    identity = series_identity("1.2.3", "document", "report", sources.series_numbers)
    path = folder / "report.dcm"
    document_object(b"%PDF-1.4 odd\n%%EOF", "Report", sources.study, identity, CREATED).save_as(
        path, enforce_file_format=True
    )
    return path


def test_what_anonymized_files_lack_is_empty_and_nothing_is_guessed(tmp_path: Path) -> None:
    lacking = ("AccessionNumber", "PatientBirthDate", "PatientSex", "StudyID", "ReferringPhysicianName", "StudyTime")
    sources = sources_of(tmp_path / "mr", **dict.fromkeys(lacking))
    for path in (written_segmentation(sources, tmp_path), written_document(sources, tmp_path)):
        found = pydicom.dcmread(path)
        assert all(keyword in found and not found[keyword].value for keyword in lacking)
        assert errors_of(path) == []


def test_a_picture_is_stored_as_the_jpeg_that_it_is(tmp_path: Path) -> None:
    import io

    from PIL import Image as Picture

    buffer = io.BytesIO()
    colors = np.zeros((40, 60, 3), dtype=np.uint8)
    colors[:, :20] = (250, 20, 30)
    colors[:10] = (20, 30, 250)
    Picture.fromarray(colors).save(buffer, "JPEG", quality=92)
    sources = sources_of(tmp_path / "mr")
    identity = series_identity("1.2.3", "key images", "key images", sources.series_numbers)
    path = tmp_path / "picture.dcm"
    made = picture_object(buffer.getvalue(), "T1 with PET", sources.study, identity, 1, CREATED)
    made.save_as(path, enforce_file_format=True)
    assert errors_of(path) == []
    found = pydicom.dcmread(path)
    assert found.ImageComments == "T1 with PET"
    assert np.abs(found.pixel_array.astype(int) - colors).mean() < 6
    assert buffer.getvalue() in path.read_bytes()


def test_series_numbers_are_stable_and_take_no_number_of_the_study() -> None:
    kinds = ("segmentation", "mr findings", "report", "key images", "document")
    numbers = [series_identity("1.2", kind, kind, {1, 5, 400}).number for kind in kinds]
    assert len(set(numbers)) == len(kinds)
    assert numbers == [series_identity("1.2", kind, kind, {7}).number for kind in kinds]
    moved = [series_identity("1.2", kind, kind, {1, 9020, 9100}).number for kind in kinds]
    assert not set(moved) & {9020, 9100}
    assert min(moved) >= 9200
    roles = list(Role)
    per_role = [series_identity("1.2", "segmentation", "x", set(), role).number for role in roles]
    assert len(set(per_role)) == len(roles)
    assert "research use only" in series_identity("1.2", "report", "measurements", set()).description


def test_an_object_that_holds_something_else_is_another_object() -> None:
    identity = series_identity("1.2", "report", "measurements", set())
    header, other = pydicom.Dataset(), pydicom.Dataset()
    other.PatientName = "Doe^Jane"
    first = instance_uid(identity, CREATED, header, b"a", "b")
    assert first == instance_uid(identity, CREATED, header, b"a", "b")
    assert first != instance_uid(identity, CREATED, header, b"ab", "")
    assert first != instance_uid(identity, CREATED, other, b"a", "b")
    assert first != instance_uid(identity, CREATED + datetime.timedelta(days=1), header, b"a", "b")
    assert tracking_uid("1.2", "PG-01") != tracking_uid("1.2", "PG-02") != tracking_uid("1.3", "PG-02")


def test_a_series_with_one_image_less_is_missing_with_the_reason(tmp_path: Path) -> None:
    write_series(tmp_path / "mr", ramp(5, 6, 7))
    series = read_folder(tmp_path / "mr").series[0]
    facts = {"sop_instance_uids": series.sop_instance_uids, "files": series.files[:-1]}
    case = SimpleNamespace(patient={}, series={"T1": SimpleNamespace(image=series.image, facts=facts)})
    sources = read_source_images(case)
    assert sources.missing == {"T1": "1 of its 5 images were not found"}
    with pytest.raises(PainGeneratorError, match="No DICOM image"):
        _ = sources.study


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "FrameOfReferenceUID"])
def test_a_series_that_no_object_can_refer_to_is_missing_with_the_reason(tmp_path: Path, keyword: str) -> None:
    write_series(tmp_path / "mr", ramp(5, 6, 7))
    series = read_folder(tmp_path / "mr").series[0]
    image = series.image
    for path in series.files:
        found = pydicom.dcmread(path)
        setattr(found, keyword, "")
        found.save_as(path)
    facts = {"sop_instance_uids": series.sop_instance_uids, "files": series.files}
    sources = read_source_images(SimpleNamespace(patient={}, series={"T1": SimpleNamespace(image=image, facts=facts)}))
    assert sources.missing == {"T1": f"its images have no {keyword}, which every object refers to"}


def test_a_multi_frame_series_can_be_referred_to(tmp_path: Path) -> None:
    (tmp_path / "mr").mkdir()
    enhanced(ramp(5, 6, 7)).save_as(tmp_path / "mr" / "one.dcm", enforce_file_format=True)
    series = read_folder(tmp_path / "mr").series[0]
    facts = {"sop_instance_uids": series.sop_instance_uids, "files": series.files}
    sources = read_source_images(
        SimpleNamespace(patient={}, series={"T1": SimpleNamespace(image=series.image, facts=facts)})
    )
    path = written_segmentation(sources, tmp_path)
    assert errors_of(path) == []
    assert len(segments_by_dcmqi(path, tmp_path / "dcmqi")) == 2
