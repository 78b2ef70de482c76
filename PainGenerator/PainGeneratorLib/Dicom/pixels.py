"""Second pass: the pixels of a stack as rescaled float32 values."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from .files import Frame, damaged

READ_THREADS = 2
"""Reading waits for the disk and decoders release the interpreter lock."""


def _stored_type(header: dict[str, Any]) -> np.dtype:
    """Little-endian type of stored pixels."""
    signed = "i" if header.get("PixelRepresentation") else "u"
    return np.dtype(f"<{signed}{int(header['BitsAllocated']) // 8}")


def _used_bits(stored: np.ndarray, header: dict[str, Any]) -> np.ndarray:
    """Drop bits above Bits Stored (old overlays) and extend the sign; only where there are any."""
    spare = int(header["BitsAllocated"]) - int(header.get("BitsStored") or header["BitsAllocated"])
    high = header.get("HighBit")
    if spare <= 0 or (high is not None and high != header["BitsStored"] - 1):
        return stored
    return (stored << spare) >> spare


def _read_native(frame: Frame) -> np.ndarray:
    rows, columns = int(frame.get("Rows")), int(frame.get("Columns"))
    offset = frame.pixel_offset or 0
    try:
        stored = np.fromfile(frame.path, dtype=_stored_type(frame.header), count=rows * columns, offset=offset)
    except OSError as error:
        raise damaged(frame.path, str(error)) from error
    if stored.size < rows * columns:
        raise damaged(frame.path, f"{stored.size} of {rows * columns} pixels")
    return _used_bits(stored.reshape(rows, columns), frame.header)


def _decode_file(path: Path, transfer_syntax: str) -> np.ndarray:
    """Stored values of a file whose pixels are compressed or unusually packed, shape (frames, rows, columns).

    pydicom first, with whatever decoders it finds; then GDCM through SimpleITK.
    """
    import pydicom

    try:
        stored = pydicom.dcmread(path).pixel_array
        return stored if stored.ndim == 3 else stored[None]
    except (RuntimeError, ValueError, AttributeError, NotImplementedError, OSError, EOFError) as error:
        first_error = error
    try:
        return _decode_with_gdcm(path)
    except RuntimeError as error:
        name = pydicom.uid.UID(transfer_syntax).name
        raise PainGeneratorError(
            f"The pixels of {path} ({name}) cannot be decoded: the file is damaged, or its compression is not "
            f"supported ({str(first_error).splitlines()[0] if str(first_error) else type(first_error).__name__}).",
            "Export the series uncompressed (Explicit VR Little Endian) and try again.",
        ) from error


def _decode_with_gdcm(path: Path) -> np.ndarray:
    """Stored values by SimpleITK's GDCM reader, which rescales: the rescaling is undone."""
    import pydicom
    import SimpleITK as sitk

    header = pydicom.dcmread(path, stop_before_pixels=True)
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    values = sitk.GetArrayFromImage(reader.Execute())
    slope, intercept = float(header.get("RescaleSlope") or 1.0), float(header.get("RescaleIntercept") or 0.0)
    if (slope, intercept) != (1.0, 0.0):
        values = np.rint((values.astype(np.float64) - intercept) / slope)
    return values if values.ndim == 3 else values[None]


def load_frames(frames: list[Frame], progress: Callable[[float, str], None] | None = None) -> np.ndarray:
    """Rescaled values of the frames of a stack.

    Parameters
    ----------
    frames : list of Frame
        In slice order, all of one size.
    progress : callable, optional
        Told the fraction done; may raise Cancelled.

    Returns
    -------
    ndarray of float32, shape (slices, rows, columns)
        ``stored * slope + intercept``, each slice with its own. MONOCHROME1 is turned round for MR, where only the
        brightness carries meaning; PET and CT values are quantities and stay as they are.

    Raises
    ------
    PainGeneratorError
        A file is cut off, damaged or compressed in a way that cannot be decoded.
    """
    first = frames[0]
    volume = np.empty((len(frames), int(first.get("Rows")), int(first.get("Columns"))), dtype=np.float32)
    decoded: dict[Path, np.ndarray] = {}
    several = {frame.path for frame in frames if frame.index is not None and frame.pixel_offset is None}
    for path in several:
        decoded[path] = _decode_file(path, first.transfer_syntax)

    def load_one(k: int) -> None:
        frame = frames[k]
        if frame.pixel_offset is not None:
            stored = _read_native(frame)
        elif frame.path in decoded:
            stored = decoded[frame.path][frame.index]
        else:
            stored = _decode_file(frame.path, frame.transfer_syntax)[0]
        if stored.shape != volume.shape[1:]:
            raise damaged(frame.path, f"pixels of shape {stored.shape}")
        slope, intercept = frame.get("RescaleSlope"), frame.get("RescaleIntercept") or 0.0
        # float64 on one slice only: a slope per slice times large counts must not lose digits
        values = stored * (1.0 if slope is None else slope) + intercept
        volume[k] = values

    with ThreadPoolExecutor(READ_THREADS) as pool:
        for done, _ in enumerate(pool.map(load_one, range(len(frames))), start=1):
            if progress is not None and done % 16 == 0:
                progress(done / len(frames), "reading pixels")
    if first.get("PhotometricInterpretation") == "MONOCHROME1" and first.get("Modality") == "MR":
        np.subtract(volume.max() + volume.min(), volume, out=volume)
    return volume
