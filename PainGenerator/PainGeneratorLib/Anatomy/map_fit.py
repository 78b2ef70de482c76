"""Where an anatomy segmentation explains the brightness of the reference series best: at its place, or elsewhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import product

import numpy as np
from scipy import ndimage

from ..Numerics.core.image import Image, transform_points
from .anatomy_map import BONES, MUSCLES, AnatomyMap

POINTS = 12000
"""Number of labeled voxels that are compared with the image."""
COARSE_POINTS = 3000
"""The same while places far away are tried. Our estimate: it only has to find where to look closer."""
AIR = 0.06
"""Brightness below which a voxel is air, as a fraction of the 95th percentile. Our estimate: noise lies below, and
fat in a fat-suppressed series above."""
SHIFTS_MM = (16.0, 28.0, 42.0, 60.0, 80.0, 110.0, 150.0)
"""Distances by which the map is moved to see whether it fits better elsewhere, mm. Our estimate: less than half a
vertebra cannot be told from the spread of segmentations, and a map that is farther off lies beside the body."""
TURNS = {
    "head to foot": (1.0, 1.0, -1.0),
    "front to back": (1.0, -1.0, 1.0),
    "by half a turn about the long axis": (-1.0, -1.0, 1.0),
    "by half a turn from head to foot": (1.0, -1.0, -1.0),
    "by half a turn about the axis from back to front": (-1.0, 1.0, -1.0),
}
"""Ways in which files are turned over -> signs along R, A and S. A body that is mirrored from left to right looks
alike: names tell it (:mod:`.map_trust`), and not the image."""
LEAST_SEEN = 0.3
"""Lower bound of the number of points that must be seen at a place, as a part of those that are seen at the place of
the map. Our estimate."""
LEAST_POINTS = 200
"""Lower bound of the number of points that are compared."""
FINER_MM = (10.0, 6.0, 3.0)
"""Steps from the best of these places to the best one near it, mm."""
EDGE_VOXELS = 2
"""Width of the rim of unlabeled voxels around the labels that is compared with them, voxels of the map. Our
estimate."""
SOLID = (*BONES, *MUSCLES, "disc", "kidney", "liver", "spleen", "spinal cord", "spinal canal")
"""Structures that are never air, and seldom as dark as air."""


@dataclasses.dataclass(frozen=True)
class MapFit:
    """How well a map fits the image at its place, and where it fits best.

    Parameters
    ----------
    in_body, solid_in_body : float
        Fractions of the labeled voxels, and of those of bones, muscles and solid organs, that are not air.
    here, best : float or None
        The fraction of the variance of the image that the labels explain at their place, and at the best place; None
        where too little of the map lies in the body.
    shift_mm : ndarray, shape (3,)
        From its place to the best one, RAS.
    turn : str or None
        The word of `TURNS` by which the map must be turned over to fit best; None for none.
    """

    in_body: float
    solid_in_body: float
    here: float | None
    best: float | None
    shift_mm: np.ndarray
    turn: str | None = None

    def is_better_elsewhere(self, factor: float, by: float) -> bool:
        """Whether it explains more elsewhere, by a factor and by a difference."""
        if self.here is None or self.best is None:
            return False
        return self.best > factor * self.here and self.best > self.here + by

    @property
    def way_in_words(self) -> str:
        """What makes it fit best: the turn, or the shift rounded to mm."""
        if self.turn is not None:
            return f"turned over {self.turn}"
        names = (("left", "right"), ("backward", "forward"), ("down", "up"))
        parts = [
            f"{abs(value):.0f} mm {pair[int(value > 0)]}"
            for value, pair in zip(self.shift_mm, names, strict=True)
            if abs(value) > 1
        ]
        return f"moved by about {' and '.join(parts)}"


def find_fit(anatomy: AnatomyMap, reference: Image) -> MapFit:
    """Compare a map with the reference series at its place and at places around it.

    Parameters
    ----------
    anatomy : AnatomyMap
    reference : Image
    """
    bright = float(np.percentile(reference.array[np.isfinite(reference.array)], 95))
    points, classes, solid = _classes(anatomy)
    points = _to_reference(anatomy, points)
    sample = _Sampler(reference, AIR * bright)
    in_body = sample.in_body(points[classes > 0])
    solid_in_body = sample.in_body(points[solid]) if solid.any() else in_body
    seen = sample.seen(points)
    here = sample.explained(points, classes, seen)
    if here is None:
        return MapFit(in_body, solid_in_body, None, None, np.zeros(3))
    few = slice(None, None, max(len(points) // COARSE_POINTS, 1))
    shift, turn = _best_shift(sample, points[few], classes[few]), None
    best = sample.explained(points + shift, classes, seen)
    if best is None or best <= here:
        best, shift = here, np.zeros(3)
    for word, over in _turned_over(points):
        there = sample.explained(over, classes, seen)
        if there is not None and there > best:
            best, turn = there, word
    return MapFit(in_body, solid_in_body, here, best, shift, turn)


def _turned_over(points: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The points turned over in each way, about the middle of their range and about their mean."""
    for center in (0.5 * (points.min(axis=0) + points.max(axis=0)), points.mean(axis=0)):
        for word, signs in TURNS.items():
            yield word, center + (points - center) * signs


