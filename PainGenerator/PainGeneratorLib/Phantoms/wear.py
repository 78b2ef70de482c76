"""Paint what wear does to a spine: low discs with less water, Schmorl's nodes, osteophytes and thick facet joints."""

from __future__ import annotations

import numpy as np

from .atlas import Atlas
from .lesions import Lesion, NormalStructure, placed
from .low_back_lesions import MARROWS, SOLID_DISCS
from .patient import Patient
from .realism import Realism
from .spine import SpineShape, facet_position
from .tissue_table import TISSUES

WORN_SHARE = {"L5/S1": 0.55, "L4/L5": 0.55, "L3/L4": 0.40, "L2/L3": 0.35, "L1/L2": 0.30, "T12/L1": 0.25}
"""Level -> probability of a worn disc. Our estimate for patients with low back pain between 30 and 80 years."""


def worn_levels(rng: np.random.Generator) -> dict[str, float]:
    """Choose worn discs: level -> fraction of the height that is left."""
    return {disc: float(rng.uniform(0.45, 0.9)) for disc, share in WORN_SHARE.items() if rng.random() < share}


def worn_tissue(rng: np.random.Generator) -> str:
    """Choose how a worn disc looks: most have some water left, the rest is dry and black on T2."""
    return "worn disc" if rng.random() < 0.75 else "dry disc"


def add_schmorl_nodes(patient: Patient, rng: np.random.Generator, shape: SpineShape) -> None:
    """Add up to three Schmorl's nodes at endplates. They are normal variants and carry no uptake of their own."""
    marrow = TISSUES["marrow"].suv * patient.suv_gains["marrow"]
    for _ in range(int(rng.integers(0, 4))):
        level = str(rng.choice(shape.levels[-6:-1]))
        sign = int(rng.choice([-1, 1]))
        x, y = rng.uniform(-9, 9), rng.uniform(-7, 5)
        where = placed(shape.bodies[level], (x, y, sign * (shape.half_height_mm - 2.0)))
        radii = (float(rng.uniform(3, 7)), float(rng.uniform(3, 6)), float(rng.uniform(2.5, 5)))
        plate = "upper endplate" if sign > 0 else "lower endplate"
        patient.look_alikes.append(
            Lesion("", "Schmorl's node", where, radii, plate, "midline", marrow, None, "worn disc", 1.0, level,
                   within=MARROWS, mr_within=MARROWS)
        )  # fmt: skip
        patient.normal.append(NormalStructure("Schmorl's node", where[:3, 3], max(radii)))


def paint_osteophytes(atlas: Atlas, shape: SpineShape, rng: np.random.Generator, worn: dict[str, float]) -> None:
    """Paint beaks of bone at the edges of endplates, most of them beside worn discs, and thick facet joints."""
    k = shape.scale
    over = ("fat", "muscle", *SOLID_DISCS)
    for disc in shape.discs:
        upper, lower = disc.split("/")
        likely = 0.6 if disc in worn else 0.12
        for level, sign in ((upper, -1), (lower, 1)):
            for x, y in ((0, 17), (-18, 10), (18, 10), (-22, 0), (22, 0)):
                if level == "S1" or rng.random() > likely:
                    continue
                edge = np.array([x * k, y * k, sign * (shape.half_height_mm - 1.0)])
                size = np.array([rng.uniform(4, 7), rng.uniform(3, 6), rng.uniform(2.2, 3.5)])
                _bone(atlas, edge, size, shape.bodies[level], f"vertebrae_{level}", over)
        for side in ("left", "right"):
            if rng.random() < likely:
                size = rng.uniform([6, 6, 8], [8.5, 8.5, 11]) * k
                _bone(
                    atlas, facet_position(shape, disc, side), size, np.eye(4), f"vertebrae_{upper}", ("fat", "muscle")
                )


def _bone(
    atlas: Atlas, center: np.ndarray, radii: np.ndarray, local: np.ndarray, name: str, over: tuple[str, ...]
) -> None:
    """Paint an ellipsoid of bone: a cortex of 1.2 mm around marrow."""
    options = {"local_to_ras": local, "anatomy": name}
    atlas.ellipsoid(center, radii, "cortex", over=over, **options)
    atlas.ellipsoid(center, radii - 1.2, "marrow", over=(*over, "cortex"), **options)


def choose_wear(degenerated: dict[str, float], realism: Realism) -> tuple[dict[str, float], dict[str, str]]:
    """Return the height that is left of worn discs, and their tissue, by level.

    Parameters
    ----------
    degenerated : dict
        The dry discs of a plain phantom: level -> fraction of the height that is left.
    realism : Realism
    """
    if "worn-discs" not in realism:
        return degenerated, dict.fromkeys(degenerated, "dry disc")
    rng = realism.rng("worn-discs")
    heights = degenerated | worn_levels(rng)
    return heights, {disc: worn_tissue(rng) for disc in heights}
