"""The ranked list of candidates as JSON, as CSV and as a table for the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..Numerics.core.image import Geometry, Region
from ..Numerics.core.measures import SCORE_PARTS, Kind, Measure, Output, measures_of
from ..Numerics.core.reader_acts import acts_text
from ..Numerics.core.records import Candidate, LedgerEntry, Place
from ..Numerics.core.short_names import short_name
from ..Numerics.core.site_reading import sign_words
from ..Numerics.core.sites import SiteState
from ..Numerics.core.words import Certainty, Evidence, Side
from ..Numerics.fusion.evidence import SignState
from . import words

SCHEMA = 2
"""Version of the form of ``candidates.json``."""
TERMINAL_COLUMNS = 120
"""Width of the table for the terminal, in characters."""
NARROWEST = 10
"""To fit the terminal, no column is cut below this many characters."""
CUT_COLUMNS = ("flags", "name", "mr_kind")
"""Keys of the columns that are cut when the table is too wide, the first one first."""
GAP = "  "
"""Between two columns of the terminal."""
CANDIDATES, SET_APART, ATTENTION = "candidates", "set_apart", "attention"
"""Names of the three lists in the files: what may be a source of pain, what is below the bar, and what is no pain
generator but has to be looked at."""
MR_WORDS = ("mr_kind", "mr_signs")
"""Columns of kinds of MR findings. A table for readers says them in their words; the JSON keeps the codes."""
LEDGER_COLUMNS = (
    *("list", "rank", "id", "short_name", "sign", "group", "state", "measure", "points", "text", "source"),
)
"""Columns of ``ledger.csv``."""
NOT_ASSESSABLE = "n/a"
"""Stands on the terminal where an image could not tell; a dash would read as normal."""


def candidates_json(
    case: Mapping[str, Any],
    candidates: Sequence[Candidate],
    set_apart: Sequence[Candidate] = (),
    attention: Sequence[Candidate] = (),
) -> dict[str, Any]:
    """``candidates.json``: ``{"schema": 2, "case": ..., "candidates": [...], "set_apart": ..., "attention": ...}``.

    Parameters
    ----------
    case : mapping
        What identifies the case, ready for JSON.
    candidates, set_apart, attention : sequence of Candidate
        In any order.

    Returns
    -------
    dict
        Each list is best first, and all entries have one form. Values that are not known are None.
    """
    lists = {CANDIDATES: candidates, SET_APART: set_apart, ATTENTION: attention}
    return {
        "schema": SCHEMA,
        "case": dict(case),
        **{name: [one.to_json() for one in best_first(listed)] for name, listed in lists.items()},
    }


def best_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates by rank."""
    return sorted(candidates, key=lambda candidate: candidate.rank)


def candidates_csv(candidates: Sequence[Candidate]) -> str:
    """``candidates.csv``: the same fields as the JSON, one row per candidate (RFC 4180: CRLF, quoted where needed).

    Groups and positions are spread over columns: ``score_parts_pet`` ..., ``centroid_ras_mm_r``, ``_a``, ``_s``. Flags
    are joined by semicolons, and so are the signs of the ledger with their points. Columns keep the names of the JSON,
    with the unit where it is in the name; ``suv_...`` is SUVbw in g/ml. A value that is not known is an empty field.
    """
    return csv_text([_spread(candidate) for candidate in best_first(candidates)], _spread(_blank_candidate()))


def set_apart_csv(attention: Sequence[Candidate], set_apart: Sequence[Candidate]) -> str:
    """``set-apart.csv``: the other two lists, with the columns of ``candidates.csv`` after one that names the list.

    Parameters
    ----------
    attention, set_apart : sequence of Candidate
        In any order.
    """
    listed = _by_list({ATTENTION: attention, SET_APART: set_apart})
    rows = [{"list": name, **_spread(one)} for name, one in listed]
    return csv_text(rows, {"list": "", **_spread(_blank_candidate())})


