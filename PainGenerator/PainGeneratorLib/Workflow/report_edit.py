"""The reader's own wording of the plain-text report, and whether the facts below it are still the same."""

from __future__ import annotations

from dataclasses import dataclass

from ..Numerics.core.reader_acts import NOT_NAMED, shown_time

OUTDATED = "[The findings changed after this text was edited by {reader} on {time}. Check it against them.]"
"""First line of an edited text whose facts changed since."""
AS_COMPUTED = "----- The text as it is computed now -----"
"""Stands between an edited text whose facts changed and the computed one."""


@dataclass(frozen=True)
class ReportEdit:
    """A text that a reader edited.

    Parameters
    ----------
    text : str
    facts : str
        The computed text when the reader edited it last.
    reader : str
        Empty when no name was given.
    time : str
        ISO 8601 with the zone.
    """

    text: str
    facts: str
    reader: str
    time: str

    def is_outdated(self, computed: str) -> bool:
        """True when the facts changed since."""
        return self.facts != computed

    def marked(self, computed: str) -> str:
        """The text, with a first line that says so where the facts changed since."""
        if not self.is_outdated(computed):
            return self.text
        return f"{OUTDATED.format(reader=self.reader or NOT_NAMED, time=shown_time(self.time))}\n\n{self.text}"


def final_text(computed: str, edit: ReportEdit | None) -> str:
    """What ``report.txt`` holds: the reader's text; where its facts changed since, the computed one below it."""
    if edit is None:
        return computed
    if not edit.is_outdated(computed):
        return f"{edit.text.rstrip()}\n"
    return f"{edit.marked(computed).rstrip()}\n\n{AS_COMPUTED}\n\n{computed}"
