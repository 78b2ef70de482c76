"""The search for the rigid motion under which two images agree best, and how surely it is found."""

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
"""Scale on which restarts are compared, halves of the overlap are searched alone, and edges are compared."""
NOISE_PARTS = 8
SAME_PLACE_MM = 0.7
"""Searches that come nearer than this to a better one on the coarsest scale are the same."""
KEPT_RIVALS = 3
LEAST_BONE_ML = 10.0
"""With less bone in view than this the whole body is compared."""
NEARBY_POSES = 30
NEARBY_MM = (4.0, 8.0)
"""How far (mean over the overlap) from a pose those lie that it is compared with. A restart that ends at a place worse
than their mean is a failed search, no rival of the best one."""


@dataclass(eq=False)
class PairSearch:
    """What a search found.

    Parameters
    ----------
    start, best : ndarray, shape (4, 4)
        fixed_to_moving_ras before and after; `best` is `start` where nothing could be searched.
    center_ras : ndarray, shape (3,)
        Middle of the overlap.
    overlap_points_ras : ndarray, shape (n, 3)
        Points of the fixed body that the moving image shows at the start.
    overlap_ml : float
    spread_mm : float or None
    similarity_start, similarity_end : float or None
    at_bound : bool
        True when the result lies at the limit of what was allowed.
    kind : str
        Of the moving image.
    change_mm : float
        Mean distance between start and result at points of the overlap.
    halves_mm : float or None
        Distance (root mean square; median of six halves) between the result and what one half of the overlap
        alone leads to, in that half: large where the body bent between the images, or where they tell too little.
    information_start : float or None
        The part of the mutual information (nats) in `similarity_start`.
    gain_noise : float or None
        Standard error of the gain in similarity, from parts of the points.
    outline : float or None
        Dice overlap of the two bodies at the result, where both images see; None between two MR.
    edges_sd : float or None
        Agreement of edges at the result, in standard deviations above its mean at poses 4 to 8 mm away.
    better_near_start : float or None
        Share of the poses 4 to 8 mm from the start that are more similar than it: near 0 where it is credible.
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
    """Search from a start, and again from perturbed starts.

    Parameters are those of :func:`alignment.align`; `kinds` are those of the fixed and the moving image, `start` maps
    fixed to moving points.
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
    """The metric of one scale, on points spread at random over the overlap."""
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
    times = -(-count // len(points))  # more than one point for a voxel of the mask where voxels are few
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
    """Measure what the decision about a result needs."""
    found.best = found.start @ motion(best, found.center_ras)
    found.similarity_start = metric.similarity(np.zeros(6))
    found.similarity_end = metric.similarity(best)
    found.information_start = metric.information(np.zeros(6))
    found.at_bound = bool((np.abs(best) > 0.98 * bounds).any())
    found.change_mm = mean_distance(found.start, found.best, found.overlap_points_ras)
    parts = [metric.part(np.arange(len(metric.points)) % NOISE_PARTS == n) for n in range(NOISE_PARTS)]
    gains = [part.similarity(best) - part.similarity(np.zeros(6)) for part in parts]
    found.gain_noise = float(np.std(gains, ddof=1) / np.sqrt(NOISE_PARTS))
    if pair.kind != "MR":  # the outline of a fat-suppressed MR is that of its muscles
        found.outline = pair.outline(found.best)


def _compare_nearby(found: PairSearch, metric: PairMetric, best: np.ndarray) -> float:
    """Edges at the result, and similarity at the start, against those of poses nearby.

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
    """How far (mm, root mean square; median of six) halves of the overlap alone lead from the whole's result."""
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
    shift, turn = generator.normal(size=(2, 3))
    shift *= shift_mm * generator.uniform() ** (1 / 3) / np.linalg.norm(shift)
    turn *= np.radians(rotation_deg) * generator.uniform() ** (1 / 3) / np.linalg.norm(turn)
    return np.concatenate([shift, turn * TURN_RADIUS_MM])


def _distinct(results: list[tuple[float, np.ndarray, int]], found: PairSearch) -> list[tuple[float, np.ndarray, int]]:
    """Results, best first, without those that came to the place of a better one; it counts for them."""
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

    Results of a dissimilarity above `limit` are failed searches, no rival places: left out.
    """
    best = min(value for value, _, _ in results)
    rivals = [result for result in results if result[0] <= max(limit, best)]
    points = found.overlap_points_ras[:: max(1, len(found.overlap_points_ras) // 200)]
    counts = np.array([count for _, _, count in rivals], dtype=float)
    moved = np.stack([transform_points(motion(place, found.center_ras), points) for _, place, _ in rivals])
    off = moved - np.average(moved, axis=0, weights=counts)
    return float(np.sqrt(np.average(np.mean(np.sum(off**2, axis=-1), axis=1), weights=counts)))
