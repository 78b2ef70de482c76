"""Finds the plane between the left and the right half of the body from an image, and compares the two halves.

The plane maximizes the correlation of the image with its own mirror image (self-registration under a flip, as Liu,
Collins and Martin, MICCAI 1998, do for brains) over the three parameters that a plane has. A coarse grid is enough.
Start at :func:`find_symmetry_plane`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, optimize

from ..core.histogram import otsu
from ..core.image import LEFT_RAS, Geometry, Image
from ..core.kept import Kept

EXPECTED_TILT_DEG = 12.0
"""Tilt of the plane, degrees, at which the quality falls to 37 % (our estimate). Strong tilt shows a cropped body."""

RELIABLE_QUALITY = 0.22
"""Lower bound of the quality of a plane that is used to compare left and right (our estimate, from cropped and whole
real cases)."""

GRID_MM = 6.0
"""About the spacing of the coarse grid, mm; the offset of the plane is found to about 1 mm on it."""

TYPICAL_TILT_DEG = 20.0
"""Tilt, degrees, that costs TILT_COST. Patients lie straight, but half a body is easily found to be tilted (our
estimate)."""

TILT_COST = 0.1
"""What a tilt of TYPICAL_TILT_DEG costs; correlations are -1 to 1."""

MIN_OVERLAP = 0.3
"""Lower bound of the part of the body whose mirrored place is in the field of view; less costs much (our estimate)."""

BELOW_OVERLAP_COST = 5.0
"""What each part of overlap below MIN_OVERLAP costs (our estimate)."""

OUT_OF_VIEW_COST = 0.3
"""What it costs when nothing of the mirrored body is in the field of view (our estimate)."""

MAX_POINTS = 6000
"""About the largest number of points that are compared; more take longer and change little (our estimate)."""

LEAST_CELLS = 30
"""Lower bound of the cells of the body on the coarse grid for a plane to be looked for (our estimate)."""

LEAST_PAIRS = 20
"""Lower bound of the points whose mirrored place is in view for a correlation (our estimate)."""

TILTS_DEG = (-8.0, 0.0, 8.0)
"""Angles about each axis from which the search starts, degrees."""

DETAIL_MM = 15.0
"""Standard deviation of the smoothing that is subtracted for the quality, mm: coarser structure does not count."""

DETAIL_NOISE_MM = 5.0
"""Standard deviation of the smoothing of the detail for the quality, mm: finer structure does not count."""

NO_OVERLAP = 0.6
"""Overlap at and below which the quality is 0 (our estimate)."""

OVERLAP_RANGE = 0.3
"""Range of overlap above NO_OVERLAP over which the quality rises to its full value (our estimate)."""

BODY_PART = 0.2
"""Lower bound of the signal of the body, as a part of the 90th percentile of the body's own signal (our estimate)."""


@dataclass(frozen=True, eq=False)
class SymmetryPlane(Kept):
    """The plane between the left and the right half of the body.

    Parameters
    ----------
    point_ras : ndarray, shape (3,)
        A point of the plane, RAS mm.
    normal_ras : ndarray, shape (3,)
        Unit normal that points to the patient's LEFT (its first component, R, is negative).
    quality : float
        0 to 1: how well the structure of the body agrees with its mirror image, lowered where little of the body could
        be compared. Whole trunks reach 0.35 to 0.65; below RELIABLE_QUALITY the plane is a guess.
    """

    point_ras: np.ndarray
    normal_ras: np.ndarray
    quality: float

    def signed_distance_mm(self, points_ras: np.ndarray) -> np.ndarray:
        """Distance of points of shape (..., 3), RAS mm, from the plane, mm, shape (...); positive on the left."""
        distance: np.ndarray = (np.asarray(points_ras, dtype=np.float64) - self.point_ras) @ self.normal_ras
        return distance

    def mirror(self, points_ras: np.ndarray) -> np.ndarray:
        """The places of points of shape (..., 3) on the other side of the body, RAS mm."""
        points = np.asarray(points_ras, dtype=np.float64)
        mirrored: np.ndarray = points - 2.0 * self.signed_distance_mm(points)[..., None] * self.normal_ras
        return mirrored

    def moved(self, matrix_ras: np.ndarray) -> SymmetryPlane:
        """The same plane after every point was moved by a rigid 4 x 4 RAS matrix."""
        matrix = np.asarray(matrix_ras, dtype=np.float64)
        return SymmetryPlane(
            matrix[:3, :3] @ self.point_ras + matrix[:3, 3], matrix[:3, :3] @ self.normal_ras, self.quality
        )


