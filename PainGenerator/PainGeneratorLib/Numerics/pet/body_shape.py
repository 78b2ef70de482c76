"""The shape of a body on PET: its back, its front, its midline, its spine and its bladder.

They help to distinguish organs from the musculoskeletal system. The outline comes from the PET itself. The midline
follows the spinal canal where the MR shows it; :mod:`..body.midline` says what is used elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..body import distances
from ..body.midline import CUT_PART, OUTLINE_PERCENT, BodyVoxels, midline_plane
from ..body.straight_spine import STEP_MM, StraightSpine
from ..body.symmetry import SymmetryPlane
from ..core.image import LEFT_RAS, Geometry
from .foci import Focus

SLAB_MM = 15.0
"""Height of the slabs in which the body's outline is measured, mm."""
SAMPLE_MM = 8.0
"""Distance of the voxels that the outline is measured on, mm; finer ones add cost but no accuracy."""
LEAST_SLAB_VOXELS = 10
"""Lower bound for the number of voxels in a slab whose back and front are measured."""
STRIP_PERCENT = 5.0
"""The tissue of the midline strip runs from this percentile of its voxels to 100 minus this percentile."""
HALF_MAXIMUM = 0.5
"""Voxels of the bladder have at least this part of the focus' maximum, 0 to 1."""


@dataclass(frozen=True)
class _Slab:
    """Back and front of the body in a slab, A in mm, and whether the field of view cuts the body there."""

    back: float
    front: float
    is_cut_behind: bool
    is_cut_in_front: bool


