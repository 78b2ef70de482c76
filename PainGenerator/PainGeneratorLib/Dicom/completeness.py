"""Tell when a series lacks slices that no gap in the middle shows: at its ends, between its parts, or in a part of it.

What a header says of the whole series is compared with what is there: Number of Slices (0054,0081) and Image Index
(0054,1330) of PET, Instance Number (0020,0013), and the parts into which one file was split ("concatenations", PS3.3
section C.7.6.16.2.2.4). Parts of one series that show the same place (echoes, phases) are compared with one another.

People also cut series on purpose, so that missing slices are told in a warning. They are refused where something of
the folder could not be read: then they are most likely there.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry
from .files import Frame
from .series import Series

SHOWN = 4
"""Upper bound of the stretches of missing numbers that a message names. Our estimate of what a reader takes in."""
ROUND_START = 100
"""Numbers that begin with a multiple of this, or one more, were counted from there on purpose (301, 1001). Our
estimate."""
SAME_STEP = 0.01
"""Upper bound of the difference of the slice distances of two parts that show the same place, as a fraction. Our
estimate, for rounding."""
WAYS = (("the right", "the left"), ("the front", "the back"), ("the head", "the feet"))
"""Words for the positive and the negative end of the three axes of RAS."""


def tell_missing(frames: Sequence[Frame], parts: Sequence[Series], unread: str) -> None:
    """Give the parts of one DICOM series a warning, or a problem, when slices of it are missing.

    Parameters
    ----------
    frames : sequence of Frame
        All images of the series, also those that are no slices of a volume: their numbers are not missing.
    parts : sequence of Series
        What was made of them.
    unread : str
        What of the folder could not be read, in words; empty when all was read.
    """
    for one in parts:
        found = [*_by_number_of_slices(frames, one, parts), *_by_numbers(frames, one), *_by_files(one)]
        found += [*_by_images_in_acquisition(frames), *_by_other_parts(one, parts)]
        if not found:
            continue
        if unread and one.problem is None:
            one.problem = PainGeneratorError(
                f"Slices are missing: {' '.join(found)} {unread}.",
                "Make everything in the folder readable, or copy the examination again from its source.",
            )
        else:
            one.warnings += [f"Slices may be missing. {text}" for text in found]


def _by_number_of_slices(frames: Sequence[Frame], one: Series, parts: Sequence[Series]) -> list[str]:
    """Compare with the number of slices that a PET states, of the whole series or of each of its volumes."""
    stated = one.header.get("NumberOfSlices")
    images = len({(frame.get("SOPInstanceUID"), frame.index) for frame in frames})
    if not stated or stated <= one.n_slices or images == stated:
        return []
    volumes = [part for part in parts if not part.blocks]
    are_volumes = len({part.n_slices for part in volumes}) == 1 and _show_one_place(volumes)
    if images > stated and not are_volumes:
        return []
    lost = int(stated) - (one.n_slices if are_volumes else images)
    return [
        f"{_slices(lost)} of the {stated:g} that the header names (Number of Slices, 0054,0081) "
        f"{'is' if lost == 1 else 'are'} not there."
    ]


def _show_one_place(parts: Sequence[Series]) -> bool:
    """Whether parts have one grid, as the phases of one scan have."""
    grids = [part.geometry for part in parts if part.geometry is not None]
    return len(grids) == len(parts) and all(grid.is_same_grid(grids[0]) for grid in grids)


def _by_images_in_acquisition(frames: Sequence[Frame]) -> list[str]:
    """Compare with the number of images of the acquisition (0020,1002) that some scanners state.

    Scanners that make several series of one acquisition state the images of all of them, so that a multiple of the
    images that are there says nothing.
    """
    stated = {frame.get("ImagesInAcquisition") for frame in frames}
    acquisitions = {frame.get("AcquisitionNumber") for frame in frames}
    total = stated.pop() if len(stated) == 1 else None
    if not total or len(acquisitions) > 1 or total <= len(frames) or total % len(frames) == 0:
        return []
    return [
        f"{len(frames)} of the {total:g} images that the header names (Images in Acquisition, 0020,1002) are there."
    ]


def _by_numbers(frames: Sequence[Frame], one: Series) -> list[str]:
    """Look for numbers that are missing before the first image of a series, and between its images."""
    numbers = {float(number) for frame in frames if (number := frame.get("InstanceNumber")) is not None}
    if any(frame.index is not None for frame in frames) or len(numbers) < 2 or one.blocks:
        return []
    ordered = sorted(numbers)
    step = min(b - a for a, b in pairwise(ordered))
    texts = []
    first = ordered[0]
    if step == 1 and first > 1 and first % ROUND_START not in (0, 1):
        texts.append(f"Image numbers of the series begin with {first:g}{_end_of_lowest(one)}.")
    gaps = [(a, b) for a, b in pairwise(ordered) if b - a > step]
    # A few steps that differ are holes; where nearly all differ, the images were not counted one by one.
    if gaps and 2 * len(gaps) <= len(ordered):
        shown = [f"{a + step:g}" if b - a == 2 * step else f"{a + step:g} to {b - step:g}" for a, b in gaps[:SHOWN]]
        more = f" and {len(gaps) - SHOWN} more" if len(gaps) > SHOWN else ""
        texts.append(f"Image numbers of the series are missing: {', '.join(shown)}{more}.")
    return texts


def _end_of_lowest(one: Series) -> str:
    """Words for the end of a volume at which the image with the lowest number lies; empty when it lies at none."""
    numbers = [frame.get("InstanceNumber") for frame in one.frames]
    if one.geometry is None or None in numbers or len(numbers) < 2:
        return ""
    place = numbers.index(min(numbers))
    if place not in (0, len(numbers) - 1):
        return ""
    return f", so that they are missing at the end toward {_way_out(one.geometry, is_first=place == 0)}"


def _way_out(geometry: Geometry, *, is_first: bool) -> str:
    """The side of the body to which the first or the last slice of a volume points."""
    normal = geometry.ijk_to_ras[:3, 2]
    axis = int(np.argmax(np.abs(normal)))
    is_positive = (normal[axis] > 0) != is_first
    return WAYS[axis][0 if is_positive else 1]


def _by_files(one: Series) -> list[str]:
    """Look for missing files of a series of which each file holds several slices and says which part it is."""
    totals = {frame.get("InConcatenationTotalNumber") for frame in one.frames} - {None}
    if not totals:
        return []
    total = int(max(totals))
    there = {int(number) for frame in one.frames if (number := frame.get("InConcatenationNumber")) is not None}
    if len(there) >= total:
        return []
    return [f"{len(there)} of {total} files of the series are there."]


def _by_other_parts(one: Series, parts: Sequence[Series]) -> list[str]:
    """Compare with a longer part of the same series on the same grid, such as another echo."""
    if one.geometry is None or one.block or one.blocks:
        return []
    for other in parts:
        if other.geometry is None or other.block or other.blocks or other.n_slices <= one.n_slices:
            continue
        if _lies_within(one.geometry, other.geometry):
            lost = other.n_slices - one.n_slices
            return [f"{_slices(lost)} fewer than in {other.label} ({other.split_by}), which shows the same place."]
    return []


def _lies_within(small: Geometry, large: Geometry) -> bool:
    """Whether all slices of one grid lie on slices of another."""
    if small.shape[1:] != large.shape[1:]:
        return False
    if abs(small.spacing_mm[2] / large.spacing_mm[2] - 1.0) > SAME_STEP and small.shape[0] > 1:
        return False
    ijk = large.to_ijk(small.corners_ras)
    on_grid = np.abs(ijk - np.rint(ijk)).max() <= 0.1
    return bool(on_grid and np.all(large.contains(small.corners_ras)))


def _slices(count: int) -> str:
    return f"{count} slice" if count == 1 else f"{count} slices"
