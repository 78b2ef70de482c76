"""All parameters of the protocol: a row for each with unit, range and a way back to its default."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from ..Session.types import ParameterEntry
from .guard import Connections, guarded
from .section import Section
from .session_needs import ParametersNeeds
from .words import stage_text

if TYPE_CHECKING:
    from .panel import Panel

ABBREVIATIONS = ("suv", "pet", "mr", "sd", "tbr", "fwhm", "percist", "z", "t1", "t2")
"""Words of keys that are written in capitals."""


class ParameterRow:
    """Label, editor, unit and reset button of one parameter.

    Parameters
    ----------
    entry : ParameterEntry
    grid : QGridLayout
    number : int
        Row of the grid.
    changed, reset : callable
        Called with the row when its value was changed, or when the default is wanted.
    """

    def __init__(
        self,
        entry: ParameterEntry,
        grid: Any,
        number: int,
        changed: Callable[[ParameterRow], None],
        reset: Callable[[ParameterRow], None],
    ) -> None:
        self.name = entry.name
        self._changed, self._reset = changed, reset
        self._connections = Connections()
        self._is_filling = False
        self.label = qt.QLabel(parameter_name(entry))
        self.editor, self._property, signal = self._make_editor(entry)
        self.unit = qt.QLabel(entry.unit)
        self.button = qt.QToolButton()
        self.button.text = "\N{ANTICLOCKWISE OPEN CIRCLE ARROW}"
        self.button.toolTip = _("Back to the default")
        self.label.setBuddy(self.editor)
        bounds = "" if entry.minimum is None else f" {entry.minimum:g} \N{EN DASH} {entry.maximum:g} {entry.unit}"
        tip = _("{description}.{range} Source: {source}").format(
            description=entry.description, range=bounds, source=entry.source
        )
        for widget in (self.label, self.editor, self.unit):
            widget.toolTip = tip
        for column, widget in enumerate((self.label, self.editor, self.unit, self.button)):
            grid.addWidget(widget, number, column)
        self.words = f"{entry.key} {entry.description}".replace("_", " ").replace(".", " ").lower()
        self.show(entry)
        self._connections.add(self.editor, signal, self.on_edited)
        self._connections.add(self.button, "clicked()", self.on_reset)

    def _make_editor(self, entry: ParameterEntry) -> tuple[Any, str, str]:
        if isinstance(entry.value, str):
            combo = qt.QComboBox()
            combo.addItems(list(entry.choices))
            return combo, "currentText", "currentIndexChanged(int)"
        if isinstance(entry.value, bool):
            return qt.QCheckBox(), "checked", "toggled(bool)"
        low, high = entry.minimum or 0.0, entry.maximum or 0.0
        if isinstance(entry.value, int):
            spin = qt.QSpinBox()
            spin.minimum, spin.maximum = int(low), int(high)
            spin.keyboardTracking = False
            return spin, "value", "valueChanged(int)"
        if isinstance(entry.value, float):
            spin = qt.QDoubleSpinBox()
            spin.decimals = 3
            spin.minimum, spin.maximum = low, high
            spin.singleStep = max((high - low) / 100.0, 0.01)
            spin.keyboardTracking = False
            return spin, "value", "valueChanged(double)"
        return qt.QLineEdit(), "text", "editingFinished()"

    def show(self, entry: ParameterEntry) -> None:
        """Show a value; the button is there when it is not the default."""
        self._is_filling = True
        try:
            if isinstance(entry.value, str):
                self.editor.setCurrentIndex(list(entry.choices).index(entry.value))
            elif isinstance(entry.value, bool):
                self.editor.checked = entry.value
            elif isinstance(entry.value, (int, float)):
                self.editor.value = entry.value
            else:
                self.editor.text = ", ".join(item if isinstance(item, str) else f"{item:g}" for item in entry.value)
        finally:
            self._is_filling = False
        self.button.enabled = not entry.is_default
        font = self.label.font
        font.setBold(not entry.is_default)
        self.label.font = font

    def value(self) -> Any:
        """The value in the editor; a list of numbers or words as text."""
        return getattr(self.editor, self._property)

    def set_visible(self, visible: bool) -> None:
        """Show or hide the row."""
        for widget in (self.label, self.editor, self.unit, self.button):
            widget.visible = visible

    def set_enabled(self, enabled: bool) -> None:
        """Enable or disable the editor."""
        self.editor.enabled = enabled

    @guarded
    def on_edited(self) -> None:
        """Hand the value over."""
        if not self._is_filling:
            self._changed(self)

    @guarded
    def on_reset(self) -> None:
        """Back to the default."""
        self._reset(self)

    def remove(self) -> None:
        """Take the row out of the panel."""
        self._connections.clear()
        for widget in (self.label, self.editor, self.unit, self.button):
            widget.setParent(None)
            widget.deleteLater()


def parameter_name(entry: ParameterEntry) -> str:
    """The key of a parameter as words; the part of the stage comes first, and the unit stands in its own column.

    >>> parameter_name(ParameterEntry("s", "suv_minimum", 1.0, "", 0.0, 2.0, (), "", "", True))
    'SUV minimum'
    >>> parameter_name(ParameterEntry("s", "contour.margin_mm", 4.0, "mm", 0.0, 30.0, (), "", "", True))
    'Contour margin'
    """
    words = entry.key.removesuffix(f"_{entry.unit}").replace(".", "_").split("_")
    text = " ".join(word.upper() if word in ABBREVIATIONS else word for word in words)
    return text[0].upper() + text[1:]


class ParametersSection(Section[ParametersNeeds]):
    """The rows of the chosen stage, made when the section is opened."""

    INPUTS = ("stageCombo", "parameterSearch", "resetParametersButton")

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self.rows: list[ParameterRow] = []
        self._content: Any = None
        self.connect("parametersGroup", "toggled(bool)", self.on_opened)
        self.connect("stageCombo", "currentIndexChanged(int)", self.on_stage_chosen)
        self.connect("parameterSearch", "textChanged(QString)", self.on_search)
        self.connect("resetParametersButton", "clicked()", self.on_reset_all)

    def stop(self) -> None:
        self._clear()

    def update(self, what: str) -> None:
        if self.session is None or not self.ui.parametersGroup.checked:
            return
        if what in ("case", "all"):
            self._fill_stages()
            self._make_rows()
        else:
            self._show_values()

    def _entries(self) -> list[ParameterEntry]:
        stage = self.ui.stageCombo.itemData(self.ui.stageCombo.currentIndex)
        return [entry for entry in self.open_session.protocol_entries() if entry.stage == stage]

    def _fill_stages(self) -> None:
        combo = self.ui.stageCombo
        if combo.count:
            return
        self._is_filling = True
        try:
            for stage in dict.fromkeys(entry.stage for entry in self.open_session.protocol_entries()):
                combo.addItem(stage_text(stage), stage)
            combo.setCurrentIndex(max(combo.findData("hot_spots"), 0))
        finally:
            self._is_filling = False

    def _clear(self) -> None:
        for row in self.rows:
            row.remove()
        self.rows.clear()
        if self._content is not None:
            self.ui.parametersArea.takeWidget()
            self._content.deleteLater()
            self._content = None

    def _make_rows(self) -> None:
        self._clear()
        self._content = qt.QWidget()
        grid = qt.QGridLayout(self._content)
        grid.setContentsMargins(0, 0, 4, 0)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        entries = self._entries()
        self.rows = [ParameterRow(entry, grid, n, self._set, self._reset) for n, entry in enumerate(entries)]
        grid.setRowStretch(len(entries), 1)
        self.ui.parametersArea.setWidget(self._content)
        self._filter()
        self._show_changed()

    def _show_values(self) -> None:
        entries = {entry.name: entry for entry in self._entries()}
        for row in self.rows:
            row.show(entries[row.name])
            row.set_enabled(not self.panel.is_busy)
        self._show_changed()

    def _show_changed(self) -> None:
        count = sum(not entry.is_default for entry in self.open_session.protocol_entries())
        text = _("{count} changed; they hold for the next run.") if count else _("All at their defaults.")
        self.ui.changedLabel.text = text.format(count=count)
        self.ui.resetParametersButton.enabled = count > 0 and not self.panel.is_busy

    def _filter(self) -> None:
        words = self.ui.parameterSearch.text.lower().split()
        for row in self.rows:
            row.set_visible(all(word in row.words for word in words))

    def _set(self, row: ParameterRow) -> None:
        try:
            self.open_session.set_parameter(row.name, row.value())
        finally:
            self._show_values()
        self.panel.update("steps")

    def _reset(self, row: ParameterRow) -> None:
        self.open_session.reset_parameter(row.name)
        self._show_values()
        self.panel.update("case")

    @guarded
    def on_opened(self, opened: bool) -> None:
        """Make the rows when they are wanted, and let go of them."""
        if opened:
            self.update("all")
        else:
            self._clear()

    @guarded
    def on_stage_chosen(self) -> None:
        """Rows of another stage."""
        if not self._is_filling and self.session is not None:
            self._make_rows()

    @guarded
    def on_search(self) -> None:
        """Rows with the words searched for."""
        self._filter()

    @guarded
    def on_reset_all(self) -> None:
        """All to their defaults."""
        self.open_session.reset_parameters()
        self._show_values()
        self.panel.update("case")
