"""An outline holds the hottest voxel of its focus: beside hot organs, at edges, for all methods, clicked or drawn."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PainGeneratorLib.Numerics.core.image import Region, ball
from PainGeneratorLib.Numerics.core.records import HotSpot
from PainGeneratorLib.Numerics.core.regions import contains
from PainGeneratorLib.Numerics.pet.contours import METHODS
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Numerics.pet.manual_focus import grow_on_pet
from PainGeneratorLib.Workflow.protocol import load_protocol
from small_pets import PLANE, small_pet

from .judging import InputCase, Judged, judged

KIND = "outline and its hottest voxel"
SOURCE = "a reader's case: an outline 50 mm from its own maximum; thresholds flood: https://doi.org/10.2967/jnumed.108.057307"
Ball = tuple[tuple[float, float, float], float, float]


@functools.cache
def detector_of(balls: tuple[Ball, ...]) -> HotSpotDetector:
    """The first pass over a small trunk with balls of uptake."""
    return HotSpotDetector(
        small_pet(balls), load_protocol("low-back").stage("hot_spots", HotSpotParameters), symmetry=PLANE
    )


def faults(detector: HotSpotDetector, spots: Sequence[HotSpot]) -> list[str]:
    """What is wrong with outlines: SUVmax or SUVpeak lie outside."""
    values = detector.scan.suv.array.reshape(-1)
    found = []
    for spot in spots:
        inside = values[spot.region.flat]
        if not np.isclose(np.nanmax(inside), spot.suv_max):
            found.append(f"SUVmax of {spot.label} is not in its outline")
        if not contains(spot.region, spot.peak_ras_mm[None])[0]:
            found.append(f"SUVpeak of {spot.label} is not in its outline")
    return found


def every_method(name: str, *balls: Ball) -> InputCase:
    """All foci of all methods at the most sensitive setting: each outline holds the hottest voxel of its focus."""

    def judge(_folder: Path) -> Judged:
        detector = detector_of(balls)

        def call() -> list[str]:
            found = []
            for method in METHODS:
                spots = detector.find(1.2, method).hot_spots
                found += [f"{method}: {fault}" for fault in faults(detector, spots)]
                for spot in spots:
                    if not detector.scan.owner.reshape(-1)[spot.region.flat].any():
                        found.append(f"{method}: {spot.label} holds no voxel of any focus")
            return found

        return judged(call, lambda found: not found, warnings=lambda _: ())

    return InputCase(name, KIND, SOURCE, judge)


def clicked(name: str, place: tuple[float, float, float], *balls: Ball) -> InputCase:
    """A focus that the reader clicks at, by all methods: the outline holds a voxel there, or there is none."""

    def judge(_folder: Path) -> Judged:
        detector = detector_of(balls)
        click = detector.parameters.click
        suv = detector.scan.suv
        near = ball(suv.geometry, np.array(place), click.core_mm + click.seek_mm)

        def call() -> list[str]:
            found = []
            for method in METHODS:
                spot = grow_on_pet(suv, detector, np.array(place), click, method)
                if spot is None:
                    continue
                found += [f"{method}: {fault}" for fault in faults(detector, [spot])]
                if not np.isin(near, spot.region.flat).any():
                    found.append(f"{method}: nothing of the clicked place is outlined")
            return found

        return judged(call, lambda found: not found, warnings=lambda _: ())

    return InputCase(name, KIND, SOURCE, judge)


def drawn(name: str, place: tuple[float, float, float], radius: float, *balls: Ball) -> InputCase:
    """A region that the reader drew: its SUVmax and SUVpeak are those inside."""

    def judge(_folder: Path) -> Judged:
        detector = detector_of(balls)
        region = Region(detector.scan.suv.geometry, ball(detector.scan.suv.geometry, np.array(place), radius))

        def call() -> list[str]:
            spot = detector.measure_outline(region, "drawn")
            return ["not measured"] if spot is None else faults(detector, [spot])

        return judged(call, lambda found: not found, warnings=lambda _: ())

    return InputCase(name, KIND, SOURCE, judge)


SMALL, ORGAN = ((30.0, -20.0, 46.0), 9.0, 4.0), ((-40.0, 20.0, 46.0), 26.0, 12.0)
CHAIN = tuple(((x, -20.0, 46.0), 6.0, 3.0 + 0.05 * x) for x in (-40.0, -22.0, -4.0, 14.0, 32.0))
RING = tuple(((25.0 * np.cos(a), 25.0 * np.sin(a), 46.0), 6.0, 4.0) for a in np.arange(8) * np.pi / 4)
CASES = [
    every_method("single-focus", SMALL),
    every_method("focus-far-from-a-hot-organ", SMALL, ORGAN),
    every_method("focus-on-the-flank-of-a-hot-organ", ((-12.0, 10.0, 46.0), 8.0, 5.0), ORGAN),
    every_method("two-foci-side-by-side", SMALL, ((46.0, -20.0, 46.0), 7.0, 6.0)),
    every_method(
        "chain-of-foci", *(((x, -20.0, 46.0), 6.0, 3.0 + 0.05 * x) for x in (-40.0, -22.0, -4.0, 14.0, 32.0))
    ),
    every_method("focus-at-the-end-of-the-bed", ((30.0, -20.0, 4.0), 9.0, 4.0)),
    every_method(
        "faint-large-focus-beside-a-small-hot-one", ((0.0, -20.0, 46.0), 28.0, 1.8), ((34.0, -20.0, 46.0), 5.0, 9.0)
    ),
    every_method(
        "ring-of-uptake", *(((25 * np.cos(a), 25 * np.sin(a), 46.0), 6.0, 4.0) for a in np.arange(8) * np.pi / 4)
    ),
    every_method("whole-trunk-warm-with-one-focus", ((0.0, 0.0, 46.0), 60.0, 1.6), SMALL),
    clicked("click-on-a-focus", (30.0, -20.0, 46.0), SMALL),
    clicked("click-beside-a-focus", (36.0, -16.0, 46.0), SMALL),
    clicked("click-on-the-flank-of-an-organ", (-12.0, 12.0, 46.0), ORGAN),
    clicked("click-between-two-foci", (38.0, -20.0, 46.0), SMALL, ((46.0, -20.0, 46.0), 7.0, 6.0)),
    clicked("click-at-the-end-of-the-bed", (30.0, -20.0, 4.0), ((30.0, -20.0, 4.0), 9.0, 4.0)),
    drawn("drawn-around-a-focus", (30.0, -20.0, 46.0), 14.0, SMALL),
    drawn("drawn-beside-a-focus", (42.0, -20.0, 46.0), 8.0, SMALL),
    drawn("drawn-in-a-hot-organ", (-40.0, 20.0, 46.0), 10.0, ORGAN),
]
