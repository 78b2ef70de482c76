"""Targets for a needle: their table, their paths in the views, and paths that the reader moves there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ..Numerics.body.needle_paths import table_angles
from ..Workflow.targets import PathOrigin, Target, TargetState
from .guard import guarded, guarded_slow, single_shot_timer
from .panel_width import show_text
from .section import Section, set_up_table
from .session_needs import TargetsNeeds
from .words import number_text, plain, red

if TYPE_CHECKING:
    from .panel import Panel

PAUSE_MS = 250
"""Pause after the last move of a path before it is measured, in ms: measuring takes about as long."""
RIGHT_COLUMNS = (0, 2)
"""Columns of numbers: rank and depth."""


class TargetsSection(Section[TargetsNeeds]):
    """The table of targets; a path is moved by its ends in the views, and depth and angles follow."""

    INPUTS = ("targetsButton", "targetsTable", "resetPathButton")

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self._targets: list[Target] = []
        self._moves = Moves(self.on_path_moved)
        self._is_drawing = False
        set_up_table(self.ui.targetsTable)
        self._timer = single_shot_timer(panel.root, PAUSE_MS, self.on_pause, self.connections)
        self.connect("targetsButton", "toggled(bool)", self.on_toggled)
        self.connect("targetsTable", "itemSelectionChanged()", self.on_chosen)
        self.connect("resetPathButton", "clicked()", self.on_reset)

    def stop(self) -> None:
        self._timer.stop()
        self._moves.release()
        self.ui.targetsButton.checked = False
        if self.session is not None:
            self.session.show_targets(False)

    def update(self, what: str) -> None:
        ui = self.ui
        is_found = self.session is not None and self.session.reason_not_ready("review") is None
        if not is_found:
            self._fill([])
        elif what in ("candidates", "case", "align", "review", "all") and self._is_shown and not self._is_drawing:
            self._show_now()
        ui.targetsButton.enabled = is_found and not self.panel.is_busy
        self._show_buttons()

    @property
    def _is_shown(self) -> bool:
        return bool(self.ui.targetsButton.checked) and not self.panel.is_busy

    @guarded_slow
    def on_toggled(self, shown: bool) -> None:
        """Find the targets and draw their paths, or take them away."""
        if self.session is None:
            return
        if shown:
            self._show_now()
        else:
            self._moves.release()
            self.session.show_targets(False)
            self._fill([])
        self._show_buttons()

    def _show_now(self) -> None:
        session = self.open_session
        self._is_drawing = True
        try:
            targets = session.show_targets(True)
            self._moves.watch(session.path_nodes())
        finally:
            self._is_drawing = False
        self._fill(targets)

    @guarded
    def on_path_moved(self) -> None:
        """A path was moved: measure it when the hand pauses."""
        if self._is_shown and not self._is_drawing:
            self._timer.start()

    @guarded_slow
    def on_pause(self) -> None:
        """Measure the path that was moved; its row follows."""
        if self.session is None or not self._is_shown:
            return
        self._is_drawing = True
        try:
            is_moved = self.session.take_moved_paths()
        finally:
            self._is_drawing = False
        if is_moved and self.session is not None:
            self._show_now()
            self._show_buttons()

    @guarded_slow
    def on_reset(self) -> None:
        """Draw the chosen path as it was proposed."""
        target = self._chosen()
        if target is not None:
            self._moves.release()
            self.open_session.reset_path(target.id)

    @guarded
    def on_chosen(self) -> None:
        """Another target was chosen: tell all about it."""
        if not self._is_filling:
            self._show_buttons()

    # --- what is shown

    def _chosen(self) -> Target | None:
        rows = sorted({item.row() for item in self.ui.targetsTable.selectedItems()})
        return self._targets[rows[0]] if rows and rows[0] < len(self._targets) else None

    def _fill(self, targets: list[Target]) -> None:
        table, chosen = self.ui.targetsTable, self._chosen()
        self._is_filling = True
        try:
            table.clearSelection()
            table.setRowCount(len(targets))
            for number, target in enumerate(targets):
                self._fill_row(number, target)
            self._targets = targets
            ids = [target.id for target in targets]
            if chosen is not None and chosen.id in ids:
                table.selectRow(ids.index(chosen.id))
        finally:
            self._is_filling = False
        table.visible = bool(targets)

    def _fill_row(self, number: int, target: Target) -> None:
        for column, text in enumerate(cells_of(target)):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(target.reason or text)
            if column in RIGHT_COLUMNS:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            self.ui.targetsTable.setItem(number, column, item)

    def _show_buttons(self) -> None:
        ui, target = self.ui, self._chosen()
        is_free = self.session is not None and not self.panel.is_busy and ui.targetsButton.checked
        ui.targetsTable.enabled = is_free
        ui.resetPathButton.enabled = is_free and target is not None and target.origin == PathOrigin.MOVED
        show_text(ui.targetsLabel, "" if target is None else target_html(target))


class Moves(VTKObservationMixin):
    """Tells when a line is moved in the views.

    Parameters
    ----------
    moved : callable
        Called for every change of an end.
    """

    def __init__(self, moved: Any) -> None:
        super().__init__()
        self._moved = moved

    def watch(self, nodes: list[Any]) -> None:
        """Watch these lines and no others."""
        self.release()
        for node in nodes:
            for event in (
                slicer.vtkMRMLMarkupsNode.PointModifiedEvent,
                slicer.vtkMRMLMarkupsNode.PointEndInteractionEvent,
                slicer.vtkMRMLMarkupsNode.PointRemovedEvent,
            ):
                self.addObserver(node, event, self.on_modified)

    def release(self) -> None:
        """Let go of the lines."""
        self.removeObservers()

    def on_modified(self, caller: Any, event: Any) -> None:
        """An end was changed."""
        self._moved()


def cells_of(target: Target) -> tuple[str, ...]:
    """The cells of a row: rank, name, depth, angles, what is nearest, state."""
    path = target.path
    name = target.candidate.place.name
    if target.id != target.candidate.id:
        name = f"{name}, {target.side}"
    state = target.origin if target.state == TargetState.PATH else target.state
    if path is None or path.length_mm is None:
        return str(target.candidate.rank), name, "", "", "", state
    near = path.nearest
    nearest = "" if near is None else f"{near.name} {number_text(near.distance_mm, 0)} mm"
    return str(target.candidate.rank), name, number_text(path.length_mm, 0), angles_text(target), nearest, state


def angles_text(target: Target) -> str:
    """The angles of a path in words, such as "15° right, 5° to the feet"."""
    if target.path is None:
        return ""
    axial, toward, head = table_angles(target.path.outward_ras)
    parts = [f"{axial:.0f}\N{DEGREE SIGN} {toward}".strip()]
    if abs(head) >= 0.5:
        way = _("to the head") if head > 0 else _("to the feet")
        parts.append(f"{abs(head):.0f}\N{DEGREE SIGN} {way}")
    return ", ".join(parts)


def target_html(target: Target) -> str:
    """All that is known of a target, for a label with markup."""
    lines = [f"<b>{plain(target.candidate.place.name)}</b>"]
    lines += [red(text) for text in ([target.reason] if target.reason else []) + list(target.doubts)]
    if target.path is not None:
        lines.append(plain(_("Approach: {name}.").format(name=target.approach or _("of the reader"))))
        lines.append(plain(_("Skin seen on {name}.").format(name=target.path.skin)))
    if target.error_mm is not None:
        error = _("Expected error {mm} mm: {parts}.").format(
            mm=number_text(target.error_mm, 1), parts=target.error_text
        )
        lines.append(plain(error))
    if target.known:
        known = "; ".join(f"{group} ({source})" for group, source in target.known.items())
        lines.append(plain(_("Kept free of: {known}.").format(known=known)))
        lines.append(red(_("Not known: {unknown}.").format(unknown=", ".join(target.unknown))))
    return "<br>".join(lines)
