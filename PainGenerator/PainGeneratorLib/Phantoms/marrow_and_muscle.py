"""Differences within marrow and muscle: texture, islands of fat, differences between bones, fatty infiltration.

All of them are changes of the fraction of fat. MR signal and uptake follow from this fraction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import fields
from .atlas import Atlas
from .low_back_lesions import MARROWS
from .patient import Patient
from .realism import Realism
from .tissue_table import TISSUES

MARROW_UPTAKE_SLOPE = 1.6
"""Relative loss of uptake of marrow for a rise of its fat fraction by 1. From the tissue table: the uptake falls from
1.12 to 0.46 g/ml while the fat fraction rises from 0.45 to 0.82."""
MUSCLE_UPTAKE_SLOPE = 0.62
"""The same for muscle, whose uptake approaches that of fat (0.58 to 0.22 g/ml)."""
SPINE_TEXTURE = 0.05
"""Standard deviation of the fat fraction within a vertebral body. Our estimate: with the islands of fat it gives the
variation of real T1 and T2 (8 to 14 % of the mean, over 2.5 to 5 mm)."""
HIP_TEXTURE = 0.13
"""The same for pelvis and femora, where real T1 varies by about 20 % of the mean within 12 mm. Our estimate."""


@dataclass(frozen=True, eq=False)
class Composition:
    """Change of the fat fraction at some voxels of the atlas.

    Parameters
    ----------
    flat : ndarray of int, shape (n,)
        Flat indices of the voxels.
    fat_change : ndarray of float32, shape (n,)
        Added to the fat fraction of the tissue, -1 to 1.
    uptake_factor : ndarray of float32, shape (n,)
        Factor on the uptake of the tissue.
    """

    flat: np.ndarray
    fat_change: np.ndarray
    uptake_factor: np.ndarray


def compose(patient: Patient, realism: Realism) -> Composition | None:
    """Choose the fat fraction of marrow and muscle; None when no effect changes it."""
    parts = []
    if "marrow-texture" in realism or "level-differences" in realism:
        parts.append(_marrow(patient, realism))
    if "muscle-fat" in realism:
        parts.append(_muscle(patient, realism))
    if not parts:
        return None
    flat, change, factor = (np.concatenate(values) for values in zip(*parts, strict=True))
    return Composition(flat, change, factor)


def _voxels(atlas: Atlas, tissues: tuple[str, ...]) -> np.ndarray:
    """Flat indices of the voxels of some tissues."""
    wanted = np.zeros(256, bool)
    wanted[[TISSUES[name].code for name in tissues]] = True
    return np.flatnonzero(wanted[atlas.tissue])


def _marrow(patient: Patient, realism: Realism) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flat indices, fat change and uptake factor of the marrow."""
    atlas = patient.atlas
    flat = _voxels(atlas, MARROWS)
    change = np.zeros(flat.size, np.float32)
    if "level-differences" in realism:
        rng = realism.rng("level-differences")
        by_bone = rng.normal(0, 0.05, 256)
        change += by_bone[atlas.anatomy.reshape(-1)[flat]].astype(np.float32)
        # Fat replaces blood-forming marrow with age (Baum, Front Endocrinol 2018;9:141). The 0.4 % a year are our
        # estimate from the means of its age groups.
        change += float(0.004 * (patient.age - 50) + rng.normal(0, 0.04))
    if "marrow-texture" in realism:
        rng = realism.rng("marrow-texture")
        size = HIP_TEXTURE if patient.prosthesis_side else SPINE_TEXTURE
        for length in (2.0, 4.5):
            change += size * 0.7 * fields.field_at(fields.smooth_field(rng, atlas.geometry, length), atlas, flat)
        change += _islands(rng, atlas, flat)
    change = np.clip(change, -0.3, 0.45)
    return flat, change, np.clip(1 - MARROW_UPTAKE_SLOPE * change, 0.5, 1.5)


def _islands(rng: np.random.Generator, atlas: Atlas, flat: np.ndarray) -> np.ndarray:
    """Fat fraction that is added by round islands of fat, some of them as wide as a small hemangioma."""
    island = np.zeros(atlas.tissue.shape, np.float32)
    count = int(flat.size * atlas.geometry.voxel_volume_ml / 6)
    for center in rng.choice(flat, size=count):
        radius = float(rng.uniform(3.5, 6.0) if rng.random() < 0.12 else rng.uniform(1.5, 3.0))
        height = float(rng.uniform(0.12, 0.35))
        k, j, i = np.unravel_index(center, atlas.tissue.shape)
        point = atlas.geometry.to_ras(np.array([i, j, k], float))
        slices, (r, a, s) = atlas.box(point - radius, point + radius)
        inside = (r - point[0]) ** 2 + (a - point[1]) ** 2 + (s - point[2]) ** 2 < radius**2
        np.maximum(island[slices], height * inside, out=island[slices])
    return island.reshape(-1)[flat]


def _muscle(patient: Patient, realism: Realism) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flat indices, fat change and uptake factor of the muscle.

    In the low back the muscles beside the spinous processes have the most fat, and more of it toward the sacrum.
    """
    atlas, rng = patient.atlas, realism.rng("muscle-fat")
    flat = _voxels(atlas, ("muscle",))
    right, anterior, superior = fields.points_of(atlas, flat)
    severity = float(rng.uniform(0.04, 0.30))
    weight = np.full(flat.size, 0.35, np.float32)
    if not patient.prosthesis_side:
        near = np.exp(-((np.abs(right) / 26) ** 2)) * (anterior < -20)
        weight += (1.6 * near * np.clip((60 - superior) / 110, 0.2, 1.3)).astype(np.float32)
    streaks = fields.field_at(fields.smooth_field(rng, atlas.geometry, 2.0), atlas, flat, stretch=6.0)
    change = np.clip(severity * weight * (1 + 1.3 * streaks), 0, 0.85).astype(np.float32)
    return flat, change, 1 - MUSCLE_UPTAKE_SLOPE * change


def change_signal(
    composition: Composition | None, tissue: np.ndarray, water: np.ndarray, fat: np.ndarray, tables
) -> None:
    """Change the signals of water and fat in place where the fraction of fat differs from that of the tissue.

    Parameters
    ----------
    composition : Composition or None
    tissue : ndarray of uint8
        Code of the tissue of every voxel.
    water, fat : ndarray of float32, shape of `tissue`
        Signals of water and fat. They are changed.
    tables : (ndarray, ndarray), shape (256,) each
        Signals that each tissue would have with water alone and with fat alone.
    """
    if composition is None:
        return
    codes = tissue.reshape(-1)[composition.flat]
    water.reshape(-1)[composition.flat] -= composition.fat_change * tables[0][codes]
    fat.reshape(-1)[composition.flat] += composition.fat_change * tables[1][codes]
