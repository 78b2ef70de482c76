"""Where the bodies of each level lie across the canal: a slipped vertebra, or a canal that was found a little beside.

Start at :func:`find_section_places`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .spine_turn import SpineTurn, turned
from .straight_spine import BEHIND_MM, FRONT_MM, SIDE_MM, STEP_MM, fronts, sides
from .vertebral_shape import INNER_MM, OUTER_MM, OUTSIDE_LEAST, VertebralShape

SHIFTS_MM = np.arange(-9.0, 9.1, 1.5)
"""Shifts of the bodies of one level that are tried, mm: a slip of 9 mm is grade I to II (Meyerding: a quarter of the
depth is 8 mm), and a turn of 25 degrees moves a body to the side as far."""
SHIFT_COST = 5e-4
"""What a shift loses in contrast for each mm2: where a level shows no clear edge, the place of the other levels is
taken. Our estimate."""
WALLS_MM = np.arange(-8.0, 8.1, 1.0)
"""Moves of one wall of a body that are tried, mm: bodies are 6 to 8 mm narrower at T10 than at L5 on each side."""
WALL_COST = 3e-4
"""What a moved wall loses in contrast for each mm2. Our estimate."""
ROUNDS = 2
"""How often each of the four walls is moved in turn."""
HALF_WIDTH_MM, DEPTH_MM = (11.0, 31.0), (22.0, 40.0)
"""Bounds of the half width and the depth of a body, mm: T9 of a small woman to L5 of a tall man (Zhou et al., Eur
Spine J 2000, for L3 to L5; our estimate above)."""
SIDES_SIGMA = 1.0
"""Standard deviation of the smoothing of the side walls along the spine, vertebrae: sideways slips of single vertebrae
are rare, and psoas may look like marrow. Our estimate."""
LEAST_ROWS = 3
"""Lower bound of the rows of the straightened spine that show a level."""
USUAL_BACKS_MM = (5.5, 8.0)
"""Bounds of the median distance of the back walls of a spine in front of the middle of the canal, mm. Half of the
sagittal diameter of the canal is 7.5 to 9 mm (Zhou et al., Eur Spine J 2000); what is found as the canal is the dural
sac, which is shallower. The medians of four people with drawn bodies were 5.5 to 7.9 mm."""
BACK_WALL_MM = (4.0, 15.0)
"""Bounds of this distance at one level, mm: half of a canal of 8 mm, which is a severe stenosis, and the dural sac of
L5 that lies away from the body, with fat between them. Our estimate."""
CORTEX_MM = 1.0
"""Thickness of the front wall of a body, mm, which is as dark as the ligament before it: the edge of the signal is
that of the marrow. Our estimate: the shell of a body is 0.4 to 1 mm thick, and it fills a part of the next voxel."""


@dataclass(frozen=True)
class Span:
    """The marrow of one vertebra along the canal.

    Parameters
    ----------
    low_mm, high_mm : float
        Lower and upper end at the usual middle of the bodies, mm.
    to_front, to_right : float
        Rise of its endplates for each mm to the front and to the right: in a lordotic spine a body leans against the
        canal.
    """

    low_mm: float
    high_mm: float
    to_front: float = 0.0
    to_right: float = 0.0


@dataclass(frozen=True)
class SectionPlace:
    """The walls of the body of one level across the canal, in the turned axes, mm.

    Parameters
    ----------
    left_mm, right_mm : float
        Left wall (negative) and right wall, to the right of the canal's middle.
    back_mm, front_mm : float
        Back wall and front wall, in front of the canal's middle.
    """

    left_mm: float
    right_mm: float
    back_mm: float
    front_mm: float

    @property
    def aside_mm(self) -> float:
        """The middle of the body, to the right of the canal's middle, mm."""
        return 0.5 * (self.left_mm + self.right_mm)

    @property
    def ahead_mm(self) -> float:
        """The middle of the body, in front of the canal's middle, mm."""
        return 0.5 * (self.back_mm + self.front_mm)

    @property
    def half_width_mm(self) -> float:
        """Half of the width, mm."""
        return 0.5 * (self.right_mm - self.left_mm)

    @property
    def half_depth_mm(self) -> float:
        """Half of the depth, mm."""
        return 0.5 * (self.front_mm - self.back_mm)

    @property
    def walls(self) -> np.ndarray:
        """Left, right, back and front wall, shape (4,), mm."""
        return np.array([self.left_mm, self.right_mm, self.back_mm, self.front_mm])

    def radius(self, front_mm: np.ndarray, right_mm: np.ndarray) -> np.ndarray:
        """How far places are from the axis of the body, as a part of the way to its edge: below 1 is inside."""
        shape = VertebralShape(self.back_mm, self.front_mm, self.half_width_mm, 0.0, 0.0)
        return shape.radius(front_mm, right_mm - self.aside_mm)


