"""The review of a session on a phantom: every act, seen in scene, table and undo."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import AlreadyThere, PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Region, ball
from PainGeneratorLib.Numerics.core.regions import contains
from PainGeneratorLib.Scene.candidate_segments import outline_of
from PainGeneratorLib.Scene.segments import read_segmentation
from PainGeneratorLib.Session.session import Session, StepState
from scene_cases import set_outline, voxels_of
from session_hands import (
    all_lists,
    assert_scene_shows_the_list,
    check_undo_and_redo,
    everything_said,
    get,
    larger,
    paint_larger,
    place_without_candidate,
    segments_of,
    table_of,
    with_uptake,
)

pytestmark = [pytest.mark.scene, pytest.mark.slow]


def test_all_steps_are_done_and_the_scene_shows_what_was_found(session):
    states = [session.state(step).value for step in ("case", "align", "find", "review", "export")]
    assert states == ["done", "done", "done", "not done", "not done"]
    assert len(session.candidates()) >= 3
    assert_scene_shows_the_list(session)
    assert {row["role"] for row in session.alignment_rows()} == {"PET", "FLUID", "ATTENUATION"}
    assert all(row["verdict"] and row["reason"] for row in session.alignment_rows())
    assert any(c.place.level for c in session.candidates()), "the anatomy segmentation gives levels"
    assert session.roles().keys() == {"PET", "T1", "FLUID", "ATTENUATION"}
    assert session.group == "low-back"
    assert session.pain_side == "left"
    assert session.steps_to_run() == []
    assert session.anatomy_id is not None


# --- decisions


def test_accept_and_reject_show_in_segments_table_targets_and_can_be_undone(session):
    first, second, third = (c.id for c in session.candidates()[:3])
    before, segments = everything_said(session), segments_of(session)
    told = []
    session.changed.append(told.append)
    session.accept([first])
    session.reject([second])
    session.physiologic([third])
    assert [c.status for c in session.candidates()[:3]] == ["accepted", "rejected", "physiologic"]
    assert "review" in told
    assert_scene_shows_the_list(session)
    tags = {s.id: s.tags["PainGenerator.Status"] for s in read_segmentation(session.node_of("candidates"))}
    assert (tags[first], tags[second]) == ("accepted", "rejected")
    assert segments_of(session) == segments, "a decision touches no voxel and no name"
    for _ in range(3):
        session.undo()
    assert everything_said(session) == before
    assert session.undo_text is None
    assert_scene_shows_the_list(session)


def test_several_are_decided_in_one_act_and_review_is_done_when_none_is_pending(session):
    ids = [c.id for c in session.candidates()]
    session.accept(ids[:1])
    session.reject(ids[1:])
    assert session.state("review") is StepState.DONE
    session.undo()
    assert session.state("review") is StepState.NOT_DONE
    session.redo()
    session.pending([ids[0]])
    assert session.state("review") is StepState.NOT_DONE


def test_rename_and_comment_change_what_is_shown(session):
    candidate = session.candidates()[1]
    before, segments = everything_said(session), segments_of(session)
    session.rename(candidate.id, "facet joint", "left", "L4/L5")
    renamed = get(session, candidate.id)
    assert (renamed.place.structure, renamed.place.side, renamed.place.level) == ("facet joint", "left", "L4/L5")
    assert segments_of(session)[candidate.id][0] == f"{renamed.rank} left facet joint L4/L5"
    row = next(row for row in table_of(session) if row["id"] == candidate.id)
    assert (row["name"], row["side"], row["level"]) == ("left facet joint L4/L5", "left", "L4/L5")
    session.comment(candidate.id, "as in 2024 | worse")
    assert next(row for row in table_of(session) if row["id"] == candidate.id)["comment"] == "as in 2024 | worse"
    session.undo()
    check_undo_and_redo(
        session, before, [r if r["id"] != candidate.id else get(session, candidate.id).to_json() for r in before],
        segments, segments_of(session),
    )  # fmt: skip
    with pytest.raises(PainGeneratorError, match="structure"):
        session.rename(candidate.id, " ", "left", None)
    with pytest.raises(ValueError, match="side must be one of"):
        session.rename(candidate.id, "facet joint", "above", None)
    session.rename(candidate.id, "facet joint", "both", "L4/L5")
    assert get(session, candidate.id).place.name == "both facet joints L4/L5"


# --- what is set apart


def test_what_is_set_apart_becomes_a_candidate_by_one_act_that_can_be_undone(session):
    assert len(session.set_apart()) >= 2
    chosen = session.set_apart()[1]
    before = all_lists(session)
    session.bring_back([chosen.id])
    after = all_lists(session)
    brought = get(session, chosen.id)
    assert (brought.reason, "brought-back" in brought.flags) == ("", True)
    assert chosen.id not in [entry.id for entry in session.set_apart()]
    assert session.candidates()[-1].score <= brought.score or session.candidates()[-1].id == chosen.id
    assert_scene_shows_the_list(session)
    assert_same_position(session, chosen)
    session.undo()
    assert all_lists(session) == before
    assert_scene_shows_the_list(session)
    session.redo()
    assert all_lists(session) == after
    with pytest.raises(PainGeneratorError, match="not set apart"):
        session.bring_back([chosen.id])


def assert_same_position(session, entry) -> None:
    """The views go to the same place before and after an entry became a candidate."""
    assert np.linalg.norm(session.position_of(entry.id) - entry.centroid_ras_mm) < 40.0


def test_a_click_on_what_is_set_apart_brings_it_back_instead_of_making_a_twin(session):
    chosen = min(session.set_apart(), key=lambda entry: entry.volume_ml)
    count = sum(map(len, all_lists(session)))
    assert session.add_at(session.position_of(chosen.id)) == chosen.id
    assert get(session, chosen.id).origin == "automatic"
    assert sum(map(len, all_lists(session))) == count
    assert_scene_shows_the_list(session)


def test_what_was_brought_back_is_a_candidate_after_another_run_and_after_reopening(host, session, tmp_path):
    chosen = session.set_apart()[0]
    session.bring_back([chosen.id])
    session.run("find")
    assert "brought-back" in get(session, chosen.id).flags
    assert_scene_shows_the_list(session)
    listed = all_lists(session)
    host.save_mrb(tmp_path / "case.mrb")
    host.load_mrb(tmp_path / "case.mrb")
    assert all_lists(Session(host.scene)) == listed


# --- outlines


def test_a_larger_outline_gets_larger_measures_and_the_origin_edited(session):
    name = with_uptake(session)
    old, before, segments = get(session, name), everything_said(session), segments_of(session)
    painted = paint_larger(session, name)
    assert session.segment_edited(name)
    new = get(session, name)
    assert new.volume_ml == pytest.approx(painted.volume_ml)
    assert new.volume_ml > 1.5 * old.volume_ml
    assert new.origin == "edited"
    assert new.suv_max >= old.suv_max - 1e-5
    assert new.suv_mean < old.suv_mean
    assert new.suv_peak == pytest.approx(old.suv_peak, rel=0.35)
    assert new.tbr == pytest.approx(old.tbr, rel=0.35)
    assert new.tlg_g == pytest.approx(new.suv_mean * new.mtv_ml)
    assert new.region.geometry.is_same_grid(painted.geometry)
    assert voxels_of(session.node_of("candidates"), name) == len(painted)
    assert_scene_shows_the_list(session)
    assert not session.segment_edited(name), "nothing changed since"
    check_undo_and_redo(session, before, everything_said(session), segments, segments_of(session))
    assert not get(session, name).hot_spots[0].label, "the reader's outline is none of the found ones"


def test_an_outline_moved_to_another_structure_is_named_after_it_unless_the_reader_named_it(session):
    ours, theirs = [c for c in session.candidates() if c.hot_spots][:2]
    session.rename(theirs.id, "pedicle", theirs.place.side, "L3")
    goal = session.position_of(theirs.id)
    grid = outline_of(*session.begin_edit(ours.id)).geometry
    set_outline(*session.begin_edit(ours.id), Region(grid, ball(grid, goal + np.array([0, 25.0, 0]), 8.0)))
    assert session.segment_edited(ours.id)
    assert get(session, ours.id).place != ours.place
    paint_larger(session, theirs.id)
    assert session.segment_edited(theirs.id)
    assert get(session, theirs.id).place.name.endswith("pedicle L3")


def test_an_emptied_outline_is_refused_and_the_list_stays(session):
    import slicer

    name = session.candidates()[0].id
    before = everything_said(session)
    node, segment = session.begin_edit(name)
    slicer.vtkSlicerSegmentationsModuleLogic.ClearSegment(node, segment)
    with pytest.raises(PainGeneratorError, match="empty"):
        session.segment_edited(name)
    assert everything_said(session) == before


def test_merge_joins_voxels_and_split_takes_them_apart(session):
    first, second = [c for c in session.candidates() if c.hot_spots][:2]
    before, segments = everything_said(session), segments_of(session)
    merged = get(session, session.merge([first.id, second.id]))
    assert merged.volume_ml == pytest.approx(first.volume_ml + second.volume_ml, rel=0.05)
    assert merged.suv_max == pytest.approx(max(first.suv_max, second.suv_max), rel=1e-4)
    assert len(session.candidates()) == len(before) - 1
    assert_scene_shows_the_list(session)
    check_undo_and_redo(session, before, everything_said(session), segments, segments_of(session))
    parts = session.split(merged.id)
    assert len(parts) == 2
    volumes = sorted(get(session, part).volume_ml for part in parts)
    assert volumes == pytest.approx(sorted([first.volume_ml, second.volume_ml]), rel=0.05)
    assert_scene_shows_the_list(session)


def test_delete_takes_segments_rows_and_targets_away_and_undo_brings_them_back(session):
    ids = [c.id for c in session.candidates()[:2]]
    before, segments = everything_said(session), segments_of(session)
    session.delete(ids)
    assert not set(ids) & set(segments_of(session))
    assert_scene_shows_the_list(session)
    check_undo_and_redo(session, before, everything_said(session), segments, segments_of(session))


def test_a_click_on_raised_uptake_adds_a_measured_and_named_focus(session):
    position = place_without_candidate(session, on_pet=True)
    images = session.reference_images()
    pet = images["PET"]
    # Something hot that detection did not keep: made by hand in the image that the session looks at.
    here = ball(pet.geometry, position, 7.0)
    former = pet.array.reshape(-1)[here].copy()
    pet.array.reshape(-1)[here] = 6.0
    before, segments = everything_said(session), segments_of(session)
    name = session.add_at(position + 2.0)
    added = get(session, name)
    assert (added.origin, added.evidence[:3]) == ("manual", "PET")
    assert added.suv_max == pytest.approx(6.0)
    assert added.tbr > 2
    assert added.place.name
    assert np.linalg.norm(added.centroid_ras_mm - position) < 6.0
    assert 0.4 < added.volume_ml < 5.0
    assert_scene_shows_the_list(session)
    check_undo_and_redo(session, before, everything_said(session), segments, segments_of(session))
    with pytest.raises(PainGeneratorError, match="lies here already"):
        session.add_at(session.position_of(name))
    pet.array.reshape(-1)[here] = former


def test_a_click_beside_an_outline_that_grows_the_same_focus_makes_no_twin(session):
    chosen = get(session, with_uptake(session))
    beside = larger(chosen.region, 1).points_ras
    entries = [*session.candidates(), *session.set_apart(), *session.attention()]
    outside = ~np.any([contains(entry.region, beside) for entry in entries], axis=0)
    nearest = np.argmin(np.linalg.norm(beside[outside] - chosen.hot_spots[0].peak_ras_mm, axis=1))
    before = all_lists(session)
    with pytest.raises(AlreadyThere, match="lies here already") as refused:
        session.add_at(beside[outside][nearest])
    assert refused.value.candidate_id == chosen.id
    assert all_lists(session) == before


def test_a_click_where_nothing_is_hot_grows_on_the_mr(session):
    position = place_without_candidate(session, on_pet=False)
    before = len(session.candidates())
    name = session.add_at(position)
    added = get(session, name)
    assert (added.origin, added.evidence) == ("manual", "MR only")
    assert added.suv_peak is None
    assert added.mr_kind is not None
    assert added.volume_ml > 0
    assert np.linalg.norm(added.centroid_ras_mm - position) < 15.0
    assert len(session.candidates()) == before + 1
    assert_scene_shows_the_list(session)
    with pytest.raises(PainGeneratorError, match="no image"):
        session.add_at(np.array([9000.0, 0.0, 0.0]))


# --- preview


# --- levels


def site_names(session) -> list[str]:
    return [row.site.name for row in session.sites.rows]


def test_naming_one_level_renames_all_sites_and_candidates_and_can_be_undone(session):
    disc = next(row.site for row in session.sites.rows if row.site.name == "disc L3/L4")
    decided = session.candidates()[0].id
    session.accept([decided])
    before, names = everything_said(session), site_names(session)
    session.name_level("L4/L5", disc.center_ras)
    renamed = next(row.site for row in session.sites.rows if row.site.name == "disc L4/L5")
    assert np.linalg.norm(renamed.center_ras - disc.center_ras) < 1e-6
    assert renamed.level_certainty == "certain"
    assert session.sites.level_certainty == "certain"
    assert session.settings.levelName == "L4/L5"
    assert get(session, decided).status == "accepted"
    same = ("id", "status", "suv_max", "suv_peak", "volume_ml", "origin")
    after = everything_said(session)
    assert [[row[key] for key in same] for row in after] == [[row[key] for key in same] for row in before]
    assert_scene_shows_the_list(session)
    assert session.undo_text == "Name L4/L5"
    session.undo()
    assert (everything_said(session), site_names(session)) == (before, names)
    assert session.settings.levelName == ""
    session.redo()
    assert everything_said(session) == after
    assert session.settings.levelName == "L4/L5"
    session.undo()


def test_a_candidate_that_the_reader_named_keeps_its_name_when_a_level_is_named(session):
    first = session.candidates()[0].id
    session.rename(first, "facet joint", "left", "L2/L3")
    disc = next(row.site for row in session.sites.rows if row.site.name == "disc L3/L4")
    session.name_level("L4/L5", disc.center_ras)
    place = get(session, first).place
    assert (place.structure, place.side, place.level) == ("facet joint", "left", "L2/L3")
    session.undo()
    session.undo()


def test_a_click_far_from_the_spine_names_no_level_and_changes_nothing(session):
    before, names = everything_said(session), site_names(session)
    with pytest.raises(PainGeneratorError):
        session.name_level("L5", np.array([150.0, 0.0, 0.0]))
    assert (everything_said(session), site_names(session)) == (before, names)
    assert session.settings.levelName == ""
