"""Puts headings, paragraphs, lists, tables and pictures on pages of a PDF."""

from __future__ import annotations

import base64
import importlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .page_tree import Node

FONT_FOLDER = Path(__file__).resolve().parents[1] / "Resources" / "Fonts"
"""DejaVu Sans, which has the letters of most European languages, signs such as the multiplication sign, and a free
license (beside it). It is put into the PDF as far as it is used."""
FONT = "DejaVu"
MARGIN_MM = 14.0
TEXT_POINTS = 9.0
SMALL_POINTS = 7.5
TABLE_POINTS = 7.0
SITE_POINTS = 5.6
"""The tables of sites have up to 22 columns."""
HEADINGS = {"h1": 16.0, "h2": 12.5, "h3": 10.5, "h4": 9.0}
"""Size of the headings, points."""
LINE = 0.48
"""Height of a line, mm for each point of the letters."""
BASELINE = 0.76
"""Where the letters of a line stand, as a part of its height."""
INDENT_MM = 5.0
LARGEST_PICTURE = 0.88
"""A picture takes at most this part of the height of a page."""
INK, SOFT, ACCENT, TINT, WARN = (21, 32, 43), (74, 87, 100), (11, 90, 138), (243, 246, 248), (138, 59, 0)
BOLD = {"strong", "b", "th", "dt"}
WIDEST_CELL_MM = 60.0
"""Longer cells count as this wide when the widths of columns are chosen, so that they are wrapped."""
CELL_MM = 0.7
"""Between the text of a cell and its edges."""
LEAST_POINTS = 4.0
"""Letters of tables are not made smaller than this; then words are broken."""


def new_document(title: str, created: Any) -> Any:
    """An empty document with its fonts. Its attribute ``foot`` stands at the foot of each page, with the number.

    Parameters
    ----------
    title : str
    created : datetime
        So that the same content gives the same bytes.
    """
    fpdf = importlib.import_module("fpdf")

    class Document(fpdf.FPDF):  # type: ignore[name-defined]
        """Pages that tell at their foot whose they are."""

        foot = ""

        def footer(self) -> None:
            """The last line of a page."""
            self.set_y(-10)
            self.set_font(FONT, size=SMALL_POINTS - 0.5)
            self.set_text_color(*SOFT)
            self.cell(0, 4, f"{self.foot}  |  page {self.page_no()} of {{nb}}", align="C")

    document = Document(format="A4")
    document.set_title(title)
    document.set_lang("en-US")
    document.set_creation_date(created)
    document.set_margins(MARGIN_MM, MARGIN_MM)
    document.set_auto_page_break(True, MARGIN_MM)
    document.add_font(FONT, "", FONT_FOLDER / "DejaVuSans.ttf")
    document.add_font(FONT, "B", FONT_FOLDER / "DejaVuSans-Bold.ttf")
    document.add_page()
    return document


@dataclass(frozen=True)
class Word:
    """A word of a text; ``is_glued`` when it follows the word before it without a space."""

    text: str
    is_bold: bool
    is_glued: bool


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


