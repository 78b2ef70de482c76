"""A simulated PET, and a Dixon series acquired beside it, around a real lumbar MR.

The body is painted on a grid of 2 mm in the frame of the MR: the spine as it was drawn, muscle and fat behind it as
the MR shows them, arches, vessels, organs and the trunk outside the slab from simple solids. Uptake follows published
means (docs/domain.md, "Normal uptake"); marrow differs between persons, levels and places.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, Image, resample, transform_points
from PainGeneratorLib.Phantoms.fields import correlated_noise, field_on_grid, smooth_field
from real_spine import FAT as TRUE_FAT
from real_spine import Spine
from real_spine_places import (
    CANAL_X_MM,
    FACET_D_MM,
    FACET_X_MM,
    PEDICLE_D_MM,
    PEDICLE_X_MM,
    PROCESS_D_MM,
    PROCESS_UP,
    PROCESS_X_MM,
    USUAL_PROCESS_UP,
    point_at,
)
from real_spine_truth import CANAL_HALF_WIDTH_MM, Truth
from scipy import ndimage

FINE_MM = 2.0
"""Spacing of the grid on which the body is painted, mm."""
WIDE_MM = 340.0
"""Width of the field of view of the PET, mm: the whole trunk."""
DEEP_MM = 260.0
"""Least depth of it, mm."""
HALF_TRUNK_MM = 160.0
"""Half of the width of the trunk, mm. Our estimate for an adult."""
FAT_LAYER_MM = 14.0
"""Thickness of subcutaneous fat where the MR does not show it, mm. Our estimate."""
WALL_MM = 12.0
"""Thickness of the abdominal wall, mm. Our estimate."""
CORD_END = "L1"
"""Level at which the cord ends."""
PEAK_RADIUS_MM = 6.2035
"""Radius of the sphere of 1 ml in which SUVpeak is measured, mm."""

NAMES = (
    "air", "skin", "fat", "muscle", "visceral fat", "vessel", "liver", "spleen", "kidney", "kidney pelvis", "ureter",
    "bowel", "hot bowel", "bladder", "marrow", "disc", "CSF", "cord", "arch bone", "arch", "ilium", "sacrum",
)  # fmt: skip
"""Names of the classes that are painted; the code is the place in this list."""
CODE = {name: n for n, name in enumerate(NAMES)}
"""Name -> code."""
MARROW_PART = {"marrow": 1.0, "arch bone": 0.85, "ilium": 0.85, "sacrum": 0.95}
"""Classes of bone -> uptake over that of the lumbar bodies. Our estimate."""
UPTAKE = {
    "air": 0.01, "skin": 0.45, "fat": 0.25, "muscle": 0.7, "visceral fat": 0.35, "vessel": 1.55, "liver": 2.1,
    "spleen": 1.8, "kidney": 2.5, "kidney pelvis": 9.0, "ureter": 5.0, "bowel": 1.2, "hot bowel": 2.8,
    "bladder": 20.0, "disc": 0.75, "CSF": 0.5, "cord": 1.4, "arch": 0.5,
}  # fmt: skip
"""Mean uptake of the other classes, g/ml."""
SPREAD = {"muscle": 0.08, "vessel": 0.06, "liver": 0.07, "disc": 0.1, "bowel": 0.2, "cord": 0.1}
"""Standard deviation of the uptake of a class between persons, as a part of it."""
MARROW_SUV = (1.0, 1.8)
"""Least and largest uptake of the marrow of a person, g/ml."""
LIKENESS = {"air": 0.0, "fat": 1.0, "visceral fat": 0.95, "skin": 0.6, "bladder": 0.7, "disc": 0.6}
"""Signal of classes on the Dixon series; soft tissue has 0.62, bone 0.55."""
SACRUM = {
    "AKa": ((265, 187), (286, 232), (310, 260), (337, 277)),
    "DzZ": ((309, 200), (325, 233), (342, 262)),
    "IVD20": ((207, 105), (222, 138)),
    "Myo01": ((208, 106), (222, 140)),
    "VB2_04": ((290, 193), (308, 237), (323, 262), (344, 271)),
}
"""Person -> course of the middle of the sacrum on the middle slice, row and column, set by hand."""


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The painted body.

    Parameters
    ----------
    geometry : Geometry
        Axes along R, A and S.
    classes : ndarray of uint8
        Codes of NAMES.
    s : ndarray of float32, shape (k, j)
        Way along the spine at each place of the sagittal plane.
    """

    geometry: Geometry
    classes: np.ndarray
    s: np.ndarray

    def name_at(self, point: np.ndarray) -> str:
        """The class at a point, RAS mm."""
        kji = np.rint(self.geometry.to_ijk(point)).astype(int)[::-1]
        if np.any(kji < 0) or np.any(kji >= self.geometry.shape):
            return "out of view"
        return NAMES[int(self.classes[tuple(kji)])]


