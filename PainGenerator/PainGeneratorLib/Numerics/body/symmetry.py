"""The plane that divides the body into left and right, found from the image itself, and left-right comparison.

The plane maximises the correlation of an image with its own mirror image (self-registration under a flip, as
Liu, Collins and Martin, MICCAI 1998, do for brains), over the three parameters that a plane has.
It needs only a coarse grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, optimize

from ..core.histogram import otsu
from ..core.image import Geometry, Image
from ..core.kept import Kept

LEFT_RAS = np.array([-1.0, 0.0, 0.0])
"""The patient's left in RAS."""

EXPECTED_TILT_DEG = 12.0
"""Tilt that lowers the quality to 37 %."""
RELIABLE_QUALITY = 0.22
"""Planes of a lower quality are not to be used for left-right comparison (ours, from cropped and whole real cases)."""
GRID_MM = 6.0
"""Spacing of the coarse grid; half a plane's offset error of 1 mm needs no finer one."""
TYPICAL_TILT_DEG = 20.0
"""A tilt of this size costs as much as 0.1 of correlation: patients lie straight, and half a body tilts easily."""
MIN_OVERLAP = 0.3
"""Part of the body that must have its mirrored place in the field of view."""
MAX_POINTS = 6000
"""Points compared; more make the plane slower, not better."""


@dataclass(frozen=True, eq=False)
class SymmetryPlane(Kept):
    """The midsagittal plane.

    Parameters
    ----------
    point_ras : ndarray, shape (3,)
        A point of the plane, RAS mm.
    normal_ras : ndarray, shape (3,)
        Unit normal that points to the patient's LEFT (its first component, R, is negative).
    quality : float
        0 to 1: agreement of structure with its mirror image within the body, less where little of the body could be
        compared. Whole trunks reach 0.35 to 0.65; below :data:`RELIABLE_QUALITY` the plane is a guess.
    """

    point_ras: np.ndarray
    normal_ras: np.ndarray
    quality: float

    def signed_distance_mm(self, points_ras: np.ndarray) -> np.ndarray:
        """Distance from the plane, shape (...); positive on the patient's left."""
        return (np.asarray(points_ras, dtype=np.float64) - self.point_ras) @ self.normal_ras

    def mirror(self, points_ras: np.ndarray) -> np.ndarray:
        """The mirrored places of points of shape (..., 3), RAS mm."""
        points = np.asarray(points_ras, dtype=np.float64)
        return points - 2.0 * self.signed_distance_mm(points)[..., None] * self.normal_ras

    def moved(self, matrix_ras: np.ndarray) -> SymmetryPlane:
        """The same plane after every point was moved by a rigid 4 x 4 RAS matrix."""
        matrix = np.asarray(matrix_ras, dtype=np.float64)
        return SymmetryPlane(
            matrix[:3, :3] @ self.point_ras + matrix[:3, 3], matrix[:3, :3] @ self.normal_ras, self.quality
        )


def left_right_ratio(value: float | None, mirrored: float | None) -> float | None:
    """Uptake here over uptake at the mirrored place; above 1 when this side is the hotter one; None when unknown."""
    if value is None or mirrored is None or mirrored <= 0:
        return None
    return value / mirrored


def asymmetry_index_percent(right: float, left: float) -> float:
    """AI = 200 (R - L) / (R + L), percent; positive when the right side is the hotter one."""
    return 200.0 * (right - left) / (right + left)


