"""``slicer.parameterNodeWrapper``: the storage format, validators and defaults that panels use.

Numbers and text are stored as ``str(value)``, bool as True or False, an Enum by its name, a path as text, a node as
an empty parameter and a node reference whose role is the field's name. Containers are refused: a panel's parameters
need none.
"""

from __future__ import annotations

import enum
import math
import pathlib
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from .troubles import StandInLimit

RESERVED = {
    "default",
    "isCached",
    "dataType",
    "getValue",
    "setValue",
    "connectGui",
    "connectParametersToGui",
    "disconnectGui",
    "allParameters",
    "StartModify",
    "EndModify",
    "AddObserver",
    "RemoveObserver",
    "Modified",
}


class Validator:
    """Base of validators."""

    def validate(self, value: Any) -> None:
        """Raise ValueError when the value does not fit."""


@dataclass(frozen=True)
class NotNone(Validator):
    def validate(self, value: Any) -> None:
        if value is None:
            raise ValueError("Value must not be None")


@dataclass(frozen=True)
class Minimum(Validator):
    minimum: float

    def validate(self, value: Any) -> None:
        if value < self.minimum:
            raise ValueError(f"Value must be at least {self.minimum}, is {value}")


@dataclass(frozen=True)
class Maximum(Validator):
    maximum: float

    def validate(self, value: Any) -> None:
        if value > self.maximum:
            raise ValueError(f"Value must be at most {self.maximum}, is {value}")


@dataclass(frozen=True)
class WithinRange(Validator):
    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within {self.minimum} and {self.maximum}, is {value}")


@dataclass(frozen=True)
class Choice(Validator):
    choices: Any

    def validate(self, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"Value must be one of {self.choices}, is {value!r}")


@dataclass(frozen=True)
class Exclude(Validator):
    excludedValues: Any

    def validate(self, value: Any) -> None:
        if value in self.excludedValues:
            raise ValueError(f"Value must not be {value!r}")


class Default:
    """The value of a field that the node lacks."""

    def __init__(self, value: Any = None, *, generator: Callable[[], Any] | None = None) -> None:
        self.value, self.generator = value, generator

    def make(self) -> Any:
        """The value."""
        return self.generator() if self.generator is not None else self.value


@dataclass(frozen=True)
class Decimals:
    value: int


@dataclass(frozen=True)
class SingleStep:
    value: float


@dataclass(frozen=True)
class Label:
    label: str


