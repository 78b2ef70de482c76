"""What real Slicer offers from Python, read from the recorded lists (``slicer-api``).

A class of the lists says only what it adds to the class it extends; :class:`ApiClass` follows the chain. Classes that
could not be constructed when the lists were recorded have no properties and signals there; those of Qt's own
classes are completed from Qt's meta-object, which the real one shares.
"""

from __future__ import annotations

import functools
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[3]
FILES = ("qt", "ctk", "slicer")
EVERY_OBJECT = ("className", "help", "inherits", "delete", "name", "metaObject")
"""Attributes that PythonQt gives every object besides the listed ones (``name`` is the object's name)."""


def api_folder() -> Path:
    """The folder of the lists: PAINGENERATOR_SLICER_API, else ``../shared/slicer-api`` beside the project."""
    return Path(os.environ.get("PAINGENERATOR_SLICER_API") or PROJECT.parent / "shared" / "slicer-api")


def reason_missing() -> str | None:
    """Why the lists cannot be read here; None when they can."""
    folder = api_folder()
    if all((folder / f"{name}.json").is_file() for name in (*FILES, "application")):
        return None
    return f"no Slicer API lists in {folder}: set PAINGENERATOR_SLICER_API"


def normalized(signature: str) -> str:
    """A signal's signature as Qt normalizes it: no spaces, no ``const`` and no reference of an argument.

    >>> normalized("currentTextChanged( const QString & )")
    'currentTextChanged(QString)'
    """
    text = re.sub(r"\bconst\b", "", signature).replace("&", "")
    return re.sub(r"\s+", "", text)


NOT_RECORDED = {
    "slicer.qSlicerAbstractModuleWidget": {"isEntered": "bool r"},
    "slicer.qSlicerScriptedLoadableModuleWidget": {"isEntered": "bool r"},
}
"""Properties of classes that could not be constructed for the record, known from Slicer's own module template."""


@dataclass(frozen=True)
class ApiClass:
    """One class with all it inherits.

    Attributes
    ----------
    name : str
        As "qt.QPushButton".
    bases : tuple of str
        Itself and the classes it extends, nearest first.
    properties : dict of str to str
        Name to Qt type and ``r`` or ``rw``.
    signals : frozenset of str
        Normalized signatures.
    methods : dict of str to str
        Name to the call as PythonQt documents it.
    enums : dict of str to tuple of str
        Enum type to the names of its values.
    """

    name: str
    bases: tuple[str, ...]
    constructors: tuple[str, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)
    signals: frozenset[str] = frozenset()
    methods: dict[str, str] = field(default_factory=dict)
    enums: dict[str, tuple[str, ...]] = field(default_factory=dict)
    constructed: bool = True

    @functools.cached_property
    def enum_values(self) -> dict[str, str]:
        """Value name to enum type."""
        return {value: kind for kind, values in self.enums.items() for value in values}

    @functools.cached_property
    def signal_names(self) -> dict[str, tuple[str, ...]]:
        """Name of a signal to its signatures, those with most arguments first."""
        names: dict[str, list[str]] = {}
        for signature in sorted(self.signals, key=lambda s: (-len(arguments(s)), s)):
            names.setdefault(signature.partition("(")[0], []).append(signature)
        return {name: tuple(signatures) for name, signatures in names.items()}

    @property
    def is_object(self) -> bool:
        """Whether it is a QObject."""
        return "qt.QObject" in self.bases

    def has(self, attribute: str) -> bool:
        """Whether an instance has this attribute."""
        return (
            attribute in self.properties
            or attribute in self.methods
            or attribute in self.signal_names
            or self.has_static(attribute)
            or (self.is_object and attribute in EVERY_OBJECT)
        )

    def has_static(self, attribute: str) -> bool:
        """Whether the class itself gives this attribute: an enum's value, an enum's type, or a method."""
        return attribute in self.enum_values or attribute in self.enums or attribute in self.methods


