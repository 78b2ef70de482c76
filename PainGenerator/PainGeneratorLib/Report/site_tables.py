"""The report's tables of sites: by level and side, with raised values marked, and what is said about them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..Numerics.core.measures import Output
from ..Numerics.core.site_columns import columns_of
from ..Numerics.core.site_order import STRUCTURES, in_reading_order
from ..Numerics.core.site_reading import is_abnormal, is_measured, is_raised, remarks
from ..Numerics.core.sites import SiteNorm, SiteRow
from ..Numerics.core.words import Certainty, Side
from ..Workflow.level_words import level_sentences
from . import words
from .content import ReportContent
from .html import Html, bullets, html, join, tag
from .report_tables import section
from .site_text import NO_SITES, LevelText, level_texts
from .site_words import and_list, capitalized, clause, short_sign, why

RAISED = "\u25b2"
"""Stands before a raised value, so that it is seen without color."""
NOT_ASSESSABLE = "n/a"
HEADS: Mapping[str, str] = {
    "lower endplate": "Endplate above the disc",
    "upper endplate": "Endplate below the disc",
    "interspinous space": "Inter\u00adspinous space",
}
"""Heads of columns that are not the name of the structure; a soft hyphen shows where a word may be broken."""
LEGEND = (
    "Each cell: SUVpeak (g/ml); below it, its ratio to the reference tissue; then the MR finding; #1 is candidate 1. "
    f"{RAISED} with a thick frame: raised uptake. Dashed frame: an MR finding or a candidate alone. "
    f"{NOT_ASSESSABLE}: not assessable. Letters: see below. A dash: there is no such site. Right and left are the "
    "patient's. sites.csv has all values."
)


def sites_section(content: ReportContent) -> Html:
    """The table of sites by level and side, with what limits it."""
    table = content.sites
    title = "Sites by level and side"
    if not table.rows:
        return section(title, tag("p", NO_SITES), _notes(table.notes))
    rows = in_reading_order(table.rows)
    notes = _Footnotes(rows, {c.id: c.rank for c in content.candidates})
    tables = _tables(rows, notes)
    return section(title, _levels(content), *tables, tag("p", LEGEND, cls="small"), notes.shown(), _notes(table.notes))


def _tables(rows: Sequence[SiteRow], notes: _Footnotes) -> list[Html]:
    """A table of the discs' levels, one of the vertebrae, and one of the sites without a level; none that is empty."""
    by_kind: dict[str, list[SiteRow]] = {"disc": [], "vertebra": [], "": []}
    for row in rows:
        level = row.site.level
        by_kind["disc" if "/" in (level or "") else "vertebra" if level else ""].append(row)
    makers = {
        "disc": lambda found: _level_table("Level", found, notes),
        "vertebra": lambda found: _level_table("Vertebra", found, notes),
        "": lambda found: _side_table(found, notes),
    }
    return [makers[kind](found) for kind, found in by_kind.items() if found]


def level_text_section(content: ReportContent) -> Html:
    """A text for each level where something is abnormal or could not be assessed; then the other levels together."""
    texts = level_texts(content.sites, content.candidates)
    if not texts:
        return Html("")
    shown = [part for part in texts if not part.is_normal]
    shown += _normal_levels([part for part in texts if part.is_normal], is_all=not shown)
    items = [Html(tag("dt", part.level) + tag("dd", part.text)) for part in shown]
    return section("Sites in words", tag("dl", *items, cls="levels"))


def _normal_levels(texts: Sequence[LevelText], is_all: bool) -> list[LevelText]:
    """One text for all levels that are normal."""
    if len(texts) < 2:
        return list(texts)
    names = [clause(text.level) for text in texts]
    count = sum(text.count for text in texts)
    return [
        LevelText(
            "All" if is_all else "Others",
            f"{capitalized(and_list(names))}: all {count} sites are normal.",
            count,
            True,
        )
    ]


def _levels(content: ReportContent) -> Html:
    """How much the names of the levels can be relied on, with the reasons."""
    sentences = level_sentences(content.sites)
    if not sentences:
        return Html("")
    first, *reasons = sentences
    text = tag("p", tag("strong", first), f" {' '.join(reasons)}" if reasons else "")
    is_uncertain = content.sites.level_certainty == Certainty.UNCERTAIN
    return tag("div", text, cls="box stop") if is_uncertain else text


