"""The panel at the left of Slicer's window that holds a module's widget."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets


class ModulePanel(QtWidgets.QScrollArea):
    """As wide as the widest visible part of the module asks for; it scrolls up and down only.

    Attributes
    ----------
    widths : list of int
        Each width that the panel asked for, in pixels. A change of it resizes all views.
    """

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.widths: list[int] = []
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarAlwaysOff)
        self.setFrameShape(QtWidgets.QFrame.NoFrame)
        self.setWidget(module)
        module.setSizePolicy(QtWidgets.QSizePolicy.Minimum, module.sizePolicy().verticalPolicy())
        module.installEventFilter(self)
        self._follow()

    def eventFilter(self, watched: Any, event: Any) -> bool:
        if event.type() in (QtCore.QEvent.LayoutRequest, QtCore.QEvent.Resize):
            self._follow()
        return super().eventFilter(watched, event)

    def _follow(self) -> None:
        width = self.widget().minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        if not self.widths or self.widths[-1] != width:
            self.widths.append(width)
            self.setMinimumWidth(width)
