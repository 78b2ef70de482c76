"""A finer spine from an anatomy segmentation: each vertebra is turned to its own endplates, and S1 is added.

The axes of :func:`.spine.find_spine` follow the curve through the middles of the bodies. The last lumbar vertebra is
tilted more than this curve, and its arch lies 40 mm behind the body, where 10 degrees are 7 mm.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..Numerics.body.vertebrae import Spine, VertebraFrame
from .anatomy_map import VERTEBRA_PARTS, AnatomyMap
from .columns import column_ends, plane_of
from .sacrum import find_sacrum
from .spine import BODY_PARTS
from .spine_form import scale_of

_INNER_PART = 0.75
"""Part of the width and the depth of a body in which its endplates are looked for. Their rims are worn or rounded. Our
estimate."""
_MOST_TURN_DEG = 25.0
"""Upper bound of the angle by which endplates turn a vertebra, degrees. Our estimate: the curve through the middles of
the bodies is never farther off, and a fracture can tilt one endplate."""


_WALL_SIDE_MM = (4.0, 10.0)
"""Distances from the midline between which the posterior wall is looked for, mm. The canal is 24 to 27 mm wide
(Panjabi et al., Spine 17 (1992) 299)."""
_MOST_CHANGE_MM = 7.0
"""Upper bound of the distance by which an endplate or a wall is moved, mm. The canal behind the wall is 18 mm deep.
Our estimate."""
_LEAST_COLUMNS = 8
"""Lower bound of the number of columns from which an endplate or a wall is measured. Our estimate."""


_LEAST_FOR_ROW = 3
"""Lower bound of the number of vertebrae of which the first or last can continue the row of the others."""
_CUT_PART = 0.75
"""Upper bound of the height of a vertebra at an end that is cut off, as a part of the median of the spine. Our
estimate: a fracture with this little height at the very end of the field of view is measured as if it were whole."""


def finer_spine(anatomy: AnatomyMap, spine: Spine) -> Spine:
    """Turn the vertebrae of a spine to their endplates, measure their walls there, and add S1.

    Parameters
    ----------
    anatomy : AnatomyMap
    spine : Spine
        Of this map, in its frame.
    """
    frames = [_fitted(anatomy, frame) for frame in spine.frames]
    spine = replace(spine, frames=tuple(_with_whole_ends(frames)))
    if spine.sacrum is not None:
        return spine
    return replace(spine, sacrum=find_sacrum(anatomy, spine, scale_of(spine)))


def _with_whole_ends(frames: list[VertebraFrame]) -> list[VertebraFrame]:
    """Frames in which the vertebrae at the ends that are cut off continue the row of their neighbors.

    The middle and the axes of the part that is seen are not those of the vertebra.
    """
    if len(frames) < _LEAST_FOR_ROW:
        return frames
    usual = float(np.median([frame.top_mm - frame.bottom_mm for frame in frames]))
    row = list(frames)
    for end, step in ((0, 1), (-1, -1)):
        if row[end].top_mm - row[end].bottom_mm < _CUT_PART * usual:
            row[end] = _continued(row[end], row[end + step], row[end + 2 * step])
    return row


def _continued(cut: VertebraFrame, near: VertebraFrame, far: VertebraFrame) -> VertebraFrame:
    """The frame of a vertebra that is cut off: as far from its neighbor as this from the next, bent half as much."""
    up = near.up + 0.5 * (near.up - far.up)
    up /= np.linalg.norm(up)
    left = near.left - (near.left @ up) * up
    left /= np.linalg.norm(left)
    way = near.center_ras - far.center_ras
    along = near.up + up
    center = near.center_ras + np.sign(way @ along) * np.linalg.norm(way) * along / np.linalg.norm(along)
    return replace(near, level=cut.level, center_ras=center, left=left, front=np.cross(left, up), up=up)


def _fitted(anatomy: AnatomyMap, frame: VertebraFrame) -> VertebraFrame:
    """A vertebra along its endplates, with its size from endplates and walls; unchanged where they are not seen."""
    labels = anatomy.labels_of(BODY_PARTS, level=frame.level) or anatomy.labels_of(VERTEBRA_PARTS, level=frame.level)
    points = anatomy.points(labels)
    turned = _turned(frame, points)
    local = turned.local(points)
    edge = 0.5 * min(anatomy.image.geometry.spacing_mm)
    bottom, top = (_end(turned, local, sign) for sign in (-1.0, 1.0))
    back, front = (_wall(turned, local, sign) for sign in (-1.0, 1.0))
    return replace(
        turned,
        bottom_mm=turned.bottom_mm if bottom is None else bottom - edge,
        top_mm=turned.top_mm if top is None else top + edge,
        back_mm=turned.back_mm if back is None else back - edge,
        front_mm=turned.front_mm if front is None else front + edge,
    )


def _between_walls(frame: VertebraFrame, local: np.ndarray) -> np.ndarray:
    """Which points lie above or below the inner part of the body."""
    depth = _INNER_PART * 0.5 * (frame.front_mm - frame.back_mm)
    middle = 0.5 * (frame.front_mm + frame.back_mm)
    inside: np.ndarray = np.abs(local[:, 0]) < _INNER_PART * frame.half_width_mm
    return inside & (np.abs(local[:, 1] - middle) < depth)


def _turned(frame: VertebraFrame, points: np.ndarray) -> VertebraFrame:
    """A vertebra whose axis is the mean normal of its endplates."""
    local = frame.local(points)
    local = local[_between_walls(frame, local)]
    slopes = []
    for sign in (1.0, -1.0):
        ends = column_ends(local, sign)
        plane = plane_of(ends, (-_MOST_TURN_DEG, _MOST_TURN_DEG))
        if plane is not None and plane.on_plane.sum() > 0.5 * len(ends):
            slopes.append(plane.slopes)
    if len(slopes) < 2:
        return frame
    slope = np.mean(slopes, axis=0)
    up = np.array([-slope[0], -slope[1], 1.0])
    up /= np.linalg.norm(up)
    if up[2] < np.cos(np.deg2rad(_MOST_TURN_DEG)):
        return frame
    new_up = up @ np.stack([frame.left, frame.front, frame.up])
    left = frame.left - (frame.left @ new_up) * new_up
    left /= np.linalg.norm(left)
    return replace(frame, left=left, front=np.cross(left, new_up), up=new_up)


def _end(frame: VertebraFrame, local: np.ndarray, sign: float) -> float | None:
    """Height of the upper (`sign` 1) or lower endplate, mm; None when it is not seen or implausible."""
    ends = column_ends(local[_between_walls(frame, local)], sign)
    if len(ends) < _LEAST_COLUMNS:
        return None
    height = float(np.median(ends[:, 2]))
    usual = frame.top_mm if sign > 0 else frame.bottom_mm
    return height if abs(height - usual) < _MOST_CHANGE_MM else None


def _wall(frame: VertebraFrame, local: np.ndarray, sign: float) -> float | None:
    """Place of the anterior (`sign` 1) or posterior wall, mm; None when it is not seen or implausible.

    The posterior wall is looked for beside its notch in the midline and in front of the canal, between the pedicles.
    """
    usual = frame.front_mm if sign > 0 else frame.back_mm
    middle = 0.5 * (frame.top_mm + frame.bottom_mm)
    inside = np.abs(local[:, 2] - middle) < 0.35 * (frame.top_mm - frame.bottom_mm)
    side = np.abs(local[:, 0])
    inside &= (side < _WALL_SIDE_MM[1]) & (side > (0.0 if sign > 0 else _WALL_SIDE_MM[0]))
    inside &= sign * (local[:, 1] - usual) < _MOST_CHANGE_MM
    ends = column_ends(local[inside][:, [0, 2, 1]], sign)
    if len(ends) < _LEAST_COLUMNS:
        return None
    place = float(np.median(ends[:, 2]))
    return place if abs(place - usual) < _MOST_CHANGE_MM - 1.0 else None
