"""Rows of values as table nodes, and back.

Tables are for people and for other modules: a scene file keeps about six digits of their numbers, and no line breaks
in their text. Values that must be read back to the last digit are stored as JSON (``case_text.py``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..Numerics.core.measures import Kind, Measure, Output, measures_of
from ..Numerics.core.records import Candidate
from ..Numerics.core.site_columns import columns_of
from ..Numerics.core.site_order import in_reading_order
from ..Numerics.core.sites import SiteTable


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    key : str
        Name of the column, as in ``candidates.json``.
    kind : str
        "text", "number" or "whole".
    unit : str
        Shown in the header; empty when there is none.
    description : str
    """

    key: str
    kind: str = "text"
    unit: str = ""
    description: str = ""


SET_APART = "set apart"
"""The list of what was found but has fewer points of evidence than the bar."""
TO_BE_LOOKED_AT = "to be looked at"
"""The list of what is no pain generator but has to be looked at."""


def candidate_columns() -> list[Column]:
    """The columns of the table of candidates, from the registry of measures; keys as in ``candidates.json``."""
    return _columns(measures_of(Output.SCENE_TABLE))


def site_columns() -> list[Column]:
    """The columns of the table of sites, from its registry; keys as in ``sites.json``."""
    return _columns(columns_of(Output.SCENE_TABLE))


def _columns(measures: Sequence[Measure]) -> list[Column]:
    return [
        Column(measure.key, _COLUMN_KINDS.get(measure.kind, "text"), measure.unit, measure.description)
        for measure in measures
    ]


_COLUMN_KINDS = {Kind.NUMBER: "number", Kind.WHOLE: "whole"}
"""The kinds of columns that do not hold text."""


def write_table(
    scene: Any, name: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *, node: Any = None
) -> Any:
    """Put rows into the scene as a table.

    Parameters
    ----------
    scene : vtkMRMLScene
    name : str
    columns : sequence of Column
    rows : sequence of mapping
        Values by column key; None or a missing key is an empty cell (not a number for numbers). Lists are joined.
    node : vtkMRMLTableNode, optional
        A table node that is emptied and filled; a new one is made when it is left out.

    Returns
    -------
    vtkMRMLTableNode

    Raises
    ------
    ValueError
        For an unknown kind of column, or an empty cell in a column of whole numbers.
    """
    import vtk

    kinds = {"text": vtk.vtkStringArray, "number": vtk.vtkDoubleArray, "whole": vtk.vtkIntArray}
    node = scene.AddNewNodeByClass("vtkMRMLTableNode", name) if node is None else node
    node.SetName(name)
    was_modifying = node.StartModify()
    try:
        node.RemoveAllColumns()
        for column in columns:
            if column.kind not in kinds:
                raise ValueError(f"{column.kind} is no kind of column")
            array = kinds[column.kind]()
            array.SetName(column.key)
            array.SetNumberOfValues(len(rows))
            for index, row in enumerate(rows):
                array.SetValue(index, _cell(column, row.get(column.key)))
            node.AddColumn(array)
            if column.unit:
                node.SetColumnUnitLabel(column.key, column.unit)
            if column.description:
                node.SetColumnDescription(column.key, column.description)
        node.SetUseColumnTitleAsColumnHeader(True)
        node.SetLocked(True)
    finally:
        node.EndModify(was_modifying)
    return node


def _cell(column: Column, value: Any) -> Any:
    if column.kind == "number":
        return math.nan if value is None else float(value)
    if column.kind == "whole":
        if value is None:
            raise ValueError(f"{column.key} is a column of whole numbers and cannot be empty")
        return int(value)
    if value is None:
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    # Tables are stored with tabs between cells and one row per line, so text may hold neither.
    return " ".join(text.split())


