"""Paint vertebrae, discs, facet joints and the canal."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..Numerics.core.image import transform_points
from .atlas import Atlas, frame
from .variants import PLAIN_VARIANT, REGULAR, Variant

_WIDTHS_MM = {"T11": 20, "T12": 21, "L1": 22, "L2": 23, "L3": 24, "L4": 25, "L5": 26, "L6": 26}
"""Half the width of the body, of an average spine."""
_PROCESSES_MM = {"T11": 22, "T12": 24, "L1": 26, "L2": 28, "L3": 29, "L4": 26, "L5": 19, "L6": 19}
"""Length of the spinous process, of an average spine."""
_TILTS = (36, 20, 6, -3, -9, -11, -9, -5)
"""Forward lean of S1 and of the vertebrae above it, from below upward, degrees."""
_KYPHOTIC = (28, 14, 5, 0)
"""The same for the lowest four in a thoracolumbar kyphosis."""
_LEANS = (0.0, 0.3, 0.6, 0.3, -0.4, -0.9, -0.6, -0.3)
"""Lean to the right in parts of a slight scoliosis, from below upward."""
_COBB_PARTS = (0.0, -0.25, -0.5, -0.25, 0.1, 0.4, 0.5, 0.5)
"""The same in parts of the Cobb angle: the end vertebrae are the second lumbar from below and the sixth."""
_ROTATION_PARTS = (0.0, 0.2, 0.5, 0.9, 1.0, 0.7, 0.3, 0.1)
"""Axial rotation in parts of that at the apex, from below upward."""
_HEIGHTS_MM = (9.5, 11.0, 10.5)
"""Heights of the lowest three discs, from below upward; those above are 8.5 mm high."""


@dataclass(frozen=True, eq=False)
class SpineShape:
    """Frames and sizes of the vertebral bodies and discs.

    Parameters
    ----------
    bodies : dict
        Level ("L4", also "S1") -> frame at the middle of the body, shape (4, 4), local to RAS mm.
    discs : dict
        Level ("L4/L5") -> frame at the middle of the disc, shape (4, 4), local to RAS mm.
    scale : float
        Size of the spine; 1 for the average.
    disc_heights_mm : dict
        Level -> height of the disc.
    half_height_mm : float
        Half the height of a vertebral body.
    levels : tuple of str
        Mobile vertebrae, from the head downward.
    """

    bodies: dict[str, np.ndarray]
    discs: dict[str, np.ndarray]
    scale: float
    disc_heights_mm: dict[str, float]
    half_height_mm: float
    levels: tuple[str, ...] = REGULAR

    @property
    def low_discs(self) -> tuple[str, ...]:
        """Levels of the lowest four discs, from above downward."""
        return tuple(f"{a}/{b}" for a, b in pairwise([*self.levels[-4:], "S1"]))

    def half_width_mm(self, level: str) -> float:
        """Half the width of a vertebral body, mm."""
        return self.scale * _WIDTHS_MM[level]

    def process_mm(self, level: str) -> float:
        """Length of a spinous process, mm."""
        return self.scale * _PROCESSES_MM[level]


def make_shape(
    rng: np.random.Generator, degenerated: dict[str, float], variant: Variant = PLAIN_VARIANT
) -> SpineShape:
    """Stack the bodies on S1 with a random lordosis and scoliosis. The middle of the third vertebra from below, which
    is L3 in regular anatomy, lies at the origin.

    Parameters
    ----------
    rng : numpy.random.Generator
    degenerated : dict
        Level of a degenerated disc -> fraction of its height that is left.
    variant : Variant
        How many vertebrae there are, and how they curve.
    """
    scale = rng.uniform(0.92, 1.08)
    lordosis = rng.uniform(0.75, 1.25)
    curve = rng.uniform(-6, 6)
    upward = ["S1", *reversed(variant.levels)]
    tilts, leans, turns = _course(upward, lordosis, curve, variant)
    half = 13.7 * scale
    bodies = {"S1": _frame(np.zeros(3), tilts["S1"], leans["S1"], turns["S1"])}
    discs, heights = {}, {}
    below = "S1"
    for n, level in enumerate(upward[1:]):
        name = f"{level}/{below}"
        usual = _HEIGHTS_MM[n] if n < len(_HEIGHTS_MM) else 8.5
        heights[name] = scale * usual * degenerated.get(name, 1)
        lower_body = bodies[below]
        top = lower_body[:3, 3] + lower_body[:3, 2] * (half if below != "S1" else 13 * scale)
        tilt, lean = (tilts[level] + tilts[below]) / 2, (leans[level] + leans[below]) / 2
        between = _frame(top, tilt, lean, (turns[level] + turns[below]) / 2)
        slip = variant.slips_mm.get(name, 0.0) * lower_body[:3, 1]
        top = top + slip / 2
        between[:3, 3] = top + between[:3, 2] * heights[name] / 2
        discs[name] = between
        body = _frame(np.zeros(3), tilts[level], leans[level], turns[level])
        body[:3, 3] = between[:3, 3] + between[:3, 2] * heights[name] / 2 + body[:3, 2] * half + slip / 2
        bodies[level] = body
        below = level
    shift = bodies[variant.levels[-3]][:3, 3].copy()
    for matrix in [*bodies.values(), *discs.values()]:
        matrix[:3, 3] -= shift
    return SpineShape(bodies, discs, scale, heights, half, variant.levels)


def _course(
    upward: list[str], lordosis: float, curve: float, variant: Variant
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Forward lean, lean to the right and axial rotation of every vertebra, degrees; `upward` names them."""
    count = len(upward)
    tilts = np.array(_TILTS[:count]) * lordosis
    if variant.kyphosis_deg:
        steps = np.arange(1, count - len(_KYPHOTIC) + 1)
        tilts = np.array([*_KYPHOTIC, *(variant.kyphosis_deg * steps / steps[-1])])
    leans = curve * np.array(_LEANS[:count])
    if variant.cobb_deg:
        leans = variant.cobb_deg * np.array(_COBB_PARTS[:count])
    turns = variant.rotation_deg * np.array(_ROTATION_PARTS[:count])
    tilt, lean, turn = (dict(zip(upward, map(float, values), strict=True)) for values in (tilts, leans, turns))
    return tilt, lean, turn


