"""What the spinal canal tells of uptake beside and in front of it: organs, and the joints that are none."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics import tissues
from PainGeneratorLib.Numerics.image import Geometry, Region
from PainGeneratorLib.Numerics.physiologic import PhysiologicParameters, _at_known_spine, _before_hips, _Where
from PainGeneratorLib.Numerics.records import HotSpot

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


def where(side: float, front: float, **more) -> _Where:
    told = {"depth": 0.35, "above_bladder": 150.0, "trunk": True, "at_sacrum": False} | more
    return _Where(side=side, front=front, **told)


def reason(place: _Where, focus: HotSpot | None = None, tissue: int = tissues.UNKNOWN, bone: bool = False):
    return _at_known_spine(focus or spot(), PARAMETERS, place, tissue, bone, 0.6, 1.2, 1.2)


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
    assert "in front of the hips" in _before_hips(spot(), where(90.0, 120.0, above_bladder=10.0)).text
    assert _before_hips(spot(), where(20.0, 120.0, above_bladder=10.0)) is None
    assert _before_hips(spot(), where(90.0, 70.0, above_bladder=10.0)) is None
    assert _before_hips(spot(), where(90.0, 120.0, above_bladder=10.0, trunk=False)) is None
