"""The text for the report system in a session: computed, edited, given up, taken back, kept."""

from __future__ import annotations

import pytest
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Report.case_outputs import facts_of_letter, plain_text
from PainGeneratorLib.Report.session_export import export_session
from PainGeneratorLib.Session.session import Session

pytestmark = [pytest.mark.scene, pytest.mark.slow]


@pytest.fixture
def session(host, found_bundle):
    host.load_mrb(found_bundle)
    return Session(host.scene, None, export_session, plain_text, None, facts_of_letter)


def test_the_text_follows_the_decisions_until_it_is_edited_and_is_marked_then(host, session, tmp_path):
    text = session.report_text
    first = session.candidates()[0].id
    before = text.text()
    assert "Not yet reviewed." in before
    session.reading.set_name("Anna A.")
    session.accept([first])
    assert "Accepted by Anna A." in text.text()
    text.write(text.text())
    assert text.edit is None, "the computed text is no wording of the reader"

    text.write("My words.\nSecond line.")
    assert (text.text(), text.is_outdated, text.edit.reader) == ("My words.\nSecond line.", False, "Anna A.")
    exported = session.export(tmp_path / "edited", {"report"})
    assert (exported / "report.txt").read_text(encoding="utf-8") == "My words.\nSecond line.\n"
    session.reject([first])
    assert text.is_outdated
    assert text.text() == "My words.\nSecond line."
    assert text.marked_text().startswith("[The findings changed")
    exported = session.export(tmp_path / "outdated", {"report"})
    written = (exported / "report.txt").read_text(encoding="utf-8")
    assert written.startswith("[The findings changed")
    assert written.endswith(text.computed())
    session.undo()
    assert not text.is_outdated, "undo brings the facts back"
    session.redo()

    host.save_mrb(tmp_path / "edited.mrb")
    with HeadlessHost() as other:
        other.load_mrb(tmp_path / "edited.mrb")
        again = Session(other.scene, None, export_session, plain_text, None, facts_of_letter).report_text
        assert again.text() == "My words.\nSecond line."
        assert again.is_outdated
        again.confirm()
        assert not again.is_outdated

    text.use_computed()
    assert text.text() == text.computed()
    assert text.can_use_mine
    text.use_mine()
    assert text.text() == "My words.\nSecond line."


def test_a_blind_reader_does_not_see_the_text_of_the_first(session):
    session.reading.set_name("Anna A.")
    session.accept([session.candidates()[0].id])
    session.report_text.write("What Anna found.")
    session.reading.begin_blind("Bert B.")
    text = session.report_text
    assert text.edit is None
    assert not text.can_use_mine
    assert "Anna" not in text.text()
    text.write("What Bert found.")
    session.reading.show_all()
    session.reading.show(0)
    assert text.text() == "What Anna found."
    session.reading.show(1)
    assert text.text() == "What Bert found."


def test_impression_and_advice_stand_in_the_report_are_marked_when_findings_change_and_are_kept(
    host, session, tmp_path
):
    letter = session.report_text.letter
    first = session.candidates()[0].id
    letter.write("Fits the pain. ", "Block L4.")
    letter.set_language("de")
    assert (letter.notes.impression, letter.is_outdated) == ("Fits the pain.", False)
    session.accept([first])
    assert not letter.is_outdated, "accepting a candidate changes no finding"
    report = (session.export(tmp_path / "one", {"report"}) / "report.html").read_text(encoding="utf-8")
    assert "Fits the pain." in report
    assert "Empfehlung des Radiologen" in report
    assert "Die Befunde haben sich ge\u00e4ndert" not in report
    session.reject([first])
    assert letter.is_outdated
    report = (session.export(tmp_path / "two", {"report"}) / "report.html").read_text(encoding="utf-8")
    assert "Die Befunde haben sich ge\u00e4ndert" in report
    host.save_mrb(tmp_path / "kept.mrb")
    with HeadlessHost() as other:
        other.load_mrb(tmp_path / "kept.mrb")
        again = Session(other.scene, None, export_session, plain_text, None, facts_of_letter).report_text.letter
        assert (again.notes, again.language, again.is_outdated) == (letter.notes, "de", True)
        again.confirm()
        assert not again.is_outdated
