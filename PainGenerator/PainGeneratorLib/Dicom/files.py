"""First pass over a folder: find the images and read the header of every frame. Pixels are not read yet."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from .dicom_head import read_any_head
from .header_scan import NotOrdinary, begin_of_header, scan_header
from .pixel_facts import header_fault, length_fault
from .sop_classes import IMAGE_CLASSES, PLAIN_CLASSES, class_reason
from .values import number_of, plain_header, text_of

UNDEFINED_LENGTH = 0xFFFFFFFF
"""Value length that DICOM writes for encapsulated (compressed) pixels (PS3.5, section 7.1.1)."""
DEFERRED_BYTES = 4096
"""Elements longer than this many bytes are not loaded during the first pass. Our estimate: texts and numbers of a
header are shorter, pixels are longer."""


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

    unusable: str = ""
    """Why the file holds nothing that can be a slice of a volume ("no pixels in the file"); empty when it can."""
    damage: str = ""
    """What is wrong with the file, in words that follow its name ("is cut off or damaged (...)"); empty when whole."""

    def get(self, keyword: str) -> Any:
        """A value of the plain header."""
        return self.header.get(keyword)


@dataclass(frozen=True)
class DamagedFile:
    """A file that cannot be read to the end of its header, or not at all."""

    path: Path
    what: str
    """What is wrong, in words that follow the name of the file."""
    header: dict[str, Any]
    """What could be read of the header, as plain values by keyword."""


@dataclass(frozen=True)
class OtherFile:
    """A DICOM file that does not hold an image of a volume."""

    path: Path
    series_uid: str
    description: str
    reason: str


def read_file_header(path: Path) -> list[Frame] | OtherFile | DamagedFile | None:
    """Read the frames of one file, without their pixels.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    list of Frame, or OtherFile, or DamagedFile, or None
        The frames of an image; an `OtherFile` for any other DICOM object; a `DamagedFile` when the header cannot be
        read to its end; None when the file is not DICOM. A frame whose pixels are cut off says so
        (:attr:`Frame.damage`).
    """
    try:
        header, syntax, offset = scan_header(path)
        if header["SOPClassUID"] in IMAGE_CLASSES:
            return [Frame(path, None, header, syntax, offset, unusable=header_fault(header))]
    except NotOrdinary:
        pass
    return read_with_pydicom(path)


def read_with_pydicom(path: Path) -> list[Frame] | OtherFile | DamagedFile | None:
    """Do the same as :func:`read_file_header` for files of any kind. This takes about ten times as long."""
    from pydicom.errors import InvalidDicomError

    try:
        with warnings.catch_warnings():
            # pydicom warns of values that break the standard in small ways. The user cannot act on these warnings.
            warnings.simplefilter("ignore")
            dataset, skipped = read_any_head(path, defer_size=DEFERRED_BYTES)
            return _read_dataset(path, dataset, skipped)
    except InvalidDicomError:
        return None
    except PermissionError as error:
        return DamagedFile(path, f"cannot be opened ({error.strerror or error})", {})
    except OSError as error:
        return DamagedFile(path, f"cannot be read ({error.strerror or error})", {})
    except Exception as error:
        # pydicom raises errors of many kinds on damaged bytes. The file is told to the user as damaged.
        return DamagedFile(path, cut_off(str(error) or type(error).__name__), begin_of_header(path))


def _read_dataset(path: Path, dataset: Any, skipped: int) -> list[Frame] | OtherFile | DamagedFile:
    """Return the frames of an image, an `OtherFile` for another object."""
    meta = getattr(dataset, "file_meta", None) or {}
    sop_class = str(dataset.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or "")
    if not sop_class and "PixelData" in dataset:
        sop_class = PLAIN_CLASSES.get(text_of(dataset, "Modality") or "", "")
    if sop_class not in IMAGE_CLASSES:
        if not sop_class and "SeriesInstanceUID" not in dataset:
            return DamagedFile(path, cut_off("its header has no SOP Class UID"), begin_of_header(path))
        series_uid = text_of(dataset, "SeriesInstanceUID") or ""
        description = _short_description(dataset) if len(dataset) else path.name
        return OtherFile(path, series_uid, description, class_reason(sop_class))
    return _frames(path, dataset, sop_class, skipped)


def cut_off(why: str) -> str:
    """Words for a file that cannot be read to its end."""
    return f"is cut off or damaged ({why.splitlines()[0]})"


def damaged(path: Path, why: str) -> PainGeneratorError:
    """Make the error for a file that cannot be read to its end."""
    return file_error(path, cut_off(why))


def file_error(path: Path, what: str) -> PainGeneratorError:
    """Make the error for a file that is of no use for its series; `what` continues "The file ..."."""
    return PainGeneratorError(f"The file {path} {what}.", "Copy the examination again from its source.")


def _short_description(dataset: Any) -> str:
    """Number, modality and description of a series, for people."""
    number, words = number_of(dataset, "SeriesNumber"), text_of(dataset, "SeriesDescription")
    parts = [f"series {number:g}" if number is not None else "series", text_of(dataset, "Modality") or ""]
    return " ".join(part for part in parts if part) + (f" '{words}'" if words else "")


NATIVE_SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
"""Little-endian transfer syntaxes, implicit and explicit VR. Their pixels can be read straight from the file."""
BIG_ENDIAN_SYNTAX = "1.2.840.10008.1.2.2"
"""Explicit VR big endian: not compressed, but the bytes must be swapped."""


def _pixel_offset(path: Path, pixels: Any, syntax: str, needed_bytes: int, skipped: int) -> int | None:
    """Byte offset of the pixels in the file; None when the pixels must be decoded first.

    Raises
    ------
    EOFError
        When the file holds fewer bytes of pixels than its header says.
    """
    from pydicom.dataelem import RawDataElement

    if not isinstance(pixels, RawDataElement) or pixels.length == UNDEFINED_LENGTH or not pixels.value_tell:
        return None
    size = path.stat().st_size - skipped
    is_short = pixels.length < needed_bytes or pixels.value_tell + needed_bytes > size
    if syntax in (*NATIVE_SYNTAXES, BIG_ENDIAN_SYNTAX) and is_short:
        have = max(0, min(pixels.length, size - pixels.value_tell))
        raise EOFError(f"{have} of {needed_bytes} bytes of pixels")
    return int(pixels.value_tell) + skipped if syntax in NATIVE_SYNTAXES else None


def _frames(path: Path, dataset: Any, sop_class: str, skipped: int) -> list[Frame] | DamagedFile:
    """Make the frames of an image: one frame for an ordinary file, several frames for an enhanced multi-frame file."""
    meta = getattr(dataset, "file_meta", None) or {}
    header = plain_header(dataset)
    header["SOPClassUID"] = sop_class
    header.setdefault("SOPInstanceUID", str(meta.get("MediaStorageSOPInstanceUID", "")))
    syntax = str(meta.get("TransferSyntaxUID", "1.2.840.10008.1.2"))
    missing = [keyword for keyword in ("Rows", "Columns", "BitsAllocated") if keyword not in header]
    if missing:
        why = "it ends within its header" if len(missing) == 3 else f"its header has no {', '.join(missing)}"
        return DamagedFile(path, cut_off(why), begin_of_header(path) or header)
    count = int(header.get("NumberOfFrames") or 1)
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence")
    unusable = _why_unusable(dataset, count, per_frame) or header_fault(header)
    if unusable:
        return [Frame(path, None, header, syntax, None, unusable=unusable)]
    frame_bytes = (
        int(header["Rows"] * header["Columns"] * header.get("SamplesPerPixel", 1)) * int(header["BitsAllocated"]) // 8
    )
    offset, damage = None, ""
    try:
        pixels = dataset.get_item("PixelData", keep_deferred=True)
        offset = _pixel_offset(path, pixels, syntax, count * frame_bytes, skipped)
        if offset is not None:
            unusable = length_fault(header, pixels.length, count * frame_bytes)
    except EOFError as error:
        damage = cut_off(str(error))
    if unusable:
        return [Frame(path, None, header, syntax, None, unusable=unusable)]
    if not per_frame:
        return [Frame(path, None, header, syntax, offset, damage=damage)]
    from .functional_groups import frame_headers

    shared = dataset.get("SharedFunctionalGroupsSequence")
    return [
        Frame(path, number, plain, syntax, None if offset is None else offset + number * frame_bytes, damage=damage)
        for number, plain in enumerate(frame_headers(header, shared[0] if shared else None, per_frame))
    ]


def _why_unusable(dataset: Any, count: int, per_frame: Any) -> str:
    """Why an image cannot become part of a volume whatever its header says; empty when it can."""
    if "PixelData" not in dataset:
        is_float = "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset
        return "pixels are floating-point numbers" if is_float else "no pixels in the file"
    if not (dataset.get("Rows") and dataset.get("Columns")):
        return "pictures without rows or columns"
    if not per_frame:
        return "several frames, but no positions for them" if count > 1 else ""
    return f"{count} frames, but {len(per_frame)} positions" if len(per_frame) != count else ""
