"""The ranked list as the command line shows it: a table by rich on a terminal, plain lines elsewhere, and a legend."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from ..Numerics.core.measures import Measure
from ..Numerics.core.records import FLAG_TEXTS, Candidate
from ..Report.tables import GAP, NOT_ASSESSABLE, terminal_rows
from .streams import visible

NOBODY = "No candidate pain generator was found."
WRAPPED = ("name", "flags", "mr_kind")
"""Keys of the columns whose text is broken into lines when the terminal is too narrow."""
NARROWEST = 14
"""No such column becomes narrower than this many characters."""
INDENT = "   "
"""Before the lines of one candidate on a narrow terminal."""
USUAL_COLUMNS = 100
"""Width of a terminal that does not tell it, characters."""


def ranking_text(candidates: Sequence[Candidate], is_verbose: bool = False) -> str:
    """The ranked list and what its flags and signs mean.

    Parameters
    ----------
    candidates : sequence of Candidate
        In any order.
    is_verbose : bool
        Also say how each column is computed.

    Returns
    -------
    str
        For a terminal as wide as it is; else one line for each candidate, with nothing cut.
    """
    if not candidates:
        return NOBODY
    measures, header, rows = terminal_rows(candidates)
    rows = [[visible(cell) for cell in row] for row in rows]
    columns = shutil.get_terminal_size((USUAL_COLUMNS, 24)).columns if sys.stdout.isatty() else 0
    if columns and columns < _least_columns(measures, [header, *rows]):
        table = cards(measures, header, rows, columns)
    else:
        table = (rich_table(measures, header, rows, columns) if columns else None) or plain_table(
            measures, header, rows, columns
        )
    return "\n".join([table, "", *_legend(candidates, measures, header, rows, columns, is_verbose)])


def rich_table(
    measures: Sequence[Measure], header: Sequence[str], rows: Sequence[Sequence[str]], columns: int
) -> str | None:
    """The table as rich draws it; None where rich is not installed."""
    try:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        return None
    encoding = (sys.stdout.encoding or "").lower()
    lines = box.SIMPLE_HEAD if encoding.startswith("utf") else box.ASCII2
    # The lines of these boxes take one character between columns, and the padding another one.
    table = Table(box=lines, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for measure, title in zip(measures, header, strict=True):
        is_wrapped = measure.key in WRAPPED
        table.add_column(
            Text(title),
            justify="right" if measure.is_number else "left",
            no_wrap=not is_wrapped,
            overflow="fold",
            min_width=len(title),
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(width=columns, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().strip("\n").splitlines())


def cards(measures: Sequence[Measure], header: Sequence[str], rows: Sequence[Sequence[str]], columns: int) -> str:
    """A few lines for each candidate, for a terminal that is too narrow for a table.

    Parameters
    ----------
    measures : sequence of Measure
        One for each cell.
    header : sequence of str
    rows : sequence of sequence of str
    columns : int
        Width in characters.
    """
    name = next((n for n, measure in enumerate(measures) if measure.key == "name"), 0)
    lines = []
    for number, row in enumerate(rows, start=1):
        lines += textwrap.wrap(f"{number}. {row[name]}", columns, subsequent_indent=INDENT)
        others = [n for n in range(len(row)) if n != name and row[n] and measures[n].key != "rank"]
        text = "; ".join(f"{header[n]} {row[n]}" for n in others)
        lines += textwrap.wrap(text, columns, initial_indent=INDENT, subsequent_indent=INDENT)
    return "\n".join(lines)


def plain_table(
    measures: Sequence[Measure], header: Sequence[str], rows: Sequence[Sequence[str]], columns: int
) -> str:
    """The table in aligned columns.

    Parameters
    ----------
    measures : sequence of Measure
        One for each column.
    header : sequence of str
    rows : sequence of sequence of str
    columns : int
        Width in characters in which long texts are broken; 0 for no limit.
    """
    widths = _widths(measures, [header, *rows], columns)
    lines = _row_lines(measures, header, widths)
    lines.append(GAP.join("\u2500" * width for width in widths))
    for row in rows:
        lines += _row_lines(measures, row, widths)
    return "\n".join(lines)


def _least_columns(measures: Sequence[Measure], lines: Sequence[Sequence[str]]) -> int:
    """The width that a table needs, in characters, when its long texts are broken."""
    widths = (max(map(len, cells)) for cells in zip(*lines, strict=True))
    least = (min(w, NARROWEST) if m.key in WRAPPED else w for m, w in zip(measures, widths, strict=True))
    return sum(least) + len(GAP) * (len(measures) - 1)


def _widths(measures: Sequence[Measure], lines: Sequence[Sequence[str]], columns: int) -> list[int]:
    """The width of each column: as wide as its longest text, or so narrow that the table fits."""
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - columns
    wrapped = [n for n, measure in enumerate(measures) if measure.key in WRAPPED]
    while columns and excess > 0 and wrapped:
        widest = max(wrapped, key=lambda n: widths[n])
        if widths[widest] <= NARROWEST:
            break
        widths[widest] -= 1
        excess -= 1
    return widths


def _row_lines(measures: Sequence[Measure], row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """The lines of one row."""
    cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
    lines = []
    for number in range(max(map(len, cells))):
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        padded = (
            part.rjust(width) if measure.is_number else part.ljust(width)
            for measure, part, width in zip(measures, parts, widths, strict=True)
        )
        lines.append(GAP.join(padded).rstrip())
    return lines


def _legend(
    candidates: Sequence[Candidate],
    measures: Sequence[Any],
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    columns: int,
    is_verbose: bool,
) -> list[str]:
    """What the flags and signs of a table mean, and how its columns are computed when that is asked for."""
    flags = dict.fromkeys(flag for candidate in candidates for flag in candidate.flags)
    lines = [_entry(flag, FLAG_TEXTS.get(flag, "No text is known for it."), columns) for flag in flags]
    cells = [cell for row in rows for cell in row]
    if NOT_ASSESSABLE in cells:
        lines.append(_entry(NOT_ASSESSABLE, "The image could not tell.", columns))
    if any(cell.endswith(" ?") for cell in cells):
        lines.append(_entry("?", "Not certain.", columns))
    if is_verbose:
        lines += [_entry(title, one.how, columns) for one, title in zip(measures, header, strict=True) if one.how]
    return lines


def _entry(word: str, text: str, columns: int) -> str:
    """One word and what it means."""
    line = f"{word}: {text}"
    return line if not columns else textwrap.fill(line, columns, subsequent_indent="    ")