class Writer:
    """Writes elements one below the other.

    Parameters
    ----------
    document : fpdf.FPDF
    known : set of int
        The characters that the font has.
    """

    def __init__(self, document: Any, known: set[int]) -> None:
        self._pdf, self._known = document, known
        self._indent = 0.0
        self._widths_of: dict[tuple[str, bool], float] = {}
        self.missing: set[str] = set()

    def clean(self, text: str) -> str:
        """The text with white space as a browser shows it; a character that the font lacks as its number."""
        words = " ".join(text.replace("\N{SOFT HYPHEN}", "").split(" ")).replace("\n", " ")
        while "  " in words:
            words = words.replace("  ", " ")
        lacking = {letter for letter in words if ord(letter) not in self._known}
        self.missing |= lacking
        for letter in lacking:
            words = words.replace(letter, f"[U+{ord(letter):04X}]")
        return words

    def _font(self, points: float, bold: bool = False, color: tuple[int, int, int] = INK) -> None:
        self._pdf.set_font(FONT, "B" if bold else "", points)
        self._pdf.set_text_color(*color)

    def _room(self, height: float) -> None:
        """Go on at the next page when less than a height is left."""
        if self._pdf.will_page_break(height):
            self._pdf.add_page()

    def heading(self, node: Node) -> None:
        """A heading that stays with what follows it."""
        points = HEADINGS[node.name]
        self._room(points * LINE + 24)
        self._pdf.ln(points * 0.2)
        self.runs(node, points, bold=True)
        if node.name == "h2":
            self._pdf.set_draw_color(*ACCENT)
            y = self._pdf.get_y() + 0.4
            self._pdf.line(self._pdf.l_margin, y, self._pdf.w - MARGIN_MM, y)
            self._pdf.set_y(y + 1.2)

    def runs(self, node: Node, points: float = TEXT_POINTS, bold: bool = False) -> None:
        """Text with bold parts, wrapped."""
        height = points * LINE
        for line in self._wrapped(self._words(node, bold), self._pdf.epw, points):
            self._room(height)
            self._draw(line, self._pdf.l_margin, self._pdf.get_y() + height * BASELINE, points)
            self._pdf.ln(height)

    def _words(self, node: Node, bold: bool = False) -> list[Word]:
        """The words of an element; a line break is a word of its own."""
        found: list[Word] = []
        for part in node.parts:
            if isinstance(part, Node):
                if part.name == "br":
                    found.append(Word("\n", bold, False))
                else:
                    found += self._words(part, bold or part.name in BOLD)
                continue
            text = self.clean(part)
            glued = bool(found) and not text.startswith(" ")
            for n, word in enumerate(text.split(" ")):
                if word:
                    found.append(Word(word, bold, glued and n == 0))
            if text.endswith(" ") and text.strip():
                found.append(Word("", bold, True))
        return found

    def _width(self, text: str, bold: bool, points: float) -> float:
        """The width of text, mm."""
        key = (text, bold)
        if key not in self._widths_of:
            self._font(10.0, bold)
            self._widths_of[key] = self._pdf.get_string_width(text) / 10.0
        return self._widths_of[key] * points

    def _wrapped(self, words: Sequence[Word], room: float, points: float) -> list[list[Word]]:
        """Words in lines that are at most as wide as there is room. A word that is too long for a line is broken."""
        lines: list[list[Word]] = [[]]
        used = 0.0
        ends_open = False  # The next word follows without a space.
        for word in self._broken(words, room, points):
            if word.text == "\n":
                lines.append([])
                used, ends_open = 0.0, False
                continue
            if not word.text:
                ends_open = False
                continue
            glued = word.is_glued and ends_open
            space = 0.0 if glued or not lines[-1] else self._width(" ", word.is_bold, points)
            width = self._width(word.text, word.is_bold, points)
            if lines[-1] and used + space + width > room:
                lines.append([])
                used = space = 0.0
            lines[-1].append(Word(word.text, word.is_bold, space == 0.0))
            used += space + width
            ends_open = True
        return lines if lines[-1] or len(lines) == 1 else lines[:-1]

    def _broken(self, words: Sequence[Word], room: float, points: float) -> Iterator[Word]:
        for word in words:
            rest, glued = word.text, word.is_glued
            while len(rest) > 1 and self._width(rest, word.is_bold, points) > room:
                shorter = range(len(rest) - 1, 1, -1)
                count = next((n for n in shorter if self._width(rest[:n], word.is_bold, points) <= room), 1)
                yield Word(rest[:count], word.is_bold, glued)
                rest, glued = rest[count:], True
            yield Word(rest, word.is_bold, glued)

    def _draw(self, line: Sequence[Word], x: float, y: float, points: float) -> float:
        """Draw a line of text; returns where it ends. Neighbors of one kind are one piece of text."""
        pieces: list[tuple[str, bool]] = []
        for number, word in enumerate(line):
            text = word.text if word.is_glued or number == 0 else f" {word.text}"
            if pieces and pieces[-1][1] == word.is_bold:
                pieces[-1] = (pieces[-1][0] + text, word.is_bold)
            else:
                pieces.append((text, word.is_bold))
        for text, bold in pieces:
            self._font(points, bold)
            self._pdf.text(x, y, text)
            x += sum(self._width(letter, bold, points) for letter in text)
        return x

    def indented(self, mm: float) -> None:
        """Move the left margin."""
        self._indent += mm
        self._pdf.set_left_margin(MARGIN_MM + self._indent)

    def gap(self, mm: float = 1.0) -> None:
        """Empty space."""
        self._pdf.ln(mm)

    def bullet(self, mark: str, node: Node, write: Any) -> None:
        """An entry of a list."""
        height = TEXT_POINTS * LINE
        self._room(height * 2)
        self._font(TEXT_POINTS)
        self._pdf.text(self._pdf.l_margin + 1.0, self._pdf.get_y() + height * BASELINE, mark)
        self.indented(INDENT_MM)
        write(node)
        self.indented(-INDENT_MM)

    def marked(self, color: tuple[int, int, int], write: Any) -> None:
        """Content with a colored bar at its left, as far as it stays on one page."""
        self._room(30)
        page, top = self._pdf.page_no(), self._pdf.get_y()
        self.indented(3.0)
        write()
        self.indented(-3.0)
        if page == self._pdf.page_no():
            self._pdf.set_fill_color(*color)
            self._pdf.rect(self._pdf.l_margin, top, 1.2, self._pdf.get_y() - top, style="F")
        self.gap(1.5)

    def picture(self, node: Node) -> None:
        """An embedded picture, as wide as the page allows."""
        image = io.BytesIO(base64.b64decode(node.attributes["src"].partition(",")[2]))
        from PIL import Image as Picture

        with Picture.open(image) as picture:
            width, height = picture.size
        image.seek(0)
        page_width, most = self._pdf.epw, self._pdf.eph * LARGEST_PICTURE
        shown = min(page_width, most * width / height)
        self._room(shown * height / width + 6)
        x = self._pdf.l_margin + (page_width - shown) / 2
        self._pdf.image(image, x=x, w=shown, alt_text=node.attributes.get("alt", ""))
        self.gap(1.0)

    def table(self, node: Node, points: float) -> None:
        """A table with its head on every page. Its letters are made smaller until its longest words fit."""
        heads = [row for head in node.children("thead") for row in head.children("tr")]
        rows = [row for body in node.children("tbody") for row in body.children("tr")]
        columns = _columns([*heads, *rows])
        widths = self._widths(columns, points)
        while widths is None and points > LEAST_POINTS:
            points -= 0.3
            widths = self._widths(columns, points)
        grid = Grid(widths or [self._pdf.epw / len(columns)] * len(columns), points)
        head = self._placed(heads, grid)
        self._room(sum(self._heights(head, grid)) + 8)
        self._rows(head, grid, True)
        for row in rows:
            placed = self._placed([row], grid)
            height = sum(self._heights(placed, grid))
            if self._pdf.will_page_break(height) and height < 0.7 * self._pdf.eph:
                self._pdf.add_page()
                self._rows(head, grid, True)
            self._rows(placed, grid, False)
        self.gap(1.5)

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
                lines = self._wrapped(self._words(node, node.name in BOLD), room, grid.points)
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
                room = self._pdf.page_break_trigger - self._pdf.get_y() - 2 * CELL_MM
                most = max(int(room / line), 1)
                left = max((len(cell.lines) for cell in cells), default=1) - done
                shown = height if done == 0 and left <= most else min(left, most) * line + 2 * CELL_MM
                self._row(cells, grid, done, most, shown, is_head)
                done += most
                if left <= most:
                    break
                self._pdf.add_page()

    def _row(self, cells: Sequence[Cell], grid: Grid, done: int, most: int, height: float, is_head: bool) -> None:
        top, line = self._pdf.get_y(), grid.points * LINE
        self._pdf.set_draw_color(207, 214, 220)
        self._pdf.set_fill_color(*TINT)
        for cell in cells:
            x = self._pdf.l_margin + sum(grid.widths[: cell.column])
            width = sum(grid.widths[cell.column : cell.column + cell.across])
            if is_head:
                self._pdf.rect(x, top, width, height, style="F")
            for number, words in enumerate(cell.lines[done : done + most]):
                taken = self._line_width(words, grid.points)
                start = x + width - CELL_MM - taken if cell.is_right else x + CELL_MM
                self._draw(words, start, top + CELL_MM + (number + BASELINE) * line, grid.points)
            if cell.down == 1:
                self._pdf.line(x, top + height, x + width, top + height)
        self._pdf.set_y(top + height)

    def _line_width(self, words: Sequence[Word], points: float) -> float:
        text = "".join(word.text if word.is_glued or n == 0 else f" {word.text}" for n, word in enumerate(words))
        return sum(self._width(letter, words[0].is_bold, points) for letter in text) if words else 0.0

    def _lines(self, cell: Node) -> list[str]:
        return [self.clean(line).strip() for line in cell.text.split("\n")]

    def _widths(self, columns: Sequence[Sequence[tuple[Node, int]]], points: float) -> list[float] | None:
        """Widths of columns, mm, for what they hold; None where a word would not fit."""
        edges = 2 * CELL_MM + 0.3
        least, wanted = [], []
        for cells in columns:
            words, lines = [1.0], [1.0]
            for cell, across in cells:
                for text in self._lines(cell):
                    parts = [self._width(word, True, points) / across for word in text.split(" ")]
                    words += parts
                    lines.append(sum(parts) + (len(parts) - 1) * self._width(" ", True, points) / across)
            least.append(max(words) + edges)
            wanted.append(min(max(lines), WIDEST_CELL_MM) + edges)
        free = self._pdf.epw - sum(least)
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


def span_of(cell: Node) -> tuple[int, int]:
    """How many columns and rows a cell spans."""
    return int(cell.attributes.get("colspan", 1)), int(cell.attributes.get("rowspan", 1))
