"""All input cases of all kinds."""

from __future__ import annotations

import importlib
import pkgutil

import input_cases

from .judging import InputCase


def _collect() -> list[InputCase]:
    """The cases of every module of this package that has a list `CASES`, in the order of the modules' names."""
    found: list[InputCase] = []
    for module in pkgutil.iter_modules(input_cases.__path__):
        if module.name not in ("judging", "everything"):
            found += getattr(importlib.import_module(f"input_cases.{module.name}"), "CASES", [])
    return found


ALL_CASES = _collect()
