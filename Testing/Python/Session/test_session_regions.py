"""Spherical regions in a session: kept, undone in turn with decisions, saved with the scene, and exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Scene.segments import read_segmentation
from PainGeneratorLib.Scene.tables import read_table
from session_hands import assert_scene_shows_the_list

pytestmark = [pytest.mark.scene, pytest.mark.slow]


def ids_of(session: Any) -> list[str]:
    return [one.id for one in session.regions()]


def assert_scene_shows_the_regions(session: Any) -> None:
    table, shown = session.node_of("sphere-table"), session.node_of("spheres")
    if not ids_of(session):
        assert table is None
        assert shown is None
        return
    assert [row["id"] for row in read_table(table)[1]] == ids_of(session)
    for segment, region in zip(read_segmentation(shown), session.regions(), strict=True):
        assert segment.id == region.id
        assert np.linalg.norm(segment.region.centroid_ras_mm - region.center_ras) < 2.0


def test_regions_and_decisions_are_undone_in_turn_saved_measured_anew_and_exported(
    host: Any, session: Any, tmp_path: Path
) -> None:
    from PainGeneratorLib.Report.session_export import export_session
    from PainGeneratorLib.Session.session import Session

    first, second = session.candidates()[:2]
    assert session.add_region(session.position_of(first.id), 20.0) == "S-01"
    session.accept([first.id])
    assert session.add_region(session.position_of(second.id), 15.0) == "S-02"
    assert_scene_shows_the_regions(session)
    session.delete_regions(["S-01"])
    assert ids_of(session) == ["S-02"]
    assert_scene_shows_the_regions(session)
    with pytest.raises(PainGeneratorError, match=r"no region S-01"):
        session.delete_regions(["S-01"])
    session.undo()
    session.undo()
    assert ids_of(session) == ["S-01"]
    assert session.candidates()[0].status == "accepted"
    session.undo()
    assert session.candidates()[0].status == "pending"
    assert ids_of(session) == ["S-01"]
    session.undo()
    assert ids_of(session) == []
    assert_scene_shows_the_regions(session)
    for _ in range(3):
        session.redo()
    assert ids_of(session) == ["S-01", "S-02"]
    assert_scene_shows_the_regions(session)
    assert_scene_shows_the_list(session)

    told = [(one.id, one.suv_peak, one.ratio, one.name, dict(one.signals)) for one in session.regions()]
    session.preview(1.3, "adaptive")
    session.commit_preview()
    assert [(one.id, one.suv_peak, one.ratio, one.name, dict(one.signals)) for one in session.regions()] == told
    folder = session.export(tmp_path / "out", ("report", "tables"))
    lines = (folder / "regions.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines] == ["id", "S-01", "S-02"]
    assert "Regions of the reader" in (folder / "report.html").read_text(encoding="utf-8")

    path = tmp_path / "kept.mrb"
    session.save_state()
    host.save_mrb(path)
    session.close()
    host.load_mrb(path)
    again = Session(host.scene, None, export_session)
    assert [(one.id, one.suv_peak, one.ratio, one.name, dict(one.signals)) for one in again.regions()] == told
    assert_scene_shows_the_regions(again)
