"""Paint skin, fat, muscles and organs of the trunk."""

from __future__ import annotations

import numpy as np

from ..Numerics.core.image import transform_points
from .atlas import Atlas
from .lesions import NormalStructure
from .patient import Patient
from .spine import SpineShape

SIDES = (("right", 1), ("left", -1))
"""Sides with the sign of their R coordinate."""


PSOAS_RADII_MM = (9, 17, 21, 19, 16)
"""Radii of the psoas at the points of its course, of an average spine."""


def back_line(shape: SpineShape) -> np.ndarray:
    """Points behind the arches of all vertebrae, from below upward, RAS mm, shape (n, 3)."""
    line = np.array([transform_points(b, np.array([0, -45 * shape.scale, 0])) for b in shape.bodies.values()])
    return line[np.argsort(line[:, 2])]


def psoas_course(shape: SpineShape, sign: int) -> np.ndarray:
    """Points along the middle of the psoas of a side, from above downward, RAS mm, shape (5, 3)."""
    k, line = shape.scale, back_line(shape)
    course = [(sign * 36 * k, 2, 70), (sign * 42 * k, 4, 10), (sign * 50 * k, 18, -60), (sign * 62 * k, 45, -130)]
    psoas = np.array([*course, (sign * 78 * k, 60, -205)], float)
    psoas[:, 0] += [np.float32(np.interp(z, line[:, 2], line[:, 0])) if z > -60 else 0 for z in psoas[:, 2]]
    return psoas


def paint_body(atlas: Atlas, rng: np.random.Generator, shape: SpineShape, habitus: float, sway: float = 0.0) -> None:
    """Paint skin and fat, abdominal wall, visceral fat, and the muscles along the spine and behind the ilium.

    Parameters
    ----------
    atlas : Atlas
    rng : numpy.random.Generator
    shape : SpineShape
    habitus : float
        0 for a slim patient, 1 for an obese one.
    sway : float
        How much the back is hollow and the belly uneven, as a fraction of the depth of the trunk. 0 for a straight
        trunk.
    """
    lower, upper = atlas.geometry.corners_ras.min(axis=0), atlas.geometry.corners_ras.max(axis=0)
    wide, deep = 148 + 26 * habitus, 102 + 20 * habitus
    eye = np.eye(4)

    def trunk(x, y, z, shrink):
        belly = 1 + 0.05 * np.sin((z + 60) / 90)
        if sway:
            y = y * np.where(y < 0, 1 + sway * np.exp(-((z / 65) ** 2)), 1 + 0.6 * sway * np.sin((z + 20) / 55))
        return (np.abs(x) / (wide * belly - shrink)) ** 2.6 + (
            np.abs(y - 12 - 8 * habitus) / (deep - shrink)
        ) ** 2.4 < 1

    atlas.paint(eye, lower, upper, lambda x, y, z: trunk(x, y, z, 0), "skin")
    atlas.paint(eye, lower, upper, lambda x, y, z: trunk(x, y, z, 2), "fat")
    layer = 9 + 20 * habitus
    atlas.paint(eye, lower, upper, lambda x, y, z: trunk(x, y, z, layer) & (y > -62 - 18 * np.cos(x / 60)), "muscle")
    atlas.paint(eye, lower, upper, lambda x, y, z: trunk(x, y, z, layer + 13) & (y > -30 - 12 * np.cos(x / 70)), "fat")
    k = shape.scale
    line = back_line(shape)

    def along(z, axis):
        return np.interp(z, line[:, 2], line[:, axis]).astype(np.float32)

    back = 6 + 6 * rng.random()
    for side, sign in SIDES:

        def erector(x, y, z, sign=sign):
            u, v = sign * (x - along(z, 0)) - 24 * k, y - along(z, 1) + 1
            taper = np.clip((z + 165) / 70, 0.25, 1)
            return (np.abs(u) / (22 * k * taper)) ** 2.6 + (np.abs(v) / (19 * k * taper)) ** 2.4 < 1

        atlas.paint(eye, (-80, -110, -165), (80, 0, upper[2]), erector, "muscle", f"autochthon_{side}")

        def cleft(x, y, z, sign=sign):
            u = sign * (x - along(z, 0)) - 20 * k + 0.25 * (y - along(z, 1))
            return np.abs(u) < 0.8 + 0.8 * (y - along(z, 1) < 0)

        atlas.paint(eye, (-80, -100, -130), (80, -30, upper[2]), cleft, "fat", over=("muscle",))
        psoas = psoas_course(shape, sign)
        for a, b, r1, r2 in zip(psoas[:-1], psoas[1:], PSOAS_RADII_MM[:-1], PSOAS_RADII_MM[1:], strict=True):
            atlas.capsule(a, b, r1 * k, "muscle", end_radius=r2 * k, anatomy=f"iliopsoas_{side}")
        atlas.capsule((sign * 62 * k, -28, 60), (sign * 78 * k, -34, -25), 13 * k, "muscle")
        atlas.ellipsoid((sign * 78, -62, -150), (52 * k, 36 + back, 78), "muscle", anatomy=f"gluteus_maximus_{side}")
        atlas.ellipsoid((sign * 112, -20, -105), (30 * k, 40, 70), "muscle", anatomy=f"gluteus_medius_{side}")
        atlas.ellipsoid((sign * 88, 22, -95), (17 * k, 34, 55), "muscle", anatomy=f"iliopsoas_{side}")
    atlas.paint(eye, lower, upper, lambda x, y, z: ~trunk(x, y, z, 0), "air")
    atlas.paint(eye, lower, upper, lambda x, y, z: trunk(x, y, z, 2) & ~trunk(x, y, z, 7), "fat", over=("muscle",))


