"""Paint iliac bones, sacrum and sacroiliac joints, which both groups have."""

from __future__ import annotations

from functools import partial

import numpy as np

from .atlas import Atlas, frame

BONES = ("cortex", "marrow", "mixed marrow", "fatty marrow")
"""Tissues of bone."""


def side_sign(side: str) -> int:
    """Sign of the R coordinate of a side: 1 on the right, -1 on the left."""
    return 1 if side == "right" else -1


def paint_ilium(atlas: Atlas, joint_ras: np.ndarray, side: str, scale: float, marrow: str = "marrow") -> None:
    """Paint an ilium: a curved plate from the sacroiliac joint to the crest, the anterior spine and the acetabular
    roof.

    Parameters
    ----------
    atlas : Atlas
    joint_ras : ndarray, shape (3,)
        Middle of the sacroiliac joint, RAS mm.
    side : str
    scale : float
        Size of the pelvis; 1 for the average.
    marrow : str
        Tissue of the marrow.
    """
    sign = side_sign(side)
    matrix = np.eye(4)
    matrix[:3, 3] = joint_ras
    matrix[0, 0] = sign
    name = f"hip_{side}"

    def plate(x, y, z, shrink):
        y, z, x = y / scale, z / scale, x / scale
        middle = 8 + 0.52 * (y + 5) + 0.30 * z - 0.0022 * (y + 5) * z - 0.0016 * np.maximum(y - 20, 0) ** 2
        crest = 48 + 22 * np.sin((y + 30) / 100 * np.pi) - 0.25 * np.abs(y - 20)
        outline = (z < crest) & (y > -32 - 0.1 * z) & (y < 80 - 0.25 * np.abs(z - 20)) & (z > -50 - 0.1 * y)
        rim = np.clip((z - crest + 18) / 18, 0, 1) + np.clip((-y - 12) / 18, 0, 1)
        neck = np.clip((-z - 5) / 40, 0, 1) * 7
        half = 4.2 + 4.5 * np.minimum(rim, 1) + neck - shrink
        return outline & (np.abs(x - middle) < half) & (z < crest - shrink * 1.3) & (y > -32 - 0.1 * z + shrink)

    lower, upper = np.array([-20, -45, -65]) * scale, np.array([95, 95, 90]) * scale
    atlas.paint(matrix, lower, upper, lambda x, y, z: plate(x, y, z, 0.0), "cortex", name)
    atlas.paint(matrix, lower, upper, lambda x, y, z: plate(x, y, z, 1.5), marrow, name)


def paint_sacrum(atlas: Atlas, s1_frame: np.ndarray, scale: float, marrow: str = "marrow") -> list[np.ndarray]:
    """Paint the sacrum: five segments that curve backward, with wings, canal and foramina.

    Parameters
    ----------
    atlas : Atlas
    s1_frame : ndarray, shape (4, 4)
        Frame at the middle of the body of S1, local to RAS mm.
    scale : float
        Size of the pelvis; 1 for the average.
    marrow : str
        Tissue of the marrow.

    Returns
    -------
    list of ndarray, shape (4, 4)
        Frames of the segments S1 to S5.
    """
    frames = [s1_frame]
    tilt = np.rad2deg(np.arctan2(s1_frame[1, 2], s1_frame[2, 2]))
    for n in range(1, 5):
        tilt -= 13 if n > 1 else 6
        before = frames[-1]
        step = 23 * scale * (1 - 0.07 * n)
        origin = before[:3, 3] - step * before[:3, 2]
        frames.append(frame(origin, tilt))
    slabs = _between(frames, 4)
    for tissue, shrink in (("cortex", 0.0), (marrow, 1.4)):
        for part, local in slabs:
            wide = scale * np.interp(part, range(5), (54, 51, 38, 27, 15)) - shrink
            deep = scale * np.interp(part, range(5), (19, 15, 11, 8, 5)) - shrink

            def inside(x, y, z, wide=wide, deep=deep):
                return (np.abs(x) / wide) ** 3.5 + (np.abs(y + 0.0032 * x * x) / deep) ** 2.4 < 1

            lower, upper = (
                (-wide, -deep - 13, -4.5 * scale),
                (wide, deep + 1, 4.5 * scale if part else 13.0 * scale - shrink),
            )
            atlas.paint(local, lower, upper, inside, tissue, "sacrum")
    for n, local in enumerate(frames[:4]):
        back = -scale * (27, 20, 15, 11)[n]
        atlas.ellipsoid((0, back + 3, 0), (9 - n, 6 - n, 14), "cortex", local_to_ras=local, anatomy="sacrum")
        atlas.ellipsoid((0, back + 3, 0), (7.5 - n, 4.5 - 0.6 * n, 14), "csf" if n < 2 else "fat", local_to_ras=local)
        atlas.capsule(
            (0, back - 6, 8), (0, back - 8, -10), 4 - 0.5 * n, "cortex", local_to_ras=local, anatomy="sacrum"
        )
        for x in (-1, 1):
            hole = (x * scale * (19, 16, 13, 11)[n], -4, -12)
            atlas.ellipsoid(hole, (4, 14, 4), "fat", local_to_ras=local)
            atlas.ellipsoid(hole, (2.4, 10, 2.4), "nerve", local_to_ras=local)
    return frames


