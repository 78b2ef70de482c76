"""REDCap's forms: the dictionary, and records that come back as they were."""

import csv
import io
import re
from dataclasses import replace

import form_examples as examples
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Study import redcap_dictionary as d
from PainGeneratorLib.Study.imports import plan_import
from PainGeneratorLib.Study.records import StudyData
from PainGeneratorLib.Study.redcap_records import header, parse_table, records_csv, rows_of


def _back(text, name, settings, encoding="utf-8"):
    names, rows = parse_table(text.encode(encoding))
    plan = plan_import(StudyData(name, (), settings), names, rows)
    assert [one.reason for one in plan.bad] == []
    return plan.study


@pytest.mark.parametrize("seed", range(40))
def test_a_round_trip_changes_nothing(seed):
    study = examples.random_study(seed)
    assert _back(records_csv(study), study.name, study.settings) == study


def test_a_round_trip_of_records_without_numbers_changes_nothing():
    study = examples.right_study()
    patients = [replace(one, cases=(), discussions=(), confirmations=(), treatments=()) for one in study.patients]
    bare = tuple(
        replace(one, follow_ups=tuple(replace(record, number=0, version=0) for record in one.follow_ups))
        for one in patients
    )
    study = replace(study, patients=bare)
    assert "new" in records_csv(study)
    assert _back(records_csv(study), study.name, {}) == study


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_excel_with_its_mark_and_its_semicolons_is_read(delimiter):
    study = examples.random_study(3)
    stream = io.StringIO(newline="")
    rows = csv.reader(io.StringIO(records_csv(study), newline=""))
    csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    assert _back(stream.getvalue(), study.name, study.settings, "utf-8-sig") == study


def test_labels_in_place_of_codes_are_read():
    study = examples.right_study()
    text = records_csv(study)
    names, rows = parse_table(text.encode())
    labeled = [replace(row, cells={n: _label(n, cell) for n, cell in row.cells.items()}) for row in rows]
    assert plan_import(StudyData(study.name), names, labeled).study == study


def _label(name, cell):
    column = d.all_columns().get(name)
    return column.label_of(cell).upper() if cell and column is not None and column.choices else cell


def test_rows_have_their_place_in_redcap():
    rows = rows_of(examples.right_study())
    places = [tuple(row[name] for name in header()[:4]) for row in rows]
    assert places[:5] == [
        ("P-001", "enrollment_arm_1", "", ""),
        ("P-001", "course_arm_1", "visit", "1"),
        ("P-001", "course_arm_1", "imaging_case", "1"),
        ("P-001", "course_arm_1", "candidate", "1"),
        ("P-001", "course_arm_1", "candidate", "2"),
    ]
    follow_up = next(row for row in rows if row["redcap_repeat_instrument"] == "follow_up")
    assert (follow_up["fu_nrs_back"], follow_up["fu_odi"], follow_up["follow_up_complete"]) == ("7", "44", "2")
    assert rows[0]["pt_group"] == "1"
    assert rows[0]["pt_enrolled"] == "2026-01-10"


def test_no_seed_and_no_setting_is_written():
    study = replace(examples.right_study(), settings={"randomization": {"seed": "5eed5eed"}})
    assert "5eed" not in records_csv(study)


def _dictionary():
    return list(csv.DictReader(io.StringIO(d.dictionary_csv())))


def test_the_dictionary_has_the_18_columns_of_redcap():
    first = d.dictionary_csv().partition("\n")[0]
    assert first == (
        "Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"
        '"Choices, Calculations, OR Slider Labels",'
        "Field Note,Text Validation Type OR Show Slider Number,Text Validation Min,Text Validation Max,Identifier?,"
        "Branching Logic (Show field only if...),Required Field?,Custom Alignment,Question Number (surveys only),"
        "Matrix Group Name,Matrix Ranking?,Field Annotation"
    )
    assert len(d.DICTIONARY_COLUMNS) == 18


