"""Straight paths from the skin to a point in the body: how long they are, and what they pass on their way.

Start at :func:`outward_directions`, :func:`evaluate` and :func:`choose`. A path is looked at from its target outward:
it ends where it leaves the body. Nothing here knows what a structure is called or how a physician reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ..core.image import Image

if TYPE_CHECKING:
    from scipy.spatial import KDTree

STEP_MM = 1.0
"""Distance of the points of a path at which its surroundings are looked at, mm. Our choice: half the voxel of a label
map."""
MOST_MM = 220.0
"""Upper bound of the length of a path, mm. Our estimate: the longest spinal needles have 200 mm."""
GAP_MM = 15.0
"""Upper bound of a gap in the body that counts as body, mm: bowel gas and folds of the skin. Our estimate."""
SEEN_MM = 40.0
"""How far structures beside a path are looked for, mm. Our choice: farther ones play no part."""
ANGLE_STEP_DEG = 2.5
"""Angle between the paths that are tried, degrees: 4 mm at a depth of 100 mm. Our choice."""
LENGTH_SLACK_MM = 2.0
"""Paths that are longer than the shortest free one by at most this count as equally short, mm: less than the skin is
known to. Our estimate."""
ENOUGH_MM = 15.0
"""Distance from structures beyond which more is not better, mm. Our estimate: three times the usual clearance."""
BONE_MOST_MM = 2.0
"""Upper bound of the length of a path in bone outside its target, mm. Our estimate: about the voxel of a label map, so
that a path along a bone is not taken for one through it."""
ROUNDING_MM = 0.5
"""By how much a distance may fall short of what is wanted, mm: half a step."""
CELL_PART = 0.87
"""Radius of the ball that stands for a cube, as a part of its edge: it reaches the corners, so that no straight path
finds a gap. Beyond the faces it reaches 0.4 edges."""
HALF = 0.5
"""The value of a mask between 0 and 1 at which the body ends."""


@dataclass(frozen=True, eq=False)
class Obstacle:
    """A structure that a path should not meet.

    Parameters
    ----------
    name : str
        As a report names it.
    group : str
        Kind of structure: ``vessels``, ``bone`` ...
    points_ras : ndarray, shape (n, 3)
        Points of it that lie close together, RAS mm.
    radius_mm : float
        How far it reaches around each of them: half a voxel, or the radius of a tube.
    is_bone : bool
        A needle may touch it at its target.
    """

    name: str
    group: str
    points_ras: np.ndarray
    radius_mm: float
    is_bone: bool = False

    @cached_property
    def _tree(self) -> KDTree:
        from scipy.spatial import KDTree

        return KDTree(self.points_ras)

    def distance_mm(self, points_ras: np.ndarray) -> np.ndarray:
        """Distance of points, shape (..., 3), from its surface, mm; 0 or less inside, infinite beyond SEEN_MM."""
        points = np.asarray(points_ras, dtype=float)
        found, _ = self._tree.query(points.reshape(-1, 3), distance_upper_bound=SEEN_MM + self.radius_mm)
        distance: np.ndarray = (found - self.radius_mm).reshape(points.shape[:-1])
        return distance


@dataclass(frozen=True, eq=False)
class SkinView:
    """Where one series shows the body.

    Parameters
    ----------
    name : str
        The series, as a report names it.
    find : callable
        Gives the body in the reference frame: 1 in it, 0 outside, between them at its edge; None where the series does
        not show where the body ends. It is called once, and only when a path needs it.
    error_mm : float
        How well the skin is known from it.
    """

    name: str
    find: Callable[[], Image | None]
    error_mm: float

    @cached_property
    def body(self) -> Image | None:
        """The body in the reference frame; None where the series does not show where it ends."""
        return self.find()

    def at(self, points_ras: np.ndarray) -> np.ndarray:
        """The body at points, shape (..., 3); NaN outside the field of view."""
        points = np.asarray(points_ras, dtype=float)
        if self.body is None:
            return np.full(points.shape[:-1], np.nan)
        kji = self.body.geometry.to_ijk(points.reshape(-1, 3))[:, ::-1].T
        values = ndimage.map_coordinates(self.body.array, kji, order=1, mode="nearest")
        seen = self.body.geometry.contains(points.reshape(-1, 3), margin_voxels=0.5)
        return np.where(seen, values, np.nan).reshape(points.shape[:-1])


@dataclass(frozen=True)
class Nearest:
    """The structure that a path passes most closely.

    Parameters
    ----------
    name : str
    distance_mm : float
    depth_mm : float
        Where that is, as the depth from the skin.
    """

    name: str
    distance_mm: float
    depth_mm: float


@dataclass(frozen=True, eq=False)
class PathFacts:
    """A straight path and what was measured along it.

    Parameters
    ----------
    target_ras : ndarray, shape (3,)
        RAS mm.
    outward_ras : ndarray, shape (3,)
        Unit vector from the target to the skin.
    length_mm : float or None
        From the skin to the target; None where the skin is not in view.
    skin : str
        The series that shows the skin there; empty where none does.
    nearest : Nearest or None
        Of all but bones; None when nothing is known within SEEN_MM.
    bone_mm : float
        Length in bone outside the target.
    bone_at_target_mm : float
        Length in bone at the target itself.
    too_near : tuple of str
        Structures that it meets or comes too near.
    """

    target_ras: np.ndarray
    outward_ras: np.ndarray
    length_mm: float | None
    skin: str = ""
    nearest: Nearest | None = None
    bone_mm: float = 0.0
    bone_at_target_mm: float = 0.0
    too_near: tuple[str, ...] = ()

    @property
    def entry_ras(self) -> np.ndarray | None:
        """Where it enters the skin, RAS mm, shape (3,)."""
        if self.length_mm is None:
            return None
        entry: np.ndarray = self.target_ras + self.length_mm * self.outward_ras
        return entry

    @property
    def is_free(self) -> bool:
        """Whether it begins at the skin and meets nothing that is known."""
        return self.length_mm is not None and not self.too_near and self.bone_mm <= BONE_MOST_MM


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What is known around the targets of a case.

    Parameters
    ----------
    skins : tuple of SkinView
        The first that shows a place is believed.
    obstacles : tuple of Obstacle
    """

    skins: tuple[SkinView, ...]
    obstacles: tuple[Obstacle, ...] = ()


