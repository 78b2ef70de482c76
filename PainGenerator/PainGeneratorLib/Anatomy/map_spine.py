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


def finer_spine(anatomy: AnatomyMap, spine: Spine) -> Spine:
    """Turn the vertebrae of a spine to their endplates and add S1.

    Parameters
    ----------
    anatomy : AnatomyMap
    spine : Spine
        Of this map, in its frame.
    """
    spine = replace(spine, frames=tuple(_turned_to_endplates(anatomy, frame) for frame in spine.frames))
    if spine.sacrum is not None:
        return spine
    return replace(spine, sacrum=find_sacrum(anatomy, spine, scale_of(spine)))


def _turned_to_endplates(anatomy: AnatomyMap, frame: VertebraFrame) -> VertebraFrame:
    """A vertebra whose axis is the mean normal of its endplates; unchanged where they are not seen."""
    labels = anatomy.labels_of(BODY_PARTS, level=frame.level) or anatomy.labels_of(VERTEBRA_PARTS, level=frame.level)
    local = frame.local(anatomy.points(labels))
    depth = _INNER_PART * 0.5 * (frame.front_mm - frame.back_mm)
    middle = 0.5 * (frame.front_mm + frame.back_mm)
    inside = np.abs(local[:, 0]) < _INNER_PART * frame.half_width_mm
    inside &= np.abs(local[:, 1] - middle) < depth
    local = local[inside]
    slopes = []
    for sign in (1.0, -1.0):
        ends = column_ends(local, sign)
        plane = plane_of(ends, (-25.0, 25.0))
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
