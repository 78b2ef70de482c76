"""Split MR slices of one orientation into blocks: slabs that were planned separately, as one for each disc.

Blocks of one series have the same orientation here; those of different orientation are parted before
(:mod:`.stacks`). They may be shifted within their plane, lie apart from one another, touch or overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from .files import Frame

SHEAR_TOLERANCE_MM = 0.1
"""Upper bound of the distance of a slice from the common normal, mm. A tenth of a pixel is allowed if that is more.
Our estimate."""
SPACING_TOLERANCE = 0.1
"""Upper bound of the deviation of a slice from the regular grid, as a fraction of the spacing. Our estimate."""
GAP = 1.5
"""Lower bound of a step between two slices that counts as a gap, in spacings. Our estimate."""
SAME_POSITION_MM = 0.01
"""Upper bound of the distance along the normal of two slices that lie at the same position, mm. Our estimate."""
SAME_PLACE_MM = 0.1
"""Upper bound of the distance of two slices that lie at one place, mm. Our estimate."""
MOST_AT_ONE_PLACE = 0.25
"""Upper bound of the part of the slices that lie at the place of another one. With more, the slices are copies or
versions of one another, and not blocks that overlap. Our estimate."""
LEAST_SLICES_OF_A_BLOCK = 2
"""Lower bound of the mean number of slices of blocks. With fewer, nearly every slice lies apart from every other, as
in a tilted gantry, and not in blocks."""


def normal_of(frame: Frame) -> np.ndarray:
    """Unit normal of the slices in LPS, from the direction cosines of rows and columns."""
    cosines = np.array(frame.get("ImageOrientationPatient"))
    normal = np.cross(cosines[:3], cosines[3:])
    return normal / np.linalg.norm(normal)


def distances_of(frames: list[Frame]) -> np.ndarray:
    """Positions along the normal of the first frame, mm, shape (n,)."""
    return np.array([frame.get("ImagePositionPatient") for frame in frames]) @ normal_of(frames[0])


def usual_step(steps: np.ndarray) -> float:
    """The median of steps between slices, mm; of two in the middle the smaller one, as the other may be a gap."""
    return float(np.sort(steps)[(steps.size - 1) // 2])


def is_regular(distances: np.ndarray) -> bool:
    """True when the steps between the sorted positions are equal within SPACING_TOLERANCE."""
    if distances.size < 3:
        return True
    steps = np.diff(np.sort(distances))
    spacing = float(np.median(steps))
    return bool(spacing > SAME_POSITION_MM and np.abs(steps - spacing).max() <= SPACING_TOLERANCE * spacing)


def shear_tolerance_mm(frame: Frame) -> float:
    """Upper bound of the distance of a slice from the common normal, mm."""
    return max(SHEAR_TOLERANCE_MM, 0.1 * min(frame.get("PixelSpacing")))


def number_of(frame: Frame) -> float | None:
    """The place of a slice in the order of the series: its Instance Number, or its number in a multi-frame file."""
    if frame.index is not None:
        return float(frame.index)
    number = frame.get("InstanceNumber")
    return None if number is None else float(number)


def split_into_blocks(frames: list[Frame], all_numbers: Collection[float]) -> list[list[Frame]]:
    """Split slices of one orientation that form no regular volume into blocks that do.

    Parameters
    ----------
    frames : list of Frame
        MR slices of one orientation and pixel spacing.
    all_numbers : collection of float
        The numbers (:func:`number_of`) of all slices of the series. A gap across which numbers are missing is one
        where slices were lost, and parts no blocks.

    Returns
    -------
    list of list of Frame
        The frames as they came, as one block, when they form a regular volume already, or when no way of splitting
        them gives regular blocks. A block in which slices were lost is given as it is.
    """
    is_whole = len(_by_shift(frames)) == 1 and _is_sound_or_lost(frames, all_numbers)
    if is_whole or _part_at_one_place(frames) > MOST_AT_ONE_PLACE:
        return [frames]
    ways: tuple[Callable[[], list[list[Frame]]], ...] = (
        lambda: _by_place(frames, all_numbers),
        lambda: _by_number(frames),
    )
    for way in ways:
        blocks = way()
        large_enough = len(frames) >= LEAST_SLICES_OF_A_BLOCK * len(blocks)
        if len(blocks) > 1 and large_enough and _fit_together(blocks, all_numbers):
            return blocks
    return [frames]


def _part_at_one_place(frames: list[Frame]) -> float:
    """The part of the slices that lie at the place of another slice, 0 to 1."""
    places = {tuple(round(float(x) / SAME_PLACE_MM) for x in frame.get("ImagePositionPatient")) for frame in frames}
    return 1.0 - len(places) / len(frames)


def _fit_together(blocks: list[list[Frame]], all_numbers: Collection[float]) -> bool:
    """Whether all blocks are regular, apart from lost slices, and have the same distance of slices."""
    if not all(_is_sound_or_lost(block, all_numbers) for block in blocks):
        return False
    steps = [usual_step(np.diff(np.sort(distances_of(block)))) for block in blocks if len(block) > 1]
    return bool(steps) and max(steps) - min(steps) <= SPACING_TOLERANCE * min(steps)


def _is_sound_or_lost(frames: list[Frame], all_numbers: Collection[float]) -> bool:
    """True for a regular block, and for one that is irregular only because slices were lost."""
    if is_regular(distances_of(frames)):
        return True
    ordered = _sorted_along(frames)
    distances = distances_of(ordered)
    steps = np.diff(distances)
    spacing = usual_step(steps)
    wide = np.flatnonzero(steps > GAP * spacing)
    even = np.abs(np.delete(steps, wide) - spacing).max(initial=0.0) <= SPACING_TOLERANCE * spacing
    return bool(even and wide.size and all(_has_lost(ordered[n], ordered[n + 1], all_numbers) for n in wide))


def _sorted_along(frames: list[Frame]) -> list[Frame]:
    return [frames[n] for n in np.argsort(distances_of(frames), kind="stable")]


def _by_shift(frames: list[Frame]) -> list[list[Frame]]:
    """Groups of slices that lie one behind the other, in the order of their first slice."""
    positions = np.array([frame.get("ImagePositionPatient") for frame in frames])
    normal = normal_of(frames[0])
    in_plane = positions - np.outer(positions @ normal, normal)
    tolerance = shear_tolerance_mm(frames[0])
    groups: list[list[Frame]] = []
    firsts: list[np.ndarray] = []
    for frame, place in zip(frames, in_plane, strict=True):
        near = next((n for n, first in enumerate(firsts) if np.linalg.norm(place - first) <= 2.0 * tolerance), None)
        if near is None:
            groups.append([frame])
            firsts.append(place)
        else:
            groups[near].append(frame)
    return groups


def _by_place(frames: list[Frame], all_numbers: Collection[float]) -> list[list[Frame]]:
    """Blocks by their place: slices one behind the other, parted where a gap was planned."""
    groups = [_sorted_along(group) for group in _by_shift(frames)]
    steps = np.concatenate([np.diff(distances_of(group)) for group in groups])
    if not steps.size:
        return groups
    # Half of the steps lie within blocks of two slices, and more in larger ones.
    spacing = float(np.quantile(steps, 0.25))
    blocks = []
    for group in groups:
        block = [group[0]]
        for before, after, step in zip(group, group[1:], np.diff(distances_of(group)), strict=False):
            if step > GAP * spacing and not _has_lost(before, after, all_numbers):
                blocks.append(block)
                block = []
            block.append(after)
        blocks.append(block)
    return blocks


def _has_lost(before: Frame, after: Frame, all_numbers: Collection[float]) -> bool:
    """Whether slices between two neighbors were lost: numbers between theirs are missing in the series.

    Slices without numbers count as lost, because nothing says that the gap was planned.
    """
    numbers = number_of(before), number_of(after)
    if numbers[0] is None or numbers[1] is None or numbers[0] == numbers[1]:
        return True
    low, high = sorted(number for number in numbers if number is not None)
    return high - low > 1 and not any(low < number < high for number in all_numbers)


def _by_number(frames: list[Frame]) -> list[list[Frame]]:
    """Blocks by the order of the slices: a new one begins where the step from slice to slice changes.

    This parts blocks that overlap, where their slices are numbered in the order in which they lie.
    """
    numbers = [number_of(frame) for frame in frames]
    known = [number for number in numbers if number is not None]
    if len(set(known)) < len(frames):
        return [frames]
    ordered = [frames[n] for n in np.argsort(known)]
    positions = np.array([frame.get("ImagePositionPatient") for frame in ordered])
    blocks, step = [[ordered[0]]], None
    for n in range(1, len(ordered)):
        this = positions[n] - positions[n - 1]
        tolerance = max(SHEAR_TOLERANCE_MM, SPACING_TOLERANCE * float(np.linalg.norm(this if step is None else step)))
        is_on = step is None or np.linalg.norm(this - step) <= tolerance
        is_along = np.linalg.norm(this - (this @ normal_of(ordered[n])) * normal_of(ordered[n])) <= tolerance
        if is_on and is_along:
            blocks[-1].append(ordered[n])
            step = this
        else:
            blocks.append([ordered[n]])
            step = None
    return blocks
