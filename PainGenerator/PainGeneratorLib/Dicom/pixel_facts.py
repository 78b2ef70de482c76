"""Check what a header says of its pixels: against itself, against their number of bytes, and against the values.

Contradictions are refused, because one of the two is wrong and nothing says which: a wrong number of bits or a wrong
sign gives a picture that looks right in parts. The elements are those of the Image Pixel Module (PS3.3, section
C.7.6.3) and the rules those of PS3.5, section 8.1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from .dicom_head import read_any_head

PIXEL_BITS = (8, 16, 32)
"""Bits Allocated (0028,0100) of the pixels that are read (PS3.5, section 8.1.1; one bit is for masks only)."""
MOST_PIXELS = 1 << 25
"""Upper bound of the number of pixels of one picture. Our estimate: slices have up to 4 million (2048 x 2048)."""
NEAR_THE_END = 0.02
"""A value within this fraction of the range of numbers from one of its ends is near the end. Our estimate."""
QUARTER = 0.25
"""A value with a sign is far from zero when it lies in the outer quarters of the range of numbers. Our estimate:
activity reaches hardly below zero, and the signal of MR not at all."""
LEAST_JUMPS = 3
"""Lower bound of the number of neighbors in a slice at opposite ends of the range. Our estimate: fewer are noise."""
PART_OF_JUMPS = 0.25
"""Lower bound of the part of the neighbors of pixels near one end that lie near the other end, from which on numbers
ran over. Our estimate: in pictures, the neighbors of the brightest pixels are bright."""
LEAST_VALUES = 3
"""Lower bound of the number of different values at each end; fewer are a background or a mask. Our estimate."""
SEND_AGAIN = "Send the series again from the scanner or archive, with its header as it was."


def header_fault(header: Mapping[str, Any]) -> str:
    """What contradicts itself in the pixel facts of a header; empty when nothing does.

    Parameters
    ----------
    header : mapping
        Plain header with BitsAllocated, Rows and Columns.

    Returns
    -------
    str
        The reason why the picture cannot be used.
    """
    allocated, stored = header["BitsAllocated"], header.get("BitsStored")
    if allocated not in PIXEL_BITS:
        return f"pixels of {allocated:g} bits"
    if stored is not None and not 1 <= stored <= allocated:
        return f"Bits Stored (0028,0101) is {stored:g}, and Bits Allocated (0028,0100) is {allocated:g}"
    used, high = _bits_of(header), header.get("HighBit")
    if high is not None and not used - 1 <= high < allocated:
        return f"High Bit (0028,0102) is {high:g}, and Bits Stored (0028,0101) is {used:g} of {allocated:g}"
    return _fault_of_kind(header)


def _bits_of(header: Mapping[str, Any]) -> int:
    """Number of bits of a value: Bits Stored, else those up to High Bit, else Bits Allocated."""
    stored, high = header.get("BitsStored"), header.get("HighBit")
    if stored is not None:
        return int(stored)
    return int(header["BitsAllocated"]) if high is None else int(high) + 1


def _fault_of_kind(header: Mapping[str, Any]) -> str:
    """What contradicts itself in sign, samples, color and size of a picture; empty when nothing does."""
    if header.get("PixelRepresentation") not in (None, 0, 1):
        return f"Pixel Representation (0028,0103) is {header['PixelRepresentation']:g}, which means nothing"
    samples, photometric = header.get("SamplesPerPixel", 1), header.get("PhotometricInterpretation")
    if samples != 1:
        return f"{samples:g} samples per pixel (0028,0002), as in a color picture"
    if photometric is not None and not str(photometric).upper().startswith("MONOCHROME"):
        return f"Photometric Interpretation (0028,0004) is {photometric}, as in a color picture"
    rows, columns = header["Rows"], header["Columns"]
    return f"a picture of {rows:g} x {columns:g} pixels" if rows * columns > MOST_PIXELS else ""


def length_fault(header: Mapping[str, Any], there: int, needed: int) -> str:
    """Why the number of bytes of pixels that are not compressed contradicts the header; empty when it does not.

    Parameters
    ----------
    header : mapping
    there, needed : int
        Bytes in the file, and those that the header asks for. Too few bytes mean a file that is cut off, which is told
        elsewhere.
    """
    row = int(header["Columns"]) * int(header["BitsAllocated"]) // 8
    if there - needed < max(2, row):
        return ""
    return (
        f"{there} bytes of pixels, and its rows ({header['Rows']:g}), columns ({header['Columns']:g}) and bits "
        f"({header['BitsAllocated']:g}) ask for {needed}"
    )


def settled_values(stored: np.ndarray, header: Mapping[str, Any], path: Path, *, is_decoded: bool) -> np.ndarray:
    """The values of a picture, from the numbers that are stored.

    Parameters
    ----------
    stored : ndarray, shape (rows, columns)
        Whole numbers. Those of a file without compression have all their bits.
    header : mapping
        Its pixel facts do not contradict themselves (:func:`header_fault`).
    path : Path
    is_decoded : bool
        True for numbers from a decoder, which has settled their bits.

    Returns
    -------
    ndarray, shape (rows, columns)
        Without the bits above Bits Stored, where old files keep overlays.

    Raises
    ------
    PainGeneratorError
        The numbers contradict the header.
    """
    bits = _bits_of(header)
    values = stored if is_decoded else _used_bits(stored, header, bits, path)
    if header.get("PixelRepresentation") is None and not is_decoded and _reaches_sign(values, bits):
        raise _contradiction(
            path,
            "has no Pixel Representation (0028,0103), and only that tells whether its values are negative or large",
        )
    if _runs_over(values, bits):
        raise _contradiction(
            path,
            f"has values at both ends of the range of {bits}-bit numbers side by side: its Pixel Representation "
            "(0028,0103) is wrong",
        )
    return values


def _contradiction(path: Path, what: str) -> PainGeneratorError:
    return PainGeneratorError(f"The file {path} {what}.", SEND_AGAIN)


def _used_bits(stored: np.ndarray, header: Mapping[str, Any], bits: int, path: Path) -> np.ndarray:
    """Numbers without spare bits below and above those that are used, with the sign extended to the bits above."""
    spare = int(header["BitsAllocated"]) - bits
    if spare == 0:
        return stored
    high = header.get("HighBit")
    below = 0 if high is None else int(high) - (bits - 1)
    if below:
        if np.any(stored & stored.dtype.type((1 << below) - 1)):
            raise _contradiction(
                path,
                f"says that its values begin at bit {below} (High Bit {header['HighBit']:g}, Bits Stored {bits}), and "
                "the bits below are used",
            )
        return (stored << (spare - below)) >> spare
    _check_bits_above(stored, header, bits, path)
    return (stored << spare) >> spare


def _check_bits_above(stored: np.ndarray, header: Mapping[str, Any], bits: int, path: Path) -> None:
    """Refuse numbers that need more bits than Bits Stored, unless the bits above hold an overlay."""
    pattern = stored.view(stored.dtype.str.replace("i", "u"))
    above = pattern >> bits
    extra = above != 0
    if stored.dtype.kind == "i":
        # A sign that is extended to the bits above is part of the number.
        extra &= above != (1 << (8 * stored.dtype.itemsize - bits)) - 1
    if not extra.any():
        return
    used = int(np.bitwise_or.reduce(above[extra]))
    is_one_plane = used & (used - 1) == 0 and not used & 1
    if (is_one_plane and header.get("Modality") != "PT") or _has_overlay_in_pixels(path):
        return
    raise _contradiction(path, f"has values of more than {bits} bits, and its Bits Stored (0028,0101) is {bits}")


def _has_overlay_in_pixels(path: Path) -> bool:
    """Whether a file says that bits of its pixels hold an overlay (PS3.3, section C.9.2, retired)."""
    dataset, _ = read_any_head(path, stop_before_pixels=True)
    for group in range(0x6000, 0x6020, 2):
        position = dataset.get((group, 0x0102))
        if position is not None and position.value and (group, 0x3000) not in dataset:
            return True
    return False


def _reaches_sign(values: np.ndarray, bits: int) -> bool:
    """Whether values use the bit that is the sign in numbers with a sign."""
    return bool(values.size) and (int(values.max()) >= 1 << (bits - 1) or int(values.min()) < 0)


def _runs_over(values: np.ndarray, bits: int) -> bool:
    """Whether numbers ran over the end of their range to the other end, as they do when read with a wrong sign.

    Numbers without a sign that should have one lie at both ends of the range side by side: zero and just below.
    Numbers with a sign that should have none leap from far above zero to far below.
    """
    is_signed = values.dtype.kind == "i"
    if values.dtype.itemsize < 2 or not values.size or (not is_signed and bits < 8 * values.dtype.itemsize):
        return False
    lowest = -(1 << (bits - 1)) if is_signed else 0
    part = QUARTER if is_signed else NEAR_THE_END
    low_to, high_from = lowest + part * (1 << bits), lowest + (1 - part) * (1 << bits)
    if values.max() < high_from or values.min() >= low_to:
        return False
    low, high = values < low_to, values >= high_from
    if min(np.unique(values[low]).size, np.unique(values[high]).size) < LEAST_VALUES:
        return False
    jumps, edges = _neighbors(low, high)
    return jumps >= LEAST_JUMPS and (is_signed or jumps >= PART_OF_JUMPS * edges)


def _neighbors(low: np.ndarray, high: np.ndarray) -> tuple[int, int]:
    """Number of neighbors of which one is low and the other high, and of those of which one is high alone."""
    jumps, edges = 0, 0
    for axis in (0, 1):
        before_low, before_high = (np.swapaxes(mask, 0, axis)[:-1] for mask in (low, high))
        after_low, after_high = (np.swapaxes(mask, 0, axis)[1:] for mask in (low, high))
        jumps += int(np.count_nonzero((before_low & after_high) | (before_high & after_low)))
        edges += int(np.count_nonzero(before_high != after_high))
    return jumps, edges


def without_padding(values: np.ndarray, header: Mapping[str, Any]) -> np.ndarray:
    """The values of a picture with padding, where that is bright, replaced by the lowest value.

    Padding fills the part of a picture that was not measured. It is dark in most pictures, and stays. A Pixel Padding
    Value (0028,0120) that does not lie in a corner of the picture is that of a tissue, and is not heeded.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
    header : mapping
        Plain header.
    """
    number = header.get("PixelPaddingValue")
    if number is None or not values.size:
        return values
    bits = 8 * values.dtype.itemsize
    limit = header.get("PixelPaddingRangeLimit", number)
    low, high = sorted(_as_stored(int(one), values.dtype, bits) for one in (number, limit))
    is_padding = (values >= low) & (values <= high)
    corners = is_padding[[0, 0, -1, -1], [0, -1, 0, -1]]
    rest = values[~is_padding]
    if not corners.any() or not rest.size or rest.min() >= low:
        return values
    return np.where(is_padding, rest.min(), values)


def _as_stored(number: int, kind: np.dtype, bits: int) -> int:
    """A padding value as a number of the type of the pixels, whichever sign the header gives it."""
    pattern = number & ((1 << bits) - 1)
    return pattern - (1 << bits) if kind.kind == "i" and pattern >> (bits - 1) else pattern


def activity_fault(volume: np.ndarray, headers: list[Mapping[str, Any]]) -> str:
    """Why the values of a PET cannot be activity: they reach farther below zero than above; empty when they do not.

    Parameters
    ----------
    volume : ndarray, shape (slices, rows, columns)
        Rescaled values.
    headers : list of mapping
        Plain headers of the slices.

    Returns
    -------
    str
        Words that follow the name of the series.
    """
    slopes = [header.get("RescaleSlope") for header in headers]
    if any(header.get("RescaleIntercept") for header in headers) or not all(
        slope is None or slope > 0 for slope in slopes
    ):
        return ""  # Where these are wrong, the rules of the SUV say so.
    lowest, highest = float(volume.min()), float(volume.max())
    if lowest < 0 and (volume[:, [0, 0, -1, -1], [0, -1, 0, -1]] == lowest).any():
        # The lowest value of a corner is the padding around the circle of the scanner.
        rest = volume[volume > lowest]
        lowest = float(rest.min()) if rest.size else 0.0
    if not (lowest < 0 and -lowest > highest):
        return ""
    return (
        f"has values down to {lowest:.4g} and up to {highest:.4g} only, which no activity has: its Pixel "
        "Representation (0028,0103) or its bits are wrong"
    )
