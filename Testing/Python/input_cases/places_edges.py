"""Foci that the edge of a field of view cuts off are reported as such, and others are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PainGeneratorLib.Numerics.core.image import Image, Region, ball
from PainGeneratorLib.Numerics.core.records import HotSpot
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Workflow.protocol import load_protocol
from small_pets import PLANE, small_pet

from .judging import InputCase, Judged, judged

KIND = "focus cut off by the field of view"
NEMA = "axial fields of view of 15 to 26 cm and circular fields of view of PET, NEMA NU 2; rims of one bed position"
TRUNCATED = "truncated"


def cut(
    name: str,
    place: tuple[float, float, float],
    crop: tuple[slice, slice, slice] | None,
    masked: str | None,
    is_cut: bool,
) -> InputCase:
    """A focus on a PET that is cropped to a part of its voxels, or blanked beyond a circle; is it flagged?

    `masked` is None, ``nan`` or ``zero``: what stands outside a circle of 70 mm about the axis.
    """

    def judge(_folder: Path) -> Judged:
        whole = small_pet([(place, 9.0, 6.0)])
        array, geometry = whole.array.copy(), whole.geometry
        if masked is not None:
            points = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*geometry.shape, 3)
            array[np.hypot(points[..., 0], points[..., 1]) > 70.0] = np.nan if masked == "nan" else 0.0
        if crop is not None:
            first = tuple(part.indices(n)[0] for part, n in zip(crop, geometry.shape, strict=True))
            array = np.ascontiguousarray(array[crop])
            geometry = geometry.cropped(first, array.shape)
        parameters = load_protocol("low-back").stage("hot_spots", HotSpotParameters)
        detector = HotSpotDetector(Image(array, geometry), parameters, symmetry=PLANE)

        def call() -> HotSpot | None:
            # What the reader clicks at has the same flags as what detection keeps, and is never set apart.
            flat = ball(geometry, np.array(place), 12.0)
            flat = flat[np.nan_to_num(array.reshape(-1)[flat]) > 2.0]
            return detector.measure_outline(Region(geometry, flat), "drawn")

        return judged(
            call, lambda spot: spot is not None and (TRUNCATED in spot.flags) is is_cut, warnings=lambda _: ()
        )

    return InputCase(name, KIND, NEMA, judge)


EVERY = slice(None)
CASES = [
    cut("focus-in-the-middle", (30.0, -20.0, 46.0), None, None, False),
    cut("focus-at-the-lower-end-of-the-bed", (30.0, -20.0, 4.0), None, None, True),
    cut("focus-at-the-upper-end-of-the-bed", (30.0, -20.0, 90.0), None, None, True),
    cut("focus-cut-by-a-lateral-crop", (30.0, -20.0, 46.0), (EVERY, EVERY, slice(16, None)), None, True),
    cut("focus-cut-by-a-crop-of-the-back", (30.0, -20.0, 46.0), (EVERY, slice(0, 23), EVERY), None, True),
    cut("focus-cut-by-a-crop-of-the-slab", (30.0, -20.0, 46.0), (slice(0, 12), EVERY, EVERY), None, True),
    cut("focus-one-voxel-inside-a-crop", (30.0, -20.0, 46.0), (EVERY, EVERY, slice(10, None)), None, False),
    cut("focus-cut-by-a-circle-of-nan", (66.0, 0.0, 46.0), None, "nan", True),
    cut("focus-cut-by-a-circle-of-zeros", (66.0, 0.0, 46.0), None, "zero", True),
    cut("focus-inside-a-circle-of-zeros", (40.0, 0.0, 46.0), None, "zero", False),
    cut("focus-inside-a-circle-of-nan", (40.0, 0.0, 46.0), None, "nan", False),
]
