"""Where lesions can lie in a real lumbar spine: places by structure, from the drawn bodies and the canal.

The distances were set on straightened cuts of all five persons: at the pedicles, at the lower third of the bodies
and at the discs (see the pictures that ``real_spine_pictures.py`` draws). All are given in the coordinates of
``real_spine``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, ball
from real_spine import LUMBAR, Body, Spine
from real_spine_truth import Truth

PEDICLE_X_MM = {"L5": 21.0, "L4": 18.0, "L3": 17.0, "L2": 16.0, "L1": 15.0}
"""Level -> distance of the middle of a pedicle from the midline, mm."""
FACET_X_MM = {"L5": 19.0, "L4": 17.0, "L3": 14.0, "L2": 13.5, "L1": 13.0}
"""Level of the upper vertebra -> distance of the middle of a facet joint from the midline, mm."""
FACET_D_MM = {"AKa": 16.0, "DzZ": 17.0, "IVD20": 18.0, "Myo01": 16.0, "VB2_04": 19.0}
"""Person -> distance of the facet joints behind the posterior wall, mm."""
PEDICLE_D_MM = 6.0
"""Distance of the middle of a pedicle behind the posterior wall, mm."""
PROCESS_D_MM = 36.0
"""Distance of the middle of a spinous process behind the posterior wall, mm."""
INTERSPINOUS_D_MM = 38.0
"""The same for the space between two processes."""
ROOT_X_MM = {"L5": 19.0, "L4": 17.0, "L3": 16.0, "L2": 15.5, "L1": 15.0}
"""Level of the upper vertebra -> distance of the root in its foramen from the midline, mm."""
ROOT_D_MM = 5.0
"""Distance of the root in its foramen behind the posterior wall, mm."""
MUSCLE_X_MM = (24.0, 20.0, 17.0)
"""Distances of a lesion of the back muscles from the midline, mm. The first one inside the slab is taken."""
MUSCLE_D_MM = 43.0
"""Distance of a lesion of the back muscles behind the posterior wall, mm."""
CANAL_X_MM = {
    "AKa": {"L4": -3.0, "L3": -3.0, "L2": -3.0, "L1": -2.0},
    "DzZ": {"L4": 2.0, "L3": 2.0, "L2": 1.0, "L1": 1.0},
    "VB2_04": {"L2": 2.0, "L1": 6.0},
}
"""Person -> level -> how far to the right of the middle of the bodies the canal lies, mm; 0 where nothing is given.
Two of the spines are curved and turned."""
PROCESS_X_MM = {
    "AKa": {"L4": -6.0, "L3": -8.0, "L2": -9.0},
    "DzZ": {"L4": 2.0, "L3": 2.0, "L2": 2.0},
    "IVD20": {"L3": -2.0},
    "Myo01": {"L4": -3.0, "L3": -3.0, "L2": -2.0},
    "VB2_04": {"L4": -2.0, "L2": 5.0},
}
"""The same for the tips of the spinous processes."""
PROCESS_UP = {"VB2_04": -0.4}
"""Person -> height of a spinous process over the middle of its body, as a part of the body's height."""
USUAL_PROCESS_UP = -0.25
"""The same for the others."""
APART_MM = 32.0
"""Lower bound of the distance between two lesions of a case, mm, so that one candidate cannot find two."""
IN_SLAB_MM = 6.0
"""Lower bound of the distance of a place from the border of the slab, mm."""

SHAPES = {
    "facet": (1.1, 1.0, 0.8),
    "endplate": (0.5, 1.0, 1.0),
    "both endplates": (0.5, 1.0, 1.0),
    "pedicle": (1.0, 1.1, 0.8),
    "spinous process": (1.0, 1.4, 0.5),
    "interspinous": (1.0, 1.4, 0.5),
    "disc": (0.45, 1.0, 1.0),
    "root": (1.0, 0.9, 0.9),
    "muscle": (1.2, 1.0, 1.0),
}
"""Structure -> relative half axes of a lesion along the spine, to the back and to the side."""
VOLUMES_ML = {
    "facet": (0.5, 1.8),
    "endplate": (0.6, 3.0),
    "both endplates": (1.2, 3.5),
    "pedicle": (0.5, 1.5),
    "spinous process": (0.6, 2.0),
    "interspinous": (0.5, 1.5),
    "disc": (0.8, 2.5),
    "root": (0.4, 0.8),
    "muscle": (0.8, 3.0),
}
"""Structure -> least and largest volume, ml."""
BONE = ("facet", "endplate", "both endplates", "pedicle", "spinous process")
"""Structures whose own tissue is marrow."""


