"""What an anatomical variant changes at the series: a shorter field, T2 alone, and a patient who lies turned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .mr_signal import Sequence
from .protocol_of_series import SeriesPlan
from .variants import Variant

_SHORT_FIELD_MM = 118.0
"""Height of a short field, mm: about three levels."""
_T2 = Sequence("spin-echo", 3600.0, 95.0, flip_deg=150)
"""The T2 of an examination with nothing else, where its plan has none."""


def variant_plans(plans: list[SeriesPlan], variant: Variant, landmarks: dict[str, np.ndarray]) -> list[SeriesPlan]:
    """Change the series as a variant asks for.

    Parameters
    ----------
    plans : list of SeriesPlan
        The PET first, then the reference.
    variant : Variant
    landmarks : dict
        Name -> position, RAS mm.

    Returns
    -------
    list of SeriesPlan
        `reference_to_series` maps points of the atlas. The reference frame is that of the second plan.
    """
    if variant.field == "t2-only":
        return _t2_alone(plans)
    if variant.field == "sacrum-outside":
        lowest = landmarks[f"{variant.levels[-1]} body"][2]
        return _cut(plans, lowest - 10.0, np.inf)
    if variant.field == "short-field":
        middle = landmarks[f"{variant.levels[-3]} body"][2] - 8.0
        return _cut(plans, middle - _SHORT_FIELD_MM / 2, middle + _SHORT_FIELD_MM / 2)
    if variant.turn_deg:
        return _turned(plans, variant.turn_deg)
    return plans


def _t2_alone(plans: list[SeriesPlan]) -> list[SeriesPlan]:
    """PET and attenuation series with one sagittal T2, which is the reference."""
    pet, reference = plans[:2]
    planned = [item for item in plans if item.role == "T2" and item.geometry.is_same_grid(reference.geometry)]
    sequence = planned[0].mr_sequence if planned else _T2
    alone = replace(reference, role="T2", name="t2_tse_sag", sequence=sequence)
    return [pet, alone, *(item for item in plans if item.role == "ATTENUATION")]


def _cut(plans: list[SeriesPlan], low_mm: float, high_mm: float) -> list[SeriesPlan]:
    """Keep the rows between two heights of the sagittal series; axial series are left out."""
    kept = []
    for item in plans:
        if item.role in ("PET", "ATTENUATION"):
            kept.append(item)
            continue
        slices, rows, columns = item.geometry.shape
        if abs(item.geometry.ijk_to_ras[2, 1]) < 0.5 * item.geometry.spacing_mm[1]:
            continue
        heights = item.geometry.to_ras(np.stack([np.zeros(rows), np.arange(rows), np.zeros(rows)], axis=-1))[:, 2]
        seen = np.flatnonzero((heights >= low_mm) & (heights <= high_mm))
        first, count = int(seen[0]), len(seen)
        kept.append(replace(item, geometry=item.geometry.cropped((0, first, 0), (slices, count, columns))))
    return kept


def _turned(plans: list[SeriesPlan], turn_deg: float) -> list[SeriesPlan]:
    """Turn the patient about the long axis in all series alike."""
    a = np.deg2rad(turn_deg)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    return [replace(item, reference_to_series=item.reference_to_series @ turn) for item in plans]
