"""Make the digital patient with pain after a total hip replacement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..Numerics.core.words import ProsthesisSide
from .atlas import Atlas, frame
from .hip_bones import HipShape, paint_native_femur, paint_pelvis, paint_prosthesis
from .hip_lesions import add_hip_lesions, add_hip_look_alikes
from .lesions import NormalStructure
from .patient import Patient
from .pelvis import paint_sacroiliac_joint, paint_sacrum
from .realism import PLAIN, Realism
from .true_sites import hip_sites, pelvis_sites

AddLesions = Callable[[Patient, np.random.Generator, HipShape, dict], None]
"""Function that adds lesions to a patient, as :func:`.hip_lesions.add_hip_lesions` does."""
LOWER_RAS = np.array([-192.0, -128.0, -190.0])
"""Lower corner of the atlas, RAS mm."""
UPPER_RAS = np.array([192.0, 122.0, 110.0])
"""Upper corner of the atlas, RAS mm."""
SIDES = (("right", 1), ("left", -1))
"""Sides with the sign of their R coordinate."""


def make_hip_replacement(
    rng: np.random.Generator,
    spacing_mm: float,
    realism: Realism = PLAIN,
    add: AddLesions = add_hip_lesions,
    has_both: bool = False,
) -> Patient:
    """Make the patient. All choices follow from the random generator.

    Parameters
    ----------
    rng : numpy.random.Generator
    spacing_mm : float
        Voxel size of the atlas, mm.
    realism : Realism
        Which effects of a clinical examination the body shows. None of them changes the shape of a hip.
    add : callable
        Adds the lesions to the patient.
    has_both : bool
        Whether both hips were replaced. Both prostheses have the same sizes.

    Returns
    -------
    Patient
    """
    atlas = Atlas.of_box(LOWER_RAS, UPPER_RAS, spacing_mm)
    patient = Patient(atlas, age=int(rng.integers(50, 86)), sex="F" if rng.random() < 0.6 else "M")
    scale = float(rng.uniform(0.93, 1.07))
    habitus = float(rng.uniform(0, 1))
    patient.height_m = round(1.58 * scale + (0.12 if patient.sex == "M" else 0.04), 2)
    patient.weight_kg = round(float((22 + 10 * habitus) * patient.height_m**2), 1)
    patient.suv_gains["marrow"] = float(1.15 - 0.005 * (patient.age - 50) + rng.normal(0, 0.07))
    patient.suv_gains["fatty marrow"] = float(rng.uniform(0.9, 1.1))
    shape = HipShape.make(rng, scale)
    shapes = [replace(shape, prosthesis_side=side) for side, _ in SIDES] if has_both else [shape]
    patient.prosthesis_side = str(ProsthesisSide.BOTH) if has_both else shape.prosthesis_side

    _paint_soft_tissue(atlas, rng, scale, habitus)
    _paint_organs(atlas, patient, rng)
    joints = {s: np.array([x * 52, -62.0, 76.0]) * [scale, scale, 1] for s, x in SIDES}
    s1 = frame(np.array([0, -41 * scale, 81.0]), 36 + rng.uniform(-6, 6))
    segments = paint_sacrum(atlas, s1, scale)
    for side, _ in SIDES:
        paint_pelvis(atlas, shape, side, joints[side])
    clefts = {side: paint_sacroiliac_joint(atlas, joint, side, scale) for side, joint in joints.items()}
    if not has_both:
        paint_native_femur(atlas, shape, shape.native_side)
    for one in shapes:
        paint_native_femur(atlas, one, one.prosthesis_side, with_head=False)
        paint_prosthesis(atlas, one)
    _landmarks(patient, shape, segments, joints)
    patient.sites = pelvis_sites(segments, joints, clefts, scale) + hip_sites(*shapes)
    for one in shapes:
        add_hip_look_alikes(patient, rng, one)
    add(patient, rng, shape, clefts)
    return patient


def _landmarks(patient: Patient, shape: HipShape, segments: list[np.ndarray], joints: dict) -> None:
    """Add the landmarks of bones to the patient."""
    for side, sign in SIDES:
        c = shape.head(side)
        patient.landmarks |= {
            f"{side} hip center": c,
            f"{side} greater trochanter": c + np.array([sign * 46, -12, -14]) * shape.scale,
            f"{side} lesser trochanter": c + np.array([sign * 20, -18, -60]) * shape.scale,
            f"{side} femoral shaft": shape.shaft_point(side, -130.0),
            f"{side} ischial tuberosity": c + np.array([-sign * 28, -42, -68]) * shape.scale,
            f"{side} sacroiliac joint": joints[side],
            f"{side} pubic tubercle": c + np.array([-sign * 70, 48, -34]) * shape.scale,
        }
    patient.landmarks["S1 body"] = segments[0][:3, 3]
    patient.landmarks["S3 body"] = segments[2][:3, 3]


def _paint_soft_tissue(atlas: Atlas, rng: np.random.Generator, scale: float, habitus: float) -> None:
    """Paint skin, fat and muscles of pelvis and thighs; `habitus` is 0 for a slim patient, 1 for an obese one."""
    lower, upper = atlas.geometry.corners_ras.min(axis=0), atlas.geometry.corners_ras.max(axis=0)
    eye = np.eye(4)
    wide, deep = 158 + 24 * habitus, 92 + 14 * habitus

    def outline(x, y, z, shrink):
        trunk = (np.abs(x) / (wide - shrink)) ** 2.5 + (np.abs(y + 3) / (deep - shrink)) ** 2.4 < 1
        split = np.clip((-z - 62) / 70, 0, 1)
        u = np.abs(x) - (wide - 78 + 2 * split)
        thigh = (np.abs(u) / (78 + 4 * habitus - shrink)) ** 2.2 + (np.abs(y + 2) / (82 + 8 * habitus - shrink)) ** 2.2
        return np.where(z > -62, trunk, (thigh < 1) | (trunk & (np.abs(x) < 60 * (1 - split)) & (z > -75)))

    layer = 12 + 16 * habitus
    atlas.paint(eye, lower, upper, lambda x, y, z: outline(x, y, z, 0), "skin")
    atlas.paint(eye, lower, upper, lambda x, y, z: outline(x, y, z, 2), "fat")

    def wall(x, y, z):
        return outline(x, y, z, layer) & ~outline(x, y, z, layer + 11) & (z > -20) & (y > -10)

    atlas.paint(eye, lower, upper, wall, "muscle")
    for side, sign in SIDES:
        bellies = [
            ((92, -63, -5), (58, 31, 98), f"gluteus_maximus_{side}"),
            ((114, -6, 62), (28, 50, 64), f"gluteus_medius_{side}"),
            ((112, 10, 26), (20, 30, 36), f"gluteus_minimus_{side}"),
            ((134, 34, 0), (16, 22, 62), None),
            ((112, 36, -140), (47, 34, 122), f"quadriceps_femoris_{side}"),
            ((138, 4, -140), (24, 38, 105), f"quadriceps_femoris_{side}"),
            ((66, 2, -120), (38, 46, 92), f"thigh_medial_compartment_{side}"),
            ((94, -46, -150), (44, 30, 96), f"thigh_posterior_compartment_{side}"),
            ((84, -36, -22), (36, 13, 18), None),
            ((58, 14, -34), (34, 20, 24), None),
            ((70, -34, 18), (18, 14, 36), None),
        ]
        for center, radii, name in bellies:
            c = np.array(center, float) * [sign * scale, scale, 1] + rng.normal(0, 1.5, 3)
            size = np.array(radii) * [scale, scale, 1]
            atlas.ellipsoid(c, size + 1.5, "fat", over=("muscle",))
            atlas.ellipsoid(c, size, "muscle", anatomy=name, over=("fat", "muscle"))
        course = np.array([(62, 22, 110), (76, 40, 50), (84, 36, 5), (104, 2, -52)], float) * [sign * scale, scale, 1]
        widths = (22, 19, 15, 7)
        for a, b, r1, r2 in zip(course[:-1], course[1:], widths[:-1], widths[1:], strict=True):
            atlas.capsule(a, b, r1, "muscle", end_radius=r2, anatomy=f"iliopsoas_{side}")

    def seams(x, y, z):
        return (np.sin(0.11 * y + 0.05 * np.abs(x) + 0.045 * z) > 0.995) & (y < 20)

    atlas.paint(eye, lower, upper, seams, "fat", over=("muscle",))
    atlas.paint(eye, lower, upper, lambda x, y, z: ~outline(x, y, z, 0), "air")
    rim = lambda x, y, z: outline(x, y, z, 2) & ~outline(x, y, z, 7)  # noqa: E731
    atlas.paint(eye, lower, upper, rim, "fat", over=("muscle",))


def _paint_organs(atlas: Atlas, patient: Patient, rng: np.random.Generator) -> None:
    """Paint bowel, bladder, a pelvic organ, vessels and ureters, and list them as normal structures."""
    normal = patient.normal
    soft = ("fat", "bowel wall", "bowel content", "hot bowel")
    for n in range(34):
        center = np.array([rng.uniform(-72, 72), rng.uniform(-5, 58), rng.uniform(42, 108)])
        turn = center + rng.uniform(-24, 24, 3)
        radius = rng.uniform(9, 14)
        wall = "hot bowel" if n > 30 else "bowel wall"
        atlas.capsule(center, turn, radius, wall, anatomy="small_bowel", over=soft)
        atlas.capsule(center, turn, radius - 3, "bowel content", anatomy="small_bowel", over=(wall,))
        if n > 30:
            normal.append(NormalStructure("bowel", (center + turn) / 2, radius + 14))
    rectum = np.array([(0, -36, 70), (6, -46, 30), (0, -38, -5), (0, -24, -38)], float)
    atlas.tube(rectum, 13, "bowel wall", anatomy="colon", over=("fat", "muscle"))
    atlas.tube(rectum, 9, "bowel content", anatomy="colon", over=("bowel wall",))
    normal.append(NormalStructure("bowel", rectum[1], 28.0))
    atlas.ellipsoid((0, -8, 4), (24, 16, 22), "pelvic organ")
    size = rng.uniform(0.75, 1.15)
    bladder = np.array([rng.uniform(-5, 5), 26, 14.0])
    atlas.ellipsoid(bladder, np.array([42, 27, 30]) * size + 3, "bladder wall", anatomy="urinary_bladder")
    atlas.ellipsoid(bladder, np.array([42, 27, 30]) * size, "urine", anatomy="urinary_bladder")
    normal.append(NormalStructure("bladder", bladder, 50.0 * size))
    patient.suv_gains["urine"] = float(rng.uniform(0.6, 1.5))
    for side, sign in SIDES:
        artery = np.array([(58, 26, 110), (64, 48, 60), (70, 60, 10), (74, 52, -60), (80, 28, -190)], float)
        artery *= [sign, 1, 1]
        atlas.tube(artery, 4.6, "blood", anatomy=f"iliac_artery_{side}")
        atlas.tube(artery - [sign * 10, 3, 0], 5.4, "blood", anatomy=f"iliac_vena_{side}")
        normal += [NormalStructure("vessel", point, 14.0) for point in artery[1:4]]
        ureter = np.array([(36, -6, 108), (48, -22, 60), (40, -6, 18), (18, 10, 6)], float) * [sign, 1, 1]
        ureter[:3, :2] += rng.normal(0, 2, (3, 2))
        atlas.tube(ureter, 2.0, "pelvic organ", over=("fat", "muscle"))
        n = int(rng.integers(0, 3))
        t = rng.uniform(0.1, 0.6)
        a = ureter[n] + t * (ureter[n + 1] - ureter[n])
        b = a + 0.3 * (ureter[n + 1] - ureter[n])
        atlas.capsule(a, b, 2.4, "ureter")
        normal.append(NormalStructure("ureter", (a + b) / 2, 12.0 + float(np.linalg.norm(b - a)) / 2))
        patient.landmarks[f"{side} femoral artery"] = artery[2]
