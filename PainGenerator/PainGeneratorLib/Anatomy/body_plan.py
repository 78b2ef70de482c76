"""Find side and position from the images alone, for cases without an anatomy segmentation.

The midline comes from the spine line when it is seen, otherwise from the plane of symmetry, otherwise from the outline
of the body. A name contains only what is known: the side, the distance to the spine line and the zone at the implant.
It never contains a level.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..Numerics.body.canal import RELIABLE_SPINE, SpineLine, coarse_grid, find_spine_line
from ..Numerics.body.outline import BodyOutline, middle_from_one_side, outline_on_mr, plane_fits_outline
from ..Numerics.body.symmetry import SymmetryPlane
from ..Numerics.core.image import Image, Region
from ..Numerics.core.kept import Kept
from ..Numerics.core.records import Place
from .spine_places import SPREAD_PART
from .zones import HipImplant

MIDLINE_MM = 5.0
"""Upper bound of the distance from the midline at which a place is called midline, mm: a fifth of the half width of a
lumbar body. Our estimate."""
SPINE_SIDE_MM = 25.0
"""Upper bound of the distance of the spine from its line to either side, mm. Our estimate."""
SPINE_BEHIND_MM = 40.0
"""Upper bound of the distance of the spine behind its line, mm. Our estimate."""
SPINE_FRONT_MM = 55.0
"""Upper bound of the distance of the spine in front of its line, mm. Our estimate."""
PARASPINAL_MM = 65.0
"""Upper bound of the distance of the paraspinal muscles from the spine line to either side, mm. Our estimate."""
LINE_OFF_PLANE_MM = 20.0
"""Upper bound of the distance of a spine line that is used from the plane of symmetry, mm. Our estimate."""
MOST_TURN_DEG = 15.0
"""Upper bound of the rotation of the patient about the long axis that is looked for, degrees. Our estimate."""
CLEARLY_ALIKE = 0.9
"""Upper bound of the difference between the two sides of the spine after a rotation, as a fraction of the difference
without a rotation. A rotation is used only when it makes the sides this similar. Our estimate."""


@dataclass(frozen=True, eq=False)
class BodyPlan(Kept):
    """The midline, the spine line and the implant; positions are RAS mm in the reference frame.

    Parameters
    ----------
    midpoint_ras : ndarray, shape (3,)
        A point of the midsagittal plane.
    left_ras : ndarray, shape (3,)
        Unit normal of this plane, toward the patient's left.
    source : str
        What the midline was found from: ``spine line``, ``symmetry plane``, ``body outline`` or ``scanner axis``.
    spine_line : SpineLine, optional
        The spine line when it is reliable.
    implant : HipImplant, optional
        The hip prosthesis when there is one.
    """

    midpoint_ras: np.ndarray
    left_ras: np.ndarray
    source: str
    spine_line: SpineLine | None = None
    implant: HipImplant | None = None

    def lateral_mm(self, points_ras: np.ndarray) -> np.ndarray:
        """Distance of points, shape (..., 3), from the midline in mm, positive to the patient's left; shape (...)."""
        points = np.asarray(points_ras, dtype=float)
        if self.spine_line is None or self.source != "spine line":
            return (points - self.midpoint_ras) @ self.left_ras
        line = self.spine_line.points_ras
        bottom, top = line[0, 2], line[-1, 2]
        return (points - self.spine_line.at(np.clip(points[..., 2], bottom, top))) @ self.left_ras

    def side(self, points_ras: np.ndarray) -> str:
        """Side (left, right or midline) of a position, shape (3,), or of the voxels of a finding, shape (n, 3)."""
        lateral = np.atleast_1d(self.lateral_mm(points_ras))
        mean = float(lateral.mean())
        other = float(np.mean(lateral * np.sign(mean) < 0)) if mean else 1.0
        crosses = other >= SPREAD_PART and lateral.size > 8
        return "midline" if abs(mean) <= MIDLINE_MM or crosses else "left" if mean > 0 else "right"

    def describe(self, where: Region | np.ndarray) -> Place:
        """Describe a place without a level.

        Parameters
        ----------
        where : Region or ndarray, shape (3,) or (n, 3)
            A region, a position or the voxels of a finding, RAS mm.

        Returns
        -------
        Place
            It has the flag ``no-level``, and also ``side-uncertain`` when no midline was found in the images.
        """
        points = where.points_ras if isinstance(where, Region) else np.atleast_2d(np.asarray(where, dtype=float))
        side = self.side(points)
        flags = ("no-level", "side-uncertain") if self.source == "scanner axis" else ("no-level",)
        centroid = points.mean(axis=0)
        lateral = abs(float(self.lateral_mm(centroid)))
        if self.spine_line is None:
            structure = "hip region" if self.implant is not None and lateral > PARASPINAL_MM else "trunk"
            name = f"{side} {structure}, {lateral:.0f} mm lateral of the midline"
            if side == "midline":
                name = f"{structure}, in the midline"
            return Place(name, structure, side, flags=flags)
        front = float((centroid - self.spine_line.at(centroid[2]))[1])
        depth = f"{abs(front):.0f} mm {'in front of' if front > 0 else 'behind'}"
        if lateral <= SPINE_SIDE_MM and -SPINE_BEHIND_MM <= front <= SPINE_FRONT_MM:
            structure = "spine"
        elif lateral <= PARASPINAL_MM and front <= SPINE_FRONT_MM:
            structure = "paraspinal region"
        else:
            structure = "pelvis or flank" if lateral > PARASPINAL_MM else "prevertebral region"
        if side == "midline":
            where_to = "in the spine line" if abs(front) <= MIDLINE_MM else f"{depth} the spine line"
            return Place(f"{structure}, midline, {where_to}", structure, side, flags=flags)
        name = f"{side} {structure}, {lateral:.0f} mm lateral of and {depth} the spine line"
        return Place(name, structure, side, flags=flags)

    def moved(self, matrix_ras: np.ndarray) -> BodyPlan:
        """Return the plan after a rigid motion, shape (4, 4), RAS mm. Midpoint, normal and spine line are moved."""
        matrix = np.asarray(matrix_ras, dtype=float)
        line = self.spine_line
        if line is not None:
            line = dataclasses.replace(line, points_ras=line.points_ras @ matrix[:3, :3].T + matrix[:3, 3])
        return dataclasses.replace(
            self,
            midpoint_ras=matrix[:3, :3] @ self.midpoint_ras + matrix[:3, 3],
            left_ras=matrix[:3, :3] @ self.left_ras,
            spine_line=line,
        )


