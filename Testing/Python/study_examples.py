"""Records of a study for tests: every field filled, so that what gets lost shows."""

from __future__ import annotations

import datetime

from PainGeneratorLib.Numerics.core.words import Group, Side, Status
from PainGeneratorLib.Study.records import (
    Candidate,
    Case,
    Confirmation,
    Discussion,
    FollowUp,
    Patient,
    Reading,
    Treatment,
    Visit,
)
from PainGeneratorLib.Study.words import (
    AnalgesicRule,
    Arm,
    ConfirmationKind,
    Decision,
    Outcome,
    Sex,
    TreatmentKind,
    VisitKind,
)


def day(number: int) -> datetime.date:
    """A day of 2026, counted from the first of January."""
    return datetime.date(2026, 1, 1) + datetime.timedelta(days=number)


def full_case() -> Case:
    """A case with two candidates, one of them read twice."""
    left = Candidate(
        id="PG-01", rank=1, name="left facet joint L4/L5", structure="facet joint", side=Side.LEFT, level="L4/L5",
        evidence="PET+MR", status=Status.ACCEPTED, score=12.5, measures={"suv_max": 3.7412, "tbr": 2.05},
        signs=("uptake_facet", "joint_fluid"),
        reader=Reading("A. Reader", Status.ACCEPTED, "2026-01-05T10:00:00+01:00"),
        second_reader=Reading("B. Reader", Status.REJECTED, "2026-01-06T10:00:00+01:00"),
    )  # fmt: skip
    right = Candidate(id="PG-02", rank=2, name="right facet joint L5/S1", side=Side.RIGHT, status=Status.REJECTED)
    return Case(
        scan_date=day(3), group=Group.LOW_BACK, software_version="0.2.0", created="2026-01-05T09:00:00+00:00",
        protocol={"group": "low-back", "changed": ["fusion.bar"], "sha256": "ab"}, input_hashes=("aa", "bb"),
        result_hash="cc", suv_basis={"unit": "g/ml{SUVbw}", "path": "BQML/ADMIN", "given_by_hand": []},
        alignment={"PET": "aligned", "FLUID": "doubtful"}, candidates=(left, right),
    )  # fmt: skip


def full_patient(pseudonym: str = "P-001") -> Patient:
    """A patient with one record of every kind at least, and every field filled."""
    return Patient(
        pseudonym=pseudonym, group=Group.LOW_BACK, enrolled=day(2), arm=Arm.GUIDED,
        strata={"site": "A", "side": "left"},
        sex=Sex.FEMALE, age_years=61.0, weight_kg=70.5, height_m=1.68, pain_side="left", pain_months=18.0,
        prosthesis_side="left", left_date=day(300), left_reason="moved away", note="a, \"quoted\"; note\nwith ü",
        visits=(Visit(day(2), VisitKind.BASELINE, "came early"),),
        cases=(full_case(),),
        discussions=(Discussion(day(6), "Dr. C", Decision.CONFIRM_FIRST, 1, "PG-01", "by phone"),),
        confirmations=(
            Confirmation(
                day(8), ConfirmationKind.BLOCK, Outcome.POSITIVE, 1, "PG-01", "left facet joint L4/L5", 80.0, "1 ml"
            ),
            Confirmation(day(9), ConfirmationKind.ASPIRATION, Outcome.NEGATIVE, site="left hip joint"),
        ),
        treatments=(
            Treatment(day(10), Arm.GUIDED, TreatmentKind.INJECTION, 1, "PG-01", "joint", "none", "left side only"),
        ),
        follow_ups=(
            FollowUp(day(2), "baseline", nrs_back=7.0),
            FollowUp(
                day(52), "6 weeks", 3.0, 2.0, 1.0, 30.5, 20.0, 10.0, 22.0, 70.0, 71.0, 72.0, 71.0, 76.8, 2, 1.0,
                AnalgesicRule.WHO_STEP, "WHO 1996", False, 0, {"odi": {"1": 2, "2": None}}, "well",
            ),
        ),
    )  # fmt: skip


def stored(patient: Patient) -> Patient:
    """The patient as a new registry gives it back: with numbers and versions."""
    import dataclasses

    from PainGeneratorLib.Study.records import REPEATED

    places = {}
    for _type, place in REPEATED.values():
        records = [
            dataclasses.replace(one, number=number, version=1)
            for number, one in enumerate(getattr(patient, place), start=1)
        ]
        if place == "cases":
            records = [
                dataclasses.replace(
                    one, candidates=tuple(dataclasses.replace(inside, version=1) for inside in one.candidates)
                )
                for one in records
            ]
        places[place] = tuple(records)
    return dataclasses.replace(patient, version=1, **places)
