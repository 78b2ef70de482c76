"""Move sites in muscle to the muscle that the tissue map of the MR shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ..Numerics.core import tissues as codes
from ..Numerics.core.image import Image
from ..Numerics.core.sites import Site

_REACH = 1.6
"""Radius around a psoas in which muscle counts, as a multiple of the half axis of its site, which is two thirds of the
radius of the muscle. Our estimate."""
_MOST_MM = 30.0
"""Upper bound of the distance by which a psoas moves, mm: its own diameter. Its course differs most among all sites,
and it follows a scoliosis and a turned pelvis. Our estimate."""
_LEAST_FILL = 0.25
"""Lower bound of the part of the area around the psoas that is muscle. Our estimate."""
_STEP_MM = 2.0
"""Upper bound of the distance of the voxels that are looked at, mm, as far as the grid allows. Our estimate."""
_LEAST_POINTS = 12
"""Lower bound of their number around a psoas."""
_ROUNDS = 12
"""Upper bound of the number of steps."""


def refined_by_tissues(sites: Iterable[Site], tissues: Image) -> list[Site]:
    """Move each psoas to the middle of the muscle around it, at the same height.

    It lies in fat beside the vertebrae, so that the muscle nearest to its usual place is the psoas. The multifidus is
    not moved, because the other muscles of the back follow it without a gap.

    Parameters
    ----------
    sites : iterable of Site
        In the frame of the tissue map.
    tissues : Image of uint8
        Tissue codes.

    Returns
    -------
    list of Site
        In the same order.
    """
    found = list(sites)
    psoas = [n for n, site in enumerate(found) if site.structure == "psoas"]
    if not psoas:
        return found
    low, high = _box([found[n] for n in psoas], tissues)
    steps = [max(1, int(_STEP_MM / spacing)) for spacing in tissues.geometry.spacing_kji_mm]
    part = tissues.array[tuple(slice(a, b, c) for a, b, c in zip(low, high, steps, strict=True))]
    kji = np.argwhere(part == codes.MUSCLE) * steps + low
    points = tissues.geometry.to_ras(kji[:, ::-1]) if len(kji) else np.empty((0, 3))
    for n in psoas:
        found[n] = _moved(found[n], points, tissues.geometry.voxel_volume_ml * 1000.0 * float(np.prod(steps)))
    return found


def _box(sites: list[Site], tissues: Image) -> tuple[np.ndarray, np.ndarray]:
    """First and last voxel (k, j, i) of the box around sites with the way that they can move."""
    centers = np.array([site.center_ras for site in sites])
    corners = np.concatenate([centers - 2.0 * _MOST_MM, centers + 2.0 * _MOST_MM])
    grid = np.array(np.meshgrid(*zip(corners.min(axis=0), corners.max(axis=0), strict=True))).reshape(3, -1).T
    kji = tissues.geometry.to_ijk(grid)[:, ::-1]
    shape = np.array(tissues.geometry.shape)
    low = np.clip(np.floor(kji.min(axis=0)), 0, shape).astype(int)
    high = np.clip(np.ceil(kji.max(axis=0)) + 1, 0, shape).astype(int)
    return low, high


def _moved(site: Site, points: np.ndarray, voxel_mm3: float) -> Site:
    """The site in the middle of the muscle around it; unchanged where there is too little muscle, or it is too far."""
    local = (points - site.center_ras) @ site.axes.T
    thick = 0.5 * site.half_mm[2]
    section = local[np.abs(local[:, 2]) < thick, :2]
    radius = _REACH * site.half_mm[0]
    middle = np.zeros(2)
    near = section[:0]
    for _ in range(_ROUNDS):
        near = section[np.linalg.norm(section - middle, axis=1) < radius]
        if len(near) < _LEAST_POINTS:
            return site
        before, middle = middle, near.mean(axis=0)
        if np.linalg.norm(middle - before) < 0.2:
            break
    fill = len(near) * voxel_mm3 / (np.pi * radius**2 * 2.0 * thick)
    if fill < _LEAST_FILL or np.linalg.norm(middle) > _MOST_MM:
        return site
    return replace(site, center_ras=site.center_ras + middle @ site.axes[:2])
