"""Rules between the Designer file and the parameter node."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from .designer import Designer
from .faults import Fault

PLAIN = {"int": "int", "float": "float", "str": "str", "bool": "bool", "Path": "path", "FloatRange": "FloatRange"}
BOUNDING = ("WithinRange", "RangeBounds")


@dataclass(frozen=True)
class Parameter:
    """A field of the wrapped class, read from its source."""

    name: str
    kind: str
    is_bounded: bool
    line: int


def read_parameters(tree: ast.Module) -> list[Parameter]:
    """The fields of the class under ``parameterNodeWrapper``."""
    found = []
    enums = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(
            "parameterNodeWrapper" in ast.unparse(decorator) for decorator in node.decorator_list
        ):
            fields = [e for e in node.body if isinstance(e, ast.AnnAssign) and isinstance(e.target, ast.Name)]
            found.extend(_parameter(entry, enums) for entry in fields)
    return found


def _parameter(entry: ast.AnnAssign, enums: set[str]) -> Parameter:
    hint, notes = entry.annotation, []
    if isinstance(hint, ast.Subscript) and ast.unparse(hint.value).endswith("Annotated"):
        hint, *notes = hint.slice.elts
    calls = [ast.unparse(note.func) for note in notes if isinstance(note, ast.Call)]
    text = ast.unparse(hint).replace(" | None", "").rpartition(".")[2]
    kind = PLAIN.get(text, "enum" if text in enums else "node" if text.startswith("vtkMRML") else text)
    if "Choice" in calls:
        kind = "choice"
    bounded = any(call in BOUNDING for call in calls) or {"Minimum", "Maximum"} <= set(calls)
    return Parameter(entry.target.id, kind, bounded, entry.lineno)


def check_parameters(designer: Designer, parameters: list[Parameter], file_name: str, used: set[str]) -> list[Fault]:
    """Names both ways, and pairs of widget and type that real Slicer can tie.

    Parameters
    ----------
    used : set of str
        Parameters that code reads or sets by itself; these may go without a widget.
    """
    from slicer_stand_in.gui_connectors import NEED_BOUNDS, TABLE

    faults = []
    by_name = {parameter.name: parameter for parameter in parameters}
    for widget, name in designer.parameters.items():
        where = f"{designer.file_name} {widget}"
        parameter = by_name.get(name)
        if parameter is None:
            faults.append(Fault(where, "parameters", f"the parameter node has no {name}"))
            continue
        class_name = designer.widgets[widget]
        if class_name not in TABLE.get(parameter.kind, ()):
            faults.append(Fault(where, "parameters", f"Slicer ties no {class_name} to {parameter.kind} ({name})"))
        elif class_name in NEED_BOUNDS and not parameter.is_bounded:
            faults.append(Fault(where, "parameters", f"{class_name} needs bounds of {name}"))
    for parameter in parameters:
        if parameter.name not in designer.parameters.values() and parameter.name not in used:
            faults.append(
                Fault(
                    f"{file_name}:{parameter.line}", "parameters", f"no widget shows and no code uses {parameter.name}"
                )
            )
        from slicer_stand_in.parameter_nodes import RESERVED

        if parameter.name in RESERVED:
            faults.append(Fault(f"{file_name}:{parameter.line}", "parameters", f"{parameter.name} is reserved"))
    return faults
