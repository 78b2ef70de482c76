"""MR signal on one working grid: shading removed, resampled, body found, compared with local normal marrow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..core.image import Geometry, Image, Region, resample
from .bias import BiasParameters, correct_bias

FINEST_MM = 0.7
"""Finer voxels are averaged two by two (or more): findings are several mm large."""
COARSE_MM = 2.0
"""In-slice spacing for shapes of whole organs."""
BODY_PART = 0.15
"""Of the typical bright signal; below it is air, as in MR body masks generally."""
MAX_SAMPLES = 3000
"""Marrow voxels per place for a median; its standard error is then below 3 % of the spread."""


@dataclass(frozen=True, eq=False)
class Signals:
    """All series of a case on one grid.

    Parameters
    ----------
    geometry : Geometry
        The reference series' grid, or one that is coarser by whole `factors` (k, j, i).
    factors : tuple of int
    roles : dict
        Role -> float32 array without shading, arbitrary units, NaN outside that series' field of view.
    body : ndarray of bool
        The body with all that it holds, gas and implants included.
    """

    geometry: Geometry
    factors: tuple[int, int, int]
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
    parameters : BiasParameters
    """
    factors = tuple(max(1, int(FINEST_MM / s + 0.5)) for s in reference.geometry.spacing_kji_mm)
    geometry = coarser(reference.geometry, factors)
    roles = {}
    for role, image in series.items():
        corrected, _ = correct_bias(image, parameters=parameters)
        between = np.asarray(reference_to_series.get(role, np.eye(4)))
        if image.geometry.is_same_grid(reference.geometry) and np.allclose(between, np.eye(4), atol=1e-6):
            roles[role] = block_mean(corrected, factors)
        else:
            own = tuple(
                max(1, int(t / s))
                for t, s in zip(sorted(geometry.spacing_kji_mm), sorted(image.geometry.spacing_kji_mm), strict=True)
            )
            if min(own) > 1:
                corrected = ndimage.gaussian_filter(corrected, [0.4 * f for f in own])
            roles[role] = resample(Image(corrected, image.geometry), geometry, between)
    return Signals(geometry, factors, roles, _body(roles, geometry))


