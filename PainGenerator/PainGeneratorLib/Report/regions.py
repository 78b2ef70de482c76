"""Spherical regions of the reader in ``regions.csv`` and in the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..Numerics.core.spheres import SphereColumn, SphereRegion, cell_text, columns_for, values_of
from .html import Html, table, tag
from .tables import csv_text

NOTE = (
    "Spheres that the reader placed. SUV and volume are those of the PET voxels whose centers lie in the sphere; the "
    "ratio is SUVpeak over the reference; z is the mean z-score of the marrow in it."
)
"""What the section of the report says about its table."""


def regions_csv(regions: Sequence[SphereRegion]) -> str:
    """The regions as CSV, one row for each; numbers have the decimals of their column."""
    columns = columns_for(regions)
    rows = [{column.key: _cell(column, values_of(one).get(column.key)) for column in columns} for one in regions]
    return csv_text(rows, {column.key: "" for column in columns})


def _cell(column: SphereColumn, value: Any) -> Any:
    if value is None:
        return ""
    return value if column.digits is None else round(float(value), max(column.digits, 3))


def regions_section(regions: Sequence[SphereRegion]) -> Html:
    """The section of the report; nothing where there are no regions."""
    if not regions:
        return Html("")
    columns = columns_for(regions)
    header = [(column.title, column.unit) if column.unit else column.title for column in columns]
    rows = [[cell_text(column, values_of(one).get(column.key)) for column in columns] for one in regions]
    numeric = [number for number, column in enumerate(columns) if column.digits is not None]
    return tag("section", tag("h2", "Regions of the reader"), tag("p", NOTE), table(header, rows, numeric=numeric))
