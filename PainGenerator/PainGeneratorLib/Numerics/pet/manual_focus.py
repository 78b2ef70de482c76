"""Outlines at a place where the reader clicks: a focus on PET that detection did not keep, or a region on an MR."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage

from ..core.constants import MAD_TO_SD
from ..core.image import Geometry, Image, Region, ball
from ..core.records import HotSpot
from .detector import RULING_METHOD, ClickParameters, HotSpotDetector
from .foci import focus_of
from .measuring import contour_focus, measure_region

SEEK_VOXELS = 0.6
"""Lower bound of the search around a click, as a part of the widest voxel: the search always holds a voxel."""
FILLED_PART = 0.5
"""Upper bound of the part of the reach on an MR that a grown region may fill. One that fills more has run into its
surroundings. Our estimate."""
SHELL_PART = 0.7
"""The surroundings are the outer part of the reach on an MR, from this part of its radius on. Our estimate."""
NEAREST_VOXELS = 7
"""So many voxels nearest to the click give the signal of the place (their median): a voxel and its six neighbors."""
LEAST_GROWN_VOXELS = 3
"""Lower bound of the voxels of a grown region; fewer are noise. Our estimate."""


def grow_on_pet(
    suv: Image,
    detector: HotSpotDetector,
    position_ras: np.ndarray,
    click: ClickParameters,
    contour_method: str = RULING_METHOD,
) -> HotSpot | None:
    """Outline and measure the focus at a place, whether detection kept it or not.

    Parameters
    ----------
    suv : Image
        The one that the detector was made with.
    detector : HotSpotDetector
    position_ras : ndarray, shape (3,)
        In the PET's own frame, RAS mm.
    click : ClickParameters
    contour_method : str
        One of :data:`.contours.METHODS`.

    Returns
    -------
    HotSpot or None
        Never physiologic, as the reader pointed at it. None where uptake does not exceed its reference, and where no
        voxel near the place has a value.
    """
    geometry, values = suv.geometry, suv.array.reshape(-1)
    hottest = _hottest_near(suv, position_ras, click.seek_mm)
    if hottest is None:
        return None
    center = geometry.flat_to_ras(np.array([hottest]))[0]
    scan = detector.scan
    owner = scan.owner.reshape(-1) if scan.owner.size else np.zeros(geometry.size, dtype=np.int32)
    number = int(owner[hottest]) or detector.n_foci + 1
    flat = ball(geometry, center, click.reach_mm)
    flat = flat[np.isfinite(values[flat]) & np.isin(owner[flat], (0, number))]
    spread = _spread(values[np.setdiff1d(flat, ball(geometry, center, 2.0 * click.core_mm))])
    focus = focus_of(suv, detector.references, ball(geometry, center, click.core_mm), spread)
    if values[hottest] < detector.parameters.foci.tbr_minimum * focus.reference:
        return None
    reference = detector.reference_of(focus)
    scan = dataclasses.replace(scan, owner=owner.reshape(geometry.shape))
    outline = contour_focus(scan, number, dataclasses.replace(focus, flat=flat), contour_method, reference)
    measured = None if outline is None else measure_region(scan, outline, reference, number)
    return None if measured is None else measured.spot


def _hottest_near(suv: Image, position_ras: np.ndarray, seek_mm: float) -> int | None:
    """Flat index of the hottest voxel near a place; None where no voxel has a value."""
    values = suv.array.reshape(-1)
    near = ball(suv.geometry, position_ras, max(seek_mm, SEEK_VOXELS * max(suv.geometry.spacing_mm)))
    near = near[np.isfinite(values[near])]
    return int(near[values[near].argmax()]) if near.size else None


def _spread(values: np.ndarray) -> float:
    """SD of values, estimated from their median absolute deviation; 0 for none."""
    return MAD_TO_SD * float(np.median(np.abs(values - np.median(values)))) if values.size else 0.0


def grow_on_image(image: Image, position_ras: np.ndarray, click: ClickParameters) -> Region:
    """The region at a place that stands out from its surroundings, bright or dark.

    The threshold lies halfway between the signal of the place and the median of its surroundings. A region that runs
    into its surroundings, and a place that does not stand out from them, give a ball.

    Parameters
    ----------
    image : Image
    position_ras : ndarray, shape (3,)
        In the image's frame, RAS mm.
    click : ClickParameters

    Returns
    -------
    Region
        Empty only outside the image.
    """
    geometry, values = image.geometry, image.array.reshape(-1)
    within = ball(geometry, position_ras, click.mr_reach_mm)
    small = ball(geometry, position_ras, max(click.mr_ball_mm, SEEK_VOXELS * max(geometry.spacing_mm)))
    if not small.size or not within.size:
        return Region(geometry, small)
    distance = np.linalg.norm(geometry.flat_to_ras(within) - position_ras, axis=1)
    shell = values[within[distance >= SHELL_PART * click.mr_reach_mm]]
    here = float(np.median(values[small][_nearest(geometry, small, position_ras, NEAREST_VOXELS)]))
    background = float(np.median(shell)) if shell.size else here
    if abs(here - background) <= _spread(shell):
        return Region(geometry, small)
    middle = 0.5 * (here + background)
    chosen = values[within] >= middle if here > background else values[within] <= middle
    grown = _part_nearest(Region(geometry, within[chosen]), position_ras)
    if len(grown) > FILLED_PART * within.size or len(grown) < LEAST_GROWN_VOXELS:
        return Region(geometry, small)
    return grown


def _part_nearest(region: Region, position_ras: np.ndarray) -> Region:
    """The connected part (26 neighbors) of a region that is nearest to a place."""
    if not len(region):
        return region
    labels, _ = ndimage.label(region.box_mask().array, np.ones((3, 3, 3)))
    kji = np.array(np.unravel_index(region.flat, region.geometry.shape)).T - np.array(region.box[0])
    own = labels[tuple(kji.T)]
    nearest = int(np.linalg.norm(region.points_ras - position_ras, axis=1).argmin())
    return Region(region.geometry, region.flat[own == own[nearest]])


def _nearest(geometry: Geometry, flat: np.ndarray, position_ras: np.ndarray, count: int) -> np.ndarray:
    """Positions in `flat` of the voxels nearest to a place, shape (count,) or less."""
    distance = np.linalg.norm(geometry.flat_to_ras(flat) - position_ras, axis=1)
    return np.argsort(distance)[:count]
