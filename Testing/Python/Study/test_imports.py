"""Imports: shown first, bad rows apart, all or nothing."""

from dataclasses import replace

import form_examples as examples
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Study.import_plan import apply_import
from PainGeneratorLib.Study.imports import plan_import
from PainGeneratorLib.Study.records import StudyData
from PainGeneratorLib.Study.redcap_records import Row, parse_table, records_csv

pytest.importorskip("sqlalchemy")
STUDY = examples.right_study()


def _plan(rows, study=STUDY, **more):
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = [Row(line, {name: row.get(name, "") for name in names}) for line, row in enumerate(rows, 2)]
    return plan_import(study, names, table, **more)


def _row(form="", instance="", pseudonym="P-001", **cells):
    event = "course_arm_1" if form else "enrollment_arm_1"
    return {
        "record_id": pseudonym, "redcap_event_name": event, "redcap_repeat_instrument": form,
        "redcap_repeat_instance": instance, **cells,
    }  # fmt: skip


def _follow_up(instance="new", **cells):
    return _row("follow_up", instance, **{"fu_date": "2026-05-01", "fu_time_point": "3 months", **cells})


SAME = _follow_up(
    fu_date="2026-03-11", fu_time_point="6 weeks", fu_nrs_back="3", fu_nrs_leg="1", fu_odi="20", fu_pgic="2"
)


def _text(plan):
    return "\n".join(plan.lines())


def test_a_change_is_shown_with_what_was_and_what_would_be():
    plan = _plan([_row("follow_up", "2", fu_nrs_back="4")])
    assert _text(plan).splitlines()[0] == "P-001 follow-up 2: nrs_back: 3.0 -> 4.0"
    assert plan.lines()[-1] == "New records: 0; changed: 1; unchanged: 0; bad rows: 0."
    assert plan.study.patients[0].follow_ups[1].nrs_back == 4.0
    assert plan.study.patients[0].follow_ups[1].odi == 20.0


def test_a_new_record_is_shown():
    plan = _plan([_follow_up(fu_odi="12")])
    assert "P-001 follow-up: new: fu_date=2026-05-01, fu_time_point=3 months, fu_odi=12" in _text(plan)


def test_an_empty_cell_says_nothing_unless_asked():
    rows = [_row("follow_up", "2", fu_nrs_back="", fu_odi="20")]
    assert _plan(rows).unchanged == 1
    cleared = _plan(rows, clears=True)
    assert cleared.study.patients[0].follow_ups[1].nrs_back is None
    assert "nrs_back: 3.0 -> empty" in _text(cleared)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (_follow_up(fu_nrs_back="11"), "fu_nrs_back"),
        (_follow_up(fu_odi="a lot"), "fu_odi"),
        (_follow_up(fu_odi="12", fu_date="01.05.2026"), "fu_date"),
        (_follow_up(fu_odi="12", fu_date=""), "fu_date is empty"),
        (_follow_up(), "no score"),
        (_follow_up(fu_analgesic_score="2"), "no rule"),
        (_follow_up(fu_odi_1="6", fu_odi="12"), "is no choice"),
        (_follow_up(fu_odi="12", pt_note="x"), "pt_note is filled"),
        (_follow_up("0", fu_odi="12"), "redcap_repeat_instance"),
        (_follow_up("1.5", fu_odi="12"), "redcap_repeat_instance"),
        (_row("follow_up", "2", fu_nrs_back="4", fu_version="7"), "changed in the registry"),
        ({**_follow_up(fu_odi="1"), "record_id": "P-404"}, "no patient"),
        (_row("blood", "1"), "no repeating form"),
        (_row("patient", "1"), "no repeating form"),
        (_row(redcap_event_name="other_arm_1"), "redcap_event_name"),
        (_row(pseudonym="Jane Doe", pt_group="1"), "pseudonym"),
        (_row(pseudonym="P-404"), "pt_group is empty"),
        (_row("candidate", "3", cand_case_number="1", cand_id="PG-09", cand_name="x", cand_rank="9"), "with its case"),
        (_row("candidate", "3", cand_case_number="4", cand_id="PG-09", cand_name="x", cand_rank="9"), "no case 4"),
        (_row("candidate", "3", cand_name="x"), "cand_id is empty"),
        (_row("treatment", "1", treat_candidate="PG-77"), "no candidate PG-77"),
        (_row("treatment", "1", treat_case_number="3"), "no case 3"),
        (SAME, "same follow-up"),
    ],
)  # fmt: skip
def test_a_bad_row_is_set_apart_with_its_reason(row, reason):
    good = _row("follow_up", "1", fu_nrs_back="8")
    plan = _plan([good, row])
    assert len(plan.bad) == 1
    assert plan.bad[0].row.line == 3
    assert reason in plan.bad[0].reason
    assert len(plan.changes) == 1
    table = plan.bad_rows()
    assert table[0][-2:] == ["line", "reason"]
    assert table[1][-2] == "3"
    assert table[1][0] == row["record_id"]


