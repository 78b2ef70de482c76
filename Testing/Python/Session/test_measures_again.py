"""Decisions are carried over, numbers never: what the reader is shown is measured again, and what differs is said."""

from __future__ import annotations

import numpy as np
import pytest
from fresh_measures import assert_measures_are_fresh, ids_ever, session_with_files
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Region, ball
from PainGeneratorLib.Report.session_export import export_session
from PainGeneratorLib.Scene.candidate_segments import outline_of
from PainGeneratorLib.Scene.segment_files import load_seg_nrrd
from PainGeneratorLib.Scene.segments import read_segment, read_segmentation
from PainGeneratorLib.Session.session import Session
from scene_cases import set_outline
from session_hands import (
    all_lists,
    assert_scene_shows_the_list,
    everything_said,
    get,
    paint_larger,
    place_without_candidate,
    segments_of,
    with_uptake,
)

pytestmark = [pytest.mark.scene, pytest.mark.slow]


def correct_weight(session, factor: float) -> None:
    """Another weight, and the steps that follow from it; the transforms are those that are there."""
    weight = session.suv_result().weight_kg
    session.set_by_hand(weight_kg=round(weight * factor, 1))
    session.run("case")
    session.step_states.set_done("align")
    session.run("find")


# --- a run with other numbers


def test_an_edited_outline_is_measured_again_when_the_weight_was_corrected(host, found_bundle, phantom_folder):
    session = session_with_files(host, found_bundle, phantom_folder)
    name = with_uptake(session)
    paint_larger(session, name)
    session.segment_edited(name)
    session.accept([name])
    before = get(session, name)
    correct_weight(session, 0.5)
    after = get(session, name)
    assert after.suv_max == pytest.approx(before.suv_max * 0.5, rel=0.01)
    assert (after.status, after.origin, len(after.region)) == ("accepted", "edited", len(before.region))
    assert_measures_are_fresh(session)
    (said,) = (text for text in session.warnings if text.startswith(name))
    assert f"accepted at SUVmax {before.suv_max:.2f}, now {after.suv_max:.2f}" in said
    assert said in session.analysis().warnings


def test_what_differs_since_a_decision_is_said_until_it_is_decided_again(host, found_bundle, phantom_folder, tmp_path):
    session = session_with_files(host, found_bundle, phantom_folder)
    first = with_uptake(session)
    session.accept([first])
    before = get(session, first)
    correct_weight(session, 0.5)
    now = get(session, first)
    text = f"accepted at SUVmax {before.suv_max:.2f}, now {now.suv_max:.2f}"
    assert any(text in warning for warning in session.warnings)
    folder = session.export(tmp_path / "out", {"report", "tables"})
    assert text in (folder / "report.html").read_text()
    assert text in (folder / "report.txt").read_text()
    host.save_mrb(tmp_path / "case.mrb")
    host.load_mrb(tmp_path / "case.mrb")
    again = Session(host.scene)
    assert any(text in warning for warning in again.warnings)
    again.accept([first])
    assert not any("accepted at" in warning for warning in again.warnings)
    again.undo()
    assert any(text in warning for warning in again.warnings)


def test_the_number_of_the_decision_counts_and_not_that_of_the_run_between(host, found_bundle, phantom_folder):
    session = session_with_files(host, found_bundle, phantom_folder)
    first = with_uptake(session)
    session.accept([first])
    before = get(session, first)
    weight = session.suv_result().weight_kg
    correct_weight(session, 0.5)
    correct_weight(session, weight / session.suv_result().weight_kg)
    assert get(session, first).suv_max == pytest.approx(before.suv_max, rel=0.01)
    assert not any("accepted at SUVmax" in warning for warning in session.warnings)