def coarser(geometry: Geometry, factors: tuple[int, int, int]) -> Geometry:
    """The grid of blocks of `factors` (k, j, i) voxels; what does not fill a block is left out."""
    shape = tuple(n // f for n, f in zip(geometry.shape, factors, strict=True))
    matrix = geometry.ijk_to_ras.copy()
    matrix[:3, :3] = matrix[:3, :3] * np.array(factors[::-1])
    matrix[:3, 3] = geometry.to_ras((np.array(factors[::-1]) - 1) / 2.0)
    return Geometry(shape, matrix)


def block_mean(array: np.ndarray, factors: tuple[int, int, int]) -> np.ndarray:
    """Mean over blocks of `factors` (k, j, i) voxels, float32."""
    if factors == (1, 1, 1):
        return np.asarray(array, dtype=np.float32)
    shape = tuple(n // f for n, f in zip(array.shape, factors, strict=True))
    trimmed = array[tuple(slice(0, n * f) for n, f in zip(shape, factors, strict=True))]
    blocks = trimmed.reshape(tuple(x for n, f in zip(shape, factors, strict=True) for x in (n, f)))
    return blocks.mean(axis=(1, 3, 5), dtype=np.float32)


def spread_blocks(array: np.ndarray, factors: tuple[int, int, int], shape: tuple[int, int, int]) -> np.ndarray:
    """The inverse of :func:`block_mean`: each value fills its block; the rest at the far end takes the last one."""
    for axis, (factor, length) in enumerate(zip(factors, shape, strict=True)):
        if factor > 1 or array.shape[axis] != length:
            index = np.minimum(np.arange(length) // factor, array.shape[axis] - 1)
            array = np.take(array, index, axis)
    return array


def coarse_factors(geometry: Geometry, spacing_mm: float = COARSE_MM) -> tuple[int, int, int]:
    """Whole factors (k, j, i) that bring a grid to about `spacing_mm`."""
    return tuple(
        max(1, min(int(spacing_mm / s + 0.5), n)) for s, n in zip(geometry.spacing_kji_mm, geometry.shape, strict=True)
    )


def _body(roles: Mapping[str, np.ndarray], geometry: Geometry) -> np.ndarray:
    factors = coarse_factors(geometry, 4.0)
    # T1 parts body and air best; with fat suppressed the body's own signal is near the noise.
    role = next(role for role in ("T1", "CONTRAST", "T2", "FLUID") if role in roles)
    coarse = np.nan_to_num(block_mean(roles[role], factors), nan=0.0)
    bright = coarse[coarse > 0.1 * np.percentile(coarse, 98)]
    typical = float(np.median(bright)) if bright.size else np.inf
    noise = float(np.percentile(coarse, 3))
    inside = coarse > max(BODY_PART * typical, min(2.0 * noise, 0.35 * typical))
    inside = ndimage.binary_opening(inside, iterations=1) if min(inside.shape) > 4 else inside
    spacing = coarser(geometry, factors).spacing_kji_mm
    # Padding with the edge's own values keeps what the field of view cuts, and lets cavities close.
    rounds = 4
    padded = np.pad(inside, rounds, mode="edge")
    ball = np.ones((1, 3, 3), dtype=bool) if spacing[0] > 1.5 * spacing[1] else np.ones((3, 3, 3), dtype=bool)
    closed = ndimage.binary_closing(padded, ball, iterations=rounds)[(slice(rounds, -rounds),) * 3]
    thick = int(np.argmax(geometry.spacing_kji_mm))
    for index in range(closed.shape[thick]):
        place = (slice(None),) * thick + (index,)
        closed[place] = ndimage.binary_fill_holes(closed[place])
    labels, count = ndimage.label(closed)
    if count > 1:
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        closed = np.isin(labels, np.flatnonzero(sizes >= 0.1 * sizes.max()))
    return spread_blocks(closed, factors, geometry.shape)


def in_plane_smooth(array: np.ndarray, geometry: Geometry, sigma_mm: float) -> np.ndarray:
    """Gaussian mean along the axes that are finer than `sigma_mm` times 2.5; slices that are thick stay apart."""
    sigma = [sigma_mm / s if s < 2.5 * sigma_mm else 0.0 for s in geometry.spacing_kji_mm]
    return ndimage.gaussian_filter(np.nan_to_num(array, nan=0.0), sigma, truncate=2.5)


def local_z(
    values: np.ndarray, points_ras: np.ndarray, normal: np.ndarray, levels: np.ndarray | None, reach_mm: float
) -> np.ndarray:
    """Standardize signal by the normal tissue around: (signal - local median) over 1.4826 MAD of all that remains.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Signal of one sequence, without shading.
    points_ras : ndarray, shape (n, 3)
        Where, RAS mm.
    normal : ndarray of bool, shape (n,)
        Voxels that may serve as reference (well inside the tissue).
    levels : ndarray of int, shape (n,), optional
        Index of the vertebra, 0 for none: the reference of a vertebra is then that of it and its two neighbours on
        either side, each with the same say, so that one diseased vertebra cannot make its own norm.
    reach_mm : float
        Radius of the local reference where there are no levels.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    flat = np.flatnonzero(normal)
    if flat.size < 30:
        return np.zeros(len(values), dtype=np.float32)
    centers, medians = _local_medians(values, points_ras, flat, levels, reach_mm)
    reference = _interpolated(points_ras, centers, medians, 0.5 * reach_mm)
    relative = values / np.maximum(reference, 1e-6) - 1.0
    spread = 1.4826 * np.median(np.abs(relative[flat] - np.median(relative[flat])))
    return (relative / max(float(spread), 0.04)).astype(np.float32)


def _local_medians(
    values: np.ndarray, points: np.ndarray, flat: np.ndarray, levels: np.ndarray | None, reach_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    centers, medians = [], []
    if levels is not None and np.any(levels[flat] > 0):
        own = {int(n): flat[levels[flat] == n] for n in np.unique(levels[flat]) if n > 0}
        own = {n: members[:: members.size // MAX_SAMPLES + 1] for n, members in own.items() if members.size >= 30}
        order = sorted(own, key=lambda n: float(points[own[n], 2].mean()))
        for place, level in enumerate(order):
            near = order[max(0, place - 2) : place + 3]
            centers.append(points[own[level]].mean(axis=0))
            medians.append(np.median([np.median(values[own[n]]) for n in near]))
    if not centers:
        some = flat[:: flat.size // (8 * MAX_SAMPLES) + 1]
        cells = np.unique(np.floor(points[some] / (0.5 * reach_mm)), axis=0)
        for cell in (cells + 0.5) * 0.5 * reach_mm:
            near = some[np.sum((points[some] - cell) ** 2, axis=1) < reach_mm**2]
            if near.size >= 30:
                centers.append(cell)
                medians.append(np.median(values[near]))
    if not centers:
        return points[flat].mean(axis=0)[None], np.array([np.median(values[flat])])
    return np.array(centers), np.array(medians)


def _interpolated(points: np.ndarray, centers: np.ndarray, medians: np.ndarray, width_mm: float) -> np.ndarray:
    """Gaussian-weighted mean of the medians, evaluated on a lattice and interpolated linearly at the points, (n,)."""
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
    return ndimage.map_coordinates(total / weight_sum, ((points - low) / step).T, order=1, mode="nearest")


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
    radius = [int(reach_mm / s + 0.25) for s in spacing]
    out = np.zeros_like(mask)
    if not mask.any():
        return out
    box = tuple(
        slice(max(0, int(where[0]) - r), min(n, int(where[-1]) + r + 1))
        for where, r, n in zip(_occupied(mask), radius, mask.shape, strict=True)
    )
    part, grown = mask[box], out[box]
    limit = (reach_mm + 0.25 * min(spacing)) ** 2
    wide = part.copy()
    # A ball is a stack of rows: the mask is widened along rows step by step, and each width put where it belongs.
    for width in range(radius[2] + 1):
        if width:
            wide[:, :, width:] |= part[:, :, :-width]
            wide[:, :, :-width] |= part[:, :, width:]
        for k, j in np.ndindex(2 * radius[0] + 1, 2 * radius[1] + 1):
            shift = k - radius[0], j - radius[1]
            across = (shift[0] * spacing[0]) ** 2 + (shift[1] * spacing[1]) ** 2
            is_widest = width == radius[2] or across + ((width + 1) * spacing[2]) ** 2 > limit
            inside = all(abs(d) < n for d, n in zip(shift, part.shape[:2], strict=True))
            if inside and across + (width * spacing[2]) ** 2 <= limit and is_widest:
                into = tuple(slice(max(0, d), n + min(0, d)) for d, n in zip(shift, part.shape[:2], strict=True))
                source = tuple(slice(max(0, -d), n - max(0, d)) for d, n in zip(shift, part.shape[:2], strict=True))
                grown[into] |= wide[source]
    return out


def _occupied(mask: np.ndarray) -> list[np.ndarray]:
    """Along each axis the indices at which a mask holds anything."""
    return [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]


def around_region(region: Region, reach_mm: float) -> tuple[tuple[slice, ...], np.ndarray, np.ndarray]:
    """The box of the grid within about `reach_mm` of a region, the region in it, and what is near it in it."""
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
    """Connected sets (26 neighbours) of at least `minimum_ml`, largest first."""
    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    if not count:
        return []
    flat = np.flatnonzero(labels)
    own = labels.reshape(-1)[flat]
    order = np.argsort(own, kind="stable")
    parts = np.split(flat[order], np.flatnonzero(np.diff(own[order])) + 1)
    kept = [Region(geometry, part) for part in parts if part.size * geometry.voxel_volume_ml >= minimum_ml]
    return sorted(kept, key=lambda region: -len(region))