def ledger_csv(
    candidates: Sequence[Candidate], set_apart: Sequence[Candidate] = (), attention: Sequence[Candidate] = ()
) -> str:
    """``ledger.csv``: one row for each sign of each entry of the three lists, with its points and their source.

    Parameters
    ----------
    candidates, set_apart, attention : sequence of Candidate
        In any order.
    """
    listed = _by_list({CANDIDATES: candidates, SET_APART: set_apart, ATTENTION: attention})
    rows = [_ledger_row(name, one, entry) for name, one in listed for entry in one.ledger]
    return csv_text(rows, dict.fromkeys(LEDGER_COLUMNS, ""))


def _by_list(lists: Mapping[str, Sequence[Candidate]]) -> Iterator[tuple[str, Candidate]]:
    """The entries of several lists, each list best first, with the name of the list."""
    for name, listed in lists.items():
        for one in best_first(listed):
            yield name, one


def _ledger_row(name: str, one: Candidate, entry: LedgerEntry) -> dict[str, Any]:
    """One sign of one entry; unknown values are empty text."""
    values = (
        *(name, one.rank, one.id, short_name(one.place), entry.sign, entry.group, entry.state),
        *("" if entry.measure is None else entry.measure, entry.points, entry.text, entry.source),
    )
    return dict(zip(LEDGER_COLUMNS, values, strict=True))


def ledger_text(ledger: Sequence[LedgerEntry]) -> str:
    """A ledger in one field: ``uptake_facet +4.5; mr_normal not assessable``."""
    return "; ".join(
        f"{entry.sign} {entry.state if entry.state == SignState.NOT_ASSESSABLE else f'{entry.points:+.1f}'}"
        for entry in ledger
    )


