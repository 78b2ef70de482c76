"""A section with editors: what is typed is kept soon, so that a crash takes a few seconds of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .guard import guarded, single_shot_timer
from .section import Section
from .session_needs import TextNeeds

if TYPE_CHECKING:
    from .panel import Panel

KEEP_MS = 3000
"""Time after the first key before what was typed is kept, ms; also while the reader goes on typing."""


class TypedSection(Section[TextNeeds]):
    """Base of a section with editors.

    Parameters
    ----------
    panel : Panel
    editors : sequence of str
        Names of the QPlainTextEdit widgets.
    """

    def __init__(self, panel: Panel, editors: Sequence[str]) -> None:
        super().__init__(panel)
        self._typed = False
        self._timer = single_shot_timer(panel.root, KEEP_MS, self.on_pause_over, self.connections)
        for name in editors:
            self.connect(name, "textChanged()", self.on_typed)

    def keep(self) -> None:
        """Hand what the editors hold to the session; a subclass says how."""
        raise NotImplementedError

    def stop(self) -> None:
        self.keep_typed()

    def keep_typed(self) -> None:
        """Keep what was typed and is still waiting."""
        self._timer.stop()
        if self._typed and self.session is not None:
            self._typed = False
            self.keep()

    @guarded
    def on_typed(self) -> None:
        """Keep it soon."""
        if not self._is_filling:
            self._typed = True
            if not self._timer.active:
                self._timer.start()

    @guarded
    def on_pause_over(self) -> None:
        """Keep what was typed."""
        self.keep_typed()
