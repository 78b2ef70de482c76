"""What surrounds a place on MR: tissues, marrow and the body, and how a place lies to them. All in mm and RAS."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from ..body import distances
from ..core import tissues
from ..core.image import Geometry, Region
from .blocks import block_mean, coarse_factors, coarser
from .signal import extents_mm, near_mask, regions_of, sample_mask

UP = np.array([0.0, 0.0, 1.0])
FRONT = np.array([0.0, 1.0, 0.0])

THICK_SLICES = 1.5
"""Voxels whose longest side is longer than this many times the median one are slices."""
SOLID_PART = 0.3
"""A block of voxels with more marrow or implant than this part is solid. Our estimate."""
BONE_POINTS = 20_000
"""Upper bound for the voxels of marrow that stand for the bones; more do not change a percentile."""
DISC_LEAST_ML = 1.5
"""Lower bound for the volume of a disc of an anatomy segmentation; smaller parts are errors of it."""


@dataclass(frozen=True, eq=False)
class MRSurroundings:
    """What the rules need to know of a case; arrays on the grid `geometry`.

    Parameters
    ----------
    geometry : Geometry
    tissue : ndarray of uint8
        Codes of :mod:`..core.tissues`.
    marrow : ndarray of bool
        Marrow, lesions in it included.
    body : ndarray of bool
        The body without the margin of an implant.
    group : str
        ``low-back`` or ``hip-replacement``.
    midline_r_mm : float or None
        R of the patient's midline; None where it is not known.
    segmented : ndarray of uint8 or None
        Tissue codes of the anatomy segmentation alone; None without one.
    """

    geometry: Geometry
    tissue: np.ndarray
    marrow: np.ndarray
    body: np.ndarray
    group: str
    midline_r_mm: float | None
    segmented: np.ndarray | None

    @cached_property
    def skin(self) -> np.ndarray:
        """Voxels near the air. The body must not change after this was asked for."""
        if not self.body.any():
            return self.body
        return near_mask(~self.body, self.geometry, distances.SKIN_DEPTH_MOST.value)

    @cached_property
    def bone_points_ras(self) -> np.ndarray:
        """Some voxels of marrow, RAS mm, shape (n, 3). The marrow must not change after this was asked for."""
        flat = np.flatnonzero(self.marrow)
        return self.geometry.flat_to_ras(flat[:: flat.size // BONE_POINTS + 1])


def slice_axis(geometry: Geometry) -> int | None:
    """The array axis across slices; None when the voxels are about isotropic."""
    spacing = np.array(geometry.spacing_kji_mm)
    thick = int(np.argmax(spacing))
    return thick if spacing[thick] > THICK_SLICES * np.median(spacing) else None


def slice_counts(region: Region) -> np.ndarray:
    """Number of voxels of a region on each of its slices."""
    axis = slice_axis(region.geometry)
    index = np.unravel_index(region.flat, region.geometry.shape)[axis if axis is not None else 0]
    counts = np.bincount(index - index.min())
    return counts[counts > 0]


def is_tube_shaped(lengths_mm: np.ndarray) -> bool:
    """Whether lengths (longest first, mm) are those of a vessel, nerve or ureter: long, and thin both ways."""
    is_long = lengths_mm[0] > distances.MR_TUBE_ELONGATION_LEAST.value * lengths_mm[1]
    is_thin = lengths_mm[1] < distances.MR_TUBE_WIDTH_MOST.value
    return bool(is_long and is_thin and lengths_mm[0] > distances.MR_TUBE_LENGTH_LEAST.value)


def marrow_along(surroundings: MRSurroundings, points_ras: np.ndarray, steps_ras: Iterable[np.ndarray]) -> np.ndarray:
    """Whether there is marrow at any of some steps away from each point, shape (n,).

    Parameters
    ----------
    surroundings : MRSurroundings
    points_ras : ndarray, shape (n, 3)
    steps_ras : iterable of ndarray, shape (3,)
        Steps from a point, mm.
    """
    found = np.zeros(len(points_ras), dtype=bool)
    for step in steps_ras:
        found |= sample_mask(surroundings.marrow, surroundings.geometry, points_ras + step)
    return found


def part_between_marrow(surroundings: MRSurroundings, points_ras: np.ndarray, reach_mm: Iterable[float]) -> float:
    """Part of some points with marrow both above and below, at any of some distances (mm)."""
    reach = tuple(reach_mm)
    above = marrow_along(surroundings, points_ras, (distance * UP for distance in reach))
    below = marrow_along(surroundings, points_ras, (-distance * UP for distance in reach))
    return float(np.mean(above & below))


def bone_distance(
    surroundings: MRSurroundings, implant: Region | None, with_marrow: bool = True
) -> Callable[[Region], np.ndarray]:
    """A function that gives the distance (mm) of the voxels of a region from marrow or from an implant's void."""
    factors = coarse_factors(surroundings.geometry)
    solid = surroundings.marrow.copy() if with_marrow else np.zeros(surroundings.geometry.shape, dtype=bool)
    if implant is not None:
        solid.reshape(-1)[implant.flat] = True
    coarse = block_mean(solid, factors) > SOLID_PART
    grid = coarser(surroundings.geometry, factors)
    far = np.full(coarse.shape, np.inf)
    if coarse.any():
        far = ndimage.distance_transform_edt(~coarse, sampling=grid.spacing_kji_mm)

    def distance(region: Region) -> np.ndarray:
        kji = np.rint(grid.to_ijk(region.points_ras)).astype(int)[:, ::-1]
        return np.asarray(far[tuple(np.clip(kji, 0, np.array(far.shape) - 1).T)])

    return distance


def touching_bone_part(region: Region, surroundings: MRSurroundings, gap_mm: float) -> float:
    """Part of the voxels of a region within `gap_mm` of marrow (cortex and cartilage lie between)."""
    directions = np.concatenate([np.eye(3), -np.eye(3)])
    steps = (step * direction for direction in directions for step in (0.5 * gap_mm, gap_mm))
    return float(marrow_along(surroundings, region.points_ras, steps).mean())


def facing_bone_part(region: Region, surroundings: MRSurroundings, gap_mm: float) -> float:
    """Part of the voxels of a region with marrow on both sides of its thin direction, as in the space of a joint."""
    points = region.points_ras
    _, axes = extents_mm(points)
    reach = np.linspace(0.5, 1.5, 5) * gap_mm
    one, other = (
        marrow_along(surroundings, points, (sign * step * axes[2] for step in reach)) for sign in (1.0, -1.0)
    )
    return float(np.mean(one & other))


def discs(surroundings: MRSurroundings, minimum_ml: float = DISC_LEAST_ML) -> list[Region]:
    """The discs of an anatomy segmentation, each a region."""
    return regions_of(surroundings.tissue == tissues.DISC, surroundings.geometry, minimum_ml)
