"""``pain-generator study`` as a nurse types it, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PainGeneratorLib.Study.registry import Registry
from study_results import PATIENT, write_result

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def study(address: str, run: Run) -> str:
    """A registry that the command made."""
    assert run("init", address, "--name", "Low back") == (0, f"Registry: {address}\n", "")
    return address


def test_a_case_from_enrollment_to_follow_up(study: str, run: Run, tmp_path: Path) -> None:
    write_result(tmp_path / "result")
    own = (study, "P-001")
    assert run("enroll", *own, tmp_path / "result", "--date", "2026-01-02")[:2] == (
        0,
        "Case 1 of P-001: 2 candidates\n",
    )
    assert run("record", study, "P-001", "follow-up", "date=2026-01-02", "time-point=baseline", "nrs-back=7")[0] == 0
    said = ("date=2026-01-06", "physician=Dr. C", "decision=confirm-first", "candidate=PG-01")
    assert run("record", *own, "discussion", *said)[0] == 0
    said = ("date=2026-01-08", "kind=block", "outcome=positive", "candidate=PG-01", "relief-percent=80")
    assert run("record", *own, "confirmation", *said)[0] == 0
    said = ("date=2026-01-10", "arm=guided", "kind=injection", "candidate=PG-01", "complication=none")
    assert run("record", *own, "treatment", *said)[:2] == (0, "treatment 1 of P-001\n")
    said = ("date=2026-02-20", "time_point=6 weeks", "nrs_back=2,5", "tens=no", "PGIC=2")
    assert run("record", *own, "follow-up", *said)[:2] == (0, "follow-up 2 of P-001\n")
    status, shown, _ = run("show", *own)
    assert status == 0
    order = ("baseline", "case 1", "discussion 1", "confirmation 1", "treatment 1", "6 weeks")
    assert [shown.index(word) for word in order] == sorted(shown.index(word) for word in order)
    assert "nrs-back 2.5" in shown
    patient = Registry.open(study).patient("P-001")
    assert (patient.follow_ups[1].nrs_back, patient.follow_ups[1].tens) == (2.5, False)
    assert "1 case, 1 discussion" in run("show", study)[1]


def test_a_second_correction_is_refused_with_what_the_first_one_changed(study: str, run: Run) -> None:
    run("record", study, "P-001", "patient", "group=low-back")
    run("record", study, "P-001", "visit", "date=2026-01-02", "kind=baseline")
    change = ("correct", study, "P-001", "visit", "1")
    assert run(*change, "note=late", "--reason", "said later", "--author", "A. Nurse")[0] == 0
    status, _, said = run(*change, "kind=imaging", "--reason", "wrong kind")
    assert status == 3
    assert "A. Nurse corrected visit 1 of P-001, version 2 (said later): note empty -> late" in said
    assert "--seen 2" in said
    assert run(*change, "kind=imaging", "--reason", "wrong kind", "--seen", "1")[0] == 3
    assert run(*change, "kind=imaging", "--reason", "wrong kind", "--seen", "2")[1] == "visit 1 of P-001: version 3\n"
    history = run("show", study, "P-001", "--history")[1]
    assert "wrong kind): kind baseline -> imaging" in history
    assert run("remove", study, "P-001", "visit", "1", "--reason", "wrong patient", "--seen", "3")[0] == 0
    assert "visit" not in run("show", study, "P-001")[1]


def test_a_file_of_records_is_stored_as_a_whole_or_not_at_all(study: str, run: Run, tmp_path: Path) -> None:
    table = tmp_path / "records.csv"
    head = "pseudonym;kind;group;date;time-point;nrs-back;tens\n"
    good = "P-001;patient;low-back;;;;\nP-001;follow-up;;2026-01-02;baseline;7;no\n"
    table.write_text(head + good + "P-001;follow-up;;2026-02-02;6 weeks;70;no\n")
    status, _, said = run("record", study, "--from", table)
    assert (status, "row 4: nrs-back=70" in said, "takes 0 to 10" in said, "Nothing was written" in said) == (
        3,
        *[True] * 3,
    )
    assert Registry.open(study).load().patients == ()
    table.write_bytes(b"\xef\xbb\xbf" + (head + good).encode())
    assert run("record", study, "--from", table)[:2] == (0, "patient P-001\nfollow-up 1 of P-001\n")


def test_one_json_object_a_line_is_read_from_the_standard_input(
    study: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    lines = [
        {"pseudonym": "P-001", "kind": "patient", "group": "low-back"},
        {"pseudonym": "P-001", "kind": "follow-up", "date": "2026-01-02", "time_point": "baseline", "tens": True},
    ]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(map(json.dumps, lines))))
    assert run("record", study, "--from", "-")[0] == 0
    assert Registry.open(study).patient("P-001").follow_ups[0].tens is True


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("follow-up", "date=2026-01-02"), 3, "time-point (text)"),
        (("follow-up", "date=2026-01-02", "time-point=baseline"), 3, "holds no score"),
        (("follow-up", "date=2126-01-02", "time-point=baseline", "odi=20"), 3, "cannot be right"),
        (("follow-up", "date=02.01.2026", "time-point=baseline", "odi=20"), 3, "date takes YYYY-MM-DD"),
        (("follow-up", "nrs-bak=3"), 2, "Did you mean nrs-back?"),
        (("follow-up", "nrs-back", "=3"), 2, "is not FIELD=VALUE"),
        (("treatment", "date=2026-01-02", "arm=guded", "kind=surgery"), 3, "arm takes guided, control"),
        (("folow-up",), 2, "Did you mean follow-up?"),
        ((), 2, "not said what to record"),
    ],
)
def test_what_is_typed_wrong_is_told_with_the_right_way(
    run: Run, tmp_path: Path, words: tuple[str, ...], status: int, said: str
) -> None:
    study = tmp_path / "study.sqlite"
    run("init", study, "--name", "Low back")
    run("record", study, "P-001", "patient", "group=low-back")
    got = run("record", study, "P-001", *words)
    assert (got[0], said in got[2]) == (status, True), got[2]
    assert Registry.open(str(study)).patient("P-001").follow_ups == ()


def test_name_id_and_birth_date_never_reach_the_registry(run: Run, tmp_path: Path) -> None:
    study = tmp_path / "study.sqlite"
    run("init", study, "--name", "Low back")
    write_result(tmp_path / "result")
    for pseudonym in ("Meier", "xmeier1", PATIENT["patient_id"], PATIENT["patient_id"].lower()):
        status, _, said = run("enroll", study, pseudonym, tmp_path / "result")
        assert (status, "is, or holds, the name or the ID" in said) == (3, True)
    assert run("enroll", study, "P-001", tmp_path / "result")[0] == 0
    data = study.read_bytes()
    for text in ("Meier", "Ursula", PATIENT["patient_id"], "19650312", "1965-03-12", "secret-folder"):
        assert text.encode() not in data, text
    assert Registry.open(str(study)).patient("P-001").age_years == 60


def test_a_result_is_enrolled_once_and_must_fit_the_patient(run: Run, tmp_path: Path) -> None:
    study = tmp_path / "study.sqlite"
    run("init", study, "--name", "Low back")
    write_result(tmp_path / "result")
    assert run("enroll", study, "P-001", tmp_path / "result")[0] == 0
    assert "is case 1 of P-001 already" in run("enroll", study, "P-001", tmp_path / "result")[2]
    write_result(tmp_path / "man", sex="M")
    assert "has the sex F, the result has M" in run("enroll", study, "P-001", tmp_path / "man")[2]
    write_result(tmp_path / "hip", group="hip-replacement")
    assert "has the group low-back" in run("enroll", study, "P-001", tmp_path / "hip")[2]
    (tmp_path / "result" / "suv.json").unlink()
    assert "holds no suv.json" in run("enroll", study, "P-002", tmp_path / "result")[2]
    (tmp_path / "man" / "candidates.json").write_text("{}")
    assert "cannot be read" in run("enroll", study, "P-002", tmp_path / "man")[2]
    assert [one.pseudonym for one in Registry.open(str(study)).load().patients] == ["P-001"]


def test_a_second_reading_stands_beside_the_first(run: Run, tmp_path: Path) -> None:
    study = tmp_path / "study.sqlite"
    run("init", study, "--name", "Low back")
    write_result(tmp_path / "first", decided={"PG-01": "accepted", "PG-02": "rejected"}, reader="A. Reader")
    write_result(tmp_path / "second", decided={"PG-01": "rejected"})
    write_result(tmp_path / "other", decided={"PG-01": "rejected"}, hashes=("dd",))
    run("enroll", study, "P-001", tmp_path / "first")
    second = ("enroll", study, "P-001", tmp_path / "second", "--second-reader", "B. Reader")
    assert run(*second)[:2] == (0, "Case 1 of P-001: second reading of 1 candidates\n")
    one, two = Registry.open(str(study)).patient("P-001").cases[0].candidates
    assert (one.status, one.reader.reader, one.second_reader.reader) == ("accepted", "A. Reader", "B. Reader")
    assert (one.second_reader.status, two.second_reader) == ("rejected", None)
    provenance = tmp_path / "second" / "provenance.json"
    provenance.write_text(json.dumps({**json.loads(provenance.read_text()), "input_files": []}))
    again = run(*second[:3], tmp_path / "second", "--second-reader", "C. Reader")
    assert "needs a reason" in again[2], "the panel knows the same images by their UIDs; a reading is not replaced"
    assert run(*second[:3], tmp_path / "second", "--second-reader", "C. Reader", "--reason", "read again")[0] == 0
    assert "read again" in run("show", study, "--history")[1]
    assert "made from other images" in run(*second[:3], tmp_path / "other", "--second-reader", "B. Reader")[2]


def test_the_fields_of_a_record_are_listed(run: Run) -> None:
    status, shown, _ = run("fields", "follow-up")
    assert status == 0
    assert "nrs-back           0 to 10\n" in shown
    assert "date               YYYY-MM-DD (needed)\n" in shown


def test_a_check_lists_contradictions_and_ends_with_an_error(study: str, run: Run, tmp_path: Path) -> None:
    write_result(tmp_path / "result", decided={"PG-01": "rejected", "PG-02": "accepted"}, reader="A. Reader")
    run("enroll", study, "P-001", tmp_path / "result", "--date", "2026-01-02")
    run("record", study, "P-001", "treatment", "date=2026-01-03", "arm=guided", "kind=surgery", "candidate=PG-01")
    status, shown, said = run("check", study)
    assert status == 3
    assert "P-001" in shown
    assert "contradictory" in shown
    assert "rejected" in shown
    assert "contradiction" in said
    assert {"severity", "pseudonym", "rule", "text"} == set(json.loads(run("check", study, "--json")[1])[0])
