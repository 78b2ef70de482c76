"""Second pass over a folder: read the pixels of a stack as rescaled float32 values."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import MOST_VOXELS
from .dicom_head import read_any_head
from .files import Frame, damaged
from .pixel_facts import SEND_AGAIN, activity_fault, settled_values, without_padding
from .values import as_number, number_of

READ_THREADS = 2
"""Number of threads that read files. More than one thread helps, because reading waits for the disk and the decoders
release the interpreter lock. Our estimate, for computers with two cores or more."""


def _stored_type(header: dict[str, Any]) -> np.dtype:
    """NumPy type of stored pixels, little endian."""
    signed = "i" if header.get("PixelRepresentation") else "u"
    return np.dtype(f"<{signed}{int(header['BitsAllocated']) // 8}")


def _read_native(frame: Frame) -> np.ndarray:
    """Stored values of a frame that is not compressed, shape (rows, columns)."""
    rows, columns = int(frame.get("Rows")), int(frame.get("Columns"))
    offset = frame.pixel_offset or 0
    try:
        stored = np.fromfile(frame.path, dtype=_stored_type(frame.header), count=rows * columns, offset=offset)
    except OSError as error:
        raise damaged(frame.path, str(error)) from error
    if stored.size < rows * columns:
        raise damaged(frame.path, f"{stored.size} of {rows * columns} pixels")
    return stored.reshape(rows, columns)


def _decode_file(path: Path, transfer_syntax: str) -> np.ndarray:
    """Stored values of a file whose pixels are compressed or packed in an unusual way, shape (frames, rows, columns).

    pydicom tries first, with the decoders that are installed. If it fails, GDCM tries through SimpleITK.
    """
    import pydicom

    try:
        stored = read_any_head(path)[0].pixel_array
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
    """Stored values as GDCM decodes them, shape (frames, rows, columns).

    SimpleITK applies slope and intercept. This is undone here, because :func:`load_frames` applies them later.
    """
    import SimpleITK as sitk

    header, _ = read_any_head(path, stop_before_pixels=True)
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    values = sitk.GetArrayFromImage(reader.Execute())
    slope, intercept = number_of(header, "RescaleSlope") or 1.0, number_of(header, "RescaleIntercept") or 0.0
    if (slope, intercept) != (1.0, 0.0):
        values = np.rint((values.astype(np.float64) - intercept) / slope)
    return values if values.ndim == 3 else values[None]


def slope_problem(frames: list[Frame]) -> PainGeneratorError | None:
    """Why the slices of a CT or MR are not comparable: a slope in some of them and none in others. None when they are.

    Without any slope they count as stored. PET needs all its slopes, which is checked where its SUV is computed.
    """
    known = [as_number(frame.get("RescaleSlope")) is not None for frame in frames]
    if frames[0].get("Modality") == "PT" or not any(known) or all(known):
        return None
    return PainGeneratorError(
        f"The Rescale Slope (0028,1053) is missing or not a number in {known.count(False)} of {len(known)} slices.",
        "Send the series again from the scanner or archive.",
    )


def _empty_volume(frames: list[Frame]) -> np.ndarray:
    """Room for the values of a stack; refuse more than an image has."""
    shape = (len(frames), int(frames[0].get("Rows")), int(frames[0].get("Columns")))
    if math.prod(shape) > MOST_VOXELS:
        raise damaged(frames[0].path, f"{math.prod(shape)} voxels in its series")
    return np.empty(shape, dtype=np.float32)


def _check_values(volume: np.ndarray, frames: list[Frame]) -> None:
    """Refuse values that are no picture, or no activity.

    Raises
    ------
    PainGeneratorError
    """
    modality = frames[0].get("Modality")
    if modality == "MR" and volume[0].size > 1 and not np.any(np.ptp(volume, axis=(1, 2))):
        raise PainGeneratorError(
            f"Each slice of the series holds one value only ({frames[0].path} and others): it is no picture.",
            "Use another series for this role, or send this one again from the scanner or archive.",
        )
    fault = activity_fault(volume, [frame.header for frame in frames]) if modality == "PT" else ""
    if fault:
        raise PainGeneratorError(f"The series of {frames[0].path} {fault}.", SEND_AGAIN)


def load_frames(frames: list[Frame], progress: Callable[[float, str], None] | None = None) -> np.ndarray:
    """Read the rescaled values of the frames of a stack.

    Parameters
    ----------
    frames : list of Frame
        The frames in the order of the slices, all of one size.
    progress : callable, optional
        Called with the fraction that is done (0 to 1) and a text. It may raise `Cancelled`.

    Returns
    -------
    ndarray of float32, shape (slices, rows, columns)
        ``stored * slope + intercept``, with the slope and intercept of each slice. MONOCHROME1 images of MR are
        inverted, so that large values are bright. PET and CT values are quantities and stay as they are.

    Raises
    ------
    PainGeneratorError
        A file is cut off or damaged, or its compression cannot be decoded.
    """
    first = frames[0]
    volume = _empty_volume(frames)
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
        stored = settled_values(stored, frame.header, frame.path, is_decoded=frame.pixel_offset is None)
        stored = without_padding(stored, frame.header)
        slope, intercept = as_number(frame.get("RescaleSlope")), as_number(frame.get("RescaleIntercept"))
        # Slope times counts is computed in float64, so that large counts keep their digits; the volume is float32.
        values = stored * (1.0 if slope is None else slope) + (intercept or 0.0)
        volume[k] = values

    with ThreadPoolExecutor(READ_THREADS) as pool:
        for done, _ in enumerate(pool.map(load_one, range(len(frames))), start=1):
            if progress is not None and done % 16 == 0:
                progress(done / len(frames), "reading pixels")
    _check_values(volume, frames)
    if first.get("PhotometricInterpretation") == "MONOCHROME1" and first.get("Modality") == "MR":
        np.subtract(volume.max() + volume.min(), volume, out=volume)
    return volume
