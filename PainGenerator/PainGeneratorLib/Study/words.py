"""The words that a registry knows, each list in one place.

Members are strings, so they compare with text and go into files and databases as they are.
"""

from __future__ import annotations

from enum import StrEnum


class Arm(StrEnum):
    """What a patient was assigned to, or how a treatment was planned."""

    GUIDED = "guided"
    """The treatment aims at a candidate of the PET/MRI."""
    CONTROL = "control"
    """The treatment was planned without the candidates."""


class VisitKind(StrEnum):
    """What a visit was for."""

    BASELINE = "baseline"
    IMAGING = "imaging"
    TREATMENT = "treatment"
    FOLLOW_UP = "follow-up"
    OTHER = "other"


class Decision(StrEnum):
    """What radiologist and referring physician agreed on."""

    TREAT = "treat"
    CONFIRM_FIRST = "confirm-first"
    MORE_IMAGING = "more-imaging"
    WAIT = "wait"
    NO_TREATMENT = "no-treatment"


class ConfirmationKind(StrEnum):
    """How a candidate, or another place, was tested."""

    BLOCK = "block"
    """A diagnostic block with a local anesthetic."""
    ASPIRATION = "aspiration"


class Outcome(StrEnum):
    """What the test of a place showed."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNCLEAR = "unclear"


class TreatmentKind(StrEnum):
    """What was done."""

    INJECTION = "injection"
    RADIOFREQUENCY = "radiofrequency"
    SURGERY = "surgery"
    OTHER = "other"


class AnalgesicRule(StrEnum):
    """How analgesics became a number."""

    WHO_STEP = "who-step"
    """Step of the analgesic ladder of the World Health Organization, 0 (none) to 3."""
    MORPHINE_MG = "morphine-mg"
    """Oral morphine equivalents, mg per day."""


class Sex(StrEnum):
    """As in DICOM."""

    FEMALE = "F"
    MALE = "M"
    OTHER = "O"
