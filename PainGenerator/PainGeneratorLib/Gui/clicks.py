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


class Clicks(VTKObservationMixin):
    """Watches all slice views for clicks of the left button while it is on.

    Parameters
    ----------
    clicked : callable
        Takes the position, RAS mm.
    """

    def __init__(self, clicked: Callable[[tuple[float, float, float]], None]) -> None:
        super().__init__()
        self._clicked = clicked
        # Interactors are kept: another Python name of the same VTK object would have another id.
        self._watched: list[tuple[Any, Any]] = []

    def start(self) -> None:
        """Watch the views that are there; again after a change of layout."""
        self.stop()
        for widget in slice_widgets().values():
            interactor = widget.sliceView().interactor()
            self._watched.append((interactor, widget.mrmlSliceNode()))
            self.addObserver(interactor, "LeftButtonPressEvent", self.on_press)

    def stop(self) -> None:
        """Leave the views alone."""
        self.removeObservers()
        self._watched.clear()

    @guarded
    def on_press(self, interactor: Any, event: str) -> None:
        """Report where the click was."""
        slice_node = next((node for watched, node in self._watched if watched is interactor), None)
        if slice_node is not None and slice_node.GetScene() is not None:
            x, y = interactor.GetEventPosition()
            self._clicked(position_of(slice_node, x, y))
