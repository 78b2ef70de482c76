"""Names of places: spine, pelvis, hips, prosthesis, and what is said without an anatomy segmentation."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from anatomy_samples import HIP_X, HIP_Z, draw, rigid
from PainGeneratorLib.Anatomy import codes
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap
from PainGeneratorLib.Anatomy.body_plan import BodyPlan, find_body_plan
from PainGeneratorLib.Anatomy.hip_sites import hip_sites
from PainGeneratorLib.Anatomy.labels import Structure
from PainGeneratorLib.Anatomy.level_count import with_counted_levels
from PainGeneratorLib.Anatomy.places import Namer
from PainGeneratorLib.Anatomy.spine import _without_cut_off, find_spine
from PainGeneratorLib.Anatomy.spine_places import side_of
from PainGeneratorLib.Anatomy.zones import HipImplant, cup_zone, gruen_zone, implant_from_void, stem_position
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.body.vertebrae import Spine, VertebraFrame
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region, transform_points
from PainGeneratorLib.Numerics.core.records import FLAG_TEXTS, MR_KINDS, Place

VARIANTS = {
    "straight": {},
    "turned, shifted, scoliotic": {"to_ras": rigid(8, -10, 20, (40, -30, 15)), "bend_mm": 18.0},
    "sub-regions": {"style": "parts", "to_ras": rigid(0, 8, -15, (-30, 0, 0))},
    "vertebrae without discs or canal": {"discs": False, "canal": False, "to_ras": rigid(5, 5, 12)},
    "levels counted": {"style": "unnamed", "bend_mm": -10.0},
}


@pytest.fixture(scope="module", params=list(VARIANTS), ids=list(VARIANTS))
def named_body(request):
    anatomy, body = draw(**VARIANTS[request.param], spacing=2.5)
    return Namer(with_counted_levels(anatomy)), body, request.param


def ball(center, radius=5.0):
    grid = np.stack(np.meshgrid(*[np.arange(-radius, radius + 0.1, 1.5)] * 3), axis=-1).reshape(-1, 3)
    return np.asarray(center) + grid[(grid**2).sum(axis=1) <= radius**2]


def spine_cases(body):
    disc, vertebra = body.disc, body.vertebra
    return [
        ((0, 0, disc(1)), ("disc", "midline", "L4/L5")),
        ((14, 2, disc(2)), ("disc", "right", "L3/L4")),
        ((-14, 2, disc(0)), ("disc", "left", "L5/S1")),
        ((-12, 0, vertebra("L4") + 10), ("upper endplate", "left", "L3/L4")),
        ((12, 0, vertebra("L3") - 10), ("lower endplate", "right", "L3/L4")),
        ((0, 0, vertebra("L1") + 10), ("upper endplate", "midline", "T12/L1")),
        ((0, 0, vertebra("L2")), ("vertebral body", "midline", "L2")),
        ((13, 0, vertebra("L2")), ("vertebral body", "right", "L2")),
        ((16, -38, disc(1)), ("facet joint", "right", "L4/L5")),
        ((-16, -38, disc(1)), ("facet joint", "left", "L4/L5")),
        ((-16, -38, disc(3) + 1), ("facet joint", "left", "L2/L3")),
        ((-15, -38, disc(0)), ("facet joint", "left", "L5/S1")),
        ((13.5, -19, vertebra("L3") + 4), ("pedicle", "right", "L3")),
        ((0, -62, vertebra("L4") - 10), ("spinous process", "midline", "L4")),
        ((-33, -25, vertebra("L3") + 3), ("transverse process", "left", "L3")),
        ((0, -27, vertebra("L3")), ("spinal canal", "midline", "L3")),
        ((0, -27, disc(2)), ("spinal canal", "midline", "L3/L4")),
        ((-14, -20, disc(2) + 4), ("foramen", "left", "L3/L4")),
        ((44, -15, -15), ("sacroiliac joint", "right", None)),
        ((-40, -15, -35), ("sacroiliac joint", "left", None)),
        ((0, -15, -50), ("sacrum", "midline", None)),
        ((-16, -15, -50), ("sacrum", "left", None)),
        ((0, -8, -10), ("upper endplate", "midline", "L5/S1")),
    ]


HIP_CASES = [
    ((HIP_X, 5, HIP_Z), "femoral head", "right"),
    ((-HIP_X, 5, HIP_Z), "femoral head", "left"),
    ((-HIP_X - 28, 5, HIP_Z - 20), "femoral neck", "left"),
    ((HIP_X + 42, 3, HIP_Z - 10), "greater trochanter", "right"),
    ((-HIP_X - 24, -8, HIP_Z - 60), "lesser trochanter", "left"),
    ((HIP_X + 40, 3, HIP_Z - 95), "femoral shaft", "right"),
    ((HIP_X - 28, 5, HIP_Z + 14), "acetabulum", "right"),
    ((-62, 20, 15), "ilium", "left"),
    ((20, -70, 100), "erector spinae", "right"),
    ((-HIP_X - 66, 3, HIP_Z - 10), "trochanteric bursa", "left"),
    ((HIP_X, 48, HIP_Z), "iliopsoas bursa", "right"),
    ((-HIP_X, 5, HIP_Z - 31), "hip joint", "left"),
]


def test_places_of_the_spine_have_structure_side_and_level(named_body):
    namer, body, variant = named_body
    wrong = []
    for place, expected in spine_cases(body):
        found = namer.name(ball(body.at(*place)))
        if (found.structure, found.side, found.level) != expected:
            wrong.append((place, expected, found))
        assert ("level-counted" in found.flags) == (variant == "levels counted" and found.level is not None)
    assert not wrong


def test_places_of_the_hips_have_structure_and_side(named_body):
    namer, body, _ = named_body
    found = [
        namer.name(ball(transform_points(body.to_ras, np.array(place, dtype=float)))) for place, _, _ in HIP_CASES
    ]
    assert [(p.structure, p.side) for p in found] == [(structure, side) for _, structure, side in HIP_CASES]
    assert all(p.level is None for p in found)


def test_a_region_on_another_grid_is_named_in_words(named_body):
    namer, body, _ = named_body
    center = body.at(-16, -38, body.disc(1))
    matrix = np.diag([-3.0, -3.0, 3.0, 1.0])
    matrix[:3, 3] = center + np.array([12, 12, -12])
    mask = np.zeros((9, 9, 9), dtype=bool)
    mask[3:6, 3:6, 3:6] = True
    assert namer(Region.from_mask(mask, Geometry(mask.shape, matrix))).name == "left facet joint L4/L5"


def test_a_joint_is_named_with_its_half_and_its_bone():
    anatomy, body = draw(spacing=2.5)
    namer = Namer(anatomy)
    assert namer.name(ball(body.at(49, -15, -10), 3)).name == "right sacroiliac joint, upper half, iliac side"
    assert namer.name(ball(body.at(-28, -15, -55), 3)).name.startswith("left sacroiliac joint, lower half, sacral")


def test_a_place_in_no_structure_is_named_beside_the_nearest_with_its_distance():
    anatomy, body = draw(spacing=2.5)
    place = Namer(anatomy).name(ball(transform_points(body.to_ras, np.array([HIP_X + 40.0, 35.0, HIP_Z - 98])), 3))
    assert place.name.startswith("beside right femoral shaft, ")
    assert place.side == "right"
    far = Namer(anatomy).name(np.array([0.0, 500.0, 0.0]))
    assert far.structure == "unnamed"
    assert far.flags == ("no-level", "side-uncertain")


@pytest.mark.slow
def test_a_map_in_the_frame_of_another_series_is_used_through_its_transform():
    anatomy, body = draw(spacing=2.5)
    to_map = rigid(0, 0, 12, (15, -20, 30))
    namer = Namer(dataclasses.replace(anatomy, frame_to_map_ras=to_map))
    there = transform_points(np.linalg.inv(to_map), ball(body.at(16, -38, body.disc(1))))
    place = namer.name(there)
    assert (place.structure, place.side, place.level) == ("facet joint", "right", "L4/L5")


def test_a_missing_fifth_lumbar_vertebra_marks_levels_as_counted():
    anatomy, body = draw(spacing=3.0)
    swap = {"L5": "L6", "L4": "L5", "L3": "L4", "L2": "L3", "L1": "L2"}
    structures = {
        n: Structure(w.structure, w.side, swap.get(w.level, w.level)) if w.structure == "vertebra" else w
        for n, w in anatomy.structures.items()
        if w.structure != "disc"
    }
    namer = Namer(AnatomyMap(anatomy.image, structures))
    place = namer.name(ball(body.at(0, 0, body.vertebra("L5"))))
    assert (place.level, place.flags) == ("L6", ("level-counted",))


@pytest.mark.slow
def test_vertebra_frames_point_to_the_patients_left_and_front_when_the_patient_lies_turned():
    to_ras = rigid(0, 0, 35, (60, 0, 0))
    anatomy, body = draw(to_ras, spacing=2.5)
    spine = find_spine(anatomy)
    for frame in spine.frames:
        np.testing.assert_allclose(frame.left, to_ras[:3, :3] @ [-1, 0, 0], atol=0.08)
        np.testing.assert_allclose(frame.front, to_ras[:3, :3] @ [0, 1, 0], atol=0.08)
        assert np.linalg.norm(frame.center_ras - body.at(0, 0, body.vertebra(frame.level))) < 2.5
        assert frame.back_mm == pytest.approx(-17.0, abs=3.0)
    assert {(j.level, j.side) for j in spine.facets} >= {("L4/L5", "left"), ("L4/L5", "right"), ("L5/S1", "left")}
    for joint in spine.facets:
        sign = 1 if joint.side == "right" else -1
        number = ["L5/S1", "L4/L5", "L3/L4", "L2/L3", "L1/L2"].index(joint.level)
        assert np.linalg.norm(joint.center_ras - body.at(sign * 16.5, -38, body.disc(number))) < 6.0


def test_central_means_near_the_middle_or_across_it():
    assert side_of(np.array([3.0]), 25.0) == "midline"
    assert side_of(np.array([-9.0]), 25.0) == "right"
    assert side_of(np.linspace(-20, 34, 55), 25.0) == "midline"
    assert side_of(np.linspace(1, 20, 55), 25.0) == "left"


# prosthesis


def implant(side: str) -> HipImplant:
    sign = -1.0 if side == "left" else 1.0
    return HipImplant(
        side, np.array([sign * 118, 0, -90.0]), np.array([sign * 122, 0, -240.0]), np.array([sign * 88, 5, -60.0])
    )


@pytest.mark.parametrize("side", ["left", "right"])
def test_gruen_zones_run_down_the_lateral_and_up_the_medial_side_on_either_hip(side):
    hip = implant(side)
    sign = -1.0 if side == "left" else 1.0
    found = [gruen_zone(np.array([sign * (120 + 16), 2, z]), hip)[0] for z in (-100, -155, -205)]
    found += [gruen_zone(np.array([sign * 122, 1, -252]), hip)[0]]
    found += [gruen_zone(np.array([sign * (120 - 16), 2, z]), hip)[0] for z in (-205, -155, -100)]
    assert found == [f"Gruen {n}" for n in range(1, 8)]


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_lateral_view_is_added_where_a_place_lies_more_in_front_or_behind(side):
    hip = implant(side)
    x = -120 if side == "left" else 120
    assert gruen_zone(np.array([x, 18.0, -100]), hip)[1] == "Gruen 8"
    assert gruen_zone(np.array([x, -18.0, -205]), hip)[1] == "Gruen 12"
    assert gruen_zone(np.array([x * 1.1, 1.0, -205]), hip)[1] is None


@pytest.mark.parametrize("side", ["left", "right"])
def test_cup_zones_are_lateral_medial_and_below_on_either_hip(side):
    hip = implant(side)
    sign = -1.0 if side == "left" else 1.0
    points = [(sign * 105, 5, -40), (sign * 68, 5, -45), (sign * 85, 5, -90)]
    assert [cup_zone(np.array(p), hip) for p in points] == [f"DeLee-Charnley {n}" for n in ("I", "II", "III")]


@pytest.mark.parametrize("side", ["left", "right"])
def test_places_at_a_prosthesis_get_their_zone(side):
    hip = implant(side)
    sign = -1.0 if side == "left" else 1.0
    plan = find_body_plan(flat_image(), implants=(hip,))
    namer = Namer(plan=plan, implants=(hip,))
    stem = namer.name(ball((sign * 136, 2, -155)))
    assert (stem.structure, stem.side, stem.zone) == ("femur", side, "Gruen 2")
    cup = namer.name(ball((sign * 66, 5, -45)))
    assert (cup.structure, cup.side, cup.zone) == ("acetabulum", side, "DeLee-Charnley II")
    neck = namer.name(ball((sign * 104, 2, -76), 3))
    assert neck.structure == "prosthesis neck"
    assert "near-neck" in neck.flags
    assert not {"near-neck"} & {*stem.flags, *cup.flags}
    other = namer.name(ball((-sign * 110, 0, -100)))
    assert (other.side, other.zone, other.level) == ("right" if side == "left" else "left", None, None)


def test_an_implant_without_stem_or_cup_says_so():
    bare = implant_from_void("left", None)
    with pytest.raises(ValueError, match="stem"):
        stem_position(np.zeros(3), bare)
    with pytest.raises(ValueError, match="cup"):
        cup_zone(np.zeros(3), bare)


@pytest.mark.parametrize("is_shell", [False, True], ids=["solid", "dome of a cup with a liner"])
def test_the_cup_is_found_in_the_implants_void(is_shell):
    matrix = np.diag([-2.0, -2.0, 2.0, 1.0])
    matrix[:3, 3] = [-40, 40, -260]
    geometry = Geometry((120, 40, 60), matrix)
    points = geometry.flat_to_ras(np.arange(geometry.size))
    hip = implant("left")
    mask = np.linalg.norm(points - hip.cup_center_ras, axis=1) < 26
    if is_shell:  # metal above and medial of the head's center, thickest above
        outward = points - hip.cup_center_ras
        mask &= (np.linalg.norm(outward - [0, 0, -5], axis=1) > 22) & (outward @ [1.0, 0, 1.0] > -5)
    way = hip.stem_tip_ras - hip.stem_top_ras
    along = np.clip((points - hip.stem_top_ras) @ way / (way @ way), 0, 1)
    mask |= np.linalg.norm(points - hip.stem_top_ras - along[:, None] * way, axis=1) < 9
    found = implant_from_void(
        "left", np.stack([hip.stem_top_ras, hip.stem_tip_ras]), Region(geometry, np.flatnonzero(mask))
    )
    assert np.linalg.norm(found.cup_center_ras - hip.cup_center_ras) < 4.0
    assert found.cup_radius_mm == pytest.approx(26.0, abs=3.0)


@pytest.mark.parametrize(
    ("lateral_mm", "structure"), [(13, "femur"), (26, "trochanteric bursa"), (38, "trochanteric bursa")]
)
def test_lateral_of_the_trochanter_lies_its_bursa_and_no_zone_of_the_stem(lateral_mm, structure):
    hip = implant("left")
    place = hip.stem_top_ras + 0.2 * (hip.stem_tip_ras - hip.stem_top_ras) + [-lateral_mm, 0, 0]
    found = Namer(plan=find_body_plan(flat_image(), implants=(hip,)), implants=(hip,)).name(ball(place, 4))
    assert (found.structure, found.side, found.zone is None) == (structure, "left", structure != "femur")


# without an anatomy segmentation


def flat_image() -> Image:
    matrix = np.diag([-10.0, -10.0, 10.0, 1.0])
    matrix[:3, 3] = [200, 100, -300]
    return Image(np.zeros((30, 20, 40), dtype=np.float32), Geometry((30, 20, 40), matrix))


def torso(shift: float, turn: float, view: tuple[float, float]) -> tuple[Image, Image, np.ndarray]:
    """T1 and FLUID of a trunk with canal, bodies and muscles; FOV between two R coordinates; returns the body's
    matrix."""
    to_ras = rigid(0, 0, turn, (shift, 0, 0))
    matrix = np.diag([-3.0, -3.0, 3.0, 1.0])
    matrix[:3, 3] = [view[1], 110, 0]
    geometry = Geometry((60, 74, int((view[1] - view[0]) / 3)), matrix)
    x, y, z = (transform_points(np.linalg.inv(to_ras), geometry.flat_to_ras(np.arange(geometry.size)))).T
    t1 = np.where((x / 175) ** 2 + (y / 105) ** 2 < 1, 60.0, 1.0)
    t1[((x / 155) ** 2 + (y / 88) ** 2 < 1)] = 35.0
    muscle = (((np.abs(x) - 35) / 26) ** 2 + ((y + 66) / 18) ** 2 < 1) | (
        ((np.abs(x) - 45) / 18) ** 2 + ((y + 20) / 20) ** 2 < 1
    )
    t1[muscle] = 20.0
    body = ((x / 25) ** 2 + ((y + 10) / 18) ** 2 < 1) & (np.mod(z, 36) < 27)
    t1[body] = 48.0
    canal = x**2 + (y + 38) ** 2 < 81
    t1[canal] = 8.0
    liver = (((x - 90) / 50) ** 2 + ((y - 30) / 45) ** 2 < 1) & (z > 70)
    t1[liver] = 44.0
    fluid = np.where(t1 > 30, 12.0, 20.0)
    fluid[t1 < 2] = 1.0
    fluid[canal] = 100.0
    fluid[((x + 60) / 30) ** 2 + ((y - 50) / 25) ** 2 < 1] = 90.0
    noise = np.random.default_rng(5)
    images = [
        Image((v + noise.normal(0, 2, v.size)).reshape(geometry.shape).astype(np.float32), geometry)
        for v in (t1, fluid)
    ]
    return images[0], images[1], to_ras


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shift", "turn", "view"),
    [(0, 0, (-195, 195)), (45, 8, (-195, 240)), (-35, -10, (-120, 60)), (30, 0, (-120, 195))],
)
def test_side_is_right_without_anatomy_when_the_patient_lies_aside_or_turned(shift, turn, view):
    t1, fluid, to_ras = torso(shift, turn, view)
    for plan in (find_body_plan(t1, fluid=fluid), find_body_plan(t1)):
        assert plan.source != "scanner axis"
        for x, y, expected in ((-16, -45, "left"), (16, -45, "right"), (-24, -40, "left"), (0, -10, "midline")):
            place = plan.describe(transform_points(to_ras, np.array([x, y, 90.0])))
            assert place.side == expected, (plan.source, x, place)
            assert place.level is None
            assert "no-level" in place.flags


@pytest.mark.slow
def test_the_spine_line_follows_the_canal_and_gives_position_words():
    t1, fluid, to_ras = torso(25, 6, (-195, 215))
    plan = find_body_plan(t1, fluid=fluid)
    assert plan.source == "spine line"
    line = transform_points(np.linalg.inv(to_ras), plan.spine_line.points_ras)
    assert np.abs(line[:, 0]).max() < 4.0
    assert np.abs(line[:, 1] + 38).max() < 6.0
    place = plan.describe(transform_points(to_ras, np.array([-34.0, -62.0, 90.0])))
    assert place.name.startswith("left paraspinal region, 3")
    assert "behind the spine line" in place.name
    assert plan.describe(transform_points(to_ras, np.array([0.0, -38.0, 90.0]))).name.endswith("in the spine line")


@pytest.mark.slow
def test_a_plan_moves_with_the_body():
    t1, fluid, _ = torso(0, 0, (-195, 195))
    plan = find_body_plan(t1, fluid=fluid)
    motion = rigid(0, 0, 30, (80, 10, 0))
    moved = plan.moved(motion)
    point = np.array([-30.0, -60.0, 80.0])
    assert moved.describe(transform_points(motion, point)).side == plan.describe(point).side == "left"


def test_one_hip_in_the_field_of_view_has_the_side_on_which_the_skin_shows():
    t1, _, _ = torso(0, 0, (-195, -20))
    wrong = SymmetryPlane(np.array([-100.0, 0, 0]), np.array([-1.0, 0, 0]), 0.8)
    hip = HipImplant("left", np.array([-118.0, 0, 80.0]), np.array([-120.0, 0, 10.0]))
    for plan in (find_body_plan(t1, symmetry=wrong, implants=(hip,)), find_body_plan(t1, implants=(hip,))):
        assert plan.side(np.array([-80.0, 0, 60])) == "left"
        assert plan.side(np.array([-150.0, 0, 60])) == "left"


def test_without_any_sign_of_the_midline_the_side_is_marked_as_uncertain():
    plan = find_body_plan(flat_image())
    place = plan.describe(np.array([-40.0, 0, 0]))
    assert (place.side, place.flags) == ("left", ("no-level", "side-uncertain"))
    assert set(place.flags) <= set(FLAG_TEXTS)


def test_a_namer_needs_something_to_go_by():
    with pytest.raises(ValueError, match="needs"):
        Namer()


# codes


def test_codes_are_those_of_the_dicom_dictionary():
    from pydicom.sr._concepts_dict import concepts

    known = {
        (scheme, value)
        for scheme in ("SCT", "DCM")
        for entry in concepts[scheme].values()
        for value, (_, groups) in entry.items()
        if groups
    }
    tables = (codes.STRUCTURE_CODES, codes.SIDE_CODES, codes.VERTEBRA_CODES, codes.DISC_CODES, codes.KIND_CODES)
    used = [code for table in tables for code in table.values()]
    assert [c for c in used if c.scheme != codes.OWN and (c.scheme, c.value) not in known] == []
    assert [c for c in used if len(c.value) > 16 or len(c.meaning) > 64] == []
    own = [c.value for c in used if c.scheme == codes.OWN]
    assert len(own) == len(set(own))


def test_every_kind_and_structure_has_a_code():
    assert set(codes.KIND_CODES) == set(MR_KINDS)
    assert {"facet joint", "sacroiliac joint", "prosthesis neck", "foramen"} <= set(codes.STRUCTURES)
    assert codes.structure_code(Place("x", "disc", "midline", "L4/L5")).value == "84020006"
    assert codes.structure_code(Place("x", "sternum", "midline")).scheme == codes.OWN


def test_a_terminology_entry_has_slicers_seven_parts():
    entry = codes.terminology_entry("oedema", Place("x", "pedicle", "left", "L4"))
    assert entry == (
        "PainGenerator findings~SCT^49755003^Morphologically Abnormal Structure~SCT^79654002^Edema~^^"
        "~PainGenerator anatomy~SCT^78972004^Pedicle of vertebra~SCT^7771000^Left"
    )
    pair = codes.terminology_entry("oedema", Place("x", "facet joint", "both", "L4/L5"))
    assert pair.endswith("~SCT^51440002^Bilateral")
    assert codes.terminology_entry("hot spot").endswith("~^^~PainGenerator anatomy~^^~^^")
    assert codes.color_of("oedema")[2] > codes.color_of("oedema")[0]


def test_the_terminology_files_agree_with_the_tables(project_folder):
    folder = project_folder / "PainGenerator" / "PainGeneratorLib" / "Resources" / "Terminology"
    for name, content in (
        ("PainGenerator.term.json", codes.findings_terminology()),
        ("PainGenerator-Anatomy.term.json", codes.anatomy_context()),
    ):
        assert json.loads((folder / name).read_text(encoding="utf-8")) == content


def test_a_vertebra_of_which_only_a_process_is_seen_does_not_turn_the_spine() -> None:
    def frame(level: str, up: tuple[float, float, float], height: float) -> VertebraFrame:
        axis = np.array(up) / np.linalg.norm(up)
        front = np.cross([-1.0, 0.0, 0.0], axis)
        center = np.array([2.0, -0.2 * height, height])
        return VertebraFrame(level, center, np.array([-1.0, 0, 0]), front, axis, 25.0, -17.0, 17.0, -13.0, 13.0)

    cut_off = frame("T12", (0.0, -1.0, 0.05), 110.0)
    whole = [
        frame("L1", (0.0, -0.2, 1.0), 74.0),
        frame("L2", (0.0, -0.1, 1.0), 37.0),
        frame("L3", (0.0, 0.0, 1.0), 0.0),
    ]
    assert [f.level for f in _without_cut_off((cut_off, *whole))] == ["L1", "L2", "L3"]


def test_far_behind_a_lordotic_spine_the_nearest_vertebra_is_at_the_points_own_height() -> None:
    up = {"L1": (0.0, -0.5, 1.0), "L3": (0.0, 0.0, 1.0), "L5": (0.0, 0.5, 1.0)}
    frames = []
    for level, height in (("L1", 70.0), ("L3", 0.0), ("L5", -70.0)):
        axis = np.array(up[level]) / np.linalg.norm(up[level])
        front = np.cross([-1.0, 0.0, 0.0], axis)
        center = np.array([0.0, 0.0, height])
        frames.append(
            VertebraFrame(level, center, np.array([-1.0, 0, 0]), front, axis, 25.0, -17.0, 17.0, -13.0, 13.0)
        )
    assert Spine(tuple(frames)).nearest(np.array([0.0, -140.0, 16.0])).level == "L3"


def without(anatomy: AnatomyMap, structure: str, near, side: str | None = None) -> AnatomyMap:
    """The map without the voxels of a structure where `near` (points -> bool) says so."""
    labels = anatomy.image.array.copy()
    flat = np.flatnonzero(np.isin(labels, anatomy.labels_of(structure, side)))
    gone = flat[near(anatomy.image.geometry.flat_to_ras(flat))]
    labels.reshape(-1)[gone] = 0
    return dataclasses.replace(anatomy, image=Image(labels, anatomy.image.geometry))


def test_a_facet_joint_whose_lower_process_is_not_segmented_lies_as_its_neighbors_do() -> None:
    anatomy, body = draw(spacing=2.5)
    joint = body.at(-15, -38, body.disc(0))
    cut = without(anatomy, "sacrum", lambda points: np.linalg.norm(points - joint, axis=1) < 22.0)
    place = Namer(cut).name(ball(joint, 3))
    assert (place.structure, place.side, place.level) == ("facet joint", "left", "L5/S1")


@pytest.mark.parametrize("known", ["from the MR", "mirrored"])
def test_a_hip_without_its_head_is_named_by_the_prosthesis_or_by_the_other_hip(known: str) -> None:
    anatomy, _ = draw(spacing=2.5)
    cup = np.array([HIP_X, 5.0, HIP_Z])
    cut = without(anatomy, "femur", lambda points: np.linalg.norm(points - cup, axis=1) < 40.0, "right")

    def at(right: float, front: float, up: float) -> np.ndarray:
        return cup + np.array([right, front, up])

    hip = HipImplant("right", at(38, 0, -20), at(38, 0, -150), cup) if known == "from the MR" else None
    namer = Namer(cut, implants=(hip,) if hip else ())
    capsule, bursa = namer.name(ball(at(0, 0, -33), 3)), namer.name(ball(at(0, 43, 0), 3))
    assert capsule.structure == ("hip joint capsule" if hip else "hip joint")
    assert (bursa.structure, bursa.side) == ("iliopsoas bursa", "right")
    assert namer.name(ball(at(-32, 0, 12), 3)).structure == "acetabulum"
    assert namer.name(ball((HIP_X + 66, 3, HIP_Z - 10), 3)).structure == "trochanteric bursa"
    assert namer.name(ball((-HIP_X, 5, HIP_Z), 3)).structure == "femoral head"


@pytest.mark.parametrize("top", [-10.0, 25.0])
def test_the_neck_of_a_prosthesis_is_found_wherever_the_stems_upper_end_is_thought_to_be(top: float) -> None:
    hip = HipImplant("left", np.array([-126.0, 0, top]), np.array([-126.0, 0, -140]), np.array([-87.0, 0, 8]))
    assert hip.neck_end_ras == pytest.approx([-126.0, 0.0, -31.0])
    plan = find_body_plan(flat_image(), implants=(hip,))
    assert Namer(plan=plan, implants=(hip,)).name(ball((-105.0, 0, -25), 3)).structure == "prosthesis neck"
    shifted = hip.moved(rigid(0, 0, 0, (5.0, 0, 0)))
    assert shifted.cup_center_ras[0] == pytest.approx(-82.0)
    assert hip.moved(None) is hip


LEFT = np.array([-1.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("certainty", "at", "name", "flags"),
    [
        ("certain", -40.0, "left unnamed place, 40 mm lateral of the midline", ("no-level",)),
        ("likely", -40.0, "likely left unnamed place, 40 mm lateral of the midline", ("no-level", "side-likely")),
        (
            "likely",
            20.0,
            "unnamed place, side uncertain, 20 mm to the right of the assumed midline",
            ("no-level", "side-uncertain"),
        ),
        (
            "uncertain",
            -40.0,
            "unnamed place, side uncertain, 40 mm to the left of the assumed midline",
            ("no-level", "side-uncertain"),
        ),
        (
            "uncertain",
            2.0,
            "unnamed place, side uncertain, near the assumed midline",
            ("no-level", "side-uncertain"),
        ),
    ],
)
def test_a_side_that_is_not_certain_is_not_claimed(certainty: str, at: float, name: str, flags: tuple[str, ...]):
    plan = BodyPlan(np.zeros(3), LEFT, "symmetry plane", certainty=certainty)
    place = plan.describe(np.array([at, 0.0, 0.0]))
    assert (place.name, place.flags) == (name, flags)
    assert set(place.flags) <= set(FLAG_TEXTS)


def test_a_place_that_two_signs_put_on_different_sides_is_only_likely():
    other = SymmetryPlane(np.array([-20.0, 0.0, 0.0]), LEFT, 0.0)
    plan = BodyPlan(np.zeros(3), LEFT, "symmetry plane", signs=(other,))
    assert plan.side_certainty(np.array([-12.0, 0.0, 0.0])) == "likely"
    assert plan.side_certainty(np.array([-40.0, 0.0, 0.0])) == "certain"


def test_a_spine_that_nothing_confirms_gives_no_name():
    line = SpineLine(np.outer(np.arange(0.0, 90.0, 3.0), [0.0, 0.0, 1.0]), 0.9, 0.9, np.arange(3.0), np.zeros(3))
    unsure = BodyPlan(np.zeros(3), LEFT, "symmetry plane", line, spine_certainty="likely")
    place = unsure.describe(np.array([10.0, 0.0, 30.0]))
    assert place.structure == "unnamed"
    assert "spine-uncertain" in place.flags
    sure = dataclasses.replace(unsure, spine_certainty="certain")
    assert sure.describe(np.array([10.0, 0.0, 30.0])).structure == "spine"


@pytest.mark.parametrize(("labels_say", "certainty"), [("right", "certain"), ("left", "uncertain")])
def test_a_segmentation_that_the_midline_contradicts_has_uncertain_sides(labels_say: str, certainty: str):
    geometry = Geometry((20, 20, 20), np.diag([6.0, 6.0, 6.0, 1.0]))
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    labels[5:15, 5:15, 8:18] = 1
    anatomy = AnatomyMap(Image(labels, geometry), {1: Structure("femur", labels_say)})
    plan = BodyPlan(np.zeros(3), LEFT, "symmetry plane")
    place = Namer(anatomy, plan).name(np.array([80.0, 60.0, 60.0]))
    assert place.side == labels_say
    assert place.side_certainty == certainty
    assert ("side-uncertain" in place.flags) == (certainty == "uncertain")


def test_a_plan_of_a_former_version_keeps_its_prosthesis():
    hip = HipImplant("left", np.zeros(3), np.ones(3))
    kept = {**BodyPlan(np.zeros(3), LEFT, "body outline").to_kept(), "implant": hip}
    del kept["implants"]
    assert BodyPlan.from_kept(kept).implants == (hip,)


@pytest.mark.parametrize("side", ["left", "right"])
def test_an_effusion_in_the_capsule_of_a_replaced_hip_is_no_zone_of_the_bone_at_the_cup(side):
    hip = implant(side)
    sign = -1.0 if side == "left" else 1.0
    plan = find_body_plan(flat_image(), implants=(hip,))
    tissues = Image(np.zeros((4, 4, 4), np.uint8), Geometry((4, 4, 4), np.eye(4)))
    sites, _ = hip_sites(plan, tissues, (hip,))
    capsule = next(site for site in sites if (site.structure, site.side) == ("hip joint capsule", side))
    # Three millimeters in front of and medial of the middle, as on a phantom with synovitis.
    points = ball(capsule.center_ras + np.array([-sign * 3.0, 3.0, 0.0]))
    assert Namer(plan=plan, implants=(hip,)).name(points).zone is not None
    found = Namer(plan=plan, implants=(hip,), sites=sites).name(points)
    assert (found.structure, found.side, found.zone) == ("hip joint capsule", side, None)
    bone = Namer(plan=plan, implants=(hip,), sites=sites).name(ball((sign * 66, 5, -45)))
    assert (bone.structure, bone.zone) == ("acetabulum", "DeLee-Charnley II")


@pytest.mark.parametrize("side", ["left", "right"])
def test_there_is_no_zone_of_bone_before_the_mouth_of_a_cup(side):
    outward = 1.0 if side == "right" else -1.0
    head = np.array([outward * 88.0, 0.0, 0.0])
    plan = BodyPlan(np.zeros(3), np.array([-1.0, 0.0, 0.0]), "symmetry plane", None)

    def zone(lateral: float, up: float, implant: HipImplant) -> tuple[str, str | None]:
        place = Namer(plan=plan, implants=(implant,)).name(head + np.array([outward * lateral, 0.0, up]))
        return place.structure, place.zone

    bare = HipImplant(side, None, None, head, 27.0)
    assert zone(24.0, -14.0, bare) == ("prosthesis neck", None)
    assert zone(12.0, -26.0, bare) == ("prosthesis neck", None)
    assert zone(-20.0, -24.0, bare) == ("acetabulum", "DeLee-Charnley III")
    assert zone(24.0, 22.0, bare) == ("acetabulum", "DeLee-Charnley I")
    assert zone(-30.0, 10.0, bare) == ("acetabulum", "DeLee-Charnley II")


def with_prosthesis_label(anatomy: AnatomyMap, hip: HipImplant) -> AnatomyMap:
    """The map with a stem and a cup as a label of their own."""
    geometry = anatomy.image.geometry
    points = geometry.flat_to_ras(np.arange(geometry.size))
    assert hip.stem_top_ras is not None
    assert hip.stem_tip_ras is not None
    way = hip.stem_tip_ras - hip.stem_top_ras
    along = np.clip((points - hip.stem_top_ras) @ way / (way @ way), 0.0, 1.0)
    metal = np.linalg.norm(points - hip.stem_top_ras - along[:, None] * way, axis=1) < 7.0
    metal |= np.linalg.norm(points - hip.cup_center_ras, axis=1) < 26.0
    array = anatomy.image.array.copy().reshape(-1)
    array[metal] = 250
    structures = {**anatomy.structures, 250: Structure("implant", hip.side)}
    image = Image(array.reshape(geometry.shape), geometry)
    return dataclasses.replace(anatomy, image=image, structures=structures)


@pytest.mark.parametrize("moved", [False, True])
def test_a_second_prosthesis_that_only_the_segmentation_shows_has_zones_beside_the_one_of_the_mr(moved: bool):
    anatomy, _ = draw(spacing=3.0)
    right, left = (
        HipImplant(
            side,
            np.array([sign * (HIP_X + 38), 0.0, HIP_Z - 28]),
            np.array([sign * (HIP_X + 36), 0.0, HIP_Z - 95]),
            np.array([sign * HIP_X, 0.0, HIP_Z]),
        )
        for side, sign in (("right", 1.0), ("left", -1.0))
    )
    both = with_prosthesis_label(anatomy, left)
    shift = np.eye(4)
    if moved:
        shift = rigid(0.0, 0.0, 0.0, (6.0, -9.0, 4.0))
        both = dataclasses.replace(both, frame_to_map_ras=shift)
    back = np.linalg.inv(shift)
    namer = Namer(both, implants=(right.moved(back),))
    for side, sign in (("right", 1.0), ("left", -1.0)):
        beside = np.array([sign * (HIP_X + 37 + 12), 0.0, HIP_Z - 60])
        place = namer.name(transform_points(back, ball(beside, 2)))
        assert (place.structure, place.side) == ("femur", side)
        assert place.zone is not None
        assert place.zone.startswith("Gruen")