def test_an_accepted_candidate_gets_the_name_that_a_new_anatomy_gives_it(host, session):
    session.set_anatomy(None)
    session.answer_anatomy(use=False)
    session.run("find")
    bare = {c.id: c.place.name for c in session.candidates()}
    session.accept(list(bare))
    edited = with_uptake(session)
    paint_larger(session, edited, 1)
    session.segment_edited(edited)
    named = session.candidates()[-1].id
    session.rename(named, "facet joint", "left", "L2/L3")
    node = next(
        host.scene.GetNthNodeByClass(n, "vtkMRMLSegmentationNode").GetID()
        for n in range(host.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode"))
        if host.scene.GetNthNodeByClass(n, "vtkMRMLSegmentationNode").GetName() == "total_mr"
    )
    session.set_anatomy(node)
    session.run("find")
    namer = session._tools.namer()
    for candidate in session.candidates():
        if candidate.id == named:
            assert candidate.place.name == "left facet joint L2/L3"
        elif candidate.origin == "edited":
            assert candidate.place == namer(candidate.region)
    automatic = {c.id: c.place.name for c in session.case_state.readers.automatic.candidates}
    changed = 0
    for candidate in session.candidates():
        if candidate.origin == "automatic" and candidate.id in automatic and candidate.id != named:
            assert candidate.place.name == automatic[candidate.id]
        if candidate.id in bare and candidate.id not in (named, edited) and candidate.place.name != bare[candidate.id]:
            changed += 1
            assert any(
                f"as {bare[candidate.id]}, now {candidate.place.name}" in warning for warning in session.warnings
            ), candidate.id
    assert changed, "the anatomy names something in another way"


def test_what_no_run_finds_again_is_measured_again_too(host, found_bundle, phantom_folder):
    session = session_with_files(host, found_bundle, phantom_folder)
    hot = [c for c in session.candidates() if c.hot_spots and not c.mr_findings][-1]
    session.accept([hot.id])
    session.set_parameter("hot_spots.sensitivity", 3.0)
    correct_weight(session, 0.5)
    (lost,) = (c for c in session.unmatched if c.id == hot.id)
    assert lost.suv_max == pytest.approx(hot.suv_max * 0.5, rel=0.05)
    kept = session.keep_unmatched(hot.id)
    assert kept == hot.id, "it is the same candidate"
    assert_measures_are_fresh(session)


def test_a_finding_of_the_former_run_is_none_of_an_edited_candidate(session):
    marrow = next(c for c in session.candidates() if c.mr_findings)
    paint_larger(session, marrow.id, 1)
    session.segment_edited(marrow.id)
    session.pain_side = "right"
    session.run("find")
    found = {id(finding) for finding in session.analysis().mr.findings}
    again = get(session, marrow.id)
    assert again.mr_findings
    assert all(id(finding) in found for finding in again.mr_findings)
    assert len({tuple(f.centroid_ras_mm) for f in again.mr_findings}) == len(again.mr_findings)


def test_a_second_reading_is_measured_again_as_well(host, found_bundle, phantom_folder):
    session = session_with_files(host, found_bundle, phantom_folder)
    session.reading.set_name("First")
    name = with_uptake(session)
    paint_larger(session, name)
    session.segment_edited(name)
    before = get(session, name)
    session.reading.begin_blind("Second")
    correct_weight(session, 0.5)
    session.reading.show_all()
    session.reading.show(0)
    assert get(session, name).suv_max == pytest.approx(before.suv_max * 0.5, rel=0.01)
    assert_measures_are_fresh(session)


def test_results_of_another_suv_are_neither_exported_nor_edited(host, found_bundle, phantom_folder, tmp_path):
    session = session_with_files(host, found_bundle, phantom_folder)
    name = with_uptake(session)
    session.set_by_hand(weight_kg=round(session.suv_result().weight_kg * 0.5, 1))
    with pytest.raises(PainGeneratorError, match="weight"):
        session.export(tmp_path / "former", {"tables"})
    session.run("case")
    for act in (
        lambda: session.export(tmp_path / "mixed", {"tables"}),
        lambda: session.merge([c.id for c in session.candidates()[:2]]),
        lambda: (paint_larger(session, name), session.segment_edited(name)),
    ):
        with pytest.raises(PainGeneratorError, match="SUV"):
            act()
    assert session.reason_not_ready("export")
    session.accept([name])
    again = Session(host.scene, None, export_session)
    with pytest.raises(PainGeneratorError, match="SUV"):
        again.export(tmp_path / "mixed", {"tables"})
    session.step_states.set_done("align")
    session.run("find")
    assert session.reason_not_ready("export") is None
    assert_measures_are_fresh(session)


# --- "Use this setting"


def test_an_outline_of_the_reader_hides_no_new_candidate_that_it_does_not_overlap(session):
    hot = get(session, with_uptake(session))
    grid = outline_of(*session.begin_edit(hot.id)).geometry
    beside = hot.hot_spots[0].peak_ras_mm + np.array([0.0, 9.0, 0.0])
    free = Region(grid, ball(grid, beside, 2.5))
    set_outline(*session.begin_edit(hot.id), free)
    session.segment_edited(hot.id)
    session.preview(session.protocol().value("hot_spots.sensitivity"), "adaptive")
    session.commit_preview()
    regions = [c.region for c in session.candidates() if c.origin == "automatic"]
    assert any(len(region) == len(hot.region) and (region.flat == hot.region.flat).all() for region in regions)
    assert get(session, hot.id).origin == "edited"


def test_no_id_is_ever_given_to_another_candidate(host, session, tmp_path):
    where = {}

    def look() -> None:
        for entry in (*session.candidates(), *session.set_apart(), *session.attention(), *session.unmatched):
            former = where.setdefault(entry.id, entry.centroid_ras_mm)
            assert np.linalg.norm(former - entry.centroid_ras_mm) < 15.0, entry.id

    look()
    gone = session.candidates()[1]
    session.delete([gone.id])
    where.pop(gone.id)
    for sensitivity in (1.25, 2.5, 1.25):
        session.preview(sensitivity, "adaptive")
        session.commit_preview()
        look()
        assert gone.id not in [c.id for c in session.candidates()]
    added = session.add_at(place_without_candidate(session, on_pet=False))
    look()
    session.delete([added])
    host.save_mrb(tmp_path / "case.mrb")
    host.load_mrb(tmp_path / "case.mrb")
    again = Session(host.scene)
    known = ids_ever(again) | {added}
    assert again.add_at(place_without_candidate(again, on_pet=False)) not in known


def test_a_setting_that_is_used_gives_what_a_run_with_it_gives(session):
    session.preview(1.25, "adaptive")
    session.commit_preview()
    used, sites = all_lists(session), [row.to_kept() for row in session.sites.rows]
    session.run("find")
    for mine, theirs in zip(used, all_lists(session), strict=True):
        assert [{**one, "id": ""} for one in mine] == [{**one, "id": ""} for one in theirs]
    for mine, theirs in zip(sites, session.sites.rows, strict=True):
        assert mine["suv_max"] == theirs.suv_max
        assert (mine["state"], mine["reasons"]) == (theirs.state, theirs.reasons)


# --- outlines


def test_an_emptied_outline_comes_back_when_the_case_is_opened_again(host, session, tmp_path):
    import slicer

    name = session.candidates()[0].id
    before, segments = everything_said(session), segments_of(session)
    slicer.vtkSlicerSegmentationsModuleLogic.ClearSegment(*session.begin_edit(name))
    host.save_mrb(tmp_path / "case.mrb")
    host.load_mrb(tmp_path / "case.mrb")
    again = Session(host.scene)
    assert everything_said(again) == before
    assert segments_of(again) == segments
    assert any(name in text and "empty" in text for text in again.warnings)
    assert_scene_shows_the_list(again)


def test_an_emptied_outline_that_was_refused_is_drawn_again_with_the_next_act(session):
    import slicer

    name, other = (c.id for c in session.candidates()[:2])
    segments = segments_of(session)
    slicer.vtkSlicerSegmentationsModuleLogic.ClearSegment(*session.begin_edit(name))
    with pytest.raises(PainGeneratorError, match="empty"):
        session.segment_edited(name)
    session.accept([other])
    assert segments_of(session) == segments
    assert_scene_shows_the_list(session)


def test_a_segment_that_was_removed_in_the_editor_is_refused_with_advice(session):
    name, other = (c.id for c in session.candidates()[:2])
    segments = segments_of(session)
    node, segment = session.begin_edit(name)
    node.GetSegmentation().RemoveSegment(segment)
    with pytest.raises(PainGeneratorError, match="removed"):
        session.segment_edited(name)
    session.accept([other])
    assert segments_of(session) == segments


def paint_over(session, painted: str, neighbor: str, whole: bool = False) -> None:
    """As the Segment Editor does: what is painted is taken away from the neighbor."""
    import slicer

    node, segment = session.begin_edit(painted)
    ours, theirs = outline_of(node, painted), outline_of(node, neighbor)
    taken = theirs.flat if whole else theirs.flat[: len(theirs) // 2]
    rest = np.setdiff1d(theirs.flat, taken)
    if whole:
        slicer.vtkSlicerSegmentationsModuleLogic.ClearSegment(node, neighbor)
    else:
        set_outline(node, neighbor, Region(theirs.geometry, rest))
    set_outline(node, segment, Region(ours.geometry, np.union1d(ours.flat, taken)))


def test_painting_over_a_neighbor_measures_both_and_one_undo_returns_both(session):
    one, other = [c.id for c in session.candidates() if c.hot_spots][:2]
    before, segments = everything_said(session), segments_of(session)
    volume = get(session, other).volume_ml
    paint_over(session, one, other)
    assert session.segment_edited(one)
    after = everything_said(session)
    assert get(session, other).volume_ml == pytest.approx(volume / 2, rel=0.2)
    assert (get(session, one).origin, get(session, other).origin) == ("edited", "edited")
    assert_measures_are_fresh(session)
    assert_scene_shows_the_list(session)
    assert not session.segment_edited(one)
    assert not session.segment_edited(other)
    session.undo()
    assert everything_said(session) == before
    assert segments_of(session) == segments
    session.redo()
    assert everything_said(session) == after
    assert_measures_are_fresh(session)


def test_a_neighbor_that_was_painted_over_whole_keeps_its_outline_and_that_is_said(session):
    one, other = [c.id for c in session.candidates() if c.hot_spots][:2]
    volume, said = get(session, other).volume_ml, get(session, other).to_json()
    paint_over(session, one, other, whole=True)
    assert session.segment_edited(one)
    assert get(session, other).volume_ml == volume
    assert {**get(session, other).to_json(), "rank": 0} == {**said, "rank": 0}
    assert any(other in text and "painted over" in text for text in session.warnings)
    assert_scene_shows_the_list(session)
    assert_measures_are_fresh(session)


def test_an_outline_drawn_on_hot_voxels_where_no_spot_was_found_is_measured(session):
    position = place_without_candidate(session, on_pet=False)
    pet = session.reference_images()["PET"]
    here = ball(pet.geometry, position, 8.0)
    pet.array.reshape(-1)[here] = 6.0
    name = next(c.id for c in session.candidates() if not c.hot_spots)
    grid = outline_of(*session.begin_edit(name)).geometry
    set_outline(*session.begin_edit(name), Region(grid, ball(grid, position, 5.0)))
    session.segment_edited(name)
    drawn = get(session, name)
    assert drawn.suv_max == pytest.approx(6.0)
    assert drawn.evidence.startswith("PET")
    assert_measures_are_fresh(session)


def test_an_outline_moved_to_where_nothing_is_raised_loses_its_uptake(session):
    name = with_uptake(session)
    grid = outline_of(*session.begin_edit(name)).geometry
    set_outline(
        *session.begin_edit(name), Region(grid, ball(grid, place_without_candidate(session, on_pet=False), 5.0))
    )
    session.segment_edited(name)
    moved = get(session, name)
    assert moved.evidence == "MR only"
    assert moved.suv_max is None


def test_merged_outlines_have_the_same_volume_in_the_file_as_in_the_table(host, session, tmp_path):
    hot = [c for c in session.candidates() if c.hot_spots]
    on_mr = [c for c in session.candidates() if not c.hot_spots]
    merged = [session.merge([hot[0].id, on_mr[0].id]), session.merge([hot[1].id, hot[2].id])]
    folder = session.export(tmp_path / "out", {"tables", "segmentations"})
    node = load_seg_nrrd(host.scene, folder / "pain-generators.seg.nrrd")
    written = {s.tags["PainGenerator.Id"]: s.region for s in read_segmentation(node)}
    for candidate in session.candidates():
        region = written[candidate.id]
        allowed = 0.5 * region.geometry.voxel_volume_ml + 1e-6
        assert region.volume_ml == pytest.approx(candidate.volume_ml, abs=allowed, rel=0.005), candidate.id
    assert set(merged) <= set(written)


# --- the preview


def test_a_preview_is_not_saved_as_if_it_were_decided(host, session, tmp_path):
    node = session.node_of("hot-spots")
    before = {s.id: len(s.region) for s in read_segmentation(node)}
    session.preview(1.25, "percent-50")
    host.save_mrb(tmp_path / "case.mrb")
    host.load_mrb(tmp_path / "case.mrb")
    again = Session(host.scene)
    now = {s.id: len(s.region) for s in read_segmentation(again.node_of("hot-spots"))}
    assert now == before
    assert any("preview" in text for text in again.warnings)
    assert not any("preview" in text for text in Session(host.scene).warnings)


def test_a_preview_is_not_exported_and_ends_with_the_export(host, session, tmp_path):
    before = {s.id: len(s.region) for s in read_segmentation(session.node_of("hot-spots"))}
    session.preview(1.25, "percent-50", {"hot_spots.contour.suv": 4.0})
    folder = session.export(tmp_path / "out", {"tables", "segmentations", "scene"})
    file = load_seg_nrrd(host.scene, folder / "pet-hot-spots.seg.nrrd")
    assert {s.id: len(s.region) for s in read_segmentation(file)} == before
    host.load_mrb(folder / "case.mrb")
    again = Session(host.scene)
    assert not any("preview" in text for text in again.warnings)
    assert read_segment(again.node_of("hot-spots"), "hot-spot-1") is not None


def test_a_click_during_a_preview_measures_with_the_setting_that_was_decided(session):
    hot = get(session, with_uptake(session))
    session.delete([hot.id])
    expected = session.add_at(hot.hot_spots[0].peak_ras_mm)
    said = get(session, expected).volume_ml
    session.undo()
    session.preview(1.4, "fixed-suv", {"hot_spots.contour.suv": 1.0, "hot_spots.contour.largest_gain": 1.0})
    added = session.add_at(hot.hot_spots[0].peak_ras_mm)
    assert get(session, added).volume_ml == said
