"""A simulated study: no patient of it exists. It shows what a report looks like, and it is what the tests work on."""

from __future__ import annotations

import datetime
from typing import Any

from ..Numerics.core.words import Group, Status
from .records import BASELINE, Candidate, Case, Confirmation, FollowUp, Patient, Reading, StudyData, Treatment
from .words import AnalgesicRule, Arm, ConfirmationKind, Outcome, Sex, TreatmentKind

START = datetime.date(2024, 1, 8)
TIMES = (("6 weeks", 42), ("3 months", 91), ("6 months", 183))
"""Name of a time point, and its days after the treatment."""


def simulated_study(patients: int = 40, seed: int = 1) -> StudyData:
    """Make a study of patients who do not exist.

    Parameters
    ----------
    patients : int
        How many, from 1 on.
    seed : int
        Another number makes another study.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    return StudyData(
        name="Simulated example",
        patients=tuple(_patient(random, number) for number in range(1, patients + 1)),
        settings={"simulated": True, "time_point": "3 months"},
    )


def _patient(random: Any, number: int) -> Patient:
    group = Group.LOW_BACK if number % 5 < 3 else Group.HIP_REPLACEMENT
    # Both arms are equally large in each group of ten patients, as with a randomization in blocks.
    arm = Arm.GUIDED if (number // 5 + number % 5) % 2 == 0 else Arm.CONTROL
    enrolled = START + datetime.timedelta(days=7 * number)
    candidates = _candidates(random)
    is_treated = bool(candidates) or random.random() < 0.6
    treatments: tuple[Treatment, ...] = ()
    if is_treated:
        day = enrolled + datetime.timedelta(days=int(random.integers(14, 40)))
        target = candidates[0].id if candidates and arm == Arm.GUIDED else ""
        kind = TreatmentKind.INJECTION if random.random() < 0.7 else TreatmentKind.RADIOFREQUENCY
        treatments = (Treatment(day, arm, kind, case_number=1 if target else None, candidate=target, number=1),)
    return Patient(
        pseudonym=f"SIM-{number:03d}",
        group=group,
        enrolled=enrolled,
        arm=arm,
        sex=Sex.FEMALE if random.random() < 0.6 else Sex.MALE,
        age_years=round(float(random.normal(58 if group == Group.LOW_BACK else 67, 10)), 1),
        weight_kg=round(float(random.normal(78, 12)), 1),
        height_m=round(float(random.normal(1.71, 0.08)), 2),
        pain_months=float(random.integers(6, 90)),
        cases=(Case(enrolled, group, "simulated", f"{enrolled}T12:00:00+00:00", candidates=candidates, number=1),),
        confirmations=_blocks(random, enrolled, candidates),
        treatments=treatments,
        follow_ups=_follow_ups(random, group, arm, enrolled, treatments),
    )


def _candidates(random: Any) -> tuple[Candidate, ...]:
    if random.random() < 0.18:
        return ()
    found = []
    for rank in range(1, int(random.integers(1, 4)) + 1):
        first = Status.ACCEPTED if random.random() < 0.85 or rank == 1 else Status.REJECTED
        second = first if random.random() < 0.9 else Status.REJECTED
        found.append(
            Candidate(
                id=f"PG-{rank:02d}", rank=rank, name=f"Simulated place {rank}", evidence="PET+MR", status=first,
                reader=Reading("A", first), second_reader=Reading("B", second),
            )
        )  # fmt: skip
    return tuple(found)


def _blocks(random: Any, day: datetime.date, candidates: tuple[Candidate, ...]) -> tuple[Confirmation, ...]:
    """A block of the first candidate and of a place that is none, in some patients."""
    if random.random() < 0.5:
        return ()
    found = []
    if candidates:
        outcome = Outcome.POSITIVE if random.random() < 0.75 else Outcome.NEGATIVE
        found.append(
            Confirmation(day, ConfirmationKind.BLOCK, outcome, case_number=1, candidate=candidates[0].id, number=1)
        )
    outcome = Outcome.POSITIVE if random.random() < 0.2 else Outcome.NEGATIVE
    found.append(Confirmation(day, ConfirmationKind.BLOCK, outcome, site="simulated other place", number=2))
    return tuple(found)


def made_up_follow_ups(
    seed: int, group: Group, arm: Arm, enrolled: datetime.date, treatments: tuple[Treatment, ...]
) -> tuple[FollowUp, ...]:
    """Follow-ups of one patient who does not exist; another seed gives another patient."""
    import numpy as np

    return _follow_ups(np.random.default_rng(seed), group, arm, enrolled, treatments)


def _follow_ups(
    random: Any, group: Group, arm: Arm, enrolled: datetime.date, treatments: tuple[Treatment, ...]
) -> tuple[FollowUp, ...]:
    nrs = float(_within(round(random.normal(6.8, 1.2)), 3, 10))
    odi, step = float(_within(round(random.normal(44, 11)), 10, 90)), float(random.integers(0, 3))
    tens = bool(random.random() < 0.2)
    relief = float(_within(random.normal(0.45 if arm == Arm.GUIDED else 0.25, 0.25), -0.2, 0.9))
    records = [_record(group, enrolled, BASELINE, nrs, odi, step, tens, None)]
    start = treatments[0].date if treatments else enrolled
    for name, days in TIMES:
        if random.random() < 0.08:
            break  # From here on, nothing is known of this patient.
        share = relief if treatments else 0.05
        now = float(_within(round(nrs * (1 - share) + random.normal(0, 0.6)), 0, 10))
        rise = 1.0 if random.random() < 0.25 - 0.2 * max(0.0, share) else 0.0
        pgic = int(_within(round(4 - 4 * share + random.normal(0, 0.6)), 1, 7))
        day = start + datetime.timedelta(days=days)
        disability = float(_within(round(odi * (1 - 0.8 * share) + random.normal(0, 4)), 0, 100))
        records.append(_record(group, day, name, now, disability, min(3.0, step + rise), tens, pgic))
    return tuple(records)


def _record(
    group: Group, day: datetime.date, name: str, nrs: float, odi: float, step: float, tens: bool, pgic: int | None
) -> FollowUp:
    is_back = group == Group.LOW_BACK
    return FollowUp(
        day, name, nrs_back=nrs if is_back else None, nrs_hip=None if is_back else nrs, odi=odi if is_back else None,
        pgic=pgic, analgesic_score=step, analgesic_rule=AnalgesicRule.WHO_STEP, tens=tens,
    )  # fmt: skip


def _within(value: float, low: float, high: float) -> float:
    """A value moved into its range."""
    return min(max(float(value), low), high)
