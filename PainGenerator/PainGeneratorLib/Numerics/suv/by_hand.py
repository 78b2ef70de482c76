"""Values given by hand beside those that they replace, with the change of SUV that each makes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from ..core.errors import PainGeneratorError
from .records import BY_HAND, PetHeader, ProvenanceRow, SuvOverrides, SuvResult, value_text

Compute = Callable[[PetHeader, SuvOverrides], SuvResult]
SAME_VALUE = 1e-6
"""Upper bound of the relative difference of two values that count as the same. Our choice: texts of DICOM have six
digits and more."""
NO_CHANGE_PERCENT = 0.05
"""Upper bound of a change of SUV that is said to be none, percent: it reads as 0.0."""


@dataclass(frozen=True)
class _Given:
    """One value that can be given by hand: its row in the provenance, its unit, its word, and the header's value."""

    field: str
    quantity: str
    unit: str
    word: str
    stated: Callable[[PetHeader], Any]


GIVEN = (
    _Given("weight_kg", "Weight", "kg", "weight", lambda header: header.weight_kg),
    _Given("height_m", "Height", "m", "height", lambda header: header.height_m),
    _Given("dose_bq", "Injected dose", "Bq", "injected dose", lambda header: header.dose),
    _Given("injection_datetime", "Injection", "", "time of injection", lambda header: _stated_time(header)),
    _Given("nuclide", "Half-life", "s", "half-life", lambda header: header.half_life_s),
)
"""What :class:`.records.SuvOverrides` holds."""


def with_replaced(result: SuvResult, header: PetHeader, overrides: SuvOverrides, compute: Compute) -> SuvResult:
    """The result, with the header's own value and the change of SUV beside each value that was given by hand.

    Parameters
    ----------
    result : SuvResult
        Computed with the values given by hand.
    header : PetHeader
    overrides : SuvOverrides
    compute : callable
        Computes a result; it is asked without each of the given values.

    Returns
    -------
    SuvResult
        With a warning for each value that replaces another one.
    """
    rows, warnings = list(result.provenance), list(result.warnings)
    replaced = 0
    for given in GIVEN:
        at = next((n for n, row in enumerate(rows) if row.quantity == given.quantity and row.source == BY_HAND), None)
        if at is None or getattr(overrides, given.field) is None:
            continue
        other = _without(given.field, header, overrides, compute)
        rows[at] = _beside(rows[at], given, header, result, other)
        if _is_other(rows[at]):
            replaced += 1
            warnings.append(_sentence(rows[at], given))
    if replaced > 1:
        warnings += _together(result, header, compute)
    return replace(result, provenance=tuple(rows), warnings=tuple(dict.fromkeys(warnings)))


def table_cells(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Quantity, value and source of a row for a narrow table; beside a value given by hand stands what it replaces.

    Parameters
    ----------
    row : mapping
        As :meth:`.records.ProvenanceRow.to_json` gives it.
    """
    value = "" if row.get("value") is None else value_text(row["value"], row.get("unit") or "")
    source = str(row.get("source", ""))
    if row.get("replaced") is not None:
        source = f"{source}; {row.get('note', '')}"
    return str(row.get("quantity", "")), value, source


def _without(field: str, header: PetHeader, overrides: SuvOverrides, compute: Compute) -> SuvResult | None:
    """The result with the header's own value in place of one given by hand; None where there is none."""
    try:
        return compute(header, replace(overrides, **{field: None}))
    except PainGeneratorError:
        return None


def _beside(
    row: ProvenanceRow, given: _Given, header: PetHeader, result: SuvResult, other: SuvResult | None
) -> ProvenanceRow:
    """The row of a value given by hand, with the value that it replaces."""
    stated = _stated(given, header, other)
    if stated is None:
        return replace(row, note=_joined(row.note, "the images have none"))
    if other is None:
        what = f"the images have {value_text(stated, given.unit)}, which cannot be used"
        return replace(row, replaced=stated, note=_joined(row.note, what))
    change = round(100.0 * (float(np.median(result.factors / other.factors)) - 1.0), 2) + 0.0
    beside = replace(row, replaced=stated, change_percent=change)
    what = "as in the images"
    if _is_other(beside):
        what = f"the images have {value_text(stated, given.unit)}; SUV {change:+.1f} % by this"
    return replace(beside, note=_joined(row.note, what))


def _stated(given: _Given, header: PetHeader, other: SuvResult | None) -> str | float | None:
    """The value of the header as the computation takes it, else as it is written; None where there is none."""
    if other is not None:
        values = [row.value for row in other.provenance if row.quantity == given.quantity and row.value is not None]
        if len(values) > 1:
            return " and ".join(value_text(value, given.unit) for value in values)
        if values:
            return values[0]
    value = given.stated(header)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return None if math.isnan(value) or value == 0 else float(value)


def _stated_time(header: PetHeader) -> Any:
    if header.start_datetime is not None:
        return header.start_datetime
    return None if header.start_time is None else header.start_time.isoformat()


def _is_other(row: ProvenanceRow) -> bool:
    """Whether a value given by hand replaces another one."""
    value, stated = row.value, row.replaced
    if stated is None:
        return False
    if isinstance(value, float) and isinstance(stated, float):
        return not math.isclose(value, stated, rel_tol=SAME_VALUE)
    return value != stated


def _sentence(row: ProvenanceRow, given: _Given) -> str:
    """What a value given by hand replaces, and what that does to SUV."""
    text = (
        f"The {given.word} given by hand, {value_text(row.value, given.unit)}, replaces that of the images, "
        f"{value_text(row.replaced, given.unit)}"
    )
    if row.change_percent is None:
        return f"{text}, with which SUV cannot be computed."
    return f"{text}: {change_words(row.change_percent)}."


def change_words(percent: float) -> str:
    """A change of SUV in words, such as "SUV is 14.3 % higher by this"."""
    if abs(percent) <= NO_CHANGE_PERCENT:
        return "SUV does not change by this"
    return f"SUV is {abs(percent):.1f} % {'higher' if percent > 0 else 'lower'} by this"


def _together(result: SuvResult, header: PetHeader, compute: Compute) -> list[str]:
    """What all values given by hand do to SUV, where the header alone gives SUV, too."""
    try:
        alone = compute(header, SuvOverrides())
    except PainGeneratorError:
        return []
    percent = 100.0 * (float(np.median(result.factors / alone.factors)) - 1.0)
    said = change_words(percent).removesuffix(" by this")
    return [f"All values given by hand together: {said} compared with the values of the images."]


def _joined(note: str, more: str) -> str:
    return f"{note}; {more}" if note else more
