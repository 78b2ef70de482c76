"""What the rules about MR are given: measured on small volumes of known shape."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.mr.bright import BrightPart, JudgedPlace, as_finding, bright_mask, bright_parts
from PainGeneratorLib.Numerics.mr.endplate_rules import EndplatePlace
from PainGeneratorLib.Numerics.mr.fluid_rules import FluidPlace, normal_fluid
from PainGeneratorLib.Numerics.mr.kinds import find_dark_marrow, find_fluid, find_oedema
from PainGeneratorLib.Numerics.mr.marrow_rules import MarrowPlace, disc_part
from PainGeneratorLib.Numerics.mr.parameters import GradeParameters, MRParameters
from PainGeneratorLib.Numerics.mr.picture import (
    MRPicture,
    grade,
    inner_voxels,
    make_finding,
    region_mean,
    z_over,
)
from PainGeneratorLib.Numerics.mr.signal import Signals
from PainGeneratorLib.Numerics.mr.spine import SpineMap, judge_places, map_spine, mark_spine
from PainGeneratorLib.Numerics.mr.spine_rules import BESIDE_RULES, AnatomyPlace, SpinePlace
from PainGeneratorLib.Numerics.mr.surroundings import (
    MRSurroundings,
    bone_distance,
    discs,
    facing_bone_part,
    slice_axis,
    slice_counts,
    touching_bone_part,
)
from PainGeneratorLib.Numerics.mr.tissue_map import TissueSignals
from PainGeneratorLib.Workflow.protocol import load_protocol

P = load_protocol("low-back").stage("mr_findings", MRParameters)
SHAPE = (60, 40, 40)
GRID = Geometry(SHAPE, np.diag([2.0, 2.0, 2.0, 1.0]))
"""Voxels of 2 mm: index i runs to the right, j to the front, k upward; the corner is at 0."""
BODY_BOX = (slice(10, 30), slice(10, 30))
"""Front to back and side to side of the vertebrae."""
VERTEBRAE = (slice(4, 18), slice(22, 36), slice(40, 54))
DISCS = (slice(18, 22), slice(36, 40))
CANAL_RA = (39.0, 12.0)
"""R and A of the canal, behind the vertebrae."""


def box(k: slice, j: slice = BODY_BOX[0], i: slice = BODY_BOX[1]) -> np.ndarray:
    """A mask that is true in a box."""
    mask = np.zeros(SHAPE, dtype=bool)
    mask[k, j, i] = True
    return mask


def region(k: slice, j: slice, i: slice) -> Region:
    return Region.from_mask(box(k, j, i), GRID)


def picture(**changes: Any) -> MRPicture:
    """Three vertebrae with two discs in muscle; marrow is brighter than muscle on T1 and alike on FLUID."""
    marrow = np.any([box(k) for k in VERTEBRAE], axis=0)
    tissue = np.full(SHAPE, tissues.MUSCLE, dtype=np.uint8)
    tissue[marrow] = tissues.MARROW
    for k in DISCS:
        tissue[box(k)] = tissues.DISC
    vertebra = np.zeros(SHAPE, dtype=np.uint8)
    for number, k in enumerate(VERTEBRAE, start=1):
        vertebra[box(k)] = number
    smooth = {
        "T1": np.where(marrow, 170.0, 100.0).astype(np.float32),
        "FLUID": np.full(SHAPE, 50.0, dtype=np.float32),
    }
    z = {role: np.where(marrow, 0.0, np.nan).astype(np.float32) for role in smooth}
    body = np.ones(SHAPE, dtype=bool)
    values = {
        "signals": Signals(GRID, (1, 1, 1), smooth, body),
        "smooth": smooth,
        "typical": TissueSignals({"T1": 100.0, "FLUID": 50.0}, 330.0, {"FLUID": 150.0}),
        "surroundings": MRSurroundings(GRID, tissue, marrow, body, "low-back", 39.0, None),
        "z": z,
        "vertebra": vertebra,
        "fluid_role": "FLUID",
        "parameters": P,
    }
    return MRPicture(**{**values, **changes})


def with_spine(disc_mm: tuple[float, ...] = (40.0, 76.0), **changes: Any) -> MRPicture:
    """The same with a straight canal behind the vertebrae."""
    height = np.arange(0.0, 119.0, 3.0)
    points = np.stack([np.full_like(height, CANAL_RA[0]), np.full_like(height, CANAL_RA[1]), height], axis=1)
    line = SpineLine(points, 1.0, 1.0, np.array(disc_mm), np.zeros(len(disc_mm)))
    return picture(spine_line=line, **changes)


def marrow_place(where: Region, **changes: Any) -> MarrowPlace:
    own = picture(**changes)
    return MarrowPlace(own, where, inner_voxels(own.surroundings.marrow, GRID))


def test_slices_are_the_axis_with_the_longest_voxels() -> None:
    assert slice_axis(GRID) is None
    thick = Geometry((4, 5, 6), np.diag([1.0, 4.0, 1.0, 1.0]))
    assert slice_axis(thick) == 1
    assert slice_axis(Geometry((4, 5, 6), np.diag([1.0, 1.5, 1.0, 1.0]))) is None
    mask = np.zeros(thick.shape, dtype=bool)
    mask[1, 1, :3] = mask[2, 3, :2] = True
    assert list(slice_counts(Region.from_mask(mask, thick))) == [3, 2]


def test_what_touches_bone_and_what_faces_it_on_both_sides() -> None:
    gap = region(slice(18, 20), slice(12, 28), slice(12, 28))
    own = picture().surroundings
    assert touching_bone_part(gap, own, 4.0) == 1.0
    assert facing_bone_part(region(slice(18, 22), *BODY_BOX), own, 4.0) == 0.5
    beside = region(slice(4, 18), slice(10, 30), slice(30, 32))
    assert touching_bone_part(beside, own, 4.0) == 1.0
    assert facing_bone_part(beside, own, 4.0) == 0.0
    assert touching_bone_part(region(slice(4, 18), slice(10, 30), slice(36, 38)), own, 4.0) == 0.0


def test_distance_to_bone_counts_the_implant_and_may_leave_out_marrow() -> None:
    own, far = picture().surroundings, region(slice(8, 10), slice(18, 20), slice(36, 38))
    assert bone_distance(own, None)(far).max() == pytest.approx(16.0)
    implant = region(slice(8, 10), slice(18, 20), slice(39, 40))
    assert bone_distance(own, implant)(far).max() == pytest.approx(6.0)
    assert bone_distance(own, implant, False)(region(slice(8, 9), slice(18, 19), slice(29, 30)))[0] == 20.0
    assert np.isinf(bone_distance(own, None, False)(far)).all()


def test_discs_of_a_segmentation_are_found_from_their_least_volume_on() -> None:
    own = picture().surroundings
    assert [len(one) for one in discs(own)] == [1600, 1600]
    assert discs(own, 12.9) == []
    assert len(discs(own, 12.7)) == 2


def test_the_part_near_a_disc_grows_with_the_reach() -> None:
    layer = region(slice(22, 24), *BODY_BOX)
    assert disc_part(picture(), layer, 2.5) == 0.5
    assert disc_part(picture(), layer, 4.0) == 1.0
    assert disc_part(picture(), region(slice(28, 30), *BODY_BOX), 8.0) == 0.0
    without = dataclasses.replace(picture().surroundings, tissue=np.zeros(SHAPE, dtype=np.uint8))
    assert disc_part(picture(surroundings=without), layer, 8.0) == 0.0


def test_the_measures_of_a_place_in_marrow() -> None:
    place = marrow_place(region(slice(22, 26), slice(10, 14), slice(10, 16)))
    assert place.volume_ml == pytest.approx(96 * 0.008)
    assert (place.slice_voxels, place.slices, place.is_single_slice) == (24, 4, False)
    assert place.inner_part == pytest.approx(3 * 3 * 5 / 96)
    assert place.height_mm == pytest.approx(4 * np.std([44.0, 46.0, 48.0, 50.0]))
    assert place.depth_mm == pytest.approx(4 * np.std([20.0, 22.0, 24.0, 26.0]))
    assert place.fluid_z == 0.0
    assert place.t1_z == 0.0
    assert (place.peak_signal, place.muscle_signal) == (50.0, 50.0)
    assert (place.near_disc_part, place.touching_disc_part) == (1.0, 0.75)
    assert place.from_midline_mm == pytest.approx(39.0 - 25.0)
    assert (place.group, place.is_segmented) == ("low-back", False)


def test_without_t1_its_z_score_is_not_known_and_on_t2_marrow_outshines_muscle() -> None:
    where = region(slice(22, 26), slice(10, 14), slice(10, 16))
    own = picture()
    only = {"FLUID": own.z["FLUID"]}
    assert marrow_place(where, z=only).t1_z is None
    t2 = picture(fluid_role="T2", typical=TissueSignals({"T2": 60.0}, None, {"T2": 180.0}))
    assert MarrowPlace(t2, where, own.surroundings.marrow).muscle_signal == 0.0


def test_the_place_in_a_vertebral_body_runs_from_left_back_bottom_to_right_front_top() -> None:
    place = marrow_place(region(slice(28, 30), slice(12, 14), slice(24, 26)))
    assert place.has_vertebra
    assert len(place.vertebra) == 14 * 20 * 20
    low, high = np.array([20.0, 20.0, 44.0]), np.array([58.0, 58.0, 70.0])
    assert place.place_in_body == pytest.approx((np.array([49.0, 25.0, 57.0]) - low) / (high - low))
    assert place.body_height_mm == 26.0


def test_a_deep_vertebra_includes_its_arch_and_only_its_front_part_is_the_body() -> None:
    own = picture()
    marrow = own.surroundings.marrow.copy()
    marrow[22:36, 0:30, 10:30] = True
    tissue = np.where(marrow, tissues.MARROW, own.surroundings.tissue).astype(np.uint8)
    vertebra = np.where(box(slice(22, 36), slice(0, 30)), 2, own.vertebra).astype(np.uint8)
    changed = dataclasses.replace(own.surroundings, marrow=marrow, tissue=tissue)
    place = marrow_place(region(slice(28, 30), slice(12, 14), slice(18, 20)), surroundings=changed, vertebra=vertebra)
    assert place.place_in_body[1] < 0.1
    shallow = dataclasses.replace(picture().surroundings)
    assert marrow_place(region(slice(28, 30), slice(12, 14), slice(18, 20)), surroundings=shallow).place_in_body[
        1
    ] == pytest.approx(5.0 / 38.0)


def test_a_place_outside_every_vertebra_has_none() -> None:
    assert not marrow_place(region(slice(28, 30), slice(12, 14), slice(33, 35))).has_vertebra
    assert not marrow_place(region(slice(28, 30), slice(12, 14), slice(18, 20)), vertebra=None).has_vertebra


def test_a_vein_has_marrow_above_and_below_and_the_wall_behind() -> None:
    middle = marrow_place(region(slice(28, 30), slice(14, 16), slice(18, 20)))
    assert middle.has_marrow_above_and_below
    assert middle.has_wall_behind
    edge = marrow_place(region(slice(34, 36), slice(26, 28), slice(18, 20)))
    assert not edge.has_marrow_above_and_below
    assert not edge.has_wall_behind


def fluid_place(where: Region, **changes: Any) -> FluidPlace:
    return FluidPlace(where, dataclasses.replace(picture().surroundings, **changes), P)


def test_the_measures_of_a_place_in_soft_tissue() -> None:
    disc = fluid_place(region(slice(18, 22), *BODY_BOX))
    assert disc.between_vertebrae_part == 1.0
    assert disc.height_mm == pytest.approx(4 * np.std([36.0, 38.0, 40.0, 42.0]))
    assert disc.upright == pytest.approx(0.0, abs=1e-6)
    assert disc.lengths_mm[0] == pytest.approx(4 * np.std(np.arange(20, 60, 2.0)))
    assert disc.slice_voxels == 400
    assert not disc.is_single_slice
    assert disc.from_midline_mm == pytest.approx(0.0)
    assert disc.voxels_from_midline_mm == pytest.approx(0.0)
    assert fluid_place(disc.region, midline_r_mm=None).from_midline_mm is None
    assert fluid_place(disc.region, midline_r_mm=None).voxels_from_midline_mm is None
    beside = fluid_place(region(slice(18, 22), slice(10, 30), slice(34, 36)))
    assert beside.between_vertebrae_part == 0.0
    assert beside.from_midline_mm == pytest.approx(30.0)


def test_the_foremost_bone_is_that_at_the_height_of_the_place() -> None:
    place = fluid_place(region(slice(10, 12), slice(32, 34), slice(18, 20)))
    assert place.front_mm == 65.0
    assert place.bone_front_mm == 58.0
    assert fluid_place(place.region, marrow=np.zeros(SHAPE, dtype=bool)).bone_front_mm is None
    assert fluid_place(place.region, midline_r_mm=200.0).bone_front_mm is None
    above = region(slice(58, 60), slice(32, 34), slice(18, 20))
    assert fluid_place(above, marrow=box(VERTEBRAE[0])).bone_front_mm is None
    assert fluid_place(above, midline_r_mm=None).bone_front_mm == 58.0


def test_fluid_in_the_canal_has_bone_in_front_and_behind() -> None:
    marrow = picture().surroundings.marrow | box(slice(4, 54), slice(3, 5))
    canal = region(slice(10, 16), slice(6, 9), slice(18, 21))
    assert fluid_place(canal, marrow=marrow).between_bones_front_and_behind_part == 1.0
    assert fluid_place(canal).between_bones_front_and_behind_part == 0.0


def test_skin_is_what_lies_near_the_air() -> None:
    body = box(slice(None), slice(5, 40), slice(None))
    assert fluid_place(region(slice(4, 6), slice(5, 7), slice(10, 12)), body=body).skin_part == 1.0
    assert fluid_place(region(slice(4, 6), slice(12, 14), slice(10, 12)), body=body).skin_part == 0.0
    empty = np.zeros(SHAPE, dtype=bool)
    assert fluid_place(region(slice(4, 6), slice(5, 7), slice(10, 12)), body=empty).skin_part == 0.0


def test_the_place_of_fluid_at_the_canal() -> None:
    own = picture().surroundings
    canal = region(slice(0, 60), slice(3, 8), slice(18, 22))
    place = FluidPlace(region(slice(30, 32), slice(20, 22), slice(34, 36)), own, P, canal)
    assert place.canal_front_mm == pytest.approx(14.0)
    assert place.from_canal_mm == pytest.approx(30.0)
    assert fluid_place(place.region).canal_front_mm is None
    assert fluid_place(place.region).from_canal_mm is None
    assert np.isinf(place.to_bone_mm)
    assert FluidPlace(place.region, own, P, to_bone=bone_distance(own, None)).to_bone_mm == pytest.approx(11.0)


def test_normal_fluid_says_why_and_obeys_the_protocol() -> None:
    disc, own = region(slice(18, 22), *BODY_BOX), picture().surroundings
    assert normal_fluid(disc, own, P) == "disc"
    off = dataclasses.replace(P, rules_off=("bright-disc-between-vertebrae", "abdomen-before-spine"))
    assert normal_fluid(disc, own, off) is None


def test_the_measures_of_a_change_at_an_endplate() -> None:
    own = picture()
    t1 = np.where(box(slice(22, 25)), 3.0, 0.0)
    own.z["T1"][box(slice(22, 25))] = -3.0
    band = box(slice(22, 26))
    inner = inner_voxels(own.surroundings.marrow, GRID)
    place = EndplatePlace(own, region(slice(22, 25), *BODY_BOX), "Modic II", band, inner, t1)
    assert place.beyond_part == 0.0
    assert place.z == 3.0
    assert (place.aside_mm, place.front_mm) == (None, None)
    assert (place.slice_voxels, place.slices) == (400, 3)
    assert place.touching_disc_part == 1.0
    assert dataclasses.replace(place, kind="Modic III").touching_disc_part == pytest.approx(2 / 3)
    whole = dataclasses.replace(place, t1=np.full(SHAPE, 3.0))
    assert whole.beyond_part == 1.0
    assert dataclasses.replace(place, kind="Modic III", t1=np.full(SHAPE, -3.0)).beyond_part == 1.0
    assert dataclasses.replace(place, kind="Modic III", t1=np.full(SHAPE, 3.0)).beyond_part == 0.0
    known = dataclasses.replace(place, picture=with_spine())
    assert known.aside_mm == pytest.approx(0.0)
    assert known.front_mm == pytest.approx(39.0 - 12.0)


@pytest.fixture(scope="module")
def spine() -> SpineMap:
    return map_spine(with_spine())


def test_the_map_of_the_spine_has_the_place_of_every_voxel(spine: SpineMap) -> None:
    where = region(slice(30, 32), slice(20, 22), slice(26, 28))
    right, front, to_disc = spine.of(where).mean(axis=0)
    assert right == pytest.approx(53.0 - CANAL_RA[0])
    assert front == pytest.approx(41.0 - CANAL_RA[1])
    assert to_disc == pytest.approx(61.0 - 76.0)
    assert set(np.unique(spine.level)) == {1, 2, 3}
    middle = tuple(s.start for s in spine.box)
    assert spine.level[tuple(np.array((10, 20, 20)) - middle)] == 1
    assert spine.level[tuple(np.array((30, 20, 20)) - middle)] == 2
    assert spine.level[tuple(np.array((50, 20, 20)) - middle)] == 3


def test_sac_bodies_and_discs_have_their_places(spine: SpineMap) -> None:
    start = tuple(s.start for s in spine.box)

    def at(mask: np.ndarray, k: int, j: int, i: int) -> bool:
        return bool(mask[tuple(np.array((k, j, i)) - start)])

    assert at(spine.sac, 30, 6, 19)
    assert at(spine.sac, 30, 6, 24)
    assert not at(spine.sac, 30, 6, 29)
    assert not at(spine.is_body, 30, 9, 19)
    assert at(spine.is_body, 30, 11, 19)
    assert at(spine.is_body, 30, 11, 33)
    assert not at(spine.is_body, 30, 11, 35)
    assert at(spine.is_disc, 20, 15, 19)
    assert at(spine.is_disc, 21, 15, 19)
    assert not at(spine.is_disc, 23, 15, 19)


def test_without_discs_all_is_one_vertebra_and_the_distance_is_infinite() -> None:
    lone = map_spine(with_spine(disc_mm=()))
    assert np.isinf(lone.to_disc[np.isfinite(lone.right)]).all()
    assert set(np.unique(lone.level)) == {1}


def test_a_place_is_compared_with_the_same_place_at_other_levels() -> None:
    signal = np.full(SHAPE, 50.0, dtype=np.float32)
    signal[28:32, 2:4, 28:32] = 100.0
    own = with_spine()
    bright = map_spine(dataclasses.replace(own, smooth={**own.smooth, "FLUID": signal}))
    assert bright.over_levels(region(slice(28, 32), slice(2, 4), slice(28, 32))) == pytest.approx(2.0, abs=0.05)
    assert bright.over_levels(region(slice(10, 14), slice(2, 4), slice(28, 32))) == pytest.approx(1.0)


def part_of(where: Region, mean: float = 2.0, **changes: float) -> BrightPart:
    values = {"marrow": 0.0, "fat": 0.0, "dark": 0.0, "muscle": 0.0, "peak": 1.2 * mean, **changes}
    peak = values.pop("peak")
    return BrightPart(where, np.array([12.0, 10.0, 8.0]), np.eye(3), mean, peak, 1.0, **values)


def test_the_measures_of_a_bright_place(spine: SpineMap) -> None:
    where = region(slice(30, 34), slice(20, 22), slice(26, 28))
    place = SpinePlace(spine, part_of(where, marrow=0.4, muscle=0.3), ())
    assert place.right_mm == pytest.approx(14.0)
    assert place.aside_mm == pytest.approx(14.0)
    assert place.front_mm == pytest.approx(29.0)
    assert place.to_disc_mm == pytest.approx(-13.0)
    assert place.middle_from_disc_mm == pytest.approx(13.0)
    assert place.nearest_disc_mm == pytest.approx(10.0)
    assert place.band_part == 0.75
    assert place.disc_part == 0.0
    assert place.above_canal_end_mm == pytest.approx(63.0)
    assert (place.mean, place.peak, place.marrow, place.muscle) == (2.0, 2.4, 0.4, 0.3)
    assert place.marrow_z == pytest.approx(0.0)


def test_a_finding_of_marrow_or_fluid_has_its_place_in_the_spine(spine: SpineMap) -> None:
    where = region(slice(30, 34), slice(20, 22), slice(26, 28))
    finding = make_finding(spine.picture, "oedema", where, 4.0, "FLUID", [])
    place = AnatomyPlace(spine, finding, True)
    assert (place.kind, place.volume_ml, place.is_segmented) == ("oedema", where.volume_ml, False)
    assert place.exact_aside_mm == pytest.approx(14.0)
    assert place.exact_front_mm == pytest.approx(29.0)
    assert place.above_canal_end_mm == pytest.approx(63.0)
    assert (place.mapped_part, place.disc_part) == (1.0, 0.0)
    assert place.aside_mm == pytest.approx(14.0)
    assert place.front_mm == pytest.approx(29.0)


def test_a_bright_place_carries_the_name_of_the_rule_that_decided(spine: SpineMap) -> None:
    where = region(slice(28, 32), slice(1, 3), slice(28, 32))
    (faint,) = judge_places(spine, [part_of(where, 1.0)], BESIDE_RULES)
    assert (faint.kind, faint.sure, faint.rule) == ("oedema", False, "joint-faint")
    tube = dataclasses.replace(part_of(where), lengths_mm=np.array([60.0, 8.0, 6.0]))
    (normal,) = judge_places(spine, [tube], BESIDE_RULES)
    assert (normal.kind, normal.rule) == (None, "beside-tube")


def test_a_sure_place_with_a_twin_is_weak_by_the_name_of_the_doubt() -> None:
    signal = np.full(SHAPE, 50.0, dtype=np.float32)
    signal[28:35, 1:3, 28:32] = signal[28:35, 1:3, 7:11] = 200.0
    own = with_spine()
    spine = map_spine(dataclasses.replace(own, smooth={**own.smooth, "FLUID": signal}))
    right, left = (
        part_of(region(slice(28, 35), slice(1, 3), i), 4.0, muscle=0.4) for i in (slice(28, 32), slice(7, 11))
    )
    alone, *_ = judge_places(spine, [right], BESIDE_RULES)
    assert (alone.kind, alone.sure, alone.rule) == ("effusion or synovitis", True, "joint-effusion")
    twins = judge_places(spine, [right, left], BESIDE_RULES)
    assert [(one.sure, one.rule) for one in twins] == [(False, "alike-on-both-sides")] * 2


def test_the_canal_becomes_fluid_but_where_a_segmentation_says_otherwise() -> None:
    own = with_spine()
    segmented = np.zeros(SHAPE, dtype=np.uint8)
    segmented[:30] = tissues.MUSCLE
    own = dataclasses.replace(own, surroundings=dataclasses.replace(own.surroundings, segmented=segmented))
    mark_spine(map_spine(own), None)
    assert own.surroundings.tissue[40, 6, 19] == tissues.FLUID
    assert own.surroundings.tissue[10, 6, 19] == tissues.MUSCLE


@pytest.mark.parametrize(
    ("z", "volume_ml", "expected"),
    [
        (3.2, 0.4, 0.33), (4.8, 0.4, 0.33), (3.2, 0.6, 0.33), (4.8, 0.6, 0.66), (8.4, 0.4, 0.66), (5.6, 2.4, 0.66),
        (8.4, 0.6, 1.0), (4.8, 3.6, 1.0), (8.4, 3.6, 1.0), (3.2, 3.6, 0.66), (7.0, 0.6, 0.83), (4.0, 0.6, 0.495),
    ],
)  # fmt: skip
def test_the_grade_rises_with_z_score_and_volume(z: float, volume_ml: float, expected: float) -> None:
    bounds = GradeParameters(medium_z=4.0, high_z=7.0, medium_ml=0.5, high_ml=3.0)
    assert grade(z, volume_ml, bounds) == pytest.approx(expected)


def test_a_finding_says_what_was_missing_and_what_was_cut_off() -> None:
    inside, at_edge = region(slice(22, 26), *BODY_BOX), region(slice(0, 4), *BODY_BOX)
    whole = make_finding(picture(), "oedema", inside, 5.0, "FLUID", ["single-slice"], "marrow-edema")
    assert (whole.flags, whole.rule, whole.z_t1, whole.grade) == (["single-slice"], "marrow-edema", 0.0, 1.0)
    assert make_finding(picture(), "oedema", at_edge, 5.0, "FLUID", []).flags == ["truncated"]
    top = region(slice(56, 60), *BODY_BOX)
    assert make_finding(picture(), "oedema", top, 5.0, "FLUID", []).flags == ["truncated"]
    without = picture(z={"FLUID": picture().z["FLUID"]})
    assert make_finding(without, "oedema", inside, 5.0, "FLUID", []).flags == ["no-t1"]
    assert make_finding(without, "oedema", inside, 5.0, "FLUID", []).z_t1 is None


def test_a_mean_leaves_out_what_has_no_value() -> None:
    array = np.full(SHAPE, np.nan)
    assert region_mean(array, region(slice(0, 2), *BODY_BOX)) is None
    assert region_mean(None, region(slice(0, 2), *BODY_BOX)) is None
    array[0] = 4.0
    assert region_mean(array, region(slice(0, 2), *BODY_BOX)) == 4.0
    assert z_over(75.0, 50.0, 0.25) == pytest.approx(2.0)


def test_inner_voxels_lie_two_millimeters_deep_within_slices() -> None:
    fine = Geometry((3, 9, 9), np.diag([1.0, 1.0, 4.0, 1.0]))
    mask = np.zeros(fine.shape, dtype=bool)
    mask[1, 1:8, 1:8] = True
    assert np.count_nonzero(inner_voxels(mask, fine)) == 9
    assert np.count_nonzero(inner_voxels(box(slice(4, 18)), GRID)) == 12 * 18 * 18


def test_marrow_gives_the_reference_of_edema_and_muscle_that_of_fluid() -> None:
    own = picture()
    own.smooth["FLUID"][own.surroundings.marrow] = 40.0
    assert own.marrow_reference == (40.0, 0.1)
    part = part_of(region(slice(22, 26), *BODY_BOX), mean=2.0)
    assert as_finding(own, JudgedPlace(part, "oedema", rule="body-edema")).z == pytest.approx((100 / 40 - 1) / 0.1)
    assert as_finding(own, JudgedPlace(part, "Modic I")).z == pytest.approx((100 / 40 - 1) / 0.1)
    fluid = as_finding(own, JudgedPlace(part, "effusion or synovitis"))
    assert (fluid.z, fluid.over_muscle) == (
        None,
        pytest.approx(own.smooth["FLUID"].reshape(-1)[part.region.flat[0]] / 50),
    )
    assert as_finding(own, JudgedPlace(part, "oedema", rule="body-edema")).rule == "body-edema"
    with pytest.raises(ValueError, match="no finding"):
        as_finding(own, JudgedPlace(part, None))
    few = dataclasses.replace(own.surroundings, marrow=box(slice(4, 5), slice(10, 30), slice(10, 30)))
    assert dataclasses.replace(own, surroundings=few).marrow_reference == (50.0, 0.25)
    spread = picture()
    spread.smooth["FLUID"][box(VERTEBRAE[0])] = 30.0
    spread.smooth["FLUID"][box(VERTEBRAE[2])] = 70.0
    assert spread.marrow_reference[1] == pytest.approx(1.4826 * 0.4, rel=1e-5)


def test_bright_places_outshine_muscle_and_are_no_fat_on_t1() -> None:
    own = picture()
    own.smooth["FLUID"][25:30, 15:20, 15:20] = 100.0
    own.smooth["FLUID"][25:30, 15:20, 20:22] = 67.5
    own.smooth["T1"][25:30, 15:20, 15:16] = 200.0 * 330.0
    mask = bright_mask(own, 1.35)
    assert np.count_nonzero(mask) == 5 * 5 * 4
    own.smooth["T1"][:] = 100.0
    assert np.count_nonzero(bright_mask(own, 1.35)) == 125
    assert np.count_nonzero(bright_mask(own, 1.34)) == 175


def test_a_bright_part_has_its_signal_and_the_tissues_around_it() -> None:
    own = picture()
    own.smooth["FLUID"][25:30, 15:20, 15:20] = 100.0
    own.smooth["FLUID"][25, 15:20, 15:20] = 150.0
    (part,) = bright_parts(own, bright_mask(own, 1.35), 0.9)
    assert len(part.region) == 125
    assert part.mean == pytest.approx(2.2)
    assert part.peak == pytest.approx(3.0)
    assert part.t1 == pytest.approx(1.7)
    assert (part.marrow, part.fat, part.dark, part.muscle) == (1.0, 0.0, 0.0, 0.0)
    assert bright_parts(own, bright_mask(own, 1.35), 1.01) == []
    own.smooth["T1"][:] = 100.0
    (part,) = bright_parts(own, bright_mask(own, 1.35), 0.9)
    assert (part.marrow, part.muscle) == (0.0, 1.0)
    own.smooth["T1"][:] = 20.0
    own.smooth["FLUID"][own.smooth["FLUID"] < 60.0] = 10.0
    (part,) = bright_parts(own, bright_mask(own, 1.35), 0.9)
    assert (part.dark, part.muscle) == (1.0, 0.0)


def edema(z: float = 5.0, t1: float = -2.0, signal: float = 100.0, k: slice = slice(27, 31)) -> MRPicture:
    own = picture()
    where = box(k, slice(18, 24), slice(12, 18))
    own.z["FLUID"][where] = z
    own.z["T1"][where] = t1
    own.smooth["FLUID"][where] = signal
    return own


def test_bright_marrow_is_an_edema_and_faint_marrow_is_weak() -> None:
    sure, weak = find_oedema(edema())
    assert [(one.kind, one.rule, one.z) for one in sure] == [("oedema", "marrow-edema", 5.0)]
    assert weak == []
    sure, weak = find_oedema(edema(signal=60.0))
    assert sure == []
    assert [one.rule for one in weak] == ["no-brighter-than-muscle"]
    for nothing in (edema(z=2.4), edema(z=2.9), edema(t1=-0.9), edema(signal=50.0)):
        assert find_oedema(nothing) == ([], [])


def on_t2(own: MRPicture, fat: float) -> MRPicture:
    """The same with T2 without suppressed fat in place of FLUID, and fat of that signal in one corner."""
    smooth = {"T1": own.smooth["T1"], "T2": own.smooth["FLUID"]}
    own.surroundings.tissue[:, :4, :4] = tissues.FAT
    smooth["T2"][:, :4, :4] = fat
    typical = TissueSignals({"T1": 100.0, "T2": 50.0}, 330.0, {"T2": 150.0})
    z = {"T1": own.z["T1"], "T2": own.z["FLUID"]}
    signals = Signals(GRID, (1, 1, 1), smooth, own.surroundings.body)
    return dataclasses.replace(own, signals=signals, smooth=smooth, typical=typical, z=z, fluid_role="T2")


def test_t2_without_suppressed_fat_shows_no_edema_of_bone_outside_the_vertebrae() -> None:
    assert [one.rule for one in find_oedema(on_t2(edema(), 140.0))[0]] == ["marrow-edema"]
    assert find_oedema(dataclasses.replace(on_t2(edema(), 140.0), vertebra=None)) == ([], [])


@pytest.mark.parametrize(("fat", "count"), [(140.0, 1), (180.0, 0)])
def test_fluid_on_t2_without_suppressed_fat_is_brighter_than_fat(fat: float, count: int) -> None:
    own = picture()
    own.smooth["FLUID"][24:34, 10:18, 31:33] = 200.0
    assert len(find_fluid(on_t2(own, fat))) == count


def test_an_edema_along_an_endplate_is_modic_one_unless_the_rule_is_off() -> None:
    own = edema(k=slice(22, 26))
    assert [one.kind for one in find_oedema(own)[0]] == ["Modic I"]
    off = dataclasses.replace(own, parameters=dataclasses.replace(P, rules_off=("modic-one",)))
    assert [one.kind for one in find_oedema(off)[0]] == ["oedema"]


@pytest.mark.parametrize(
    ("i", "kind", "rule"),
    [
        (slice(30, 32), "effusion or synovitis", "joint-fluid"),
        (slice(31, 33), "fluid collection or bursitis", "fluid-collection"),
    ],
)
def test_fluid_at_bone_is_an_effusion_and_near_bone_a_collection(i: slice, kind: str, rule: str) -> None:
    own = picture()
    own.smooth["FLUID"][24:34, 10:18, i] = 200.0
    (found,) = find_fluid(own)
    assert (found.kind, found.rule, found.series_role) == (kind, rule, "FLUID")
    assert (found.z, found.over_muscle) == (None, pytest.approx(4.0))


def test_fluid_that_no_rule_speaks_of_is_none() -> None:
    own = picture()
    own.smooth["FLUID"][24:34, 10:18, 31:33] = 200.0
    assert (
        find_fluid(dataclasses.replace(own, parameters=dataclasses.replace(P, rules_off=("fluid-collection",)))) == []
    )


def test_fluid_at_a_segmented_canal_belongs_to_it() -> None:
    own = picture()
    own.smooth["FLUID"][24:34, 10:18, 31:33] = 200.0
    segmented = np.where(box(slice(24, 34), slice(10, 18), slice(32, 34)), tissues.FLUID, 0).astype(np.uint8)
    changed = dataclasses.replace(own.surroundings, segmented=segmented)
    assert find_fluid(dataclasses.replace(own, surroundings=changed)) == []


def test_with_t1_alone_dark_marrow_is_found_with_the_lowest_grade() -> None:
    own = picture()
    own.z["T1"][26:32, 14:24, 14:24] = -4.0
    (found,) = find_dark_marrow(own)
    assert (found.kind, found.grade, found.rule, found.z) == ("oedema", 0.33, "replaced-marrow", -4.0)
    assert found.flags == ["no-fluid-series"]
    own.z["T1"][26:32, 14:24, 14:24] = -3.4
    assert find_dark_marrow(own) == []
