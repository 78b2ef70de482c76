"""Widgets tied to parameters: the table of pairs that real Slicer knows, by exact class."""

from __future__ import annotations

import enum
import math
from typing import Any

from .parameter_nodes import Choice, Decimals, Field, SingleStep
from .troubles import StandInLimit

INTEGER = ("QSpinBox", "QSlider")
DECIMAL = (
    "QDoubleSpinBox",
    "ctkSliderWidget",
    "ctkDoubleSlider",
    "ctkDoubleSpinBox",
    "qMRMLSpinBox",
    "qMRMLSliderWidget",
)
NEED_BOUNDS = ("ctkSliderWidget", "qMRMLSliderWidget", "ctkDoubleSlider", "QSlider")
RANGES = ("ctkRangeWidget", "ctkDoubleRangeSlider", "qMRMLRangeWidget")
NODES = ("qMRMLNodeComboBox", "qMRMLSubjectHierarchyTreeView", "qMRMLSubjectHierarchyComboBox")
TABLE: dict[str, tuple[str, ...]] = {
    "bool": ("QCheckBox", "ctkCheckBox", "QPushButton"),
    "int": (*INTEGER, *DECIMAL),
    "float": DECIMAL,
    "enum": ("QComboBox", "ctkComboBox"),
    "choice": ("QComboBox", "ctkComboBox"),
    "str": ("QLineEdit", "QTextEdit", "QLabel"),
    "path": ("ctkPathLineEdit", "ctkDirectoryButton"),
    "node": NODES,
    "FloatRange": RANGES,
    "QColor": ("ctkColorPickerButton",),
}
"""Kind of a parameter and the widget classes that show it."""


def kind_of(field: Field) -> str:
    """Row of :data:`TABLE`."""
    if field.first(Choice) is not None:
        return "choice"
    if field.is_node:
        return "node"
    if issubclass(field.type, enum.Enum):
        return "enum"
    return "path" if field.type.__name__ == "Path" else field.type.__name__


def unsupported(field: Field, widget_class: str) -> str | None:
    """Why real Slicer would refuse to tie the two; None when it would not."""
    if widget_class not in TABLE.get(kind_of(field), ()):
        return f"no connector for {widget_class} and {kind_of(field)} (parameter {field.name})"
    bounded = all(math.isfinite(bound) for bound in field.bounds)
    if widget_class in NEED_BOUNDS and not bounded:
        return f"Cannot have a connection to {widget_class} where the type is unbounded (parameter {field.name})"
    return None


class Tie:
    """Connected widgets; :meth:`release` takes all back."""

    def __init__(self, wrapper: Any) -> None:
        self.wrapper = wrapper
        self.pairs: list[tuple[Field, Any]] = []
        self.undo: list[Any] = []
        self.tag = wrapper.parameterNode.AddObserver("ModifiedEvent", lambda caller, event: self.show())
        self.showing = False

    def add(self, field: Field, widget: Any) -> None:
        """Tie one widget.

        Raises
        ------
        RuntimeError
            As real Slicer does for a pair that it does not know.
        """
        reason = unsupported(field, widget.className())
        if reason:
            raise RuntimeError(reason)
        _prepare(field, widget)
        self.pairs.append((field, widget))
        signal = _signal(widget)
        if signal is not None:
            handler = self._writer(field, widget)
            widget.connect(signal, handler)
            self.undo.append(lambda: widget.disconnect(signal, handler))

    def _writer(self, field: Field, widget: Any) -> Any:
        def write() -> None:
            if not self.showing:
                self.wrapper.setValue(field.name, _read(field, widget))

        return write

    def show(self) -> None:
        """Bring the widgets to what the node says."""
        if self.showing:
            return
        self.showing = True
        try:
            for field, widget in self.pairs:
                _write(field, widget, self.wrapper.getValue(field.name))
        finally:
            self.showing = False

    def release(self) -> None:
        """Untie."""
        self.wrapper.parameterNode.RemoveObserver(self.tag)
        for call in self.undo:
            call()
        self.undo.clear()
        self.pairs.clear()


