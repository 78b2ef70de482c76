"""Images prepared for registration: body and view masks, crops, smoothing, sampling at points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..Numerics.image import Geometry, Image

KINDS = ("MR", "CT", "PET")
CT_AIR_HU = -500.0
"""Half-way between air and soft tissue."""
CT_PADDING_HU = -1500.0
"""Values below this are no measurement: scanners write -2000 or -3024 outside their circular field of view."""
CT_BONE_HU = 180.0
"""Above muscle, organs and most contrast in veins, below cancellous bone as a 4 mm voxel shows it."""
EDGE_VOXELS = 1.0
"""Over this distance to the edge of the view the weight of a sample falls from 1 to 0: none drops out at once."""


@dataclass(frozen=True, eq=False)
class WorkingImage:
    """An image smoothed, thinned and cropped for one level of a registration.

    Parameters
    ----------
    image : Image
        float32 values.
    valid : ndarray of float32, shape of the image
        1 where the values were measured and may be compared, 0 elsewhere.
    """

    image: Image
    valid: np.ndarray

    def sample(self, points_ras: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values, their gradients and weights at points, by trilinear interpolation.

        Parameters
        ----------
        points_ras : ndarray, shape (n, 3)

        Returns
        -------
        values : ndarray, shape (n,)
        gradients : ndarray, shape (n, 3)
            Change of the interpolated value per mm along R, A and S.
        weights : ndarray, shape (n,)
            1 inside the view and the mask, falling to 0 at the edge; 0 outside, where values and gradients are 0.
        """
        geometry = self.image.geometry
        ijk = geometry.to_ijk(points_ras)
        upper = np.array(geometry.shape[::-1]) - 1
        edge = np.minimum(ijk, upper - ijk).min(axis=1) + 0.5
        weights = np.clip(edge / EDGE_VOXELS, 0.0, 1.0)
        ijk = np.clip(ijk, 0, upper)
        low = np.minimum(ijk.astype(np.intp), np.maximum(upper - 1, 0))
        t = (ijk - low).astype(np.float32)
        strides = np.array([1, geometry.shape[2], geometry.shape[1] * geometry.shape[2]])
        steps = np.where(upper > 0, strides, 0)
        first = low @ strides
        corners = first[:, None] + np.array([b @ steps for b in _CORNERS])
        values = self.image.array.reshape(-1)[corners]
        along = [np.stack([1 - t[:, a], t[:, a]], axis=1) for a in range(3)]
        v = values.reshape(-1, 2, 2, 2)  # axes: point, k, j, i
        vi = v[..., 0] * along[0][:, 0, None, None] + v[..., 1] * along[0][:, 1, None, None]
        di = v[..., 1] - v[..., 0]
        vij = vi[..., 0] * along[1][:, 0, None] + vi[..., 1] * along[1][:, 1, None]
        dij = di[..., 0] * along[1][:, 0, None] + di[..., 1] * along[1][:, 1, None]
        dj = vi[..., 1] - vi[..., 0]
        value = vij[:, 0] * along[2][:, 0] + vij[:, 1] * along[2][:, 1]
        gradient_ijk = np.stack(
            [
                dij[:, 0] * along[2][:, 0] + dij[:, 1] * along[2][:, 1],
                dj[:, 0] * along[2][:, 0] + dj[:, 1] * along[2][:, 1],
                vij[:, 1] - vij[:, 0],
            ],
            axis=1,
        )
        weights = weights * (self.valid.reshape(-1)[corners].min(axis=1))
        gradients = gradient_ijk @ geometry.ras_to_ijk[:3, :3]
        return value, gradients, weights


_CORNERS = np.array([(i, j, k) for k in (0, 1) for j in (0, 1) for i in (0, 1)])


def view_mask(image: Image, kind: str) -> np.ndarray | None:
    """Where the values of an image were measured, as booleans; None when everywhere.

    Computed tomography is padded outside its circular field of view; MR and resampled images are padded with
    one constant, exactly equal value, in whole columns or planes: those are recognised only at the array's edges.
    """
    array = image.array
    if kind == "CT":
        mask = array > CT_PADDING_HU
        return None if mask.all() else mask
    if kind == "MR":
        padding = array == array[0, 0, 0]
        if padding.mean() < 0.02:
            return None
        return ~ndimage.binary_opening(padding, iterations=2) if min(array.shape) > 4 else ~padding
    return None


