"""What the statistics need of each patient, in one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..Numerics.core.words import Status
from .records import Patient, StudyData
from .success import SuccessRule, months_of, more_medication, record_at, score_of, succeeded
from .words import Arm, ConfirmationKind, Outcome

FOUND = (Status.PENDING, Status.ACCEPTED)
"""What a candidate is that was not set aside by its reader."""


@dataclass(frozen=True)
class Row:
    """One patient, as the statistics see him.

    Parameters
    ----------
    arm : Arm or None
        What the patient was assigned to; without assignment, that of the first treatment.
    examined, found, treated : bool
    success, more_medication : bool or None
        None where it is not known; ``why`` and ``why_medication`` say why.
    scores : tuple of (str, float, float)
        Time point, months from baseline, and the score of the rule's measure.
    crossed : bool
        Whether the first treatment was planned as that of the other arm.
    left_out : tuple of str
        Time points with a score that are not understood, so that the score has no place in time.
    """

    patient: Patient
    arm: Arm | None
    examined: bool
    found: bool
    treated: bool
    success: bool | None
    why: str
    more_medication: bool | None
    why_medication: str
    scores: tuple[tuple[str, float, float], ...]
    crossed: bool
    left_out: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As in ``results.json``."""
        return {
            "pseudonym": self.patient.pseudonym, "group": str(self.patient.group),
            "arm": None if self.arm is None else str(self.arm), "examined": self.examined, "found": self.found,
            "treated": self.treated, "success": self.success, "why_unknown": self.why,
            "more_medication": self.more_medication, "why_medication_unknown": self.why_medication,
            "scores": [list(pair) for pair in self.scores],
            "crossed": self.crossed,
            "times_left_out": list(self.left_out),
        }  # fmt: skip


def rows_of(study: StudyData, rule: SuccessRule, time_point: str) -> list[Row]:
    """One row for each patient, by pseudonym."""
    return [_row(patient, rule, time_point) for patient in sorted(study.patients, key=lambda one: one.pseudonym)]


def _row(patient: Patient, rule: SuccessRule, time_point: str) -> Row:
    treatments = sorted(patient.treatments, key=lambda one: (one.date, one.number))
    arm = patient.arm or (treatments[0].arm if treatments else None)
    success, why = succeeded(patient, rule, time_point)
    more, why_medication = more_medication(patient, time_point)
    return Row(
        patient=patient,
        arm=arm,
        examined=bool(patient.cases),
        found=any(case.is_found for case in patient.cases),
        treated=bool(treatments),
        success=success,
        why=why,
        more_medication=more,
        why_medication=why_medication,
        scores=_scores(patient, rule),
        crossed=bool(treatments) and treatments[0].arm != arm,
        left_out=tuple(
            sorted(
                {
                    one.time_point
                    for one in patient.follow_ups
                    if months_of(one.time_point) is None and score_of(one, rule.measure, patient.group) is not None
                }
            )
        ),
    )


def _scores(patient: Patient, rule: SuccessRule) -> tuple[tuple[str, float, float], ...]:
    found: list[tuple[str, float, float]] = []
    for name in {one.time_point for one in patient.follow_ups}:
        months, score = months_of(name), score_of(record_at(patient, name), rule.measure, patient.group)
        if months is not None and score is not None:
            found.append((name, months, float(score)))
    return tuple(sorted(found, key=lambda one: one[1]))


def reader_pairs(study: StudyData) -> list[tuple[bool, bool]]:
    """For each candidate that two readers judged: whether the first and the second accepted it."""
    return [
        (one.reader.status == Status.ACCEPTED, one.second_reader.status == Status.ACCEPTED)
        for patient in study.patients
        for case in patient.cases
        for one in case.candidates
        if one.reader is not None
        and one.second_reader is not None
        and Status.PENDING not in (one.reader.status, one.second_reader.status)
    ]


def block_counts(study: StudyData) -> dict[str, int]:
    """Places tested by a block: ``true``, ``false``, ``missed``, ``right_negative``, ``unclear``, and ``patients``."""
    counts = dict.fromkeys(("true", "false", "missed", "right_negative", "unclear", "patients"), 0)
    for patient in study.patients:
        blocks = [one for one in patient.confirmations if one.kind == ConfirmationKind.BLOCK]
        counts["patients"] += bool(blocks)
        for block in blocks:
            candidate = patient.candidate(block.case_number, block.candidate) if block.candidate else None
            is_candidate = candidate is not None and candidate.status in FOUND
            if block.outcome == Outcome.UNCLEAR:
                counts["unclear"] += 1
            elif block.outcome == Outcome.POSITIVE:
                counts["true" if is_candidate else "missed"] += 1
            else:
                counts["false" if is_candidate else "right_negative"] += 1
    return counts
