"""Zones around a hip prosthesis: Gruen 1 to 7 of the stem, DeLee-Charnley I to III of the cup.

Gruen (coronal view): 1 to 3 from above downward on the lateral side, 4 below the tip, 5 to 7 from below upward on
the medial
side, so 1 is the greater trochanter and 7 the calcar on either side of the body. In the lateral view 8 to 10 lie in
front,
11 below the tip, 12 to 14 behind (Gruen 1979; numbers of the lateral view after Johnston 1990).
DeLee-Charnley (1976): I superolateral, II medial, III inferomedial thirds of the cup's bone interface.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from ..Numerics.core.image import Region, transform_points
from ..Numerics.core.kept import Kept

_TIP_ZONE_PART = 0.1
"""Zone 4 begins where the tip's last tenth of the stem begins. Ours; drawn zones have zone 4 at and below the tip."""
_CUP_RADII_MM = (20.0, 35.0)
"""Cups are 44 to 64 mm wide, small and revision ones 40 to 70."""
_CUP_MEDIAL_MM, _CUP_BELOW_SHOULDER_MM = 15.0, 65.0
"""The cup lies so far medial of the stem's axis, and not so far below its shoulder, whose void reaches up. Ours."""
_ON_SPHERE_MM = 3.0
"""Half a thick slice and the ragged edge of a void."""


@dataclass(frozen=True, eq=False)
class HipImplant(Kept):
    """Axes of a hip prosthesis, RAS mm of the reference frame.

    Parameters
    ----------
    side : str
        ``left`` or ``right``.
    stem_top_ras, stem_tip_ras : ndarray, shape (3,), optional
        Upper end (shoulder) and lower end of the stem's axis.
    cup_center_ras : ndarray, shape (3,), optional
        Center of the cup's sphere, that is of the head.
    cup_radius_mm : float
        Outer radius of the cup.
    """

    side: str
    stem_top_ras: np.ndarray | None = None
    stem_tip_ras: np.ndarray | None = None
    cup_center_ras: np.ndarray | None = None
    cup_radius_mm: float = 26.0

    def lateral(self, left_ras: np.ndarray | None = None) -> np.ndarray:
        """Unit vector away from the body's middle; `left_ras` is the patient's left, -x when left out."""
        left = np.array([-1.0, 0.0, 0.0]) if left_ras is None else np.asarray(left_ras, dtype=float)
        return left if self.side == "left" else -left

    def moved(self, matrix_ras: np.ndarray | None) -> HipImplant:
        """The prosthesis after a rigid 4 x 4 RAS motion; itself when that is None."""
        if matrix_ras is None:
            return self

        def moved(point_ras: np.ndarray | None) -> np.ndarray | None:
            return None if point_ras is None else transform_points(matrix_ras, point_ras)

        return dataclasses.replace(
            self,
            stem_top_ras=moved(self.stem_top_ras),
            stem_tip_ras=moved(self.stem_tip_ras),
            cup_center_ras=moved(self.cup_center_ras),
        )

    @property
    def neck_end_ras(self) -> np.ndarray | None:
        """Where the neck meets the stem's axis, at 135 degrees to it; None when cup or stem is not known.

        It does not rest on the stem's upper end: on MR the void of head and shoulder hides where that is.
        """
        top, tip, cup = self.stem_top_ras, self.stem_tip_ras, self.cup_center_ras
        if top is None or tip is None or cup is None:
            return None
        down = tip - top
        down = down / np.linalg.norm(down)
        foot = top + ((cup - top) @ down) * down
        return foot + np.linalg.norm(cup - foot) * down


def implant_from_void(side: str, stem_ras: np.ndarray | None, void: Region | None = None) -> HipImplant:
    """A prosthesis from what was found on MR: the stem's axis and the connected signal void.

    The cup is the sphere that most of the outer surface of the void medial of the stem lies on: the dome of metal is
    thickest above the head's center, so that its depth would not tell the center.

    Parameters
    ----------
    side : str
        ``left`` or ``right``.
    stem_ras : ndarray, shape (2, 3), optional
        Upper and lower end of the stem's axis, RAS mm.
    void : Region, optional
        Signal void of the whole implant.
    """
    if stem_ras is None:
        return HipImplant(side)
    top, tip = (np.asarray(point, dtype=float) for point in stem_ras)
    bare = HipImplant(side, top, tip)
    if void is None or not len(void):
        return bare
    points = void.points_ras
    medial = -bare.lateral()
    here = points[((points - top) @ medial > _CUP_MEDIAL_MM) & (points[:, 2] > top[2] - _CUP_BELOW_SHOULDER_MM)]
    if len(here) < 8:
        return bare
    surface = _outer_surface(here, medial, max(3.0, *void.geometry.spacing_mm))
    sphere = _sphere_through(surface)
    return bare if sphere is None else HipImplant(side, top, tip, *sphere)


