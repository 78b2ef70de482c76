"""The rules that turn standardized signal into regions of one kind (DOMAIN D.2 to D.4), all in mm and RAS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..core import tissues
from ..core.image import Geometry, Region
from .parameters import GradeParameters, MRParameters
from .signal import block_mean, coarse_factors, coarser, extents_mm, near_mask, regions_of, sample_mask

UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class MRSurroundings:
    """What the rules need to know of a case; arrays on the grid `geometry`.

    Parameters
    ----------
    geometry : Geometry
    tissue : ndarray of uint8
    marrow : ndarray of bool
        Marrow, lesions in it included.
    body : ndarray of bool
    group : str
    midline_r_mm : float or None
        R of the patient's midline; None where it cannot be told.
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


def slice_axis(geometry: Geometry) -> int | None:
    """The array axis across slices; None when the voxels are about isotropic."""
    spacing = np.array(geometry.spacing_kji_mm)
    thick = int(np.argmax(spacing))
    return thick if spacing[thick] > 1.5 * np.median(spacing) else None


def slice_counts(region: Region) -> np.ndarray:
    """Voxels of a region on each of its slices."""
    axis = slice_axis(region.geometry)
    index = np.unravel_index(region.flat, region.geometry.shape)[axis if axis is not None else 0]
    counts = np.bincount(index - index.min())
    return counts[counts > 0]


def is_basivertebral_vein(region: Region, vertebra: Region | None, surroundings: MRSurroundings) -> bool:
    """A thin tube along anterior-posterior at the back of a body, in the middle of its width and height.

    Parameters
    ----------
    region : Region
        Bright marrow.
    vertebra : Region or None
        The marrow of that vertebra's body, when it is known.
    surroundings : MRSurroundings
    """
    if region.volume_ml > 1.5:
        return False
    height = 4.0 * float(np.std(region.points_ras[:, 2]))
    center = region.centroid_ras_mm
    if vertebra is None:
        if surroundings.group != "low-back" or surroundings.midline_r_mm is None:
            return False
        if abs(center[0] - surroundings.midline_r_mm) > 9.0 or region.volume_ml > 0.6:
            return False
        # Marrow above and below, the back wall of the body close behind.
        inside = [
            sample_mask(surroundings.marrow, surroundings.geometry, center[None] + step * UP)[0]
            for step in (-7.0, 7.0)
        ]
        behind = center[None] - np.array([0.0, 1.0, 0.0]) * np.arange(4.0, 22.0, 2.0)[:, None]
        return bool(
            height < 8.0 and all(inside) and not sample_mask(surroundings.marrow, surroundings.geometry, behind).all()
        )
    points = vertebra.points_ras
    # The canal divides body and arch: the body is the front of the vertebra.
    back, front = np.percentile(points[:, 1], (2, 98))
    body = points[points[:, 1] > front - 0.6 * (front - back)] if front - back > 50.0 else points
    low, high = np.percentile(body, 3, axis=0), np.percentile(body, 97, axis=0)
    place = (center - low) / np.maximum(high - low, 1.0)
    is_central = 0.28 < place[0] < 0.72 and 0.25 < place[2] < 0.75 and place[1] < 0.55
    return bool(is_central and height < 0.45 * (high - low)[2])


def is_tube(region: Region) -> bool:
    """A vessel, nerve or ureter: much longer than wide and thin both ways."""
    lengths, _ = extents_mm(region.points_ras)
    return bool(lengths[0] > 4.0 * max(lengths[1], 2.0) and lengths[1] < 14.0 and lengths[0] > 25.0)


def is_spinal_canal(region: Region, surroundings: MRSurroundings, p: MRParameters) -> bool:
    """Low back: fluid that runs far along the body in its middle."""
    lengths, axes = extents_mm(region.points_ras)
    middle = surroundings.midline_r_mm
    is_long = lengths[0] > p.fluid.canal_length_mm and lengths[0] > 2.5 * lengths[1] and abs(axes[0][2]) > 0.7
    is_central = middle is None or abs(region.centroid_ras_mm[0] - middle) < 25.0
    return bool(surroundings.group == "low-back" and is_long and is_central)


