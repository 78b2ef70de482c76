"""Methods that are in use today: fixed and relative thresholds. Every connected part from 0.1 ml is a finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PainGeneratorLib.Numerics.core.image import Image, Region
from PainGeneratorLib.Numerics.pet.peak import suv_peak
from scipy import ndimage

LEAST_ML = 0.1
"""Lower bound of the volume of a finding, ml. Our estimate."""
PERCIST_LIVER = (1.87, 0.2)
"""Mean and standard deviation of the uptake of a normal liver, g/ml. They are used because the liver is not in the
field of view (docs/domain.md, "Normal uptake")."""
BODY_PART = 0.1
"""Fraction of the 99th percentile of a series below which a voxel is air. Our estimate."""
FLUID_SD = 3.0
"""Number of standard deviations above the mean at which a voxel of a fluid-sensitive series is bright. Our
estimate."""


@dataclass(frozen=True, eq=False)
class PlainFinding:
    """A connected part above a threshold; `suv_peak` is None for a part of an MR series."""

    centroid_ras_mm: np.ndarray
    highest: float
    suv_peak: float | None
    volume_ml: float

    def facts(self) -> dict[str, Any]:
        """The measures in plain types, as for the score."""
        return {"suv_peak": self.suv_peak, "mtv_ml": self.volume_ml, "highest": self.highest, "structure": None}


def suv_findings(suv: Image) -> dict[str, list[PlainFinding]]:
    """Return the findings of each method on a PET (g/ml) by the name of the method."""
    mean, sd = PERCIST_LIVER
    thresholds = {
        "SUV 2.5": 2.5,
        "41 % of the hottest voxel": 0.41 * float(np.nanmax(suv.array)),
        "PERCIST": 1.5 * mean + 2.0 * sd,
    }
    return {method: above(suv, threshold, with_peak=True) for method, threshold in thresholds.items()}


def fluid_findings(fluid: Image, to_reference: np.ndarray) -> list[PlainFinding]:
    """Find the parts of a fluid-sensitive series that are brighter than the mean of the body plus 3 standard
    deviations.

    The result is in the reference frame.
    """
    values = fluid.array[fluid.array > BODY_PART * np.percentile(fluid.array, 99)]
    return above(
        Image(fluid.array, fluid.geometry.moved(to_reference)), float(values.mean() + FLUID_SD * values.std())
    )


def above(image: Image, threshold: float, *, with_peak: bool = False) -> list[PlainFinding]:
    """Find the connected parts above a threshold; the one with the highest value comes first."""
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
