"""Text on pages of a PDF: words, their widths, and lines that fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .page_tree import Node

FONT = "DejaVu"
LINE = 0.48
"""Height of a line, mm for each point of the letters."""
BASELINE = 0.76
"""Where the letters of a line stand, as a part of its height."""
INK = (21, 32, 43)
BOLD = {"strong", "b", "th", "dt"}
"""Elements whose text is bold."""
BREAK = "\n"
MARKS = {"tag": ("[", "]"), "strength": ("\N{EN DASH} ", "")}
"""What stands around an element of a class, as paper has no frames around words."""


@dataclass(frozen=True)
class Word:
    """A word, or a line break; ``is_glued`` when it follows the word before it without a space."""

    text: str
    is_bold: bool
    is_glued: bool


class Text:
    """Measures, wraps and draws text.

    Parameters
    ----------
    document : fpdf.FPDF
    known : set of int
        The characters that the font has.
    """

    def __init__(self, document: Any, known: set[int]) -> None:
        self._pdf, self._known = document, known
        self._widths: dict[tuple[str, bool], float] = {}
        self.is_measured_only = False
        self.missing: set[str] = set()

    def clean(self, text: str) -> str:
        """The text with white space as a browser shows it; a character that the font lacks as its number."""
        words = text.replace("\N{SOFT HYPHEN}", "").replace("\n", " ")
        while "  " in words:
            words = words.replace("  ", " ")
        lacking = {letter for letter in words if ord(letter) not in self._known}
        self.missing |= lacking
        for letter in lacking:
            words = words.replace(letter, f"[U+{ord(letter):04X}]")
        return words

    def font(self, points: float, bold: bool = False) -> None:
        """Choose size and weight of the letters."""
        self._pdf.set_font(FONT, "B" if bold else "", points)
        self._pdf.set_text_color(*INK)

    def words(self, node: Node, bold: bool = False) -> Iterator[Word]:
        """The words of an element."""
        follows = False
        for text, is_bold in _pieces(node, bold):
            if text == BREAK:
                yield Word(BREAK, is_bold, False)
                follows = False
                continue
            for number, word in enumerate(self.clean(text).split(" ")):
                follows = follows and number == 0
                if word:
                    yield Word(word, is_bold, follows)
                    follows = True

    def width(self, text: str, bold: bool, points: float) -> float:
        """The width of text, mm."""
        key = (text, bold)
        if key not in self._widths:
            self.font(10.0, bold)
            self._widths[key] = self._pdf.get_string_width(text) / 10.0
        return self._widths[key] * points

    def wrapped(self, node: Node, bold: bool, room: float, points: float) -> list[list[Word]]:
        """The text of an element in lines that are at most `room` mm wide. A word that is too long is broken."""
        lines: list[list[Word]] = [[]]
        used = 0.0
        for word in self._broken(self.words(node, bold), room, points):
            if word.text == BREAK:
                lines.append([])
                used = 0.0
                continue
            space = 0.0 if word.is_glued or not lines[-1] else self.width(" ", word.is_bold, points)
            width = self.width(word.text, word.is_bold, points)
            if lines[-1] and used + space + width > room:
                lines.append([])
                used = space = 0.0
            lines[-1].append(word)
            used += space + width
        return lines if lines[-1] or len(lines) == 1 else lines[:-1]

    def _broken(self, words: Iterator[Word], room: float, points: float) -> Iterator[Word]:
        for word in words:
            rest, glued = word.text, word.is_glued
            while len(rest) > 1 and self.width(rest, word.is_bold, points) > room:
                shorter = range(len(rest) - 1, 1, -1)
                count = next((n for n in shorter if self.width(rest[:n], word.is_bold, points) <= room), 1)
                yield Word(rest[:count], word.is_bold, glued)
                rest, glued = rest[count:], True
            yield Word(rest, word.is_bold, glued)

    def draw(self, line: Sequence[Word], x: float, y: float, points: float) -> None:
        """Draw a line of text with its base line at `y`; nothing while a height is measured."""
        if self.is_measured_only:
            return
        for text, bold in _joined(line):
            self.font(points, bold)
            self._pdf.text(x, y, text)
            x += self._pdf.get_string_width(text)

    def length(self, line: Sequence[Word], points: float) -> float:
        """The width of a line, mm."""
        return sum(self.width(text, bold, points) for text, bold in _joined(line))


def _pieces(node: Node, bold: bool) -> Iterator[tuple[str, bool]]:
    """The text in an element, each piece with its weight. What is raised stands apart, as it is not raised here."""
    for part in node.parts:
        if isinstance(part, str):
            yield part.replace(BREAK, " "), bold
        elif part.name == "br":
            yield BREAK, bold
        else:
            if part.name == "sup":
                yield " ", bold
            opening, closing = MARKS.get(part.attributes.get("class", "").partition(" ")[0], ("", ""))
            yield f" {opening}" if opening else "", bold
            yield from _pieces(part, bold or part.name in BOLD)
            yield f"{closing} " if closing else "", bold


def _joined(line: Sequence[Word]) -> list[tuple[str, bool]]:
    """A line as pieces of one weight each."""
    pieces: list[tuple[str, bool]] = []
    for number, word in enumerate(line):
        text = word.text if word.is_glued or number == 0 else f" {word.text}"
        if pieces and pieces[-1][1] == word.is_bold:
            pieces[-1] = (pieces[-1][0] + text, word.is_bold)
        else:
            pieces.append((text, word.is_bold))
    return pieces
