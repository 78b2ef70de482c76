"""Read files that a user names: only ordinary ones, only as much as can be right, and with errors that say what to do.

A pipe or a device is refused, because reading it may never end. What a packed file unpacks to is bounded, because a
few kilobytes can unpack to the whole memory.
"""

from __future__ import annotations

import csv
import json
import stat
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .errors import DamagedInput, PainGeneratorError

MOST_TEXT_BYTES = 50_000_000
"""Upper bound of the size of a file with names, points or parameters, bytes. Our estimate: the largest list of labels
has some hundred kilobytes."""
WIDEST_FIELD = 100_000
"""Upper bound of the length of one cell of a table, characters. Our estimate: a name of a structure has under 100."""
DEFLATE_RATIO = 1032
"""Upper bound of the size of data over the size of its packed form, by the format of zlib and gzip
(https://zlib.net/zlib_tech.html)."""
CHUNK = 1 << 20
"""Number of bytes that are unpacked at a time."""
GZIP = b"\x1f\x8b"
"""First bytes of a file that is packed by gzip (RFC 1952)."""


def exists(path: Path, what: str) -> bool:
    """Whether there is something at a path.

    Parameters
    ----------
    path : Path
    what : str
        Name of the input in the message: "anatomy segmentation".

    Raises
    ------
    PainGeneratorError
        The file system does not tell it.
    """
    try:
        return path.exists()
    except OSError as error:
        raise not_opened(path, what, error) from error


