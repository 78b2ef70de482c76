"""Find a coordinate frame for every vertebra, the facet joints and the discs in an anatomy segmentation.

All positions are RAS mm in the frame of the segmentation. Left and right are found from the vertebrae themselves (the
direction from the body to the canal and the posterior elements), within the angle by which they can be turned against
the axes of the scanner (:mod:`.spine_axes`). They are therefore right for a patient who lies rotated or away from the
middle of the scanner, and for a mask that leaks.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ..Numerics.body.vertebrae import Joint, Spine, VertebraFrame
from .anatomy_map import BONES, MUSCLES, VERTEBRA_PARTS, AnatomyMap
from .label_families import VERTEBRAE
from .spine_axes import SpineAxes, find_axes

BODY_PARTS = ("vertebral body", "upper endplate", "lower endplate")
"""Structures that are the vertebral body or a part of it."""
_THIN_TO = 6000
"""Upper bound of the number of points of one vertebra from which a facet joint is found, approximately. Our
estimate."""
_WALL_DROP = 0.55
"""Fraction of the cross-section of the vertebral body below which the posterior wall is reached. Pedicles and laminae
together have less than half the cross-section of a lumbar body. Our estimate."""
_LEAST_AGREEMENT = 0.5
"""Lower bound of the cosine of the angle between the axis of a vertebra and the mean axis of the others. It is that of
60 degrees, more than the angle between any two lumbar vertebrae. Our estimate."""
_LEAST_FOR_ROW = 4
"""Lower bound of the number of vertebrae from which the row of their bodies is continued to the next one."""
_OFF_ROW_PART = 0.6
"""Upper bound of the distance of a body from where the row of its neighbors goes on, as a part of the distance between
neighbors. A curve that bends by 30 degrees at one vertebra gives 0.5; a spinous process lies 1.3 behind its body. Our
estimate."""
_JOINT_GAP_MM = 6.0
"""Upper bound of the distance between the bones of a facet joint, mm. Our estimate."""
_UNLIKE_NEIGHBORS_MM = 12.0
"""Upper bound of the distance between a contact of two vertebrae and the place where their neighbors have their facet
joints, mm: half the distance to the next joint above or below. Our estimate."""
_NEIGHBOR_JOINTS = 4
"""Upper bound of the number of neighboring facet joints from which the place of a joint is estimated. Our estimate."""
SIGNS = {"left": 1.0, "right": -1.0}
"""Side -> sign of the lateral coordinate."""


def _left_of_pairs(anatomy: AnatomyMap) -> np.ndarray | None:
    """The mean direction (RAS mm) from right structures to their left counterparts; None without pairs, or when the
    direction is not plausible."""
    ways = []
    for structure in (*BONES, *MUSCLES, "kidney", "lung"):
        pair = [anatomy.points(anatomy.labels_of(structure, side)) for side in ("left", "right")]
        if all(len(points) for points in pair):
            way = pair[0].mean(axis=0) - pair[1].mean(axis=0)
            way[2] *= 0.2
            ways.append(way)
    total = np.sum(ways, axis=0) if ways else np.zeros(3)
    return None if total[0] > -0.5 * np.linalg.norm(total) or not total.any() else total


def has_pairs(anatomy: AnatomyMap) -> bool:
    """Whether structures that the map names left and right lie where the scanner has left and right."""
    return _left_of_pairs(anatomy) is not None


def patient_left(anatomy: AnatomyMap) -> np.ndarray:
    """Unit vector to the patient's left (RAS): the mean direction from right structures to their left counterparts.

    It is -R when there are no such pairs, or when their direction is not plausible.
    """
    way = _left_of_pairs(anatomy)
    return np.array([-1.0, 0.0, 0.0]) if way is None else way / np.linalg.norm(way)


_KNOWN: WeakKeyDictionary[AnatomyMap, Spine] = WeakKeyDictionary()
"""The spines that were found, because names and sites of one case both need that of its map."""


def find_spine(anatomy: AnatomyMap) -> Spine:
    """Find the frames of all vertebrae with a level, their discs and their facet joints.

    Whole vertebrae and subregions are accepted. In a whole vertebra, body and posterior elements are separated by
    their shape.

    Parameters
    ----------
    anatomy : AnatomyMap

    Returns
    -------
    Spine
        It has no frames when no vertebra has a level.
    """
    if anatomy not in _KNOWN:
        _KNOWN[anatomy] = _found_spine(anatomy)
    return _KNOWN[anatomy]


def _found_spine(anatomy: AnatomyMap) -> Spine:
    """The spine of a map that was not looked at before."""
    levels, whole, bodies = _vertebrae(anatomy)
    discs = _discs(anatomy)
    axes = _axes(anatomy, levels, whole, bodies, discs)
    frames = tuple(
        _frame(anatomy, level, whole[level], bodies[level], axes.ups[level], axes.backs[level]) for level in levels
    )
    frames = _without_cut_off(frames)
    spine = Spine(frames, tuple(discs.values()), (), _is_transitional(anatomy, levels), axes.is_confirmed, axes.doubts)
    discs = {**_discs_between(spine), **discs}
    return replace(spine, discs=tuple(discs.values()), facets=_facets(anatomy, spine))


def direction_doubts(anatomy: AnatomyMap) -> tuple[str, ...]:
    """Sentences about vertebrae whose shape or order contradicts the axes of the scanner; none for a plausible map."""
    levels, whole, bodies = _vertebrae(anatomy)
    return _axes(anatomy, levels, whole, bodies, _discs(anatomy)).doubts


def _vertebrae(anatomy: AnatomyMap) -> tuple[list[str], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Levels from the head downward; level -> voxels of the vertebra, and middle of its body, RAS mm."""
    levels = [
        level for level in VERTEBRAE if anatomy.labels_of(VERTEBRA_PARTS, level=level) and not level.startswith("S")
    ]
    whole = {level: anatomy.points(anatomy.labels_of(VERTEBRA_PARTS, level=level)) for level in levels}
    levels = [level for level in levels if len(whole[level]) >= 8]
    bodies = {level: _body_core(anatomy, level) for level in levels}
    seen = _with_body(levels, bodies)
    return seen, {level: whole[level] for level in seen}, {level: bodies[level] for level in seen}


