"""The small parts of the workflow: options, progress, clock, terminal."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PainGeneratorLib.Headless.terminal import TerminalProgress
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Workflow.case import CaseOptions, Warnings
from PainGeneratorLib.Workflow.progress import StageClock, part


def test_the_group_follows_from_the_prosthesis_side_and_is_warned_about_when_unknown() -> None:
    assert CaseOptions(group="hip-replacement").resolved_group() == ("hip-replacement", ())
    assert CaseOptions(prosthesis_side="left").resolved_group() == ("hip-replacement", ())
    group, warnings = CaseOptions().resolved_group()
    assert group == "low-back"
    assert "not given" in warnings[0]
    with pytest.raises(PainGeneratorError, match="prosthesis side"):
        CaseOptions(group="low-back", prosthesis_side="left").resolved_group()
    with pytest.raises(ValueError, match="knee"):
        CaseOptions(group="knee").resolved_group()


def test_the_protocol_of_a_case_has_the_users_settings() -> None:
    protocol = CaseOptions(prosthesis_side="left", settings=(("fusion.bar", "12"),)).protocol()
    assert protocol.group == "hip-replacement"
    assert protocol.value("fusion.bar") == 12.0


def test_pain_sites_are_points_even_when_there_are_none() -> None:
    assert CaseOptions().symptoms().sites_ras_mm.shape == (0, 3)
    sites = CaseOptions(pain_sites_ras_mm=((1.0, 2.0, 3.0),), pain_side="left").symptoms()
    assert np.array_equal(sites.sites_ras_mm, [[1.0, 2.0, 3.0]])
    assert sites.side == "left"


def test_a_warning_is_kept_once() -> None:
    warnings = Warnings()
    warnings.add("a", "b")
    warnings.add("b", "c")
    assert warnings.sentences == ["a", "b", "c"]


def test_the_progress_of_a_part_is_that_of_the_whole() -> None:
    seen = []
    show = part(lambda fraction, text: seen.append((fraction, text)), 0.25, 0.75)
    show(0.5, "half")
    show(2.0, "over")
    assert seen == [(0.5, "half"), (0.75, "over")]


def test_the_clock_keeps_seconds_and_memory_of_each_stage() -> None:
    clock = StageClock()
    with clock.stage("first"):
        block = np.ones(20_000_000, dtype=np.uint8)
    del block
    with clock.stage("second"):
        pass
    table = clock.to_json()
    assert [entry["stage"] for entry in table["stages"]] == ["first", "second"]
    assert table["total_seconds"] >= 0
    assert table["peak_memory_mb"] is None or table["peak_memory_mb"] > 20


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere() -> None:
    log, terminal = io.StringIO(), Terminal()
    for stream in (log, terminal):
        progress = TerminalProgress(stream)
        progress(0.1, "Reading")
        progress(0.2, "Reading")
        progress(0.5, "Aligning")
        progress.close()
    assert log.getvalue() == " 10% Reading\n 50% Aligning\n"
    assert "\r" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
