"""The letter to the referring physician: what it says, in every language, and nothing that is not so."""

from __future__ import annotations

import dataclasses
import re
import string

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.reader_acts import ActKind, ReaderAct
from PainGeneratorLib.Numerics.core.records import FLAG_TEXTS, Place
from PainGeneratorLib.Numerics.core.sites import SiteTable
from PainGeneratorLib.Numerics.core.words import Evidence, Status
from PainGeneratorLib.Report import (
    advice,
    against,
    attention_words,
    key_captions,
    letter,
    letter_html,
    person_words,
    place_words,
    report,
    site_words,
    viewer,
    where_words,
    words,
)
from PainGeneratorLib.Report.content import ReportCase, ReportContent
from PainGeneratorLib.Report.languages import LANGUAGE_NAMES, Language, load_language
from PainGeneratorLib.Report.letter import make_letter
from PainGeneratorLib.Report.person_words import age_in_years, long_date, written_name
from PainGeneratorLib.Report.place_words import place_name
from PainGeneratorLib.Report.report import report_html
from PainGeneratorLib.Workflow.letter_notes import LetterNotes
from report_examples import attention_examples, example_candidates

OTHERS = [code for code in LANGUAGE_NAMES if code != "en"]
NOT_SAID = {
    "NOT_ALIGNED",
    "SHORT_STRUCTURES",
    "FLAG_TEXTS",
    "AUTO_UNKNOWN",
    "ASSUMED_NONE_GIVEN",
    "ABOVE_LEVELS",
    "_LEVEL",
}
"""Constants of the modules of the letter that are no messages."""


def constants(module) -> list[str]:
    """The texts among the constants of a module, those in tables included."""
    found = []
    for name, value in vars(module).items():
        if not name.isupper() or name in NOT_SAID:
            continue
        if isinstance(value, str):
            found.append(value)
        elif hasattr(value, "values"):
            found += [text for text in value.values() if isinstance(text, str)]
    return found


def messages() -> set[str]:
    """Every message that the letter can say."""
    found = {text for module in (letter, letter_html, place_words, against, where_words) for text in constants(module)}
    found |= {text for flag, text in FLAG_TEXTS.items() if flag not in letter.HIDDEN_FLAGS}
    found |= {text for pair in letter_html.TERMS for text in pair}
    found |= {text for one in advice.ALL_ADVICE for text in (one.meaning, one.confirm, one.common)}
    found |= {report.PRINTED_FIRST, report.PRINTED_REST, report.PRINT_WHOLE}
    found |= {message for _pattern, message in attention_words.FORMS}
    found |= set(constants(key_captions)) | {word for pair in key_captions.DIRECTIONS for word in pair}
    found |= {*viewer.viewer_messages(), *Evidence, report.NO_DEVICE}
    found |= {*person_words.MONTHS, *person_words.SEXES.values(), person_words.DATE_FORM}
    found |= {*place_words.NAMED_STRUCTURES, site_words.PELVIS, site_words.BOTH_HIPS, "Hips", "Right hip", "Left hip"}
    return found


def blanks(text: str) -> set[str]:
    return {name for _text, name, _form, _conversion in string.Formatter().parse(text) if name}


def pending_candidates():
    """The examples, before anybody reviewed them."""
    found = example_candidates()
    for one in found:
        one.status, one.acts = str(Status.PENDING), ()
    return found


def content(**changes) -> ReportContent:
    case = ReportCase(
        patient_name="Smith^Anna", patient_id="7", birth_date="1971-04-03", study_date="2026-02-17", sex="F",
        group="low-back", pain_side="left",
    )  # fmt: skip
    plain = ReportContent(case, pending_candidates(), "2026-03-01 14:20", "0.2.0", suv={"factor": 1.0})
    return dataclasses.replace(plain, **changes)


def english(**changes) -> letter.Letter:
    return make_letter(content(**changes), Language())


