"""Slicer's error log: what Python logs, errors that nobody caught, and what VTK warns of."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

from .api import load_api
from .current import CURRENT
from .troubles import StandInLimit

OF_THE_MACHINE = "bad X server connection"
"""A warning of VTK on a machine without a screen, which says nothing about the scene."""
LEVEL_COLUMN, TEXT_COLUMN = 2, 4
"""Columns of the model that hold the level of an entry and its text."""


class ErrorLog(logging.Handler):
    """``slicer.app.errorLogModel()``: answers only to what the record of the live one lists.

    Attributes
    ----------
    entries : list of (str, str)
        Level ("Info", "Warning", "Error", "Critical") and text.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.entries: list[tuple[str, str]] = []
        self._former_hook: Any = None

    def __getattr__(self, name: str) -> Any:
        if name in load_api().live("slicer.app.errorLogModel()"):
            raise StandInLimit(f"the stand-in does not do slicer.app.errorLogModel().{name}")
        raise AttributeError(f"slicer.app.errorLogModel() has no attribute {name!r}")

    def start(self) -> None:
        """Listen."""
        logging.getLogger().addHandler(self)
        self._former_hook = sys.excepthook
        sys.excepthook = self._uncaught

    def stop(self) -> None:
        """Listen no longer."""
        logging.getLogger().removeHandler(self)
        sys.excepthook = self._former_hook

    def add_error(self, error: BaseException) -> None:
        """An error that was printed and went no further: from a slot, or from an observer of VTK."""
        self.entries.append(("Critical", "".join(traceback.format_exception(error))))

    def _uncaught(self, kind: Any, error: BaseException, where: Any) -> None:
        self.add_error(error)
        self._former_hook(kind, error, where)

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "slicer_stand_in":
            self.entries.append((record.levelname.capitalize(), record.getMessage()))

    def _all(self) -> list[tuple[str, str]]:
        warnings = [text for text in getattr(CURRENT.host, "warnings", ()) if OF_THE_MACHINE not in text]
        return [*self.entries, *(("Warning", text) for text in warnings)]

    def logEntryCount(self) -> int:
        return len(self._all())

    def logEntryDescription(self, row: int) -> str:
        return self._all()[row][1]

    def index(self, row: int, column: int) -> tuple[int, int]:
        return row, column

    def data(self, index: tuple[int, int]) -> Any:
        level, text = self._all()[index[0]]
        return {LEVEL_COLUMN: level, TEXT_COLUMN: text}.get(index[1])

    def clear(self) -> None:
        self.entries.clear()
