"""MR signal on one grid: its shading removed, resampled, the body found, and compared with normal marrow around."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..core.image import Geometry, Image, Region, resample
from .bias import MAD_TO_SD, SEEN_PART, SEEN_PERCENT, BiasParameters, correct_bias

Factors = tuple[int, int, int]
"""Whole numbers of voxels of a block, along (k, j, i)."""

FINEST_MM = 0.7
"""Lower bound for the voxel size of the working grid, mm, about: finer voxels are averaged two by two or more, as
findings are several mm large. Our estimate."""
COARSE_MM = 2.0
"""Voxel size for shapes of whole organs, mm. Our estimate."""
BODY_COARSE_MM = 4.0
"""Voxel size on which the body is found, mm. Our estimate."""
BODY_PART = 0.15
"""Lower bound for the signal of the body, as a part of the typical bright signal; below it is air, as in MR body masks
generally."""
NOISE_PERCENT = 3.0
"""The percentile of the signal that stands for the noise in the air around the body."""
NOISE_TIMES = 2.0
"""Lower bound for the signal of the body over that noise. Our estimate."""
NOISE_BOUND_PART = 0.35
"""Upper bound for what the noise may ask of the body, as a part of the typical bright signal: an image without air has
no noise to measure. Our estimate."""
CLOSING_ROUNDS = 4
"""Rounds of the closing that fills notches and cavities of the body, in voxels of :data:`BODY_COARSE_MM`."""
BODY_PIECE_PART = 0.1
"""Lower bound for the size of a piece of the body, as a part of the largest piece: legs count, and noise does not. Our
estimate."""
THICK_SLICE = 1.5
"""Slices are thick when their distance is more than this many times the voxel size within them."""
RESAMPLING_SIGMA = 0.4
"""Standard deviation of the Gaussian before a coarser resampling, in new voxels per old ones. Our estimate."""
SMOOTHED_UP_TO_SIGMA = 2.5
"""Axes whose voxels are larger than this many standard deviations are not smoothed; the Gaussian ends there, too."""
MAX_SAMPLES = 3000
"""Upper bound for the voxels of marrow of which one median is taken; its standard error is then below 3 % of the
spread."""
LEAST_SAMPLES = 30
"""Lower bound for the voxels of marrow of which a median is taken. Our estimate."""
LEAST_SPREAD = 0.04
"""Lower bound for the spread of normal marrow as a part of its signal: less is not measured in noise. Our estimate."""
NEIGHBORS = 2
"""How many vertebrae above and below serve as reference of a vertebra, beside itself."""
NEAR_GRID_PART = 0.25
"""A dilation reaches beyond its radius by this part of a voxel, so that grids of similar size give similar results."""


@dataclass(frozen=True, eq=False)
class Signals:
    """All series of a case on one grid.

    Parameters
    ----------
    geometry : Geometry
        The grid of the reference series, or one that is coarser by whole `factors`.
    factors : tuple of int
        Voxels of the reference series per voxel of this grid, along (k, j, i).
    roles : dict
        Role -> float32 array without shading, arbitrary units, NaN outside the field of view of that series.
    body : ndarray of bool
        The body with its cavities, gas and implants.
    """

    geometry: Geometry
    factors: Factors
    roles: dict[str, np.ndarray]
    body: np.ndarray


def prepare_signals(
    series: Mapping[str, Image],
    reference_to_series: Mapping[str, np.ndarray],
    reference: Image,
    parameters: BiasParameters,
) -> Signals:
    """Correct the shading of each series in its own grid and bring all to one grid.

    Parameters
    ----------
    series : mapping of role to Image
    reference_to_series : mapping of role to ndarray, shape (4, 4)
        Maps points (RAS mm) of the reference frame to points of that series; identity where missing.
    reference : Image
        The reference series, of any role.
    parameters : BiasParameters
    """
    fine = reference.geometry.spacing_kji_mm
    factors = (_factor(FINEST_MM, fine[0]), _factor(FINEST_MM, fine[1]), _factor(FINEST_MM, fine[2]))
    geometry = coarser(reference.geometry, factors)
    roles = {}
    for role, image in series.items():
        corrected, _ = correct_bias(image, parameters=parameters)
        between = np.asarray(reference_to_series.get(role, np.eye(4)))
        if image.geometry.is_same_grid(reference.geometry) and np.allclose(between, np.eye(4), atol=1e-6):
            roles[role] = block_mean(corrected, factors)
        else:
            roles[role] = _resampled(Image(corrected, image.geometry), geometry, between)
    return Signals(geometry, factors, roles, _body(roles, geometry))


def _factor(wanted_mm: float, spacing_mm: float) -> int:
    """How many voxels make about `wanted_mm`, at least one."""
    return max(1, int(wanted_mm / spacing_mm + 0.5))


def _resampled(image: Image, geometry: Geometry, between: np.ndarray) -> np.ndarray:
    """An image on another grid; it is smoothed first where that grid is coarser along all axes."""
    coarse, fine = sorted(geometry.spacing_kji_mm), sorted(image.geometry.spacing_kji_mm)
    own = tuple(max(1, int(c / f)) for c, f in zip(coarse, fine, strict=True))
    if min(own) > 1:
        smooth = ndimage.gaussian_filter(image.array, [RESAMPLING_SIGMA * f for f in own])
        image = Image(smooth, image.geometry)
    return resample(image, geometry, between)


def coarser(geometry: Geometry, factors: Factors) -> Geometry:
    """The grid of blocks of `factors` (k, j, i) voxels; voxels that do not fill a block are left out."""
    k, j, i = geometry.shape
    shape = (k // factors[0], j // factors[1], i // factors[2])
    matrix = geometry.ijk_to_ras.copy()
    matrix[:3, :3] = matrix[:3, :3] * np.array(factors[::-1])
    matrix[:3, 3] = geometry.to_ras((np.array(factors[::-1]) - 1) / 2.0)
    return Geometry(shape, matrix)


def block_mean(array: np.ndarray, factors: Factors) -> np.ndarray:
    """Mean over blocks of `factors` (k, j, i) voxels, float32."""
    if factors == (1, 1, 1):
        return np.asarray(array, dtype=np.float32)
    shape = tuple(n // f for n, f in zip(array.shape, factors, strict=True))
    trimmed = array[tuple(slice(0, n * f) for n, f in zip(shape, factors, strict=True))]
    blocks = trimmed.reshape(tuple(x for n, f in zip(shape, factors, strict=True) for x in (n, f)))
    means: np.ndarray = blocks.mean(axis=(1, 3, 5), dtype=np.float32)
    return means


def spread_blocks(array: np.ndarray, factors: Factors, shape: tuple[int, ...]) -> np.ndarray:
    """The inverse of :func:`block_mean`: each value fills its block; voxels beyond the last block take its value."""
    for axis, (factor, length) in enumerate(zip(factors, shape, strict=True)):
        if factor > 1 or array.shape[axis] != length:
            index = np.minimum(np.arange(length) // factor, array.shape[axis] - 1)
            array = np.take(array, index, axis)
    return array


def coarse_factors(geometry: Geometry, spacing_mm: float = COARSE_MM) -> Factors:
    """Whole factors (k, j, i) that bring a grid to about `spacing_mm`."""
    k, j, i = (
        max(1, min(int(spacing_mm / s + 0.5), n)) for s, n in zip(geometry.spacing_kji_mm, geometry.shape, strict=True)
    )
    return k, j, i


def _body(roles: Mapping[str, np.ndarray], geometry: Geometry) -> np.ndarray:
    """The body with its cavities, as a mask of the working grid."""
    factors = coarse_factors(geometry, BODY_COARSE_MM)
    # T1 separates body and air best. With fat suppressed, the body's own signal is near the noise.
    role = next(role for role in ("T1", "CONTRAST", "T2", "FLUID") if role in roles)
    coarse = np.nan_to_num(block_mean(roles[role], factors), nan=0.0)
    inside = coarse > _least_body_signal(coarse)
    inside = ndimage.binary_opening(inside, iterations=1) if min(inside.shape) > 4 else inside
    closed = _closed(inside, coarser(geometry, factors).spacing_kji_mm)
    thick = int(np.argmax(geometry.spacing_kji_mm))
    for index in range(closed.shape[thick]):
        place = (slice(None),) * thick + (index,)
        closed[place] = ndimage.binary_fill_holes(closed[place])
    return spread_blocks(_without_specks(closed), factors, geometry.shape)


def _least_body_signal(coarse: np.ndarray) -> float:
    """Signal above which a voxel belongs to the body."""
    bright = coarse[coarse > SEEN_PART * np.percentile(coarse, SEEN_PERCENT)]
    typical = float(np.median(bright)) if bright.size else np.inf
    noise = float(np.percentile(coarse, NOISE_PERCENT))
    return max(BODY_PART * typical, min(NOISE_TIMES * noise, NOISE_BOUND_PART * typical))


def _closed(inside: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """A mask with its notches filled; within slices only where these are thick.

    Padding with the edge's own values keeps the parts that the field of view cuts, and lets cavities close.
    """
    rounds = CLOSING_ROUNDS
    padded = np.pad(inside, rounds, mode="edge")
    depth = 1 if spacing[0] > THICK_SLICE * spacing[1] else 3
    ball = np.ones((depth, 3, 3), dtype=bool)
    closed: np.ndarray = ndimage.binary_closing(padded, ball, iterations=rounds)
    return closed[(slice(rounds, -rounds),) * 3]


def _without_specks(mask: np.ndarray) -> np.ndarray:
    """The largest part of a mask and those that are not much smaller."""
    labels, count = ndimage.label(mask)
    if count <= 1:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.isin(labels, np.flatnonzero(sizes >= BODY_PIECE_PART * sizes.max()))


def in_plane_smooth(array: np.ndarray, geometry: Geometry, sigma_mm: float) -> np.ndarray:
    """Gaussian mean along the fine axes; thick slices are not mixed with each other.

    Parameters
    ----------
    array : ndarray
        NaN counts as 0.
    geometry : Geometry
    sigma_mm : float
        Standard deviation.
    """
    limit = SMOOTHED_UP_TO_SIGMA
    sigma = [sigma_mm / s if s < limit * sigma_mm else 0.0 for s in geometry.spacing_kji_mm]
    smooth: np.ndarray = ndimage.gaussian_filter(np.nan_to_num(array, nan=0.0), sigma, truncate=limit)
    return smooth


def local_z(
    values: np.ndarray, points_ras: np.ndarray, normal: np.ndarray, vertebra: np.ndarray | None, reach_mm: float
) -> np.ndarray:
    """Standardize signal by the normal tissue around it.

    It is (signal - local median) over 1.4826 MAD of what the local median leaves unexplained.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Signal of one sequence, without shading.
    points_ras : ndarray, shape (n, 3)
        Where it was measured, RAS mm.
    normal : ndarray of bool, shape (n,)
        Voxels that may serve as reference (well inside the tissue).
    vertebra : ndarray of int, shape (n,), optional
        Number of the vertebra, 0 for none. The reference of a vertebra is then that of it and its two neighbors on
        either side, each with the same weight, so that one diseased vertebra cannot be its own norm.
    reach_mm : float
        Radius of the local reference where the vertebrae are not known.

    Returns
    -------
    ndarray of float32, shape (n,)
        All 0 where there is too little normal tissue.
    """
    flat = np.flatnonzero(normal)
    if flat.size < LEAST_SAMPLES:
        return np.zeros(len(values), dtype=np.float32)
    centers, medians = _local_medians(values, points_ras, flat, vertebra, reach_mm)
    reference = _interpolated(points_ras, centers, medians, 0.5 * reach_mm)
    relative = values / np.maximum(reference, 1e-6) - 1.0
    spread = MAD_TO_SD * np.median(np.abs(relative[flat] - np.median(relative[flat])))
    z: np.ndarray = (relative / max(float(spread), LEAST_SPREAD)).astype(np.float32)
    return z


def _local_medians(
    values: np.ndarray, points: np.ndarray, flat: np.ndarray, vertebra: np.ndarray | None, reach_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Places (m, 3) and the median signal of normal tissue at each, (m,): of vertebrae, else of a lattice of balls."""
    found: list[tuple[np.ndarray, float]] = []
    if vertebra is not None and np.any(vertebra[flat] > 0):
        found = list(_vertebra_medians(values, points, flat, vertebra))
    if not found:
        found = list(_ball_medians(values, points, flat, reach_mm))
    if not found:
        found = [(points[flat].mean(axis=0), float(np.median(values[flat])))]
    return np.array([center for center, _ in found]), np.array([median for _, median in found])


