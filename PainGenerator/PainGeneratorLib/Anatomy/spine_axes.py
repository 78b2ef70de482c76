"""Which way is up and which way is back at every vertebra of an anatomy segmentation, and what contradicts it.

Left and right follow from these two directions. No witness is believed alone. The scanner says where the patient's
head, back and left side are, and so do the structures that the map names left and right. The shape of the vertebrae
says where their arches and the canal lie. A turned patient or a scoliosis turns the shape against the scanner by a
limited angle; a mask that leaks into a muscle or a vessel, a mirrored or a turned map by any angle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

MOST_TURN_DEG = 45.0
"""Upper bound of the angle, degrees, by which the shape of a vertebra may be turned about its axis against the axes of
the scanner. Our estimate: a patient who lies on one buttock is turned by 20 to 30 degrees, and the vertebra at the top
of a severe scoliosis by about 30 (Nash and Moe 1969, https://doi.org/10.2106/00004623-196951020-00002, grade 3)."""
SHAPE_MM = 4.0
"""Lower bound of the distance from the middle of a body to the middle of its vertebra (and canal) at which it tells a
direction, mm. Our estimate: it is 10 to 20 mm with an arch, and below 3 mm for a body alone."""
ARCH_MM = 5.0
"""The same distance from which it speaks against another direction, mm: that of a thin arch, or of a large leak. Our
estimate."""
NEAR_CANAL_MM = 12.0
"""Upper bound of the distance of canal voxels from the middle of a body along its axis, mm: half a body."""
MOST_LEVELS = 0.5
"""Lower bound of the part of the levels that must agree for a direction to be known, or contradicted."""
NO_NEIGHBOR_MM = 16.0
"""A vertebra whose neighbors are closer to each other than half of this gets the superior direction as its axis, mm.
Our estimate."""

UPSIDE_DOWN = (
    "The levels of the anatomy segmentation follow one another upward and not downward: it may be turned upside down, "
    "or its levels are exchanged. Left and right are uncertain."
)
BACK_TO_FRONT = (
    "By the axes of the images, the arches of the vertebrae in the anatomy segmentation point to the front or to one "
    "side of the patient: the segmentation may be turned or mirrored, or the position of the patient was entered "
    "wrongly at the scanner. Left and right are uncertain."
)


@dataclass(frozen=True, eq=False)
class SpineAxes:
    """The directions at every level.

    Parameters
    ----------
    ups, backs : mapping of str to ndarray, shape (3,)
        Level -> unit vectors, RAS.
    is_confirmed : bool
        True when the shape of the vertebrae says the same as the axes of the scanner: two witnesses.
    doubts : tuple of str
        Sentences about what contradicts; the sides are uncertain then.
    """

    ups: Mapping[str, np.ndarray]
    backs: Mapping[str, np.ndarray]
    is_confirmed: bool = False
    doubts: tuple[str, ...] = ()


def find_axes(
    levels: Sequence[str],
    whole: Mapping[str, np.ndarray],
    bodies: Mapping[str, np.ndarray],
    disc_centers: Mapping[str, np.ndarray],
    canal: np.ndarray,
    left_ras: np.ndarray,
) -> SpineAxes:
    """Find the directions.

    Parameters
    ----------
    levels : sequence of str
        From the head downward.
    whole : mapping of str to ndarray, shape (n, 3)
        Level -> voxels of the vertebra, RAS mm.
    bodies : mapping of str to ndarray, shape (3,)
        Level -> middle of the body, RAS mm.
    disc_centers : mapping of str to ndarray, shape (3,)
        Level of a disc -> its middle, RAS mm.
    canal : ndarray, shape (n, 3)
        Voxels of canal and cord, RAS mm.
    left_ras : ndarray, shape (3,)
        The patient's left by scanner and names, RAS.
    """
    ups = {level: _up_axis(level, levels, bodies, disc_centers) for level in levels}
    doubts = []
    if levels and sum(up[2] for up in ups.values()) < 0.0:
        doubts.append(UPSIDE_DOWN)
        ups = {level: -up for level, up in ups.items()}
    ways, agree, against = [], 0, 0
    for level in levels:
        up = ups[level]
        expected = _across(-np.cross(left_ras, [0.0, 0.0, 1.0]), up)
        way = _across(_way_to_arch(whole[level], bodies[level], up, canal), up)
        length = float(np.linalg.norm(way))
        angle = _angle_deg(way, expected) if length > SHAPE_MM else None
        agree += angle is not None and angle <= MOST_TURN_DEG
        against += angle is not None and angle > MOST_TURN_DEG and length > ARCH_MM
        is_used = angle is not None and angle <= MOST_TURN_DEG
        ways.append(way if is_used else SHAPE_MM * expected / np.linalg.norm(expected))
    if against > MOST_LEVELS * len(levels):
        doubts.append(BACK_TO_FRONT)
    is_confirmed = not doubts and agree >= MOST_LEVELS * len(levels) and against <= agree
    backs = {level: _smoothed(ways, place, ups[level]) for place, level in enumerate(levels)}
    return SpineAxes(ups, backs, bool(is_confirmed and levels), tuple(doubts))


def _up_axis(
    level: str, levels: Sequence[str], bodies: Mapping[str, np.ndarray], disc_centers: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Unit vector along the axis of a vertebra, upward.

    It points from the disc below the body to the disc above it, or between the neighboring bodies when the discs are
    not labeled.
    """
    place = levels.index(level)
    joints = {tuple(name.split("/")): center for name, center in disc_centers.items()}
    above = next((center for names, center in joints.items() if names[-1] == level), None)
    below = next((center for names, center in joints.items() if names[0] == level), None)
    if above is None and place > 0:
        above = bodies[levels[place - 1]]
    if below is None and place + 1 < len(levels):
        below = bodies[levels[place + 1]]
    here = bodies[level]
    up = (above if above is not None else here) - (below if below is not None else here)
    length = np.linalg.norm(up)
    return up / length if length > NO_NEIGHBOR_MM / 2 else np.array([0.0, 0.0, 1.0])


def _way_to_arch(points: np.ndarray, core: np.ndarray, up: np.ndarray, canal: np.ndarray) -> np.ndarray:
    """From the middle of a body to the middle of its vertebra, and to that of the canal beside it, mm, added up."""
    way = points.mean(axis=0) - core
    near = canal[np.abs((canal - core) @ up) < NEAR_CANAL_MM] if len(canal) else canal
    return way + (near.mean(axis=0) - core) if len(near) else way


def _across(vector: np.ndarray, up: np.ndarray) -> np.ndarray:
    """The part of a vector across an axis."""
    return np.asarray(vector - (vector @ up) * up)


def _angle_deg(a: np.ndarray, b: np.ndarray) -> float:
    cosine = float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _smoothed(ways: Sequence[np.ndarray], place: int, up: np.ndarray) -> np.ndarray:
    """Unit vector to the back, smoothed over the neighbors."""
    neighbors = [ways[other] for other in (place - 1, place + 1) if 0 <= other < len(ways)]
    total = _across(np.asarray(2.0 * ways[place] + np.sum(neighbors, axis=0)), up)
    return total / np.linalg.norm(total)
