"""The stand-in's own classes for those that PySide6 lacks: written by hand, else made by rule."""

from __future__ import annotations

import functools
from typing import Any

from .api import ApiClass, load_api
from .qt_classes import native_class


@functools.cache
def _by_hand() -> dict[str, Any]:
    from . import own_ctk, own_layout, own_markups, own_nodes, own_segment_editor, own_segments, own_views

    found: dict[str, Any] = {}
    for module in (own_ctk, own_layout, own_nodes, own_segments, own_segment_editor, own_markups, own_views):
        found.update(module.CLASSES)
    return found


_made: dict[str, Any] = {}


def own_class(entry: ApiClass) -> Any:
    """A class for the stand-in to construct; None for what is no QObject."""
    if not entry.is_object:
        return None
    if entry.name not in _made:
        _made[entry.name] = _make(entry)
    return _made[entry.name]


def _make(entry: ApiClass) -> Any:
    from .own_base import Own

    name = entry.name.partition(".")[2]
    by_hand = _by_hand().get(name)
    if by_hand is not None:
        by_hand.entry = entry
        return by_hand
    parent = load_api().find(entry.bases[1]) if len(entry.bases) > 1 else None
    if parent is None:
        return None
    if parent.name.startswith("qt."):
        base = native_class(parent.name.partition(".")[2])
        bases = (Own, base)
    else:
        base = own_class(parent)
        bases = (base,)
    if base is None:
        return None
    return type(base)(name, bases, {"entry": entry, "__module__": __name__})
