"""What was given about a hip replacement: date of the surgery, fixation and CRP, checked against the case."""

from __future__ import annotations

import datetime

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import Fixation, Group, listed
from ..Numerics.fusion.after_surgery import ProsthesisFacts
from .case import Case, CaseOptions

DAYS_OF_MONTH = 30.4375
"""Days of a mean month: 365.25 / 12."""
CRP_MOST_MG_L = 1000.0
"""Upper bound of a plausible CRP, mg/l. Our estimate: severe sepsis reaches 500; more is a slip of the unit."""
EARLIEST_SURGERY = datetime.date(1960, 1, 1)
"""Hips were not replaced before (Charnley's low-friction arthroplasty, 1962)."""


def check_prosthesis_options(options: CaseOptions, study_date: str | None, birth_date: str | None = None) -> None:
    """Refuse what was given about a hip replacement where it cannot be true.

    Parameters
    ----------
    options : CaseOptions
    study_date, birth_date : str, optional
        As in the patient's facts: a date in ISO form.

    Raises
    ------
    PainGeneratorError
    """
    _check_group(options)
    if options.fixation is not None and options.fixation not in tuple(Fixation):
        raise ValueError(f"fixation must be one of {listed(Fixation)}, not {options.fixation!r}")
    crp = options.crp_mg_l
    if crp is not None and not 0.0 < crp <= CRP_MOST_MG_L:
        raise PainGeneratorError(f"A CRP of {crp:g} mg/l is not plausible.", "Give it in mg/l; 1 mg/dl is 10 mg/l.")
    if options.surgery_date is not None:
        _check_date(options.surgery_date, as_date(study_date), as_date(birth_date))


def _check_group(options: CaseOptions) -> None:
    """Refuse facts about a prosthesis in a case without one."""
    given = [
        words
        for words, value in (
            ("date of a hip replacement", options.surgery_date),
            ("fixation of a prosthesis", options.fixation),
            ("CRP", options.crp_mg_l),
        )
        if value is not None
    ]
    if given and options.resolved_group()[0] == Group.LOW_BACK:
        raise PainGeneratorError(
            f"A {given[0]} is given for a case of the group low-back.",
            "Give the group hip-replacement, or leave it out.",
        )


def _check_date(surgery: datetime.date, study: datetime.date | None, birth: datetime.date | None) -> None:
    if surgery < EARLIEST_SURGERY:
        raise PainGeneratorError(f"A hip replacement on {surgery} is not plausible.", "Check the year.")
    if study is not None and surgery > study:
        raise PainGeneratorError(
            f"The hip replacement on {surgery} lies after the scan of {study}.", "Check the date of the surgery."
        )
    if birth is not None and surgery < birth:
        raise PainGeneratorError(
            f"The hip replacement on {surgery} lies before the birth of the patient on {birth}.",
            "Check the date of the surgery.",
        )


def as_date(text: str | None) -> datetime.date | None:
    """A date from its ISO form, with or without hyphens; None where there is none that can be read."""
    try:
        return None if not text else datetime.date.fromisoformat(text)
    except ValueError:
        return None


def prosthesis_facts(case: Case) -> ProsthesisFacts:
    """What was given about the hip replacement of a case.

    Raises
    ------
    PainGeneratorError
        When it cannot be true.
    """
    options = case.options
    check_prosthesis_options(options, case.patient.get("study_date"), case.patient.get("birth_date"))
    study, surgery = as_date(case.patient.get("study_date")), options.surgery_date
    months = None if study is None or surgery is None else (study - surgery).days / DAYS_OF_MONTH
    return ProsthesisFacts(months, options.fixation, options.crp_mg_l)


def surgery_json(options: CaseOptions) -> dict[str, str | float | None]:
    """What was given about a hip replacement, for files."""
    date = options.surgery_date
    return {
        "surgery_date": None if date is None else date.isoformat(),
        "fixation": options.fixation,
        "crp_mg_l": options.crp_mg_l,
    }