def find_body_plan(
    reference: Image,
    tissues: Image | None = None,
    fluid: Image | None = None,
    symmetry: SymmetryPlane | None = None,
    implant: HipImplant | None = None,
    line: SpineLine | None = None,
) -> BodyPlan:
    """Find the midline and the spine line in the images.

    Parameters
    ----------
    reference : Image
        The reference series (T1 when there is one).
    tissues : Image, optional
        Tissue classes (:mod:`.Numerics.core.tissues`) in the same frame. They show where the body is.
    fluid : Image, optional
        The FLUID or T2 series in the same frame.
    symmetry : SymmetryPlane, optional
        The plane of symmetry. It is used when it is reliable and fits the outline of the body.
    implant : HipImplant, optional
        A hip prosthesis. With one, the spine is not expected in the field of view and not looked for.
    line : SpineLine, optional
        The spine line when it was found already.

    Returns
    -------
    BodyPlan
        The plan. Its `source` says what the midline was found from.
    """
    outline = outline_on_mr(reference, tissues)
    plane = symmetry if symmetry is not None and plane_fits_outline(symmetry, outline) else None
    if line is None and implant is None:
        line = find_spine_line(reference, fluid, _expected_middle(plane, outline))
    if line is not None and _is_usable(line, plane):
        normal = _turned_left(reference, line) if plane is None else plane.normal_ras
        return BodyPlan(line.points_ras.mean(axis=0), normal, "spine line", line, implant)
    if plane is not None:
        return BodyPlan(plane.point_ras, plane.normal_ras, "symmetry plane", None, implant)
    if outline.middle_ras is not None:
        return BodyPlan(outline.middle_ras, outline.left_ras, "body outline", None, implant)
    return _plan_of_one_side(outline, implant)


