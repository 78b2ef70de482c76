"""PySide6's classes by name."""

from __future__ import annotations

import functools
import importlib
import os
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
MODULES = ("QtCore", "QtGui", "QtWidgets", "QtUiTools", "QtPrintSupport", "QtSvg", "QtNetwork", "QtTest")


@functools.cache
def native_class(name: str) -> Any:
    """PySide6's class of this name, None when there is none."""
    for module in MODULES:
        try:
            loaded = importlib.import_module(f"PySide6.{module}")
        except ImportError:
            continue
        found = getattr(loaded, name, None)
        if found is not None:
            return found
    return None


@functools.cache
def qt_side(python_class: type) -> tuple[frozenset[str], frozenset[str]]:
    """Properties and signals that an object has from Qt: of the nearest of PySide6's classes.

    An object's own meta-object is not asked: those of Python classes are made anew, and PySide6 may hand out one
    that is gone.
    """
    base = next(base for base in python_class.__mro__ if base.__module__.startswith("PySide6"))
    properties, signals = meta_object_entries(base.__name__)
    return frozenset(properties), frozenset(signals)


def meta_object_entries(name: str) -> tuple[dict[str, str], list[str]]:
    """Properties and signals of a class and of all it inherits, from Qt's meta-object."""
    found = native_class(name)
    meta = getattr(found, "staticMetaObject", None)
    if meta is None:
        return {}, []
    properties = {}
    for index in range(meta.propertyCount()):
        entry = meta.property(index)
        properties[entry.name()] = f"{entry.typeName()} {'rw' if entry.isWritable() else 'r'}"
    signals = []
    for index in range(meta.methodCount()):
        method = meta.method(index)
        if method.methodType().name == "Signal":
            signals.append(bytes(method.methodSignature().data()).decode())
    return properties, signals