@dataclass(frozen=True, eq=False)
class Spot:
    """A place at which a lesion can lie.

    Parameters
    ----------
    structure : str
        Key of SHAPES.
    level, side : str
    centers : tuple of ndarray
        One center, or two for both endplates, RAS mm.
    axes : ndarray, shape (3, 3)
        Rows: unit vectors along the spine, to the back and to the right.
    """

    structure: str
    level: str
    side: str
    centers: tuple[np.ndarray, ...]
    axes: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """The middle of all centers, RAS mm."""
        return np.asarray(np.mean(self.centers, axis=0))


def point_at(spine: Spine, s: float, d: float, x: float) -> tuple[np.ndarray, np.ndarray]:
    """The point (RAS mm) of coordinates along the spine, and the axes there (rows: up, back, right)."""
    n = int(np.clip(round(s / 0.5), 2, len(spine.curve) - 3))
    up = spine.curve[n + 2] - spine.curve[n - 2]
    up[0] = 0.0
    up /= np.linalg.norm(up)
    back = np.array([0.0, -up[2], up[1]])
    right = np.array([1.0, 0.0, 0.0])
    return spine.curve[n] + d * back + x * right, np.stack([up, back, right])


def spots_of(truth: Truth) -> list[Spot]:
    """All places of a volume that lie inside its slab."""
    spine = truth.spine
    geometry = spine.volume.image.geometry
    spots = [*_beside(truth), *_in_bodies(spine), *_at_discs(spine), *_behind(truth)]
    return [spot for spot in spots if all(_in_slab(geometry, c) for c in spot.centers)]


def _in_slab(geometry: Geometry, point: np.ndarray) -> bool:
    ijk = geometry.to_ijk(point)
    edge = IN_SLAB_MM / np.array(geometry.spacing_mm)
    return bool(np.all((ijk > edge) & (ijk < np.array(geometry.shape[::-1]) - 1 - edge)))


def _below(level: str) -> str:
    """The next lower level."""
    return LUMBAR[LUMBAR.index(level) - 1]


def _beside(truth: Truth) -> Iterator[Spot]:
    """Pedicles, facet joints and roots on both sides."""
    spine = truth.spine
    facet_d = FACET_D_MM[spine.volume.person]
    for body in spine.bodies:
        if body.level not in PEDICLE_X_MM:
            continue
        way = spine.way_of(body.level)
        canal_x = CANAL_X_MM.get(spine.volume.person, {}).get(body.level, 0.0)
        disc = way - 0.5 * body.height_mm - 5.0
        for side, sign in (("right", 1.0), ("left", -1.0)):
            rows = (
                ("pedicle", body.level, way + 0.2 * body.height_mm, PEDICLE_D_MM, PEDICLE_X_MM[body.level]),
                ("facet", f"{body.level}/{_below(body.level)}", disc, facet_d, FACET_X_MM[body.level]),
                ("root", f"{body.level}/{_below(body.level)}", way - 0.35 * body.height_mm, ROOT_D_MM,
                 ROOT_X_MM[body.level]),
            )  # fmt: skip
            for structure, level, s, d, x in rows:
                point, axes = point_at(spine, s, d, canal_x + sign * x)
                yield Spot(structure, level, side, (point,), axes)


def _in_bodies(spine: Spine) -> Iterator[Spot]:
    """Endplates: a little off the middle to one side, as erosive changes are."""
    for body in spine.bodies:
        if body.level not in PEDICLE_X_MM:
            continue
        for sign in (1.0, -1.0):
            for side, x in (("right", 8.0), ("left", -8.0), ("midline", 0.0)):
                yield Spot("endplate", body.level, side, (_under_endplate(body, sign, x),), _axes(body))


def _under_endplate(body: Body, sign: float, x: float) -> np.ndarray:
    return body.at(up=sign * (0.5 * body.height_mm - 3.5), back=-2.0, right=x)


def _axes(body: Body) -> np.ndarray:
    return np.stack([body.up, body.back, body.right])


