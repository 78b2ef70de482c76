"""What the sections of the panel have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .guard import Connections
from .words import state_text

if TYPE_CHECKING:
    from .panel import Panel

ROW_PIXELS = 22


class Section:
    """One collapsible part of the panel.

    Parameters
    ----------
    panel : Panel
        Owner of session, widgets and worker.
    """

    STEP: str | None = None
    """The step that this section is for."""

    INPUTS: tuple[str, ...] = ()
    """Names of the widgets that are disabled while a step runs."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.ui = panel.ui
        self.connections = Connections()
        self._is_filling = False

    @property
    def session(self) -> Any:
        """The session; None when the module is not open."""
        return self.panel.session

    def connect(self, widget: str, signal: str, handler: Any) -> None:
        """Connect a signal of a widget of the panel."""
        self.connections.add(getattr(self.ui, widget), signal, handler)

    def start(self) -> None:
        """The module was opened, or a scene is ready."""

    def stop(self) -> None:
        """The module is left, or the scene is closed: let go of nodes and views."""

    def update(self, what: str) -> None:
        """Show what is; `what` is one of ``session_types.CHANGES`` or ``all``."""

    def cleanup(self) -> None:
        """The module is unloaded."""
        self.stop()
        self.connections.clear()

    def show_state(self, section: Any, title: str) -> None:
        """The section's heading with the state of its step."""
        state = self.session.state(self.STEP).value if self.session is not None else "not done"
        section.text = f"{title}   {state_text(state)}"

    def show_readiness(self, button: Any, tool_tip: str, step: str) -> None:
        """Enable a step's button, or disable it with the reason on its tool tip."""
        reason = self.session.reason_not_ready(step) if self.session is not None else tool_tip
        ready = self.session is not None and reason is None and not self.panel.is_busy
        button.enabled = ready or self.panel.is_cancel_button(button)
        button.toolTip = reason or tool_tip


def set_up_table(table: Any) -> None:
    """Dense rows without numbers; columns as wide as their text, the last one takes the rest."""
    import qt

    header = table.horizontalHeader()
    header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    header.setStretchLastSection(True)
    header.setHighlightSections(False)
    table.verticalHeader().setVisible(False)
    table.verticalHeader().setDefaultSectionSize(ROW_PIXELS)


def choose(combo: Any, value: Any) -> None:
    """Select the item of a combo box that carries a value; nothing is selected when there is none."""
    combo.setCurrentIndex(combo.findData(value))
