"""Which fields a record has, and records made of typed or read values that were checked.

The command line, forms and imports all make records here, so a value is right or wrong everywhere alike.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_args, get_origin

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import listed
from .records import REPEATED, Candidate, Patient, Reading
from .time_points import plain_time_point

BOUNDS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("nrs_back", "nrs_leg", "nrs_hip"), (0, 10)),
    **dict.fromkeys(("vas_back", "vas_leg", "vas_hip"), (0, 100)),
    **dict.fromkeys(("odi", "hoos12", "hoos12_pain", "hoos12_function", "hoos12_quality", "hoos_jr"), (0, 100)),
    "pgic": (1, 7),
    "relief_percent": (0, 100),
    "analgesic_score": (0, 10000),
    "injections_since": (0, 100),
    "age_years": (0, 120),
    "weight_kg": (1, 500),
    "height_m": (0.3, 2.6),
    "pain_months": (0, 1200),
    "case_number": (1, 9999),
}
"""Least and most that a number can be, both allowed. The first seven are the ends of the published scales; the others
are our estimates of what cannot be right."""
FIRST_DATE = datetime.date(1990, 1, 1)
"""No record is older: our estimate, from before there was PET/MRI."""
OWN_FIELDS = ("number", "version")
"""Fields that the registry gives; nobody types them."""
YES_NO = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False, "y": True, "n": False}
LONGEST_TEXT = 5000
"""Upper bound of the length of a text, characters."""

WordList = type[StrEnum]


TIME_POINT = "time_point"
"""Field whose text is written in one way, so that records of the same time are found."""


@dataclass(frozen=True)
class FieldInfo:
    """One field of a record.

    Parameters
    ----------
    name : str
    type : str
        ``date``, ``text``, ``word``, ``whole`` (number), ``number``, ``yes-no``, ``table`` (JSON), ``list`` (of text),
        ``reading`` or ``candidates``.
    words : class of a StrEnum or None
        The list of a ``word``.
    is_required : bool
    may_be_none : bool
    """

    name: str
    type: str
    words: WordList | None
    is_required: bool
    may_be_none: bool

    @property
    def hint(self) -> str:
        """What can stand there, in a few words."""
        if self.words is not None:
            return listed(self.words)
        if self.name in BOUNDS:
            return f"{BOUNDS[self.name][0]:g} to {BOUNDS[self.name][1]:g}"
        return {"date": "YYYY-MM-DD", "yes-no": "yes or no", "table": "JSON"}.get(self.type, self.type)


@functools.cache
def fields_of(record_type: type) -> dict[str, FieldInfo]:
    """The fields of a record by name, in their order."""
    hints = typing.get_type_hints(record_type)
    found = {}
    for one in dataclasses.fields(record_type):
        parts = [part for part in get_args(hints[one.name]) if part is not types.NoneType]
        is_union = get_origin(hints[one.name]) in (types.UnionType, typing.Union)
        base = parts[0] if is_union else hints[one.name]
        words = base if isinstance(base, type) and issubclass(base, StrEnum) else None
        is_required = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
        found[one.name] = FieldInfo(one.name, _form(base, words), words, is_required, is_union)
    return found


def _form(base: Any, words: type[StrEnum] | None) -> str:
    if words is not None:
        return "word"
    if get_origin(base) is not None:
        inside = get_args(base)[0]
        if get_origin(base) is tuple:
            return "list" if inside is str else "records"
        return "table"
    plain = {datetime.date: "date", str: "text", int: "whole", float: "number", bool: "yes-no", Reading: "reading"}
    return plain[base]


def typed_fields(record_type: type) -> dict[str, FieldInfo]:
    """The fields that a person gives: without what the registry gives, and without records inside."""
    return {
        name: info
        for name, info in fields_of(record_type).items()
        if name not in OWN_FIELDS and info.type not in ("records", "reading")
    }


def kind_name(record: object) -> str:
    """The kind of a record, as in :data:`.records.REPEATED`, or ``patient`` or ``candidate``."""
    if isinstance(record, Patient):
        return "patient"
    if isinstance(record, Candidate):
        return "candidate"
    return next(kind for kind, (record_type, _) in REPEATED.items() if type(record) is record_type)


def record_type(kind: str) -> type:
    """The class of a kind of record.

    Raises
    ------
    PainGeneratorError
        There is no such kind.
    """
    known = {"patient": Patient, "candidate": Candidate, **{name: one for name, (one, _) in REPEATED.items()}}
    if kind not in known:
        raise PainGeneratorError(f"{kind!r} is no kind of record.", f"Give one of {listed(known)}.")
    return known[kind]


def parsed_fields(kind: str, values: Mapping[str, Any], today: datetime.date | None = None) -> dict[str, Any]:
    """Values of a record, checked and in the types of its fields.

    Parameters
    ----------
    kind : str
    values : mapping
        By name, with hyphens or underscores. Texts are read; an empty text clears a field that may be empty.
    today : date, optional
        No date is later.

    Returns
    -------
    dict

    Raises
    ------
    PainGeneratorError
        For the first field that is unknown or has a wrong value.
    """
    known = typed_fields(record_type(kind))
    found: dict[str, Any] = {}
    for given, value in values.items():
        name = given.strip().lower().replace("-", "_")
        if name not in known:
            raise PainGeneratorError(
                f"A {kind} has no field {given!r}.",
                f"Its fields are {listed(one.replace('_', '-') for one in known)}.",
            )
        if name in found:
            raise PainGeneratorError(f"{given!r} was given twice.", "Give each field once.")
        found[name] = parsed_value(known[name], value, today)
    return found


def make_record(kind: str, values: Mapping[str, Any], today: datetime.date | None = None) -> Any:
    """A new record of checked values; see :func:`parsed_fields`.

    Raises
    ------
    PainGeneratorError
        A value is wrong, or one that is needed is missing.
    """
    found = parsed_fields(kind, values, today)
    needed = [info for name, info in fields_of(record_type(kind)).items() if info.is_required]
    missing = [info for info in needed if found.get(info.name) in (None, "")]
    if missing:
        said = "; ".join(f"{info.name.replace('_', '-')} ({info.hint})" for info in missing)
        raise PainGeneratorError(f"The {kind} is not complete.", f"Give also: {said}.")
    record = record_type(kind)(**found)
    check_record(record)
    return record


def check_record(record: Any) -> None:
    """Refuse a record that contradicts itself or says nothing.

    Raises
    ------
    PainGeneratorError
    """
    from .questionnaires import QUESTIONNAIRES, scores_of_items

    kind = kind_name(record)
    if kind == "follow-up":
        scores = set(typed_fields(type(record))) - {"date", "time_point", "note", "analgesic_rule", "analgesic_source"}
        if all(getattr(record, name) in (None, "", {}) for name in scores):
            raise PainGeneratorError("The follow-up holds no score.", "Give at least one, such as nrs-back=4.")
        if record.analgesic_score is not None and record.analgesic_rule is None:
            raise PainGeneratorError(
                "The analgesic score has no rule.", "Give analgesic-rule=who-step or analgesic-rule=morphine-mg."
            )
        # Items of other questionnaires are kept as they are.
        scores_of_items({name: one for name, one in record.items.items() if name in QUESTIONNAIRES})
        if record.analgesic_rule == "morphine-mg" and record.analgesic_score and not record.analgesic_source:
            raise PainGeneratorError(
                "The morphine equivalents have no source.", "Name the table of factors in analgesic-source."
            )
    if kind == "confirmation" and not (record.candidate or record.site):
        raise PainGeneratorError("It is not said what was tested.", "Give candidate=PG-01, or site in words.")


def parsed_value(info: FieldInfo, value: Any, today: datetime.date | None = None) -> Any:
    """One value in the type of its field.

    Raises
    ------
    PainGeneratorError
    """
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "":
        if info.is_required or not (info.may_be_none or info.type in ("text", "table", "list")):
            raise _wrong(info, value)
        return {"text": "", "table": {}, "list": ()}.get(info.type) if not info.may_be_none else None
    readers: dict[str, Callable[[FieldInfo, Any], Any]] = {
        "date": _date, "text": _text, "word": _word, "whole": _whole, "number": _number, "yes-no": _yes_no,
        "table": _table, "list": _list,
    }  # fmt: skip
    found = readers[info.type](info, value)
    if info.type == "date" and not FIRST_DATE <= found <= (today or datetime.date.today()):
        raise PainGeneratorError(
            f"{_shown(info)} {found} cannot be right.",
            f"Give a date from {FIRST_DATE} to today; check year and month.",
        )
    if info.name in BOUNDS and not BOUNDS[info.name][0] <= found <= BOUNDS[info.name][1]:
        raise _wrong(info, value)
    return found


def _shown(info: FieldInfo) -> str:
    return info.name.replace("_", "-")


def _wrong(info: FieldInfo, value: Any) -> PainGeneratorError:
    return PainGeneratorError(f"{_shown(info)}={value} cannot be read.", f"{_shown(info)} takes {info.hint}.")


def _date(info: FieldInfo, value: Any) -> datetime.date:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    try:
        return datetime.datetime.strptime(str(value), "%Y-%m-%d").date()
    except ValueError:
        raise _wrong(info, value) from None


def _text(info: FieldInfo, value: Any) -> str:
    text = str(value)
    if len(text) > LONGEST_TEXT or "\0" in text:
        raise PainGeneratorError(f"{_shown(info)} is too long or holds a zero byte.", "Shorten the text.")
    return plain_time_point(text) if info.name == TIME_POINT else text


def _word(info: FieldInfo, value: Any) -> StrEnum:
    assert info.words is not None
    plain = str(value).lower().replace("_", "-").replace(" ", "-")
    for word in info.words:
        if plain == word.lower().replace(" ", "-"):
            return word
    raise _wrong(info, value)


def _number(info: FieldInfo, value: Any) -> float:
    text = str(value)
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")  # the decimal sign of much of Europe
    try:
        number = float(text)
    except ValueError:
        raise _wrong(info, value) from None
    if isinstance(value, bool) or not math.isfinite(number):
        raise _wrong(info, value)
    return number


def _whole(info: FieldInfo, value: Any) -> int:
    number = _number(info, value)
    if number != int(number):
        raise _wrong(info, value)
    return int(number)


def _yes_no(info: FieldInfo, value: Any) -> bool:
    found = YES_NO.get(str(value).lower())
    if found is None:
        raise _wrong(info, value)
    return found


def _table(info: FieldInfo, value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise _wrong(info, value) from None
    if not isinstance(value, Mapping):
        raise _wrong(info, value)
    return dict(value)


def _list(info: FieldInfo, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(";")]
    if not isinstance(value, (list, tuple)):
        raise _wrong(info, value)
    return tuple(str(one) for one in value)
