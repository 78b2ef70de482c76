"""Protocols: the parameters of all stages, with unit, range and source.

``base.json`` holds every parameter. The file of a clinical group holds only the values that differ there. The
parameters of a stage are nested as the parts of the stage are; the name of a parameter is its path with dots, such as
``hot_spots.contour.method``.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import typing
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import Group
from .protocol_file import read_protocol_file
from .protocol_values import Entry, checked, did_you_mean, is_entry

PROTOCOLS_FOLDER = Path(__file__).resolve().parents[1] / "Resources" / "Protocols"
BASE_FILE = "base.json"
LISTED = 6
"""How many names of a stage are listed where a name is unknown. Our choice: more do not help to find one."""
RISING = (
    ("fusion.ramps.tbr_absent", "fusion.ramps.tbr_none", "fusion.ramps.tbr_full"),
    ("fusion.ramps.asymmetry_none", "fusion.ramps.asymmetry_full"),
    ("fusion.symptom.near_mm", "fusion.symptom.far_mm"),
)
"""Parameters between which points rise, so that each has to be above the one before."""

Parameters = TypeVar("Parameters")
Section = Mapping[str, Any]
"""Parameters and sections by name."""


@dataclasses.dataclass(frozen=True)
class Protocol:
    """The parameters of all stages for one clinical group.

    Parameters
    ----------
    group : str
        ``low-back`` or ``hip-replacement``.
    stages : mapping
        Stage to its parameters and sections, see :data:`Entry` and :data:`Section`.
    changed : tuple of str
        Names of parameters whose value is not the shipped one. Report and provenance show them.
    """

    group: str
    stages: Mapping[str, Section]
    changed: tuple[str, ...] = ()

    def stage(self, name: str, parameters_class: type[Parameters]) -> Parameters:
        """The parameters of one stage as its frozen dataclass; sections become the dataclasses of its fields.

        Raises
        ------
        PainGeneratorError
            When the protocol lacks a parameter of the class or has one that the class does not know.
        """
        return _filled(name, self.stages.get(name, {}), parameters_class)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Name and entry of every parameter, in the order of the file."""
        return _entries(self.stages, "")

    def entry(self, name: str) -> Entry:
        """The entry of a parameter.

        Raises
        ------
        PainGeneratorError
            When there is no such parameter.
        """
        section: Any = self.stages
        for key in name.split("."):
            section = section.get(key) if isinstance(section, Mapping) and not is_entry(section) else None
        if not is_entry(section):
            raise self._unknown(name)
        found: Entry = section
        return found

    def value(self, name: str) -> Any:
        """The value of a parameter."""
        return self.entry(name)["value"]

    def values(self) -> dict[str, Any]:
        """The values alone, nested as the parameters are; for provenance."""
        return _values(self.stages)

    def with_values(self, changes: Mapping[str, Any]) -> Protocol:
        """A copy with other values, ``{name: value}``. Text is converted to the type of the parameter.

        Raises
        ------
        PainGeneratorError
            When a name is unknown, a value is of the wrong type or out of its range, or values that rise together
            (:data:`RISING`) do not rise.
        """
        stages = _copied(self.stages)
        changed = set(self.changed)
        for name, value in changes.items():
            converted = checked(name, value, self.entry(name))
            *path, key = name.split(".")
            section = stages
            for part in path:
                section = section[part]
            if converted != section[key]["value"]:
                section[key]["value"] = converted
                changed.add(name)
        copy = Protocol(self.group, stages, tuple(sorted(changed)))
        if "fusion" in stages:
            _check_rising(copy)
        return copy

    def _unknown(self, name: str) -> PainGeneratorError:
        stage = name.partition(".")[0]
        names = [known for known, _ in self.entries()]
        of_stage = [known for known in names if known.startswith(f"{stage}.")]
        if not of_stage:
            known = f"the stages are: {', '.join(self.stages)}"
        else:
            more = f" and {len(of_stage) - LISTED} more" if len(of_stage) > LISTED else ""
            known = f"known are: {', '.join(of_stage[:LISTED])}{more}"
        return PainGeneratorError(
            f"There is no parameter '{name}' in the protocol.",
            f"{did_you_mean(name, names)}Names are stage.parameter; {known}.",
        )