def csv_text(rows: Sequence[Mapping[str, Any]], blank: Mapping[str, Any]) -> str:
    """Rows as CSV (RFC 4180: CRLF, quoted where needed).

    Parameters
    ----------
    rows : sequence of mapping
        Fields by name of the column.
    blank : mapping
        A row that gives the header when there are no rows.
    """
    header = list(rows[0] if rows else blank)
    for row in rows[1:]:
        header += [name for name in row if name not in header]
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, header, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _without_minus_zero(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def _without_minus_zero(value: Any) -> Any:
    """The value; 0.0 for the number -0.0."""
    return value + 0.0 if isinstance(value, float) else value


def _spread(candidate: Candidate) -> dict[str, Any]:
    """The fields of one row; unknown values are empty text."""
    row: dict[str, Any] = {}
    for measure in measures_of(Output.FILES):
        row.update(csv_fields(measure, measure.stored(candidate)))
    row["acts"] = acts_text(candidate.acts)
    row["ledger"] = ledger_text(candidate.ledger)
    return {name: "" if value is None else value for name, value in row.items()}


def csv_fields(measure: Measure, value: Any) -> dict[str, Any]:
    """The fields of one measure: one, or several for a group or a position."""
    key = measure.key
    if key in MR_WORDS and value is not None:
        value = sign_words(value) if isinstance(value, str) else [sign_words(one) for one in value]
    if measure.kind is Kind.PARTS:
        return {f"{key}_{part}": value.get(part) for part in dict.fromkeys((*SCORE_PARTS, *value))}
    if measure.kind is Kind.POINT:
        return {f"{key}_{axis}": x for axis, x in zip("ras", value, strict=True)}
    return {key: ";".join(map(str, value)) if measure.kind is Kind.WORDS else value}


def _blank_candidate() -> Candidate:
    """A candidate without values, so that a list without candidates has the same header."""
    region = Region(Geometry((1, 1, 1), np.eye(4)), np.zeros(1, dtype=np.int64))
    return Candidate("", 0, 0.0, Place("", "", Side.MIDLINE), Evidence.PET_ONLY, region, np.zeros(3), 0.0)


def text_table(candidates: Sequence[Candidate], columns: int = TERMINAL_COLUMNS) -> str:
    """The ranked list for a terminal: aligned columns, no line longer than `columns` where names can be cut.

    Parameters
    ----------
    candidates : sequence of Candidate
        In any order.
    columns : int
        Width in characters.

    Returns
    -------
    str
        Lines without a line end at the end. It says so when there are no candidates.
    """
    if not candidates:
        return "No candidate pain generator was found."
    ranked = best_first(candidates)
    measures, header, rows = terminal_rows(ranked)
    widths = _column_widths(measures, [header, *rows], columns)
    _shorten_names(measures, ranked, rows, widths)
    ruler = GAP.join("\u2500" * width for width in widths)
    return "\n".join([_line(measures, header, widths), ruler, *(_line(measures, cells, widths) for cells in rows)])


def terminal_rows(candidates: Sequence[Candidate]) -> tuple[list[Measure], list[str], list[list[str]]]:
    """Measures, their titles, and the cells of the candidates, best first, as a terminal shows them."""
    measures = list(measures_of(Output.TERMINAL))
    rows = [[_terminal_cell(measure, candidate) for measure in measures] for candidate in best_first(candidates)]
    return measures, [measure.title for measure in measures], rows


def _column_widths(measures: Sequence[Measure], lines: Sequence[Sequence[str]], columns: int) -> list[int]:
    """The width of each column, so that a line fits where columns can be cut."""
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    position = {measure.key: n for n, measure in enumerate(measures)}
    gaps = len(GAP) * (len(measures) - 1)
    for key in CUT_COLUMNS:
        excess = sum(widths) + gaps - columns
        if key in position and excess > 0:
            n = position[key]
            widths[n] = max(min(widths[n], NARROWEST), widths[n] - excess)
    return widths


def _shorten_names(
    measures: Sequence[Measure], ranked: Sequence[Candidate], rows: Sequence[list[str]], widths: Sequence[int]
) -> None:
    """Put the short name, in place, where the whole one does not fit."""
    n = next((n for n, measure in enumerate(measures) if measure.key == "name"), None)
    if n is None:
        return
    for candidate, cells in zip(ranked, rows, strict=True):
        if len(cells[n]) > widths[n]:
            cells[n] = short_name(candidate.place)


def _line(measures: Sequence[Measure], cells: Sequence[str], widths: Sequence[int]) -> str:
    """One line of the terminal: cells cut and padded to their widths, numbers at the right."""
    padded = []
    for measure, cell, width in zip(measures, cells, widths, strict=True):
        text = cell if len(cell) <= width else cell[: width - 1] + "\u2026"
        padded.append(text.rjust(width) if measure.is_number else text.ljust(width))
    return GAP.join(padded).rstrip()


def _level_or_zone(place: Place) -> str | None:
    """The level, with a question mark where it is uncertain, else the zone."""
    is_uncertain = place.level_certainty == Certainty.UNCERTAIN
    return f"{place.level} ?" if is_uncertain else place.level or place.zone


_STATE_OF: Mapping[str, str] = {"suv_peak": "pet_state", "mr_kind": "mr_state"}
"""Measures that are unknown where an image shows nothing -> the state of that image at the place."""


def _terminal_cell(measure: Measure, candidate: Candidate) -> str:
    """One value as the terminal shows it."""
    if measure.key == "level":
        return words.text(_level_or_zone(candidate.place))
    value = measure.stored(candidate)
    if measure.key == "side" and candidate.place.side_certainty != Certainty.CERTAIN:
        return f"{value} ?"
    if measure.key in _STATE_OF and value is None:
        state = getattr(candidate, _STATE_OF[measure.key])
        return NOT_ASSESSABLE if state == SiteState.NOT_ASSESSABLE else words.text(None)
    if measure.key == "mr_kind":
        return words.text(words.SHORT_MR_KINDS.get(value, value))
    if measure.kind is Kind.WORDS:
        return " ".join(value)
    return words.measured(measure, value)


def apart_line(set_apart: Sequence[Candidate], attention: Sequence[Candidate]) -> str:
    """What the terminal says of the other two lists, with the files that hold them."""
    where = " (report.html, set-apart.csv)" if set_apart or attention else ""
    return f"{len(set_apart)} set apart, {len(attention)} to be looked at{where}."
