"""Where two records differ, field by field, to the last bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def differences(one: Any, other: Any, place: str = "", skipped: frozenset[str] = frozenset()) -> Iterator[str]:
    """The places at which two objects differ: dataclasses, mappings, sequences, arrays and plain values of any depth.

    Numbers must be of one kind: a single-precision number differs from a double-precision one.

    Parameters
    ----------
    one, other : object
    place : str
        Name of the objects, with which the places begin.
    skipped : frozenset of str
        Names of fields that are not compared, as ``Class.field``.
    """
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        yield from _array_differences(one, other, place)
    elif dataclasses.is_dataclass(one) and type(one) is type(other):
        for field in dataclasses.fields(one):
            if f"{type(one).__name__}.{field.name}" not in skipped:
                parts = getattr(one, field.name), getattr(other, field.name)
                yield from differences(*parts, f"{place}.{field.name}", skipped)
    elif isinstance(one, Mapping) and isinstance(other, Mapping):
        if list(one) != list(other):
            yield f"{place}: keys {list(one)} and {list(other)}"
        for key in one.keys() & other.keys():
            yield from differences(one[key], other[key], f"{place}[{key!r}]", skipped)
    elif isinstance(one, (list, tuple)) and type(one) is type(other):
        if len(one) != len(other):
            yield f"{place}: {len(one)} and {len(other)} items"
        for index, parts in enumerate(zip(one, other, strict=False)):
            yield from differences(*parts, f"{place}[{index}]", skipped)
    elif one != other or isinstance(one, np.float32) != isinstance(other, np.float32):
        yield f"{place}: {one!r} and {other!r}"


def _array_differences(one: Any, other: Any, place: str) -> Iterator[str]:
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        yield f"{place}: one is no array"
    elif (one.dtype, one.shape) != (other.dtype, other.shape):
        yield f"{place}: {one.dtype} {one.shape} and {other.dtype} {other.shape}"
    elif not np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
        yield f"{place}: values differ by up to {np.nanmax(np.abs(one.astype(float) - other.astype(float))):g}"
