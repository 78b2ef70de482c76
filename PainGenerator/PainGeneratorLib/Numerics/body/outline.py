"""The outline of the body on an MR: which sides are in view, and where its middle lies.

It is the witness for the midline of an MR in which neither the spinal canal nor a plane of symmetry is reliable; see
:mod:`.midline` for the order of all witnesses.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from ..core import tissues as codes
from ..core.image import LEFT_RAS, Geometry, Image, resample
from .canal import coarse_grid
from .sections import SECTION_GRID_MM, BodySections, no_sections, sections_on
from .symmetry import RELIABLE_QUALITY, SymmetryPlane

HALF_BODY_LEAST_MM = 140.0
"""Lower bound of the half width of the pelvis of an adult with its soft tissue, mm. Our estimate."""
HALF_BODY_MOST_MM = 220.0
"""Upper bound of the half width of the pelvis of an adult with its soft tissue, mm. Our estimate."""
NEAR_SKIN_PART = 0.7
"""Lower bound of the distance of the plane of symmetry from the only visible side of the body, as a part of
HALF_BODY_LEAST_MM. Our estimate."""
ONE_LEG_MM = 230.0
"""Upper bound of the width of a leg, mm. A narrower body that lies beside the axis of the scanner may be one leg. Our
estimate."""
CENTERED_PART = 0.2
"""Upper bound of the distance of a narrow body from the axis of the scanner, as a part of its width, at which it is
taken to be a whole body. Our estimate."""
PLANE_OFF_OUTLINE_MM = 60.0
"""Upper bound of the distance of the plane of symmetry from the middle of the outline, mm. Our estimate."""
SIGNAL_PART = 0.25
"""Lower bound of the signal of the body, as a part of the 90th percentile of the image, where no tissue is known. Our
estimate."""
SEEN_VOXELS = 2
"""Lower bound of the voxels of air between a side of the body and the edge of the view, for that side to be in view.
Our estimate."""


@dataclass(frozen=True, eq=False)
class BodyOutline:
    """The sides of the body that are in view.

    Parameters
    ----------
    skin_left_mm, skin_right_mm : float or None
        R coordinate of the side, mm; None when it is out of view.
    middle_ras : ndarray, shape (3,), or None
        A point in the middle when both sides are in view, RAS mm.
    left_ras : ndarray, shape (3,)
        Unit vector to the patient's left: the axis of the scanner, as an outline does not show a rotation.
    sections : BodySections
        What the cross sections of the body show.
    """

    skin_left_mm: float | None
    skin_right_mm: float | None
    middle_ras: np.ndarray | None
    left_ras: np.ndarray
    sections: BodySections = field(default_factory=no_sections)


def outline_on_mr(reference: Image, tissues: Image | None) -> BodyOutline:
    """Find the sides of the body from the tissue classes, or from the signal when these show nothing.

    Parameters
    ----------
    reference : Image
        The reference series.
    tissues : Image of uint8, optional
        Tissue codes in the same frame.
    """
    values, geometry = coarse_grid(reference, SECTION_GRID_MM)
    ends = _outline_of(values, geometry, _largest_part(_body_mask(values, geometry, tissues)))
    # Tissue classes have holes at tumors and metal, which would part a section; the signal has its outline.
    return dataclasses.replace(ends, sections=sections_on(values, geometry))


def _outline_of(values: np.ndarray, geometry: Geometry, body: np.ndarray) -> BodyOutline:
    """The sides of the largest part of the body on the coarse grid."""
    if not body.any():
        return BodyOutline(None, None, None, LEFT_RAS)
    right = geometry.to_ras(np.zeros(3))[0] + SECTION_GRID_MM * np.arange(geometry.shape[2])
    rows = np.flatnonzero(body.any(axis=(1, 2)))
    first, last = _ends(body, rows)
    start, stop = _ends(~np.isnan(values), rows)
    sees_left, sees_right = (first - start >= SEEN_VOXELS), (stop - last >= SEEN_VOXELS)
    both = sees_left & sees_right
    skin_left = float(np.median(right[first[sees_left]])) if sees_left.mean() > 0.5 else None
    skin_right = float(np.median(right[last[sees_right]])) if sees_right.mean() > 0.5 else None
    if both.mean() <= 0.5:
        return BodyOutline(skin_left, skin_right, None, LEFT_RAS)
    heights = geometry.to_ras(np.stack([np.zeros(rows.size), np.zeros(rows.size), rows], axis=-1))[:, 2]
    middles = 0.5 * (right[first] + right[last])[both]
    at = np.array([np.median(middles), geometry.center_ras[1], np.median(heights[both])])
    width = float(np.median((right[last] - right[first])[both]))
    if width > ONE_LEG_MM or abs(at[0]) < CENTERED_PART * width:
        return BodyOutline(skin_left, skin_right, at, LEFT_RAS)
    # One leg: its inner side is not the side of the body.
    return BodyOutline(None, skin_right, None, LEFT_RAS) if at[0] > 0 else BodyOutline(skin_left, None, None, LEFT_RAS)


def _body_mask(values: np.ndarray, geometry: Geometry, tissues: Image | None) -> np.ndarray:
    """Which voxels of the coarse grid belong to the body, as booleans."""
    body = np.zeros(values.shape, dtype=bool)
    if tissues is not None:
        is_body = (~np.isin(tissues.array, [codes.UNKNOWN, codes.VOID])).astype(np.float32)
        kinds, _ = coarse_grid(Image(is_body, tissues.geometry))
        if kinds.size and np.nanmax(kinds) > 0:
            body = ~np.isin(resample(tissues, geometry, order=0, outside=0), [codes.UNKNOWN, codes.VOID])
    if not body.any():
        body = ~np.isnan(values) & (np.nan_to_num(values) > SIGNAL_PART * np.nanpercentile(values, 90))
    return body


def _largest_part(body: np.ndarray) -> np.ndarray:
    """The largest connected part of a mask, without thin bridges; empty when there is none."""
    opened = np.asarray(ndimage.binary_opening(body, iterations=1)) if min(body.shape) > 4 else body
    parts, count = ndimage.label(opened)
    if count == 0:
        return np.zeros_like(opened)
    largest: np.ndarray = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    return largest


def _ends(mask: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last index along the last axis at which a mask, shape (k, j, i), holds, for some rows k."""
    across = np.asarray(mask.any(axis=1))[rows]
    return across.argmax(axis=1), mask.shape[2] - 1 - across[:, ::-1].argmax(axis=1)


