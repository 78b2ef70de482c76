"""Make series from the images of one DICOM series that can be slices of a volume."""

from __future__ import annotations

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from .blocks import with_joined
from .files import Frame, file_error
from .pet_header import make_pet_header
from .pixels import load_frames, slope_problem
from .series import Series
from .stacks import Stack, describe_split, split_stacks


def build_series(uid: str, frames: list[Frame]) -> list[Series]:
    """Split images of one DICOM series into volumes.

    Parameters
    ----------
    uid : str
        Series Instance UID.
    frames : list of Frame
        Images with position, orientation, pixel spacing and size.

    Returns
    -------
    list of Series
        One or more. A series that is no regular volume has its `problem` set. A series in blocks gives one volume
        of all blocks, and one of each.
    """
    stacks = split_stacks(frames)
    for stack in stacks:
        _settle_duplicates(stack)
        _name_damage(stack)
    if len(stacks) == 1:
        return [_make_series(uid, stacks[0], None)]
    return with_joined([_make_series(uid, stack, part) for part, stack in enumerate(stacks, start=1)])


def _settle_duplicates(stack: Stack) -> None:
    """Drop the second one of two identical images. If the two differ, set the problem of the stack."""
    whole = []
    for kept, other in stack.duplicates:
        if kept.damage and not other.damage:
            stack.frames[stack.frames.index(kept)] = other
        if kept.damage or other.damage:
            hurt = kept if kept.damage else other
            stack.warnings.append(f"The file {hurt.path} {hurt.damage}; a whole copy of it was used.")
        else:
            whole.append((kept, other))
    for kept, other in whole:
        try:
            pair = load_frames([kept, other], is_volume=False)
        except PainGeneratorError as error:
            stack.problem = error
            return
        if not np.array_equal(pair[0], pair[1]):
            stack.problem = PainGeneratorError(
                f"Two different images lie at one position, and nothing in their headers tells them apart: "
                f"{kept.path} and {other.path}.",
                "Remove the one that does not belong to the series.",
            )
            return
    if whole:
        count = len(whole)
        stack.warnings.append(
            f"{count} slice{'s' if count > 1 else ''} came twice with identical pixels; one copy of each was used."
        )


def _name_damage(stack: Stack) -> None:
    """Set the problem of a stack with a damaged file: its name says more than the gap that the file would leave."""
    hurt = next((frame for frame in stack.frames if frame.damage), None)
    if hurt is not None:
        stack.problem = file_error(hurt.path, hurt.damage)


def _make_series(uid: str, stack: Stack, part: int | None) -> Series:
    first = stack.frames[0]
    number = first.get("SeriesNumber")
    modality = first.get("Modality")
    return Series(
        uid=uid if part is None else f"{uid}/{part}",
        series_uid=uid,
        number=None if number is None else int(number),
        part=part,
        description=first.get("SeriesDescription") or first.get("ProtocolName") or "",
        modality=modality,
        geometry=stack.geometry,
        header=first.header,
        frames=stack.frames,
        split_by=describe_split(stack.split_by),
        pet_header=make_pet_header([frame.header for frame in stack.frames]) if modality == "PT" else None,
        problem=stack.problem or slope_problem(stack.frames),
        warnings=stack.warnings,
    )
