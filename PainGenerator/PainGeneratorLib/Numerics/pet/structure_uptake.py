"""The uptake of structures that an anatomy segmentation names: vertebrae, liver and blood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..body import distances
from ..core import tissues as tissue_codes
from ..core.image import Geometry, Image
from .deep_tissue import layers

LEAST_LEVEL_ML = 1.0
"""Lower bound for the volume of a vertebra whose median counts, ml. Our estimate: what SUVpeak is measured in."""
LEAST_LEVELS = 2
"""Lower bound for the number of vertebrae with enough marrow at a depth, for that depth to be taken: a vertebra is
compared with others."""
ORGAN_MARGIN_VOXELS = 2
"""How many voxels an organ is eroded before it is measured, so that its border does not count."""
ORGANS = {
    "liver": (("liver",), distances.LIVER_VOLUME_LEAST.value),
    "blood": (("aorta", "inferior vena cava"), 2.0),
}
"""Names of the labels of each organ that is measured, and the lower bound of its inner volume, ml. That of blood is
our estimate: the inner part of 4 cm of the aorta."""


@dataclass(frozen=True)
class OrganUptake:
    """Mean and standard deviation of an organ's inner part (SUV, g/ml), and its volume (ml)."""

    mean: float
    sd: float
    volume_ml: float


def medians_of_levels(
    smooth: np.ndarray,
    geometry: Geometry,
    levels: np.ndarray | None,
    tissues: np.ndarray | None,
    depth_mm: float = 0.0,
) -> tuple[dict[int, float], float]:
    """Median SUV of each vertebra, from its marrow where the tissue is known.

    Parameters
    ----------
    smooth : ndarray of float32, shape (k, j, i)
        SUV, g/ml.
    geometry : Geometry
    levels : ndarray of uint8, same shape, or None
        Number of the vertebra of each voxel, 0 for none.
    tissues : ndarray of uint8, same shape, or None
        Codes of :mod:`..core.tissues`.
    depth_mm : float
        Voxels that lie this deep in their vertebra are taken where at least :data:`LEAST_LEVELS` vertebrae have
        :data:`LEAST_LEVEL_ML` of them, else those half as deep, else all.

    Returns
    -------
    medians : dict of int to float
        By the number of the vertebra, g/ml.
    volume_ml : float
        Of the voxels that were taken, ml.
    """
    if levels is None:
        return {}, 0.0
    flat = np.flatnonzero(levels)
    if tissues is not None:
        flat = flat[np.isin(tissues.reshape(-1)[flat], (tissue_codes.UNKNOWN, tissue_codes.MARROW))]
    flat = flat[np.isfinite(smooth.reshape(-1)[flat])]
    values, numbers = smooth.reshape(-1)[flat], levels.reshape(-1)[flat]
    every, *deeper = layers(flat, levels, geometry, depth_mm)
    least = LEAST_LEVEL_ML / geometry.voxel_volume_ml
    chosen, found = every, np.unique(numbers)
    for layer in deeper:
        number, count = np.unique(numbers[layer], return_counts=True)
        if np.count_nonzero(count >= least) >= LEAST_LEVELS:
            chosen, found = layer, number[count >= least]
    medians = {int(number): float(np.median(values[chosen & (numbers == number)])) for number in found}
    return medians, float(np.count_nonzero(chosen) * geometry.voxel_volume_ml)


def measure_organs(suv: Image, organs: np.ndarray | None, names: Mapping[int, str]) -> dict[str, OrganUptake]:
    """The uptake of liver and blood, as far as an anatomy segmentation shows them.

    Parameters
    ----------
    suv : Image
    organs : ndarray of uint8, shape of the image, or None
        Codes of organs, 0 for none.
    names : mapping of int to str
        Name of each code.
    """
    if organs is None:
        return {}
    found = {name: _measured(suv, organs, names, *what) for name, what in ORGANS.items()}
    return {name: uptake for name, uptake in found.items() if uptake is not None}


def _measured(
    suv: Image, organs: np.ndarray, names: Mapping[int, str], wanted: tuple[str, ...], least_ml: float
) -> OrganUptake | None:
    """The uptake of the inner part of an organ; None where there is none or too little of it."""
    codes = [code for code, name in names.items() if name.lower() in wanted]
    inside = np.isin(organs, codes)
    if not inside.any():
        return None
    box = tuple(
        slice(max(int(seen[0]) - 1, 0), int(seen[-1]) + 2)
        for seen in (np.flatnonzero(inside.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1)))
    )
    values = suv.array[box][ndimage.binary_erosion(inside[box], iterations=ORGAN_MARGIN_VOXELS)]
    values = values[np.isfinite(values)]
    volume_ml = values.size * suv.geometry.voxel_volume_ml
    if volume_ml < least_ml:
        return None
    return OrganUptake(float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64)), volume_ml)