def arguments(signature: str) -> tuple[str, ...]:
    """The argument types of a normalized signature; commas inside ``<>`` do not part."""
    inner = signature.partition("(")[2].rpartition(")")[0]
    parts = re.split(r",(?![^<]*>)", inner)
    return tuple(part for part in parts if part)


class Api:
    """All the lists.

    Attributes
    ----------
    application : dict
        The content of ``application.json``.
    """

    def __init__(self, folder: Path) -> None:
        self._raw: dict[str, dict[str, Any]] = {}
        for name in FILES:
            self._raw.update(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))
        self.application: dict[str, Any] = json.loads((folder / "application.json").read_text(encoding="utf-8"))
        self._classes: dict[str, ApiClass] = {}

    def names(self, module: str) -> tuple[str, ...]:
        """Names of the classes of "qt", "ctk" or "slicer", without the module."""
        prefix = module + "."
        return tuple(name.removeprefix(prefix) for name in self._raw if name.startswith(prefix))

    def find(self, class_name: str) -> ApiClass | None:
        """The class of this name ("qt.QLabel", or "QLabel"), None when there is none."""
        if class_name not in self._raw:
            class_name = next((f"{m}.{class_name}" for m in FILES if f"{m}.{class_name}" in self._raw), "")
        if not class_name:
            return None
        if class_name not in self._classes:
            self._classes[class_name] = self._build(class_name)
        return self._classes[class_name]

    def live(self, expression: str) -> frozenset[str]:
        """Attributes of a live object, as "slicer.app"."""
        return frozenset(self.application["live"][expression])

    def python_module(self, name: str) -> dict[str, str]:
        """Public names of a Python module with their call signatures."""
        return self.application["python_modules"][name]

    def exists_somewhere(self, attribute: str) -> bool:
        """Whether any class or live object has an attribute of this name."""
        return attribute in self._all_attributes

    @functools.cached_property
    def _all_attributes(self) -> frozenset[str]:
        found = set(EVERY_OBJECT)
        for name in self._raw:
            entry = self.find(name)
            found |= {*entry.properties, *entry.methods, *entry.signal_names, *entry.enum_values, *entry.enums}
        for names in self.application["live"].values():
            found |= set(names)
        return frozenset(found)

    def _build(self, name: str) -> ApiClass:
        own = self._raw[name]
        parent_name = own.get("extends") or self._missing_parent(name, own)
        parent = self.find(parent_name) if parent_name else None
        constructed = not own.get("not_constructed", False)
        properties, signals = own.get("properties", {}), own.get("signals", [])
        properties = {**properties, **NOT_RECORDED.get(name, {})}
        if not constructed and name.startswith("qt."):
            from . import qt_classes

            more_properties, more_signals = qt_classes.meta_object_entries(name.removeprefix("qt."))
            properties, signals = {**more_properties, **properties}, [*more_signals, *signals]
        return ApiClass(
            name=name,
            bases=(name, *(parent.bases if parent else ())),
            constructors=tuple(own.get("constructors", ())),
            properties={**(parent.properties if parent else {}), **properties},
            signals=(parent.signals if parent else frozenset()) | {normalized(s) for s in signals},
            methods={**(parent.methods if parent else {}), **own.get("methods", {})},
            enums={
                **(parent.enums if parent else {}),
                **{kind: tuple(values) for kind, values in own.get("enums", {}).items()},
            },
            constructed=constructed,
        )

    def _missing_parent(self, name: str, own: dict[str, Any]) -> str:
        """A class that was not constructed does not name its parent, but lists all the inherited methods."""
        methods = own.get("methods", {})
        for parent in ("qt.QWidget", "qt.QObject"):
            if name != parent and own.get("not_constructed") and set(self._raw[parent]["methods"]) <= set(methods):
                return parent
        return ""


@functools.cache
def load_api() -> Api:
    """The lists, read once."""
    return Api(api_folder())
