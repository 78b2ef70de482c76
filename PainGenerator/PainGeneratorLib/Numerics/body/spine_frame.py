"""The frames of the vertebrae from the canal, the discs and the size of the bodies on MR, without any segmentation.

In this order: the turn about the long axis from the symmetry of cross sections (:mod:`.spine_turn`), the place of the
bodies of each level across the canal, the planes of discs and endplates (:mod:`.endplate_planes`), and from them the
frame of each vertebra. Facet joints follow from published anatomy (:mod:`.facet_places`). Start at
:func:`find_spine_frame`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..core.words import Certainty
from .canal import SpineLine
from .endplate_planes import BodyColumns, Plane, even_sequence
from .facet_places import facet_pair
from .level_names import LevelNames, NamedDisc
from .place_doubts import lumbosacral_doubt, place_doubts
from .section_places import SectionPlace, Span, find_section_places, halfway, of_shape, with_bony_walls
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
BONY_ENDPLATE_MM = 1.0
"""Thickness of the bone of an endplate, mm, which is as dark as a disc on MR: the edge of the signal is that of the
marrow. Histology has 0.5 to 1 mm (Roberts et al., Spine 1989;14:166), and it fills a part of the next voxel."""
AXIS_MM = 10.0
"""Length over which the axes of a frame are measured around its middle, mm."""


@dataclass(frozen=True, eq=False)
class _Level:
    """One disc: its plane, the endplates of the vertebrae above and below it, and the place of the bodies there."""

    name: str
    place: SectionPlace
    disc: Plane
    above: Plane
    below: Plane


class _Axes:
    """Turned places along the canal, in RAS."""

    def __init__(self, straight: StraightSpine, turn: SpineTurn) -> None:
        self._straight = straight
        self._turn = turn

    def point(self, plane: Plane, place: SectionPlace, right_mm: float = 0.0, front_mm: float = 0.0) -> np.ndarray:
        """A point of a plane, from the middle of the body at its place; RAS mm."""
        right, front = turned(
            np.array(place.aside_mm + right_mm),
            np.array(place.ahead_mm + front_mm),
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
    axes = _Axes(line.straight, turn)
    departure = mean_departure([disc.height_mm for disc in names.discs], samples, len(line.straight.points_ras))
    levels, places = _levels(names.discs, departure, shape, turn)
    frames = _frames(axes, levels, places, departure)
    discs = tuple(Joint(level.name, None, axes.point(level.disc, level.place)) for level in levels)
    kept = {frame.level: frame for frame in frames}
    doubts = place_doubts([level.name.split("/")[0] for level in levels[:-1]], kept)
    thin = lumbosacral_doubt(kept)
    doubts += [thin] if thin else []
    return Spine(
        tuple(frame for frame in reversed(frames) if not frame.level.startswith("S")),
        tuple(reversed(discs)),
        tuple(reversed(_facets(line.straight, discs, levels, kept))),
        transitional=names.is_transitional or thin is not None,
        sacrum=kept.get("S1"),
        level_certainty=_certainty(names, doubts),
        level_reasons=(*names.reasons, *doubts),
    )


def _facets(
    straight: StraightSpine, discs: Sequence[Joint], levels: Sequence[_Level], frames: Mapping[str, VertebraFrame]
) -> list[Joint]:
    """The facet joints of all levels, from below upward."""
    found = []
    for disc, level in zip(discs, levels, strict=True):
        canal = straight.to_ras(np.array([0.0, 0.0, level.disc.height_mm]))
        found += facet_pair(disc, canal, *(frames.get(name) for name in disc.level.split("/")))
    return found


def _certainty(names: LevelNames, doubts: Sequence[str]) -> str:
    """The certainty of the names, which a doubtful place or a thin disc lowers, unless the reader named a level."""
    if doubts and names.certainty == Certainty.CERTAIN and not names.is_given:
        return str(Certainty.LIKELY)
    return names.certainty


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


def _levels(
    discs: Sequence[NamedDisc], departure: np.ndarray, shape: VertebralShape, turn: SpineTurn
) -> tuple[list[_Level], list[SectionPlace]]:
    """The planes of all discs with their endplates; and the place of each vertebra, one more than there are discs."""
    usual = of_shape(shape)
    choices = []
    for disc in discs:
        columns = BodyColumns.of(departure, usual, turn.at(disc.height_mm))
        choices.append(columns.discs(disc.height_mm + disc.tilt * (usual.ahead_mm - DISC_FRONT_MM), disc.tilt))
    planes = even_sequence(choices)
    places = find_section_places(departure, _spans(planes), shape, turn)
    levels = []
    for disc, plane, (below, above) in zip(discs, planes, pairwise(places), strict=True):
        place = halfway(below, above)
        columns = BodyColumns.of(departure, place, turn.at(plane.height_mm))
        # The plane was found at the usual middle of the bodies.
        ahead, aside = place.ahead_mm - usual.ahead_mm, place.aside_mm - usual.aside_mm
        here = replace(plane, height_mm=plane.height_mm + plane.to_front * ahead + plane.to_right * aside)
        upper, lower = columns.endplate(here, True), columns.endplate(here, False)
        levels.append(_Level(disc.level, place, _halfway(upper, lower, here.strength), upper, lower))
    return levels, places


def _spans(discs: Sequence[Plane]) -> list[Span]:
    """The marrow of the vertebrae between the discs, and beyond the lowest and the highest, along the canal."""
    beyond = BEYOND_DISCS_MM + FROM_DISC_MM
    first = replace(discs[0], height_mm=discs[0].height_mm - beyond)
    last = replace(discs[-1], height_mm=discs[-1].height_mm + beyond)
    return [
        Span(
            low.height_mm + FROM_DISC_MM,
            high.height_mm - FROM_DISC_MM,
            0.5 * (low.to_front + high.to_front),
            0.5 * (low.to_right + high.to_right),
        )
        for low, high in pairwise([first, *discs, last])
    ]


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
    departure: np.ndarray,
) -> list[VertebraFrame]:
    """The frames from below upward, with those of S1 and of the vertebra above the highest disc."""
    bony = with_bony_walls(places)
    pairs = [
        _frame(axes, lower.name.split("/")[0], lower.above, upper.below, place, walls)
        for (lower, upper), place, walls in zip(pairwise(levels), places[1:], bony[1:], strict=False)
    ]
    found = [frame for frame in pairs if BODY_MM[0] <= frame.top_mm - frame.bottom_mm <= BODY_MM[1]]
    usual = float(np.median([frame.top_mm - frame.bottom_mm for frame in found])) if found else USUAL_BODY_MM
    lowest, highest = levels[0], levels[-1]
    end = lowest.below
    bottom = replace(end, height_mm=end.height_mm - usual)
    name = lowest.name.split("/")[1]
    # The sacrum bends away from the canal: only its upper endplate says where S1 lies.
    if name == "S1" or _is_seen(departure, end.height_mm - IN_VIEW_PART * usual):
        found.insert(0, _frame(axes, name, bottom, end, places[0], bony[0]))
    start = highest.above
    top = replace(start, height_mm=start.height_mm + usual)
    if _is_seen(departure, start.height_mm + IN_VIEW_PART * usual):
        found.append(_frame(axes, highest.name.split("/")[0], start, top, places[-1], bony[-1]))
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
    axes: _Axes, level: str, bottom: Plane, top: Plane, place: SectionPlace, walls: SectionPlace
) -> VertebraFrame:
    """The frame of a vertebra between its endplates, found at its place, with the walls of bone."""
    below, above = axes.point(bottom, place), axes.point(top, place)
    center = 0.5 * (below + above)
    up = _unit(axes.normal(bottom, place) + axes.normal(top, place) + _unit(above - below))
    middle = Plane(0.5 * (bottom.height_mm + top.height_mm), 0.0, 0.0, 0.0)
    left = axes.left(middle, place, up)
    front = np.cross(left, up)
    return VertebraFrame(
        level,
        center + (walls.ahead_mm - place.ahead_mm) * front,
        left,
        front,
        up,
        walls.half_width_mm,
        -walls.half_depth_mm,
        walls.half_depth_mm,
        float((below - center) @ up) - BONY_ENDPLATE_MM,
        float((above - center) @ up) + BONY_ENDPLATE_MM,
    )


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))
