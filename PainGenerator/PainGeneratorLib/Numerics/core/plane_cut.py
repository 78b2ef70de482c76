"""Whether the plane of a slice passes through voxels of a region."""

from __future__ import annotations

import numpy as np

from .image import Region

ROUNDING = 1e-6
"""Relative slack for a plane on the border of a voxel. Our choice, far above rounding of 64 bit numbers."""


def plane_cuts(region: Region, plane_to_ras: np.ndarray) -> bool:
    """True when a plane passes through at least one voxel of a region.

    Parameters
    ----------
    region : Region
        In the world (RAS).
    plane_to_ras : ndarray, shape (4, 4)
        The third column is the normal of the plane, of any length but zero; the fourth is a point of it, RAS mm.

    Returns
    -------
    bool
        Also true for a plane that only touches a voxel.
    """
    if not len(region):
        return False
    normal = plane_to_ras[:3, 2] / np.linalg.norm(plane_to_ras[:3, 2])
    distance = (region.points_ras - plane_to_ras[:3, 3]) @ normal
    # A voxel reaches from its center half of each of its edges, as far as the edge points along the normal.
    reach = 0.5 * np.abs(normal @ region.geometry.ijk_to_ras[:3, :3]).sum()
    return bool((np.abs(distance) <= reach * (1.0 + ROUNDING)).any())