def _check_rising(protocol: Protocol) -> None:
    """Refuse values of :data:`RISING` that do not rise."""
    for names in RISING:
        for lower, upper in pairwise(names):
            low, high = protocol.value(lower), protocol.value(upper)
            if not low < high:
                raise PainGeneratorError(
                    f"The parameter '{upper}' ({high:g}) has to be above '{lower}' ({low:g}).",
                    "Points rise from the one to the other: change one of them, or both together.",
                )


def load_protocol(group: str, file: Path | None = None) -> Protocol:
    """Read the shipped protocol of a group, with the values of the user's own file over it.

    Parameters
    ----------
    group : str
        ``low-back`` or ``hip-replacement``.
    file : Path, optional
        A protocol file of the form of ``base.json``, or of the file of a group. It may hold only the parameters that
        differ, and an entry may be a bare value.

    Raises
    ------
    PainGeneratorError
        When the file cannot be read, is for another group, or holds unknown names or values out of range.
    """
    if group not in tuple(Group):
        raise ValueError(f"group must be one of {[str(g) for g in Group]}, not {group!r}")
    protocol = _shipped(str(group))
    if file is None:
        return protocol
    given = read_protocol_file(Path(file), str(group), protocol.stages)
    try:
        return protocol.with_values(given.values)
    except PainGeneratorError as error:
        named = [line for name, line in given.lines.items() if f"'{name}'" in error.reason]
        where = f", line {named[0]}" if named else ""
        raise PainGeneratorError(f"The protocol file {file}{where}: {error.reason}", error.advice) from None


@functools.cache
def _shipped(group: str) -> Protocol:
    """The shipped protocol of a group. It is never changed in place, so one copy serves all callers."""
    base = json.loads((PROTOCOLS_FOLDER / BASE_FILE).read_text(encoding="utf-8"))
    own = json.loads((PROTOCOLS_FOLDER / f"{group}.json").read_text(encoding="utf-8"))
    changed = Protocol(group, base["stages"]).with_values(own["overrides"])
    return Protocol(group, changed.stages)


def _entries(section: Section, prefix: str) -> Iterator[tuple[str, Entry]]:
    for key, item in section.items():
        if is_entry(item):
            yield f"{prefix}{key}", item
        else:
            yield from _entries(item, f"{prefix}{key}.")


def _values(section: Section) -> dict[str, Any]:
    return {key: item["value"] if is_entry(item) else _values(item) for key, item in section.items()}


def _copied(section: Section) -> dict[str, Any]:
    return {key: dict(item) if is_entry(item) else _copied(item) for key, item in section.items()}


@functools.cache
def _hints_of(parameters_class: type) -> dict[str, Any]:
    """The types of the fields; working them out takes milliseconds, and the live preview asks at each move."""
    return typing.get_type_hints(parameters_class)


def _filled(name: str, section: Section, parameters_class: type[Parameters]) -> Parameters:
    """A frozen dataclass of parameters from its section."""
    kind: Any = parameters_class
    wanted = _hints_of(kind)
    if set(wanted) != set(section):
        differing = ", ".join(sorted(set(wanted) ^ set(section)))
        raise PainGeneratorError(
            f"The protocol's stage '{name}' does not fit this version of the program: {differing}.",
            "Use a protocol file that was made with this version.",
        )
    values: dict[str, Any] = {}
    for key, item in section.items():
        if is_entry(item):
            value = item["value"]
            values[key] = tuple(value) if isinstance(value, list) else value
        else:
            values[key] = _filled(f"{name}.{key}", item, wanted[key])
    return parameters_class(**values)
