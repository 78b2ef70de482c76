"""Tables on pages of a PDF, with their head on every page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .page_tree import Node
from .pdf_text import BASELINE, BOLD, LINE, Text, Word

WIDEST_CELL_MM = 60.0
"""Longer cells count as this wide when the widths of columns are chosen, so that they are wrapped."""
CELL_MM = 0.7
"""Between the text of a cell and its edges."""
LEAST_POINTS = 4.0
"""Letters of tables are not made smaller than this; then words are broken."""
LEADING_COLUMNS = 2
"""So many first columns stand in each part of a table that is parted: the rank and the name, or the like."""
SMALLER_POINTS = 0.3
"""By so much the letters are made smaller at a time."""
LARGEST_ROW = 0.7
"""A row that takes less than this part of a page is kept together."""
TINT, RULE = (243, 246, 248), (207, 214, 220)


@dataclass(frozen=True)
class Grid:
    """The columns of a table, mm, and the size of its letters, points."""

    widths: list[float]
    points: float


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its first column, how many columns and rows it spans, its lines, and its side."""

    column: int
    across: int
    down: int
    lines: list[list[Word]]
    is_right: bool


class Tables:
    """Draws tables.

    Parameters
    ----------
    document : fpdf.FPDF
    text : Text
    """

    def __init__(self, document: Any, text: Text) -> None:
        self.pdf, self._text = document, text

    def draw(self, node: Node, points: float) -> None:
        """Draw a table. A wide one is parted into several, one below the other, so that its letters stay legible;
        where that cannot be, its letters are made smaller until its longest words fit."""
        for part in self._parts(node, points):
            self._draw(part, points)

    def _parts(self, node: Node, points: float) -> list[Node]:
        """The table, or its columns in groups that each fit; each group begins with the first column."""
        rows = [row for part in node.children("thead", "tbody") for row in part.children("tr")]
        if _has_spans(rows) or self._widths(_columns(rows), points) is not None:
            return [node]
        count = max(len(list(row.children("th", "td"))) for row in rows)
        lead = min(LEADING_COLUMNS, count - 1)
        first = list(range(lead))
        groups: list[list[int]] = [[]]
        for column in range(lead, count):
            trial = [*first, *groups[-1], column]
            fits = self._widths(_columns([_row_of(row, trial) for row in rows]), points) is not None
            if groups[-1] and not fits:
                groups.append([])
            groups[-1].append(column)
        return [_table_of(node, [*first, *group]) for group in groups]

    def _draw(self, node: Node, points: float) -> None:
        heads = [row for head in node.children("thead") for row in head.children("tr")]
        rows = [row for body in node.children("tbody") for row in body.children("tr")]
        grid = self._grid([*heads, *rows], points)
        head = self._placed(heads, grid)
        self._break_before(sum(self._heights(head, grid)) + 8)
        self._rows(head, grid, True)
        for row in rows:
            placed = self._placed([row], grid)
            height = sum(self._heights(placed, grid))
            if height < LARGEST_ROW * self.pdf.eph and self._break_before(height):
                self._rows(head, grid, True)
            self._rows(placed, grid, False)

    def _break_before(self, height: float) -> bool:
        """Go on at the next page when less than a height is left; returns whether it does."""
        breaks = bool(self.pdf.will_page_break(height))
        if breaks:
            self.pdf.add_page()
        return breaks

    def _grid(self, rows: Sequence[Node], points: float) -> Grid:
        columns = _columns(rows)
        widths = self._widths(columns, points)
        while widths is None and points > LEAST_POINTS:
            points -= SMALLER_POINTS
            widths = self._widths(columns, points)
        return Grid(widths or [self.pdf.epw / max(len(columns), 1)] * len(columns), points)

    def _placed(self, rows: Sequence[Node], grid: Grid) -> list[list[Cell]]:
        """The cells of rows with their columns and wrapped lines."""
        taken: set[tuple[int, int]] = set()
        placed: list[list[Cell]] = []
        for number, row in enumerate(rows):
            column, cells = 0, []
            for node in row.children("th", "td"):
                while (number, column) in taken:
                    column += 1
                across, down = span_of(node)
                taken |= {(number + m, column + n) for m in range(down) for n in range(across)}
                room = sum(grid.widths[column : column + across]) - 2 * CELL_MM
                lines = self._text.wrapped(node, node.name in BOLD, room, grid.points)
                cells.append(Cell(column, across, down, lines, "n" in node.classes))
                column += across
            placed.append(cells)
        return placed

    def _heights(self, rows: Sequence[Sequence[Cell]], grid: Grid) -> list[float]:
        """The heights of rows, mm; the last row is made higher for cells that span rows."""
        line = grid.points * LINE
        heights = [
            max((len(cell.lines) for cell in cells if cell.down == 1), default=1) * line + 2 * CELL_MM
            for cells in rows
        ]
        for number, cells in enumerate(rows):
            for cell in cells:
                lacking = len(cell.lines) * line + 2 * CELL_MM - sum(heights[number : number + cell.down])
                if lacking > 0:
                    heights[min(number + cell.down, len(heights)) - 1] += lacking
        return heights

    def _rows(self, rows: Sequence[Sequence[Cell]], grid: Grid, is_head: bool) -> None:
        """Draw rows. One that is higher than the rest of the page goes on at the next one."""
        heights = self._heights(rows, grid)
        for cells, height in zip(rows, heights, strict=True):
            done = 0
            while True:
                line = grid.points * LINE
                room = self.pdf.page_break_trigger - self.pdf.get_y() - 2 * CELL_MM
                most = max(int(room / line), 1)
                left = max((len(cell.lines) for cell in cells), default=1) - done
                shown = height if done == 0 and left <= most else min(left, most) * line + 2 * CELL_MM
                self._row(cells, grid, done, most, shown, is_head)
                done += most
                if left <= most:
                    break
                self.pdf.add_page()

    def _row(self, cells: Sequence[Cell], grid: Grid, done: int, most: int, height: float, is_head: bool) -> None:
        top, line = self.pdf.get_y(), grid.points * LINE
        self.pdf.set_draw_color(*RULE)
        self.pdf.set_fill_color(*TINT)
        for cell in cells:
            x = self.pdf.l_margin + sum(grid.widths[: cell.column])
            width = sum(grid.widths[cell.column : cell.column + cell.across])
            if is_head:
                self.pdf.rect(x, top, width, height, style="F")
            for number, words in enumerate(cell.lines[done : done + most]):
                taken = self._text.length(words, grid.points)
                start = x + width - CELL_MM - taken if cell.is_right else x + CELL_MM
                self._text.draw(words, start, top + CELL_MM + (number + BASELINE) * line, grid.points)
            if cell.down == 1:
                self.pdf.line(x, top + height, x + width, top + height)
        self.pdf.set_y(top + height)

    def _lines(self, cell: Node) -> list[str]:
        return [self._text.clean(line).strip() for line in cell.text.split("\n")]

    def _widths(self, columns: Sequence[Sequence[tuple[Node, int]]], points: float) -> list[float] | None:
        """Widths of columns, mm, for what they hold; None where a word would not fit."""
        edges = 2 * CELL_MM + 0.3
        least, wanted = [], []
        for cells in columns:
            words, lines = [1.0], [1.0]
            for cell, across in cells:
                for text in self._lines(cell):
                    parts = [self._text.width(word, True, points) / across for word in text.split(" ")]
                    words += parts
                    lines.append(sum(parts) + (len(parts) - 1) * self._text.width(" ", True, points) / across)
            least.append(max(words) + edges)
            wanted.append(min(max(lines), WIDEST_CELL_MM) + edges)
        free = self.pdf.epw - sum(least)
        if free < 0:
            return None
        missing = [max(w - n, 0.0) for w, n in zip(wanted, least, strict=True)]
        part = min(free / sum(missing), 1.0) if sum(missing) > 0 else 0.0
        rest = (free - part * sum(missing)) / len(least)
        return [n + m * part + rest for n, m in zip(least, missing, strict=True)]


