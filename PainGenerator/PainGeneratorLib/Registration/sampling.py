"""Prepare images for registration: masks of body and field of view, crops, smoothing, sampling at points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from ..Numerics.core.image import Geometry, Image

CT_AIR_HU = -500.0
"""Lower bound of the CT value of the body, HU: halfway between air and soft tissue."""
CT_PADDING_HU = -1500.0
"""Lower bound of CT values that were measured, HU. Scanners write -2000 or -3024 outside their circular field of
view."""
CT_BONE_HU = 180.0
"""Lower bound of the CT value of bone, HU. It is above muscle, organs and most contrast agent in veins, and below
cancellous bone in voxels of 4 mm. Our estimate."""
LEAST_PET_SHARE = 1e-3
"""Values below this fraction of the 99th percentile of a PET are treated as air. Our estimate."""
EDGE_VOXELS = 1.0
"""Distance to the edge of the field of view over which the weight of a sample falls from 1 to 0, voxels. Samples lose
their weight gradually, so that the similarity does not jump. Our estimate."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Points between the voxels of a grid.

    Parameters
    ----------
    flat : ndarray of int, shape (n,)
        Flat index of the corner voxel with the lowest indices.
    steps : tuple of int
        Difference of the flat index to the next corner along i, j and k.
    parts : tuple of three ndarrays, shape (n,)
        Position between the two corners along i, j and k, 0 to 1.
    weights : ndarray of float32, shape (n,)
        1 inside the field of view, falling to 0 at its edge.
    """

    flat: np.ndarray
    steps: tuple[int, int, int]
    parts: tuple[np.ndarray, np.ndarray, np.ndarray]
    weights: np.ndarray


@dataclass(frozen=True, eq=False)
class WorkingImage:
    """An image that was cropped, reduced and smoothed for one scale of a registration.

    Parameters
    ----------
    image : Image
        float32 values.
    valid : ndarray of float32, shape of the image
        1 where the values were measured and may be compared, 0 elsewhere.
    """

    image: Image
    valid: np.ndarray

    @cached_property
    def _whole_cells(self) -> np.ndarray | None:
        """True for voxels that were measured together with their upper neighbors, flat; None when all voxels were."""
        if self.valid.min() > 0:
            return None
        whole = self.valid > 0
        for axis, count in enumerate(whole.shape):
            if count > 1:
                ahead = np.roll(whole, -1, axis=axis)
                whole = whole & ahead
        return whole.reshape(-1)

    def sample(self, points_ras: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values, their gradients and weights at points, by trilinear interpolation.

        Parameters
        ----------
        points_ras : ndarray, shape (n, 3)

        Returns
        -------
        values : ndarray of float32, shape (n,)
        gradients : ndarray of float32, shape (3, n)
            Change of the interpolated value per mm along R, A and S.
        weights : ndarray of float32, shape (n,)
            1 inside the field of view and the mask, falling to 0 at the edge. Outside it is 0, and values and
            gradients are those of the nearest voxel.
        """
        center = np.mean(points_ras, axis=0) if len(points_ras) else np.zeros(3)
        relative = np.ascontiguousarray((points_ras - center).T, dtype=np.float32)
        matrix = np.eye(4)
        matrix[:3, 3] = center
        cells = self.cells(relative, matrix)
        return *self.interpolate(self.image.array, cells), cells.weights

    def cells(self, points: np.ndarray, to_ras: np.ndarray) -> Cells:
        """Find where points lie between the voxels.

        Parameters
        ----------
        points : ndarray of float32, shape (3, n)
            Points in mm near 0, so that single precision is accurate enough.
        to_ras : ndarray, shape (4, 4)
            Maps the points to RAS mm of this image.

        Returns
        -------
        Cells
        """
        geometry = self.image.geometry
        to_ijk = geometry.ras_to_ijk @ to_ras
        ijk = to_ijk[:3, :3].astype(np.float32) @ points + to_ijk[:3, 3:].astype(np.float32)
        shape = geometry.shape[::-1]
        strides = (1, shape[0], shape[0] * shape[1])
        edge = np.full(points.shape[1], np.inf, dtype=np.float32)
        flat = np.zeros(points.shape[1], dtype=np.intp)
        parts, steps = [], []
        for axis in range(3):
            upper = np.float32(shape[axis] - 1)
            x = ijk[axis]
            np.minimum(edge, np.minimum(x, upper - x), out=edge)
            x = np.clip(x, 0, upper)
            low = np.minimum(x.astype(np.intp), max(shape[axis] - 2, 0))
            parts.append(x - low.astype(np.float32))
            steps.append(strides[axis] if shape[axis] > 1 else 0)
            low *= strides[axis]
            flat += low
        weights = np.clip((edge + np.float32(0.5)) / np.float32(EDGE_VOXELS), 0, 1)
        if self._whole_cells is not None:
            weights *= self._whole_cells.take(flat)
        return Cells(flat, (steps[0], steps[1], steps[2]), tuple(parts), weights)

    def interpolate(self, array: np.ndarray, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        """Interpolate an array on the grid of this image: values, shape (n,), and gradients per mm along R, A and S,
        shape (3, n)."""
        flat, steps, (i, j, k) = array.reshape(-1), cells.steps, cells.parts
        along_i, slopes_i = [], []
        for corner in (0, steps[1], steps[2], steps[1] + steps[2]):
            first = flat.take(cells.flat + corner)
            slope = flat.take(cells.flat + (corner + steps[0])) - first
            along_i.append(first + i * slope)
            slopes_i.append(slope)
        slopes_j = (along_i[1] - along_i[0], along_i[3] - along_i[2])
        low, high = along_i[0] + j * slopes_j[0], along_i[2] + j * slopes_j[1]
        near, far = (slopes_i[n] + j * (slopes_i[n + 1] - slopes_i[n]) for n in (0, 2))
        gradients = np.empty((3, len(cells.flat)), dtype=np.float32)
        gradients[0] = near + k * (far - near)
        gradients[1] = slopes_j[0] + k * (slopes_j[1] - slopes_j[0])
        gradients[2] = high - low
        return low + k * gradients[2], self.image.geometry.ras_to_ijk[:3, :3].T.astype(np.float32) @ gradients

    def edge_field(self) -> np.ndarray:
        """Gradients per mm along R, A and S, shape (3, *image shape); 0 next to voxels that were not measured."""
        array = self.image.array
        steps = [
            np.gradient(array, axis=axis) if array.shape[axis] > 1 else np.zeros_like(array) for axis in (2, 1, 0)
        ]
        field = np.tensordot(self.image.geometry.ras_to_ijk[:3, :3].T.astype(np.float32), np.stack(steps), axes=1)
        if self._whole_cells is not None:
            field *= ndimage.binary_erosion(self.valid > 0, np.ones((3, 3, 3)), border_value=1)
        return field


def view_mask(image: Image, kind: str) -> np.ndarray | None:
    """Find the voxels of an image that were measured, as booleans; None when all were.

    A CT is padded outside its circular field of view. A series in blocks has no values (NaN) between them. MR and
    resampled images are padded with one constant value in whole columns or planes. This padding is recognized only
    when it includes the first voxel of the array.

    Parameters
    ----------
    image : Image
    kind : str
        ``MR``, ``CT`` or ``PET``.
    """
    array = image.array
    if kind == "CT":
        mask = array > CT_PADDING_HU
        return None if mask.all() else mask
    if kind == "MR":
        gaps = np.isnan(array)
        if gaps.any():
            return ~gaps
        padding = array == array[0, 0, 0]
        if padding.mean() < 0.02:
            return None
        return ~ndimage.binary_opening(padding, iterations=2) if min(array.shape) > 4 else ~padding
    return None


def body_mask(image: Image, kind: str, valid: np.ndarray | None = None) -> np.ndarray:
    """Find the body: voxels above air, with holes filled and without small separate parts.

    Parameters
    ----------
    image : Image
    kind : str
        ``MR``, ``CT`` or ``PET``. The body on CT is found by a threshold in Hounsfield units. On MR and PET it is
        found by Otsu's threshold, which is limited to a fifth of the 90th percentile, so that tissue with suppressed
        fat or low uptake is included. On PET the threshold is computed from the logarithms, because fat has about a
        tenth of the uptake of a hot organ, but ten times that of air.
    valid : ndarray of bool, optional
        Voxels that were measured.

    Returns
    -------
    ndarray of bool, shape of the image
    """
    array = image.array
    if kind == "CT":
        mask = array > CT_AIR_HU
    else:
        measured = array if valid is None else array[valid]
        positive = measured[measured > 0]
        if not positive.size:
            return np.zeros(array.shape, dtype=bool)
        if kind == "PET":
            least = LEAST_PET_SHARE * float(np.percentile(positive, 99))
            threshold = float(np.exp(_otsu(np.log(np.maximum(measured, least)))))
        else:
            threshold = _otsu(np.sqrt(positive)) ** 2
        mask = array > min(threshold, 0.2 * float(np.percentile(positive, 90)))
    if valid is not None:
        mask = mask & valid
    mask = ndimage.binary_opening(mask)
    labels, count = ndimage.label(mask)
    if count > 1:
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        mask = np.isin(labels, np.flatnonzero(sizes >= 0.1 * sizes.max()))
    axis = int(np.argmax(image.geometry.spacing_kji_mm))
    for index in range(mask.shape[axis]):
        plane = (slice(None),) * axis + (index,)
        mask[plane] = ndimage.binary_fill_holes(mask[plane])
    return mask


def without_table(ct: Image) -> Image:
    """Return a CT in which the table and other objects outside the body are replaced by air."""
    array = np.where(body_mask(ct, "CT") | (ct.array < CT_PADDING_HU), ct.array, np.float32(-1000.0))
    return Image(array, ct.geometry)


def _otsu(values: np.ndarray) -> float:
    """Threshold that separates values into two classes with the least variance (Otsu, IEEE Trans SMC 1979)."""
    if np.ptp(values) == 0:
        return float(values.flat[0])
    counts, edges = np.histogram(values, bins=128)
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centers)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(centers[np.nanargmax(between)])


