"""First pass over a folder: find the images and read the header of every frame. Pixels are not read yet."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from .header_scan import NotOrdinary, scan_header
from .values import number_of, plain_header, text_of

UNDEFINED_LENGTH = 0xFFFFFFFF
"""Value length that DICOM writes for encapsulated (compressed) pixels (PS3.5, section 7.1.1)."""
DEFERRED_BYTES = 4096
"""Elements longer than this many bytes are not loaded during the first pass. Our estimate: texts and numbers of a
header are shorter, pixels are longer."""

IMAGE_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "enhanced CT",
    "1.2.840.10008.5.1.4.1.1.2.2": "legacy converted enhanced CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "enhanced MR",
    "1.2.840.10008.5.1.4.1.1.4.4": "legacy converted enhanced MR",
    "1.2.840.10008.5.1.4.1.1.128": "PET",
    "1.2.840.10008.5.1.4.1.1.128.1": "legacy converted enhanced PET",
    "1.2.840.10008.5.1.4.1.1.130": "enhanced PET",
}
"""SOP Class UID -> name of the class, for the classes that are read as volumes."""

OTHER_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.66.4": "segmentation",
    "1.2.840.10008.5.1.4.1.1.66.7": "label map segmentation",
    "1.2.840.10008.5.1.4.1.1.66.5": "surface segmentation",
    "1.2.840.10008.5.1.4.1.1.66.1": "spatial registration",
    "1.2.840.10008.5.1.4.1.1.66": "raw data",
    "1.2.840.10008.5.1.4.1.1.67": "real world value mapping",
    "1.2.840.10008.5.1.4.1.1.30": "parametric map",
    "1.2.840.10008.5.1.4.1.1.481.3": "contours (RTSTRUCT)",
    "1.2.840.10008.5.1.4.1.1.11.1": "presentation state",
    "1.2.840.10008.5.1.4.1.1.104.1": "document",
    "1.2.840.10008.5.1.4.1.1.4.2": "MR spectroscopy",
}
"""SOP Class UID -> words for the reader, for classes that are not read as volumes."""
OTHER_CLASS_PREFIXES = {
    "1.2.840.10008.5.1.4.1.1.88.": "structured report",
    "1.2.840.10008.5.1.4.1.1.7": "secondary capture (screenshot)",
    "1.2.840.10008.5.1.4.1.1.11.": "presentation state",
    "1.2.840.10008.5.1.4.1.1.481.": "radiotherapy object",
}
"""First part of a SOP Class UID -> words for the reader, for whole families of classes that are not read."""


@dataclass(slots=True)
class Frame:
    """One two-dimensional image: a single-frame file, or one frame of a multi-frame file."""

    path: Path
    index: int | None
    """Frame number from 0 within a multi-frame file; None for a single-frame file."""
    header: dict[str, Any]
    transfer_syntax: str
    pixel_offset: int | None
    """Byte offset of uncompressed pixels of this frame in the file; None when they must be decoded."""

    def get(self, keyword: str) -> Any:
        """A value of the plain header."""
        return self.header.get(keyword)


@dataclass(frozen=True)
class OtherFile:
    """A DICOM file that does not hold an image of a volume."""

    path: Path
    series_uid: str
    description: str
    reason: str


def all_files(folder: Path) -> list[Path]:
    """List all files below a folder in a stable order, without hidden files. Links to folders are not followed."""
    found: list[Path] = []
    for root, folders, names in os.walk(folder):
        folders.sort()
        found.extend(Path(root, name) for name in sorted(names) if not name.startswith("."))
    return found


def class_reason(sop_class: str | None) -> str:
    """Words that say what a file of a SOP class that is not read contains."""
    if sop_class in OTHER_CLASSES:
        return OTHER_CLASSES[sop_class]
    for prefix, words in OTHER_CLASS_PREFIXES.items():
        if (sop_class or "").startswith(prefix):
            return words
    return "not a CT, MR or PET image"


def read_file_header(path: Path) -> list[Frame] | OtherFile | None:
    """Read the frames of one file, without their pixels.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    list of Frame, or OtherFile, or None
        The frames of an image; an `OtherFile` for any other DICOM object; None when the file is not DICOM.

    Raises
    ------
    PainGeneratorError
        The file is DICOM, but it is cut off or damaged.
    """
    try:
        header, syntax, offset = scan_header(path)
        if header["SOPClassUID"] in IMAGE_CLASSES:
            return [Frame(path, None, header, syntax, offset)]
    except NotOrdinary:
        pass
    return read_with_pydicom(path)


def read_with_pydicom(path: Path) -> list[Frame] | OtherFile | None:
    """Do the same as :func:`read_file_header` for files of any kind. This takes about ten times as long."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        with warnings.catch_warnings():
            # pydicom warns of values that break the standard in small ways. The user cannot act on these warnings.
            warnings.simplefilter("ignore")
            return _read_dataset(path, pydicom.dcmread(path, defer_size=DEFERRED_BYTES))
    except InvalidDicomError:
        return None
    except (
        EOFError,
        OSError,
        ValueError,
        LookupError,
        NotImplementedError,
        AttributeError,
        TypeError,
    ) as error:
        raise damaged(path, str(error) or type(error).__name__) from error


