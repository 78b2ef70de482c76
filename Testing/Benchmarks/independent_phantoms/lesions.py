"""Lesions of the two groups, and how they look on PET and MR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from .body import SIDES, Body
from .shapes import Shape, lump, sweep, unit, vec


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
    lateral = unit(np.array([x, 0, 0]) - x * down[0] * down)
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
        place = hip + unit(direction) * 31 * body.size
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
