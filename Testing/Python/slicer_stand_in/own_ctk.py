"""CTK widgets with the behavior that panels rely on."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from PySide6 import QtCore, QtGui, QtWidgets

from .own_base import Own

HEADER = 24
"""Height of the head of a collapsible button, pixels."""


class ctkCollapsibleButton(Own, QtWidgets.QAbstractButton):
    """A head to click, and contents that fold; a frame as high as `collapsedHeight` stays under a folded head."""

    initial: ClassVar[dict[str, Any]] = {"collapsedHeight": 10}

    def build(self) -> None:
        self.setCheckable(True)
        self.setChecked(True)
        self.setContentsMargins(2, HEADER, 2, 2)
        self.setSizePolicy(QtWidgets.QSizePolicy.Preferred, QtWidgets.QSizePolicy.Preferred)
        self.toggled.connect(self._fold)

    def get_collapsed(self) -> bool:
        return not self.isChecked()

    def set_collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    def _fold(self, is_open: bool) -> None:
        self._show_contents(is_open)
        self.fire("contentsCollapsed(bool)", not is_open)

    def _show_contents(self, is_open: bool) -> None:
        for child in self.findChildren(QtWidgets.QWidget, options=QtCore.Qt.FindChildOption.FindDirectChildrenOnly):
            if is_open:
                if child in self.__dict__.get("_folded", []):
                    child.show()
            elif not child.isHidden():
                self.__dict__.setdefault("_folded", []).append(child)
                child.hide()
        if is_open:
            self.__dict__.pop("_folded", None)
        self.setMaximumHeight(16777215 if is_open else HEADER + 2 + int(self.values["collapsedHeight"]))
        self.updateGeometry()

    def sizeHint(self) -> QtCore.QSize:
        inner = self.layout().totalSizeHint() if self.layout() and self.isChecked() else QtCore.QSize(80, HEADER)
        return QtCore.QSize(inner.width(), max(HEADER, inner.height()))

    def minimumSizeHint(self) -> QtCore.QSize:
        inner = self.layout().totalMinimumSize() if self.layout() and self.isChecked() else QtCore.QSize(80, HEADER)
        return QtCore.QSize(inner.width(), max(HEADER, inner.height()))

    def hitButton(self, position: QtCore.QPoint) -> bool:
        return position.y() <= HEADER

    def paintEvent(self, event: Any) -> None:
        painter = QtGui.QPainter(self)
        head = QtCore.QRect(0, 0, self.width() - 1, HEADER - 2)
        painter.fillRect(head, self.palette().color(QtGui.QPalette.Button).darker(106))
        painter.setPen(self.palette().color(QtGui.QPalette.Mid))
        painter.drawRect(head)
        if self.isChecked():
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setPen(self.palette().color(QtGui.QPalette.ButtonText))
        arrow = "\u25be" if self.isChecked() else "\u25b8"
        painter.drawText(head.adjusted(8, 0, 0, 0), int(QtCore.Qt.AlignVCenter), f"{arrow}  {self.text()}")


class ctkCollapsibleGroupBox(Own, QtWidgets.QGroupBox):
    """A group box that folds with its check mark; a frame as high as `collapsedHeight` stays under a folded title."""

    initial: ClassVar[dict[str, Any]] = {"collapsedHeight": 14}

    def build(self) -> None:
        self.setCheckable(True)
        self.setChecked(True)
        self.toggled.connect(self._fold)

    def get_collapsed(self) -> bool:
        return not self.isChecked()

    def set_collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    def _fold(self, is_open: bool) -> None:
        ctkCollapsibleButton._show_contents(self, is_open)
        if not is_open:
            option = QtWidgets.QStyleOptionGroupBox()
            self.initStyleOption(option)
            style = self.style()
            parts = (QtWidgets.QStyle.SC_GroupBoxCheckBox, QtWidgets.QStyle.SC_GroupBoxLabel)
            title = max(
                style.subControlRect(QtWidgets.QStyle.CC_GroupBox, option, part, self).bottom() + 1 for part in parts
            )
            self.setMaximumHeight(title + int(self.values["collapsedHeight"]))


class _Numbers(Own, QtWidgets.QWidget):
    """What sliders and spin boxes of CTK share: a value within bounds, shown with its decimals."""

    initial: ClassVar[dict[str, Any]] = {
        "minimum": 0.0,
        "maximum": 99.0,
        "singleStep": 1.0,
        "pageStep": 10.0,
        "decimals": 2,
        "value": 0.0,
    }

    def build(self) -> None:
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.slider: Any = None
        if "tracking" in self.entry.properties:
            self.slider = QtWidgets.QSlider(QtCore.Qt.Horizontal, self)
            self.slider.setRange(0, 1000)
            self.slider.sliderMoved.connect(self._slid)
            row.addWidget(self.slider)
        self.box = QtWidgets.QDoubleSpinBox(self)
        self.box.setKeyboardTracking(False)
        row.addWidget(self.box)
        self._show()
        self.box.valueChanged.connect(lambda value: self.set_value(value))
        self.box.editingFinished.connect(self._edited)

    def get_value(self) -> float:
        return self.values["value"]

    def set_value(self, value: float) -> None:
        """Set the value within the bounds, rounded to the decimals, and tell when it changed."""
        if math.isnan(value):
            return
        bounded = min(max(value, self.values["minimum"]), self.values["maximum"])
        bounded = round(bounded, int(self.values["decimals"]))
        changed = bounded != self.values["value"]
        self.values["value"] = bounded
        self._show()
        if changed:
            self.fire("valueChanged(double)", bounded)

    def set_custom_property(self, name: str, value: Any) -> None:
        super().set_custom_property(name, value)
        if name in ("minimum", "maximum"):
            low, high = self.values["minimum"], self.values["maximum"]
            if low > high:
                self.values["maximum" if name == "minimum" else "minimum"] = value
            self.set_value(self.values["value"])
        self._show()

    def _show(self) -> None:
        low, high = self.values["minimum"], self.values["maximum"]
        blocked = self.box.blockSignals(True)
        self.box.setDecimals(int(self.values["decimals"]))
        self.box.setSingleStep(self.values["singleStep"])
        self.box.setRange(low, high)
        self.box.setPrefix(self.values.get("prefix", ""))
        self.box.setSuffix(self.values.get("suffix", ""))
        self.box.setReadOnly(bool(self.values.get("readOnly", False)))
        self.box.setValue(self.values["value"])
        self.box.blockSignals(blocked)
        if self.slider is not None:
            part = (self.values["value"] - low) / (high - low) if high > low else 0.0
            self.slider.setValue(round(1000 * part) if math.isfinite(part) else 0)
            self.box.setVisible(bool(self.values.get("spinBoxVisible", True)))

    def _slid(self, position: int) -> None:
        low, high = self.values["minimum"], self.values["maximum"]
        self.set_value(low + (high - low) * position / 1000)

    def _edited(self) -> None:
        if "editingFinished()" in self.entry.signals:
            self.fire("editingFinished()")

    def reset(self) -> None:
        """Back to the smallest value."""
        self.set_value(self.values["minimum"])


class ctkSliderWidget(_Numbers):
    """A slider beside a spin box."""

    initial: ClassVar[dict[str, Any]] = {"tracking": True, "spinBoxVisible": True}

    def set_value(self, value: float) -> None:
        before = self.values["value"]
        super().set_value(value)
        if self.values["value"] != before:
            self.fire("valueIsChanging(double)", self.values["value"])


class ctkDoubleSlider(_Numbers):
    """A slider for decimal numbers."""

    initial: ClassVar[dict[str, Any]] = {"tracking": True, "spinBoxVisible": False}


class ctkDoubleSpinBox(_Numbers):
    """A spin box for decimal numbers."""

    def setValueIfDifferent(self, value: float) -> None:
        self.set_value(value)

    def setValueAlways(self, value: float) -> None:
        self.set_value(value)

    def stepUp(self) -> None:
        self.set_value(self.values["value"] + self.values["singleStep"])

    def stepDown(self) -> None:
        self.set_value(self.values["value"] - self.values["singleStep"])


class ctkRangeWidget(Own, QtWidgets.QWidget):
    """Two values, the first not above the second."""

    initial: ClassVar[dict[str, Any]] = {
        "minimum": 0.0,
        "maximum": 99.0,
        "minimumValue": 0.0,
        "maximumValue": 99.0,
        "decimals": 2,
    }

    def build(self) -> None:
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.label = QtWidgets.QLabel(self)
        row.addWidget(self.label)

    def set_minimumValue(self, value: float) -> None:
        self.setValues(value, max(value, self.values["maximumValue"]))

    def set_maximumValue(self, value: float) -> None:
        self.setValues(min(value, self.values["minimumValue"]), value)

    def setRange(self, low: float, high: float) -> None:
        self.values.update(minimum=low, maximum=high)
        self.setValues(self.values["minimumValue"], self.values["maximumValue"])
        self.fire("rangeChanged(double,double)", low, high)

    def setValues(self, low: float, high: float) -> None:
        """Set both values, within the bounds."""
        bounds = self.values["minimum"], self.values["maximum"]
        low, high = (min(max(value, bounds[0]), bounds[1]) for value in sorted((low, high)))
        before = self.values["minimumValue"], self.values["maximumValue"]
        self.values.update(minimumValue=low, maximumValue=high)
        self.label.setText(f"{low:g} \u2013 {high:g}")
        if low != before[0]:
            self.fire("minimumValueChanged(double)", low)
        if high != before[1]:
            self.fire("maximumValueChanged(double)", high)
        if (low, high) != before:
            self.fire("valuesChanged(double,double)", low, high)

    def reset(self) -> None:
        """Both values to the bounds."""
        self.setValues(self.values["minimum"], self.values["maximum"])


class ctkPathLineEdit(Own, QtWidgets.QWidget):
    """A path to type or to browse for."""

    initial: ClassVar[dict[str, Any]] = {"showBrowseButton": True, "showHistoryButton": True}

    def build(self) -> None:
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.combo = QtWidgets.QComboBox(self)
        self.combo.setEditable(True)
        self.combo.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Fixed)
        row.addWidget(self.combo)
        self.button = QtWidgets.QToolButton(self)
        self.button.setText("...")
        row.addWidget(self.button)
        self.combo.editTextChanged.connect(lambda text: self.fire("currentPathChanged(QString)", text))

    def get_currentPath(self) -> str:
        return self.combo.currentText()

    def set_currentPath(self, path: str) -> None:
        self.combo.setEditText(path)

    def setCurrentPath(self, path: str) -> None:
        self.set_currentPath(path)

    def comboBox(self) -> Any:
        return self.combo

    def addCurrentPathToHistory(self) -> None:
        if self.combo.findText(self.combo.currentText()) < 0:
            self.combo.addItem(self.combo.currentText())


class ctkDirectoryButton(Own, QtWidgets.QWidget):
    """A button that shows a folder."""

    def build(self) -> None:
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.button = QtWidgets.QPushButton(self)
        row.addWidget(self.button)

    def set_directory(self, path: str) -> None:
        changed = path != self.values.get("directory", "")
        self.values["directory"] = path
        self.button.setText(path)
        if changed:
            self.fire("directoryChanged(QString)", path)


class ctkComboBox(Own, QtWidgets.QComboBox):
    """A combo box that shows a default text while nothing is chosen."""

    def set_currentUserDataAsString(self, text: str) -> None:
        self.setCurrentIndex(self.findData(text))

    def get_currentUserDataAsString(self) -> str:
        return str(self.currentData() or "")


class ctkPushButton(Own, QtWidgets.QPushButton):
    """A push button with an aligned text."""


class ctkCheckablePushButton(ctkPushButton):
    """A push button with a check box of its own."""

    def get_checkState(self) -> Any:
        return self.values.get("checkState", QtCore.Qt.Unchecked)

    def set_checkState(self, state: Any) -> None:
        changed = state != self.get_checkState()
        self.values["checkState"] = state
        if self.values.get("checkBoxControlsButton"):
            self.setCheckable(state == QtCore.Qt.Checked)
        if changed:
            self.fire("checkStateChanged(Qt::CheckState)", state)
            self.fire("checkBoxToggled(bool)", state == QtCore.Qt.Checked)


class ctkColorPickerButton(Own, QtWidgets.QPushButton):
    """A button with a color."""

    def get_color(self) -> Any:
        return self.values.get("color", QtGui.QColor(0, 0, 0))

    def set_color(self, color: Any) -> None:
        self.values["color"] = QtGui.QColor(color)
        self.setText(self.values["color"].name())
        self.fire("colorChanged(QColor)", self.values["color"])


class ctkFittedTextBrowser(Own, QtWidgets.QTextBrowser):
    """A text browser with a text that folds."""

    def setCollapsibleText(self, text: str) -> None:
        self.setText(text)

    def setCollapsibleHtml(self, text: str) -> None:
        self.setHtml(text)


CLASSES = {name: made for name, made in list(globals().items()) if name.startswith("ctk") and isinstance(made, type)}
