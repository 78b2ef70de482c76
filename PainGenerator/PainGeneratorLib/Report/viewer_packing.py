"""Voxels of the viewer as whole numbers, so small that the page stays small."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace

import numpy as np

from ..Numerics.core.image import Image, block_means
from ..Numerics.core.words import Role

REFERENCE_FRAME = "reference"
"""The frame of the reference series: of all series that could be aligned, and of the candidates."""
PET_FRAME = "pet"
"""The PET's own frame, where PET and MR could not be aligned."""
PET_BITS, MR_BITS = 16, 8
SUV_STEP = 0.01
"""What one step of a stored number of the PET is worth, g/ml: as fine as SUV are shown (two decimals)."""
BRIGHTEST_PERCENT = 99.95
"""MR values above this percentile are stored as the brightest one and shown as "at least". Our choice: the brightest
vessels would else leave few of the 255 steps to the tissue."""
PERCENTILE_VALUES = 500_000
"""So many values are enough for a percentile."""
PACKING = 1
"""Effort of gzip, 1 to 9. More takes four times as long and gains nothing: voxels are noise to it."""
SAMPLED = 6
"""Every so many slices are packed to learn how large a series will be."""
MOST_COARSE_STEPS = 40
"""So many times at most a series is made coarser; each halves its voxels, so that it always suffices."""


@dataclass(frozen=True, eq=False)
class ViewerSeries:
    """A series that the viewer can show.

    Parameters
    ----------
    id : str
        Its role.
    title : str
        How the page calls it.
    image : Image
        In the frame that the viewer shows it in.
    is_pet : bool
        The values are SUV, g/ml.
    frame : str
        :data:`REFERENCE_FRAME` or :data:`PET_FRAME`.
    unit : str
        Of the values; empty for MR.
    """

    id: str
    title: str
    image: Image
    is_pet: bool = False
    frame: str = REFERENCE_FRAME
    unit: str = ""


def packed_bytes(data: bytes) -> bytes:
    """Packed; the same data gives the same bytes."""
    return gzip.compress(data, PACKING, mtime=0)


@dataclass(frozen=True, eq=False)
class Stored:
    """Voxels as whole numbers.

    Parameters
    ----------
    numbers : ndarray of uint8 or uint16, shape (k, j, i)
        0 where there is no value; else the value is ``low + (number - 1) * step``.
    low, step : float
    cut : bool
        Larger values were stored as the largest number.
    """

    numbers: np.ndarray
    low: float
    step: float
    cut: bool

    @property
    def raw(self) -> bytes:
        """The bytes; of 16 bits all high ones first, then all low ones, which packs better."""
        if self.numbers.dtype == np.uint8:
            return self.numbers.tobytes()
        return (self.numbers >> 8).astype(np.uint8).tobytes() + (self.numbers & 255).astype(np.uint8).tobytes()


def within_budget(series: list[ViewerSeries], budget: int) -> tuple[list[ViewerSeries], list[Stored]]:
    """The series, averaged one after the other until all fit into a number of packed bytes.

    The series that are looked at most keep their voxels longest.
    """
    series = list(series)
    stored = [stored_numbers(one) for one in series]
    sizes = [_packed_size(one) for one in stored]
    for _ in range(MOST_COARSE_STEPS):
        if sum(sizes) <= budget:
            break
        weights = [size * _readiness(n, one) for n, (size, one) in enumerate(zip(sizes, series, strict=True))]
        next_one = int(np.argmax(weights))
        series[next_one] = _coarser(series[next_one])
        stored[next_one] = stored_numbers(series[next_one])
        sizes[next_one] = _packed_size(stored[next_one])
    return series, stored


def _readiness(number: int, series: ViewerSeries) -> float:
    """How readily a series is averaged, for its size. Our choice."""
    if series.is_pet:
        return 0.2  # Its values are read at the cursor.
    return 0.3 if number == 0 else 0.5 if series.id == Role.FLUID else 1.0


def _packed_size(stored: Stored) -> float:
    """About how many bytes a series takes when it is packed: some of its slices are."""
    some = replace(stored, numbers=np.ascontiguousarray(stored.numbers[::SAMPLED]))
    return len(packed_bytes(some.raw)) * len(stored.numbers) / len(some.numbers)


def _coarser(series: ViewerSeries) -> ViewerSeries:
    """The series averaged over blocks: at least the finest of its axes is halved."""
    spacing = min(
        s for s, n in zip(series.image.geometry.spacing_kji_mm, series.image.array.shape, strict=True) if n > 1
    )
    return replace(series, image=block_means(series.image, 2.0 * spacing))


def stored_numbers(series: ViewerSeries) -> Stored:
    values = series.image.array.astype(np.float32, copy=False)
    known = np.isfinite(values)
    finite = values[known] if not known.all() else values.ravel()
    bits = PET_BITS if series.is_pet else MR_BITS
    low, step = (0.0, SUV_STEP) if series.is_pet else _gray_steps(finite)
    most = 2**bits - 2
    scaled = np.rint((values - np.float32(low)) * np.float32(1.0 / step))
    cut = bool(finite.size and float(finite.max()) > low + (most + 0.5) * step)
    with np.errstate(invalid="ignore"):
        numbers = (np.clip(scaled, 0, most) + 1).astype(np.uint16)
    numbers[~known] = 0
    return Stored(numbers if series.is_pet else numbers.astype(np.uint8), low, step, cut)


def _gray_steps(finite: np.ndarray) -> tuple[float, float]:
    """The value of the darkest number of an MR, and how far two numbers are apart."""
    if not finite.size:
        return 0.0, 1.0
    some = finite[:: max(1, finite.size // PERCENTILE_VALUES)]
    low, high = float(finite.min()), float(np.percentile(some, BRIGHTEST_PERCENT))
    return low, (high - low) / (2**MR_BITS - 2) if high > low else 1.0