def _with_body(levels: list[str], bodies: dict[str, np.ndarray]) -> list[str]:
    """Leave out a vertebra at an end of the field of view of which only the processes are seen.

    Its thickest part is then a process, far from where the row of the other bodies goes on. It would tilt its
    neighbor, too.
    """
    if len(levels) < _LEAST_FOR_ROW:
        return levels
    seen = list(levels)
    for end, step in ((0, 1), (-1, -1)):
        own, next_one, third = (bodies[levels[end + n * step]] for n in range(3))
        expected = 2.0 * next_one - third
        if np.linalg.norm(own - expected) > _OFF_ROW_PART * np.linalg.norm(next_one - third):
            seen.remove(levels[end])
    return seen


def _axes(
    anatomy: AnatomyMap,
    levels: list[str],
    whole: dict[str, np.ndarray],
    bodies: dict[str, np.ndarray],
    discs: dict[str, Joint],
) -> SpineAxes:
    canal = anatomy.points(anatomy.labels_of(("spinal canal", "spinal cord")))
    centers = {level: disc.center_ras for level, disc in discs.items()}
    return find_axes(levels, whole, bodies, centers, canal, patient_left(anatomy))


def _without_cut_off(frames: tuple[VertebraFrame, ...]) -> tuple[VertebraFrame, ...]:
    """Leave out the frames of vertebrae at the edge of the field of view of which only a process is seen."""
    if len(frames) < 3:
        return frames
    total = np.sum([frame.up for frame in frames], axis=0)
    kept = []
    for frame in frames:
        others = total - frame.up
        if frame.up @ others / np.linalg.norm(others) > _LEAST_AGREEMENT:
            kept.append(frame)
    return tuple(kept)


def _is_transitional(anatomy: AnatomyMap, levels: list[str]) -> bool:
    """Whether there is a transitional vertebra or a gap in the numbers, also between L4 and the sacrum."""
    if "L6" in levels or "T13" in levels:
        return True
    numbers = [VERTEBRAE.index(level) for level in levels if level not in ("T13", "L6")]
    gaps = [b - a for a, b in pairwise(numbers)]
    regular = {VERTEBRAE.index("L1") - VERTEBRAE.index("T12"), 1}
    meets_sacrum = bool(anatomy.labels_of("sacrum")) and levels and levels[-1] == "L4"
    return any(gap not in regular for gap in gaps) or bool(meets_sacrum)


