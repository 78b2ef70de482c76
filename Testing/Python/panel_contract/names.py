"""Names that exist outside the recorded lists: in Python, numpy, VTK and our own code."""

from __future__ import annotations

import ast
import functools
import importlib
from pathlib import Path

STANDARD = (
    "builtins",
    "sys",
    "os",
    "os.path",
    "threading",
    "functools",
    "importlib",
    "importlib.util",
    "itertools",
    "json",
    "logging",
    "math",
    "re",
    "shutil",
    "tempfile",
    "time",
    "contextlib",
    "datetime",
    "enum",
    "dataclasses",
    "unittest",
    "pathlib",
    "collections",
    "typing",
    "traceback",
    "webbrowser",
    "numpy",
)
TYPES = ("str", "bytes", "int", "float", "list", "tuple", "dict", "set", "frozenset", "type", "BaseException")


@functools.cache
def python_names() -> frozenset[str]:
    """Attributes of Python's own modules and types, and of numpy's arrays."""
    import builtins
    import datetime
    import enum
    import threading
    import unittest

    import numpy as np

    found: set[str] = set()
    for name in STANDARD:
        found |= set(dir(importlib.import_module(name)))
    for owner in (
        *(getattr(builtins, name) for name in TYPES),
        np.ndarray,
        Path,
        threading.Event,
        threading.Thread,
        datetime.datetime,
        enum.Enum(value="Any", names="ONE").ONE,
        unittest.TestCase,
    ):
        found |= set(dir(owner))
    return frozenset(found | {"__code__", "co_argcount", "__name__", "__file__"})


NOT_RECORDED = {
    "registerCustomSampleDataSource",
    "registerCustomSampleDataCategory",
    "setupPythonRequirements",
}
"""Methods of classes of other modules, which the record names without their methods: SampleData, TotalSegmentator."""


@functools.cache
def slicer_python_names() -> frozenset[str]:
    """What Slicer's own Python classes give: the bases of scripted modules and the parameter node wrapper."""
    from slicer_stand_in import parameter_nodes, scripted_module

    found: set[str] = set(NOT_RECORDED)
    for module in (parameter_nodes, scripted_module):
        for owner in vars(module).values():
            if isinstance(owner, type):
                found |= set(dir(owner))
    return frozenset(found)


@functools.cache
def vtk_names() -> frozenset[str]:
    """Attributes of VTK's and MRML's classes."""
    import slicer
    import vtk

    found: set[str] = set()
    for owner in (*vars(slicer).values(), *(getattr(vtk, name) for name in COMMON_VTK)):
        if isinstance(owner, type):
            found |= set(dir(owner))
    return frozenset(found | set(vars(slicer)) | set(dir(vtk)))


COMMON_VTK = (
    "vtkActor2D",
    "vtkAlgorithmOutput",
    "vtkCollection",
    "vtkColorTransferFunction",
    "vtkCommand",
    "vtkContourFilter",
    "vtkExtractVOI",
    "vtkIdList",
    "vtkImageData",
    "vtkImageMapper",
    "vtkImageReslice",
    "vtkMatrix4x4",
    "vtkPiecewiseFunction",
    "vtkPolyDataMapper2D",
    "vtkProperty2D",
    "vtkRenderWindow",
    "vtkRenderWindowInteractor",
    "vtkRenderer",
    "vtkRendererCollection",
    "vtkStringArray",
    "vtkVolumeProperty",
)


@functools.cache
def own_names(folder: Path) -> frozenset[str]:
    """What our own code defines: functions, classes, attributes, fields."""
    found: set[str] = set()
    for path in sorted(folder.rglob("*.py")):
        found |= defined_names(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(found)


def defined_names(tree: ast.Module) -> set[str]:
    """What one module defines."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                found.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found