def _frame(origin: np.ndarray, tilt_deg: float, lean_deg: float, turn_deg: float) -> np.ndarray:
    """Frame of a vertebra. A positive rotation about its own axis turns its front to the left."""
    matrix = frame(origin, tilt_deg, lean_deg)
    if turn_deg:
        a = np.deg2rad(turn_deg)
        about_s = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
        matrix[:3, :3] = matrix[:3, :3] @ about_s
    return matrix


def _section(x, y, wide, deep):
    """Function that is below 1 inside the kidney-shaped cross-section of a body."""
    notch = 0.16 * np.exp(-((x / (0.35 * wide)) ** 2)) * deep * (y < 0)
    return (np.abs(x) / wide) ** 2.5 + (np.abs(y) / (deep - notch)) ** 2.5


def paint_vertebra(atlas: Atlas, shape: SpineShape, level: str, marrow: str = "marrow") -> None:
    """Paint body, pedicles, articular processes, transverse processes and spinous process of one vertebra."""
    k, local = shape.scale, shape.bodies[level]
    name = f"vertebrae_{level}"
    wide = shape.half_width_mm(level)
    deep, half = 17.0 * k, shape.half_height_mm
    options = {"local_to_ras": local, "anatomy": name}

    def body(x, y, z, shrink):
        waist = 1 - 0.10 * (1 - (z / half) ** 2)
        end = half - 1.2 * np.clip(1 - (x / wide) ** 2 - (y / deep) ** 2, 0, 1)
        return (_section(x, y, wide * waist - shrink, deep * waist - shrink) < 1) & (np.abs(z) < end - shrink)

    box = np.array([wide + 2, deep + 2, half + 2])
    atlas.paint(local, -box, box, lambda x, y, z: body(x, y, z, 0), "cortex", name)
    atlas.paint(local, -box, box, lambda x, y, z: body(x, y, z, 1.2), marrow, name)
    for tissue, shrink in (("cortex", 0.0), (marrow, 1.3)):
        for s in (-1, 1):
            atlas.capsule((s * 14 * k, -13 * k, 5), (s * 16 * k, -27 * k, 4), 5 * k - shrink, tissue, **options)
            atlas.capsule((s * 17 * k, -27 * k, 3), (s * 40 * k, -31 * k, 3), 4.2 - shrink, tissue, **options)
            atlas.capsule((s * 17 * k, -29 * k, 8), (s * 19 * k, -32 * k, 17 * k), 5 - shrink, tissue, **options)
            atlas.capsule((s * 15 * k, -33 * k, -3), (s * 14 * k, -37 * k, -17 * k), 5 - shrink, tissue, **options)
            atlas.capsule((s * 14 * k, -34 * k, -2), (0, -42 * k, -5), 4.2 - shrink, tissue, **options)
        length = _PROCESSES_MM[level]

        def spinous(x, y, z, shrink=shrink):
            return (np.abs(x) < 3.6 - shrink) & (np.abs(z + 8) < 9.5 - shrink + 0.06 * (y + 42))

        upper = (4, -40 * k - shrink, 4)
        atlas.paint(local, (-4, (-40 - length) * k + shrink, -19), upper, spinous, tissue, name)
    vein = {"local_to_ras": local, "over": (marrow,), "anatomy": name}
    atlas.capsule((0, -deep, 0), (0, -3 * k, 0), 2.8, "vein", end_radius=1.4, **vein)


