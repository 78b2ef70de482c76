"""Protocols: all parameters of all stages, with unit, range and source, from one JSON file per clinical group."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from ..Numerics.core.errors import PainGeneratorError

PROTOCOLS_FOLDER = Path(__file__).resolve().parents[2] / "Resources" / "Protocols"
GROUPS = ("low-back", "hip-replacement")

Parameters = TypeVar("Parameters")


@dataclasses.dataclass(frozen=True)
class Protocol:
    """The parameters of all stages for one clinical group.

    Parameters
    ----------
    group : str
        One of GROUPS.
    stages : mapping
        ``{stage: {parameter: {"value", "unit", "minimum", "maximum", "choices", "source", "description"}}}``.
    changed : tuple of str
        ``stage.parameter`` names whose value is not the shipped one; shown in report and provenance.
    """

    group: str
    stages: Mapping[str, Mapping[str, Mapping[str, Any]]]
    changed: tuple[str, ...] = ()

    def stage(self, name: str, parameters_class: type[Parameters]) -> Parameters:
        """The parameters of one stage as its frozen dataclass.

        Raises
        ------
        PainGeneratorError
            When the protocol lacks a parameter of the class or has one that the class does not know.
        """
        section = self.stages.get(name, {})
        wanted = {field.name for field in dataclasses.fields(parameters_class)}
        if wanted != set(section):
            differing = ", ".join(sorted(wanted ^ set(section)))
            raise PainGeneratorError(
                f"The protocol's stage '{name}' does not fit this version of the program: {differing}.",
                "Use a protocol file that was made with this version.",
            )
        return parameters_class(
            **{key: tuple(e["value"]) if isinstance(e["value"], list) else e["value"] for key, e in section.items()}
        )

    def value(self, name: str) -> Any:
        """The value of ``stage.parameter``."""
        return _entry(self.stages, name)["value"]

    def values(self) -> dict[str, dict[str, Any]]:
        """``{stage: {parameter: value}}``, for provenance."""
        return {
            stage: {key: entry["value"] for key, entry in section.items()} for stage, section in self.stages.items()
        }

    def with_values(self, changes: Mapping[str, Any]) -> Protocol:
        """A copy with other values, ``{"stage.parameter": value}``; text is converted to the parameter's type.

        Raises
        ------
        PainGeneratorError
            When a name is unknown or a value is of the wrong type or out of its range.
        """
        stages = {
            stage: {key: dict(entry) for key, entry in section.items()} for stage, section in self.stages.items()
        }
        changed = set(self.changed)
        for name, value in changes.items():
            entry = _entry(stages, name)
            converted = _checked(name, value, entry)
            if converted != entry["value"]:
                entry["value"] = converted
                changed.add(name)
        return Protocol(self.group, stages, tuple(sorted(changed)))


def load_protocol(group: str, file: Path | None = None) -> Protocol:
    """Read the shipped protocol of a group, with the values of the user's own file over it.

    Parameters
    ----------
    group : str
        ``low-back`` or ``hip-replacement``.
    file : Path, optional
        A protocol file of the same form; it may hold only the parameters that differ, an entry may be a bare value.

    Raises
    ------
    PainGeneratorError
        When the file cannot be read, is for another group, or holds unknown names or values out of range.
    """
    if group not in GROUPS:
        raise ValueError(f"group must be one of {GROUPS}, not {group!r}")
    protocol = _shipped(group)
    if file is None:
        return protocol
    try:
        own = json.loads(Path(file).read_text(encoding="utf-8"))
        changes = {
            f"{stage}.{key}": entry["value"] if isinstance(entry, dict) else entry
            for stage, section in own.get("stages", {}).items()
            for key, entry in section.items()
        }
        own_group = own.get("group", group)
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise PainGeneratorError(
            f"The protocol file {file} cannot be read: {error}.",
            "Start from a copy of the shipped protocol in Resources/Protocols.",
        ) from error
    if own_group != group:
        raise PainGeneratorError(
            f"The protocol file {file} is for the group '{own_group}', the case is '{group}'.",
            "Give --group, or a protocol file for this group.",
        )
    return protocol.with_values(changes)


@functools.cache
def _shipped(group: str) -> Protocol:
    """The shipped protocol; never changed in place, so that one serves all."""
    content = json.loads((PROTOCOLS_FOLDER / f"{group}.json").read_text(encoding="utf-8"))
    return Protocol(group, content["stages"])


def _entry(stages: Mapping[str, Mapping[str, Any]], name: str) -> Any:
    stage, _, key = name.partition(".")
    try:
        return stages[stage][key]
    except KeyError:
        known = ", ".join(
            f"{s}.{k}" for s, section in stages.items() for k in section if s == stage or not stages.get(stage)
        )
        raise PainGeneratorError(
            f"There is no parameter '{name}' in the protocol.", f"Names are stage.parameter; known are: {known}."
        ) from None


def _checked(name: str, value: Any, entry: Mapping[str, Any]) -> Any:
    shipped = entry["value"]
    expected = "a value of the shipped kind"
    try:
        if isinstance(shipped, bool):
            expected = "true or false"
            words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
            return words[str(value).strip().lower()]
        if isinstance(shipped, int | float):
            minimum, maximum = entry["minimum"], entry["maximum"]
            expected = f"a number from {minimum} to {maximum} {entry.get('unit', '')}".rstrip()
            number = int(value) if isinstance(shipped, int) and float(value) == int(value) else float(value)
            if isinstance(shipped, int) and not isinstance(number, int):
                raise ValueError(name)
            if not math.isfinite(number) or not minimum <= number <= maximum:
                raise ValueError(name)
            return number
        if isinstance(shipped, str):
            expected = "one of: " + ", ".join(entry["choices"])
            if value not in entry["choices"]:
                raise ValueError(name)
            return value
        expected = f"a list of {len(shipped)} numbers"
        parts = value.split(",") if isinstance(value, str) else list(value)
        numbers = [float(part) for part in parts]
        if len(numbers) != len(shipped) or not all(entry["minimum"] <= n <= entry["maximum"] for n in numbers):
            raise ValueError(name)
        return numbers
    except (KeyError, TypeError, ValueError, OverflowError):
        raise PainGeneratorError(f"The parameter '{name}' cannot be {value!r}.", f"Give {expected}.") from None