def _between(frames: list[np.ndarray], count: int) -> list[tuple[float, np.ndarray]]:
    """Interpolate frames between neighboring segments; each with its position in segments (0 is S1, 4 is S5)."""
    tilts = [np.rad2deg(np.arctan2(f[1, 2], f[2, 2])) for f in frames]
    origins = np.array([f[:3, 3] for f in frames])
    parts = np.linspace(0, len(frames) - 1, count * (len(frames) - 1) + 1)
    segments = range(len(frames))
    return [
        (
            float(t),
            frame(np.array([np.interp(t, segments, origins[:, n]) for n in range(3)]), np.interp(t, segments, tilts)),
        )
        for t in parts
    ]


def paint_sacroiliac_joint(
    atlas: Atlas, joint_ras: np.ndarray, side: str, scale: float, marrow: str = "marrow"
) -> np.ndarray:
    """Paint the cleft of a sacroiliac joint and the bone on both sides of it.

    Parameters
    ----------
    atlas : Atlas
    joint_ras : ndarray, shape (3,)
        Middle of the joint, RAS mm.
    side : str
    scale : float
        Size of the pelvis; 1 for the average.
    marrow : str
        Tissue of the marrow.

    Returns
    -------
    ndarray, shape (4, 4)
        Frame of the joint, local to RAS mm. Its x axis points outward along the normal of the cleft, so that the frame
        of the left joint is mirrored.
    """
    sign = side_sign(side)
    yaw = np.deg2rad(27)
    matrix = np.eye(4)
    matrix[:3, 0] = (sign * np.cos(yaw), -np.sin(yaw), -0.12)
    matrix[:3, 0] /= np.linalg.norm(matrix[:3, 0])
    matrix[:3, 1] = (sign * np.sin(yaw), np.cos(yaw), 0.0)
    matrix[:3, 2] = np.cross(matrix[:3, 0], matrix[:3, 1]) * sign
    matrix[:3, 3] = joint_ras
    size = np.array([1.3, 21 * scale, 29 * scale])

    def slab(x, y, z, near, far, grow):
        bent = x + 2.5 * np.sin(z / 14)
        return (bent > near) & (bent < far) & ((y / (size[1] + grow)) ** 2 + (z / (size[2] + grow)) ** 2 < 1)

    box = size + np.array([24, 4, 4])
    soft = ("fat", "muscle", "scar", "bowel wall", "bowel content", "pelvic organ")
    for name, tissue, near, far, grow in (
        (f"hip_{side}", "cortex", 0, 10, 3),
        ("sacrum", "cortex", -20, 0, 3),
        (f"hip_{side}", marrow, 2, 10, 1.5),
        ("sacrum", marrow, -20, -2, 1.5),
    ):
        over = (*soft, "cortex") if tissue == marrow else soft
        layer = partial(slab, near=near, far=far, grow=grow)
        atlas.paint(matrix, -box, box, layer, tissue, name, over)
    atlas.paint(matrix, -box, box, lambda x, y, z: slab(x, y, z, -2.2, 2.2, 1), "cortex", None)
    atlas.paint(matrix, -box, box, lambda x, y, z: slab(x, y, z, -size[0], size[0], 0), "cartilage", None)
    return matrix
