"""Step 2: the alignment with its numbers and verdict, and ways to check it by eye."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from ..Numerics.core.errors import PainGeneratorError
from ..Registration.landmarks import MINIMUM_PAIRS
from .guard import guarded
from .layer_overlays import ContourOverlay, LayerReveal
from .points import PointList, landmark_node
from .section import Section, set_up_table
from .session_needs import AlignNeeds
from .words import UNKNOWN, number_text, plain, red

if TYPE_CHECKING:
    from .panel import Panel

POOR_VERDICT = "not aligned"
"""The verdict whose reason is shown in red."""


class AlignSection(Section[AlignNeeds]):
    """Run, compare before and after, overlay, landmark pairs, accept or go back."""

    STEP = "align"
    INPUTS = (
        *("alignmentTable", "beforeButton", "contourButton", "revealButton", "acceptAlignmentButton"),
        *("scannerAlignmentButton", "useLandmarksButton", "referenceLandmarksPlace", "seriesLandmarksPlace"),
    )

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self.contour = ContourOverlay()
        self.reveal = LayerReveal()
        set_up_table(self.ui.alignmentTable)
        self.reference_points = PointList(
            panel, self.ui.referenceLandmarksPlace, self._reference_node, self.on_points_changed
        )
        self.series_points = PointList(panel, self.ui.seriesLandmarksPlace, self._series_node, self.on_points_changed)
        self.connect("alignSection", "contentsCollapsed(bool)", self.on_folded)
        self.connect("runAlignButton", "clicked()", self.on_run)
        self.connect("alignmentTable", "itemSelectionChanged()", self.on_series_chosen)
        self.connect("beforeButton", "toggled(bool)", self.on_before)
        self.connect("contourButton", "toggled(bool)", self.on_contour)
        self.connect("revealButton", "toggled(bool)", self.on_reveal)
        self.connect("acceptAlignmentButton", "clicked()", self.on_accept)
        self.connect("scannerAlignmentButton", "clicked()", self.on_scanner)
        self.connect("landmarkGroup", "toggled(bool)", self.on_landmarks_opened)
        self.connect("useLandmarksButton", "clicked()", self.on_use_landmarks)

    def _reference_node(self) -> Any:
        return landmark_node("landmarks.reference", "Landmarks on the reference")

    def _series_node(self) -> Any:
        return landmark_node("landmarks.series", "Landmarks on the series")

    def stop(self) -> None:
        for button in (self.ui.beforeButton, self.ui.contourButton, self.ui.revealButton):
            button.checked = False
        self.reference_points.release()
        self.series_points.release()

    def update(self, what: str) -> None:
        self.show_state(self.ui.alignSection, _("2  Align"))
        self.show_readiness(self.ui.runAlignButton, _("Align all series to the reference series"), "align")
        if what in ("align", "case", "all"):
            self._show_rows()
        if self.session is not None:
            self._is_filling = True
            self.ui.beforeButton.checked = self.session.shows_before
            self._is_filling = False
        self._show_buttons()

    def _rows(self) -> list[dict[str, Any]]:
        return self.session.alignment_rows() if self.session is not None else []

    def _show_rows(self) -> None:
        table, chosen = self.ui.alignmentTable, self.role()
        rows = self._rows()
        self._is_filling = True
        try:
            table.setRowCount(len(rows))
            for index, row in enumerate(rows):
                self._show_row(index, row)
                if row["role"] == chosen:
                    table.selectRow(index)
        finally:
            self._is_filling = False
        self._show_reason()

    def _show_row(self, index: int, row: dict[str, Any]) -> None:
        texts = (
            row["role"],
            row["kept"] or UNKNOWN,
            number_text(row["shift_mm"], 1, "mm"),
            number_text(row["rotation_deg"], 1, "\N{DEGREE SIGN}"),
            number_text(row["spread_mm"], 1, "mm"),
            row["verdict"] or UNKNOWN,
        )
        for column, text in enumerate(texts):
            item = qt.QTableWidgetItem(str(text))
            item.setToolTip(" ".join(str(row.get(key) or "") for key in ("reason", "advice")).strip())
            if column == 0:
                item.setData(qt.Qt.UserRole, row["role"])
            if 2 <= column <= 4:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            self.ui.alignmentTable.setItem(index, column, item)

    def _show_reason(self) -> None:
        role = self.role()
        row = next((row for row in self._rows() if row["role"] == role), None)
        label = self.ui.alignmentReasonLabel
        if row is None:
            label.visible = False
            return
        sentence = " ".join(str(row.get(key) or "") for key in ("reason", "advice")).strip()
        is_poor = row["verdict"] == POOR_VERDICT
        label.text = f"{plain(row['role'])}: {red(sentence) if is_poor else plain(sentence)}"
        label.visible = bool(sentence)

    def _show_buttons(self) -> None:
        has_rows = self.ui.alignmentTable.rowCount > 0
        has_role = self.role() is not None
        free = not self.panel.is_busy
        self.ui.beforeButton.enabled = has_rows and free
        for button in (
            self.ui.contourButton,
            self.ui.revealButton,
            self.ui.acceptAlignmentButton,
            self.ui.scannerAlignmentButton,
        ):
            button.enabled = has_role and free
        pairs = min(len(self.reference_points.positions()), len(self.series_points.positions()))
        self.ui.useLandmarksButton.enabled = has_role and pairs >= MINIMUM_PAIRS and free
        self.ui.useLandmarksButton.toolTip = (
            _("Start the alignment of the chosen series from these pairs of points")
            if pairs >= MINIMUM_PAIRS
            else _("Choose a series in the table and mark three or more pairs of points.")
        )

    def role(self) -> str | None:
        """Role of the chosen series, None when there is none."""
        items = self.ui.alignmentTable.selectedItems()
        if not items:
            return None
        return str(self.ui.alignmentTable.item(items[0].row(), 0).data(qt.Qt.UserRole))

    def chosen_role(self) -> str:
        """Role of the chosen series.

        Raises
        ------
        PainGeneratorError
            When no series is chosen.
        """
        role = self.role()
        if role is None:
            raise PainGeneratorError(_("No series is chosen."), _("Choose one in the table."))
        return role

    @guarded
    def on_run(self) -> None:
        """Align, or cancel."""
        self.panel.run(["align"], self.ui.runAlignButton)

    @guarded
    def on_series_chosen(self) -> None:
        """Show the chosen series over the reference series."""
        if self._is_filling or self.session is None:
            return
        self._show_reason()
        self._show_buttons()
        role = self.role()
        if role is not None:
            self.panel.views.show_series(role)
            self.refresh_overlays()

    @guarded
    def on_folded(self, folded: bool) -> None:
        """The section was closed: the check of the alignment is over, and the PET is shown over the reference."""
        if folded and self.session is not None:
            for button in (self.ui.beforeButton, self.ui.contourButton, self.ui.revealButton):
                button.checked = False
            self.panel.views.show_pet()

    def series_left(self) -> None:
        """The PET is shown over the reference again: no series is chosen, so that it can be chosen again."""
        was_filling, self._is_filling = self._is_filling, True
        try:
            self.ui.alignmentTable.clearSelection()
        finally:
            self._is_filling = was_filling
        self._show_reason()
        self._show_buttons()

    @guarded
    def on_before(self, before: bool) -> None:
        """Show the scanner's alignment, or the result."""
        if self.session is not None and not self._is_filling:
            self.session.show_before(before)

    @guarded
    def on_contour(self, shown: bool) -> None:
        """Draw or hide the contour."""
        if shown:
            self.contour.show()
        else:
            self.contour.hide()

    @guarded
    def on_reveal(self, shown: bool) -> None:
        """Reveal the upper layer around the mouse, or stop."""
        if shown:
            self.panel.views.hide_upper_layer(True)
            self.reveal.show()
        else:
            self.reveal.hide()
            self.panel.views.hide_upper_layer(False)

    def refresh_overlays(self) -> None:
        """Draw again for other series or views."""
        if self.ui.contourButton.checked:
            self.contour.show()
        if self.ui.revealButton.checked:
            self.panel.views.hide_upper_layer(True)
            self.reveal.show()

    @guarded
    def on_accept(self) -> None:
        """Keep the alignment of the chosen series."""
        self.open_session.accept_alignment(self.chosen_role())

    @guarded
    def on_scanner(self) -> None:
        """Go back to the scanner's alignment of the chosen series."""
        self.open_session.use_scanner_alignment(self.chosen_role())

    @guarded
    def on_landmarks_opened(self, opened: bool) -> None:
        """Make the lists of points when they are wanted."""
        if opened and self.session is not None:
            self.reference_points.attach()
            self.series_points.attach()
            self._show_counts()

    @guarded
    def on_points_changed(self) -> None:
        """Count the pairs."""
        self._show_counts()
        self._show_buttons()

    def _show_counts(self) -> None:
        self.ui.referenceLandmarksCountLabel.text = str(len(self.reference_points.positions()))
        self.ui.seriesLandmarksCountLabel.text = str(len(self.series_points.positions()))

    @guarded
    def on_use_landmarks(self) -> None:
        """Start the alignment of the chosen series from the pairs."""
        self.open_session.set_landmarks(
            self.chosen_role(), self.reference_points.positions(), self.series_points.positions()
        )
        self.panel.run(["align"], self.ui.runAlignButton)

    def cleanup(self) -> None:
        self.reference_points.cleanup()
        self.series_points.cleanup()
        super().cleanup()
