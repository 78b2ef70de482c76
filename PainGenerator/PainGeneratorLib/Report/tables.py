"""The ranked list of candidates as JSON, as CSV and as a table for the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..Numerics.core.image import Geometry, Region
from ..Numerics.core.records import Candidate, Place
from . import words

SCHEMA = 1
"""Version of the form of ``candidates.json``."""
SCORE_PARTS = ("pet", "mr", "concordance", "asymmetry", "symptom", "penalty")
"""The parts of the score that have a column of their own, whether or not a candidate has them."""
TERMINAL_COLUMNS = 120
NARROWEST = 10
"""To fit the terminal, no column is cut below this many characters."""


def candidates_json(case: Mapping[str, Any], candidates: Sequence[Candidate]) -> dict[str, Any]:
    """``candidates.json``: ``{"schema": 1, "case": ..., "candidates": [...]}``, best first.

    Parameters
    ----------
    case : mapping
        What identifies the case, ready for JSON.
    candidates : sequence of Candidate
        In any order.

    Returns
    -------
    dict
        Values that are not known are None.
    """
    return {"schema": SCHEMA, "case": dict(case), "candidates": [c.to_json() for c in best_first(candidates)]}


def best_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates by rank."""
    return sorted(candidates, key=lambda candidate: candidate.rank)


def candidates_csv(candidates: Sequence[Candidate]) -> str:
    """``candidates.csv``: the same fields as the JSON, one row per candidate (RFC 4180: CRLF, quoted where needed).

    Lists and groups are spread: ``score_parts_pet`` ..., ``centroid_ras_mm_r``, ``_a``, ``_s``; flags are joined by
    semicolons. Columns keep the JSON's names, with the unit where it is in the name; ``suv_...`` is SUVbw in g/ml.
    A value that is not known is an empty field.
    """
    rows = [_flat(candidate.to_json()) for candidate in best_first(candidates)]
    header = list(rows[0]) if rows else list(_flat(_empty_entry()))
    for row in rows[1:]:
        header += [name for name in row if name not in header]
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, header, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _flat(entry: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in entry.items():
        if name == "score_parts":
            row.update({f"{name}_{part}": value.get(part) for part in dict.fromkeys((*SCORE_PARTS, *value))})
        elif name == "centroid_ras_mm":
            row.update({f"{name}_{axis}": x for axis, x in zip("ras", value, strict=True)})
        elif isinstance(value, list):
            row[name] = ";".join(str(item) for item in value)
        else:
            row[name] = value
    return {name: "" if value is None else value for name, value in row.items()}


def _empty_entry() -> dict[str, Any]:
    """An entry without values, so that a list without candidates has the same header."""
    region = Region(Geometry((1, 1, 1), np.eye(4)), np.zeros(1, dtype=np.int64))
    candidate = Candidate("", 0, 0.0, {}, Place("", "", "midline"), "PET only", region, np.zeros(3), 0.0)
    return candidate.to_json()


def text_table(candidates: Sequence[Candidate], columns: int = TERMINAL_COLUMNS) -> str:
    """The ranked list for a terminal: aligned columns, no line longer than `columns` where names can be cut.

    Returns
    -------
    str
        Lines without a line end at the end; says so when there are no candidates.
    """
    if not candidates:
        return "No candidate pain generator was found."
    header = ["#", "Score", "Name", "Side", "Level", "Evidence", "SUVpeak", "Ratio", "L/R", "MR", "z", "Flags"]
    right = {0, 1, 6, 7, 8, 10}
    rows = [_terminal_row(candidate) for candidate in best_first(candidates)]
    widths = [max(len(row[n]) for row in (header, *rows)) for n in range(len(header))]
    gaps = 2 * (len(header) - 1)
    for column in (11, 2, 9):  # flags give way first, then names, then the MR kind
        excess = sum(widths) + gaps - columns
        if excess > 0:
            widths[column] = max(min(widths[column], NARROWEST), widths[column] - excess)

    def line(cells: Sequence[str]) -> str:
        cut = [c if len(c) <= w else c[: w - 1] + "\u2026" for c, w in zip(cells, widths, strict=True)]
        padded = (c.rjust(w) if n in right else c.ljust(w) for n, (c, w) in enumerate(zip(cut, widths, strict=True)))
        return "  ".join(padded).rstrip()

    ruler = "  ".join("\u2500" * width for width in widths)
    return "\n".join([line(header), ruler, *(line(row) for row in rows)])


def _terminal_row(candidate: Candidate) -> list[str]:
    place = candidate.place
    flags = list(dict.fromkeys(candidate.flags))
    kind = candidate.mr_kind
    return [
        str(candidate.rank),
        words.number(candidate.score, 1),
        place.name,
        place.side,
        words.text(place.level or place.zone),
        candidate.evidence,
        words.number(candidate.suv_peak),
        words.number(candidate.tbr),
        words.number(candidate.left_right_ratio),
        words.text(words.SHORT_MR_KINDS.get(kind, kind)),
        words.number(candidate.mr_z, 1),
        " ".join(flags),
    ]
