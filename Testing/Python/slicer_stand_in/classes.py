"""Wrapper classes made from the API lists when they are first asked for."""

from __future__ import annotations

from typing import Any

from . import signals
from .api import Api, ApiClass, load_api
from .convert import proxy_of, unwrap, wrap
from .proxy import EnumOf, MethodOf, PropertyOf, Proxy, SignalOf, SingleShot, called, read_property, write_property
from .qt_classes import native_class
from .troubles import StandInLimit

_made: dict[str, type] = {}


def class_named(name: str) -> type:
    """The wrapper class of "qt.QLabel".

    Raises
    ------
    AttributeError
        When the API lists have no such class.
    """
    if name not in _made:
        entry = load_api().find(name)
        if entry is None or entry.name != name:
            raise AttributeError(f"real Slicer has no {name}")
        _made[name] = _make(entry)
    return _made[name]


def class_for_native(native: Any) -> type:
    """The wrapper class of a PySide6 object: of the nearest class that the lists have."""
    api: Api = load_api()
    for base in type(native).__mro__:
        entry = api.find(base.__name__)
        if entry is not None:
            return class_named(entry.name)
    raise StandInLimit(f"no wrapper for {type(native).__name__}")


def is_known(native: Any) -> bool:
    """Whether the lists have a class for a PySide6 object."""
    return any(load_api().find(base.__name__) is not None for base in type(native).__mro__)


def native_for(entry: ApiClass) -> Any:
    """PySide6's class for one of the lists, or one of the stand-in's own; None when there is none."""
    module, _, short = entry.name.partition(".")
    if module == "qt":
        return native_class(short)
    from .own_widgets import own_class

    return own_class(entry)


def _make(entry: ApiClass) -> type:
    body: dict[str, Any] = {"_api": entry, "_generated": True, "_native_class": native_for(entry)}
    body.update({name: MethodOf(entry.name, name) for name in entry.methods})
    body.update({name: SignalOf(name) for name in entry.signal_names})
    for kind, values in entry.enums.items():
        body.update({name: EnumOf(entry.name, kind, name) for name in values})
    body.update({name: PropertyOf(entry.name, name, kind) for name, kind in entry.properties.items()})
    if "exec" in entry.methods:
        body["exec_"] = body["exec"]
    if entry.is_object:
        body.update(OBJECT_METHODS)
        body["name"] = PropertyOf(entry.name, "objectName", "QString rw")
    if entry.name == "qt.QTimer":
        body["singleShot"] = SingleShot()
    if entry.name == "qt.QUiLoader":
        from .ui_files import load_device

        body["load"] = load_device
    made = type(entry.name.partition(".")[2], (Proxy,), body)
    made.__module__ = entry.name.partition(".")[0]
    return made


def _connect(self: Any, signal: str, receiver: Any, slot: str | None = None, kind: Any = None) -> bool:
    return signals.connect(self, signal, receiver, slot if isinstance(slot, str) else None)


def _disconnect(self: Any, signal: str, receiver: Any = None, slot: str | None = None) -> bool:
    return signals.disconnect(self, signal, receiver, slot)


def _class_name(self: Any) -> str:
    return self._api.name.partition(".")[2]


def _inherits(self: Any, class_name: str) -> bool:
    return any(base.partition(".")[2] == class_name for base in self._api.bases) or self._native.inherits(class_name)


def _property(self: Any, name: str) -> Any:
    if name in self._api.properties:
        return wrap(read_property(self._native, name))
    return wrap(self._native.property(name))


def _set_property(self: Any, name: str, value: Any) -> bool:
    if name in self._api.properties:
        write_property(self._native, name, unwrap(value))
        return True
    return self._native.setProperty(name, unwrap(value))


def _find_children(self: Any, kind: Any = None, name: str = "") -> tuple[Any, ...]:
    from PySide6 import QtCore

    wanted = kind if isinstance(kind, str) else (kind._api.name.partition(".")[2] if kind is not None else "QObject")
    found = [proxy_of(child) for child in self._native.findChildren(QtCore.QObject)]
    return tuple(
        child
        for child in found
        if (wanted == "QObject" or _inherits(child, wanted)) and (not name or child._native.objectName() == name)
    )


def _find_child(self: Any, kind: Any = None, name: str = "") -> Any:
    return next(iter(_find_children(self, kind, name)), None)


def _delete(self: Any) -> None:
    import shiboken6

    called(f"{self._api.name}.delete", shiboken6.delete, (self,))


OBJECT_METHODS = {
    "connect": _connect,
    "disconnect": _disconnect,
    "className": _class_name,
    "inherits": _inherits,
    "property": _property,
    "setProperty": _set_property,
    "findChild": _find_child,
    "findChildren": _find_children,
    "delete": _delete,
    "help": lambda self: None,
}
