"""``provenance.json``: all that a user can say about a case can be written and is in it."""

from __future__ import annotations

import dataclasses
import datetime
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PainGeneratorLib.Numerics.core.reference_edits import ReferenceEdit
from PainGeneratorLib.Report.case_outputs import provenance
from PainGeneratorLib.Report.output_folder import write_json
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.protocol import load_protocol

EVERYTHING = CaseOptions(
    group="hip-replacement",
    prosthesis_side="right",
    pain_side="right",
    pain_sites_ras_mm=((1.0, 2.0, 3.0),),
    anatomy=Path("anatomy.nii.gz"),
    anatomy_labels=Path("anatomy-labels.json"),
    weight_kg=70.0,
    height_m=1.7,
    dose_mbq=250.0,
    injection_time=datetime.datetime(2025, 6, 1, 9, 30),
    roles=(("3", "T1"),),
    landmarks=Path("landmarks.json"),
    protocol_file=Path("protocol.json"),
    settings=(("fusion.bar", "1.0"),),
    nuclide="F-18",
    level=("L5", (0.0, 0.0, 0.0)),
    surgery_date=datetime.date(2023, 5, 1),
    fixation="cemented",
    crp_mg_l=12.0,
    reference_edits=(ReferenceEdit("without a tissue", "marrow"),),
)


@pytest.fixture
def analysis() -> Any:
    case = SimpleNamespace(
        group="hip-replacement",
        protocol=load_protocol("hip-replacement"),
        options=EVERYTHING,
        all_series=[],
        left_out=(),
        series={},
        input_files=(),
        input_hashes=(),
        input_folder=None,
    )
    return SimpleNamespace(case=case, notes=[], warnings=[])


def test_everything_that_can_be_said_about_a_case_is_written(analysis: Any, tmp_path: Path) -> None:
    assert all(getattr(EVERYTHING, field.name) for field in dataclasses.fields(EVERYTHING))
    path = tmp_path / "provenance.json"
    write_json(path, provenance(cast(Any, analysis), datetime.datetime(2026, 1, 2)))
    said = json.loads(path.read_text(encoding="utf-8"))["options"]
    assert set(said) == {field.name for field in dataclasses.fields(EVERYTHING)}
    assert (said["surgery_date"], said["injection_time"]) == ("2023-05-01", "2025-06-01 09:30:00")
    assert said["reference_edits"][0]["name"] == "marrow"
