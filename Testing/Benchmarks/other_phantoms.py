"""Digital cases made independently of the library's own phantoms: another person, scanner and construction.

    python Testing/Benchmarks/other_phantoms.py OUT_DIR --group low-back|hip-replacement --seed N

The body is a stack of layers; each is a continuous signed-distance shape (swept tubes, warped vertebral blocks, bone
plates, shells between two surfaces) with a soft edge; it is evaluated at the points of every series: there is
no master grid and no atlas. MR signal follows from proton density, T1, T2 and fat fraction of the tissue and from the
sequence; metal bends the MR by its dipole field. The uptake of a tissue varies by its own random fields, which the MR
does not know.

Written are `dicom/`, `anatomy.nrrd` with `anatomy.json` (names as TotalSegmentator gives them), `where.nrrd` (all
structures, to tell where a false candidate lies) and `truth.json`. Positions are RAS mm; "canonical" is the unbent,
unmoved body: x right, y anterior, z up, origin at the middle of the upper endplate of S1.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from scipy import ndimage
from scipy.spatial.transform import Rotation

FAR = np.float32(1e3)
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

# Tissue: proton density, T1 ms, T2 ms (at 3 T, fast spin echo), fat fraction.
TISSUES = {
    "air": (0.0, 1000, 50, 0.0),
    "fat": (1.0, 1000, 50, 0.95),
    "muscle": (0.9, 1420, 36, 0.03),
    "septum": (0.9, 1300, 40, 0.75),
    "red marrow": (0.85, 1350, 52, 0.35),
    "yellow marrow": (0.9, 1300, 50, 0.85),
    "cortex": (0.06, 900, 15, 0.0),
    "ligament": (0.3, 1000, 22, 0.05),
    "nucleus": (0.95, 1450, 105, 0.0),
    "dry disc": (0.65, 1150, 42, 0.0),
    "csf": (1.0, 4000, 700, 0.0),
    "cord": (0.85, 1050, 82, 0.0),
    "flow void": (0.08, 1700, 60, 0.0),
    "slow blood": (0.75, 1750, 90, 0.0),
    "kidney": (0.9, 1350, 85, 0.02),
    "liver": (0.85, 820, 36, 0.06),
    "bowel": (0.85, 1250, 62, 0.08),
    "gas": (0.03, 1000, 40, 0.0),
    "urine": (1.0, 3800, 600, 0.0),
    "organ": (0.9, 1400, 75, 0.02),
    "oedema": (0.95, 1950, 125, 0.05),
    "fluid": (1.0, 3300, 450, 0.0),
    "synovium": (0.9, 1800, 110, 0.03),
    "sclerosis": (0.3, 1000, 28, 0.1),
    "haemangioma": (1.0, 1500, 110, 0.7),
    "scar": (0.5, 1150, 34, 0.1),
    "metal": (0.0, 1000, 50, 0.0),
    "plastic": (0.03, 1000, 20, 0.0),
}


# --- shapes ------------------------------------------------------------------------------------------------------


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


def _unit(vector: Sequence[float]) -> np.ndarray:
    return np.asarray(vector, float) / np.linalg.norm(vector)


def _cone(p0, p1, r0, r1, side, power: int) -> Part:
    """Segment with half-widths (along `side`, across it) that change linearly; superelliptic section."""
    length = np.linalg.norm(p1 - p0)
    t = (p1 - p0) / length
    e1 = _unit(np.asarray(side, float) - np.dot(side, t) * t)
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
    normal = _unit(np.cross(b - a, c - a)).astype(np.float32)

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
    point, normal = np.asarray(point, np.float32), _unit(normal).astype(np.float32)
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


# --- the body ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    """What is painted over what lies below: the signal of a tissue, an uptake, or both.

    `mr_patches` and `pet_patches` are (field, scale mm, low, high): opacity rises as the field goes from low to high.
    `pet_texture` is (field, scale mm, relative spread of the uptake).
    """

    shape: Shape
    name: str
    tissue: str | None = None
    suv: float | None = None
    edge: float = 0.8
    strength: float = 1.0
    mr_patches: tuple[int, float, float, float] | None = None
    pet_patches: tuple[int, float, float, float] | None = None
    pet_texture: tuple[int, float, float] | None = None
    label: str | None = None


class RandomField:
    """A smooth periodic random field of mean 0 and spread 1; each `key` is another, independent one."""

    def __init__(self, rng: np.random.Generator):
        values = ndimage.gaussian_filter(rng.standard_normal((64, 64, 64), np.float32), 1.6, mode="wrap")
        self.values = values / values.std()

    def __call__(self, key: int, scale: float, x, y, z) -> np.ndarray:
        """Structures are about `scale` mm wide."""
        rng = np.random.default_rng(key)
        shift, turned = rng.uniform(0, 64, 3), Rotation.random(rng=rng).as_matrix() * 4 / scale
        places = [
            x * row[0] + y * row[1] + z * row[2] + s
            for row, s in zip(turned.astype(np.float32), shift.astype(np.float32), strict=True)
        ]
        return ndimage.map_coordinates(self.values, places, order=1, mode="grid-wrap")


@dataclass
class Segment:
    """A vertebra or disc: middle, axes (columns right, anterior, up) and half sizes; facets of a disc by side."""

    name: str
    center: np.ndarray
    axes: np.ndarray
    half: np.ndarray
    shape: Shape | None = None
    rear_shape: Shape | None = None
    facets: dict[str, tuple[np.ndarray, np.ndarray, Shape]] = field(default_factory=dict)

    def at(self, right: float, anterior: float, up: float) -> np.ndarray:
        return self.center + self.axes @ np.array([right, anterior, up], float)


SIDES = {"right": 1.0, "left": -1.0}
LEVELS = ("L5", "L4", "L3", "L2", "L1", "T12", "T11")


class Body:
    """A person: layers from the skin inwards, the places where lesions may sit, landmarks."""

    def __init__(self, rng: np.random.Generator, group: str):
        self.rng, self.group = rng, group
        self.layers: list[Layer] = []
        self.landmarks: dict[str, np.ndarray] = {}
        self.metal: list[Shape] = []
        self.size = rng.normal(1.0, 0.05)
        self.age = rng.uniform(35, 82)
        self.key = int(rng.integers(1, 10**6))
        marrow = rng.uniform(1.0, 1.7) * (1.12 - 0.004 * (self.age - 35))
        self.suv = {
            "fat": rng.uniform(0.18, 0.32),
            "muscle": rng.uniform(0.48, 0.72),
            "marrow": marrow,
            "pelvis": marrow * rng.uniform(0.65, 0.85),
            "femur": rng.uniform(0.38, 0.52),
            "disc": rng.uniform(0.6, 0.8),
            "blood": rng.uniform(1.15, 1.6),
            "liver": rng.uniform(1.7, 2.3),
        }
        self._trunk()
        self._spine_line()
        self._viscera()
        self._pelvis_shapes()
        self._muscles()
        self._spine()
        self._pelvis()
        self._femora()

    # helpers

    def put(self, shape: Shape, name: str, tissue: str | None = None, suv: float | None = None, **more) -> None:
        self.layers.append(Layer(shape, name, tissue, suv, **more))

    def new_key(self) -> int:
        self.key += 7
        return self.key

    def bone(self, shape: Shape, name: str, suv: float, label: str, fatty: float, cortex: float = 1.2) -> None:
        """Cortex, yellow marrow, patches of red marrow whose places the uptake does not share."""
        self.put(shape, name, "cortex", suv * 0.7, edge=0.6, label=label)
        inner = shape.grow(-cortex)
        self.put(inner, name, "yellow marrow", suv, pet_texture=(self.new_key(), 22.0, 0.09), label=label)
        red = (self.new_key(), float(self.rng.uniform(9, 22)), fatty - 1.2, fatty + 1.3)
        self.put(inner, name, "red marrow", mr_patches=red, label=label)

    def muscle(
        self, shape: Shape, name: str, label: str | None = None, suv: float = 1.0, streaks: float = 1.0
    ) -> None:
        """Fascia, flesh, streaks of fat."""
        self.put(shape.grow(1.4), name, "septum", edge=1.0)
        self.put(
            shape, name, "muscle", self.suv["muscle"] * suv, pet_texture=(self.new_key(), 28.0, 0.10), label=label
        )
        low = 2.2 - streaks * self.rng.uniform(0.5, 1.2)
        self.put(shape, name, "fat", strength=0.8, mr_patches=(self.new_key(), self.rng.uniform(4, 8), low, low + 1.0))

    # parts of the body

    def _trunk(self) -> None:
        rng, s = self.rng, self.size
        waist, depth = rng.uniform(140, 172) * s, rng.uniform(98, 128)
        hips = rng.uniform(172, 196) * s
        front = depth - 98
        line = [
            (0, 26 + front, 290),
            (0, 36 + front, 120),
            (0, 21 + front, 0),
            (0, 2 + front * 0.6, -95),
            (0, 4, -190),
        ]
        radii = [
            (waist * 1.02, depth),
            (waist, depth),
            (hips * 0.95, depth),
            (hips, depth),
            (hips * 0.98, depth * 0.92),
        ]
        legs = [
            sweep([(x * 92, 5, -150), (x * 90, 14, -420)], [(90 * s, 95), (76 * s, 80)], power=2)
            for x in SIDES.values()
        ]
        skin = sweep(line, radii) | legs[0] | legs[1]
        self.skin = skin
        self.put(skin, "subcutaneous fat", "fat", self.suv["fat"], edge=1.0, pet_texture=(self.new_key(), 40.0, 0.12))
        self.put(skin.skin(1.0), "skin", "ligament", 0.4, edge=1.0)
        thick = rng.uniform(14, 34)
        thin = np.array([(thick, thick * 0.8)] * 2 + [(thick * 1.1, thick * 0.9)] + [(thick * 1.2, thick)] * 2)
        wall = sweep([(x, y - 2, z) for x, y, z in line], np.array(radii) - thin)
        thighs = [
            sweep([(x * 92, 6, -150), (x * 90, 14, -420)], [(78 * s, 80), (63 * s, 66)], power=2)
            for x in SIDES.values()
        ]
        wall = wall | thighs[0] | thighs[1]
        self.wall = wall
        self.muscle(wall, "other muscle", streaks=1.1)
        self.put(wall, "fascia", "fat", strength=0.75, mr_patches=(self.new_key(), 34.0, 1.1, 1.6))
        cavity = np.array(radii) - thin - 13
        inner = sweep(
            [(0, 36 + front, 290), (0, 46 + front, 110), (0, 34 + front, 0), (0, 8 + front * 0.6, -70)],
            [(a, b - 8) for a, b in cavity[:2]] + [(cavity[2][0] * 0.86, cavity[2][1] * 0.8), (60 * s, 55)],
        )
        self.put(inner, "visceral fat", "fat", self.suv["fat"] * 1.2, pet_texture=(self.new_key(), 30.0, 0.2))
        self.cavity = inner

    def _spine_line(self) -> None:
        """Segments from S1 upwards along a lordotic, slightly scoliotic line."""
        rng, s = self.rng, self.size
        tilt = np.radians(rng.uniform(30, 42))
        wedge = (
            rng.dirichlet(np.ones(8) * 6)
            * np.radians(rng.uniform(38, 58))
            * np.array([2.4, 0.9, 1.5, 0.8, 1.0, 0.5, 0.5, 0.4])
        )
        curve = np.radians(rng.normal(0, 4)) * np.sin(np.linspace(0, np.pi, 16))
        point, self.vertebrae, self.discs = np.zeros(3), [], []
        roll = np.radians(rng.normal(0, 2))
        upper = "S1"
        for n, name in enumerate(LEVELS):
            for kind in ("disc", "body"):
                tilt -= wedge[n] / 2
                roll_here = roll * n / 6
                axes = Rotation.from_euler("YXZ", [curve[2 * n + (kind == "body")], -tilt, roll_here]).as_matrix()
                width, depth = (27.5 - 0.9 * n) * s, (18.0 - 0.35 * n) * s
                height = (13.8 - 0.25 * n) * s if kind == "body" else rng.uniform(0.8, 1.15) * (5.4 - 0.35 * n) * s
                if kind == "disc" and rng.random() < 0.25:
                    height *= 0.65
                center = point + axes[:, 2] * height
                point = point + axes[:, 2] * 2 * height
                label = f"{name}/{upper}" if kind == "disc" else name
                piece = Segment(label, center, axes, np.array([width, depth, height]))
                (self.discs if kind == "disc" else self.vertebrae).append(piece)
            upper = name
        self.s1_axes = self.discs[0].axes

    def _spine(self) -> None:
        rng, s = self.rng, self.size
        canal = [disc.at(0, -disc.half[1] - 9, 0) for disc in self.discs] + [self.vertebrae[-1].at(0, -27, 10)]
        canal = [canal[0] + (0, -22, -42), canal[0] + (0, -8, -20), *canal]
        self.canal = sweep(canal, [(5, 3), (9, 6.5)] + [(11.5, 8.0)] * (len(canal) - 2))
        fatty = (self.age - 60) / 40
        for vertebra in self.vertebrae:
            self._vertebra(vertebra, fatty, vertebra.name)
        self.put(self.canal, "epidural fat", "fat", 0.5, edge=1.0)
        sac = sweep(canal[1:], [(5.5, 4), *[(8.8, 6.4)] * (len(canal) - 2)])
        self.put(sac, "CSF", "csf", 0.55, label="spinal_canal")
        roots = sweep([p + vec(0, -2.5, 0) for p in canal[2:-2]], (3.8, 1.6))
        self.put(Shape(roots.parts), "CSF", "cord", strength=0.6, mr_patches=(self.new_key(), 3.0, -0.3, 0.6))
        self.put(sweep(canal[-4:], [1.0, 3.6, 4.6, 4.8]), "cord", "cord", rng.uniform(1.3, 1.8), label="spinal_cord")
        for disc in self.discs:
            self._disc(disc)
        facets_alike = rng.random() < 0.6  # facet uptake that comes with age is there on both sides
        for disc in self.discs[:5]:
            self._facets(disc, rng.uniform(1.0, 1.3) if facets_alike else 1.0)
        if rng.random() < 0.35:
            body = self.vertebrae[rng.integers(0, 6)]
            where = body.at(*rng.uniform([-14, -6, -5], [14, 8, 5]))
            self.put(lump(where, rng.uniform(5, 9, 3)), "haemangioma", "haemangioma", edge=1.5, strength=0.9)
        self.landmarks |= {f"{b.name} upper endplate, middle": b.at(0, 0, b.half[2]) for b in self.vertebrae}
        self.landmarks |= {f"{b.name} right rim": b.at(b.half[0], 0, 0) for b in self.vertebrae[:5]}
        self.landmarks |= {f"{b.name} tip of spinous process": b.at(0, -66 * s, -8) for b in self.vertebrae[:5]}

    def _vertebra(self, b: Segment, fatty: float, level: str) -> None:
        rng, suv = self.rng, self.suv["marrow"] * self.rng.normal(1, 0.05)
        label = f"vertebrae_{level}"
        body = vertebral_body(b.center, b.axes, b.half, rng.uniform(0.05, 0.13), rng.uniform(0.8, 2.2))
        rear = -b.half[1]
        arch = []
        for x in SIDES.values():
            wide = rng.normal(0, 0.8)
            arch += [
                sweep([b.at(x * 13, rear + 4, 5), b.at(x * (15 + wide), rear - 13, 3)], [(4.6, 6.6), (4.0, 6.0)]),
                sweep(
                    [b.at(x * (15 + wide), rear - 14, 8), b.at(x * (14 + wide), rear - 18, -12)], (5.2, 4.4), power=4
                ),
                sweep([b.at(x * 14, rear - 19, -2), b.at(x * 2, rear - 27, -7)], [(5.0, 3.6), (4.2, 3.6)]),
                sweep(
                    [b.at(x * 16, rear - 11, 4), b.at(x * rng.uniform(33, 42), rear - 14, rng.uniform(3, 8))],
                    [4.2, 2.8],
                ),
            ]
        tip = b.at(rng.normal(0, 1.5), rear - rng.uniform(46, 54), rng.uniform(-14, -9))
        arch.append(sweep([b.at(0, rear - 27, -6), tip], [(3.6, 8.5), (3.8, 10.0)], power=4))
        rearward = Shape(tuple(part for shape in arch for part in shape.parts)).minus(self.canal)
        self.bone(rearward, f"arch {level}", suv * rng.uniform(0.68, 0.85), label, fatty + 0.3, 0.9)
        self.bone(body, f"vertebra {level}", suv, label, fatty, 0.9)
        vein = sweep([b.at(0, rear, 0), b.at(0, rear + rng.uniform(9, 16), 0)], [(4.5, 2.6), (1.2, 1.0)])
        self.put(vein, "basivertebral vein", "slow blood", edge=1.0, strength=rng.uniform(0.4, 0.85))
        b.shape, b.rear_shape = body, rearward

    def _disc(self, d: Segment) -> None:
        rng = self.rng
        dry = rng.random() < 0.2 + 0.008 * (self.age - 35)
        bulge = rng.uniform(0.5, 3.0) if dry else 0.3
        half = d.half + vec(bulge, bulge, 1.2)
        shape = vertebral_body(d.center, d.axes, half, -0.03, -1.2).minus(*(v.shape for v in self.vertebrae))
        name = "degenerate disc" if dry else "disc"
        suv = self.suv["disc"] * rng.normal(1.0, 0.08) * (1.1 if dry else 1.0)
        self.put(shape, name, "ligament", suv, label="intervertebral_discs")
        core = lump(d.center, (d.half[0] * 0.72, d.half[1] * 0.68, d.half[2] * 0.95), d.axes)
        self.put(core, name, "dry disc" if dry else "nucleus", edge=2.0, strength=rng.uniform(0.75, 1.0))
        d.shape = shape

    def _facets(self, d: Segment, uptake: float) -> None:
        """Joint between the lower process of the vertebra above and the upper one of the vertebra below."""
        rng = self.rng
        above, below = d.name.split("/")
        turn = np.radians(rng.normal(35 if above == "L5" else 55, 6))  # of the joint's normal away from anterior

        def label(level: str) -> str:
            return "sacrum" if level == "S1" else f"vertebrae_{level}"

        for side, x in SIDES.items():
            center = d.at(x * rng.normal(19, 1.0), -d.half[1] - rng.normal(17, 1.2), rng.normal(0, 1))
            angle = turn + np.radians(rng.normal(0, 7))
            normal = d.axes @ np.array([x * np.sin(angle), np.cos(angle), 0])
            up = d.axes[:, 2]
            axes = np.column_stack([normal, np.cross(up, normal), up])
            suv = self.suv["marrow"] * 0.85 * uptake * rng.normal(1, 0.05)
            for sign in (1, -1):
                block = lump(center + sign * 5.0 * normal, (4.6, 7.0, 9.0), axes).minus(self.canal)
                self.bone(block, "facet joint", suv, label(above if sign < 0 else below), 0.2, 0.9)
            gap = lump(center, (0.75, 6.5, 7.5), axes)
            self.put(gap, "facet joint", "fluid", suv, edge=0.6, strength=float(rng.uniform(0.15, 0.6)))
            d.facets[side] = (center, axes, gap)

    def _viscera(self) -> None:
        rng, s, suv = self.rng, self.size, self.suv
        front = [v.at(0, v.half[1] + 12, 0) for v in self.vertebrae]
        fork = front[1]
        aorta = sweep([p + vec(-9, 0, 0) for p in front[::-1][:-1]] + [fork + vec(-3, 2, -12)], rng.uniform(7.5, 10.5))
        cava = sweep([p + vec(13, -2, 0) for p in front[::-1][:-1]] + [fork + vec(9, 0, -16)], (12, 8))
        for shape, name in ((cava, "inferior_vena_cava"), (aorta, "aorta")):
            self.put(shape, "vessel", "flow void" if name == "aorta" else "slow blood", suv["blood"], label=name)
        for side, x in SIDES.items():
            groin = np.array([x * 70, 74, -100.0])
            course = [
                fork + vec(-3, 2, -10),
                (x * 42, 32, -28),
                (x * 62, 45, -65),
                groin,
                (x * 78, 58, -200),
                (x * 84, 10, -400),
            ]
            for shift, radius, tissue in (((0, 0, 0), 4.6, "flow void"), ((-x * 9, -7, 2), 5.6, "slow blood")):
                self.put(
                    sweep(np.array(course) + shift, radius),
                    "vessel",
                    tissue,
                    suv["blood"],
                    label=f"iliac_artery_{side}",
                )
            self._kidney(side, x)
        liver = lump((95 * s, 35, 275 * s), (70, 75, 85)).inside(self.cavity)
        self.put(liver, "liver", "liver", suv["liver"], pet_texture=(self.new_key(), 16.0, 0.05), label="liver")
        self._bowel()
        full, middle = rng.uniform(22, 38), np.array([rng.normal(0, 4), 28, -90])
        self.put(lump(middle, (full * 1.2, full, full * 0.9)), "bladder", "ligament", 1.5)
        urine = lump(middle, (full * 1.2 - 3, full - 3, full * 0.9 - 3))
        self.put(urine, "bladder", "urine", rng.uniform(6, 35), label="urinary_bladder")
        if rng.random() < 0.5:
            self.put(lump((0, 18, -125), (22, 18, 20)), "prostate", "organ", rng.uniform(1.3, 2.0), label="prostate")
        else:
            self.put(lump((rng.normal(0, 8), 2, -52), (26, 22, 34)), "uterus", "organ", rng.uniform(1.2, 2.2))

    def _kidney(self, side: str, x: float) -> None:
        rng = self.rng
        middle = np.array([x * 62, -6, 150 + rng.normal(0, 8) - (8 if x > 0 else 0)]) * (self.size, 1, self.size)
        line = [middle + vec(x * 4, 0, -30), middle + vec(-x * 2, -3, 0), middle + vec(-x * 10, -6, 32)]
        shape = sweep(line, [24, 26, 23]).minus(lump(middle + vec(-x * 26, 8, 0), (16, 14, 18)))
        self.put(shape, "kidney", "kidney", rng.uniform(2.2, 3.5), label=f"kidney_{side}")
        pelvis = lump(middle + vec(-x * 12, 6, 0), (9, 7, 15))
        self.put(pelvis, "kidney", "urine", rng.uniform(8, 25), edge=2.0, strength=0.8, label=f"kidney_{side}")
        psoas = [
            middle + vec(-x * 20, 18, -20),
            (x * 38, 32, 85),
            (x * 36, 38, 30),
            (x * 52, 5, -50),
            (x * 26, 22, -100),
        ]
        tube = sweep(psoas, 1.8)
        self.put(tube, "ureter", "urine", 0.9, edge=0.6)
        if rng.random() < 0.75:  # boluses of urine on their way
            low = rng.uniform(0.4, 1.3)
            self.put(
                sweep(psoas, 2.4),
                "ureter",
                None,
                rng.uniform(4, 14),
                pet_patches=(self.new_key(), 34.0, low, low + 0.4),
            )

    def _bowel(self) -> None:
        """Loops of gut as short random walks; uptake comes in patches that differ from loop to loop."""
        rng, s = self.rng, self.size
        for _ in range(26):
            start = rng.uniform([-75, 52, -60], [75, 105, 150]) * (s, 1, s)
            heading, points = _unit(rng.normal(size=3)), [start]
            for _ in range(5):
                heading = _unit(heading + 0.9 * rng.normal(size=3))
                points.append(points[-1] + heading * rng.uniform(14, 22))
                points[-1][1] = max(points[-1][1], 50.0)  # in front of the great vessels
            self._gut(sweep(points, rng.uniform(8, 12)), "small_bowel", 0.5)
        for side, x in SIDES.items():
            line = [(x * 104 * s, 25, 160), (x * 112 * s, 32, 90), (x * 108 * s, 38, 25), (x * 72 * s, 45, -25)]
            self._gut(sweep(np.array(line) + rng.normal(0, 5, (4, 3)), rng.uniform(15, 22)), f"colon {side}", 0.7)
        self._gut(
            sweep([(-60, 30, -30), (-25, 5, -45), (0, -38, -70), (0, -30, -112)], [14, 13, 15, 13]), "rectum", 0.3
        )

    def _gut(self, shape: Shape, name: str, gas: float) -> None:
        rng = self.rng
        shape = shape.inside(self.cavity.grow(4)) if name != "rectum" else shape
        label = "small_bowel" if name == "small_bowel" else "colon"
        self.put(shape, "bowel", "bowel", rng.uniform(0.7, 1.5), label=label)
        low = rng.uniform(0.0, 1.0)
        self.put(shape, "bowel", None, rng.uniform(1.8, 4.5), pet_patches=(self.new_key(), 26.0, low, low + 1.5))
        filling = "gas" if rng.random() < gas else "fluid"
        self.put(
            shape.grow(-4),
            "bowel",
            filling,
            strength=rng.uniform(0.3, 0.95),
            mr_patches=(self.new_key(), 30.0, -0.2, 0.6),
        )

    def _muscles(self) -> None:
        rng = self.rng
        wasting = rng.uniform(0.2, 1.5)
        busy = (
            rng.uniform(1.5, 2.2) if rng.random() < 0.25 else 1.0
        )  # muscles used before the scan: the same on both sides
        busy_one = rng.integers(0, 3)
        for side, x in SIDES.items():
            fit = rng.normal(1.0, 0.05)

            def use(n: int, busy_one=busy_one) -> float:
                return busy * self.rng.normal(1, 0.06) if n == busy_one else self.rng.normal(1, 0.05)

            beside = [v.at(x * 37, -1, 0) for v in self.vertebrae[4::-1]]
            psoas = [*beside, (x * 62, 22, -30), (x * 82, 48, -85), (x * 108, 12, -158)]
            sizes = np.array([7, 12, 17, 20, 21, 22, 17, 7]) * fit
            self.muscle(sweep(psoas, sizes), "psoas", f"iliopsoas_{side}", use(0), 0.5)
            iliacus = plate((x * 98, 30, 25), (x * 105, 52, -20), (x * 82, 30, -65), 9 * fit)
            self.muscle(iliacus, "iliacus", f"iliopsoas_{side}", use(0), 0.6)
            rear = [v.at(x * 30, -52, 0) for v in self.vertebrae[::-1]]
            sheet = [*rear, (x * 26, -62, -10), (x * 18, -74, -60)]
            widths = [(26 * fit, 19 * fit)] * 5 + [(28 * fit, 20 * fit), (26, 19), (20, 14), (8, 5)]
            self.muscle(sweep(sheet, widths), "erector spinae", f"autochthon_{side}", use(1), wasting)
            deep = [v.at(x * 13, -50, 0) for v in self.vertebrae[4::-1]] + [(x * 14, -60, -25)]
            self.muscle(sweep(deep, (10 * fit, 13 * fit)), "multifidus", f"autochthon_{side}", use(1), wasting * 1.4)
            maximus = [(x * 45, -70, -30), (x * 85, -72, -80), (x * 125, -40, -140), (x * 138, -10, -190)]
            under = self.skin.grow(-9)
            buttock = sweep(maximus, [(36, 15), (46, 22), (38, 18), (14, 10)]).inside(under)
            self.muscle(buttock, "gluteus maximus", f"gluteus_maximus_{side}", use(2))
            medius = plate((x * 120, -10, 25), (x * 132, 42, -15), (x * 150, 0, -95), 14 * fit).inside(under)
            self.muscle(medius, "gluteus medius", f"gluteus_medius_{side}", use(2), 0.8)
            minimus = plate((x * 108, -20, -20), (x * 112, 30, -35), (x * 142, 12, -98), 8 * fit)
            self.muscle(minimus, "gluteus minimus", f"gluteus_minimus_{side}", use(2), 0.9)
            self.muscle(
                sweep([(x * 25, -45, -60), (x * 75, -35, -85), (x * 138, -8, -98)], [11, 10, 4]),
                "piriformis",
                None,
                1,
                0.5,
            )
            for at, name, radius in (
                ((92, 60), "quadriceps", 27),
                ((140, 38), "quadriceps", 22),
                ((60, 5), "adductors", 30),
                ((100, -38), "hamstrings", 28),
            ):
                thigh = [(x * at[0], at[1] * 0.7, -170), (x * at[0] * 0.95, at[1] * 0.85, -410)]
                self.muscle(sweep(thigh, [radius * 0.8, radius * fit]), name, None, use(2), 0.6)

    def _pelvis_shapes(self) -> None:
        rng, s = self.rng, self.size
        axes = self.s1_axes
        line, tilt = [-13 * s * axes[:, 2]], np.arctan2(axes[1, 2], axes[2, 2])
        for length, bend in zip((14, 22, 20, 17, 14), (4, 8, -2, -22, -32), strict=True):
            tilt += np.radians(bend)
            line.append(line[-1] - np.array([0, np.sin(tilt), np.cos(tilt)]) * length * s)
        self.sacral_line = np.array(line) + vec(0, -3, 0)
        wide = np.array([48, 54, 50, 38, 27, 12]) * s
        deep = np.array([15, 17, 15, 11, 8, 5]) * s
        self.sacrum = sweep(self.sacral_line, np.column_stack([wide, deep]), power=4)
        self.ilium, self.hip_center, self.si = {}, {}, {}
        for side, x in SIDES.items():
            jitter = rng.normal(0, 1.5, 3)

            def p(a, b, c, x=x, jitter=jitter):
                return np.array([x * a * s, b, c * s]) + jitter

            hip = p(88, 22, -103)
            back, crest, top, asis = p(48, -66, -28), p(72, -48, 26), p(122, 8, 45), p(118, 62, -12)
            roof, notch, ear = hip + vec(x * 4, 2, 24), p(66, -36, -58), p(63, -22, -18)
            wing = [
                plate(back, crest, ear, 7),
                plate(back, ear, notch, 8),
                plate(crest, top, ear, 5),
                plate(top, asis, ear, 5),
                plate(asis, roof, ear, 6),
                plate(roof, notch, ear, 9),
                plate(roof, notch, hip + vec(-x * 18, -20, -8), 8),
            ]
            pubis, seat = np.array([x * 6, 60, -128]), hip + np.array([-x * 22, -40, -68])
            ring = [
                sweep([hip + vec(-x * 16, 20, 6), pubis], [11, 8]),
                sweep([pubis, seat + vec(-x * 8, 14, 0)], 6),
                sweep([hip + vec(-x * 10, -24, -8), seat], [12, 14]),
                lump(hip, 34 * s),
            ]
            bone = Shape(tuple(part for shape in wing + ring for part in shape.parts))
            socket = lump(hip, 26.5 * s)
            mouth = lump(hip + vec(x * 30, 6, -20), (29, 36, 36))
            self.ilium[side] = bone.minus(self.sacrum.grow(2.2), socket, mouth)
            self.hip_center[side] = hip
            self.landmarks[f"{side} femoral head"] = hip
            self.landmarks[f"{side} anterior superior iliac spine"] = asis
            self.landmarks[f"{side} ischial tuberosity"] = seat
            cloud = rng.uniform([40, -60, -60], [75, 5, 5], (20000, 3)) * (x, 1, 1)
            near = np.abs(self.sacrum.at(cloud)) + np.abs(bone.at(cloud) + 3)
            self.si[side] = cloud[near < 5]

    def _pelvis(self) -> None:
        rng, suv = self.rng, self.suv["pelvis"]
        fatty = (self.age - 50) / 40
        self.bone(self.sacrum.minus(self.canal), "sacrum", suv * 1.1, "sacrum", fatty, 1.0)
        for level in (0, 1, 2):
            low = (self.sacral_line[level] + self.sacral_line[level + 1]) / 2
            for x in SIDES.values():
                hole = [low + vec(x * 19, 12, -6), low + vec(x * 17, -14, -4)]
                self.put(sweep(hole, 4.2), "sacral foramen", "fat", 0.5)
            if level:
                gap = lump(self.sacral_line[level], (16, 12, 1.5), self.s1_axes)
                self.put(gap, "sacrum", "dry disc", strength=0.7)
        self.put(self.canal, "epidural fat", "fat", 0.5, edge=1.0, strength=0.6)
        mild = rng.uniform(1.0, 1.25) if rng.random() < 0.5 else 1.0
        for side in SIDES:
            self.bone(self.ilium[side], "hip bone", suv, f"hip_{side}", fatty + 0.2)
            joint = self.sacrum.grow(1.1).skin(1.1).inside(self.ilium[side].grow(3.5))
            self.put(joint, "sacroiliac joint", "ligament", None, edge=0.6)
            around = self.sacrum.skin(7.0).inside(self.ilium[side].grow(9.0))
            norm = (1.30 if side == "right" else 1.18) * rng.normal(1, 0.07) * mild * suv / 0.95
            self.put(around, "sacroiliac joint", None, norm, edge=2.5, pet_texture=(self.new_key(), 14.0, 0.1))

    def _femora(self) -> None:
        rng, s = self.rng, self.size
        self.femur, self.shaft, self.stem, self.trochanter = {}, {}, {}, {}
        for side, x in SIDES.items():
            hip = self.hip_center[side]
            top = hip + np.array([x * 40, -4, -32]) * s
            shaft = np.array([top, top + vec(-x * 2, 4, -70), top + vec(-x * 10, 12, -300)])
            trochanter = hip + np.array([x * 50, -6, -8]) * s
            lesser = top + np.array([-x * 12, -12, -30])
            upper = sweep(shaft, [17, 14, 13.5]) | sweep([top + vec(0, 0, -4), trochanter], [18, 11])
            upper = upper | sweep([top + vec(0, 0, -20), lesser], [13, 7]) | sweep([top, hip], [15, 14])
            head = lump(hip, 24 * s)
            self.femur[side], self.shaft[side] = upper | head, shaft
            self.trochanter[side] = trochanter
            self.landmarks[f"{side} greater trochanter"] = trochanter + np.array([x * 10, 0, 4])
            fatty = 0.4 + (self.age - 50) / 60
            self.put(lump(hip, 34 * s).minus(self.ilium[side]), "hip joint capsule", "scar", self.suv["muscle"] * 1.2)
            film = head.grow(1.4).minus(half_space(hip, (-x * 0.78, -0.1, 0.6)))  # joint fluid around the head
            self.put(film, "hip joint", "fluid", edge=0.7, strength=0.5)
            self.bone(self.femur[side], "femur", self.suv["femur"] * 1.25, f"femur_{side}", fatty, 1.6)
            tube = sweep(shaft[1:], [13.5, 13.0])
            self.put(tube, "femur", "cortex", self.suv["femur"] * 0.8, label=f"femur_{side}")
            self.put(tube.grow(-5.5), "femur", "yellow marrow", self.suv["femur"], label=f"femur_{side}")
            mild = self.suv["muscle"] * rng.uniform(1.3, 1.9)
            self.put(lump(hip, 31 * s).minus(head), "hip joint", None, mild, edge=3.0, strength=0.5)
            bursa = lump(trochanter + vec(x * 12, 0, -4), (1.2, 6, 9))
            self.put(bursa, "greater trochanter", "fluid", edge=1.0, strength=rng.uniform(0.0, 0.3))

    def implant(self, side: str) -> None:
        """Total hip replacement with what is expected around it."""
        rng, x, s = self.rng, SIDES[side], self.size
        hip, shaft = self.hip_center[side], self.shaft[side]
        mouth = half_space(hip, (x * 0.62, 0.25, -0.7))
        cup = lump(hip, 27 * s).minus(lump(hip, 23 * s)).inside(mouth)
        liner = lump(hip, 23 * s).minus(lump(hip, 15.5)).inside(mouth)
        down = _unit(shaft[1] - shaft[0])
        shoulder = shaft[0] + np.array([x * 1, 0, 4]) * s
        length = rng.uniform(105, 145)
        stem = sweep(
            [shoulder, shoulder + down * length * 0.4, shoulder + down * length], [(11, 7.5), (8.5, 7), (5, 5)]
        )
        neck = sweep([shoulder, hip], [(9, 6), (6, 5.5)])
        joint = lump(hip, 33 * s).minus(self.ilium[side]) | sweep([shoulder, hip], 17)
        self.put(joint, "prosthesis joint", "scar", self.suv["muscle"] * 1.3, pet_texture=(self.new_key(), 18.0, 0.12))
        self.put(
            neck.grow(7.0),
            "prosthesis neck",
            "scar",
            rng.uniform(1.7, 3.0),
            edge=2.5,
            strength=0.9,
            pet_patches=(self.new_key(), 24.0, -1.6, 0.4),
        )
        self.put(neck.grow(rng.uniform(1.0, 3.0)), "prosthesis neck", "fluid", strength=0.7)
        self.put(stem.grow(4.0), "prosthesis stem", None, self.suv["femur"] * rng.uniform(1.2, 1.7), edge=2.0)
        for place in (shoulder + vec(x * 13, 0, -14), shoulder + vec(-x * 11, 0, -20)):
            if rng.random() < 0.6:  # oedema of Gruen zones 1 and 7 is there without pain
                self.put(
                    lump(place, (4, 7, 11)),
                    "expected oedema",
                    "oedema",
                    self.suv["femur"] * 1.7,
                    edge=2.0,
                    strength=rng.uniform(0.3, 0.7),
                )
        if rng.random() < 0.35:
            ossicle = lump(hip + np.array([x * 32, rng.uniform(-8, 12), 18]), rng.uniform(5, 10, 3))
            self.bone(ossicle, "heterotopic bone", self.suv["femur"] * rng.uniform(1.0, 1.5), "", 0.3, 1.0)
        self.put(liner, "implant", "plastic", 0.25)
        head = lump(hip, 15.5)
        for shape in (cup, head, neck.minus(liner), stem):
            self.put(shape, "implant", "metal", 0.1, edge=0.5)
        self.metal = [cup, neck, stem] + ([head] if rng.random() < 0.5 else [])  # else a ceramic head
        self.stem[side] = (shoulder, down, length)


# --- lesions -----------------------------------------------------------------------------------------------------


@dataclass
class Lesion:
    """A pain generator at a canonical center; `pet` glows at `ratio` times the `reference` SUV."""

    kind: str
    structure: str
    side: str | None
    level: str | None
    center: np.ndarray
    radius: float
    pet: Sequence[Shape]
    reference: float
    mr: list[tuple[Shape, str, float, float]]
    zone: str | None = None
    ratio: float = 1.0
    evidence: str = "PET+MR"
    suv_peak: float | None = None
    suv_max: float | None = None
    volume_ml: float | None = None
    spot: tuple[tuple[slice, ...], np.ndarray] | None = None


def back_lesions(body: Body, rng: np.random.Generator) -> list[Lesion]:
    """One of every kind at every place where it occurs."""
    found, marrow = [], body.suv["marrow"]
    discs, bones = body.discs[:5], body.vertebrae
    for disc in discs:
        for side, (center, axes, gap) in disc.facets.items():
            half = np.array([rng.uniform(3.6, 5.5), rng.uniform(4.2, 6.5), rng.uniform(4.8, 7.5)])
            blob = lump(center, half, axes)
            mr = [(blob.grow(rng.uniform(1.5, 4)), "oedema", 2.5, 0.75), (gap.grow(1.2), "fluid", 0.8, 0.95)]
            found.append(
                Lesion("facet arthritis", "facet", side, disc.name, center, half.max(), [blob], marrow * 0.85, mr)
            )
            place = disc.at(SIDES[side] * 22, -disc.half[1] - 3, 4)
            tube = sweep([place, place + vec(SIDES[side] * 8, 3, -9)], 3.2)
            mr = [(tube, "oedema", 1.0, 0.6)]
            root = Lesion(
                "irritated root", "foramen", side, disc.name, place + vec(SIDES[side] * 4, 1, -4), 8.0, [tube], 0.7, mr
            )
            found.append(replace(root, evidence="PET only"))
    for lower, disc, upper in zip([None, *bones], discs, bones[:5], strict=False):
        x = rng.uniform(-9, 9)
        half = (rng.uniform(10, 17), rng.uniform(8, 13), rng.uniform(8, 14) + disc.half[2])
        place = disc.at(x, rng.uniform(-2, 5), 0)
        plates = [upper.shape.grow(-0.5), (lower.shape if lower else body.sacrum).grow(-0.5)]
        blobs = [lump(place, half, disc.axes).inside(bone) for bone in plates]
        mr = [(blob, "oedema", 2.0, 0.85) for blob in blobs]
        found.append(Lesion("Modic I", "endplate", None, disc.name, place, max(half), blobs, marrow, mr))
        mr = [(blob, "fat", 2.0, 0.9) for blob in blobs]
        modic = Lesion("Modic II", "endplate", None, disc.name, place, max(half), blobs, marrow, mr)
        if body.age < 62:  # fat does not show in marrow that is fatty anyway
            found.append(replace(modic, evidence="MR only"))
        core = lump(disc.center, disc.half * (0.6, 0.6, 1.0), disc.axes)
        found.append(
            replace(Lesion("disc", "disc", None, disc.name, disc.center, 14.0, [core], 0.75, []), evidence="PET only")
        )
    for bone in bones[:5]:
        for side, x in SIDES.items():
            place = bone.at(x * 15, -bone.half[1] - 8, 3)
            half = (rng.uniform(4, 5.5), rng.uniform(6, 10), rng.uniform(5, 8))
            blob = lump(place, half, bone.axes)
            mr = [(blob.inside(bone.rear_shape.grow(0.5)), "oedema", 1.5, 0.9), (blob.grow(1.5), "oedema", 2.5, 0.35)]
            found.append(
                Lesion("pedicle stress", "pedicle", side, bone.name, place, max(half), [blob], marrow * 0.8, mr)
            )
    for below, above in pairwise(bones[:5]):
        place = (below.at(0, -below.half[1] - 42, -8) + above.at(0, -above.half[1] - 42, -8)) / 2
        half = rng.uniform(5, 8, 3)
        blob = lump(place, half)
        mr = [(blob, "oedema", 2.0, 0.8), (lump(place, half * 0.5), "fluid", 1.0, 0.8)]
        name = f"{above.name}/{below.name}"
        found.append(
            Lesion("interspinous bursitis", "spinous", "midline", name, place, half.max(), [blob], marrow * 0.7, mr)
        )
    return found + joint_lesions(body, rng)


def joint_lesions(body: Body, rng: np.random.Generator) -> list[Lesion]:
    """Sacroiliitis at the upper and lower part of both joints, on the sacral or on the iliac side."""
    found = []
    for side, cloud in body.si.items():
        for part in (30, 70):
            place = cloud[
                np.argmin(np.abs(cloud[:, 2] - np.percentile(cloud[:, 2], part)) + 0.3 * np.abs(cloud[:, 1] + 28))
            ]
            half = np.array([rng.uniform(7, 9), rng.uniform(8, 12), rng.uniform(8, 14)])
            blob = lump(place, half)
            bone = body.sacrum.grow(-1) if rng.random() < 0.5 else body.ilium[side].grow(-1)
            mr = [(blob.inside(bone), "oedema", 2.0, 0.85), (blob.inside(body.sacrum.skin(1.2)), "fluid", 0.8, 0.7)]
            kind = "sacroiliitis"
            found.append(
                Lesion(kind, "sacroiliac", side, None, place, half.max(), [blob], body.suv["pelvis"] * 1.25, mr)
            )
    return found


def hip_lesions(body: Body, rng: np.random.Generator, side: str) -> list[Lesion]:
    """Loosening, bursitis, synovitis, collections on the operated side, bursitis and joint disease elsewhere."""
    found, muscle, bone = [], body.suv["muscle"], body.suv["femur"]
    x, hip, trochanter = SIDES[side], body.hip_center[side], body.trochanter[side]
    shoulder, down, length = body.stem[side]
    lateral = _unit(np.array([x, 0, 0]) - x * down[0] * down)
    for zone, (where, wide) in enumerate(
        ((0.16, 1), (0.5, 1), (0.8, 1), (1.0, 0), (0.8, -1), (0.5, -1), (0.2, -1)), start=1
    ):
        out = np.interp(where, [0, 0.4, 1.0], [13.0, 10.5, 7.0])
        place = shoulder + down * (length * where + (6 if zone == 4 else 0)) + lateral * wide * out
        span = rng.uniform(10, 17)
        line = [place - down * span, place + down * span] if zone != 4 else [place - down * 2, place + down * 6]
        sheet = sweep(line, (rng.uniform(3.0, 4.5), rng.uniform(6, 9)), side=lateral)
        mr = [(sheet.grow(1), "oedema", 1.5, 0.85), (sheet.grow(-1.5), "synovium", 0.8, 0.9)]
        found.append(
            Lesion(
                "stem loosening", "stem", side, None, place, max(span, 9) + 3, [sheet], bone * 1.6, mr, f"Gruen {zone}"
            )
        )
    for zone, direction in (("I", (x * 0.55, 0, 0.84)), ("II", (-x * 0.9, 0, 0.4)), ("III", (-x * 0.75, 0, -0.66))):
        place = hip + _unit(direction) * 31 * body.size
        half = (rng.uniform(5, 9), rng.uniform(8, 13), rng.uniform(6, 10))
        blob = lump(place, half)
        mr = [(blob.inside(body.ilium[side].grow(1)), "oedema", 1.5, 0.85)]
        found.append(
            Lesion(
                "cup loosening",
                "acetabul",
                side,
                None,
                place,
                max(half),
                [blob],
                body.suv["pelvis"],
                mr,
                f"DeLee {zone}",
            )
        )
    pouch = hip + np.array([x * rng.uniform(12, 20), rng.uniform(10, 18), -14])
    half = rng.uniform(9, 14, 3)
    mr = [(lump(pouch, half), "synovium", 1.5, 0.9), (lump(pouch, half * 0.6), "fluid", 1.5, 0.95)]
    found.append(Lesion("synovitis", "joint", side, None, pouch, half.max(), [lump(pouch, half)], 1.5, mr))
    place = trochanter + vec(x * 18, -12, -45)
    half = np.array([7, 14, 22]) * rng.uniform(0.7, 1.2)
    mr = [(lump(place, half), "fluid", 1.2, 1.0), (lump(place, half).skin(1.5), "scar", 0.8, 0.8)]
    found.append(
        Lesion("collection", "collection", side, None, place, half.max(), [lump(place, half).skin(3.0)], muscle, mr)
    )
    for at, y in SIDES.items():
        greater, other = body.trochanter[at], body.hip_center[at]
        place = greater + vec(y * 14, -3, -6)
        half = np.array([rng.uniform(4, 6.5), rng.uniform(9, 14), rng.uniform(12, 19)])
        mr = [(lump(place, half), "fluid", 1.2, 0.95), (lump(place, half + 5), "oedema", 3.0, 0.4)]
        found.append(
            Lesion("trochanteric bursitis", "trochant", at, None, place, half.max(), [lump(place, half)], muscle, mr)
        )
        place = greater + vec(y * 2, 2, 4)
        half = rng.uniform(6, 10, 3)
        mr = [(lump(place, half), "oedema", 2.0, 0.85)]
        found.append(
            Lesion("gluteal insertion", "trochant", at, None, place, half.max(), [lump(place, half)], muscle * 1.1, mr)
        )
        place = other + vec(-y * 6, 38, -4)
        half = np.array([rng.uniform(7, 11), rng.uniform(6, 9), rng.uniform(12, 20)])
        mr = [(lump(place, half), "fluid", 1.0, 1.0)]
        found.append(
            Lesion("iliopsoas bursitis", "iliopsoas", at, None, place, half.max(), [lump(place, half)], muscle, mr)
        )
        if at != side:
            place = other + vec(y * 12, 18, -12)
            half = rng.uniform(8, 12, 3)
            mr = [(lump(place, half).minus(body.femur[at]), "fluid", 1.0, 1.0)]
            found.append(
                Lesion("hip synovitis", "joint", at, None, place, half.max(), [lump(place, half)], muscle * 1.4, mr)
            )
    return found + joint_lesions(body, rng)


# --- points of a series, painting --------------------------------------------------------------------------------


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


# --- MR ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sequence3T:
    """What a series is: times in ms, how fat is treated, and what its header says."""

    role: str
    description: str
    tr: float
    te: float
    ti: float = 0.0
    flip: float = 180.0
    fat: float = 1.0  # what is left of the fat signal
    dephases: bool = False  # a gradient echo
    header: dict[str, object] = field(default_factory=dict)

    def signal(self) -> dict[str, float]:
        """Magnitude signal of every tissue."""
        return {
            name: density * ((1 - fat) * self._part(t1, t2) + fat * self.fat * 1.15 * self._part(375.0, 95.0))
            for name, (density, t1, t2, fat) in TISSUES.items()
        }

    def _part(self, t1: float, t2: float) -> float:
        if self.dephases:
            angle, e1 = np.radians(self.flip), np.exp(-self.tr / t1)
            return np.sin(angle) * (1 - e1) / (1 - e1 * np.cos(angle)) * np.exp(-self.te / t2) * 6
        along = 1 - np.exp(-self.tr / t1)
        if self.ti:
            along = abs(1 - 2 * np.exp(-self.ti / t1) + np.exp(-self.tr / t1))
        return along * np.exp(-self.te / t2)


def draw_sequences(rng: np.random.Generator, plane: str, group: str) -> list[Sequence3T]:
    """T1, mostly a fluid sequence and a T2, mostly the in-phase image of the attenuation scan."""
    short = {"sagittal": "sag", "coronal": "cor", "axial": "tra"}[plane]
    out = [
        Sequence3T(
            "T1", f"t1_tse_{short}", rng.uniform(500, 720), rng.uniform(8, 13), header={"ScanningSequence": "SE"}
        )
    ]
    kind = rng.choice(["stir", "fatsat", "dixon", "none"], p=[0.5, 0.2, 0.22, 0.08])
    if kind == "stir":
        name = rng.choice([f"STIR {short}", f"t2_tirm_{short}", f"{short.upper()} STIR FSE"])
        ti = 375 * np.log(2) * rng.uniform(0.96, 1.04)
        out.append(
            Sequence3T(
                "FLUID",
                name,
                rng.uniform(3800, 5500),
                rng.uniform(38, 65),
                ti,
                header={"ScanningSequence": ["SE", "IR"]},
            )
        )
    elif kind == "fatsat":
        out.append(
            Sequence3T(
                "FLUID",
                f"t2_tse_fs_{short}",
                rng.uniform(3200, 5000),
                rng.uniform(55, 85),
                fat=rng.uniform(0.05, 0.14),
                header={"ScanOptions": "FS", "ScanningSequence": "SE"},
            )
        )
    elif kind == "dixon":
        out.append(
            Sequence3T(
                "FLUID",
                f"t2_tse_dixon_{short}_W",
                rng.uniform(3200, 5000),
                rng.uniform(60, 90),
                fat=0.03,
                header={"ImageType": ["DERIVED", "PRIMARY", "DIXON", "WATER"], "ScanningSequence": "SE"},
            )
        )
    if rng.random() < 0.75:
        out.append(
            Sequence3T(
                "T2",
                f"t2_tse_{short}",
                rng.uniform(3500, 5500),
                rng.uniform(85, 115),
                header={"ScanningSequence": "SE"},
            )
        )
    if rng.random() < 0.7:
        name = rng.choice(["Pelvis_MRAC_BODY_in", "MRAC_Dixon_in", "InPhase: MRAC"])
        header = {"ScanningSequence": "GR", "ImageType": ["DERIVED", "PRIMARY", "DIXON", "IN_PHASE"]}
        out.append(Sequence3T("ATTENUATION", name, 4.1, 2.46, flip=10, dephases=True, header=header))
    return out


PLANES = {  # columns: where i, j and k go, RAS
    "sagittal": np.array([[0, 0, -1], [-1, 0, 0], [0, -1, 0]], float),
    "coronal": np.array([[-1, 0, 0], [0, 0, 1], [0, -1, 0]], float),
    "axial": np.array([[-1, 0, 0], [0, -1, 0], [0, 0, 1]], float),
}


def affine_of(axes: np.ndarray, spacing: Sequence[float], shape: Sequence[int], center: np.ndarray) -> np.ndarray:
    """ijk to RAS of a stack (shape k, j, i) around its center."""
    affine = np.eye(4)
    affine[:3, :3] = axes * np.asarray(spacing, float)
    affine[:3, 3] = center - affine[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    return affine


def field_of_metal(metal: Sequence[Shape], rng: np.random.Generator) -> Callable[..., np.ndarray] | None:
    """Relative field change (ppm) around implants: the dipole kernel, on 2.5 mm voxels. The main field is along z."""
    if not metal:
        return None
    step, room = 2.5, 60.0
    lo = np.min([m.box()[0] for m in metal], 0) - room
    hi = np.max([m.box()[1] for m in metal], 0) + room
    shape = np.ceil((hi - lo) / step).astype(int)
    points = np.stack(np.meshgrid(*(lo[a] + step * np.arange(shape[a]) for a in range(3)), indexing="ij"), -1).reshape(
        -1, 3
    )
    chi = np.zeros(len(points), np.float32)
    for part in metal:
        chi = np.maximum(chi, np.clip(0.5 - part.at(points) / step, 0, 1) * rng.uniform(120, 260))
    k = np.meshgrid(*(np.fft.fftfreq(n) for n in shape), indexing="ij")
    square = k[0] ** 2 + k[1] ** 2 + k[2] ** 2
    kernel = 1 / 3 - np.divide(k[2] ** 2, square, out=np.full_like(square, 1 / 3), where=square > 0)
    ppm = np.fft.ifftn(np.fft.fftn(chi.reshape(shape)) * kernel).real.astype(np.float32)
    for axis, n in enumerate(shape):  # no step where the field is no longer followed
        fade = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / 10, 0, 1).astype(np.float32)
        ppm *= fade.reshape([-1 if a == axis else 1 for a in range(3)])

    def at(x, y, z):
        places = [(axis - np.float32(lo[n])) / np.float32(step) for n, axis in enumerate((x, y, z))]
        return ndimage.map_coordinates(ppm, places, order=1, mode="constant")

    return at


def distort(image: np.ndarray, ppm: np.ndarray, bandwidth: float, te_ms: float | None) -> np.ndarray:
    """Spins are read where their field puts them: piled up here, missing there. A gradient echo also dephases."""
    hertz = ppm * np.float32(127.7)
    steep = sum(np.abs(g) for g in np.gradient(hertz))
    image = image * np.exp(-((steep * te_ms / 1000 * 2) ** 2)) if te_ms else image / (1 + (steep / 500) ** 2)
    shift = hertz / np.float32(bandwidth)
    k, j, i = image.shape
    target = np.clip(np.arange(i, dtype=np.float32) + shift, 0, i - 1.001)
    low = np.floor(target).astype(np.int64)
    share = target - low
    low += (np.arange(k * j) * i).reshape(k, j, 1)
    out = np.bincount(low.ravel(), (image * (1 - share)).ravel(), minlength=image.size)
    out += np.bincount((low + 1).ravel(), (image * share).ravel(), minlength=image.size)
    return out.reshape(image.shape).astype(np.float32)


def coil_shading(grid: Grid, rng: np.random.Generator, plane: str) -> np.ndarray:
    """Receive profile: bright near the coil in the table, partly evened out by an anterior one, with long waves."""
    x, y, z = (axis / np.float32(100) for axis in grid.xyz)
    back = np.exp(-rng.uniform(0.5, 1.3) * (y + 0.9))
    front = rng.uniform(0.1, 0.8) * np.exp(rng.uniform(0.5, 1.1) * (y - 1.0))
    waves = sum(rng.normal(0, 0.06) * np.cos(3 * axis + rng.uniform(0, 6)) for axis in (x, y, z))
    ends = np.exp(-((z - z.mean()) ** 2) * rng.uniform(0.0, 0.12))
    shading = (back + front) * (1 + waves) * ends
    return (shading / shading.mean()) ** np.float32(rng.uniform(0.3, 1.0))


def render_mr(
    case: Case, sequence: Sequence3T, affine: np.ndarray, shape: Sequence[int], moved: np.ndarray, plane: str
):
    """Voxels (k, j, i), 0 to about 3000. Two thin sub-slices make a slice."""
    rng, thin = case.rng, 1 if sequence.dephases else 2
    fine = affine.copy()
    fine[:3, 2] /= thin
    fine[:3, 3] -= affine[:3, 2] * (thin - 1) / (2 * thin)
    to_person = np.linalg.inv(moved @ case.pose) @ fine
    grid = Grid(to_person, (shape[0] * thin, *shape[1:]), case.bend)
    image = paint(case.mr_layers(sequence.role), grid, case.noise, sequence.signal())
    if case.ppm is not None:
        image = distort(image, case.ppm(*grid.xyz), rng.uniform(450, 900), sequence.te if sequence.dephases else None)
    image *= coil_shading(grid, rng, plane)
    image = image.reshape(shape[0], thin, *shape[1:]).mean(1)
    image = ndimage.gaussian_filter(image, (0, 0.45, 0.45))
    level = np.percentile(image, 90)
    sigma = level / rng.uniform(18, 40)
    image = np.hypot(image + rng.normal(0, sigma, image.shape), rng.normal(0, sigma, image.shape))
    return (image * (rng.uniform(500, 1400) / level)).clip(0, 4095).astype(np.uint16)


# --- PET ---------------------------------------------------------------------------------------------------------


def render_pet(case: Case, center: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """SUV (k, j, i) and affine; also sets what the lesions measure without noise."""
    rng = case.rng
    fwhm, smear = rng.uniform(4.5, 7.0), rng.uniform(0, 5) if rng.random() < 0.4 else 0.0
    nx, spacing, nz, dz = [
        (344, 2.087, 127, 2.031),
        (172, 4.173, 127, 2.031),
        (256, 2.344, 89, 2.78),
        (192, 3.125, 89, 2.78),
        (144, 4.0, 70, 4.0),
        (288, 1.6, 150, 1.6),
    ][rng.integers(6)]
    if rng.random() < 0.3:
        nz = round(nz * 1.6)
    shape, size = (nz, nx, nx), np.array([dz, spacing, spacing])
    affine = affine_of(PLANES["axial"], size[::-1], shape, center)
    step = 2.0
    work_size = np.array([dz * nz, min(spacing * nx, 330), min(spacing * nx, 450)])
    work_shape = tuple(np.ceil(work_size / step).astype(int))
    work = affine_of(PLANES["axial"], (step,) * 3, work_shape, center)
    grid = Grid(np.linalg.inv(moved @ case.pose) @ work, work_shape, case.bend)
    image = paint(case.body.layers, grid, case.noise, None)
    sigma = np.array([np.hypot(fwhm, smear), fwhm, fwhm]) / 2.355 / step
    image = ndimage.gaussian_filter(image, sigma)
    for lesion in case.lesions:
        if lesion.ratio > 1:
            _add_uptake(image, lesion, grid, case, sigma)
    if case.body.metal:  # metal reads as air in the attenuation map
        void = np.zeros(grid.shape, np.float32)
        for shape_ in case.body.metal:
            where = grid.block(*shape_.box())
            if where:
                void[where] = np.maximum(void[where], grid.distance(shape_, where) < 6)
        image *= 1 - np.float32(rng.uniform(0.1, 0.3)) * ndimage.gaussian_filter(void, 5)
    for lesion in case.lesions:
        if lesion.ratio > 1:
            _measure(image, lesion)
    noisy = image + _pet_noise(image, rng)
    back = np.linalg.inv(work) @ affine
    values = ndimage.affine_transform(noisy, np.diag(back[:3, :3])[::-1], back[:3, 3][::-1], shape, order=1)
    return np.maximum(values, 0), affine


def _add_uptake(image: np.ndarray, lesion: Lesion, grid: Grid, case: Case, sigma: np.ndarray) -> None:
    """Raises the blurred image so that its peak at the lesion is ratio times the reference."""
    glow, blocks = np.zeros_like(image), []
    for shape in lesion.pet:
        laid = grid.opacity(Layer(shape, "lesion", edge=1.2), case.noise, None)
        if laid:
            view = glow[laid[0]]
            np.maximum(view, laid[1], out=view)
            blocks.append(laid[0])
    start = [max(min(b[a].start for b in blocks) - 8, 0) for a in range(3)]
    where = tuple(slice(start[a], max(b[a].stop for b in blocks) + 8) for a in range(3))
    lesion.volume_ml = float(glow[where].sum() * 8 / 1000)
    lesion.spot = (where, glow[where] > 0.3)
    blurred = ndimage.gaussian_filter(glow[where], sigma)
    top = np.unravel_index(np.argmax(blurred), blurred.shape)
    missing = lesion.ratio * lesion.reference - image[where][top]
    image[where] += blurred * np.float32(max(missing, 0.4 * lesion.reference) / blurred[top])


def _measure(image: np.ndarray, lesion: Lesion) -> None:
    """SUVmax and SUVpeak (1 ml sphere with its centre in the lesion) of the noise-free PET."""
    where, inside = lesion.spot
    ball = ((np.indices((7, 7, 7)) - 3) ** 2).sum(0) * 4 <= 6.2**2
    peak = ndimage.convolve(image[where], (ball / ball.sum()).astype(np.float32), mode="nearest")
    lesion.suv_peak, lesion.suv_max = float(peak[inside].max()), float(image[where][inside].max())


def _pet_noise(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Correlated, growing with the uptake, worse at the ends of the bed and at depth."""
    white = ndimage.gaussian_filter(rng.standard_normal(image.shape, np.float32), rng.uniform(0.9, 1.4))
    white += 0.6 * ndimage.gaussian_filter(rng.standard_normal(image.shape, np.float32), 2.2) * 3
    white /= white.std()
    z = np.linspace(-1, 1, len(image), dtype=np.float32)[:, None, None]
    level = rng.uniform(0.04, 0.11) * (1 + 0.9 * np.abs(z) ** 3)
    return white * level * np.sqrt(np.maximum(image, 0.02) * 1.2)