# --- languages


@pytest.mark.parametrize("code", OTHERS)
def test_every_message_has_a_translation_with_the_same_blanks(code):
    language = load_language(code)
    assert sorted(text for text in messages() if not language.knows(text)) == []
    for text, translation in language.messages.items():
        assert blanks(text) == blanks(translation), text
        assert translation.strip()


@pytest.mark.parametrize("code", OTHERS)
def test_no_catalog_holds_what_is_never_said(code):
    said = messages() | {letter.WARNING_BELOW, "Name not known", "Date of the examination not known"}
    said |= {"FDG-PET/MRI: candidate pain generators"}
    assert sorted(set(load_language(code).messages) - said) == []


@pytest.mark.parametrize("code", OTHERS)
def test_right_and_left_are_not_exchanged_in_a_language(code):
    language = load_language(code)
    right, left = {"de": ("rechts", "links"), "nl": ("rechts", "links")}[code]
    assert (language.say("on the right"), language.say("on the left")) == (right, left)
    for english_text, translation in language.messages.items():
        if re.search(r"\bright\b", english_text, re.IGNORECASE) and "left" not in english_text:
            assert right[:5] in translation.lower()
        if re.search(r"\bon the left\b", english_text) and "right" not in english_text:
            assert left[:4] in translation.lower()


@pytest.mark.parametrize("code", OTHERS)
def test_numbers_are_the_same_in_every_language(code):
    def numbers(text: str) -> list[str]:
        return re.findall(r"\d+(?:\.\d+)?", text)

    for english_text, translation in load_language(code).messages.items():
        assert sorted(numbers(english_text)) == sorted(numbers(translation)), english_text
    one, other = english(), make_letter(content(), load_language(code))
    for a, b in zip(one.candidates, other.candidates, strict=True):
        assert sorted(numbers(" ".join([*a.seen, a.sure]))) == sorted(numbers(" ".join([*b.seen, b.sure])))


@pytest.mark.parametrize("code", OTHERS)
def test_the_letter_is_in_its_language_and_the_details_say_that_they_are_english(code):
    html = report_html(content(language=code))
    assert f'<html lang="{code}">' in html
    assert 'class="details" lang="en"' in html
    part = html[: html.index('class="details"')]
    for text in (letter_html.SEEN, letter_html.CONFIRM, letter.NOT_REVIEWED):
        assert text not in part


def test_an_unknown_language_is_refused_with_those_that_there_are():
    with pytest.raises(PainGeneratorError, match="no report in the language 'xx'") as found:
        load_language("xx")
    assert "Deutsch" in str(found.value.advice)


