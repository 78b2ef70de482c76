"""Puts headings, paragraphs, lists, tables and pictures on pages of a PDF."""

from __future__ import annotations

import base64
import importlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .page_tree import Node
from .pdf_table import Tables
from .pdf_text import BASELINE, FONT, LINE, Text

FONT_FOLDER = Path(__file__).resolve().parents[1] / "Resources" / "Fonts"
"""DejaVu Sans, which has the letters of most European languages, signs such as the multiplication sign, and a free
license (beside it). It is put into the PDF as far as it is used."""
MARGIN_MM = 14.0
TEXT_POINTS = 9.0
SMALL_POINTS = 7.5
TABLE_POINTS = 7.0
SITE_POINTS = 5.6
"""The tables of sites have up to 22 columns."""
HEADINGS = {"h1": 16.0, "h2": 12.5, "h3": 10.5, "h4": 9.0}
"""Size of the headings, points."""
AFTER_HEADING_MM = 40.0
"""So much room is below a heading at least, so that none stands alone at the foot of a page."""
INDENT_MM = 5.0
LARGEST_PICTURE = 0.88
"""A picture takes at most this part of the height of a page."""
SOFT, ACCENT, WARN = (74, 87, 100), (11, 90, 138), (138, 59, 0)


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


ROW_GAP_MM = 0.7
"""Between two panels of a key image."""
ROW_WIDTH = 3 + 110 / 420
"""Width of a row of a key image with its scale, for a height of 1."""


def _embedded(node: Node) -> tuple[io.BytesIO, tuple[int, int]]:
    """An embedded picture, and its width and height in pixels."""
    from PIL import Image as Picture

    image = io.BytesIO(base64.b64decode(node.attributes["src"].partition(",")[2]))
    with Picture.open(image) as picture:
        size = picture.size
    image.seek(0)
    return image, size


class Ruler:
    """Stands for a document while the height of something is measured: one page without an end, nothing drawn.

    Parameters
    ----------
    document : fpdf.FPDF
    """

    def __init__(self, document: Any) -> None:
        self.w, self.eph = document.w, document.eph
        self.l_margin, self.r_margin = document.l_margin, document.r_margin
        self._y = 0.0

    @property
    def epw(self) -> float:
        """Width between the margins, mm."""
        return float(self.w - self.l_margin - self.r_margin)

    def will_page_break(self, _height: float) -> bool:
        """Never."""
        return False

    def page_no(self) -> int:
        """Always the same page."""
        return 0

    def get_y(self) -> float:
        """How far down it is, mm."""
        return self._y

    def set_y(self, y: float) -> None:
        """Move up or down."""
        self._y = y

    def ln(self, height: float) -> None:
        """Move down."""
        self._y += height

    def set_left_margin(self, margin: float) -> None:
        """Move the left margin."""
        self.l_margin = margin

    def text(self, *_arguments: Any, **_more: Any) -> None:
        """Draw nothing."""

    line = rect = image = set_font = set_draw_color = set_fill_color = set_text_color = set_line_width = text


class Writer:
    """Writes elements one below the other.

    Parameters
    ----------
    document : fpdf.FPDF
    known : set of int
        The characters that the font has.
    """

    def __init__(self, document: Any, known: set[int]) -> None:
        self._pdf = document
        self._indent = 0.0
        self.text = Text(document, known)
        self._tables = Tables(document, self.text)
        self.picture_part = 1.0

    def height_of(self, write: Callable[[], None]) -> float:
        """The height of what a function writes, mm, without writing it."""
        ruler = Ruler(self._pdf)
        kept = self._pdf
        self._pdf = self._tables.pdf = ruler
        self.text.is_measured_only = True
        try:
            write()
        finally:
            self._pdf = self._tables.pdf = kept
            self.text.is_measured_only = False
        return ruler.get_y()

    @property
    def left_mm(self) -> float:
        """What is left of this page, mm."""
        return float(self._pdf.h - self._pdf.b_margin - self._pdf.get_y())

    @property
    def page_mm(self) -> float:
        """The height of a page without its margins, mm."""
        return float(self._pdf.eph)

    def room(self, height: float) -> None:
        """Go on at the next page when less than a height is left, unless the page has just begun."""
        if self._pdf.get_y() > MARGIN_MM + 1.0:
            self._room(min(height, self.page_mm - 1.0))

    def _room(self, height: float) -> None:
        """Go on at the next page when less than a height is left."""
        if self._pdf.will_page_break(height):
            self._pdf.add_page()

    def heading(self, node: Node) -> None:
        """A heading that stays with what follows it."""
        points = HEADINGS[node.name]
        self._room(points * LINE + AFTER_HEADING_MM)
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
        for line in self.text.wrapped(node, bold, self._pdf.epw, points):
            self._room(height)
            self.text.draw(line, self._pdf.l_margin, self._pdf.get_y() + height * BASELINE, points)
            self._pdf.ln(height)

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
        self.text.font(TEXT_POINTS)
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
        """An embedded picture, as wide as the page allows, made smaller by :attr:`picture_part`."""
        image, (width, height) = _embedded(node)
        page_width, most = self._pdf.epw, self._pdf.eph * LARGEST_PICTURE
        shown = min(page_width, most * width / height) * self.picture_part
        self._room(shown * height / width + 6)
        self._place(node, image, self._pdf.l_margin + (page_width - shown) / 2, shown)
        self.gap(shown * height / width + 1.0)

    def row(self, nodes: Sequence[Node]) -> None:
        """Embedded pictures of one height side by side, made smaller by :attr:`picture_part`."""
        pictures = [_embedded(node) for node in nodes]
        # As wide as rows that have a scale, so that all panels of a key image are alike.
        parts = [width / height for _image, (width, height) in pictures]
        height = (self._pdf.epw - ROW_GAP_MM * 3) * self.picture_part / ROW_WIDTH
        self._room(height + 2)
        x = self._pdf.l_margin
        for node, (image, _size), part in zip(nodes, pictures, parts, strict=True):
            self._place(node, image, x, part * height)
            x += part * height + ROW_GAP_MM
        self.gap(height + ROW_GAP_MM)

    def _place(self, node: Node, image: io.BytesIO, x: float, width: float) -> None:
        """A picture at the height of the cursor, which stays where it is."""
        y = self._pdf.get_y()
        self._pdf.image(image, x=x, y=y, w=width, alt_text=node.attributes.get("alt", ""))
        self._pdf.set_y(y)

    def table(self, node: Node, points: float) -> None:
        """A table."""
        self._tables.draw(node, points)
        self.gap(1.5)
