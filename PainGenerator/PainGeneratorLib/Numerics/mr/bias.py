"""Removes the smooth shading of receive coils from an MR series: a low-order fit to the logarithm of the signal.

Two classical ideas, both on a few ten thousand points, so that the cost hardly depends on the volume:

1. between near points of one tissue, log signal differs only by shading: a robust fit of such differences gives a
   start that bears even the strong fall-off of a spine coil (after Vokurka, Thacker and Jackson, MRM 1999);
2. shading widens the histogram of log signal: sharpen the histogram, take what remains as shading, fit, repeat
   (after Sled, Zijdenbos and Evans, IEEE TMI 1998, and N4, Tustison et al., IEEE TMI 2010), with polynomials for
   B-splines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre
from scipy import ndimage

from ..core.image import Image

MAX_POINTS = 25_000
"""Points for step 2; more do not change the histogram."""
BINS = 200
"""Bins of the log histogram, as in N3."""
WIENER_NOISE = 0.01
"""Noise term of the deconvolution's Wiener filter, as in N4."""


@dataclass(frozen=True, kw_only=True)
class BiasParameters:
    """Parameters of stage ``bias``; values in the protocols."""

    order: int
    """Highest total degree of the polynomials."""
    sample_mm: float
    """Distance of the points that are looked at."""
    pair_mm: float
    """Distance of the points whose log signals are compared in step 1."""
    iterations: int
    """Rounds of step 2."""
    histogram_fwhm: float
    """Width (log units) that shading gives to a peak of the histogram; as N4's bias field FWHM."""
    foreground_part: float
    """Voxels under this part of the typical body signal are air or bone and are not looked at."""


