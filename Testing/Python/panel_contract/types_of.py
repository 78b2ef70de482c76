"""Simple inference of what a name in the panel's code is.

A type is a pair: ("object", "qt.QLabel"), ("class", "qt.QLabel"), ("module", "qt"), ("live", "slicer.app"),
("vtk", "vtkMRMLSliceNode"), ("vtkclass", ...), ("ui", ""). None is "unknown".
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

from slicer_stand_in.api import Api

Type = tuple[str, str] | None
MODULES = ("qt", "ctk", "slicer", "vtk")
LIVE = {
    "layoutManager": ("object", "slicer.qSlicerLayoutManager"),
    "applicationLogic": ("vtk", "vtkSlicerApplicationLogic"),
    "mrmlApplicationLogic": ("vtk", "vtkMRMLApplicationLogic"),
    "userSettings": ("object", "qt.QSettings"),
}
RETURNED = {
    ("slicer.qMRMLLayoutManager", "layoutLogic"): ("vtk", "vtkMRMLLayoutLogic"),
    ("slicer.qMRMLLayoutManager", "threeDWidget"): ("object", "slicer.qMRMLThreeDWidget"),
    ("slicer.qMRMLSliceWidget", "sliceLogic"): ("vtk", "vtkMRMLSliceLogic"),
    ("slicer.qMRMLSliceWidget", "mrmlSliceNode"): ("vtk", "vtkMRMLSliceNode"),
    ("slicer.qMRMLSliceWidget", "mrmlSliceCompositeNode"): ("vtk", "vtkMRMLSliceCompositeNode"),
    ("slicer.qMRMLSegmentEditorWidget", "mrmlSegmentEditorNode"): ("vtk", "vtkMRMLSegmentEditorNode"),
}
UTIL = {"mainWindow": ("object", "qt.QMainWindow"), "loadUI": ("object", "slicer.qMRMLWidget")}
VTK_RETURNED = {
    "GetLayoutNode": "vtkMRMLLayoutNode",
    "GetPositionCoordinate": "vtkCoordinate",
    "GetSliceNode": "vtkMRMLSliceNode",
}


@dataclass
class Scope:
    """What is known in one place of the code.

    Attributes
    ----------
    names : dict
        Local names and imported modules.
    own : dict
        Attributes of ``self`` in this class.
    widgets : dict of str to str
        Widgets of the Designer file.
    returns : dict of str to Type
        What own functions return.
    """

    api: Api
    widgets: dict[str, str]
    names: dict[str, Type] = field(default_factory=dict)
    own: dict[str, Type] = field(default_factory=dict)
    returns: dict[str, Type] = field(default_factory=dict)


def vtk_class(name: str) -> Any:
    """A VTK or MRML class of the wheel, None when there is none."""
    import slicer
    import vtk

    return vars(slicer).get(name) or getattr(vtk, name, None)


def annotated(scope: Scope, hint: ast.expr | None) -> Type:
    """The type that an annotation names."""
    text = ast.unparse(hint) if hint is not None else ""
    text = text.strip("'\"").replace(" | None", "")
    match = re.fullmatch(r"(qt|ctk|slicer)\.(\w+)", text)
    if match and scope.api.find(text) is not None:
        return "object", text
    if match and vtk_class(match[2]) is not None:
        return "vtk", match[2]
    return None


def infer(scope: Scope, node: ast.expr) -> Type:
    """The type of an expression; None when it cannot be told."""
    if isinstance(node, ast.Name):
        return scope.names.get(node.id)
    if isinstance(node, ast.Attribute):
        return _attribute(scope, node)
    if isinstance(node, ast.Call):
        return _call(scope, node)
    if isinstance(node, ast.IfExp):
        return infer(scope, node.body) or infer(scope, node.orelse)
    if isinstance(node, ast.BoolOp):
        return infer(scope, node.values[-1])
    return None


def _attribute(scope: Scope, node: ast.Attribute) -> Type:
    name = node.attr
    if isinstance(node.value, ast.Name) and node.value.id == "self" and name in scope.own:
        return scope.own[name]
    if name == "ui":
        return "ui", ""
    owner = infer(scope, node.value)
    if owner is None:
        return None
    kind, what = owner
    if kind == "ui":
        entry = scope.api.find(scope.widgets.get(name, ""))
        return ("object", entry.name) if entry is not None else None
    if kind == "module":
        return _of_module(scope, what, name)
    if kind == "object":
        entry = scope.api.find(what)
        declared = entry.properties.get(name, "").partition(" ")[0]
        found = scope.api.find(f"qt.{declared}") if declared.startswith("Q") else None
        return ("object", found.name) if found is not None else None
    return None


def _of_module(scope: Scope, module: str, name: str) -> Type:
    if module == "slicer":
        if name in ("app",):
            return "live", "slicer.app"
        if name in ("util", "modules"):
            return "module", f"slicer.{name}"
        if name == "mrmlScene":
            return "vtk", "vtkMRMLScene"
        if scope.api.find(f"slicer.{name}") is not None:
            return "class", f"slicer.{name}"
    if module in ("slicer", "vtk"):
        return ("vtkclass", name) if vtk_class(name) is not None else None
    entry = scope.api.find(f"{module}.{name}")
    return ("class", entry.name) if entry is not None else None


def _call(scope: Scope, node: ast.Call) -> Type:
    function = node.func
    made = infer(scope, function)
    if made is not None and made[0] == "class":
        return "object", made[1]
    if made is not None and made[0] == "vtkclass":
        return "vtk", made[1]
    if isinstance(function, ast.Name):
        return scope.returns.get(function.id)
    if not isinstance(function, ast.Attribute):
        return None
    owner = infer(scope, function.value)
    if owner == ("live", "slicer.app"):
        return LIVE.get(function.attr)
    if owner == ("module", "slicer.util"):
        return UTIL.get(function.attr)
    if owner is not None and owner[0] == "object":
        return _returned(scope, owner[1], function.attr)
    if owner is not None and owner[0] == "vtk" and function.attr in VTK_RETURNED:
        return "vtk", VTK_RETURNED[function.attr]
    return None


def _returned(scope: Scope, class_name: str, method: str) -> Type:
    entry = scope.api.find(class_name)
    for base in entry.bases:
        if (base, method) in RETURNED:
            return RETURNED[base, method]
    match = re.search(r"-> (\w+)$", entry.methods.get(method, ""))
    found = scope.api.find(match[1]) if match else None
    return ("object", found.name) if found is not None else None