def cropped(image: Image, points_ras: np.ndarray, margin_mm: float) -> tuple[Image, tuple[slice, slice, slice]] | None:
    """Cut the part of an image around points out, and return it with its slices (k, j, i).

    Parameters
    ----------
    image : Image
    points_ras : ndarray, shape (n, 3)
        RAS mm.
    margin_mm : float
        Margin on all sides.

    Returns
    -------
    tuple or None
        The part and its slices; None when the points lie outside the image.
    """
    geometry = image.geometry
    ijk = geometry.to_ijk(points_ras)
    margin = margin_mm / np.array(geometry.spacing_mm)
    first = np.maximum(np.floor(ijk.min(axis=0) - margin), 0).astype(int)
    last = np.minimum(np.ceil(ijk.max(axis=0) + margin), np.array(geometry.shape[::-1]) - 1).astype(int)
    if (last < first).any():
        return None
    k, j, i = (slice(int(a), int(b) + 1) for a, b in zip(first[::-1], last[::-1], strict=True))
    shape = (k.stop - k.start, j.stop - j.start, i.stop - i.start)
    return Image(image.array[k, j, i], geometry.cropped((k.start, j.start, i.start), shape)), (k, j, i)


def thinned(image: Image, spacing_mm: float) -> Image:
    """Average an image over blocks of voxels, so that its spacing comes close to `spacing_mm` without exceeding it.

    An axis whose spacing is larger already is not changed. The last incomplete block of an axis is left out.
    """
    geometry = image.geometry
    factors = [max(1, int(spacing_mm / s)) for s in geometry.spacing_kji_mm]
    factors = [min(f, n) for f, n in zip(factors, geometry.shape, strict=True)]
    array = image.array
    for axis, factor in enumerate(factors):
        if factor == 1:
            continue
        count = array.shape[axis] // factor
        kept = array[(slice(None),) * axis + (slice(0, count * factor),)]
        shape = (*kept.shape[:axis], count, factor, *kept.shape[axis + 1 :])
        array = kept.reshape(shape).mean(axis=axis + 1, dtype=np.float32)
    factors_ijk = np.array(factors[::-1])
    matrix = geometry.ijk_to_ras @ np.diag([*factors_ijk, 1.0])
    matrix[:3, 3] = geometry.to_ras((factors_ijk - 1) / 2)
    return Image(array.astype(np.float32, copy=False), Geometry(array.shape, matrix))


