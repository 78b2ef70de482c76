"""Where the bodies of each level lie across the canal: a slipped vertebra, or a canal that was found a little beside.

Start at :func:`find_section_places`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .spine_turn import SpineTurn, turned
from .straight_spine import BEHIND_MM, FRONT_MM, SIDE_MM, STEP_MM
from .vertebral_shape import INNER_MM, OUTER_MM, OUTSIDE_LEAST, VertebralShape

SHIFTS_MM = np.arange(-9.0, 9.1, 1.5)
"""Shifts of the bodies of one level that are tried, mm: a slip of 9 mm is grade I to II (Meyerding: a quarter of the
depth is 8 mm), and a turn of 25 degrees moves a body to the side as far."""
SHIFT_COST = 5e-4
"""What a shift loses in contrast for each mm2: where a level shows no clear edge, the place of the other levels is
taken. Our estimate."""
LEAST_ROWS = 3
"""Lower bound of the rows of the straightened spine that show a level."""


@dataclass(frozen=True)
class SectionPlace:
    """The place of the bodies of one level, against the usual place of the bodies of this spine.

    Parameters
    ----------
    right_mm, front_mm : float
        Shift to the right and to the front in the turned axes, mm.
    """

    right_mm: float = 0.0
    front_mm: float = 0.0


def find_section_places(
    departure: np.ndarray, spans_mm: Sequence[tuple[float, float]], shape: VertebralShape, turn: SpineTurn
) -> list[SectionPlace]:
    """Find the place of the body in each span of heights.

    Parameters
    ----------
    departure : ndarray, shape (height, front, right)
        How far the signal is from that of marrow; NaN out of view.
    spans_mm : sequence of (float, float)
        Lower and upper end of the marrow of each vertebra along the canal, mm.
    shape : VertebralShape
    turn : SpineTurn

    Returns
    -------
    list of SectionPlace
        One for each span. Where a level is not in view, that of the nearest one that is.
    """
    heights = STEP_MM * np.arange(len(departure))
    found: list[SectionPlace | None] = []
    for low, high in spans_mm:
        rows = departure[(heights >= low) & (heights <= high)]
        found.append(None if len(rows) < LEAST_ROWS else _best_place(rows, shape, turn.at(0.5 * (low + high))))
    known = [number for number, place in enumerate(found) if place is not None]
    if not known:
        return [SectionPlace() for _ in found]
    at = np.array(known)
    nearest = [known[int(np.abs(at - number).argmin())] for number in range(len(found))]
    return [place for number in nearest if (place := found[number]) is not None]


def _best_place(rows: np.ndarray, shape: VertebralShape, turn_deg: float) -> SectionPlace | None:
    """The shift at which the cross section of the bodies fits best; None where too little is in view."""
    seen = np.isfinite(rows)
    section = np.where(seen, rows, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    section[seen.sum(axis=0) < 0.5 * len(rows)] = np.nan
    front, right = np.meshgrid(
        np.arange(-12.0, FRONT_MM, STEP_MM), np.arange(-SIDE_MM, SIDE_MM + 1.0, STEP_MM), indexing="ij"
    )
    scale = np.sqrt(shape.half_width_mm * 0.5 * (shape.front_mm - shape.back_mm))
    beyond = (shape.radius(front, right) - 1.0) * scale
    near = beyond < OUTER_MM[1]
    front, right, beyond = front[near], right[near], beyond[near]
    shift_right, shift_front = (shift.ravel() for shift in np.meshgrid(SHIFTS_MM, SHIFTS_MM, indexing="ij"))
    across, ahead = turned(right + shift_right[:, None], front + shift_front[:, None], turn_deg)
    where = [(ahead + BEHIND_MM) / STEP_MM, (across + SIDE_MM) / STEP_MM]
    values = ndimage.map_coordinates(section, where, order=1, cval=np.nan)
    inner, enough_inner = _mean_of(values[:, beyond < -INNER_MM[0]])
    outer, enough_outer = _mean_of(values[:, beyond > OUTER_MM[0]])
    score = outer - inner - SHIFT_COST * (shift_right**2 + shift_front**2)
    score[~(enough_inner & enough_outer)] = -np.inf
    best = int(score.argmax())
    if not np.isfinite(score[best]):
        return None
    return SectionPlace(float(shift_right[best]), float(shift_front[best]))


def _mean_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of what is in view for each shift, and whether enough is."""
    seen = np.isfinite(values)
    count = seen.sum(axis=1)
    mean: np.ndarray = np.where(seen, values, 0.0).sum(axis=1) / np.maximum(count, 1)
    return mean, np.asarray(count >= OUTSIDE_LEAST)
