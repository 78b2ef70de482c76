"""Pieces of HTML. All text from outside is escaped here, once."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape as _escape

from . import words


class Html(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


def html(value: object) -> Html:
    """Any value as HTML: escaped text; an en dash for what is not known."""
    return value if isinstance(value, Html) else Html(_escape(words.text(value), quote=True))


def tag(name: str, *parts: object, **attributes: str) -> Html:
    """An element. Its parts are escaped unless they are Html; the attribute ``cls`` stands for ``class``."""
    listed = "".join(f' {key.replace("cls", "class")}="{_escape(text)}"' for key, text in attributes.items() if text)
    return Html(f"<{name}{listed}>{join(parts)}</{name}>")


def join(parts: Sequence[object], between: str = "") -> Html:
    """Parts one after another."""
    return Html(between.join(html(part) for part in parts))


def table(header: Sequence[object], rows: Sequence[Sequence[object]], numeric: Sequence[int] = ()) -> Html:
    """A table that scrolls sideways on narrow screens.

    Parameters
    ----------
    header : sequence
        Heads of the columns; a pair such as ("SUVpeak", "g/ml") shows the unit below the name.
    rows : sequence of sequence
        Cells, escaped unless they are Html.
    numeric : sequence of int
        The columns that are aligned to the right.
    """

    def head(cell: object) -> Html:
        return (
            join((cell[0], Html("<br>"), tag("span", cell[1], cls="unit"))) if isinstance(cell, tuple) else html(cell)
        )

    def style(column: int) -> str:
        return "n" if column in numeric else ""

    top = tag("tr", *(tag("th", head(cell), cls=style(n), scope="col") for n, cell in enumerate(header)))
    body = [tag("tr", *(tag("td", cell, cls=style(n)) for n, cell in enumerate(row))) for row in rows]
    return tag("div", tag("table", tag("thead", top), tag("tbody", join(body, "\n"))), cls="scroll")


def pairs(rows: Sequence[tuple[object, object]], cls: str) -> Html:
    """A definition list of (name, value)."""
    return tag("dl", *(Html(tag("dt", name) + tag("dd", value)) for name, value in rows), cls=cls)


def bullets(items: Sequence[object]) -> Html:
    """A list with bullets."""
    return tag("ul", *(tag("li", item) for item in items))


def embedded_image(data: bytes, text: str, cls: str = "") -> Html:
    """An embedded picture (PNG or JPEG) with its text for those who do not see it, and its class."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    source = base64.b64encode(data).decode("ascii")
    kept = f' class="{cls}"' if cls else ""
    return Html(f'<img{kept} src="data:image/{kind};base64,{source}" alt="{_escape(text, quote=True)}">')
