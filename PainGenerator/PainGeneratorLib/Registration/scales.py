"""The scales of a search, from coarse to fine, and the preparation of a pair of images for each scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..Numerics.core.image import Image, resample, transform_points
from . import sampling
from .sampling import WorkingImage

BORDER_MM = {"MR": 8.0, "CT": 8.0, "PET": 0.0}
"""Upper bound of the distance from the body at which air is compared, by kind of the moving image, mm. The outline of
the body helps to align MR and CT. PET is so blurred that its outline lies outside the true one. This would pull the
PET outward where only one side of the body is in view, so that air is not compared with PET. Our estimates."""
CROP_MARGIN_MM = 20.0
"""Margin around the part of an image that the other image may show, mm. Our estimate."""
BODY_SPACING_MM = 4.0
"""Voxel size at which the body is separated from air, mm. Our estimate."""


PET_SMOOTHING_MM = 2.0
"""Standard deviation of the Gaussian with which PET is smoothed at every scale, mm. PET is blurred already; this keeps
its noise out of the edges. Our estimate."""


@dataclass(frozen=True)
class Scale:
    """One scale of the search.

    Parameters
    ----------
    spacing_mm : float
        Voxel size of the images, mm.
    smoothing_mm : float
        Standard deviation of the Gaussian with which the images are smoothed, mm.
    share : float
        Fraction of the sample points that are used.
    edges : float
        Fraction of the weight of the agreement of edges that is used. It is smaller at the coarse scale, because
        edges of smoothed images lie at other places than the true edges.
    tolerance : float
        The search stops when a step improves the similarity by less than this fraction.
    bone_mm : float or None
        With CT, half of the sample points lie within this distance of bone (mm), because skin and muscle lie
        differently on two tables. None when the points are spread over the whole body.
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
"""The scales in the order in which they are searched. Our estimates."""


class PreparedPair:
    """The parts of two images that both can show, reduced and smoothed for each scale of a search.

    Parameters
    ----------
    fixed, moving : Image
    kinds : (str, str)
        Kinds of the fixed and of the moving image: ``MR``, ``CT`` or ``PET``.
    start : ndarray, shape (4, 4)
        Maps points of the fixed image to points of the moving image, RAS mm.
    fixed_mask : ndarray of bool, shape of the fixed array, or None
        Voxels at which the images are compared; the body and its border when None.
    finest_mm : float
        Voxel size of the finest scale, mm.

    Attributes
    ----------
    usable : bool
        False when the two images do not overlap or the overlap is too thin.
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
        """Voxels at which the fixed image is compared, as booleans."""
        if self.kind == "CT":
            self._moving = sampling.without_table(self._moving)
        if self.fixed_kind == "CT":
            self._fixed = sampling.without_table(self._fixed)

    def at(self, scale: Scale) -> tuple[WorkingImage, WorkingImage]:
        """Prepare the fixed and the moving image for one scale."""
        fixed = sampling.thinned(self._fixed, scale.spacing_mm)
        moving = sampling.thinned(self._moving, scale.spacing_mm)
        sigma = PET_SMOOTHING_MM if self.kind == "PET" else scale.smoothing_mm
        return (
            sampling.smoothed_in_view(fixed, sampling.view_mask(fixed, self.fixed_kind), scale.smoothing_mm),
            sampling.smoothed_in_view(moving, sampling.view_mask(moving, self.kind), sigma),
        )

    def near_bone(self, distance_mm: float, points_ras: np.ndarray) -> np.ndarray:
        """True for points (frame of the moving image, a CT) that lie within a distance of bone, shape (n,)."""
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
        """Dice overlap of the two bodies at a pose, within the field of view of both images; 0 to 1."""
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
