"""Make the lesions of the low back, and the normal variants that look like lesions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..Numerics.core.image import transform_points
from .lesions import Lesion, NormalStructure, placed
from .patient import Patient
from .pelvis import BONES
from .spine import SpineShape
from .tissue_table import TISSUES

MARROWS = ("marrow", "mixed marrow", "fatty marrow")
"""Tissues of bone marrow."""
SOLID_DISCS = ("annulus", "dry disc", "worn disc")
"""Tissues of a disc without its nucleus."""


class LowBackMaker:
    """Makes one lesion of a kind per call, at a random place and with a random size and uptake."""

    def __init__(self, patient: Patient, rng: np.random.Generator, shape: SpineShape, facets: dict, clefts: dict):
        self.patient, self.rng, self.shape, self.facets, self.clefts = patient, rng, shape, facets, clefts
        self.marrow = TISSUES["marrow"].suv * patient.suv_gains["marrow"]

    def side(self) -> str:
        """A random side."""
        return str(self.rng.choice(["left", "right"]))

    def uptake(self, low: float = 1.5, high: float = 2.5) -> float:
        """A random uptake between two multiples of that of marrow, at least 1.2 g/ml."""
        return float(max(self.marrow * self.rng.uniform(low, high), 1.2))

    def facet(self, kind: str = "facet synovitis", disc: str | None = None, side: str | None = None) -> Lesion:
        """Inflammation of a facet joint."""
        disc, side = disc or str(self.rng.choice(self.shape.low_discs)), side or self.side()
        radii = tuple(self.rng.uniform([4, 7, 7], [6, 9, 10]))
        appearance = None if kind == "facet uptake" else "synovitis"
        return Lesion(
            "", kind, self.facets[disc, side], radii, "facet joint", side, self.marrow, self.uptake(1.7, 2.8),
            appearance, self.rng.uniform(0.6, 0.95), disc,
        )  # fmt: skip

    def facet_pet_only(self) -> Lesion:
        """Uptake of a facet joint without an MR finding."""
        return self.facet("facet uptake")

    def endplate(self, kind: str = "Modic I", disc: str | None = None, above: bool | None = None) -> Lesion:
        """Modic change at an endplate of a disc: at that above the disc, or at that below it."""
        disc = disc or str(self.rng.choice(self.shape.low_discs))
        upper, lower = disc.split("/")
        above = bool(self.rng.random() < 0.5) if above is None else above
        level, sign = (upper, -1) if above else (lower, 1)
        k = self.shape.scale
        height = sign * (self.shape.half_height_mm - 3.5)
        radii = tuple(self.rng.uniform([11, 9, 6], [18, 13, 9]) * k)
        off = self.rng.uniform(-9, 9) * k
        where = placed(self.shape.bodies[level], (off, self.rng.uniform(-2, 6) * k, height))
        side = "midline" if abs(off) < 4 else ("right" if off > 0 else "left")
        fat = kind == "Modic II"
        return Lesion(
            "", kind, where, radii, "lower endplate" if above else "upper endplate", side, self.marrow,
            None if fat else self.uptake(1.5, 2.2), "fatty endplate" if fat else "oedema",
            self.rng.uniform(0.6, 0.9), disc, within=(*BONES, *SOLID_DISCS) if not fat else MARROWS, mr_within=MARROWS,
        )  # fmt: skip

    def modic_two(self) -> Lesion:
        """Fatty Modic change without uptake."""
        return self.endplate("Modic II")

    def sacroiliac(self, side: str | None = None) -> Lesion:
        """Sacroiliitis."""
        side = side or self.side()
        where = placed(
            self.clefts[side], (self.rng.choice([-4.0, 4.0]), self.rng.uniform(-6, 6), self.rng.uniform(-14, 14))
        )
        radii = tuple(self.rng.uniform([6, 8, 10], [9, 11, 15]))
        return Lesion(
            "", "sacroiliitis", where, radii, "sacroiliac joint", side, self.marrow, self.uptake(1.6, 2.4),
            "oedema", self.rng.uniform(0.6, 0.9), None, within=(*BONES, "cartilage"), mr_within=MARROWS,
        )  # fmt: skip

    def pedicle(self) -> Lesion:
        """Stress reaction of a pedicle."""
        level, side = str(self.rng.choice(self.shape.levels[-3:])), self.side()
        sign, k = (1 if side == "right" else -1), self.shape.scale
        where = placed(self.shape.bodies[level], (sign * 15.5 * k, -24 * k, 3))
        radii = tuple(self.rng.uniform([5, 8, 6], [6, 11, 8]))
        return Lesion(
            "", "pedicle stress reaction", where, radii, "pedicle", side, self.marrow, self.uptake(1.6, 2.4),
            "oedema", self.rng.uniform(0.6, 0.9), level, within=BONES, mr_within=MARROWS,
        )  # fmt: skip

    def baastrup(self) -> Lesion:
        """Inflammation between two spinous processes (Baastrup disease)."""
        level = str(self.rng.choice(self.shape.levels[-3:-1]))
        k = self.shape.scale
        where = placed(self.shape.bodies[level], (0, -58 * k, -18))
        radii = tuple(self.rng.uniform([4, 7, 5], [6, 10, 8]))
        return Lesion(
            "", "Baastrup disease", where, radii, "spinous process", "midline", self.marrow, self.uptake(1.6, 2.3),
            "synovitis", self.rng.uniform(0.5, 0.8), level,
        )  # fmt: skip

    def foramen(self, disc: str | None = None, side: str | None = None) -> Lesion:
        """Uptake of a nerve root in its foramen, without an MR finding."""
        disc, side = disc or str(self.rng.choice(self.shape.low_discs[1:])), side or self.side()
        sign, k = (1 if side == "right" else -1), self.shape.scale
        where = placed(self.shape.discs[disc], (sign * 19 * k, -21 * k, 5))
        muscle = TISSUES["muscle"].suv
        radii = tuple(self.rng.uniform([5, 4, 5], [7, 6, 7]))
        return Lesion(
            "", "nerve root uptake", where, radii, "foramen", side, muscle,
            float(muscle * self.rng.uniform(2.6, 3.4)), None, 1.0, disc, reference_tissue="muscle",
        )  # fmt: skip

    def edema_only(self) -> Lesion:
        """Edema of bone marrow without uptake."""
        level = str(self.rng.choice(self.shape.levels[-5:]))
        k = self.shape.scale
        off = self.rng.uniform(-14, 14) * k
        where = placed(self.shape.bodies[level], (off, self.rng.uniform(0, 8) * k, self.rng.uniform(-6, 6)))
        side = "midline" if abs(off) < 4 else ("right" if off > 0 else "left")
        return Lesion(
            "", "bone marrow oedema", where, tuple(self.rng.uniform(7, 10, 3)), "vertebral body", side, self.marrow,
            None, "oedema", self.rng.uniform(0.5, 0.8), level, within=MARROWS, mr_within=MARROWS,
        )  # fmt: skip


def add_lesions(patient: Patient, rng: np.random.Generator, shape: SpineShape, facets: dict, clefts: dict) -> None:
    """Add two to five lesions that do not touch each other, and set the pain near the one with the highest uptake."""
    maker = LowBackMaker(patient, rng, shape, facets, clefts)
    first: list[Callable[[], Lesion]] = [maker.facet, maker.endplate, maker.sacroiliac, maker.pedicle, maker.baastrup]
    others = [*first, maker.facet_pet_only, maker.foramen, maker.modic_two, maker.edema_only]
    count = int(rng.integers(2, 6))
    wanted = [first[int(rng.integers(len(first)))], *(others[n] for n in rng.permutation(len(others))[: count - 1])]
    keep_apart(patient, wanted)
    main = max(patient.lesions, key=lambda lesion: lesion.suv or 0)
    patient.pain_side = main.side
    patient.pain_sites_ras_mm = [main.center_ras_mm + rng.normal(0, 8, 3)]


def keep_apart(patient: Patient, wanted: list[Callable[[], Lesion]]) -> None:
    """Add lesions to the patient and number them. A lesion that finds no place away from the others is left out."""
    for make in wanted:
        for _ in range(20):
            lesion = make()
            apart = [
                np.linalg.norm(lesion.center_ras_mm - o.center_ras_mm) - max(o.radii) - max(lesion.radii)
                for o in patient.lesions
            ]
            if not apart or min(apart) > 8:
                lesion.id = f"L{len(patient.lesions) + 1}"
                patient.lesions.append(lesion)
                break


def add_look_alikes(patient: Patient, rng: np.random.Generator, shape: SpineShape) -> None:
    """Add normal variants: hemangioma, Schmorl's node and uptake of muscles on both sides."""
    k = shape.scale
    marrow = TISSUES["marrow"].suv * patient.suv_gains["marrow"]
    if rng.random() < 0.7:
        level = str(rng.choice(shape.levels[-5:-1]))
        where = placed(shape.bodies[level], tuple(rng.uniform([-10, -4, -4], [10, 6, 4]) * k))
        radii = tuple(rng.uniform(5, 9, 3))
        patient.look_alikes.append(
            Lesion("", "haemangioma", where, radii, "vertebral body", "midline", marrow, None, "haemangioma", 1.0,
                   level,
                   within=MARROWS, mr_within=MARROWS)
        )  # fmt: skip
        patient.normal.append(NormalStructure("haemangioma", where[:3, 3], max(radii)))
    if rng.random() < 0.5:
        level = str(rng.choice(shape.levels[-5:-2]))
        where = placed(shape.bodies[level], (rng.uniform(-8, 8), -2.0, shape.half_height_mm - 2.5))
        patient.look_alikes.append(
            Lesion("", "Schmorl's node", where, (5, 5, 4), "upper endplate", "midline", marrow, None, "dry disc", 1.0,
                   level, within=MARROWS, mr_within=MARROWS)
        )  # fmt: skip
        patient.normal.append(NormalStructure("Schmorl's node", where[:3, 3], 5.0))
    if rng.random() < 0.5:
        muscle = TISSUES["muscle"].suv
        for sign in (1, -1):
            where = np.eye(4)
            where[:3, 3] = transform_points(shape.bodies[shape.levels[-3]], np.array([sign * 32 * k, -55 * k, 0]))
            patient.look_alikes.append(
                Lesion("", "muscle use", where, (12, 10, 45), "erector spinae",
                       "left" if sign < 0 else "right", muscle,
                       muscle * 1.45, None, 1.0, within=("muscle",), reference_tissue="muscle")
            )  # fmt: skip
            patient.normal.append(NormalStructure("symmetric muscle use", where[:3, 3], 45.0))
