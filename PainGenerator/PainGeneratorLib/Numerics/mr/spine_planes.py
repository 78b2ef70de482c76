"""The planes of the discs from the frames of the vertebrae, and where a place lies in its vertebra.

The canal gives the discs as planes of the signal that departs most from that of marrow. Marrow that is dark over a
large part of a vertebra, as in a Modic I, departs as well and pulls such a plane off by some millimeters: the lesion
is then taken for disc, and the middle of the body for its endplate. The frames of the vertebrae come from both
endplates and from the spacing of all levels (:mod:`..body.spine_frame`), which one lesion does not move as far.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..body.canal import SpineLine
from ..body.straight_spine import DISC_FRONT_MM, StraightSpine
from ..body.vertebrae import Joint, Spine, VertebraFrame

PULLED_OFF_MM = 2.5
"""Distance between the plane of a disc by the canal and the middle between its endplates, mm, from which the endplates
are believed: more than half of the half height of a disc (4.5 mm). Our estimate; smaller differences are those of two
ways to measure the same."""
OTHER_DISC_MM = 13.0
"""Upper bound of that distance, mm: half of the height of a small vertebra with its disc. Farther away lies another
disc."""
ARM_MM = 8.0
"""Half of the distance to the front over which the tilt of a disc is measured, mm."""


def with_planes_of(line: SpineLine, spine: Spine | None) -> SpineLine:
    """The canal with the planes of the discs that the frames of the vertebrae show, where the two differ.

    Parameters
    ----------
    line : SpineLine
    spine : Spine or None
        Found from this line.

    Returns
    -------
    SpineLine
        The same object where no plane was pulled off.
    """
    if spine is None or not len(line.disc_mm):
        return line
    height, tilt = np.array(line.disc_mm, dtype=float), np.array(line.disc_tilt, dtype=float)
    is_moved = False
    for disc in spine.discs:
        plane = _plane(line.straight, spine, disc)
        if plane is None:
            continue
        _, front, own = plane[2]
        off = own - (line.disc_mm + line.disc_tilt * (front - DISC_FRONT_MM))
        number = int(np.argmin(np.abs(off)))
        if PULLED_OFF_MM < abs(off[number]) < OTHER_DISC_MM:
            height[number], tilt[number] = plane[:2]
            is_moved = True
    if not is_moved or np.any(np.diff(height) <= 0.0):
        return line
    return replace(line, disc_mm=height, disc_tilt=tilt)


def _plane(straight: StraightSpine, spine: Spine, disc: Joint) -> tuple[float, float, np.ndarray] | None:
    """Height at DISC_FRONT_MM, tilt, and middle of a disc by the canal; None unless both its vertebrae are known."""
    frames = [frame for name in disc.level.split("/") if (frame := _frame(spine, name)) is not None]
    if len(frames) < 2:
        return None
    front = np.mean([frame.front for frame in frames], axis=0)
    front = front / np.linalg.norm(front)
    middle, before, behind = straight.local(
        np.stack([disc.center_ras, disc.center_ras + ARM_MM * front, disc.center_ras - ARM_MM * front])
    )
    if not np.isfinite([middle[2], before[2], behind[2]]).all() or before[1] - behind[1] < ARM_MM:
        return None
    tilt = float((before[2] - behind[2]) / (before[1] - behind[1]))
    return float(middle[2] + tilt * (DISC_FRONT_MM - middle[1])), tilt, middle


def _frame(spine: Spine, level: str) -> VertebraFrame | None:
    return spine.sacrum if level == "S1" and spine.sacrum is not None else spine.frame(level)


def place_in_vertebra(spine: Spine | None, points_ras: np.ndarray) -> tuple[float, float] | None:
    """Where a place lies in the vertebra at its height.

    Parameters
    ----------
    spine : Spine or None
    points_ras : ndarray, shape (n, 3)

    Returns
    -------
    (float, float) or None
        Median height from the lower endplate (0) to the upper one (1), and median distance in front of the front wall
        of the body, mm (negative behind it). None without vertebrae, and beyond their endplates by more than half a
        body.
    """
    if spine is None or not len(points_ras):
        return None
    frame = spine.nearest(np.median(points_ras, axis=0))
    if frame is None:
        return None
    _, front, up = np.median(frame.local(points_ras), axis=0)
    height = (up - frame.bottom_mm) / (frame.top_mm - frame.bottom_mm)
    return (float(height), float(front - frame.front_mm)) if -0.5 <= height <= 1.5 else None


def is_middle_third(height: float) -> bool:
    """Whether a height in a vertebra (0 to 1 from endplate to endplate) lies in its middle third."""
    return 1.0 / 3.0 < height < 2.0 / 3.0


def facet_distance_mm(spine: Spine | None, point_ras: np.ndarray) -> float:
    """Distance of a point from the middle of the nearest facet joint, mm; infinite where none is known."""
    if spine is None or not spine.facets:
        return np.inf
    return min(float(np.linalg.norm(joint.center_ras - point_ras)) for joint in spine.facets)
