"""The search for the rigid motion under which two images agree best, and how surely it is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, optimize

from ..Numerics.image import Image, resample, transform_points
from . import sampling
from .alignment_types import AlignmentParameters
from .rigid import TURN_RADIUS_MM, mean_distance, motion, turn_derivatives
from .similarity import IntensityScale, mutual_information

BORDER_MM = 8.0
"""Air this near to the body takes part: the outline of the body is information."""
CROP_MARGIN_MM = 20.0
LEAST_SHARE_IN_VIEW = 0.4
"""A pose that leaves less than this share of the starting overlap in view is out of bounds."""


@dataclass(frozen=True)
class Level:
    """One level of the search, from coarse to fine."""

    spacing_mm: float
    smoothing_mm: float
    share: float
    """Of the sample points."""
    bone_mm: float | None
    """With CT, half of the points lie this near to bone, as skin and muscle bend between two tables; None for all."""


LEVELS = (Level(6.0, 4.0, 0.3, None), Level(4.0, 2.0, 0.6, None), Level(2.0, 1.0, 1.0, 8.0))
HALVES_SPACING_MM = 4.0
"""Level on which halves of the overlap are searched alone."""
NOISE_PARTS = 8
RIVAL_SHARE = 0.9
"""A restart whose agreement is below this part of the best one's is a failed search."""
LEAST_BONE_ML = 10.0
"""With less bone in view than this the whole body is compared."""