@dataclass(frozen=True)
class PathLimits:
    """What a path has to keep to.

    Parameters
    ----------
    clearance_mm : float
        Wanted distance from every structure but bone; near a target that lies nearer to one, as far as the target is.
    reach_mm : float
        Length before the target in which bone is part of the target.
    ignored : frozenset of str
        Names of obstacles that are the target itself.
    """

    clearance_mm: float
    reach_mm: float
    ignored: frozenset[str] = field(default_factory=frozenset)


def dense_points(mask: Image, step_mm: float) -> tuple[np.ndarray, float]:
    """Points that stand for a mask, and how far it reaches around each of them.

    Along each axis there is one point for several small voxels, or several points for one large voxel, so that slices
    of any thickness are filled.

    Parameters
    ----------
    mask : Image of bool
    step_mm : float
        Wanted distance of the points.

    Returns
    -------
    points_ras : ndarray, shape (n, 3)
        RAS mm.
    radius_mm : float
        CELL_PART of the longest distance of neighbors, so that the balls leave no gap.
    """
    spacing = mask.geometry.spacing_kji_mm
    strides = [max(1, int(step_mm / one)) for one in spacing]
    parts = [max(1, int(np.ceil(one / step_mm - 1e-6))) for one in spacing]
    kji = np.argwhere(mask.array[:: strides[0], :: strides[1], :: strides[2]]) * strides
    within = np.stack(
        np.meshgrid(*[(np.arange(n) + 0.5) / n - 0.5 for n in parts], indexing="ij"), axis=-1
    ).reshape(-1, 3)  # fmt: skip
    filled = (kji[:, None, :] + within[None]).reshape(-1, 3)
    longest = max(one * stride / n for one, stride, n in zip(spacing, strides, parts, strict=True))
    return mask.geometry.to_ras(filled[:, ::-1]), CELL_PART * longest


def outward_directions(
    aside_ras: np.ndarray, back_ras: np.ndarray, side_deg: tuple[float, float], head_deg: tuple[float, float]
) -> np.ndarray:
    """Unit vectors from a target outward, shape (n, 3).

    Parameters
    ----------
    aside_ras, back_ras : ndarray, shape (3,)
        Orthogonal unit vectors: to the side of the approach, and to the back.
    side_deg : tuple of (float, float)
        Range of the angle from the back to the side, degrees: 0 is straight behind, 90 beside.
    head_deg : tuple of (float, float)
        Range of the angle to the head, degrees; below 0 to the feet.
    """
    side, head = np.meshgrid(_angles(*side_deg), _angles(*head_deg))
    return direction(aside_ras, back_ras, side.ravel(), head.ravel())


