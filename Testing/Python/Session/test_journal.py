"""Crash safety: what a killed program leaves, and going on where it ended."""

from __future__ import annotations

import datetime
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.reference_edits import EditKind
from PainGeneratorLib.Report.case_outputs import plain_text
from PainGeneratorLib.Scene.markups import read_points
from PainGeneratorLib.Session import journal_file
from PainGeneratorLib.Session.journal_file import JournalFile, left_behind, read_lines, tidy
from PainGeneratorLib.Session.recovery import left_journals
from PainGeneratorLib.Session.session import Session
from PainGeneratorLib.Session.types import StepState
from session_hands import all_lists, assert_scene_shows_the_list, get

HERE = Path(__file__).parent


# --- the file


def test_a_line_is_on_the_disk_at_once_and_the_file_is_its_owners_alone(tmp_path):
    folder = tmp_path / "new" / "journals"
    journal = JournalFile(folder)
    journal.append({"text": "line\nwith an end", "number": 1.5})
    assert read_lines(journal.path) == [{"text": "line\nwith an end", "number": 1.5}]
    if os.name == "posix":
        assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    journal.append({"second": True})
    assert len(read_lines(journal.path)) == 2
    journal.delete()
    assert not folder.exists(), "nothing stays behind"
    journal.delete()


def test_a_journal_that_is_cut_in_a_line_is_read_up_to_there(tmp_path):
    journal = JournalFile(tmp_path)
    for number in range(3):
        journal.append({"number": number, "text": "\N{GREEK SMALL LETTER ALPHA}" * 20})
    whole = journal.path.read_bytes()
    ends = [n for n, byte in enumerate(whole) if byte == ord("\n")]
    cut = tmp_path / "journal-cut.jsonl"
    for length in range(len(whole) + 1):
        cut.write_bytes(whole[:length])
        assert [line["number"] for line in read_lines(cut)] == list(range(sum(end < length for end in ends)))
    cut.write_bytes(whole[: ends[0] + 1] + b"\x00garbage\n" + whole[ends[0] + 1 :])
    assert [line["number"] for line in read_lines(cut)] == [0]


def test_a_line_that_cannot_be_written_whole_leaves_the_lines_before_and_after_it(tmp_path, monkeypatch):
    journal, write = JournalFile(tmp_path), os.write
    journal.append({"number": 0})

    def full(file, line):
        if len(line) < 10:
            raise OSError(28, "No space left on device")
        return write(file, line[:5])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        journal.append({"number": 1, "text": "long"})
    monkeypatch.undo()
    journal.append({"number": 2})
    assert [line["number"] for line in read_lines(journal.path)] == [0, 2]
    journal.delete()


def test_a_journal_that_a_program_writes_is_not_offered_and_one_without_a_program_is(tmp_path):
    mine = JournalFile(tmp_path)
    mine.append({"a": 1})
    other = tmp_path / "journal-other.jsonl"
    other.write_bytes(mine.path.read_bytes())
    assert left_behind(tmp_path) == [other]
    assert left_behind(tmp_path / "none") == []
    mine.delete()


def test_old_journals_and_empty_ones_are_tidied_and_others_stay(tmp_path):
    now = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    for name, days, content in (("old", 31, b"{}\n"), ("new", 29, b"{}\n"), ("empty", 0, b"")):
        path = tmp_path / f"journal-{name}.jsonl"
        path.write_bytes(content)
        time = (now - datetime.timedelta(days=days)).timestamp()
        os.utime(path, (time, time))
    (tmp_path / "something else").write_text("kept")
    assert {path.name for path in tidy(tmp_path, now)} == {"journal-old.jsonl", "journal-empty.jsonl"}
    assert {path.name for path in tmp_path.iterdir()} == {"journal-new.jsonl", "something else"}


def test_what_is_no_journal_is_not_offered(tmp_path):
    (tmp_path / "journal-1.jsonl").write_bytes(b"no journal\n")
    (tmp_path / "journal-2.jsonl").write_bytes(b'{"schema":4}\n')
    assert left_journals(tmp_path) == []
    assert left_journals(None) == []


# --- a session


