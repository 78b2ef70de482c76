"""Two readers: names and times on all that is decided, a blind second review, both beside each other."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import json
import zipfile

import pytest
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Session.session import Session
from session_hands import all_lists, assert_scene_shows_the_list, get, paint_larger, segments_of, with_uptake

pytestmark = [pytest.mark.scene, pytest.mark.slow]

ANNA, BERT = "Anna A.", "Bert B."


def without_acts(lists: list[list[dict]]) -> list[list[dict]]:
    skipped = ("acts", "decided_by", "decided_at")
    return [[{k: v for k, v in entry.items() if k not in skipped} for entry in entries] for entries in lists]


def acts_of(session: Session, candidate_id: str) -> list[tuple[str, str, str]]:
    return [(act.reader, act.act, act.detail) for act in get(session, candidate_id).acts]


def test_every_decision_comment_and_outline_has_name_and_time(session):
    session.reading.set_name(f"  {ANNA} \n")
    first, second, third = (c.id for c in session.candidates()[:3])
    session.accept([first])
    session.comment(first, "typical")
    session.rename(first, "facet joint", "left", "L2/L3")
    hot = with_uptake(session)
    paint_larger(session, hot)
    assert session.segment_edited(hot)
    session.delete([third])
    assert acts_of(session, first)[:3] == [
        (ANNA, "status", "accepted"),
        (ANNA, "comment", "typical"),
        (ANNA, "name", "left facet joint L2/L3"),
    ]
    assert acts_of(session, hot)[-1] == (ANNA, "outline", "")
    assert acts_of(session, second) == ([] if second != hot else [(ANNA, "outline", "")])
    (gone,) = session.reading.readers().readings[0].deleted
    assert (gone.id, gone.acts[-1].act) == (third, "deleted")
    time = datetime.datetime.fromisoformat(get(session, first).acts[0].time)
    assert time.utcoffset() is not None
    assert abs(datetime.datetime.now().astimezone() - time) < datetime.timedelta(minutes=5)
    session.undo()
    assert session.reading.readers().readings[0].deleted == ()
    for _act in range(4):
        session.undo()
    assert acts_of(session, first) == []
    session.redo()
    assert acts_of(session, first) == [(ANNA, "status", "accepted")]


def test_no_name_is_made_up_and_a_name_given_later_is_written_on_the_acts_of_this_session_only(session):
    first, second = (c.id for c in session.candidates()[:2])
    session.accept([first])
    assert acts_of(session, first) == [("", "status", "accepted")]
    assert session.reading.unnamed() == 1
    early = dataclasses.replace(get(session, first).acts[0], time="2020-01-01T00:00:00+00:00")
    get(session, first).acts = (early,)
    session.reject([second])
    session.reading.set_name(ANNA)
    assert session.reading.sign() == 1
    assert acts_of(session, first) == [("", "status", "accepted")]
    assert acts_of(session, second) == [(ANNA, "status", "rejected")]
    session.undo()
    session.redo()
    assert acts_of(session, second) == [(ANNA, "status", "rejected")]


def test_a_second_reader_sees_nothing_of_the_first_and_then_both(host, session, tmp_path):
    found = without_acts(all_lists(session))
    session.reading.set_name(ANNA)
    hot = with_uptake(session)
    others = [c.id for c in session.candidates() if c.id != hot]
    session.accept([hot])
    session.comment(hot, "the one")
    paint_larger(session, hot)
    session.segment_edited(hot)
    session.delete([others[0]])
    brought = session.set_apart()[0].id
    session.bring_back([brought])
    of_anna = all_lists(session)

    with pytest.raises(PainGeneratorError, match="needs a name"):
        session.reading.begin_blind(" ")
    with pytest.raises(PainGeneratorError, match="has read this case"):
        session.reading.begin_blind(ANNA)
    session.reading.begin_blind(BERT)
    assert without_acts(all_lists(session)) == found
    assert_scene_shows_the_list(session)
    assert session.undo_text is None
    assert all(not c.acts for c in session.candidates())
    with pytest.raises(PainGeneratorError):
        session.reading.show(0)
    with pytest.raises(PainGeneratorError, match="blind"):
        session.reading.set_name(ANNA)
    session.reject([hot])
    session.accept([others[0]])
    exported = session.export(tmp_path / "blind", {"report", "tables", "scene"})
    with zipfile.ZipFile(exported / "case.mrb") as bundle:
        for name in bundle.namelist():
            held = bundle.read(name)
            assert not any(word.encode() in held for word in (ANNA, '"the one"', "&quot;the one&quot;")), name
    for name in ("candidates.json", "candidates.csv", "readers.csv", "report.html"):
        text = (exported / name).read_text(encoding="utf-8")
        assert ANNA not in text, name
        assert "the one" not in text, name
    assert json.loads((exported / "candidates.json").read_text())["readers"]["hidden_readings"] == 1
    of_bert = all_lists(session)

    host.save_mrb(tmp_path / "blind.mrb")
    with HeadlessHost() as other:
        other.load_mrb(tmp_path / "blind.mrb")
        again = Session(other.scene)
        assert again.reading.is_blind
        assert len(again.reading.readers().readings) == 1
        assert all_lists(again) == of_bert
        again.reading.show_all()
        again.reading.show(0)
        assert all_lists(again) == of_anna
        assert_scene_shows_the_list(again)
        again.reading.show(1)
        assert all_lists(again) == of_bert

    session.reading.show_all()
    readers = session.reading.readers()
    assert [reading.label for reading in readers.readings] == [ANNA, BERT]
    rows = {row.first.id: row for row in readers.rows}
    assert [cell.verdict for cell in rows[hot].cells] == ["accepted", "rejected"]
    assert rows[hot].differs == ("verdict", "outline")
    assert [cell.verdict for cell in rows[others[0]].cells] == ["deleted", "accepted"]
    assert [cell.verdict for cell in rows[brought].cells] == ["pending", "set apart"]
    assert rows[others[-1]].differs == ()
    session.reading.show(0)
    assert all_lists(session) == of_anna
    with pytest.raises(PainGeneratorError, match="is that of Anna"):
        session.undo()
    session.reading.set_name(ANNA)
    assert all_lists(session) == of_anna
    session.undo()
    assert brought in [c.id for c in session.set_apart()], "each reader has an own history"
    session.redo()
    session.reading.show(1)
    assert session.undo_text == f"{others[0]} accepted"

    exported = session.export(tmp_path / "both", {"report", "tables"})
    said = json.loads((exported / "candidates.json").read_text())["readers"]
    assert [reading["reader"] for reading in said["readings"]] == [ANNA, BERT]
    assert [reading["is_shown"] for reading in said["readings"]] == [False, True]
    listed = list(csv.DictReader(io.StringIO((exported / "readers.csv").read_text())))
    assert {(row["reading"], row["verdict"]) for row in listed if row["id"] == hot} == {
        (ANNA, "accepted"),
        (BERT, "rejected"),
    }
    report = (exported / "report.html").read_text(encoding="utf-8")
    assert ANNA in report
    assert BERT in report
    assert "verdict, outline" in report


def test_an_open_second_reader_signs_what_he_changes_and_the_first_is_still_named(session):
    first, second = (c.id for c in session.candidates()[:2])
    session.reading.set_name(ANNA)
    session.accept([first, second])
    session.reading.set_name(BERT)
    session.reject([first])
    assert [act.reader for act in get(session, first).acts] == [ANNA, BERT]
    assert get(session, first).decision.reader == BERT
    assert get(session, second).to_json()["decided_by"] == ANNA


def test_a_new_run_and_another_level_keep_both_readings(session):
    session.reading.set_name(ANNA)
    hot = with_uptake(session)
    session.accept([hot])
    session.reading.begin_blind(BERT)
    session.reject([hot])
    session.reading.show_all()
    session.preview(1.25, "adaptive")
    session.commit_preview()
    by_label = {r.label: [c.status for c in r.candidates] for r in session.reading.readers().readings}
    assert by_label[ANNA].count("accepted") == 1
    assert by_label[BERT].count("rejected") == 1
    disc = next(row.site for row in session.sites.rows if row.site.name == "disc L3/L4")
    session.name_level("L4/L5", disc.center_ras)
    names = [[c.place.name for c in r.candidates] for r in session.reading.readers().readings]
    assert names[0] == names[1]
    session.undo()
    again = [[c.place.name for c in r.candidates] for r in session.reading.readers().readings]
    assert again[0] == again[1]
    assert segments_of(session)


def test_what_a_new_run_does_not_find_again_keeps_its_signs(session):
    session.reading.set_name(ANNA)
    chosen = session.candidates()[0].id
    session.accept([chosen])
    session.run("find")
    assert acts_of(session, chosen) == [(ANNA, "status", "accepted")]


def test_what_was_deleted_stays_deleted_in_a_new_run_and_that_is_said(session):
    session.reading.set_name(ANNA)
    gone = session.candidates()[0]
    count = len(session.candidates())
    session.delete([gone.id])
    session.run("find")
    assert len(session.candidates()) == count - 1
    assert [c.id for c in session.reading.readers().readings[0].deleted] == [gone.id]
    assert f"{gone.place.name} was found again and stays off the list" in " ".join(session.warnings)
