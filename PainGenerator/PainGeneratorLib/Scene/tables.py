"""Rows of values as table nodes, and back.

Tables are for people and for other modules: a scene file keeps about six digits of their numbers, and no line breaks
in their text. Values that must be read back to the last digit are stored as JSON (``case_text.py``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..Numerics.core.records import Candidate


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


CANDIDATE_COLUMNS = (
    Column("rank", "whole", description="1 is the best"),
    Column("id", description="Stays with the candidate"),
    Column("name", description="Anatomical place"),
    Column("side"),
    Column("level"),
    Column("zone"),
    Column("evidence"),
    Column("score", "number", description="0 to 100"),
    Column("status"),
    Column("origin"),
    Column("suv_max", "number", "g/ml", "Largest SUVbw"),
    Column("suv_peak", "number", "g/ml", "Mean SUVbw of the hottest 1 ml sphere"),
    Column("suv_mean", "number", "g/ml", "Mean SUVbw of the outline"),
    Column("mtv_ml", "number", "ml", "Metabolic volume"),
    Column("tlg_g", "number", "g", "Total lesion glycolysis"),
    Column("volume_ml", "number", "ml", "Volume of the outline"),
    Column("tbr", "number", description="SUVpeak over the reference tissue"),
    Column("left_right_ratio", "number", description="SUVpeak over that of the mirrored place"),
    Column("mr_kind"),
    Column("mr_z", "number", description="Signal against its reference tissue, in spreads"),
    Column("distance_to_pain_mm", "number", "mm"),
    Column("flags"),
    Column("comment"),
)
"""The table of candidates; keys as in ``candidates.json``."""


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
        Emptied and filled instead of a new one.

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
    # Tables are stored with tabs between cells and one row a line.
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
    rows = [candidate.to_json() for candidate in sorted(candidates, key=lambda candidate: candidate.rank)]
    return write_table(scene, "Candidates", CANDIDATE_COLUMNS, rows, node=node)


FACT_COLUMNS = (Column("fact"), Column("value"))
"""The table of nested facts: a fact's name and its value."""


def write_facts(scene: Any, name: str, facts: Mapping[str, Any], *, node: Any = None) -> Any:
    """Nested facts (JSON) as a table of two columns; inner names are joined by dots, list items by number."""
    rows = [{"fact": fact, "value": value} for fact, value in _flat("", facts)]
    return write_table(scene, name, FACT_COLUMNS, rows, node=node)


def _flat(prefix: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        items = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, (list, tuple)) and any(isinstance(item, (Mapping, list, tuple)) for item in value):
        items = [(str(number), item) for number, item in enumerate(value, start=1)]
    else:
        return [(prefix, value)]
    return [row for key, item in items for row in _flat(f"{prefix}.{key}" if prefix else key, item)]