@pytest.fixture
def session(host, found_bundle, tmp_path):
    host.load_mrb(found_bundle)
    return Session(host.scene, None, None, plain_text, tmp_path / "journals")


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*")) if folder.is_dir() else []


def linked(session: Session) -> set[str]:
    """Ids of the candidates whose hot spots are objects of the list of hot spots of the case."""
    spots = {id(spot) for spot in session.analysis().hot_spots}
    return {c.id for c in session.candidates() if c.hot_spots and all(id(spot) in spots for spot in c.hot_spots)}


@pytest.mark.scene
@pytest.mark.slow
def test_a_journal_begins_with_the_first_act_and_ends_with_a_save_or_a_close(host, session, tmp_path):
    folder = tmp_path / "journals"
    first, second = (c.id for c in session.candidates()[:2])
    session.highlight(first)
    assert files(folder) == []
    session.reading.set_name("Anna A.")
    assert files(folder) == [], "a name alone is no decision"
    session.accept([first])
    (path,) = files(folder)
    assert "Anna" not in path.name
    patient = session.header()["patient"]
    assert patient not in str(path)
    assert not session.journal.end_if_saved()
    before = path.stat().st_size
    session.reject([second])
    grown = path.stat().st_size - before
    assert 0 < grown < before / 2, "a further line holds what changed only"
    host.save_mrb(tmp_path / "saved.mrb")
    assert session.journal.end_if_saved()
    assert files(folder) == []
    session.comment(first, "again")
    assert len(files(folder)) == 1
    session.close()
    assert files(folder) == []


@pytest.mark.scene
@pytest.mark.slow
def test_a_journal_that_cannot_be_written_is_told_once_and_the_act_is_done(session, monkeypatch):
    def full(self, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_file.JournalFile, "append", full)
    first, second = (c.id for c in session.candidates()[:2])
    session.accept([first])
    session.accept([second])
    assert [get(session, one).status for one in (first, second)] == ["accepted"] * 2
    assert sum("No space left" in text for text in session.warnings) == 1


@pytest.mark.scene
@pytest.mark.slow
@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_disk_that_was_full_for_a_while_leaves_no_gap(session, monkeypatch, failing):
    append, calls = journal_file.JournalFile.append, []

    def full_once(self, content):
        calls.append(content)
        if len(calls) == failing + 1:
            raise OSError(28, "No space left on device")
        append(self, content)

    monkeypatch.setattr(journal_file.JournalFile, "append", full_once)
    first, second, third = (c.id for c in session.candidates()[:3])
    for one in (first, second, third):
        session.accept([one])
    header, *lines = read_lines(session.journal.path)
    assert header["schema"]
    entries = {entry.id: entry for line in lines for entry in line["entries"]}
    assert len(entries) == len(session.candidates()) + len(session.set_apart()) + len(session.attention())
    assert [entries[one].status for one in (first, second, third)] == ["accepted"] * 3


@pytest.mark.scene
@pytest.mark.slow
def test_a_comment_that_was_finished_is_no_draft_any_more(session):
    first = session.candidates()[0].id
    session.journal.draft(first, "typed")
    assert read_lines(session.journal.path)[-1]["draft"] == [first, "typed"]
    session.comment(first, "typed")
    session.undo()
    assert read_lines(session.journal.path)[-1]["draft"] is None


@pytest.mark.scene
@pytest.mark.slow
def test_a_journal_is_not_deleted_before_it_is_kept_anew(host, session, found_bundle, monkeypatch):
    session.accept([session.candidates()[0].id])
    path = session.journal.path
    kept = path.read_bytes()
    session.close()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(kept)
    host.load_mrb(found_bundle)
    again = Session(host.scene, None, None, plain_text, path.parent)
    (left,) = again.recovery.left()

    def full(self, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_file.JournalFile, "append", full)
    again.recovery.take_up(left)
    assert left.path.exists()


