"""Where front, back, midline and spine of a body are on a PET: what tells organs from the musculoskeletal system.

The outline comes from the PET itself. The midline follows the spinal canal where the MR shows it, else the plane of
symmetry, else the middle of the outline.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..body.straight_spine import STEP_MM, StraightSpine
from ..body.symmetry import RELIABLE_QUALITY, SymmetryPlane
from ..core.image import LEFT_RAS, Geometry
from .foci import Focus

SLAB_MM = 15.0
"""Height of the slabs in which the body's outline is measured."""
MIDLINE_MM = 35.0
"""The bladder's middle lies nearer to the midline than this."""
BLADDER_ML = 10.0
BLADDER_DEPTH = 0.4
TYPICAL_DEPTH_MM = 220.0
"""Depth of a trunk whose front is not seen (ours)."""
CUT_PART = 0.02
"""More of a slab's body on the border of the grid than this: the field of view cuts it."""
LEAST_SLABS = 4
"""Slabs with both sides in view that a midline of the outline takes (ours)."""
MOST_LEAN = 0.15
"""Sideways way of the midline per height, at most: patients lie straight (ours)."""
SACRUM_ABOVE_MM = 45.0
"""The canal ends within the sacrum; so far above its end on an MR the sacrum begins (ours)."""
ALA_ABOVE_MM = 15.0
"""So far above the lowest disc the alae of sacrum and ilium reach: that disc may also be a rudimentary one of the
sacrum (ours)."""
BEYOND_CANAL_MM = 120.0
"""So far beyond its ends the canal counts: above and below it turns backward, into thorax and sacrum, so that what
lies in front of its end lies at least as far in front of it (ours)."""


class BodyShape:
    """The body's outline from the PET, per slab from feet to head, its midline and its spine.

    Parameters
    ----------
    smooth : ndarray of float32, shape (k, j, i)
        SUV smoothed for detection; NaN outside the field of view.
    geometry : Geometry
    body_suv : float
        Above this SUV a place belongs to the body.
    symmetry : SymmetryPlane or None
    spine : StraightSpine, optional
        In the PET's frame, as far as the MR shows it.
    """

    def __init__(
        self,
        smooth: np.ndarray,
        geometry: Geometry,
        body_suv: float,
        symmetry: SymmetryPlane | None,
        spine: StraightSpine | None = None,
    ) -> None:
        steps = [max(1, round(8.0 / s)) for s in geometry.spacing_kji_mm]
        body = smooth[tuple(slice(None, None, s) for s in steps)] > body_suv
        kji = np.argwhere(body)
        points = geometry.to_ras((kji * steps)[:, ::-1]) if len(kji) else np.zeros((0, 3))
        last = np.array(body.shape) - 1
        self._spine = spine
        number = np.floor(points[:, 2] / SLAB_MM).astype(int)
        self._plane = _midplane(points, number, kji, last, geometry, symmetry)
        known = self._plane is not None
        plane = self._plane or SymmetryPlane(
            points.mean(axis=0) if len(points) else geometry.center_ras, LEFT_RAS, 0.0
        )
        aside = np.abs(plane.signed_distance_mm(points))
        at_back, at_front = _at_borders(kji, last, geometry, 1)
        self._slabs: dict[int, tuple[float, float, bool, bool]] = {}
        self._trunk: set[int] = set()
        self._bladder_z: float | None = None
        central = aside < 60.0 if known else np.ones(len(kji), bool)
        for slab in np.unique(number):
            here = central & (number == slab)
            if np.count_nonzero(here) < 10:
                continue
            back, front = np.percentile(points[here, 1], (1, 99))
            cut = (float(at_back[here].mean()) > CUT_PART, float(at_front[here].mean()) > CUT_PART)
            self._slabs[int(slab)] = (float(back), float(front), *cut)
            middle = points[here & (aside < 10.0), 1]
            # Between the legs the midline is empty, or holds skin and fat over a part of the depth only.
            if len(middle) and np.ptp(np.percentile(middle, (5, 95))) > 0.6 * (front - back):
                self._trunk.add(int(slab))

    def depth(self, point_ras: np.ndarray) -> float | None:
        """Place between back (0) and front (1) of the body at this level; None when the back is not seen there.

        A front that is cut off is put at the least depth that a body has.
        """
        slab = self._slabs.get(int(np.floor(point_ras[2] / SLAB_MM)))
        if slab is None:
            return None
        back, front, cut_behind, cut_in_front = slab
        depth = front - back
        if cut_behind or (depth < 80.0 and not cut_in_front):
            return None
        return float((point_ras[1] - back) / (max(depth, TYPICAL_DEPTH_MM) if cut_in_front else depth))

    def off_midline(self, point_ras: np.ndarray) -> float | None:
        """Distance from the midline, mm; None when it is not known."""
        at_spine = self._at_spine(point_ras)
        if at_spine is not None:
            return abs(at_spine[0])
        return None if self._plane is None else abs(float(self._plane.signed_distance_mm(point_ras)))

    def in_front_of_canal(self, point_ras: np.ndarray) -> float | None:
        """Distance in front of the spinal canal, across it, mm; negative behind it; None where it is not known."""
        at_spine = self._at_spine(point_ras)
        return None if at_spine is None else at_spine[1]

    def is_at_sacrum(self, point_ras: np.ndarray) -> bool:
        """Whether a place lies at the height of the sacrum, as the canal's lower end and the lowest disc tell."""
        if self._spine is None:
            return False
        top = self._spine.points_ras[0, 2] + SACRUM_ABOVE_MM
        if len(self._spine.disc_mm):
            # The lowest disc that is seen may be that above L5.
            row = int(np.clip(round(self._spine.disc_mm[0] / STEP_MM), 0, len(self._spine.points_ras) - 1))
            top = self._spine.points_ras[row, 2] + ALA_ABOVE_MM
        return bool(point_ras[2] <= top)

    def _at_spine(self, point_ras: np.ndarray) -> tuple[float, float] | None:
        """Right and front of the canal, mm; beyond its ends it is taken to stay as far from the table as it was."""
        if self._spine is None:
            return None
        canal = self._spine.points_ras
        if not canal[0, 2] - BEYOND_CANAL_MM <= point_ras[2] <= canal[-1, 2] + BEYOND_CANAL_MM:
            return None
        right, front, height = self._spine.local(point_ras)
        if np.isfinite(height):
            return float(right), float(front)
        end = canal[0] if point_ras[2] < canal[0, 2] else canal[-1]
        return float(point_ras[0] - end[0]), float(point_ras[1] - end[1])

    @property
    def bladder_z(self) -> float | None:
        """Height (S, mm) of the middle of the bladder; None when none is seen."""
        return self._bladder_z

    def look_for_bladder(self, suv: np.ndarray, geometry: Geometry, foci: Sequence[Focus], least_suv: float) -> None:
        """Take the focus on the midline that holds most activity, if it is hot and large enough, as the bladder."""
        most = 0.0
        for focus in foci:
            if focus.top < least_suv:
                continue
            values = suv.reshape(-1)[focus.flat]
            hot = values >= 0.5 * focus.top
            volume, middle = hot.sum() * geometry.voxel_volume_ml, geometry.flat_to_ras(focus.flat[hot]).mean(axis=0)
            depth, side = self.depth(middle), self.off_midline(middle)
            if volume < BLADDER_ML or depth is None or depth < BLADDER_DEPTH or side is None or side > MIDLINE_MM:
                continue
            if volume * focus.top > most:
                most, self._bladder_z = volume * focus.top, float(middle[2])

    def has_midline(self, point_ras: np.ndarray) -> bool:
        """True where the body crosses the midline (trunk), False between the legs."""
        return int(np.floor(point_ras[2] / SLAB_MM)) in self._trunk


