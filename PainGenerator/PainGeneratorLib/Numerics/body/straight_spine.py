"""The spine laid straight: every place told by its height along the spinal canal and its place across it.

The same place across the canal at the other levels, on either side, is the matched normal tissue of a place in the
spine: facet joints are compared with facet joints, bodies with bodies, whatever a person's age and marrow. Curves from
side to side and lordosis are followed, for the places are taken across the canal and not across the scanner.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from ..core.image import Geometry

STEP_MM = 2.0
"""Spacing of the straightened grid: a third of what a PET resolves and finer than MR slices are thick."""
SIDE_MM, BEHIND_MM, FRONT_MM = 44.0, 56.0, 56.0
"""How far the grid reaches to either side, behind and in front of the canal: vertebrae with their joints, processes
and the sacroiliac joints' medial parts."""
TANGENT_SIGMA_MM = 9.0
"""Smoothing of the canal's course for its direction: endplates, not single vertebrae, bend it."""
BEYOND_MM = 6.0
"""A place this far beyond an end of the canal still belongs to it."""
TOLERANCE_MM = 4.0
"""Across the canal the same structure lies a few mm apart at different levels: vertebrae widen from L1 to L5."""
ROUNDS = 6
"""Steps to the nearest place of the canal; at 50 mm from a canal bent with a radius of 120 mm 1 % is left."""
LEAST_LENGTH_MM = 90.0
"""Shorter pieces hold less than three levels: too few to tell what is normal (ours)."""


@dataclass(frozen=True, eq=False)
class StraightSpine:
    """A spinal canal with its own axes.

    Parameters
    ----------
    points_ras : ndarray, shape (n, 3)
        Places along the canal, one every STEP_MM, from below upward, RAS mm.
    disc_mm : ndarray, shape (m,)
        Heights along the canal of the discs, from below upward, at `DISC_FRONT_MM` in front of it.
    disc_tilt : ndarray, shape (m,)
        Rise of each disc (mm along the canal) per mm toward the front.
    """

    points_ras: np.ndarray
    disc_mm: np.ndarray = field(default_factory=lambda: np.zeros(0))
    disc_tilt: np.ndarray = field(default_factory=lambda: np.zeros(0))

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
        """Of a curve of the canal, shape (k, 3), RAS mm, from below upward."""
        way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line_ras, axis=0), axis=1))])
        at = np.arange(0.0, way[-1] + 0.5 * STEP_MM, STEP_MM)
        return cls(np.stack([np.interp(at, way, line_ras[:, axis]) for axis in range(3)], axis=1))

    @property
    def length_mm(self) -> float:
        return STEP_MM * (len(self.points_ras) - 1)

    @property
    def has_levels(self) -> bool:
        """Long enough that other levels tell what is normal."""
        return self.length_mm >= LEAST_LENGTH_MM

    def moved(self, matrix_ras: np.ndarray) -> StraightSpine:
        """The same spine after every point was moved by a rigid 4 x 4 RAS matrix."""
        matrix = np.asarray(matrix_ras, dtype=float)
        points = self.points_ras @ matrix[:3, :3].T + matrix[:3, 3]
        return StraightSpine(points, self.disc_mm, self.disc_tilt)

    def local(self, points_ras: np.ndarray) -> np.ndarray:
        """Right, front and height along the canal (mm) of points, shape (..., 3).

        The height is NaN more than BEYOND_MM beyond an end.
        """
        points = np.asarray(points_ras, dtype=float)
        flat = points.reshape(-1, 3)
        number = np.arange(len(self.points_ras), dtype=float)
        at = np.interp(flat[:, 2], self.points_ras[:, 2], number)
        for _ in range(ROUNDS):
            # The foot of the perpendicular: the way along the canal that is left at the present one.
            index = np.clip(np.rint(at).astype(int), 0, len(number) - 1)
            offset = flat - self.points_ras[index]
            at = np.clip(index + np.einsum("ij,ij->i", offset, self.axes[index, 2]) / STEP_MM, 0, len(number) - 1)
        index = np.rint(at).astype(int)
        own = np.einsum("nij,nj->ni", self.axes[index], flat - self.points_ras[index])
        height = STEP_MM * index + own[:, 2]
        height[(height < -BEYOND_MM) | (height > self.length_mm + BEYOND_MM)] = np.nan
        return np.stack([own[:, 0], own[:, 1], height], axis=-1).reshape(points.shape)

    def to_disc_mm(self, local_mm: np.ndarray) -> np.ndarray:
        """Distance along the canal from the middle of the nearest disc, positive above it, of places in local
        coordinates, shape (...); infinite without discs."""
        if not len(self.disc_mm):
            return np.full(local_mm.shape[:-1], np.inf)
        height = local_mm[..., 2, None] - self.disc_mm - self.disc_tilt * (local_mm[..., 1, None] - DISC_FRONT_MM)
        nearest = np.abs(np.nan_to_num(height, nan=np.inf)).argmin(axis=-1)
        return np.take_along_axis(height, nearest[..., None], axis=-1)[..., 0]

    def sample(self, array: np.ndarray, geometry: Geometry) -> np.ndarray:
        """An image on the straightened grid, linear, NaN out of view.

        Parameters
        ----------
        array : ndarray, shape (k, j, i)
        geometry : Geometry
            Its grid, in the spine's frame.

        Returns
        -------
        ndarray of float32, shape (height, front, right)
            See :func:`fronts` and :func:`sides`.
        """
        right, front = sides(), fronts()
        places = (
            self.points_ras[:, None, None]
            + right[:, None] * self.axes[:, None, None, 0]
            + front[:, None, None] * self.axes[:, None, None, 1]
        )
        kji = geometry.to_ijk(places.reshape(-1, 3))[:, ::-1].T
        values = ndimage.map_coordinates(array, kji, order=1, cval=np.nan, output=np.float32)
        return values.reshape(len(self.points_ras), front.size, right.size)


