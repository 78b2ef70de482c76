"""Find side and position from the images alone, for cases without an anatomy segmentation.

The midline comes from the spine line when it is seen, otherwise from the plane of symmetry, otherwise from the outline
of the body. A side is certain when a second one of these signs confirms it; otherwise the name and a flag say so. A
place is called spine only where the outline or the plane of symmetry confirms that the line is the spinal canal. A
name contains only what is known: the side, the distance to the spine line and the zone at the implant. It never
contains a level.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from ..Numerics.body.canal import SpineLine, coarse_grid, find_spine_line
from ..Numerics.body.midline import is_reliable
from ..Numerics.body.outline import BodyOutline, middle_from_one_side, outline_on_mr, plane_fits_outline
from ..Numerics.body.sections import BodyPart, BodySections, apart_mm
from ..Numerics.body.spine_check import is_confirmed, is_refuted
from ..Numerics.body.symmetry import SymmetryPlane
from ..Numerics.core.image import LEFT_RAS, Image, Region
from ..Numerics.core.kept import Kept
from ..Numerics.core.records import Place
from ..Numerics.core.words import Certainty
from .certainty import SIDE_FLAGS
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
AGREE_MM = 25.0
"""Upper bound of the distance between two signs of the midline that confirm each other, mm. A spine that is bent to
the side, or arms and fat that differ between the sides, put them 10 to 20 mm apart; half a thigh is 80 mm. Our
estimate."""
NEAR_MIDLINE_MM = 25.0
"""Upper bound of the distance from a midline that one sign alone shows, at which the side is uncertain, mm. Our
estimate: the error of one sign, as for `AGREE_MM`."""
SIGNS_APART_MM = 10.0
"""Lower bound of the distance between two signs of the midline that put a place on different sides, at which the side
is not certain, mm. Our estimate."""
NEAR_SPINE_LINE_MM = 8.0
"""The same for a spine line: the canal is found to 4 mm, and a line that nothing confirms is no midline at all. Our
estimate."""
NO_MIDLINE = ("one side", "scanner axis")
"""Sources of a midline that is an assumption."""


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
        What the midline was found from: ``spine line``, ``symmetry plane``, ``body outline``, ``one side`` (only one
        side of the body is in view) or ``scanner axis``.
    spine_line : SpineLine, optional
        The spine line when it is reliable.
    implants : tuple of HipImplant
        The hip prostheses.
    certainty : str
        How much the midline can be relied on, a word of :class:`.Numerics.core.words.Certainty`.
    spine_certainty : str, optional
        The same for the spine line; None without one.
    sections : tuple of BodySections
        What the cross sections of PET and MR show, in the reference frame; the first that knows a height is asked.
    signs : tuple of SymmetryPlane
        The midlines that plane of symmetry and outlines show, in the reference frame.
    """

    midpoint_ras: np.ndarray
    left_ras: np.ndarray
    source: str
    spine_line: SpineLine | None = None
    implants: tuple[HipImplant, ...] = ()
    certainty: str = str(Certainty.CERTAIN)
    spine_certainty: str | None = None
    sections: tuple[BodySections, ...] = ()
    signs: tuple[SymmetryPlane, ...] = ()

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any], **others: Any) -> BodyPlan:
        """The plan again; one of a former version has one prosthesis under another name."""
        former = kept.get("implant")
        known = {"implants": (former,), **kept} if former is not None else kept
        return super().from_kept(known, **others)

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
        return "midline" if crosses else _side_of(mean)

    def side_certainty(self, point_ras: np.ndarray) -> Certainty:
        """How much the side of a point, shape (3,), can be relied on."""
        certainty = Certainty(self.certainty)
        if certainty == Certainty.CERTAIN and self._is_disputed(point_ras):
            return Certainty.LIKELY
        near_mm = NEAR_SPINE_LINE_MM if self.source == "spine line" else NEAR_MIDLINE_MM
        if certainty == Certainty.LIKELY and abs(float(self.lateral_mm(point_ras))) < near_mm:
            return Certainty.UNCERTAIN
        return certainty

    def _is_disputed(self, point_ras: np.ndarray) -> bool:
        """Whether another sign of the midline puts a point on another side."""
        own = float(self.lateral_mm(point_ras))
        for sign in self.signs:
            other = float(sign.signed_distance_mm(point_ras))
            if abs(own - other) > SIGNS_APART_MM and _side_of(own) != _side_of(other):
                return True
        return False

    def part_at(self, point_ras: np.ndarray) -> BodyPart:
        """The part of the body that the images show at the height of a point, shape (3,)."""
        parts = (sections.part_at(point_ras) for sections in self.sections)
        return next((part for part in parts if part != BodyPart.UNKNOWN), BodyPart.UNKNOWN)

    def describe(self, where: Region | np.ndarray) -> Place:
        """Describe a place without a level.

        Parameters
        ----------
        where : Region or ndarray, shape (3,) or (n, 3)
            A region, a position or the voxels of a finding, RAS mm.

        Returns
        -------
        Place
            It has the flag ``no-level``, and also ``side-likely``, ``side-uncertain`` or ``spine-uncertain`` when side
            or spine are not certain.
        """
        points = where.points_ras if isinstance(where, Region) else np.atleast_2d(np.asarray(where, dtype=float))
        centroid = points.mean(axis=0)
        side, certainty = self.side(points), self.side_certainty(centroid)
        lateral = abs(float(self.lateral_mm(centroid)))
        flags = ("no-level", *SIDE_FLAGS.get(certainty, ()))
        if self.spine_line is None or self.spine_certainty not in (None, Certainty.CERTAIN):
            structure = self._structure_without_spine(centroid, lateral)
            word = "unnamed place" if structure == "unnamed" else structure
            name = _name_beside(word, side, certainty, f"{lateral:.0f} mm", "midline")
            flags = flags if self.spine_line is None else (*flags, "spine-uncertain")
            return Place(name, structure, side, flags=flags, side_certainty=str(certainty))
        front = float((centroid - self.spine_line.at(centroid[2]))[1])
        depth = f"{abs(front):.0f} mm {'in front of' if front > 0 else 'behind'}"
        structure = _structure_at_spine(lateral, front)
        if side == "midline" and certainty == Certainty.CERTAIN:
            where_to = "in the spine line" if abs(front) <= MIDLINE_MM else f"{depth} the spine line"
            return Place(f"{structure}, midline, {where_to}", structure, side, flags=flags)
        name = _name_beside(structure, side, certainty, f"{lateral:.0f} mm", "spine line", depth)
        return Place(name, structure, side, flags=flags, side_certainty=str(certainty))

    def _structure_without_spine(self, point_ras: np.ndarray, lateral_mm: float) -> str:
        """The structure of a place as far as prosthesis and outline tell it, without the spine."""
        part = self.part_at(point_ras)
        if self.implants and lateral_mm > PARASPINAL_MM:
            return "hip region"
        if part == BodyPart.LEGS:
            return "leg"
        return "trunk" if part == BodyPart.TRUNK or (self.implants and part == BodyPart.UNKNOWN) else "unnamed"

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
            sections=tuple(sections.moved(matrix) for sections in self.sections),
            signs=tuple(sign.moved(matrix) for sign in self.signs),
        )


