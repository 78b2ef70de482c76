"""Continuous signed-distance shapes: swept tubes, plates, lumps and vertebral blocks, in mm of the canonical body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

FAR = np.float32(1e3)


class Part(NamedTuple):
    """A signed distance (negative inside) with the box outside of which it is not asked; canonical mm."""

    lo: np.ndarray
    hi: np.ndarray
    distance: Callable[..., np.ndarray]


@dataclass(frozen=True)
class Shape:
    """Union of parts, then grown, made a shell, cut by others and roughened, in this order."""

    parts: tuple[Part, ...]
    grown: float = 0.0
    shell: float | None = None
    without: tuple[Shape, ...] = ()
    within: tuple[Shape, ...] = ()

    def __or__(self, other: Shape) -> Shape:
        return Shape(self.parts + other.parts)

    def grow(self, mm: float) -> Shape:
        return replace(self, grown=self.grown + mm)

    def skin(self, mm: float) -> Shape:
        return replace(self, shell=mm)

    def minus(self, *others: Shape) -> Shape:
        return replace(self, without=self.without + others)

    def inside(self, *others: Shape) -> Shape:
        return replace(self, within=self.within + others)

    def box(self) -> tuple[np.ndarray, np.ndarray]:
        extra = max(self.grown, 0.0) + (self.shell or 0.0)
        return np.min([p.lo for p in self.parts], 0) - extra, np.max([p.hi for p in self.parts], 0) + extra

    def combine(self, evaluate: Callable[[Shape], np.ndarray], union: np.ndarray) -> np.ndarray:
        """The signed distance from that of the bare union; `evaluate` gives those of others at the same points."""
        distance = union - self.grown
        if self.shell is not None:
            distance = np.abs(distance) - self.shell
        for other in self.without:
            distance = np.maximum(distance, -evaluate(other))
        for other in self.within:
            distance = np.maximum(distance, evaluate(other))
        return distance

    def at(self, points: np.ndarray) -> np.ndarray:
        """Signed distance at points of shape (n, 3)."""
        xyz = [np.asarray(points, np.float32)[:, axis] for axis in range(3)]
        union = np.min([part.distance(*xyz) for part in self.parts], axis=0)
        return self.combine(lambda other: other.at(points), union)


def vec(*numbers: float) -> np.ndarray:
    return np.array(numbers, float)


def unit(vector: Sequence[float]) -> np.ndarray:
    return np.asarray(vector, float) / np.linalg.norm(vector)


def _cone(p0, p1, r0, r1, side, power: int) -> Part:
    """Segment with half-widths (along `side`, across it) that change linearly; superelliptic section."""
    length = np.linalg.norm(p1 - p0)
    t = (p1 - p0) / length
    e1 = unit(np.asarray(side, float) - np.dot(side, t) * t)
    e2 = np.cross(t, e1)
    t, e1, e2, base = (v.astype(np.float32) for v in (t, e1, e2, p0))

    def distance(x, y, z):
        x, y, z = x - base[0], y - base[1], z - base[2]
        along = x * t[0] + y * t[1] + z * t[2]
        share = np.clip(along / np.float32(length), 0, 1)
        beyond = along - share * np.float32(length)
        half1, half2 = (np.float32(a) + share * np.float32(b - a) for a, b in zip(r0, r1, strict=True))
        u = (x * e1[0] + y * e1[1] + z * e1[2]) / half1
        v = (x * e2[0] + y * e2[1] + z * e2[2]) / half2
        least = np.minimum(half1, half2)
        w = beyond / least
        if power == 2:
            return (np.sqrt(u * u + v * v + w * w) - 1) * least
        u, v, w = u * u, v * v, w * w
        return (np.sqrt(np.sqrt(u * u + v * v + w * w)) - 1) * least

    reach = float(np.max([r0, r1])) * 1.05
    return Part(np.minimum(p0, p1) - reach, np.maximum(p0, p1) + reach, distance)


def sweep(points, radii, side=(1.0, 0.0, 0.0), power: int = 2) -> Shape:
    """Tube along a polyline.

    Radii are one number, a list of one per point, or half-widths along and across `side` as a tuple or a list of them.
    """
    points = np.asarray(points, float)
    if isinstance(radii, tuple):
        radii = np.tile(radii, (len(points), 1))
    radii = np.asarray(radii, float)
    radii = radii if radii.ndim == 2 else np.column_stack([np.broadcast_to(radii, len(points))] * 2)
    pairs = zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True)
    return Shape(tuple(_cone(p0, p1, r0, r1, side, power) for p0, p1, r0, r1 in pairs))


def plate(a, b, c, thick: float) -> Shape:
    """Triangle with rounded rims; `thick` is half the thickness."""
    a, b, c = (np.asarray(p, np.float32) for p in (a, b, c))
    normal = unit(np.cross(b - a, c - a)).astype(np.float32)

    def distance(x, y, z):
        inside, least = True, FAR
        for p, q in ((a, b), (b, c), (c, a)):
            edge = q - p
            dx, dy, dz = x - p[0], y - p[1], z - p[2]
            s = np.clip((dx * edge[0] + dy * edge[1] + dz * edge[2]) / np.dot(edge, edge), 0, 1)
            rim = (dx - s * edge[0]) ** 2 + (dy - s * edge[1]) ** 2 + (dz - s * edge[2]) ** 2
            inward = np.cross(normal, edge)
            inside = inside & (dx * inward[0] + dy * inward[1] + dz * inward[2] >= 0)
            least = np.minimum(least, rim)
        height = (x - a[0]) * normal[0] + (y - a[1]) * normal[1] + (z - a[2]) * normal[2]
        return np.where(inside, np.abs(height), np.sqrt(least)) - np.float32(thick)

    corners = np.array([a, b, c], float)
    return Shape((Part(corners.min(0) - thick, corners.max(0) + thick, distance),))


def local(center, axes: np.ndarray, reach: float, distance: Callable[..., np.ndarray]) -> Shape:
    """A distance given in the frame whose axes are the columns of `axes`."""
    center, m = np.asarray(center, float), np.asarray(axes, np.float32)
    base = center.astype(np.float32)

    def moved(x, y, z):
        x, y, z = x - base[0], y - base[1], z - base[2]
        return distance(*(x * m[0, i] + y * m[1, i] + z * m[2, i] for i in range(3)))

    return Shape((Part(center - reach, center + reach, moved),))


def lump(center, half, axes=None) -> Shape:
    """Ellipsoid."""
    half = np.asarray(np.broadcast_to(half, 3), np.float32)
    least = half.min()

    def distance(a, b, c):
        return (np.sqrt((a / half[0]) ** 2 + (b / half[1]) ** 2 + (c / half[2]) ** 2) - 1) * least

    return local(center, np.eye(3) if axes is None else axes, float(half.max()), distance)


def half_space(point, normal) -> Shape:
    """Inside is where the normal points away from."""
    point, normal = np.asarray(point, np.float32), unit(normal).astype(np.float32)
    everywhere = np.full(3, float(FAR))

    def distance(x, y, z):
        return (x - point[0]) * normal[0] + (y - point[1]) * normal[1] + (z - point[2]) * normal[2]

    return Shape((Part(-everywhere, everywhere, distance),))


def vertebral_body(center, axes, half, waist: float, hollow: float) -> Shape:
    """Curved box: kidney-shaped section, narrower at mid height, endplates hollowed."""
    width, depth, height = (float(h) for h in half)

    def distance(a, b, c):
        pinch = 1 - waist * (1 - np.clip((c / height) ** 2, 0, 1))
        u = np.abs(a) / (width * pinch)
        v = (b + 0.16 * depth * (1 - np.clip(u, 0, 1) ** 2)) / (depth * pinch)
        rim = ((u**2.4 + np.abs(v) ** 2.6) ** np.float32(0.4) - 1) * depth
        ends = np.abs(c) - height + hollow * (1 - np.clip(u * u + v * v, 0, 1))
        return np.maximum(rim, ends) + np.float32(0.8) * np.exp(-((rim - ends) ** 2) / 4)

    return local(center, axes, float(np.linalg.norm([width, depth * 1.2, height])), distance)