def of_shape(shape: VertebralShape) -> SectionPlace:
    """The usual place of the bodies of a spine."""
    return SectionPlace(-shape.half_width_mm, shape.half_width_mm, shape.back_mm, shape.front_mm)


def halfway(one: SectionPlace, other: SectionPlace) -> SectionPlace:
    """The mean of two places."""
    return SectionPlace(*(0.5 * (one.walls + other.walls)).tolist())


def find_section_places(
    departure: np.ndarray, spans: Sequence[Span], shape: VertebralShape, turn: SpineTurn
) -> list[SectionPlace]:
    """Find the place of the body in each span of heights.

    Parameters
    ----------
    departure : ndarray, shape (height, front, right)
        How far the signal is from that of marrow; NaN out of view.
    spans : sequence of Span
    shape : VertebralShape
    turn : SpineTurn

    Returns
    -------
    list of SectionPlace
        One for each span. Where a level is not in view, that of the nearest one that is.
    """
    middle = of_shape(shape).ahead_mm
    found: list[SectionPlace | None] = []
    for span in spans:
        rows = _parallel_rows(departure, span, middle)
        turn_deg = turn.at(0.5 * (span.low_mm + span.high_mm))
        found.append(None if len(rows) < LEAST_ROWS else _best_place(rows, shape, turn_deg))
    known = [number for number, place in enumerate(found) if place is not None]
    if not known:
        return [of_shape(shape) for _ in found]
    at = np.array(known)
    nearest = [known[int(np.abs(at - number).argmin())] for number in range(len(found))]
    return _even([place for number in nearest if (place := found[number]) is not None])


def with_bony_walls(places: Sequence[SectionPlace]) -> list[SectionPlace]:
    """The places with the walls of bone instead of the edges of the marrow.

    In the middle of its height the back of a body is concave, so that the edge of its marrow lies some millimeters in
    front of its rims. Fat behind a body may look like marrow, so that the edge is seen behind the wall. Both concern a
    whole spine: where the median of all back walls does not fit a canal of usual depth, all of them are moved. What
    one level departs from the others stays, as a vertebra may slip.

    Parameters
    ----------
    places : sequence of SectionPlace
        Of all levels of a spine.

    Returns
    -------
    list of SectionPlace
    """
    median = float(np.median([place.back_mm for place in places]))
    shift = float(np.clip(median, *USUAL_BACKS_MM)) - median
    return [
        SectionPlace(
            place.left_mm,
            place.right_mm,
            float(np.clip(place.back_mm + shift, *BACK_WALL_MM)),
            place.front_mm + CORTEX_MM,
        )
        for place in places
    ]


def _parallel_rows(departure: np.ndarray, span: Span, middle_mm: float) -> np.ndarray:
    """The rows of a span, parallel to the endplates, shape (row, front, right); NaN out of view."""
    heights = np.arange(STEP_MM * np.ceil(span.low_mm / STEP_MM), span.high_mm + 0.1, STEP_MM)
    rise = span.to_front * (fronts()[:, None] - middle_mm) + span.to_right * sides()
    row = np.rint((heights[:, None, None] + rise) / STEP_MM).astype(int)
    inside = (row >= 0) & (row < len(departure))
    front, right = np.indices(rise.shape)
    found = departure[np.clip(row, 0, len(departure) - 1), front, right]
    return np.where(inside, found, np.nan)


def _even(places: Sequence[SectionPlace]) -> list[SectionPlace]:
    """The places with their sides smoothed along the spine; front and back stay, as a vertebra may slip."""
    sides = np.array([[place.aside_mm, place.half_width_mm] for place in places])
    smooth = ndimage.median_filter(sides, (3, 1), mode="nearest")
    smooth = ndimage.gaussian_filter1d(smooth, SIDES_SIGMA, axis=0, mode="nearest")
    return [
        SectionPlace(float(aside - half), float(aside + half), place.back_mm, place.front_mm)
        for place, (aside, half) in zip(places, smooth, strict=True)
    ]