def find_symmetry_plane(
    image: Image, mask: np.ndarray | None = None, start: SymmetryPlane | None = None
) -> SymmetryPlane:
    """Find the plane of left-right symmetry of a body part.

    Parameters
    ----------
    image : Image
        PET (SUV) or MR; NaN marks voxels outside the field of view.
    mask : ndarray of bool, shape of the image, optional
        The voxels to compare; by default those of the body (brighter than the background).
    start : SymmetryPlane, optional
        Where to start; by default the middle of the body, not tilted.

    Returns
    -------
    SymmetryPlane
        With `quality` 0, through the middle of the field of view, when there is nothing to compare.
    """
    coarse, weight = _coarse_image(image, mask)
    body = weight > 0
    if np.count_nonzero(body) < 30:
        return SymmetryPlane(image.geometry.center_ras, LEFT_RAS.copy(), 0.0)
    flat = np.flatnonzero(body)
    # A stride that shares no factor with the rows keeps the points spread over all columns.
    flat = flat[:: max(1, flat.size // MAX_POINTS) | 1]
    points = coarse.geometry.flat_to_ras(flat)
    score = _Score(coarse, points, coarse.array.reshape(-1)[flat].astype(np.float64))
    center = points.mean(axis=0)
    if start is not None:
        yaw, roll = _angles_of(start.normal_ras)
        first = np.array([float((start.point_ras - center) @ start.normal_ras), yaw, roll])
        offsets = first[0] + np.arange(-12.0, 12.1, 6.0)
    else:
        first = np.zeros(3)
        half = 0.5 * np.ptp(points @ LEFT_RAS)
        offsets = np.arange(-0.5 * half, 0.5 * half + 1.0, GRID_MM)
    tilts = first[1:] + np.array([(a, b) for a in (-8.0, 0.0, 8.0) for b in (-8.0, 0.0, 8.0)])
    rough = sorted((score.cost(np.array([d, first[1], first[2]]), center), d) for d in offsets)[:3]
    starts = sorted(
        ((score.cost(np.array([d, yaw, roll]), center), d, yaw, roll) for _, d in rough for yaw, roll in tilts)
    )[:2]
    best = min(
        (
            optimize.minimize(
                score.cost,
                np.array(s[1:]),
                args=(center,),
                method="Nelder-Mead",
                options={
                    "initial_simplex": np.array(s[1:]) + np.array([[0, 0, 0], [6, 0, 0], [0, 4, 0], [0, 0, 4]]),
                    "xatol": 0.05,
                    "fatol": 1e-5,
                    "maxfev": 90,
                },
            )
            for s in starts
        ),
        key=lambda result: result.fun,
    )
    normal = _normal_of(best.x[1], best.x[2])
    point = center + best.x[0] * normal
    return SymmetryPlane(point, normal, _quality(coarse, weight, point, normal))


def _quality(coarse: Image, body: np.ndarray, point: np.ndarray, normal: np.ndarray) -> float:
    """How well structure of 1 to 3 cm within the body agrees with its mirror image, how much of it could be compared.

    The outline alone agrees at many planes; detail agrees at the right one. Strong tilt speaks of a cropped body.
    """
    spacing = np.array(coarse.geometry.spacing_kji_mm)
    values = np.where(body, coarse.array, np.float32(0.0))
    share = np.maximum(ndimage.gaussian_filter(body.astype(np.float32), 15.0 / spacing), 0.05)
    detail = np.where(body, values - ndimage.gaussian_filter(values, 15.0 / spacing) / share, np.float32(0.0))
    detail = np.where(body, ndimage.gaussian_filter(detail, 5.0 / spacing), np.float32(np.nan))
    flat = np.flatnonzero(body)
    flat = flat[:: max(1, flat.size // MAX_POINTS) | 1]
    score = _Score(Image(detail, coarse.geometry), coarse.geometry.flat_to_ras(flat), detail.reshape(-1)[flat])
    correlation, overlap = score.correlation(point, normal)
    compared = np.clip((overlap - 0.6) / 0.3, 0.0, 1.0)
    tilt = np.rad2deg(np.arccos(min(1.0, float(normal @ LEFT_RAS))))
    return float(max(0.0, correlation) * compared * np.exp(-((tilt / EXPECTED_TILT_DEG) ** 2)))


def _normal_of(yaw_deg: float, roll_deg: float) -> np.ndarray:
    """The left-pointing normal, turned about the S axis (yaw) and the A axis (roll)."""
    yaw, roll = np.deg2rad((yaw_deg, roll_deg))
    return np.array([-np.cos(yaw) * np.cos(roll), np.sin(yaw) * np.cos(roll), np.sin(roll)])


def _angles_of(normal: np.ndarray) -> tuple[float, float]:
    return float(np.rad2deg(np.arctan2(normal[1], -normal[0]))), float(np.rad2deg(np.arcsin(normal[2])))


class _Score:
    """Correlation of values at points with those at the mirrored points."""

    def __init__(self, coarse: Image, points: np.ndarray, values: np.ndarray) -> None:
        self._coarse, self._points, self._values = coarse, points, values

    def correlation(self, point: np.ndarray, normal: np.ndarray) -> tuple[float, float]:
        """Correlation over the points whose mirrored place is in view, and the part of such points."""
        distance = (self._points - point) @ normal
        ijk = self._coarse.geometry.to_ijk(self._points - 2.0 * distance[:, None] * normal)
        mirrored = ndimage.map_coordinates(self._coarse.array, ijk[:, ::-1].T, order=1, mode="constant", cval=np.nan)
        seen = np.isfinite(mirrored)
        overlap = float(seen.mean())
        if np.count_nonzero(seen) < 20:
            return 0.0, overlap
        a, b = self._values[seen], mirrored[seen]
        a, b = a - a.mean(), b - b.mean()
        size = np.sqrt((a @ a) * (b @ b))
        return (float(a @ b / size) if size > 0 else 0.0), overlap

    def cost(self, parameters: np.ndarray, center: np.ndarray) -> float:
        """Minus the correlation; little overlap and strong tilt cost."""
        offset, yaw, roll = parameters
        normal = _normal_of(yaw, roll)
        correlation, overlap = self.correlation(center + offset * normal, normal)
        too_far = max(0.0, MIN_OVERLAP - overlap) * 5.0
        tilt = (yaw**2 + roll**2) / TYPICAL_TILT_DEG**2
        return -correlation + 0.3 * (1.0 - overlap) + too_far + 0.1 * tilt


def _body_level(values: np.ndarray) -> float:
    """A fifth of the 90th percentile of the body itself, however much air there is around it in the field of view.

    Otsu's threshold of the logarithm tells air from tissue, or in a field of view without air lean tissue from fat.
    """
    positive = values[values > 0]
    if not positive.size:
        return 0.0
    return 0.2 * float(np.percentile(positive[positive > np.exp(otsu(np.log(positive)))], 90))


def _coarse_image(image: Image, mask: np.ndarray | None) -> tuple[Image, np.ndarray]:
    """Block means on a coarse grid, clipped at the middle of the body, and the weight (body or mask) of each cell."""
    spacing = image.geometry.spacing_kji_mm
    factors = tuple(max(1, min(round(GRID_MM / s), n)) for s, n in zip(spacing, image.array.shape, strict=True))
    shape = tuple(n // f for n, f in zip(image.array.shape, factors, strict=True))
    block_shape = tuple(x for n, f in zip(shape, factors, strict=True) for x in (n, f))
    trimmed = tuple(slice(0, n * f) for n, f in zip(shape, factors, strict=True))
    values = image.array[trimmed].reshape(block_shape).mean(axis=(1, 3, 5), dtype=np.float32)
    unseen = ~np.isfinite(values)
    seen_values = values[~unseen]
    if mask is not None:
        weight = mask[trimmed].reshape(block_shape).mean(axis=(1, 3, 5)) > 0.5
    else:
        weight = values > _body_level(seen_values)
    weight &= ~unseen
    # What is brighter than the middle of the body counts alike: liver, stomach, heart or one bright coil edge would
    # decide alone, while fat, lean tissue and lung lie alike on both sides.
    if weight.any():
        middle = float(np.percentile(values[weight], 50))
        values = np.clip(values, 0.0, middle) / max(middle, 1e-6)
    # A rim of air belongs to the comparison: the body's outline is the best cue where tissue is uniform.
    body = ndimage.binary_dilation(weight, iterations=2) & ~unseen if mask is None else weight
    values[unseen] = np.nan
    matrix = image.geometry.ijk_to_ras.copy()
    matrix[:3, :3] = matrix[:3, :3] * np.array(factors[::-1])
    matrix[:3, 3] = image.geometry.to_ras((np.array(factors[::-1]) - 1) / 2.0)
    return Image(values, Geometry(shape, matrix)), body
