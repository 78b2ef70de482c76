"""Where a straight path leaves the skin, from the signal along it: finer than the blocks of an outline."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..core.image import Image

REACH_MM = 8.0
"""How far from the edge of a coarse outline the skin is looked for, mm: two of its blocks of 4 mm."""
AIR_MM = 6.0
"""Length beyond that in which the air is measured, mm. Our estimate."""
FINE_MM = 0.5
"""Distance of the samples, mm. Our choice: half the voxel of an MR series."""
ASIDE_MM = 2.0
"""Distance of the neighboring rays that are averaged, mm. Our estimate: less than the skin bends."""
CLEAR_RATIO = 2.0
"""Lower bound for the signal of the tissue over that of the air, for its edge to be used. Our estimate."""
TISSUE_PERCENT = 75.0
"""The percentile of the signal inside that stands for the tissue: fat under the skin is bright, the skin dark."""
EDGE_PART = 0.4
"""Where between air and tissue the skin is taken to begin. Our estimate: half way, less for the darker skin."""


def skin_on_signal(image: Image, target_ras: np.ndarray, outward_ras: np.ndarray, length_mm: float) -> float | None:
    """The length of a path up to the skin as the signal shows it.

    Parameters
    ----------
    image : Image
        Signal that is low in air; in the frame of the points.
    target_ras, outward_ras : ndarray, shape (3,)
        Begin and unit vector of the path, RAS.
    length_mm : float
        Its length up to the edge of a coarse outline.

    Returns
    -------
    float or None
        None where the signal shows no clear edge.
    """
    along = np.arange(-REACH_MM, REACH_MM + AIR_MM + FINE_MM, FINE_MM)
    first, second = _across(outward_ras)
    aside = [ASIDE_MM * (a * first + b * second) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    start = np.asarray(target_ras) + length_mm * np.asarray(outward_ras)
    points = np.array(aside)[:, None, :] + start + along[None, :, None] * np.asarray(outward_ras)
    if not image.geometry.contains(points, margin_voxels=0.0).all():
        return None
    kji = image.geometry.to_ijk(points.reshape(-1, 3))[:, ::-1].T
    signal = ndimage.map_coordinates(np.asarray(image.array, dtype=np.float32), kji, order=1, mode="nearest")
    profile = np.nan_to_num(signal).reshape(points.shape[:2]).mean(axis=0)
    air = float(np.median(profile[along > REACH_MM]))
    tissue = float(np.percentile(profile[along < 0.0], TISSUE_PERCENT))
    if tissue <= 0.0 or tissue < CLEAR_RATIO * air:
        return None
    bound = air + EDGE_PART * (tissue - air)
    above = np.flatnonzero(profile >= bound)
    last = int(above[-1]) if above.size else -1
    if last < 0 or last + 1 >= len(along):
        return None
    part = (profile[last] - bound) / max(float(profile[last] - profile[last + 1]), 1e-9)
    return float(length_mm + along[last] + FINE_MM * min(part, 1.0))


def _across(vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors that are perpendicular to a vector and to each other."""
    helper = np.eye(3)[int(np.argmin(np.abs(vector)))]
    first = np.cross(vector, helper)
    first /= np.linalg.norm(first)
    return first, np.cross(vector, first)
