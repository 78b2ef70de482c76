"""Recognize the blocks of one MR series, and make one volume of them.

The usual axial T2 of a lumbar spine is planned as one block of slices for each disc, parallel to it. The blocks have
one Series Instance UID, and together they show a part of the spine only. Each block is a volume of its own, a part of
the series; the blocks together make one more volume, on one grid, with no values between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..Numerics.core.image import LPS_TO_RAS
from .block_split import normal_of
from .joined_grid import SAME_TILT_DEG, angle_deg, joined_grid
from .series import Series

LEAST_SLICES = 2
"""Lower bound of the number of slices of a block. One slice has no extent that can be relied on: radial slices and the
three planes of planning images come one by one."""
MOST_TILT_DEG = 60.0
"""Upper bound of the angle between blocks of one plane, degrees. Our estimate: the discs of a lumbar spine are tilted
against one another by up to 50 degrees, and the planes of planning images by 90."""
SAME_PLACE = 0.7
"""Lower bound of the part of two blocks that overlaps at which they are no blocks but the same place twice (phases,
averages). Our estimate: neighboring blocks share a few slices at most."""
BETWEEN_POINTS = 41
"""Number of points on the way from the middle of a block to that of the next at which a gap is looked for."""
GAP_VOXELS = 0.75
"""Upper bound of the distance of such a point from the middle of the outer voxel of a block, voxels: half a voxel, and
half of the usual space between slices."""
SAME_IMAGES = (
    *("EchoTime", "EchoNumbers", "ImageType", "ComplexImageComponent", "InversionTime", "FlipAngle"),
    *("DiffusionBValue", "DiffusionDirectionality", "ContrastBolusAgent"),
    *("TemporalPositionIdentifier", "TemporalPositionIndex"),
)
"""Elements in which blocks agree; parts of a series that differ in one of them are echoes, phases and the like."""


def with_joined(parts: list[Series]) -> list[Series]:
    """Add a joined volume to the parts of one series, for every group of parts that are blocks.

    Parameters
    ----------
    parts : list of Series
        All parts of one DICOM series. Those that are blocks are told so: `block` is set.

    Returns
    -------
    list of Series
        The joined volumes first, then the parts.
    """
    found = groups_of_blocks(parts)
    is_whole = len(found) == 1 and len(found[0]) == len(parts)
    numbers = range(len(parts) + 1, len(parts) + 1 + len(found))
    joined = [_join(group, None if is_whole else number) for group, number in zip(found, numbers, strict=True)]
    return [*joined, *parts]


def groups_of_blocks(parts: Sequence[Series]) -> list[list[Series]]:
    """The parts of one series that are blocks at different places, in groups of the same kind of images."""
    groups: list[list[Series]] = []
    for one in parts:
        fitting = next((group for group in groups if _belong_together(group[0], one)), None)
        if fitting is None:
            groups.append([one])
        else:
            fitting.append(one)
    return [group for group in groups if _are_blocks(group)]


def _belong_together(a: Series, b: Series) -> bool:
    """Whether two parts show the same kind of image, in one frame of reference and about one plane."""
    if (a.modality, b.modality) != ("MR", "MR"):
        return False
    if a.frame_of_reference_uid != b.frame_of_reference_uid:
        return False
    if any(a.header.get(keyword) != b.header.get(keyword) for keyword in SAME_IMAGES):
        return False
    cosine = abs(float(_normal(a) @ _normal(b)))
    return cosine >= np.cos(np.radians(MOST_TILT_DEG))


def _normal(series: Series) -> np.ndarray:
    """Unit normal of the slices in LPS."""
    if series.geometry is None:
        return normal_of(series.frames[0])
    lps = (LPS_TO_RAS @ series.geometry.ijk_to_ras)[:3]
    normal = np.cross(lps[:, 0], lps[:, 1])
    return normal / np.linalg.norm(normal)


def usable_blocks(parts: Sequence[Series]) -> list[Series]:
    """The parts that can be put on one grid: without a problem, and of two slices or more."""
    return [one for one in parts if one.geometry is not None and one.problem is None and one.n_slices >= LEAST_SLICES]


def _are_blocks(parts: Sequence[Series]) -> bool:
    """Whether parts are blocks at different places, at least two of which can be put on one grid."""
    usable = usable_blocks(parts)
    if len(usable) < 2 or 2 * len(usable) < len(parts):
        return False
    return not any(_same_place(a, b) for n, a in enumerate(usable) for b in usable[n + 1 :])


def _same_place(a: Series, b: Series) -> bool:
    """Whether most slices of one part lie in the slices of another that is parallel to it."""
    if a.geometry is None or b.geometry is None or angle_deg(a.geometry, b.geometry) > 1.0:
        return False
    small, large = sorted((a.geometry, b.geometry), key=lambda grid: grid.size)
    k, j, i = (np.linspace(0, n - 1, min(n, 9)) for n in small.shape)
    points = small.to_ras(np.stack(np.meshgrid(i, j, k, indexing="ij"), axis=-1).reshape(-1, 3))
    return bool(np.mean(large.contains(points)) >= SAME_PLACE)


def _join(parts: list[Series], number: int | None) -> Series:
    """One volume of the blocks of a group; `number` is its part where the series has other parts, such as echoes."""
    usable = usable_blocks(parts)
    first = parts[0]
    split_by = name_blocks(parts)
    return Series(
        uid=first.series_uid if number is None else f"{first.series_uid}/{number}",
        series_uid=first.series_uid,
        number=first.number,
        part=number,
        description=first.description,
        modality=first.modality,
        geometry=joined_grid([one.geometry for one in usable if one.geometry is not None]),
        header=first.header,
        frames=[frame for one in usable for frame in one.frames],
        split_by=split_by,
        warnings=[f"{_capital(one.block)} cannot be used: {_reason(one)}" for one in parts if one not in usable],
        blocks=tuple(usable),
    )


def name_blocks(parts: list[Series]) -> str:
    """Tell the parts which block each is; what sets all of them apart from the other parts of the series."""
    apart = parts[0].split_by if len({one.split_by for one in parts}) == 1 else ""
    for place, one in enumerate(parts, start=1):
        one.block = f"block {place} of {len(parts)}"
        one.split_by = _listed(one.block, one.split_by)
    return _listed(f"{len(parts)} blocks", apart)


def _listed(first: str, second: str) -> str:
    return f"{first}, {second}" if second else first


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _reason(one: Series) -> str:
    return one.problem.reason if one.problem is not None else "it has one slice."


def is_gapless(series: Series) -> bool:
    """Whether the blocks of a joined series are parallel and follow one another without a gap, as one whole volume.

    Stations of a table, and slabs that were planned one behind the other, do. A series of one block does, too.
    """
    grids = [one.geometry for one in series.blocks if one.geometry is not None]
    if len(grids) < 2:
        return True
    if any(angle_deg(grid, grids[0]) > SAME_TILT_DEG for grid in grids):
        return False
    middles = np.array([grid.center_ras for grid in grids])
    order = np.argsort(middles[:, int(np.argmax(np.ptp(middles, axis=0)))])
    steps = np.linspace(0.0, 1.0, BETWEEN_POINTS)[:, None]
    ways = [(1 - steps) * middles[a] + steps * middles[b] for a, b in pairwise(order)]
    points = np.concatenate(ways)
    return bool(np.any([grid.contains(points, GAP_VOXELS) for grid in grids], axis=0).all())


def blocks_in_words(series: Series) -> str:
    """What a series in blocks consists of: "5 blocks of 4 slices, 3 to 21 mm apart, over 160 mm from head to foot".

    Parameters
    ----------
    series : Series
        A joined series.
    """
    counts = sorted({one.n_slices for one in series.blocks})
    slices = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    grids = [one.geometry for one in series.blocks if one.geometry is not None]
    middles = np.array([grid.center_ras for grid in grids])
    axis = int(np.argmax(np.ptp(middles, axis=0)))
    way = ("from side to side", "from front to back", "from head to foot")[axis]
    reach = np.ptp(middles[:, axis])
    tilts = max(angle_deg(grid, grids[0]) for grid in grids)
    tilted = f", tilted by up to {tilts:.0f} degrees" if tilts >= 1.0 else ""
    return f"{len(grids)} blocks of {slices} slices, whose middles span {reach:.0f} mm {way}{tilted}"
