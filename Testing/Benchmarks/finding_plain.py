"""What people use now: fixed and relative thresholds, every connected part of 0.1 ml a finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PainGeneratorLib.Numerics.core.image import Image, Region
from PainGeneratorLib.Numerics.pet.peak import suv_peak
from scipy import ndimage

LEAST_ML = 0.1
PERCIST_LIVER = (1.87, 0.2)
"""Mean and SD of a normal liver, g/ml, where the liver is not in view (docs/domain.md, "Normal uptake")."""
BODY_PART = 0.1
"""Of the 99th percentile of a series: what is darker is air."""
FLUID_SD = 3.0


@dataclass(frozen=True, eq=False)
class PlainFinding:
    """A connected part above a threshold; `suv_peak` is None for a part of an MR series."""

    centroid_ras_mm: np.ndarray
    highest: float
    suv_peak: float | None
    volume_ml: float

    def facts(self) -> dict[str, Any]:
        return {"suv_peak": self.suv_peak, "mtv_ml": self.volume_ml, "highest": self.highest, "structure": None}


def suv_findings(suv: Image) -> dict[str, list[PlainFinding]]:
    """Findings of each method on a PET, g/ml, by its name."""
    mean, sd = PERCIST_LIVER
    thresholds = {
        "SUV 2.5": 2.5,
        "41 % of the hottest voxel": 0.41 * float(np.nanmax(suv.array)),
        "PERCIST": 1.5 * mean + 2.0 * sd,
    }
    return {method: above(suv, threshold, with_peak=True) for method, threshold in thresholds.items()}


def fluid_findings(fluid: Image, to_reference: np.ndarray) -> list[PlainFinding]:
    """Parts of a fluid-sensitive series brighter than the body's mean + 3 SD, in the reference frame."""
    values = fluid.array[fluid.array > BODY_PART * np.percentile(fluid.array, 99)]
    return above(
        Image(fluid.array, fluid.geometry.moved(to_reference)), float(values.mean() + FLUID_SD * values.std())
    )


def above(image: Image, threshold: float, *, with_peak: bool = False) -> list[PlainFinding]:
    """Connected parts above a threshold, highest first."""
    labels, _ = ndimage.label(image.array >= threshold, structure=np.ones((3, 3, 3)))
    flat = np.flatnonzero(labels)
    number = labels.reshape(-1)[flat]
    order = np.argsort(number, kind="stable")
    flat, number = flat[order], number[order]
    parts = np.split(flat, np.flatnonzero(np.diff(number)) + 1) if flat.size else []
    found = []
    for part in parts:
        region = Region(image.geometry, part)
        if region.volume_ml >= LEAST_ML:
            peak = suv_peak(image, region).value if with_peak and region.volume_ml < 50.0 else None
            highest = float(image.array.reshape(-1)[part].max())
            found.append(PlainFinding(region.centroid_ras_mm, highest, peak, region.volume_ml))
    return sorted(found, key=lambda f: -f.highest)
