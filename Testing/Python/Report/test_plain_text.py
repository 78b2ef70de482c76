"""The report as plain text: what stands in it, in which order, and what does not."""

from __future__ import annotations

import dataclasses

import pytest
from PainGeneratorLib.Numerics.core.reader_acts import ReaderAct
from PainGeneratorLib.Report.plain_text import plain_report
from PainGeneratorLib.Workflow.readers import ReaderReading, Readers
from PainGeneratorLib.Workflow.report_edit import AS_COMPUTED, ReportEdit, final_text
from report_examples import (
    attention_examples,
    example_candidates,
    example_site_table,
    plain_content,
    set_apart_examples,
)

TIME = "2026-03-01T14:20:05+01:00"


@pytest.fixture
def content():
    found = plain_content(example_candidates())
    case = dataclasses.replace(
        found.case, patient_name="Secret^Person", patient_id="ID-77", birth_date="1960-01-02", study_date="2026-03-01"
    )
    return dataclasses.replace(
        found,
        case=case,
        sites=example_site_table(),
        set_apart=set_apart_examples(),
        attention=attention_examples(),
        warnings=("Two PET volumes.",),
        bar=1.0,
    )


def headings(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.isupper() and not line.endswith(":")]


def block(text: str, heading: str) -> list[str]:
    return text.partition(f"\n{heading}\n")[2].partition("\n\n")[0].splitlines()


def test_the_blocks_stand_in_the_order_of_reading(content):
    text = plain_report(content)
    assert headings(text) == [
        "FDG-PET/MRI: CANDIDATE PAIN GENERATORS",
        "NOT A PAIN GENERATOR, BUT TO BE LOOKED AT",
        "FINDINGS BY LEVEL AND SIDE",
        "MEASURES",
        "SET APART",
        "CONCLUSION OF THE PROGRAM",
        "LEVELS",
        "NOTES",
        "LIMITS",
    ]
    assert text.count("Research use only. Candidates, never a diagnosis.") == 1
    assert text.endswith("is not a medical device.\n")
    assert block(text, "NOTES") == ["Two PET volumes."]


def test_a_warning_about_the_levels_is_said_once(content):
    said = block(plain_report(content), "LEVELS")
    again = dataclasses.replace(content, warnings=(*said, " ".join(said), "Two PET volumes."))
    assert block(plain_report(again), "NOTES") == ["Two PET volumes."]


def test_every_candidate_stands_below_its_level_with_its_side_and_its_measures(content):
    text = plain_report(content)
    found = block(text, "FINDINGS BY LEVEL AND SIDE")
    for candidate in content.candidates:
        (line,) = [line for line in found if f"{candidate.rank}. " in line and line.startswith("- ")]
        above = [other for other in found[: found.index(line)] if other.endswith(":")][-1]
        assert above.startswith(candidate.place.level or candidate.place.zone or "Without a level")
        assert line.lower().startswith(f"- {candidate.place.side}")
        if candidate.suv_peak is not None:
            (measures,) = [line for line in block(text, "MEASURES") if line.startswith(f"{candidate.rank}. ")]
            assert f"SUVpeak {candidate.suv_peak:.2f}" in measures
    assert f"{len(content.set_apart)} findings below the bar of 1 point" in block(text, "SET APART")[0]
    assert len(block(text, "NOT A PAIN GENERATOR, BUT TO BE LOOKED AT")) == len(content.attention)


def test_name_id_and_birth_date_do_not_reach_the_clipboard(content):
    text = plain_report(content)
    for secret in ("Secret", "ID-77", "1960"):
        assert secret not in text
    assert "Study date: 2026-03-01" in text


def test_the_same_case_gives_the_same_text_at_another_time(content):
    assert plain_report(content) == plain_report(dataclasses.replace(content, created="2030-01-01 00:00"))