def kind_of(path: Path) -> str:
    """What there is at a path, in words: "a file", "a pipe"."""
    mode = path.stat().st_mode
    kinds = ((stat.S_ISREG, "a file"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"))
    more = ((stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))
    return next((words for is_kind, words in (*kinds, *more) if is_kind(mode)), "no ordinary file")


def check_ordinary(path: Path, what: str) -> int:
    """Refuse what is no ordinary file: a pipe, a device, a folder, nothing at all.

    Parameters
    ----------
    path : Path
    what : str
        Name of the input in the message.

    Returns
    -------
    int
        Size of the file, bytes.

    Raises
    ------
    PainGeneratorError
    """
    try:
        found = path.stat()
    except OSError as error:
        raise not_opened(path, what, error) from error
    if stat.S_ISREG(found.st_mode):
        return found.st_size
    kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe or a device"
    raise PainGeneratorError(
        f"The {what} {path} is {kind}, not a file.", "Give a file; save what a pipe gives to a file first."
    )


def not_opened(path: Path, what: str, error: OSError) -> PainGeneratorError:
    """The error for an input that the file system does not give."""
    return PainGeneratorError(
        f"The {what} {path} cannot be opened ({error.strerror or error}).", "Check the path, and that you may read it."
    )


def read_text_bytes(path: Path, what: str) -> bytes:
    """The bytes of a file with text.

    Raises
    ------
    PainGeneratorError
        It is no ordinary file, cannot be read, or is larger than :data:`MOST_TEXT_BYTES`.
    """
    size = check_ordinary(path, what)
    if size > MOST_TEXT_BYTES:
        raise PainGeneratorError(
            f"The {what} {path} has {size / 1e6:.0f} MB, far more than such a file can have.", "Check the path."
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise not_opened(path, what, error) from error


def parsed_json(text: str) -> Any:
    """The content of a JSON text.

    Raises
    ------
    ValueError
        The text is no JSON, or nested deeper than Python reads.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def csv_rows(lines: Iterable[str], delimiter: str = ",") -> list[list[str]]:
    """The cells of a table of text.

    Raises
    ------
    ValueError
        The text is no table, or a cell is longer than :data:`WIDEST_FIELD`.
    """
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error as error:
        raise ValueError(f"it is no table ({error})") from error
    if any(len(cell) > WIDEST_FIELD for row in rows for cell in row):
        raise ValueError(f"a cell of the table has more than {WIDEST_FIELD} characters")
    return rows


def gunzipped(packed: bytes, path: Path, most: Callable[[bytes], int]) -> bytes:
    """Unpack gzip data, to its end.

    Parameters
    ----------
    packed : bytes
    path : Path
        For messages.
    most : callable
        Takes the first unpacked bytes and returns how many there may be.

    Raises
    ------
    DamagedInput
        The data is cut off, damaged, or unpacks to more.
    """
    result = bytearray()
    limit: int | None = None
    rest = packed
    try:
        while rest:
            unpacker = zlib.decompressobj(wbits=31)
            while not unpacker.eof:
                part = unpacker.decompress(rest, CHUNK)
                rest = unpacker.unconsumed_tail
                if not part and not rest and not unpacker.eof:
                    raise EOFError("it ends before its content does")
                result += part
                if limit is None and (len(result) >= CHUNK or unpacker.eof):
                    limit = most(bytes(result[:CHUNK]))
                if limit is not None and len(result) > limit:
                    raise DamagedInput(
                        f"{path} unpacks to more than it can hold rightly ({limit / 1e6:.1f} MB).",
                        "Copy or make the file again.",
                    )
            # Zeros may follow the end (RFC 1952 of gzip, as written to tapes), or another packed part.
            rest = unpacker.unused_data.lstrip(b"\0")
    except (zlib.error, EOFError) as error:
        raise DamagedInput(
            f"{path} is damaged or cut off: it cannot be unpacked ({error}).", "Copy or make the file again."
        ) from error
    return bytes(result)


def inflated_size(packed: bytes, most: int) -> int:
    """How many bytes raw deflate data unpacks to, without keeping them; more than `most` when it is more.

    Raises
    ------
    ValueError
        The data is damaged or cut off.
    """
    unpacker = zlib.decompressobj(wbits=-15)
    size, rest = 0, packed
    try:
        while not unpacker.eof and size <= most:
            part = unpacker.decompress(rest, CHUNK)
            rest = unpacker.unconsumed_tail
            if not part and not rest and not unpacker.eof:
                raise ValueError("the packed data is cut off")
            size += len(part)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    return size


DEFLATED_SYNTAX = b"1.2.840.10008.1.2.1.99"
"""UID of the transfer syntax of DICOM files that are packed as a whole (PS3.5, section A.5)."""
LEAST_UNPACKED = 64_000_000
"""A packed DICOM file may always unpack to this many bytes. Our estimate: it is read in less than a second."""
USUAL_RATIO = 100
"""Upper bound of the size of a larger DICOM file over that of its packed form. Our estimate: pictures are packed to a
tenth at the best, and only made-up data to less than a hundredth."""


def deflated_fault(path: Path) -> str:
    """What is wrong with a packed DICOM file: it is cut off, or unpacks to far more than pictures do.

    Parameters
    ----------
    path : Path
        Any DICOM file.

    Returns
    -------
    str
        Empty for a whole file, and for one that is not packed.
    """
    with path.open("rb") as file:
        start = _start_of_deflated(file.read(1024))
        if start is None:
            return ""
        file.seek(start)
        packed = file.read()
    most = max(LEAST_UNPACKED, USUAL_RATIO * len(packed))
    try:
        size = inflated_size(packed, most)
    except ValueError as error:
        return str(error)
    return f"{len(packed)} bytes unpack to more than {most / 1e6:.0f} MB" if size > most else ""


def with_begin_unpacked(head: bytes, count: int) -> bytes:
    """The first bytes of a DICOM file with `count` bytes of its packed part unpacked; unchanged when it has none."""
    start = _start_of_deflated(head)
    return head if start is None else head[:start] + zlib.decompressobj(wbits=-15).decompress(head[start:], count)


def _start_of_deflated(head: bytes) -> int | None:
    """Where the packed part of a DICOM file begins, by its meta information; None for a file that is not packed."""
    if head[128:132] != b"DICM" or DEFLATED_SYNTAX not in head:
        return None
    # The first element is the length of the rest of the meta information (PS3.10, section 7.1).
    if head[132:140] != b"\x02\0\0\0UL\x04\0":
        return None
    return 144 + int.from_bytes(head[140:144], "little")