# --- who, when, why


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        ("Smith^Anna^Maria^Dr.^Jr.", "Dr. Anna Maria Smith Jr."),
        ("Phantom^PG", "PG Phantom"),
        ("Müller", "Müller"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Tarou Yamada"),
        ("=山田^太郎", "山田 太郎"),
        ("de  Vries^Jan^^^", "Jan de Vries"),
        ("^^^^", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_name_is_written_as_people_write_it(stored, written):
    assert written_name(stored) == written


def test_dates_have_their_month_in_words_and_odd_ones_stay():
    assert long_date("2025-02-03", Language()) == long_date("20250203", Language()) == "February 3, 2025"
    assert long_date("2025-02-03", load_language("de")) == "3. Februar 2025"
    assert long_date("2025-02-31", Language()) == "2025-02-31"
    assert long_date("spring 2025", Language()) == "spring 2025"
    assert long_date(None, Language()) == ""


def test_the_age_is_in_full_years_and_never_guessed():
    assert age_in_years("1971-04-03", "2026-04-02") == 54
    assert age_in_years("1971-04-03", "2026-04-03") == 55
    assert age_in_years("2027-01-01", "2026-04-03") is None
    assert age_in_years(None, "2026-04-03") is None


def test_a_pseudonym_hides_who_the_patient_is():
    html = report_html(content(pseudonymized=True, pseudonym="STUDY-7"))
    assert "STUDY-7" in html
    for word in ("Anna", "Smith", "1971", "April 3", "54 years"):
        assert word not in html


# --- the answer


def test_the_answer_names_the_strongest_candidate_then_the_others_then_who_reviewed():
    answer = english().answer
    assert answer[0] == (
        "The strongest candidate for a source of the pain is: facet joint L4/L5, left "
        "(strong evidence; PET and MR agree)."
    )
    assert "a place to look at, not a diagnosis" in answer[1]
    assert answer[2] == "No radiologist has reviewed these candidates yet."


def test_an_accepted_candidate_comes_before_better_ones_that_nobody_reviewed():
    found = pending_candidates()
    found[1].status = str(Status.ACCEPTED)
    found[1].acts = (ReaderAct("Dr. Read", "2026-02-18T10:00:00+01:00", str(ActKind.STATUS), "accepted"),)
    made = english(candidates=found)
    assert made.candidates[0].id == found[1].id
    assert "that the radiologist accepted" in made.answer[0]
    assert made.answer[2].startswith("1 of 3 candidates")
    assert "Dr. Read" in made.candidates[0].review


def test_what_the_reader_rejected_is_no_candidate_of_the_letter():
    found = example_candidates()
    for one in found:
        one.status = str(Status.REJECTED)
    made = english(candidates=found)
    assert made.candidates == ()
    assert made.answer[0] == letter.NONE_LEFT


def test_nothing_found_is_not_the_same_as_nothing_that_could_be_assessed():
    assert english(candidates=[]).answer[0] == letter.NONE_FOUND
    blind = english(candidates=[], suv={})
    assert blind.answer[0] == letter.NONE_MEASURED
    assert letter.NO_SUV in blind.not_assessed
    assert letter.NO_SITES in blind.not_assessed
    assert all(letter.NOT_RULED_OUT in made.answer for made in (english(candidates=[]), blind))


# --- what is doubtful


def test_missing_series_are_said():
    series = [{"role": "PET"}, {"role": "T1"}]
    assert letter.NO_FLUID in english(series=series).not_assessed
    assert letter.NO_T1 in english(series=[{"role": "PET"}, {"role": "FLUID"}]).not_assessed
    both = english(series=[*series, {"role": "FLUID"}]).not_assessed
    assert letter.NO_FLUID not in both
    assert letter.NO_T1 not in both


def test_an_uncertain_level_and_side_are_said_at_the_candidate_in_every_language():
    found = pending_candidates()
    found[0].place = Place(
        "left facet joint L4/L5",
        "facet joint",
        "left",
        "L4/L5",
        flags=("level-uncertain",),
        side_certainty="uncertain",
    )
    made = english(candidates=found)
    assert letter.LEVEL_UNCERTAIN in made.candidates[0].cautions
    assert letter.SIDE_UNCERTAIN in made.candidates[0].cautions
    assert made.candidates[0].place.endswith("side uncertain, level uncertain")
    assert place_name(found[0], load_language("de")) == "Facettengelenk L4/L5 links, Seite unsicher, Höhe unsicher"


def test_a_state_that_is_not_assessable_is_never_called_normal():
    found = pending_candidates()
    on_pet = next(one for one in found if one.evidence == "PET only")
    on_mr = next(one for one in found if one.evidence == "MR only")
    on_pet.mr_state, on_mr.pet_state = "not assessable", "not assessable"
    said = {one.id: " ".join(one.seen) for one in english(candidates=found).candidates}
    assert letter.MR_UNKNOWN in said[on_pet.id]
    assert letter.UPTAKE_UNKNOWN in said[on_mr.id]
    assert letter.MR_NORMAL not in said[on_pet.id]
    assert letter.UPTAKE_NORMAL not in said[on_mr.id]


def test_every_flag_of_a_candidate_is_said_or_said_in_other_words():
    found = pending_candidates()
    found[0].flags = ["near-implant", "something-new", "level-likely"]
    cautions = english(candidates=found).candidates[0].cautions
    assert FLAG_TEXTS["near-implant"] in cautions
    assert "Something new." in cautions


def test_reasons_of_what_has_to_be_looked_at_are_translated_with_their_measures():
    german = load_language("de")
    said = attention_words.attention_words(
        "Large: 84 ml of raised uptake, SUVmax 6.2. Marrow is replaced over 12 ml on MR (dark on T1, z -4.1).", german
    )
    assert said.startswith("Groß: 84 ml")
    assert "6.2" in said
    assert "12 ml" in said
    assert "Large" not in said
    assert attention_words.attention_words("Odd thing.", german) == "Odd thing."


def test_what_has_to_be_looked_at_stands_in_the_letter():
    made = english(attention=attention_examples())
    assert made.attention[0][0] == "Left psoas L3/L4"


def test_text_of_a_reader_is_escaped():
    found = pending_candidates()
    found[0].comment = "<img src=x onerror=alert(1)>"
    assert "<img src=x" not in report_html(content(candidates=found))


# --- advice


def test_a_zone_of_a_prosthesis_has_the_advice_for_prostheses():
    assert advice.advice_for(Place("x", "femur", "left", zone="Gruen 3")) is advice.PROSTHESIS_ZONE
    assert advice.advice_for(Place("x", "femur", "left")) is advice.HIP
    assert advice.advice_for(Place("x", "trunk", "left")) is advice.OTHER


def test_every_structure_with_advice_is_a_structure_that_places_have():
    assert set(advice.ADVICE) <= set(place_words.NAMED_STRUCTURES)


def test_measures_of_the_letter_have_the_digits_of_the_tables():
    one = example_candidates()[0]
    said = " ".join(english().candidates[0].seen)
    for value, digits in ((one.suv_peak, 2), (one.tbr, 2), (one.left_right_ratio, 2)):
        assert words.number(value, digits) in said


def test_a_letter_without_sites_says_so():
    assert letter.NO_SITES in english(sites=SiteTable()).not_assessed


# --- what people wrote


def test_impression_advice_and_comments_stand_in_the_letter():
    name = next(iter(letter.comment_names(content()).values()))
    notes = LetterNotes("Fits.\n\nSecond <b>part</b>.", "Block.", {name: "Clear.", "L nothing": "Gone."})
    made = english(notes=notes)
    assert (made.impression, made.advice, made.outdated) == (notes.impression, "Block.", "")
    assert made.candidates[0].comment.endswith("Clear.")
    html = report_html(content(notes=notes))
    assert "Second &lt;b&gt;part&lt;/b&gt;." in html
    assert "Comment on L nothing, which is not among the candidates: Gone." in html


def test_a_text_is_marked_when_the_findings_changed_since_and_not_for_another_language():
    facts = letter.letter_facts(content())
    notes = LetterNotes("Fits.", facts=facts)
    assert english(notes=notes).outdated == ""
    assert make_letter(content(notes=notes), load_language("de")).outdated == ""
    hotter = pending_candidates()
    hotter[0].suv_peak = 9.99
    assert english(notes=notes, candidates=hotter).outdated == letter.OUTDATED


def test_a_decision_of_the_reader_does_not_make_the_text_of_the_reader_outdated():
    notes = LetterNotes("Fits.", facts=letter.letter_facts(content()))
    found = pending_candidates()
    found[1].comment, found[1].status = "Seen.", str(Status.ACCEPTED)
    assert english(notes=notes, candidates=found).outdated == ""


def test_two_candidates_of_one_name_have_two_names_for_comments():
    found = pending_candidates()
    found[1].place = found[0].place
    names = list(letter.comment_names(content(candidates=found)).values())
    assert len(set(names)) == len(names)
