"""Zones around a hip prosthesis: Gruen 1 to 7 of the stem, DeLee-Charnley I to III of the cup.

Gruen zones in the coronal view: 1 to 3 lie on the lateral side from above downward, 4 lies below the tip, and 5 to 7
lie on the medial side from below upward. The stem is cut into thirds of equal length from its upper end, where the
neck leaves it, to its tip. Zone 1 is at the greater trochanter and zone 7 at the calcar on either side of the body
(Gruen TA, McNeice GM, Amstutz HC. Clin Orthop 1979;141:17-27). In the lateral view 8 to 10 lie in front, 11 lies below
the tip, and 12 to 14 lie behind (Johnston RC et al. J Bone Joint Surg Am 1990;72:161-168).

DeLee-Charnley zones of the bone at the cup: a horizontal and a vertical line through the center of the head make
quadrants; I is superolateral, II is superomedial, III is inferomedial (DeLee JG, Charnley J. Clin Orthop
1976;121:20-32). There is no cup in the fourth quadrant.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from ..Numerics.core.image import Region, transform_points
from ..Numerics.core.kept import Kept
from ..Numerics.core.words import Certainty

_STEM_HALF_MM = (9.0, 6.0)
"""Half the width of a stem in the upper and the lower third, mm, where no void shows it. Our estimate."""
_STEM_HALF_LIMITS_MM = (3.0, 16.0)
"""Lower and upper bound of half the width of the void of a stem, mm. Our estimate."""
_SHOULDER_SIDE_MM = 25.0
"""Upper bound of the lateral distance of the shoulder from the axis of the stem, mm. Our estimate."""
_SHOULDER_FRONT_MM = 15.0
"""Upper bound of the distance of the shoulder in front of or behind the axis of the stem, mm. Our estimate."""
_SHOULDER_AREA_PART = 0.25
"""Lower bound of the area of the lateral half of the void at a height, as a part of what is usual along the stem, at
which the stem still reaches there. Our estimate."""
_TIP_AREA_PART = 0.06
"""The same at the tip, where stems are thinner. Our estimate."""
_HEIGHT_STEP_MM = 2.0
"""Thickness of the layers in which the void of a stem is looked at, mm."""
_CUP_RADII_MM = (20.0, 35.0)
"""Lower and upper bound of the radius of a cup, mm. Cups are 44 to 64 mm wide, small cups and revision cups 40 to 70
mm. Our estimate."""
_CUP_MEDIAL_MM = 15.0
"""Lower bound of the medial distance of the cup from the axis of the stem, mm. Our estimate."""
_CUP_BELOW_SHOULDER_MM = 65.0
"""Upper bound of the distance of the cup below the upper end of the stem on MR, mm. It is large, because the signal
void of the shoulder reaches higher than the metal. Our estimate."""
_ON_SPHERE_MM = 3.0
"""Upper bound of the distance between a point of the cup and the fitted sphere, mm: half a thick slice, and the
irregular edge of a signal void. Our estimate."""


@dataclass(frozen=True, eq=False)
class HipImplant(Kept):
    """Axes of a hip prosthesis, RAS mm in the reference frame.

    Parameters
    ----------
    side : str
        ``left`` or ``right``.
    stem_top_ras : ndarray, shape (3,), optional
        Upper end of the axis of the stem, at the height where the neck leaves it. From here its thirds are counted.
    stem_tip_ras : ndarray, shape (3,), optional
        Lowest point of the stem on its axis.
    cup_center_ras : ndarray, shape (3,), optional
        Center of the sphere of the cup, which is the center of the head.
    cup_radius_mm : float
        Outer radius of the cup.
    side_certainty : str
        How much the side can be relied on, a word of :class:`.Numerics.core.words.Certainty`.
    stem_half_mm : tuple of float
        Half the width of the stem in its upper and in its lower third, mm. On MR it is that of the signal void, which
        is 1 to 3 mm wider than the metal on each side.
    """

    side: str
    stem_top_ras: np.ndarray | None = None
    stem_tip_ras: np.ndarray | None = None
    cup_center_ras: np.ndarray | None = None
    cup_radius_mm: float = 26.0
    side_certainty: str = str(Certainty.CERTAIN)
    stem_half_mm: tuple[float, float] = _STEM_HALF_MM

    def away_mm(self, point_ras: np.ndarray) -> float:
        """Distance of a point from the nearest known point of cup and stem, mm; infinite when none is known."""
        known = [p for p in (self.stem_top_ras, self.stem_tip_ras, self.cup_center_ras) if p is not None]
        return min((float(np.linalg.norm(np.asarray(point_ras) - p)) for p in known), default=np.inf)

    def lateral(self, left_ras: np.ndarray | None = None) -> np.ndarray:
        """Unit vector away from the midline of the body; `left_ras` is the patient's left, -R when left out."""
        left = np.array([-1.0, 0.0, 0.0]) if left_ras is None else np.asarray(left_ras, dtype=float)
        return left if self.side == "left" else -left

    def moved(self, matrix_ras: np.ndarray | None) -> HipImplant:
        """Return the prosthesis after a rigid motion, shape (4, 4), RAS mm; itself when the motion is None."""
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
    def shoulder_ras(self) -> np.ndarray | None:
        """The highest point of the stem on its axis, RAS mm, shape (3,); None without a stem."""
        if self.stem_top_ras is None or self.stem_tip_ras is None:
            return None
        up = np.asarray(self.stem_top_ras, dtype=float) - self.stem_tip_ras
        shoulder: np.ndarray = self.stem_top_ras + self.stem_half_mm[0] * up / np.linalg.norm(up)
        return shoulder

    @property
    def neck_end_ras(self) -> np.ndarray | None:
        """The point where the neck meets the axis of the stem at an angle of 135 degrees, RAS mm, shape (3,).

        It is None when cup or stem is not known.
        """
        top, tip, cup = self.stem_top_ras, self.stem_tip_ras, self.cup_center_ras
        if top is None or tip is None or cup is None:
            return None
        down = tip - top
        down = down / np.linalg.norm(down)
        foot = top + ((cup - top) @ down) * down
        return foot + np.linalg.norm(cup - foot) * down


