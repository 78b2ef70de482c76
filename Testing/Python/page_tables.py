"""The tables of a page as texts."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class Tables(HTMLParser):
    """Texts of the cells of all tables, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._is_open = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self._is_open = True

    def handle_endtag(self, tag: str) -> None:
        self._is_open = self._is_open and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._is_open:
            self.rows[-1][-1] += data