class PairMetric:
    """Dissimilarity of two working images as a function of a rigid motion of the fixed points.

    The motion is that of :func:`rigid.motion` about `center_ras`, applied before `start`.
    """

    def __init__(
        self,
        fixed: sampling.WorkingImage,
        moving: sampling.WorkingImage,
        points_ras: np.ndarray,
        start: np.ndarray,
        center_ras: np.ndarray,
        bins: int,
        penalty: float,
    ) -> None:
        values, _, weights = fixed.sample(points_ras)
        inside = weights > 0
        self.points = points_ras[inside]
        self.relative = self.points - center_ras
        self.fixed_weights = weights[inside]
        self.moving = moving
        self.start = start
        self.center = center_ras
        self.bins = bins
        self.penalty = penalty
        scale = IntensityScale.of(values[inside], 0.5)
        self.fixed_values = scale(values[inside])[0]
        moving_values, _, in_view = moving.sample(transform_points(start, self.points))
        self.moving_scale = IntensityScale.of(moving_values[in_view > 0], 0.5)
        self.least_weight = LEAST_SHARE_IN_VIEW * float(in_view.sum())

    def part(self, chosen: np.ndarray) -> PairMetric:
        """The same metric on some of its points (booleans, one per point)."""
        part = copy.copy(self)
        part.points, part.relative = self.points[chosen], self.relative[chosen]
        part.fixed_weights, part.fixed_values = self.fixed_weights[chosen], self.fixed_values[chosen]
        in_view = self.moving.sample(transform_points(self.start, part.points))[2]
        part.least_weight = LEAST_SHARE_IN_VIEW * float(in_view.sum())
        return part

    def similarity(self, parameters: np.ndarray) -> float:
        """Mutual information (nats) at a motion, without the penalty."""
        penalty = self.penalty * float(parameters @ parameters)
        return penalty - self(parameters)[0]

    def __call__(self, parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """Penalty minus mutual information, and its derivative, shape (6,)."""
        matrix = motion(parameters, self.center)
        values, gradients, weights = self.moving.sample(transform_points(self.start @ matrix, self.points))
        weights = weights * self.fixed_weights
        if weights.sum() < self.least_weight:
            return 10.0, np.zeros(6)
        scaled, slope = self.moving_scale(values)
        information, derivative = mutual_information(self.fixed_values, scaled, weights, self.bins)
        pull = (derivative * slope)[:, None] * (gradients @ self.start[:3, :3])
        slopes = np.empty(6)
        slopes[:3] = pull.sum(axis=0)
        moment = pull.T @ self.relative
        slopes[3:] = [np.sum(turn * moment) for turn in turn_derivatives(parameters)]
        return self.penalty * float(parameters @ parameters) - information, 2 * self.penalty * parameters - slopes


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
    gain_noise : float or None
        Standard error of the gain in similarity, from parts of the points.
    outline : float or None
        Dice overlap of the two bodies at the result, where both images see; None between two MR.
    """

    start: np.ndarray
    best: np.ndarray
    center_ras: np.ndarray
    overlap_points_ras: np.ndarray
    overlap_ml: float
    spread_mm: float | None = None
    similarity_start: float | None = None
    similarity_end: float | None = None
    at_bound: bool = False
    kind: str = ""
    change_mm: float = 0.0
    halves_mm: float | None = None
    gain_noise: float | None = None
    outline: float | None = None


def search_pair(
    fixed: Image,
    moving: Image,
    kind: str,
    start: np.ndarray,
    parameters: AlignmentParameters,
    fixed_mask: np.ndarray | None,
    progress: Callable[[float, str], None],
) -> PairSearch:
    """Search from a start, and again from perturbed starts.

    Parameters are those of :func:`alignment.align`; `start` maps fixed to moving points.
    """
    levels = [level for level in LEVELS if level.spacing_mm >= parameters.finest_spacing_mm]
    penalty = parameters.pet_start_penalty if kind == "PET" else 0.0
    bounds = np.repeat([parameters.maximum_shift_mm, np.radians(parameters.maximum_rotation_deg) * TURN_RADIUS_MM], 3)
    found: PairSearch | None = None
    candidates = [np.zeros(6)]
    generator = np.random.default_rng(parameters.seed)
    metric: PairMetric | None = None
    for number, level in enumerate(levels):
        spacing, sigma, share, bins = level.spacing_mm, level.smoothing_mm, level.share, parameters.bins
        progress(number / len(levels), f"{spacing:g} mm")
        prepared = _prepare(fixed, moving, kind, start, spacing, sigma, fixed_mask)
        if prepared is None:
            return PairSearch(start, start, fixed.geometry.center_ras, np.zeros((0, 3)), 0.0)
        fixed_level, moving_level, body = prepared
        geometry = fixed_level.image.geometry
        flat = np.flatnonzero(body)
        points = geometry.flat_to_ras(flat)
        seen = moving_level.sample(transform_points(start, points))[2] > 0
        if found is None:
            overlap = points[seen]
            volume = len(overlap) * geometry.voxel_volume_ml
            center = overlap.mean(axis=0) if len(overlap) else geometry.center_ras
            found = PairSearch(start, start, center, overlap, volume)
            if volume < parameters.minimum_overlap_ml:
                return found
            candidates += [
                _perturbation(generator, parameters.restart_shift_mm, parameters.restart_rotation_deg)
                for _ in range(parameters.restarts)
            ]
        chance = seen.astype(np.float64)
        if kind == "CT" and level.bone_mm is not None:
            pose = start @ motion(candidates[0], found.center_ras)
            near = _near_bone(moving_level.image, level.bone_mm, transform_points(pose, points))
            if (near & seen).sum() * geometry.voxel_volume_ml > LEAST_BONE_ML:
                chance = np.where(near, 1.0 / near[seen].mean(), 1.0) * seen
        count = min(int(parameters.samples * share), int(seen.sum()))
        pick = np.sort(generator.choice(len(flat), count, replace=False, p=chance / chance.sum()))
        k, j, i = np.unravel_index(flat[pick], geometry.shape)
        ijk = np.stack([i, j, k], axis=1) + generator.uniform(-0.5, 0.5, (count, 3))
        metric = PairMetric(fixed_level, moving_level, geometry.to_ras(ijk), start, found.center_ras, bins, penalty)
        if spacing < 4.0:
            candidates = candidates[:1]
        results = []
        for index, candidate in enumerate(candidates):
            progress((number + index / len(candidates)) / len(levels), f"{spacing:g} mm")
            results.append(_optimized(metric, candidate, bounds))
        results.sort(key=lambda result: result[0])
        candidates = [result[1] for result in results]
        if len(candidates) > 1:
            found.spread_mm = _spread(results, found)
        if spacing == HALVES_SPACING_MM:
            found.halves_mm = _disagreement_of_halves(metric, candidates[0], bounds)
    _conclude(found, metric, candidates[0], bounds, fixed_level, moving_level, kind)
    return found


def _conclude(
    found: PairSearch,
    metric: PairMetric,
    best: np.ndarray,
    bounds: np.ndarray,
    fixed_level: sampling.WorkingImage,
    moving_level: sampling.WorkingImage,
    kind: str,
) -> None:
    """Measure what the decision about a result needs."""
    found.kind = kind
    found.best = found.start @ motion(best, found.center_ras)
    found.similarity_start = metric.similarity(np.zeros(6))
    found.similarity_end = metric.similarity(best)
    found.at_bound = bool((np.abs(best) > 0.98 * bounds).any())
    found.change_mm = mean_distance(found.start, found.best, found.overlap_points_ras)
    parts = [metric.part(np.arange(len(metric.points)) % NOISE_PARTS == n) for n in range(NOISE_PARTS)]
    gains = [part.similarity(best) - part.similarity(np.zeros(6)) for part in parts]
    found.gain_noise = float(np.std(gains, ddof=1) / np.sqrt(NOISE_PARTS))
    if kind != "MR":  # the outline of a fat-suppressed MR is that of its muscles
        found.outline = _outline(fixed_level, moving_level, found.best, kind)


def _outline(fixed: sampling.WorkingImage, moving: sampling.WorkingImage, pose: np.ndarray, kind: str) -> float:
    """Dice overlap of the bodies, where both images see."""
    fixed_body = sampling.body_mask(fixed.image, "MR", fixed.valid > 0)
    moving_body = Image(sampling.body_mask(moving.image, kind, moving.valid > 0), moving.image.geometry)
    mapped = resample(moving_body, fixed.image.geometry, pose, order=1, outside=np.nan)
    seen = np.isfinite(mapped) & (fixed.valid > 0)
    a, b = fixed_body & seen, (mapped >= 0.5) & seen
    total = int(a.sum()) + int(b.sum())
    return 2.0 * int((a & b).sum()) / total if total else 0.0


def _disagreement_of_halves(metric: PairMetric, best: np.ndarray, bounds: np.ndarray) -> float:
    """How far (mm, root mean square; median of six) halves of the overlap alone lead from the whole's result."""
    distances = []
    for axis in range(3):
        upper = metric.relative[:, axis] > np.median(metric.relative[:, axis])
        for chosen in (upper, ~upper):
            half = _optimized(metric.part(chosen), best, bounds)[1]
            points = metric.points[chosen][::10]
            moved = [transform_points(motion(p, metric.center), points) for p in (half, best)]
            distances.append(np.sqrt(np.mean(np.sum((moved[0] - moved[1]) ** 2, axis=1))))
    return float(np.median(distances))


def _optimized(metric: PairMetric, start: np.ndarray, bounds: np.ndarray) -> tuple[float, np.ndarray]:
    result = optimize.minimize(
        metric,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(-bounds, bounds, strict=True)),
        options={"maxiter": 60, "ftol": 1e-7},
    )
    return float(result.fun), result.x


