"""The frame of S1: from the labels of the sacrum, or from the vertebra and the disc above it."""

from __future__ import annotations

import numpy as np

from ..Numerics.body.vertebrae import Spine, VertebraFrame
from .anatomy_map import AnatomyMap
from .columns import COLUMN_MM, column_ends, plane_of

S1_HEIGHT_MM = 30.0
"""Height of the body of S1 in an average adult, mm. Our estimate: that of lumbar bodies and 3 mm more."""
TILT_DEG = 19.0
"""Angle between the axes of L5 and S1, degrees, S1 turned forward: the disc is 14 to 15 degrees and half the body of
L5 4 to 5 degrees higher in front (Been and Kalichman, Lumbar lordosis, Spine J 14 (2014) 87)."""
_HALF_WIDTH_PART = 0.6
"""Upper bound of the distance of these columns from the midline, as a part of half the width of the vertebra above.
Farther out the alae begin. Our estimate."""
_FRONT_MM, _BEHIND_MM = 8.0, 20.0
"""How far before the front wall and behind the back wall of the vertebra above the columns reach, mm: the endplate of
S1 lies behind that of L5 where the sacrum is steep, and in front of it where L5 slips back. Our estimate."""
_REACH_MM = 35.0
"""Upper bound of the distance of the sacrum below the vertebra above, mm. Our estimate."""
_DEPTH_MM = (22.0, 42.0)
"""Bounds of the depth of the endplate of S1, mm. Our estimate: 30 to 35 mm on average."""
_TILTS_DEG = (-50.0, 15.0)
"""Lowest and highest slope of the endplate of S1 to the front that is tried, degrees in the axes of the vertebra
above: it mostly slopes down to the front."""
_MOST_TILT_DEG = 55.0
"""Upper bound of the angle between S1 and the vertebra above, degrees. Our estimate."""


def find_sacrum(anatomy: AnatomyMap, spine: Spine, scale: float = 1.0) -> VertebraFrame | None:
    """Find the frame of S1 in the labels of the sacrum.

    The upper endplate is the plane in which the columns of the sacrum below the lowest vertebra end.

    Parameters
    ----------
    anatomy : AnatomyMap
    spine : Spine
        Of the same map.
    scale : float
        Size of the spine as a factor of the average one.

    Returns
    -------
    VertebraFrame or None
        In the frame of the map; None where there is no sacrum below a lumbar vertebra.
    """
    last = spine.frames[-1] if spine.frames else None
    if last is None or spine.below(last.level) != "S1":
        return None
    points = anatomy.points(anatomy.labels_of("sacrum", level="S1") or anatomy.labels_of("sacrum"))
    tops = _column_tops(last, points)
    plane = plane_of(tops, _TILTS_DEG)
    if plane is None:
        return None
    slopes = plane.slopes
    normal = np.array([-slopes[0], -slopes[1], 1.0]) / np.linalg.norm([*slopes, 1.0])
    if normal[2] < np.cos(np.deg2rad(_MOST_TILT_DEG)):
        return None
    low, high = np.percentile(tops[plane.on_plane, 1], [3, 97])
    middle = np.array([0.0, 0.5 * (low + high), 0.0])
    middle[2] = plane.offset_mm + slopes @ middle[:2]
    depth = float(np.clip(high - low + COLUMN_MM, *_DEPTH_MM))
    return _first_sacral(last, last.at(middle), normal @ _axes(last), depth, scale)


def sacrum_below(last: VertebraFrame, disc_ras: np.ndarray, scale: float = 1.0) -> VertebraFrame:
    """The frame of S1 below the lowest vertebra and its disc, by usual anatomy.

    Parameters
    ----------
    last : VertebraFrame
        L5, or the lowest lumbar vertebra.
    disc_ras : ndarray, shape (3,)
        Middle of the disc below it, RAS mm.
    scale : float
        Size of the spine as a factor of the average one.
    """
    tilt = np.deg2rad(TILT_DEG)
    front = 0.5 * (last.front_mm + last.back_mm)
    lower = last.at(np.array([0.0, front, last.bottom_mm]))
    gap = max(float((lower - disc_ras) @ last.up), 2.0)
    # The disc opens to the front, so that the upper side of S1 looks more to the front than that of L5.
    up = np.cos(tilt) * last.up + np.sin(tilt) * last.front
    between = np.cos(0.5 * tilt) * last.up + np.sin(0.5 * tilt) * last.front
    return _first_sacral(last, disc_ras - gap * between, up, last.front_mm - last.back_mm, scale)


def _axes(frame: VertebraFrame) -> np.ndarray:
    """Left, front and up as rows."""
    return np.stack([frame.left, frame.front, frame.up])


def _first_sacral(
    last: VertebraFrame, endplate_ras: np.ndarray, up: np.ndarray, depth_mm: float, scale: float
) -> VertebraFrame:
    """The frame of S1 from the middle of its upper endplate and its axis."""
    up = up / np.linalg.norm(up)
    left = last.left - (last.left @ up) * up
    left /= np.linalg.norm(left)
    half = 0.5 * scale * S1_HEIGHT_MM
    front = np.cross(left, up)
    return VertebraFrame(
        "S1", endplate_ras - half * up, left, front, up,
        last.half_width_mm, -0.5 * depth_mm, 0.5 * depth_mm, -half, half,
    )  # fmt: skip


def _column_tops(last: VertebraFrame, points: np.ndarray) -> np.ndarray:
    """The upper ends of columns of the sacrum, in the axes of the vertebra above, mm, shape (n, 3)."""
    local = last.local(points) if len(points) else np.empty((0, 3))
    inside = np.abs(local[:, 0]) < _HALF_WIDTH_PART * last.half_width_mm
    inside &= (local[:, 1] > last.back_mm - _BEHIND_MM) & (local[:, 1] < last.front_mm + _FRONT_MM)
    inside &= (local[:, 2] < 0.0) & (local[:, 2] > last.bottom_mm - _REACH_MM)
    return column_ends(local[inside])
