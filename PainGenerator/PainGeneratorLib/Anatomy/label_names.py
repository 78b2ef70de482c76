"""Read the names of labels from a file beside the label map.

People keep them in many forms: JSON of number to name or turned round, the ``dataset.json`` of nnU-Net, lists of
objects (MONAI Label, dcmqi), color tables of Slicer (``.ctbl``, ``.csv``) and FreeSurfer, label descriptions of
ITK-SNAP, BIDS tables (``.tsv``), and plain lines.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.input_files import csv_rows, parsed_json, read_text_bytes
from ..Numerics.core.printable import one_line
from .label_words import NOT_A_LABEL
from .labels import ADVICE

_NUMBER_KEYS = (
    "value",
    "labelid",
    "labelvalue",
    "label_value",
    "index",
    "id",
    "idx",
    "number",
    "key",
    "segmentnumber",
    "label",
)
"""Names of the field or column that holds the number of a label, in lower case, the best first."""
_NAME_KEYS = (
    "name",
    "segmentlabel",
    "label_name",
    "labelname",
    "structure",
    "segmentdescription",
    "description",
    "label",
)
"""Names of the field or column that holds the name, in lower case, the best first."""
_TABLES_INSIDE = ("labels", "segments", "segmentattributes", "label_names", "classes", "names")
"""Names of fields of a JSON file under which the table stands, in lower case."""

_LARGEST_LABEL = 65535
"""Upper bound of the number of a label."""


def read_label_names(path: Path) -> dict[int, str]:
    """Read the names of labels.

    Parameters
    ----------
    path : Path
        A file of one of the forms above.

    Returns
    -------
    dict of int to str
        Number -> name, without the background.

    Raises
    ------
    PainGeneratorError
        The file cannot be read or holds no names.
    """
    try:
        text = _text(read_text_bytes(path, "file of label names"))
        if text.lstrip()[:1] in ("{", "["):
            names = dict(_of_json(_parsed(text)))
        else:
            names = dict(_of_lines(text))
    except (OverflowError, ValueError) as error:
        raise PainGeneratorError(f"The label names {path} cannot be read: {error}.", ADVICE) from error
    names = {number: re.sub(r"(?i)\.(nii(\.gz)?|nrrd|mha)$", "", one_line(name)) for number, name in names.items()}
    names = {n: name for n, name in names.items() if 0 < n <= _LARGEST_LABEL and name.lower() not in NOT_A_LABEL}
    if not names:
        raise PainGeneratorError(f"The label names {path} cannot be read: no number with a name is in it.", ADVICE)
    return names


def _parsed(text: str) -> Any:
    """The content of a JSON file; also what Python prints of a dictionary."""
    try:
        return parsed_json(text)
    except ValueError as error:
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise error from None


def _text(data: bytes) -> str:
    """Decode a text file: UTF-8 or UTF-16 with or without a byte-order mark, otherwise Windows 1252."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    if b"\0" in data:
        raise ValueError("it is no text file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252")


Pairs = list[tuple[int, str]]


def _of_json(table: Any) -> Pairs:
    if isinstance(table, dict):
        inside = next((value for key, value in table.items() if str(key).lower() in _TABLES_INSIDE), None)
        return _of_json(inside) if isinstance(inside, (dict, list)) else _of_mapping(table)
    if not isinstance(table, list):
        raise ValueError("it holds no table")
    flat = [item for part in table for item in (part if isinstance(part, list) else [part])]
    return _of_objects([item for item in flat if isinstance(item, dict)])


def _of_mapping(table: dict[Any, Any]) -> Pairs:
    """Pairs of a table of number to name, or of name to number."""
    if any(isinstance(value, list) for value in table.values()):
        raise ValueError("it names regions that share labels (region-based training), not labels")
    by_number = [(_whole(key), _name_of(value)) for key, value in table.items() if _is_whole(key)]
    turned = [(_whole(value), str(key)) for key, value in table.items() if _is_whole(value)]
    return by_number if len(by_number) >= len(turned) else turned


def _name_of(value: Any) -> str:
    if isinstance(value, dict):
        lower = {str(key).lower(): inner for key, inner in value.items()}
        return str(next((lower[key] for key in _NAME_KEYS if key in lower), ""))
    return str(value).strip()


def _of_objects(items: Iterable[Mapping[str, Any]]) -> Pairs:
    """Pairs of objects that each have a field for the number and one for the name."""
    pairs = []
    for item in items:
        lower = {str(key).lower(): value for key, value in item.items()}
        numbers = [lower[key] for key in _NUMBER_KEYS if _is_whole(lower.get(key))]
        names = [lower[key] for key in _NAME_KEYS if isinstance(lower.get(key), str) and not _is_whole(lower[key])]
        if numbers and names:
            pairs.append((_whole(numbers[0]), names[0].strip()))
    return pairs


def _is_whole(value: Any) -> bool:
    """Whether a value is a whole number, also written as text or as 3.0."""
    if isinstance(value, (bool, str)):
        return isinstance(value, str) and re.fullmatch(r"\s*\d+(\.0*)?\s*", value) is not None
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _whole(value: Any) -> int:
    return int(float(value))


def _of_lines(text: str) -> Pairs:
    """Pairs of a table with or without a header line, of an ITK-SNAP label description, or of plain lines."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "//"))]
    mark = next((mark for mark in ("\t", ";", ",") if lines and mark in lines[0]), None)
    if mark is None:
        return [pair for line in lines if (pair := _of_line(line)) is not None]
    rows = [[cell.strip() for cell in row] for row in csv_rows(lines, mark)]
    columns = [column.lower() for column in rows[0]]
    if any(column in _NAME_KEYS for column in columns):
        return _of_objects(dict(zip(columns, row, strict=False)) for row in rows[1:])
    return [pair for row in rows if (pair := _of_cells(row)) is not None]


def _of_cells(row: list[str]) -> tuple[int, str] | None:
    """The first number and the first name in a row without a header line."""
    numbers = [cell for cell in row if _is_whole(cell)]
    names = [cell for cell in row if cell and not re.fullmatch(r"[\d.]+", cell)]
    return (_whole(numbers[0]), names[0]) if numbers and names else None


def _of_line(line: str) -> tuple[int, str] | None:
    """The number and the name in a line: ``12 0 255 0 1 1 1 "L4"``, ``12 L4 0 255 0 255``, ``12: L4``, ``L4 = 12``."""
    quoted = re.match(r'\s*(\d+)\b.*?"([^"]*)"', line)
    if quoted:
        return int(quoted[1]), quoted[2]
    first = re.match(r"\s*(\d+)\s*[\s:=,;]\s*([^\d\s].*?)(?:\s+\d+(?:\.\d+)?){3,4}\s*$", line)
    first = first or re.match(r"\s*(\d+)\s*[\s:=,;]\s*(.*\D.*?)\s*$", line)
    if first:
        return int(first[1]), first[2].strip(" \"',")
    last = re.match(r"\s*(.*\D)\s*[:=,;\s]\s*(\d+)\s*$", line)
    return (int(last[2]), last[1].strip(" \"',:=")) if last else None