def implant_from_void(side: str, stem_ras: np.ndarray | None, void: Region | None = None) -> HipImplant:
    """Make a prosthesis from the axis of the stem and the connected signal void, which were found on MR.

    The cup is the sphere on which most of the outer surface of the void medial of the stem lies. The deepest point of
    the void is not used, because the metal is thickest above the center of the head.

    Parameters
    ----------
    side : str
        ``left`` or ``right``.
    stem_ras : ndarray, shape (2, 3), optional
        Upper and lower end of the axis of the stem, RAS mm.
    void : Region, optional
        Signal void of the whole implant.

    Returns
    -------
    HipImplant
        Stem or cup are None when they are not known.
    """
    if stem_ras is None:
        return HipImplant(side)
    top, tip = (np.asarray(point, dtype=float) for point in stem_ras)
    bare = HipImplant(side, top, tip)
    if void is None or not len(void):
        return bare
    points = void.points_ras
    found = _with_cup(bare, points, max(3.0, *void.geometry.spacing_mm))
    return _with_stem_shape(found, points)


def _with_cup(implant: HipImplant, points: np.ndarray, width_mm: float) -> HipImplant:
    """The prosthesis with the cup that its void shows; the same when it shows none."""
    top, medial = implant.stem_top_ras, -implant.lateral()
    assert top is not None
    here = points[((points - top) @ medial > _CUP_MEDIAL_MM) & (points[:, 2] > top[2] - _CUP_BELOW_SHOULDER_MM)]
    if len(here) < 8:
        return implant
    sphere = _sphere_through(_outer_surface(here, medial, width_mm))
    if sphere is None:
        return implant
    return dataclasses.replace(implant, cup_center_ras=sphere[0], cup_radius_mm=sphere[1])


