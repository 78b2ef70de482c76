"""A simple lumbar spine with sacrum and hips, drawn from shapes, as label maps for tests of names.

Canonical coordinates: x to the patient's right, y to the front, z up, in mm, with the middle of disc L5/S1 at the
origin.
The whole body can be turned and shifted, and the column bent sideways, so nothing sits where an assumption would
have it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap
from PainGeneratorLib.Anatomy.labels import structure_of_name
from PainGeneratorLib.Numerics.core.image import Geometry, Image, transform_points

LEVELS = ("L5", "L4", "L3", "L2", "L1")
STEP = 37.0
BODY_HEIGHT = 27.0
HIP_X, HIP_Z = 88.0, -75.0


def rigid(
    rx: float = 0.0, ry: float = 0.0, rz: float = 0.0, shift: tuple[float, float, float] = (0, 0, 0)
) -> np.ndarray:
    """4 x 4 matrix: turned by degrees about R, A and S, then shifted (mm)."""
    a, b, c = np.deg2rad([rx, ry, rz])
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = z @ y @ x
    matrix[:3, 3] = shift
    return matrix


@dataclass(frozen=True)
class Body:
    """Where the parts of the drawn body are: canonical points and the matrix to RAS."""

    to_ras: np.ndarray
    bend_mm: float

    def at(self, x: float, y: float, z: float) -> np.ndarray:
        """RAS of a canonical point of the straight column, bent and moved with the body."""
        return transform_points(self.to_ras, np.array([x + self.bend(z), y, z]))

    def bend(self, z: np.ndarray) -> np.ndarray:
        return self.bend_mm * np.sin(np.clip(z, 0, None) / 190.0 * np.pi)

    def disc(self, number: int) -> float:
        """Height of a disc; 0 is L5/S1, 1 is L4/L5."""
        return STEP * number

    def vertebra(self, level: str) -> float:
        """Height of a vertebral body's middle."""
        return STEP * (LEVELS.index(level) + 0.5)


def _box(x, y, z, low, high):
    return (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]) & (z >= low[2]) & (z <= high[2])


def _vertebra(x, y, z):
    """Parts of one vertebra about its body's middle, as a dictionary of masks."""
    side = np.abs(x)
    h = BODY_HEIGHT / 2
    return {
        "body": ((x / 24) ** 2 + (y / 17) ** 2 <= 1) & (np.abs(z) <= h),
        "pedicle": _box(side, y, z, (9, -28, -3), (18, -10, 11)),
        "lamina": _box(side, y, z, (0, -44, -16), (17, -36, 4)) & (side >= 3 + 0 * x),
        "pars": _box(side, y, z, (9, -40, -16), (18, -26, 8)),
        "spinous": _box(side, y, z, (0, -72, -20), (3.5, -38, 0)),
        "transverse": _box(side, y, z, (18, -30, -1), (42, -21, 7)),
        "superior": _box(side, y, z, (14, -38, 6), (25, -28, 26)),
        "inferior": _box(side, y, z, (8, -48, -30), (19, -38.5, -12)),
    }


