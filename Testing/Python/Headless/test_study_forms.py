"""The commands of ``pain-generator study`` for forms, checks, scores and random arms."""

import csv
import json
from pathlib import Path

import form_examples as examples
import pytest
from PainGeneratorLib.Headless.cli import BAD_INPUT, DONE, main
from PainGeneratorLib.Study.redcap_records import records_csv

pytest.importorskip("sqlalchemy")


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["study", "init", "backs.sqlite", "--name", "Backs", "--author", "AB"]) == DONE
    (tmp_path / "in.csv").write_text(records_csv(examples.right_study()), encoding="utf-8-sig")
    return "backs.sqlite"


def _filled(study):
    assert main(["study", "import", study, "in.csv", "--apply", "--author", "AB"]) == DONE


def test_an_import_shows_first_and_writes_when_asked(study, capsys):
    assert main(["study", "import", study, "in.csv"]) == DONE
    said = capsys.readouterr().out
    assert "P-001 patient: new: pt_group=1" in said
    assert "New records: 17; changed: 0; unchanged: 0; bad rows: 0." in said
    assert "Nothing was changed. Add --apply to write this." in said
    assert main(["study", "show", study]) == DONE
    assert "P-001" not in capsys.readouterr().out
    _filled(study)
    assert "All changes are written." in capsys.readouterr().out
    assert main(["study", "import", study, "in.csv", "--apply"]) == DONE
    assert "There was nothing to change." in capsys.readouterr().out


def test_bad_rows_go_into_a_file_and_nothing_is_written(study, tmp_path, capsys):
    lines = (tmp_path / "in.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "in.csv").write_text(lines.replace("2026-03-11,6 weeks,3,", "2026-03-11,6 weeks,33,"))
    words = ["study", "import", study, "in.csv", "--apply", "--bad-rows", "bad.csv"]
    assert main(words) == BAD_INPUT
    assert "1 of 17 rows cannot be used. Nothing was changed." in capsys.readouterr().err
    rows = list(csv.DictReader((tmp_path / "bad.csv").open(newline="")))
    assert [(row["record_id"], row["fu_nrs_back"]) for row in rows] == [("P-001", "33")]
    assert "fu_nrs_back" in rows[0]["reason"]
    assert main(["study", "show", study]) == DONE
    assert "P-001" not in capsys.readouterr().out
    assert main([*words, "--leave-out-bad"]) == DONE
    assert main(["study", "check", study, "--json"]) == DONE
    out = capsys.readouterr().out
    found = json.loads(out[out.index("[\n") :])
    assert [one["rule"] for one in found] == ["no-follow-up"]


def test_a_file_that_holds_something_else_is_not_overwritten(study, tmp_path):
    (tmp_path / "in.csv").write_text("record_id,pt_group\nP-1,9\n")
    (tmp_path / "letter.txt").write_text("dear colleague")
    assert main(["study", "import", study, "in.csv", "--bad-rows", "letter.txt"]) == BAD_INPUT
    assert (tmp_path / "letter.txt").read_text() == "dear colleague"


def test_an_export_is_read_again_as_the_same_study(study, tmp_path, capsys):
    _filled(study)
    assert main(["study", "export", study, "--output", "redcap"]) == DONE
    names = {path.name for path in (tmp_path / "redcap").iterdir()}
    assert {"records.csv", "data-dictionary.csv", "events.csv", "event-forms.csv", "repeating-forms.csv"} <= names
    assert main(["study", "init", "other.sqlite", "--name", "Backs"]) == DONE
    assert main(["study", "import", "other.sqlite", "redcap/records.csv", "--apply"]) == DONE
    assert main(["study", "export", "other.sqlite", "--output", "again"]) == DONE
    assert (tmp_path / "again" / "records.csv").read_text() == (tmp_path / "redcap" / "records.csv").read_text()
    assert main(["study", "export", study, "--output", "redcap"]) == BAD_INPUT


def test_a_check_of_a_right_study_has_nothing_to_report(study, capsys):
    _filled(study)
    assert main(["study", "check", study]) == DONE
    assert "Nothing is missing or contradictory." in capsys.readouterr().out


def test_scores_are_printed_as_fields_of_a_follow_up(capsys):
    assert main(["study", "score", "hoos-jr", *(f"{item}=2" for item in range(1, 7))]) == DONE
    assert capsys.readouterr().out == "hoos-jr=52.965\n"
    assert main(["study", "score", "analgesics", "tramadol 200, ibuprofen", "--rule", "morphine-mg"]) == DONE
    said = capsys.readouterr().out
    assert "analgesic-score=40 analgesic-rule=morphine-mg" in said
    assert "CDC 2022" in said
    assert main(["study", "score", "odi", "1=9"]) == BAD_INPUT
    assert main(["study", "score", "analgesics", "painaway 3"]) == BAD_INPUT


def test_arms_are_drawn_and_the_seed_is_never_shown(study, capsys):
    from PainGeneratorLib.Study.registry import Registry

    for number in (1, 2, 3):
        words = ["study", "record", study, f"P-{number}", "patient", "group=low-back", "enrolled=2026-02-01"]
        assert main([*words, 'strata={"site": "A"}']) == DONE
    assert main(["study", "assign", study, "P-1"]) == BAD_INPUT
    assert main(["study", "randomize", study, "--strata", "site=A,B", "--block-sizes", "4,6"]) == DONE
    assert main(["study", "randomize", study]) == BAD_INPUT
    for number in (1, 2, 3):
        assert main(["study", "assign", study, f"P-{number}", "--author", "nurse"]) == DONE
    assert main(["study", "assign", study, "P-2"]) == BAD_INPUT
    assert main(["study", "assign", study, "P-9"]) == BAD_INPUT
    assert main(["study", "randomize", study, "--verify"]) == DONE
    assert "3 assignments, all as drawn." in capsys.readouterr().out
    data = Registry.open(study).load()
    assert all(patient.arm is not None for patient in data.patients)
    for words in (["--json"], ["--history"], ["--history", "--json"], []):
        assert main(["study", "show", study, *words]) == DONE
    assert main(["study", "export", study, "--output", "out"]) == DONE
    seed = data.settings["randomization"]["seed"]
    shown = "".join(capsys.readouterr()) + Path("out/records.csv").read_text()
    assert seed[:8] not in shown
    assert "concealed" in shown


def test_a_changed_arm_is_found(study, capsys):
    words = ["study", "record", study, "P-1", "patient", "group=low-back", "enrolled=2026-02-01"]
    assert main(words) == DONE
    assert main(["study", "randomize", study]) == DONE
    assert main(["study", "assign", study, "P-1"]) == DONE
    arm = "control" if "guided" in capsys.readouterr().out else "guided"
    words = ["study", "correct", study, "P-1", "patient", f"arm={arm}", "--reason", "wish", "--seen", "2"]
    assert main(words) == DONE
    assert main(["study", "check", study]) == BAD_INPUT
    assert "arm-not-drawn" in capsys.readouterr().out
