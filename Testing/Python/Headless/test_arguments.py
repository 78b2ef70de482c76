"""The words of the command line and their values."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys

import pytest
from PainGeneratorLib.Headless.arguments import join_negative_values, make_parser

ANALYZE = ["analyze", "case", "--output", "out"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--pain-site", "-20,-30,100"], ["--pain-site=-20,-30,100"]),
        (["--pain-site", "-.5,0,0", "--overwrite"], ["--pain-site=-.5,0,0", "--overwrite"]),
        (["--pain-site", "20,-30,100"], ["--pain-site", "20,-30,100"]),
        (["--pain-site=-1,2,3", "-4"], ["--pain-site=-1,2,3", "-4"]),
        (["--overwrite", "-20"], ["--overwrite", "-20"]),
        (["--weight", "-h"], ["--weight", "-h"]),
        ([], []),
    ],
)
def test_a_negative_value_is_joined_to_its_option(words, expected):
    assert join_negative_values(words) == expected


@pytest.mark.parametrize("place", [["--pain-site", "-20,-30,100"], ["--pain-site=-20,-30,100"]])
def test_a_painful_place_on_the_left_is_understood(place):
    assert make_parser().parse_args([*ANALYZE, *place]).pain_site == [(-20.0, -30.0, 100.0)]


@pytest.mark.parametrize(
    "words", [["--level", "L4/L5=-2,-8,-50"], ["--level=l4/l5 = -2,-8,-50"], ["--level", "L4-5=-2,-8,-50"]]
)
def test_one_level_is_named_with_a_place_in_it(words):
    assert make_parser().parse_args([*ANALYZE, *words]).level == ("L4/L5", (-2.0, -8.0, -50.0))


def test_a_thirteenth_rib_can_be_named():
    assert make_parser().parse_args([*ANALYZE, "--level", "T13=0,0,90"]).level == ("T13", (0.0, 0.0, 90.0))


@pytest.mark.parametrize("word", ["L5", "=1,2,3", "L9=1,2,3", "facet=1,2,3", "L5=1,2", "L5=1,2,nan"])
def test_a_level_that_cannot_be_understood_is_refused_with_an_example(word, capsys):
    with pytest.raises(SystemExit) as stopped:
        make_parser().parse_args([*ANALYZE, "--level", word])
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert "such as L5" in told or "for example L5=2,-10,-65" in told or "is not R,A,S" in told


def test_both_hips_can_be_replaced():
    assert make_parser().parse_args([*ANALYZE, "--prosthesis-side", "both"]).prosthesis_side == "both"


def test_date_of_surgery_fixation_and_crp_can_be_given():
    words = ["--surgery-date", "2025-01-31", "--fixation", "Uncemented", "--crp", "12.5"]
    found = make_parser().parse_args([*ANALYZE, *words])
    assert (found.surgery_date, found.fixation, found.crp) == (datetime.date(2025, 1, 31), "uncemented", 12.5)


@pytest.mark.parametrize(
    "words",
    [
        ["--surgery-date", "31.1.2025"],
        ["--surgery-date", "2025-02-30"],
        ["--fixation", "glued"],
        ["--crp", "0"],
        ["--crp", "high"],
    ],
)
def test_what_cannot_be_understood_about_a_replacement_is_refused(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        make_parser().parse_args([*ANALYZE, *words])
    assert stopped.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_a_series_has_one_role(capsys):
    with pytest.raises(SystemExit) as end:
        make_parser().parse_args([*ANALYZE, "--role", "5=PET", "--role", "5=T1"])
    assert end.value.code == 2
    assert "series 5 was given two roles, PET and T1" in capsys.readouterr().err


THREADS = (
    "import os\n"
    "from PainGeneratorLib.Headless.cli import main\n"
    "main(['suv', 'nowhere'])\n"
    "print(os.environ['OMP_NUM_THREADS'], os.environ['OPENBLAS_NUM_THREADS'])\n"
)


@pytest.mark.parametrize(("given", "expected"), [({}, "1 1"), ({"OMP_NUM_THREADS": "3"}, "3 1")])
def test_the_command_limits_the_threads_of_libraries_unless_the_user_did(given, expected):
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", THREADS], env=environment | given, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == expected


def test_threads_are_limited_around_our_work_only_and_only_with_threadpoolctl(monkeypatch):
    import contextlib
    import types

    from PainGeneratorLib.Workflow.threads import few_threads

    told = []

    @contextlib.contextmanager
    def threadpool_limits(limits):
        told.append(limits)
        yield
        told.append("again")

    monkeypatch.setitem(sys.modules, "threadpoolctl", types.SimpleNamespace(threadpool_limits=threadpool_limits))
    with few_threads():
        assert told == [1]
    assert told == [1, "again"]
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with few_threads():
        assert told == [1, "again"]
