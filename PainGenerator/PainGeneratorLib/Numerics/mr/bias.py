"""Removes the smooth shading of receive coils from an MR series: a low-order fit to the logarithm of the signal.

Two classical ideas are used. Both look at a few ten thousand points, so that the cost hardly depends on the volume:

1. Between near points of one tissue, the logarithm of the signal differs only by shading. A robust fit of such
   differences gives a start that bears even the strong fall-off of a spine coil (after Vokurka, Thacker and Jackson,
   MRM 1999).
2. Shading widens the histogram of the logarithm. The histogram is sharpened, what remains is taken for shading and
   fitted, and this is repeated (after Sled, Zijdenbos and Evans, IEEE TMI 1998, and N4, Tustison et al., IEEE TMI
   2010). Polynomials take the place of the B-splines there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.polynomial import legendre
from scipy import ndimage

from ..core.image import Image
from .blocks import spread_blocks
from .body_mask import SeenBody

Term = tuple[int, int, int]
"""Degrees of a polynomial along (k, j, i)."""

MAX_POINTS = 25_000
"""Upper bound for the number of points in step 2; more do not change the histogram."""
MAX_PAIRS = 30_000
"""About the upper bound for the number of pairs of points in step 1."""
POINTS_PER_TERM = 20
"""Lower bound for the number of points per polynomial, for a fit at all. Our estimate."""
PAIRS_PER_TERM = 5
"""Lower bound for the number of pairs per polynomial in step 1. Our estimate."""
SAMPLES_PER_AXIS = 8
"""Lower bound for the number of samples along an axis that is long enough for it."""
SMOOTHED_SAMPLES = 3
"""Upper bound for the number of neighboring voxels along each axis whose mean is a sample."""
SLICES_FOR_EROSION = 24
"""Lower bound for the number of samples across slices, for the edges across slices to be left out, too."""
SEEN_PERCENT = 98.0
"""The percentile of the signal that stands for the brightest tissue."""
SEEN_PART = 0.1
"""Lower bound for the signal of tissue that the typical signal is taken of, as a part of the brightest tissue's."""
PAIR_ROUNDS = 12
"""Rounds of the robust fit in step 1."""
PAIR_RIDGE = 1e-4
"""Weight that keeps the coefficients of step 1 small, per pair."""
PAIR_SCALES = 1.5
"""Differences of this many standard deviations have a quarter of the weight: they are edges between tissues."""
PAIR_LEAST_SCALE = 0.01
"""Lower bound for that standard deviation, in log units."""
SHARPEN_RIDGE = 1e-6
"""Weight that keeps the coefficients of step 2 small, per point."""
SHARPEN_END = 1e-3
"""Step 2 ends when no point changes by more than this, in log units."""
NOISE_PART_MOST = 0.5
"""Upper bound for the noise after the correction, as a part of typical tissue: it stays below the dark tissues. Our
estimate."""
MAD_TO_SD = 1.4826
"""Standard deviation over median absolute deviation, for a normal distribution."""
FWHM_TO_SD = 2.3548
"""Full width at half maximum over standard deviation, for a normal distribution."""
BINS = 200
"""Bins of the histogram of the logarithm, as in N3."""
PADDED_BINS = 512
"""Length of the padded histogram: a power of two, for the Fourier transform."""
TAIL_PERCENT = 0.5
"""The histogram runs from this percentile to 100 minus this percentile."""
WIENER_NOISE = 0.01
"""Noise term of the Wiener filter of the deconvolution, as in N4."""


@dataclass(frozen=True, kw_only=True)
class BiasParameters:
    """Parameters of the correction; part of the stage ``mr_findings`` of the protocols."""

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
    array = np.asarray(image.array, dtype=np.float32)
    log_field = shading(image, mask, parameters)
    if log_field is None:
        return array.copy(), np.zeros(array.shape, dtype=np.float32)
    return array * np.exp(-log_field), log_field


