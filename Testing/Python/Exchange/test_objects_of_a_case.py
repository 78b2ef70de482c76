"""The DICOM objects of an analyzed case, read by other people's programs and compared with all other outputs."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from foreign_programs import errors_of, report_by_dcmqi, segments_by_dcmqi
from page_tables import Tables
from PainGeneratorLib.Anatomy import report_codes
from PainGeneratorLib.Exchange.choices import NAMES
from PainGeneratorLib.Exchange.dicom_objects import write_dicom_objects
from PainGeneratorLib.Exchange.homes import home_of
from PainGeneratorLib.Exchange.source_images import SourceImages, files_by_uid, read_source_images
from PainGeneratorLib.Exchange.structured_report import plain_texts, quantities, z_by_series
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.measures import Kind, Output, measures_of
from PainGeneratorLib.Numerics.core.reader_acts import ReaderAct
from PainGeneratorLib.Report.case_outputs import write_plain_files
from PainGeneratorLib.Report.dicom_files import LIST_FILE, write_dicom_files
from PainGeneratorLib.Report.words import number
from PainGeneratorLib.Workflow.analyze import Analysis, analyze
from PainGeneratorLib.Workflow.case import CaseOptions

pytestmark = pytest.mark.slow
CREATED = datetime.datetime(2026, 3, 1, 14, 20, 30, tzinfo=datetime.UTC)
READER = "Dr. Jörg Müller"


@pytest.fixture(scope="module")
def analysis(phantom_folder: Path) -> Analysis:
    """A small low back, with the decisions of a reader on its first candidate."""
    options = CaseOptions(
        group="low-back",
        anatomy=phantom_folder / "anatomy.nii.gz",
        anatomy_labels=phantom_folder / "anatomy-labels.json",
        pain_side="left",
    )
    found = analyze(phantom_folder / "dicom", options)
    first, *others = found.found.candidates
    act = ReaderAct(READER, "2026-03-01T14:00:00+01:00", "status", "accepted")
    found.found.candidates[:] = [
        dataclasses.replace(first, status="accepted", acts=(act,), comment="Hurts on extension."),
        *others,
    ]
    return found


@pytest.fixture(scope="module")
def sources(analysis: Analysis) -> SourceImages:
    return read_source_images(analysis.case)


@pytest.fixture(scope="module")
def folder(analysis: Analysis, sources: SourceImages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All outputs but the scene."""
    folder = tmp_path_factory.mktemp("objects")
    inputs = write_plain_files(analysis, folder, CREATED)
    inputs = dataclasses.replace(inputs, impression="Facet joint L4/L5 left.\nBlock advised.")
    notes = write_dicom_files(analysis, sources, folder, CREATED, inputs, NAMES)
    assert notes == []
    return folder


def rows_of(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "candidates.csv").open(encoding="utf-8-sig", newline="")))


def test_no_object_has_an_error_and_all_belong_to_the_study(folder: Path, sources: SourceImages) -> None:
    paths = sorted(folder.rglob("*.dcm"))
    assert {"measurements.sr.dcm", "report.dcm", "pain-generators.seg.dcm"} <= {path.name for path in paths}
    numbers: dict[int, str] = {}
    for path in paths:
        assert errors_of(path) == [], path.name
        found = pydicom.dcmread(path)
        assert found.StudyInstanceUID == sources.study.StudyInstanceUID
        assert found.PatientID == sources.study.PatientID
        assert str(found.PatientName) == str(sources.study.PatientName)
        assert "research use only" in found.SeriesDescription
        assert numbers.setdefault(int(found.SeriesNumber), found.SeriesInstanceUID) == found.SeriesInstanceUID
    assert not set(numbers) & sources.series_numbers


def test_the_list_names_every_object(folder: Path) -> None:
    listed = json.loads((folder / LIST_FILE).read_text())["objects"]
    assert {one["file"] for one in listed} == {path.relative_to(folder).as_posix() for path in folder.rglob("*.dcm")}
    assert len({one["sop_instance_uid"] for one in listed}) == len(listed)


def test_dcmqi_gets_the_outlines_of_the_candidates_voxel_by_voxel(
    analysis: Analysis, sources: SourceImages, folder: Path, tmp_path: Path
) -> None:
    import SimpleITK as sitk

    found = {}
    for path in folder.glob("pain-generators*.seg.dcm"):
        for facts, image in segments_by_dcmqi(path, tmp_path / path.name):
            array = sitk.GetArrayFromImage(image) == facts["labelID"]
            ijk = np.argwhere(array)[:, ::-1]
            found[facts["TrackingIdentifier"]] = [
                image.TransformIndexToPhysicalPoint([int(v) for v in one]) for one in ijk
            ]
    assert len(found) == len(analysis.candidates)
    for candidate in analysis.candidates:
        home = home_of(candidate.region, analysis.case, analysis.alignment, list(sources.by_role))
        assert home is not None
        assert home.is_exact
        assert home.region.volume_ml == pytest.approx(candidate.volume_ml, rel=1e-3)
        grid = home.region.geometry
        kji = np.stack(np.unravel_index(home.region.flat, grid.shape), axis=1)
        ours = grid.to_ras(kji[:, ::-1]) * (-1, -1, 1)
        theirs = np.array(found[f"PainGenerator {candidate.id}"])
        order = [np.lexsort(np.round(points, 2).T) for points in (theirs, ours)]
        assert np.abs(theirs[order[0]] - ours[order[1]]).max() < 1e-4


