"""What was exported as DICOM is read back into the case: to continue, to compare two readers, as given outlines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PainGeneratorLib.Headless.cli import BAD_INPUT, DONE, main
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Report.session_export import export_session
from PainGeneratorLib.Session.session import Session
from session_hands import get, paint_larger, with_uptake

pytestmark = [pytest.mark.slow, pytest.mark.scene]
ANNA, BERT = "Anna A.", "Bert B."


@pytest.fixture
def opened(found_bundle: Path, phantom_folder: Path) -> Iterator[Session]:
    """The case as it was found, with nothing decided."""
    from PainGeneratorLib.Exchange.source_images import files_by_uid

    with HeadlessHost() as host:
        host.load_mrb(found_bundle)
        yield Session(host.scene, files_by_uid(phantom_folder / "dicom").get, export_session)


@pytest.fixture(scope="module")
def of_bert(found_bundle: Path, phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The objects of a reader who accepted, rejected, renamed, commented, drew and deleted; and his list."""
    from PainGeneratorLib.Exchange.source_images import files_by_uid

    with HeadlessHost() as host:
        host.load_mrb(found_bundle)
        session = Session(host.scene, files_by_uid(phantom_folder / "dicom").get, export_session)
        session.reading.set_name(BERT)
        hot = with_uptake(session)
        others = [one.id for one in session.candidates() if one.id != hot]
        paint_larger(session, hot)
        session.segment_edited(hot)
        session.accept([hot])
        session.comment(hot, "Worse on extension.")
        session.reject(others[:1])
        session.rename(others[0], "facet joint", "left", "L2/L3")
        brought = session.set_apart()[0].id
        session.bring_back([brought])
        folder = session.export(
            tmp_path_factory.mktemp("bert") / "out", {"dicom", "tables"}, objects=("seg", "mr-seg", "sr")
        )
        return {"folder": folder, "hot": hot, "other": others[0], "brought": brought, "said": said(session)}


def said(session: Session) -> dict[str, tuple[Any, ...]]:
    """By id, what a reader said of each candidate, and how many voxels it has."""
    return {
        one.id: (one.status, one.comment, one.place.name, one.place.structure, one.place.side, one.place.level)
        for one in session.candidates()
    }


def test_a_reading_goes_on_where_its_export_ended(opened: Session, of_bert: dict[str, Any]) -> None:
    notes = opened.take_outlines([of_bert["folder"]], "continue")
    assert said(opened) == of_bert["said"]
    listed = json.loads((of_bert["folder"] / "candidates.json").read_text())["candidates"]
    by_id = {one["id"]: one for one in listed}
    for candidate in opened.candidates():
        assert candidate.volume_ml == pytest.approx(by_id[candidate.id]["volume_ml"], abs=2e-3)
        if candidate.id == of_bert["hot"]:
            assert candidate.suv_max == pytest.approx(by_id[candidate.id]["suv_max"], abs=1e-4)
    decision = get(opened, of_bert["hot"]).decision
    assert decision is not None
    assert decision.reader == BERT
    assert decision.time == by_id[of_bert["hot"]]["decided_at"]
    (note,) = notes
    assert "MR findings are no decisions" in note
    assert opened.undo_text is not None
    opened.undo()
    assert all(one.status == "pending" and not one.acts for one in opened.candidates())


def test_what_is_taken_once_more_changes_nothing(opened: Session, of_bert: dict[str, Any]) -> None:
    opened.take_outlines([of_bert["folder"]], "continue")
    before = [one.to_json() for one in opened.candidates()]
    opened.take_outlines([of_bert["folder"]], "continue")
    assert [one.to_json() for one in opened.candidates()] == before