def _at_borders(kji: np.ndarray, last: np.ndarray, geometry: Geometry, axis_ras: int) -> tuple[np.ndarray, np.ndarray]:
    """Which voxels lie on the border of the grid at the low and at the high end of an axis of RAS."""
    row = geometry.ijk_to_ras[axis_ras, :3][::-1]
    axis = int(np.argmax(np.abs(row)))
    at_start, at_end = kji[:, axis] == 0, kji[:, axis] >= last[axis]
    return (at_start, at_end) if row[axis] > 0 else (at_end, at_start)


def _midplane(
    points: np.ndarray,
    slab: np.ndarray,
    kji: np.ndarray,
    last: np.ndarray,
    geometry: Geometry,
    symmetry: SymmetryPlane | None,
) -> SymmetryPlane | None:
    """The plane of symmetry when it can be relied on, else one through the middle of the outline, else None."""
    if symmetry is not None and symmetry.quality >= RELIABLE_QUALITY:
        return symmetry
    at_right_end, at_left_end = _at_borders(kji, last, geometry, 0)
    middles = []
    for number in np.unique(slab):
        here = slab == number
        cut = at_right_end[here].mean() > CUT_PART or at_left_end[here].mean() > CUT_PART
        if np.count_nonzero(here) >= 30 and not cut:
            middles.append(
                (points[here, 2].mean(), points[here, 1].mean(), np.percentile(points[here, 0], (1, 99)).mean())
            )
    if len(middles) < LEAST_SLABS:
        return None
    height, front, across = np.array(middles).T
    pairs = np.triu_indices(len(height), 1)
    # The median of the slopes of all pairs (Theil and Sen): one arm or a full bladder bag turns nothing.
    lean = float(np.median((across[pairs[1]] - across[pairs[0]]) / (height[pairs[1]] - height[pairs[0]])))
    lean = float(np.clip(lean, -MOST_LEAN, MOST_LEAN))
    at = np.array([np.median(across - lean * (height - height.mean())), front.mean(), height.mean()])
    return SymmetryPlane(at, np.array([-1.0, 0.0, lean]) / np.hypot(1.0, lean), 0.0)