def _side_of(lateral_mm: float) -> str:
    """The side of a distance from the midline, positive to the left."""
    return "midline" if abs(lateral_mm) <= MIDLINE_MM else "left" if lateral_mm > 0 else "right"


def _structure_at_spine(lateral_mm: float, front_mm: float) -> str:
    """The region of the trunk by the distance from the spine line."""
    if lateral_mm <= SPINE_SIDE_MM and -SPINE_BEHIND_MM <= front_mm <= SPINE_FRONT_MM:
        return "spine"
    if lateral_mm <= PARASPINAL_MM and front_mm <= SPINE_FRONT_MM:
        return "paraspinal region"
    return "pelvis or flank" if lateral_mm > PARASPINAL_MM else "prevertebral region"


def _name_beside(word: str, side: str, certainty: Certainty, lateral: str, line: str, depth: str | None = None) -> str:
    """The name of a place beside the midline; a side that is not certain is not claimed.

    Parameters
    ----------
    word : str
        The structure.
    side : str
    certainty : Certainty
    lateral : str
        Distance from the line.
    line : str
        What the distance is measured from.
    depth : str, optional
        Where it lies in front of or behind the line.
    """
    behind = "" if depth is None else f" and {depth}"
    if certainty == Certainty.UNCERTAIN:
        if side == "midline":
            return f"{word}, side uncertain, near the assumed midline"
        return f"{word}, side uncertain, {lateral} to the {side} of{behind} the assumed {line}"
    if side == "midline":
        where_to = f"in the {line}" if depth is None else f"{depth} the {line}"
        return f"{word}, {where_to}" if certainty == Certainty.CERTAIN else f"{word}, likely {where_to}"
    likely = "" if certainty == Certainty.CERTAIN else "likely "
    return f"{likely}{side} {word}, {lateral} lateral of{behind} the {line}"