def _read_dataset(path: Path, dataset: Any) -> list[Frame] | OtherFile | None:
    """Return the frames of an image, an `OtherFile` for another object, and None for a DICOMDIR."""
    sop_class = str(dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID") or "")
    if sop_class == "1.2.840.10008.1.3.10":
        return None
    if sop_class not in IMAGE_CLASSES:
        if not sop_class:
            raise damaged(path, "its header has no SOP Class UID")
        series_uid = text_of(dataset, "SeriesInstanceUID") or ""
        return OtherFile(path, series_uid, _short_description(dataset), class_reason(sop_class))
    return _frames(path, dataset, sop_class)


def damaged(path: Path, why: str) -> PainGeneratorError:
    """Make the error for a file that cannot be read to its end."""
    return PainGeneratorError(
        f"The file {path} is cut off or damaged ({why.splitlines()[0]}).",
        "Copy the examination again from its source.",
    )


def _short_description(dataset: Any) -> str:
    """Number, modality and description of a series, for people."""
    number, words = number_of(dataset, "SeriesNumber"), text_of(dataset, "SeriesDescription")
    parts = [f"series {number:g}" if number is not None else "series", text_of(dataset, "Modality") or ""]
    return " ".join(part for part in parts if part) + (f" '{words}'" if words else "")


NATIVE_SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
"""Little-endian transfer syntaxes, implicit and explicit VR. Their pixels can be read straight from the file."""
BIG_ENDIAN_SYNTAX = "1.2.840.10008.1.2.2"
"""Explicit VR big endian: not compressed, but the bytes must be swapped."""


def _pixel_offset(path: Path, pixels: Any, syntax: str, needed_bytes: int) -> int | None:
    """Byte offset of the pixels in the file; None when the pixels must be decoded first.

    Raises
    ------
    EOFError
        When the file holds fewer bytes of pixels than its header says.
    """
    from pydicom.dataelem import RawDataElement

    if not isinstance(pixels, RawDataElement) or pixels.length == UNDEFINED_LENGTH or not pixels.value_tell:
        return None
    size = path.stat().st_size
    is_short = pixels.length < needed_bytes or pixels.value_tell + needed_bytes > size
    if syntax in (*NATIVE_SYNTAXES, BIG_ENDIAN_SYNTAX) and is_short:
        have = max(0, min(pixels.length, size - pixels.value_tell))
        raise EOFError(f"{have} of {needed_bytes} bytes of pixels")
    return int(pixels.value_tell) if syntax in NATIVE_SYNTAXES else None


def _frames(path: Path, dataset: Any, sop_class: str) -> list[Frame]:
    """Make the frames of an image: one frame for an ordinary file, several frames for an enhanced multi-frame file."""
    header = plain_header(dataset)
    header["SOPClassUID"] = sop_class
    header.setdefault("SOPInstanceUID", str(dataset.file_meta.get("MediaStorageSOPInstanceUID", "")))
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", "1.2.840.10008.1.2"))
    pixels = dataset.get_item("PixelData", keep_deferred=True) if "PixelData" in dataset else None
    if pixels is None:
        raise EOFError("it has no pixels")
    count = int(header.get("NumberOfFrames") or 1)
    frame_bytes = (
        int(header["Rows"] * header["Columns"] * header.get("SamplesPerPixel", 1)) * int(header["BitsAllocated"]) // 8
    )
    offset = _pixel_offset(path, pixels, syntax, count * frame_bytes)
    shared = dataset.get("SharedFunctionalGroupsSequence")
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence")
    if not per_frame:
        if count > 1:
            raise ValueError("it has several frames, but no positions for them")
        return [Frame(path, None, header, syntax, offset)]
    from .functional_groups import frame_headers

    headers = frame_headers(header, shared[0] if shared else None, per_frame)
    if len(headers) != count:
        raise ValueError(f"{count} frames, but {len(headers)} positions")
    return [
        Frame(path, number, plain, syntax, None if offset is None else offset + number * frame_bytes)
        for number, plain in enumerate(headers)
    ]
