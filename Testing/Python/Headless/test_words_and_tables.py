"""Near misses, completion, the table on terminals of any width, and the time left."""

from __future__ import annotations

import builtins
import collections
import io
import os
import re
import shutil
import subprocess
import sys

import pytest
from PainGeneratorLib.Headless import ranking
from PainGeneratorLib.Headless.arguments import known_words, make_parser
from PainGeneratorLib.Headless.cli import main
from PainGeneratorLib.Headless.completion import SHELLS, commands_of, completion_script
from PainGeneratorLib.Headless.near_misses import did_you_mean
from PainGeneratorLib.Headless.ranking import ranking_text
from PainGeneratorLib.Headless.streams import plain_letters
from PainGeneratorLib.Headless.terminal import TerminalProgress
from PainGeneratorLib.Numerics.core.records import FLAG_TEXTS
from PainGeneratorLib.Report.tables import terminal_rows
from PainGeneratorLib.Workflow.progress import TimeLeft
from report_examples import example_candidates

# --- near misses


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["analyse", "case"], "'analyse' is not one of demo, analyze"),
        (["analyse", "case"], "Did you mean analyze?"),
        (["analyze", "case", "--output", "o", "--overwite"], "Did you mean --overwrite?"),
        (["analyze", "case", "--output", "o", "--weigth=70"], "Did you mean --weight?"),
        (["analyze", "case", "--output", "o", "--group", "lowback"], "Did you mean low-back?"),
        (["analyze", "case", "--output", "o", "--role", "5=FLIUD"], "Did you mean FLUID?"),
        (["phantom", "p", "--realism", "clincal"], "Did you mean clinical?"),
        (["completion", "bsh"], "Did you mean bash?"),
        (["analyze", "case", "--output", "o", "--set", "nonsense"], "is not NAME=VALUE"),
        (["phantom", "p", "--seed", "-1"], "whole number from 0 on"),
        (["phantom", "p", "--seed", "9" * 5000], "9 digits at most"),
        (["series", "case", "--quiet", "--verbose"], "not together with --quiet"),
        (["series"], "required: CASE"),
    ],
)
def test_a_wrong_word_is_answered_in_two_short_lines_with_the_nearest_known_one(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    lines = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert said in lines[0]
    assert lines[1].startswith("usage: pain-generator")
    assert len(lines) == 2
    assert max(map(len, lines)) < 300 or "9" * 99 in lines[0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nonsense=1", "There is no parameter 'nonsense'"),
        ("hot_spots.contour.methd=percent-41", "Did you mean hot_spots.contour.method"),
        ("hot_spots.contour.method=percent41", "cannot be 'percent41'"),
        ("fusion.bar=many", "cannot be 'many'"),
    ],
)
def test_a_wrong_parameter_is_a_wrong_usage_before_anything_is_read(given, said, capsys, tmp_path):
    status = main(["analyze", str(tmp_path / "none"), "--output", str(tmp_path / "out"), "--set", given])
    text = capsys.readouterr().err
    assert status == 2
    assert said in text
    assert len(text) < 500


def test_nothing_is_guessed_for_a_word_that_is_like_none():
    assert did_you_mean("xyzzy", ["low-back", "hip-replacement"]) == ""
    assert did_you_mean("LOW_BACK", ["low-back"]) == " Did you mean low-back?"


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("switch", ["quiet", "verbose"])
def test_common_options_stand_before_or_after_the_command(switch, before):
    words = [f"--{switch}", "series", "case"] if before else ["series", "case", f"-{switch[0]}"]
    found = make_parser().parse_args(words)
    assert getattr(found, switch)
    assert found.quiet + found.verbose == 1


# --- completion


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_names_every_command_and_option(shell, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in known_words():
        assert (word.lstrip("-") if shell == "fish" else word) in script


def completed(*words: str) -> list[str]:
    """What bash offers for these words."""
    script = completion_script("bash", make_parser())
    listed = " ".join(f"'{word}'" for word in words)
    show = "printf '%s\\n' \"${COMPREPLY[@]}\""
    program = f"{script}\nCOMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}; _pain_generator; {show}"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_commands_options_and_values():
    assert completed("pain-generator", "s") == ["suv", "series", "study"]
    assert set(completed("pain-generator", "")) == set(commands_of(make_parser()))
    assert completed("pain-generator", "analyze", "--over") == ["--overwrite"]
    assert completed("pain-generator", "--quiet", "analyze", "x", "--group", "h") == ["hip-replacement"]
    assert completed("pain-generator", "completion", "f") == ["fish"]
    assert completed("pain-generator", "analyze", "x", "--weight", "") == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_script_for_bash_has_no_syntax_error():
    script = completion_script("bash", make_parser())
    assert subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=True).stderr == ""


