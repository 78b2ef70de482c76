"""The quick look over DICOM headers gives what pydicom gives, or leaves the file to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_makers import base, enhanced, pet_injection, ramp, set_pixels, write_series
from PainGeneratorLib.Dicom.files import Frame, OtherFile, read_file_header, read_with_pydicom
from PainGeneratorLib.Dicom.header_scan import NotOrdinary, scan_header
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

SCANNED = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)


def pet_slice(**values) -> Dataset:
    """A PET slice with nested sequences, private values, several characters and several kinds of numbers."""
    dataset = base("PT", SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jürgen", PatientID=" 12 ", **values)
    dataset.ImagePositionPatient, dataset.PixelSpacing = [-10.5, 2e1, 3], [1.5, 2]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImageType = ["ORIGINAL", "PRIMARY", ""]
    dataset.StudyDescription, dataset.SeriesDescription = "", "Rücken, PET AC"
    dataset.RescaleSlope, dataset.DiffusionBValue, dataset.PatientWeight = "0.123456789", 0.5, None
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "C-111A1", "SRT", "^18^Fluorine"
    item = pet_injection(RadionuclideCodeSequence=[code])
    dataset.RadiopharmaceuticalInformationSequence = [item]
    block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x00, "DS", "0.0005")
    block.add_new(0x09, "DS", "0.5")
    dataset.private_block(0x0071, "SIEMENS MED PT", create=True).add_new(0x22, "DT", "20250102110000")
    set_pixels(dataset, ramp(1)[0])
    return dataset


def save(dataset: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<i2").astype(">i2").tobytes()
    little, implicit = syntax != ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
    pydicom.dcmwrite(path, dataset, implicit_vr=implicit, little_endian=little, force_encoding=True)
    return path


def as_tuple(frame: Frame) -> tuple:
    return frame.path, frame.index, frame.header, frame.transfer_syntax, frame.pixel_offset


def assert_same_as_pydicom(path: Path) -> None:
    scanned, plain = read_file_header(path), read_with_pydicom(path)
    if isinstance(plain, OtherFile) or plain is None:
        assert scanned == plain
    else:
        assert [as_tuple(frame) for frame in scanned] == [as_tuple(frame) for frame in plain]


def undefined_lengths(dataset: Dataset) -> None:
    """Write all sequences and their items without a length."""
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                undefined_lengths(item)


@pytest.mark.parametrize("syntax", SCANNED)
@pytest.mark.parametrize("undefined", [False, True])
def test_a_scanned_header_equals_that_of_pydicom(tmp_path, syntax, undefined):
    dataset = pet_slice()
    if undefined:
        undefined_lengths(dataset)
    path = save(dataset, tmp_path / "pet", syntax)
    header, found, offset = scan_header(path)
    assert header["PatientName"] == "Müller^Jürgen"
    assert header["RadionuclideMeaning"] == "^18^Fluorine"
    assert (header["PhilipsSuvFactor"], header["RescaleSlope"]) == (5e-4, 0.123456789)
    assert "PatientWeight" not in header
    assert found == syntax
    np.testing.assert_array_equal(np.fromfile(path, "<i2", offset=offset).reshape(6, 7), ramp(1)[0])
    assert_same_as_pydicom(path)


def test_a_header_longer_than_what_is_read_first_is_scanned_too(tmp_path):
    dataset = pet_slice()
    dataset.private_block(0x0029, "LONG", create=True).add_new(0x10, "OB", b"x" * 200_000)
    path = save(dataset, tmp_path / "long")
    assert scan_header(path)[2] > 200_000
    assert_same_as_pydicom(path)


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_other_transfer_syntaxes_are_left_to_pydicom(tmp_path, syntax):
    path = save(pet_slice(), tmp_path / "other", syntax)
    with pytest.raises(NotOrdinary):
        scan_header(path)
    frame = read_file_header(path)[0]
    assert (frame.get("PatientName"), frame.pixel_offset) == ("Müller^Jürgen", None)


def test_compressed_multi_frame_cut_off_and_other_files_are_left_to_pydicom(tmp_path):
    compressed = pet_slice()
    compressed.compress(RLELossless)
    compressed.save_as(tmp_path / "compressed", enforce_file_format=True)
    enhanced(ramp()).save_as(tmp_path / "enhanced", enforce_file_format=True)
    whole = save(pet_slice(), tmp_path / "whole").read_bytes()
    (tmp_path / "cut").write_bytes(whole[:-10])
    (tmp_path / "cut in the header").write_bytes(whole[:600])
    (tmp_path / "text").write_text("no DICOM")
    (tmp_path / "empty").write_bytes(b"")
    for path in sorted(tmp_path.iterdir()):
        if path.name != "whole":
            with pytest.raises(NotOrdinary):
                scan_header(path)


def test_a_file_whose_vr_is_not_what_its_syntax_says_is_left_to_pydicom(tmp_path):
    path = save(pet_slice(), tmp_path / "pet", ImplicitVRLittleEndian)
    stored = path.read_bytes()
    path.write_bytes(stored.replace(b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2.1\0"))
    with pytest.raises(NotOrdinary):
        scan_header(path)


def test_series_of_both_syntaxes_are_read_alike(tmp_path):
    write_series(tmp_path / "explicit", ramp(), "PT", SeriesInstanceUID="1.2.3")
    for path in sorted((tmp_path / "explicit").iterdir()):
        dataset = pydicom.dcmread(path)
        (tmp_path / "implicit").mkdir(exist_ok=True)
        save(dataset, tmp_path / "implicit" / path.name, ImplicitVRLittleEndian)
        explicit, implicit = (read_file_header(tmp_path / kind / path.name)[0] for kind in ("explicit", "implicit"))
        assert explicit.header == implicit.header


@pytest.mark.data
def test_real_headers_are_scanned_as_pydicom_reads_them(data_folder):
    files = [path for path in sorted(data_folder.rglob("*")) if path.suffix == ".dcm"]
    assert files
    for path in files[:: max(1, len(files) // 60)]:
        assert_same_as_pydicom(path)
