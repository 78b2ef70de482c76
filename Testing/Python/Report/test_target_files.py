"""Targets as files: what stands in the table and in the markups is the same place in every frame."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Region
from PainGeneratorLib.Report.read_back import fault_of
from PainGeneratorLib.Report.target_files import markups_json, target_row, write_target_models, write_target_tables
from PainGeneratorLib.Workflow.targets import Target
from target_cases import aligned, candidate, finder


def targets(**settings: str) -> list[Target]:
    """A path, a point alone, and a target that is refused."""
    made = finder(settings={f"targets.{name}": value for name, value in settings.items()})
    one, two, three = (
        candidate(),
        candidate("vertebral body", "midline", (0.0, 12.0, 9.0), id="PG-02", rank=2),
        candidate(id="PG-03", rank=3),
    )
    three.region = Region(three.region.geometry, np.zeros(0, dtype=np.int64))
    return made.targets([one, two, three])


def read(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "targets.csv").read_text(encoding="utf-8"), newline="")))


def point(row: dict[str, Any], name: str, axes: str, ending: str = "_mm") -> np.ndarray:
    return np.array([float(row[f"{name}_{axis}{ending}"]) for axis in axes])


def test_the_table_has_each_place_in_every_frame(tmp_path: Path) -> None:
    write_target_tables(targets(series="PET"), tmp_path)
    assert fault_of(tmp_path / "targets.csv") == ""
    first, second, third = read(tmp_path)
    assert [row["state"] for row in (first, second, third)] == ["path", "point only", "refused"]
    ras, skin = point(first, "point_ras", "ras"), point(first, "entry_ras", "ras")
    assert np.allclose(point(first, "point_lps", "lps"), ras * [-1, -1, 1])
    assert np.allclose(point(first, "entry_lps", "lps"), skin * [-1, -1, 1])
    # The PET lies 3, -2 and 5 mm off.
    assert np.allclose(point(first, "series_point_lps", "lps"), (ras + np.array([3, -2, 5])) * [-1, -1, 1], atol=0.11)
    assert np.linalg.norm(ras - skin) == pytest.approx(float(first["depth_mm"]), abs=0.2)
    assert float(second["point_ras_s_mm"]) == pytest.approx(9.0, abs=2.0)
    assert (second["depth_mm"], second["entry_ras_r_mm"]) == ("", "")
    assert (third["point_ras_r_mm"], third["reason"]) == ("", "Its outline is empty.")


def test_no_number_is_a_negative_zero(tmp_path: Path) -> None:
    write_target_tables(targets(), tmp_path)
    assert "-0.0" not in [cell for row in read(tmp_path) for cell in row.values()]


def test_what_is_unknown_stands_in_the_row_of_each_path(tmp_path: Path) -> None:
    write_target_tables(targets(), tmp_path)
    first = read(tmp_path)[0]
    assert "large vessels" in first["unknown"]
    assert "small vessels" in first["unknown"]
    assert first["nearest"] == "nothing known within 40 mm"
    assert first["error_made_of"].startswith("root of the sum of squares of: alignment of PET")


def test_a_table_without_targets_has_its_header(tmp_path: Path) -> None:
    write_target_tables([], tmp_path)
    assert fault_of(tmp_path / "targets.csv") == ""
    assert (tmp_path / "targets.csv").read_text().startswith("target,candidate,rank")


def test_the_row_of_a_series_that_is_not_there_says_why() -> None:
    row = target_row(targets(series="T2")[0])
    assert row["series_reason"] == "The case has no series T2."
    assert row["series_point_voxel_i"] == ""


def test_the_markups_hold_a_point_for_each_target_and_a_line_for_each_path() -> None:
    content = markups_json(targets())
    points, line = content["markups"]
    assert [p["label"] for p in points["controlPoints"]] == [
        "1 left facet joint L4/L5", "2 midline vertebral body L4/L5"
    ]  # fmt: skip
    assert (line["type"], line["coordinateSystem"]) == ("Line", "LPS")
    assert line["controlPoints"][1]["position"] == points["controlPoints"][0]["position"]
    json.dumps(content, allow_nan=False)


@pytest.mark.scene
def test_slicer_reads_points_and_lines_at_their_place(host: Any, tmp_path: Path) -> None:
    made = targets()
    write_target_models(made, tmp_path)
    host.logics["Markups"].LoadMarkups(str(tmp_path / "targets.mrk.json"), "targets")
    scene = host.scene
    line = scene.GetNthNodeByClass(0, "vtkMRMLMarkupsLineNode")
    assert made[0].path is not None
    assert line.GetLineLengthWorld() == pytest.approx(made[0].path.length_mm, abs=0.01)
    assert np.allclose(line.GetNthControlPointPositionWorld(1), made[0].point_ras, atol=0.01)
    assert scene.GetNthNodeByClass(0, "vtkMRMLMarkupsFiducialNode").GetNumberOfControlPoints() == 2
    names = {path.name for path in (tmp_path / "target-outlines").iterdir()}
    assert names == {"PG-01-LPS.stl", "PG-01-LPS.obj", "PG-02-LPS.stl", "PG-02-LPS.obj"}


def test_where_all_is_refused_no_outline_is_written(tmp_path: Path) -> None:
    refused = finder(alignment=aligned(verdict="not aligned")).targets([candidate()])
    write_target_models(refused, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["targets.mrk.json"]
    assert json.loads((tmp_path / "targets.mrk.json").read_text())["markups"][0]["controlPoints"] == []