def shading(image: Image, mask: np.ndarray | None, parameters: BiasParameters) -> np.ndarray | None:
    """The natural logarithm of the shading of an MR series.

    Parameters
    ----------
    image, mask, parameters
        As in :func:`correct_bias`.

    Returns
    -------
    ndarray of float32, shape of the image, or None
        Its median over the fitted voxels is 0. None when there are too few voxels with signal for a fit.
    """
    p = parameters
    shape = image.array.shape
    sampled = _sample(image, p)
    sample, factors = sampled.array, sampled.factors
    inside = _fitted_samples(sampled, mask, p)
    terms = _terms(p.order, sample.shape)
    if np.count_nonzero(inside) < POINTS_PER_TERM * len(terms) or not terms:
        return None
    log_signal = np.zeros(sample.shape, dtype=np.float32)
    np.log(sample, out=log_signal, where=inside)
    axes = [
        _axis_basis(f // 2 + f * np.arange(n), full, p.order)
        for f, n, full in zip(factors, sample.shape, shape, strict=True)
    ]
    where = np.nonzero(inside)
    basis = np.stack([axes[0][a, where[0]] * axes[1][b, where[1]] * axes[2][c, where[2]] for a, b, c in terms], axis=1)
    values = log_signal[where].astype(np.float64)
    start = _fit_differences(inside, log_signal, basis, sampled.steps_mm, p.pair_mm)
    some = slice(None, None, len(values) // MAX_POINTS + 1)
    coefficients = _sharpen(values[some], basis[some], start, p)
    fitted = basis @ coefficients
    offset = float(np.median(fitted))
    log_field = _evaluate(terms, coefficients, offset, shape, p.order)
    # A polynomial runs away where nothing held it.
    np.clip(log_field, fitted.min() - offset, fitted.max() - offset, out=log_field)
    return log_field


def bounded_gain(log_field: np.ndarray, seen: SeenBody, signal: np.ndarray) -> None:
    """Limit, in place, how much a correction lifts the signal.

    No voxel outside the body is lifted, and noise within it not above :data:`NOISE_PART_MOST` of typical tissue.

    Parameters
    ----------
    log_field : ndarray of float32
        From :func:`shading`.
    seen : SeenBody
        What the series shows of the body.
    signal : ndarray of float32, shape of `log_field`
        The signal without an offset.
    """
    thinned = signal[tuple(slice(f // 2, n // f * f, f) for f, n in zip(seen.factors, signal.shape, strict=True))]
    typical = float(np.median(thinned[seen.clear])) if seen.clear.any() else 0.0
    if typical <= 0:
        return
    least = np.log(np.maximum(seen.noise, 1e-6) / (NOISE_PART_MOST * typical))
    least = np.where(seen.body, np.minimum(least, 0.0), 0.0).astype(np.float32)
    np.maximum(log_field, spread_blocks(least, seen.factors, signal.shape), out=log_field)


class _Sampled(NamedTuple):
    """Every n-th voxel of an in-slice average, with the distance of the samples in mm and n, along (k, j, i)."""

    array: np.ndarray
    steps_mm: tuple[float, ...]
    factors: tuple[int, ...]


def _sample(image: Image, p: BiasParameters) -> _Sampled:
    """The samples that the fit looks at.

    A small mean over the fine axes lowers noise: the logarithm of noise would pull the fit down far from the coil.
    """
    spacing = image.geometry.spacing_kji_mm
    factors = tuple(
        max(1, min(round(p.sample_mm / s), n // SAMPLES_PER_AXIS))
        for s, n in zip(spacing, image.array.shape, strict=True)
    )
    reach = tuple(min(SMOOTHED_SAMPLES, f) for f in factors)
    trimmed = image.array[tuple(slice(0, n // f * f) for n, f in zip(image.array.shape, factors, strict=True))]
    parts = []
    for offset in np.ndindex(*reach):
        first = tuple((f - r) // 2 + o for f, r, o in zip(factors, reach, offset, strict=True))
        parts.append(trimmed[tuple(slice(a, None, f) for a, f in zip(first, factors, strict=True))])
    total = parts[0].astype(np.float32)
    for part in parts[1:]:
        total = total + part
    sample = total / np.float32(np.prod(reach))
    return _Sampled(sample, tuple(s * f for s, f in zip(spacing, factors, strict=True)), factors)


def _fitted_samples(sampled: _Sampled, mask: np.ndarray | None, p: BiasParameters) -> np.ndarray:
    """Which samples the fit uses: those of the mask with signal, else all with signal away from air and bone."""
    sample = sampled.array
    inside: np.ndarray = np.isfinite(sample) & (sample > _foreground_signal(sample, p.foreground_part))
    if mask is None:
        return _without_edges(inside)
    thinned = mask[tuple(slice(f // 2, None, f) for f in sampled.factors)]
    inside &= thinned[tuple(slice(n) for n in sample.shape)]
    return inside


def _terms(order: int, shape: tuple[int, ...]) -> list[Term]:
    """The polynomials up to a total degree, without the constant, as far as each axis has samples for them."""
    every = range(order + 1)
    terms = [(a, b, c) for a in every for b in every for c in every if 0 < a + b + c <= order]
    return [term for term in terms if all(n > 2 * degree for n, degree in zip(shape, term, strict=True))]


def _foreground_signal(sample: np.ndarray, part: float) -> float:
    """Signal below which a sample is air or bone; infinite where there is no signal."""
    seen = sample[np.isfinite(sample)]
    if not seen.size or seen.max() <= 0:
        return np.inf
    bright = seen[seen > SEEN_PART * np.percentile(seen, SEEN_PERCENT)]
    return max(part * float(np.median(bright)), 1e-6) if bright.size else np.inf


def _without_edges(inside: np.ndarray) -> np.ndarray:
    """Drop voxels beside air or bone: their signal is a mixture."""
    structure = ndimage.generate_binary_structure(3, 1)
    structure[0, 1, 1] = structure[2, 1, 1] = inside.shape[0] >= SLICES_FOR_EROSION
    inner: np.ndarray = ndimage.binary_erosion(inside, structure, border_value=1)
    return inner


def _axis_basis(positions: np.ndarray, length: int, order: int) -> np.ndarray:
    """Legendre polynomials of degree 0 to `order` at voxel positions of an axis, shape (order + 1, n)."""
    scaled = 2.0 * np.asarray(positions, dtype=np.float64) / max(length - 1, 1) - 1.0
    basis: np.ndarray = legendre.legvander(scaled, order).T
    return basis


def _fit_differences(
    inside: np.ndarray, log_signal: np.ndarray, basis: np.ndarray, steps: tuple[float, ...], pair_mm: float
) -> np.ndarray:
    """Coefficients that explain the log differences of near points; edges between tissues have little weight."""
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
    stride = max(1, first.size // MAX_PAIRS)
    first, second = first[::stride], second[::stride]
    if first.size < PAIRS_PER_TERM * basis.shape[1]:
        return np.zeros(basis.shape[1])
    difference = (values[second] - values[first]).astype(np.float64)
    slope = basis[second] - basis[first]
    coefficients = np.zeros(basis.shape[1])
    ridge = PAIR_RIDGE * first.size * np.eye(basis.shape[1])
    for _ in range(PAIR_ROUNDS):
        residual = difference - slope @ coefficients
        scale = max(MAD_TO_SD * np.median(np.abs(residual)), PAIR_LEAST_SCALE)
        weight = 1.0 / (1.0 + (residual / (PAIR_SCALES * scale)) ** 2) ** 2
        weighted = slope * weight[:, None]
        coefficients = np.linalg.solve(slope.T @ weighted + ridge, weighted.T @ difference)
    return coefficients


def _sharpen(values: np.ndarray, basis: np.ndarray, start: np.ndarray, p: BiasParameters) -> np.ndarray:
    """Improve coefficients by repeated sharpening of the histogram of the corrected log signal."""
    coefficients = start
    normal = np.linalg.inv(basis.T @ basis + SHARPEN_RIDGE * len(values) * np.eye(basis.shape[1]))
    centered = basis - basis.mean(axis=0)
    for _ in range(p.iterations):
        corrected = values - centered @ coefficients
        change = normal @ (centered.T @ (corrected - _sharpened(corrected, p.histogram_fwhm)))
        coefficients = coefficients + change
        if np.abs(centered[::7] @ change).max() < SHARPEN_END:
            break
    return coefficients


def _sharpened(values: np.ndarray, fwhm: float) -> np.ndarray:
    """Expected log signal without shading, given the log signal: Gaussian deconvolution of the histogram."""
    low, high = np.percentile(values, (TAIL_PERCENT, 100.0 - TAIL_PERCENT))
    width = max((high - low) / (BINS - 1), 1e-6)
    position = np.clip((values - low) / width, 0.0, BINS - 1)
    below = np.minimum(position.astype(np.intp), BINS - 2)
    histogram = np.bincount((position + 0.5).astype(np.intp), minlength=BINS).astype(float)
    size = PADDED_BINS
    padded = np.zeros(size)
    padded[:BINS] = histogram
    sigma = fwhm / FWHM_TO_SD / width
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
    there: np.ndarray = expected[below] + np.diff(expected)[below] * (position - below)
    return there


def _evaluate(
    terms: list[Term], coefficients: np.ndarray, offset: float, shape: tuple[int, ...], order: int
) -> np.ndarray:
    """The polynomial on the whole grid, float32."""
    tensor = np.zeros((order + 1,) * 3)
    tensor[0, 0, 0] = -offset
    for term, coefficient in zip(terms, coefficients, strict=True):
        tensor[term] = coefficient
    k, j, i = (_axis_basis(np.arange(n), n, order) for n in shape)
    planes = np.einsum("abc,ak,bj->kjc", tensor, k, j, optimize=True).astype(np.float32)
    field: np.ndarray = planes @ i.astype(np.float32)
    return field
