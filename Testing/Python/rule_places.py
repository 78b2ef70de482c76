"""Places for the tests of rules: what the rules ask for is given, not measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np


def made_place(place_class: type, values: Mapping[str, Any]) -> Any:
    """A context of rules in which these values stand where something would be measured.

    A name that the class does not have, or that it works out from others, is refused.
    """
    names = {field.name for field in dataclasses.fields(place_class)}
    for name in values:
        own = getattr(place_class, name, None)
        assert name in names or own is not None, f"{place_class.__name__} has no {name}"
        assert not isinstance(own, property), f"{name} is worked out from other values"
    place = object.__new__(place_class)
    place.__dict__.update(values)
    return place


def lengths(*lengths_mm: float) -> np.ndarray:
    """Length, width and thickness of a place, mm."""
    return np.array(lengths_mm, dtype=float)


@dataclasses.dataclass(frozen=True)
class RuleCase:
    """One rule with a place to which it applies, and the bounds at which it stops applying.

    Parameters
    ----------
    rule : str
        Name of the rule.
    values : mapping
        A place to which it applies, on top of the defaults of the table.
    kind : str
        Kind of its verdict.
    sure : bool
        Whether its verdict is sure.
    bounds : tuple of (str, value, value)
        A value that is changed, a value of it to which the rule still applies, and one to which it does not.
    grade : float or None
        Grade of its verdict.
    """

    rule: str
    values: Mapping[str, Any]
    kind: str
    sure: bool = True
    bounds: tuple[tuple[str, Any, Any], ...] = ()
    grade: float | None = None


def bounds_of(cases: list[RuleCase]) -> list[tuple[RuleCase, str, Any, Any]]:
    """One row for each bound of each rule."""
    return [(case, *bound) for case in cases for bound in case.bounds]


def bound_name(row: Any) -> str:
    """A short name of a row, for the list of tests."""
    return row.rule if isinstance(row, RuleCase) else str(row)