def _body_core(anatomy: AnatomyMap, level: str) -> np.ndarray:
    """Middle of the vertebral body, RAS mm: the mean of the voxels that lie deepest inside the mask."""
    labels = anatomy.labels_of(BODY_PARTS, level=level) or anatomy.labels_of(VERTEBRA_PARTS, level=level)
    mask = anatomy.mask(labels)
    if mask is None:
        raise ValueError(f"no voxel is labeled as {level}")
    depth = ndimage.distance_transform_edt(np.pad(mask.array, 1), sampling=mask.geometry.spacing_kji_mm)[
        1:-1, 1:-1, 1:-1
    ]
    deep = np.argwhere(depth >= 0.8 * depth.max())
    return mask.geometry.to_ras(deep.mean(axis=0)[::-1])


def _discs(anatomy: AnatomyMap) -> dict[str, Joint]:
    """The labeled discs by their level."""
    found = {}
    for number in anatomy.labels_of("disc"):
        level = anatomy.structures[number].level
        if level is None:
            continue
        points = anatomy.points([number])
        if len(points):
            found[level] = Joint(level, None, points.mean(axis=0))
    return found


def _frame(
    anatomy: AnatomyMap, level: str, points: np.ndarray, core: np.ndarray, up: np.ndarray, back: np.ndarray
) -> VertebraFrame:
    """Make the frame of a vertebra: measure the middle and the size of its body along the axes."""
    front = -back
    left = np.cross(up, front)
    axes = np.stack([left, front, up], axis=1)
    body_labels = anatomy.labels_of(BODY_PARTS, level=level)
    local = (points - core) @ axes
    if body_labels:
        body = (anatomy.points(body_labels) - core) @ axes
        wall = float(np.percentile(body[:, 1], 2))
    else:
        wall = _posterior_wall(local[:, 1])
        body = local[local[:, 1] > wall]
    if len(body) < 4:
        body = local
    low, high = np.percentile(body, [3, 97], axis=0)
    middle = 0.5 * (low + high)
    # Sagittal slices may be 5 mm apart. The mean over all voxels is more accurate than their spacing.
    middle[0] = body[:, 0].mean()
    center = core + axes @ middle
    inner = body[(np.abs(body[:, 0] - middle[0]) < 0.6 * (high - middle)[0])]
    bottom, top = np.percentile((inner if len(inner) else body)[:, 2] - middle[2], [2, 98])
    return VertebraFrame(
        level,
        center,
        left,
        front,
        up,
        float(high[0] - low[0]) / 2 * 1.05,
        wall - float(middle[1]),
        float(high[1] - middle[1]),
        float(bottom),
        float(top),
    )


def _posterior_wall(front_mm: np.ndarray, step_mm: float = 2.0) -> float:
    """Position of the posterior wall along `front`, mm: where the cross-section decreases to pedicles and laminae."""
    edges = np.arange(-40.0, 12.0 + step_mm, step_mm)
    counts, _ = np.histogram(front_mm, edges)
    centers = 0.5 * (edges[1:] + edges[:-1])
    middle = np.median(counts[np.abs(centers) < 7.0])
    smooth = np.convolve(counts, [0.25, 0.5, 0.25], mode="same")
    behind = np.flatnonzero((centers < -6.0) & (smooth < _WALL_DROP * middle))
    return float(edges[behind[-1] + 1]) if behind.size else float(front_mm.min())


def _discs_between(spine: Spine) -> dict[str, Joint]:
    """Place discs halfway between the endplates of neighboring vertebrae, by their level."""
    found = {}
    for upper, lower in pairwise(spine.frames):
        bottom = upper.center_ras + upper.bottom_mm * upper.up
        top = lower.center_ras + lower.top_mm * lower.up
        if np.linalg.norm(bottom - top) < 25.0:
            found[f"{upper.level}/{lower.level}"] = Joint(f"{upper.level}/{lower.level}", None, 0.5 * (bottom + top))
    last = spine.frames[-1] if spine.frames else None
    if last is not None and last.level in ("L4", "L5", "L6"):
        center = last.center_ras + (last.bottom_mm - 5.0) * last.up
        found[f"{last.level}/S1"] = Joint(f"{last.level}/S1", None, center)
    return found


