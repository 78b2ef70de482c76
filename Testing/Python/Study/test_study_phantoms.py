"""The study of phantom cases that a new user tries everything on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PainGeneratorLib.Headless.cli import DONE, main
from PainGeneratorLib.Study.registry import Registry

pytestmark = pytest.mark.slow


def test_three_commands_lead_from_phantom_cases_to_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "phantoms"
    registry = str(folder / "study.sqlite")
    assert main(["-q", "study", "phantoms", "--patients", "3", "--output", str(folder)]) == DONE
    study = Registry.open(registry).load()
    assert study.settings["simulated"] is True
    assert [one.pseudonym for one in study.patients] == ["PH-01", "PH-02", "PH-03"]
    assert [len(one.treatments) for one in study.patients] == [1, 1, 0]
    for patient in study.patients:
        assert patient.cases[0].candidates
        assert patient.follow_ups
        for treatment in patient.treatments:
            assert patient.candidate(treatment.case_number, treatment.candidate) is not None
    capsys.readouterr()
    main(["study", "check", registry])
    assert "contradictory" not in capsys.readouterr().out
    assert main(["-q", "study", "report", registry, "--output", str(tmp_path / "report")]) == DONE
    assert "imulated" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    results = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    assert results
