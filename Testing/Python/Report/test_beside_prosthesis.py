"""What is set apart beside a prosthesis is said above the ranking: in the report, its plain text, and the terminal."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
from PainGeneratorLib.Headless import cli
from PainGeneratorLib.Numerics.core.records import Candidate, Place
from PainGeneratorLib.Report.beside_prosthesis import beside_lines, beside_prosthesis
from PainGeneratorLib.Report.by_hand import by_hand_words
from PainGeneratorLib.Report.plain_text import plain_report
from PainGeneratorLib.Report.report import report_html
from report_examples import example_site_table, plain_content, set_apart_examples

HEADING = "Set apart beside metal (a prosthesis or implant), and not in the ranking: 2 places."


@pytest.fixture(scope="module")
def apart() -> list[Candidate]:
    """Two places beside a prosthesis, and one that is elsewhere."""
    neck, zone = set_apart_examples()
    elsewhere = dataclasses.replace(zone, rank=3)
    neck = dataclasses.replace(
        neck, place=Place("left prosthesis neck", "prosthesis neck", "left"), flags=["near-neck"], rank=1
    )
    zone = dataclasses.replace(
        zone, place=Place("left femur beside the stem, Gruen 6", "femur", "left", zone="Gruen 6"), rank=2
    )
    return [elsewhere, zone, neck]


def test_the_places_beside_a_prosthesis_are_named_with_measures_and_reason(apart: list[Candidate]) -> None:
    assert [one.rank for one in beside_prosthesis(apart)] == [1, 2]
    lines = beside_lines(apart)
    assert lines[0] == HEADING
    assert lines[1].startswith("- Left prosthesis neck (SUVpeak 1.10")
    assert lines[1].endswith("points): Not clear of the normal uptake of this body.")
    assert "Gruen 6" in lines[2]
    assert len(lines) == 3
    assert all("\N{NO-BREAK SPACE}" not in line for line in lines)


def test_nothing_is_said_where_nothing_is_set_apart_beside_metal(apart: list[Candidate]) -> None:
    assert beside_lines([]) == []
    assert beside_lines(apart[:1]) == []


def test_it_stands_above_the_ranking_in_the_report(apart: list[Candidate]) -> None:
    content = dataclasses.replace(plain_content([]), set_apart=apart)
    page = report_html(content)
    assert page.index(HEADING) < page.index("All sites in short")
    text = plain_report(content)
    assert text.index(HEADING) < text.index("FINDINGS BY LEVEL AND SIDE")
    assert HEADING not in report_html(dataclasses.replace(content, set_apart=apart[:1]))


def test_it_stands_above_the_table_on_the_terminal(apart: list[Candidate], capsys: pytest.CaptureFixture[str]) -> None:
    found = SimpleNamespace(sites=example_site_table("uncertain"), set_apart=apart, attention=[])
    cli._show(SimpleNamespace(candidates=[], warnings=[], found=found), (), Path("out/report.html"))
    shown = capsys.readouterr().out
    assert shown.index(HEADING) < shown.index("No candidate pain generator was found.")


def test_a_value_by_hand_is_told_with_what_it_replaces() -> None:
    row = {
        "quantity": "Injected dose", "value": 184e6, "unit": "Bq", "source": "given by hand",
        "note": "the images have 368 MBq; SUV +100.0 % by this", "replaced": 368e6, "change_percent": 100.0,
    }  # fmt: skip
    said = by_hand_words({"provenance": [row]}, "Injected dose")
    assert said == "Injected dose 184 MBq (the images have 368 MBq; SUV +100.0 % by this)"
    assert by_hand_words({"provenance": [{**row, "replaced": None}]}, "Injected dose") == "Injected dose"
