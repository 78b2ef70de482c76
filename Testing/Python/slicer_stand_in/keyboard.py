"""The keyboard: keys pressed in the main window, with modifiers that stay down until they are let go.

Qt asks for the modifiers that are held whenever code chooses a cell of a table without saying how, so that a shortcut
with Ctrl and Shift meets a keyboard on which both are down.
"""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtTest

from .current import CURRENT


def press_keys(keys: str) -> None:
    """Press and release keys as written in a shortcut, "Ctrl+Shift+Up", in the main window.

    Parameters
    ----------
    keys : str
        One combination.
    """
    window = _active_window()
    code, held = _code_and_modifiers(keys)
    QtTest.QTest.keyPress(window, code, held)
    CURRENT.application.processEvents()
    QtTest.QTest.keyRelease(window, code, QtCore.Qt.NoModifier)
    CURRENT.application.processEvents()


def _active_window() -> Any:
    window = CURRENT.main_window._native
    if not window.isActiveWindow():
        window.activateWindow()
        CURRENT.application.processEvents()
    return window.windowHandle()


def _code_and_modifiers(keys: str) -> tuple[Any, Any]:
    combination = QtGui.QKeySequence(keys)[0]
    return combination.key(), combination.keyboardModifiers()