def smoothed_in_view(image: Image, valid: np.ndarray | None, sigma_mm: float) -> WorkingImage:
    """Smooth an image with a Gaussian that uses only valid voxels (normalized convolution).

    Parameters
    ----------
    image : Image
    valid : ndarray of bool or float, shape of the image, optional
        Voxels that were measured; all when left out.
    sigma_mm : float
        Standard deviation of the Gaussian, mm; 0 for no smoothing.
    """
    array = image.array.astype(np.float32, copy=False)
    sigma = [sigma_mm / s for s in image.geometry.spacing_kji_mm]
    if valid is None:
        if sigma_mm > 0:
            array = ndimage.gaussian_filter(array, sigma, mode="nearest", truncate=3.0)
        return WorkingImage(Image(np.ascontiguousarray(array), image.geometry), np.ones(array.shape, np.float32))
    weight = valid.astype(np.float32)
    array = np.where(weight > 0, array, np.float32(0.0))
    if sigma_mm > 0:
        total = ndimage.gaussian_filter(weight, sigma, mode="nearest", truncate=3.0)
        array = ndimage.gaussian_filter(array * weight, sigma, mode="nearest", truncate=3.0)
        array = np.divide(array, total, out=np.zeros_like(array), where=total > 1e-3)
    return WorkingImage(Image(np.ascontiguousarray(array), image.geometry), (weight > 0.5).astype(np.float32))
