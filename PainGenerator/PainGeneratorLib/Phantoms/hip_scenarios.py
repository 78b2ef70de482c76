"""Paint the scenarios of hips with a prosthesis: loosening by zone, and what is usual."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .hip_bones import HipShape
from .hip_lesions import SOFT, HipMaker, gruen_point
from .hip_replacement import AddLesions
from .lesions import Lesion, NormalStructure, numbered
from .low_back_lesions import MARROWS
from .patient import Patient
from .pelvis import BONES, side_sign
from .scenarios import ATTENTION, Answer, Scenario

GRUEN_ZONES = range(1, 8)
"""Zones of the stem in the coronal plane."""


def at_stem(zone: int) -> Callable[[HipMaker], list[Lesion]]:
    """Loosening with edema in one Gruen zone; its SUVmax stays below 3, as in the cases that were lost."""

    def paint(maker: HipMaker) -> list[Lesion]:
        return [maker.stem(zone)]

    return paint


def at_cup(maker: HipMaker) -> list[Lesion]:
    """Loosening with edema in DeLee-Charnley zone II."""
    return [maker.cup("II")]


def along_stem(maker: HipMaker) -> list[Lesion]:
    """Uptake and edema of the bone around the whole stem."""
    shape, side = maker.shape, maker.side
    top, tip = shape.stem_top_mm, shape.stem_tip_mm
    where = np.eye(4)
    where[:3, 3] = shape.shaft_point(side, 0.5 * (top + tip))
    up = shape.shaft_point(side, top) - shape.shaft_point(side, tip)
    up /= np.linalg.norm(up)
    forward = np.cross(up, [1.0, 0.0, 0.0])
    forward /= np.linalg.norm(forward)
    where[:3, :3] = np.stack([np.cross(forward, up), forward, up], axis=1)
    return [
        Lesion(
            "", "diffuse periprosthetic uptake", where, (19.0, 19.0, 0.55 * (top - tip)), "femur", side, maker.fatty,
            float(maker.rng.uniform(2.4, 3.2)), "oedema", 0.9, within=BONES, mr_within=MARROWS,
            reference_tissue="femoral marrow", answer=Answer(ATTENTION),
        )
    ]  # fmt: skip


def on_both_sides(maker: HipMaker) -> list[Lesion]:
    """Loosening in Gruen zone 7 of the right stem and in zone 6 of the left one."""
    return [maker.on("right").stem(7), maker.on("left").stem(6)]


def early_after_surgery(maker: HipMaker) -> list[Lesion]:
    """Uptake and edema around the stem and along the approach, as for months after every implantation.

    Edema along the approach is seen in all patients after 3 months and in none after 12 (Germann, Skeletal Radiol
    2021;50:1177).
    """
    for zone in GRUEN_ZONES:
        point, _ = gruen_point(maker.shape, zone)
        suv = float(maker.rng.uniform(1.8, 2.4))
        _add_usual(maker, "early uptake after surgery", point, (9, 12, 13), suv, "mild oedema", BONES, MARROWS)
    for point in _approach(maker):
        suv = float(maker.rng.uniform(1.8, 2.8))
        radii = (9, 9, 9)
        _add_usual(maker, "early uptake after surgery", point, radii, suv, "soft oedema", SOFT, SOFT)
    return []


def approach(maker: HipMaker) -> list[Lesion]:
    """Edema along the scar of the surgical approach, without uptake."""
    for point in _approach(maker):
        _add_usual(maker, "edema of the surgical approach", point, (8, 8, 9), None, "soft oedema", SOFT, SOFT)
    return []


def neck_uptake(maker: HipMaker) -> list[Lesion]:
    """Usual uptake all around the neck with a true SUV of 3.0 to 3.4, so that its SUVmax is near 3 when imaged."""
    neck = maker.shape.neck_middle(maker.side)
    for offset in ((0, 12, 0), (0, -12, 0), (maker.sign * 9, 0, 11), (-maker.sign * 8, 0, -12)):
        suv = float(maker.rng.uniform(3.0, 3.4))
        within = ("scar", "fat", "muscle", "cartilage")
        _add_usual(maker, "expected uptake at the neck", neck + offset, (9, 9, 9), suv, None, within, ())
    return []


def gluteal_mass(maker: HipMaker) -> list[Lesion]:
    """A mass of 101 ml in a gluteus maximus with a SUVmax of 6.3."""
    side = str(maker.rng.choice(["left", "right"]))
    where = np.eye(4)
    where[:3, 3] = np.array([side_sign(side) * 92, -60, 8]) * maker.shape.scale
    return [
        Lesion(
            "", "mass", where, (28.0, 22.0, 39.5), "gluteus maximus", side, maker.muscle, 6.3, "soft oedema", 0.9,
            within=("muscle", "fat"), mr_within=("muscle", "fat"), reference_tissue="muscle", answer=Answer(ATTENTION),
        )
    ]  # fmt: skip


def nothing(maker: HipMaker) -> list[Lesion]:
    """No lesion."""
    return []


HIP_SCENARIOS: dict[str, Callable[[HipMaker], list[Lesion]]] = {
    **{f"gruen-{zone}": at_stem(zone) for zone in (7, 2, 6)},
    "delee-2": at_cup,
    "along-stem": along_stem,
    "both-prostheses": on_both_sides,
    "early-after-surgery": early_after_surgery,
    "neck-uptake": neck_uptake,
    "approach": approach,
    "gluteal-mass": gluteal_mass,
    "healthy-hip": nothing,
}
"""Name of a scenario -> what paints it and returns the lesions."""


def posed_hip(scenario: Scenario, seed: int) -> AddLesions:
    """The function that gives a patient the lesions of a scenario. Nothing is said about the pain."""

    def add(patient: Patient, _rng: np.random.Generator, shape: HipShape, clefts: dict) -> None:
        maker = HipMaker(patient, scenario.rng(seed), shape, clefts)
        patient.lesions = numbered(HIP_SCENARIOS[scenario.name](maker))

    return add


def _approach(maker: HipMaker) -> list[np.ndarray]:
    """Points along the surgical approach, from the neck to the skin, RAS mm; its course is that of
    :func:`.hip_bones.paint_prosthesis`."""
    shape, k = maker.shape, maker.shape.scale
    start = shape.neck_middle(maker.side) + np.array([maker.sign * 30, -14, 10])
    end = shape.heads[maker.side] + np.array([maker.sign * 62, -20, -5]) * k
    return [start + part * (end - start) for part in (0.0, 0.35, 0.7, 1.0)]


def _add_usual(
    maker: HipMaker,
    kind: str,
    point: np.ndarray,
    radii: tuple[float, float, float],
    suv: float | None,
    appearance: str | None,
    within: tuple[str, ...],
    mr_within: tuple[str, ...],
) -> None:
    """Add usual uptake or edema, and list it as a normal structure."""
    where = np.eye(4)
    where[:3, 3] = point
    one = Lesion(
        "", kind, where, radii, "", maker.side, maker.marrow, suv, appearance, 0.7, within=within, mr_within=mr_within
    )
    maker.patient.look_alikes.append(one)
    maker.patient.normal.append(NormalStructure(kind, np.array(point), max(radii) + 3.0))
