"""Left and right of vertebrae: the axes of the scanner and the shape of the bones must say the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap
from PainGeneratorLib.Anatomy.body_plan import BodyPlan
from PainGeneratorLib.Anatomy.labels import Structure
from PainGeneratorLib.Anatomy.places import Namer
from PainGeneratorLib.Anatomy.spine import direction_doubts, find_spine
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.core.image import Geometry, Image

LEVELS = ("L5", "L4", "L3", "L2", "L1")
GRID = Geometry((110, 60, 60), np.array([[2.0, 0, 0, -60], [0, 2.0, 0, -60], [0, 0, 2.0, -20], [0, 0, 0, 1.0]]))
RAS = np.moveaxis(GRID.to_ras(np.indices(GRID.shape)[::-1].reshape(3, -1).T).reshape(*GRID.shape, 3), -1, 0)
STEP_MM = 36.0

Add = Callable[[np.ndarray, int], np.ndarray]


def drawn(add: Add | None = None, turn_deg: float = 0.0) -> AnatomyMap:
    """Bodies of 40 x 30 x 24 mm without arches, and what `add` gives for the coordinates and number of each."""
    angle = np.radians(turn_deg)
    x, y = np.cos(angle) * RAS[0] + np.sin(angle) * RAS[1], np.cos(angle) * RAS[1] - np.sin(angle) * RAS[0]
    labels = np.zeros(GRID.shape, dtype=np.uint16)
    for number in range(1, len(LEVELS) + 1):
        local = np.stack([x, y, RAS[2] - STEP_MM * (number - 1)])
        mask = (np.abs(local / np.array([20.0, 15.0, 12.0])[:, None, None, None]) <= 1.0).all(axis=0)
        if add is not None:
            mask = mask | add(local, number)
        labels[mask] = number
    return AnatomyMap(Image(labels, GRID), {n: Structure("vertebra", None, one) for n, one in enumerate(LEVELS, 1)})


def ball(center: tuple[float, float, float], radius_mm: float) -> Add:
    def add(local: np.ndarray, _number: int) -> np.ndarray:
        return np.asarray(((local - np.array(center)[:, None, None, None]) ** 2).sum(axis=0) <= radius_mm**2)

    return add


def arch(local: np.ndarray, _number: int) -> np.ndarray:
    """An arch with a spinous process behind the body."""
    x, y, z = local
    ring = (np.abs(x) < 22.0) & (np.abs(x) > 10.0) & (y < -15.0) & (y > -36.0)
    process = (np.abs(x) < 5.0) & (y <= -34.0) & (y > -56.0)
    return np.asarray((ring | process) & (np.abs(z) < 11.0))


def arch_in_front(local: np.ndarray, number: int) -> np.ndarray:
    return arch(local * np.array([1.0, -1.0, 1.0])[:, None, None, None], number)


def leak_of_every_other(local: np.ndarray, number: int) -> np.ndarray:
    center = ((24.0, 6.0, 0.0), (0.0, 24.0, 0.0), (-24.0, 6.0, 0.0))[number % 3]
    return ball(center, 14.0)(local, number)


LEAKS = {
    "no leak": None,
    "right psoas": ball((28.0, 0.0, 0.0), 15.0),
    "left psoas": ball((-28.0, 0.0, 0.0), 15.0),
    "aorta": ball((-8.0, 26.0, 0.0), 15.0),
    "canal": ball((0.0, -24.0, 0.0), 11.0),
    "here and there": leak_of_every_other,
}


@pytest.mark.parametrize("leak", LEAKS)
def test_bodies_without_arches_keep_their_sides_wherever_their_mask_leaks(leak: str) -> None:
    anatomy = drawn(LEAKS[leak])
    for frame in find_spine(anatomy).frames:
        assert frame.left @ (-1.0, 0.0, 0.0) > 0.8
    place = Namer(anatomy).name(np.array([-16.0, 0.0, STEP_MM]))
    assert place.side == "left"


def test_the_side_of_bodies_alone_has_one_witness_and_is_likely() -> None:
    place = Namer(drawn()).name(np.array([-16.0, 0.0, STEP_MM]))
    assert (place.side, place.side_certainty) == ("left", "likely")
    assert "side-likely" in place.flags


def test_arches_are_the_second_witness_and_make_the_side_certain() -> None:
    place = Namer(drawn(arch)).name(np.array([-16.0, 0.0, STEP_MM]))
    assert (place.side, place.side_certainty) == ("left", "certain")


@pytest.mark.parametrize("turn_deg", [-30.0, 30.0])
def test_arches_tell_how_the_patient_is_turned(turn_deg: float) -> None:
    anatomy = drawn(arch, turn_deg)
    (frame,) = (one for one in find_spine(anatomy).frames if one.level == "L4")
    angle = np.degrees(np.arctan2(-frame.left[1], -frame.left[0]))
    assert angle == pytest.approx(turn_deg, abs=5.0)
    assert not direction_doubts(anatomy)


def test_arches_in_front_make_the_sides_uncertain_and_are_told() -> None:
    anatomy = drawn(arch_in_front)
    (doubt,) = direction_doubts(anatomy)
    assert "point to the front" in doubt
    place = Namer(anatomy).name(np.array([-16.0, 0.0, STEP_MM]))
    assert (place.side, place.side_certainty) == ("left", "uncertain")


def test_levels_that_follow_one_another_upward_make_the_sides_uncertain_and_are_told() -> None:
    anatomy = drawn(arch)
    upward = AnatomyMap(anatomy.image, {n: Structure("vertebra", None, one) for n, one in enumerate(LEVELS[::-1], 1)})
    (doubt,) = direction_doubts(upward)
    assert "upside down" in doubt
    place = Namer(upward).name(np.array([-16.0, 0.0, STEP_MM]))
    assert (place.side, place.side_certainty) == ("left", "uncertain")


def with_canal(x: float, y: float) -> BodyPlan:
    """A plan whose midline is a canal that the images surely show."""
    z = np.arange(-10.0, 160.0, 3.0)
    line = SpineLine(np.stack([np.full_like(z, x), np.full_like(z, y), z], axis=1), 0.9, 0.9, np.zeros(0), np.zeros(3))
    left = np.array([-1.0, 0.0, 0.0])
    return BodyPlan(line.points_ras[0], left, "spine line", line, certainty="certain", spine_certainty="certain")


def test_the_canal_in_the_images_is_a_second_witness_for_bodies_alone() -> None:
    place = Namer(drawn(), with_canal(0.0, -24.0)).name(np.array([-16.0, 0.0, STEP_MM]))
    assert (place.side, place.side_certainty) == ("left", "certain")


@pytest.mark.parametrize(
    ("x", "y"), [(0.0, 24.0), (-36.0, -24.0)], ids=["canal in front of the bodies", "canal beside the place"]
)
def test_a_canal_in_the_images_at_another_place_makes_the_side_uncertain(x: float, y: float) -> None:
    place = Namer(drawn(arch), with_canal(x, y)).name(np.array([-16.0, 0.0, STEP_MM]))
    assert place.side_certainty == "uncertain"


def with_muscles(names: tuple[str, str]) -> AnatomyMap:
    """Bodies with arches, and a muscle on the patient's left and right that are called by these sides."""
    anatomy = drawn(arch)
    labels = anatomy.image.array.copy()
    beside = (np.abs(RAS[1] + 40.0) < 12.0) & (RAS[2] < 150.0)
    labels[beside & (np.abs(RAS[0] + 40.0) < 14.0)] = 6
    labels[beside & (np.abs(RAS[0] - 40.0) < 14.0)] = 7
    muscles = {n: Structure("erector spinae", side, None) for n, side in zip((6, 7), names, strict=True)}
    return AnatomyMap(Image(labels, GRID), {**anatomy.structures, **muscles})


@pytest.mark.parametrize(
    ("names", "certainty"),
    [(("left", "right"), "certain"), (("right", "left"), "uncertain")],
    ids=["true", "exchanged"],
)
def test_a_label_that_is_named_after_the_other_side_makes_the_side_uncertain(
    names: tuple[str, str], certainty: str
) -> None:
    place = Namer(with_muscles(names)).name(np.array([-42.0, -40.0, STEP_MM]))
    assert place.side_certainty == certainty
    assert (place.side == "left") == (certainty == "certain")