DISC_FRONT_MM = 25.0
"""In front of the canal's middle lies the middle of a lumbar vertebral body."""


def sides() -> np.ndarray:
    """Places to the right (mm) of the columns of a straightened image."""
    return np.arange(-SIDE_MM, SIDE_MM + 0.5 * STEP_MM, STEP_MM)


def fronts() -> np.ndarray:
    """Places in front of the canal (mm) of the rows of a straightened image."""
    return np.arange(-BEHIND_MM, FRONT_MM + 0.5 * STEP_MM, STEP_MM)


def matched_levels(straight: np.ndarray, percentile: float) -> np.ndarray:
    """What is normal at each place across the canal: a percentile of all heights and of both sides.

    Parameters
    ----------
    straight : ndarray, shape (height, front, right)
        Of :meth:`StraightSpine.sample`.
    percentile : float
        Joints and bodies fill only a part of the height: a high percentile is that of the structure that is hottest
        or brightest there, as long as disease takes less than the rest.

    Returns
    -------
    ndarray, shape (front, right)
        NaN where nothing is in view; alike on both sides.
    """
    seen = np.isfinite(straight)
    reach = round(TOLERANCE_MM / STEP_MM)
    highest = ndimage.maximum_filter(np.where(seen, straight, -np.inf), size=(1, 2 * reach + 1, 2 * reach + 1))
    highest[~seen] = np.nan
    both = np.concatenate([highest, highest[:, :, ::-1]])
    out = np.full(straight.shape[1:], np.nan, dtype=np.float32)
    held = np.isfinite(both).any(axis=0)
    out[held] = np.nanpercentile(both[:, held], percentile, axis=0)
    return out


class LevelReference:
    """The uptake that a place in the spine has at the other levels of the same spine.

    Parameters
    ----------
    smooth : ndarray of float32, shape (k, j, i)
        SUV smoothed for detection.
    geometry : Geometry
        Its grid.
    spine : StraightSpine
        In the same frame, with :attr:`StraightSpine.has_levels`.
    """

    def __init__(self, smooth: np.ndarray, geometry: Geometry, spine: StraightSpine) -> None:
        self._spine = spine
        straight = spine.sample(smooth, geometry)
        # SUVpeak is a mean over 1 ml: the levels are compared with as much smoothing.
        seen = np.isfinite(straight)
        sigma = PEAK_SIGMA_MM / STEP_MM
        share = np.maximum(ndimage.gaussian_filter(seen.astype(np.float32), sigma), 0.05)
        straight = np.where(seen, ndimage.gaussian_filter(np.where(seen, straight, 0.0), sigma) / share, np.nan)
        self._normal = matched_levels(straight, LEVEL_PERCENTILE)
        self._discs = None
        if len(spine.disc_mm) >= LEAST_DISCS:
            height = STEP_MM * np.arange(len(straight))
            self._discs = matched_levels(
                straight[np.abs(height[:, None] - spine.disc_mm).min(axis=1) < DISC_HALF_MM], 50.0
            )

    def at(self, point_ras: np.ndarray) -> float | None:
        """SUV that is normal at a position (RAS mm), g/ml; None where it is not of the spine."""
        local = self._spine.local(point_ras)
        if not abs(local[0]) <= SPINE_SIDE_MM or not -SPINE_BEHIND_MM <= local[1] <= SPINE_FRONT_MM:
            return None
        value = float(at_places(self._normal, local))
        if self._discs is not None and local[1] >= BODY_MM and abs(self._spine.to_disc_mm(local)) < DISC_HALF_MM:
            value = min(value, float(at_places(self._discs, local)))
        return value if np.isfinite(value) else None


PEAK_SIGMA_MM = 2.5
"""Adds to the smoothing of detection (4 mm FWHM) what makes a Gaussian as wide as the sphere of 1 ml."""
LEVEL_PERCENTILE = 80.0
"""Facet joints take a third of the height, bodies two thirds; disease takes less than a fifth of both sides (ours)."""
SPINE_SIDE_MM, SPINE_BEHIND_MM, SPINE_FRONT_MM, BODY_MM = 34.0, 56.0, 48.0, 8.0
"""Vertebrae with their joints and processes; in front of the last begin the bodies."""
DISC_HALF_MM = 4.0
"""Half the height of a disc that is surely no endplate; lumbar discs are 8 to 12 mm high."""
LEAST_DISCS = 4
"""Fewer discs do not tell what is normal for a disc (ours)."""


def at_places(matched: np.ndarray, local_mm: np.ndarray) -> np.ndarray:
    """Values of a map across the canal at places in local coordinates, shape (...); NaN beyond its edge."""
    row = np.rint((local_mm[..., 1] + BEHIND_MM) / STEP_MM).astype(int)
    column = np.rint((local_mm[..., 0] + SIDE_MM) / STEP_MM).astype(int)
    inside = (row >= 0) & (row < matched.shape[0]) & (column >= 0) & (column < matched.shape[1])
    inside &= np.isfinite(local_mm[..., 2])
    out = np.full(inside.shape, np.nan)
    out[inside] = matched[row[inside], column[inside]]
    return out
