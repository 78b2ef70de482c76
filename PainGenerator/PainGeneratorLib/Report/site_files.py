"""``sites.json`` and ``sites.csv``: every site with its measures, units and codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..Anatomy.codes import DISC_CODES, SIDE_CODES, VERTEBRA_CODES, structure_code
from ..Numerics.core.coding import Code
from ..Numerics.core.measures import Measure, Output
from ..Numerics.core.records import Candidate, Place
from ..Numerics.core.site_columns import columns_of
from ..Numerics.core.site_order import in_reading_order
from ..Numerics.core.site_reading import is_abnormal, is_measured, is_raised
from ..Numerics.core.sites import Site, SiteRow, SiteState, SiteTable
from ..Numerics.core.words import Side
from .prosthesis import interfaces_json
from .site_text import conclusion, level_texts
from .tables import csv_fields, csv_text

SCHEMA = 1
"""Version of the form of ``sites.json``."""
_DIGITS = 5
"""Decimals of the unit vectors of the axes."""


def sites_json(
    case: Mapping[str, Any],
    table: SiteTable,
    candidates: Sequence[Candidate],
    attention: Sequence[Candidate] = (),
    removed: Sequence[Candidate] = (),
) -> dict[str, Any]:
    """``sites.json``: what the columns mean, every site, a text for each level, and the conclusion.

    Parameters
    ----------
    case : mapping
        What identifies the case, ready for JSON.
    table : SiteTable
    candidates : sequence of Candidate
        For the texts, which name them by rank.
    attention : sequence of Candidate
        What is no pain generator but has to be looked at; the conclusion names it.
    removed : sequence of Candidate
        What the reader took off the list.

    Returns
    -------
    dict
        Values that are not known are None, never 0.
    """
    return {
        "schema": SCHEMA,
        "case": dict(case),
        "levels": {"certainty": table.level_certainty, "reasons": list(table.level_reasons)},
        "notes": list(table.notes),
        "counts": _counts(table),
        "columns": [_column_json(column) for column in columns_of(Output.FILES)],
        "prostheses": interfaces_json(table),
        "sites": [_site_json(row) for row in in_reading_order(table.rows)],
        "text": [{"level": part.level, "text": part.text} for part in level_texts(table, candidates)],
        "conclusion": conclusion(table, candidates, attention, removed),
    }


def sites_csv(table: SiteTable) -> str:
    """``sites.csv``: one row per site, with the values of the JSON (RFC 4180).

    Positions are spread over columns: ``center_ras_mm_r``, ``_a``, ``_s``. Lists are joined by semicolons. Codes stand
    as ``scheme^value^meaning``. A value that is not known is an empty field.
    """
    return csv_text([_spread(row) for row in in_reading_order(table.rows)], _spread(_blank_row()))


def _counts(table: SiteTable) -> dict[str, int]:
    measured = sum(is_measured(row) for row in table.rows)
    return {
        "sites": len(table.rows),
        "measured": measured,
        "not_assessable": len(table.rows) - measured,
        "abnormal": sum(is_abnormal(row) for row in table.rows),
        "raised": sum(is_raised(row) for row in table.rows),
    }


def _column_json(column: Measure) -> dict[str, Any]:
    """What a column means: its head, how it is computed, its unit (UCUM) and its codes."""
    return {
        "key": column.key,
        "title": column.title,
        "how": column.how,
        "unit": column.unit or None,
        "ucum": column.ucum or None,
        "quantity": _code_json(column.quantity),
        "modifier": _code_json(column.modifier),
    }


def _code_json(code: Code | None) -> dict[str, str] | None:
    return None if code is None else {"scheme": code.scheme, "value": code.value, "meaning": code.meaning}


def _site_json(row: SiteRow) -> dict[str, Any]:
    """The columns of a site, its codes, and the ellipsoid in which it was measured."""
    values = {column.key: column.stored(row) for column in columns_of(Output.FILES)}
    site = row.site
    return {
        **values,
        "codes": {name: _code_json(code) for name, code in site_codes(site).items()},
        "ellipsoid": {
            "half_axes_mm": [round(float(length), 2) for length in site.half_mm],
            "axes_ras": [[round(float(x), _DIGITS) for x in axis] for axis in site.axes],
        },
    }


def site_codes(site: Site) -> dict[str, Code | None]:
    """The codes of a site: its structure, its side and its level."""
    level = site.level or ""
    return {
        "structure": structure_code(Place(site.name, site.structure, site.side, site.level, site.zone)),
        "side": SIDE_CODES.get(site.side),
        "level": VERTEBRA_CODES.get(level) or DISC_CODES.get(level),
    }


def _spread(row: SiteRow) -> dict[str, Any]:
    """The fields of one row of the CSV; unknown values are empty text."""
    fields: dict[str, Any] = {}
    for column in columns_of(Output.FILES):
        fields.update(csv_fields(column, column.stored(row)))
    for name, code in site_codes(row.site).items():
        fields[f"{name}_code"] = None if code is None else code.text
    return {name: "" if value is None else value for name, value in fields.items()}


def _blank_row() -> SiteRow:
    """A row without values, so that a table without sites has the same header."""
    site = Site("", "", str(Side.MIDLINE), None, np.zeros(3), np.eye(3), np.ones(3), 0)
    return SiteRow(site, str(SiteState.NOT_ASSESSABLE))
