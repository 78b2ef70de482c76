"""The records of a study as plain data: what the registry stores, and what forms and statistics work on.

A record belongs to a patient and has a number that counts the records of its kind, from 1 (the repeat instance of
REDCap). A record with the number 0 is new: the registry numbers it. ``version`` counts the changes of a stored record
from 1; 0 means that it does not come from a registry. Nothing here holds a name, a patient ID or a date of birth.

An empty text, None, or an empty tuple stands for "not known", never 0 or False. Words of fixed lists are in
:mod:`.words`, and :mod:`.record_fields` checks them.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..Numerics.core.words import Group, Side, Status
from .words import AnalgesicRule, Arm, ConfirmationKind, Decision, Outcome, Sex, TreatmentKind, VisitKind

Date = datetime.date


@dataclass(frozen=True)
class Visit:
    """One visit of a patient."""

    date: Date
    kind: VisitKind
    note: str = ""
    number: int = 0
    version: int = 0


@dataclass(frozen=True)
class Reading:
    """What one reader said about a candidate."""

    reader: str
    """Name or initials of the reader; empty where none was given."""
    status: Status
    time: str = ""
    """ISO 8601, to the second, with the zone; empty where it is not known."""


@dataclass(frozen=True)
class Candidate:
    """One candidate of a case, as it was at enrollment or when it was corrected."""

    id: str
    """As the report names it, such as ``PG-01``."""
    rank: int | None
    name: str
    structure: str = ""
    side: Side | None = None
    level: str = ""
    evidence: str = ""
    """``PET+MR``, ``PET only`` or ``MR only``."""
    status: Status = Status.PENDING
    """That of the first reader, which counts."""
    score: float | None = None
    measures: Mapping[str, float | None] = field(default_factory=dict)
    """``suv_max`` and others under their names in ``candidates.json``, in their units (docs/output-files.md)."""
    signs: tuple[str, ...] = ()
    """The signs of the ledger that are present."""
    reader: Reading | None = None
    second_reader: Reading | None = None
    version: int = 0


@dataclass(frozen=True)
class Case:
    """One examination with its result, as ``analyze`` wrote it."""

    scan_date: Date | None
    group: Group
    software_version: str
    created: str
    """When the result was made: ISO 8601 with the zone."""
    protocol: Mapping[str, Any] = field(default_factory=dict)
    """The group of the protocol, its changed parameters, and the SHA-256 of all its values."""
    input_hashes: tuple[str, ...] = ()
    """SHA-256 of every input file, and of the UIDs of the PET's slices after ``pet-uids:``; sorted. File names are
    left out, as they may name the patient."""
    result_hash: str = ""
    """SHA-256 over the four files that were read."""
    suv_basis: Mapping[str, Any] = field(default_factory=dict)
    """``path`` (units and decay correction), ``unit``, and what was ``given_by_hand``."""
    alignment: Mapping[str, str] = field(default_factory=dict)
    """The verdict for each series by its role: ``aligned``, ``doubtful`` or another word of ``alignment.json``."""
    candidates: tuple[Candidate, ...] = ()
    """By rank. An empty tuple is a case in which nothing was found."""
    number: int = 0
    version: int = 0

    @property
    def is_found(self) -> bool:
        """Whether at least one candidate was not rejected."""
        return any(one.status in (Status.PENDING, Status.ACCEPTED) for one in self.candidates)


@dataclass(frozen=True)
class Discussion:
    """What was agreed with the referring physician."""

    date: Date
    physician: str
    """Name or initials of the referring physician."""
    decision: Decision
    case_number: int | None = None
    candidate: str = ""
    """The id of the candidate that the decision is about, such as ``PG-01``; empty where it is about none."""
    note: str = ""
    number: int = 0
    version: int = 0


@dataclass(frozen=True)
class Confirmation:
    """A test of a place by block or aspiration.

    A test of a place that is no candidate has an empty ``candidate`` and a ``site``: it counts when the diagnostic
    value of candidates is computed.
    """

    date: Date
    kind: ConfirmationKind
    outcome: Outcome
    case_number: int | None = None
    candidate: str = ""
    site: str = ""
    """The place in words, such as ``left facet joint L4/L5``."""
    relief_percent: float | None = None
    """How much the pain fell after a block, 0 to 100 %."""
    note: str = ""
    number: int = 0
    version: int = 0


@dataclass(frozen=True)
class Treatment:
    """One treatment."""

    date: Date
    arm: Arm
    """How it was planned, which may differ from what the patient was assigned to."""
    kind: TreatmentKind
    case_number: int | None = None
    candidate: str = ""
    """The id of the target candidate; empty where the target is none."""
    site: str = ""
    complication: str = ""
    """In words; ``none`` where it was asked and there was none; empty where nothing is known."""
    note: str = ""
    number: int = 0
    version: int = 0


@dataclass(frozen=True)
class FollowUp:
    """How the patient was at one time; before the treatment, too."""

    date: Date
    time_point: str
    """``baseline``, or a time after the treatment such as ``6 weeks`` or ``3 months``."""
    nrs_back: float | None = None
    """Numeric rating scale, 0 (no pain) to 10; also ``nrs_leg`` and ``nrs_hip``."""
    nrs_leg: float | None = None
    nrs_hip: float | None = None
    vas_back: float | None = None
    """Visual analog scale, 0 (no pain) to 100 mm; also ``vas_leg`` and ``vas_hip``."""
    vas_leg: float | None = None
    vas_hip: float | None = None
    odi: float | None = None
    """Oswestry Disability Index, 0 (none) to 100 %."""
    hoos12_pain: float | None = None
    """HOOS-12, 0 (worst) to 100 (best); also ``hoos12_function``, ``hoos12_quality`` and the mean ``hoos12``."""
    hoos12_function: float | None = None
    hoos12_quality: float | None = None
    hoos12: float | None = None
    hoos_jr: float | None = None
    """HOOS-JR interval score, 0 (worst) to 100 (best)."""
    pgic: int | None = None
    """Patient's global impression of change: 1 very much improved, 4 no change, 7 very much worse."""
    analgesic_score: float | None = None
    analgesic_rule: AnalgesicRule | None = None
    """What the score counts; scores of different rules are never compared."""
    analgesic_source: str = ""
    """The table that the score comes from, such as the one of morphine equivalents."""
    tens: bool | None = None
    """Whether the patient uses transcutaneous electrical nerve stimulation."""
    injections_since: int | None = None
    """Injections since the treatment, other than the treatment itself."""
    items: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)
    """Answers by questionnaire (``odi``, ``hoos12``, ``hoos_jr``) and item (``"1"``, ``"2"``); None not answered."""
    note: str = ""
    number: int = 0
    version: int = 0

    @property
    def is_baseline(self) -> bool:
        """Whether it was before the treatment."""
        return self.time_point == BASELINE