def left_right_ratio(value: float | None, mirrored: float | None) -> float | None:
    """Uptake of a place over the uptake of its mirrored place.

    Parameters
    ----------
    value, mirrored : float or None
        SUV, g/ml.

    Returns
    -------
    float or None
        Above 1 when this side is the hotter one. None when a value is unknown or the mirrored one is not above 0.
    """
    if value is None or mirrored is None or mirrored <= 0:
        return None
    return value / mirrored


def find_symmetry_plane(
    image: Image, mask: np.ndarray | None = None, start: SymmetryPlane | None = None
) -> SymmetryPlane:
    """Find the plane between left and right of a part of the body.

    Parameters
    ----------
    image : Image
        PET (SUV) or MR; NaN marks voxels outside the field of view.
    mask : ndarray of bool, shape of the image, optional
        The voxels to compare; by default those of the body, which are brighter than the background.
    start : SymmetryPlane, optional
        Where the search starts; by default at planes around the middle of the body without tilt.

    Returns
    -------
    SymmetryPlane
        Through the middle of the field of view and with `quality` 0 when there is nothing to compare.
    """
    coarse, weight = _coarse_image(image, mask)
    body = weight > 0
    if np.count_nonzero(body) < LEAST_CELLS:
        return SymmetryPlane(image.geometry.center_ras, LEFT_RAS.copy(), 0.0)
    flat = np.flatnonzero(body)
    # An odd stride spreads the points over all columns where the number of columns is even.
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
    tilts = first[1:] + np.array([(a, b) for a in TILTS_DEG for b in TILTS_DEG])
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
    """How well structure of 1 to 3 cm within the body agrees with its mirror image, 0 to 1.

    The outline of the body agrees with its mirror image at many planes, its detail only at the right one. Little
    overlap and strong tilt lower the quality.
    """
    spacing = np.array(coarse.geometry.spacing_kji_mm)
    values = np.where(body, coarse.array, np.float32(0.0))
    share = np.maximum(ndimage.gaussian_filter(body.astype(np.float32), DETAIL_MM / spacing), 0.05)
    detail = np.where(body, values - ndimage.gaussian_filter(values, DETAIL_MM / spacing) / share, np.float32(0.0))
    detail = np.where(body, ndimage.gaussian_filter(detail, DETAIL_NOISE_MM / spacing), np.float32(np.nan))
    flat = np.flatnonzero(body)
    flat = flat[:: max(1, flat.size // MAX_POINTS) | 1]
    score = _Score(Image(detail, coarse.geometry), coarse.geometry.flat_to_ras(flat), detail.reshape(-1)[flat])
    correlation, overlap = score.correlation(point, normal)
    compared = np.clip((overlap - NO_OVERLAP) / OVERLAP_RANGE, 0.0, 1.0)
    tilt = np.rad2deg(np.arccos(min(1.0, float(normal @ LEFT_RAS))))
    return float(max(0.0, correlation) * compared * np.exp(-((tilt / EXPECTED_TILT_DEG) ** 2)))


def _normal_of(yaw_deg: float, roll_deg: float) -> np.ndarray:
    """The left-pointing normal, turned about the S axis (yaw) and the A axis (roll)."""
    yaw, roll = np.deg2rad((yaw_deg, roll_deg))
    return np.array([-np.cos(yaw) * np.cos(roll), np.sin(yaw) * np.cos(roll), np.sin(roll)])


def _angles_of(normal: np.ndarray) -> tuple[float, float]:
    """Yaw and roll, degrees, of a normal that points to the left; the inverse of :func:`_normal_of`."""
    return float(np.rad2deg(np.arctan2(normal[1], -normal[0]))), float(np.rad2deg(np.arcsin(normal[2])))


class _Score:
    """Correlation of the values at points with the values at the mirrored points."""

    def __init__(self, coarse: Image, points: np.ndarray, values: np.ndarray) -> None:
        self._coarse, self._points, self._values = coarse, points, values

    def correlation(self, point: np.ndarray, normal: np.ndarray) -> tuple[float, float]:
        """Correlation (-1 to 1) over the points whose mirrored place is in view, and the part of such points."""
        distance = (self._points - point) @ normal
        ijk = self._coarse.geometry.to_ijk(self._points - 2.0 * distance[:, None] * normal)
        mirrored = ndimage.map_coordinates(self._coarse.array, ijk[:, ::-1].T, order=1, mode="constant", cval=np.nan)
        seen = np.isfinite(mirrored)
        overlap = float(seen.mean())
        if np.count_nonzero(seen) < LEAST_PAIRS:
            return 0.0, overlap
        a, b = self._values[seen], mirrored[seen]
        a, b = a - a.mean(), b - b.mean()
        size = np.sqrt((a @ a) * (b @ b))
        return (float(a @ b / size) if size > 0 else 0.0), overlap

    def cost(self, parameters: np.ndarray, center: np.ndarray) -> float:
        """What the search makes small: minus the correlation, plus costs for little overlap and for tilt.

        `parameters` are the offset from `center` along the normal (mm), yaw and roll (degrees).
        """
        offset, yaw, roll = parameters
        normal = _normal_of(yaw, roll)
        correlation, overlap = self.correlation(center + offset * normal, normal)
        too_far = max(0.0, MIN_OVERLAP - overlap) * BELOW_OVERLAP_COST
        tilt = (yaw**2 + roll**2) / TYPICAL_TILT_DEG**2
        return float(-correlation + OUT_OF_VIEW_COST * (1.0 - overlap) + too_far + TILT_COST * tilt)


def _body_threshold(values: np.ndarray) -> float:
    """The lowest signal of the body: a fifth of the 90th percentile of the body, whatever the amount of air around it.

    Otsu's threshold of the logarithm separates tissue from air, or fat from lean tissue where there is no air.
    """
    positive = values[values > 0]
    if not positive.size:
        return 0.0
    return BODY_PART * float(np.percentile(positive[positive > np.exp(otsu(np.log(positive)))], 90))


def _coarse_image(image: Image, mask: np.ndarray | None) -> tuple[Image, np.ndarray]:
    """Means of blocks on a coarse grid, and which cells are compared.

    Returns
    -------
    coarse : Image of float32
        Clipped at the median of the body and divided by it, so 0 to 1; NaN out of view.
    weight : ndarray of bool, shape of `coarse`
    """
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
        weight = values > _body_threshold(seen_values)
    weight &= ~unseen
    # Without clipping, liver, stomach, heart or the bright edge of a coil would decide alone. Fat, lean tissue and
    # lung are similar on both sides.
    if weight.any():
        middle = float(np.percentile(values[weight], 50))
        values = np.clip(values, 0.0, middle) / max(middle, 1e-6)
    # A rim of air is compared, too: the outline of the body is the best clue where tissue is uniform.
    body = ndimage.binary_dilation(weight, iterations=2) & ~unseen if mask is None else weight
    values[unseen] = np.nan
    matrix = image.geometry.ijk_to_ras.copy()
    matrix[:3, :3] = matrix[:3, :3] * np.array(factors[::-1])
    matrix[:3, 3] = image.geometry.to_ras((np.array(factors[::-1]) - 1) / 2.0)
    return Image(values, Geometry(shape, matrix)), body
