"""The window of the PET in SUV: presets, the slider, and the window that the case itself proposes."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from ..Session.reference_uptake import ReferenceUptake
from .words import number_text, plain

WINDOWS = (2.5, 4.0, 6.0, 10.0, 15.0)
"""SUV that is shown in the hottest color, for the keys F5 to F9. The first two are low because the uptake of bone,
joints and muscle is low."""

CASE_RATIO = 3.0
"""The hottest color of the window of the case, as a multiple of the reference tissue. Our estimate: the foci of joints
and bone have 1.5 to 4 times the uptake of their reference, so that most of the map is left for them."""

SAME = 0.05
"""Windows that differ by less than this, g/ml, are the same: the slider has steps of 0.1."""


class PetWindow:
    """Keeps the window of the PET, the buttons and the line beside the slider alike.

    Parameters
    ----------
    ui : object
        The widgets of the panel.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._last: float | None = None
        self._reference: ReferenceUptake | None = None

    def buttons(self) -> list[Any]:
        """The buttons of the presets, and last that of the window of the case."""
        presets = [getattr(self._ui, f"petWindow{index + 1}Button") for index in range(len(WINDOWS))]
        return [*presets, self._ui.petWindowCaseButton]

    def start(self, parameters: Any) -> None:
        """The module was opened: remember where the slider stands."""
        self._last = parameters.petWindowMaximum

    def case_maximum(self) -> float | None:
        """SUV of the hottest color that the case proposes; None while its reference tissue is not known."""
        if self._reference is None:
            return None
        return min(max(round(CASE_RATIO * self._reference.suv, 1), 0.5), 30.0)

    def unit(self, parameters: Any) -> float:
        """SUV of the reference tissue; while it is not known, the part of the window where it would be."""
        if self._reference is not None:
            return self._reference.suv
        return float(parameters.petWindowMaximum) / CASE_RATIO

    def apply(self, parameters: Any, reference: ReferenceUptake | None) -> None:
        """Follow the case until the reader chooses another window; show what is chosen."""
        self._reference = reference
        if parameters.windowFromCase:
            self._follow_case(parameters)
        self._last = parameters.petWindowMaximum
        self._show(parameters)

    def _follow_case(self, parameters: Any) -> None:
        maximum, case = parameters.petWindowMaximum, self.case_maximum()
        if self._last is not None and abs(maximum - self._last) > SAME:
            parameters.windowFromCase = False
        elif case is not None and abs(maximum - case) > SAME:
            self._last = case
            parameters.petWindowMaximum = case

    def take_from_case(self, parameters: Any) -> None:
        """Take the window of the case again, and follow it."""
        case = self.case_maximum()
        if case is not None:
            parameters.petWindowMaximum = case
            self._last = case
        parameters.windowFromCase = True

    def _show(self, parameters: Any) -> None:
        maximum, case = parameters.petWindowMaximum, self.case_maximum()
        *presets, case_button = self.buttons()
        for window, button in zip(WINDOWS, presets, strict=True):
            button.checked = abs(window - maximum) < SAME
        case_button.checked = bool(parameters.windowFromCase)
        case_button.toolTip = (
            _("Show SUV 0 to {ratio} times the reference tissue, once it is known").format(ratio=f"{CASE_RATIO:g}")
            if case is None
            else _("Show SUV 0 to {case}: {ratio} times the reference tissue").format(
                case=number_text(case, 1), ratio=f"{CASE_RATIO:g}"
            )
        )
        self._ui.petWindowNoteLabel.text = f"<small>{plain(note(maximum, self._reference))}</small>"


def note(maximum: float, reference: ReferenceUptake | None) -> str:
    """What the upper SUV is in terms of the reference tissue, for the line beside the slider."""
    if reference is None:
        return _("The reference tissue is known after the step Find.")
    return _("{ratio} times {tissue} (SUV {suv})").format(
        ratio=number_text(maximum / reference.suv, 1), tissue=reference.name, suv=number_text(reference.suv, 1)
    )
