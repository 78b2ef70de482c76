"""Similarity of two prepared images as a function of a rigid motion: mutual information and agreement of edges.

The derivatives by the parameters of the motion are computed as well.
"""

from __future__ import annotations

import copy

import numpy as np

from ..Numerics.core.image import Image
from .rigid import motion, turn_derivatives
from .sampling import Cells, WorkingImage
from .similarity import IntensityScale, fixed_rows, mutual_information, unit_edges

LEAST_SHARE_IN_VIEW = 0.4
"""Lower bound of the overlap that a motion must leave, as a fraction of the overlap at the start. Our estimate."""
OUT_OF_BOUNDS = 10.0
"""Dissimilarity of a motion that leaves too little overlap: larger than any that can be measured."""


class PairMetric:
    """Dissimilarity of two working images as a function of a rigid motion of the fixed points.

    The motion is that of :func:`.rigid.motion` about `center_ras`. It is applied before `start`.

    Parameters
    ----------
    fixed, moving : WorkingImage
    points_ras : ndarray, shape (n, 3)
        Sample points in the fixed frame, RAS mm.
    start : ndarray, shape (4, 4)
        Maps points of the fixed image to points of the moving image, RAS mm.
    center_ras : ndarray, shape (3,)
        Center of the rotation, RAS mm.
    place : ndarray, shape (6,)
        The motion at which the intensity scales and the least overlap are determined.
    bins : int
        Number of bins of the joint histogram for each image.
    edge_weight : float
        Weight of the agreement of edges in the sum with the mutual information (nats).
    penalty : float
        Penalty for motion away from the start, per squared mm of the parameters.
    """

    def __init__(
        self,
        fixed: WorkingImage,
        moving: WorkingImage,
        points_ras: np.ndarray,
        start: np.ndarray,
        center_ras: np.ndarray,
        *,
        place: np.ndarray,
        bins: int,
        edge_weight: float = 0.0,
        penalty: float = 0.0,
    ) -> None:
        values, _, weights = fixed.sample(points_ras)
        inside = weights > 0
        self.points = points_ras[inside]
        self.relative = np.ascontiguousarray((self.points - center_ras).T, dtype=np.float32)
        self.fixed_weights = weights[inside]
        self.start = start
        self.center = center_ras
        self.bins = bins
        self.edge_weight = edge_weight
        self.penalty = penalty
        self.rows = fixed_rows(IntensityScale.of(values[inside], 0.5)(values[inside]), bins)
        self.moving = moving
        self.place = place
        cells = self._cells(motion(place, center_ras))
        seen = cells.weights > 0
        self.least_weight = LEAST_SHARE_IN_VIEW * float(cells.weights.sum(dtype=np.float64))
        scale = IntensityScale.of(moving.interpolate(moving.image.array, cells)[0][seen], 0.5)
        self.moving = WorkingImage(Image(scale(moving.image.array), moving.image.geometry), moving.valid)
        field = self.moving.edge_field()
        self.moving_edges = unit_edges(
            field, _floor(np.stack([moving.interpolate(part, cells)[0][seen] for part in field]))
        )
        field = fixed.edge_field()
        at = fixed.cells(self.relative, motion(np.array([*center_ras, 0, 0, 0]), np.zeros(3)))
        edges = np.stack([fixed.interpolate(part, at)[0] for part in field])
        self.fixed_edges = unit_edges(edges, _floor(edges[:, seen]))

    def _cells(self, matrix: np.ndarray) -> Cells:
        """Find where the points lie in the moving image after a motion, shape (4, 4)."""
        about_center = self.start @ matrix
        about_center[:3, 3] += about_center[:3, :3] @ self.center
        return self.moving.cells(self.relative, about_center)

    def part(self, chosen: np.ndarray) -> PairMetric:
        """Return the same metric for some of its points; `chosen` has one boolean per point."""
        part = copy.copy(self)
        part.points = self.points[chosen]
        part.relative = np.ascontiguousarray(self.relative[:, chosen])
        part.fixed_edges = np.ascontiguousarray(self.fixed_edges[:, chosen])
        part.fixed_weights, part.rows = self.fixed_weights[chosen], self.rows[chosen]
        part.least_weight = LEAST_SHARE_IN_VIEW * float(
            part._cells(motion(self.place, self.center)).weights.sum(dtype=np.float64)
        )
        return part

    def similarity(self, parameters: np.ndarray) -> float:
        """Weighted sum of mutual information (nats) and agreement of edges at a motion."""
        return self.penalty * float(parameters @ parameters) - self(parameters)[0]

    def information(self, parameters: np.ndarray) -> float:
        """The mutual information (nats) alone at a motion."""
        cells = self._cells(motion(parameters, self.center))
        values = self.moving.interpolate(self.moving.image.array, cells)[0]
        return mutual_information(self.rows, values, cells.weights * self.fixed_weights, self.bins)[0]

    def edges(self, parameters: np.ndarray) -> float:
        """How parallel the edges of both images are at a motion, 0 to 1. Opposite directions count as parallel.

        This is the normalized gradient field of Haber and Modersitzki, MICCAI 2006. It does not depend on how the
        values of the two images are related.
        """
        matrix = motion(parameters, self.center)
        cells = self._cells(matrix)
        return self._edges(matrix, cells, cells.weights * self.fixed_weights)[0]

    def __call__(self, parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """Penalty minus similarity at a motion, and its derivative by the six parameters, shape (6,)."""
        matrix = motion(parameters, self.center)
        cells = self._cells(matrix)
        weights = cells.weights * self.fixed_weights
        if weights.sum(dtype=np.float64) < self.least_weight:
            return OUT_OF_BOUNDS, np.zeros(6)
        values, gradients = self.moving.interpolate(self.moving.image.array, cells)
        similarity, derivative = mutual_information(self.rows, values, weights, self.bins)
        pull = gradients * derivative
        turning = np.zeros((3, 3))
        if self.edge_weight > 0:
            agreement, more, turning = self._edges(matrix, cells, weights)
            similarity += self.edge_weight * agreement
            pull += np.float32(self.edge_weight) * more
            turning = self.edge_weight * turning
        pull = self.start[:3, :3].T @ pull
        moment = pull @ self.relative.T + turning
        slopes = np.empty(6)
        slopes[:3] = pull.sum(axis=1)
        slopes[3:] = [np.sum(turn * moment) for turn in turn_derivatives(parameters)]
        return self.penalty * float(parameters @ parameters) - similarity, 2 * self.penalty * parameters - slopes

    def _edges(self, matrix: np.ndarray, cells: Cells, weights: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Agreement of edges, its derivative by the moving points, shape (3, n), and by the rotation, shape (3, 3)."""
        turned = (self.start[:3, :3] @ matrix[:3, :3]).astype(np.float32) @ self.fixed_edges
        along = np.zeros_like(weights)
        samples = []
        for axis in range(3):
            value, slope = self.moving.interpolate(self.moving_edges[axis], cells)
            along += turned[axis] * value
            samples.append((value, slope))
        share = weights / np.float32(weights.sum(dtype=np.float64))
        factor = 2 * share * along
        slopes = sum(turned[axis] * samples[axis][1] for axis in range(3)) * factor
        turning = self.start[:3, :3].T @ (np.stack([value for value, _ in samples]) * factor @ self.fixed_edges.T)
        return float(np.sum(share * along * along, dtype=np.float64)), slopes, turning


def _floor(gradients: np.ndarray) -> float:
    """Median length of gradients, shape (3, n). Gradients that are much longer belong to edges."""
    return max(float(np.median(np.linalg.norm(gradients, axis=0))), 1e-6) if gradients.size else 1.0
