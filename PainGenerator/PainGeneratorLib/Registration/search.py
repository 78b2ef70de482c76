"""Search for the rigid motion at which two images are most similar, and measure how certain the result is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from ..Numerics.core.image import Image, transform_points
from .alignment_types import AlignmentParameters
from .metric import PairMetric
from .rigid import TURN_RADIUS_MM, mean_distance, motion
from .scales import SCALES, PreparedPair, Scale

HALVES_SPACING_MM = 4.0
"""Voxel size of the scale at which restarts are compared, halves of the overlap are searched separately, and edges are
compared, mm. Our estimate."""
NOISE_PARTS = 8
"""Number of parts of the sample points from which the noise of the similarity is estimated. Our estimate."""
SAME_PLACE_MM = 0.7
"""Upper bound of the mean distance between the results of two searches that count as one result, mm. Our estimate."""
KEPT_RIVALS = 3
"""Upper bound of the number of different results that are searched further at the next scale. Our estimate."""
LEAST_BONE_ML = 10.0
"""Lower bound of the volume near bone from which sample points are concentrated there, ml. Our estimate."""
NEARBY_POSES = 30
"""Number of random poses near a result with which it is compared. Our estimate."""
NEARBY_MM = (4.0, 8.0)
"""Lower and upper bound of the mean distance of these poses from the result, mm. A restart that ends at a place with a
lower similarity than their mean is a failed search and does not compete with the best one. Our estimate."""


@dataclass(eq=False)
class PairSearch:
    """The result of a search. Measures are None when nothing could be searched.

    Parameters
    ----------
    start, best : ndarray, shape (4, 4)
        Transforms from fixed to moving points (RAS mm) before and after the search. `best` is `start` when nothing
        could be searched.
    center_ras : ndarray, shape (3,)
        Center of the overlap, RAS mm.
    overlap_points_ras : ndarray, shape (n, 3)
        Points of the fixed body that the moving image shows at the start, RAS mm.
    overlap_ml : float
        Volume of the overlap, ml.
    spread_mm : float or None
        Root mean square distance of the results of the restarts from their mean, at points of the overlap, mm.
    similarity_start, similarity_end : float or None
        Similarity at the start and at the result. Larger is better.
    at_bound : bool
        True when the result lies at the limit of the allowed motion.
    kind : str
        Kind of the moving image.
    change_mm : float
        Mean distance between start and result at points of the overlap, mm.
    halves_mm : float or None
        Distance between the result and the result that one half of the overlap gives, in that half, mm (root mean
        square; median of six halves). It is large when the body bent between the images, or when the images contain
        too little information.
    information_start : float or None
        The part of the mutual information in `similarity_start`, nats.
    gain_noise : float or None
        Standard error of the gain in similarity, estimated from parts of the points.
    outline : float or None
        Dice overlap of the two bodies at the result, within the field of view of both; None for two MR images.
    edges_sd : float or None
        Agreement of edges at the result, in standard deviations above its mean at poses 4 to 8 mm away.
    better_near_start : float or None
        Fraction of the poses 4 to 8 mm from the start that are more similar than the start. It is near 0 when the
        start is right.
    """

    start: np.ndarray
    best: np.ndarray
    center_ras: np.ndarray
    overlap_points_ras: np.ndarray
    overlap_ml: float
    spread_mm: float | None = None
    similarity_start: float | None = None
    similarity_end: float | None = None
    information_start: float | None = None
    at_bound: bool = False
    kind: str = ""
    change_mm: float = 0.0
    halves_mm: float | None = None
    gain_noise: float | None = None
    outline: float | None = None
    edges_sd: float | None = None
    better_near_start: float | None = None


def search_pair(
    fixed: Image,
    moving: Image,
    kinds: tuple[str, str],
    start: np.ndarray,
    parameters: AlignmentParameters,
    fixed_mask: np.ndarray | None,
    progress: Callable[[float, str], None],
) -> PairSearch:
    """Search from a start, and again from disturbed starts.

    Parameters
    ----------
    fixed, moving : Image
    kinds : (str, str)
        Kinds of the fixed and of the moving image: ``MR``, ``CT`` or ``PET``.
    start : ndarray, shape (4, 4)
        Maps points of the fixed image to points of the moving image, RAS mm.
    parameters : AlignmentParameters
    fixed_mask : ndarray of bool, shape of the fixed array, or None
        Voxels at which the images are compared; the body and its border when None.
    progress : callable
        Called with the fraction that is done (0 to 1) and a text. It may raise `Cancelled`.

    Returns
    -------
    PairSearch
    """
    scales = [scale for scale in SCALES if scale.spacing_mm >= parameters.search.finest_spacing_mm]
    bounds = np.repeat([parameters.limits.shift_mm, np.radians(parameters.limits.rotation_deg) * TURN_RADIUS_MM], 3)
    generator = np.random.default_rng(parameters.search.seed)
    progress(0.0, "preparing")
    pair = PreparedPair(fixed, moving, kinds, start, fixed_mask, scales[-1].spacing_mm)
    if not pair.usable:
        return PairSearch(start, start, fixed.geometry.center_ras, np.zeros((0, 3)), 0.0)
    found = _begin(pair, start, scales[0])
    if found.overlap_ml < parameters.search.minimum_overlap_ml:
        return found
    starts = [np.zeros(6)] + [
        _perturbation(generator, parameters.restarts.shift_mm, parameters.restarts.rotation_deg)
        for _ in range(parameters.restarts.count)
    ]
    places = [(0.0, start, 1) for start in starts]
    for number, scale in enumerate(scales):
        metric = _metric(pair, scale, found, places[0][1], parameters, generator)
        if scale.spacing_mm < HALVES_SPACING_MM:
            places = places[:1]
        results = []
        for index, (_, begin, count) in enumerate(places):
            progress((number + index / len(places)) / len(scales), f"{scale.spacing_mm:g} mm")
            results.append((*_optimized(metric, begin, bounds, scale.tolerance), count))
        places = _distinct(results, found)[:KEPT_RIVALS]
        if scale.spacing_mm == HALVES_SPACING_MM:
            found.halves_mm = _disagreement_of_halves(metric, places[0][1], bounds, scale.tolerance)
            limit = _compare_nearby(found, metric, places[0][1])
            found.spread_mm = _spread(results, found, limit) if parameters.restarts.count else None
    _conclude(found, metric, places[0][1], bounds, pair)
    return found


def _begin(pair: PreparedPair, start: np.ndarray, scale: Scale) -> PairSearch:
    """Make the record of a search with the overlap at its start."""
    geometry = pair.compared.geometry
    points = geometry.flat_to_ras(np.flatnonzero(pair.compared.array))
    overlap = points[pair.at(scale)[1].sample(transform_points(start, points))[2] > 0] if len(points) else points
    center = overlap.mean(axis=0) if len(overlap) else geometry.center_ras
    return PairSearch(start, start, center, overlap, len(overlap) * geometry.voxel_volume_ml, kind=pair.kind)


def _metric(
    pair: PreparedPair,
    scale: Scale,
    found: PairSearch,
    place: np.ndarray,
    parameters: AlignmentParameters,
    generator: np.random.Generator,
) -> PairMetric:
    """Make the metric of one scale, with sample points at random places in the overlap."""
    images = pair.at(scale)
    geometry = pair.compared.geometry
    points = geometry.flat_to_ras(np.flatnonzero(pair.compared.array))
    mapped = transform_points(found.start @ motion(place, found.center_ras), points)
    in_view = images[1].sample(mapped)[2] > 0
    points, mapped = points[in_view], mapped[in_view]
    chance = np.ones(len(points))
    if pair.kind == "CT" and scale.bone_mm is not None:
        near = pair.near_bone(scale.bone_mm, mapped)
        if near.sum() * geometry.voxel_volume_ml > LEAST_BONE_ML:
            chance[near] = 1.0 / near.mean()
    count = int(parameters.search.samples * scale.share)
    times = -(-count // len(points))  # More than one sample point per voxel of the mask when it has few voxels.
    pick = np.sort(
        np.concatenate(
            [
                generator.choice(len(points), count // times, replace=False, p=chance / chance.sum())
                for _ in range(times)
            ]
        )
    )
    jitter = generator.uniform(-0.5, 0.5, (len(pick), 3)) @ geometry.ijk_to_ras[:3, :3].T
    penalty = parameters.search.pet_start_penalty if pair.kind == "PET" else 0.0
    edges = {"PET": parameters.edges.pet_weight, "MR": parameters.edges.mr_weight}.get(pair.kind, 0.0)
    return PairMetric(
        *images,
        points[pick] + jitter,
        found.start,
        found.center_ras,
        place=place,
        bins=parameters.search.bins,
        edge_weight=edges * scale.edges,
        penalty=penalty,
    )


def _conclude(found: PairSearch, metric: PairMetric, best: np.ndarray, bounds: np.ndarray, pair: PreparedPair) -> None:
    """Measure what is needed to decide whether the result is kept."""
    found.best = found.start @ motion(best, found.center_ras)
    found.similarity_start = metric.similarity(np.zeros(6))
    found.similarity_end = metric.similarity(best)
    found.information_start = metric.information(np.zeros(6))
    found.at_bound = bool((np.abs(best) > 0.98 * bounds).any())
    found.change_mm = mean_distance(found.start, found.best, found.overlap_points_ras)
    parts = [metric.part(np.arange(len(metric.points)) % NOISE_PARTS == n) for n in range(NOISE_PARTS)]
    gains = [part.similarity(best) - part.similarity(np.zeros(6)) for part in parts]
    found.gain_noise = float(np.std(gains, ddof=1) / np.sqrt(NOISE_PARTS))
    if pair.kind != "MR":  # With suppressed fat the outline on MR is that of the muscles, not that of the body.
        found.outline = pair.outline(found.best)


def _compare_nearby(found: PairSearch, metric: PairMetric, best: np.ndarray) -> float:
    """Compare the edges at the result, and the similarity at the start, with those at poses nearby.

    Returns the mean dissimilarity of the poses near the result.
    """
    generator = np.random.default_rng(0)
    points = found.overlap_points_ras[:: max(1, len(found.overlap_points_ras) // 200)]
    steps = []
    for _ in range(NEARBY_POSES):
        step = generator.normal(size=6)
        moved = mean_distance(motion(step, found.center_ras), np.eye(4), points)
        steps.append(step * generator.uniform(*NEARBY_MM) / moved)
    around = [metric.edges(best + step) for step in steps]
    found.edges_sd = (metric.edges(best) - float(np.mean(around))) / max(float(np.std(around)), 1e-9)
    similarity = metric.similarity(np.zeros(6))
    found.better_near_start = float(np.mean([metric.similarity(step) > similarity for step in steps]))
    return float(np.mean([metric(best + step)[0] for step in steps]))


def _disagreement_of_halves(metric: PairMetric, best: np.ndarray, bounds: np.ndarray, tolerance: float) -> float:
    """Distance between the result of the whole overlap and that of one half, mm (root mean square; median of six)."""
    distances = []
    for axis in range(3):
        upper = metric.relative[axis] > np.median(metric.relative[axis])
        for chosen in (upper, ~upper):
            half = _optimized(metric.part(chosen), best, bounds, tolerance)[1]
            points = metric.points[chosen][::10]
            moved = [transform_points(motion(p, metric.center), points) for p in (half, best)]
            distances.append(np.sqrt(np.mean(np.sum((moved[0] - moved[1]) ** 2, axis=1))))
    return float(np.median(distances))


def _optimized(
    metric: PairMetric, start: np.ndarray, bounds: np.ndarray, tolerance: float
) -> tuple[float, np.ndarray]:
    """Least dissimilarity that is reached from a start, and its parameters, shape (6,)."""
    result = optimize.minimize(
        metric,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(-bounds, bounds, strict=True)),
        options={"maxiter": 60, "ftol": tolerance},
    )
    return float(result.fun), result.x


def _perturbation(generator: np.random.Generator, shift_mm: float, rotation_deg: float) -> np.ndarray:
    """Random motion up to a shift and a rotation, evenly distributed within both; shape (6,)."""
    shift, turn = generator.normal(size=(2, 3))
    shift *= shift_mm * generator.uniform() ** (1 / 3) / np.linalg.norm(shift)
    turn *= np.radians(rotation_deg) * generator.uniform() ** (1 / 3) / np.linalg.norm(turn)
    return np.concatenate([shift, turn * TURN_RADIUS_MM])


def _distinct(results: list[tuple[float, np.ndarray, int]], found: PairSearch) -> list[tuple[float, np.ndarray, int]]:
    """Sort results, best first, and join those that ended at the same place. The number of joined results is kept."""
    kept: list[tuple[float, np.ndarray, int]] = []
    points = found.overlap_points_ras[:: max(1, len(found.overlap_points_ras) // 200)]
    for value, place, count in sorted(results, key=lambda result: result[0]):
        pose = motion(place, found.center_ras)
        for n, (better, other, others) in enumerate(kept):
            if mean_distance(pose, motion(other, found.center_ras), points) < SAME_PLACE_MM:
                kept[n] = (better, other, others + count)
                break
        else:
            kept.append((value, place, count))
    return kept


def _spread(results: list[tuple[float, np.ndarray, int]], found: PairSearch, limit: float) -> float:
    """Root mean square distance (mm) of results from their mean, at points of the overlap.

    Results with a dissimilarity above `limit` are failed searches and are left out.
    """
    best = min(value for value, _, _ in results)
    rivals = [result for result in results if result[0] <= max(limit, best)]
    points = found.overlap_points_ras[:: max(1, len(found.overlap_points_ras) // 200)]
    counts = np.array([count for _, _, count in rivals], dtype=float)
    moved = np.stack([transform_points(motion(place, found.center_ras), points) for _, place, _ in rivals])
    off = moved - np.average(moved, axis=0, weights=counts)
    return float(np.sqrt(np.average(np.mean(np.sum(off**2, axis=-1), axis=1), weights=counts)))
