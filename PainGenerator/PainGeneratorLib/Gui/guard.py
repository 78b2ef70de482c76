"""What every handler of the panel needs: errors are shown, connections are remembered and taken back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

HINT_MS = 8000
"""How long a hint stands in the status bar, ms."""


class Hint(Exception):
    """A handler had nothing to do, or could not do it, for a reason that the user sees at once.

    It is said in the status bar. A dialog would have to be closed, with the hand on other keys.
    """


def _told(handler: Callable[..., Any], self: Any, arguments: tuple[Any, ...]) -> Any:
    """Call a handler; a hint that it raises is shown in the status bar."""
    try:
        return handler(self, *arguments)
    except Hint as hint:
        slicer.util.showStatusMessage(str(hint), HINT_MS)
        return None


def guarded(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a method that answers to Qt or MRML: an error is shown, a :class:`Hint` in the status bar.

    A signal may carry more arguments than the handler takes; the surplus is dropped, as PythonQt does for handlers
    that it calls directly.
    """
    count = handler.__code__.co_argcount - 1

    @functools.wraps(handler)
    def guarded_handler(self: Any, *arguments: Any) -> Any:
        with slicer.util.tryWithErrorDisplay(_("This could not be done.")):
            return _told(handler, self, arguments[:count])

    return guarded_handler


def guarded_slow(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Like :func:`guarded`, but with a wait cursor: for acts that take a part of a second."""
    count = handler.__code__.co_argcount - 1

    @functools.wraps(handler)
    def guarded_handler(self: Any, *arguments: Any) -> Any:
        with slicer.util.tryWithErrorDisplay(_("This could not be done."), waitCursor=True):
            return _told(handler, self, arguments[:count])

    return guarded_handler


class Connections:
    """Signals connected to handlers, to be disconnected together: a connected handler keeps its object alive."""

    def __init__(self) -> None:
        self._made: list[tuple[Any, str, Callable[..., Any]]] = []

    def add(self, sender: Any, signal: str, handler: Callable[..., Any]) -> None:
        """Connect a signal.

        Raises
        ------
        ValueError
            When the sender has no such signal; Qt itself would only return False.
        """
        if not sender.connect(signal, handler):
            raise ValueError(f"{sender.objectName} has no signal {signal}")
        self._made.append((sender, signal, handler))

    def clear(self) -> None:
        """Disconnect all."""
        for sender, signal, handler in self._made:
            sender.disconnect(signal, handler)
        self._made.clear()


def single_shot_timer(parent: Any, milliseconds: int, handler: Callable[[], Any], connections: Connections) -> Any:
    """A timer that calls the handler once, as soon as nothing has restarted it for so many milliseconds."""
    import qt

    timer = qt.QTimer(parent)
    # The static method of the same name hides the property.
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    connections.add(timer, "timeout()", handler)
    return timer
