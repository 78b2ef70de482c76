"""A reopened case is the same case: its candidates, its slider, its acts and their undo."""

from __future__ import annotations

from pathlib import Path

import pytest
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Session.protocol_parameters import CONTOUR_METHOD, SENSITIVITY
from PainGeneratorLib.Session.session import Session

pytestmark = [pytest.mark.scene, pytest.mark.slow]

SENSITIVITIES = (1.2, 1.4, 1.65, 2.0)


def said(session) -> list[dict]:
    return [candidate.to_json() for candidate in session.candidates()]


def committed(session, sensitivity: float, method: str) -> list[dict]:
    session.preview(sensitivity, method)
    session.commit_preview()
    return said(session)


def acted(session) -> list[list[dict]]:
    """The list after acts that measure anew, after undo and after redo."""
    first, second = [candidate.id for candidate in session.candidates()][:2]
    states = []
    for act in (
        lambda: session.merge([first, second]),
        session.undo,
        session.redo,
        session.undo,
        lambda: session.accept([second]),
        lambda: session.add_at(session.analysis().case.reference.image.geometry.center_ras),
        session.undo,
    ):
        act()
        states.append(said(session))
    return states


def assert_reopened_is_the_same(live, host, folder: Path, sensitivities=SENSITIVITIES) -> None:
    """Save a session, reopen it in another host, and do the same with both."""
    live.save_state()
    host.save_mrb(folder / "case.mrb")
    with HeadlessHost() as other:
        other.load_mrb(folder / "case.mrb")
        again = Session(other.scene)
        assert said(again) == said(live)
        before = said(live)
        sensitivity = live.protocol().value(SENSITIVITY)
        method = live.protocol().value(CONTOUR_METHOD)
        assert committed(again, sensitivity, method) == before, "the unchanged setting"
        for other_sensitivity in sensitivities:
            assert committed(again, other_sensitivity, method) == committed(live, other_sensitivity, method)
        assert acted(again) == acted(live)


def test_a_reopened_case_gives_the_same_candidates_at_every_position_of_the_slider(host, found_bundle, tmp_path):
    host.load_mrb(found_bundle)
    live = Session(host.scene)
    live.run("find")
    assert_reopened_is_the_same(live, host, tmp_path)
