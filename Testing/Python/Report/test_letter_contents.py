"""What the letter and the plain text say, and that neither contradicts the tables."""

from __future__ import annotations

import dataclasses

import pytest
from PainGeneratorLib.Numerics.core.records import Candidate, LedgerEntry, Place
from PainGeneratorLib.Numerics.core.sites import InterfacePattern, InterfaceZone, SiteTable
from PainGeneratorLib.Numerics.core.words import Evidence, Status
from PainGeneratorLib.Report import advice, letter
from PainGeneratorLib.Report.beside_prosthesis import standing_out
from PainGeneratorLib.Report.content import ReportContent
from PainGeneratorLib.Report.languages import Language, load_language
from PainGeneratorLib.Report.letter import Letter, make_letter
from PainGeneratorLib.Report.person_words import long_time
from PainGeneratorLib.Report.place_words import place_name
from PainGeneratorLib.Report.plain_text import plain_report
from PainGeneratorLib.Report.report import report_html
from PainGeneratorLib.Report.report_tables import suv_section, tracer_words
from PainGeneratorLib.Report.tables import csv_text
from PainGeneratorLib.Report.viewer_inputs import marks_of
from PainGeneratorLib.Workflow.case import GROUP_NOT_GIVEN
from PainGeneratorLib.Workflow.letter_notes import LetterNotes
from report_examples import example_candidates, hip_site_table, plain_content, set_apart_examples, site_row


def pending() -> list[Candidate]:
    """The examples, before anybody reviewed them."""
    return [dataclasses.replace(one, status=str(Status.PENDING), acts=()) for one in example_candidates()]


def content(**changes: object) -> ReportContent:
    return dataclasses.replace(plain_content(pending()), **changes)  # type: ignore[arg-type]


def english(**changes: object) -> Letter:
    return make_letter(content(**changes), Language())


def at(place: Place) -> Candidate:
    return dataclasses.replace(pending()[0], place=place, flags=[])


# --- plain text


def test_the_plain_text_holds_what_the_radiologist_wrote_apart_from_what_the_program_concludes():
    name = next(iter(letter.comment_names(content()).values()))
    notes = LetterNotes("It fits.\n\nThe side, too.", "Block the joint.", {name: "Clear.", "L nothing": "Gone."})
    text = plain_report(content(notes=notes))
    assert "THE RADIOLOGIST'S IMPRESSION\nIt fits.\nThe side, too.\n" in text
    assert "THE RADIOLOGIST'S ADVICE\nBlock the joint.\n" in text
    assert "Clear." in next(line for line in text.splitlines() if line.startswith("- ") and " 1. " in f" {line}")
    assert "L nothing: Gone." in text
    assert "CONCLUSION OF THE PROGRAM" in text
    assert "\nIMPRESSION" not in text


def test_a_text_that_no_longer_fits_the_findings_is_marked_in_the_plain_text_as_well():
    notes = LetterNotes("It fits.", facts="other findings")
    assert f"IMPRESSION\n{letter.OUTDATED}\nIt fits." in plain_report(content(notes=notes))
    assert "RADIOLOGIST" not in plain_report(content())


# --- what speaks against


def with_signs(*entries: tuple[str, float]) -> list[Candidate]:
    one = pending()[0]
    ledger = tuple(LedgerEntry("usual_on_mr", "usual", text, None, points, "us") for text, points in entries)
    return [dataclasses.replace(one, ledger=ledger, flags=[])]


def test_the_strongest_sign_against_a_candidate_is_said_and_weak_ones_are_not():
    found = with_signs(("Usual on MR at this place: bowel. Bowel lies there.", -10.0), ("Little.", -1.0))
    assert english(candidates=found).candidates[0].cautions == (
        "Against it (\N{MINUS SIGN}10.0 points): usual on MR at this place: bowel.",
    )


@pytest.mark.parametrize("code", ["de", "nl"])
def test_in_another_language_it_is_said_by_its_group_without_english_words(code):
    said = make_letter(content(candidates=with_signs(("Usual on MR: bowel.", -10.0))), load_language(code))
    (caution,) = said.candidates[0].cautions
    assert "10.0" in caution
    assert not any(word in caution for word in ("Against", "bowel", "usual", "place"))


# --- two comparisons with the other side


def test_the_mirrored_place_and_the_partner_have_two_names():
    one = dataclasses.replace(pending()[0], left_right_ratio=2.98)
    said = " ".join(english(candidates=[one]).candidates[0].seen)
    assert "2.98 times the mirrored place on the other side" in said
    assert "2.98 times the mirrored place on the other side" in plain_report(content(candidates=[one]))
    html = report_html(content(candidates=[one], sites=hip_site_table()))
    assert "\u00d71.7 of its partner on the other side" in html
    assert "times the other side" not in html