def _best_shift(sample: _Sampler, points: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The shift at which points explain most, found coarsely and then finer."""
    shift = np.zeros(3)
    seen = sample.seen(points)
    best = sample.explained(points, classes, seen) or 0.0
    for distances in (SHIFTS_MM, *((step,) for step in FINER_MM)):
        start = shift
        for move in _moves(distances):
            there = sample.explained(points + start + move, classes, seen)
            if there is not None and there > best:
                best, shift = there, start + move
        if not shift.any():
            break
    return shift


def _moves(distances: tuple[float, ...]) -> Iterator[np.ndarray]:
    for step in product((-1.0, 0.0, 1.0), repeat=3):
        length = np.linalg.norm(step)
        if length:
            for distance in distances:
                yield np.array(step) / length * distance


def _to_reference(anatomy: AnatomyMap, points: np.ndarray) -> np.ndarray:
    matrix = anatomy.frame_to_map_ras
    return points if matrix is None else transform_points(np.linalg.inv(matrix), points)


def _classes(anatomy: AnatomyMap) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points in the map (RAS mm), their class (0 for the rim around the labels, others for kinds of structure), and
    whether they are solid."""
    kinds = sorted({what.structure for what in anatomy.structures.values()})
    size = int(max(anatomy.image.array.max(), max(anatomy.structures, default=0))) + 1
    table, solid = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=bool)
    for number, what in anatomy.structures.items():
        solid[number] = what.structure in SOLID
        table[number] = 1 + kinds.index(
            "vertebra" if what.structure in BONES and "vertebra" in kinds else what.structure
        )
    array = anatomy.image.array
    labeled = array > 0
    rim = ndimage.binary_dilation(labeled, iterations=EDGE_VOXELS) & ~labeled
    flat = np.concatenate([np.flatnonzero(mask)[:: max(int(mask.sum()) // POINTS, 1)] for mask in (labeled, rim)])
    numbers = array.ravel()[flat]
    return anatomy.image.geometry.flat_to_ras(flat), table[numbers], solid[numbers]


@dataclasses.dataclass(frozen=True)
class _Sampler:
    """Values of the reference series at points.

    Parameters
    ----------
    image : Image
    air : float
        Values below are air.
    """

    image: Image
    air: float

    def _at(self, points: np.ndarray) -> np.ndarray:
        """Values at the voxels nearest to points; NaN outside."""
        geometry = self.image.geometry
        kji = np.rint(geometry.to_ijk(points)).astype(np.int64)[:, ::-1]
        inside = np.all((kji >= 0) & (kji < geometry.shape), axis=1)
        values = np.full(len(points), np.nan)
        values[inside] = self.image.array[tuple(kji[inside].T)]
        return values

    def in_body(self, points: np.ndarray) -> float:
        """The fraction of the points in the grid that are not air."""
        values = self._at(points)
        values = values[np.isfinite(values)]
        return float(np.mean(values > self.air)) if len(values) else 0.0

    def seen(self, points: np.ndarray) -> int:
        """The number of the points that lie in the body, within the grid."""
        values = self._at(points)
        return int(np.count_nonzero(np.isfinite(values) & (values > self.air)))

    def explained(self, points: np.ndarray, classes: np.ndarray, seen: int) -> float | None:
        """The fraction of the variance of the image at the points that the classes explain; None for too few points.

        `seen` is the number of points that are seen at the place of the map.
        """
        values = self._at(points)
        used = np.isfinite(values) & (values > self.air)
        values, kinds = values[used], classes[used]
        if len(values) < max(LEAST_SEEN * seen, LEAST_POINTS):
            return None
        counts = np.bincount(kinds)
        means = np.bincount(kinds, weights=values)[counts > 0] / counts[counts > 0]
        total = float(values.var())
        between = float(np.average((means - values.mean()) ** 2, weights=counts[counts > 0]))
        return between / total if total > 0 else None
