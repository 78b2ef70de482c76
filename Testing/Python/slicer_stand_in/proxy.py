"""Wrappers of Qt objects that answer as PythonQt's do, and to nothing that the API lists lack."""

from __future__ import annotations

from typing import Any

from . import signals
from .api import ApiClass
from .convert import adopt, plain_numbers, unwrap, wrap
from .enums import EnumValue, find_member
from .troubles import TROUBLES, StandInLimit

NUMBERS = {"int": int, "uint": int, "double": float, "float": float, "qreal": float, "bool": bool}


class Proxy:
    """Base of all wrappers; generated classes add the attributes of their API class.

    Attributes
    ----------
    _api : ApiClass
    _native_class : type
        PySide6's class, or one of ours; None when the stand-in has none.
    _generated : bool
        True in generated classes, absent from Python code's own subclasses.
    """

    _api: ApiClass
    _native_class: Any = None
    _native: Any = None

    def __init__(self, *values: Any, **keywords: Any) -> None:
        refuse_keywords(self._api.name, keywords)
        native_class = self._native_class
        if native_class is None:
            raise StandInLimit(f"the stand-in has no {self._api.name}")
        check_constructor(self._api, values)
        if "_generated" not in type(self).__dict__:
            native_class = overriding_class(type(self), native_class)
        adopt(self, called(self._api.name, native_class, values, tie=self))

    def __setattr__(self, name: str, value: Any) -> None:
        found = getattr(type(self), name, None)
        if isinstance(found, PropertyOf | SingleShot):
            found.__set__(self, value)
        elif "_generated" in type(self).__dict__ and name != "_native":
            raise AttributeError(f"{self._api.name} has no attribute {name!r}")
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        native = self.__dict__.get("_native")
        if native is not None and self._api.is_object and not name.startswith("_"):
            names = [bytes(entry.data()).decode() for entry in native.dynamicPropertyNames()]
            if name in names:
                return wrap(native.property(name))
        raise AttributeError(f"{self._api.name} has no attribute {name!r}")

    def __eq__(self, other: Any) -> Any:
        if not isinstance(other, Proxy):
            return NotImplemented
        return self._native is other._native or (not self._api.is_object and bool(self._native == other._native))

    def __hash__(self) -> int:
        return id(self._native)

    def __add__(self, other: Any) -> Any:
        return wrap(self._native + unwrap(other))

    def __sub__(self, other: Any) -> Any:
        return wrap(self._native - unwrap(other))

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<{self._api.name} (stand-in)>"


def refuse_keywords(owner: str, keywords: dict[str, Any]) -> None:
    """PythonQt knows positional arguments only.

    Raises
    ------
    ValueError
    """
    if keywords:
        TROUBLES.refusals.append(f"keyword arguments to {owner}: {', '.join(keywords)}")
        raise ValueError(f"Could not find matching overload for {owner} with keyword arguments {sorted(keywords)}")


def check_constructor(api: ApiClass, values: tuple[Any, ...]) -> None:
    """Refuse a number of arguments that no listed constructor takes.

    Raises
    ------
    ValueError
    """
    counts = {text.count(",") + (not text.endswith("()")) for text in api.constructors}
    if counts and len(values) not in counts:
        raise ValueError(f"no constructor of {api.name} takes {len(values)} arguments: {api.constructors}")


def called(owner: str, function: Any, values: tuple[Any, ...], tie: Any = None) -> Any:
    """Call PySide6; its errors as PythonQt words them.

    Raises
    ------
    ValueError
        Wrong arguments, or a destroyed object.
    """
    given = [unwrap(value) for value in values]
    try:
        return function(*given)
    except TypeError as error:
        numbers = [plain_numbers(value) for value in given]
        if numbers != given or any(value is not number for value, number in zip(given, numbers, strict=True)):
            try:
                return function(*numbers)
            except TypeError:
                pass  # the first error says more
        raise ValueError(f"Called {owner} with wrong arguments {values!r}: {error}") from error
    except RuntimeError as error:
        if "already deleted" in str(error):
            raise ValueError(f"Trying to call {owner} on a destroyed object") from error
        raise


def overriding_class(python_class: type, native_class: Any) -> Any:
    """A native class whose virtual functions reach the methods that Python code overrides."""
    names = {
        name
        for base in python_class.__mro__[: python_class.__mro__.index(generated_base(python_class))]
        for name in vars(base)
        if name in python_class._api.methods and callable(getattr(native_class, name, None))
    }
    body = {"_overridden": frozenset(names), **{name: _override(name, native_class) for name in names}}
    return type(native_class)(python_class.__name__, (native_class,), body)


def generated_base(python_class: type) -> type:
    """The generated wrapper that a Python class derives from."""
    return next(base for base in python_class.__mro__ if base.__dict__.get("_generated", False))


