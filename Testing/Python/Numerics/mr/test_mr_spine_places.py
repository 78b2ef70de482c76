"""Where the parts of the spine lie, to a tenth of a millimeter: voxels are given their place in the straight spine."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import MRFinding
from PainGeneratorLib.Numerics.mr.endplate_rules import EndplatePlace
from PainGeneratorLib.Numerics.mr.fluid_rules import FluidPlace
from PainGeneratorLib.Numerics.mr.marrow_rules import MarrowPlace
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.picture import MRPicture
from PainGeneratorLib.Numerics.mr.signal import Signals
from PainGeneratorLib.Numerics.mr.spine import SpineMap, _bright_discs, find_in_spine, mark_spine
from PainGeneratorLib.Numerics.mr.spine_rules import AnatomyPlace, SpinePlace
from PainGeneratorLib.Numerics.mr.surroundings import MRSurroundings
from PainGeneratorLib.Numerics.mr.tissue_map import TissueSignals
from PainGeneratorLib.Workflow.protocol import load_protocol
from rule_places import made_place

P = load_protocol("low-back").stage("mr_findings", MRParameters)
FAR = 99.0
"""A place that is nothing in particular."""


def spine_map(
    right: Sequence[float], front: Sequence[float], to_disc: Sequence[float] | None = None, **signals: float
) -> SpineMap:
    """A row of voxels with these places in the straight spine, mm."""
    shape = (1, 1, len(right))
    geometry = Geometry(shape, np.eye(4))
    smooth = {role: np.full(shape, value, dtype=np.float32) for role, value in {"FLUID": 50.0, **signals}.items()}
    body = np.ones(shape, dtype=bool)
    surroundings = MRSurroundings(
        geometry, np.zeros(shape, dtype=np.uint8), np.zeros(shape, dtype=bool), body, "low-back", None, None
    )
    typical = TissueSignals({"T1": 100.0, "FLUID": 50.0}, None, {"FLUID": 150.0})
    picture = MRPicture(
        Signals(geometry, (1, 1, 1), smooth, body), smooth, typical, surroundings, {}, None, "FLUID", P
    )
    rows = [np.array(one, dtype=np.float32).reshape(shape) for one in (right, front, to_disc or [FAR] * len(right))]
    box = (slice(0, 1), slice(0, 1), slice(0, len(right)))
    return SpineMap(picture, box, *rows, np.ones(shape, dtype=np.uint8))


def test_bodies_begin_in_front_of_the_canal_and_end_at_their_front_and_sides() -> None:
    right = [0, 0, 0, 0, 29.9, -29.9, 30.1, -30.1]
    front = [7.9, 8.1, 47.9, 48.1, 20, 20, 20, 20]
    expected = [False, True, True, False, True, True, False, False]
    assert spine_map(right, front).is_body.ravel().tolist() == expected


def test_a_disc_reaches_four_millimeters_to_either_side_of_its_middle() -> None:
    to_disc = [3.9, -3.9, 4.1, -4.1]
    assert spine_map([0] * 4, [20] * 4, to_disc).is_disc.ravel().tolist() == [True, True, False, False]
    assert not spine_map([0], [-20], [0]).is_disc.any()


def test_the_sac_is_an_ellipse_about_the_canal() -> None:
    dark = spine_map([0, 10.9, 11.1, -10.9, 0, 0, 0], [0, 0, 0, 0, 9.9, 10.1, -9.9])
    dark.picture.smooth["FLUID"][...] = [50, 50, 5, 50, 50, 5, 50]
    assert dark.sac.ravel().tolist() == [True, True, False, True, True, False, True]


@pytest.mark.parametrize(("edge", "is_sac"), [(15.9, True), (16.1, False)])
def test_bright_fluid_that_hangs_on_the_sac_is_of_the_canal(edge: float, is_sac: bool) -> None:
    row = spine_map([3.9, 10.0, 12.0, edge], [0] * 4)
    assert row.sac.ravel().tolist() == [True, True, True, is_sac]


@pytest.mark.parametrize(("edge", "is_sac"), [(17.9, True), (18.1, False)])
def test_the_same_holds_in_front_of_the_canal(edge: float, is_sac: bool) -> None:
    row = spine_map([0] * 4, [3.9, 9.0, 12.0, edge])
    assert row.sac.ravel().tolist() == [True, True, True, is_sac]


@pytest.mark.parametrize(("signal", "is_sac"), [(101.0, True), (99.0, False)])
def test_fluid_that_hangs_on_the_sac_is_half_as_bright_as_its_core(signal: float, is_sac: bool) -> None:
    row = spine_map([0.0, 3.9, 4.1, 12.0], [0] * 4)
    row.picture.smooth["FLUID"][...] = [200, 200, 1000, signal]
    assert row.sac.ravel().tolist() == [True, True, True, is_sac]


def test_without_the_sac_in_view_nothing_is_of_the_canal() -> None:
    assert not spine_map([20.0, 30.0], [0, 0]).sac.any()


def found_at(right: float, front: float, segmented: int | None = None) -> list[MRFinding]:
    """What a bright place of 1 ml is found to be, where all its voxels have the same place."""
    count = 1000
    row = spine_map([right] * count, [front] * count)
    row.picture.smooth["FLUID"][...] = 100.0
    if segmented is not None:
        codes = np.full((1, 1, count), segmented, dtype=np.uint8)
        surroundings = dataclasses.replace(row.picture.surroundings, segmented=codes)
        row = dataclasses.replace(row, picture=dataclasses.replace(row.picture, surroundings=surroundings))
    off = ("beside-tube", "beside-above-sacrum", "beside-without-bone", "sacroiliac-doubtful", "sacroiliac-edema",
           "joint-open-in-front", "joint-darker", "joint-faint", "joint-small", "joint-like-others",
           "beside-collection-as-bright", "beside-collection", "alike-on-both-sides", "faint-edema", "joint-effusion",
           "body-open", "body-wall-open", "body-tube", "body-pelvic-organ", "body-vein", "body-faint",
           "body-small-at-back-wall", "body-small-at-endplate", "body-small", "body-maybe-disc",
           "body-endplate-edema")  # fmt: skip
    switched = dataclasses.replace(P, rules_off=off)
    row = dataclasses.replace(row, picture=dataclasses.replace(row.picture, parameters=switched))
    object.__setattr__(row.picture, "spine_line", NoDiscs())
    sure, weak = find_in_spine(row, np.ones((1, 1, count), dtype=bool))
    assert not weak
    return sure


class NoDiscs:
    """A spinal canal that shows no discs."""

    class straight:
        disc_mm = np.zeros(0)


@pytest.mark.parametrize(
    ("right", "front", "rule"),
    [
        (74.9, 0.0, "joint-edema"), (-74.9, 0.0, "joint-edema"), (75.1, 0.0, None), (40.0, -54.9, "joint-edema"),
        (40.0, -55.1, None), (40.0, 47.9, "joint-edema"), (40.0, 48.1, None), (0.0, 20.0, "body-edema"),
        (2.0, 1.0, None),
    ],
)  # fmt: skip
def test_bright_places_are_looked_for_near_the_spine_and_outside_the_sac(
    right: float, front: float, rule: str | None
) -> None:
    assert [one.rule for one in found_at(right, front)] == ([] if rule is None else [rule])


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        (tissues.VISCERA, False), (tissues.DISC, False), (tissues.FLUID, False), (tissues.MARROW, True),
        (tissues.MUSCLE, True), (tissues.UNKNOWN, True),
    ],
)  # fmt: skip
def test_what_a_segmentation_calls_organ_disc_or_fluid_is_left_out(code: int, is_found: bool) -> None:
    assert bool(found_at(20.0, -20.0, code)) is is_found


def test_marking_the_canal_leaves_the_rest_as_it_was() -> None:
    row = spine_map([0, 30], [0, 0])
    row.picture.surroundings.marrow[...] = True
    mark_spine(row, None)
    assert row.picture.surroundings.tissue.ravel().tolist() == [tissues.FLUID, tissues.UNKNOWN]
    assert row.picture.surroundings.marrow.ravel().tolist() == [False, True]


def spine_place(to_disc: Sequence[float]) -> SpinePlace:
    local = np.array([[0.0, 20.0, one] for one in to_disc])
    return made_place(SpinePlace, {"_local": local})


def test_the_band_and_the_edge_of_a_disc_have_their_widths() -> None:
    place = spine_place([14.9, -14.9, 15.1, 40.0])
    assert place.band_part == 0.5
    assert place.nearest_disc_mm == pytest.approx(14.9)
    assert spine_place([5.9, -5.9, 6.1, 40.0]).disc_part == 0.5
    inside = made_place(AnatomyPlace, {"_local": np.array([[0, 20, one] for one in (3.9, -3.9, 4.1, np.nan)])})
    assert inside.disc_part == 0.5


FINE = Geometry((70, 80, 4), np.diag([1.0, 1.0, 1.0, 1.0]))
"""Voxels of 1 mm."""


def fluid_at(k: int, j: int, marrow: np.ndarray, midline_r_mm: float | None = 1.5) -> FluidPlace:
    """One voxel of fluid beside some marrow."""
    mask = np.zeros(FINE.shape, dtype=bool)
    mask[k, j, 1:3] = True
    tissue = np.zeros(FINE.shape, dtype=np.uint8)
    own = MRSurroundings(FINE, tissue, marrow, np.ones_like(marrow), "low-back", midline_r_mm, None)
    return FluidPlace(Region.from_mask(mask, FINE), own, P)


def slab(k: slice = slice(None), j: slice = slice(None)) -> np.ndarray:
    mask = np.zeros(FINE.shape, dtype=bool)
    mask[k, j] = True
    return mask


def test_the_foremost_bone_is_looked_for_within_25_millimeters_of_height() -> None:
    assert fluid_at(34, 60, slab(slice(10, 11), slice(0, 20))).bone_front_mm == 19.0
    assert fluid_at(35, 60, slab(slice(10, 11), slice(0, 20))).bone_front_mm is None


@pytest.mark.parametrize(("midline", "is_known"), [(37.9, True), (38.1, False)])
def test_the_foremost_bone_is_looked_for_within_35_millimeters_of_the_midline(midline: float, is_known: bool) -> None:
    marrow = np.zeros(FINE.shape, dtype=bool)
    marrow[30:40, 0:20, 3] = True
    assert (fluid_at(34, 60, marrow, midline).bone_front_mm is not None) is is_known


@pytest.mark.parametrize(("ahead", "behind", "is_between"), [(23, 13, True), (26, 13, False), (23, 15, False)])
def test_bone_lies_close_in_front_of_the_canal_and_behind_it(ahead: int, behind: int, is_between: bool) -> None:
    at = 30
    marrow = slab(j=slice(at + ahead, None)) | slab(j=slice(0, at - behind + 1))
    assert (fluid_at(34, at, marrow).between_bones_front_and_behind_part == 1.0) is is_between


@pytest.mark.parametrize(("depth", "is_skin"), [(8, True), (9, False)])
def test_skin_is_eight_millimeters_deep(depth: int, is_skin: bool) -> None:
    place = fluid_at(34, 19 + depth, slab(slice(0, 1)))
    body = slab(j=slice(20, None))
    own = dataclasses.replace(place.surroundings, body=body)
    assert (dataclasses.replace(place, surroundings=own).skin_part == 1.0) is is_skin


def marrow_at(k: int, j: int, marrow: np.ndarray, disc: np.ndarray | None = None) -> MarrowPlace:
    """Two voxels of a place in some marrow, with some disc."""
    mask = np.zeros(FINE.shape, dtype=bool)
    mask[k, j, 1:3] = True
    tissue = np.where(marrow, tissues.MARROW, tissues.UNKNOWN).astype(np.uint8)
    tissue[slab(slice(0, 0)) if disc is None else disc] = tissues.DISC
    own = MRSurroundings(FINE, tissue, marrow, np.ones_like(marrow), "low-back", 1.5, None)
    typical = TissueSignals({"T1": 100.0, "FLUID": 50.0}, None, {"FLUID": 150.0})
    signals = Signals(FINE, (1, 1, 1), {}, own.body)
    vertebra = marrow.astype(np.uint8)
    return MarrowPlace(
        MRPicture(signals, {}, typical, own, {}, vertebra, "FLUID", P), Region.from_mask(mask, FINE), marrow
    )


@pytest.mark.parametrize(("top", "has_marrow"), [(42, True), (41, False)])
def test_a_vein_has_marrow_seven_millimeters_above_it(top: int, has_marrow: bool) -> None:
    assert marrow_at(34, 40, slab(slice(20, top))).has_marrow_above_and_below is has_marrow


@pytest.mark.parametrize(("bottom", "has_marrow"), [(27, True), (28, False)])
def test_a_vein_has_marrow_seven_millimeters_below_it(bottom: int, has_marrow: bool) -> None:
    assert marrow_at(34, 40, slab(slice(bottom, 60))).has_marrow_above_and_below is has_marrow


@pytest.mark.parametrize(("wall", "has_wall"), [(slice(36, 37), True), (slice(37, 38), False), (slice(20, 21), True),
                                                (slice(18, 19), False)])  # fmt: skip
def test_the_back_wall_lies_four_to_twenty_millimeters_behind_a_vein(wall: slice, has_wall: bool) -> None:
    assert marrow_at(34, 40, ~slab(j=wall)).has_wall_behind is has_wall


@pytest.mark.parametrize(("depth", "is_whole"), [(54, False), (53, True)])
def test_a_vertebra_deeper_than_fifty_millimeters_includes_its_arch(depth: int, is_whole: bool) -> None:
    place = marrow_at(34, 40, slab(slice(20, 50), slice(0, depth)))
    assert bool(place.place_in_body[1] > 0.7) is is_whole


@pytest.mark.parametrize(
    ("kind", "k", "is_touching"),
    [("Modic II", 16, True), ("Modic II", 17, False), ("Modic III", 14, True), ("Modic III", 15, False)],
)
def test_a_change_of_an_endplate_comes_near_the_disc(kind: str, k: int, is_touching: bool) -> None:
    place = marrow_at(k, 40, slab(slice(11, 60)), slab(slice(5, 11)))
    own = EndplatePlace(place.picture, place.region, kind, place.inner, place.inner, np.zeros(FINE.shape))
    assert (own.touching_disc_part == 1.0) is is_touching
    if kind == "Modic II":
        assert (place.touching_disc_part == 1.0) is is_touching


@pytest.mark.parametrize(("first", "part"), [(22, 1.0), (23, 0.0)])
def test_marrow_beyond_the_band_is_looked_at_within_six_millimeters(first: int, part: float) -> None:
    place = marrow_at(16, 40, slab(slice(11, 60)))
    t1 = np.where(slab(slice(first, None)), 3.0, 0.0)
    own = EndplatePlace(place.picture, place.region, "Modic II", slab(slice(11, 22)), place.inner, t1)
    assert own.beyond_part == part


@pytest.mark.parametrize(
    ("right", "front", "to_disc", "is_nucleus"),
    [
        (14.9, 20.0, -1.0, True), (15.1, 20.0, -1.0, False), (-14.9, 20.0, -1.0, True), (-15.1, 20.0, -1.0, False),
        (0.0, 14.1, -1.0, True), (0.0, 13.9, -1.0, False), (0.0, 35.9, -1.0, True), (0.0, 36.1, -1.0, False),
        (0.0, 20.0, -2.9, True), (0.0, 20.0, -3.1, False),
    ],
)  # fmt: skip
def test_a_disc_is_judged_by_its_nucleus(right: float, front: float, to_disc: float, is_nucleus: bool) -> None:
    count = 400
    one, other, rest = [(0.0, 20.0, 1.0)] * count, [(0.0, 20.0, -1.0)] * count, [(right, front, to_disc)] * 3 * count
    row = spine_map(*(list(axis) for axis in zip(*one, *other, *rest, strict=True)))
    row.picture.smooth["FLUID"][...] = [200.0] * count + [100.0] * count + [1000.0] * 3 * count
    row.level[..., :count] = 3
    row.level[..., count:] = 1
    object.__setattr__(row.picture, "spine_line", TwoDiscs())
    bright = np.ones(row.right.shape, dtype=bool)
    found = _bright_discs(row, bright & (row.level == (1 if is_nucleus else 3)))
    assert [one.rule for one in found] == ["bright-disc"]
    assert not _bright_discs(row, bright & (row.level == (3 if is_nucleus else 1)))


class TwoDiscs:
    """A spinal canal that shows two discs."""

    class straight:
        disc_mm = np.array([40.0, 76.0])
