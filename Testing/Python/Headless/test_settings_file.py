"""The settings file: what it may hold, what is refused with its line, and who comes first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PainGeneratorLib.Headless.arguments import make_parser, settings_of
from PainGeneratorLib.Headless.cli import BAD_INPUT, main
from PainGeneratorLib.Headless.settings_file import read_settings, user_file
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError

ANALYZE = ["analyze", "case", "--output", "out"]


@pytest.fixture
def write(tmp_path: Path):
    """Writes a settings file and returns its path."""

    def written(text: str, name: str = "settings.toml") -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return written


def test_every_setting_is_the_default_of_its_option(write):
    text = (
        'group = "hip-replacement"\nprotocol = "own.json"\nquiet = true\n[set]\n"fusion.bar" = 2\n'
        'hot_spots.contour.method = "percent-41"\nmr_findings.rules_off = ["a", "b"]\nsites.on = true\n'
    )
    file = write(text)
    found = make_parser(read_settings(file).values).parse_args(ANALYZE)
    assert (found.group, found.protocol, found.quiet) == ("hip-replacement", file.parent / "own.json", True)
    assert found.set == [
        ("fusion.bar", "2"),
        ("hot_spots.contour.method", "percent-41"),
        ("mr_findings.rules_off", "a,b"),
        ("sites.on", "true"),
    ]


def test_an_option_of_the_command_comes_before_the_file(write):
    values = read_settings(write('group = "hip-replacement"\n[set]\n"fusion.bar" = 2\n')).values
    found = make_parser(values).parse_args([*ANALYZE, "--group", "low-back", "--set", "fusion.bar=3"])
    assert found.group == "low-back"
    assert dict(found.set) == {"fusion.bar": "3"}
    assert make_parser(values).parse_args(ANALYZE).set == [("fusion.bar", "2")]


@pytest.mark.parametrize(
    ("text", "reason", "advice"),
    [
        ("quiet = true\ngruop = 'low-back'\n", "'gruop' in line 2, which is no setting", "Did you mean group?"),
        ("weight = 70\n", "'weight' in line 1, which belongs to one case", "--weight"),
        ("pain_side = 'left'\n", "which belongs to one case", "--pain-side"),
        ("overwrite = true\n", "which belongs to one case", "--overwrite"),
        ("quiet = 'yes'\n", "gives 'quiet' the value 'yes' in line 1", "true or false"),
        ("quiet = 1\n", "gives 'quiet' the value 1", "true or false"),
        ("group = 'lowback'\n", "gives 'group' the value 'lowback'", "Did you mean low-back?"),
        ("group = ['low-back']\n", "gives 'group'", "one of low-back"),
        ("protocol = 3\n", "gives 'protocol' the value 3", "path"),
        ("set = 'fusion.bar=2'\n", "gives 'set'", "table"),
        ("[set]\n'fusion.bar' = 2026-03-01\n", "gives 'fusion.bar'", "number"),
        ("quiet = \n", "is no TOML: Invalid value (at line 1", "NAME = VALUE"),
        ("quiet = true\nquiet = false\n", "is no TOML", "NAME = VALUE"),
    ],
)
def test_what_cannot_stand_in_it_is_refused_with_the_line(write, text, reason, advice):
    with pytest.raises(PainGeneratorError) as caught:
        read_settings(write(text))
    assert reason in caught.value.reason
    assert advice in caught.value.advice


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[set]\n"hot_spots.sensitivity" = "1.3"\n', 2, "'hot_spots.sensitivity' cannot be '1.3'"),
        ("[set]\nhot_spots.sensitivity = true\n", 2, "cannot be True"),
        ("[set]\nhot_spots.sensitivity = [1.3]\n", 2, "cannot be [1.3]"),
        ('[set]\n"hot_spots.sensitivty" = 1.3\n', 2, "no parameter 'hot_spots.sensitivty'"),
        ('[set]\n"hot_spots.sensitivity" = 1000000\n', 2, "cannot be"),
        ("[set.fusion]\n\n[set.hot_spots]\n# x\nsensitivity = '1'\n", 5, "'hot_spots.sensitivity' cannot be '1'"),
        ("[set]\nhot_spots.contour.method = 41\n", 2, "'hot_spots.contour.method' cannot be 41"),
        ("quiet = true\n[set]\nnan.x = 'y'\n", 3, "no parameter 'nan.x'"),
        ("[set]\nhot_spots.sensitivity = nan\n", 2, "cannot be"),
        ("[set]\nmr_findings.rules_off = ''\n", 2, "'mr_findings.rules_off' cannot be ''"),
    ],
)
@pytest.mark.parametrize("command", [["check", "nowhere"], ["analyze", "nowhere", "--output", "out"]])
def test_a_wrong_parameter_is_refused_with_file_and_line(write, capsys, text, line, said, command):
    file = write(text)
    assert main([*command, "--settings", str(file)]) == BAD_INPUT
    first = next(one for one in capsys.readouterr().err.splitlines() if one.startswith("pain-generator: "))
    assert f"settings file {file} in line {line}: " in first
    assert said in first


def test_a_wrong_word_of_the_command_stays_a_wrong_usage(write, capsys):
    file = write("[set]\n'fusion.bar' = 2\n")
    assert main(["check", "nowhere", "--settings", str(file), "--set", "fusion.bra=3"]) == 2
    assert str(file) not in capsys.readouterr().err.splitlines()[-2]


def test_right_types_pass(write, capsys):
    file = write(
        "[set]\n'hot_spots.sensitivity' = 2\nhot_spots.contour.method = 'percent-41'\nmr_findings.rules_off = []\n"
    )
    assert main(["check", "nowhere", "--settings", str(file)]) == BAD_INPUT
    assert "There is no folder nowhere" in capsys.readouterr().err


def test_a_pipe_is_called_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PainGeneratorError, match="it is a pipe"):
        read_settings(tmp_path / "pipe")


def test_a_file_that_cannot_be_read_is_named(tmp_path, write):
    for file in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(PainGeneratorError, match="cannot be read"):
            read_settings(file)
    write("", "latin.toml").write_bytes(b"group = 'h\xfcfte'\n")
    with pytest.raises(PainGeneratorError, match="no text in UTF-8"):
        read_settings(tmp_path / "latin.toml")


def test_the_users_own_file_is_found_where_configurations_lie(tmp_path, monkeypatch, write):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert user_file() == tmp_path / "pain-generator" / "settings.toml"
    assert read_settings().file is None
    (tmp_path / "pain-generator").mkdir()
    (tmp_path / "pain-generator" / "settings.toml").write_text("quiet = true\n")
    assert read_settings().values == {"quiet": True}
    assert read_settings(write("verbose = true\n")).values == {"verbose": True}
    assert read_settings(Path("/dev/null")).values == {}
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert user_file() == tmp_path / "home" / ".config" / "pain-generator" / "settings.toml"


def test_the_option_is_found_before_the_words_are_read():
    assert settings_of(["--settings", "a.toml", "series", "x"]) == Path("a.toml")
    assert settings_of(["series", "x", "--settings=b.toml"]) == Path("b.toml")
    assert settings_of(["series", "--settings"]) is None
    assert settings_of([]) is None


def test_a_wrong_file_ends_the_command_before_the_work(write, capsys):
    file = write("wieght = 70\n")
    assert main(["series", "nowhere", "--settings", str(file)]) == BAD_INPUT
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "wieght" in lines[0]


def test_the_command_says_which_file_it_uses(write, capsys):
    file = write("verbose = true\n")
    assert main(["series", "nowhere", "--settings", str(file)]) == BAD_INPUT
    assert f"Settings: {file}" in capsys.readouterr().err