def _expected_middle(plane: SymmetryPlane | None, outline: BodyOutline) -> float | None:
    """R coordinate near which the spine is expected, mm; None when neither plane nor outline is known."""
    if plane is not None:
        return float(plane.point_ras[0])
    return None if outline.middle_ras is None else float(outline.middle_ras[0])


def _is_usable(line: SpineLine, plane: SymmetryPlane | None) -> bool:
    """Whether a spine line is reliable, and near the plane of symmetry when that is known."""
    if line.quality < RELIABLE_SPINE:
        return False
    return plane is None or abs(float(np.median(plane.signed_distance_mm(line.points_ras)))) < LINE_OFF_PLANE_MM


def _plan_of_one_side(outline: BodyOutline, implant: HipImplant | None) -> BodyPlan:
    """Make the plan when the images show neither the middle of the body nor its plane of symmetry."""
    middle = np.array([middle_from_one_side(outline), 0.0, 0.0])
    if implant is not None:
        middle = _behind_implant(implant, middle)
    known = outline.skin_left_mm is not None or outline.skin_right_mm is not None or implant is not None
    left = np.array([-1.0, 0.0, 0.0])
    return BodyPlan(middle, left, "body outline" if known else "scanner axis", None, implant)


def _turned_left(reference: Image, line: SpineLine) -> np.ndarray:
    """Unit vector to the patient's left, found by the rotation at which both sides of the spine are most similar.

    The rotation is about the long axis. Without a clear similarity the patient is assumed to lie without rotation.
    """
    values, geometry = coarse_grid(reference)
    rungs = line.points_ras[:: max(1, len(line.points_ras) // 40)]
    lateral, front = np.meshgrid(np.arange(6.0, 46.0, 4.0), np.arange(-40.0, 26.0, 5.0))
    lateral, front = lateral.ravel(), front.ravel()

    def at(offsets: np.ndarray) -> np.ndarray:
        points = rungs[:, None, :] + offsets[None]
        kji = geometry.to_ijk(points.reshape(-1, 3))[:, ::-1]
        return ndimage.map_coordinates(values, kji.T, order=1, cval=np.nan)

    def unlikeness(degrees: float) -> float:
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        sides = [
            at(np.stack([sign * c * lateral - s * front, sign * s * lateral + c * front, 0 * front], axis=1))
            for sign in (1.0, -1.0)
        ]
        difference = np.abs(sides[0] - sides[1])
        seen = np.isfinite(difference)
        return float(difference[seen].mean()) if seen.mean() > 0.5 else np.inf

    turns = np.arange(-MOST_TURN_DEG, MOST_TURN_DEG + 0.5)
    unlike = np.array([unlikeness(turn) for turn in turns])
    best = int(np.argmin(unlike))
    is_clear = 0 < best < len(turns) - 1 and unlike[best] < CLEARLY_ALIKE * unlikeness(0.0)
    turn = np.radians(turns[best]) if is_clear else 0.0
    return np.array([-np.cos(turn), -np.sin(turn), 0.0])


def _behind_implant(implant: HipImplant, middle: np.ndarray) -> np.ndarray:
    """Move the middle so that it lies at least 60 mm medial of the cup or the stem.

    The centers of the hip joints are 85 to 95 mm from the midline, so that 60 mm leaves a margin. Our estimate.
    """
    points = [p for p in (implant.cup_center_ras, implant.stem_top_ras) if p is not None]
    if not points:
        return middle
    at = float(np.mean([p[0] for p in points]))
    moved = middle.copy()
    moved[0] = max(middle[0], at + 60.0) if implant.side == "left" else min(middle[0], at - 60.0)
    return moved
