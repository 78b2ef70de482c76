"""Iliac bones and sacrum, shared by both groups."""

from __future__ import annotations

import numpy as np

from .atlas import Atlas, frame

BONES = ("cortex", "marrow", "mixed marrow", "fatty marrow")


def side_sign(side: str) -> int:
    """+1 on the right (R axis), -1 on the left."""
    return 1 if side == "right" else -1


def paint_ilium(atlas: Atlas, joint_ras: np.ndarray, side: str, scale: float, marrow: str = "marrow") -> None:
    """A curved plate from the sacroiliac joint to the crest, the anterior spine and down to the acetabular roof.

    Parameters
    ----------
    joint_ras : ndarray, shape (3,)
        Middle of the sacroiliac joint.
    scale : float
        Size of the pelvis, 1 for the average.
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
    """Five sacral segments that curve backward, with wings, canal and foramina.

    Parameters
    ----------
    s1_frame : ndarray, shape (4, 4)
        Frame at the middle of the S1 body.

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
    for n, local in enumerate(frames):
        wide = scale * (50, 46, 36, 27, 17)[n]
        deep = scale * (19, 15, 11, 8, 6)[n]
        half = 13.0 * scale * (1 - 0.06 * n)
        for tissue, shrink in (("cortex", 0.0), (marrow, 1.4)):
            w, d = wide - shrink, deep - shrink

            def inside(x, y, z, w=w, d=d, wide=wide):
                taper = w * (1 - 0.16 * (-z / 13))
                return (np.abs(x) / (w + 0.12 * z)) ** 3 + (np.abs(y + 0.0035 * x * x) / d) ** 2.4 < 1 + 0 * taper

            lower, upper = (-wide - 3, -deep - 14, -half), (wide + 3, deep + 2, half)
            atlas.paint(local, lower, upper, inside, tissue, "sacrum")
    for n, local in enumerate(frames[:4]):
        back = -scale * (27, 20, 15, 11)[n]
        atlas.ellipsoid((0, back + 3, 0), (9 - n, 6 - n, 14), "cortex", local_to_ras=local, anatomy="sacrum")
        atlas.ellipsoid((0, back + 3, 0), (7.5 - n, 4.5 - 0.6 * n, 14), "csf" if n < 2 else "fat", local_to_ras=local)
        atlas.capsule((0, back - 6, 8), (0, back - 8, -10), 4 - 0.5 * n, "cortex", local_to_ras=local, anatomy="sacrum")
        for x in (-1, 1):
            hole = (x * scale * (19, 16, 13, 11)[n], -4, -12)
            atlas.ellipsoid(hole, (4, 14, 4), "fat", local_to_ras=local)
            atlas.ellipsoid(hole, (2.4, 10, 2.4), "nerve", local_to_ras=local)
    return frames


def paint_sacroiliac_joint(atlas: Atlas, joint_ras: np.ndarray, side: str, scale: float) -> np.ndarray:
    """The joint cleft between sacral wing and ilium; returns its frame (x outward, along the cleft's normal)."""
    sign = side_sign(side)
    yaw = np.deg2rad(27)
    matrix = np.eye(4)
    matrix[:3, 0] = (sign * np.cos(yaw), -np.sin(yaw), -0.12)
    matrix[:3, 0] /= np.linalg.norm(matrix[:3, 0])
    matrix[:3, 1] = (sign * np.sin(yaw), np.cos(yaw), 0.0)
    matrix[:3, 2] = np.cross(matrix[:3, 0], matrix[:3, 1]) * sign
    matrix[:3, 3] = joint_ras
    size = np.array([1.4, 21 * scale, 30 * scale])

    def cleft(x, y, z):
        return (np.abs(x + 2.5 * np.sin(z / 14)) < size[0]) & ((y / size[1]) ** 2 + (z / size[2]) ** 2 < 1)

    box = size + [4, 0, 0]
    atlas.paint(matrix, -box, box, cleft, "cartilage", None)
    return matrix