def paint_vessels(atlas: Atlas, patient: Patient, rng: np.random.Generator, shape: SpineShape) -> None:
    """Paint the aorta, the inferior vena cava and the iliac vessels."""
    # The aorta divides at L4 (regularly the second vertebra from below); with another count it lies halfway between.
    fork = rng.uniform(-48, -30) + 18 * (len(shape.levels) - shape.levels.index("L1") - 5)
    k = shape.scale
    front = {}
    for level in (*shape.levels, "S1"):
        point = transform_points(shape.bodies[level], np.array([0, 17 * k, 0]))
        front[point[2]] = point
    z = np.array(sorted(front))
    y, x = (np.array([front[v][n] for v in z]) for n in (1, 0))

    def at(height, right, gap):
        return np.array([np.interp(height, z, x) + right, np.interp(height, z, y) + gap, height])

    heights = [125, 80, 40, 0, fork]
    wobble = rng.uniform(-4, 4, len(heights))
    aorta = np.array([at(h, -9 + w, 12) for h, w in zip(heights, wobble, strict=True)])
    cava = np.array([at(h, 16 + w / 2, 13) for h, w in zip(heights, wobble, strict=True)])
    atlas.tube(aorta, 9.0, "blood", anatomy="aorta")
    atlas.tube(cava, 10.5, "blood", anatomy="inferior_vena_cava")
    for side, sign in SIDES:
        course = np.array([aorta[-1], (sign * 24, 38, fork - 40), (sign * 48, 34, -130), (sign * 66, 66, -205)], float)
        atlas.tube(course, 5.2, "blood", anatomy=f"iliac_artery_{side}")
        atlas.tube(course + np.array([sign * 4, -11, 0]), 6.0, "blood", anatomy=f"iliac_vena_{side}")
        patient.normal.append(NormalStructure("vessel", course[1], 12.0))
    patient.normal += [NormalStructure("vessel", point, 14.0) for point in (*aorta[1:4], *cava[1:4])]


