"""What is given about a hip replacement, and the normal bone with which its zones are compared."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from PainGeneratorLib.Anatomy.body_plan import BodyPlan
from PainGeneratorLib.Anatomy.hip_sites import hip_sites
from PainGeneratorLib.Anatomy.zones import HipImplant
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.core.words import Certainty
from PainGeneratorLib.Numerics.fusion.site_parameters import SiteParameters
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.prosthesis import mirrored, normal_bone, shaft_below
from PainGeneratorLib.Workflow.prosthesis_facts import as_date, check_prosthesis_options, surgery_json
from PainGeneratorLib.Workflow.protocol import load_protocol

DAY = datetime.date(2025, 3, 1)
GRID = Geometry((110, 40, 100), np.array([[3.0, 0, 0, -150], [0, 3.0, 0, -60], [0, 0, 3.0, -220], [0, 0, 0, 1.0]]))
LEFT = np.array([-1.0, 0, 0])
PARAMETERS = load_protocol("hip-replacement").stage("sites", SiteParameters)


def options(**given: object) -> CaseOptions:
    return CaseOptions(group="hip-replacement", **given)


def test_what_can_be_true_is_accepted() -> None:
    given = options(surgery_date=DAY, fixation="cemented", crp_mg_l=3.5)
    check_prosthesis_options(given, "2025-03-01", "1950-01-01")
    check_prosthesis_options(given, None)
    assert surgery_json(given) == {"surgery_date": "2025-03-01", "fixation": "cemented", "crp_mg_l": 3.5}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"surgery_date": datetime.date(2025, 6, 2)}, "after the scan"),
        ({"surgery_date": datetime.date(1949, 6, 2)}, "not plausible"),
        ({"surgery_date": datetime.date(1965, 6, 2)}, "before the birth"),
        ({"crp_mg_l": 1001.0}, "CRP"),
        ({"crp_mg_l": 0.0}, "CRP"),
    ],
)
def test_what_cannot_be_true_about_a_replacement_is_refused(given: dict, told: str) -> None:
    with pytest.raises(PainGeneratorError, match=told):
        check_prosthesis_options(options(**given), "2025-06-01", "19700101")


@pytest.mark.parametrize("given", [{"surgery_date": DAY}, {"fixation": "hybrid"}, {"crp_mg_l": 5.0}])
def test_facts_about_a_prosthesis_are_refused_for_a_low_back(given: dict) -> None:
    with pytest.raises(PainGeneratorError, match="low-back"):
        check_prosthesis_options(CaseOptions(group="low-back", **given), None)


def test_a_fixation_that_no_one_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match="fixation"):
        check_prosthesis_options(options(fixation="glued"), None)


@pytest.mark.parametrize(("text", "day"), [("2025-03-01", DAY), ("20250301", DAY), (None, None), ("unknown", None)])
def test_a_date_of_the_header_is_read_where_it_can_be(text, day) -> None:
    assert as_date(text) == day


def implant(side: str) -> HipImplant:
    outward = 1.0 if side == "right" else -1.0
    head = np.array([outward * 88.0, 0.0, 0.0])
    top = head + np.array([outward * 38.0, -4.0, -30.0])
    return HipImplant(side, top, top + np.array([-outward * 8.0, 2.0, -110.0]), head, 27.0)


def plan(*implants: HipImplant, certainty: Certainty = Certainty.CERTAIN) -> BodyPlan:
    return BodyPlan(np.zeros(3), LEFT, "symmetry plane", None, implants, str(certainty))


def pet(right: float, left: float) -> Image:
    points = GRID.flat_to_ras(np.arange(GRID.size))
    values = np.where(points[:, 0] > 0, right, left).astype(np.float32)
    return Image(values.reshape(GRID.shape), GRID)


def sites_of(*implants: HipImplant) -> list:
    codes = Image(np.zeros(GRID.shape, dtype=np.uint8), GRID)
    return hip_sites(plan(*implants), codes, implants)[0]


@pytest.mark.parametrize(("side", "opposite", "distal"), [("right", 0.4, 0.9), ("left", 0.9, 0.4)])
def test_a_zone_is_compared_with_the_other_hip_and_with_the_shaft_below_its_own_stem(side, opposite, distal) -> None:
    hip = implant(side)
    found = normal_bone(sites_of(hip), plan(hip), pet(0.9, 0.4), PARAMETERS)
    one = found[f"{side} femur beside the stem, Gruen 2"]
    assert one.opposite == pytest.approx(opposite, rel=1e-5)
    assert one.distal == pytest.approx(distal, rel=1e-5)


def test_an_uncertain_midline_and_a_second_prosthesis_give_no_other_hip_to_compare_with() -> None:
    hip = implant("right")
    uncertain = plan(hip, certainty=Certainty.UNCERTAIN)
    assert all(
        one.opposite is None for one in normal_bone(sites_of(hip), uncertain, pet(0.9, 0.4), PARAMETERS).values()
    )
    both = (implant("right"), implant("left"))
    found = normal_bone(sites_of(*both), plan(*both), pet(0.9, 0.4), PARAMETERS)
    assert found["left femur beside the stem, Gruen 6"].opposite is None
    assert found["left femur beside the stem, Gruen 6"].distal == pytest.approx(0.4, rel=1e-5)
    assert found["right femur beside the stem, Gruen 6"].distal == pytest.approx(0.9, rel=1e-5)


def test_a_shaft_outside_of_the_pet_is_not_known() -> None:
    hip = implant("right")
    low = GRID.cropped((30, 0, 0), (80, 40, 100))
    image = Image(np.full(low.shape, 0.5, dtype=np.float32), low)
    one = normal_bone(sites_of(hip), plan(hip), image, PARAMETERS)["right femur beside the stem, Gruen 1"]
    assert one.distal is None
    assert one.opposite == pytest.approx(0.5)


def test_a_mirrored_zone_lies_as_far_from_the_midline_and_the_shaft_lies_below_the_tip() -> None:
    hip = implant("right")
    sites = sites_of(hip)
    first = next(site for site in sites if site.zone == "Gruen 1")
    other = mirrored(first, plan(hip))
    np.testing.assert_allclose(other.center_ras, first.center_ras * [-1, 1, 1])
    assert other.side == "left"
    shaft = shaft_below(next(site for site in sites if site.structure == "stem tip"))
    assert hip.stem_tip_ras is not None
    assert np.linalg.norm(shaft.center_ras - hip.stem_tip_ras) == pytest.approx(25.0)
    assert shaft.center_ras[2] < hip.stem_tip_ras[2]
