"""Designer files: loaded by Qt's own loader, with the stand-in's classes for custom widgets.

Qt's loader is silent about properties and connections that do not exist; here they are refused.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

from PySide6 import QtCore, QtUiTools

from . import signals
from .api import load_api
from .convert import proxy_of
from .own_widgets import own_class
from .qt_classes import qt_side
from .troubles import TROUBLES, StandInLimit


class Loader(QtUiTools.QUiLoader):
    """Makes custom widgets; all are kept until the tree is whole."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Any] = []

    def createWidget(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        entry = load_api().find(class_name)
        if entry is None and class_name not in ("Line",):
            raise StandInLimit(f"real Slicer has no widget class {class_name}")
        if entry is None or entry.name.startswith("qt."):
            widget = super().createWidget(class_name, parent, name)
        else:
            widget = own_class(entry)(parent)
            widget.setObjectName(name)
        self.kept.append(widget)
        return widget


def load_device(self: Any, device: Any, parent: Any = None) -> Any:
    """``QUiLoader.load`` of the stand-in's ``qt``."""
    data = bytes(device._native.readAll().data())
    return proxy_of(load_text(data.decode("utf-8")))


def load_text(text: str) -> Any:
    """The native widget of a Designer file.

    Raises
    ------
    RuntimeError
        When the file does not load, or names what real Slicer lacks.
    """
    root = ElementTree.fromstring(text)
    connections = root.find("connections")
    if connections is not None:
        root.remove(connections)
    own = _take_own_properties(root)
    buffer = QtCore.QBuffer()
    buffer.setData(ElementTree.tostring(root))
    buffer.open(QtCore.QIODevice.ReadOnly)
    loader = Loader()
    widget = loader.load(buffer)
    if widget is None:
        raise RuntimeError(f"the Designer file does not load: {loader.errorString()}")
    widget._stand_in_kept = loader.kept
    widget._stand_in_proxies = [proxy_of(kept) for kept in loader.kept]
    found = {kept.objectName(): kept for kept in loader.kept}
    for name, properties in own.items():
        proxy = proxy_of(found[name])
        for property_name, element in properties:
            setattr(proxy, property_name, property_value(proxy, element))
    for element in connections if connections is not None else ():
        _connect(found, element)
    return widget


def _take_own_properties(root: ElementTree.Element) -> dict[str, list[tuple[str, ElementTree.Element]]]:
    """Take properties that only our classes have out of the tree: by widget name."""
    api = load_api()
    taken: dict[str, list[tuple[str, ElementTree.Element]]] = {}
    for widget in root.iter("widget"):
        entry = api.find(widget.get("class", ""))
        if entry is None:
            continue
        own = own_class(entry) if not entry.name.startswith("qt.") else None
        for element in list(widget.findall("property")):
            name = element.get("name", "")
            if element.get("stdset") == "0":
                continue
            if name not in entry.properties and name not in DESIGNER_ONLY:
                TROUBLES.refusals.append(f"{entry.name} has no property {name} (widget {widget.get('name')})")
            elif own is not None and (name not in qt_side(own)[0] or hasattr(own, f"set_{name}")):
                widget.remove(element)
                taken.setdefault(widget.get("name", ""), []).append((name, element))
    return taken


DESIGNER_ONLY = ("buddy",)
"""What Designer writes as a property of a widget without Qt having one."""


def property_value(proxy: Any, element: ElementTree.Element) -> Any:
    """The value of a ``<property>``."""
    inner = element[0]
    text = inner.text or ""
    if inner.tag == "stringlist":
        return tuple(string.text or "" for string in inner.findall("string"))
    if inner.tag == "bool":
        return text == "true"
    if inner.tag == "number":
        return int(text)
    if inner.tag in ("double", "float"):
        return float(text)
    if inner.tag in ("enum", "set"):
        names = [part.rpartition("::")[2] for part in text.split("|")]
        values = [_enum_value(proxy, name) for name in names]
        joined = values[0]
        for value in values[1:]:
            joined = joined | value
        return joined
    return text


def _enum_value(proxy: Any, name: str) -> Any:
    from .classes import class_named

    for owner in (type(proxy), class_named("qt.Qt")):
        if name in owner._api.enum_values:
            return getattr(owner, name)
    return name


def _connect(found: dict[str, Any], element: ElementTree.Element) -> None:
    texts = {part.tag: part.text or "" for part in element if part.tag != "hints"}
    sender, receiver = proxy_of(found[texts["sender"]]), proxy_of(found[texts["receiver"]])
    name = texts["slot"].partition("(")[0]
    if not receiver._api.has(name):
        TROUBLES.failed_connects.append(f"{receiver._api.name} has no slot {texts['slot']}")
        return
    signals.connect(sender, texts["signal"], receiver, texts["slot"])
