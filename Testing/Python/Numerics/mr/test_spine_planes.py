"""Planes of discs from the frames of the vertebrae, and where a place lies in its vertebra."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.body.vertebrae import Joint, Spine, VertebraFrame
from PainGeneratorLib.Numerics.mr.spine_planes import (
    facet_distance_mm,
    is_middle_third,
    place_in_vertebra,
    with_planes_of,
)

LEFT, FRONT, UP = np.array([-1.0, 0, 0]), np.array([0.0, 1, 0]), np.array([0.0, 0, 1])


def frame(level: str, middle_mm: float) -> VertebraFrame:
    """A body of 28 mm with its back wall 9 mm and its front wall 37 mm in front of the canal."""
    return VertebraFrame(level, np.array([0.0, 23.0, middle_mm]), LEFT, FRONT, UP, 22.0, -14.0, 14.0, -14.0, 14.0)


DISCS = {"L4/L5": 40.0, "L3/L4": 76.0, "L2/L3": 112.0}
SPINE = Spine(
    tuple(frame(level, middle) for level, middle in (("L2", 130.0), ("L3", 94.0), ("L4", 58.0), ("L5", 22.0))),
    tuple(Joint(level, None, np.array([0.0, 23.0, DISCS[level]])) for level in ("L2/L3", "L3/L4", "L4/L5")),
    tuple(Joint("L3/L4", side, np.array([x, -10.0, 76.0])) for side, x in (("left", -16.0), ("right", 16.0))),
)


def line(*discs_mm: float, tilt: float = 0.0) -> SpineLine:
    points = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 150.0]])
    return SpineLine(points, 1.0, 1.0, np.array(discs_mm), np.full(len(discs_mm), tilt))


def test_a_plane_that_dark_marrow_pulled_off_follows_the_endplates() -> None:
    mended = with_planes_of(line(40.0, 84.0, 112.0), SPINE)
    assert mended.disc_mm == pytest.approx([40.0, 76.0, 112.0], abs=0.6)
    assert mended.disc_tilt == pytest.approx([0.0, 0.0, 0.0], abs=0.02)


def test_planes_that_agree_with_the_endplates_stay_as_they_are() -> None:
    own = line(41.0, 77.5, 110.5)
    assert with_planes_of(own, SPINE) is own
    assert with_planes_of(own, None) is own


def test_a_disc_without_both_vertebrae_is_not_moved() -> None:
    bare = Spine(SPINE.frames[2:], SPINE.discs, SPINE.facets)
    own = line(40.0, 84.0, 112.0)
    assert with_planes_of(own, bare) is own


def test_a_disc_far_from_that_of_the_canal_is_another_disc() -> None:
    own = line(40.0, 112.0)
    assert with_planes_of(own, SPINE) is own


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((0.0, 23.0, 94.0), (0.5, -14.0)),
        ((0.0, 39.0, 108.0), (1.0, 2.0)),
        ((0.0, 23.0, 80.0), (0.0, -14.0)),
        ((0.0, 23.0, 180.0), None),
    ],
)
def test_the_place_in_a_vertebra_is_its_height_and_the_distance_from_its_front_wall(
    point: tuple[float, float, float], expected: tuple[float, float] | None
) -> None:
    found = place_in_vertebra(SPINE, np.array([point]))
    assert found == (None if expected is None else pytest.approx(expected))
    assert place_in_vertebra(None, np.array([point])) is None


@pytest.mark.parametrize(("height", "expected"), [(0.33, False), (0.34, True), (0.66, True), (0.67, False)])
def test_the_middle_third_of_a_body_is_no_endplate(height: float, expected: bool) -> None:
    assert is_middle_third(height) is expected


def test_the_nearest_facet_joint_is_found_on_either_side() -> None:
    assert facet_distance_mm(SPINE, np.array([13.0, -10.0, 72.0])) == pytest.approx(5.0)
    assert facet_distance_mm(SPINE, np.array([-16.0, -10.0, 70.0])) == pytest.approx(6.0)
    assert facet_distance_mm(None, np.zeros(3)) == np.inf
