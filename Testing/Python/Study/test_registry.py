"""One registry, on SQLite and on PostgreSQL: nothing is lost, everything is noted."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.words import Group, Status
from PainGeneratorLib.Study.history import Action, Conflict
from PainGeneratorLib.Study.records import FollowUp, Patient, Reading, Treatment
from PainGeneratorLib.Study.registry import Registry
from PainGeneratorLib.Study.words import Arm, TreatmentKind
from study_examples import day, full_patient, stored

KILLED_WRITER = """
import datetime, os, signal, sys
from PainGeneratorLib.Study.records import FollowUp
from PainGeneratorLib.Study.registry import Registry

with Registry.open(sys.argv[1]).writing("A") as writer:
    writer.record("P-001", FollowUp(datetime.date(2026, 1, 2), "baseline", nrs_back=7))
    os.kill(os.getpid(), signal.SIGKILL)
"""
"""A program that ends in the middle of its transaction."""


def test_all_that_is_stored_is_read_back_equal(registry: Registry) -> None:
    registry.add_patient(full_patient(), "A. Nurse")
    data = Registry.open(registry.address).load()
    assert data.name == "Low back"
    assert data.patients == (stored(full_patient()),)


def test_every_change_is_kept_with_time_author_and_reason(registry: Registry) -> None:
    registry.add_patient(Patient("P-001", Group.LOW_BACK), "A. Nurse")
    registry.record("P-001", FollowUp(day(1), "baseline", nrs_back=7), "A. Nurse")
    registry.correct("P-001", "follow-up", "1", {"nrs-back": "6,5"}, "B. Doctor", "typing error", 1)
    registry.remove("P-001", "follow-up", "1", "C. Nurse", "wrong patient", 2)
    changes = registry.history("P-001")
    assert [(one.action, one.author, one.reason, one.version) for one in changes] == [
        (Action.ADDED, "A. Nurse", "", 1),
        (Action.ADDED, "A. Nurse", "", 1),
        (Action.CORRECTED, "B. Doctor", "typing error", 2),
        (Action.REMOVED, "C. Nurse", "wrong patient", 3),
    ]
    assert (changes[2].before, changes[2].after) == ({"nrs_back": 7.0}, {"nrs_back": 6.5})
    assert all(one.time.endswith("+00:00") for one in changes)
    assert registry.patient("P-001").follow_ups == ()


def test_the_second_of_two_writers_sees_what_the_first_changed_and_is_refused(registry: Registry) -> None:
    registry.add_patient(Patient("P-001", Group.LOW_BACK), "A")
    registry.record("P-001", FollowUp(day(1), "baseline", nrs_back=7), "A")
    first, second = Registry.open(registry.address), Registry.open(registry.address)
    seen = [one.load().patients[0].follow_ups[0].version for one in (first, second)]
    first.correct("P-001", "follow-up", "1", {"nrs_back": 6}, "B", "misheard", seen[0])
    with pytest.raises(Conflict, match=r"B corrected .*misheard.*nrs_back 7.0 -> 6.0") as refused:
        second.correct("P-001", "follow-up", "1", {"nrs_back": 5}, "C", "misread", seen[1])
    assert refused.value.changes[0].author == "B"
    assert second.patient("P-001").follow_ups[0].nrs_back == 6
    with pytest.raises(Conflict, match="B corrected"):
        second.remove("P-001", "follow-up", "1", "C", "not wanted", seen[1])


def test_many_writers_at_once_lose_nothing(registry: Registry) -> None:
    registry.add_patient(Patient("P-001", Group.LOW_BACK), "A")
    registry.record("P-001", FollowUp(day(0), "baseline", nrs_back=7), "A")
    conflicts, faults = [], []

    def write(number: int) -> None:
        own = Registry.open(registry.address)
        try:
            own.record("P-001", FollowUp(day(number), "6 weeks", nrs_back=number), f"W{number}")
            own.correct("P-001", "follow-up", "1", {"nrs_leg": number}, f"W{number}", "added later", 1)
        except Conflict as conflict:
            conflicts.append(conflict)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(1, 7)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not faults
    found = registry.patient("P-001").follow_ups
    assert sorted(one.number for one in found) == list(range(1, 8))
    assert sorted(one.nrs_back for one in found if one.time_point == "6 weeks") == [1, 2, 3, 4, 5, 6]
    assert len(conflicts) == 5


def test_a_block_of_changes_is_all_or_nothing(registry: Registry) -> None:
    registry.add_patient(Patient("P-001", Group.LOW_BACK), "A")
    before = (registry.load(), registry.history())

    def write() -> None:
        with registry.writing("A") as writer:
            for pseudonym in ("P-001", "P-002"):
                writer.record(pseudonym, FollowUp(day(1), "baseline", nrs_back=7))

    with pytest.raises(PainGeneratorError, match="no patient 'P-002'"):
        write()
    assert (registry.load(), registry.history()) == before


def test_a_writer_that_is_killed_leaves_nothing_half_written(registry: Registry, project_folder: Path) -> None:
    registry.add_patient(Patient("P-001", Group.LOW_BACK), "A")
    before = (registry.load(), registry.history())
    done = subprocess.run(
        [sys.executable, "-c", KILLED_WRITER, registry.address],
        env={**os.environ, "PYTHONPATH": str(project_folder / "PainGenerator")},
    )
    assert done.returncode == -signal.SIGKILL
    assert (registry.load(), registry.history()) == before
    assert registry.record("P-001", FollowUp(day(1), "baseline", nrs_back=7), "B").number == 1


@pytest.mark.parametrize("statement", ["UPDATE history SET author = 'X'", "DELETE FROM history"])
def test_the_database_refuses_to_change_the_history(registry: Registry, statement: str) -> None:
    from sqlalchemy.exc import DatabaseError

    with registry.engine.connect() as connection, pytest.raises(DatabaseError, match="history of a registry is never"):
        connection.exec_driver_sql(statement)
    assert registry.history()[0].author == "A. Nurse"


def test_a_correction_needs_a_reason_and_an_author(registry: Registry) -> None:
    registry.add_patient(Patient("P-001", Group.LOW_BACK), "A")
    with pytest.raises(PainGeneratorError, match="needs a reason"):
        registry.correct("P-001", "patient", "", {"age_years": 61}, "A", "  ", 1)
    with pytest.raises(PainGeneratorError, match="who writes"):
        registry.add_patient(Patient("P-002", Group.LOW_BACK), " ")
    assert registry.correct("P-001", "patient", "", {"group": "low-back"}, "A", "", 1) == 1, "nothing differs"


def test_a_target_has_to_be_a_candidate_of_the_patient(registry: Registry) -> None:
    registry.add_patient(full_patient(), "A")
    with pytest.raises(PainGeneratorError, match=r"no candidate 'PG-07'.*PG-01 left facet joint"):
        registry.record("P-001", Treatment(day(20), Arm.GUIDED, TreatmentKind.SURGERY, candidate="PG-07"), "A")
    with pytest.raises(PainGeneratorError, match="no case 2"):
        registry.record("P-001", Treatment(day(20), Arm.GUIDED, TreatmentKind.SURGERY, 2, "PG-01"), "A")
    with pytest.raises(PainGeneratorError, match="rests on this candidate"):
        registry.remove("P-001", "candidate", "1/PG-01", "A", "not wanted", 1)
    registry.remove("P-001", "candidate", "1/PG-02", "A", "drawn by mistake", 1)
    assert [one.id for one in registry.patient("P-001").cases[0].candidates] == ["PG-01"]
    with pytest.raises(PainGeneratorError, match="rests on this case"):
        registry.remove("P-001", "case", "1", "A", "not wanted", 1)


def test_the_same_record_is_not_stored_twice(registry: Registry) -> None:
    registry.add_patient(full_patient(), "A")
    with pytest.raises(PainGeneratorError, match="recorded for P-001 before, as number 1"):
        registry.record("P-001", FollowUp(day(2), "baseline", nrs_back=7.0), "A")


def test_the_number_of_a_record_that_was_taken_out_is_not_given_again(registry: Registry) -> None:
    registry.add_patient(Patient("P-001", Group.LOW_BACK), "A")
    registry.record("P-001", FollowUp(day(1), "baseline", nrs_back=7), "A")
    registry.remove("P-001", "follow-up", "1", "A", "wrong patient", 1)
    assert registry.record("P-001", FollowUp(day(1), "baseline", nrs_back=7), "A").number == 2


def test_a_field_that_was_empty_is_set_without_a_reason_but_noted(registry: Registry) -> None:
    registry.add_patient(full_patient(), "A")
    said = Reading("C. Reader", Status.ACCEPTED)
    with registry.writing("A") as writer:
        writer.set_fields("P-001", "candidate", "1/PG-02", {"second_reader": said}, 1)
    assert registry.patient("P-001").cases[0].candidates[1].second_reader == said
    assert registry.history()[-1].after == {"second_reader": {"reader": "C. Reader", "status": "accepted", "time": ""}}
    with pytest.raises(PainGeneratorError, match="needs a reason"), registry.writing("A") as writer:
        writer.set_fields("P-001", "candidate", "1/PG-01", {"second_reader": said}, 1)


def test_a_setting_is_kept_with_its_changes_and_never_overwritten_unseen(registry: Registry) -> None:
    with registry.writing("A") as writer:
        writer.set_setting("randomization", {"seed": 7})
    with registry.writing("B", "more sites") as writer:
        assert writer.setting("randomization") == ({"seed": 7}, 1)
        writer.set_setting("randomization", {"seed": 7, "strata": ["site"]}, 1)
    with pytest.raises(Conflict, match="B corrected setting randomization"), registry.writing("C") as writer:
        writer.set_setting("randomization", {"seed": 8}, 1)
    assert registry.load().settings == {"randomization": {"seed": 7, "strata": ["site"]}}


def test_a_second_registry_is_not_made_over_the_first(registry: Registry) -> None:
    with pytest.raises(PainGeneratorError, match=r"already|holds a registry"):
        Registry.create(registry.address, "Other", "A")
    assert Registry.open(registry.address).load().name == "Low back"


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    registry = Registry.create(str(path), "Low back", "A")
    registry.add_patient(full_patient(), "A")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["study.sqlite"], "no file is left beside it"


def test_what_is_no_registry_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("this is no database, but it is long enough to be taken for one" * 20)
    for name, said in (("missing.sqlite", "There is no registry"), ("note.txt", "is no registry")):
        with pytest.raises(PainGeneratorError, match=said):
            Registry.open(str(tmp_path / name))
    with pytest.raises(PainGeneratorError, match="cannot be made"):
        Registry.create(str(tmp_path / "no-folder" / "study.sqlite"), "Low back", "A")


def test_a_password_in_an_address_is_refused() -> None:
    for address in ("postgresql://study:secret@host/study", "postgresql://study@host/study?password=secret"):
        with pytest.raises(PainGeneratorError, match="holds a password") as refused:
            Registry.open(address)
        assert "secret" not in str(refused.value)


def test_a_wrong_password_and_a_server_that_does_not_answer_are_told(
    postgres_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "wrong")
    with pytest.raises(PainGeneratorError, match="password authentication failed"):
        Registry.open(postgres_address)
    with pytest.raises(PainGeneratorError, match="cannot be used"):
        Registry.open("postgresql://study@127.0.0.1:1/study")


def test_an_address_of_another_computer_is_reached_encrypted_only(monkeypatch: pytest.MonkeyPatch) -> None:
    from PainGeneratorLib.Study.address import engine_of
    from sqlalchemy import event

    monkeypatch.delenv("PGSSLMODE", raising=False)
    modes = {}

    class Reached(Exception):
        pass

    for host in ("127.0.0.1", "localhost", "db.hospital.example", "db.hospital.example?sslmode=verify-full"):
        name, _, query = host.partition("?")
        engine = engine_of(f"postgresql://study@{name}/study?{query}")

        def connect(_dialect: object, _record: object, _words: object, options: dict, host: str = host) -> None:
            modes[host] = options.get("sslmode")
            raise Reached

        event.listen(engine, "do_connect", connect)
        with pytest.raises(Reached):
            engine.connect()
    assert list(modes.values()) == [None, None, "require", "verify-full"]