def test_the_dictionary_obeys_the_rules_of_redcap():
    rows = _dictionary()
    names = [row["Variable / Field Name"] for row in rows]
    assert names[0] == "record_id"
    assert len(set(names)) == len(names)
    forms = []
    for row in rows:
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,25}", row["Variable / Field Name"]), row
        assert re.fullmatch(r"[a-z][a-z0-9_]*", row["Form Name"])
        assert row["Field Type"] in {"text", "notes", "radio", "yesno"}
        assert row["Text Validation Type OR Show Slider Number"] in {"", "date_ymd", "integer", "number"}
        assert row["Field Label"]
        if row["Field Type"] == "radio":
            parts = row["Choices, Calculations, OR Slider Labels"].split(" | ")
            assert all(re.fullmatch(r"-?\d+, .+", part) for part in parts), row
        for field in re.findall(r"\[(\w+)\] ?(?:=|<>)", row["Branching Logic (Show field only if...)"]):
            assert field in names
        if row["Form Name"] not in forms[-1:]:
            forms.append(row["Form Name"])
    assert len(forms) == len(set(forms)) == 8, "the fields of a form stand together"
    assert set(names) | {f"{form}_complete" for form in forms} == set(header()) - {
        "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance",
    }  # fmt: skip


def test_codes_of_choices_stay_as_they_are():
    # A code that changes its meaning would change the records of a project that is in use.
    choices = {row["Variable / Field Name"]: row["Choices, Calculations, OR Slider Labels"] for row in _dictionary()}
    assert choices["pt_group"] == "1, low-back | 2, hip-replacement"
    assert choices["pt_arm"] == "1, guided | 2, control"
    assert choices["disc_decision"] == "1, treat | 2, confirm-first | 3, more-imaging | 4, wait | 5, no-treatment"
    assert choices["conf_outcome"] == "1, positive | 2, negative | 3, unclear"
    assert choices["treat_kind"] == "1, injection | 2, radiofrequency | 3, surgery | 4, other"
    assert choices["cand_status"] == "1, pending | 2, accepted | 3, rejected | 4, physiologic"
    assert choices["fu_analgesic_rule"] == "1, who-step | 2, morphine-mg"
    assert choices["fu_odi_8"] == "-1, not answered | 0, 0 | 1, 1 | 2, 2 | 3, 3 | 4, 4 | 5, 5"


def test_branching_hides_the_scores_of_the_other_group():
    logic = {row["Variable / Field Name"]: row["Branching Logic (Show field only if...)"] for row in _dictionary()}
    back, hip = "[enrollment_arm_1][pt_group] = '1'", "[enrollment_arm_1][pt_group] = '2'"
    assert (logic["fu_odi"], logic["fu_odi_1"], logic["fu_nrs_leg"]) == (back, back, back)
    assert (logic["fu_hoos_jr"], logic["fu_hoos12_12"], logic["fu_vas_hip"]) == (hip, hip, hip)
    assert logic["conf_relief_percent"] == "[conf_kind] = '1'"
    assert logic["fu_pgic"] == ""


def test_the_setup_names_events_and_repeating_forms():
    files = d.setup_files()
    assert files["events.csv"].splitlines()[1:] == ["Enrollment,1,enrollment_arm_1,", "Course,1,course_arm_1,"]
    assert "1,enrollment_arm_1,patient" in files["event-forms.csv"]
    assert files["repeating-forms.csv"].splitlines()[1] == "course_arm_1,visit,"
    assert "patient" not in files["repeating-forms.csv"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"name,age\n1,2\n",
        "record_id,fu_note\nP-1,ä\n".encode("latin-1"),
        b"record_id,record_id\nP-1,P-1\n",
        b'record_id,fu_note\nP-1,"open\n',
    ],
)
def test_what_is_no_table_of_records_is_refused(data):
    with pytest.raises(PainGeneratorError):
        parse_table(data)
