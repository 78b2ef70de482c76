"""Grids, images and regions: the plain data that all stages pass on.

Conventions, everywhere in this package unless a name says otherwise:

* arrays are indexed ``[k, j, i]`` (slice, row, column), C order; index *triples* are ``(i, j, k)``;
* positions are in RAS, in millimeters (the frame of the MRML scene), names end in ``_ras`` or ``_ras_mm``;
* a transform named ``a_to_b_ras`` is a 4 x 4 matrix that maps *points* of frame a to points of frame b.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from .errors import PainGeneratorError

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Converts points between LPS (DICOM, ITK) and RAS (MRML); it is its own inverse. Shape (4, 4)."""

LEFT_RAS = np.array([-1.0, 0.0, 0.0])
"""Unit vector toward the patient's left in RAS, shape (3,)."""

MOST_VOXELS = 1_000_000_000
"""Upper bound of the number of voxels of an image that is read or made. Our estimate: a CT of the whole body has
500 million, and as many values of 4 bytes as this fill 4 GB."""

SAME_GRID_TOLERANCE_MM = 1e-3
"""Two grids are the same when all their corners agree to less than this, mm."""


def _triple(values: Iterable[int]) -> tuple[int, int, int]:
    k, j, i = (int(value) for value in values)
    return k, j, i


