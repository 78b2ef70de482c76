"""The base of widgets that PySide6 does not have.

By rule such a widget keeps a value for each of its listed properties, gives every property its listed setter, and
fires listed signals. What it does beyond that is written by hand: ``get_<property>``, ``set_<property>``, and methods
under their listed names.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import shiboken6

from .api import ApiClass, normalized
from .qt_classes import qt_side

DEFAULTS = {"bool": False, "int": 0, "double": 0.0, "QString": "", "QStringList": ()}


NUMBERS = itertools.count(1)
WATCHING: dict[int, tuple[Any, list[int]]] = {}
"""Subject and tags of every observation that is on. VTK objects that end inside Python's garbage collection must not
call anybody, so that all observations end with the stand-in."""


def release_all() -> None:
    """End all observations."""
    for subject, tags in WATCHING.values():
        for tag in tags:
            subject.RemoveObserver(tag)
    WATCHING.clear()


class Own:
    """Mixed into a PySide6 class.

    Attributes
    ----------
    entry : ApiClass
        What real Slicer lists for this class.
    initial : dict
        Values of properties that do not start as zero, empty or False.
    """

    entry: ApiClass
    initial: ClassVar[dict[str, Any]] = {}

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        self.values: dict[str, Any] = {}
        for base in reversed(type(self).__mro__):
            self.values.update(vars(base).get("initial", {}))
        self.build()

    def build(self) -> None:
        """Make the inside of the widget."""

    def setMRMLScene(self, scene: Any) -> None:
        """Take the scene and tell; reached only where real Slicer lists it."""
        if scene is not self.values.get("_scene"):
            self.values["_scene"] = scene
            self.scene_changed(scene)
            if "mrmlSceneChanged(vtkMRMLScene*)" in self.entry.signals:
                self.fire("mrmlSceneChanged(vtkMRMLScene*)", scene)

    def mrmlScene(self) -> Any:
        """The scene."""
        return self.values.get("_scene")

    def scene_changed(self, scene: Any) -> None:
        """Answer to a new scene."""

    def observe(self, key: str, subject: Any, events: Sequence[Any], call: Callable[..., None]) -> None:
        """Watch one VTK object under a key in the stead of the one before; None ends it."""
        watched: dict[str, int] = self.__dict__.setdefault("_watched", {})
        former, tags = WATCHING.pop(watched.pop(key, 0), (None, []))
        for tag in tags:
            former.RemoveObserver(tag)
        if subject is not None:
            alive = weakref.ref(self)

            def answer(caller: Any, event: str) -> None:
                widget = alive()
                if widget is not None and shiboken6.isValid(widget):
                    call()

            number = next(NUMBERS)
            watched[key] = number
            WATCHING[number] = (subject, [subject.AddObserver(event, answer) for event in events])

    def has_custom(self, name: str) -> bool:
        """Whether a property is ours: listed, and not one of Qt's."""
        return name in self.entry.properties and (
            hasattr(self, f"get_{name}") or hasattr(self, f"set_{name}") or name not in qt_side(type(self))[0]
        )

    def custom_property(self, name: str) -> Any:
        """A property's value."""
        getter = getattr(self, f"get_{name}", None)
        if getter is not None:
            return getter()
        kind = self.entry.properties[name].rpartition(" ")[0]
        return self.values.get(name, DEFAULTS.get(kind))

    def set_custom_property(self, name: str, value: Any) -> None:
        """Set a property."""
        setter = getattr(self, f"set_{name}", None)
        if setter is not None:
            setter(value)
        else:
            self.values[name] = tuple(value) if isinstance(value, list) else value

    def custom_method(self, name: str) -> Callable[..., Any] | None:
        """The setter of a property of ours; None for all other methods."""
        wanted = name[3:4].lower() + name[4:]
        if name.startswith("set") and not hasattr(type(self), name) and self.has_custom(wanted):
            return lambda value: self.set_custom_property(wanted, value)
        return None

    def fire(self, signature: str, *values: Any) -> None:
        """Call what is connected to a signal.

        Raises
        ------
        ValueError
            When real Slicer lists no such signal for this class: a mistake of the stand-in.
        """
        wanted = normalized(signature)
        if wanted not in self.entry.signals:
            raise ValueError(f"{self.entry.name} has no signal {signature}")
        if not self.signalsBlocked():
            for connected, _, call in list(self.__dict__.get("_connections", [])):
                if connected == wanted:
                    call(*values)
