"""What an input case is, and how its outcome is judged."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from PainGeneratorLib.Numerics.core.errors import PainGeneratorError


class Outcome(StrEnum):
    """What became of an input. The first three are acceptable, the others never are."""

    RIGHT = "right"
    WARNED = "warned"
    """The value is doubtful or not the best, and a warning names the doubt."""
    REFUSED = "refused"
    """Refused with the true reason and with advice that works."""
    WRONG = "wrong"
    """A wrong result without a word about it, or an untrue text."""
    TRACEBACK = "traceback"


@dataclass(frozen=True)
class Judged:
    """The outcome of one case, with the text or value that it rests on."""

    outcome: Outcome
    seen: str


@dataclass(frozen=True)
class InputCase:
    """One input and what is right for it.

    Parameters
    ----------
    name : str
        Unique, in words with hyphens.
    kind : str
        The row of the table in ``Testing/CASES.md``.
    source : str
        Where such an input was reported: an address, or the public list of series that has the name.
    judge : callable
        Takes an empty folder to write the input to, reads it with the package, and returns what became of it. It calls
        :func:`judged`.
    accepted : tuple of Outcome
        What counts as passed. `RIGHT` alone, except where the input does not decide what is right.
    slow : bool
        True when the case takes more than a few seconds.
    """

    name: str
    kind: str
    source: str
    judge: Callable[[Path], Judged]
    accepted: tuple[Outcome, ...] = (Outcome.RIGHT,)
    slow: bool = False


def judged(
    call: Callable[[], Any],
    is_right: Callable[[Any], bool] | None = None,
    *,
    warnings: Callable[[Any], Iterable[str]] = lambda result: result.warnings,
    warned_by: str | None = None,
    refused_by: str | None = None,
    may_warn: bool = True,
) -> Judged:
    """Call the package and judge what comes back.

    Parameters
    ----------
    call : callable
        Reads the input.
    is_right : callable, optional
        Takes the result; True when it is right. Without it no result is right.
    warnings : callable
        The sentences that a user sees with the result.
    warned_by : str, optional
        Regular expression (any case) of a warning that names the doubt. When it is found the outcome is `WARNED`
        although `is_right` says no. When `is_right` says yes and `warned_by` is given, the warning must be there, too:
        the outcome is then `WARNED`, and `WRONG` without it.
    refused_by : str, optional
        Regular expression (any case) that must be found in "reason advice" of a refusal. Without it none is right.
    may_warn : bool
        False when any warning with a right result is a false alarm.
    """
    try:
        result = call()
    except PainGeneratorError as error:
        text = f"{error.reason} {error.advice}"
        ok = refused_by is not None and re.search(refused_by, text, re.I | re.S)
        return Judged(Outcome.REFUSED if ok else Outcome.WRONG, text)
    except Exception:
        return Judged(Outcome.TRACEBACK, traceback.format_exc(limit=-2))
    sentences = list(warnings(result))
    text = f"{result!r:.300} warnings: {sentences}"
    right = is_right is not None and is_right(result)
    warned = warned_by is not None and any(re.search(warned_by, sentence, re.I | re.S) for sentence in sentences)
    if warned:
        return Judged(Outcome.WARNED, text)
    if right and warned_by is None and (may_warn or not sentences):
        return Judged(Outcome.RIGHT, text)
    return Judged(Outcome.WRONG, text)