def transform_points(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply a 4 x 4 matrix to points of shape (..., 3)."""
    points = np.asarray(points, dtype=np.float64)
    moved: np.ndarray = points @ matrix[:3, :3].T + matrix[:3, 3]
    return moved


@dataclass(frozen=True, eq=False)
class Geometry:
    """A regular grid in space; axes may be oblique, but not sheared.

    Parameters
    ----------
    shape : tuple of int
        Array shape (slices, rows, columns), that is (k, j, i).
    ijk_to_ras : ndarray, shape (4, 4)
        Maps voxel centers (i, j, k, 1) to RAS mm.

    Raises
    ------
    ValueError
        The matrix or the shape has the wrong form.
    """

    shape: tuple[int, int, int]
    ijk_to_ras: np.ndarray

    def __post_init__(self) -> None:
        matrix = np.array(self.ijk_to_ras, dtype=np.float64)
        if matrix.shape != (4, 4):
            raise ValueError(f"ijk_to_ras must be 4 x 4, not {matrix.shape}")
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise ValueError(f"shape must be three positive numbers (k, j, i), not {self.shape}")
        matrix.setflags(write=False)
        object.__setattr__(self, "ijk_to_ras", matrix)
        object.__setattr__(self, "shape", _triple(self.shape))

    @cached_property
    def ras_to_ijk(self) -> np.ndarray:
        """Maps RAS mm to continuous (i, j, k); shape (4, 4)."""
        return np.linalg.inv(self.ijk_to_ras)

    @cached_property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance of neighboring voxels along (i, j, k), mm."""
        i, j, k = (float(s) for s in np.linalg.norm(self.ijk_to_ras[:3, :3], axis=0))
        return i, j, k

    @property
    def spacing_kji_mm(self) -> tuple[float, float, float]:
        """Distance of neighboring voxels along the array axes (k, j, i), mm, in the order that scipy.ndimage takes."""
        return self.spacing_mm[::-1]

    @cached_property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel, ml."""
        return float(abs(np.linalg.det(self.ijk_to_ras[:3, :3])) / 1000.0)

    @property
    def size(self) -> int:
        """Number of voxels."""
        return int(np.prod(self.shape))

    def to_ras(self, ijk: np.ndarray) -> np.ndarray:
        """Positions (RAS mm) of index triples (i, j, k), shape (..., 3)."""
        return transform_points(self.ijk_to_ras, ijk)

    def to_ijk(self, points_ras: np.ndarray) -> np.ndarray:
        """Continuous index triples (i, j, k) of positions (RAS mm), shape (..., 3)."""
        return transform_points(self.ras_to_ijk, points_ras)

    def flat_to_ras(self, flat: np.ndarray) -> np.ndarray:
        """Positions (RAS mm), shape (n, 3), of flat C-order array indices, shape (n,)."""
        k, j, i = np.unravel_index(flat, self.shape)
        return self.to_ras(np.stack([i, j, k], axis=-1))

    @cached_property
    def corners_ras(self) -> np.ndarray:
        """The centers of the eight corner voxels, RAS mm, shape (8, 3)."""
        k, j, i = (n - 1 for n in self.shape)
        return self.to_ras(np.array([(x, y, z) for x in (0, i) for y in (0, j) for z in (0, k)]))

    @cached_property
    def center_ras(self) -> np.ndarray:
        """The middle of the grid, RAS mm, shape (3,)."""
        middle: np.ndarray = self.corners_ras.mean(axis=0)
        return middle

    def contains(self, points_ras: np.ndarray, margin_voxels: float = 0.5) -> np.ndarray:
        """True for points of shape (..., 3), RAS mm, that lie in the grid; shape (...).

        The margin is counted from the centers of the outermost voxels: 0.5 reaches to their outer faces.
        """
        ijk = self.to_ijk(points_ras)
        upper = np.array(self.shape[::-1]) - 1 + margin_voxels
        inside: np.ndarray = np.all((ijk >= -margin_voxels) & (ijk <= upper), axis=-1)
        return inside

    def moved(self, matrix_ras: np.ndarray) -> Geometry:
        """The same grid after every point was moved by a 4 x 4 RAS matrix."""
        return Geometry(self.shape, np.asarray(matrix_ras) @ self.ijk_to_ras)

    def is_same_grid(self, other: Geometry) -> bool:
        """True when the shapes agree and the corners are within SAME_GRID_TOLERANCE_MM."""
        return self.shape == other.shape and bool(
            np.abs(self.corners_ras - other.corners_ras).max() < SAME_GRID_TOLERANCE_MM
        )

    def cropped(self, offset_kji: tuple[int, int, int], shape: tuple[int, int, int]) -> Geometry:
        """The grid of another shape (k, j, i) whose first voxel is the one with the array index `offset_kji`."""
        matrix = self.ijk_to_ras.copy()
        matrix[:3, 3] = self.to_ras(np.array(offset_kji[::-1], dtype=float))
        return Geometry(shape, matrix)


@dataclass(frozen=True, eq=False)
class Image:
    """Voxel values on a grid.

    Parameters
    ----------
    array : ndarray, shape (k, j, i)
    geometry : Geometry

    Raises
    ------
    ValueError
        The shapes of array and geometry differ.
    """

    array: np.ndarray
    geometry: Geometry

    def __post_init__(self) -> None:
        if tuple(self.array.shape) != self.geometry.shape:
            raise ValueError(f"array {self.array.shape} and geometry {self.geometry.shape} differ in shape")

    @cached_property
    def fingerprint(self) -> str:
        """A hash of shape and values as they were when it was first asked for, as hexadecimal digits.

        It is the same for each type of numbers that holds the values: they are compared as single precision.
        """
        values = np.ascontiguousarray(self.array, dtype="<f4")
        found = hashlib.blake2b(str(values.shape).encode(), digest_size=16)
        found.update(values.data)
        return found.hexdigest()


@dataclass(frozen=True, eq=False)
class Region:
    """A set of voxels of one grid, kept as a list of indices: a small set needs little memory in a large volume.

    Parameters
    ----------
    geometry : Geometry
    flat : ndarray of int64, shape (n,)
        Sorted, unique flat C-order indices into an array of ``geometry.shape``.
    """

    geometry: Geometry
    flat: np.ndarray

    @classmethod
    def from_mask(cls, mask: np.ndarray, geometry: Geometry) -> Region:
        """Make a region of the true voxels of a mask of shape ``geometry.shape``."""
        return cls(geometry, np.flatnonzero(mask))

    def __len__(self) -> int:
        return int(self.flat.size)

    @property
    def volume_ml(self) -> float:
        """Volume of all voxels, ml."""
        return self.flat.size * self.geometry.voxel_volume_ml

    @cached_property
    def points_ras(self) -> np.ndarray:
        """Centers of the voxels, RAS mm, shape (n, 3)."""
        return self.geometry.flat_to_ras(self.flat)

    @cached_property
    def centroid_ras_mm(self) -> np.ndarray:
        """Mean of the centers of the voxels, RAS mm, shape (3,)."""
        k, j, i = (axis.mean() for axis in np.unravel_index(self.flat, self.geometry.shape))
        return self.geometry.to_ras(np.array([i, j, k]))

    @cached_property
    def span_ras(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest RAS coordinates of the centers of the voxels, mm; the region is not empty."""
        return self.points_ras.min(axis=0), self.points_ras.max(axis=0)

    @cached_property
    def box(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """First array index (k, j, i) and shape of the smallest box that holds the region."""
        kji = np.unravel_index(self.flat, self.geometry.shape)
        first = _triple(axis.min() for axis in kji)
        return first, _triple(axis.max() - f + 1 for axis, f in zip(kji, first, strict=True))

    def box_mask(self, margin: int = 0) -> Image:
        """The region as a boolean image of its box, widened by `margin` voxels; it may reach beyond the grid."""
        first, shape = self.box
        first = _triple(f - margin for f in first)
        shape = _triple(s + 2 * margin for s in shape)
        mask = np.zeros(shape, dtype=bool)
        kji = np.unravel_index(self.flat, self.geometry.shape)
        mask[tuple(axis - f for axis, f in zip(kji, first, strict=True))] = True
        return Image(mask, self.geometry.cropped(first, shape))

    def to_mask(self) -> np.ndarray:
        """The region as a boolean array of the whole grid's shape."""
        mask = np.zeros(self.geometry.size, dtype=bool)
        mask[self.flat] = True
        return mask.reshape(self.geometry.shape)

    def moved(self, matrix_ras: np.ndarray) -> Region:
        """The same voxels on the grid moved by a 4 x 4 RAS matrix."""
        return Region(self.geometry.moved(matrix_ras), self.flat)


def ball(geometry: Geometry, center_ras: np.ndarray, radius_mm: float) -> np.ndarray:
    """The voxels whose centers lie within a radius of a point.

    Parameters
    ----------
    geometry : Geometry
    center_ras : ndarray, shape (3,)
        RAS mm.
    radius_mm : float
        Upper bound of the distance; it counts as within.

    Returns
    -------
    ndarray of int64, shape (n,)
        Flat C-order array indices, ascending.
    """
    middle = geometry.to_ijk(center_ras)[::-1]
    reach = radius_mm / np.array(geometry.spacing_kji_mm)
    low = np.maximum(np.ceil(middle - reach), 0).astype(np.int64)
    high = np.minimum(np.floor(middle + reach) + 1, geometry.shape).astype(np.int64)
    if np.any(high <= low):
        return np.empty(0, dtype=np.int64)
    axes = [np.arange(a, b) for a, b in zip(low, high, strict=True)]
    k, j, i = (((axis - m) * s) ** 2 for axis, m, s in zip(axes, middle, geometry.spacing_kji_mm, strict=True))
    inside = k[:, None, None] + j[:, None] + i <= radius_mm**2
    _, rows, columns = geometry.shape
    flat = (axes[0][:, None, None] * rows + axes[1][:, None]) * columns + axes[2]
    chosen: np.ndarray = flat[inside]
    return chosen


def resample(
    image: Image,
    target: Geometry,
    target_to_image_ras: np.ndarray | None = None,
    *,
    order: int = 1,
    outside: float = np.nan,
) -> np.ndarray:
    """Values of an image at the voxels of another grid.

    Parameters
    ----------
    image : Image
    target : Geometry
        The grid for which values are computed.
    target_to_image_ras : ndarray, shape (4, 4), optional
        Maps points of the target's frame to points of the image's frame; identity when left out.
    order : int
        Spline order: 0 nearest (label maps), 1 linear.
    outside : float
        The value of voxels outside the image.

    Returns
    -------
    ndarray, shape ``target.shape``
        float32 for order > 0, else the dtype of the image.

    Raises
    ------
    PainGeneratorError
        The grid has more than :data:`MOST_VOXELS` voxels.
    """
    if target.size > MOST_VOXELS:
        i, j, k = target.spacing_mm
        raise PainGeneratorError(
            f"A volume of {target.size} voxels would have to be made, of {i:.3g} x {j:.3g} x {k:.3g} mm.",
            "Check the voxel sizes of the series, and leave the series out whose size is wrong (--role SERIES=OTHER).",
        )
    between = np.eye(4) if target_to_image_ras is None else np.asarray(target_to_image_ras)
    ijk_to_ijk = image.geometry.ras_to_ijk @ between @ target.ijk_to_ras
    flip = [2, 1, 0]
    matrix = ijk_to_ijk[:3, :3][flip][:, flip]
    offset = ijk_to_ijk[:3, 3][flip]
    source = image.array
    if source.dtype == bool:
        source = source.view(np.uint8)
    if order > 0 and source.dtype != np.float32:
        source = source.astype(np.float32)
    values: np.ndarray = ndimage.affine_transform(
        source,
        matrix,
        offset,
        output_shape=target.shape,
        order=order,
        mode="constant",
        cval=outside,
        prefilter=order > 1,
    )
    return values


def block_means(image: Image, spacing_mm: float) -> Image:
    """Means over blocks of voxels of about a spacing.

    Parameters
    ----------
    image : Image
    spacing_mm : float
        Wanted spacing; axes that are coarser stay as they are.

    Returns
    -------
    Image
        float32. Voxels at the end of an axis that fill no block are left out.
    """
    geometry = image.geometry
    shape = geometry.shape
    factors = tuple(max(1, min(n, round(spacing_mm / s))) for n, s in zip(shape, geometry.spacing_kji_mm, strict=True))
    values = image.array if image.array.dtype == np.float32 else image.array.astype(np.float32)
    if factors == (1, 1, 1):
        return Image(values, geometry)
    for axis, factor in enumerate(factors):
        whole = values.shape[axis] // factor * factor
        parts = [values[(slice(None),) * axis + (slice(n, whole, factor),)] for n in range(factor)]
        values = sum(parts[1:], parts[0]) * np.float32(1.0 / factor)
    matrix = geometry.ijk_to_ras.copy()
    scale = np.array(factors[::-1], dtype=float)
    matrix[:3, :3] *= scale
    matrix[:3, 3] = geometry.to_ras((scale - 1.0) / 2.0)
    return Image(values, Geometry(_triple(values.shape), matrix))
