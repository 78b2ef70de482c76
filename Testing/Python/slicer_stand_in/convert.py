"""Values on their way between Python code and PySide6."""

from __future__ import annotations

import enum
import weakref
from typing import Any

from .enums import EnumValue

PLAIN = (str, int, float, bool, bytes, type(None))


def wrap(value: Any) -> Any:
    """What PythonQt would give for a value of PySide6: wrappers, integers for enums, tuples for lists."""
    if isinstance(value, enum.Enum) and type(value).__module__.startswith("PySide6"):
        return EnumValue.of(value)
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(wrap(entry) for entry in value)
    if isinstance(value, dict):
        return {key: wrap(entry) for key, entry in value.items()}
    if _is_native(value):
        from .classes import is_known

        # What Qt 6 gives beyond Qt 5 (a guard for the cursor, say) does not reach Python code in Slicer.
        return proxy_of(value) if is_known(value) else None
    return value


def unwrap(value: Any) -> Any:
    """What PySide6 wants for a value of Python code."""
    from .proxy import Proxy

    if isinstance(value, EnumValue):
        return int(value) if value.member is None else value.member
    if isinstance(value, Proxy):
        return value._native
    if isinstance(value, tuple | list):
        return [unwrap(entry) for entry in value]
    return value


def plain_numbers(value: Any) -> Any:
    """Enum members as the integers that some calls of PySide6 want."""
    return value.value if isinstance(value, enum.Enum) else value


def proxy_of(native: Any) -> Any:
    """The one wrapper of a PySide6 object, made when there is none alive."""
    known = getattr(native, "_stand_in", None)
    proxy = known() if known is not None else None
    if proxy is None:
        from .classes import class_for_native

        proxy_class = class_for_native(native)
        proxy = proxy_class.__new__(proxy_class)
        adopt(proxy, native)
    return proxy


def adopt(proxy: Any, native: Any) -> None:
    """Tie a wrapper and its PySide6 object; the wrapper of a Python subclass lives as long as the object."""
    object.__setattr__(proxy, "_native", native)
    try:
        native._stand_in = weakref.ref(proxy)
        if not type(proxy).__dict__.get("_generated", False):
            native._stand_in_strong = proxy
    except AttributeError:
        return  # value classes that take no attributes are wrapped anew each time


def _is_native(value: Any) -> bool:
    return any(c.__module__.startswith("PySide6") for c in type(value).__mro__) and not isinstance(value, type)
