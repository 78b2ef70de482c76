"""Places along and across the spinal canal, and what is normal there.

A place is given by its height along the canal and by its distances to the right and to the front across the canal.
Lordosis and curves to a side are followed, because "across" means across the canal and not across the scanner.

The same place across the canal at other heights and on either side is the matched normal tissue of a place in the
spine: facet joints are compared with facet joints and bodies with bodies, whatever the age and the marrow of the
patient. Start at :class:`StraightSpine`; :class:`LevelReference` gives the normal uptake of a place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from ..core.image import Geometry
from .distances import (
    BODY_BEGINS,
    BODY_MIDDLE,
    DISC_HALF_HEIGHT,
    VERTEBRA_BEHIND,
    VERTEBRA_FRONT,
    VERTEBRA_SIDE,
)

STEP_MM = 2.0
"""Spacing of the straightened grid, mm: a third of what a PET resolves and finer than the slices of MR are thick."""

SIDE_MM = 44.0
"""How far the straightened grid reaches to either side of the canal, mm: vertebrae with their joints and the medial
parts of the sacroiliac joints (our estimate)."""

BEHIND_MM = 56.0
"""How far the straightened grid reaches behind the canal, mm: to the spinous processes (our estimate)."""

FRONT_MM = 56.0
"""How far the straightened grid reaches in front of the canal, mm: vertebral bodies (our estimate)."""

TANGENT_SIGMA_MM = 9.0
"""Standard deviation of the smoothing of the course of the canal before its direction is taken, mm. It follows the
bend of the spine, not the shape of single vertebrae (our estimate)."""

BEYOND_MM = 6.0
"""Upper bound of the distance beyond an end of the canal at which a place still belongs to it, mm (our estimate)."""

TOLERANCE_MM = 4.0
"""Upper bound of how far the same structure lies apart across the canal at different levels, mm: vertebrae widen from
L1 to L5 (our estimate)."""

ROUNDS = 6
"""Number of steps to the nearest place of the canal. At 50 mm from a canal with a radius of curvature of 120 mm, 1 %
of the error is left after them."""

LEAST_LENGTH_MM = 90.0
"""Lower bound of the length of a canal whose other levels show what is normal, mm: about three levels (our
estimate)."""

DISC_FRONT_MM = BODY_MIDDLE.value
"""Distance in front of the canal at which the height of a disc is given, mm."""

PEAK_SIGMA_MM = 2.5
"""Standard deviation of a smoothing that is added to that of the detection (4 mm FWHM), mm. Both together are as wide
as the sphere of 1 ml of SUVpeak."""

LEVEL_PERCENTILE = 80.0
"""Percentile of all heights and both sides that is taken for normal. Facet joints take a third of the height and
bodies two thirds; disease takes less than a fifth of both sides (our estimate)."""

DISC_PERCENTILE = 50.0
"""Percentile of all discs and both sides that is taken for normal uptake of a disc."""

LEAST_DISCS = 4
"""Lower bound of the number of discs that show what is normal for a disc (our estimate)."""


@dataclass(frozen=True, eq=False)
class StraightSpine:
    """A spinal canal with its own axes at every place.

    Parameters
    ----------
    points_ras : ndarray, shape (n, 3)
        Places along the canal, one for each STEP_MM of its length, from below upward, RAS mm.
    disc_mm : ndarray, shape (m,)
        Heights of the discs along the canal, from below upward, at DISC_FRONT_MM in front of it, mm.
    disc_tilt : ndarray, shape (m,)
        Rise of each disc (mm along the canal) for each mm toward the front.

    Attributes
    ----------
    axes : ndarray, shape (n, 3, 3)
        Unit vectors to the right, to the front and up along the canal, at every place, in RAS.
    """

    points_ras: np.ndarray
    disc_mm: np.ndarray = field(default_factory=lambda: np.zeros(0))
    disc_tilt: np.ndarray = field(default_factory=lambda: np.zeros(0))
    axes: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sigma = TANGENT_SIGMA_MM / STEP_MM
        smooth = ndimage.gaussian_filter1d(self.points_ras, sigma, axis=0, mode="nearest")
        up = np.gradient(smooth, axis=0)
        up /= np.linalg.norm(up, axis=1, keepdims=True)
        right = np.array([1.0, 0.0, 0.0]) - up[:, :1] * up
        right /= np.linalg.norm(right, axis=1, keepdims=True)
        object.__setattr__(self, "axes", np.stack([right, np.cross(up, right), up], axis=1))

    @classmethod
    def along(cls, line_ras: np.ndarray) -> StraightSpine:
        """Make it from a curve of the canal, shape (k, 3), RAS mm, from below upward."""
        way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line_ras, axis=0), axis=1))])
        at = np.arange(0.0, way[-1] + 0.5 * STEP_MM, STEP_MM)
        return cls(np.stack([np.interp(at, way, line_ras[:, axis]) for axis in range(3)], axis=1))

    @property
    def length_mm(self) -> float:
        """Length of the canal, mm."""
        return STEP_MM * (len(self.points_ras) - 1)

    @property
    def has_levels(self) -> bool:
        """True when it is long enough that other levels show what is normal."""
        return self.length_mm >= LEAST_LENGTH_MM

    def moved(self, matrix_ras: np.ndarray) -> StraightSpine:
        """The same spine after every point was moved by a rigid 4 x 4 RAS matrix."""
        matrix = np.asarray(matrix_ras, dtype=float)
        points = self.points_ras @ matrix[:3, :3].T + matrix[:3, 3]
        return StraightSpine(points, self.disc_mm, self.disc_tilt)

    def local(self, points_ras: np.ndarray) -> np.ndarray:
        """Local coordinates of points.

        Parameters
        ----------
        points_ras : ndarray, shape (..., 3)
            RAS mm.

        Returns
        -------
        ndarray, shape (..., 3)
            Distance to the right and to the front across the canal, and height along it, mm. The height is NaN more
            than BEYOND_MM beyond an end.
        """
        points = np.asarray(points_ras, dtype=float)
        flat = points.reshape(-1, 3)
        number = np.arange(len(self.points_ras), dtype=float)
        at = np.interp(flat[:, 2], self.points_ras[:, 2], number)
        for _ in range(ROUNDS):
            # Move along the canal by the part of the offset that points along it, until none is left.
            index = np.clip(np.rint(at).astype(int), 0, len(number) - 1)
            offset = flat - self.points_ras[index]
            at = np.clip(index + np.einsum("ij,ij->i", offset, self.axes[index, 2]) / STEP_MM, 0, len(number) - 1)
        index = np.rint(at).astype(int)
        own = np.einsum("nij,nj->ni", self.axes[index], flat - self.points_ras[index])
        height = STEP_MM * index + own[:, 2]
        height[(height < -BEYOND_MM) | (height > self.length_mm + BEYOND_MM)] = np.nan
        return np.stack([own[:, 0], own[:, 1], height], axis=-1).reshape(points.shape)

    def to_ras(self, local_mm: np.ndarray) -> np.ndarray:
        """Points at local coordinates, the reverse of :meth:`local`.

        Parameters
        ----------
        local_mm : ndarray, shape (..., 3)
            Distance to the right and to the front across the canal, and height along it, mm. Beyond an end the canal
            is continued in a straight line.

        Returns
        -------
        ndarray, shape (..., 3)
            RAS mm.
        """
        local = np.asarray(local_mm, dtype=float)
        flat = local.reshape(-1, 3)
        last = len(self.points_ras) - 1
        at = flat[:, 2] / STEP_MM
        lower = np.clip(np.floor(at), 0, max(last - 1, 0)).astype(int)
        upper = np.minimum(lower + 1, last)
        part = np.clip(at - lower, 0.0, 1.0)[:, None]
        axes = (1.0 - part[..., None]) * self.axes[lower] + part[..., None] * self.axes[upper]
        points = (1.0 - part) * self.points_ras[lower] + part * self.points_ras[upper]
        beyond = STEP_MM * (at - np.clip(at, 0.0, last))[:, None]
        points = points + beyond * axes[:, 2] + np.einsum("nd,ndk->nk", flat[:, :2], axes[:, :2])
        return np.asarray(points.reshape(local.shape))

    def to_disc_mm(self, local_mm: np.ndarray) -> np.ndarray:
        """Distance along the canal from the middle of the nearest disc, positive above it.

        Parameters
        ----------
        local_mm : ndarray, shape (..., 3)
            Local coordinates, see :meth:`local`.

        Returns
        -------
        ndarray, shape (...)
            In mm; infinite when there are no discs.
        """
        if not len(self.disc_mm):
            return np.full(local_mm.shape[:-1], np.inf)
        height = local_mm[..., 2, None] - self.disc_mm - self.disc_tilt * (local_mm[..., 1, None] - DISC_FRONT_MM)
        nearest = np.abs(np.nan_to_num(height, nan=np.inf)).argmin(axis=-1)
        chosen: np.ndarray = np.take_along_axis(height, nearest[..., None], axis=-1)
        return chosen[..., 0]

    def sample(self, array: np.ndarray, geometry: Geometry) -> np.ndarray:
        """An image on the straightened grid, by linear interpolation.

        Parameters
        ----------
        array : ndarray, shape (k, j, i)
        geometry : Geometry
            Its grid, in the spine's frame.

        Returns
        -------
        ndarray of float32, shape (height, front, right)
            NaN out of view; :func:`fronts` and :func:`sides` give the coordinates of rows and columns.
        """
        right, front = sides(), fronts()
        places = (
            self.points_ras[:, None, None]
            + right[:, None] * self.axes[:, None, None, 0]
            + front[:, None, None] * self.axes[:, None, None, 1]
        )
        kji = geometry.to_ijk(places.reshape(-1, 3))[:, ::-1].T
        values = ndimage.map_coordinates(array, kji, order=1, cval=np.nan, output=np.float32)
        straight: np.ndarray = values.reshape(len(self.points_ras), front.size, right.size)
        return straight


def sides() -> np.ndarray:
    """Distance to the right (mm) of each column of a straightened image, ascending."""
    return np.arange(-SIDE_MM, SIDE_MM + 0.5 * STEP_MM, STEP_MM)


def fronts() -> np.ndarray:
    """Distance in front of the canal (mm) of each row of a straightened image, ascending."""
    return np.arange(-BEHIND_MM, FRONT_MM + 0.5 * STEP_MM, STEP_MM)


def matched_levels(straight: np.ndarray, percentile: float) -> np.ndarray:
    """What is normal at each place across the canal: a percentile of all heights and of both sides.

    Parameters
    ----------
    straight : ndarray, shape (height, front, right)
        As :meth:`StraightSpine.sample` gives it.
    percentile : float
        0 to 100. Joints and bodies fill only a part of the height, so a high percentile is the value of the structure
        that is hottest or brightest there, as long as disease takes less than the rest.

    Returns
    -------
    ndarray, shape (front, right)
        The same on both sides; NaN where nothing is in view.
    """
    seen = np.isfinite(straight)
    reach = round(TOLERANCE_MM / STEP_MM)
    highest = ndimage.maximum_filter(np.where(seen, straight, -np.inf), size=(1, 2 * reach + 1, 2 * reach + 1))
    highest[~seen] = np.nan
    both = np.concatenate([highest, highest[:, :, ::-1]])
    out = np.full(straight.shape[1:], np.nan, dtype=np.float32)
    in_view = np.isfinite(both).any(axis=0)
    out[in_view] = _percentile_of_columns(both[:, in_view], percentile)
    return out


def _percentile_of_columns(values: np.ndarray, percentile: float) -> np.ndarray:
    """The same as ``np.nanpercentile`` along the first axis, which takes each column alone; no column is all NaN."""
    ordered, count = np.sort(values, axis=0), (~np.isnan(values)).sum(axis=0)
    out = np.empty(values.shape[1:], dtype=values.dtype)
    for number in np.unique(count):
        same = count == number
        out[same] = np.percentile(ordered[:number, same], percentile, axis=0)
    return out


class LevelReference:
    """The normal uptake of a place in the spine: that of the same place at all levels of the same spine.

    Parameters
    ----------
    smooth : ndarray of float32, shape (k, j, i)
        SUV smoothed for detection.
    geometry : Geometry
        Its grid.
    spine : StraightSpine
        In the same frame, long enough to have levels (:attr:`StraightSpine.has_levels`).
    """

    def __init__(self, smooth: np.ndarray, geometry: Geometry, spine: StraightSpine) -> None:
        self._spine = spine
        straight = spine.sample(smooth, geometry)
        # SUVpeak is a mean over 1 ml, so the levels get as much smoothing.
        seen = np.isfinite(straight)
        sigma = PEAK_SIGMA_MM / STEP_MM
        share = np.maximum(ndimage.gaussian_filter(seen.astype(np.float32), sigma), 0.05)
        straight = np.where(seen, ndimage.gaussian_filter(np.where(seen, straight, 0.0), sigma) / share, np.nan)
        self._normal = matched_levels(straight, LEVEL_PERCENTILE)
        self._discs = None
        if len(spine.disc_mm) >= LEAST_DISCS:
            height = STEP_MM * np.arange(len(straight))
            self._discs = matched_levels(
                straight[np.abs(height[:, None] - spine.disc_mm).min(axis=1) < DISC_HALF_HEIGHT.value], DISC_PERCENTILE
            )

    def at(self, point_ras: np.ndarray) -> float | None:
        """The normal SUV at a position.

        Parameters
        ----------
        point_ras : ndarray, shape (3,)
            RAS mm.

        Returns
        -------
        float or None
            In g/ml; None outside of the spine and out of view.
        """
        local = self._spine.local(point_ras)
        beside = not abs(local[0]) <= VERTEBRA_SIDE.value
        if beside or not -VERTEBRA_BEHIND.value <= local[1] <= VERTEBRA_FRONT.value:
            return None
        value = float(at_places(self._normal, local))
        in_disc = local[1] >= BODY_BEGINS.value and abs(self._spine.to_disc_mm(local)) < DISC_HALF_HEIGHT.value
        if self._discs is not None and in_disc:
            value = min(value, float(at_places(self._discs, local)))
        return value if np.isfinite(value) else None


def at_places(matched: np.ndarray, local_mm: np.ndarray) -> np.ndarray:
    """Values of a map across the canal at places in local coordinates.

    Parameters
    ----------
    matched : ndarray, shape (front, right)
        As :func:`matched_levels` gives it.
    local_mm : ndarray, shape (..., 3)
        Local coordinates, see :meth:`StraightSpine.local`.

    Returns
    -------
    ndarray, shape (...)
        NaN beyond the edge of the map and beyond the ends of the canal.
    """
    row = np.rint((local_mm[..., 1] + BEHIND_MM) / STEP_MM).astype(int)
    column = np.rint((local_mm[..., 0] + SIDE_MM) / STEP_MM).astype(int)
    inside = (row >= 0) & (row < matched.shape[0]) & (column >= 0) & (column < matched.shape[1])
    inside &= np.isfinite(local_mm[..., 2])
    out = np.full(inside.shape, np.nan)
    out[inside] = matched[row[inside], column[inside]]
    return out
