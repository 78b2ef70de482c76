"""Every kind of output is read back; the input cases hold the damaged ones."""

from __future__ import annotations

import pytest
from dicom_makers import T1, ramp, write_series
from PainGeneratorLib.Report.output_folder import OutputFolder, write_json, write_text
from PainGeneratorLib.Report.read_back import fault_of


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("a.json", "{}", ""),
        ("a.json", '{"a": Infinity}', "Infinity is no JSON"),
        ("a.csv", "a,b\n1,2\n", ""),
        ("a.csv", "a,b\n1\n", "row 2 has 1 cells, not 2"),
        ("a.html", "<html><p>x<br></html>", ""),
        ("a.html", "<html><p>x", "the page has no end"),
        ("a.txt", "", ""),
        ("report.txt", "FINDINGS\n", ""),
        ("report.txt", "FINDI", "the text has no end"),
    ],
)
def test_text_files_are_parsed(tmp_path, name, content, fault):
    (tmp_path / name).write_text(content)
    assert fault_of(tmp_path / name) == fault


def test_a_dicom_file_that_is_cut_off_is_found(tmp_path):
    write_series(tmp_path, ramp(1), prefix="t1", **T1)
    path = tmp_path / "t1-001"
    assert fault_of(path) == ""
    path.write_bytes(path.read_bytes()[:-10])
    assert "cut off" in fault_of(path)


def test_the_former_results_stay_when_new_ones_cannot_be_read_back(tmp_path):
    from PainGeneratorLib.Numerics.core.errors import PainGeneratorError

    with OutputFolder(tmp_path / "out") as work:
        write_json(work / "a.json", {"run": 1})
    with pytest.raises(PainGeneratorError, match="read back"), OutputFolder(tmp_path / "out", overwrite=True) as work:
        write_text(work / "a.json", "{")
    assert (tmp_path / "out" / "a.json").read_text() == '{\n  "run": 1\n}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