def _facets(anatomy: AnatomyMap, spine: Spine) -> tuple[Joint, ...]:
    """Find the facet joints: where the posterior elements of two neighbors come closest on each side.

    The joints of neighboring vertebrae have similar positions in the axes of their vertebra. If the bones of a joint
    do not meet in the segmentation (sacral processes are often missing), or meet far from this position, the joint is
    placed at the position of its neighbors.
    """
    posterior = {frame.level: _posterior_points(anatomy, frame) for frame in spine.frames}
    sacrum = anatomy.points(anatomy.labels_of("sacrum"))
    seen: dict[tuple[str, float], np.ndarray] = {}
    pairs = [(frame, spine.below(frame.level)) for frame in spine.frames]
    for frame, lower_level in pairs:
        lower = posterior.get(lower_level or "", sacrum if lower_level == "S1" else np.empty((0, 3)))
        seen |= _contacts(frame, posterior[frame.level], lower)
    found = []
    for place, (frame, lower_level) in enumerate(pairs):
        # Below the lowest vertebra that is seen there is a joint only when the sacrum is seen, too.
        if lower_level is None or not (lower_level in posterior or len(sacrum)):
            continue
        expected = _like_neighbors([frame.level for frame in spine.frames], place, seen)
        found += _facet_pair(frame, f"{frame.level}/{lower_level}", seen, expected)
    return tuple(found)


def _facet_pair(
    frame: VertebraFrame, level: str, seen: dict[tuple[str, float], np.ndarray], expected: np.ndarray | None
) -> list[Joint]:
    """The facet joints of a level on both sides, as far as they are seen or expected.

    Parameters
    ----------
    frame : VertebraFrame
        Frame of the upper vertebra.
    level : str
        The level, such as ``L4/L5``.
    seen : dict
        Contacts of the bones from :func:`_contacts`.
    expected : ndarray, shape (3,), or None
        Position of the joints of the neighbors in the axes of their own vertebra, mm.
    """
    found = []
    axes = np.stack([frame.left, frame.front, frame.up], axis=1)
    for side, sign in SIGNS.items():
        local = seen.get((frame.level, sign))
        if expected is not None and (local is None or np.linalg.norm(local - expected) > _UNLIKE_NEIGHBORS_MM):
            local = expected
        if local is not None:
            found.append(Joint(level, side, frame.center_ras + axes @ (local * [sign, 1.0, 1.0])))
    return found


def _contacts(frame: VertebraFrame, upper: np.ndarray, lower: np.ndarray) -> dict[tuple[str, float], np.ndarray]:
    """Find where the posterior elements of two vertebrae meet on each side, in the axes of the upper vertebra.

    The lateral coordinate is positive on both sides. The keys are the level of the upper vertebra and the sign of the
    side.
    """
    met = {}
    for sign in SIGNS.values() if len(lower) else ():
        center = _contact(frame, upper, lower, sign)
        if center is not None:
            met[frame.level, sign] = frame.local(center) * [sign, 1.0, 1.0]
    return met


def _like_neighbors(levels: list[str], place: int, seen: dict[tuple[str, float], np.ndarray]) -> np.ndarray | None:
    """Median position of the joints of the nearest vertebrae in the axes of their own vertebra, mm.

    The lateral coordinate is positive on both sides. The result is None when fewer than two joints are seen.
    """
    order = sorted((other for other in range(len(levels)) if other != place), key=lambda other: abs(other - place))
    near = [seen[levels[other], sign] for other in order for sign in SIGNS.values() if (levels[other], sign) in seen]
    return np.median(near[:_NEIGHBOR_JOINTS], axis=0) if len(near) >= 2 else None


def _posterior_points(anatomy: AnatomyMap, frame: VertebraFrame) -> np.ndarray:
    """Points of a vertebra behind the posterior wall of its body, RAS mm, shape (n, 3)."""
    parts = set(VERTEBRA_PARTS) - set(BODY_PARTS)
    points = anatomy.points(anatomy.labels_of(parts, level=frame.level))
    return points[frame.local(points)[:, 1] < frame.back_mm - 2.0] if len(points) else points


def _contact(frame: VertebraFrame, upper: np.ndarray, lower: np.ndarray, sign: float) -> np.ndarray | None:
    """Middle of the contact of two sets of posterior points on one side, RAS mm; None when they do not meet."""

    def beside(points: np.ndarray) -> np.ndarray:
        local = frame.local(points)
        lateral = sign * local[:, 0]
        inside = (lateral > 6.0) & (lateral < 34.0) & (local[:, 1] < frame.back_mm - 2.0)
        inside &= (
            (local[:, 1] > frame.back_mm - 50.0) & (local[:, 2] < frame.top_mm) & (local[:, 2] > frame.bottom_mm - 38)
        )
        kept = points[inside]
        return kept[:: max(1, len(kept) // _THIN_TO)]

    first, second = beside(upper), beside(lower)
    if not len(first) or not len(second):
        return None
    distance, partner = cKDTree(second).query(first)
    least = distance.min()
    if least > _JOINT_GAP_MM:
        return None
    close = distance <= least + 2.5
    return (0.5 * (first[close] + second[partner[close]])).mean(axis=0)