def correct_bias(
    image: Image, mask: np.ndarray | None = None, *, parameters: BiasParameters
) -> tuple[np.ndarray, np.ndarray]:
    """Divide the shading out of an MR series.

    Parameters
    ----------
    image : Image
        MR signal, arbitrary units, not negative; NaN marks voxels outside the field of view.
    mask : ndarray of bool, shape of the image, optional
        Voxels to fit on; by default those with signal.
    parameters : BiasParameters

    Returns
    -------
    corrected : ndarray of float32, shape of the image
        Signal over field; the median of the fitted voxels keeps its value.
    log_field : ndarray of float32, shape of the image
        Natural logarithm of the field. All 0 when there are too few voxels with signal for a fit.
    """
    p = parameters
    array = image.array
    sample, steps, factors = _sample(image, p)
    inside = np.isfinite(sample) & (sample > _foreground_level(sample, p.foreground_part))
    if mask is not None:
        inside &= mask[tuple(slice(f // 2, None, f) for f in factors)][tuple(slice(n) for n in sample.shape)]
    else:
        inside = _without_edges(inside)
    terms = [(a, b, c) for a in range(p.order + 1) for b in range(p.order + 1 - a) for c in range(p.order + 1 - a - b)]
    terms = [t for t in terms if sum(t) and all(n > 2 * d for n, d in zip(sample.shape, t, strict=True))]
    if np.count_nonzero(inside) < 20 * len(terms) or not terms:
        return np.array(array, dtype=np.float32), np.zeros(array.shape, dtype=np.float32)
    log_signal = np.zeros(sample.shape, dtype=np.float32)
    np.log(sample, out=log_signal, where=inside)
    axes = [_axis_basis(f // 2 + f * np.arange(n), full, p.order)
            for f, n, full in zip(factors, sample.shape, array.shape, strict=True)]  # fmt: skip
    where = np.nonzero(inside)
    basis = np.stack([axes[0][a, where[0]] * axes[1][b, where[1]] * axes[2][c, where[2]] for a, b, c in terms], axis=1)
    values = log_signal[where].astype(np.float64)
    start = _fit_differences(inside, log_signal, basis, steps, p.pair_mm)
    some = slice(None, None, len(values) // MAX_POINTS + 1)
    coefficients = _sharpen(values[some], basis[some], start, p)
    fitted = basis @ coefficients
    offset = float(np.median(fitted))
    log_field = _evaluate(terms, coefficients, offset, array.shape, p.order)
    # A polynomial runs away where nothing held it; noise in the air must not become signal.
    np.clip(log_field, fitted.min() - offset, fitted.max() - offset, out=log_field)
    return np.asarray(array, dtype=np.float32) * np.exp(-log_field), log_field


def _sample(image: Image, p: BiasParameters) -> tuple[np.ndarray, tuple[float, ...], tuple[int, ...]]:
    """Every n-th voxel of an in-slice average, the distance of the samples in mm and n, along (k, j, i)."""
    spacing = image.geometry.spacing_kji_mm
    factors = tuple(
        max(1, min(round(p.sample_mm / s), n // 8)) for s, n in zip(spacing, image.array.shape, strict=True)
    )
    # A small mean over the fine axes lowers noise; log of noise would pull the fit down where the coil is far.
    reach = tuple(min(3, f) for f in factors)
    trimmed = tuple(slice(0, n // f * f) for n, f in zip(image.array.shape, factors, strict=True))
    total: np.ndarray | None = None
    for offset in np.ndindex(*reach):
        first = tuple((f - r) // 2 + o for f, r, o in zip(factors, reach, offset, strict=True))
        part = image.array[trimmed][tuple(slice(a, None, f) for a, f in zip(first, factors, strict=True))]
        total = part.astype(np.float32) if total is None else total + part
    sample = total / np.float32(np.prod(reach))
    return sample, tuple(s * f for s, f in zip(spacing, factors, strict=True)), factors


def _foreground_level(sample: np.ndarray, part: float) -> float:
    seen = sample[np.isfinite(sample)]
    if not seen.size or seen.max() <= 0:
        return np.inf
    bright = seen[seen > 0.1 * np.percentile(seen, 98)]
    return max(part * float(np.median(bright)), 1e-6) if bright.size else np.inf


def _without_edges(inside: np.ndarray) -> np.ndarray:
    """Drop voxels beside air or bone: their signal is a mixture."""
    structure = ndimage.generate_binary_structure(3, 1)
    structure[0, 1, 1] = structure[2, 1, 1] = inside.shape[0] >= 24
    return ndimage.binary_erosion(inside, structure, border_value=1)


def _axis_basis(positions: np.ndarray, length: int, order: int) -> np.ndarray:
    """Legendre polynomials of degree 0 to `order` at voxel positions of an axis, shape (order + 1, n)."""
    scaled = 2.0 * np.asarray(positions, dtype=np.float64) / max(length - 1, 1) - 1.0
    return legendre.legvander(scaled, order).T


def _fit_differences(
    inside: np.ndarray, log_signal: np.ndarray, basis: np.ndarray, steps: tuple[float, ...], pair_mm: float
) -> np.ndarray:
    """Coefficients that explain the log differences of near points, edges between tissues weighted down."""
    index = np.full(inside.shape, -1, dtype=np.int64)
    index[inside] = np.arange(basis.shape[0])
    values = log_signal[inside]
    firsts, seconds = [], []
    for axis in range(3):
        shift = max(1, round(pair_mm / steps[axis]))
        if shift >= inside.shape[axis]:
            continue
        low = np.take(index, np.arange(inside.shape[axis] - shift), axis).ravel()
        high = np.take(index, np.arange(shift, inside.shape[axis]), axis).ravel()
        both = (low >= 0) & (high >= 0)
        firsts.append(low[both])
        seconds.append(high[both])
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    stride = max(1, first.size // 30_000)
    first, second = first[::stride], second[::stride]
    if first.size < 5 * basis.shape[1]:
        return np.zeros(basis.shape[1])
    difference = (values[second] - values[first]).astype(np.float64)
    slope = basis[second] - basis[first]
    coefficients = np.zeros(basis.shape[1])
    ridge = 1e-4 * first.size * np.eye(basis.shape[1])
    for _ in range(12):
        residual = difference - slope @ coefficients
        scale = max(1.4826 * np.median(np.abs(residual)), 0.01)
        weight = 1.0 / (1.0 + (residual / (1.5 * scale)) ** 2) ** 2
        weighted = slope * weight[:, None]
        coefficients = np.linalg.solve(slope.T @ weighted + ridge, weighted.T @ difference)
    return coefficients


def _sharpen(values: np.ndarray, basis: np.ndarray, start: np.ndarray, p: BiasParameters) -> np.ndarray:
    """Improve coefficients by repeated sharpening of the histogram of the corrected log signal."""
    coefficients = start
    normal = np.linalg.inv(basis.T @ basis + 1e-6 * len(values) * np.eye(basis.shape[1]))
    centered = basis - basis.mean(axis=0)
    for _ in range(p.iterations):
        corrected = values - centered @ coefficients
        change = normal @ (centered.T @ (corrected - _sharpened(corrected, p.histogram_fwhm)))
        coefficients = coefficients + change
        if np.abs(centered[::7] @ change).max() < 1e-3:
            break
    return coefficients


def _sharpened(values: np.ndarray, fwhm: float) -> np.ndarray:
    """Expected log signal without shading, given the log signal: Gaussian deconvolution of the histogram."""
    low, high = np.percentile(values, (0.5, 99.5))
    width = max((high - low) / (BINS - 1), 1e-6)
    position = np.clip((values - low) / width, 0.0, BINS - 1)
    below = np.minimum(position.astype(np.intp), BINS - 2)
    histogram = np.bincount((position + 0.5).astype(np.intp), minlength=BINS).astype(float)
    size = 512
    padded = np.zeros(size)
    padded[:BINS] = histogram
    sigma = fwhm / 2.3548 / width
    offsets = np.minimum(np.arange(size), size - np.arange(size))
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel /= kernel.sum()
    blur = np.fft.rfft(kernel)
    inverse = np.conj(blur) / (np.abs(blur) ** 2 + WIENER_NOISE)
    sharp = np.maximum(np.fft.irfft(np.fft.rfft(padded) * inverse, size), 0.0)
    centers = low + width * np.arange(size)
    centers[size - (size - BINS) // 2 :] -= width * size
    weight = np.fft.irfft(np.fft.rfft(sharp) * blur, size)
    moment = np.fft.irfft(np.fft.rfft(sharp * centers) * blur, size)
    expected = np.where(weight > 1e-9, moment / np.maximum(weight, 1e-9), centers)[:BINS]
    return expected[below] + np.diff(expected)[below] * (position - below)


def _evaluate(
    terms: list[tuple[int, int, int]], coefficients: np.ndarray, offset: float, shape: tuple[int, ...], order: int
) -> np.ndarray:
    """The polynomial on the whole grid, float32."""
    tensor = np.zeros((order + 1,) * 3)
    tensor[0, 0, 0] = -offset
    for term, coefficient in zip(terms, coefficients, strict=True):
        tensor[term] = coefficient
    k, j, i = (_axis_basis(np.arange(n), n, order) for n in shape)
    planes = np.einsum("abc,ak,bj->kjc", tensor, k, j, optimize=True).astype(np.float32)
    return planes @ i.astype(np.float32)