BASELINE = "baseline"
"""The time point before any treatment."""


@dataclass(frozen=True)
class Patient:
    """One patient of a study, with all that was recorded."""

    pseudonym: str
    group: Group
    enrolled: Date | None = None
    arm: Arm | None = None
    """What the patient was assigned to; None while not assigned, or in a study without arms."""
    strata: Mapping[str, str] = field(default_factory=dict)
    """What the assignment was balanced for, such as ``{"site": "A"}``."""
    sex: Sex | None = None
    age_years: float | None = None
    """At enrollment. The date of birth is not stored."""
    weight_kg: float | None = None
    height_m: float | None = None
    pain_side: str = ""
    """``left``, ``right``, ``both`` or ``midline``."""
    pain_months: float | None = None
    """How long the pain lasted at enrollment."""
    prosthesis_side: str = ""
    """``left``, ``right`` or ``both``; for the group hip-replacement."""
    left_date: Date | None = None
    """When the patient left the study before its end."""
    left_reason: str = ""
    note: str = ""
    visits: tuple[Visit, ...] = ()
    cases: tuple[Case, ...] = ()
    discussions: tuple[Discussion, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    """By date; the first is usually the baseline."""
    version: int = 0

    def candidate(self, case_number: int | None, candidate: str) -> Candidate | None:
        """A candidate by its id; of the only case where the number is None. None where there is none such."""
        cases = [one for one in self.cases if case_number in (None, one.number)]
        found = [one for case in cases for one in case.candidates if one.id == candidate]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True)
class StudyData:
    """A whole study."""

    name: str
    patients: tuple[Patient, ...] = ()
    """By pseudonym."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the study set down once, by name, such as ``randomization``; values as in JSON."""


RepeatedRecord = Visit | Case | Discussion | Confirmation | Treatment | FollowUp
"""A record of which a patient can have several."""
REPEATED: dict[str, tuple[type, str]] = {
    "visit": (Visit, "visits"),
    "case": (Case, "cases"),
    "discussion": (Discussion, "discussions"),
    "confirmation": (Confirmation, "confirmations"),
    "treatment": (Treatment, "treatments"),
    "follow-up": (FollowUp, "follow_ups"),
}
"""Each kind of repeated record: its class, and its place in :class:`Patient`."""
