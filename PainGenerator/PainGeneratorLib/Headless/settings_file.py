"""The settings file: what a user would otherwise type with every command. It is strict, and what it gives is said.

``settings.toml`` in the folder of the user's configuration (``$XDG_CONFIG_HOME/pain-generator``, else
``~/.config/pain-generator``), or a file given with ``--settings``. Facts of one patient cannot stand in it: they would
be taken for the next patient in silence. docs/command-line.md describes it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.input_files import kind_of
from ..Numerics.core.words import AUTO_GROUP, Group
from .near_misses import did_you_mean

FILE_NAME = "settings.toml"
KEYS = ("group", "protocol", "set", "quiet", "verbose")
"""What a settings file may hold."""
OF_ONE_CASE = (
    *("weight", "height", "dose", "injection-time", "nuclide", "role", "pain-site", "pain-side", "level", "anatomy"),
    *("anatomy-labels", "landmarks", "prosthesis-side", "surgery-date", "fixation", "crp", "output", "overwrite"),
)
"""Options that belong to one case."""


class SetInFile(str):
    """The value of a parameter as text, as ``--set`` has it, with what stands in the settings file.

    Parameters
    ----------
    text : str
    raw : bool, int, float, str, or list of them
        With the type that it has in the file.
    where : str
        The file and the line, for a message.
    """

    raw: Any
    where: str

    def __new__(cls, text: str, raw: Any, where: str) -> SetInFile:
        """Text that knows where it stands."""
        made = super().__new__(cls, text)
        made.raw, made.where = raw, where
        return made


@dataclass(frozen=True)
class Settings:
    """What a settings file gives.

    Parameters
    ----------
    file : Path or None
        None when there is none.
    values : dict
        Name of an option, as argparse keeps it -> its value.
    """

    file: Path | None = None
    values: dict[str, Any] = field(default_factory=dict)


def user_file() -> Path | None:
    """Where the user's own settings file would be; None without a home folder."""
    place = os.environ.get("XDG_CONFIG_HOME", "")
    if os.path.isabs(place):
        return Path(place) / "pain-generator" / FILE_NAME
    try:
        return Path.home() / ".config" / "pain-generator" / FILE_NAME
    except RuntimeError:
        return None


def read_settings(given: Path | None = None) -> Settings:
    """Read the settings file.

    Parameters
    ----------
    given : Path, optional
        A file that takes the place of the user's own one.

    Raises
    ------
    PainGeneratorError
        The file is not there, cannot be read, or holds something else than it may.
    """
    file = user_file() if given is None else given
    if file is None or (given is None and not file.is_file()):
        return Settings()
    return Settings(file, _Reading(file, _text_of(file)).values())


def _text_of(file: Path) -> str:
    try:
        if file.exists() and not file.is_file() and str(file) != os.devnull:
            raise OSError(0, f"it is {kind_of(file)}")
        return file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or str(error)) if isinstance(error, OSError) else "it is no text in UTF-8"
        raise PainGeneratorError(
            f"The settings file {file} cannot be read: {why}.", "Give the path of a TOML file with --settings."
        ) from error


class _Reading:
    """One settings file."""

    def __init__(self, file: Path, text: str) -> None:
        self._file, self._text = file, text

    def values(self) -> dict[str, Any]:
        import tomllib

        try:
            content = tomllib.loads(self._text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise self._wrong(f"is no TOML: {error}", "Write each setting as NAME = VALUE.") from error
        return {name: self._value(name, value) for name, value in content.items()}

    def _value(self, name: str, value: Any) -> Any:
        if name in OF_ONE_CASE or name.replace("_", "-") in OF_ONE_CASE:
            raise self._wrong(
                f"holds '{name}'{self._line(name)}, which belongs to one case",
                f"Give --{name.replace('_', '-')} with the command, so that it is not taken for another patient.",
            )
        if name not in KEYS:
            raise self._wrong(
                f"holds '{name}'{self._line(name)}, which is no setting",
                f"Known are {', '.join(KEYS)}.{self._near(name)}",
            )
        return getattr(self, f"_{name}")(name, value)

    def _near(self, name: str) -> str:
        return did_you_mean(name, KEYS)

    def _switch(self, name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self._not(name, value, "true or false")
        return value

    _quiet = _verbose = _switch

    def _group(self, name: str, value: Any) -> str:
        known = [*(str(group) for group in Group), AUTO_GROUP]
        if value not in known:
            near = did_you_mean(value, known) if isinstance(value, str) else ""
            raise self._not(name, value, f"one of {', '.join(known)}.{near}".rstrip("."))
        return str(value)

    def _protocol(self, name: str, value: Any) -> Path:
        if not isinstance(value, str) or not value:
            raise self._not(name, value, "the path of a file")
        return self._file.absolute().parent / Path(value)

    def _set(self, name: str, value: Any) -> list[tuple[str, str]]:
        if not isinstance(value, dict):
            raise self._not(
                name, value, 'a table, such as [set] with "hot_spots.contour.method" = "percent-41" below it'
            )
        return [pair for key, item in value.items() for pair in self._parameters(key, item)]

    def _parameters(self, name: str, value: Any) -> list[tuple[str, str]]:
        if isinstance(value, dict):
            return [pair for key, item in value.items() for pair in self._parameters(f"{name}.{key}", item)]
        items = value if isinstance(value, list) else [value]
        text = ",".join(self._plain(name, item) for item in items)
        return [(name, SetInFile(text, value, f"the settings file {self._file}{self._line(name)}"))]

    def _plain(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str | int | float):
            raise self._not(name, value, "a number, a word, true or false, or a list of them")
        return str(value)

    def _not(self, name: str, value: Any, expected: str) -> PainGeneratorError:
        return self._wrong(f"gives '{name}' the value {value!r}{self._line(name)}", f"Give {expected}.")

    def _line(self, name: str) -> str:
        """`` in line N``, where the name is found."""
        number = self._line_of_key(name) or self._line_that_begins_with(name)
        return "" if number is None else f" in line {number}"

    def _line_of_key(self, name: str) -> int | None:
        """The line of a key, with the name of its table before it."""
        table = ""
        for number, line in enumerate(self._text.splitlines(), start=1):
            if line.lstrip().startswith("["):
                table = _bare(line.strip().lstrip("[").partition("]")[0])
            key, is_given, _ = line.partition("=")
            whole = ".".join(part for part in (table, _bare(key)) if part)
            if is_given and whole in (name, f"set.{name}"):
                return number
        return None

    def _line_that_begins_with(self, name: str) -> int | None:
        pattern = re.compile(rf"\s*\[*\s*[\"']?{re.escape(name.rpartition('.')[2])}\b")
        numbers = (n for n, line in enumerate(self._text.splitlines(), start=1) if pattern.match(line))
        return next(numbers, None)

    def _wrong(self, what: str, advice: str) -> PainGeneratorError:
        return PainGeneratorError(f"The settings file {self._file} {what}.", advice)


def _bare(key: str) -> str:
    """A key of TOML without quotes and blanks."""
    return re.sub(r"[\"'\s]", "", key)
