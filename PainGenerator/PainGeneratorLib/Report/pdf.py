"""``report.pdf``: the same content as ``report.html`` on paper, made from the page itself.

The page's elements are written one after another, so that both always say the same. What is only for the screen (the
viewer, the choice of what is printed) is left out. fpdf2 writes the file. It is installed with the command line, but
Slicer does not bundle it; there the report says why there is no PDF.
"""

from __future__ import annotations

import datetime
import importlib.util
import itertools

from .page_tree import Node, page_tree
from .pdf_page import (
    ACCENT,
    HEADINGS,
    SITE_POINTS,
    SMALL_POINTS,
    TABLE_POINTS,
    TEXT_POINTS,
    WARN,
    Writer,
    new_document,
)
from .pdf_text import FONT

PACKAGE = "fpdf"
"""The name under which fpdf2 is imported."""
MISSING = (
    "report.pdf was not written, because the Python package fpdf2 is not installed here. Print report.html from the "
    "browser instead, or install it (in Slicer's Python console: slicer.util.pip_install('fpdf2')) and export again."
)
NOT_PRINTED = {"viewer", "screen", "paper", "hint"}
"""Classes of what is for the screen only, or for the browser's own two pages only."""
PICTURE_PARTS = (1.0, 0.9, 0.8, 0.7, 0.6)
"""How much of its full size a key image may have beside the text of its candidate; the largest that fits is taken."""
HEADING_MM = 12.0
"""Room for a heading above the first candidate."""
UNKNOWN_LETTERS = (
    "Characters that the font of this file lacks are written as their Unicode number, such as [U+5F20]; report.html "
    "shows them."
)


def can_write_pdf() -> bool:
    """Whether the package that writes PDF is installed."""
    return importlib.util.find_spec(PACKAGE) is not None


def report_pdf(page: str, created: datetime.datetime) -> bytes:
    """The page of the report as a PDF of A4; the same page and time give the same bytes.

    Parameters
    ----------
    page : str
        What :func:`.report.report_html` made.
    created : datetime
        When the report was made.
    """
    tree = page_tree(page)
    title = next(tree.all("title")).text
    main = next(tree.all("main"))
    made = created if created.tzinfo else created.replace(tzinfo=datetime.UTC)
    document = new_document(title, made)
    known = set(document.fonts[FONT.lower()].cmap)
    writer = Writer(document, known)
    document.foot = writer.text.clean(f"{title.removeprefix('PainGenerator report: ')}  |  research use only")
    _Report(writer).write(main)
    if writer.text.missing:
        writer.runs(Node("p", {}, [UNKNOWN_LETTERS]), SMALL_POINTS)
    return bytes(document.output())


class _Report:
    """Writes the elements of the page."""

    def __init__(self, writer: Writer) -> None:
        self._to = writer

    def write(self, node: Node) -> None:
        """All that is in an element."""
        shown = [
            child
            for child in node.children()
            if not child.classes & NOT_PRINTED and child.name not in ("script", "style", "noscript")
        ]
        for child, following in itertools.zip_longest(shown, shown[1:]):
            if "details" in child.classes:
                self._to.room(self._to.page_mm)
            elif child.name in HEADINGS and following is not None and following.name == "article":
                self._to.room(HEADING_MM + self._height(following, PICTURE_PARTS[-1]))
            self._element(child)

    def _element(self, node: Node) -> None:
        writers = {
            **dict.fromkeys(HEADINGS, self._to.heading),
            **dict.fromkeys(("p", "figcaption", "label"), self._paragraph),
            **dict.fromkeys(("ul", "ol"), self._list),
            "dl": self._pairs,
            "table": self._table,
            "img": self._to.picture,
        }
        writer = writers.get(node.name)
        if writer is not None:
            writer(node)
        elif node.name == "article":
            self._article(node)
        elif "panels" in node.classes:
            self._to.row(list(node.children("img")))
        elif node.classes & {"box", "ledger"}:
            self._to.marked(WARN if "box" in node.classes else ACCENT, lambda: self.write(node))
        elif any(isinstance(part, str) and part.strip() for part in node.parts):
            self._paragraph(node)
        else:
            self.write(node)

    def _article(self, node: Node) -> None:
        """A candidate: its text and its pictures on one page, the pictures as large as the page allows."""
        to = self._to
        sizes = {part: self._height(node, part) for part in PICTURE_PARTS}
        fits_here = [part for part, height in sizes.items() if height <= to.left_mm]
        fits_page = [part for part, height in sizes.items() if height <= to.page_mm]
        if not fits_here and fits_page:
            to.room(sizes[fits_page[0]])
        to.picture_part = next(iter(fits_here or fits_page), PICTURE_PARTS[-1])
        self.write(node)
        to.picture_part = 1.0

    def _height(self, node: Node, part: float) -> float:
        """The height of an article whose pictures have a part of their full size, mm, with a little reserve."""
        self._to.picture_part = part
        height = self._to.height_of(lambda: self.write(node))
        self._to.picture_part = 1.0
        return height + 8.0

    def _table(self, node: Node) -> None:
        self._to.table(node, SITE_POINTS if "sites" in node.classes else TABLE_POINTS)

    def _paragraph(self, node: Node) -> None:
        small = node.name == "figcaption" or "small" in node.classes
        self._to.runs(node, SMALL_POINTS if small else TEXT_POINTS)
        self._to.gap(0.8)

    def _list(self, node: Node) -> None:
        for number, item in enumerate(node.children("li"), start=1):
            mark = f"{item.attributes.get('value', number)}." if node.name == "ol" else "\N{BULLET}"
            self._to.bullet(mark, item, self._item)
        self._to.gap(0.8)

    def _item(self, node: Node) -> None:
        blocks = [child for child in node.children() if child.name in ("ul", "ol", "p", "table")]
        if blocks:
            self.write(node)
        else:
            self._to.runs(node)

    def _pairs(self, node: Node) -> None:
        """Names with their values, each pair on a line."""
        flat = [
            n for child in node.children() for n in (child.children("dt", "dd") if child.name == "div" else [child])
        ]
        for name, value in zip(flat[::2], flat[1::2], strict=True):
            self._to.runs(Node("p", {}, [Node("b", {}, [*name.parts, ": "]), *value.parts]))
        self._to.gap(1.0)
