"""The shape of a hip prosthesis from its signal void, and the zones that follow from it."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Anatomy.zones import cup_zone, gruen_zone, implant_from_void
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.mr.implant import stem_axis

GEOMETRY = Geometry((64, 44, 60), np.array([[2.0, 0, 0, 40.0], [0, 2.0, 0, -50.0], [0, 0, 4.0, -190.0], [0, 0, 0, 1]]))
"""The right hip; for the left one the axis to the right is mirrored."""
HEAD = np.array([87.0, 3.0, 2.0])
TOP = np.array([124.0, -4.0, -30.0])
TIP = np.array([116.0, -7.0, -150.0])
HALF_UPPER, HALF_LOWER = 9.0, 6.0


def mirrored(point: np.ndarray, side: str) -> np.ndarray:
    return np.asarray(point, dtype=float) * ([1.0, 1.0, 1.0] if side == "right" else [-1.0, 1.0, 1.0])


def void_of(side: str, with_stem: bool = True) -> Region:
    """Cup with a metal head, neck and stem; the void of the cup reaches higher than the neck."""
    matrix = GEOMETRY.ijk_to_ras.copy()
    if side == "left":
        matrix[0] *= -1.0
    geometry = Geometry(GEOMETRY.shape, matrix)
    points = geometry.flat_to_ras(np.arange(geometry.size)) * (
        [1.0, 1.0, 1.0] if side == "right" else [-1.0, 1.0, 1.0]
    )

    def capsule(start: np.ndarray, end: np.ndarray, first_mm: float, last_mm: float) -> np.ndarray:
        way = end - start
        along = np.clip((points - start) @ way / (way @ way), 0.0, 1.0)
        away = np.linalg.norm(points - start - along[:, None] * way, axis=1)
        return away < first_mm + along * (last_mm - first_mm)

    opening = np.array([0.70, 0.25, -0.66])
    mask = (np.linalg.norm(points - HEAD, axis=1) < 28.0) & ((points - HEAD) @ opening < 4.0)
    mask |= np.linalg.norm(points - HEAD, axis=1) < 19.0
    if with_stem:
        mask |= capsule(HEAD, TOP, 8.0, 8.0)
        mask |= capsule(TOP, TIP + np.array([0.0, 0.0, HALF_LOWER]), HALF_UPPER, HALF_LOWER)
    return Region.from_mask(mask.reshape(geometry.shape), geometry)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_void_of_head_and_cup_does_not_raise_the_upper_end_of_the_stem(side):
    void = void_of(side)
    hip = implant_from_void(side, stem_axis(void.points_ras), void)
    assert np.linalg.norm(hip.stem_top_ras - mirrored(TOP, side)) < 5.0
    assert np.linalg.norm(hip.stem_tip_ras - mirrored(TIP, side)) < 5.0
    assert np.linalg.norm(hip.shoulder_ras - mirrored(TOP + np.array([0.0, 0.0, HALF_UPPER]), side)) < 5.0
    assert np.linalg.norm(hip.cup_center_ras - mirrored(HEAD, side)) < 3.0
    assert hip.stem_half_mm == pytest.approx((HALF_UPPER, HALF_LOWER), abs=2.0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_bone_beside_a_stem_has_the_zone_of_its_third(side):
    void = void_of(side)
    hip = implant_from_void(side, stem_axis(void.points_ras), void)
    end = TIP + np.array([0.0, 0.0, HALF_LOWER])
    found = []
    for part, aside in ((1, 15), (3, 14), (5, 12), (6.8, 0), (5, -12), (3, -14), (1, -15)):
        place = TOP + part / 6.0 * (end - TOP) + [aside, 1.0, 0.0]
        found.append(gruen_zone(mirrored(place, side), hip)[0])
    assert found == [f"Gruen {n}" for n in range(1, 8)]


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_prosthesis_whose_stem_is_not_seen_still_has_the_zones_of_its_cup(side):
    hip = implant_from_void(side, None, void_of(side, with_stem=False))
    assert hip.stem_top_ras is None
    assert np.linalg.norm(hip.cup_center_ras - mirrored(HEAD, side)) < 4.0
    places = [HEAD + np.array([15.0, 0, 28.0]), HEAD + np.array([-25.0, 0, 15.0]), HEAD + np.array([-28.0, 0, -15.0])]
    found = [cup_zone(mirrored(place, side), hip) for place in places]
    assert found == ["DeLee-Charnley I", "DeLee-Charnley II", "DeLee-Charnley III"]


def test_a_void_that_is_no_stem_keeps_the_axis_that_was_given():
    void = void_of("right", with_stem=False)
    axis = np.array([[120.0, -4.0, 40.0], [120.0, -4.0, 20.0]])
    hip = implant_from_void("right", axis, void)
    np.testing.assert_allclose([hip.stem_top_ras, hip.stem_tip_ras], axis)