def test_what_rests_on_a_bad_row_is_bad_too():
    rows = [
        _row(pseudonym="P-003", pt_group="9"),
        _row("imaging_case", "1", pseudonym="P-003", case_group="1", case_software_version="1", case_created="now"),
        _row("candidate", "1", pseudonym="P-003", cand_case_number="1", cand_id="PG-01", cand_name="x"),
        _row(
            "treatment", "1", "P-003", treat_date="2026-02-01", treat_arm="1", treat_kind="1", treat_candidate="PG-01"
        ),
        _row("follow_up", "1", fu_nrs_back="8"),
    ]
    plan = _plan(rows)
    assert [one.row.line for one in plan.bad] == [2, 3, 4, 5]
    assert [one.key for one in plan.changes] == [("P-001", "follow-up", "1")]


def test_the_same_record_twice_in_a_file_is_bad():
    plan = _plan([_row("follow_up", "2", fu_nrs_back="4"), _row("follow_up", "2", fu_nrs_back="5")])
    assert "Line 2 holds the same record" in plan.bad[0].reason


def test_a_row_with_a_cell_too_many_is_bad():
    names, rows = parse_table(b"record_id,pt_group\nP-009,1,extra\nP-010,2\n")
    plan = plan_import(STUDY, names, rows)
    assert "3 cells" in plan.bad[0].reason
    assert plan.changes[0].key == ("P-010", "patient", "")


def test_columns_of_other_forms_of_the_project_are_named():
    assert "blood_pressure" in _plan([_row(blood_pressure="120")]).notes[0]


def test_an_arm_that_was_drawn_is_not_imported():
    study = replace(STUDY, settings={"randomization": {"seed": "00"}})
    plan = _plan([_row(pt_arm="2"), _row(pseudonym="P-003", pt_group="1", pt_arm="1")], study)
    assert len(plan.bad) == 2
    assert all("drawn by chance" in one.reason for one in plan.bad)
    assert _plan([_row(pt_arm="1")], study).unchanged == 1


def _imported(registry, data, reason=""):
    names, rows = parse_table(records_csv(data).encode())
    plan = plan_import(registry.load(), names, rows)
    assert not plan.bad
    apply_import(plan, registry, "importer", reason)
    return plan


def test_a_study_goes_into_a_registry_and_comes_out_again(registry):
    _imported(registry, STUDY)
    assert registry.load().patients == STUDY.patients
    again = _imported(registry, registry.load())
    assert again.changes == ()
    assert again.unchanged == 17  # every row of the two patients
    assert {one.author for one in registry.history("P-001")} == {"importer"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_odd_records_go_through_a_registry_as_they_are(registry, seed):
    study = examples.random_study(seed)
    _imported(registry, study)
    assert _sorted(registry.load()) == _sorted(study)
    assert _imported(registry, registry.load()).changes == ()


def _sorted(study):
    """Records by number, all in their first version: a registry sorts by date and counts versions itself."""
    names, rows = parse_table(records_csv(study).encode())
    versions = [name for name in names if name.endswith("_version") and name != "case_software_version"]
    return sorted(
        tuple((n, c) for n, c in row.cells.items() if n not in (*versions, "redcap_repeat_instance")) for row in rows
    )


def test_an_import_is_all_or_nothing(registry):
    _imported(registry, STUDY)
    names, rows = parse_table(records_csv(STUDY).encode())
    changed = [
        replace(row, cells={**row.cells, "fu_nrs_back": "9"}) if row.cells["fu_nrs_back"] == "7" else row
        for row in rows
    ]
    more = [
        *changed,
        Row(99, {**dict.fromkeys(names, ""), **_row("visit", "2", visit_date="2026-02-02", visit_kind="1")}),
    ]
    plan = plan_import(registry.load(), names, more)
    before = len(registry.history())
    with pytest.raises(PainGeneratorError, match="reason"):
        apply_import(plan, registry, "importer")
    assert registry.load().patients == STUDY.patients
    assert len(registry.history()) == before
    apply_import(plan, registry, "importer", "typing error")
    patient = registry.patient("P-001")
    assert (patient.follow_ups[0].nrs_back, patient.follow_ups[0].version, len(patient.visits)) == (9.0, 2, 2)


def test_a_change_by_somebody_else_since_the_preview_stops_the_import(registry):
    _imported(registry, STUDY)
    names, rows = parse_table(records_csv(STUDY).encode())
    changed = [
        replace(row, cells={**row.cells, "fu_nrs_back": "9"}) if row.cells["fu_nrs_back"] == "7" else row
        for row in rows
    ]
    plan = plan_import(registry.load(), names, changed)
    registry.correct("P-001", "follow-up", "1", {"nrs_back": "6"}, "other", "typing error", 1)
    with pytest.raises(PainGeneratorError, match="changed since"):
        apply_import(plan, registry, "importer", "typing error")
    assert registry.patient("P-001").follow_ups[0].nrs_back == 6.0
    later = plan_import(registry.load(), names, changed)
    assert "changed in the registry since it was exported" in later.bad[0].reason


def test_an_empty_study_takes_everything():
    names, rows = parse_table(records_csv(STUDY).encode())
    plan = plan_import(StudyData("x"), names, rows)
    assert len(plan.changes) == len(rows)