class _Painter:
    """Paints solids in the coordinates of the spine or in RAS."""

    def __init__(self, truth: Truth, geometry: Geometry) -> None:
        self.truth, self.spine, self.geometry = truth, truth.spine, geometry
        self.classes = np.zeros(geometry.shape, dtype=np.uint8)
        k, j, i = geometry.shape
        start = geometry.ijk_to_ras[:3, 3]
        self.right, self.front, self.up = (start[a] + FINE_MM * np.arange(n) for a, n in enumerate((i, j, k)))
        z, a = np.meshgrid(self.up, self.front, indexing="ij")
        plane = np.stack([np.zeros(z.size), a.ravel(), z.ravel()], axis=-1)
        s, d = self.spine.along(plane)
        self.s, self.d = s.reshape(z.shape)[:, :, None], d.reshape(z.shape)[:, :, None]
        at = np.clip(np.rint(s / 0.5).astype(int), 0, len(self.spine.curve) - 1)
        self.at = at.reshape(z.shape)[:, :, None]
        self.x = self.right[None, None, :] - self.spine.curve[self.at, 0]
        self.a, self.z = self.front[None, :, None], self.up[:, None, None]

    def set(self, mask: np.ndarray, name: str, over: tuple[str, ...] = ()) -> None:
        """Give a class to the voxels of a mask, only where one of some classes is when any are given."""
        mask = np.broadcast_to(mask, self.classes.shape)
        if over:
            mask = mask & np.isin(self.classes, [CODE[x] for x in over])
        self.classes[mask] = CODE[name]

    def along(self, what: str) -> np.ndarray:
        """A measure of the bodies at each ``s``."""
        ways = [self.spine.way_of(b.level) for b in self.spine.bodies]
        return np.interp(self.s, ways, [getattr(b, what) for b in self.spine.bodies])

    def ball(
        self, center: np.ndarray, radii: tuple[float, float, float], name: str, over: tuple[str, ...] = ()
    ) -> None:
        """An ellipsoid with its axes along R, A and S."""
        low = np.floor(self.geometry.to_ijk(center - np.array(radii))).astype(int)[::-1].clip(0)
        high = np.ceil(self.geometry.to_ijk(center + np.array(radii))).astype(int)[::-1] + 1
        box = tuple(slice(a, max(b, a)) for a, b in zip(low, high, strict=True))
        z, a, r = self.up[box[0]], self.front[box[1]], self.right[box[2]]
        inside = (
            ((r[None, None] - center[0]) / radii[0]) ** 2
            + ((a[None, :, None] - center[1]) / radii[1]) ** 2
            + ((z[:, None, None] - center[2]) / radii[2]) ** 2
        ) <= 1.0
        if over:
            inside &= np.isin(self.classes[box], [CODE[x] for x in over])
        self.classes[box][inside] = CODE[name]

    def tube(self, points: np.ndarray, radius: float, name: str, over: tuple[str, ...] = ()) -> None:
        """Balls along a line of points, RAS mm."""
        for first, second in itertools.pairwise(points):
            count = max(2, int(np.linalg.norm(second - first) / 1.5))
            for part in np.linspace(0.0, 1.0, count):
                self.ball(first + part * (second - first), (radius,) * 3, name, over)

    def place(self, s: float, d: float, x: float) -> np.ndarray:
        """The point of coordinates along the spine, RAS mm."""
        return point_at(self.spine, s, d, x)[0]


