"""Read the header of an ordinary file quickly: little endian, not compressed, one frame.

pydicom builds one Python object per element, which takes most of the time of reading the headers of a folder. This
module only finds where the elements lie in the file and converts those that are needed. Files of any other kind are
left to pydicom.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from ..Numerics.core.input_files import with_begin_unpacked
from .pixel_facts import length_fault
from .values import PRIVATE_VALUES, injection_values, private_values, settle_modality, wanted_elements

FIRST_BYTES = 16384
"""Number of bytes that are read first. Most headers are shorter. For a longer header the rest of the file is read,
too. Our estimate."""
UNDEFINED_LENGTH = 0xFFFFFFFF
"""Value length that DICOM writes for a sequence or for compressed pixels that end with a delimiter (PS3.5, section
7.1.1)."""
EXPLICIT = "1.2.840.10008.1.2.1"
"""Transfer syntax explicit VR little endian."""
IMPLICIT = "1.2.840.10008.1.2"
"""Transfer syntax implicit VR little endian."""

SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
"""Value representations whose length takes two bytes (PS3.5, section 7.1.2)."""
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""Value representations whose length takes four bytes, after two reserved bytes (PS3.5, section 7.1.2)."""

MEDIA_CLASS = 0x00020002
"""Tag of Media Storage SOP Class UID."""
MEDIA_INSTANCE = 0x00020003
"""Tag of Media Storage SOP Instance UID."""
TRANSFER_SYNTAX = 0x00020010
"""Tag of Transfer Syntax UID."""
CHARACTER_SET = 0x00080005
"""Tag of Specific Character Set."""
INJECTION = 0x00540016
"""Tag of Radiopharmaceutical Information Sequence."""
PIXELS = 0x7FE00010
"""Tag of Pixel Data."""
PRIVATE_GROUPS = frozenset(group for group, _, _ in PRIVATE_VALUES.values())
"""Private groups with values that SUV needs."""
FRAMES_OF_FILE = (0x52009229, 0x52009230)
"""Tags of the shared and the per-frame functional groups. A file that has one of them is a multi-frame file."""
ITEM = 0xFFFEE000
"""Tag of an item of a sequence."""
SEQUENCE_END = 0xFFFEE0DD
"""Tag of the delimiter at the end of a sequence of undefined length."""
ITEM_END = b"\xfe\xff\x0d\xe0"
"""Stored bytes of the tag of the delimiter at the end of an item of undefined length."""
_SHORT_HEAD = struct.Struct("<HH2sH")
"""Group, element, VR and short length of an element with explicit VR."""
_LONG_LENGTH = struct.Struct("<I")
"""Long length of an element with explicit VR."""
_IMPLICIT_HEAD = struct.Struct("<HHI")
"""Group, element and length of an element with implicit VR."""
Head = Callable[[bytes, int], tuple[int, int, int]]
"""Reads the head of the element at a position: returns its tag, the begin of its value and the length of its value."""


class NotOrdinary(Exception):
    """The file is not of the kind that this module reads, so that pydicom must read it."""


Elements = dict[int, tuple[int, int, int]]
"""Tag -> begin of the element, begin of its value and end of its value, in bytes from the start of the file."""


def scan_header(path: Path) -> tuple[dict[str, Any], str, int]:
    """Read the header of an ordinary file.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    header : dict
        The same as from :func:`.values.plain_header`, with SOPClassUID and SOPInstanceUID.
    transfer_syntax : str
        UID of the transfer syntax.
    pixel_offset : int
        Byte offset of the pixels in the file.

    Raises
    ------
    NotOrdinary
        The file is not DICOM, or it is damaged, or it is of a kind that only pydicom reads.
    """
    try:
        with path.open("rb", buffering=0) as file:
            data = file.read(FIRST_BYTES)
            try:
                syntax, elements = _elements(data)
            except (struct.error, IndexError):
                # The bytes end within the header, most often because only the first part of the file was read.
                data += file.read()
                syntax, elements = _elements(data)
            size = file.seek(0, 2)
        header = _plain_header(data, elements, syntax == IMPLICIT)
        frame_bytes = int(header["Rows"] * header["Columns"] * header.get("SamplesPerPixel", 1))
        frame_bytes *= int(header["BitsAllocated"]) // 8
    except NotOrdinary:
        raise
    except Exception as error:
        # Damaged bytes lead to errors of many kinds; pydicom then says what is wrong.
        raise NotOrdinary from error
    _, start, end = elements[PIXELS]
    if header["BitsAllocated"] % 8 or not frame_bytes:
        raise NotOrdinary
    several = header.get("NumberOfFrames", 1) != 1 or any(tag in elements for tag in FRAMES_OF_FILE)
    if several or end - start < frame_bytes or start + frame_bytes > size:
        raise NotOrdinary
    if length_fault(header, end - start, frame_bytes):
        raise NotOrdinary
    header.setdefault("SOPClassUID", _ascii(data, elements, MEDIA_CLASS))
    header.setdefault("SOPInstanceUID", _ascii(data, elements, MEDIA_INSTANCE))
    return header, syntax, start


def begin_of_header(path: Path) -> dict[str, Any]:
    """Read as much of a header as a file that is cut off still has.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        Plain values by keyword, as in :func:`scan_header`; empty when nothing can be read.
    """
    elements: Elements = {}
    try:
        with path.open("rb", buffering=0) as file:
            data = with_begin_unpacked(file.read(FIRST_BYTES), FIRST_BYTES)
        with contextlib.suppress(struct.error, IndexError, NotOrdinary):
            _collect(data, elements, of_any_syntax=True)
        whole = {tag: place for tag, place in elements.items() if place[2] <= len(data)}
        return _plain_header(data, whole, _ascii(data, whole, TRANSFER_SYNTAX) == IMPLICIT)
    except Exception:
        return {}  # What is left of the header is damaged, too.


