"""Make the lesions, and the normal structures that look like lesions, around a hip replacement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .hip_bones import HipShape
from .lesions import Lesion, NormalStructure, placed
from .low_back_lesions import MARROWS, keep_apart
from .patient import Patient
from .pelvis import BONES, side_sign
from .tissue_table import TISSUES

SOFT = ("fat", "muscle", "scar", "skin")
"""Tissues that a lesion of the soft tissue can fill."""


def gruen_point(shape: HipShape, zone: int) -> tuple[np.ndarray, float]:
    """Middle of a Gruen zone (1 to 7) at the surface of the stem, RAS mm, and the radius of the stem there, mm."""
    side = shape.prosthesis_side
    top, tip = shape.stem_top_mm - 4, shape.stem_tip_mm
    third = (tip - top) / 3
    if zone == 4:
        return shape.shaft_point(side, tip - 8), 0.0
    step = {1: 0, 2: 1, 3: 2, 5: 2, 6: 1, 7: 0}[zone]
    height = top + (step + 0.5) * third
    radius = shape.stem_radius_at(height)
    lateral = side_sign(side) * (1 if zone < 4 else -1)
    return shape.shaft_point(side, height) + np.array([lateral * (radius + 2.5), 0, 0]), radius


def add_hip_look_alikes(patient: Patient, rng: np.random.Generator, shape: HipShape) -> None:
    """Add uptake at the neck, edema in Gruen zones 1 and 7, and mild uptake at both ischia and trochanters."""
    side, k = shape.prosthesis_side, shape.scale
    sign = side_sign(side)
    marrow = TISSUES["marrow"].suv * patient.suv_gains["marrow"]

    def add(kind, center, radii, suv, appearance, strength, within, mr_within=MARROWS):
        where = np.eye(4)
        where[:3, 3] = center
        patient.look_alikes.append(
            Lesion("", kind, where, radii, "", side, marrow, suv, appearance, strength, within=within,
                   mr_within=mr_within)
        )  # fmt: skip
        patient.normal.append(NormalStructure(kind, np.array(center), max(radii) + 3))

    neck = shape.neck_middle(side)
    for offset in ((0, 11, 0), (0, -11, 0), (sign * 7, 0, 10), (-sign * 6, 0, -11)):
        suv = rng.uniform(2.2, 3.0)
        add(
            "expected uptake at the neck",
            neck + offset,
            (8, 8, 8),
            suv,
            None,
            1.0,
            ("scar", "fat", "muscle", "cartilage"),
        )
    for zone in (1, 7):
        point, _ = gruen_point(shape, zone)
        add(f"expected oedema in Gruen zone {zone}", point, (7, 9, 12), None, "mild oedema", 0.6, MARROWS)
    mild = rng.uniform(1.15, 1.35)
    for each, s in (("right", 1), ("left", -1)):
        c = shape.heads[each]
        ischium = c + np.array([-s * 29, -44, -66]) * k
        add("symmetric uptake at the ischium", ischium, (10, 9, 10), marrow * mild, None, 1.0, BONES)
        trochanter = c + np.array([s * 46, -12, -14]) * k
        add("symmetric uptake at the trochanter", trochanter, (9, 12, 14), 0.9 * mild, None, 1.0, BONES)


class HipMaker:
    """Makes one lesion of a kind per call, at a random place and with a random size and uptake."""

    def __init__(self, patient: Patient, rng: np.random.Generator, shape: HipShape, clefts: dict):
        self.patient, self.rng, self.shape, self.clefts = patient, rng, shape, clefts
        self.side, self.sign = shape.prosthesis_side, side_sign(shape.prosthesis_side)
        self.marrow = TISSUES["marrow"].suv * patient.suv_gains["marrow"]
        self.fatty = TISSUES["fatty marrow"].suv * patient.suv_gains["fatty marrow"]
        self.muscle = TISSUES["muscle"].suv

    def _at(self, x: float, y: float, z: float) -> np.ndarray:
        """Frame at a place relative to the head of the replaced hip; x is lateral, in mm of an average pelvis."""
        where = np.eye(4)
        where[:3, 3] = self.shape.heads[self.side] + np.array([self.sign * x, y, z]) * self.shape.scale
        return where

    def on(self, side: str) -> HipMaker:
        """The same for the prosthesis of a side, where both hips were replaced."""
        return HipMaker(self.patient, self.rng, replace(self.shape, prosthesis_side=side), self.clefts)

    def stem(self, zone: int | None = None) -> Lesion:
        """Loosening at the stem, in a Gruen zone."""
        zone = int(self.rng.integers(1, 8)) if zone is None else zone
        where = np.eye(4)
        where[:3, 3], _ = gruen_point(self.shape, zone)
        where[:3, 3] += self.rng.uniform([0, -4, -5], [0, 4, 5])
        reference = (
            self.fatty if zone in (2, 3, 4, 5, 6) else TISSUES["mixed marrow"].suv * self.patient.suv_gains["marrow"]
        )
        return Lesion(
            "", "stem loosening", where, tuple(self.rng.uniform([7, 9, 11], [9, 12, 16])), "femur", self.side,
            reference, float(max(self.rng.uniform(1.7, 2.3), reference * self.rng.uniform(1.8, 2.6))),
            "oedema", self.rng.uniform(0.6, 0.95),
            zone=f"Gruen {zone}", within=BONES, mr_within=MARROWS, reference_tissue="femoral marrow",
        )  # fmt: skip

    def cup(self, zone: str | None = None) -> Lesion:
        """Loosening at the cup, in a DeLee-Charnley zone."""
        zone = zone or str(self.rng.choice(["I", "II", "III"]))
        direction = {"I": (0.5, 0, 0.87), "II": (-0.96, 0, 0.28), "III": (-0.62, 0, -0.78)}[zone]
        distance = self.shape.cup_radius_mm / self.shape.scale + 5
        x, y, z = np.array(direction) * distance
        where = self._at(x, y + self.rng.uniform(-7, 7), z)
        return Lesion(
            "", "acetabular loosening", where, tuple(self.rng.uniform(7, 11, 3)), "acetabulum", self.side, self.marrow,
            float(self.marrow * self.rng.uniform(1.6, 2.4)), "oedema", self.rng.uniform(0.6, 0.95),
            zone=f"DeLee-Charnley {zone}", within=BONES, mr_within=MARROWS,
        )  # fmt: skip

    def trochanteric_bursitis(self) -> Lesion:
        """Bursitis at the greater trochanter of the replaced hip."""
        where = self._at(64, -16 + self.rng.uniform(-4, 4), -20 + self.rng.uniform(-8, 6))
        return Lesion(
            "", "trochanteric bursitis", where, tuple(self.rng.uniform([5, 10, 14], [8, 15, 22])),
            "trochanteric bursa",
            self.side, self.muscle, float(self.muscle * self.rng.uniform(2.3, 3.4)), "joint fluid", 0.9,
            within=SOFT, mr_within=SOFT, reference_tissue="muscle", hollow=True,
        )  # fmt: skip

    def iliopsoas_bursitis(self) -> Lesion:
        """Bursitis in front of the replaced hip."""
        where = self._at(-8, 40, 2 + self.rng.uniform(-6, 6))
        return Lesion(
            "", "iliopsoas bursitis", where, tuple(self.rng.uniform([8, 7, 12], [11, 10, 20])), "iliopsoas bursa",
            self.side, self.muscle, float(self.muscle * self.rng.uniform(2.3, 3.4)), "joint fluid", 0.9,
            within=SOFT, mr_within=SOFT, reference_tissue="muscle", hollow=True,
        )  # fmt: skip

    def synovitis(self) -> Lesion:
        """Synovitis of the capsule of the replaced hip."""
        where = self._at(12 + self.rng.uniform(-4, 4), 32, -14 + self.rng.uniform(-5, 5))
        return Lesion(
            "", "capsular synovitis", where, tuple(self.rng.uniform([10, 6, 12], [14, 9, 17])), "hip joint capsule",
            self.side, self.muscle, float(self.rng.uniform(2.6, 4.0)), "synovitis", 0.9, within=SOFT, mr_within=SOFT,
            reference_tissue="muscle",
        )  # fmt: skip

    def gluteal_tendon(self) -> Lesion:
        """Inflammation at the insertion of the gluteal tendons, without an MR finding."""
        side = str(self.rng.choice(["left", "right"]))
        sign = side_sign(side)
        where = np.eye(4)
        where[:3, 3] = self.shape.heads[side] + np.array([sign * 50, -8, 12]) * self.shape.scale
        return Lesion(
            "", "gluteal tendon insertion", where, tuple(self.rng.uniform([6, 7, 8], [8, 10, 12])),
            "greater trochanter",
            side, self.muscle, float(self.muscle * self.rng.uniform(2.3, 3.2)), None, 1.0, reference_tissue="muscle",
        )  # fmt: skip

    def sacroiliac(self) -> Lesion:
        """Sacroiliitis on the side without a prosthesis."""
        side = self.shape.native_side
        where = placed(
            self.clefts[side], (self.rng.choice([-4.0, 4.0]), self.rng.uniform(-5, 5), self.rng.uniform(-14, 4))
        )
        return Lesion(
            "", "sacroiliitis", where, tuple(self.rng.uniform([6, 8, 10], [9, 11, 14])), "sacroiliac joint", side,
            self.marrow, float(self.marrow * self.rng.uniform(1.6, 2.4)), "oedema", self.rng.uniform(0.6, 0.9),
            within=(*BONES, "cartilage"), mr_within=MARROWS,
        )  # fmt: skip


def add_hip_lesions(patient: Patient, rng: np.random.Generator, shape: HipShape, clefts: dict) -> None:
    """Add two to four lesions that do not touch each other, and set the pain on the side of the prosthesis."""
    maker = HipMaker(patient, rng, shape, clefts)
    first = [maker.stem, maker.cup, maker.trochanteric_bursitis, maker.synovitis, maker.iliopsoas_bursitis]
    others = [*first, maker.gluteal_tendon, maker.sacroiliac]
    count = int(rng.integers(2, 5))
    wanted = [first[int(rng.integers(len(first)))], *(others[n] for n in rng.permutation(len(others))[: count - 1])]
    keep_apart(patient, wanted)
    patient.pain_side = shape.prosthesis_side
    main = next((lesion for lesion in patient.lesions if lesion.side == shape.prosthesis_side), patient.lesions[0])
    patient.pain_sites_ras_mm = [main.center_ras_mm + rng.normal(0, 10, 3)]
