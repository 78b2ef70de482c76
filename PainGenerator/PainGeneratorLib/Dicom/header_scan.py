"""A quick look over the header of an ordinary file: little endian, not compressed, one frame.

Building an object per element takes most of the time of reading a folder's headers. Here elements are only located,
and those that are wanted are made plain; anything out of the ordinary is left to pydicom.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from .values import PRIVATE_VALUES, injection_values, private_values, wanted_elements

FIRST_BYTES = 16384
"""Headers are seldom longer; a longer one is read with the whole file."""
UNDEFINED_LENGTH = 0xFFFFFFFF
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
"""Little endian with and without VR: the transfer syntaxes that are scanned."""

SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

MEDIA_CLASS, MEDIA_INSTANCE, TRANSFER_SYNTAX = 0x00020002, 0x00020003, 0x00020010
CHARACTER_SET, INJECTION, PIXELS = 0x00080005, 0x00540016, 0x7FE00010
PRIVATE_GROUPS = frozenset(group for group, _, _ in PRIVATE_VALUES.values())
FRAMES_OF_FILE = (0x52009229, 0x52009230)
"""Functional groups: the file has several frames."""
ITEM, SEQUENCE_END, ITEM_END = 0xFFFEE000, 0xFFFEE0DD, b"\xfe\xff\x0d\xe0"
_SHORT, _LENGTH, _TAG = struct.Struct("<HH2sH"), struct.Struct("<I"), struct.Struct("<HHI")
Head = Callable[[bytes, int], tuple[int, int, int]]


class NotOrdinary(Exception):
    """The file is not of the kind that is scanned: pydicom decides what it is."""


Elements = dict[int, tuple[int, int, int]]
"""Tag -> begin of the element, begin and end of its value in the file."""


def scan_header(path: Path) -> tuple[dict[str, Any], str, int]:
    """Scan the header of a file.

    Returns
    -------
    header : dict
        As from :func:`.values.plain_header`, with both UIDs of the instance.
    transfer_syntax : str
    pixel_offset : int
        Where the pixels begin in the file.

    Raises
    ------
    NotOrdinary
        The file is no DICOM, damaged, or of a kind that is left to pydicom.
    """
    try:
        with path.open("rb", buffering=0) as file:
            data = file.read(FIRST_BYTES)
            try:
                syntax, elements = _elements(data)
            except (struct.error, IndexError):
                # cut off within the header, most often as only its beginning was read
                data += file.read()
                syntax, elements = _elements(data)
            size = file.seek(0, 2)
        header = _plain_header(data, elements, syntax == IMPLICIT)
        frame_bytes = int(header["Rows"] * header["Columns"] * header.get("SamplesPerPixel", 1))
        frame_bytes *= int(header["BitsAllocated"]) // 8
    except (OSError, struct.error, LookupError, ValueError) as error:
        raise NotOrdinary from error
    _, start, end = elements[PIXELS]
    several = header.get("NumberOfFrames", 1) != 1 or any(tag in elements for tag in FRAMES_OF_FILE)
    if several or end - start < frame_bytes or start + frame_bytes > size:
        raise NotOrdinary
    header.setdefault("SOPClassUID", _ascii(data, elements, MEDIA_CLASS))
    header.setdefault("SOPInstanceUID", _ascii(data, elements, MEDIA_INSTANCE))
    return header, syntax, start


def _ascii(data: bytes, elements: Elements, tag: int) -> str:
    _, start, end = elements.get(tag, (0, 0, 0))
    return data[start:end].decode("ascii", "replace").strip(" \0")


def _elements(data: bytes) -> tuple[str, Elements]:
    """Transfer syntax, and the top-level elements up to the pixels."""
    if data[128:132] != b"DICM":
        raise NotOrdinary
    elements: Elements = {}
    position = 132
    while data[position : position + 2] == b"\2\0":
        position = _add(data, position, _explicit_head, elements)
    syntax = _ascii(data, elements, TRANSFER_SYNTAX)
    # Some writers give the VR although the syntax has none, or the other way round.
    has_vr = data[position + 4 : position + 6].isalpha()
    if syntax not in (EXPLICIT, IMPLICIT) or has_vr != (syntax == EXPLICIT):
        raise NotOrdinary
    while PIXELS not in elements:
        position = _add(data, position, _explicit_head if has_vr else _implicit_head, elements)
    return syntax, elements


def _add(data: bytes, position: int, head: Head, elements: Elements) -> int:
    """Add the element at a position; returns where it ends."""
    tag, start, length = head(data, position)
    if tag == PIXELS and length == UNDEFINED_LENGTH:
        raise NotOrdinary
    end = _end_of_sequence(data, start, head) if length == UNDEFINED_LENGTH else start + length
    elements[tag] = position, start, end
    return end


def _explicit_head(data: bytes, position: int) -> tuple[int, int, int]:
    """Tag, begin and length of the value of the element at a position."""
    group, element, vr, length = _SHORT.unpack_from(data, position)
    if vr in SHORT_VRS:
        return group << 16 | element, position + 8, length
    if vr not in LONG_VRS:
        raise NotOrdinary
    length = _LENGTH.unpack_from(data, position + 8)[0]
    if length == UNDEFINED_LENGTH and vr == b"UN":
        raise NotOrdinary
    return group << 16 | element, position + 12, length


def _implicit_head(data: bytes, position: int) -> tuple[int, int, int]:
    """The same where no VR is written."""
    group, element, length = _TAG.unpack_from(data, position)
    return group << 16 | element, position + 8, length


def _end_of_sequence(data: bytes, position: int, head: Head) -> int:
    """Where a sequence of undefined length ends."""
    while True:
        tag, position, length = _implicit_head(data, position)
        if tag == SEQUENCE_END:
            return position
        if tag != ITEM:
            raise NotOrdinary
        position = _end_of_item(data, position, head) if length == UNDEFINED_LENGTH else position + length


def _end_of_item(data: bytes, position: int, head: Head) -> int:
    while data[position : position + 4] != ITEM_END:
        _, start, length = head(data, position)
        position = _end_of_sequence(data, start, head) if length == UNDEFINED_LENGTH else start + length
    return position + 8


def _plain_header(data: bytes, elements: Elements, implicit: bool) -> dict[str, Any]:
    """The same as :func:`.values.plain_header`, from the bytes of the elements."""
    wanted = wanted_elements()
    begin, _, end = elements.get(CHARACTER_SET, (0, 0, 0))
    character_set = data[begin:end]
    header: dict[str, Any] = {}
    for tag in wanted.keys() & elements.keys():
        keyword, read, ascii_text = wanted[tag]
        begin, start, end = elements[tag]
        value = read(data[start:end]) if ascii_text else _plain_value(tag, character_set, data[begin:end], implicit)
        if value is not None:
            header[keyword] = value
    if header.get("Modality") == "PT":
        begin, _, end = elements.get(INJECTION, (0, 0, 0))
        header.update(_injection(character_set + data[begin:end], implicit))
        private = [elements[tag] for tag in elements if tag >> 16 in PRIVATE_GROUPS and _may_be_wanted(tag)]
        header.update(_private(character_set + b"".join(data[begin:end] for begin, _, end in private), implicit))
    return header


def _may_be_wanted(tag: int) -> bool:
    """True for private creators, and for what may be one of :data:`.values.PRIVATE_VALUES`."""
    element = tag & 0xFFFF
    return element <= 0xFF or any(
        (tag >> 16, element & 0xFF) == (group, low) for group, _, low in PRIVATE_VALUES.values()
    )


def _dataset(elements: bytes, implicit: bool) -> Any:
    from pydicom.filereader import read_dataset

    return read_dataset(BytesIO(elements), implicit, is_little_endian=True)


# Most elements are the same in all files of a series.
@lru_cache(maxsize=4096)
def _plain_value(tag: int, character_set: bytes, element: bytes, implicit: bool) -> Any:
    """One element made plain by pydicom, which knows the characters and numbers of every VR."""
    read = wanted_elements()[tag][1]
    return read(_dataset(character_set + element, implicit)[tag].value)


@lru_cache(maxsize=64)
def _injection(elements: bytes, implicit: bool) -> dict[str, Any]:
    return injection_values(_dataset(elements, implicit))


@lru_cache(maxsize=1024)
def _private(elements: bytes, implicit: bool) -> dict[str, Any]:
    return private_values(_dataset(elements, implicit))
