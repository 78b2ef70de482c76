"""A user's protocol file: read strictly, so that nothing in it goes unused without a word."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import Group
from .lined_json import LinedObject, read_lined
from .protocol_values import Entry, checked, did_you_mean, expected, has_type, is_entry

SCHEMA = 2
"""Version of the form of protocol files that this program reads."""
FILE_KEYS = ("schema", "group", "stages", "overrides")
"""What a protocol file may hold: ``stages`` as in ``base.json``, ``overrides`` as in the file of a group."""
OWN_WORDS = ("source", "description")
"""What a user may word anew in the entry of a parameter; all else but the value has to be as shipped."""
LARGEST_BYTES = 4_000_000
"""Upper bound for the size of a protocol file, bytes. Our choice: twenty times the shipped one."""
START = "Start from a copy of a shipped protocol; `base.json` holds every parameter."
"""What a user can do whose file is of another form."""


@dataclass
class GivenValues:
    """What a protocol file gives.

    Parameters
    ----------
    values : dict of str to value
        By the name of the parameter.
    lines : dict of str to int
        The line of each.
    """

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def read_protocol_file(file: Path, group: str, shipped: Mapping[str, Any]) -> GivenValues:
    """Read a protocol file.

    Parameters
    ----------
    file : Path
        Of the form of ``base.json``, or of the file of a group. It may hold only the parameters that differ, and an
        entry may be a bare value.
    group : str
        The group of the case.
    shipped : mapping
        The stages of the shipped protocol.

    Raises
    ------
    PainGeneratorError
        The file cannot be read, is for another group, or holds anything that is no parameter, of the wrong type, or
        out of range. The line is named.
    """
    own = _read(file)
    reader = _Reader(file, shipped)
    if not isinstance(own, LinedObject):
        reader.refuse(None, "it holds no JSON object", START)
    reader.check_head(own, group)
    for key in ("stages", "overrides"):
        if key in own:
            reader.take(own[key], shipped, (), own.lines[key], key)
    return reader.given


def _read(file: Path) -> Any:
    try:
        if not file.is_file():
            raise OSError("there is no such file" if not file.exists() else "it is no file")
        if file.stat().st_size > LARGEST_BYTES:
            raise OSError(f"it is larger than {LARGEST_BYTES // 1_000_000} MB")
        return read_lined(file.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise PainGeneratorError(
            f"The protocol file {file} cannot be read: line {error.lineno} is no JSON ({error.msg.lower()}).", START
        ) from None
    except (OSError, ValueError) as error:
        raise PainGeneratorError(f"The protocol file {file} cannot be read: {error}.", START) from error


class _Reader:
    """Walks through a file beside the shipped protocol."""

    def __init__(self, file: Path, shipped: Mapping[str, Any]) -> None:
        self._file, self._names = file, list(_names(shipped, ""))
        self.given = GivenValues()

    def refuse(self, line: int | None, what: str, advice: str) -> NoReturn:
        """Refuse the file."""
        where = "" if line is None else f", line {line}"
        raise PainGeneratorError(f"The protocol file {self._file}{where}: {what}.", advice)

    def check_head(self, own: LinedObject, group: str) -> None:
        """Refuse unknown names at the top, another form, and another group."""
        self._check_once(own)
        for key in own:
            if key not in FILE_KEYS:
                inside = key.partition(".")[0] in {name.partition(".")[0] for name in self._names}
                hint = "Write it into 'stages'. " if inside else did_you_mean(key, FILE_KEYS)
                self.refuse(
                    own.lines[key],
                    f"'{key}' is unknown; it may hold {', '.join(FILE_KEYS)}, but not {key}",
                    hint + START,
                )
        if own.get("schema", SCHEMA) != SCHEMA or isinstance(own.get("schema"), bool):
            self.refuse(
                own.lines["schema"],
                f"its form is version {json.dumps(own['schema'])}, and this program reads version {SCHEMA}",
                START,
            )
        if not {"stages", "overrides"} & set(own):
            self.refuse(None, "it gives no parameter, neither in 'stages' nor in 'overrides'", START)
        self._check_group(own, group)

    def _check_group(self, own: LinedObject, group: str) -> None:
        said = own.get("group", group)
        groups = [str(one) for one in Group]
        if said not in groups:
            self.refuse(
                own.lines["group"],
                f"{json.dumps(said)} is no clinical group",
                did_you_mean(str(said), groups) + f"The groups are {' and '.join(groups)}.",
            )
        if said != group:
            raise PainGeneratorError(
                f"The protocol file {self._file} is for the group '{said}', the case is '{group}'.",
                "Give --group, or a protocol file for this group.",
            )

    def _check_once(self, own: LinedObject) -> None:
        """Refuse names that stand twice in one object, of which JSON keeps the last one only."""
        for name, (first, second) in own.again.items():
            self.refuse(second, f"'{name}' stands there twice, and in line {first}, too", "Keep one of them.")

    def take(self, own: Any, shipped: Mapping[str, Any], path: Sequence[str], line: int, said: str) -> None:
        """Take the parameters of a section of the file.

        Parameters
        ----------
        own : value
            What the file holds there.
        shipped : mapping
            The section of the shipped protocol.
        path : sequence of str
            The names of the sections that lead to it.
        line : int
            Where it stands.
        said : str
            Its name in the file.
        """
        if not isinstance(own, LinedObject):
            inside = ", ".join(list(shipped)[:3])
            self.refuse(
                line, f"'{said}' is no JSON object", f"It holds parameters such as {inside}, each with its name."
            )
        self._check_once(own)
        for key, item in own.items():
            names = (*path, *key.split("."))
            there = _at(shipped, key.split("."))
            if there is None:
                self._refuse_name(own.lines[key], ".".join(names))
            elif is_entry(there):
                self._take_value(".".join(names), item, there, own.lines[key])
            else:
                self.take(item, there, names, own.lines[key], key)

    def _refuse_name(self, line: int, name: str) -> NoReturn:
        self.refuse(line, f"there is no parameter '{name}'", did_you_mean(name, self._names) + START)

    def _take_value(self, name: str, item: Any, entry: Entry, line: int) -> None:
        value = self._value_of_entry(name, item, entry, line) if isinstance(item, LinedObject) else item
        if name in self.given.values:
            self.refuse(
                line, f"'{name}' stands there twice, in line {self.given.lines[name]}, too", "Keep one of them."
            )
        if not has_type(value, entry):
            self.refuse(
                line,
                f"the parameter '{name}' cannot be {json.dumps(value)[:80]}, which is of another type",
                f"Give {expected(entry)}{_without_quotes(value, entry)}.",
            )
        try:
            self.given.values[name] = checked(name, value, entry)
        except PainGeneratorError as error:
            raise PainGeneratorError(
                f"The protocol file {self._file}, line {line}: {error.reason}", error.advice
            ) from None
        self.given.lines[name] = line

    def _value_of_entry(self, name: str, item: LinedObject, entry: Entry, line: int) -> Any:
        """The value of an entry as in ``base.json``; all else in it has to be as shipped."""
        self._check_once(item)
        for key, said in item.items():
            if key not in entry:
                self.refuse(
                    item.lines[key],
                    f"the parameter '{name}' has no '{key}'",
                    did_you_mean(key, list(entry)) + f'Its value stands as "{name.rpartition(".")[2]}": VALUE.',
                )
            if key in OWN_WORDS and not isinstance(said, str):
                self.refuse(item.lines[key], f"'{key}' of '{name}' is no text", "Write it in quotation marks.")
            if key not in ("value", *OWN_WORDS) and said != entry[key]:
                self.refuse(
                    item.lines[key],
                    f"'{key}' of '{name}' is {json.dumps(said)[:80]}, and {json.dumps(entry[key])[:80]} as shipped",
                    "A file can change the value only: leave the rest out, or as it is shipped.",
                )
        if "value" not in item:
            self.refuse(line, f"the parameter '{name}' has no value", f"Give {expected(entry)}.")
        return item["value"]


def _without_quotes(value: Any, entry: Entry) -> str:
    is_text = isinstance(value, str) and not isinstance(entry["value"], str | list)
    return ", without quotation marks" if is_text else ""


def _at(section: Mapping[str, Any], keys: Sequence[str]) -> Mapping[str, Any] | None:
    """The entry or section at the end of a path; None where there is none."""
    found: Any = section
    for key in keys:
        if not isinstance(found, Mapping) or is_entry(found) or key not in found:
            return None
        found = found[key]
    return found if isinstance(found, Mapping) else None


def _names(section: Mapping[str, Any], prefix: str) -> list[str]:
    """The names of all parameters."""
    found: list[str] = []
    for key, item in section.items():
        found += [f"{prefix}{key}"] if is_entry(item) else _names(item, f"{prefix}{key}.")
    return found
