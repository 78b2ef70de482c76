"""Keyboard shortcuts that live only while the module is open; none is a bare letter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from .guard import Connections
from .views_section import WINDOWS
from .words import plain


def key_texts() -> dict[str, str]:
    """What each key does, for the list under "?"."""
    window = _("PET from SUV 0 to {maximum}")
    return {
        "Ctrl+Shift+Y": _("Accept the chosen candidate"),
        "Ctrl+Shift+N": _("Reject it"),
        "Ctrl+Shift+P": _("Mark it as physiologic"),
        "Ctrl+Shift+O": _("Take the decision back"),
        "Ctrl+Shift+Down": _("Go to the next candidate"),
        "Ctrl+Shift+Up": _("Go to the candidate before"),
        "Ctrl+Shift+U": _("Undo the last act"),
        "Ctrl+Shift+R": _("Do it again"),
        "F4": _("Reset the windows of the MR series"),
        **{f"F{5 + index}": window.format(maximum=f"{maximum:g}") for index, maximum in enumerate(WINDOWS)},
    }


def keys_text(handlers: Mapping[str, Callable[[], Any]]) -> str:
    """The list of keys as a table, for a label with markup.

    Parameters
    ----------
    handlers : mapping of str to callable
        Key sequence and what it does. A key that :func:`key_texts` does not know is told in the words of its handler.
    """
    texts = key_texts()
    told = {keys: texts.get(keys) or first_sentence(handler) for keys, handler in handlers.items()}
    rows = [f"<tr><td><b>{plain(keys)}</b>&nbsp;&nbsp;</td><td>{plain(text)}</td></tr>" for keys, text in told.items()]
    return f"<table>{''.join(rows)}</table>"


def first_sentence(handler: Callable[[], Any]) -> str:
    """What a handler says about itself."""
    return (handler.__doc__ or "").strip().partition("\n")[0].removesuffix(".")


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
