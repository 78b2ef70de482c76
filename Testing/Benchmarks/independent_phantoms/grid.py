"""Points of a series, and painting the layers at them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from .body import Layer, RandomField
from .shapes import FAR, Part, Shape


def rigid(degrees: Sequence[float], shift: Sequence[float], about: Sequence[float] = (0, 0, 0)) -> np.ndarray:
    """4x4 that turns about a point, then shifts."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    matrix[:3, 3] = np.asarray(about, float) - matrix[:3, :3] @ np.asarray(about, float) + np.asarray(shift, float)
    return matrix


def move(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.asarray(points, float) @ matrix[:3, :3].T + matrix[:3, 3]


class Bend:
    """The difference between this person and a canonical one: a few long waves, some mm high."""

    def __init__(self, rng: np.random.Generator):
        self.waves = rng.normal(0, 1, (5, 3))
        self.waves = (self.waves / np.linalg.norm(self.waves, axis=1, keepdims=True)).astype(np.float32)
        self.waves *= (2 * np.pi / rng.uniform(140, 320, (5, 1))).astype(np.float32)
        self.phase = rng.uniform(0, 2 * np.pi, 5).astype(np.float32)
        self.height = rng.normal(0, 1.7, (5, 3)).astype(np.float32)

    def to_canonical(self, x, y, z) -> list[np.ndarray]:
        out = [x.copy(), y.copy(), z.copy()]
        for wave, phase, height in zip(self.waves, self.phase, self.height, strict=True):
            value = np.sin(x * wave[0] + y * wave[1] + z * wave[2] + phase)
            for axis in range(3):
                out[axis] += height[axis] * value
        return out

    def from_canonical(self, points: np.ndarray) -> np.ndarray:
        points = np.atleast_2d(points).astype(np.float32)
        guess = points.copy()
        for _ in range(8):
            guess += points - np.stack(self.to_canonical(*guess.T), axis=1)
        return guess


class Grid:
    """Sample points (k, j, i) of a series in canonical coordinates."""

    def __init__(self, to_person: np.ndarray, shape: Sequence[int], bend: Bend):
        k, j, i = (np.arange(n, dtype=np.float32) for n in shape)
        m = to_person.astype(np.float32)
        axes = [
            m[r, 0] * i[None, None, :] + m[r, 1] * j[None, :, None] + m[r, 2] * k[:, None, None] + m[r, 3]
            for r in range(3)
        ]
        self.shape, self.back = tuple(shape), np.linalg.inv(to_person)
        self.xyz = bend.to_canonical(*axes)
        self.latest: list[tuple[tuple[Part, ...], tuple[slice, ...], float, np.ndarray]] = []

    def block(self, lo: np.ndarray, hi: np.ndarray, margin: float = 14.0) -> tuple[slice, ...] | None:
        """Indices of the samples that may lie in a canonical box; the margin is for the bend."""
        corners = np.array([[(lo, hi)[b][a] for a, b in enumerate(bits)] for bits in np.ndindex(2, 2, 2)])
        middle, half = (corners.min(0) + corners.max(0)) / 2, np.ptp(corners, axis=0) / 2 + margin
        signs = np.array(list(np.ndindex(2, 2, 2))) * 2 - 1
        index = move(self.back, middle + signs * half)[:, ::-1]
        start = np.clip(np.floor(index.min(0)), 0, self.shape).astype(int)
        stop = np.clip(np.ceil(index.max(0)) + 1, 0, self.shape).astype(int)
        return None if np.any(start >= stop) else tuple(slice(a, b) for a, b in zip(start, stop, strict=True))

    def points(self, where: tuple[slice, ...]) -> list[np.ndarray]:
        return [axis[where] for axis in self.xyz]

    def distance(self, shape: Shape, where: tuple[slice, ...]) -> np.ndarray:
        """Signed distance in a block. The latest unions are kept: layers come in stacks of one shape."""
        slack = 3.0 + max(shape.grown, 0.0) + (shape.shell or 0.0)
        for parts, kept, reach, union in self.latest:
            if (
                parts is shape.parts
                and reach >= slack
                and all(k.start <= w.start and w.stop <= k.stop for k, w in zip(kept, where, strict=True))
            ):
                part = tuple(slice(w.start - k.start, w.stop - k.start) for k, w in zip(kept, where, strict=True))
                return shape.combine(lambda other: self.distance(other, where), union[part])
        union = self._union(shape.parts, where, slack)
        self.latest = [(shape.parts, where, slack, union), *self.latest[:5]]
        return shape.combine(lambda other: self.distance(other, where), union)

    def _union(self, parts: Sequence[Part], where: tuple[slice, ...], slack: float) -> np.ndarray:
        union = np.full([s.stop - s.start for s in where], FAR, np.float32)
        for part in parts:
            own = self.block(part.lo - slack, part.hi + slack)
            if own is None:
                continue
            own = tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(own, where, strict=True))
            if any(s.start >= s.stop for s in own):
                continue
            inner = tuple(slice(s.start - w.start, s.stop - w.start) for s, w in zip(own, where, strict=True))
            np.minimum(union[inner], part.distance(*self.points(own)), out=union[inner])
        return union

    def opacity(self, layer: Layer, noise: RandomField, patches) -> tuple[tuple[slice, ...], np.ndarray] | None:
        """Block and how much of the layer there is in it, 0 to 1."""
        where = self.block(*layer.shape.box())
        if where is None:
            return None
        share = np.clip(0.5 - self.distance(layer.shape, where) / (2 * layer.edge), 0, 1) * np.float32(layer.strength)
        if not share.any():
            return None
        if patches:
            key, scale, low, high = patches
            some = share > 0
            values = noise(key, scale, *(axis[some] for axis in self.points(where)))
            share[some] *= np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
        return where, share


def paint(layers: Sequence[Layer], grid: Grid, noise: RandomField, signal: dict[str, float] | None) -> np.ndarray:
    """Composite of all layers: MR when `signal` gives that of the tissues, else uptake."""
    image = np.zeros(grid.shape, np.float32)
    for layer in layers:
        value = layer.suv if signal is None else signal.get(layer.tissue)
        if value is None:
            continue
        laid = grid.opacity(layer, noise, layer.pet_patches if signal is None else layer.mr_patches)
        if laid is None:
            continue
        where, share = laid
        if signal is None and layer.pet_texture:
            key, scale, spread = layer.pet_texture
            value = np.full_like(share, value)
            some = share > 0
            value[some] *= 1 + np.float32(spread) * noise(key, scale, *(axis[some] for axis in grid.points(where)))
        view = image[where]
        view += share * (value - view)
    return image


def label_map(
    layers: Sequence[Layer], grid: Grid, name: Callable[[Layer], str | None]
) -> tuple[np.ndarray, dict[int, str]]:
    """The uppermost named layer at every sample."""
    names = list(dict.fromkeys(name(layer) for layer in layers if name(layer)))
    labels = np.zeros(grid.shape, np.uint8)
    for layer in layers:
        where = grid.block(*layer.shape.box()) if name(layer) else None
        if where is not None and (layer.strength > 0.3):
            labels[where][grid.distance(layer.shape, where) < 0] = names.index(name(layer)) + 1
    return labels, dict(enumerate(names, start=1))
