"""What is said about the names of the levels: one wording for panel, command line, report, and warnings."""

from __future__ import annotations

from collections.abc import Mapping

from ..Numerics.core.sites import SiteTable
from ..Numerics.core.words import Certainty, Group

LEVEL_WORDS: Mapping[str, str] = {
    Certainty.CERTAIN: "The names of the levels are certain.",
    Certainty.LIKELY: "The names of the levels are likely, but not certain: check them before anything is treated.",
    Certainty.UNCERTAIN: "The names of the levels are uncertain: all of them may be wrong by one level or more. "
    "Count the levels on the images before anything is treated.",
}
"""What the reader is told about the levels, by certainty."""
NO_LEVELS = "No level of the spine is named."
"""Said of a lower back without levels."""
SHORT_WORDS: Mapping[str, str] = {
    Certainty.CERTAIN: "Levels: certain.",
    Certainty.LIKELY: "Levels: likely, to be checked.",
    Certainty.UNCERTAIN: "Levels: uncertain, possibly all wrong by one or more.",
}
"""The same for the head of the panel and of the report."""


def level_sentences(table: SiteTable) -> list[str]:
    """How much the names of the levels can be relied on, and why; empty without levels."""
    if table.level_certainty is None:
        return []
    return [LEVEL_WORDS[table.level_certainty], *table.level_reasons]


def level_doubts(table: SiteTable) -> list[str]:
    """The same where the levels are not certain; empty where they are."""
    return [] if table.level_certainty == Certainty.CERTAIN else level_sentences(table)


def level_line(table: SiteTable, group: str | None) -> tuple[str, str]:
    """What the head of the panel and of the report says about the levels.

    Parameters
    ----------
    table : SiteTable
    group : str or None
        A word of :class:`.Numerics.core.words.Group`.

    Returns
    -------
    verdict : str
        How certain they are; empty where nothing has to be said about levels.
    why : str
        How they were counted, and what is unsure.
    """
    if table.level_certainty is not None:
        return SHORT_WORDS[table.level_certainty], " ".join(table.level_reasons)
    if group == Group.LOW_BACK and table.rows:
        return NO_LEVELS, " ".join(table.notes)
    return "", ""