def test_the_ratio_to_the_other_levels_is_that_of_the_ledger():
    entry = LedgerEntry("above_other_levels", "pet", "Uptake 1.6 times that of the other levels.", 1.62, 2.0, "us")
    one = pending()[0]
    spot = dataclasses.replace(one.hot_spots[0], level_ratio=1.99)
    for ledger, said in (((entry,), "1.62 times the same place"), ((), "1.99 times the same place")):
        changed = dataclasses.replace(one, ledger=ledger, hot_spots=[spot])
        assert said in " ".join(english(candidates=[changed]).candidates[0].seen)


# --- beside metal


def zone_entry(clearness: float) -> Candidate:
    _faint, one = set_apart_examples()
    spot = dataclasses.replace(one.hot_spots[0], clearness=clearness)
    place = Place("right femur beside the stem, Gruen 1", "femur", "right", zone="Gruen 1")
    return dataclasses.replace(one, place=place, hot_spots=[spot], ledger=())


def zones(state: str) -> SiteTable:
    table = hip_site_table()
    (zone,) = [InterfaceZone("Gruen 1", state)]
    rows = [row for row in table.rows if row.state != "abnormal"]
    return SiteTable(tuple(rows), interfaces=(InterfacePattern("right", "focal", "x", (zone,)),))


def test_only_clearly_raised_uptake_beside_metal_is_warned_of():
    assert standing_out(content(set_apart=[zone_entry(0.9)])) == []
    assert [place.zone for place in standing_out(content(set_apart=[zone_entry(2.0)]))] == ["Gruen 1"]


def test_what_the_table_of_the_prosthesis_calls_not_raised_is_not_warned_of():
    assert standing_out(content(set_apart=[zone_entry(2.0)], sites=zones("normal"))) == []
    assert standing_out(content(set_apart=[zone_entry(2.0)], sites=zones("abnormal")))


def test_what_the_ledger_calls_not_clear_is_not_warned_of():
    against = LedgerEntry("clear_of_normal", "pet", "Not clear of the normal uptake.", 0.9, -2.0, "us")
    assert standing_out(content(set_apart=[dataclasses.replace(zone_entry(2.0), ledger=(against,))])) == []


def test_a_raised_site_of_the_prosthesis_without_a_candidate_is_warned_of():
    names = [place.name for place in standing_out(content(sites=hip_site_table()))]
    assert names == ["right acetabulum at the cup, DeLee-Charnley II", "right prosthesis head"]
    (alert,) = english(sites=hip_site_table()).alerts
    assert "right prosthesis head" in alert


# --- set aside by the reader


def test_what_the_reader_set_aside_is_counted_beside_an_accepted_candidate():
    one, two, *rest = pending()
    one = dataclasses.replace(one, status=str(Status.ACCEPTED))
    two = dataclasses.replace(two, status=str(Status.REJECTED))
    said = english(candidates=[one, two]).answer[1]
    assert said == f"{letter.SET_ASIDE_ONE} {letter.NOT_A_DIAGNOSIS}"
    three = [dataclasses.replace(other, status=str(Status.PHYSIOLOGIC)) for other in rest]
    assert f"{1 + len(three)} further candidates were set aside" in english(candidates=[one, two, *three]).answer[1]
    assert english(candidates=[one]).answer[1] == f"{letter.ANSWER_NO_OTHER} {letter.NOT_A_DIAGNOSIS}"


def test_the_list_of_the_viewer_has_nothing_that_the_reader_set_aside():
    one, two, *rest = pending()
    two = dataclasses.replace(two, status=str(Status.REJECTED))
    assert [mark for mark, _one in marks_of([*rest, two, one], [])] == ["1", *(str(other.rank) for other in rest)]


# --- names in other languages


@pytest.mark.parametrize(
    ("place", "german"),
    [
        (
            Place("left sacroiliac joint, lower half, iliac side", "sacroiliac joint", "left"),
            "Iliosakralgelenk links, untere Hälfte, Darmbeinseite",
        ),
        (
            Place("left trunk, 56 mm lateral of the midline", "trunk", "left"),
            "Rumpf links, 56 mm seitlich der Mittellinie",
        ),
        (
            Place("left femur beside the stem, Gruen 6 (lateral view 9)", "femur", "left", zone="Gruen 6"),
            "Femur Gruen 6 links, neben dem Schaft, seitliche Ansicht: Gruen 9",
        ),
        (
            Place("left paraspinal region, above left sacroiliac joint", "paraspinal region", "left"),
            "Paraspinale Region links, oberhalb von Iliosakralgelenk links",
        ),
        (
            Place("left paraspinal region at L3, lateral of left pedicle L3", "paraspinal region", "left", "L3"),
            "Paraspinale Region L3 links, seitlich von Pedikel L3 links",
        ),
        (
            Place("left pelvis or flank, 70 mm lateral of and 14 mm behind the spine line", "pelvis or flank", "left"),
            "Becken oder Flanke links, 70 mm seitlich der Linie der Wirbelsäule, "
            "14 mm hinter der Linie der Wirbelsäule",
        ),
        (
            Place("spine, between disc L4/L5 and left psoas L4/L5", "spine", "midline"),
            "Wirbelsäule, zwischen Bandscheibe L4/L5 und Musculus psoas L4/L5 links",
        ),
        (Place("spine, above the moon L4", "spine", "midline"), "Wirbelsäule"),
        (Place("trunk, likely in the midline", "trunk", "midline"), "Rumpf"),
        (
            Place("beside right psoas L3/L4, 7 mm", "psoas", "right", "L3/L4"),
            "Musculus psoas L3/L4 rechts, 7 mm daneben",
        ),
        (Place("superior endplate of L3, right", "upper endplate", "right", "L2/L3"), "Deckplatte L3 rechts"),
    ],
)  # fmt: skip
def test_other_languages_say_where_in_a_structure_or_beside_what_a_place_lies(place, german):
    assert place_name(at(place), load_language("de")) == german
    dutch = place_name(at(place), load_language("nl"))
    assert dutch.count(",") == german.count(",")
    assert not any(f" {word} " in f" {dutch} " for word in ("above", "lateral of", "the", "side", "half", "behind"))


