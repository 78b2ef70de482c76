"""What people write for the letter: kept as it is, marked when the findings change, and never lost in silence."""

from __future__ import annotations

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Workflow.letter_notes import LetterNotes, notes_text, parse_notes, unknown_comments

WRITTEN = LetterNotes(
    impression="Fits the pain.\n\n# not a remark\nSecond part [sic].",
    advice="Medial branch block.",
    comments={"R facet L4/5": "Clear.", "L SIJ": "Old?"},
)


def edited(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def test_what_was_written_comes_back_as_it_was():
    back = parse_notes(notes_text(WRITTEN, "aa", ["R facet L4/5"]))
    assert (back.impression, back.advice, dict(back.comments)) == (
        WRITTEN.impression,
        WRITTEN.advice,
        dict(WRITTEN.comments),
    )


def test_the_file_has_a_heading_for_every_candidate():
    text = notes_text(LetterNotes(), "aa", ["R facet L4/5", "L SIJ"])
    assert "[comment: R facet L4/5]" in text
    assert parse_notes(text).is_empty


def test_a_text_written_after_a_report_holds_for_the_findings_of_that_report():
    first = notes_text(LetterNotes(), "aa")
    notes = parse_notes(edited(first, "[impression]\n", "[impression]\nMine.\n"))
    assert notes.facts == "aa"
    assert not notes.is_outdated("aa")
    assert notes.is_outdated("bb")


def test_a_text_stays_outdated_over_runs_until_it_is_changed():
    second = notes_text(LetterNotes(impression="Mine.", facts="aa"), "bb")
    third = notes_text(parse_notes(second), "bb")
    assert parse_notes(third).is_outdated("bb")
    changed = parse_notes(edited(third, "Mine.", "Mine, checked."))
    assert not changed.is_outdated("bb")


def test_deleting_the_line_of_the_program_says_that_the_text_was_checked():
    text = notes_text(LetterNotes(impression="Mine.", facts="aa"), "bb")
    lines = [line for line in text.splitlines() if not line.startswith("#=")]
    notes = parse_notes("\n".join(lines))
    assert not notes.is_outdated("bb")
    assert not parse_notes(notes_text(notes, "bb")).is_outdated("bb")


def test_an_empty_file_is_never_outdated():
    assert not parse_notes(notes_text(LetterNotes(), "aa")).is_outdated("bb")
    assert parse_notes("").is_empty


def test_line_ends_and_a_mark_of_windows_do_no_harm():
    text = "\ufeff" + notes_text(WRITTEN, "aa").replace("\n", "\r\n")
    assert parse_notes(text).impression == WRITTEN.impression
    assert parse_notes(text).facts == "aa"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[impresion]\nx", r"no heading \[impresion\]\. Did you mean \[impression\]"),
        ("x\n[impression]", "stands above the first heading"),
        ("[comment]\nx", "a comment names its candidate"),
        ("[advice: L SIJ]\nx", "a comment names its candidate"),
        ("[advice]\nx\n[Advice]\ny", "stands twice"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_line(text, said):
    with pytest.raises(PainGeneratorError, match=said):
        parse_notes(text)


def test_comments_on_what_is_no_candidate_are_named():
    assert unknown_comments(WRITTEN, ["R facet L4/5"]) == ["L SIJ"]
