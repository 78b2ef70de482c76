"""A setting that was changed after a step and not applied: it is named, and nothing is exported as if it were used."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Session.session import Session
from scene_cases import volume_named
from session_hands import everything_said, get

pytestmark = [pytest.mark.scene, pytest.mark.slow]

SQUARE = np.array([[0.0, 0.0, 0.0], [40.0, 0.0, 0.0], [0.0, 40.0, 0.0], [0.0, 0.0, 40.0]])
NOT_APPLIED = "not applied yet"


def pending(session) -> list[str]:
    return [text for text in session.warnings if NOT_APPLIED in text]


def assert_export_is_refused(session, folder, words: str) -> None:
    with pytest.raises(PainGeneratorError, match=words):
        session.export(folder, {"report", "tables"})
    assert not folder.exists()
    assert words in (session.reason_not_ready("export") or "")


def test_nothing_is_pending_in_a_reopened_case(session):
    assert pending(session) == []
    assert session.reason_not_ready("export") is None


def test_a_weight_that_was_typed_and_not_applied_is_named_and_nothing_is_exported(session, tmp_path):
    session.set_by_hand(weight_kg=43.5)
    [said] = pending(session)
    assert "weight (43.5 kg in place of nothing given)" in said
    assert "Run the steps Case, Align and Find again, or take the change back" in said
    assert_export_is_refused(session, tmp_path / "out", "not applied yet: weight")
    first = session.candidates()[0].id
    session.accept([first])
    assert get(session, first).status == "accepted"


def test_a_weight_that_was_taken_back_is_not_pending(session, tmp_path):
    session.set_by_hand(weight_kg=43.5)
    session.set_by_hand()
    assert pending(session) == []
    session.export(tmp_path / "out", {"tables"})


def test_a_pending_weight_is_still_named_when_the_case_was_saved_and_reopened(host, session, tmp_path):
    session.set_by_hand(weight_kg=43.5)
    session.save_state()
    host.save_mrb(tmp_path / "saved.mrb")
    host.load_mrb(tmp_path / "saved.mrb")
    again = Session(host.scene, None, lambda *given: pytest.fail("written"))
    assert "weight (43.5 kg" in pending(again)[0]
    with pytest.raises(PainGeneratorError, match="weight"):
        again.export(tmp_path / "out", {"tables"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: one.set_pet_unit("SUVbw"), "unit of the PET (SUVbw in place of auto)"),
        (lambda one: one.set_by_hand(dose_mbq=200.0), "dose (200 MBq"),
        (lambda one: one.set_role("FLUID", None), "volume FLUID (none in place of 3: t2_tirm"),
        (
            lambda one: one.set_parameter("alignment.restarts.count", 3),
            "parameter alignment.restarts.count (3 in place",
        ),
        (lambda one: one.set_landmarks("PET", SQUARE, SQUARE + 1.0), "the landmarks"),
    ],
)
def test_each_setting_of_case_and_align_that_is_pending_stops_the_export(session, tmp_path, change, words):
    before = everything_said(session)
    change(session)
    assert words in pending(session)[0].replace("3_ t2", "3: t2")
    with pytest.raises(PainGeneratorError, match=NOT_APPLIED):
        session.export(tmp_path / "out", {"report"})
    assert everything_said(session) == before


def test_a_setting_of_find_that_is_pending_is_said_in_what_is_exported(session, tmp_path):
    session.pain_side = "right"
    session.set_parameter("hot_spots.sensitivity", 1.45)
    [said] = pending(session)
    assert "side of the pain (right in place of left)" in said
    assert "hot_spots.sensitivity (1.45 in place of the shipped value)" in said
    folder = session.export(tmp_path / "out", {"report", "tables"})
    for name in ("report.txt", "report.html", "candidates.json"):
        text = " ".join((folder / name).read_text(encoding="utf-8").split())
        assert "side of the pain (right in place of left)" in text, name


def test_a_removed_volume_is_no_pending_choice(session, tmp_path):
    session.scene.RemoveNode(volume_named(session.scene, "t2_tirm"))
    assert pending(session) == []
    assert session.reason_not_ready("export") is None


def test_nothing_is_said_of_settings_once_the_scene_was_closed(host, session):
    session.set_by_hand(weight_kg=43.5)
    host.scene.Clear(0)
    assert pending(session) == []
