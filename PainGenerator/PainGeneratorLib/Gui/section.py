"""What the sections of the panel have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from slicer.i18n import tr as _

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.measures import Measure
from ..Session.types import StepState
from .guard import Connections
from .session_needs import StepNeeds
from .words import state_text

if TYPE_CHECKING:
    from .panel import Panel

Needs = TypeVar("Needs", bound=StepNeeds)
"""The protocol of :mod:`.session_needs` that says what a section needs of the session."""

ROW_PIXELS = 22
"""Height of a row of a table, in pixels: dense, so that many rows are seen at once."""


class Section(Generic[Needs]):
    """One collapsible part of the panel.

    Parameters
    ----------
    panel : Panel
        Owner of the session, the widgets and the worker.
    """

    STEP: str = ""
    """The step that this section is for; empty when it is for none."""

    INPUTS: tuple[str, ...] = ()
    """Names of the widgets that are disabled while a step runs."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.ui = panel.ui
        self.connections = Connections()
        self._is_filling = False

    @property
    def session(self) -> Needs | None:
        """The session; None when the module is not open."""
        # The session fulfills the protocols of all sections, which a type checker cannot see of a type variable.
        session: Any = self.panel.session
        return session

    @property
    def open_session(self) -> Needs:
        """The session, for handlers that make no sense without one.

        Raises
        ------
        PainGeneratorError
            When the module is not open.
        """
        session = self.session
        if session is None:
            raise PainGeneratorError(_("No case is open."), _("Open the module Pain Generator first."))
        return session

    def connect(self, widget: str, signal: str, handler: Callable[..., Any]) -> None:
        """Connect a signal of a widget of the panel."""
        self.connections.add(getattr(self.ui, widget), signal, handler)

    def start(self) -> None:
        """The module was opened, or a scene is ready."""

    def stop(self) -> None:
        """The module is left, or the scene is closed: let go of nodes and views."""

    def update(self, what: str) -> None:
        """Show the state of the case; `what` is one of ``Session.types.CHANGES`` or ``all``."""

    def cleanup(self) -> None:
        """The module is unloaded."""
        self.stop()
        self.connections.clear()

    def show_state(self, section: Any, title: str) -> None:
        """Show the heading of the section with the state of its step."""
        state = self.session.state(self.STEP) if self.session is not None else StepState.NOT_DONE
        section.text = f"{title}   {state_text(state.value)}"

    def show_readiness(self, button: Any, tool_tip: str, step: str) -> None:
        """Enable the button of a step, or disable it with the reason on its tool tip."""
        reason = self.session.reason_not_ready(step) if self.session is not None else tool_tip
        ready = self.session is not None and reason is None and not self.panel.is_busy
        button.enabled = ready or self.panel.is_cancel_button(button)
        button.toolTip = reason or tool_tip


def set_up_table(table: Any) -> None:
    """Set a table up: dense rows without numbers, columns as wide as their text, the last one takes the rest."""
    import qt

    header = table.horizontalHeader()
    header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    header.setStretchLastSection(True)
    header.setHighlightSections(False)
    table.verticalHeader().setVisible(False)
    table.verticalHeader().setDefaultSectionSize(ROW_PIXELS)


def set_up_sorted_table(table: Any, columns: Sequence[Measure], first: int = 0) -> None:
    """Set up a table that sorts, with a head for each column of a registry that the panel's form has none for.

    Parameters
    ----------
    table : QTableWidget
    columns : sequence of Measure
    first : int
        Column of the table in which the first of them stands.
    """
    import qt

    for number in range(table.columnCount - first, len(columns)):
        table.setColumnCount(first + number + 1)
        head = qt.QTableWidgetItem(columns[number].title)
        head.setToolTip(columns[number].description)
        table.setHorizontalHeaderItem(first + number, head)
    header = table.horizontalHeader()
    header.setSectionResizeMode(qt.QHeaderView.Interactive)
    header.setMinimumSectionSize(24)
    header.setHighlightSections(False)
    table.verticalHeader().setVisible(False)
    table.verticalHeader().setDefaultSectionSize(ROW_PIXELS)
    table.sortByColumn(0, qt.Qt.AscendingOrder)


def choose(combo: Any, value: Any) -> None:
    """Select the item of a combo box that carries a value; nothing is selected when there is none."""
    combo.setCurrentIndex(combo.findData(value))
