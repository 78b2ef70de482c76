"""How much left and right of the vertebrae of an anatomy segmentation can be relied on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..Numerics.body.vertebrae import Spine
from ..Numerics.core.words import Certainty

if TYPE_CHECKING:
    from .body_plan import BodyPlan


def turn_certainty(spine: Spine, canal: bool | None, pairs: Callable[[], bool], seen: bool) -> Certainty:
    """How much left and right can be relied on: two witnesses make them certain.

    They are two of these: the axes of the scanner, the shape of the vertebrae, structures that the map names left and
    right, and the canal and the midline in the images.

    Parameters
    ----------
    spine : Spine
        Of this map.
    canal : bool or None
        Whether the canal in the images lies behind the bodies, see :func:`canal_is_behind`.
    pairs : callable
        Whether structures that the map names left and right lie where the scanner has left and right. It is asked
        last, as it looks up many voxels.
    seen : bool
        Whether the images show on which side of the midline a place lies.
    """
    if spine.doubts or canal is False:
        return Certainty.UNCERTAIN
    if not spine.frames or spine.is_turn_confirmed or canal or seen or pairs():
        return Certainty.CERTAIN
    return Certainty.LIKELY


def canal_is_behind(spine: Spine, plan: BodyPlan | None) -> bool | None:
    """Whether the canal that the images show lies behind most bodies; None where it is not surely seen.

    Parameters
    ----------
    spine : Spine
        In the reference frame.
    plan : BodyPlan, optional
        In the reference frame.
    """
    if plan is None or plan.spine_line is None or plan.spine_certainty not in (None, Certainty.CERTAIN):
        return None
    line = plan.spine_line.points_ras
    behind = []
    for frame in spine.frames:
        if line[:, 2].min() <= frame.center_ras[2] <= line[:, 2].max():
            way = plan.spine_line.at(frame.center_ras[2]) - frame.center_ras
            behind.append(float(way @ frame.front) < 0.0)
    return None if not behind else sum(behind) > 0.5 * len(behind)