def test_dcmqi_reads_the_numbers_of_the_table_to_the_last_digit(
    analysis: Analysis, folder: Path, tmp_path: Path
) -> None:
    groups = report_by_dcmqi(folder / "measurements.sr.dcm", tmp_path / "sr.json")["Measurements"]
    by_id = {group["TrackingIdentifier"]: group for group in groups}
    assert len(by_id) == len(analysis.candidates)
    for row, candidate in zip(rows_of(folder), analysis.candidates, strict=True):
        group = by_id[f"PainGenerator {row['id']}"]
        items = {
            (item["quantity"]["CodeValue"], item.get("derivationModifier", {}).get("CodeValue", "")): float(
                item["value"]
            )
            for item in group["measurementItems"]
        }
        for measure in quantities():
            code = measure.quantity or report_codes.MEASURE_CODES[measure.key]
            key = (code.value, "" if measure.modifier is None else measure.modifier.value)
            if measure.key == "mr_z":
                z = [
                    float(item["value"])
                    for item in group["measurementItems"]
                    if item["quantity"]["CodeValue"] == "mr-z"
                ]
                assert z == list(z_by_series(candidate, measure).values())
                assert row["mr_z"] == "" or float(row["mr_z"]) in z
            elif row[measure.key] == "":
                assert key not in items, measure.key
            else:
                assert items[key] == float(row[measure.key]), measure.key


def test_the_report_says_who_decided_what_and_the_impression(folder: Path) -> None:
    found = pydicom.dcmread(folder / "measurements.sr.dcm")
    texts = plain_texts(found)
    assert "Facet joint L4/L5 left.\nBlock advised." in texts
    assert "Hurts on extension." in texts
    assert READER in texts
    assert "2026-03-01T14:00:00+01:00" in texts
    codes = json.dumps(found.to_json_dict(), ensure_ascii=False)
    assert '"accepted"' in codes
    assert "PET Measurement Report" in codes
    assert READER in codes


def test_table_json_and_report_hold_the_same_numbers(analysis: Analysis, folder: Path) -> None:
    listed = json.loads((folder / "candidates.json").read_text())["candidates"]
    read = Tables()
    read.feed((folder / "report.html").read_text(encoding="utf-8"))
    for row, entry, candidate in zip(rows_of(folder), listed, analysis.candidates, strict=True):
        for measure in quantities():
            stored = measure.stored(candidate)
            assert entry[measure.key] == stored
            assert row[measure.key] == ("" if stored is None else str(stored))
        measures = measures_of(Output.REPORT_MEASURES)
        at = next(i for i, one in enumerate(measures) if one.key == "id")
        cells = next(cells for cells in read.rows if len(cells) == len(measures) and cells[at] == candidate.id)
        for measure, cell in zip(measures, cells, strict=True):
            if measure.kind is Kind.NUMBER:
                assert cell == number(measure.stored(candidate), measure.digits), measure.key


def test_a_second_export_is_followed_by_the_same_ids(
    analysis: Analysis, sources: SourceImages, folder: Path, tmp_path: Path
) -> None:
    later = CREATED + datetime.timedelta(days=3)
    write_dicom_objects(analysis, sources, tmp_path, later, choices=("seg",))
    for path in tmp_path.glob("*.seg.dcm"):
        again, first = pydicom.dcmread(path), pydicom.dcmread(folder / path.name)
        assert [s.TrackingUID for s in again.SegmentSequence] == [s.TrackingUID for s in first.SegmentSequence]
        assert (again.SeriesInstanceUID, again.SeriesNumber) == (first.SeriesInstanceUID, first.SeriesNumber)
        assert again.SOPInstanceUID != first.SOPInstanceUID
    changed = changed_case(analysis, list(analysis.found.candidates[:1]))
    other = tmp_path / "other"
    other.mkdir()
    write_dicom_objects(changed, sources, other, later, choices=("sr",))
    again, first = (pydicom.dcmread(one / "measurements.sr.dcm") for one in (other, folder))
    assert again.SOPInstanceUID != first.SOPInstanceUID
    assert not list(other.glob("*.seg.dcm"))