def _with_stem_shape(implant: HipImplant, points: np.ndarray) -> HipImplant:
    """The prosthesis with the upper end and the width of the stem, from its void.

    Neck, head and cup lie medial of the axis of the stem, and their void hides its upper end. Only the stem reaches
    lateral of its axis, so the shoulder is where the lateral half of the void ends. The shoulder and the tip are
    round. The neck leaves the stem half a width below the shoulder.
    """
    top, tip = implant.stem_top_ras, implant.stem_tip_ras
    assert top is not None
    assert tip is not None
    up = (top - tip) / np.linalg.norm(top - tip)
    lateral, anterior = stem_directions(implant)
    way = points - tip
    height, aside, ahead = way @ up, way @ lateral, way @ anterior
    near_axis = np.hypot(aside, ahead) <= _STEM_HALF_LIMITS_MM[1]
    is_lateral = (aside >= 0) & (aside <= _SHOULDER_SIDE_MM) & (np.abs(ahead) <= _SHOULDER_FRONT_MM)
    if not np.any(near_axis & is_lateral):
        return implant
    lowest, _ = _reach_mm(height[near_axis], _TIP_AREA_PART)
    _, highest = _reach_mm(height[is_lateral], _SHOULDER_AREA_PART)
    tip, shoulder = tip + lowest * up, highest - lowest
    height, aside = height[is_lateral] - lowest, aside[is_lateral]
    if shoulder <= 2.0 * _STEM_HALF_LIMITS_MM[1]:
        return implant
    part = height / shoulder
    widths = [aside[(part > low) & (part < high)] for low, high in ((0.6, 0.85), (0.1, 0.35))]
    if not all(map(len, widths)):
        return implant
    upper, lower = (float(np.clip(np.percentile(width, 95), *_STEM_HALF_LIMITS_MM)) for width in widths)
    top = tip + (shoulder - upper) * up
    return dataclasses.replace(implant, stem_top_ras=top, stem_tip_ras=tip, stem_half_mm=(upper, lower))


def _reach_mm(height: np.ndarray, area_part: float) -> tuple[float, float]:
    """Lower and upper end of the heights at which there are many points, as a part of what is usual, mm."""
    layer = np.floor(height / _HEIGHT_STEP_MM).astype(int)
    first = int(layer.min())
    counts = np.bincount(layer - first)
    seen = first + np.flatnonzero(counts >= area_part * np.median(counts[counts > 0]))
    return float(seen[0] * _HEIGHT_STEP_MM), float((seen[-1] + 1) * _HEIGHT_STEP_MM)


def _outer_surface(points: np.ndarray, medial: np.ndarray, width_mm: float) -> np.ndarray:
    """The outermost points from above and from medial, one for each square of `width_mm`, shape (n, 3)."""
    seen = []
    for way, across in ((np.array([0.0, 0.0, 1.0]), medial), (medial, np.array([0.0, 0.0, 1.0]))):
        squares = np.floor(np.column_stack([points @ across, points[:, 1]]) / width_mm).astype(int)
        order = np.argsort(-(points @ way))
        _, first = np.unique(squares[order], axis=0, return_index=True)
        seen.append(points[order[first]])
    return np.concatenate(seen)


