"""Step 3: find candidates, with a live preview of the sensitivity and the way outlines are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from ..Session.protocol_parameters import CONTOUR_METHOD, CONTOUR_SUV, SENSITIVITY
from .guard import guarded, guarded_slow, single_shot_timer
from .preview_views import draw_slices_through, drawing_held
from .section import Section, choose, set_up_table
from .session_needs import FindNeeds
from .words import method_text, number_text

if TYPE_CHECKING:
    from .panel import Panel

PREVIEW_PAUSE_MS = 30
"""How long the hand has to rest on the slider before the preview follows, in ms; the moves before that are shown as
one. Our estimate: short enough to feel immediate, and longer than the pause between two moves of a dragged slider."""

PRESETS: dict[str, tuple[str, str | None, float | None]] = {
    "presetSuv25Button": ("fixed-suv", CONTOUR_SUV, 2.5),
    "presetSuv4Button": ("fixed-suv", CONTOUR_SUV, 4.0),
    "presetPercent41Button": ("percent-41", None, None),
    "presetPercent42Button": ("percent-42", None, None),
    "presetPercent50Button": ("percent-50", None, None),
    "presetA50pButton": ("a50p", None, None),
    "presetPercistButton": ("percist", None, None),
    "presetRatioButton": ("reference-ratio", None, None),
}
"""For each button the contour method that it sets, and a parameter of the method with its value."""

PREVIEW_COLUMNS = ("suv_max", "suv_peak", "tbr", "mtv_ml")
"""Measures in the table of the preview, after the name; keys of `Session.preview_rows`."""

GREY = "#808080"
"""Color of physiologic foci in the table."""


class FindSection(Section[FindNeeds]):
    """Run, slider, method and presets, preview."""

    STEP = "find"
    INPUTS = ("sensitivitySlider", "methodCombo", "commitPreviewButton", "resetPreviewButton", *PRESETS)

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self.is_previewing = False
        set_up_table(self.ui.previewTable)
        header = self.ui.previewTable.horizontalHeader()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, qt.QHeaderView.Stretch)
        self._later = single_shot_timer(panel.root, PREVIEW_PAUSE_MS, self.on_preview, self.connections)
        self.connect("runFindButton", "clicked()", self.on_run)
        self.connect("sensitivitySlider", "valueChanged(double)", self.on_setting_changed)
        self.connect("methodCombo", "currentIndexChanged(int)", self.on_setting_changed)
        self.connect("commitPreviewButton", "clicked()", self.on_commit)
        self.connect("resetPreviewButton", "clicked()", self.on_reset)
        self.connect("previewTable", "itemSelectionChanged()", self.on_focus_chosen)
        # idClicked has one signature only, unlike buttonClicked.
        self._of_presets: dict[str, Any] = {}
        """Values of parameters that presets gave; the case keeps its own until the setting is taken."""
        self._presets = qt.QButtonGroup(panel.root)
        for index, name in enumerate(PRESETS):
            self._presets.addButton(getattr(self.ui, name), index)
        self.connections.add(self._presets, "idClicked(int)", self.on_preset)

    def stop(self) -> None:
        self._later.stop()
        self.is_previewing = False
        self._of_presets.clear()
        self.ui.previewTable.setRowCount(0)

    def update(self, what: str) -> None:
        self.show_state(self.ui.findSection, _("3  Find"))
        tip = _("Find hot spots and MR findings, then name and rank candidates")
        self.show_readiness(self.ui.runFindButton, tip, "find")
        if what in ("candidates", "case", "all"):
            self.is_previewing = False
            self._show_setting()
        self._show_preview()

    def _show_setting(self) -> None:
        if self.session is None:
            return
        entries = {entry.name: entry for entry in self.session.protocol_entries()}
        self._is_filling = True
        try:
            slider, entry = self.ui.sensitivitySlider, entries[SENSITIVITY]
            slider.minimum, slider.maximum = entry.minimum, entry.maximum
            slider.value = entry.value
            combo, entry = self.ui.methodCombo, entries[CONTOUR_METHOD]
            if combo.count == 0:
                for method in entry.choices:
                    combo.addItem(method_text(method), method)
            choose(combo, entry.value)
        finally:
            self._is_filling = False

    def _show_preview(self) -> None:
        ui, session = self.ui, self.session
        free = session is not None and not self.panel.is_busy
        for name in ("sensitivitySlider", "methodCombo", *PRESETS):
            getattr(ui, name).enabled = free
        ui.commitPreviewButton.enabled = ui.resetPreviewButton.enabled = self.is_previewing and free
        ui.previewTable.visible = self.is_previewing
        if self.is_previewing:
            return
        if session is not None and free and session.can_preview():
            count = len(session.candidates())
            text = _("{count} candidates. Move the slider to see what another sensitivity finds.")
            ui.previewLabel.text = text.format(count=count)
        else:
            ui.previewLabel.text = _("The setting holds for the next run. After it, the slider shows its effect live.")

    def setting(self) -> tuple[float, str]:
        """Sensitivity and method as they are set."""
        return self.ui.sensitivitySlider.value, self.ui.methodCombo.itemData(self.ui.methodCombo.currentIndex)

    @guarded
    def on_run(self) -> None:
        """Find, or cancel."""
        self.panel.run(["find"], self.ui.runFindButton)

    @guarded
    def on_setting_changed(self) -> None:
        """Preview soon, or keep the setting for the next run."""
        if not self._is_filling and self.session is not None and not self.panel.is_busy:
            self._later.start()

    @guarded
    def on_preview(self) -> None:
        """Show contours and foci of the setting; the candidates stay as they are."""
        session = self.session
        if session is None or self.panel.is_busy:
            return
        sensitivity, method = self.setting()
        if not session.can_preview():
            session.set_parameter(SENSITIVITY, sensitivity)
            session.set_parameter(CONTOUR_METHOD, method)
            return
        if not self._is_warm(sensitivity, method):
            return
        with drawing_held():
            count = session.preview(sensitivity, method, self._of_presets)
        draw_slices_through(session.preview_changes())
        self.is_previewing = True
        text = _("{count} foci at this setting; the candidates are not changed yet.")
        self.ui.previewLabel.text = text.format(count=count)
        self._show_foci(session.preview_rows())
        self._show_preview()

    def _is_warm(self, sensitivity: float, method: str) -> bool:
        """Make what a reopened case lacks for the preview, and show the progress; True when it is there."""
        job = self.open_session.warm_up()
        if job is None:
            return True
        if not self.panel.run_job(job, self.ui.runFindButton):
            return False
        # The panel went back to the protocol's setting meanwhile.
        self._is_filling = True
        self.ui.sensitivitySlider.value = sensitivity
        choose(self.ui.methodCombo, method)
        self._is_filling = False
        return True

    def _show_foci(self, rows: list[dict[str, Any]]) -> None:
        table = self.ui.previewTable
        self._is_filling = True
        try:
            table.setRowCount(len(rows))
            for index, row in enumerate(rows):
                first = qt.QTableWidgetItem(f"{row['rank']} {row['name']}")
                first.setData(qt.Qt.UserRole, [float(x) for x in row["centroid_ras_mm"]])
                # Usual uptake counts against a focus; the tool tip says why it is held to be usual.
                first.setToolTip(row["physiologic"] or row["name"])
                table.setItem(index, 0, first)
                for column, key in enumerate(PREVIEW_COLUMNS, start=1):
                    item = qt.QTableWidgetItem(number_text(row[key]))
                    item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
                    table.setItem(index, column, item)
                if row["physiologic"]:
                    for column in range(table.columnCount):
                        table.item(index, column).setForeground(qt.QBrush(qt.QColor(GREY)))
        finally:
            self._is_filling = False

    @guarded
    def on_focus_chosen(self) -> None:
        """Take all views to the chosen focus."""
        items = self.ui.previewTable.selectedItems()
        if items and not self._is_filling:
            position = self.ui.previewTable.item(items[0].row(), 0).data(qt.Qt.UserRole)
            self.panel.views.go_to(position)

    @guarded_slow
    def on_commit(self) -> None:
        """Make candidates of the foci shown."""
        self._later.stop()
        self.is_previewing = False
        self.open_session.commit_preview()
        self._of_presets.clear()
        self.update("candidates")

    @guarded_slow
    def on_reset(self) -> None:
        """Drop the preview."""
        self._later.stop()
        self._of_presets.clear()
        self.open_session.drop_preview()
        self.update("candidates")

    @guarded
    def on_preset(self, index: int) -> None:
        """Set method and value of a preset."""
        method, parameter, value = list(PRESETS.values())[index]
        session = self.open_session
        if parameter is not None:
            if session.can_preview():
                self._of_presets[parameter] = value
            else:
                session.set_parameter(parameter, value)
        choose(self.ui.methodCombo, method)
        self._later.start()