@pytest.mark.parametrize(("shell", "check"), [("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])])
def test_the_scripts_for_other_shells_have_no_syntax_error(shell, check, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(completion_script(shell, make_parser()))
    subprocess.run([*check, str(tmp_path / "script")], check=True)


# --- the table


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def candidates():
    """Candidates with long names and several flags."""
    found = example_candidates()
    found[0].flags = ["near-implant", "peak-at-edge", "level-uncertain", "weak-uptake"]
    return found


@pytest.fixture
def without_rich(monkeypatch):
    """As where rich is not installed."""
    imported = builtins.__import__

    def refusing(name, *more):
        if name.split(".")[0] == "rich":
            raise ImportError(name)
        return imported(name, *more)

    monkeypatch.setattr(builtins, "__import__", refusing)


def letters_of(text: str) -> str:
    """The letters of a text, without those of lines and colors."""
    return "".join(c for c in re.sub(r"\x1b\[[0-9;]*m", "", text) if c.isalnum())


@pytest.mark.parametrize("columns", [40, 80, 100, 110, 120, 130, 160, 250])
@pytest.mark.parametrize("kind", ["rich", "plain"])
def test_what_a_terminal_shows_fits_it_and_nothing_is_cut(candidates, columns, kind, monkeypatch, request):
    if kind == "rich":
        pytest.importorskip("rich")
    else:
        request.getfixturevalue("without_rich")
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *given: os.terminal_size((columns, 24)))
    text = re.sub(r"\x1b\[[0-9;]*m", "", ranking_text(candidates))
    assert max(map(len, text.splitlines())) <= columns
    assert "\u2026" not in text
    # A column of words that are broken into lines holds all their letters, line by line.
    table = text.partition("\n\n")[0]
    _, header, rows = terminal_rows(candidates)
    shown = collections.Counter(letters_of(table))
    assert not collections.Counter(letters_of("".join(cell for row in rows for cell in row))) - shown
    assert all(title in table for title in header if title not in ("#", "Name"))


def test_a_terminal_without_rich_gets_aligned_columns(candidates, monkeypatch, without_rich):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *given: os.terminal_size((130, 24)))
    lines = ranking_text(candidates).splitlines()
    assert max(map(len, lines)) <= 130
    assert lines[1].startswith("\u2500")


def test_a_pipe_gets_one_line_for_each_candidate_with_nothing_cut(candidates, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    lines = ranking_text(candidates).splitlines()
    assert lines[2 + len(candidates)] == ""
    assert " ".join(candidates[0].flags) in lines[2]
    assert "\x1b" not in "\n".join(lines)


def test_every_flag_of_the_table_is_explained_once_below_it(candidates):
    text = ranking_text(candidates)
    for flag in {flag for candidate in candidates for flag in candidate.flags}:
        assert text.count(f"{flag}: {FLAG_TEXTS[flag]}") == 1
    assert ranking_text([]) == ranking.NOBODY


def test_verbose_says_how_columns_are_computed(candidates):
    assert len(ranking_text(candidates, is_verbose=True)) > len(ranking_text(candidates)) + 300


def test_letters_that_a_console_lacks_become_plain_ones():
    import codecs

    codecs.register_error("plain-test", plain_letters)
    text = "\u2500\u2500 caf\u00e9 \u2265 5 \u00b5m \u2013 \u8170 \U0001f9b4"
    assert text.encode("ascii", "plain-test") == b"-- cafe >= 5 um - \\u8170 \\U0001f9b4"


# --- the time left


def test_the_time_left_is_told_after_five_seconds_and_in_fitting_units():
    now = [0.0]
    time_left = TimeLeft(lambda: now[0])
    assert time_left.text(0.5) == ""
    now[0] = 10.0
    assert time_left.text(0.5) == "about 10 s left"
    assert time_left.text(0.9) == "about 5 s left"
    assert time_left.text(0.1) == "about 2 min left"
    assert time_left.text(0.01) == ""
    assert time_left.text(1.0) == ""
    now[0] = 300.0
    assert time_left.text(0.5) == "about 5 min left"
    now[0] = 420.0
    assert time_left.text(0.5) == "about 3 min left"
    now[0] = 900.0
    assert time_left.text(0.5) == "about 5 s left"


def test_progress_tells_the_time_left_and_is_silent_when_quiet():
    now = [0.0]
    log = io.StringIO()
    progress = TerminalProgress(log, time_left=TimeLeft(lambda: now[0]))
    progress(0.1, "Reading")
    now[0] = 20.0
    progress(0.5, "Aligning")
    progress.close()
    assert log.getvalue() == " 10% Reading\n 50% Aligning (about 20 s left)\n"
    quiet = io.StringIO()
    TerminalProgress(quiet, is_quiet=True)(0.5, "Aligning")
    assert quiet.getvalue() == ""


def test_progress_on_a_terminal_never_wraps_and_shows_no_control_characters(monkeypatch):
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *given: os.terminal_size((60, 24)))
    terminal = Terminal()
    progress = TerminalProgress(terminal)
    progress(0.5, "Reading \x1b[31mred " + "long " * 40)
    progress.close()
    shown = terminal.getvalue().removeprefix("\r\x1b[K").removesuffix("\r\x1b[K")
    assert "\x1b" not in shown
    assert len(shown) <= 59
