"""What makes the place of a vertebra or a disc uncertain, in words for the reader.

The bodies of one spine resemble each other, and their middles lie on an even curve. Where bright or dark marrow beside
an endplate hides it, a disc is found beside its place. Start at :func:`place_doubts`; :func:`lumbosacral_doubt` says
where the count itself is doubtful.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from .vertebrae import VertebraFrame

OFF_PART = 1.0 / 3.0
"""Upper bound of how much the height of a body differs from the median of the same spine, as a part of it. Lumbar
bodies of one spine differ by up to 15 % (Panjabi et al., Spine 17 (1992) 299); a body that lost a third is severely
fractured or was found at a wrong place."""
OPPOSITE_PART = 1.0 / 6.0
"""Lower bound of how much the neighbor differs to the other side, where the disc between both is doubtful. Our
estimate: half of the same."""
LEAST_BODIES = 3
"""Lower bound of the number of bodies whose median says what is usual."""
OFF_CURVE_MM = 10.0
"""Upper bound of the distance of the middle of a body from the middle between its neighbors, across the spine, mm. A
slip of a quarter of the depth is 8 mm (grade I of Meyerding), and in a strong lordosis the curve makes 4 mm. Our
estimate."""

THIN_PART = 0.6
"""Lower bound of the height of the lumbosacral disc as a part of the median of the three above it. Discs below a
sacralized vertebra are thin, and so are badly worn ones; in four people with drawn vertebrae the part was 0.7 to 0.9.
Our estimate."""
DISCS_ABOVE = 3
"""Number of discs above the lumbosacral one with which it is compared."""

HEIGHT = "The place of {level} is uncertain: its body seems {height:.0f} mm high, and the usual one {usual:.0f} mm."
DISC = (
    "The place of {level} is uncertain: the bodies above and below it seem {above:.0f} and {below:.0f} mm high, and "
    "the usual one {usual:.0f} mm."
)
MISSING = "The place of {level} is uncertain: its endplates were not found at a plausible distance from each other."
BESIDE = "The place of {level} is uncertain: it seems {off:.0f} mm away from the line between its neighbors."
THIN = (
    "The disc {level} seems {height:.0f} mm high, and those above it {usual:.0f} mm: it may be worn, or {upper} "
    "may be transitional (sacralized)."
)


def lumbosacral_doubt(frames: Mapping[str, VertebraFrame]) -> str | None:
    """Say where the disc on the sacrum is so thin that the vertebra above it may be transitional.

    Parameters
    ----------
    frames : mapping of str to VertebraFrame
        Level -> its frame, from S1 upward.

    Returns
    -------
    str or None
        None where the disc is not thin, or too few others are seen.
    """
    order = list(frames)
    if not order or order[0] != "S1" or len(order) < DISCS_ABOVE + 2:
        return None
    gaps = [_gap_mm(frames[below], frames[above]) for below, above in pairwise(order[: DISCS_ABOVE + 2])]
    usual = float(np.median(gaps[1:]))
    if gaps[0] >= THIN_PART * usual:
        return None
    return THIN.format(level=f"{order[1]}/S1", height=max(gaps[0], 0.0), usual=usual, upper=order[1])


def _gap_mm(below: VertebraFrame, above: VertebraFrame) -> float:
    """Distance between the endplates of two vertebrae at the middle of the bodies, mm."""
    up = below.up + above.up
    way = above.at(np.array([0.0, 0.0, above.bottom_mm])) - below.at(np.array([0.0, 0.0, below.top_mm]))
    return float(way @ up / np.linalg.norm(up))


def place_doubts(inner: Sequence[str], frames: Mapping[str, VertebraFrame]) -> list[str]:
    """Say which vertebrae and discs depart from their neighbors.

    Parameters
    ----------
    inner : sequence of str
        Levels of the vertebrae between two discs that were found, from below upward. Those of the sacrum do not count:
        the spine bends there.
    frames : mapping of str to VertebraFrame
        Level -> its frame; a level without a frame is said, too.

    Returns
    -------
    list of str
        Sentences for the reader, from below upward.
    """
    lumbar = [level for level in inner if not level.startswith("S")]
    found = [MISSING.format(level=level) for level in lumbar if level not in frames]
    known = [frames[level] for level in lumbar if level in frames]
    return found + _by_height(known) + _by_curve(known)


def _by_height(known: Sequence[VertebraFrame]) -> list[str]:
    """Bodies that are much higher or lower than usual, or the discs between a high and a low one."""
    if len(known) < LEAST_BODIES:
        return []
    heights = np.array([frame.top_mm - frame.bottom_mm for frame in known])
    usual = float(np.median(heights))
    parts = heights / usual - 1.0
    found: dict[str, None] = {}
    for place in np.flatnonzero(np.abs(parts) > OFF_PART).tolist():
        beside = [other for other in (place - 1, place + 1) if 0 <= other < len(known)]
        opposite = [other for other in beside if -np.sign(parts[place]) * parts[other] > OPPOSITE_PART]
        if opposite:
            below, above = sorted((place, opposite[0]))
            level = f"{known[above].level}/{known[below].level}"
            text = DISC.format(level=level, above=heights[above], below=heights[below], usual=usual)
        else:
            text = HEIGHT.format(level=known[place].level, height=heights[place], usual=usual)
        found[text] = None
    return list(found)


def _by_curve(known: Sequence[VertebraFrame]) -> list[str]:
    """Bodies that lie beside the line between their neighbors."""
    found = []
    for (below, frame), (_, above) in pairwise(pairwise(known)):
        way = above.center_ras - below.center_ras
        up = way / np.linalg.norm(way)
        off = frame.center_ras - below.center_ras
        beside = float(np.linalg.norm(off - (off @ up) * up))
        if beside > OFF_CURVE_MM:
            found.append(BESIDE.format(level=frame.level, off=beside))
    return found