def plane_fits_outline(symmetry: SymmetryPlane, outline: BodyOutline) -> bool:
    """Whether the plane of symmetry is reliable and fits the outline.

    If only one side of the body is visible, the plane must be about half a pelvis away from it.
    """
    if symmetry.quality < RELIABLE_QUALITY:
        return False
    if outline.middle_ras is not None:
        return abs(float(symmetry.signed_distance_mm(outline.middle_ras))) < PLANE_OFF_OUTLINE_MM
    at = float(symmetry.point_ras[0])
    sides = [skin for skin in (outline.skin_left_mm, outline.skin_right_mm) if skin is not None]
    return all(abs(at - skin) >= NEAR_SKIN_PART * HALF_BODY_LEAST_MM for skin in sides) or not sides


def middle_from_one_side(outline: BodyOutline) -> float:
    """R coordinate of the middle when one side of the body or none is visible, mm: near the axis of the scanner."""
    if outline.skin_left_mm is not None and outline.skin_right_mm is None:
        skin = outline.skin_left_mm
        return float(np.clip(0.0, skin + HALF_BODY_LEAST_MM, skin + HALF_BODY_MOST_MM))
    if outline.skin_right_mm is not None and outline.skin_left_mm is None:
        skin = outline.skin_right_mm
        return float(np.clip(0.0, skin - HALF_BODY_MOST_MM, skin - HALF_BODY_LEAST_MM))
    return 0.0
