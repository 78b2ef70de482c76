"""The parameters of the protocol, as the user sees and changes them."""

from __future__ import annotations

from typing import Any

from ..Workflow.protocol import load_protocol
from ..Workflow.targets import STAGE as TARGETS
from .case_settings import CaseSettings
from .notifier import Notifier
from .step_states import StepStates
from .types import ParameterEntry

SENSITIVITY = "hot_spots.sensitivity"
"""Name of the parameter that the slider changes: ratio of a focus to its reference tissue."""

CONTOUR_METHOD = "hot_spots.contour.method"
"""Name of the parameter that says how outlines are drawn on the PET."""

CONTOUR_SUV = "hot_spots.contour.suv"
"""Name of the parameter that holds the threshold of the contour method ``fixed-suv``, in g/ml."""


class ProtocolParameters:
    """Lists and changes the parameters. A changed parameter makes the steps out of date that depend on it.

    Parameters
    ----------
    settings : CaseSettings
        Keeps the changes.
    states : StepStates
    notify : Notifier
    """

    def __init__(self, settings: CaseSettings, states: StepStates, notify: Notifier) -> None:
        self._settings, self._states, self._notify = settings, states, notify

    def entries(self) -> list[ParameterEntry]:
        """All parameters of the protocol of the case, in the order of its file."""
        protocol, shipped = self._settings.protocol(), load_protocol(self._settings.group)
        found = []
        for name, entry in protocol.entries():
            stage, _, key = name.partition(".")
            found.append(
                ParameterEntry(
                    stage=stage,
                    key=key,
                    value=entry["value"],
                    unit=entry.get("unit", ""),
                    minimum=entry.get("minimum"),
                    maximum=entry.get("maximum"),
                    choices=tuple(entry.get("choices", ())),
                    description=entry.get("description", ""),
                    source=entry.get("source", ""),
                    is_default=entry["value"] == shipped.value(name),
                )
            )
        return found

    def set(self, name: str, value: Any) -> None:
        """Change one parameter, ``stage.key``.

        Raises
        ------
        PainGeneratorError
            When the name is unknown or the value out of range.
        """
        if self.change(name, value):
            self._changed([name])

    def change(self, name: str, value: Any) -> bool:
        """Change one parameter while all steps keep their state; True when the value is another one now.

        Raises
        ------
        PainGeneratorError
            When the name is unknown or the value out of range.
        """
        before = self._settings.protocol()
        after = before.with_values({name: value}).value(name)
        changes = dict(self._settings.now.protocolChanges)
        changes[name] = parameter_text(after)
        if after == load_protocol(self._settings.group).value(name):
            changes.pop(name)
        self._settings.keep(protocolChanges=changes)
        return bool(after != before.value(name))

    def reset(self, name: str) -> None:
        """Take one parameter back to the shipped value."""
        self.set(name, load_protocol(self._settings.group).value(name))

    def reset_all(self) -> None:
        """Take all parameters back to the shipped values."""
        changes = self._settings.now.protocolChanges
        if changes:
            self._settings.keep(protocolChanges={})
            self._changed(list(changes))

    def _changed(self, names: list[str]) -> None:
        if all(name.startswith(f"{TARGETS}.") for name in names):
            # Targets are made of what was found, when they are shown or written.
            self._states.outdate_export()
            self._notify("review")
            return
        of_alignment = any(name.startswith("alignment.") for name in names)
        self._states.outdate("align" if of_alignment else "find")
        self._notify("case")


def parameter_text(value: Any) -> str:
    """The value of a parameter as text, as the protocol reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