def draw(
    to_ras: np.ndarray | None = None,
    bend_mm: float = 0.0,
    *,
    style: str = "whole",
    discs: bool = True,
    canal: bool = True,
    hips: bool = True,
    levels: tuple[str, ...] = LEVELS,
    spacing: float = 2.0,
) -> tuple[AnatomyMap, Body]:
    """A label map.

    Parameters
    ----------
    style : str
        ``whole`` vertebrae, ``parts`` (sub-regions), ``unnamed`` (vertebrae and discs without a level).
    """
    to_ras = np.eye(4) if to_ras is None else to_ras
    body = Body(to_ras, bend_mm)
    corners = np.array([(x, y, z) for x in (-140, 140) for y in (-90, 70) for z in (-190, 200)], dtype=float)
    ras = transform_points(to_ras, corners)
    low, high = ras.min(axis=0), ras.max(axis=0)
    count = np.ceil((high - low) / spacing).astype(int)
    matrix = np.diag([-spacing, -spacing, spacing, 1.0])
    matrix[:3, 3] = [high[0], high[1], low[2]]
    geometry = Geometry(tuple(int(n) for n in count[::-1]), matrix)
    k, j, i = np.indices(geometry.shape, dtype=np.float32)
    canonical = np.linalg.inv(to_ras) @ matrix
    x, y, z = (canonical[a, 0] * i + canonical[a, 1] * j + canonical[a, 2] * k + canonical[a, 3] for a in range(3))
    x = x - body.bend(z)
    labels = np.zeros(geometry.shape, dtype=np.uint16)
    names: dict[int, str] = {}

    def put(mask, name):
        number = next((n for n, known in names.items() if known == name), len(names) + 1)
        names[number] = name
        labels[mask & (labels == 0)] = number

    if canal:
        put((x**2 + (y + 27) ** 2 <= 64) & (z > -20), "spinal_canal")
    for level in levels:
        h = body.vertebra(level)
        near = np.abs(z - h) < 45
        for part, mask in _vertebra(x, y, z - h).items():
            put(mask & near, _vertebra_name(style, level, part, x, mask & near))
            if style == "parts" and part in ("superior", "inferior", "transverse"):
                put(mask & near & (x > 0), f"{level} {_PARTS[part]} right")
                put(mask & near & (x <= 0), f"{level} {_PARTS[part]} left")
    if discs:
        order = ("S1", *LEVELS)
        for n in range(5):
            if order[n + 1] in levels:
                mask = ((x / 24) ** 2 + ((y) / 17) ** 2 <= 1) & (np.abs(z - STEP * n) <= 5.0)
                put(mask, "intervertebral_discs" if style == "unnamed" else f"disc_{order[n + 1]}_{order[n]}")
    sacrum = (np.abs(x) <= 48 + 0.25 * z) & (z < -5) & (z > -100) & (np.abs(y + 8 - 0.25 * z) < 20 + 0.08 * z)
    put(sacrum | _box(np.abs(x), y, z, (14, -38, -10), (25, -28, -10 + 12)), "sacrum")
    if hips:
        _draw_hips(put, x + body.bend(z), y, z)
    structures = {number: structure_of_name(name) for number, name in names.items()}
    return AnatomyMap(Image(labels, geometry), structures), body


_PARTS = {"superior": "superior articular", "inferior": "inferior articular", "transverse": "costal process"}


def _vertebra_name(style, level, part, x, mask):
    if style == "unnamed":
        return "vertebrae"
    if style == "whole":
        return f"vertebrae_{level}"
    if part in ("superior", "inferior", "transverse"):
        mask[:] = False
        mask |= False
        return f"{level} arcus_vertebrae"
    return {"body": f"{level} vertebra_corpus", "spinous": f"{level} spinosus_process"}.get(
        part, f"{level} arcus_vertebrae"
    )


def _draw_hips(put, x, y, z):
    for side, sign in (("right", 1), ("left", -1)):
        u = sign * x
        shell = _box(u, y, z, (30, -45, -60), (64, 25, 20)) & (u >= 50.5 + 0.25 * z)
        head = (u - HIP_X) ** 2 + (y - 5) ** 2 + (z - HIP_Z) ** 2
        socket = (head <= 36**2) & (head >= 27**2) & (u < HIP_X + 10) & (z > HIP_Z - 18)
        femur = head <= 24**2
        along = (u - HIP_X) / 42.0
        femur |= (along >= 0) & (along <= 1) & ((z - HIP_Z + 30 * along) ** 2 + (y - 5) ** 2 <= 15**2)
        femur |= _box(u, y, z, (HIP_X + 30, -12, HIP_Z - 40), (HIP_X + 51, 20, HIP_Z + 6))
        femur |= ((u - HIP_X - 40) ** 2 + (y - 3) ** 2 <= 14**2) & (z < HIP_Z - 25) & (z > HIP_Z - 110)
        femur |= (u - HIP_X - 26) ** 2 + (y + 8) ** 2 + (z - HIP_Z + 58) ** 2 <= 9**2
        put(femur, f"femur_{side}")
        put(shell | socket, f"hip_{side}")
        put(_box(u, y, z, (6, -85, -60), (36, -50, 190)) & (u > 5), f"autochthon_{side}")
