"""What a reading rests on is shown and taken away, and a reference that is left out changes all ratios, until undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.reference_edits import EditKind
from PainGeneratorLib.Scene.ground_nodes import FRAME_KEY, TISSUES_KEY, USED_KEY, is_ground_shown
from PainGeneratorLib.Scene.markups import read_points
from PainGeneratorLib.Scene.segments import read_segmentation
from session_hands import all_lists, assert_scene_shows_the_list

pytestmark = [pytest.mark.scene, pytest.mark.slow]


def change(session: Any, kind: str, name: str = "", region_id: str = "") -> None:
    job = session.reference_job(kind, name, region_id)
    job.compute()
    session.take_references(job)


def reference(session: Any, name: str) -> Any:
    return next(row for row in session.ground().references if row.name == name)


def test_the_ground_is_drawn_at_its_place_and_taken_away(host: Any, session: Any) -> None:
    ground = session.ground()
    names = [row.name for row in ground.references]
    assert {"muscle", "marrow", "L4"} <= set(names)
    assert any("header:" in text and "T1" in text for text in ground.series)
    assert any(text.startswith("Levels:") for text in ground.frame)
    before = host.scene.GetNumberOfNodes()
    session.show_ground(True)
    assert is_ground_shown(host.scene)
    segments = {one.name: one.region for one in read_segmentation(session.node_of(USED_KEY))}
    assert "body" in segments
    muscle = next(region for name, region in segments.items() if name.startswith("muscle"))
    assert muscle.volume_ml < segments["body"].volume_ml
    assert {one.name for one in read_segmentation(session.node_of(TISSUES_KEY))} >= {"marrow", "muscle", "fat"}
    places, labels = read_points(session.node_of(FRAME_KEY))
    site = next(row.site for row in session.sites.rows if row.site.name == "disc L4/L5")
    assert places[labels.index("L4/L5")] == pytest.approx(site.center_ras, abs=0.1)
    session.show_ground(False)
    assert not is_ground_shown(host.scene)
    assert host.scene.GetNumberOfNodes() <= before


def test_a_reference_that_is_left_out_changes_the_ratios_until_undo_and_stays_with_the_scene(
    host: Any, session: Any, tmp_path: Path
) -> None:
    from PainGeneratorLib.Session.session import Session

    hot = next(c for c in session.candidates() if c.reference_name and "muscle" in c.reference_name)
    session.accept([hot.id])
    region = session.add_region(session.position_of(hot.id), 20.0)
    lists, told = all_lists(session), [one.ratio for one in session.regions()]
    change(session, EditKind.WITHOUT_TISSUE, "muscle")
    now = min(session.candidates(), key=lambda c: float(np.linalg.norm(c.centroid_ras_mm - hot.centroid_ras_mm)))
    assert now.status == "accepted"
    assert now.tbr != hot.tbr
    assert [one.ratio for one in session.regions()] != told
    assert reference(session, "muscle").status == "refused"
    assert any("muscle is refused, as the reader left it out" in text for text in session.warnings)
    assert session.undo_text == "Reference without muscle"
    assert_scene_shows_the_list(session)
    session.undo()
    assert all_lists(session) == lists
    assert [one.ratio for one in session.regions()] == told
    assert reference(session, "muscle").status == "used"
    assert_scene_shows_the_list(session)

    former = reference(session, "muscle")
    change(session, EditKind.ONLY_SPHERE, "muscle", region)
    assert reference(session, "muscle").volume_ml < former.volume_ml
    change(session, EditKind.WITHOUT_VERTEBRA, "L4")
    assert "L4" not in [row.name for row in session.ground().references]
    assert len(session.ground().edits) == 2
    assert "Reference without vertebra L4, by the reader." in session.warnings
    path = tmp_path / "kept.mrb"
    session.save_state()
    host.save_mrb(path)
    edits, references = session.ground().edits, session.ground().references
    session.close()
    host.load_mrb(path)
    again = Session(host.scene)
    assert again.ground().edits == edits
    assert [(row.name, row.status) for row in again.ground().references] == [
        (row.name, row.status) for row in references
    ]
    change(again, "")
    assert again.ground().edits == ()
    assert reference(again, "muscle").suv == pytest.approx(former.suv, rel=1e-4)


def test_what_is_no_reference_or_no_region_is_refused(session: Any) -> None:
    far = session.add_region(session.reference_images()["PET"].geometry.center_ras, 2.0)
    job = session.reference_job(EditKind.ONLY_SPHERE, "muscle", far)
    job.compute()
    with pytest.raises(PainGeneratorError, match="Too little muscle would be left"):
        session.take_references(job)
    assert session.ground().edits == ()
    for kind, name in ((EditKind.WITHOUT_TISSUE, "liver"), (EditKind.WITHOUT_VERTEBRA, "muscle")):
        with pytest.raises(PainGeneratorError, match="is no reference"):
            session.reference_job(kind, name)
    with pytest.raises(PainGeneratorError, match="There is no region S-09"):
        session.reference_job(EditKind.WITHOUT_SPHERE, "", "S-09")
