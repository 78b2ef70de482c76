"""Discs with more uptake than the other discs of the same spine.

A normal disc has less uptake than the vertebrae beside it. A disc that takes up as much as they do has no maximum of
its own, so no detection by contrast to the surroundings sees it. Compared with the other discs it stands out.

Places are given as in :class:`.straight_spine.StraightSpine`: to the right and in front of the middle of the spinal
canal, and above or below the middle of the disc.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..body import distances
from ..body.straight_spine import DISC_FRONT_MM, LEAST_DISCS, STEP_MM, StraightSpine
from ..core.image import Geometry, ball
from .foci import CORE_PART, Focus

BALL_MM = 36.0
"""Radius of the ball around a disc's middle that is looked at, mm; it holds the disc and the bone beside it."""
VOXEL_HALF = 0.6
"""The measured part of a disc is at least this many voxels (of their longest edge) thick above and below its middle.
Voxels of a PET have 2 to 5 mm, and those that reach into the part count."""
LEAST_VOXELS = 4
"""Lower bound for the number of voxels whose mean is used, for disc and bone each."""
LEAST_SUV = 1e-3
"""Lower bound for the mean of the bone, g/ml: nothing is divided by zero."""
SPREAD = 0.1
"""Standard deviation of the uptake of normal discs of one spine, as a part of their mean. Our estimate, from
normal discs of 45 spines of five families of phantoms."""


@dataclass(frozen=True, eq=False)
class HotDisc:
    """A disc that stands out.

    Parameters
    ----------
    focus : Focus
        The voxels of the disc. Its reference is the uptake of the other discs.
    ratio : float
        The lesser of its two ratios to the other discs: of its uptake, and of its uptake over that of the vertebrae
        beside it.
    is_inside : bool
        False where the uptake belongs to a vertebra beside the disc.
    """

    focus: Focus
    ratio: float
    is_inside: bool = True


def find_hot_discs(smooth: np.ndarray, geometry: Geometry, spine: StraightSpine, least_ratio: float) -> list[HotDisc]:
    """Discs with more uptake than the others.

    Parameters
    ----------
    smooth : ndarray of float32, shape (k, j, i)
        SUV smoothed for detection, g/ml; NaN outside the field of view.
    geometry : Geometry
        Its grid.
    spine : StraightSpine
        With its discs, in the same frame.
    least_ratio : float
        Lower bound for :attr:`HotDisc.ratio`.

    Returns
    -------
    list of HotDisc
        From feet to head; empty where fewer than :data:`.straight_spine.LEAST_DISCS` discs are seen whole.
    """
    found = [_measured(smooth, geometry, spine, number) for number in range(len(spine.disc_mm))]
    discs = [disc for disc in found if disc is not None]
    if len(discs) < LEAST_DISCS:
        return []
    uptake, to_bone = np.array([(disc[0], disc[0] / disc[1]) for disc in discs]).T
    out = []
    for number, (_, _, flat) in enumerate(discs):
        others = float(np.median(np.delete(uptake, number)))
        ratio = min(uptake[number] / others, to_bone[number] / np.median(np.delete(to_bone, number)))
        if ratio >= least_ratio:
            out.append(HotDisc(_focus(smooth, geometry, flat, others), float(ratio)))
    return out


def _measured(
    smooth: np.ndarray, geometry: Geometry, spine: StraightSpine, number: int
) -> tuple[float, float, np.ndarray] | None:
    """Mean SUV of a disc and of the vertebrae beside it, and the disc's voxels; None where it is not seen whole."""
    row = int(np.clip(round(spine.disc_mm[number] / STEP_MM), 0, len(spine.points_ras) - 1))
    middle = spine.points_ras[row] + DISC_FRONT_MM * spine.axes[row, 1]
    near = ball(geometry, middle, BALL_MM)
    values = smooth.reshape(-1)[near]
    right, front, height = spine.local(geometry.flat_to_ras(near)).T
    aside = np.abs(right)
    away = np.abs(height - spine.disc_mm[number] - spine.disc_tilt[number] * (front - DISC_FRONT_MM))
    inner = (aside <= distances.DISC_CORE_SIDE_MOST.value) & (front >= distances.DISC_CORE_FRONT_LEAST.value)
    inner &= front <= distances.DISC_CORE_FRONT_MOST.value
    disc = inner & (away <= max(distances.DISC_CORE_HALF_HEIGHT.value, VOXEL_HALF * max(geometry.spacing_mm)))
    bone = inner & (away >= distances.BONE_FROM_DISC_LEAST.value) & (away <= distances.BONE_FROM_DISC_MOST.value)
    if min(np.count_nonzero(disc), np.count_nonzero(bone)) < LEAST_VOXELS:
        return None
    if not np.isfinite(values[disc | bone]).all():
        return None
    whole = (aside <= distances.WHOLE_DISC_SIDE_MOST.value) & (front >= distances.WHOLE_DISC_FRONT_LEAST.value)
    whole &= (front <= distances.WHOLE_DISC_FRONT_MOST.value) & (away <= distances.WHOLE_DISC_HALF_HEIGHT.value)
    whole &= np.isfinite(values)
    return float(values[disc].mean()), max(float(values[bone].mean()), LEAST_SUV), near[whole]


def _focus(smooth: np.ndarray, geometry: Geometry, flat: np.ndarray, reference: float) -> Focus:
    """The voxels of a disc as a focus whose reference is the uptake of the other discs."""
    values = smooth.reshape(-1)[flat]
    hottest = int(values.argmax())
    top = float(values[hottest])
    flat_above = flat[values >= reference]
    core = flat[values >= top - CORE_PART * (top - reference)]
    volume = flat_above.size * geometry.voxel_volume_ml
    # A disc is a mean over some 5 ml against several others: noise does not matter, so its z is infinite.
    ratio, spread = top / reference, SPREAD * reference
    return Focus(flat_above, core, int(flat[hottest]), top, ratio, np.inf, reference, spread, 0, volume)
