"""The frames of the vertebrae from the canal, the discs and the size of the bodies on MR, without any segmentation.

In this order: the turn about the long axis from the symmetry of cross sections (:mod:`.spine_turn`), the place of the
bodies of each level across the canal, the planes of discs and endplates (:mod:`.endplate_planes`), and from them the
frame of each vertebra. Facet joints follow from published anatomy (:mod:`.facet_places`). Start at
:func:`find_spine_frame`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .canal import SpineLine
from .endplate_planes import BodyColumns, Plane
from .facet_places import facet_pair
from .level_names import LevelNames, NamedDisc
from .section_places import SectionPlace, find_section_places
from .spine_turn import SpineTurn, find_turns, turned
from .straight_spine import DISC_FRONT_MM, STEP_MM, StraightSpine, fronts, sides
from .vertebrae import Joint, Spine, VertebraFrame
from .vertebral_shape import (
    BEYOND_DISCS_MM,
    CORE_FRONT_MM,
    CORE_SIDE_MM,
    FROM_DISC_MM,
    VertebralShape,
    departure_of,
)

USUAL_BODY_MM = 27.0
"""Height of a vertebral body of which only one endplate is seen, where no other shows it, mm. Our estimate: lumbar
bodies are 25 to 30 mm high."""
BODY_MM = (15.0, 40.0)
"""Bounds of the height of a body between its endplates, mm: worn thoracic bodies, and large lumbar ones. Our estimate.
Beyond them a disc was missed or taken twice, and there is no frame."""
IN_VIEW_PART = 0.6
"""Lower bound of the part of the height of the vertebra above the highest disc that must be in view."""
SEEN_PART = 0.5
"""Lower bound of the part of the middle of a body at one height that must be in view there."""
AXIS_MM = 10.0
"""Length over which the axes of a frame are measured around its middle, mm."""


@dataclass(frozen=True, eq=False)
class _Level:
    """One disc: its plane, the endplates of the vertebrae above and below it, and the place of the bodies there."""

    named: NamedDisc
    place: SectionPlace
    disc: Plane
    above: Plane
    below: Plane


class _Axes:
    """Turned places along the canal, in RAS."""

    def __init__(self, straight: StraightSpine, turn: SpineTurn, shape: VertebralShape) -> None:
        self._straight = straight
        self._turn = turn
        self._middle = 0.5 * (shape.back_mm + shape.front_mm)

    def point(self, plane: Plane, place: SectionPlace, right_mm: float = 0.0, front_mm: float = 0.0) -> np.ndarray:
        """A point of a plane, from the middle of the body at its place; RAS mm."""
        right, front = turned(
            np.array(place.right_mm + right_mm),
            np.array(self._middle + place.front_mm + front_mm),
            self._turn.at(plane.height_mm),
        )
        height = plane.height_mm + plane.to_front * front_mm + plane.to_right * right_mm
        return self._straight.to_ras(np.array([float(right), float(front), height]))

    def normal(self, plane: Plane, place: SectionPlace) -> np.ndarray:
        """Unit vector across a plane, upward."""
        right = self.point(plane, place, AXIS_MM) - self.point(plane, place, -AXIS_MM)
        front = self.point(plane, place, 0.0, AXIS_MM) - self.point(plane, place, 0.0, -AXIS_MM)
        return _unit(np.cross(right, front))

    def left(self, plane: Plane, place: SectionPlace, up: np.ndarray) -> np.ndarray:
        """Unit vector to the left at a plane, across an axis."""
        left = self.point(plane, place, -AXIS_MM) - self.point(plane, place, AXIS_MM)
        return _unit(left - (left @ up) * up)


def find_spine_frame(
    line: SpineLine, names: LevelNames, shape: VertebralShape, samples: Mapping[str, np.ndarray]
) -> Spine:
    """Find the frames of the vertebrae and the middles of discs and facet joints.

    Parameters
    ----------
    line : SpineLine
        With discs.
    names : LevelNames
    shape : VertebralShape
    samples : mapping of role to ndarray, shape (height, front, right)
        As for :func:`.level_names.name_levels`.

    Returns
    -------
    Spine
        In the frame of the line.
    """
    turn = find_turns(samples)
    axes = _Axes(line.straight, turn, shape)
    departure = mean_departure([disc.height_mm for disc in names.discs], samples, len(line.straight.points_ras))
    places = find_section_places(departure, _spans(names.discs), shape, turn)
    levels = [
        _level(disc, departure, shape, turn, _between(below, above))
        for disc, (below, above) in zip(names.discs, pairwise(places), strict=True)
    ]
    frames = _frames(axes, levels, places, shape, departure)
    discs = tuple(Joint(level.named.level, None, axes.point(level.disc, level.place)) for level in levels)
    kept = {frame.level: frame for frame in frames}
    facets = [
        joint for disc in discs for joint in facet_pair(disc, *(kept.get(name) for name in disc.level.split("/")))
    ]
    return Spine(
        tuple(frame for frame in reversed(frames) if not frame.level.startswith("S")),
        tuple(reversed(discs)),
        tuple(reversed(facets)),
        transitional=names.is_transitional,
        sacrum=kept.get("S1"),
        level_certainty=names.certainty,
        level_reasons=names.reasons,
    )


def mean_departure(discs_mm: Sequence[float], samples: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
    """Mean over all series of how far the signal is from that of marrow, shape (height, front, right).

    Parameters
    ----------
    discs_mm : sequence of float
        Heights of the discs along the canal, mm.
    samples : mapping of role to ndarray, shape (height, front, right)
    rows : int
        Number of heights.
    """
    heights = STEP_MM * np.arange(rows)
    discs = np.asarray(discs_mm)
    in_bodies = np.abs(heights[:, None] - discs).min(axis=1) > FROM_DISC_MM
    in_bodies &= (heights > discs.min() - BEYOND_DISCS_MM) & (heights < discs.max() + BEYOND_DISCS_MM)
    found = [departure for sample in samples.values() if (departure := departure_of(sample, in_bodies)) is not None]
    if not found:
        return np.full((rows, fronts().size, sides().size), np.nan)
    seen = np.sum([np.isfinite(one) for one in found], axis=0)
    return np.where(seen > 0, np.sum([np.nan_to_num(one) for one in found], axis=0) / np.maximum(seen, 1), np.nan)


def _spans(discs: Sequence[NamedDisc]) -> list[tuple[float, float]]:
    """The marrow of the vertebrae between the discs, and beyond the lowest and the highest, along the canal."""
    heights = [disc.height_mm for disc in discs]
    ends = [heights[0] - BEYOND_DISCS_MM - FROM_DISC_MM, *heights, heights[-1] + BEYOND_DISCS_MM + FROM_DISC_MM]
    return [(low + FROM_DISC_MM, high - FROM_DISC_MM) for low, high in pairwise(ends)]


def _between(below: SectionPlace, above: SectionPlace) -> SectionPlace:
    return SectionPlace(0.5 * (below.right_mm + above.right_mm), 0.5 * (below.front_mm + above.front_mm))


def _level(
    named: NamedDisc, departure: np.ndarray, shape: VertebralShape, turn: SpineTurn, place: SectionPlace
) -> _Level:
    """The planes of a disc and of the endplates beside it."""
    moved = dataclasses.replace(
        shape, back_mm=shape.back_mm + place.front_mm, front_mm=shape.front_mm + place.front_mm
    )
    columns = BodyColumns.of(departure, moved, turn.at(named.height_mm), place.right_mm)
    middle = 0.5 * (moved.back_mm + moved.front_mm)
    disc = columns.disc(named.height_mm + named.tilt * (middle - DISC_FRONT_MM), named.tilt)
    above = columns.endplate(disc, True, shape.disc_half_mm)
    below = columns.endplate(disc, False, shape.disc_half_mm)
    return _Level(named, place, _halfway(above, below, disc.strength), above, below)


def _halfway(above: Plane, below: Plane, strength: float) -> Plane:
    """The plane in the middle between two endplates: that of the disc."""
    return Plane(
        0.5 * (above.height_mm + below.height_mm),
        0.5 * (above.to_front + below.to_front),
        0.5 * (above.to_right + below.to_right),
        strength,
    )


def _frames(
    axes: _Axes,
    levels: Sequence[_Level],
    places: Sequence[SectionPlace],
    shape: VertebralShape,
    departure: np.ndarray,
) -> list[VertebraFrame]:
    """The frames from below upward, with those of S1 and of the vertebra above the highest disc."""
    pairs = [
        _frame(axes, lower.named.level.split("/")[0], lower.above, upper.below, place, shape)
        for (lower, upper), place in zip(pairwise(levels), places[1:], strict=False)
    ]
    found = [frame for frame in pairs if BODY_MM[0] <= frame.top_mm - frame.bottom_mm <= BODY_MM[1]]
    usual = float(np.median([frame.top_mm - frame.bottom_mm for frame in found])) if found else USUAL_BODY_MM
    lowest, highest = levels[0], levels[-1]
    end = lowest.below
    bottom = dataclasses.replace(end, height_mm=end.height_mm - usual)
    name = lowest.named.level.split("/")[1]
    # The sacrum bends away from the canal: only its upper endplate says where S1 lies.
    if name == "S1" or _is_seen(departure, end.height_mm - IN_VIEW_PART * usual):
        found.insert(0, _frame(axes, name, bottom, end, places[0], shape))
    start = highest.above
    top = dataclasses.replace(start, height_mm=start.height_mm + usual)
    if _is_seen(departure, start.height_mm + IN_VIEW_PART * usual):
        found.append(_frame(axes, highest.named.level.split("/")[0], start, top, places[-1], shape))
    return found


def _is_seen(departure: np.ndarray, height_mm: float) -> bool:
    """Whether the middle of the bodies is in view at a height."""
    row = round(height_mm / STEP_MM)
    if not 0 <= row < len(departure):
        return False
    front, side = fronts(), sides()
    inside = departure[row][(front >= CORE_FRONT_MM[0]) & (front <= CORE_FRONT_MM[1])][:, np.abs(side) <= CORE_SIDE_MM]
    return bool(np.isfinite(inside).mean() > SEEN_PART)


def _frame(
    axes: _Axes, level: str, bottom: Plane, top: Plane, place: SectionPlace, shape: VertebralShape
) -> VertebraFrame:
    """The frame of a vertebra between its endplates."""
    below, above = axes.point(bottom, place), axes.point(top, place)
    center = 0.5 * (below + above)
    up = _unit(axes.normal(bottom, place) + axes.normal(top, place) + _unit(above - below))
    middle = Plane(0.5 * (bottom.height_mm + top.height_mm), 0.0, 0.0, 0.0)
    left = axes.left(middle, place, up)
    depth = 0.5 * (shape.front_mm - shape.back_mm)
    return VertebraFrame(
        level,
        center,
        left,
        np.cross(left, up),
        up,
        shape.half_width_mm,
        -depth,
        depth,
        float((below - center) @ up),
        float((above - center) @ up),
    )


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))
