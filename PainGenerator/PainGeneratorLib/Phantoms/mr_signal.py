"""Compute the MR signal of tissues by the usual equations of spin echo, inversion recovery and Dixon gradient echo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .tissue_table import FAT_T1_MS, FAT_T2_MS, TISSUES, Tissue


@dataclass(frozen=True)
class Sequence:
    """Parameters of an MR sequence; times are in ms, the flip angle is in degrees.

    `kind` is ``spin-echo``, ``inversion-recovery``, ``in-phase``, ``opposed-phase``, ``water`` or ``fat``.
    """

    kind: str
    tr_ms: float
    te_ms: float
    ti_ms: float = 0.0
    flip_deg: float = 90.0


def tissue_signal(tissue: Tissue, sequence: Sequence) -> float:
    """Compute the signal of a tissue in units of the equilibrium signal of water."""
    water = _part(sequence, tissue.t1_ms, tissue.t2_ms) * tissue.proton_density * (1 - tissue.fat_fraction)
    fat = _part(sequence, FAT_T1_MS, FAT_T2_MS) * tissue.proton_density * tissue.fat_fraction
    return combined(sequence, water, fat)


def combined(sequence: Sequence, water, fat):
    """Combine the signals of water and fat, numbers or arrays, to the magnitude that the sequence shows."""
    if sequence.kind == "opposed-phase":
        return abs(water - fat)
    if sequence.kind == "water":
        return abs(water)
    if sequence.kind == "fat":
        return abs(fat)
    return abs(water + fat)


def fat_null_ti_ms(tr_ms: float) -> float:
    """Compute the inversion time at which the signal of fat is zero, for a repetition time; ms."""
    return float(FAT_T1_MS * (np.log(2) - np.log1p(np.exp(-tr_ms / FAT_T1_MS))))


def signal_table(sequence: Sequence) -> np.ndarray:
    """Compute the signal of every tissue code, float32, shape (256,)."""
    table = np.zeros(256, np.float32)
    for tissue in TISSUES.values():
        table[tissue.code] = tissue_signal(tissue, sequence)
    return table


def part_tables(sequence: Sequence) -> tuple[np.ndarray, np.ndarray]:
    """Compute the signals of every tissue code as if it were water alone and as if it were fat alone.

    Returns
    -------
    (ndarray, ndarray)
        Both float32, shape (256,). They may be negative after an inversion.
    """
    water, fat = np.zeros(256, np.float32), np.zeros(256, np.float32)
    for tissue in TISSUES.values():
        water[tissue.code] = _part(sequence, tissue.t1_ms, tissue.t2_ms) * tissue.proton_density
        fat[tissue.code] = _part(sequence, FAT_T1_MS, FAT_T2_MS) * tissue.proton_density
    return water, fat


def fat_fractions() -> np.ndarray:
    """The fat fraction of every tissue code, float32, shape (256,)."""
    table = np.zeros(256, np.float32)
    for tissue in TISSUES.values():
        table[tissue.code] = tissue.fat_fraction
    return table


def _part(sequence: Sequence, t1_ms: float, t2_ms: float) -> float:
    """Signal of water or fat with these relaxation times, for a proton density of 1."""
    tr, te = sequence.tr_ms, sequence.te_ms
    if sequence.kind == "spin-echo":
        return float((1 - np.exp(-tr / t1_ms)) * np.exp(-te / t2_ms))
    if sequence.kind == "inversion-recovery":
        recovered = 1 - 2 * np.exp(-sequence.ti_ms / t1_ms) + np.exp(-tr / t1_ms)
        return float(recovered * np.exp(-te / t2_ms))
    angle, e1 = np.deg2rad(sequence.flip_deg), np.exp(-tr / t1_ms)
    return float(np.sin(angle) * (1 - e1) / (1 - np.cos(angle) * e1) * np.exp(-te / (0.5 * t2_ms)))
