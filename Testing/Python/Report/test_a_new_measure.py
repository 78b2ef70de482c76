"""A measure that is added to the registry appears in every output."""

from __future__ import annotations

import csv
import io

import pytest
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Numerics.core import measures
from PainGeneratorLib.Numerics.core.measures import MEASURES, Measure
from PainGeneratorLib.Numerics.core.records import Candidate
from PainGeneratorLib.Report.report_tables import all_measures
from PainGeneratorLib.Report.tables import candidates_csv, candidates_json, text_table
from PainGeneratorLib.Scene.tables import candidate_columns, read_table, write_candidate_table
from report_examples import example_candidates, plain_content


def _glow(candidate: Candidate) -> float | None:
    """SUVmax less SUVmean."""
    if candidate.suv_max is None or candidate.suv_mean is None:
        return None
    return candidate.suv_max - candidate.suv_mean


@pytest.fixture
def glow(monkeypatch: pytest.MonkeyPatch) -> Measure:
    measure = Measure(
        key="suv_glow",
        title="Glow",
        value=_glow,
        how="SUVmax less SUVmean.",
        unit="g/ml",
        digits=1,
        description="How much the hottest voxel stands out",
        ucum="g/ml{SUVbw}",
    )
    monkeypatch.setattr(measures, "MEASURES", (*MEASURES, measure))
    return measure


@pytest.fixture
def found() -> list[Candidate]:
    return example_candidates()


def test_a_new_measure_is_in_json_and_csv(glow: Measure, found: list[Candidate]) -> None:
    entries = candidates_json({}, found)["candidates"]
    assert entries[0]["suv_glow"] == round(_glow(found[0]) or 0.0, 3)
    assert entries[2]["suv_glow"] is None
    rows = list(csv.DictReader(io.StringIO(candidates_csv(found), newline="")))
    assert rows[0]["suv_glow"] == str(entries[0]["suv_glow"])
    assert rows[2]["suv_glow"] == ""
    assert "suv_glow" in candidates_csv([])


def test_a_new_measure_is_in_the_terminal_and_the_report(glow: Measure, found: list[Candidate]) -> None:
    shown = f"{_glow(found[0]):.1f}"
    header, _, first, *_ = text_table(found, columns=200).splitlines()
    assert header.endswith("Glow")
    assert first.endswith(shown)
    page = all_measures(plain_content(found))
    assert 'Glow<br><span class="unit">g/ml</span>' in page
    assert f'<td class="n">{shown}</td>' in page


def test_a_new_measure_is_a_column_of_the_scenes_table(glow: Measure) -> None:
    column = candidate_columns()[-1]
    assert (column.key, column.kind, column.unit, column.description) == (
        "suv_glow",
        "number",
        "g/ml",
        glow.description,
    )


@pytest.mark.slow
@pytest.mark.scene
def test_a_new_measure_is_written_into_the_scene(glow: Measure, found: list[Candidate]) -> None:
    with HeadlessHost() as host:
        columns, rows = read_table(write_candidate_table(host.scene, found))
    assert columns[-1].unit == "g/ml"
    assert rows[0]["suv_glow"] == pytest.approx(_glow(found[0]), abs=1e-3)
