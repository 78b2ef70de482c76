"""Landmark files that cannot be right are refused by name."""

from __future__ import annotations

import os

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Registration.landmarks import read_landmarks

HEAD = "role,reference_r,reference_a,reference_s,series_r,series_a,series_s\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deep.json", "[" * 100_000),
        ("deep.mrk.json", '{"markups":' * 100_000),
        ("wide.csv", HEAD + "PET," + "1" * 200_000 + "\n"),
        ("wide.csv", HEAD + '"PET' + "x" * 200_000),
        ("short.csv", HEAD + "PET,1,2\n"),
        ("empty.csv", ""),
        ("large.json", '{"PET": [{"reference": [1, 2, ' + "9" * 400 + '], "series": [1, 2, 3]}]}'),
        ("large.json", '{"PET": [{"reference": [1, 2, 1e999], "series": [1, 2, 3]}]}'),
        ("other.json", '{"PET": 5}'),
        ("other.json", "[1]"),
        ("other.json", "null"),
        ("other.json", '{"\\u001b[2J\\ud800": [{"reference": [1, 2, 3], "series": [1, 2, 3]}]}'),
    ],
)
def test_a_landmark_file_that_cannot_be_right_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(PainGeneratorError) as caught:
        read_landmarks(tmp_path / name)
    assert name in caught.value.reason
    assert caught.value.advice
    assert "\x1b" not in str(caught.value)
    assert str(caught.value).encode("utf-8")


def test_a_pipe_is_no_landmark_file(tmp_path):
    os.mkfifo(tmp_path / "l.csv")
    with pytest.raises(PainGeneratorError, match="pipe"):
        read_landmarks(tmp_path / "l.csv")


def test_a_table_of_landmarks_is_read(tmp_path):
    (tmp_path / "l.csv").write_text("# by hand\n" + HEAD + "PET, 1,2,3,4,5,6\nPET,2,3,4,5,6,7,extra\n")
    assert len(read_landmarks(tmp_path / "l.csv")["PET"]) == 2
