"""Protocols: the parameters of all stages, with unit, range and source.

``base.json`` holds every parameter. The file of a clinical group holds only the values that differ there. The
parameters of a stage are nested as the parts of the stage are; the name of a parameter is its path with dots, such as
``hot_spots.contour.method``.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import json
import math
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import Group

PROTOCOLS_FOLDER = Path(__file__).resolve().parents[2] / "Resources" / "Protocols"
BASE_FILE = "base.json"
FILE_KEYS = ("schema", "group", "stages", "overrides")
"""What a protocol file may hold: ``stages`` as in ``base.json``, ``overrides`` as in the file of a group."""
RISING = (
    ("fusion.ramps.tbr_absent", "fusion.ramps.tbr_none", "fusion.ramps.tbr_full"),
    ("fusion.ramps.asymmetry_none", "fusion.ramps.asymmetry_full"),
    ("fusion.symptom.near_mm", "fusion.symptom.far_mm"),
)
"""Parameters between which points rise, so that each has to be above the one before."""

Parameters = TypeVar("Parameters")
Entry = Mapping[str, Any]
"""One parameter: ``value``, ``unit``, ``minimum``, ``maximum`` or ``choices``, ``source``, ``description``."""
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
            section = section.get(key) if isinstance(section, Mapping) and not _is_entry(section) else None
        if not _is_entry(section):
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
            converted = _checked(name, value, self.entry(name))
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
        similar = _similar(name, names)
        hint = f"Did you mean {' or '.join(similar)}? " if similar else ""
        of_stage = [known for known in names if known.startswith(f"{stage}.")]
        known = f"known are: {', '.join(of_stage)}" if of_stage else f"the stages are: {', '.join(self.stages)}"
        return PainGeneratorError(
            f"There is no parameter '{name}' in the protocol.", f"{hint}Names are stage.parameter; {known}."
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
    try:
        own = json.loads(Path(file).read_text(encoding="utf-8"))
        changes = _changes_of(own)
    except (OSError, ValueError) as error:
        raise PainGeneratorError(
            f"The protocol file {file} cannot be read: {error}.",
            "Start from a copy of the shipped protocol in Resources/Protocols.",
        ) from error
    own_group = own.get("group", group)
    if own_group != group:
        raise PainGeneratorError(
            f"The protocol file {file} is for the group '{own_group}', the case is '{group}'.",
            "Give --group, or a protocol file for this group.",
        )
    return protocol.with_values(changes)


@functools.cache
def _shipped(group: str) -> Protocol:
    """The shipped protocol of a group. It is never changed in place, so one copy serves all callers."""
    base = json.loads((PROTOCOLS_FOLDER / BASE_FILE).read_text(encoding="utf-8"))
    own = json.loads((PROTOCOLS_FOLDER / f"{group}.json").read_text(encoding="utf-8"))
    changed = Protocol(group, base["stages"]).with_values(own["overrides"])
    return Protocol(group, changed.stages)


def _changes_of(own: Any) -> dict[str, Any]:
    """Value by name of every parameter that a user's file gives.

    Raises
    ------
    ValueError
        When the file holds something else, which would go unused.
    """
    if not isinstance(own, dict):
        raise ValueError("it holds no JSON object")
    unknown = [key for key in own if key not in FILE_KEYS]
    if unknown:
        raise ValueError(f"it may hold {', '.join(FILE_KEYS)}, but not {', '.join(unknown)}")
    changes: dict[str, Any] = {}
    for key in ("stages", "overrides"):
        section = own.get(key, {})
        if not isinstance(section, dict):
            raise ValueError(f"'{key}' is no JSON object")
        changes |= _given(section, "")
    return changes


def _similar(name: str, names: Sequence[str]) -> list[str]:
    """The known names that are most like a name: without the dots, else at the end, else by their letters."""
    plain, end = name.replace(".", "_"), name.rpartition(".")[2]
    without_dots = [known for known in names if known.replace(".", "_") == plain]
    same_end = [known for known in names if known.rpartition(".")[2] == end]
    return without_dots or same_end[:3] or difflib.get_close_matches(name, names, n=3, cutoff=0.8)


def _is_entry(item: Any) -> bool:
    """Whether an item of a section is a parameter; else it is a section of its own."""
    return isinstance(item, Mapping) and "value" in item


def _entries(section: Section, prefix: str) -> Iterator[tuple[str, Entry]]:
    for key, item in section.items():
        if _is_entry(item):
            yield f"{prefix}{key}", item
        else:
            yield from _entries(item, f"{prefix}{key}.")


def _given(section: Section, prefix: str) -> Iterator[tuple[str, Any]]:
    """Name and value of every parameter of a user's file."""
    for key, item in section.items():
        if _is_entry(item):
            yield f"{prefix}{key}", item["value"]
        elif isinstance(item, Mapping):
            yield from _given(item, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", item


def _values(section: Section) -> dict[str, Any]:
    return {key: item["value"] if _is_entry(item) else _values(item) for key, item in section.items()}


def _copied(section: Section) -> dict[str, Any]:
    return {key: dict(item) if _is_entry(item) else _copied(item) for key, item in section.items()}


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
        if _is_entry(item):
            value = item["value"]
            values[key] = tuple(value) if isinstance(value, list) else value
        else:
            values[key] = _filled(f"{name}.{key}", item, wanted[key])
    return parameters_class(**values)


def _checked(name: str, value: Any, entry: Entry) -> Any:
    """A value as the parameter holds it; refused when it is of the wrong type or out of range."""
    shipped = entry["value"]
    convert: Callable[[Any, Entry], Any]
    if isinstance(shipped, bool):
        expected, convert = "true or false", _as_switch
    elif isinstance(shipped, int | float):
        expected = f"a number from {entry['minimum']} to {entry['maximum']} {entry.get('unit', '')}".rstrip()
        convert = _as_number
    elif isinstance(shipped, str):
        expected, convert = "one of: " + ", ".join(entry["choices"]), _as_word
    elif "choices" in entry:
        expected, convert = "a list of: " + ", ".join(entry["choices"]), _as_words
    else:
        expected, convert = f"a list of {len(shipped)} numbers", _as_numbers
    try:
        return convert(value, entry)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise PainGeneratorError(f"The parameter '{name}' cannot be {value!r}.", f"Give {expected}.") from None


def _as_switch(value: Any, _entry: Entry) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    return words[str(value).strip().lower()]


def _as_number(value: Any, entry: Entry) -> int | float:
    if isinstance(value, bool):
        raise TypeError(value)
    is_whole = isinstance(entry["value"], int)
    number: int | float = float(value)
    if not math.isfinite(number) or not entry["minimum"] <= number <= entry["maximum"]:
        raise ValueError(value)
    if is_whole and number != int(number):
        raise ValueError(value)
    return int(number) if is_whole else number


def _as_word(value: Any, entry: Entry) -> str:
    if value not in entry["choices"]:
        raise ValueError(value)
    return str(value)


def _as_words(value: Any, entry: Entry) -> list[str]:
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else list(value)
    words = [str(part) for part in parts if part]
    if not set(words) <= set(entry["choices"]):
        raise ValueError(value)
    return words


def _as_numbers(value: Any, entry: Entry) -> list[float]:
    parts = value.split(",") if isinstance(value, str) else list(value)
    numbers = [float(part) for part in parts]
    if len(numbers) != len(entry["value"]) or not all(entry["minimum"] <= n <= entry["maximum"] for n in numbers):
        raise ValueError(value)
    return numbers
