"""Signals by their exact signature, slots whose errors are lost to the caller, as in PythonQt."""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable
from typing import Any

from .api import normalized
from .current import CURRENT
from .qt_classes import qt_side
from .troubles import TROUBLES, StandInLimit


def accepted_count(slot: Callable[..., Any]) -> int | None:
    """How many arguments PythonQt passes to a slot: all that its code names, None for all that there are."""
    if isinstance(slot, functools.partial) or not (inspect.isfunction(slot) or inspect.ismethod(slot)):
        return None
    code = slot.__code__
    if code.co_flags & inspect.CO_VARARGS:
        return None
    return code.co_argcount - (1 if inspect.ismethod(slot) else 0)


def run_lost(call: Callable[..., Any], *values: Any) -> Any:
    """Call; an exception is printed, kept in the troubles, and goes no further."""
    try:
        return call(*values)
    except Exception as error:
        traceback.print_exception(error)
        TROUBLES.slot_errors.append(error)
        if CURRENT.log is not None:
            CURRENT.log.add_error(error)
        return None


def make_slot(slot: Callable[..., Any]) -> Callable[..., None]:
    """What is connected in the stead of a slot."""
    from .convert import wrap

    count = accepted_count(slot)

    def call(*values: Any) -> None:
        run_lost(slot, *(wrap(value) for value in (values if count is None else values[:count])))

    return call


class Signal:
    """``qt.Signal(str)`` as a class attribute of a Python subclass of QObject."""

    def __init__(self, *types: Any) -> None:
        self.types = types
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        store = instance.__dict__.setdefault("_own_signals", {})
        return store.setdefault(self.name, OwnSignal())


class OwnSignal:
    """A bound signal that knows no Qt."""

    def __init__(self) -> None:
        self.slots: list[tuple[Any, Callable[..., None]]] = []

    def connect(self, slot: Callable[..., Any]) -> bool:
        self.slots.append((slot, make_slot(slot)))
        return True

    def disconnect(self, slot: Callable[..., Any] | None = None) -> bool:
        kept = [] if slot is None else [entry for entry in self.slots if entry[0] != slot]
        changed = len(kept) != len(self.slots)
        self.slots = kept
        return changed

    def emit(self, *values: Any) -> None:
        for _, call in list(self.slots):
            call(*values)

    __call__ = emit


class BoundSignal:
    """A signal of a widget as attribute: ``button.clicked``."""

    def __init__(self, proxy: Any, name: str) -> None:
        self._proxy, self._name = proxy, name

    @property
    def _signature(self) -> str:
        signatures = self._proxy._api.signal_names[self._name]
        overloads = [signature for signature in signatures if not signature.endswith("()")]
        if len(overloads) > 1:
            TROUBLES.ambiguous_connects.append(f"{self._proxy._api.name}.{self._name}: {', '.join(overloads)}")
        native = qt_side(type(self._proxy._native))[1]
        return next((signature for signature in signatures if signature in native), signatures[0])

    def connect(self, slot: Callable[..., Any]) -> bool:
        return connect(self._proxy, self._signature, slot)

    def disconnect(self, slot: Callable[..., Any] | None = None) -> bool:
        return disconnect(self._proxy, self._signature, slot)

    def emit(self, *values: Any) -> None:
        emit(self._proxy, self._name, *values)

    __call__ = emit


def connect(proxy: Any, signal: str, receiver: Any, slot: str | None = None) -> bool:
    """``sender.connect("clicked(bool)", slot)``; False, and a trouble, when there is no such signal."""
    signature = normalized(signal)
    name = signature.partition("(")[0]
    call = getattr(receiver, slot.partition("(")[0]) if slot else receiver
    own = getattr(type(proxy), name, None)
    if isinstance(own, Signal):
        return getattr(proxy, name).connect(call)
    if signature not in proxy._api.signals:
        TROUBLES.failed_connects.append(f"{proxy._api.name}: {signal}")
        return False
    if not callable(call):
        raise TypeError(f"{call!r} is no slot")
    wrapped = make_slot(call)
    native = proxy._native
    if signature in qt_side(type(native))[1]:
        from PySide6 import QtCore

        QtCore.QObject.connect(native, QtCore.SIGNAL(signature), wrapped)
    elif not hasattr(native, "fire"):
        raise StandInLimit(f"{proxy._api.name} has no {signature} under Qt 6")
    native.__dict__.setdefault("_connections", []).append((signature, call, wrapped))
    return True


def disconnect(proxy: Any, signal: str, receiver: Any = None, slot: str | None = None) -> bool:
    """``sender.disconnect("clicked(bool)", slot)``; without a slot all of the signal's."""
    signature = normalized(signal)
    name = signature.partition("(")[0]
    call = getattr(receiver, slot.partition("(")[0]) if slot else receiver
    own = getattr(type(proxy), name, None)
    if isinstance(own, Signal):
        return getattr(proxy, name).disconnect(call)
    if signature not in proxy._api.signals:
        TROUBLES.failed_connects.append(f"{proxy._api.name}: {signal} (disconnect)")
        return False
    native = proxy._native
    entries = native.__dict__.get("_connections", [])
    gone = [entry for entry in entries if entry[0] == signature and (call is None or entry[1] == call)]
    for entry in gone:
        entries.remove(entry)
        if signature in qt_side(type(native))[1]:
            from PySide6 import QtCore

            QtCore.QObject.disconnect(native, QtCore.SIGNAL(signature), entry[2])
    return bool(gone)


def emit(proxy: Any, name: str, *values: Any) -> None:
    """Emit a signal from Python, as calling it does."""
    from .convert import unwrap

    native = proxy._native
    signatures = proxy._api.signal_names[name]
    if any(signature in qt_side(type(native))[1] for signature in signatures):
        getattr(native, name).emit(*(unwrap(value) for value in values))
        return
    matching = [s for s in signatures if s.count(",") + (not s.endswith("()")) == len(values)]
    native.fire((matching or signatures)[0], *values)
