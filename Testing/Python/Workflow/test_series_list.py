"""The list of series that `pain-generator series` prints."""

from __future__ import annotations

import json

from dicom_makers import T1, T2, ramp, write_series
from PainGeneratorLib.Workflow.series_list import list_folder


def test_every_series_is_listed_with_its_role_and_grid(tmp_path):
    write_series(tmp_path, ramp(), "PT", SeriesNumber=5)
    write_series(tmp_path, ramp(), SeriesNumber=2, **T1)
    write_series(tmp_path, ramp(), SeriesNumber=3, skip=(2,), **T2)
    found = list_folder(tmp_path, {})
    content = json.loads(json.dumps(found.to_json()))
    assert {one["number"]: one["role"] for one in content["series"]} == {2: "T1", 3: "OTHER", 5: "PET"}
    assert content["series"][0]["size"] == [7, 6, 5]
    assert content["series"][0]["spacing_mm"] == [2.0, 1.5, 4.0]
    assert "Slices are missing" in content["series"][1]["problem"]
    assert content["refused"] is None
    lines = found.to_text().splitlines()
    assert lines[0].split()[:2] == ["2", "MR"]
    assert "7 x 6 x 5, 2.0 x 1.5 x 4.0 mm" in lines[0]
    assert "no regular grid" in lines[1]


def test_a_role_given_by_hand_is_listed(tmp_path):
    write_series(tmp_path, ramp(), "PT", SeriesNumber=5)
    write_series(tmp_path, ramp(), SeriesNumber=2, **T1)
    assert list_folder(tmp_path, {"2": "T2"}).to_json()["series"][0]["role"] == "T2"


def test_why_no_case_can_be_made_is_part_of_the_list(tmp_path):
    write_series(tmp_path, ramp(), SeriesNumber=2, **T1)
    found = list_folder(tmp_path, {})
    assert "no PET" in found.to_json()["refused"]["reason"]
    assert found.to_text().count("\n") == 0
