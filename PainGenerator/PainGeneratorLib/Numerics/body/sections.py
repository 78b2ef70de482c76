"""What part of the body an image shows: cross sections of the body, and the middle of those that are seen whole.

A plane that mirrors a thigh onto itself is as good as one that mirrors a trunk, and a thigh has a bright tube between
its muscles as a spine has. Only the outline tells them apart. An axial cross section of a trunk is one wide oval,
that of both legs consists of two round parts side by side, and that of a single limb (also of the neck and of the
head) is one narrow round part. Where the field of view cuts the body at a side, the section says nothing about the
middle, and nothing about the part of the body unless it is wider than any limb. Start at :func:`find_sections`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import ndimage

from ..core.histogram import otsu
from ..core.image import Geometry, Image, transform_points
from ..core.kept import Kept
from .canal import coarse_grid
from .symmetry import SymmetryPlane

SECTION_GRID_MM = 6.0
"""Spacing of the grid on which the outline is measured, mm. Ends of a section are found to about this distance."""
ROWS = 4
"""Rows of that grid that make one section: 24 mm of height, so that noise of single slices has no effect."""
BODY_PART = 0.2
"""Lower bound of the signal of the body, as a part of the 90th percentile of the body's own signal. Our estimate; the
search for the plane of symmetry uses the same value."""
LEAST_PART_CELLS = 20
"""Lower bound of the cells of a part of a section (7 square centimeters); smaller parts are noise. Our estimate."""
LEAST_OF_LARGEST = 0.25
"""Lower bound of the area of a part of a section, as a fraction of the largest part. Fingers, tubes and the edge of
the table are smaller. Our estimate."""
TRUNK_WIDTH_MM = 230.0
"""Lower bound of the width of a section that is a trunk whatever its depth, mm. The widest legs reach it (own
measurements: a thigh of the public collection "Soft-tissue-Sarcoma" is 190 mm wide). Our estimate."""
SLIM_TRUNK_WIDTH_MM = 210.0
"""Lower bound of the width of a section that is a trunk when it is clearly wider than deep, mm: a slim waist. Our
estimate."""
OVAL = 1.4
"""Lower bound of width over depth of a slim trunk. A trunk has 1.4 to 2, a thigh that is cut obliquely up to 1.3. Our
estimate."""
GAP_PART = 0.6
"""Upper bound of the depth in the middle of a section over that of its sides, at which it consists of two legs that
touch. Trunks have 0.8 to 1, thighs that touch 0.5 (own measurements on the same collection). Our estimate."""
LEGS_ALIKE = 0.6
"""Lower bound of the area of the smaller leg, as a fraction of the larger one. Our estimate: a tumor or swelling may
make them differ, an arm beside a trunk or a leg differs more."""
LEG_LEAST_MM = 60.0
"""Lower bound of the width of a leg as far as it is seen, mm. Calves are 80 mm and wider. Our estimate."""
LEG_ROUNDNESS = (0.5, 1.7)
"""Lower and upper bound of width over depth of a leg as far as it is seen. Our estimate."""
LEAST_SECTIONS = 2
"""Lower bound of the sections with a known middle that give a midline. Our estimate."""
LEAN_MOST = 0.15
"""Upper bound of the sideways shift of the midline per height, mm per mm. Patients lie straight. Our estimate."""
LEAST_HEIGHT_FOR_LEAN_MM = 100.0
"""Lower bound of the height over which sections must be seen for the midline to lean. Our estimate."""
PLANE_OFF_MIDDLE_MM = 60.0
"""Upper bound of the distance of the plane of symmetry from the middle of the outline, mm. Our estimate."""


class BodyPart(StrEnum):
    """What a cross section shows."""

    TRUNK = "trunk"
    LEGS = "legs"
    """Both legs, side by side."""
    LIMB = "limb"
    """One narrow round part: a single leg or arm, the neck, or the head."""
    UNKNOWN = "unknown"
    """The field of view cuts it, or its form is none of these."""


@dataclass(frozen=True, eq=False)
class BodySections(Kept):
    """Cross sections of the body from feet to head.

    Parameters
    ----------
    middles_ras : ndarray, shape (n, 3)
        The middle of each section in the frame of its image, RAS mm; R or A is NaN where the field of view cuts the
        body along it.
    parts : tuple of str, length n
        A :class:`BodyPart` for each section.
    widths_mm : ndarray, shape (n,)
        Width of the largest part of each section as far as it is seen, mm.
    to_image : ndarray, shape (4, 4)
        Maps points of the frame in which the sections are asked to points of the image's frame, RAS mm.
    """

    middles_ras: np.ndarray
    parts: tuple[str, ...]
    widths_mm: np.ndarray
    to_image: np.ndarray

    def moved(self, matrix_ras: np.ndarray) -> BodySections:
        """The same sections after every point was moved by a rigid 4 x 4 RAS matrix."""
        return dataclasses.replace(self, to_image=self.to_image @ np.linalg.inv(matrix_ras))

    def part_at(self, point_ras: np.ndarray) -> BodyPart:
        """What the section at the height of a point shows; UNKNOWN where no section reaches that height.

        Parameters
        ----------
        point_ras : ndarray, shape (3,)
            RAS mm.
        """
        number = self._nearest(point_ras)
        return BodyPart.UNKNOWN if number is None else BodyPart(self.parts[number])

    def parts_along(self, points_ras: np.ndarray) -> list[BodyPart]:
        """The same for points of shape (n, 3)."""
        return [self.part_at(point) for point in np.atleast_2d(points_ras)]

    def _nearest(self, point_ras: np.ndarray) -> int | None:
        if not len(self.parts):
            return None
        height = float(transform_points(self.to_image, np.asarray(point_ras, dtype=float))[2])
        away = np.abs(self.middles_ras[:, 2] - height)
        nearest = int(away.argmin())
        return nearest if away[nearest] <= ROWS * SECTION_GRID_MM else None

    def midline(self) -> SymmetryPlane | None:
        """The plane through the middles of the sections, of quality 0; None when too few middles are known.

        It leans sideways by :data:`LEAN_MOST` at most, and does not turn about the long axis, as an outline does not
        show a rotation.
        """
        known = self.middles_ras[np.isfinite(self.middles_ras[:, 0])]
        if len(known) < LEAST_SECTIONS:
            return None
        height, across = known[:, 2], known[:, 0]
        lean = 0.0
        if np.ptp(height) >= LEAST_HEIGHT_FOR_LEAN_MM:
            first, second = np.triu_indices(len(height), 1)
            # The median of the slopes of all pairs (Theil and Sen) is not moved by single sections.
            slopes = (across[second] - across[first]) / (height[second] - height[first])
            lean = float(np.clip(np.median(slopes), -LEAN_MOST, LEAN_MOST))
        front = known[np.isfinite(known[:, 1]), 1]
        middle = float(front.mean()) if front.size else 0.0
        at = np.array([np.median(across - lean * (height - height.mean())), middle, height.mean()])
        plane = SymmetryPlane(at, np.array([-1.0, 0.0, lean]) / np.hypot(1.0, lean), 0.0)
        return plane.moved(np.linalg.inv(self.to_image))

    def shows(self, *parts: BodyPart) -> bool:
        """Whether at least half of all sections are of some kinds, and those of other known kinds are fewer."""
        held = sum(part in parts for part in self.parts)
        others = sum(part not in (*parts, BodyPart.UNKNOWN) for part in self.parts)
        return held > 0 and 2 * held >= len(self.parts) and held > others

    def front_of_middle_mm(self, point_ras: np.ndarray) -> float | None:
        """How far a point, shape (3,), lies in front of the middle between back and front, mm; None if not known."""
        number = self._nearest(point_ras)
        if number is None or not np.isfinite(self.middles_ras[number, 1]):
            return None
        return float(
            transform_points(self.to_image, np.asarray(point_ras, dtype=float))[1] - self.middles_ras[number, 1]
        )

    def is_mostly_trunk(self) -> bool:
        """Whether more than half of the sections of known form are those of a trunk."""
        known = [part for part in self.parts if part != BodyPart.UNKNOWN]
        return 2 * sum(part == BodyPart.TRUNK for part in known) > len(known)

    def is_wide(self) -> bool:
        """Whether most sections are too wide for a single limb, so that they hold the midline even where cut."""
        return len(self.widths_mm) > 0 and float(np.median(self.widths_mm)) >= TRUNK_WIDTH_MM


def no_sections() -> BodySections:
    """What an image without a body shows."""
    return BodySections(np.zeros((0, 3)), (), np.zeros(0), np.eye(4))


def find_sections(image: Image) -> BodySections:
    """Find the cross sections of the body in a PET or an MR, in its own frame.

    Parameters
    ----------
    image : Image
        NaN marks voxels outside the field of view.
    """
    return sections_on(*coarse_grid(image, SECTION_GRID_MM))


def sections_on(values: np.ndarray, geometry: Geometry) -> BodySections:
    """The same from values on the coarse grid of the sections, shape (S, A, R); NaN outside the field of view."""
    seen = values[np.isfinite(values) & (values > 0)]
    if not seen.size:
        return no_sections()
    tissue = seen[seen > np.exp(otsu(np.log(seen)))]
    least = BODY_PART * float(np.percentile(tissue, 90)) if tissue.size else 0.0
    return sections_of(values, geometry, np.nan_to_num(values) > least)


def sections_of(values: np.ndarray, geometry: Geometry, body: np.ndarray) -> BodySections:
    """The cross sections of a body on a coarse grid along R, A and S.

    Parameters
    ----------
    values : ndarray, shape (S, A, R)
        NaN marks cells outside the field of view.
    geometry : Geometry
        The grid, with the spacing :data:`SECTION_GRID_MM`.
    body : ndarray of bool, shape of `values`
    """
    middles, parts, widths = [], [], []
    for row in range(0, len(values), ROWS):
        slab = slice(row, row + ROWS)
        section = ndimage.binary_fill_holes(body[slab].mean(axis=0) > 0.5)
        columns = np.flatnonzero(np.isfinite(values[slab]).mean(axis=0).max(axis=0) > 0.5)
        if not columns.size or not section.any():
            continue
        pieces = _pieces(section)
        part, middle = _judged(pieces, (int(columns[0]), int(columns[-1])))
        middle_row = _middle_row(section, values[slab])
        center = geometry.to_ras(np.array([middle or 0.0, middle_row or 0.0, row + 0.5 * (ROWS - 1)]))
        center[:2] = np.where([middle is None, middle_row is None], np.nan, center[:2])
        middles.append(center)
        parts.append(str(part))
        widths.append(pieces[0].width_mm if pieces else 0.0)
    if not parts:
        return no_sections()
    return BodySections(np.array(middles), tuple(parts), np.array(widths), np.eye(4))


def _middle_row(section: np.ndarray, values: np.ndarray) -> float | None:
    """The row halfway between the back and the front of a section; None where the field of view cuts one of them."""
    body = np.flatnonzero(section.any(axis=1))
    seen = np.flatnonzero(np.isfinite(values).mean(axis=0).max(axis=1) > 0.5)
    if body[0] <= seen[0] or body[-1] >= seen[-1]:
        return None
    return 0.5 * float(body[0] + body[-1])


@dataclass(frozen=True, eq=False)
class _Piece:
    """A connected part of a section: first and last column, its depth in each of them, and its cells."""

    low: int
    high: int
    depth: np.ndarray
    cells: int

    @property
    def width_mm(self) -> float:
        return (self.high - self.low + 1) * SECTION_GRID_MM

    @property
    def roundness(self) -> float:
        """Width over depth."""
        return self.width_mm / (float(self.depth.max()) * SECTION_GRID_MM)


def _pieces(section: np.ndarray) -> list[_Piece]:
    """The parts of a section that are large enough, the largest first."""
    labels, count = ndimage.label(section)
    found = []
    for number in range(1, count + 1):
        depth = (labels == number).sum(axis=0)
        columns = np.flatnonzero(depth)
        found.append(_Piece(int(columns[0]), int(columns[-1]), depth[columns[0] : columns[-1] + 1], int(depth.sum())))
    found.sort(key=lambda piece: -piece.cells)
    least = max(LEAST_PART_CELLS, LEAST_OF_LARGEST * found[0].cells) if found else 0
    return [piece for piece in found if piece.cells >= least]


def _judged(pieces: list[_Piece], view: tuple[int, int]) -> tuple[BodyPart, float | None]:
    """What a section is, and the column of its middle where that is known.

    Parameters
    ----------
    pieces : list of _Piece
        The parts of the section, the largest first.
    view : tuple of int
        First and last column in the field of view.
    """
    if not pieces:
        return BodyPart.UNKNOWN, None
    legs = _two_legs(pieces, view)
    if legs is not None:
        return BodyPart.LEGS, legs
    return _form_of_one(pieces[0], view, len(pieces) == 1)


def _form_of_one(piece: _Piece, view: tuple[int, int], is_alone: bool) -> tuple[BodyPart, float | None]:
    """What a section with one main part is, and the column of its middle where that is known."""
    is_cut = piece.low <= view[0] or piece.high >= view[1]
    middle = None if is_cut else 0.5 * (piece.low + piece.high)
    if _is_trunk(piece) and not (is_cut and piece.width_mm < TRUNK_WIDTH_MM):
        return (BodyPart.LEGS if _has_gap(piece) else BodyPart.TRUNK), middle
    # Beside other parts it is the neck, the head or an arm, of which nothing follows.
    return (BodyPart.LIMB if is_alone and not is_cut else BodyPart.UNKNOWN), None


def _is_trunk(piece: _Piece) -> bool:
    """Whether a part is wide enough for a trunk, or for two legs that touch."""
    is_slim = piece.width_mm >= SLIM_TRUNK_WIDTH_MM and piece.roundness >= OVAL
    return piece.width_mm >= TRUNK_WIDTH_MM or is_slim


def _has_gap(piece: _Piece) -> bool:
    """Whether a part is much less deep in the middle fifth of its width than on both sides of it."""
    width = len(piece.depth)
    fifth = max(1, width // 10)
    middle = piece.depth[width // 2 - fifth : width // 2 + fifth + 1].min()
    sides = min(piece.depth[: width // 2].max(), piece.depth[width // 2 :].max())
    return bool(middle < GAP_PART * sides)


def _may_be_leg(piece: _Piece) -> bool:
    """Whether a part has the width and the form of a leg."""
    low, high = LEG_ROUNDNESS
    return LEG_LEAST_MM <= piece.width_mm < TRUNK_WIDTH_MM and low <= piece.roundness <= high


def _two_legs(pieces: list[_Piece], view: tuple[int, int]) -> float | None:
    """Column between two legs that lie side by side; None when the section is something else.

    The middle between their inner sides is used where the field of view cuts an outer side, else that of the outer
    sides as well.
    """
    if len(pieces) != 2:
        return None
    right_side, left_side = sorted(pieces, key=lambda piece: -piece.low)
    is_beside = right_side.low > left_side.high
    are_alike = pieces[1].cells >= LEGS_ALIKE * pieces[0].cells
    if not (is_beside and are_alike and all(_may_be_leg(piece) for piece in pieces)):
        return None
    inner = 0.5 * (left_side.high + right_side.low)
    if left_side.low <= view[0] or right_side.high >= view[1]:
        return inner
    return 0.5 * (inner + 0.5 * (left_side.low + right_side.high))


def apart_mm(first: SymmetryPlane, second: SymmetryPlane, at_ras: np.ndarray) -> float:
    """How far two midlines lie apart at a position, mm.

    Parameters
    ----------
    first, second : SymmetryPlane
        In one frame.
    at_ras : ndarray, shape (3,)
        Where they are compared, RAS mm.
    """
    return abs(float(first.signed_distance_mm(at_ras)) - float(second.signed_distance_mm(at_ras)))


def supported_plane(symmetry: SymmetryPlane, sections: BodySections) -> SymmetryPlane:
    """A plane of symmetry that was checked against the outline of the body.

    A plane through a single limb, and a plane far from the middle of the outline, compare two places that are not
    mirrored places of each other. Such a plane gets the quality 0, so that left and right are not compared.

    Parameters
    ----------
    symmetry : SymmetryPlane
    sections : BodySections
        Of the same image, in the same frame.
    """
    middle = sections.midline()
    if middle is None:
        holds = sections.is_wide()
    else:
        holds = apart_mm(symmetry, middle, middle.point_ras) < PLANE_OFF_MIDDLE_MM
    return symmetry if holds else dataclasses.replace(symmetry, quality=0.0)
