"""The scales of a search, from coarse to fine, and a pair of images prepared for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..Numerics.core.image import Image, resample, transform_points
from . import sampling
from .sampling import WorkingImage

BORDER_MM = {"MR": 8.0, "CT": 8.0, "PET": 0.0}
"""Air this near to the body takes part, by kind of the moving image: the outline of the body is information. But PET
is so blurred that its outline lies outside the true one, and draws the PET outwards where only one side of the body is
in view: with PET, air takes no part."""
CROP_MARGIN_MM = 20.0
BODY_SPACING_MM = 4.0
"""Spacing on which the body is told from air."""


PET_SMOOTHING_MM = 2.0
"""PET is blurred already; this much more keeps its noise out of the edges."""


@dataclass(frozen=True)
class Scale:
    """One scale of the search.

    Parameters
    ----------
    spacing_mm, smoothing_mm : float
    share : float
        Of the sample points.
    edges : float
        Part of the weight of the agreement of edges that counts here; coarse edges lie where no fine ones are.
    tolerance : float
        The search stops when a step betters the similarity by less.
    bone_mm : float or None
        With CT, half of the points lie this near to bone, as skin and muscle bend between two tables; None for all.
    """

    spacing_mm: float
    smoothing_mm: float
    share: float
    edges: float
    tolerance: float
    bone_mm: float | None


SCALES = (
    Scale(6.0, 4.0, 0.1, 0.3, 2e-5, None),
    Scale(4.0, 2.0, 0.25, 1.0, 1e-5, None),
    Scale(2.0, 1.0, 1.0, 1.0, 2e-6, 8.0),
)


class PreparedPair:
    """Crops of two images around what both may show, thinned and smoothed as the scales of a search ask for them.

    Parameters
    ----------
    fixed, moving : Image
    kinds : (str, str)
        Of the fixed and of the moving image.
    start : ndarray, shape (4, 4)
        fixed_to_moving_ras.
    fixed_mask : ndarray of bool, shape of the fixed array, or None
        Where to compare; the body and its border when None.
    finest_mm : float
    """

    def __init__(
        self,
        fixed: Image,
        moving: Image,
        kinds: tuple[str, str],
        start: np.ndarray,
        fixed_mask: np.ndarray | None,
        finest_mm: float,
    ) -> None:
        self.fixed_kind, self.kind = kinds
        near = sampling.cropped(
            fixed, transform_points(np.linalg.inv(start), moving.geometry.corners_ras), CROP_MARGIN_MM
        )
        other = sampling.cropped(moving, transform_points(start, fixed.geometry.corners_ras), CROP_MARGIN_MM)
        self.usable = False
        if near is None or other is None:
            return
        self._fixed = sampling.thinned(near[0], finest_mm)
        self._moving = sampling.thinned(other[0], finest_mm)
        coarse = (sampling.thinned(image, SCALES[0].spacing_mm) for image in (self._fixed, self._moving))
        self.usable = all(min(image.array.shape) >= 3 for image in coarse)
        if not self.usable:
            return
        thin = sampling.thinned(self._fixed, BODY_SPACING_MM)
        view = sampling.view_mask(thin, self.fixed_kind)
        if fixed_mask is None:
            body = sampling.body_mask(thin, self.fixed_kind, view)
            distance = ndimage.distance_transform_edt(~body, sampling=thin.geometry.spacing_kji_mm)
            chosen = (distance <= BORDER_MM[self.kind]) if body.any() else body
        else:
            mask = Image(fixed_mask[near[1]].astype(np.float32), near[0].geometry)
            chosen = sampling.thinned(sampling.thinned(mask, finest_mm), BODY_SPACING_MM).array >= 0.5
        self.compared = Image(chosen if view is None else chosen & view, thin.geometry)
        """Where the fixed image is compared, booleans."""
        if self.kind == "CT":
            self._moving = sampling.without_table(self._moving)
        if self.fixed_kind == "CT":
            self._fixed = sampling.without_table(self._fixed)

    def at(self, scale: Scale) -> tuple[WorkingImage, WorkingImage]:
        """Both images for one scale."""
        fixed = sampling.thinned(self._fixed, scale.spacing_mm)
        moving = sampling.thinned(self._moving, scale.spacing_mm)
        sigma = PET_SMOOTHING_MM if self.kind == "PET" else scale.smoothing_mm
        return (
            sampling.smoothed_in_view(fixed, sampling.view_mask(fixed, self.fixed_kind), scale.smoothing_mm),
            sampling.smoothed_in_view(moving, sampling.view_mask(moving, self.kind), sigma),
        )

    def near_bone(self, distance_mm: float, points_ras: np.ndarray) -> np.ndarray:
        """True for points of the moving frame, a CT, that lie within a distance of bone."""
        image = sampling.thinned(self._moving, BODY_SPACING_MM)
        geometry = image.geometry
        bone = ndimage.binary_opening(image.array > sampling.CT_BONE_HU)
        if not bone.any():
            return np.zeros(len(points_ras), dtype=bool)
        near = ndimage.distance_transform_edt(~bone, sampling=geometry.spacing_kji_mm) < distance_mm
        ijk = np.rint(geometry.to_ijk(points_ras)).astype(np.intp)
        inside = np.all((ijk >= 0) & (ijk < np.array(geometry.shape[::-1])), axis=1)
        ijk[~inside] = 0
        return inside & near[ijk[:, 2], ijk[:, 1], ijk[:, 0]]

    def outline(self, pose: np.ndarray) -> float:
        """Dice overlap of the bodies, where both images see."""
        fixed, moving = (sampling.thinned(image, BODY_SPACING_MM) for image in (self._fixed, self._moving))
        fixed_view = sampling.view_mask(fixed, self.fixed_kind)
        moving_view = sampling.view_mask(moving, self.kind)
        fixed_body = sampling.body_mask(fixed, self.fixed_kind, fixed_view)
        moving_body = Image(sampling.body_mask(moving, self.kind, moving_view), moving.geometry)
        mapped = resample(moving_body, fixed.geometry, pose, order=1, outside=np.nan)
        seen = np.isfinite(mapped)
        if fixed_view is not None:
            seen &= fixed_view
        if moving_view is not None:
            view = Image(moving_view, moving.geometry)
            seen &= resample(view, fixed.geometry, pose, order=0, outside=0) > 0
        a, b = fixed_body & seen, (mapped >= 0.5) & seen
        total = int(a.sum()) + int(b.sum())
        return 2.0 * int((a & b).sum()) / total if total else 0.0