def _columns(rows: Sequence[Node]) -> list[list[tuple[Node, int]]]:
    """The cells of each column, each with how many columns it spans."""
    taken: set[tuple[int, int]] = set()
    columns: dict[int, list[tuple[Node, int]]] = {}
    for number, row in enumerate(rows):
        column = 0
        for cell in row.children("th", "td"):
            while (number, column) in taken:
                column += 1
            across, down = span_of(cell)
            for n in range(across):
                taken |= {(number + lower, column + n) for lower in range(down)}
                columns.setdefault(column + n, []).append((cell, across))
            column += across
    return [columns[column] for column in sorted(columns)]


def _has_spans(rows: Sequence[Node]) -> bool:
    """Whether any cell spans columns or rows, or rows differ in their number of cells."""
    counts = {len(list(row.children("th", "td"))) for row in rows}
    return len(counts) != 1 or any(span_of(cell) != (1, 1) for row in rows for cell in row.children("th", "td"))


def _row_of(row: Node, columns: Sequence[int]) -> Node:
    """A row with some of its cells."""
    cells = list(row.children("th", "td"))
    return Node(row.name, row.attributes, [cells[column] for column in columns])


def _table_of(table: Node, columns: Sequence[int]) -> Node:
    """A table with some of its columns."""
    parts: list[Node | str] = [
        Node(part.name, part.attributes, [_row_of(row, columns) for row in part.children("tr")])
        for part in table.children("thead", "tbody")
    ]
    return Node(table.name, table.attributes, parts)


def span_of(cell: Node) -> tuple[int, int]:
    """How many columns and rows a cell spans."""
    return int(cell.attributes.get("colspan", 1)), int(cell.attributes.get("rowspan", 1))
