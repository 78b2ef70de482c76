"""Recognize DICOM by the first bytes of a file, also without preamble and meta header.

A DICOM file begins with 128 bytes of preamble, the letters DICM and the file meta information of group 2 (PS3.10,
section 7.1). Old exports of GE and Siemens scanners lack one part or all of this; GDCM, DCMTK and Slicer read them
(https://github.com/GSTT-CSC/hazen/issues/433, https://github.com/pydicom/pydicom/issues/150). The forms are those that
PixelMed accepts, as listed in https://github.com/ivmartel/dwv/issues/188.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from ..Numerics.core.input_files import deflated_fault

PREFIX = b"DICM"
PREAMBLE_BYTES = 128
"""Length of the preamble (PS3.10, section 7.1)."""
HEAD_BYTES = 1024
"""Number of bytes from the start of a file that are looked at. Our estimate: the first elements are shorter."""
CHECKED_ELEMENTS = 3
"""Number of elements at the start of a file without DICM that have to look like DICOM. Our estimate: with three
elements in rising order, text and tables of other programs do not pass."""
LONGEST_VALUE = 1024
"""Upper bound of the length of the first values of a file, bytes. Our estimate: they are UIDs, code words and
dates."""
LAST_FIRST_ELEMENT = 0x0018
"""Upper bound of the element number of the first element of group 8: SOP Instance UID. Our estimate: an image has this
element or an earlier one."""
LONG_VRS = (b"OB", b"OW", b"SQ", b"UN", b"UT")
"""Value representations with a long length that can stand at the start of a file (PS3.5, section 7.1.2)."""


def start_of_dicom(head: bytes) -> int | None:
    """Find where the elements of a DICOM file begin.

    Parameters
    ----------
    head : bytes
        The first :data:`HEAD_BYTES` of a file, or all of a shorter one.

    Returns
    -------
    int or None
        Byte offset of the first element; 132 for an ordinary file. None when the file does not look like DICOM.
    """
    if head[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == PREFIX:
        return PREAMBLE_BYTES + 4
    if head[:4] == PREFIX and _looks_like_elements(head[4:]):
        return 4
    if _looks_like_elements(head):
        return 0
    if not any(head[:PREAMBLE_BYTES]) and _looks_like_elements(head[PREAMBLE_BYTES:]):
        return PREAMBLE_BYTES
    return None


def read_any_head(path: Path, **options: Any) -> tuple[Any, int]:
    """Read a DICOM file with pydicom, whichever form its head has.

    Parameters
    ----------
    path : Path
    **options
        As for ``pydicom.dcmread``.

    Returns
    -------
    dataset : pydicom.FileDataset
    start : int
        How many bytes of the file come before those that pydicom counts from: 0 for an ordinary file.

    Raises
    ------
    pydicom.errors.InvalidDicomError
        The file does not look like DICOM.
    ValueError
        The file is packed, and cut off, or unpacks to far more than pictures do.
    """
    import io

    import pydicom
    from pydicom.errors import InvalidDicomError

    with path.open("rb") as file:
        start = start_of_dicom(file.read(HEAD_BYTES))
        if start is None:
            raise InvalidDicomError(f"{path} does not look like DICOM")
        if start == PREAMBLE_BYTES + 4:
            fault = deflated_fault(path)
            if fault:
                raise ValueError(fault)
            return pydicom.dcmread(path, **options), 0
        file.seek(start)
        # Without a file behind it, pydicom could not fetch values later that it leaves out now.
        options.pop("defer_size", None)
        dataset = pydicom.dcmread(io.BytesIO(file.read()), force=True, **options)
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        syntax = pydicom.uid.ImplicitVRLittleEndian if implicit else pydicom.uid.ExplicitVRLittleEndian
        dataset.file_meta.TransferSyntaxUID = syntax if little else pydicom.uid.ExplicitVRBigEndian
    return dataset, start


def _looks_like_elements(data: bytes) -> bool:
    """True when the bytes begin with elements of group 2 or 8 in rising order, in any byte order."""
    return any(_count_elements(data, order) >= CHECKED_ELEMENTS for order in "<>")


def _count_elements(data: bytes, order: str) -> int:
    """How many elements in rising order stand at the start of the data, up to :data:`CHECKED_ELEMENTS`."""
    position, last, count = 0, (0, -1), 0
    while count < CHECKED_ELEMENTS and position + 12 <= len(data):
        group, element = struct.unpack_from(f"{order}HH", data, position)
        is_first = count == 0 and (group == 2 or (group == 8 and element <= LAST_FIRST_ELEMENT))
        if not (is_first or (count and (group, element) > last)):
            break
        start, length = _value(data, position, order)
        if length % 2 or length > LONGEST_VALUE:
            break
        last, position, count = (group, element), start + length, count + 1
    return count


def _value(data: bytes, position: int, order: str) -> tuple[int, int]:
    """Begin and length of the value of the element at a position, with explicit or implicit VR."""
    vr = data[position + 4 : position + 6]
    if vr in LONG_VRS:
        return position + 12, struct.unpack_from(f"{order}I", data, position + 8)[0]
    if vr.isalpha() and vr.isupper():
        return position + 8, struct.unpack_from(f"{order}H", data, position + 6)[0]
    return position + 8, struct.unpack_from(f"{order}I", data, position + 4)[0]