def paint_disc(atlas: Atlas, shape: SpineShape, name: str, worn: str | None, bulge_mm: float = 0.0) -> None:
    """Paint annulus and nucleus of a disc. A worn disc has one tissue, whose name is given, and no nucleus. `bulge_mm`
    is to posterior."""
    k, local, height = shape.scale, shape.discs[name], shape.disc_heights_mm[name]
    wide, deep = 24.5 * k, 17.6 * k

    def disc(x, y, z, shrink=0.0):
        wedge = 1 + 0.25 * y / deep
        return (_section(x, y + bulge_mm / 2, wide - shrink, deep + bulge_mm / 2 - shrink) < 1) & (
            np.abs(z) < (height / 2 + 1.6) * wedge
        )

    box = np.array([wide + 1, deep + bulge_mm + 1, height])
    over = ("fat", "muscle", "csf", "air")
    atlas.paint(local, -box, box, disc, worn or "annulus", "intervertebral_discs", over=over)
    if not worn:
        core = np.array([15 * k, 10 * k, height / 2 - 0.5])
        options = {"local_to_ras": local, "anatomy": "intervertebral_discs", "over": ("annulus",)}
        atlas.ellipsoid((0, -1.5, 0), core, "nucleus", **options)


def paint_canal(atlas: Atlas, shape: SpineShape) -> np.ndarray:
    """Paint epidural fat, dural sac, nerve roots and cord.

    Returns
    -------
    ndarray, shape (n, 3)
        The line along the middle of the canal from the head to the sacrum, RAS mm.
    """
    k = shape.scale
    places = [(level, z) for level in shape.levels for z in (12, 0, -12)] + [("S1", 12), ("S1", 0)]
    line = np.array([transform_points(shape.bodies[level], np.array([0, -25 * k, z])) for level, z in places])
    top = line[0] + (line[0] - line[1]) * 4
    line = np.vstack([top, line])
    atlas.tube(line, 9.3 * k, "fat", over=("fat", "muscle", "cortex", "annulus", "dry disc", "worn disc"))
    atlas.tube(line, 7.4 * k, "csf", anatomy="spinal_cord", over=("fat", "cortex"))
    for dx, dy in ((-3, -3), (3, -3), (-1, -4.5), (1.2, -4.2), (4.2, -1), (-4.2, -1)):
        atlas.tube(line + np.array([dx, dy, 0]), 0.9, "nerve", over=("csf",), anatomy="spinal_cord")
    # The cord ends at the lower end of T12, however many vertebrae there are.
    atlas.tube(line[: 4 + 3 * shape.levels.index("T12")], 4.0, "cord", over=("csf", "nerve"), anatomy="spinal_cord")
    return line