def _at_discs(spine: Spine) -> Iterator[Spot]:
    """Discs, and both endplates of one disc."""
    for below, above in itertools.pairwise(spine.bodies):
        if above.level not in PEDICLE_X_MM:
            continue
        name = f"{above.level}/{below.level}"
        low, high = below.at(up=0.5 * below.height_mm), above.at(up=-0.5 * above.height_mm)
        axes = 0.5 * (_axes(below) + _axes(above))
        axes /= np.linalg.norm(axes, axis=1, keepdims=True)
        yield Spot("disc", name, "midline", (0.5 * (low + high) + 2.0 * axes[1],), axes)
        pair = (_under_endplate(below, 1.0, 0.0), _under_endplate(above, -1.0, 0.0))
        yield Spot("both endplates", name, "midline", pair, axes)


def _behind(truth: Truth) -> Iterator[Spot]:
    """Spinous processes, the spaces between them, and the muscles of the back."""
    spine = truth.spine
    bodies = {b.level: b for b in spine.bodies}
    for level in ("L4", "L3", "L2"):
        if level not in bodies:
            continue
        way, height = spine.way_of(level), bodies[level].height_mm
        x = PROCESS_X_MM.get(spine.volume.person, {}).get(level, 0.0)
        up = PROCESS_UP.get(spine.volume.person, USUAL_PROCESS_UP)
        point, axes = point_at(spine, way + up * height, PROCESS_D_MM, x)
        yield Spot("spinous process", level, "midline", (point,), axes)
        point, axes = point_at(spine, way + 0.3 * height, INTERSPINOUS_D_MM, x)
        above = LUMBAR[LUMBAR.index(level) + 1]
        yield Spot("interspinous", f"{above}/{level}", "midline", (point,), axes)
        for side, sign in (("right", 1.0), ("left", -1.0)):
            spot = _in_muscle(spine, way, side, sign, level)
            if spot is not None:
                yield spot


def _in_muscle(spine: Spine, way: float, side: str, sign: float, level: str) -> Spot | None:
    """A place in the muscles of the back; None when the slab ends before."""
    for x in MUSCLE_X_MM:
        point, axes = point_at(spine, way, MUSCLE_D_MM, sign * x)
        if _in_slab(spine.volume.image.geometry, point):
            return Spot("muscle", level, side, (point,), axes)
    return None


def half_axes(structure: str, volume_ml: float, parts: int = 1) -> np.ndarray:
    """Half axes (mm) of an ellipsoid of a volume; both endplates share it."""
    shape = np.array(SHAPES[structure])
    radius = (1000.0 * volume_ml / parts * 3.0 / (4.0 * np.pi * shape.prod())) ** (1.0 / 3.0)
    return np.asarray(radius * shape)


def weight_on(geometry: Geometry, spot: Spot, axes_mm: np.ndarray, edge_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Voxels of a lesion and their weights, 0 to 1, with a smooth edge.

    Parameters
    ----------
    geometry : Geometry
    spot : Spot
    axes_mm : ndarray, shape (3,)
        Half axes along the rows of the spot's axes.
    edge_mm : float
        Width of the edge.

    Returns
    -------
    (ndarray of int64, ndarray of float32)
        Flat indices and weights.
    """
    flats, weights = [], []
    for center in spot.centers:
        flat = ball(geometry, center, float(max(axes_mm)) + edge_mm)
        local = (geometry.flat_to_ras(flat) - center) @ spot.axes.T
        rho = np.linalg.norm(local / axes_mm, axis=1)
        depth = (1.0 - rho) * np.linalg.norm(local, axis=1) / np.maximum(rho, 1e-6)
        depth = np.where(rho < 1e-3, float(min(axes_mm)), depth)
        weight = np.clip(0.5 + depth / edge_mm, 0.0, 1.0)
        flats.append(flat[weight > 0])
        weights.append(weight[weight > 0].astype(np.float32))
    return np.concatenate(flats), np.concatenate(weights)


def choose_spots(spots: list[Spot], rng: np.random.Generator, count: int, avoid: list[np.ndarray]) -> list[Spot]:
    """Choose places of different structures that lie apart from each other and from some points."""
    chosen: list[Spot] = []
    structures = list(dict.fromkeys(s.structure for s in spots))
    order = [structures[n] for n in rng.permutation(len(structures))]
    for structure in itertools.chain(order, order):
        if len(chosen) >= count:
            break
        some = [s for s in spots if s.structure == structure]
        taken = [*avoid, *(s.middle for s in chosen)]
        free = [s for s in some if all(np.linalg.norm(s.middle - at) > APART_MM for at in taken)]
        if free:
            chosen.append(free[int(rng.integers(len(free)))])
    return chosen
