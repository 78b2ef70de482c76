"""What is missing in a study, and what contradicts itself.

Nothing is corrected here, and nothing is left out of the statistics because of it: every finding names the record, so
that somebody can look it up.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import Group, Status
from .questionnaires import ANALGESIC_BOUNDS, scores_of_items
from .randomization import RANDOMIZATION, trail_of, verify
from .record_fields import BOUNDS
from .records import FollowUp, Patient, StudyData, Treatment
from .words import Arm, Decision

SCORE_TOLERANCE = 0.05
"""Upper bound of the difference between a score and the one of its items: half of the last digit that is printed."""
FOLLOW_UP_DAYS = 90
"""Days after a treatment from which a follow-up is missed, when the study sets nothing. Ours, from the study that this
program follows."""
BACK_SCORES = ("nrs_back", "nrs_leg", "vas_back", "vas_leg", "odi")
HIP_SCORES = ("nrs_hip", "vas_hip", "hoos12", "hoos12_pain", "hoos12_function", "hoos12_quality", "hoos_jr")
OWN_SCORES = {Group.LOW_BACK: BACK_SCORES, Group.HIP_REPLACEMENT: HIP_SCORES}


class Severity(StrEnum):
    """What kind of finding it is."""

    CONTRADICTORY = "contradictory"
    MISSING = "missing"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True)
class Problem:
    """One finding.

    Parameters
    ----------
    severity : Severity
    pseudonym : str
        Empty for one of the whole study.
    rule : str
        Its name, such as ``treated-before-found``.
    text : str
        One sentence that names the record.
    """

    severity: Severity
    pseudonym: str
    rule: str
    text: str

    @property
    def line(self) -> str:
        """For a terminal."""
        return f"{self.severity}: {f'{self.pseudonym}: ' if self.pseudonym else ''}{self.text} ({self.rule})"


def check_study(study: StudyData, today: datetime.date, follow_up_days: int = FOLLOW_UP_DAYS) -> list[Problem]:
    """All findings, by patient; those of the whole study first.

    Parameters
    ----------
    study : StudyData
    today : date
    follow_up_days : int
        After so many days without a follow-up since the last treatment, one is missed.

    Returns
    -------
    list of Problem
    """
    found = list(_of_assignments(study))
    is_with_arms = RANDOMIZATION in study.settings or any(patient.arm for patient in study.patients)
    for patient in study.patients:
        found += _of_patient(patient, is_with_arms)
        found += _of_treatments(patient)
        found += _of_follow_ups(patient, today, follow_up_days)
        found += _twice(patient)
        found += _in_future(patient, today)
    return found


def _of_assignments(study: StudyData) -> Iterator[Problem]:
    plan, entries = trail_of(study.settings)
    if plan is None:
        return
    for text in verify(plan, entries):
        yield Problem(Severity.CONTRADICTORY, "", "audit-trail", f"Random assignment: {text}")
    arms = {entry.pseudonym: entry.arm for entry in entries}
    for patient in study.patients:
        drawn = arms.pop(patient.pseudonym, None)
        if drawn != patient.arm:
            text = f"The arm is {patient.arm or 'empty'}, and {drawn or 'none'} was drawn."
            yield Problem(Severity.CONTRADICTORY, patient.pseudonym, "arm-not-drawn", text)
    for pseudonym in arms:
        text = "An arm was drawn for a patient who is not in the registry."
        yield Problem(Severity.CONTRADICTORY, pseudonym, "drawn-not-enrolled", text)


def _of_patient(patient: Patient, is_with_arms: bool) -> Iterator[Problem]:
    name = patient.pseudonym
    if not patient.cases:
        yield Problem(Severity.MISSING, name, "no-case", "There is no case.")
    if patient.enrolled is None:
        yield Problem(Severity.MISSING, name, "no-enrollment-date", "The date of enrollment is missing.")
    if is_with_arms and patient.arm is None and patient.left_date is None:
        yield Problem(Severity.MISSING, name, "no-arm", "No arm was assigned.")
    if patient.arm is not None and not patient.treatments and patient.left_date is None:
        yield Problem(Severity.MISSING, name, "arm-without-treatment", f"In the arm {patient.arm}, but not treated.")
    for case in patient.cases:
        if case.group != patient.group:
            text = f"Case {case.number} was read as {case.group}; the patient is in the group {patient.group}."
            yield Problem(Severity.CONTRADICTORY, name, "group-of-case", text)
        for candidate in case.candidates:
            if candidate.status == Status.PENDING:
                text = f"Candidate {candidate.id} of case {case.number} is still pending."
                yield Problem(Severity.MISSING, name, "not-decided", text)
    if patient.left_date is None:
        return
    if patient.enrolled is not None and patient.left_date < patient.enrolled:
        yield Problem(Severity.CONTRADICTORY, name, "left-before-enrolled", "The patient left before enrollment.")
    if not patient.left_reason:
        yield Problem(Severity.MISSING, name, "no-reason-of-leaving", "It is not said why the patient left.")
    dated: list[Any] = [*patient.treatments, *patient.follow_ups]
    later = [one for one in dated if one.date > patient.left_date]
    if later:
        text = f"The patient left on {patient.left_date}; there is a record of {later[0].date}."
        yield Problem(Severity.CONTRADICTORY, name, "record-after-leaving", text)


def _of_treatments(patient: Patient) -> Iterator[Problem]:
    name = patient.pseudonym
    for one in patient.treatments:
        what = f"Treatment {one.number} of {one.date}"
        scan = _scan_date(patient, one.case_number)
        if one.arm == Arm.GUIDED and scan is not None and one.date < scan:
            text = f"{what} is before the scan of {scan} that found its target."
            yield Problem(Severity.CONTRADICTORY, name, "treated-before-found", text)
        if patient.enrolled is not None and one.date < patient.enrolled:
            text = f"{what} is before the enrollment of {patient.enrolled}."
            yield Problem(Severity.CONTRADICTORY, name, "treated-before-enrolled", text)
        if one.arm == Arm.GUIDED and not one.candidate:
            yield Problem(Severity.MISSING, name, "no-target", f"{what} was guided, but names no candidate.")
        if patient.arm is not None and one.arm != patient.arm:
            text = f"{what} was {one.arm}; the patient was assigned to {patient.arm}."
            yield Problem(Severity.DOUBTFUL, name, "other-arm", text)
        if not one.complication:
            yield Problem(Severity.MISSING, name, "complication-unknown", f"{what}: complication or none is not said.")
        yield from _of_discussion(patient, one, what)
    targeting: list[tuple[str, Any]] = [
        *((f"Treatment {one.number}", one) for one in patient.treatments),
        *((f"Confirmation {one.number}", one) for one in patient.confirmations),
        *((f"Discussion {one.number}", one) for one in patient.discussions),
    ]
    for what, record in targeting:
        candidate = patient.candidate(record.case_number, record.candidate) if record.candidate else None
        if record.candidate and candidate is None:
            text = f"{what} names {record.candidate}, which is no candidate, or one of several cases."
            yield Problem(Severity.CONTRADICTORY, name, "unknown-target", text)
        elif what.startswith("Confirmation") or candidate is None:
            continue  # a place that was rejected may well be tested
        elif candidate.status in (Status.REJECTED, Status.PHYSIOLOGIC):
            text = f"{what} aims at {candidate.id}, which was set to {candidate.status}."
            yield Problem(Severity.CONTRADICTORY, name, "target-rejected", text)


def _of_discussion(patient: Patient, treatment: Treatment, what: str) -> Iterator[Problem]:
    earlier = [one for one in patient.discussions if one.date <= treatment.date]
    if treatment.arm == Arm.GUIDED and not earlier:
        yield Problem(Severity.MISSING, patient.pseudonym, "not-discussed", f"{what} has no discussion before it.")
    elif earlier and max(earlier, key=lambda one: one.date).decision == Decision.NO_TREATMENT:
        text = f"{what} follows a discussion that decided against treatment."
        yield Problem(Severity.CONTRADICTORY, patient.pseudonym, "treated-against-decision", text)


def _of_follow_ups(patient: Patient, today: datetime.date, follow_up_days: int) -> Iterator[Problem]:
    name = patient.pseudonym
    first = min((one.date for one in patient.treatments), default=None)
    baselines = [one for one in patient.follow_ups if one.is_baseline]
    if not baselines:
        yield Problem(Severity.MISSING, name, "no-baseline", "There is no follow-up of the time point baseline.")
    for one in patient.follow_ups:
        what = f"Follow-up {one.number} ({one.time_point}) of {one.date}"
        if one.is_baseline and first is not None and one.date > first:
            text = f"{what} is after the first treatment of {first}."
            yield Problem(Severity.CONTRADICTORY, name, "baseline-after-treatment", text)
        if not one.is_baseline and first is not None and one.date < first:
            text = f"{what} is before the first treatment of {first}."
            yield Problem(Severity.CONTRADICTORY, name, "follow-up-before-treatment", text)
        if not one.is_baseline and first is None:
            yield Problem(Severity.DOUBTFUL, name, "follow-up-untreated", f"{what} of a patient who was not treated.")
        yield from _of_scores(patient, one, what)
        if not one.is_baseline and baselines:
            yield from _incomparable(patient, baselines[0], one, what)
    last = max((one.date for one in patient.treatments), default=None)
    if last is not None and patient.left_date is None:
        is_seen = any(not one.is_baseline and one.date >= last for one in patient.follow_ups)
        if not is_seen and (today - last).days >= follow_up_days:
            text = f"There is no follow-up since the treatment of {last}, {(today - last).days} days ago."
            yield Problem(Severity.MISSING, name, "no-follow-up", text)


def _of_scores(patient: Patient, one: FollowUp, what: str) -> Iterator[Problem]:
    name = patient.pseudonym
    for field in (*BACK_SCORES, *HIP_SCORES, "pgic", "injections_since"):
        value = getattr(one, field)
        low, high = BOUNDS[field]
        if value is not None and not low <= value <= high:
            text = f"{what}: {field} is {value:g}, which is not within {low:g} to {high:g}."
            yield Problem(Severity.CONTRADICTORY, name, "score-out-of-range", text)
    if one.analgesic_score is not None:
        if one.analgesic_rule is None:
            yield Problem(Severity.CONTRADICTORY, name, "score-without-rule", f"{what}: analgesic score without rule.")
        else:
            low, high = ANALGESIC_BOUNDS[one.analgesic_rule]
            if not low <= one.analgesic_score <= high:
                text = f"{what}: analgesic score {one.analgesic_score:g} is none of the rule {one.analgesic_rule}."
                yield Problem(Severity.CONTRADICTORY, name, "score-out-of-range", text)
    own = OWN_SCORES[patient.group]
    foreign = [n for group, names in OWN_SCORES.items() if group != patient.group for n in names]
    given = [field for field in foreign if getattr(one, field) is not None]
    if all(getattr(one, field) is None for field in own):
        severity = Severity.CONTRADICTORY if given else Severity.MISSING
        more = f", only {', '.join(given)}" if given else ""
        text = f"{what} has no score of the group {patient.group}{more}."
        yield Problem(severity, name, "scores-of-other-group" if given else "no-score", text)
    if one.is_baseline and one.pgic is not None:
        text = f"{what} has an impression of change, which is asked after treatment."
        yield Problem(Severity.CONTRADICTORY, name, "impression-at-baseline", text)
    yield from _of_items(patient, one, what)


def _of_items(patient: Patient, one: FollowUp, what: str) -> Iterator[Problem]:
    name = patient.pseudonym
    try:
        scores = scores_of_items(one.items)
    except PainGeneratorError as error:
        yield Problem(Severity.CONTRADICTORY, name, "wrong-item", f"{what}: {error.reason}")
        return
    for field, score in scores.items():
        given = getattr(one, field)
        if score is None and given is not None:
            text = f"{what}: {field} is {given:g}, but too few items were answered for a score."
            yield Problem(Severity.CONTRADICTORY, name, "score-of-items", text)
        elif score is not None and given is None:
            text = f"{what}: {field} is empty; the items give {score:.2f}."
            yield Problem(Severity.MISSING, name, "score-of-items", text)
        elif score is not None and given is not None and abs(score - given) > SCORE_TOLERANCE:
            text = f"{what}: {field} is {given:g}; the items give {score:.2f}."
            yield Problem(Severity.CONTRADICTORY, name, "score-of-items", text)


def _incomparable(patient: Patient, before: FollowUp, after: FollowUp, what: str) -> Iterator[Problem]:
    rules = before.analgesic_rule, after.analgesic_rule
    if None not in rules and rules[0] != rules[1]:
        text = f"{what} counts analgesics by {rules[1]}, the baseline by {rules[0]}; they cannot be compared."
        yield Problem(Severity.CONTRADICTORY, patient.pseudonym, "analgesic-rules-differ", text)
    lost = [
        field
        for field in OWN_SCORES[patient.group]
        if getattr(before, field) is not None and getattr(after, field) is None
    ]
    if len(lost) == sum(getattr(before, field) is not None for field in OWN_SCORES[patient.group]) and lost:
        text = f"{what} has none of the scores of the baseline ({', '.join(lost)})."
        yield Problem(Severity.MISSING, patient.pseudonym, "no-common-score", text)


def _twice(patient: Patient) -> Iterator[Problem]:
    groups: Sequence[tuple[str, Iterable[tuple[object, int]]]] = (
        ("visit", (((one.date, one.kind), one.number) for one in patient.visits)),
        ("follow-up", (((one.date, one.time_point), one.number) for one in patient.follow_ups)),
        ("time point", ((one.time_point, one.number) for one in patient.follow_ups)),
        ("treatment", (((one.date, one.kind, one.candidate, one.site), one.number) for one in patient.treatments)),
        ("case", (((one.input_hashes), one.number) for one in patient.cases if one.input_hashes)),
    )
    said: set[tuple[int, int]] = set()
    for what, pairs in groups:
        seen: dict[object, int] = {}
        for key, number in pairs:
            if key in seen and not (what == "time point" and (seen[key], number) in said):
                if what == "follow-up":
                    said.add((seen[key], number))
                kind = "follow-up" if what == "time point" else what
                text = f"The same {what} is recorded twice ({kind} {seen[key]} and {number})."
                rule = f"duplicate-{what.replace(' ', '-')}"
                yield Problem(Severity.CONTRADICTORY, patient.pseudonym, rule, text)
            seen.setdefault(key, number)


def _in_future(patient: Patient, today: datetime.date) -> Iterator[Problem]:
    dated = [
        *(("visit", one.number, one.date) for one in patient.visits),
        *(("case", one.number, one.scan_date) for one in patient.cases),
        *(("discussion", one.number, one.date) for one in patient.discussions),
        *(("confirmation", one.number, one.date) for one in patient.confirmations),
        *(("treatment", one.number, one.date) for one in patient.treatments),
        *(("follow-up", one.number, one.date) for one in patient.follow_ups),
    ]
    for kind, number, date in dated:
        if date is not None and date > today:
            text = f"The date of {kind} {number}, {date}, lies in the future."
            yield Problem(Severity.CONTRADICTORY, patient.pseudonym, "date-in-future", text)


def _scan_date(patient: Patient, case_number: int | None) -> datetime.date | None:
    """The scan of a case; of the earliest one where none is named."""
    dates = [one.scan_date for one in patient.cases if case_number in (None, one.number) and one.scan_date is not None]
    return min(dates, default=None)