def test_a_report_system_without_special_characters_can_show_it(content):
    special = "L4\N{EN DASH}5, \N{MINUS SIGN}2 z, 3\N{MULTIPLICATION SIGN}4\N{NO-BREAK SPACE}mm"
    first, *rest = content.candidates
    said = dataclasses.replace(content, candidates=[dataclasses.replace(first, comment=special), *rest])
    text = plain_report(dataclasses.replace(said, warnings=(f"Note: {special}.",)))
    assert 'Comment: "L4-5, -2 z, 3x4 mm"' in text
    assert block(text, "NOTES") == ["Note: L4-5, -2 z, 3x4 mm."]
    assert text.encode("ascii").decode("ascii") == text


def test_decisions_have_name_and_time_and_what_was_set_aside_is_counted_and_named(content):
    first, second, *rest = content.candidates
    said = [
        dataclasses.replace(first, status="accepted", acts=(ReaderAct("Anna A.", TIME, "status", "accepted"),)),
        dataclasses.replace(second, status="rejected", acts=(ReaderAct("", TIME, "status", "rejected"),)),
        *rest,
    ]
    text = plain_report(dataclasses.replace(content, candidates=said))
    assert "Accepted by Anna A., 2026-03-01 14:20." in text
    assert "Rejected by reader not named, 2026-03-01 14:20" in block(text, "SET APART")[1]
    assert not any(line.startswith(f"{second.rank}. ") for line in block(text, "MEASURES"))


def test_two_readers_stand_beside_each_other_and_a_hidden_one_is_not_told(content):
    one = content.candidates[0]
    signed = dataclasses.replace(one, status="accepted", acts=(ReaderAct("Anna A.", TIME, "status", "accepted"),))
    other = dataclasses.replace(one, status="rejected", acts=(ReaderAct("Bert B.", TIME, "status", "rejected"),))
    both = Readers((ReaderReading("Anna A.", [signed]), ReaderReading("Bert B.", [other])))
    lines = block(plain_report(dataclasses.replace(content, readers=both)), "REVIEW")
    assert lines[0] == "The readers decided alike on 0 of 1."
    assert "differ in verdict" in lines[1]
    assert "Anna A.: accepted, 2026-03-01 14:20; Bert B.: rejected, 2026-03-01 14:20" in lines[1]
    hidden = Readers((ReaderReading("Bert B.", [other]),), 0, 1)
    text = plain_report(dataclasses.replace(content, readers=hidden))
    assert "Anna" not in text
    assert "blind" in block(text, "REVIEW")[0]


def test_a_reader_who_has_not_decided_yet_does_not_differ(content):
    one = content.candidates[0]
    signed = dataclasses.replace(one, status="accepted", acts=(ReaderAct("Anna A.", TIME, "status", "accepted"),))
    pending = dataclasses.replace(one, status="pending", acts=())
    both = Readers((ReaderReading("Anna A.", [signed]), ReaderReading("Bert B.", [pending])))
    lines = block(plain_report(dataclasses.replace(content, readers=both)), "REVIEW")
    assert lines == ["1 finding is not decided by every reader yet."]


def test_a_case_without_anything_says_so(content):
    bare = plain_content([])
    text = plain_report(bare)
    assert block(text, "FINDINGS BY LEVEL AND SIDE") == ["No candidate pain generator was found."]
    assert block(text, "LEVELS") == ["No level of the spine is named in this case."]


def test_an_edited_text_is_kept_and_is_marked_when_the_facts_changed():
    edit = ReportEdit("My words.", "facts\n", "Anna A.", TIME)
    assert final_text("facts\n", None) == "facts\n"
    assert final_text("facts\n", edit) == "My words.\n"
    marked = final_text("other facts\n", edit)
    assert marked.startswith("[The findings changed after this text was edited by Anna A. on 2026-03-01 14:20.")
    assert "My words." in marked
    assert marked.endswith(f"{AS_COMPUTED}\n\nother facts\n")
    assert not edit.is_outdated("facts\n")
