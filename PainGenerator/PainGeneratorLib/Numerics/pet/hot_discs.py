"""Discs with more uptake than the other discs of the same spine.

A normal disc has less uptake than the vertebrae beside it (DOMAIN C.4). A disc that takes up as much as they do makes
no summit, and no detection by contrast to its surroundings sees it; beside the other discs it stands out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..body.straight_spine import DISC_FRONT_MM, LEAST_DISCS, STEP_MM, StraightSpine
from ..core.image import Geometry, ball
from .foci import CORE_PART, Focus

MIDDLE_MM, SIDE_MM, FRONT_MM = 3.0, 14.0, (14.0, 38.0)
"""Half height, half width and front of the part of a disc that is measured, from the canal's middle: all disc."""
BESIDE_MM = (10.0, 16.0)
"""Above and below a disc's middle: bone of the vertebrae beside it."""
WHOLE_MM, WHOLE_SIDE_MM, WHOLE_FRONT_MM = 6.0, 26.0, (8.0, 46.0)
"""The same of the whole disc."""
SPREAD = 0.1
"""SD of normal discs of one spine, relative (ours, on the same spines)."""
RATIO = 1.35
"""Over the other discs, both of the uptake and of its ratio to the vertebrae beside it. Normal discs of 45 spines of
five families of phantoms reached 1.35 and 1.46, the lesser of the two 1.18, the lowest disc excepted; of inflamed
discs and hot endplates nine of twelve had 1.35 and more (ours)."""


@dataclass(frozen=True, eq=False)
class HotDisc:
    """A disc that stands out.

    Parameters
    ----------
    focus : Focus
        Of its voxels; its reference are the other discs, its ratio is over them.
    ratio : float
        The lesser of the two ratios to the other discs (:data:`RATIO`).
    is_inside : bool
        False where the uptake is that of a vertebra beside it.
    """

    focus: Focus
    ratio: float
    is_inside: bool = True


def find_hot_discs(smooth: np.ndarray, geometry: Geometry, spine: StraightSpine) -> list[HotDisc]:
    """Discs with more uptake than the others.

    Parameters
    ----------
    smooth : ndarray of float32, shape (k, j, i)
        SUV smoothed for detection, g/ml; NaN outside the field of view.
    geometry : Geometry
        Its grid.
    spine : StraightSpine
        In the same frame.

    Returns
    -------
    list of HotDisc
        Empty where fewer than LEAST_DISCS discs are seen whole.
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
        if ratio >= RATIO:
            out.append(HotDisc(_focus(smooth, geometry, flat, others), float(ratio)))
    return out


def _measured(
    smooth: np.ndarray, geometry: Geometry, spine: StraightSpine, number: int
) -> tuple[float, float, np.ndarray] | None:
    """Mean SUV of a disc and of the vertebrae beside it, and the disc's voxels; None where it is not seen whole."""
    row = int(np.clip(round(spine.disc_mm[number] / STEP_MM), 0, len(spine.points_ras) - 1))
    middle = spine.points_ras[row] + DISC_FRONT_MM * spine.axes[row, 1]
    near = ball(geometry, middle, 36.0)
    values = smooth.reshape(-1)[near]
    right, front, height = spine.local(geometry.flat_to_ras(near)).T
    away = np.abs(height - spine.disc_mm[number] - spine.disc_tilt[number] * (front - DISC_FRONT_MM))
    inner = (np.abs(right) <= SIDE_MM) & (front >= FRONT_MM[0]) & (front <= FRONT_MM[1])
    # Voxels of a PET are 2 to 5 mm: what reaches into the part counts.
    disc = inner & (away <= max(MIDDLE_MM, 0.6 * max(geometry.spacing_mm)))
    bone = inner & (away >= BESIDE_MM[0]) & (away <= BESIDE_MM[1])
    if min(np.count_nonzero(disc), np.count_nonzero(bone)) < 4 or not np.isfinite(values[disc | bone]).all():
        return None
    whole = (np.abs(right) <= WHOLE_SIDE_MM) & (front >= WHOLE_FRONT_MM[0]) & (front <= WHOLE_FRONT_MM[1])
    whole &= (away <= WHOLE_MM) & np.isfinite(values)
    return float(values[disc].mean()), max(float(values[bone].mean()), 1e-3), near[whole]


def _focus(smooth: np.ndarray, geometry: Geometry, flat: np.ndarray, reference: float) -> Focus:
    """The voxels of a disc as a focus against the other discs."""
    values = smooth.reshape(-1)[flat]
    hottest = int(values.argmax())
    top = float(values[hottest])
    flat_above = flat[values >= reference]
    core = flat[values >= top - CORE_PART * (top - reference)]
    volume = flat_above.size * geometry.voxel_volume_ml
    # A disc is a mean over some 5 ml against several others: noise is no matter.
    ratio, spread = top / reference, SPREAD * reference
    return Focus(flat_above, core, int(flat[hottest]), top, ratio, np.inf, reference, spread, 0, volume)
