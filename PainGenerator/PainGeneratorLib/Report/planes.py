"""Planes through the body along the patient's axes, and the values of images on them.

Only the pixels of a plane are interpolated; no volume is resampled.
The display is the radiologist's: the patient's right is at the viewer's left, the front is at the top of an axial
picture and at the left of a sagittal one, the head is at the top of the other two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..Numerics.core.image import Geometry, Image, Region, transform_points
from .words import PATIENT_DIRECTIONS

PLANE_NAMES = ("axial", "coronal", "sagittal")
_AXES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "axial": ((-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)),
    "coronal": ((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "sagittal": ((0.0, -1.0, 0.0), (0.0, 0.0, -1.0)),
}
CROSS = ndimage.generate_binary_structure(2, 1)
"""A pixel and its four neighbors."""
_CORNERS = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)])
LARGEST_SHIFT = 0.38
"""A plane is moved to stay in the field of view, but by no more than this part of its width, so that its point stays
inside. Our choice.
"""


@dataclass(frozen=True, eq=False)
class Plane:
    """A square of pixels in space.

    Parameters
    ----------
    name : str
        One of PLANE_NAMES.
    center_ras : ndarray, shape (3,)
        The middle of the picture, RAS mm.
    across, down : ndarray, shape (3,)
        Unit vectors (RAS) along the picture's rows to the right, and along its columns downwards.
    pixels : int
        Width and height.
    mm_per_pixel : float
    """

    name: str
    center_ras: np.ndarray
    across: np.ndarray
    down: np.ndarray
    pixels: int
    mm_per_pixel: float

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """Patient directions at the left, right, top and bottom edge: of R, L, A, P, H, F."""
        return (*_edge_letters(self.across), *_edge_letters(self.down))

    @property
    def origin_ras(self) -> np.ndarray:
        """Center of the top left pixel, RAS mm, shape (3,)."""
        half = (self.pixels - 1) / 2 * self.mm_per_pixel
        return self.center_ras - half * (self.across + self.down)

    def pixel_of(self, points_ras: np.ndarray) -> np.ndarray:
        """Continuous pixel (x to the right, y downwards) of positions in RAS mm; shape (..., 2)."""
        offset = np.asarray(points_ras, dtype=np.float64) - self.origin_ras
        return np.stack([offset @ self.across, offset @ self.down], axis=-1) / self.mm_per_pixel


def _edge_letters(direction: np.ndarray) -> tuple[str, str]:
    """Letters of the patient at the start and at the end of a direction."""
    axis = int(np.argmax(np.abs(direction)))
    positive, negative = PATIENT_DIRECTIONS[axis]
    return (negative, positive) if direction[axis] > 0 else (positive, negative)


def plane_through(
    name: str, point_ras: np.ndarray, field: Geometry | None, width_mm: float, pixels: int, to_field: np.ndarray
) -> Plane:
    """A plane along two patient axes through a point.

    It is moved within itself so that it shows little beyond the field of view.

    Parameters
    ----------
    name : str
        One of PLANE_NAMES.
    point_ras : ndarray, shape (3,)
        RAS mm; always in the picture.
    field : Geometry, optional
        The grid in which the picture stays as far as it can.
    width_mm : float
        Width and height of the picture.
    pixels : int
    to_field : ndarray, shape (4, 4)
        Maps points to the frame of `field` (RAS).
    """
    across, down = (np.array(axis) for axis in _AXES[name])
    center = np.array(point_ras, dtype=np.float64)
    if field is not None:
        corners = transform_points(np.linalg.inv(to_field), field.corners_ras)
        for direction in (across, down):
            axis = int(np.argmax(np.abs(direction)))
            low, high = corners[:, axis].min() + width_mm / 2, corners[:, axis].max() - width_mm / 2
            wanted = (low + high) / 2 if low > high else np.clip(center[axis], low, high)
            shift = LARGEST_SHIFT * width_mm
            center[axis] = np.clip(wanted, point_ras[axis] - shift, point_ras[axis] + shift)
    return Plane(name, center, across, down, pixels, width_mm / pixels)


Part = tuple[slice, slice]
"""Rows and columns of a plane's pixels."""


def sample(
    image: Image, plane: Plane, to_image_ras: np.ndarray | None = None, order: int = 1, part: Part | None = None
) -> np.ndarray:
    """Values of an image on a plane.

    Parameters
    ----------
    image : Image
    plane : Plane
    to_image_ras : ndarray, shape (4, 4), optional
        Maps points of the plane's frame to points of the image's frame; identity when left out.
    order : int
        0 nearest, 1 linear.
    part : tuple of slice, optional
        The rows and columns that are wanted; all by default.

    Returns
    -------
    ndarray of float32, shape (pixels, pixels), or that of the part
        NaN outside the voxels of the image.
    """
    matrix = image.geometry.ras_to_ijk
    if to_image_ras is not None:
        matrix = matrix @ to_image_ras
    rows, columns = (np.arange(*s.indices(plane.pixels)) for s in part or (slice(None), slice(None)))
    right, below = (matrix[:3, :3] @ axis * plane.mm_per_pixel for axis in (plane.across, plane.down))
    first = transform_points(matrix, plane.origin_ras) + rows[0] * below + columns[0] * right
    inside = np.ones((rows.size, columns.size), dtype=bool)
    for n, count in enumerate(image.geometry.shape[::-1]):
        axis = (first[n] + below[n] * (rows - rows[0]))[:, None] + right[n] * (columns - columns[0])
        inside &= (axis >= -0.5) & (axis <= count - 0.5)
    source = image.array.view(np.uint8) if image.array.dtype == bool else image.array
    values = ndimage.affine_transform(
        source,
        np.stack([np.zeros(3), below[::-1], right[::-1]], axis=1),
        first[::-1],
        output_shape=(1, rows.size, columns.size),
        output=np.float32,
        order=order,
        mode="nearest",
        prefilter=False,
    )[0]
    values[~inside] = np.nan
    return values


def outline(regions: Sequence[Region], plane: Plane) -> np.ndarray:
    """The pixels along the border of regions on a plane.

    Parameters
    ----------
    regions : sequence of Region
        In the plane's frame.
    plane : Plane

    Returns
    -------
    ndarray of bool, shape (pixels, pixels)
        True on a line of one pixel just outside the regions, so that it hides nothing of them.
    """
    covered = np.zeros((plane.pixels, plane.pixels), dtype=bool)
    for region in regions:
        if len(region):
            box = region.box_mask(margin=1)
            part = _part_of_box(box.geometry, plane)
            if part is not None:
                covered[part] |= np.nan_to_num(sample(box, plane, part=part), nan=0.0) >= 0.5
    return widened(covered, CROSS) & ~covered


def _part_of_box(box: Geometry, plane: Plane) -> Part | None:
    """The pixels of a plane in front of or behind a box; None when there are none."""
    pixels = plane.pixel_of(box.to_ras(np.array(box.shape[::-1]) * _CORNERS - 0.5))
    low = np.maximum(np.floor(pixels.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 1, plane.pixels)
    return None if np.any(high <= low) else (slice(low[1], high[1]), slice(low[0], high[0]))


def widened(mask: np.ndarray, structure: np.ndarray) -> np.ndarray:
    """Binary dilation by one pixel of a mask that is mostly empty: only the part around its true pixels is used."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    result: np.ndarray = np.zeros_like(mask)
    if rows.size:
        part = tuple(slice(max(n[0] - 1, 0), n[-1] + 2) for n in (rows, columns))
        result[part] = ndimage.binary_dilation(mask[part], structure=structure)
    return result
