"""How much left and right of the vertebrae of an anatomy segmentation can be relied on."""

from __future__ import annotations

from ..Numerics.body.vertebrae import Spine
from ..Numerics.core.words import Certainty
from .anatomy_map import AnatomyMap
from .body_plan import BodyPlan
from .spine import has_pairs


def turn_certainty(anatomy: AnatomyMap, spine: Spine, plan: BodyPlan | None) -> Certainty:
    """How much left and right can be relied on: two witnesses make them certain.

    They are two of these: the axes of the scanner, the shape of the vertebrae, structures that the map names left and
    right, and the canal in the images.

    Parameters
    ----------
    anatomy : AnatomyMap
    spine : Spine
        Of this map, in the reference frame.
    plan : BodyPlan, optional
        In the reference frame.
    """
    canal = canal_is_behind(spine, plan)
    if spine.doubts or canal is False:
        return Certainty.UNCERTAIN
    if spine.is_turn_confirmed or canal or has_pairs(anatomy):
        return Certainty.CERTAIN
    seen = plan is not None and plan.certainty == Certainty.CERTAIN
    return Certainty.CERTAIN if seen else Certainty.LIKELY


def canal_is_behind(spine: Spine, plan: BodyPlan | None) -> bool | None:
    """Whether the canal that the images show lies behind most bodies; None where it is not surely seen."""
    if plan is None or plan.spine_line is None or plan.spine_certainty not in (None, Certainty.CERTAIN):
        return None
    line = plan.spine_line.points_ras
    behind = []
    for frame in spine.frames:
        if line[:, 2].min() <= frame.center_ras[2] <= line[:, 2].max():
            way = plan.spine_line.at(frame.center_ras[2]) - frame.center_ras
            behind.append(float(way @ frame.front) < 0.0)
    return None if not behind else sum(behind) > 0.5 * len(behind)