def is_in_front_of_canal(region: Region, canal: Region) -> bool:
    """In front of the spinal canal at its height, more than a vertebra's half width beside it or wholly before it."""
    points, center = canal.points_ras, region.centroid_ras_mm
    near = np.argsort(np.abs(points[:, 2] - center[2]))[:200]
    front = float(np.percentile(points[near, 1], 90))
    aside = abs(center[0] - float(np.median(points[near, 0]))) > 25.0
    return bool(center[1] > front + (0.0 if aside else 40.0))


def normal_fluid(region: Region, surroundings: MRSurroundings, p: MRParameters) -> str | None:
    """Why a bright soft-tissue region is normal fluid ("spinal canal", ...), None when it is not."""
    points, center = region.points_ras, region.centroid_ras_mm
    middle = surroundings.midline_r_mm
    if is_spinal_canal(region, surroundings, p):
        return "spinal canal"
    if is_tube(region):
        return "vessel or nerve"
    if middle is not None and region.volume_ml > p.fluid.bladder_minimum_ml and abs(center[0] - middle) < 30.0:
        return "bladder or bowel"
    if _between_vertebrae(points, surroundings):
        return "disc"
    if _in_front(center, surroundings):
        return "abdomen"
    if _in_canal(points, surroundings):
        return "spinal canal"
    if surroundings.group == "low-back":
        depth = (
            near_mask(~surroundings.body, surroundings.geometry, 8.0) if surroundings.body.any() else surroundings.body
        )
        if np.mean(depth.reshape(-1)[region.flat]) > 0.6:
            return "skin"
    if surroundings.group == "hip-replacement" and middle is not None and abs(center[0] - middle) < 45.0:
        return "pelvis"
    return None


def _between_vertebrae(points: np.ndarray, surroundings: MRSurroundings) -> bool:
    """Marrow both above and below most of the region: a bright disc."""
    above = np.zeros(len(points), dtype=bool)
    below = above.copy()
    for distance in (8.0, 12.0, 16.0, 20.0):
        above |= sample_mask(surroundings.marrow, surroundings.geometry, points + distance * UP)
        below |= sample_mask(surroundings.marrow, surroundings.geometry, points - distance * UP)
    lengths, axes = extents_mm(points)
    is_flat = float(np.std(points[:, 2])) * 4.0 < 16.0
    return bool(np.mean(above & below) > 0.5 and is_flat and lengths[0] > 15.0 and abs(axes[0][2]) < 0.7)


def is_between_bones(region: Region, surroundings: MRSurroundings) -> bool:
    """Flat, and darker than marrow with marrow above and below: a disc."""
    points = region.points_ras
    sides = []
    for sign in (1.0, -1.0):
        found = np.zeros(len(points), dtype=bool)
        for distance in (6.0, 9.0, 12.0):
            found |= sample_mask(surroundings.marrow, surroundings.geometry, points + sign * distance * UP)
        sides.append(found)
    height, length = 4.0 * np.std(points[:, 2]), 4.0 * np.std(points[:, 1])
    return bool(np.mean(sides[0] & sides[1]) > 0.7 and height < 10.0 and length > height)


def _in_canal(points: np.ndarray, surroundings: MRSurroundings) -> bool:
    """Low back: in the midline with bone close in front and behind, as the canal of the sacrum and the lumbar one."""
    middle = surroundings.midline_r_mm
    if surroundings.group != "low-back" or middle is None or abs(float(points[:, 0].mean()) - middle) > 12.0:
        return False
    sides = []
    for sign, reach in ((1.0, 25.0), (-1.0, 14.0)):
        found = np.zeros(len(points), dtype=bool)
        for step in np.arange(3.0, reach, 2.0):
            found |= sample_mask(
                surroundings.marrow, surroundings.geometry, points + np.array([0.0, sign * step, 0.0])
            )
        sides.append(found)
    return bool(np.mean(sides[0] & sides[1]) > 0.5)


