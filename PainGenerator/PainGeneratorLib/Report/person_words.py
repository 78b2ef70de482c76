"""Names, dates and ages as people write them."""

from __future__ import annotations

import datetime
import re

from ..Numerics.core.reader_acts import shown_time
from ..Workflow.prosthesis_facts import as_date
from .languages import Language

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
SEXES = {"M": "male", "F": "female", "O": "other sex"}
"""Values of DICOM's Patient's Sex (0010,0040) in words."""
DATE_FORM = "{month} {day}, {year}"
_COMPONENTS = 5
"""Family name, given name, middle name, prefix and suffix (PS3.5, 6.2.1.1)."""


def written_name(name: str | None) -> str:
    """A DICOM person name as people write it: "Dr. Anna Maria Smith Jr." for ``Smith^Anna^Maria^Dr.^Jr.``.

    Only the first group that is not empty is shown: the alphabetic one, else the ideographic one, in which the family
    name stays first. A name without ``^`` is shown as it is.
    """
    groups = [group for group in (name or "").split("=") if group.strip("^ ")]
    if not groups:
        return ""
    parts = [" ".join(part.split()) for part in groups[0].split("^")]
    if len(parts) == 1:
        return parts[0]
    family, given, middle, prefix, suffix = (parts + [""] * _COMPONENTS)[:_COMPONENTS]
    is_latin = all(ord(character) < 0x2E80 for character in groups[0])
    order = [prefix, given, middle, family, suffix] if is_latin else [prefix, family, given, middle, suffix]
    return " ".join(part for part in order if part)


def long_date(date: str | None, language: Language) -> str:
    """A date with the month in words: "February 23, 2025"; an odd one as it is, and no text for none."""
    day = _as_day(date)
    if day is None:
        return (date or "").strip()
    return language.say(DATE_FORM, day=day.day, month=language.say(MONTHS[day.month - 1]), year=day.year)


def long_time(time: str, language: Language) -> str:
    """A time with the month in words: "February 23, 2025, 14:20"; a text that is no time stays as it is."""
    day, _space, clock = shown_time(time).partition(" ")
    return ", ".join(part for part in (long_date(day, language), clock) if part) if _as_day(day) else time


def age_in_years(birth_date: str | None, study_date: str | None) -> int | None:
    """Full years from birth to examination; None where one of the dates is not known or they contradict each other."""
    born, examined = _as_day(birth_date), _as_day(study_date)
    if born is None or examined is None or examined < born:
        return None
    return examined.year - born.year - ((examined.month, examined.day) < (born.month, born.day))


def _as_day(date: str | None) -> datetime.date | None:
    """A date from the forms in which DICOM and ISO write it."""
    text = (date or "").strip()
    match = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?", text)
    return as_date("".join(match.groups()) if match else text)