def connect_gui(wrapper: Any, gui: Any) -> Tie:
    """Tie all widgets inside one that carry a parameter's name."""
    named = [(widget.property("SlicerParameterName"), widget) for widget in (gui, *gui.findChildren("QWidget"))]
    return connect_widgets(wrapper, [(name, widget) for name, widget in named if name])


def connect_widgets(wrapper: Any, pairs: list[tuple[str, Any]]) -> Tie:
    """Tie widgets to the parameters of these names.

    Raises
    ------
    ValueError
        For a name that is no parameter.
    """
    tie = Tie(wrapper)
    for name, widget in pairs:
        if name not in wrapper._fields:
            raise ValueError(f"Cannot find a parameter with the name {name}")
        tie.add(wrapper._fields[name], widget)
    tie.show()
    return tie


def _prepare(field: Field, widget: Any) -> None:
    kind, low_high = kind_of(field), field.bounds
    if kind in ("int", "float"):
        if math.isfinite(low_high[0]):
            widget.minimum = low_high[0]
        if math.isfinite(low_high[1]):
            widget.maximum = low_high[1]
        if field.first(Decimals):
            widget.decimals = field.first(Decimals).value
        if field.first(SingleStep):
            widget.singleStep = field.first(SingleStep).value
    elif kind in ("enum", "choice"):
        widget.clear()
        for value in _choices(field):
            widget.addItem(_text(value))
    elif kind == "node":
        widget.nodeTypes = [field.type.__name__]


def _choices(field: Field) -> list[Any]:
    return list(field.first(Choice).choices) if field.first(Choice) else list(field.type)


def _text(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return value.label() if hasattr(value, "label") else value.name
    return str(value)


def _signal(widget: Any) -> str | None:
    signals = {
        "QCheckBox": "stateChanged(int)",
        "ctkCheckBox": "stateChanged(int)",
        "QPushButton": "toggled(bool)",
        "QSpinBox": "valueChanged(int)",
        "QSlider": "valueChanged(int)",
        "QComboBox": "currentIndexChanged(int)",
        "ctkComboBox": "currentIndexChanged(int)",
        "QLineEdit": "textChanged(QString)",
        "QTextEdit": "textChanged()",
        "ctkPathLineEdit": "currentPathChanged(QString)",
        "ctkDirectoryButton": "directoryChanged(QString)",
        "qMRMLNodeComboBox": "currentNodeChanged(vtkMRMLNode*)",
        "qMRMLSubjectHierarchyTreeView": "currentItemChanged(vtkIdType)",
        "QLabel": None,
    }
    return signals.get(widget.className(), "valueChanged(double)")


def _read(field: Field, widget: Any) -> Any:
    kind, name = kind_of(field), widget.className()
    if kind == "bool":
        return widget.checked
    if kind in ("int", "float"):
        return field.type(widget.value)
    if kind in ("enum", "choice"):
        return _choices(field)[widget.currentIndex]
    if kind == "str":
        return widget.toPlainText() if name == "QTextEdit" else widget.text
    if kind == "path":
        return field.type(widget.currentPath if name == "ctkPathLineEdit" else widget.directory)
    if kind == "node":
        return widget.currentNode()
    raise StandInLimit(f"the stand-in does not read {name} for {kind}")


def _write(field: Field, widget: Any, value: Any) -> None:
    kind, name = kind_of(field), widget.className()
    if kind == "bool":
        widget.checked = value
    elif kind in ("int", "float"):
        if widget.value != value:
            widget.value = value
    elif kind in ("enum", "choice"):
        widget.setCurrentIndex(_choices(field).index(value))
    elif kind == "str":
        if name == "QTextEdit":
            if widget.toPlainText() != value:
                widget.setPlainText(value)
        elif widget.text != value:
            widget.text = value
    elif kind == "path":
        setattr(widget, "currentPath" if name == "ctkPathLineEdit" else "directory", str(value))
    elif kind == "node":
        widget.setCurrentNode(value)
    else:
        raise StandInLimit(f"the stand-in does not write {name} for {kind}")
