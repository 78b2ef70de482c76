"""JSON whose objects know in which line of the file each of their names stands."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

DEEPEST = 30
"""How deep objects and lists may lie in each other; a deeper file is none that a person wrote. Our choice."""
_SPACE = re.compile(r"[ \t\n\r]*")


class LinedObject(dict[str, Any]):
    """A JSON object. ``lines`` has the line of each name; of a name that stands there twice, ``again`` has both."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}
        self.again: dict[str, tuple[int, int]] = {}


def read_lined(text: str) -> Any:
    """The value of a JSON text; its objects are :class:`LinedObject`.

    Parameters
    ----------
    text : str

    Raises
    ------
    ValueError
        The text is no JSON (as :class:`json.JSONDecodeError`, with the line), holds NaN or infinity, or is too deep.
    """
    value, end = _Reader(text).value(_skip(text, 0), 0)
    end = _skip(text, end)
    if end != len(text):
        _fail("Something follows the end", text, end)
    return value


def _skip(text: str, at: int) -> int:
    """The place after the white space that begins at a place."""
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _fail(what: str, text: str, at: int) -> NoReturn:
    raise json.JSONDecodeError(what, text, at)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


class _Reader:
    """Reads objects and lists itself, and leaves all other values to the standard library."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain = json.JSONDecoder(parse_constant=_refuse)

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        """The value that begins at a place, and the place after it."""
        if depth > DEEPEST:
            _fail(f"More than {DEEPEST} objects or lists lie in each other", self._text, at)
        first = self._text[at : at + 1]
        if first == "{":
            return self._object(at, depth)
        if first == "[":
            return self._list(at, depth)
        return self._plain.raw_decode(self._text, at)

    def _object(self, at: int, depth: int) -> tuple[LinedObject, int]:
        found = LinedObject()
        text, at = self._text, _skip(self._text, at + 1)
        while text[at : at + 1] != "}":
            if text[at : at + 1] != '"':
                _fail("A name in double quotation marks is missing", text, at)
            line = text.count("\n", 0, at) + 1
            name, at = self._plain.raw_decode(text, at)
            at = _skip(text, at)
            if text[at : at + 1] != ":":
                _fail("A colon is missing", text, at)
            value, at = self.value(_skip(text, at + 1), depth + 1)
            if name in found:
                found.again[name] = (found.lines[name], line)
            found[name], found.lines[name] = value, line
            at = self._next(at, "}")
        return found, at + 1

    def _list(self, at: int, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        at = _skip(self._text, at + 1)
        while self._text[at : at + 1] != "]":
            value, at = self.value(at, depth + 1)
            found.append(value)
            at = self._next(at, "]")
        return found, at + 1

    def _next(self, at: int, end: str) -> int:
        """The place of the next member of an object or list, or of its end."""
        text, at = self._text, _skip(self._text, at)
        if text[at : at + 1] == end:
            return at
        if text[at : at + 1] != ",":
            _fail("A comma is missing", text, at)
        after = _skip(text, at + 1)
        if text[after : after + 1] == end:
            _fail("A comma stands before the end", text, at)
        return after
