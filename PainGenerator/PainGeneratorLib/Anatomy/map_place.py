"""Whether the vertebrae of an anatomy segmentation lie where the MR itself shows the spine.

It is asked after the MR has shown its canal and its vertebrae, and before anything is named. A map that lies elsewhere
is refused: its tissues would be compared with each other at wrong places, and its sites would be measured there.
"""

from __future__ import annotations

import numpy as np

from ..Numerics.body.vertebrae import Spine
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import Certainty, Side
from .anatomy_map import AnatomyMap
from .body_plan import BodyPlan
from .map_parts import parts_of
from .turn_certainty import canal_is_behind

APART_MM = 12.0
"""Lower bound of the median distance of the vertebrae of a map from those of the MR, at which it is refused, mm. Our
estimate: on right maps of real and simulated spines it is below 6 mm. A map that is shifted along the spine is never
farther than half a vertebra, 17 mm, from the nearest one."""
BESIDE_LINE_MM = 25.0
"""Lower bound of the median distance of the bodies to one side of the canal, at which a map is refused, mm. Our
estimate: in a severe scoliosis the middles of the bodies lie 10 mm beside the canal."""
LEAST_COMPARED = 2
"""Lower bound of the number of vertebrae that are compared: one alone may be the one at the edge that is cut off."""
ADVICE = (
    "Open the segmentation and the reference series (the T1 where there is one) in 3D Slicer and look whether they "
    "lie on each other. Make the segmentation from this series, or leave out --anatomy."
)


def refuse_misplaced(anatomy: AnatomyMap, plan: BodyPlan, by_mr: Spine | None) -> None:
    """Refuse a segmentation whose vertebrae lie elsewhere than the spine that the MR surely shows.

    Parameters
    ----------
    anatomy : AnatomyMap
    plan : BodyPlan
        In the reference frame.
    by_mr : Spine or None
        The vertebrae of the MR, in the reference frame.

    Raises
    ------
    PainGeneratorError
        It says how far away the vertebrae lie.
    """
    if plan.spine_line is None or plan.spine_certainty not in (None, Certainty.CERTAIN):
        return
    spine = parts_of(anatomy).spine
    if not spine.frames:
        return
    if anatomy.frame_to_map_ras is not None:
        spine = spine.moved(np.linalg.inv(anatomy.frame_to_map_ras))
    reason = _apart(spine, by_mr) or _beside_canal(spine, plan)
    if reason is not None:
        raise PainGeneratorError(reason, ADVICE)


def _apart(by_map: Spine, by_mr: Spine | None) -> str | None:
    """What is said where the vertebrae of both lie apart; None where they do not, or cannot be compared."""
    if by_mr is None or len(by_mr.frames) < LEAST_COMPARED:
        return None
    there = np.array([frame.center_ras for frame in by_mr.frames])
    middle = float(np.median(np.abs(np.diff(np.sort(there[:, 2])))))
    low, high = there[:, 2].min() - 0.5 * middle, there[:, 2].max() + 0.5 * middle
    own = np.array([frame.center_ras for frame in by_map.frames if low <= frame.center_ras[2] <= high])
    if len(own) < LEAST_COMPARED:
        return None
    ways = own[:, None] - there[None]
    nearest = np.argmin(np.linalg.norm(ways, axis=2), axis=1)
    way = np.median(ways[np.arange(len(own)), nearest], axis=0)
    away = float(np.median(np.linalg.norm(ways[np.arange(len(own)), nearest], axis=1)))
    if away <= APART_MM:
        return None
    return (
        f"The vertebrae of the anatomy segmentation lie {away:.0f} mm away from those that the MR shows "
        f"({_in_words(way)})."
    )


def _beside_canal(by_map: Spine, plan: BodyPlan) -> str | None:
    """What is said where the canal that the MR shows does not lie behind the bodies; None where it does."""
    if plan.spine_line is None:
        return None
    line = plan.spine_line.points_ras
    low, high = line[:, 2].min(), line[:, 2].max()
    seen = [frame.center_ras for frame in by_map.frames if low <= frame.center_ras[2] <= high]
    if len(seen) < LEAST_COMPARED:
        return None
    beside = float(np.median([(point - plan.spine_line.at(point[2]))[0] for point in seen]))
    if abs(beside) > BESIDE_LINE_MM:
        side = Side.RIGHT if beside > 0 else Side.LEFT
        return (
            f"The vertebrae of the anatomy segmentation lie {abs(beside):.0f} mm to the {side} of the spinal canal "
            "that the MR shows."
        )
    if canal_is_behind(by_map, plan) is False:
        return (
            "The spinal canal that the MR shows does not lie behind the vertebrae of the anatomy segmentation: the "
            "segmentation lies elsewhere, or it is turned from back to front."
        )
    return None


def _in_words(way: np.ndarray) -> str:
    """A way in mm as words, without what is shorter than 3 mm."""
    names = (("to the left", "to the right"), ("behind", "in front"), ("below", "above"))
    parts = [
        f"{abs(value):.0f} mm {pair[int(value > 0)]}"
        for value, pair in zip(way, names, strict=True)
        if abs(value) >= 3.0
    ]
    return ", ".join(parts) or "in different directions"
