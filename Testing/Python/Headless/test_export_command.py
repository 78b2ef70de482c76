"""The command ``export``: outputs of a reviewed case, written again from its scene."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydicom
import pytest
from foreign_programs import errors_of
from PainGeneratorLib.Exchange.structured_report import plain_texts
from PainGeneratorLib.Headless.cli import BAD_INPUT, DONE, main
from PainGeneratorLib.Session.session import Session

pytestmark = [pytest.mark.slow, pytest.mark.scene]


@pytest.fixture(scope="module")
def reviewed(found_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case as it is saved from the panel: two decisions and a comment of a reader."""
    from PainGeneratorLib.Headless.host import HeadlessHost

    path = tmp_path_factory.mktemp("reviewed") / "reviewed.mrb"
    with HeadlessHost() as host:
        host.load_mrb(found_bundle)
        session = Session(host.scene)
        first, second = (one.id for one in session.candidates()[:2])
        session.accept([first])
        session.reject([second])
        host.save_mrb(path)
    return path


def sources_of(phantom_folder: Path) -> list[str]:
    return ["--source", str(phantom_folder / "dicom")]


def test_everything_is_written_as_the_reader_decided(reviewed: Path, phantom_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    before = reviewed.read_bytes()
    assert main(["export", str(reviewed), "--output", str(folder), *sources_of(phantom_folder)]) == DONE
    assert reviewed.read_bytes() == before
    listed = json.loads((folder / "candidates.json").read_text())["candidates"]
    assert [one["status"] for one in listed[:2]] == ["accepted", "rejected"]
    objects = json.loads((folder / "dicom-objects.json").read_text())
    assert {one["modality"] for one in objects["objects"]} == {"SEG", "SR", "OT", "DOC"}
    for one in objects["objects"]:
        assert errors_of(folder / one["file"]) == []
    codes = json.dumps(pydicom.dcmread(folder / "measurements.sr.dcm").to_json_dict())
    assert codes.count('"accepted"') == 1
    assert codes.count('"rejected"') == 1
    texts = plain_texts(pydicom.dcmread(folder / "measurements.sr.dcm"))
    assert {one["name"] for one in listed} <= set(texts)


def test_without_the_images_all_but_dicom_is_written_and_that_is_said(
    reviewed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert main(["export", str(reviewed), "--output", str(folder), "--what", "tables,dicom"]) == DONE
    assert "No DICOM objects were written" in capsys.readouterr().err
    assert (folder / "candidates.csv").is_file()
    assert not list(folder.rglob("*.dcm"))
    assert not (folder / "report.html").exists()


def test_only_the_chosen_objects_are_written(reviewed: Path, phantom_folder: Path, tmp_path: Path) -> None:
    words = ["--what", "dicom", "--dicom", "sr", *sources_of(phantom_folder)]
    assert main(["export", str(reviewed), "--output", str(tmp_path / "out"), *words]) == DONE
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "measurements.sr.dcm",
        "dicom-objects.json",
        "written-files.json",
    }


def test_what_is_no_case_is_refused(tmp_path: Path, phantom_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out: Any = str(tmp_path / "out")
    assert main(["export", str(tmp_path / "none"), "--output", out]) == BAD_INPUT
    assert main(["export", str(phantom_folder / "dicom"), "--output", out]) == BAD_INPUT
    assert "Traceback" not in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
