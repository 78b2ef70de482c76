"""Records typed into a table or written by another program: a CSV file, a JSON list, or one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.input_files import csv_rows, parsed_json, read_text_bytes

OWN_COLUMNS = ("pseudonym", "kind")
"""Columns that say whose record it is, and of which kind."""
Entry = tuple[str, str, str, dict[str, Any]]
"""Where it stands ("line 3"), pseudonym, kind, and fields."""


def read_lines(source: str, standard_input: TextIO) -> list[Entry]:
    """Read records; their values are not checked yet.

    Parameters
    ----------
    source : str
        Path of a file, or ``-``.
    standard_input : text stream
        Read for ``-``.

    Returns
    -------
    list of (where, pseudonym, kind, fields)
        Empty cells are left out.

    Raises
    ------
    PainGeneratorError
        The file cannot be read, or a row does not say whose record it is.
    """
    if source == "-":
        text = standard_input.read()
    else:
        try:
            text = read_text_bytes(Path(source), "file of records").decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise PainGeneratorError(f"{source} is not UTF-8 text.", "Save it as CSV in UTF-8.") from error
    rows = _json_rows(text) if text.lstrip()[:1] in ("{", "[") else _csv_rows(text)
    if not rows:
        raise PainGeneratorError(
            "There are no records to read.", "Give a header line with pseudonym, kind and fields, and a line each."
        )
    return [_entry(where, row) for where, row in rows]


def _json_rows(text: str) -> list[tuple[str, Mapping[str, Any]]]:
    try:
        if text.lstrip().startswith("["):
            found = [(f"record {number}", one) for number, one in enumerate(parsed_json(text), start=1)]
        else:
            lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
            try:
                found = [(f"line {number}", json.loads(line)) for number, line in lines]
            except ValueError:
                found = [("record 1", parsed_json(text))]  # one object over several lines
    except ValueError as error:
        raise PainGeneratorError(f"The JSON cannot be read: {error}.", "Write one object for each record.") from error
    for where, one in found:
        if not isinstance(one, Mapping):
            raise PainGeneratorError(
                f"{where} is no record.", 'Write objects: {"pseudonym": "P-001", "kind": "visit"}.'
            )
    return found


def _csv_rows(text: str) -> list[tuple[str, Mapping[str, Any]]]:
    lines = text.splitlines()
    # Spreadsheets of much of Europe write semicolons.
    delimiter = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    table = csv_rows(lines, delimiter)
    if not table:
        return []
    header = [name.strip() for name in table[0]]
    found: list[tuple[str, Mapping[str, Any]]] = []
    for number, row in enumerate(table[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(header):
            raise PainGeneratorError(
                f"Row {number} has {len(row)} cells, the header has {len(header)}.", "Quote texts that hold commas."
            )
        found.append((f"row {number}", dict(zip(header, row, strict=False))))
    return found


def _entry(where: str, row: Mapping[str, Any]) -> Entry:
    plain = {str(name).strip().lower().replace("_", "-"): value for name, value in row.items()}
    own = [str(plain.pop(name, "") or "").strip() for name in OWN_COLUMNS]
    if not all(own):
        raise PainGeneratorError(
            f"{where} does not say whose record it is, and of which kind.", "Fill in pseudonym and kind."
        )
    fields = {name: value for name, value in plain.items() if value is not None and str(value).strip()}
    return where, own[0], own[1].lower().replace("_", "-").replace(" ", "-"), fields