# --- DICOM -------------------------------------------------------------------------------------------------------


def write_series(
    folder: Path, voxels: np.ndarray, affine: np.ndarray, common: dict, per_slice: Callable[[int], dict]
) -> None:
    """One file a slice; `voxels` are 16-bit integers (k, j, i), the affine is ijk to RAS."""
    folder.mkdir(parents=True)
    lps = LPS @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    direction = lps[:3, :3] / spacing
    series = generate_uid()
    for k, plane in enumerate(voxels):
        ds = pydicom.Dataset()
        ds.file_meta = pydicom.dataset.FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        for name, value in (common | per_slice(k)).items():
            if isinstance(name, str):
                setattr(ds, name, value)
            else:
                ds.add_new(*name, value)
        ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.InstanceNumber = generate_uid(), series, k + 1
        ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = (
            ds.SOPClassUID,
            ds.SOPInstanceUID,
        )
        ds.ImagePositionPatient = [f"{v:.5f}" for v in lps[:3, 3] + k * lps[:3, 2]]
        ds.ImageOrientationPatient = [f"{v:.9f}" for v in (*direction[:, 0], *direction[:, 1])]
        ds.PixelSpacing = [f"{spacing[1]:.6f}", f"{spacing[0]:.6f}"]
        ds.Rows, ds.Columns = plane.shape
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16, 15
        ds.PixelRepresentation = int(voxels.dtype.kind == "i")
        ds.PixelData = plane.tobytes()
        ds.save_as(folder / f"{k + 1:04d}.dcm", enforce_file_format=True)


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}{int(seconds % 3600 // 60):02d}{seconds % 60:06.3f}"


def write_pet(folder: Path, suv: np.ndarray, affine: np.ndarray, common: dict, rng: np.random.Generator) -> dict:
    """SUV as the activity that one of the vendors would store; returns what the header rests on."""
    vendor = rng.choice(
        ["siemens", "siemens beds", "ge", "philips", "admin", "suv"], p=[0.28, 0.2, 0.27, 0.1, 0.08, 0.07]
    )
    weight, dose, wait = rng.uniform(52, 112), rng.uniform(150, 400) * 1e6, rng.uniform(50, 110) * 60
    half_life = float(rng.choice([6586.2, 6588.0]))
    rate, injected = np.log(2) / half_life, 8.0 * 3600 + rng.uniform(0, 5 * 3600)
    scan, frame = injected + wait, float(rng.choice([300, 600, 900]))
    mean_time = np.log(rate * frame / (1 - np.exp(-rate * frame))) / rate
    decayed = dose if vendor == "admin" else dose * np.exp(-rate * wait)
    factor = 1.0 if vendor == "suv" else weight * 1000 / decayed  # SUV = factor x stored activity
    nuclide = pydicom.Dataset()
    nuclide.RadionuclideTotalDose, nuclide.RadionuclideHalfLife = f"{dose:.0f}", f"{half_life}"
    nuclide.RadiopharmaceuticalStartTime, nuclide.Radiopharmaceutical = _clock(injected), "Fluorodeoxyglucose"
    if vendor not in ("ge", "admin"):
        nuclide.RadiopharmaceuticalStartDateTime = common["StudyDate"] + _clock(injected)
    if vendor == "ge":
        nuclide.RadionuclidePositronFraction = "0.97"
    late = 1500 if vendor == "ge" else 0  # GE: the series is stored later than it was scanned
    common = common | {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.128",
        "Modality": "PT",
        "SeriesDescription": rng.choice(["PET_AC", "LSPINE PET AC", "PET WB"]),
        "SeriesDate": common["StudyDate"],
        "SeriesTime": _clock(scan + late),
        "AcquisitionDate": common["StudyDate"],
        "Units": {"philips": "CNTS", "suv": "GML"}.get(vendor, "BQML"),
        "DecayCorrection": "ADMIN" if vendor == "admin" else "START",
        "CorrectedImage": ["NORM", "DTIM", "ATTN", "SCAT", "RAN", "DECY"],
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "RadiopharmaceuticalInformationSequence": [nuclide],
        "PatientWeight": f"{weight:.1f}",
        "ActualFrameDuration": f"{frame * 1000:.0f}",
        "Manufacturer": {"ge": "GE MEDICAL SYSTEMS", "philips": "Philips Medical Systems"}.get(vendor, "SIEMENS"),
        "SeriesNumber": 90,
        "SliceThickness": f"{abs(affine[2, 2]):.4f}",
        "RescaleIntercept": "0",
        "RescaleType": "BQML",
        "NumberOfSlices": len(suv),
        "PatientSize": "1.72",
    }
    if vendor == "suv":
        common["SUVType"] = "BW"
    if vendor == "ge":
        common |= {(0x00090010, "LO"): "GEMS_PETD_01", (0x0009100D, "DT"): common["StudyDate"] + _clock(scan)}
    if vendor == "philips":
        counts = 0.37  # Bq/ml of a count
        common |= {
            (0x70530010, "LO"): "Philips PET Private Group",
            (0x70531000, "DS"): f"{factor * counts:.8e}",
            (0x70531009, "DS"): f"{counts}",
        }
        factor *= counts
    weight_used = float(common["PatientWeight"])
    stored = suv / factor * (1 if vendor in ("suv", "philips") else weight / weight_used)
    top = np.maximum(stored.reshape(len(stored), -1).max(1), 1e-6)
    slopes = np.full(len(stored), top.max()) if vendor == "philips" else top
    slopes = np.array([float(f"{s / 32000:.8e}") for s in slopes])
    split = len(suv) // 2

    def per_slice(k: int) -> dict:
        bed = frame + 20 if vendor == "siemens beds" and k < split else 0.0
        return {
            "RescaleSlope": f"{slopes[k]:.8e}",
            "AcquisitionTime": _clock(scan + bed),
            "FrameReferenceTime": f"{(bed + mean_time) * 1000:.1f}",
        }

    write_series(folder, np.rint(stored / slopes[:, None, None]).astype(np.int16), affine, common, per_slice)
    return {"vendor": vendor, "weight_kg": weight_used, "dose_mbq": dose / 1e6, "uptake_min": wait / 60}


# --- the case ----------------------------------------------------------------------------------------------------


class Case:
    """One examination: who, how lying, what is wrong, which series."""

    def __init__(self, seed: int, group: str):
        self.rng = rng = np.random.default_rng([seed, 77 if group == "low-back" else 78])
        self.group, self.seed = group, seed
        self.body = Body(rng, group)
        self.side = str(rng.choice(["left", "right"]))
        if group == "hip-replacement":
            self.body.implant(self.side)
        self.bend, self.noise = Bend(rng), RandomField(rng)
        self.pose = rigid(rng.normal(0, 1.5, 3), rng.uniform([-12, -40, -150], [12, 10, 150]))
        self.ppm = field_of_metal(self.body.metal, rng)
        self._plan()
        self._choose_lesions()

    def place(self, canonical: np.ndarray) -> np.ndarray:
        """Canonical to the reference series, RAS mm."""
        return move(self.pose, self.bend.from_canonical(canonical))

    def mr_layers(self, role: str) -> list[Layer]:
        """The body and the lesions as an MR sees them; the attenuation scan is as good as blind for lesions."""
        layers = list(self.body.layers)
        for n, lesion in enumerate(self.lesions):
            if lesion.evidence == "PET only":
                continue
            weak = 0.4 if role == "ATTENUATION" else 1.0
            spotty = (9000 + 13 * n, 6.0, -2.2, -0.6)
            layers += [
                Layer(shape, lesion.kind, tissue, None, edge, strength * weak, spotty)
                for shape, tissue, edge, strength in lesion.mr
            ]
        metal = [layer for layer in layers if layer.name == "implant"]
        return [layer for layer in layers if layer.name != "implant"] + metal

    def _plan(self) -> None:
        """Planes, fields of view and small movements between the series."""
        rng, back = self.rng, self.group == "low-back"
        plane = str(rng.choice(["sagittal", "coronal", "axial"], p=[0.6, 0.22, 0.18] if back else [0.0, 0.7, 0.3]))
        middle = (
            np.array([0.0, {"sagittal": 0, "coronal": -18, "axial": 0}[plane], 25.0])
            if back
            else np.array([0.0, 8, -125])
        )
        fov = rng.uniform(270, 330) if back else rng.uniform(370, 420)
        if not back and rng.random() < 0.25:  # one hip only
            middle, fov = middle + vec(SIDES[self.side] * 95, 0, 0), rng.uniform(220, 260)
        thick = rng.uniform(3.0, 5.0)
        extent = {"sagittal": rng.uniform(80, 135), "coronal": rng.uniform(95, 130), "axial": rng.uniform(150, 220)}[
            plane
        ]
        self.plane, self.center = plane, middle
        self.series = []
        for sequence in draw_sequences(rng, plane, self.group):
            moved = np.eye(4)
            if sequence.role not in ("T1", "ATTENUATION"):
                moved = rigid(
                    rng.normal(0, 0.3, 3).clip(-0.8, 0.8), rng.normal(0, 0.8, 3).clip(-3, 3), self._lying(middle)
                )
            own = plane
            if sequence.role == "T2" and rng.random() < 0.3:
                own = "axial"
            tilt = Rotation.from_euler("xyz", rng.normal(0, 4, 3) * (own != "axial"), degrees=True).as_matrix()
            n = 256 if own != "axial" or not back else 224
            gap = thick * rng.uniform(1.0, 1.2)
            wide = fov * (0.85 if own == "axial" and back else 1.0)
            shape, spacing = (round((extent if own == plane else 160) / gap), n, n), (wide / n, wide / n, gap)
            axes = tilt @ PLANES[own]
            if sequence.role == "ATTENUATION":
                shape, spacing, axes, own = (128, 128, 192), (2.3, 2.6, 2.6), PLANES["axial"], "axial"
            affine = affine_of(axes, spacing, shape, move(moved, self._lying(middle)))
            self.series.append([sequence, own, shape, affine, moved, thick])
        badly = rng.random() < 0.4
        turn = rng.uniform(-3.5, 3.5, 3) if badly else rng.normal(0, 0.4, 3)
        shift = rng.uniform(-5.7, 5.7, 3) if badly else rng.normal(0, 1.0, 3)
        self.pet_moved = rigid(turn, shift, self._lying(middle))
        for one in self.series:
            if one[0].role == "ATTENUATION":
                one[3], one[4] = rigid((0, 0, 0), shift) @ one[3], self.pet_moved
        self.pet_center = move(self.pet_moved, self._lying(np.array([0.0, 8.0, middle[2] + rng.uniform(-25, 25)])))

    def _lying(self, canonical: np.ndarray) -> np.ndarray:
        return move(self.pose, canonical)

    def _in_view(self, role: str, lesion: Lesion) -> bool:
        point = self.place(lesion.center)[0]
        for sequence, _, shape, affine, moved, _ in self.series:
            if sequence.role == role:
                spacing = np.linalg.norm(affine[:3, :3], axis=0)
                index = move(np.linalg.inv(affine), move(moved, point))
                return bool(np.all(index * spacing > 8) and np.all((np.array(shape[::-1]) - 1 - index) * spacing > 8))
        return False

    def _choose_lesions(self) -> None:
        rng = self.rng
        every = back_lesions(self.body, rng) if self.group == "low-back" else hip_lesions(self.body, rng, self.side)
        kinds = sorted({x.kind for x in every})
        count, self.lesions = rng.choice(5, p=[0.12, 0.25, 0.3, 0.2, 0.13]), []
        for _ in range(60):
            if len(self.lesions) == count:
                break
            kind = rng.choice(kinds)
            lesion = replace(every[rng.choice([n for n, x in enumerate(every) if x.kind == kind])])
            shown = self._in_view("T1", lesion) and self._in_view("FLUID", lesion)
            if any(np.linalg.norm(lesion.center - x.center) < 30 for x in self.lesions):
                continue
            if abs(self.place(lesion.center)[0][2] - self.pet_center[2]) > 110:
                continue
            if lesion.evidence == "PET+MR":
                lesion.evidence = str(rng.choice(["PET+MR", "PET only", "MR only"], p=[0.62, 0.2, 0.18]))
            if lesion.evidence == "PET+MR" and not shown:
                lesion.evidence = "PET only"
            if lesion.evidence == "MR only" and not shown:
                continue
            if lesion.evidence == "PET only" and not (self._in_view("T1", lesion) or rng.random() < 0.2):
                continue
            lesion.ratio = 1.0 if lesion.evidence == "MR only" else float(rng.uniform(1.5, 2.9))
            self.lesions.append(lesion)

    def write(self, folder: Path) -> None:
        rng, date = self.rng, "20260314"
        common = {
            "PatientName": f"OTHER^{self.group}",
            "PatientID": f"O{self.seed}",
            "PatientSex": "O",
            "PatientAge": f"{int(self.body.age):03d}Y",
            "StudyInstanceUID": generate_uid(),
            "FrameOfReferenceUID": generate_uid(),
            "StudyDate": date,
            "StudyTime": "093000",
            "AccessionNumber": "",
            "StudyID": "1",
            "ReferringPhysicianName": "",
            "PatientBirthDate": "",
            "PatientPosition": "HFS",
        }
        transforms = {}
        for number, (sequence, plane, shape, affine, moved, thick) in enumerate(self.series, start=2):
            voxels = render_mr(self, sequence, affine, shape, moved, plane)
            header = (
                common
                | {
                    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4",
                    "Modality": "MR",
                    "SeriesDescription": sequence.description,
                    "SeriesNumber": number,
                    "RepetitionTime": f"{sequence.tr:.1f}",
                    "EchoTime": f"{sequence.te:.2f}",
                    "FlipAngle": f"{sequence.flip}",
                    "MagneticFieldStrength": "3",
                    "SliceThickness": f"{thick:.2f}",
                    "MRAcquisitionType": "2D",
                    "SequenceVariant": "SK",
                    "SpacingBetweenSlices": f"{np.linalg.norm(affine[:3, 2]):.4f}",
                    "Manufacturer": "SIEMENS",
                    "SeriesDate": date,
                    "SeriesTime": _clock(36000 + 300 * number),
                    "ImageType": ["ORIGINAL", "PRIMARY"],
                    "ScanOptions": "",
                }
                | sequence.header
            )
            if sequence.ti:
                header["InversionTime"] = f"{sequence.ti:.0f}"
            write_series(folder / "dicom" / f"{number:02d}", voxels, affine, header, lambda k: {})
            transforms[sequence.role] = moved.tolist()
        suv, affine = render_pet(self, self.pet_center, self.pet_moved)
        transforms["PET"] = self.pet_moved.tolist()
        header = write_pet(folder / "dicom" / "90", suv, affine, common, rng)
        self._write_maps(folder)
        self._write_truth(folder, transforms, header)

    def _write_maps(self, folder: Path) -> None:
        """The anatomy in the frame of the T1 and the finer map of everything, on 3 mm around the field of view."""
        _, _, shape, affine, _, _ = self.series[0]
        around = affine_of(PLANES["axial"], (3.0,) * 3, (110, 90, 140), self._lying(self.center))
        for name, frame, size, key in (
            ("anatomy", affine, shape, lambda layer: layer.label),
            ("where", around, (110, 90, 140), lambda layer: layer.name),
        ):
            grid = Grid(np.linalg.inv(self.pose) @ frame, size, self.bend)
            labels, names = label_map(self.body.layers, grid, key)
            image, lps = sitk.GetImageFromArray(labels), LPS @ frame
            spacing = np.linalg.norm(lps[:3, :3], axis=0)
            image.SetSpacing(spacing.tolist())
            image.SetOrigin(lps[:3, 3].tolist())
            image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
            sitk.WriteImage(image, str(folder / f"{name}.nrrd"), useCompression=True)
            (folder / f"{name}.json").write_text(json.dumps({str(n): text for n, text in names.items()}, indent=1))

    def _write_truth(self, folder: Path, transforms: dict, header: dict) -> None:
        lesions = []
        for n, x in enumerate(self.lesions, start=1):
            lesions.append(
                {
                    "id": f"lesion-{n}",
                    "evidence": x.evidence,
                    "kind": x.kind,
                    "structure": x.structure,
                    "side": x.side,
                    "level": x.level,
                    "zone": x.zone,
                    "centre_ras_mm": np.round(self.place(x.center)[0], 2).tolist(),
                    "radius_mm": round(float(x.radius), 1),
                    "ratio": round(x.ratio, 2),
                    "reference_suv": round(x.reference, 2),
                    "blurred_suv_peak": x.suv_peak,
                    "blurred_suv_max": x.suv_max,
                    "volume_ml": x.volume_ml,
                }
            )
        arguments = ["--group", self.group]
        if self.group == "hip-replacement":
            arguments += ["--prosthesis-side", self.side]
        painful = [x for x in self.lesions if x.side in SIDES]
        if painful and self.rng.random() < 0.6:
            arguments += ["--pain-side", painful[0].side]
        truth = {
            "group": self.group,
            "seed": self.seed,
            "arguments": arguments,
            "lesions": lesions,
            "pet": header,
            "reference_to_series_ras": transforms,
            "plane": self.plane,
            "series": [s[0].description for s in self.series],
            "landmarks_ras_mm": {
                name: np.round(self.place(p)[0], 2).tolist() for name, p in self.body.landmarks.items()
            },
        }
        (folder / "truth.json").write_text(json.dumps(truth, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--group", choices=("low-back", "hip-replacement"), default="low-back")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    Case(options.seed, options.group).write(options.folder)


if __name__ == "__main__":
    main()