def read_table(node: Any) -> tuple[list[Column], list[dict[str, Any]]]:
    """Columns and rows of a table node; empty cells of text and of numbers are None."""
    table = node.GetTable()
    columns, values = [], []
    for index in range(table.GetNumberOfColumns()):
        array = table.GetColumn(index)
        name = array.GetName()
        kind, cells = _read_cells(array)
        columns.append(Column(name, kind, node.GetColumnUnitLabel(name) or "", node.GetColumnDescription(name) or ""))
        values.append(cells)
    keys = [column.key for column in columns]
    return columns, [dict(zip(keys, row, strict=True)) for row in zip(*values, strict=True)]


def _read_cells(array: Any) -> tuple[str, list[Any]]:
    """Kind and cells of a column."""
    import vtk

    values = [array.GetValue(row) for row in range(array.GetNumberOfValues())]
    if isinstance(array, vtk.vtkStringArray):
        return "text", [value or None for value in values]
    if isinstance(array, (vtk.vtkDoubleArray, vtk.vtkFloatArray)):
        return "number", [None if math.isnan(value) else value for value in values]
    return "whole", [int(value) for value in values]


def write_candidate_table(scene: Any, candidates: Sequence[Candidate], *, node: Any = None) -> Any:
    """The ranked list of candidates as a table node, best first."""
    measures = measures_of(Output.SCENE_TABLE)
    ranked = sorted(candidates, key=lambda candidate: candidate.rank)
    rows = [{measure.key: measure.stored(candidate) for measure in measures} for candidate in ranked]
    return write_table(scene, "Candidates", candidate_columns(), rows, node=node)


LIST_COLUMNS = (
    Column("list", description="Set apart below the bar, or to be looked at"),
    Column("reason", description="Why it is in this list"),
)
"""What the table of the entries that are no candidates has before the columns of the candidates."""


def write_apart_table(
    scene: Any, set_apart: Sequence[Candidate], attention: Sequence[Candidate], *, node: Any = None
) -> Any:
    """What is to be looked at and what is set apart, as one table node; within each list best first."""
    measures = measures_of(Output.SCENE_TABLE)
    rows = []
    for name, entries in ((TO_BE_LOOKED_AT, attention), (SET_APART, set_apart)):
        for entry in sorted(entries, key=lambda entry: entry.rank):
            stored = {measure.key: measure.stored(entry) for measure in measures}
            rows.append({"list": name, "reason": entry.reason, **stored})
    return write_table(scene, "Set apart", [*LIST_COLUMNS, *candidate_columns()], rows, node=node)


def write_site_table(scene: Any, table: SiteTable, *, node: Any = None) -> Any:
    """All sites with their measures as a table node, in the order of reading."""
    columns = columns_of(Output.SCENE_TABLE)
    rows = [{column.key: column.stored(row) for column in columns} for row in in_reading_order(table.rows)]
    return write_table(scene, "Sites", site_columns(), rows, node=node)


FACT_COLUMNS = (Column("fact"), Column("value"))
"""The table of nested facts: a fact's name and its value."""


def write_facts(scene: Any, name: str, facts: Mapping[str, Any], *, node: Any = None) -> Any:
    """Nested facts (JSON) as a table of two columns; names of nested facts are joined by dots, list items numbered."""
    rows = [{"fact": fact, "value": value} for fact, value in _flat("", facts)]
    return write_table(scene, name, FACT_COLUMNS, rows, node=node)


def _flat(prefix: str, value: Any) -> list[tuple[str, Any]]:
    """Nested facts as (name, value), in their order."""
    items = _inner_items(value)
    if items is None:
        return [(prefix, value)]
    return [row for key, item in items for row in _flat(f"{prefix}.{key}" if prefix else key, item)]


def _inner_items(value: Any) -> list[tuple[str, Any]] | None:
    """Name and value of what a fact holds; None for a plain value or a list of plain values, which is one cell."""
    if isinstance(value, Mapping):
        return [(str(key), item) for key, item in value.items()]
    is_nested = isinstance(value, (list, tuple)) and any(isinstance(item, (Mapping, list, tuple)) for item in value)
    return [(str(number), item) for number, item in enumerate(value, start=1)] if is_nested else None
