"""The planes of discs and endplates, from where the signal departs from that of marrow.

On any MR contrast the signal of a disc or of its endplates departs from that of marrow. A plane may lean to the front
and to a side. A disc's plane is the one along which the signal departs most; an endplate is the plane beside it across
which the departure falls most toward the body. Start at :class:`BodyColumns`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .section_places import SectionPlace
from .spine_turn import turned
from .straight_spine import BEHIND_MM, SIDE_MM, STEP_MM

COLUMN_RADIUS = 0.8
"""Columns lie within this part of the way from the axis of a body to its edge: bodies of one spine differ by less than
the rest. Our estimate."""
COLUMN_STEP_MM = 4.0
"""Distance between columns, mm."""
LEAST_COLUMNS = 6
"""Lower bound of the columns in view from which a plane is found."""
SEEN_PART = 0.6
"""Lower bound of the part of a plane that must be in view (our estimate)."""
EDGE_SMOOTH_MM = 1.0
"""Standard deviation of the smoothing along the canal before an edge is looked for, mm: half a step of the grid."""
EDGE_REACH_MM = 2.0
"""An edge is the difference between places that lie so far on either side of it, mm."""
SHIFTS_MM = np.arange(-12.0, 12.1, 1.0)
"""Shifts of a disc from the height where it was seen that are tried, mm: half a small body. On some T2 a disc is as
bright as marrow, and one of its endplates was taken for it."""
HALF_MM = np.arange(2.0, 8.1, 1.0)
"""Halves of the height of a disc that are tried, mm: lumbar discs are 5 to 14 mm high in their middle, with endplates
that are hollow."""
USUAL_HALF_MM = 4.5
"""Usual half of the height of a disc, mm; a disc loses HALF_COST for the square of the difference."""
HALF_COST = 0.002
"""What a disc loses for the square of the difference from that (mm2). Our estimate."""
DISC_LEANS = np.arange(-0.24, 0.25, 0.08)
"""Changes of the rise toward the front that are tried; no unit."""
SIDE_LEANS = np.arange(-0.4, 0.41, 0.08)
"""Rises of a disc toward the right that are tried: up to 22 degrees, that of a disc at the end of a scoliosis with a
Cobb angle of 50 to 60 degrees, against the axis of the canal (our estimate)."""
ENDPLATE_MM = np.arange(-2.5, 2.6, 0.5)
"""Shifts of an endplate from where the disc has it that are tried, mm."""
ENDPLATE_LEANS = np.arange(-0.15, 0.16, 0.05)
"""Differences between the rise of an endplate and that of its disc that are tried: up to 9 degrees; a lumbar disc is
a wedge of 5 to 15 degrees (both endplates together)."""
LEAN_COST = 0.4
"""What a plane loses in departure for the square of its lean (our estimate): 0.025 for 14 degrees, a tenth of the
usual departure of a disc."""
FAR_COST = 0.004
"""What an endplate loses for the square of its distance (mm) from where the disc has it (our estimate): marrow that is
changed along an endplate must not be taken for disc."""
UNEVEN_COST = 0.001
"""What a sequence of discs loses for the square of the difference (mm) between the height of a level and that which
its neighbors suggest (our estimate): 0.01 for the usual 3 mm, 0.15 for 12 mm, which is more than most edges give."""
UNEVEN_MOST_MM = 15.0
"""Upper bound of that difference that counts, mm: a disc may have been missed."""


@dataclass(frozen=True)
class Plane:
    """A plane across the canal, in the turned axes of the spine.

    Parameters
    ----------
    height_mm : float
        Height along the canal at the middle of the body, mm.
    to_front, to_right : float
        Rise for each mm to the front and to the right.
    strength : float
        Departure (log units) along it, or its fall across it; 0 where it was not seen.
    """

    height_mm: float
    to_front: float
    to_right: float
    strength: float


@dataclass(frozen=True)
class DiscPlane(Plane):
    """The plane of a disc, with half of its height (mm)."""

    half_mm: float = USUAL_HALF_MM


@dataclass(frozen=True, eq=False)
class BodyColumns:
    """How far the signal departs from that of marrow along columns through the bodies.

    Parameters
    ----------
    values : ndarray, shape (height, n)
        One row for each step of the straightened spine; NaN out of view.
    right_mm, front_mm : ndarray, shape (n,)
        Places of the columns in the turned axes, from the middle of the body, mm.
    """

    values: np.ndarray
    right_mm: np.ndarray
    front_mm: np.ndarray

    @classmethod
    def of(cls, departure: np.ndarray, place: SectionPlace, turn_deg: float) -> BodyColumns:
        """Take the columns out of a straightened map of the departure.

        Parameters
        ----------
        departure : ndarray, shape (height, front, right)
        place : SectionPlace
            The walls of the bodies at this level.
        turn_deg : float
            Turn of this level.
        """
        depth, width = place.half_depth_mm, place.half_width_mm
        front, right = np.meshgrid(
            np.arange(-depth, depth + 0.1, COLUMN_STEP_MM), np.arange(-width, width + 0.1, COLUMN_STEP_MM)
        )
        inside = place.radius(front + place.ahead_mm, right + place.aside_mm) < COLUMN_RADIUS
        front, right = front[inside], right[inside]
        across, ahead = turned(right + place.aside_mm, front + place.ahead_mm, turn_deg)
        where = [(ahead + BEHIND_MM) / STEP_MM, (across + SIDE_MM) / STEP_MM]
        # A dark endplate that fills a part of a voxel must not look wider than it is, so the logarithm is compressed.
        compressed = 1.0 - np.exp(-departure)
        values = np.stack([ndimage.map_coordinates(row, where, order=1, cval=np.nan) for row in compressed])
        return cls(values, right, front)

    def _edges(self) -> np.ndarray:
        """How much the departure falls upward, per place, shape (height, n)."""
        smooth = _smoothed(self.values, EDGE_SMOOTH_MM)
        reach = EDGE_REACH_MM / STEP_MM
        return np.asarray(0.5 * (_shifted(smooth, -reach) - _shifted(smooth, reach)))

    def discs(self, height_mm: float, to_front: float) -> list[DiscPlane]:
        """The best plane of a disc for each height near a place.

        Between the endplates of a disc the departure is higher than beyond both of them: it falls to either side.

        Parameters
        ----------
        height_mm, to_front : float
            Where it was seen in the midline: height at the middle of the body, rise for each mm to the front.

        Returns
        -------
        list of DiscPlane
            One for each of SHIFTS_MM.
        """
        falls = self._edges()
        centers = height_mm + SHIFTS_MM
        around = np.arange(centers[0] - HALF_MM[-1], centers[-1] + HALF_MM[-1] + 0.1)
        fronts, sides = (a.ravel() for a in np.meshgrid(DISC_LEANS, SIDE_LEANS, indexing="ij"))
        rise = np.outer(to_front + fronts, self.front_mm) + np.outer(sides, self.right_mm)
        at = around[None, :, None] + rise[:, None]
        profile = self._mean_along(falls, at)
        center = np.arange(len(SHIFTS_MM)) + round(HALF_MM[-1])
        best: list[DiscPlane] = []
        score = np.stack(
            [
                profile[:, center + round(half)] - profile[:, center - round(half)] - _half_cost(half)
                for half in HALF_MM
            ]
        )
        score -= LEAN_COST * (fronts**2 + sides**2)[None, :, None]
        for number, height in enumerate(centers):
            half, lean = np.unravel_index(int(score[:, :, number].argmax()), score.shape[:2])
            strength = float(score[half, lean, number])
            best.append(
                DiscPlane(
                    float(height),
                    float(to_front + fronts[lean]),
                    float(sides[lean]),
                    strength if np.isfinite(strength) else 0.0,
                    float(HALF_MM[half]),
                )
            )
        return best

    def endplate(self, disc: DiscPlane, is_above: bool) -> Plane:
        """An endplate beside a disc.

        Parameters
        ----------
        disc : DiscPlane
        is_above : bool
            True for the lower endplate of the vertebra above the disc.
        """
        sign = 1.0 if is_above else -1.0
        expected = disc.height_mm + sign * disc.half_mm
        away, leans, sides = (
            a.ravel() for a in np.meshgrid(ENDPLATE_MM, ENDPLATE_LEANS, ENDPLATE_LEANS, indexing="ij")
        )
        at = (
            (expected + away)[:, None]
            + np.outer(disc.to_front + leans, self.front_mm)
            + np.outer(disc.to_right + sides, self.right_mm)
        )
        mean = sign * self._mean_along(self._edges(), at)
        score = mean - LEAN_COST * (leans**2 + sides**2) - FAR_COST * away**2
        best = int(np.where(np.isfinite(score), score, -np.inf).argmax())
        if not np.isfinite(score[best]) or score[best] <= 0.0:
            return Plane(expected, disc.to_front, disc.to_right, 0.0)
        return Plane(
            float(expected + away[best]),
            float(disc.to_front + leans[best]),
            float(disc.to_right + sides[best]),
            float(mean[best]),
        )

    def _mean_along(self, values: np.ndarray, height_mm: np.ndarray) -> np.ndarray:
        """Mean over the columns at heights of shape (..., n); -infinity or NaN where too little is in view."""
        columns = np.broadcast_to(np.arange(self.front_mm.size), height_mm.shape)
        found = _between_rows(values, height_mm / STEP_MM, columns)
        seen = np.isfinite(found)
        count = seen.sum(axis=-1)
        mean: np.ndarray = np.where(seen, found, 0.0).sum(axis=-1) / np.maximum(count, 1)
        return np.where(count < max(LEAST_COLUMNS, SEEN_PART * self.front_mm.size), np.nan, mean)


def even_sequence(choices: Sequence[Sequence[DiscPlane]]) -> list[DiscPlane]:
    """One plane for each disc, so that edges are strong and the levels are evenly high.

    Parameters
    ----------
    choices : sequence of sequences of DiscPlane
        For each disc, from below upward, what :meth:`BodyColumns.discs` gives.
    """
    heights = np.array([[plane.height_mm for plane in planes] for planes in choices])
    strengths = np.array([[plane.strength for plane in planes] for planes in choices])
    expected = _expected_spacing(heights[:, heights.shape[1] // 2])
    total, came = strengths[0], []
    for number in range(1, len(choices)):
        spacing = heights[number][:, None] - heights[number - 1][None]
        off = np.minimum(np.abs(spacing - expected[number - 1]), UNEVEN_MOST_MM)
        choice = total[None] - UNEVEN_COST * off**2
        came.append(choice.argmax(axis=1))
        total = strengths[number] + choice.max(axis=1)
    path = [int(total.argmax())]
    for before in reversed(came):
        path.append(int(before[path[-1]]))
    return [planes[number] for planes, number in zip(choices, reversed(path), strict=True)]


def _expected_spacing(heights: np.ndarray) -> np.ndarray:
    """The heights of the levels that their neighbors suggest: a straight line through them that outliers do not move.

    Thoracic levels are lower than lumbar ones.
    """
    spacing = np.diff(heights)
    if spacing.size < 3:
        return spacing
    at = np.arange(spacing.size)
    first, second = np.triu_indices(spacing.size, 1)
    slope = float(np.median((spacing[second] - spacing[first]) / (second - first)))
    return np.asarray(np.median(spacing - slope * at) + slope * at)


def _half_cost(half_mm: float) -> float:
    return float(HALF_COST * (half_mm - USUAL_HALF_MM) ** 2)


def _between_rows(values: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Values between the rows, by linear interpolation; NaN beyond the ends."""
    last = len(values) - 1
    low = np.clip(np.floor(row).astype(int), 0, max(last - 1, 0))
    part = row - low
    out = (1.0 - part) * values[low, column] + part * values[np.minimum(low + 1, last), column]
    return np.where((part >= 0.0) & (part <= 1.0), out, np.nan)


def _smoothed(values: np.ndarray, sigma_mm: float) -> np.ndarray:
    """Smoothed along the canal; NaN stays."""
    seen = np.isfinite(values)
    share = ndimage.gaussian_filter1d(seen.astype(float), sigma_mm / STEP_MM, axis=0, mode="nearest")
    smooth = ndimage.gaussian_filter1d(np.where(seen, values, 0.0), sigma_mm / STEP_MM, axis=0, mode="nearest")
    return np.where(seen, smooth / np.maximum(share, 1e-3), np.nan)


def _shifted(values: np.ndarray, rows: float) -> np.ndarray:
    """The values so many rows higher along the canal."""
    at = np.arange(len(values))[:, None] + rows
    column = np.arange(values.shape[1])[None]
    row, columns = np.broadcast_arrays(at, column)
    return _between_rows(values, row, columns)