@dataclass(frozen=True)
class Field:
    """One parameter.

    Attributes
    ----------
    name : str
    type : type
    is_optional : bool
        ``X | None``.
    annotations : tuple
        Validators, Default, Decimals, SingleStep.
    """

    name: str
    type: Any
    is_optional: bool
    annotations: tuple[Any, ...]

    @property
    def is_node(self) -> bool:
        """The value is a node of the scene."""
        return isinstance(self.type, type) and self.type.__name__.startswith("vtkMRML")

    def first(self, kind: type) -> Any:
        """The first annotation of a kind, None when there is none."""
        return next((entry for entry in self.annotations if isinstance(entry, kind)), None)

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and greatest value; infinite where nothing bounds it."""
        low, high = -math.inf, math.inf
        for entry in self.annotations:
            low = max(low, getattr(entry, "minimum", -math.inf))
            high = min(high, getattr(entry, "maximum", math.inf))
        return low, high

    def default(self) -> Any:
        """The value while nothing is stored."""
        given = self.first(Default)
        if given is not None:
            return given.make()
        if self.is_node or self.is_optional:
            return None
        if issubclass(self.type, enum.Enum):
            return next(iter(self.type))
        return self.type()

    def check(self, value: Any) -> Any:
        """The value as it is stored, or an error."""
        if self.is_node:
            if value is not None and not isinstance(value, self.type):
                raise ValueError(f"{self.name}: {value!r} is no {self.type.__name__}")
        elif self.type is float and type(value) is int:
            value = float(value)
        elif self.type is pathlib.Path and isinstance(value, str):
            value = pathlib.Path(value)
        elif not isinstance(value, self.type) or (isinstance(value, bool) and self.type is int):
            raise ValueError(f"{self.name}: {value!r} is no {self.type.__name__}")
        for entry in self.annotations:
            if isinstance(entry, Validator):
                entry.validate(value)
        return value


def field_of(name: str, hint: Any, default: Any) -> Field:
    """A field of a wrapped class.

    Raises
    ------
    StandInLimit
        For types that the stand-in does not store.
    """
    annotations: tuple[Any, ...] = ()
    if typing.get_origin(hint) is Annotated:
        hint, *rest = typing.get_args(hint)
        annotations = tuple(rest)
    optional = False
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(hint) if part is not type(None)]
        if len(parts) != 1:
            raise StandInLimit(f"the stand-in does not store {hint}")
        hint, optional = parts[0], True
        if not hint.__name__.startswith("vtkMRML"):
            raise StandInLimit(f"the stand-in does not store {hint} or None")
    if default is not _MISSING:
        annotations = (*annotations, Default(default))
    known = isinstance(hint, type) and (
        hint in (int, float, str, bool, pathlib.Path)
        or issubclass(hint, enum.Enum)
        or hint.__name__.startswith("vtkMRML")
    )
    if not known:
        raise StandInLimit(f"the stand-in does not store {hint}")
    return Field(name, hint, optional, annotations)


_MISSING = object()


def parameterNodeWrapper(classtype: type | None = None) -> Any:
    """The decorator."""
    if classtype is None:
        return parameterNodeWrapper
    hints = typing.get_type_hints(classtype, include_extras=True)
    clashes = RESERVED & set(hints)
    if clashes:
        raise ValueError(f"Invalid parameter names: {sorted(clashes)}")
    fields = {name: field_of(name, hint, vars(classtype).get(name, _MISSING)) for name, hint in hints.items()}
    body = {name: _property(field) for name, field in fields.items()}
    methods = {name: value for name, value in vars(classtype).items() if callable(value)}
    return type(classtype.__name__, (Wrapper,), {**methods, **body, "_fields": fields})


def _property(field: Field) -> property:
    return property(
        lambda self: self.getValue(field.name),
        lambda self, value: self.setValue(field.name, value),
    )


class Wrapper:
    """What the decorator makes."""

    _fields: ClassVar[dict[str, Field]] = {}

    def __init__(self, parameterNode: Any, prefix: str | None = None) -> None:
        self.parameterNode = parameterNode
        self._connections: dict[int, Any] = {}
        self._last_tag = 0
        for field in self._fields.values():
            if not parameterNode.HasParameter(field.name):
                self.setValue(field.name, field.default())

    def default(self, name: str) -> Default:
        return Default(self._fields[name].default())

    def dataType(self, name: str) -> Any:
        return self._fields[name].type

    def isCached(self, name: str) -> bool:
        return False

    def allParameters(self) -> dict[str, Any]:
        return {name: field.type for name, field in self._fields.items()}

    def getValue(self, name: str) -> Any:
        field, node = self._fields[name], self.parameterNode
        if field.is_node:
            return node.GetNodeReference(name)
        text = node.GetParameter(name)
        if field.type is bool:
            return text == "True"
        if issubclass(field.type, enum.Enum):
            return field.type[text]
        return field.type(text)

    def setValue(self, name: str, value: Any) -> None:
        field, node = self._fields[name], self.parameterNode
        value = field.check(value)
        if field.is_node:
            modifying = node.StartModify()
            node.SetParameter(name, "")
            node.SetNodeReferenceID(name, value.GetID() if value is not None else None)
            node.EndModify(modifying)
        elif isinstance(value, enum.Enum):
            node.SetParameter(name, value.name)
        else:
            node.SetParameter(name, str(value))

    def StartModify(self) -> int:
        return self.parameterNode.StartModify()

    def EndModify(self, before: int) -> int:
        return self.parameterNode.EndModify(before)

    def AddObserver(self, event: Any, callback: Any, priority: float = 0.0) -> int:
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        self.parameterNode.Modified()

    def connectGui(self, gui: Any) -> int:
        """Tie the widgets that carry a ``SlicerParameterName``."""
        from .gui_connectors import connect_gui

        self._last_tag += 1
        self._connections[self._last_tag] = connect_gui(self, gui)
        return self._last_tag

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        """Tie widgets given by parameter name."""
        from .gui_connectors import connect_widgets

        self._last_tag += 1
        self._connections[self._last_tag] = connect_widgets(self, list(mapping.items()))
        return self._last_tag

    def disconnectGui(self, tag: int) -> None:
        self._connections.pop(tag).release()


def isParameterNodeWrapper(class_or_object: Any) -> bool:
    kind = class_or_object if isinstance(class_or_object, type) else type(class_or_object)
    return issubclass(kind, Wrapper)


SlicerParameterNamePropertyName = "SlicerParameterName"
SlicerPackParameterNamePropertyName = "SlicerPackParameterName"