def _notes(notes: Sequence[str]) -> Html:
    return bullets(notes) if notes else Html("")


@dataclass
class _Footnotes:
    """Collects what stands below the tables: norms by number, reasons by letter.

    Parameters
    ----------
    rows : sequence of SiteRow
    ranks : mapping of str to int
        Candidate id -> rank.
    """

    rows: Sequence[SiteRow]
    ranks: Mapping[str, int]
    norms: list[tuple[str, str]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def norm_mark(self, structure: str) -> Html:
        """The numbers of the norms of a structure; empty without one."""
        found = [row.norm for row in self.rows if row.site.structure == structure and row.norm is not None]
        numbers = [_index(self.norms, norm) + 1 for norm in _joined_norms(found)]
        return tag("sup", ", ".join(map(str, numbers))) if numbers else Html("")

    def reason_mark(self, row: SiteRow) -> Html:
        """The letter of what is said about a site that could not be assessed, or that was taken for normal."""
        return tag("sup", words.letter(_index(self.reasons, why(row))).lower())

    def numbers(self, row: SiteRow) -> str:
        """The candidates at a site: ``#1 #3``."""
        return " ".join(f"#{rank}" for rank in sorted(self.ranks[c] for c in row.candidates if c in self.ranks))

    def shown(self) -> Html:
        """The footnotes."""
        reasons = [
            join((tag("sup", words.letter(n).lower()), f" {capitalized(reason)}."))
            for n, reason in enumerate(self.reasons)
        ]
        norms = [
            join((tag("sup", str(n)), f" {text.rstrip('.')} ({source})."))
            for n, (text, source) in enumerate(self.norms, start=1)
        ]
        if norms:
            norms.insert(0, Html("Published norms:"))
        return join([tag("p", note, cls="small note") for note in (*reasons, *norms)])


_REMARK = re.compile(r" \(([^()]*)\)")
"""The first remark in parentheses of a norm."""


def _joined_norms(norms: Iterable[SiteNorm]) -> list[tuple[str, str]]:
    """Text and source of the norms, each once; texts that differ in their first remark alone make one text."""
    alike: dict[tuple[str, str], list[str]] = {}
    for norm in norms:
        alike.setdefault((_REMARK.sub("", norm.text, count=1), norm.source), []).append(norm.text)
    return [(_joined_text(list(dict.fromkeys(texts))), source) for (_bare, source), texts in alike.items()]


def _joined_text(texts: Sequence[str]) -> str:
    """Texts that differ in their first remark alone as one text, with all remarks."""
    found = [(text, remark) for text in texts if (remark := _REMARK.search(text))]
    if len(texts) == 1 or not found:
        return texts[0]
    text, first = found[0]
    remarks_text = "; ".join(remark[1] for _text, remark in found)
    return f"{text[: first.start()]} ({remarks_text}){text[first.end() :]}"


def _index(found: list[Any], item: Any) -> int:
    """The place of an item in a list, to which it is added when it is new."""
    if item not in found:
        found.append(item)
    return found.index(item)


def _structures(rows: Iterable[SiteRow]) -> list[str]:
    """The structures of the rows, in the order of reading."""
    found = list(dict.fromkeys(row.site.structure for row in rows))
    order = (*STRUCTURES, *found)
    return sorted(found, key=order.index)


def _sides(rows: Iterable[SiteRow], structure: str) -> list[str]:
    """The columns of a structure: right and left, or the middle."""
    found = {row.site.side for row in rows if row.site.structure == structure}
    return [side for side in (Side.MIDLINE, Side.RIGHT, Side.LEFT) if side in found]


def _level_table(title: str, rows: Sequence[SiteRow], notes: _Footnotes) -> Html:
    """One row for each level, one column for each structure and side."""
    columns = [(name, side) for name in _structures(rows) for side in _sides(rows, name)]
    by_place = {(row.site.level, row.site.structure, row.site.side): row for row in rows}
    levels = list(dict.fromkeys(row.site.level for row in rows))
    body = [
        tag("tr", tag("th", level, scope="row"), *(_cell(by_place.get((level, *column)), notes) for column in columns))
        for level in levels
    ]
    return _shown(_heads(title, columns, notes), body)


def _heads(title: str, columns: Sequence[tuple[str, str]], notes: _Footnotes) -> Html:
    """Two lines of heads: the structures, and right and left below those that are paired."""
    top, below = [tag("th", title, rowspan="2", scope="col")], []
    for name in dict.fromkeys(name for name, _side in columns):
        sides = [side for structure, side in columns if structure == name]
        head = join((HEADS.get(name, capitalized(name)), notes.norm_mark(name)))
        if sides == [Side.MIDLINE]:
            top.append(tag("th", head, rowspan="2", scope="col"))
            continue
        top.append(tag("th", head, colspan=str(len(sides)), scope="colgroup", cls="pair"))
        below += [tag("th", "" if side == Side.MIDLINE else capitalized(side), scope="col") for side in sides]
    return join((tag("tr", *top), tag("tr", *below)))


def _side_table(rows: Sequence[SiteRow], notes: _Footnotes) -> Html:
    """One row for each structure or zone of pelvis and hips, one column for each side."""
    sides = [side for side in (Side.MIDLINE, Side.RIGHT, Side.LEFT) if any(row.site.side == side for row in rows)]
    by_place = {(row.site.structure, row.site.zone, row.site.side): row for row in rows}
    places = list(dict.fromkeys((row.site.structure, row.site.zone) for row in rows))
    head = tag("tr", tag("th", "Structure", scope="col"), *(tag("th", capitalized(s), scope="col") for s in sides))
    body = [
        tag(
            "tr",
            tag("th", join((_place_name(*place), notes.norm_mark(place[0]))), scope="row"),
            *(_cell(by_place.get((*place, side)), notes, is_wide=True) for side in sides),
        )
        for place in places
    ]
    return _shown(head, body)


def _place_name(structure: str, zone: str | None) -> str:
    return capitalized(structure) if zone is None else f"{capitalized(structure)}, {zone}"


def _shown(head: Html, body: Sequence[Html]) -> Html:
    table = tag("table", tag("thead", head), tag("tbody", join(body, "\n")), cls="sites")
    return tag("div", table, cls="scroll")


_DIGITS = {column.key: column.digits for column in columns_of(Output.REPORT_MEASURES)}


def _cell(row: SiteRow | None, notes: _Footnotes, is_wide: bool = False) -> Html:
    """One site: SUVpeak, its ratio, the MR findings and the candidates; on one line where there is room."""
    if row is None:
        return tag("td", words.UNKNOWN, cls="none")
    if not is_measured(row):
        return tag("td", join((NOT_ASSESSABLE, notes.reason_mark(row))), cls="none")
    parts = [
        _value(row, notes),
        _ratios(row, is_wide),
        *(tag("span", short_sign(kind), cls="sign") for kind in row.mr_signs),
        tag("span", notes.numbers(row), cls="rank") if notes.numbers(row) else Html(""),
    ]
    between = " \u00a0" if is_wide else "<br>"
    return tag("td", join([part for part in parts if part], between), cls=_state_class(row))


def _value(row: SiteRow, notes: _Footnotes) -> Html:
    """SUVpeak, marked where it is raised, with the letter of what is said about it."""
    value: Html = html(words.number(row.suv_peak, _DIGITS["suv_peak"]))
    if remarks(row):
        value = join((value, notes.reason_mark(row)))
    return tag("strong", f"{RAISED}\u00a0", value) if is_raised(row) else value


def _ratios(row: SiteRow, is_wide: bool) -> Html:
    """The ratio to the reference tissue; where there is room, that to the other side, too."""
    said = [] if row.ratio is None else [f"\u00d7{words.number(row.ratio, _DIGITS['ratio'])}"]
    if is_wide and row.side_ratio is not None:
        said.append(f"(\u00d7{words.number(row.side_ratio, _DIGITS['side_ratio'])} of its partner on the other side)")
    return tag("span", " ".join(said), cls="ratio") if said else Html("")


def _state_class(row: SiteRow) -> str:
    if is_raised(row):
        return "raised"
    return "other" if is_abnormal(row) else ""
