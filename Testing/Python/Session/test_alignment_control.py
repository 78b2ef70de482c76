"""The word of the reader on an alignment, without a scene."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Registration.alignment_types import SeriesAlignment
from PainGeneratorLib.Session.alignment_control import AlignmentControl
from PainGeneratorLib.Session.case_state import CaseState
from PainGeneratorLib.Workflow.stages import Alignment


def series(role: str, through: str | None = None, verdict: str = "aligned") -> SeriesAlignment:
    moved = np.eye(4)
    moved[:3, 3] = (4.0, 0.0, -3.0)
    return SeriesAlignment(
        role, moved, np.eye(4), "registered", verdict, through, False, 5.0, 1.0, 0.4, 0.1, 0.2, reason="It fits."
    )


class Heard:
    """Writer, states and listeners that note what they are asked for."""

    def __init__(self) -> None:
        self.acts: list[str] = []

    def write_all(self) -> None:
        self.acts.append("written")

    def set_done(self, step: str) -> None:
        self.acts.append(f"{step} done")

    def outdate(self, step: str) -> None:
        self.acts.append(f"{step} out of date")

    def __call__(self, what: str) -> None:
        self.acts.append(what)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def state() -> CaseState:
    by_role = {
        "PET": series("PET", through="ATTENUATION"),
        "ATTENUATION": series("ATTENUATION"),
        "FLUID": series("FLUID", verdict="not aligned"),
    }
    return CaseState(alignment=Alignment(by_role))


@pytest.fixture
def control(state: CaseState, heard: Any) -> AlignmentControl:
    nowhere: Any = SimpleNamespace(transform_of=lambda role: None, series_to_world=lambda role: np.eye(4))
    return AlignmentControl(nowhere, state, heard, heard, heard)


def by_role(state: CaseState) -> dict[str, SeriesAlignment]:
    assert state.alignment is not None
    return dict(state.alignment.by_role)


def test_the_scanners_alignment_is_taken_for_a_series_and_for_those_aligned_through_it(
    control: AlignmentControl, state: CaseState, heard: Heard
) -> None:
    control.use_scanner("ATTENUATION")
    now = by_role(state)
    for role in ("PET", "ATTENUATION"):
        assert now[role].kept == "identity/scanner"
        assert np.array_equal(now[role].reference_to_series_ras, np.eye(4))
        assert (now[role].shift_mm, now[role].rotation_deg) == (0.0, 0.0)
    assert now["FLUID"].kept == "registered"
    assert heard.acts == ["written", "align done", "align"]


def test_a_series_that_was_not_aligned_is_joined_once_the_reader_accepts_it(
    control: AlignmentControl, state: CaseState
) -> None:
    control.accept("FLUID")
    accepted = by_role(state)["FLUID"]
    assert accepted.aligned
    assert accepted.reason == "Accepted by the reader."
    assert accepted.kept == "registered", "the transform stays"


def test_accepting_what_is_aligned_already_changes_nothing(
    control: AlignmentControl, state: CaseState, heard: Heard
) -> None:
    former = state.alignment
    control.accept("ATTENUATION")
    assert state.alignment is former
    assert heard.acts == []


def test_a_series_without_an_alignment_is_named(control: AlignmentControl) -> None:
    for act in (control.accept, control.use_scanner):
        with pytest.raises(PainGeneratorError, match="no alignment of T2"):
            act("T2")


def test_a_row_says_what_is_known_of_each_series(control: AlignmentControl, state: CaseState) -> None:
    rows = {row["role"]: row for row in control.rows()}
    assert rows["PET"]["through"] == "ATTENUATION"
    assert (rows["PET"]["aligned"], rows["FLUID"]["aligned"]) == (True, False)
    assert rows["PET"]["reason"] == "It fits."
    state.alignment = None
    assert control.rows() == []


def test_landmarks_are_kept_in_the_series_own_frame_and_taken_back(
    control: AlignmentControl, state: CaseState, heard: Heard
) -> None:
    points = np.array([[10.0, 5.0, -40.0], [-12.0, 9.0, 30.0], [6.0, -35.0, 5.0]])
    control.set_landmarks("FLUID", points, points + 1.0)
    assert np.array_equal(state.landmarks["FLUID"].series_ras, points + 1.0)
    assert heard.acts == ["align out of date", "align"]
    control.set_landmarks("FLUID", np.zeros((0, 3)), np.zeros((0, 3)))
    assert state.landmarks == {}


@pytest.mark.parametrize(("shift_mm", "is_corrected"), [(0.009, False), (0.011, True)])
def test_a_transform_counts_as_corrected_when_it_moves_points_by_more_than_rounding(
    state: CaseState, heard: Any, monkeypatch: pytest.MonkeyPatch, shift_mm: float, is_corrected: bool
) -> None:
    from PainGeneratorLib.Numerics.core.image import Geometry
    from PainGeneratorLib.Scene import nodes

    grid = Geometry((4, 5, 6), np.diag([2.0, 2.0, 3.0, 1.0]))
    filled: Any = state
    filled.alignment = Alignment({"FLUID": dataclasses.replace(series("FLUID"), reference_to_series_ras=np.eye(4))})
    filled.case = SimpleNamespace(series={"FLUID": SimpleNamespace(image=SimpleNamespace(geometry=grid))})
    shown = np.eye(4)
    shown[0, 3] = shift_mm
    monkeypatch.setattr(nodes, "matrix_to_world", lambda transform: shown)
    link: Any = SimpleNamespace(transform_of=lambda role: SimpleNamespace(GetAttribute=lambda name: None))
    control = AlignmentControl(link, state, heard, heard, heard)
    assert control.take_corrections() is is_corrected
    assert by_role(state)["FLUID"].kept == ("by hand" if is_corrected else "registered")
