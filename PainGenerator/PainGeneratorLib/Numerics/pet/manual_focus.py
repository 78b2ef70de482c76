"""Outlines where the reader points: a focus on PET that detection did not keep, or a region on an MR."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage

from ..core.image import Geometry, Image, Region, ball
from ..core.records import HotSpot
from .detector import LEAST_TBR, HotSpotDetector
from .foci import CORE_PART, Focus
from .measuring import measure_focus
from .reference_tissue import MAD_TO_SD, ReferenceField

SEEK_MM = 6.0
"""The hottest voxel so near to the click is meant: no hand is steadier on a 4 mm PET."""
REACH_MM = 20.0
"""A focus grown from a click stays within this of its maximum; larger ones are drawn."""
CORE_MM = 5.0
MR_REACH_MM = 15.0
BALL_MM = 5.0
"""Radius of the region where nothing stands out from its surroundings."""
FILLED_PART = 0.5
"""A grown region that fills more of the reach than this has leaked."""
SHELL_PART = 0.7
"""The surroundings are the outer part of the reach, from this part of it on."""


def focus_of(suv: Image, references: ReferenceField, flat: np.ndarray, spread: float = 0.0) -> Focus:
    """A set of voxels as a focus, whether detection kept it or not.

    Parameters
    ----------
    suv : Image
    references : ReferenceField
        Of the same PET.
    flat : ndarray of int64, shape (n,)
        Flat indices, ascending, at least one.
    spread : float
        SD of the surroundings, g/ml; 0 when it is not known (and not asked for).
    """
    values = np.nan_to_num(suv.array.reshape(-1)[flat], nan=-np.inf)
    top = int(values.argmax())
    reference, code = (a[0] for a in references.at(flat[top : top + 1]))
    height, reference = float(values[top]), float(reference)
    core = flat[values >= height - CORE_PART * (height - reference)]
    z = (height - reference) / spread if spread > 0 else np.inf
    volume = flat.size * suv.geometry.voxel_volume_ml
    ratio = height / max(reference, 1e-3)
    return Focus(flat, core, int(flat[top]), height, ratio, z, reference, spread, int(code), volume)


def grow_on_pet(
    suv: Image, detector: HotSpotDetector, position_ras: np.ndarray, contour_method: str = "adaptive"
) -> HotSpot | None:
    """Contour and measure the focus at a place, whether detection kept it or not.

    Parameters
    ----------
    suv : Image
        The one that the detector was made with.
    detector : HotSpotDetector
    position_ras : ndarray, shape (3,)
        In the PET's own frame, RAS mm.
    contour_method : str

    Returns
    -------
    HotSpot or None
        Never held to be physiologic, as the reader pointed at it. None where uptake does not exceed its reference.
    """
    geometry, values = suv.geometry, suv.array.reshape(-1)
    near = ball(geometry, position_ras, max(SEEK_MM, 0.6 * max(geometry.spacing_mm)))
    near = near[np.isfinite(values[near])]
    if not near.size:
        return None
    hottest = int(near[values[near].argmax()])
    scan = detector.scan
    owner = scan.owner.reshape(-1) if scan.owner.size else np.zeros(geometry.size, dtype=np.int32)
    number = int(owner[hottest]) or detector.n_foci + 1
    center = geometry.flat_to_ras(np.array([hottest]))[0]
    flat = ball(geometry, center, REACH_MM)
    flat = flat[np.isfinite(values[flat]) & np.isin(owner[flat], (0, number))]
    around_it = values[np.setdiff1d(flat, ball(geometry, center, 2.0 * CORE_MM))]
    spread = MAD_TO_SD * float(np.median(np.abs(around_it - np.median(around_it)))) if around_it.size else 0.0
    focus = focus_of(suv, detector.references, ball(geometry, center, CORE_MM), spread)
    if values[hottest] < LEAST_TBR * focus.reference:
        return None
    reference, name = detector.reference_of(focus)
    focus = dataclasses.replace(focus, flat=flat)
    scan = dataclasses.replace(scan, owner=owner.reshape(geometry.shape))
    spot = measure_focus(scan, number, focus, contour_method, reference, name)
    if spot is None:
        return None
    spot.physiologic = None
    return spot


def grow_on_image(image: Image, position_ras: np.ndarray) -> Region:
    """The region at a place that stands out from its surroundings, bright or dark.

    The threshold lies half-way between the place and the median of its surroundings. A region that leaks, and a place
    that does not stand out, give a ball.

    Parameters
    ----------
    image : Image
    position_ras : ndarray, shape (3,)
        In the image's frame, RAS mm.

    Returns
    -------
    Region
        Empty only outside the image.
    """
    geometry, values = image.geometry, image.array.reshape(-1)
    within = ball(geometry, position_ras, MR_REACH_MM)
    small = ball(geometry, position_ras, max(BALL_MM, 0.6 * max(geometry.spacing_mm)))
    if not small.size or not within.size:
        return Region(geometry, small)
    distance = np.linalg.norm(geometry.flat_to_ras(within) - position_ras, axis=1)
    shell = values[within[distance >= SHELL_PART * MR_REACH_MM]]
    here = float(np.median(values[small][_nearest(geometry, small, position_ras, 7)]))
    background = float(np.median(shell)) if shell.size else here
    spread = MAD_TO_SD * float(np.median(np.abs(shell - background))) if shell.size else 0.0
    if abs(here - background) <= spread:
        return Region(geometry, small)
    middle = 0.5 * (here + background)
    chosen = values[within] >= middle if here > background else values[within] <= middle
    mask = Region(geometry, within[chosen]) if chosen.any() else None
    if mask is None:
        return Region(geometry, small)
    box = mask.box_mask()
    labels, _ = ndimage.label(box.array, np.ones((3, 3, 3)))
    kji = np.array(np.unravel_index(mask.flat, geometry.shape)).T - np.array(mask.box[0])
    own = labels[tuple(kji.T)]
    start = int(np.linalg.norm(mask.points_ras - position_ras, axis=1).argmin())
    grown = mask.flat[own == own[start]]
    if grown.size > FILLED_PART * within.size or grown.size < 3:
        return Region(geometry, small)
    return Region(geometry, grown)


def _nearest(geometry: Geometry, flat: np.ndarray, position_ras: np.ndarray, count: int) -> np.ndarray:
    """Places in `flat` of the voxels nearest to a position."""
    distance = np.linalg.norm(geometry.flat_to_ras(flat) - position_ras, axis=1)
    return np.argsort(distance)[:count]
