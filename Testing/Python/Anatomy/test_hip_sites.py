"""The sites of both hips, with prostheses on either side, with native heads on MR, and with a segmentation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from anatomy_samples import draw, rigid
from PainGeneratorLib.Anatomy.body_plan import BodyPlan
from PainGeneratorLib.Anatomy.hip_sites import FEMUR_PLACES, hip_sites
from PainGeneratorLib.Anatomy.zones import HipImplant, cup_zone, gruen_zone
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.core.sites import Site, SiteSource
from PainGeneratorLib.Numerics.core.words import Certainty

LEFT = np.array([-1.0, 0.0, 0.0])
GRID = Geometry(
    (80, 50, 110), np.array([[3.0, 0, 0, -160.0], [0, 3.0, 0, -70.0], [0, 0, 3.0, -180.0], [0, 0, 0, 1.0]])
)
HEADS = {"left": np.array([-93.0, 4.0, -6.0]), "right": np.array([85.0, -2.0, 3.0])}
"""The midline lies at R = -4 mm."""
MIDLINE_R = -4.0
SOFT = [place.structure for place in FEMUR_PLACES if place.structure not in ("femoral head", "femoral neck")]


def plan_with(*implants: HipImplant, certainty: str = str(Certainty.CERTAIN)) -> BodyPlan:
    point = np.array([MIDLINE_R, 0.0, 0.0])
    return BodyPlan(point, LEFT, "symmetry plane", None, implants, certainty)


def implant(side: str) -> HipImplant:
    outward = 1.0 if side == "right" else -1.0
    head = HEADS[side]
    top = head + np.array([outward * 37.0, -5.0, -31.0])
    return HipImplant(side, top, top + np.array([-outward * 9.0, 3.0, -118.0]), head, 27.0, stem_half_mm=(9.0, 6.0))


def mr_with_heads(*sides: str) -> tuple[Image, Image]:
    """Signal and tissues: heads with a dark rim and a gap of fluid, neck and shaft, in muscle."""
    points = GRID.flat_to_ras(np.arange(GRID.size))
    signal = np.full(GRID.size, 300.0, dtype=np.float32)
    codes = np.full(GRID.size, tissues.MUSCLE, dtype=np.uint8)
    for side in sides:
        outward = 1.0 if side == "right" else -1.0
        head = HEADS[side]
        away = np.linalg.norm(points - head, axis=1)
        signal[away < 34.0] = 700.0
        signal[away < 28.0] = 50.0
        knee = head + np.array([outward * 40.0, -5.0, -32.0])
        foot = knee + np.array([-outward * 14.0, 0.0, -150.0])
        for grow, value in ((4.0, 50.0), (0.0, 900.0)):
            for start, end, radius in ((head, knee, 14.0), (knee, foot, 11.0)):
                way = end - start
                along = np.clip((points - start) @ way / (way @ way), 0.0, 1.0)
                inside = np.linalg.norm(points - start - along[:, None] * way, axis=1) < radius + grow
                signal[inside] = value
                codes[inside] = tissues.MARROW if value > 100 else tissues.VOID
            signal[away < 20.0 + grow] = value
        codes[away < 20.0] = tissues.MARROW
    return Image(signal.reshape(GRID.shape), GRID), Image(codes.reshape(GRID.shape), GRID)


def by_key(sites: list[Site]) -> dict[tuple[str, str], Site]:
    found = {(site.side, site.zone or site.structure): site for site in sites}
    assert len(found) == len(sites)
    return found


def outward_mm(site: Site) -> float:
    """Lateral distance of a site from the head of its side."""
    return float((site.center_ras - HEADS[site.side])[0] * (1.0 if site.side == "right" else -1.0))


@pytest.mark.parametrize("sides", [("left",), ("right",), ("left", "right")])
def test_every_prosthesis_has_its_parts_and_all_its_zones(sides):
    implants = tuple(implant(side) for side in sides)
    image, codes = mr_with_heads()
    sites, _ = hip_sites(plan_with(*implants), codes, implants, reference=image)
    found = by_key(sites)
    for hip in implants:
        parts = ("prosthesis cup", "prosthesis head", "prosthesis neck", "prosthesis shoulder", "stem tip")
        zones = [f"Gruen {n}" for n in range(1, 15) if n != 11] + [f"DeLee-Charnley {n}" for n in ("I", "II", "III")]
        assert {key for side, key in found if side == hip.side} == {*parts, *zones, *SOFT}
        np.testing.assert_allclose(found[hip.side, "prosthesis cup"].center_ras, hip.cup_center_ras)
        np.testing.assert_allclose(found[hip.side, "stem tip"].center_ras, hip.stem_tip_ras)
        assert found[hip.side, "Gruen 3"].name == f"{hip.side} femur beside the stem, Gruen 3"
        assert found[hip.side, "DeLee-Charnley I"].name == f"{hip.side} acetabulum at the cup, DeLee-Charnley I"
        assert found[hip.side, "Gruen 2"].source == SiteSource.PROSTHESIS
    assert [site.side for site in sites] == sorted((site.side for site in sites), reverse=True)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_zone_of_a_site_is_the_zone_that_a_candidate_there_would_get(side):
    hip = implant(side)
    sites, _ = hip_sites(plan_with(hip), mr_with_heads()[1], (hip,))
    for site in sites:
        if site.structure == "femur":
            assert site.zone in gruen_zone(site.center_ras, hip, LEFT)
        elif site.zone is not None:
            assert cup_zone(site.center_ras, hip, LEFT) == site.zone


def test_bone_in_front_of_a_stem_is_not_told_from_bone_beside_it_in_thick_coronal_slices():
    matrix = GRID.ijk_to_ras.copy()
    matrix[1, 1] = 8.0
    thick = Geometry(GRID.shape, matrix)
    sites, notes = hip_sites(plan_with(), Image(np.zeros(thick.shape, dtype=np.uint8), thick), (implant("left"),))
    assert not [site for site in sites if site.zone in [f"Gruen {n}" for n in range(8, 15)]]
    assert any("too thick" in note for note in notes)


@pytest.mark.parametrize("replaced", [None, "left", "right"])
def test_a_native_head_is_found_on_the_mr(replaced):
    native = [side for side in HEADS if side != replaced]
    image, codes = mr_with_heads(*native)
    implants = () if replaced is None else (implant(replaced),)
    sites, notes = hip_sites(plan_with(*implants), codes, implants, reference=image)
    found = by_key(sites)
    assert not notes
    for side in native:
        head = found[side, "femoral head"]
        assert np.linalg.norm(head.center_ras - HEADS[side]) < 3.0
        assert head.source == SiteSource.MR
        assert 15.0 < outward_mm(found[side, "femoral neck"]) < 30.0
        assert outward_mm(found[side, "greater trochanter"]) > 42.0
        assert outward_mm(found[side, "lesser trochanter"]) < 36.0
        assert outward_mm(found[side, "acetabulum"]) < 0.0
        front = (found[side, "iliopsoas tendon"].center_ras - HEADS[side])[1]
        assert 25.0 < front < 45.0
        assert found[side, "lesser trochanter"].center_ras[2] < HEADS[side][2] - 45.0
    kinds = {site.structure: site.tissue for site in sites}
    assert kinds["greater trochanter"] == tissues.MARROW
    assert kinds["trochanteric bursa"] == kinds["iliopsoas tendon"] == kinds["hip joint capsule"] == tissues.MUSCLE


def test_a_head_that_is_not_seen_is_left_out_with_a_note():
    image, codes = mr_with_heads("right")
    sites, notes = hip_sites(plan_with(), codes, (), reference=image)
    assert {site.side for site in sites} == {"right"}
    assert notes == ["The left femoral head was not found: the sites of the left hip are left out."]


def test_no_head_is_looked_for_beside_a_midline_that_is_not_known():
    image, codes = mr_with_heads("left", "right")
    sites, notes = hip_sites(plan_with(certainty=str(Certainty.UNCERTAIN)), codes, (), reference=image)
    assert not sites
    assert len(notes) == 2


def test_a_shaft_outside_the_field_is_said():
    image, codes = mr_with_heads("left", "right")
    high = GRID.cropped((40, 0, 0), (40, 50, 110))
    sites, notes = hip_sites(
        plan_with(), Image(codes.array[40:], high), (), reference=Image(image.array[40:], high)
    )  # fmt: skip
    assert len(by_key(sites)) == 2 * len(FEMUR_PLACES)
    assert sum("shaft" in note for note in notes) == 2


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_prosthesis_without_a_known_stem_has_the_zones_of_its_cup_and_says_so(side):
    hip = dataclasses.replace(implant(side), stem_top_ras=None, stem_tip_ras=None)
    sites, notes = hip_sites(plan_with(hip), mr_with_heads()[1], (hip,))
    zones = {site.zone for site in sites if site.zone}
    assert zones == {f"DeLee-Charnley {n}" for n in ("I", "II", "III")}
    assert f"The stem of the {side} prosthesis was not found: its Gruen zones are left out." in notes


def test_a_doubtful_side_of_a_prosthesis_is_that_of_its_sites():
    hip = dataclasses.replace(implant("left"), side_certainty=str(Certainty.LIKELY))
    sites, _ = hip_sites(plan_with(hip), mr_with_heads()[1], (hip,))
    assert {site.side_certainty for site in sites if site.zone} == {"likely"}


@pytest.mark.parametrize("moved", [False, True])
def test_with_a_segmentation_the_bones_come_from_its_labels(moved):
    anatomy, body = draw(spacing=3.0)
    to_map = rigid(3.0, -4.0, 5.0, (6.0, -9.0, 4.0)) if moved else np.eye(4)
    if moved:
        anatomy = dataclasses.replace(anatomy, frame_to_map_ras=to_map)
    codes = Image(np.zeros(GRID.shape, dtype=np.uint8), GRID)
    sites, notes = hip_sites(BodyPlan(np.zeros(3), LEFT, "symmetry plane"), codes, (), anatomy)
    found = by_key(sites)
    assert not notes
    back = np.linalg.inv(to_map)
    for side, outward in (("left", -1.0), ("right", 1.0)):
        head = found[side, "femoral head"]
        true = back[:3, :3] @ body.at(outward * 88.0, 0.0, -75.0) + back[:3, 3]
        assert np.linalg.norm(head.center_ras - true) < 6.0
        assert head.source == SiteSource.SEGMENTATION
