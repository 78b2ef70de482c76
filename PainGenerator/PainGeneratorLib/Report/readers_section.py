"""The report's section on the review: who decided what and when, and two readers beside each other."""

from __future__ import annotations

from ..Numerics.core.reader_acts import ReaderAct
from ..Workflow.readers import ReaderCell, ReaderReading, ReaderRow, Readers, agreement, outline_by
from . import words
from .content import ReportContent
from .html import Html, join, table, tag
from .languages import Language
from .person_words import long_time
from .report_tables import section

HIDDEN = "Another review of this case is not shown here: the reader of this one is blind to it."
"""What is said while a second reader must not see the first."""
NOT_THERE = "not found"
"""Stands where a reader has no such entry."""


def readers_section(content: ReportContent) -> Html:
    """Decisions with name and time; empty before anybody decided anything."""
    readers = content.readers
    rows = [row for row in readers.rows if any(cell is not None and cell.last is not None for cell in row.cells)]
    if not rows:
        return Html("")
    parts: list[object] = []
    if readers.hidden:
        parts.append(tag("p", HIDDEN))
    if len(readers.readings) > 1:
        parts.append(tag("p", f"{agreement(readers.rows).text} Differences are marked."))
    header = ["Place", *(_heading(reading) for reading in readers.readings)]
    if len(readers.readings) > 1:
        header.append("Differs in")
    return section("Review", *parts, table(header, [_row(row, readers) for row in rows]))


def _heading(reading: ReaderReading) -> str:
    names = [name for name in reading.readers if name] or [reading.label]
    return ", ".join(name for name in names if name) or "Reader not named"


def _row(row: ReaderRow, readers: Readers) -> list[object]:
    cells: list[object] = [row.first.place.name, *(_cell(cell) for cell in row.cells)]
    if len(readers.readings) > 1:
        cells.append(tag("strong", ", ".join(row.differs), cls="by-hand") if row.differs else words.UNKNOWN)
    return cells


def _cell(cell: ReaderCell | None) -> Html:
    if cell is None:
        return tag("span", NOT_THERE)
    lines = [verdict_words(cell)]
    outline = outline_by(cell.entry)
    if outline is not None:
        lines.append(f"outline {words.volume_text(cell.entry.volume_ml)}: {signed(outline)}")
    if cell.entry.comment:
        lines.append(f"\N{LEFT DOUBLE QUOTATION MARK}{cell.entry.comment}\N{RIGHT DOUBLE QUOTATION MARK}")
    return join([tag("div", line) for line in lines])


def verdict_words(cell: ReaderCell) -> str:
    """The verdict of a reader with name and time."""
    act = cell.act
    return cell.verdict if act is None else f"{cell.verdict}: {signed(act)}"


def signed(act: ReaderAct) -> str:
    """Name and time of an act."""
    return f"{act.by}, {long_time(act.time, Language())}"
