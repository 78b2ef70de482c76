"""A small PET for tests that need a detector and not a whole phantom: a trunk with balls of uptake."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.pet.detector import HotSpotParameters
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

SHAPE = (24, 36, 48)
SPACING_MM = 4.0
PLAUSIBLE = load_protocol("low-back").stage("hot_spots", HotSpotParameters).reference.plausible
"""Which uptake a reference tissue can have, as shipped."""
ONE_SIDED = load_protocol("low-back").stage("hot_spots", HotSpotParameters).reference.one_sided
"""What is left out of the surroundings because the other side is colder, as shipped."""
COMPACT = load_protocol("low-back").stage("hot_spots", HotSpotParameters).reference.compact
"""What is left out of the surroundings because it is a compact piece that is hotter than all around it, as shipped."""
PLANE = SymmetryPlane(np.zeros(3), np.array([-1.0, 0.0, 0.0]), 0.6)
"""The midsagittal plane of the trunk."""

Place = tuple[float, float, float]


def small_pet(balls: Sequence[tuple[Place, float, float]]) -> Image:
    """A trunk of SUV 0.8 with 5 % noise and balls of uptake, blurred to 6.6 mm.

    Parameters
    ----------
    balls : sequence of (place, radius, SUV)
        RAS mm, mm, g/ml. The trunk reaches 90 mm to either side, 62 mm to front and back, and from 0 to 92 mm.
    """
    matrix = np.diag([-SPACING_MM, -SPACING_MM, SPACING_MM, 1.0])
    matrix[:3, 3] = (94.0, 70.0, 0.0)
    geometry = Geometry(SHAPE, matrix)
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*SHAPE, 3)
    suv = np.where((points[..., 0] / 90.0) ** 2 + (points[..., 1] / 62.0) ** 2 < 1.0, 0.8, 0.01)
    for place, radius_mm, value in balls:
        suv[np.linalg.norm(points - np.array(place), axis=-1) <= radius_mm] = value
    blurred = ndimage.gaussian_filter(suv, 0.7, mode="nearest")
    grain = ndimage.gaussian_filter(np.random.default_rng(3).standard_normal(SHAPE), 0.5)
    return Image((blurred * (1.0 + 0.05 * grain)).astype(np.float32), geometry)