def _perturbation(generator: np.random.Generator, shift_mm: float, rotation_deg: float) -> np.ndarray:
    shift, turn = generator.normal(size=(2, 3))
    shift *= shift_mm * generator.uniform() ** (1 / 3) / np.linalg.norm(shift)
    turn *= np.radians(rotation_deg) * generator.uniform() ** (1 / 3) / np.linalg.norm(turn)
    return np.concatenate([shift, turn * TURN_RADIUS_MM])


def _spread(results: list[tuple[float, np.ndarray]], found: PairSearch) -> float:
    """Root mean square distance (mm) of results, best first, from their mean, at points of the overlap.

    A minority of results that agree clearly worse than the best one are failed searches, no rival places: left out.
    """
    rivals = [p for value, p in results if value <= RIVAL_SHARE * results[0][0]]
    if 2 * len(rivals) < len(results):
        rivals = [p for _, p in results]
    points = found.overlap_points_ras[:: max(1, len(found.overlap_points_ras) // 200)]
    moved = np.stack([transform_points(motion(p, found.center_ras), points) for p in rivals])
    return float(np.sqrt(np.mean(np.sum((moved - moved.mean(axis=0)) ** 2, axis=-1))))


def _near_bone(image: Image, distance_mm: float, points_ras: np.ndarray) -> np.ndarray:
    """True for points that lie within a distance of bone on a CT."""
    geometry = image.geometry
    bone = ndimage.binary_opening(image.array > sampling.CT_BONE_HU)
    if not bone.any():
        return np.zeros(len(points_ras), dtype=bool)
    near = ndimage.distance_transform_edt(~bone, sampling=geometry.spacing_kji_mm) < distance_mm
    ijk = np.rint(geometry.to_ijk(points_ras)).astype(np.intp)
    inside = np.all((ijk >= 0) & (ijk < np.array(geometry.shape[::-1])), axis=1)
    ijk[~inside] = 0
    return inside & near[ijk[:, 2], ijk[:, 1], ijk[:, 0]]


def _prepare(
    fixed: Image,
    moving: Image,
    kind: str,
    start: np.ndarray,
    spacing: float,
    sigma: float,
    fixed_mask: np.ndarray | None,
) -> tuple[sampling.WorkingImage, sampling.WorkingImage, np.ndarray] | None:
    near = sampling.cropped(fixed, transform_points(np.linalg.inv(start), moving.geometry.corners_ras), CROP_MARGIN_MM)
    other = sampling.cropped(moving, transform_points(start, fixed.geometry.corners_ras), CROP_MARGIN_MM)
    if near is None or other is None:
        return None
    fixed_thin = sampling.thinned(near[0], spacing)
    moving_thin = sampling.thinned(other[0], spacing)
    if min(fixed_thin.array.shape) < 3 or min(moving_thin.array.shape) < 3:
        return None
    fixed_view = sampling.view_mask(fixed_thin, "MR")
    if fixed_mask is None:
        body = sampling.body_mask(fixed_thin, "MR", fixed_view)
        distance = ndimage.distance_transform_edt(~body, sampling=fixed_thin.geometry.spacing_kji_mm)
        body = (distance < BORDER_MM) if body.any() else body
    else:
        mask = Image(fixed_mask[near[1]].astype(np.float32), near[0].geometry)
        body = sampling.thinned(mask, spacing).array >= 0.5
    if fixed_view is not None:
        body &= fixed_view
    if kind == "CT":
        moving_thin = sampling.without_table(moving_thin)
    return (
        sampling.smoothed(fixed_thin, fixed_view, sigma),
        sampling.smoothed(moving_thin, sampling.view_mask(moving_thin, kind), 0.0 if kind == "PET" else sigma),
        body,
    )
