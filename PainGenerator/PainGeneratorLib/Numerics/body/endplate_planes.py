"""The planes of discs and endplates, from where the signal departs from that of marrow.

On any MR contrast the signal of a disc or of its endplates departs from that of marrow. A plane may lean to the front
and to a side. A disc's plane is the one along which the signal departs most; an endplate is the plane beside it across
which the departure falls most toward the body. Start at :class:`BodyColumns`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .spine_turn import turned
from .straight_spine import BEHIND_MM, SIDE_MM, STEP_MM
from .vertebral_shape import VertebralShape

COLUMN_RADIUS = 0.8
"""Columns lie within this part of the way from the axis of a body to its edge: bodies of one spine differ by less than
the rest. Our estimate."""
COLUMN_STEP_MM = 4.0
"""Distance between columns, mm."""
LEAST_COLUMNS = 6
"""Lower bound of the columns in view from which a plane is found."""
SEEN_PART = 0.6
"""Lower bound of the part of a plane that must be in view (our estimate)."""
DISC_SMOOTH_MM = 2.5
"""Standard deviation of the smoothing along the canal in which the plane of a disc is looked for, mm: half a disc."""
EDGE_SMOOTH_MM = 1.0
"""Standard deviation of the smoothing along the canal before an edge is looked for, mm: half a step of the grid."""
EDGE_REACH_MM = 2.0
"""An edge is the difference between places that lie so far on either side of it, mm."""
DISC_SHIFTS_MM = np.arange(-4.0, 4.1, 1.0)
"""Shifts of a disc's plane from the height where it was seen that are tried, mm."""
DISC_LEANS = np.arange(-0.2, 0.21, 0.05)
"""Changes of the rise toward the front that are tried; no unit."""
SIDE_LEANS = np.arange(-0.4, 0.41, 0.05)
"""Rises of a disc toward the right that are tried: up to 22 degrees, that of a disc at the end of a scoliosis with a
Cobb angle of 50 to 60 degrees, against the axis of the canal (our estimate)."""
ENDPLATE_MM = np.arange(1.5, 9.6, 0.5)
"""Distances of an endplate from the middle of its disc that are tried, mm: lumbar discs are 5 to 14 mm high in their
middle, with endplates that are hollow."""
ENDPLATE_LEANS = np.arange(-0.2, 0.21, 0.05)
"""Differences between the rise of an endplate and that of its disc that are tried: up to 11 degrees; a lumbar disc is
a wedge of 5 to 15 degrees (both endplates together)."""
LEAN_COST = 0.4
"""What a plane loses in departure for the square of its lean (our estimate): 0.025 for 14 degrees, a tenth of the
usual departure of a disc."""
FAR_COST = 0.003
"""What an endplate loses for the square of its distance (mm) from the usual half height of the discs of this spine
(our estimate): marrow that is changed along an endplate must not be taken for disc."""


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
    def of(cls, departure: np.ndarray, shape: VertebralShape, turn_deg: float, right_mm: float) -> BodyColumns:
        """Take the columns out of a straightened map of the departure.

        Parameters
        ----------
        departure : ndarray, shape (height, front, right)
        shape : VertebralShape
            Its front and back wall are those of this level.
        turn_deg : float
            Turn of this level.
        right_mm : float
            The middle of the body, to the right of the canal in the turned axes.
        """
        middle = 0.5 * (shape.back_mm + shape.front_mm)
        depth, width = 0.5 * (shape.front_mm - shape.back_mm), shape.half_width_mm
        front, right = np.meshgrid(
            np.arange(-depth, depth + 0.1, COLUMN_STEP_MM), np.arange(-width, width + 0.1, COLUMN_STEP_MM)
        )
        inside = shape.radius(front + middle, right) < COLUMN_RADIUS
        front, right = front[inside], right[inside]
        across, ahead = turned(right + right_mm, front + middle, turn_deg)
        where = [(ahead + BEHIND_MM) / STEP_MM, (across + SIDE_MM) / STEP_MM]
        values = np.stack([ndimage.map_coordinates(row, where, order=1, cval=np.nan) for row in departure])
        return cls(values, right, front)

    def disc(self, height_mm: float, to_front: float) -> Plane:
        """The plane of a disc.

        Parameters
        ----------
        height_mm, to_front : float
            Where it was seen in the midline: height at the middle of the body, rise for each mm to the front.
        """
        smooth = _smoothed(self.values, DISC_SMOOTH_MM)
        shifts, leans, sides = np.meshgrid(DISC_SHIFTS_MM, DISC_LEANS, SIDE_LEANS, indexing="ij")
        cost = LEAN_COST * (leans**2 + sides**2)
        height, front, side, score = self._best(smooth, height_mm + shifts, to_front + leans, sides, cost)
        return Plane(height, front, side, score)

    def endplate(self, disc: Plane, is_above: bool, usual_mm: float, distances_mm: np.ndarray = ENDPLATE_MM) -> Plane:
        """An endplate beside a disc.

        Parameters
        ----------
        disc : Plane
        is_above : bool
            True for the lower endplate of the vertebra above the disc.
        usual_mm : float
            Half of the height of the discs of this spine.
        distances_mm : ndarray, optional
            Distances from the disc's plane that are tried.
        """
        sign = 1.0 if is_above else -1.0
        reach = EDGE_REACH_MM / STEP_MM
        smooth = _smoothed(self.values, EDGE_SMOOTH_MM)
        edges = -sign * 0.5 * (_shifted(smooth, reach) - _shifted(smooth, -reach))
        away, leans, sides = np.meshgrid(distances_mm, ENDPLATE_LEANS, ENDPLATE_LEANS, indexing="ij")
        cost = LEAN_COST * (leans**2 + sides**2) + FAR_COST * (away - usual_mm) ** 2
        height, front, side, score = self._best(
            edges, disc.height_mm + sign * away, disc.to_front + leans, disc.to_right + sides, cost
        )
        if not score > 0.0:
            return Plane(disc.height_mm + sign * usual_mm, disc.to_front, disc.to_right, 0.0)
        return Plane(height, front, side, score)

    def _best(
        self, values: np.ndarray, height: np.ndarray, front: np.ndarray, side: np.ndarray, cost: np.ndarray
    ) -> tuple[float, float, float, float]:
        """Height, rises and mean value of the plane with the greatest mean value less cost."""
        height, front, side = np.broadcast_arrays(height, front, side)
        size = height.size
        at = height.reshape(size, 1) + front.reshape(size, 1) * self.front_mm + side.reshape(size, 1) * self.right_mm
        columns = np.broadcast_to(np.arange(self.front_mm.size), at.shape)
        found = _between_rows(values, at / STEP_MM, columns)
        seen = np.isfinite(found)
        count = seen.sum(axis=1)
        mean = np.where(seen, found, 0.0).sum(axis=1) / np.maximum(count, 1)
        mean[count < max(LEAST_COLUMNS, SEEN_PART * self.front_mm.size)] = -np.inf
        best = int(np.argmax(mean - cost.reshape(size)))
        score = float(mean[best]) if np.isfinite(mean[best]) else 0.0
        return float(height.flat[best]), float(front.flat[best]), float(side.flat[best]), score


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