def _outer_surface(points: np.ndarray, medial: np.ndarray, width_mm: float) -> np.ndarray:
    """The points that are seen from above and from medial, one for each square of `width_mm`, shape (n, 3)."""
    seen = []
    for way, across in ((np.array([0.0, 0.0, 1.0]), medial), (medial, np.array([0.0, 0.0, 1.0]))):
        squares = np.floor(np.column_stack([points @ across, points[:, 1]]) / width_mm).astype(int)
        order = np.argsort(-(points @ way))
        _, first = np.unique(squares[order], axis=0, return_index=True)
        seen.append(points[order[first]])
    return np.concatenate(seen)


def _sphere_through(points: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Center and radius of the cup-sized sphere that most points lie on; None when fewer than half of them do."""
    axes = [np.arange(low, high + 4.0, 4.0) for low, high in zip(points.min(axis=0), points.max(axis=0), strict=True)]
    centers = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    away = cdist(centers, points)
    radii = np.arange(*_CUP_RADII_MM, 1.5)
    votes = np.stack([np.count_nonzero(np.abs(away - r) < _ON_SPHERE_MM, axis=1) for r in radii], axis=1)
    best, size = np.unravel_index(votes.argmax(), votes.shape)
    center, radius = centers[best], float(radii[size])
    for _ in range(5):
        on = np.abs(np.linalg.norm(points - center, axis=1) - radius) < _ON_SPHERE_MM
        if np.count_nonzero(on) < max(8, 0.5 * len(points)):
            return None
        rows = np.column_stack([2.0 * points[on], np.ones(np.count_nonzero(on))])
        solved = np.linalg.lstsq(rows, np.sum(points[on] ** 2, axis=1), rcond=None)[0]
        center = solved[:3]
        radius = float(np.clip(np.sqrt(solved[3] + center @ center), *_CUP_RADII_MM))
    return center, radius


@dataclass(frozen=True)
class StemPosition:
    """Where a point lies to the stem: along it (0 at the top, 1 at the tip), and from its axis (mm)."""

    along: float
    lateral_mm: float
    anterior_mm: float

    @property
    def away_mm(self) -> float:
        """Distance from the axis, beyond the ends from the end itself is not counted."""
        return float(np.hypot(self.lateral_mm, self.anterior_mm))


def stem_position(point_ras: np.ndarray, implant: HipImplant, left_ras: np.ndarray | None = None) -> StemPosition:
    """Coordinates of a point to the stem's axis.

    Raises
    ------
    ValueError
        When the implant has no stem axis.
    """
    if implant.stem_top_ras is None or implant.stem_tip_ras is None:
        raise ValueError("the implant has no stem axis")
    axis = np.asarray(implant.stem_tip_ras, dtype=float) - implant.stem_top_ras
    length = float(np.linalg.norm(axis))
    down = axis / length
    lateral = implant.lateral(left_ras)
    lateral = lateral - (lateral @ down) * down
    lateral /= np.linalg.norm(lateral)
    anterior = np.array([0.0, 1.0, 0.0])
    anterior = anterior - (anterior @ down) * down - (anterior @ lateral) * lateral
    anterior /= np.linalg.norm(anterior)
    way = np.asarray(point_ras, dtype=float) - implant.stem_top_ras
    return StemPosition(float(way @ down) / length, float(way @ lateral), float(way @ anterior))


def gruen_zone(
    point_ras: np.ndarray, implant: HipImplant, left_ras: np.ndarray | None = None
) -> tuple[str, str | None]:
    """Gruen zone of a point.

    Parameters
    ----------
    point_ras : ndarray, shape (3,)
    implant : HipImplant
        With a stem axis.
    left_ras : ndarray, shape (3,), optional
        The patient's left.

    Returns
    -------
    str
        "Gruen 1" to "Gruen 7".
    str or None
        "Gruen 8" to "Gruen 14" when the point lies more in front or behind than beside the stem, else None.
    """
    position = stem_position(point_ras, implant, left_ras)
    if position.along >= 1.0 - _TIP_ZONE_PART:
        beside = abs(position.lateral_mm) > 8.0 and position.along < 1.0
        if not beside:
            return "Gruen 4", "Gruen 11" if abs(position.anterior_mm) > abs(position.lateral_mm) else None
    third = int(np.clip(position.along * 3.0 / (1.0 - _TIP_ZONE_PART), 0, 2.999))
    zone = f"Gruen {1 + third}" if position.lateral_mm >= 0 else f"Gruen {7 - third}"
    if abs(position.anterior_mm) <= abs(position.lateral_mm):
        return zone, None
    return zone, f"Gruen {8 + third}" if position.anterior_mm > 0 else f"Gruen {14 - third}"


def cup_zone(point_ras: np.ndarray, implant: HipImplant, left_ras: np.ndarray | None = None) -> str:
    """DeLee-Charnley zone of a point beside the cup.

    The cup's coronal outline is cut into thirds by a vertical and a horizontal line through its center: I above and
    lateral, II above and medial, III below.

    Raises
    ------
    ValueError
        When the implant has no cup.
    """
    if implant.cup_center_ras is None:
        raise ValueError("the implant has no cup")
    way = np.asarray(point_ras, dtype=float) - implant.cup_center_ras
    if way[2] < 0:
        return "DeLee-Charnley III"
    return "DeLee-Charnley I" if way @ implant.lateral(left_ras) > 0 else "DeLee-Charnley II"
