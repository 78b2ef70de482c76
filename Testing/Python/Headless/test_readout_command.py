"""The command ``readout``: what a finished case shows at a place, on the side that was asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from PainGeneratorLib.Headless.arguments import make_parser
from PainGeneratorLib.Headless.cli import BAD_INPUT, DONE, main


def test_several_places_are_understood_with_negative_numbers() -> None:
    words = make_parser().parse_args(["readout", "out", "--at", "-47,-50,-85", "--at", "60,1,2"])
    assert (words.result, words.at) == (Path("out"), [(-47.0, -50.0, -85.0), (60.0, 1.0, 2.0)])


def test_a_place_has_to_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        make_parser().parse_args(["readout", "out"])
    assert stopped.value.code == 2
    assert "--at" in capsys.readouterr().err


@pytest.mark.scene
def test_a_folder_without_a_scene_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["readout", str(tmp_path), "--at", "1,2,3"]) == BAD_INPUT
    assert "There is no scene file" in capsys.readouterr().err


@pytest.mark.scene
@pytest.mark.slow
def test_each_place_is_read_with_its_side_and_its_values(
    found_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["readout", str(found_bundle), "--at", "-47,-50,-85", "--at", "47,-50,-85"]) == DONE
    left, right = capsys.readouterr().out.strip().split("\n\n")
    assert left.startswith("left ")
    assert right.startswith("right ")
    assert all("SUVpeak (1 ml), g/ml" in text for text in (left, right))
    assert all(("No candidate here." in text) != ("Candidate PG-" in text) for text in (left, right))
