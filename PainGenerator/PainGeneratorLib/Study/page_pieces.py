"""Pieces of the page of a study: every number is shown with its full value beside the written one."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import Any

from .report_words import UNKNOWN, p_word, percent, written


class Html(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


def html(value: object) -> Html:
    """Any value as HTML."""
    return value if isinstance(value, Html) else Html(escape(str(value), quote=True))


def element(name: str, *parts: object, **attributes: str) -> Html:
    """An element; its parts are escaped unless they are Html; the attribute ``cls`` stands for ``class``."""
    listed = "".join(
        f' {key.replace("cls", "class")}="{escape(text, quote=True)}"' for key, text in attributes.items()
    )
    return Html(f"<{name}{listed}>{''.join(html(part) for part in parts)}</{name}>")


def paragraph(*parts: object, **attributes: str) -> Html:
    """A paragraph."""
    return element("p", *parts, **attributes)


def table(header: Sequence[object], rows: Sequence[Sequence[object]]) -> Html:
    """A table whose first column names the rows."""
    top = element("tr", *(element("th", cell, scope="col") for cell in header))
    body = [
        element("tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:])) for row in rows
    ]
    return element("div", element("table", element("thead", top), element("tbody", *body)), cls="scroll")


def figure(svg: bytes, text: str, caption: str) -> Html:
    """An embedded SVG with a text for those who do not see it, and a caption."""
    source = base64.b64encode(svg).decode("ascii")
    image = Html(f'<img src="data:image/svg+xml;base64,{source}" alt="{escape(text, quote=True)}">')
    return element("figure", image, element("figcaption", caption))


def shown(value: float | int | None, text: str) -> Html:
    """A number as it is written, with its value as in ``results.json``."""
    return html(UNKNOWN) if value is None else element("data", text, value=repr(value))


def count(value: int | None) -> Html:
    """A whole number."""
    return shown(value, str(value))


def share(value: float | None, digits: int = 0) -> Html:
    """A share in percent."""
    return shown(value, percent(value, digits).replace(" ", "\u00a0"))


def number(value: float | None, digits: int = 1) -> Html:
    """A number with fixed digits."""
    return shown(value, written(value, digits))


def p_value(value: float | None) -> Html:
    """A p value."""
    return shown(value, p_word(value))


def proportion(one: dict[str, Any]) -> Html:
    """``10 of 14, 71 % (45 to 88 %)``."""
    if not one["total"]:
        return html("none with a known value")
    interval = Html(f" ({shown(one['low'], written(100 * one['low'], 0))} to {share(one['high'])})")
    return Html(f"{count(one['count'])} of {count(one['total'])}, {share(one['share'])}{interval}")


def estimate(one: dict[str, float | None] | None, digits: int = 1) -> Html:
    """``2.9 (0.8 to 10.8)``."""
    if one is None or one["value"] is None:
        return html("cannot be computed, as a cell is empty")
    if one["low"] is None or one["high"] is None:
        return Html(f"{number(one['value'], digits)} (no interval can be given)")
    return Html(f"{number(one['value'], digits)} ({number(one['low'], digits)} to {number(one['high'], digits)})")


def points(one: dict[str, float | None] | None) -> Html:
    """A difference of shares in percentage points: ``25 (−11 to 54)``."""
    if one is None or one["value"] is None:
        return html("cannot be computed, as a group has no variation")
    value, low, high = (shown(one[key], written(100 * float(one[key] or 0), 0)) for key in ("value", "low", "high"))
    return Html(f"{value} ({low} to {high})")


def needed(one: dict[str, Any] | None) -> Html:
    """The number needed to treat with its interval, through infinity where it does so."""
    if one is None:
        return html("cannot be computed")
    head = html("none, as there is no difference")
    if one["value"] is not None:
        head = Html(f"{number(one['value'])} for one {'success more' if one['kind'] == 'benefit' else 'success less'}")
    benefit, harm = one["benefit"], one["harm"]
    if one["spans_infinity"]:
        parts = [Html(f"{number(benefit[0])} for one more")] if benefit else []
        parts.append(html("infinity (no effect)"))
        parts += [Html(f"{number(harm[0])} for one less")] if harm else []
        return Html(f"{head} (interval: {' through '.join(parts)})")
    near, far = benefit or harm
    return Html(f"{head} ({number(near)} to {number(far)})")