def _sphere_through(points: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Center and radius of the sphere of the size of a cup on which most points lie; None when fewer than half do."""
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
    """Position of a point relative to a stem.

    Parameters
    ----------
    along : float
        Position along the axis: 0 at the upper end, 1 at the tip.
    lateral_mm, anterior_mm : float
        Distance from the axis in the lateral and the anterior direction.
    """

    along: float
    lateral_mm: float
    anterior_mm: float

    @property
    def away_mm(self) -> float:
        """Distance from the axis, mm. Beyond the ends of the stem the axis is extended."""
        return float(np.hypot(self.lateral_mm, self.anterior_mm))


def stem_position(point_ras: np.ndarray, implant: HipImplant, left_ras: np.ndarray | None = None) -> StemPosition:
    """Find the position of a point relative to the stem.

    Parameters
    ----------
    point_ras : ndarray, shape (3,)
        RAS mm, in the frame of the implant.
    implant : HipImplant
    left_ras : ndarray, shape (3,), optional
        Unit vector to the patient's left; -R when left out.

    Returns
    -------
    StemPosition

    Raises
    ------
    ValueError
        The implant has no stem axis.
    """
    if implant.stem_top_ras is None or implant.stem_tip_ras is None:
        raise ValueError("the implant has no stem axis")
    axis = np.asarray(implant.stem_tip_ras, dtype=float) - implant.stem_top_ras
    length = float(np.linalg.norm(axis))
    lateral, anterior = stem_directions(implant, left_ras)
    way = np.asarray(point_ras, dtype=float) - implant.stem_top_ras
    return StemPosition(float(way @ axis) / length**2, float(way @ lateral), float(way @ anterior))


def stem_directions(implant: HipImplant, left_ras: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors in the lateral and the anterior direction across a stem, RAS, each of shape (3,).

    Raises
    ------
    ValueError
        The implant has no stem axis.
    """
    if implant.stem_top_ras is None or implant.stem_tip_ras is None:
        raise ValueError("the implant has no stem axis")
    down = np.asarray(implant.stem_tip_ras, dtype=float) - implant.stem_top_ras
    down = down / np.linalg.norm(down)
    lateral = implant.lateral(left_ras)
    lateral = lateral - (lateral @ down) * down
    lateral = lateral / np.linalg.norm(lateral)
    anterior = np.array([0.0, 1.0, 0.0])
    anterior = anterior - (anterior @ down) * down - (anterior @ lateral) * lateral
    return lateral, anterior / np.linalg.norm(anterior)


def tip_zone_part(implant: HipImplant) -> float:
    """Position along a stem (0 at its upper end, 1 at its tip) at which zone 4 begins.

    It is the middle of the round end, half a width above the lowest point.
    """
    assert implant.stem_top_ras is not None
    assert implant.stem_tip_ras is not None
    length = float(np.linalg.norm(implant.stem_tip_ras - implant.stem_top_ras))
    return 1.0 - min(implant.stem_half_mm[1] / length, 0.25)


def gruen_zone(
    point_ras: np.ndarray, implant: HipImplant, left_ras: np.ndarray | None = None
) -> tuple[str, str | None]:
    """Find the Gruen zone of a point.

    Parameters
    ----------
    point_ras : ndarray, shape (3,)
        RAS mm, in the frame of the implant.
    implant : HipImplant
        A prosthesis with a stem axis.
    left_ras : ndarray, shape (3,), optional
        Unit vector to the patient's left; -R when left out.

    Returns
    -------
    str
        "Gruen 1" to "Gruen 7".
    str or None
        "Gruen 8" to "Gruen 14" when the point lies in front of or behind the stem rather than beside it, otherwise
        None.

    Raises
    ------
    ValueError
        The implant has no stem axis.
    """
    position = stem_position(point_ras, implant, left_ras)
    tip_part = tip_zone_part(implant)
    if position.along >= tip_part:
        return "Gruen 4", "Gruen 11" if abs(position.anterior_mm) > abs(position.lateral_mm) else None
    third = int(np.clip(position.along * 3.0 / tip_part, 0, 2.999))
    zone = f"Gruen {1 + third}" if position.lateral_mm >= 0 else f"Gruen {7 - third}"
    if abs(position.anterior_mm) <= abs(position.lateral_mm):
        return zone, None
    return zone, f"Gruen {8 + third}" if position.anterior_mm > 0 else f"Gruen {14 - third}"


def cup_zone(point_ras: np.ndarray, implant: HipImplant, left_ras: np.ndarray | None = None) -> str:
    """Find the DeLee-Charnley zone of a point beside the cup.

    A horizontal line through the center of the head, and a vertical line, divide the coronal outline into zones: I is
    superolateral, II superomedial, III inferomedial. Everything below the horizontal line belongs to III, because the
    cup is open there on the lateral side.

    Parameters
    ----------
    point_ras : ndarray, shape (3,)
        RAS mm, in the frame of the implant.
    implant : HipImplant
        A prosthesis with a cup.
    left_ras : ndarray, shape (3,), optional
        Unit vector to the patient's left; -R when left out.

    Raises
    ------
    ValueError
        The implant has no cup.
    """
    if implant.cup_center_ras is None:
        raise ValueError("the implant has no cup")
    way = np.asarray(point_ras, dtype=float) - implant.cup_center_ras
    if way[2] < 0:
        return "DeLee-Charnley III"
    return "DeLee-Charnley I" if way @ implant.lateral(left_ras) > 0 else "DeLee-Charnley II"
