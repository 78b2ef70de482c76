"""MR signal on one grid: the body found, its shading removed, resampled, and compared with normal marrow around."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from ..core.image import Geometry, Image, Region, resample
from .bias import MAD_TO_SD, BiasParameters, bounded_gain, shading
from .blocks import Factors, block_mean, coarse_factors, coarser, spread_blocks
from .body_mask import BODY_COARSE_MM, SeenBody, find_body
from .body_votes import OtherOutline, joined_body

FINEST_MM = 0.7
"""Lower bound for the voxel size of the working grid, mm, about: finer voxels are averaged two by two or more, as
findings are several mm large. Our estimate."""
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
    usable : ndarray of bool
        The part of the body in which at least one series shows more than noise. Elsewhere no tissue can be told.
    warnings : tuple of str
        What the outlines of the body contradict.
    """

    geometry: Geometry
    factors: Factors
    roles: dict[str, np.ndarray]
    body: np.ndarray
    usable: np.ndarray = field(default_factory=lambda: np.ones((1, 1, 1), dtype=bool))
    warnings: tuple[str, ...] = ()


def prepare_signals(
    series: Mapping[str, Image],
    reference_to_series: Mapping[str, np.ndarray],
    reference: Image,
    parameters: BiasParameters,
    outlines: Sequence[OtherOutline] = (),
) -> Signals:
    """Find the body, correct the shading of each series in its own grid, and bring all to one grid.

    Parameters
    ----------
    series : mapping of role to Image
    reference_to_series : mapping of role to ndarray, shape (4, 4)
        Maps points (RAS mm) of the reference frame to points of that series; identity where missing.
    reference : Image
        The reference series, of any role.
    parameters : BiasParameters
    outlines : sequence of OtherOutline, optional
        The body as the PET and the scan for its attenuation correction show it.
    """
    fine = reference.geometry.spacing_kji_mm
    factors = (_factor(FINEST_MM, fine[0]), _factor(FINEST_MM, fine[1]), _factor(FINEST_MM, fine[2]))
    geometry = coarser(reference.geometry, factors)
    coarse = coarse_factors(geometry, BODY_COARSE_MM)
    grid = coarser(geometry, coarse)
    roles, bodies, usable = {}, [], np.zeros(grid.shape, dtype=bool)
    for role, image in series.items():
        between = np.asarray(reference_to_series.get(role, np.eye(4)))
        seen = find_body(image)
        corrected = _without_shading(image, seen, parameters)
        if image.geometry.is_same_grid(reference.geometry) and np.allclose(between, np.eye(4), atol=1e-6):
            roles[role] = block_mean(corrected, factors)
        else:
            roles[role] = _resampled(Image(corrected, image.geometry), geometry, between)
        del corrected
        # Noise must not be taken for tissue: it counts as outside the field of view.
        lost = resample(Image((seen.body & ~seen.usable), seen.geometry), grid, between, order=0, outside=0) > 0
        roles[role][spread_blocks(lost, coarse, geometry.shape)] = np.nan
        usable |= resample(Image(seen.usable, seen.geometry), grid, between, order=0, outside=0) > 0
        bodies.append(OtherOutline(role, Image(seen.body, seen.geometry), between, knows_air=seen.has_air))
    body, warnings = joined_body(bodies, outlines, grid)
    body, usable = (spread_blocks(mask, coarse, geometry.shape) for mask in (body, usable & body))
    return Signals(geometry, factors, roles, body, usable, tuple(warnings))


def _without_shading(image: Image, seen: SeenBody, parameters: BiasParameters) -> np.ndarray:
    """The signal without an offset and without shading, float32; noise is not lifted."""
    shape = image.array.shape
    signal = np.array(image.array, dtype=np.float32)
    if seen.offset > 0:
        np.maximum(signal - np.float32(seen.offset), 0.0, out=signal)
    log_field = shading(Image(signal, image.geometry), spread_blocks(seen.clear, seen.factors, shape), parameters)
    if log_field is None:
        return signal
    bounded_gain(log_field, seen, signal)
    np.negative(log_field, out=log_field)
    np.exp(log_field, out=log_field)
    signal *= log_field
    return signal


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