def fine_grid(truth: Truth) -> Geometry:
    """The grid on which the body is painted: wider than the slab, and a little longer."""
    corners = truth.spine.volume.image.geometry.corners_ras
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle = float(np.median(truth.spine.curve[:, 0]))
    kji = np.argwhere(truth.body[truth.body.shape[0] // 2])
    rows = truth.spine.volume.image.geometry
    a = rows.to_ras(np.array([[kji[:, 1].min(), 0, 0], [kji[:, 1].max(), 0, 0]], dtype=float))[:, 1]
    center, deep = a.mean(), max(DEEP_MM, abs(a[0] - a[1]) + 30.0)
    start = np.array([middle - WIDE_MM / 2, center - deep / 2, low[2] - 8.0])
    size = np.ceil(np.array([WIDE_MM, deep, high[2] - low[2] + 16.0]) / FINE_MM).astype(int) + 1
    matrix = np.diag([FINE_MM] * 3 + [1.0])
    matrix[:3, 3] = start
    return Geometry(tuple(size[::-1]), matrix)


def paint(truth: Truth, rng: np.random.Generator) -> Anatomy:
    """Paint the whole body around the spine of a volume."""
    p = _Painter(truth, fine_grid(truth))
    _paint_trunk(p)
    _paint_organs(p, rng)
    _paint_pelvis(p)
    _paint_spine(p)
    _paint_arches(p)
    _paint_vessels(p, rng)
    return Anatomy(p.geometry, p.classes, p.s[:, :, 0].astype(np.float32))


def _paint_trunk(p: _Painter) -> None:
    """Skin, fat, muscles and the inside of the trunk."""
    front, back = _profile(p)
    middle, half = 0.5 * (front + back), 0.5 * (front - back)
    center = np.median(p.spine.curve[:, 0])
    body = np.abs((p.right[None, None] - center) / HALF_TRUNK_MM) ** 2.6 + np.abs((p.a - middle) / half) ** 2.6 < 1.0
    depth = ndimage.distance_transform_edt(body, sampling=FINE_MM)
    p.set(body, "fat")
    p.set(body & (depth <= FINE_MM), "skin")
    inner = body & (depth > FAT_LAYER_MM)
    p.set(inner, "muscle")
    p.set(inner & (depth > FAT_LAYER_MM + WALL_MM) & (p.d < 0.0), "visceral fat")
    p.set(body & (depth > 2 * FINE_MM) & (p.d > 0.0) & (np.abs(p.x) > 85.0), "fat")
    bodies = p.along("half_width_mm"), p.along("depth_mm")
    grow = np.interp(p.s, [p.spine.way_of("L5") - 30.0, p.spine.way_of("L2")], [21.0, 10.0])
    psoas = ((np.abs(p.x) - bodies[0] - grow) / grow) ** 2 + ((p.d + 0.4 * bodies[1]) / (1.2 * grow)) ** 2 < 1.0
    p.set(body & psoas & (p.s < p.spine.way_of("L2") + 15.0), "muscle")
    # Behind the spine the MR tells muscle from fat.
    seen = resample(Image(p.truth.classes, p.truth.spine.volume.image.geometry), p.geometry, order=0, outside=0)
    p.set(body & (seen == TRUE_FAT), "fat", ("muscle",))


def _profile(p: _Painter) -> tuple[np.ndarray, np.ndarray]:
    """A coordinates of the skin of belly and back at each height, shape (k, 1, 1)."""
    geometry = p.spine.volume.image.geometry
    body = p.truth.body[p.truth.body.shape[0] // 2]
    rows = np.flatnonzero(body.any(axis=1))
    first, last = body[rows].argmax(axis=1), body.shape[1] - 1 - body[rows][:, ::-1].argmax(axis=1)
    ends = []
    for columns in (first, last):
        ras = geometry.to_ras(np.stack([columns, rows, np.zeros(rows.size)], axis=-1).astype(float))
        order = np.argsort(ras[:, 2])
        smooth = ndimage.gaussian_filter1d(ras[order, 1], 4.0, mode="nearest")
        ends.append(np.interp(p.up, ras[order, 2], smooth)[:, None, None])
    return ends[0], ends[1]


def _paint_organs(p: _Painter, rng: np.random.Generator) -> None:
    """Bowel, liver, spleen, kidneys with ureters, and the bladder."""
    top, low = p.spine.way_of("L1" if _has(p, "L1") else "L2"), p.spine.way_of("L5")
    inside = ("visceral fat",)
    front = float(np.percentile(p.front, 85))
    for n in range(110):
        center = p.place(rng.uniform(low - 90.0, top + 20.0), -60.0, rng.uniform(-85.0, 85.0))
        center[1] = rng.uniform(center[1] - 5.0, front - 25.0)
        radius = rng.uniform(8.0, 14.0)
        p.ball(center, (radius * 1.5, radius, radius), "hot bowel" if n >= 104 else "bowel", (*inside, "bowel"))
    p.ball(p.place(top + 75.0, -75.0, 72.0), (82.0, 75.0, 72.0), "liver", (*inside, "bowel", "hot bowel"))
    p.ball(p.place(top + 60.0, -15.0, -100.0), (28.0, 40.0, 40.0), "spleen", inside)
    for sign in (1.0, -1.0):
        level = p.spine.way_of("L2") + (6.0 if sign > 0 else 14.0)
        kidney = p.place(level, -22.0, sign * 66.0)
        p.ball(
            kidney, (27.0, 25.0, 52.0), "kidney", (*inside, "bowel", "hot bowel", "liver", "muscle", "fat", "spleen")
        )
        p.ball(kidney + np.array([-sign * 12.0, 2.0, 0.0]), (9.0, 8.0, 18.0), "kidney pelvis")
        course = np.array([p.place(s, -30.0, sign * x) for s, x in _ureter(p, level)])
        hot = int(rng.integers(len(course) - 1))
        p.tube(course[hot : hot + 2], 2.2, "ureter")
    bladder = p.place(low - 20.0, -60.0, 0.0) + np.array([0.0, 10.0, -95.0])
    p.ball(bladder, (38.0, 30.0, 30.0), "bladder")


def _ureter(p: _Painter, level: float) -> list[tuple[float, float]]:
    """``s`` and distance from the midline along a ureter."""
    ways = np.linspace(level - 25.0, p.spine.way_of("L5") - 10.0, 6)
    return [(float(s), 40.0) for s in ways]


def _has(p: _Painter, level: str) -> bool:
    return any(b.level == level for b in p.spine.bodies)


def _paint_pelvis(p: _Painter) -> None:
    """Sacrum and iliac bones, in the simplest way."""
    geometry = p.spine.volume.image.geometry
    rows = np.array(SACRUM[p.spine.volume.person], dtype=float)
    slices = np.full(len(rows), geometry.shape[0] / 2.0)
    course = geometry.to_ras(np.stack([rows[:, 1], rows[:, 0], slices], axis=-1))
    course[:, 0] = np.median(p.spine.curve[:, 0])
    for n in range(len(course) - 1):
        for part in np.linspace(0.0, 1.0, 12):
            point = course[n] + part * (course[n + 1] - course[n])
            shrink = 1.0 - 0.16 * (n + part)
            p.ball(point, (44.0 * shrink, 14.0 * shrink, 14.0 * shrink), "sacrum", ("visceral fat", "muscle", "fat"))
    low = p.spine.way_of("L5")
    for sign in (1.0, -1.0):
        for s in np.arange(low + 5.0, low - 110.0, -4.0):
            for part in np.linspace(0.0, 1.0, 10):
                point = p.place(float(s), 14.0 - 50.0 * part, sign * (50.0 + 55.0 * part))
                p.ball(point, (7.0, 7.0, 5.0), "ilium", ("muscle", "visceral fat", "fat", "bowel"))


def _paint_spine(p: _Painter) -> None:
    """Bodies as drawn, what lies between and beyond them, the canal and the cord."""
    spine = p.spine
    half, depth = p.along("half_width_mm"), p.along("depth_mm")
    ways = [spine.way_of(b.level) for b in spine.bodies]
    column = (p.x / half) ** 2 + ((p.d + 0.5 * depth) / (0.5 * depth)) ** 2 < 1.25
    column &= (p.d < 0.5) & (p.s > min(ways) - 5.0)
    p.set(column, "marrow")
    has_discs = spine.volume.has_discs
    if not has_discs:
        p.set(column & (p.s < max(ways)) & (p.s > min(ways)), "disc")
    drawn = resample(Image(spine.volume.labels, spine.volume.image.geometry), p.geometry, order=0, outside=0)
    p.set(drawn > 0, "disc" if has_discs else "marrow")
    at = np.clip(p.at, 0, len(p.truth.canal_mm) - 1)
    front, back = p.truth.canal_mm[at, 0], p.truth.canal_mm[at, 1]
    x = p.x - _shift(p, CANAL_X_MM.get(spine.volume.person, {}))
    canal = (x / CANAL_HALF_WIDTH_MM) ** 2 + ((p.d - 0.5 * (front + back)) / (0.5 * (back - front))) ** 2 < 1.0
    canal &= p.s > min(ways) - 25.0
    p.set(canal, "CSF")
    end = spine.way_of(CORD_END if _has(p, CORD_END) else "L2") + (0.0 if _has(p, CORD_END) else 38.0)
    cord = (x / 5.0) ** 2 + ((p.d - 0.5 * (front + back)) / 4.0) ** 2 < 1.0
    p.set(cord & (p.s > end), "cord")


def _shift(p: _Painter, by_level: dict[str, float]) -> np.ndarray:
    """A shift to the right by level, at each ``s``."""
    ways = [p.spine.way_of(b.level) for b in p.spine.bodies]
    return np.interp(p.s, ways, [by_level.get(b.level, 0.0) for b in p.spine.bodies])


def _paint_arches(p: _Painter) -> None:
    """Pedicles, joints, laminae and spinous processes, within the mixed tissue around them."""
    spine, person = p.spine, p.spine.volume.person
    canal = np.clip(p.at, 0, len(p.truth.canal_mm) - 1)
    back = p.truth.canal_mm[canal, 1]
    lowest = min(spine.way_of(b.level) for b in spine.bodies)
    arch = (np.abs(p.x) < 24.0) & (p.d > 0.0) & (p.d < back + 12.0) & (p.s > lowest - 25.0)
    p.set(arch, "arch", ("muscle", "fat"))
    bone = ("arch", "muscle", "fat", "skin", "visceral fat")
    for body in spine.bodies:
        if body.level in ("S1", "S2"):
            continue
        way, height = spine.way_of(body.level), body.height_mm
        shift = CANAL_X_MM.get(person, {}).get(body.level, 0.0)
        pedicle = PEDICLE_X_MM.get(body.level, 14.0)
        facet = FACET_X_MM.get(body.level, 12.5)
        deep = FACET_D_MM[person]
        tip = PROCESS_X_MM.get(person, {}).get(body.level, shift)
        up = PROCESS_UP.get(person, USUAL_PROCESS_UP)
        for sign in (1.0, -1.0):
            high = p.place(way + 0.2 * height, -1.0, shift + sign * pedicle)
            joint = p.place(way + 0.1 * height, PEDICLE_D_MM + 6.0, shift + sign * pedicle)
            p.tube(np.array([high, joint]), 6.0, "arch bone", bone)
            p.ball(p.place(way - 0.5 * height - 5.0, deep, shift + sign * facet), (7.0, 7.0, 10.0), "arch bone", bone)
            lamina = p.place(way - 0.2 * height, deep + 6.0, shift + sign * 3.0)
            p.tube(np.array([joint, lamina]), 4.0, "arch bone", bone)
        base = p.place(way + up * height, PROCESS_D_MM - 12.0, shift)
        end = p.place(way + up * height - 2.0, PROCESS_D_MM + 11.0, tip)
        for part in np.linspace(0.0, 1.0, 14):
            p.ball(base + part * (end - base), (4.0, 4.0, 9.0), "arch bone", bone)


def _paint_vessels(p: _Painter, rng: np.random.Generator) -> None:
    """Aorta, vena cava and the iliac vessels in front of the spine."""
    depth = float(np.mean([b.depth_mm for b in p.spine.bodies]))
    fork = p.spine.way_of("L4") - 8.0
    top = 0.5 * (len(p.spine.curve) - 4)
    over = ("visceral fat", "bowel", "hot bowel", "liver", "muscle", "fat")
    for x, radius in ((-9.0, 8.5), (15.0, 9.5)):
        ways = np.arange(fork, top, 20.0)
        course = np.array([p.place(float(s), -depth - 11.0, x + rng.uniform(-2.0, 2.0)) for s in ways])
        p.tube(course, radius, "vessel", over)
        sign = np.sign(x)
        iliac = np.array([p.place(fork - 12.0 * n, -depth - 9.0 + n, x + sign * 9.0 * n) for n in range(6)])
        p.tube(iliac, 6.0, "vessel", over)


def uptake(truth: Truth, anatomy: Anatomy, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, float]]:
    """True uptake without lesions on the fine grid, g/ml, and the mean uptake of this person by class."""
    means = {name: value * (1.0 + SPREAD.get(name, 0.0) * rng.uniform(-1.7, 1.7)) for name, value in UPTAKE.items()}
    marrow = rng.uniform(*MARROW_SUV)
    means |= {name: marrow * part for name, part in MARROW_PART.items()}
    table = np.array([means[name] for name in NAMES], dtype=np.float32)
    suv = table[anatomy.classes]
    geometry = anatomy.geometry
    wide = field_on_grid(smooth_field(rng, geometry, 16.0), geometry) * np.float32(0.06)
    patch = field_on_grid(smooth_field(rng, geometry, 12.0), geometry) * np.float32(0.05)
    fine = field_on_grid(smooth_field(rng, geometry, 5.0), geometry) * np.float32(0.05)
    bone = np.isin(anatomy.classes, [CODE[x] for x in MARROW_PART])
    suv *= 1.0 + np.clip(np.where(bone, patch + fine, wide + 0.5 * fine), -0.25, 0.25)
    ways = np.array([truth.spine.way_of(b.level) for b in truth.spine.bodies])
    levels = rng.normal(0.0, 0.06, len(ways))
    nearest = np.abs(anatomy.s[..., None] - ways).argmin(axis=-1)
    slope = rng.uniform(-0.12, 0.12) * (anatomy.s - ways.mean()) / 150.0
    factor = (1.0 + levels[nearest]) * (1.0 + np.clip(slope, -0.15, 0.15))
    suv *= np.where(bone, factor[:, :, None].astype(np.float32), np.float32(1.0))
    return suv, means


@dataclass(frozen=True)
class Scan:
    """How a PET is acquired.

    Parameters
    ----------
    voxel_mm, slice_mm : float
    fwhm_mm : float
        Of the point spread function.
    liver_cov : float
        Standard deviation of the noise in the liver over its mean.
    """

    voxel_mm: float
    slice_mm: float
    fwhm_mm: float
    liver_cov: float


def random_scan(rng: np.random.Generator) -> Scan:
    """A bed of ten minutes on a scanner of today: 2 to 2.5 mm, 2.8 to 4 mm slices, 4.5 to 6 mm, 8 to 12 percent."""
    return Scan(rng.uniform(2.0, 2.5), rng.uniform(2.8, 4.0), rng.uniform(4.5, 6.0), rng.uniform(0.08, 0.12))


def random_motion(rng: np.random.Generator, about: np.ndarray) -> np.ndarray:
    """Rigid motion between MR and PET, RAS mm, shape (4, 4): up to 1.5 degrees and 3 mm."""
    angles = np.deg2rad(rng.uniform(-1.5, 1.5, 3))
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        one = np.eye(3)
        a, b = [n for n in range(3) if n != axis]
        one[a, a] = one[b, b] = np.cos(angle)
        one[a, b], one[b, a] = -np.sin(angle), np.sin(angle)
        turn = one @ turn
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = about - turn @ about + rng.uniform(-3.0, 3.0, 3)
    return matrix


def grid_of(anatomy: Anatomy, in_plane_mm: float, slice_mm: float, motion: np.ndarray) -> Geometry:
    """An axial grid over the painted body, in the frame of the PET."""
    corners = anatomy.geometry.corners_ras
    low, high = corners.min(axis=0), corners.max(axis=0)
    spacing = np.array([in_plane_mm, in_plane_mm, slice_mm])
    size = np.floor((high - low) / spacing).astype(int) + 1
    center = transform_points(motion, 0.5 * (low + high))
    # As scanners write it: columns to the left, rows to the back, slices upward.
    matrix = np.diag([-in_plane_mm, -in_plane_mm, slice_mm, 1.0])
    matrix[:3, 3] = center - matrix[:3, :3] @ (0.5 * (size - 1))
    return Geometry(tuple(size[::-1]), matrix)


def image_pet(
    suv: np.ndarray, anatomy: Anatomy, scan: Scan, motion: np.ndarray, liver: float, rng: np.random.Generator
) -> tuple[Image, Image]:
    """The PET in its own frame, and the blurred uptake without noise on the fine grid."""
    sigma = scan.fwhm_mm / 2.355 / FINE_MM
    blurred = Image(ndimage.gaussian_filter(suv, sigma, truncate=3.0), anatomy.geometry)
    grid = grid_of(anatomy, scan.voxel_mm, scan.slice_mm, motion)
    array = resample(blurred, grid, np.linalg.inv(motion), outside=0.01)
    # The variance of the noise grows with the uptake, so that its level in the liver gives it everywhere.
    level = scan.liver_cov * np.sqrt(liver)
    array += np.float32(level) * np.sqrt(np.maximum(array, 0.0) + 0.04) * correlated_noise(rng, grid, scan.fwhm_mm)
    return Image(np.maximum(array, 0.0), grid), blurred


def image_dixon(anatomy: Anatomy, motion: np.ndarray, rng: np.random.Generator) -> Image:
    """The Dixon series acquired beside the PET, in its frame: 2.6 mm, 3.1 mm slices, noise of 4 percent."""
    bone = dict.fromkeys(MARROW_PART, 0.55)
    table = np.array([(LIKENESS | bone).get(name, 0.62) for name in NAMES], dtype=np.float32)
    shape = Image(ndimage.gaussian_filter(table[anatomy.classes], 0.7), anatomy.geometry)
    grid = grid_of(anatomy, 2.6, 3.1, motion)
    array = 400.0 * resample(shape, grid, np.linalg.inv(motion), outside=0.0)
    noise = rng.normal(0.0, 16.0, (2, *grid.shape)).astype(np.float32)
    return Image(np.hypot(array + noise[0], noise[1]), grid)


def peak_of(blurred: Image, centers: tuple[np.ndarray, ...]) -> float:
    """Noise-free SUVpeak: the highest mean of a sphere of 1 ml whose middle lies within 5 mm of a center."""
    reach = int(np.ceil(PEAK_RADIUS_MM / FINE_MM))
    offsets = np.mgrid[-reach : reach + 1, -reach : reach + 1, -reach : reach + 1] * FINE_MM
    sphere = ((offsets**2).sum(axis=0) <= PEAK_RADIUS_MM**2).astype(np.float32)
    sphere /= sphere.sum()
    best = 0.0
    for center in centers:
        kji = np.rint(blurred.geometry.to_ijk(center)).astype(int)[::-1]
        box = tuple(slice(max(n - reach - 2, 0), n + reach + 3) for n in kji)
        means = ndimage.convolve(blurred.array[box], sphere, mode="nearest")
        best = max(best, float(means[reach : reach + 5, reach : reach + 5, reach : reach + 5].max()))
    return best


def curve_middle(spine: Spine) -> np.ndarray:
    """The middle of the bodies, RAS mm."""
    return np.asarray(np.mean([b.center for b in spine.bodies], axis=0))