def _vertebra_medians(
    values: np.ndarray, points: np.ndarray, flat: np.ndarray, vertebra: np.ndarray
) -> Iterator[tuple[np.ndarray, float]]:
    """Center of each vertebra, and the median of the medians of it and its neighbors."""
    own = {int(n): flat[vertebra[flat] == n] for n in np.unique(vertebra[flat]) if n > 0}
    own = {n: some[:: some.size // MAX_SAMPLES + 1] for n, some in own.items() if some.size >= LEAST_SAMPLES}
    order = sorted(own, key=lambda n: float(points[own[n], 2].mean()))
    for place, number in enumerate(order):
        near = order[max(0, place - NEIGHBORS) : place + NEIGHBORS + 1]
        yield points[own[number]].mean(axis=0), float(np.median([np.median(values[own[n]]) for n in near]))


def _ball_medians(
    values: np.ndarray, points: np.ndarray, flat: np.ndarray, reach_mm: float
) -> Iterator[tuple[np.ndarray, float]]:
    """Centers of overlapping balls with normal tissue, and the median in each."""
    some = flat[:: flat.size // (8 * MAX_SAMPLES) + 1]
    cells = np.unique(np.floor(points[some] / (0.5 * reach_mm)), axis=0)
    for cell in (cells + 0.5) * 0.5 * reach_mm:
        near = some[np.sum((points[some] - cell) ** 2, axis=1) < reach_mm**2]
        if near.size >= LEAST_SAMPLES:
            yield cell, float(np.median(values[near]))


def _interpolated(points: np.ndarray, centers: np.ndarray, medians: np.ndarray, width_mm: float) -> np.ndarray:
    """Gaussian-weighted mean of the medians at the points, (n,).

    It is evaluated on a lattice and interpolated linearly, as it is smooth.
    """
    low = points.min(axis=0) - 1.0
    step = 0.4 * width_mm
    counts = np.ceil((points.max(axis=0) + 1.0 - low) / step).astype(int) + 1
    lattice = low + step * np.stack(np.meshgrid(*[np.arange(n) for n in counts], indexing="ij"), axis=-1)
    weight_sum = np.zeros(counts)
    total = np.zeros(counts)
    for center, median in zip(centers, medians, strict=True):
        weight = np.exp(-0.5 * np.minimum(np.sum((lattice - center) ** 2, axis=-1) / width_mm**2, 80.0))
        weight_sum += weight
        total += weight * median
    there: np.ndarray = ndimage.map_coordinates(total / weight_sum, ((points - low) / step).T, order=1, mode="nearest")
    return there


def extents_mm(points_ras: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lengths (mm, longest first) and unit axes (rows, RAS) of a point set: four standard deviations along each."""
    centered = points_ras - points_ras.mean(axis=0)
    eigenvalues, vectors = np.linalg.eigh(centered.T @ centered / max(len(points_ras), 1))
    return 4.0 * np.sqrt(np.maximum(eigenvalues[::-1], 0.0)), vectors[:, ::-1].T


def sample_mask(mask: np.ndarray, geometry: Geometry, points_ras: np.ndarray) -> np.ndarray:
    """Mask value at the nearest voxel of points, shape (n,); False outside the grid."""
    kji = np.rint(geometry.to_ijk(points_ras)).astype(int)[:, ::-1]
    inside = np.all((kji >= 0) & (kji < mask.shape), axis=1)
    found = np.zeros(len(kji), dtype=bool)
    found[inside] = mask[tuple(kji[inside].T)]
    return found


def near_mask(mask: np.ndarray, geometry: Geometry, reach_mm: float) -> np.ndarray:
    """Voxels within about `reach_mm` of a mask: a dilation by an ellipsoid of that radius."""
    spacing = geometry.spacing_kji_mm
    radius = [int(reach_mm / s + NEAR_GRID_PART) for s in spacing]
    out = np.zeros_like(mask)
    if not mask.any():
        return out
    box = tuple(
        slice(max(0, int(where[0]) - r), min(n, int(where[-1]) + r + 1))
        for where, r, n in zip(_occupied(mask), radius, mask.shape, strict=True)
    )
    part, grown = mask[box], out[box]
    limit = (reach_mm + NEAR_GRID_PART * min(spacing)) ** 2
    wide = part.copy()
    # A ball is a stack of rows: the mask is widened along rows step by step, and each width put where it belongs.
    for width in range(radius[2] + 1):
        if width:
            wide[:, :, width:] |= part[:, :, :-width]
            wide[:, :, :-width] |= part[:, :, width:]
        along = (width * spacing[2]) ** 2
        wider = np.inf if width == radius[2] else ((width + 1) * spacing[2]) ** 2
        for k, j in np.ndindex(2 * radius[0] + 1, 2 * radius[1] + 1):
            shift = k - radius[0], j - radius[1]
            across = (shift[0] * spacing[0]) ** 2 + (shift[1] * spacing[1]) ** 2
            if across + along <= limit < across + wider:
                _add_shifted(wide, grown, shift)
    return out


def _add_shifted(source: np.ndarray, target: np.ndarray, shift: tuple[int, int]) -> None:
    """Add a mask to another one of the same shape, moved along the first two axes."""
    if any(abs(d) >= n for d, n in zip(shift, source.shape[:2], strict=True)):
        return
    into = tuple(slice(max(0, d), n + min(0, d)) for d, n in zip(shift, source.shape[:2], strict=True))
    taken = tuple(slice(max(0, -d), n - max(0, d)) for d, n in zip(shift, source.shape[:2], strict=True))
    target[into] |= source[taken]


def _occupied(mask: np.ndarray) -> list[np.ndarray]:
    """Along each axis the indices at which a mask holds anything."""
    return [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]


def around_region(region: Region, reach_mm: float) -> tuple[tuple[slice, ...], np.ndarray, np.ndarray]:
    """The surroundings of a region.

    Returns
    -------
    box : tuple of slice
        The part of the grid within about `reach_mm` of the region.
    own : ndarray of bool
        The region, within the box.
    near : ndarray of bool
        The region and what lies within `reach_mm` of it, within the box.
    """
    geometry = region.geometry
    first, shape = region.box
    box = tuple(
        slice(max(f - int(reach_mm / s + 1), 0), min(f + n + int(reach_mm / s + 1), size))
        for f, n, s, size in zip(first, shape, geometry.spacing_kji_mm, geometry.shape, strict=True)
    )
    own = np.zeros(tuple(b.stop - b.start for b in box), dtype=bool)
    kji = np.unravel_index(region.flat, geometry.shape)
    own[tuple(a - b.start for a, b in zip(kji, box, strict=True))] = True
    return box, own, near_mask(own, geometry, reach_mm)


def regions_of(mask: np.ndarray, geometry: Geometry, minimum_ml: float) -> list[Region]:
    """Connected sets of voxels (26 neighbors) of at least `minimum_ml`, the largest first."""
    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    if not count:
        return []
    flat = np.flatnonzero(labels)
    own = labels.reshape(-1)[flat]
    order = np.argsort(own, kind="stable")
    parts = np.split(flat[order], np.flatnonzero(np.diff(own[order])) + 1)
    kept = [Region(geometry, part) for part in parts if part.size * geometry.voxel_volume_ml >= minimum_ml]
    return sorted(kept, key=lambda region: -len(region))