def find_body_plan(
    reference: Image,
    tissues: Image | None = None,
    fluid: Image | None = None,
    symmetry: SymmetryPlane | None = None,
    implants: tuple[HipImplant, ...] = (),
    line: SpineLine | None = None,
    sections: BodySections | None = None,
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
    implants : tuple of HipImplant
        The hip prostheses. With one, the spine is not expected in the field of view and not looked for.
    line : SpineLine, optional
        The spine line when it was found already.
    sections : BodySections, optional
        What the cross sections of the PET show, in the reference frame.

    Returns
    -------
    BodyPlan
        The plan. Its `source` says what the midline was found from, its `certainty` whether another sign confirms it.
    """
    outline = outline_on_mr(reference, tissues)
    seen = tuple(part for part in (sections, outline.sections) if part is not None)
    plane = symmetry if symmetry is not None and plane_fits_outline(symmetry, outline) else None
    if line is None and not implants:
        line = find_spine_line(reference, fluid, _expected_middle(plane, seen, outline))
    line, spine_certainty = _judged_line(line, plane, seen)
    midlines = _signs(line if spine_certainty == Certainty.CERTAIN else None, plane, seen)
    plan = _plan(reference, line, spine_certainty, plane, seen, outline, implants)
    center = reference.geometry.center_ras if line is None else line.points_ras.mean(axis=0)
    return dataclasses.replace(
        plan,
        spine_line=line,
        sections=seen,
        signs=(*midlines["symmetry plane"], *midlines["body outline"]),
        certainty=str(_certainty(plan, midlines, center)),
        spine_certainty=None if spine_certainty is None else str(spine_certainty),
    )


def _judged_line(
    line: SpineLine | None, plane: SymmetryPlane | None, seen: tuple[BodySections, ...]
) -> tuple[SpineLine | None, Certainty | None]:
    """A line with how much it can be relied on as a spine; None for both where it cannot be one."""
    if line is None or not _is_usable(line, plane) or is_refuted(line, seen):
        return None, None
    is_sure = line.is_sure and is_confirmed(line, plane, seen)
    return line, Certainty.CERTAIN if is_sure else Certainty.LIKELY


def plan_on_pet(symmetry: SymmetryPlane, sections: BodySections, center_ras: np.ndarray) -> BodyPlan:
    """The body as the PET alone shows it, in its own frame: for a PET that is not aligned with the MR.

    Parameters
    ----------
    symmetry : SymmetryPlane
    sections : BodySections
    center_ras : ndarray, shape (3,)
        The center of the field of view.
    """
    plane = symmetry if is_reliable(symmetry) else None
    middle = sections.midline()
    if plane is not None:
        plan = BodyPlan(plane.point_ras, plane.normal_ras, "symmetry plane")
    elif middle is not None:
        plan = BodyPlan(middle.point_ras, middle.normal_ras, "body outline")
    else:
        plan = BodyPlan(np.array([0.0, center_ras[1], center_ras[2]]), LEFT_RAS, "scanner axis")
    midlines = _signs(None, plane, (sections,))
    return dataclasses.replace(
        plan,
        sections=(sections,),
        signs=(*midlines["symmetry plane"], *midlines["body outline"]),
        certainty=str(_certainty(plan, midlines, center_ras)),
    )


def _plan(
    reference: Image,
    line: SpineLine | None,
    spine_certainty: Certainty | None,
    plane: SymmetryPlane | None,
    seen: tuple[BodySections, ...],
    outline: BodyOutline,
    implants: tuple[HipImplant, ...],
) -> BodyPlan:
    """The midline of the first sign that there is: a certain spine, plane of symmetry, outline, one side.

    A line that nothing confirms as a spine is used only where there is nothing else.
    """
    if line is not None and spine_certainty == Certainty.CERTAIN:
        normal = _turned_left(reference, line) if plane is None else plane.normal_ras
        return BodyPlan(line.points_ras.mean(axis=0), normal, "spine line", line, implants)
    if plane is not None:
        return BodyPlan(plane.point_ras, plane.normal_ras, "symmetry plane", None, implants)
    middle = next((found for part in seen if (found := part.midline()) is not None), None)
    if middle is not None:
        return BodyPlan(middle.point_ras, middle.normal_ras, "body outline", None, implants)
    if line is not None:
        return BodyPlan(line.points_ras.mean(axis=0), _turned_left(reference, line), "spine line", line, implants)
    return _plan_of_one_side(outline, implants)


def _signs(
    line: SpineLine | None, plane: SymmetryPlane | None, seen: tuple[BodySections, ...]
) -> dict[str, list[SymmetryPlane]]:
    """All midlines that the images show, by the source that a plan names."""
    along = [] if line is None else [SymmetryPlane(line.points_ras.mean(axis=0), LEFT_RAS, 0.0)]
    outlines = [found for part in seen if (found := part.midline()) is not None]
    return {"spine line": along, "symmetry plane": [] if plane is None else [plane], "body outline": outlines}


def _certainty(plan: BodyPlan, signs: dict[str, list[SymmetryPlane]], center_ras: np.ndarray) -> Certainty:
    """How much a midline can be relied on: whether other signs than its own confirm it near a position."""
    if plan.source in NO_MIDLINE or not any(signs.values()):
        return Certainty.UNCERTAIN
    own = SymmetryPlane(plan.midpoint_ras, plan.left_ras, 0.0)
    away = [apart_mm(own, other, center_ras) for others in signs.values() for other in others]
    agreeing = sum(distance <= AGREE_MM for distance in away)
    against = len(away) - agreeing
    if agreeing >= 2 and agreeing > against:
        return Certainty.CERTAIN
    return Certainty.UNCERTAIN if against else Certainty.LIKELY


def _expected_middle(
    plane: SymmetryPlane | None, seen: tuple[BodySections, ...], outline: BodyOutline
) -> float | None:
    """R coordinate near which the spine is expected, mm; None when neither plane nor outline is known."""
    if plane is not None:
        return float(plane.point_ras[0])
    if outline.middle_ras is not None:
        return float(outline.middle_ras[0])
    middle = next((found for part in seen if (found := part.midline()) is not None), None)
    return None if middle is None else float(middle.point_ras[0])


def _is_usable(line: SpineLine, plane: SymmetryPlane | None) -> bool:
    """Whether a spine line is reliable, and near the plane of symmetry when that is known."""
    if not line.is_reliable:
        return False
    return plane is None or abs(float(np.median(plane.signed_distance_mm(line.points_ras)))) < LINE_OFF_PLANE_MM


def _plan_of_one_side(outline: BodyOutline, implants: tuple[HipImplant, ...]) -> BodyPlan:
    """Make the plan when the images show neither the middle of the body nor its plane of symmetry."""
    middle = np.array([middle_from_one_side(outline), 0.0, 0.0])
    if outline.middle_ras is not None:
        middle = outline.middle_ras
    for implant in implants:
        middle = _behind_implant(implant, middle)
    known = outline.skin_left_mm is not None or outline.skin_right_mm is not None or bool(implants)
    return BodyPlan(middle, LEFT_RAS.copy(), "one side" if known else "scanner axis", None, implants)


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
