"""Voxels deep inside a tissue, where the blur of the PET brings in nothing of its surroundings.

The edge of a tissue on the PET is a mixture of the two tissues that meet there. A reference that holds the edge is too
low in marrow, whose surroundings have less uptake: the cortex, the ligaments, the posterior arch among muscles.
"""

from __future__ import annotations

import numpy as np

from ..core.image import Geometry

DEPTH_PART = 0.75
"""Depth at which a tissue counts as free of its surroundings, as a part of the full width at half maximum of all blur.
At 0.75 of the width a straight edge leaves 4 % of its step (Gaussian: half the complementary error function of 0.75 *
2.355 / sqrt(2)). Deeper voxels would be too few in a vertebra of 27 mm height."""


def depth_of(resolution_mm: float, smoothing_mm: float) -> float:
    """How deep a voxel has to lie to be free of its surroundings, mm.

    Parameters
    ----------
    resolution_mm : float
        Full width at half maximum of the PET, mm.
    smoothing_mm : float
        Full width at half maximum of the smoothing, mm.
    """
    return DEPTH_PART * float(np.hypot(resolution_mm, smoothing_mm))


def is_deep(flat: np.ndarray, inside: np.ndarray, geometry: Geometry, depth_mm: float) -> np.ndarray:
    """Which voxels of a tissue still lie in it a distance away along each axis, both ways.

    Parameters
    ----------
    flat : ndarray of int64, shape (n,)
        Flat indices of the voxels.
    inside : ndarray, shape (k, j, i)
        Not 0 in the tissue. Where it holds several numbers, a voxel has to meet its own number again. Voxels beyond
        the edge of the grid count as the nearest one on it.
    geometry : Geometry
        Of `inside`.
    depth_mm : float
        Rounded to whole voxels, at least one.

    Returns
    -------
    ndarray of bool, shape (n,)
        The cost follows the number of voxels, not the size of the volume.
    """
    shape = np.array(geometry.shape)
    kji = np.stack(np.unravel_index(flat, geometry.shape))
    own = inside.reshape(-1)[flat]
    deep = np.ones(flat.size, dtype=bool)
    for axis, spacing in enumerate(geometry.spacing_kji_mm):
        step = max(1, round(depth_mm / spacing))
        for sign in (step, -step):
            place = kji.copy()
            place[axis] = np.clip(place[axis] + sign, 0, shape[axis] - 1)
            deep &= inside[tuple(place)] == own
    return deep


def layers(flat: np.ndarray, inside: np.ndarray, geometry: Geometry, depth_mm: float) -> list[np.ndarray]:
    """The voxels of a tissue from all to the deepest: all, half as deep, as deep; each of bool, shape (n,)."""
    every = np.ones(flat.size, dtype=bool)
    if depth_mm <= 0:
        return [every]
    half = is_deep(flat, inside, geometry, 0.5 * depth_mm)
    return [every, half, half & is_deep(flat, inside, geometry, depth_mm)]