# --- advice


def test_the_advice_fits_the_kind_of_change_and_what_lies_beside():
    endplate = Place("inferior endplate of L2", "lower endplate", "midline", "L2/L3")
    body = Place("vertebral body L4", "vertebral body", "midline", "L4")
    assert "infection" in advice.advice_for(endplate, "Modic I").meaning
    assert "without much inflammation" in advice.advice_for(endplate, "Modic II").meaning
    assert "Active" not in advice.advice_for(body, "Modic II").meaning
    assert "fracture" in advice.advice_for(body, "oedema").meaning
    assert "tumor" in advice.advice_for(body).meaning
    beside = Place("left paraspinal region, above left sacroiliac joint", "paraspinal region", "left")
    assert advice.advice_for(beside, "oedema").confirm == advice.SACROILIAC.confirm
    assert advice.advice_for(Place("left paraspinal region at L3", "paraspinal region", "left")) is advice.MUSCLE
    shaft = advice.advice_for(Place("left femur beside the stem, Gruen 6", "femur", "left", zone="Gruen 6"))
    assert "along stem and cup it is less so" in shaft.common


# --- comparison, group, dates, numbers


def test_without_matched_tissue_the_ratio_is_that_to_the_surroundings():
    one = next(one for one in pending() if one.evidence != Evidence.MR_ONLY and one.tbr is not None)
    said = english(candidates=[dataclasses.replace(one, flags=["no-reference"])]).candidates[0]
    assert "times the tissue around it" in " ".join(said.seen)
    assert "normal tissue" not in " ".join(said.seen)


def test_a_group_that_nobody_gave_is_said_to_be_an_assumption_in_every_language():
    case = dataclasses.replace(content().case, group="low-back")
    made = english(case=case, warnings=[GROUP_NOT_GIVEN])
    assert made.reason.startswith("The clinical group was not given: taken as chronic low back pain")
    assert letter.WARNING_BELOW not in made.not_assessed
    assert english(case=case).reason.startswith("Chronic low back pain of unknown origin")
    german = make_letter(content(case=case, warnings=[GROUP_NOT_GIVEN]), load_language("de")).reason
    assert german.startswith("Die klinische Gruppe war nicht angegeben")
    assert letter.WARNING_BELOW in english(case=case, warnings=[GROUP_NOT_GIVEN, "Another."]).not_assessed


def test_one_site_is_said_in_the_singular():
    rows = [site_row(f"disc {n}", "disc", "midline", n, 1.0) for n in ("L3/L4", "L4/L5")]
    missing = dataclasses.replace(rows[0], state="not assessable", suv_peak=None)
    made = english(sites=SiteTable((missing, rows[1])))
    assert any(text.startswith("One of 2 anatomical sites could not be assessed") for text in made.not_assessed)


def test_times_have_the_form_of_dates():
    assert long_time("2026-11-30T21:12:00+01:00", Language()) == "November 30, 2026, 21:12"
    assert long_time("2026-11-30 21:12", load_language("de")) == "30. November 2026, 21:12"
    assert long_time("yesterday", Language()) == "yesterday"


def test_activity_is_in_mbq_and_the_nuclide_as_people_write_it():
    assert tracer_words("Fluorodeoxyglucose F^18^") == "Fluorodeoxyglucose F-18"
    assert tracer_words("^18^Fluorine") == "^18^Fluorine"
    rows = [{"quantity": "Injected dose", "value": 222.1e6, "unit": "Bq", "source": "header"}]
    said = suv_section(content(suv={"factor": 1.0, "provenance": rows}))
    assert "222.1" in said
    assert "MBq" in said
    assert "e+08" not in said


def test_no_table_holds_minus_zero():
    assert csv_text([{"a": -0.0, "b": -0.5}], {}) == "a,b\r\n0.0,-0.5\r\n"
