"""Rules for the Designer file."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

from slicer_stand_in.api import Api, normalized

from .faults import Fault

ACTIONABLE = (
    "QAbstractButton",
    "QComboBox",
    "QLineEdit",
    "QTextEdit",
    "QPlainTextEdit",
    "QAbstractSlider",
    "QAbstractSpinBox",
    "QAbstractItemView",
    "ctkSliderWidget",
    "ctkDoubleSlider",
    "ctkDoubleSpinBox",
    "ctkRangeWidget",
    "ctkPathLineEdit",
    "ctkDirectoryButton",
    "ctkCollapsibleGroupBox",
    "qMRMLNodeComboBox",
    "qMRMLSegmentsTableView",
    "qMRMLSegmentSelectorWidget",
    "qSlicerSimpleMarkupsWidget",
    "qSlicerMarkupsPlaceWidget",
)
"""A widget of these classes, or of one that extends them, is acted on by the user and needs a tool tip."""

NOT_IN_API = ("Line",)
DESIGNER_ONLY = ("buddy",)
UNTRANSLATED = ("nodeTypes", "SlicerParameterName", "hideChildNodeTypes", "interactionNodeSingletonTag")
NUMBERS = {"minimum": "minimum", "maximum": "maximum"}


@dataclass
class Designer:
    """A ``.ui`` file as the rules see it.

    Attributes
    ----------
    widgets : dict of str to str
        Object name to class.
    parameters : dict of str to str
        Object name to its ``SlicerParameterName``.
    """

    api: Api
    file_name: str
    root: ElementTree.Element
    widgets: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, name: str, rule: str, text: str) -> None:
        """Note a fault of a widget."""
        self.faults.append(Fault(f"{self.file_name} {name}", rule, text))


def read_designer(text: str, api: Api, file_name: str = "PainGenerator.ui") -> Designer:
    """Read a Designer file and check all that can be checked without code."""
    root = ElementTree.fromstring(text)
    designer = Designer(api, file_name, root)
    for widget in root.iter("widget"):
        _check_widget(designer, widget)
    for action in root.iter("action"):
        designer.widgets[action.get("name", "")] = "QAction"
    _check_connections(designer)
    _check_scene(designer)
    return designer


def _check_widget(designer: Designer, widget: ElementTree.Element) -> None:
    name, class_name = widget.get("name", ""), widget.get("class", "")
    if name in designer.widgets:
        designer.fault(name, "unique names", "two widgets have this name")
    designer.widgets[name] = class_name
    entry = designer.api.find(class_name)
    if entry is None:
        if class_name not in NOT_IN_API:
            designer.fault(name, "widget classes", f"real Slicer has no {class_name}")
        return
    properties = {element.get("name", ""): element for element in widget.findall("property")}
    for property_name, element in properties.items():
        if element.get("stdset") != "0" and property_name not in entry.properties:
            if property_name not in DESIGNER_ONLY:
                designer.fault(name, "properties", f"{class_name} has no property {property_name}")
        elif element.get("stdset") != "0" and entry.properties[property_name].endswith(" r"):
            designer.fault(name, "properties", f"{class_name}.{property_name} cannot be set")
        _check_enum(designer, name, entry, element)
    for property_name in UNTRANSLATED:
        texts = list(properties[property_name]) if property_name in properties else []
        if any(text.get("notr") != "true" for text in texts):
            designer.fault(name, "untranslated", f"{property_name} must carry notr")
    if "SlicerParameterName" in properties:
        designer.parameters[name] = properties["SlicerParameterName"].findtext("string", "")
    _check_tool_tip(designer, name, entry, properties)


def _check_enum(designer: Designer, name: str, entry, element: ElementTree.Element) -> None:
    for inner in (*element.findall("enum"), *element.findall("set")):
        for text in (inner.text or "").split("|"):
            owner, _, value = text.rpartition("::")
            owner_class = designer.api.find(owner.partition("::")[0]) if owner else entry
            if owner_class is None or not (
                value in owner_class.enum_values or value in designer.api.find("qt.Qt").enum_values
            ):
                designer.fault(name, "enums", f"{element.get('name')}: there is no {text}")


def _check_tool_tip(designer: Designer, name: str, entry, properties: dict[str, ElementTree.Element]) -> None:
    actionable = any(base.partition(".")[2] in ACTIONABLE for base in entry.bases)
    tool_tip = properties.get("toolTip")
    if actionable and (tool_tip is None or not (tool_tip.findtext("string") or "").strip()):
        designer.fault(name, "tool tips", f"a {entry.name} needs a tool tip")


def _check_connections(designer: Designer) -> None:
    for connection in designer.root.iter("connection"):
        sender, receiver = connection.findtext("sender", ""), connection.findtext("receiver", "")
        signal, slot = connection.findtext("signal", ""), connection.findtext("slot", "")
        for name in (sender, receiver):
            if name not in designer.widgets:
                designer.fault(name, "connections", "there is no such widget")
                return
        sending, receiving = (designer.api.find(designer.widgets[name]) for name in (sender, receiver))
        if sending is not None and normalized(signal) not in sending.signals:
            designer.fault(sender, "connections", f"{sending.name} has no signal {signal}")
        slot_name = slot.partition("(")[0]
        known = receiving is not None and (
            slot_name in receiving.methods or slot_name[3:4].lower() + slot_name[4:] in receiving.properties
        )
        if receiving is not None and not known:
            designer.fault(receiver, "connections", f"{receiving.name} has no slot {slot}")


def _check_scene(designer: Designer) -> None:
    top = designer.root.find("widget")
    top_name = top.get("name", "") if top is not None else ""
    wired = {
        connection.findtext("receiver")
        for connection in designer.root.iter("connection")
        if connection.findtext("sender") == top_name
        and connection.findtext("signal", "").startswith("mrmlSceneChanged")
        and connection.findtext("slot", "").startswith("setMRMLScene")
    }
    for name, class_name in designer.widgets.items():
        entry = designer.api.find(class_name)
        if entry is not None and "setMRMLScene" in entry.methods and name != top_name and name not in wired:
            designer.fault(name, "scene", f"the {class_name} does not get the scene from {top_name}")


def number_property(designer: Designer, widget_name: str, property_name: str) -> float | None:
    """A number set in the file, None when it is not."""
    for widget in designer.root.iter("widget"):
        if widget.get("name") == widget_name:
            for element in widget.findall("property"):
                if element.get("name") == property_name:
                    return float(element[0].text or 0)
    return None
