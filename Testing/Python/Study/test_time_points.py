"""Time points that people type in many ways, and other slips of the hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.words import Group
from PainGeneratorLib.Study.analgesics import parse_doses
from PainGeneratorLib.Study.record_fields import make_record
from PainGeneratorLib.Study.records import Patient
from PainGeneratorLib.Study.registry import Registry
from PainGeneratorLib.Study.time_points import plain_time_point


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Baseline", "baseline"), ("base line", "baseline"), ("6 Weeks", "6 weeks"), ("6weeks", "6 weeks"),
        ("3 month", "3 months"), ("1 months", "1 month"), ("1.0 year", "1 year"),
        ("  after  the block ", "after the block"),
    ],
)  # fmt: skip
def test_a_time_point_is_stored_in_one_way(typed: str, stored: str) -> None:
    assert plain_time_point(typed) == stored
    values = {"date": "2026-01-02", "time_point": typed, "nrs_back": "7"}
    assert make_record("follow-up", values).time_point == stored


def test_an_impossible_item_is_refused_when_it_is_recorded() -> None:
    values = {"date": "2026-01-02", "time_point": "baseline", "nrs_back": "7", "items": {"odi": {"1": 99}}}
    with pytest.raises(PainGeneratorError):
        make_record("follow-up", values)


def test_a_pseudonym_that_differs_in_capitals_only_is_refused(tmp_path: Path) -> None:
    registry = Registry.create(str(tmp_path / "study.sqlite"), "Backs", "nurse")
    with registry.writing("nurse") as writer:
        writer.add_patient(Patient("P-001", Group.LOW_BACK))
    with pytest.raises(PainGeneratorError, match="differs in capitals only"), registry.writing("nurse") as writer:
        writer.add_patient(Patient("p-001", Group.LOW_BACK))
    assert [one.pseudonym for one in registry.load().patients] == ["P-001"]


def test_a_drug_can_have_its_unit() -> None:
    assert parse_doses("tramadol 200 mg, morphine 30mg") == parse_doses("tramadol 200, morphine 30")