def direction(aside_ras: np.ndarray, back_ras: np.ndarray, side_deg: np.ndarray, head_deg: np.ndarray) -> np.ndarray:
    """The unit vectors of angles of shape (n,), as :func:`outward_directions` counts them; shape (n, 3)."""
    side, head = np.radians(np.atleast_1d(side_deg)), np.radians(np.atleast_1d(head_deg))
    up = np.cross(aside_ras, back_ras)
    up = up * np.sign(up[2] or 1.0)
    level = np.cos(side)[:, None] * back_ras + np.sin(side)[:, None] * aside_ras
    vectors: np.ndarray = np.cos(head)[:, None] * level + np.sin(head)[:, None] * up
    return vectors


def _angles(low: float, high: float) -> np.ndarray:
    count = round((high - low) / ANGLE_STEP_DEG) + 1
    return np.linspace(low, high, max(count, 1))


def evaluate(
    target_ras: np.ndarray, outward_ras: np.ndarray, around: Surroundings, limits: PathLimits
) -> list[PathFacts]:
    """Measure paths of one target.

    Parameters
    ----------
    target_ras : ndarray, shape (3,)
        RAS mm, in the body.
    outward_ras : ndarray, shape (n, 3)
        Unit vectors.
    around : Surroundings
    limits : PathLimits
    """
    target = np.asarray(target_ras, dtype=float)
    steps = np.arange(0.0, MOST_MM + STEP_MM, STEP_MM)
    points = target + steps[None, :, None] * np.asarray(outward_ras, dtype=float)[:, None, :]
    lengths, source = _exits(around.skins, points)
    names = [skin.name for skin in around.skins]
    distances = [(one, one.distance_mm(points)) for one in around.obstacles if one.name not in limits.ignored]
    found = []
    for number, length in enumerate(lengths):
        vector = np.asarray(outward_ras[number], dtype=float)
        if length is None:
            found.append(PathFacts(target, vector, None))
            continue
        within = steps <= length
        index = min(round(length / STEP_MM), len(steps) - 1)
        along = [(one, distance[number][within]) for one, distance in distances]
        bones = [far for one, far in along if one.is_bone]
        found.append(
            PathFacts(
                target,
                vector,
                length,
                names[source[number, index]],
                _nearest(along, length),
                max((_bone_mm(far, limits.reach_mm, MOST_MM) for far in bones), default=0.0),
                max((_bone_mm(far, -1.0, limits.reach_mm) for far in bones), default=0.0),
                tuple(one.name for one, far in along if not one.is_bone and _is_too_near(far, limits)),
            )
        )
    return found


def _exits(skins: Sequence[SkinView], points: np.ndarray) -> tuple[list[float | None], np.ndarray]:
    """Where paths leave the body, and for each of their points the number of the series that was believed.

    A further series is asked only for paths on which those before it show no skin.
    """
    body = np.full(points.shape[:-1], np.nan)
    source = np.zeros(points.shape[:-1], dtype=int)
    lengths: list[float | None] = [None] * len(points)
    for number, skin in enumerate(skins):
        missing = np.isnan(body)
        missing[[length is not None for length in lengths]] = False
        if not missing.any():
            break
        body[missing] = skin.at(points[missing])
        source[missing & ~np.isnan(body)] = number
        lengths = [_exit_mm(row) if length is None else length for row, length in zip(body, lengths, strict=True)]
    return lengths, source


def _exit_mm(body: np.ndarray) -> float | None:
    """Where a path leaves the body for good, mm from its target; None where that is not in view."""
    gap = round(GAP_MM / STEP_MM)
    inside = body >= HALF
    if not inside[0]:
        return None
    for index in np.flatnonzero(~inside):
        if np.isnan(body[index]):
            return None
        if not inside[index : index + gap].any():
            before, after = float(body[index - 1]), float(body[index])
            return STEP_MM * (index - 1 + (before - HALF) / (before - after))
    return None


