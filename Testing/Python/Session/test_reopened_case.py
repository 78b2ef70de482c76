"""A reopened case is the same case: its candidates, its slider, its acts and their undo."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from deep_equality import differences
from kept_examples import NOT_KEPT
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Numerics.core.records import Candidate
from PainGeneratorLib.Phantoms.case import write_phantom
from PainGeneratorLib.Report.case_outputs import analysis_in_scene
from PainGeneratorLib.Scene.write_case import write_case
from PainGeneratorLib.Session import review
from PainGeneratorLib.Session.protocol_parameters import CONTOUR_METHOD, SENSITIVITY
from PainGeneratorLib.Session.session import Session
from PainGeneratorLib.Workflow.analyze import Analysis, analyze
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.finding import PetSigns, fuse_found

pytestmark = [pytest.mark.scene, pytest.mark.slow]

SENSITIVITIES = (1.2, 1.3, 1.5, 1.65, 2.0)
"""Positions of the slider, beside the unchanged one."""


Said = list[list[dict]]
"""What is said of the candidates, of what is set apart, and of what has to be looked at."""


def said(session: Session) -> Said:
    return said_of(session.candidates(), session.set_apart(), session.attention())


def said_of(*lists: Sequence[Candidate]) -> Said:
    return [[entry.to_json() for entry in entries] for entries in lists]


def committed(session: Session, sensitivity: float) -> Said:
    """The three lists after "Use this setting"."""
    session.preview(sensitivity, session.protocol().value(CONTOUR_METHOD))
    session.commit_preview()
    return said(session)


def reopened(host: HeadlessHost, folder: Path, check: Callable[[Session], None]) -> None:
    """Save the scene, open it in another host and check the session that is made of it."""
    host.save_mrb(folder / "case.mrb")
    with HeadlessHost() as other:
        other.load_mrb(folder / "case.mrb")
        check(Session(other.scene))


@pytest.fixture
def live(host, found_bundle) -> Session:
    """A session whose candidates were found in this run, not read from a file."""
    host.load_mrb(found_bundle)
    session = Session(host.scene)
    session.run("find")
    return session


def test_a_reopened_case_has_all_that_the_live_one_has(host, live, tmp_path):
    def check(again: Session) -> None:
        skipped = NOT_KEPT | {"Analysis.clock", "Analysis.find_targets"}
        assert list(differences(again.analysis(), live.analysis(), "analysis", skipped)) == []
        assert list(differences(again.targets(), live.targets(), "targets", NOT_KEPT)) == []

    reopened(host, tmp_path, check)


def test_the_unchanged_setting_gives_the_same_candidates_after_reopening(host, live, tmp_path):
    def check(again: Session) -> None:
        assert committed(again, live.protocol().value(SENSITIVITY)) == said(live)

    reopened(host, tmp_path, check)


def test_every_position_of_the_slider_gives_the_same_candidates_after_reopening(host, live, tmp_path):
    def check(again: Session) -> None:
        for sensitivity in SENSITIVITIES:
            assert committed(again, sensitivity) == committed(live, sensitivity), sensitivity

    reopened(host, tmp_path, check)


def test_acts_their_undo_and_their_redo_give_the_same_after_reopening(host, live, tmp_path, monkeypatch):
    # Both sessions act at the same time of the clock, which stands with every act.
    monkeypatch.setattr(review, "now_text", lambda: "2026-01-02T03:04:05+00:00")

    def states(session: Session) -> list[Said]:
        """The lists after each of some acts that measure anew, after undo and after redo."""
        first, second = (candidate.id for candidate in session.candidates()[:2])
        middle = session.analysis().case.reference.image.geometry.center_ras
        found = []
        for act in (
            lambda: session.merge([first, second]),
            session.undo,
            session.redo,
            session.undo,
            lambda: session.accept([second]),
            lambda: session.bring_back([session.set_apart()[-1].id]),
            session.undo,
            lambda: session.add_at(middle),
            session.undo,
        ):
            act()
            found.append(said(session))
        return found

    def check(again: Session) -> None:
        assert states(again) == states(live)

    reopened(host, tmp_path, check)


def lists_at(analysis: Analysis, sensitivity: float) -> Said:
    """The lists that the stages themselves give at a sensitivity."""
    case, found = analysis.case, analysis.found
    # Sites without a focus are asked at the setting that the case has.
    case = dataclasses.replace(case, protocol=case.protocol.with_values({SENSITIVITY: str(sensitivity)}))
    result = found.detector.find(sensitivity, case.protocol.value(CONTOUR_METHOD))
    namer = found.namer(analysis.anatomy, case, analysis.suv, analysis.alignment)
    signs = PetSigns.of(result, analysis.alignment)
    table = found.measured_sites
    reading = fuse_found(case, analysis.suv, analysis.alignment, found.mr, signs, namer, table, found.detector)
    return said_of(reading.candidates, reading.set_apart, reading.attention)


def without_ids(lists: Said) -> Said:
    """The lists without ids, which a session never gives to another entry again."""
    return [[{name: value for name, value in entry.items() if name != "id"} for entry in entries] for entries in lists]


@pytest.mark.parametrize(("group", "seed"), [("low-back", 3), ("hip-replacement", 5)])
def test_a_whole_phantom_of_the_command_line_is_the_same_case_in_the_panel(host, tmp_path, group, seed):
    truth = write_phantom(tmp_path, group, seed)
    options = CaseOptions(
        group=group,
        prosthesis_side=truth.get("prosthesis_side"),
        pain_side=truth.get("pain_side"),
        pain_sites_ras_mm=tuple(tuple(site) for site in truth["pain_sites_ras_mm"]),
    )
    analysis = analyze(tmp_path / "dicom", options)
    write_case(host.scene, analysis_in_scene(analysis, datetime.datetime(2025, 3, 1)))

    def check(again: Session) -> None:
        found = analysis.found
        assert said(again) == said_of(found.candidates, found.set_apart, found.attention)
        assert said(again)[1], "something is set apart"
        assert list(differences(again.analysis().found, analysis.found, "found", NOT_KEPT)) == []
        for sensitivity in (analysis.case.protocol.value(SENSITIVITY), *SENSITIVITIES):
            again_said, expected = committed(again, sensitivity), lists_at(analysis, sensitivity)
            assert without_ids(again_said) == without_ids(expected), sensitivity
            ids = [entry["id"] for entries in again_said for entry in entries]
            assert len(set(ids)) == len(ids)

    reopened(host, tmp_path, check)
