"""Make a PET with many foci, and find hot spots on it with scipy alone, for comparison."""

from __future__ import annotations

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.pet.peak import sphere_kernel
from scipy import ndimage, signal

FULL_PET = (127, 344, 344)
"""Shape of the PET of a hybrid scanner: slices, rows, columns."""
SPACING_MM = (2.09, 2.09, 2.03)
"""Its voxel size along i, j and k, mm."""


def pet_with_foci(shape: tuple[int, int, int], foci: int, seed: int = 4) -> Image:
    """Make tissue with correlated noise and blurred foci, with the voxel size of the PET of a hybrid scanner."""
    rng = np.random.default_rng(seed)
    _, j, i = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    body = (j[None, :, None] / 0.62) ** 2 + (i[None, None, :] / 0.8) ** 2 < 1
    array = np.where(body, np.float32(1.0), np.float32(0.02)) * np.ones((shape[0], 1, 1), np.float32)
    noise = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), 1.1)
    array *= 1 + 0.08 * noise / noise.std()
    inside = np.flatnonzero(ndimage.binary_erosion(body[0], iterations=12))
    extra = np.zeros(shape, dtype=np.float32)
    for _ in range(foci):
        row, column = np.unravel_index(rng.choice(inside), shape[1:])
        extra[rng.integers(8, shape[0] - 8), row, column] += rng.uniform(60.0, 140.0)
    array += ndimage.gaussian_filter(extra, 1.7)
    matrix = np.diag([-SPACING_MM[0], -SPACING_MM[1], SPACING_MM[2], 1.0])
    matrix[:3, 3] = -matrix[:3, :3] @ (np.array(shape[::-1]) - 1) / 2
    return Image(array, Geometry(shape, matrix))


def plain_hot_spots(suv: Image, threshold: float) -> int:
    """Find hot spots with scipy alone: label, statistics and a peak filter over the whole image. Returns the
    number."""
    labels, count = ndimage.label(suv.array > threshold, np.ones((3, 3, 3)))
    numbers = np.arange(1, count + 1)
    ndimage.maximum(suv.array, labels, numbers)
    ndimage.mean(suv.array, labels, numbers)
    ndimage.sum_labels(np.ones_like(labels), labels, numbers)
    ndimage.center_of_mass(suv.array, labels, numbers)
    ndimage.maximum(whole_image_peaks(suv), labels, numbers)
    return count


def whole_image_peaks(suv: Image) -> np.ndarray:
    """Compute the mean in a sphere of 1 ml around every voxel by convolution."""
    offsets, weights = (np.asarray(a) for a in sphere_kernel(suv.geometry.spacing_kji_mm))
    reach = np.abs(offsets).max(axis=0)
    kernel = np.zeros(2 * reach + 1, dtype=np.float32)
    kernel[tuple((offsets + reach).T)] = weights / np.sum(weights)
    return signal.fftconvolve(suv.array, kernel, mode="same")