def test_two_readers_stand_beside_each_other(opened: Session, of_bert: dict[str, Any]) -> None:
    with pytest.raises(PainGeneratorError, match="No reader has decided"):
        opened.take_outlines([of_bert["folder"]], "compare")
    opened.reading.set_name(ANNA)
    opened.reject([of_bert["hot"]])
    mine = said(opened)
    opened.take_outlines([of_bert["folder"]], "compare")
    assert said(opened) == mine
    assert opened.reading.name == ANNA
    readers = opened.reading.readers()
    assert [one.label for one in readers.readings] == [ANNA, BERT]
    row = next(row for row in readers.rows if row.first.id == of_bert["hot"])
    assert [cell.verdict for cell in row.cells if cell] == ["rejected", "accepted"]
    assert set(row.differs) >= {"verdict", "outline"}
    assert opened.reading.agreement() is not None


def test_given_outlines_are_further_candidates_named_by_their_place(opened: Session, of_bert: dict[str, Any]) -> None:
    before = {one.id for one in opened.candidates()}
    wanted = get(opened, of_bert["other"])
    files = [*of_bert["folder"].glob("pain-generators*.seg.dcm"), of_bert["folder"] / "measurements.sr.dcm"]
    notes = opened.take_outlines(files, "given")
    added = [one for one in opened.candidates() if one.id not in before]
    assert len(added) == len(of_bert["said"])
    assert {one.origin for one in added} == {"manual"}
    twin = min(added, key=lambda one: float(np.linalg.norm(one.centroid_ras_mm - wanted.centroid_ras_mm)))
    # Not the name that Bert gave, but that of the place.
    assert twin.place.name == wanted.place.name
    assert twin.volume_ml == pytest.approx(wanted.volume_ml, abs=1e-3)
    assert any(f"lies on {wanted.id}" in note for note in notes)
    assert all(one.comment and one.status == "pending" for one in added)


def test_a_file_of_another_patient_changes_nothing(opened: Session, of_bert: dict[str, Any], tmp_path: Path) -> None:
    other = pydicom.dcmread(next(of_bert["folder"].glob("*.seg.dcm")))
    other.PatientID, other.PatientName = "OTHER-7", "Else^Somebody"
    other.save_as(tmp_path / "other.dcm")
    before = [one.to_json() for one in opened.candidates()]
    with pytest.raises(PainGeneratorError, match="Else Somebody"):
        opened.take_outlines([tmp_path / "other.dcm"], "given")
    assert [one.to_json() for one in opened.candidates()] == before


def test_the_command_takes_decisions_and_a_second_reading(
    found_bundle: Path, of_bert: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(found_bundle), "--what", "tables", "--outlines", str(of_bert["folder"])]
    assert main([*words, "--output", str(tmp_path / "on")]) == DONE
    listed = json.loads((tmp_path / "on" / "candidates.json").read_text())["candidates"]
    assert {one["id"]: one["status"] for one in listed} == {i: one[0] for i, one in of_bert["said"].items()}
    assert main([*words, "--output", str(tmp_path / "two"), "--outlines-as", "compare"]) == BAD_INPUT
    assert "No reader has decided anything yet." in capsys.readouterr().err
    assert not (tmp_path / "two").exists()


def test_analyze_measures_given_outlines(phantom_folder: Path, of_bert: dict[str, Any], tmp_path: Path) -> None:
    from PainGeneratorLib.Session.taken_outlines import add_given_outlines
    from PainGeneratorLib.Workflow.analyze import analyze
    from PainGeneratorLib.Workflow.case import CaseOptions

    shutil.copy(of_bert["folder"] / "pain-generators.seg.dcm", tmp_path / "given.dcm")
    analysis = analyze(phantom_folder / "dicom", CaseOptions(group="low-back"))
    count = len(analysis.candidates)
    add_given_outlines(analysis, [tmp_path / "given.dcm"])
    added = [one for one in analysis.candidates if one.origin == "manual"]
    assert len(analysis.candidates) == count + len(added)
    assert added
    assert all(one.id and one.place.name and one.ledger for one in added)
    hot = max(added, key=lambda one: one.suv_max or 0.0)
    assert hot.suv_max is not None