def _nearest(along: Sequence[tuple[Obstacle, np.ndarray]], length_mm: float) -> Nearest | None:
    """The obstacle but bone that a path comes nearest to."""
    best: Nearest | None = None
    for obstacle, distance in along:
        if obstacle.is_bone or not distance.size:
            continue
        index = int(np.argmin(distance))
        far = float(distance[index])
        if np.isfinite(far) and (best is None or far < best.distance_mm):
            best = Nearest(obstacle.name, max(far, 0.0), float(max(length_mm - index * STEP_MM, 0.0)))
    return best


def _bone_mm(distance: np.ndarray, above_mm: float, up_to_mm: float) -> float:
    """Length of a path in a bone, mm, of the part above one distance from the target and up to another."""
    steps = STEP_MM * np.arange(len(distance))
    return float(STEP_MM * np.count_nonzero((distance <= 0.0) & (steps > above_mm) & (steps <= up_to_mm)))


def _is_too_near(distance: np.ndarray, limits: PathLimits) -> bool:
    """Whether a path comes nearer to an obstacle than is wanted, or than its target lies to it."""
    wanted = min(limits.clearance_mm, float(distance[0]))
    return bool(float(distance.min()) <= 0.0 or float(distance.min()) < wanted - ROUNDING_MM)


def choose(paths: Sequence[PathFacts], usual_ras: np.ndarray) -> PathFacts | None:
    """The shortest free path; of equally short ones that with the most room, then the one nearest to the usual way.

    Parameters
    ----------
    paths : sequence of PathFacts
    usual_ras : ndarray, shape (3,)
        Unit vector of the usual approach, outward.

    Returns
    -------
    PathFacts or None
        None when no path is free.
    """
    free = [(path, path.length_mm) for path in paths if path.is_free and path.length_mm is not None]
    if not free:
        return None
    shortest = min(length for _, length in free)
    short = [path for path, length in free if length <= shortest + LENGTH_SLACK_MM]
    return max(short, key=lambda path: (round(_room_mm(path), 1), float(path.outward_ras @ usual_ras)))


def _room_mm(path: PathFacts) -> float:
    return ENOUGH_MM if path.nearest is None else min(path.nearest.distance_mm, ENOUGH_MM)


def why_none(paths: Sequence[PathFacts]) -> str:
    """Why no path is free, as the part of a sentence, with the most frequent reason first."""
    counts: dict[str, int] = {}
    for path in paths:
        if path.length_mm is None:
            reasons = ["the skin is not in view"]
        else:
            reasons = [f"{name} is in the way or too near" for name in path.too_near]
            reasons += ["bone is in the way"] if path.bone_mm > BONE_MOST_MM else []
        for reason in reasons:
            counts[reason] = counts.get(reason, 0) + 1
    ordered = sorted(counts, key=lambda reason: -counts[reason])
    return ", ".join(f"{reason} in {counts[reason]} of {len(paths)}" for reason in ordered)


def table_angles(outward_ras: np.ndarray) -> tuple[float, str, float]:
    """The angles of a path to the axes of the table, for a patient who lies along it.

    Parameters
    ----------
    outward_ras : ndarray, shape (3,)
        Unit vector from the target to the skin, in the frame of the scanner.

    Returns
    -------
    axial_deg : float
        In the axial plane: 0 where the needle comes from straight behind, 90 from the side, 180 from the front.
    toward : str
        The side of the patient to which the hub of the needle leans: ``left``, ``right``, or empty at 0 and 180.
    head_deg : float
        Out of the axial plane: above 0 the hub leans to the head, below 0 to the feet.
    """
    right, front, up = (float(x) for x in outward_ras)
    axial = float(np.degrees(np.arctan2(abs(right), -front)))
    toward = "" if abs(right) < 1e-6 else "right" if right > 0 else "left"
    return axial, toward, float(np.degrees(np.arcsin(np.clip(up, -1.0, 1.0))))


def expected_error_mm(alignments_mm: Sequence[float], voxel_edges_mm: Sequence[float]) -> float:
    """How far a point may be off: root of the sum of squares of the alignments and of half of each voxel edge.

    Parameters
    ----------
    alignments_mm : sequence of float
        Errors of the alignments that the point went through, mm.
    voxel_edges_mm : sequence of float
        The longest voxel edge of each image that it rests on, mm.
    """
    parts = [*alignments_mm, *(0.5 * edge for edge in voxel_edges_mm)]
    return float(np.sqrt(np.sum(np.square(parts)))) if parts else 0.0
