"""What was changed in a registry, by whom, when, and why; and the refusal of a change that would hide another one."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..Numerics.core.errors import PainGeneratorError


class Action(StrEnum):
    """What was done to a record."""

    ADDED = "added"
    CORRECTED = "corrected"
    REMOVED = "removed"
    """Taken out; its values stay in the history."""


@dataclass(frozen=True)
class Change:
    """One change of one record.

    Parameters
    ----------
    time : str
        UTC, ISO 8601, to the second.
    author : str
    action : Action
    kind : str
        ``patient``, ``case``, ``follow-up`` and so on, or ``setting``.
    pseudonym : str
        Empty for a setting.
    record_key : str
        Number of the record; for a candidate number of the case and id, ``1/PG-01``; for a setting its name.
    reason : str
        Of a correction; empty otherwise.
    version : int
        That of the record after the change.
    before, after : mapping
        The fields that were changed. An added record has all its fields in ``after``.
    """

    time: str
    author: str
    action: Action
    kind: str
    pseudonym: str
    record_key: str
    reason: str
    version: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def record_name(self) -> str:
        """``follow-up 2 of P-001``."""
        own = self.kind if self.kind == "patient" else f"{self.kind} {self.record_key}"
        return f"{own} of {self.pseudonym}" if self.pseudonym and self.kind != "patient" else f"{own} {self.pseudonym}"

    def to_text(self) -> str:
        """One line for people."""
        names = [
            name for name in self.after if self.action != Action.ADDED or self.after[name] not in (None, "", {}, [])
        ]
        what = ", ".join(
            f"{name} {_short(self.after[name])}"
            if self.action == Action.ADDED
            else f"{name} {_short(self.before.get(name))} -> {_short(self.after[name])}"
            for name in names
        )
        why = f" ({self.reason})" if self.reason else ""
        said = f": {what}" if what else ""
        return f"{self.time} {self.author} {self.action} {self.record_name.strip()}, version {self.version}{why}{said}"


def _short(value: Any) -> str:
    if value in (None, "", {}, []):
        return "empty"
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Conflict(PainGeneratorError):
    """Somebody else changed a record after the writer had read it.

    Parameters
    ----------
    record_name : str
    changes : sequence of Change
        What was changed since, oldest first.
    """

    def __init__(self, record_name: str, changes: Sequence[Change]) -> None:
        last = changes[-1].version if changes else None
        said = "; ".join(change.to_text() for change in changes)
        super().__init__(
            f"{record_name} was changed since you read it: {said or 'it is not there any more'}. Nothing was written.",
            "Look at the record as it is now" + (f", and repeat the correction with --seen {last}." if last else "."),
        )
        self.changes = tuple(changes)


def now_utc() -> str:
    """The time of a change: UTC, so that sites in several zones have one order."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
