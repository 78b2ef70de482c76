"""Give the vertebrae of a spine the names that follow from a level that the reader names.

No image is needed. Start at :func:`renamed`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..core.errors import PainGeneratorError
from ..core.words import Certainty
from .level_order import Counted, checked_level, is_disc, order_with, place_of, vertebrae_of
from .vertebrae import Joint, Spine, VertebraFrame

BESIDE_MOST_MM = 60.0
"""Upper bound of the distance of a named point from the axis of a vertebra to either side, mm: the tips of the
transverse processes of L3 lie up to 50 mm from it (our estimate)."""

FRONT_MOST_MM = 35.0
"""Upper bound of the distance of a named point in front of the middle of a vertebra, mm: bodies reach 17 to 20 mm (our
estimate, with a margin for a click beside the body)."""

BEHIND_MOST_MM = 100.0
"""Upper bound of the distance of a named point behind the middle of a vertebra, mm: spinous processes end 60 to 80 mm
behind it (our estimate)."""

BEYOND_MOST_MM = 8.0
"""Upper bound of the distance of a named point above or below a vertebra, and from the middle plane of a disc, mm:
lumbar discs are 5 to 14 mm high (our estimate)."""

CLEAR_MM = 2.0
"""Lower bound of how much nearer a named point must lie to its vertebra than to the next one, mm; the middle of a disc
lies in neither (our estimate)."""

NAMED = "The levels follow from {level}, which was named by the reader."
"""Sentence for the reader."""

CONTRADICTION = "In the images this level was counted as {counted}: there may be {lumbar} lumbar vertebrae."
"""Sentence where the reader names a level otherwise than the count from a sacrum that is seen."""

_NUMBERS = {3: "three", 4: "four", 6: "six", 7: "seven"}


@dataclass(frozen=True, eq=False)
class GivenLevel:
    """A level that the reader named: a vertebra or a disc, and a place in it (RAS mm, reference frame)."""

    level: str
    point_ras: np.ndarray


def renamed(spine: Spine, given: GivenLevel) -> Spine:
    """Name all levels of a spine from one that the reader named.

    The order is regular: L6 and T13 exist only when they are named. A vertebra that becomes S1 is the sacrum from then
    on and leaves the frames; a sacrum that becomes a lumbar vertebra joins them. A count that agrees with the reader
    keeps its names.

    Parameters
    ----------
    spine : Spine
    given : GivenLevel
        In the frame of the spine.

    Returns
    -------
    Spine
        Its levels are certain. It is transitional where a level is called L6 or T13, or where the name contradicts a
        count that was certain or likely.

    Raises
    ------
    PainGeneratorError
        If there is no such level, or no vertebra or disc of the spine lies at the point.
    """
    level = checked_level(given.level)
    old = _level_at(spine, level, np.asarray(given.point_ras, dtype=float))
    reason = NAMED.format(level=level)
    if old == level:
        return replace(spine, level_certainty=str(Certainty.CERTAIN), level_reasons=(reason,))
    order = order_with(_levels(spine))
    counted = Counted(level, place_of(old, order))
    named: list[VertebraFrame] = []
    for frame in _vertebrae(spine):
        new = counted.level(frame.level, order)
        if new is not None:
            named.append(replace(frame, level=new))
    sacrum = next((frame for frame in named if frame.level == "S1"), None)
    is_contradicted = _is_counted(spine)
    contradiction = [contradiction_of(old, level)] if is_contradicted else []
    return replace(
        spine,
        frames=tuple(frame for frame in named if not frame.level.startswith("S")),
        discs=_joints(spine.discs, counted, order),
        facets=_joints(spine.facets, counted, order),
        sacrum=sacrum,
        transitional=is_contradicted or is_extra(level),
        level_certainty=str(Certainty.CERTAIN),
        level_reasons=(reason, *contradiction),
    )


def is_extra(level: str) -> bool:
    """Whether a level names a vertebra that regular anatomy has not."""
    return bool({"L6", "T13"} & set(vertebrae_of(level)))


def contradiction_of(counted: str, given: str) -> str:
    """A sentence about a level that the reader names otherwise than the count from the sacrum."""
    order = order_with([counted, given])
    # Where the reader's name is lower than the counted one, the reader has more vertebrae above the sacrum.
    more = place_of(counted, order) - place_of(given, order)
    lumbar = _NUMBERS.get(5 + more, "another number of")
    return CONTRADICTION.format(counted=counted, lumbar=lumbar)


def is_beside(side_mm: float, front_mm: float) -> bool:
    """Whether a point so far to the side and in front of the middle of a body belongs to its vertebra."""
    return bool(abs(side_mm) <= BESIDE_MOST_MM and -BEHIND_MOST_MM <= front_mm <= FRONT_MOST_MM)


def point_error(level: str) -> PainGeneratorError:
    """The error for a point at which no vertebra or disc lies."""
    kind = "disc" if is_disc(level) else "vertebra"
    return PainGeneratorError(
        f"The point that was named {level} lies in no {kind} that is seen.",
        f"Give a point near the middle of a {kind} on the MR.",
    )


def _is_counted(spine: Spine) -> bool:
    """Whether the names of a spine come from a count that can be relied on, and not from the reader."""
    start = NAMED.split("{", maxsplit=1)[0]
    by_reader = any(reason.startswith(start) for reason in spine.level_reasons)
    return spine.level_certainty != Certainty.UNCERTAIN and not by_reader


def _levels(spine: Spine) -> list[str]:
    return [frame.level for frame in spine.frames] + [joint.level for joint in (*spine.discs, *spine.facets)]


def _vertebrae(spine: Spine) -> list[VertebraFrame]:
    """The frames from the head downward with that of S1."""
    return [*spine.frames, *([] if spine.sacrum is None else [replace(spine.sacrum, level="S1")])]


def _joints(joints: tuple[Joint, ...], counted: Counted, order: tuple[str, ...]) -> tuple[Joint, ...]:
    named = [(counted.level(joint.level, order), joint) for joint in joints]
    return tuple(replace(joint, level=level) for level, joint in named if level is not None)


def _level_at(spine: Spine, level: str, point: np.ndarray) -> str:
    """The present name of the vertebra, or of the disc, at a point."""
    frames = [frame for frame in _vertebrae(spine) if is_beside(*frame.local(point)[:2])]
    if is_disc(level):
        found = {joint.level: _off_disc_mm(frames, joint, point) for joint in spine.discs}
        clear = 0.0
    else:
        found = {frame.level: _beyond_mm(frame, point) for frame in frames}
        clear = CLEAR_MM
    near = sorted(found, key=lambda name: found[name])
    if not near or found[near[0]] > BEYOND_MOST_MM:
        raise point_error(level)
    if len(near) > 1 and found[near[1]] - found[near[0]] < clear:
        raise point_error(level)
    return near[0]


def _beyond_mm(frame: VertebraFrame, point: np.ndarray) -> float:
    """Distance of a point above or below a vertebra along its axis, mm; negative within it."""
    up = frame.local(point)[2]
    return float(max(up - frame.top_mm, frame.bottom_mm - up))


def _off_disc_mm(frames: list[VertebraFrame], joint: Joint, point: np.ndarray) -> float:
    """Distance of a point from the plane of a disc along the axis of a vertebra beside it, mm; infinite without."""
    beside = [frame for frame in frames if frame.level in vertebrae_of(joint.level)]
    if not beside:
        return float("inf")
    up = sum((frame.up for frame in beside), np.zeros(3))
    return abs(float((point - joint.center_ras) @ up / np.linalg.norm(up)))