@pytest.mark.scene
@pytest.mark.slow
def test_a_killed_program_loses_nothing_and_the_next_one_goes_on_where_it_ended(host, found_bundle, tmp_path):
    folder, answer = tmp_path / "journals", tmp_path / "answer.json"
    program = [sys.executable, str(HERE / "crashing_session.py"), str(found_bundle), str(folder), str(answer)]
    paths = os.pathsep.join([str(HERE), str(HERE.parent), *sys.path])
    done = subprocess.run(program, env={**os.environ, "PYTHONPATH": paths}, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    said = json.loads(answer.read_text())

    with HeadlessHost() as empty:
        offered = Session(empty.scene, None, None, plain_text, folder).recovery.left()
        assert len(offered) == 1
        with pytest.raises(PainGeneratorError, match="Run the steps"):
            Session(empty.scene, None, None, plain_text, folder).recovery.take_up(offered[0])

    host.load_mrb(found_bundle)
    session = Session(host.scene, None, None, plain_text, folder)
    (left,) = session.recovery.left()
    assert left.scene_file is None or left.scene_file.is_file()
    age = datetime.datetime.now().astimezone() - datetime.datetime.fromisoformat(left.time)
    assert age < datetime.timedelta(minutes=10)
    assert session.recovery.has_images(left)
    before, linked_before = all_lists(session), linked(session)
    assert linked_before
    session.recovery.put_off(left)
    assert session.recovery.left() == []
    session.recovery.take_up(left)
    lists = all_lists(session)
    drafted = said["draft"]
    assert get(session, drafted).comment == "half a sent"
    session.undo()
    assert all_lists(session) == said["lists"]
    assert lists != before
    assert_scene_shows_the_list(session)
    assert session.report_text.text() == "My words."
    assert session.reading.name == "Anna A."
    assert linked(session) >= linked_before & {c.id for c in session.candidates() if c.origin == "automatic"}
    assert not left.path.exists()
    assert session.journal.path is not None, "it is kept anew until it is saved"
    assert session.journal.path.exists()


@pytest.mark.scene
@pytest.mark.slow
def test_regions_references_pain_sites_and_the_judged_alignment_are_taken_up(host, session, found_bundle, tmp_path):
    center = session.position_of(session.candidates()[0].id)
    session.add_region(center, 12.0)
    assert session.journal.path is not None, "a region is work of the reader, too"
    job = session.reference_job(EditKind.WITHOUT_TISSUE, "muscle")
    job.compute()
    session.take_references(job)
    session.accept([session.candidates()[0].id])
    role = next(row["role"] for row in session.alignment_rows() if row["role"] == "PET")
    session.use_scanner_alignment(role)
    session.set_pain_sites(center[None] + 5.0)
    lists, regions, edits = all_lists(session), session.regions(), session.ground().edits
    path = session.journal.path
    kept = path.read_bytes()
    session.close()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(kept)

    host.load_mrb(found_bundle)
    again = Session(host.scene, None, None, plain_text, path.parent)
    (left,) = again.recovery.left()
    again.recovery.take_up(left)
    assert again.ground().edits == edits
    assert edits
    assert all_lists(again) == lists
    assert [(one.id, one.diameter_mm, one.ratio) for one in again.regions()] == [
        (one.id, one.diameter_mm, one.ratio) for one in regions
    ]
    assert again.pain_sites == pytest.approx(center[None] + 5.0)
    assert read_points(again.node_of("pain-sites"))[0] == pytest.approx(center[None] + 5.0)
    (row,) = (row for row in again.alignment_rows() if row["role"] == role)
    assert (row["kept"], row["reason"]) == ("identity/scanner", "Chosen by the reader.")
    assert again.state("find") is StepState.OUT_OF_DATE


@pytest.mark.scene
@pytest.mark.slow
def test_a_journal_of_other_images_is_refused_and_can_be_discarded(host, session, found_bundle, tmp_path):
    session.accept([session.candidates()[0].id])
    copy = tmp_path / "journals" / "journal-copy.jsonl"
    copy.write_bytes(session.journal.path.read_bytes())
    (left,) = session.recovery.left()
    node = host.scene.GetNodeByID(session.roles()["T1"])
    node.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    assert not session.recovery.has_images(left)
    with pytest.raises(PainGeneratorError, match="other images"):
        session.recovery.take_up(left)
    session.recovery.discard(left)
    assert session.recovery.left() == []
