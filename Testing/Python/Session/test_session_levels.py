"""A level that the reader names: everything that hangs on it follows, and one undo brings all back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.sites import SiteRow, SiteTable
from PainGeneratorLib.Numerics.core.words import Certainty
from PainGeneratorLib.Scene.markups import read_points
from PainGeneratorLib.Workflow.level_words import LEVEL_WORDS, NO_LEVELS, level_line, level_sentences
from PainGeneratorLib.Workflow.warnings import level_warnings
from small_sites import LEVELS, lumbar_sites


def at(session, name: str) -> np.ndarray:
    return next(row.site.center_ras for row in session.sites.rows if row.site.name == name)


def labels(session) -> list[str]:
    return read_points(session.node_of("levels"))[1]


@pytest.mark.scene
@pytest.mark.slow
def test_what_was_not_found_again_and_what_is_said_of_it_follow_and_come_back(session):
    state = session.case_state
    gone = next(c for c in (*session.candidates(), *session.set_apart()) if c.place.level == "L4/L5")
    gone = dataclasses.replace(gone, id="PG-90", status="accepted")
    said = f"PG-91 ({gone.place.name}) stays a candidate, as you decided on it."
    state.unmatched, state.carried = [gone], [said]
    before = labels(session)
    session.name_level("L5", at(session, "vertebral body L4"))
    (renamed,) = session.unmatched
    assert (renamed.place.level, renamed.status) == ("L5/S1", "accepted")
    assert f"PG-91 ({renamed.place.name}) stays" in session.warnings[0]
    assert gone.place.name not in session.warnings[0]
    assert "L5" in labels(session)
    assert labels(session) != before
    session.undo()
    assert session.unmatched == [gone]
    assert said in session.warnings
    assert labels(session) == before
    session.redo()
    session.dismiss_unmatched("PG-90")
    session.undo()
    assert session.unmatched == [], "what was dismissed since then stays so"


@pytest.mark.scene
@pytest.mark.slow
def test_the_named_level_is_written_with_the_scene_and_read_back(session, host, tmp_path):
    from PainGeneratorLib.Session.session import Session

    session.name_level("L5", at(session, "vertebral body L4"))
    told = [c.to_json() for c in (*session.candidates(), *session.set_apart())]
    session.save_state()
    host.save_mrb(tmp_path / "named.mrb")
    session.close()
    host.load_mrb(tmp_path / "named.mrb")
    reopened = Session(host.scene)
    assert [c.to_json() for c in (*reopened.candidates(), *reopened.set_apart())] == told
    assert reopened.settings.levelName == "L5"
    assert "L5, which was named by the reader" in " ".join(level_line(reopened.sites, "low-back"))
    assert len(labels(reopened)) > 4


def table(certainty: str | None, *reasons: str, notes: tuple[str, ...] = ()) -> SiteTable:
    rows = tuple(SiteRow(site, "normal") for site in lumbar_sites(LEVELS[:2]))
    return SiteTable(rows, certainty, reasons, notes)


@pytest.mark.parametrize("certainty", list(Certainty))
def test_head_warnings_and_report_say_the_same_of_the_levels(certainty: str) -> None:
    found = table(certainty, "Levels were counted upward from the sacrum.", "There may be four lumbar vertebrae.")
    verdict, why = level_line(found, "low-back")
    assert verdict.startswith(f"Levels: {certainty}")
    assert why == "Levels were counted upward from the sacrum. There may be four lumbar vertebrae."
    assert level_sentences(found) == [LEVEL_WORDS[certainty], *found.level_reasons]
    assert level_warnings(found) == ([] if certainty == Certainty.CERTAIN else level_sentences(found))


def test_a_lower_back_without_levels_is_said_and_a_hip_is_not() -> None:
    found = table(None, notes=("The line on the MR rests on one sign only.",))
    assert level_line(found, "low-back") == (NO_LEVELS, "The line on the MR rests on one sign only.")
    assert level_line(found, "hip-replacement") == ("", "")
    assert level_line(SiteTable(), "low-back") == ("", "")
