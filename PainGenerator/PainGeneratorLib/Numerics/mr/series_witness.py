"""What an MR image itself says about its weighting: the second witness beside the header.

Shading of the receiver coil changes the signal more than tissues do. Only local contrast is therefore compared,
between two series of one examination: fat is bright on T1 and on T2, and dark where it is suppressed.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..core.image import Image, block_means, resample

GRID_MM = 4.0
"""Size of the blocks of voxels that are compared, mm. Our estimate: finer detail is lost by motion anyway."""
LOCAL_MM = 12.5
"""Width (standard deviation) of the surroundings that a voxel is compared with, mm. Our estimate: smaller than the
shading of a coil, larger than a layer of fat."""
BODY_PART = 0.08
"""Lower bound of the signal of the body, as a part of the 90th percentile of the image. Our estimate."""
LEAST_CELLS = 500
"""Lower bound of the cells in which both series show the body. Our estimate."""
BRIGHT_PART = 0.15
"""Part of the cells that count as bright on the first series: fat, on T1. Our estimate."""
DARK_PART = 0.40
"""Part of the cells that count as dark on the first series: muscle and fluid, on T1. Our estimate."""
FLUID_PART = 0.002
"""Part of the cells at either end that is compared to tell T2 from T1. Our estimate: fluid of canal and bladder."""
SCALES = (1.0, 100.0, 1000.0)
"""Largest values that maps of a fraction or percentage have."""
SCALE_TOLERANCE = 0.005
"""How far the largest value may be from one of `SCALES`, as a part of it. Our estimate."""
AT_TOP_PART = 1e-4
"""Lower bound of the part of voxels at the largest value of a map: pure fat and noise reach it often. Our estimate."""


def fat_contrast(first: Image, second: Image, first_to_second_ras: np.ndarray | None = None) -> float | None:
    """How bright on the second series is what is bright on the first one, against what is dark there.

    Parameters
    ----------
    first : Image
        A series on which fat is bright: T1, or the in-phase or fat image of a Dixon acquisition.
    second : Image
    first_to_second_ras : ndarray, shape (4, 4), optional
        Maps points of the first series to points of the second one, RAS mm; identity when left out.

    Returns
    -------
    float or None
        Difference of the medians of the logarithm of the local signal. About 0.8 to 1.2 for a second series with
        bright fat, -1.3 to 0.3 where fat is suppressed. None when too little of the body is on both.
    """
    pair = _local_pair(first, second, first_to_second_ras)
    if pair is None:
        return None
    bright, other = pair
    high = other[bright > np.quantile(bright, 1.0 - BRIGHT_PART)]
    low = other[bright < np.quantile(bright, DARK_PART)]
    return float(np.median(high) - np.median(low))


def fluid_ratio(t1: Image, t2: Image, t1_to_t2_ras: np.ndarray | None = None) -> float | None:
    """How much more the brightest places of T2 against T1 stand out than the brightest places of T1 against T2.

    Fluid is dark on T1 and very bright on T2; nothing is as much brighter on T1.

    Parameters
    ----------
    t1, t2 : Image
    t1_to_t2_ras : ndarray, shape (4, 4), optional
        Maps points of the T1 to points of the T2, RAS mm; identity when left out.

    Returns
    -------
    float or None
        1.3 to 2.2 on real and simulated series; the reciprocal of it when the two are exchanged. None when too little
        of the body is on both.
    """
    pair = _local_pair(t1, t2, t1_to_t2_ras)
    if pair is None:
        return None
    low, middle, high = np.quantile(pair[1] - pair[0], (FLUID_PART, 0.5, 1.0 - FLUID_PART))
    return float((high - middle) / max(middle - low, 1e-3))


def _local_pair(
    first: Image, second: Image, first_to_second_ras: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Logarithms of the local signal of two series where both show the body; None when that is too little."""
    coarse = block_means(first, GRID_MM)
    values = coarse.array
    moved = resample(block_means(second, GRID_MM), coarse.geometry, first_to_second_ras, order=1, outside=np.nan)
    if not (_has_signal(values) and _has_signal(moved)):
        return None
    bright, seen = _local_logarithm(values, coarse.geometry.spacing_kji_mm)
    other, also = _local_logarithm(moved, coarse.geometry.spacing_kji_mm)
    both = seen & also
    return (bright[both], other[both]) if int(both.sum()) >= LEAST_CELLS else None


def _has_signal(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).any() and np.nanpercentile(values, 90) > 0)


def _local_logarithm(values: np.ndarray, spacing_kji_mm: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Logarithm of the signal against its surroundings, and the cells that show the body."""
    filled = np.nan_to_num(values)
    top = float(np.nanpercentile(values, 90))
    body = ~np.isnan(values) & (filled > BODY_PART * top)
    logarithm = np.log(np.maximum(filled, 0.03 * top) / top)
    weight = body.astype(np.float32)
    width = LOCAL_MM / np.array(spacing_kji_mm)
    mean = ndimage.gaussian_filter(logarithm * weight, width) / (ndimage.gaussian_filter(weight, width) + 1e-6)
    return logarithm - mean, body


def is_fraction_map(image: Image) -> bool:
    """True when the values are those of a fraction or percentage: none above 1, 100 or 1000, and many just there.

    Parameters
    ----------
    image : Image
    """
    top = float(image.array.max())
    if float(image.array.min()) < -SCALE_TOLERANCE * top or top <= 0:
        return False
    scale = next((scale for scale in SCALES if abs(top - scale) <= SCALE_TOLERANCE * scale), None)
    if scale is None:
        return False
    return float(np.mean(image.array >= scale * (1.0 - SCALE_TOLERANCE))) >= AT_TOP_PART
