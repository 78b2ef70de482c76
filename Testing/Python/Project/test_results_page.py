"""``docs/results.md`` explains every flag, and every key of the files that it describes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PainGeneratorLib.Numerics.core.records import FLAG_TEXTS
from PainGeneratorLib.Report.mr_files import COLUMNS
from PainGeneratorLib.Workflow.protocol import load_protocol


@pytest.fixture(scope="module")
def page(project_folder: Path) -> str:
    return (project_folder / "docs" / "results.md").read_text(encoding="utf-8")


def test_every_flag_stands_on_the_page_with_the_sentence_of_the_report(page: str) -> None:
    assert [flag for flag, text in FLAG_TEXTS.items() if f"| `{flag}` | {text} |" not in page] == []


def test_every_key_of_the_mr_findings_is_explained(page: str) -> None:
    section = page.partition("## MR findings")[2].partition("\n## ")[0]
    assert [key for key in COLUMNS if f"`{key}`" not in section] == []


def test_the_example_of_a_protocol_file_is_taken(page: str, tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text(page.partition("```json\n")[2].partition("```")[0])
    assert set(load_protocol("low-back", file).changed) == {"hot_spots.sensitivity", "fusion.bar"}


def test_the_bar_on_the_page_is_that_of_the_protocol(page: str) -> None:
    assert load_protocol("low-back").value("fusion.bar") == 1.0
    assert "From 1 point (`fusion.bar`) on" in page
