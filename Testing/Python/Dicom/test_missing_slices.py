"""Slices that are missing where no gap shows it: at the ends, between parts, and where something cannot be read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from dicom_makers import enhanced, ramp, write_series
from input_cases.small_examination import (
    SAGITTAL,
    case_of,
    command,
    stored,
    warnings_of,
    write_pet,
    write_t1,
    write_t2,
)
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGLSLossless, RLELossless


def examination(folder: Path, **pet: Any) -> None:
    write_pet(folder, prefix="pet", **pet)
    write_t1(folder, prefix="t1")
    write_t2(folder, prefix="t2")


def lose(folder: Path, prefix: str, *places: int) -> None:
    """Delete files of a series; the last slice comes first."""
    files = sorted(folder.glob(f"{prefix}-*"))
    for place in places:
        files[place].unlink()


def doubts(folder: Path) -> list[str]:
    return [text for text in warnings_of(case_of(folder)) if "may be missing" in text]


@pytest.mark.parametrize(
    ("prefix", "places", "words"),
    [
        ("pet", (0, 1), ["2 slices of the 6 that the header names (Number of Slices"]),
        (
            "pet",
            (-1, -2),
            ["2 slices of the 6 that", "begin with 3, so that they are missing at the end toward the feet"],
        ),
        ("t1", (-1, -2), ["begin with 3, so that they are missing at the end toward the left"]),
        ("t1", (-1,), ["begin with 2"]),
        ("t2", (), []),
    ],
)
def test_slices_that_are_missing_at_an_end_are_told(tmp_path, prefix, places, words):
    examination(tmp_path, NumberOfSlices=6)
    lose(tmp_path, prefix, *places)
    found = doubts(tmp_path)
    assert len(found) == len(words)
    for text, word in zip(found, words, strict=True):
        assert word in text


def test_the_command_for_the_suv_alone_tells_of_them_too(tmp_path):
    examination(tmp_path, NumberOfSlices=6)
    lose(tmp_path, "pet", 0)
    said = command("suv", tmp_path)
    assert said.status == 0
    assert "1 slice of the 6" in said.errors


@pytest.mark.parametrize(
    "values",
    [
        {"NumberOfSlices": 6},
        {"NumberOfSlices": 5},
        {"change": lambda k, d: setattr(d, "InstanceNumber", k)},
        {"change": lambda k, d: setattr(d, "InstanceNumber", 301 + k)},
        {"change": lambda k, d: setattr(d, "InstanceNumber", 1000 + k)},
        {"change": lambda k, d: setattr(d, "InstanceNumber", 2 * k + 2)},
        {"change": lambda k, d: setattr(d, "InstanceNumber", 6 - k)},
        {"change": lambda k, d: setattr(d, "InstanceNumber", None)},
        {"change": lambda k, d: setattr(d, "ImageIndex", 1)},
        {"ImagesInAcquisition": 6},
        {"ImagesInAcquisition": 24},
    ],
)  # fmt: skip
def test_a_whole_series_is_told_no_doubt_however_it_is_counted(tmp_path, values):
    examination(tmp_path, **values)
    assert doubts(tmp_path) == []


def test_images_of_an_acquisition_that_are_not_there_are_told(tmp_path):
    write_pet(tmp_path, prefix="pet")
    write_t1(tmp_path, prefix="t1", ImagesInAcquisition=6)
    lose(tmp_path, "t1", 0)
    assert "5 of the 6 images" in doubts(tmp_path)[0]


def test_phases_that_all_lack_the_same_slices_are_told(tmp_path):
    def phase(minute: int) -> Any:
        def change(k: int, dataset: Any) -> None:
            dataset.AcquisitionTime = f"11{minute:02d}00"
            dataset.FrameReferenceTime = 60000.0 * minute + 1000

        return change

    for minute in (0, 5):
        # As written by one scanner: one series, two phases, Number of Slices of each.
        write_series(
            tmp_path, stored(4), "PT", change=phase(minute), prefix=f"p{minute}", SeriesInstanceUID="1.2.9",
            NumberOfSlices=6,
        )  # fmt: skip
    parts = read_folder(tmp_path).series
    assert [part.n_slices for part in parts] == [4, 4]
    assert all("2 slices of the 6" in part.warnings[0] for part in parts)


def test_a_gap_between_two_beds_of_a_pet_is_refused(tmp_path):
    def bed(k: int, dataset: Any) -> None:
        dataset.AcquisitionTime = "110000" if k < 5 else "110500"

    write_pet(tmp_path, prefix="pet", stored=stored(12), change=bed, skip=(4, 5, 6))
    (series,) = read_folder(tmp_path).series
    assert "Slices are missing: 3 between" in series.problem.reason


def test_beds_without_a_gap_are_one_volume(tmp_path):
    def bed(k: int, dataset: Any) -> None:
        dataset.AcquisitionTime = "110000" if k < 5 else "110500"

    write_pet(tmp_path, prefix="pet", stored=stored(12), change=bed)
    (series,) = read_folder(tmp_path).series
    assert (series.problem, series.n_slices) == (None, 12)


def test_an_echo_with_fewer_slices_than_the_other_is_told(tmp_path):
    for echo, count in ((10.0, 6), (80.0, 4)):
        write_series(
            tmp_path, stored(count), orientation=SAGITTAL, prefix=f"e{echo:.0f}", SeriesInstanceUID="1.2.8",
            EchoTime=echo, SeriesDescription="two echoes",
        )  # fmt: skip
    short = next(one for one in read_folder(tmp_path).series if one.n_slices == 4)
    assert any("2 slices fewer than in" in text for text in short.warnings)


def test_a_file_of_a_series_in_several_files_that_is_not_there_is_told(tmp_path):
    dataset = enhanced(ramp())
    dataset.InConcatenationNumber, dataset.InConcatenationTotalNumber = 1, 2
    dataset.save_as(tmp_path / "one", enforce_file_format=True)
    (series,) = read_folder(tmp_path).series
    assert "1 of 2 files of the series are there" in series.warnings[0]


@pytest.mark.parametrize("closed", ["folder", "file", "file that cannot be looked at"])
def test_missing_slices_are_refused_where_something_cannot_be_read(tmp_path, monkeypatch, closed):
    examination(tmp_path, NumberOfSlices=6)
    (tmp_path / "more").mkdir()
    for path in sorted(tmp_path.glob("pet-*"))[:2]:
        path.rename(tmp_path / "more" / path.name)
    real_scandir, real_lstat, real_open = os.scandir, os.lstat, Path.open

    def scandir(path: Any = ".") -> Any:
        if str(path).endswith("more") and closed == "folder":
            raise PermissionError(13, "Permission denied", str(path))
        return real_scandir(path)

    def lstat(path: Any, **more: Any) -> Any:
        if "more/" in str(path) and closed == "file that cannot be looked at":
            raise PermissionError(13, "Permission denied", str(path))
        return real_lstat(path, **more)

    def path_open(self: Path, *args: Any, **words: Any) -> Any:
        if "more/" in str(self) and closed == "file":
            raise PermissionError(13, "Permission denied", str(self))
        return real_open(self, *args, **words)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "lstat", lstat)
    monkeypatch.setattr(Path, "open", path_open)
    monkeypatch.setattr(Path, "is_symlink", lambda self: bool(lstat(self)) and False)
    with pytest.raises(PainGeneratorError, match=r"The PET .*Slices are missing: 2 slices.*more.*Permission denied"):
        case_of(tmp_path)


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
def test_a_folder_that_cannot_be_read_is_never_an_empty_one(tmp_path, monkeypatch, error):
    def scandir(path: Any = ".") -> Any:
        raise error

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(PainGeneratorError, match=error.strerror) as caught:
        read_folder(tmp_path)
    assert "no files" not in caught.value.reason


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("cut", [9, 40, 300])
def test_a_packed_file_that_lacks_its_end_is_a_problem_of_its_series(tmp_path, syntax, cut):
    def change(k: int, dataset: Any) -> None:
        if syntax == DeflatedExplicitVRLittleEndian:
            dataset.file_meta.TransferSyntaxUID = syntax
        else:
            dataset.compress(syntax, generate_instance_uid=False)

    write_series(tmp_path, ramp(6, 20, 20).astype("u2"), change=change, prefix="m", SeriesDescription="t1")
    last = sorted(tmp_path.iterdir())[0]
    last.write_bytes(last.read_bytes()[:-cut])
    (series,) = read_folder(tmp_path).series
    assert last.name in series.problem.reason