def _ascii(data: bytes, elements: Elements, tag: int) -> str:
    _, start, end = elements.get(tag, (0, 0, 0))
    return data[start:end].decode("ascii", "replace").strip(" \0")


def _elements(data: bytes) -> tuple[str, Elements]:
    """Read the transfer syntax and find the top-level elements up to the pixels."""
    elements: Elements = {}
    return _collect(data, elements), elements


def _collect(data: bytes, elements: Elements, *, of_any_syntax: bool = False) -> str:
    """Put the places of the top-level elements up to the pixels into a table; return the transfer syntax.

    Files of other transfer syntaxes than the two ordinary ones have explicit VR (PS3.5, section 10).
    """
    if data[128:132] != b"DICM":
        raise NotOrdinary
    position = 132
    while data[position : position + 2] == b"\2\0":
        position = _add(data, position, _explicit_head, elements)
    syntax = _ascii(data, elements, TRANSFER_SYNTAX)
    # Some programs write the VR although the transfer syntax has none, or leave it out although it should be there.
    has_vr = data[position + 4 : position + 6].isalpha()
    is_known = syntax in (EXPLICIT, IMPLICIT) or of_any_syntax
    if not is_known or has_vr != (syntax != IMPLICIT):
        raise NotOrdinary
    while PIXELS not in elements:
        position = _add(data, position, _explicit_head if has_vr else _implicit_head, elements)
    return syntax


def _add(data: bytes, position: int, head: Head, elements: Elements) -> int:
    """Add the element at a position to the table and return where the element ends."""
    tag, start, length = head(data, position)
    if tag == PIXELS and length == UNDEFINED_LENGTH:
        raise NotOrdinary
    end = _end_of_sequence(data, start, head) if length == UNDEFINED_LENGTH else start + length
    elements[tag] = position, start, end
    return end


def _explicit_head(data: bytes, position: int) -> tuple[int, int, int]:
    """Read the head of an element with explicit VR: its tag, and the begin and the length of its value."""
    group, element, vr, length = _SHORT_HEAD.unpack_from(data, position)
    if vr in SHORT_VRS:
        return group << 16 | element, position + 8, length
    if vr not in LONG_VRS:
        raise NotOrdinary
    length = _LONG_LENGTH.unpack_from(data, position + 8)[0]
    if length == UNDEFINED_LENGTH and vr == b"UN":
        raise NotOrdinary
    return group << 16 | element, position + 12, length


def _implicit_head(data: bytes, position: int) -> tuple[int, int, int]:
    """Read the head of an element with implicit VR: its tag, and the begin and the length of its value."""
    group, element, length = _IMPLICIT_HEAD.unpack_from(data, position)
    return group << 16 | element, position + 8, length


def _end_of_sequence(data: bytes, position: int, head: Head) -> int:
    """Position after a sequence of undefined length that begins at a position."""
    while True:
        tag, position, length = _implicit_head(data, position)
        if tag == SEQUENCE_END:
            return position
        if tag != ITEM:
            raise NotOrdinary
        position = _end_of_item(data, position, head) if length == UNDEFINED_LENGTH else position + length


def _end_of_item(data: bytes, position: int, head: Head) -> int:
    """Position after an item of undefined length that begins at a position."""
    while data[position : position + 4] != ITEM_END:
        _, start, length = head(data, position)
        position = _end_of_sequence(data, start, head) if length == UNDEFINED_LENGTH else start + length
    return position + 8


def _plain_header(data: bytes, elements: Elements, implicit: bool) -> dict[str, Any]:
    """Make the same header as :func:`.values.plain_header`, from the stored bytes of the elements."""
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
    settle_modality(header, header.get("SOPClassUID") or _ascii(data, elements, MEDIA_CLASS))
    if header.get("Modality") == "PT":
        begin, _, end = elements.get(INJECTION, (0, 0, 0))
        header.update(_injection(character_set + data[begin:end], implicit))
        private = [elements[tag] for tag in elements if tag >> 16 in PRIVATE_GROUPS and _may_be_wanted(tag)]
        header.update(_private(character_set + b"".join(data[begin:end] for begin, _, end in private), implicit))
    return header


def _may_be_wanted(tag: int) -> bool:
    """True for a private creator, and for an element that can be one of :data:`.values.PRIVATE_VALUES`."""
    element = tag & 0xFFFF
    return element <= 0xFF or any(
        (tag >> 16, element & 0xFF) == (group, low) for group, _, low in PRIVATE_VALUES.values()
    )


def _dataset(elements: bytes, implicit: bool) -> Any:
    from pydicom.filereader import read_dataset

    return read_dataset(BytesIO(elements), implicit, is_little_endian=True)


# Most elements are the same in all files of a series, so that their values are kept.
@lru_cache(maxsize=4096)
def _plain_value(tag: int, character_set: bytes, element: bytes, implicit: bool) -> Any:
    """Convert one element by means of pydicom, which knows the character sets and number formats of every VR."""
    read = wanted_elements()[tag][1]
    return read(_dataset(character_set + element, implicit)[tag].value)


@lru_cache(maxsize=64)
def _injection(elements: bytes, implicit: bool) -> dict[str, Any]:
    return injection_values(_dataset(elements, implicit))


@lru_cache(maxsize=1024)
def _private(elements: bytes, implicit: bool) -> dict[str, Any]:
    return private_values(_dataset(elements, implicit))
