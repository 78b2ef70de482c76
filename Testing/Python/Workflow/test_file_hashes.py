"""The input may be changed or removed while a run goes on: the result is kept, with the hashes of what was read."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from PainGeneratorLib.Report.case_outputs import provenance
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.file_hashes import HASH_CHUNK, file_hashes
from PainGeneratorLib.Workflow.reading import read_case_folder


def test_each_file_has_its_hash_and_one_that_is_gone_has_none(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"ab" * HASH_CHUNK)
    (tmp_path / "empty").write_bytes(b"")
    found = file_hashes([large, tmp_path / "gone", tmp_path / "empty", tmp_path])
    assert found == (
        hashlib.sha256(b"ab" * HASH_CHUNK).hexdigest(),
        None,
        hashlib.sha256(b"").hexdigest(),
        None,
    )


@pytest.mark.slow
def test_an_input_that_is_removed_during_a_run_costs_nothing(phantom_folder: Path, tmp_path: Path) -> None:
    import datetime

    folder = tmp_path / "dicom"
    shutil.copytree(phantom_folder / "dicom", folder)
    case = read_case_folder(folder, CaseOptions(group="low-back"))
    first = case.input_files[0]
    expected = hashlib.sha256(first.read_bytes()).hexdigest()
    shutil.rmtree(folder)
    analysis = SimpleNamespace(case=case, notes=[], warnings=[])
    written = provenance(analysis, datetime.datetime.now())["input_files"]
    assert len(written) == len(case.input_files)
    assert written[0] == {"name": str(first.relative_to(folder)), "sha256": expected}
    assert all(len(one["sha256"]) == 64 for one in written)
