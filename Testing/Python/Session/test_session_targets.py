"""Targets in a session: drawn, moved by hand, measured again, written, and there again in a reopened scene."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.needle_paths import table_angles
from PainGeneratorLib.Scene.target_nodes import are_paths_shown, path_nodes

pytestmark = [pytest.mark.scene, pytest.mark.slow]


def with_path(session: Any) -> Any:
    return next(target for target in session.targets() if target.path is not None)


def written(folder: Path) -> dict[str, dict[str, str]]:
    text = (folder / "targets.csv").read_text(encoding="utf-8")
    return {row["target"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


def test_a_path_is_drawn_moved_measured_written_and_reopened(host: Any, session: Any, tmp_path: Path) -> None:
    from PainGeneratorLib.Report.session_export import export_session
    from PainGeneratorLib.Session.session import Session

    assert len(session.targets()) == len(session.candidates())
    target = with_path(session)
    depth = target.path.length_mm
    session.show_targets(True)
    assert are_paths_shown(host.scene)
    node = path_nodes(host.scene)[target.id]
    assert node in session.path_nodes()
    assert session.take_moved_paths() is False

    # The end at the skin is dragged to the side, and not back onto the skin.
    node.SetNthControlPointPositionWorld(0, *(float(x) for x in np.add(target.path.entry_ras, [0.0, 12.0, 25.0])))
    assert session.take_moved_paths() is True
    moved = next(one for one in session.targets() if one.id == target.id)
    assert moved.origin == "moved by the reader"
    assert np.allclose(moved.point_ras, target.point_ras, atol=0.01)
    assert moved.path.length_mm > depth + 2.0
    assert table_angles(moved.path.outward_ras)[2] > table_angles(target.path.outward_ras)[2] + 10.0
    skin = np.array(node.GetNthControlPointPositionWorld(0))
    assert np.linalg.norm(skin - moved.path.entry_ras) < 0.02

    folder = session.export(tmp_path / "out", {"tables", "segmentations"})
    row = written(folder)[target.id]
    assert (row["path"], row["depth_mm"]) == ("moved by the reader", str(round(moved.path.length_mm, 1)))
    session.show_targets(False)
    assert not are_paths_shown(host.scene)

    host.save_mrb(tmp_path / "case.mrb")
    host.load_mrb(tmp_path / "case.mrb")
    again = Session(host.scene, None, export_session)
    kept = next(one for one in again.targets() if one.id == target.id)
    assert kept.origin == "moved by the reader"
    assert kept.path.length_mm == pytest.approx(moved.path.length_mm, abs=0.2)
    again.reset_path(target.id)
    back = next(one for one in again.targets() if one.id == target.id)
    assert back.origin == "proposed"
    assert back.path.length_mm == pytest.approx(depth, abs=0.2)


def test_a_candidate_that_is_rejected_loses_its_target_and_its_line(host: Any, session: Any) -> None:
    target = with_path(session)
    session.show_targets(True)
    session.reject([target.candidate.id])
    assert target.id not in [one.id for one in session.targets()]
    session.show_targets(True)
    assert target.id not in path_nodes(host.scene)
    session.undo()
    assert target.id in [one.id for one in session.targets()]


def test_the_chosen_series_changes_the_files_and_no_step(session: Any) -> None:
    from PainGeneratorLib.Session.types import StepState

    session.set_parameter("targets.series", "PET")
    assert session.state("find") is StepState.DONE
    assert {target.in_series.role for target in session.targets() if target.point_ras is not None} == {"PET"}
    session.reset_parameter("targets.series")
    assert session.state("find") is StepState.DONE
    assert {target.in_series.role for target in session.targets() if target.point_ras is not None} == {"T1"}
