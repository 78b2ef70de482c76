"""Clicks into slice views, as RAS positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slicer.util import VTKObservationMixin

from .guard import guarded
from .layouts import slice_widgets


def position_of(slice_node: Any, x: float, y: float) -> tuple[float, float, float]:
    """RAS mm of a point of a slice view, given in its pixels."""
    r, a, s, _w = slice_node.GetXYToRAS().MultiplyPoint((float(x), float(y), 0.0, 1.0))
    return r, a, s


MOVE_PRIORITY = 1.0
"""Priority of an observer of mouse moves: the interactor style of a slice view takes each move at a lower priority,
and an observer of priority 0 never hears of it."""

Place = tuple[float, float, float]
"""A position, RAS mm."""


class Clicks(VTKObservationMixin):
    """Watches all slice views for clicks of the left button while it is on.

    Parameters
    ----------
    clicked : callable
        Takes the position, RAS mm.
    moved : callable, optional
        Takes the position of the mouse when it is moved with Shift held.
    """

    def __init__(self, clicked: Callable[[Place], None], moved: Callable[[Place], None] | None = None) -> None:
        super().__init__()
        self._clicked, self._moved = clicked, moved
        # Interactors are kept: another Python name of the same VTK object would have another id.
        self._watched: list[tuple[Any, Any]] = []

    def start(self) -> None:
        """Watch the views that are there; again after a change of layout."""
        self.stop()
        for widget in slice_widgets().values():
            interactor = widget.sliceView().interactor()
            self._watched.append((interactor, widget.mrmlSliceNode()))
            self.addObserver(interactor, "LeftButtonPressEvent", self.on_press)
            if self._moved is not None:
                self.addObserver(interactor, "MouseMoveEvent", self.on_move, priority=MOVE_PRIORITY)

    def stop(self) -> None:
        """Leave the views alone."""
        self.removeObservers()
        self._watched.clear()

    @guarded
    def on_press(self, interactor: Any, event: str) -> None:
        """Report where the click was."""
        place = self._place(interactor)
        if place is not None:
            self._clicked(place)

    @guarded
    def on_move(self, interactor: Any, event: str) -> None:
        """Report where the mouse is while Shift is held."""
        place = self._place(interactor) if interactor.GetShiftKey() else None
        if place is not None and self._moved is not None:
            self._moved(place)

    def _place(self, interactor: Any) -> Place | None:
        """Position of the mouse in the view of an interactor; None where the view is not watched any more."""
        slice_node = next((node for watched, node in self._watched if watched is interactor), None)
        if slice_node is None or slice_node.GetScene() is None:
            return None
        x, y = interactor.GetEventPosition()
        return position_of(slice_node, x, y)
