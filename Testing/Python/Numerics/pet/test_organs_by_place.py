"""What the spinal canal tells of uptake beside and in front of it: organs, and the joints that are none."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import HotSpot
from PainGeneratorLib.Numerics.pet.organ_places import (
    PhysiologicParameters,
    Where,
    at_known_spine,
    at_pelvic_ureter,
    before_hips,
    is_thin,
    urine,
)
from PainGeneratorLib.Numerics.pet.physiologic import _alike

PARAMETERS = PhysiologicParameters(
    volume_ml=20.0,
    suv=8.0,
    urine_suv=15.0,
    symmetric_ratio=1.2,
    symmetric_tbr=1.6,
    ventral_side_mm=60.0,
    abdomen_depth=0.5,
)


def spot(suv_max: float = 2.4, suv_peak: float = 1.8) -> HotSpot:
    region = Region(Geometry((4, 4, 4), np.diag([4.0, 4.0, 4.0, 1.0])), np.array([21, 22]))
    middle = region.centroid_ras_mm
    measures = (suv_max, suv_peak, 1.5, 1.2, 1.8, 0.8, 0.8, "muscle", 2.2, 1.5)
    return HotSpot(1, region, middle, middle, *measures, "adaptive", 1.2)


def where(side: float, front: float | None, **more) -> Where:
    told = {"depth": 0.35, "above_bladder": 150.0, "trunk": True, "at_sacrum": False} | more
    return Where(side=side, front=front, **told)


def reason(place: Where, focus: HotSpot | None = None, tissue: int = tissues.UNKNOWN, bone: bool = False):
    return at_known_spine(focus or spot(), PARAMETERS, place, tissue, bone, 0.6, 1.2, 1.2)


@pytest.mark.parametrize(("side", "front"), [(18.0, -8.0), (0.0, -40.0), (20.0, 25.0), (0.0, 44.0), (45.0, -25.0)])
def test_joints_processes_and_bodies_are_of_the_spine(side: float, front: float) -> None:
    assert reason(where(side, front)) is None


@pytest.mark.parametrize(("side", "front"), [(30.0, 44.0), (0.0, 60.0), (45.0, 30.0)])
def test_beside_and_before_the_rounded_front_of_a_body_lie_organs(side: float, front: float) -> None:
    assert not reason(where(side, front)).sure


def test_thin_hot_uptake_beside_a_body_is_a_ureter_even_where_the_body_may_reach() -> None:
    thin, joint = spot(5.4, 2.5), spot(5.4, 3.9)
    assert "ureter" in reason(where(29.0, 32.0), thin).text
    assert reason(where(29.0, 32.0), joint) is None
    assert reason(where(18.0, 8.0), thin) is None


def test_at_the_height_of_the_sacrum_a_hot_sacroiliac_joint_is_no_kidney() -> None:
    hot = spot(5.1, 3.7)
    assert reason(where(55.0, 20.0, at_sacrum=True), hot) is None
    assert reason(where(55.0, 20.0), hot) is not None
    assert reason(where(55.0, 45.0, at_sacrum=True), hot) is not None


def test_in_front_of_the_femoral_heads_only_the_midline_may_be_bone() -> None:
    assert "in front of the hips" in before_hips(spot(), where(90.0, 120.0, above_bladder=10.0)).text
    assert before_hips(spot(), where(20.0, 120.0, above_bladder=10.0)) is None
    assert before_hips(spot(), where(90.0, 70.0, above_bladder=10.0)) is None
    assert before_hips(spot(), where(90.0, 120.0, above_bladder=10.0, trunk=False)) is None


def test_thin_hot_uptake_in_the_pelvis_is_a_ureter_medial_of_the_hip_joints_only() -> None:
    thin = spot(6.7, 2.7)
    assert is_thin(thin, 0.6)
    assert not is_thin(spot(6.7, 4.8), 0.6)
    assert not is_thin(spot(2.6, 1.2), 0.6)
    pelvis = {"depth": 0.5, "above_bladder": 20.0}
    assert at_pelvic_ureter(thin, where(52.0, None, **pelvis))
    assert not at_pelvic_ureter(thin, where(85.0, None, **pelvis))
    beside_implant = dataclasses.replace(thin, flags=["near-implant"])
    assert not at_pelvic_ureter(beside_implant, where(56.0, None, **pelvis))
    assert at_pelvic_ureter(beside_implant, where(40.0, None, **pelvis))


def test_a_mass_at_the_bladders_height_is_urine_also_where_a_t1_calls_it_marrow() -> None:
    mass = dataclasses.replace(spot(11.0, 10.0), mtv_ml=140.0)
    at = where(2.0, None, depth=0.7, above_bladder=1.0)
    assert "bladder" in urine(mass, PARAMETERS, at, tissues.MARROW).text
    assert urine(mass, PARAMETERS, where(2.0, None, depth=0.7, above_bladder=120.0), tissues.MARROW) is None
    assert urine(dataclasses.replace(mass, mtv_ml=2.0), PARAMETERS, at, tissues.MARROW) is None


def test_both_sides_alike_are_usual_unless_the_other_levels_are_lower() -> None:
    alike = dataclasses.replace(spot(), tbr=1.5, left_right_ratio=1.05)
    assert "alike" in _alike(alike, PARAMETERS, tissues.UNKNOWN, 1.7).text
    assert _alike(dataclasses.replace(alike, level_ratio=1.7), PARAMETERS, tissues.UNKNOWN, 1.7) is None


def test_a_line_without_discs_has_to_be_clear_to_be_a_spine() -> None:
    points = np.array([[0.0, 0.0, -60.0], [0.0, 0.0, 60.0]])
    assert not SpineLine(points, 0.55, 0.55).is_sure
    assert SpineLine(points, 0.9, 0.9).is_sure
    assert SpineLine(points, 0.55, 0.55, np.array([40.0, 80.0]), np.zeros(2)).is_sure
