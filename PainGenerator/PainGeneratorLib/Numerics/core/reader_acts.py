"""What a reader did to a candidate: who, when, and what."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from .kept import Kept

NOT_NAMED = "reader not named"
"""Stands for a reader who gave no name."""


class ActKind(StrEnum):
    """The kinds of acts that carry a name and a time."""

    STATUS = "status"
    COMMENT = "comment"
    NAME = "name"
    OUTLINE = "outline"
    ADDED = "added"
    MERGED = "merged"
    SPLIT = "split"
    BROUGHT_BACK = "brought back"
    DELETED = "deleted"


OUTLINE_ACTS = (ActKind.OUTLINE, ActKind.ADDED, ActKind.MERGED, ActKind.SPLIT)
"""Acts that give a candidate another outline."""


@dataclass(frozen=True)
class ReaderAct(Kept):
    """One act of a reader on one candidate.

    Parameters
    ----------
    reader : str
        The name that the reader gave; empty when none was given.
    time : str
        When it was done: ISO 8601, to the second, with the zone.
    act : str
        A word of :class:`ActKind`.
    detail : str
        The status that was given, the comment, the new name, the ids that were merged; empty for the others.
    seen : mapping of str to value
        Name and measures that the reader saw when it was done (:mod:`.since_decided`), so that it can be said later
        what differs; empty for an act of an older version.
    """

    reader: str
    time: str
    act: str
    detail: str = ""
    seen: Mapping[str, float | str | None] = field(default_factory=dict)

    @property
    def by(self) -> str:
        """The name of the reader, in words where none was given."""
        return self.reader or NOT_NAMED


def now_text() -> str:
    """The time now: ISO 8601, to the second, with the zone."""
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")


def last_act(acts: Sequence[ReaderAct], kinds: Iterable[str]) -> ReaderAct | None:
    """The last act of some kinds; None when there is none."""
    wanted = set(kinds)
    return next((act for act in reversed(acts) if act.act in wanted), None)


def readers_of(acts: Iterable[ReaderAct]) -> list[str]:
    """The names of all who acted, each once, in the order of their first act."""
    return list(dict.fromkeys(act.reader for act in acts))


def shown_time(time: str) -> str:
    """A time as people read it, "2026-03-01 14:20"; a text that is no time stays as it is."""
    try:
        return datetime.datetime.fromisoformat(time).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return time


def acts_text(acts: Iterable[ReaderAct]) -> str:
    """Acts in one field of a table: ``2026-03-01T14:20:05+01:00 A. Reader: status accepted; ...``."""
    return "; ".join(f"{act.time} {act.by}: {f'{act.act} {act.detail}'.rstrip()}" for act in acts)
