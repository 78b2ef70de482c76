"""Where the package that writes PDF is missing, as in Slicer, the report comes without one and says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from PainGeneratorLib.Report import case_outputs

pytestmark = pytest.mark.scene


def test_a_report_without_pdf_says_why(session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_outputs, "can_write_pdf", lambda: False)
    folder = session.export(tmp_path / "out", {"report"})
    assert {path.name for path in folder.iterdir()} == {
        *("report.html", "report.txt", "notes.txt", "written-files.json"),
    }
    assert "report.pdf was not written" in (folder / "report.html").read_text(encoding="utf-8")
