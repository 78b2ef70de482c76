"""Write one MR series in several blocks of slices, as scanners write them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dicom_makers import base, set_pixels
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from .series_makers import FIELD_T, TIMES

ROWS = 8
PIXEL_MM = 25.0
STEP_MM = 4.4
NUMBER = 7
"""Series number of the blocks."""


@dataclass(frozen=True)
class Block:
    """One block: middle of its field in LPS mm, tilt about the left-right axis, number of slices.

    `across` turns the block about the vertical axis instead: 0 for axial, 90 for sagittal planes.
    """

    z: float = 0.0
    tilt_deg: float = 0.0
    slices: int = 4
    y: float = 0.0
    x: float = 0.0
    plane: str = "ax"
    turn_deg: float = 0.0
    step_mm: float = STEP_MM

    @property
    def axes(self) -> np.ndarray:
        """Direction of rows, direction of columns and normal, LPS, shape (3, 3)."""
        a, b = math.radians(self.tilt_deg), math.radians(self.turn_deg)
        if self.plane == "ax":
            rows, columns = (1.0, 0.0, 0.0), (0.0, math.cos(a), math.sin(a))
        elif self.plane == "sag":
            rows, columns = (math.sin(b), math.cos(b), 0.0), (0.0, 0.0, -1.0)
        else:
            rows, columns = (math.cos(b), math.sin(b), 0.0), (0.0, 0.0, -1.0)
        return np.array([rows, columns, np.cross(rows, columns)])

    def position(self, k: int) -> np.ndarray:
        """Position of the first pixel of a slice, LPS mm."""
        rows, columns, normal = self.axes
        middle = np.array([self.x, self.y, self.z]) + (k - (self.slices - 1) / 2) * self.step_mm * normal
        return middle - (rows + columns) * PIXEL_MM * (ROWS - 1) / 2


LEVELS = (70.0, 35.0, 0.0, -35.0, -62.0)
"""Heights of five discs, mm."""
TILTS = (-15.0, -8.0, 2.0, 12.0, 32.0)
"""Tilts of five discs, degrees."""
DISCS = tuple(Block(z=z, tilt_deg=tilt) for z, tilt in zip(LEVELS, TILTS, strict=True))
"""A block for each disc, parallel to it."""


def value_at(points_lps: np.ndarray) -> np.ndarray:
    """The signal of the body at points, LPS mm, shape (..., 3): it grows evenly from back to front and upward."""
    return np.asarray(3000.0 + 4.0 * points_lps[..., 2] - 6.0 * points_lps[..., 1])


def pixels_of(block: Block, k: int) -> np.ndarray:
    """The pixels of a slice, int16."""
    rows, columns, _ = block.axes
    j, i = np.meshgrid(np.arange(ROWS), np.arange(ROWS), indexing="ij")
    points = block.position(k) + PIXEL_MM * (i[..., None] * rows + j[..., None] * columns)
    return np.round(value_at(points)).astype(np.int16)


Order = Callable[[Sequence[tuple[int, int]]], Sequence[tuple[int, int]]]
"""Takes (block, slice) in the order of space and returns it in the order of the instance numbers."""


def interleaved(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Odd slices of each block before the even ones."""
    return sorted(places, key=lambda place: (place[0], place[1] % 2, place[1]))


def reversed_slices(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Blocks in their order, and the slices of each from the last to the first."""
    return sorted(places, key=lambda place: (place[0], -place[1]))


def reversed_all(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """From the last slice of the last block to the first of the first."""
    return list(reversed(places))


def by_rounds(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The first slice of all blocks, then the second of all: one acquisition of all blocks."""
    return sorted(places, key=lambda place: (place[1], place[0]))


def write_blocks(
    folder: Path,
    blocks: Sequence[Block] = DISCS,
    *,
    times: str = "t2",
    name: str = "t2_tse_tra",
    order: Order = list,
    lost: Sequence[int] = (),
    echoes: Sequence[float] = (),
    each: Callable[[int, int, Dataset], None] | None = None,
    number: int = NUMBER,
    **values: Any,
) -> str:
    """Write single-frame images and return their Series Instance UID.

    `lost` names instance numbers that are not written, `each` may change the dataset of (block, slice).
    """
    uid, instance = generate_uid(), 0
    header = {"SeriesDescription": name, "MagneticFieldStrength": FIELD_T, "AcquisitionTime": "114500", **TIMES[times]}
    places = order([(n, k) for n, block in enumerate(blocks) for k in range(block.slices)])
    for echo in echoes or (None,):
        for n, k in places:
            instance += 1
            if instance in lost:
                continue
            more = {} if echo is None else {"EchoTime": echo}
            dataset = base("MR", **(header | values | more), SeriesNumber=number)
            dataset.SeriesInstanceUID, dataset.InstanceNumber = uid, instance
            _place(dataset, dataset, blocks[n], k)
            set_pixels(dataset, pixels_of(blocks[n], k))
            if each is not None:
                each(n, k, dataset)
            dataset.save_as(folder / f"blocks{number}-{instance:03d}", enforce_file_format=True)
    return uid


def _place(position: Dataset, orientation: Dataset, block: Block, k: int) -> None:
    position.ImagePositionPatient = [round(float(x), 5) for x in block.position(k)]
    orientation.ImageOrientationPatient = [round(float(c), 8) for c in block.axes[:2].ravel()]
    if position is orientation:
        position.PixelSpacing = [PIXEL_MM, PIXEL_MM]
        position.SliceThickness, position.SpacingBetweenSlices = block.step_mm - 0.4, block.step_mm


def write_enhanced_blocks(folder: Path, blocks: Sequence[Block] = DISCS, *, with_stacks: bool = True) -> str:
    """Write one multi-frame file as Philips does, with StackID and InStackPositionNumber of each block."""
    times = {"EchoPulseSequence": "SPIN", "MagneticFieldStrength": FIELD_T}
    dataset = base("enhanced MR", SeriesInstanceUID=generate_uid(), SeriesNumber=NUMBER, **times)
    dataset.SeriesDescription, dataset.AcquisitionDateTime = "T2W_TSE tra", "20250102114500"
    shared, measures, timing, echo = Dataset(), Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [PIXEL_MM, PIXEL_MM], STEP_MM - 0.4
    measures.SpacingBetweenSlices = STEP_MM
    timing.RepetitionTime, echo.EffectiveEchoTime = TIMES["t2"]["RepetitionTime"], TIMES["t2"]["EchoTime"]
    shared.PixelMeasuresSequence, shared.MRTimingAndRelatedParametersSequence = [measures], [timing]
    shared.MREchoSequence = [echo]
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames, pixels = [], []
    for n, block in enumerate(blocks):
        for k in range(block.slices):
            frame, position, orientation, content = Dataset(), Dataset(), Dataset(), Dataset()
            _place(position, orientation, block, k)
            if with_stacks:
                content.StackID, content.InStackPositionNumber = str(n + 1), k + 1
            content.DimensionIndexValues = [n + 1, k + 1]
            frame.PlanePositionSequence, frame.PlaneOrientationSequence = [position], [orientation]
            frame.FrameContentSequence = [content]
            frames.append(frame)
            pixels.append(pixels_of(block, k))
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.NumberOfFrames = len(frames)
    set_pixels(dataset, np.array(pixels))
    dataset.save_as(folder / "enhanced-blocks", enforce_file_format=True)
    return str(dataset.SeriesInstanceUID)
