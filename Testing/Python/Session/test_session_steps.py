"""Preview, alignment, saving, reopening and export of a session on a phantom that was reviewed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import Cancelled, PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Region, ball
from PainGeneratorLib.Report.session_export import export_session
from PainGeneratorLib.Scene import nodes
from PainGeneratorLib.Scene.candidate_segments import outline_of
from PainGeneratorLib.Scene.segments import read_segmentation
from PainGeneratorLib.Session.session import Session, StepState
from scene_cases import everything_of, quick_alignment, set_outline, volume_named
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


def test_the_preview_follows_the_hand_and_leaves_the_candidates_alone(host, session):
    before = everything_said(session)
    count = host.scene.GetNumberOfNodes()
    node = session.node_of("hot-spots")
    numbers = {}
    for sensitivity in (2.0, 1.3, 1.6):
        number = session.preview(sensitivity, "adaptive")
        numbers[sensitivity] = number
        rows = session.preview_rows()
        drawn = {s.id: len(s.region) for s in read_segmentation(node) if len(s.region)}
        assert len(rows) == number
        assert len(drawn) == number
        assert rows[0]["name"]
        assert drawn["hot-spot-1"] * session.analysis().suv.image.geometry.voxel_volume_ml == pytest.approx(
            rows[0]["mtv_ml"], rel=1e-6
        )
    assert numbers[1.3] > numbers[1.6] >= numbers[2.0]
    assert everything_said(session) == before
    assert host.scene.GetNumberOfNodes() == count
    assert session.preview(1.6, "percent-50") > 0
    session.drop_preview()
    assert session.preview_rows() == []
    assert len(read_segmentation(node)) == len(session.analysis().hot_spots)


def test_a_committed_preview_makes_candidates_and_carries_decisions_over(session):
    first, second = (c.id for c in session.candidates()[:2])
    kept = get(session, first)
    session.accept([first])
    session.comment(second, "look again")
    session.preview(1.25, "adaptive")
    session.commit_preview()
    assert session.protocol().value("hot_spots.sensitivity") == 1.25
    assert session.state("find") is StepState.DONE
    accepted = get(session, first)
    assert accepted.status == "accepted"
    assert np.linalg.norm(accepted.centroid_ras_mm - kept.centroid_ras_mm) < 10.0
    assert get(session, second).comment == "look again"
    assert session.unmatched == []
    assert_scene_shows_the_list(session)
    assert "hot_spots.sensitivity" in session.analysis().case.protocol.changed


def test_what_no_new_run_finds_is_listed_and_can_be_kept(host, session):
    entries = {entry.name: entry for entry in session.protocol_entries()}
    session.preview(entries["hot_spots.sensitivity"].maximum, "adaptive")
    shown = np.array([row["centroid_ras_mm"] for row in session.preview_rows() if not row["physiologic"]]).reshape(
        -1, 3
    )
    weakest = next(
        c
        for c in reversed(session.candidates())
        if c.hot_spots
        and not c.mr_findings
        and np.linalg.norm(shown - c.centroid_ras_mm, axis=1).min(initial=99.0) > 15.0
    )
    session.reject([weakest.id])
    session.commit_preview()
    assert [c.id for c in session.unmatched] == [weakest.id]
    again = Session(host.scene, None)
    assert [c.id for c in again.unmatched] == [weakest.id]
    name = again.keep_unmatched(weakest.id)
    assert get(again, name).status == "rejected"
    assert again.unmatched == []
    session.dismiss_unmatched(weakest.id)
    assert session.unmatched == []
    with pytest.raises(PainGeneratorError, match="unmatched"):
        session.keep_unmatched("PG-99")


def test_parameters_have_a_way_back_to_the_shipped_values(session):
    entries = {entry.name: entry for entry in session.protocol_entries()}
    ratio = entries["hot_spots.sensitivity"]
    assert ratio.is_default
    assert 1.0 < ratio.minimum < ratio.value < ratio.maximum
    assert ratio.description
    assert entries["hot_spots.contour.method"].choices
    assert session.preview(1.4, "fixed-suv", {"hot_spots.contour.suv": 4.0}) >= 0
    session.drop_preview()
    assert session.state("find") is StepState.DONE, "a value that was tried out is no change"
    assert entries["hot_spots.contour.suv"].value == session.protocol().value("hot_spots.contour.suv")
    session.set_parameter("hot_spots.contour.suv", 3.5)
    assert session.state("find") is StepState.OUT_OF_DATE
    assert session.can_preview(), "a contour needs no new run"
    assert session.preview(1.4, "fixed-suv") >= 0
    session.set_parameter("hot_spots.smoothing_fwhm_mm", 6.0)
    assert not session.can_preview()
    with pytest.raises(PainGeneratorError, match="preview"):
        session.preview(1.4, "adaptive")
    changed = {entry.name for entry in session.protocol_entries() if not entry.is_default}
    assert changed >= {"hot_spots.contour.suv", "hot_spots.smoothing_fwhm_mm"}
    session.reset_parameter("hot_spots.smoothing_fwhm_mm")
    assert session.protocol().value("hot_spots.smoothing_fwhm_mm") == entries["hot_spots.smoothing_fwhm_mm"].value
    session.reset_parameters()
    assert all(entry.is_default for entry in session.protocol_entries())
    assert session.state("align") is StepState.OUT_OF_DATE, "the phantom was aligned with settings of its own"
    with pytest.raises(PainGeneratorError, match=r"hot_spots\.colour"):
        session.set_parameter("hot_spots.colour", 1)
    with pytest.raises(PainGeneratorError, match="cannot be"):
        session.set_parameter("hot_spots.sensitivity", 9.0)


# --- alignment


def test_before_and_after_are_shown_without_losing_either(host, session):
    transform = session.node_of("transform.PET.0")
    after = nodes.matrix_to_world(transform)
    session.show_before(True)
    assert session.shows_before
    assert nodes.matrix_to_world(transform) == pytest.approx(np.eye(4))
    again = Session(host.scene, None)
    assert again.alignment_rows() == session.alignment_rows()
    assert again.analysis().alignment.reference_to("PET") == pytest.approx(np.linalg.inv(after), abs=1e-6)
    session.show_before(False)
    assert nodes.matrix_to_world(transform) == pytest.approx(after, abs=1e-6)
    assert not session.shows_before
    assert session.state("find") is StepState.DONE


def test_the_readers_word_on_the_alignment_counts(session):
    session.accept([session.candidates()[0].id])
    session.use_scanner_alignment("ATTENUATION")
    rows = {row["role"]: row for row in session.alignment_rows()}
    assert rows["PET"]["kept"] == rows["ATTENUATION"]["kept"] == "identity/scanner"
    assert nodes.matrix_to_world(session.node_of("transform.PET.0")) == pytest.approx(np.eye(4))
    assert (session.state("align"), session.state("find")) == (StepState.DONE, StepState.OUT_OF_DATE)
    session.accept_alignment("PET")
    assert session.candidates()[0].status == "accepted"
    with pytest.raises(PainGeneratorError, match="no alignment of CT"):
        session.accept_alignment("CT")


def test_a_series_that_could_not_be_aligned_is_joined_once_the_reader_accepts_it(session):
    import dataclasses

    from PainGeneratorLib.Workflow.stages import Alignment

    alignment = session.analysis().alignment
    lost = dataclasses.replace(alignment.by_role["FLUID"], verdict="not aligned", kept="not aligned")
    session.case_state.alignment = Alignment({**alignment.by_role, "FLUID": lost})
    session.accept_alignment("FLUID")
    row = next(row for row in session.alignment_rows() if row["role"] == "FLUID")
    assert row["aligned"]
    assert row["reason"] == "Accepted by the reader."


def test_a_transform_corrected_by_hand_is_taken_over(host, session):
    transform = session.node_of("transform.FLUID.0")
    corrected = nodes.matrix_to_world(transform)
    corrected[:3, 3] += (4.0, 0.0, -3.0)
    transform.SetMatrixTransformToParent(nodes.matrix_to_vtk(corrected))
    again = Session(host.scene, None)
    row = next(row for row in again.alignment_rows() if row["role"] == "FLUID")
    assert row["kept"] == "by hand"
    assert again.state("find") is StepState.OUT_OF_DATE
    assert again.analysis().alignment.reference_to("FLUID") == pytest.approx(np.linalg.inv(corrected), abs=1e-6)


def test_landmarks_lead_the_next_alignment(session):
    truth = session.analysis().alignment.reference_to("FLUID")
    points = np.array([[10.0, 5.0, -40.0], [-12.0, 9.0, 30.0], [6.0, -35.0, 5.0], [-4.0, 22.0, -15.0]])
    shown = session.transform_matrix("FLUID")
    session.set_landmarks("FLUID", points, points)
    assert session.state("align") is StepState.OUT_OF_DATE
    pairs = session.case_state.landmarks["FLUID"]
    assert pairs.series_ras == pytest.approx(np.c_[points, np.ones(4)] @ np.linalg.inv(shown).T[:, :3], abs=1e-6)
    assert pairs.series_ras == pytest.approx(np.c_[points, np.ones(4)] @ truth.T[:, :3], abs=1e-6)
    with pytest.raises(PainGeneratorError, match="pair"):
        session.set_landmarks("PET", points[:2], points[:2])
    session.set_landmarks("FLUID", np.zeros((0, 3)), np.zeros((0, 3)))
    assert session.case_state.landmarks == {}


# --- running again


def test_a_cancelled_run_leaves_the_scene_and_the_decisions_as_they_were(host, session):
    session.accept([session.candidates()[0].id])
    quick_alignment(session)
    for step in ("align", "find"):
        if session.reason_not_ready(step):
            session.step_states.set_done("align")
        before, said = everything_of(host.scene), everything_said(session)
        job = session.prepare(step)

        def cancel(fraction, text):
            if fraction > 0.02:
                raise Cancelled

        with pytest.raises(Cancelled):
            job.compute(cancel)
        assert everything_of(host.scene) == before
        assert everything_said(session) == said


def test_finding_again_keeps_every_decision(session):
    first, second = (c.id for c in session.candidates()[:2])
    session.accept([first])
    name = with_uptake(session)
    painted = paint_larger(session, name)
    session.segment_edited(name)
    session.comment(second, "check")
    session.pain_side = "right"
    assert session.steps_to_run() == ["find"]
    session.run_all()
    assert session.state("find") is StepState.DONE
    assert get(session, first).status == "accepted"
    assert get(session, second).comment == "check"
    edited = get(session, name)
    assert edited.origin == "edited"
    assert len(edited.region) == len(painted)
    assert session.unmatched == []
    assert_scene_shows_the_list(session)


def test_a_higher_bar_sets_apart_all_but_what_the_reader_decided_and_says_so(host, session, tmp_path):
    ids = [c.id for c in session.candidates()]
    session.accept(ids[:1])
    session.set_parameter("fusion.bar", 40.0)
    assert session.steps_to_run() == ["find"]
    session.run("find")
    assert [(c.id, c.status) for c in session.candidates()] == [(ids[0], "accepted")]
    assert len(session.set_apart()) >= len(ids) - 1
    assert all(entry.reason for entry in session.set_apart())
    (notice,) = (text for text in session.warnings if "stays a candidate" in text)
    assert notice.startswith(ids[0])
    host.save_mrb(tmp_path / "case.mrb")
    host.load_mrb(tmp_path / "case.mrb")
    assert notice in Session(host.scene).warnings


# --- keeping and handing over


def test_a_saved_scene_reopens_with_the_same_case_decisions_and_states(host, session, tmp_path):
    first, second = (c.id for c in session.candidates()[:2])
    session.accept([first])
    session.rename(second, "pedicle", "right", "L3")
    name = with_uptake(session)
    paint_larger(session, name)
    session.segment_edited(name)
    position = place_without_candidate(session, on_pet=False)
    session.add_at(position)
    said, segments = everything_said(session), segments_of(session)
    rows, line = session.alignment_rows(), session.suv_line().text
    states = [session.state(step) for step in ("case", "align", "find", "review", "export")]
    reference = get(session, name)
    host.save_mrb(tmp_path / "half.mrb")
    session.close()
    host.scene.Clear(False)
    host.load_mrb(tmp_path / "half.mrb")
    again = Session(host.scene, None, export_session)
    assert everything_said(again) == said
    assert segments_of(again) == segments
    assert again.alignment_rows() == [{**row, "shift_mm": pytest.approx(row["shift_mm"], abs=0.01),
                                       "rotation_deg": pytest.approx(row["rotation_deg"], abs=0.01),
                                       "spread_mm": row["spread_mm"] and pytest.approx(row["spread_mm"], abs=0.01)}
                                      for row in rows]  # fmt: skip
    assert [again.state(step) for step in ("case", "align", "find", "review", "export")] == states
    assert again.suv_line().text == line
    assert_scene_shows_the_list(again)
    # Measures taken after reopening are those that were taken before.
    paint_larger(again, name, 1)
    assert again.segment_edited(name)
    again_measured = get(again, name)
    assert again_measured.tbr == pytest.approx(reference.tbr, rel=0.3)
    assert again_measured.left_right_ratio == pytest.approx(reference.left_right_ratio, rel=0.3)


def test_an_outline_painted_outside_the_session_is_measured_on_reopening(host, session):
    name = with_uptake(session)
    painted = paint_larger(session, name)
    others = [c.id for c in session.candidates() if c.id != name]
    session.node_of("candidates").GetSegmentation().RemoveSegment(others[-1])
    again = Session(host.scene, None)
    edited = get(again, name)
    assert (edited.origin, edited.volume_ml) == ("edited", pytest.approx(painted.volume_ml))
    assert [c.id for c in again.unmatched] == [others[-1]]
    assert any("removed" in warning for warning in again.warnings)
    assert_scene_shows_the_list(again)


def test_a_segment_drawn_outside_the_session_becomes_a_candidate(host, session):
    node = session.node_of("candidates")
    grid = outline_of(node, session.candidates()[0].id).geometry
    node.GetSegmentation().AddEmptySegment("drawn", "my own")
    position = place_without_candidate(session, on_pet=False)
    set_outline(node, "drawn", Region(grid, ball(grid, position, 6.0)))
    count = len(session.candidates())
    again = Session(host.scene, None)
    assert len(again.candidates()) == count + 1
    assert "manual" in {c.origin for c in again.candidates()}
    assert_scene_shows_the_list(again)


def test_export_writes_what_was_chosen_and_all_of_it_opens(host, session, tmp_path):
    first = session.candidates()[0].id
    session.accept([first])
    folder = session.export(tmp_path / "out", {"tables", "segmentations"})
    assert {p.name for p in folder.iterdir()} == {
        "candidates.json", "candidates.csv", "set-apart.csv", "ledger.csv", "readers.csv",
        "mr-findings.json", "mr-findings.csv",
        "sites.json", "sites.csv", "suv.json",
        "alignment.json", "transforms", "provenance.json",
        "pet-hot-spots.seg.nrrd", "mr-findings.seg.nrrd", "pain-generators.seg.nrrd", "targets.mrk.json",
        "written-files.json",
        "targets.csv", "target-outlines",
    }  # fmt: skip
    written = json.loads((folder / "candidates.json").read_text())
    assert [written[name] for name in ("candidates", "set_apart", "attention")] == all_lists(session)
    assert session.state("export") is StepState.DONE
    with pytest.raises(PainGeneratorError, match="exists"):
        session.export(tmp_path / "out", {"tables"})
    session.reject([first])
    assert session.state("export") is StepState.OUT_OF_DATE
    told = []
    session.export(tmp_path / "out", {"report", "scene"}, overwrite=True, progress=lambda f, text: told.append(f))
    assert not any("Kept in" in notice for notice in session.warnings)
    assert {p.name for p in folder.iterdir()} == {
        *("report.html", "report.pdf", "report.txt", "notes.txt", "case.mrb", "written-files.json"),
    }
    assert told == sorted(told)
    assert "rejected" in (folder / "report.html").read_text().lower()
    host.load_mrb(folder / "case.mrb")
    assert Session(host.scene, None).candidates()[0].status == "rejected"


def test_a_cancelled_export_leaves_nothing(session, tmp_path):
    def cancel(fraction, text):
        if fraction > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        session.export(tmp_path / "out", progress=cancel)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="what"):
        session.export(tmp_path / "out", {"pictures"})


def test_export_needs_a_writer(host, session):
    assert "writer" in Session(host.scene, None).reason_not_ready("export")


# --- views


def test_the_views_go_to_a_place_within_the_outline(session):
    for candidate in session.candidates():
        position = session.position_of(candidate.id)
        distance = np.linalg.norm(candidate.region.points_ras - position, axis=1).min()
        assert distance <= 0.75 * np.linalg.norm(candidate.region.geometry.spacing_mm)


def test_the_chosen_outline_is_bright_and_the_others_dim(session):
    ids = [c.id for c in session.candidates()]
    display = session.node_of("candidates").GetDisplayNode()
    events = []
    display.AddObserver("ModifiedEvent", lambda *_: events.append(1))
    session.highlight(ids[1])
    assert len(events) == 1
    bright, dim = (display.GetSegmentOpacity2DOutline(i) for i in (ids[1], ids[0]))
    assert bright > 2 * dim
    session.highlight(None)
    assert display.GetSegmentOpacity2DOutline(ids[0]) == display.GetSegmentOpacity2DOutline(ids[1]) == 1.0


def test_the_mirrored_place_has_its_values_beside_those_here(session):
    candidate = next(c for c in session.candidates() if c.hot_spots and c.left_right_ratio)
    position = session.position_of(candidate.id)
    other, values = session.mirrored(position)
    assert other is not None
    back, _ = session.mirrored(other)
    assert back == pytest.approx(position, abs=1e-6)
    assert values["here"]["SUV 1 ml"] == pytest.approx(candidate.suv_peak, rel=0.05)
    assert (
        set(values["here"])
        == set(values["there"])
        == {*("PET", "T1", "FLUID", "ATTENUATION", "FAT_FRACTION", "SUV 1 ml")}
    )
    nowhere, values = session.mirrored(np.array([900.0, 0.0, 0.0]))
    assert values["here"]["PET"] is None
    assert nowhere is not None


def test_the_work_that_the_first_act_would_wait_for_can_be_done_before(session):
    job = session.warm_up()
    job.compute()
    assert session.warm_up() is None
    assert volume_named(session.scene, "PainGenerator tissues").GetHideFromEditors()
