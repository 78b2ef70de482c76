"""Values of parameters: what an entry of the protocol allows, and which names are meant by others."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..Numerics.core.errors import PainGeneratorError

Entry = Mapping[str, Any]
"""One parameter: ``value``, ``unit``, ``minimum``, ``maximum`` or ``choices``, ``source``, ``description``."""
NEAR = 0.6
"""Lower bound of the likeness of two words (0 to 1, difflib) for the one to be proposed for the other. Our choice: a
word with one or two wrong letters passes, another word does not."""
NEAR_PATH = 0.8
"""The same for whole names with their stages, which are alike in most letters already. Our choice."""
PROPOSED = 3
"""How many names are proposed at most. Our choice."""


def is_entry(item: Any) -> bool:
    """Whether an item of a section is a parameter; else it is a section of its own."""
    return isinstance(item, Mapping) and "value" in item


def near_names(name: str, names: Sequence[str]) -> list[str]:
    """The known names that are most like a name: without the dots, else at the end, else by their letters."""
    plain, end = name.replace(".", "_"), name.rpartition(".")[2]
    without_dots = [known for known in names if known.replace(".", "_") == plain]
    same_end = [known for known in names if known.rpartition(".")[2] == end]
    if without_dots or same_end:
        return without_dots or same_end[:PROPOSED]
    found = difflib.get_close_matches(name, names, n=PROPOSED, cutoff=NEAR_PATH)
    ends = {known.rpartition(".")[2]: known for known in reversed(names)}
    near_ends = difflib.get_close_matches(end, list(ends), n=PROPOSED, cutoff=NEAR)
    return list(dict.fromkeys([*found, *(ends[one] for one in near_ends)]))[:PROPOSED]


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """ "Did you mean A or B? " for names that are like a name; empty where none is."""
    near = near_names(name, names)
    return f"Did you mean {' or '.join(near)}? " if near else ""


def checked(name: str, value: Any, entry: Entry) -> Any:
    """A value as the parameter holds it. Text is converted to the type of the parameter.

    Raises
    ------
    PainGeneratorError
        When it is of the wrong type or out of range.
    """
    shipped = entry["value"]
    convert: Callable[[Any, Entry], Any]
    if isinstance(shipped, bool):
        convert = _as_switch
    elif isinstance(shipped, int | float):
        convert = _as_number
    elif isinstance(shipped, str):
        convert = _as_word
    else:
        convert = _as_words if "choices" in entry else _as_numbers
    try:
        return convert(value, entry)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise PainGeneratorError(
            f"The parameter '{name}' cannot be {value!r}.", f"{_meant(value, entry)}Give {expected(entry)}."
        ) from None


def expected(entry: Entry) -> str:
    """What a parameter takes, in words."""
    shipped = entry["value"]
    if isinstance(shipped, bool):
        return "true or false"
    if isinstance(shipped, int | float):
        whole = "whole " if isinstance(shipped, int) else ""
        return f"a {whole}number from {entry['minimum']} to {entry['maximum']} {entry.get('unit', '')}".rstrip()
    if isinstance(shipped, str):
        return "one of: " + ", ".join(entry["choices"])
    if "choices" in entry:
        return "a list of: " + ", ".join(entry["choices"])
    return f"a list of {len(shipped)} numbers"


def has_type(value: Any, entry: Entry) -> bool:
    """Whether a value of a JSON file has the type of the parameter; a whole number is a number, too."""
    shipped = entry["value"]
    if isinstance(shipped, list):
        kind = str if "choices" in entry else (int, float)
        return isinstance(value, list) and all(isinstance(x, kind) and not isinstance(x, bool) for x in value)
    if isinstance(shipped, bool) or isinstance(value, bool):
        return isinstance(shipped, bool) and isinstance(value, bool)
    return isinstance(value, int | float if isinstance(shipped, int | float) else type(shipped))


def _meant(value: Any, entry: Entry) -> str:
    """The choices that a wrong word is like, as a question."""
    if "choices" not in entry:
        return ""
    words = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else ()
    wrong = [str(word).strip() for word in words if str(word).strip() not in entry["choices"]]
    return "".join(did_you_mean(word, entry["choices"]) for word in wrong[:1])


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
