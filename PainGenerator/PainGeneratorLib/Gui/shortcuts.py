"""Keyboard shortcuts that live only while the module is open; none is a bare letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer

from .guard import Connections


class Shortcuts:
    """Installed on entering the module, removed on leaving it.

    Parameters
    ----------
    handlers : dict of str to callable
        Key sequence and what it does.
    """

    def __init__(self, handlers: dict[str, Callable[[], Any]]) -> None:
        self._handlers = handlers
        self._shortcuts: list[Any] = []
        self._connections = Connections()

    def install(self) -> None:
        """Make the shortcuts; nothing happens without a main window or when they are there already."""
        window = slicer.util.mainWindow()
        if window is None or self._shortcuts:
            return
        for keys, handler in self._handlers.items():
            shortcut = qt.QShortcut(window)
            shortcut.setKey(qt.QKeySequence(keys))
            self._connections.add(shortcut, "activated()", handler)
            self._shortcuts.append(shortcut)

    def remove(self) -> None:
        """Take the shortcuts away."""
        self._connections.clear()
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts.clear()