class BodyShape:
    """The body's outline from the PET, per slab from feet to head, its midline and its spine.

    Parameters
    ----------
    smooth : ndarray of float32, shape (k, j, i)
        SUV smoothed for detection, g/ml; NaN outside the field of view.
    geometry : Geometry
        Its grid.
    body_suv : float
        Above this SUV a place belongs to the body.
    symmetry : SymmetryPlane or None
        Used for the midline where it is reliable.
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
        self._spine = spine
        self._bladder_z: float | None = None
        body = _sampled_body(smooth, geometry, body_suv)
        self._plane = midline_plane(body, symmetry)
        self._slabs: dict[int, _Slab] = {}
        self._trunk: set[int] = set()
        self._measure_slabs(body)

    def _measure_slabs(self, body: BodyVoxels) -> None:
        """Measure back and front of the body in each slab, and find out which slabs belong to the trunk."""
        points = body.points_ras
        aside = np.abs(self._plane_or_middle(body).signed_distance_mm(points))
        at_back, at_front = body.at_borders(1)
        is_central = np.ones(len(points), bool)
        if self._plane is not None:
            is_central = aside < distances.TRUNK_STRIP_HALF_WIDTH.value
        is_middle = aside < distances.MIDLINE_STRIP_HALF_WIDTH.value
        for slab in np.unique(body.slab):
            here = is_central & (body.slab == slab)
            if np.count_nonzero(here) < LEAST_SLAB_VOXELS:
                continue
            back, front = np.percentile(points[here, 1], (OUTLINE_PERCENT, 100 - OUTLINE_PERCENT))
            is_cut_behind = float(at_back[here].mean()) > CUT_PART
            is_cut_in_front = float(at_front[here].mean()) > CUT_PART
            self._slabs[int(slab)] = _Slab(float(back), float(front), is_cut_behind, is_cut_in_front)
            if _is_filled(points[here & is_middle, 1], float(back), float(front)):
                self._trunk.add(int(slab))

    def _plane_or_middle(self, body: BodyVoxels) -> SymmetryPlane:
        """The midline's plane, else one along the scanner's axis through the middle of the body's voxels."""
        if self._plane is not None:
            return self._plane
        points = body.points_ras
        return SymmetryPlane(points.mean(axis=0) if len(points) else body.geometry.center_ras, LEFT_RAS, 0.0)

    def depth(self, point_ras: np.ndarray) -> float | None:
        """Place between the back (0) and the front (1) of the body at this height.

        Where the front is cut off, the body is taken to be at least as deep as a typical trunk.

        Parameters
        ----------
        point_ras : ndarray, shape (3,)
            RAS mm.

        Returns
        -------
        float or None
            None where the back is not seen.
        """
        slab = self._slabs.get(_slab_number(point_ras))
        if slab is None or slab.is_cut_behind:
            return None
        depth = slab.front - slab.back
        if slab.is_cut_in_front:
            depth = max(depth, distances.TRUNK_DEPTH_TYPICAL.value)
        elif depth < distances.TRUNK_DEPTH_LEAST.value:
            return None
        return float((point_ras[1] - slab.back) / depth)

    def off_midline(self, point_ras: np.ndarray) -> float | None:
        """Distance of a position (RAS mm) from the midline, mm, not negative; None where it is not known."""
        at_spine = self._at_spine(point_ras)
        if at_spine is not None:
            return abs(at_spine[0])
        return None if self._plane is None else abs(float(self._plane.signed_distance_mm(point_ras)))

    def in_front_of_canal(self, point_ras: np.ndarray) -> float | None:
        """Distance of a position in front of the spinal canal, mm; negative behind it; None where it is not known."""
        at_spine = self._at_spine(point_ras)
        return None if at_spine is None else at_spine[1]

    def above_sacrum(self, point_ras: np.ndarray) -> float | None:
        """Height of a position above the top of the sacrum, mm; None where no spinal canal is known.

        The top is that of the alae, by the lowest disc or the lower end of the canal.
        """
        if self._spine is None:
            return None
        top = self._spine.points_ras[0, 2] + distances.SACRUM_ABOVE_CANAL_END.value
        if len(self._spine.disc_mm):
            # The lowest disc in view may be the one above L5.
            row = int(np.clip(round(self._spine.disc_mm[0] / STEP_MM), 0, len(self._spine.points_ras) - 1))
            top = self._spine.points_ras[row, 2] + distances.SACRUM_ABOVE_LOWEST_DISC.value
        return float(point_ras[2] - top)

    def is_at_sacrum(self, point_ras: np.ndarray) -> bool:
        """Whether a position lies at the height of the sacrum."""
        above = self.above_sacrum(point_ras)
        return above is not None and above <= 0.0

    def _at_spine(self, point_ras: np.ndarray) -> tuple[float, float] | None:
        """Distance to the right and in front of the canal, mm; beyond its ends it is taken to run straight on."""
        if self._spine is None:
            return None
        canal = self._spine.points_ras
        beyond = distances.CANAL_BEYOND_END.value
        if not canal[0, 2] - beyond <= point_ras[2] <= canal[-1, 2] + beyond:
            return None
        right, front, height = self._spine.local(point_ras)
        if np.isfinite(height):
            return float(right), float(front)
        end = canal[0] if point_ras[2] < canal[0, 2] else canal[-1]
        return float(point_ras[0] - end[0]), float(point_ras[1] - end[1])

    @property
    def bladder_z(self) -> float | None:
        """Height (S, mm) of the middle of the bladder; None where no bladder was found."""
        return self._bladder_z

    def look_for_bladder(self, suv: np.ndarray, geometry: Geometry, foci: Sequence[Focus], least_suv: float) -> None:
        """Look for the bladder: of the hot, large foci on the midline the one that holds most activity.

        Parameters
        ----------
        suv : ndarray of float32, shape (k, j, i)
            SUV that the foci were found on, g/ml.
        geometry : Geometry
            Its grid.
        foci : sequence of Focus
            All foci of the scan.
        least_suv : float
            Lower bound for the maximum of the bladder, g/ml.
        """
        most = 0.0
        for focus in foci:
            if focus.top < least_suv:
                continue
            values = suv.reshape(-1)[focus.flat]
            hot = values >= HALF_MAXIMUM * focus.top
            volume, middle = hot.sum() * geometry.voxel_volume_ml, geometry.flat_to_ras(focus.flat[hot]).mean(axis=0)
            if volume >= distances.BLADDER_VOLUME_LEAST.value and self._may_be_bladder(middle):
                activity = volume * focus.top
                if activity > most:
                    most, self._bladder_z = activity, float(middle[2])

    def _may_be_bladder(self, middle_ras: np.ndarray) -> bool:
        """Whether the middle of a bladder may lie at a position."""
        depth, side = self.depth(middle_ras), self.off_midline(middle_ras)
        if depth is None or side is None:
            return False
        return depth >= distances.BLADDER_DEPTH_LEAST.value and side <= distances.BLADDER_SIDE_MOST.value

    def has_midline(self, point_ras: np.ndarray) -> bool:
        """True where the body crosses the midline (trunk), False between the legs."""
        return _slab_number(point_ras) in self._trunk


def _sampled_body(smooth: np.ndarray, geometry: Geometry, body_suv: float) -> BodyVoxels:
    """The voxels of the body on a coarser grid, sorted into slabs."""
    steps = [max(1, round(SAMPLE_MM / s)) for s in geometry.spacing_kji_mm]
    body = smooth[tuple(slice(None, None, s) for s in steps)] > body_suv
    kji = np.argwhere(body)
    points = geometry.to_ras((kji * steps)[:, ::-1]) if len(kji) else np.zeros((0, 3))
    slab = np.floor(points[:, 2] / SLAB_MM).astype(int)
    return BodyVoxels(kji, np.array(body.shape) - 1, points, slab, geometry)


def _slab_number(point_ras: np.ndarray) -> int:
    """Number of the slab that a position lies in."""
    return int(np.floor(point_ras[2] / SLAB_MM))


def _is_filled(middle: np.ndarray, back: float, front: float) -> bool:
    """Whether the tissue of the midline strip (its A, mm) fills most of the depth of the body."""
    if not len(middle):
        return False
    filled = np.ptp(np.percentile(middle, (STRIP_PERCENT, 100 - STRIP_PERCENT)))
    return bool(filled > distances.MIDLINE_FILLED_LEAST.value * (front - back))