def test_an_outline_between_the_grids_is_put_onto_the_reference_series_and_that_is_said(
    analysis: Analysis, sources: SourceImages, tmp_path: Path
) -> None:
    first = analysis.candidates[0]
    center = first.centroid_ras_mm
    matrix = np.diag([1.1, 1.1, 1.1, 1.0])
    matrix[:3, 3] = center - 4 * 1.1
    grid = Geometry((9, 9, 9), matrix)
    ball = np.linalg.norm(np.argwhere(np.ones(grid.shape)) - 4, axis=1).reshape(grid.shape) <= 4
    drawn = dataclasses.replace(first, region=Region.from_mask(ball, grid), origin="manual")
    written = write_dicom_objects(changed_case(analysis, [drawn]), sources, tmp_path, CREATED, choices=("seg",))
    assert len(written.notes) == 1
    assert f"The outline of {first.id} was put onto the voxels of the T1" in written.notes[0]
    found = pydicom.dcmread(tmp_path / "pain-generators-T1.seg.dcm")
    assert found.SegmentSequence[0].SegmentAlgorithmType == "MANUAL"
    assert "SegmentationAlgorithmIdentificationSequence" not in found.SegmentSequence[0]


def changed_case(analysis: Analysis, candidates: list[Any]) -> Analysis:
    changed = dataclasses.replace(analysis, found=dataclasses.replace(analysis.found))
    changed.found.candidates = candidates
    return changed


def test_a_case_without_candidates_has_a_report_without_groups(
    analysis: Analysis, sources: SourceImages, tmp_path: Path
) -> None:
    written = write_dicom_objects(changed_case(analysis, []), sources, tmp_path, CREATED, choices=("seg", "sr"))
    assert [path.name for path in written.paths] == ["measurements.sr.dcm"]
    assert errors_of(written.paths[0]) == []


@pytest.mark.parametrize(
    "reader", ["Doe\\Jane", "a=b=c=d", "x" * 200, "山田 太郎", "two\nlines", "^^^^^^^", "Doe^Jane^^Dr^MD^x"]
)
def test_whatever_a_reader_types_gives_an_object_without_error(
    analysis: Analysis, sources: SourceImages, tmp_path: Path, reader: str
) -> None:
    act = ReaderAct(reader, "2026-03-01T14:00:00+01:00", "status", "accepted")
    typed = dataclasses.replace(
        analysis.candidates[0], status="accepted", acts=(act,), comment="back\\slash\nand \x07 bell"
    )
    written = write_dicom_objects(changed_case(analysis, [typed]), sources, tmp_path, CREATED, choices=("seg", "sr"))
    assert [error for path in written.paths for error in errors_of(path)] == []
    assert "back\\slash\nand  bell" in plain_texts(pydicom.dcmread(tmp_path / "measurements.sr.dcm"))


def test_without_images_nothing_is_written_as_dicom_and_that_is_said(analysis: Analysis, tmp_path: Path) -> None:
    inputs = write_plain_files(analysis, tmp_path, CREATED)
    missing = SourceImages({}, {"PET": "its files are not there any more"})
    notes = write_dicom_files(analysis, missing, tmp_path, CREATED, inputs)
    assert len(notes) == 1
    assert "PET: its files are not there any more" in notes[0]
    assert json.loads((tmp_path / LIST_FILE).read_text()) == {"schema": 1, "objects": [], "notes": notes}
    assert not list(tmp_path.rglob("*.dcm"))


def test_where_highdicom_is_missing_that_is_said(
    analysis: Analysis, sources: SourceImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PainGeneratorLib.Exchange.dicom_objects import ObjectInputs
    from PainGeneratorLib.Report import dicom_files

    monkeypatch.setattr(dicom_files, "can_write_dicom", lambda: False)
    notes = write_dicom_files(analysis, sources, tmp_path, CREATED, ObjectInputs())
    assert notes == [dicom_files.MISSING]
    assert not list(tmp_path.rglob("*.dcm"))


def test_images_are_found_in_any_folder_by_their_uids(
    analysis: Analysis, sources: SourceImages, phantom_folder: Path
) -> None:
    found = read_source_images(analysis.case, files_by_uid(phantom_folder).get)
    assert set(found.by_role) == set(sources.by_role)
    for role, one in found.by_role.items():
        ours = {str(dataset.SOPInstanceUID) for dataset in sources.by_role[role].datasets}
        assert {str(dataset.SOPInstanceUID) for dataset in one.datasets} == ours


def test_a_wrong_word_in_the_list_of_objects_is_refused() -> None:
    from PainGeneratorLib.Headless.arguments import make_parser

    parse: Any = make_parser().parse_args
    assert parse(["analyze", "x", "--output", "y", "--dicom", "sr,seg"]).dicom == ("seg", "sr")
    assert parse(["analyze", "x", "--output", "y", "--dicom", "none"]).dicom == ()
    for wrong in ("", "sr,foo", "none,sr"):
        with pytest.raises(SystemExit):
            parse(["analyze", "x", "--output", "y", "--dicom", wrong])
