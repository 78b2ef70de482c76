"""What was done, in the status bar of the program, with a button that takes it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from .guard import Connections, guarded, single_shot_timer

SHOWN_MS = 10_000
"""How long an act is named and its undo is offered, ms. Our choice: long enough to look at the views first."""


class StatusLine:
    """Names acts in the status bar; without a main window there is none, and nothing is shown.

    Parameters
    ----------
    parent : QObject
        Owner of the timer.
    undo : callable
        Takes the last act back.
    """

    def __init__(self, parent: Any, undo: Callable[[], Any]) -> None:
        self._connections, self._button_connections = Connections(), Connections()
        self._undo = undo
        self._button: Any = None
        self._later = single_shot_timer(parent, SHOWN_MS, self.on_time_over, self._connections)

    def start(self) -> None:
        """Put the button into the status bar, hidden; the module was opened."""
        window = slicer.util.mainWindow()
        if window is None or self._button is not None:
            return
        self._button = qt.QToolButton(window)
        self._button.setObjectName("painGeneratorUndoOffer")
        self._button.text = _("Undo")
        self._button_connections.add(self._button, "clicked()", self.on_undo)
        window.statusBar().insertPermanentWidget(0, self._button)
        self._button.visible = False

    def stop(self) -> None:
        """Take the button away; the module is left."""
        self._later.stop()
        if self._button is None:
            return
        self._button_connections.clear()
        slicer.util.mainWindow().statusBar().removeWidget(self._button)
        self._button.setParent(None)
        self._button.deleteLater()
        self._button = None

    def tell(self, text: str) -> None:
        """Show a text for a while; nothing is offered with it."""
        self.end_offer()
        slicer.util.showStatusMessage(text, SHOWN_MS)

    def tell_done(self, text: str) -> None:
        """Name what was done, and offer to take it back."""
        slicer.util.showStatusMessage(text, SHOWN_MS)
        if self._button is not None:
            self._button.toolTip = _("Take it back: {what}").format(what=text)
            self._button.visible = True
            self._later.start()

    def end_offer(self) -> None:
        """Hide the button: something else was done since, or time is over."""
        self._later.stop()
        if self._button is not None:
            self._button.visible = False

    @guarded
    def on_time_over(self) -> None:
        """The offer ends."""
        self.end_offer()

    @guarded
    def on_undo(self) -> None:
        """Take the act back."""
        self.end_offer()
        self._undo()

    def cleanup(self) -> None:
        """The module is unloaded."""
        self.stop()
        self._connections.clear()
