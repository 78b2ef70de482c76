"""Why there is no hot spot at a voxel: each limit is named with what is missing, and each rule by its name."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.core import tissues as codes
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.core.readout import Reason, Why
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Numerics.pet.foci import NO_SUMMIT, MissedBar
from PainGeneratorLib.Numerics.pet.why_none import KINDS, TEXTS, why_no_hot_spot
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

SHAPE = (30, 60, 80)
PARAMETERS = load_protocol("low-back").stage("hot_spots", HotSpotParameters)
PLANE = SymmetryPlane(np.zeros(3), np.array([-1.0, 0.0, 0.0]), 0.6)
RIGHT, LEFT = (40.0, -50.0, 10.0), (-40.0, -50.0, 10.0)
"""A place in the right muscle of the back, where all foci of these tests lie, and its mirrored place; RAS mm."""


def grid() -> Geometry:
    """Voxels of 4 mm: i to the left, j to the back, k to the head."""
    matrix = np.diag([-4.0, -4.0, 4.0, 1.0])
    matrix[:3, 3] = (158.0, 110.0, -50.0)
    return Geometry(SHAPE, matrix)


def detector(radius: float = 0.0, suv: float = 0.0, **changes: object) -> HotSpotDetector:
    """A trunk of muscle with noise and one ball of uptake on the right."""
    geometry = grid()
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*SHAPE, 3)
    r, a, _ = np.moveaxis(points, -1, 0)
    inside = (r / 140.0) ** 2 + (a / 95.0) ** 2 < 1.0
    values = np.where(inside, 0.6, 0.01)
    values[np.linalg.norm(points - RIGHT, axis=-1) <= radius] = suv
    noise = ndimage.gaussian_filter(np.random.default_rng(3).standard_normal(SHAPE), 0.5)
    values = ndimage.gaussian_filter(values, 0.64) * (1.0 + 0.04 * noise / noise.std())
    tissues = Image(np.where(inside, codes.MUSCLE, codes.VOID).astype(np.uint8), geometry)
    parameters = dataclasses.replace(PARAMETERS, **changes)
    return HotSpotDetector(Image(values.astype(np.float32), geometry), parameters, tissues=tissues, symmetry=PLANE)


def why(made: HotSpotDetector, place: tuple[float, ...]) -> list[Reason]:
    ijk = np.rint(made.scan.suv.geometry.to_ijk(np.array(place))).astype(int)
    return why_no_hot_spot(made, int(np.ravel_multi_index(tuple(ijk[::-1]), SHAPE)))


def test_a_place_of_normal_uptake_is_not_raised_and_the_missing_ratio_is_told() -> None:
    made = detector(10.0, 2.4)
    (reason,) = why(made, LEFT)
    assert (reason.kind, reason.name) == (Why.NOT_RAISED, "hot_spots.sensitivity")
    assert reason.value == pytest.approx(1.0, abs=0.1)
    assert reason.limit == PARAMETERS.sensitivity
    assert f"{reason.limit - reason.value:.2f} below the {reason.limit:.2f} of the sensitivity" in reason.text


def test_where_a_hot_spot_is_shown_there_is_no_reason_and_the_other_side_is_not_it() -> None:
    made = detector(10.0, 2.4)
    (spot,) = [spot for spot in made.find().hot_spots if spot.physiologic is None]
    assert spot.centroid_ras_mm == pytest.approx(np.array(RIGHT), abs=3.0)
    assert why(made, RIGHT) == []
    assert why(made, LEFT) != []


def test_a_focus_below_the_sensitivity_is_weak_and_its_ratio_is_told() -> None:
    made = detector(10.0, 1.2, sensitivity=2.5)
    reasons = why(made, RIGHT)
    assert reasons[0].kind == Why.RATIO
    assert reasons[0].name == "hot_spots.sensitivity"
    assert 1.2 <= reasons[0].value < 2.5 == reasons[0].limit
    assert reasons[0].text.startswith("Weak uptake")


def test_a_focus_that_is_not_clear_is_told_with_its_conspicuity() -> None:
    made = detector(10.0, 1.6, conspicuity=20.0)
    (reason,) = why(made, RIGHT)
    assert (reason.kind, reason.name) == (Why.CONSPICUITY, "hot_spots.conspicuity")
    assert reason.value < reason.limit == 20.0
    assert reason.text.startswith("Unclear uptake")


def test_a_focus_without_enough_certainty_is_told_to_be_within_the_noise() -> None:
    made = detector(10.0, 1.3, significance=40.0)
    (reason,) = why(made, RIGHT)
    assert (reason.kind, reason.name) == (Why.NOISE, "hot_spots.significance")
    assert reason.value < reason.limit


@pytest.mark.parametrize(
    ("change", "name", "kind"),
    [
        ({"volume_minimum_ml": 40.0}, "hot_spots.foci.volume_minimum_ml", Why.SIZE),
        ({"suv_minimum": 9.0}, "hot_spots.foci.suv_minimum", Why.NOT_RAISED),
        ({"tbr_minimum": 9.0}, "hot_spots.foci.tbr_minimum", Why.RATIO),
        ({"z_minimum": 1e4}, "hot_spots.foci.z_minimum", Why.NOISE),
    ],
)
def test_what_the_first_pass_drops_is_told_with_its_limit(change: dict[str, float], name: str, kind: Why) -> None:
    made = detector(10.0, 2.4, foci=dataclasses.replace(PARAMETERS.foci, **change))
    (reason,) = why(made, RIGHT)
    assert (reason.kind, reason.name) == (kind, name)
    (limit,) = change.values()
    assert reason.limit == limit
    assert reason.value < limit


def test_usual_uptake_is_told_with_its_rule() -> None:
    made = detector(10.0, 2.4)
    number = int(made.scan.owner.max())
    spot = made._measure(number, "adaptive")
    spot.physiologic, spot.rule = "urinary bladder: it lies in it", "bladder"
    (reason,) = why(made, RIGHT)
    assert (reason.kind, reason.name) == (Why.USUAL, "bladder")
    assert reason.text == "Usual uptake: urinary bladder: it lies in it."


def test_without_a_reference_that_can_be_nothing_is_compared() -> None:
    geometry = grid()
    values = np.where(np.arange(geometry.size).reshape(SHAPE) >= 0, 60.0, 0.0).astype(np.float32)
    made = HotSpotDetector(Image(values, geometry), PARAMETERS)
    assert not made.references.is_plausible
    assert [reason.kind for reason in why(made, RIGHT)] == [Why.NO_REFERENCE]


def test_every_limit_of_the_first_pass_has_a_kind_and_a_sentence() -> None:
    assert set(KINDS) == set(TEXTS)
    for name, text in TEXTS.items():
        bar = MissedBar(name, 1.0, 2.0)
        assert text.format(value=bar.value, limit=bar.limit, missing=1.0)
    protocol = load_protocol("low-back")
    for name in set(KINDS) - {NO_SUMMIT}:
        assert protocol.value(name) is not None
