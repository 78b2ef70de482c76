"""Split the frames of one series into stacks that each form one regular grid.

The tolerances are constants of this module. A deviation within its tolerance is reported in a warning. A series with a
larger deviation is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.grid_size import grid_fault
from ..Numerics.core.image import LPS_TO_RAS, Geometry
from .block_split import (
    GAP,
    SAME_POSITION_MM,
    SPACING_TOLERANCE,
    distances_of,
    is_regular,
    normal_of,
    number_of,
    shear_tolerance_mm,
    split_into_blocks,
    usual_step,
)
from .files import Frame

ORIENTATION_TOLERANCE = 1e-3
"""Upper bound of the difference of direction cosines of slices with the same orientation (0.06 degrees). Our
estimate."""
PIXEL_SPACING_TOLERANCE_MM = 1e-3
"""Upper bound of the difference of the pixel spacing of slices of one stack, mm. Our estimate."""
EXACT_MM = 0.01
"""Upper bound of a deviation from the regular grid that is not reported, mm: rounding in the header. Our estimate."""

SPLIT_KEYWORDS = (
    "StackID",
    "EchoTime",
    "EchoNumbers",
    "ImageType",
    "ComplexImageComponent",
    "InversionTime",
    "DiffusionBValue",
    "DiffusionDirectionality",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "FrameReferenceTime",
    "AcquisitionNumber",
    "FlipAngle",
    "TriggerTime",
    "AcquisitionDateTime",
    "AcquisitionTime",
    "ContrastBolusAgent",
    "DimensionIndex",
)
"""Elements that can distinguish images at the same position, in the order in which they are tried. The last is made of
Dimension Index Values by :mod:`.functional_groups`."""

ONLY_AT_ONE_POSITION = ("FrameReferenceTime", "DimensionIndex")
"""Elements that never part images at different positions: beds of one PET have different frame times."""

ORDER_KEYWORDS = ("FrameReferenceTime", "AcquisitionDateTime", "AcquisitionTime", "TriggerTime", "ImageIndex")
"""Elements whose order tells the images at one position apart, where their values differ from position to position:
phases of several beds, images that are counted through (PS3.3 C.8.9.4.1.9)."""


@dataclass(eq=False)
class Stack:
    """Frames on one regular grid, in the order of the slices of the array."""

    frames: list[Frame]
    geometry: Geometry | None
    """The voxel grid in RAS coordinates, mm; None when `problem` says why there is none."""
    split_by: dict[str, object] = field(default_factory=dict)
    """Keyword -> value of the elements that set this stack apart from the other stacks of the series."""
    warnings: list[str] = field(default_factory=list)
    problem: PainGeneratorError | None = None
    """Why these frames do not form a volume; None when they do."""
    duplicates: list[tuple[Frame, Frame]] = field(default_factory=list)
    """Pairs of frames at the same position whose headers do not differ: the frame that is kept and the other one."""


def _same_grid(a: Frame, b: Frame) -> bool:
    """True when two frames have the same size, pixel spacing, orientation and frame of reference."""
    if (a.get("Rows"), a.get("Columns")) != (b.get("Rows"), b.get("Columns")):
        return False
    if a.get("FrameOfReferenceUID") != b.get("FrameOfReferenceUID"):
        return False
    turned = np.abs(np.subtract(a.get("ImageOrientationPatient"), b.get("ImageOrientationPatient"))).max()
    scaled = np.abs(np.subtract(a.get("PixelSpacing"), b.get("PixelSpacing"))).max()
    return bool(turned < ORIENTATION_TOLERANCE and scaled < PIXEL_SPACING_TOLERANCE_MM)


def _position_groups(frames: list[Frame]) -> np.ndarray:
    """Number of the position of every frame, shape (n,). Positions are counted from 0 along the normal."""
    distances = distances_of(frames)
    order = np.argsort(distances, kind="stable")
    steps = np.diff(distances[order]) > SAME_POSITION_MM
    groups = np.empty(len(frames), dtype=int)
    groups[order] = np.concatenate([[0], np.cumsum(steps)])
    return groups


def split_stacks(frames: list[Frame]) -> list[Stack]:
    """Split the frames of one series into stacks and check each.

    Parameters
    ----------
    frames : list of Frame
        Frames of one series. All have a position, an orientation and a pixel spacing.

    Returns
    -------
    list of Stack
        In the order of their first file. MR slices that were planned in several blocks make a stack for each block. A
        stack that is not a regular volume has its `problem` set.
    """
    clusters: list[list[Frame]] = []
    for frame in frames:
        for cluster in clusters:
            if _same_grid(cluster[0], frame):
                cluster.append(frame)
                break
        else:
            clusters.append([frame])
    stacks: list[Stack] = []
    numbers = {number for number in map(number_of, frames) if number is not None}
    for cluster in clusters:
        for part, split_by in _split_by_header(cluster, {}, SPLIT_KEYWORDS):
            # A gap in PET or CT is a fault; slabs that are planned separately are a thing of MR.
            blocks = split_into_blocks(part, numbers) if part[0].get("Modality") == "MR" else [part]
            stacks.extend(_make_stack(block, split_by) for block in blocks)
    return stacks


def _split_by_header(
    frames: list[Frame], split_by: dict[str, object], keywords: tuple[str, ...]
) -> list[tuple[list[Frame], dict[str, object]]]:
    """Split frames that share positions by the first keyword that separates them, and repeat this with each part.

    Returns pairs of frames and what they were split by.
    """
    groups = _position_groups(frames)
    most = int(np.bincount(groups).max())
    if most == 1 and is_regular(distances_of(frames)):
        return [(frames, split_by)]
    is_scan = frames[0].get("Modality") == "PT"
    for number, keyword in enumerate(keywords):
        if is_scan and most == 1:
            # Beds that follow one another are one volume; a gap between them is one of lost slices.
            break
        parts = {} if most == 1 and keyword in ONLY_AT_ONE_POSITION else _parts_by(frames, keyword)
        if len(parts) > 1 and _is_useful_split(list(parts.values()), most):
            rest = keywords[number + 1 :]
            return [
                piece
                for name, part in parts.items()
                for piece in _split_by_header(part, split_by | {keyword: name}, rest)
            ]
    return _split_by_order(frames, split_by, groups) if most > 1 else [(frames, split_by)]


def _parts_by(frames: list[Frame], keyword: str) -> dict[object, list[Frame]]:
    """The frames by their value of an element, in the order of the values."""
    values = [frame.get(keyword) for frame in frames]
    names = sorted(set(values), key=lambda value: (value is None, str(type(value)), value))
    return {name: [f for f, v in zip(frames, values, strict=True) if v == name] for name in names}


def _split_by_order(
    frames: list[Frame], split_by: dict[str, object], groups: np.ndarray
) -> list[tuple[list[Frame], dict[str, object]]]:
    """Split frames by their order at each position, by the first keyword that orders those of every position."""
    members = [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]
    if len({len(numbers) for numbers in members}) > 1:
        return [(frames, split_by)]
    for keyword in ORDER_KEYWORDS:
        ranked = [_ranked([frames[n] for n in numbers], keyword) for numbers in members]
        if all(ranked):
            return [
                ([one[rank] for one in ranked], split_by | {f"place by {keyword}": rank + 1})
                for rank in range(len(members[0]))
            ]
    return [(frames, split_by)]


def _ranked(frames: list[Frame], keyword: str) -> list[Frame]:
    """Frames in the order of an element; empty when one lacks it, or when two have the same value."""
    values = [frame.get(keyword) for frame in frames]
    if None in values or len(set(values)) < len(values):
        return []
    return [frame for _, frame in sorted(zip(values, frames, strict=True), key=lambda pair: pair[0])]


def _is_useful_split(parts: list[list[Frame]], most: int) -> bool:
    """Whether a split separates frames at the same position. Before it, up to `most` frames share a position."""
    if most > 1:
        return max(int(np.bincount(_position_groups(part)).max()) for part in parts) < most and len(parts) <= most
    # No two frames share a position, but there are gaps. Accept parts that are regular: slabs planned separately.
    return all(len(part) > 2 and is_regular(distances_of(part)) for part in parts)


def _make_stack(frames: list[Frame], split_by: dict[str, object]) -> Stack:
    """Sort frames along the normal, set duplicates apart and fit the grid."""
    groups = _position_groups(frames)
    order = sorted(range(len(frames)), key=lambda n: (groups[n], frames[n].get("InstanceNumber") or 0.0))
    kept: list[Frame] = []
    duplicates = []
    last = -1
    for n in order:
        if groups[n] == last:
            duplicates.append((kept[-1], frames[n]))
        else:
            kept.append(frames[n])
            last = groups[n]
    stack = Stack(kept, None, split_by, duplicates=duplicates)
    try:
        stack.geometry = _fit_grid(kept, stack.warnings)
    except PainGeneratorError as error:
        stack.problem = error
    return stack


def _slice_name(frame: Frame) -> str:
    number = frame.get("InstanceNumber")
    return f"{frame.path.name}" if number is None or frame.index is not None else f"image {number:g}"


def _fit_grid(frames: list[Frame], warnings: list[str]) -> Geometry:
    """Fit a regular grid to frames that are sorted along their normal; refuse frames that do not fit."""
    first = frames[0]
    cosines = np.array(first.get("ImageOrientationPatient"))
    row_spacing, column_spacing = first.get("PixelSpacing")
    _check_axes(cosines, first)
    normal = normal_of(first)
    positions = np.array([frame.get("ImagePositionPatient") for frame in frames])
    distances = positions @ normal
    spacing = _slice_spacing(frames, distances)
    index = np.arange(len(frames))
    start = float(np.mean(distances - spacing * index))
    along = np.abs(distances - (start + spacing * index)).max()
    in_plane = positions - np.outer(distances, normal)
    center = in_plane.mean(axis=0)
    aside = float(np.linalg.norm(in_plane - center, axis=1).max())
    if aside > shear_tolerance_mm(first):
        raise PainGeneratorError(
            f"The slices are shifted against one another by up to {2 * aside:.1f} mm "
            "(a tilted gantry or a joined series): they form no rectangular volume.",
            "Use a reconstruction without tilt, or another series for this role.",
        )
    if max(along, aside) > EXACT_MM:
        warnings.append(f"Slice positions are off a regular grid by up to {max(along, aside):.2f} mm; made regular.")
    lps = np.eye(4)
    lps[:3, 0] = cosines[:3] / np.linalg.norm(cosines[:3]) * column_spacing
    lps[:3, 1] = cosines[3:] / np.linalg.norm(cosines[3:]) * row_spacing
    lps[:3, 2] = normal * spacing
    lps[:3, 3] = center + normal * start
    shape = (len(frames), int(first.get("Rows")), int(first.get("Columns")))
    geometry = Geometry(shape, LPS_TO_RAS @ lps)
    fault = grid_fault(geometry, thick_slices=True)
    if fault:
        raise PainGeneratorError(
            f"The volume cannot be one of a body: it {fault}.", "Send the series again from the scanner or archive."
        )
    return geometry


def _check_axes(cosines: np.ndarray, frame: Frame) -> None:
    """Refuse direction cosines that are not two perpendicular unit vectors (within 1 percent)."""
    lengths = np.linalg.norm(cosines.reshape(2, 3), axis=1)
    if np.abs(lengths - 1.0).max() > 0.01 or abs(float(cosines[:3] @ cosines[3:])) > 0.01:
        raise PainGeneratorError(
            f"The image orientation (0020,0037) of {frame.path} is impossible.",
            "Send the series again from the scanner or archive.",
        )


def _slice_spacing(frames: list[Frame], distances: np.ndarray) -> float:
    """Distance of neighboring slices, mm; refuse gaps and uneven steps with a message that names them."""
    if len(frames) == 1:
        spacing = frames[0].get("SpacingBetweenSlices") or frames[0].get("SliceThickness")
        if not spacing:
            raise PainGeneratorError("The series has one slice of unknown thickness.", "Use a series of a volume.")
        return float(spacing)
    steps = np.diff(distances)
    spacing = usual_step(steps)
    gaps = np.flatnonzero(steps > GAP * spacing)
    if gaps.size:
        texts = [
            f"{round(steps[n] / spacing) - 1} between {_slice_name(frames[n])} ({distances[n]:.1f} mm) and "
            f"{_slice_name(frames[n + 1])} ({distances[n + 1]:.1f} mm)"
            for n in gaps[:3]
        ]
        more = f" and {gaps.size - 3} more gaps" if gaps.size > 3 else ""
        raise PainGeneratorError(
            f"Slices are missing: {'; '.join(texts)}{more}; the slice distance is {spacing:.2f} mm.",
            "Copy the whole series again from its source.",
        )
    if np.abs(steps - spacing).max() > SPACING_TOLERANCE * spacing:
        raise PainGeneratorError(
            f"The slices are unevenly spaced ({steps.min():.2f} to {steps.max():.2f} mm).",
            "Use a series with even slice distances.",
        )
    return float((distances[-1] - distances[0]) / (len(frames) - 1))


def describe_split(split_by: dict[str, object]) -> str:
    """Words for the elements that set a part of a split series apart: keywords with their values."""
    words = []
    for keyword, value in split_by.items():
        shown = "\\".join(map(str, value)) if isinstance(value, tuple) else value
        shown = f"{shown:g}" if isinstance(shown, float) else shown
        if keyword == "FrameReferenceTime" and isinstance(value, float):
            words.append(f"frame time {value / 60000.0:.4g} min")
        elif keyword == "AcquisitionTime" and len(str(value)) >= 6:
            words.append(f"acquired at {str(value)[:2]}:{str(value)[2:4]}:{str(value)[4:6]}")
        else:
            words.append(f"{keyword} {shown}")
    return ", ".join(words)