def body_mask(image: Image, kind: str, valid: np.ndarray | None = None) -> np.ndarray:
    """The body as booleans: above air, with holes filled and lone specks left out.

    Parameters
    ----------
    image : Image
    kind : str
        One of KINDS: CT by its Hounsfield units, the others by Otsu's threshold of the log values,
        never above a fifth of the upper quartile, so that fat-suppressed and low-uptake tissue stays in.
    valid : ndarray of bool, optional
        Where values were measured.
    """
    array = image.array
    if kind == "CT":
        mask = array > CT_AIR_HU
    else:
        measured = array if valid is None else array[valid]
        measured = measured[measured > 0] if measured.size else measured
        if not measured.size:
            return np.zeros(array.shape, dtype=bool)
        mask = array > min(_otsu(np.sqrt(measured)) ** 2, 0.2 * float(np.percentile(measured, 90)))
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
    """A CT with air in place of the table and other things outside the body."""
    array = np.where(body_mask(ct, "CT") | (ct.array < CT_PADDING_HU), ct.array, np.float32(-1000.0))
    return Image(array, ct.geometry)


def _otsu(values: np.ndarray) -> float:
    """Threshold that parts values into two classes of least variance (Otsu, IEEE Trans SMC 1979)."""
    counts, edges = np.histogram(values, bins=128)
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centers)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(centers[np.nanargmax(between)])


def cropped(image: Image, points_ras: np.ndarray, margin_mm: float) -> tuple[Image, tuple[slice, slice, slice]] | None:
    """The part of an image around points, and its slices; None when they lie outside the image.

    Parameters
    ----------
    image : Image
    points_ras : ndarray, shape (n, 3)
    margin_mm : float
        Added on all sides.
    """
    geometry = image.geometry
    ijk = geometry.to_ijk(points_ras)
    margin = margin_mm / np.array(geometry.spacing_mm)
    first = np.maximum(np.floor(ijk.min(axis=0) - margin), 0).astype(int)
    last = np.minimum(np.ceil(ijk.max(axis=0) + margin), np.array(geometry.shape[::-1]) - 1).astype(int)
    if (last < first).any():
        return None
    slices = tuple(slice(a, b + 1) for a, b in zip(first[::-1], last[::-1], strict=True))
    shape = tuple(s.stop - s.start for s in slices)
    return Image(image.array[slices], geometry.cropped(tuple(first[::-1]), shape)), slices


def thinned(image: Image, spacing_mm: float) -> Image:
    """The image averaged over blocks of voxels so that its spacing is nearly, but not above, `spacing_mm`.

    The last incomplete block of an axis is left out.
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


def smoothed(image: Image, valid: np.ndarray | None, sigma_mm: float) -> WorkingImage:
    """Smooth with a Gaussian in which only valid voxels take part (normalised convolution).

    Parameters
    ----------
    image : Image
    valid : ndarray of bool or float, shape of the image, optional
    sigma_mm : float
        0 for no smoothing.
    """
    array = image.array.astype(np.float32, copy=False)
    sigma = [sigma_mm / s for s in image.geometry.spacing_kji_mm]
    if valid is None:
        if sigma_mm > 0:
            array = ndimage.gaussian_filter(array, sigma, mode="nearest", truncate=3.0)
        return WorkingImage(Image(np.ascontiguousarray(array), image.geometry), np.ones(array.shape, np.float32))
    weight = valid.astype(np.float32)
    if sigma_mm > 0:
        total = ndimage.gaussian_filter(weight, sigma, mode="nearest", truncate=3.0)
        array = ndimage.gaussian_filter(array * weight, sigma, mode="nearest", truncate=3.0)
        array = np.divide(array, total, out=np.zeros_like(array), where=total > 1e-3)
    return WorkingImage(Image(np.ascontiguousarray(array), image.geometry), (weight > 0.5).astype(np.float32))
