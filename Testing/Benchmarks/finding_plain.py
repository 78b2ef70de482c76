"""What people use now: fixed and relative thresholds on the same PET, every connected part of 0.1 ml a finding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PainGeneratorLib.Numerics.image import Image, Region
from PainGeneratorLib.Numerics.peak import suv_peak
from scipy import ndimage

LEAST_ML = 0.1
PERCIST_LIVER = (1.87, 0.2)
"""Mean and SD of a normal liver, g/ml, where the liver is not in view (DOMAIN C.3)."""


@dataclass(frozen=True, eq=False)
class PlainFinding:
    """A connected part above a threshold."""

    centroid_ras_mm: np.ndarray
    suv_max: float
    suv_peak: float | None
    mtv_ml: float


def thresholds(suv: Image) -> dict[str, float]:
    """The methods' thresholds on this PET, g/ml."""
    mean, sd = PERCIST_LIVER
    return {
        "SUV 2.5": 2.5,
        "41 % of the hottest voxel": 0.41 * float(np.nanmax(suv.array)),
        "PERCIST": 1.5 * mean + 2.0 * sd,
    }


def above(suv: Image, threshold: float) -> list[PlainFinding]:
    """Connected parts above a threshold, hottest first."""
    labels, _ = ndimage.label(suv.array >= threshold, structure=np.ones((3, 3, 3)))
    flat = np.flatnonzero(labels)
    number = labels.reshape(-1)[flat]
    order = np.argsort(number, kind="stable")
    flat, number = flat[order], number[order]
    parts = np.split(flat, np.flatnonzero(np.diff(number)) + 1) if flat.size else []
    found = []
    for part in parts:
        region = Region(suv.geometry, part)
        if region.volume_ml >= LEAST_ML:
            peak = suv_peak(suv, region).value if region.volume_ml < 50.0 else None
            values = suv.array.reshape(-1)[part]
            found.append(PlainFinding(region.centroid_ras_mm, float(values.max()), peak, region.volume_ml))
    return sorted(found, key=lambda f: -f.suv_max)