def _best_place(rows: np.ndarray, shape: VertebralShape, turn_deg: float) -> SectionPlace | None:
    """The place at which the cross section of the bodies fits best; None where too little is in view."""
    seen = np.isfinite(rows)
    section = np.where(seen, rows, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    section[seen.sum(axis=0) < 0.5 * len(rows)] = np.nan
    shift = _best_shift(section, shape, turn_deg)
    if shift is None:
        return None
    front, right = np.meshgrid(
        np.arange(-8.0, FRONT_MM, STEP_MM), np.arange(-SIDE_MM, SIDE_MM + 1.0, STEP_MM), indexing="ij"
    )
    values = _at(section, right, front, turn_deg).reshape(front.shape)
    usual = of_shape(shape).walls + np.array([shift[0], shift[0], shift[1], shift[1]])
    walls = usual.copy()
    for _ in range(ROUNDS):
        for number in range(4):
            walls[number] = _best_wall(values, right, front, walls, usual, number)
    return SectionPlace(*walls.tolist())


def _best_shift(section: np.ndarray, shape: VertebralShape, turn_deg: float) -> tuple[float, float] | None:
    """Shift to the right and to the front at which the usual cross section fits best, mm."""
    front, right = np.meshgrid(
        np.arange(-12.0, FRONT_MM, STEP_MM), np.arange(-SIDE_MM, SIDE_MM + 1.0, STEP_MM), indexing="ij"
    )
    beyond = _beyond_mm(of_shape(shape), right, front)
    near = beyond < OUTER_MM[1]
    front, right, beyond = front[near], right[near], beyond[near]
    shift_right, shift_front = (shift.ravel() for shift in np.meshgrid(SHIFTS_MM, SHIFTS_MM, indexing="ij"))
    values = _at(section, right + shift_right[:, None], front + shift_front[:, None], turn_deg)
    inner, enough_inner = _mean_of(values[:, beyond < -INNER_MM[0]])
    outer, enough_outer = _mean_of(values[:, beyond > OUTER_MM[0]])
    score = outer - inner - SHIFT_COST * (shift_right**2 + shift_front**2)
    score[~(enough_inner & enough_outer)] = -np.inf
    best = int(score.argmax())
    return (float(shift_right[best]), float(shift_front[best])) if np.isfinite(score[best]) else None


def _best_wall(
    values: np.ndarray, right: np.ndarray, front: np.ndarray, walls: np.ndarray, usual: np.ndarray, number: int
) -> float:
    """Where one wall of a body fits best while the others stay, mm."""
    best = (-np.inf, float(walls[number]))
    for move in usual[number] + WALLS_MM:
        moved = walls.copy()
        moved[number] = move
        place = SectionPlace(*moved.tolist())
        if not HALF_WIDTH_MM[0] <= place.half_width_mm <= HALF_WIDTH_MM[1]:
            continue
        if not DEPTH_MM[0] <= 2.0 * place.half_depth_mm <= DEPTH_MM[1]:
            continue
        beyond = _beyond_mm(place, right, front)
        part = _part_at_wall(place, right, front, number)
        inner, enough_inner = _mean_of(values[part & (beyond < -INNER_MM[0]) & (beyond > -INNER_MM[1])][None])
        outer, enough_outer = _mean_of(values[part & (beyond > OUTER_MM[0]) & (beyond < OUTER_MM[1])][None])
        if not (enough_inner[0] and enough_outer[0]):
            continue
        score = float(outer[0] - inner[0]) - WALL_COST * (move - usual[number]) ** 2
        if score > best[0]:
            best = (score, float(move))
    return best[1]


def _part_at_wall(place: SectionPlace, right: np.ndarray, front: np.ndarray, number: int) -> np.ndarray:
    """The quarter of the cross section that lies at one wall."""
    across = (right - place.aside_mm) / place.half_width_mm
    along = (front - place.ahead_mm) / place.half_depth_mm
    toward = (-across, across, -along, along)[number]
    other = np.abs(along) if number < 2 else np.abs(across)
    return np.asarray(toward > other)


def _beyond_mm(place: SectionPlace, right: np.ndarray, front: np.ndarray) -> np.ndarray:
    """About the distance beyond the edge of a cross section, by its mean radius, mm."""
    scale = np.sqrt(place.half_width_mm * place.half_depth_mm)
    return np.asarray((place.radius(front, right) - 1.0) * scale)


def _at(section: np.ndarray, right: np.ndarray, front: np.ndarray, turn_deg: float) -> np.ndarray:
    """Values at places in the turned axes; NaN out of view."""
    across, ahead = turned(right, front, turn_deg)
    where = [(ahead + BEHIND_MM) / STEP_MM, (across + SIDE_MM) / STEP_MM]
    values: np.ndarray = ndimage.map_coordinates(section, where, order=1, cval=np.nan)
    return values


def _mean_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of what is in view in each row, and whether enough is."""
    seen = np.isfinite(values)
    count = seen.sum(axis=1)
    mean: np.ndarray = np.where(seen, values, 0.0).sum(axis=1) / np.maximum(count, 1)
    return mean, np.asarray(count >= OUTSIDE_LEAST)