def paint_bowel(atlas: Atlas, patient: Patient, rng: np.random.Generator, habitus: float) -> None:
    """Paint bowel, liver, spleen, bladder and a pelvic organ. Some loops of the small bowel have a high uptake."""
    front = 62 + 14 * habitus
    for n in range(70):
        center = np.array([rng.uniform(-75, 75), rng.uniform(46, front + 6), rng.uniform(-165, 90)])
        radius = rng.uniform(9, 15)
        turn = center + rng.uniform(-22, 22, 3) * [1, 0.4, 0.8]
        hot = n >= 64
        wall = "hot bowel" if hot else "bowel wall"
        atlas.capsule(
            center, turn, radius, wall, anatomy="small_bowel", over=("fat", "bowel wall", "bowel content", "hot bowel")
        )
        atlas.capsule(center, turn, radius - 3, "bowel content", anatomy="small_bowel", over=(wall,))
        if hot:
            patient.normal.append(NormalStructure("bowel", (center + turn) / 2, radius + 12))
    for _, sign in SIDES:
        course = np.array([(sign * 98, 20, 60), (sign * 102, 18, -20), (sign * 96, 26, -80)], float)
        course += rng.normal(0, 4, course.shape)
        atlas.tube(course, 17, "bowel wall", anatomy="colon", over=("fat", "bowel wall", "bowel content"))
        atlas.tube(course, 13, "bowel content", anatomy="colon", over=("bowel wall",))
        patient.normal.append(NormalStructure("bowel", course[1], 30.0))
    atlas.ellipsoid((88, 25, 122), (66, 80, 48), "liver", anatomy="liver", over=("fat", "bowel wall", "bowel content"))
    atlas.ellipsoid((-108, -12, 118), (28, 42, 38), "spleen", anatomy="spleen", over=("fat", "bowel wall"))
    size = rng.uniform(0.7, 1.3)
    bladder = np.array([rng.uniform(-6, 6), 62, -205 + 8 * size])
    atlas.ellipsoid(bladder, np.array([42, 34, 34]) * size + 3, "bladder wall", anatomy="urinary_bladder")
    atlas.ellipsoid(bladder, np.array([42, 34, 34]) * size, "urine", anatomy="urinary_bladder")
    patient.normal.append(NormalStructure("bladder", bladder, 48 * size))
    atlas.ellipsoid((0, 26, -195), (24, 20, 40), "pelvic organ", over=("fat",))


def paint_kidneys(atlas: Atlas, patient: Patient, rng: np.random.Generator, shape: SpineShape) -> None:
    """Paint kidneys with a high uptake in the renal pelvis, and ureters with a high uptake on short segments only."""
    for side, sign in SIDES:
        low = -12 if side == "right" else 0
        center = np.array([sign * rng.uniform(60, 68), -16 + rng.uniform(-5, 5), 62 + low + rng.uniform(-10, 10)])
        size = rng.uniform(0.9, 1.08)
        atlas.ellipsoid(center, np.array([29, 26, 54]) * size, "renal cortex", anatomy=f"kidney_{side}")
        pelvis = center + np.array([-sign * 12, 2, 0])
        atlas.ellipsoid(pelvis, np.array([12, 9, 20]) * size, "renal pelvis", anatomy=f"kidney_{side}")
        for dz in (-22, 0, 22):
            atlas.capsule(pelvis, center + np.array([sign * 6, 0, dz]), 4.0, "renal pelvis", anatomy=f"kidney_{side}")
        patient.normal.append(NormalStructure("kidney", center, 62.0))
        course = np.array(
            [pelvis + np.array([-sign * 6, 2, -14]), (sign * 42, 26, 5), (sign * 38, 30, -50), (sign * 34, 34, -90),
             (sign * 52, 22, -140), (sign * 40, 40, -200)], float
        )  # fmt: skip
        course[1:, :2] += rng.normal(0, 2.5, (5, 2))
        atlas.tube(course, 2.0, "pelvic organ")
        for n in rng.choice(5, size=2, replace=False):
            start, end = course[n], course[n + 1]
            first = rng.uniform(0.05, 0.6)
            last = first + rng.uniform(10, 22) / np.linalg.norm(end - start)
            a, b = start + first * (end - start), start + min(last, 1) * (end - start)
            atlas.capsule(a, b, 2.4, "ureter")
            patient.normal.append(NormalStructure("ureter", (a + b) / 2, 12.0 + float(np.linalg.norm(b - a)) / 2))