def facet_position(shape: SpineShape, disc: str, side: str) -> np.ndarray:
    """Middle of the facet joint of a level ("L4/L5") on one side, RAS mm."""
    sign = 1 if side == "right" else -1
    upper = disc.split("/")[0]
    k = shape.scale
    above = transform_points(shape.bodies[upper], np.array([sign * 16 * k, -34.5 * k, -16 * k]))
    lower = disc.split("/")[1]
    below = transform_points(shape.bodies[lower], np.array([sign * 18 * k, -31.5 * k, 15 * k]))
    return (above + below) / 2


def paint_facet(atlas: Atlas, shape: SpineShape, disc: str, side: str, effusion: bool = False) -> np.ndarray:
    """Paint the cleft of a facet joint.

    Returns
    -------
    ndarray, shape (4, 4)
        Frame of the joint, local to RAS mm. Its x axis is the normal of the cleft.
    """
    sign = 1 if side == "right" else -1
    yaw = np.deg2rad(45)
    local = shape.discs[disc].copy()
    turn = np.eye(3)
    turn[:, 0] = (sign * np.cos(yaw), np.sin(yaw), 0)
    turn[:, 1] = (-sign * np.sin(yaw), np.cos(yaw), 0)
    if sign < 0:
        turn[:, 2] = (0, 0, 1)
    local[:3, :3] = local[:3, :3] @ turn
    local[:3, 3] = facet_position(shape, disc, side)
    half = np.array([1.6 if effusion else 0.9, 7, 8])

    def cleft(x, y, z):
        return (np.abs(x) < half[0]) & ((y / half[1]) ** 2 + (z / half[2]) ** 2 < 1)

    tissue = "joint fluid" if effusion else "cartilage"
    atlas.paint(local, -half, half, cleft, tissue, None, over=("cortex", "marrow", "mixed marrow", "fat"))
    return local


def paint_ribs(atlas: Atlas, shape: SpineShape) -> None:
    """Paint the ribs of the thoracic vertebrae: from the side of the body to lateral, posterior and below. The lowest
    rib is short."""
    k = shape.scale
    for level in (name for name in shape.levels if name.startswith("T")):
        options = {"local_to_ras": shape.bodies[level]}
        lateral = 75 if level == "T12" else 95
        for side, s in (("right", 1), ("left", -1)):
            name = f"rib_{side}_{level[1:]}"
            course = [(s * 22 * k, -12 * k, 6), (s * 45 * k, -34 * k, -4), (s * lateral * k, -30 * k, -28)]
            for tissue, radius in (("cortex", 5.0), ("marrow", 3.6)):
                for start, end in pairwise(course):
                    atlas.capsule(start, end, radius, tissue, anatomy=name, **options)


def paint_sacralized(atlas: Atlas, shape: SpineShape) -> None:
    """Paint wide transverse processes of the lowest vertebra that are fused with the sacrum (Castellvi type IIIb)."""
    k, level = shape.scale, shape.levels[-1]
    for s in (1, -1):
        start = (s * 20 * k, -12 * k, -2)
        end = transform_points(np.linalg.inv(shape.bodies[level]) @ shape.bodies["S1"], np.array([s * 34 * k, -8, 4]))
        for tissue, shrink in (("cortex", 0.0), ("marrow", 1.4)):
            options = {"local_to_ras": shape.bodies[level], "anatomy": f"vertebrae_{level}"}
            atlas.capsule(start, end, 10 * k - shrink, tissue, **options)


def paint_disc_in_sacrum(atlas: Atlas, between: np.ndarray, scale: float) -> None:
    """Paint a disc of usual width between S1 and S2; `between` is the frame of its middle."""
    options = {"local_to_ras": between, "anatomy": "intervertebral_discs"}
    atlas.ellipsoid((0, 0, 0), np.array([22, 13, 4.5]) * scale, "annulus", **options)
    atlas.ellipsoid((0, -1, 0), np.array([13, 8, 3.2]) * scale, "nucleus", **options)