def bone_distance(
    surroundings: MRSurroundings, implant: Region | None, with_marrow: bool = True
) -> Callable[[Region], np.ndarray]:
    """A function that gives the distance (mm) of a region's voxels to marrow or to the implant's void."""
    factors = coarse_factors(surroundings.geometry)
    solid = surroundings.marrow.copy() if with_marrow else np.zeros(surroundings.geometry.shape, dtype=bool)
    if implant is not None:
        solid.reshape(-1)[implant.flat] = True
    coarse = block_mean(solid, factors) > 0.3
    grid = coarser(surroundings.geometry, factors)
    far = np.full(coarse.shape, np.inf)
    if coarse.any():
        far = ndimage.distance_transform_edt(~coarse, sampling=grid.spacing_kji_mm)

    def distance(region: Region) -> np.ndarray:
        kji = np.rint(grid.to_ijk(region.points_ras)).astype(int)[:, ::-1]
        return far[tuple(np.clip(kji, 0, np.array(far.shape) - 1).T)]

    return distance


def _in_front(center: np.ndarray, surroundings: MRSurroundings) -> bool:
    """In front of the spine at that height (low back): abdomen."""
    if surroundings.group != "low-back" or not surroundings.marrow.any():
        return False
    flat = np.flatnonzero(surroundings.marrow)
    points = surroundings.geometry.flat_to_ras(flat[:: flat.size // 20_000 + 1])
    near = np.abs(points[:, 2] - center[2]) < 25.0
    if surroundings.midline_r_mm is not None:
        near &= np.abs(points[:, 0] - surroundings.midline_r_mm) < 35.0
    if np.count_nonzero(near) < 20:
        return False
    # Beside the bodies lie vessels, ureters and bowel from about their middle on.
    front = np.percentile(points[near, 1], 97)
    aside = surroundings.midline_r_mm is not None and abs(center[0] - surroundings.midline_r_mm) > 22.0
    return bool(center[1] > (front - 20.0 if aside else front - 3.0))


def touches_bone(region: Region, surroundings: MRSurroundings, gap_mm: float) -> float:
    """Part of a region's voxels within `gap_mm` of marrow (cortex and cartilage lie between)."""
    points = region.points_ras
    found = np.zeros(len(points), dtype=bool)
    for direction in np.concatenate([np.eye(3), -np.eye(3)]):
        for step in (0.5 * gap_mm, gap_mm):
            found |= sample_mask(surroundings.marrow, surroundings.geometry, points + step * direction)
    return float(found.mean())


def faces_bone_both_sides(region: Region, surroundings: MRSurroundings, gap_mm: float) -> bool:
    """Bone on both sides of the region's thin direction: a joint's space."""
    points = region.points_ras
    _, axes = extents_mm(points)
    sides = []
    for sign in (1.0, -1.0):
        found = np.zeros(len(points), dtype=bool)
        for step in np.linspace(0.5, 1.5, 5) * gap_mm:
            found |= sample_mask(surroundings.marrow, surroundings.geometry, points + sign * step * axes[2])
        sides.append(found)
    return bool(np.mean(sides[0] & sides[1]) > 0.25)


def grade(z: float, volume_ml: float, p: GradeParameters) -> float:
    """0.33, 0.66 or 1: by z, raised by a step of extent only together with z."""
    points = int(z >= p.medium_z) + int(z >= p.high_z)
    points += int(volume_ml >= p.medium_ml) + int(volume_ml >= p.high_ml)
    return (0.33, 0.33, 0.66, 1.0, 1.0)[points]


def discs(surroundings: MRSurroundings, minimum_ml: float = 1.5) -> list[Region]:
    """The discs of an anatomy segmentation, each a region."""
    return regions_of(surroundings.tissue == tissues.DISC, surroundings.geometry, minimum_ml)
