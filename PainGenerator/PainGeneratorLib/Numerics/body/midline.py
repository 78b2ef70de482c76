"""How the midline of a body is found: the one home of this question.

The midline is found from what an image shows and is never assumed. These are the witnesses, in the order in which they
are believed:

1. The spinal canal. It bends with the body, so it answers for one position at a time. The caller asks it first
   (:meth:`.straight_spine.StraightSpine.local`); the functions here are for the places that it does not reach.
2. The plane of symmetry, where its quality is sufficient (:func:`is_reliable`).
3. The middle of the body's outline, where both sides are in view: on a PET :func:`plane_of_outline`, on an MR
   :mod:`.outline`.
4. Nothing: the answer is None, and the caller does not speak of left and right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.image import Geometry
from .symmetry import RELIABLE_QUALITY, SymmetryPlane

CUT_PART = 0.02
"""Upper bound for the part of a slab's body voxels that may lie on the border of the grid, 0 to 1. Above it, the field
of view cuts the body there. Our estimate, from cropped and whole scans."""
OUTLINE_PERCENT = 1.0
"""The outline of a slab runs from this percentile of its voxels to 100 minus this percentile: single noisy voxels
outside the body do not move it. Our estimate."""
LEAST_SLABS = 4
"""Lower bound for the number of slabs with both sides in view that a midline of the outline needs. Our estimate."""
LEAST_SLAB_VOXELS = 30
"""Lower bound for the number of voxels in a slab whose middle is used; fewer voxels give no stable middle. Our
estimate."""
LEAST_BODY_WIDTH_MM = 210.0
"""Lower bound for the width of a slab whose middle is used, mm. The middle of a single leg is no midline: legs are up
to 190 mm wide, the trunks of adults 230 mm and more. Our estimate."""
LEAN_MOST = 0.15
"""Upper bound for the sideways shift of the midline per height, mm per mm. Patients lie straight on the table. Our
estimate."""


@dataclass(frozen=True, eq=False)
class BodyVoxels:
    """Voxels that belong to the body, sorted into slabs across the body's axis.

    Parameters
    ----------
    kji : ndarray of int, shape (n, 3)
        Indices on the (coarse) grid.
    last : ndarray of int, shape (3,)
        The highest index of that grid along each axis.
    points_ras : ndarray of float, shape (n, 3)
        Positions, RAS mm.
    slab : ndarray of int, shape (n,)
        Number of each voxel's slab, ascending from feet to head.
    geometry : Geometry
        Its directions are those of the grid.
    """

    kji: np.ndarray
    last: np.ndarray
    points_ras: np.ndarray
    slab: np.ndarray
    geometry: Geometry

    def at_borders(self, axis_ras: int) -> tuple[np.ndarray, np.ndarray]:
        """Which voxels lie on the border of the grid.

        Parameters
        ----------
        axis_ras : int
            0 for right (R), 1 for anterior (A), 2 for superior (S).

        Returns
        -------
        tuple of (ndarray of bool, ndarray of bool), each of shape (n,)
            On the border at the low end of the axis (left, back, feet) and at its high end (right, front, head).
        """
        row = self.geometry.ijk_to_ras[axis_ras, :3][::-1]
        axis = int(np.argmax(np.abs(row)))
        at_start, at_end = self.kji[:, axis] == 0, self.kji[:, axis] >= self.last[axis]
        return (at_start, at_end) if row[axis] > 0 else (at_end, at_start)


def is_reliable(symmetry: SymmetryPlane | None) -> bool:
    """Whether there is a plane of symmetry that may be used for a comparison of left and right."""
    return symmetry is not None and symmetry.quality >= RELIABLE_QUALITY


def midline_plane(body: BodyVoxels, symmetry: SymmetryPlane | None) -> SymmetryPlane | None:
    """The midsagittal plane: the plane of symmetry, else the middle of the outline, else None.

    Parameters
    ----------
    body : BodyVoxels
    symmetry : SymmetryPlane or None
        It is used only where its quality is sufficient.

    Returns
    -------
    SymmetryPlane or None
        A plane from the outline has the quality 0.
    """
    return symmetry if is_reliable(symmetry) else plane_of_outline(body)


def plane_of_outline(body: BodyVoxels) -> SymmetryPlane | None:
    """A plane through the middle of the body's outline.

    Slabs in which the field of view cuts one side of the body are left out. The plane may lean sideways, as a body
    lies on the table, by :data:`LEAN_MOST` at most.

    Returns
    -------
    SymmetryPlane or None
        None where fewer than :data:`LEAST_SLABS` slabs are seen from side to side.
    """
    points = body.points_ras
    at_low_end, at_high_end = body.at_borders(0)
    middles = []
    for number in np.unique(body.slab):
        here = body.slab == number
        cut = at_low_end[here].mean() > CUT_PART or at_high_end[here].mean() > CUT_PART
        if np.count_nonzero(here) >= LEAST_SLAB_VOXELS and not cut:
            ends = np.percentile(points[here, 0], (OUTLINE_PERCENT, 100 - OUTLINE_PERCENT))
            if np.ptp(ends) < LEAST_BODY_WIDTH_MM:
                continue
            middles.append((points[here, 2].mean(), points[here, 1].mean(), ends.mean()))
    if len(middles) < LEAST_SLABS:
        return None
    height, front, across = np.array(middles).T
    pairs = np.triu_indices(len(height), 1)
    # The median of the slopes of all pairs (Theil and Sen): one arm in view or a full bladder bag does not turn it.
    lean = float(np.median((across[pairs[1]] - across[pairs[0]]) / (height[pairs[1]] - height[pairs[0]])))
    lean = float(np.clip(lean, -LEAN_MOST, LEAN_MOST))
    at = np.array([np.median(across - lean * (height - height.mean())), front.mean(), height.mean()])
    return SymmetryPlane(at, np.array([-1.0, 0.0, lean]) / np.hypot(1.0, lean), 0.0)


SPINE_MARROW_LEAST_ML = 20.0
"""Lower bound for the volume of marrow, ml, whose middle is taken for that of the spine. Our estimate: one lumbar
vertebra and a part of the next."""
WHOLE_BODY_WIDTH_MM = 280.0
"""Lower bound for the width of a body, mm, that is seen from side to side. Our estimate for adults."""
ENOUGH_VOXELS = 20_000
"""About how many voxels give the middle of a mask."""


def plane_r_mm(geometry: Geometry, symmetry: SymmetryPlane | None) -> float | None:
    """R where the plane of symmetry crosses the middle of the field of view.

    Parameters
    ----------
    geometry : Geometry
        The field of view.
    symmetry : SymmetryPlane or None

    Returns
    -------
    float or None
        RAS mm; None without a reliable plane.
    """
    if symmetry is None or not is_reliable(symmetry):
        return None
    center = geometry.center_ras
    return float((center - float(symmetry.signed_distance_mm(center)) * symmetry.normal_ras)[0])


def midline_r_mm(
    body: np.ndarray, geometry: Geometry, symmetry: SymmetryPlane | None, spine_marrow: np.ndarray | None
) -> float | None:
    """R of the midline in an MR: of the plane of symmetry, else of the spine's marrow, else of a body seen whole.

    Parameters
    ----------
    body : ndarray of bool
        The body, on the grid `geometry`.
    geometry : Geometry
    symmetry : SymmetryPlane or None
    spine_marrow : ndarray of bool or None
        Bone marrow, in a field of view that shows no other bones than the spine; else None.

    Returns
    -------
    float or None
        RAS mm; None where it cannot be found.
    """
    middle = plane_r_mm(geometry, symmetry)
    if middle is not None:
        return middle
    if spine_marrow is not None and np.count_nonzero(spine_marrow) * geometry.voxel_volume_ml > SPINE_MARROW_LEAST_ML:
        return float(np.median(_some_r_mm(spine_marrow, geometry)))
    low, high = np.percentile(_some_r_mm(body, geometry), (OUTLINE_PERCENT, 100 - OUTLINE_PERCENT))
    return float(0.5 * (low + high)) if high - low > WHOLE_BODY_WIDTH_MM else None


def _some_r_mm(mask: np.ndarray, geometry: Geometry) -> np.ndarray:
    """R of some of the voxels of a mask, spread evenly over it."""
    flat = np.flatnonzero(mask)
    return geometry.flat_to_ras(flat[:: flat.size // ENOUGH_VOXELS + 1])[:, 0]
