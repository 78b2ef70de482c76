"""What a reopened case says and shows beside its candidates: notes, and outlines that nobody has chosen."""

from __future__ import annotations

import pytest
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Session.session import Session
from scene_cases import few_series, load_as_slicer_does

pytestmark = [pytest.mark.scene, pytest.mark.slow]

NOTE = "Days between PET and MR: 0."


def said(session: Session) -> list[str]:
    """All warnings and notes."""
    return [*session.warnings, *session.notes]


def brightness(session: Session) -> set[tuple[float, float, float]]:
    """Opacity of outline, filling and surface of all candidates; one element when all are drawn alike."""
    node = session.node_of("candidates")
    display = node.GetDisplayNode()
    return {
        (
            round(display.GetSegmentOpacity2DOutline(one), 6),
            round(display.GetSegmentOpacity2DFill(one), 6),
            round(display.GetSegmentOpacity3D(one), 6),
        )
        for one in node.GetSegmentation().GetSegmentIDs()
    }


def test_a_note_of_detect_is_still_there_after_reopening(host, phantom_folder, found_bundle, tmp_path):
    host.load_mrb(found_bundle)
    session = Session(host.scene)
    session.detect()
    told = said(session)
    assert len(told) > 1
    assert NOTE in told
    host.save_mrb(tmp_path / "noted.mrb")
    for _round in range(2):
        with HeadlessHost() as other:
            other.load_mrb(tmp_path / "noted.mrb")
            assert said(Session(other.scene)) == told
            other.save_mrb(tmp_path / "noted.mrb")


def test_a_note_of_detect_outlasts_a_scene_that_was_saved_before_the_first_step(host, phantom_folder, tmp_path):
    files = load_as_slicer_does(host.scene, few_series(phantom_folder / "dicom"))
    session = Session(host.scene, files.get)
    session.detect()
    told = said(session)
    assert NOTE in told
    host.save_mrb(tmp_path / "detected.mrb")
    with HeadlessHost() as other:
        other.load_mrb(tmp_path / "detected.mrb")
        assert said(Session(other.scene)) == told


def test_what_reopening_had_to_say_is_said_again_the_next_time_and_detect_does_not_take_it_away(
    host, session, tmp_path
):
    gone = session.candidates()[0].id
    session.node_of("candidates").GetSegmentation().RemoveSegment(gone)
    again = Session(host.scene)
    (note,) = [text for text in again.warnings if "removed from the scene" in text]
    again.detect()
    assert note in again.warnings
    host.save_mrb(tmp_path / "gone.mrb")
    with HeadlessHost() as other:
        other.load_mrb(tmp_path / "gone.mrb")
        assert Session(other.scene).warnings.count(note) == 1


def test_detect_takes_its_own_earlier_note_back(session):
    session.detect()
    session.detect()
    assert said(session).count(NOTE) == 1


def test_a_reopened_case_draws_all_outlines_alike(host, session, tmp_path):
    plain = brightness(session)
    assert len(plain) == 1
    session.highlight(session.candidates()[0].id)
    assert len(brightness(session)) == 2
    host.save_mrb(tmp_path / "chosen.mrb")
    with HeadlessHost() as other:
        other.load_mrb(tmp_path / "chosen.mrb")
        assert brightness(Session(other.scene)) == plain