def _override(name: str, native_class: Any) -> Any:
    base = getattr(native_class, name)

    def reach(native: Any, *values: Any) -> Any:
        proxy = getattr(native, "_stand_in_strong", None)
        if proxy is None:
            return base(native, *values)
        lost = len(TROUBLES.slot_errors)
        result = signals.run_lost(getattr(proxy, name), *(wrap(value) for value in values))
        if len(TROUBLES.slot_errors) > lost:
            return base(native, *values)
        return unwrap(result)

    return reach


class PropertyOf:
    """A Qt property as an attribute."""

    def __init__(self, owner: str, name: str, kind: str) -> None:
        self.owner, self.name = owner, name
        self.type, _, access = kind.rpartition(" ")
        self.writable = "w" in access

    def __get__(self, proxy: Any, cls: type) -> Any:
        if proxy is None:
            return self
        return wrap(called(f"{self.owner}.{self.name}", read_property, (proxy._native, self.name)))

    def __set__(self, proxy: Any, value: Any) -> None:
        if not self.writable:
            raise AttributeError(f"Property {self.name!r} of {self.owner} is not writable")
        try:
            converted = converted_to(self.type, value)
            called(f"{self.owner}.{self.name}", write_property, (proxy._native, self.name, converted))
        except (ValueError, TypeError) as error:
            if "destroyed" in str(error):
                raise
            raise AttributeError(
                f"Property {self.name!r} of {self.owner} ({self.type}) does not accept {value!r}: {error}"
            ) from error


def converted_to(kind: str, value: Any) -> Any:
    """A value as PythonQt converts it for a property of this type."""
    if kind in NUMBERS:
        if isinstance(value, str) or value is None:
            raise TypeError(f"{value!r} is no {kind}")
        return NUMBERS[kind](value)
    if kind == "QString":
        return value if isinstance(value, str) else str(value)
    if kind == "QStringList":
        return [str(entry) for entry in value]
    return value


def capitalized(name: str) -> str:
    """The name with its first letter in upper case, as in ``setText``."""
    return name[:1].upper() + name[1:]


def read_property(native: Any, name: str) -> Any:
    """A property's value, by the getter where Qt has one."""
    if hasattr(native, "custom_property") and native.has_custom(name):
        return native.custom_property(name)
    for getter in (name, f"is{capitalized(name)}", f"has{capitalized(name)}"):
        function = getattr(native, getter, None)
        if callable(function) and not isinstance(function, type) and not hasattr(function, "emit"):
            return function()
    return native.property(name)


def write_property(native: Any, name: str, value: Any) -> None:
    """Set a property, by its setter where Qt has one."""
    if hasattr(native, "custom_property") and native.has_custom(name):
        native.set_custom_property(name, value)
        return
    setter = getattr(native, f"set{capitalized(name)}", None)
    if setter is not None:
        setter(value)
    elif not native.setProperty(name, value):
        raise StandInLimit(f"Qt 6 has no property {name}")


class MethodOf:
    """A method of a class or of an instance; Python code's overrides are not asked (as for ``super()``)."""

    def __init__(self, owner: str, name: str) -> None:
        self.owner, self.name = owner, name

    def __get__(self, proxy: Any, cls: type) -> Any:
        native_class = cls._native_class
        function = getattr(native_class, self.name, None)
        label = f"{self.owner}.{self.name}"

        def call(*values: Any, **keywords: Any) -> Any:
            refuse_keywords(label, keywords)
            if proxy is not None and hasattr(proxy._native, "custom_method"):
                own = proxy._native.custom_method(self.name)
                if own is not None:
                    return wrap(called(label, own, values))
            if function is None:
                raise StandInLimit(f"the stand-in does not do {label}")
            if proxy is None:
                return wrap(called(label, function, values))
            if self.name in getattr(type(proxy._native), "_overridden", ()):
                return wrap(called(label, function, (proxy, *values)))
            return wrap(called(label, getattr(proxy._native, self.name), values))

        return call


class SignalOf:
    """A signal as an attribute."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, proxy: Any, cls: type) -> Any:
        return self if proxy is None else signals.BoundSignal(proxy, self.name)


class EnumOf:
    """An enum's value as an attribute of the class."""

    def __init__(self, owner: str, kind: str, name: str) -> None:
        self.owner, self.kind, self.name = owner, kind, name

    def __get__(self, proxy: Any, cls: type) -> EnumValue:
        member = find_member(cls._native_class, self.kind, self.name)
        if member is None and not self.owner.startswith("qt."):
            # The numbers of enums that only Slicer has are not recorded; their place in the list tells them apart.
            return EnumValue(cls._api.enums[self.kind].index(self.name))
        if member is None:
            raise StandInLimit(f"{self.owner}.{self.name} has no counterpart in the stand-in")
        return EnumValue.of(member)


class SingleShot:
    """``QTimer.singleShot``: the static function hides the property of the same name."""

    def __get__(self, proxy: Any, cls: type) -> Any:
        def single_shot(milliseconds: int, slot: Any) -> None:
            cls._native_class.singleShot(milliseconds, signals.make_slot(slot))

        return single_shot

    def __set__(self, proxy: Any, value: Any) -> None:
        raise AttributeError("singleShot is a static function; use setSingleShot")
